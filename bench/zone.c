/*
 * zone.c - see zone.h. The generator plans each enterprise second by second (shift, production runs and pauses,
 * abatement that follows them, sometimes late or not at all), then lets a meter look at each facility every ten
 * seconds.
 */
#include "zone.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define ZONE_MAGIC      UINT32_C(0x31534447)
#define ZONE_HEAD_SIZE  40
#define ZONE_ENTRY_SIZE 32
#define ZONE_PARKS      5
#define ZONE_MONDAY     INT64_C(1717977600) /* 2024-06-10 00:00:00 UTC, the beginning of the comparison set */
#define ZONE_WINDOW     256                 /* rows of a facility that a cursor keeps: 800 facilities take 4 MB */
#define ZONE_DAY_S      86400

const char *const ZONE_CHANNEL_NAME[ZONE_CHANNELS] = {"ia", "ib", "ic", "kw"};
const double ZONE_UNIT[ZONE_COLUMNS] = {1, 100, 100, 100, 1000};

/* ---- small things ------------------------------------------------------------------------------------------------ */

static void fail(const char *what)
{
    perror(what);
    exit(3);
}

static void *take(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (p == NULL)
        fail("memory");
    return p;
}

/* xorshift64*: small, and the same everywhere. */
struct dice {
    uint64_t state;
};

static struct dice dice_of(uint64_t seed, uint64_t who)
{
    struct dice dice = {(seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ (who + 1) * UINT64_C(0xD1342543DE82EF95)};

    if (dice.state == 0)
        dice.state = 1;
    return dice;
}

static uint64_t roll(struct dice *dice)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return dice->state * UINT64_C(0x2545F4914F6CDD1D);
}

static double roll_unit(struct dice *dice)
{
    return (double)(roll(dice) >> 11) * 0x1p-53;
}

static double roll_between(struct dice *dice, double least, double most)
{
    return least + (most - least) * roll_unit(dice);
}

static bool roll_chance(struct dice *dice, double chance)
{
    return roll_unit(dice) < chance;
}

/* Near enough to normal for noise: three uniform numbers, variance 1. */
static double roll_noise(struct dice *dice)
{
    uint64_t z = roll(dice);
    double sum = (double)(z & 0x1FFFFF) + (double)((z >> 21) & 0x1FFFFF) + (double)(z >> 43);

    return (sum * 0x1p-21 - 1.5) * 2.0;
}

static int64_t roll_wait(struct dice *dice, double mean_s)
{
    return (int64_t)(-mean_s * log(1.0 - roll_unit(dice))) + 1;
}

/* ---- the plan of an enterprise ----------------------------------------------------------------------------------- */

enum level { LEVEL_OFF, LEVEL_STANDBY, LEVEL_RUN };

struct plan {
    int64_t n;                       /* seconds */
    uint8_t *shift, *busy;           /* people are there; some production runs */
    uint8_t *level[ZONE_FACILITIES]; /* enum level */
    bool is_careless;
};

static void paint(uint8_t *line, int64_t n, int64_t from, int64_t to, uint8_t value)
{
    if (from < 0)
        from = 0;
    if (to > n)
        to = n;
    if (from < to)
        memset(line + from, value, (size_t)(to - from));
}

static void plan_shift(struct plan *plan, struct dice *dice)
{
    double kind = roll_unit(dice);
    bool rests = roll_chance(dice, 0.6);

    memset(plan->shift, 0, (size_t)plan->n);
    for (int64_t day = 0; day * ZONE_DAY_S < plan->n; day++) {
        int64_t from = day * ZONE_DAY_S, to = from + ZONE_DAY_S;
        if (kind >= 0.2) {
            from += (int64_t)((kind < 0.6 ? 6 : 8) * 3600 + 600 * roll_noise(dice));
            to = day * ZONE_DAY_S + (int64_t)((kind < 0.6 ? 22 : 18) * 3600 + 900 * roll_noise(dice));
        }
        if (kind < 0.2 || !rests || day % 7 != 6)
            paint(plan->shift, plan->n, from, to, 1);
    }
}

/* Runs and pauses while the shift is on; some machines are not used some days. */
static void plan_production(struct plan *plan, uint8_t *level, struct dice *dice)
{
    bool is_steady = roll_chance(dice, 0.4);
    double run_s = is_steady ? 14400 : roll_between(dice, 600, 4200);
    double pause_s = is_steady ? 600 : roll_between(dice, 180, 1380);
    double used_share = roll_between(dice, 0.5, 1.0);
    bool is_used = false, was_shift = false;

    memset(level, LEVEL_OFF, (size_t)plan->n);
    for (int64_t t = 0; t < plan->n;) {
        if (!plan->shift[t]) {
            was_shift = false;
            t++;
            continue;
        }
        if (!was_shift)
            is_used = roll_chance(dice, used_share);
        was_shift = true;
        int64_t run = roll_wait(dice, run_s) + 30, pause = roll_wait(dice, pause_s) + 20;
        uint8_t rest = roll_chance(dice, 0.7) ? LEVEL_STANDBY : LEVEL_OFF;
        for (int64_t i = 0; i < run + pause && t < plan->n && plan->shift[t]; i++, t++) {
            if (!is_used)
                continue;
            level[t] = i < run ? LEVEL_RUN : rest;
            plan->busy[t] |= i < run;
        }
    }
}

/* On from some minutes before production to some minutes after, but late now and then, and off for no good reason. */
static void plan_abatement(struct plan *plan, uint8_t *level, struct dice *dice)
{
    memset(level, LEVEL_OFF, (size_t)plan->n);
    for (int64_t t = 0; t < plan->n; t++) {
        if (!plan->busy[t])
            continue;
        int64_t from = t, last = t;
        for (; t < plan->n && t - last < 1200; t++)
            if (plan->busy[t])
                last = t;
        int64_t lead = (int64_t)roll_between(dice, 120, 600), lag = (int64_t)roll_between(dice, 300, 1200);
        if (roll_chance(dice, plan->is_careless ? 0.3 : 0.08))
            lead = -(int64_t)roll_between(dice, 10, 300);
        paint(level, plan->n, from - lead, last + lag, LEVEL_RUN);
    }
    for (int64_t day = 0; day * ZONE_DAY_S < plan->n; day++) {
        int64_t at = day * ZONE_DAY_S + (int64_t)roll_between(dice, 0, ZONE_DAY_S);
        if (roll_chance(dice, plan->is_careless ? 0.35 : 0.04))
            paint(level, plan->n, at, at + 300 + roll_wait(dice, plan->is_careless ? 7200 : 1800), LEVEL_OFF);
        at = day * ZONE_DAY_S + (int64_t)roll_between(dice, 0, ZONE_DAY_S);
        if (roll_chance(dice, 0.15))
            paint(level, plan->n, at, at + (int64_t)roll_between(dice, 20, 400), LEVEL_OFF);
    }
}

/* ---- the meter of a facility ------------------------------------------------------------------------------------- */

struct meter {
    double rated_kw, load, sway, noise, amps_per_kw, phase_b, phase_c, standby;
    double drift, ramp;
};

static struct meter meter_of(struct dice *dice, double rated_kw)
{
    struct meter meter = {.rated_kw = rated_kw,
                          .load = roll_between(dice, 0.55, 0.9),
                          .sway = roll_between(dice, 0.02, 0.1),
                          .noise = roll_between(dice, 0.002, 0.006),
                          .amps_per_kw = 1000 / (1.7320508 * 380 * roll_between(dice, 0.78, 0.92)),
                          .phase_b = 1 + 0.02 * roll_noise(dice),
                          .phase_c = 1 + 0.02 * roll_noise(dice),
                          .standby = roll_between(dice, 0.02, 0.07)};

    return meter;
}

static int32_t quantise(double value, double unit)
{
    return value <= 0 ? 0 : (int32_t)(value * unit + 0.5);
}

/* What the meter shows of a level: ia, ib, ic, kw. A machine that is off shows 0.01 A now and then. */
static void meter_look(struct meter *meter, enum level level, struct dice *dice, int32_t out[ZONE_CHANNELS])
{
    double target = level == LEVEL_RUN ? meter->load : level == LEVEL_STANDBY ? meter->standby : 0;

    meter->drift = 0.995 * meter->drift + 0.1 * meter->sway * roll_noise(dice);
    meter->ramp = level == LEVEL_RUN && meter->ramp < target ? meter->ramp + 0.8 * (target - meter->ramp) : target;
    if (level == LEVEL_OFF) {
        for (int i = 0; i < 3; i++)
            out[i] = roll_chance(dice, 0.015);
        out[3] = 0;
        return;
    }
    double kw = meter->rated_kw * meter->ramp * (1 + meter->drift) * (1 + meter->noise * roll_noise(dice));
    double amps = kw * meter->amps_per_kw;
    out[0] = quantise(amps * (1 + meter->noise * roll_noise(dice)), 100);
    out[1] = quantise(amps * meter->phase_b * (1 + meter->noise * roll_noise(dice)), 100);
    out[2] = quantise(amps * meter->phase_c * (1 + meter->noise * roll_noise(dice)), 100);
    out[3] = quantise(kw, 1000);
}

static void read_facility(const struct plan *plan, const uint8_t *level, struct dice *dice,
                          struct zone_facility *facility)
{
    struct meter meter = meter_of(dice, facility->rated_w / 1000.0);
    int64_t phase = (int64_t)(roll(dice) % ZONE_STEP_S), silent_until = -1;
    size_t n = 0, most = (size_t)(plan->n / ZONE_STEP_S + 1);

    for (int i = 0; i < ZONE_COLUMNS; i++)
        facility->column[i] = take(most, sizeof(int32_t));
    for (int64_t slot = phase; slot < plan->n; slot += ZONE_STEP_S) {
        int64_t t = slot + roll_chance(dice, 0.02);
        int32_t look[ZONE_CHANNELS];
        if (t >= plan->n)
            break;
        meter_look(&meter, (enum level)level[t], dice, look);
        if (roll_chance(dice, (double)ZONE_STEP_S / (2.0 * ZONE_DAY_S)))
            silent_until = t + 60 + roll_wait(dice, 900);
        if (t < silent_until || roll_chance(dice, 0.001))
            continue;
        facility->column[ZONE_TIME][n] = (int32_t)t;
        for (int i = 0; i < ZONE_CHANNELS; i++)
            facility->column[ZONE_IA + i][n] = look[i];
        n++;
    }
    facility->n_rows = (uint32_t)n;
}

static void make_enterprise(struct zone *zone, uint32_t enterprise, uint64_t seed, struct plan *plan)
{
    struct dice dice = dice_of(seed, enterprise);

    plan->is_careless = roll_chance(&dice, 0.2);
    plan_shift(plan, &dice);
    memset(plan->busy, 0, (size_t)plan->n);
    for (uint32_t i = 0; i < ZONE_FACILITIES; i++) {
        uint32_t id = enterprise * ZONE_FACILITIES + i;
        struct zone_facility *facility = &zone->facilities[id];
        struct dice own = dice_of(seed ^ UINT64_C(0xFAC1), id);
        facility->enterprise = enterprise;
        facility->park = (uint32_t)((uint64_t)enterprise * ZONE_PARKS / zone->n_enterprises);
        facility->is_abatement = i >= ZONE_PRODUCTION;
        facility->rated_w = (int32_t)(1000 * roll_between(&own, 5, facility->is_abatement ? 75 : 150));
        if (facility->is_abatement)
            plan_abatement(plan, plan->level[i], &own);
        else
            plan_production(plan, plan->level[i], &own);
        read_facility(plan, plan->level[i], &own, facility);
        zone->n_rows += facility->n_rows;
    }
}

void zone_make(struct zone *zone, uint32_t n_enterprises, int64_t length_s, uint64_t seed)
{
    struct plan plan = {.n = length_s};

    *zone = (struct zone){.n_enterprises = n_enterprises,
                          .n_facilities = n_enterprises * ZONE_FACILITIES,
                          .from_s = ZONE_MONDAY,
                          .length_s = length_s,
                          .file = -1};
    zone->facilities = take(zone->n_facilities, sizeof *zone->facilities);
    plan.shift = take((size_t)length_s, 1);
    plan.busy = take((size_t)length_s, 1);
    for (int i = 0; i < ZONE_FACILITIES; i++)
        plan.level[i] = take((size_t)length_s, 1);
    for (uint32_t i = 0; i < n_enterprises; i++)
        make_enterprise(zone, i, seed, &plan);
    free(plan.shift);
    free(plan.busy);
    for (int i = 0; i < ZONE_FACILITIES; i++)
        free(plan.level[i]);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

void zone_write(const struct zone *zone, const char *path)
{
    FILE *file = fopen(path, "wb");
    uint8_t head[ZONE_HEAD_SIZE] = {0}, entry[ZONE_ENTRY_SIZE];
    uint64_t at = ZONE_HEAD_SIZE + (uint64_t)ZONE_ENTRY_SIZE * zone->n_facilities;

    if (file == NULL)
        fail(path);
    store_u32(head, ZONE_MAGIC);
    store_u32(head + 4, zone->n_enterprises);
    store_u32(head + 8, zone->n_facilities);
    store_u64(head + 16, (uint64_t)zone->from_s);
    store_u64(head + 24, (uint64_t)zone->length_s);
    store_u64(head + 32, zone->n_rows);
    fwrite(head, sizeof head, 1, file);
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        const struct zone_facility *facility = &zone->facilities[i];
        store_u32(entry, i);
        store_u32(entry + 4, facility->enterprise);
        store_u32(entry + 8, facility->is_abatement);
        store_u32(entry + 12, facility->park);
        store_u32(entry + 16, (uint32_t)facility->rated_w);
        store_u32(entry + 20, facility->n_rows);
        store_u64(entry + 24, at);
        fwrite(entry, sizeof entry, 1, file);
        at += (uint64_t)facility->n_rows * ZONE_COLUMNS * sizeof(int32_t);
    }
    for (uint32_t i = 0; i < zone->n_facilities; i++)
        for (int c = 0; c < ZONE_COLUMNS; c++)
            fwrite(zone->facilities[i].column[c], sizeof(int32_t), zone->facilities[i].n_rows, file);
    if (fclose(file) != 0)
        fail(path);
}

static void read_at(int file, void *out, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(file, (char *)out + done, size - done, (off_t)(at + done));
        if (n <= 0)
            fail("reading the zone");
        done += (size_t)n;
    }
}

void zone_open(struct zone *zone, const char *path)
{
    uint8_t head[ZONE_HEAD_SIZE], entry[ZONE_ENTRY_SIZE];

    *zone = (struct zone){.file = open(path, O_RDONLY)};
    if (zone->file < 0)
        fail(path);
    read_at(zone->file, head, sizeof head, 0);
    if (load_u32(head) != ZONE_MAGIC) {
        fprintf(stderr, "%s is not a file of the comparison set\n", path);
        exit(3);
    }
    zone->n_enterprises = load_u32(head + 4);
    zone->n_facilities = load_u32(head + 8);
    zone->from_s = (int64_t)load_u64(head + 16);
    zone->length_s = (int64_t)load_u64(head + 24);
    zone->n_rows = load_u64(head + 32);
    zone->facilities = take(zone->n_facilities, sizeof *zone->facilities);
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        read_at(zone->file, entry, sizeof entry, ZONE_HEAD_SIZE + (uint64_t)i * ZONE_ENTRY_SIZE);
        zone->facilities[i] = (struct zone_facility){.enterprise = load_u32(entry + 4),
                                                     .is_abatement = load_u32(entry + 8) != 0,
                                                     .park = load_u32(entry + 12),
                                                     .rated_w = (int32_t)load_u32(entry + 16),
                                                     .n_rows = load_u32(entry + 20),
                                                     .at = load_u64(entry + 24)};
    }
}

void zone_clear(struct zone *zone)
{
    if (zone->file >= 0)
        close(zone->file);
    for (uint32_t i = 0; i < zone->n_facilities; i++)
        for (int c = 0; c < ZONE_COLUMNS; c++)
            free(zone->facilities[i].column[c]);
    free(zone->facilities);
    *zone = (struct zone){.file = -1};
}

void zone_read(const struct zone *zone, uint32_t facility, enum zone_column column, uint32_t from, uint32_t n,
               int32_t *out)
{
    const struct zone_facility *f = &zone->facilities[facility];

    if (zone->file < 0)
        memcpy(out, f->column[column] + from, n * sizeof *out);
    else
        read_at(zone->file, out, n * sizeof *out, f->at + ((uint64_t)column * f->n_rows + from) * sizeof *out);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

void zone_rows_init(struct zone_rows *rows, size_t capacity)
{
    *rows = (struct zone_rows){.capacity = capacity};
    rows->time = take(capacity, sizeof *rows->time);
    rows->facility = take(capacity, sizeof *rows->facility);
    for (int i = 0; i < ZONE_CHANNELS; i++)
        rows->value[i] = take(capacity, sizeof(double));
}

void zone_rows_clear(struct zone_rows *rows)
{
    free(rows->time);
    free(rows->facility);
    for (int i = 0; i < ZONE_CHANNELS; i++)
        free(rows->value[i]);
    *rows = (struct zone_rows){0};
}

struct zone_window {
    uint32_t next, at, n; /* first row behind the window; place in it; rows in it */
    int32_t column[ZONE_COLUMNS][ZONE_WINDOW];
};

void zone_cursor_init(struct zone_cursor *cursor, const struct zone *zone, enum zone_order order)
{
    *cursor = (struct zone_cursor){.zone = zone, .order = order};
    cursor->windows = take(order == ZONE_ARRIVAL ? zone->n_facilities : 1, sizeof *cursor->windows);
}

void zone_cursor_clear(struct zone_cursor *cursor)
{
    free(cursor->windows);
    *cursor = (struct zone_cursor){0};
}

/* False when the facility has no more rows. */
static bool refill(const struct zone *zone, uint32_t facility, struct zone_window *window)
{
    uint32_t left = zone->facilities[facility].n_rows - window->next;

    window->n = left < ZONE_WINDOW ? left : ZONE_WINDOW;
    window->at = 0;
    for (int c = 0; c < ZONE_COLUMNS && window->n > 0; c++)
        zone_read(zone, facility, (enum zone_column)c, window->next, window->n, window->column[c]);
    window->next += window->n;
    return window->n > 0;
}

static void put_row(const struct zone *zone, uint32_t facility, struct zone_window *window, struct zone_rows *rows)
{
    uint32_t at = window->at++;

    rows->time[rows->n] = (zone->from_s + window->column[ZONE_TIME][at]) * INT64_C(1000000000);
    rows->facility[rows->n] = facility;
    for (int i = 0; i < ZONE_CHANNELS; i++)
        rows->value[i][rows->n] = window->column[ZONE_IA + i][at] / ZONE_UNIT[ZONE_IA + i];
    rows->n++;
}

/* One row of each facility whose next one lies in the slot, slot after slot. */
static void next_arrivals(struct zone_cursor *cursor, struct zone_rows *rows)
{
    const struct zone *zone = cursor->zone;
    int64_t n_slots = zone->length_s / ZONE_STEP_S + 3;

    for (; cursor->slot < n_slots; cursor->slot++, cursor->facility = 0)
        for (; cursor->facility < zone->n_facilities; cursor->facility++) {
            struct zone_window *window = &cursor->windows[cursor->facility];
            if (rows->n == rows->capacity)
                return;
            if (window->at == window->n && !refill(zone, cursor->facility, window))
                continue;
            if (window->column[ZONE_TIME][window->at] < (cursor->slot + 1) * ZONE_STEP_S)
                put_row(zone, cursor->facility, window, rows);
        }
}

static void next_of_facility(struct zone_cursor *cursor, struct zone_rows *rows)
{
    struct zone_window *window = cursor->windows;

    while (cursor->facility < cursor->zone->n_facilities && rows->n < rows->capacity) {
        if (window->at < window->n || refill(cursor->zone, cursor->facility, window)) {
            put_row(cursor->zone, cursor->facility, window, rows);
            continue;
        }
        *window = (struct zone_window){.next = 0};
        cursor->facility++;
    }
}

bool zone_next(struct zone_cursor *cursor, struct zone_rows *rows)
{
    rows->n = 0;
    if (cursor->order == ZONE_ARRIVAL)
        next_arrivals(cursor, rows);
    else
        next_of_facility(cursor, rows);
    return rows->n > 0;
}
