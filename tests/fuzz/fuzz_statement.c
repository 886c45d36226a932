/*
 * fuzz_statement.c - any text as statements that are asked of a small store: each is answered, or gives one error with
 * words, and what the answer says about itself makes sense. Never GK_EBUG, never GK_ECORRUPT.
 */
#include <math.h>

#include "fuzz/plant.h"
#include "gk_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Time is counted in looks at the clock, so that the same input always does the same. */
static gk_time looks;

static gk_time count_looks(void *context)
{
    (void)context;
    return looks += GK_SECOND / 1000;
}

static void read_row(gk_query *query)
{
    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const struct gk_value *value = gk_query_value(query, i);
        plant_must(gk_query_column(query, i)->name != NULL);
        if (value->type == GK_TYPE_TEXT)
            plant_must(memchr(value->as.text.bytes, 0, value->as.text.size) == NULL);
    }
}

static int run(gk_query *query, gk_snapshot *snapshot, struct gk_query_error *error)
{
    int rc = gk_query_start(query, snapshot, PLANT_NOW, error);

    while (rc == GK_OK && (rc = gk_query_next(query, error)) == GK_OK)
        read_row(query);
    if (rc == GK_DONE) {
        const struct gk_query_meta *meta = gk_query_meta(query);
        plant_must(!meta->has_window || meta->from <= meta->to);
        plant_must(isnan(meta->nodata_share) || (meta->nodata_share >= 0 && meta->nodata_share <= 1));
    }
    return rc;
}

static void ask_all(gk_session *session, gk_snapshot *snapshot, const char *text, size_t size)
{
    struct gk_query_error error;
    size_t at = 0, used = 0;

    for (int i = 0; i < 4 && at < size; i++, at += used) {
        gk_query *query;
        memset(&error, 0, sizeof error);
        int rc = gk_query_prepare(session, snapshot, text + at, size - at, &used, &query, &error);
        if (rc == GK_OK && !query)
            return;
        bool is_prepared = rc == GK_OK;
        if (is_prepared) {
            looks = 0;
            rc = run(query, snapshot, &error);
            gk_query_free(query);
        }
        plant_must(rc != GK_EBUG && rc != GK_ECORRUPT && rc != GK_EINVAL);
        plant_must(rc == GK_OK || rc == GK_DONE || (error.error.text[0] != 0 && error.report[0] != 0));
        if (!is_prepared)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static gk_db *db;
    static gk_snapshot *snapshot;
    struct gk_session_options options = {.size = sizeof options,
                                         .max_rows = 1000,
                                         .max_memory = 32 << 20,
                                         .max_run_ns = 2 * GK_SECOND,
                                         .monotonic = count_looks,
                                         .lang = size % 2 ? "zh" : NULL};
    gk_session *session;

    if (!db) {
        db = plant_new();
        (void)atexit(plant_remove);
        plant_must(gk_snapshot_open(db, &snapshot, NULL) == GK_OK);
    }
    plant_must(gk_session_new(&options, &session) == GK_OK);
    ask_all(session, snapshot, (const char *)bytes, size);
    gk_session_free(session);
    return 0;
}
