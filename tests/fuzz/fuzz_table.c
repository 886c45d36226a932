/*
 * fuzz_table.c - any text as a CSV table of whatever kind, loaded in pieces: every line is taken or bad, in exactly one
 * counter, a bad one has words, and the store is in order after it.
 */
#include "fuzz/plant.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LOADS 200 /* into one store */

static uint64_t n_reasons;

static void take_reason(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    (void)context;
    (void)text;
    plant_must(line > 0 && size > 0 && reason->text[0] != 0);
    n_reasons++;
}

static int finding(void *context, const char *text, size_t size)
{
    (void)context;
    fprintf(stderr, "%.*s\n", (int)size, text);
    return GK_OK;
}

static void check(gk_db *db)
{
    uint64_t n = 0;
    plant_must(gk_seal(db, NULL) == GK_OK);
    plant_must(gk_check(db, true, finding, NULL, &n, NULL) == GK_OK && n == 0);
}

static void load(gk_db *db, const char *text, size_t size, size_t piece)
{
    struct gk_load_options options = {.size = sizeof options, .reject = take_reason};
    struct gk_load_result result;
    struct gk_error error = {0};
    gk_load *load;
    int rc;

    n_reasons = 0;
    plant_must(gk_load_open(db, &options, &load, &error) == GK_OK);
    for (size_t at = 0; at < size; at += piece)
        (void)gk_load_feed(load, text + at, piece < size - at ? piece : size - at, NULL); /* finish says it again */
    rc = gk_load_finish(load, &result, &error);
    plant_must(rc == GK_OK || (rc == GK_ESYNTAX && error.text[0] != 0));
    const struct gk_counts *rows = &result.rows;
    uint64_t n_rows =
        rows->accepted + rows->late + rows->duplicate + rows->conflicting + rows->quarantined + rows->rejected;
    if (result.table == GK_TABLE_ROWS)
        plant_must(n_rows == result.n_lines);
    else if (result.table == GK_TABLE_POINTS) /* empty lines and remarks are counted, too */
        plant_must(n_rows <= result.n_lines);
    else if (result.table == GK_TABLE_PACKETS)
        plant_must(n_rows == 0 || result.n_lines > 0);
    else if (rc == GK_OK)
        plant_must(result.n_taken + result.n_bad == result.n_lines);
    gk_load_close(load);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static gk_db *db;
    static unsigned n;

    if (size < 1)
        return 0;
    if (!db) {
        db = plant_new();
        if (n == 0)
            (void)atexit(plant_remove);
    }
    load(db, (const char *)bytes + 1, size - 1, (size_t)bytes[0] + 1);
    if (++n % LOADS == 0) {
        check(db);
        plant_must(gk_close(db) == GK_OK);
        plant_remove();
        db = NULL;
    }
    return 0;
}
