/*
 * test_concurrency.c - one process writes, eight read, and any of them is killed again and again at any moment. Whoever
 * looks sees whole batches, each once, without a gap, all that was acknowledged and all that anybody saw before.
 *
 *     GK_ROUNDS=60      so many kills
 *     GK_MINUTES=30     instead, as many as fit into so many minutes (make concurrency)
 *
 * Every batch has a row of each facility with the batch's number as its value, every third one is late. The source's
 * sequence says how many batches a snapshot has, so what it must show is known exactly: within the last stretch of
 * time, as older rows are dropped on the way.
 */
#include "db/world.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gk_query.h"

#define FACILITIES 5
#define READERS    8
#define WRITER     READERS
#define STEP       (10 * GK_SECOND)
#define WINDOW     400  /* batches that a look compares */
#define KEPT       1500 /* batches that are not dropped yet */

struct shared {
    _Atomic uint64_t acknowledged, seen; /* batches: by the writer, by any reader */
    _Atomic uint64_t n_looks, n_questions, n_retentions;
    _Atomic bool is_over;
    char words[READERS + 1][256];
};

static struct shared *shared;
static char path[4096];

static int complain(int who, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int complain(int who, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(shared->words[who], sizeof shared->words[who], format, list); /* a cut text is fine */
    va_end(list);
    return 1;
}

static gk_time time_of_batch(uint64_t b)
{
    return T0 + (gk_time)b * STEP - (b % 3 == 2 ? 25 * GK_SECOND : 0);
}

static gk_time far_clock(void *context)
{
    (void)context;
    return T0 + 4000 * DAY;
}

static struct gk_options options_of_all(void)
{
    struct gk_options o = world_options();
    o.map_size = UINT64_C(1) << 30;
    o.clock = far_clock;
    o.head_budget = 1 << 20;
    return o;
}

/* How many batches a snapshot has. */
static int take_sequence(void *context, const char *name, uint64_t sequence)
{
    (void)name; /* there is one */
    *(uint64_t *)context = sequence;
    return GK_OK;
}

/* ---- the writer
 * ------------------------------------------------------------------------------------------------------------ */

static int write_batch(gk_db *db, uint64_t b, struct gk_error *error)
{
    gk_time time[FACILITIES];
    uint32_t facility[FACILITIES];
    const uint32_t channel = 0;
    double value[FACILITIES];
    const double *values = value;
    struct gk_batch batch = {.n_rows = FACILITIES,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values,
                             .source = "meters",
                             .sequence = b + 1};

    for (uint32_t i = 0; i < FACILITIES; i++) {
        facility[i] = i;
        time[i] = time_of_batch(b);
        value[i] = (double)b;
    }
    return gk_ingest(db, &batch, NULL, error);
}

/* What comes with some batches. */
static int do_more(gk_db *db, struct random *random, uint64_t b, struct gk_error *error)
{
    int rc = GK_OK;

    if (random_below(random, 40) == 0)
        TRY(gk_seal(db, error));
    if (random_below(random, 60) == 0) {
        struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20 + (int64_t)random_below(random, 50), GK_TIME_MIN);
        TRY(gk_band_put(db, &band, error));
    }
    if (b > KEPT && random_below(random, 300) == 0) {
        TRY(gk_retain(db, time_of_batch(b - KEPT), NULL, NULL, error));
        atomic_fetch_add(&shared->n_retentions, 1);
    }
done:
    return rc;
}

static int writer_main(uint64_t seed)
{
    struct random random = random_from(seed);
    struct gk_options o = options_of_all();
    struct gk_error error = {0};
    gk_snapshot *snapshot;
    uint64_t b = 0;
    gk_db *db;
    int rc;

    if (gk_open(path, GK_READWRITE | GK_KEEP_HEADS, &o, &db, &error) != GK_OK)
        return complain(WRITER, "opening: %s", error.text);
    if (gk_snapshot_open(db, &snapshot, &error) != GK_OK || gk_sources(snapshot, take_sequence, &b, &error) != GK_OK)
        return complain(WRITER, "where to go on: %s", error.text);
    gk_snapshot_close(snapshot);
    if (b < atomic_load(&shared->acknowledged) || b < atomic_load(&shared->seen))
        return complain(WRITER, "%llu batches are there, %llu were acknowledged, %llu seen", (unsigned long long)b,
                        (unsigned long long)atomic_load(&shared->acknowledged),
                        (unsigned long long)atomic_load(&shared->seen));
    do {
        TRY(write_batch(db, b++, &error));
        TRY(do_more(db, &random, b, &error));
        if (random_below(&random, 3))
            continue; /* several to a commit */
        TRY(gk_commit(db, &error));
        atomic_store(&shared->acknowledged, b);
    } while (!atomic_load(&shared->is_over));
    rc = gk_close(db);
done:
    return rc == GK_OK ? 0 : complain(WRITER, "batch %llu: %s", (unsigned long long)b, error.text);
}

/* ---- a reader
 * -------------------------------------------------------------------------------------------------------------- */

/* Exactly the batches [first, n) that are of `from` or later: each once, with its time. */
static bool has_batches(gk_snapshot *snapshot, uint32_t facility, gk_time from, uint64_t first, uint64_t n)
{
    uint8_t seen[2 * WINDOW] = {0};
    const uint32_t channel = 0;
    struct gk_columns rows;
    gk_scan *scan;
    uint64_t n_rows = 0, n_expected = 0;
    bool is_good = true;
    int rc;

    for (uint64_t b = first; b < n; b++)
        n_expected += time_of_batch(b) >= from;
    if (gk_scan_open(snapshot, facility, &channel, 1, from, GK_TIME_MAX, &scan, NULL) != GK_OK)
        return false;
    while ((rc = gk_scan_next(scan, &rows, NULL)) == GK_OK)
        for (size_t i = 0; i < rows.n_rows && is_good; i++, n_rows++) {
            uint64_t b = (uint64_t)rows.value[0][i];
            is_good = b >= first && b < n && rows.time[i] == time_of_batch(b) && seen[b - first]++ == 0;
        }
    gk_scan_close(scan);
    return is_good && rc == GK_DONE && n_rows == n_expected;
}

static int check_states(int who, gk_snapshot *snapshot, uint32_t facility, int64_t from, int64_t to)
{
    const struct gk_step *steps;
    struct gk_error error;
    size_t n;

    if (gk_state_steps(snapshot, facility, from, to, &steps, &n, &error) != GK_OK)
        return complain(who, "states: %s", error.text);
    for (size_t i = 0; i < n; i++) /* there is a row each ten seconds, at most 35 without one, and they hold 60 */
        if (steps[i].value == GK_NODATA)
            return complain(who, "facility %u is silent at %lld within its rows", facility, (long long)steps[i].tick);
    return 0;
}

/* A question of which the answer is known: so many rows, so much in sum. */
static int ask(int who, gk_snapshot *snapshot, uint64_t first, uint64_t n)
{
    static const char text[] = "count of power of facility 'f0' between $from and $to";
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];
    struct gk_query_error error = {.report = ""};
    gk_session *session;
    gk_query *query = NULL;
    uint64_t n_expected = 0;
    int64_t count = 0;
    gk_time begin = time_of_batch(first) / STEP * STEP + 6 * STEP, end = time_of_batch(n - 10) / STEP * STEP;

    for (uint64_t b = first; b < n; b++)
        n_expected += time_of_batch(b) >= begin && time_of_batch(b) < end;
    size_t from_size = gk_time_format(begin, 0, from), to_size = gk_time_format(end, 0, to);
    /* However slow the machine is. */
    const struct gk_session_options untimed = {.size = sizeof untimed, .max_run_ns = -1};
    int rc = gk_session_new(&untimed, &session);
    if (rc == GK_OK)
        rc = gk_session_set(session, "from", from, from_size);
    if (rc == GK_OK)
        rc = gk_session_set(session, "to", to, to_size);
    if (rc == GK_OK)
        rc = gk_query_prepare(session, snapshot, text, sizeof text - 1, NULL, &query, &error);
    if (rc == GK_OK)
        rc = gk_query_start(query, snapshot, end + DAY, &error);
    if (rc == GK_OK)
        rc = gk_query_next(query, &error);
    for (size_t i = 0; rc == GK_OK && i < gk_query_n_columns(query); i++)
        if (strcmp(gk_query_column(query, i)->name, "count") == 0)
            count = gk_query_value(query, i)->as.count;
    gk_query_free(query);
    gk_session_free(session);
    atomic_fetch_add(&shared->n_questions, 1);
    if (rc != GK_OK || (uint64_t)count != n_expected)
        return complain(who, "a question: %lld rows and not %llu; %s", (long long)count, (unsigned long long)n_expected,
                        error.report);
    return 0;
}

static int look_once(int who, gk_db *db, struct random *random, uint64_t *last)
{
    uint64_t before = atomic_load(&shared->seen), acknowledged = atomic_load(&shared->acknowledged), n = 0;
    struct gk_error error;
    gk_snapshot *snapshot;
    int bad = 0;

    if (gk_snapshot_open(db, &snapshot, &error) != GK_OK || gk_sources(snapshot, take_sequence, &n, &error) != GK_OK)
        return complain(who, "a snapshot: %s", error.text);
    before = before > acknowledged ? before : acknowledged;
    if (n < before || n < *last)
        bad = complain(who, "%llu batches are there; %llu were acknowledged or seen, %llu by me", (unsigned long long)n,
                       (unsigned long long)before, (unsigned long long)*last);
    *last = n;
    for (uint64_t seen = before; seen < n && !atomic_compare_exchange_weak(&shared->seen, &seen, n);)
        ; /* somebody else saw more, or less */
    uint64_t first = n > WINDOW ? n - WINDOW : 0;
    gk_time from = time_of_batch(first) + 3 * STEP; /* late ones of before the window are before that */
    for (uint32_t f = 0; f < FACILITIES && !bad; f++)
        if (!has_batches(snapshot, f, from, first, n))
            bad = complain(who, "facility %u has not the batches up to %llu, each once", f, (unsigned long long)n);
    gk_time newest = 0;
    for (uint64_t b = first; b < n; b++)
        newest = time_of_batch(b) > newest ? time_of_batch(b) : newest;
    if (!bad && n > 0 && gk_snapshot_info(snapshot)->watermark != newest)
        bad = complain(who, "the watermark is not that of %llu batches", (unsigned long long)n);
    if (!bad && n > 50)
        bad = check_states(who, snapshot, (uint32_t)random_below(random, FACILITIES), from / GK_SECOND + 60,
                           newest / GK_SECOND);
    if (!bad && n > 50 && random_below(random, 10) == 0)
        bad = ask(who, snapshot, first, n);
    gk_snapshot_close(snapshot);
    atomic_fetch_add(&shared->n_looks, 1);
    return bad;
}

static int reader_main(int who, uint64_t seed)
{
    struct random random = random_from(seed);
    struct gk_options o = options_of_all();
    struct gk_error error = {0};
    uint64_t last = 0;
    gk_db *db = NULL;
    int bad = 0;

    while (!bad && !atomic_load(&shared->is_over)) {
        if (!db && gk_open(path, GK_READONLY, &o, &db, &error) != GK_OK)
            return complain(who, "opening: %s", error.text);
        bad = look_once(who, db, &random, &last);
        if (random_below(&random, 30) == 0) {
            (void)gk_close(db); /* a reader has nothing to lose */
            db = NULL;
        }
    }
    (void)gk_close(db);
    return bad;
}

/* ---- the parent
 * ------------------------------------------------------------------------------------------------------------- */

static pid_t start(int who, uint64_t seed)
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(who == WRITER ? writer_main(seed) : reader_main(who, seed));
    return child;
}

static double minutes(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (double)t.tv_sec / 60 + (double)t.tv_nsec / 6e10;
}

/* Lets them work until so many looks and batches more are done; false when one of them has ended by itself. */
static bool let_work(uint64_t n)
{
    uint64_t until = atomic_load(&shared->n_looks) + atomic_load(&shared->acknowledged) + n;

    while (atomic_load(&shared->n_looks) + atomic_load(&shared->acknowledged) < until) {
        for (int i = 0; i <= READERS; i++)
            if (shared->words[i][0])
                return false;
        (void)usleep(200); /* only to leave them the processors */
    }
    return true;
}

static void whoever_is_killed_nobody_sees_half_a_batch(void **state)
{
    struct random random = random_from(test_seed("concurrency"));
    const char *text = getenv("GK_MINUTES");
    double end = text ? minutes() + strtod(text, NULL) : 0;
    uint64_t n_kills = 0, n_max = text ? UINT64_MAX : test_rounds(60), n_writers = 0;
    pid_t pids[READERS + 1];
    int status, bad = 0;
    (void)state;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    gk_db *db = world_new(path, NULL);
    (void)put_channel(db, "kw");
    for (int i = 0; i < FACILITIES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    assert_int_equal(gk_close(db), GK_OK);
    for (int i = READERS; i >= 0; i--)
        pids[i] = start(i, random_u64(&random));
    while (n_kills < n_max && (!text || minutes() < end) && let_work(random_below(&random, 60))) {
        int who = (int)random_below(&random, READERS + 1);
        if (kill(pids[who], SIGKILL) != 0 || waitpid(pids[who], &status, 0) != pids[who])
            break;
        if (!WIFSIGNALED(status)) { /* it had ended before */
            pids[who] = 0;
            break;
        }
        n_kills++;
        n_writers += who == WRITER;
        pids[who] = start(who, random_u64(&random));
    }
    (void)let_work(100);
    atomic_store(&shared->is_over, true);
    for (int i = 0; i <= READERS; i++)
        bad |= pids[i] == 0 || waitpid(pids[i], &status, 0) != pids[i] || status != 0;
    for (int i = 0; i <= READERS; i++)
        if (shared->words[i][0])
            print_error("%s %d: %s\n", i == WRITER ? "writer" : "reader", i, shared->words[i]);
    print_message(
        "%llu kills, %llu of them of the writer; %llu batches, %llu looks, %llu questions, %llu retentions\n",
        (unsigned long long)n_kills, (unsigned long long)n_writers,
        (unsigned long long)atomic_load(&shared->acknowledged), (unsigned long long)atomic_load(&shared->n_looks),
        (unsigned long long)atomic_load(&shared->n_questions), (unsigned long long)atomic_load(&shared->n_retentions));
    assert_int_equal(bad, 0);
    assert_true(text || n_kills == n_max);
    db = world_open(path, GK_READWRITE, NULL);
    check_is_clean(db);
    world_end(db, path);
    assert_int_equal(munmap(shared, sizeof *shared), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whoever_is_killed_nobody_sees_half_a_batch),
};

RUN_TESTS(tests)
