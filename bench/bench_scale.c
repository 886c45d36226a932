/*
 * bench_scale.c - questions to a large zone, with and without the presence index: 100,000 facilities and 30 days of
 * rows that came when something changed, about ten times a day a facility. Few facilities are ever overloaded and few
 * abatement facilities ever off, so that the questions are selective; production goes off and on all day. The loops by
 * hand run over the same intervals in plain arrays.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "fill.h"
#include "harness.h"
#include "run.h"

#define FACILITIES       100000
#define FACILITIES_QUICK 8000
#define DAYS             30
#define RATED_KW         100
#define DAY_S            INT64_C(86400)
#define FROM_S           INT64_C(1717977600) /* 2024-06-10 */
#define HOLD_S           INT64_C(172800)
#define GAP_LEAST_S      600
#define BEFORE_S         (3 * DAY_S) /* so long before the window rows begin, at the latest a day later */
#define CHANGES_DAY      10
#define BATCH            65536
#define COMMIT_EVERY     2048 /* facilities: what goes straight to chunks */
#define RARE             1000 /* one facility of so many is overloaded now and then */
#define RARE_ENTERPRISE  250  /* the abatement of one enterprise of so many goes off now and then */
#define RARE_TURN        9
#define BUDGET_S         1.0
#define BUDGET_QUICK_S   0.2
#define PATH_SIZE        1024

static const struct harness_line lines[] = {
    {"scale_load", "rows of changes by gk_ingest, facility by facility, until sealed", "Mrows/s", 0, 0, HARNESS_MORE},
    {"scale_states", "the table of states, pages", "MB", 0, 0, 0},
    {"scale_index", "the presence index, pages", "MB", 0, 0, 0},
    {"scale_share", "the index against the states", "x", 0.333, 0, 0},
    {"rare_state", "when facility overload, 30 days", "ms", 0, 0, 0},
    {"rare_pair", "when abatement off while production on for >= 10m, 30 days", "ms", 0, 0, 0},
    {"rare_hour", "when facility overload, one hour", "ms", 0, 0, 0},
    {"common", "when facility off for >= 20h, 30 days: the index cannot help", "ms", 0, 0, 0},
};

static const char *given_store;
static uint32_t given_facilities, given_rate = CHANGES_DAY;

/* ---- rows of changes
 * ------------------------------------------------------------------------------------------------ */

struct changes_source {
    uint64_t random;
    uint32_t rate, turn; /* changes a day; what it is now */
    int64_t time_s;
    bool is_abatement, is_rare;
};

static uint32_t next_random(struct changes_source *source)
{
    source->random = source->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(source->random >> 33);
}

static struct changes_source source_of(uint32_t facility, uint32_t rate)
{
    struct changes_source source = {.random = facility * UINT64_C(0x9E3779B97F4A7C15) + 7, .rate = rate, .turn = 2};

    source.is_abatement = facility % ZONE_FACILITIES >= ZONE_PRODUCTION;
    source.is_rare = source.is_abatement ? facility / ZONE_FACILITIES % RARE_ENTERPRISE == RARE_ENTERPRISE / 2
                                         : facility % RARE == RARE / 2;
    source.time_s = FROM_S - BEFORE_S + next_random(&source) % DAY_S;
    return source;
}

/* The next change, to another state: production goes between off, idle and on, abatement between idle and on; the rare
 * ones do more. */
static double next_kw(struct changes_source *source)
{
    static const double kw[] = {0, 15, 70}; /* off, idle, on */
    uint32_t v = next_random(source), n = source->is_abatement ? 2 : 3, least = 3 - n;

    if (source->is_rare && source->turn != RARE_TURN && v % 64 == 0) {
        source->turn = RARE_TURN;
        return source->is_abatement ? 0 : RATED_KW * 1.3;
    }
    source->turn =
        source->turn == RARE_TURN ? least + v / 64 % n : least + (source->turn - least + 1 + v / 64 % (n - 1)) % n;
    return kw[source->turn] + v % 5;
}

static void move_on(struct changes_source *source)
{
    uint32_t mean = (uint32_t)DAY_S / source->rate;

    source->time_s += GAP_LEAST_S + next_random(source) % (2 * (mean - GAP_LEAST_S));
}

static uint32_t state_of(double kw)
{
    return kw < RATED_KW * 0.1 ? GK_OFF : kw < RATED_KW * 0.2 ? GK_IDLE : kw < RATED_KW * 1.1 ? GK_ON : GK_OVERLOAD;
}

/* ---- the store
 * ------------------------------------------------------------------------------------------------------ */

static uint32_t fill_facilities(gk_db *db, uint32_t n)
{
    struct gk_band_put band = {.size = sizeof band,
                               .scope = GK_ZONE,
                               .off_below = {GK_LIMIT_SHARE, {10, 2}},
                               .on_from = {GK_LIMIT_SHARE, {20, 2}},
                               .overload_from = {GK_LIMIT_SHARE, {110, 2}},
                               .hold_ns = HOLD_S * GK_SECOND,
                               .dwell_on_ns = -1,
                               .dwell_off_ns = -1,
                               .from = GK_TIME_MIN};
    struct gk_error error = {0};
    uint32_t channel, given;

    for (uint32_t i = 0; i < n; i++) {
        char name[FILL_NAME_MAX], enterprise[FILL_NAME_MAX], park[FILL_NAME_MAX];
        struct gk_facility_put put = {.size = sizeof put, .role_is_set = true, .rated_a = NAN, .rated_kw = RATED_KW};
        put.name = (struct gk_text){name, fill_facility(i, name)};
        put.enterprise = (struct gk_text){enterprise, fill_enterprise(i / ZONE_FACILITIES, enterprise)};
        put.park = (struct gk_text){park, fill_park(i / ZONE_FACILITIES % 50, park)};
        put.role = source_of(i, 1).is_abatement ? GK_ABATEMENT : GK_PRODUCTION;
        fill_check(gk_facility_put(db, &put, &given, &error), &error, "gk_facility_put");
    }
    fill_check(gk_band_put(db, &band, &error), &error, "gk_band_put");
    fill_check(gk_channel_register(db, "kw", 2, &channel, &error), &error, "gk_channel_register");
    fill_check(gk_commit(db, &error), &error, "gk_commit");
    return channel;
}

struct piece {
    size_t n;
    gk_time time[BATCH];
    uint32_t facility[BATCH];
    double kw[BATCH];
};

static void ingest(gk_db *db, const struct piece *rows, uint32_t channel)
{
    const double *value = rows->kw;
    struct gk_batch batch = {.n_rows = rows->n,
                             .time = rows->time,
                             .facility = rows->facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &value};
    struct gk_counts counts = {0};
    struct gk_error error = {0};

    fill_check(gk_ingest(db, &batch, &counts, &error), &error, "gk_ingest");
}

/* Fills the rows with those of facilities from `first` on; returns the first that did not fit. */
static uint32_t take_rows(uint32_t first, uint32_t end, uint32_t rate, struct piece *rows)
{
    rows->n = 0;
    for (; first < end; first++) {
        struct changes_source source = source_of(first, rate);
        size_t before = rows->n;
        for (; source.time_s < FROM_S + DAYS * DAY_S && rows->n < BATCH; move_on(&source)) {
            rows->time[rows->n] = source.time_s * GK_SECOND;
            rows->facility[rows->n] = first;
            rows->kw[rows->n++] = next_kw(&source);
        }
        if (rows->n == BATCH) {
            rows->n = before;
            break;
        }
    }
    return first;
}

static int child_load(const char *path, uint32_t n, uint32_t rate)
{
    struct piece *rows = harness_take(1, sizeof *rows);
    struct gk_error error = {0};
    struct gk_stat stat = {0};
    gk_db *db = fill_open(path, FILL_COMMIT_BY_HAND);
    uint32_t channel = fill_facilities(db, n);
    uint64_t n_rows = 0;
    double call_s = 0;

    for (uint32_t first = 0; first < n;) {
        uint32_t end = first + COMMIT_EVERY < n ? first + COMMIT_EVERY : n;
        while (first < end) {
            first = take_rows(first, end, rate, rows);
            double from = harness_now();
            ingest(db, rows, channel);
            call_s += harness_now() - from;
            n_rows += rows->n;
        }
        double from = harness_now();
        fill_check(gk_commit(db, &error), &error, "gk_commit");
        call_s += harness_now() - from;
    }
    double from = harness_now();
    fill_check(gk_seal(db, &error), &error, "gk_seal");
    call_s += harness_now() - from;
    fill_check(gk_stat(db, &stat, &error), &error, "gk_stat");
    fill_close(db);
    printf("rows %" PRIu64 "\ncall_s %.9f\n", n_rows, call_s);
    for (unsigned i = 0; gk_table_name(i) != NULL; i++)
        if (strcmp(gk_table_name(i), "state") == 0 || strcmp(gk_table_name(i), "presence") == 0)
            printf("%s %" PRIu64 "\n", gk_table_name(i), stat.table_bytes[i]);
    free(rows);
    return 0;
}

#define WINDOW_S BEFORE_S
#define WINDOW_E (WINDOW_S + DAYS * DAY_S)

/* ---- by hand
 * -------------------------------------------------------------------------------------------------------- */

/* All intervals in one array: seconds since BEFORE_S before the window, and the state; a facility's begin at starts. */
struct plain {
    uint32_t n, *step, *starts;
};

#define STEP(second, state) ((uint32_t)(second) << 3 | (state))
#define SECOND(step)        ((int64_t)((step) >> 3))
#define STATE(step)         ((step)&7)

static void plain_make(struct plain *plain, uint32_t n, uint32_t rate)
{
    size_t capacity = 0, at = 0;

    plain->n = n;
    plain->starts = harness_take((size_t)n + 1, sizeof *plain->starts);
    for (int pass = 0; pass < 2; pass++) {
        at = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t before = GK_NODATA;
            plain->starts[i] = (uint32_t)at;
            for (struct changes_source s = source_of(i, rate); s.time_s < FROM_S + DAYS * DAY_S; move_on(&s)) {
                uint32_t state = state_of(next_kw(&s));
                if (state != before && pass == 1)
                    plain->step[at] = STEP(s.time_s - FROM_S + BEFORE_S, state);
                at += state != before;
                before = state;
            }
        }
        if (pass == 0)
            plain->step = harness_take(capacity = at, sizeof *plain->step);
    }
    plain->starts[n] = (uint32_t)capacity;
}

static void plain_clear(struct plain *plain)
{
    free(plain->step);
    free(plain->starts);
}

/* Runs of a state of a facility, of at least so many seconds, that touch the stretch. */
static uint64_t count_runs(const struct plain *plain, uint32_t facility, uint32_t state, int64_t least, int64_t from,
                           int64_t to)
{
    uint64_t n = 0;

    for (uint32_t i = plain->starts[facility]; i < plain->starts[facility + 1]; i++) {
        if (STATE(plain->step[i]) != state)
            continue;
        int64_t begin = SECOND(plain->step[i]);
        int64_t end = i + 1 < plain->starts[facility + 1] ? SECOND(plain->step[i + 1]) : WINDOW_E + 1;
        n += end - begin >= least && begin < to && end > from;
    }
    return n;
}

static uint64_t plain_state(const struct plain *plain, uint32_t state, int64_t least, int64_t from, int64_t to)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < plain->n; i++)
        n += count_runs(plain, i, state, least, from, to);
    return n;
}

static bool is_on_at(const struct plain *plain, uint32_t enterprise, int64_t second, uint32_t *at)
{
    bool is_on = false;

    for (uint32_t k = 0; k < ZONE_PRODUCTION; k++) {
        uint32_t f = enterprise * ZONE_FACILITIES + k;
        while (at[k] + 1 < plain->starts[f + 1] && SECOND(plain->step[at[k] + 1]) <= second)
            at[k]++;
        is_on |= SECOND(plain->step[at[k]]) <= second && STATE(plain->step[at[k]]) == GK_ON;
    }
    return is_on;
}

/* Second by second: only off-runs of abatement come here, and they are few. */
static uint64_t count_pairs(const struct plain *plain, uint32_t facility, int64_t begin, int64_t end, int64_t from)
{
    uint32_t at[ZONE_PRODUCTION], enterprise = facility / ZONE_FACILITIES;
    uint64_t n = 0;
    int64_t lasts = 0;

    for (uint32_t k = 0; k < ZONE_PRODUCTION; k++)
        at[k] = plain->starts[enterprise * ZONE_FACILITIES + k];
    for (int64_t t = begin; t <= end; t++) {
        bool is_on = t < end && is_on_at(plain, enterprise, t, at);
        n += !is_on && lasts >= 600 && t > from;
        lasts = is_on ? lasts + 1 : 0;
    }
    return n;
}

static uint64_t plain_pair(const struct plain *plain, int64_t from, int64_t to)
{
    uint64_t n = 0;

    for (uint32_t f = 0; f < plain->n; f++)
        for (uint32_t i = plain->starts[f]; f % ZONE_FACILITIES >= ZONE_PRODUCTION && i < plain->starts[f + 1]; i++) {
            int64_t end = i + 1 < plain->starts[f + 1] ? SECOND(plain->step[i + 1]) : to;
            if (STATE(plain->step[i]) == GK_OFF && end > from)
                n += count_pairs(plain, f, SECOND(plain->step[i]), end, from);
        }
    return n;
}

/* ---- questions
 * ------------------------------------------------------------------------------------------------------ */

struct asked {
    const char *line, *text;
    uint32_t state; /* by hand: runs of it; GK_NODATA: the pair */
    int64_t least, from, to;
};

#define BETWEEN   "between 2024-06-10T00:00:00Z and 2024-07-10T00:00:00Z"
#define THAT_HOUR "between 2024-06-27T09:00:00Z and 2024-06-27T10:00:00Z"
#define HOUR_S    (WINDOW_S + 17 * DAY_S + 9 * 3600)

static const struct asked questions[] = {
    {"rare_state", "when facility overload " BETWEEN, GK_OVERLOAD, 0, WINDOW_S, WINDOW_E},
    {"rare_pair", "when abatement off while production on for >= 10m " BETWEEN, GK_NODATA, 0, WINDOW_S, WINDOW_E},
    {"rare_hour", "when facility overload " THAT_HOUR, GK_OVERLOAD, 0, HOUR_S, HOUR_S + 3600},
    {"common", "when facility off for >= 20h " BETWEEN, GK_OFF, 20 * 3600, WINDOW_S, WINDOW_E},
};

#define N_QUESTIONS (sizeof questions / sizeof questions[0])

struct by_hand {
    const struct plain *plain;
    const struct asked *asked;
    uint64_t n;
};

static void call_by_hand(void *context)
{
    struct by_hand *hand = context;
    const struct asked *q = hand->asked;

    hand->n = q->state == GK_NODATA ? plain_pair(hand->plain, q->from, q->to)
                                    : plain_state(hand->plain, q->state, q->least, q->from, q->to);
}

static void ask_all(struct harness *harness, const char *path, const struct plain *plain)
{
    struct harness_timed timed[3 * N_QUESTIONS];
    struct ask with[N_QUESTIONS], without[N_QUESTIONS];
    struct by_hand hand[N_QUESTIONS];
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_session *session = ask_session();
    gk_db *db = fill_open_readonly(path);
    gk_time now = (FROM_S + DAYS * DAY_S) * GK_SECOND;

    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        hand[i] = (struct by_hand){plain, &questions[i], 0};
        ask_open(&with[i], session, snapshot, questions[i].text, now);
        ask_open(&without[i], session, snapshot, questions[i].text, now);
        without[i].query->prune_use = PRUNE_NEVER;
        ask_run(&with[i]);
        ask_run(&without[i]);
        call_by_hand(&hand[i]);
        harness_note(harness, "%s: %" PRIu64 " rows, the index drops %" PRIu64 " of %" PRIu64 " subjects: %s",
                     questions[i].line, with[i].answer.n_rows, with[i].query->n_pruned,
                     (uint64_t)with[i].query->meta.n_subjects, questions[i].text);
        if (with[i].answer.n_rows != without[i].answer.n_rows || with[i].answer.n_rows != hand[i].n)
            harness_note(harness,
                         "DIFFERENT ANSWER, %s: %" PRIu64 " rows, %" PRIu64 " without the index, %" PRIu64 " by hand",
                         questions[i].line, with[i].answer.n_rows, without[i].answer.n_rows, hand[i].n);
        timed[3 * i] = (struct harness_timed){questions[i].line, HARNESS_US, ask_run, &with[i], 0};
        timed[3 * i + 1] = (struct harness_timed){questions[i].line, "without", ask_run, &without[i], 0};
        timed[3 * i + 2] = (struct harness_timed){questions[i].line, "by hand", call_by_hand, &hand[i], 0};
    }
    harness_time(harness, timed, 3 * N_QUESTIONS, harness_is_quick(harness) ? BUDGET_QUICK_S : BUDGET_S);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        ask_close(&with[i]);
        ask_close(&without[i]);
    }
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    fill_close(db);
}

static void run_scale(struct harness *harness)
{
    uint32_t n = given_facilities ? given_facilities : harness_is_quick(harness) ? FACILITIES_QUICK : FACILITIES;
    struct plain plain = {0};
    char path[PATH_SIZE];

    if (n != FACILITIES || given_rate != CHANGES_DAY)
        harness_incomparable(harness, "this is not the zone of 100,000 facilities and 10 changes a day");
    snprintf(path, sizeof path, "%s", given_store != NULL ? given_store : "");
    if (given_store == NULL) {
        struct harness_answer answer;
        char count[16], rate[16];
        const char *arguments[] = {"load", path, count, rate, NULL};
        snprintf(path, sizeof path, "%s/scale.gk", harness_dir(harness));
        snprintf(count, sizeof count, "%u", (unsigned)n);
        snprintf(rate, sizeof rate, "%u", (unsigned)given_rate);
        harness_child(arguments, &answer);
        harness_value(harness, "scale_load", HARNESS_US, harness_get(&answer, "rows") / harness_get(&answer, "call_s"));
        harness_value(harness, "scale_states", HARNESS_US, harness_get(&answer, "state"));
        harness_value(harness, "scale_index", HARNESS_US, harness_get(&answer, "presence"));
        harness_value(harness, "scale_share", HARNESS_US,
                      harness_get(&answer, "presence") / harness_get(&answer, "state"));
        harness_note(harness, "%u facilities, %d days, %.0f rows", (unsigned)n, DAYS, harness_get(&answer, "rows"));
    }
    plain_make(&plain, n, given_rate);
    harness_note(harness, "%u intervals", (unsigned)plain.starts[n]);
    ask_all(harness, path, &plain);
    plain_clear(&plain);
}

/* ---- the program
 * ---------------------------------------------------------------------------------------------------- */

static const struct harness_workload workloads[] = {
    {"scale", "100,000 facilities, 30 days: selective questions with and without the presence index", run_scale},
};

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--store") == 0)
        given_store = value;
    else if (strcmp(name, "--facilities") == 0)
        given_facilities = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--rate") == 0)
        given_rate = (uint32_t)strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

static int child(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[0], "load") == 0)
        return child_load(argv[1], (uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    return 2;
}

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_scale",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = option,
        .help = "  --facilities N  instead of 100,000\n"
                "  --rate N        changes a day a facility, instead of 10\n"
                "  --store DIR     a store that `--child load DIR N RATE` made before\n",
        .child = child,
    };

    return harness_main(&program, argc, argv);
}
