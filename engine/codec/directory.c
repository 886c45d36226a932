/*
 * directory.c - sizes of mini blocks, see directory.h.
 */
#include "codec/directory.h"

#include <assert.h>

#include "base/error.h"
#include "codec/patch.h"

static_assert(DIRECTORY_MAX <= PACK_MAX, "a directory is one packed block");

/* The smallest size, and what each one is above it. */
static uint32_t take_least(const uint32_t *sizes, uint32_t n, uint64_t *rest)
{
    uint32_t least = sizes[0];

    assert(n >= 1 && n <= DIRECTORY_MAX);
    for (uint32_t i = 1; i < n; i++)
        least = sizes[i] < least ? sizes[i] : least;
    for (uint32_t i = 0; i < n; i++)
        rest[i] = sizes[i] - least;
    return least;
}

size_t directory_size(const uint32_t *sizes, uint32_t n)
{
    uint64_t rest[DIRECTORY_MAX];
    uint8_t varint[VARINT_MAX];

    size_t size = varint_put(varint, take_least(sizes, n, rest));
    return size + patch_plan(rest, n).size;
}

void directory_put(const uint32_t *sizes, uint32_t n, struct buffer *out)
{
    uint64_t rest[DIRECTORY_MAX];

    buffer_put_varint(out, take_least(sizes, n, rest));
    struct patch_plan plan = patch_plan(rest, n);
    uint8_t *p = buffer_extend(out, plan.size);
    if (p)
        patch_put(&plan, rest, n, p);
}

int directory_get(struct reader *reader, uint32_t n, struct directory *out)
{
    uint64_t rest[DIRECTORY_MAX], at = 0;

    assert(n >= 1 && n <= DIRECTORY_MAX);
    uint64_t least = reader_varint(reader);
    if (reader->failed)
        return GK_ECORRUPT;
    size_t used = patch_get(reader->bytes + reader->at, reader->size - reader->at, n, rest);
    if (used == 0)
        return GK_ECORRUPT;
    (void)reader_take(reader, used); /* patch_get has seen them */
    size_t room = reader->size - reader->at;
    out->n = n;
    out->at[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (least > room || rest[i] > room)
            return GK_ECORRUPT;
        at += least + rest[i];
        if (at > room)
            return GK_ECORRUPT;
        out->at[i + 1] = (uint32_t)at;
    }
    return at == room ? GK_OK : GK_ECORRUPT;
}
