/*
 * record.h - putting an act into a store, whoever writes it: this process, or another one that it is handed to.
 */
#ifndef RECORD_H
#define RECORD_H

#include "tool.h"

struct record_store {
    gk_db *db;
    bool is_writer; /* else another process writes */
    int32_t zone_s;
    struct tool_clock clock;
};

/*
 * Opens a store for putting acts; *now (may be NULL) is a clock that stands still. Says what is wrong. Returns an exit
 * status.
 */
int record_open(const struct command *command, const char *path, const char *now, struct record_store *store);
/* What gk_close said, said; returns `status` or a worse one. */
int record_close(const struct command *command, struct record_store *store, int status);

/*
 * Puts an act and makes it durable, or hands it to the writer and waits for its word, at most so long: *seq is 0 when
 * it was handed in, and *is_taken says whether its word came. GK_OK or an error with its words.
 */
int record_put(struct record_store *store, const struct gk_act_put *put, int64_t wait_ns, uint64_t *seq, bool *is_taken,
               struct gk_error *error);

#endif
