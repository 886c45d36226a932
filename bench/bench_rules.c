/*
 * bench_rules.c - what it costs to judge rules as rows come: 10,000 facilities that send a row a second each, committed
 * and judged ten times a second, with and without 1,000 rules. The clock is simulated and rows come as fast as they are
 * taken; what counts is the time of the processor for a second of the zone's.
 *
 *     none    no judge: what taking the rows costs by itself
 *     sites   990 rules, each about one enterprise, and ten about the zone
 *     zone    1,000 rules, each about the whole zone; ten of them hold, of the others nobody does what they forbid for
 *             as long as they want
 *     rows    sites, and each 20th of them compares samples
 *     numbers sites, and each 20th of them, and one about the zone, is of numbers of each minute
 *
 * The delay is that of an alarm: from the call that takes the row which completes it until gk_advance is back and it is
 * durable; by the wall, with the disk's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gk_query.h"
#include "harness.h"

#define FACILITIES    10000
#define PER_LINE      5 /* three production, two abatement; ten to an enterprise */
#define RULES         1000
#define BATCH         1000 /* rows of 100 ms */
#define SECONDS       300
#define SECONDS_QUICK 60
#define QUIET_S       150 /* before the rules: nobody was silent a moment ago, which 10,000 alarms would be about */
#define WARM_S        30  /* not counted: the usual interval of the meters is found */
#define CHANGES_DAY   40  /* of state, of each facility: twice what machines do */
#define BEGIN         (INT64_C(1767225600) * GK_SECOND)
#define DELAYS_MAX    65536

static const struct harness_line lines[] = {
    {"none cpu", "10,000 rows/s taken and committed: processor seconds a second", "s", 0, 0, 0},
    {"sites cpu", "the same, and 1,000 rules judged, most about one enterprise", "s", 0.5, 0.25, 0},
    {"zone cpu", "1,000 rules about the whole zone", "s", 0.5, 0.25, 0},
    {"rows cpu", "as sites, a 20th of them compares samples", "s", 0.5, 0.25, 0},
    {"numbers cpu", "as sites, a 20th of them is of means of each minute", "s", 0.5, 0.25, 0},
    {"sites delay", "from the row that completes it to the durable alarm", "ms", 100, 50, 0},
    {"sites delay_max", "the longest of them", "ms", 1000, 0, 0},
    {"zone delay", "the same of rules about the whole zone", "ms", 100, 50, 0},
    {"zone delay_max", "the longest of them", "ms", 1000, 0, 0},
    {"sites asked", "conditions of subjects that were worked out, a second", "1/s", 0, 0, 0},
    {"zone asked", "", "1/s", 0, 0, 0},
    {"rows asked", "", "1/s", 0, 0, 0},
    {"numbers asked", "", "1/s", 0, 0, 0},
};

struct run {
    struct harness *harness;
    const char *name;
    gk_db *db;
    gk_judge *judge;
    gk_time now;
    uint64_t random;
    uint32_t kw;
    double level[FACILITIES];
    double delays[DELAYS_MAX];
    size_t n_delays;
    uint64_t n_asked, n_acts;
};

static gk_time run_clock(void *context)
{
    const struct run *run = context;
    return run->now;
}

static uint64_t pick(struct run *run, uint64_t n)
{
    run->random = run->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (run->random >> 33) % n;
}

static void need(int rc, const char *text)
{
    if (rc != GK_OK)
        harness_fail("%s: %s", gk_status_text(rc), text);
}

static struct gk_text text_of(const char *text)
{
    return (struct gk_text){text, strlen(text)};
}

static void put_zone(struct run *run)
{
    struct gk_error error = {0};

    need(gk_channel_register(run->db, "kw", 2, &run->kw, &error), error.text);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        char name[16], line[16], enterprise[16];
        uint32_t id;
        snprintf(name, sizeof name, "F%u", f);
        snprintf(line, sizeof line, "L%u", f / PER_LINE);
        snprintf(enterprise, sizeof enterprise, "E%u", f / (2 * PER_LINE));
        struct gk_facility_put put = {.size = sizeof put,
                                      .name = text_of(name),
                                      .park = text_of("P1"),
                                      .enterprise = text_of(enterprise),
                                      .line = text_of(line),
                                      .role = f % PER_LINE < 3 ? GK_PRODUCTION : GK_ABATEMENT,
                                      .role_is_set = true,
                                      .rated_kw = 10};
        need(gk_facility_put(run->db, &put, &id, &error), error.text);
        run->level[f] = pick(run, 2) ? 8 : 0;
    }
    need(gk_commit(run->db, &error), error.text);
}

/* The i-th rule: conditions of the ready set in turn, with durations of their own. */
static void write_rule(const struct run *run, unsigned i, char *out, size_t size)
{
    static const struct {
        const char *before, *after; /* the duration */
    } conditions[] = {{"abatement offline while production running for >= ", ""},
                      {"all abatement offline while any production running for >= ", " per line"},
                      {"facility nodata for >= ", ""},
                      {"abatement idle while production running for >= ", ""},
                      {"production running unless abatement running for >= ", ""},
                      {"power of abatement < 3kW while production running for >= ", ""}};
    bool is_local = strcmp(run->name, "zone") != 0 && i >= 10;
    bool is_of_rows = strcmp(run->name, "rows") == 0 && i % 20 == 19;
    unsigned which = is_of_rows ? 5 : i % 5;
    char where[40] = "";

    if (is_local)
        snprintf(where, sizeof where, " in enterprise 'E%u'", i % (FACILITIES / PER_LINE / 2));
    if (strcmp(run->name, "numbers") == 0 && (i % 20 == 19 || i == 9)) {
        snprintf(out, size, "rule R%u alarm when avg of power of production by enterprise every 1m having avg < 2kW%s",
                 i, where);
        return;
    }
    /* Ten rules of the zone would raise an alarm for every other line; if all did, there would be millions of them. */
    unsigned seconds = is_local || i < 10 ? 60 + i % 300 : 7200 + i;
    snprintf(out, size, "rule R%u alarm when %s%us%s%s clear after 2m", i, conditions[which].before, seconds,
             conditions[which].after, where);
}

static void put_rules(struct run *run)
{
    struct gk_query_error error = {0};
    gk_session *session = NULL;
    gk_snapshot *snapshot = NULL;

    need(gk_session_new(NULL, &session), "a session");
    need(gk_snapshot_open(run->db, &snapshot, &error.error), error.error.text);
    for (unsigned i = 0; i < RULES; i++) {
        char text[256];
        gk_query *query = NULL;
        write_rule(run, i, text, sizeof text);
        need(gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error), error.report);
        struct gk_rule_put put = {.size = sizeof put,
                                  .name = gk_query_rule(query)->name,
                                  .text = gk_query_rule(query)->text,
                                  .from = run->now};
        need(gk_rule_put(run->db, &put, NULL, &error.error), error.error.text);
        gk_query_free(query);
    }
    gk_snapshot_close(snapshot);
    gk_session_free(session);
    need(gk_commit(run->db, &error.error), error.error.text);
}

/* Rows of 100 ms: each facility sends once a second. */
static void send_rows(struct run *run, uint32_t tenth)
{
    static gk_time time[BATCH];
    static uint32_t facility[BATCH];
    static double value[BATCH];
    const double *column = value;
    struct gk_error error = {0};

    for (uint32_t i = 0; i < BATCH; i++) {
        uint32_t f = i * 10 + tenth;
        if (pick(run, 86400 / CHANGES_DAY) == 0)
            run->level[f] = run->level[f] > 5 ? (pick(run, 4) ? 0 : 1.5) : 8;
        time[i] = run->now;
        facility[i] = f;
        value[i] = run->level[f] + (double)pick(run, 100) / 1000;
    }
    struct gk_batch batch = {
        .n_rows = BATCH, .time = time, .facility = facility, .n_channels = 1, .channel = &run->kw, .value = &column};
    need(gk_ingest(run->db, &batch, NULL, &error), error.text);
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail: every Linux has it */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void one_tenth(struct run *run, uint32_t tenth, bool is_counted)
{
    struct gk_query_error error = {0};
    struct gk_judged done = {0};
    double begun = harness_now();

    run->now += GK_SECOND / 10;
    send_rows(run, tenth);
    if (run->judge)
        need(gk_advance(run->judge, run->now, &done, &error), error.report);
    else
        need(gk_commit(run->db, &error.error), error.error.text);
    if (!is_counted)
        return;
    if (done.n_raised > 0 && run->n_delays < DELAYS_MAX)
        run->delays[run->n_delays++] = harness_now() - begun;
    run->n_asked += done.n_asked;
    run->n_acts += done.n_acts;
}

static int compare(const void *p, const void *q)
{
    double a, b;
    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return (a > b) - (a < b);
}

static void report(struct run *run, double cpu, double seconds)
{
    char line[32];

    snprintf(line, sizeof line, "%s cpu", run->name);
    harness_value(run->harness, line, HARNESS_US, cpu / seconds);
    if (!run->judge)
        return;
    snprintf(line, sizeof line, "%s asked", run->name);
    harness_value(run->harness, line, HARNESS_US, (double)run->n_asked / seconds);
    harness_note(run->harness, "%s: %zu looks of %.0f raised alarms, %.0f acts", run->name, run->n_delays, seconds * 10,
                 (double)run->n_acts);
    bool has_delay = strcmp(run->name, "sites") == 0 || strcmp(run->name, "zone") == 0;
    if (!has_delay || run->n_delays == 0)
        return;
    qsort(run->delays, run->n_delays, sizeof *run->delays, compare);
    snprintf(line, sizeof line, "%s delay", run->name);
    harness_value(run->harness, line, HARNESS_US, run->delays[run->n_delays / 2]);
    snprintf(line, sizeof line, "%s delay_max", run->name);
    harness_value(run->harness, line, HARNESS_US, run->delays[run->n_delays - 1]);
}

static void judge_zone(struct harness *harness, const char *name)
{
    uint32_t seconds = harness_is_quick(harness) ? SECONDS_QUICK : SECONDS;
    struct run *run = harness_take(1, sizeof *run);
    struct gk_query_error error = {0};
    char path[512];

    run->harness = harness;
    run->name = name;
    run->random = 7;
    run->now = BEGIN;
    snprintf(path, sizeof path, "%s/rules-%s", harness_dir(harness), name);
    struct gk_options options = {.size = sizeof options, .commit_ns = -1, .clock = run_clock, .clock_context = run};
    need(gk_open(path, GK_READWRITE | GK_CREATE | GK_EXCLUSIVE, &options, &run->db, &error.error), error.error.text);
    put_zone(run);
    for (uint32_t i = 0; i < QUIET_S * 10; i++)
        one_tenth(run, i % 10, false);
    if (strcmp(name, "none") != 0) {
        put_rules(run);
        need(gk_judge_open(run->db, NULL, &run->judge, &error), error.report);
    }
    for (uint32_t i = 0; i < WARM_S * 10; i++)
        one_tenth(run, i % 10, false);
    double begun = cpu_now();
    for (uint32_t i = 0; i < seconds * 10; i++)
        one_tenth(run, i % 10, true);
    report(run, cpu_now() - begun, seconds);
    gk_judge_close(run->judge);
    need(gk_close(run->db), "closing");
    harness_remove(path);
    free(run);
}

static void run_none(struct harness *harness)
{
    judge_zone(harness, "none");
}

static void run_sites(struct harness *harness)
{
    judge_zone(harness, "sites");
}

static void run_zone(struct harness *harness)
{
    judge_zone(harness, "zone");
}

static void run_rows(struct harness *harness)
{
    judge_zone(harness, "rows");
}

static void run_numbers(struct harness *harness)
{
    judge_zone(harness, "numbers");
}

static const struct harness_workload workloads[] = {{"none", "rows without rules", run_none},
                                                    {"sites", "rules about enterprises", run_sites},
                                                    {"zone", "rules about the zone", run_zone},
                                                    {"rows", "rules that compare samples among them", run_rows},
                                                    {"numbers", "rules of numbers among them", run_numbers}};

static const struct harness_program program = {.name = "bench_rules",
                                               .lines = lines,
                                               .n_lines = sizeof lines / sizeof *lines,
                                               .workloads = workloads,
                                               .n_workloads = sizeof workloads / sizeof *workloads};

int main(int argc, char **argv)
{
    return harness_main(&program, argc, argv);
}
