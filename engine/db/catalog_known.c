/*
 * catalog_known.c - the catalog as it was known at a time. The table keeps what every entry was before, with when it
 * was recorded. Of sites, facilities and channels all are there, as rows and other entries name them by number: those
 * that came later as they were at first. All other entries that came later are not.
 */
#include "db/db.h"

#define HISTORY_KEY 14 /* ENTRY_HISTORY, kind, id u32, version u64 */

/* When a stored entry was recorded. */
static int recorded_at(struct view value, gk_time *out)
{
    struct reader r = reader_of(value.bytes, value.size);

    (void)reader_u8(&r); /* the version is tested where the entry is decoded */
    (void)reader_varint(&r);
    *out = (gk_time)reader_u64(&r);
    return r.failed ? GK_ECORRUPT : GK_OK;
}

/*
 * Of the former versions of an entry the last one that was recorded by then, else the first; *is_known tells which.
 * *value stays what it is when there is none at all.
 */
static int find_former(struct txn *txn, struct view key, gk_time at, struct view *value, bool *is_known,
                       struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t from[HISTORY_KEY] = {ENTRY_HISTORY};
    size_t prefix = 1 + key.size;
    bool is_first = true;
    int rc;

    memcpy(from + 1, key.bytes, key.size);
    *is_known = false;
    TRY(cursor_open(txn, STORE_CATALOG, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(from, sizeof from), error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view found = cursor_key(cursor), former;
        gk_time recorded;
        if (found.size != HISTORY_KEY || memcmp(found.bytes, from, prefix) != 0)
            break;
        TRY(cursor_value(cursor, &former, error));
        TRY(recorded_at(former, &recorded));
        if (recorded > at && !is_first)
            break;
        *value = former;
        *is_known = recorded <= at;
        is_first = false;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

/* A catalog while it is loaded. */
struct loading {
    struct catalog *catalog;
    gk_time at;
    uint32_t next[ENTRY_HISTORY]; /* id of the next entry of each kind of which some are left out */
    bool has_other_bands;
};

static int load_entry(struct loading *l, struct txn *txn, struct view key, struct view value, struct gk_error *error)
{
    enum entry_kind kind = (enum entry_kind)key.bytes[0];
    uint32_t id = unkey_u32(key.bytes + 1);
    bool is_known = true;
    gk_time recorded;
    int rc;

    TRY(recorded_at(value, &recorded));
    if (recorded > l->at) {
        TRY(find_former(txn, key, l->at, &value, &is_known, error));
        l->has_other_bands |=
            kind == ENTRY_BAND || (kind == ENTRY_FACILITY && is_known); /* its ratings may be others */
    }
    if (kind > ENTRY_FACILITY && !is_known)
        return GK_OK;
    if (kind > ENTRY_FACILITY)
        id = l->next[kind]++;
    TRY(catalog_decode(l->catalog, kind, id, value, error));
done:
    return rc;
}

int catalog_load_known(const struct mem *mem, struct txn *txn, gk_time at, struct catalog **out, bool *has_other_bands,
                       struct gk_error *error)
{
    struct loading l = {.at = at};
    struct cursor *cursor = NULL;
    int rc;

    *out = NULL;
    TRY(catalog_new(mem, &l.catalog));
    TRY(cursor_open(txn, STORE_CATALOG, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view key = cursor_key(cursor), value;
        if (key.size != 5 || key.bytes[0] == ENTRY_HISTORY)
            break; /* history is behind all entries */
        TRY(cursor_value(cursor, &value, error));
        TRY(load_entry(&l, txn, key, value, error));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
    TRY(rc);
    TRY(catalog_freeze(l.catalog));
    *has_other_bands = l.has_other_bands;
    *out = l.catalog;
    l.catalog = NULL;
done:
    cursor_close(cursor);
    catalog_free(l.catalog);
    return rc;
}
