/*
 * hj212.c - the decoder of gk.h: frames are judged by check value and structure, and devices that reckon another check
 * value are learned.
 */
#include "feed/hj212_frame.h"
#include "feed/hj212_learner.h"
#include "feed/hj212_segment.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"

#define REPEATS_USUAL 65536
#define ZONE_USUAL_S  28800
#define BYTES_KEPT    1024
#define FNV_OFFSET    UINT64_C(0xCBF29CE484222325) /* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv */
#define FNV_PRIME     UINT64_C(0x100000001B3)
#define REPEAT_PROBES 8

struct gk_hj212 {
    struct mem mem;
    enum gk_hj212_crc crc;
    int32_t zone_s;
    struct frame_scan scan;
    bool is_ended;
    struct buffer bytes; /* that are not decoded yet, from `at` on */
    size_t at;
    uint64_t base; /* offset of the buffer's first byte in the stream */
    uint64_t line; /* of the byte at `at`, from 1 */
    struct frame frame;
    struct segment segment;
    uint64_t counts[GK_HJ212_VERDICTS];
    uint64_t *repeats; /* hashes of packets, a table with few probes: an old one gives way to a new one */
    size_t n_repeats;
    gk_hj212_learner *learner;
    bool owns_learner;
};

const char *gk_hj212_verdict_text(enum gk_hj212_verdict verdict)
{
    static const char *const TEXT[] = {"taken", "repeated", "bad_length", "bad_crc", "bad_structure", "stray"};
    return (size_t)verdict < GK_HJ212_VERDICTS ? TEXT[verdict] : "?";
}

const char *gk_hj212_crc_text(enum gk_hj212_crc crc)
{
    static const char *const TEXT[] = {"learn", "standard", "modbus", "modbus swapped", "off"};
    return (size_t)crc < sizeof TEXT / sizeof *TEXT ? TEXT[crc] : "?";
}

bool gk_hj212_period(uint32_t cn, enum gk_period *out)
{
    static const struct {
        uint32_t cn;
        enum gk_period period;
    } COMMANDS[] = {{2011, GK_PERIOD_REAL}, {2021, GK_PERIOD_REAL}, {2051, GK_PERIOD_MINUTE},
                    {2061, GK_PERIOD_HOUR}, {2031, GK_PERIOD_DAY},  {2041, GK_PERIOD_DAY}};

    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (COMMANDS[i].cn == cn) {
            *out = COMMANDS[i].period;
            return true;
        }
    return false;
}

/* ---- repeats ---- */

static uint64_t hash(struct view bytes)
{
    uint64_t h = FNV_OFFSET;

    for (size_t i = 0; i < bytes.size; i++)
        h = (h ^ bytes.bytes[i]) * FNV_PRIME;
    return h ? h : 1; /* 0 is a free place */
}

/* Whether the packet came before; it is remembered. A repeat is counted apart and decoded like any other, so that two
 * packets of one hash cost nothing but a count. */
static bool is_repeat(gk_hj212 *decoder, struct view bytes)
{
    uint64_t h = hash(bytes);
    size_t mask = decoder->n_repeats - 1, at = (size_t)(h >> 17) & mask;

    for (size_t i = 0; i < REPEAT_PROBES; i++) {
        uint64_t *place = &decoder->repeats[(at + i) & mask];
        if (*place == h)
            return true;
        if (*place == 0) {
            *place = h;
            return false;
        }
    }
    decoder->repeats[(at + h % REPEAT_PROBES) & mask] = h;
    return false;
}

/* ---- check values ---- */

static bool passes(struct view segment, uint16_t check, enum gk_hj212_crc crc)
{
    uint16_t modbus;

    switch (crc) {
    case GK_HJ212_CRC_OFF:
        return true;
    case GK_HJ212_CRC_MODBUS:
        return frame_check_modbus(segment) == check;
    case GK_HJ212_CRC_SWAPPED:
        modbus = frame_check_modbus(segment);
        return (uint16_t)(modbus << 8 | modbus >> 8) == check;
    case GK_HJ212_CRC_LEARN:
    case GK_HJ212_CRC_STANDARD:
        break;
    }
    return frame_check_standard(segment) == check;
}

/* By which of the three it passes; GK_HJ212_CRC_OFF: by none. */
static enum gk_hj212_crc passing(struct view segment, uint16_t check)
{
    static const enum gk_hj212_crc ALL[] = {GK_HJ212_CRC_STANDARD, GK_HJ212_CRC_MODBUS, GK_HJ212_CRC_SWAPPED};

    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        if (passes(segment, check, ALL[i]))
            return ALL[i];
    return GK_HJ212_CRC_OFF;
}

/* Whether the check value holds; the segment is parsed already. */
static bool judge_check(gk_hj212 *decoder, enum gk_hj212_crc *by)
{
    struct frame *frame = &decoder->frame;
    struct gk_text mn = decoder->segment.packet.mn;
    bool learns = decoder->crc == GK_HJ212_CRC_LEARN;

    *by = learns ? learner_crc(decoder->learner, mn) : decoder->crc;
    if (passes(frame->segment, frame->check, *by)) {
        if (learns)
            learner_passed(decoder->learner, mn);
        return true;
    }
    enum gk_hj212_crc other = passing(frame->segment, frame->check);
    if (other != GK_HJ212_CRC_OFF && learns && learner_learn(decoder->learner, mn, other)) {
        *by = other;
        return true;
    }
    uint16_t want =
        *by == GK_HJ212_CRC_STANDARD ? frame_check_standard(frame->segment) : frame_check_modbus(frame->segment);
    if (*by == GK_HJ212_CRC_SWAPPED)
        want = (uint16_t)(want << 8 | want >> 8);
    (void)snprintf(frame->reason, sizeof frame->reason, "check value %04X, reckoned %04X%s%s", frame->check, want,
                   other == GK_HJ212_CRC_OFF ? "" : "; it passes as ",
                   other == GK_HJ212_CRC_OFF ? "" : gk_hj212_crc_text(other));
    return false;
}

/* ---- packets ---- */

/* A whole frame: check value and structure. A bad one that does not end like a packet has a wrong length. */
static int judge_whole(gk_hj212 *decoder, enum gk_hj212_verdict *verdict)
{
    struct frame *frame = &decoder->frame;
    struct view segment = frame->segment;
    char reason[REASON_MAX] = "";
    enum gk_hj212_crc by = GK_HJ212_CRC_STANDARD;
    bool is_ending = segment.size >= 2 && memcmp(segment.bytes + segment.size - 2, "&&", 2) == 0;
    int rc = segment_parse(&decoder->mem, segment, decoder->zone_s, &decoder->segment, reason, sizeof reason);

    if (rc != GK_OK && rc != GK_ESYNTAX)
        return rc;
    if (rc == GK_ESYNTAX && passing(segment, frame->check) == GK_HJ212_CRC_OFF) {
        *verdict = is_ending ? GK_HJ212_BAD_CRC : GK_HJ212_BAD_LENGTH;
        if (is_ending)
            (void)snprintf(frame->reason, sizeof frame->reason, "check value %04X, reckoned %04X", frame->check,
                           frame_check_standard(segment));
        else
            (void)snprintf(frame->reason, sizeof frame->reason, "length field %zu, but no && ends there", segment.size);
        return GK_OK;
    }
    if (rc == GK_ESYNTAX) {
        *verdict = GK_HJ212_BAD_STRUCTURE;
        (void)snprintf(frame->reason, sizeof frame->reason, "%s", reason);
        return GK_OK;
    }
    *verdict = GK_HJ212_BAD_CRC;
    if (judge_check(decoder, &by))
        *verdict = is_repeat(decoder, segment) ? GK_HJ212_REPEATED : GK_HJ212_TAKEN;
    decoder->segment.packet.crc = by;
    return GK_OK;
}

static int judge(gk_hj212 *decoder, enum gk_hj212_verdict *verdict)
{
    struct frame *frame = &decoder->frame;
    int rc;

    if (frame->kind == FRAME_STRAY)
        *verdict = GK_HJ212_STRAY;
    else if (frame->kind == FRAME_BAD_LENGTH)
        *verdict = GK_HJ212_BAD_LENGTH;
    else {
        TRY(judge_whole(decoder, verdict));
        if (*verdict != GK_HJ212_TAKEN && *verdict != GK_HJ212_REPEATED) {
            frame->taken = 2;
            decoder->scan.is_passing = true;
        }
    }
    rc = GK_OK;
done:
    return rc;
}

/* Goes on by so many bytes. */
static void pass(gk_hj212 *decoder, size_t size)
{
    const uint8_t *p = decoder->bytes.bytes + decoder->at, *end = p + size;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        decoder->line++;
        p++;
    }
    decoder->at += size;
}

/* A decoder that has nothing to do holds little: of thousands of connections few have bytes at a time. */
static void release(gk_hj212 *decoder)
{
    struct buffer *buffer = &decoder->bytes;

    if (decoder->at < buffer->size || buffer->capacity <= BYTES_KEPT)
        return;
    decoder->base += decoder->at;
    decoder->at = 0;
    buffer_clear(buffer);
    buffer_init(buffer, &decoder->mem);
}

int gk_hj212_next(gk_hj212 *decoder, const struct gk_hj212_packet **out, struct gk_error *error)
{
    struct frame *frame = &decoder->frame;
    struct gk_hj212_packet *packet = &decoder->segment.packet;
    enum gk_hj212_verdict verdict = GK_HJ212_STRAY;

    do {
        struct view rest = {decoder->bytes.bytes, decoder->bytes.size - decoder->at};
        if (rest.size > 0)
            rest.bytes += decoder->at;
        frame_next(&decoder->scan, rest, decoder->is_ended, frame);
        if (frame->kind == FRAME_MORE) {
            release(decoder);
            return GK_DONE;
        }
        if (frame->kind == FRAME_PASS)
            pass(decoder, frame->taken);
    } while (frame->kind == FRAME_PASS);
    if (judge(decoder, &verdict) != GK_OK)
        return error_set(error, GK_ENOMEM, "no memory for the fields of a packet");
    if (verdict != GK_HJ212_TAKEN && verdict != GK_HJ212_REPEATED)
        *packet = (struct gk_hj212_packet){0};
    packet->verdict = verdict;
    packet->reason = frame->reason;
    packet->bytes = (struct gk_text){(const char *)frame->bytes.bytes, frame->bytes.size};
    packet->at = decoder->base + decoder->at;
    packet->line = decoder->line;
    pass(decoder, frame->taken);
    decoder->counts[verdict]++;
    *out = packet;
    return GK_OK;
}

int gk_hj212_feed(gk_hj212 *decoder, const char *bytes, size_t size, struct gk_error *error)
{
    struct buffer *buffer = &decoder->bytes;

    if (decoder->at > 0) {
        memmove(buffer->bytes, buffer->bytes + decoder->at, buffer->size - decoder->at);
        buffer->size -= decoder->at;
        decoder->base += decoder->at;
        decoder->at = 0;
    }
    if (mem_reserve(&decoder->mem, &buffer->bytes, &buffer->capacity, buffer->size + size, 1) != GK_OK)
        return error_set(error, GK_ENOMEM, "no memory for %zu bytes of a stream", size);
    buffer_put(buffer, bytes, size);
    return GK_OK;
}

void gk_hj212_end(gk_hj212 *decoder)
{
    decoder->is_ended = true;
}

void gk_hj212_counts(const gk_hj212 *decoder, uint64_t counts[GK_HJ212_VERDICTS])
{
    memcpy(counts, decoder->counts, sizeof decoder->counts);
}

bool gk_hj212_learned(const gk_hj212 *decoder, size_t i, struct gk_hj212_device *out)
{
    return learner_get(decoder->learner, i, out);
}

static size_t round_up_to_power(size_t n)
{
    size_t power = REPEAT_PROBES;

    while (power < n && power <= SIZE_MAX / 4)
        power *= 2;
    return power;
}

int gk_hj212_open(const struct gk_hj212_options *options, gk_hj212 **out, struct gk_error *error)
{
    static const struct gk_hj212_options USUAL = {.size = sizeof USUAL};
    const struct gk_hj212_options *o = options ? options : &USUAL;
    struct mem mem = o->resize ? (struct mem){o->resize, o->resize_context} : MEM_SYSTEM;
    gk_hj212 *decoder;

    *out = NULL;
    if (o->size != sizeof *o || o->crc > GK_HJ212_CRC_OFF)
        return error_set(error, GK_EINVAL, "gk_hj212_options: size or crc is not one of this version");
    decoder = mem_zeroed(&mem, sizeof *decoder);
    if (!decoder)
        return error_set(error, GK_ENOMEM, "no memory for a decoder");
    decoder->mem = mem;
    decoder->line = 1;
    decoder->crc = o->crc;
    decoder->zone_s = o->zone_s || o->zone_is_set ? o->zone_s : ZONE_USUAL_S;
    buffer_init(&decoder->bytes, &decoder->mem);
    /* Half full at most, so that few places are fought for. */
    decoder->n_repeats = round_up_to_power(2 * (o->repeats ? o->repeats : REPEATS_USUAL));
    decoder->repeats = mem_array(&mem, decoder->n_repeats, sizeof *decoder->repeats);
    decoder->learner = o->learner;
    decoder->owns_learner = !o->learner;
    if (!decoder->repeats ||
        (decoder->owns_learner && gk_hj212_learner_open(mem.resize, mem.context, &decoder->learner, error) != GK_OK)) {
        gk_hj212_close(decoder);
        return error_set(error, GK_ENOMEM, "no memory for a decoder");
    }
    memset(decoder->repeats, 0, decoder->n_repeats * sizeof *decoder->repeats);
    *out = decoder;
    return GK_OK;
}

void gk_hj212_close(gk_hj212 *decoder)
{
    if (!decoder)
        return;
    struct mem mem = decoder->mem;
    buffer_clear(&decoder->bytes);
    mem_free(&mem, decoder->segment.fields);
    mem_free(&mem, decoder->repeats);
    if (decoder->owns_learner)
        gk_hj212_learner_close(decoder->learner);
    mem_free(&mem, decoder);
}

bool gk_hj212_is_capture(const char *bytes, size_t size)
{
    for (size_t i = 0; i + FRAME_HEAD <= size; i++) {
        size_t n_digits = 0;
        while (n_digits < 4 && bytes[i + 2 + n_digits] >= '0' && bytes[i + 2 + n_digits] <= '9')
            n_digits++;
        if (bytes[i] == '#' && bytes[i + 1] == '#' && n_digits == 4)
            return true;
    }
    return false;
}

/* ---- what is sent ---- */

size_t gk_hj212_write(const char *segment, size_t size, enum gk_hj212_crc crc, char out[GK_HJ212_PACKET_MAX])
{
    struct view bytes = {(const uint8_t *)segment, size};
    bool is_modbus = crc == GK_HJ212_CRC_MODBUS || crc == GK_HJ212_CRC_SWAPPED;
    uint16_t check = is_modbus ? frame_check_modbus(bytes) : frame_check_standard(bytes);

    if (size > 9999)
        return 0;
    if (crc == GK_HJ212_CRC_SWAPPED)
        check = (uint16_t)(check << 8 | check >> 8);
    (void)snprintf(out, FRAME_HEAD + 1, "##%04zu", size);
    memcpy(out + FRAME_HEAD, segment, size);
    (void)snprintf(out + FRAME_HEAD + size, FRAME_CHECK + 3, "%04X\r\n", check);
    return FRAME_HEAD + size + FRAME_CHECK + 2;
}

size_t gk_hj212_reply(const struct gk_hj212_packet *packet, char out[GK_HJ212_PACKET_MAX])
{
    char segment[512];
    bool is_good = packet->verdict == GK_HJ212_TAKEN || packet->verdict == GK_HJ212_REPEATED;

    if (!is_good || (packet->flag & 1) == 0 || packet->qn.size + packet->pw.size + packet->mn.size > 400)
        return 0;
    int n = snprintf(segment, sizeof segment, "QN=%.*s;ST=91;CN=9014;PW=%.*s;MN=%.*s;Flag=%u;CP=&&&&",
                     (int)packet->qn.size, packet->qn.bytes, (int)packet->pw.size, packet->pw.bytes,
                     (int)packet->mn.size, packet->mn.bytes, packet->flag & ~3u);
    return gk_hj212_write(segment, (size_t)n, packet->crc, out);
}
