/*
 * parse.c - statements.
 *
 *     when COND tail      which NOUN [ever|always|never|now] COND tail      AGG, AGG of COND|SERIES tail
 *     state of NOUN ['X'] tail      list WHAT [of NOUN 'X'] tail      define NAME as COND      explain STATEMENT
 */
#include "parser.h"
#include "slips.h"

#include <stdio.h>
#include <string.h>

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

static int check_tail(struct parser *parser, const struct stmt *stmt, const char *verb)
{
    const struct tail *tail = &stmt->tail;
    bool is_cond = stmt->kind == STMT_WHEN || stmt->kind == STMT_WHICH || stmt->kind == STMT_AGGREGATE;
    bool is_lag = stmt->kind == STMT_LAG || stmt->kind == STMT_LAG_LIST;
    bool is_grouped = stmt->kind == STMT_AGGREGATE || stmt->kind == STMT_SERIES || stmt->kind == STMT_LAG;
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
                                stored = {"vs stored", "duration of abatement off with on_from = 15% vs stored"},
                                window = {"a window of time", "a state is of one moment: at 2026-11-20T08:00"},
                                moment = {"one moment of time", "a stretch of time: last 24h, today"};
    int rc;

    for (size_t i = 0; i < tail->n_keys; i++)
        TRY(refuse(parser, stmt->kind == STMT_STATE && tail->keys[i] >= KEY_HOUR, tail->key_places[i], key, verb));
    TRY(refuse(parser, tail->n_keys && !is_grouped && stmt->kind != STMT_STATE, tail->key_places[0], by, verb));
    TRY(refuse(parser, tail->every_ns && !is_grouped, tail->every_place, every, verb));
    TRY(refuse(parser, tail->has_limits && stmt->kind >= STMT_SERIES && stmt->kind != STMT_STATE && !is_lag,
               tail->limits_place, limits, verb));
    TRY(refuse(parser, tail->vs_stored && stmt->kind != STMT_AGGREGATE, tail->vs_place, stored, verb));
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
    bool needs_window = stmt->kind == STMT_SERIES || stmt->kind == STMT_SAMPLES || is_lag;
    TRY(refuse(parser, needs_window && is_instant, tail->time.place, moment, verb));
done:
    return rc;
}

/* ---- aggregates ---- */

/* pNN as a percentile; false when the word is none. */
static bool read_percentile(const struct gk_text *text, double *percent)
{
    int whole = 0;
    size_t i = 1;

    if (text->size < 2 || text->size > 4 || text->bytes[0] != 'p')
        return false;
    for (; i < text->size; i++) {
        if (text->bytes[i] < '0' || text->bytes[i] > '9')
            return false;
        whole = whole * 10 + text->bytes[i] - '0';
    }
    *percent = whole;
    return whole <= 100;
}

bool parser_read_agg(const struct token *token, struct agg *out)
{
    /* In the order of enum agg_kind; W_NONE for percentiles. */
    static const enum word words[] = {W_DURATION, W_SHARE, W_COUNT, W_LONGEST, W_FIRST,  W_LAST, W_COVERAGE, W_AVG,
                                      W_MAX,      W_MIN,   W_SUM,   W_RMS,     W_ENERGY, W_NONE, W_SAMPLES};

    if (token->kind != T_WORD)
        return false;
    out->place = token->place;
    out->name = token->text.bytes;
    if (token->word == W_NONE) {
        out->kind = AGG_PERCENTILE;
        return read_percentile(&token->text, &out->percent);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i] == token->word) {
            out->kind = (enum agg_kind)i;
            out->name = word_text(token->word);
            return true;
        }
    }
    return false;
}

/* A comma or `and`, unless a clause follows the comma: 的时长，最近24小时. */
static bool take_next_agg(struct parser *parser)
{
    struct parser ahead = *parser;
    struct agg agg;

    if (!parser_take(&ahead, T_COMMA) && !parser_take_word(&ahead, W_AND))
        return false;
    if (parser_is_han(&ahead) && (!parser_read_agg(ahead.at, &agg) || parser_is_leading_tail(&ahead)))
        return false;
    parser->at = ahead.at;
    return true;
}

int parse_aggs(struct parser *parser, struct agg **out)
{
    struct agg **end = out, found = {0};

    do {
        if (!parser_read_agg(parser->at, &found))
            return parser_fail(parser, "an aggregate", VERBS + 6, "duration, share, count of production running");
        for (struct agg *agg = *out; agg; agg = agg->next)
            if (strcmp(agg->name, found.name) == 0)
                return parser_fail(parser, "each aggregate once", NULL, "duration, share, count of production running");
        struct agg *agg = parser_new(parser, sizeof *agg);
        if (!agg)
            return parser_no_memory(parser);
        *agg = found;
        *end = agg;
        end = &agg->next;
        parser->at++;
    } while (take_next_agg(parser));
    return GK_OK;
}

/* `NOUN ['X']` with a tail or the end behind it, where a condition would go on with a state. */
static bool is_bare_ref(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum noun noun;

    if (!parser_peek_noun(&ahead, &noun))
        return false;
    ahead.at++;
    while (ahead.at->kind == T_NAME || (ahead.at->kind == T_COMMA && ahead.at[1].kind == T_NAME))
        ahead.at++;
    if (ahead.at->kind == T_END)
        return true;
    if (ahead.at->kind != T_WORD)
        return false;
    switch (ahead.at->word) {
    case W_ON: /* a state, unless a date follows */
        return parser_is_on_date(ahead.at);
    case W_OFF:
    case W_IDLE:
    case W_OVERLOAD:
    case W_NODATA:
    case W_RUNNING:
    case W_STOPPED:
    case W_OFFLINE:
    case W_NORMAL:
    case W_IS:
    case W_NOT:
    case W_NONE:
        return false;
    default:
        return true;
    }
}

/* `energy of production`, `samples of facility 'F12'`: a series without its metric. */
static int parse_bare_series(struct parser *parser, enum metric metric, struct series **out)
{
    struct series *series = parser_new(parser, sizeof *series);

    *out = series;
    if (!series)
        return parser_no_memory(parser);
    series->metric = metric;
    series->place = parser->at->place;
    return parse_ref(parser, &series->ref);
}

int check_aggs(struct parser *parser, const struct stmt *stmt)
{
    if (stmt->series && stmt->series->phases != QUANT_NONE) {
        report_hint(parser->report, "any current of abatement > 50A");
        return report_fail(parser->report, GK_ESYNTAX, stmt->series->place, "any, all and no phases go with < <= > >=");
    }
    for (const struct agg *agg = stmt->aggs; agg; agg = agg->next) {
        const char *name = report_text(parser->report, agg->name);
        bool is_signal = agg->kind >= AGG_AVG,
             is_truth = agg->kind == AGG_DURATION || agg->kind == AGG_SHARE || agg->kind == AGG_LONGEST;
        if (agg->kind == AGG_SAMPLES && stmt->aggs->next) {
            report_hint(parser->report, "samples of power of facility 'F12'");
            return report_fail(parser->report, GK_ESYNTAX, agg->place, "'samples' stands alone");
        }
        if (stmt->kind == STMT_AGGREGATE && is_signal) {
            report_hint(parser->report,
                        "%s of power of production; of a condition: duration share count longest first "
                        "last coverage",
                        name);
            return report_fail(parser->report, GK_ESYNTAX, agg->place, "'%s' is of a series, not of a condition", name);
        }
        if (stmt->kind != STMT_AGGREGATE && is_truth) {
            report_hint(parser->report, "%s of production running", name);
            return report_fail(parser->report, GK_ESYNTAX, agg->place, "'%s' is of a condition, not of a series", name);
        }
    }
    return GK_OK;
}

/* What follows a series makes a condition of it. */
static bool is_compared(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum token_kind kind;

    return parser_take_compare(&ahead, &kind) || parser_is_frozen(parser) || parser->at->kind == T_NUMBER ||
           parser->at->kind == T_QUANTITY;
}

static int parse_aggregate(struct parser *parser, struct stmt *stmt)
{
    int rc;

    TRY(parse_aggs(parser, &stmt->aggs));
    TRY(parser_need_word(parser, W_OF, "duration of abatement offline, avg of power of production"));
    stmt->kind = stmt->aggs->kind == AGG_SAMPLES ? STMT_SAMPLES : STMT_SERIES;
    if (parser_peek_series(parser)) {
        const struct token *first = parser->at;
        TRY(parse_series(parser, &stmt->series));
        if (is_compared(parser)) {
            parser->at = first; /* it was a condition */
            stmt->series = NULL;
        }
    } else if (stmt->aggs->kind == AGG_SAMPLES || (stmt->aggs->kind == AGG_ENERGY && is_bare_ref(parser))) {
        TRY(parse_bare_series(parser, stmt->aggs->kind == AGG_ENERGY ? METRIC_ENERGY : METRIC_ALL, &stmt->series));
    }
    if (!stmt->series && stmt->aggs->kind >= AGG_AVG && is_bare_ref(parser))
        return parser_fail(parser, "a metric or a channel", NULL, "avg of power of production");
    if (!stmt->series) {
        stmt->kind = STMT_AGGREGATE;
        TRY(parse_cond(parser, &stmt->cond));
    }
    TRY(check_aggs(parser, stmt));
    TRY(parse_tail(parser, stmt->cond ? &stmt->cond : NULL, &stmt->tail));
done:
    return rc;
}

/* ---- the other statements ---- */

static int parse_when(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->kind = STMT_WHEN;
    parser->at++;
    TRY(parse_leading_tails(parser, &stmt->tail)); /* 当今天... */
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

static int parse_which(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->kind = STMT_WHICH;
    parser->at++;
    stmt->ref.place = parser->at->place;
    TRY(parse_noun(parser, &stmt->ref.noun));
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
    TRY(parse_cond(parser, &stmt->cond));
    parser->has_implied = false;
    const struct token *tail = parser->at;
    TRY(parse_tail(parser, &stmt->cond, &stmt->tail));
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

static int parse_list(struct parser *parser, struct stmt *stmt)
{
    static const enum word listed[] = {W_FACILITY, W_ENTERPRISE, W_PARK,      W_LINE, W_CHANNEL, W_LINK,
                                       W_BAND,     W_ORDER,      W_EXEMPTION, W_GAPS, W_EVENT,   W_NONE};
    const struct token *after;
    int rc;

    stmt->kind = STMT_LIST;
    parser->at++;
    if (parser_peek_genitive(parser, &after)) { /* 列出企业'E1'的设施 */
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
    if (parser_is_word(parser, W_ALARM) || parser_is_word(parser, W_RULE) || parser_is_word(parser, W_RULES))
        return parser_refuse(parser, parser_is_word(parser, W_ALARM) ? "'list alarms'" : "'list rules'");
    if (!stmt->listed)
        return parser_fail(parser, "what to list", listed, NULL);
    parser->at++;
    if (!stmt->has_ref && parser_take_word(parser, W_OF)) {
        stmt->has_ref = true;
        TRY(parse_ref(parser, &stmt->ref));
    }
    if (parser->at->kind == T_NAME)
        return parser_fail(parser, "the end or a tail", NULL,
                           "list facilities of enterprise 'E1', state of enterprise 'E1'");
    TRY(parse_tail(parser, NULL, &stmt->tail));
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

static int parse_verb(struct parser *parser, struct stmt *stmt)
{
    static const enum word later[] = {W_RULE, W_ACK, W_ASSIGN, W_CLOSE, W_EVIDENCE, W_NONE};
    struct agg agg = {0};
    char what[40];

    for (size_t i = 0; later[i] != W_NONE; i++) {
        if (!parser_is_word(parser, later[i]))
            continue;
        (void)snprintf(what, sizeof what, "'%s'", word_text(later[i]));
        return parser_refuse(parser, what);
    }
    if (parser_is_lag(parser))
        return parse_lag(parser, stmt);
    if (parser_is_word(parser, W_WHEN))
        return parse_when(parser, stmt);
    if (parser_is_word(parser, W_WHICH))
        return parse_which(parser, stmt);
    if (parser_is_word(parser, W_STATE))
        return parse_state_of(parser, stmt);
    if (parser_is_word(parser, W_LIST))
        return parse_list(parser, stmt);
    if (parser_is_word(parser, W_DEFINE))
        return parse_define(parser, stmt);
    if (parser_read_agg(parser->at, &agg))
        return parse_aggregate(parser, stmt);
    if (parser_is_genitive(parser))
        return parse_genitive(parser, stmt);
    for (const struct token *token = parser->at; token->kind != T_END; token++) { /* 治污离线多久 */
        if (token->kind != T_WORD || token->word != W_NONE || !slip_find(&token->text))
            continue;
        parser->at = token;
        return parser_fail(parser, "a verb", NULL, NULL);
    }
    return parser_fail(parser, "a verb", VERBS,
                       "a question begins with when, which, or what is asked: when abatement offline while production "
                       "running for >= 10m last 24h");
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
    TRY(parse_leading_tails(&parser, &stmt->tail));
    (void)parser_take_word(&parser, W_SHOW);
    parser_put_time_first(&parser, tokens.list);
    TRY(parse_leading_tails(&parser, &stmt->tail));
    stmt->place = parser.at->place;
    const char *verb = parser.at->text.bytes;
    TRY(parse_verb(&parser, stmt));
    if (stmt->aggs) /* 的时长 stands last */
        verb = report_text(report, stmt->aggs->name);
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
