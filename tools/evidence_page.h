/*
 * evidence_page.h - the answer of `evidence of N` as a page to print: a part after the other, with the picture of what
 * the rule looks at behind the parts that tell what the alarm is.
 */
#ifndef EVIDENCE_PAGE_H
#define EVIDENCE_PAGE_H

#include "gk_query.h"
#include "output.h"

struct evidence_page {
    gk_session *session;
    int32_t zone_s;
    struct output body;
    size_t picture_at; /* bytes of the body before the picture; 0: not yet known */
    char part[32];     /* that is being written */
    char *question;    /* the rule as a question; NULL: the store has no such rule */
    char *cause;       /* the text of the alarm */
};

void evidence_page_init(struct evidence_page *page, gk_session *session, int32_t zone_s);
void evidence_page_clear(struct evidence_page *page);
/* A row of the answer. */
void evidence_page_row(struct evidence_page *page, const gk_query *query);
/* The whole page; `picture` is SVG, or empty. */
void evidence_page_write(struct evidence_page *page, uint64_t alarm, const struct gk_query_meta *meta,
                         const struct gk_store_info *info, const struct output *picture, struct output *out);

#endif
