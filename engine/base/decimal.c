/*
 * decimal.c - text to numbers, exactly rounded. Three ways, each exact by an argument of its own:
 *
 *     digits < 2^53, |exponent| <= 22     both are doubles, and one IEEE operation rounds once (Clinger 1990)
 *     digits <= 19, exponent 0 to -19     one 128-bit division with a sticky bit, then one conversion that rounds once
 *     all else                            strtod on digits and exponent without a point, which no locale changes
 */
#include "base/decimal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

__extension__ typedef unsigned __int128 u128;

#define EXACT_POWER_MAX 22 /* 10^22 is the largest power of ten that is a double */
#define U64_POWER_MAX   19 /* 10^19 is the largest that is an uint64 */
#define U64_DIGITS_MAX  19
#define EXPONENT_MAX    100000000 /* larger ones are cut to it: beyond what a megabyte of digits can make up for */
/*
 * A tie between two doubles has at most 767 significant digits; of what is beyond only "is it zero" matters, and one
 * more digit says that.
 */
#define TIE_DIGITS_MAX 768

static const double POWERS[EXACT_POWER_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t U64_POWERS[U64_POWER_MAX + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

/* The parts of a number's text. */
struct number {
    bool is_negative;
    const char *whole, *fraction; /* digits on both sides of the point */
    size_t n_whole, n_fraction;
    uint64_t digits;  /* all of them as one integer, modulo 2^64 */
    int64_t exponent; /* as written */
};

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static const char *scan_digits(const char *p, const char *end, uint64_t *v)
{
    while (p < end && is_digit(*p))
        *v = *v * 10 + (uint64_t)(*p++ - '0');
    return p;
}

/* Behind the e: an optional sign and digits. NULL when there are none. */
static const char *scan_exponent(const char *p, const char *end, int64_t *out)
{
    int64_t v = 0;
    bool is_negative = p < end && *p == '-';

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !is_digit(*p))
        return NULL;
    for (; p < end && is_digit(*p); p++)
        v = v < EXPONENT_MAX ? v * 10 + (*p - '0') : EXPONENT_MAX;
    *out = is_negative ? -v : v;
    return p;
}

/* Where the number that starts at p ends; NULL when none does. */
static inline const char *scan_number(const char *p, const char *end, struct number *out)
{
    out->is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    out->digits = 0;
    out->exponent = 0;
    out->whole = p;
    p = scan_digits(p, end, &out->digits);
    out->n_whole = (size_t)(p - out->whole);
    out->fraction = p;
    out->n_fraction = 0;
    if (p < end && *p == '.') {
        out->fraction = ++p;
        p = scan_digits(p, end, &out->digits);
        out->n_fraction = (size_t)(p - out->fraction);
    }
    if (out->n_whole + out->n_fraction == 0)
        return NULL;
    if (p < end && (*p | 0x20) == 'e') {
        const char *behind = scan_exponent(p + 1, end, &out->exponent);
        p = behind ? behind : p;
    }
    return p;
}

/*
 * w / 10^k for w > 0. Both are shifted left until their top bits are set, so that the quotient of (w << 63) by 10^k has
 * 63 or 64 bits; its lowest bit takes in the remainder, and the conversion to double, which drops ten bits or more,
 * rounds the true quotient.
 */
static double divide(uint64_t w, int k)
{
    int shift_w = __builtin_clzll(w);
    int shift_d = __builtin_clzll(U64_POWERS[k]);
    uint64_t d = U64_POWERS[k] << shift_d;
    u128 n = (u128)(w << shift_w) << 63;
    uint64_t q = (uint64_t)(n / d);

    q |= (uint64_t)(n % d != 0);
    int power = shift_d - shift_w - 63; /* of two: -126 to 0, a normal double, so the product is exact */
    return (double)q * double_of((uint64_t)(1023 + power) << 52);
}

/* Puts significant digits behind each other, the first at n = 0; what does not fit leaves a 1 if it is not zero. */
struct significant {
    char text[TIE_DIGITS_MAX + 32];
    size_t n;
    int64_t n_dropped;
    bool is_inexact;
};

static void collect(struct significant *out, const char *digits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (out->n == 0 && digits[i] == '0')
            continue;
        if (out->n < TIE_DIGITS_MAX) {
            out->text[out->n++] = digits[i];
        } else {
            out->n_dropped++;
            out->is_inexact |= digits[i] != '0';
        }
    }
}

static double by_strtod(const struct number *number)
{
    struct significant all;
    int kept_errno = errno; /* a library that returns statuses leaves errno alone */

    all.n = 0;
    all.n_dropped = 0;
    all.is_inexact = false;
    collect(&all, number->whole, number->n_whole);
    collect(&all, number->fraction, number->n_fraction);
    if (all.n == 0)
        return 0.0;
    int64_t exponent = number->exponent - (int64_t)number->n_fraction + all.n_dropped;
    if (all.is_inexact) {
        all.text[all.n++] = '1';
        exponent--;
    }
    (void)snprintf(all.text + all.n, sizeof all.text - all.n, "e%lld", (long long)exponent); /* 22 bytes at most */
    double v = strtod(all.text, NULL);
    errno = kept_errno;
    return v;
}

static inline double magnitude(const struct number *number)
{
    int64_t exponent = number->exponent - (int64_t)number->n_fraction;

    if (number->n_whole + number->n_fraction > U64_DIGITS_MAX)
        return by_strtod(number);
    if (number->digits < UINT64_C(1) << 53) {
        if (exponent <= 0 && exponent >= -EXACT_POWER_MAX)
            return (double)number->digits / POWERS[-exponent];
        if (exponent > 0 && exponent <= EXACT_POWER_MAX)
            return (double)number->digits * POWERS[exponent];
    }
    if (number->digits != 0 && exponent <= 0 && exponent >= -U64_POWER_MAX)
        return divide(number->digits, (int)-exponent);
    return by_strtod(number);
}

int decimal_to_double(const char *text, size_t size, double *out)
{
    struct number number;
    if (scan_number(text, text + size, &number) != text + size)
        return GK_ESYNTAX;
    double v = magnitude(&number);
    if (!isfinite(v))
        return GK_ERANGE;
    *out = number.is_negative ? -v : v;
    return GK_OK;
}

#define ZEROS UINT64_C(0x3030303030303030)
#define HIGHS UINT64_C(0x8080808080808080)
#define TENS  UINT64_C(0x7676767676767676) /* 0x80 - 10: added to a byte of 10 or more, it sets the high bit */
#define POINT ('.' ^ '0')

/* Eight digits, the first in the lowest byte, each 0 to 9. */
static uint32_t eight_digits(uint64_t v)
{
    v = v * 10 + (v >> 8); /* pairs, in every second byte */
    v = ((v & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
         ((v >> 16) & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
        32;
    return (uint32_t)v;
}

/* The bytes that are no digits, by their high bits; digits are 0 to 9 in v. */
static uint64_t no_digits(uint64_t v)
{
    return (((v & ~HIGHS) + TENS) | v) & HIGHS;
}

size_t decimal_take_short(const char *text, double *out)
{
    bool is_negative = *text == '-';
    const char *p = text + is_negative;
    uint64_t v = load_u64(p) ^ ZEROS, others = no_digits(v);
    unsigned n_whole, n;

    if (others == 0)
        return 0;
    n = n_whole = (unsigned)__builtin_ctzll(others) / 8;
    if ((uint8_t)(v >> 8 * n_whole) == POINT) {
        others &= others - 1;
        if (others == 0)
            return 0;
        n = (unsigned)__builtin_ctzll(others) / 8;
        uint64_t whole = v & ((UINT64_C(1) << 8 * n_whole) - 1);
        v = whole | (v >> 8 * n_whole >> 8) << 8 * n_whole; /* without the point */
    }
    unsigned n_digits = n - (n > n_whole), n_fraction = n_digits - n_whole;
    char behind = p[n];
    if (n_digits == 0 || behind == '.' || behind == '-' || behind == '+' || (behind | 0x20) == 'e')
        return 0;
    double digits = eight_digits(v << 8 * (8 - n_digits)); /* zeros in front */
    double value = digits / POWERS[n_fraction];
    *out = is_negative ? -value : value;
    return n + is_negative;
}

size_t decimal_take_digits(const char *text, const char *end, uint64_t *out)
{
    const char *p = text;
    uint64_t v = 0;

    if (end - p >= 8) {
        uint64_t eight = load_u64(p) ^ ZEROS;
        if (no_digits(eight) == 0) {
            v = eight_digits(eight);
            p += 8;
        }
    }
    p = scan_digits(p, end, &v);
    *out = v;
    return p - text <= U64_DIGITS_MAX ? (size_t)(p - text) : 0;
}

size_t decimal_span(const char *text, size_t size)
{
    struct number number;
    const char *end = scan_number(text, text + size, &number);
    return end ? (size_t)(end - text) : 0;
}

/* mantissa * 10^power in its shortest form. */
static int settle(int64_t mantissa, int64_t power, struct gk_decimal *out)
{
    while (mantissa != 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        power++;
    }
    if (mantissa == 0)
        power = 0;
    if (power < -DECIMAL_DIGITS_MAX || power > DECIMAL_DIGITS_MAX)
        return GK_ERANGE;
    int64_t limit = (int64_t)U64_POWERS[DECIMAL_DIGITS_MAX];
    for (; power > 0; power--) {
        if (mantissa >= limit / 10 || mantissa <= -limit / 10)
            return GK_ERANGE;
        mantissa *= 10;
    }
    if (mantissa >= limit || mantissa <= -limit)
        return GK_ERANGE;
    out->mantissa = mantissa;
    out->scale = (int32_t)-power;
    return GK_OK;
}

int decimal_parse(const char *text, size_t size, struct gk_decimal *out)
{
    struct number number;
    struct significant all;

    if (scan_number(text, text + size, &number) != text + size)
        return GK_ESYNTAX;
    all.n = 0;
    all.n_dropped = 0;
    all.is_inexact = false;
    collect(&all, number.whole, number.n_whole);
    collect(&all, number.fraction, number.n_fraction);
    int64_t power = number.exponent - (int64_t)number.n_fraction + all.n_dropped;
    for (; all.n > 0 && all.text[all.n - 1] == '0'; all.n--)
        power++;
    if (all.n > DECIMAL_DIGITS_MAX || all.is_inexact)
        return GK_ERANGE;
    uint64_t mantissa = 0;
    (void)scan_digits(all.text, all.text + all.n, &mantissa); /* the end is known */
    return settle(number.is_negative ? -(int64_t)mantissa : (int64_t)mantissa, power, out);
}

int decimal_shift(struct gk_decimal v, int32_t power, struct gk_decimal *out)
{
    return settle(v.mantissa, (int64_t)power - v.scale, out);
}

int decimal_compare(struct gk_decimal a, struct gk_decimal b)
{
    /* On one scale both stay below 10^36, which 128 bits hold. */
    __extension__ __int128 x = a.mantissa, y = b.mantissa;
    x *= (int64_t)U64_POWERS[b.scale > a.scale ? b.scale - a.scale : 0];
    y *= (int64_t)U64_POWERS[a.scale > b.scale ? a.scale - b.scale : 0];
    return (x > y) - (x < y);
}
