/*
 * scope.h - who is who in the catalog: subjects of a statement, their relatives, the tails `in` and `where`, and what
 * orders and exemptions cover.
 */
#ifndef QUERY_SCOPE_H
#define QUERY_SCOPE_H

#include "bind.h"

/* A facility or a site: what a row is about. */
struct subject {
    enum gk_kind kind; /* GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK, GK_ZONE */
    uint32_t id;
};

/* Where a subject stands; GK_ID_NONE where it does not apply. */
struct position {
    uint32_t facility, line, enterprise, park;
};
struct position scope_position(gk_snapshot *snapshot, struct subject subject);
const char *scope_name(gk_snapshot *snapshot, struct subject subject);
/* The name of a site or facility, "" for GK_ID_NONE. */
const char *scope_site_name(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id);

/* The subjects of a noun in catalog order, by names, `in` and `where`. */
struct scope {
    gk_snapshot *snapshot;
    struct arena *arena;
    const struct tail *tail;
    const struct filter *where; /* beside the tail's: of (NOUN where ...) */
    struct subject *list;
    size_t n;
    uint8_t *is_in; /* by facility id: passes `in`; NULL: no `in` */
};
int scope_make(struct scope *scope, enum noun noun, const struct name *names);
/* The facilities of a noun, or inside the sites it names. */
int scope_make_facilities(struct scope *scope, const struct ref *ref);
/* Whether a site or facility passes `in`. */
bool scope_is_in(const struct scope *scope, struct subject subject);

/* One relative of a subject, and when it is one. */
struct member {
    struct subject subject;
    gk_time from, to;
};
struct members {
    struct member *list;
    size_t n, capacity;
};
/* Whom `ref` stands for, seen from the subject; added to `out`. GK_OK or the arena's status. */
int scope_members(const struct scope *scope, const struct ref *ref, struct subject subject, struct members *out);
/* `where`: texts compare by bytes, except that two numbers compare as numbers; NULL compares with nothing. */
bool scope_text_holds(const struct filter *filter, const char *text);
bool scope_has_role(gk_snapshot *snapshot, uint32_t facility, enum noun noun);

/* Of which noun those facilities of a site are by which it counts as ordered: production, or all if it has none. */
enum noun scope_counted(const struct scope *scope, struct subject site);
/* Whether a scope covers all of a subject, some of it, or nothing; an order only what its level binds. */
enum gk_truth scope_covers(const struct scope *scope, const struct gk_scope *wide, const struct gk_order *order,
                           struct subject subject);

#endif
