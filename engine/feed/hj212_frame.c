/*
 * hj212_frame.c - framing. A ## is judged when its last byte is there, or when a line ends behind && and four hex
 * digits before that: that is how packets end, so the length was wrong, and a live stream need not wait for bytes that
 * are not coming.
 */
#include "feed/hj212_frame.h"

#include <stdio.h>

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static int hex_digit(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_check(const uint8_t *p, uint16_t *out)
{
    unsigned v = 0;

    for (int i = 0; i < FRAME_CHECK; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *out = (uint16_t)v;
    return true;
}

/*
 * Where the last two of a run of at least two # stand; the size when there are none. *is_open: a run goes to the end of
 * the bytes and may go on, the place is that of its first #.
 */
static size_t find_head(struct view bytes, bool is_ended, bool *is_open)
{
    size_t run;

    *is_open = false;
    for (size_t i = 0; i < bytes.size; i += run) {
        const uint8_t *p = memchr(bytes.bytes + i, '#', bytes.size - i);
        if (!p)
            return bytes.size;
        i = (size_t)(p - bytes.bytes);
        for (run = 1; i + run < bytes.size && bytes.bytes[i + run] == '#';)
            run++;
        *is_open = i + run == bytes.size && !is_ended;
        if (*is_open)
            return i;
        if (run >= 2)
            return i + run - 2;
    }
    return bytes.size;
}

/* What stands before the first head, or before the end of the bytes; `is_open`: more of it may come. */
static void take_before(struct frame_scan *scan, struct view bytes, size_t size, bool is_open, struct frame *out)
{
    size_t lines = 0;

    while (lines < size && is_line_end(bytes.bytes[lines]))
        lines++;
    if (scan->is_passing || lines > 0) {
        *out = (struct frame){.kind = FRAME_PASS, .taken = scan->is_passing ? size : lines};
        return;
    }
    if (is_open && size < STRAY_MAX)
        return;
    size_t n = size < STRAY_MAX ? size : STRAY_MAX;
    *out = (struct frame){.kind = FRAME_STRAY, .bytes = {bytes.bytes, n}, .taken = n};
    (void)snprintf(out->reason, sizeof out->reason, "no ## before it");
    scan->is_passing = true;
}

/* A line end inside of the frame, right behind && and a check value: returns the bytes up to it, else 0. */
static size_t early_end(struct frame_scan *scan, struct view bytes, size_t total)
{
    size_t size = bytes.size < total ? bytes.size : total;

    for (size_t i = scan->looked_at; i < size; i++) {
        uint16_t check;
        if (is_line_end(bytes.bytes[i]) && i >= FRAME_HEAD + 2 + FRAME_CHECK &&
            memcmp(bytes.bytes + i - FRAME_CHECK - 2, "&&", 2) == 0 &&
            read_check(bytes.bytes + i - FRAME_CHECK, &check))
            return i;
    }
    scan->looked_at = size;
    return 0;
}

/* `size` is what was looked at; the line that the frame begins is what people want to see of it. */
static void refuse(struct frame_scan *scan, struct view bytes, size_t size, struct frame *out)
{
    size_t n = 0;

    while (n < size && !is_line_end(bytes.bytes[n]))
        n++;
    out->kind = FRAME_BAD_LENGTH;
    out->bytes = (struct view){bytes.bytes, n};
    out->taken = 2;
    scan->is_passing = true;
    scan->looked_at = 0;
}

static void judge_head(struct frame_scan *scan, struct view bytes, bool is_ended, struct frame *out)
{
    size_t length = 0, n_digits = 0;
    uint16_t check;

    while (n_digits < 4 && 2 + n_digits < bytes.size && is_digit(bytes.bytes[2 + n_digits]))
        length = length * 10 + (size_t)(bytes.bytes[2 + n_digits++] - '0');
    bool is_cut = n_digits < 4 && 2 + n_digits == bytes.size;
    if (is_cut && !is_ended)
        return;
    if (n_digits < 4) {
        (void)snprintf(out->reason, sizeof out->reason, "no length: four digits are expected behind ##");
        refuse(scan, bytes, 2 + n_digits, out);
        return;
    }
    size_t total = FRAME_HEAD + length + FRAME_CHECK;
    size_t end = early_end(scan, bytes, total);
    if (end > 0) {
        (void)snprintf(out->reason, sizeof out->reason, "length field %zu, but the segment has %zu bytes", length,
                       end - FRAME_HEAD - FRAME_CHECK);
        refuse(scan, bytes, end, out);
        return;
    }
    if (bytes.size < total && !is_ended)
        return;
    if (bytes.size < total) {
        (void)snprintf(out->reason, sizeof out->reason, "length field %zu, but only %zu bytes follow", length,
                       bytes.size - FRAME_HEAD);
        refuse(scan, bytes, bytes.size, out);
        return;
    }
    if (!read_check(bytes.bytes + FRAME_HEAD + length, &check)) {
        (void)snprintf(out->reason, sizeof out->reason, "length field %zu, but no check value stands there", length);
        refuse(scan, bytes, total, out);
        return;
    }
    *out = (struct frame){.kind = FRAME_WHOLE,
                          .bytes = {bytes.bytes, total},
                          .segment = {bytes.bytes + FRAME_HEAD, length},
                          .check = check,
                          .taken = total};
    scan->is_passing = false;
    scan->looked_at = 0;
}

void frame_next(struct frame_scan *scan, struct view bytes, bool is_ended, struct frame *out)
{
    bool is_open;
    size_t head = find_head(bytes, is_ended, &is_open);

    *out = (struct frame){.kind = FRAME_MORE};
    if (head > 0)
        take_before(scan, bytes, head, is_open || (head == bytes.size && !is_ended), out);
    else if (bytes.size > 0 && !is_open)
        judge_head(scan, bytes, is_ended, out);
}

static uint16_t check_bits(uint16_t reg)
{
    for (int i = 0; i < 8; i++)
        reg = (uint16_t)(reg & 1 ? reg >> 1 ^ 0xA001 : reg >> 1);
    return reg;
}

uint16_t frame_check_standard(struct view segment)
{
    uint16_t reg = 0xFFFF;

    for (size_t i = 0; i < segment.size; i++)
        reg = check_bits((uint16_t)(reg >> 8 ^ segment.bytes[i]));
    return reg;
}

uint16_t frame_check_modbus(struct view segment)
{
    uint16_t reg = 0xFFFF;

    for (size_t i = 0; i < segment.size; i++)
        reg = check_bits((uint16_t)(reg ^ segment.bytes[i]));
    return reg;
}
