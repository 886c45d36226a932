/*
 * bind.c - see bind.h. First the tree is completed (definitions, names, units, ticks), then the subject is found, then
 * every noun gets its range.
 */
#include "bind.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parser.h"
#include "slips.h"

/* Conditions deep, definitions put in place: bounds the recursion of everything that walks the tree. */
#define TREE_MAX   512
#define FOR_MAX_NS (INT64_C(31) * 86400 * GK_SECOND)
#define LAG_NS     (3600 * GK_SECOND)

int notes_add(struct arena *arena, struct notes *notes, const char *text)
{
    if (!text)
        return arena_status(arena);
    for (size_t i = 0; i < notes->n; i++)
        if (strcmp(notes->list[i], text) == 0)
            return GK_OK;
    if (notes->n == notes->capacity) {
        size_t capacity = notes->capacity ? notes->capacity * 2 : 8;
        const char **list = arena_array(arena, capacity, sizeof *list);
        if (!list)
            return arena_status(arena);
        if (notes->n)
            memcpy(list, notes->list, notes->n * sizeof *list);
        notes->list = list;
        notes->capacity = capacity;
    }
    notes->list[notes->n++] = text;
    return GK_OK;
}

int bind_fail(struct binder *binder, struct place place, const char *format, ...)
{
    char text[GK_ERROR_TEXT_MAX];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(text, sizeof text, report_text(binder->report, format), list);
    va_end(list);
    if (binder->use)
        return report_fail(binder->report, GK_ESYNTAX, *binder->use, "in the definition: %s", text);
    return report_fail(binder->report, GK_ESYNTAX, place, "%s", text);
}

int bind_no_memory(struct binder *binder)
{
    int status = arena_status(binder->arena);

    return report_status(binder->report, status,
                         status == GK_ELIMIT ? "the statement needs more memory than max_memory"
                                             : "there is no memory for the statement");
}

static int note(struct binder *binder, const char *text)
{
    if (text)
        text = report_text(binder->report, text);
    return notes_add(binder->arena, &binder->bound->notes, text) == GK_OK ? GK_OK : bind_no_memory(binder);
}

/* ---- comparisons ---- */

static int bind_limit(struct binder *binder, struct cond *cond)
{
    const struct series *series = cond->series;
    const struct unit *unit = cond->limit_unit;

    if (cond->is_of_rated && series->unit != UNIT_POWER && series->unit != UNIT_CURRENT) {
        report_hint(binder->report, "power of abatement < 20%% of rated, load of abatement < 20%%");
        return bind_fail(binder, cond->limit_place, "only power and current have a rated value");
    }
    if (cond->is_of_rated && unit && unit->kind != UNIT_SHARE) {
        report_hint(binder->report, "power of abatement < 20%% of rated, load of abatement < 20%%");
        return bind_fail(binder, cond->limit_place, "a share of rated has no unit but %%: 0.2 * rated, 20%% of rated");
    }
    bool is_plain_share = unit && unit->kind == UNIT_SHARE && series->metric == METRIC_VALUE && !series->unit;
    if (!cond->is_of_rated && unit && unit->kind != series->unit && !is_plain_share) {
        if (series->unit == UNIT_NONE)
            report_hint(binder->report, "the channel's name tells no unit (kw, ia, p_w, ...): write a plain number");
        else if (unit->kind == UNIT_SHARE)
            report_hint(binder->report, "a share of what? 20%% of rated, or load of abatement < 20%%");
        else
            report_hint(binder->report, "the unit here is %s", unit_base(series->unit));
        return bind_fail(binder, cond->limit_place, "the unit does not fit");
    }
    if (!cond->is_of_rated && unit)
        cond->limit *= series->per_base;
    if (cond->is_of_rated)
        cond->limit *= series->per_base; /* of the rated value, which is in the base unit */
    return GK_OK;
}

static int bind_compare(struct binder *binder, struct cond *cond)
{
    static const enum gk_compare opposites[] = {GK_GE, GK_GT, GK_LE, GK_LT, GK_NE, GK_EQ}; /* by enum gk_compare */
    int rc;

    TRY(bind_ref(binder, &cond->series->ref));
    TRY(bind_series(binder, cond->series));
    cond->ref = cond->series->ref;
    if (cond->series->phases != QUANT_NONE && cond->series->metric == METRIC_VALUE) {
        report_hint(binder->report, "any current of abatement > 50A; max(ia, ib, ic) of abatement > 50A");
        return bind_fail(binder, cond->series->place, "any, all and no go with a metric of several phases");
    }
    bool is_of_phases = cond->series->phases != QUANT_NONE && cond->series->n_channels > 1;
    if (is_of_phases && (cond->compare >= GK_EQ || cond->kind == COND_FROZEN)) {
        report_hint(binder->report, "any current of abatement > 50A");
        return bind_fail(binder, cond->limit_place, "any, all and no phases go with < <= > >=");
    }
    if (cond->kind == COND_COMPARE)
        TRY(bind_limit(binder, cond));
    if (cond->series->phases == QUANT_NO) { /* none is above: all are not above */
        cond->series->phases = QUANT_ALL;
        cond->compare = opposites[cond->compare];
    }
done:
    return rc;
}

/* ---- orders ---- */

static bool order_is_named(const struct gk_order *order, const struct cond *cond)
{
    const char *name = cond->name.bytes;

    if (cond->is_group)
        return order->scope.kind == GK_GROUP && strcmp(order->scope.name, name) == 0;
    if (cond->has_level)
        return strcmp(order->level, name) == 0;
    return strcmp(order->level, name) == 0 || strcmp(order->kind, name) == 0 || strcmp(order->scope.name, name) == 0;
}

static int bind_order(struct binder *binder, struct cond *cond)
{
    size_t n;
    const struct gk_order *orders = gk_orders(binder->snapshot, &n);
    struct nearest nearest = nearest_to(cond->name.bytes ? cond->name.bytes : "", cond->name.size);

    if (!cond->name.bytes || binder->is_standing)
        return GK_OK;
    for (size_t i = 0; i < n; i++) {
        if (order_is_named(&orders[i], cond))
            return GK_OK;
        if (!cond->is_group)
            nearest_try(&nearest, orders[i].level);
        if (!cond->has_level)
            nearest_try(&nearest, orders[i].scope.name);
    }
    if (nearest.best && nearest.best[0])
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "list orders shows their levels, kinds and groups");
    if (cond->is_group)
        return bind_fail(binder, cond->place, "no order has the group '%.100s'", cond->name.bytes);
    if (cond->has_level)
        return bind_fail(binder, cond->place, "no order has the level '%.100s'", cond->name.bytes);
    return bind_fail(binder, cond->place, "no order has the level, kind or group '%.100s'", cond->name.bytes);
}

/* ---- calendars ---- */

static bool find_calendar(const struct binder *binder, const char *name, struct nearest *nearest)
{
    size_t n;
    const struct gk_calendar *calendars = gk_calendars(binder->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(calendars[i].calendar, name) == 0)
            return true;
        nearest_try(nearest, calendars[i].calendar);
    }
    return false;
}

/* A store without them has no holidays. */
static int bind_workdays(struct binder *binder)
{
    struct nearest nearest = nearest_to("", 0);

    if (find_calendar(binder, "workdays", &nearest) || find_calendar(binder, "工作日", &nearest))
        return GK_OK;
    return note(binder,
                report_text(binder->report, "workdays are Monday to Friday, as the store has no calendar 'workdays'"));
}

/* Which days they are nobody can know but who keeps them. */
static int bind_holidays(struct binder *binder, const struct cond *cond)
{
    struct nearest nearest = nearest_to("", 0);

    if (find_calendar(binder, "holidays", &nearest) || find_calendar(binder, "节假日", &nearest))
        return GK_OK;
    report_hint(binder->report, "gk load takes a table calendar,days,from,to with lines as "
                                "holidays,daily,2026-10-01,2026-10-08");
    return bind_fail(binder, cond->place, "the store has no calendar 'holidays'");
}

static int bind_calendar(struct binder *binder, struct cond *cond)
{
    if (cond->calendar)
        return cond->calendar == W_WORKDAYS ? bind_workdays(binder) : bind_holidays(binder, cond);
    if (!cond->name.bytes)
        return GK_OK;
    struct nearest nearest = nearest_to(cond->name.bytes, cond->name.size);
    if (find_calendar(binder, cond->name.bytes, &nearest))
        return GK_OK;
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "list calendars names them all; gk load takes a table calendar,days,hours");
    return bind_fail(binder, cond->place, "no calendar is called '%.100s'", cond->name.bytes);
}

/* ---- durations ---- */

static int bind_duration(struct binder *binder, struct cond *cond)
{
    int64_t tick = binder->bound->tick_ns;

    if (cond->ns > FOR_MAX_NS)
        return report_fail(binder->report, GK_ELIMIT, binder->use ? *binder->use : cond->place,
                           "a duration in a condition may be 31 d long");
    cond->ticks = (cond->ns + tick - 1) / tick;
    if (cond->ticks * tick != cond->ns) {
        const char *text = arena_printf(
            binder->arena, report_text(binder->report, "durations are rounded up to ticks of %g s: %g s became %g s"),
            (double)tick / 1e9, (double)cond->ns / 1e9, (double)(cond->ticks * tick) / 1e9);
        int rc = note(binder, text);
        if (rc != GK_OK)
            return rc;
    }
    cond->ticks += cond->is_beyond;
    return GK_OK;
}

/* ---- completing the tree ---- */

static int complete(struct binder *binder, struct cond **cond);

/* What is found wrong later with a condition of a definition stands where its name is used. */
static void place_leaves(struct binder *binder, size_t first, struct place use)
{
    for (size_t i = first; i < binder->bound->n_leaves; i++) {
        struct cond *leaf = binder->bound->leaves[i];
        leaf->place = leaf->limit_place = leaf->ref.place = use;
        if (leaf->series)
            leaf->series->place = leaf->series->ref.place = use;
    }
}

/* Puts the condition of a definition in place of its name. */
static int expand(struct binder *binder, struct cond **cond)
{
    struct cond *name = *cond;
    const struct definition *definition = session_find(binder->session, &name->name);
    struct place use = binder->use ? *binder->use : name->place;
    const struct place *outer = binder->use;
    int rc;

    if (binder->defining && strcmp(binder->defining->bytes, name->name.bytes) == 0) {
        report_hint(binder->report, "a new name: define longer as untreated for >= 10m");
        return bind_fail(binder, name->place, "a definition cannot stand on its own name");
    }
    if (!definition) {
        struct nearest nearest = nearest_to(name->name.bytes, name->name.size);
        enum word word;
        for (size_t i = 0; word_spelling(i, &word); i++)
            if (word != W_NONE)
                nearest_try(&nearest, word_spelling(i, NULL));
        for (const struct definition *d = binder->session->definitions; d; d = d->next)
            nearest_try(&nearest, d->name.bytes);
        const char *meant = slip_find(&name->name);
        if (meant)
            report_hint(binder->report, "instead of '%.40s': %s", name->name.bytes, meant);
        else if (nearest.best)
            report_hint(binder->report, "did you mean '%s'?", nearest.best);
        else
            report_hint(
                binder->report,
                "names are made with: define NAME as CONDITION; a channel is written: %.60s of facility 'F12' > 5",
                name->name.bytes);
        return bind_fail(binder, name->place, "unknown word '%.60s'", name->name.bytes);
    }
    if (++binder->depth > NEST_MAX)
        return report_fail(binder->report, GK_ELIMIT, use, "definitions may be nested %d deep", NEST_MAX);
    struct report inner = {.text = definition->text.bytes, .size = definition->text.size, .params = definition->params};
    rc = parse_definition(binder->arena, &inner, 0, cond);
    if (rc != GK_OK)
        return bind_no_memory(binder); /* it was parsed when it was defined */
    size_t first = binder->bound->n_leaves;
    binder->use = &use;
    rc = complete(binder, cond);
    binder->use = outer;
    place_leaves(binder, first, use);
    binder->depth--;
    (*cond)->place = use;
    return rc;
}

static int complete_leaf(struct binder *binder, struct cond *cond)
{
    struct bound *bound = binder->bound;
    int rc = GK_OK;

    if (cond->kind == COND_STATE)
        TRY(bind_ref(binder, &cond->ref));
    else if (cond->kind == COND_COMPARE || cond->kind == COND_FROZEN)
        TRY(bind_compare(binder, cond));
    else if (cond->kind == COND_ORDER)
        TRY(bind_order(binder, cond));
    else if (cond->kind == COND_CALENDAR)
        TRY(bind_calendar(binder, cond));
    if (bound->n_leaves == LEAVES_MAX)
        return report_fail(binder->report, GK_ELIMIT, binder->use ? *binder->use : cond->place,
                           "a statement may have %zu simple conditions", LEAVES_MAX);
    cond->leaf = bound->n_leaves;
    bound->leaves[bound->n_leaves++] = cond;
done:
    return rc;
}

static bool is_event(const struct cond *cond)
{
    switch (cond->kind) {
    case COND_START:
    case COND_END:
        return true;
    case COND_AFTER:
        return cond->a->is_event;
    case COND_AND:
        return cond->a->is_event || cond->b->is_event;
    case COND_OR:
        return cond->a->is_event && cond->b->is_event;
    case COND_POSSIBLY:
    case COND_SURELY:
    case COND_UNKNOWN:
        return cond->a->is_event;
    default:
        return false;
    }
}

/* How far around a moment the truth there hangs on; of `after` only as far as the begins of runs are seen. */
static int64_t pad_of(const struct cond *cond)
{
    int64_t a = cond->a ? cond->a->pad : 0, b = cond->b ? cond->b->pad : 0;

    switch (cond->kind) {
    case COND_START:
    case COND_END:
        return a + 1;
    case COND_AFTER:
        b += cond->ticks;
        return (a > b ? a : b) + 1;
    case COND_TOGETHER: /* see eval_together */
        return a + 3 * cond->ticks + 2;
    default:
        return (a > b ? a : b) + cond->ticks;
    }
}

static int complete(struct binder *binder, struct cond **at)
{
    struct cond *cond;
    int rc = GK_OK;

    if ((*at)->kind == COND_NAME)
        return expand(binder, at);
    cond = *at;
    if (cond->kind < COND_AND) {
        TRY(complete_leaf(binder, cond));
    } else {
        TRY(complete(binder, &cond->a));
        cond->depth = 1 + cond->a->depth;
        if (cond->b)
            TRY(complete(binder, &cond->b));
        if (cond->b && cond->b->depth >= cond->depth)
            cond->depth = 1 + cond->b->depth;
    }
    if (cond->depth > TREE_MAX)
        return report_fail(binder->report, GK_ELIMIT, binder->use ? *binder->use : cond->place,
                           "conditions may be %d deep, definitions counted in", TREE_MAX);
    if (cond->ns)
        TRY(bind_duration(binder, cond));
    cond->is_event = is_event(cond);
    cond->slot = binder->bound->n_slots++;
    binder->bound->looks_ahead |= cond->kind == COND_WITHIN_NEXT || cond->kind == COND_TOGETHER;
    cond->pad = pad_of(cond);
done:
    return rc;
}

/* ---- the subject and the ranges ---- */

/* The first noun without a word for how many; NULL. */
static const struct ref *find_plain(const struct bound *bound)
{
    for (size_t i = 0; i < bound->n_leaves; i++)
        if (cond_has_ref(bound->leaves[i]) && bound->leaves[i]->ref.quant == QUANT_NONE)
            return &bound->leaves[i]->ref;
    return NULL;
}

/* Whether what is named is made up of subjects: which enterprises, which facilities ever abatement offline. */
static bool is_made_of(enum noun asked, enum noun noun)
{
    if (asked == NOUN_FACILITY)
        return noun_is_facility(noun);
    return !noun_is_facility(asked) && noun < asked; /* enum noun is ordered by width */
}

static void find_subject(struct binder *binder, const struct stmt *stmt)
{
    struct bound *bound = binder->bound;
    const struct ref *plain = find_plain(bound);

    bound->subject = NOUN_ZONE;
    if (stmt->kind == STMT_WHICH)
        bound->subject = stmt->ref.noun;
    if (stmt->tail.has_per) {
        bound->subject = stmt->tail.per;
    } else if (plain && (stmt->kind != STMT_WHICH || is_made_of(stmt->ref.noun, plain->noun))) {
        bound->subject = plain->noun;
        bound->subject_names = plain->names;
    }
}

/* Any of the noun, with no word for how many and no names. */
static bool has_any(const struct bound *bound, enum noun noun)
{
    for (size_t i = 0; i < bound->n_leaves; i++) {
        const struct ref *ref = &bound->leaves[i]->ref;
        if (cond_has_ref(bound->leaves[i]) && ref->quant == QUANT_NONE && ref->noun == noun && !ref->names)
            return true;
    }
    return false;
}

/* When abatement offline while production running per enterprise: it may be the abatement of another of its lines. */
static int note_inside(struct binder *binder)
{
    const struct bound *bound = binder->bound;

    if (noun_is_facility(bound->subject) || bound->subject == NOUN_LINE || !has_any(bound, NOUN_ABATEMENT) ||
        !has_any(bound, NOUN_PRODUCTION))
        return GK_OK;
    return note(binder,
                "per makes it a condition of the whole site: any abatement while any production inside, linked or "
                "not");
}

static bool same_names(const struct name *a, const struct name *b)
{
    for (; a && b && a->id == b->id; a = a->next)
        b = b->next;
    return !a && !b;
}

static int bind_range(struct binder *binder, struct ref *ref)
{
    const struct bound *bound = binder->bound;
    bool is_plain = ref->quant == QUANT_NONE;

    if (ref->noun == bound->subject && is_plain && (!ref->names || same_names(ref->names, bound->subject_names))) {
        ref->range = RANGE_SELF;
        return GK_OK;
    }
    if (ref->names) {
        ref->range = RANGE_NAMED;
        return GK_OK;
    }
    bool is_inside = noun_is_facility(bound->subject);
    if (is_inside && noun_is_facility(ref->noun)) {
        ref->range = RANGE_LINKED;
        if (ref->noun == bound->subject) {
            report_hint(binder->report, "add per line or per enterprise");
            const char *noun = report_text(binder->report, noun_text(ref->noun));
            return bind_fail(binder, ref->place, "a quantifier over '%s' has no meaning where each row is one %s", noun,
                             noun);
        }
        return GK_OK;
    }
    ref->range = ref->noun < bound->subject ? RANGE_CONTAINED : RANGE_CONTAINER; /* enum noun is ordered by width */
    return GK_OK;
}

static int bind_ranges(struct binder *binder)
{
    struct bound *bound = binder->bound;
    int rc = GK_OK;

    for (size_t i = 0; i < bound->n_leaves; i++) {
        struct cond *leaf = bound->leaves[i];
        if (!cond_has_ref(leaf))
            continue;
        TRY(bind_range(binder, &leaf->ref));
        if (leaf->mask == (GK_STATE_BIT(GK_OFF) | GK_STATE_BIT(GK_IDLE)))
            TRY(note(binder, "offline was read as off or idle; silence is nodata"));
    }
done:
    return rc;
}

/* All conditions of lags; the subject is found in the first one. */
static int bind_lags(struct binder *binder, struct stmt *stmt)
{
    struct bound *bound = binder->bound;
    int64_t pad = 0;
    int rc = GK_OK;

    for (struct lag *lag = stmt->lags; lag; lag = lag->next) {
        struct cond **const ends[] = {&lag->from, &lag->to};
        for (size_t i = 0; i < 2; i++) {
            TRY(complete(binder, ends[i]));
            pad = (*ends[i])->pad > pad ? (*ends[i])->pad : pad;
            if ((*ends[i])->is_event)
                continue;
            report_hint(binder->report, "lag from start of (production running) to start of (abatement running)");
            return bind_fail(binder, (*ends[i])->place, "a lag is between moments: start of, end of");
        }
    }
    struct cond within = {.ns = stmt->lag_ns ? stmt->lag_ns : LAG_NS, .place = stmt->place};
    TRY(bind_duration(binder, &within));
    stmt->lag_ticks = within.ticks;
    if (!stmt->lag_ns)
        TRY(note(binder,
                 "partners are looked for within 1 h on both sides: within 2h, behind the lag, says otherwise"));
    bound->pad = pad + within.ticks + 1;
    find_subject(binder, stmt);
    TRY(bind_ranges(binder));
done:
    return rc;
}

int bind_condition(struct binder *binder, const struct stmt *stmt, const struct ref *subject, struct cond **cond)
{
    struct bound *bound = binder->bound;
    int rc;

    TRY(complete(binder, cond));
    bound->pad = (*cond)->pad + 1;
    if (stmt->kind == STMT_DEFINE)
        return GK_OK; /* ranges depend on where it is used */
    if (subject) {
        bound->subject = noun_is_facility(subject->noun) ? subject->noun : NOUN_FACILITY;
        bound->subject_names = bound->subject == subject->noun ? subject->names : NULL;
    } else {
        find_subject(binder, stmt);
    }
    TRY(note_inside(binder));
    TRY(bind_ranges(binder));
    if (bound->looks_ahead)
        TRY(note(binder, "the condition looks ahead: near now its answers are only possible"));
done:
    return rc;
}

int bind_statement(struct binder *binder, struct stmt *stmt)
{
    struct bound *bound = binder->bound;
    int rc = GK_OK;

    bound->tick_ns = gk_snapshot_info(binder->snapshot)->tick_ns;
    bound->subject = stmt->ref.noun;
    binder->defining = stmt->kind == STMT_DEFINE ? &stmt->name : NULL;
    binder->is_standing = stmt->kind == STMT_RULE;
    binder->is_of_record = stmt_is_of_record(stmt);
    if (stmt->sources)
        TRY(bind_sources(binder, stmt));
    else if (stmt->cond)
        TRY(bind_condition(binder, stmt, NULL, &stmt->cond));
    if (stmt->kind == STMT_DEFINE)
        return GK_OK;
    if (stmt->lags)
        TRY(bind_lags(binder, stmt));
    if (stmt->series && !stmt->sources) {
        TRY(bind_series(binder, stmt->series));
        bound->subject = NOUN_FACILITY;
    }
    if (stmt->kind == STMT_STATE || stmt->has_ref)
        TRY(bind_ref(binder, &stmt->ref));
    if (stmt->kind == STMT_STATE)
        bound->subject = NOUN_FACILITY;
    TRY(bind_tail(binder, stmt));
done:
    return rc;
}
