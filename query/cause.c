/*
 * cause.c - one cause, one alarm to look at: while a site is in a state as a whole (all its meters are silent, all its
 * facilities stand still), by a rule that asks for no more, alarms of that state inside of the site are under that
 * one's. When it is over and one of them goes on, that one stands alone again.
 */
#include "judge.h"
#include "parser.h"

static bool is_of_one_state(const struct standing *standing, const struct standing *wider)
{
    return wider->query && wider->of_state && wider->is_of_all && standing->of_state &&
           (standing->of_state & ~wider->of_state) == 0 && wider->kind < standing->kind && wider->kind != GK_ZONE;
}

static uint32_t site_of(const struct position *p, enum gk_kind kind)
{
    return kind == GK_FACILITY     ? p->facility
           : kind == GK_LINE       ? p->line
           : kind == GK_ENTERPRISE ? p->enterprise
                                   : p->park;
}

uint64_t cause_firing(const struct gk_judge *judge, uint32_t ward)
{
    uint64_t id = 0;

    for (uint32_t i = ward == NOBODY ? NOBODY : judge->wards.list[ward].alarms; i != NOBODY;
         i = judge->wards.kept[i].next)
        if (alarm_is_firing(&judge->wards.kept[i]))
            id = judge->wards.kept[i].id;
    return id;
}

int cause_find(struct gk_judge *judge, const struct standing *standing, struct subject subject, uint64_t *out)
{
    const struct position p = scope_position(judge->snapshot, subject);
    uint32_t ward;
    int rc = GK_OK;

    *out = 0;
    for (size_t i = 0; standing->of_state && *out == 0 && i < judge->n_rules; i++) {
        const struct standing *wider = &judge->rules[i];
        if (!is_of_one_state(standing, wider) || site_of(&p, wider->kind) == GK_ID_NONE)
            continue;
        TRY(wards_find(&judge->wards, wider->number, (struct subject){wider->kind, site_of(&p, wider->kind)}, false,
                       &ward));
        *out = cause_firing(judge, ward);
    }
done:
    return rc;
}

/* The alarms of one subject inside. */
static int regroup_one(struct gk_judge *judge, const struct standing *standing, struct subject subject)
{
    uint64_t under;
    uint32_t ward;
    int rc;

    TRY(wards_find(&judge->wards, standing->number, subject, false, &ward));
    if (cause_firing(judge, ward) == 0)
        return GK_OK;
    TRY(cause_find(judge, standing, subject, &under));
    for (uint32_t i = judge->wards.list[ward].alarms; i != NOBODY; i = judge->wards.kept[i].next) {
        struct warned *alarm = &judge->wards.kept[i];
        if (!alarm_is_firing(alarm) || alarm->under == under)
            continue;
        TRY(judge_put_under(judge, alarm, under));
        alarm->under = under;
        if (under == 0 && standing->query->rule->n_escalate) /* now somebody has to take care of it */
            TRY(wards_push(&judge->wards, (struct due){judge_tick_from(judge, judge->now), ward, alarm->id}));
    }
done:
    return rc;
}

int cause_changed(struct gk_judge *judge, const struct standing *standing, struct subject subject)
{
    int rc;

    if (!standing->of_state || !standing->is_of_all)
        return GK_OK;
    TRY(arena_reserve(&judge->arena, &judge->causes, &judge->causes_capacity, judge->n_causes + 1,
                      sizeof *judge->causes));
    judge->causes[judge->n_causes++] = (struct cause){standing->number, subject};
done:
    return rc;
}

/* The alarms inside of a site, by rules of its state. */
static int regroup(struct gk_judge *judge, const struct standing *standing, struct subject subject)
{
    size_t n;
    const uint32_t *ids = gk_site_facilities(judge->snapshot, subject.kind, subject.id, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < judge->n_rules; i++) {
        const struct standing *narrower = &judge->rules[i];
        if (!narrower->query || !is_of_one_state(narrower, standing))
            continue;
        for (size_t k = 0; k < n; k++) {
            struct position p = scope_position(judge->snapshot, (struct subject){GK_FACILITY, ids[k]});
            uint32_t id = site_of(&p, narrower->kind);
            if (id != GK_ID_NONE)
                TRY(regroup_one(judge, narrower, (struct subject){narrower->kind, id}));
        }
    }
done:
    return rc;
}

static int regroup_all(struct gk_judge *judge)
{
    int rc = GK_OK;

    for (size_t i = 0; i < judge->wards.n; i++) {
        const struct ward *ward = &judge->wards.list[i];
        const struct standing *standing = ward->rule == NOBODY ? NULL : rulebook_find(judge, ward->rule);
        if (standing && standing->kind == ward->subject.kind)
            TRY(regroup_one(judge, standing, ward->subject));
    }
done:
    return rc;
}

int cause_settle(struct gk_judge *judge, bool is_all)
{
    int rc = GK_OK;

    if (is_all)
        TRY(regroup_all(judge));
    for (size_t i = 0; !is_all && i < judge->n_causes; i++) {
        const struct standing *standing = rulebook_find(judge, judge->causes[i].rule);
        if (standing && standing->kind == judge->causes[i].subject.kind)
            TRY(regroup(judge, standing, judge->causes[i].subject));
    }
    judge->n_causes = 0;
done:
    return rc;
}
