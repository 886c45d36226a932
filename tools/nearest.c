/*
 * nearest.c - edit distance of short words (optimal string alignment), on bytes: commands and options are ASCII.
 */
#include "nearest.h"

#include <string.h>

#define WORD_MAX 40 /* longer words are cut: no command or option is that long */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t word_distance(const char *a, const char *b)
{
    size_t n = least(strlen(a), WORD_MAX), m = least(strlen(b), WORD_MAX);
    size_t d[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

size_t word_nearest(const char *word, const char *const *words, size_t n)
{
    size_t best = n, best_distance = 0;

    for (size_t i = 0; i < n; i++) {
        size_t distance = word_distance(word, words[i]), length = strlen(words[i]);

        if (3 * distance <= (length < 3 ? 3 : length) && (best == n || distance < best_distance)) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}
