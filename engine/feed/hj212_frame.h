/*
 * hj212_frame.h - where packets of HJ 212 begin and end in a stream of bytes, and their check values.
 *
 *     ## 0101 QN=...;ST=32;CN=1062;...;CP=&&RtdInterval=30&& 1C80 CR LF
 *     |  |    segment, as many bytes as the four digits say    |    optional
 *     |  length                                                check value over the segment, hex
 *
 * A length cannot be trusted: behind a bad packet the search goes on two bytes past its ##, so that it costs no
 * packet but itself. What the frames are does not depend on how the bytes were cut into pieces.
 */
#ifndef FEED_HJ212_FRAME_H
#define FEED_HJ212_FRAME_H

#include "base/bytes.h"
#include "base/error.h"

#define FRAME_HEAD  6 /* ## and four digits */
#define FRAME_CHECK 4 /* hex digits behind the segment */
#define FRAME_MAX   (FRAME_HEAD + 9999 + FRAME_CHECK)
#define STRAY_MAX   4096 /* bytes of a stray run that are shown; of longer ones the rest is passed over */
#define REASON_MAX  96

enum frame_kind {
    FRAME_MORE,       /* feed more bytes */
    FRAME_PASS,       /* nothing to tell of: line ends, the rest of what was told of before */
    FRAME_STRAY,      /* bytes that no ## goes before */
    FRAME_BAD_LENGTH, /* a ## whose four digits are none, or do not lead to its end */
    FRAME_WHOLE       /* head, segment and check value are where the length says */
};

struct frame {
    enum frame_kind kind;
    struct view bytes;       /* all of it */
    struct view segment;     /* of a whole one */
    uint16_t check;          /* the four hex digits */
    size_t taken;            /* go on so many bytes further */
    char reason[REASON_MAX]; /* of a bad one */
};

/* What has to be remembered between two calls: {0} to begin with. */
struct frame_scan {
    bool is_passing;  /* bytes before the next ## belong to what was told of before */
    size_t looked_at; /* no line end is in so many bytes of the frame at hand */
};

/* The first frame of the bytes; `is_ended` tells that none will follow. Of FRAME_PASS `taken` is set besides, of
 * FRAME_MORE nothing. */
void frame_next(struct frame_scan *scan, struct view bytes, bool is_ended, struct frame *out);

/* HJ 212-2017, Annex A: over "QN=...&&" of its example (101 bytes) 0x1C80. */
uint16_t frame_check_standard(struct view segment);
/* CRC-16/MODBUS, which some devices send instead; some with its bytes swapped. */
uint16_t frame_check_modbus(struct view segment);

#endif
