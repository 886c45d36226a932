/*
 * shift.c - see naive.h. The stretches of time that count into the cells of a table, for one subject: its buckets, or
 * with the key `shift` the hours of the calendars that have some, each in the bucket in which it begins.
 */
#include "naive/statement.h"

/* ---- pieces ---- */

void pieces_add(struct pieces *pieces, gk_time from, gk_time to, int cell)
{
    struct piece *last = pieces->n ? &pieces->list[pieces->n - 1] : NULL;

    if (from >= to)
        return;
    if (last && last->to == from && last->cell == cell) {
        last->to = to;
        return;
    }
    if (pieces->n == pieces->capacity) {
        pieces->capacity = pieces->capacity ? 2 * pieces->capacity : 64;
        pieces->list = realloc(pieces->list, (size_t)pieces->capacity * sizeof *pieces->list);
        assert_non_null(pieces->list);
    }
    pieces->list[pieces->n++] = (struct piece){from, to, cell};
}

/* ---- which shifts there are ---- */

static bool has_hours(const struct calendar *c)
{
    return (c->hours_from || c->hours_to) && strcmp(c->name, "workdays") != 0;
}

/* The first entry with hours of each name, by the begin of these, then by name. */
int shifts_list(const struct zone *zone, const char *names[SHIFTS_MAX])
{
    const struct calendar *firsts[SHIFTS_MAX];
    int n = 0;

    for (int i = 0; i < zone->n_calendars; i++) {
        const struct calendar *c = &zone->calendars[i];
        int at = n;
        bool is_new = has_hours(c);
        for (int k = 0; k < n; k++)
            is_new = is_new && strcmp(firsts[k]->name, c->name) != 0;
        if (!is_new)
            continue;
        for (; at > 0; at--) {
            const struct calendar *before = firsts[at - 1];
            if (before->hours_from < c->hours_from ||
                (before->hours_from == c->hours_from && strcmp(before->name, c->name) < 0))
                break;
            firsts[at] = before;
        }
        firsts[at] = c;
        n++;
    }
    for (int i = 0; i < n; i++)
        names[i] = firsts[i]->name;
    return n;
}

/* ---- whose hours ---- */

/* Of a facility, day by day; what goes on when the hours of the next day begin ends there. */
static void hours_of(const struct zone *zone, const char *name, int facility, gk_time from, gk_time to,
                     struct pieces *out)
{
    struct piece hours;

    out->n = 0;
    for (gk_time t = from - 2 * DAY; t < to + DAY; t += DAY) {
        if (!calendar_hours(zone, name, facility, t, &hours.from, &hours.to))
            continue;
        if (out->n && out->list[out->n - 1].to > hours.from)
            out->list[out->n - 1].to = hours.from;
        pieces_add(out, hours.from, hours.to, out->n); /* none is the same as the one before */
    }
}

static void intersect(const struct pieces *a, const struct pieces *b, struct pieces *out)
{
    out->n = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++) {
            gk_time from = a->list[i].from > b->list[k].from ? a->list[i].from : b->list[k].from;
            gk_time to = a->list[i].to < b->list[k].to ? a->list[i].to : b->list[k].to;
            pieces_add(out, from, to, out->n);
        }
}

/* A site has the hours that all of its production facilities have; all facilities, where it has no production. */
static void subject_hours(const struct zone *zone, const char *name, struct who who, gk_time from, gk_time to,
                          struct pieces *out)
{
    struct pieces one = {.list = NULL}, both = {.list = NULL}, swap;
    int n = 0;

    out->n = 0;
    if (who.noun <= ABATEMENT) {
        hours_of(zone, name, who.id, from, to, out);
        return;
    }
    for (int pass = 0; pass < 2 && n == 0; pass++)
        for (int f = 0; f < zone->n_facilities; f++) {
            if (!facility_is_inside(zone, f, who.noun, who.id) ||
                (pass == 0 && zone->facilities[f].role != GK_PRODUCTION))
                continue;
            hours_of(zone, name, f, from, to, n++ == 0 ? out : &one);
            if (n == 1)
                continue;
            intersect(out, &one, &both);
            swap = *out;
            *out = both;
            both = swap;
        }
    free(one.list);
    free(both.list);
}

/* ---- the cells of a subject ---- */

static int bucket_of(const struct buckets *buckets, gk_time t)
{
    for (int j = 0; j < buckets->n; j++)
        if (t >= buckets->edges[j] && t < buckets->edges[j + 1])
            return j;
    return NONE;
}

void slices_list(const struct zone *zone, const struct buckets *buckets, const struct frame *frame, struct who who,
                 struct pieces *out)
{
    struct pieces hours = {.list = NULL};

    out->n = 0;
    for (int j = 0; j < buckets->n && !buckets->is_by_shift; j++)
        pieces_add(out, buckets->edges[j], buckets->edges[j + 1], j);
    for (int k = 0; k < buckets->n_shifts; k++) {
        subject_hours(zone, buckets->shifts[k], who, frame->from, frame->to, &hours);
        for (int i = 0; i < hours.n; i++) {
            const struct piece *piece = &hours.list[i];
            int bucket = bucket_of(buckets, piece->from);
            if (bucket != NONE)
                pieces_add(out, piece->from > frame->from ? piece->from : frame->from,
                           piece->to < frame->to ? piece->to : frame->to, bucket * buckets->n_shifts + k);
        }
    }
    free(hours.list);
}

int cell_bucket(const struct buckets *buckets, int cell)
{
    return buckets->n_shifts ? cell / buckets->n_shifts : cell;
}
