/*
 * prune.c - see prune.h. Needs are found by walking down the parts of a condition that must all hold: both sides of
 * `and`, and below what only makes a truth smaller or grow by touching it.
 */
#include "prune.h"

#include <string.h>

#include "parser.h"

#define ALL_STATES 0x1Fu

static bool is_needed(const struct cond *leaf)
{
    bool is_member = leaf->ref.quant != QUANT_NO && noun_is_facility(leaf->ref.noun);

    return leaf->kind == COND_STATE && is_member && leaf->ref.range != RANGE_CONTAINER;
}

static void find_needs(struct prune *prune, const struct cond *cond)
{
    switch (cond->kind) {
    case COND_STATE:
        if (is_needed(cond) && prune->n < NEEDS_MAX) {
            uint32_t mask = cond->is_negated ? ALL_STATES & ~cond->mask : cond->mask;
            prune->needs[prune->n++] = (struct need){cond, mask | GK_STATE_BIT(GK_NODATA), NULL};
        }
        return;
    case COND_AND:
        find_needs(prune, cond->a);
        find_needs(prune, cond->b);
        return;
    case COND_POSSIBLY:
    case COND_SURELY:
    case COND_UNKNOWN:
    case COND_START:
    case COND_END:
    case COND_AT_LEAST:
    case COND_LESS:
    case COND_GAPS:
    case COND_HELD:
    case COND_WITHIN_LAST:
    case COND_TIMES:
    case COND_AFTER:
        find_needs(prune, cond->a);
        return;
    default: /* `or` and `not` need nothing; `within next` sees the unknown behind now; the rest has no states */
        return;
    }
}

/*
 * Whether reading the index costs more than reading the states of all subjects' facilities. A record of it (a quarter
 * of a day of one state) costs about as much as a facility.
 */
static bool is_dearer(const struct scope *scope, uint64_t n_records)
{
    uint64_t n_facilities = 0;
    size_t n;

    for (size_t i = 0; i < scope->n && n_facilities < n_records; i++) {
        if (scope->list[i].kind == GK_FACILITY) {
            (void)gk_facility_links(scope->snapshot, scope->list[i].id, &n);
            n_facilities += 1 + n;
        } else {
            (void)gk_site_facilities(scope->snapshot, scope->list[i].kind, scope->list[i].id, &n);
            n_facilities += n;
        }
    }
    return n_facilities < n_records;
}

int prune_make(struct prune *prune, const struct scope *scope, const struct bound *bound, const struct cond *cond,
               const struct window *window, enum prune_use use, struct gk_error *error)
{
    const int64_t ticks_a_quarter = 6 * 3600 * GK_SECOND / window->tick_ns;
    uint32_t n = gk_snapshot_info(scope->snapshot)->n_facilities;
    int64_t lo = window->a - bound->pad, hi = window->b + bound->pad;
    int rc = GK_OK;

    *prune = (struct prune){.scope = scope};
    if (hi > window->known_end)
        hi = window->known_end;
    if (use == PRUNE_NEVER || lo >= hi || bound->looks_ahead || window->a >= window->known_end)
        return GK_OK;
    find_needs(prune, cond);
    if (use == PRUNE_WHEN_CHEAPER && is_dearer(scope, prune->n * ((uint64_t)(hi - lo) / (uint64_t)ticks_a_quarter + 1)))
        prune->n = 0;
    for (size_t i = 0; i < prune->n; i++) {
        prune->needs[i].is_in = arena_array(scope->arena, (size_t)n + 1, 1);
        if (!prune->needs[i].is_in)
            return arena_status(scope->arena);
        memset(prune->needs[i].is_in, 1, n);
        TRY(gk_state_prune(scope->snapshot, prune->needs[i].mask, lo, hi, prune->needs[i].is_in, error));
    }
done:
    return rc;
}

void prune_clear(struct prune *prune)
{
    if (prune->scope)
        arena_release(prune->scope->arena, &prune->members.list, &prune->members.capacity, sizeof *prune->members.list);
    *prune = (struct prune){0};
}

/* Some member may have been in the states; a set that is empty, or for a time, leaves it open. */
static bool is_met(const struct need *need, const struct members *members)
{
    bool met = members->n == 0;

    for (size_t i = 0; i < members->n; i++) {
        const struct member *member = &members->list[i];
        met |= need->is_in[member->subject.id] || member->from != GK_TIME_MIN || member->to != GK_TIME_MAX;
    }
    return met;
}

int prune_subject(struct prune *prune, struct subject subject, bool *is_out)
{
    int rc = GK_OK;

    *is_out = false;
    for (size_t i = 0; i < prune->n && !*is_out; i++) {
        const struct need *need = &prune->needs[i];
        if (need->leaf->ref.range == RANGE_SELF) {
            *is_out = !need->is_in[subject.id];
            continue;
        }
        prune->members.n = 0;
        TRY(scope_members(prune->scope, &need->leaf->ref, subject, &prune->members));
        *is_out = !is_met(need, &prune->members);
    }
done:
    return rc;
}
