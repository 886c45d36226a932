/*
 * record.c - putting an act into a store, whoever writes it.
 */
#include "record.h"

#include <time.h>

#define LOOK_NS (INT64_C(20) * 1000000) /* between two looks whether the writer took it in */

int record_open(const struct command *command, const char *path, const char *now, struct record_store *store)
{
    const struct gk_options options = {
        .size = sizeof options, .clock = tool_clock_read, .clock_context = &store->clock};
    struct gk_error error = {0};
    gk_snapshot *snapshot;

    *store = (struct record_store){.db = NULL};
    store->is_writer = gk_open(path, GK_READWRITE | GK_KEEP_HEADS, &options, &store->db, &error) == GK_OK;
    /* Who cannot write it, as another one does or may, hands in; what else is wrong, reading finds as well. */
    if (!store->is_writer && tool_open(command, path, GK_READONLY, &options, &store->db) != GK_OK)
        return EXIT_STORE;
    error.status = gk_snapshot_open(store->db, &snapshot, &error);
    if (error.status != GK_OK)
        return record_close(command, store, tool_failed(command, &error));
    store->zone_s = gk_snapshot_info(snapshot)->zone_s;
    gk_snapshot_close(snapshot);
    if (now == NULL)
        return EXIT_ROWS;
    store->clock.is_set = tool_read_time(command, "now", now, store->zone_s, &store->clock.now);
    return store->clock.is_set ? EXIT_ROWS : record_close(command, store, EXIT_USAGE);
}

int record_close(const struct command *command, struct record_store *store, int status)
{
    struct gk_error error = {.status = gk_close(store->db)};

    return error.status == GK_OK ? status : tool_failed(command, &error);
}

static int hand_in(struct record_store *store, const struct gk_act_put *put, int64_t wait_ns, bool *is_taken,
                   struct gk_error *error)
{
    gk_time end = tool_monotonic() + wait_ns;
    char name[GK_HANDED_MAX];
    int rc = gk_act_hand_in(store->db, put, name, error);

    if (rc != GK_OK)
        return rc;
    while ((rc = gk_act_handed(store->db, name, error)) == GK_DONE && tool_monotonic() < end)
        (void)nanosleep(&(struct timespec){0, LOOK_NS}, NULL); /* a signal makes it shorter: no harm */
    *is_taken = rc == GK_OK;
    return rc == GK_DONE ? GK_OK : rc;
}

int record_put(struct record_store *store, const struct gk_act_put *put, int64_t wait_ns, uint64_t *seq, bool *is_taken,
               struct gk_error *error)
{
    int rc;

    *seq = 0;
    *is_taken = false;
    if (!store->is_writer)
        return hand_in(store, put, wait_ns, is_taken, error);
    rc = gk_act_put(store->db, put, seq, error);
    if (rc == GK_OK)
        rc = gk_commit(store->db, error);
    *is_taken = rc == GK_OK;
    return rc;
}
