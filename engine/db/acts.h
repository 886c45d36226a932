/*
 * acts.h - acts that were put and are not durable yet, and the alarms that they touch. They become durable with the
 * next commit, in the transaction of the rows that came before them.
 */
#ifndef DB_ACTS_H
#define DB_ACTS_H

#include "db/alarm.h"
#include "store/store.h"

/* Beyond this many, or so many bytes, gk_act_put commits before it takes one more: a transaction stays small, and so
 * does the search among the alarms that were touched. */
#define ACTS_PENDING_MAX       4096
#define ACTS_PENDING_BYTES_MAX (UINT64_C(4) << 20)

/* An alarm as it will be after the next commit. */
struct touched {
    uint64_t id;
    uint8_t firing_key[ALARM_FIRING_KEY];
    bool was_open, was_firing; /* as stored */
    bool is_firing;
    struct buffer bytes; /* its record */
};

struct acts {
    uint64_t last; /* number and hash of the newest act, durable or not; 0 and zeros: none */
    uint8_t hash[SHA256_SIZE];
    struct buffer bytes; /* records, one after the other */
    size_t *ends;
    size_t n, capacity;
    struct touched *touched;
    size_t n_touched, touched_capacity;
};

void acts_init(struct acts *acts, const struct mem *mem);
void acts_clear(struct acts *acts);
/* A put of gk.h with what an older caller lacks, found good; *out borrows its texts. */
int acts_take_put(const struct gk_act_put *given, struct gk_act_put *out, struct gk_error *error);
/* Adds an act; on an error nothing is pending that was not. */
int acts_add(gk_db *db, const struct gk_act_put *put, struct gk_error *error);
/* Takes number and hash of the newest act of the store. */
int acts_load(struct acts *acts, struct txn *txn, struct gk_error *error);
/* Puts what is pending into a transaction; it stays pending until acts_committed. */
int acts_put(struct acts *acts, struct txn *txn, struct gk_error *error);
void acts_committed(struct acts *acts);

/* The record of an act or alarm; GK_ENOTFOUND sets the words. */
int acts_get(struct txn *txn, uint64_t seq, struct gk_act *out, struct gk_error *error);
int alarms_get(struct txn *txn, uint64_t id, struct gk_alarm *out, struct gk_error *error);
/* The number of the newest act in a transaction; 0: none. */
int acts_last(struct txn *txn, uint64_t *seq, struct gk_error *error);

#endif
