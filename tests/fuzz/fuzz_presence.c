/*
 * fuzz_presence.c - arbitrary bytes as a presence record: what is read is used and written, and reads the same again.
 */
#include <stdlib.h>

#include "state/presence.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

#define VISITS_MAX 100000 /* full containers are slow to visit and teach nothing more */
#define BYTES_MAX  65536  /* so are sets with high ids */

struct copy {
    struct idset *set;
    uint32_t n;
};

static int copy_id(void *context, uint32_t id)
{
    struct copy *copy = context;
    REQUIRE(idset_set(copy->set, id, true) == GK_OK);
    return ++copy->n < VISITS_MAX ? GK_OK : GK_ELIMIT;
}

static void use(const struct idset *read, const uint8_t *bytes, size_t size)
{
    struct copy copy = {NULL, 0};
    uint64_t words[3] = {0};

    REQUIRE(idset_new(&MEM_SYSTEM, &copy.set) == GK_OK);
    if (idset_each(read, copy_id, &copy) == GK_OK)
        REQUIRE(idset_equals(copy.set, read));
    REQUIRE(presence_mark(bytes, size, words, 3) == GK_OK);
    for (uint32_t id = 0; id < 3 * 64; id++)
        REQUIRE(idset_has(read, id) == (words[id / 64] >> id % 64 & 1));
    idset_free(copy.set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct idset *read, *again;
    struct buffer out;

    int rc = presence_decode(&MEM_SYSTEM, bytes, size, &read);
    REQUIRE(presence_check(bytes, size, NULL) == rc);
    if (rc != GK_OK)
        return 0;
    if (idset_bytes(read) > BYTES_MAX) {
        idset_free(read);
        return 0;
    }
    buffer_init(&out, &MEM_SYSTEM);
    use(read, bytes, size);
    if (idset_count(read) < VISITS_MAX)
        REQUIRE(presence_dump(&MEM_SYSTEM, bytes, size, &out) == GK_OK);
    buffer_reset(&out);
    REQUIRE(presence_encode(read, &out) == GK_OK);
    REQUIRE(presence_decode(&MEM_SYSTEM, out.bytes, out.size, &again) == GK_OK);
    REQUIRE(idset_equals(again, read));
    idset_free(again);
    idset_free(read);
    buffer_clear(&out);
    return 0;
}
