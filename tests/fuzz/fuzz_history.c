/*
 * fuzz_history.c - arbitrary bytes as a history: both readers agree, and what is read is what would be written.
 */
#include <stdlib.h>

#include "state/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int64_t eras[] = {0, 1690, -3, INT64_MIN >> HISTORY_ERA_BITS};
    int64_t era = eras[size % 4];
    struct gk_error error = {0};
    struct steps steps;
    struct buffer out;

    steps_init(&steps, &MEM_SYSTEM);
    buffer_init(&out, &MEM_SYSTEM);
    int rc = history_decode(era, bytes, size, &steps);
    REQUIRE(history_check(era, bytes, size, &error) == rc);
    REQUIRE(history_dump(era, bytes, size, &out) == rc);
    if (rc == GK_OK) {
        buffer_reset(&out);
        REQUIRE(history_encode(era, steps.at, steps.n, &out) == GK_OK);
        REQUIRE(out.size == size && memcmp(out.bytes, bytes, size) == 0);
    } else {
        REQUIRE(steps.n == 0 && error.text[0] != '\0');
    }
    steps_clear(&steps);
    buffer_clear(&out);
    return 0;
}
