/*
 * acts_heal.c - alarms made again of their acts. An act that is lost, or does not follow on those that are there, is
 * passed over: a check names it still, and nothing can bring it back.
 */
#include "db/acts_heal.h"

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

/* Puts an entry of an index, or drops it: but not one that another alarm has there since. */
static int put_entry(struct txn *txn, struct view key, struct view value, bool is, struct gk_error *error)
{
    struct view have;
    int rc;

    if (is)
        return txn_put(txn, STORE_ALARM, key, value, error);
    rc = txn_get(txn, STORE_ALARM, key, &have, error);
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    if (rc == GK_OK && have.size == value.size && (have.size == 0 || memcmp(have.bytes, value.bytes, have.size) == 0))
        rc = txn_delete(txn, STORE_ALARM, key, error);
    return rc;
}

static int put_alarm(struct txn *txn, const struct gk_alarm *alarm, struct buffer *bytes, struct gk_error *error)
{
    const struct gk_text rule = {alarm->rule, strlen(alarm->rule)}, subject = {alarm->subject, strlen(alarm->subject)};
    uint8_t record[ALARM_ID_KEY], open[ALARM_ID_KEY], firing[ALARM_FIRING_KEY], id[8];
    int rc;

    buffer_reset(bytes);
    TRY(alarm_encode(alarm, bytes));
    alarm_id_key(record, ALARM_RECORD, alarm->id);
    alarm_id_key(open, ALARM_OPEN, alarm->id);
    alarm_firing_key(firing, rule, alarm->subject_kind, subject);
    store_u64(id, alarm->id);
    /* From here on the texts are gone: they were lent by pages that change. */
    TRY(txn_put(txn, STORE_ALARM, view_of(record, sizeof record), view_of(bytes->bytes, bytes->size), error));
    TRY(put_entry(txn, view_of(open, sizeof open), view_of(NULL, 0), alarm_is_open(alarm), error));
    TRY(put_entry(txn, view_of(firing, sizeof firing), view_of(id, sizeof id), alarm_is_firing(alarm), error));
done:
    return rc;
}

/* An act that is not there, or is none, is passed over. */
static int happen(struct txn *txn, uint64_t seq, struct buffer *bytes, struct gk_error *error)
{
    struct gk_alarm alarm;
    struct gk_act act;
    int rc = acts_get(txn, seq, &act, error);

    if (rc == GK_ENOTFOUND || rc == GK_ECORRUPT || (rc == GK_OK && act.alarm == 0))
        return GK_OK;
    TRY(rc);
    if (act.kind != GK_ACT_RAISED) {
        rc = alarms_get(txn, act.alarm, &alarm, error);
        if (rc == GK_ENOTFOUND || (rc == GK_OK && alarm_accepts(&alarm, &act, NULL) != GK_OK))
            return GK_OK;
        TRY(rc);
    }
    alarm_apply(&alarm, &act);
    TRY(put_alarm(txn, &alarm, bytes, error));
done:
    return rc;
}

int acts_heal(gk_db *db, struct gk_error *error)
{
    struct txn *txn = NULL;
    struct buffer bytes;
    int rc;

    buffer_init(&bytes, &db->mem);
    TRY(store_write(db->store, &txn, error));
    TRY(drop_alarms(txn, error));
    for (uint64_t seq = 1; seq <= db->acts.last; seq++)
        TRY(happen(txn, seq, &bytes, error));
    struct txn *committing = txn;
    txn = NULL;
    rc = txn_commit(committing, error);
done:
    txn_abort(txn);
    buffer_clear(&bytes);
    return rc;
}
