/*
 * test_load.c - CSV tables into a real store: what a good line does, what a bad line is told, and that every line ends
 * in exactly one counter.
 */
#include "support/support.h"

#include <math.h>

#include "base/buffer.h"
#include "gk.h"

/* ---- a store, and what a load said
 * ------------------------------------------------------------------------------------- */

struct loaded {
    int status;
    struct gk_error error;
    struct gk_load_result result;
    struct buffer reasons; /* the texts, each with a newline */
    struct buffer lines;   /* the bad lines as they were given back */
};

static char folder[4096];

static gk_db *open_store(const struct gk_options *options)
{
    struct gk_options usual = {.size = sizeof usual, .future_ns = -1};
    struct gk_error error;
    gk_db *db;
    char path[4200];

    snprintf(folder, sizeof folder, "%s", test_folder());
    snprintf(path, sizeof path, "%s/store", folder);
    if (gk_open(path, GK_READWRITE | GK_CREATE, options ? options : &usual, &db, &error) != GK_OK)
        fail_msg("%s", error.text);
    return db;
}

static void close_store(gk_db *db)
{
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(folder);
}

static void note_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct loaded *out = context;
    char start[32];

    snprintf(start, sizeof start, "line %llu", (unsigned long long)line);
    assert_true(strncmp(reason->text, "line ", 5) == 0);
    assert_true(reason->line >= line);
    buffer_printf(&out->reasons, "%s\n", reason->text);
    buffer_put(&out->lines, text, size);
    buffer_put_u8(&out->lines, '\n');
}

static void loaded_clear(struct loaded *out)
{
    buffer_clear(&out->reasons);
    buffer_clear(&out->lines);
}

static void load_pieces(gk_db *db, const char *text, size_t piece, bool is_strict, struct loaded *out)
{
    struct gk_load_options options = {
        .size = sizeof options, .is_strict = is_strict, .reject = note_reject, .context = out};
    size_t size = strlen(text);
    gk_load *load;

    memset(out, 0, sizeof *out);
    buffer_init(&out->reasons, &MEM_SYSTEM);
    buffer_init(&out->lines, &MEM_SYSTEM);
    assert_int_equal(gk_load_open(db, &options, &load, NULL), GK_OK);
    for (size_t at = 0; at < size; at += piece)
        (void)gk_load_feed(load, text + at, size - at < piece ? size - at : piece, NULL); /* finish says it again */
    out->status = gk_load_finish(load, &out->result, &out->error);
    gk_load_close(load);
    buffer_put_u8(&out->reasons, 0);
    buffer_put_u8(&out->lines, 0);
}

static void load_text(gk_db *db, const char *text, struct loaded *out)
{
    load_pieces(db, text, SIZE_MAX / 2, false, out);
}

/* Loads what must be good throughout. */
static void load_good(gk_db *db, const char *text)
{
    struct loaded loaded;
    load_text(db, text, &loaded);
    if (loaded.status != GK_OK)
        fail_msg("%s", loaded.error.text);
    assert_string_equal((char *)loaded.reasons.bytes, "");
    loaded_clear(&loaded);
}

static const char PLANT[] = "facility,enterprise,park,line,role,rated_kw,rated_a,serves,group,stop_level\n"
                            "fan-1,E1,P1,L1,abatement,15,,press-1;press-2,A,2\n"
                            "press-1,E1,P1,L1,production,110.5,200,,A,1\n"
                            "press-2,E1,P1,L1,生产,90,,,A,\n"
                            "\"meter, main\",E1,P1,,,,,,,\n";

static gk_db *open_plant(void)
{
    gk_db *db = open_store(NULL);
    load_good(db, PLANT);
    return db;
}

/* ---- facilities and links
 * ---------------------------------------------------------------------------------------------- */

static const struct gk_facility *facility_of(gk_snapshot *snapshot, const char *name)
{
    const struct gk_facility *facility = gk_facility_get(snapshot, gk_facility_find(snapshot, name, strlen(name)));
    assert_non_null(facility);
    return facility;
}

static void facilities_come_with_sites_ratings_and_tags(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    (void)state;

    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_snapshot_info(snapshot)->n_facilities, 4);
    const struct gk_facility *press = facility_of(snapshot, "press-1");
    assert_int_equal(press->role, GK_PRODUCTION);
    assert_true(press->rated_kw == 110.5 && press->rated_a == 200);
    assert_string_equal(gk_site_get(snapshot, GK_LINE, press->line)->name, "L1");
    assert_string_equal(gk_site_get(snapshot, GK_PARK, press->park)->name, "P1");
    assert_string_equal(gk_facility_tag(press, "stop_level"), "1");
    assert_null(gk_facility_tag(press, "serves"));
    assert_int_equal(facility_of(snapshot, "press-2")->role, GK_PRODUCTION);
    assert_null(gk_facility_tag(facility_of(snapshot, "press-2"), "stop_level"));
    const struct gk_facility *meter = facility_of(snapshot, "meter, main");
    assert_int_equal(meter->role, GK_OTHER);
    assert_true(isnan(meter->rated_kw));
    gk_snapshot_close(snapshot);
    close_store(db);
}

static void serves_makes_links_to_names_that_come_later(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    size_t n, n_put = 0;
    (void)state;

    load_good(db, PLANT); /* a second time changes nothing */
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    const struct gk_link *links = gk_links(snapshot, &n);
    for (size_t i = 0; i < n; i++) {
        if (links[i].is_default)
            continue;
        n_put++;
        assert_int_equal(links[i].abatement, facility_of(snapshot, "fan-1")->id);
        assert_true(links[i].from == GK_TIME_MIN && links[i].to == GK_TIME_MAX);
    }
    assert_int_equal(n_put, 2);
    gk_snapshot_close(snapshot);
    close_store(db);
}

static void a_link_to_nobody_is_told_and_the_facility_stays(void **state)
{
    gk_db *db = open_store(NULL);
    gk_snapshot *snapshot;
    struct loaded loaded;
    (void)state;

    load_text(db,
              "facility,role,serves\n"
              "fan,abatement,\"press; ghost ;press\"\n"
              "press,production,\n",
              &loaded);
    assert_int_equal(loaded.status, GK_OK);
    assert_int_equal(loaded.result.n_lines, 2);
    assert_int_equal(loaded.result.n_taken, 1);
    assert_int_equal(loaded.result.n_bad, 1);
    assert_non_null(
        strstr((char *)loaded.reasons.bytes, "line 2, column 15: serves: there is no production facility 'ghost'"));
    assert_non_null(strstr((char *)loaded.reasons.bytes, "taken without this link"));
    assert_string_equal((char *)loaded.lines.bytes, "fan,abatement,\"press; ghost ;press\"\n");
    loaded_clear(&loaded);
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    (void)facility_of(snapshot, "fan"); /* asserts that it is there */
    size_t n;
    assert_int_equal((gk_links(snapshot, &n), n), 1);
    gk_snapshot_close(snapshot);
    close_store(db);
}

static void links_come_with_dates_and_standby(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    size_t n;
    (void)state;

    load_good(db, "production,abatement,standby,from,to\n"
                  "press-2,fan-1,yes,2026-01-01,2026-07-01\n");
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    const struct gk_link *links = gk_links(snapshot, &n);
    for (size_t i = 0; i < n; i++) {
        if (!links[i].is_standby)
            continue;
        assert_true(links[i].from == INT64_C(1767196800) * GK_SECOND); /* midnight in +08:00 */
        assert_true(links[i].to == INT64_C(1782835200) * GK_SECOND);
        n = SIZE_MAX;
        break;
    }
    assert_true(n == SIZE_MAX);
    gk_snapshot_close(snapshot);
    close_store(db);
}

/* ---- bands, orders, exemptions
 * ------------------------------------------------------------------------------------------ */

static void assert_limit(const struct gk_limit *limit, enum gk_limit_kind kind, int64_t mantissa, int32_t scale)
{
    assert_int_equal(limit->kind, kind);
    if (kind == GK_LIMIT_ABSENT)
        return;
    assert_true(limit->value.mantissa == mantissa);
    assert_int_equal(limit->value.scale, scale);
}

static void bands_keep_their_limits_exactly(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    size_t n;
    (void)state;

    load_good(db, "scope,off_below,on_from,overload_from,hysteresis,hold_s,dwell_on_s,dwell_off_s,channel,from\n"
                  "*,10%,20.5%,1000%,1%,60,1.5,0,,\n"
                  "role:abatement,500W,5kW,0.02 MW,,,,,,2026-01-01\n"
                  "park:P1,0.5,5A,50000mA,,,,,ia,\n"
                  "fan-1,5%,20%,,,,,,,\n"
                  "facility:press-1,,3.5kw,,,,,,shaft_w,\n");
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    const struct gk_band *bands = gk_bands(snapshot, &n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        const struct gk_band *band = &bands[i];
        switch (band->scope.kind) {
        case GK_ZONE:
            assert_limit(&band->off_below, GK_LIMIT_SHARE, 10, 2);
            assert_limit(&band->on_from, GK_LIMIT_SHARE, 205, 3);
            assert_limit(&band->overload_from, GK_LIMIT_SHARE, 1000, 2);
            assert_limit(&band->hysteresis, GK_LIMIT_SHARE, 1, 2);
            assert_true(band->hold_ns == 60 * GK_SECOND && band->dwell_on_ns == 3 * GK_SECOND / 2);
            assert_true(band->dwell_off_ns == 0 && band->channel == GK_ID_NONE && band->from == GK_TIME_MIN);
            break;
        case GK_ROLE: /* a power without a channel can only mean kw */
            assert_limit(&band->off_below, GK_LIMIT_ABSOLUTE, 5, 1);
            assert_limit(&band->on_from, GK_LIMIT_ABSOLUTE, 5, 0);
            assert_limit(&band->overload_from, GK_LIMIT_ABSOLUTE, 20, 0);
            assert_limit(&band->hysteresis, GK_LIMIT_ABSENT, 0, 0);
            assert_true(band->hold_ns < 0 && band->dwell_on_ns < 0 && band->dwell_off_ns < 0);
            assert_int_equal(band->channel, gk_channel_find(snapshot, "kw", 2));
            break;
        case GK_PARK:
            assert_limit(&band->off_below, GK_LIMIT_ABSOLUTE, 5, 1);
            assert_limit(&band->overload_from, GK_LIMIT_ABSOLUTE, 50, 0);
            assert_int_equal(band->channel, gk_channel_find(snapshot, "ia", 2));
            break;
        default:
            if (band->channel != GK_ID_NONE) /* the channel's name says that it is in W */
                assert_limit(&band->on_from, GK_LIMIT_ABSOLUTE, 3500, 0);
            break;
        }
    }
    gk_snapshot_close(snapshot);
    close_store(db);
}

static void orders_come_by_group_or_scope(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    size_t n;
    (void)state;

    load_good(db, "group,level,from,to\nA,2,1700000000,1700003600\n");
    load_good(db, "scope,level,from,to,kind,cut,hours\n"
                  "enterprise:E1,red,2026-01-01,,stop,30%,22:00-06:00\n"
                  "group:A,red,2026-01-01,2026-01-02,,,0:00-24:00\n");
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    const struct gk_order *orders = gk_orders(snapshot, &n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        const struct gk_order *order = &orders[i];
        if (order->scope.kind == GK_ENTERPRISE) {
            assert_string_equal(order->level, "red");
            assert_string_equal(order->kind, "stop");
            assert_true(order->cut_share == 0.3 && order->to == GK_TIME_MAX);
            assert_int_equal(order->hours_from_s, 79200);
            assert_int_equal(order->hours_to_s, 21600);
            continue;
        }
        assert_int_equal(order->scope.kind, GK_GROUP);
        assert_string_equal(order->scope.name, "A");
        assert_true(isnan(order->cut_share));
        assert_int_equal(order->hours_from_s + order->hours_to_s, 0);
    }
    gk_snapshot_close(snapshot);
    close_store(db);
}

static void exemptions_come_with_their_note(void **state)
{
    gk_db *db = open_plant();
    gk_snapshot *snapshot;
    size_t n;
    (void)state;

    load_good(db, "note,kind,to,from,scope\n\"boiler, \"\"B2\"\"\",maintenance,2026-01-02,2026-01-01,line:L1\n");
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    const struct gk_exemption *exemption = gk_exemptions(snapshot, &n);
    assert_int_equal(n, 1);
    assert_int_equal(exemption->scope.kind, GK_LINE);
    assert_string_equal(exemption->kind, "maintenance");
    assert_string_equal(exemption->note, "boiler, \"B2\"");
    assert_true(exemption->to - exemption->from == 86400 * GK_SECOND);
    gk_snapshot_close(snapshot);
    close_store(db);
}

/* ---- what a bad line is told
 * --------------------------------------------------------------------------------------------- */

#define FACILITY_HEAD  "facility,enterprise,park,role,rated_kw,serves,colour\n"
#define BAND_HEAD      "scope,off_below,on_from,overload_from,hold_s,channel\n"
#define ORDER_HEAD     "scope,group,level,from,to,cut,hours\n"
#define EXEMPTION_HEAD "scope,kind,from,to,note\n"
#define ROW_HEAD       "time,facility,kw,ia\n"

static const struct {
    const char *text, *reason;
} BAD_LINES[] = {
    {FACILITY_HEAD "x,E1,P1,other,\"5,5\",,\n", "line 2, column 15: rated_kw: expected a number, got '5,5'"},
    {FACILITY_HEAD "设施,企业,园区,other,5x,,\n", "line 2, column 16: rated_kw: expected a number, got '5x'"},
    {FACILITY_HEAD "x,E1,P1,other,0,,\n",
     "line 2, column 15: rated_kw: expected a number above 0, or nothing when it is not known, got '0'"},
    {FACILITY_HEAD "x,E1,P1,production line,1,,\n",
     "line 2, column 9: role: expected production, abatement or other, got 'production line'"},
    {FACILITY_HEAD ",E1,P1,other,1,,\n", "line 2, column 1: facility: expected a name, got nothing"},
    {FACILITY_HEAD "x,E1 ,P1,other,1,,\n", "line 2, column 3: enterprise: expected a name (UTF-8, at most 255 bytes, "
                                           "no control or unseen characters, no blanks at its "
                                           "ends), got 'E1 '"},
    {FACILITY_HEAD "x,E1,P1,other,1,,r\033[31md\n", "line 2, column 18: colour: expected a tag (UTF-8, at most 255 "
                                                    "bytes, no control or unseen characters, no blanks at its "
                                                    "ends), got 'r?[31md'"},
    {FACILITY_HEAD "x,E1,P1,other,1\n", "line 2: expected 7 fields, got 5"},
    {FACILITY_HEAD "x,E1,P1,other,1,,,\n", "line 2: expected 7 fields, got 8"},
    {FACILITY_HEAD "y,E1,P1,other,1,,\ny,E1,P1,other,1,,\n",
     "line 3, column 1: facility: 'y' stands in line 2 already"},
    {FACILITY_HEAD "\"x\"y,E1,P1,other,1,,\n",
     "line 2, column 4: expected a comma or the end of the line behind the closing quote"},
    {FACILITY_HEAD "x,\"E1,P1,other,1,,\n", "line 2, column 3: the quote is never closed"},
    {"abatement,production,standby\nfan-1,press-1,maybe\n",
     "line 2, column 15: standby: expected yes or no, got 'maybe'"},
    {"abatement,production,from,to\nfan-1,press-1,2026-01-02,2026-01-01\n",
     "line 2, column 26: to: expected a time after `from`, got '2026-01-01'"},
    {"abatement,production,from\nfan-1,press-1,2026-02-30\n",
     "line 2, column 15: from: expected a time like 2026-11-20T08:00 or an epoch number, got '2026-02-30'"},
    {"abatement,production,from\nfan-1,press-1,2300-01-01\n",
     "line 2, column 15: from: expected a time of the years 1678 to 2261, got '2300-01-01'"},
    {BAND_HEAD "*,150%,200%,,,\n", "line 2, column 3: off_below: expected a share of at most 100%"},
    {BAND_HEAD "*,10%,20%,1001%,,\n", "line 2, column 11: overload_from: expected a share of at most 1000%"},
    {BAND_HEAD "*,30%,20%,,,\n", "line 2, column 7: on_from: expected at least as much as off_below"},
    {BAND_HEAD "*,10kW,9999W,,,\n", "line 2, column 8: on_from: expected at least as much as off_below"},
    {BAND_HEAD "*,10%,20%,15%,,\n", "line 2, column 11: overload_from: expected at least as much as on_from"},
    {BAND_HEAD "*,-1,2,,,\n", "line 2, column 3: off_below: expected a limit of 0 or more"},
    {BAND_HEAD "*,ten,2,,,\n", "line 2, column 3: off_below: expected a limit like 10%, 5kW, 50A or 7.5, got 'ten'"},
    {BAND_HEAD "*,5kvar,2,,,\n",
     "line 2, column 3: off_below: expected a limit like 10%, 5kW, 50A or 7.5, got '5kvar'"},
    {BAND_HEAD "*,5mW,2,,,\n", "line 2, column 3: off_below: expected a limit like 10%, 5kW, 50A or 7.5, got '5mW'"},
    {BAND_HEAD "*,5kW,20kW,,,ia\n",
     "line 2, column 3: off_below: channel 'ia' is current: expected a limit in A, got kW"},
    {BAND_HEAD "*,5A,20A,,,kw\n", "line 2, column 3: off_below: channel 'kw' is power: expected a limit in kW, got A"},
    {BAND_HEAD "*,5kW,20A,,,\n", "line 2, column 7: on_from: channel 'kw' is power: expected a limit in kW, got A"},
    {BAND_HEAD "*,5A,20A,,,\n", "line 2, column 3: off_below: a limit in A needs a channel beside it, such as ia"},
    {BAND_HEAD "*,5A,20A,,,flow_lpm\n",
     "line 2, column 3: off_below: the unit of channel 'flow_lpm' is not known: expected a plain number"},
    {BAND_HEAD "*,10%,20%,,-1,\n",
     "line 2, column 12: hold_s: expected seconds, 0 or more, with up to 9 decimals, got '-1'"},
    {BAND_HEAD "group:A,10%,20%,,,\n", "line 2, column 1: scope: a group has no place here"},
    {BAND_HEAD "role:chimney,10%,20%,,,\n",
     "line 2, column 1: scope: expected role:production, role:abatement or role:other, got 'role:chimney'"},
    {BAND_HEAD "park:,10%,20%,,,\n", "line 2, column 1: scope: expected a name behind the colon, got 'park:'"},
    {ORDER_HEAD "*,A,red,2026-01-01,2026-01-02,,\n", "line 2, column 1: scope: expected a group or a scope, got both"},
    {ORDER_HEAD ",,red,2026-01-01,2026-01-02,,\n", "line 2, column 1: scope: expected a name, got nothing"},
    {ORDER_HEAD "*,,,2026-01-01,2026-01-02,,\n", "line 2, column 4: level: must not be empty"},
    {ORDER_HEAD "*,,red,,2026-01-02,,\n", "line 2, column 8: from: must not be empty"},
    {ORDER_HEAD "*,,red,2026-01-01,2026-01-02,30,\n", "line 2, column 30: cut: expected a share like 30%, got '30'"},
    {ORDER_HEAD "*,,red,2026-01-01,2026-01-02,130%,\n",
     "line 2, column 30: cut: expected a share above 0% and up to 100%, got '130%'"},
    {ORDER_HEAD "*,,red,2026-01-01,2026-01-02,,22-6\n",
     "line 2, column 31: hours: expected hours like 22:00-06:00, got '22-6'"},
    {ORDER_HEAD "*,,red,2026-01-01,2026-01-02,,08:00-08:00\n",
     "line 2, column 31: hours: expected hours that begin and end at different times, got '08:00-08:00'"},
    {ORDER_HEAD "role:other,,red,2026-01-01,2026-01-02,,\n", "line 2, column 1: scope: a role has no place here"},
    {EXEMPTION_HEAD "*,stop,2026-01-01,2026-01-02,\xC4\xE3\n",
     "line 2, column 30: note: expected UTF-8 text (GBK? convert it first), got '?\?'"},
    {ROW_HEAD "2026-01-01T08:00:60,press-1,1,2\n",
     "line 2, column 1: time: expected a time like 2026-11-20T08:00:15 or an epoch number, got '2026-01-01T08:00:60'"},
    {ROW_HEAD ",press-1,1,2\n",
     "line 2, column 1: time: expected a time like 2026-11-20T08:00:15 or an epoch number, got ''"},
    {ROW_HEAD "1500-01-01,press-1,1,2\n",
     "line 2, column 1: time: expected a time of the years 1678 to 2261, got '1500-01-01'"},
    {ROW_HEAD "1700000000,press-1,1,x\n", "line 2, column 22: ia: expected a number, got 'x'"},
    {ROW_HEAD "1700000000,press-1,nan,1\n", "line 2, column 20: kw: expected a number, got 'nan'"},
    {ROW_HEAD "1700000000,press-1, 1,1\n", "line 2, column 20: kw: expected a number, got ' 1'"},
    {ROW_HEAD "1700000000,press-1,1e999,1\n",
     "line 2, column 20: kw: expected a number that a double can hold, got '1e999'"},
    {ROW_HEAD "1700000000,,1,2\n", "line 2, column 12: facility: expected a name, got nothing"},
    {ROW_HEAD "1700000000,press-1,,\n", "line 2, column 20: kw: expected a value in this or another channel"},
    {ROW_HEAD "1700000000,press-1,1\n", "line 2: expected 4 fields, got 3"},
    {"time_ms,facility,kw\n2026-01-01,press-1,1\n",
     "line 2, column 1: time_ms: expected an epoch number in the unit of the column, got '2026-01-01'"},
};

static void every_bad_line_is_told_where_and_what(void **state)
{
    gk_db *db = open_plant();
    (void)state;

    for (size_t i = 0; i < sizeof BAD_LINES / sizeof *BAD_LINES; i++) {
        struct loaded loaded;
        char expected[GK_ERROR_TEXT_MAX + 2];
        load_text(db, BAD_LINES[i].text, &loaded);
        snprintf(expected, sizeof expected, "%s\n", BAD_LINES[i].reason);
        assert_string_equal((char *)loaded.reasons.bytes, expected);
        assert_int_equal(loaded.status, GK_OK);
        assert_int_equal(loaded.result.n_bad + loaded.result.rows.rejected, 1);
        assert_int_equal(loaded.result.n_lines, loaded.result.n_taken + 1);
        loaded_clear(&loaded);
    }
    close_store(db);
}

/* Words that the catalog says: here only where they are put. */
static void what_the_catalog_refuses_has_a_place_too(void **state)
{
    static const struct {
        const char *text, *start, *part;
    } CASES[] = {
        {BAND_HEAD "park:P9,10%,20%,,,\n", "line 2, column 1: scope: ", "P9"},
        {BAND_HEAD "pres-1,10%,20%,,,\n", "line 2, column 1: scope: ", "did you mean 'press-1'"},
        {"abatement,production\nfan-9,press-1\n", "line 2, column 1: abatement: ", "fan-9"},
        {"abatement,production\nfan-1,press-9\n", "line 2, column 7: production: ", "press-9"},
        {"abatement,production\nfan-1,fan-1\n", "line 2, column 7: production: ", "not production"},
        {EXEMPTION_HEAD "line:L9,stop,2026-01-01,2026-01-02,\n", "line 2, column 1: scope: ", "L9"},
    };
    gk_db *db = open_plant();
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct loaded loaded;
        load_text(db, CASES[i].text, &loaded);
        const char *reasons = (char *)loaded.reasons.bytes;
        if (strncmp(reasons, CASES[i].start, strlen(CASES[i].start)) != 0 || !strstr(reasons, CASES[i].part))
            fail_msg("'%s' said: %s", CASES[i].text, reasons);
        loaded_clear(&loaded);
    }
    close_store(db);
}

static void a_header_of_no_table_lists_the_tables_and_what_looks_near(void **state)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"", "the file is empty"},
        {"\n\n", "the file is empty"},
        {"tme,facility,kw\n1,x,1\n", "'tme' looks like 'time'"},
        {"time,faciltiy,kw\n1,x,1\n", "'faciltiy' looks like 'facility'"},
        {"a,b,c\n", "bands: scope,off_below,on_from"},
        {"kind,enterprise,from,to,facility\n", "of no table"},
        {"scope,off_below,on_from,hold\n", "line 1, column 25: unknown column 'hold'; did you mean 'hold_s'?"},
        {"abatement,production,colour\n", "line 1, column 22: unknown column 'colour'"},
        {"time,facility,kw,kw\n", "line 1, column 18: there are two columns 'kw'"},
        {"time,facility,KW,Facility\n", "line 1, column 18: there are two columns 'Facility'"},
        {"time,time_ms,facility,kw\n", "two columns of times"},
        {"time,facility\n", "at least one channel"},
        {"time,facility,kw,\n", "line 1, column 18: a column needs a name"},
        {"time,facility, kw\n", "line 1, column 15: a column needs a name"},
        {"time,facility,\xB9\xA6\xC2\xCA\n", "line 1, column 15: the file is not UTF-8"},
        {"time,\"facility,kw\n", "line 1, column 6: the quote is never closed"},
    };
    gk_db *db = open_store(NULL);
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct loaded loaded;
        load_text(db, CASES[i].text, &loaded);
        assert_int_equal(loaded.status, GK_ESYNTAX);
        if (!strstr(loaded.error.text, CASES[i].part))
            fail_msg("'%s' said: %s", CASES[i].text, loaded.error.text);
        assert_int_equal(loaded.result.n_lines, 0);
        loaded_clear(&loaded);
    }
    close_store(db);
}

/* ---- rows
 * -------------------------------------------------------------------------------------------------------------- */

#define T INT64_C(1700000000)

static void assert_rows(gk_db *db, const char *name, const char *channel, size_t n, const gk_time *times,
                        const double *values)
{
    gk_snapshot *snapshot;
    gk_scan *scan;
    struct gk_columns columns;
    size_t got = 0;
    int rc;

    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    uint32_t id = gk_channel_find(snapshot, channel, strlen(channel));
    assert_int_equal(gk_scan_open(snapshot, gk_facility_find(snapshot, name, strlen(name)), &id, 1, GK_TIME_MIN,
                                  GK_TIME_MAX, &scan, NULL),
                     GK_OK);
    while ((rc = gk_scan_next(scan, &columns, NULL)) == GK_OK) {
        for (size_t i = 0; i < columns.n_rows; i++, got++) {
            assert_true(got < n);
            assert_true(columns.time[i] == times[got]);
            assert_bits_equal(columns.value[0][i], values[got]);
        }
    }
    assert_int_equal(rc, GK_DONE);
    assert_int_equal(got, n);
    gk_scan_close(scan);
    gk_snapshot_close(snapshot);
}

static void rows_come_in_whatever_the_unit_of_their_time(void **state)
{
    static const char *const TEXTS[] = {
        "time,facility,kw\n1700000000,a,1\n1700000000500,a,-0.0\n",
        "kw,facility,time\n1,a,2023-11-15T06:13:20\n-0.0,a,2023-11-14T22:13:20.5Z\n",
        "time_s,facility,kw\n1700000000,a,1\n1700000000.5,a,-0\n",
        "time_ms,facility,kw\n1700000000000,a,1\n1700000000500,a,-0e5\n",
        "time_us,facility,kw\n1700000000000000,a,1\n1700000000500000,a,-0\n",
        "time_ns,facility,kw\r\n1700000000000000000,a,1\r\n1700000000500000000,a,-0\r\n",
    };
    static const gk_time TIMES[] = {T * GK_SECOND, T * GK_SECOND + GK_SECOND / 2};
    static const double VALUES[] = {1.0, -0.0};
    (void)state;

    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        gk_db *db = open_store(NULL);
        load_good(db, TEXTS[i]);
        assert_rows(db, "a", "kw", 2, TIMES, VALUES);
        close_store(db);
    }
}

static void an_empty_field_is_a_missing_value(void **state)
{
    static const gk_time TIMES[] = {T * GK_SECOND, (T + 1) * GK_SECOND};
    const double ia[] = {gk_missing(), 2.5};
    const double kw[] = {1.5, gk_missing()};
    gk_db *db = open_store(NULL);
    (void)state;

    load_good(db, "time,facility,kw,ia\n1700000000,a,1.5,\n1700000001,a,\"\",2.5\n");
    assert_rows(db, "a", "kw", 2, TIMES, kw);
    assert_rows(db, "a", "ia", 2, TIMES, ia);
    close_store(db);
}

static void every_row_is_in_exactly_one_counter(void **state)
{
    static const size_t PIECES[] = {1, 7, 4096};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        gk_db *db = open_store(NULL);
        struct loaded loaded;
        struct gk_stat stat;
        load_pieces(db,
                    "time,facility,kw\n"
                    "1700000000,a,1\n"
                    "1700000010,a,2\n"
                    "1700000010,b,2\n"
                    "\n"
                    "1700000010,a,2\n" /* duplicate */
                    "1700000010,a,3\n" /* conflicting */
                    "1700000005,a,2\n" /* late */
                    "1700000020,a,x\n"
                    "170000002",
                    PIECES[i], false, &loaded);
        const struct gk_counts *rows = &loaded.result.rows;
        assert_int_equal(loaded.status, GK_OK);
        assert_int_equal(loaded.result.table, GK_TABLE_ROWS);
        assert_int_equal(loaded.result.n_lines, 8);
        assert_int_equal(rows->accepted, 3);
        assert_int_equal(rows->duplicate, 1);
        assert_int_equal(rows->conflicting, 1);
        assert_int_equal(rows->late, 1);
        assert_int_equal(rows->rejected, 2);
        assert_int_equal(loaded.result.n_registered, 2);
        assert_int_equal(gk_stat(db, &stat, NULL), GK_OK);
        assert_int_equal(stat.counts.rejected, 2);
        assert_int_equal(stat.counts.accepted, 3);
        loaded_clear(&loaded);
        close_store(db);
    }
}

static void a_strict_load_rejects_rows_of_nobody(void **state)
{
    gk_db *db = open_plant();
    struct loaded loaded;
    (void)state;

    load_pieces(db, "time,facility,kw\n1700000000,ghost,1\n1700000000,press-1,1\n1700000001,ghost,1\n", 100, true,
                &loaded);
    assert_int_equal(loaded.result.rows.accepted, 1);
    assert_int_equal(loaded.result.rows.rejected, 2);
    assert_int_equal(loaded.result.n_registered, 0);
    assert_string_equal((char *)loaded.reasons.bytes, "line 2, column 12: facility: there is no facility 'ghost'\n"
                                                      "line 4, column 12: facility: there is no facility 'ghost'\n");
    loaded_clear(&loaded);
    close_store(db);
}

static void a_bad_row_registers_nobody(void **state)
{
    gk_db *db = open_store(NULL);
    struct loaded loaded;
    (void)state;
    load_text(db, "time,facility,kw\n1700000000,ghost,x\n", &loaded);
    assert_int_equal(loaded.result.n_registered, 0);
    loaded_clear(&loaded);
    close_store(db);
}

/* More rows than a batch, more facilities than the names' first slots, in a changing order. */
static void many_rows_of_many_facilities_go_to_the_right_ones(void **state)
{
    struct random random = random_from(test_seed("rows"));
    struct buffer text;
    gk_time times[300];
    double values[300];
    struct loaded loaded;
    gk_db *db = open_store(NULL);
    (void)state;

    buffer_init(&text, &MEM_SYSTEM);
    buffer_printf(&text, "time,facility,kw\n");
    for (int k = 0; k < 300; k++) {
        times[k] = (T + k) * GK_SECOND;
        values[k] = 77 + k;
        for (int i = 0; i < 300; i++) {
            int f = random_below(&random, 50) ? i : (i + 1) % 300; /* sometimes not the one expected */
            f = f == 77 && i != 77 ? 78 : f;
            buffer_printf(&text, "%lld,f%d,%d\n", (long long)(T + k), i == 77 ? 77 : f, (i == 77 ? 77 : f) + k);
        }
    }
    buffer_put_u8(&text, 0);
    load_pieces(db, (char *)text.bytes, 100000, false, &loaded);
    assert_int_equal(loaded.result.n_lines, 90000);
    const struct gk_counts *rows = &loaded.result.rows;
    assert_int_equal(rows->accepted + rows->duplicate, 90000);
    assert_int_equal(loaded.result.n_registered, 300);
    assert_rows(db, "f77", "kw", 300, times, values);
    loaded_clear(&loaded);
    buffer_clear(&text);
    close_store(db);
}

/* ---- the short way -----------------------------------------------------------------------------------------------
 */

static const char *pick(struct random *random, const char *const *from, size_t n)
{
    return from[random_below(random, n)];
}
#define PICK(random, from) pick(random, from, sizeof(from) / sizeof *(from))

static const char *const TIMES[4][7] = {
    {"2026-11-20T08:00:%02u", "2026-11-20T08:01:%02u", "2026-11-20T08:00:%02u.5", "2026-11-20 08:00:%02u+02:00",
     "17000000%02u", "2026-11-20T08:00:%02u", "2026-11-20T08:00:%02ux"},
    {"17000000%02u", "17000000%02u", "-%u", "%u", "20000000%02u", "17000000%02u.5", "99999999%02u"},
    {"17000000000%02u", "1700000000000", "%u", "-1700000000000", "9999999999999%02u", "17000000000%02u", "1e%u"},
    {"1700000000000000000", "17000000000000000%02u", "9223372036854775807", "1%u", "17000000000000000%02u",
     "99999999999999999%02u", ""},
};
static const char *const NAMES[] = {"fan-1",           "press-1", "press-2", "ghost",     "fan-1",
                                    "press-1",         "press-2", "fan-1",   "\"fan-1\"", "meter, main",
                                    "\"meter, main\"", "",        "f\"1",    "fan-11"};
static const char *const NUMBERS[] = {
    "12.05",   "0.380",    "7",        "-1.5",       "",
    "1234567", "12345678", "123456.7", "1234567.8",  "1.2345678901234567890123456789012345",
    ".5",      "5.",       "-",        ".",          "1e3",
    "1.5e",    "+2",       "-0",       "0",          "00012",
    "1-2",     "1.2.3",    "nan",      "0x1",        "9007199254740993",
    "\"3.5\"", "1.5 ",     "12,5",     "99999999.99"};
static const char *const ENDS[] = {"\n", "\n", "\n", "\n", "\r\n", "\r\n", ",\n", "\n\n", "\r\r\n"};

/* Files of lines that are nearly all good. */
static void make_file(struct random *random, struct buffer *out)
{
    static const char *const headers[] = {"time,facility,kw,ia", "time_s,facility,kw,ia", "time_ms,facility,kw,ia",
                                          "time_ns,facility,kw,ia"};
    unsigned kind = (unsigned)random_below(random, 4), odd = 1 + (unsigned)random_below(random, 30);

    buffer_printf(out, "%s\n", headers[kind]);
    for (unsigned i = 0; i < 200; i++) {
        char time[64];
        bool is_odd = random_below(random, odd) == 0;
        const char *format = is_odd ? PICK(random, TIMES[kind]) : TIMES[kind][kind == 3];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(time, sizeof time, format, i % 60);
#pragma GCC diagnostic pop
        is_odd = random_below(random, odd) == 0;
        buffer_printf(out, "%s,%s", time, is_odd ? PICK(random, NAMES) : NAMES[i % 3]);
        for (int c = 0; c < 2; c++) {
            is_odd = random_below(random, odd) == 0;
            buffer_printf(out, ",%s", is_odd ? PICK(random, NUMBERS) : NUMBERS[random_below(random, 7)]);
        }
        buffer_printf(out, "%s", random_below(random, odd) ? ENDS[0] : PICK(random, ENDS));
    }
    if (random_below(random, 2) == 0)
        out->size--; /* the last line without its end */
    buffer_put_u8(out, 0);
}

/* Byte by byte every record is put together from pieces, which is the long way. */
static void lines_mean_the_same_the_short_way_and_the_long_way(void **state)
{
    uint64_t seed = test_seed("the short way"), rounds = test_rounds(40);
    static const size_t pieces[] = {1, SIZE_MAX / 2, 1000};
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 41 + r);
        struct buffer text;
        struct loaded want, got;
        char digest[2][65];

        buffer_init(&text, &MEM_SYSTEM);
        make_file(&random, &text);
        for (int i = 0; i < 3; i++) {
            gk_db *db = open_plant();
            load_pieces(db, (const char *)text.bytes, pieces[i], false, i ? &got : &want);
            assert_int_equal(gk_digest(db, digest[i > 0], NULL), GK_OK);
            close_store(db);
            if (i == 0)
                continue;
            assert_int_equal(got.status, want.status);
            assert_string_equal((char *)got.reasons.bytes, (char *)want.reasons.bytes);
            assert_string_equal((char *)got.lines.bytes, (char *)want.lines.bytes);
            assert_memory_equal(&got.result, &want.result, sizeof want.result);
            assert_string_equal(digest[1], digest[0]);
            loaded_clear(&got);
        }
        loaded_clear(&want);
        buffer_clear(&text);
    }
}

static void a_load_after_its_end_is_refused(void **state)
{
    gk_db *db = open_store(NULL);
    struct gk_load_result result;
    gk_load *load;
    (void)state;

    assert_int_equal(gk_load_open(db, NULL, &load, NULL), GK_OK);
    assert_int_equal(gk_load_feed(load, "facility\nx", 10, NULL), GK_OK);
    assert_int_equal(gk_load_finish(load, &result, NULL), GK_OK);
    assert_int_equal(result.n_taken, 1);
    assert_int_equal(gk_load_feed(load, "y\n", 2, NULL), GK_EINVAL);
    assert_int_equal(gk_load_finish(load, NULL, NULL), GK_EINVAL);
    gk_load_close(load);
    gk_load_close(NULL);
    close_store(db);
}

static int try_to_load(gk_db *db, const char *text, struct gk_error *error)
{
    gk_load *load = NULL;
    int rc = gk_load_open(db, NULL, &load, error);

    if (rc == GK_OK)
        rc = gk_load_feed(load, text, strlen(text), error);
    if (rc == GK_OK)
        rc = gk_load_finish(load, NULL, error);
    gk_load_close(load);
    return rc;
}

/* One load whose n-th allocation fails, then the same once more. Whether one failed. */
static bool load_twice(const char *text, uint64_t nth, bool for_ever, char digest[65])
{
    struct failing_mem failing;
    struct gk_error error = {0};

    failing_mem_init(&failing);
    struct gk_options options = {
        .size = sizeof options, .resize = failing.mem.resize, .resize_context = failing.mem.context};
    gk_db *db = open_store(&options);
    failing.fail_for_ever = for_ever;
    failing.fail_at = failing.n_calls + nth;
    int rc = try_to_load(db, text, &error);
    bool is_hit = failing.n_calls >= failing.fail_at;
    failing.fail_at = 0;
    if (is_hit) {
        assert_int_equal(rc, GK_ENOMEM);
        assert_string_not_equal(error.text, "");
        rc = try_to_load(db, text, &error);
    }
    assert_true(rc == GK_OK || rc == GK_ESYNTAX);
    assert_int_equal(gk_commit(db, &error), GK_OK);
    assert_int_equal(gk_digest(db, digest, &error), GK_OK);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(folder);
    assert_int_equal(failing.n_live, 0);
    return is_hit;
}

/* Each allocation of a load fails, once or with all that follow: it says so, nothing leaks, and the same file loaded
 * again into the same handle gives what it would have given at once. */
static void every_failing_allocation_is_said(void **state)
{
    static const char *const TEXTS[] = {
        PLANT,
        "time,facility,kw\n1700000000,a,1\n1700000001,b,\"2\"\n1700000002,c,x\n",
        "scope,off_below,on_from\n*,10%,20%\n",
        "tme,facility,kw\n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char want[65], digest[65];
        (void)load_twice(TEXTS[i], UINT64_MAX / 2, false, want);
        for (int for_ever = 0; for_ever < 2; for_ever++)
            for (uint64_t nth = 1; load_twice(TEXTS[i], nth, for_ever, digest); nth++)
                assert_string_equal(digest, want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(facilities_come_with_sites_ratings_and_tags),
    cmocka_unit_test(serves_makes_links_to_names_that_come_later),
    cmocka_unit_test(a_link_to_nobody_is_told_and_the_facility_stays),
    cmocka_unit_test(links_come_with_dates_and_standby),
    cmocka_unit_test(bands_keep_their_limits_exactly),
    cmocka_unit_test(orders_come_by_group_or_scope),
    cmocka_unit_test(exemptions_come_with_their_note),
    cmocka_unit_test(every_bad_line_is_told_where_and_what),
    cmocka_unit_test(what_the_catalog_refuses_has_a_place_too),
    cmocka_unit_test(a_header_of_no_table_lists_the_tables_and_what_looks_near),
    cmocka_unit_test(rows_come_in_whatever_the_unit_of_their_time),
    cmocka_unit_test(an_empty_field_is_a_missing_value),
    cmocka_unit_test(every_row_is_in_exactly_one_counter),
    cmocka_unit_test(a_strict_load_rejects_rows_of_nobody),
    cmocka_unit_test(a_bad_row_registers_nobody),
    cmocka_unit_test(many_rows_of_many_facilities_go_to_the_right_ones),
    cmocka_unit_test(lines_mean_the_same_the_short_way_and_the_long_way),
    cmocka_unit_test(a_load_after_its_end_is_refused),
    cmocka_unit_test(every_failing_allocation_is_said),
};

RUN_TESTS(tests)
