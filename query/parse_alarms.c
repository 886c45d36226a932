/*
 * parse_alarms.c - questions about the record.
 *
 *     list alarms FILTERS tails             list acts [KIND] [of alarm N] tails            evidence of N
 *     AGG, AGG of alarms FILTERS tails      AGG, AGG of lag from KIND to KIND of alarms FILTERS tails
 *
 *     FILTER = open | [not] KIND [within 30m] | closed as device | firing ... | overdue | [not] reached
 *            | older than 30m
 *     KIND   = raised told seen acknowledged assigned fed back checked audited closed escalated amended recovered
 *              suppressed
 *
 * In Chinese filters may stand before their noun: 列出超过30分钟未签收的报警, and a duration before its kind:
 * 30分钟内未签收. Kinds are words here alone, so that a tag may be called `seen`.
 */
#include <string.h>

#include "parser.h"

static const char EXAMPLE[] = "list alarms open older than 30m not acknowledged in park 'P1'";
static const char NUMBERS[] = "median, p90 of lag from raised to acknowledged of alarms by park last 30d";

static const struct record_word {
    const char *english, *chinese;
    enum alarm_test test;
    unsigned value;
} WORDS[] = {
    {"raised", "触发", ALARM_ACT, GK_ACT_RAISED},
    {"told", "告知", ALARM_ACT, GK_ACT_TOLD},
    {"seen", "已读", ALARM_ACT, GK_ACT_SEEN},
    {"acknowledged", "签收", ALARM_ACT, GK_ACT_ACKNOWLEDGED},
    {"assigned", "交办", ALARM_ACT, GK_ACT_ASSIGNED},
    {"fed", "反馈", ALARM_ACT, GK_ACT_FED_BACK}, /* fed back */
    {"checked", "核查", ALARM_ACT, GK_ACT_CHECKED},
    {"audited", "审核", ALARM_ACT, GK_ACT_AUDITED},
    {"closed", "办结", ALARM_ACT, GK_ACT_CLOSED},
    {"escalated", "升级", ALARM_ACT, GK_ACT_ESCALATED},
    {"amended", "更正", ALARM_ACT, GK_ACT_AMENDED},
    {"recovered", "恢复", ALARM_ACT, GK_ACT_RECOVERED},
    {"suppressed", "抑制", ALARM_ACT, GK_ACT_SUPPRESSED},
    {"noted", "备注", ALARM_ACT, GK_ACT_NOTED},
    {"firing", "进行中", ALARM_STATUS, GK_ALARM_FIRING},
    {"withdrawn", "撤销", ALARM_STATUS, GK_ALARM_WITHDRAWN},
    {"reached", "送达", ALARM_REACHED, 0},
    {"overdue", "超期", ALARM_OVERDUE, 0},
};

static const struct {
    const char *english, *chinese;
} OUTCOMES[] = {{"", ""}, {"enterprise", "企业"}, {"device", "设备"}, {"false", "误报"}}; /* by gk_outcome */

static bool is_text(const struct token *token, const char *text)
{
    return (token->kind == T_WORD || token->kind == T_NAME) && strcmp(token->text.bytes, text) == 0;
}

static const struct record_word *find_word(const struct token *token)
{
    for (size_t i = 0; token->kind == T_WORD && i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (is_text(token, WORDS[i].english) || is_text(token, WORDS[i].chinese))
            return &WORDS[i];
    return NULL;
}

/* The word, and what belongs to it. */
static const struct record_word *take_word(struct parser *parser)
{
    const struct record_word *word = find_word(parser->at);

    if (!word)
        return NULL;
    parser->at++;
    if (word->value == GK_ACT_FED_BACK && word->test == ALARM_ACT && is_text(parser->at, "back"))
        parser->at++;
    return word;
}

static bool is_older(const struct parser *parser)
{
    const struct token *at = parser->at;

    if (is_text(at, "older"))
        return true;
    return (parser_is_word(parser, W_GREATER) || at->kind == T_GREATER) && at[1].kind == T_DURATION;
}

/* Whether a filter begins here. */
static bool is_filter(const struct parser *parser)
{
    const struct token *at = parser->at;

    if (is_text(at, "open") || find_word(at) || is_older(parser))
        return true;
    if (at->kind == T_DURATION) { /* 30分钟内未签收 */
        at++;
        at += at->kind == T_WORD && (at->word == W_INSIDE || at->word == W_BELOW);
    }
    return find_word(at + (at->kind == T_WORD && at->word == W_NOT)) != NULL;
}

static int parse_outcome(struct parser *parser, struct alarm_filter *filter)
{
    for (unsigned i = 1; i < sizeof OUTCOMES / sizeof OUTCOMES[0]; i++) {
        if (!is_text(parser->at, OUTCOMES[i].english) && !is_text(parser->at, OUTCOMES[i].chinese))
            continue;
        parser->at++;
        filter->test = ALARM_CLOSED_AS;
        filter->value = i;
        return GK_OK;
    }
    return parser_fail(parser, "an outcome after 'closed as'", NULL,
                       "closed as device, closed as enterprise, closed as false");
}

static int parse_older(struct parser *parser, struct alarm_filter *filter)
{
    int rc = GK_OK;

    filter->test = ALARM_OLDER;
    if (is_text(parser->at, "older")) {
        parser->at++;
        TRY(parser_need_word(parser, W_THAN, EXAMPLE));
    } else {
        parser->at++;
    }
    TRY(parse_duration(parser, "than", "older than 30m", &filter->ns));
done:
    return rc;
}

static int parse_filter(struct parser *parser, struct alarm_filter *filter)
{
    const struct token *first = parser->at;
    int rc = GK_OK;

    if (is_older(parser))
        return parse_older(parser, filter);
    if (is_text(parser->at, "open")) {
        parser->at++;
        *filter = (struct alarm_filter){.test = ALARM_ACT, .is_negated = true, .value = GK_ACT_CLOSED};
        return GK_OK;
    }
    if (parser->at->kind == T_DURATION) {
        TRY(parse_duration(parser, "within", "30m", &filter->ns));
        if (!parser_take_word(parser, W_INSIDE))
            (void)parser_take_word(parser, W_BELOW);
    }
    filter->is_negated = parser_take_word(parser, W_NOT);
    const struct record_word *word = take_word(parser);
    filter->test = word->test;
    filter->value = word->value;
    if (word->test == ALARM_ACT && word->value == GK_ACT_CLOSED && parser_is_word(parser, W_AS) &&
        !parser_is_known(parser)) {
        parser->at++;
        TRY(parse_outcome(parser, filter));
    }
    if (filter->ns && filter->test != ALARM_ACT) { /* 7天内撤销 */
        parser->at = first;
        return parser_fail(parser, "a filter: only acts are within a time", NULL, "not acknowledged within 30m");
    }
    if (filter->test == ALARM_ACT && parser_take_word(parser, W_WITHIN))
        TRY(parse_duration(parser, "within", "not acknowledged within 30m", &filter->ns));
done:
    return rc;
}

/* As many as there are; in Chinese a 的 and commas between them. */
static int parse_filters_of(struct parser *parser, struct record_stmt *record)
{
    struct alarm_filter **end = &record->filters;
    int rc = GK_OK;

    while (*end)
        end = &(*end)->next;
    while (is_filter(parser)) {
        *end = parser_new(parser, sizeof **end);
        if (!*end)
            return parser_no_memory(parser);
        TRY(parse_filter(parser, *end));
        end = &(*end)->next;
        (void)parser_take_han(parser, W_OF);
        struct parser ahead = *parser;
        if (parser_take(&ahead, T_COMMA) && is_filter(&ahead))
            parser->at = ahead.at;
        else if (parser_take_word(&ahead, W_AND) && is_filter(&ahead))
            parser->at = ahead.at;
    }
done:
    return rc;
}

/* ---- lists ---- */

static bool is_acts(const struct token *token)
{
    return is_text(token, "acts") || is_text(token, "act") || is_text(token, "处置记录") || is_text(token, "办理记录");
}

bool parser_is_record(const struct parser *parser)
{
    return parser_is_word(parser, W_ALARM) || is_acts(parser->at) || is_filter(parser);
}

/* `of enterprise 'E1'` is a place as `in` is. */
static int parse_place_of(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->has_ref = true;
    TRY(parse_ref(parser, &stmt->ref));
done:
    return rc;
}

int parse_record_list(struct parser *parser, struct stmt *stmt)
{
    struct record_stmt *record = &stmt->record;
    int rc;

    record->place = parser->at->place;
    TRY(parse_filters_of(parser, record));
    bool is_of_acts = is_acts(parser->at);
    stmt->kind = is_of_acts ? STMT_ACTS : STMT_ALARMS;
    if (!is_of_acts && !parser_is_word(parser, W_ALARM))
        return parser_fail(parser, "alarms or acts", NULL, EXAMPLE);
    parser->at++;
    TRY(parse_filters_of(parser, record));
    if (!stmt->has_ref && parser_take_word(parser, W_OF)) {
        if (is_of_acts && parser_take_word(parser, W_ALARM))
            TRY(parse_count(parser, "the number of an alarm", &record->number));
        else
            TRY(parse_place_of(parser, stmt));
    }
    TRY(parse_filters_of(parser, record));
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}

bool parser_is_alarm_evidence(const struct parser *parser)
{
    const struct token *at = parser->at;

    return parser_is_word(parser, W_ALARM) && at[1].kind == T_NUMBER && at[2].kind == T_WORD && at[2].word == W_OF &&
           at[3].kind == T_WORD && at[3].word == W_EVIDENCE;
}

int parse_evidence(struct parser *parser, struct stmt *stmt)
{
    bool is_chinese = parser_is_han(parser), is_last = parser_is_alarm_evidence(parser); /* 报警12的证据 */
    int rc;

    stmt->kind = STMT_EVIDENCE;
    stmt->record.place = parser->at->place;
    parser->at += !is_last;
    if (!parser_take_word(parser, W_OF) && !is_chinese) /* 证据 12 */
        TRY(parser_need_word(parser, W_OF, "evidence of 1042"));
    (void)parser_take_word(parser, W_ALARM); /* evidence of alarm 12, 证据 报警12 */
    TRY(parse_count(parser, "the number of an alarm", &stmt->record.number));
    parser->at += is_last ? 2 : 0;
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}

/* ---- numbers ---- */

/* Behind aggregates with commas between them and an `of`: what they are of. NULL: no aggregates. */
static const struct token *behind_aggs(const struct token *at)
{
    struct measure agg;
    const struct token *first = at;

    while (at->kind == T_COMMA || parser_read_agg(at, &agg))
        at++;
    return at > first && at->kind == T_WORD && at->word == W_OF ? at + 1 : NULL;
}

/* 报警的次数, 未签收的报警的次数: the noun, with filters before it. */
static const struct token *skip_filters(const struct token *at)
{
    const struct token *first = at;

    while (at->kind != T_END && at - first < 12 && !(at->kind == T_WORD && at->word == W_ALARM))
        at++;
    return at->kind == T_WORD && at->word == W_ALARM ? at : NULL;
}

bool parser_is_alarm_numbers(const struct parser *parser)
{
    const struct token *of = behind_aggs(parser->at);

    if (of && of->kind == T_WORD && of->word == W_ALARM)
        return true;
    if (of && of->kind == T_WORD && of->word == W_LAG)
        return of[1].kind == T_WORD && (of[1].word == W_FROM || of[1].word == W_BETWEEN) && find_word(of + 2);
    if (!parser_is_han(parser) || (!parser_is_word(parser, W_ALARM) && !is_filter(parser)))
        return false;
    return skip_filters(parser->at) != NULL;
}

static int check_agg(struct parser *parser, const struct measure *agg, bool is_lag)
{
    bool is_number = agg->kind == AGG_AVG || agg->kind == AGG_MIN || agg->kind == AGG_MAX ||
                     agg->kind == AGG_PERCENTILE || agg->kind == AGG_COUNT;
    bool is_sum =
        agg->kind == AGG_COUNT || agg->kind == AGG_SHARE || agg->kind == AGG_DURATION || agg->kind == AGG_LONGEST;

    if (is_lag ? is_number : is_sum)
        return GK_OK;
    report_hint(
        parser->report, "%s",
        report_text(parser->report, is_lag ? NUMBERS : "count, share, duration, longest of alarms by park last 30d"));
    return report_fail(parser->report, GK_ESYNTAX, agg->place, "'%.40s' is not told of alarms", agg->name);
}

static int check_aggs(struct parser *parser, const struct stmt *stmt)
{
    int rc = GK_OK;

    for (size_t i = 0; i < stmt->n_measures; i++)
        TRY(check_agg(parser, &stmt->measures[i], stmt->record.has_lag));
done:
    return rc;
}

static int parse_act(struct parser *parser, unsigned *out)
{
    const struct record_word *word = take_word(parser);

    if (!word || word->test != ALARM_ACT)
        return parser_fail(
            parser, "what happened to an alarm", NULL,
            "raised told seen acknowledged assigned fed back checked audited closed escalated recovered");
    *out = word->value;
    return GK_OK;
}

/* from KIND to KIND */
static int parse_span(struct parser *parser, struct record_stmt *record)
{
    int rc;

    record->has_lag = true;
    if (!parser_take_word(parser, W_BETWEEN)) /* 从 */
        TRY(parser_need_word(parser, W_FROM, NUMBERS));
    TRY(parse_act(parser, &record->lag_from));
    TRY(parser_need_word(parser, W_TO, NUMBERS));
    TRY(parse_act(parser, &record->lag_to));
done:
    return rc;
}

/* 报警 FILTERS [从A到B] [的] [滞后] 的 AGGS */
static int parse_chinese_numbers(struct parser *parser, struct stmt *stmt)
{
    int rc;

    TRY(parse_filters_of(parser, &stmt->record));
    TRY(parser_need_word(parser, W_ALARM, "报警的次数"));
    TRY(parse_filters_of(parser, &stmt->record));
    if (parser_is_word(parser, W_BETWEEN)) {
        TRY(parse_span(parser, &stmt->record));
        (void)parser_take_word(parser, W_OF);
        (void)parser_take_word(parser, W_LAG);
    }
    (void)parser_take_word(parser, W_OF);
    TRY(parse_aggs(parser, stmt->measures, &stmt->n_measures));
done:
    return rc;
}

int parse_alarm_numbers(struct parser *parser, struct stmt *stmt)
{
    struct record_stmt *record = &stmt->record;
    int rc;

    stmt->kind = STMT_ALARM_NUMBERS;
    record->place = parser->at->place;
    if (!behind_aggs(parser->at)) {
        TRY(parse_chinese_numbers(parser, stmt));
    } else {
        TRY(parse_aggs(parser, stmt->measures, &stmt->n_measures));
        TRY(parser_need_word(parser, W_OF, NUMBERS));
        if (parser_take_word(parser, W_LAG)) {
            TRY(parse_span(parser, record));
            TRY(parser_need_word(parser, W_OF, NUMBERS));
        }
        TRY(parser_need_word(parser, W_ALARM, NUMBERS));
        TRY(parse_filters_of(parser, record));
    }
    TRY(check_aggs(parser, stmt));
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}
