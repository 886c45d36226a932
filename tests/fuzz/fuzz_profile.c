/*
 * fuzz_profile.c - arbitrary bytes as a profile: what is taken can be shown and asked for its usual interval.
 */
#include <stdlib.h>

#include "db/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct gk_error error = {0};
    struct profile profile;
    struct buffer text;

    profile_init(&profile, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    int rc = profile_decode(view_of(bytes, size), &profile, &error);
    REQUIRE(rc == GK_OK || (error.status == rc && error.text[0]));
    if (rc == GK_OK) {
        REQUIRE(profile_dump(view_of(bytes, size), &text) == GK_OK);
        REQUIRE(profile_hold(&profile) >= 60 * GK_SECOND);
        for (size_t i = 1; i < profile.n_channels; i++)
            REQUIRE(profile.channels[i] > profile.channels[i - 1]);
    }
    profile_clear(&profile);
    buffer_clear(&text);
    return 0;
}
