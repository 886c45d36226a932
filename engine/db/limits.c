/*
 * limits.c - bands resolved for one facility over time.
 */
#include "db/limits.h"

#include <math.h>
#include <string.h>

#include "db/db.h"

static const struct gk_limit DEFAULT_OFF = {GK_LIMIT_SHARE, {10, 2}};
static const struct gk_limit DEFAULT_ON = {GK_LIMIT_SHARE, {20, 2}};
static const struct gk_limit DEFAULT_OVERLOAD = {GK_LIMIT_SHARE, {110, 2}};
static const struct gk_limit DEFAULT_HYSTERESIS = {GK_LIMIT_ABSOLUTE, {0, 0}};

static const char *const PHASES[DERIVE_FALLBACK_MAX] = {"ia", "ib", "ic"};

void limits_init(struct limits *limits, const struct mem *mem)
{
    memset(limits, 0, sizeof *limits);
    limits->mem = mem;
}

void limits_clear(struct limits *limits)
{
    mem_free(limits->mem, limits->spans);
    limits_init(limits, limits->mem);
}

int limits_copy(struct limits *out, const struct limits *limits)
{
    if (mem_reserve(out->mem, &out->spans, &out->capacity, limits->n, sizeof *out->spans) != GK_OK)
        return GK_ENOMEM;
    if (limits->n > 0)
        memcpy(out->spans, limits->spans, limits->n * sizeof *out->spans);
    out->n = limits->n;
    memcpy(out->fallback, limits->fallback, sizeof out->fallback);
    out->uses_usual_hold = limits->uses_usual_hold;
    return GK_OK;
}

/* Narrow to wide, as DESIGN has it: facility, role, line, enterprise, park, zone. */
static int width_of(enum gk_kind kind)
{
    switch (kind) {
    case GK_FACILITY:
        return 0;
    case GK_ROLE:
        return 1;
    case GK_LINE:
        return 2;
    case GK_ENTERPRISE:
        return 3;
    case GK_PARK:
        return 4;
    default:
        return 5;
    }
}
#define WIDTHS 6

static void fill(struct gk_band *into, const struct gk_band *from)
{
    if (into->off_below.kind == GK_LIMIT_ABSENT)
        into->off_below = from->off_below;
    if (into->on_from.kind == GK_LIMIT_ABSENT)
        into->on_from = from->on_from;
    if (into->overload_from.kind == GK_LIMIT_ABSENT)
        into->overload_from = from->overload_from;
    if (into->hysteresis.kind == GK_LIMIT_ABSENT)
        into->hysteresis = from->hysteresis;
    if (into->hold_ns < 0)
        into->hold_ns = from->hold_ns;
    if (into->dwell_on_ns < 0)
        into->dwell_on_ns = from->dwell_on_ns;
    if (into->dwell_off_ns < 0)
        into->dwell_off_ns = from->dwell_off_ns;
    if (into->channel == GK_ID_NONE)
        into->channel = from->channel;
}

static double limit_value(struct gk_limit limit, double rated)
{
    if (limit.kind == GK_LIMIT_SHARE)
        return isnan(rated) ? NAN : derive_share_of(limit.value, rated);
    return derive_decimal(limit.value);
}

/* An overload limit that nobody can work out is no reason to say nothing about off and on. */
static void set_limits(const struct gk_band *band, double rated, double out[3], double *hysteresis)
{
    out[0] = limit_value(band->off_below, rated);
    out[1] = limit_value(band->on_from, rated);
    out[2] = limit_value(band->overload_from, rated);
    *hysteresis = limit_value(band->hysteresis, rated);
    if (isnan(out[2]))
        out[2] = INFINITY;
    if (isnan(*hysteresis))
        *hysteresis = 0;
}

static bool is_named(const struct catalog *c, uint32_t channel, const char *name)
{
    return channel < c->n_channels && strcmp(c->channels[channel], name) == 0;
}

static bool is_phase(const struct catalog *c, uint32_t channel)
{
    for (int i = 0; i < DERIVE_FALLBACK_MAX; i++)
        if (is_named(c, channel, PHASES[i]))
            return true;
    return false;
}

/* A share of what: kw of the rated power, phase currents of the rated current, other channels of nothing. */
static double rated_of(const struct catalog *c, const struct gk_facility *f, uint32_t channel)
{
    if (is_named(c, channel, "kw"))
        return f->rated_kw;
    return is_phase(c, channel) ? f->rated_a : NAN;
}

static int64_t ticks_of(int64_t ns, int64_t tick_ns)
{
    return ns / tick_ns + (ns % tick_ns != 0);
}

static int add_span(const struct catalog *c, const struct gk_facility *f, int64_t tick_ns, int64_t usual_hold_ns,
                    const struct gk_band *band, int64_t from, struct limits *out)
{
    struct limits_span span = {.from = from, .primary = band->channel};
    struct derive_limits *l = &span.limits;

    if (band->channel == GK_ID_NONE) {
        span.primary = catalog_channel(c, "kw", 2);
        span.has_fallback = true;
        set_limits(band, f->rated_kw, l->primary, &l->primary_hysteresis);
        set_limits(band, f->rated_a, l->fallback, &l->fallback_hysteresis);
    } else {
        set_limits(band, rated_of(c, f, band->channel), l->primary, &l->primary_hysteresis);
        for (int i = 0; i < 3; i++)
            l->fallback[i] = NAN;
    }
    l->hold = ticks_of(band->hold_ns < 0 ? usual_hold_ns : band->hold_ns, tick_ns);
    l->dwell_on = band->dwell_on_ns < 0 ? 0 : ticks_of(band->dwell_on_ns, tick_ns);
    l->dwell_off = band->dwell_off_ns < 0 ? 0 : ticks_of(band->dwell_off_ns, tick_ns);
    out->uses_usual_hold |= band->hold_ns < 0;
    if (mem_reserve(out->mem, &out->spans, &out->capacity, out->n + 1, sizeof span) != GK_OK)
        return GK_ENOMEM;
    out->spans[out->n++] = span;
    return GK_OK;
}

/* Some bands of a catalog: those of a set, or those in force. */
struct shelf {
    const struct gk_band *bands;
    size_t n;
    const char *set;
};

static bool is_meant(const struct catalog *c, const struct shelf *shelf, size_t i, uint32_t facility)
{
    return strcmp(shelf->bands[i].set, shelf->set) == 0 && catalog_covers(c, &shelf->bands[i].scope, facility);
}

/* Fills in from the band of each width that is in force at a date: the latest one that began. */
static void resolve(const struct catalog *c, const struct shelf *shelf, uint32_t facility, gk_time at,
                    struct gk_band *out)
{
    const struct gk_band *in_force[WIDTHS] = {NULL};

    for (size_t i = 0; i < shelf->n; i++) {
        const struct gk_band *b = &shelf->bands[i];
        int w = width_of(b->scope.kind);
        if (b->from <= at && is_meant(c, shelf, i, facility) && (!in_force[w] || b->from > in_force[w]->from))
            in_force[w] = b;
    }
    for (int w = 0; w < WIDTHS; w++)
        if (in_force[w])
            fill(out, in_force[w]);
}

static void fill_defaults(struct gk_band *out)
{
    struct gk_band defaults = {.off_below = DEFAULT_OFF,
                               .on_from = DEFAULT_ON,
                               .overload_from = DEFAULT_OVERLOAD,
                               .hysteresis = DEFAULT_HYSTERESIS,
                               .hold_ns = -1,
                               .dwell_on_ns = -1,
                               .dwell_off_ns = -1,
                               .channel = GK_ID_NONE};
    fill(out, &defaults);
}

/* The next date after `at` on which a band that covers the facility begins. */
static gk_time next_date(const struct catalog *c, const struct shelf *shelf, uint32_t facility, gk_time at)
{
    gk_time next = GK_TIME_MAX;
    for (size_t i = 0; i < shelf->n; i++) {
        const struct gk_band *b = &shelf->bands[i];
        if (b->from > at && b->from < next && is_meant(c, shelf, i, facility))
            next = b->from;
    }
    return next;
}

int limits_of(const struct catalog *c, uint32_t facility, int64_t tick_ns, int64_t usual_hold_ns, struct limits *out)
{
    const struct gk_band none = {.hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};

    return limits_under(c, facility, tick_ns, usual_hold_ns, &none, out);
}

int limits_under(const struct catalog *c, uint32_t facility, int64_t tick_ns, int64_t usual_hold_ns,
                 const struct gk_band *above, struct limits *out)
{
    const struct gk_facility *f = &c->facilities[facility];
    const struct shelf in_force = {c->bands, c->n_bands, ""};
    const struct shelf of_set = {c->set_bands, above->set && *above->set ? c->n_set_bands : 0, above->set};
    gk_time next;
    int rc;

    out->n = 0;
    out->uses_usual_hold = false;
    for (int i = 0; i < DERIVE_FALLBACK_MAX; i++)
        out->fallback[i] = catalog_channel(c, PHASES[i], strlen(PHASES[i]));
    for (gk_time at = GK_TIME_MIN; at != GK_TIME_MAX; at = next) {
        struct gk_band band = *above;
        gk_time next_of_set = next_date(c, &of_set, facility, at);
        next = next_date(c, &in_force, facility, at);
        next = next_of_set < next ? next_of_set : next;
        resolve(c, &of_set, facility, at, &band);
        resolve(c, &in_force, facility, at, &band);
        fill_defaults(&band);
        TRY(add_span(c, f, tick_ns, usual_hold_ns, &band, tick_from(tick_ns, at), out));
    }
    rc = GK_OK;
done:
    return rc;
}

bool limits_are_plain(const struct limits *limits)
{
    bool is_plain = true;

    for (size_t i = 0; i < limits->n; i++) {
        const struct derive_limits *l = &limits->spans[i].limits;
        is_plain = is_plain && l->primary_hysteresis == 0 && l->fallback_hysteresis == 0 && l->dwell_on == 0 &&
                   l->dwell_off == 0;
    }
    return is_plain;
}

const struct limits_span *limits_at(const struct limits *limits, int64_t tick)
{
    size_t i = limits->n;
    while (i > 1 && limits->spans[i - 1].from > tick)
        i--;
    return &limits->spans[i - 1];
}
