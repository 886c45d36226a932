/*
 * acts.c - putting acts: each is checked against its alarm as the acts before it left it, gets the next number and its
 * hash at once, and waits for the commit together with the alarm's new record.
 *
 * A commit that fails leaves all of it waiting: nothing is lost, and nothing is put twice, as the numbers stay. Where
 * there is no room for rows, acts become durable without them (commit.c).
 */
#include "db/acts.h"

#include <inttypes.h>

#include "db/commit.h"

void acts_init(struct acts *acts, const struct mem *mem)
{
    memset(acts, 0, sizeof *acts);
    buffer_init(&acts->bytes, mem);
}

static void drop_touched(struct acts *acts, size_t n)
{
    while (acts->n_touched > n)
        buffer_clear(&acts->touched[--acts->n_touched].bytes);
}

void acts_clear(struct acts *acts)
{
    const struct mem *mem = acts->bytes.mem;

    drop_touched(acts, 0);
    buffer_clear(&acts->bytes);
    mem_free(mem, acts->ends);
    mem_free(mem, acts->touched);
}

void acts_committed(struct acts *acts)
{
    drop_touched(acts, 0);
    buffer_reset(&acts->bytes);
    acts->n = 0;
}

/* ---- records
 * ---------------------------------------------------------------------------------------------------------- */

int acts_get(struct txn *txn, uint64_t seq, struct gk_act *out, struct gk_error *error)
{
    uint8_t key[8];
    struct view value;

    key_u64(key, seq);
    int rc = txn_get(txn, STORE_ACT, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND)
        return error_set(error, rc, "there is no act %" PRIu64, seq);
    return rc == GK_OK ? act_decode(seq, value, out, error) : rc;
}

int alarms_get(struct txn *txn, uint64_t id, struct gk_alarm *out, struct gk_error *error)
{
    uint8_t key[ALARM_ID_KEY];
    struct view value;

    alarm_id_key(key, ALARM_RECORD, id);
    int rc = txn_get(txn, STORE_ALARM, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND)
        return error_set(error, rc, "there is no alarm %" PRIu64, id);
    return rc == GK_OK ? alarm_decode(id, value, out, error) : rc;
}

int acts_last(struct txn *txn, uint64_t *seq, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    *seq = 0;
    TRY(cursor_open(txn, STORE_ACT, &cursor, error));
    rc = cursor_last(cursor, error);
    if (rc == GK_OK && cursor_key(cursor).size == 8)
        *seq = unkey_u64(cursor_key(cursor).bytes);
    else if (rc == GK_OK)
        rc = error_set(error, GK_ECORRUPT, "a key of the table act has %zu bytes", cursor_key(cursor).size);
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

int acts_load(struct acts *acts, struct txn *txn, struct gk_error *error)
{
    struct gk_act act;
    int rc;

    TRY(acts_last(txn, &acts->last, error));
    if (acts->last > 0) {
        TRY(acts_get(txn, acts->last, &act, error));
        memcpy(acts->hash, act.hash, SHA256_SIZE);
    }
done:
    return rc;
}

/* ---- committing
 * ------------------------------------------------------------------------------------------------------- */

/* Brings an entry of an index after what its alarm is. */
static int put_entry(struct txn *txn, struct view key, struct view value, bool was, bool is, struct gk_error *error)
{
    if (is && !was)
        return txn_put(txn, STORE_ALARM, key, value, error);
    if (was && !is) {
        int rc = txn_delete(txn, STORE_ALARM, key, error);
        return rc == GK_ENOTFOUND ? error_set(error, GK_ECORRUPT, "an entry of the table alarm is missing") : rc;
    }
    return GK_OK;
}

static int put_touched(struct txn *txn, const struct touched *t, struct gk_error *error)
{
    uint8_t key[ALARM_ID_KEY], id[8];
    struct view record = view_of(t->bytes.bytes, t->bytes.size);
    struct gk_alarm alarm;
    int rc;

    TRY(alarm_decode(t->id, record, &alarm, error));
    alarm_id_key(key, ALARM_RECORD, t->id);
    TRY(txn_put(txn, STORE_ALARM, view_of(key, sizeof key), record, error));
    alarm_id_key(key, ALARM_OPEN, t->id);
    TRY(put_entry(txn, view_of(key, sizeof key), view_of(NULL, 0), t->was_open, alarm_is_open(&alarm), error));
    store_u64(id, t->id);
    TRY(put_entry(txn, view_of(t->firing_key, sizeof t->firing_key), view_of(id, sizeof id), t->was_firing,
                  t->is_firing, error));
done:
    return rc;
}

int acts_put(struct acts *acts, struct txn *txn, struct gk_error *error)
{
    int rc = GK_OK;

    for (size_t i = 0; i < acts->n; i++) {
        size_t begin = i ? acts->ends[i - 1] : 0;
        uint8_t key[8];
        key_u64(key, acts->last - acts->n + 1 + i);
        TRY(txn_append(txn, STORE_ACT, view_of(key, sizeof key),
                       view_of(acts->bytes.bytes + begin, acts->ends[i] - begin), error));
    }
    /* Who ceased to fire before who fires anew: both may be of one rule and subject. */
    for (size_t i = 0; i < acts->n_touched; i++)
        if (!acts->touched[i].is_firing)
            TRY(put_touched(txn, &acts->touched[i], error));
    for (size_t i = 0; i < acts->n_touched; i++)
        if (acts->touched[i].is_firing)
            TRY(put_touched(txn, &acts->touched[i], error));
done:
    return rc;
}

/* ---- putting
 * ---------------------------------------------------------------------------------------------------------- */

static struct touched *find_touched(const struct acts *acts, uint64_t id)
{
    for (size_t i = acts->n_touched; i-- > 0;) /* the newest first: it is asked for most */
        if (acts->touched[i].id == id)
            return &acts->touched[i];
    return NULL;
}

/* Adds an alarm to those that are touched; its record is empty. */
static struct touched *add_touched(struct acts *acts, uint64_t id)
{
    const struct mem *mem = acts->bytes.mem;

    if (mem_reserve(mem, &acts->touched, &acts->touched_capacity, acts->n_touched + 1, sizeof *acts->touched) != GK_OK)
        return NULL;
    struct touched *t = &acts->touched[acts->n_touched++];
    memset(t, 0, sizeof *t);
    t->id = id;
    buffer_init(&t->bytes, mem);
    return t;
}

static struct gk_text text_of(const char *text)
{
    struct gk_text t = {text, strlen(text)};
    return t;
}

static void key_of(const struct gk_alarm *alarm, uint8_t key[ALARM_FIRING_KEY])
{
    alarm_firing_key(key, text_of(alarm->rule), alarm->subject_kind, text_of(alarm->subject));
}

static int find_firing(gk_db *db, const uint8_t key[ALARM_FIRING_KEY], uint64_t *id, struct gk_error *error)
{
    const struct acts *acts = &db->acts;
    struct view value;
    struct txn *txn;
    int rc;

    *id = 0;
    for (size_t i = acts->n_touched; i-- > 0;)
        if (acts->touched[i].is_firing && memcmp(acts->touched[i].firing_key, key, ALARM_FIRING_KEY) == 0) {
            *id = acts->touched[i].id;
            return GK_OK;
        }
    TRY(db_lookup(db, &txn, error));
    rc = txn_get(txn, STORE_ALARM, view_of(key, ALARM_FIRING_KEY), &value, error);
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    TRY(rc);
    if (value.size != 8)
        TRY(error_set(error, GK_ECORRUPT, "table alarm: an id of %zu bytes", value.size));
    *id = load_u64(value.bytes);
    if (find_touched(acts, *id)) /* it fires no more since */
        *id = 0;
done:
    return rc;
}

/* The alarm as the acts so far left it. */
static int touch(gk_db *db, uint64_t id, struct touched **out, struct gk_error *error)
{
    struct gk_alarm alarm;
    struct txn *txn;
    uint8_t key[ALARM_FIRING_KEY];
    uint64_t firing;
    int rc;

    *out = find_touched(&db->acts, id);
    if (*out)
        return GK_OK;
    TRY(db_lookup(db, &txn, error));
    TRY(alarms_get(txn, id, &alarm, error));
    key_of(&alarm, key);
    TRY(find_firing(db, key, &firing, error));
    *out = add_touched(&db->acts, id);
    if (!*out)
        TRY(GK_ENOMEM);
    (*out)->was_open = alarm_is_open(&alarm);
    (*out)->is_firing = alarm_is_firing(&alarm);
    (*out)->was_firing = firing == id; /* else the entry is of one that came after it, and stays */
    memcpy((*out)->firing_key, key, sizeof key);
    TRY(alarm_encode(&alarm, &(*out)->bytes));
done:
    return rc;
}

int gk_alarm_firing(gk_db *db, struct gk_text rule, enum gk_kind subject_kind, struct gk_text subject, uint64_t *id,
                    struct gk_error *error)
{
    uint8_t key[ALARM_FIRING_KEY];
    int rc;

    *id = 0;
    TRY(db_need_writer(db, error));
    alarm_firing_key(key, rule, subject_kind, subject);
    TRY(find_firing(db, key, id, error));
done:
    return rc;
}

/* A rule and a subject have one alarm that fires. */
static int check_firing(gk_db *db, const struct gk_alarm *alarm, const uint8_t key[ALARM_FIRING_KEY],
                        struct gk_error *error)
{
    uint64_t id;
    int rc;

    TRY(find_firing(db, key, &id, error));
    if (id != 0 && id != alarm->id)
        rc = error_set(error, GK_EEXIST, "rule '%s' has the alarm %" PRIu64 " of '%s' already, and it goes on",
                       alarm->rule, id, alarm->subject);
done:
    return rc;
}

/* What the act makes of its alarm, into `fresh` and, if all is well, in the place of the alarm's record. */
static int apply(gk_db *db, const struct gk_act *act, struct touched *t, struct buffer *fresh, struct gk_error *error)
{
    struct gk_alarm alarm;
    bool was_firing = t->is_firing;
    int rc = GK_OK;

    if (act->kind != GK_ACT_RAISED) {
        TRY(alarm_decode(t->id, view_of(t->bytes.bytes, t->bytes.size), &alarm, error));
        TRY(alarm_accepts(&alarm, act, error));
    }
    alarm_apply(&alarm, act);
    if (act->kind == GK_ACT_RAISED)
        key_of(&alarm, t->firing_key);
    if (alarm_is_firing(&alarm) && !was_firing)
        TRY(check_firing(db, &alarm, t->firing_key, error));
    TRY(alarm_encode(&alarm, fresh));
    t->is_firing = alarm_is_firing(&alarm);
    struct buffer old = t->bytes;
    t->bytes = *fresh;
    *fresh = old;
done:
    return rc;
}

/* Adds the record and what it makes of its alarm; undone by the caller when it fails. */
static int add(gk_db *db, const struct gk_act_put *put, struct gk_error *error)
{
    struct acts *acts = &db->acts;
    size_t begin = acts->bytes.size;
    struct act_place place = {acts->last + 1, put->alarm, 0, gk_clock(db), acts->hash};
    struct touched *t = NULL;
    struct gk_alarm alarm;
    struct gk_act act;
    struct buffer fresh;
    int rc;

    buffer_init(&fresh, acts->bytes.mem);
    TRY(mem_reserve(acts->bytes.mem, &acts->ends, &acts->capacity, acts->n + 1, sizeof *acts->ends));
    if (put->kind == GK_ACT_RAISED) {
        place.alarm = place.seq;
        t = add_touched(acts, place.seq);
        if (!t)
            TRY(GK_ENOMEM);
    } else if (put->alarm != 0) {
        TRY(touch(db, put->alarm, &t, error));
        TRY(alarm_decode(t->id, view_of(t->bytes.bytes, t->bytes.size), &alarm, error));
        place.before = alarm.last;
    }
    TRY(act_encode(put, &place, &acts->bytes));
    TRY(act_decode(place.seq, view_of(acts->bytes.bytes + begin, acts->bytes.size - begin), &act, error));
    if (t)
        TRY(apply(db, &act, t, &fresh, error));
    memcpy(acts->hash, act.hash, SHA256_SIZE);
    acts->ends[acts->n++] = acts->bytes.size;
    acts->last = place.seq;
done:
    buffer_clear(&fresh);
    return rc;
}

int acts_add(gk_db *db, const struct gk_act_put *put, struct gk_error *error)
{
    struct acts *acts = &db->acts;
    size_t size = acts->bytes.size, n_touched = acts->n_touched;
    int rc;

    if (put->about > acts->last)
        return error_set(error, GK_ENOTFOUND, "an act about act %" PRIu64 ": there is none", put->about);
    rc = add(db, put, error);
    if (rc == GK_OK) {
        pending_touch_acts(db);
        return GK_OK;
    }
    acts->bytes.size = size;
    acts->bytes.failed = false;
    drop_touched(acts, n_touched);
    return rc;
}

int acts_take_put(const struct gk_act_put *given, struct gk_act_put *out, struct gk_error *error)
{
    memset(out, 0, sizeof *out);
    if (given->size < sizeof given->size || given->size > sizeof *out)
        return error_set(error, GK_EINVAL, "gk_act_put: set size to sizeof(struct gk_act_put)");
    memcpy(out, given, given->size);
    return act_check_put(out, error);
}

int gk_act_put(gk_db *db, const struct gk_act_put *given, uint64_t *seq, struct gk_error *error)
{
    struct gk_act_put put;
    int rc;

    TRY(db_need_writer(db, error));
    TRY(acts_take_put(given, &put, error));
    if (db->acts.n >= ACTS_PENDING_MAX || db->acts.bytes.size >= ACTS_PENDING_BYTES_MAX) {
        rc = gk_commit(db, error);
        TRY(rc == GK_EFULL && db->acts.n == 0 ? GK_OK : rc); /* rows alone wait */
    }
    TRY(acts_add(db, &put, error));
    if (seq)
        *seq = db->acts.last;
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for an act"); /* rc says it too */
    return rc;
}
