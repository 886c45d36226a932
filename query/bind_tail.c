/*
 * bind_tail.c - names, tags, keys and times of the tails.
 */
#include <string.h>

#include "alarms.h"
#include "bind.h"
#include "field.h"
#include "parser.h"
#include "scope.h"
#include "shifts.h"
#include "window.h"

/* ---- where ---- */

static int bind_field(struct binder *binder, const struct gk_text *name, struct place place, struct nearest *nearest)
{
    if (field_exists(binder->snapshot, name->bytes, nearest))
        return GK_OK;
    for (size_t i = 0; binder->is_of_record && alarm_field_name(i); i++) {
        if (strcmp(alarm_field_name(i), name->bytes) == 0)
            return GK_OK;
        nearest_try(nearest, alarm_field_name(i));
    }
    if (nearest->best)
        report_hint(binder->report, "did you mean '%s'?", nearest->best);
    else
        report_hint(binder->report,
                    "a tag of some facility, or one of name role rated_kw rated_a line enterprise park");
    return bind_fail(binder, place, "no facility has a tag '%.60s'", name->bytes);
}

int bind_filters(struct binder *binder, const struct filter *filters)
{
    int rc = GK_OK;

    for (const struct filter *filter = filters; filter; filter = filter->next) {
        struct nearest nearest = nearest_to(filter->tag.bytes, filter->tag.size);
        TRY(bind_field(binder, &filter->tag, filter->place, &nearest));
    }
done:
    return rc;
}

/* ---- keys ---- */

/* A word that is no key of the language must be a tag; it may have been meant as one of both. */
static int bind_tag_key(struct binder *binder, const struct tail *tail, size_t i)
{
    static const enum word words[] = {W_FACILITY, W_LINE, W_ENTERPRISE, W_PARK, W_HOUR,
                                      W_DAY,      W_WEEK, W_MONTH,      W_SHIFT};
    struct nearest nearest = nearest_to(tail->key_tags[i].bytes, tail->key_tags[i].size);

    for (size_t j = 0; j < sizeof words / sizeof words[0]; j++)
        nearest_try(&nearest, word_text(words[j]));
    return bind_field(binder, &tail->key_tags[i], tail->key_places[i], &nearest);
}

static int bind_shift(struct binder *binder, const struct stmt *stmt, struct place place)
{
    enum bucket_kind kind = bucket_kind_of(&stmt->tail);
    const char **names;
    size_t n;
    int rc;

    if (kind == BUCKET_HOUR || kind == BUCKET_EVERY) {
        report_hint(binder->report, "by shift; by day, shift; by shift, week; by month, shift");
        return bind_fail(binder, place, "a shift goes with day, week and month: it counts where it begins");
    }
    TRY(shift_names(binder->snapshot, binder->arena, &names, &n));
    if (n > 0)
        return GK_OK;
    report_hint(binder->report, "gk load takes a table calendar,days,hours with lines as night,daily,22:00-06:00");
    return bind_fail(binder, place, "the store has no shift: none of its calendars has hours");
done:
    return rc;
}

static int bind_keys(struct binder *binder, const struct stmt *stmt)
{
    static const enum noun widest[] = {NOUN_ABATEMENT, NOUN_LINE, NOUN_ENTERPRISE, NOUN_PARK, NOUN_ZONE}; /* by key */
    const struct tail *tail = &stmt->tail;
    size_t n_times = tail->every_ns != 0;
    int rc = GK_OK;

    for (size_t i = 0; i < tail->n_keys; i++) {
        enum key key = tail->keys[i];
        if (key == KEY_TAG)
            TRY(bind_tag_key(binder, tail, i));
        if (key == KEY_SHIFT)
            TRY(bind_shift(binder, stmt, tail->key_places[i]));
        else if (key >= KEY_HOUR && ++n_times > 1) {
            report_hint(binder->report, "by enterprise, day; every 15m");
            return bind_fail(binder, tail->key_places[i], "one key of time is enough");
        }
        for (const struct source *source = stmt->sources; source; source = source->next) {
            enum noun subject = source->bound->subject;
            if (key >= KEY_HOUR || subject <= widest[key])
                continue;
            report_hint(binder->report, "the rows are of %s; per says it differently: per line",
                        report_text(binder->report, subject == NOUN_ZONE ? "the zone, as every noun has a quantifier"
                                                                         : noun_text(subject)));
            return bind_fail(binder, tail->key_places[i], "the subject has no such key: it is wider");
        }
    }
done:
    return rc;
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

static int bind_known(struct binder *binder, struct tail *tail)
{
    int32_t zone_s = tail->has_zone ? tail->zone_s : gk_snapshot_info(binder->snapshot)->zone_s;
    bool is_date;

    return tail->has_known ? bind_instant(binder, zone_s, &tail->known, &tail->known_at, &is_date) : GK_OK;
}

static int bind_set(struct binder *binder, const struct tail *tail)
{
    struct nearest nearest = nearest_to(tail->set.bytes ? tail->set.bytes : "", tail->set.size);
    size_t n;
    const struct gk_band *bands = gk_set_bands(binder->snapshot, &n);

    if (!tail->set.bytes)
        return GK_OK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(bands[i].set, tail->set.bytes) == 0)
            return GK_OK;
        nearest_try(&nearest, bands[i].set);
    }
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "list bands shows them all; gk load takes a table of bands with a column 'set'");
    return bind_fail(binder, tail->set_place, "no set of bands is called '%.100s'", tail->set.bytes);
}

int bind_tail(struct binder *binder, struct stmt *stmt)
{
    struct tail *tail = &stmt->tail;
    int rc;

    TRY(bind_names(binder, tail->in, tail->in_names));
    TRY(bind_filters(binder, tail->where));
    TRY(bind_keys(binder, stmt));
    TRY(bind_time(binder, stmt, &tail->time));
    TRY(bind_known(binder, tail));
    TRY(bind_set(binder, tail));
    if (stmt->kind == STMT_AGGREGATE && tail->has_per && bucket_kind_of(tail) == BUCKET_WHOLE && tail->n_keys == 0)
        TRY(notes_add(
            binder->arena, &binder->bound->notes,
            report_text(binder->report, "'per' says whose time is summed; for a row each add by: by enterprise")));
    bool has_ticks = false; /* samples have none */
    for (const struct source *source = stmt->sources; source; source = source->next)
        has_ticks |= source->cond != NULL;
    if (tail->every_ns % binder->bound->tick_ns != 0 && has_ticks) {
        report_hint(binder->report, "the tick of this store is %g s",
                    (double)binder->bound->tick_ns / (double)GK_SECOND);
        return bind_fail(binder, tail->every_place, "'every' must be a multiple of the store's tick");
    }
done:
    return rc;
}
