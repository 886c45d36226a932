/*
 * capped.c - see capped.h. Compiled once for each target; the Makefile joins those of lesser ones with their build of
 * the codec room, of which then no other name can be seen.
 */
#include "capped.h"

#ifndef CAPPED
#define CAPPED CAPPED_BEST
#endif

const struct capped CAPPED = {column_encode, chunk_open, chunk_values};
