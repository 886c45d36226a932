/*
 * ast.h - a statement as a tree. The parser makes it from tokens, the binder (bind.h) fills in what the store knows:
 * ids, ticks, channels, whom a noun stands for. Everything lives in the arena of the query.
 *
 *     stmt ── cond ── ... ── state / compare / order / hours      what is asked
 *          ├─ series                                              of which signal
 *          ├─ columns ── value ── ... ── measure ── source        which numbers, of what
 *          └─ tail ── in, where, time, keys, top, having, ...     of whom, when, in which order
 */
#ifndef QUERY_AST_H
#define QUERY_AST_H

#include "lex.h"

#define NEST_MAX 64 /* conditions inside conditions, definitions included */

/* ---- nouns ------------------------------------------------------------------------------------------------------- */

enum noun { NOUN_FACILITY, NOUN_PRODUCTION, NOUN_ABATEMENT, NOUN_LINE, NOUN_ENTERPRISE, NOUN_PARK, NOUN_ZONE };

static inline bool noun_is_facility(enum noun noun)
{
    return noun <= NOUN_ABATEMENT;
}

/* A quoted name in a list. */
struct name {
    struct name *next;
    struct gk_text text;
    struct place place;
    uint32_t id; /* bound: of the facility or site */
};

enum quant { QUANT_NONE, QUANT_ANY, QUANT_ALL, QUANT_NO, QUANT_AT_LEAST, QUANT_EXACTLY };

/* Whom a noun stands for, seen from the subject; decided by the binder. */
enum range {
    RANGE_SELF,      /* the subject itself */
    RANGE_LINKED,    /* facilities linked with the subject */
    RANGE_CONTAINED, /* facilities or sites inside the subject */
    RANGE_CONTAINER, /* the site in which the subject is */
    RANGE_NAMED      /* what the text names, whatever the subject */
};

struct filter { /* where tag cmp value */
    struct filter *next;
    struct gk_text tag, value;
    struct place place, value_place;
    enum gk_compare compare;
    bool is_number;
    double number;
};

struct ref {
    enum noun noun;
    struct name *names;
    struct filter *where; /* of `(NOUN where ...)`, which stands in aggregates only */
    enum quant quant;
    uint32_t k;
    struct place place;
    enum range range; /* bound */
};

/* ---- values ---------------------------------------------------------------------------------------------------- */

enum value_kind {
    VALUE_NUMBER,
    VALUE_INPUT,
    VALUE_NEGATIVE,
    VALUE_ADD,
    VALUE_SUBTRACT,
    VALUE_MULTIPLY,
    VALUE_DIVIDE,
    VALUE_MAX,
    VALUE_MIN,
    VALUE_AVG,
    VALUE_SUM
};

/*
 * Arithmetic over inputs. What an input is, the place says where the value stands: a channel or an attribute for a row
 * of samples, a measure for a row of an answer, a column for `having`.
 */
struct value {
    enum value_kind kind;
    struct place place;
    struct value *a, *b; /* operands; a: the first of the list of max, min, avg, sum */
    struct value *next;  /* in such a list */
    unsigned depth;      /* of the tree below */
    double number;
    const struct unit *number_unit; /* NULL: a plain number */
    size_t input;
};

#define INPUTS_MAX 32

/* ---- signals -------------------------------------------------------------------------------------------------------
 */

enum metric {
    METRIC_POWER,
    METRIC_CURRENT,
    METRIC_VOLTAGE,
    METRIC_LOAD,
    METRIC_ENERGY,
    METRIC_CHANNEL,
    METRIC_VALUE, /* an expression over a row */
    METRIC_ALL
};

#define SIGNAL_CHANNELS_MAX GK_APPLY_MAX

/* What an expression over a row stands on: the mean of some channels, or an attribute of the facility. */
struct row_input {
    enum metric metric;
    struct gk_text name; /* METRIC_CHANNEL */
    struct place place;
    /* bound: */
    size_t columns[3]; /* places among the series' channels */
    size_t n_columns;  /* 0: an attribute */
    double per_base;
    enum unit_kind unit;
};

struct series {
    enum metric metric;
    enum quant phases;      /* any or all current: over the phases of one facility */
    struct gk_text channel; /* METRIC_CHANNEL */
    struct place place;
    struct ref ref;
    struct value *value;      /* METRIC_VALUE */
    struct row_input *inputs; /* of the value */
    size_t n_inputs;
    /* bound: */
    uint32_t channels[SIGNAL_CHANNELS_MAX];
    size_t n_channels;
    enum unit_kind unit;
    double per_base; /* how many of the channel's own units make the base unit: 1000 for watts */
};

/* ---- conditions
 * ------------------------------------------------------------------------------------------------------ */

enum cond_kind {
    COND_STATE,
    COND_COMPARE,
    COND_FROZEN, /* up to here they have a ref */
    COND_ORDER,
    COND_EXEMPT,
    COND_HOURS,
    COND_CALENDAR,
    COND_NAME,
    COND_AND,
    COND_OR,
    COND_NOT,
    COND_POSSIBLY,
    COND_SURELY,
    COND_UNKNOWN,
    COND_START,
    COND_END,
    COND_AT_LEAST,
    COND_LESS,
    COND_GAPS,
    COND_HELD,
    COND_WITHIN_LAST,
    COND_WITHIN_NEXT,
    COND_TIMES,   /* k starts of a within ticks */
    COND_AFTER,   /* runs of a that begin within ticks after b */
    COND_TOGETHER /* a, a leaf with a quantifier: so many went so within ticks of each other */
};

struct cond {
    enum cond_kind kind;
    struct place place;
    struct cond *a, *b; /* operands */
    unsigned depth;     /* of the tree below */

    /* COND_STATE, COND_COMPARE */
    struct ref ref; /* of a comparison: the series' */
    uint32_t mask;  /* GK_STATE_BIT... */
    bool is_negated;
    struct series *series;
    enum gk_compare compare;
    double limit;
    struct place limit_place;
    const struct unit *limit_unit; /* NULL: a plain number */
    bool is_of_rated;

    /* COND_ORDER, COND_CALENDAR, COND_NAME */
    struct gk_text name; /* NULL: any order, plain days of the week */
    bool has_level, is_group;
    int32_t from_s, to_s; /* COND_HOURS */
    uint32_t days;        /* COND_CALENDAR: of the week, where it has no name */
    enum word calendar;   /* W_WORKDAYS, W_HOLIDAYS: the stored calendar of that name */

    /* Suffixes: the duration as written, and whether it stood behind > or <= */
    int64_t ns;
    bool is_beyond;
    uint32_t k; /* COND_TIMES */

    /* bound: */
    int64_t ticks;
    int64_t pad;   /* ticks around a moment on which its truth depends */
    bool is_event; /* of moments, not of stretches */
    size_t slot;   /* of its timeline in the evaluator */
    size_t leaf;   /* of a leaf: its number */
};

/* Whether a leaf is about a noun: states and samples, not the calendar. */
static inline bool cond_has_ref(const struct cond *cond)
{
    return cond->kind <= COND_FROZEN;
}

/* ---- aggregates
 * --------------------------------------------------------------------------------------------------------- */

enum agg_kind {
    AGG_DURATION,
    AGG_SHARE,
    AGG_COUNT,
    AGG_LONGEST,
    AGG_FIRST,
    AGG_LAST,
    AGG_COVERAGE,
    AGG_AVG,
    AGG_MAX,
    AGG_MIN,
    AGG_SUM,
    AGG_RMS,
    AGG_ENERGY,
    AGG_PERCENTILE,
    AGG_SAMPLES,
    AGG_AGREED /* the one value of an attribute that all have */
};

enum source_kind { SOURCE_COND, SOURCE_SERIES, SOURCE_FIELD, SOURCE_CUT };

/* What is measured: a condition, a series, an attribute of facilities, or how much an order cuts. */
struct source {
    struct source *next;
    enum source_kind kind;
    struct place place;
    struct cond *cond;     /* SOURCE_COND; SOURCE_SERIES: counts only while it is true, NULL: always; SOURCE_CUT: which
                              orders */
    struct series *series; /* SOURCE_SERIES */
    struct gk_text field;  /* SOURCE_FIELD */
    struct ref ref;        /* SOURCE_FIELD, SOURCE_CUT */
    struct bound *bound;   /* bound */
};

/* One aggregate of one source: an input of the values of a statement. */
struct measure {
    struct source *source;
    enum agg_kind kind;
    double percent; /* of a percentile */
    const char *name;
    struct place place;
};

/* A column of an answer that is worked out. */
struct column {
    struct column *next;
    struct value *value;
    const char *name;
    struct place place;
};

/* ---- lags ---- */

enum lag_way { LAG_NEAREST, LAG_NEXT, LAG_LAST };

/* From moments of one condition to moments of another. */
struct lag {
    struct lag *next;
    struct cond *from, *to;
    enum lag_way way;
    struct place text; /* of `from`, which names the lag where there are several */
};

enum lag_number { LAG_AVG, LAG_MIN, LAG_MAX, LAG_COUNT, LAG_PERCENTILE };

struct lag_agg {
    struct lag_agg *next;
    enum lag_number number;
    double percent;
    const char *name;
};

/* ---- tails
 * ------------------------------------------------------------------------------------------------------------------ */

enum key {
    KEY_FACILITY,
    KEY_LINE,
    KEY_ENTERPRISE,
    KEY_PARK,
    KEY_TAG,
    KEY_HOUR,
    KEY_DAY,
    KEY_WEEK,
    KEY_MONTH,
    KEY_SHIFT
};
#define KEYS_MAX 8

enum time_kind {
    TIME_DEFAULT,
    TIME_LAST,
    TIME_TODAY,
    TIME_YESTERDAY,
    TIME_NOW,
    TIME_THIS_UNIT,
    TIME_LAST_UNIT,
    TIME_BETWEEN,
    TIME_SINCE,
    TIME_UNTIL,
    TIME_ON,
    TIME_AT
};

struct time_tail {
    enum time_kind kind;
    struct place place;
    int64_t ns;      /* TIME_LAST */
    bool has_clocks; /* only these hours of the day */
    int32_t from_s, to_s;
    enum word unit;    /* W_HOUR ... W_YEAR */
    struct token a, b; /* times as written */
    gk_time from, to;  /* bound: of a and b */
    bool is_date_a, is_date_b;
};

enum unknown_as { UNKNOWN_KEEP, UNKNOWN_TRUE, UNKNOWN_FALSE };

struct column_ref { /* a column of the answer by name */
    struct gk_text name;
    struct place place;
};

struct having { /* value cmp value, over columns of the answer; all must hold */
    struct having *next;
    struct value *a, *b;
    enum gk_compare compare;
};

enum versus_kind {
    VERSUS_NONE,
    VERSUS_BEFORE, /* as long a time right before the window */
    VERSUS_SHIFT,  /* the window, moved back by a duration */
    VERSUS_UNIT,   /* the window, moved back by a unit of the calendar */
    VERSUS_NORMAL, /* the same hours of n normal days before it */
    VERSUS_MEDIAN, /* of the buckets of some time before each bucket */
    VERSUS_AVG
};

struct versus {
    enum versus_kind kind;
    struct place place;
    int64_t ns;     /* VERSUS_SHIFT, VERSUS_MEDIAN, VERSUS_AVG */
    enum word unit; /* VERSUS_UNIT */
    uint64_t n;     /* VERSUS_NORMAL */
};

/* What a rule does beside judging. */
struct rule_tail {
    int64_t clear_ns, escalate_ns; /* 0: not given */
    struct name *notify, *escalate_to;
    struct gk_text message; /* with places in braces; size 0: none */
};

enum tail_kind {
    TAIL_IN,
    TAIL_WHERE,
    TAIL_TIME,
    TAIL_PER,
    TAIL_BY,
    TAIL_EVERY,
    TAIL_TOP,
    TAIL_HAVING,
    TAIL_SORT,
    TAIL_LIMIT,
    TAIL_UNKNOWN,
    TAIL_TZ,
    TAIL_WITH,
    TAIL_USING,
    TAIL_KNOWN,
    TAIL_VERSUS,
    TAIL_CLEAR, /* from here on those that only rules have */
    TAIL_NOTIFY,
    TAIL_ESCALATE,
    TAIL_MESSAGE,
    TAIL_KINDS
};

struct tail {
    uint32_t seen;                   /* bits of enum tail_kind: each at most once */
    struct place places[TAIL_KINDS]; /* where each begins that was seen */
    enum noun in;
    struct name *in_names;
    struct filter *where;
    struct time_tail time;
    bool has_per, has_sort, is_desc, has_top, has_limit, has_zone, with_possible;
    enum noun per;
    struct place per_place;
    enum key keys[KEYS_MAX];
    struct gk_text key_tags[KEYS_MAX]; /* KEY_TAG */
    struct place key_places[KEYS_MAX];
    size_t n_keys;
    int64_t every_ns, offset_ns;
    struct place every_place;
    uint64_t top, limit;
    struct column_ref top_by, sort;
    struct having *having;
    struct column_ref having_inputs[INPUTS_MAX];
    size_t n_having_inputs;
    struct versus versus;
    int32_t zone_s;
    enum unknown_as unknown_as;
    bool has_limits; /* with on_from = 15%: above every band, for this statement */
    struct gk_band limits;
    struct place limits_place;
    struct gk_text set; /* using bands 'v2': of these, too */
    struct place set_place;
    bool has_known; /* as known at: rows and entries that came later are not there */
    struct token known;
    struct place known_place;
    gk_time known_at;       /* bound, of a time as written */
    bool vs_stored, vs_now; /* and beside, the numbers of the stored states, of what is known now */
    struct place vs_place;
    struct rule_tail rule;
};

/* ---- the record ---- */

enum alarm_test {
    ALARM_ACT,      /* an act of the kind `value` was recorded */
    ALARM_STATUS,   /* of the breach: `value` */
    ALARM_REACHED,  /* somebody was told, and it worked */
    ALARM_OVERDUE,  /* its due time is over, and it is not closed */
    ALARM_OLDER,    /* raised more than `ns` ago */
    ALARM_CLOSED_AS /* with the outcome `value` */
};

struct alarm_filter { /* all of a list hold */
    struct alarm_filter *next;
    enum alarm_test test;
    bool is_negated;
    unsigned value;
    int64_t ns; /* of ALARM_ACT: within that time of being raised; 0: not given */
};

/* What a statement asks of alarms and acts. */
struct record_stmt {
    struct alarm_filter *filters;
    uint64_t number;           /* acts of alarm N, evidence of N; 0: of all */
    bool has_lag;              /* numbers are of lags from the first act of one kind to that of another */
    unsigned lag_from, lag_to; /* enum gk_act_kind */
    struct place place;
};

/* ---- statements
 * ---------------------------------------------------------------------------------------------------------------- */

enum stmt_kind {
    STMT_WHEN,
    STMT_WHICH,
    STMT_AGGREGATE,
    STMT_SAMPLES,
    STMT_STATE,
    STMT_LIST,
    STMT_DEFINE,
    STMT_LAG,      /* numbers of lags */
    STMT_LAG_LIST, /* the lags themselves */
    STMT_RULE,
    STMT_ALARMS,        /* list alarms */
    STMT_ACTS,          /* list acts */
    STMT_ALARM_NUMBERS, /* count of alarms, numbers of lags between acts */
    STMT_EVIDENCE
};
enum rule_level { RULE_INFO, RULE_WARN, RULE_ALARM, RULE_SEVERE };
enum which_mode { WHICH_EVER, WHICH_ALWAYS, WHICH_NEVER, WHICH_NOW };

struct stmt {
    enum stmt_kind kind;
    bool is_explained, is_profiled;
    unsigned nesting; /* of its conditions */
    bool is_gaps;     /* a `when` that was written `list gaps` */
    struct place place;
    struct cond *cond;      /* of an aggregate: the first source's, when that is a condition */
    struct series *series;  /* of samples; of an aggregate like cond */
    struct source *sources; /* of an aggregate */
    struct measure measures[INPUTS_MAX];
    size_t n_measures;
    struct column *columns;
    struct ref ref; /* which, state; `of` of list */
    bool has_ref;   /* of list */
    enum which_mode mode;
    enum word listed;    /* W_FACILITY, W_LINK, ... */
    struct gk_text name; /* define, rule */
    struct place name_place;
    struct gk_text title; /* rule: for people; size 0: none */
    enum rule_level level;
    struct place cond_text; /* define: the condition as written */
    struct lag *lags;
    struct lag_agg *lag_aggs;
    int64_t lag_ns, lag_ticks; /* how far a partner may be away; 0 ns: not given. Ticks are bound. */
    struct record_stmt record;
    struct tail tail;
};

static inline bool tail_has_key(const struct tail *tail, enum key key)
{
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] == key)
            return true;
    return false;
}

/* Of alarms and acts, not of states and samples. */
static inline bool stmt_is_of_record(const struct stmt *stmt)
{
    return stmt->kind >= STMT_ALARMS;
}

#endif
