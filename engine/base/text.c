/*
 * text.c - UTF-8 and names. One function decodes a character; everything else stands on it.
 */
#include "base/text.h"

#include <string.h>

#define BROKEN UINT32_MAX

/* Bytes of the character at p, of which `size` > 0 are there; *c is BROKEN, and the answer 1, if it is none. */
static size_t decode(const unsigned char *p, size_t size, uint32_t *c)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000}; /* shorter forms exist below */
    size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xE0) == 0xC0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : (p[0] & 0xF8) == 0xF0 ? 4 : 0;
    uint32_t v = n == 1 ? p[0] : n == 2 ? p[0] & 0x1Fu : n == 3 ? p[0] & 0x0Fu : p[0] & 0x07u;

    *c = BROKEN;
    if (n == 0 || n > size)
        return 1;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        v = v << 6 | (p[i] & 0x3Fu);
    }
    if (v < LEAST[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 1;
    *c = v;
    return n;
}

/* Takes the next character of a text that shrinks. */
static uint32_t take(const char **text, size_t *size)
{
    uint32_t c;
    size_t n = decode((const unsigned char *)*text, *size, &c);
    *text += n;
    *size -= n;
    return c;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/*
 * Characters that nobody sees: two names with and without one would look the same, or be read in another order. U+200C
 * and U+200D are not among them, as several scripts cannot be written without.
 */
static bool is_unseen(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } UNSEEN[] = {
        {0xAD, 0xAD},       /* soft hyphen */
        {0x61C, 0x61C},     /* Arabic letter mark */
        {0x200B, 0x200B},   /* zero width space */
        {0x200E, 0x200F},   /* left-to-right and right-to-left mark */
        {0x2028, 0x202E},   /* line and paragraph separator; embeddings and overrides */
        {0x2060, 0x206F},   /* word joiner, isolates */
        {0xFEFF, 0xFEFF},   /* byte order mark */
        {0xFFF9, 0xFFFB},   /* interlinear marks */
        {0xE0000, 0xE007F}, /* tags */
    };

    for (size_t i = 0; i < sizeof UNSEEN / sizeof *UNSEEN; i++)
        if (c >= UNSEEN[i].from && c <= UNSEEN[i].to)
            return true;
    return (c & 0xFFFE) == 0xFFFE; /* no characters at all */
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static uint32_t fold(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool text_is_utf8(const char *text, size_t size)
{
    while (size > 0)
        if (take(&text, &size) == BROKEN)
            return false;
    return true;
}

size_t text_length(const char *text, size_t size)
{
    size_t n = 0;
    for (; size > 0; n++)
        (void)take(&text, &size); /* only the step counts */
    return n;
}

bool text_is_name(const char *text, size_t size)
{
    if (size == 0 || size > GK_NAME_MAX || is_blank(text[0]) || is_blank(text[size - 1]))
        return false;
    while (size > 0) {
        uint32_t c = take(&text, &size);
        if (c == BROKEN || is_control(c) || is_unseen(c))
            return false;
    }
    return true;
}

bool text_is_alike(const char *a, size_t a_size, const char *b, size_t b_size)
{
    if (a_size != b_size)
        return false;
    for (size_t i = 0; i < a_size; i++)
        if (fold((unsigned char)a[i]) != fold((unsigned char)b[i]))
            return false;
    return true;
}

struct gk_text text_trim(const char *text, size_t size)
{
    while (size > 0 && is_blank(text[0])) {
        text++;
        size--;
    }
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    return (struct gk_text){text, size};
}

/* The folded characters; TEXT_DISTANCE_MAX + 1 when there are more than fit or one is broken. */
static size_t unpack(const char *text, size_t size, uint32_t out[TEXT_DISTANCE_MAX])
{
    size_t n = 0;
    while (size > 0) {
        uint32_t c = take(&text, &size);
        if (c == BROKEN || n == TEXT_DISTANCE_MAX)
            return TEXT_DISTANCE_MAX + 1;
        out[n++] = fold(c);
    }
    return n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The table of optimal string alignment, of which three rows are alive: two back, one back, this one. */
size_t text_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    uint32_t x[TEXT_DISTANCE_MAX], y[TEXT_DISTANCE_MAX];
    size_t rows[3][TEXT_DISTANCE_MAX + 1] = {{0}};
    size_t n = unpack(a, a_size, x), m = unpack(b, b_size, y);

    if (n > TEXT_DISTANCE_MAX || m > TEXT_DISTANCE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x[i - 1] != y[j - 1]));
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *text_nearest(const char *text, size_t size, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = text_length(text, size) / 3 + 2; /* one slip in three characters, and one is always free */

    for (size_t i = 0; i < n; i++) {
        size_t distance = text_distance(text, size, names[i], strlen(names[i]));
        if (distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

const char *text_show(const char *text, size_t size, char out[TEXT_SHOWN_MAX])
{
    size_t n = 0;

    while (size > 0) {
        const char *from = text;
        uint32_t c = take(&text, &size);
        bool is_shown = c != BROKEN && !is_control(c) && !is_unseen(c);
        size_t width = is_shown ? (size_t)(text - from) : 1;
        if (n + width > TEXT_SHOWN_MAX - 4) { /* room for "..." and NUL */
            memcpy(out + n, "...", 3);
            n += 3;
            break;
        }
        memcpy(out + n, is_shown ? from : "?", width);
        n += width;
    }
    out[n] = 0;
    return out;
}
