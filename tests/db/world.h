/*
 * world.h - what the tests of the engine share: a folder, a clock, a handle, a small zone, rows.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "support/support.h"

#include "base/bytes.h"
#include "base/error.h"

/* 2026-11-20T00:00:00Z */
#define T0  (INT64_C(1795132800) * GK_SECOND)
#define DAY (INT64_C(86400) * GK_SECOND)

static gk_time world_now = T0 + 40 * DAY;

static inline gk_time world_clock(void *context)
{
    (void)context;
    return world_now;
}

static inline void ok(int rc, const struct gk_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->text);
}

static inline struct gk_options world_options(void)
{
    struct gk_options o = {.size = sizeof o, .commit_ns = -1, .map_size = 1 << 28, .clock = world_clock};
    return o;
}

static inline gk_db *world_open(const char *path, int flags, const struct gk_options *options)
{
    struct gk_options usual = world_options();
    struct gk_error error;
    gk_db *db = NULL;
    ok(gk_open(path, flags, options ? options : &usual, &db, &error), &error);
    return db;
}

/* A new store in a new folder, which stays in *path. */
static inline gk_db *world_new(char path[4096], const struct gk_options *options)
{
    (void)snprintf(path, 4096, "%s", test_folder());
    return world_open(path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, options);
}

static inline void world_end(gk_db *db, const char *path)
{
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static inline struct gk_text text_of(const char *s)
{
    struct gk_text t = {s, s ? strlen(s) : 0};
    return t;
}

static inline struct gk_facility_put facility_of(const char *name, const char *enterprise, const char *line,
                                                 enum gk_role role)
{
    struct gk_facility_put f = {.size = sizeof f,
                                .name = text_of(name),
                                .enterprise = text_of(enterprise),
                                .line = text_of(line),
                                .role = role,
                                .role_is_set = true,
                                .rated_kw = 10,
                                .rated_a = 20};
    return f;
}

static inline uint32_t put_facility(gk_db *db, const char *name, enum gk_role role)
{
    struct gk_facility_put f = facility_of(name, "E1", "L1", role);
    struct gk_error error;
    uint32_t id;
    ok(gk_facility_put(db, &f, &id, &error), &error);
    return id;
}

static inline uint32_t put_channel(gk_db *db, const char *name)
{
    struct gk_error error;
    uint32_t id;
    ok(gk_channel_register(db, name, strlen(name), &id, &error), &error);
    return id;
}

static inline struct gk_limit share(int64_t percent)
{
    struct gk_limit limit = {GK_LIMIT_SHARE, {percent, 2}};
    return limit;
}

static inline struct gk_band_put band_of(enum gk_kind scope, const char *name, int64_t off, int64_t on, gk_time from)
{
    struct gk_band_put b = {.size = sizeof b,
                            .scope = scope,
                            .name = text_of(name),
                            .off_below = share(off),
                            .on_from = share(on),
                            .hold_ns = -1,
                            .dwell_on_ns = -1,
                            .dwell_off_ns = -1,
                            .from = from};
    return b;
}

static inline int put_row(gk_db *db, uint32_t facility, gk_time time, uint32_t channel, double value)
{
    const double *values = &value;
    struct gk_batch batch = {
        .n_rows = 1, .time = &time, .facility = &facility, .n_channels = 1, .channel = &channel, .value = &values};
    return gk_ingest(db, &batch, NULL, NULL);
}

static inline gk_snapshot *look(gk_db *db)
{
    struct gk_error error;
    gk_snapshot *s = NULL;
    ok(gk_snapshot_open(db, &s, &error), &error);
    return s;
}

/* Findings go to a text that is cut when it grows too long. */
struct findings {
    char text[4096];
    size_t size;
};

static inline int take_finding(void *context, const char *text, size_t size)
{
    struct findings *f = context;
    if (size > sizeof f->text - 1 - f->size)
        size = sizeof f->text - 1 - f->size;
    memcpy(f->text + f->size, text, size);
    f->size += size;
    f->text[f->size] = 0;
    return GK_OK;
}

static inline void check_is_clean(gk_db *db)
{
    struct findings found = {"", 0};
    struct gk_error error;
    uint64_t n;
    ok(gk_check(db, true, take_finding, &found, &n, &error), &error);
    if (n)
        fail_msg("%llu findings:\n%s", (unsigned long long)n, found.text);
}

static inline void digest_is(gk_db *db, char out[65])
{
    struct gk_error error;
    ok(gk_commit(db, &error), &error);
    ok(gk_digest(db, out, &error), &error);
}

#endif
