/*
 * fuzz_decimal.c - any bytes as a number, a time, a limit's number: equal to strtod where both take it, and never read
 * past the end.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_number(const char *text, size_t size, const char *terminated)
{
    double v, expected = strtod(terminated, NULL);
    struct gk_decimal decimal;
    int rc = decimal_to_double(text, size, &v);

    if (rc == GK_OK)
        must(memcmp(&v, &expected, sizeof v) == 0 && decimal_span(text, size) == size);
    else
        must(rc == GK_ESYNTAX || (rc == GK_ERANGE && isinf(expected)));
    int exact = decimal_parse(text, size, &decimal);
    must((exact == GK_ESYNTAX) == (rc == GK_ESYNTAX));
    must(decimal_span(text, size) <= size);
    if (exact != GK_OK)
        return;
    char again[64];
    double back;
    int n = snprintf(again, sizeof again, "%llde%d", (long long)decimal.mantissa, -(int)decimal.scale);
    must(decimal.scale >= 0 && decimal.scale <= DECIMAL_DIGITS_MAX);
    must(decimal_to_double(again, (size_t)n, &back) == GK_OK && back == v);
}

static void check_time(const char *text, size_t size)
{
    char out[GK_TIME_TEXT_MAX];
    gk_time t, back;
    int32_t hour;

    (void)clock_parse_hour(text, size, &hour); /* any answer will do */
    if (gk_time_parse(text, size, 28800, &t) != GK_OK)
        return;
    size_t n = gk_time_format(t, 28800, out);
    must(gk_time_parse(out, n, 0, &back) == GK_OK && back == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size ? size : 1), *terminated = malloc(size + 1);
    must(text && terminated);
    if (size)
        memcpy(text, data, size);
    memcpy(terminated, data ? (const void *)data : "", size);
    terminated[size] = 0;
    check_number(text, size, terminated);
    check_time(text, size);
    free(text);
    free(terminated);
    return 0;
}
