/*
 * bind_names.c - names of the store: facilities, sites, channels. A name that is not there is an error with the nearest
 * one that is; it never gives an empty answer.
 */
#include "bind.h"

#include <stdio.h>
#include <string.h>

#include "parser.h"

enum gk_kind noun_kind(enum noun noun)
{
    static const enum gk_kind kinds[] = {GK_FACILITY,   GK_FACILITY, GK_FACILITY, GK_LINE,
                                         GK_ENTERPRISE, GK_PARK,     GK_ZONE};
    return kinds[noun];
}

const char *noun_text(enum noun noun)
{
    static const char *const texts[] = {"facility", "production", "abatement", "line", "enterprise", "park", "zone"};
    return texts[noun];
}

static const char *role_text(enum gk_role role)
{
    return role == GK_PRODUCTION ? "production" : role == GK_ABATEMENT ? "abatement" : "other";
}

static int fail_unknown(struct binder *binder, enum noun noun, const struct name *name)
{
    const struct gk_store_info *info = gk_snapshot_info(binder->snapshot);
    struct nearest nearest = nearest_to(name->text.bytes, name->text.size);
    enum gk_kind kind = noun_kind(noun);

    if (kind == GK_FACILITY) {
        for (uint32_t id = 0; id < info->n_facilities; id++)
            nearest_try(&nearest, gk_facility_get(binder->snapshot, id)->name);
    } else {
        for (uint32_t id = 0; id < info->n_sites[kind]; id++)
            nearest_try(&nearest, gk_site_get(binder->snapshot, kind, id)->name);
    }
    const char *listing = kind == GK_FACILITY     ? "list facilities names them all"
                          : kind == GK_ENTERPRISE ? "list enterprises names them all"
                          : kind == GK_PARK       ? "list parks names them all"
                                                  : "list lines names them all";
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "%s", report_text(binder->report, listing));
    return bind_fail(binder, name->place, "no %s is called '%.100s'",
                     report_text(binder->report, kind == GK_FACILITY ? "facility" : noun_text(noun)), name->text.bytes);
}

/* Every enterprise may have a line of that name: all of them are meant. Binding again adds nothing. */
static int add_namesakes(struct binder *binder, struct name *name)
{
    uint32_t n = gk_snapshot_info(binder->snapshot)->n_sites[GK_LINE];
    const char *text = gk_site_get(binder->snapshot, GK_LINE, name->id)->name;
    struct name *last = name;

    for (uint32_t id = name->id + 1; id < n; id++) {
        if (strcmp(gk_site_get(binder->snapshot, GK_LINE, id)->name, text) != 0)
            continue;
        if (last->next && last->next->place.from == name->place.from) {
            last = last->next; /* from an earlier binding */
            last->id = id;
            continue;
        }
        struct name *same = arena_piece(binder->arena, sizeof *same);
        if (!same)
            return bind_no_memory(binder);
        *same = *name;
        same->id = id;
        same->next = last->next;
        last->next = same;
        last = same;
    }
    return GK_OK;
}

int bind_names(struct binder *binder, enum noun noun, struct name *names)
{
    enum gk_kind kind = noun_kind(noun);

    for (struct name *name = names; name; name = name->next) {
        name->id = kind == GK_FACILITY ? gk_facility_find(binder->snapshot, name->text.bytes, name->text.size)
                                       : gk_site_find(binder->snapshot, kind, name->text.bytes, name->text.size);
        if (name->id == GK_ID_NONE)
            return fail_unknown(binder, noun, name);
        if (kind == GK_LINE) {
            int rc = add_namesakes(binder, name);
            if (rc != GK_OK)
                return rc;
            while (name->next && name->next->place.from == name->place.from)
                name = name->next;
        }
        if (noun != NOUN_PRODUCTION && noun != NOUN_ABATEMENT)
            continue;
        enum gk_role role = gk_facility_get(binder->snapshot, name->id)->role;
        if (role != (noun == NOUN_PRODUCTION ? GK_PRODUCTION : GK_ABATEMENT)) {
            report_hint(binder->report, "facility '%.100s'", name->text.bytes);
            return bind_fail(binder, name->place, "'%.100s' is no %s: its role is %s", name->text.bytes,
                             report_text(binder->report, noun_text(noun)),
                             report_text(binder->report, role_text(role)));
        }
    }
    return GK_OK;
}

int bind_ref(struct binder *binder, struct ref *ref)
{
    if (ref->where) {
        report_hint(binder->report, "as a tail: ... where type = 'RTO'");
        return bind_fail(binder, ref->place, "(... where ...) stands in aggregates of series only");
    }
    return bind_names(binder, ref->noun, ref->names);
}

enum unit_kind bind_channel_unit(const char *name, double *per_base)
{
    static const struct {
        const char *text;
        enum unit_kind kind;
        double per_base;
    } units[] = {{"kw", UNIT_POWER, 1},   {"kwh", UNIT_ENERGY, 1},     {"ia", UNIT_CURRENT, 1},
                 {"ib", UNIT_CURRENT, 1}, {"ic", UNIT_CURRENT, 1},     {"ua", UNIT_VOLTAGE, 1},
                 {"ub", UNIT_VOLTAGE, 1}, {"uc", UNIT_VOLTAGE, 1},     {"_w", UNIT_POWER, 1000},
                 {"_kw", UNIT_POWER, 1},  {"_a", UNIT_CURRENT, 1},     {"_ma", UNIT_CURRENT, 1000},
                 {"_v", UNIT_VOLTAGE, 1}, {"_kv", UNIT_VOLTAGE, 1e-3}, {"_kwh", UNIT_ENERGY, 1}};
    size_t size = strlen(name);

    *per_base = 1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i].text);
        bool is_ending = units[i].text[0] == '_';
        if (is_ending ? size > n && strcmp(name + size - n, units[i].text) == 0 : strcmp(name, units[i].text) == 0) {
            *per_base = units[i].per_base;
            return units[i].kind;
        }
    }
    return UNIT_NONE;
}

static int bind_channel(struct binder *binder, struct series *series)
{
    const struct gk_store_info *info = gk_snapshot_info(binder->snapshot);
    struct nearest nearest = nearest_to(series->channel.bytes, series->channel.size);
    uint32_t id = gk_channel_find(binder->snapshot, series->channel.bytes, series->channel.size);

    if (id != GK_ID_NONE) {
        series->channels[series->n_channels++] = id;
        series->unit = bind_channel_unit(gk_channel_name(binder->snapshot, id), &series->per_base);
        return GK_OK;
    }
    for (uint32_t i = 0; i < info->n_channels; i++)
        nearest_try(&nearest, gk_channel_name(binder->snapshot, i));
    for (const char *const *p = (const char *const[]){"power", "current", "voltage", "load", NULL}; *p; p++)
        nearest_try(&nearest, *p);
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "power current voltage load, or a channel: list channels names them all");
    return bind_fail(binder, series->place, "no channel is called '%.100s'", series->channel.bytes);
}

/* The channels by which a metric is known, in the order of enum metric. */
static const struct {
    const char *text;
    const char *channels[4];
    enum unit_kind unit;
} METRICS[] = {
    {"power", {"kw"}, UNIT_POWER},
    {"current", {"ia", "ib", "ic"}, UNIT_CURRENT},
    {"voltage", {"ua", "ub", "uc"}, UNIT_VOLTAGE},
    {"load", {"kw"}, UNIT_SHARE},
    {"energy", {"kw"}, UNIT_ENERGY},
};

int bind_metric_channels(struct binder *binder, struct series *series)
{
    for (const char *const *name = METRICS[series->metric].channels; *name; name++) {
        uint32_t id = gk_channel_find(binder->snapshot, *name, strlen(*name));
        if (id != GK_ID_NONE)
            series->channels[series->n_channels++] = id;
    }
    series->unit = METRICS[series->metric].unit;
    series->per_base = 1;
    bool is_counted = series->metric == METRIC_ENERGY && gk_channel_find(binder->snapshot, "kwh", 3) != GK_ID_NONE;
    if (series->n_channels == 0 && !is_counted) {
        report_hint(binder->report,
                    "list channels names what there is; a channel may stand for the metric: p_w of facility 'F12'");
        return bind_fail(binder, series->place, "the store has no channel for '%s' (%s%s)",
                         report_text(binder->report, METRICS[series->metric].text), METRICS[series->metric].channels[0],
                         METRICS[series->metric].channels[1] ? ", ..." : "");
    }
    return GK_OK;
}

int bind_series(struct binder *binder, struct series *series)
{
    int rc = bind_names(binder, series->ref.noun, series->ref.names);

    if (rc == GK_OK)
        rc = bind_filters(binder, series->ref.where);
    if (rc != GK_OK || series->metric == METRIC_ALL)
        return rc;
    series->n_channels = 0;
    if (series->metric == METRIC_VALUE)
        return bind_row_value(binder, series);
    return series->metric == METRIC_CHANNEL ? bind_channel(binder, series) : bind_metric_channels(binder, series);
}
