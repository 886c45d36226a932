/*
 * integers.h - the values of a column as integers on a scale, while it is encoded.
 */
#ifndef CODEC_INTEGERS_H
#define CODEC_INTEGERS_H

#include "base/mem.h"
#include "codec/directory.h"
#include "codec/scale.h"

struct integers {
    struct scale scale;
    const double *value; /* borrowed */
    size_t n_rows;
    uint64_t *z;
    bool is_whole[DIRECTORY_MAX]; /* of each mini block: all its values are integers */
    size_t n_odd;                 /* values that are not, of all */
};

/* On the decimal scale that serves them best. {0} may be cleared. GK_ENOMEM. */
int integers_make(const struct mem *mem, const double *value, size_t n_rows, struct integers *out);
void integers_clear(const struct mem *mem, struct integers *all);
/* Puts them on another scale. */
void integers_fill(struct scale scale, struct integers *all);

#endif
