/*
 * bind_tail.c - names, tags, keys and times of the tails.
 */
#include <string.h>

#include "bind.h"
#include "parser.h"
#include "scope.h"
#include "window.h"

/* ---- where ---- */

static int bind_filter(struct binder *binder, const struct filter *filter)
{
    const struct gk_store_info *info = gk_snapshot_info(binder->snapshot);
    struct nearest nearest = nearest_to(filter->tag.bytes, filter->tag.size);

    for (size_t i = 0; scope_field(i); i++) {
        if (strcmp(scope_field(i), filter->tag.bytes) == 0)
            return GK_OK;
        nearest_try(&nearest, scope_field(i));
    }
    for (uint32_t id = 0; id < info->n_facilities; id++) {
        const struct gk_facility *facility = gk_facility_get(binder->snapshot, id);
        for (size_t i = 0; i < facility->n_tags; i++) {
            if (strcmp(facility->tags[i].key, filter->tag.bytes) == 0)
                return GK_OK;
            nearest_try(&nearest, facility->tags[i].key);
        }
    }
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report,
                    "a tag of some facility, or one of name role rated_kw rated_a line enterprise park");
    return bind_fail(binder, filter->place, "no facility has a tag '%.60s'", filter->tag.bytes);
}

/* ---- keys ---- */

static int bind_keys(struct binder *binder, const struct stmt *stmt)
{
    static const enum noun widest[] = {NOUN_ABATEMENT, NOUN_LINE, NOUN_ENTERPRISE, NOUN_PARK}; /* by enum key */
    const struct tail *tail = &stmt->tail;
    size_t n_times = tail->every_ns != 0;

    for (size_t i = 0; i < tail->n_keys; i++) {
        enum key key = tail->keys[i];
        if (key >= KEY_HOUR && ++n_times > 1) {
            report_hint(binder->report, "by enterprise, day; every 15m");
            return bind_fail(binder, tail->key_places[i], "one key of time is enough");
        }
        if (key < KEY_HOUR && binder->bound->subject > widest[key]) {
            report_hint(binder->report, "the rows are of %s; per says it differently: per line",
                        report_text(binder->report, binder->bound->subject == NOUN_ZONE
                                                        ? "the zone, as every noun has a quantifier"
                                                        : noun_text(binder->bound->subject)));
            return bind_fail(binder, tail->key_places[i], "the subject has no such key: it is wider");
        }
    }
    return GK_OK;
}

/* ---- times ---- */

static int bind_instant(struct binder *binder, int32_t zone_s, const struct token *token, gk_time *out, bool *is_date)
{
    *is_date = false;
    if (token->kind != T_TIME && token->kind != T_NAME)
        return GK_OK;
    if (gk_time_parse(token->text.bytes, token->text.size, zone_s, out) != GK_OK) {
        report_hint(binder->report, "2026-11-20, 2026-11-20T08:00, 2026-11-20T08:00+08:00");
        return bind_fail(binder, token->place, "there is no such time: '%.60s'", token->text.bytes);
    }
    *is_date = memchr(token->text.bytes, ':', token->text.size) == NULL && token->text.size <= 10 &&
               memchr(token->text.bytes, '-', token->text.size) != NULL;
    return GK_OK;
}

static int bind_time(struct binder *binder, const struct stmt *stmt, struct time_tail *time)
{
    int32_t zone_s = stmt->tail.has_zone ? stmt->tail.zone_s : gk_snapshot_info(binder->snapshot)->zone_s;
    int rc;

    TRY(bind_instant(binder, zone_s, &time->a, &time->from, &time->is_date_a));
    TRY(bind_instant(binder, zone_s, &time->b, &time->to, &time->is_date_b));
    if (time->kind == TIME_ON && time->a.kind != T_WORD && !time->is_date_a) {
        report_hint(binder->report, "on 2026-11-20; for a moment: at 2026-11-20T08:00");
        return bind_fail(binder, time->a.place, "expected a date after 'on'");
    }
    if (time->kind == TIME_BETWEEN && time->a.kind != T_WORD && time->b.kind != T_WORD && time->to <= time->from) {
        report_hint(binder->report, "between the earlier and the later time; the second date's day is not part of it");
        return bind_fail(binder, time->place, "the window is empty");
    }
done:
    return rc;
}

int bind_tail(struct binder *binder, struct stmt *stmt)
{
    struct tail *tail = &stmt->tail;
    int rc;

    TRY(bind_names(binder, tail->in, tail->in_names));
    for (const struct filter *filter = tail->where; filter; filter = filter->next)
        TRY(bind_filter(binder, filter));
    TRY(bind_keys(binder, stmt));
    TRY(bind_time(binder, stmt, &tail->time));
    if (stmt->kind == STMT_AGGREGATE && tail->has_per && bucket_kind_of(tail) == BUCKET_WHOLE && tail->n_keys == 0)
        TRY(notes_add(
            binder->arena, &binder->bound->notes,
            report_text(binder->report, "'per' says whose time is summed; for a row each add by: by enterprise")));
    if (tail->every_ns % binder->bound->tick_ns != 0 && stmt->kind != STMT_SERIES) /* samples have no ticks */
    {
        report_hint(binder->report, "the tick of this store is %g s",
                    (double)binder->bound->tick_ns / (double)GK_SECOND);
        return bind_fail(binder, tail->every_place, "'every' must be a multiple of the store's tick");
    }
done:
    return rc;
}
