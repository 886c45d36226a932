/*
 * record.h - what must be true of a store's acts, alarms and consumers in a story. Rules are judged, people act and
 * hand in, a consumer follows; each act of a person has a text of its own, so that it is known whether it is there:
 * once if it was acknowledged, at most once if it was not, never if it was refused or is lost.
 */
#ifndef TESTS_SIMULATION_RECORD_H
#define TESTS_SIMULATION_RECORD_H

#include "db/world.h"
#include "gk_query.h"

#define ENTRIES_MAX 200 /* acts of people in a story */

enum entry_state {
    ENTRY_WAITS,   /* it was put, and no commit was acknowledged since */
    ENTRY_HANDED,  /* it lies in the inbox, or was taken in without our knowing */
    ENTRY_DURABLE, /* it is there, for good */
    ENTRY_GONE     /* it was refused, or lost before it was acknowledged */
};

struct entry {
    enum entry_state state;
    uint64_t seq; /* 0: not known */
    char name[GK_HANDED_MAX];
};

struct record {
    gk_judge *judge; /* opened when it is needed first; the same for the consumer */
    gk_consumer *consumer;
    gk_session *session;
    struct entry entries[ENTRIES_MAX];
    size_t n_entries;
    struct { /* the newest act that is durable, and that a consumer was given: they must stay. 0: none yet */
        uint64_t seq;
        uint8_t hash[32];
    } durable, told;
    uint64_t given, confirmed; /* to the consumer since it was opened; by it, ever */
    uint64_t n_alarms, n_acts, n_taken, n_refused, n_told, n_asked; /* to see that everything happens */
};

void record_init(struct record *record);
/* Before the handle is closed. */
void record_let_go(struct record *record);
void record_clear(struct record *record);

/* The n-th change of the rules, always the same one: four rules that stay, and one that changes, is dropped, comes
 * again. */
int record_put_rule(struct record *record, gk_db *db, uint32_t n, struct gk_error *error);
int record_advance(struct record *record, gk_db *db, gk_time now, struct gk_error *error);
/* Somebody does something about an alarm that is open, or notes something; by the writer or through the inbox. */
int record_act(struct record *record, gk_db *db, struct random *random, struct gk_error *error);
/* What was put is durable. */
void record_settle(struct record *record);

/* The rest says what is wrong. Acts have no holes, the chain holds, what must be there is; after the handle was opened
 * anew what waited is there or gone. */
bool record_is_right(struct record *record, gk_db *db, gk_snapshot *snapshot, bool is_new_handle, char why[256]);
/* The consumer goes on by some acts. */
bool record_deliver(struct record *record, gk_db *db, struct random *random, char why[256]);
/* Nothing waits that no fault can excuse any more. */
bool record_is_settled(const struct record *record, char why[256]);
/* The alarms of the first n changes of the rules are what the rules, asked as questions, say; after an advance. */
bool record_is_as_asked(struct record *record, gk_snapshot *snapshot, uint32_t n, gk_time now, char why[256]);

#endif
