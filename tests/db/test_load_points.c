/*
 * test_load_points.c - the line protocol through the loader: every line in one counter, whatever the pieces, and rows
 * as the same rows by gk_ingest.
 */
#include "db/world.h"

#include "base/buffer.h"
#include "feed/point.h"

static struct gk_error error;

struct loaded {
    struct gk_load_result result;
    struct buffer reasons;
};

static void note_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct loaded *out = context;

    assert_true(size > 0 && text != NULL);
    assert_int_equal(reason->line, line);
    buffer_printf(&out->reasons, "%s\n", reason->text);
}

static void load_pieces(gk_db *db, const struct gk_load_options *with, const char *bytes, size_t size, size_t piece,
                        struct loaded *out)
{
    struct gk_load_options options = *with;
    gk_load *load;

    memset(out, 0, sizeof *out);
    buffer_init(&out->reasons, &MEM_SYSTEM);
    options.size = sizeof options;
    options.reject = note_reject;
    options.context = out;
    ok(gk_load_open(db, &options, &load, &error), &error);
    for (size_t at = 0; at < size; at += piece)
        ok(gk_load_feed(load, bytes + at, size - at < piece ? size - at : piece, &error), &error);
    ok(gk_load_finish(load, &out->result, &error), &error);
    gk_load_close(load);
    buffer_put_u8(&out->reasons, 0);
}

static const char LINES[] = "# what a gateway sends\n"
                            "\n"
                            "meter,facility=fan kw=7.5,ia=12i,note=\"a\nmeter,facility=fan kw=8 1795132810000000000\r\n"
                            "press kw=90,kwh=1e3 1795132810000000000\n"
                            "press kw=x 1795132820000000000\n"
                            "meter,facility= kw=1\n"
                            "meter,facility=a\x01 kw=1\n"
                            "press,facility=press kw=91 1795132820000000000"; /* no line end */

static const char REASONS[] = "line 3: column 39: expected a text that ends with \", got '\"a'\n"
                              "line 6: column 10: expected a number, true, false or a text in double quotes, got 'x "
                              "1795132820000000000'\n"
                              "line 7: column 16: expected a tag's value, got ' kw=1'\n"
                              "line 8: 'a?' is no name of a facility\n";

static void every_line_is_in_exactly_one_counter(void **state)
{
    static const struct gk_load_options USUAL;
    char path[4096], digest[65], other[65];
    struct loaded loaded;
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t fan, press, kw = put_channel(db, "kw"), kwh;
    ok(gk_facility_register(db, "fan", 3, &fan, &error), &error);
    ok(put_row(db, fan, T0 + 10 * GK_SECOND, kw, 8), &error);
    ok(gk_facility_register(db, "press", 5, &press, &error), &error);
    kwh = put_channel(db, "kwh");
    ok(put_row(db, press, T0 + 10 * GK_SECOND, kw, 90), &error);
    ok(put_row(db, press, T0 + 10 * GK_SECOND, kwh, 1000), &error);
    ok(put_row(db, press, T0 + 20 * GK_SECOND, kw, 91), &error);
    ok(gk_commit(db, &error), &error);
    ok(gk_digest(db, other, &error), &error);
    world_end(db, path);
    for (size_t piece = 1; piece < sizeof LINES; piece = piece * 2 + 1) {
        db = world_new(path, NULL);
        load_pieces(db, &USUAL, LINES, sizeof LINES - 1, piece, &loaded);
        assert_string_equal((char *)loaded.reasons.bytes, REASONS);
        assert_int_equal(loaded.result.table, GK_TABLE_POINTS);
        assert_int_equal(loaded.result.n_lines, 9);
        assert_int_equal(loaded.result.rows.accepted, 3);
        assert_int_equal(loaded.result.rows.rejected, 4);
        assert_int_equal(loaded.result.n_registered, 2);
        ok(gk_digest(db, digest, &error), &error);
        assert_string_equal(digest, other);
        buffer_clear(&loaded.reasons);
        world_end(db, path);
    }
}

static void times_have_the_unit_that_is_said_or_are_now(void **state)
{
    static const struct gk_load_options SECONDS = {.unit_ns = GK_SECOND};
    static const char TEXT[] = "fan kw=1 1795132800\nfan kw=2\nfan kw=3 99999999999\n";
    char path[4096];
    struct loaded loaded;
    struct gk_profile profile;
    gk_snapshot *s;
    (void)state;

    gk_db *db = world_new(path, NULL);
    load_pieces(db, &SECONDS, TEXT, sizeof TEXT - 1, 100, &loaded);
    assert_string_equal((char *)loaded.reasons.bytes, "line 3: expected a time of the years 1678 to 2261\n");
    ok(gk_snapshot_open(db, &s, &error), &error);
    ok(gk_facility_profile(s, gk_facility_find(s, "fan", 3), &profile, &error), &error);
    assert_int_equal(profile.n_rows, 2);
    assert_true(profile.last == world_now);
    gk_snapshot_close(s);
    buffer_clear(&loaded.reasons);
    world_end(db, path);
}

static void a_strict_load_makes_no_facilities(void **state)
{
    static const struct gk_load_options STRICT = {.is_strict = true};
    static const char TEXT[] = "fan kw=1 1795132800000000000\n";
    char path[4096];
    struct loaded loaded;
    (void)state;

    gk_db *db = world_new(path, NULL);
    load_pieces(db, &STRICT, TEXT, sizeof TEXT - 1, 100, &loaded);
    assert_string_equal((char *)loaded.reasons.bytes, "line 1: there is no facility 'fan'\n");
    buffer_clear(&loaded.reasons);
    world_end(db, path);
}

/* More rows and channels than a batch has, and a line that is longer than any may be. */
static void many_channels_and_long_lines_are_no_matter(void **state)
{
    static const struct gk_load_options USUAL;
    char path[4096];
    struct loaded loaded;
    struct buffer text;
    (void)state;

    buffer_init(&text, &MEM_SYSTEM);
    for (int i = 0; i < 5000; i++)
        buffer_printf(&text, "fan c%d=%d,c%d=1 %lld\n", i % 700, i, i % 700 + 1, (long long)(T0 + i * GK_SECOND));
    size_t begin = text.size;
    buffer_printf(&text, "fan ");
    while (text.size < begin + POINT_LINE_MAX)
        buffer_printf(&text, "kw=1,");
    buffer_printf(&text, "kw=1\nfan kw=1 %lld\n", (long long)(T0 - GK_SECOND));
    for (size_t piece = 70000; piece < 8000000; piece *= 100) {
        gk_db *db = world_new(path, NULL);
        load_pieces(db, &USUAL, (const char *)text.bytes, text.size, piece, &loaded);
        assert_string_equal((char *)loaded.reasons.bytes, "line 5001: a line has at most 1048576 bytes\n");
        assert_int_equal(loaded.result.n_lines, 5002);
        assert_int_equal(loaded.result.rows.accepted, 5000);
        assert_int_equal(loaded.result.rows.late, 1);
        assert_int_equal(loaded.result.rows.rejected, 1);
        buffer_clear(&loaded.reasons);
        world_end(db, path);
    }
    buffer_clear(&text);
}

/* What comes from a network is lines, whatever it looks like. */
static void a_load_of_points_takes_no_table(void **state)
{
    static const struct gk_load_options POINTS = {.form = GK_TABLE_POINTS};
    static const char TEXT[] = "facility,enterprise\nfan,E1\n##0101\nfan kw=1\n";
    char path[4096];
    struct loaded loaded;
    (void)state;

    gk_db *db = world_new(path, NULL);
    load_pieces(db, &POINTS, TEXT, sizeof TEXT - 1, 3, &loaded);
    assert_string_equal((char *)loaded.reasons.bytes, "line 1: column 20: expected = behind a tag's name, got ''\n"
                                                      "line 2: column 7: expected = behind a tag's name, got ''\n");
    assert_int_equal(loaded.result.n_lines, 4);
    assert_int_equal(loaded.result.rows.accepted, 1);
    buffer_clear(&loaded.reasons);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_load_of_points_takes_no_table),
    cmocka_unit_test(every_line_is_in_exactly_one_counter),
    cmocka_unit_test(times_have_the_unit_that_is_said_or_are_now),
    cmocka_unit_test(a_strict_load_makes_no_facilities),
    cmocka_unit_test(many_channels_and_long_lines_are_no_matter),
};

RUN_TESTS(tests)
