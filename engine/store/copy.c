/*
 * copy.c - see copy.h.
 */
#include "store/copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

struct copy {
    struct mem mem;
    struct store *store; /* the copy; NULL once it is synced */
    bool is_synced, is_published;
    struct txn *txn; /* of the copy, within a step */
    unsigned table;  /* where the pass is: behind the key `last` of this table */
    struct buffer last;
    uint64_t bytes;
    char *dest, *part;
};

static char *join(const struct mem *mem, const char *a, size_t size, const char *b)
{
    char *text = mem_new(mem, size + strlen(b) + 1);

    if (text) {
        memcpy(text, a, size);
        memcpy(text + size, b, strlen(b) + 1);
    }
    return text;
}

int copy_open(const struct mem *mem, const char *dest, uint64_t map_size, struct copy **out, struct gk_error *error)
{
    const struct store_options options = {
        .is_writer = true, .may_create = true, .is_scratch = true, .ballast = -1, .map_size = map_size};
    size_t size = strlen(dest);
    struct stat st;
    bool is_new;
    int rc;

    *out = NULL;
    while (size > 1 && dest[size - 1] == '/')
        size--;
    struct copy *copy = mem_zeroed(mem, sizeof *copy);
    if (!copy)
        return error_set(error, GK_ENOMEM, "%s: out of memory", dest);
    copy->mem = *mem;
    buffer_init(&copy->last, &copy->mem);
    copy->dest = join(mem, dest, size, "");
    copy->part = join(mem, dest, size, ".gk-unfinished");
    if (!copy->dest || !copy->part)
        TRY(error_set(error, GK_ENOMEM, "%s: out of memory", dest));
    if (lstat(copy->dest, &st) == 0)
        TRY(error_set(error, GK_EEXIST, "%s: there is something already; a copy replaces nothing", copy->dest));
    TRY(store_open(mem, copy->part, &options, &copy->store, &is_new, error));
    *out = copy;
    copy = NULL;
done:
    copy_close(copy);
    return rc;
}

/* ---- a pass
 * ------------------------------------------------------------------------------------------------------------- */

/* LMDB's order. */
static int compare(struct view a, struct view b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.bytes, b.bytes, n);

    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* The first record behind `last`. */
static int seek_behind(const struct copy *copy, struct cursor *cursor, struct gk_error *error)
{
    struct view last = {copy->last.bytes, copy->last.size};

    if (last.size == 0)
        return cursor_first(cursor, error);
    int rc = cursor_seek(cursor, last, error);
    if (rc == GK_OK && compare(cursor_key(cursor), last) == 0)
        rc = cursor_next(cursor, error);
    return rc;
}

static int remember(struct copy *copy, struct view key, struct gk_error *error)
{
    buffer_reset(&copy->last);
    buffer_put(&copy->last, key.bytes, key.size);
    return copy->last.failed ? error_set(error, GK_ENOMEM, "%s: out of memory", copy->part) : GK_OK;
}

/* The record at `from`; *at_to is where the copy's cursor stands: GK_DONE when nothing is behind `last`. */
static int take_record(struct copy *copy, struct cursor *from, struct cursor *to, bool is_there, int *at_to,
                       struct gk_error *error)
{
    struct view value;
    int rc;

    TRY(remember(copy, cursor_key(from), error));
    if (is_there && cursor_is_same(from, to)) {
        *at_to = cursor_next(to, error);
        goto done;
    }
    TRY(cursor_value(from, &value, error));
    copy->bytes += copy->last.size + value.size;
    struct view key = {copy->last.bytes, copy->last.size};
    if (*at_to == GK_DONE) {
        TRY(txn_append(copy->txn, copy->table, key, value, error));
        goto done;
    }
    TRY(txn_put(copy->txn, copy->table, key, value, error));
    *at_to = seek_behind(copy, to, error);
done:
    return rc;
}

/* A record that the source has no more. */
static int drop_record(struct copy *copy, struct cursor *to, int *at_to, struct gk_error *error)
{
    int rc;

    TRY(remember(copy, cursor_key(to), error));
    struct view key = {copy->last.bytes, copy->last.size};
    TRY(txn_delete(copy->txn, copy->table, key, error));
    *at_to = seek_behind(copy, to, error);
done:
    return rc;
}

/* GK_DONE at the end of the table. */
static int walk_table(struct copy *copy, struct txn *source, uint64_t until, struct gk_error *error)
{
    struct cursor *from = NULL, *to = NULL;
    int rc, at_from, at_to;

    TRY(cursor_open(source, copy->table, &from, error));
    TRY(cursor_open(copy->txn, copy->table, &to, error));
    at_from = seek_behind(copy, from, error);
    at_to = seek_behind(copy, to, error);
    while (at_from >= 0 && at_to >= 0 && copy->bytes < until) {
        if (at_from == GK_DONE && at_to == GK_DONE) {
            rc = GK_DONE;
            goto done;
        }
        int order = at_from == GK_DONE ? 1 : at_to == GK_DONE ? -1 : compare(cursor_key(from), cursor_key(to));
        if (order > 0) {
            TRY(drop_record(copy, to, &at_to, error));
        } else {
            TRY(take_record(copy, from, to, order == 0, &at_to, error));
            at_from = cursor_next(from, error);
        }
    }
    rc = at_from < 0 ? at_from : at_to < 0 ? at_to : GK_OK;
done:
    cursor_close(to);
    cursor_close(from);
    return rc;
}

int copy_step(struct copy *copy, struct txn *source, uint64_t size, struct gk_error *error)
{
    uint64_t until = copy->bytes + size;
    int rc;

    TRY(store_write(copy->store, &copy->txn, error));
    while ((rc = walk_table(copy, source, until, error)) == GK_DONE && copy->table + 1 < STORE_TABLES) {
        copy->table++;
        buffer_reset(&copy->last);
    }
    if (rc < 0)
        goto done;
    bool is_end = rc == GK_DONE;
    if (is_end) {
        copy->table = 0;
        buffer_reset(&copy->last);
    }
    struct txn *committing = copy->txn;
    copy->txn = NULL;
    TRY(txn_commit(committing, error));
    rc = is_end ? GK_DONE : GK_OK;
done:
    txn_abort(copy->txn);
    copy->txn = NULL;
    return rc;
}

uint64_t copy_bytes(const struct copy *copy)
{
    return copy->bytes;
}

const char *copy_path(const struct copy *copy)
{
    return copy->part;
}

/* ---- the end
 * ------------------------------------------------------------------------------------------------------------ */

static void remove_file(const struct copy *copy, const char *name)
{
    char *path = join(&copy->mem, copy->part, strlen(copy->part), name);

    if (path)
        (void)unlink(path); /* it may not be there */
    mem_free(&copy->mem, path);
}

int copy_sync(struct copy *copy, struct gk_error *error)
{
    int rc = store_sync(copy->store, error);

    if (rc == GK_OK) {
        store_close(copy->store);
        copy->store = NULL;
        copy->is_synced = true;
    }
    return rc;
}

int copy_publish(struct copy *copy, struct gk_error *error)
{
    int rc;

    remove_file(copy, "/lock.mdb"); /* made again by whoever opens it */
    remove_file(copy, "/lock.writer");
    if (rename(copy->part, copy->dest) != 0)
        TRY(error_set(error, errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? GK_EEXIST : GK_EIO,
                      "%s: cannot get the name %s: %s", copy->part, copy->dest, strerror(errno)));
    copy->is_published = true;
    char *parent = join(&copy->mem, copy->dest, strlen(copy->dest), "/..");
    if (!parent)
        TRY(error_set(error, GK_ENOMEM, "%s: out of memory", copy->dest));
    rc = store_sync_folder(parent, error);
    mem_free(&copy->mem, parent);
done:
    return rc;
}

void copy_close(struct copy *copy)
{
    if (!copy)
        return;
    bool is_ours = copy->store || copy->is_synced;
    txn_abort(copy->txn);
    if (is_ours && !copy->is_published) {
        remove_file(copy, "/data.mdb");
        remove_file(copy, "/lock.mdb");
    }
    store_close(copy->store);
    if (is_ours && !copy->is_published) {
        remove_file(copy, "/lock.writer"); /* the last: it keeps others away */
        (void)rmdir(copy->part);           /* or what stands there is not ours */
    }
    buffer_clear(&copy->last);
    mem_free(&copy->mem, copy->dest);
    mem_free(&copy->mem, copy->part);
    struct mem mem = copy->mem;
    mem_free(&mem, copy);
}
