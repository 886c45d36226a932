/*
 * parse_having.c - `having VALUE cmp VALUE and ...`: arithmetic over the columns of the answer.
 */
#include <string.h>

#include "parse_value.h"

static const char EXAMPLE[] = "having coverage < 95%, having duration >= 1h, having change > -30%";

static int parse_column(struct parser *parser, void *context, size_t *input)
{
    struct tail *tail = context;
    const struct token *token = parser->at;
    bool is_first = token > parser->list && token[-1].kind == T_WORD && token[-1].word == W_HAVING;

    if (token->kind != T_WORD && token->kind != T_NAME)
        return parser_fail(parser, is_first ? "a column after 'having'" : "a value", NULL, EXAMPLE);
    if (tail->n_having_inputs == INPUTS_MAX)
        return report_fail(parser->report, GK_ELIMIT, token->place, "'having' may name %d columns", INPUTS_MAX);
    tail->having_inputs[tail->n_having_inputs] = (struct column_ref){parser_column(token), token->place};
    *input = tail->n_having_inputs++;
    parser->at++;
    return GK_OK;
}

/* cmp VALUE, or VALUE 以上 */
static int parse_right(struct parser *parser, const struct value_leaves *leaves, struct having *out)
{
    const struct token *first = parser->at;
    bool is_behind = first->kind == T_NUMBER || first->kind == T_QUANTITY || first->kind == T_DURATION;
    int rc;

    if (!is_behind)
        TRY(parse_compare(parser, &out->compare));
    TRY(parse_value(parser, leaves, &out->b));
    if (!is_behind)
        return GK_OK;
    out->compare = parser_is_word(parser, W_ABOVE) ? GK_GE : GK_LE;
    if (!parser_take_word(parser, W_ABOVE) && !parser_take_word(parser, W_BELOW)) {
        parser->at = first;
        return parse_compare(parser, &out->compare);
    }
done:
    return rc;
}

int parse_having(struct parser *parser, struct tail *out)
{
    const struct value_leaves leaves = {parse_column, NULL, out, true};
    struct having **end = &out->having;
    int rc;

    while (*end) /* of `which ... at least 3 times` */
        end = &(*end)->next;
    do {
        struct having *having = parser_new(parser, sizeof *having);
        if (!having)
            return parser_no_memory(parser);
        TRY(parse_value(parser, &leaves, &having->a));
        TRY(parse_right(parser, &leaves, having));
        *end = having;
        end = &having->next;
    } while (parser_take_word(parser, W_AND));
done:
    return rc;
}

int parse_having_of(struct parser *parser, const char *column, struct place place, struct tail *out)
{
    const struct value_leaves leaves = {parse_column, NULL, out, true};
    struct having *having = parser_new(parser, sizeof *having), **end = &out->having;
    int rc;

    if (!having || !(having->a = parser_new(parser, sizeof *having->a)))
        return parser_no_memory(parser);
    *having->a = (struct value){.kind = VALUE_INPUT, .place = place, .input = out->n_having_inputs};
    if (out->n_having_inputs == INPUTS_MAX)
        return report_fail(parser->report, GK_ELIMIT, place, "'having' may name %d columns", INPUTS_MAX);
    out->having_inputs[out->n_having_inputs++] = (struct column_ref){{column, strlen(column)}, place};
    TRY(parse_right(parser, &leaves, having));
    while (*end)
        end = &(*end)->next;
    *end = having;
done:
    return rc;
}
