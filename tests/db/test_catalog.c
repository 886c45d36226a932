/*
 * test_catalog.c - what the catalog takes and refuses, what it remembers, its stored form, and the lists that follow
 * from it.
 */
#include "db/world.h"

#include <math.h>

#include "db/db.h"
#include "db/mapping.h"
#include "db/calendar.h"
#include "db/person.h"
#include "state/hex.h"

static struct catalog *catalog;
static struct catalog_changes changes;
static struct gk_error error;

static int set_up(void **state)
{
    (void)state;
    memset(&changes, 0, sizeof changes);
    changes.mem = &MEM_SYSTEM;
    return catalog_new(&MEM_SYSTEM, &catalog);
}

static int tear_down(void **state)
{
    (void)state;
    catalog_changes_clear(&changes);
    catalog_free(catalog);
    return 0;
}

static uint32_t put(const char *name, const char *park, const char *enterprise, const char *line, enum gk_role role)
{
    struct gk_facility_put f = facility_of(name, enterprise, line, role);
    uint32_t id = GK_ID_NONE;
    f.park = text_of(park);
    ok(catalog_put_facility(catalog, &f, &id, &changes, &error), &error);
    return id;
}

static void refuse(int rc, int status, const char *words)
{
    if (rc != status || !strstr(error.text, words))
        fail_msg("got %d '%s', expected %d '%s'", rc, error.text, status, words);
    assert_int_equal(changes.n, 0); /* nothing was changed */
}

/* ---- what is refused
 * ------------------------------------------------------------------------------------------------- */

static void every_wrong_facility_is_named(void **state)
{
    struct gk_facility_put f;
    char long_name[300];
    (void)state;

#define REFUSE_FACILITY(change, status, words)                                                                         \
    f = facility_of("fan", "E1", "L1", GK_ABATEMENT);                                                                  \
    change;                                                                                                            \
    refuse(catalog_put_facility(catalog, &f, NULL, &changes, &error), status, words);                                  \
    assert_int_equal(catalog->n_facilities + catalog->n_sites[GK_ENTERPRISE], 0)

    memset(long_name, 'x', sizeof long_name);
    REFUSE_FACILITY(f.name = text_of(""), GK_EINVAL, "facility: expected a name");
    REFUSE_FACILITY(f.name = text_of("a\tb"), GK_EINVAL, "control characters");
    REFUSE_FACILITY(f.name = text_of(" a"), GK_EINVAL, "no blanks at its ends");
    REFUSE_FACILITY(f.name = text_of("\xC3"), GK_EINVAL, "UTF-8");
    REFUSE_FACILITY(f.name.bytes = long_name; f.name.size = 256, GK_ERANGE, "at most 255 bytes, not 256");
    REFUSE_FACILITY(f.park = text_of("a\nb"), GK_EINVAL, "park: expected a name");
    REFUSE_FACILITY(f.enterprise = text_of("a\nb"), GK_EINVAL, "enterprise: expected a name");
    REFUSE_FACILITY(f.line = text_of("\x01"), GK_EINVAL, "line: expected a name");
    REFUSE_FACILITY(f.rated_kw = -0.5, GK_ERANGE, "rated_kw: expected a number above 0, got -0.5");
    REFUSE_FACILITY(f.rated_kw = -1, GK_ERANGE, "rated_kw");
    REFUSE_FACILITY(f.rated_kw = INFINITY, GK_ERANGE, "rated_kw");
    REFUSE_FACILITY(f.rated_a = -3, GK_ERANGE, "rated_a: expected a number above 0, got -3");
    REFUSE_FACILITY(f.role = (enum gk_role)7, GK_EINVAL, "role: 7 is none");
    struct gk_text keys[2] = {{"k", 1}, {"k", 1}}, values[2] = {{"1", 1}, {"2", 1}};
    f.tag_keys = keys;
    REFUSE_FACILITY(f.n_tags = 2; f.tag_keys = keys; f.tag_values = values, GK_EINVAL, "tag 'k' is given twice");
    values[0] = text_of("a\nb");
    REFUSE_FACILITY(f.n_tags = 1; f.tag_keys = keys; f.tag_values = values, GK_EINVAL, "value of a tag");
    keys[0] = text_of("");
    REFUSE_FACILITY(f.n_tags = 1; f.tag_keys = keys; f.tag_values = values, GK_EINVAL, "tag: expected a name");
}

static void an_enterprise_is_in_one_park(void **state)
{
    struct gk_facility_put f;
    (void)state;

    uint32_t a = put("a", "P1", "E1", NULL, GK_PRODUCTION);
    changes.n = 0;
    f = facility_of("b", "E1", NULL, GK_PRODUCTION);
    f.park = text_of("P2");
    refuse(catalog_put_facility(catalog, &f, NULL, &changes, &error), GK_EEXIST,
           "enterprise 'E1' is in park 'P1', not in 'P2'");
    f = facility_of("a", NULL, NULL, GK_PRODUCTION); /* nor does one facility leave it alone */
    f.park = text_of("P2");
    refuse(catalog_put_facility(catalog, &f, NULL, &changes, &error), GK_EEXIST, "not in 'P2'");
    uint32_t c = put("c", NULL, "E1", NULL, GK_PRODUCTION); /* the park follows */
    assert_int_equal(catalog->facilities[c].park, catalog->facilities[a].park);
}

#define MANY_FACILITIES 100

/* Also those that were in another park before they had an enterprise: there is room to tell of all of them. */
static void an_enterprise_that_gets_its_park_tells_of_all_its_facilities(void **state)
{
    char name[16];
    (void)state;

    for (int i = 0; i < MANY_FACILITIES; i++) {
        snprintf(name, sizeof name, "f%d", i);
        (void)put(name, "P0", NULL, NULL, GK_PRODUCTION); /* by name below */
        (void)put(name, NULL, "E1", NULL, GK_PRODUCTION);
    }
    catalog_changes_clear(&changes); /* and with them the room */
    uint32_t last = put("last", "P1", "E1", NULL, GK_PRODUCTION);
    uint32_t park = catalog->facilities[last].park;
    size_t n_told = 0;
    for (size_t i = 0; i < changes.n; i++)
        n_told += changes.at[i].kind == ENTRY_FACILITY && changes.at[i].id < MANY_FACILITIES;
    assert_int_equal(n_told, MANY_FACILITIES);
    for (uint32_t i = 0; i < MANY_FACILITIES; i++)
        assert_int_equal(catalog->facilities[i].park, park);
}

/* Facilities, registered in whatever order, are in the park of their enterprise. */
static void an_enterprise_takes_its_facilities_into_its_park(void **state)
{
    (void)state;
    uint32_t a = put("a", NULL, "E1", "L1", GK_PRODUCTION);
    uint32_t other = put("o", NULL, "E2", NULL, GK_PRODUCTION);
    assert_int_equal(catalog->facilities[a].park, GK_ID_NONE);
    changes.n = 0;
    uint32_t b = put("b", "P1", "E1", "L1", GK_PRODUCTION);
    assert_int_equal(catalog->facilities[a].park, catalog->facilities[b].park);
    assert_int_equal(catalog->facilities[other].park, GK_ID_NONE);
    bool is_told = false;
    for (size_t i = 0; i < changes.n; i++)
        is_told |= changes.at[i].kind == ENTRY_FACILITY && changes.at[i].id == a;
    assert_true(is_told); /* so it will be stored */
}

static void a_facility_that_moves_takes_its_line_name_along(void **state)
{
    (void)state;
    uint32_t a = put("a", NULL, "E1", "L1", GK_PRODUCTION);
    (void)put("a", NULL, "E2", NULL, GK_PRODUCTION);
    const struct gk_site *line = &catalog->sites[GK_LINE][catalog->facilities[a].line];
    assert_string_equal(line->name, "L1");
    assert_int_equal(line->parent, catalog->facilities[a].enterprise);
    assert_int_equal(catalog->n_sites[GK_LINE], 2);
}

static void every_wrong_link_is_named(void **state)
{
    (void)state;
    put("press", NULL, "E1", "L1", GK_PRODUCTION);
    put("scrubber", NULL, "E1", "L1", GK_ABATEMENT);
    changes.n = 0;
    struct gk_link_put l;
#define REFUSE_LINK(change, status, words)                                                                             \
    l = (struct gk_link_put){sizeof l, text_of("scrubber"), text_of("press"), false, GK_TIME_MIN, GK_TIME_MAX};        \
    change;                                                                                                            \
    refuse(catalog_put_link(catalog, &l, &changes, &error), status, words)
    REFUSE_LINK(l.abatement = text_of("scruber"), GK_ENOTFOUND,
                "there is no abatement facility 'scruber'; did you mean 'scrubber'?");
    REFUSE_LINK(l.production = text_of("kiln"), GK_ENOTFOUND, "there is no production facility 'kiln'");
    REFUSE_LINK(l.abatement = text_of("press"), GK_EINVAL, "'press' has the role production, not abatement");
    REFUSE_LINK(l.production = text_of("scrubber"), GK_EINVAL, "'scrubber' has the role abatement, not production");
    REFUSE_LINK(l.from = l.to = T0, GK_ERANGE, "`from` must be before `to`");
}

static void every_wrong_band_is_named(void **state)
{
    (void)state;
    put("press", "P1", "E1", "L1", GK_PRODUCTION);
    changes.n = 0;
    struct gk_band_put b;
#define REFUSE_BAND(change, status, words)                                                                             \
    b = band_of(GK_ZONE, NULL, 10, 20, GK_TIME_MIN);                                                                   \
    change;                                                                                                            \
    refuse(catalog_put_band(catalog, &b, &changes, &error), status, words)
    REFUSE_BAND(b.off_below = share(130), GK_ERANGE, "off_below: 130 % of rated is above 100 %");
    REFUSE_BAND(b.on_from = share(101), GK_ERANGE, "on_from");
    REFUSE_BAND(b.overload_from = share(1001), GK_ERANGE, "overload_from");
    REFUSE_BAND(b.hysteresis = share(101), GK_ERANGE, "hysteresis");
    REFUSE_BAND(b.off_below = share(-1), GK_ERANGE, "off_below: expected 0 or more");
    REFUSE_BAND(b.off_below.value.scale = 19, GK_ERANGE, "off_below: a decimal has 0 to 18 decimals");
    REFUSE_BAND(b.off_below = share(30), GK_ERANGE, "off_below must not be above on_from");
    REFUSE_BAND(b.overload_from = share(19), GK_ERANGE, "on_from must not be above overload_from");
    REFUSE_BAND(b.hold_ns = 0, GK_ERANGE, "hold: expected more than 0 s");
    REFUSE_BAND(b.hold_ns = 401 * INT64_C(86400) * GK_SECOND, GK_ERANGE, "at most 400 days");
    REFUSE_BAND(b.scope = GK_GROUP, GK_EINVAL, "a band's scope is");
    REFUSE_BAND(b.scope = GK_PARK; b.name = text_of("P2"), GK_ENOTFOUND, "there is no park 'P2'");
    REFUSE_BAND(b.scope = GK_ENTERPRISE; b.name = text_of("steel"), GK_ENOTFOUND, "there is no enterprise 'steel'");
    REFUSE_BAND(b.scope = GK_LINE; b.name = text_of("nowhere"), GK_ENOTFOUND, "there is no line 'nowhere'");
    REFUSE_BAND(b.scope = GK_ROLE; b.name = text_of("boss"), GK_ENOTFOUND, "there is no role 'boss'");
    REFUSE_BAND(b.scope = GK_FACILITY; b.name = text_of("pres"), GK_ENOTFOUND, "did you mean 'press'?");
    REFUSE_BAND(b.scope = (enum gk_kind)9, GK_EINVAL, "9 is no kind of scope");
    REFUSE_BAND(b.channel = text_of("k\nw"), GK_EINVAL, "channel: expected a name");
    assert_int_equal(catalog->n_channels, 0);
}

static void every_wrong_order_and_exemption_is_named(void **state)
{
    (void)state;
    struct gk_order_put o;
    struct gk_exemption_put e;
#define REFUSE_ORDER(change, status, words)                                                                            \
    o = (struct gk_order_put){.size = sizeof o, .scope = GK_ZONE, .cut_share = NAN, .from = T0, .to = T0 + DAY};       \
    change;                                                                                                            \
    refuse(catalog_put_order(catalog, &o, &changes, &error), status, words)
    REFUSE_ORDER(o.to = T0, GK_ERANGE, "`from` must be before `to`");
    REFUSE_ORDER(o.level = text_of("\x02"), GK_EINVAL, "level: expected a name");
    REFUSE_ORDER(o.kind = text_of("\x02"), GK_EINVAL, "kind: expected a name");
    REFUSE_ORDER(o.cut_share = 1.5, GK_ERANGE, "cut: expected 0 % to 100 %, got 150 %");
    REFUSE_ORDER(o.cut_share = -0.1, GK_ERANGE, "cut: expected");
    REFUSE_ORDER(o.hours_from_s = -1, GK_ERANGE, "hours: expected times of day");
    REFUSE_ORDER(o.hours_to_s = 86401, GK_ERANGE, "hours: expected times of day");
    REFUSE_ORDER(o.scope = GK_ROLE, GK_EINVAL, "an order's scope is");
    REFUSE_ORDER(o.scope = GK_GROUP, GK_EINVAL, "group: expected a name");
    REFUSE_ORDER(o.scope = GK_FACILITY; o.name = text_of("x"), GK_ENOTFOUND, "there is no facility 'x'");
#define REFUSE_EXEMPTION(change, status, words)                                                                        \
    e = (struct gk_exemption_put){.size = sizeof e, .scope = GK_ZONE, .from = T0, .to = T0 + DAY};                     \
    change;                                                                                                            \
    refuse(catalog_put_exemption(catalog, &e, &changes, &error), status, words)
    REFUSE_EXEMPTION(e.from = e.to, GK_ERANGE, "`from` must be before `to`");
    REFUSE_EXEMPTION(e.kind = text_of("\x02"), GK_EINVAL, "kind: expected a name");
    REFUSE_EXEMPTION(e.note = text_of("\x02"), GK_EINVAL, "note: expected a name");
    REFUSE_EXEMPTION(e.scope = GK_ROLE, GK_EINVAL, "an exemption's scope is");
    uint32_t id;
    refuse(catalog_put_channel(catalog, text_of(""), &id, &changes, &error), GK_EINVAL, "channel: expected a name");
    refuse(catalog_register(catalog, text_of("\x7f"), &id, &changes, &error), GK_EINVAL, "facility: expected a name");
}

/* ---- what is kept
 * ------------------------------------------------------------------------------------------------------ */

static void putting_again_replaces_what_is_given_and_keeps_the_id(void **state)
{
    (void)state;
    struct gk_text keys[2] = {{"zone", 4}, {"group", 5}}, values[2] = {{"n", 1}, {"g1", 2}};
    struct gk_facility_put f = facility_of("fan", "E1", "L1", GK_ABATEMENT);
    uint32_t id, again;

    f.n_tags = 2;
    f.tag_keys = keys;
    f.tag_values = values;
    ok(catalog_put_facility(catalog, &f, &id, &changes, &error), &error);
    changes.n = 0;
    ok(catalog_put_facility(catalog, &f, &again, &changes, &error), &error);
    assert_int_equal(changes.n, 0); /* the same again is nothing */
    assert_int_equal(id, again);

    struct gk_facility_put some = {.size = sizeof some,
                                   .name = text_of("fan"),
                                   .rated_kw = 12,
                                   .rated_a = NAN,
                                   .n_tags = 2,
                                   .tag_keys = keys,
                                   .tag_values = values};
    values[0] = (struct gk_text){NULL, 0}; /* keeps what was */
    values[1] = text_of("g2");
    ok(catalog_put_facility(catalog, &some, &again, &changes, &error), &error);
    assert_int_equal(id, again);
    assert_int_equal(changes.n, 1);
    const struct gk_facility *have = &catalog->facilities[id];
    assert_true(have->rated_kw == 12 && have->rated_a == 20);
    assert_int_equal(have->role, GK_ABATEMENT);
    assert_string_equal(gk_facility_tag(have, "group"), "g2");
    assert_string_equal(gk_facility_tag(have, "zone"), "n");
    assert_null(gk_facility_tag(have, "zon"));
    assert_string_equal(have->tags[0].key, "group"); /* by key, however they came */
    assert_int_equal(have->line, 0);
    uint32_t other;
    ok(catalog_register(catalog, text_of("new"), &other, &changes, &error), &error);
    assert_int_equal(other, 1);
    assert_int_equal(catalog_facility(catalog, "new", 3), 1);
    assert_int_equal(catalog_facility(catalog, "ne", 2), GK_ID_NONE);
}

static void a_line_name_may_stand_in_several_enterprises(void **state)
{
    (void)state;
    uint32_t a = put("a", NULL, "E1", "L1", GK_PRODUCTION), b = put("b", NULL, "E2", "L1", GK_PRODUCTION);
    assert_true(catalog->facilities[a].line != catalog->facilities[b].line);
    assert_int_equal(catalog_site(catalog, GK_LINE, "L1", 2), catalog->facilities[a].line);
    assert_int_equal(catalog_line(catalog, catalog->facilities[b].enterprise, "L1", 2), catalog->facilities[b].line);
}

static void thousands_of_names_are_all_found(void **state)
{
    (void)state;
    char name[32];
    uint32_t id;
    for (uint32_t i = 0; i < 5000; i++) {
        int n = snprintf(name, sizeof name, "facility %u", i);
        struct gk_text t = {name, (size_t)n};
        ok(catalog_register(catalog, t, &id, &changes, &error), &error);
        assert_int_equal(id, i);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        int n = snprintf(name, sizeof name, "facility %u", i);
        assert_int_equal(catalog_facility(catalog, name, (size_t)n), i);
    }
}

/* ---- links and scopes
 * ---------------------------------------------------------------------------------------------------- */

/* The links as text: "abatement>production" with '!' for put ones, sorted by the freeze's own order. */
static void expect_links(const char *want)
{
    char text[512] = "";
    assert_int_equal(catalog_freeze(catalog), GK_OK);
    for (size_t i = 0; i < catalog->n_all_links; i++) {
        const struct gk_link *l = &catalog->all_links[i];
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s%s>%s", l->is_default ? " " : " !",
                       catalog->facilities[l->abatement].name, catalog->facilities[l->production].name);
    }
    assert_string_equal(text, want);
}

static void default_links_go_by_line_then_by_enterprise_and_end_with_a_link(void **state)
{
    (void)state;
    put("p1", NULL, "E1", "L1", GK_PRODUCTION);
    put("p2", NULL, "E1", "L1", GK_PRODUCTION);
    put("p3", NULL, "E1", "L2", GK_PRODUCTION);
    put("x", NULL, "E2", "L1", GK_PRODUCTION);
    put("o", NULL, "E1", "L1", GK_OTHER);
    put("a1", NULL, "E1", "L1", GK_ABATEMENT);
    expect_links(" a1>p1 a1>p2");
    put("a2", NULL, "E1", "L3", GK_ABATEMENT); /* its line has none: the enterprise's */
    put("a3", NULL, "E1", NULL, GK_ABATEMENT); /* no line at all */
    put("a4", NULL, "E3", "L1", GK_ABATEMENT); /* nothing to serve */
    put("a5", NULL, NULL, NULL, GK_ABATEMENT);
    expect_links(" a1>p1 a1>p2 a2>p1 a2>p2 a2>p3 a3>p1 a3>p2 a3>p3");
    struct gk_link_put l = {sizeof l, text_of("a1"), text_of("p3"), true, T0, GK_TIME_MAX};
    ok(catalog_put_link(catalog, &l, &changes, &error), &error);
    expect_links(" !a1>p3 a2>p1 a2>p2 a2>p3 a3>p1 a3>p2 a3>p3");
    l.is_standby = false; /* the same two from the same date: replaced */
    ok(catalog_put_link(catalog, &l, &changes, &error), &error);
    assert_int_equal(catalog->n_links, 1);
    l.from = T0 + DAY;
    ok(catalog_put_link(catalog, &l, &changes, &error), &error);
    assert_int_equal(catalog->n_links, 2);
    expect_links(" !a1>p3 !a1>p3 a2>p1 a2>p2 a2>p3 a3>p1 a3>p2 a3>p3");

    /* By facility: each link on both sides. */
    size_t n = 0;
    for (size_t i = 0; i < catalog->n_facilities; i++) {
        size_t from = catalog->facility_links_start[i], to = catalog->facility_links_start[i + 1];
        for (size_t k = from; k < to; k++, n++)
            assert_true(catalog->facility_links[k]->abatement == i || catalog->facility_links[k]->production == i);
    }
    assert_int_equal(n, 2 * catalog->n_all_links);
}

static void scopes_cover_what_they_name(void **state)
{
    (void)state;
    struct gk_text key = text_of("group"), value = text_of("red");
    struct gk_facility_put f = facility_of("a", "E1", "L1", GK_ABATEMENT);
    uint32_t a, b = put("b", "P2", "E2", "L1", GK_PRODUCTION);
    f.park = text_of("P1");
    f.n_tags = 1;
    f.tag_keys = &key;
    f.tag_values = &value;
    ok(catalog_put_facility(catalog, &f, &a, &changes, &error), &error);
    const struct gk_facility *fa = &catalog->facilities[a];
    const struct gk_scope covering[] = {
        {GK_ZONE, GK_ID_NONE, ""},     {GK_PARK, fa->park, "P1"},   {GK_ENTERPRISE, fa->enterprise, "E1"},
        {GK_LINE, fa->line, "L1"},     {GK_ROLE, GK_ABATEMENT, ""}, {GK_FACILITY, a, "a"},
        {GK_GROUP, GK_ID_NONE, "red"},
    };
    for (size_t i = 0; i < sizeof covering / sizeof *covering; i++) {
        assert_true(catalog_covers(catalog, &covering[i], a));
        assert_int_equal(catalog_covers(catalog, &covering[i], b), i == 0);
    }
    struct gk_scope green = {GK_GROUP, GK_ID_NONE, "gree"};
    assert_false(catalog_covers(catalog, &green, a));
}

/* ---- the stored form
 * ------------------------------------------------------------------------------------------------------ */

/* One of everything, with everything set in one and nothing in another. */
static void fill_catalog(void)
{
    uint32_t id;
    struct gk_text keys[2] = {text_of("group"), text_of("\xE7\xBA\xA7")},
                   values[2] = {text_of("g"), text_of("\xE7\xBA\xA2")};
    struct gk_facility_put f = facility_of("\xE9\xA3\x8E\xE6\x9C\xBA 1", "E1", "L1", GK_ABATEMENT);

    ok(catalog_put_channel(catalog, text_of("kw"), &id, &changes, &error), &error);
    put("press", "P1", "E1", "L1", GK_PRODUCTION);
    f.n_tags = 2;
    f.tag_keys = keys;
    f.tag_values = values;
    ok(catalog_put_facility(catalog, &f, NULL, &changes, &error), &error);
    ok(catalog_register(catalog, text_of("bare"), &id, &changes, &error), &error);
    struct gk_link_put l = {sizeof l, f.name, text_of("press"), true, T0, T0 + DAY};
    ok(catalog_put_link(catalog, &l, &changes, &error), &error);
    static const struct {
        enum gk_kind kind;
        const char *name;
    } scopes[] = {{GK_ZONE, NULL}, {GK_PARK, "P1"}, {GK_ENTERPRISE, "E1"}, {GK_LINE, "L1"}, {GK_FACILITY, "press"}};
    for (size_t i = 0; i < 5; i++) {
        struct gk_band_put b = band_of(scopes[i].kind, scopes[i].name, 10, 20, i % 2 ? T0 : GK_TIME_MIN);
        if (i == 2) {
            b.overload_from = share(110);
            b.hysteresis = (struct gk_limit){GK_LIMIT_ABSOLUTE, {-0, 3}};
            b.hold_ns = 90 * GK_SECOND;
            b.dwell_on_ns = b.dwell_off_ns = 5 * GK_SECOND;
            b.channel = text_of("ia");
        }
        ok(catalog_put_band(catalog, &b, &changes, &error), &error);
        struct gk_order_put o = {sizeof o,
                                 scopes[i].kind,
                                 text_of(scopes[i].name),
                                 text_of("red"),
                                 text_of("stop"),
                                 i % 2 ? 0.3 : NAN,
                                 T0,
                                 T0 + DAY,
                                 3600,
                                 7200};
        ok(catalog_put_order(catalog, &o, &changes, &error), &error);
        struct gk_exemption_put e = {
            sizeof e, scopes[i].kind, text_of(scopes[i].name), text_of("maintenance"), text_of(i % 2 ? "oil" : NULL),
            T0,       GK_TIME_MAX};
        ok(catalog_put_exemption(catalog, &e, &changes, &error), &error);
    }
    struct gk_band_put role = band_of(GK_ROLE, "production", 5, 6, T0);
    ok(catalog_put_band(catalog, &role, &changes, &error), &error);
    struct gk_order_put group = {
        sizeof group, GK_GROUP, text_of("g"), text_of("yellow"), text_of(NULL), 1, T0, T0 + 1, 0, 0};
    ok(catalog_put_order(catalog, &group, &changes, &error), &error);
    for (int i = 0; i < 2; i++) {
        struct gk_rule_put rule = {sizeof rule, text_of("R1"), text_of(i ? "two" : "one"), T0};
        uint32_t version;
        ok(catalog_put_rule(catalog, &rule, T0, &version, &changes, &error), &error);
    }
    struct gk_mapping_put mapping = {sizeof mapping,
                                     text_of("M1"),
                                     text_of("B*"),
                                     text_of("Rtd"),
                                     GK_PERIOD_HOUR,
                                     text_of("{mn}"),
                                     text_of("ia"),
                                     text_of("A"),
                                     80,
                                     NAN,
                                     500};
    ok(catalog_put_mapping(catalog, &mapping, &changes, &error), &error);
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        struct gk_person_put person = {sizeof person,
                                       text_of("wang"),
                                       text_of("head"),
                                       scopes[i].kind,
                                       text_of(scopes[i].name),
                                       text_of("sms"),
                                       text_of(i % 2 ? "+86 1" : NULL),
                                       T0,
                                       GK_TIME_MAX};
        ok(catalog_put_person(catalog, &person, &changes, &error), &error);
        struct gk_band_put b = band_of(scopes[i].kind, scopes[i].name, 15, 25, T0);
        b.set = text_of("v2");
        ok(catalog_put_band(catalog, &b, &changes, &error), &error);
        struct gk_calendar_put night = {sizeof night,
                                        text_of("night"),
                                        scopes[i].kind,
                                        text_of(scopes[i].name),
                                        i % 2 ? 0x1F : GK_DAYS_ALL,
                                        79200,
                                        21600,
                                        T0,
                                        GK_TIME_MAX};
        ok(catalog_put_calendar(catalog, &night, &changes, &error), &error);
    }
}

/* Every entry of a catalog, in the order in which it is read. */
static size_t entries_of(const struct catalog *c, struct catalog_change out[200])
{
    size_t n = 0;
    const size_t counts[] = {c->n_facilities, c->n_links,    c->n_bands,  c->n_orders,    c->n_exemptions,
                             c->n_rules,      c->n_mappings, c->n_people, c->n_set_bands, c->n_calendars};
    for (uint32_t i = 0; i < c->n_channels; i++)
        out[n++] = (struct catalog_change){ENTRY_CHANNEL, i};
    for (uint32_t k = GK_PARK; k <= GK_LINE; k++)
        for (uint32_t i = 0; i < c->n_sites[k]; i++)
            out[n++] = (struct catalog_change){ENTRY_SITE, k << 24 | i};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        for (uint32_t i = 0; i < counts[k]; i++)
            out[n++] = (struct catalog_change){(enum entry_kind)(ENTRY_FACILITY + (int)k), i};
    return n;
}

static void same_text(const struct catalog *a, const struct catalog *b, struct catalog_change e)
{
    struct buffer x, y;
    buffer_init(&x, &MEM_SYSTEM);
    buffer_init(&y, &MEM_SYSTEM);
    assert_int_equal(catalog_dump(a, e.kind, e.id, &x), GK_OK);
    assert_int_equal(catalog_dump(b, e.kind, e.id, &y), GK_OK);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.bytes, y.bytes, x.size);
    buffer_clear(&x);
    buffer_clear(&y);
}

static void a_clone_is_equal_and_its_own(void **state)
{
    struct catalog_change entries[200];
    struct catalog *copy;
    (void)state;

    fill_catalog();
    catalog->version = 77;
    assert_int_equal(catalog_clone(catalog, &copy), GK_OK);
    assert_int_equal(copy->version, 77);
    size_t n = entries_of(catalog, entries);
    assert_int_equal(n, entries_of(copy, (struct catalog_change[200]){{0, 0}}));
    assert_true(n > 25);
    struct buffer a, b;
    buffer_init(&a, &MEM_SYSTEM);
    buffer_init(&b, &MEM_SYSTEM);
    for (size_t i = 0; i < n; i++) {
        same_text(catalog, copy, entries[i]);
        ok(catalog_encode(catalog, entries[i].kind, entries[i].id, 5, &a), &error);
        ok(catalog_encode(copy, entries[i].kind, entries[i].id, 5, &b), &error);
    }
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    buffer_clear(&a);
    buffer_clear(&b);
    uint32_t id;
    ok(catalog_register(copy, text_of("only here"), &id, &changes, &error), &error);
    assert_int_equal(catalog_facility(catalog, "only here", 9), GK_ID_NONE);
    struct gk_band_put same = band_of(GK_PARK, "P1", 10, 20, T0); /* found by its identity in the copy, too */
    changes.n = 0;
    ok(catalog_put_band(copy, &same, &changes, &error), &error);
    assert_int_equal(changes.n, 0);
    catalog_free(copy);
}

/* Reads all entries before this one, so that what it refers to is there. */
static struct catalog *catalog_up_to(const struct catalog_change *entries, size_t n)
{
    struct catalog *c;
    struct buffer b;
    buffer_init(&b, &MEM_SYSTEM);
    assert_int_equal(catalog_new(&MEM_SYSTEM, &c), GK_OK);
    for (size_t i = 0; i < n; i++) {
        buffer_reset(&b);
        ok(catalog_encode(catalog, entries[i].kind, entries[i].id, 0, &b), &error);
        ok(catalog_decode(c, entries[i].kind, entries[i].id, (struct view){b.bytes, b.size}, &error), &error);
    }
    buffer_clear(&b);
    return c;
}

static void every_cut_and_flipped_record_is_refused_or_consistent(void **state)
{
    struct catalog_change entries[200], after[200];
    struct buffer b, dump;
    (void)state;

    fill_catalog();
    buffer_init(&b, &MEM_SYSTEM);
    buffer_init(&dump, &MEM_SYSTEM);
    size_t n = entries_of(catalog, entries), n_refused = 0;
    for (size_t e = 0; e < n; e++) {
        struct catalog *c = catalog_up_to(entries, e);
        buffer_reset(&b);
        ok(catalog_encode(catalog, entries[e].kind, entries[e].id, 3, &b), &error);
        for (size_t size = 0; size < b.size; size++) { /* of exactly that many bytes, for asan */
            uint8_t *cut = malloc(size + 1);
            memcpy(cut, b.bytes, size);
            assert_true(catalog_decode(c, entries[e].kind, entries[e].id, (struct view){cut, size}, &error) < 0);
            free(cut);
        }
        assert_int_equal(entries_of(c, after), e); /* nothing of them stayed */
        for (size_t bit = 0; bit < 8 * b.size; bit++) {
            b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            int rc = catalog_decode(c, entries[e].kind, entries[e].id, (struct view){b.bytes, b.size}, &error);
            b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            n_refused += rc != GK_OK;
            if (bit < 8)
                assert_int_equal(rc, GK_EVERSION);
            if (rc != GK_OK) {
                assert_true(rc == GK_ECORRUPT || rc == GK_EVERSION);
                continue;
            }
            buffer_reset(&dump); /* it can be shown and frozen */
            ok(catalog_dump(c, entries[e].kind, entries[e].id, &dump), &error);
            assert_int_equal(catalog_freeze(c), GK_OK);
            catalog_free(c);
            c = catalog_up_to(entries, e);
        }
        struct view whole = {b.bytes, b.size};
        assert_int_equal(catalog_decode(c, entries[e].kind, entries[e].id + 1, whole, &error), GK_ECORRUPT); /* a gap */
        catalog_free(c);
    }
    assert_int_equal(catalog_decode(catalog, ENTRY_HISTORY, 0, (struct view){b.bytes, b.size}, &error), GK_ECORRUPT);
    assert_true(n_refused > 1000);
    buffer_clear(&b);
    buffer_clear(&dump);
}

static void the_page_shows_what_is_stored(void **state)
{
    struct buffer bytes, want, text;
    struct gk_text key = text_of("group"), value = text_of("red");
    struct gk_facility_put f = facility_of("fan-1", "E1", "L1", GK_ABATEMENT);
    (void)state;

    put("press", "P1", "E1", "L1", GK_PRODUCTION);
    f.rated_kw = 7.5;
    f.rated_a = NAN;
    f.n_tags = 1;
    f.tag_keys = &key;
    f.tag_values = &value;
    ok(catalog_put_facility(catalog, &f, NULL, &changes, &error), &error);
    catalog->version = 3;
    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    char *dump = read_example("docs/format/catalog.md", &want);
    ok(catalog_encode(catalog, ENTRY_FACILITY, 1, T0, &bytes), &error);
    assert_bytes(&bytes, &want);
    ok(catalog_dump(catalog, ENTRY_FACILITY, 1, &text), &error);
    buffer_put_u8(&text, '\n');
    assert_text(&text, dump);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&want);
    buffer_clear(&text);
}

/* ---- memory
 * -------------------------------------------------------------------------------------------------------------- */

/* One put of each kind, into a catalog that knows facilities f0 to f31. */
static int put_something(struct catalog *c, int what, struct catalog_changes *told)
{
    struct gk_text key = text_of("k"), value = text_of("v");
    struct gk_facility_put f = facility_of(what == 0 ? "new" : "f1", "E1", "L1", GK_ABATEMENT);
    f.park = text_of("P1");
    f.n_tags = 1;
    f.tag_keys = &key;
    f.tag_values = &value;
    struct gk_band_put b = band_of(GK_FACILITY, "f1", 1, 2, T0);
    b.channel = text_of("kw");
    struct gk_order_put o = {sizeof o, GK_GROUP, text_of("g"), text_of("l"), text_of("k"), NAN, T0, T0 + 1, 0, 0};
    struct gk_exemption_put e = {sizeof e, GK_GROUP, text_of("g"), text_of("l"), text_of("k"), T0, T0 + 1};
    uint32_t id;

    switch (what) {
    case 0:
    case 1:
        return catalog_put_facility(c, &f, &id, told, &error);
    case 2:
        return catalog_register(c, text_of("new"), &id, told, &error);
    case 3:
        return catalog_put_channel(c, text_of("new"), &id, told, &error);
    case 4:
        return catalog_put_band(c, &b, told, &error);
    case 5:
        return catalog_put_order(c, &o, told, &error);
    default:
        return catalog_put_exemption(c, &e, told, &error);
    }
}

/* A put that fails for want of memory changes nothing; what is in the catalog and what is told agree; and it can be
 * repeated. */
static void a_put_without_memory_changes_nothing(void **state)
{
    struct failing_mem failing;
    struct catalog_change entries[200];
    uint64_t n_failures = 0;
    (void)state;

    failing_mem_init(&failing);
    for (int what = 0; what < 7; what++) {
        int rc = GK_ENOMEM;
        for (uint64_t n = 1; rc != GK_OK; n++) {
            struct catalog *c;
            struct catalog_changes told = {.mem = &failing.mem};
            uint32_t id;
            failing.fail_at = 0;
            assert_int_equal(catalog_new(&failing.mem, &c), GK_OK);
            for (uint32_t i = 0; i < 32; i++) { /* to where indexes and arrays must grow */
                char name[16];
                struct gk_text t = {name, (size_t)snprintf(name, sizeof name, "f%u", i)};
                ok(catalog_register(c, t, &id, &told, &error), &error);
            }
            catalog_changes_clear(&told);
            failing.n_calls = 0;
            failing.fail_at = n;
            rc = put_something(c, what, &told);
            if (rc != GK_OK) {
                assert_int_equal(rc, GK_ENOMEM);
                assert_int_equal(error.status, GK_ENOMEM);
                assert_int_equal(told.n, 0);
                assert_int_equal(entries_of(c, entries), 32);
                assert_int_equal(catalog_facility(c, "new", 3), GK_ID_NONE);
                assert_true(isnan(c->facilities[1].rated_kw));
                n_failures++;
                ok(put_something(c, what, &told), &error);
            }
            assert_true(told.n >= 1);
            assert_true(entries_of(c, entries) + (what == 1) >= 33);
            catalog_changes_clear(&told);
            catalog_free(c);
            assert_int_equal(failing.n_live, 0);
            assert_true(n < 100);
        }
    }
    assert_true(n_failures > 20);
}

/* ---- in a store
 * ------------------------------------------------------------------------------------------------------------ */

static int count_lines(void *context, const char *text, size_t size)
{
    static const char WANT[] = "history of entry 3/0 ";
    *(int *)context += size > sizeof WANT && memcmp(text, WANT, sizeof WANT - 1) == 0;
    return GK_OK;
}

static void former_versions_stay_known_and_ids_are_kept(void **state)
{
    char path[4096];
    int n_history = 0;
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t fan = put_facility(db, "fan", GK_ABATEMENT);
    ok(gk_commit(db, &error), &error);
    struct gk_facility_put f = facility_of("fan", NULL, NULL, GK_ABATEMENT);
    for (int i = 0; i < 3; i++) {
        f.rated_kw = 20 + i;
        uint32_t id;
        ok(gk_facility_put(db, &f, &id, &error), &error);
        assert_int_equal(id, fan);
        ok(gk_commit(db, &error), &error);
        ok(gk_facility_put(db, &f, &id, &error), &error); /* no change, no version */
        ok(gk_commit(db, &error), &error);
    }
    ok(gk_dump(db, "catalog", count_lines, &n_history, &error), &error);
    assert_int_equal(n_history, 3);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READWRITE, NULL);
    gk_snapshot *s = look(db);
    assert_int_equal(gk_snapshot_info(s)->catalog_version, 4);
    assert_int_equal(gk_facility_find(s, "fan", 3), fan);
    assert_true(gk_facility_get(s, fan)->rated_kw == 22);
    assert_null(gk_facility_get(s, fan + 1));
    gk_snapshot_close(s);
    world_end(db, path);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    WITH_CATALOG(every_wrong_facility_is_named),
    WITH_CATALOG(an_enterprise_is_in_one_park),
    WITH_CATALOG(an_enterprise_that_gets_its_park_tells_of_all_its_facilities),
    WITH_CATALOG(an_enterprise_takes_its_facilities_into_its_park),
    WITH_CATALOG(a_facility_that_moves_takes_its_line_name_along),
    WITH_CATALOG(every_wrong_link_is_named),
    WITH_CATALOG(every_wrong_band_is_named),
    WITH_CATALOG(every_wrong_order_and_exemption_is_named),
    WITH_CATALOG(putting_again_replaces_what_is_given_and_keeps_the_id),
    WITH_CATALOG(a_line_name_may_stand_in_several_enterprises),
    WITH_CATALOG(thousands_of_names_are_all_found),
    WITH_CATALOG(default_links_go_by_line_then_by_enterprise_and_end_with_a_link),
    WITH_CATALOG(scopes_cover_what_they_name),
    WITH_CATALOG(a_clone_is_equal_and_its_own),
    WITH_CATALOG(the_page_shows_what_is_stored),
    WITH_CATALOG(every_cut_and_flipped_record_is_refused_or_consistent),
    cmocka_unit_test(a_put_without_memory_changes_nothing),
    cmocka_unit_test(former_versions_stay_known_and_ids_are_kept),
};

RUN_TESTS(tests)
