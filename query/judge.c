/*
 * judge.c - the rules of a store, judged as rows and time arrive.
 *
 * A look (gk_advance) is this: who changed since the last one (gk_changes), which subjects of which rules that
 * concerns, whose time has come; each of these is asked anew, from the change on, by the evaluator that answers
 * questions; what it says is compared with the alarms there are, and the difference becomes acts. So an alarm is a
 * function of rows, catalog, rule and clock: the order of arrival cannot matter, and after a restart the same
 * comparison finds nothing to do, or what a crash left undone.
 */
#include "judge.h"

#include <string.h>

#include "parser.h"

/* Rows that come so late are ordinary: the store need not note each time that something of then is not settled. */
#define SETTLED_NS (600 * GK_SECOND)
/* So often, when nothing else is put, what is settled is put on record. */
#define SETTLE_EVERY_NS (60 * GK_SECOND)

static int fail(struct gk_judge *judge, int status)
{
    if (judge->report.error && judge->report.error->error.status == status)
        return status; /* told already */
    if (judge->engine_error.status == status && judge->engine_error.text[0])
        return report_status(&judge->report, status, "%s", judge->engine_error.text);
    return report_status(&judge->report, status, "%s", gk_status_text(status));
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
                TRY(standing_hit(standing, judge->snapshot, changes[i].facility, judge_tick(judge, from)));
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
        int64_t struck;
        if (!standing->query)
            continue;
        bool strikes = standing_strikes(standing, judge->snapshot, judge->before, judge->now, &struck);
        if (is_all)
            TRY(standing_hit_all(standing, judge_tick(judge, from)));
        else if (standing->is_fresh)
            TRY(standing_hit_all(standing, GK_TICK_MIN));
        else if (strikes)
            TRY(standing_hit_all(standing, struck));
    }
done:
    return rc;
}

static int hit_due(struct gk_judge *judge)
{
    int64_t now_tick = judge_tick(judge, judge->now);
    struct due due;
    int rc = GK_OK;

    while (wards_pop(&judge->wards, now_tick, &due)) {
        struct ward *ward = &judge->wards.list[due.ward];
        if (due.alarm) {
            rc = judge_escalate(judge, &due);
            if (rc != GK_OK)
                (void)wards_push(&judge->wards, due); /* where it was taken from there is room */
            TRY(rc);
            continue;
        }
        if (ward->rule == NOBODY || ward->due != due.tick)
            continue; /* it was asked meanwhile */
        ward->due = GK_TICK_MAX;
        struct standing *standing = rulebook_find(judge, ward->rule);
        if (standing && standing->kind == ward->subject.kind)
            TRY(standing_hit_one(standing, ward->subject.id, due.tick));
    }
done:
    return rc;
}

/*
 * Behind, nobody is told who changed, as rows that wait would be counted among what was looked at; all that is not
 * settled is asked about instead.
 */
static int look(struct gk_judge *judge)
{
    const struct gk_change *changes = NULL;
    size_t n = 0;
    bool is_moved = false;
    int rc = GK_OK;

    if (!judge->is_behind)
        TRY(gk_changes(judge->db, judge->snapshot, judge->now, &changes, &n, &judge->engine_error));
    if (rulebook_is_due(judge, changes, n)) {
        TRY(rulebook_read(judge, &is_moved));
        judge->read = *gk_snapshot_info(judge->snapshot);
    }
    const struct gk_store_info *info = gk_snapshot_info(judge->snapshot);
    if (!judge->is_behind)
        judge->catalog_version = info->catalog_version;
    /* Silence counts from the first row of the store on, and now this is an older one: all were silent then. */
    bool is_older = judge->is_begun && info->beginning < judge->beginning;
    bool is_all = !judge->is_begun || judge->is_lost || judge->is_behind || is_moved || is_older;
    TRY(hit_all(judge, is_all, is_moved || is_older ? GK_TIME_MIN : gk_unsettled(judge->db)));
    if (!is_all)
        TRY(hit_changes(judge, changes, n));
    TRY(hit_due(judge));
    for (size_t i = 0; i < judge->n_rules; i++)
        TRY(verdict_on_hits(judge, &judge->rules[i]));
    TRY(cause_settle(judge, is_all));
    judge->beginning = info->beginning;
    judge->is_begun = true;
    judge->is_lost = judge->is_behind;
done:
    return rc;
}

/* What was looked at need not be looked at after a restart. Acts are durable before the call is over. */
static int settle(struct gk_judge *judge)
{
    bool is_new = judge->done.n_acts > 0;
    int rc = GK_OK;

    if (judge->is_behind) /* the words stay those of the rows that wait */
        return is_new ? gk_commit(judge->db, &judge->engine_error) : GK_EFULL;
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
    struct warned kept = {.id = alarm->id, .is_unknown = alarm->status == GK_ALARM_UNKNOWN, .under = alarm->under};
    struct subject subject = {alarm->subject_kind, 0};
    uint32_t number, ward, at;
    int rc;

    if (alarm->status == GK_ALARM_WITHDRAWN)
        return GK_OK;
    subject.id = judge_find_subject(judge->snapshot, alarm->subject_kind, alarm->subject);
    if (subject.id == GK_ID_NONE)
        return GK_OK; /* a name that is none of the catalog: nothing can be asked about it */
    kept.from = judge_tick(judge, alarm->from);
    kept.to = alarm->to == GK_TIME_MAX ? GK_TICK_MAX : judge_tick(judge, alarm->to);
    TRY(rulebook_number(judge, alarm->rule, &number));
    TRY(wards_find(&judge->wards, number, subject, true, &ward));
    TRY(wards_add_alarm(&judge->wards, ward, &kept, &at));
    if (alarm_is_firing(&kept) && alarm->life == GK_CASE_OPEN && alarm->at[GK_ACT_ESCALATED] == GK_TIME_MIN)
        TRY(wards_push(&judge->wards, (struct due){judge_tick(judge, alarm->at[GK_ACT_RAISED]), ward, alarm->id}));
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
    own.max_run_ns = own.max_window_ns = -1;
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
    rulebook_clear(judge);
    arena_release(&judge->arena, &judge->causes, &judge->causes_capacity, sizeof *judge->causes);
    arena_release(&judge->arena, &judge->breaches, &judge->breaches_capacity, sizeof *judge->breaches);
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
    rc = gk_commit(judge->db, &judge->engine_error);
    judge->is_behind = rc == GK_EFULL;
    TRY(judge->is_behind ? GK_OK : rc);
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
