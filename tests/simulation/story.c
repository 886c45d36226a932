/*
 * story.c - see story.h.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "simulation/story.h"

#include <ftw.h>
#include <math.h>
#include <unistd.h>

#include "gk_query.h"
#include "simulation/layer.h"
#include "simulation/record.h"

#define PENDING_MAX 24 /* what may be said: states since the last acknowledged commit */
#define HOLDS_MAX   2
#define BATCH_MAX   300
#define LOG_MAX     64

#define RULE_CHANGES_MAX 8 /* record.h */

struct batch_of_rows {
    struct row rows[BATCH_MAX];
    size_t n;
    uint64_t sequence;
};

struct story {
    uint64_t seed, n_done; /* operations */
    struct random random;
    const char *folder;
    char path[4200], file[4300], other[4300];
    struct gk_options options;
    gk_db *db;
    gk_time now;
    struct model *may[PENDING_MAX + 1]; /* from what is surely durable to what was taken last */
    size_t n;
    struct {
        gk_snapshot *snapshot;
        struct model model;
    } holds[HOLDS_MAX];
    struct batch_of_rows last;
    uint64_t sequence;
    bool last_is_in;   /* the store has taken it */
    bool had_fault;    /* since it was opened: errors are excused */
    bool has_dwell;    /* no naive states then */
    gk_time retaining; /* a retention that did not end well */
    bool has_rules;    /* rules are judged, too */
    struct record record;
    struct story_counts *counts;
    char log[LOG_MAX][96];
};

/* ---- words
 * ---------------------------------------------------------------------------------------------------------------- */

static void note(struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct story *s, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(s->log[s->n_done % LOG_MAX], sizeof s->log[0], format, list); /* a cut text is fine */
    va_end(list);
}

static void broken(struct story *s, const char *what, const char *why)
{
    uint64_t from = s->n_done > 30 ? s->n_done - 30 : 0;

    for (uint64_t i = from; i <= s->n_done; i++)
        print_error("%5llu %s\n", (unsigned long long)i, s->log[i % LOG_MAX]);
    layer_end();
    fail_msg("seed %llu, operation %llu: %s: %s\n  again: GK_SEED=%llu GK_ROUNDS=1 and this test",
             (unsigned long long)s->seed, (unsigned long long)s->n_done, what, why, (unsigned long long)s->seed);
}

static uint64_t below(struct story *s, uint64_t n)
{
    return random_below(&s->random, n);
}

static struct model *current(struct story *s)
{
    return s->may[s->n - 1];
}

/* A state that may come after the current one. */
static struct model *next_model(struct story *s)
{
    assert_true(s->n <= PENDING_MAX);
    memcpy(s->may[s->n], s->may[s->n - 1], sizeof(struct model));
    return s->may[s->n++];
}

static void forget_before(struct story *s, size_t i)
{
    for (size_t k = 0; i > 0 && i + k < s->n; k++) {
        struct model *m = s->may[k];
        s->may[k] = s->may[i + k];
        s->may[i + k] = m;
    }
    s->n -= i;
}

/* What was taken last is durable. */
static void settle(struct story *s)
{
    forget_before(s, s->n - 1);
    record_settle(&s->record);
}

/* The newest model that says what the snapshot says. */
static size_t match(struct story *s, gk_db *db, gk_snapshot *snapshot, const char *what)
{
    char why[256], first[256] = "";

    for (size_t i = s->n; i-- > 0;) {
        if (model_is_equal(s->may[i], db, snapshot, why))
            return i;
        if (!first[0])
            memcpy(first, why, sizeof first);
    }
    print_error("of %zu states that may be; against the oldest one: %s\n", s->n, why);
    broken(s, what, first);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_store(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- opening and closing
 * ---------------------------------------------------------------------------------------------------------------- */

static gk_time read_clock(void *context)
{
    return *(const gk_time *)context;
}

static void let_go(struct story *s, size_t i)
{
    char why[256];

    if (!s->holds[i].snapshot)
        return;
    if (!s->had_fault && !model_is_equal(&s->holds[i].model, NULL, s->holds[i].snapshot, why))
        broken(s, "a snapshot changed", why);
    gk_snapshot_close(s->holds[i].snapshot);
    s->holds[i].snapshot = NULL;
}

static void open_store(struct story *s, int flags)
{
    struct gk_error error;

    s->options.seal_bytes = 3000 + below(s, 60000);
    s->options.head_budget = below(s, 2) ? 0 : 20000 + below(s, 200000);
    s->options.commit_ns = below(s, 2) ? -1 : (int64_t)(100 + below(s, 20000)) * 1000000;
    if (gk_open(s->path, flags | GK_READWRITE | (below(s, 2) ? GK_KEEP_HEADS : 0), &s->options, &s->db, &error) !=
        GK_OK)
        broken(s, "opening", error.text);
    s->had_fault = false;
}

static void audit(struct story *s, gk_snapshot *snapshot, bool is_new_handle)
{
    char why[256];

    if (!record_is_right(&s->record, s->db, snapshot, is_new_handle, why))
        broken(s, "the record", why);
}

static void finish_retention(struct story *s)
{
    struct model *m = current(s);
    gk_time before = s->retaining;
    struct gk_error error;
    char why[256];

    s->retaining = GK_TIME_MIN;
    gk_snapshot *snapshot = look(s->db);
    gk_time dropped = gk_snapshot_info(snapshot)->dropped_before;
    gk_snapshot_close(snapshot);
    if (dropped <= m->dropped_before)
        return; /* it had not begun */
    if (gk_retain(s->db, before, NULL, NULL, &error) != GK_OK)
        broken(s, "finishing a retention", error.text);
    (void)model_retain(m, before); /* some of it was done before */
    settle(s);
    snapshot = look(s->db);
    if (!model_is_equal(m, s->db, snapshot, why))
        broken(s, "after a retention that was interrupted", why);
    gk_snapshot_close(snapshot);
}

/* Closes it, or lets it die; opens it; what is there must be something that may be. */
static void reopen(struct story *s)
{
    bool is_cut = layer_armed() == LAYER_POWER_CUT && layer_n_met() > 0, was_fault = s->had_fault || is_cut;

    for (size_t i = 0; i < HOLDS_MAX; i++)
        let_go(s, i);
    record_let_go(&s->record);
    int rc = gk_close(s->db);
    was_fault |= layer_n_met() > 0;
    if (rc != GK_OK && !was_fault)
        broken(s, "closing", gk_status_text(rc));
    if (rc == GK_OK && !was_fault)
        settle(s);
    is_cut = layer_armed() == LAYER_POWER_CUT && layer_n_met() > 0; /* or while closing */
    if (is_cut) {
        layer_restart(&s->random);
        (void)snprintf(s->other, sizeof s->other, "%s/lock.writer", s->path);
        (void)unlink(s->other); /* nobody was there to write that the file was left in order */
    }
    layer_arm(LAYER_NO_FAULT, 0, 0);
    open_store(s, 0);
    if (s->retaining != GK_TIME_MIN)
        finish_retention(s);
    gk_snapshot *snapshot = look(s->db);
    size_t i = match(s, s->db, snapshot, is_cut ? "after a power cut" : "after opening");
    audit(s, snapshot, true);
    gk_snapshot_close(snapshot);
    s->counts->power_cuts += is_cut;
    s->counts->lost += is_cut && i + 1 < s->n;
    s->counts->restarts++;
    s->last_is_in &= i + 1 == s->n;
    s->n = i + 1; /* what came later is lost */
    settle(s);
    if (was_fault && !is_cut && below(s, 3) == 0) /* what was found after a failure stays, too */
        layer_arm(LAYER_POWER_CUT, below(s, 3), 1);
}

/*
 * What a call said. True when it did what it should. A fault excuses an error; a full disk changes nothing, after other
 * failures the store is opened again; without power there is no going on.
 */
static bool went_well(struct story *s, int rc, const struct gk_error *error, const char *what)
{
    bool is_cut = layer_armed() == LAYER_POWER_CUT && layer_n_met() > 0;

    s->had_fault |= layer_n_met() > 0;
    if (rc != GK_OK && !(s->had_fault && (rc == GK_EFULL || rc == GK_EIO)))
        broken(s, what, error->text);
    if (is_cut || (rc != GK_OK && rc != GK_EFULL))
        reopen(s);
    return rc == GK_OK && !is_cut;
}

/* ---- writing
 * ---------------------------------------------------------------------------------------------------------------- */

static double some_value(struct story *s, bool is_current)
{
    static const double specials[] = {-0.0, INFINITY, -INFINITY, NAN, 1e-300};
    if (is_current && below(s, 12) == 0)
        return specials[below(s, 5)];
    return (double)below(s, is_current ? 2600 : 1300) / 100;
}

static gk_time some_time(struct story *s)
{
    gk_time t = T0 + (gk_time)below(s, (uint64_t)(s->now - T0) / GK_SECOND) * GK_SECOND;
    return below(s, 10) ? t : t + (gk_time)below(s, GK_SECOND);
}

/* A row of the model, as it is; false when there is none. */
static bool some_row(struct story *s, struct row *out)
{
    const struct model *m = current(s);

    if (m->n_rows == 0)
        return false;
    *out = m->rows[below(s, m->n_rows)];
    return true;
}

enum mood { LIVE, LATE, AGAIN, OTHERWISE, FILLING, AHEAD, RUN, EMPTY, MOODS };

static struct row make_row(struct story *s, enum mood mood)
{
    struct row row = {.time = some_time(s),
                      .facility = (uint32_t)below(s, current(s)->n_facilities),
                      .value = {some_value(s, false), some_value(s, true)}};
    struct row old;

    if (below(s, 4) == 0)
        row.value[below(s, 2)] = gk_missing();
    if (mood == LIVE)
        row.time = s->now - (gk_time)below(s, 3) * GK_SECOND;
    if (mood == AHEAD)
        row.time = s->now + (300 + (gk_time)below(s, 7200)) * GK_SECOND;
    if (mood == EMPTY)
        row.value[0] = row.value[1] = gk_missing();
    if (mood >= AGAIN && mood <= FILLING && some_row(s, &old)) {
        row.time = old.time;
        row.facility = old.facility;
        if (mood == AGAIN)
            row = old;
        if (mood == FILLING)
            row.value[gk_is_missing(old.value[0])] = gk_missing();
    }
    return row;
}

static void make_batch(struct story *s)
{
    enum mood mood = (enum mood)below(s, MOODS);
    struct batch_of_rows *b = &s->last;

    b->n = 1 + below(s, 30);
    if (mood == AHEAD || mood == EMPTY)
        b->n = 1 + below(s, 4);
    if (mood == RUN)
        b->n = 50 + below(s, BATCH_MAX - 50);
    for (size_t i = 0; i < b->n; i++)
        b->rows[i] = make_row(s, mood == AHEAD && below(s, 2) ? LIVE : mood);
    for (size_t i = 1; mood == RUN && i < b->n; i++) {
        b->rows[i].facility = b->rows[0].facility;
        b->rows[i].time = b->rows[i - 1].time + 10 * GK_SECOND;
        if (below(s, 3)) /* steady, so that states last */
            memcpy(b->rows[i].value, b->rows[i - 1].value, sizeof b->rows[i].value);
    }
    b->sequence = ++s->sequence;
}

static int give(struct story *s, struct gk_counts *counts, struct gk_error *error)
{
    static gk_time time[BATCH_MAX];
    static uint32_t facility[BATCH_MAX];
    static double cells[CHANNELS][BATCH_MAX];
    static const uint32_t channels[CHANNELS] = {0, 1};
    const double *const values[CHANNELS] = {cells[0], cells[1]};
    const struct batch_of_rows *b = &s->last;
    struct gk_batch batch = {.n_rows = b->n,
                             .time = time,
                             .facility = facility,
                             .n_channels = CHANNELS,
                             .channel = channels,
                             .value = values,
                             .source = "gateway",
                             .sequence = b->sequence};

    for (size_t i = 0; i < b->n; i++) {
        time[i] = b->rows[i].time;
        facility[i] = b->rows[i].facility;
        for (int c = 0; c < CHANNELS; c++)
            cells[c][i] = b->rows[i].value[c];
    }
    return gk_ingest(s->db, &batch, counts, error);
}

static void compare_counts(struct story *s, const struct gk_counts *a, const struct gk_counts *b, const char *what)
{
    char why[256];

    if (memcmp(a, b, sizeof *a) == 0)
        return;
    (void)snprintf(why, sizeof why,
                   "of its rows %llu accepted, %llu late, %llu duplicate, %llu conflicting, %llu quarantined, %llu "
                   "rejected; not %llu %llu %llu %llu %llu %llu",
                   (unsigned long long)a->accepted, (unsigned long long)a->late, (unsigned long long)a->duplicate,
                   (unsigned long long)a->conflicting, (unsigned long long)a->quarantined,
                   (unsigned long long)a->rejected, (unsigned long long)b->accepted, (unsigned long long)b->late,
                   (unsigned long long)b->duplicate, (unsigned long long)b->conflicting,
                   (unsigned long long)b->quarantined, (unsigned long long)b->rejected);
    broken(s, what, why);
}

static void ingest(struct story *s)
{
    struct gk_counts counts, expected = {0};
    struct gk_error error;

    if (current(s)->n_rows + BATCH_MAX > ROWS_MAX || current(s)->n_quarantined + BATCH_MAX > QUARANTINED_MAX)
        return;
    make_batch(s);
    note(s, "batch %llu of %zu rows, the first of facility %u at %+lld s", (unsigned long long)s->last.sequence,
         s->last.n, s->last.rows[0].facility, (long long)((s->last.rows[0].time - s->now) / GK_SECOND));
    s->last_is_in = false;
    int rc = give(s, &counts, &error);
    if (rc == GK_OK) {
        struct model *m = next_model(s);
        for (size_t i = 0; i < s->last.n; i++)
            model_take(m, &s->last.rows[i], s->now, false, &expected);
        s->last_is_in = true;
        s->counts->batches++;
        s->counts->rows += s->last.n;
        compare_counts(s, &counts, &expected, "a batch");
    }
    (void)went_well(s, rc, &error, "a batch");
}

/* A gateway that did not hear an answer sends again. */
static void repeat(struct story *s)
{
    static const struct gk_counts none;
    struct gk_counts counts;
    struct gk_error error;

    if (!s->last_is_in)
        return;
    note(s, "batch %llu again", (unsigned long long)s->last.sequence);
    int rc = give(s, &counts, &error);
    if (rc == GK_OK)
        compare_counts(s, &counts, &none, "a batch again");
    (void)went_well(s, rc, &error, "a batch again");
}

static void commit(struct story *s)
{
    struct gk_error error;

    note(s, "commit");
    int rc = gk_commit(s->db, &error);
    if (rc == GK_OK)
        settle(s);
    s->counts->commits += went_well(s, rc, &error, "a commit");
}

static void seal(struct story *s)
{
    struct gk_error error;

    note(s, "seal");
    int rc = gk_seal(s->db, &error);
    if (rc == GK_OK)
        settle(s);
    s->counts->seals += went_well(s, rc, &error, "a sealing");
}

static void put_band(struct story *s)
{
    static const enum gk_kind kinds[] = {GK_ZONE, GK_ROLE, GK_FACILITY};
    struct band band = {.kind = kinds[below(s, 3)], .from = GK_TIME_MIN, .dwell_on_s = -1, .dwell_off_s = -1};
    struct gk_error error;

    band.id = band.kind == GK_ZONE   ? 0
              : band.kind == GK_ROLE ? 1 + (uint32_t)below(s, 2)
                                     : (uint32_t)below(s, current(s)->n_facilities);
    band.off = (int)below(s, 3) * 5;
    band.on = below(s, 3) ? 20 + (int)below(s, 5) * 10 : 0;
    band.overload = below(s, 2) ? 90 + (int)below(s, 4) * 10 : 0;
    band.hold_s = band.kind == GK_ZONE || below(s, 2) ? 5 + (int64_t)below(s, 200) : -1;
    if (s->has_dwell) {
        band.dwell_on_s = (int64_t)below(s, 60);
        band.dwell_off_s = (int64_t)below(s, 60);
    }
    if (below(s, 2))
        band.from = T0 + (gk_time)below(s, (uint64_t)(s->now - T0) / GK_SECOND) * GK_SECOND;
    if (current(s)->n_bands == BANDS_MAX || model_has_band(current(s), &band))
        return;
    note(s, "band of kind %d, %u", (int)band.kind, band.id);
    struct model *m = next_model(s);
    m->bands[m->n_bands++] = band;
    if (model_put_band(s->db, &band, &error) != GK_OK)
        broken(s, "a band", error.text);
}

static void put_change(struct story *s)
{
    struct gk_error error;

    if (current(s)->n_changes == CHANGES_MAX)
        return;
    note(s, "change %u of the catalog", current(s)->n_changes);
    struct model *m = next_model(s);
    if (model_put_change(s->db, m->n_changes++, &error) != GK_OK)
        broken(s, "a change", error.text);
}

static void retain(struct story *s)
{
    gk_time least = current(s)->dropped_before > T0 ? current(s)->dropped_before : T0;
    gk_time before = least + HOUR + (gk_time)below(s, 4 * 3600) * GK_SECOND;
    struct gk_error error;
    uint64_t n = 0;

    if (before > s->now)
        return;
    note(s, "retain, from %+lld s on", (long long)((before - s->now) / GK_SECOND));
    s->retaining = before;
    int rc = gk_retain(s->db, before, NULL, &n, &error);
    if (rc == GK_OK) {
        s->retaining = GK_TIME_MIN;
        if (n != model_retain(next_model(s), before))
            broken(s, "a retention", "another number of rows was dropped");
        settle(s);
    }
    bool is_done = went_well(s, rc, &error, "a retention");
    s->counts->retentions += is_done;
    if (s->retaining != GK_TIME_MIN) /* a part may be done */
        reopen(s);
}

static void release(struct story *s)
{
    struct gk_counts counts, expected = {0};
    struct gk_error error;
    size_t n = current(s)->n_quarantined;
    bool is_forced = below(s, 4) == 0;

    if (n == 0 || s->n + n > PENDING_MAX)
        return;
    note(s, "release%s of %zu rows", is_forced ? ", all," : "", n);
    for (size_t i = 0; i < n; i++) /* records become durable one by one */
        model_release(next_model(s), 1, s->now, is_forced, &expected);
    int rc = gk_quarantine_release(s->db, is_forced, &counts, &error);
    if (rc == GK_OK) {
        compare_counts(s, &counts, &expected, "a release");
        settle(s);
    }
    s->counts->releases += went_well(s, rc, &error, "a release");
    if (rc == GK_EFULL) /* it stopped somewhere */
        reopen(s);
}

/* ---- the record
 * ---------------------------------------------------------------------------------------------------------------- */

static void put_rule(struct story *s)
{
    struct gk_error error;

    note(s, "change %u of the rules", current(s)->n_rules);
    int rc = record_put_rule(&s->record, s->db, current(s)->n_rules, &error);
    if (rc == GK_OK)
        next_model(s)->n_rules++;
    (void)went_well(s, rc, &error, "a rule");
}

static bool advance(struct story *s)
{
    struct gk_error error;

    note(s, "advance");
    int rc = record_advance(&s->record, s->db, s->now, &error);
    if (rc == GK_OK)
        settle(s);
    bool is_done = went_well(s, rc, &error, "an advance");
    s->counts->advances += is_done;
    return is_done;
}

static void act(struct story *s)
{
    struct gk_error error;

    note(s, "an act");
    int rc = record_act(&s->record, s->db, &s->random, &error);
    (void)went_well(s, rc, &error, "an act");
}

static void deliver(struct story *s)
{
    char why[256];

    note(s, "deliver");
    if (!record_deliver(&s->record, s->db, &s->random, why))
        broken(s, "a consumer", why);
}

static void go_on_record(struct story *s)
{
    uint64_t what = below(s, 10);

    if (what < 4)
        (void)advance(s);
    else if (what < 7)
        act(s);
    else if (what < 9)
        deliver(s);
    else if (current(s)->n_rules < RULE_CHANGES_MAX)
        put_rule(s);
}

/* ---- reading
 * ---------------------------------------------------------------------------------------------------------------- */

static void compare_states(struct story *s, const struct model *m, gk_snapshot *snapshot)
{
    uint32_t facility = (uint32_t)below(s, m->n_facilities);
    int64_t first = T0 / GK_SECOND, step;
    struct gk_error error;

    for (size_t i = m->n_rows; i-- > 0;) /* before the rows that are left, states are of the bands of then */
        if (m->rows[i].facility == facility && !m->rows[i].is_dropped)
            first = m->rows[i].time / GK_SECOND + 1;
    step = 1 + (int64_t)below(s, 2000);
    for (int64_t tick = first; tick < s->now / GK_SECOND + 300 && step < 100000; tick += step) {
        const struct gk_step *steps;
        size_t n;
        ok(gk_state_steps(snapshot, facility, tick, tick + 1, &steps, &n, &error), &error);
        enum gk_state expected = model_state(m, facility, tick);
        if (n != 1 || steps[0].value != expected) {
            char why[128];
            (void)snprintf(why, sizeof why, "facility %u at tick %lld is %u, not %d", facility, (long long)tick,
                           steps[0].value, (int)expected);
            broken(s, "states", why);
        }
        step = 1 + (step * 7) % 1999;
    }
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * (1 + fabs(b));
}

static void compare_sums(struct story *s, const struct model *m, gk_snapshot *snapshot)
{
    static const uint32_t kw = 0;
    const struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    uint32_t facility = (uint32_t)below(s, m->n_facilities);
    gk_time edges[7];
    struct gk_summary sums[6];
    struct gk_error error;

    edges[0] = T0 + (gk_time)below(s, (uint64_t)((s->now - T0) / HOUR) + 1) * HOUR;
    for (int i = 1; i < 7; i++)
        edges[i] = edges[i - 1] + HOUR;
    ok(gk_signal_summaries(snapshot, facility, &signal, edges, 6, sums, &error), &error);
    for (int i = 0; i < 6; i++) {
        uint64_t count;
        double sum, min, max;
        model_sums(m, facility, edges[i], &count, &sum, &min, &max);
        if (sums[i].count != count ||
            (count && (!is_near(sums[i].sum, sum) || sums[i].min != min || sums[i].max != max))) {
            char why[200];
            (void)snprintf(why, sizeof why,
                           "facility %u, hour %lld: %llu samples, sum %g, %g to %g; not %llu, %g, %g to %g", facility,
                           (long long)((edges[i] - T0) / HOUR), (unsigned long long)sums[i].count, sums[i].sum,
                           sums[i].min, sums[i].max, (unsigned long long)count, sum, min, max);
            broken(s, "sums", why);
        }
    }
}

static double number_of(const struct gk_value *value)
{
    return value->type == GK_TYPE_COUNT ? (double)value->as.count : value->type == GK_TYPE_EMPTY ? 0 : value->as.number;
}

/* The same hour in words; asked later, as nothing is known behind now. */
static void ask(struct story *s, const struct model *m, gk_snapshot *snapshot)
{
    uint32_t facility = (uint32_t)below(s, m->n_facilities);
    gk_time hour = T0 + (gk_time)below(s, (uint64_t)((s->now - T0) / HOUR) + 1) * HOUR;
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX], text[256];
    struct gk_query_error error;
    gk_session *session;
    gk_query *query;
    uint64_t count;
    double sum, min, max;

    from[gk_time_format(hour, 0, from)] = 0;
    to[gk_time_format(hour + HOUR, 0, to)] = 0;
    int size = snprintf(text, sizeof text, "count, sum of power of facility '%s' between %s and %s",
                        model_facility_name(facility), from, to);
    /* However slow the machine is. */
    const struct gk_session_options untimed = {.size = sizeof untimed, .max_run_ns = -1};
    assert_int_equal(gk_session_new(&untimed, &session), GK_OK);
    if (gk_query_prepare(session, snapshot, text, (size_t)size, NULL, &query, &error) != GK_OK)
        broken(s, "a question", error.report);
    if (gk_query_start(query, snapshot, s->now + DAY, &error) != GK_OK)
        broken(s, "a question", error.report);
    model_sums(m, facility, hour, &count, &sum, &min, &max);
    int rc = gk_query_next(query, &error);
    double answer[2] = {0, 0};
    for (size_t i = 0; rc == GK_OK && i < gk_query_n_columns(query); i++) {
        const char *name = gk_query_column(query, i)->name;
        if (strcmp(name, "count") == 0)
            answer[0] = number_of(gk_query_value(query, i));
        if (strcmp(name, "sum") == 0)
            answer[1] = number_of(gk_query_value(query, i));
    }
    if (rc < 0 || answer[0] != (double)count || !is_near(answer[1], sum)) {
        char why[400];
        (void)snprintf(why, sizeof why, "%s: %g, %g; not %llu, %g", text, answer[0], answer[1],
                       (unsigned long long)count, sum);
        broken(s, "a question", why);
    }
    gk_query_free(query);
    gk_session_free(session);
}

/* NULL when a failed write keeps everything from being read; then the store was opened again. */
static gk_snapshot *view(struct story *s)
{
    struct gk_error error;
    gk_snapshot *snapshot;
    int rc = gk_snapshot_open(s->db, &snapshot, &error);

    (void)went_well(s, rc, &error, "a snapshot");
    return rc == GK_OK ? snapshot : NULL;
}

static void look_around(struct story *s)
{
    gk_snapshot *snapshot = view(s);

    if (!snapshot)
        return;
    note(s, "look");
    size_t i = match(s, s->db, snapshot, "looking");
    audit(s, snapshot, false);
    forget_before(s, i); /* what was seen stays */
    if (!s->has_dwell)
        compare_states(s, s->may[0], snapshot);
    compare_sums(s, s->may[0], snapshot);
    ask(s, s->may[0], snapshot);
    gk_snapshot_close(snapshot);
    s->counts->looks++;
}

static void hold(struct story *s)
{
    size_t i = below(s, HOLDS_MAX);

    if (s->holds[i].snapshot) {
        note(s, "let go");
        let_go(s, i);
        return;
    }
    note(s, "hold");
    s->holds[i].snapshot = view(s);
    if (!s->holds[i].snapshot)
        return;
    size_t k = match(s, NULL, s->holds[i].snapshot, "holding");
    memcpy(&s->holds[i].model, s->may[k], sizeof(struct model));
    s->counts->holds++;
}

/* Whether it can be read at all. */
static bool is_readable(struct story *s)
{
    gk_snapshot *snapshot = view(s);

    gk_snapshot_close(snapshot);
    return snapshot != NULL;
}

static void check(struct story *s, bool is_deep)
{
    struct findings found = {"", 0};
    struct gk_error error;
    uint64_t n = 0;

    if (!is_readable(s))
        return;
    note(s, is_deep ? "check --deep" : "check");
    if (gk_check(s->db, is_deep, take_finding, &found, &n, &error) != GK_OK)
        broken(s, "a check", error.text);
    if (n > 0)
        broken(s, "a check", found.text);
}

static void back_up(struct story *s)
{
    struct gk_backup_options options = {.size = sizeof options, .verify = below(s, 2)};
    struct gk_error error;

    if (!is_readable(s))
        return;
    note(s, "backup");
    (void)snprintf(s->other, sizeof s->other, "%s/backup", s->folder);
    if (gk_backup(s->db, s->other, &options, &error) != GK_OK)
        broken(s, "a backup", error.text);
    gk_db *db = world_open(s->other, GK_READONLY, &s->options);
    gk_snapshot *snapshot = look(db);
    (void)match(s, db, snapshot, "a backup");
    audit(s, snapshot, false);
    gk_snapshot_close(snapshot);
    ok(gk_close(db), &error);
    remove_store(s->other);
    s->counts->backups++;
}

/* ---- faults
 * ---------------------------------------------------------------------------------------------------------------- */

static void arm(struct story *s)
{
    static const enum layer_fault faults[] = {LAYER_POWER_CUT, LAYER_POWER_CUT, LAYER_EIO, LAYER_ENOSPC, LAYER_LATE};
    enum layer_fault fault = faults[below(s, 5)];
    uint64_t n = below(s, below(s, 2) ? 8 : 40);

    note(s, "fault %d at the call %llu from now", (int)fault, (unsigned long long)n);
    s->had_fault |= layer_n_met() > 0;
    layer_arm(fault, n, 1 + below(s, 3));
    s->counts->faults++;
}

/* ---- the story
 * ---------------------------------------------------------------------------------------------------------------- */

static void step(struct story *s)
{
    if (s->n + 3 > PENDING_MAX) { /* too much may be: be sure again */
        commit(s);
        if (s->n + 3 > PENDING_MAX)
            reopen(s);
        return;
    }
    uint64_t what = below(s, 100);
    if (s->has_rules && below(s, 3) == 0) {
        go_on_record(s);
        return;
    }
    if (below(s, 3) == 0)
        s->now += (gk_time)below(s, 60) * GK_SECOND;
    if (what < 38)
        ingest(s);
    else if (what < 50)
        commit(s);
    else if (what < 56)
        seal(s);
    else if (what < 62)
        put_band(s);
    else if (what < 65)
        put_change(s);
    else if (what < 68)
        repeat(s);
    else if (what < 70)
        s->now += (gk_time)below(s, 7200) * GK_SECOND;
    else if (what < 72)
        release(s);
    else if (what < 74)
        retain(s);
    else if (what < 81)
        look_around(s);
    else if (what < 86)
        hold(s);
    else if (what < 88)
        check(s, what == 87);
    else if (what < 90)
        back_up(s);
    else if (what < 93)
        reopen(s);
    else
        arm(s);
}

/* The same content put into another store at once has the same digest. */
static void compare_digest(struct story *s)
{
    const struct model *m = current(s);
    struct gk_options options = s->options;
    char digest[65], other[65];
    struct gk_error error;
    static struct batch_of_rows keep;

    options.head_budget = options.seal_bytes = 0;
    options.commit_ns = -1;
    options.future_ns = -1;
    (void)snprintf(s->other, sizeof s->other, "%s/fresh", s->folder);
    gk_db *old = s->db, *db = world_open(s->other, GK_READWRITE | GK_CREATE, &options);
    model_put_catalog(db, m->n_facilities);
    for (size_t i = 0; i < m->n_bands; i++)
        ok(model_put_band(db, &m->bands[i], &error), &error);
    for (uint32_t i = 0; i < m->n_changes; i++)
        ok(model_put_change(db, i, &error), &error);
    s->db = db;
    memcpy(&keep, &s->last, sizeof keep);
    for (size_t at = 0; at < m->n_rows; at += s->last.n) {
        s->last.n = m->n_rows - at < BATCH_MAX ? m->n_rows - at : BATCH_MAX;
        s->last.sequence = at + 1;
        memcpy(s->last.rows, m->rows + at, s->last.n * sizeof *m->rows);
        ok(give(s, NULL, &error), &error);
    }
    memcpy(&s->last, &keep, sizeof keep);
    s->db = old;
    ok(gk_seal(db, &error), &error);
    ok(gk_digest(db, other, &error), &error);
    ok(gk_digest(s->db, digest, &error), &error);
    ok(gk_close(db), &error);
    remove_store(s->other);
    if (strcmp(digest, other) != 0)
        broken(s, "the digest", "a store with the same content has another one");
}

static void begin(struct story *s)
{
    uint32_t n_facilities = 2 + (uint32_t)below(s, FACILITIES_MAX - 1);
    enum gk_policy policy = below(s, 3) ? GK_LAST : (enum gk_policy)below(s, 3);
    struct gk_error error;

    s->now = T0 + (2 + (gk_time)below(s, 30)) * HOUR;
    s->has_dwell = below(s, 3) == 0;
    s->has_rules = below(s, 2);
    s->retaining = GK_TIME_MIN;
    s->options = (struct gk_options){.size = sizeof s->options,
                                     .policy = policy,
                                     .zone_is_set = true,
                                     .map_size = 1 << 26,
                                     .clock = read_clock,
                                     .clock_context = &s->now};
    s->n = 1;
    model_init(current(s), policy, n_facilities);
    open_store(s, GK_CREATE);
    model_put_catalog(s->db, n_facilities);
    struct band band = {.kind = GK_ZONE, .off = 10, .on = 25, .overload = 110, .from = GK_TIME_MIN};
    band.hold_s = 30 + (int64_t)below(s, 100);
    band.dwell_on_s = band.dwell_off_s = -1;
    ok(model_put_band(s->db, &band, &error), &error);
    current(s)->bands[current(s)->n_bands++] = band;
    ok(gk_commit(s->db, &error), &error);
}

/* All that was handed in is taken, all alarms are those that the rules, asked as questions, say. */
static void end_record(struct story *s)
{
    char why[256];

    s->now += HOUR;
    for (int i = 0; i < 2; i++)
        if (!advance(s))
            broken(s, "the end", "an advance without faults fails");
    for (int i = 0; i < 2; i++) { /* the first one learns what became of what was handed in */
        gk_snapshot *snapshot = look(s->db);
        audit(s, snapshot, false);
        if (i && current(s)->dropped_before == GK_TIME_MIN &&
            !record_is_as_asked(&s->record, snapshot, current(s)->n_rules, s->now, why))
            broken(s, "alarms", why);
        gk_snapshot_close(snapshot);
    }
    if (!record_is_settled(&s->record, why))
        broken(s, "the record", why);
}

static void end(struct story *s)
{
    char why[256];

    layer_arm(LAYER_NO_FAULT, 0, 0);
    if (s->had_fault)
        reopen(s);
    layer_arm(LAYER_NO_FAULT, 0, 0);
    commit(s);
    if (s->n != 1)
        broken(s, "the end", "a commit without faults does not settle");
    if (s->has_rules)
        end_record(s);
    gk_snapshot *snapshot = look(s->db);
    if (!model_is_equal(current(s), s->db, snapshot, why))
        broken(s, "the end", why);
    gk_snapshot_close(snapshot);
    check(s, true);
    if (current(s)->dropped_before == GK_TIME_MIN && !s->has_rules) /* a fresh store has no record */
        compare_digest(s);
    for (size_t i = 0; i < HOLDS_MAX; i++)
        let_go(s, i);
    record_let_go(&s->record);
    if (gk_close(s->db) != GK_OK)
        broken(s, "the end", "closing failed");
}

void story_tell(uint64_t seed, const char *folder, struct story_counts *counts)
{
    static struct story s;
    static struct model models[PENDING_MAX + 1];

    memset(&s, 0, sizeof s);
    s.seed = seed;
    s.random = random_from(seed);
    s.folder = folder;
    s.counts = counts;
    for (size_t i = 0; i <= PENDING_MAX; i++)
        s.may[i] = &models[i];
    (void)snprintf(s.path, sizeof s.path, "%s/store", folder);
    (void)snprintf(s.file, sizeof s.file, "%s/data.mdb", s.path);
    record_init(&s.record);
    layer_begin(s.file);
    begin(&s);
    for (uint64_t n = 30 + below(&s, 120); n > 0; n--) {
        s.n_done++;
        note(&s, "nothing");
        step(&s);
    }
    s.n_done++;
    end(&s);
    layer_end();
    remove_store(s.path);
    record_clear(&s.record);
    counts->alarms += s.record.n_alarms;
    counts->acts += s.record.n_acts;
    counts->taken += s.record.n_taken;
    counts->refused += s.record.n_refused;
    counts->told += s.record.n_told;
    counts->asked += s.record.n_asked;
}
