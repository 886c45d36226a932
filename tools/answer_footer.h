/*
 * answer_footer.h - what stands under an answer, so that nobody takes it for more than it is.
 */
#ifndef ANSWER_FOOTER_H
#define ANSWER_FOOTER_H

#include <stdbool.h>
#include <stdint.h>

#include "gk_query.h"
#include "output.h"

/* Lines of words; as a list when it is for a Markdown page. */
void footer_text(struct output *out, const struct gk_query_meta *meta, int32_t zone_s, bool is_markdown);
/* The object behind "meta". */
void footer_json(struct output *out, const gk_query *query, const struct gk_query_meta *meta, int32_t zone_s);
/* For notations without a footer: on standard error what must not be missed. */
void footer_warnings(const struct gk_query_meta *meta);

#endif
