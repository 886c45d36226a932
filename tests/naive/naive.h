/*
 * naive.h - a second, slow reading of docs/QUERY.md: zones, trees and answers over plain arrays of ticks. It shares
 * nothing with query/ or engine/ but the public types and the words of the language: no index, no runs, no chunks.
 *
 *     zone.c       a random small zone, how it reaches the engine, and as CSV
 *     signal.c     rows -> what holds at every tick: states and samples
 *     tree.c       random conditions, their text
 *     truth.c      what a condition is at every tick
 *     span.c       stretches of ticks
 *     row.c        arithmetic over the channels of a row
 *     days.c       days, hours and calendars
 *     event.c      how long the same, how near to each other, how it began
 *     statement.c  random statements, and smaller ones
 *     text.c       their text
 *     window.c     windows, buckets, whom a statement is about
 *     run.c        a condition over a window, and the stretches in which it is true
 *     table.c      groups and cells
 *     answer.c     the rows that a statement must give
 *     shift.c      which stretches of time count into which cell
 *     sums.c       what one source says of groups and buckets
 *     numbers.c    arithmetic over sources, and another time beside them
 *     lag.c        from one moment to another
 */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include "support/support.h"

#include "gk_query.h"

/* ---- a zone ---- */

#define FACILITIES_MAX 8
#define SITES_MAX      8
#define ENTRIES_MAX    12 /* of bands, of links, of orders, of exemptions, of calendars */
#define ROWS_MAX       4000
#define NONE           (-1)

enum channel { KW, IA, IB, IC, KWH, TEMP, N_CHANNELS };
extern const char *const CHANNELS[N_CHANNELS];

struct site {
    char name[32];
    int parent; /* of a line its enterprise, of an enterprise its park; or NONE */
};

struct facility {
    char name[16];
    enum gk_role role;
    int site[4];               /* by gk_kind: its park, enterprise, line, or NONE */
    int64_t rated_kw, rated_a; /* hundredths; 0: not given */
    int stop_level;            /* NONE: no such tag */
    const char *group, *type;  /* NULL: no such tag */
};

struct link {
    int abatement, production;
    gk_time from, to;
};

/* A limit as an exact decimal; a share of rated or in the channel's unit. */
struct limit {
    enum gk_limit_kind kind;
    int64_t mantissa;
    int scale;
};

struct band {
    enum gk_kind kind;
    int id; /* of the site, facility or role */
    struct limit off, on, overload, hysteresis;
    int64_t hold, dwell_on, dwell_off; /* ns; negative: absent */
    int channel;                       /* NONE: absent */
    gk_time from;
    bool is_of_set; /* of the set SET_NAME, not in force */
};
#define SET_NAME "strict"

/* An order, or an exemption, which has no level and no hours. */
struct order {
    enum gk_kind kind;
    int id;
    const char *group, *level, *what; /* `what`: its kind as text */
    int cut;                          /* hundredths; NONE: nothing is said */
    gk_time from, to;
    int hours_from, hours_to;
};

/* What days and hours a name means for a scope. */
struct calendar {
    const char *name;
    enum gk_kind kind;
    int id;
    unsigned days; /* bits from Monday on */
    int hours_from, hours_to;
    gk_time from, to;
};

struct row {
    int facility;
    gk_time time;
    double value[N_CHANNELS];
};

struct zone {
    int64_t tick;
    enum gk_policy policy;
    gk_time now, begin, end; /* of its rows, about */
    int n_sites[4], n_facilities, n_links, n_bands, n_orders, n_exemptions, n_calendars, n_rows;
    struct site sites[4][SITES_MAX];
    struct facility facilities[FACILITIES_MAX];
    struct link links[ENTRIES_MAX];
    struct band bands[ENTRIES_MAX];
    struct order orders[ENTRIES_MAX], exemptions[ENTRIES_MAX];
    struct calendar calendars[ENTRIES_MAX];
    struct row rows[ROWS_MAX]; /* in order of arrival */
    int batches[ROWS_MAX];     /* rows of each batch */
    int n_batches;
};

void zone_make(struct zone *zone, struct random *random);
/* Names of scopes, as the CSV tables write them: "*", "park:P1", "F1". */
void zone_print(const struct zone *zone, int n_rows, FILE *out);
int64_t zone_tick(const struct zone *zone, gk_time time);
bool zone_covers(const struct zone *zone, enum gk_kind kind, int id, const char *group, int facility);

/* When things reached the engine. */
struct came {
    gk_time rows[ROWS_MAX], links[ENTRIES_MAX], bands[ENTRIES_MAX], orders[ENTRIES_MAX], exemptions[ENTRIES_MAX],
        calendars[ENTRIES_MAX];
};

/* The zone in an engine, as far as it was put there. */
struct store {
    char folder[4096];
    const struct zone *zone;
    gk_db *db;
    uint32_t channels[N_CHANNELS];
    int n_links, n_bands, n_orders, n_exemptions, n_calendars, n_batches, n_rows;
    gk_time clock; /* only store_pass_time changes it: then all is durable */
    struct came came;
};
/* Commits, and lets time go by. */
void store_pass_time(struct store *store, struct random *random);
void store_open(struct store *store, const struct zone *zone);
void store_close(struct store *store);
/* Closes and opens it, with or without a sealing. */
void store_reopen(struct store *store, bool keeps_heads);
void store_batch(struct store *store);
void store_link(struct store *store);
void store_band(struct store *store);
void store_order(struct store *store);
void store_exemption(struct store *store);
void store_calendar(struct store *store);

/* ---- what the engine must know of a facility's rows at this moment: rows of one time folded, in order of time ---- */

struct sample {
    gk_time time;
    double value[N_CHANNELS];
};
struct signal {
    struct sample *samples;
    int n;
    int64_t usual_hold;
};
/* A view of the part of a zone that was put. */
struct view {
    struct zone *zone; /* with only the entries and rows that were put */
    struct signal signals[FACILITIES_MAX];
    gk_time watermark, beginning;
    gk_time opens;           /* where a window without a begin has it: the first row that was known */
    const struct band *with; /* limits above all bands, or NULL */
    bool uses_set;           /* those of the set stand above those in force */
    const struct came *came; /* of the store */
};
void view_make(struct view *view, const struct store *store);
/* What of it was known at a time, which is now then. */
void view_make_known(struct view *view, const struct view *all, gk_time at);
void view_clear(struct view *view);

/* Ticks [first, first + n). What is true of a moment is a byte: 0 false, 1 unknown, 2 true. */
typedef uint8_t truth;
struct span {
    int64_t first;
    int n;
    int64_t known_end; /* nothing is known from here on */
};
/* Paints the ticks [from, to), as far as they are in the span. */
void span_paint(const struct span *span, int64_t from, int64_t to, uint8_t value, uint8_t *out);
/* Up to where the bytes from i on are the same. */
int same_until(const truth *a, int i, int n);
/* The most that is true in the last d ticks and now; now and in the next d ticks. */
void most_lately(const truth *a, int n, int64_t d, truth *out);
void most_soon(const truth *a, int n, int64_t d, truth *out);
/* The state of a facility at every tick. */
void signal_states(const struct view *view, int facility, const struct span *span, uint8_t *out);
/* How long a sample at a tick holds, in ticks. */
int64_t signal_hold(const struct view *view, int facility, int64_t tick);

/* ---- conditions ---- */

enum noun { FACILITY, PRODUCTION, ABATEMENT, LINE, ENTERPRISE, PARK, ZONE };
enum quant { PLAIN, ANY, ALL, NO, AT_LEAST, EXACTLY };

struct ref {
    enum noun noun;
    enum quant quant;
    int k;
    int n_names, names[2]; /* facilities, or sites of which the names count */
};

enum op {
    STATE,
    COMPARE,
    FROZEN,
    TOGETHER, /* up to here they have a ref */
    ORDER,
    EXEMPT,
    HOURS,
    DAYS,
    CALENDAR,
    AND,
    OR,
    WHILE,
    UNLESS,
    NOT,
    POSSIBLY,
    SURELY,
    UNKNOWN,
    START,
    END,
    FOR_GE,
    FOR_GT,
    FOR_LT,
    FOR_LE,
    GAPS_LT,
    GAPS_LE,
    HELD,
    LAST,
    NEXT,
    TIMES, /* so often within ns */
    AFTER  /* runs of a that began at most ns behind b */
};

enum metric { POWER, CURRENT, LOAD, CHANNEL, ROW };

#define ROW_FORMS 6 /* of arithmetic over a row */

struct node {
    enum op op;
    struct node *a, *b;
    bool parens; /* printed though not needed */
    struct ref ref;
    const char *state; /* as written */
    uint32_t mask;
    bool is_negated;
    enum metric metric;
    int channel; /* of ROW the form */
    enum quant phases;
    enum gk_compare compare;
    int64_t mantissa; /* the limit: mantissa * 10^-scale, of rated or in a unit of 10^-thousands */
    int scale, unit_scale;
    const char *unit;
    bool is_of_rated;
    int form; /* of the text, of an order */
    const char *name;
    int level, from_s, to_s, times; /* DAYS: level is the first day, times how many */
    int64_t ns;
    bool is_event;
};

#define NODES_MAX 64
struct tree {
    struct node nodes[NODES_MAX];
    int n;
};

struct text {
    char bytes[4096];
    size_t size;
};
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_duration(struct text *text, int64_t ns, struct random *random);

/* Whom rows are about. */
struct who {
    enum noun noun;
    int id;
};
struct whom {
    enum noun noun;
    int n_names, names[2];
};

#define FIELD_ROWS_MAX (4 * NODES_MAX)

/* Everything a condition is evaluated with. */
struct field {
    const struct view *view;
    struct span span;
    bool is_in[FACILITIES_MAX];
    struct whom whom;
    uint8_t *states[FACILITIES_MAX];
    truth *rows[FIELD_ROWS_MAX]; /* of span.n, taken and given back like a stack */
    int depth;
};
void field_open(struct field *field, const struct view *view, const struct span *span);
void field_close(struct field *field);
bool facility_has_noun(const struct zone *zone, int facility, enum noun noun);
bool site_is_named(const struct zone *zone, enum noun noun, int id, const int *names, int n);
enum gk_kind kind_of(enum noun noun);

struct node *tree_make(struct tree *tree, const struct zone *zone, struct random *random, int size);
/* Whether a node is of moments, from its operands. */
void tree_renew(struct node *node);
void tree_print(const struct zone *zone, const struct node *node, int level, struct random *random, struct text *out);
/* Whose rows a condition lists; `per` NONE: not given. */
struct whom tree_subject(const struct node *node, int per);
/* Whether it lies in a site, or is the facility of that number. */
bool facility_is_inside(const struct zone *zone, int facility, enum noun noun, int id);
/* Which of all are meant by a noun: the subject, those named, linked with it, inside of it, around it. */
enum range { SELF, NAMED, LINKED, INSIDE, AROUND };
enum range tree_range(const struct ref *ref, const struct whom *whom);
bool node_has_ref(const struct node *node);
/* Its duration, rounded up. */
int64_t node_ticks(const struct node *node, int64_t tick);
/* Whether the language allows it for these subjects. */
bool tree_is_allowed(const struct node *node, const struct whom *whom);
int64_t tree_pad(const struct node *node, int64_t tick);
bool tree_has(const struct node *node, enum op op);
/* How many days before all data its hours and days may have begun. */
int tree_days(const struct node *node);
/* A row of span.n, to be given back by setting depth as it was. */
truth *field_take(struct field *field);
/* What a sample says of the metric of a comparison: of a phase where there are phases; false: nothing. */
bool sample_value(const struct node *node, const struct facility *f, const struct sample *sample, double *out);
/* Arithmetic over a row: its text; whether it is a share; whether a row is a sample of it, and its number or NaN. */
const char *row_text(int form);
bool row_is_share(int form);
bool row_is_current(int form);
/* Its channels, as written. */
int row_channels(int form, int out[N_CHANNELS]);
bool row_value(int form, const struct facility *f, const struct sample *sample, double *out);
/* Paints 2 on days of the week; on the hours of every day within [low, high); where a calendar says so of a facility.
 */
void days_paint(const struct zone *zone, int first_day, int n_days, int from_s, int to_s, const struct span *span,
                truth *out);
void hours_paint(const struct zone *zone, int from_s, int to_s, int64_t low, int64_t high, const struct span *span,
                 truth *out);
bool calendar_is_known(const struct zone *zone, const char *name);
/* The hours that begin on the day of t; false: none. */
bool calendar_hours(const struct zone *zone, const char *name, int facility, gk_time t, gk_time *from, gk_time *to);
void calendar_paint(const struct zone *zone, const char *name, int facility, const struct span *span, truth *out);
void frozen_truth(const struct field *field, const struct node *node, int facility, int64_t d, truth *out);
/* n_before: so many ticks before all data are as those before them. */
void after_truth(struct field *field, const truth *a, const truth *b, int64_t d, int64_t n_before, truth *out);
/* starts[m][i]: whether member m began at tick i. */
void together_truth(struct field *field, const struct node *node, truth *const *starts, int n_members, int64_t d,
                    truth *out);
/* Whether the order of a condition is this one. */
bool order_is_meant(const struct node *node, const struct order *o, const struct zone *zone);
/* Whether an order or exemption is about a facility, whenever it is. */
bool order_is_upon(const struct zone *zone, const struct order *o, int facility);
void close_gaps(truth *set, int n, int64_t g);
void tree_truth(struct field *field, const struct node *node, struct who who, truth *out);

/* ---- statements and answers ---- */

#define COLUMNS_MAX 24
struct cell {
    struct gk_value value;
    double slack;                /* how far a number may be off */
    bool is_any;                 /* not finite: whatever */
    char text[GK_TIME_TEXT_MAX]; /* of a name, or a time */
    const char *whole;           /* a longer text, in the statement; NULL: `text` */
};
struct answer {
    const char *columns[COLUMNS_MAX];
    char names[COLUMNS_MAX][48]; /* of columns whose name is made */
    int n_columns, n_rows, capacity;
    struct cell *cells;
};
void answer_clear(struct answer *answer);

struct statement;
struct statement *statement_make(const struct view *view, struct random *random);
void statement_free(struct statement *statement);
const char *statement_text(const struct statement *statement);
/* For shrinking: the i-th smaller statement of the same kind, NULL behind the last. */
struct statement *statement_smaller(const struct statement *statement, const struct view *view, int i);
void statement_answer(const struct statement *statement, const struct view *view, struct answer *out);

#endif
