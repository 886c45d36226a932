/*
 * parse.c - statements.
 *
 *     when COND tail      which NOUN [ever|always|never|now] COND tail      numbers: see parse_agg.c
 *     state of NOUN ['X'] tail      list WHAT [of NOUN 'X'] tail      define NAME as COND      explain STATEMENT
 *     rule NAME LEVEL when COND tail      rule NAME LEVEL when NUMBERS by KEY, TIME having ... tail
 */
#include "parser.h"
#include "slips.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const enum word VERBS[] = {W_WHEN,  W_WHICH, W_STATE,   W_LIST,  W_DEFINE, W_EXPLAIN,  W_DURATION,
                                  W_SHARE, W_COUNT, W_LONGEST, W_FIRST, W_LAST,   W_COVERAGE, W_AVG,
                                  W_MIN,   W_MAX,   W_SUM,     W_RMS,   W_ENERGY, W_SAMPLES,  W_NONE};

/* ---- which tails a statement takes: the others are mistakes, never ignored ---- */

struct refusal {
    const char *tail, *hint;
};

static int refuse(struct parser *parser, bool is_given, struct place place, struct refusal refusal, const char *stmt)
{
    if (!is_given)
        return GK_OK;
    report_hint(parser->report, "%s", report_text(parser->report, refusal.hint));
    return report_fail(parser->report, GK_ESYNTAX, place, "'%s' does not go with '%.40s'",
                       report_text(parser->report, refusal.tail), stmt);
}

static bool has_source(const struct stmt *stmt, enum source_kind kind)
{
    for (const struct source *source = stmt->sources; source; source = source->next)
        if (source->kind == kind)
            return true;
    return false;
}

/* Aggregates of a condition, among others. */
static bool has_conditions(const struct stmt *stmt)
{
    return has_source(stmt, SOURCE_COND);
}

/* What other limits may change. */
static bool has_states(const struct stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_AGGREGATE:
        for (const struct source *source = stmt->sources; source; source = source->next)
            if (source->cond && source->kind != SOURCE_CUT)
                return true;
        return false;
    case STMT_WHEN:
    case STMT_WHICH:
    case STMT_STATE:
    case STMT_LAG:
    case STMT_LAG_LIST:
        return true;
    default:
        return false;
    }
}

static bool has_samples(const struct stmt *stmt)
{
    return stmt->kind == STMT_SAMPLES || (stmt->kind == STMT_AGGREGATE && !has_conditions(stmt));
}

/* The first tail of some kinds; NULL: there is none. */
static const struct place *find_tail(const struct tail *tail, uint32_t kinds)
{
    const struct place *first = NULL;

    for (size_t i = 0; i < TAIL_KINDS; i++)
        if (tail->seen & kinds & 1u << i && (!first || tail->places[i].from < first->from))
            first = &tail->places[i];
    return first;
}

/* A rule is of all times, and raises each breach: which time, in which order and how many is not asked. */
static int check_rule_tail(struct parser *parser, const struct stmt *stmt, const char *verb)
{
    static const struct refusal
        of_rule = {NULL, "a rule takes in, where, per, clear after, notify, escalate after, message"},
        of_numbers = {NULL,
                      "a rule of numbers takes by, every, vs, having, in, where, notify, escalate after, message"};
    const uint32_t numbers = 1u << TAIL_BY | 1u << TAIL_EVERY | 1u << TAIL_VERSUS | 1u << TAIL_HAVING;
    uint32_t refused = 1u << TAIL_TIME | 1u << TAIL_TOP | 1u << TAIL_SORT | 1u << TAIL_LIMIT | 1u << TAIL_UNKNOWN |
                       1u << TAIL_TZ | 1u << TAIL_WITH | 1u << TAIL_USING | 1u << TAIL_KNOWN;
    const struct place *place = find_tail(&stmt->tail, refused | (stmt->sources ? 1u << TAIL_CLEAR : numbers));

    if (!place && stmt->tail.vs_place.to)
        place = &stmt->tail.vs_place;
    if (!place)
        return GK_OK;
    struct refusal refusal = stmt->sources ? of_numbers : of_rule;
    refusal.tail = arena_text(parser->arena, parser->report->text + place->from, place->to - place->from);
    return refusal.tail ? refuse(parser, true, *place, refusal, verb) : parser_no_memory(parser);
}

/*
 * Who writes `off within last 24h` and gives no time means the window, and would get a wider condition over another
 * window instead.
 */
static int check_widened(struct parser *parser, const struct stmt *stmt)
{
    const struct cond *cond = stmt->cond;

    if (!cond && stmt->sources && !stmt->sources->next && stmt->sources->kind == SOURCE_COND)
        cond = stmt->sources->cond;
    if (!cond || cond != parser->widened || stmt->kind == STMT_DEFINE || stmt->tail.time.kind != TIME_DEFAULT)
        return GK_OK;
    report_hint(parser->report, "last 24h is the time of a question; within last 5m today widens its condition");
    return report_fail(parser->report, GK_ESYNTAX, cond->limit_place, "'within last' is no time of a question");
}

/* Off on monday: in the last 24 hours there may be none. */
static int check_days(struct parser *parser, const struct stmt *stmt)
{
    if (!parser->on_days || stmt->kind == STMT_DEFINE || stmt->tail.time.kind != TIME_DEFAULT)
        return GK_OK;
    report_hint(parser->report, "on mondays last 30d, on weekends this month; one day by its date: on 2026-11-16");
    return report_fail(parser->report, GK_ESYNTAX, parser->on_days->place, "days of the week go with a time");
}

static int check_tail(struct parser *parser, const struct stmt *stmt, const char *verb)
{
    const struct tail *tail = &stmt->tail;
    bool is_cond = stmt->kind == STMT_WHEN || stmt->kind == STMT_WHICH || has_conditions(stmt);
    bool is_lag = stmt->kind == STMT_LAG || stmt->kind == STMT_LAG_LIST;
    bool is_grouped = stmt->kind == STMT_AGGREGATE || stmt->kind == STMT_LAG || stmt->kind == STMT_ALARM_NUMBERS;
    static const struct refusal by = {"by", "rows of enterprises: per enterprise; sums: duration of ... by enterprise"},
                                key = {"a key of time", "a state is of one moment: by park, by enterprise"},
                                every = {"every",
                                         "buckets are of aggregates: duration of production running every 15m"},
                                per = {"per",
                                       "rows of enterprises: per enterprise; sums: duration of ... by enterprise"},
                                unknown = {"unknown as", "it goes with conditions: when, which, duration of"},
                                with = {"with possible", "it goes with conditions: when, which, duration of"},
                                limits = {"with on_from",
                                          "other limits go with what states tell: when, which, state of"},
                                set = {"using bands", "other limits go with what states tell: when, which, state of"},
                                stored = {"vs stored", "duration of abatement off with on_from = 15% vs stored"},
                                now = {"vs now", "count of abatement off as known at 2026-11-20T08:00 vs now"},
                                window = {"a window of time", "a state is of one moment: at 2026-11-20T08:00"},
                                moment = {"one moment of time", "a stretch of time: last 24h, today"},
                                vs = {"vs", "numbers are compared: energy of production by day last 7d vs previous"},
                                rule = {"clear after, notify, escalate, message",
                                        "they go with rules: rule R1 alarm when ..."};
    int rc;

    if (stmt->kind == STMT_RULE)
        return check_rule_tail(parser, stmt, verb);
    const struct place *of_rule = find_tail(tail, ~0u << TAIL_CLEAR);
    TRY(refuse(parser, of_rule != NULL, of_rule ? *of_rule : stmt->place, rule, verb));

    for (size_t i = 0; i < tail->n_keys; i++)
        TRY(refuse(parser, stmt->kind == STMT_STATE && tail->keys[i] >= KEY_HOUR, tail->key_places[i], key, verb));
    TRY(refuse(parser, tail->n_keys && !is_grouped && stmt->kind != STMT_STATE, tail->key_places[0], by, verb));
    TRY(refuse(parser, tail->every_ns && !is_grouped, tail->every_place, every, verb));
    TRY(refuse(parser, tail->has_limits && !has_states(stmt), tail->set.bytes ? tail->set_place : tail->limits_place,
               tail->set.bytes ? set : limits, verb));
    TRY(refuse(parser, tail->vs_stored && !has_conditions(stmt), tail->vs_place, stored, verb));
    TRY(refuse(parser, tail->vs_now && (stmt->kind != STMT_AGGREGATE || !tail->has_known), tail->vs_place, now, verb));
    if (tail->vs_stored && !tail->has_limits) {
        report_hint(parser->report, "with on_from = 15%% vs stored");
        return report_fail(parser->report, GK_ESYNTAX, tail->vs_place, "'vs stored' goes with other limits");
    }
    TRY(refuse(parser, tail->has_per && ((!is_cond && !is_lag) || stmt->kind == STMT_WHICH || stmt->is_gaps),
               tail->per_place, per, verb));
    TRY(refuse(parser, tail->unknown_as && !is_cond, stmt->place, unknown, verb));
    TRY(refuse(parser, tail->with_possible && (stmt->kind != STMT_WHEN || stmt->is_gaps), stmt->place, with, verb));
    bool is_instant = tail->time.kind == TIME_AT || tail->time.kind == TIME_NOW;
    TRY(refuse(parser, stmt->kind == STMT_STATE && tail->time.kind != TIME_DEFAULT && !is_instant, tail->time.place,
               window, verb));
    TRY(refuse(parser, (has_samples(stmt) || is_lag) && is_instant, tail->time.place, moment, verb));
    bool is_compared = stmt->kind == STMT_AGGREGATE || stmt->kind == STMT_ALARM_NUMBERS;
    TRY(check_widened(parser, stmt));
    TRY(check_days(parser, stmt));
    TRY(refuse(parser, tail->versus.kind && (!is_compared || tail->vs_stored || tail->vs_now), tail->versus.place, vs,
               verb));
done:
    return rc;
}

/* ---- the statements ---- */

static int parse_when(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->kind = STMT_WHEN;
    (void)parser_take_word(parser, W_WHEN);        /* 治污离线10分钟以上 needs none */
    TRY(parse_leading_tails(parser, &stmt->tail)); /* 当今天... */
    if (parser_is_word(parser, W_IS) && parser_begins_cond(parser->at + 1))
        parser->at++; /* when was the fan off */
    TRY(parse_cond(parser, &stmt->cond));
    TRY(parse_tail(parser, &stmt->cond, &stmt->tail));
done:
    return rc;
}

static bool take_mode(struct parser *parser, enum which_mode *out)
{
    static const enum word modes[] = {W_EVER, W_ALWAYS, W_NEVER, W_NOW, W_NONE}; /* in the order of enum which_mode */

    for (size_t i = 0; modes[i] != W_NONE; i++) {
        if (parser_take_word(parser, modes[i])) {
            *out = (enum which_mode)i;
            return true;
        }
    }
    return false;
}

static bool is_have(const struct token *token)
{
    return token->kind == T_WORD && token->word == W_NONE &&
           (strcasecmp(token->text.bytes, "have") == 0 || strcasecmp(token->text.bytes, "has") == 0 ||
            strcasecmp(token->text.bytes, "had") == 0);
}

/* [ever|always|never|now] COND, of the noun; `end` is where the condition has to end, NULL: with the tails. */
static int parse_whose(struct parser *parser, const struct token *end, struct stmt *stmt)
{
    const struct token *from = NULL, *to = NULL;
    int rc;

    if (!take_mode(parser, &stmt->mode)) {
        TRY(parse_leading_tails(parser, &stmt->tail)); /* 哪些企业今天曾... */
        (void)take_mode(parser, &stmt->mode);
    }
    if (stmt->tail.time.kind == TIME_NOW) { /* 当前哪些企业... */
        stmt->mode = WHICH_NOW;
        stmt->tail.time.kind = TIME_DEFAULT;
    }
    parser->has_implied = true;
    parser->implied = stmt->ref.noun;
    bool is_often = stmt->mode == WHICH_EVER && parser_find_times(parser, &from, &to) && (!end || to == end);
    struct parser ahead = *parser;
    ahead.at += is_have(ahead.at); /* which enterprises had abatement off, had duration of ... > 2h */
    const struct token *limit = stmt->mode == WHICH_EVER && !is_often ? parser_find_limit(&ahead, end) : NULL;
    if (limit || parser_begins_cond(ahead.at))
        parser->at = ahead.at;
    if (is_often) {
        TRY(parse_which_often(parser, from, to, stmt));
    } else if (limit) {
        TRY(parse_which_numbers(parser, limit, stmt));
    } else {
        TRY(parse_cond(parser, &stmt->cond));
    }
    parser->has_implied = false;
    if (end && parser->at != end)
        return parser_fail(parser, "the end or a tail", NULL, "abatement offline while production running");
    parser->at += end ? 2 : 0;                                                            /* 的企业 */
    while (end && (parser_take_word(parser, W_ANY) || parser_take_word(parser, W_WHICH))) /* 有哪些 */
        ;
    const struct token *tail = parser->at;
    TRY(parse_tail(parser, limit ? NULL : is_often ? &stmt->sources->cond : &stmt->cond, &stmt->tail));
    if (stmt->mode == WHICH_NOW && stmt->tail.time.kind != TIME_DEFAULT) {
        parser->at = tail;
        report_hint(parser->report,
                    "which enterprises now abatement offline, which enterprises ever abatement offline today");
        return report_fail(parser->report, GK_ESYNTAX, stmt->tail.time.place, "'which ... now' has its time already");
    }
    if (stmt->mode == WHICH_NOW)
        stmt->tail.time.kind = TIME_NOW;
done:
    return rc;
}

static int parse_which(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->kind = STMT_WHICH;
    parser->at++;
    stmt->ref.place = parser->at->place;
    TRY(parse_noun(parser, &stmt->ref.noun));
    const char *verb = parser_is_word(parser, W_IS) ? parser->at->text.bytes : "";
    bool has_mode = *verb && take_mode(&(struct parser){.at = parser->at + 1}, &stmt->mode);
    parser->at += has_mode; /* which facilities were never off */
    TRY(parse_whose(parser, NULL, stmt));
    bool is_present = !has_mode && (strcasecmp(verb, "is") == 0 || strcasecmp(verb, "are") == 0);
    if (is_present && stmt->kind == STMT_WHICH && !(stmt->tail.seen & 1u << TAIL_TIME)) {
        stmt->mode = WHICH_NOW; /* which facilities are offline */
        stmt->tail.time.kind = TIME_NOW;
    }
done:
    return rc;
}

/* 今天治污离线10分钟以上的企业[有哪些] */
static int parse_which_ending(struct parser *parser, struct stmt *stmt)
{
    const struct token *end = parser_find_ending(parser);
    struct parser behind = {.at = end + 1};

    stmt->kind = STMT_WHICH;
    stmt->ref.place = behind.at->place;
    (void)parser_peek_noun(&behind, &stmt->ref.noun); /* it is there */
    return parse_whose(parser, end, stmt);
}

static int parse_state_of(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->kind = STMT_STATE;
    parser->at++;
    TRY(parser_need_word(parser, W_OF, "state of facility 'F12' at 2026-11-20T08:00"));
    TRY(parse_ref(parser, &stmt->ref));
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}

/* `list gaps` is `when facility nodata`. */
static int make_gaps(struct parser *parser, struct stmt *stmt)
{
    struct cond *cond = parser_new(parser, sizeof *cond);

    if (!cond)
        return parser_no_memory(parser);
    cond->kind = COND_STATE;
    cond->depth = 1;
    cond->mask = GK_STATE_BIT(GK_NODATA);
    cond->place = cond->ref.place = stmt->place;
    cond->ref.noun = NOUN_FACILITY;
    if (stmt->has_ref && noun_is_facility(stmt->ref.noun)) {
        cond->ref = stmt->ref;
    } else if (stmt->has_ref && stmt->tail.in_names) {
        report_hint(parser->report, "list gaps of enterprise 'E1'");
        return report_fail(parser->report, GK_ESYNTAX, stmt->ref.place, "'of' and 'in' say the same: leave one out");
    } else if (stmt->has_ref) {
        stmt->tail.in = stmt->ref.noun;
        stmt->tail.in_names = stmt->ref.names;
    }
    stmt->cond = cond;
    stmt->kind = STMT_WHEN;
    stmt->is_gaps = true;
    return GK_OK;
}

/* `list abatement` is `list facilities where role = 'abatement'`. */
static int narrow_to_role(struct parser *parser, const struct token *role, struct tail *tail)
{
    struct filter *filter = parser_new(parser, sizeof *filter);
    const char *name = word_text(role->word);

    if (!filter)
        return parser_no_memory(parser);
    *filter = (struct filter){.next = tail->where,
                              .tag = {"role", strlen("role")},
                              .place = role->place,
                              .compare = GK_EQ,
                              .value = {name, strlen(name)},
                              .value_place = role->place};
    tail->where = filter;
    return GK_OK;
}

/* 有哪些管控, 企业'E1'有哪些设施: what is listed, and nothing that is asked of it. */
static bool is_which_list(const struct parser *parser)
{
    static const enum word listed[] = {W_CHANNEL, W_LINK,     W_BAND,  W_ORDER,    W_EXEMPTION, W_EXEMPT,
                                       W_GAPS,    W_GAP,      W_EVENT, W_BACKFILL, W_RULE,      W_RULES,
                                       W_ALARM,   W_CALENDAR, W_SHIFT, W_NONE};
    const struct parser next = {.at = parser->at + 1};

    if (!parser_is_word(parser, W_WHICH))
        return false;
    for (size_t i = 0; listed[i] != W_NONE; i++)
        if (parser_is_word(&next, listed[i]))
            return true;
    enum noun noun;
    return parser_peek_noun(&next, &noun) && noun != NOUN_ZONE && next.at[1].kind == T_END;
}

static int parse_list(struct parser *parser, struct stmt *stmt)
{
    static const enum word listed[] = {W_FACILITY, W_ENTERPRISE, W_PARK,  W_LINE,      W_CHANNEL,
                                       W_LINK,     W_BAND,       W_ORDER, W_EXEMPTION, W_GAPS,
                                       W_EVENT,    W_BACKFILL,   W_RULE,  W_CALENDAR,  W_NONE};
    const struct token *after;
    int rc;

    stmt->kind = STMT_LIST;
    (void)parser_take_word(parser, W_LIST);    /* 企业'E1'的设施 needs none */
    (void)parser_take_word(parser, W_WHICH);   /* 有哪些管控 */
    if (!parser_peek_genitive(parser, &after)) /* 列出今天的事件 */
        TRY(parse_leading_tails(parser, &stmt->tail));
    (void)parser_take_han(parser, W_OF);
    if (parser_is_lag(parser)) /* 列出最近7天从生产启动到治污启动的滞后 */
        return parse_lag(parser, stmt);
    if (parser_find_ending(parser)) /* 列出今天治污离线10分钟以上的企业 */
        return parse_which_ending(parser, stmt);
    if (parser_peek_genitive(parser, &after) || parser_is_ref_of_list(parser, &after)) { /* 列出企业'E1'的设施 */
        stmt->has_ref = true;
        TRY(parse_ref(parser, &stmt->ref));
        parser->at = after;
    }
    (void)parser_take_word(parser, W_ALL); /* list all lines */
    for (size_t i = 0; listed[i] != W_NONE; i++)
        if (parser_is_word(parser, listed[i]))
            stmt->listed = listed[i];
    if (parser_is_word(parser, W_GAP))
        stmt->listed = W_GAPS;
    if (parser_take_han(parser, W_EXEMPT)) { /* 列出豁免 */
        parser->at--;
        stmt->listed = W_EXEMPTION;
    }
    if (parser_is_word(parser, W_RULES))
        stmt->listed = W_RULE;
    if (parser_is_word(parser, W_SHIFT))
        stmt->listed = W_CALENDAR;
    if (parser_is_record(parser))
        return parse_record_list(parser, stmt);
    if (parser_is_word(parser, W_NONE) && strcmp(parser->at->text.bytes, "late") == 0)
        stmt->listed = W_BACKFILL;
    const struct token *role = parser->at;
    bool is_role = parser_is_word(parser, W_PRODUCTION) || parser_is_word(parser, W_ABATEMENT);
    if (is_role)
        stmt->listed = W_FACILITY;
    if (!stmt->listed)
        return parser_fail(parser, "what to list", listed, NULL);
    parser->at++;
    if (is_role)
        (void)parser_take_word(parser, W_FACILITY); /* abatement facilities */
    if (!stmt->has_ref && parser_take_word(parser, W_OF)) {
        stmt->has_ref = true;
        TRY(parse_ref(parser, &stmt->ref));
    }
    if (parser->at->kind == T_NAME)
        return parser_fail(parser, "the end or a tail", NULL,
                           "list facilities of enterprise 'E1', state of enterprise 'E1'");
    TRY(parse_tail(parser, NULL, &stmt->tail));
    if (is_role)
        TRY(narrow_to_role(parser, role, &stmt->tail));
    if (stmt->listed == W_GAPS)
        TRY(make_gaps(parser, stmt));
done:
    return rc;
}

static int parse_define(struct parser *parser, struct stmt *stmt)
{
    const struct token *token = ++parser->at;
    int rc;

    stmt->kind = STMT_DEFINE;
    if (stmt->tail.seen) { /* 今天定义... */
        parser->at = parser->list;
        return parser_fail(parser, "the definition alone", NULL,
                           "a definition is a condition; tails stand where it is used");
    }
    if (token->kind != T_NAME && (token->kind != T_WORD || token->word != W_NONE))
        return parser_fail(parser,
                           token->kind == T_WORD ? "a name that is no word of the language" : "a name after 'define'",
                           NULL, "define untreated as abatement stopped while production running");
    stmt->name = token->text;
    stmt->name_place = token->place;
    parser->at++;
    TRY(parser_need_word(parser, W_AS, "define untreated as abatement stopped while production running"));
    token = parser->at;
    TRY(parse_cond(parser, &stmt->cond));
    stmt->cond_text = parser_place(parser, token);
    if (parser->at->kind != T_END)
        return parser_fail(parser, "the end of the definition", NULL,
                           "a definition is a condition; tails stand where it is used");
done:
    return rc;
}

/* What was likely meant by a statement that begins so. */
static const char *example_of_verb(const struct parser *parser)
{
    if (parser_is_word(parser, W_ALARM))
        return "list alarms open, count of alarms by park";
    if (parser_is_word(parser, W_TOP))
        return "energy of production by facility last 7d top 5 by energy";
    if (parser_is_no_data(parser))
        return "when facility nodata for > 1h";
    if (parser_peek_series(parser))
        return "max of power of production, samples of power of facility 'F12', when power of production > 5kW";
    return "a question begins with when, which, or what is asked: when abatement offline while production running for "
           ">= 10m last 24h";
}

static int parse_verb(struct parser *parser, struct stmt *stmt)
{
    static const enum word later[] = {W_ACK, W_ASSIGN, W_CLOSE, W_NONE};
    char what[40];

    for (size_t i = 0; later[i] != W_NONE; i++) {
        if (!parser_is_word(parser, later[i]))
            continue;
        (void)snprintf(what, sizeof what, "'%s'", word_text(later[i]));
        return parser_refuse(parser, what, NULL);
    }
    if (parser_is_word(parser, W_EVIDENCE) || parser_is_alarm_evidence(parser))
        return parse_evidence(parser, stmt);
    if (parser_is_alarm_numbers(parser))
        return parse_alarm_numbers(parser, stmt);
    if (parser_is_lag(parser))
        return parse_lag(parser, stmt);
    if (parser_is_word(parser, W_RULE))
        return parse_rule(parser, stmt);
    if (parser_is_word(parser, W_WHEN))
        return parse_when(parser, stmt);
    if (is_which_list(parser))
        return parse_list(parser, stmt);
    if (parser_is_word(parser, W_WHICH))
        return parse_which(parser, stmt);
    if (parser_is_word(parser, W_STATE))
        return parse_state_of(parser, stmt);
    if (parser_is_word(parser, W_LIST))
        return parse_list(parser, stmt);
    if (parser_is_word(parser, W_DEFINE))
        return parse_define(parser, stmt);
    const struct token *end = parser_find_ending(parser);
    if (end && (parser_find_limit(parser, end) || (parser->at->kind == T_OPEN && !parser_is_genitive(parser))))
        return parse_which_ending(parser, stmt);
    if (parser_is_agg(parser))
        return parse_aggregate(parser, stmt);
    if (parser_is_state_genitive(parser))
        return parse_state_genitive(parser, stmt);
    if (parser_is_genitive(parser) || parser_is_field_genitive(parser))
        return parse_aggregate(parser, stmt);
    if (end)
        return parse_which_ending(parser, stmt);
    if (parser_is_inside_alone(parser, &stmt->tail))
        return parse_list(parser, stmt);
    if (parser_begins_han_cond(parser))
        return parse_when(parser, stmt);
    for (const struct token *token = parser->at; token->kind != T_END; token++) { /* 治污离线多久 */
        if (token->kind != T_WORD || token->word != W_NONE || !slip_find(&token->text))
            continue;
        parser->at = token;
        return parser_fail(parser, "a verb", NULL, NULL);
    }
    if (parser->at->kind == T_NAME) {
        report_hint(parser->report, "a name stands in quotes behind its noun: facility '%.40s', enterprise '%.40s'",
                    parser->at->text.bytes, parser->at->text.bytes);
        return report_fail(parser->report, GK_ESYNTAX, parser->at->place, "expected %s, got '%.60s'",
                           report_text(parser->report, "a verb"), parser->at->text.bytes);
    }
    return parser_fail(parser, "a verb", VERBS, example_of_verb(parser));
}

int parse_statement(struct arena *arena, struct report *report, struct stmt **out, size_t *used)
{
    struct tokens tokens;
    int rc;

    *out = NULL;
    *used = 0;
    TRY(lex(arena, report, &tokens));
    *used = tokens.used;
    if (tokens.n == 1)
        return GK_OK;
    struct parser parser = {.arena = arena, .report = report, .at = tokens.list, .list = tokens.list};
    struct stmt *stmt = parser_new(&parser, sizeof *stmt);
    if (!stmt)
        return parser_no_memory(&parser);
    stmt->is_profiled = parser_take_word(&parser, W_PROFILE);
    while (parser_take_word(&parser, W_EXPLAIN))
        stmt->is_explained = true;
    (void)parser_take_word(&parser, W_SHOW);
    parser_put_units_first(tokens.list);
    TRY(parse_leading_tails(&parser, &stmt->tail));
    (void)parser_take_word(&parser, W_SHOW);
    parser_put_time_first(&parser, tokens.list);
    TRY(parse_leading_tails(&parser, &stmt->tail));
    stmt->place = parser.at->place;
    const char *verb = parser.at->text.bytes;
    TRY(parse_verb(&parser, stmt));
    TRY(parser_finish_tail(&parser, stmt));
    if (stmt->n_measures && stmt->kind != STMT_RULE) /* 的时长 stands last */
        verb = report_text(report, stmt->measures[0].name);
    else if (stmt->kind == STMT_STATE)
        verb = report_text(report, "state");
    TRY(check_tail(&parser, stmt, verb));
    stmt->nesting = parser.deepest;
    *out = stmt;
done:
    return rc;
}

int parse_definition(struct arena *arena, struct report *report, unsigned depth, struct cond **out)
{
    struct tokens tokens;
    int rc;

    TRY(lex(arena, report, &tokens));
    struct parser parser = {.arena = arena, .report = report, .at = tokens.list, .list = tokens.list, .depth = depth};
    TRY(parse_cond(&parser, out));
done:
    return rc;
}
