/*
 * bench_questions.c - the forty questions of docs/QUESTIONS.md, prepared, to the comparison set. Windows are its days,
 * kWh are integrated, and the dip (40) is one of a current. Added to it are lines, links, tags, orders and an
 * exemption, and what life.h and record.h say: a master meter, rows that came late, alarms and acts.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "fill.h"
#include "harness.h"
#include "life.h"

#define COMPARISON_ROWS UINT64_C(48064740) /* of gen with 100 enterprises and 7 days */
#define SEED            13
#define DAY_S           INT64_C(86400)
#define BUDGET_S        1.0
#define BUDGET_QUICK_S  0.1
#define PATH_SIZE       1024

#define UNTREATED "all abatement offline while production running"

static const struct {
    const char *name, *about, *text;
} questions[] = {
    {"q1", "untreated now", "when " UNTREATED " per production now"},
    {"q2", "untreated last night",
     "duration, longest of " UNTREATED " for >= 10m per production by enterprise last night 22:00-06:00 "
     "sort duration desc"},
    {"q3", "states now", "state of zone by park, enterprise now"},
    {"q4", "silent for more than 1 h", "when facility nodata for > 1h now sort duration desc"},
    {"q5", "open alarms", "list alarms open sort age_s desc"},
    {"q6", "not acknowledged in time", "list alarms not acknowledged within 30m older than 30m last 7d"},
    {"q7", "events of an enterprise and day", "list events of enterprise 'E004' today"},
    {"q8", "a curve in 10 minute buckets", "min, max, avg, last of current of facility 'F00032' every 10m last 7d"},
    {"q9", "who started first",
     "list lag from (start of (production running) unless abatement running) to next start of (abatement running), "
     "from (end of (abatement running) while production running) to next end of (production running) within 2h last "
     "7d"},
    {"q10", "share of treatment by line and day",
     "duration of abatement running while any production running / duration of any production running as rate per line "
     "by line, day last 7d having rate < 95% sort rate"},
    {"q11", "running hours by day", "duration, count, longest of facility running by facility, day last 7d"},
    {"q12", "running under a stop order", "when production running during order 'stop' last 7d"},
    {"q13", "who did not cut",
     "energy of production during order 'orange', order 'orange' cut by facility yesterday "
     "vs same hours of 5 normal days before having change > -cut"},
    {"q14", "running in forbidden hours", "when production running during order 'peak' for >= 10m last 7d"},
    {"q15", "kWh against the cap",
     "energy of production, cap of production, cap of production - energy of production as left by facility, day last "
     "7d"},
    {"q16", "treatment at low load",
     "when abatement running and power of abatement < 30% of rated while power of production >= 60% of rated for >= "
     "10m "
     "last 7d"},
    {"q17", "overload", "when load of production > 110% for >= 5m last 7d"},
    {"q18", "who was told", "list acts told last 7d"},
    {"q19", "rows that came", "count, coverage of power of facility by facility, day last 7d sort coverage"},
    {"q20", "time to acknowledge", "median, p90 of lag from raised to acknowledged of alarms by park last 7d"},
    {"q21", "counts against the days before",
     "count of " UNTREATED " for >= 10m per production by park, day last 3d vs previous"},
    {"q22", "three times within 7 days",
     "when " UNTREATED " for >= 10m at least 3 times within 7d per enterprise last 7d"},
    {"q23", "declared stop, but ran", "when production running while exempt for >= 10m last 7d"},
    {"q24", "all states at a moment", "state of zone at {noon}"},
    {"q25", "main and standby rest", "when " UNTREATED " for >= 10m per production last 7d"},
    {"q26", "untreated by line, merged",
     "duration of all abatement offline while any production running per line by line last 7d"},
    {"q26_each", "untreated, one by one",
     "duration of all abatement offline while production running per production by facility last 7d"},
    {"q27", "night against day",
     "energy of production during hours 22:00-06:00 / energy of production during hours 06:00-22:00, duration of "
     "all abatement offline while hours 22:00-06:00 and production running per production by enterprise last 7d "
     "having ratio >= 1.5 and duration > 0"},
    {"q28", "share of treatment against its median",
     "energy of abatement / energy of production by enterprise, day today vs median of 6 days before having deviation "
     "> "
     "10"},
    {"q29", "what an order achieved",
     "energy of production during order 'orange' by park yesterday vs same hours of 5 normal days before"},
    {"q30", "silent at once", "when at least 3 facility nodata within 60s of each other per enterprise last 7d"},
    {"q30_one", "silent alone", "when exactly 1 facility nodata within 60s of each other per enterprise last 7d"},
    {"q31", "the master meter's gap",
     "energy of (facility where meter = 'master') - energy of (facility where role != 'other') as gap by day in "
     "enterprise 'E001' since yesterday vs previous 2d"},
    {"q32", "frozen", "when power of production frozen >= 2h while production running last 7d"},
    {"q33", "six starts an hour", "when start of (facility running) at least 6 times within 1h last 7d"},
    {"q34", "phases out of balance",
     "when (max(ia, ib, ic) - min(ia, ib, ic)) / avg(ia, ib, ic) of facility > 30% for >= 10m last 7d"},
    {"q35", "closed as the device's fault", "share of alarms closed as device by maker, park last 7d"},
    {"q36", "what came late", "list backfills last 7d"},
    {"q36_known", "what it would have changed",
     "duration, count of " UNTREATED " for >= 10m per production by enterprise yesterday as known at {noon} vs now"},
    {"q37", "other limits",
     "duration of " UNTREATED " per production by enterprise last 7d with on_from = 15% vs stored"},
    {"q38", "the ranking",
     "duration of " UNTREATED
     ", energy of production while production running and all abatement offline per production by enterprise last 7d "
     "top 20 by energy"},
    {"q39", "by grade",
     "energy of production during order 'orange', order 'orange' cut by grade yesterday "
     "vs same hours of 5 normal days before"},
    {"q40", "after a dip of the current",
     "when abatement offline while production running after (current of abatement < 5A) within 10m now"},
};
enum { N_QUESTIONS = sizeof questions / sizeof questions[0] };

static const char *given_data, *given_store;

/* ---- the zone and its store ---- */

static struct gk_text text_of(const char *bytes)
{
    return (struct gk_text){bytes, strlen(bytes)};
}

/* Which of the lines of its enterprise: two, two and one of production, each with one of abatement. */
static uint32_t line_of(uint32_t facility)
{
    uint32_t i = facility % ZONE_FACILITIES;

    return i < ZONE_PRODUCTION ? i / 2 : i - ZONE_PRODUCTION;
}

static void put_line(gk_db *db, const struct zone_facility *facility, uint32_t id)
{
    char name[FILL_NAME_MAX], enterprise[FILL_NAME_MAX], park[FILL_NAME_MAX], line[FILL_NAME_MAX * 2], cap[32];
    const char grade[] = {"ABCD"[facility->enterprise % 4], '\0'};
    const struct gk_text keys[] = {text_of("grade"), text_of("maker"), text_of("cap")};
    struct gk_text values[3];
    struct gk_facility_put put = {.size = sizeof put, .role_is_set = true, .rated_a = NAN, .n_tags = 3};
    struct gk_error error = {0};
    uint32_t given;

    put.name = (struct gk_text){name, fill_facility(id, name)};
    put.enterprise = (struct gk_text){enterprise, fill_enterprise(facility->enterprise, enterprise)};
    put.park = (struct gk_text){park, fill_park(facility->park, park)};
    snprintf(line, sizeof line, "%sL%u", enterprise, (unsigned)line_of(id));
    snprintf(cap, sizeof cap, "%.1f", facility->rated_w / 1000.0 * 10);
    values[0] = text_of(grade);
    values[1] = text_of(id % 3 ? "Huan" : "Lian");
    values[2] = text_of(cap);
    put.line = text_of(line);
    put.role = facility->is_abatement ? GK_ABATEMENT : GK_PRODUCTION;
    put.rated_kw = facility->rated_w / 1000.0;
    put.tag_keys = keys;
    put.tag_values = values;
    fill_check(gk_facility_put(db, &put, &given, &error), &error, "gk_facility_put");
}

/* The meter above an enterprise; returns its id. */
static uint32_t put_master(gk_db *db, const struct zone *zone)
{
    const struct zone_facility *below = &zone->facilities[(size_t)LIFE_MASTER * ZONE_FACILITIES];
    char enterprise[FILL_NAME_MAX], park[FILL_NAME_MAX];
    const struct gk_text key = text_of("meter"), value = text_of("master");
    struct gk_facility_put put = {.size = sizeof put, .name = text_of("master"), .role_is_set = true, .n_tags = 1};
    struct gk_error error = {0};
    uint32_t id;

    put.enterprise = (struct gk_text){enterprise, fill_enterprise(below->enterprise, enterprise)};
    put.park = (struct gk_text){park, fill_park(below->park, park)};
    for (int i = 0; i < ZONE_FACILITIES; i++)
        put.rated_kw += below[i].rated_w / 1000.0;
    put.rated_a = NAN;
    put.tag_keys = &key;
    put.tag_values = &value;
    fill_check(gk_facility_put(db, &put, &id, &error), &error, "gk_facility_put");
    return id;
}

static void put_link(gk_db *db, uint32_t production)
{
    char name[FILL_NAME_MAX], abatement[FILL_NAME_MAX];
    uint32_t first = production - production % ZONE_FACILITIES;
    struct gk_link_put put = {.size = sizeof put, .from = GK_TIME_MIN, .to = GK_TIME_MAX};
    struct gk_error error = {0};

    put.production = (struct gk_text){name, fill_facility(production, name)};
    put.abatement =
        (struct gk_text){abatement, fill_facility(first + ZONE_PRODUCTION + line_of(production), abatement)};
    fill_check(gk_link_put(db, &put, &error), &error, "gk_link_put");
}

/* An alert in a park on the last day but one, a stop in its middle, forbidden hours of another park, a declared stop.
 */
static void put_orders(gk_db *db, const struct zone *zone)
{
    gk_time end = (zone->from_s + zone->length_s) * GK_SECOND, day = DAY_S * GK_SECOND;
    struct gk_order_put orders[] = {
        {.scope = GK_PARK, .name = text_of("P1"), .level = text_of("orange"), .cut_share = .3},
        {.scope = GK_ENTERPRISE, .name = text_of("E002"), .level = text_of("stop"), .cut_share = NAN},
        {.scope = GK_PARK, .name = text_of("P2"), .level = text_of("peak"), .cut_share = NAN},
    };
    struct gk_exemption_put exemption = {.size = sizeof exemption,
                                         .scope = GK_ENTERPRISE,
                                         .name = text_of("E003"),
                                         .kind = text_of("stop"),
                                         .from = end - 3 * day,
                                         .to = end - 2 * day};
    struct gk_error error = {0};

    orders[2].hours_from_s = 22 * 3600;
    orders[2].hours_to_s = 6 * 3600;
    for (int i = 0; i < 3; i++) {
        orders[i].size = sizeof orders[i];
        orders[i].from = i == 0 ? end - 2 * day : i == 1 ? end - 3 * day / 2 : zone->from_s * GK_SECOND;
        orders[i].to = i == 2 ? end : end - day;
        fill_check(gk_order_put(db, &orders[i], &error), &error, "gk_order_put");
    }
    fill_check(gk_exemption_put(db, &exemption, &error), &error, "gk_exemption_put");
}

/* It gets its name when it is whole: one that is kept is not made again. */
static void make_store(const struct zone *zone, const char *path)
{
    uint32_t channels[ZONE_CHANNELS];
    char unfinished[PATH_SIZE + 16];
    gk_db *db;

    snprintf(unfinished, sizeof unfinished, "%s.unfinished", path);
    harness_remove_any(unfinished);
    db = fill_open(unfinished, FILL_COMMIT_BY_HAND | FILL_LIVE);

    fill_catalog(db, zone, channels);
    for (uint32_t i = 0; i < zone->n_facilities; i++)
        put_line(db, &zone->facilities[i], i);
    for (uint32_t i = 0; i < zone->n_facilities; i++)
        if (!zone->facilities[i].is_abatement)
            put_link(db, i);
    put_orders(db, zone);
    life_fill(db, zone, channels, put_master(db, zone));
    fill_close(db);
    if (rename(unfinished, path) != 0)
        harness_fail("%s cannot be renamed", unfinished);
}

static void open_data(struct harness *harness, struct zone *zone)
{
    char path[PATH_SIZE];
    bool is_quick = harness_is_quick(harness);

    if (given_data != NULL) {
        zone_open(zone, given_data);
    } else {
        snprintf(path, sizeof path, "%s/zone.bin", harness_dir(harness));
        zone_make(zone, is_quick ? 5 : 20, 7 * DAY_S, SEED);
        zone_write(zone, path);
        zone_clear(zone);
        zone_open(zone, path);
    }
    harness_note(harness, "zone: %u enterprises, %u facilities, %.2f days, %" PRIu64 " rows",
                 (unsigned)zone->n_enterprises, (unsigned)zone->n_facilities, (double)zone->length_s / (double)DAY_S,
                 zone->n_rows);
    if (zone->n_rows != COMPARISON_ROWS && !is_quick)
        harness_incomparable(harness, "this is not the full comparison set (gen, 100 enterprises, 7 days)");
}

/* ---- the questions ---- */

static void open_ask(struct ask *ask, gk_session *session, gk_snapshot *snapshot, const char *question, gk_time now)
{
    char text[ASK_TEXT_MAX], noon[GK_TIME_TEXT_MAX];
    const char *brace = strstr(question, "{noon}");

    gk_time_format(now - DAY_S / 2 * GK_SECOND, 0, noon);
    snprintf(text, sizeof text, "%.*s%s", brace ? (int)(brace - question) : (int)strlen(question), question,
             brace ? noon : "");
    ask_open(ask, session, snapshot, text, now);
}

/* How many alarms and acts there are, and what is not of the zone's file. */
static void note_additions(struct harness *harness, gk_snapshot *snapshot, const struct zone *zone)
{
    struct gk_error error = {0};
    struct gk_profile master;
    gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    uint64_t n_alarms = 0, n_closed = 0, n_acts;
    int rc;

    fill_check(gk_act_last(snapshot, &n_acts, &error), &error, "gk_act_last");
    fill_check(gk_alarms_open(snapshot, false, 0, &alarms, &error), &error, "gk_alarms_open");
    for (; (rc = gk_alarms_next(alarms, &alarm, &error)) == GK_OK; n_alarms++)
        n_closed += alarm.life == GK_CASE_CLOSED;
    fill_check(rc, &error, "gk_alarms_next");
    gk_alarms_close(alarms);
    fill_check(gk_facility_profile(snapshot, zone->n_facilities, &master, &error), &error, "gk_facility_profile");
    harness_note(harness,
                 "added: a master meter with %" PRIu64 " rows; %" PRIu64 " alarms, of which %" PRIu64
                 " are closed, and %" PRIu64 " acts, theirs included",
                 master.n_rows, n_alarms, n_closed, n_acts);
}

static void run_questions(struct harness *harness)
{
    static struct ask asks[N_QUESTIONS];
    struct harness_timed timed[N_QUESTIONS];
    char path[PATH_SIZE];
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_session *session = ask_session();
    struct zone zone;
    gk_db *db;

    open_data(harness, &zone);
    if (given_store != NULL)
        snprintf(path, sizeof path, "%s", given_store);
    else
        snprintf(path, sizeof path, "%s/zone.gk", harness_dir(harness));
    if (given_store == NULL || access(path, F_OK) != 0)
        make_store(&zone, path);
    db = fill_open_readonly(path);
    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    note_additions(harness, snapshot, &zone);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        /* The last second of the zone: meters have not fallen silent yet. */
        open_ask(&asks[i], session, snapshot, questions[i].text, (zone.from_s + zone.length_s - 1) * GK_SECOND);
        ask_run(&asks[i]);
        harness_note(harness, "%s: %" PRIu64 " rows: %s", questions[i].name, asks[i].answer.n_rows, asks[i].text);
        timed[i] = (struct harness_timed){questions[i].name, HARNESS_US, ask_run, &asks[i], 0};
    }
    harness_time(harness, timed, N_QUESTIONS, harness_is_quick(harness) ? BUDGET_QUICK_S : BUDGET_S);
    for (size_t i = 0; i < N_QUESTIONS; i++)
        ask_close(&asks[i]);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    fill_close(db);
    zone_clear(&zone);
}

/* ---- the program ---- */

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--data") == 0)
        given_data = value;
    else if (strcmp(name, "--store") == 0)
        given_store = value;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct harness_workload workloads[] = {
        {"questions", "all of docs/QUESTIONS.md, prepared, one snapshot", run_questions},
    };
    static struct harness_line lines[N_QUESTIONS];
    static const struct harness_program program = {
        .name = "bench_questions",
        .lines = lines,
        .n_lines = N_QUESTIONS,
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = option,
        .help = "  --data FILE   a zone in the comparison set's format instead of our own\n"
                "  --store DIR   the store: made there when there is none, and kept\n",
    };

    for (size_t i = 0; i < N_QUESTIONS; i++)
        lines[i] = (struct harness_line){.name = questions[i].name, .about = questions[i].about, .unit = "ms"};
    return harness_main(&program, argc, argv);
}
