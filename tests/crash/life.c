/*
 * life.c - see life.h. A life is drawn once, before anything happens, so that a step does not depend on what became of
 * the one before it.
 */
#include "crash/life.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/support.h"

#define T0     (INT64_C(1795132800) * GK_SECOND) /* 2026-11-20T00:00:00Z */
#define MINUTE (60 * GK_SECOND)
#define HOUR   (3600 * GK_SECOND)
#define FUTURE (5 * MINUTE) /* the engine's own limit */

#define FACILITIES 6
#define ROWS_MAX   2048 /* of a step */
#define RATED_KW   10

enum put {
    PUT_BAND = 1,
    PUT_ORDER = 2,
    PUT_EXEMPTION = 4,
    PUT_FACILITY = 8,
    PUT_NEW = 16,
    PUT_LINK = 32,
    PUT_RULE = 64,
    PUT_MAPPING = 128,
    PUT_ACT = 256,
    PUTS = 512
};

/* ---- drawing a life -------------------------------------------------------------------------------------------------
 */

struct drawing {
    struct life *life;
    struct random random;
    gk_time frontier; /* the next row in order */
    gk_time dropped_before;
    uint32_t n_facilities;
    struct life_row *waiting; /* in quarantine */
    size_t n_waiting, waiting_capacity;
    gk_time last[256]; /* by facility */
};

static void *grow(void *p, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return p;
    *capacity = *capacity ? *capacity * 2 : 256;
    p = realloc(p, *capacity * size);
    if (!p)
        abort();
    return p;
}

static uint64_t draw(struct drawing *d, uint64_t n)
{
    return random_below(&d->random, n);
}

static struct life_fact *find_fact(struct life *life, uint32_t facility, gk_time time)
{
    for (size_t i = life->n_facts; i-- > 0;) {
        struct life_fact *f = &life->facts[i];
        if (f->row.facility == facility && f->row.time == time && f->until == UINT32_MAX)
            return f;
    }
    return NULL;
}

static void add_fact(struct life *life, const struct life_row *row, uint32_t since)
{
    life->facts = grow(life->facts, life->n_facts, &life->facts_capacity, sizeof *life->facts);
    life->facts[life->n_facts++] = (struct life_fact){*row, since, UINT32_MAX};
}

/* What becomes of a row that arrives in step n, by the rules of gk.h. */
static void take(struct drawing *d, const struct life_row *row, uint32_t n, gk_time now)
{
    struct life *life = d->life;

    if (row->time > now + FUTURE || row->time < d->dropped_before) {
        d->waiting = grow(d->waiting, d->n_waiting, &d->waiting_capacity, sizeof *d->waiting);
        d->waiting[d->n_waiting++] = *row;
        return;
    }
    struct life_fact *known = find_fact(life, row->facility, row->time);
    struct life_row whole = *row;
    if (known) {
        for (int c = 0; c < 2; c++)
            if (gk_is_missing(whole.value[c]))
                whole.value[c] = known->row.value[c];
        if (memcmp(whole.value, known->row.value, sizeof whole.value) == 0)
            return;
        if (known->since == n + 1) { /* within one step only the last counts */
            known->row = whole;
            return;
        }
        known->until = n + 1;
    }
    if (row->time > d->last[row->facility])
        d->last[row->facility] = row->time;
    add_fact(life, &whole, n + 1);
}

static void add_row(struct drawing *d, uint32_t n, uint32_t facility, gk_time time, double kw, double ia)
{
    struct life *life = d->life;
    struct life_row row = {facility, time, {kw, ia}};

    life->rows = grow(life->rows, life->n_rows, &life->rows_capacity, sizeof *life->rows);
    life->rows[life->n_rows++] = row;
    life->steps[n].n_rows++;
    take(d, &row, n, life->steps[n].now);
}

static double draw_kw(struct drawing *d)
{
    return (double)draw(d, 4) * 3.5 + (double)draw(d, 20) / 10;
}

static double draw_ia(struct drawing *d)
{
    return draw(d, 4) ? (double)draw(d, 400) / 8 : gk_missing();
}

/* A few rows of each facility in order, or many: those go straight to chunks. */
static void draw_in_order(struct drawing *d, uint32_t n)
{
    uint64_t per_facility = draw(d, 7) == 0 ? 20 + draw(d, 120) : draw(d, 4);
    gk_time begin = d->frontier;

    d->frontier += (gk_time)per_facility * MINUTE;
    d->life->steps[n].now = d->frontier + MINUTE / 2;
    for (uint32_t f = 0; f < d->n_facilities; f++)
        for (uint64_t i = 0; draw(d, 6) > 0 && i < per_facility; i++) /* may fall silent at any time */
            add_row(d, n, f, begin + (gk_time)i * MINUTE, draw_kw(d), draw_ia(d));
}

/* Rows that come late, again, corrected, filled in, or too early. Their times are on no full minute, so that a new row
 * is one. */
static void draw_odd(struct drawing *d, uint32_t n)
{
    for (uint64_t i = draw(d, 8); i > 0; i--) {
        uint32_t f = (uint32_t)draw(d, d->n_facilities);
        gk_time odd = (gk_time)(1 + draw(d, 58)) * GK_SECOND;
        const struct life_row *old = d->life->n_facts ? &d->life->facts[draw(d, d->life->n_facts)].row : NULL;
        switch (draw(d, old ? 6 : 2)) {
        case 0:
            add_row(d, n, f, d->frontier - (gk_time)draw(d, 40) * MINUTE + odd - MINUTE, draw_kw(d), draw_ia(d));
            break;
        case 1:
            add_row(d, n, f, d->frontier + HOUR + (gk_time)draw(d, 90) * MINUTE + odd, draw_kw(d), draw_ia(d));
            break;
        case 2: /* again, to the bit */
            add_row(d, n, old->facility, old->time, old->value[0], old->value[1]);
            break;
        case 3:
            add_row(d, n, old->facility, old->time, draw_kw(d) + 0.05, gk_missing());
            break;
        case 4:
            add_row(d, n, old->facility, old->time, gk_missing(), (double)draw(d, 400) / 8);
            break;
        default: /* very late */
            add_row(d, n, f, d->frontier - (gk_time)draw(d, 600) * MINUTE + odd - MINUTE, draw_kw(d), draw_ia(d));
        }
    }
}

static void draw_release(struct drawing *d, uint32_t n)
{
    struct life_row *rows = d->waiting;
    size_t n_rows = d->n_waiting;

    d->waiting = NULL;
    d->n_waiting = d->waiting_capacity = 0;
    for (size_t i = 0; i < n_rows; i++)
        take(d, &rows[i], n, d->life->steps[n].now);
    free(rows);
}

static gk_time full_hour(gk_time t)
{
    return t / HOUR * HOUR;
}

static void draw_retain(struct drawing *d, uint32_t n)
{
    struct life *life = d->life;
    gk_time before = d->frontier - HOUR - (gk_time)draw(d, 300) * MINUTE;

    life->steps[n].before = before;
    if (full_hour(before) > d->dropped_before)
        d->dropped_before = full_hour(before);
    for (size_t i = 0; i < life->n_facts; i++) {
        struct life_fact *f = &life->facts[i];
        gk_time last = full_hour(d->last[f->row.facility]); /* the newest hour of rows stays */
        if (f->until == UINT32_MAX && f->row.time < d->dropped_before && f->row.time < last)
            f->until = n + 1;
    }
}

/* Each kind once in twenty steps, in an order of the life's own. */
static enum life_kind kind_of(uint64_t seed, uint32_t n)
{
    switch ((n * 7 + seed) % 20) {
    case 0:
        return LIFE_RETAIN;
    case 1:
        return LIFE_RELEASE;
    case 2:
        return LIFE_LOAD;
    case 3:
        return LIFE_BACKUP;
    case 10: /* then come rows, whose commit takes it in */
        return LIFE_HAND_IN;
    default:
        return LIFE_ROWS;
    }
}

static void draw_step(struct drawing *d, uint32_t n)
{
    struct life_step *s = &d->life->steps[n];

    s->kind = n == 0 ? LIFE_ZONE : kind_of(d->life->seed, n);
    s->now = d->frontier + MINUTE / 2;
    s->n_facilities = d->n_facilities;
    s->row = d->life->n_rows;
    s->is_held = n > 0 && draw(d, 5) == 0;
    s->seals = draw(d, 5) == 0;
    if (s->kind == LIFE_ZONE)
        d->n_facilities = FACILITIES;
    if (s->kind == LIFE_ROWS || s->kind == LIFE_LOAD)
        draw_in_order(d, n);
    if (s->kind == LIFE_ROWS) {
        draw_odd(d, n);
        s->puts = draw(d, 3) == 0 ? (unsigned)draw(d, PUTS) : draw(d, 2) ? PUT_ACT : 0;
        if (s->puts & PUT_NEW)
            d->n_facilities++;
    }
    if (s->kind == LIFE_RELEASE)
        draw_release(d, n);
    if (s->kind == LIFE_RETAIN)
        draw_retain(d, n);
    if (s->n_rows > ROWS_MAX || d->n_facilities > sizeof d->last / sizeof d->last[0])
        abort();
    d->life->n_quarantined[n + 1] = d->n_waiting;
}

static int by_place(const void *a, const void *b)
{
    const struct life_fact *x = a, *y = b;
    if (x->row.facility != y->row.facility)
        return x->row.facility < y->row.facility ? -1 : 1;
    if (x->row.time != y->row.time)
        return x->row.time < y->row.time ? -1 : 1;
    return x->since < y->since ? -1 : x->since > y->since;
}

struct life *life_new(uint64_t seed, uint32_t n_steps)
{
    struct life *life = calloc(1, sizeof *life);
    struct drawing d = {.life = life, .random = random_from(seed), .frontier = T0, .dropped_before = GK_TIME_MIN};

    if (!life || n_steps > LIFE_STEPS_MAX)
        abort();
    for (size_t i = 0; i < sizeof d.last / sizeof d.last[0]; i++)
        d.last[i] = GK_TIME_MIN;
    life->seed = seed;
    life->n_steps = n_steps;
    for (uint32_t n = 0; n < n_steps; n++)
        draw_step(&d, n);
    free(d.waiting);
    qsort(life->facts, life->n_facts, sizeof *life->facts, by_place);
    return life;
}

void life_free(struct life *life)
{
    if (!life)
        return;
    free(life->rows);
    free(life->facts);
    free(life);
}

/* ---- doing a step ---------------------------------------------------------------------------------------------------
 */

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != GK_OK)                                                                                               \
            goto done;                                                                                                 \
    } while (0)

static gk_time life_clock(void *context)
{
    return ((const struct life *)context)->now;
}

static struct gk_text text_of(const char *s)
{
    return (struct gk_text){s, s ? strlen(s) : 0};
}

static const char *name_of(uint32_t facility, char name[16])
{
    (void)snprintf(name, 16, "f%u", facility);
    return name;
}

static int put_facility(gk_db *db, uint32_t id, double rated_kw, struct gk_error *error)
{
    char name[16], line[16];
    struct gk_facility_put f = {.size = sizeof f, .rated_kw = rated_kw, .role_is_set = true};
    uint32_t given;

    (void)snprintf(line, sizeof line, "L%u", id / 2 % 3);
    f.name = text_of(name_of(id, name));
    f.park = text_of("P1");
    f.enterprise = text_of("E1");
    f.line = text_of(line);
    f.role = id % 2 ? GK_ABATEMENT : GK_PRODUCTION;
    f.rated_a = id % 3 ? 0 : 40;
    return gk_facility_put(db, &f, &given, error);
}

static int put_link(gk_db *db, uint32_t abatement, uint32_t production, gk_time from, struct gk_error *error)
{
    char a[16], p[16];
    struct gk_link_put link = {.size = sizeof link,
                               .abatement = text_of(name_of(abatement, a)),
                               .production = text_of(name_of(production, p)),
                               .from = from,
                               .to = GK_TIME_MAX};
    return gk_link_put(db, &link, error);
}

static int put_zone(gk_db *db, struct gk_error *error)
{
    static const char *const CHANNELS[] = {"kw", "ia"};
    uint32_t id;
    int rc;

    for (int c = 0; c < 2; c++)
        TRY(gk_channel_register(db, CHANNELS[c], 2, &id, error));
    for (uint32_t f = 0; f < FACILITIES; f++)
        TRY(put_facility(db, f, RATED_KW, error));
    TRY(put_link(db, 1, 0, GK_TIME_MIN, error));
done:
    return rc;
}

static int put_band(gk_db *db, uint32_t n, gk_time now, struct gk_error *error)
{
    static const struct {
        enum gk_kind scope;
        const char *name;
    } SCOPES[] = {{GK_ZONE, NULL}, {GK_ROLE, "production"}, {GK_FACILITY, "f2"}, {GK_LINE, "L1"}};
    struct gk_band_put band = {.size = sizeof band,
                               .scope = SCOPES[n % 4].scope,
                               .name = text_of(SCOPES[n % 4].name),
                               .off_below = {GK_LIMIT_SHARE, {5 + n % 7, 2}},
                               .on_from = {GK_LIMIT_SHARE, {20 + n % 50, 2}},
                               .hold_ns = n % 3 ? -1 : 5 * MINUTE,
                               .dwell_on_ns = n % 2 ? -1 : 2 * MINUTE,
                               .dwell_off_ns = -1,
                               .from = n % 5 < 2 ? GK_TIME_MIN : now - (gk_time)(n % 90) * MINUTE};
    return gk_band_put(db, &band, error);
}

static int put_order(gk_db *db, uint32_t n, gk_time now, struct gk_error *error)
{
    struct gk_order_put order = {.size = sizeof order,
                                 .scope = GK_PARK,
                                 .name = text_of("P1"),
                                 .level = text_of(n % 2 ? "orange" : "red"),
                                 .kind = text_of("stop"),
                                 .cut_share = n % 3 ? 0.5 : NAN,
                                 .from = now - HOUR,
                                 .to = now + HOUR};
    return gk_order_put(db, &order, error);
}

static int put_exemption(gk_db *db, uint32_t n, gk_time now, struct gk_error *error)
{
    char name[16];
    struct gk_exemption_put exemption = {.size = sizeof exemption,
                                         .scope = GK_FACILITY,
                                         .name = text_of(name_of(n % FACILITIES, name)),
                                         .kind = text_of("maintenance"),
                                         .from = now - 2 * HOUR,
                                         .to = now - HOUR};
    return gk_exemption_put(db, &exemption, error);
}

static int put_rule(gk_db *db, uint32_t n, struct gk_error *error)
{
    char text[64];
    struct gk_rule_put rule = {.size = sizeof rule, .name = text_of(n % 2 ? "r1" : "r0")};
    uint32_t version;

    (void)snprintf(text, sizeof text, "when production on for >= %um", n);
    rule.text = text_of(text);
    return gk_rule_put(db, &rule, &version, error);
}

static int put_mapping(gk_db *db, uint32_t n, struct gk_error *error)
{
    struct gk_mapping_put mapping = {.size = sizeof mapping,
                                     .mn = text_of(n % 2 ? "LD1*" : "LD2*"),
                                     .code = text_of("100000"),
                                     .suffix = text_of("Pt"),
                                     .facility = text_of("{mn}"),
                                     .channel = text_of("kw"),
                                     .factor = 1 + n % 40,
                                     .least = NAN,
                                     .most = NAN};
    return gk_mapping_put(db, &mapping, error);
}

/* Of the alarms that are open, the last one that has recovered; 0: none. */
static int find_recovered(gk_db *db, uint64_t *id, struct gk_error *error)
{
    struct gk_alarm alarm;
    gk_snapshot *s = NULL;
    gk_alarms *alarms = NULL;
    int rc;

    *id = 0;
    TRY(gk_snapshot_open(db, &s, error));
    TRY(gk_alarms_open(s, true, 0, &alarms, error));
    while ((rc = gk_alarms_next(alarms, &alarm, error)) == GK_OK)
        if (alarm.status == GK_ALARM_RECOVERED)
            *id = alarm.id;
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_alarms_close(alarms);
    gk_snapshot_close(s);
    return rc;
}

/* As somebody else does, through the inbox. Done again it is refused: an alarm is closed once. */
static int close_alarm(gk_db *db, struct gk_error *error)
{
    struct gk_act_put act = {
        .size = sizeof act, .kind = GK_ACT_CLOSED, .actor = text_of("officer"), .outcome = GK_OUTCOME_DEVICE};
    char name[GK_HANDED_MAX];
    int rc;

    TRY(find_recovered(db, &act.alarm, error));
    if (act.alarm)
        TRY(gk_act_hand_in(db, &act, name, error));
done:
    return rc;
}

/* In turn: an alarm is raised if there is none, or it recovers; one that recovered is closed. Done again it is nothing.
 */
static int put_act(gk_db *db, uint32_t n, gk_time now, struct gk_error *error)
{
    static const char RULE[] = "r0", SUBJECT[] = "f0";
    struct gk_act_put act = {.size = sizeof act, .level = GK_LEVEL_WARN, .from = now - HOUR, .actor = text_of("life")};
    uint64_t firing;
    int rc;

    TRY(gk_alarm_firing(db, text_of(RULE), GK_FACILITY, text_of(SUBJECT), &firing, error));
    if (n % 3 == 0 && firing == 0) {
        act.kind = GK_ACT_RAISED;
        act.rule = text_of(RULE);
        act.rule_version = 1;
        act.subject_kind = GK_FACILITY;
        act.subject = text_of(SUBJECT);
        TRY(gk_act_put(db, &act, NULL, error));
    } else if (n % 3 == 1 && firing != 0) {
        act.kind = GK_ACT_RECOVERED;
        act.alarm = firing;
        act.to = now;
        TRY(gk_act_put(db, &act, NULL, error));
    } else if (n % 3 == 2)
        TRY(close_alarm(db, error));
done:
    return rc;
}

static int put_catalog(gk_db *db, const struct life_step *s, uint32_t n, struct gk_error *error)
{
    int rc = GK_OK;

    if (s->puts & PUT_BAND)
        TRY(put_band(db, n, s->now, error));
    if (s->puts & PUT_ORDER)
        TRY(put_order(db, n, s->now, error));
    if (s->puts & PUT_EXEMPTION)
        TRY(put_exemption(db, n, s->now, error));
    if (s->puts & PUT_FACILITY)
        TRY(put_facility(db, n % FACILITIES, RATED_KW + n % 3, error));
    if (s->puts & PUT_NEW)
        TRY(put_facility(db, s->n_facilities, RATED_KW, error));
    if (s->puts & PUT_LINK)
        TRY(put_link(db, 1 + n % 2 * 2, n % 3 * 2, s->now, error));
    if (s->puts & PUT_RULE)
        TRY(put_rule(db, n, error));
    if (s->puts & PUT_MAPPING)
        TRY(put_mapping(db, n, error));
    if (s->puts & PUT_ACT)
        TRY(put_act(db, n, s->now, error));
done:
    return rc;
}

static int ingest(struct life *life, gk_db *db, uint32_t n, struct gk_error *error)
{
    static gk_time time[ROWS_MAX];
    static uint32_t facility[ROWS_MAX];
    static double kw[ROWS_MAX], ia[ROWS_MAX];
    const double *values[] = {kw, ia};
    const uint32_t channels[] = {0, 1};
    const struct life_step *s = &life->steps[n];
    struct gk_batch batch = {.n_rows = s->n_rows,
                             .time = time,
                             .facility = facility,
                             .n_channels = 2,
                             .channel = channels,
                             .value = values,
                             .source = "life",
                             .sequence = n + 1};

    for (size_t i = 0; i < s->n_rows; i++) {
        const struct life_row *row = &life->rows[s->row + i];
        time[i] = row->time;
        facility[i] = row->facility;
        kw[i] = row->value[0];
        ia[i] = row->value[1];
    }
    return gk_ingest(db, &batch, NULL, error);
}

static int load(struct life *life, gk_db *db, uint32_t n, struct gk_error *error)
{
    const struct life_step *s = &life->steps[n];
    struct gk_load_options options = {.size = sizeof options};
    gk_load *load = NULL;
    char line[160];
    int rc;

    TRY(gk_load_open(db, &options, &load, error));
    TRY(gk_load_feed(load, "time_ns,facility,kw,ia\n", 23, error));
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct life_row *row = &life->rows[s->row + i];
        int size = snprintf(line, sizeof line, "%lld,f%u,%.17g,", (long long)row->time, row->facility, row->value[0]);
        if (!gk_is_missing(row->value[1]))
            size += snprintf(line + size, sizeof line - (size_t)size, "%.17g", row->value[1]);
        line[size++] = '\n';
        TRY(gk_load_feed(load, line, (size_t)size, error));
    }
    TRY(gk_load_finish(load, NULL, error));
done:
    gk_load_close(load);
    return rc;
}

static bool is_in_inbox(const char *store)
{
    char path[LIFE_PATH + 16];
    bool is_there = false;
    struct dirent *entry;

    (void)snprintf(path, sizeof path, "%s/inbox", store);
    DIR *all = opendir(path);
    while (all && (entry = readdir(all)) != NULL)
        /* What was refused lies there as well, and what was not written to its end. */
        is_there |= entry->d_name[0] != '.' && strstr(entry->d_name, ".act") != NULL;
    if (all)
        (void)closedir(all);
    return is_there;
}

static int is_on_record(gk_db *db, const char *text, bool *is_there, struct gk_error *error)
{
    gk_snapshot *s = NULL;
    gk_acts *acts = NULL;
    struct gk_act act;
    int rc;

    *is_there = false;
    TRY(gk_snapshot_open(db, &s, error));
    TRY(gk_acts_open(s, 0, 0, &acts, error));
    while ((rc = gk_acts_next(acts, &act, error)) == GK_OK)
        *is_there |= strcmp(act.text, text) == 0;
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_acts_close(acts);
    gk_snapshot_close(s);
    return rc;
}

/* A note, which could be taken twice. Done again it is nothing: it lies there, or was taken when the store closed. */
static int hand_in(const struct life *life, gk_db *db, uint32_t n, struct gk_error *error)
{
    struct gk_act_put act = {.size = sizeof act, .kind = GK_ACT_NOTED, .actor = text_of("officer")};
    char name[GK_HANDED_MAX], text[16];
    bool is_there;
    int rc;

    (void)snprintf(text, sizeof text, "step %u", n);
    act.text = text_of(text);
    TRY(is_on_record(db, text, &is_there, error));
    if (!is_there && !is_in_inbox(life->path))
        TRY(gk_act_hand_in(db, &act, name, error));
done:
    return rc;
}

/* A copy has the store's digest, or does not have its name. */
bool life_copy_is(struct life *life, uint32_t n, const char *path, char words[LIFE_WORDS])
{
    struct gk_error error;
    char digest[65];
    gk_db *copy;
    struct stat st;

    if (stat(path, &st) != 0)
        return true;
    int rc = gk_open(path, GK_READONLY, NULL, &copy, &error);
    if (rc == GK_OK) {
        rc = gk_digest(copy, digest, &error);
        if (gk_close(copy) != GK_OK && rc == GK_OK)
            rc = GK_EIO;
    }
    if (rc == GK_OK && strcmp(digest, life->digest[n]) == 0)
        return true;
    (void)snprintf(words, LIFE_WORDS, "the backup of step %u: %s", n, rc == GK_OK ? "another digest" : error.text);
    return false;
}

/*
 * It loses its name first: half of it is no backup any more. By names, so that the layer sees it; what was not there
 * was not made, or was removed before.
 */
static void remove_copy(const char *path)
{
    static const char *const NAMES[] = {"data.mdb", "data.mdb.new", "lock.mdb", "lock.writer"};
    char old[LIFE_PATH + 16], name[LIFE_PATH + 64];

    (void)snprintf(old, sizeof old, "%s.old", path);
    for (int turn = 0; turn < 2; turn++) { /* what was left of the last time, then what is there now */
        for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
            (void)snprintf(name, sizeof name, "%s/%s", old, NAMES[i]);
            (void)unlink(name);
        }
        (void)rmdir(old);
        if (turn == 0)
            (void)rename(path, old);
    }
}

void life_copy_path(const struct life *life, uint32_t n, char out[LIFE_PATH])
{
    (void)snprintf(out, LIFE_PATH, "%.*s.copy%u", LIFE_PATH - 32, life->path, n);
}

static int back_up(struct life *life, gk_db *db, uint32_t n, struct gk_error *error)
{
    struct gk_backup_options options = {.size = sizeof options, .verify = n % 2};
    char path[LIFE_PATH];
    int rc;

    life_copy_path(life, n, path);
    remove_copy(path);
    TRY(gk_backup(db, path, &options, error));
done:
    return rc;
}

int life_open(struct life *life, const char *path, uint32_t n, int flags, gk_db **out, struct gk_error *error)
{
    struct gk_options o = {.size = sizeof o,
                           .commit_ns = -1,
                           .map_size = 1 << 26,
                           .ballast = 1 << 16,
                           .head_budget = life->seed % 2 ? 1 << 20 : 20000, /* the journal, or straight to chunks */
                           .seal_bytes = 2000,                              /* sealing takes many transactions */
                           .clock = life_clock,
                           .clock_context = life};

    (void)snprintf(life->path, sizeof life->path, "%s", path);
    life->now = life->steps[n < life->n_steps ? n : life->n_steps - 1].now;
    return gk_open(path, flags, &o, out, error);
}

int life_do(struct life *life, gk_db *db, uint32_t n, struct gk_error *error)
{
    const struct life_step *s = &life->steps[n];
    int rc = GK_OK;

    life->now = s->now;
    switch (s->kind) {
    case LIFE_ZONE:
        TRY(put_zone(db, error));
        break;
    case LIFE_ROWS:
        TRY(put_catalog(db, s, n, error));
        TRY(ingest(life, db, n, error));
        break;
    case LIFE_LOAD:
        TRY(load(life, db, n, error));
        break;
    case LIFE_RELEASE:
        TRY(gk_quarantine_release(db, false, NULL, error));
        break;
    case LIFE_BACKUP:
        TRY(back_up(life, db, n, error));
        break;
    case LIFE_RETAIN:
        TRY(gk_retain(db, s->before, NULL, NULL, error));
        break;
    case LIFE_HAND_IN:
        return hand_in(life, db, n, error);
    }
    TRY(s->seals ? gk_seal(db, error) : gk_commit(db, error));
done:
    return rc;
}

bool life_is_gradual(const struct life *life, uint32_t n)
{
    const struct life_step *s = &life->steps[n];
    /* gk_seal takes in with a commit of its own what was handed in. */
    bool hands_in = (s->puts & PUT_ACT) && n % 3 == 2;
    /* What lies in the inbox may be taken in at any time. */
    bool is_handed = s->kind == LIFE_HAND_IN || (n > 0 && life->steps[n - 1].kind == LIFE_HAND_IN);

    return is_handed || s->kind == LIFE_RELEASE || s->kind == LIFE_RETAIN || s->kind == LIFE_LOAD ||
           (hands_in && s->seals);
}

/* ---- comparing ------------------------------------------------------------------------------------------------------
 */

static bool is_in(const struct life_fact *fact, uint32_t n)
{
    return fact->since <= n && n < fact->until;
}

static bool complain(char words[LIFE_WORDS], const char *what, uint32_t facility, gk_time time)
{
    (void)snprintf(words, LIFE_WORDS, "facility f%u, second %lld: %s", facility, (long long)((time - T0) / GK_SECOND),
                   what);
    return false;
}

/* The facts of one time: [i, end). Whether the row (NULL: none is there) is one of them. */
static bool fits(const struct life_fact *facts, size_t i, size_t end, const double value[2], uint32_t least,
                 uint32_t most)
{
    bool in_least = false, in_most = false;

    for (; i < end; i++) {
        bool is_least = is_in(&facts[i], least), is_most = is_in(&facts[i], most);
        if (value && (is_least || is_most) && memcmp(value, facts[i].row.value, sizeof facts[i].row.value) == 0)
            return true;
        in_least |= is_least;
        in_most |= is_most;
    }
    return !value && !(in_least && in_most);
}

struct walk { /* through the facts of a facility, beside its rows */
    const struct life *life;
    uint32_t facility, least, most;
    size_t at;
    char *words;
};

/* All facts before a time must be absent by right. */
static bool walk_to(struct walk *w, gk_time time, size_t *end)
{
    const struct life_fact *facts = w->life->facts;

    for (;;) {
        *end = w->at;
        if (w->at == w->life->n_facts || facts[w->at].row.facility != w->facility)
            return true;
        while (*end < w->life->n_facts && by_place(&facts[*end], &facts[w->at]) >= 0 &&
               facts[*end].row.facility == w->facility && facts[*end].row.time == facts[w->at].row.time)
            ++*end;
        if (facts[w->at].row.time >= time)
            return true;
        if (!fits(facts, w->at, *end, NULL, w->least, w->most))
            return complain(w->words, "a row is lost", w->facility, facts[w->at].row.time);
        w->at = *end;
    }
}

static bool walk_row(struct walk *w, gk_time time, double kw, double ia)
{
    const double value[2] = {kw, ia};
    size_t end;

    if (!walk_to(w, time, &end))
        return false;
    if (end == w->at || w->life->facts[w->at].row.time != time)
        return complain(w->words, "a row that nobody sent, or twice", w->facility, time);
    if (!fits(w->life->facts, w->at, end, value, w->least, w->most))
        return complain(w->words, "a row with other values", w->facility, time);
    w->at = end;
    return true;
}

static bool walk_facility(struct walk *w, gk_snapshot *snapshot)
{
    const uint32_t channels[] = {0, 1};
    struct gk_columns rows;
    struct gk_error error;
    gk_scan *scan;
    bool is_right = true;
    size_t end;
    int rc = gk_scan_open(snapshot, w->facility, channels, 2, GK_TIME_MIN, GK_TIME_MAX, &scan, &error);

    while (rc == GK_OK && is_right && (rc = gk_scan_next(scan, &rows, &error)) == GK_OK)
        for (size_t i = 0; i < rows.n_rows && is_right; i++)
            is_right = walk_row(w, rows.time[i], rows.value[0][i], rows.value[1][i]);
    gk_scan_close(scan);
    if (is_right && rc != GK_DONE) {
        (void)snprintf(w->words, LIFE_WORDS, "rows of f%u: %s", w->facility, error.text);
        return false;
    }
    return is_right && walk_to(w, GK_TIME_MAX, &end);
}

bool life_rows_are(struct life *life, gk_snapshot *snapshot, uint32_t least, uint32_t most, char words[LIFE_WORDS])
{
    struct walk w = {.life = life, .least = least, .most = most, .words = words};
    uint32_t n = gk_snapshot_info(snapshot)->n_facilities;

    for (; w.facility < n; w.facility++) {
        while (w.at < life->n_facts && life->facts[w.at].row.facility < w.facility)
            w.at++;
        if (!walk_facility(&w, snapshot))
            return false;
    }
    for (; w.at < life->n_facts; w.at++)
        if (life->facts[w.at].row.facility >= n && is_in(&life->facts[w.at], least) && is_in(&life->facts[w.at], most))
            return complain(words, "the facility is lost", life->facts[w.at].row.facility, T0);
    return true;
}

/* ---- an undisturbed life --------------------------------------------------------------------------------------------
 */

static bool expect_state(struct life *life, gk_db *db, uint32_t n, char words[LIFE_WORDS])
{
    struct gk_error error;
    struct gk_stat stat;
    gk_snapshot *s = NULL;
    int rc;

    TRY(gk_digest(db, life->digest[n], &error));
    TRY(gk_snapshot_open(db, &s, &error));
    TRY(gk_stat(db, &stat, &error));
    bool is_right = life_rows_are(life, s, n, n, words);
    gk_snapshot_close(s);
    if (is_right && stat.n_quarantined != life->n_quarantined[n]) {
        (void)snprintf(words, LIFE_WORDS, "%llu rows in quarantine, not %llu", (unsigned long long)stat.n_quarantined,
                       (unsigned long long)life->n_quarantined[n]);
        return false;
    }
    return is_right;
done:
    gk_snapshot_close(s);
    (void)snprintf(words, LIFE_WORDS, "%.500s", error.text);
    return false;
}

bool life_expect(struct life *life, const char *path, char words[LIFE_WORDS])
{
    struct gk_error error;
    gk_db *db;
    bool is_right;

    if (life_open(life, path, 0, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &db, &error) != GK_OK) {
        (void)snprintf(words, LIFE_WORDS, "%.500s", error.text);
        return false;
    }
    is_right = expect_state(life, db, 0, words);
    for (uint32_t n = 0; n < life->n_steps && is_right; n++) {
        is_right = life_do(life, db, n, &error) == GK_OK;
        if (!is_right)
            (void)snprintf(words, LIFE_WORDS, "step %u: %.480s", n, error.text);
        else if (!(is_right = expect_state(life, db, n + 1, words)))
            (void)snprintf(words + strlen(words), LIFE_WORDS - strlen(words), " (after step %u)", n);
    }
    if (gk_close(db) != GK_OK && is_right) {
        (void)snprintf(words, LIFE_WORDS, "the store did not close");
        return false;
    }
    return is_right;
}
