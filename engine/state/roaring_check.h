/*
 * roaring_check.h - whether bytes are a Roaring bitmap of 32-bit numbers in the portable format, complete and
 * consistent. CRoaring's own safe reading only stays inside the bytes: what it accepts may crash a later union. So
 * nothing is deserialised before this said yes.
 */
#ifndef STATE_ROARING_CHECK_H
#define STATE_ROARING_CHECK_H

#include "base/error.h"

/* GK_OK when exactly these bytes are one bitmap, with *count numbers; GK_ECORRUPT and the reason in *error. */
int roaring_check(const uint8_t *bytes, size_t size, uint64_t *count, struct gk_error *error);

#endif
