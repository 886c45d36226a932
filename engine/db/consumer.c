/*
 * consumer.c - reading acts as they become durable, from where the consumer of this name last confirmed.
 *
 *     consumers/NAME         the last act that was confirmed, "NUMBER HASH"; replaced whole
 *     consumers/NAME.lock    locked as long as a process uses the name
 *
 * The place is not kept in the store, so that a consumer needs no writer. The hash tells whether the store still has
 * this act: one that was put back from an older copy gives its number to another, and whoever went on there would miss
 * acts. A read transaction is open only within a call: a consumer that waits for a gateway holds no pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "db/db.h"

#define PATH_SIZE  4096
#define NAME_MAX_  200 /* of a file, with room for ".lock" */
#define PLACE_SIZE 96

struct gk_consumer {
    gk_db *db;
    char folder[PATH_SIZE], name[NAME_MAX_ + 1]; /* name "": no place is kept */
    int lock_fd, bell_fd;
    uint64_t confirmed, given; /* numbers of acts; what comes next is given + 1 */
    struct buffer act, alarm;  /* records, copied out of the transaction */
};

static int check_name(const char *name, struct gk_error *error)
{
    char shown[TEXT_SHOWN_MAX];
    size_t size = strlen(name);

    if (text_is_name(name, size) && size <= NAME_MAX_ && name[0] != '.' && !strchr(name, '/') &&
        !(size > 5 && strcmp(name + size - 5, ".lock") == 0))
        return GK_OK;
    return error_set(error, GK_EINVAL,
                     "consumer '%s': expected a name of at most %d bytes that can be one of a file, without '/', "
                     "'.' before it and '.lock' behind it",
                     text_show(name, size, shown), NAME_MAX_);
}

static int lock(gk_consumer *c, struct gk_error *error)
{
    char path[PATH_SIZE + NAME_MAX_ + 8];

    (void)snprintf(path, sizeof path, "%s/%s.lock", c->folder, c->name);
    c->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (c->lock_fd < 0)
        return error_set(error, errno == EACCES ? GK_EREADONLY : GK_EIO, "%s: cannot be opened", path);
    if (flock(c->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(error, GK_EBUSY, "consumer '%s': another process reads under this name", c->name);
    return GK_OK;
}

static int copy(struct buffer *out, struct view value)
{
    buffer_reset(out);
    buffer_put(out, value.bytes, value.size);
    return buffer_status(out);
}

static int copy_alarm(gk_consumer *c, struct txn *txn, uint64_t id, struct gk_error *error)
{
    uint8_t key[ALARM_ID_KEY];
    struct view value;
    int rc;

    alarm_id_key(key, ALARM_RECORD, id);
    rc = txn_get(txn, STORE_ALARM, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND)
        return error_set(error, GK_ECORRUPT, "there is no alarm %" PRIu64 ", of which there are acts", id);
    TRY(rc);
    TRY(copy(&c->alarm, value));
done:
    return rc;
}

/* GK_DONE when there is no such act yet. */
static int copy_records(gk_consumer *c, uint64_t seq, struct gk_act *act, struct gk_error *error)
{
    struct txn *txn = NULL;
    struct view value;
    uint8_t key[8];
    int rc;

    key_u64(key, seq);
    TRY(store_read(c->db->store, &txn, error));
    rc = txn_get(txn, STORE_ACT, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND)
        rc = GK_DONE;
    TRY(rc);
    TRY(copy(&c->act, value));
    TRY(act_decode(seq, view_of(c->act.bytes, c->act.size), act, error));
    if (act->alarm != 0)
        TRY(copy_alarm(c, txn, act->alarm, error));
done:
    txn_abort(txn);
    return rc;
}

/* The text of a place. GK_DONE when there is no such act. */
static int place_of(gk_consumer *c, uint64_t seq, char text[PLACE_SIZE], struct gk_error *error)
{
    struct gk_act act;
    int rc = copy_records(c, seq, &act, error);

    if (rc != GK_OK)
        return rc;
    int n = snprintf(text, PLACE_SIZE, "%" PRIu64 " ", seq);
    for (int i = 0; i < SHA256_SIZE; i++)
        n += snprintf(text + n, PLACE_SIZE - (size_t)n, "%02x", act.hash[i]);
    (void)snprintf(text + n, PLACE_SIZE - (size_t)n, "\n"); /* all of it fits */
    return GK_OK;
}

/* A name without a place is new. */
static int load_place(gk_consumer *c, struct gk_error *error)
{
    char place[PLACE_SIZE];
    struct buffer text;
    int rc;

    buffer_init(&text, &c->db->mem);
    rc = file_read(c->folder, c->name, PLACE_SIZE, &text, error);
    if (rc == GK_ENOTFOUND) {
        rc = GK_OK;
        goto done;
    }
    TRY(rc);
    buffer_put_u8(&text, 0);
    TRY(buffer_status(&text));
    c->confirmed = strtoull((const char *)text.bytes, NULL, 10);
    rc = place_of(c, c->confirmed, place, error);
    if (rc == GK_DONE || (rc == GK_OK && strcmp(place, (const char *)text.bytes) != 0))
        rc = error_set(error, GK_ERANGE,
                       "consumer '%s' confirmed act %" PRIu64 ", which is not what this store has there: it was put "
                       "back from a copy; removing %s/%s begins anew",
                       c->name, c->confirmed, c->folder, c->name);
done:
    buffer_clear(&text);
    return rc;
}

static void watch_bell(gk_consumer *c)
{
    char path[PATH_SIZE + 16];

    (void)snprintf(path, sizeof path, "%s/lock.writer", store_path(c->db->store));
    c->bell_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (c->bell_fd >= 0 && inotify_add_watch(c->bell_fd, path, IN_MODIFY) < 0) {
        (void)close(c->bell_fd); /* nothing was written */
        c->bell_fd = -1;
    }
}

static int open_place(gk_consumer *c, const char *name, struct gk_error *error)
{
    int rc, n;

    TRY(check_name(name, error));
    memcpy(c->name, name, strlen(name) + 1);
    n = snprintf(c->folder, sizeof c->folder, "%s/consumers", store_path(c->db->store));
    if (n < 0 || (size_t)n >= sizeof c->folder)
        TRY(error_set(error, GK_EINVAL, "%s: the path is too long", store_path(c->db->store)));
    TRY(file_make_folder(c->folder, error));
    TRY(lock(c, error));
    TRY(load_place(c, error));
done:
    return rc;
}

int gk_consumer_open(gk_db *db, const char *name, uint64_t from, gk_consumer **out, struct gk_error *error)
{
    int rc = GK_OK;

    *out = NULL;
    gk_consumer *c = mem_zeroed(&db->mem, sizeof *c);
    if (!c)
        return error_set(error, GK_ENOMEM, "out of memory for a consumer");
    c->db = db;
    c->lock_fd = c->bell_fd = -1;
    c->confirmed = from > 0 ? from - 1 : 0;
    buffer_init(&c->act, &db->mem);
    buffer_init(&c->alarm, &db->mem);
    if (name)
        TRY(open_place(c, name, error));
    c->given = c->confirmed;
    watch_bell(c);
    *out = c;
    c = NULL;
done:
    gk_consumer_close(c);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a consumer"); /* rc says it too */
    return rc;
}

void gk_consumer_close(gk_consumer *c)
{
    if (!c)
        return;
    if (c->lock_fd >= 0)
        (void)close(c->lock_fd); /* gives the lock back */
    if (c->bell_fd >= 0)
        (void)close(c->bell_fd); /* nothing was written */
    buffer_clear(&c->act);
    buffer_clear(&c->alarm);
    struct mem mem = c->db->mem;
    mem_free(&mem, c);
}

int gk_consumer_fd(const gk_consumer *c)
{
    return c->bell_fd;
}

/* Before looking: what comes meanwhile rings anew. */
static void quiet_bell(const gk_consumer *c)
{
    char events[4096];

    while (c->bell_fd >= 0 && read(c->bell_fd, events, sizeof events) > 0)
        continue;
}

int gk_consumer_next(gk_consumer *c, struct gk_act *act, struct gk_alarm *alarm, struct gk_error *error)
{
    int rc = copy_records(c, c->given + 1, act, error);

    if (rc == GK_DONE) {
        quiet_bell(c);
        rc = copy_records(c, c->given + 1, act, error);
    }
    TRY(rc);
    memset(alarm, 0, sizeof *alarm);
    if (act->alarm != 0)
        TRY(alarm_decode(act->alarm, view_of(c->alarm.bytes, c->alarm.size), alarm, error));
    c->given = act->seq;
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for an act"); /* rc says it too */
    return rc;
}

int gk_consumer_confirm(gk_consumer *c, uint64_t seq, struct gk_error *error)
{
    char place[PLACE_SIZE];
    int rc = GK_OK;

    if (seq > c->given)
        return error_set(error, GK_EINVAL, "act %" PRIu64 " was not given to this consumer yet", seq);
    if (seq <= c->confirmed)
        return GK_OK;
    if (c->name[0]) {
        rc = place_of(c, seq, place, error);
        if (rc == GK_DONE)
            rc = error_set(error, GK_ECORRUPT, "there is no act %" PRIu64 " any more", seq);
        TRY(rc);
        TRY(file_write(c->folder, c->name, place, strlen(place), error));
    }
    c->confirmed = seq;
done:
    return rc;
}
