/*
 * answer_footer.h - what stands under an answer, so that nobody takes it for more than it is.
 */
#ifndef ANSWER_FOOTER_H
#define ANSWER_FOOTER_H

#include <stdbool.h>
#include <stdint.h>

#include "gk_query.h"
#include "output.h"

struct footer_style {
    int32_t zone_s;
    bool is_epoch;            /* times are milliseconds since 1970 UTC */
    bool is_markdown;         /* as a list */
    const char *limit_option; /* how the reader gets more rows */
};

/* Lines of words, in the language that was chosen. */
void footer_text(struct output *out, const struct gk_query_meta *meta, const struct footer_style *style);
/* The object behind "meta". */
void footer_json(struct output *out, const gk_query *query, const struct gk_query_meta *meta, int32_t zone_s,
                 bool is_epoch);
/* For notations without a footer: on standard error what must not be missed. */
void footer_warnings(const struct gk_query_meta *meta, const char *limit_option);

#endif
