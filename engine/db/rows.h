/*
 * rows.h - the rows of one facility in order of time: its chunks, with its rows in the heads merged in. Everything that
 * reads samples reads them here: scans, aggregates, states, sealing, checks.
 */
#ifndef DB_ROWS_H
#define DB_ROWS_H

#include "db/backfill.h"
#include "db/damage.h"

/* Where rows are read from. */
struct origin {
    const struct mem *mem;
    struct txn *txn;
    const struct heads *heads; /* NULL: chunks only */
    struct heads_view view;
    enum gk_policy policy;
    const struct known *known; /* NULL: all rows */
    struct damage *damage;     /* stretches without rows, known and met; NULL: none, and meeting one is an error */
};

/* A chunk that is damaged is passed over where the origin's damage takes it, and noted there. */
struct rows {
    const struct origin *origin;
    uint32_t facility;
    gk_time from, to;
    bool all_channels;
    const struct backfill_run *hidden; /* rows that are not there, as origin->known has it */
    size_t n_hidden;
    struct cursor *cursor;
    bool has_chunk;          /* the cursor stands on one of the facility's chunks before `to` */
    struct columns incoming; /* the heads' rows of [from, to) */
    size_t incoming_at;
    struct columns chunk, merged;
    struct columns window; /* lent: the rows of `chunk` that are in [from, to) */
    double **values;       /* of the window */
    size_t values_capacity;
};

/* channels NULL: all there are (batches may then differ in their columns). */
int rows_open(struct rows *rows, const struct origin *origin, uint32_t facility, const uint32_t *channels, size_t n,
              gk_time from, gk_time to, struct gk_error *error);
/* Other rows of the same origin, in the memory of these. */
int rows_reopen(struct rows *rows, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
                struct gk_error *error);
/* The memory that they have for rows. */
size_t rows_bytes(const struct rows *rows);
/* GK_OK: *out has at least one row and lives until the next call; GK_DONE. */
int rows_next(struct rows *rows, const struct columns **out, struct gk_error *error);
/*
 * GK_OK: the next rows are those of a chunk into which no unsealed row is to be merged, and none is hidden; they are in
 * mini blocks [*a, *b) of *chunk, first and last ones perhaps outside of the stretch, and rows_next goes on behind
 * them; its times are opened if *a < *b. GK_DONE: rows_next has to decode, or there are none.
 */
int rows_chunk(struct rows *rows, struct chunk_view *chunk, struct times_view *times, uint32_t *a, uint32_t *b,
               struct gk_error *error);
void rows_close(struct rows *rows);

/*
 * From when to when rows are missing if the chunk that the cursor stands on is; the cursor moves on. The last one's end
 * is what the facility's profile says, GK_TIME_MAX without one.
 */
int chunk_stretch(const struct mem *mem, struct txn *txn, struct cursor *cursor, struct gk_damage *out,
                  struct gk_error *error);
/* The chunk that the cursor stands on, whose key must be one of a facility's chunks. */
int chunk_at(struct cursor *cursor, struct chunk_view *out, struct gk_error *error);
static inline gk_time chunk_key_first(struct view key)
{
    return unkey_i64(key.bytes + 4);
}
bool chunk_key_is_of(struct view key, uint32_t facility);

#endif
