/*
 * test_salvage.c - a new store of what can be read of a damaged one: of a sound one it is the same, and whichever page
 * is damaged, it says nothing that was not there, and tells that something is missing.
 */
#include "db/cases.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/flip.h"

#define FACILITIES 120
#define STEPS      600
#define ACTS       60
#define PAGE       4096

static struct gk_error error;
static char path[4096], dest[4200], data[4200];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(dest, sizeof dest, "%s/new.gk", path);
    (void)snprintf(data, sizeof data, "%s/data.mdb", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

/* Rows of which every value tells its facility and time. */
static double value_at(uint32_t facility, int64_t step)
{
    return (double)((step * 7 + facility * 13) % 100) / 10;
}

static void put_rows(gk_db *db, int64_t from, int64_t to)
{
    for (int64_t step = from; step < to; step++)
        for (uint32_t f = 0; f < FACILITIES; f++)
            assert_int_equal(put_row(db, f, T0 + step * 30 * GK_SECOND, 0, value_at(f, step)), GK_OK);
}

/* Sealed rows, rows in the journal, a catalog of several kinds, acts. */
static void make(char digest[65])
{
    struct gk_band_put band = band_of(GK_LINE, "L1", 15, 25, GK_TIME_MIN);
    char name[16];

    gk_db *db = world_open(path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, NULL);
    (void)put_channel(db, "kw");
    for (uint32_t f = 0; f < FACILITIES; f++) {
        struct gk_text key = text_of("what it is for"), value = text_of("it is there to make the catalog long enough");
        (void)snprintf(name, sizeof name, "f%u", f);
        struct gk_facility_put put = facility_of(name, "E1", "L1", f % 2 ? GK_ABATEMENT : GK_PRODUCTION);
        put.n_tags = 1;
        put.tag_keys = &key;
        put.tag_values = &value;
        ok(gk_facility_put(db, &put, NULL, &error), &error);
    }
    ok(gk_band_put(db, &band, &error), &error);
    put_rows(db, 0, STEPS);
    ok(gk_seal(db, &error), &error);
    put_rows(db, STEPS, STEPS + 40);
    (void)raise_alarm(db, "R1", "f1");
    (void)act_on(db, GK_ACT_ACKNOWLEDGED, 1);
    for (int i = 2; i < ACTS; i++)
        (void)act_on(db, GK_ACT_NOTED, 1);
    ok(gk_commit(db, &error), &error);
    digest_is(db, digest);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
}

static int salvage(struct findings *told, uint64_t *n_missing)
{
    struct gk_options o = world_options();

    *told = (struct findings){"", 0};
    return gk_salvage(path, dest, &o, take_finding, told, n_missing, &error);
}

static void remove_dest(void)
{
    char command[4400];
    (void)snprintf(command, sizeof command, "rm -rf %s", dest);
    assert_int_equal(system(command), 0);
}

static void a_sound_store_is_the_same_afterwards(void **state)
{
    char digest[65], other[65];
    struct findings told;
    uint64_t n_missing;
    (void)state;

    make(digest);
    ok(salvage(&told, &n_missing), &error);
    if (n_missing)
        fail_msg("%s", told.text);
    gk_db *db = world_open(dest, GK_READONLY, NULL);
    ok(gk_digest(db, other, &error), &error);
    assert_string_equal(digest, other);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    assert_int_equal(salvage(&told, &n_missing), GK_EEXIST); /* it replaces nothing */
}

/* Rows of the new store are those of the old one; how many. "lost facility N" is the N-th. */
static uint64_t count_rows(gk_snapshot *s)
{
    const uint32_t kw = 0;
    uint64_t n = 0;

    for (uint32_t id = 0; id < gk_snapshot_info(s)->n_facilities; id++) {
        struct gk_columns columns;
        gk_scan *scan;
        ok(gk_scan_open(s, id, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
        while (gk_scan_next(scan, &columns, &error) == GK_OK)
            for (size_t i = 0; i < columns.n_rows; i++, n++)
                assert_true(columns.value[0][i] == value_at(id, (columns.time[i] - T0) / (30 * GK_SECOND)));
        gk_scan_close(scan);
    }
    return n;
}

static bool says_that_more_may_be_missing(gk_snapshot *s)
{
    size_t n;
    const struct gk_damage *damages = gk_snapshot_damage(s, &n);
    for (size_t i = 0; i < n; i++)
        if (damages[i].kind == GK_DAMAGED_RECORDS)
            return true;
    return false;
}

static uint64_t count_acts(gk_snapshot *s)
{
    struct gk_act act;
    uint64_t n = 0;

    for (uint64_t seq = 1; seq <= ACTS; seq++)
        n += gk_act_get(s, seq, &act, &error) == GK_OK;
    return n;
}

static bool is_catalog_whole(gk_snapshot *s)
{
    char name[16];

    for (uint32_t f = 0; f < FACILITIES; f++) {
        int n = snprintf(name, sizeof name, "f%u", f);
        if (gk_facility_find(s, name, (size_t)n) != f)
            return false;
    }
    return true;
}

/* What was salvaged of a store with one page that is nothing but zeros. */
static void look_at(uint64_t page, uint64_t n_missing, const char *told, bool *is_whole)
{
    struct findings found = {"", 0};
    uint64_t n;

    gk_db *db = world_open(dest, GK_READWRITE | GK_KEEP_HEADS, NULL);
    ok(gk_check(db, true, take_finding, &found, &n, &error), &error);
    if (n > 0 && !strstr(found.text, "act ")) /* of acts that are gone nothing can be made */
        fail_msg("page %d: %s\n%s", (int)page, found.text, told);
    gk_snapshot *s = look(db);
    uint64_t n_rows = count_rows(s), n_acts = count_acts(s);
    *is_whole = n_rows == (uint64_t)FACILITIES * (STEPS + 40) && n_acts == ACTS && gk_snapshot_info(s)->n_bands == 1 &&
                is_catalog_whole(s);
    if (!*is_whole && (n_missing == 0 || !says_that_more_may_be_missing(s)))
        fail_msg("page %d: %d rows, %d acts, and nobody says what is missing\n%s", (int)page, (int)n_rows, (int)n_acts,
                 told);
    gk_snapshot_close(s);
    assert_int_equal(put_row(db, 0, T0 + 5000 * 30 * GK_SECOND, 0, 1), GK_OK); /* it is a store like any other */
    ok(gk_seal(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
}

static void whichever_page_is_damaged_the_rest_is_saved(void **state)
{
    uint8_t good[PAGE], zeros[PAGE] = {0};
    unsigned n_refused = 0, n_partly = 0, n_whole = 0;
    struct findings told;
    char digest[65];
    uint64_t n_missing;
    struct stat st;
    (void)state;

    make(digest);
    int fd = open(data, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    for (off_t at = 2 * PAGE; at < st.st_size; at += PAGE) {
        bool is_whole;
        assert_int_equal(pread(fd, good, PAGE, at), PAGE);
        assert_int_equal(pwrite(fd, zeros, PAGE, at), PAGE);
        int rc = salvage(&told, &n_missing);
        assert_int_equal(pwrite(fd, good, PAGE, at), PAGE);
        if (rc == GK_ECORRUPT) { /* what the store is */
            n_refused++;
        } else {
            ok(rc, &error);
            look_at((uint64_t)at / PAGE, n_missing, told.text, &is_whole);
            n_whole += is_whole;
            n_partly += !is_whole;
        }
        remove_dest();
    }
    (void)close(fd);
    print_message("%u pages refused, %u cost something, %u nothing\n", n_refused, n_partly, n_whole);
    assert_in_range(n_refused, 1, 3); /* the list of tables, the root of the free pages, the facts */
    assert_true(n_partly > 5);
}

static void a_damaged_chunk_costs_its_rows_and_is_named(void **state)
{
    struct findings told;
    char digest[65];
    uint64_t n_missing;
    size_t n;
    (void)state;

    make(digest);
    gk_db *db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    assert_int_equal(gk_close(db), GK_OK);
    (void)flip_record(path, "chunk", NULL, 0, 1, 100);
    ok(salvage(&told, &n_missing), &error);
    assert_int_equal(n_missing, 1);
    assert_non_null(strstr(told.text, "missing: rows of facility 'f"));
    db = world_open(dest, GK_READONLY, NULL);
    gk_snapshot *s = look(db);
    const struct gk_damage *damages = gk_snapshot_damage(s, &n);
    bool is_named = false;
    for (size_t i = 0; i < n; i++)
        is_named |= damages[i].kind == GK_DAMAGED_ROWS;
    assert_true(is_named);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
}

/* The record of facility 3 under another number: the checksum, which covers it, does not fit. */
static void damage_number(uint32_t number)
{
    static struct flip f;
    uint8_t key[5] = {3, 0, 0, 0, 3};
    MDB_val old = {sizeof key, key};

    flip_find(&f, path, "catalog", key, sizeof key, 0);
    assert_int_equal(mdb_del(f.txn, f.dbi, &old, NULL), 0);
    for (int i = 0; i < 4; i++)
        f.key[1 + i] = (uint8_t)(number >> (24 - 8 * i));
    flip_put(&f);
}

static void a_number_that_cannot_be_is_not_believed(void **state)
{
    static const uint32_t numbers[] = {0x00FFFFFE, 0x7F000003, 0xFFFFFFFF, 200};
    (void)state;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct findings told;
        char digest[65];
        uint64_t n_missing;
        bool is_whole;
        make(digest);
        damage_number(numbers[i]);
        ok(salvage(&told, &n_missing), &error);
        assert_non_null(strstr(told.text, "missing: an entry of the catalog: it is 'lost facility 3' now"));
        gk_db *db = world_open(dest, GK_READONLY, NULL);
        gk_snapshot *s = look(db);
        assert_int_equal(gk_snapshot_info(s)->n_facilities, FACILITIES); /* and no millions of them */
        gk_snapshot_close(s);
        assert_int_equal(gk_close(db), GK_OK);
        look_at(0, n_missing, told.text, &is_whole);
        assert_false(is_whole);
        remove_dest();
        test_folder_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void who_writes_is_not_salvaged_under(void **state)
{
    struct findings told;
    char digest[65];
    uint64_t n_missing;
    int status;
    (void)state;

    make(digest);
    gk_db *db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(salvage(&told, &n_missing) == GK_EBUSY ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(gk_close(db), GK_OK);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_sound_store_is_the_same_afterwards),
    IN_FOLDER(whichever_page_is_damaged_the_rest_is_saved),
    IN_FOLDER(a_damaged_chunk_costs_its_rows_and_is_named),
    IN_FOLDER(a_number_that_cannot_be_is_not_believed),
    IN_FOLDER(who_writes_is_not_salvaged_under),
};

RUN_TESTS(tests)
