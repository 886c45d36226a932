/*
 * bench_peers.c - the same zone, the same rows and the same questions for gkdb and for the databases people would pick
 * instead, in one run: rows in, bytes a row, and each question in turn. Answers are compared with ours.
 *
 * The peers get what a careful user would give them: a table sorted or clustered by facility and time, and for the
 * questions of state the finished state intervals as a table. Questions are plain SQL, prepared once.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "database.h"
#include "fill.h"
#include "hand.h"
#include "harness.h"
#include "question.h"

/* Zones in which THE question finds something, also for the one enterprise and day. */
#define SEED              13
#define SEED_QUICK        6
#define DAY_S             86400
#define ENTERPRISES       10
#define ENTERPRISES_QUICK 5
#define DAYS              7
#define DAYS_QUICK        2
#define RUNS              3
#define BUDGET_S          1.0
#define BUDGET_QUICK_S    0.1
#define PATH_SIZE         1024
#define SQL_MAX           4096
#define DATABASES         2
#define INSERT_ROWS       500

static const struct harness_line lines[] = {
    {"ingest", "rows in order of arrival, until durable and ready for the questions", "Mrows/s", 0, 0, HARNESS_MORE},
    {"row_bytes", "all files, a row", "B/row", 0, 0, HARNESS_EXACT},
    {"last", "newest row of the 8 facilities of one enterprise", "ms", 0, 0, 0},
    {"raw_day", "one facility, one day, raw kw", "ms", 0, 0, 0},
    {"hourly", "one facility, hourly mean and greatest kw", "ms", 0, 0, 0},
    {"parks", "all facilities, daily mean kw a park", "ms", 0, 0, 0},
    {"question", "THE question from state intervals", "ms", 0, 0, 0},
    {"question_rows", "THE question from samples alone", "ms", 0, 0, 0},
    {"question_day", "THE question from state intervals, one enterprise, one day", "ms", 0, 0, 0},
};

static const struct database *const databases[DATABASES] = {&DATABASE_DUCKDB, &DATABASE_SQLITE};
static const char *given_data;
static uint32_t given_enterprises;

/* ---- the questions as SQL
 * --------------------------------------------------------------------------------------------- */

/*
 * From begins and ends of intervals (`edge`: enterprise, time, and +1 or -1 for production on and abatement off) to the
 * runs in which both hold, ten minutes or longer: a running sum, its changes, and the next change of each.
 */
#define SQL_RUNS                                                                                                       \
    "moment AS (SELECT enterprise, t, sum(p) AS p, sum(a) AS a FROM edge GROUP BY enterprise, t), "                    \
    "level AS (SELECT enterprise, t, CASE WHEN sum(p) OVER w > 0 AND sum(a) OVER w > 0 THEN 1 ELSE 0 END AS is_both "  \
    "FROM moment WINDOW w AS (PARTITION BY enterprise ORDER BY t)), "                                                  \
    "change AS (SELECT enterprise, t, is_both, lag(is_both, 1, 0) OVER (PARTITION BY enterprise ORDER BY t) AS was "   \
    "FROM level), "                                                                                                    \
    "run AS (SELECT enterprise, is_both, t AS begins, lead(t) OVER (PARTITION BY enterprise ORDER BY t) AS ends "      \
    "FROM change WHERE is_both <> was) "                                                                               \
    "SELECT enterprise, begins, CAST(ends - begins AS DOUBLE) FROM run WHERE is_both = 1 AND ends - begins >= 600"

#define SQL_EDGES_OF_STATES(where)                                                                                     \
    "WITH edge AS (SELECT enterprise, begins AS t, 1 - is_abatement AS p, is_abatement AS a FROM state " where         \
    " UNION ALL SELECT enterprise, ends, is_abatement - 1, -is_abatement FROM state " where "), "

/* A row holds until the next one, at most 60 s; those that neither begin nor end a run are dropped at once. */
#define SQL_EDGES_OF_ROWS                                                                                              \
    "WITH held AS (SELECT facility, time AS t, CASE WHEN (kw >= bound) <> (is_abatement = 1) THEN 1 ELSE 0 END AS c, " \
    "enterprise, is_abatement FROM sample JOIN facility ON facility.id = sample.facility), "                           \
    "beside AS (SELECT *, lag(c) OVER w AS c0, lag(t) OVER w AS t0, lead(c) OVER w AS c1, lead(t) OVER w AS t1 "       \
    "FROM held WINDOW w AS (PARTITION BY facility ORDER BY t)), "                                                      \
    "bound_of AS MATERIALIZED (SELECT enterprise, is_abatement, t, t1, "                                               \
    "CASE WHEN c0 IS NULL OR c0 = 0 OR t - t0 > 60 THEN 1 ELSE 0 END AS is_begin, "                                    \
    "CASE WHEN c1 IS NULL OR c1 = 0 OR t1 - t > 60 THEN 1 ELSE 0 END AS is_end FROM beside WHERE c = 1 AND "           \
    "(c0 IS NULL OR c0 = 0 OR t - t0 > 60 OR c1 IS NULL OR c1 = 0 OR t1 - t > 60)), "                                  \
    "edge AS (SELECT enterprise, t, 1 - is_abatement AS p, is_abatement AS a FROM bound_of WHERE is_begin = 1 "        \
    "UNION ALL SELECT enterprise, CASE WHEN t1 IS NULL OR t1 - t > 60 THEN t + 60 ELSE t1 END, is_abatement - 1, "     \
    "-is_abatement FROM bound_of WHERE is_end = 1), "

static const struct peer_question {
    const char *line, *sql;   /* {facility} {enterprise} {from} {to} stand for numbers */
    const char *duckdb;       /* another way that suits it better; NULL: the same */
    size_t first_column;      /* from which on columns are summed */
    const char *our_question; /* a line of QUESTIONS; NULL: `last`, by gk.h */
} peer_questions[] = {
    {"last",
     "SELECT sample.facility, ia, ib, ic, kw FROM facility JOIN sample ON sample.facility = facility.id AND "
     "sample.time = (SELECT max(time) FROM sample AS other WHERE other.facility = facility.id) WHERE "
     "facility.enterprise = {enterprise}",
     "SELECT facility, arg_max(ia, time), arg_max(ib, time), arg_max(ic, time), arg_max(kw, time) FROM sample WHERE "
     "facility IN (SELECT id FROM facility WHERE enterprise = {enterprise}) GROUP BY facility",
     1, NULL},
    {"raw_day", "SELECT time, kw FROM sample WHERE facility = {facility} AND time >= {from} AND time < {to}", NULL, 1,
     "raw_day_query"},
    {"hourly",
     "SELECT time - time % 3600 AS hour, avg(kw), max(kw) FROM sample WHERE facility = {facility} GROUP BY hour", NULL,
     1, "hourly_query"},
    {"parks",
     "SELECT park, time - time % 86400 AS day, avg(kw) FROM sample JOIN facility ON facility.id = sample.facility "
     "GROUP BY park, day",
     NULL, 2, "parks"},
    {"question", SQL_EDGES_OF_STATES("") SQL_RUNS, NULL, 2, "question"},
    {"question_rows", SQL_EDGES_OF_ROWS SQL_RUNS, NULL, 2, "question_rows"},
    {"question_day",
     SQL_EDGES_OF_STATES("WHERE enterprise = {enterprise}") SQL_RUNS " AND begins < {to} AND ends > {from}", NULL, 2,
     "question_day"},
};

#define N_QUESTIONS (sizeof peer_questions / sizeof peer_questions[0])

static long long number_of(const char *word, const struct spot *spot)
{
    long long begin = spot->begin / GK_SECOND;

    if (strncmp(word, "{facility}", 10) == 0)
        return spot->facility;
    if (strncmp(word, "{enterprise}", 12) == 0)
        return spot->enterprise;
    return begin + (strncmp(word, "{from}", 6) == 0 ? spot->from_s : spot->to_s);
}

static void put_sql(const char *pattern, const struct spot *spot, char out[SQL_MAX])
{
    size_t n = 0;

    for (; *pattern != '\0' && n + 32 < SQL_MAX; pattern++) {
        if (*pattern != '{') {
            out[n++] = *pattern;
            continue;
        }
        n += (size_t)snprintf(out + n, SQL_MAX - n, "%lld", number_of(pattern, spot));
        pattern += strcspn(pattern, "}");
    }
    out[n] = '\0';
}

/* ---- rows in
 * ---------------------------------------------------------------------------------------------------------- */

struct subject {
    const struct database *database; /* NULL: it is us */
    const char *name;
    char path[PATH_SIZE];
    void *db;
};

struct peers {
    struct harness *harness;
    struct zone zone;
    struct hand hand;
    struct spot spot;
    struct subject subject[1 + DATABASES]; /* we are the first */
    size_t n_subjects;
};

/* Seconds inside of their calls; making the batches is not counted. */
static double load_peer(struct subject *subject, const struct zone *zone)
{
    const struct database *database = subject->database;
    struct zone_cursor cursor;
    struct zone_rows rows;
    double from = harness_now(), took;

    subject->db = database->open(subject->path);
    database->load_begin(subject->db);
    took = harness_now() - from;
    zone_rows_init(&rows, FILL_BATCH);
    zone_cursor_init(&cursor, zone, ZONE_ARRIVAL);
    while (zone_next(&cursor, &rows)) {
        from = harness_now();
        database->load_rows(subject->db, &rows);
        took += harness_now() - from;
    }
    from = harness_now();
    database->load_end(subject->db);
    took += harness_now() - from;
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
    return took;
}

static double load_ours(struct subject *subject, const struct zone *zone)
{
    uint32_t channels[ZONE_CHANNELS];
    struct fill_figures figures;

    subject->db = fill_open(subject->path, FILL_COMMIT_BY_HAND);
    fill_catalog(subject->db, zone, channels);
    fill_rows(subject->db, zone, channels, ZONE_ARRIVAL, &figures);
    return figures.call_s;
}

static void close_subject(struct subject *subject)
{
    if (subject->database != NULL)
        subject->database->close(subject->db);
    else
        fill_close(subject->db);
    subject->db = NULL;
}

static double bytes_of(const struct subject *subject)
{
    return (double)(subject->database != NULL ? harness_file_bytes(subject->path)
                                              : harness_folder_bytes(subject->path));
}

static void load_all(struct peers *peers)
{
    int n_runs = harness_is_quick(peers->harness) ? 1 : RUNS;
    double n_rows = (double)peers->zone.n_rows;

    for (int run = 0; run < n_runs; run++)
        for (size_t i = 0; i < peers->n_subjects; i++) {
            struct subject *subject = &peers->subject[i];
            snprintf(subject->path, sizeof subject->path, "%s/%s.%d", harness_dir(peers->harness), subject->name, run);
            double took =
                subject->database != NULL ? load_peer(subject, &peers->zone) : load_ours(subject, &peers->zone);
            harness_value(peers->harness, "ingest", subject->name, n_rows / took);
            harness_value(peers->harness, "row_bytes", subject->name, bytes_of(subject) / n_rows);
            if (run + 1 == n_runs)
                continue; /* the last one is asked */
            close_subject(subject);
            harness_remove_any(subject->path);
        }
}

/* ---- what the peers need besides samples
 * ------------------------------------------------------------------------------ */

struct insert {
    const struct subject *subject;
    const char *table;
    char sql[INSERT_ROWS * 96];
    size_t n_rows, size;
};

static void insert_flush(struct insert *insert)
{
    if (insert->n_rows > 0)
        insert->subject->database->run(insert->subject->db, insert->sql);
    insert->n_rows = 0;
    insert->size = 0;
}

static void insert_row(struct insert *insert, const char *values)
{
    if (insert->n_rows == 0)
        insert->size = (size_t)snprintf(insert->sql, sizeof insert->sql, "INSERT INTO %s VALUES ", insert->table);
    insert->size += (size_t)snprintf(insert->sql + insert->size, sizeof insert->sql - insert->size, "%s(%s)",
                                     insert->n_rows > 0 ? "," : "", values);
    if (++insert->n_rows == INSERT_ROWS)
        insert_flush(insert);
}

/* The least kw at which a production facility is on, and below which an abatement facility is off: from integers, so
 * that comparing doubles decides as comparing integers does. */
static double bound_kw(const struct zone_facility *facility)
{
    return (facility->is_abatement ? (facility->rated_w + 9) / 10 : (facility->rated_w + 4) / 5) / ZONE_UNIT[ZONE_KW];
}

static void add_facilities(struct peers *peers, struct insert *insert)
{
    char values[96];

    insert->table = "facility";
    insert->subject->database->run(insert->subject->db, "CREATE TABLE facility (id INTEGER PRIMARY KEY, enterprise "
                                                        "INTEGER, park INTEGER, is_abatement INTEGER, bound DOUBLE)");
    for (uint32_t i = 0; i < peers->zone.n_facilities; i++) {
        const struct zone_facility *f = &peers->zone.facilities[i];
        snprintf(values, sizeof values, "%u,%u,%u,%d,%.3f", (unsigned)i, (unsigned)f->enterprise, (unsigned)f->park,
                 f->is_abatement, bound_kw(f));
        insert_row(insert, values);
    }
    insert_flush(insert);
}

/* Intervals in which production is on or abatement off: all that the questions need, by enterprise. */
static void add_states(struct peers *peers, struct insert *insert)
{
    long long begin = peers->spot.begin / GK_SECOND;
    char values[96];

    insert->table = "state";
    insert->subject->database->run(insert->subject->db,
                                   "CREATE TABLE state (enterprise INTEGER, is_abatement INTEGER, facility INTEGER, "
                                   "begins BIGINT, ends BIGINT, PRIMARY KEY (enterprise, facility, begins))");
    for (uint32_t i = 0; i < peers->zone.n_facilities; i++)
        for (size_t k = 0; k < peers->hand.states[i].n; k++) {
            const struct hand_run *run = &peers->hand.states[i].run[k];
            const struct zone_facility *f = &peers->zone.facilities[i];
            snprintf(values, sizeof values, "%u,%d,%u,%lld,%lld", (unsigned)f->enterprise, f->is_abatement, (unsigned)i,
                     begin + run->from, begin + run->to);
            insert_row(insert, values);
        }
    insert_flush(insert);
}

static void prepare_peer(struct peers *peers, struct subject *subject)
{
    struct insert *insert = harness_take(1, sizeof *insert);

    insert->subject = subject;
    subject->database->run(subject->db, "BEGIN");
    add_facilities(peers, insert);
    add_states(peers, insert);
    subject->database->run(subject->db, "COMMIT");
    subject->database->run(subject->db, "ANALYZE");
    free(insert);
}

/* ---- questions
 * -------------------------------------------------------------------------------------------------------- */

struct our_last {
    gk_snapshot *snapshot;
    uint32_t facility, channels[ZONE_CHANNELS];
    struct ask_sum answer;
};

static void call_last(void *context)
{
    struct our_last *last = context;

    last->answer = (struct ask_sum){.n_rows = ZONE_FACILITIES};
    for (uint32_t i = 0; i < ZONE_FACILITIES; i++)
        last->answer.sum += ask_last(last->snapshot, last->facility + i, last->channels, ZONE_CHANNELS);
}

struct peer_ask {
    const struct database *database;
    void *statement;
    size_t first_column;
    struct ask_sum answer;
};

static void call_peer(void *context)
{
    struct peer_ask *ask = context;

    ask->answer = ask->database->ask(ask->statement, ask->first_column);
}

static void compare(struct peers *peers, const char *line, const char *name, struct ask_sum ours, struct ask_sum theirs)
{
    if (ours.n_rows != theirs.n_rows || fabs(ours.sum - theirs.sum) > 1e-9 * fabs(ours.sum))
        harness_note(peers->harness, "DIFFERENT ANSWER, %s: %" PRIu64 " rows, sum %.6f; %s %" PRIu64 " rows, sum %.6f",
                     line, ours.n_rows, ours.sum, name, theirs.n_rows, theirs.sum);
}

/* All that is timed: our questions, `last`, and each peer's. */
struct asked {
    gk_session *session;
    gk_snapshot *snapshot;
    struct ask ours[N_QUESTIONS];
    struct our_last last;
    struct peer_ask theirs[DATABASES][N_QUESTIONS];
    struct harness_timed timed[(1 + DATABASES) * N_QUESTIONS];
    size_t n_timed;
};

static struct ask_sum ask_us(struct peers *peers, struct asked *asked, size_t i)
{
    const struct peer_question *question = &peer_questions[i];
    struct harness_timed *timed = &asked->timed[asked->n_timed++];
    char text[ASK_TEXT_MAX];

    if (question->our_question == NULL) {
        *timed = (struct harness_timed){question->line, HARNESS_US, call_last, &asked->last, 0};
        call_last(&asked->last);
        return asked->last.answer;
    }
    const struct question *ours = question_of(question->our_question);
    spot_put(&peers->spot, ours->text, text, sizeof text);
    ask_open(&asked->ours[i], asked->session, asked->snapshot, text, peers->spot.now);
    ask_columns(&asked->ours[i], ours->column, ours->other_column);
    *timed = (struct harness_timed){question->line, HARNESS_US, ask_run, &asked->ours[i], 0};
    ask_run(&asked->ours[i]);
    return asked->ours[i].answer;
}

static struct ask_sum ask_peer(struct peers *peers, struct asked *asked, size_t subject, size_t i)
{
    const struct peer_question *question = &peer_questions[i];
    const struct subject *of = &peers->subject[subject];
    struct peer_ask *ask = &asked->theirs[subject - 1][i];
    char sql[SQL_MAX];

    put_sql(of->database == &DATABASE_DUCKDB && question->duckdb != NULL ? question->duckdb : question->sql,
            &peers->spot, sql);
    *ask = (struct peer_ask){of->database, of->database->prepare(of->db, sql), question->first_column, {0}};
    asked->timed[asked->n_timed++] = (struct harness_timed){question->line, of->name, call_peer, ask, 0};
    call_peer(ask);
    return ask->answer;
}

static void ask_all(struct peers *peers)
{
    struct asked *asked = harness_take(1, sizeof *asked);
    struct gk_error error = {0};

    fill_check(gk_snapshot_open(peers->subject[0].db, &asked->snapshot, &error), &error, "gk_snapshot_open");
    asked->session = ask_session();
    asked->last = (struct our_last){.snapshot = asked->snapshot, .facility = peers->spot.facility};
    for (int i = 0; i < ZONE_CHANNELS; i++)
        asked->last.channels[i] = gk_channel_find(asked->snapshot, ZONE_CHANNEL_NAME[i], 2);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        struct ask_sum ours = ask_us(peers, asked, i);
        harness_note(peers->harness, "%s: %" PRIu64 " rows, sum %.6f", peer_questions[i].line, ours.n_rows, ours.sum);
        if (ours.n_rows == 0)
            harness_note(peers->harness, "NOTHING FOUND, %s: this zone does not test the answer",
                         peer_questions[i].line);
        for (size_t k = 1; k < peers->n_subjects; k++)
            compare(peers, peer_questions[i].line, peers->subject[k].name, ours, ask_peer(peers, asked, k, i));
    }
    harness_time(peers->harness, asked->timed, asked->n_timed,
                 harness_is_quick(peers->harness) ? BUDGET_QUICK_S : BUDGET_S);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        ask_close(&asked->ours[i]);
        for (size_t k = 1; k < peers->n_subjects; k++)
            peers->subject[k].database->release(asked->theirs[k - 1][i].statement);
    }
    gk_session_free(asked->session);
    gk_snapshot_close(asked->snapshot);
    free(asked);
}

/* ---- the workload
 * ----------------------------------------------------------------------------------------------------- */

static void find_peers(struct peers *peers)
{
    char word[PEER_WORD_MAX];

    peers->subject[peers->n_subjects++] = (struct subject){.name = HARNESS_US};
    for (size_t i = 0; i < DATABASES; i++) {
        bool is_there = databases[i]->find(word);
        harness_note(peers->harness, "%s: %s%s", databases[i]->name, is_there ? "" : "left out: ", word);
        if (is_there)
            peers->subject[peers->n_subjects++] =
                (struct subject){.database = databases[i], .name = databases[i]->name};
    }
}

static void open_zone(struct peers *peers)
{
    bool is_quick = harness_is_quick(peers->harness);
    uint32_t n = given_enterprises > 0 ? given_enterprises : is_quick ? ENTERPRISES_QUICK : ENTERPRISES;

    if (given_data != NULL)
        zone_open(&peers->zone, given_data);
    else
        zone_make(&peers->zone, n, (is_quick ? DAYS_QUICK : DAYS) * DAY_S, is_quick ? SEED_QUICK : SEED);
    peers->spot = spot_of(&peers->zone);
    hand_init(&peers->hand, &peers->zone);
    harness_note(peers->harness, "zone: %u enterprises, %u facilities, %.2f days, %" PRIu64 " rows of 4 channels",
                 (unsigned)peers->zone.n_enterprises, (unsigned)peers->zone.n_facilities,
                 (double)peers->zone.length_s / DAY_S, peers->zone.n_rows);
}

static void run_peers(struct harness *harness)
{
    struct peers peers = {.harness = harness};

    open_zone(&peers);
    find_peers(&peers);
    load_all(&peers);
    for (size_t i = 1; i < peers.n_subjects; i++)
        prepare_peer(&peers, &peers.subject[i]);
    ask_all(&peers);
    for (size_t i = 0; i < peers.n_subjects; i++) {
        close_subject(&peers.subject[i]);
        harness_remove_any(peers.subject[i].path);
    }
    hand_clear(&peers.hand);
    zone_clear(&peers.zone);
}

static const struct harness_workload workloads[] = {
    {"peers", "one zone for all: rows in, bytes a row, questions; answers compared", run_peers},
};

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--data") == 0)
        given_data = value;
    else if (strcmp(name, "--peers-zone") == 0)
        given_enterprises = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--duckdb") == 0)
        database_duckdb_at(value);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_peers",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = option,
        .help = "  --peers-zone N  enterprises of our own zone of a week (default 10: 4.8 million rows)\n"
                "  --data FILE     a zone in the comparison set's format instead\n"
                "  --duckdb PATH   libduckdb.so, or a folder with it or with node_modules (or GK_DUCKDB)\n",
    };

    return harness_main(&program, argc, argv);
}
