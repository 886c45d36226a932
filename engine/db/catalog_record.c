/*
 * catalog_record.c - the stored form of a catalog entry, and its text for people.
 *
 *   version u8 = 1 | catalog version varint | recorded i64 | fields
 *
 *   channel    name
 *   site       name, parent
 *   facility   name, role u8, park, enterprise, line, rated_kw f64, rated_a f64, n_tags varint, n x (key, value)
 *   link       abatement, production, standby u8, from i64, to i64
 *   band       scope, 4 x limit, hold i64, dwell_on i64, dwell_off i64, channel, from i64
 *   order      scope, level, kind, cut f64, from i64, to i64, hours_from u32, hours_to u32
 *   exemption  scope, kind, note, from i64, to i64
 *   rule       name, version varint, text, from i64
 *   person     person, role, scope, channel, address, from i64, to i64
 *   set_band   set, the fields of a band
 *   calendar   calendar, scope, days u8, hours_from u32, hours_to u32, from i64, to i64
 *   mapping    mn, code, suffix, period u8, facility, channel, unit, factor f64, least f64, most f64
 *
 * A text is varint size + bytes; an id a varint of id + 1, 0 for none; a scope is kind u8, id, text for groups;
 * a limit is kind u8, and unless absent mantissa zigzag varint, scale u8.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "db/calendar.h"
#include "db/catalog.h"
#include "db/mapping.h"
#include "db/person.h"

#define RECORD_VERSION 1

static void put_text(struct buffer *out, const char *text)
{
    buffer_put_text(out, text, strlen(text));
}

static void put_id(struct buffer *out, uint32_t id)
{
    buffer_put_varint(out, (uint64_t)(uint32_t)(id + 1)); /* GK_ID_NONE wraps to 0 */
}

static void put_scope(struct buffer *out, const struct gk_scope *scope)
{
    buffer_put_u8(out, (uint8_t)scope->kind);
    put_id(out, scope->id);
    put_text(out, scope->kind == GK_GROUP ? scope->name : "");
}

static void put_limit(struct buffer *out, struct gk_limit limit)
{
    buffer_put_u8(out, (uint8_t)limit.kind);
    if (limit.kind == GK_LIMIT_ABSENT)
        return;
    buffer_put_varint(out, zigzag(limit.value.mantissa));
    buffer_put_u8(out, (uint8_t)limit.value.scale);
}

static void encode_facility(const struct gk_facility *f, struct buffer *out)
{
    put_text(out, f->name);
    buffer_put_u8(out, (uint8_t)f->role);
    put_id(out, f->park);
    put_id(out, f->enterprise);
    put_id(out, f->line);
    buffer_put_f64(out, f->rated_kw);
    buffer_put_f64(out, f->rated_a);
    buffer_put_varint(out, f->n_tags);
    for (size_t i = 0; i < f->n_tags; i++) {
        put_text(out, f->tags[i].key);
        put_text(out, f->tags[i].value);
    }
}

static void encode_mapping(const struct gk_mapping *m, struct buffer *out)
{
    put_text(out, m->mn);
    put_text(out, m->code);
    put_text(out, m->suffix);
    buffer_put_u8(out, (uint8_t)m->period);
    put_text(out, m->facility);
    put_text(out, m->channel);
    put_text(out, m->unit);
    buffer_put_f64(out, m->factor);
    buffer_put_f64(out, m->least);
    buffer_put_f64(out, m->most);
}

static void encode_person(const struct gk_person *p, struct buffer *out)
{
    put_text(out, p->person);
    put_text(out, p->role);
    put_scope(out, &p->scope);
    put_text(out, p->channel);
    put_text(out, p->address);
    buffer_put_u64(out, (uint64_t)p->from);
    buffer_put_u64(out, (uint64_t)p->to);
}

static void encode_band(const struct gk_band *b, struct buffer *out)
{
    put_scope(out, &b->scope);
    put_limit(out, b->off_below);
    put_limit(out, b->on_from);
    put_limit(out, b->overload_from);
    put_limit(out, b->hysteresis);
    buffer_put_u64(out, (uint64_t)b->hold_ns);
    buffer_put_u64(out, (uint64_t)b->dwell_on_ns);
    buffer_put_u64(out, (uint64_t)b->dwell_off_ns);
    put_id(out, b->channel);
    buffer_put_u64(out, (uint64_t)b->from);
}

static void encode_calendar(const struct gk_calendar *e, struct buffer *out)
{
    put_text(out, e->calendar);
    put_scope(out, &e->scope);
    buffer_put_u8(out, (uint8_t)e->days);
    buffer_put_u32(out, (uint32_t)e->hours_from_s);
    buffer_put_u32(out, (uint32_t)e->hours_to_s);
    buffer_put_u64(out, (uint64_t)e->from);
    buffer_put_u64(out, (uint64_t)e->to);
}

int catalog_encode(const struct catalog *c, enum entry_kind kind, uint32_t id, gk_time recorded, struct buffer *out)
{
    buffer_put_u8(out, RECORD_VERSION);
    buffer_put_varint(out, c->version);
    buffer_put_u64(out, (uint64_t)recorded);
    switch (kind) {
    case ENTRY_CHANNEL:
        put_text(out, c->channels[id]);
        break;
    case ENTRY_SITE: {
        const struct gk_site *site = &c->sites[id >> 24][id & 0xFFFFFF];
        put_text(out, site->name);
        put_id(out, site->parent);
        break;
    }
    case ENTRY_FACILITY:
        encode_facility(&c->facilities[id], out);
        break;
    case ENTRY_LINK: {
        const struct gk_link *l = &c->links[id];
        put_id(out, l->abatement);
        put_id(out, l->production);
        buffer_put_u8(out, l->is_standby);
        buffer_put_u64(out, (uint64_t)l->from);
        buffer_put_u64(out, (uint64_t)l->to);
        break;
    }
    case ENTRY_BAND:
        encode_band(&c->bands[id], out);
        break;
    case ENTRY_ORDER: {
        const struct gk_order *o = &c->orders[id];
        put_scope(out, &o->scope);
        put_text(out, o->level);
        put_text(out, o->kind);
        buffer_put_f64(out, o->cut_share);
        buffer_put_u64(out, (uint64_t)o->from);
        buffer_put_u64(out, (uint64_t)o->to);
        buffer_put_u32(out, (uint32_t)o->hours_from_s);
        buffer_put_u32(out, (uint32_t)o->hours_to_s);
        break;
    }
    case ENTRY_EXEMPTION: {
        const struct gk_exemption *e = &c->exemptions[id];
        put_scope(out, &e->scope);
        put_text(out, e->kind);
        put_text(out, e->note);
        buffer_put_u64(out, (uint64_t)e->from);
        buffer_put_u64(out, (uint64_t)e->to);
        break;
    }
    case ENTRY_RULE: {
        const struct gk_rule *r = &c->rules[id];
        put_text(out, r->name);
        buffer_put_varint(out, r->version);
        put_text(out, r->text);
        buffer_put_u64(out, (uint64_t)r->from);
        break;
    }
    case ENTRY_MAPPING:
        encode_mapping(&c->mappings[id], out);
        break;
    case ENTRY_PERSON:
        encode_person(&c->people[id], out);
        break;
    case ENTRY_SET_BAND:
        put_text(out, c->set_bands[id].set);
        encode_band(&c->set_bands[id], out);
        break;
    case ENTRY_CALENDAR:
        encode_calendar(&c->calendars[id], out);
        break;
    case ENTRY_HISTORY:
        return GK_EINVAL;
    }
    return buffer_status(out);
}

/* ---- reading -------------------------------------------------------------------------------------------------------
 */

/* A reader that also knows the catalog it reads into; `failed` covers memory, `r.failed` the bytes. */
struct source {
    struct catalog *catalog;
    struct reader r;
    bool no_memory;
};

static const char *take_text(struct source *s)
{
    struct gk_text text = reader_text(&s->r);
    const char *kept = catalog_string(s->catalog, text.bytes, text.size);
    if (!kept || (text.size && memchr(text.bytes, 0, text.size))) {
        s->no_memory |= !kept;
        s->r.failed = true;
        return "";
    }
    return kept;
}

/* An id below `limit`, or none. */
static uint32_t take_id(struct source *s, size_t limit)
{
    uint64_t v = reader_varint(&s->r);
    if (v > limit)
        s->r.failed = true;
    return s->r.failed ? GK_ID_NONE : (uint32_t)v - 1;
}

/* An id that must be there. */
static uint32_t take_some_id(struct source *s, size_t limit)
{
    uint32_t id = take_id(s, limit);
    if (id == GK_ID_NONE)
        s->r.failed = true;
    return id;
}

static struct gk_scope take_scope(struct source *s)
{
    static const char *const ROLES[] = {"other", "production", "abatement"};
    struct gk_scope scope = {(enum gk_kind)reader_u8(&s->r), GK_ID_NONE, ""};
    const struct catalog *c = s->catalog;

    switch (scope.kind) {
    case GK_ZONE:
    case GK_GROUP:
        scope.id = take_id(s, 0);
        break;
    case GK_PARK:
    case GK_ENTERPRISE:
    case GK_LINE:
        scope.id = take_some_id(s, c->n_sites[scope.kind]);
        break;
    case GK_ROLE:
        scope.id = take_some_id(s, 3);
        break;
    case GK_FACILITY:
        scope.id = take_some_id(s, c->n_facilities);
        break;
    default:
        s->r.failed = true;
    }
    const char *name = take_text(s);
    if (s->r.failed)
        return scope;
    if (scope.kind == GK_GROUP)
        scope.name = name;
    else if (scope.kind == GK_ROLE)
        scope.name = ROLES[scope.id];
    else if (scope.kind == GK_FACILITY)
        scope.name = c->facilities[scope.id].name;
    else if (scope.kind != GK_ZONE)
        scope.name = c->sites[scope.kind][scope.id].name;
    return scope;
}

static struct gk_limit take_limit(struct source *s)
{
    struct gk_limit limit = {(enum gk_limit_kind)reader_u8(&s->r), {0, 0}};
    if (limit.kind > GK_LIMIT_ABSOLUTE)
        s->r.failed = true;
    if (limit.kind == GK_LIMIT_ABSENT || s->r.failed)
        return limit;
    limit.value.mantissa = unzigzag(reader_varint(&s->r));
    limit.value.scale = reader_u8(&s->r);
    if (limit.value.scale > 18)
        s->r.failed = true;
    return limit;
}

static int64_t take_i64(struct source *s)
{
    return (int64_t)reader_u64(&s->r);
}

static int decode_site(struct source *s, uint32_t id)
{
    struct catalog *c = s->catalog;
    uint32_t kind = id >> 24;
    if (kind < GK_PARK || kind > GK_LINE || (id & 0xFFFFFF) != c->n_sites[kind]) {
        s->r.failed = true;
        return GK_OK;
    }
    const char *name = take_text(s); /* in the order of the bytes, which an initializer does not promise */
    uint32_t parent = take_id(s, kind > GK_PARK ? c->n_sites[kind - 1] : 0);
    struct gk_site site = {id & 0xFFFFFF, (enum gk_kind)kind, name, parent};
    return reader_is_done(&s->r) ? catalog_add_site(c, &site) : GK_OK;
}

static int decode_facility(struct source *s, uint32_t id)
{
    struct catalog *c = s->catalog;
    struct gk_facility f = {.id = id};

    f.name = take_text(s);
    f.role = (enum gk_role)reader_u8(&s->r);
    f.park = take_id(s, c->n_sites[GK_PARK]);
    f.enterprise = take_id(s, c->n_sites[GK_ENTERPRISE]);
    f.line = take_id(s, c->n_sites[GK_LINE]);
    f.rated_kw = reader_f64(&s->r);
    f.rated_a = reader_f64(&s->r);
    uint64_t n = reader_varint(&s->r);
    if (f.role > GK_ABATEMENT || n > s->r.size - s->r.at)
        s->r.failed = true;
    if (s->r.failed)
        return GK_OK;
    struct gk_tag *tags = mem_array(&c->mem, (size_t)n, sizeof *tags);
    if (!tags)
        return GK_ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        tags[i].key = take_text(s);
        tags[i].value = take_text(s);
    }
    f.tags = tags;
    f.n_tags = (size_t)n;
    int rc = reader_is_done(&s->r) ? catalog_add_facility(c, &f) : GK_ECORRUPT;
    if (rc != GK_OK)
        mem_free(&c->mem, tags);
    return rc;
}

static int decode_mapping(struct source *s, uint32_t id)
{
    struct gk_mapping m = {.mn = take_text(s)};

    m.code = take_text(s);
    m.suffix = take_text(s);
    unsigned period = reader_u8(&s->r);
    m.period = (enum gk_period)period;
    m.facility = take_text(s);
    m.channel = take_text(s);
    m.unit = take_text(s);
    m.factor = reader_f64(&s->r);
    m.least = reader_f64(&s->r);
    m.most = reader_f64(&s->r);
    s->r.failed |=
        id != s->catalog->n_mappings || period > GK_PERIOD_DAY || !m.mn[0] || !m.facility[0] || !m.channel[0];
    return reader_is_done(&s->r) ? catalog_add_mapping(s->catalog, &m) : GK_OK;
}

static int decode_person(struct source *s, uint32_t id)
{
    struct gk_person p = {.person = take_text(s)};

    p.role = take_text(s);
    p.scope = take_scope(s);
    p.channel = take_text(s);
    p.address = take_text(s);
    p.from = take_i64(s);
    p.to = take_i64(s);
    s->r.failed |= id != s->catalog->n_people || !p.person[0] || !p.role[0] || !p.channel[0] ||
                   p.scope.kind == GK_ROLE || p.scope.kind == GK_GROUP;
    return reader_is_done(&s->r) ? catalog_add_person(s->catalog, &p) : GK_OK;
}

static struct gk_band take_band(struct source *s, const char *set)
{
    struct gk_band band = {.scope = take_scope(s), .set = set};

    band.off_below = take_limit(s);
    band.on_from = take_limit(s);
    band.overload_from = take_limit(s);
    band.hysteresis = take_limit(s);
    band.hold_ns = take_i64(s);
    band.dwell_on_ns = take_i64(s);
    band.dwell_off_ns = take_i64(s);
    band.channel = take_id(s, s->catalog->n_channels);
    band.from = take_i64(s);
    return band;
}

static int decode_set_band(struct source *s, uint32_t id)
{
    const char *set = take_text(s);
    struct gk_band band = take_band(s, set);

    s->r.failed |= id != s->catalog->n_set_bands || !set[0];
    return reader_is_done(&s->r) ? catalog_add_set_band(s->catalog, &band) : GK_OK;
}

static int decode_calendar(struct source *s, uint32_t id)
{
    struct gk_calendar e = {.calendar = take_text(s)};

    e.scope = take_scope(s);
    e.days = reader_u8(&s->r);
    uint32_t from_s = reader_u32(&s->r), to_s = reader_u32(&s->r);
    e.hours_from_s = (int32_t)from_s;
    e.hours_to_s = (int32_t)to_s;
    e.from = take_i64(s);
    e.to = take_i64(s);
    s->r.failed |= id != s->catalog->n_calendars || !e.calendar[0] || e.days > GK_DAYS_ALL || from_s > 86400 ||
                   to_s > 86400 || e.scope.kind == GK_ROLE || e.scope.kind == GK_GROUP;
    return reader_is_done(&s->r) ? catalog_add_calendar(s->catalog, &e) : GK_OK;
}

static int decode_fields(struct source *s, enum entry_kind kind, uint32_t id)
{
    struct catalog *c = s->catalog;

    switch (kind) {
    case ENTRY_CHANNEL: {
        const char *name = take_text(s);
        s->r.failed |= id != c->n_channels;
        return reader_is_done(&s->r) ? catalog_add_channel(c, name) : GK_OK;
    }
    case ENTRY_SITE:
        return decode_site(s, id);
    case ENTRY_FACILITY:
        s->r.failed |= id != c->n_facilities;
        return decode_facility(s, id);
    case ENTRY_LINK: {
        uint32_t abatement = take_some_id(s, c->n_facilities), production = take_some_id(s, c->n_facilities);
        bool is_standby = reader_u8(&s->r) != 0;
        gk_time from = take_i64(s), to = take_i64(s);
        struct gk_link link = {abatement, production, is_standby, false, from, to};
        s->r.failed |= id != c->n_links;
        return reader_is_done(&s->r) ? catalog_add_link(c, &link) : GK_OK;
    }
    case ENTRY_BAND: {
        struct gk_band band = take_band(s, "");
        s->r.failed |= id != c->n_bands;
        return reader_is_done(&s->r) ? catalog_add_band(c, &band) : GK_OK;
    }
    case ENTRY_ORDER: {
        struct gk_order order = {.scope = take_scope(s)};
        order.level = take_text(s);
        order.kind = take_text(s);
        order.cut_share = reader_f64(&s->r);
        order.from = take_i64(s);
        order.to = take_i64(s);
        order.hours_from_s = (int32_t)reader_u32(&s->r);
        order.hours_to_s = (int32_t)reader_u32(&s->r);
        s->r.failed |= id != c->n_orders;
        return reader_is_done(&s->r) ? catalog_add_order(c, &order) : GK_OK;
    }
    case ENTRY_EXEMPTION: {
        struct gk_exemption exemption = {.scope = take_scope(s)};
        exemption.kind = take_text(s);
        exemption.note = take_text(s);
        exemption.from = take_i64(s);
        exemption.to = take_i64(s);
        s->r.failed |= id != c->n_exemptions;
        return reader_is_done(&s->r) ? catalog_add_exemption(c, &exemption) : GK_OK;
    }
    case ENTRY_RULE: {
        struct gk_rule rule = {.name = take_text(s)};
        uint64_t version = reader_varint(&s->r);
        rule.version = (uint32_t)version;
        rule.text = take_text(s);
        rule.from = take_i64(s);
        s->r.failed |= id != c->n_rules || version > UINT32_MAX || !rule.name[0];
        return reader_is_done(&s->r) ? catalog_add_rule(c, &rule) : GK_OK;
    }
    case ENTRY_MAPPING:
        return decode_mapping(s, id);
    case ENTRY_PERSON:
        return decode_person(s, id);
    case ENTRY_SET_BAND:
        return decode_set_band(s, id);
    case ENTRY_CALENDAR:
        return decode_calendar(s, id);
    case ENTRY_HISTORY:
        break;
    }
    s->r.failed = true;
    return GK_OK;
}

int catalog_decode(struct catalog *c, enum entry_kind kind, uint32_t id, struct view bytes, struct gk_error *error)
{
    struct source s = {c, reader_of(bytes.bytes, bytes.size), false};

    if (reader_u8(&s.r) != RECORD_VERSION)
        return error_set(error, bytes.size ? GK_EVERSION : GK_ECORRUPT, "catalog entry %d/%u: unknown version",
                         (int)kind, id);
    uint64_t version = reader_varint(&s.r);
    (void)reader_u64(&s.r); /* when it was recorded: for dump and history */
    int rc = decode_fields(&s, kind, id);
    if (rc == GK_ENOMEM || s.no_memory)
        return error_set(error, GK_ENOMEM, "out of memory for the catalog");
    if (rc != GK_OK || !reader_is_done(&s.r))
        return error_set(error, GK_ECORRUPT, "catalog entry %d/%u: its bytes make no sense", (int)kind, id);
    if (version > c->version)
        c->version = version;
    return GK_OK;
}

/* ---- text for people ------------------------------------------------------------------------------------------------
 */

static void dump_time(struct buffer *out, const char *key, gk_time t)
{
    char text[GK_TIME_TEXT_MAX];
    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        return;
    (void)gk_time_format(t, 0, text); /* the length is not needed */
    buffer_printf(out, " %s=%s", key, text);
}

static void dump_scope(struct buffer *out, const struct gk_scope *scope)
{
    static const char *const KINDS[] = {"*", "park:", "enterprise:", "line:", "role:", "facility:", "group:"};
    buffer_printf(out, " scope=%s%s", KINDS[scope->kind], scope->name);
}

static void dump_limit(struct buffer *out, const char *key, struct gk_limit limit)
{
    if (limit.kind == GK_LIMIT_ABSENT)
        return;
    double v = (double)limit.value.mantissa / pow(10, limit.value.scale);
    if (limit.kind == GK_LIMIT_SHARE)
        buffer_printf(out, " %s=%.12g%%", key, v * 100);
    else
        buffer_printf(out, " %s=%.12g", key, v);
}

static void dump_facility(const struct catalog *c, const struct gk_facility *f, struct buffer *out)
{
    static const char *const ROLES[] = {"other", "production", "abatement"};
    buffer_printf(out, " '%s' role=%s", f->name, ROLES[f->role]);
    if (f->park != GK_ID_NONE)
        buffer_printf(out, " park='%s'", c->sites[GK_PARK][f->park].name);
    if (f->enterprise != GK_ID_NONE)
        buffer_printf(out, " enterprise='%s'", c->sites[GK_ENTERPRISE][f->enterprise].name);
    if (f->line != GK_ID_NONE)
        buffer_printf(out, " line='%s'", c->sites[GK_LINE][f->line].name);
    if (!isnan(f->rated_kw))
        buffer_printf(out, " rated_kw=%.15g", f->rated_kw);
    if (!isnan(f->rated_a))
        buffer_printf(out, " rated_a=%.15g", f->rated_a);
    for (size_t i = 0; i < f->n_tags; i++)
        buffer_printf(out, " %s='%s'", f->tags[i].key, f->tags[i].value);
}

static void dump_mapping(const struct gk_mapping *m, uint32_t id, struct buffer *out)
{
    buffer_printf(out, "mapping %u '%s' '%s' '%s' %s facility='%s' channel='%s' unit='%s' factor=%.17g", id, m->mn,
                  m->code, m->suffix, gk_period_text(m->period), m->facility, m->channel, m->unit, m->factor);
    if (!isnan(m->least))
        buffer_printf(out, " min=%.17g", m->least);
    if (!isnan(m->most))
        buffer_printf(out, " max=%.17g", m->most);
}

static void dump_band(const struct catalog *c, const struct gk_band *b, struct buffer *out)
{
    dump_scope(out, &b->scope);
    dump_limit(out, "off_below", b->off_below);
    dump_limit(out, "on_from", b->on_from);
    dump_limit(out, "overload_from", b->overload_from);
    dump_limit(out, "hysteresis", b->hysteresis);
    if (b->hold_ns >= 0)
        buffer_printf(out, " hold_s=%.9g", (double)b->hold_ns / 1e9);
    if (b->dwell_on_ns >= 0)
        buffer_printf(out, " dwell_on_s=%.9g", (double)b->dwell_on_ns / 1e9);
    if (b->dwell_off_ns >= 0)
        buffer_printf(out, " dwell_off_s=%.9g", (double)b->dwell_off_ns / 1e9);
    if (b->channel != GK_ID_NONE)
        buffer_printf(out, " channel='%s'", c->channels[b->channel]);
    dump_time(out, "from", b->from);
}

static void dump_hours(struct buffer *out, int32_t from_s, int32_t to_s)
{
    if (from_s || to_s)
        buffer_printf(out, " hours=%02d:%02d-%02d:%02d", from_s / 3600, from_s / 60 % 60, to_s / 3600, to_s / 60 % 60);
}

static void dump_calendar(const struct gk_calendar *e, uint32_t id, struct buffer *out)
{
    char days[GK_DAYS_TEXT_MAX];

    buffer_printf(out, "calendar %u '%s'", id, e->calendar);
    dump_scope(out, &e->scope);
    buffer_printf(out, " days=%s", gk_days_text(e->days, days));
    dump_hours(out, e->hours_from_s, e->hours_to_s);
    dump_time(out, "from", e->from);
    dump_time(out, "to", e->to);
}

int catalog_dump(const struct catalog *c, enum entry_kind kind, uint32_t id, struct buffer *out)
{
    static const char *const SITES[] = {"zone", "park", "enterprise", "line"};

    switch (kind) {
    case ENTRY_CHANNEL:
        buffer_printf(out, "channel %u '%s'", id, c->channels[id]);
        break;
    case ENTRY_SITE: {
        const struct gk_site *s = &c->sites[id >> 24][id & 0xFFFFFF];
        buffer_printf(out, "%s %u '%s'", SITES[id >> 24], id & 0xFFFFFF, s->name);
        if (s->parent != GK_ID_NONE)
            buffer_printf(out, " in='%s'", c->sites[s->kind - 1][s->parent].name);
        break;
    }
    case ENTRY_FACILITY:
        buffer_printf(out, "facility %u", id);
        dump_facility(c, &c->facilities[id], out);
        break;
    case ENTRY_LINK: {
        const struct gk_link *l = &c->links[id];
        buffer_printf(out, "link %u '%s' serves '%s'%s", id, c->facilities[l->abatement].name,
                      c->facilities[l->production].name, l->is_standby ? " standby" : "");
        dump_time(out, "from", l->from);
        dump_time(out, "to", l->to);
        break;
    }
    case ENTRY_BAND:
        buffer_printf(out, "band %u", id);
        dump_band(c, &c->bands[id], out);
        break;
    case ENTRY_SET_BAND:
        buffer_printf(out, "set_band %u '%s'", id, c->set_bands[id].set);
        dump_band(c, &c->set_bands[id], out);
        break;
    case ENTRY_CALENDAR:
        dump_calendar(&c->calendars[id], id, out);
        break;
    case ENTRY_ORDER: {
        const struct gk_order *o = &c->orders[id];
        buffer_printf(out, "order %u", id);
        dump_scope(out, &o->scope);
        buffer_printf(out, " level='%s' kind='%s'", o->level, o->kind);
        if (!isnan(o->cut_share))
            buffer_printf(out, " cut=%.12g%%", o->cut_share * 100);
        dump_hours(out, o->hours_from_s, o->hours_to_s);
        dump_time(out, "from", o->from);
        dump_time(out, "to", o->to);
        break;
    }
    case ENTRY_EXEMPTION: {
        const struct gk_exemption *e = &c->exemptions[id];
        buffer_printf(out, "exemption %u", id);
        dump_scope(out, &e->scope);
        buffer_printf(out, " kind='%s' note='%s'", e->kind, e->note);
        dump_time(out, "from", e->from);
        dump_time(out, "to", e->to);
        break;
    }
    case ENTRY_RULE: {
        const struct gk_rule *r = &c->rules[id];
        buffer_printf(out, "rule %u '%s' version=%u text=\"%s\"", id, r->name, r->version, r->text);
        dump_time(out, "from", r->from);
        break;
    }
    case ENTRY_MAPPING:
        dump_mapping(&c->mappings[id], id, out);
        break;
    case ENTRY_PERSON: {
        const struct gk_person *p = &c->people[id];
        buffer_printf(out, "person %u '%s' role='%s'", id, p->person, p->role);
        dump_scope(out, &p->scope);
        buffer_printf(out, " channel='%s' address='%s'", p->channel, p->address);
        dump_time(out, "from", p->from);
        dump_time(out, "to", p->to);
        break;
    }
    case ENTRY_HISTORY:
        return GK_EINVAL;
    }
    return buffer_status(out);
}
