/*
 * damages.h - good stores, damaged files. A few stores of different kinds are made once, with the answers to a fixed
 * set of questions. Then, again and again, one of them is damaged at random: bits, heads of pages, zeroed and random
 * pages, pages from an earlier time, pages that changed places, headers, a cut, a cut under an open snapshot. A child
 * opens what is left, asks, checks, dumps, and now and then salvages it, repairs it and writes to it; it has a few
 * seconds.
 *
 *     never      a signal, a hang, an answer that differs from the truth without a word
 *     allowed    the truth; an error; an answer with a note on what is damaged
 *
 * Half of the files are vouched for (lock.writer fits them), as they are when a disk decays under a store that was
 * closed in order. They are small, and so they are looked at all the same; larger ones would not be.
 *
 * test_damages.c does it some hundred times, damage_loop.c as often as it is told. A file that is told as bad is made
 * again with its GK_SEED and the count 1; with GK_DAMAGE_DRY and GK_DAMAGE_KEEP it is left for looking at.
 */
#ifndef TESTS_DAMAGES_H
#define TESTS_DAMAGES_H

#include "support/support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gk_query.h"

#define T0         (INT64_C(1795132800) * GK_SECOND) /* 2026-11-20T00:00:00Z */
#define PAGE       4096
#define CHILD_S    900 /* it hangs; a machine may be busy, and its work stopped for minutes */
#define FACILITIES 6

/* ---- what is asked -------------------------------------------------------------------------------------------------
 */

#define WINDOW "between 2026-11-20T08:00 and 2026-11-23T08:00"

static const char *const questions[] = {
    "when abatement offline while production running for >= 10m " WINDOW " with possible",
    "when production overload " WINDOW,
    "when facility nodata for >= 5m " WINDOW,
    "when power of production > 6 kW for >= 1m " WINDOW,
    "when power of production frozen >= 30m " WINDOW,
    "duration, share, count of abatement offline by enterprise, day " WINDOW,
    "duration of production running by facility " WINDOW " with on_from = 30%",
    "avg, min, max, count of power of facility by facility, day " WINDOW,
    "energy of production by enterprise, hour between 2026-11-21T08:10 and 2026-11-21T20:00",
    "p90 of power of production by facility " WINDOW,
    "samples of facility 'f1' between 2026-11-21T10:00 and 2026-11-21T11:00",
    "which facilities ever overload " WINDOW,
    "state of zone by enterprise at 2026-11-21T10:00",
    "state of facility 'f2' at 2026-11-22T03:00",
    "list facilities",
    "list bands",
    "list orders",
    "list exemptions",
    "list links",
    "list rules",
    "list backfills " WINDOW,
    "list alarms",
    "list acts",
    "list alarms of enterprise 'E1' where level = 'alarm'",
};
#define N_QUESTIONS (sizeof questions / sizeof *questions)
#define N_ANSWERS   (N_QUESTIONS + 2) /* and all rows; what no question lists */

/* What a child says of a store: in memory that it shares with the parent. */
struct answer {
    int status;
    bool is_named;  /* a note or an entry of gk_snapshot_damage says what is damaged */
    bool is_hinted; /* or that some record is */
    uint64_t hash;
};

struct said {
    int opened, checked, dumped, repaired, written; /* statuses */
    uint64_t n_findings, n_findings_after;          /* of a check; after a repair */
    uint64_t n_missing, n_findings_saved;           /* of what was salvaged */
    int salvaged;
    struct answer answers[N_ANSWERS], after[N_ANSWERS], saved[N_ANSWERS];
    bool has_salvaged, has_repaired, has_written, is_done;
    char text[GK_ERROR_TEXT_MAX];
};

static uint64_t hash_add(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ b[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t hash_value(uint64_t hash, const struct gk_value *v)
{
    char text[64];
    hash = hash_add(hash, &v->type, sizeof v->type);
    if (v->type == GK_TYPE_TEXT)
        return hash_add(hash, v->as.text.bytes, v->as.text.size);
    if (v->type == GK_TYPE_NUMBER || v->type == GK_TYPE_SECONDS || v->type == GK_TYPE_SHARE) {
        int n = snprintf(text, sizeof text, "%.9g", v->as.number);
        return hash_add(hash, text, (size_t)n);
    }
    return v->type == GK_TYPE_EMPTY ? hash : hash_add(hash, &v->as.count, sizeof v->as.count);
}

static gk_time clock_at_the_end(void *context)
{
    (void)context;
    return T0 + 4 * 86400 * GK_SECOND;
}

static void ask(gk_snapshot *s, gk_session *session, const char *text, struct answer *out)
{
    struct gk_query_error error;
    gk_query *query = NULL;

    out->hash = 1;
    out->status = gk_query_prepare(session, s, text, strlen(text), NULL, &query, &error);
    if (out->status == GK_OK)
        out->status = gk_query_start(query, s, clock_at_the_end(NULL), &error);
    while (out->status == GK_OK && (out->status = gk_query_next(query, &error)) == GK_OK)
        for (size_t i = 0; i < gk_query_n_columns(query); i++)
            out->hash = hash_value(out->hash, gk_query_value(query, i));
    if (out->status == GK_DONE) {
        const struct gk_query_meta *meta = gk_query_meta(query);
        out->status = GK_OK;
        out->hash = hash_add(out->hash, &meta->n_possible, sizeof meta->n_possible);
        for (size_t i = 0; i < meta->n_notes; i++)
            if (strstr(meta->notes[i], "records of this store are damaged"))
                out->is_hinted = true;
            else if (strstr(meta->notes[i], "damaged"))
                out->is_named = true;
    }
    gk_query_free(query);
}

/* Every row of every facility. */
static int read_rows(gk_snapshot *s, uint64_t *hash)
{
    const uint32_t channels[2] = {0, 1};
    int rc = GK_OK;

    for (uint32_t f = 0; f < gk_snapshot_info(s)->n_facilities && rc == GK_OK; f++) {
        struct gk_columns rows;
        gk_scan *scan;
        rc = gk_scan_open(s, f, channels, 2, GK_TIME_MIN, GK_TIME_MAX, &scan, NULL);
        while (rc == GK_OK && (rc = gk_scan_next(scan, &rows, NULL)) == GK_OK)
            for (size_t i = 0; i < rows.n_rows; i++) {
                *hash = hash_add(*hash, &rows.time[i], sizeof rows.time[i]);
                *hash = hash_add(*hash, &rows.value[0][i], sizeof rows.value[0][i]);
                *hash = hash_add(*hash, &rows.value[1][i], sizeof rows.value[1][i]);
            }
        gk_scan_close(scan);
        rc = rc == GK_DONE ? GK_OK : rc;
    }
    return rc;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_add(hash, text, strlen(text) + 1);
}

static int read_people_and_mappings(gk_snapshot *s, uint64_t *hash)
{
    size_t n;
    const struct gk_person *people = gk_people(s, &n);

    for (size_t i = 0; i < n; i++)
        *hash = hash_text(hash_text(*hash, people[i].person), people[i].role);
    const struct gk_mapping *mappings = gk_mappings(s, &n);
    for (size_t i = 0; i < n; i++)
        *hash = hash_text(hash_text(*hash, mappings[i].mn), mappings[i].code);
    return GK_OK;
}

/* The answers that are no questions. */
static void read_all(gk_snapshot *s, struct answer *rows, struct answer *rest)
{
    size_t n;

    *rows = (struct answer){.hash = 1};
    *rest = (struct answer){.hash = 1};
    rows->status = read_rows(s, &rows->hash);
    rest->status = read_people_and_mappings(s, &rest->hash);
    const struct gk_damage *damage = gk_snapshot_damage(s, &n);
    for (size_t k = 0; k < n; k++) {
        rows->is_named |= damage[k].kind != GK_DAMAGED_RECORDS;
        rows->is_hinted |= damage[k].kind == GK_DAMAGED_RECORDS;
        rest->is_hinted |= damage[k].kind == GK_DAMAGED_RECORDS;
    }
}

static int ask_all(gk_db *db, struct answer answers[N_ANSWERS], char text[GK_ERROR_TEXT_MAX])
{
    struct gk_error error = {0};
    gk_session *session;
    gk_snapshot *s;

    answers[N_ANSWERS - 1] = (struct answer){.status = GK_EIO, .hash = 1}; /* with the one before */
    for (size_t i = 0; i <= N_QUESTIONS; i++) {
        int rc = gk_snapshot_open(db, &s, &error);
        answers[i] = (struct answer){.status = rc, .hash = 1};
        if (rc != GK_OK) {
            memcpy(text, error.text, sizeof error.text);
            continue;
        }
        if (i < N_QUESTIONS) {
            if (gk_session_new(NULL, &session) != GK_OK)
                return GK_ENOMEM;
            ask(s, session, questions[i], &answers[i]);
            gk_session_free(session);
        } else {
            read_all(s, &answers[i], &answers[i + 1]);
        }
        gk_snapshot_close(s);
    }
    return GK_OK;
}

/* ---- stores --------------------------------------------------------------------------------------------------------
 */

#define VERSIONS_MAX 8

/* A store's file as it was at some moments, the last one being the store, and what the last two said. */
struct good {
    const char *name;
    uint8_t *bytes[VERSIONS_MAX];
    size_t size[VERSIONS_MAX];
    int n;
    struct said truth, truth_before;
};

static char path[4096], data_file[4200], lock_file[4200];

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        (void)fprintf(stderr, "damage: %s\n", what);
        exit(2);
    }
}

static struct gk_options options_of(void)
{
    struct gk_options o = {
        .size = sizeof o, .commit_ns = INT64_C(1) << 60, .map_size = 1 << 28, .clock = clock_at_the_end};
    return o;
}

static gk_db *open_store(int flags)
{
    struct gk_options o = options_of();
    struct gk_error error;
    gk_db *db;
    int rc = gk_open(path, flags, &o, &db, &error);
    must(rc == GK_OK, rc == GK_OK ? "" : error.text);
    return db;
}

static void put_text(struct gk_text *out, const char *text)
{
    *out = (struct gk_text){text, strlen(text)};
}

static void put_catalog(gk_db *db)
{
    uint32_t id;
    must(gk_channel_register(db, "kw", 2, &id, NULL) == GK_OK && gk_channel_register(db, "ia", 2, &id, NULL) == GK_OK,
         "channels");
    for (int i = 0; i < FACILITIES; i++) {
        struct gk_facility_put f = {.size = sizeof f,
                                    .role = i % 2 ? GK_ABATEMENT : GK_PRODUCTION,
                                    .role_is_set = true,
                                    .rated_kw = 10,
                                    .rated_a = 20};
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        put_text(&f.name, name);
        put_text(&f.enterprise, i < 3 ? "E1" : "E2");
        put_text(&f.line, "L1");
        put_text(&f.park, "P1");
        must(gk_facility_put(db, &f, &id, NULL) == GK_OK, "a facility");
    }
    struct gk_order_put order = {.size = sizeof order,
                                 .scope = GK_ZONE,
                                 .cut_share = 0.3,
                                 .from = T0 + 86400 * GK_SECOND,
                                 .to = T0 + 2 * 86400 * GK_SECOND};
    put_text(&order.level, "orange");
    must(gk_order_put(db, &order, NULL) == GK_OK, "an order");
    must(gk_commit(db, NULL) == GK_OK, "a commit");
}

static double value_at(struct random *r, int f, int64_t second)
{
    double base = second / 3600 % 24 >= 8 + f % 3 && second / 3600 % 24 < 20 ? 7.5 : 0.25;
    if (second / 1200 % 17 == f)
        base = 11.5;
    return (double)(int64_t)(100 * (base + random_unit(r))) / 100;
}

/* Rows of [from, to) hours, one a facility and minute; a tenth of them come late. */
static void put_hours(gk_db *db, struct random *r, int from, int to, int rows_a_commit)
{
    enum { MOST = 4096 };
    static gk_time time[MOST];
    static uint32_t facility[MOST];
    static double kw[MOST], ia[MOST];
    const double *values[2] = {kw, ia};
    const uint32_t channels[2] = {0, 1};
    size_t n = 0;

    for (int64_t m = 0; m < (to - from) * 60; m++) {
        int64_t second = (from * 60 + m) * 60;
        for (int f = 0; f < FACILITIES; f++) {
            if (f == 4 && second / 3600 % 24 == 13) /* silent for an hour a day */
                continue;
            time[n] = T0 + (second - (random_below(r, 10) ? 0 : 1800 - (int64_t)random_below(r, 9))) * GK_SECOND;
            facility[n] = (uint32_t)f;
            kw[n] = value_at(r, f, second);
            ia[n] = random_below(r, 5) ? 2 * kw[n] : gk_missing();
            n++;
        }
        if (n + FACILITIES > (size_t)rows_a_commit || n + FACILITIES > MOST || m + 1 == (to - from) * 60) {
            struct gk_batch batch = {
                .n_rows = n, .time = time, .facility = facility, .n_channels = 2, .channel = channels, .value = values};
            must(gk_ingest(db, &batch, NULL, NULL) == GK_OK && gk_commit(db, NULL) == GK_OK, "rows");
            n = 0;
        }
    }
}

static uint8_t *read_file(size_t *size)
{
    struct stat st;
    int fd = open(data_file, O_RDONLY);
    must(fd >= 0 && fstat(fd, &st) == 0, "the file cannot be read");
    uint8_t *bytes = malloc((size_t)st.st_size);
    must(bytes && read(fd, bytes, (size_t)st.st_size) == st.st_size, "the file cannot be read");
    (void)close(fd);
    *size = (size_t)st.st_size;
    return bytes;
}

/* Keeps the file as it is; what it says, too, if that is wanted: by the handle that is open, if there is one. */
static void keep(struct good *g, gk_db *writer, struct said *said)
{
    must(g->n < VERSIONS_MAX, "too many versions");
    g->bytes[g->n] = read_file(&g->size[g->n]);
    g->n++;
    if (!said)
        return;
    gk_db *db = writer ? writer : open_store(GK_READONLY);
    must(ask_all(db, said->answers, said->text) == GK_OK, said->text);
    for (size_t i = 0; i < N_ANSWERS; i++) /* GK_ERANGE: a question that rows which were dropped would answer */
        must((said->answers[i].status == GK_OK || said->answers[i].status == GK_ERANGE) && !said->answers[i].is_named,
             "a good store has no answer");
    uint64_t n;
    must(gk_check(db, true, NULL, NULL, &n, NULL) == GK_OK && n == 0, "a good store has findings");
    must(writer || gk_close(db) == GK_OK, "closing");
}

static void change_band(gk_db *db, int64_t percent)
{
    struct gk_band_put band = {.size = sizeof band,
                               .scope = GK_ZONE,
                               .hold_ns = -1,
                               .dwell_on_ns = -1,
                               .dwell_off_ns = -1,
                               .from = T0 + 36 * 3600 * GK_SECOND};
    band.off_below = (struct gk_limit){GK_LIMIT_SHARE, {percent, 2}};
    must(gk_band_put(db, &band, NULL) == GK_OK && gk_commit(db, NULL) == GK_OK, "a band");
}

/* Each version is a closed file; the one before the last is its state one commit before. */
static void make_small(struct good *g, struct random *r)
{
    gk_db *db = open_store(GK_READWRITE | GK_CREATE | GK_KEEP_HEADS);
    put_catalog(db);
    put_hours(db, r, 8, 20, 400);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, NULL);
    db = open_store(GK_READWRITE | GK_KEEP_HEADS);
    put_hours(db, r, 24, 30, 400);
    keep(g, db, &g->truth_before);
    put_hours(db, r, 30, 31, 400);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, &g->truth);
}

static void make_sealed(struct good *g, struct random *r)
{
    gk_db *db = open_store(GK_READWRITE | GK_CREATE);
    put_catalog(db);
    for (int day = 0; day < 3; day++) {
        put_hours(db, r, 24 * day, 24 * day + 24, 4000);
        must(gk_close(db) == GK_OK, "closing");
        keep(g, NULL, NULL);
        db = open_store(GK_READWRITE);
        if (day == 1)
            change_band(db, 15);
    }
    must(gk_seal(db, NULL) == GK_OK, "sealing");
    keep(g, db, &g->truth_before);
    change_band(db, 12);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, &g->truth);
}

static void make_journal(struct good *g, struct random *r)
{
    gk_db *db = open_store(GK_READWRITE | GK_CREATE);
    put_catalog(db);
    put_hours(db, r, 0, 40, 4000);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, NULL);
    db = open_store(GK_READWRITE | GK_KEEP_HEADS);
    put_hours(db, r, 40, 44, 60);
    keep(g, NULL, NULL);
    put_hours(db, r, 44, 47, 12);
    keep(g, db, &g->truth_before);
    put_hours(db, r, 47, 48, 400);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, &g->truth);
}

static void make_retained(struct good *g, struct random *r)
{
    gk_db *db = open_store(GK_READWRITE | GK_CREATE);
    put_catalog(db);
    put_hours(db, r, 0, 60, 4000);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, NULL);
    db = open_store(GK_READWRITE);
    must(gk_retain(db, T0 + 13 * 3600 * GK_SECOND, NULL, NULL, NULL) == GK_OK, "retention");
    put_hours(db, r, 60, 70, 2000);
    must(gk_seal(db, NULL) == GK_OK, "sealing");
    keep(g, db, &g->truth_before);
    put_hours(db, r, 70, 71, 4000);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, &g->truth);
}

static void put_rule(gk_db *db, gk_session *session, const char *text)
{
    struct gk_query_error error;
    gk_snapshot *s;
    gk_query *query;

    must(gk_snapshot_open(db, &s, NULL) == GK_OK, "a snapshot");
    must(gk_query_prepare(session, s, text, strlen(text), NULL, &query, &error) == GK_OK, error.error.text);
    const struct gk_query_rule *rule = gk_query_rule(query);
    struct gk_rule_put put = {.size = sizeof put, .name = rule->name, .text = rule->text, .from = GK_TIME_MIN};
    must(gk_rule_put(db, &put, NULL, NULL) == GK_OK, "a rule");
    gk_query_free(query);
    gk_snapshot_close(s);
}

/* What only a store with a record has. */
static void put_more_catalog(gk_db *db)
{
    static const char *const RULES[] = {
        "rule R1 alarm when abatement offline while production running for >= 2m clear after 1m notify 'head'",
        "rule R2 warn when facility nodata for >= 20m", "rule R3 severe when production overload for >= 5m"};
    struct gk_link_put link = {.size = sizeof link, .from = T0 + 20 * 3600 * GK_SECOND, .to = GK_TIME_MAX};
    struct gk_exemption_put exemption = {.size = sizeof exemption,
                                         .scope = GK_FACILITY,
                                         .from = T0 + 5 * 3600 * GK_SECOND,
                                         .to = T0 + 86400 * GK_SECOND};
    struct gk_person_put person = {.size = sizeof person, .scope = GK_ZONE, .from = GK_TIME_MIN, .to = GK_TIME_MAX};
    struct gk_mapping_put mapping = {.size = sizeof mapping, .factor = 2, .least = NAN, .most = NAN};
    struct gk_error e = {0};
    gk_session *session;

    put_text(&link.abatement, "f1");
    put_text(&link.production, "f4");
    put_text(&exemption.name, "f2");
    put_text(&exemption.kind, "maintenance");
    put_text(&person.person, "li");
    put_text(&person.role, "head");
    put_text(&person.channel, "sms");
    put_text(&mapping.mn, "LD1*");
    put_text(&mapping.code, "100000");
    put_text(&mapping.suffix, "Pt");
    put_text(&mapping.facility, "{mn}");
    put_text(&mapping.channel, "kw");
    must(gk_link_put(db, &link, &e) == GK_OK && gk_exemption_put(db, &exemption, &e) == GK_OK &&
             gk_person_put(db, &person, &e) == GK_OK && gk_mapping_put(db, &mapping, &e) == GK_OK,
         e.text);
    must(gk_session_new(NULL, &session) == GK_OK, "a session");
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        put_rule(db, session, RULES[i]);
    gk_session_free(session);
    must(gk_commit(db, NULL) == GK_OK, "a commit");
}

/* Rows of [from, to) hours, judged every hour. */
static void judge_hours(gk_db *db, struct random *r, int from, int to)
{
    struct gk_query_error error;
    gk_judge *judge;

    must(gk_judge_open(db, NULL, &judge, &error) == GK_OK, "a judge");
    for (int hour = from; hour < to; hour++) {
        put_hours(db, r, hour, hour + 1, 4000);
        must(gk_advance(judge, T0 + (hour + 1) * 3600 * GK_SECOND, NULL, &error) == GK_OK, "a look");
    }
    gk_judge_close(judge);
}

/* Somebody sees to the alarms that are open, and closes those that are over. */
static void see_to_alarms(gk_db *db)
{
    struct gk_act_put put = {.size = sizeof put, .outcome = GK_OUTCOME_DEVICE};
    struct gk_alarm alarm;
    gk_alarms *alarms;
    gk_snapshot *s;

    put_text(&put.actor, "li");
    must(gk_snapshot_open(db, &s, NULL) == GK_OK && gk_alarms_open(s, true, 0, &alarms, NULL) == GK_OK, "alarms");
    while (gk_alarms_next(alarms, &alarm, NULL) == GK_OK) {
        put.alarm = alarm.id;
        put.kind = alarm.status == GK_ALARM_RECOVERED ? GK_ACT_CLOSED : GK_ACT_ACKNOWLEDGED;
        int rc = gk_act_put(db, &put, NULL, NULL);
        must(rc == GK_OK || rc == GK_EEXIST, "an act"); /* it was acknowledged before */
    }
    gk_alarms_close(alarms);
    gk_snapshot_close(s);
    must(gk_commit(db, NULL) == GK_OK, "a commit");
}

static void make_record(struct good *g, struct random *r)
{
    gk_db *db = open_store(GK_READWRITE | GK_CREATE);
    put_catalog(db);
    put_more_catalog(db);
    judge_hours(db, r, 0, 16);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, NULL);
    db = open_store(GK_READWRITE | GK_KEEP_HEADS);
    see_to_alarms(db);
    keep(g, NULL, NULL);
    judge_hours(db, r, 16, 34);
    keep(g, db, &g->truth_before);
    see_to_alarms(db);
    must(gk_close(db) == GK_OK, "closing");
    keep(g, NULL, &g->truth);
}

static const struct {
    const char *name;
    void (*make)(struct good *, struct random *);
} kinds[] = {{"small", make_small},
             {"sealed", make_sealed},
             {"journal", make_journal},
             {"retained", make_retained},
             {"record", make_record}};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static struct good stores[N_KINDS];

static void begin_folder(void)
{
    char command[9000];
    (void)snprintf(command, sizeof command, "rm -rf %s && mkdir %s", path, path);
    must(system(command) == 0, "no folder");
}

/* Files lie in memory where that is possible: some hundred a second. */
static void make_stores(uint64_t seed)
{
    (void)snprintf(path, sizeof path, "%s/gkdb-damage-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                   (long)getpid());
    (void)snprintf(data_file, sizeof data_file, "%s/data.mdb", path);
    (void)snprintf(lock_file, sizeof lock_file, "%s/lock.writer", path);
    for (size_t k = 0; k < N_KINDS; k++) {
        struct random r = random_from(seed + k);
        begin_folder();
        stores[k].name = kinds[k].name;
        kinds[k].make(&stores[k], &r);
    }
}

/* ---- damage --------------------------------------------------------------------------------------------------------
 */

enum mode { BIT, BITS, HEAD, ZERO, NOISE, SECTOR, STALE, SWAP, HEADER, CUT, LIVE, N_MODES };
static const char *const mode_names[N_MODES] = {"bit",   "bits", "head",   "zero", "noise", "sector",
                                                "stale", "swap", "header", "cut",  "live"};

struct damage_plan {
    const struct good *good;
    enum mode mode;
    bool is_vouched;
    bool salvages, repairs, writes;
    uint64_t cut_to; /* of LIVE */
};

static size_t random_page(struct random *r, size_t n_pages)
{
    return 2 + (size_t)random_below(r, n_pages - 2);
}

static void damage_header(struct random *r, const struct good *g, uint8_t *bytes)
{
    uint8_t *header = bytes + PAGE * random_below(r, 2);
    const uint8_t *old = g->bytes[random_below(r, (uint64_t)g->n)];

    switch (random_below(r, 4)) {
    case 0:
        memset(header, 0, PAGE);
        return;
    case 1: /* of another time */
        memcpy(header, old + (header - bytes), PAGE);
        return;
    default:
        header[random_below(r, 152)] = (uint8_t)random_u64(r);
    }
}

/* Damages bytes that were copied from the last version; the new size. */
static size_t damage_bytes(struct random *r, const struct damage_plan *plan, uint8_t *bytes, size_t size)
{
    const struct good *g = plan->good;
    size_t n_pages = size / PAGE, page = random_page(r, n_pages), other = random_page(r, n_pages), n;
    int version = (int)random_below(r, (uint64_t)g->n - 1);
    uint8_t swap[PAGE];

    switch (plan->mode) {
    case BIT:
        bytes[random_below(r, size)] ^= (uint8_t)(1 << random_below(r, 8));
        return size;
    case BITS:
        for (n = 1 + random_below(r, 30); n > 0; n--)
            bytes[random_below(r, size)] ^= (uint8_t)(1 << random_below(r, 8));
        return size;
    case HEAD:
        bytes[PAGE * page + random_below(r, 64)] = (uint8_t)random_u64(r);
        return size;
    case ZERO:
        memset(bytes + PAGE * page, 0, PAGE);
        return size;
    case NOISE:
        for (size_t i = 0; i < PAGE; i++)
            bytes[PAGE * page + i] = (uint8_t)random_u64(r);
        return size;
    case SECTOR:
        memset(bytes + PAGE * page + 512 * random_below(r, 8), random_below(r, 2) ? 0 : 0xFF, 512);
        return size;
    case STALE: /* a write that the disk had forgotten: as the page was at an earlier time */
        for (size_t i = 0; i < n_pages; i++, page = page + 1 < n_pages ? page + 1 : 2)
            if (PAGE * (page + 1) <= g->size[version] &&
                memcmp(bytes + PAGE * page, g->bytes[version] + PAGE * page, PAGE) != 0)
                break;
        if (PAGE * (page + 1) <= g->size[version])
            memcpy(bytes + PAGE * page, g->bytes[version] + PAGE * page, PAGE);
        return size;
    case SWAP:
        memcpy(swap, bytes + PAGE * page, PAGE);
        memcpy(bytes + PAGE * page, bytes + PAGE * other, PAGE);
        memcpy(bytes + PAGE * other, swap, PAGE);
        return size;
    case HEADER:
        damage_header(r, g, bytes);
        return size;
    case LIVE: /* the child cuts it, while it has it open */
        return size;
    default: /* CUT */
        return random_below(r, 4) ? random_below(r, size) : PAGE * random_below(r, n_pages);
    }
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "the damaged file cannot be written");
    (void)close(fd);
}

static void vouch(void)
{
    char mark[200];
    struct stat st;
    must(stat(data_file, &st) == 0, "the damaged file is gone");
    int n = snprintf(mark, sizeof mark, "closed %llu %llu %lld %ld\n", (unsigned long long)st.st_ino,
                     (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    write_file(lock_file, mark, (size_t)n);
}

static void put_damaged_file(struct random *r, const struct damage_plan *plan)
{
    static uint8_t *bytes;
    const struct good *g = plan->good;
    char name[4300];
    size_t size = g->size[g->n - 1];

    bytes = realloc(bytes, size);
    must(bytes, "out of memory");
    memcpy(bytes, g->bytes[g->n - 1], size);
    size = damage_bytes(r, plan, bytes, size);
    (void)snprintf(name, sizeof name, "%s/lock.mdb", path);
    (void)unlink(name);
    (void)unlink(lock_file);
    write_file(data_file, bytes, size);
    if (plan->is_vouched)
        vouch();
}

/* ---- the child -----------------------------------------------------------------------------------------------------
 */

static struct said *shared;

static int drop_text(void *context, const char *text, size_t size)
{
    *(uint64_t *)context = hash_add(*(uint64_t *)context, text, size);
    return GK_OK;
}

/* A damaged act, or former version of an entry, is named by every check for good: nothing else tells it. */
static int count_lost(void *context, const char *text, size_t size)
{
    char line[400];

    (void)snprintf(line, sizeof line, "%.*s", size < sizeof line ? (int)size : (int)sizeof line - 1, text);
    *(uint64_t *)context += strncmp(line, "act:", 4) == 0 || strncmp(line, "alarm: act ", 11) == 0 ||
                            strstr(line, "table act,") != NULL || strstr(line, "table catalog, key ff") != NULL;
    return GK_OK;
}

static const struct damage_plan *child_plan;

/* Takes rows of a time that is behind all others, and seals. */
static int write_on(gk_db *db)
{
    struct random r = random_from(7);
    gk_time time[FACILITIES];
    uint32_t facility[FACILITIES];
    double kw[FACILITIES];
    const double *values[1] = {kw};
    const uint32_t channel = 0;
    struct gk_batch batch = {.n_rows = FACILITIES,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = values};
    int rc = GK_OK;

    for (int i = 0; i < 40 && rc == GK_OK; i++) {
        for (uint32_t f = 0; f < FACILITIES; f++) {
            int64_t second = i % 4 ? 80 * 3600 + i * 60 : 10000 + 977 * i; /* some of them late */
            time[f] = T0 + second * GK_SECOND;
            facility[f] = f;
            kw[f] = value_at(&r, (int)f, second);
        }
        rc = gk_ingest(db, &batch, NULL, NULL);
    }
    return rc == GK_OK ? gk_seal(db, NULL) : rc;
}

/* Cuts the file under an open snapshot, which is asked then: pages that nobody has looked at yet are gone. */
static int use_while_it_is_cut(gk_db *db)
{
    gk_session *session;
    gk_snapshot *s;

    if (gk_snapshot_open(db, &s, NULL) != GK_OK || truncate(data_file, (off_t)child_plan->cut_to) != 0)
        return GK_EBUG;
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        if (gk_session_new(NULL, &session) != GK_OK)
            return GK_ENOMEM;
        ask(s, session, questions[i], &shared->answers[i]);
        gk_session_free(session);
    }
    read_all(s, &shared->answers[N_QUESTIONS], &shared->answers[N_QUESTIONS + 1]);
    shared->is_done = true;
    return GK_OK;
}

/* Before the file is changed by a repair. */
static void salvage(const struct gk_options *options)
{
    struct gk_error error = {0};
    char dest[4300], command[4400];
    uint64_t n_lost = 0;
    gk_db *db;

    (void)snprintf(dest, sizeof dest, "%s-saved", path);
    (void)snprintf(command, sizeof command, "rm -rf %s", dest);
    (void)system(command);
    shared->salvaged = gk_salvage(path, dest, options, NULL, NULL, &shared->n_missing, &error);
    if (shared->salvaged == GK_OK && gk_open(dest, GK_READONLY, options, &db, &error) == GK_OK) {
        shared->has_salvaged = true;
        (void)ask_all(db, shared->saved, shared->text);
        (void)gk_check(db, true, count_lost, &n_lost, &shared->n_findings_saved, &error);
        shared->n_findings_saved -= n_lost;
        (void)gk_close(db);
    }
    (void)system(command);
}

static int use_store(void *context)
{
    struct gk_options o = options_of();
    struct gk_error error = {0};
    uint64_t hash = 1;
    gk_db *db;
    (void)context;

    shared->opened = gk_open(path, GK_READONLY, &o, &db, &error);
    memcpy(shared->text, error.text, sizeof error.text);
    if (shared->opened == GK_OK && child_plan->mode == LIVE)
        return use_while_it_is_cut(db);
    if (shared->opened == GK_OK) {
        (void)ask_all(db, shared->answers, shared->text);
        shared->checked = gk_check(db, false, drop_text, &hash, &shared->n_findings, &error);
        shared->dumped = gk_dump(db, "all", drop_text, &hash, &error);
        (void)gk_close(db);
    }
    if (child_plan->salvages)
        salvage(&o);
    if (child_plan->repairs) {
        uint64_t n_mended, n_lost = 0;
        shared->repaired = gk_repair(path, &o, count_lost, &n_lost, &n_mended, &shared->n_findings_after, &error);
        shared->n_findings_after -= n_lost;
        if (shared->repaired == GK_OK && gk_open(path, GK_READONLY, &o, &db, &error) == GK_OK) {
            shared->has_repaired = true;
            (void)ask_all(db, shared->after, shared->text);
            (void)gk_close(db);
        }
    }
    if (child_plan->writes) {
        shared->written = gk_open(path, GK_READWRITE, &o, &db, &error);
        if (shared->written == GK_OK) {
            shared->has_written = true;
            shared->written = write_on(db);
            (void)gk_close(db);
        }
    }
    shared->is_done = true;
    return GK_OK;
}

/* The child's life: ends with 0, or with what the guard said. */
static int in_child(void)
{
    struct rlimit none = {0, 0};
    int status;

    (void)fflush(NULL);
    memset(shared, 0, sizeof *shared);
    pid_t child = fork();
    must(child >= 0, "no child");
    if (child == 0) {
        struct gk_error error = {0};
        if (!getenv("GK_DAMAGE_CORE"))
            (void)setrlimit(RLIMIT_CORE, &none);
        int null = open("/dev/null", O_WRONLY);
        if (null >= 0)
            (void)dup2(null, STDERR_FILENO); /* LMDB's last words */
        (void)alarm(CHILD_S);
        int rc = gk_guard_install(&error) == GK_OK ? gk_guard_run(use_store, NULL, &error) : GK_EBUG;
        _exit(rc == GK_OK ? 0 : rc == GK_EIO || rc == GK_ECORRUPT ? 1 : 2);
    }
    must(waitpid(child, &status, 0) == child, "the child is lost");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- verdicts ------------------------------------------------------------------------------------------------------
 */

/* TOLD: an answer differs, and all it says is that some record of the store is damaged. */
static uint64_t n_repaired; /* stores that had findings, and none after a repair */
static uint64_t n_salvaged; /* stores that were refused, and of which something could be read */

enum verdict { TRUE, REFUSED, NAMED, TOLD, GUARDED, ROLLED_BACK, CRASHED, HUNG, WRONG, N_VERDICTS };
static const char *const verdict_names[N_VERDICTS] = {"as it was",       "refused", "named", "told", "guarded",
                                                      "one commit back", "CRASHED", "HUNG",  "WRONG"};

static bool is_refusal(int status)
{
    return status == GK_ECORRUPT || status == GK_EVERSION || status == GK_EIO || status == GK_ENOTFOUND;
}

static enum verdict judge_answers(const struct answer *answers, const struct said *truth, char *why, size_t size)
{
    enum verdict verdict = TRUE;

    for (size_t i = 0; i < N_ANSWERS; i++) {
        const struct answer *a = &answers[i];
        if (a->status == truth->answers[i].status && a->status != GK_OK)
            continue;
        if (a->status != GK_OK) {
            if (!is_refusal(a->status)) {
                (void)snprintf(why, size, "question %zu: status %d", i, a->status);
                return WRONG;
            }
            verdict = verdict == TOLD ? TOLD : NAMED;
        } else if (a->hash != truth->answers[i].hash && !a->is_named && a->is_hinted) {
            verdict = TOLD;
        } else if (a->hash != truth->answers[i].hash && !a->is_named) {
            (void)snprintf(why, size, "question %zu differs without a word", i);
            return WRONG;
        } else if (a->is_named && verdict != TOLD) {
            verdict = NAMED;
        }
    }
    return verdict;
}

/* What was salvaged says nothing else than the store did, unless it tells so. */
static bool is_salvage_wrong(const struct damage_plan *plan, char *why, size_t size)
{
    char words[300];
    const struct good *g = plan->good;

    if (plan->salvages && shared->salvaged != GK_OK && !is_refusal(shared->salvaged)) {
        (void)snprintf(why, size, "salvaging: status %d", shared->salvaged);
        return true;
    }
    n_salvaged += shared->has_salvaged && shared->opened != GK_OK;
    if (shared->has_salvaged && shared->n_findings_saved > 0) {
        (void)snprintf(why, size, "what was salvaged has %" PRIu64 " findings", shared->n_findings_saved);
        return true;
    }
    for (size_t i = 0; i < N_ANSWERS; i++) /* a name that is lost */
        if (shared->saved[i].status == GK_ESYNTAX && shared->n_missing > 0)
            shared->saved[i].status = GK_ENOTFOUND;
    if (!shared->has_salvaged || judge_answers(shared->saved, &g->truth, words, sizeof words) != WRONG ||
        (plan->mode == HEADER && judge_answers(shared->saved, &g->truth_before, words, sizeof words) != WRONG))
        return false;
    (void)snprintf(why, size, "salvaged: %s", words);
    return true;
}

static enum verdict judge(const struct damage_plan *plan, int ended, char *why, size_t size)
{
    why[0] = 0;
    if (ended == -SIGALRM)
        return HUNG;
    if (ended < 0) {
        (void)snprintf(why, size, "signal %d", -ended);
        return CRASHED;
    }
    if (ended == 1)
        return GUARDED;
    if (ended != 0 || !shared->is_done) {
        (void)snprintf(why, size, "ended with %d", ended);
        return WRONG;
    }
    if (is_salvage_wrong(plan, why, size))
        return WRONG;
    if (shared->opened != GK_OK) {
        (void)snprintf(why, size, "opening: %d %.300s", shared->opened, shared->text);
        return is_refusal(shared->opened) && shared->text[0] ? REFUSED : WRONG;
    }
    enum verdict verdict = judge_answers(shared->answers, &plan->good->truth, why, size);
    if (shared->has_repaired && shared->n_findings_after > 0) {
        (void)snprintf(why, size, "a repair left %" PRIu64 " findings", shared->n_findings_after);
        return WRONG;
    }
    char after[300];
    if (verdict != WRONG && shared->has_repaired &&
        judge_answers(shared->after, &plan->good->truth, after, sizeof after) == WRONG &&
        !(plan->mode == HEADER &&
          judge_answers(shared->after, &plan->good->truth_before, after, sizeof after) != WRONG)) {
        (void)snprintf(why, size, "after a repair: %s", after);
        return WRONG;
    }
    n_repaired += shared->has_repaired && shared->n_findings > 0;
    char ignored[400];
    if (verdict == WRONG && plan->mode == HEADER &&
        judge_answers(shared->answers, &plan->good->truth_before, ignored, sizeof ignored) != WRONG)
        return ROLLED_BACK; /* the other header is whole and says so: nobody can tell */
    return verdict;
}

/* ---- all of it -----------------------------------------------------------------------------------------------------
 */

static uint64_t counts[N_MODES][N_VERDICTS];

static void plan_file(struct random *r, struct damage_plan *plan)
{
    plan->good = &stores[random_below(r, N_KINDS)];
    plan->mode = (enum mode)random_below(r, N_MODES);
    plan->is_vouched = plan->mode != CUT && random_below(r, 2);
    plan->repairs = plan->mode != LIVE && random_below(r, 4) == 0;
    plan->writes = plan->mode != LIVE && random_below(r, 8) == 0;
    plan->cut_to = random_below(r, plan->good->size[plan->good->n - 1]);
    plan->salvages = plan->mode != LIVE && random_below(r, 4) == 0;
}

/* *is_bad: a verdict that must not be. */
static void try_file(uint64_t seed, bool *is_bad)
{
    struct random r = random_from(seed);
    struct damage_plan plan;
    char why[400];

    plan_file(&r, &plan);
    child_plan = &plan;
    put_damaged_file(&r, &plan);
    if (getenv("GK_DAMAGE_DRY")) { /* with GK_DAMAGE_KEEP: to look at it by hand */
        *is_bad = false;
        return;
    }
    int ended = in_child();
    enum verdict verdict = judge(&plan, ended, why, sizeof why);
    counts[plan.mode][verdict]++;
    *is_bad = verdict >= CRASHED;
    if (getenv("GK_DAMAGE_SHOW"))
        (void)printf("GK_SEED=%" PRIu64 " %s %s%s%s%s%s: %s %s\n", seed, plan.good->name, mode_names[plan.mode],
                     plan.is_vouched ? " vouched" : "", plan.salvages ? " salvaged" : "",
                     plan.repairs ? " repaired" : "", plan.writes ? " written" : "", verdict_names[verdict], why);
    if (*is_bad)
        (void)printf("GK_SEED=%" PRIu64 " %s, %s%s%s: %s, %s (findings %" PRIu64 ")\n", seed, plan.good->name,
                     mode_names[plan.mode], plan.is_vouched ? ", vouched for" : "", plan.writes ? ", written to" : "",
                     verdict_names[verdict], why, shared->n_findings);
}

static void print_counts(uint64_t n, double seconds)
{
    (void)printf("%-8s", "");
    for (int v = 0; v < N_VERDICTS; v++)
        (void)printf(" %15s", verdict_names[v]);
    (void)printf("\n");
    for (int m = 0; m < N_MODES; m++) {
        (void)printf("%-8s", mode_names[m]);
        for (int v = 0; v < N_VERDICTS; v++)
            (void)printf(" %15" PRIu64, counts[m][v]);
        (void)printf("\n");
    }
    (void)printf("%" PRIu64 " files in %.1f s, %.0f a second; %" PRIu64 " with findings were repaired to none, %" PRIu64
                 " that were refused were salvaged\n",
                 n, seconds, (double)n / seconds, n_repaired, n_salvaged);
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How many were bad. */
static uint64_t run_damages(uint64_t seed, uint64_t n)
{
    char command[9000];
    uint64_t n_bad = 0;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "no memory");
    make_stores(20261126);
    double begin = now_s();
    begin_folder();
    for (uint64_t i = 0; i < n; i++) {
        bool is_bad;
        try_file(seed + i, &is_bad);
        n_bad += is_bad;
    }
    print_counts(n, now_s() - begin);
    (void)snprintf(command, sizeof command, "rm -rf %s %s-saved", path, path);
    if (getenv("GK_DAMAGE_KEEP"))
        (void)printf("kept: %s\n", path);
    else
        (void)system(command);
    return n_bad;
}

#endif
