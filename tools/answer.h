/*
 * answer.h - the rows of a query in one of six notations.
 *
 *     table      for the eyes, with a footer: window, zone, how complete the data are, what is only possible
 *     csv        RFC 4180; text that a spreadsheet would run is disarmed with a '
 *     json       {"meta": {...}, "rows": [{...}]}; an answer is held in memory until it is complete
 *     jsonl      one object a row, as they come
 *     markdown   a table for a page, with the footer as a list
 *     plot       a picture in blocks (plot.h), drawn when all rows are there
 *
 * Numbers are the shortest that read back as the same; in a table or on a page they have at
 * most ten digits, and a share six decimals.
 * What has no value is empty, and null in JSON; so are NaN and, in JSON, infinities. Tables and pages speak the
 * language that was chosen (texts.h); what programs read does not.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk_query.h"
#include "output.h"
#include "plot.h"
#include "table.h"

enum answer_format { ANSWER_TABLE, ANSWER_CSV, ANSWER_JSON, ANSWER_JSONL, ANSWER_MARKDOWN, ANSWER_PLOT };

/* False when there is no such format. */
bool answer_format_named(const char *name, enum answer_format *out);
/* Their names in the order of the enum, ended by NULL. */
const char *const *answer_format_names(void);

struct answer {
    enum answer_format format;
    struct output *out;
    gk_session *session;      /* whose language tables and pages speak */
    int32_t zone_s;           /* times are written in it */
    bool is_epoch;            /* times are milliseconds since 1970 UTC */
    bool has_bom;             /* csv begins with a byte order mark */
    bool is_terminal;         /* control characters are spelled out in csv, too; headings are bold */
    const char *limit_option; /* how the reader gets more rows: --limit, .limit */
    /* Of ANSWER_PLOT alone: a picture asks for more than the answer says. */
    gk_snapshot *snapshot;
    struct plot plot;
    /* Of the statement that is being written: */
    const gk_query *query;
    size_t n_columns;
    uint64_t n_rows, n_statements; /* n_statements: on this output; 0 begins a new one */
    struct table table;
    struct output held;
};

/* Zero, with what is above set, is ready. For each statement: begin, rows, end (also after a
 * failure, with meta NULL: what is held is dropped). */
void answer_begin(struct answer *answer, const gk_query *query);
void answer_row(struct answer *answer);
/* False when the answer cannot be written so: as a picture, which is said. */
bool answer_end(struct answer *answer, const struct gk_query_meta *meta);

#endif
