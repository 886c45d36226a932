/*
 * heads.h - the open, growing ends of all facilities: rows that are in the journal (or about to be) but not yet in
 * chunks.
 *
 * Rows are only ever added, so a snapshot needs no copy: every row has an ordinal (its number of arrival), and a view
 * is a bound on ordinals. One thread adds while others read: what a reader follows is published with release and read
 * with acquire. A head has two chains of blocks: rows in order of time, packed once a block of them is full, and late
 * rows as they came.
 */
#ifndef DB_HEADS_H
#define DB_HEADS_H

#include "db/columns.h"

struct heads;

/* What of the heads can be seen: rows below n_visible, without those that a sealing in progress moved already. */
struct heads_view {
    uint32_t n_visible;
    uint32_t facilities_done, n_done; /* of facilities below facilities_done, rows below n_done are in chunks */
};

int heads_new(const struct mem *mem, struct heads **out); /* one reference */
struct heads *heads_ref(struct heads *heads);
void heads_unref(struct heads *heads); /* NULL is welcome */

/* Rows so far, which is the next row's ordinal; and the bytes they take. */
uint32_t heads_n(const struct heads *heads);
uint64_t heads_bytes(const struct heads *heads);
/* One more than the highest facility id that has rows; and how many facilities have some. */
uint32_t heads_facilities(const struct heads *heads);
uint32_t heads_active(const struct heads *heads);

/* The channels of a batch, which many rows share. Lives as long as the heads; NULL: no memory. */
struct schema;
struct schema *heads_schema(struct heads *heads, size_t n_channels, const uint32_t *channels);
/* Adds row `row` of a batch. is_late: its time is before one that the head or the store has already. GK_ENOMEM adds
 * nothing. */
int heads_add(struct heads *heads, struct schema *schema, uint32_t facility, gk_time time, const double *const *values,
              size_t row, bool is_late);
/* Adds rows of a batch in order of time, none of which is late. GK_ENOMEM may have added some: see heads_truncate. */
int heads_add_run(struct heads *heads, struct schema *schema, uint32_t facility, const gk_time *time,
                  const double *const *values, const uint32_t *rows, size_t n);
/* Fetches what adding rows to a facility will touch into the caches: first, with 0, the block, then their place in it.
 */
void heads_prefetch(const struct heads *heads, uint32_t facility, size_t n);
/* Takes back all rows from ordinal n on. Only rows that no view ever saw. */
void heads_truncate(struct heads *heads, uint32_t n);

/* Whether a view has rows of the facility; *first and *last (may be NULL) get their oldest and newest time. */
bool heads_has(const struct heads *heads, struct heads_view view, uint32_t facility, gk_time *first, gk_time *last);
/* Whether the rows that a view has of the facility came with marked channels alone; a mark of GK_ID_NONE is none. */
bool heads_are_within(const struct heads *heads, struct heads_view view, uint32_t facility, const uint32_t *marks,
                      size_t n_marks);
/*
 * Appends the visible rows of a facility in [from, to) to the empty *out, in order of time and folded. all_channels:
 * adds the columns that are needed; else only columns that are there already are filled.
 */
int heads_collect(const struct heads *heads, struct heads_view view, uint32_t facility, gk_time from, gk_time to,
                  enum gk_policy policy, bool all_channels, struct columns *out);
/* A row as it came. */
struct head_row {
    gk_time time;
    uint32_t ordinal;
    double value[];
};
/* The newest rows of a facility in one piece. */
struct heads_tail {
    size_t n_channels;
    const uint32_t *channel; /* equal pointers: equal lists */
    uint32_t n;
    size_t row_size;
    const uint8_t *rows; /* n of them, row_size apart */
};
static inline const struct head_row *heads_tail_row(const struct heads_tail *tail, size_t i)
{
    return (const struct head_row *)(const void *)(tail->rows + i * tail->row_size);
}
/* The rows from ordinal `from` on, if there are some and they lie side by side: false is not "none". */
bool heads_tail(const struct heads *heads, uint32_t facility, uint32_t from, struct heads_tail *out);
/* Appends the rows of a facility from ordinal `from` on as they came, not folded, with all their channels. */
int heads_take(const struct heads *heads, uint32_t facility, uint32_t from, struct columns *out);
/* Whether there is a row of that time, by the one thread that adds: constant time. */
bool heads_has_time(const struct heads *heads, uint32_t facility, gk_time time);

#endif
