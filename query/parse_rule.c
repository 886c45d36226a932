/*
 * parse_rule.c - `rule NAME ['TITLE'] LEVEL when COND tails`: a question that stands in the store, and what is done
 * when it comes true. In the place of the condition there may be numbers, a truth for each stretch of the calendar:
 * `energy of production by enterprise, day vs previous 7d having change > 20%`.
 *
 *     clear after 2m               恢复2分钟后解除
 *     notify 'head', 'officer'     通知'head'、'officer'
 *     escalate after 15m to 'duty' 15分钟后升级至'duty'
 *     message '{subject} is off'   消息'...'
 */
#include <string.h>

#include "parser.h"

static const char EXAMPLE[] =
    "rule 'R1' alarm when abatement offline while production running for >= 5m clear after 2m notify 'head'";

static const char NUMBERS[] =
    "rule R2 alarm when energy of production by enterprise, day vs previous 7d having change > 20%";

static const char *const PLACES[] = {"subject", "facility", "line",  "enterprise", "park",
                                     "start",   "rule",     "title", "level"};

/* ---- tails ---- */

/* 恢复2分钟后解除: what says `after` stands behind. */
int parse_rule_clear(struct parser *parser, struct tail *out)
{
    static const char example[] = "clear after 2m";
    int rc;

    if (!parser_is_han(parser) && parser->at->kind != T_DURATION)
        TRY(parser_need_word(parser, W_AFTER, example));
    TRY(parse_duration(parser, "after", example, &out->rule.clear_ns));
    if (parser_take_word(parser, W_LATER))
        TRY(parser_need_word(parser, W_CLEAR, example));
done:
    return rc;
}

int parse_rule_notify(struct parser *parser, struct tail *out)
{
    return parse_names(parser, &out->rule.notify);
}

bool parser_is_escalation(const struct parser *parser)
{
    const struct token *at = parser->at;

    return at->kind == T_DURATION && at[1].kind == T_WORD && at[1].word == W_LATER && at[2].kind == T_WORD &&
           at[2].word == W_ESCALATE;
}

/* The verb was taken already, unless it stands behind its duration. */
int parse_rule_escalate(struct parser *parser, struct tail *out)
{
    static const char example[] = "escalate after 15m to 'duty'";
    bool is_behind = parser_is_escalation(parser);
    int rc;

    if (!is_behind)
        TRY(parser_need_word(parser, W_AFTER, example));
    TRY(parse_duration(parser, "after", example, &out->rule.escalate_ns));
    parser->at += is_behind ? 2 : 0;
    TRY(parser_need_word(parser, W_TO, example));
    TRY(parse_names(parser, &out->rule.escalate_to));
done:
    return rc;
}

/* The name of a place in braces; *size is 0 when the brace is not closed. */
static const char *find_place(const char *open, size_t *size)
{
    const char *close = strchr(open, '}');

    *size = close ? (size_t)(close - open) - 1 : 0;
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++)
        if (strlen(PLACES[i]) == *size && memcmp(PLACES[i], open + 1, *size) == 0)
            return PLACES[i];
    return NULL;
}

int parse_rule_message(struct parser *parser, struct tail *out)
{
    const struct token *token = parser->at;
    size_t size;

    if (token->kind != T_NAME)
        return parser_fail(parser, "a text in quotes after 'message'", NULL,
                           "message '{subject} of {enterprise} is off since {start}'");
    for (const char *open = strchr(token->text.bytes, '{'); open; open = strchr(open + 1, '{')) {
        if (find_place(open, &size))
            continue;
        report_hint(parser->report, "{subject} {facility} {line} {enterprise} {park} {start} {rule} {title} {level}");
        return report_fail(parser->report, GK_ESYNTAX, token->place, "a message has no place '%.*s'", (int)size + 2,
                           open);
    }
    out->rule.message = token->text;
    parser->at++;
    return GK_OK;
}

/* ---- the statement ---- */

static int parse_rule_name(struct parser *parser, struct stmt *stmt)
{
    const struct token *token = parser->at;

    if (token->kind == T_WORD && token->word != W_NONE) {
        const char *quoted = arena_printf(
            parser->arena, report_text(parser->report, "in quotes it is a name: rule '%.40s' alarm when ..."),
            token->text.bytes);
        return quoted ? parser_fail(parser, "a name that is no word of the language", NULL, quoted)
                      : parser_no_memory(parser);
    }
    if (token->kind != T_NAME && token->kind != T_WORD)
        return parser_fail(parser, "a name after 'rule'", NULL, EXAMPLE);
    stmt->name = token->text;
    stmt->name_place = token->place;
    parser->at++;
    if (parser->at->kind == T_NAME) {
        stmt->title = parser->at->text;
        parser->at++;
    }
    return GK_OK;
}

/* 预警 goes to the enterprise, 报警 to the agency as well: in a level they are two. */
static int parse_level_word(struct parser *parser, enum rule_level *out)
{
    static const enum word words[] = {W_INFO, W_WARN, W_ALARM, W_SEVERE, W_NONE}; /* in the order of enum rule_level */
    const struct token *token = parser->at;

    for (size_t i = 0; words[i] != W_NONE; i++) {
        if (!parser_take_word(parser, words[i]))
            continue;
        *out = words[i] == W_ALARM && strcmp(token->text.bytes, "预警") == 0 ? RULE_WARN : (enum rule_level)i;
        return GK_OK;
    }
    return parser_fail(parser, "a level of the rule", words, NULL);
}

/* What lies behind now is always possible, so a rule of what is possible would never be quiet. */
static int check_certain(struct parser *parser, const struct cond *cond)
{
    int rc;

    if (!cond)
        return GK_OK;
    if (cond->kind == COND_POSSIBLY || cond->kind == COND_UNKNOWN) {
        report_hint(parser->report, "silence is a state of its own: facility nodata for >= 30m");
        return report_fail(parser->report, GK_ESYNTAX, cond->place, "a rule is judged by what is certain");
    }
    TRY(check_certain(parser, cond->a));
    TRY(check_certain(parser, cond->b));
done:
    return rc;
}

/* ---- numbers ---- */

static bool is_of_numbers(const struct parser *parser)
{
    for (const struct token *token = parser->at; token->kind != T_END; token++)
        if (token->kind == T_WORD && token->word == W_HAVING)
            return true;
    return false;
}

/* Whose alarm it is, and of which stretch of time. */
static int check_keys(struct parser *parser, const struct stmt *stmt)
{
    const struct tail *tail = &stmt->tail;
    size_t n_places = 0, n_times = tail->every_ns != 0;

    for (size_t i = 0; i < tail->n_keys; i++) {
        n_times += tail->keys[i] >= KEY_HOUR;
        if (tail->keys[i] == KEY_SHIFT) {
            report_hint(parser->report, "%s", report_text(parser->report, NUMBERS));
            return report_fail(parser->report, GK_ESYNTAX, tail->key_places[i],
                               "a rule of numbers has one key of time: hour, day, week, month, or every");
        }
        n_places += tail->keys[i] < KEY_HOUR;
        if (tail->keys[i] != KEY_TAG && n_places <= 1)
            continue;
        report_hint(parser->report, "%s", report_text(parser->report, NUMBERS));
        return report_fail(parser->report, GK_ESYNTAX, tail->key_places[i],
                           "a rule of numbers is of one of facility, line, enterprise, park");
    }
    if (n_times == 1)
        return GK_OK;
    report_hint(parser->report, "%s", report_text(parser->report, NUMBERS));
    return report_fail(parser->report, GK_ESYNTAX, tail->n_keys ? tail->key_places[0] : tail->places[TAIL_HAVING],
                       "a rule of numbers has one key of time: hour, day, week, month, or every");
}

/* How long a run lasts, and where it began, may be known long after the stretch of time is over. */
static int check_measures(struct parser *parser, const struct stmt *stmt)
{
    bool is_measured = false;

    for (const struct source *source = stmt->sources; source; source = source->next)
        is_measured |= source->kind == SOURCE_COND || source->kind == SOURCE_SERIES;
    if (!is_measured) {
        report_hint(parser->report, "%s", report_text(parser->report, NUMBERS));
        return report_fail(parser->report, GK_ESYNTAX, stmt->place, "a rule of numbers measures something");
    }
    for (size_t i = 0; i < stmt->n_measures; i++) {
        const struct measure *measure = &stmt->measures[i];
        bool is_of_run = measure->kind == AGG_LONGEST || measure->kind == AGG_FIRST || measure->kind == AGG_LAST;
        if (measure->source->kind != SOURCE_COND || !is_of_run)
            continue;
        report_hint(parser->report, "duration, share, count; how long it lasts: rule ... when ... for >= 10m");
        return report_fail(parser->report, GK_ESYNTAX, measure->place, "'%s' is not for rules",
                           report_text(parser->report, measure->name));
    }
    return GK_OK;
}

static int parse_numbers(struct parser *parser, struct stmt *stmt)
{
    int rc;

    TRY(parse_aggregate(parser, stmt));
    if (!stmt->sources) {
        report_hint(parser->report, "%s", report_text(parser->report, NUMBERS));
        return report_fail(parser->report, GK_ESYNTAX, stmt->place, "'samples' are not for rules");
    }
    if (stmt->tail.versus.kind == VERSUS_BEFORE) {
        report_hint(parser->report, "vs previous 7d, vs last month, vs same hours of 5 normal days before");
        return report_fail(parser->report, GK_ESYNTAX, stmt->tail.versus.place,
                           "a rule has no window before which another one could lie");
    }
    stmt->kind = STMT_RULE;
    TRY(check_keys(parser, stmt));
    TRY(check_measures(parser, stmt));
done:
    return rc;
}

/* ---- */

int parse_rule(struct parser *parser, struct stmt *stmt)
{
    struct measure number;
    int rc;

    stmt->kind = STMT_RULE;
    parser->at++;
    TRY(parse_rule_name(parser, stmt));
    TRY(parse_level_word(parser, &stmt->level));
    TRY(parser_need_word(parser, W_WHEN, EXAMPLE));
    TRY(parse_leading_tails(parser, &stmt->tail));
    if (is_of_numbers(parser))
        return parse_numbers(parser, stmt);
    if (parser_read_agg(parser->at, &number) && parser->at[1].kind != T_OPEN)
        return parser_fail(parser, "a condition, or numbers with 'having'", NULL, NUMBERS);
    TRY(parse_cond(parser, &stmt->cond));
    TRY(parse_tail(parser, &stmt->cond, &stmt->tail));
    TRY(check_certain(parser, stmt->cond));
done:
    return rc;
}
