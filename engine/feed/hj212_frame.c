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
        out->kind = FRAME_PASS;
        out->taken = scan->is_passing ? size : lines;
        return;
    }
    if (is_open && size < STRAY_MAX)
        return;
    size_t n = size < STRAY_MAX ? size : STRAY_MAX;
    *out = (struct frame){.kind = FRAME_STRAY, .bytes = {bytes.bytes, n}, .taken = n};
    (void)snprintf(out->reason, sizeof out->reason, "no ## before it");
    scan->is_passing = true;
}

/* Whether the first n bytes end like a packet, with && and a check value. */
static bool ends_packet(struct view bytes, size_t n)
{
    uint16_t check;

    return n >= FRAME_HEAD + 2 + FRAME_CHECK && memcmp(bytes.bytes + n - FRAME_CHECK - 2, "&&", 2) == 0 &&
           read_check(bytes.bytes + n - FRAME_CHECK, &check);
}

/* The end of a line inside of the frame, or of all, where a packet ends: returns the bytes up to it, else 0. */
static size_t early_end(struct frame_scan *scan, struct view bytes, size_t total, bool is_ended)
{
    size_t size = bytes.size < total ? bytes.size : total;

    for (size_t i = scan->looked_at; i < size; i++)
        if (is_line_end(bytes.bytes[i]) && ends_packet(bytes, i))
            return i;
    scan->looked_at = size;
    return is_ended && bytes.size < total && ends_packet(bytes, size) ? size : 0;
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
    size_t end = early_end(scan, bytes, total, is_ended);
    if (end > 0) {
        (void)snprintf(out->reason, sizeof out->reason, "length field %zu, but the segment has %zu bytes", length,
                       end - FRAME_HEAD - FRAME_CHECK);
        refuse(scan, bytes, end, out);
        return;
    }
    if (bytes.size < total && !is_ended)
        return;
    if (bytes.size < total) {
        (void)snprintf(out->reason, sizeof out->reason, "length field %zu and a check value, but only %zu bytes follow",
                       length, bytes.size - FRAME_HEAD);
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

    out->kind = FRAME_MORE;
    if (head > 0)
        take_before(scan, bytes, head, is_open || (head == bytes.size && !is_ended), out);
    else if (bytes.size > 0 && !is_open)
        judge_head(scan, bytes, is_ended, out);
}

/*
 * What eight steps of "shift right, if a 1 fell out xor 0xA001" make of a byte: both check values are of it. A bit at a
 * time they were a quarter of what the server does for a packet.
 */
static const uint16_t CHECK[256] = {
    0x0000, 0xC0C1, 0xC181, 0x0140, 0xC301, 0x03C0, 0x0280, 0xC241, 0xC601, 0x06C0, 0x0780, 0xC741, 0x0500, 0xC5C1,
    0xC481, 0x0440, 0xCC01, 0x0CC0, 0x0D80, 0xCD41, 0x0F00, 0xCFC1, 0xCE81, 0x0E40, 0x0A00, 0xCAC1, 0xCB81, 0x0B40,
    0xC901, 0x09C0, 0x0880, 0xC841, 0xD801, 0x18C0, 0x1980, 0xD941, 0x1B00, 0xDBC1, 0xDA81, 0x1A40, 0x1E00, 0xDEC1,
    0xDF81, 0x1F40, 0xDD01, 0x1DC0, 0x1C80, 0xDC41, 0x1400, 0xD4C1, 0xD581, 0x1540, 0xD701, 0x17C0, 0x1680, 0xD641,
    0xD201, 0x12C0, 0x1380, 0xD341, 0x1100, 0xD1C1, 0xD081, 0x1040, 0xF001, 0x30C0, 0x3180, 0xF141, 0x3300, 0xF3C1,
    0xF281, 0x3240, 0x3600, 0xF6C1, 0xF781, 0x3740, 0xF501, 0x35C0, 0x3480, 0xF441, 0x3C00, 0xFCC1, 0xFD81, 0x3D40,
    0xFF01, 0x3FC0, 0x3E80, 0xFE41, 0xFA01, 0x3AC0, 0x3B80, 0xFB41, 0x3900, 0xF9C1, 0xF881, 0x3840, 0x2800, 0xE8C1,
    0xE981, 0x2940, 0xEB01, 0x2BC0, 0x2A80, 0xEA41, 0xEE01, 0x2EC0, 0x2F80, 0xEF41, 0x2D00, 0xEDC1, 0xEC81, 0x2C40,
    0xE401, 0x24C0, 0x2580, 0xE541, 0x2700, 0xE7C1, 0xE681, 0x2640, 0x2200, 0xE2C1, 0xE381, 0x2340, 0xE101, 0x21C0,
    0x2080, 0xE041, 0xA001, 0x60C0, 0x6180, 0xA141, 0x6300, 0xA3C1, 0xA281, 0x6240, 0x6600, 0xA6C1, 0xA781, 0x6740,
    0xA501, 0x65C0, 0x6480, 0xA441, 0x6C00, 0xACC1, 0xAD81, 0x6D40, 0xAF01, 0x6FC0, 0x6E80, 0xAE41, 0xAA01, 0x6AC0,
    0x6B80, 0xAB41, 0x6900, 0xA9C1, 0xA881, 0x6840, 0x7800, 0xB8C1, 0xB981, 0x7940, 0xBB01, 0x7BC0, 0x7A80, 0xBA41,
    0xBE01, 0x7EC0, 0x7F80, 0xBF41, 0x7D00, 0xBDC1, 0xBC81, 0x7C40, 0xB401, 0x74C0, 0x7580, 0xB541, 0x7700, 0xB7C1,
    0xB681, 0x7640, 0x7200, 0xB2C1, 0xB381, 0x7340, 0xB101, 0x71C0, 0x7080, 0xB041, 0x5000, 0x90C1, 0x9181, 0x5140,
    0x9301, 0x53C0, 0x5280, 0x9241, 0x9601, 0x56C0, 0x5780, 0x9741, 0x5500, 0x95C1, 0x9481, 0x5440, 0x9C01, 0x5CC0,
    0x5D80, 0x9D41, 0x5F00, 0x9FC1, 0x9E81, 0x5E40, 0x5A00, 0x9AC1, 0x9B81, 0x5B40, 0x9901, 0x59C0, 0x5880, 0x9841,
    0x8801, 0x48C0, 0x4980, 0x8941, 0x4B00, 0x8BC1, 0x8A81, 0x4A40, 0x4E00, 0x8EC1, 0x8F81, 0x4F40, 0x8D01, 0x4DC0,
    0x4C80, 0x8C41, 0x4400, 0x84C1, 0x8581, 0x4540, 0x8701, 0x47C0, 0x4680, 0x8641, 0x8201, 0x42C0, 0x4380, 0x8341,
    0x4100, 0x81C1, 0x8081, 0x4040};

uint16_t frame_check_standard(struct view segment)
{
    uint16_t reg = 0xFFFF;

    for (size_t i = 0; i < segment.size; i++)
        reg = CHECK[reg >> 8 ^ segment.bytes[i]];
    return reg;
}

uint16_t frame_check_modbus(struct view segment)
{
    uint16_t reg = 0xFFFF;

    for (size_t i = 0; i < segment.size; i++)
        reg = (uint16_t)(reg >> 8 ^ CHECK[(reg ^ segment.bytes[i]) & 0xFF]);
    return reg;
}
