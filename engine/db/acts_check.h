/*
 * acts_check.h - for check.c: whether the record still is what was recorded.
 */
#ifndef DB_ACTS_CHECK_H
#define DB_ACTS_CHECK_H

#include "db/snapshot.h"

/* As gk_acts_verify. */
int acts_verify(struct txn *txn, const uint8_t *root, uint64_t *seq, struct gk_error *error);

/* What all records of the table together must come to. */
struct alarms_count {
    uint64_t n_acts, n_open, n_firing;         /* as the alarms' acts say */
    uint64_t n_open_entries, n_firing_entries; /* in the indexes */
};
/* A record of the table alarm: it is one, and an alarm is what its acts come to. Counts. */
int alarms_check_record(gk_snapshot *snapshot, struct view key, struct view value, struct alarms_count *count,
                        struct gk_error *error);
/* After all of them. */
int alarms_check_sums(gk_snapshot *snapshot, const struct alarms_count *count, struct gk_error *error);

#endif
