/*
 * rows.c - merging a facility's chunks with its unsealed rows.
 *
 * Chunk i answers for the times from its first row up to the first row of chunk i + 1; unsealed rows of that stretch
 * are merged into it. Unsealed rows before the first chunk are merged into the first.
 */
#include "db/rows.h"

#include "codec/times.h"
#include "db/profile.h"

int chunk_at(struct cursor *cursor, struct chunk_view *out, struct gk_error *error)
{
    struct view value;
    int rc;

    TRY(cursor_value(cursor, &value, error));
    rc = chunk_open(value.bytes, value.size, out);
    if (rc != GK_OK)
        return error_set(error, rc, "a chunk: %s", gk_status_text(rc));
    if (out->first != chunk_key_first(cursor_key(cursor)))
        return error_set(error, GK_ECORRUPT, "a chunk does not begin where its key says");
done:
    return rc;
}

bool chunk_key_is_of(struct view key, uint32_t facility)
{
    return key.size == CHUNK_KEY && unkey_u32(key.bytes) == facility;
}

/* The full second behind a time. */
static gk_time second_after(gk_time t)
{
    int64_t second = floor_div(t, GK_SECOND) + 1;
    return second > GK_TIME_MAX / GK_SECOND ? GK_TIME_MAX : second * GK_SECOND;
}

int chunk_stretch(const struct mem *mem, struct txn *txn, struct cursor *cursor, struct gk_damage *out,
                  struct gk_error *error)
{
    struct view key = cursor_key(cursor);
    uint32_t facility = unkey_u32(key.bytes);
    struct profile profile;

    *out = (struct gk_damage){GK_DAMAGED_ROWS, facility, chunk_key_first(key), GK_TIME_MAX};
    int rc = cursor_next(cursor, error);
    if (rc < 0)
        return rc;
    if (rc == GK_OK && chunk_key_is_of(cursor_key(cursor), facility)) {
        out->to = chunk_key_first(cursor_key(cursor));
        return rc;
    }
    profile_init(&profile, mem);
    if (profile_load(txn, facility, &profile, NULL) == GK_OK && profile.last >= out->from)
        out->to = second_after(profile.last); /* else nobody knows: no error */
    profile_clear(&profile);
    return rc;
}

/* After a move of the cursor: is there a chunk of ours that begins before `to`? */
static int settle(struct rows *rows, int rc)
{
    rows->has_chunk = false;
    if (rc == GK_DONE)
        return GK_OK;
    if (rc != GK_OK)
        return rc;
    struct view key = cursor_key(rows->cursor);
    rows->has_chunk = chunk_key_is_of(key, rows->facility) && chunk_key_first(key) < rows->to;
    return GK_OK;
}

/* The chunk that begins last before `from` may reach into the stretch; without one, the first chunk of the facility. */
static int seek_first(struct rows *rows, struct gk_error *error)
{
    uint8_t key[CHUNK_KEY];

    if (rows->from > GK_TIME_MIN) {
        chunk_key(key, rows->facility, rows->from - 1, UINT16_MAX);
        int rc = cursor_seek_before(rows->cursor, view_of(key, sizeof key), error);
        if (rc < 0)
            return rc;
        if (rc == GK_OK && chunk_key_is_of(cursor_key(rows->cursor), rows->facility))
            return settle(rows, GK_OK);
    }
    chunk_key(key, rows->facility, GK_TIME_MIN, 0);
    return settle(rows, cursor_seek(rows->cursor, view_of(key, sizeof key), error));
}

/* ---- rows that came later
 * ----------------------------------------------------------------------------------------- */

/* Moves rows [from, to) to row `at`. */
static void move_rows(struct columns *c, size_t from, size_t to, size_t at)
{
    if (at == from)
        return;
    memmove(c->time + at, c->time + from, (to - from) * sizeof *c->time);
    for (size_t i = 0; i < c->n_columns; i++)
        memmove(c->value[i] + at, c->value[i] + from, (to - from) * sizeof **c->value);
}

/* Takes the hidden rows out of some that are in order of time. */
static void hide(const struct rows *rows, struct columns *c)
{
    size_t kept = 0, from = 0;

    for (size_t i = 0; i < rows->n_hidden && from < c->n_rows; i++) {
        const struct backfill_run *run = &rows->hidden[i];
        if (run->to < c->time[from])
            continue;
        size_t begin = columns_lower(c, run->from), end = columns_lower(c, run->to + 1);
        begin = begin > from ? begin : from;
        move_rows(c, from, begin, kept);
        kept += begin - from;
        from = end > from ? end : from;
    }
    move_rows(c, from, c->n_rows, kept);
    c->n_rows = kept + c->n_rows - from;
}

static bool hides_some(const struct rows *rows, gk_time first, gk_time last)
{
    for (size_t i = 0; i < rows->n_hidden; i++)
        if (rows->hidden[i].from <= last && rows->hidden[i].to >= first)
            return true;
    return false;
}

/* Where reading ends: rows of later times were not known. */
static void open_known(struct rows *rows, const struct known *known)
{
    if (!known)
        return;
    rows->hidden = known_hidden(known, rows->facility, &rows->n_hidden);
    rows->to = rows->to > known->at && known->at < GK_TIME_MAX ? known->at + 1 : rows->to;
}

int rows_open(struct rows *rows, const struct origin *origin, uint32_t facility, const uint32_t *channels, size_t n,
              gk_time from, gk_time to, struct gk_error *error)
{
    memset(rows, 0, sizeof *rows);
    rows->origin = origin;
    columns_init(&rows->incoming, origin->mem);
    columns_init(&rows->chunk, origin->mem);
    columns_init(&rows->merged, origin->mem);
    return rows_reopen(rows, facility, channels, n, from, to, error);
}

int rows_reopen(struct rows *rows, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
                struct gk_error *error)
{
    const struct origin *origin = rows->origin;
    int rc;

    rows->facility = facility;
    rows->from = from;
    rows->to = to;
    rows->all_channels = !channels;
    rows->hidden = NULL;
    rows->n_hidden = rows->incoming_at = 0;
    rows->has_chunk = false;
    open_known(rows, origin->known);
    columns_reset(&rows->incoming);
    columns_reset(&rows->chunk);
    columns_reset(&rows->merged);
    bool has_unsealed =
        origin->heads && origin->view.n_visible > 0 && heads_has(origin->heads, origin->view, facility, NULL, NULL);
    for (size_t i = 0; channels && i < n; i++) {
        TRY(columns_add(&rows->chunk, channels[i]));
        if (!has_unsealed)
            continue;
        TRY(columns_add(&rows->incoming, channels[i]));
        TRY(columns_add(&rows->merged, channels[i]));
    }
    if (has_unsealed)
        TRY(heads_collect(origin->heads, origin->view, facility, from, rows->to, origin->policy, rows->all_channels,
                          &rows->incoming));
    hide(rows, &rows->incoming);
    if (!rows->cursor)
        TRY(cursor_open(origin->txn, STORE_CHUNK, &rows->cursor, error));
    TRY(seek_first(rows, error));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the rows of a facility"); /* rc says it too */
    return rc;
}

void rows_close(struct rows *rows)
{
    cursor_close(rows->cursor);
    rows->cursor = NULL;
    columns_clear(&rows->incoming);
    columns_clear(&rows->chunk);
    columns_clear(&rows->merged);
    mem_free(rows->origin->mem, rows->values);
    rows->values = NULL;
    rows->values_capacity = 0;
}

size_t rows_bytes(const struct rows *rows)
{
    return columns_bytes(&rows->incoming) + columns_bytes(&rows->chunk) + columns_bytes(&rows->merged);
}

/* Whether a mini block begins before t; mostly its head says so. */
static int begins_before(const struct times_view *times, uint32_t mini, gk_time t, bool *out)
{
    struct chunk_span span = times_span(times, mini);
    gk_time first, edge;
    int rc = GK_OK;

    if (span.is_known && !__builtin_sub_overflow(span.first, span.slack, &edge) && edge >= t) {
        *out = false;
    } else if (span.is_known && !__builtin_add_overflow(span.first, span.slack, &edge) && edge < t) {
        *out = true;
    } else {
        TRY(times_first(times, mini, &first));
        *out = first < t;
    }
done:
    return rc;
}

/* The mini blocks of a chunk that may have rows of [from, to): [*a, *b). Opens its times. */
static int find_minis(const struct chunk_view *chunk, gk_time from, gk_time to, struct times_view *times, uint32_t *a,
                      uint32_t *b)
{
    uint32_t low = 0, high = chunk->n_minis;
    bool is_before;
    int rc;

    TRY(chunk_open_times(chunk, times));
    if (chunk->first < from) { /* the last mini block that begins before `from`: later ones may share its last time */
        while (high - low > 1) {
            uint32_t mid = (low + high) / 2;
            TRY(begins_before(times, mid, from, &is_before));
            if (is_before)
                low = mid;
            else
                high = mid;
        }
    }
    *a = low;
    high = chunk->n_minis;
    if (chunk->last >= to) { /* the first mini block that begins at or after `to` */
        while (low < high) {
            uint32_t mid = (low + high) / 2;
            TRY(begins_before(times, mid, to, &is_before));
            if (is_before)
                low = mid + 1;
            else
                high = mid;
        }
    }
    *b = high;
done:
    return rc;
}

/* The current chunk, unless it is damaged and that is no error. */
static int try_chunk(struct rows *rows, struct chunk_view *chunk, bool *is_damaged, struct gk_error *error)
{
    const struct damage *damage = rows->origin->damage;
    struct gk_error found = {0};
    int rc = chunk_at(rows->cursor, chunk, &found);

    *is_damaged = rc == GK_ECORRUPT && damage && damage->takes_new;
    if (*is_damaged)
        return GK_OK;
    if (rc != GK_OK && error)
        *error = found;
    return rc;
}

int rows_chunk(struct rows *rows, struct chunk_view *chunk, struct times_view *times, uint32_t *a, uint32_t *b,
               struct gk_error *error)
{
    const struct columns *in = &rows->incoming;
    bool is_damaged;
    int rc;

    if (!rows->has_chunk)
        return GK_DONE;
    TRY(try_chunk(rows, chunk, &is_damaged, error));
    if (is_damaged)
        return GK_DONE; /* to be passed over by rows_next */
    if (rows->incoming_at < in->n_rows && in->time[rows->incoming_at] <= chunk->last)
        return GK_DONE;
    if (hides_some(rows, chunk->first, chunk->last))
        return GK_DONE;
    *a = *b = 0;
    if (chunk->last >= rows->from)
        TRY(find_minis(chunk, rows->from, rows->to, times, a, b));
    TRY(settle(rows, cursor_next(rows->cursor, error)));
done:
    if (rc == GK_ECORRUPT && error && error->status != rc)
        (void)error_set(error, rc, "a chunk: %s", gk_status_text(rc)); /* rc says it too */
    return rc;
}

/* The rows [a, b) of the chunk's; moving them to the front would cost more than what is cut off is worth. */
static int lend_rows(struct rows *rows, size_t a, size_t b)
{
    int rc;

    TRY(mem_reserve(rows->origin->mem, &rows->values, &rows->values_capacity, rows->chunk.n_columns,
                    sizeof *rows->values));
    rows->window = columns_window(&rows->chunk, a, b > a ? b : a, rows->values);
done:
    return rc;
}

/* The current chunk cannot be read: there is nothing of it, and that is noted. */
static int pass_over(struct rows *rows, gk_time *border, struct gk_error *error)
{
    struct gk_damage what;
    int rc;

    rc = chunk_stretch(rows->origin->mem, rows->origin->txn, rows->cursor, &what, error);
    TRY(settle(rows, rc));
    if (what.to > rows->from)
        TRY(damage_add(rows->origin->damage, what.kind, what.facility, what.from, what.to));
    TRY(lend_rows(rows, 0, 0));
    *border = rows->has_chunk ? what.to : rows->to;
done:
    return rc;
}

/* Decodes what the current chunk has of the stretch and moves on; *border is where the next chunk begins. */
static int take_chunk(struct rows *rows, gk_time *border, struct gk_error *error)
{
    struct columns *columns = &rows->chunk;
    struct chunk_view chunk;
    struct times_view times;
    uint32_t a, b;
    bool is_damaged;
    int rc;

    TRY(try_chunk(rows, &chunk, &is_damaged, error));
    if (is_damaged)
        return pass_over(rows, border, error);
    if (chunk.last >= rows->from) {
        TRY(find_minis(&chunk, rows->from, rows->to, &times, &a, &b));
        TRY(columns_append_chunk(columns, &chunk, &times, a, b, rows->all_channels));
    }
    TRY(lend_rows(rows, chunk.first < rows->from ? columns_lower(columns, rows->from) : 0,
                  chunk.last >= rows->to ? columns_lower(columns, rows->to) : columns->n_rows));
    hide(rows, &rows->window);
    TRY(settle(rows, cursor_next(rows->cursor, error)));
    *border = rows->has_chunk ? chunk_key_first(cursor_key(rows->cursor)) : rows->to;
done:
    if (rc == GK_ENOMEM || (rc == GK_ECORRUPT && error && error->status != rc))
        (void)error_set(error, rc, "a chunk: %s", gk_status_text(rc)); /* rc says it too */
    return rc;
}

static int merge_incoming(struct rows *rows, size_t to, const struct columns **out)
{
    double *values[CHUNK_COLUMNS_MAX];
    int rc;

    if (rows->incoming.n_columns > CHUNK_COLUMNS_MAX)
        return GK_ELIMIT;
    struct columns part = columns_window(&rows->incoming, rows->incoming_at, to, values);
    rows->merged.n_rows = 0;
    if (rows->all_channels)
        columns_reset(&rows->merged);
    TRY(columns_merge(&rows->window, &part, rows->origin->policy, &rows->merged));
    rows->incoming_at = to;
    *out = &rows->merged;
done:
    return rc;
}

int rows_next(struct rows *rows, const struct columns **out, struct gk_error *error)
{
    gk_time border = rows->to;
    int rc;

    do {
        rows->chunk.n_rows = rows->window.n_rows = 0;
        if (rows->all_channels)
            columns_reset(&rows->chunk);
        if (rows->has_chunk)
            TRY(take_chunk(rows, &border, error));
        else if (rows->incoming_at == rows->incoming.n_rows)
            return GK_DONE;
        else
            border = rows->to;
        size_t to = rows->has_chunk ? columns_lower(&rows->incoming, border) : rows->incoming.n_rows;
        if (to > rows->incoming_at)
            TRY(merge_incoming(rows, to, out));
        else
            *out = &rows->window;
    } while ((*out)->n_rows == 0);
    rc = GK_OK;
done:
    return rc;
}
