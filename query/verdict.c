/*
 * verdict.c - one subject of one rule. An alarm is a stretch over certain and possible, short recoveries ignored, with
 * something certain in it; it begins where that begins and ends where the stretch does:
 *
 *     truth     ....CCCC???CC..CCC.......      C certain, ? unknown, . false
 *     alarm         [---------------)          with `clear after` longer than the short recovery
 *
 * The subject is asked anew, and what its alarms are by the answer is compared with those there are.
 */
#include "judge.h"
#include "parser.h"

/* ---- comparing ---- */

static int withdraw(struct gk_judge *judge, uint32_t ward, uint32_t number, const char *text)
{
    struct warned none = judge->wards.kept[number];
    int rc;

    none.to = none.from;
    TRY(judge_put_step(judge, &none, GK_ACT_AMENDED, text));
    wards_drop_alarm(&judge->wards, ward, number);
done:
    return rc;
}

/* Data stopped, or came again. */
static int follow_silence(struct gk_judge *judge, struct standing *standing, struct warned *alarm)
{
    enum gk_truth truth = standing_at(standing, standing->query->window.now_tick);
    int rc = GK_OK;

    if (truth == GK_UNKNOWN && !alarm->is_unknown)
        TRY(judge_put_step(judge, alarm, GK_ACT_UNKNOWN, ""));
    if (truth == GK_TRUE && alarm->is_unknown)
        TRY(judge_put_step(judge, alarm, GK_ACT_KNOWN, ""));
    alarm->is_unknown = truth == GK_UNKNOWN || (truth == GK_FALSE && alarm->is_unknown);
done:
    return rc;
}

/* An alarm whose breach is the one it was, perhaps with other ends. */
static int follow(struct gk_judge *judge, struct standing *standing, struct warned *alarm, const struct breach *breach,
                  int64_t lower)
{
    struct warned now = *alarm;
    int rc;

    now.from = alarm->from < lower ? alarm->from : breach->from; /* what a former version said stays */
    now.to = breach->to;
    if (now.from == alarm->from && now.to == alarm->to)
        return GK_OK;
    if (alarm_is_firing(alarm) && now.to != GK_TICK_MAX) {
        bool is_exempt = standing_is_exempt(standing, now.to);
        if (is_exempt)
            TRY(judge_put_step(judge, alarm, GK_ACT_SUPPRESSED, "exempt from now on"));
        TRY(judge_put_step(judge, &now, GK_ACT_RECOVERED, is_exempt ? "exempt from now on" : ""));
    } else
        TRY(judge_put_step(judge, &now, GK_ACT_AMENDED, "late data"));
    now.is_unknown = now.is_unknown && now.to == GK_TICK_MAX;
    *alarm = now;
done:
    return rc;
}

/* The first breach that an alarm shares time with and no other alarm is; NULL: none. *is_second: another alarm is it.
 */
static struct breach *find_breach(struct gk_judge *judge, const struct warned *alarm, bool *is_second)
{
    *is_second = false;
    for (size_t i = 0; i < judge->n_breaches; i++) {
        struct breach *breach = &judge->breaches[i];
        if (breach->from >= alarm->to || breach->to <= alarm->from)
            continue;
        if (breach->alarm == NOBODY)
            return breach;
        *is_second = true;
    }
    return NULL;
}

/* An alarm that is no breach any more. */
static int end(struct gk_judge *judge, uint32_t ward, uint32_t number, int64_t lower, bool is_second)
{
    struct warned *alarm = &judge->wards.kept[number], ended = *alarm;
    int rc;

    if (alarm->from >= lower)
        return withdraw(judge, ward, number,
                        is_second ? "late data: one breach with another alarm" : "late data: no breach");
    if (!alarm_is_firing(alarm))
        return GK_OK; /* what a former version said stays */
    ended.to = lower;
    TRY(judge_put_step(judge, &ended, GK_ACT_RECOVERED, "the rule was changed"));
    *alarm = ended;
done:
    return rc;
}

/* What became of the alarms there were: first of those that end, as another one may go on in their place. */
static int compare_alarms(struct gk_judge *judge, struct standing *standing, uint32_t ward, int64_t from, int64_t lower)
{
    struct wards *wards = &judge->wards;
    bool is_second;
    int rc = GK_OK;

    for (uint32_t i = wards->list[ward].alarms, next; i != NOBODY; i = next) {
        struct warned *alarm = &wards->kept[i];
        next = alarm->next;
        if (alarm->to <= from)
            continue;
        struct breach *breach = find_breach(judge, alarm, &is_second);
        if (breach)
            breach->alarm = i;
        else
            TRY(end(judge, ward, i, lower, is_second));
    }
    for (int is_later = 0; is_later < 2; is_later++)
        for (size_t i = 0; i < judge->n_breaches; i++) {
            const struct breach *breach = &judge->breaches[i];
            if (breach->alarm != NOBODY && (breach->to == GK_TICK_MAX) == is_later)
                TRY(follow(judge, standing, &wards->kept[breach->alarm], breach, lower));
        }
done:
    return rc;
}

/* Room is made first: an alarm that is on record must be remembered. */
static int raise(struct gk_judge *judge, struct standing *standing, uint32_t ward, const struct breach *breach)
{
    struct warned fresh = {.from = breach->from, .to = breach->to};
    struct wards *wards = &judge->wards;
    const struct gk_query_rule *rule = standing->query->rule;
    uint32_t number = NOBODY;
    uint64_t id;
    int rc;

    TRY(cause_find(judge, standing, wards->list[ward].subject, &fresh.under));
    TRY(wards_make_room(wards));
    TRY(wards_add_alarm(wards, ward, &fresh, &number));
    rc = judge_put_raised(judge, standing, wards->list[ward].subject, breach, fresh.under, &id);
    if (rc != GK_OK) {
        wards_drop_alarm(wards, ward, number);
        goto done;
    }
    wards->kept[number].id = id;
    if (breach->to == GK_TICK_MAX && rule->n_escalate)
        TRY(wards_push(wards, (struct due){judge_tick_from(judge, judge->now + rule->escalate_ns), ward, id}));
done:
    return rc;
}

/* ---- one subject ---- */

static int add_breach(struct gk_judge *judge, const struct standing *standing, int64_t first, int64_t to)
{
    bool is_open = to >= standing->query->window.known_end && !standing->is_event;
    int rc;

    TRY(arena_reserve(&judge->arena, &judge->breaches, &judge->breaches_capacity, judge->n_breaches + 1,
                      sizeof *judge->breaches));
    int64_t from = standing_run_start(standing, first, to);
    judge->breaches[judge->n_breaches++] = (struct breach){from, is_open ? GK_TICK_MAX : to, NOBODY};
done:
    return rc;
}

/* The breaches that touch [from, now]: stretches that are not false, with something certain in them. */
static int list_breaches(struct gk_judge *judge, const struct standing *standing, const gk_timeline *whole,
                         int64_t from)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(whole, &n);
    int64_t end = standing->query->window.known_end;
    int rc = GK_OK;

    judge->n_breaches = 0;
    for (size_t i = 0, to; i < n && steps[i].tick < end; i = to) {
        size_t first = SIZE_MAX;
        for (to = i; to < n && steps[to].value != GK_FALSE; to++)
            if (steps[to].value == GK_TRUE && first == SIZE_MAX)
                first = to;
        int64_t to_tick = to < n ? steps[to].tick : GK_TICK_MAX;
        if (first != SIZE_MAX && to_tick > from)
            TRY(add_breach(judge, standing, steps[first].tick, to_tick));
        to += to == i;
    }
done:
    return rc;
}

/* From where on the rule counts: its version, rows that were not dropped, data. */
static int64_t lower_of(const struct gk_judge *judge, const struct standing *standing)
{
    const struct gk_store_info *info = gk_snapshot_info(judge->snapshot);

    return standing_lower(standing, standing->from > info->dropped_before ? standing->from : info->dropped_before);
}

/* Alarms that reach into what is asked are asked about as a whole. */
static int64_t widen(const struct gk_judge *judge, uint32_t ward, int64_t from, int64_t lower)
{
    int64_t first = from;

    for (uint32_t i = ward == NOBODY ? NOBODY : judge->wards.list[ward].alarms; i != NOBODY;
         i = judge->wards.kept[i].next)
        if (judge->wards.kept[i].to > from && judge->wards.kept[i].from < first)
            first = judge->wards.kept[i].from;
    return first < lower ? lower : first;
}

static int set_due(struct gk_judge *judge, uint32_t ward, int64_t due)
{
    struct ward *of = &judge->wards.list[ward];
    int rc = GK_OK;

    if (of->due == due)
        return GK_OK;
    of->due = due;
    if (due != GK_TICK_MAX)
        rc = wards_push(&judge->wards, (struct due){due, ward, 0});
    return rc;
}

/* From where on a hit is asked about, all that it may have changed included. */
static int64_t from_of(const struct gk_judge *judge, const struct standing *standing, uint32_t ward,
                       const struct hit *hit, int64_t lower)
{
    return widen(judge, ward, hit->from == GK_TICK_MIN ? lower : standing_back(standing, hit->from), lower);
}

static int judge_subject(struct gk_judge *judge, struct standing *standing, const struct hit *hit)
{
    struct subject subject = {standing->kind, hit->id};
    int64_t lower = lower_of(judge, standing);
    const gk_timeline *whole, *plain;
    uint32_t ward;
    int rc;

    TRY(wards_find(&judge->wards, standing->number, subject, false, &ward));
    int64_t from = from_of(judge, standing, ward, hit, lower);
    uint64_t firing = cause_firing(judge, ward);
    judge->done.n_asked++;
    TRY(standing_ask(standing, hit->id, from, &whole, &plain));
    TRY(list_breaches(judge, standing, whole, from));
    int64_t due = standing_due(standing);
    if (ward == NOBODY && judge->n_breaches == 0 && due == GK_TICK_MAX)
        return GK_OK;
    TRY(wards_find(&judge->wards, standing->number, subject, true, &ward));
    TRY(compare_alarms(judge, standing, ward, from, lower));
    for (size_t i = 0; i < judge->n_breaches; i++)
        if (judge->breaches[i].alarm == NOBODY)
            TRY(raise(judge, standing, ward, &judge->breaches[i]));
    for (uint32_t i = judge->wards.list[ward].alarms; i != NOBODY; i = judge->wards.kept[i].next)
        if (alarm_is_firing(&judge->wards.kept[i]))
            TRY(follow_silence(judge, standing, &judge->wards.kept[i]));
    if (cause_firing(judge, ward) != firing)
        TRY(cause_changed(judge, standing, subject));
    TRY(set_due(judge, ward, due));
    wards_drop_idle(&judge->wards, ward);
done:
    return rc;
}

static int judge_each(struct gk_judge *judge, struct standing *standing, const struct hit *hits, size_t n)
{
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        TRY(judge_subject(judge, standing, &hits[i]));
done:
    return rc;
}

/* Of a rule of numbers as many hits as are asked about together. */
static int judge_some(struct gk_judge *judge, struct standing *standing, const struct hit *hits, size_t *n)
{
    int64_t lower = lower_of(judge, standing), from = GK_TICK_MAX;
    uint32_t ward;
    int rc = GK_OK;

    for (size_t i = 0; i < *n; i++) {
        TRY(wards_find(&judge->wards, standing->number, (struct subject){standing->kind, hits[i].id}, false, &ward));
        int64_t of = from_of(judge, standing, ward, &hits[i], lower);
        from = of < from ? of : from;
    }
    size_t most = standing_most(standing, from);
    *n = *n < most ? *n : most;
    rc = standing_prepare(standing, hits, *n, from);
    if (rc == GK_OK)
        rc = judge_each(judge, standing, hits, *n);
    rc = rc == GK_DONE ? GK_OK : rc; /* nothing can be said: what was said stays */
done:
    return rc;
}

int verdict_on_hits(struct gk_judge *judge, struct standing *standing)
{
    int rc = GK_OK;

    if (!standing->query || standing->n_hits == 0)
        return GK_OK;
    TRY(standing_renew(standing, judge->snapshot, judge->now));
    standing_sort_hits(standing);
    if (!standing->query->numbers)
        TRY(judge_each(judge, standing, standing->hits, standing->n_hits));
    else if (lower_of(judge, standing) < standing->closed) /* else no bucket of it is over */
        for (size_t i = 0, n; i < standing->n_hits; i += n) {
            n = standing->n_hits - i;
            TRY(judge_some(judge, standing, standing->hits + i, &n));
        }
    standing_rest(standing);
done:
    return rc;
}
