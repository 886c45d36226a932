/*
 * backup.c - a copy of a store that goes on being written.
 *
 * A reader that stays keeps the writer from using pages again, so the file grows by what is written meanwhile. Copying
 * takes seconds to minutes; only the second pass looks at one moment, and has but to find what changed during the
 * first (store/copy.h).
 */
#include "db/digest.h"
#include "store/copy.h"

struct backup {
    gk_db *db;
    const struct gk_backup_options *options;
    struct copy *copy;
    uint64_t map_size, total;
    char digest[65];
};

static int tell(const struct backup *b)
{
    uint64_t done = copy_bytes(b->copy);

    if (!b->options->progress)
        return GK_OK;
    return b->options->progress(b->options->context, done < b->total ? done : b->total, b->total);
}

/* Each step sees its own moment, for a tenth of a second or so. */
static int first_pass(struct backup *b, struct gk_error *error)
{
    int rc, step;

    do {
        struct txn *txn;
        TRY(store_read(b->db->store, &txn, error));
        step = copy_step(b->copy, txn, b->db->seal_bytes, error);
        txn_abort(txn);
        if (step < 0)
            TRY(step);
        TRY(tell(b));
    } while (step == GK_OK);
done:
    return rc;
}

/* All steps see one. */
static int last_pass(struct backup *b, struct gk_error *error)
{
    gk_snapshot *s = NULL;
    int rc, step;

    TRY(gk_snapshot_open(b->db, &s, error));
    do {
        step = copy_step(b->copy, s->txn, b->db->seal_bytes, error);
        if (step < 0)
            TRY(step);
    } while (step == GK_OK);
    if (b->options->verify)
        TRY(digest_snapshot(s, b->digest, error));
done:
    gk_snapshot_close(s);
    return rc;
}

/* What the copy says, read as anybody reads it, is what the snapshot said. */
static int verify(const struct backup *b, struct gk_error *error)
{
    const struct gk_options options = {.size = sizeof options,
                                       .map_size = b->map_size,
                                       .resize = b->db->mem.resize,
                                       .resize_context = b->db->mem.context};
    gk_db *db = NULL;
    char digest[65];
    int rc;

    TRY(gk_open(copy_path(b->copy), GK_READONLY, &options, &db, error));
    TRY(gk_digest(db, digest, error));
    if (strcmp(digest, b->digest) != 0)
        TRY(error_set(error, GK_ECORRUPT, "%s: the copy has the digest %s, the store %s", copy_path(b->copy), digest,
                      b->digest));
done:
    (void)gk_close(db); /* nothing was written */
    return rc;
}

int gk_backup(gk_db *db, const char *dest, const struct gk_backup_options *given, struct gk_error *error)
{
    struct gk_backup_options options = {0};
    struct backup b = {.db = db, .options = &options};
    struct store_stat stat;
    int rc;

    if (given) {
        if (given->size < sizeof given->size || given->size > sizeof options)
            return error_set(error, GK_EINVAL, "gk_backup_options: set size to sizeof(struct gk_backup_options)");
        memcpy(&options, given, given->size);
    }
    TRY(store_stat(db->store, &stat, error));
    b.total = stat.used_bytes;
    b.map_size = stat.map_size;
    TRY(copy_open(&db->mem, dest, b.map_size, &b.copy, error));
    TRY(first_pass(&b, error));
    TRY(last_pass(&b, error));
    TRY(copy_sync(b.copy, error));
    if (options.verify)
        TRY(verify(&b, error));
    TRY(copy_publish(b.copy, error));
done:
    copy_close(b.copy);
    return rc;
}
