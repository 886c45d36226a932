/*
 * meta.c - the records of the meta table.
 *
 *   "store"     version u8 = 1 | format u32 | uuid 36 bytes | zone i32 | tick i64 | policy u8      written once
 *   "progress"  version u8 = 1 | journal_next, sealed, target u64 | facilities_done u32 | 6 counts u64 | n_rows u64 |
 *               watermark, beginning i64 | quarantine_next, n_stale, catalog_version u64 |
 *               dropped_before i64                       every commit whose journal record does not have it (journal.c)
 *   "unsettled" version u8 = 1 | from i64                                                    when somebody follows it
 */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "db/db.h"

#define META_VERSION 1

static const struct view KEY_STORE = {(const uint8_t *)"store", 5};
static const struct view KEY_PROGRESS = {(const uint8_t *)"progress", 8};
static const struct view KEY_UNSETTLED = {(const uint8_t *)"unsettled", 9};

#define UNSETTLED_SIZE 9

/* RFC 4122 version 4. */
static int make_uuid(char out[37], struct gk_error *error)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t r[16];
    size_t at = 0;

    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        return error_set(error, GK_EIO, "no random numbers for the store's UUID");
    r[6] = (uint8_t)((r[6] & 0x0F) | 0x40);
    r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof r; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = HEX[r[i] >> 4];
        out[at++] = HEX[r[i] & 15];
    }
    out[at] = 0;
    return GK_OK;
}

int meta_create(gk_db *db, struct txn *txn, struct gk_error *error)
{
    struct buffer b;
    int rc;

    buffer_init(&b, &db->mem);
    TRY(make_uuid(db->uuid, error));
    buffer_put_u8(&b, META_VERSION);
    buffer_put_u32(&b, DB_FORMAT);
    buffer_put(&b, db->uuid, 36);
    buffer_put_u32(&b, (uint32_t)db->zone_s);
    buffer_put_u64(&b, (uint64_t)db->tick_ns);
    buffer_put_u8(&b, (uint8_t)db->policy);
    TRY(buffer_status(&b));
    TRY(txn_put(txn, STORE_META, KEY_STORE, view_of(b.bytes, b.size), error));
    memset(&db->progress, 0, sizeof db->progress);
    db->progress.journal_next = 1;
    db->progress.watermark = GK_TIME_MIN;
    db->progress.beginning = GK_TIME_MAX;
    db->progress.dropped_before = GK_TIME_MIN;
    TRY(progress_put(txn, &db->progress, error));
done:
    buffer_clear(&b);
    return rc;
}

void progress_encode(const struct progress *p, uint8_t bytes[PROGRESS_SIZE])
{
    uint64_t counts[6] = {p->counts.accepted,    p->counts.late,        p->counts.duplicate,
                          p->counts.conflicting, p->counts.quarantined, p->counts.rejected};
    uint64_t rest[7] = {p->n_rows,  (uint64_t)p->watermark, (uint64_t)p->beginning,     p->quarantine_next,
                        p->n_stale, p->catalog_version,     (uint64_t)p->dropped_before};
    bytes[0] = META_VERSION;
    store_u64(bytes + 1, p->journal_next);
    store_u64(bytes + 9, p->sealed);
    store_u64(bytes + 17, p->target);
    store_u32(bytes + 25, p->facilities_done);
    memcpy(bytes + 29, counts, sizeof counts);
    memcpy(bytes + 29 + sizeof counts, rest, sizeof rest);
}

int progress_put(struct txn *txn, const struct progress *progress, struct gk_error *error)
{
    uint8_t bytes[PROGRESS_SIZE];

    progress_encode(progress, bytes);
    return txn_put(txn, STORE_META, KEY_PROGRESS, view_of(bytes, sizeof bytes), error);
}

int progress_decode(struct view value, struct progress *out)
{
    struct reader r = reader_of(value.bytes, value.size);

    if (reader_u8(&r) != META_VERSION)
        return GK_EVERSION;
    out->journal_next = reader_u64(&r);
    out->sealed = reader_u64(&r);
    out->target = reader_u64(&r);
    out->facilities_done = reader_u32(&r);
    out->counts.accepted = reader_u64(&r);
    out->counts.late = reader_u64(&r);
    out->counts.duplicate = reader_u64(&r);
    out->counts.conflicting = reader_u64(&r);
    out->counts.quarantined = reader_u64(&r);
    out->counts.rejected = reader_u64(&r);
    out->n_rows = reader_u64(&r);
    out->watermark = (gk_time)reader_u64(&r);
    out->beginning = (gk_time)reader_u64(&r);
    out->quarantine_next = reader_u64(&r);
    out->n_stale = reader_u64(&r);
    out->catalog_version = reader_u64(&r);
    out->dropped_before = (gk_time)reader_u64(&r);
    return reader_is_done(&r) && out->sealed < out->journal_next && out->target < out->journal_next ? GK_OK
                                                                                                    : GK_ECORRUPT;
}

int progress_get(struct txn *txn, struct progress *out, struct gk_error *error)
{
    struct view value;
    int rc;

    rc = txn_get(txn, STORE_META, KEY_PROGRESS, &value, error);
    if (rc == GK_ENOTFOUND)
        return error_set(error, GK_ECORRUPT, "the store has no progress record");
    if (rc != GK_OK)
        return rc;
    rc = progress_decode(value, out);
    if (rc != GK_OK)
        return error_set(error, rc, "the progress record: %s", gk_status_text(rc));
    return journal_progress(txn, out, error);
}

int unsettled_put(struct txn *txn, gk_time from, struct gk_error *error)
{
    uint8_t bytes[UNSETTLED_SIZE] = {META_VERSION};

    store_u64(bytes + 1, (uint64_t)from);
    return txn_put(txn, STORE_META, KEY_UNSETTLED, view_of(bytes, sizeof bytes), error);
}

static int unsettled_decode(struct view value, gk_time *out)
{
    if (value.size != UNSETTLED_SIZE)
        return GK_ECORRUPT;
    *out = (gk_time)load_u64(value.bytes + 1);
    return value.bytes[0] == META_VERSION ? GK_OK : GK_EVERSION;
}

static int unsettled_get(gk_db *db, struct txn *txn, struct gk_error *error)
{
    struct view value;
    int rc = txn_get(txn, STORE_META, KEY_UNSETTLED, &value, error);

    db->unsettled = GK_TIME_MIN;
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    if (rc != GK_OK)
        return rc;
    db->has_unsettled = true;
    rc = unsettled_decode(value, &db->unsettled);
    return rc == GK_OK ? GK_OK : error_set(error, rc, "the record of what is not settled: %s", gk_status_text(rc));
}

static int decode_store(gk_db *db, struct view value)
{
    struct reader r = reader_of(value.bytes, value.size);

    if (reader_u8(&r) != META_VERSION || reader_u32(&r) != DB_FORMAT)
        return GK_EVERSION;
    const uint8_t *uuid = reader_take(&r, 36);
    db->zone_s = (int32_t)reader_u32(&r);
    db->tick_ns = (int64_t)reader_u64(&r);
    db->policy = (enum gk_policy)reader_u8(&r);
    if (!reader_is_done(&r) || db->tick_ns < GK_SECOND / 10 || db->tick_ns > 60 * GK_SECOND || db->policy > GK_ALL)
        return GK_ECORRUPT;
    memcpy(db->uuid, uuid, 36);
    db->uuid[36] = 0;
    return GK_OK;
}

int meta_load_facts(gk_db *db, struct txn *txn, struct gk_error *error)
{
    struct view value;
    int rc = txn_get(txn, STORE_META, KEY_STORE, &value, error);

    if (rc == GK_ENOTFOUND)
        return error_set(error, GK_ECORRUPT, "this is no gkdb store, or its making was interrupted: it has no facts");
    if (rc != GK_OK)
        return rc;
    rc = decode_store(db, value);
    if (rc == GK_EVERSION)
        return error_set(error, rc, "the store has a later format than this version (%s) reads", gk_version());
    if (rc != GK_OK)
        return error_set(error, rc, "the store's facts make no sense");
    return GK_OK;
}

int meta_load(gk_db *db, struct txn *txn, struct gk_error *error)
{
    int rc;

    TRY(meta_load_facts(db, txn, error));
    TRY(unsettled_get(db, txn, error));
    TRY(progress_get(txn, &db->progress, error));
done:
    return rc;
}

int progress_dump(const struct progress *progress, struct buffer *out)
{
    const struct progress p = *progress;

    if (p.dropped_before != GK_TIME_MIN) {
        char text[GK_TIME_TEXT_MAX];
        (void)gk_time_format(p.dropped_before, 0, text); /* the length is not needed */
        buffer_printf(out, "dropped_before=%s ", text);
    }
    buffer_printf(
        out,
        "progress journal_next=%" PRIu64 " sealed=%" PRIu64 " target=%" PRIu64 " facilities_done=%" PRIu32
        " accepted=%" PRIu64 " late=%" PRIu64 " duplicate=%" PRIu64 " conflicting=%" PRIu64 " quarantined=%" PRIu64
        " rejected=%" PRIu64 " n_rows=%" PRIu64 " n_stale=%" PRIu64 " catalog_version=%" PRIu64 "\n",
        p.journal_next, p.sealed, p.target, p.facilities_done, p.counts.accepted, p.counts.late, p.counts.duplicate,
        p.counts.conflicting, p.counts.quarantined, p.counts.rejected, p.n_rows, p.n_stale, p.catalog_version);
    return buffer_status(out);
}

int meta_dump(struct view key, struct view value, struct buffer *out)
{
    struct progress p;

    if (key.size == KEY_STORE.size && memcmp(key.bytes, KEY_STORE.bytes, key.size) == 0) {
        gk_db db;
        int rc = decode_store(&db, value);
        if (rc != GK_OK)
            return rc;
        buffer_printf(out, "store format=%d uuid=%s zone_s=%d tick_ns=%" PRId64 " policy=%s\n", DB_FORMAT, db.uuid,
                      db.zone_s, db.tick_ns,
                      db.policy == GK_LAST    ? "last"
                      : db.policy == GK_FIRST ? "first"
                                              : "all");
        return buffer_status(out);
    }
    if (key.size == KEY_UNSETTLED.size && memcmp(key.bytes, KEY_UNSETTLED.bytes, key.size) == 0) {
        char text[GK_TIME_TEXT_MAX];
        gk_time from;
        int rc = unsettled_decode(value, &from);
        if (rc != GK_OK)
            return rc;
        (void)gk_time_format(from, 0, text); /* the length is not needed */
        buffer_printf(out, "unsettled from=%s\n", text);
        return buffer_status(out);
    }
    int rc = progress_decode(value, &p);
    if (rc != GK_OK)
        return rc;
    return progress_dump(&p, out);
}
