/*
 * rule.c - see rule.h.
 *
 * Exempt time is no time of breach: inside of the suffixes of its condition a rule has `unless exempt`, unless it
 * speaks of exemptions itself. `A for >= 5m` is `(A unless exempt) for >= 5m`: the five minutes are of time that
 * counts; the numbers of a rule of numbers are of time that counts in the same way. Outside of all stands what `clear
 * after` says: a short recovery ends no breach.
 */
#include "rule.h"

#include <string.h>

#include "parser.h"

static bool speaks_of_exemptions(const struct cond *cond)
{
    return cond && (cond->kind == COND_EXEMPT || speaks_of_exemptions(cond->a) || speaks_of_exemptions(cond->b));
}

static bool is_suffix(enum cond_kind kind)
{
    switch (kind) {
    case COND_AT_LEAST:
    case COND_LESS:
    case COND_GAPS:
    case COND_HELD:
    case COND_WITHIN_LAST:
    case COND_WITHIN_NEXT:
    case COND_TIMES:
        return true;
    default:
        return false;
    }
}

static struct cond *new_cond(struct arena *arena, enum cond_kind kind, struct cond *a, struct cond *b)
{
    struct cond *cond = arena_piece(arena, sizeof *cond);

    if (!cond)
        return NULL;
    cond->kind = kind;
    cond->place = a ? a->place : (struct place){0, 0};
    cond->a = a;
    cond->b = b;
    cond->depth = 1 + (a ? a->depth : 0);
    return cond;
}

/* *exempt: what was added; NULL: it speaks of exemptions itself. Where there is no condition, it is that alone. */
static int leave_out_exemptions(struct arena *arena, struct cond **core, struct cond **exempt)
{
    *exempt = NULL;
    if (speaks_of_exemptions(*core))
        return GK_OK;
    while (*core && is_suffix((*core)->kind))
        core = &(*core)->a;
    *exempt = new_cond(arena, COND_EXEMPT, NULL, NULL);
    struct cond *not_exempt = *exempt ? new_cond(arena, COND_NOT, *exempt, NULL) : NULL;
    struct cond *both = not_exempt && *core ? new_cond(arena, COND_AND, *core, not_exempt) : not_exempt;
    if (!both)
        return arena_status(arena);
    if (*core)
        (*exempt)->place = not_exempt->place = (*core)->place;
    *core = both;
    return GK_OK;
}

/* What is summed up is of time that counts. */
static int leave_out_of_numbers(struct gk_query *query)
{
    struct cond *exempt;
    int rc = GK_OK;

    for (struct source *source = query->stmt->sources; source; source = source->next)
        if (source->kind == SOURCE_COND || source->kind == SOURCE_SERIES)
            TRY(leave_out_exemptions(&query->arena, &source->cond, &exempt));
done:
    return rc;
}

/* What is well for less than `clear after` is one breach still. */
static int ignore_short_recoveries(struct gk_query *query, int64_t clear_ns)
{
    struct cond **cond = &query->stmt->cond;
    struct cond *gaps = new_cond(&query->arena, COND_GAPS, *cond, NULL);

    if (!gaps)
        return arena_status(&query->arena);
    gaps->ns = clear_ns;
    *cond = gaps;
    return GK_OK;
}

static int list_names(struct gk_query *query, const struct name *names, const struct gk_text **out, size_t *n)
{
    struct gk_text *list;

    *n = 0;
    for (const struct name *name = names; name; name = name->next)
        ++*n;
    list = arena_array(&query->arena, *n + 1, sizeof *list);
    *out = list;
    if (!list)
        return arena_status(&query->arena);
    for (const struct name *name = names; name; name = name->next)
        *list++ = name->text;
    return GK_OK;
}

int rule_make(struct gk_query *query)
{
    static const char *const levels[] = {"info", "warn", "alarm", "severe"};
    const struct stmt *stmt = query->stmt;
    const struct rule_tail *tail = &stmt->tail.rule;
    struct gk_query_rule *rule = arena_piece(&query->arena, sizeof *rule);
    int rc;

    if (!rule)
        return arena_status(&query->arena);
    rule->name = stmt->name;
    rule->title = stmt->title;
    rule->level = levels[stmt->level];
    rule->text = (struct gk_text){query->printed, strlen(query->printed)};
    rule->clear_ns = tail->clear_ns;
    rule->escalate_ns = tail->escalate_ns;
    rule->message = tail->message;
    TRY(list_names(query, tail->notify, &rule->notify, &rule->n_notify));
    TRY(list_names(query, tail->escalate_to, &rule->escalate, &rule->n_escalate));
    if (stmt->sources) {
        TRY(leave_out_of_numbers(query));
    } else {
        struct cond *exempt;
        TRY(leave_out_exemptions(&query->arena, &query->stmt->cond, &exempt));
        query->exempt = exempt;
    }
    if (tail->clear_ns)
        TRY(ignore_short_recoveries(query, tail->clear_ns));
    query->rule = rule;
done:
    return rc;
}

const struct gk_query_rule *gk_query_rule(const gk_query *query)
{
    return query->rule;
}

int gk_query_try(gk_query *query, gk_time from, gk_time to)
{
    if (!query->rule)
        return GK_EINVAL;
    query->stmt->tail.with_possible = true;
    query->stmt->tail.time = (struct time_tail){.kind = TIME_BETWEEN, .from = from, .to = to};
    return GK_OK;
}
