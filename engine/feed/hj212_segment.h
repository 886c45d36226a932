/*
 * hj212_segment.h - the inside of a packet of HJ 212: header items and the fields of CP.
 *
 *     QN=...;ST=32;CN=2011;PW=...;MN=...;Flag=5;CP=&&DataTime=...;a34001-Rtd=1.1,a34001-Flag=N;...&&
 *     header items, split by ;                       items split by ; of values split by ,
 */
#ifndef FEED_HJ212_SEGMENT_H
#define FEED_HJ212_SEGMENT_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/mem.h"

struct segment {
    struct gk_hj212_packet packet;
    struct gk_hj212_field *fields;
    size_t n_fields, capacity;
};

/*
 * Fills the packet but for verdict, reason and bytes. GK_ESYNTAX: not the structure of a packet, `reason` (of
 * `reason_size` bytes) says where it fails, and what was read before is filled in. GK_ENOMEM.
 */
int segment_parse(const struct mem *mem, struct view bytes, int32_t zone_s, struct segment *out, char *reason,
                  size_t reason_size);

#endif
