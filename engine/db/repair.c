/*
 * repair.c - what a check finds is mended, as far as it follows from something else.
 *
 * Damaged records are moved aside before anybody else reads them (heal.h), so that the store can be opened; then
 * states, hours and the presence index of facilities with findings are derived again from their rows, and alarms made
 * again of their acts. What is left is told.
 */
#include <inttypes.h>

#include "db/acts_heal.h"
#include "db/check.h"
#include "db/heal.h"
#include "db/snapshot.h"

struct repairing {
    gk_db *db;
    struct heal_log log;
    bool *bad; /* facilities with findings */
    uint64_t n_bad, n_findings;
};

/* A finding that names a facility: 'NAME'. Others are of the store as a whole. */
static int take_finding(void *context, const char *text, size_t size)
{
    struct repairing *r = context;
    static const char WORD[] = "facility '";
    const size_t n = sizeof WORD - 1;

    r->n_findings++;
    for (size_t i = 0; i + n < size; i++) {
        if (memcmp(text + i, WORD, n) != 0)
            continue;
        const char *name = text + i + n, *stop = memchr(name, '\'', size - i - n);
        uint32_t id = stop ? catalog_facility(r->db->catalog, name, (size_t)(stop - name)) : GK_ID_NONE;
        if (id == GK_ID_NONE || r->bad[id])
            return GK_OK;
        r->bad[id] = true;
        r->n_bad++;
        return heal_say(&r->log, "derived again: facility '%s'", r->db->catalog->facilities[id].name);
    }
    return GK_OK;
}

static int mend(struct repairing *r, struct gk_error *error)
{
    gk_db *db = r->db;
    uint64_t n;
    int rc;

    TRY(gk_seal(db, error));
    r->bad = mem_zeroed(&db->mem, (db->catalog->n_facilities + 1) * sizeof *r->bad);
    if (!r->bad)
        TRY(error_set(error, GK_ENOMEM, "out of memory for a repair"));
    TRY(gk_check(db, true, take_finding, r, &n, error));
    if (n > 0) {
        TRY(heal_say(&r->log, "made again: the presence index and the counts"));
        TRY(heal_derived(db, r->bad, error));
        TRY(gk_seal(db, error));
        TRY(heal_counts(db, error));
    }
    if (n > 0 && db->acts.last > 0) {
        TRY(heal_say(&r->log, "made again: alarms, of their acts"));
        TRY(acts_heal(db, error));
    }
done:
    mem_free(&db->mem, r->bad);
    return rc;
}

int gk_repair(const char *path, const struct gk_options *options, gk_sink_fn sink, void *context, uint64_t *n_mended,
              uint64_t *n_left, struct gk_error *error)
{
    struct repairing r = {.log = {.sink = sink, .context = context}};
    int rc, closed;

    *n_mended = *n_left = 0;
    rc = db_open(path, GK_READWRITE, options, &r.log, &r.db, error);
    if (rc != GK_OK)
        return rc;
    TRY(mend(&r, error));
    *n_mended = r.log.n;
    TRY(gk_check(r.db, true, sink, context, n_left, error));
done:
    r.db->keep_heads = true; /* nothing is pending, and nothing is to be written any more */
    closed = gk_close(r.db);
    return rc == GK_OK ? closed : rc;
}
