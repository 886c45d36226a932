/*
 * statement.h - a random statement, and what its answer is worked out with: windows, buckets, groups, one subject after
 * the other. See naive.h.
 */
#ifndef TESTS_NAIVE_STATEMENT_H
#define TESTS_NAIVE_STATEMENT_H

#include "naive/naive.h"

#define DAY  (86400 * GK_SECOND)
#define HOUR (3600 * GK_SECOND)
#define EAST (28800 * GK_SECOND) /* the zone's offset */

enum kind { WHEN, WHICH, AGGREGATE, SERIES, NUMBERS, LAG, STATE_OF, SAMPLES, FIELD };
enum window {
    DEFAULT,
    LAST_D,
    BETWEEN,
    SINCE,
    UNTIL,
    AT,
    NOW,
    TODAY,
    YESTERDAY,
    ON,
    CLOCKS,
    LAST_NIGHT,
    THIS_HOUR,
    LAST_HOUR,
    THIS_WEEK,
    LAST_WEEK,
    THIS_MONTH,
    LAST_MONTH
};
enum agg {
    DURATION,
    SHARE,
    COUNT,
    LONGEST,
    FIRST,
    LAST_ONE,
    COVERAGE,
    AVG,
    MAX,
    MIN,
    SUM,
    RMS,
    ENERGY,
    P50,
    P95,
    MEDIAN,
    AGREED, /* of an attribute, which is said without an aggregate */
    N_AGGS
};
enum key {
    BY_FACILITY,
    BY_LINE,
    BY_ENTERPRISE,
    BY_PARK,
    BY_TYPE, /* tags */
    BY_GROUP,
    BY_STOP_LEVEL,
    BY_HOUR, /* times */
    BY_DAY,
    BY_WEEK,
    BY_MONTH,
    BY_SHIFT,
    N_KEYS
};
#define BUCKETS_MAX 1200

struct column_tail { /* having, sort, top: a column of the answer */
    bool is_set;
    char name[20];
    enum gk_compare compare;
    int value;
    char than[20]; /* having: not a number but so many times another column */
    bool is_desc;
};

struct filter {
    const char *tag, *text; /* text NULL: a number */
    enum gk_compare compare;
    int number;
};

/* A number of a source, or arithmetic over two of them. */
enum arithmetic { PLAIN_NUMBER, RATIO, DIFFERENCE, PRODUCT, TOTAL, MOST_OF, LEAST_OF, SCALED };
struct column {
    enum arithmetic arithmetic;
    int a, b;   /* parts of the statement */
    int factor; /* of SCALED */
    char name[20];
};

/* Another time. */
enum versus { NO_VERSUS, BEFORE, SHIFTED, UNIT_EARLIER, NORMAL_DAYS, MEDIAN_OF, AVG_OF, STORED, KNOWN_NOW };
enum unit { UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };

/* Moments of the condition, and of another one. */
enum way { NEAREST, TO_NEXT, TO_LAST };
enum lag_number { LAG_AVG, LAG_MIN, LAG_MAX, LAG_COUNT, LAG_MEDIAN, LAG_P90, LAG_NUMBERS };
struct lag {
    struct tree tree;
    struct node *to;
    char text[1000]; /* of the moments it is from */
    enum way way;
    int64_t within; /* ns; 0: not said, then an hour */
    enum lag_number numbers[3];
    int n_numbers; /* 0: they are listed */
};

#define ENERGY_OF (ROW + 1)

/* What a FIELD is: an attribute, or what orders cut. */
enum field_of { RATED, RATED_A, STOP_LEVEL, CUT };

struct statement {
    enum kind kind;
    struct tree tree;
    struct node *cond;
    int per, mode; /* per NONE: none; mode: ever, always, never, now */
    enum noun noun;
    struct ref ref;             /* of a series, of `state of` */
    int metric;                 /* of a series: an enum metric, or ENERGY_OF */
    int channel;                /* of ROW the form */
    bool is_narrowed;           /* a series: by the condition */
    struct statement *parts[3]; /* of NUMBERS: the sources, each with the tails of the whole; of LAG: the other pairs */
    int n_parts;
    struct column columns[3];
    int n_columns;
    enum versus versus;
    int64_t versus_ns;
    enum unit versus_unit;
    int versus_days;
    struct lag lag;
    enum agg aggs[4];
    int n_aggs;
    enum key keys[3];
    int n_keys;
    int64_t every, offset;
    enum noun in;
    int n_in, in_names[2];
    struct filter where[2];
    int n_where;
    enum field_of field;
    bool has_own_filter; /* of a series: it is about facilities of which this is true */
    struct filter own_filter;
    bool is_bare;  /* of which: the state stands without its noun */
    bool is_which; /* of an aggregate: which ... at least N times */
    bool uses_set;
    enum window window;
    int64_t last;
    gk_time from, to; /* as written */
    int clock_from, clock_to;
    int unknown_as; /* 0 keep, 1 true, 2 false */
    bool with_possible, has_with;
    struct band with;
    bool has_known;
    gk_time known; /* on a full second */
    struct column_tail having, having_too, sort, top;
    int limit;
    uint64_t print_seed;
    struct text text;
};

struct frame {
    gk_time from, to;
    int64_t a, b; /* ticks */
    bool is_instant;
    int64_t known_end;
};

#define SHIFTS_MAX 3

/* With shifts a cell is one of them in a bucket, else a bucket. */
struct buckets {
    int n, key;       /* key: an enum key, NONE: the whole window */
    bool is_by_shift; /* of which none may be known */
    int n_shifts;
    const char *shifts[SHIFTS_MAX];
    gk_time edges[BUCKETS_MAX + 1], starts[BUCKETS_MAX];
};

/* A condition, subject after subject. */
struct run_of {
    const struct statement *s;
    const struct node *cond;
    const struct view *view;
    struct frame frame;
    struct field field;
    int64_t pad, valid, first; /* right from `valid` on; endless runs begin at `first` */
    truth *out;
};

struct group_row {
    int ids[3]; /* of the keys that are sites; the number of a bucket or a shift for those of time */
    int cell;
    bool is_made;
};

struct table {
    struct buckets buckets;
    struct group_row *rows;
    int n;
    bool is_full; /* no more are made */
};

/* What a source says of a group in a bucket. */
struct sums {
    int n_subjects, n_lacking; /* lacking: of whom there are too few normal days */
    /* of a condition, in ticks */
    double certain, possible, total, starts, possible_starts;
    int64_t longest, possible_longest, first_tick, last_tick;
    bool has_first;
    /* of a series; sizes are sums of magnitudes */
    double count, sum, sum_size, squares, min, max, first, last, kwh, kwh_size, held, covered;
    gk_time first_time, last_time;
    bool has_growth;
    double *values; /* for percentiles */
    int n_values, capacity;
};
/* What a number is worth: NaN is empty; is_any: not finite on the way, so whatever. */
struct number {
    double value, slack;
    bool is_any;
};

/* ---- text.c, window.c, run.c, table.c, answer.c ---- */

extern const char *const AGGS[], *const KEYS[], *const NOUNS[], *const ROLES[];
void statement_print(struct statement *s, const struct zone *zone);
bool statement_has_key(const struct statement *s, enum key key);
/* Whether a facility passes the `in` of a statement. */
bool statement_is_in(const struct statement *s, const struct zone *zone, int facility);
bool key_is_tag(int key);
/* The value of a facility, "" without. */
const char *tag_text(const struct facility *f, enum key key);
/* The sites in which a subject is: by gk_kind, NONE where there is none; [0] is the facility. */
void subject_position(const struct zone *zone, enum noun noun, int id, int out[4]);
const char *site_text(const struct zone *zone, int kind, int id);
/* Whether a comparison holds of things whose order is below, at or above 0. */
bool order_compares(enum gk_compare compare, double order);
void answer_runs(const struct statement *s, const struct view *view, struct answer *out);
gk_time civil_time(gk_time t, enum key unit, int by);
void frame_make(const struct statement *s, const struct view *view, struct frame *out);
void buckets_make(const struct statement *s, const struct view *view, const struct frame *frame, struct buckets *out);
bool statement_has_facility(const struct statement *s, const struct zone *zone, int facility);
bool statement_has_subject(const struct statement *s, const struct zone *zone, const struct whom *whom, int id);
bool filter_passes(const struct zone *zone, const struct filter *f, int facility);
bool statement_has_agg(const struct statement *s, enum agg agg);
/* Of whom a condition is asked. */
struct whom statement_whom(const struct statement *s, const struct node *cond);
/* A random condition, series, and n aggregates of it. */
void statement_make_cond(const struct view *view, struct random *random, struct statement *s);
void statement_make_series(const struct view *view, struct random *random, struct statement *s);
void statement_make_aggs(struct random *random, struct statement *s, int n);
/* What the aggregates are of. */
void statement_print_source(const struct statement *s, const struct zone *zone, struct random *random,
                            struct text *out);
int subject_count(const struct zone *zone, enum noun noun);

struct cell *answer_cell(struct answer *out, int column);
void answer_add_row(struct answer *out);
void answer_name_columns(struct answer *out, const char *const *names, int n);
void answer_put_text(struct answer *out, int column, const char *text);
/* A text that is kept elsewhere. */
void answer_put_whole(struct answer *out, int column, const char *text);
void answer_put_time(struct answer *out, int column, gk_time t);
void answer_put_number(struct answer *out, int column, enum gk_type type, double number, double slack);
void answer_put_count(struct answer *out, int column, enum gk_type type, int64_t count);

/* `back`: so many ticks before the window may be asked, too. */
void run_open(struct run_of *run, const struct statement *s, const struct view *view, const struct node *cond,
              const struct frame *frame, int64_t back);
void run_close(struct run_of *run);
void run_subject(struct run_of *run, int id);
truth run_truth(const struct run_of *run, int64_t tick);
int64_t run_begin_of(const struct run_of *run, int64_t tick, truth least, truth most, bool *is_endless);
int64_t run_end_of(const struct run_of *run, int64_t tick, truth least, truth most);
gk_time run_watermark(const struct run_of *run);
void run_put_subject(const struct run_of *run, int id, struct answer *out);

/* The row of a subject and a cell, made when it is new; NONE: it is new and the table is full. */
int table_row(struct table *table, const struct statement *s, const struct view *view, enum noun noun, int id,
              int cell);
int table_key_columns(const struct statement *s, struct answer *out);
void table_put_keys(const struct statement *s, const struct view *view, const struct table *table, int row,
                    struct answer *out);
int *table_order(const struct statement *s, const struct table *table);

/* ---- shift.c ---- */

/* A stretch of time that counts into a cell. */
struct piece {
    gk_time from, to;
    int cell;
};
struct pieces {
    struct piece *list;
    int n, capacity;
};
void pieces_add(struct pieces *pieces, gk_time from, gk_time to, int cell);
/* Calendars that have hours. */
int shifts_list(const struct zone *zone, const char *names[SHIFTS_MAX]);
/* The time of a subject in the window, by cell; of shifts that overlap in each. */
void slices_list(const struct zone *zone, const struct buckets *buckets, const struct frame *frame, struct who who,
                 struct pieces *out);
int cell_bucket(const struct buckets *buckets, int cell);

/* ---- sums.c: one source ---- */

/* Whom a series is of. */
bool statement_means(const struct statement *s, const struct view *view, int facility);
double series_value(const struct statement *s, const struct facility *f, const struct sample *sample);
/* Rows for all groups and buckets of the source. */
void source_add_rows(const struct statement *s, const struct view *view, const struct frame *frame,
                     struct table *table);
/* Into one sums a row of the table; n_days: the normal days before the window instead of the window. */
void source_measure(const struct statement *s, const struct view *view, const struct frame *frame, struct table *table,
                    int n_days, struct sums *out);
struct number source_number(const struct statement *s, const struct view *view, enum agg agg, const struct sums *sums);
struct number source_possible(const struct view *view, enum agg agg, const struct sums *sums);

/* ---- numbers.c: sources, arithmetic, another time ---- */

void numbers_make(const struct view *view, struct random *random, struct statement *s);
void numbers_make_versus(const struct view *view, struct random *random, struct statement *s);
void numbers_print(struct statement *s, const struct zone *zone, struct random *random);
void numbers_print_versus(struct statement *s, struct random *random);
void numbers_answer(const struct statement *s, const struct view *view, struct answer *out);
/* How much of the reference a value is more. */
struct number number_change(struct number value, struct number reference);

/* ---- lag.c ---- */

void lag_make(const struct view *view, struct random *random, struct statement *s);
/* Whom both of its conditions are about. */
struct whom lag_whom(const struct statement *s);
void lag_print(struct statement *s, const struct zone *zone, struct random *random);
void lag_answer(const struct statement *s, const struct view *view, struct answer *out);

#endif
