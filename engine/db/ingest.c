/*
 * ingest.c - where every row ends.
 *
 *     time newer than the facility's newest          accepted
 *     time ahead of or too far behind the clock      quarantined: kept apart
 *     no value at all, or a time out of range        rejected
 *     a time the facility has no row of              late
 *     a row of that time: same values, or none new   duplicate, dropped
 *                         other values               conflicting; which one counts is the store's policy
 *                         only values that it lacked late (or accepted, when it is the newest row)
 *
 * Under GK_ALL a row of known time with other values is a row like any other, and only exact repeats are duplicates.
 */
#include <stdlib.h>

#include "db/changes.h"
#include "db/commit.h"
#include "db/bundles.h"
#include "db/recall.h"
#include "db/rows.h"

/* How many facilities ahead the heads are fetched. */
#define FAR  12
#define NEAR 6

#define PLAIN_MAX 256 /* rows of a facility that are taken at once */

enum verdict { REJECTED, QUARANTINED, ACCEPTED, LATE, DUPLICATE, CONFLICTING };

struct ingest {
    gk_db *db;
    const struct gk_batch *batch;
    struct schema *schema;
    gk_time least, most;            /* rows before or after go to quarantine */
    uint8_t *verdicts;              /* a row */
    size_t n_quarantined, n_filled; /* filled: taken, but into a row that was there */
    struct gk_counts counts;
    struct progress progress;
};

static int check_batch(const gk_db *db, const struct gk_batch *b, struct gk_error *error)
{
    if (b->n_rows > 0 && (!b->time || !b->facility || (b->n_channels > 0 && (!b->channel || !b->value))))
        return error_set(error, GK_EINVAL, "a batch of %zu rows without its columns", b->n_rows);
    if (b->n_rows > BATCH_ROWS_MAX)
        return error_set(error, GK_ELIMIT, "a batch has at most %u rows, not %zu", BATCH_ROWS_MAX, b->n_rows);
    if (b->n_channels > CHUNK_COLUMNS_MAX)
        return error_set(error, GK_ELIMIT, "a batch has at most %d channels, not %zu", CHUNK_COLUMNS_MAX,
                         b->n_channels);
    for (size_t i = 0; i < b->n_channels; i++) {
        if (b->channel[i] >= db->catalog->n_channels)
            return error_set(error, GK_ENOTFOUND, "there is no channel %u", b->channel[i]);
        for (size_t k = 0; k < i; k++)
            if (b->channel[k] == b->channel[i])
                return error_set(error, GK_EINVAL, "channel '%s' stands twice in a batch",
                                 db->catalog->channels[b->channel[i]]);
    }
    for (size_t i = 0; i < b->n_rows; i++)
        if (b->facility[i] >= db->catalog->n_facilities)
            return error_set(error, GK_ENOTFOUND, "row %zu: there is no facility %u", i, b->facility[i]);
    if (b->source && (strlen(b->source) == 0 || strlen(b->source) > DB_SOURCE_NAME_MAX))
        return error_set(error, GK_EINVAL, "the name of a source has 1 to %d bytes", DB_SOURCE_NAME_MAX);
    if (b->source && b->sequence == 0)
        return error_set(error, GK_EINVAL, "source '%s': sequences begin with 1", b->source);
    return GK_OK;
}

static bool has_values(const struct gk_batch *b, size_t row)
{
    for (size_t c = 0; c < b->n_channels; c++)
        if (!gk_is_missing(b->value[c][row]))
            return true;
    return false;
}

/* Does a stored row have every value of the new one (then it is a repeat), lack some, or differ in some? */
static void compare(const struct gk_batch *b, size_t row, const struct columns *have, size_t at, bool *adds,
                    bool *differs, bool *lacks)
{
    *adds = *differs = *lacks = false;
    for (size_t c = 0; c < b->n_channels; c++) {
        int k = columns_find(have, b->channel[c]);
        double new = b->value[c][row], old = k < 0 ? gk_missing() : have->value[k][at];
        if (gk_is_missing(new))
            *lacks |= !gk_is_missing(old);
        else if (gk_is_missing(old))
            *adds = true;
        else
            *differs |= bits_of(new) != bits_of(old);
    }
}

/* A value of a stored row in a channel that the batch does not have. */
static bool has_other_channels(const struct gk_batch *b, const struct columns *have, size_t at)
{
    for (size_t i = 0; i < have->n_columns; i++) {
        bool is_known = false;
        for (size_t c = 0; c < b->n_channels; c++)
            is_known |= b->channel[c] == have->channel[i];
        if (!is_known && !gk_is_missing(have->value[i][at]))
            return true;
    }
    return false;
}

static enum verdict verdict_of(struct ingest *g, size_t row, const struct columns *have, size_t at, bool is_newest)
{
    bool adds, differs, lacks;

    compare(g->batch, row, have, at, &adds, &differs, &lacks);
    if (differs)
        return CONFLICTING;
    if (!adds)
        return DUPLICATE;
    g->n_filled++;
    return is_newest ? ACCEPTED : LATE;
}

/* Under GK_ALL only a row that is equal in every channel is a repeat. */
static bool is_repeat(const struct ingest *g, size_t row, const struct columns *have, size_t at)
{
    bool adds, differs, lacks;

    compare(g->batch, row, have, at, &adds, &differs, &lacks);
    return !adds && !differs && !lacks && !has_other_channels(g->batch, have, at);
}

/* The general way: all rows of that time, sealed and not, folded. */
static int judge_by_reading(struct ingest *g, size_t row, bool is_newest, enum verdict *out, struct gk_error *error)
{
    gk_db *db = g->db;
    gk_time t = g->batch->time[row];
    struct rows rows = {0};
    struct damage damage; /* what cannot be read is not known: the row is taken */
    const struct columns *have;
    struct txn *txn;
    int rc;

    damage_init(&damage, &db->mem, true);
    TRY(db_lookup(db, &txn, error));
    struct origin origin = {
        &db->mem,   txn,  db->heads, {heads_n(db->heads), db->view.facilities_done, db->view.n_done},
        db->policy, NULL, &damage};
    *out = is_newest ? ACCEPTED : LATE;
    TRY(rows_open(&rows, &origin, g->batch->facility[row], NULL, 0, t, t + 1, error));
    while ((rc = rows_next(&rows, &have, error)) == GK_OK)
        for (size_t at = 0; at < have->n_rows; at++) {
            if (db->policy != GK_ALL)
                *out = verdict_of(g, row, have, at, is_newest);
            else if (is_repeat(g, row, have, at))
                *out = DUPLICATE;
        }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    damage_clear(&damage);
    return rc;
}

/* A time that the facility may have a row of. Most such rows are repeats of sealed ones: those are kept at hand. */
static int judge_known(struct ingest *g, size_t row, bool is_newest, enum verdict *out, struct gk_error *error)
{
    gk_db *db = g->db;
    gk_time t = g->batch->time[row];
    uint32_t facility = g->batch->facility[row];
    const struct columns *have;
    struct txn *txn;
    size_t at;
    int rc;

    if (db->policy == GK_ALL || heads_has_time(db->heads, facility, t))
        return judge_by_reading(g, row, is_newest, out, error);
    TRY(db_lookup(db, &txn, error));
    if (!db->recall)
        TRY(recall_new(&db->mem, &db->recall));
    TRY(recall_row(db->recall, txn, facility, t, &have, &at, error));
    *out = have ? verdict_of(g, row, have, at, is_newest) : is_newest ? ACCEPTED : LATE;
done:
    return rc;
}

/* Whether a sealed row of that time may be there: only the chunks know. */
static int judge(struct ingest *g, size_t row, enum verdict *out, struct gk_error *error)
{
    const gk_db *db = g->db;
    gk_time t = g->batch->time[row];
    uint32_t facility = g->batch->facility[row];
    const struct edge *edge = &db->edges[facility];

    if (t == GK_TIME_MIN || t == GK_TIME_MAX || !has_values(g->batch, row)) {
        *out = REJECTED;
        return GK_OK;
    }
    if (t < g->least || t > g->most) {
        *out = QUARANTINED;
        return GK_OK;
    }
    if (t > edge->newest) {
        *out = ACCEPTED;
        return GK_OK;
    }
    if (t > edge->sealed_last && !heads_has_time(db->heads, facility, t)) {
        *out = LATE;
        return GK_OK;
    }
    return judge_known(g, row, t == edge->newest, out, error);
}

/* What is known of all rows together when a facility got some. */
static void note_times(struct ingest *g, struct edge *edge, gk_time oldest, gk_time newest)
{
    gk_db *db = g->db;

    db_unsettle(db, oldest);
    if (newest > edge->newest)
        edge->newest = newest;
    if (oldest < edge->oldest) {
        edge->oldest = oldest;
        db->pending.oldest = oldest < db->pending.oldest ? oldest : db->pending.oldest;
    }
    if (newest > g->progress.watermark)
        g->progress.watermark = newest;
    if (oldest < g->progress.beginning)
        g->progress.beginning = oldest;
}

static int take_row(struct ingest *g, size_t row, struct gk_error *error)
{
    gk_db *db = g->db;
    const struct gk_batch *b = g->batch;
    enum verdict verdict = REJECTED;
    int rc;

    TRY(judge(g, row, &verdict, error));
    g->verdicts[row] = (uint8_t)verdict;
    switch (verdict) {
    case REJECTED:
        g->counts.rejected++;
        return GK_OK;
    case QUARANTINED:
        g->counts.quarantined++;
        g->n_quarantined++;
        return GK_OK;
    case DUPLICATE:
        g->counts.duplicate++;
        return GK_OK;
    case ACCEPTED:
        g->counts.accepted++;
        break;
    case LATE:
        g->counts.late++;
        break;
    case CONFLICTING:
        g->counts.conflicting++;
        break;
    }
    struct edge *edge = &db->edges[b->facility[row]];
    gk_time t = b->time[row];
    TRY(pending_facility(db, b->facility[row]));
    TRY(heads_add(db->heads, g->schema, b->facility[row], t, b->value, row, t < edge->newest));
    if (db->changes)
        changes_row(db, b, row);
    note_times(g, edge, t, t);
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a row"); /* rc says it too */
    return rc;
}

/* Rows of a facility that are accepted: each is newer than the one before, and the first than all there are. */
static int take_plain(struct ingest *g, uint32_t facility, const uint32_t *rows, size_t n)
{
    gk_db *db = g->db;
    const struct gk_batch *b = g->batch;
    int rc;

    TRY(pending_facility(db, facility));
    TRY(heads_add_run(db->heads, g->schema, facility, b->time, b->value, rows, n));
    for (size_t i = 0; db->changes && i < n; i++)
        changes_row(db, b, rows[i]);
    for (size_t i = 0; i < n; i++)
        g->verdicts[rows[i]] = ACCEPTED;
    note_times(g, &db->edges[facility], b->time[rows[0]], b->time[rows[n - 1]]);
    g->counts.accepted += n;
done:
    return rc;
}

/* Most rows are plainly accepted. They wait for each other, but not for one that must be looked at. */
static int take_bundle(struct ingest *g, const struct bundles *bundles, const struct bundle *bundle, size_t begin,
                       struct gk_error *error)
{
    const struct gk_batch *b = g->batch;
    const struct edge *edge = &g->db->edges[bundle->facility];
    uint32_t plain[PLAIN_MAX];
    gk_time newest = edge->newest;
    size_t n = 0, at = bundle->first;
    bool is_last;
    int rc = GK_OK;

    do {
        size_t row = begin + at;
        gk_time t = b->time[row];
        bool is_plain = t > newest && t >= g->least && t <= g->most && has_values(b, row);
        is_last = at == bundle->last;
        at = bundles->next[at]; /* of the last one it is not used */
        if (is_plain) {
            plain[n++] = (uint32_t)row;
            newest = t;
        }
        if (n > 0 && (!is_plain || is_last || n == PLAIN_MAX)) {
            TRY(take_plain(g, bundle->facility, plain, n));
            n = 0;
        }
        if (!is_plain) {
            TRY(take_row(g, row, error));
            newest = edge->newest;
        }
    } while (!is_last);
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a row"); /* rc says it too */
    return rc;
}

/* Rows from `begin` on, as many as are bundled at a time. */
static int take_rows(struct ingest *g, size_t begin, struct gk_error *error)
{
    gk_db *db = g->db;
    struct bundles *bundles = db->bundles;
    size_t n = g->batch->n_rows - begin;
    int rc = GK_OK;

    bundles_make(bundles, db->edges, g->batch->facility + begin, n < BUNDLES_ROWS ? n : BUNDLES_ROWS);
    for (size_t i = 0; i < bundles->n; i++) {
        if (i + FAR < bundles->n) {
            heads_prefetch(db->heads, bundles->at[i + FAR].facility, 0);
            heads_prefetch(db->heads, bundles->at[i + NEAR].facility, bundles->at[i + NEAR].n);
        }
        const struct bundle *bundle = &bundles->at[i];
        if (bundle->first == bundle->last)
            TRY(take_row(g, begin + bundle->first, error));
        else
            TRY(take_bundle(g, bundles, bundle, begin, error));
    }
done:
    return rc;
}

/* ---- the record of what was quarantined
 * ------------------------------------------------------------------------------ */

/* Gathers the quarantined rows into columns of their own and adds a record of them. */
static int add_quarantined(struct ingest *g, struct gk_error *error)
{
    const struct gk_batch *b = g->batch;
    const struct mem *mem = &g->db->mem;
    size_t n = g->n_quarantined, k = 0;
    int rc;

    if (n == 0)
        return GK_OK;
    gk_time *time = mem_array(mem, n, sizeof *time);
    uint32_t *facility = mem_array(mem, n, sizeof *facility);
    double *cells = mem_array(mem, n * (b->n_channels + 1), sizeof *cells);
    const double **value = mem_array(mem, b->n_channels + 1, sizeof *value);
    if (!time || !facility || !cells || !value) {
        rc = error_set(error, GK_ENOMEM, "out of memory for a batch");
        goto done;
    }
    for (size_t i = 0; i < b->n_rows; i++) {
        if (g->verdicts[i] != QUARANTINED)
            continue;
        time[k] = b->time[i];
        facility[k] = b->facility[i];
        for (size_t c = 0; c < b->n_channels; c++)
            cells[c * n + k] = b->value[c][i];
        k++;
    }
    for (size_t c = 0; c < b->n_channels; c++)
        value[c] = cells + c * n;
    struct batch_rows rows = {n, time, facility, b->n_channels, b->channel, value};
    TRY(pending_quarantined(g->db, &rows, error));
done:
    mem_free(mem, time);
    mem_free(mem, facility);
    mem_free(mem, cells);
    mem_free(mem, value);
    return rc;
}

/* ---- a batch
 * ------------------------------------------------------------------------------------------------------------ */

/* After a failure half-way: the heads forget, and the edges are what the heads and chunks still say. */
static void undo(struct ingest *g, uint32_t n_before)
{
    gk_db *db = g->db;
    struct heads_view view = {n_before, db->view.facilities_done, db->view.n_done};
    struct heads_view fresh = {n_before, UINT32_MAX, db->view.n_visible}; /* not durable yet */

    heads_truncate(db->heads, n_before);
    for (size_t i = 0; i < g->batch->n_rows; i++) {
        struct edge *edge = &db->edges[g->batch->facility[i]];
        gk_time last;
        edge->newest = edge->sealed_last;
        if (db->changes)
            changes_forget(db, g->batch->facility[i]);
        if (heads_has(db->heads, view, g->batch->facility[i], NULL, &last) && last > edge->newest)
            edge->newest = last;
        if (!heads_has(db->heads, fresh, g->batch->facility[i], &edge->oldest, NULL))
            edge->oldest = GK_TIME_MAX;
    }
}

static void add_counts(struct gk_counts *to, const struct gk_counts *from)
{
    to->accepted += from->accepted;
    to->late += from->late;
    to->duplicate += from->duplicate;
    to->conflicting += from->conflicting;
    to->quarantined += from->quarantined;
    to->rejected += from->rejected;
}

static int take_batch(struct ingest *g, struct gk_error *error)
{
    gk_db *db = g->db;
    uint32_t n_before = heads_n(db->heads);
    size_t n_quarantined = db->pending.n_quarantined, bytes = db->pending.quarantined.size;
    int rc = GK_OK;

    for (size_t i = 0; i < g->batch->n_rows; i += BUNDLES_ROWS)
        TRY(take_rows(g, i, error));
    TRY(add_quarantined(g, error));
    if (g->batch->source)
        TRY(pending_source(db, g->batch->source, g->batch->sequence, error));
done:
    if (rc != GK_OK) {
        db->pending.n_quarantined = n_quarantined;
        db->pending.quarantined.size = bytes;
        undo(g, n_before);
        return rc;
    }
    add_counts(&g->progress.counts, &g->counts);
    g->progress.n_rows += g->counts.accepted + g->counts.late - g->n_filled;
    db->progress = g->progress;
    pending_touch(db);
    return GK_OK;
}

/* A clock that was set back says nothing about how long rows have waited: they have waited long enough. */
static bool is_commit_due(const gk_db *db)
{
    int64_t age;

    if (heads_bytes(db->heads) > db_head_limit(db))
        return true;
    if (db->commit_ns < 0)
        return false;
    return __builtin_sub_overflow(db->clock(db->clock_context), db->pending.since, &age) || age < 0 ||
           age >= db->commit_ns;
}

/* Times between which rows are taken: from the host's clock, and what was dropped is settled. */
static void set_bounds(struct ingest *g)
{
    const gk_db *db = g->db;
    gk_time now = gk_clock(g->db), bound;

    g->least = db->progress.dropped_before > GK_TIME_MIN ? db->progress.dropped_before : GK_TIME_MIN + 1;
    g->most = GK_TIME_MAX - 1;
    if (db->past_ns > 0 && !__builtin_sub_overflow(now, db->past_ns, &bound) && bound > g->least)
        g->least = bound;
    if (db->future_ns >= 0 && !__builtin_add_overflow(now, db->future_ns, &bound) && bound < g->most)
        g->most = bound;
}

/* Takes the rows into memory: all of them or none. */
static int ingest_batch(gk_db *db, const struct gk_batch *batch, struct gk_counts *counts, struct gk_error *error)
{
    struct ingest g = {.db = db, .batch = batch};
    uint64_t taken;
    int rc;

    TRY(check_batch(db, batch, error));
    TRY(db_grow_edges(db));
    if (batch->source) {
        TRY(source_sequence(db, batch->source, &taken, error));
        if (batch->sequence <= taken)
            return GK_OK;
    }
    set_bounds(&g);
    g.progress = db->progress;
    if (!db->bundles)
        db->bundles = mem_new(&db->mem, sizeof *db->bundles);
    g.verdicts = mem_new(&db->mem, batch->n_rows);
    g.schema = heads_schema(db->heads, batch->n_channels, batch->channel);
    if (!g.verdicts || !g.schema || !db->bundles) {
        rc = error_set(error, GK_ENOMEM, "out of memory for a batch");
        goto done;
    }
    TRY(take_batch(&g, error));
    *counts = g.counts;
done:
    mem_free(&db->mem, g.verdicts);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a batch"); /* rc says it too */
    return rc;
}

/*
 * A commit that is due and fails must not look as if the batch had not been taken, nor may batches pile up behind it:
 * so what waits is committed before anything is taken, and an error means that nothing was. The commit after it makes
 * the batch durable early; what hinders it is told by the next call, which tries again first.
 */
int gk_ingest(gk_db *db, const struct gk_batch *batch, struct gk_counts *counts, struct gk_error *error)
{
    struct gk_counts these = {0};
    int rc;

    if (counts)
        memset(counts, 0, sizeof *counts);
    TRY(db_need_writer(db, error));
    if (db->pending.is_dirty && is_commit_due(db))
        TRY(gk_commit(db, error));
    TRY(ingest_batch(db, batch, &these, error));
    if (counts)
        *counts = these;
    /* The rows are taken: a failure from here on comes again with the next call, before that takes more. */
    if (db->pending.is_dirty && is_commit_due(db))
        (void)gk_commit(db, NULL);
done:
    return rc;
}

int gk_reject(gk_db *db, uint64_t n_rows, struct gk_error *error)
{
    int rc;

    TRY(db_need_writer(db, error));
    if (n_rows == 0)
        return GK_OK;
    db->progress.counts.rejected += n_rows;
    pending_touch(db);
done:
    return rc;
}

/* ---- quarantine
 * ---------------------------------------------------------------------------------------------------------- */

/* Takes the rows of one quarantined record again; those that are not acceptable yet go back under a new number. */
static int release_record(gk_db *db, uint64_t number, struct view value, struct gk_counts *counts,
                          struct gk_error *error)
{
    struct batch record = {0};
    struct gk_counts these = {0};
    int rc;

    rc = batch_decode(&db->mem, value.bytes, value.size, &record);
    if (rc != GK_OK)
        TRY(error_set(error, rc, "a quarantined record: %s", gk_status_text(rc)));
    struct gk_batch batch = {.n_rows = record.rows.n_rows,
                             .time = record.rows.time,
                             .facility = record.rows.facility,
                             .n_channels = record.rows.n_channels,
                             .channel = record.rows.channel,
                             .value = record.rows.value};
    TRY(ingest_batch(db, &batch, &these, error));
    db->progress.counts.quarantined -= batch.n_rows;
    db->pending.released = number + 1;
    pending_touch(db);
    add_counts(counts, &these);
    if (is_commit_due(db))
        TRY(gk_commit(db, error));
done:
    batch_clear(&record);
    return rc;
}

/* A record leaves the quarantine in the transaction that makes its rows durable. */
int gk_quarantine_release(gk_db *db, bool force, struct gk_counts *counts, struct gk_error *error)
{
    struct gk_counts all = {0};
    int64_t future_ns = db->future_ns, past_ns = db->past_ns;
    int rc;

    TRY(gk_commit(db, error));
    uint64_t end = db->progress.quarantine_next;
    if (force)
        db->future_ns = -1, db->past_ns = 0;
    for (uint64_t i = 0; i < end; i++) {
        struct txn *txn;
        struct view value;
        uint8_t key[8];
        key_u64(key, i);
        TRY(db_lookup(db, &txn, error));
        rc = txn_get(txn, STORE_QUARANTINE, view_of(key, sizeof key), &value, error);
        if (rc == GK_ENOTFOUND)
            continue;
        if (rc != GK_OK)
            goto done;
        TRY(release_record(db, i, value, &all, error));
    }
    TRY(gk_commit(db, error));
done:
    db->future_ns = future_ns;
    db->past_ns = past_ns;
    if (counts)
        *counts = all;
    return rc;
}
