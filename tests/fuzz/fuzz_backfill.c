/*
 * fuzz_backfill.c - arbitrary bytes as a record of what came late: what is taken can be shown, makes sense, and comes
 * back the same when it is written again.
 */
#include <stdlib.h>

#include "db/backfill.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const gk_time arrived = INT64_C(1795219200) * GK_SECOND;
    struct backfill a, b;
    struct buffer again;
    uint8_t key[BACKFILL_KEY];

    backfill_init(&a, &MEM_SYSTEM);
    backfill_init(&b, &MEM_SYSTEM);
    buffer_init(&again, &MEM_SYSTEM);
    backfill_key(key, arrived, 0);
    if (backfill_decode(arrived, (struct view){bytes, size}, &a) == GK_OK) {
        REQUIRE(backfill_dump((struct view){key, sizeof key}, (struct view){bytes, size}, &MEM_SYSTEM, &again) ==
                GK_OK);
        for (size_t i = 0; i < a.n; i++)
            REQUIRE(a.runs[i].from <= a.runs[i].to && a.runs[i].to <= arrived);
        buffer_reset(&again);
        backfill_encode(arrived, &a, &again);
        REQUIRE(backfill_decode(arrived, (struct view){again.bytes, again.size}, &b) == GK_OK);
        REQUIRE(a.n == b.n);
        for (size_t i = 0; i < a.n; i++)
            REQUIRE(a.runs[i].facility == b.runs[i].facility && a.runs[i].from == b.runs[i].from &&
                    a.runs[i].to == b.runs[i].to);
    }
    backfill_clear(&a);
    backfill_clear(&b);
    buffer_clear(&again);
    return 0;
}
