/*
 * fuzz_canary.c - a target that must fail, as soon as three bytes are found.
 * `make fuzz` and the corpora's test insist on it, so that a fuzzer, a sanitizer or a driver that finds nothing any
 * more is noticed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size >= 3 && bytes[0] == 'G' && bytes[1] == 'K' && bytes[2] == '!')
        abort();
    return 0;
}
