/*
 * parse_value.h - arithmetic, by recursive descent. What stands at its leaves is parsed by whoever calls:
 *
 *     value = term { ("+"|"-") term } .      term = factor { ("*"|"/") factor } .
 *     factor = "-" factor | number | "(" value ")" | ("max"|"min"|"avg"|"sum") "(" value { "," value } ")" | leaf .
 */
#ifndef QUERY_PARSE_VALUE_H
#define QUERY_PARSE_VALUE_H

#include "parser.h"

struct value_leaves {
    int (*parse)(struct parser *parser, void *context, size_t *input); /* a leaf, which becomes the input */
    bool (*is_leaf)(const struct parser *parser); /* though it looks like a group or function; may be NULL */
    void *context;
    bool has_durations; /* a duration is a number of seconds */
};

int parse_value(struct parser *parser, const struct value_leaves *leaves, struct value **out);

/* Whether an expression over the channels of a row begins here: more than one name, up to its `of`. */
bool parser_peek_row_value(const struct parser *parser);
/* max(, min(, avg(, sum( */
bool parser_is_function(const struct parser *parser);
/* It, with its `of NOUN`. */
/* 设施的（max(ia, ib, ic) - ...） */
bool parser_is_row_genitive(const struct parser *parser);
int parse_row_value(struct parser *parser, struct series **out);

#endif
