/*
 * rans.h - an entropy coder for symbols of a small alphabet whose frequencies are known: range asymmetric numeral
 * systems, 32-bit states, words of 16 bits. A stream has a table a context; the context of a symbol is made of the
 * classes of the two before it (see rans_next). Streams are independent; decoding several at once hides the latency
 * of each.
 *
 *     state    4         where the decoder begins
 *     words    2 each    in the order in which the decoder takes them
 */
#ifndef CODEC_RANS_H
#define CODEC_RANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANS_SYMBOLS_MAX  256
#define RANS_CONTEXTS_MAX 9
#define RANS_CLASSES      3
#define RANS_BITS_MIN     8 /* of a table: its frequencies add up to 1 << bits */
#define RANS_BITS_MAX     11
#define RANS_SLOTS_MAX    (RANS_CONTEXTS_MAX << 10)
#define RANS_LANES        4
#define RANS_SIZE_MAX(n)  (4 + 2 * (size_t)(n)) /* bytes of a stream of n symbols */

/* 1 knows nothing of the past, 3 the class of the symbol before, 9 those of two. */
static inline bool rans_contexts_are_valid(unsigned n_contexts, unsigned bits)
{
    return (n_contexts == 1 || n_contexts == RANS_CLASSES || n_contexts == RANS_CONTEXTS_MAX) &&
           bits >= RANS_BITS_MIN && bits <= (n_contexts == 1 ? 11u : 10u);
}

/* The context after a symbol of `class`; the first is 0. */
static inline unsigned rans_next(unsigned context, unsigned class, unsigned n_contexts)
{
    return (context * RANS_CLASSES + class) % n_contexts;
}

/* frequency[context][symbol] */
struct rans_model {
    unsigned n_symbols, n_contexts, bits;
    uint8_t class[RANS_SYMBOLS_MAX]; /* 0..RANS_CLASSES - 1 */
    uint16_t frequency[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];
};

/* Frequencies that add up to 1 << bits from counts; a symbol that occurs gets at least 1. All 0 when nothing occurs. */
void rans_normalise(const uint32_t *count, unsigned n_symbols, unsigned bits, uint16_t *frequency);

/* Writes n symbols, each of which has a frequency where it occurs; returns the bytes used of RANS_SIZE_MAX(n). */
size_t rans_encode(const struct rans_model *model, const uint8_t *symbol, size_t n, uint8_t *out);

/* Decoding tables; large, see RANS_SLOTS_MAX. */
struct rans_table {
    unsigned bits, n_contexts;
    uint64_t slot[RANS_SLOTS_MAX];
};

/* Every context's frequencies must add up to 1 << bits or to 0: false if not. */
bool rans_table(const struct rans_model *model, struct rans_table *out);

/* A stream to be decoded: [at, end) of `limit` bytes. Streams decoded together share `bytes` and `limit`. */
struct rans_stream {
    const uint8_t *bytes;
    size_t at, end, limit;
    uint8_t *symbol;
};

/* n symbols of each of n_streams <= RANS_LANES streams. False unless each ends exactly where it should. */
bool rans_decode(const struct rans_table *table, const struct rans_stream *stream, unsigned n_streams, size_t n);

#endif
