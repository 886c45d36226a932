/*
 * test_damage.c - a damaged record loses what it says and nothing else. Rows of a damaged chunk are left out and the
 * stretch is named; what follows from rows is derived from them where its own record is damaged, and is what it was.
 */
#include "db/flip.h"

#include "db/damage.h"
#include "db/snapshot.h"
#include "state/hex.h"

#include <sys/stat.h>
#include <unistd.h>

#define N    15000 /* rows of each of two facilities, 10 s apart: three chunks */
#define STEP (10 * GK_SECOND)

static char path[4096];
static struct gk_error error;
static uint32_t kw;

static double value_at(int i)
{
    return i / 70 % 3 == 0 ? 0.5 : i / 70 % 3 == 1 ? 8 : 1.5;
}

static void put_rows(gk_db *db, int from, int to)
{
    for (int i = from; i < to; i++)
        for (uint32_t f = 0; f < 2; f++)
            ok(put_row(db, f, T0 + i * STEP, kw, value_at(i + 31 * (int)f)), &error);
    ok(gk_seal(db, &error), &error);
}

static int set_up(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    kw = put_channel(db, "kw");
    (void)put_facility(db, "f0", GK_PRODUCTION);
    (void)put_facility(db, "f1", GK_ABATEMENT);
    for (int k = 0; k < 3; k++)
        put_rows(db, k * (N / 3), (k + 1) * (N / 3));
    assert_int_equal(gk_close(db), GK_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static gk_db *db;
static gk_snapshot *s;

static void begin(void)
{
    db = world_open(path, GK_READONLY, NULL);
    s = look(db);
}

static void end(void)
{
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
}

/* The n-th chunk of facility 1, of three: its stretch. */
static struct gk_damage damage_chunk(int n)
{
    static const uint8_t id[4] = {0, 0, 0, 1};
    struct gk_damage what = {GK_DAMAGED_ROWS, 1, 0, 0};
    uint8_t key[CHUNK_KEY];
    struct cursor *cursor;

    begin();
    chunk_key(key, 1, GK_TIME_MIN, 0);
    ok(cursor_open(s->txn, STORE_CHUNK, &cursor, &error), &error);
    ok(cursor_seek(cursor, view_of(key, sizeof key), &error), &error);
    for (int i = 0; i < n; i++)
        ok(cursor_next(cursor, &error), &error);
    assert_true(chunk_key_is_of(cursor_key(cursor), 1));
    assert_true(chunk_stretch(&s->mem, s->txn, cursor, &what, &error) >= 0);
    cursor_close(cursor);
    end();
    (void)flip_record(path, "chunk", id, sizeof id, n, 30);
    return what;
}

/* What a snapshot says of facility 1, for comparing. */
struct said {
    size_t n_rows, n_steps, n_true;
    gk_time time[N];
    struct gk_step steps[2000], truth[2000];
    struct gk_summary sums[50];
    struct gk_profile profile;
};

static gk_time edges[51];

static void listen(struct said *out)
{
    struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    const struct gk_step *steps;
    struct gk_columns batch;
    gk_timeline *t;
    gk_scan *scan;
    size_t n;

    memset(out, 0, sizeof *out);
    begin();
    ok(gk_scan_open(s, 1, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
    while (gk_scan_next(scan, &batch, &error) == GK_OK)
        for (size_t i = 0; i < batch.n_rows; i++)
            out->time[out->n_rows++] = batch.time[i];
    gk_scan_close(scan);
    int64_t from = T0 / GK_SECOND - 100, to = (T0 + N * STEP) / GK_SECOND + 100;
    ok(gk_timeline_new(s, &t), &error);
    ok(gk_signal_timeline(s, 1, &signal, GK_GT, 1, from, to, t, &error), &error);
    steps = gk_timeline_steps(t, &out->n_true);
    assert_true(out->n_true < 2000);
    memcpy(out->truth, steps, out->n_true * sizeof *steps);
    gk_timeline_free(t);
    ok(gk_state_steps(s, 1, from, to, &steps, &n, &error), &error);
    assert_true(n < 2000);
    out->n_steps = n;
    memcpy(out->steps, steps, n * sizeof *steps);
    for (int i = 0; i <= 50; i++)
        edges[i] = T0 + i * HOUR_NS;
    ok(gk_signal_summaries(s, 1, &signal, edges, 42, out->sums, &error), &error);
    ok(gk_facility_profile(s, 1, &out->profile, &error), &error);
}

static struct said before, now;

static void same_steps(const struct gk_step *a, size_t n_a, const struct gk_step *b, size_t n_b)
{
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        assert_int_equal(a[i].tick, b[i].tick);
        assert_int_equal(a[i].value, b[i].value);
    }
}

static void same_states(void)
{
    same_steps(now.steps, now.n_steps, before.steps, before.n_steps);
}

static void same_sums(void)
{
    assert_memory_equal(now.sums, before.sums, sizeof now.sums);
}

static void same_rows(void)
{
    assert_int_equal(now.n_rows, N);
    same_steps(now.truth, now.n_true, before.truth, before.n_true);
}

/* The stretches that are named, beside the word that records are damaged, which comes with every answer. */
static const struct gk_damage *stretches(size_t *n)
{
    const struct gk_damage *list = gk_snapshot_damage(s, n);
    assert_true(*n > 0);
    assert_int_equal(list->kind, GK_DAMAGED_RECORDS);
    assert_int_equal(list->facility, GK_ID_NONE);
    --*n;
    return list + 1;
}

static void nothing_is_missing(void)
{
    size_t n;
    (void)stretches(&n);
    assert_int_equal(n, 0);
}

static uint32_t truth_at(const struct said *said, int64_t tick)
{
    uint32_t value = GK_UNKNOWN;
    for (size_t i = 0; i < said->n_true && said->truth[i].tick <= tick; i++)
        value = said->truth[i].value;
    return value;
}

/* Each of three chunks, the first, one in the middle, the last. */
static void a_damaged_chunk_loses_its_rows_alone(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        listen(&before);
        end();
        struct gk_damage lost = damage_chunk(k);
        listen(&now);
        size_t n;
        const struct gk_damage *list = stretches(&n);
        assert_int_equal(n, 1);
        assert_true(list->kind == GK_DAMAGED_ROWS && list->facility == 1 && list->from == lost.from &&
                    list->to == lost.to);
        end();
        size_t i = 0;
        for (size_t b = 0; b < before.n_rows; b++) {
            if (before.time[b] >= lost.from && before.time[b] < lost.to)
                continue;
            assert_true(i < now.n_rows && now.time[i] == before.time[b]);
            i++;
        }
        assert_int_equal(i, now.n_rows);
        assert_true(now.n_rows < N - 1000);
        same_states(); /* they are kept by themselves */
        for (int64_t tick = T0 / GK_SECOND - 90; tick < (T0 + N * STEP) / GK_SECOND + 90; tick += 5) {
            bool is_lost = tick >= lost.from / GK_SECOND && tick < lost.to / GK_SECOND;
            if (is_lost)
                assert_int_equal(truth_at(&now, tick), GK_UNKNOWN);
            else if (tick < lost.from / GK_SECOND || tick >= lost.to / GK_SECOND + 120) /* then a hold ended */
                assert_int_equal(truth_at(&now, tick), truth_at(&before, tick));
        }
        assert_int_equal(now.profile.n_rows, N);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* Frozen for hours, or not: nobody knows. */
static void a_signal_with_a_gap_is_not_said_to_be_frozen(void **state)
{
    struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    gk_timeline *t;
    size_t n;
    (void)state;

    (void)damage_chunk(1);
    begin();
    ok(gk_timeline_new(s, &t), &error);
    ok(gk_signal_frozen(s, 1, &signal, 600, T0 / GK_SECOND, T0 / GK_SECOND + 86400 * 2, T0 / GK_SECOND + 86400 * 2, t,
                        &error),
       &error);
    (void)gk_timeline_steps(t, &n);
    assert_int_equal(n, 1);
    assert_int_equal(gk_timeline_at(t, T0 / GK_SECOND + 100), GK_UNKNOWN);
    gk_timeline_free(t);
    end();
}

static void damaged_states_are_derived_from_the_rows(void **state)
{
    static const uint8_t id[4] = {0, 0, 0, 1};
    (void)state;
    listen(&before);
    end();
    (void)flip_record(path, "state", id, sizeof id, 0, 3);
    listen(&now);
    same_states();
    same_rows();
    nothing_is_missing();
    end();
}

/* States of facility 1 as they were known at a time. */
static void listen_then(struct said *out, gk_time at)
{
    const struct gk_step *steps;
    gk_snapshot *then;
    size_t n;

    memset(out, 0, sizeof *out);
    begin();
    ok(gk_snapshot_known(s, at, &then, &error), &error);
    ok(gk_state_steps(then, 1, T0 / GK_SECOND - 100, (T0 + N * STEP) / GK_SECOND, &steps, &n, &error), &error);
    assert_true(n > 100 && n < 2000);
    out->n_steps = n;
    memcpy(out->steps, steps, n * sizeof *steps);
    gk_snapshot_close(then);
}

static void damaged_states_are_derived_from_the_rows_that_were_known(void **state)
{
    static const uint8_t id[4] = {0, 0, 0, 1};
    gk_time at = world_now + 10 * 60 * GK_SECOND;
    gk_db *writer = world_open(path, GK_READWRITE, NULL);
    (void)state;
    world_now += HOUR_NS;
    put_rows(writer, N, N + 100); /* which were not known */
    assert_int_equal(gk_close(writer), GK_OK);
    listen_then(&before, at);
    end();
    (void)flip_record(path, "state", id, sizeof id, 0, 3);
    listen_then(&now, at);
    same_states();
    nothing_is_missing();
    end();
    world_now -= HOUR_NS;
}

static void damaged_hours_are_summed_up_from_the_rows(void **state)
{
    (void)state;
    listen(&before);
    end();
    for (int i = 0; i < 4; i++) /* days and open ends of both facilities */
        (void)flip_record(path, "hour", "", 0, i, 2);
    listen(&now);
    same_sums();
    nothing_is_missing();
    end();
}

static void a_damaged_profile_is_counted_again(void **state)
{
    static const uint8_t id[4] = {0, 0, 0, 1};
    (void)state;
    listen(&before);
    end();
    (void)flip_record(path, "profile", id, sizeof id, 0, 3);
    listen(&now);
    same_states();
    same_rows();
    same_sums();
    assert_memory_equal(&now.profile, &before.profile, sizeof now.profile);
    nothing_is_missing();
    end();
}

static void a_damaged_presence_record_keeps_everybody(void **state)
{
    uint8_t is_in[2] = {1, 1};
    int64_t from = T0 / GK_SECOND + 30, to = from + 60;
    (void)state;
    begin(); /* within the first minutes f0 is off and nothing else */
    ok(gk_state_prune(s, GK_STATE_BIT(GK_OVERLOAD), from, to, is_in, &error), &error);
    assert_int_equal(is_in[0] + is_in[1], 0);
    end();
    for (int i = 0; i < 4; i++)
        (void)flip_record(path, "presence", "", 0, i, 0);
    is_in[0] = is_in[1] = 1;
    begin();
    ok(gk_state_prune(s, GK_STATE_BIT(GK_OFF) | GK_STATE_BIT(GK_ON) | GK_STATE_BIT(GK_IDLE), from, to, is_in, &error),
       &error);
    assert_int_equal(is_in[0] + is_in[1], 2);
    end();
}

/* A record that nobody finds any more: nobody can say what is missing, but that something is. */
static void a_damaged_key_is_told_with_every_answer(void **state)
{
    static const char *const tables[] = {"state", "chunk"};
    static const uint8_t id[4] = {0, 0, 0, 1};
    size_t n;
    (void)state;
    begin();
    (void)gk_snapshot_damage(s, &n);
    assert_int_equal(n, 0);
    end();
    for (size_t i = 0; i < 2; i++) {
        flip_key(path, tables[i], id, sizeof id, 3);
        begin();
        assert_int_equal(gk_snapshot_damage(s, &n)->kind, GK_DAMAGED_RECORDS);
        assert_int_equal(n, 1);
        end();
        tear_down(NULL);
        set_up(NULL);
    }
}

static void a_digest_of_some_of_the_rows_is_refused(void **state)
{
    char digest[65];
    (void)state;
    (void)damage_chunk(1);
    db = world_open(path, GK_READONLY, NULL);
    assert_int_equal(gk_digest(db, digest, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "table chunk"));
    assert_int_equal(gk_close(db), GK_OK);
}

static void a_check_names_facility_and_time(void **state)
{
    struct findings found = {"", 0};
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX], words[300];
    uint64_t n;
    (void)state;
    struct gk_damage lost = damage_chunk(1);
    (void)gk_time_format(lost.from, 8 * 3600, from);
    (void)gk_time_format(lost.to, 8 * 3600, to);
    (void)snprintf(words, sizeof words, "chunk: facility 'f1': rows from %s to %s are damaged: ", from, to);
    db = world_open(path, GK_READONLY, NULL);
    for (int deep = 0; deep < 2; deep++) {
        ok(gk_check(db, deep, take_finding, &found, &n, &error), &error);
        assert_int_equal(n, 1); /* nothing that merely follows from it */
        assert_non_null(strstr(found.text, words));
    }
    assert_int_equal(gk_close(db), GK_OK);
}

static void a_dump_gets_past_it(void **state)
{
    struct findings found = {"", 0};
    (void)state;
    struct gk_damage lost = damage_chunk(0);
    (void)lost;
    db = world_open(path, GK_READONLY, NULL);
    ok(gk_dump(db, "chunk", take_finding, &found, &error), &error);
    assert_non_null(strstr(found.text, "\ndamaged: "));
    assert_int_equal(gk_close(db), GK_OK);
}

/* A record that was moved aside: its bytes as the page has them, and what is said of its stretch. */
static void the_page_shows_what_is_moved_aside(void **state)
{
    struct findings found = {"", 0};
    struct buffer example;
    struct store_options options = {.is_writer = true, .map_size = 1 << 28};
    struct store *store;
    struct txn *txn;
    struct view value;
    bool is_new;
    uint8_t key[CHUNK_KEY], name[9 + CHUNK_KEY] = {STORE_CHUNK};
    struct gk_damage lost = {GK_DAMAGED_ROWS, 1, T0, T0 + 600 * GK_SECOND};
    size_t n;
    (void)state;

    buffer_init(&example, &MEM_SYSTEM);
    char *dump = read_example("docs/format/damaged.md", &example);
    chunk_key(key, 1, T0, 0);
    key_i64(name + 1, world_now);
    memcpy(name + 9, key, sizeof key);
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
    ok(damage_put_aside(&MEM_SYSTEM, txn, STORE_CHUNK, view_of(key, sizeof key), view_of("\xc0\xc1", 2), &lost,
                        world_now, &error),
       &error);
    assert_int_equal(txn_get(txn, STORE_CHUNK, view_of(key, sizeof key), &value, &error), GK_ENOTFOUND);
    ok(txn_get(txn, STORE_DAMAGED, view_of(name, sizeof name), &value, &error), &error);
    assert_int_equal(value.size, example.size);
    assert_memory_equal(value.bytes, example.bytes, example.size);
    ok(txn_commit(txn, &error), &error);
    store_close(store);
    begin();
    ok(gk_dump(db, "damaged", take_finding, &found, &error), &error);
    if (!strstr(found.text, dump))
        fail_msg("%s", found.text);
    const struct gk_damage *list = gk_snapshot_damage(s, &n); /* without having read anything */
    assert_int_equal(n, 1);
    assert_true(list->facility == 1 && list->from == lost.from && list->to == lost.to);
    end();
    free(dump);
    buffer_clear(&example);
}

/* In the middle of a page: what is missing of it reads as zeros, and there is no signal. */
static void a_file_that_is_cut_under_a_snapshot_is_told(void **state)
{
    char file[4200];
    struct stat st;
    size_t n;
    (void)state;

    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    begin();
    (void)gk_snapshot_damage(s, &n);
    assert_int_equal(n, 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(truncate(file, st.st_size - 100), 0);
    for (int i = 0; i < 2; i++) {
        const struct gk_damage *list = gk_snapshot_damage(s, &n);
        assert_int_equal(n, 1);
        assert_int_equal(list->kind, GK_DAMAGED_RECORDS);
    }
    end();
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_STORE(a_file_that_is_cut_under_a_snapshot_is_told),
    IN_STORE(a_damaged_chunk_loses_its_rows_alone),
    IN_STORE(a_signal_with_a_gap_is_not_said_to_be_frozen),
    IN_STORE(damaged_states_are_derived_from_the_rows),
    IN_STORE(damaged_states_are_derived_from_the_rows_that_were_known),
    IN_STORE(damaged_hours_are_summed_up_from_the_rows),
    IN_STORE(a_damaged_profile_is_counted_again),
    IN_STORE(a_damaged_presence_record_keeps_everybody),
    IN_STORE(a_damaged_key_is_told_with_every_answer),
    IN_STORE(a_digest_of_some_of_the_rows_is_refused),
    IN_STORE(a_check_names_facility_and_time),
    IN_STORE(a_dump_gets_past_it),
    IN_STORE(the_page_shows_what_is_moved_aside),
};

RUN_TESTS(tests)
