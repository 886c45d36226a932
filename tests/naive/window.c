/*
 * window.c - see naive.h. The window of a statement and its buckets, and whom it is about.
 */
#include "naive/statement.h"

#include <math.h>
#include <time.h>

const char *const ROLES[] = {"other", "production", "abatement"};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool statement_has_key(const struct statement *s, enum key key)
{
    for (int i = 0; i < s->n_keys; i++)
        if (s->keys[i] == key)
            return true;
    return false;
}

/* ---- windows and buckets ---- */

/* The begin of a civil unit around a moment, moved on by `by` units; by the C library's calendar. */
gk_time civil_time(gk_time t, enum key unit, int by)
{
    int64_t local = floor_div(t + EAST, GK_SECOND);
    time_t seconds = (time_t)local;
    struct tm tm;

    (void)gmtime_r(&seconds, &tm);
    tm.tm_min = tm.tm_sec = 0;
    if (unit == BY_HOUR)
        tm.tm_hour += by;
    else
        tm.tm_hour = 0;
    if (unit == BY_DAY)
        tm.tm_mday += by;
    if (unit == BY_WEEK)
        tm.tm_mday += 7 * by - (tm.tm_wday + 6) % 7;
    if (unit == BY_MONTH)
        tm.tm_mday = 1, tm.tm_mon += by;
    return (int64_t)timegm(&tm) * GK_SECOND - EAST;
}

void frame_make(const struct statement *s, const struct view *view, struct frame *out)
{
    const struct zone *zone = view->zone;
    gk_time now = zone->now;
    enum window window = s->kind == STATE_OF && s->window == DEFAULT ? NOW : s->window;
    enum key unit;
    bool is_this;

    *out = (struct frame){.from = now - DAY, .to = now, .known_end = zone_tick(zone, now) + 1};
    switch (window) {
    case LAST_D:
        out->from = now - s->last;
        break;
    case BETWEEN:
        out->from = s->from;
        out->to = s->to;
        break;
    case SINCE:
        out->from = s->from;
        break;
    case UNTIL:
        out->to = s->to;
        out->from = view->opens < s->to ? view->opens : s->to;
        break;
    case AT:
    case NOW:
        out->from = window == AT ? s->from : now;
        out->a = zone_tick(zone, out->from);
        out->b = out->a + 1;
        out->to = out->b * zone->tick;
        return;
    case ON:
        out->from = civil_time(s->from, BY_DAY, 0);
        out->to = out->from + DAY;
        break;
    case YESTERDAY:
        out->from = civil_time(now, BY_DAY, -1);
        out->to = out->from + DAY;
        break;
    case TODAY:
    case CLOCKS:
        out->from = civil_time(now, BY_DAY, 0);
        out->to = out->from + DAY;
        if (window == CLOCKS) {
            out->to = out->from + s->clock_to * GK_SECOND + (s->clock_to <= s->clock_from ? DAY : 0);
            out->from += s->clock_from * GK_SECOND;
        }
        break;
    case LAST_NIGHT:
        out->from = civil_time(now, BY_DAY, -1) + 22 * HOUR;
        out->to = out->from + 8 * HOUR;
        break;
    case THIS_HOUR:
    case LAST_HOUR:
    case THIS_WEEK:
    case LAST_WEEK:
    case THIS_MONTH:
    case LAST_MONTH:
        unit = window <= LAST_HOUR ? BY_HOUR : window <= LAST_WEEK ? BY_WEEK : BY_MONTH;
        is_this = window == THIS_HOUR || window == THIS_WEEK || window == THIS_MONTH;
        out->from = civil_time(now, unit, is_this ? 0 : -1);
        out->to = civil_time(now, unit, is_this ? 1 : 0);
        break;
    default:
        break;
    }
    out->to = out->to < now ? out->to : now; /* nothing is known of what comes */
    out->from = out->from < out->to ? out->from : out->to;
    out->a = zone_tick(zone, out->from);
    out->b = zone_tick(zone, out->to);
}

void buckets_make(const struct statement *s, const struct view *view, const struct frame *frame, struct buckets *out)
{
    gk_time from = frame->from;

    out->n = out->n_shifts = 0;
    out->is_by_shift = statement_has_key(s, BY_SHIFT);
    out->key = NONE;
    for (int i = 0; i < s->n_keys; i++)
        if (s->keys[i] >= BY_HOUR && s->keys[i] != BY_SHIFT)
            out->key = s->keys[i];
    if (out->is_by_shift) {
        out->n_shifts = shifts_list(view->zone, out->shifts);
        from -= from < frame->to ? DAY : 0; /* that of the night before reaches into the window */
    }
    for (gk_time t = from, next; t < frame->to; t = next) {
        gk_time start = from;
        next = frame->to;
        if (s->every) { /* counted from a midnight of the zone */
            start = floor_div(t + EAST - s->offset, s->every) * s->every - EAST + s->offset;
            next = start + s->every;
        } else if (out->key != NONE) {
            start = civil_time(t, (enum key)out->key, 0);
            next = civil_time(t, (enum key)out->key, 1);
        }
        assert_true(out->n < BUCKETS_MAX);
        out->edges[out->n] = t;
        out->starts[out->n++] = start;
    }
    out->edges[out->n] = frame->to;
}

/* ---- who ---- */

bool filter_passes(const struct zone *zone, const struct filter *f, int facility)
{
    const struct facility *x = &zone->facilities[facility];
    const char *text = NULL;
    double number = NAN;

    if (strcmp(f->tag, "type") == 0)
        text = x->type;
    else if (strcmp(f->tag, "group") == 0)
        text = x->group;
    else if (strcmp(f->tag, "park") == 0)
        text = zone->sites[GK_PARK][x->site[GK_PARK]].name;
    else if (strcmp(f->tag, "role") == 0)
        text = ROLES[x->role];
    else if (strcmp(f->tag, "name") == 0)
        text = x->name;
    else if (strcmp(f->tag, "enterprise") == 0)
        text = zone->sites[GK_ENTERPRISE][x->site[GK_ENTERPRISE]].name;
    else if (strcmp(f->tag, "line") == 0)
        text = x->site[GK_LINE] == NONE ? "" : zone->sites[GK_LINE][x->site[GK_LINE]].name;
    else if (strcmp(f->tag, "stop_level") == 0)
        number = x->stop_level == NONE ? NAN : x->stop_level;
    else
        number = f->tag[6] == 'k' ? (double)x->rated_kw / 100 : (double)x->rated_a / 100;
    if (f->text)
        return text && order_compares(f->compare, strcmp(text, f->text));
    if (isnan(number) || (number == 0 && f->tag[0] == 'r'))
        return false;
    return order_compares(f->compare, number - f->number);
}

bool statement_is_in(const struct statement *s, const struct zone *zone, int facility)
{
    int site = s->in <= ABATEMENT ? facility : zone->facilities[facility].site[kind_of(s->in)];

    return s->n_in == 0 || (site != NONE && site_is_named(zone, s->in, site, s->in_names, s->n_in));
}

bool statement_has_facility(const struct statement *s, const struct zone *zone, int facility)
{
    if (!statement_is_in(s, zone, facility))
        return false;
    for (int i = 0; i < s->n_where; i++)
        if (!filter_passes(zone, &s->where[i], facility))
            return false;
    return true;
}

bool statement_has_subject(const struct statement *s, const struct zone *zone, const struct whom *whom, int id)
{
    enum gk_kind kind = kind_of(whom->noun);

    if (whom->n_names && !site_is_named(zone, whom->noun, id, whom->names, whom->n_names))
        return false;
    if (kind == GK_FACILITY)
        return facility_has_noun(zone, id, whom->noun) && statement_has_facility(s, zone, id);
    if (s->n_in == 0 && s->n_where == 0)
        return true;
    for (int f = 0; f < zone->n_facilities; f++)
        if ((kind == GK_ZONE || zone->facilities[f].site[kind] == id) && statement_has_facility(s, zone, f))
            return true;
    return false;
}

int subject_count(const struct zone *zone, enum noun noun)
{
    enum gk_kind kind = kind_of(noun);
    return kind == GK_FACILITY ? zone->n_facilities : kind == GK_ZONE ? 1 : zone->n_sites[kind];
}

/* The sites in which a subject is: by gk_kind, NONE where there is none; [0] is the facility. */
void subject_position(const struct zone *zone, enum noun noun, int id, int out[4])
{
    enum gk_kind kind = kind_of(noun);

    out[0] = out[GK_PARK] = out[GK_ENTERPRISE] = out[GK_LINE] = NONE;
    if (kind == GK_FACILITY) {
        out[0] = id;
        for (int k = GK_PARK; k <= GK_LINE; k++)
            out[k] = zone->facilities[id].site[k];
        return;
    }
    for (int k = kind; k > GK_ZONE && id != NONE; k--) {
        out[k] = id;
        id = zone->sites[k][id].parent;
    }
}

const char *site_text(const struct zone *zone, int kind, int id)
{
    if (id == NONE)
        return "";
    return kind == 0 ? zone->facilities[id].name : zone->sites[kind][id].name;
}
