/*
 * utf8.c - see utf8.h.
 */
#include "utf8.h"

#include <string.h>

uint32_t utf8_at(const char *bytes, size_t n, size_t at, size_t *size)
{
    const unsigned char *p = (const unsigned char *)bytes + at;
    size_t left = n - at, len;
    uint32_t c, least;

    *size = 1;
    if (p[0] < 0x80)
        return p[0];
    if (p[0] >= 0xC2 && p[0] < 0xE0) {
        len = 2, c = p[0] & 0x1Fu, least = 0x80;
    } else if (p[0] >= 0xE0 && p[0] < 0xF0) {
        len = 3, c = p[0] & 0x0Fu, least = 0x800;
    } else if (p[0] >= 0xF0 && p[0] < 0xF5) {
        len = 4, c = p[0] & 0x07u, least = 0x10000;
    } else {
        return UTF8_BAD;
    }
    if (left < len)
        return UTF8_BAD;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0u) != 0x80)
            return UTF8_BAD;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return UTF8_BAD;
    *size = len;
    return c;
}

size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

uint32_t utf8_fold(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFEE0;
    switch (c) {
    case 0x3000: /* ideographic space */
    case 0x00A0:
        return ' ';
    case 0x3001: /* 、 */
        return ',';
    case 0x3002: /* 。 */
        return ';';
    default:
        return c;
    }
}

bool utf8_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x3FFFD);
}

unsigned utf8_width(uint32_t c)
{
    /* Unicode's East Asian Wide and Fullwidth blocks, without the holes: a caret needs no more. */
    static const struct {
        uint32_t from, to;
        unsigned width;
    } ranges[] = {
        {0x0000, 0x001F, 0}, {0x007F, 0x009F, 0}, {0x0300, 0x036F, 0},   {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},
        {0x2E80, 0x303E, 2}, {0x3041, 0x33FF, 2}, {0x3400, 0x4DBF, 2},   {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},
        {0xAC00, 0xD7A3, 2}, {0xF900, 0xFAFF, 2}, {0xFE00, 0xFE0F, 0},   {0xFE30, 0xFE6F, 2},   {0xFEFF, 0xFEFF, 0},
        {0xFF00, 0xFF60, 2}, {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].width;
    return 1;
}

size_t utf8_count(const char *bytes, size_t n)
{
    size_t count = 0, size;

    for (size_t at = 0; at < n; at += size, count++)
        (void)utf8_at(bytes, n, at, &size);
    return count;
}

size_t utf8_columns(const char *bytes, size_t n)
{
    size_t columns = 0, size;

    for (size_t at = 0; at < n; at += size)
        columns += utf8_width(utf8_at(bytes, n, at, &size));
    return columns;
}

static size_t decode(const char *bytes, size_t n, uint32_t out[UTF8_WORD_MAX])
{
    size_t count = 0, size;

    for (size_t at = 0; at < n; at += size) {
        if (count == UTF8_WORD_MAX)
            return UTF8_WORD_MAX + 1;
        uint32_t c = utf8_fold(utf8_at(bytes, n, at, &size));
        out[count++] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    return count;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The usual table by rows (optimal string alignment), of which only the last three are kept. */
size_t utf8_distance(const char *a, size_t na, const char *b, size_t nb, size_t limit)
{
    uint32_t x[UTF8_WORD_MAX], y[UTF8_WORD_MAX];
    size_t rows[3][UTF8_WORD_MAX + 1];
    size_t nx = decode(a, na, x), ny = decode(b, nb, y);

    if (nx > UTF8_WORD_MAX || ny > UTF8_WORD_MAX || (nx > ny ? nx - ny : ny - nx) > limit)
        return limit + 1;
    for (size_t j = 0; j <= ny; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= nx; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= ny; j++) {
            size_t d = above[j - 1] + (x[i - 1] != y[j - 1]);
            d = least_of(d, least_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                d = least_of(d, above2[j - 2] + 1);
            row[j] = d;
        }
    }
    return least_of(rows[nx % 3][ny], limit + 1);
}
