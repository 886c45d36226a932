/*
 * test_dump.c - what is stored as text: golden files of every table, the examples of the format pages, and what cannot
 * be dumped. GK_GOLDEN=write in the environment writes the golden files anew.
 */
#include "db/cases.h"

#include <math.h>

#include "db/db.h"
#include "db/index.h"
#include "state/hex.h"

static struct gk_error error;
static char path[4096];

struct text {
    char bytes[1 << 16];
    size_t size;
};

static int take(void *context, const char *bytes, size_t size)
{
    struct text *t = context;
    assert_true(t->size + size < sizeof t->bytes);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    t->bytes[t->size] = 0;
    return GK_OK;
}

/* A small zone with something in every table: sealed rows, a journal, quarantined rows, a former version. */
static gk_db *make_zone(void)
{
    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw");
    uint32_t press = put_facility(db, "press", GK_PRODUCTION),
             fan = put_facility(db, "\xE9\xA3\x8E\xE6\x9C\xBA 1", GK_ABATEMENT);
    struct gk_band_put band = band_of(GK_ROLE, "abatement", 5, 25, T0);
    band.overload_from = (struct gk_limit){GK_LIMIT_ABSOLUTE, {115, 1}};
    band.dwell_on_ns = 90 * GK_SECOND;
    ok(gk_band_put(db, &band, &error), &error);
    struct gk_link_put l = {sizeof l, text_of("\xE9\xA3\x8E\xE6\x9C\xBA 1"), text_of("press"), true, T0, GK_TIME_MAX};
    ok(gk_link_put(db, &l, &error), &error);
    struct gk_order_put o = {sizeof o, GK_ENTERPRISE, text_of("E1"), text_of("orange"), text_of("cut"), 0.3, T0,
                             T0 + DAY, 28800,         64800};
    ok(gk_order_put(db, &o, &error), &error);
    struct gk_exemption_put e = {sizeof e,       GK_FACILITY, text_of("press"), text_of("maintenance"),
                                 text_of("oil"), T0,          T0 + DAY};
    ok(gk_exemption_put(db, &e, &error), &error);
    struct gk_rule_put r = {sizeof r, text_of("R1"), text_of("rule 'R1' alarm when facility off"), T0};
    ok(gk_rule_put(db, &r, NULL, &error), &error);
    struct gk_mapping_put m = {sizeof m,
                               text_of("M1"),
                               text_of("100000"),
                               text_of("Ia"),
                               GK_PERIOD_REAL,
                               text_of("press"),
                               text_of("ia"),
                               text_of("A"),
                               80,
                               0,
                               1000};
    ok(gk_mapping_put(db, &m, &error), &error);
    for (int i = 0; i < 50; i++) {
        ok(put_row(db, press, T0 + i * 60 * GK_SECOND, kw, i < 30 ? 8.25 : 0.5), &error);
        ok(put_row(db, fan, T0 + i * 60 * GK_SECOND, kw, i % 25 < 10 ? 0 : 6), &error);
    }
    ok(gk_seal(db, &error), &error);
    struct gk_facility_put f = facility_of("press", NULL, NULL, GK_PRODUCTION);
    f.rated_kw = 12;
    ok(gk_facility_put(db, &f, NULL, &error), &error);
    gk_time time[2] = {T0 + 3000 * GK_SECOND, world_now + DAY};
    const uint32_t facility[2] = {press, press};
    const double value[2] = {9, 1}, *values = value;
    struct gk_batch b = {.n_rows = 2,
                         .time = time,
                         .facility = facility,
                         .n_channels = 1,
                         .channel = &kw,
                         .value = &values,
                         .source = "gateway 7",
                         .sequence = 1790};
    ok(gk_ingest(db, &b, NULL, &error), &error);
    uint64_t alarm = raise_alarm(db, "R1", "\xE9\xA3\x8E\xE6\x9C\xBA 1");
    (void)act_on(db, GK_ACT_TOLD, alarm);
    (void)act_on(db, GK_ACT_RECOVERED, alarm);
    (void)act_on(db, GK_ACT_CLOSED, alarm);
    struct gk_act_put line = raised_of("R2", "L1");
    line.subject_kind = GK_LINE;
    line.about = alarm;
    (void)put_act(db, &line);
    ok(gk_commit(db, &error), &error);
    return db;
}

static void compare_with_golden(const char *name, const char *text)
{
    char file[300];
    (void)snprintf(file, sizeof file, "tests/golden/%s", name);
    const char *write = getenv("GK_GOLDEN"), *root = getenv("GK_SOURCE");
    if (write && strcmp(write, "write") == 0) {
        char full[4500];
        (void)snprintf(full, sizeof full, "%s/%s", root ? root : ".", file);
        FILE *out = fopen(full, "w");
        assert_non_null(out);
        assert_true(fputs(text, out) >= 0);
        assert_int_equal(fclose(out), 0);
    }
    char *want = read_source(file);
    if (strcmp(want, text) != 0)
        fail_msg("%s:\n%s", name, text);
    free(want);
}

/* The UUID is the only thing in a dump that differs from store to store. */
static void mask_uuid(char *text)
{
    char *p = strstr(text, "uuid=");
    for (int i = 0; p && i < 36; i++)
        if (p[5 + i] != '-')
            p[5 + i] = 'x';
}

static void every_table_is_shown_as_the_golden_file_has_it(void **state)
{
    static struct text all, one, joined;
    (void)state;

    gk_db *db = make_zone();
    memset(&all, 0, sizeof all);
    memset(&joined, 0, sizeof joined);
    ok(gk_dump(db, "all", take, &all, &error), &error);
    for (unsigned t = 0; gk_table_name(t); t++) { /* all is all of them */
        memset(&one, 0, sizeof one);
        ok(gk_dump(db, gk_table_name(t), take, &one, &error), &error);
        char head[32];
        (void)snprintf(head, sizeof head, "# %s\n", gk_table_name(t));
        assert_memory_equal(one.bytes, head, strlen(head));
        (void)take(&joined, one.bytes, one.size);
    }
    assert_string_equal(all.bytes, joined.bytes);
    mask_uuid(all.bytes);
    compare_with_golden("store.dump", all.bytes);
    memset(&one, 0, sizeof one);
    ok(gk_dump(db, "facility \xE9\xA3\x8E\xE6\x9C\xBA 1", take, &one, &error), &error);
    compare_with_golden("facility.dump", one.bytes);
    world_end(db, path);
}

static int stop(void *context, const char *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return ++*(int *)context == 3 ? GK_EINTERRUPTED : GK_OK;
}

static void what_cannot_be_dumped_is_named(void **state)
{
    static struct text text;
    int n = 0;
    (void)state;

    gk_db *db = make_zone();
    assert_int_equal(gk_dump(db, "chunks", take, &text, &error), GK_EINVAL);
    assert_non_null(strstr(error.text, "there is no 'chunks' to dump; there are: all, facility NAME, meta"));
    assert_int_equal(gk_dump(db, "facility nobody", take, &text, &error), GK_ENOTFOUND);
    assert_non_null(strstr(error.text, "there is no facility 'nobody'"));
    assert_int_equal(text.size, 0);
    assert_int_equal(gk_dump(db, "all", stop, &n, &error), GK_EINTERRUPTED); /* the sink's word counts */
    assert_int_equal(n, 3);
    world_end(db, path);
}

/* ---- the examples of the pages
 * -------------------------------------------------------------------------------------------------- */

static void the_meta_page_shows_what_is_stored(void **state)
{
    struct buffer bytes, text;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    char *dump = read_example("docs/format/meta.md", &bytes);
    assert_int_equal(bytes.size, 54 + 133);
    assert_int_equal(meta_dump(view_of("store", 5), view_of(bytes.bytes, 54), &text), GK_OK);
    assert_int_equal(meta_dump(view_of("progress", 8), view_of(bytes.bytes + 54, 133), &text), GK_OK);
    assert_text(&text, dump);
    for (size_t size = 0; size < 54; size++)
        assert_true(meta_dump(view_of("store", 5), view_of(bytes.bytes, size), &text) < 0);
    for (size_t size = 0; size < 133; size++)
        assert_true(meta_dump(view_of("progress", 8), view_of(bytes.bytes + 54, size), &text) < 0);
    bytes.bytes[1] = 2; /* a later format */
    assert_int_equal(meta_dump(view_of("store", 5), view_of(bytes.bytes, 54), &text), GK_EVERSION);
    bytes.bytes[54] = 2;
    assert_int_equal(meta_dump(view_of("progress", 8), view_of(bytes.bytes + 54, 133), &text), GK_EVERSION);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&text);

    /* What a store writes is what it is read as: all fields. */
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 20};
    struct progress p = {1, 0, 0, 3, {4, 5, 6, 7, 8, 9}, 10, T0, T0 - 1, 11, 12, 13, T0 + 5}, q;
    struct store *store;
    struct txn *txn;
    bool is_new;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
    memset(&q, 0, sizeof q);
    ok(progress_put(txn, &p, &error), &error);
    ok(progress_get(txn, &q, &error), &error);
    assert_int_equal(q.journal_next, 1);
    assert_int_equal(q.facilities_done, 3);
    assert_memory_equal(&q.counts, &p.counts, sizeof q.counts);
    assert_int_equal(q.n_rows, 10);
    assert_int_equal(q.watermark, T0);
    assert_int_equal(q.beginning, T0 - 1);
    assert_int_equal(q.quarantine_next, 11);
    assert_int_equal(q.n_stale, 12);
    assert_int_equal(q.catalog_version, 13);
    assert_int_equal(q.dropped_before, T0 + 5);
    txn_abort(txn);
    store_close(store);
    test_folder_remove(path);
}

static void the_pages_of_journal_and_index_show_the_keys(void **state)
{
    struct buffer bytes;
    uint8_t key[INDEX_KEY];
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    free(read_example("docs/format/journal.md", &bytes));
    key_u64(key, 258);
    assert_int_equal(bytes.size, 8 + 9);
    assert_memory_equal(bytes.bytes, key, 8);
    assert_memory_equal(bytes.bytes + 8, "gateway 7", 9);
    buffer_reset(&bytes);
    free(read_example("docs/format/index.md", &bytes));
    index_key(key, (struct mark){T0 / INDEX_QUARTER_NS, INDEX_HOLDS + GK_ON});
    assert_int_equal(bytes.size, sizeof key);
    assert_memory_equal(bytes.bytes, key, sizeof key);
    buffer_clear(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_table_is_shown_as_the_golden_file_has_it),
    cmocka_unit_test(what_cannot_be_dumped_is_named),
    cmocka_unit_test(the_meta_page_shows_what_is_stored),
    cmocka_unit_test(the_pages_of_journal_and_index_show_the_keys),
};

RUN_TESTS(tests)
