/*
 * list.c - `list facilities|enterprises|parks|lines|channels|links|bands|orders|exemptions|calendars|rules`: what
 * the catalog says. With a time tail, links, orders, exemptions, calendars and rules that hold at some time of the
 * window. (`list gaps` is a `when`.)
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parser.h"
#include "run.h"

static const char *const ROLES[] = {"other", "production", "abatement"};

struct listing {
    enum word word;
    struct {
        const char *name;
        enum gk_type type;
    } columns[12]; /* ended by a NULL name */
};

#define TEXT   GK_TYPE_TEXT
#define NUMBER GK_TYPE_NUMBER
#define TIME   GK_TYPE_TIME

static const struct listing LISTINGS[] = {
    {W_FACILITY,
     {{"facility", TEXT},
      {"line", TEXT},
      {"enterprise", TEXT},
      {"park", TEXT},
      {"role", TEXT},
      {"rated_kw", NUMBER},
      {"rated_a", NUMBER},
      {"tags", TEXT}}},
    {W_LINE,
     {{"line", TEXT},
      {"enterprise", TEXT},
      {"park", TEXT},
      {"production", GK_TYPE_COUNT},
      {"abatement", GK_TYPE_COUNT}}},
    {W_ENTERPRISE, {{"enterprise", TEXT}, {"park", TEXT}, {"production", GK_TYPE_COUNT}, {"abatement", GK_TYPE_COUNT}}},
    {W_PARK, {{"park", TEXT}, {"production", GK_TYPE_COUNT}, {"abatement", GK_TYPE_COUNT}}},
    {W_CHANNEL, {{"channel", TEXT}}},
    {W_LINK,
     {{"abatement", TEXT},
      {"production", TEXT},
      {"line", TEXT},
      {"enterprise", TEXT},
      {"standby", GK_TYPE_TRUTH},
      {"default", GK_TYPE_TRUTH},
      {"from", TIME},
      {"to", TIME}}},
    {W_BAND,
     {{"scope", TEXT},
      {"off_below", TEXT},
      {"on_from", TEXT},
      {"overload_from", TEXT},
      {"hysteresis", TEXT},
      {"hold_s", GK_TYPE_SECONDS},
      {"dwell_on_s", GK_TYPE_SECONDS},
      {"dwell_off_s", GK_TYPE_SECONDS},
      {"channel", TEXT},
      {"from", TIME},
      {"set", TEXT}}},
    {W_CALENDAR, {{"calendar", TEXT}, {"days", TEXT}, {"hours", TEXT}, {"scope", TEXT}, {"from", TIME}, {"to", TIME}}},
    {W_ORDER,
     {{"scope", TEXT},
      {"level", TEXT},
      {"kind", TEXT},
      {"cut", GK_TYPE_SHARE},
      {"from", TIME},
      {"to", TIME},
      {"hours", TEXT}}},
    {W_EXEMPTION, {{"scope", TEXT}, {"kind", TEXT}, {"note", TEXT}, {"from", TIME}, {"to", TIME}}},
    {W_RULE, {{"rule", TEXT}, {"version", GK_TYPE_COUNT}, {"from", TIME}, {"to", TIME}, {"text", TEXT}}},
};

static int columns(struct gk_query *query)
{
    for (size_t i = 0; i < sizeof LISTINGS / sizeof LISTINGS[0]; i++)
        for (size_t j = 0; LISTINGS[i].word == query->stmt->listed && LISTINGS[i].columns[j].name; j++)
            if (!rows_add_column(&query->rows, LISTINGS[i].columns[j].name, LISTINGS[i].columns[j].type))
                return GK_EBUG;
    return GK_OK;
}

/* ---- which ---- */

/* `of NOUN 'X'` in the catalog: what is inside, or linked with, the ref. */
static bool is_meant(const struct gk_query *query, struct subject subject)
{
    const struct ref *ref = &query->stmt->ref;
    struct position position;

    if (!scope_is_in(&query->scope, subject))
        return false;
    if (!query->stmt->has_ref || !ref->names)
        return !query->stmt->has_ref || subject.kind != GK_FACILITY ||
               scope_has_role(query->snapshot, subject.id, ref->noun);
    position = scope_position(query->snapshot, subject);
    const uint32_t ids[] = {position.facility, position.line, position.enterprise, position.park};
    static const size_t at[] = {0, 0, 0, 1, 2, 3, 0}; /* by enum noun */
    enum gk_kind kind = noun_kind(ref->noun);
    uint32_t id = ids[at[ref->noun]];
    for (const struct name *name = ref->names; name && id != GK_ID_NONE; name = name->next)
        if (strcmp(name->text.bytes, scope_site_name(query->snapshot, kind, id)) == 0)
            return true;
    return false;
}

/* Whether a record of a scope concerns what is asked for; without `of` and `in`, all do. */
static bool is_scope_meant(const struct gk_query *query, const struct gk_scope *wide)
{
    uint32_t n = gk_snapshot_info(query->snapshot)->n_facilities;

    if (!query->stmt->has_ref && !query->scope.is_in)
        return true;
    for (uint32_t id = 0; id < n; id++)
        if (is_meant(query, (struct subject){GK_FACILITY, id}) && gk_scope_covers(query->snapshot, wide, id))
            return true;
    return false;
}

static bool is_in_time(const struct gk_query *query, gk_time from, gk_time to)
{
    if (query->stmt->tail.time.kind == TIME_DEFAULT)
        return true;
    return from < query->window.to && to > query->window.from;
}

/* ---- rows ---- */

static void put_limit_time(struct rows *rows, gk_time t)
{
    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        rows_put_empty(rows);
    else
        rows_put_time(rows, t);
}

static int put_facility(struct gk_query *query, uint32_t id)
{
    const struct gk_facility *facility = gk_facility_get(query->snapshot, id);
    const char *tags = "";
    int rc;

    for (size_t i = 0; i < facility->n_tags; i++) {
        tags = arena_printf(&query->memory, "%s%s%s=%s", tags, i ? ";" : "", facility->tags[i].key,
                            facility->tags[i].value);
        if (!tags)
            return arena_status(&query->memory);
    }
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, facility->name);
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_LINE, facility->line));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, facility->enterprise));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_PARK, facility->park));
    rows_put_text(&query->rows, ROLES[facility->role]);
    rows_put_number(&query->rows, NUMBER, facility->rated_kw);
    rows_put_number(&query->rows, NUMBER, facility->rated_a);
    rows_put_text(&query->rows, tags);
    run_end_row(query);
done:
    return rc;
}

static int put_site(struct gk_query *query, struct subject site)
{
    struct position position = scope_position(query->snapshot, site);
    int64_t counts[3] = {0, 0, 0};
    size_t n;
    const uint32_t *ids = gk_site_facilities(query->snapshot, site.kind, site.id, &n);
    int rc;

    for (size_t i = 0; i < n; i++)
        counts[gk_facility_get(query->snapshot, ids[i])->role]++;
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, scope_name(query->snapshot, site));
    if (site.kind == GK_LINE)
        rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, position.enterprise));
    if (site.kind != GK_PARK)
        rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_PARK, position.park));
    rows_put_count(&query->rows, GK_TYPE_COUNT, counts[GK_PRODUCTION]);
    rows_put_count(&query->rows, GK_TYPE_COUNT, counts[GK_ABATEMENT]);
    run_end_row(query);
done:
    return rc;
}

static int put_link(struct gk_query *query, const struct gk_link *link)
{
    const struct gk_facility *abatement = gk_facility_get(query->snapshot, link->abatement);
    const struct gk_facility *production = gk_facility_get(query->snapshot, link->production);
    int rc = GK_OK;

    if (!is_in_time(query, link->from, link->to) || (!is_meant(query, (struct subject){GK_FACILITY, link->abatement}) &&
                                                     !is_meant(query, (struct subject){GK_FACILITY, link->production})))
        return GK_OK;
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, abatement->name);
    rows_put_text(&query->rows, production->name);
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_LINE, production->line));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, production->enterprise));
    rows_put_count(&query->rows, GK_TYPE_TRUTH, link->is_standby);
    rows_put_count(&query->rows, GK_TYPE_TRUTH, link->is_default);
    put_limit_time(&query->rows, link->from);
    put_limit_time(&query->rows, link->to);
    run_end_row(query);
done:
    return rc;
}

/* As a CSV table writes it: *, role:abatement, park:P1, group:A, or a facility's name. */
static int put_scope(struct gk_query *query, const struct gk_scope *scope)
{
    static const char *const kinds[] = {"*", "park:", "enterprise:", "line:", "role:", "", "group:"}; /* by gk_kind */
    const char *text = arena_printf(&query->memory, "%s%s", kinds[scope->kind], scope->name ? scope->name : "");

    if (!text)
        return arena_status(&query->memory);
    rows_put_text(&query->rows, text);
    return GK_OK;
}

static int put_limit(struct gk_query *query, const struct gk_limit *limit)
{
    double value = (double)limit->value.mantissa / pow(10, limit->value.scale);
    const char *text = "";

    if (limit->kind == GK_LIMIT_SHARE)
        text = arena_printf(&query->memory, "%.10g%%", value * 100);
    else if (limit->kind == GK_LIMIT_ABSOLUTE)
        text = arena_printf(&query->memory, "%.10g", value);
    if (!text)
        return arena_status(&query->memory);
    rows_put_text(&query->rows, text);
    return GK_OK;
}

static void put_seconds(struct rows *rows, int64_t ns)
{
    rows_put_number(rows, GK_TYPE_SECONDS, ns < 0 ? NAN : (double)ns / 1e9);
}

static int put_band(struct gk_query *query, const struct gk_band *band)
{
    int rc = GK_OK;

    if (!is_scope_meant(query, &band->scope))
        return GK_OK;
    TRY(run_begin_row(query));
    TRY(put_scope(query, &band->scope));
    TRY(put_limit(query, &band->off_below));
    TRY(put_limit(query, &band->on_from));
    TRY(put_limit(query, &band->overload_from));
    TRY(put_limit(query, &band->hysteresis));
    put_seconds(&query->rows, band->hold_ns);
    put_seconds(&query->rows, band->dwell_on_ns);
    put_seconds(&query->rows, band->dwell_off_ns);
    rows_put_text(&query->rows, band->channel == GK_ID_NONE ? "" : gk_channel_name(query->snapshot, band->channel));
    put_limit_time(&query->rows, band->from);
    rows_put_text(&query->rows, band->set);
    run_end_row(query);
done:
    return rc;
}

/* Nothing for whole days. */
static int put_hours(struct gk_query *query, int32_t from_s, int32_t to_s)
{
    const char *hours = "";

    if (from_s || to_s)
        hours = arena_printf(&query->memory, "%02d:%02d-%02d:%02d", from_s / 3600, from_s / 60 % 60, to_s / 3600,
                             to_s / 60 % 60);
    if (!hours)
        return arena_status(&query->memory);
    rows_put_text(&query->rows, hours);
    return GK_OK;
}

static int put_order(struct gk_query *query, const struct gk_order *order)
{
    int rc = GK_OK;

    if (!is_in_time(query, order->from, order->to) || !is_scope_meant(query, &order->scope))
        return GK_OK;
    TRY(run_begin_row(query));
    TRY(put_scope(query, &order->scope));
    rows_put_text(&query->rows, order->level);
    rows_put_text(&query->rows, order->kind);
    rows_put_number(&query->rows, GK_TYPE_SHARE, order->cut_share);
    put_limit_time(&query->rows, order->from);
    put_limit_time(&query->rows, order->to);
    TRY(put_hours(query, order->hours_from_s, order->hours_to_s));
    run_end_row(query);
done:
    return rc;
}

static int put_calendar(struct gk_query *query, const struct gk_calendar *calendar)
{
    char days[GK_DAYS_TEXT_MAX];
    int rc = GK_OK;

    if (!is_in_time(query, calendar->from, calendar->to) || !is_scope_meant(query, &calendar->scope))
        return GK_OK;
    const char *text = arena_printf(&query->memory, "%s", gk_days_text(calendar->days, days));
    if (!text)
        return arena_status(&query->memory);
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, calendar->calendar);
    rows_put_text(&query->rows, text);
    TRY(put_hours(query, calendar->hours_from_s, calendar->hours_to_s));
    TRY(put_scope(query, &calendar->scope));
    put_limit_time(&query->rows, calendar->from);
    put_limit_time(&query->rows, calendar->to);
    run_end_row(query);
done:
    return rc;
}

static int put_exemption(struct gk_query *query, const struct gk_exemption *exemption)
{
    int rc = GK_OK;

    if (!is_in_time(query, exemption->from, exemption->to) || !is_scope_meant(query, &exemption->scope))
        return GK_OK;
    TRY(run_begin_row(query));
    TRY(put_scope(query, &exemption->scope));
    rows_put_text(&query->rows, exemption->kind);
    rows_put_text(&query->rows, exemption->note);
    put_limit_time(&query->rows, exemption->from);
    put_limit_time(&query->rows, exemption->to);
    run_end_row(query);
done:
    return rc;
}

/* Without a time the versions in force; a dropped rule is none. */
static int put_rule(struct gk_query *query, const struct gk_rule *rule)
{
    bool is_of_time = query->stmt->tail.time.kind != TIME_DEFAULT;
    int rc = GK_OK;

    if (!rule->text[0] || (is_of_time ? !is_in_time(query, rule->from, rule->to) : rule->to != GK_TIME_MAX))
        return GK_OK;
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, rule->name);
    rows_put_count(&query->rows, GK_TYPE_COUNT, rule->version);
    put_limit_time(&query->rows, rule->from);
    put_limit_time(&query->rows, rule->to);
    rows_put_text(&query->rows, rule->text);
    run_end_row(query);
done:
    return rc;
}

/* ---- the statement ---- */

static enum noun listed_noun(const struct stmt *stmt)
{
    return stmt->listed == W_LINE         ? NOUN_LINE
           : stmt->listed == W_ENTERPRISE ? NOUN_ENTERPRISE
           : stmt->listed == W_PARK       ? NOUN_PARK
                                          : NOUN_FACILITY;
}

static int start(struct gk_query *query)
{
    return scope_make(&query->scope, listed_noun(query->stmt), NULL);
}

/* Which records there are, and one of them by number. */
static size_t count_records(const struct gk_query *query)
{
    const struct gk_store_info *info = gk_snapshot_info(query->snapshot);

    switch (query->stmt->listed) {
    case W_CHANNEL:
        return info->n_channels;
    case W_LINK:
        return info->n_links;
    case W_BAND:
        return info->n_bands + info->n_set_bands;
    case W_ORDER:
        return info->n_orders;
    case W_EXEMPTION:
        return info->n_exemptions;
    case W_CALENDAR:
        return info->n_calendars;
    case W_RULE:
        return info->n_rules;
    default:
        return query->scope.n;
    }
}

static int put_channel(struct gk_query *query, uint32_t id)
{
    int rc;

    TRY(run_begin_row(query));
    rows_put_text(&query->rows, gk_channel_name(query->snapshot, id));
    run_end_row(query);
done:
    return rc;
}

static int put_record(struct gk_query *query, size_t i)
{
    size_t n;

    switch (query->stmt->listed) {
    case W_CHANNEL:
        return put_channel(query, (uint32_t)i);
    case W_LINK:
        return put_link(query, &gk_links(query->snapshot, &n)[i]);
    case W_BAND:
        if (i < gk_snapshot_info(query->snapshot)->n_bands)
            return put_band(query, &gk_bands(query->snapshot, &n)[i]);
        return put_band(query, &gk_set_bands(query->snapshot, &n)[i - gk_snapshot_info(query->snapshot)->n_bands]);
    case W_CALENDAR:
        return put_calendar(query, &gk_calendars(query->snapshot, &n)[i]);
    case W_ORDER:
        return put_order(query, &gk_orders(query->snapshot, &n)[i]);
    case W_EXEMPTION:
        return put_exemption(query, &gk_exemptions(query->snapshot, &n)[i]);
    case W_RULE:
        return put_rule(query, &gk_rules(query->snapshot, &n)[i]);
    default:
        if (!is_meant(query, query->scope.list[i]))
            return GK_OK;
        return query->scope.list[i].kind == GK_FACILITY ? put_facility(query, query->scope.list[i].id)
                                                        : put_site(query, query->scope.list[i]);
    }
}

static int step(struct gk_query *query, bool *is_done)
{
    int rc = GK_OK;

    *is_done = query->next >= count_records(query);
    if (*is_done)
        return GK_OK;
    TRY(watch_look(&query->watch));
    TRY(put_record(query, query->next++));
done:
    return rc;
}

const struct statement STATEMENT_LIST = {columns, start, step, NULL};
