/*
 * export_tables.c - see export_tables.h. Everything is written as it is kept: limits and times exactly, numbers with
 * the digits that read back to the same bits. What only a program can put and no table can say is left out and counted.
 */
#include "export_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const ROLES[] = {"other", "production", "abatement"};

static void put_text(struct output *out, const char *text)
{
    output_csv(out, text, strlen(text));
}

static void put_number(struct output *out, double value)
{
    char text[NUMBER_TEXT_MAX];

    output_bytes(out, text, number_format(value, text));
}

/* An open end is an empty field. */
static void put_time(struct output *out, gk_time time, int32_t zone_s)
{
    if (time != GK_TIME_MIN && time != GK_TIME_MAX)
        output_time(out, time, zone_s, false);
}

static void put_seconds(struct output *out, int64_t ns)
{
    if (ns >= 0 && ns % GK_SECOND == 0)
        output_whole(out, ns / GK_SECOND);
    else if (ns >= 0)
        output_fixed(out, ns, 9);
}

static void put_site(struct output *out, gk_snapshot *snapshot, enum gk_kind kind, uint32_t id)
{
    if (id != GK_ID_NONE)
        put_text(out, gk_site_get(snapshot, kind, id)->name);
}

/* Always with its kind: a facility may be called line:1. */
static void put_scope(struct output *out, const struct gk_scope *scope)
{
    static const char *const KINDS[] = {"*", "park:", "enterprise:", "line:", "role:", "facility:", "group:"};
    struct output text;

    output_init(&text, -1);
    output_text(&text, KINDS[scope->kind]);
    output_text(&text, scope->kind == GK_ROLE ? ROLES[scope->id] : scope->name);
    output_csv(out, text.bytes, text.n);
    output_clear(&text);
}

/* ---- facilities
 * --------------------------------------------------------------------------------------------------------- */

static const char *const FACILITY_COLUMNS[] = {"facility", "enterprise", "park", "line", "role", "rated_kw",
                                               "rated_a",  "serves",     "from", "to",   "time"};
#define N_FACILITY_COLUMNS (sizeof FACILITY_COLUMNS / sizeof *FACILITY_COLUMNS)
#define N_FACILITY_WRITTEN 7 /* `serves` is a table of its own; the rest makes another table of it */

bool export_is_column(const char *name, const char *const *known, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(name, known[i]) == 0)
            return false;
    return true;
}

static bool is_among(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* The keys of all tags, each once: a handful, whatever the number of facilities. */
static const char **find_keys(gk_snapshot *snapshot, size_t *n)
{
    const char **keys = NULL;
    size_t room = 0;

    *n = 0;
    for (uint32_t f = 0; f < gk_snapshot_info(snapshot)->n_facilities; f++) {
        const struct gk_facility *facility = gk_facility_get(snapshot, f);
        for (size_t i = 0; i < facility->n_tags; i++) {
            if (is_among(facility->tags[i].key, keys, *n))
                continue;
            if (*n == room)
                keys = tool_resize(keys, room = 2 * room + 16, sizeof *keys);
            keys[(*n)++] = facility->tags[i].key;
        }
    }
    return keys;
}

static void put_facility(struct output *out, gk_snapshot *snapshot, const struct gk_facility *f, const char **keys,
                         size_t n_keys)
{
    put_text(out, f->name);
    output_text(out, ",");
    put_site(out, snapshot, GK_ENTERPRISE, f->enterprise);
    output_text(out, ",");
    put_site(out, snapshot, GK_PARK, f->park);
    output_text(out, ",");
    put_site(out, snapshot, GK_LINE, f->line);
    output_format(out, ",%s,", ROLES[f->role]);
    put_number(out, f->rated_kw); /* NaN: nothing */
    output_text(out, ",");
    put_number(out, f->rated_a);
    for (size_t i = 0; i < n_keys; i++) {
        const char *value = gk_facility_tag(f, keys[i]);
        output_text(out, ",");
        put_text(out, value != NULL ? value : "");
    }
    output_text(out, "\n");
}

static size_t count_facilities(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_facilities;
}

static uint64_t write_facilities(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n_all, n = 0;
    const char **keys = find_keys(snapshot, &n_all);

    (void)zone_s; /* nothing here has a time */
    for (size_t i = 0; i < n_all; i++)
        if (export_is_column(keys[i], FACILITY_COLUMNS, N_FACILITY_COLUMNS))
            keys[n++] = keys[i];
    for (size_t i = 0; i < N_FACILITY_WRITTEN; i++)
        output_format(out, "%s%s", i > 0 ? "," : "", FACILITY_COLUMNS[i]);
    for (size_t i = 0; i < n; i++) {
        output_text(out, ",");
        put_text(out, keys[i]);
    }
    output_text(out, "\n");
    for (uint32_t f = 0; f < gk_snapshot_info(snapshot)->n_facilities; f++)
        put_facility(out, snapshot, gk_facility_get(snapshot, f), keys, n);
    free(keys);
    return n_all - n;
}

/* ---- links
 * -------------------------------------------------------------------------------------------------------------- */

static size_t count_links(gk_snapshot *snapshot)
{
    size_t n, n_put = 0;
    const struct gk_link *links = gk_links(snapshot, &n);

    for (size_t i = 0; i < n; i++)
        n_put += !links[i].is_default;
    return n_put;
}

static uint64_t write_links(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n;
    const struct gk_link *links = gk_links(snapshot, &n);

    output_text(out, "abatement,production,standby,from,to\n");
    for (size_t i = 0; i < n; i++) {
        if (links[i].is_default)
            continue;
        put_text(out, gk_facility_get(snapshot, links[i].abatement)->name);
        output_text(out, ",");
        put_text(out, gk_facility_get(snapshot, links[i].production)->name);
        output_text(out, links[i].is_standby ? ",yes," : ",no,");
        put_time(out, links[i].from, zone_s);
        output_text(out, ",");
        put_time(out, links[i].to, zone_s);
        output_text(out, "\n");
    }
    return 0;
}

/* ---- bands
 * -------------------------------------------------------------------------------------------------------------- */

static void put_limit(struct output *out, struct gk_limit limit)
{
    struct gk_decimal v = limit.value;

    if (limit.kind == GK_LIMIT_SHARE) { /* its percent has two decimals less */
        for (; v.scale < 2; v.scale++)
            v.mantissa *= 10; /* shares are at most ten times the rated value */
        v.scale -= 2;
    }
    if (limit.kind != GK_LIMIT_ABSENT)
        output_fixed(out, v.mantissa, v.scale);
    output_text(out, limit.kind == GK_LIMIT_SHARE ? "%," : ",");
}

static size_t count_bands(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_bands + gk_snapshot_info(snapshot)->n_set_bands;
}

static uint64_t write_bands(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n_in_force, n_of_sets;
    const struct gk_band *in_force = gk_bands(snapshot, &n_in_force), *of_sets = gk_set_bands(snapshot, &n_of_sets);

    output_text(out,
                "scope,off_below,on_from,overload_from,hysteresis,hold_s,dwell_on_s,dwell_off_s,channel,from,set\n");
    for (size_t i = 0; i < n_in_force + n_of_sets; i++) {
        const struct gk_band *b = i < n_in_force ? &in_force[i] : &of_sets[i - n_in_force];
        put_scope(out, &b->scope);
        output_text(out, ",");
        put_limit(out, b->off_below);
        put_limit(out, b->on_from);
        put_limit(out, b->overload_from);
        put_limit(out, b->hysteresis);
        put_seconds(out, b->hold_ns);
        output_text(out, ",");
        put_seconds(out, b->dwell_on_ns);
        output_text(out, ",");
        put_seconds(out, b->dwell_off_ns);
        output_text(out, ",");
        put_text(out, b->channel != GK_ID_NONE ? gk_channel_name(snapshot, b->channel) : "");
        output_text(out, ",");
        put_time(out, b->from, zone_s);
        output_text(out, ",");
        put_text(out, b->set);
        output_text(out, "\n");
    }
    return 0;
}

/* ---- orders and exemptions
 * ---------------------------------------------------------------------------------------------- */

static size_t count_orders(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_orders;
}

/* The shortest percentage that reads back to the same share. */
static void put_share(struct output *out, double share)
{
    char text[32];

    if (isnan(share))
        return;
    for (int decimals = 0; decimals <= 17; decimals++) {
        (void)snprintf(text, sizeof text, "%.*f", decimals, share * 100); /* at most 100 */
        if (strtod(text, NULL) / 100 == share)
            break;
    }
    output_format(out, "%s%%", text);
}

static void put_hours(struct output *out, int32_t from_s, int32_t to_s)
{
    if (from_s != 0 || to_s != 0)
        output_format(out, "%02d:%02d-%02d:%02d", from_s / 3600, from_s / 60 % 60, to_s / 3600, to_s / 60 % 60);
}

static uint64_t write_orders(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n;
    const struct gk_order *orders = gk_orders(snapshot, &n);

    output_text(out, "scope,level,from,to,kind,cut,hours\n");
    for (size_t i = 0; i < n; i++) {
        const struct gk_order *o = &orders[i];
        put_scope(out, &o->scope);
        output_text(out, ",");
        put_text(out, o->level);
        output_text(out, ",");
        put_time(out, o->from, zone_s);
        output_text(out, ",");
        put_time(out, o->to, zone_s);
        output_text(out, ",");
        put_text(out, o->kind);
        output_text(out, ",");
        put_share(out, o->cut_share);
        output_text(out, ",");
        put_hours(out, o->hours_from_s, o->hours_to_s);
        output_text(out, "\n");
    }
    return 0;
}

static size_t count_exemptions(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_exemptions;
}

static uint64_t write_exemptions(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n;
    const struct gk_exemption *exemptions = gk_exemptions(snapshot, &n);

    output_text(out, "scope,kind,from,to,note\n");
    for (size_t i = 0; i < n; i++) {
        put_scope(out, &exemptions[i].scope);
        output_text(out, ",");
        put_text(out, exemptions[i].kind);
        output_text(out, ",");
        put_time(out, exemptions[i].from, zone_s);
        output_text(out, ",");
        put_time(out, exemptions[i].to, zone_s);
        output_text(out, ",");
        put_text(out, exemptions[i].note);
        output_text(out, "\n");
    }
    return 0;
}

/* ---- calendars
 * ---------------------------------------------------------------------------------------------------------- */

static size_t count_calendars(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_calendars;
}

static uint64_t write_calendars(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    char days[GK_DAYS_TEXT_MAX];
    size_t n;
    const struct gk_calendar *calendars = gk_calendars(snapshot, &n);

    output_text(out, "calendar,days,hours,scope,from,to\n");
    for (size_t i = 0; i < n; i++) {
        const struct gk_calendar *c = &calendars[i];
        put_text(out, c->calendar);
        output_format(out, ",%s,", gk_days_text(c->days, days));
        put_hours(out, c->hours_from_s, c->hours_to_s);
        output_text(out, ",");
        put_scope(out, &c->scope);
        output_text(out, ",");
        put_time(out, c->from, zone_s);
        output_text(out, ",");
        put_time(out, c->to, zone_s);
        output_text(out, "\n");
    }
    return 0;
}

/* ---- people
 * ------------------------------------------------------------------------------------------------------------- */

static size_t count_people(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_people;
}

static uint64_t write_people(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n;
    const struct gk_person *people = gk_people(snapshot, &n);

    output_text(out, "person,role,scope,channel,address,from,to\n");
    for (size_t i = 0; i < n; i++) {
        put_text(out, people[i].person);
        output_text(out, ",");
        put_text(out, people[i].role);
        output_text(out, ",");
        put_scope(out, &people[i].scope);
        output_text(out, ",");
        put_text(out, people[i].channel);
        output_text(out, ",");
        put_text(out, people[i].address);
        output_text(out, ",");
        put_time(out, people[i].from, zone_s);
        output_text(out, ",");
        put_time(out, people[i].to, zone_s);
        output_text(out, "\n");
    }
    return 0;
}

/* ---- mappings
 * ----------------------------------------------------------------------------------------------------------- */

static size_t count_mappings(gk_snapshot *snapshot)
{
    return gk_snapshot_info(snapshot)->n_mappings;
}

static uint64_t write_mappings(gk_snapshot *snapshot, int32_t zone_s, struct output *out)
{
    size_t n;
    const struct gk_mapping *mappings = gk_mappings(snapshot, &n);

    (void)zone_s; /* nothing here has a time */
    output_text(out, "mn,code,suffix,period,facility,channel,unit,factor,min,max\n");
    for (size_t i = 0; i < n; i++) {
        const struct gk_mapping *m = &mappings[i];
        put_text(out, m->mn);
        output_text(out, ",");
        put_text(out, m->code);
        output_text(out, ",");
        put_text(out, m->suffix[0] != '\0' ? m->suffix : "-");
        output_format(out, ",%s,", gk_period_text(m->period));
        put_text(out, m->facility);
        output_text(out, ",");
        put_text(out, m->channel);
        output_text(out, ",");
        put_text(out, m->unit);
        output_text(out, ",");
        put_number(out, m->factor);
        output_text(out, ",");
        put_number(out, m->least);
        output_text(out, ",");
        put_number(out, m->most);
        output_text(out, "\n");
    }
    return 0;
}

const struct export_table export_tables[EXPORT_TABLES] = {
    {"facilities.csv", count_facilities, write_facilities},
    {"links.csv", count_links, write_links},
    {"bands.csv", count_bands, write_bands},
    {"orders.csv", count_orders, write_orders},
    {"exemptions.csv", count_exemptions, write_exemptions},
    {"calendars.csv", count_calendars, write_calendars},
    {"people.csv", count_people, write_people},
    {"mappings.csv", count_mappings, write_mappings},
};
