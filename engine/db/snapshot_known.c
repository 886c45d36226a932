/*
 * snapshot_known.c - a snapshot as it would have been at an earlier time, and what came long after its time.
 */
#include <stdlib.h>

#include "db/sight.h"

/* How far is looked back at first for the newest row that was known. */
#define LOOK_BACK_NS HOUR_NS

/* The first or, by `is_last`, the last row that the view sees of a facility in [from, to). */
static int find_row(gk_snapshot *s, uint32_t facility, gk_time from, gk_time to, bool is_last, gk_time *out,
                    bool *is_there, struct gk_error *error)
{
    struct origin origin = snapshot_origin(s);
    struct rows rows = {0};
    const struct columns *batch;
    const uint32_t none = 0;
    int rc;

    *is_there = false;
    TRY(rows_open(&rows, &origin, facility, &none, 0, from, to, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK) {
        *out = batch->time[is_last ? batch->n_rows - 1 : 0];
        *is_there = true;
        if (!is_last)
            break;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

/* The newest row that was known of a facility, if it is after the newest so far. */
static int take_newest(gk_snapshot *s, uint32_t facility, gk_time first, gk_time *newest, struct gk_error *error)
{
    gk_time from, found = 0, end = s->known->at < GK_TIME_MAX ? s->known->at + 1 : GK_TIME_MAX;
    int64_t back = LOOK_BACK_NS;
    bool is_there = false;
    int rc = GK_OK;

    for (from = end; !is_there && from > first && from > *newest; back = back < INT64_MAX / 8 ? back * 8 : INT64_MAX) {
        gk_time to = from;
        if (__builtin_sub_overflow(end, back, &from) || from < first)
            from = first;
        from = from > *newest ? from : *newest + 1;
        TRY(find_row(s, facility, from, to, true, &found, &is_there, error));
        if (from == *newest + 1)
            break;
    }
    if (is_there)
        *newest = found;
done:
    return rc;
}

/* The oldest and newest rows that were known of any facility. */
static int find_ends(gk_snapshot *s, struct gk_error *error)
{
    gk_time newest = GK_TIME_MIN, oldest = GK_TIME_MAX, found = 0, head_first;
    struct profile stored;
    bool is_there;
    int rc = GK_OK;

    profile_init(&stored, &s->mem);
    for (uint32_t f = 0; f < s->catalog->n_facilities; f++) {
        if (sight_seen(s, f) == GK_ID_NONE)
            continue;
        TRY(profile_load(s->txn, f, &stored, error));
        if (heads_has(s->heads, s->view, f, &head_first, NULL))
            stored.first = head_first < stored.first ? head_first : stored.first;
        if (stored.first > s->known->at) /* or it has no rows at all */
            continue;
        TRY(take_newest(s, f, stored.first, &newest, error));
        if (stored.first >= oldest)
            continue;
        TRY(find_row(s, f, stored.first, oldest, false, &found, &is_there, error));
        oldest = is_there ? found : oldest;
    }
    s->info.watermark = newest;
    s->info.beginning = oldest;
done:
    profile_clear(&stored);
    return rc;
}

static int see_known(gk_snapshot *s, gk_time at, struct gk_error *error)
{
    gk_db *db = s->db;
    struct catalog *catalog;
    int rc;

    TRY(known_load(&s->own_known, s->txn, at, error));
    s->known = &s->own_known;
    TRY(catalog_load_known(&s->mem, s->txn, at, &catalog, &s->has_other_bands, error));
    (void)pthread_mutex_lock(&db->lock); /* cannot fail */
    if (--s->catalog->n_refs == 0)
        catalog_free(s->catalog);
    s->catalog = catalog;
    (void)pthread_mutex_unlock(&db->lock);
    if (s->sight)
        TRY(sight_of_catalog(s->parent->sight, catalog, &s->sight));
    snapshot_fill_info(s);
    TRY(find_ends(s, error));
done:
    return rc;
}

int gk_snapshot_known(gk_snapshot *parent, gk_time at, gk_snapshot **out, struct gk_error *error)
{
    char dropped[GK_TIME_TEXT_MAX], text[GK_TIME_TEXT_MAX];
    gk_snapshot *s;
    int rc;

    *out = NULL;
    if (at < parent->progress.dropped_before) {
        (void)gk_time_format(parent->progress.dropped_before, parent->db->zone_s, dropped); /* lengths are not needed */
        (void)gk_time_format(at, parent->db->zone_s, text);
        return error_set(error, GK_ERANGE, "rows from before %s were dropped: what was known at %s is not any more",
                         dropped, text);
    }
    if (parent->known && parent->known->at < at)
        at = parent->known->at;
    rc = snapshot_view(parent, &s, error);
    if (rc != GK_OK)
        return rc;
    rc = see_known(s, at, error);
    if (rc != GK_OK) {
        gk_snapshot_close(s);
        return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for a snapshot") : rc;
    }
    *out = s;
    return GK_OK;
}

/* ---- what came long after its time
 * -------------------------------------------------------------------------------- */

/* The runs of one facility from some record on, with when they came. */
struct arrived {
    struct backfill_run run;
    gk_time arrived;
    uint64_t n_rows;
};

struct arrivals {
    const struct mem *mem;
    struct arrived *at;
    size_t n, capacity;
};

/* Outer runs, which came before, first. */
static int by_place(const void *a, const void *b)
{
    const struct arrived *x = a, *y = b;

    if (x->run.facility != y->run.facility)
        return x->run.facility < y->run.facility ? -1 : 1;
    if (x->run.from != y->run.from)
        return x->run.from < y->run.from ? -1 : 1;
    return x->run.to > y->run.to ? -1 : x->run.to < y->run.to;
}

static int by_arrival(const void *a, const void *b)
{
    const struct gk_backfill *x = a, *y = b;

    if (x->arrived != y->arrived)
        return x->arrived < y->arrived ? -1 : 1;
    if (x->facility != y->facility)
        return x->facility < y->facility ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static int load_arrivals(gk_snapshot *s, gk_time from, struct arrivals *out, struct gk_error *error)
{
    gk_time until = s->known ? s->known->at : GK_TIME_MAX;
    struct cursor *cursor = NULL;
    struct backfill list;
    uint8_t key[BACKFILL_KEY];
    int rc;

    backfill_init(&list, &s->mem);
    backfill_key(key, from, 0);
    TRY(cursor_open(s->txn, STORE_BACKFILL, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        gk_time arrived = backfill_arrived(cursor_key(cursor));
        struct view value;
        if (arrived > until)
            break;
        list.n = 0;
        TRY(cursor_value(cursor, &value, error));
        rc = backfill_decode(arrived, value, &list);
        if (rc != GK_OK)
            TRY(error_set(error, rc, "a record of table backfill: %s", gk_status_text(rc)));
        TRY(mem_reserve(&s->mem, &out->at, &out->capacity, out->n + list.n, sizeof *out->at));
        for (size_t i = 0; i < list.n; i++)
            if (sight_seen(s, list.runs[i].facility) != GK_ID_NONE)
                out->at[out->n++] = (struct arrived){list.runs[i], arrived, 0};
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    backfill_clear(&list);
    return rc;
}

/* Counts the rows of the runs [a, b) of one facility: each belongs to the innermost run around it. */
static int count_rows(gk_snapshot *s, struct arrived *runs, size_t n, size_t *open, struct gk_error *error)
{
    struct origin origin = snapshot_origin(s);
    struct rows rows = {0};
    const struct columns *batch;
    const uint32_t none = 0;
    size_t at = 0, n_open = 0;
    gk_time last = runs[0].run.to;
    int rc;

    for (size_t i = 1; i < n; i++)
        last = runs[i].run.to > last ? runs[i].run.to : last;
    TRY(rows_open(&rows, &origin, runs[0].run.facility, &none, 0, runs[0].run.from, last + 1, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        for (size_t i = 0; i < batch->n_rows; i++) {
            while (at < n && runs[at].run.from <= batch->time[i])
                open[n_open++] = at++;
            while (n_open > 0 && runs[open[n_open - 1]].run.to < batch->time[i])
                n_open--;
            if (n_open > 0)
                runs[open[n_open - 1]].n_rows++;
        }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

static int count_all(gk_snapshot *s, struct arrivals *list, struct gk_error *error)
{
    size_t *open = mem_array(&s->mem, list->n, sizeof *open);
    int rc = open ? GK_OK : GK_ENOMEM;

    for (size_t a = 0, b; a < list->n && rc == GK_OK; a = b) {
        b = a + 1;
        while (b < list->n && list->at[b].run.facility == list->at[a].run.facility)
            b++;
        rc = count_rows(s, list->at + a, b - a, open, error);
    }
    mem_free(&s->mem, open);
    return rc;
}

int gk_backfills(gk_snapshot *s, gk_time from, gk_time to, const struct gk_backfill **out, size_t *n,
                 struct gk_error *error)
{
    struct arrivals list = {.mem = &s->mem};
    int rc;

    *out = NULL;
    *n = 0;
    TRY(load_arrivals(s, from, &list, error)); /* also those behind `to`, which may lie inside of others */
    if (list.n > 1)
        qsort(list.at, list.n, sizeof *list.at, by_place);
    TRY(count_all(s, &list, error));
    mem_free(&s->mem, s->backfills);
    s->backfills = mem_array(&s->mem, list.n + 1, sizeof *s->backfills);
    if (!s->backfills)
        TRY(GK_ENOMEM);
    for (size_t i = 0; i < list.n; i++) {
        const struct arrived *a = &list.at[i];
        if (a->arrived < to && a->n_rows > 0)
            s->backfills[(*n)++] =
                (struct gk_backfill){a->arrived, sight_seen(s, a->run.facility), a->run.from, a->run.to, a->n_rows};
    }
    if (*n > 1)
        qsort(s->backfills, *n, sizeof *s->backfills, by_arrival);
    *out = s->backfills;
done:
    mem_free(&s->mem, list.at);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for what came late"); /* rc says it too */
    return rc;
}
