/*
 * acts_check.c - whether the record still is what was recorded: the chain of hashes, and the alarms as their acts make
 * them.
 */
#include "db/acts_check.h"

#include <inttypes.h>

static int check_link(const struct gk_act *act, uint64_t expected, struct view record,
                      const uint8_t before[SHA256_SIZE], struct gk_error *error)
{
    uint8_t hash[SHA256_SIZE];

    if (act->seq != expected)
        return error_set(error, GK_ECORRUPT, "act %" PRIu64 " is missing", expected);
    act_hash(before, act->seq, record, hash);
    if (memcmp(hash, act->hash, sizeof hash) != 0)
        return error_set(error, GK_ECORRUPT,
                         "act %" PRIu64 ": its hash does not follow from the act before it and its bytes", act->seq);
    return GK_OK;
}

int acts_verify(struct txn *txn, const uint8_t *root, uint64_t *seq, struct gk_error *error)
{
    uint8_t before[SHA256_SIZE] = {0};
    struct cursor *cursor = NULL;
    struct view key, value;
    struct gk_act act;
    uint64_t n = 0, found = 0;
    int rc;

    TRY(cursor_open(txn, STORE_ACT, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        n++;
        TRY(cursor_value(cursor, &value, error));
        key = cursor_key(cursor);
        if (key.size != 8)
            TRY(error_set(error, GK_ECORRUPT, "a key of the table act has %zu bytes", key.size));
        TRY(act_decode(unkey_u64(key.bytes), value, &act, error));
        TRY(check_link(&act, n, value, before, error));
        memcpy(before, act.hash, sizeof before);
        if (root && memcmp(root, act.hash, sizeof before) == 0)
            found = n;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
    if (rc == GK_OK && root && found == 0)
        rc = error_set(error, GK_ENOTFOUND,
                       "none of the %" PRIu64 " acts has this hash: what was recorded up to it was "
                       "changed, or is gone",
                       n);
done:
    cursor_close(cursor);
    *seq = root && rc == GK_OK ? found : n;
    return rc;
}

int gk_acts_verify(gk_snapshot *s, const uint8_t *root, uint64_t *seq, struct gk_error *error)
{
    if (s->sight)
        return error_set(error, GK_EINVAL, "the chain of acts is verified by who sees all of it");
    return acts_verify(s->txn, root, seq, error);
}

/* ---- alarms
 * ----------------------------------------------------------------------------------------------------------- */

/* What the acts of an alarm come to, beside what is stored. */
static int fold(gk_snapshot *s, uint64_t id, struct gk_alarm *out, struct gk_error *error)
{
    gk_acts *acts = NULL;
    struct gk_act act;
    int rc;

    memset(out, 0, sizeof *out);
    TRY(gk_acts_open(s, id, 0, &acts, error));
    while ((rc = gk_acts_next(acts, &act, error)) == GK_OK) {
        if (act.kind != GK_ACT_RAISED && out->id == 0)
            TRY(error_set(error, GK_ECORRUPT, "alarm %" PRIu64 " begins with no act that raises it", id));
        if (act.kind != GK_ACT_RAISED)
            TRY(alarm_accepts(out, &act, error));
        alarm_apply(out, &act);
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_acts_close(acts);
    return rc;
}

static bool has_entry(gk_snapshot *s, const uint8_t *key, size_t size, uint64_t id)
{
    struct view value;

    return txn_get(s->txn, STORE_ALARM, view_of(key, size), &value, NULL) == GK_OK &&
           (value.size == 0 || (value.size == 8 && load_u64(value.bytes) == id));
}

/* Its entries in the two indexes: there when they ought to be. */
static int check_entries(gk_snapshot *s, const struct gk_alarm *alarm, struct alarms_count *count,
                         struct gk_error *error)
{
    uint8_t open[ALARM_ID_KEY], firing[ALARM_FIRING_KEY];
    const struct gk_text rule = {alarm->rule, strlen(alarm->rule)}, subject = {alarm->subject, strlen(alarm->subject)};

    alarm_id_key(open, ALARM_OPEN, alarm->id);
    alarm_firing_key(firing, rule, alarm->subject_kind, subject);
    count->n_open += alarm_is_open(alarm);
    count->n_firing += alarm_is_firing(alarm);
    if (alarm_is_open(alarm) && !has_entry(s, open, sizeof open, alarm->id))
        return error_set(error, GK_ECORRUPT, "alarm %" PRIu64 " is open and not among those that are", alarm->id);
    if (alarm_is_firing(alarm) && !has_entry(s, firing, sizeof firing, alarm->id))
        return error_set(error, GK_ECORRUPT, "alarm %" PRIu64 " fires and not among those that do", alarm->id);
    return GK_OK;
}

int alarms_check_record(gk_snapshot *s, struct view key, struct view value, struct alarms_count *count,
                        struct gk_error *error)
{
    struct gk_alarm folded;
    struct buffer bytes;
    int rc;

    buffer_init(&bytes, &s->mem);
    rc = alarm_dump_record(key, value, &bytes); /* knows every kind of record */
    if (rc == GK_ECORRUPT || rc == GK_EVERSION)
        TRY(error_set(error, rc, "a record that is none"));
    TRY(rc);
    count->n_open_entries += key.bytes[0] == ALARM_OPEN;
    count->n_firing_entries += key.bytes[0] == ALARM_FIRING;
    if (key.bytes[0] != ALARM_RECORD)
        goto done;
    uint64_t id = unkey_u64(key.bytes + 1);
    TRY(fold(s, id, &folded, error));
    count->n_acts += folded.n_acts;
    buffer_reset(&bytes);
    TRY(alarm_encode(&folded, &bytes));
    if (bytes.size != value.size || memcmp(bytes.bytes, value.bytes, value.size) != 0)
        TRY(error_set(error, GK_ECORRUPT, "alarm %" PRIu64 " is not what its acts come to", id));
    TRY(check_entries(s, &folded, count, error));
done:
    buffer_clear(&bytes);
    if (rc == GK_EEXIST || rc == GK_ENOTFOUND) { /* an act that could not be, or is not there */
        if (error)
            error->status = GK_ECORRUPT;
        rc = GK_ECORRUPT;
    }
    return rc;
}

int alarms_check_sums(gk_snapshot *s, const struct alarms_count *count, struct gk_error *error)
{
    gk_acts *acts = NULL;
    struct gk_act act;
    uint64_t n = 0;
    int rc;

    TRY(gk_acts_open(s, 0, 0, &acts, error));
    while ((rc = gk_acts_next(acts, &act, error)) == GK_OK)
        n += act.alarm != 0;
    if (rc != GK_DONE)
        goto done;
    rc = GK_OK;
    if (n != count->n_acts)
        TRY(error_set(error, GK_ECORRUPT, "%" PRIu64 " acts are of alarms, which know of %" PRIu64, n, count->n_acts));
    if (count->n_open != count->n_open_entries || count->n_firing != count->n_firing_entries)
        TRY(error_set(error, GK_ECORRUPT,
                      "%" PRIu64 " alarms are open and %" PRIu64 " fire; the indexes have %" PRIu64 " and %" PRIu64,
                      count->n_open, count->n_firing, count->n_open_entries, count->n_firing_entries));
done:
    gk_acts_close(acts);
    return rc;
}
