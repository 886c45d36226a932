/*
 * judge.c - the rules of a store, judged as rows and time arrive.
 *
 * A look (gk_advance) is this: who changed since the last one (gk_changes), which subjects of which rules that
 * concerns, whose time has come; each of these is asked anew, from the change on, by the evaluator that answers
 * questions; what it says is compared with the alarms there are, and the difference becomes acts. So an alarm is a
 * function of rows, catalog, rule and clock: the order of arrival cannot matter, and after a restart the same
 * comparison finds nothing to do, or what a crash left undone.
 *
 * An alarm is a stretch over certain and possible, short recoveries ignored, with something certain in it; it begins
 * where that begins and ends where the stretch does:
 *
 *     truth     ....CCCC???CC..CCC.......      C certain, ? unknown, . false
 *     alarm         [---------------)          with `clear after` longer than the short recovery
 */
#include "gk_query.h"

#include <stdio.h>
#include <string.h>

#include "parser.h"
#include "standing.h"
#include "wards.h"

/* Rows that come so late are ordinary: the store need not note each time that something of then is not settled. */
#define SETTLED_NS (600 * GK_SECOND)
/* So often, when nothing else is put, what is settled is put on record. */
#define SETTLE_EVERY_NS (60 * GK_SECOND)

/* A breach as the rule's condition has it now. */
struct breach {
    int64_t from, to; /* ticks; to is GK_TICK_MAX while it goes on */
    uint32_t alarm;   /* that is it; NOBODY: none yet */
};

struct gk_judge {
    gk_db *db;
    gk_session *session;
    struct arena arena;
    struct wards wards;
    struct standing *rules; /* in force */
    size_t n_rules, rules_capacity;
    char **names; /* of all rules there ever were: a rule's number */
    size_t n_names, names_capacity;
    uint32_t *standing_of; /* by number: its place in `rules`, NOBODY: none */
    size_t n_standing_of, standing_of_capacity;
    struct breach *breaches; /* of the subject that is judged */
    size_t n_breaches, breaches_capacity;
    struct position *positions; /* of all facilities, and their role as of when the rules were read */
    size_t n_positions, positions_capacity;
    struct gk_store_info read; /* as of when the rules were read */
    uint64_t catalog_version;  /* as of the last look */
    gk_time next_switch;       /* when another version of some rule comes into force */
    gk_time now, before;       /* of this look and the last one; GK_TIME_MIN: there was none */
    gk_time settled;           /* the look of which the store knows that all was looked at */
    bool is_begun;
    bool is_lost; /* a look failed: all that is not settled has to be looked at again */
    gk_snapshot *snapshot;
    struct gk_judged done; /* by this look */
    struct gk_error engine_error;
    struct report report;
};

static int fail(struct gk_judge *judge, int status)
{
    if (judge->report.error && judge->report.error->error.status == status)
        return status; /* told already */
    if (judge->engine_error.status == status && judge->engine_error.text[0])
        return report_status(&judge->report, status, "%s", judge->engine_error.text);
    return report_status(&judge->report, status, "%s", gk_status_text(status));
}

static gk_time time_of(const struct gk_judge *judge, int64_t tick)
{
    return tick == GK_TICK_MAX ? GK_TIME_MAX : tick * gk_snapshot_info(judge->snapshot)->tick_ns;
}

static int64_t tick_of(const struct gk_judge *judge, gk_time t)
{
    return t == GK_TIME_MIN || t == GK_TIME_MAX ? t : window_tick(t, gk_snapshot_info(judge->snapshot)->tick_ns);
}

/* The first tick that begins at or after a time. */
static int64_t tick_from(const struct gk_judge *judge, gk_time t)
{
    return tick_of(judge, t - 1) + 1;
}

/* ---- names ---- */

static int number_of(struct gk_judge *judge, const char *name, uint32_t *out)
{
    int rc = GK_OK;

    for (*out = 0; *out < judge->n_names; ++*out)
        if (strcmp(judge->names[*out], name) == 0)
            return GK_OK;
    TRY(arena_reserve(&judge->arena, &judge->names, &judge->names_capacity, judge->n_names + 1, sizeof *judge->names));
    judge->names[*out] = arena_text(&judge->arena, name, strlen(name));
    if (!judge->names[*out])
        return arena_status(&judge->arena);
    judge->n_names++;
done:
    return rc;
}

/* Lines of several enterprises may share a name. */
static const char *subject_name(gk_snapshot *snapshot, struct subject subject, char out[GK_NAME_MAX + 1])
{
    const char *name = scope_name(snapshot, subject);
    struct position p = scope_position(snapshot, subject);

    if (subject.kind != GK_LINE || p.enterprise == GK_ID_NONE)
        return name;
    int n = snprintf(out, GK_NAME_MAX + 1, "%s/%s", scope_site_name(snapshot, GK_ENTERPRISE, p.enterprise), name);
    return n > 0 && n <= GK_NAME_MAX ? out : name;
}

static uint32_t subject_of(gk_snapshot *snapshot, enum gk_kind kind, const char *name)
{
    char full[GK_NAME_MAX + 1];

    if (kind == GK_ZONE)
        return 0;
    if (kind == GK_FACILITY)
        return gk_facility_find(snapshot, name, strlen(name));
    if (kind != GK_LINE)
        return gk_site_find(snapshot, kind, name, strlen(name));
    for (uint32_t id = 0; id < gk_snapshot_info(snapshot)->n_sites[GK_LINE]; id++)
        if (strcmp(subject_name(snapshot, (struct subject){kind, id}, full), name) == 0)
            return id;
    return GK_ID_NONE;
}

static struct gk_text text_of(const char *text)
{
    return (struct gk_text){text, strlen(text)};
}

/* 'a', 'b' as one text, as far as it goes. */
static struct gk_text join(const struct gk_text *names, size_t n, char out[GK_NAME_MAX + 1])
{
    size_t at = 0;

    for (size_t i = 0; i < n && at + names[i].size + 2 <= GK_NAME_MAX; i++) {
        if (i)
            out[at++] = ',';
        memcpy(out + at, names[i].bytes, names[i].size);
        at += names[i].size;
    }
    out[at] = '\0';
    return (struct gk_text){out, at};
}

/* ---- acts ---- */

static void count_act(struct gk_judged *done, enum gk_act_kind kind)
{
    done->n_acts++;
    done->n_raised += kind == GK_ACT_RAISED;
    done->n_recovered += kind == GK_ACT_RECOVERED;
    done->n_unknown += kind == GK_ACT_UNKNOWN;
    done->n_amended += kind == GK_ACT_AMENDED;
    done->n_escalated += kind == GK_ACT_ESCALATED;
}

static int put_act(struct gk_judge *judge, struct gk_act_put *act, uint64_t *seq)
{
    int rc;

    act->size = sizeof *act;
    act->actor = text_of("gkdb");
    TRY(gk_act_put(judge->db, act, seq, &judge->engine_error));
    count_act(&judge->done, act->kind);
done:
    return rc;
}

static int put_step(struct gk_judge *judge, const struct warned *alarm, enum gk_act_kind kind, const char *text)
{
    struct gk_act_put act = {.kind = kind,
                             .alarm = alarm->id,
                             .from = time_of(judge, alarm->from),
                             .to = time_of(judge, alarm->to),
                             .text = text_of(text)};

    if (act.to == GK_TIME_MAX)
        act.to = 0; /* not given: it goes on */
    return put_act(judge, &act, NULL);
}

/*
 * Of silence there may be one cause: when a site around the subject is silent as a whole, by another rule, the alarm is
 * under that one's.
 */
static int find_cause(struct gk_judge *judge, const struct standing *standing, struct subject subject, uint64_t *about)
{
    const struct position p = scope_position(judge->snapshot, subject);
    int rc = GK_OK;

    for (size_t i = 0; standing->is_of_silence && i < judge->n_rules; i++) {
        const struct standing *wider = &judge->rules[i];
        uint32_t id = wider->kind == GK_LINE ? p.line : wider->kind == GK_ENTERPRISE ? p.enterprise : p.park, ward;
        bool is_around = wider->kind < subject.kind && wider->kind != GK_ZONE && id != GK_ID_NONE;
        if (!wider->query || !wider->is_of_silence || !is_around)
            continue;
        TRY(wards_find(&judge->wards, wider->number, (struct subject){wider->kind, id}, false, &ward));
        for (uint32_t k = ward == NOBODY ? NOBODY : judge->wards.list[ward].alarms; k != NOBODY;
             k = judge->wards.kept[k].next)
            if (judge->wards.kept[k].to == GK_TICK_MAX)
                *about = judge->wards.kept[k].id;
    }
done:
    return rc;
}

static int put_raised(struct gk_judge *judge, const struct standing *standing, struct subject subject,
                      const struct breach *breach, uint64_t *id)
{
    const struct gk_query_rule *rule = standing->query->rule;
    struct position p = scope_position(judge->snapshot, subject);
    char name[GK_NAME_MAX + 1], whom[GK_NAME_MAX + 1], text[GK_ACT_TEXT_MAX + 1];
    struct gk_act_put act = {.kind = GK_ACT_RAISED,
                             .from = time_of(judge, breach->from),
                             .to = breach->to == GK_TICK_MAX ? 0 : time_of(judge, breach->to),
                             .rule = rule->name,
                             .rule_version = standing->version,
                             .level = (enum gk_level)standing->query->stmt->level,
                             .subject_kind = subject.kind,
                             .subject = text_of(subject_name(judge->snapshot, subject, name)),
                             .enterprise = text_of(scope_site_name(judge->snapshot, GK_ENTERPRISE, p.enterprise)),
                             .park = text_of(scope_site_name(judge->snapshot, GK_PARK, p.park)),
                             .whom = join(rule->notify, rule->n_notify, whom)};
    int rc;

    TRY(find_cause(judge, standing, subject, &act.about));
    standing_text(standing, subject, act.from, text, sizeof text);
    act.text = text_of(text);
    TRY(put_act(judge, &act, id));
done:
    return rc;
}

/* ---- comparing ---- */

static bool is_firing(const struct warned *alarm)
{
    return alarm->to == GK_TICK_MAX;
}

static int withdraw(struct gk_judge *judge, uint32_t ward, uint32_t number, const char *text)
{
    struct warned none = judge->wards.kept[number];
    int rc;

    none.to = none.from;
    TRY(put_step(judge, &none, GK_ACT_AMENDED, text));
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
        TRY(put_step(judge, alarm, GK_ACT_UNKNOWN, ""));
    if (truth == GK_TRUE && alarm->is_unknown)
        TRY(put_step(judge, alarm, GK_ACT_KNOWN, ""));
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
    if (is_firing(alarm) && now.to != GK_TICK_MAX) {
        bool is_exempt = standing_is_exempt(standing, now.to);
        if (is_exempt)
            TRY(put_step(judge, alarm, GK_ACT_SUPPRESSED, "exempt from now on"));
        TRY(put_step(judge, &now, GK_ACT_RECOVERED, is_exempt ? "exempt from now on" : ""));
    } else
        TRY(put_step(judge, &now, GK_ACT_AMENDED, "late data"));
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
    if (!is_firing(alarm))
        return GK_OK; /* what a former version said stays */
    ended.to = lower;
    TRY(put_step(judge, &ended, GK_ACT_RECOVERED, "the rule was changed"));
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
    const struct warned fresh = {.from = breach->from, .to = breach->to};
    struct wards *wards = &judge->wards;
    const struct gk_query_rule *rule = standing->query->rule;
    uint32_t number = NOBODY;
    uint64_t id;
    int rc;

    TRY(wards_make_room(wards));
    TRY(wards_add_alarm(wards, ward, &fresh, &number));
    rc = put_raised(judge, standing, wards->list[ward].subject, breach, &id);
    if (rc != GK_OK) {
        wards_drop_alarm(wards, ward, number);
        goto done;
    }
    wards->kept[number].id = id;
    if (breach->to == GK_TICK_MAX && rule->n_escalate)
        TRY(wards_push(wards, (struct due){tick_from(judge, judge->now + rule->escalate_ns), ward, id}));
done:
    return rc;
}

/* ---- one subject ---- */

static int add_breach(struct gk_judge *judge, const struct standing *standing, int64_t first, int64_t to)
{
    const struct eval *eval = &standing->query->eval;
    bool is_open = to >= eval->window->known_end && !standing->query->stmt->cond->is_event, is_endless;
    int rc;

    TRY(arena_reserve(&judge->arena, &judge->breaches, &judge->breaches_capacity, judge->n_breaches + 1,
                      sizeof *judge->breaches));
    int64_t from = eval_run_start(eval, &(struct run){first, to, GK_TRUE}, &is_endless);
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
    gk_time from = standing->from > info->dropped_before ? standing->from : info->dropped_before;

    return tick_of(judge, from) < standing->query->eval.first_tick ? standing->query->eval.first_tick
                                                                   : tick_of(judge, from);
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

static int judge_subject(struct gk_judge *judge, struct standing *standing, const struct hit *hit)
{
    struct subject subject = {standing->kind, hit->id};
    int64_t lower = lower_of(judge, standing), pad = standing->query->bound.pad;
    const gk_timeline *whole, *plain;
    uint32_t ward;
    int rc;

    TRY(wards_find(&judge->wards, standing->number, subject, false, &ward));
    int64_t from = hit->from == GK_TICK_MIN ? lower : hit->from - pad;
    from = widen(judge, ward, from, lower);
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
        if (is_firing(&judge->wards.kept[i]))
            TRY(follow_silence(judge, standing, &judge->wards.kept[i]));
    TRY(set_due(judge, ward, due));
    wards_drop_idle(&judge->wards, ward);
done:
    return rc;
}

static int judge_hits(struct gk_judge *judge, struct standing *standing)
{
    int rc = GK_OK;

    if (!standing->query || standing->n_hits == 0)
        return GK_OK;
    TRY(standing_renew(standing, judge->snapshot, judge->now));
    standing_sort_hits(standing);
    for (size_t i = 0; i < standing->n_hits; i++)
        TRY(judge_subject(judge, standing, &standing->hits[i]));
    standing->n_hits = 0;
    standing->is_fresh = false;
done:
    return rc;
}

/* ---- the rules in force ---- */

/* NULL: none of that number is in force and understood. */
static struct standing *find_standing(struct gk_judge *judge, uint32_t number)
{
    uint32_t at = number < judge->n_standing_of ? judge->standing_of[number] : NOBODY;

    return at < judge->n_rules && judge->rules[at].query ? &judge->rules[at] : NULL;
}

static int index_rules(struct gk_judge *judge)
{
    int rc;

    TRY(arena_reserve(&judge->arena, &judge->standing_of, &judge->standing_of_capacity, judge->n_names + 1,
                      sizeof *judge->standing_of));
    judge->n_standing_of = judge->n_names;
    for (size_t i = 0; i < judge->n_names; i++)
        judge->standing_of[i] = NOBODY;
    for (size_t i = 0; i < judge->n_rules; i++)
        judge->standing_of[judge->rules[i].number] = (uint32_t)i;
done:
    return rc;
}

/* Whether facilities stand elsewhere than they did: then whom they concerned is another question, and all is asked. */
static int note_positions(struct gk_judge *judge, bool *is_moved)
{
    size_t n = gk_snapshot_info(judge->snapshot)->n_facilities;
    int rc;

    *is_moved = false;
    TRY(arena_reserve(&judge->arena, &judge->positions, &judge->positions_capacity, n + 1, sizeof *judge->positions));
    for (uint32_t id = 0; id < n; id++) {
        struct position p = scope_position(judge->snapshot, (struct subject){GK_FACILITY, id});
        p.facility = (uint32_t)gk_facility_get(judge->snapshot, id)->role; /* in the place of what is known */
        *is_moved |= id < judge->n_positions && memcmp(&p, &judge->positions[id], sizeof p) != 0;
        judge->positions[id] = p;
    }
    judge->n_positions = n;
done:
    return rc;
}

static int open_rule(struct gk_judge *judge, const struct gk_rule *rule, struct standing *out)
{
    struct gk_query_error error;
    uint32_t number;
    int rc;

    TRY(number_of(judge, rule->name, &number));
    const struct standing *before = find_standing(judge, number);
    TRY(standing_open(judge->session, judge->snapshot, rule, out, &error));
    out->number = number;
    judge->done.n_broken += !out->query; /* one that is not understood hinders no other */
    if (before && before->version == rule->version)
        out->is_fresh = before->is_fresh;
done:
    return rc;
}

static void close_rules(struct gk_judge *judge, struct standing *rules, size_t n, size_t capacity)
{
    for (size_t i = 0; i < n; i++)
        standing_close(&rules[i]);
    arena_release(&judge->arena, &rules, &capacity, sizeof *rules);
}

/* The alarms of rules that are in force no more end with them. */
static int end_dropped(struct gk_judge *judge)
{
    size_t n;
    const struct gk_rule *rules = gk_rules(judge->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        uint32_t number;
        if (rules[i].text[0] || rules[i].from > judge->now || rules[i].to <= judge->now)
            continue;
        TRY(number_of(judge, rules[i].name, &number));
        for (size_t w = 0; w < judge->wards.n; w++) {
            const struct ward *ward = &judge->wards.list[w];
            for (uint32_t k = ward->rule == number ? ward->alarms : NOBODY; k != NOBODY;
                 k = judge->wards.kept[k].next) {
                struct warned *alarm = &judge->wards.kept[k];
                if (!is_firing(alarm))
                    continue;
                int64_t end = tick_of(judge, rules[i].from);
                struct warned ended = *alarm;
                ended.to = end > alarm->from ? end : alarm->from + 1;
                TRY(put_step(judge, &ended, GK_ACT_RECOVERED, "the rule was dropped"));
                *alarm = ended;
            }
        }
    }
done:
    return rc;
}

/* Reads the rules that are in force; *is_moved: what they are about is another zone than it was. */
static int read_rules(struct gk_judge *judge, bool *is_moved)
{
    struct standing *rules = NULL;
    size_t n_all, n = 0, capacity = 0;
    const struct gk_rule *all = gk_rules(judge->snapshot, &n_all);
    int rc;

    TRY(note_positions(judge, is_moved));
    judge->next_switch = GK_TIME_MAX;
    for (size_t i = 0; i < n_all; i++) {
        if (all[i].from > judge->now && all[i].from < judge->next_switch)
            judge->next_switch = all[i].from;
        if (!all[i].text[0] || all[i].from > judge->now || all[i].to <= judge->now)
            continue;
        TRY(arena_reserve(&judge->arena, &rules, &capacity, n + 1, sizeof *rules));
        TRY(open_rule(judge, &all[i], &rules[n]));
        n++;
    }
    close_rules(judge, judge->rules, judge->n_rules, judge->rules_capacity);
    judge->rules = rules;
    judge->n_rules = n;
    judge->rules_capacity = capacity;
    rules = NULL;
    TRY(index_rules(judge));
    TRY(end_dropped(judge));
done:
    if (rules)
        close_rules(judge, rules, n, capacity);
    return rc;
}

/* Orders, exemptions, links and bands change truths, and no rule; a facility that is another one may change whom a rule
 * is about. */
static bool is_reading_due(const struct gk_judge *judge, const struct gk_change *changes, size_t n)
{
    const struct gk_store_info *info = gk_snapshot_info(judge->snapshot);
    const struct gk_store_info *read = &judge->read;

    if (!judge->is_begun || judge->now >= judge->next_switch)
        return true;
    if (info->catalog_version == judge->catalog_version)
        return false;
    for (size_t i = 0; i < n; i++)
        if (changes[i].states_from == GK_TIME_MIN)
            return true;
    return info->n_rules != read->n_rules || info->n_channels != read->n_channels ||
           info->n_facilities != read->n_facilities || memcmp(info->n_sites, read->n_sites, sizeof read->n_sites) != 0;
}

/* ---- a look ---- */

static int hit_changes(struct gk_judge *judge, const struct gk_change *changes, size_t n)
{
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < judge->n_rules; k++) {
            struct standing *standing = &judge->rules[k];
            gk_time from = changes[i].states_from;
            if (!standing->query)
                continue;
            if (standing->needs_rows && changes[i].rows_from < from)
                from = changes[i].rows_from;
            if (from != GK_TIME_MAX)
                TRY(standing_hit(standing, judge->snapshot, changes[i].facility, tick_of(judge, from)));
        }
done:
    return rc;
}

/* Rules that are new, all when something was lost, and hours that strike. */
static int hit_all(struct gk_judge *judge, bool is_all, gk_time from)
{
    int rc = GK_OK;

    for (size_t i = 0; i < judge->n_rules; i++) {
        struct standing *standing = &judge->rules[i];
        if (!standing->query)
            continue;
        if (is_all)
            TRY(standing_hit_all(standing, tick_of(judge, from)));
        else if (standing->is_fresh)
            TRY(standing_hit_all(standing, GK_TICK_MIN));
        else if (standing->has_hours && standing_has_edge(standing, judge->before, judge->now))
            TRY(standing_hit_all(standing, tick_of(judge, judge->before)));
    }
done:
    return rc;
}

/* Nobody acknowledged it in time. */
static int escalate(struct gk_judge *judge, const struct due *due)
{
    struct gk_act_put act = {.kind = GK_ACT_ESCALATED, .alarm = due->alarm};
    char whom[GK_NAME_MAX + 1];
    struct gk_alarm alarm;
    int rc;

    TRY(gk_alarm_get(judge->snapshot, due->alarm, &alarm, &judge->engine_error));
    const struct standing *standing = find_standing(judge, judge->wards.list[due->ward].rule);
    bool is_over = alarm.status != GK_ALARM_FIRING && alarm.status != GK_ALARM_UNKNOWN;
    if (is_over || alarm.life != GK_CASE_OPEN || alarm.at[GK_ACT_ESCALATED] != GK_TIME_MIN || !standing ||
        standing->query->rule->n_escalate == 0)
        return GK_OK;
    gk_time when = alarm.at[GK_ACT_RAISED] + standing->query->rule->escalate_ns;
    if (when > judge->now)
        return wards_push(&judge->wards, (struct due){tick_from(judge, when), due->ward, due->alarm});
    act.whom = join(standing->query->rule->escalate, standing->query->rule->n_escalate, whom);
    TRY(put_act(judge, &act, NULL));
done:
    return rc;
}

static int hit_due(struct gk_judge *judge)
{
    int64_t now_tick = tick_of(judge, judge->now);
    struct due due;
    int rc = GK_OK;

    while (wards_pop(&judge->wards, now_tick, &due)) {
        struct ward *ward = &judge->wards.list[due.ward];
        if (due.alarm) {
            rc = escalate(judge, &due);
            if (rc != GK_OK)
                (void)wards_push(&judge->wards, due); /* where it was taken from there is room */
            TRY(rc);
            continue;
        }
        if (ward->rule == NOBODY || ward->due != due.tick)
            continue; /* it was asked meanwhile */
        ward->due = GK_TICK_MAX;
        struct standing *standing = find_standing(judge, ward->rule);
        if (standing && standing->kind == ward->subject.kind)
            TRY(standing_hit_one(standing, ward->subject.id, due.tick));
    }
done:
    return rc;
}

static int look(struct gk_judge *judge)
{
    const struct gk_change *changes;
    size_t n;
    bool is_moved = false;
    int rc;

    TRY(gk_changes(judge->db, judge->snapshot, judge->now, &changes, &n, &judge->engine_error));
    if (is_reading_due(judge, changes, n)) {
        TRY(read_rules(judge, &is_moved));
        judge->read = *gk_snapshot_info(judge->snapshot);
    }
    judge->catalog_version = gk_snapshot_info(judge->snapshot)->catalog_version;
    bool is_all = !judge->is_begun || judge->is_lost || is_moved;
    TRY(hit_all(judge, is_all, is_moved ? GK_TIME_MIN : gk_unsettled(judge->db)));
    if (!is_all)
        TRY(hit_changes(judge, changes, n));
    TRY(hit_due(judge));
    for (size_t i = 0; i < judge->n_rules; i++)
        TRY(judge_hits(judge, &judge->rules[i]));
    judge->is_begun = true;
    judge->is_lost = false;
done:
    return rc;
}

/* What was looked at need not be looked at after a restart. Acts are durable before the call is over. */
static int settle(struct gk_judge *judge)
{
    bool is_new = judge->done.n_acts > 0;
    int rc = GK_OK;

    if (!is_new && judge->settled != GK_TIME_MIN && judge->now - judge->settled < SETTLE_EVERY_NS)
        return GK_OK;
    TRY(gk_settle(judge->db, judge->now - SETTLED_NS, &judge->engine_error));
    judge->settled = judge->now;
    if (is_new)
        TRY(gk_commit(judge->db, &judge->engine_error));
done:
    return rc;
}

/* ---- opening ---- */

/* The alarms on record, with what of them may still be due. */
static int take_alarm(struct gk_judge *judge, const struct gk_alarm *alarm)
{
    struct warned kept = {.id = alarm->id, .is_unknown = alarm->status == GK_ALARM_UNKNOWN};
    struct subject subject = {alarm->subject_kind, 0};
    uint32_t number, ward, at;
    int rc;

    if (alarm->status == GK_ALARM_WITHDRAWN)
        return GK_OK;
    subject.id = subject_of(judge->snapshot, alarm->subject_kind, alarm->subject);
    if (subject.id == GK_ID_NONE)
        return GK_OK; /* a name that is none of the catalog: nothing can be asked about it */
    kept.from = tick_of(judge, alarm->from);
    kept.to = alarm->to == GK_TIME_MAX ? GK_TICK_MAX : tick_of(judge, alarm->to);
    TRY(number_of(judge, alarm->rule, &number));
    TRY(wards_find(&judge->wards, number, subject, true, &ward));
    TRY(wards_add_alarm(&judge->wards, ward, &kept, &at));
    if (is_firing(&kept) && alarm->life == GK_CASE_OPEN && alarm->at[GK_ACT_ESCALATED] == GK_TIME_MIN)
        TRY(wards_push(&judge->wards, (struct due){tick_of(judge, alarm->at[GK_ACT_RAISED]), ward, alarm->id}));
done:
    return rc;
}

static int take_alarms(struct gk_judge *judge)
{
    struct gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    int rc;

    TRY(gk_alarms_open(judge->snapshot, false, 0, &alarms, &judge->engine_error));
    while ((rc = gk_alarms_next(alarms, &alarm, &judge->engine_error)) == GK_OK)
        TRY(take_alarm(judge, &alarm));
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_alarms_close(alarms);
    return rc;
}

static int open_judge(struct gk_judge *judge)
{
    int rc;

    TRY(gk_snapshot_open(judge->db, &judge->snapshot, &judge->engine_error));
    rc = take_alarms(judge);
    gk_snapshot_close(judge->snapshot);
    judge->snapshot = NULL;
done:
    return rc;
}

int gk_judge_open(gk_db *db, const struct gk_session_options *options, gk_judge **out, struct gk_query_error *error)
{
    struct gk_session_options own = {.size = sizeof own};
    struct report report = {.error = error};
    gk_session *session;
    int rc;

    *out = NULL;
    report_clear(&report);
    if (options)
        memcpy(&own, options, options->size < sizeof own ? options->size : sizeof own);
    own.max_run_ns = -1;
    rc = gk_session_new(&own, &session);
    if (rc != GK_OK)
        return report_status(&report, rc, "there is no memory for a judge");
    const struct gk_session_options *all = &session->options;
    struct gk_judge *judge = all->resize(all->resize_context, NULL, sizeof *judge);
    if (!judge) {
        gk_session_free(session);
        return report_status(&report, GK_ENOMEM, "there is no memory for a judge");
    }
    memset(judge, 0, sizeof *judge);
    judge->db = db;
    judge->session = session;
    judge->now = judge->before = judge->settled = GK_TIME_MIN;
    judge->report = report;
    arena_init(&judge->arena, all->resize, all->resize_context, SIZE_MAX);
    wards_init(&judge->wards, &judge->arena);
    rc = open_judge(judge);
    if (rc != GK_OK) {
        rc = fail(judge, rc);
        gk_judge_close(judge);
        return rc;
    }
    *out = judge;
    return GK_OK;
}

void gk_judge_close(gk_judge *judge)
{
    if (!judge)
        return;
    gk_session *session = judge->session;
    const struct gk_session_options options = session->options;
    for (size_t i = 0; i < judge->n_rules; i++)
        standing_close(&judge->rules[i]);
    arena_release(&judge->arena, &judge->rules, &judge->rules_capacity, sizeof *judge->rules);
    arena_release(&judge->arena, &judge->names, &judge->names_capacity, sizeof *judge->names);
    arena_release(&judge->arena, &judge->standing_of, &judge->standing_of_capacity, sizeof *judge->standing_of);
    arena_release(&judge->arena, &judge->breaches, &judge->breaches_capacity, sizeof *judge->breaches);
    arena_release(&judge->arena, &judge->positions, &judge->positions_capacity, sizeof *judge->positions);
    wards_clear(&judge->wards);
    arena_clear(&judge->arena);
    gk_session_free(session);
    (void)options.resize(options.resize_context, judge, 0); /* freeing has no result */
}

int gk_advance(gk_judge *judge, gk_time now, struct gk_judged *out, struct gk_query_error *error)
{
    int rc;

    judge->report.error = error;
    report_clear(&judge->report);
    judge->engine_error.status = GK_OK;
    judge->done = (struct gk_judged){.n_acts = 0};
    judge->before = judge->is_begun ? judge->now : now;
    judge->now = now > judge->now ? now : judge->now; /* a clock that was set back does not turn time back */
    TRY(gk_commit(judge->db, &judge->engine_error));
    TRY(gk_snapshot_open(judge->db, &judge->snapshot, &judge->engine_error));
    rc = look(judge);
    gk_snapshot_close(judge->snapshot);
    judge->snapshot = NULL;
    TRY(rc);
    TRY(settle(judge));
done:
    judge->is_lost |= rc != GK_OK;
    if (out)
        *out = judge->done;
    return rc == GK_OK ? GK_OK : fail(judge, rc);
}
