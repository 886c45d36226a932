/*
 * model.h - what a store must say after a story, in plain arrays: every row that was taken, where each row that arrived
 * ended, the catalog's puts. It knows gk.h and nothing of how the engine does it.
 */
#ifndef TESTS_SIMULATION_MODEL_H
#define TESTS_SIMULATION_MODEL_H

#include "db/world.h"

#define FACILITIES_MAX  6
#define CHANNELS        2 /* kw, ia */
#define ROWS_MAX        3000
#define QUARANTINED_MAX 400
#define BANDS_MAX       16
#define CHANGES_MAX     24
#define HOUR            (INT64_C(3600) * GK_SECOND)

struct row {
    gk_time time;
    uint32_t facility;
    bool is_dropped; /* by retention: no sample any more, but its hour's sums know it */
    double value[CHANNELS];
};

/* Shares of rated in percent; 0: absent. Times in whole seconds; -1: absent. */
struct band {
    enum gk_kind kind; /* GK_ZONE, GK_ROLE, GK_FACILITY */
    uint32_t id;       /* of the role or facility */
    int off, on, overload;
    int64_t hold_s, dwell_on_s, dwell_off_s;
    gk_time from;
};

/* Of the rest of the catalog the n-th change is always the same one: see model_change. */
struct model {
    enum gk_policy policy;
    uint32_t n_facilities;
    struct row rows[ROWS_MAX]; /* by facility, time, arrival */
    size_t n_rows;
    struct row quarantined[QUARANTINED_MAX]; /* in order of arrival */
    size_t n_quarantined;
    gk_time newest[FACILITIES_MAX]; /* of all rows that were ever taken */
    gk_time dropped_before, watermark;
    struct gk_counts counts;
    struct band bands[BANDS_MAX];
    size_t n_bands;
    uint32_t n_changes, n_rules; /* n_rules: changes of the rules, see record.h */
};

void model_init(struct model *model, enum gk_policy policy, uint32_t n_facilities);
/* A row arrives when the clock says `now`; it goes into one of *counts, too. */
void model_take(struct model *model, const struct row *row, gk_time now, bool is_forced, struct gk_counts *counts);
/* The record of the first n quarantined rows is taken again. */
void model_release(struct model *model, size_t n, gk_time now, bool is_forced, struct gk_counts *counts);
/* Returns how many rows went. */
uint64_t model_retain(struct model *model, gk_time before);
bool model_has_band(const struct model *model, const struct band *band);

/* Puts the catalog as it is before anything else, one band, one of the changes: into any store. */
void model_put_catalog(gk_db *db, uint32_t n_facilities);
int model_put_band(gk_db *db, const struct band *band, struct gk_error *error);
int model_put_change(gk_db *db, uint32_t change, struct gk_error *error);

/*
 * Whether a store says what the model says: rows, counts, catalog; `why` tells the first difference. `db` may be NULL:
 * then the counts are not compared.
 */
bool model_is_equal(const struct model *model, gk_db *db, gk_snapshot *snapshot, char why[256]);
/* The state at a tick (of 1 s), by looking at every row; only for bands without dwell. */
enum gk_state model_state(const struct model *model, uint32_t facility, int64_t tick);
/* Sums of kw within one hour, dropped rows included. */
void model_sums(const struct model *model, uint32_t facility, gk_time hour, uint64_t *count, double *sum, double *min,
                double *max);
const char *model_facility_name(uint32_t facility);

#endif
