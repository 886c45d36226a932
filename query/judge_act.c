/*
 * judge_act.c - the acts of a judge: what they say of whom, and under which alarm one is put.
 */
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "parser.h"

/* ---- names ---- */

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

uint32_t judge_find_subject(gk_snapshot *snapshot, enum gk_kind kind, const char *name)
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

int judge_put_step(struct gk_judge *judge, const struct warned *alarm, enum gk_act_kind kind, const char *text)
{
    struct gk_act_put act = {.kind = kind,
                             .alarm = alarm->id,
                             .from = judge_time(judge, alarm->from),
                             .to = judge_time(judge, alarm->to),
                             .text = text_of(text)};

    if (act.to == GK_TIME_MAX)
        act.to = 0; /* not given: it goes on */
    return put_act(judge, &act, NULL);
}

int judge_put_under(struct gk_judge *judge, const struct warned *alarm, uint64_t under)
{
    struct gk_act_put act = {.kind = GK_ACT_AMENDED,
                             .alarm = alarm->id,
                             .about = under ? under : alarm->id,
                             .from = judge_time(judge, alarm->from),
                             .to = alarm->to == GK_TICK_MAX ? 0 : judge_time(judge, alarm->to),
                             .text =
                                 text_of(under ? "one cause with another alarm" : "goes on, though its cause is over")};

    return put_act(judge, &act, NULL);
}

int judge_put_raised(struct gk_judge *judge, const struct standing *standing, struct subject subject,
                     const struct breach *breach, uint64_t under, uint64_t *id)
{
    const struct gk_query_rule *rule = standing->query->rule;
    struct position p = scope_position(judge->snapshot, subject);
    char name[GK_NAME_MAX + 1], whom[GK_NAME_MAX + 1], text[GK_ACT_TEXT_MAX + 1];
    struct gk_act_put act = {.kind = GK_ACT_RAISED,
                             .from = judge_time(judge, breach->from),
                             .to = breach->to == GK_TICK_MAX ? 0 : judge_time(judge, breach->to),
                             .rule = rule->name,
                             .rule_version = standing->version,
                             .level = (enum gk_level)standing->query->stmt->level,
                             .subject_kind = subject.kind,
                             .subject = text_of(subject_name(judge->snapshot, subject, name)),
                             .enterprise = text_of(scope_site_name(judge->snapshot, GK_ENTERPRISE, p.enterprise)),
                             .park = text_of(scope_site_name(judge->snapshot, GK_PARK, p.park)),
                             .whom = join(rule->notify, rule->n_notify, whom),
                             .about = under};
    int rc;

    standing_text(standing, subject, act.from, text, sizeof text);
    act.text = text_of(text);
    TRY(put_act(judge, &act, id));
done:
    return rc;
}

/* Nobody acknowledged it in time. */
int judge_escalate(struct gk_judge *judge, const struct due *due)
{
    struct gk_act_put act = {.kind = GK_ACT_ESCALATED, .alarm = due->alarm};
    char whom[GK_NAME_MAX + 1];
    struct gk_alarm alarm;
    int rc;

    TRY(gk_alarm_get(judge->snapshot, due->alarm, &alarm, &judge->engine_error));
    const struct standing *standing = rulebook_find(judge, judge->wards.list[due->ward].rule);
    bool is_over = alarm.status != GK_ALARM_FIRING && alarm.status != GK_ALARM_UNKNOWN;
    if (is_over || alarm.under || alarm.life != GK_CASE_OPEN || alarm.at[GK_ACT_ESCALATED] != GK_TIME_MIN ||
        !standing || standing->query->rule->n_escalate == 0)
        return GK_OK;
    gk_time when = alarm.at[GK_ACT_RAISED] + standing->query->rule->escalate_ns;
    if (when > judge->now)
        return wards_push(&judge->wards, (struct due){judge_tick_from(judge, when), due->ward, due->alarm});
    act.whom = join(standing->query->rule->escalate, standing->query->rule->n_escalate, whom);
    TRY(put_act(judge, &act, NULL));
done:
    return rc;
}
