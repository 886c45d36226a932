/*
 * chunks.c - the chunks of a facility take in rows.
 *
 * At the end: new rows swallow the chunks before them as long as those are less than twice as long and not long enough
 * already, so that a row is written about log2(CHUNK_ROWS_ENOUGH / rows per sealing) times, once where many rows are
 * sealed at a time, and short chunks do not pile up.
 * In the middle: the chunk that answers for a late row's time is read, merged and written anew, in halves when it is
 * too long.
 */
#include "db/chunks.h"

/* So many rows make a chunk that is meant to stay, and fills its pages with those of them that do. */
#define CHUNK_ROWS_LONG (CHUNK_ROWS_MAX / 4 * 3)
/* A chunk of so many rows is left alone: a longer one would hardly be smaller. */
#define CHUNK_ROWS_ENOUGH (CHUNK_ROWS_MAX / 2)

/* The sealed side of a facility while rows are merged in. */
struct merging {
    const struct mem *mem;
    struct txn *txn;
    enum gk_policy policy;
    uint32_t facility;
    struct profile *profile;
    struct buffer bytes;
    const double **values;
    size_t values_capacity;
};

struct chunk_ref {
    bool is_there;
    uint8_t key[CHUNK_KEY];
    gk_time first, last;
    uint16_t part;
    uint32_t n_rows;
};

static int describe(struct merging *m, struct cursor *cursor, int rc, struct chunk_ref *out, struct gk_error *error)
{
    struct chunk_view chunk;

    out->is_there = false;
    if (rc == GK_DONE)
        return GK_OK;
    if (rc != GK_OK)
        return rc;
    struct view key = cursor_key(cursor);
    if (!chunk_key_is_of(key, m->facility))
        return GK_OK;
    TRY(chunk_at(cursor, &chunk, error));
    out->is_there = true;
    memcpy(out->key, key.bytes, CHUNK_KEY);
    out->first = chunk.first;
    out->last = chunk.last;
    out->part = (uint16_t)(key.bytes[12] << 8 | key.bytes[13]);
    out->n_rows = chunk.n_rows;
done:
    return rc;
}

/* The chunk that begins last at or before t, and its neighbours. Without one: the first chunk, if any. */
static int find_chunk(struct merging *m, gk_time t, struct chunk_ref *before, struct chunk_ref *at,
                      struct chunk_ref *after, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[CHUNK_KEY];
    int rc;

    before->is_there = at->is_there = after->is_there = false;
    TRY(cursor_open(m->txn, STORE_CHUNK, &cursor, error));
    chunk_key(key, m->facility, t, UINT16_MAX);
    TRY(describe(m, cursor, cursor_seek_before(cursor, view_of(key, sizeof key), error), at, error));
    if (!at->is_there) {
        chunk_key(key, m->facility, GK_TIME_MIN, 0);
        TRY(describe(m, cursor, cursor_seek(cursor, view_of(key, sizeof key), error), at, error));
        if (!at->is_there)
            goto done;
    } else {
        TRY(describe(m, cursor, cursor_prev(cursor, error), before, error));
        TRY(cursor_seek(cursor, view_of(at->key, CHUNK_KEY), error));
    }
    TRY(describe(m, cursor, cursor_next(cursor, error), after, error));
done:
    cursor_close(cursor);
    return rc;
}

static int read_chunk(struct merging *m, const struct chunk_ref *ref, struct columns *out, struct gk_error *error)
{
    struct view value;
    struct chunk_view chunk;
    int rc;

    TRY(txn_get(m->txn, STORE_CHUNK, view_of(ref->key, CHUNK_KEY), &value, error));
    TRY(chunk_open(value.bytes, value.size, &chunk));
    TRY(columns_append_chunk(out, &chunk, NULL, 0, chunk.n_minis, true));
done:
    if (rc != GK_OK)
        return error_set(error, rc, "a chunk of facility %u: %s", m->facility, gk_status_text(rc));
    return rc;
}

/* ---- writing -------------------------------------------------------------------------------------------------------
 */

static int encode_fit(struct merging *m, const struct chunk_rows *rows, size_t from, size_t *to)
{
    size_t page, overhead, n_taken;

    txn_pages(m->txn, &page, &overhead);
    int rc = chunk_encode_fit(m->mem, rows, page, overhead, &m->bytes, &n_taken);
    if (rc == GK_OK)
        *to = from + n_taken;
    return rc;
}

/*
 * Channels that have no value in [from, to) are not stored. `fills`: of the rows as many as fill pages well; *to is
 * where they end.
 */
static int write_chunk(struct merging *m, const struct columns *c, size_t from, size_t *to, bool fills, uint16_t part,
                       struct gk_error *error)
{
    struct columns used = *c;
    uint32_t channels[CHUNK_COLUMNS_MAX];
    double *columns[CHUNK_COLUMNS_MAX];
    uint8_t key[CHUNK_KEY];
    int rc;

    used.channel = channels;
    used.value = columns;
    used.n_columns = 0;
    for (size_t i = 0; i < c->n_columns; i++) {
        size_t r = from;
        while (r < *to && gk_is_missing(c->value[i][r]))
            r++;
        if (r == *to)
            continue;
        if (used.n_columns == CHUNK_COLUMNS_MAX)
            return error_set(error, GK_ELIMIT, "a facility has at most %d channels", CHUNK_COLUMNS_MAX);
        channels[used.n_columns] = c->channel[i];
        columns[used.n_columns++] = c->value[i];
        TRY(profile_add_channel(m->profile, c->channel[i]));
    }
    TRY(mem_reserve(m->mem, &m->values, &m->values_capacity, used.n_columns, sizeof *m->values));
    struct chunk_rows rows = columns_view(&used, from, *to, m->values);
    buffer_reset(&m->bytes);
    if (fills)
        TRY(encode_fit(m, &rows, from, to));
    else
        TRY(chunk_encode(m->mem, &rows, &m->bytes));
    chunk_key(key, m->facility, c->time[from], part);
    TRY(txn_put(m->txn, STORE_CHUNK, view_of(key, sizeof key), view_of(m->bytes.bytes, m->bytes.size), error));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a chunk"); /* rc says it too */
    return rc;
}

/*
 * Writes all rows as chunks of at most `most` rows, none of which begins at or behind row `stop`. Equal times may be
 * parted (under GK_ALL); a chunk that begins with the same time as the one before gets the next part number.
 * `first_part` is for the first one.
 */
static int write_chunks(struct merging *m, const struct columns *c, size_t most, size_t stop, uint16_t first_part,
                        struct gk_error *error)
{
    uint16_t part = first_part;
    size_t before = 0;
    int rc = GK_OK;

    for (size_t from = 0, to; from < c->n_rows; from = to) {
        to = c->n_rows - from > most ? from + most : c->n_rows;
        if (to < c->n_rows && to >= stop)
            to = from + 1 < stop ? stop - 1 : c->n_rows;
        if (from > 0)
            part = c->time[from] == c->time[before] ? (uint16_t)(part + 1) : 0;
        before = from;
        TRY(write_chunk(m, c, from, &to, false, part, error));
    }
done:
    return rc;
}

/* ---- at the end ----------------------------------------------------------------------------------------------------
 */

/*
 * How many of n rows a chunk gets: as many as the others if all are long enough then, else as many as it may, so that
 * only the last one will be written again.
 */
static size_t rows_of_next(size_t n)
{
    size_t pieces = (n + CHUNK_ROWS_MAX - 1) / CHUNK_ROWS_MAX, even = (n + pieces - 1) / pieces;
    if (even >= CHUNK_ROWS_LONG)
        return even;
    return n < CHUNK_ROWS_MAX ? n : CHUNK_ROWS_MAX;
}

/* Writes all rows behind all there are. Chunks that are long enough fill their pages; a last short one does not care:
 * it will be swallowed. */
static int write_end(struct merging *m, const struct columns *c, uint16_t first_part, struct gk_error *error)
{
    uint16_t part = first_part;
    size_t before = 0;
    int rc = GK_OK;

    for (size_t from = 0, to; from < c->n_rows; from = to) {
        size_t n = rows_of_next(c->n_rows - from);
        to = from + n;
        if (from > 0)
            part = c->time[from] == c->time[before] ? (uint16_t)(part + 1) : 0;
        before = from;
        TRY(write_chunk(m, c, from, &to, n >= CHUNK_ROWS_LONG, part, error));
    }
done:
    return rc;
}

/*
 * So many rows make the last chunk one that is left alone. The first chunk of a facility ends sooner, one of five
 * sooner than the next: else facilities that began together merge their rows in the same sealings for ever, and each
 * time all of them give up chunks of a size that none of the others can use.
 */
static uint32_t rows_enough(const struct merging *m, const struct chunk_ref *before)
{
    return before->is_there ? CHUNK_ROWS_ENOUGH : CHUNK_ROWS_ENOUGH >> m->facility % 5;
}

/* Puts the rows of the last chunk before *all, which becomes the caller's own; the chunk goes. */
static int swallow(struct merging *m, const struct chunk_ref *last, struct columns *all, struct gk_error *error)
{
    struct columns older;
    int rc;

    columns_init(&older, m->mem);
    TRY(read_chunk(m, last, &older, error));
    TRY(columns_append(&older, all, 0, all->n_rows));
    struct columns swap = *all;
    *all = older;
    older = swap;
    TRY(txn_delete(m->txn, STORE_CHUNK, view_of(last->key, CHUNK_KEY), error));
done:
    columns_clear(&older);
    return rc;
}

static int append_rows(struct merging *m, const struct columns *incoming, size_t from, struct gk_error *error)
{
    struct chunk_ref before, last, after;
    struct columns own;
    const struct columns *all = incoming; /* nothing is copied unless it must be */
    size_t n_new = incoming->n_rows - from;
    uint16_t part = 0;
    int rc = GK_OK;

    columns_init(&own, m->mem);
    if (m->profile->n_rows > 0)
        profile_count_gap(m->profile, m->profile->last, incoming->time[from], 1);
    profile_count_gaps(m->profile, incoming->time + from, n_new, 1);
    for (;;) {
        size_t n = all == &own ? own.n_rows : n_new;
        TRY(find_chunk(m, GK_TIME_MAX, &before, &last, &after, error));
        bool swallows = last.is_there && last.n_rows < 2 * n && last.n_rows < rows_enough(m, &before);
        if (all != &own && (swallows || from > 0)) {
            TRY(columns_append(&own, incoming, from, incoming->n_rows));
            all = &own;
        }
        if (!swallows)
            break;
        TRY(swallow(m, &last, &own, error));
    }
    if (last.is_there && last.first == all->time[0])
        part = (uint16_t)(last.part + 1);
    TRY(write_end(m, all, part, error));
    m->profile->n_rows += n_new;
done:
    columns_clear(&own);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a chunk"); /* rc says it too */
    return rc;
}

/* ---- in the middle -------------------------------------------------------------------------------------------------
 */

static void count_stretch(struct merging *m, const struct chunk_ref *before, const struct columns *rows,
                          const struct chunk_ref *after, int sign)
{
    if (before->is_there)
        profile_count_gap(m->profile, before->last, rows->time[0], sign);
    profile_count_gaps(m->profile, rows->time, rows->n_rows, sign);
    if (after->is_there)
        profile_count_gap(m->profile, rows->time[rows->n_rows - 1], after->first, sign);
}

static int merge_into(struct merging *m, const struct columns *incoming, size_t from, size_t to,
                      const struct chunk_ref *before, const struct chunk_ref *at, const struct chunk_ref *after,
                      struct gk_error *error)
{
    struct columns old, new, merged;
    int rc;

    columns_init(&old, m->mem);
    columns_init(&new, m->mem);
    columns_init(&merged, m->mem);
    TRY(read_chunk(m, at, &old, error));
    TRY(columns_append(&new, incoming, from, to));
    TRY(columns_merge(&old, &new, m->policy, &merged));
    count_stretch(m, before, &old, after, -1);
    count_stretch(m, before, &merged, after, 1);
    TRY(txn_delete(m->txn, STORE_CHUNK, view_of(at->key, CHUNK_KEY), error));
    size_t pieces = (merged.n_rows + CHUNK_ROWS_MAX - 1) / CHUNK_ROWS_MAX, stop = SIZE_MAX;
    /*
     * Under GK_ALL this chunk may end with rows of the time with which the next one begins: a piece of those alone
     * would have the next one's key. With the row before them they are still fewer than a chunk holds, as they were in
     * this one.
     */
    if (after->is_there && at->first < after->first && merged.time[merged.n_rows - 1] == after->first)
        stop = columns_lower(&merged, after->first);
    TRY(write_chunks(m, &merged, (merged.n_rows + pieces - 1) / pieces, stop,
                     merged.time[0] == at->first ? at->part : 0, error));
    m->profile->n_rows += merged.n_rows - old.n_rows;
done:
    columns_clear(&old);
    columns_clear(&new);
    columns_clear(&merged);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a chunk"); /* rc says it too */
    return rc;
}

int chunks_merge(const struct mem *mem, struct txn *txn, enum gk_policy policy, uint32_t facility,
                 const struct columns *incoming, struct profile *profile, struct gk_error *error)
{
    struct merging m = {.mem = mem, .txn = txn, .policy = policy, .facility = facility, .profile = profile};
    int rc = GK_OK;

    buffer_init(&m.bytes, mem);
    for (size_t from = 0, to; from < incoming->n_rows; from = to) {
        struct chunk_ref before, at, after;
        to = incoming->n_rows;
        if (profile->n_rows == 0 || incoming->time[from] > profile->last) {
            TRY(append_rows(&m, incoming, from, error));
        } else {
            TRY(find_chunk(&m, incoming->time[from], &before, &at, &after, error));
            if (NEVER(!at.is_there)) {
                rc = error_set(error, GK_EBUG, "facility %u has rows but no chunk", facility);
                goto done;
            }
            /* Up to where this chunk answers; what lies behind the last row of all is appended. */
            to = columns_lower(incoming, after.is_there ? after.first : profile->last + 1);
            TRY(merge_into(&m, incoming, from, to, &before, &at, &after, error));
        }
        if (incoming->time[from] < profile->first)
            profile->first = incoming->time[from];
        if (incoming->time[to - 1] > profile->last)
            profile->last = incoming->time[to - 1];
    }
done:
    buffer_clear(&m.bytes);
    mem_free(mem, m.values);
    return rc;
}
