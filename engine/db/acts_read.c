/*
 * acts_read.c - acts and alarms as a snapshot sees them. Texts are lent from the file's map.
 */
#include <inttypes.h>

#include "db/sight.h"

/* Whether an act is about what is seen; those about the store are nobody's. */
static int is_shown(gk_snapshot *s, const struct gk_act *act, bool *out, struct gk_error *error)
{
    struct gk_alarm alarm;
    int rc;

    *out = !s->sight;
    if (!s->sight || act->alarm == 0)
        return GK_OK;
    TRY(alarms_get(s->txn, act->alarm, &alarm, error));
    *out = sight_shows(s, &alarm);
done:
    return rc;
}

int gk_act_get(gk_snapshot *s, uint64_t seq, struct gk_act *out, struct gk_error *error)
{
    bool is_there;
    int rc;

    TRY(acts_get(s->txn, seq, out, error));
    TRY(is_shown(s, out, &is_there, error));
    if (!is_there)
        TRY(error_set(error, GK_ENOTFOUND, "there is no act %" PRIu64, seq));
done:
    return rc;
}

/* An alarm that another one explains does not say by which, when that one is hidden. */
static int hide_under(gk_snapshot *s, struct gk_alarm *alarm, struct gk_error *error)
{
    struct gk_alarm above;
    int rc;

    if (!s->sight || alarm->under == 0)
        return GK_OK;
    TRY(alarms_get(s->txn, alarm->under, &above, error));
    if (!sight_shows(s, &above))
        alarm->under = 0;
done:
    return rc;
}

int gk_alarm_get(gk_snapshot *s, uint64_t id, struct gk_alarm *out, struct gk_error *error)
{
    int rc;

    TRY(alarms_get(s->txn, id, out, error));
    if (!sight_shows(s, out))
        TRY(error_set(error, GK_ENOTFOUND, "there is no alarm %" PRIu64, id));
    TRY(hide_under(s, out, error));
done:
    return rc;
}

int gk_act_last(gk_snapshot *s, uint64_t *seq, struct gk_error *error)
{
    struct gk_act act;
    int rc;

    TRY(acts_last(s->txn, seq, error));
    for (; s->sight && *seq > 0; --*seq) {
        rc = gk_act_get(s, *seq, &act, error);
        if (rc != GK_ENOTFOUND)
            return rc;
    }
    rc = GK_OK;
done:
    return rc;
}

int gk_alarm_as_of(gk_snapshot *s, uint64_t id, gk_time known, struct gk_alarm *out, struct gk_error *error)
{
    gk_acts *acts = NULL;
    struct gk_act act;
    int rc;

    memset(out, 0, sizeof *out);
    TRY(gk_acts_open(s, id, 0, &acts, error));
    while ((rc = gk_acts_next(acts, &act, error)) == GK_OK)
        if (act.time <= known) /* a clock that was set back does not hide what came later */
            alarm_apply(out, &act);
    if (rc == GK_DONE)
        rc = out->id != 0 ? hide_under(s, out, error)
                          : error_set(error, GK_ENOTFOUND, "alarm %" PRIu64 " was not known at that time", id);
done:
    gk_acts_close(acts);
    return rc;
}

/* ---- acts
 * ------------------------------------------------------------------------------------------------------------- */

struct gk_acts {
    gk_snapshot *s;
    struct cursor *cursor; /* of all acts */
    uint64_t *numbers;     /* of an alarm, in descending order */
    size_t n, capacity;
    bool is_begun;
};

/* The chain of an alarm goes from its newest act back to the one that raised it. */
static int gather(gk_acts *acts, uint64_t id, uint64_t from, struct gk_error *error)
{
    struct gk_alarm alarm;
    struct gk_act act;
    int rc;

    TRY(gk_alarm_get(acts->s, id, &alarm, error));
    for (uint64_t seq = alarm.last; seq >= from && seq != 0; seq = act.before) {
        rc = acts_get(acts->s->txn, seq, &act, error);
        if (rc == GK_ENOTFOUND)
            rc = error_set(error, GK_ECORRUPT, "act %" PRIu64 " of alarm %" PRIu64 " is missing", seq, id);
        TRY(rc);
        if (act.alarm != id)
            TRY(error_set(error, GK_ECORRUPT, "act %" PRIu64 " is not of alarm %" PRIu64, seq, id));
        TRY(mem_reserve(&acts->s->mem, &acts->numbers, &acts->capacity, acts->n + 1, sizeof seq));
        acts->numbers[acts->n++] = seq;
    }
done:
    return rc;
}

int gk_acts_open(gk_snapshot *s, uint64_t alarm, uint64_t from, gk_acts **out, struct gk_error *error)
{
    uint8_t key[8];
    int rc;

    *out = NULL;
    gk_acts *acts = mem_zeroed(&s->mem, sizeof *acts);
    if (!acts)
        return error_set(error, GK_ENOMEM, "out of memory for reading acts");
    acts->s = s;
    if (alarm != 0) {
        TRY(gather(acts, alarm, from, error));
    } else {
        key_u64(key, from);
        TRY(cursor_open(s->txn, STORE_ACT, &acts->cursor, error));
        rc = cursor_seek(acts->cursor, view_of(key, sizeof key), error);
        if (rc == GK_DONE) { /* there is none: next says so */
            cursor_close(acts->cursor);
            acts->cursor = NULL;
            rc = GK_OK;
        }
        TRY(rc);
    }
    *out = acts;
    acts = NULL;
done:
    gk_acts_close(acts);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for reading acts"); /* rc says it too */
    return rc;
}

/* The cursor stands on the first act before the first call. */
static int next_of_all(gk_acts *acts, struct gk_act *out, struct gk_error *error)
{
    struct view value;
    int rc;

    if (!acts->cursor)
        return GK_DONE;
    if (acts->is_begun) {
        rc = cursor_next(acts->cursor, error);
        if (rc != GK_OK)
            return rc;
    }
    acts->is_begun = true;
    TRY(cursor_value(acts->cursor, &value, error));
    struct view key = cursor_key(acts->cursor);
    if (key.size != 8)
        TRY(error_set(error, GK_ECORRUPT, "a key of the table act has %zu bytes", key.size));
    TRY(act_decode(unkey_u64(key.bytes), value, out, error));
done:
    return rc;
}

int gk_acts_next(gk_acts *acts, struct gk_act *out, struct gk_error *error)
{
    if (acts->n > 0)
        return acts_get(acts->s->txn, acts->numbers[--acts->n], out, error);
    for (bool is_there = false; !is_there;) {
        int rc = next_of_all(acts, out, error);
        if (rc == GK_OK)
            rc = is_shown(acts->s, out, &is_there, error);
        if (rc != GK_OK)
            return rc;
    }
    return GK_OK;
}

void gk_acts_close(gk_acts *acts)
{
    if (!acts)
        return;
    struct mem mem = acts->s->mem;
    cursor_close(acts->cursor);
    mem_free(&mem, acts->numbers);
    mem_free(&mem, acts);
}

/* ---- alarms
 * ----------------------------------------------------------------------------------------------------------- */

struct gk_alarms {
    gk_snapshot *s;
    struct cursor *cursor;
    enum alarm_key kind;
    uint64_t from;
    bool is_begun;
};

int gk_alarms_open(gk_snapshot *s, bool is_open, uint64_t from, gk_alarms **out, struct gk_error *error)
{
    int rc;

    *out = NULL;
    gk_alarms *alarms = mem_zeroed(&s->mem, sizeof *alarms);
    if (!alarms)
        return error_set(error, GK_ENOMEM, "out of memory for reading alarms");
    alarms->s = s;
    alarms->kind = is_open ? ALARM_OPEN : ALARM_RECORD;
    alarms->from = from;
    TRY(cursor_open(s->txn, STORE_ALARM, &alarms->cursor, error));
    *out = alarms;
    alarms = NULL;
done:
    gk_alarms_close(alarms);
    return rc;
}

static int next_alarm(gk_alarms *alarms, struct gk_alarm *out, struct gk_error *error)
{
    uint8_t key[ALARM_ID_KEY];
    int rc;

    alarm_id_key(key, alarms->kind, alarms->from);
    rc = alarms->is_begun ? cursor_next(alarms->cursor, error)
                          : cursor_seek(alarms->cursor, view_of(key, sizeof key), error);
    if (rc != GK_OK)
        return rc;
    alarms->is_begun = true;
    struct view found = cursor_key(alarms->cursor);
    if (found.size != ALARM_ID_KEY || found.bytes[0] != (uint8_t)alarms->kind)
        return GK_DONE;
    return alarms_get(alarms->s->txn, unkey_u64(found.bytes + 1), out, error);
}

int gk_alarms_next(gk_alarms *alarms, struct gk_alarm *out, struct gk_error *error)
{
    int rc;

    do
        rc = next_alarm(alarms, out, error);
    while (rc == GK_OK && !sight_shows(alarms->s, out));
    return rc == GK_OK ? hide_under(alarms->s, out, error) : rc;
}

void gk_alarms_close(gk_alarms *alarms)
{
    if (!alarms)
        return;
    struct mem mem = alarms->s->mem;
    cursor_close(alarms->cursor);
    mem_free(&mem, alarms);
}
