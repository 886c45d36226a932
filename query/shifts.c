/*
 * shifts.c - see shifts.h.
 */
#include "shifts.h"

#include <stdlib.h>
#include <string.h>

static bool has_hours(const struct gk_calendar *entry)
{
    return entry->hours_from_s != 0 || entry->hours_to_s != 0;
}

static bool is_of_days(const char *name)
{
    static const char *const names[] = {"workdays", "工作日", "holidays", "节假日"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* By the begin of their hours, then by name. */
static int compare_entry(const void *p, const void *q)
{
    const struct gk_calendar *a, *b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    if (a->hours_from_s != b->hours_from_s)
        return a->hours_from_s < b->hours_from_s ? -1 : 1;
    return strcmp(a->calendar, b->calendar);
}

static bool has_name(const struct gk_calendar *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i]->calendar, name) == 0)
            return true;
    return false;
}

int shift_names(gk_snapshot *snapshot, struct arena *arena, const char ***names, size_t *n)
{
    size_t n_entries;
    const struct gk_calendar *entries = gk_calendars(snapshot, &n_entries);
    const struct gk_calendar **firsts = arena_array(arena, n_entries + 1, sizeof *firsts); /* with hours, of a name */

    *names = arena_array(arena, n_entries + 1, sizeof **names);
    *n = 0;
    if (!firsts || !*names)
        return arena_status(arena);
    for (size_t i = 0; i < n_entries; i++)
        if (has_hours(&entries[i]) && !is_of_days(entries[i].calendar) && !has_name(firsts, *n, entries[i].calendar))
            firsts[(*n)++] = &entries[i];
    if (*n)
        qsort(firsts, *n, sizeof *firsts, compare_entry);
    for (size_t i = 0; i < *n; i++)
        (*names)[i] = firsts[i]->calendar;
    return GK_OK;
}
