/*
 * parse_value.c - see parse_value.h.
 */
#include "parse_value.h"

static const char EXAMPLE[] = "max(ia, ib, ic) / avg(ia, ib, ic), kw / rated_kw";

static struct value *new_value(struct parser *parser, enum value_kind kind, struct value *a, struct value *b)
{
    struct value *value = parser_new(parser, sizeof *value);

    if (!value)
        return NULL;
    value->kind = kind;
    value->a = a;
    value->b = b;
    value->place = a ? a->place : parser->at->place;
    value->depth = 1 + (a && (!b || a->depth > b->depth) ? a->depth : b ? b->depth : 0);
    return value;
}

/* Chains are as deep as parentheses are, and limited like them. */
static int check_depth(struct parser *parser, unsigned depth)
{
    if (depth <= NEST_MAX)
        return GK_OK;
    return report_fail(parser->report, GK_ELIMIT, parser->at->place, "arithmetic may be %d deep", NEST_MAX);
}

static bool is_function(const struct token *token, enum value_kind *kind)
{
    static const enum word words[] = {W_MAX, W_MIN, W_AVG, W_SUM}; /* in the order of enum value_kind */

    for (size_t i = 0; token->kind == T_WORD && token[1].kind == T_OPEN && i < 4; i++) {
        if (token->word == words[i]) {
            *kind = (enum value_kind)(VALUE_MAX + i);
            return true;
        }
    }
    return false;
}

static int parse_sum(struct parser *parser, const struct value_leaves *leaves, struct value **out);

/* max, min, avg, sum of what stands in parentheses. */
static int parse_function(struct parser *parser, const struct value_leaves *leaves, enum value_kind kind,
                          struct value **out)
{
    const struct token *first = parser->at;
    struct value *value = new_value(parser, kind, NULL, NULL), **end = value ? &value->a : NULL;
    int rc = GK_OK;

    if (!value)
        return parser_no_memory(parser);
    parser->at += 2; /* its name and the parenthesis */
    do {
        TRY(parse_sum(parser, leaves, end));
        if ((*end)->depth >= value->depth)
            value->depth = 1 + (*end)->depth;
        end = &(*end)->next;
    } while (parser_take(parser, T_COMMA));
    TRY(parser_need(parser, T_CLOSE, "')' or ','", "a parenthesis is still open: max(ia, ib, ic)"));
    value->place = parser_place(parser, first);
    *out = value;
done:
    return rc;
}

static int parse_number(struct parser *parser, const struct value_leaves *leaves, struct value **out)
{
    const struct token *token = parser->at;
    struct value *value = new_value(parser, VALUE_NUMBER, NULL, NULL);

    if (!value)
        return parser_no_memory(parser);
    if (token->kind == T_DURATION && !leaves->has_durations)
        return parser_fail(parser, "a number", NULL, EXAMPLE);
    value->number = token->kind == T_DURATION ? (double)token->ns / (double)GK_SECOND : token->number;
    value->number_unit = token->kind == T_QUANTITY ? token->unit : NULL;
    parser->at++;
    *out = value;
    return GK_OK;
}

static int parse_factor(struct parser *parser, const struct value_leaves *leaves, struct value **out)
{
    const struct token *first = parser->at;
    bool is_leaf = leaves->is_leaf && leaves->is_leaf(parser);
    enum value_kind kind;
    int rc;

    TRY(check_depth(parser, ++parser->depth));
    if (parser_take(parser, T_MINUS)) {
        TRY(parse_factor(parser, leaves, out));
        *out = new_value(parser, VALUE_NEGATIVE, *out, NULL);
    } else if (first->kind == T_NUMBER || first->kind == T_QUANTITY || first->kind == T_DURATION) {
        TRY(parse_number(parser, leaves, out));
    } else if (!is_leaf && parser_take(parser, T_OPEN)) {
        TRY(parse_sum(parser, leaves, out));
        TRY(parser_need(parser, T_CLOSE, "')'", "a parenthesis is still open"));
    } else if (!is_leaf && is_function(first, &kind)) {
        TRY(parse_function(parser, leaves, kind, out));
    } else {
        *out = new_value(parser, VALUE_INPUT, NULL, NULL);
        if (*out)
            TRY(leaves->parse(parser, leaves->context, &(*out)->input));
    }
    if (!*out)
        return parser_no_memory(parser);
    (*out)->place = parser_place(parser, first);
    parser->depth--;
    rc = check_depth(parser, (*out)->depth);
done:
    return rc;
}

/* A chain of two operators of the same strength: a op b op c. */
static int parse_chain(struct parser *parser, const struct value_leaves *leaves, bool is_term, struct value **out)
{
    static const enum token_kind signs[2][2] = {{T_PLUS, T_MINUS}, {T_STAR, T_SLASH}};
    static const enum value_kind kinds[2][2] = {{VALUE_ADD, VALUE_SUBTRACT}, {VALUE_MULTIPLY, VALUE_DIVIDE}};
    const struct token *first = parser->at;
    struct value *b = NULL;
    int rc;

    TRY(is_term ? parse_factor(parser, leaves, out) : parse_chain(parser, leaves, true, out));
    for (;;) {
        bool is_first = parser_take(parser, signs[is_term][0]);
        if (!is_first && !parser_take(parser, signs[is_term][1]))
            return GK_OK;
        TRY(is_term ? parse_factor(parser, leaves, &b) : parse_chain(parser, leaves, true, &b));
        *out = new_value(parser, kinds[is_term][is_first ? 0 : 1], *out, b);
        if (!*out)
            return parser_no_memory(parser);
        (*out)->place = parser_place(parser, first);
        TRY(check_depth(parser, (*out)->depth));
    }
done:
    return rc;
}

static int parse_sum(struct parser *parser, const struct value_leaves *leaves, struct value **out)
{
    *out = NULL;
    return parse_chain(parser, leaves, false, out);
}

int parse_value(struct parser *parser, const struct value_leaves *leaves, struct value **out)
{
    return parse_sum(parser, leaves, out);
}

/* ---- over the channels of a row ---- */

static bool is_row_name(const struct token *token)
{
    return token->kind == T_NAME ||
           (token->kind == T_WORD && (token->word == W_NONE || token->word == W_POWER || token->word == W_CURRENT ||
                                      token->word == W_VOLTAGE || token->word == W_LOAD || token->word == W_RATED));
}

bool parser_is_function(const struct parser *parser)
{
    enum value_kind kind;

    return is_function(parser->at, &kind);
}

bool parser_is_row_genitive(const struct parser *parser)
{
    const struct token *after;
    enum value_kind kind;

    return parser_peek_genitive(parser, &after) && (after->kind == T_OPEN || is_function(after, &kind));
}

bool parser_peek_row_value(const struct parser *parser)
{
    unsigned depth = 0, n_signs = 0;
    enum value_kind kind;
    enum token_kind compare;

    for (const struct token *token = parser->at;; token++) {
        if (is_function(token, &kind) || (token->kind >= T_STAR && token->kind <= T_SLASH)) {
            n_signs++;
        } else if (token->kind == T_OPEN) {
            depth++;
        } else if (token->kind == T_CLOSE && depth > 0) {
            depth--;
        } else if (token->kind == T_WORD && token->word == W_OF) {
            return depth == 0 && n_signs > 0;
        } else if (depth == 0 && n_signs > 0 && parser->has_implied &&
                   parser_take_compare(&(struct parser){.at = token}, &compare)) { /* of whom the rows are */
            return true;
        } else if (!is_row_name(token) && token->kind != T_NUMBER && token->kind != T_QUANTITY &&
                   (token->kind != T_COMMA || depth == 0)) {
            return false;
        }
    }
}

static int parse_row_input(struct parser *parser, void *context, size_t *input)
{
    static const enum word words[] = {W_POWER, W_CURRENT, W_VOLTAGE, W_LOAD, W_NONE};
    const struct token *token = parser->at;
    struct series *series = context;

    if (!is_row_name(token))
        return parser_fail(parser, "a channel, a metric or an attribute", words, EXAMPLE);
    if (series->n_inputs == INPUTS_MAX)
        return report_fail(parser->report, GK_ELIMIT, token->place, "an expression may have %d names", INPUTS_MAX);
    struct row_input *new = &series->inputs[series->n_inputs];
    new->metric = METRIC_CHANNEL;
    for (size_t i = 0; i < 4; i++)
        if (token->kind == T_WORD && token->word == words[i])
            new->metric = (enum metric)i; /* in the order of enum metric, which is that of the words */
    new->name = token->text;
    new->place = token->place;
    parser->at++;
    *input = series->n_inputs++;
    return GK_OK;
}

int parse_row_value(struct parser *parser, struct series **out)
{
    const struct token *start = parser->at, *first = start;
    struct series *series = parser_new(parser, sizeof *series);
    struct row_input *inputs = arena_array(parser->arena, INPUTS_MAX, sizeof *inputs);
    const struct value_leaves leaves = {parse_row_input, NULL, series, false};
    int rc;

    *out = series;
    if (!series || !inputs)
        return parser_no_memory(parser);
    series->metric = METRIC_VALUE;
    series->inputs = inputs;
    if (parser_is_row_genitive(parser)) { /* 设施的（...） */
        TRY(parse_ref(parser, &series->ref));
        parser->at++;
        first = parser->at;
    }
    bool has_ref = first > start;
    TRY(parse_value(parser, &leaves, &series->value));
    series->place = parser_place(parser, first);
    if (!has_ref && parser->has_implied && !parser_is_word(parser, W_OF)) {
        series->ref.noun = parser->implied;
        series->ref.place = series->place;
    } else if (!has_ref) {
        TRY(parser_need_word(parser, W_OF, "max(ia, ib, ic) / avg(ia, ib, ic) of facility 'F12'"));
        TRY(parse_ref(parser, &series->ref));
    }
    if (series->n_inputs == 0) { /* 生产的（9kW）的样本 */
        report_hint(parser->report, "kw / rated_kw of production");
        return report_fail(parser->report, GK_ESYNTAX, series->place, "an expression over samples needs a channel");
    }
    if (series->value->kind == VALUE_INPUT) { /* (kw) of production is kw of production */
        series->metric = inputs[0].metric;
        series->channel = inputs[0].name;
    }
done:
    return rc;
}
