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

static void use(const struct presence *read)
{
    struct copy copy = {NULL, 0};
    uint8_t marks[64] = {0};

    REQUIRE(idset_new(&MEM_SYSTEM, &copy.set) == GK_OK);
    if (idset_each(read->some, copy_id, &copy) == GK_OK)
        REQUIRE(idset_equals(copy.set, read->some));
    idset_mark(read->some, marks, sizeof marks);
    for (uint32_t id = 0; id < sizeof marks; id++)
        REQUIRE(idset_has(read->some, id) == (marks[id] != 0) && (marks[id] || !idset_has(read->whole, id)));
    REQUIRE(idset_count(read->whole) <= idset_count(read->some));
    idset_free(copy.set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct presence read, again;
    struct buffer out;

    int rc = presence_decode(&MEM_SYSTEM, bytes, size, &read);
    REQUIRE(presence_check(bytes, size, NULL) == rc);
    if (rc != GK_OK)
        return 0;
    buffer_init(&out, &MEM_SYSTEM);
    use(&read);
    if (idset_count(read.some) < VISITS_MAX)
        REQUIRE(presence_dump(&MEM_SYSTEM, bytes, size, &out) == GK_OK);
    buffer_reset(&out);
    REQUIRE(presence_encode(&read, &out) == GK_OK);
    REQUIRE(presence_decode(&MEM_SYSTEM, out.bytes, out.size, &again) == GK_OK);
    REQUIRE(idset_equals(again.some, read.some) && idset_equals(again.whole, read.whole));
    presence_clear(&again);
    presence_clear(&read);
    buffer_clear(&out);
    return 0;
}
