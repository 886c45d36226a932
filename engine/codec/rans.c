/*
 * rans.c - see rans.h. A slot of a table holds all that a step needs: frequency, slot less the symbol's first slot, the
 * symbol, and where the tables of the next context begin.
 */
#include "codec/rans.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/target.h"

#define STATE_LOW (UINT32_C(1) << 16) /* states are in [STATE_LOW, 2^32) between steps; the encoder begins with it */

void rans_normalise(const uint32_t *count, unsigned n_symbols, unsigned bits, uint16_t *frequency)
{
    uint64_t total = 0;
    int64_t left = INT64_C(1) << bits;
    unsigned largest = 0;

    for (unsigned i = 0; i < n_symbols; i++)
        total += count[i];
    for (unsigned i = 0; i < n_symbols; i++) {
        uint64_t f = total ? ((uint64_t)count[i] << bits) / total : 0;
        frequency[i] = (uint16_t)(count[i] && f == 0 ? 1 : f);
        left -= frequency[i];
        if (count[i] > count[largest])
            largest = i;
    }
    if (total == 0)
        return;
    /* What rounding left over goes to the largest; what the ones took is taken from whoever has most. */
    while (left < 0) {
        unsigned from = 0;
        for (unsigned i = 1; i < n_symbols; i++)
            from = frequency[i] > frequency[from] ? i : from;
        int64_t take = frequency[from] / 2 < -left ? frequency[from] / 2 : -left;
        assert(take > 0);
        frequency[from] = (uint16_t)(frequency[from] - take);
        left += take;
    }
    frequency[largest] = (uint16_t)(frequency[largest] + left);
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Backwards: what is written last is read first. The number of contexts is a constant here, as divisors should be. */
BODY size_t encode_body(const struct rans_model *model, uint16_t first[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX],
                        const unsigned n_contexts, const uint8_t *symbol, size_t n, uint8_t *out)
{
    uint32_t x = STATE_LOW;
    size_t at = RANS_SIZE_MAX(n);

    for (size_t i = n; i-- > 0;) {
        unsigned context = i < 1 || n_contexts < 3 ? 0 : model->class[symbol[i - 1]];
        if (i >= 2 && n_contexts > 3)
            context += RANS_CLASSES * model->class[symbol[i - 2]];
        uint32_t f = model->frequency[context][symbol[i]];
        assert(f > 0);
        if (x >> (32 - model->bits) >= f) {
            at -= 2;
            store_u16(out + at, (uint16_t)x);
            x >>= 16;
        }
        x = (x / f << model->bits) + x % f + first[context][symbol[i]];
    }
    at -= 4;
    store_u32(out + at, x);
    return at;
}

size_t rans_encode(const struct rans_model *model, const uint8_t *symbol, size_t n, uint8_t *out)
{
    uint16_t first[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];

    for (unsigned c = 0; c < model->n_contexts; c++)
        for (unsigned i = 0, sum = 0; i < model->n_symbols; i++) {
            first[c][i] = (uint16_t)sum;
            sum += model->frequency[c][i];
        }
    size_t at = model->n_contexts == 1   ? encode_body(model, first, 1, symbol, n, out)
                : model->n_contexts == 3 ? encode_body(model, first, 3, symbol, n, out)
                                         : encode_body(model, first, 9, symbol, n, out);
    size_t size = RANS_SIZE_MAX(n) - at;
    memmove(out, out + at, size);
    return size;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* A slot: frequency 16 bits, place in the symbol's slots 16, symbol 8, first slot of the next context 24. */
static uint64_t slot_of(uint64_t frequency, uint64_t place, uint64_t symbol, uint64_t next)
{
    return frequency | place << 16 | symbol << 32 | next << 40;
}

bool rans_table(const struct rans_model *model, struct rans_table *out)
{
    size_t n_slots = (size_t)1 << model->bits;

    assert(rans_contexts_are_valid(model->n_contexts, model->bits));
    out->bits = model->bits;
    out->n_contexts = model->n_contexts;
    for (unsigned c = 0; c < model->n_contexts; c++) {
        uint64_t *slot = out->slot + c * n_slots;
        size_t k = 0;
        for (unsigned i = 0; i < model->n_symbols; i++) {
            size_t f = model->frequency[c][i];
            uint64_t next = (uint64_t)rans_next(c, model->class[i], model -> n_contexts) << model->bits;
            if (f > n_slots - k)
                return false;
            for (size_t j = 0; j < f; j++)
                slot[k++] = slot_of(f, j, i, next);
        }
        if (k != 0 && k != n_slots)
            return false;
        for (; k < n_slots; k++) /* a context that never occurs */
            slot[k] = slot_of(n_slots, k, 0, 0);
    }
    return true;
}

/* What a lane holds while it runs. */
struct lane {
    uint32_t x;
    size_t at, base;
};

/* The next word is loaded whether it is needed or not: from the last two bytes when the stream is at its end. */
BODY uint8_t step(const struct rans_table *table, unsigned bits, const uint8_t *bytes, size_t last, struct lane *lane)
{
    uint64_t slot = table->slot[lane->base + (lane->x & ((1u << bits) - 1))];
    uint32_t x = (uint32_t)(slot & 0xFFFF) * (lane->x >> bits) + (uint32_t)(slot >> 16 & 0xFFFF);
    uint32_t longer = x << 16 | load_u16(bytes + (lane->at < last ? lane->at : last));
    bool is_short = x < STATE_LOW;
    lane->x = is_short ? longer : x;
    lane->at += (size_t)is_short * 2;
    lane->base = (size_t)(slot >> 40);
    return (uint8_t)(slot >> 32);
}

static bool begin(const struct rans_stream *stream, struct lane *lane)
{
    if (stream->end > stream->limit || stream->at > stream->end || stream->end - stream->at < 4)
        return false;
    *lane = (struct lane){load_u32(stream->bytes + stream->at), stream->at + 4, 0};
    return lane->x >= STATE_LOW;
}

/* All lanes at once. */
BODY void run_lanes(const struct rans_table *table, const struct rans_stream *stream, struct lane *lane, size_t n)
{
    struct lane a = lane[0], b = lane[1], c = lane[2], d = lane[3];
    uint8_t *of_a = stream[0].symbol, *of_b = stream[1].symbol, *of_c = stream[2].symbol, *of_d = stream[3].symbol;
    const uint8_t *bytes = stream[0].bytes;
    size_t last = stream[0].limit - 2;
    unsigned bits = table->bits;

    for (size_t i = 0; i < n; i++) {
        of_a[i] = step(table, bits, bytes, last, &a);
        of_b[i] = step(table, bits, bytes, last, &b);
        of_c[i] = step(table, bits, bytes, last, &c);
        of_d[i] = step(table, bits, bytes, last, &d);
    }
    lane[0] = a;
    lane[1] = b;
    lane[2] = c;
    lane[3] = d;
}

BODY void run_body(const struct rans_table *table, const struct rans_stream *stream, unsigned n_streams,
                   struct lane *lane, size_t n)
{
    if (n_streams == RANS_LANES) {
        run_lanes(table, stream, lane, n);
        return;
    }
    for (unsigned k = 0; k < n_streams; k++)
        for (size_t i = 0; i < n; i++)
            stream[k].symbol[i] = step(table, table->bits, stream[k].bytes, stream[k].limit - 2, &lane[k]);
}

/* Not for its vectors: shifts by a variable are cheaper there. */
AVX2 static void run_avx2(const struct rans_table *table, const struct rans_stream *stream, unsigned n_streams,
                          struct lane *lane, size_t n)
{
    run_body(table, stream, n_streams, lane, n);
}

bool rans_decode(const struct rans_table *table, const struct rans_stream *stream, unsigned n_streams, size_t n)
{
    struct lane lane[RANS_LANES];

    assert(n_streams >= 1 && n_streams <= RANS_LANES);
    for (unsigned k = 0; k < n_streams; k++)
        if (!begin(&stream[k], &lane[k]))
            return false;
    if (target_best() >= TARGET_AVX2)
        run_avx2(table, stream, n_streams, lane, n);
    else
        run_body(table, stream, n_streams, lane, n);
    for (unsigned k = 0; k < n_streams; k++)
        if (lane[k].x != STATE_LOW || lane[k].at != stream[k].end)
            return false;
    return true;
}
