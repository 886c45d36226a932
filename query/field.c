/*
 * field.c - see field.h.
 */
#include "field.h"

#include <math.h>
#include <string.h>

static const char *const FIELDS[] = {"name", "role", "rated_kw", "rated_a", "line", "enterprise", "park", NULL};

const char *field_name(size_t i)
{
    return FIELDS[i];
}

bool field_exists(gk_snapshot *snapshot, const char *name, struct nearest *nearest)
{
    uint32_t n = gk_snapshot_info(snapshot)->n_facilities;

    for (size_t i = 0; FIELDS[i]; i++) {
        if (strcmp(FIELDS[i], name) == 0)
            return true;
        if (nearest)
            nearest_try(nearest, FIELDS[i]);
    }
    for (uint32_t id = 0; id < n; id++) {
        const struct gk_facility *facility = gk_facility_get(snapshot, id);
        for (size_t i = 0; i < facility->n_tags; i++) {
            if (strcmp(facility->tags[i].key, name) == 0)
                return true;
            if (nearest)
                nearest_try(nearest, facility->tags[i].key);
        }
    }
    return false;
}

static const char *site_name(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id)
{
    return id == GK_ID_NONE ? "" : gk_site_get(snapshot, kind, id)->name;
}

const char *field_text(gk_snapshot *snapshot, const struct gk_facility *facility, const char *name)
{
    static const char *const roles[] = {"other", "production", "abatement"}; /* by enum gk_role */
    const char *tag;

    if (strcmp(name, "name") == 0)
        return facility->name;
    if (strcmp(name, "role") == 0)
        return roles[facility->role];
    if (strcmp(name, "line") == 0)
        return site_name(snapshot, GK_LINE, facility->line);
    if (strcmp(name, "enterprise") == 0)
        return site_name(snapshot, GK_ENTERPRISE, facility->enterprise);
    if (strcmp(name, "park") == 0)
        return site_name(snapshot, GK_PARK, facility->park);
    tag = gk_facility_tag(facility, name);
    return tag ? tag : "";
}

/* The locale's decimal point is nobody's business here, so not strtod. */
static double read_number(const char *text)
{
    bool is_minus = *text == '-', has_point = false;
    double number = 0, scale = 1;
    size_t n = 0;

    for (text += is_minus; *text && *text != '%'; text++) {
        if (*text == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++n > 18)
            return NAN;
        number = number * 10 + (*text - '0');
        scale *= has_point ? 10 : 1;
    }
    if (n == 0 || (*text == '%' && text[1]))
        return NAN;
    scale *= *text == '%' ? 100 : 1;
    return (is_minus ? -number : number) / scale;
}

double field_number(const struct gk_facility *facility, const char *name)
{
    const char *tag;

    if (strcmp(name, "rated_kw") == 0)
        return facility->rated_kw;
    if (strcmp(name, "rated_a") == 0)
        return facility->rated_a;
    tag = gk_facility_tag(facility, name);
    return tag ? read_number(tag) : NAN;
}
