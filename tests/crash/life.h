/*
 * life.h - the life of a store, as a seed tells it: a known row of steps, and what is true after each.
 *
 *     step 0     the zone is made: facilities, channels, links
 *     rows       a batch of rows in order, late, repeated, corrected, filled in, or ahead of the clock; with it, in the
 *                same commit, bands, orders, exemptions, links, facilities, rules, mappings, acts; small or large; then
 *                a sealing, or not
 *     load       rows as CSV text
 *     release    rows leave the quarantine
 *     retain     old rows are dropped
 *     backup     a copy is made beside the store, and stays
 *     hand in    an act is handed in; the next step's commit takes it
 *
 * A step may be done again after any failure, as a program does that does not know whether it was done: batches have
 * a source and a sequence, everything else says the same thing twice. "State n" is what is true after n steps; an
 * acknowledgement of n means that step n - 1 returned GK_OK.
 *
 * What is true is known in two ways: as facts (rows, counted out here, in plain arrays) and as digests of the engine
 * itself in an undisturbed life, which hash the catalog and the states as well.
 */
#ifndef TESTS_LIFE_H
#define TESTS_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"

#define LIFE_STEPS_MAX 256
#define LIFE_PATH      4096
#define LIFE_WORDS     768 /* bytes of a sentence that says what is wrong */

enum life_kind { LIFE_ZONE, LIFE_ROWS, LIFE_LOAD, LIFE_RELEASE, LIFE_RETAIN, LIFE_BACKUP, LIFE_HAND_IN };

struct life_row {
    uint32_t facility;
    gk_time time;
    double value[2]; /* kw, ia; one may be missing */
};

/* A row of a facility as it is in the states [since, until). */
struct life_fact {
    struct life_row row;
    uint32_t since, until;
};

struct life_step {
    enum life_kind kind;
    bool seals;     /* afterwards */
    bool is_held;   /* a snapshot is opened before it, and closed some steps later */
    unsigned puts;  /* which catalog entries come with it */
    gk_time now;    /* what the clock says */
    gk_time before; /* of retain */
    size_t row, n_rows;
    uint32_t n_facilities; /* that are there before it */
};

struct life {
    uint64_t seed;
    uint32_t n_steps;
    struct life_step steps[LIFE_STEPS_MAX];
    struct life_row *rows; /* of all steps */
    size_t n_rows, rows_capacity;
    struct life_fact *facts; /* by facility, time, since */
    size_t n_facts, facts_capacity;
    uint64_t n_quarantined[LIFE_STEPS_MAX + 1]; /* by state */
    char digest[LIFE_STEPS_MAX + 1][65];        /* by state; "" until life_expect */
    char path[LIFE_PATH];                       /* of the store that was opened last */
    gk_time now;                                /* the clock of the handle that is open */
};

/* A life of so many steps; free it with life_free. */
struct life *life_new(uint64_t seed, uint32_t n_steps);
void life_free(struct life *life);

/* Lives it undisturbed in a folder that is not there yet and fills in the digests; false and words when what the engine
 * says and what is counted out differ. */
bool life_expect(struct life *life, const char *path, char words[LIFE_WORDS]);

/* Opens for state n: the clock is that of the step that comes next. */
int life_open(struct life *life, const char *path, uint32_t n, int flags, gk_db **out, struct gk_error *error);
/* Does step n (0-based) to its end, or tells what failed. */
int life_do(struct life *life, gk_db *db, uint32_t n, struct gk_error *error);

/* Whether a step has several commits, so that what is true in between lies between the two states. */
bool life_is_gradual(const struct life *life, uint32_t n);
/* Whether the rows of a snapshot are those of state `least` or of `most`, row by row; false and words if not. */
bool life_rows_are(struct life *life, gk_snapshot *snapshot, uint32_t least, uint32_t most, char words[LIFE_WORDS]);

/* Where the backup of step n lies, if that is one; and that it is not there, or is as the store was then. */
void life_copy_path(const struct life *life, uint32_t n, char out[LIFE_PATH]);
bool life_copy_is(struct life *life, uint32_t n, const char *path, char words[LIFE_WORDS]);

#endif
