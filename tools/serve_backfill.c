/*
 * serve_backfill.c - devices are asked for what is missing. When the values of a device go on behind a gap, it is asked
 * (CN 2051 or 2061, with BeginTime and EndTime) for the time between; what it answers are packets like any other, and
 * their rows are late ones.
 *
 *     gap seen -> wanted -> asked, one request a device -> 9012, or nothing comes any more -> done
 *                   ^                |
 *                   '-- no answer, TRIES_MAX times
 *
 * No time is asked for twice because of a new gap, so a device that has nothing to tell of it is left alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve.h"

#define ASKS_MAX    10                      /* requests a second, to all devices together */
#define TRIES_MAX   10                      /* a device that is cut off again and again hears few of them */
#define ANSWER_NS   (60 * GK_SECOND)        /* without a packet that answers */
#define BACK_NS     (7 * 86400 * GK_SECOND) /* older than this behind the gap's end is not asked for */
#define FUTURE_NS   (300 * GK_SECOND)       /* further ahead of our clock is a clock that is wrong, and its rows wait */
#define DEVICES_MAX 65536                   /* that are remembered */
#define MN_SIZE     65
#define PW_SIZE     33
#define QN_SIZE     18

/* Of time; empty: from is to. */
struct stretch {
    gk_time from, to;
};

struct device {
    char mn[MN_SIZE], pw[PW_SIZE], qn[QN_SIZE];
    uint32_t st, flag;
    enum gk_hj212_crc crc;
    struct connection *connection; /* NULL: it has none now */
    gk_time last[2]; /* the newest value: of an instant, of the period that is asked for; GK_TIME_MIN: none */
    struct stretch wanted, asked;
    gk_time wanted_to; /* nothing before it will be wanted again */
    gk_time asked_at;  /* monotonic; 0: not asked */
    unsigned n_tries;
    bool is_answering; /* values came since it was asked */
};

struct backfill {
    struct device **devices; /* by a hash of their MN */
    size_t n, room;
    unsigned n_asks_left; /* of this second */
    uint64_t n_ever;
};

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

/* ---- who was heard of ---- */

static size_t place_of(const struct backfill *backfill, struct gk_text mn)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */

    for (size_t i = 0; i < mn.size; i++)
        hash = (hash ^ (unsigned char)mn.bytes[i]) * UINT64_C(0x100000001B3);
    size_t at = hash & (backfill->room - 1);
    while (backfill->devices[at] != NULL && !is_word(mn, backfill->devices[at]->mn))
        at = (at + 1) & (backfill->room - 1);
    return at;
}

static void grow(struct backfill *backfill)
{
    struct device **old = backfill->devices;
    size_t n = backfill->room;

    backfill->room = n > 0 ? 2 * n : 64;
    backfill->devices = tool_resize(NULL, backfill->room, sizeof *backfill->devices);
    memset(backfill->devices, 0, backfill->room * sizeof *backfill->devices);
    for (size_t i = 0; i < n; i++)
        if (old[i] != NULL)
            backfill->devices[place_of(backfill, (struct gk_text){old[i]->mn, strlen(old[i]->mn)})] = old[i];
    free(old);
}

/* NULL: there are too many, or it is no name that could be sent back. */
static struct device *find(struct backfill *backfill, const struct gk_hj212_packet *packet)
{
    if (packet->mn.size >= MN_SIZE || packet->pw.size >= PW_SIZE)
        return NULL;
    if (2 * backfill->n >= backfill->room)
        grow(backfill);
    size_t at = place_of(backfill, packet->mn);
    if (backfill->devices[at] == NULL && backfill->n < DEVICES_MAX) {
        struct device *device = tool_resize(NULL, 1, sizeof *device);
        *device = (struct device){.last = {GK_TIME_MIN, GK_TIME_MIN}, .wanted_to = GK_TIME_MIN};
        memcpy(device->mn, packet->mn.bytes, packet->mn.size);
        backfill->devices[at] = device;
        backfill->n++;
    }
    return backfill->devices[at];
}

/* ---- requests ---- */

/* The digits of a time in the zone of the devices: 14, or 17 with milliseconds. */
static void put_digits(const struct serve *serve, gk_time time, size_t n, char out[QN_SIZE])
{
    char text[GK_TIME_TEXT_MAX];
    size_t size = gk_time_format(time - time % GK_SECOND, serve->zone_s, text), n_out = 0;

    for (size_t i = 0; i < size && n_out < 14; i++)
        if (text[i] >= '0' && text[i] <= '9')
            out[n_out++] = text[i];
    for (int64_t milli = time % GK_SECOND / 1000000, by = 100; n_out < n; by /= 10)
        out[n_out++] = (char)('0' + milli / by % 10);
    out[n_out] = '\0';
}

static void ask(struct serve *serve, struct device *device)
{
    struct backfill *backfill = serve->backfill;
    char segment[512], packet[GK_HJ212_PACKET_MAX], from[QN_SIZE], to[QN_SIZE];
    gk_time now = gk_clock(serve->db);

    /* The clock with a number for its milliseconds: no two requests of a day are alike. */
    put_digits(serve, now - now % GK_SECOND + (gk_time)(backfill->n_ever++ % 1000) * 1000000, 17, device->qn);
    put_digits(serve, device->asked.from, 14, from);
    put_digits(serve, device->asked.to, 14, to);
    int n = snprintf(segment, sizeof segment,
                     "QN=%s;ST=%" PRIu32 ";CN=%" PRIu64 ";PW=%s;MN=%s;Flag=%" PRIu32 ";CP=&&BeginTime=%s,EndTime=%s&&",
                     device->qn, device->st, serve->limits.backfill_cn, device->pw, device->mn,
                     (device->flag & ~UINT32_C(3)) | 1, from, to);
    size_t size = gk_hj212_write(segment, (size_t)n, device->crc, packet);
    device->asked_at = serve->now;
    device->is_answering = false;
    device->n_tries++;
    backfill->n_asks_left--;
    serve->counters[SERVE_ASKED]++;
    serve_note(serve, "hj212 %s: asked for %s to %s", device->mn, from, to);
    hj212_send(serve, device->connection, packet, size);
}

static void finish(struct serve *serve, struct device *device, enum serve_counter counter)
{
    serve->counters[counter]++;
    device->asked.from = device->asked.to;
    device->asked_at = 0;
    device->n_tries = 0;
}

static void ask_if_due(struct serve *serve, struct device *device)
{
    if (device->asked_at == 0 && device->n_tries >= TRIES_MAX)
        finish(serve, device, SERVE_UNANSWERED);
    if (device->asked.from == device->asked.to) {
        device->asked = device->wanted;
        device->wanted.from = device->wanted.to;
    }
    if (device->asked.from < device->asked.to && device->asked_at == 0 && device->connection != NULL &&
        serve->backfill->n_asks_left > 0)
        ask(serve, device);
}

/* Values came more than `gap` behind those before: the time between is wanted, as far as it never was. */
static void see(struct device *device, int kind, gk_time time, int64_t gap_ns)
{
    gk_time from = device->last[kind];

    if (time <= from)
        return;
    device->last[kind] = time;
    if (from == GK_TIME_MIN)
        return;
    if (from < device->wanted_to)
        from = device->wanted_to;
    if (from < time - BACK_NS)
        from = time - BACK_NS;
    if (time - from <= gap_ns)
        return;
    if (device->wanted.from == device->wanted.to)
        device->wanted.from = from;
    device->wanted.to = device->wanted_to = time;
}

/* 9011: whether it will answer; 9012: that it has. */
static void hear(struct serve *serve, struct device *device, const struct gk_hj212_packet *packet)
{
    struct gk_text qn = packet->qn;
    bool is_good = false;

    for (size_t i = 0; i < packet->n_fields; i++) {
        const struct gk_hj212_field *field = &packet->fields[i];
        if (is_word(field->code, "QN")) /* devices of 2005 have it here */
            qn = field->value;
        is_good = is_good || (is_word(field->code, "QnRtn") && field->number == 1);
    }
    if (device->asked_at == 0 || !is_word(qn, device->qn))
        return;
    if (packet->cn == 9012)
        finish(serve, device, SERVE_ANSWERED);
    else if (!is_good)
        finish(serve, device, SERVE_UNANSWERED);
}

/* What the store has of a device that was not heard of since the start: behind it may be a gap. */
int backfill_before(struct serve *serve, const struct gk_hj212_packet *packet, struct gk_error *error)
{
    enum gk_period period;

    if (serve->backfill == NULL || !gk_hj212_period(packet->cn, &period) || period != GK_PERIOD_REAL)
        return GK_OK;
    struct device *device = find(serve->backfill, packet);
    if (device == NULL || device->last[0] != GK_TIME_MIN)
        return GK_OK;
    return gk_mapper_newest(serve->mapper, packet, &device->last[0], error);
}

void backfill_saw(struct serve *serve, struct connection *connection, const struct gk_hj212_packet *packet)
{
    enum gk_period period;

    if (serve->backfill == NULL)
        return;
    struct device *device = find(serve->backfill, packet);
    if (device == NULL)
        return;
    if (device->connection != connection)
        device->asked_at = 0; /* what was asked over another one may be lost */
    device->connection = connection;
    device->st = packet->st;
    device->flag = packet->flag;
    device->crc = packet->crc;
    if (packet->pw.size > 0)
        memcpy(device->pw, packet->pw.bytes, packet->pw.size);
    device->pw[packet->pw.size] = '\0';
    if (packet->cn == 9011 || packet->cn == 9012)
        hear(serve, device, packet);
    else if (packet->has_time && gk_hj212_period(packet->cn, &period) &&
             packet->time <= gk_clock(serve->db) + FUTURE_NS) {
        if (period == GK_PERIOD_REAL)
            see(device, 0, packet->time, serve->limits.gap_ns);
        if (packet->cn == serve->limits.backfill_cn) {
            int64_t length_ns = period == GK_PERIOD_HOUR ? 3600 * GK_SECOND : 600 * GK_SECOND;
            see(device, 1, packet->time, serve->limits.gap_ns > length_ns ? serve->limits.gap_ns : length_ns);
            if (device->asked_at != 0) {
                device->is_answering = true;
                device->asked_at = serve->now;
            }
        }
    }
    ask_if_due(serve, device);
}

void backfill_gone(struct serve *serve, const struct connection *connection)
{
    struct backfill *backfill = serve->backfill;

    for (size_t i = 0; backfill != NULL && i < backfill->room; i++)
        if (backfill->devices[i] != NULL && backfill->devices[i]->connection == connection) {
            backfill->devices[i]->connection = NULL;
            backfill->devices[i]->asked_at = 0; /* asked again over the next one, unless that was the last try */
        }
}

static void look(struct serve *serve, struct device *device)
{
    if (device->asked_at != 0 && serve->now - device->asked_at > ANSWER_NS) {
        if (device->is_answering)
            finish(serve, device, SERVE_ANSWERED); /* without a 9012: many do so */
        else
            device->asked_at = 0;
    }
    ask_if_due(serve, device);
}

void backfill_tick(struct serve *serve)
{
    struct backfill *backfill = serve->backfill;

    if (backfill == NULL)
        return;
    backfill->n_asks_left = ASKS_MAX;
    for (size_t i = 0; i < backfill->room; i++)
        if (backfill->devices[i] != NULL)
            look(serve, backfill->devices[i]);
}

bool backfill_open(struct serve *serve)
{
    uint64_t cn = serve->limits.backfill_cn;

    if (cn == 0)
        return true;
    if (cn != 2051 && cn != 2061) {
        say(serve->command->name, "--backfill: expected 2051 (minutes) or 2061 (hours), not %" PRIu64, cn);
        return false;
    }
    serve->backfill = tool_resize(NULL, 1, sizeof *serve->backfill);
    *serve->backfill = (struct backfill){.n_asks_left = ASKS_MAX};
    return true;
}

void backfill_close(struct serve *serve)
{
    for (size_t i = 0; serve->backfill != NULL && i < serve->backfill->room; i++)
        free(serve->backfill->devices[i]);
    if (serve->backfill != NULL)
        free(serve->backfill->devices);
    free(serve->backfill);
    serve->backfill = NULL;
}
