/*
 * test_load_packets.c - packets of HJ 212 through the loader: what becomes of every packet and every value, in which
 * rows they end, and that it does not depend on how the file was cut.
 */
#include "db/world.h"

#include "base/buffer.h"

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

static void load_pieces(gk_db *db, const char *bytes, size_t size, size_t piece, bool is_strict, struct loaded *out)
{
    struct gk_load_options options = {
        .size = sizeof options, .is_strict = is_strict, .reject = note_reject, .context = out};
    gk_load *load;

    memset(out, 0, sizeof *out);
    buffer_init(&out->reasons, &MEM_SYSTEM);
    ok(gk_load_open(db, &options, &load, &error), &error);
    for (size_t at = 0; at < size; at += piece)
        ok(gk_load_feed(load, bytes + at, size - at < piece ? size - at : piece, &error), &error);
    ok(gk_load_finish(load, &out->result, &error), &error);
    gk_load_close(load);
    buffer_put_u8(&out->reasons, 0);
}

static void load_table(gk_db *db, const char *text)
{
    struct loaded loaded;

    load_pieces(db, text, strlen(text), strlen(text), false, &loaded);
    assert_string_equal((char *)loaded.reasons.bytes, "");
    buffer_clear(&loaded.reasons);
}

static void put_packet(struct buffer *out, const char *segment)
{
    char packet[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(segment, strlen(segment), GK_HJ212_CRC_STANDARD, packet);

    buffer_put(out, packet, size);
}

static const char MAPPINGS[] = "mn,code,suffix,period,facility,channel,unit,factor,min,max\n"
                               "M1,100000,Ia,,press,ia,A,80,0,1000\n"
                               "M1,100000,Pt,real,press,kw,kW,,,\n"
                               "M1,100000,Pt-max,real,press,kw_max,kW,,,\n"
                               "M1,200000,Ia,,fan,ia,A,10,0,500\n"
                               "M1,SB*,RS,,fan,claim_{code},,,,\n"
                               "M*,100000,,minute,{mn},kw_mean,,,,\n"
                               "M*,FAN,-,,{mn},fan,,,,\n";

static const char DAY1[] = "DataTime=20261120080000";

/* The rows of a facility's channel as text: seconds after 2026-11-20T00:00Z and values. */
static void read_rows(gk_db *db, const char *facility, const char *channel, char out[400])
{
    gk_snapshot *s;
    gk_scan *scan;
    struct gk_columns columns;
    size_t n = 0;
    int rc;

    ok(gk_snapshot_open(db, &s, &error), &error);
    uint32_t id = gk_facility_find(s, facility, strlen(facility));
    uint32_t c = gk_channel_find(s, channel, strlen(channel));
    out[0] = 0;
    if (id == GK_ID_NONE || c == GK_ID_NONE)
        (void)snprintf(out, 400, "no such");
    else {
        ok(gk_scan_open(s, id, &c, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
        while ((rc = gk_scan_next(scan, &columns, &error)) == GK_OK)
            for (size_t i = 0; i < columns.n_rows; i++)
                n +=
                    (size_t)snprintf(out + n, 400 - n, "%lld=%s%.10g ", (long long)((columns.time[i] - T0) / GK_SECOND),
                                     gk_is_missing(columns.value[0][i]) ? "?" : "", columns.value[0][i]);
        assert_int_equal(rc, GK_DONE);
        gk_scan_close(scan);
    }
    gk_snapshot_close(s);
}

static void assert_rows(gk_db *db, const char *facility, const char *channel, const char *expected)
{
    char got[400];

    read_rows(db, facility, channel, got);
    if (strncmp(got, expected, strlen(expected)) != 0 || strlen(got) != strlen(expected))
        fail_msg("%s of %s: '%s' and not '%s'", channel, facility, got, expected);
}

static gk_db *open_mapped(char path[4096])
{
    gk_db *db = world_new(path, NULL);

    load_table(
        db, "facility,enterprise,park,line,role,rated_kw\npress,E1,P1,L1,production,100\nfan,E1,P1,L1,abatement,10\n");
    load_table(db, MAPPINGS);
    return db;
}

/* 08:00 +08:00 of 20 November is midnight of T0. */
static void put_story(struct buffer *bytes)
{
    char segment[400];

    (void)snprintf(segment, sizeof segment,
                   "QN=1;ST=80;CN=2011;MN=M1;Flag=5;CP=&&%s;100000-Ia=1.5,100000-Flag=N;100000-Pt=42;200000-Ia=0.5;"
                   "SB1-RS=1;SB2-RS=0;900-Rtd=7&&",
                   DAY1);
    put_packet(bytes, segment);
    put_packet(bytes, segment); /* sent again */
    put_packet(bytes, "ST=80;CN=2011;MN=M1;CP=&&DataTime=20261120080010;100000-Ia=99;100000-Pt=4x;200000-Ia=;FAN=3&&");
    put_packet(bytes, "ST=80;CN=2051;MN=M2;CP=&&DataTime=20261120080000;100000-Avg=12.5,100000-Max=20&&");
    put_packet(bytes, "ST=80;CN=2011;MN=M1;CP=&&DataTime=20261320080010;100000-Pt=5&&");
    put_packet(bytes, "ST=80;CN=9015;MN=M1;CP=&&DataTime=20261120080010;100000-Pt=6&&");
    put_packet(bytes, "ST=80;CN=2011;MN=M1;CP=&&DataTime=20261120080020;100000-Pt=7;100000-Pt=8&&");
    buffer_printf(bytes, "##0100 cut short\n");
}

static const char REASONS[] = "line 3: 100000-Ia=99: outside of what its mapping takes for plausible\n"
                              "line 3: 100000-Pt=4x: expected a number\n"
                              "line 3: 200000-Ia=: no value behind =\n"
                              "line 5: the packet has no DataTime of 14 or 17 digits\n"
                              "line 8: bad_length: length field 100 and a check value, but only 11 bytes follow\n";

static void assert_story(gk_db *db, const struct loaded *loaded)
{
    const struct gk_load_result *r = &loaded->result;

    assert_string_equal((char *)loaded->reasons.bytes, REASONS);
    assert_int_equal(r->table, GK_TABLE_PACKETS);
    assert_int_equal(r->n_lines, 8);
    assert_int_equal(r->packets[GK_HJ212_TAKEN], 6);
    assert_int_equal(r->packets[GK_HJ212_REPEATED], 1);
    assert_int_equal(r->packets[GK_HJ212_BAD_LENGTH], 1);
    assert_int_equal(r->values.n_taken, 5 + 5 + 1 + 1 + 1 + 2);
    assert_int_equal(r->values.n_unmapped, 1 + 1 + 1);
    assert_int_equal(r->values.n_implausible, 1);
    assert_int_equal(r->values.n_bad, 2);
    assert_int_equal(r->rows.accepted, 2 + 1 + 1 + 1);
    assert_int_equal(r->rows.duplicate, 2);
    assert_int_equal(r->rows.conflicting, 1);
    assert_int_equal(r->rows.rejected, 1);
    assert_rows(db, "press", "ia", "0=120 20=?nan ");
    assert_rows(db, "press", "kw", "0=42 20=8 ");
    assert_rows(db, "fan", "ia", "0=5 ");
    assert_rows(db, "fan", "claim_SB1", "0=1 ");
    assert_rows(db, "fan", "claim_SB2", "0=0 ");
    assert_rows(db, "M1", "fan", "10=3 ");
    assert_rows(db, "M2", "kw_mean", "0=12.5 ");
}

static void every_packet_and_every_value_is_in_exactly_one_counter(void **state)
{
    char path[4096];
    struct buffer bytes;
    struct loaded loaded;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_story(&bytes);
    for (size_t piece = 1; piece <= bytes.size; piece = piece * 3 + 4) {
        gk_db *db = open_mapped(path);
        load_pieces(db, (const char *)bytes.bytes, bytes.size, piece, false, &loaded);
        assert_story(db, &loaded);
        buffer_clear(&loaded.reasons);
        world_end(db, path);
    }
    buffer_clear(&bytes);
}

static void what_stands_before_the_first_packet_is_a_stray_run(void **state)
{
    char path[4096];
    struct buffer bytes;
    struct loaded loaded;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_printf(&bytes, "2026-11-20 08:00:00 receive:\n");
    put_story(&bytes);
    gk_db *db = open_mapped(path);
    load_pieces(db, (const char *)bytes.bytes, bytes.size, 5, false, &loaded);
    assert_int_equal(loaded.result.packets[GK_HJ212_STRAY], 1);
    assert_int_equal(loaded.result.packets[GK_HJ212_TAKEN], 6);
    buffer_clear(&loaded.reasons);
    buffer_clear(&bytes);
    world_end(db, path);
}

static void a_strict_load_makes_no_facilities(void **state)
{
    char path[4096];
    struct buffer bytes;
    struct loaded loaded;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_story(&bytes);
    gk_db *db = open_mapped(path);
    load_pieces(db, (const char *)bytes.bytes, bytes.size, bytes.size, true, &loaded);
    assert_int_equal(loaded.result.n_registered, 0);
    assert_int_equal(loaded.result.values.n_unmapped, 3 + 2); /* M1 and M2 are no facilities */
    assert_rows(db, "M2", "kw_mean", "no such");
    buffer_clear(&loaded.reasons);
    buffer_clear(&bytes);
    world_end(db, path);
}

static void wrong_lines_of_a_table_of_mappings_are_named(void **state)
{
    static const char TEXT[] = "mn,code,period,facility,channel,factor,max\n"
                               "M1,B01,second,fan,ia,,\n"
                               "M1,B01,,fan,ia,a,\n"
                               "M1,B01,,fan,{cn},,\n"
                               ",B01,,fan,ia,,\n"
                               "M1,B01,,fan,ia,0,\n";
    char path[4096];
    struct loaded loaded;
    (void)state;

    gk_db *db = world_new(path, NULL);
    load_pieces(db, TEXT, strlen(TEXT), 7, false, &loaded);
    assert_int_equal(loaded.result.table, GK_TABLE_MAPPINGS);
    assert_int_equal(loaded.result.n_bad, 5);
    assert_string_equal((char *)loaded.reasons.bytes,
                        "line 2, column 8: period: expected real, minute, hour or day, got 'second'\n"
                        "line 3, column 16: factor: expected a number, got 'a'\n"
                        "line 4, column 1: mn: channel: expected {mn}, {code} or {suffix} in braces, got '{cn}'\n"
                        "line 5, column 1: mn: expected a name, got nothing\n"
                        "line 6, column 1: mn: factor: expected a number other than 0\n");
    buffer_clear(&loaded.reasons);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_packet_and_every_value_is_in_exactly_one_counter),
    cmocka_unit_test(what_stands_before_the_first_packet_is_a_stray_run),
    cmocka_unit_test(a_strict_load_makes_no_facilities),
    cmocka_unit_test(wrong_lines_of_a_table_of_mappings_are_named),
};

RUN_TESTS(tests)
