/*
 * model.c - see model.h.
 */
#include "simulation/model.h"

#include <math.h>

#define FUTURE (300 * GK_SECOND)
#define RATED  10 /* kW */

const char *model_facility_name(uint32_t facility)
{
    static const char *const NAMES[FACILITIES_MAX] = {"f0", "f1", "f2", "f3", "f4", "f5"};
    return NAMES[facility];
}

static enum gk_role role_of(uint32_t facility)
{
    return facility % 2 ? GK_ABATEMENT : GK_PRODUCTION;
}

void model_init(struct model *m, enum gk_policy policy, uint32_t n_facilities)
{
    memset(m, 0, sizeof *m);
    m->policy = policy;
    m->n_facilities = n_facilities;
    m->dropped_before = m->watermark = GK_TIME_MIN;
    for (uint32_t f = 0; f < FACILITIES_MAX; f++)
        m->newest[f] = GK_TIME_MIN;
}

/* ---- rows
 * ---------------------------------------------------------------------------------------------------------------- */

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void insert(struct model *m, const struct row *row)
{
    size_t at = m->n_rows;

    assert_true(m->n_rows < ROWS_MAX);
    while (at > 0 && (m->rows[at - 1].facility > row->facility ||
                      (m->rows[at - 1].facility == row->facility && m->rows[at - 1].time > row->time)))
        at--;
    memmove(m->rows + at + 1, m->rows + at, (m->n_rows - at) * sizeof *row);
    m->rows[at] = *row;
    m->rows[at].is_dropped = false;
    m->n_rows++;
}

enum fold { NEW, EQUAL, FILLED, DIFFERENT };

/* A row of a time that is there already. */
static enum fold fold(struct model *m, const struct row *row)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        struct row *have = &m->rows[i];
        bool adds = false, differs = false, equal = true;
        if (have->facility != row->facility || have->time != row->time || have->is_dropped)
            continue;
        for (int c = 0; c < CHANNELS; c++) {
            equal &= same(have->value[c], row->value[c]);
            adds |= gk_is_missing(have->value[c]) && !gk_is_missing(row->value[c]);
            differs |=
                !gk_is_missing(have->value[c]) && !gk_is_missing(row->value[c]) && !same(have->value[c], row->value[c]);
        }
        if (m->policy == GK_ALL) {
            if (equal)
                return EQUAL;
            continue;
        }
        if (!adds && !differs)
            return EQUAL;
        for (int c = 0; c < CHANNELS; c++)
            if (!gk_is_missing(row->value[c]) && (m->policy == GK_LAST || gk_is_missing(have->value[c])))
                have->value[c] = row->value[c];
        return differs ? DIFFERENT : FILLED;
    }
    return NEW;
}

static bool has_values(const struct row *row)
{
    return !gk_is_missing(row->value[0]) || !gk_is_missing(row->value[1]);
}

void model_take(struct model *m, const struct row *row, gk_time now, bool is_forced, struct gk_counts *counts)
{
    bool is_late = row->time < m->newest[row->facility];

    if (!has_values(row)) {
        m->counts.rejected++, counts->rejected++;
        return;
    }
    if ((row->time > now + FUTURE && !is_forced) || row->time < m->dropped_before) {
        assert_true(m->n_quarantined < QUARANTINED_MAX);
        m->quarantined[m->n_quarantined++] = *row;
        m->counts.quarantined++, counts->quarantined++;
        return;
    }
    enum fold how = fold(m, row);
    if (how == EQUAL) {
        m->counts.duplicate++, counts->duplicate++;
        return;
    }
    if (how == NEW)
        insert(m, row);
    if (row->time > m->newest[row->facility])
        m->newest[row->facility] = row->time;
    if (row->time > m->watermark)
        m->watermark = row->time;
    if (how == DIFFERENT)
        m->counts.conflicting++, counts->conflicting++;
    else if (is_late)
        m->counts.late++, counts->late++;
    else
        m->counts.accepted++, counts->accepted++;
}

void model_release(struct model *m, size_t n, gk_time now, bool is_forced, struct gk_counts *counts)
{
    static struct row taken[QUARANTINED_MAX];

    memcpy(taken, m->quarantined, n * sizeof *taken);
    memmove(m->quarantined, m->quarantined + n, (m->n_quarantined - n) * sizeof *taken);
    m->n_quarantined -= n;
    m->counts.quarantined -= n;
    for (size_t i = 0; i < n; i++)
        model_take(m, &taken[i], now, is_forced, counts);
}

static gk_time hour_begin(gk_time t)
{
    return t - (t % HOUR + HOUR) % HOUR;
}

uint64_t model_retain(struct model *m, gk_time before)
{
    gk_time cuts[FACILITIES_MAX];
    uint64_t n = 0;

    before = hour_begin(before);
    if (before < m->dropped_before)
        before = m->dropped_before;
    m->dropped_before = before;
    for (uint32_t f = 0; f < m->n_facilities; f++) { /* its newest hour stays */
        cuts[f] = before;
        if (m->newest[f] != GK_TIME_MIN && hour_begin(m->newest[f]) < before)
            cuts[f] = hour_begin(m->newest[f]);
    }
    for (size_t i = 0; i < m->n_rows; i++)
        if (!m->rows[i].is_dropped && m->rows[i].time < cuts[m->rows[i].facility]) {
            m->rows[i].is_dropped = true;
            n++;
        }
    return n;
}

/* ---- the catalog
 * ---------------------------------------------------------------------------------------------------------------- */

bool model_has_band(const struct model *m, const struct band *band)
{
    for (size_t i = 0; i < m->n_bands; i++)
        if (m->bands[i].kind == band->kind && m->bands[i].id == band->id && m->bands[i].from == band->from)
            return true;
    return false;
}

static int put_one(gk_db *db, uint32_t facility, double rated_a, const char *tag, struct gk_error *error)
{
    struct gk_text key = text_of("group"), value = text_of(tag);
    struct gk_facility_put f = facility_of(model_facility_name(facility), "E1", "L1", role_of(facility));
    uint32_t id;

    f.rated_kw = RATED;
    f.rated_a = rated_a;
    f.n_tags = tag != NULL;
    f.tag_keys = &key;
    f.tag_values = &value;
    return gk_facility_put(db, &f, &id, error);
}

void model_put_catalog(gk_db *db, uint32_t n_facilities)
{
    struct gk_error error;

    for (uint32_t f = 0; f < n_facilities; f++)
        ok(put_one(db, f, 20, NULL, &error), &error);
    assert_int_equal(put_channel(db, "kw"), 0);
    assert_int_equal(put_channel(db, "ia"), 1);
}

static struct gk_limit percent(int value)
{
    struct gk_limit limit = {value ? GK_LIMIT_SHARE : GK_LIMIT_ABSENT, {value, 2}};
    return limit;
}

int model_put_band(gk_db *db, const struct band *b, struct gk_error *error)
{
    static const char *const ROLES[] = {"other", "production", "abatement"};
    struct gk_band_put put = {.size = sizeof put,
                              .scope = b->kind,
                              .name = text_of(b->kind == GK_ZONE   ? NULL
                                              : b->kind == GK_ROLE ? ROLES[b->id]
                                                                   : model_facility_name(b->id)),
                              .off_below = percent(b->off),
                              .on_from = percent(b->on),
                              .overload_from = percent(b->overload),
                              .hold_ns = b->hold_s < 0 ? -1 : b->hold_s * GK_SECOND,
                              .dwell_on_ns = b->dwell_on_s < 0 ? -1 : b->dwell_on_s * GK_SECOND,
                              .dwell_off_ns = b->dwell_off_s < 0 ? -1 : b->dwell_off_s * GK_SECOND,
                              .from = b->from};
    return gk_band_put(db, &put, error);
}

/* Orders, exemptions, links and attributes in turn. */
int model_put_change(gk_db *db, uint32_t change, struct gk_error *error)
{
    gk_time from = T0 + (gk_time)change * HOUR, to = from + 3 * HOUR;
    char text[16];

    (void)snprintf(text, sizeof text, "%u", change);
    switch (change % 4) {
    case 0: {
        struct gk_order_put order = {.size = sizeof order,
                                     .scope = GK_ZONE,
                                     .level = text_of("red"),
                                     .kind = text_of(text),
                                     .cut_share = 0.5,
                                     .from = from,
                                     .to = to};
        return gk_order_put(db, &order, error);
    }
    case 1: {
        struct gk_exemption_put exemption = {
            sizeof exemption, GK_FACILITY, text_of("f0"), text_of("stop"), text_of(text), from, to};
        return gk_exemption_put(db, &exemption, error);
    }
    case 2: {
        struct gk_link_put link = {sizeof link, text_of("f1"), text_of("f0"), false, from, to};
        return gk_link_put(db, &link, error);
    }
    default:
        return put_one(db, change % 2, 20 + change, text, error);
    }
}

/* ---- what a store says
 * ---------------------------------------------------------------------------------------------------------------- */

#define DIFFER(...)                                                                                                    \
    do {                                                                                                               \
        (void)snprintf(why, 256, __VA_ARGS__);                                                                         \
        return false;                                                                                                  \
    } while (0)

/* Of f0 and f1 by the changes that were put. */
static double rated_a_of(const struct model *m, uint32_t facility)
{
    double rated = 20;

    for (uint32_t change = 3; change < m->n_changes; change += 4)
        rated = change % 2 == facility ? 20 + change : rated;
    return rated;
}

static bool is_catalog_equal(const struct model *m, gk_snapshot *s, char why[256])
{
    const struct gk_store_info *info = gk_snapshot_info(s);
    uint32_t n = m->n_changes;
    size_t n_links, n_rules, n_put = 0;

    (void)gk_rules(s, &n_rules);
    if (n_rules != m->n_rules)
        DIFFER("%zu versions of rules, not %u", n_rules, m->n_rules);
    const struct gk_link *links = gk_links(s, &n_links);
    for (size_t i = 0; i < n_links; i++)
        n_put += !links[i].is_default;
    if (n_put != (n + 1) / 4)
        DIFFER("%zu links were put after %u changes", n_put, n);
    if (info->n_bands != m->n_bands || info->n_orders != (n + 3) / 4 || info->n_exemptions != (n + 2) / 4)
        DIFFER("%zu bands, %zu orders, %zu exemptions after %zu bands and %u changes", info->n_bands, info->n_orders,
               info->n_exemptions, m->n_bands, n);
    for (uint32_t f = 0; f < 2; f++)
        if (gk_facility_get(s, f)->rated_a != rated_a_of(m, f))
            DIFFER("facility %u has %g A, not %g", f, gk_facility_get(s, f)->rated_a, rated_a_of(m, f));
    if (info->watermark != m->watermark || info->dropped_before != m->dropped_before)
        DIFFER("watermark %lld, not %lld; or dropped before %lld, not %lld", (long long)info->watermark,
               (long long)m->watermark, (long long)info->dropped_before, (long long)m->dropped_before);
    return true;
}

/* Row i of a batch; *at is where the model is. */
static bool is_row_equal(const struct model *m, size_t *at, uint32_t facility, const struct gk_columns *batch, size_t i,
                         char why[256])
{
    while (*at < m->n_rows && m->rows[*at].is_dropped)
        ++*at;
    if (*at == m->n_rows)
        DIFFER("a row of facility %u at %lld is too much", facility, (long long)batch->time[i]);
    const struct row *row = &m->rows[(*at)++];
    if (row->facility != facility || row->time != batch->time[i] || !same(row->value[0], batch->value[0][i]) ||
        !same(row->value[1], batch->value[1][i]))
        DIFFER("facility %u at %lld has %g, %g; the model knows %u at %lld: %g, %g", facility,
               (long long)batch->time[i], batch->value[0][i], batch->value[1][i], row->facility, (long long)row->time,
               row->value[0], row->value[1]);
    return true;
}

static bool are_rows_equal(const struct model *m, gk_snapshot *s, char why[256])
{
    const uint32_t channels[CHANNELS] = {0, 1};
    size_t at = 0;

    for (uint32_t f = 0; f < m->n_facilities; f++) {
        struct gk_error error;
        struct gk_columns batch;
        bool is_equal = true;
        gk_scan *scan;
        int rc;
        ok(gk_scan_open(s, f, channels, CHANNELS, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
        while (is_equal && (rc = gk_scan_next(scan, &batch, &error)) == GK_OK)
            for (size_t i = 0; i < batch.n_rows && is_equal; i++)
                is_equal = is_row_equal(m, &at, f, &batch, i, why);
        gk_scan_close(scan);
        if (!is_equal)
            return false;
        if (rc != GK_DONE)
            fail_msg("a scan: %s", error.text);
    }
    while (at < m->n_rows && m->rows[at].is_dropped)
        at++;
    if (at != m->n_rows)
        DIFFER("a row is missing: facility %u at %lld", m->rows[at].facility, (long long)m->rows[at].time);
    return true;
}

/* Takes the lines of gk_dump: quarantined NUMBER 'NAME' TIME CHANNEL=VALUE... */
struct dumped {
    const struct model *model;
    size_t n;
    bool is_equal;
};

static void compare_line(struct dumped *d, const char *line, size_t size)
{
    char name[8] = "", time[GK_TIME_TEXT_MAX] = "", text[256], values[64] = "";
    size_t at = 0;
    gk_time t;

    (void)snprintf(text, sizeof text, "%.*s", (int)size, line);
    const struct row *row = &d->model->quarantined[d->n++];
    for (int c = 0; c < CHANNELS; c++)
        if (!gk_is_missing(row->value[c]))
            at += (size_t)snprintf(values + at, sizeof values - at, " %s=%.17g", c ? "ia" : "kw", row->value[c]);
    d->is_equal &= sscanf(text, "quarantined %*u '%7[^']' %47s", name, time) == 2 &&
                   strcmp(name, model_facility_name(row->facility)) == 0 &&
                   gk_time_parse(time, strlen(time), 0, &t) == GK_OK && t == row->time &&
                   strcmp(strstr(text, time) + strlen(time), values) == 0;
}

static int take_lines(void *context, const char *text, size_t size)
{
    struct dumped *d = context;

    for (const char *end = text; size > 0 && d->n < d->model->n_quarantined; size -= (size_t)(end - text), text = end) {
        end = memchr(text, '\n', size);
        if (!end) /* the dump gives whole lines */
            fail_msg("half a line");
        if (*text != '#')
            compare_line(d, text, (size_t)(end - text));
        end++;
    }
    return GK_OK;
}

static bool is_quarantine_equal(const struct model *m, gk_db *db, char why[256])
{
    struct dumped d = {m, 0, true};
    struct gk_error error;

    ok(gk_dump(db, "quarantine", take_lines, &d, &error), &error);
    if (d.n != m->n_quarantined || !d.is_equal)
        DIFFER("the quarantine has other rows");
    return true;
}

static bool are_counts_equal(const struct model *m, gk_db *db, char why[256])
{
    struct gk_error error;
    struct gk_stat stat;
    const struct gk_counts *a = &stat.counts, *b = &m->counts;
    size_t n = 0;

    for (size_t i = 0; i < m->n_rows; i++)
        n += !m->rows[i].is_dropped;
    ok(gk_stat(db, &stat, &error), &error);
    if (memcmp(a, b, sizeof *a) != 0)
        DIFFER("accepted, late, duplicate, conflicting, quarantined, rejected are %llu %llu %llu %llu %llu %llu, not "
               "%llu %llu %llu %llu %llu %llu",
               (unsigned long long)a->accepted, (unsigned long long)a->late, (unsigned long long)a->duplicate,
               (unsigned long long)a->conflicting, (unsigned long long)a->quarantined, (unsigned long long)a->rejected,
               (unsigned long long)b->accepted, (unsigned long long)b->late, (unsigned long long)b->duplicate,
               (unsigned long long)b->conflicting, (unsigned long long)b->quarantined, (unsigned long long)b->rejected);
    if (stat.n_rows != n || stat.n_quarantined != m->n_quarantined)
        DIFFER("%llu rows and %llu quarantined, not %zu and %zu", (unsigned long long)stat.n_rows,
               (unsigned long long)stat.n_quarantined, n, m->n_quarantined);
    return true;
}

bool model_is_equal(const struct model *m, gk_db *db, gk_snapshot *s, char why[256])
{
    return (!db || (are_counts_equal(m, db, why) && is_quarantine_equal(m, db, why))) && is_catalog_equal(m, s, why) &&
           are_rows_equal(m, s, why);
}

/* ---- states and sums
 * ---------------------------------------------------------------------------------------------------------------- */

static int64_t tick_of_time(gk_time t)
{
    return t / GK_SECOND - (t % GK_SECOND < 0);
}

static const struct band *band_in_force(const struct model *m, enum gk_kind kind, uint32_t id, int64_t tick)
{
    const struct band *best = NULL;

    for (size_t i = 0; i < m->n_bands; i++) {
        const struct band *b = &m->bands[i];
        if (b->kind == kind && b->id == id && (b->from == GK_TIME_MIN || b->from <= tick * GK_SECOND) &&
            (!best || b->from > best->from))
            best = b;
    }
    return best;
}

/* The narrowest scope wins, field by field. The story sees to it that there is a hold. */
static struct band limits_at(const struct model *m, uint32_t facility, int64_t tick)
{
    const struct band *scopes[] = {band_in_force(m, GK_FACILITY, facility, tick),
                                   band_in_force(m, GK_ROLE, role_of(facility), tick),
                                   band_in_force(m, GK_ZONE, 0, tick)};
    struct band out = {.hold_s = -1};

    for (int i = 0; i < 3; i++) {
        const struct band *b = scopes[i];
        if (!b)
            continue;
        out.off = out.off ? out.off : b->off;
        out.on = out.on ? out.on : b->on;
        out.overload = out.overload ? out.overload : b->overload;
        out.hold_s = out.hold_s < 0 ? b->hold_s : out.hold_s;
    }
    out.off = out.off ? out.off : 10;
    out.on = out.on ? out.on : 20;
    out.overload = out.overload ? out.overload : 110;
    return out;
}

/* kw, and where a row has none, ia. */
static bool says(const struct row *row, double *value, bool *is_current)
{
    *is_current = gk_is_missing(row->value[0]);
    *value = row->value[*is_current];
    return !isnan(*value);
}

enum gk_state model_state(const struct model *m, uint32_t facility, int64_t tick)
{
    const struct row *last = NULL;
    double value;
    bool is_current;

    for (size_t i = 0; i < m->n_rows; i++) /* in order of time */
        if (m->rows[i].facility == facility && tick_of_time(m->rows[i].time) <= tick &&
            says(&m->rows[i], &value, &is_current))
            last = &m->rows[i];
    if (!last)
        return GK_NODATA;
    int64_t at = tick_of_time(last->time);
    struct band b = limits_at(m, facility, at);
    if (tick - at >= b.hold_s)
        return GK_NODATA;
    (void)says(last, &value, &is_current); /* it does */
    /* Values are whole hundredths, limits whole percents of whole numbers: what is equal differs by next to nothing. */
    double percent = value * 100 / (is_current ? rated_a_of(m, facility) : RATED) + 1e-9;
    return percent >= b.overload ? GK_OVERLOAD : percent >= b.on ? GK_ON : percent >= b.off ? GK_IDLE : GK_OFF;
}

void model_sums(const struct model *m, uint32_t facility, gk_time hour, uint64_t *count, double *sum, double *min,
                double *max)
{
    *count = 0;
    *sum = 0;
    *min = INFINITY;
    *max = -INFINITY;
    for (size_t i = 0; i < m->n_rows; i++) {
        const struct row *row = &m->rows[i];
        if (row->facility != facility || row->time < hour || row->time >= hour + HOUR || gk_is_missing(row->value[0]))
            continue;
        ++*count;
        *sum += row->value[0];
        *min = row->value[0] < *min ? row->value[0] : *min;
        *max = row->value[0] > *max ? row->value[0] : *max;
    }
}
