/*
 * parse_chinese.c - what Chinese says in another order than English. The trees are the same:
 *
 *     REF 的 METRIC                 METRIC of REF              设施'F12'的电流
 *     REF 的 AGGS METRIC            AGGS of METRIC of REF      设施'F12'的平均、最大电流
 *     COND [的] AGGS                AGGS of COND               治污离线的时长、次数
 *     REF 的 状态                   state of REF
 *     REF 的 ATTRIBUTE              ATTRIBUTE of REF           生产的cap - 生产的电量
 *     REF 的 METRIC                 samples of METRIC of REF   as a whole statement
 *     REF TIME 的 ...               ... TIME                   设施'F12'今天的电流
 *     各NOUN 的 ...                 ... by NOUN                今天各企业的用电量
 *     TAILS VERB ...                VERB ... TAILS             最近24小时 哪些企业 ...; 在园区'P1'内 ...
 *
 * What stands behind its value (以上), its clause (期间) or its noun (全部) is with the forms it belongs to.
 */
#include "parse_value.h"

bool parser_is_han(const struct parser *parser)
{
    const struct token *token = parser->at;

    return token->kind != T_NAME && token->text.size > 0 && (unsigned char)token->text.bytes[0] >= 0x80;
}

bool parser_take_han(struct parser *parser, enum word word)
{
    return parser_is_han(parser) && parser_take_word(parser, word);
}

static bool is_han_of(const struct token *token)
{
    return token->kind == T_WORD && token->word == W_OF && (unsigned char)token->text.bytes[0] >= 0x80;
}

static bool is_word(const struct token *token, enum word word)
{
    return token->kind == T_WORD && token->word == word;
}

/* 曾, 一直, 从未 */
static bool is_mode(const struct token *token)
{
    return is_word(token, W_EVER) || is_word(token, W_ALWAYS) || is_word(token, W_NEVER);
}

/* Behind NOUN ['a', 'b']; NULL: there is none. */
static const struct token *skip_ref(const struct parser *parser)
{
    const struct token *token = parser->at;
    enum noun noun;

    bool is_open = token->kind == T_OPEN; /* （设施 其中 meter = 'master'） */

    if (!parser_peek_noun(&(struct parser){.at = token + is_open}, &noun))
        return NULL;
    token += 1 + is_open;
    while (token->kind == T_NAME || (token->kind == T_COMMA && token[-1].kind == T_NAME && token[1].kind == T_NAME))
        token++;
    if (!is_open)
        return token;
    if (!is_word(token, W_WHERE))
        return NULL;
    while (token->kind != T_CLOSE && token->kind != T_END)
        token++;
    return token->kind == T_CLOSE ? token + 1 : NULL;
}

/* What may stand behind its noun without 的: 治污电流, 设施'F12'状态. */
static bool is_han_metric(const struct token *token)
{
    return token->kind == T_WORD && (unsigned char)token->text.bytes[0] >= 0x80 &&
           ((token->word >= W_CURRENT && token->word <= W_LOAD) || token->word == W_ENERGY || token->word == W_STATE);
}

bool parser_peek_genitive(const struct parser *parser, const struct token **after)
{
    const struct token *token = skip_ref(parser);
    struct measure agg;

    if (!token)
        return false;
    *after = is_han_of(token) ? token + 1 : token;
    /* 生产任一电流 */
    bool is_phase = (is_word(token, W_ANY) || is_word(token, W_ALL) || is_word(token, W_NO)) &&
                    (is_word(token + 1, W_CURRENT) || is_word(token + 1, W_VOLTAGE));
    bool is_agg = parser_read_agg(token, &agg) && is_han_metric(token + 1); /* 设施'F12'平均功率 */
    return is_han_of(token) || is_han_metric(token) || is_phase || is_agg;
}

/* ---- tails in front ---- */

/* 在 园区'P1' is a tail; 在 生产运行 期间 and 在 产线'L1' 运行 期间 are conditions. */
bool parser_is_place(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum noun noun;

    bool has_in = parser_take_han(&ahead, W_IN);
    if (has_in && parser_is_time(&ahead))
        return true;
    const struct token *token = skip_ref(&ahead);
    if (!token || token[-1].kind != T_NAME)
        return false;
    ahead.at = token;
    if (parser_take_han(&ahead, W_OF) || parser_is_han(&ahead)) {   /* 企业'E1'治污离线 */
        if (parser_peek_noun(&ahead, &noun) || is_mode(ahead.at) || /* 企业'E1'一直运行的设施 */
            (parser_is_word(&ahead, W_WHICH) && ahead.at == token)) /* 企业'E1'有哪些设施 */
            return true;
        if (ahead.at != token)
            return false;
    }
    bool is_said = token->kind == T_WORD && ((token->word >= W_ON && token->word <= W_LOAD) || token->word == W_IS ||
                                             token->word == W_NOT || token->word == W_NO);
    return parser_is_word(&ahead, W_INSIDE) || (has_in && !is_said);
}

bool parser_is_leading_tail(const struct parser *parser)
{
    if (parser->at->kind == T_TIME || parser_is_place(parser))
        return true;
    if (!parser_is_han(parser) || parser->at->kind != T_WORD)
        return false;
    switch (parser->at->word) {
    case W_LAST:
        return parser->at[1].kind == T_DURATION ||
               (parser->at[1].kind == T_WORD && parser->at[1].word >= W_HOUR && parser->at[1].word <= W_YEAR);
    case W_TODAY:
    case W_YESTERDAY:
    case W_NIGHT:
    case W_NOW:
    case W_THIS:
    case W_SINCE:
    case W_UNTIL:
    case W_BY:
    case W_EVERY:
        return true;
    case W_BETWEEN: /* 从生产启动到治污启动 is a lag */
        return !parser_begins_cond(parser->at + 1) && parser->at[1].kind != T_OPEN;
    case W_PER: /* 每天22:00-06:00 is a condition */
        return parser->at[1].kind != T_WORD || parser->at[1].word != W_DAY || parser->at[2].kind != T_CLOCK;
    default:
        return false;
    }
}

static void reverse(struct token *list, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct token token = list[i];
        list[i] = list[n - 1 - i];
        list[n - 1 - i] = token;
    }
}

/* What may stand behind 各企业 or 设施'F12'今天 in place of 的 and a noun: 用电量, 平均功率, 运行时长, 启动次数. */
static bool is_asked_of_ref(const struct token *token)
{
    struct measure agg;

    if (token->kind != T_WORD || (unsigned char)token->text.bytes[0] < 0x80)
        return false;
    return is_han_metric(token) || parser_read_agg(token, &agg) || token->word == W_START || token->word == W_END ||
           (token->word >= W_ON && token->word <= W_NODATA);
}

void parser_put_units_first(struct token *list)
{
    for (struct token *at = list; at->kind != T_END; at++) {
        size_t n = 2 + is_word(at + 1, W_MEASURE);
        enum noun noun;
        if (!is_word(at, W_PER) || !parser_peek_noun(&(struct parser){.at = at + n - 1}, &noun) ||
            !is_word(at + n, W_PER) || at[n + 1].kind != T_WORD ||
            ((at[n + 1].word < W_HOUR || at[n + 1].word > W_MONTH) && at[n + 1].word != W_SHIFT) ||
            at[n + 2].kind == T_CLOCK)
            continue;
        reverse(at, n);
        reverse(at + n, 2);
        reverse(at, n + 2);
        at += n + 1;
    }
}

/*
 * 设施'F12' 今天 的 功率 becomes 今天 设施'F12' 的 功率, and 列出 企业'E1' 今天 的 事件 今天 列出 企业'E1' 的 事件; so
 * do 设施'F12' 今天 每小时 平均功率 and 列出 企业'E1' 今天 未签收 的 报警.
 */
void parser_put_time_first(struct parser *parser, struct token *list)
{
    bool is_list = parser_is_word(parser, W_LIST), is_done = false;
    const struct token *time = skip_ref(&(struct parser){.at = parser->at + is_list});
    struct report silent = {.text = parser->report->text, .size = parser->report->size};
    struct tail found = {0};
    struct parser ahead = *parser;
    enum noun noun;

    ahead.at = time;
    ahead.report = &silent;
    if (!time || !parser_is_leading_tail(&ahead))
        return;
    while (parser_is_leading_tail(&ahead))
        if (parse_tail_one(&ahead, &found, &is_done) != GK_OK || is_done)
            return;
    bool is_clause = time[-1].kind == T_NAME && (parser_peek_noun(&ahead, &noun) || is_mode(ahead.at));
    if (!is_list && !is_han_of(ahead.at) && !is_asked_of_ref(ahead.at) && !is_clause)
        return;
    size_t n_ref = (size_t)(time - parser->at), n_time = (size_t)(ahead.at - time);
    struct token *first = list + (parser->at - parser->list);
    reverse(first, n_ref);
    reverse(first + n_ref, n_time);
    reverse(first, n_ref + n_time);
}

/*
 * Behind a tail 的 says nothing: 每天 的 生产用电量. What stands behind 各企业 without a noun is of its noun, which is
 * read again: 各企业 的 用电量.
 */
static void skip_of_tail(struct parser *parser, const struct tail *tail)
{
    const struct token *noun = parser->at - 1, *next = parser->at + is_han_of(parser->at);
    struct parser ahead = *parser;
    enum noun found;

    ahead.at = next;
    if (parser_peek_noun(&ahead, &found) || parser_is_alarm_numbers(&ahead))
        parser->at = next;
    else if (tail->has_per && noun >= parser->list && noun->place.from == tail->per_place.from &&
             (is_asked_of_ref(next) || (next->kind == T_OPEN && next > parser->at)))
        parser->at = noun;
}

int parse_leading_tails(struct parser *parser, struct tail *out)
{
    bool is_done = true;
    int rc = GK_OK;

    while (parser_is_leading_tail(parser)) {
        TRY(parse_tail_one(parser, out, &is_done));
        if (is_done) /* it looked like one, and is none */
            return parser_fail(parser, "a tail", NULL, "last 24h, in park 'P1', by enterprise, top 10 by duration");
        (void)parser_take(parser, T_COMMA);
        skip_of_tail(parser, out);
    }
done:
    return rc;
}

/* ---- statements that end with what is asked ---- */

/* An aggregate where one is asked for, with or without 的: not 最近24小时, 按时长. */
static bool is_asked(const struct token *token)
{
    struct measure agg;

    if (token->kind != T_WORD || (unsigned char)token->text.bytes[0] < 0x80)
        return is_han_of(token - 1) && parser_read_agg(token, &agg);
    if (token->word == W_LAST && (token[1].kind == T_DURATION ||
                                  (token[1].kind == T_WORD && token[1].word >= W_HOUR && token[1].word <= W_NIGHT)))
        return false;
    bool is_column =
        token[-1].kind == T_WORD && (token[-1].word == W_BY || token[-1].word == W_SORT || token[-1].word == W_HAVING);
    return !is_column && (token->word == W_STATE || parser_read_agg(token, &agg));
}

/* 设施'F12'的功率 and nothing but tails: its samples. */
static bool is_series_alone(const struct parser *parser)
{
    const struct token *after;
    enum metric metric;
    struct parser ahead = *parser;

    if (!parser_peek_genitive(parser, &after) || !is_han_of(after - 1) || !parser_read_metric(after, &metric))
        return false;
    ahead.at = after + 1;
    (void)parser_take(&ahead, T_COMMA);
    return ahead.at->kind == T_END || parser_is_leading_tail(&ahead);
}

bool parser_is_genitive(const struct parser *parser)
{
    if (parser->at->kind == T_END)
        return false;
    if (is_series_alone(parser))
        return true;
    for (const struct token *token = parser->at + 1; token->kind != T_END; token++)
        if (is_asked(token))
            return true;
    return false;
}

bool parser_is_field_genitive(const struct parser *parser)
{
    struct parser ahead = *parser;
    const struct token *after;

    if (!parser_peek_genitive(parser, &after) || !is_han_of(after - 1) || is_series_alone(parser) ||
        !(after->kind == T_NAME || is_word(after, W_NONE) || is_word(after, W_RATED)))
        return false;
    ahead.at = after + 1;
    switch (ahead.at->kind) {
    case T_END:
    case T_COMMA:
    case T_CLOSE:
    case T_PLUS:
    case T_MINUS:
    case T_STAR:
    case T_SLASH:
        return true;
    default:
        return parser_is_word(&ahead, W_AS) || parser_is_leading_tail(&ahead);
    }
}

bool parser_is_state_genitive(const struct parser *parser)
{
    const struct token *after;

    return parser_peek_genitive(parser, &after) && is_word(after, W_STATE);
}

int parse_state_genitive(struct parser *parser, struct stmt *stmt)
{
    const struct token *after = parser->at;
    int rc;

    stmt->kind = STMT_STATE;
    (void)parser_peek_genitive(parser, &after); /* it is one */
    TRY(parse_ref(parser, &stmt->ref));
    parser->at = after + 1;
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}

/* AGGS [METRIC] behind REF 的. */
static int parse_aggs_of_ref(struct parser *parser, struct source *source, struct measure *list, size_t *n)
{
    struct series *series = parser_new(parser, sizeof *series);
    int rc;

    if (!series)
        return parser_no_memory(parser);
    source->series = series;
    series->place = parser->at->place;
    TRY(parse_ref(parser, &series->ref));
    (void)parser_take_han(parser, W_OF);
    TRY(parse_aggs(parser, list, n));
    if (parser_is_word(parser, W_RATED) && !source->cond) { /* it is the same at every time */
        source->series = NULL;
        source->ref = series->ref;
        source->field = parser_take_attribute(parser);
    } else if (parser_read_metric(parser->at, &series->metric)) {
        if (series->metric == METRIC_CHANNEL)
            series->channel = parser->at->text;
        series->place = parser->at->place;
        parser->at++;
    } else if (list->kind == AGG_SAMPLES || list->kind == AGG_ENERGY) {
        series->metric = list->kind == AGG_ENERGY ? METRIC_ENERGY : METRIC_ALL;
    } else {
        return parser_fail(parser, "a metric or a channel",
                           (const enum word[]){W_POWER, W_CURRENT, W_VOLTAGE, W_LOAD, W_NONE},
                           "avg, max of power of production");
    }
done:
    return rc;
}

/* RATED [的] AGGS behind REF 的. */
static int parse_aggs_of_rated(struct parser *parser, struct source *source, struct measure *list, size_t *n)
{
    int rc;

    TRY(parse_ref(parser, &source->ref));
    (void)parser_take_han(parser, W_OF);
    source->field = parser_take_attribute(parser);
    (void)parser_take_han(parser, W_OF);
    TRY(parse_aggs(parser, list, n));
done:
    return rc;
}

static int parse_aggs_of_cond(struct parser *parser, struct source *source, struct measure *list, size_t *n)
{
    int rc;

    TRY(parse_cond(parser, &source->cond));
    if (!is_asked(parser->at))
        TRY(parser_need_word(parser, W_OF, "duration of abatement offline, avg of power of production"));
    TRY(parse_aggs(parser, list, n));
done:
    return rc;
}

/* METRIC 的 AGGS behind REF 的; a comparison that follows the metric makes it a condition. */
static int parse_aggs_of_series(struct parser *parser, struct source *source, struct measure *list, size_t *n)
{
    const struct token *first = parser->at;
    int rc;

    if (is_series_alone(parser)) {
        *list = (struct measure){.kind = AGG_SAMPLES, .name = word_text(W_SAMPLES), .place = parser->at->place};
        *n = 1;
        return parse_series(parser, &source->series);
    }
    TRY(parser_is_row_genitive(parser) ? parse_row_value(parser, &source->series)
                                       : parse_series(parser, &source->series));
    if (!is_han_of(parser->at) && !is_asked(parser->at)) {
        parser->at = first;
        source->series = NULL;
        return parse_aggs_of_cond(parser, source, list, n);
    }
    (void)parser_take_han(parser, W_OF);
    TRY(parse_aggs(parser, list, n));
done:
    return rc;
}

/* 生产的平均功率, 生产用电量 */
static bool is_series_of_ref(const struct parser *parser)
{
    const struct token *after;
    struct measure agg;

    return parser_peek_genitive(parser, &after) &&
           ((parser_read_agg(after, &agg) && agg.kind >= AGG_AVG) || is_han_metric(after));
}

/* Behind 期间 or 之外 of a condition that narrows a series: 每天22:00-06:00期间生产的电量. NULL: there is none. */
static const struct token *find_narrowed(const struct parser *parser)
{
    unsigned depth = 0;

    if (parser->at->kind == T_WORD && parser->at->word >= W_WORKDAYS && parser->at->word <= W_SUNDAY) {
        struct parser behind = {.at = parser->at + 1 + is_han_of(parser->at + 1)};
        if (is_series_of_ref(&behind)) /* 工作日生产用电量 */
            return behind.at;
    }
    for (const struct token *token = parser->at; token->kind != T_END; token++) {
        depth += token->kind == T_OPEN;
        depth -= token->kind == T_CLOSE && depth > 0;
        if (depth || token->kind != T_WORD || (token->word != W_DURING_THAT && token->word != W_OUTSIDE_THAT))
            continue;
        struct parser behind = {.at = token[1].kind == T_COMMA ? token + 2 : token + 1};
        return is_series_of_ref(&behind) ? behind.at : NULL;
    }
    return NULL;
}

/* The condition before it, with its 期间 or 之外. */
static int parse_narrowing(struct parser *parser, struct cond **out)
{
    bool is_days = parser_is_calendar(parser);
    int rc;

    (void)parser_take_han(parser, W_IN);
    TRY(parse_clause(parser, out));
    if (parser_take_word(parser, W_OUTSIDE_THAT))
        TRY(parser_wrap(parser, out, COND_NOT, NULL));
    else if (!is_days)
        TRY(parser_need_word(parser, W_DURING_THAT, NULL));
    else if (!parser_take_word(parser, W_DURING_THAT))
        (void)parser_take_han(parser, W_OF); /* 工作日的生产用电量 */
    (void)parser_take(parser, T_COMMA);
done:
    return rc;
}

int parse_genitive(struct parser *parser, struct source *source, struct measure *list, size_t *n)
{
    bool is_narrowed = find_narrowed(parser) != NULL;
    const struct token *after;
    enum metric metric;
    struct measure agg;
    int rc;

    if (is_narrowed)
        TRY(parse_narrowing(parser, &source->cond));
    if (!parser_peek_genitive(parser, &after)) {
        TRY(parse_aggs_of_cond(parser, source, list, n));
    } else if (parser_read_agg(after, &agg) && !is_han_of(after + 1)) {
        TRY(parse_aggs_of_ref(parser, source, list, n));
    } else if (parser_read_metric(after, &metric) || parser_is_row_genitive(parser)) {
        TRY(parse_aggs_of_series(parser, source, list, n));
    } else if (is_word(after, W_RATED)) {
        TRY(parse_aggs_of_rated(parser, source, list, n));
    } else {
        TRY(parse_aggs_of_cond(parser, source, list, n));
    }
    source->kind = source->field.bytes ? SOURCE_FIELD : source->series ? SOURCE_SERIES : SOURCE_COND;
    if (source->series && !is_narrowed)
        TRY(parse_only(parser, &source->cond));
done:
    return rc;
}

bool parser_is_genitive_group(const struct parser *parser)
{
    const struct token *token = parser->at;
    struct measure agg;
    unsigned depth = 0;

    if (token->kind != T_OPEN)
        return false;
    for (; token->kind != T_END; token++) {
        depth += token->kind == T_OPEN;
        depth -= token->kind == T_CLOSE;
        if (depth == 0)
            return is_han_of(token + 1) && parser_read_agg(token + 2, &agg);
    }
    return false;
}
