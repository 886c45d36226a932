/*
 * parse_agg.c - statements of numbers.
 *
 *     numbers = column { "," column } tail .      column = AGG { "," AGG } "of" source | value [ "as" name ] .
 *     leaf of a value = AGG "of" source | attribute "of" noun | "order" [name] "cut" [ "of" noun ] .
 *     source = condition | series [ ("while"|"during"|"unless"|"outside") condition ] .
 */
#include <string.h>

#include "parse_value.h"
#include "slips.h"
#include "value.h"

static const enum word AGGS[] = {W_DURATION, W_SHARE, W_COUNT, W_LONGEST, W_FIRST,  W_LAST,   W_COVERAGE, W_AVG,
                                 W_MAX,      W_MIN,   W_SUM,   W_RMS,     W_ENERGY, W_MEDIAN, W_NONE};

/* ---- the names of aggregates ---- */

/* pNN as a percentile; false when the word is none. */
static bool read_percentile(const struct token *token, double *percent)
{
    const struct gk_text *text = &token->text;
    int whole = 0;
    size_t i = 1;

    if (token->word == W_MEDIAN) {
        *percent = 50;
        return true;
    }
    if (token->word != W_NONE || text->size < 2 || text->size > 4 || text->bytes[0] != 'p')
        return false;
    for (; i < text->size; i++) {
        if (text->bytes[i] < '0' || text->bytes[i] > '9')
            return false;
        whole = whole * 10 + text->bytes[i] - '0';
    }
    *percent = whole;
    return whole <= 100;
}

bool parser_read_agg(const struct token *token, struct measure *out)
{
    /* In the order of enum agg_kind; W_NONE for percentiles. */
    static const enum word words[] = {W_DURATION, W_SHARE, W_COUNT, W_LONGEST, W_FIRST,  W_LAST, W_COVERAGE, W_AVG,
                                      W_MAX,      W_MIN,   W_SUM,   W_RMS,     W_ENERGY, W_NONE, W_SAMPLES};

    *out = (struct measure){.place = token->place};
    if (token->kind != T_WORD)
        return false;
    if (read_percentile(token, &out->percent)) {
        out->kind = AGG_PERCENTILE;
        out->name = token->word == W_MEDIAN ? word_text(W_MEDIAN) : token->text.bytes;
        return true;
    }
    for (size_t i = 0; token->word != W_NONE && i < sizeof words / sizeof words[0]; i++) {
        if (words[i] == token->word) {
            out->kind = (enum agg_kind)i;
            out->name = word_text(token->word);
            return true;
        }
    }
    return false;
}

/* ATTRIBUTE of NOUN */
static bool is_field(const struct token *at)
{
    const struct parser noun_at = {.at = at[0].kind == T_END || at[1].kind == T_END ? at : at + 2};
    bool is_name = at->kind == T_NAME || (at->kind == T_WORD && (at->word == W_NONE || at->word == W_RATED));
    bool is_slip = at->kind == T_WORD && slip_find(&at->text); /* quoted it is meant as it is */
    enum noun noun;

    return is_name && at[1].kind == T_WORD && at[1].word == W_OF && !is_slip &&
           (parser_peek_noun(&noun_at, &noun) || noun_at.at->kind == T_OPEN);
}

/* What arithmetic over aggregates may begin with, names apart. */
static bool begins_number(const struct token *at)
{
    struct measure found;

    return parser_read_agg(at, &found) || is_field(at) || (at->kind == T_WORD && at->word == W_ORDER) ||
           at->kind == T_OPEN || at->kind == T_NUMBER || at->kind == T_QUANTITY || at->kind == T_MINUS;
}

/* (COND) 的 AGG is no group, and avg(power of production) no function: an 'of' is missing. */
static bool is_leaf(const struct parser *parser)
{
    return parser_is_genitive_group(parser) ||
           (parser->at->kind == T_WORD && parser->at[1].kind == T_OPEN && !begins_number(parser->at + 2));
}

/* 管控期间生产运行的企业 begins with an order, and with no number. */
static bool is_cut(const struct token *at)
{
    while (at->kind != T_END && at->kind != T_COMMA && (at->kind != T_WORD || at->word != W_CUT))
        at++;
    return at->kind == T_WORD;
}

bool parser_is_agg(const struct parser *parser)
{
    bool is_other_order = parser_is_han(parser) && parser_is_word(parser, W_ORDER) && !is_cut(parser->at);

    return begins_number(parser->at) && !is_other_order;
}

/* ---- sources ---- */

struct numbers { /* what is gathered on the way */
    struct stmt *stmt;
    struct source **end;
    struct measure more[INPUTS_MAX]; /* of COND 的 AGG、AGG: all but the first */
    size_t n_more;
};

static struct source *new_source(struct parser *parser, struct numbers *numbers, enum source_kind kind)
{
    struct source *source = parser_new(parser, sizeof *source);

    if (!source)
        return NULL;
    source->kind = kind;
    source->place = parser->at->place;
    *numbers->end = source;
    numbers->end = &source->next;
    return source;
}

/* `NOUN ['X']` with a tail, a sign or the end behind it, where a condition would go on with a state. */
static bool is_bare_ref(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum noun noun;

    if (parser_take(&ahead, T_OPEN)) { /* (NOUN ['X'] where */
        if (!parser_peek_noun(&ahead, &noun))
            return false;
        for (ahead.at++; ahead.at->kind == T_NAME || ahead.at->kind == T_COMMA; ahead.at++)
            ;
        return parser_is_word(&ahead, W_WHERE);
    }
    if (!parser_peek_noun(&ahead, &noun))
        return false;
    ahead.at++;
    while (ahead.at->kind == T_NAME || (ahead.at->kind == T_COMMA && ahead.at[1].kind == T_NAME))
        ahead.at++;
    if (ahead.at == parser->stop)
        return true;
    if (ahead.at->kind != T_WORD)
        return ahead.at->kind == T_END || ahead.at->kind == T_TIME || ahead.at->kind >= T_CLOSE;
    switch (ahead.at->word) {
    case W_ON:
        return parser_is_on_date(ahead.at) || parser_is_on_days(ahead.at);
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

/* What follows a series makes a condition of it. */
static bool is_compared(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum token_kind kind;

    if (parser->at == parser->stop)
        return false;
    return parser_take_compare(&ahead, &kind) || parser_is_frozen(parser) || parser->at->kind == T_NUMBER ||
           parser->at->kind == T_QUANTITY;
}

/* The series that stands here; NULL when it is a condition. */
static int parse_series_here(struct parser *parser, enum agg_kind agg, struct series **out)
{
    const struct token *first = parser->at;
    int rc = GK_OK;

    *out = NULL;
    if (parser_peek_row_value(parser))
        TRY(parse_row_value(parser, out));
    else if (parser_peek_series(parser))
        TRY(parse_series(parser, out));
    else if (agg == AGG_SAMPLES || (agg == AGG_ENERGY && is_bare_ref(parser)))
        return parse_bare_series(parser, agg == AGG_ENERGY ? METRIC_ENERGY : METRIC_ALL, out);
    if (*out && is_compared(parser)) {
        parser->at = first; /* it was a condition */
        *out = NULL;
    }
done:
    return rc;
}

struct gk_text parser_take_attribute(struct parser *parser)
{
    const struct token *token = parser->at++;
    const char *rated = token->kind == T_WORD ? word_attribute(token->text.bytes, token->text.size) : NULL;

    return rated ? (struct gk_text){rated, strlen(rated)} : token->text;
}

/* ATTRIBUTE of NOUN */
static int parse_attribute(struct parser *parser, struct source *source)
{
    int rc;

    source->kind = SOURCE_FIELD;
    source->field = parser_take_attribute(parser);
    TRY(parser_need_word(parser, W_OF, "cap of production"));
    TRY(parse_ref(parser, &source->ref));
done:
    return rc;
}

static int parse_source(struct parser *parser, struct numbers *numbers, const struct measure *first,
                        struct source **out)
{
    struct source *source = new_source(parser, numbers, SOURCE_COND);
    int rc;

    *out = source;
    if (!source)
        return parser_no_memory(parser);
    if (parser_is_word(parser, W_LAG))
        return parser_refuse(parser, "'lag'", NULL);
    if (parser_is_word(parser, W_RATED) && is_field(parser->at))
        return parse_attribute(parser, source);
    TRY(parse_series_here(parser, first->kind, &source->series));
    if (!source->series && first->kind == AGG_ENERGY && parser_is_word(parser, W_NONE) && !parser_is_han(parser))
        return parser_fail_noun(parser); /* energy of producton */
    if (!source->series && first->kind >= AGG_AVG && is_bare_ref(parser))
        return parser_fail(parser, "a metric or a channel", NULL, "avg of power of production");
    if (source->series) {
        source->kind = SOURCE_SERIES;
        TRY(parse_only(parser, &source->cond));
    } else {
        TRY(parse_cond(parser, &source->cond));
    }
done:
    return rc;
}

/* An attribute has one value for all time. */
int parser_check_attribute(struct report *report, const struct measure *measure)
{
    switch (measure->kind) {
    case AGG_AGREED:
    case AGG_AVG:
    case AGG_MIN:
    case AGG_MAX:
    case AGG_SUM:
    case AGG_COUNT:
        return GK_OK;
    default:
        report_hint(report, "sum of cap of production, max of rated_kw of facility");
        return report_fail(report, GK_ESYNTAX, measure->place,
                           "of an attribute there is only avg, min, max, sum and count");
    }
}

/* An aggregate must suit what it is of. */
static int check_agg(struct parser *parser, const struct measure *measure)
{
    bool is_signal = measure->kind >= AGG_AVG;
    bool is_truth = measure->kind == AGG_DURATION || measure->kind == AGG_SHARE || measure->kind == AGG_LONGEST;

    const char *name = report_text(parser->report, measure->name);

    if (measure->source->kind == SOURCE_FIELD)
        return parser_check_attribute(parser->report, measure);
    if (measure->source->kind == SOURCE_COND && is_signal) {
        report_hint(parser->report,
                    "%s of power of production; of a condition: duration share count longest first "
                    "last coverage",
                    name);
        return report_fail(parser->report, GK_ESYNTAX, measure->place, "'%s' is of a series, not of a condition", name);
    }
    if (measure->source->kind == SOURCE_SERIES && is_truth) {
        report_hint(parser->report, "%s of production running", name);
        return report_fail(parser->report, GK_ESYNTAX, measure->place, "'%s' is of a condition, not of a series", name);
    }
    return GK_OK;
}

/* 治污的任一电流: phases are told apart by comparing them alone. */
static int check_phases(struct parser *parser, const struct source *source)
{
    if (!source->series || source->series->phases == QUANT_NONE)
        return GK_OK;
    report_hint(parser->report, "any current of abatement > 50A");
    return report_fail(parser->report, GK_ESYNTAX, source->series->place, "any, all and no phases go with < <= > >=");
}

static int add_measure(struct parser *parser, struct numbers *numbers, const struct measure *measure, size_t *input)
{
    struct stmt *stmt = numbers->stmt;

    if (stmt->n_measures == INPUTS_MAX)
        return report_fail(parser->report, GK_ELIMIT, measure->place, "a statement may have %d aggregates", INPUTS_MAX);
    *input = stmt->n_measures;
    stmt->measures[stmt->n_measures++] = *measure;
    int rc = check_phases(parser, measure->source);
    return rc == GK_OK ? check_agg(parser, measure) : rc;
}

/* ---- the leaves of a value ---- */

/* order ['x'] cut [of NOUN] */
static int parse_cut(struct parser *parser, struct numbers *numbers, struct measure *out)
{
    struct source *source = new_source(parser, numbers, SOURCE_CUT);
    int rc;

    if (!source)
        return parser_no_memory(parser);
    TRY(parse_order_alone(parser, &source->cond));
    TRY(parser_need_word(parser, W_CUT, "order 'orange' cut: the share by which it says to use less"));
    source->ref.noun = NOUN_PRODUCTION;
    if (parser_take_word(parser, W_OF))
        TRY(parse_ref(parser, &source->ref));
    *out = (struct measure){.source = source, .kind = AGG_AGREED, .name = word_text(W_CUT), .place = source->place};
done:
    return rc;
}

static int parse_field(struct parser *parser, struct numbers *numbers, struct measure *out)
{
    struct source *source = new_source(parser, numbers, SOURCE_FIELD);
    int rc;

    if (!source)
        return parser_no_memory(parser);
    if (parser_is_field_genitive(parser)) {
        TRY(parse_ref(parser, &source->ref));
        parser->at++; /* 的 */
        source->field = parser_take_attribute(parser);
    } else {
        TRY(parse_attribute(parser, source));
    }
    *out = (struct measure){.source = source, .kind = AGG_AGREED, .name = source->field.bytes, .place = source->place};
done:
    return rc;
}

/* COND 的 AGG、AGG: the first is the leaf. */
static int parse_behind(struct parser *parser, struct numbers *numbers, struct measure *out)
{
    struct source *source = new_source(parser, numbers, SOURCE_COND);
    size_t n = 0;
    int rc;

    if (!source)
        return parser_no_memory(parser);
    TRY(parse_genitive(parser, source, numbers->more, &n));
    for (size_t i = 0; i < n; i++)
        numbers->more[i].source = source;
    *out = numbers->more[0];
    numbers->n_more = n - 1;
    memmove(numbers->more, numbers->more + 1, numbers->n_more * sizeof *numbers->more);
done:
    return rc;
}

/* 用电量最多的10台设施: of what it asks for. */
static int parse_of_ranked(struct parser *parser, struct numbers *numbers, struct source **out)
{
    struct source *source = new_source(parser, numbers, SOURCE_SERIES);
    struct series *series = parser_new(parser, sizeof *series);
    struct parser ahead = *parser;

    if (!source || !series)
        return parser_no_memory(parser);
    while (!parser_peek_noun(&ahead, &series->ref.noun)) /* a ranking ends with one */
        ahead.at++;
    series->metric = METRIC_ENERGY;
    series->place = series->ref.place = ahead.at->place;
    source->series = series;
    *out = source;
    return GK_OK;
}

static const char *example_of(const struct measure *measure)
{
    return measure->kind == AGG_ENERGY ? "whose: energy of zone by day, energy of production by enterprise, day"
                                       : "duration of abatement offline, avg of power of production";
}

/* `of`, which may be left out before a metric that has its own: max current of abatement. */
static int need_of(struct parser *parser, const struct measure *measure)
{
    enum metric metric;

    if (measure->kind >= AGG_AVG && measure->kind != AGG_ENERGY && parser_read_metric(parser->at, &metric) &&
        metric != METRIC_CHANNEL && !parser_is_han(parser) && parser->at[1].kind == T_WORD &&
        parser->at[1].word == W_OF)
        return GK_OK;
    return parser_need_word(parser, W_OF, example_of(measure));
}

static int parse_leaf(struct parser *parser, void *context, size_t *input)
{
    struct numbers *numbers = context;
    struct measure found = {0};
    int rc;

    if (parser_is_word(parser, W_ORDER) && !parser_is_genitive(parser)) {
        TRY(parse_cut(parser, numbers, &found));
    } else if (parser_read_agg(parser->at, &found)) {
        parser->at++;
        if (found.kind == AGG_ENERGY && parser_is_ranking(parser)) {
            TRY(parse_of_ranked(parser, numbers, &found.source));
        } else {
            TRY(need_of(parser, &found));
            TRY(parse_source(parser, numbers, &found, &found.source));
        }
    } else if (is_field(parser->at) || parser_is_field_genitive(parser)) {
        TRY(parse_field(parser, numbers, &found));
    } else if (parser_is_genitive(parser)) {
        TRY(parse_behind(parser, numbers, &found));
    } else {
        return parser_fail(parser, "an aggregate", AGGS, "duration, share, count of production running");
    }
    TRY(add_measure(parser, numbers, &found, input));
done:
    return rc;
}

/* ---- columns ---- */

/* Any word will do but `known`, with which a tail begins. */
static bool is_column_name(const struct token *token)
{
    return token->kind == T_NAME || (token->kind == T_WORD && strcmp(token->text.bytes, "known") != 0);
}

static int add_column(struct parser *parser, struct stmt *stmt, struct value *value)
{
    struct column *column = parser_new(parser, sizeof *column), **end = &stmt->columns;
    const struct token *token = parser->at;

    if (!column)
        return parser_no_memory(parser);
    column->value = value;
    column->place = value->place;
    column->name = value->kind == VALUE_INPUT ? stmt->measures[value->input].name : value_name(value);
    if (parser_is_word(parser, W_AS) && is_column_name(token + 1)) {
        column->name = token[1].text.bytes;
        column->place = token[1].place;
        parser->at += 2;
    }
    for (; *end; end = &(*end)->next) {
        if (strcmp((*end)->name, column->name) != 0)
            continue;
        report_hint(parser->report, "or with a name of its own: energy of abatement as used");
        return report_fail(parser->report, GK_ESYNTAX, column->place, "expected each aggregate once, got '%.60s'",
                           column->name);
    }
    *end = column;
    return GK_OK;
}

static int add_plain(struct parser *parser, struct numbers *numbers, const struct measure *measure)
{
    struct value *value = parser_new(parser, sizeof *value);
    int rc;

    if (!value)
        return parser_no_memory(parser);
    value->kind = VALUE_INPUT;
    value->place = measure->place;
    TRY(add_measure(parser, numbers, measure, &value->input));
    TRY(add_column(parser, numbers->stmt, value));
done:
    return rc;
}

/* A comma or `and`, unless a clause follows the comma: 的时长，最近24小时. */
static bool take_next_agg(struct parser *parser)
{
    struct parser ahead = *parser;
    struct measure agg;

    if (!parser_take(&ahead, T_COMMA) && !parser_take_word(&ahead, W_AND))
        return false;
    bool is_agg = parser_read_agg(ahead.at, &agg);
    if (parser_is_han(&ahead) ? !is_agg || parser_is_leading_tail(&ahead) : !is_agg && begins_number(ahead.at))
        return false;
    parser->at = ahead.at;
    return true;
}

int parse_aggs(struct parser *parser, struct measure *list, size_t *n)
{
    *n = 0;
    do {
        if (*n == INPUTS_MAX)
            return report_fail(parser->report, GK_ELIMIT, parser->at->place, "a statement may have %d aggregates",
                               INPUTS_MAX);
        if (!parser_read_agg(parser->at, &list[*n]))
            return parser_fail(parser, "an aggregate", AGGS, "duration, share, count of production running");
        ++*n;
        parser->at++;
    } while (take_next_agg(parser));
    return GK_OK;
}

/* AGG, AGG of SOURCE */
static int parse_list(struct parser *parser, struct numbers *numbers)
{
    struct measure list[INPUTS_MAX];
    struct source *source = NULL;
    size_t n;
    int rc;

    TRY(parse_aggs(parser, list, &n));
    TRY(need_of(parser, &list[0]));
    TRY(parse_source(parser, numbers, &list[0], &source));
    for (size_t i = 0; i < n; i++) {
        list[i].source = source;
        TRY(add_plain(parser, numbers, &list[i]));
    }
done:
    return rc;
}

static int parse_one(struct parser *parser, struct numbers *numbers)
{
    const struct value_leaves leaves = {parse_leaf, is_leaf, numbers, false};
    size_t n_before = numbers->stmt->n_measures;
    struct value *value;
    int rc;

    numbers->n_more = 0;
    TRY(parse_value(parser, &leaves, &value));
    if (numbers->stmt->n_measures == n_before) { /* 1, or 1 - 1 */
        report_hint(parser->report, "energy of production / 1000, duration of production running * 2");
        return report_fail(parser->report, GK_ESYNTAX, value->place, "expected an aggregate, got a number alone");
    }
    if (numbers->n_more && value->kind != VALUE_INPUT) {
        report_hint(parser->report, "energy of abatement / energy of production");
        return report_fail(parser->report, GK_ESYNTAX, numbers->more[0].place,
                           "one aggregate goes into arithmetic, not a list of them");
    }
    TRY(add_column(parser, numbers->stmt, value));
    for (size_t i = 0; i < numbers->n_more; i++)
        TRY(add_plain(parser, numbers, &numbers->more[i]));
done:
    return rc;
}

/* A comma with a column behind it; in Chinese clauses are parted by commas, too. */
static bool take_next_column(struct parser *parser)
{
    struct parser ahead = *parser;
    struct measure agg;

    if (parser_take_han(&ahead, W_AND)) { /* 生产的电量和治污的电量 */
        if (parser_is_leading_tail(&ahead) || (!parser_read_agg(ahead.at, &agg) && !parser_is_genitive(&ahead)))
            return false;
        parser->at = ahead.at;
        return true;
    }
    if (!parser_take(&ahead, T_COMMA) || parser_is_leading_tail(&ahead) || parser_is_versus(&ahead))
        return false;
    if (parser_is_han(&ahead) && !parser_read_agg(ahead.at, &agg) && !parser_is_word(&ahead, W_ORDER) &&
        !parser_is_genitive(&ahead))
        return false;
    parser->at = ahead.at;
    return true;
}

static int parse_columns(struct parser *parser, struct numbers *numbers)
{
    struct measure found;
    int rc;

    do {
        const struct token *next = parser->at + 1;
        bool is_list = parser_read_agg(parser->at, &found) &&
                       (next->kind == T_COMMA || (next->kind == T_WORD && next->word == W_AND));
        TRY(is_list ? parse_list(parser, numbers) : parse_one(parser, numbers));
    } while (take_next_column(parser));
done:
    return rc;
}

static int refuse_samples(struct parser *parser, const struct stmt *stmt)
{
    report_hint(parser->report, "samples of power of facility 'F12'");
    return report_fail(parser->report, GK_ESYNTAX, stmt->measures[0].place, "'samples' stands alone");
}

/* `samples of SERIES` is a statement of its own: its rows are those of the meters. */
static int take_samples(struct parser *parser, struct stmt *stmt)
{
    const struct source *only = stmt->sources;

    if (stmt->n_measures > 1 || stmt->columns->value->kind != VALUE_INPUT)
        return refuse_samples(parser, stmt);
    report_hint(parser->report, "samples of power of facility 'F12'");
    if (only->cond)
        return report_fail(parser->report, GK_ESYNTAX, only->cond->place, "samples are not narrowed by a condition");
    if (only->series->metric != METRIC_VALUE && strcmp(stmt->columns->name, word_text(W_SAMPLES)) != 0) {
        report_hint(parser->report, "samples of kw / rated_kw of production as load");
        return report_fail(parser->report, GK_ESYNTAX, stmt->columns->place,
                           "samples keep the names of their channels: only what is worked out is named");
    }
    report_clear(parser->report);
    stmt->kind = STMT_SAMPLES;
    stmt->series = only->series;
    stmt->sources = NULL;
    return GK_OK;
}

int parse_aggregate(struct parser *parser, struct stmt *stmt)
{
    struct numbers numbers = {.stmt = stmt, .end = &stmt->sources};
    struct cond **only = NULL; /* suffixes among the tails go to the one condition there is */
    int rc;

    stmt->kind = STMT_AGGREGATE;
    TRY(parse_columns(parser, &numbers));
    for (size_t i = 0; i < stmt->n_measures; i++) {
        if (stmt->measures[i].kind != AGG_SAMPLES)
            continue;
        TRY(take_samples(parser, stmt));
    }
    if (stmt->sources && stmt->sources->kind == SOURCE_COND && !stmt->sources->next)
        only = &stmt->sources->cond;
    TRY(parse_tail(parser, only, &stmt->tail));
done:
    return rc;
}

/* ---- which NOUN COND at least 3 times ---- */

static int add_having(struct parser *parser, const struct token *from, struct tail *tail)
{
    struct having *having = parser_new(parser, sizeof *having);
    struct value *values = arena_array(parser->arena, 2, sizeof *values);
    enum token_kind kind;
    uint64_t n = 0;
    int rc;

    if (!having || !values)
        return parser_no_memory(parser);
    parser->at = from;
    bool is_beyond = parser_take_compare(parser, &kind) && kind == T_GREATER;
    values[0] = (struct value){.kind = VALUE_INPUT, .place = from->place, .input = tail->n_having_inputs};
    values[1] = (struct value){.kind = VALUE_NUMBER, .place = parser->at->place};
    TRY(parse_count(parser, "a count", &n));
    values[1].number = (double)n;
    tail->having_inputs[tail->n_having_inputs++] =
        (struct column_ref){{word_text(W_COUNT), strlen(word_text(W_COUNT))}, from->place};
    *having = (struct having){.a = &values[0], .b = &values[1], .compare = is_beyond ? GK_GT : GK_GE};
    tail->having = having;
done:
    return rc;
}

/* The rows are those of the noun that is asked for. */
static int by_asked(struct parser *parser, struct stmt *stmt)
{
    struct tail *tail = &stmt->tail;
    int rc = GK_OK;

    if (tail->has_per) /* 各园区 ... 3次以上的企业 */
        TRY(parser_each_by(parser, tail));
    if (stmt->ref.noun != NOUN_ZONE) {
        tail->per = stmt->ref.noun;
        tail->per_place = stmt->ref.place;
        TRY(parser_each_by(parser, tail));
    }
done:
    return rc;
}

int parse_which_often(struct parser *parser, const struct token *from, const struct token *to, struct stmt *stmt)
{
    struct numbers numbers = {.stmt = stmt, .end = &stmt->sources};
    struct measure count = {.kind = AGG_COUNT, .name = word_text(W_COUNT), .place = from->place};
    struct tail *tail = &stmt->tail;
    int rc;

    stmt->kind = STMT_AGGREGATE;
    count.source = new_source(parser, &numbers, SOURCE_COND);
    if (!count.source)
        return parser_no_memory(parser);
    parser->stop = from;
    TRY(parse_cond(parser, &count.source->cond));
    parser->stop = NULL;
    parser->at += parser_is_word(parser, W_OF) && parser->at + 2 == from;    /* 停运的次数超过3次 */
    parser->at += parser_is_word(parser, W_COUNT) && parser->at + 1 == from; /* 停运次数超过3次 */
    if (parser->at != from)
        return parser_fail(parser, "the end or a tail", NULL, "abatement offline while production running");
    TRY(add_plain(parser, &numbers, &count));
    TRY(by_asked(parser, stmt));
    TRY(add_having(parser, from, tail));
    parser->at = to;
done:
    return rc;
}

/* ---- which NOUN NUMBER cmp VALUE ---- */

static bool is_agg(const struct token *token)
{
    struct measure found;

    return parser_read_agg(token, &found);
}

/* cmp VALUE, or VALUE 以上 */
static bool is_limit(const struct token *token, enum token_kind kind)
{
    struct parser ahead = {.at = token};
    enum token_kind compare;
    bool is_before = parser_take_compare(&ahead, &compare);

    if (kind != T_END && ahead.at->kind != kind)
        return false;
    return is_before || (token->kind >= T_NUMBER && token[1].kind == T_WORD &&
                         (token[1].word == W_ABOVE || token[1].word == W_BELOW));
}

/* 哪家企业用电量最多 */
static bool is_most(const struct token *token)
{
    const struct parser behind = {.at = token + 1};

    return token->kind == T_WORD && (unsigned char)token->text.bytes[0] >= 0x80 &&
           (token->word == W_LIMIT || token->word == W_LONGEST || token->word == W_MAX) &&
           (token[1].kind == T_END || token[1].kind == T_COMMA || parser_is_leading_tail(&behind));
}

static bool is_sign(const struct token *token)
{
    return token->kind == T_PLUS || token->kind == T_MINUS || token->kind == T_STAR || token->kind == T_SLASH;
}

const struct token *parser_find_limit(const struct parser *parser, const struct token *end)
{
    const struct token *first = parser->at;
    bool is_of = !end && is_agg(first) && first[1].kind == T_WORD && first[1].word == W_OF;
    bool is_time = is_of && (first->word == W_DURATION || first->word == W_LONGEST);
    enum metric metric;
    unsigned depth = 0;

    if (is_of && first->word == W_COUNT) /* count of COND within 1h > 3 is a condition */
        return NULL;
    for (const struct token *token = first + 1; first->kind != T_END && token != end && token->kind != T_END; token++) {
        depth += token->kind == T_OPEN;
        depth -= token->kind == T_CLOSE && depth > 0;
        is_time = is_time && (depth > 0 || !is_sign(token)); /* a ratio is none */
        if (depth > 0 || !(is_limit(token, is_time ? T_DURATION : T_END) || (!is_of && is_most(token))))
            continue;
        bool is_behind_agg =
            is_agg(token - 1) || (token - 1 > first && is_agg(token - 2) && parser_read_metric(token - 1, &metric));
        bool is_of_cond = token[-1].kind == T_WORD && (token[-1].word == W_FOR || token[-1].word == W_GAPS ||
                                                       token[-1].word == W_FROZEN); /* for > 10m */
        if (is_of ? !is_of_cond : is_behind_agg)
            return token;
    }
    return NULL;
}

/* 用电量超过1000度的企业, 平均功率超过50千瓦的设施: of what is asked for. */
static int parse_number_of(struct parser *parser, struct numbers *numbers, const struct stmt *stmt)
{
    const struct token *behind = parser->at + 1;
    struct measure found;
    enum metric metric;
    int rc;

    if (!parser_read_agg(parser->at, &found))
        return parse_one(parser, numbers);
    behind += behind->kind == T_WORD && behind->word == W_OF;
    if (found.kind == AGG_ENERGY && behind == parser->stop)
        metric = METRIC_ENERGY;
    else if (behind + 1 != parser->stop || !parser_read_metric(behind, &metric) || metric == METRIC_CHANNEL)
        return parse_one(parser, numbers);
    found.source = new_source(parser, numbers, SOURCE_SERIES);
    struct series *series = parser_new(parser, sizeof *series);
    if (!found.source || !series)
        return parser_no_memory(parser);
    series->metric = metric;
    series->place = series->ref.place = stmt->ref.place;
    series->ref.noun = stmt->ref.noun;
    found.source->series = series;
    parser->at = parser->stop;
    TRY(add_plain(parser, numbers, &found));
done:
    return rc;
}

int parse_which_numbers(struct parser *parser, const struct token *limit, struct stmt *stmt)
{
    struct numbers numbers = {.stmt = stmt, .end = &stmt->sources};
    struct tail *tail = &stmt->tail;
    int rc;

    stmt->kind = STMT_AGGREGATE;
    parser->stop = limit;
    TRY(parse_number_of(parser, &numbers, stmt));
    parser->stop = NULL;
    if (parser->at != limit)
        return parser_fail(parser, "the end or a tail", NULL, "abatement offline while production running");
    for (size_t i = 0; i < stmt->n_measures; i++)
        if (stmt->measures[i].kind == AGG_SAMPLES)
            return refuse_samples(parser, stmt);
    TRY(by_asked(parser, stmt));
    if (is_most(limit)) {
        tail->seen |= 1u << TAIL_TOP;
        tail->places[TAIL_TOP] = limit->place;
        tail->has_top = true;
        tail->top = 1;
        tail->top_by = (struct column_ref){{stmt->columns->name, strlen(stmt->columns->name)}, limit->place};
        parser->at++;
    } else {
        TRY(parse_having_of(parser, stmt->columns->name, stmt->columns->place, tail));
    }
done:
    return rc;
}
