/*
 * backfill.c - see backfill.h.
 *
 * Table backfill: key arrival i64, part u32; the arrival is rounded up to a full minute, so that a meter that is late
 * for good has a record a minute. A record is written by the commits of its minute; when it is long, the next part
 * begins.
 *
 *   version u8 = 1 | unit u8: times are multiples of 10^unit ns |
 *   a run: facility varint (less the one before) | from zigzag varint, less the `from` before, at first less the
 *   arrival, in units | to varint, less `from`, in units
 */
#include "db/backfill.h"

#include <inttypes.h>
#include <stdlib.h>

#include "db/rows.h"

#define RECORD_VERSION 1
#define UNIT_MAX       9 /* seconds */
#define ARRIVAL_NS     (60 * GK_SECOND)
#define RECORD_ENOUGH                                                                                                  \
    1536 /* bytes that are written again for any more: LMDB keeps such a record beside others on a page */
#define RECORD_SHARE 16 /* and so many for every run that is added: as a rule it makes one longer */
#define RUN_MAX      (3 * VARINT_MAX)
#define LOOK_NS      (INT64_C(86400) * GK_SECOND) /* rows further apart are not looked at for being neighbours */

void backfill_init(struct backfill *list, const struct mem *mem)
{
    memset(list, 0, sizeof *list);
    list->mem = mem;
}

void backfill_clear(struct backfill *list)
{
    mem_free(list->mem, list->runs);
    list->runs = NULL;
    list->n = list->capacity = 0;
}

int backfill_add(struct backfill *list, const struct backfill_run *run)
{
    if (mem_reserve(list->mem, &list->runs, &list->capacity, list->n + 1, sizeof *run) != GK_OK)
        return GK_ENOMEM;
    list->runs[list->n++] = *run;
    return GK_OK;
}

static int by_facility_and_time(const void *a, const void *b)
{
    const struct backfill_run *x = a, *y = b;

    if (x->facility != y->facility)
        return x->facility < y->facility ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void sort(struct backfill *list)
{
    if (list->n > 1)
        qsort(list->runs, list->n, sizeof *list->runs, by_facility_and_time);
}

/* ---- records
 * ------------------------------------------------------------------------------------------------------ */

void backfill_key(uint8_t key[BACKFILL_KEY], gk_time arrived, uint32_t part)
{
    key_i64(key, arrived);
    key_u32(key + 8, part);
}

static int64_t unit_ns(unsigned unit)
{
    int64_t ns = 1;

    while (unit-- > 0)
        ns *= 10;
    return ns;
}

/* The largest one that divides all times. */
static unsigned unit_of(const struct backfill *list)
{
    unsigned unit = UNIT_MAX;
    int64_t ns = unit_ns(unit);

    for (size_t i = 0; i < list->n; i++)
        while (list->runs[i].from % ns != 0 || list->runs[i].to % ns != 0)
            ns = unit_ns(--unit);
    return unit;
}

void backfill_encode(gk_time arrived, const struct backfill *list, struct buffer *out)
{
    unsigned unit = unit_of(list);
    int64_t ns = unit_ns(unit), before = arrived / ns;
    uint32_t facility = 0;

    uint8_t *p = buffer_extend(out, 2 + list->n * RUN_MAX);
    if (!p)
        return;
    *p++ = RECORD_VERSION;
    *p++ = (uint8_t)unit;
    for (size_t i = 0; i < list->n; i++) {
        const struct backfill_run *run = &list->runs[i];
        p += varint_put(p, run->facility - facility);
        p += varint_put(p, zigzag((int64_t)((uint64_t)(run->from / ns) - (uint64_t)before)));
        p += varint_put(p, ((uint64_t)run->to - (uint64_t)run->from) / (uint64_t)ns);
        facility = run->facility;
        before = run->from / ns;
    }
    out->size = (size_t)(p - out->bytes);
}

static int decode_run(struct reader *r, int64_t ns, struct backfill_run *run, int64_t *before)
{
    uint64_t facility = reader_varint(r), from = reader_varint(r), length = reader_varint(r);

    if (r->failed || facility > UINT32_MAX - run->facility)
        return GK_ECORRUPT;
    run->facility += (uint32_t)facility;
    *before = (int64_t)((uint64_t)*before + (uint64_t)unzigzag(from));
    if (__builtin_mul_overflow(*before, ns, &run->from) || __builtin_mul_overflow(length, (uint64_t)ns, &length) ||
        length > INT64_MAX || __builtin_add_overflow(run->from, (int64_t)length, &run->to))
        return GK_ECORRUPT;
    return GK_OK;
}

int backfill_decode(gk_time arrived, struct view value, struct backfill *list)
{
    struct reader r = reader_of(value.bytes, value.size);
    struct backfill_run run = {.facility = 0}, last = {.from = GK_TIME_MIN, .facility = 0};
    int rc = GK_OK;

    if (reader_u8(&r) != RECORD_VERSION)
        return value.size ? GK_EVERSION : GK_ECORRUPT;
    unsigned unit = reader_u8(&r);
    if (r.failed || unit > UNIT_MAX)
        return GK_ECORRUPT;
    int64_t before = arrived / unit_ns(unit);
    while (r.at < r.size) {
        TRY(decode_run(&r, unit_ns(unit), &run, &before));
        if (by_facility_and_time(&last, &run) >= 0 || run.to > arrived)
            return GK_ECORRUPT;
        TRY(backfill_add(list, &run));
        last = run;
    }
done:
    return rc;
}

static void put_time(struct buffer *out, gk_time t)
{
    char text[GK_TIME_TEXT_MAX];

    (void)gk_time_format(t, 0, text); /* the length is not needed */
    buffer_printf(out, "%s", text);
}

int backfill_dump(struct view key, struct view value, const struct mem *mem, struct buffer *out)
{
    struct backfill list;
    int rc;

    backfill_init(&list, mem);
    if (key.size != BACKFILL_KEY)
        return GK_ECORRUPT;
    TRY(backfill_decode(backfill_arrived(key), value, &list));
    buffer_printf(out, "came by ");
    put_time(out, backfill_arrived(key));
    buffer_printf(out, ", part %" PRIu32 "\n", unkey_u32(key.bytes + 8));
    for (size_t i = 0; i < list.n; i++) {
        buffer_printf(out, "  facility %" PRIu32 " from ", list.runs[i].facility);
        put_time(out, list.runs[i].from);
        buffer_printf(out, " to ");
        put_time(out, list.runs[i].to);
        buffer_put_u8(out, '\n');
    }
    rc = buffer_status(out);
done:
    backfill_clear(&list);
    return rc;
}

int backfill_check(struct view key, struct view value, const struct mem *mem, uint32_t n_facilities,
                   struct gk_error *error)
{
    struct backfill list;
    int rc;

    backfill_init(&list, mem);
    if (key.size != BACKFILL_KEY)
        return error_set(error, GK_ECORRUPT, "a key of %zu bytes", key.size);
    rc = backfill_decode(backfill_arrived(key), value, &list);
    if (rc != GK_OK)
        (void)error_set(error, rc, "a record: %s", gk_status_text(rc)); /* rc says it too */
    else if (list.n > 0 && list.runs[list.n - 1].facility >= n_facilities)
        rc = error_set(error, GK_ECORRUPT, "rows of a facility that is not in the catalog");
    backfill_clear(&list);
    return rc;
}

/* ---- what came just now
 * ------------------------------------------------------------------------------------------- */

/* New rows of a facility that lie among older ones. */
struct sifting {
    struct rows older;
    const struct columns *batch;
    size_t at;
    bool is_open;
};

/* The first older row at or after a time; *is_there tells whether there is one. */
static int next_older(struct sifting *s, gk_time t, gk_time *out, bool *is_there, struct gk_error *error)
{
    int rc = GK_OK;

    while (s->batch && s->at < s->batch->n_rows && s->batch->time[s->at] < t)
        s->at++;
    while (s->batch && s->at == s->batch->n_rows) {
        rc = rows_next(&s->older, &s->batch, error);
        if (rc == GK_DONE)
            s->batch = NULL;
        else if (rc != GK_OK)
            return rc;
        for (s->at = 0; s->batch && s->at < s->batch->n_rows && s->batch->time[s->at] < t;)
            s->at++;
    }
    *is_there = s->batch != NULL;
    if (*is_there)
        *out = s->batch->time[s->at];
    return GK_OK;
}

/* Of new times [a, b), none LOOK_NS behind the one before it: runs without an older row between. */
static int sift(const struct origin *origin, uint32_t facility, const gk_time *time, size_t a, size_t b,
                struct backfill *out, struct gk_error *error)
{
    static const struct columns nothing = {.n_rows = 0};
    struct sifting s = {.batch = &nothing};
    struct backfill_run run = {.facility = facility};
    const uint32_t none = 0;
    bool has_run = false, is_there;
    gk_time older = 0;
    int rc;

    TRY(rows_open(&s.older, origin, facility, &none, 0, time[a], time[b - 1] + 1, error));
    for (size_t i = a; i < b; i++) {
        /* An older row behind the run and not behind this one parts them. */
        TRY(next_older(&s, has_run ? run.to : time[i], &older, &is_there, error));
        if (has_run && is_there && older <= time[i]) {
            TRY(backfill_add(out, &run));
            has_run = false;
            TRY(next_older(&s, time[i], &older, &is_there, error));
        }
        if (is_there && older == time[i])
            continue; /* that row was there */
        run.from = has_run ? run.from : time[i];
        run.to = time[i];
        has_run = true;
    }
    if (has_run)
        TRY(backfill_add(out, &run));
done:
    if (s.older.origin)
        rows_close(&s.older);
    return rc;
}

/* The general way: the facility's new rows up to `last`, between those that were there. */
static int add_among(gk_db *db, struct txn *txn, uint32_t facility, gk_time last, struct backfill *out,
                     struct gk_error *error)
{
    const struct edge *edge = &db->edges[facility];
    struct origin origin = {&db->mem, txn, db->heads, db->view, db->policy, NULL, NULL};
    struct heads_view fresh = {heads_n(db->heads), UINT32_MAX, db->view.n_visible};
    struct columns c;
    int rc;

    columns_init(&c, &db->mem);
    TRY(heads_collect(db->heads, fresh, facility, edge->oldest, last + 1, GK_LAST, false, &c));
    for (size_t a = 0, b; a < c.n_rows; a = b) {
        b = a + 1;
        while (b < c.n_rows && (uint64_t)c.time[b] - (uint64_t)c.time[b - 1] < (uint64_t)LOOK_NS)
            b++;
        TRY(sift(&origin, facility, c.time, a, b, out, error));
    }
done:
    columns_clear(&c);
    return rc;
}

static int gather_facility(gk_db *db, struct txn *txn, uint32_t facility, gk_time last, struct backfill *out,
                           struct gk_error *error)
{
    const struct edge *edge = &db->edges[facility];
    struct backfill_run run = {edge->oldest, edge->newest, facility};

    if (edge->oldest > last)
        return GK_OK;
    if (edge->oldest > edge->before && edge->newest <= last)
        return backfill_add(out, &run);
    return add_among(db, txn, facility, last, out, error);
}

/* The runs of all that is pending and not after `last`. Where many are, looking at all is cheaper than sorting. */
static int gather(gk_db *db, struct txn *txn, gk_time last, struct backfill *out, struct gk_error *error)
{
    const struct pending *p = &db->pending;
    int rc = GK_OK;

    if (p->n_facilities >= db->n_edges / 16) {
        for (uint32_t f = 0; f < db->n_edges; f++)
            if (db->edges[f].turn == p->turn)
                TRY(gather_facility(db, txn, f, last, out, error));
    } else {
        for (size_t i = 0; i < p->n_facilities; i++)
            TRY(gather_facility(db, txn, p->facilities[i], last, out, error));
        sort(out);
    }
done:
    return rc;
}

/* The last record of a minute, if n runs are to be added to it; *part is where they go. */
static int load_open(struct txn *txn, gk_time arrived, size_t n, uint32_t *part, struct backfill *out,
                     struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[BACKFILL_KEY];
    struct view value;
    int rc;

    *part = 0;
    backfill_key(key, arrived, UINT32_MAX);
    TRY(cursor_open(txn, STORE_BACKFILL, &cursor, error));
    rc = cursor_seek_before(cursor, view_of(key, sizeof key), error);
    if (rc == GK_DONE || (rc == GK_OK && backfill_arrived(cursor_key(cursor)) != arrived)) {
        rc = GK_OK;
        goto done;
    }
    TRY(rc);
    *part = unkey_u32(cursor_key(cursor).bytes + 8);
    TRY(cursor_value(cursor, &value, error));
    if (value.size >= RECORD_ENOUGH + n * RECORD_SHARE) {
        ++*part;
        goto done;
    }
    rc = backfill_decode(arrived, value, out);
    if (rc != GK_OK)
        (void)error_set(error, rc, "a record of table backfill: %s", gk_status_text(rc)); /* rc says it too */
done:
    cursor_close(cursor);
    return rc;
}

/* A run that begins behind the facility's newest row goes on where one ends with that row. */
static bool joins(const gk_db *db, const struct backfill_run *a, const struct backfill_run *b)
{
    return a->facility == b->facility && b->facility < db->n_edges && a->to == db->edges[b->facility].before &&
           b->from > a->to;
}

static int merge(const gk_db *db, const struct backfill *a, const struct backfill *b, struct backfill *out)
{
    size_t i = 0, k = 0;

    if (mem_reserve(out->mem, &out->runs, &out->capacity, a->n + b->n, sizeof *out->runs) != GK_OK)
        return GK_ENOMEM;
    while (i < a->n || k < b->n) {
        bool is_old = k == b->n || (i < a->n && by_facility_and_time(&a->runs[i], &b->runs[k]) < 0);
        const struct backfill_run *run = is_old ? &a->runs[i++] : &b->runs[k++];
        if (out->n > 0 && joins(db, &out->runs[out->n - 1], run))
            out->runs[out->n - 1].to = run->to;
        else
            out->runs[out->n++] = *run;
    }
    return GK_OK;
}

static int put_runs(gk_db *db, struct txn *txn, gk_time arrived, const struct backfill *runs, struct gk_error *error)
{
    uint8_t key[BACKFILL_KEY];
    struct backfill old, all;
    struct buffer bytes;
    uint32_t part;
    int rc;

    backfill_init(&old, &db->mem);
    backfill_init(&all, &db->mem);
    buffer_init(&bytes, &db->mem);
    TRY(load_open(txn, arrived, runs->n, &part, &old, error));
    TRY(merge(db, &old, runs, &all));
    backfill_encode(arrived, &all, &bytes);
    TRY(buffer_status(&bytes));
    backfill_key(key, arrived, part);
    TRY(txn_put(txn, STORE_BACKFILL, view_of(key, sizeof key), view_of(bytes.bytes, bytes.size), error));
done:
    buffer_clear(&bytes);
    backfill_clear(&old);
    backfill_clear(&all);
    return rc;
}

int backfill_put(gk_db *db, struct txn *txn, struct gk_error *error)
{
    gk_time now = gk_clock(db), arrived, last;
    struct backfill runs;
    int rc;

    if (__builtin_sub_overflow(now, BACKFILL_NS, &last) || __builtin_add_overflow(now, ARRIVAL_NS - 1, &arrived))
        return GK_OK; /* a clock at the ends of time */
    if (db->pending.oldest > last)
        return GK_OK;
    arrived = floor_div(arrived, ARRIVAL_NS) * ARRIVAL_NS;
    backfill_init(&runs, &db->mem);
    TRY(gather(db, txn, last, &runs, error));
    if (runs.n > 0)
        TRY(put_runs(db, txn, arrived, &runs, error));
done:
    backfill_clear(&runs);
    return rc;
}

int backfill_drop(struct txn *txn, gk_time before, struct gk_error *error)
{
    uint8_t key[BACKFILL_KEY];
    int rc;

    for (;;) {
        struct cursor *cursor = NULL;
        TRY(cursor_open(txn, STORE_BACKFILL, &cursor, error)); /* deleting moves cursors */
        rc = cursor_first(cursor, error);
        bool is_there = rc == GK_OK && backfill_arrived(cursor_key(cursor)) <= before;
        if (is_there)
            memcpy(key, cursor_key(cursor).bytes, sizeof key);
        cursor_close(cursor);
        if (rc < 0 || !is_there)
            return rc < 0 ? rc : GK_OK;
        TRY(txn_delete(txn, STORE_BACKFILL, view_of(key, sizeof key), error));
    }
done:
    return rc;
}

/* ---- what was known
 * ----------------------------------------------------------------------------------------------- */

/* Overlapping runs become one. */
static void unite(struct backfill *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct backfill_run *last = n ? &list->runs[n - 1] : NULL, *run = &list->runs[i];
        if (last && last->facility == run->facility && run->from <= last->to)
            last->to = run->to > last->to ? run->to : last->to;
        else
            list->runs[n++] = *run;
    }
    list->n = n;
}

int known_load(struct known *known, struct txn *txn, gk_time at, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[BACKFILL_KEY];
    struct view value;
    int rc;

    known->at = at;
    known->hidden.n = 0;
    backfill_key(key, at, UINT32_MAX);
    TRY(cursor_open(txn, STORE_BACKFILL, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        TRY(cursor_value(cursor, &value, error));
        rc = backfill_decode(backfill_arrived(cursor_key(cursor)), value, &known->hidden);
        if (rc != GK_OK)
            TRY(error_set(error, rc, "a record of table backfill: %s", gk_status_text(rc)));
    }
    if (rc != GK_DONE)
        goto done;
    sort(&known->hidden);
    unite(&known->hidden);
    rc = GK_OK;
done:
    cursor_close(cursor);
    return rc;
}

const struct backfill_run *known_hidden(const struct known *known, uint32_t facility, size_t *n)
{
    const struct backfill_run *runs = known->hidden.runs;
    size_t low = 0, high = known->hidden.n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (runs[mid].facility < facility)
            low = mid + 1;
        else
            high = mid;
    }
    for (high = low; high < known->hidden.n && runs[high].facility == facility;)
        high++;
    *n = high - low;
    return *n ? runs + low : NULL;
}
