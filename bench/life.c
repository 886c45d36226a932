/*
 * life.c - see life.h.
 */
#include "life.h"

#include <math.h>
#include <string.h>

#include "fill.h"
#include "harness.h"
#include "record.h"

#define LOOK_SLOTS   24 /* of ZONE_STEP_S: rows that become durable five minutes after their time came late */
#define CUT_OFF      32 /* each such enterprise */
#define HOUR         (3600 * GK_SECOND)
#define STEP         (ZONE_STEP_S * GK_SECOND)
#define LOSS         1.02
#define UNMETERED_KW 40

struct life {
    gk_db *db;
    const uint32_t *channels;
    struct record *record;
    gk_time end; /* of the zone */
    struct zone_rows kept;
    /* The master meter: what it sends, when it does next, and what is below it. */
    struct zone_rows sent;
    uint32_t master;
    gk_time next;
    double below[ZONE_FACILITIES][ZONE_CHANNELS];
};

static void add_row(struct zone_rows *rows, gk_time time, uint32_t facility, const double value[ZONE_CHANNELS])
{
    if (rows->n == rows->capacity)
        harness_fail("more than %zu rows", rows->capacity);
    rows->time[rows->n] = time;
    rows->facility[rows->n] = facility;
    for (int i = 0; i < ZONE_CHANNELS; i++)
        rows->value[i][rows->n] = value[i];
    rows->n++;
}

static bool is_cut_off(const struct life *life, gk_time time, uint32_t facility)
{
    return facility / ZONE_FACILITIES % CUT_OFF == 0 && time >= life->end - 40 * HOUR && time < life->end - 28 * HOUR;
}

static void send_master(struct life *life, gk_time time)
{
    double value[ZONE_CHANNELS] = {0};
    bool is_more = time >= life->end - 12 * HOUR && time < life->end - 8 * HOUR;

    for (int i = 0; i < ZONE_CHANNELS; i++) {
        for (int f = 0; f < ZONE_FACILITIES; f++)
            value[i] += life->below[f][i];
        double whole = value[i] * LOSS + (is_more && i == ZONE_KW - ZONE_IA ? UNMETERED_KW : 0);
        value[i] = round(whole * ZONE_UNIT[ZONE_IA + i]) / ZONE_UNIT[ZONE_IA + i];
    }
    add_row(&life->sent, time, life->master, value);
}

static void pass_row(struct life *life, gk_time time, uint32_t facility, const double value[ZONE_CHANNELS])
{
    for (; time >= life->next; life->next += STEP)
        send_master(life, life->next);
    if (facility / ZONE_FACILITIES == LIFE_MASTER)
        memcpy(life->below[facility % ZONE_FACILITIES], value, ZONE_CHANNELS * sizeof *value);
}

/* What a gateway keeps goes from `rows` to life->kept; the master meter sees all that passes. */
static void pass(struct life *life, struct zone_rows *rows)
{
    size_t n = rows->n;

    rows->n = 0;
    for (size_t r = 0; r < n; r++) {
        double value[ZONE_CHANNELS];
        for (int i = 0; i < ZONE_CHANNELS; i++)
            value[i] = rows->value[i][r];
        pass_row(life, rows->time[r], rows->facility[r], value);
        add_row(is_cut_off(life, rows->time[r], rows->facility[r]) ? &life->kept : rows, rows->time[r],
                rows->facility[r], value);
    }
}

static void take(struct life *life, struct zone_rows *rows)
{
    if (rows->n > 0)
        fill_batch(life->db, rows, life->channels);
    rows->n = 0;
}

/* Before the first row everybody was silent: the rules begin when that is long ago. */
static void look(struct life *life, gk_time begin)
{
    struct gk_error error = {0};

    if (life->record == NULL && fill_newest() >= begin)
        life->record = record_open(life->db, begin);
    if (life->record != NULL)
        record_look(life->record, fill_newest());
    else
        fill_check(gk_commit(life->db, &error), &error, "gk_commit");
}

static void live(struct life *life, const struct zone *zone)
{
    gk_time from = zone->from_s * GK_SECOND;
    struct zone_cursor cursor;
    struct zone_rows rows;

    zone_rows_init(&rows, (size_t)LOOK_SLOTS * zone->n_facilities);
    zone_cursor_init(&cursor, zone, ZONE_ARRIVAL);
    while (zone_next(&cursor, &rows)) {
        pass(life, &rows);
        take(life, &rows);
        take(life, &life->sent);
        if (life->next >= life->end - 6 * HOUR)
            take(life, &life->kept);
        look(life, from + HOUR);
    }
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
}

void life_fill(gk_db *db, const struct zone *zone, const uint32_t channels[ZONE_CHANNELS], uint32_t master)
{
    gk_time from = zone->from_s * GK_SECOND;
    struct life life = {.db = db, .channels = channels, .master = master, .next = from};
    struct gk_error error = {0};
    size_t n_cut_off = (zone->n_enterprises / CUT_OFF + 1) * ZONE_FACILITIES;

    life.end = from + zone->length_s * GK_SECOND;
    zone_rows_init(&life.kept, n_cut_off * (12 * HOUR / STEP + 1));
    zone_rows_init(&life.sent, (size_t)(zone->length_s / ZONE_STEP_S) + 1);
    live(&life, zone);
    record_close(life.record);
    fill_check(gk_seal(db, &error), &error, "gk_seal");
    zone_rows_clear(&life.kept);
    zone_rows_clear(&life.sent);
}
