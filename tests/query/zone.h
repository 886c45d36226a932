/*
 * zone.h - what the query tests share: a store in a temporary folder, CSV text loaded into it, statements asked of it,
 * and answers as text.
 */
#ifndef TEST_QUERY_ZONE_H
#define TEST_QUERY_ZONE_H

#include "support/support.h"

#include <inttypes.h>
#include <math.h>

#include "gk_query.h"

struct zone {
    char folder[4096];
    gk_db *db;
    gk_session *session;
    gk_time now;
};

/* A growing text; never fails but by ending the test. */
struct text {
    char *bytes;
    size_t size, capacity;
};

static inline void text_put(struct text *text, const char *bytes, size_t n)
{
    if (text->size + n + 1 > text->capacity) {
        text->capacity = (text->size + n + 1) * 2;
        text->bytes = realloc(text->bytes, text->capacity);
        assert_non_null(text->bytes);
    }
    memcpy(text->bytes + text->size, bytes, n);
    text->size += n;
    text->bytes[text->size] = '\0';
}

static inline void text_add(struct text *text, const char *bytes)
{
    text_put(text, bytes, strlen(bytes));
}

static inline void text_clear(struct text *text)
{
    free(text->bytes);
    *text = (struct text){NULL, 0, 0};
}

static inline gk_time zone_clock(void *context)
{
    const struct zone *zone = context;
    return zone->now;
}

static inline void zone_open(struct zone *zone)
{
    struct gk_options options = {.size = sizeof options, .future_ns = -1, .clock = zone_clock, .clock_context = zone};
    struct gk_error error = {0};

    memset(zone, 0, sizeof *zone);
    zone->now = INT64_C(1763600400) * GK_SECOND; /* 2025-11-20T09:00+08:00 */
    (void)snprintf(zone->folder, sizeof zone->folder, "%s", test_folder());
    int rc = gk_open(zone->folder, GK_READWRITE | GK_CREATE, &options, &zone->db, &error);
    if (rc != GK_OK)
        fail_msg("gk_open: %s", error.text);
    /* However slow the machine is. */
    const struct gk_session_options untimed = {.size = sizeof untimed, .max_run_ns = -1};
    assert_int_equal(gk_session_new(&untimed, &zone->session), GK_OK);
}

/* A new session, whose messages are in that language. */
static inline void zone_speak(struct zone *zone, const char *lang)
{
    struct gk_session_options options = {.size = sizeof options, .lang = lang};

    gk_session_free(zone->session);
    assert_int_equal(gk_session_new(&options, &zone->session), GK_OK);
}

static inline void zone_close(struct zone *zone)
{
    gk_session_free(zone->session);
    assert_int_equal(gk_close(zone->db), GK_OK);
    test_folder_remove(zone->folder);
}

static inline void zone_reject(void *context, uint64_t line, const char *text, size_t size,
                               const struct gk_error *reason)
{
    (void)context;
    fail_msg("line %" PRIu64 " '%.*s': %s", line, (int)size, text, reason->text);
}

static inline void zone_load(struct zone *zone, const char *csv, size_t size)
{
    struct gk_load_options options = {.size = sizeof options, .reject = zone_reject};
    struct gk_error error = {0};
    gk_load *load = NULL;

    int rc = gk_load_open(zone->db, &options, &load, &error);
    if (rc == GK_OK)
        rc = gk_load_feed(load, csv, size, &error);
    if (rc == GK_OK)
        rc = gk_load_finish(load, NULL, &error);
    gk_load_close(load);
    if (rc != GK_OK)
        fail_msg("load: %s", error.text);
}

static inline void zone_put_value(struct text *out, const struct gk_value *value, int32_t zone_s)
{
    char text[64] = "";

    switch (value->type) {
    case GK_TYPE_EMPTY:
        break;
    case GK_TYPE_TEXT:
        text_put(out, value->as.text.bytes, value->as.text.size);
        break;
    case GK_TYPE_TIME:
        (void)gk_time_format(value->as.time, zone_s, text);
        break;
    case GK_TYPE_SECONDS:
    case GK_TYPE_NUMBER:
    case GK_TYPE_SHARE:
        (void)snprintf(text, sizeof text, "%.7g", value->as.number);
        break;
    case GK_TYPE_COUNT:
        (void)snprintf(text, sizeof text, "%" PRId64, value->as.count);
        break;
    case GK_TYPE_TRUTH:
        (void)snprintf(text, sizeof text, "%s", value->as.count ? "yes" : "no");
        break;
    }
    text_add(out, text);
}

/* Whether a column is wanted: all are when `columns` is "" or NULL, else those in its list with commas. */
static inline bool zone_wants(const char *columns, const char *name)
{
    size_t n = strlen(name);

    if (!columns || !*columns)
        return true;
    for (const char *p = columns; (p = strstr(p, name)) != NULL; p += n)
        if ((p == columns || p[-1] == ',') && (p[n] == '\0' || p[n] == ','))
            return true;
    return false;
}

static inline void zone_put_rows(gk_query *query, const char *columns, struct text *out, struct gk_query_error *error)
{
    const char *comma = "";
    int rc;

    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const char *name = gk_query_column(query, i)->name;
        if (!zone_wants(columns, name))
            continue;
        text_add(out, comma);
        text_add(out, name);
        comma = ",";
    }
    text_add(out, gk_query_n_columns(query) ? "\n" : "");
    while ((rc = gk_query_next(query, error)) == GK_OK) {
        comma = "";
        for (size_t i = 0; i < gk_query_n_columns(query); i++) {
            if (!zone_wants(columns, gk_query_column(query, i)->name))
                continue;
            text_add(out, comma);
            zone_put_value(out, gk_query_value(query, i), gk_query_meta(query)->zone_s);
            comma = ",";
        }
        text_add(out, "\n");
    }
    if (rc != GK_DONE)
        text_add(out, error->report);
}

/* Asks all statements of a text; rows of them, or the report of the error, go to `out`; notes and counts to `meta`. */
static inline void zone_ask(struct zone *zone, const char *question, const char *columns, struct text *out,
                            struct text *meta)
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    size_t size = strlen(question), at = 0;

    text_add(out, "");
    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    while (at < size) {
        gk_query *query = NULL;
        size_t used = 0;
        if (gk_query_prepare(zone->session, snapshot, question + at, size - at, &used, &query, &error) != GK_OK) {
            text_add(out, error.report);
            break;
        }
        if (!query)
            break;
        if (gk_query_start(query, snapshot, zone->now, &error) != GK_OK)
            text_add(out, error.report);
        else
            zone_put_rows(query, columns, out, &error);
        if (meta) {
            char line[160];
            const struct gk_query_meta *m = gk_query_meta(query);
            (void)snprintf(line, sizeof line, "possible %" PRIu64 " %.7g\nwithout_links %" PRIu64 "\ncut %s\n",
                           m->n_possible, m->possible_s, m->n_without_links, m->is_cut ? "yes" : "no");
            text_add(meta, line);
            for (size_t i = 0; i < m->n_notes; i++) {
                text_add(meta, m->notes[i]);
                text_add(meta, "\n");
            }
        }
        gk_query_free(query);
        at += used;
    }
    gk_snapshot_close(snapshot);
}

#endif
