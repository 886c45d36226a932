/*
 * acts_heal.c - alarms made again of their acts. An act that is lost, or does not follow on those that are there, is
 * passed over: a check names it still, and nothing can bring it back. But a rule and a subject have one alarm that
 * fires: where an older one does too, the act that ended it is lost, and a new act says so.
 */
#include "db/acts_heal.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/commit.h"

struct healing {
    gk_db *db;
    struct txn *txn;
    struct buffer bytes; /* of an alarm */
    struct ended {
        uint64_t id, next; /* an alarm, and the one of the same rule and subject that fired when it did still */
    } * ended;
    size_t n_ended, capacity;
};

/* All but what was taken in from the inbox, which no act says. */
static int drop_alarms(struct txn *txn, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[STORE_KEY_MAX];
    int rc = GK_OK;

    for (;;) {
        TRY(cursor_open(txn, STORE_ALARM, &cursor, error));
        rc = cursor_first(cursor, error);
        struct view found = rc == GK_OK ? cursor_key(cursor) : view_of(NULL, 0);
        bool is_alarm = rc == GK_OK && found.bytes[0] != ALARM_TAKEN;
        if (is_alarm)
            memcpy(key, found.bytes, found.size);
        cursor_close(cursor);
        cursor = NULL;
        if (!is_alarm)
            break;
        TRY(txn_delete(txn, STORE_ALARM, view_of(key, found.size), error));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

static int put_open(struct txn *txn, uint64_t id, bool is_open, struct gk_error *error)
{
    uint8_t key[ALARM_ID_KEY];

    alarm_id_key(key, ALARM_OPEN, id);
    if (is_open)
        return txn_put(txn, STORE_ALARM, view_of(key, sizeof key), view_of(NULL, 0), error);
    int rc = txn_delete(txn, STORE_ALARM, view_of(key, sizeof key), error);
    return rc == GK_ENOTFOUND ? GK_OK : rc;
}

static int note_ended(struct healing *h, uint64_t id, uint64_t next, struct gk_error *error)
{
    if (mem_reserve(&h->db->mem, &h->ended, &h->capacity, h->n_ended + 1, sizeof *h->ended) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for the alarms");
    h->ended[h->n_ended++] = (struct ended){id, next};
    return GK_OK;
}

/* Of two that fire, the newer one has the entry, and the other must have ended. */
static int put_firing(struct healing *h, const uint8_t firing[ALARM_FIRING_KEY], uint64_t id, bool is_firing,
                      struct gk_error *error)
{
    struct view key = view_of(firing, ALARM_FIRING_KEY), have;
    uint8_t value[8];
    int rc = txn_get(h->txn, STORE_ALARM, key, &have, error);
    uint64_t holder = rc == GK_OK ? load_u64(have.bytes) : 0;

    TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    if (is_firing && holder != 0 && holder != id)
        TRY(note_ended(h, holder < id ? holder : id, holder < id ? id : holder, error));
    store_u64(value, id);
    if (is_firing && holder < id)
        return txn_put(h->txn, STORE_ALARM, key, view_of(value, sizeof value), error);
    if (!is_firing && holder == id)
        rc = txn_delete(h->txn, STORE_ALARM, key, error);
done:
    return rc;
}

static int put_alarm(struct healing *h, const struct gk_alarm *alarm, struct gk_error *error)
{
    const struct gk_text rule = {alarm->rule, strlen(alarm->rule)}, subject = {alarm->subject, strlen(alarm->subject)};
    bool is_open = alarm_is_open(alarm), is_firing = alarm_is_firing(alarm);
    uint8_t record[ALARM_ID_KEY], firing[ALARM_FIRING_KEY];
    int rc;

    buffer_reset(&h->bytes);
    TRY(alarm_encode(alarm, &h->bytes));
    alarm_id_key(record, ALARM_RECORD, alarm->id);
    alarm_firing_key(firing, rule, alarm->subject_kind, subject);
    /* From here on the texts are gone: they were lent by pages that change. */
    TRY(txn_put(h->txn, STORE_ALARM, view_of(record, sizeof record), view_of(h->bytes.bytes, h->bytes.size), error));
    TRY(put_open(h->txn, alarm->id, is_open, error));
    TRY(put_firing(h, firing, alarm->id, is_firing, error));
done:
    return rc;
}

/* An act that is not there, or is none, is passed over. */
static int happen(struct healing *h, uint64_t seq, struct gk_error *error)
{
    struct gk_alarm alarm;
    struct gk_act act;
    int rc = acts_get(h->txn, seq, &act, error);

    if (rc == GK_ENOTFOUND || rc == GK_ECORRUPT || (rc == GK_OK && act.alarm == 0))
        return GK_OK;
    TRY(rc);
    if (act.kind != GK_ACT_RAISED) {
        rc = alarms_get(h->txn, act.alarm, &alarm, error);
        if (rc == GK_ENOTFOUND || (rc == GK_OK && alarm_accepts(&alarm, &act, NULL) != GK_OK))
            return GK_OK;
        TRY(rc);
    }
    alarm_apply(&alarm, &act);
    TRY(put_alarm(h, &alarm, error));
done:
    return rc;
}

static int replay(struct healing *h, struct gk_error *error)
{
    int rc;

    TRY(store_write(h->db->store, &h->txn, error));
    TRY(drop_alarms(h->txn, error));
    for (uint64_t seq = 1; seq <= h->db->acts.last; seq++)
        TRY(happen(h, seq, error));
    struct txn *committing = h->txn;
    h->txn = NULL;
    rc = txn_commit(committing, error);
done:
    return rc;
}

/* It was over when the next one began: that much is known of its end. */
static int end_alarm(struct healing *h, const struct ended *ended, struct gk_error *error)
{
    static const char ACTOR[] = "gk repair";
    struct gk_act_put put = {.size = sizeof put, .kind = GK_ACT_RECOVERED, .alarm = ended->id, .from = GK_TIME_MIN};
    struct gk_alarm alarm, next;
    char text[96];
    int rc;

    TRY(alarms_get(h->txn, ended->id, &alarm, error));
    TRY(alarms_get(h->txn, ended->next, &next, error));
    int n = snprintf(text, sizeof text, "the act that ended it is lost; alarm %" PRIu64 " came after it", ended->next);
    put.to = next.from > alarm.from ? next.from : alarm.from;
    put.actor = (struct gk_text){ACTOR, sizeof ACTOR - 1};
    put.text = (struct gk_text){text, (size_t)n};
    rc = gk_act_put(h->db, &put, NULL, error);
    rc = rc == GK_EEXIST ? GK_OK : rc; /* a later act ended it, or it is noted twice */
done:
    return rc;
}

static int end_alarms(struct healing *h, struct gk_error *error)
{
    int rc;

    if (h->n_ended == 0)
        return GK_OK;
    TRY(store_read(h->db->store, &h->txn, error));
    for (size_t i = 0; i < h->n_ended; i++)
        TRY(end_alarm(h, &h->ended[i], error));
    TRY(gk_commit(h->db, error));
done:
    return rc;
}

int acts_heal(gk_db *db, struct gk_error *error)
{
    struct healing h = {.db = db};
    int rc;

    buffer_init(&h.bytes, &db->mem);
    TRY(replay(&h, error));
    TRY(end_alarms(&h, error));
done:
    txn_abort(h.txn);
    buffer_clear(&h.bytes);
    mem_free(&db->mem, h.ended);
    return rc;
}
