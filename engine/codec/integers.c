/*
 * integers.c - see integers.h. Mini blocks are the runs of scale.h.
 */
#include "codec/integers.h"

#include <assert.h>

static_assert(CHUNK_MINI == SCALE_RUN, "a run is a mini block");

int integers_make(const struct mem *mem, const double *value, size_t n_rows, struct integers *out)
{
    assert(n_rows >= 1 && n_rows <= CHUNK_ROWS_MAX);
    *out = (struct integers){.value = value, .n_rows = n_rows, .z = mem_array(mem, n_rows, sizeof *out->z)};
    if (!out->z)
        return GK_ENOMEM;
    out->scale = scale_decimal_of(value, n_rows, out->z, out->is_whole, &out->n_odd);
    return GK_OK;
}

void integers_clear(const struct mem *mem, struct integers *all)
{
    mem_free(mem, all->z);
    *all = (struct integers){.z = NULL};
}

void integers_fill(struct scale scale, struct integers *all)
{
    all->scale = scale;
    all->n_odd = scale_apply_runs(scale, all->value, all->n_rows, all->z, all->is_whole);
}
