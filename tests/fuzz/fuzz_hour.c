/*
 * fuzz_hour.c - arbitrary bytes as a day of hours and as the open end of a channel: what is taken can be shown, makes
 * sense, and comes back the same when it is written again.
 */
#include <stdlib.h>

#include "db/hour_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

static void try_block(int64_t day, const uint8_t *bytes, size_t size)
{
    struct hour_block a, b;
    struct buffer again;

    buffer_init(&again, &MEM_SYSTEM);
    if (hour_block_decode(day, view_of(bytes, size), GK_FIGURES_ALL, &a) == GK_OK) {
        REQUIRE(hour_block_dump(day, view_of(bytes, size), &again) == GK_OK);
        for (size_t i = 0; i < a.n; i++)
            REQUIRE(a.hours[i].count > 0 && a.hours[i].held_ns >= 0 &&
                    hour_of(a.hours[i].last_time) == a.hours[i].hour);
        buffer_reset(&again);
        hour_block_encode(&a, &again);
        REQUIRE(hour_block_decode(day, view_of(again.bytes, again.size), GK_FIGURES_ALL, &b) == GK_OK);
        REQUIRE(a.n == b.n && memcmp(a.hours, b.hours, a.n * sizeof *a.hours) == 0);
    }
    for (uint32_t figures = GK_FIGURE_COUNT; figures <= GK_FIGURE_SQUARES; figures *= 2)
        (void)hour_block_decode(day, view_of(bytes, size), figures, &b); /* reads less */
    buffer_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct hours_open open;
    struct buffer text;

    if (size < 1)
        return 0;
    buffer_init(&text, &MEM_SYSTEM);
    try_block(bytes[0] & 1 ? 19884 : (int64_t)(bytes[0] >> 1) * 1680 - 106752, bytes + 1, size - 1);
    if (hours_open_decode(view_of(bytes + 1, size - 1), GK_FIGURES_ALL, &open) == GK_OK)
        REQUIRE(hours_open_dump(view_of(bytes + 1, size - 1), &text) == GK_OK);
    buffer_clear(&text);
    return 0;
}
