/*
 * summary.h - the bytes of a chunk_summary. On a decimal scale most figures are small integers:
 *
 *     n_missing    varint
 *     n_other      varint: NaN that are not missing
 *     plain        1       bit i: figure i is 8 bytes; only if count > 0, like all that follows
 *     figures      min, max, first, last: zigzag varint z with z / 10^d, or 8 bytes
 *     sum          zigzag varint z, zigzag varint e: z / 10^d and e steps to a neighbouring double; or 8 bytes
 *
 * count is not stored: it is the number of rows less n_missing and n_other.
 */
#ifndef CODEC_SUMMARY_H
#define CODEC_SUMMARY_H

#include "base/buffer.h"
#include "codec/chunk.h"
#include "codec/scale.h"

void summary_put(const struct chunk_summary *summary, size_t n_rows, struct scale scale, struct buffer *out);
/* GK_ECORRUPT. */
int summary_get(struct reader *reader, size_t n_rows, struct scale scale, struct chunk_summary *out);
/* Equal, NaN being equal to NaN. */
bool summary_is_equal(const struct chunk_summary *a, const struct chunk_summary *b);

#endif
