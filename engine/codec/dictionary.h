/*
 * dictionary.h - a column of few distinct values that lie anywhere: averages of a few readings, decimals that came
 * through a float, steps of no even size. Its words are the distinct values in ascending order, and the integer of a
 * row is the rank of its word: comparing ranks is comparing values.
 *
 *     n_words  varint   1..DICTIONARY_WORDS_MAX
 *     size     varint
 *     words             a column of n_words rows, see column.h, which has no dictionary; patterns ascend as values do
 *
 * NaN and infinities are no words; they stand beside the ranks.
 */
#ifndef CODEC_DICTIONARY_H
#define CODEC_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define DICTIONARY_WORDS_MAX 2048

struct dictionary {
    uint32_t n_words; /* 0: there are too many, or none */
    double *word;
    double *rank; /* of each row, what is no word as it is */
};

/* Whether some of the values let expect that they are few enough for `most` bytes. */
bool dictionary_is_likely(const double *value, size_t n, size_t most);
/*
 * Of at most CHUNK_ROWS_MAX values, of which there are at least twice as many as words. It has no words either when it
 * would take more than `most` bytes, as far as can be told from their number. GK_ENOMEM. {0} may be cleared.
 */
int dictionary_make(const struct mem *mem, const double *value, size_t n, size_t most, struct dictionary *out);
void dictionary_clear(const struct mem *mem, struct dictionary *dictionary);
/* Whether words are what a dictionary has: finite, ascending. */
bool dictionary_is_valid(const double *word, size_t n_words);
/* Ranks to words, in place; what is no rank stays. Any values are safe. */
void dictionary_look_up(const double *word, uint32_t n_words, double *rank, size_t n);
/* The rank of the first word that is at least `limit`, or above it; n_words if none is. */
uint32_t dictionary_least(const double *word, uint32_t n_words, double limit, bool is_above);

#endif
