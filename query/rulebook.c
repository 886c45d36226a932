/*
 * rulebook.c - the rules in force, each bound to the catalog, and whether they must be read again.
 */
#include <string.h>

#include "judge.h"
#include "parser.h"

int rulebook_number(struct gk_judge *judge, const char *name, uint32_t *out)
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

/* NULL: none of that number is in force and understood. */
struct standing *rulebook_find(struct gk_judge *judge, uint32_t number)
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

    TRY(rulebook_number(judge, rule->name, &number));
    const struct standing *before = rulebook_find(judge, number);
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
        TRY(rulebook_number(judge, rules[i].name, &number));
        for (size_t w = 0; w < judge->wards.n; w++) {
            const struct ward *ward = &judge->wards.list[w];
            for (uint32_t k = ward->rule == number ? ward->alarms : NOBODY; k != NOBODY;
                 k = judge->wards.kept[k].next) {
                struct warned *alarm = &judge->wards.kept[k];
                if (!alarm_is_firing(alarm))
                    continue;
                int64_t end = judge_tick(judge, rules[i].from);
                struct warned ended = *alarm;
                ended.to = end > alarm->from ? end : alarm->from + 1;
                TRY(judge_put_step(judge, &ended, GK_ACT_RECOVERED, "the rule was dropped"));
                *alarm = ended;
            }
        }
    }
done:
    return rc;
}

/* Reads the rules that are in force; *is_moved: what they are about is another zone than it was. */
int rulebook_read(struct gk_judge *judge, bool *is_moved)
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
bool rulebook_is_due(const struct gk_judge *judge, const struct gk_change *changes, size_t n)
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

void rulebook_clear(struct gk_judge *judge)
{
    close_rules(judge, judge->rules, judge->n_rules, judge->rules_capacity);
    arena_release(&judge->arena, &judge->names, &judge->names_capacity, sizeof *judge->names);
    arena_release(&judge->arena, &judge->standing_of, &judge->standing_of_capacity, sizeof *judge->standing_of);
    arena_release(&judge->arena, &judge->positions, &judge->positions_capacity, sizeof *judge->positions);
}
