/*
 * measure.h - a source of numbers while it runs: sums over groups and buckets, of which any aggregate is made. There
 * are two kinds of sums: of the truth of a condition (tally.c) and of samples and attributes (sums.c).
 *
 *     source ── subject after subject ──> slices, pieces of time ──> sums[group][cell] ──> the number of a measure
 *
 * A comparison with another time runs each source twice, `now` and `before`.
 */
#ifndef QUERY_MEASURE_H
#define QUERY_MEASURE_H

#include "groups.h"
#include "sorted.h"
#include "slices.h"

/* A stretch of time, not empty, that counts into a cell of a group. */
struct piece {
    gk_time from, to;
    size_t cell;
};

struct pieces {
    struct piece *list; /* ascending, apart from each other */
    size_t n, capacity;
};
int pieces_add(struct arena *arena, struct pieces *pieces, gk_time from, gk_time to, size_t cell);
/* The slices that count. */
int pieces_of_slices(struct gk_query *query, const struct slices *slices, struct pieces *pieces);
/* Where in them a truth is certain. */
int pieces_of_truth(struct gk_query *query, const struct slices *slices, const gk_timeline *truth,
                    struct pieces *pieces);

/* ---- of a condition: tally.c ---- */

/* In ticks. Means over several days make parts of one. */
struct tally {
    double certain, possible, total; /* possible contains certain */
    double starts, possible_starts;
    int64_t longest, possible_longest;
    int64_t first, last;
    bool has_first;
    uint32_t n_lacking; /* subjects of which nothing is known of another time */
};

/* ---- of samples: sums.c ---- */

struct sums {
    double count, sum, squares, min, max, first, last, kwh;
    gk_time first_time, last_time;
    double held_ns, certain_ns, possible_ns; /* with a sample; of the pieces; of what may be a piece */
    uint32_t n_subjects, n_lacking;
    bool has_growth; /* of a counter, though no sample may lie here */
};

/* What was summed up: cells, group after group. */
struct measured {
    struct tally *tallies; /* of a condition */
    struct sums *sums;     /* of everything else */
    struct sorted *values; /* when there are percentiles */
    size_t n_values, capacity;
};

struct source_run {
    const struct source *source;
    struct measured now, before;
    bool has_percentile, has_energy;
    uint32_t figures; /* of a series: what its measures are made of, GK_FIGURE_... */
    bool has_longest, has_runs;
    uint32_t counter; /* the channel of energy, GK_ID_NONE: none */
    size_t n_lacking; /* subjects */
};

/* Where the energy of a facility comes from. */
#define ENERGY_COUNTED    1
#define ENERGY_INTEGRATED 2

/* The part of a run that is going on. */
struct pass {
    struct source_run *run;
    struct measured *out;
    struct groups *groups;            /* with the buckets of the pass */
    uint64_t n_normal;                /* days that stand for another time; 0: the window itself */
    struct measured day;              /* sums of one of them, by cell */
    uint8_t *metered;                 /* by facility: ENERGY_... of the window itself */
    struct slices slices;             /* of the subject at hand */
    struct pieces pieces, cut, moved; /* scratch */
    struct gk_summary *summaries;
    gk_time *edges;
    size_t *interval; /* number of the piece, SIZE_MAX: between two */
    size_t summaries_capacity, edges_capacity, interval_capacity;
};

/* The scope of a source, in the query. */
int source_scope(struct gk_query *query, const struct source *source);

int tally_start(struct gk_query *query, struct pass *pass);
int tally_step(struct gk_query *query, struct pass *pass, bool *is_done);
/* NaN when it is not known; first and last are times, in ticks. */
double tally_number(const struct gk_query *query, enum agg_kind kind, const struct tally *tally);
/* Of what is possible: duration, share, count, longest. */
double tally_possible(const struct gk_query *query, enum agg_kind kind, const struct tally *tally);

/* What dropped rows mean for the source in the query's window: a note, or an error. */
int sums_check_dropped(struct gk_query *query, const struct source_run *run);
int sums_start(struct gk_query *query, struct pass *pass);
int sums_step(struct gk_query *query, struct pass *pass, bool *is_done);
/* Once all subjects were there. */
int sums_finish(struct gk_query *query, struct pass *pass);
double sums_number(const struct measured *measured, const struct measure *measure, size_t cell);

/* Whether a facility's counter has samples in the pieces or within a day of them. */
int counter_is_used(struct gk_query *query, uint32_t channel, uint32_t facility, const struct pieces *pieces,
                    bool *is_used);
/* The growth of a counter in the pieces of a facility, by cell: counter.c. */
int counter_add(struct gk_query *query, uint32_t channel, uint32_t facility, const struct pieces *pieces,
                struct sums *sums);

#endif
