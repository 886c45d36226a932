/*
 * zone.c - see naive.h.
 */
#include "naive/naive.h"

#include <inttypes.h>
#include <math.h>

const char *const CHANNELS[N_CHANNELS] = {"kw", "ia", "ib", "ic", "kwh", "temp"};

static const char *const GROUPS[] = {"A", "B"};
static const char *const KINDS[] = {"zone", "park", "enterprise", "line", "role", "facility", "group"};
static const char *const ROLES[] = {"other", "production", "abatement"};

#define T0     (INT64_C(1795132800) * GK_SECOND) /* 2026-11-20T00:00:00Z */
#define MINUTE (60 * GK_SECOND)
#define DAY    (1440 * MINUTE)

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

int64_t zone_tick(const struct zone *zone, gk_time t)
{
    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        return t;
    return t >= 0 ? t / zone->tick : -((-t + zone->tick - 1) / zone->tick);
}

/* ---- sites and facilities ---- */

static int find_site(struct zone *zone, enum gk_kind kind, const char *name, int parent)
{
    for (int i = 0; i < zone->n_sites[kind]; i++)
        if (strcmp(zone->sites[kind][i].name, name) == 0 && (kind != GK_LINE || zone->sites[kind][i].parent == parent))
            return i;
    struct site *site = &zone->sites[kind][zone->n_sites[kind]];
    (void)snprintf(site->name, sizeof site->name, "%s", name);
    site->parent = parent;
    return zone->n_sites[kind]++;
}

static void make_facility(struct zone *zone, struct random *random, int n_enterprises, bool shares_lines)
{
    static const int64_t rated[] = {1000, 1250, 37, 5500, 1230, 730};
    int i = zone->n_facilities++, e = below(random, n_enterprises), l = below(random, 2);
    struct facility *f = &zone->facilities[i];
    char name[32];

    *f = (struct facility){.role = one_in(random, 12) ? GK_OTHER : i % 2 ? GK_ABATEMENT : GK_PRODUCTION};
    (void)snprintf(f->name, sizeof f->name, "F%d", i + 1);
    (void)snprintf(name, sizeof name, "P%d", e % 2 + 1);
    f->site[GK_PARK] = find_site(zone, GK_PARK, name, NONE);
    (void)snprintf(name, sizeof name, "E%d", e + 1);
    f->site[GK_ENTERPRISE] = find_site(zone, GK_ENTERPRISE, name, f->site[GK_PARK]);
    f->site[GK_LINE] = NONE;
    if (!one_in(random, 6)) {
        if (shares_lines)
            (void)snprintf(name, sizeof name, "L%d", l + 1);
        else
            (void)snprintf(name, sizeof name, "E%dL%d", e + 1, l + 1);
        f->site[GK_LINE] = find_site(zone, GK_LINE, name, f->site[GK_ENTERPRISE]);
    }
    f->rated_kw = one_in(random, 10) ? 0 : rated[below(random, 6)];
    f->rated_a = one_in(random, 4) ? 0 : rated[below(random, 6)];
    f->stop_level = below(random, 5) - 1;
    f->group = one_in(random, 3) ? NULL : GROUPS[below(random, 2)];
    f->type = one_in(random, 3) ? NULL : one_in(random, 2) ? "RTO" : "bag";
}

/* ---- dated entries ---- */

static gk_time some_time(const struct zone *zone, struct random *random)
{
    int64_t length = (zone->end - zone->begin) / GK_SECOND + 1;
    gk_time t = zone->begin + (int64_t)random_below(random, (uint64_t)length) * GK_SECOND;

    if (one_in(random, 4))
        t += (int64_t)random_below(random, 1000) * 1000000;
    return one_in(random, 3) ? t / MINUTE * MINUTE : t;
}

static void some_span(const struct zone *zone, struct random *random, gk_time *from, gk_time *to)
{
    gk_time a = some_time(zone, random), b = some_time(zone, random);

    *from = a < b ? a : b;
    *to = (a < b ? b : a) + (a == b) * MINUTE;
}

static void make_link(struct zone *zone, struct random *random)
{
    struct link *link = &zone->links[zone->n_links];

    *link =
        (struct link){below(random, zone->n_facilities), below(random, zone->n_facilities), GK_TIME_MIN, GK_TIME_MAX};
    if (zone->facilities[link->abatement].role != GK_ABATEMENT ||
        zone->facilities[link->production].role != GK_PRODUCTION)
        return;
    if (!one_in(random, 3)) {
        some_span(zone, random, &link->from, &link->to);
        if (one_in(random, 3))
            link->from = GK_TIME_MIN;
        else if (one_in(random, 3))
            link->to = GK_TIME_MAX;
    }
    for (int i = 0; i < zone->n_links; i++) /* another one of the same begin replaces it */
        if (zone->links[i].abatement == link->abatement && zone->links[i].production == link->production &&
            zone->links[i].from == link->from)
            return;
    zone->n_links++;
}

static int some_scope(const struct zone *zone, struct random *random, enum gk_kind kind)
{
    if (kind == GK_ZONE || kind == GK_GROUP)
        return 0;
    if (kind == GK_ROLE)
        return below(random, 3);
    if (kind == GK_FACILITY)
        return below(random, zone->n_facilities);
    return zone->n_sites[kind] ? below(random, zone->n_sites[kind]) : NONE;
}

/* A line whose name another one has cannot be told by it. */
static bool is_ambiguous(const struct zone *zone, enum gk_kind kind, int id)
{
    for (int i = 0; kind == GK_LINE && i < zone->n_sites[kind]; i++)
        if (i != id && strcmp(zone->sites[kind][i].name, zone->sites[kind][id].name) == 0)
            return true;
    return id == NONE;
}

static struct limit some_limit(struct random *random, const int *shares, int n)
{
    if (one_in(random, 2))
        return (struct limit){GK_LIMIT_ABSENT, 0, 0};
    if (one_in(random, 4))
        return (struct limit){GK_LIMIT_ABSOLUTE, shares[below(random, n)], 1};
    return (struct limit){GK_LIMIT_SHARE, shares[below(random, n)], 2};
}

static int64_t some_duration(struct random *random, int none_in, int most_s)
{
    if (!one_in(random, none_in))
        return -1;
    return (int64_t)random_below(random, (uint64_t)most_s * 4) * GK_SECOND / 4;
}

static void make_band(struct zone *zone, struct random *random)
{
    static const enum gk_kind kinds[] = {GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_ROLE, GK_FACILITY};
    static const int offs[] = {5, 10, 15}, ons[] = {20, 30, 33}, overloads[] = {50, 90, 110}, hysteresis[] = {1, 5, 8};
    struct band *band = &zone->bands[zone->n_bands];

    *band = (struct band){.kind = kinds[below(random, 6)], .channel = NONE, .from = GK_TIME_MIN};
    band->id = some_scope(zone, random, band->kind);
    if (is_ambiguous(zone, band->kind, band->id))
        return;
    band->off = some_limit(random, offs, 3);
    band->on = some_limit(random, ons, 3);
    band->overload = some_limit(random, overloads, 3);
    band->hysteresis = one_in(random, 2) ? some_limit(random, hysteresis, 3) : (struct limit){GK_LIMIT_ABSENT, 0, 0};
    band->hold = some_duration(random, 2, 100);
    if (band->hold == 0)
        band->hold = GK_SECOND;
    band->dwell_on = some_duration(random, 3, 60);
    band->dwell_off = some_duration(random, 3, 60);
    if (one_in(random, 8))
        band->channel = below(random, N_CHANNELS);
    if (one_in(random, 2))
        band->from = some_time(zone, random);
    band->is_of_set = one_in(random, 4);
    for (int i = 0; i < zone->n_bands; i++)
        if (zone->bands[i].kind == band->kind && zone->bands[i].id == band->id && zone->bands[i].from == band->from &&
            zone->bands[i].is_of_set == band->is_of_set)
            return;
    zone->n_bands++;
}

static void make_order(struct zone *zone, struct random *random, struct order *list, int *n, bool is_exemption)
{
    static const enum gk_kind kinds[] = {GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_FACILITY, GK_FACILITY, GK_GROUP};
    static const char *const levels[] = {"1", "2", "3", "orange", "red"};
    struct order *o = &list[*n];

    *o =
        (struct order){.kind = kinds[below(random, 7)], .cut = NONE, .level = "", .what = is_exemption ? "repair" : ""};
    o->id = some_scope(zone, random, o->kind);
    if (is_ambiguous(zone, o->kind, o->id))
        return;
    if (o->kind == GK_GROUP)
        o->group = GROUPS[below(random, 2)];
    some_span(zone, random, &o->from, &o->to);
    if (!is_exemption) {
        o->level = levels[below(random, 5)];
        o->what = one_in(random, 2) ? "" : one_in(random, 2) ? "smog" : "ozone";
        o->cut = one_in(random, 3) ? NONE : 15 * (1 + below(random, 3));
        if (one_in(random, 4)) {
            o->hours_from = below(random, 24) * 3600;
            o->hours_to = below(random, 96) * 900;
        }
    }
    for (int i = 0; i < *n; i++)
        if (list[i].kind == o->kind && list[i].id == o->id && list[i].from == o->from)
            return;
    ++*n;
}

static void make_calendar(struct zone *zone, struct random *random)
{
    static const enum gk_kind kinds[] = {GK_ZONE, GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_FACILITY};
    static const char *const names[] = {"workdays", "night", "early"};
    static const unsigned days[] = {0, 0x1F, 0x60, 0x7F, 0x15};
    struct calendar *c = &zone->calendars[zone->n_calendars];

    *c = (struct calendar){.name = names[below(random, 3)],
                           .kind = kinds[below(random, 6)],
                           .days = days[below(random, 5)],
                           .from = GK_TIME_MIN,
                           .to = GK_TIME_MAX};
    c->id = some_scope(zone, random, c->kind);
    if (is_ambiguous(zone, c->kind, c->id))
        return;
    if (one_in(random, 2)) {
        c->hours_from = below(random, 48) * 1800;
        c->hours_to = below(random, 97) * 900;
    }
    if (one_in(random, 3)) {
        some_span(zone, random, &c->from, &c->to);
        if (one_in(random, 2))
            c->from = (c->from + DAY / 3) / DAY * DAY - DAY / 3; /* a midnight, as people write it */
        if (one_in(random, 2))
            c->to = GK_TIME_MAX;
    }
    for (int i = 0; i < zone->n_calendars; i++)
        if (strcmp(zone->calendars[i].name, c->name) == 0 && zone->calendars[i].kind == c->kind &&
            zone->calendars[i].id == c->id && zone->calendars[i].from == c->from)
            return;
    zone->n_calendars += c->from < c->to;
}

/* ---- rows ---- */

static double some_value(struct random *random, double rated)
{
    static const double special[] = {INFINITY, -INFINITY, -0.0, 1e300, -1e300, 1e-300, -5};
    static const int percents[] = {0, 4, 5, 9, 10, 12, 15, 19, 20, 25, 28, 30, 33, 45, 50, 60, 90, 100, 110, 120};

    if (one_in(random, 150))
        return special[below(random, 7)];
    if (one_in(random, 150))
        return NAN;
    int percent = percents[below(random, 20)];
    return one_in(random, 6) ? rated * random_unit(random) : (double)(percent * (int64_t)(rated * 100 + 0.5)) / 1e4;
}

/* Of days: then rows are minutes apart, so that there are no more of them. */
static bool zone_is_long(const struct zone *zone)
{
    return zone->end - zone->begin > DAY;
}

static void make_rows_of(struct zone *zone, struct random *random, int facility, int n)
{
    static const double counters[] = {100, 9998, 99995, 990}; /* not far from where the second and third begin again */
    const struct facility *f = &zone->facilities[facility];
    double kw = f->rated_kw ? (double)f->rated_kw / 100 : 10, a = f->rated_a ? (double)f->rated_a / 100 : 10,
           kwh = counters[below(random, 4)];
    int step = 1 + below(random, zone_is_long(zone) ? 3600 : 20), stays = 1 + below(random, 12), present = 0;
    double full = kwh > 10000 ? 100000 : 10000;
    bool is_smooth = one_in(random, 2), has_kwh = one_in(random, 3), has_temp = one_in(random, 4);
    gk_time t = zone->begin + below(random, 60) * GK_SECOND;
    double value[N_CHANNELS];

    for (int c = 0; c < N_CHANNELS; c++)
        value[c] = gk_missing();
    bool has_kw = !one_in(random, 4), has_phases = !has_kw || one_in(random, 3);
    for (int i = 0; i < n && t < zone->end && zone->n_rows < ROWS_MAX; i++) {
        struct row *row = &zone->rows[zone->n_rows];
        if (i == 0 || one_in(random, is_smooth ? stays : 1)) {
            for (int c = 0; c < N_CHANNELS; c++)
                value[c] = gk_missing();
            if (has_kw)
                value[KW] = some_value(random, kw);
            if (has_phases)
                for (int c = IA; c <= IC; c++)
                    value[c] = one_in(random, 8) ? gk_missing() : some_value(random, a);
            if (has_temp)
                value[TEMP] = (double)below(random, 50) / 4;
        }
        kwh = one_in(random, 60) ? 0 : kwh + (double)below(random, 8) / 8;
        kwh = one_in(random, 90) ? kwh * 0.95 : kwh;
        kwh -= kwh >= full && kwh < full + 1 ? full : 0;
        value[KWH] = has_kwh ? kwh : gk_missing();
        *row = (struct row){.facility = facility, .time = t};
        memcpy(row->value, value, sizeof value);
        if (one_in(random, 20))
            row->value[below(random, N_CHANNELS)] = gk_missing();
        present = 0;
        for (int c = 0; c < N_CHANNELS; c++)
            present += !gk_is_missing(row->value[c]);
        zone->n_rows += present > 0 || one_in(random, 3);
        if (one_in(random, 40)) /* silence */
            t += (int64_t)(20 + below(random, 400)) * (zone_is_long(zone) ? 30 : 1) * GK_SECOND;
        else if (one_in(random, 30)) /* a burst, within a tick mostly */
            t += (int64_t)below(random, 400) * 1000000;
        else
            t += (int64_t)step * GK_SECOND + (one_in(random, 5) ? (int64_t)below(random, 999) * 1000000 : 0);
        if (one_in(random, 8))
            t = (t / zone->tick + 1) * zone->tick - one_in(random, 2); /* at the edge of a tick, or just before */
    }
}

/* Late rows, and rows of the same time once more with the same or other values. */
static void disturb(struct zone *zone, struct random *random)
{
    int n = zone->n_rows;

    for (int i = n - 1; i > 0; i--) /* facilities mixed, roughly by time */
        for (int k = i; k > 0 && zone->rows[k].time < zone->rows[k - 1].time; k--) {
            struct row swap = zone->rows[k];
            zone->rows[k] = zone->rows[k - 1];
            zone->rows[k - 1] = swap;
        }
    for (int i = 0; i < n && zone->n_rows < ROWS_MAX; i++) {
        if (!one_in(random, 15))
            continue;
        struct row row = zone->rows[i];
        int c = below(random, N_CHANNELS);
        if (one_in(random, 2) && !gk_is_missing(row.value[c]))
            row.value[c] = some_value(random, 10);
        else if (one_in(random, 3))
            for (int k = 0; k < N_CHANNELS; k++)
                row.value[k] = k == c ? 1.25 : gk_missing();
        zone->rows[zone->n_rows++] = row;
    }
    for (int i = 0; i < zone->n_rows / 6; i++) {
        int a = below(random, zone->n_rows),
            b = one_in(random, 3) ? below(random, zone->n_rows) : a + below(random, 12);
        if (b >= zone->n_rows)
            continue;
        struct row swap = zone->rows[a];
        zone->rows[a] = zone->rows[b];
        zone->rows[b] = swap;
    }
}

static void sort_by_time(struct zone *zone)
{
    for (int gap = zone->n_rows / 2; gap > 0; gap /= 2)
        for (int i = gap; i < zone->n_rows; i++) {
            struct row row = zone->rows[i];
            int k = i;
            for (; k >= gap && zone->rows[k - gap].time > row.time; k -= gap)
                zone->rows[k] = zone->rows[k - gap];
            zone->rows[k] = row;
        }
}

void zone_make(struct zone *zone, struct random *random)
{
    static const int64_t ticks_ms[] = {1000, 1000, 2000, 5000, 10000, 15000, 60000, 500, 100, 7200};
    static const int minutes[] = {3, 10, 20, 30, 60, 120, 240}, days[] = {2, 3, 5, 9};
    int n_enterprises = 1 + below(random, 3), which = below(random, 10);
    bool shares_lines = one_in(random, 5);

    memset(zone, 0, sizeof *zone);
    zone->tick = ticks_ms[which] * 1000000;
    zone->policy = (enum gk_policy)(one_in(random, 2) ? 0 : below(random, 3));
    zone->begin = T0 + (int64_t)below(random, 24 * 60) * MINUTE;
    zone->end = zone->begin + minutes[below(random, zone->tick < GK_SECOND       ? 2
                                                    : zone->tick < 5 * GK_SECOND ? 4
                                                                                 : 7)] *
                                  MINUTE;
    if (zone->tick >= MINUTE && one_in(random, 2))
        zone->end = zone->begin + days[below(random, 4)] * DAY;
    zone->now = zone->end + (one_in(random, 3) ? -1 : 1) * (int64_t)below(random, 200) * GK_SECOND;
    if (one_in(random, 2))
        zone->now += 123 * 1000000;
    for (int n = 2 + below(random, FACILITIES_MAX - 1); zone->n_facilities < n;)
        make_facility(zone, random, n_enterprises, shares_lines);
    for (int n = below(random, 8); n > 0; n--)
        make_link(zone, random);
    for (int n = below(random, 9); n > 0; n--)
        make_band(zone, random);
    for (int n = below(random, 6); n > 0; n--)
        make_order(zone, random, zone->orders, &zone->n_orders, false);
    for (int n = below(random, 4); n > 0; n--)
        make_order(zone, random, zone->exemptions, &zone->n_exemptions, true);
    for (int n = below(random, 6); n > 0; n--)
        make_calendar(zone, random);
    for (int i = 0; i < zone->n_facilities; i++)
        if (!one_in(random, 12))
            make_rows_of(zone, random, i, 1 + below(random, 300));
    sort_by_time(zone);
    disturb(zone, random);
    for (int left = zone->n_rows; left > 0;) {
        int n = 1 + below(random, one_in(random, 2) ? 20 : 400);
        n = n < left ? n : left;
        zone->batches[zone->n_batches++] = n;
        left -= n;
    }
}

/* ---- who is covered ---- */

bool zone_covers(const struct zone *zone, enum gk_kind kind, int id, const char *group, int facility)
{
    const struct facility *f = &zone->facilities[facility];

    switch (kind) {
    case GK_ZONE:
        return true;
    case GK_FACILITY:
        return facility == id;
    case GK_ROLE:
        return (int)f->role == id;
    case GK_GROUP:
        return f->group && strcmp(f->group, group) == 0;
    default:
        return f->site[kind] == id;
    }
}

/* ---- to the engine ---- */

static struct gk_text text_of(const char *s)
{
    return (struct gk_text){s, s ? strlen(s) : 0};
}

static void ok(int rc, const struct gk_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->text);
}

static gk_time clock_of(void *context)
{
    const struct store *store = context;
    return store->clock;
}

static void open_db(struct store *store)
{
    struct gk_options options = {.size = sizeof options,
                                 .tick_ns = store->zone->tick,
                                 .policy = store->zone->policy,
                                 .commit_ns = -1,
                                 .future_ns = -1,
                                 .map_size = 1 << 26,
                                 .clock = clock_of,
                                 .clock_context = store};
    struct gk_error error = {0};
    ok(gk_open(store->folder, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &options, &store->db, &error), &error);
}

static void put_facility(struct store *store, const struct facility *f)
{
    const struct zone *zone = store->zone;
    const char *names[4] = {NULL, NULL, NULL, NULL};
    struct gk_text keys[3], values[3];
    struct gk_error error = {0};
    char level[8];
    size_t n = 0;

    for (int kind = GK_PARK; kind <= GK_LINE; kind++)
        if (f->site[kind] != NONE)
            names[kind] = zone->sites[kind][f->site[kind]].name;
    (void)snprintf(level, sizeof level, "%d", f->stop_level);
    if (f->stop_level != NONE)
        keys[n] = text_of("stop_level"), values[n++] = text_of(level);
    if (f->group)
        keys[n] = text_of("group"), values[n++] = text_of(f->group);
    if (f->type)
        keys[n] = text_of("type"), values[n++] = text_of(f->type);
    struct gk_facility_put put = {.size = sizeof put,
                                  .name = text_of(f->name),
                                  .park = text_of(names[GK_PARK]),
                                  .enterprise = text_of(names[GK_ENTERPRISE]),
                                  .line = text_of(names[GK_LINE]),
                                  .role = f->role,
                                  .role_is_set = true,
                                  .rated_kw = (double)f->rated_kw / 100,
                                  .rated_a = (double)f->rated_a / 100,
                                  .n_tags = n,
                                  .tag_keys = keys,
                                  .tag_values = values};
    ok(gk_facility_put(store->db, &put, NULL, &error), &error);
}

void store_open(struct store *store, const struct zone *zone)
{
    struct gk_error error = {0};

    memset(store, 0, sizeof *store);
    store->zone = zone;
    store->clock = zone->begin;
    (void)snprintf(store->folder, sizeof store->folder, "%s", test_folder());
    open_db(store);
    for (int i = 0; i < zone->n_facilities; i++)
        put_facility(store, &zone->facilities[i]);
    for (int c = 0; c < N_CHANNELS; c++)
        ok(gk_channel_register(store->db, CHANNELS[c], strlen(CHANNELS[c]), &store->channels[c], &error), &error);
}

void store_close(struct store *store)
{
    assert_int_equal(gk_close(store->db), GK_OK);
    test_folder_remove(store->folder);
}

void store_reopen(struct store *store, bool keeps_heads)
{
    struct gk_error error = {0};

    if (!keeps_heads)
        ok(gk_seal(store->db, &error), &error);
    assert_int_equal(gk_close(store->db), GK_OK);
    open_db(store);
}

void store_pass_time(struct store *store, struct random *random)
{
    struct gk_error error = {0};
    int64_t most = (store->zone->end - store->zone->begin) / 4 / GK_SECOND + 600;

    ok(gk_commit(store->db, &error), &error);
    store->clock += (gk_time)random_below(random, (uint64_t)most) * GK_SECOND;
}

void store_batch(struct store *store)
{
    static double value[N_CHANNELS][ROWS_MAX];
    static gk_time time[ROWS_MAX];
    static uint32_t facility[ROWS_MAX];
    const double *columns[N_CHANNELS];
    struct gk_error error = {0};
    int n = store->zone->batches[store->n_batches++];

    for (int i = 0; i < n; i++) {
        const struct row *row = &store->zone->rows[store->n_rows + i];
        time[i] = row->time;
        facility[i] = (uint32_t)row->facility;
        store->came.rows[store->n_rows + i] = store->clock;
        for (int c = 0; c < N_CHANNELS; c++)
            value[c][i] = row->value[c];
    }
    for (int c = 0; c < N_CHANNELS; c++)
        columns[c] = value[c];
    struct gk_batch batch = {.n_rows = (size_t)n,
                             .time = time,
                             .facility = facility,
                             .n_channels = N_CHANNELS,
                             .channel = store->channels,
                             .value = columns};
    ok(gk_ingest(store->db, &batch, NULL, &error), &error);
    store->n_rows += n;
}

void store_link(struct store *store)
{
    store->came.links[store->n_links] = store->clock;
    const struct link *link = &store->zone->links[store->n_links++];
    struct gk_link_put put = {.size = sizeof put,
                              .abatement = text_of(store->zone->facilities[link->abatement].name),
                              .production = text_of(store->zone->facilities[link->production].name),
                              .from = link->from,
                              .to = link->to};
    struct gk_error error = {0};
    ok(gk_link_put(store->db, &put, &error), &error);
}

static const char *scope_name(const struct zone *zone, enum gk_kind kind, int id, const char *group)
{
    switch (kind) {
    case GK_ZONE:
        return "";
    case GK_ROLE:
        return ROLES[id];
    case GK_FACILITY:
        return zone->facilities[id].name;
    case GK_GROUP:
        return group;
    default:
        return zone->sites[kind][id].name;
    }
}

static struct gk_limit limit_of(const struct limit *limit)
{
    return (struct gk_limit){limit->kind, {limit->mantissa, limit->scale}};
}

void store_band(struct store *store)
{
    store->came.bands[store->n_bands] = store->clock;
    const struct band *band = &store->zone->bands[store->n_bands++];
    struct gk_error error = {0};
    struct gk_band_put put = {.size = sizeof put,
                              .scope = band->kind,
                              .name = text_of(scope_name(store->zone, band->kind, band->id, NULL)),
                              .off_below = limit_of(&band->off),
                              .on_from = limit_of(&band->on),
                              .overload_from = limit_of(&band->overload),
                              .hysteresis = limit_of(&band->hysteresis),
                              .hold_ns = band->hold,
                              .dwell_on_ns = band->dwell_on,
                              .dwell_off_ns = band->dwell_off,
                              .channel = text_of(band->channel == NONE ? NULL : CHANNELS[band->channel]),
                              .from = band->from,
                              .set = text_of(band->is_of_set ? SET_NAME : NULL)};
    ok(gk_band_put(store->db, &put, &error), &error);
}

void store_order(struct store *store)
{
    store->came.orders[store->n_orders] = store->clock;
    const struct order *o = &store->zone->orders[store->n_orders++];
    struct gk_error error = {0};
    struct gk_order_put put = {.size = sizeof put,
                               .scope = o->kind,
                               .name = text_of(scope_name(store->zone, o->kind, o->id, o->group)),
                               .level = text_of(o->level),
                               .kind = text_of(o->what),
                               .cut_share = o->cut == NONE ? NAN : (double)o->cut / 100,
                               .from = o->from,
                               .to = o->to,
                               .hours_from_s = o->hours_from,
                               .hours_to_s = o->hours_to};
    ok(gk_order_put(store->db, &put, &error), &error);
}

void store_exemption(struct store *store)
{
    store->came.exemptions[store->n_exemptions] = store->clock;
    const struct order *o = &store->zone->exemptions[store->n_exemptions++];
    struct gk_error error = {0};
    struct gk_exemption_put put = {.size = sizeof put,
                                   .scope = o->kind,
                                   .name = text_of(scope_name(store->zone, o->kind, o->id, o->group)),
                                   .kind = text_of(o->what),
                                   .from = o->from,
                                   .to = o->to};
    ok(gk_exemption_put(store->db, &put, &error), &error);
}

void store_calendar(struct store *store)
{
    store->came.calendars[store->n_calendars] = store->clock;
    const struct calendar *c = &store->zone->calendars[store->n_calendars++];
    struct gk_error error = {0};
    struct gk_calendar_put put = {.size = sizeof put,
                                  .calendar = text_of(c->name),
                                  .scope = c->kind,
                                  .name = text_of(scope_name(store->zone, c->kind, c->id, NULL)),
                                  .days = c->days,
                                  .hours_from_s = c->hours_from,
                                  .hours_to_s = c->hours_to,
                                  .from = c->from,
                                  .to = c->to};
    ok(gk_calendar_put(store->db, &put, &error), &error);
}

/* ---- as CSV ---- */

static void print_time(gk_time t, FILE *out)
{
    char text[GK_TIME_TEXT_MAX] = "";

    if (t != GK_TIME_MIN && t != GK_TIME_MAX)
        (void)gk_time_format(t, 28800, text);
    (void)fputs(text, out);
}

static void print_scope(const struct zone *zone, enum gk_kind kind, int id, const char *group, FILE *out)
{
    if (kind == GK_ZONE)
        (void)fputs("*", out);
    else if (kind == GK_FACILITY)
        (void)fputs(zone->facilities[id].name, out);
    else
        (void)fprintf(out, "%s:%s", KINDS[kind], scope_name(zone, kind, id, group));
}

static void print_limit(const struct limit *limit, FILE *out)
{
    if (limit->kind == GK_LIMIT_SHARE)
        (void)fprintf(out, "%" PRId64 "%%", limit->mantissa);
    else if (limit->kind == GK_LIMIT_ABSOLUTE)
        (void)fprintf(out, "%g", (double)limit->mantissa / 10);
    (void)fputs(",", out);
}

static void print_seconds(int64_t ns, FILE *out)
{
    if (ns >= 0)
        (void)fprintf(out, "%g", (double)ns / 1e9);
    (void)fputs(",", out);
}

static void print_hours(int from_s, int to_s, FILE *out)
{
    if (from_s || to_s)
        (void)fprintf(out, "%02d:%02d-%02d:%02d", from_s / 3600, from_s / 60 % 60, to_s / 3600, to_s / 60 % 60);
}

static void print_calendars(const struct zone *zone, FILE *out)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    (void)fputs("\ncalendar,days,hours,scope,from,to\n", out);
    for (int i = 0; i < zone->n_calendars; i++) {
        const struct calendar *c = &zone->calendars[i];
        const char *joint = "";
        (void)fprintf(out, "%s,%s", c->name, c->days ? "" : "none");
        for (int day = 0; day < 7; day++)
            if (c->days >> day & 1) {
                (void)fprintf(out, "%s%s", joint, days[day]);
                joint = ";";
            }
        (void)fputs(",", out);
        print_hours(c->hours_from, c->hours_to, out);
        (void)fputs(",", out);
        print_scope(zone, c->kind, c->id, NULL, out);
        (void)fputs(",", out);
        print_time(c->from, out);
        (void)fputs(",", out);
        print_time(c->to, out);
        (void)fputs("\n", out);
    }
}

static void print_orders(const struct zone *zone, const struct order *list, int n, bool is_exemption, FILE *out)
{
    (void)fputs(is_exemption ? "\nscope,kind,from,to\n" : "\nscope,level,kind,from,to,hours,cut\n", out);
    for (int i = 0; i < n; i++) {
        const struct order *o = &list[i];
        print_scope(zone, o->kind, o->id, o->group, out);
        (void)fprintf(out, is_exemption ? ",%s%s," : ",%s,%s,", o->level, o->what);
        print_time(o->from, out);
        (void)fputs(",", out);
        print_time(o->to, out);
        (void)fputs(is_exemption ? "" : ",", out);
        print_hours(o->hours_from, o->hours_to, out);
        if (o->cut != NONE)
            (void)fprintf(out, ",%d%%", o->cut);
        else
            (void)fputs(is_exemption ? "" : ",", out);
        (void)fputs("\n", out);
    }
}

void zone_print(const struct zone *zone, int n_rows, FILE *out)
{
    static const char *const policies[] = {"last", "first", "all"};

    (void)fprintf(out,
                  "# tick %gs policy %s\nfacility,enterprise,park,line,role,rated_kw,rated_a,stop_level,group,type\n",
                  (double)zone->tick / 1e9, policies[zone->policy]);
    for (int i = 0; i < zone->n_facilities; i++) {
        const struct facility *f = &zone->facilities[i];
        (void)fprintf(out, "%s", f->name);
        for (int k = 0; k < 3; k++) {
            int kind = k == 0 ? GK_ENTERPRISE : k == 1 ? GK_PARK : GK_LINE;
            (void)fprintf(out, ",%s", f->site[kind] == NONE ? "" : zone->sites[kind][f->site[kind]].name);
        }
        (void)fprintf(out, ",%s,%g,%g,", ROLES[f->role], (double)f->rated_kw / 100, (double)f->rated_a / 100);
        if (f->stop_level != NONE)
            (void)fprintf(out, "%d", f->stop_level);
        (void)fprintf(out, ",%s,%s\n", f->group ? f->group : "", f->type ? f->type : "");
    }
    (void)fputs("\nabatement,production,from,to\n", out);
    for (int i = 0; i < zone->n_links; i++) {
        (void)fprintf(out, "%s,%s,", zone->facilities[zone->links[i].abatement].name,
                      zone->facilities[zone->links[i].production].name);
        print_time(zone->links[i].from, out);
        (void)fputs(",", out);
        print_time(zone->links[i].to, out);
        (void)fputs("\n", out);
    }
    (void)fputs("\nscope,off_below,on_from,overload_from,hysteresis,hold_s,dwell_on_s,dwell_off_s,channel,set,from\n",
                out);
    for (int i = 0; i < zone->n_bands; i++) {
        const struct band *b = &zone->bands[i];
        print_scope(zone, b->kind, b->id, NULL, out);
        (void)fputs(",", out);
        print_limit(&b->off, out);
        print_limit(&b->on, out);
        print_limit(&b->overload, out);
        print_limit(&b->hysteresis, out);
        print_seconds(b->hold, out);
        print_seconds(b->dwell_on, out);
        print_seconds(b->dwell_off, out);
        (void)fprintf(out, "%s,%s,", b->channel == NONE ? "" : CHANNELS[b->channel], b->is_of_set ? SET_NAME : "");
        print_time(b->from, out);
        (void)fputs("\n", out);
    }
    print_orders(zone, zone->orders, zone->n_orders, false, out);
    print_orders(zone, zone->exemptions, zone->n_exemptions, true, out);
    print_calendars(zone, out);
    (void)fputs("\ntime,facility,kw,ia,ib,ic,kwh,temp\n", out);
    for (int i = 0; i < n_rows; i++) {
        print_time(zone->rows[i].time, out);
        (void)fprintf(out, ",%s", zone->facilities[zone->rows[i].facility].name);
        for (int c = 0; c < N_CHANNELS; c++) {
            (void)fputs(",", out);
            if (!gk_is_missing(zone->rows[i].value[c]))
                (void)fprintf(out, "%.17g", zone->rows[i].value[c]);
        }
        (void)fputs("\n", out);
    }
}
