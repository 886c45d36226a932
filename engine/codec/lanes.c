/*
 * lanes.c - see lanes.h. A slot of the table has all that a step needs in 32 bits: frequency less one (11 bits), place
 * in the symbol's slots (11), symbol (8), class of the symbol (2).
 */
#include "codec/lanes.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define STATE_LOW  (UINT32_C(1) << 16) /* states are in [STATE_LOW, 2^32) between steps; the encoder begins with it */
#define FIELD      11
#define SLOTS_MORE 16
#define FIELD_MASK ((1u << FIELD) - 1)

/* ---- writing -------------------------------------------------------------------------------------------------- */

/*
 * What a symbol does to a state. A state that loses no word is less than f << (32 - bits), so that with the rounded up
 * inverse of 2^(32 + bits) / f the quotient x / f is exact, and its product stays below 2^64.
 */
struct push {
    uint64_t inverse;
    uint32_t most; /* a state above loses a word first */
    uint16_t frequency, first;
};

static struct push push_of(uint32_t frequency, uint32_t first, unsigned bits)
{
    uint64_t inverse = ((UINT64_C(1) << (32 + bits)) + frequency - 1) / frequency;
    return (struct push){inverse, (uint32_t)(((uint64_t)frequency << (32 - bits)) - 1), (uint16_t)frequency,
                         (uint16_t)first};
}

static void fill_pushes(const struct rans_model *model, struct push push[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX])
{
    for (unsigned c = 0; c < model->n_contexts; c++)
        for (unsigned i = 0, sum = 0; i < model->n_symbols; i++) {
            if (model->frequency[c][i])
                push[c][i] = push_of(model->frequency[c][i], sum, model->bits);
            sum += model->frequency[c][i];
        }
}

/* Backwards: what is written last is read first. The number of contexts is a constant here. */
BODY size_t encode_body(const struct rans_model *model, struct push push[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX],
                        const unsigned n_contexts, const uint8_t *symbol, size_t steps, uint8_t *out)
{
    uint32_t x[LANES];
    size_t at = LANES_SIZE_MAX(steps * LANES);

    for (unsigned k = 0; k < LANES; k++)
        x[k] = STATE_LOW;
    for (size_t i = steps; i-- > 0;) {
        const uint8_t *now = symbol + i * LANES, *last = i >= 1 && n_contexts > 1 ? now - LANES : NULL,
                      *before = i >= 2 && n_contexts > 3 ? now - 2 * LANES : NULL;
        for (unsigned k = LANES; k-- > 0;) {
            unsigned context = last ? model->class[last[k]] : 0;
            context += before ? RANS_CLASSES * model->class[before[k]] : 0;
            const struct push *p = &push[context][now[k]];
            bool is_long = x[k] > p->most;
            store_u16(out + at - 2, (uint16_t)x[k]); /* there is room in front */
            at -= is_long ? 2 : 0;
            uint32_t y = is_long ? x[k] >> 16 : x[k];
            uint32_t q = (uint32_t)(y * p->inverse >> (32 + model->bits));
            x[k] = (q << model->bits) + (y - q * p->frequency) + p->first;
        }
    }
    for (unsigned k = LANES; k-- > 0;) {
        at -= 4;
        store_u32(out + at, x[k]);
    }
    return at;
}

static size_t encode_plain(const struct rans_model *model, const uint8_t *symbol, size_t steps, uint8_t *out)
{
    struct push push[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];

    fill_pushes(model, push);
    return model->n_contexts == 1   ? encode_body(model, push, 1, symbol, steps, out)
           : model->n_contexts == 3 ? encode_body(model, push, 3, symbol, steps, out)
                                    : encode_body(model, push, 9, symbol, steps, out);
}

#ifdef __x86_64__
#include <immintrin.h>

/* Frequency (low 16 bits) and first slot of every symbol in every context; and classes. */
struct pushes {
    uint32_t of[RANS_CONTEXTS_MAX * RANS_SYMBOLS_MAX], class[RANS_SYMBOLS_MAX];
};

static void fill_pushes_flat(const struct rans_model *model, struct pushes *out)
{
    for (unsigned c = 0; c < model->n_contexts; c++)
        for (uint32_t i = 0, sum = 0; i < model->n_symbols; i++) {
            out->of[c * RANS_SYMBOLS_MAX + i] = model->frequency[c][i] | sum << 16;
            sum += model->frequency[c][i];
        }
    for (unsigned i = 0; i < RANS_SYMBOLS_MAX; i++)
        out->class[i] = i < model->n_symbols ? model->class[i] : 0;
}

AVX512 static inline __m512i load_symbols(const uint8_t *symbol)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)symbol));
}

/* x / f of eight states: exact in doubles, as a quotient that is no integer is 2^-11 away from one. */
AVX512 static inline __m256i divide_eight(__m256i x, __m256i f)
{
    return _mm512_cvttpd_epu32(_mm512_div_pd(_mm512_cvtepu32_pd(x), _mm512_cvtepu32_pd(f)));
}

AVX512 static inline __m512i divide_sixteen(__m512i x, __m512i f)
{
    __m256i low = divide_eight(_mm512_castsi512_si256(x), _mm512_castsi512_si256(f));
    __m256i high = divide_eight(_mm512_extracti64x4_epi64(x, 1), _mm512_extracti64x4_epi64(f, 1));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* A step of sixteen lanes backwards; returns where its words begin. */
AVX512 static inline size_t push_sixteen(const struct pushes *pushes, unsigned bits, __m512i symbol, __m512i context,
                                         __m512i *state, uint8_t *out, size_t at)
{
    const __m128i shift = _mm_cvtsi32_si128((int)bits), down = _mm_cvtsi32_si128(32 - (int)bits);
    __m512i push = _mm512_i32gather_epi32(_mm512_add_epi32(symbol, _mm512_slli_epi32(context, 8)), pushes->of, 4);
    __m512i f = _mm512_and_si512(push, _mm512_set1_epi32(0xFFFF)), first = _mm512_srli_epi32(push, 16), x = *state;
    __mmask16 is_long = _mm512_cmpge_epu32_mask(_mm512_srl_epi32(x, down), f);
    unsigned n = (unsigned)__builtin_popcount(is_long);

    at -= 2 * n;
    __m256i words = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(is_long, x));
    _mm256_mask_storeu_epi16(out + at, (__mmask16)((1u << n) - 1), words);
    x = _mm512_mask_srli_epi32(x, is_long, x, 16);
    __m512i q = divide_sixteen(x, f), r = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
    *state = _mm512_add_epi32(_mm512_add_epi32(_mm512_sll_epi32(q, shift), r), first);
    return at;
}

/* The classes of sixteen lanes at a step, before the first of which there is nothing. */
AVX512 static inline __m512i classes_at(const struct pushes *pushes, const uint8_t *symbol, size_t step, size_t back,
                                        unsigned half)
{
    if (step < back)
        return _mm512_setzero_si512();
    return _mm512_i32gather_epi32(load_symbols(symbol + (step - back) * LANES + half), pushes->class, 4);
}

/* Of the last two symbols in each lane; going backwards, what is before a step is last at the next one. */
struct history {
    __m512i last, before;
};

AVX512 static inline __m512i step_back(const struct pushes *pushes, const unsigned n_contexts, const uint8_t *symbol,
                                       size_t step, unsigned half, struct history *h)
{
    __m512i context = _mm512_setzero_si512();

    if (n_contexts > 1)
        context = h->last;
    if (n_contexts > 3)
        context = _mm512_add_epi32(context, _mm512_add_epi32(h->before, _mm512_slli_epi32(h->before, 1)));
    if (n_contexts > 1) {
        h->last = h->before;
        h->before = classes_at(pushes, symbol, step, 3, half);
    }
    return context;
}

AVX512 static inline size_t encode_sixteens(const struct pushes *pushes, unsigned bits, const unsigned n_contexts,
                                            const uint8_t *symbol, size_t steps, uint8_t *out)
{
    __m512i a = _mm512_set1_epi32(STATE_LOW), b = a;
    size_t at = LANES_SIZE_MAX(steps * LANES);
    struct history of_a = {classes_at(pushes, symbol, steps - 1, 1, 0), classes_at(pushes, symbol, steps - 1, 2, 0)};
    struct history of_b = {classes_at(pushes, symbol, steps - 1, 1, 16), classes_at(pushes, symbol, steps - 1, 2, 16)};

    for (size_t i = steps; i-- > 0;) {
        const uint8_t *now = symbol + i * LANES;
        __m512i context_b = step_back(pushes, n_contexts, symbol, i, 16, &of_b);
        __m512i context_a = step_back(pushes, n_contexts, symbol, i, 0, &of_a);
        at = push_sixteen(pushes, bits, load_symbols(now + 16), context_b, &b, out, at);
        at = push_sixteen(pushes, bits, load_symbols(now), context_a, &a, out, at);
    }
    at -= 4 * LANES;
    _mm512_storeu_si512(out + at, a);
    _mm512_storeu_si512(out + at + 64, b);
    return at;
}

AVX512 static size_t encode_avx512(const struct rans_model *model, const uint8_t *symbol, size_t steps, uint8_t *out)
{
    struct pushes pushes;

    fill_pushes_flat(model, &pushes);
    if (model->n_contexts == 1)
        return encode_sixteens(&pushes, model->bits, 1, symbol, steps, out);
    return model->n_contexts == 3 ? encode_sixteens(&pushes, model->bits, 3, symbol, steps, out)
                                  : encode_sixteens(&pushes, model->bits, 9, symbol, steps, out);
}
#else
#define encode_avx512 encode_plain
#endif

size_t lanes_encode_on(enum target target, const struct rans_model *model, const uint8_t *symbol, size_t steps,
                       uint8_t *out)
{
    assert(steps > 0);
    size_t at =
        target == TARGET_AVX512 ? encode_avx512(model, symbol, steps, out) : encode_plain(model, symbol, steps, out);
    size_t size = LANES_SIZE_MAX(steps * LANES) - at;
    memmove(out, out + at, size);
    return size;
}

size_t lanes_encode(const struct rans_model *model, const uint8_t *symbol, size_t steps, uint8_t *out)
{
    return lanes_encode_on(target_best(), model, symbol, steps, out);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* Slots of a symbol, sixteen at a time: what is too many is written over by the next one. */
BODY void fill_slots(uint32_t v, uint32_t f, uint32_t *slot)
{
    for (uint32_t j = 0; j < f; j += SLOTS_MORE)
        for (uint32_t k = 0; k < SLOTS_MORE; k++)
            slot[j + k] = v + ((j + k) << FIELD);
}

BODY bool table_body(const struct rans_model *model, struct lanes_table *out)
{
    uint32_t n_slots = 1u << model->bits;

    for (unsigned c = 0; c < model->n_contexts; c++) {
        uint32_t *slot = out->slot + (size_t)c * n_slots, k = 0;
        for (unsigned i = 0; i < model->n_symbols; i++) {
            uint32_t f = model->frequency[c][i];
            uint32_t v = (f - 1) | i << 2 * FIELD | (uint32_t)model->class[i] << (2 * FIELD + 8);
            if (f > n_slots - k)
                return false;
            fill_slots(v, f, slot + k);
            k += f;
        }
        if (k != 0 && k != n_slots)
            return false;
        if (k == 0) /* a context that never occurs */
            fill_slots(n_slots - 1, n_slots, slot);
    }
    return true;
}

/* A table takes as long to fill as hundreds of symbols to decode. */
AVX512 static bool table_avx512(const struct rans_model *model, struct lanes_table *out)
{
    return table_body(model, out);
}

AVX2 static bool table_avx2(const struct rans_model *model, struct lanes_table *out)
{
    return table_body(model, out);
}

bool lanes_table(const struct rans_model *model, struct lanes_table *out)
{
    enum target target = target_best();

    assert(rans_contexts_are_valid(model->n_contexts, model->bits));
    out->bits = model->bits;
    out->n_contexts = model->n_contexts;
    if (target == TARGET_AVX512)
        return table_avx512(model, out);
    return target == TARGET_AVX2 ? table_avx2(model, out) : table_body(model, out);
}

bool lanes_begin(const uint8_t *bytes, size_t size, struct lanes *out)
{
    bool is_fine = size >= 4 * LANES;

    for (unsigned k = 0; is_fine && k < LANES; k++) {
        out->x[k] = load_u32(bytes + 4 * k);
        out->last[k] = out->before[k] = 0;
    }
    out->at = bytes + (is_fine ? 4 * LANES : 0);
    out->end = bytes + size;
    out->is_tail = false;
    return is_fine;
}

BODY void next_body(const struct lanes_table *table, const unsigned n_contexts, struct lanes *lanes, size_t n,
                    uint8_t symbol[LANES_STEPS][LANES])
{
    const uint8_t *at = lanes->at;
    unsigned bits = table->bits;

    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < LANES; k++) {
            uint32_t x = lanes->x[k], context = n_contexts > 1 ? lanes->last[k] : 0;
            context += n_contexts > 3 ? RANS_CLASSES * lanes->before[k] : 0;
            uint32_t slot = table->slot[(context << bits) + (x & ((1u << bits) - 1))];
            x = ((slot & FIELD_MASK) + 1) * (x >> bits) + (slot >> FIELD & FIELD_MASK);
            bool is_short = x < STATE_LOW;
            lanes->x[k] = is_short ? x << 16 | load_u16(at) : x;
            at += is_short ? 2 : 0;
            symbol[i][k] = (uint8_t)(slot >> 2 * FIELD);
            lanes->before[k] = lanes->last[k];
            lanes->last[k] = (uint8_t)(slot >> (2 * FIELD + 8));
        }
    lanes->at = at;
}

BODY void next_any(const struct lanes_table *table, struct lanes *lanes, size_t n, uint8_t symbol[LANES_STEPS][LANES])
{
    if (table->n_contexts == 1)
        next_body(table, 1, lanes, n, symbol);
    else if (table->n_contexts == 3)
        next_body(table, 3, lanes, n, symbol);
    else
        next_body(table, 9, lanes, n, symbol);
}

static void next_plain(const struct lanes_table *table, struct lanes *lanes, size_t n,
                       uint8_t symbol[LANES_STEPS][LANES])
{
    next_any(table, lanes, n, symbol);
}

#ifdef __x86_64__
/* Eight lanes. */
struct eight {
    __m256i x, last, before;
};

AVX2 static inline struct eight load_eight(const struct lanes *lanes, unsigned from)
{
    return (struct eight){_mm256_loadu_si256((const void *)(lanes->x + from)),
                          _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(lanes->last + from))),
                          _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(lanes->before + from)))};
}

/* The lowest byte of each. */
AVX2 static inline void store_bytes(__m256i v, uint8_t *out)
{
    const __m256i first = _mm256_set1_epi32(0x0C080400);
    __m256i bytes = _mm256_shuffle_epi8(v, first);
    store_u32(out, (uint32_t)_mm256_cvtsi256_si32(bytes));
    store_u32(out + 4, (uint32_t)_mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1)));
}

AVX2 static inline void store_eight(const struct eight *s, struct lanes *lanes, unsigned from)
{
    _mm256_storeu_si256((void *)(lanes->x + from), s->x);
    store_bytes(s->last, lanes->last + from);
    store_bytes(s->before, lanes->before + from);
}

/* Words in turn to those lanes of which the bits are set. */
AVX2 static inline __m256i hand_out(const uint8_t *at, unsigned bits)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), turns = UINT64_C(0x0706050403020100);
    uint64_t of = _pdep_u64(turns, _pdep_u64(bits, ones) * 0xFF);
    __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)at));
    return _mm256_permutevar8x32_epi32(words, _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)of)));
}

/* A step of eight lanes; returns how many took a word. */
AVX2 static inline unsigned step_eight(const struct lanes_table *table, const unsigned n_contexts, struct eight *s,
                                       const uint8_t *at, uint8_t *symbol)
{
    const __m256i field = _mm256_set1_epi32(FIELD_MASK);
    const __m128i bits = _mm_cvtsi32_si128((int)table->bits);
    const __m256i low = _mm256_set1_epi32((int)((1u << table->bits) - 1));
    __m256i index = _mm256_and_si256(s->x, low), context = s->last;

    if (n_contexts > 3)
        context = _mm256_add_epi32(context, _mm256_add_epi32(s->before, _mm256_slli_epi32(s->before, 1)));
    if (n_contexts > 1)
        index = _mm256_add_epi32(index, _mm256_sll_epi32(context, bits));
    __m256i slot = _mm256_i32gather_epi32((const void *)table->slot, index, 4);
    __m256i f = _mm256_add_epi32(_mm256_and_si256(slot, field), _mm256_set1_epi32(1));
    __m256i place = _mm256_and_si256(_mm256_srli_epi32(slot, FIELD), field);
    __m256i x = _mm256_add_epi32(_mm256_mullo_epi32(f, _mm256_srl_epi32(s->x, bits)), place);
    __m256i is_short = _mm256_cmpeq_epi32(_mm256_srli_epi32(x, 16), _mm256_setzero_si256());
    unsigned taken = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(is_short));
    __m256i longer = _mm256_or_si256(_mm256_slli_epi32(x, 16), hand_out(at, taken));
    static_assert(STATE_LOW == 1u << 16, "short is what has no high bits");
    s->x = _mm256_blendv_epi8(x, longer, is_short);
    store_bytes(_mm256_srli_epi32(slot, 2 * FIELD), symbol);
    s->before = s->last;
    s->last = _mm256_srli_epi32(slot, 2 * FIELD + 8);
    return (unsigned)__builtin_popcount(taken);
}

AVX2 static inline void run_eights(const struct lanes_table *table, const unsigned n_contexts, struct lanes *lanes,
                                   size_t n, uint8_t symbol[LANES_STEPS][LANES])
{
    struct eight s[LANES / 8];
    const uint8_t *at = lanes->at;

#pragma GCC unroll 4
    for (unsigned k = 0; k < LANES / 8; k++)
        s[k] = load_eight(lanes, 8 * k);
    for (size_t i = 0; i < n; i++)
#pragma GCC unroll 4
        for (unsigned k = 0; k < LANES / 8; k++)
            at += 2 * step_eight(table, n_contexts, &s[k], at, symbol[i] + (size_t)8 * k);
#pragma GCC unroll 4
    for (unsigned k = 0; k < LANES / 8; k++)
        store_eight(&s[k], lanes, 8 * k);
    lanes->at = at;
}

AVX2 static void next_avx2(const struct lanes_table *table, struct lanes *lanes, size_t n,
                           uint8_t symbol[LANES_STEPS][LANES])
{
    if (table->n_contexts == 1)
        run_eights(table, 1, lanes, n, symbol);
    else if (table->n_contexts == 3)
        run_eights(table, 3, lanes, n, symbol);
    else
        run_eights(table, 9, lanes, n, symbol);
}

/* Sixteen lanes. */
struct sixteen {
    __m512i x, last, before;
};

AVX512 static inline struct sixteen load_sixteen(const struct lanes *lanes, unsigned from)
{
    const __m128i *last = (const void *)(lanes->last + from), *before = (const void *)(lanes->before + from);
    return (struct sixteen){_mm512_loadu_si512(lanes->x + from), _mm512_cvtepu8_epi32(_mm_loadu_si128(last)),
                            _mm512_cvtepu8_epi32(_mm_loadu_si128(before))};
}

AVX512 static inline void store_sixteen(const struct sixteen *s, struct lanes *lanes, unsigned from)
{
    _mm512_storeu_si512(lanes->x + from, s->x);
    _mm_storeu_si128((void *)(lanes->last + from), _mm512_cvtepi32_epi8(s->last));
    _mm_storeu_si128((void *)(lanes->before + from), _mm512_cvtepi32_epi8(s->before));
}

/* A step of sixteen lanes; returns how many took a word. */
AVX512 static inline unsigned step_sixteen(const struct lanes_table *table, const unsigned n_contexts,
                                           struct sixteen *s, const uint8_t *at, uint8_t *symbol)
{
    const __m512i field = _mm512_set1_epi32(FIELD_MASK);
    const __m128i bits = _mm_cvtsi32_si128((int)table->bits);
    const __m512i low = _mm512_set1_epi32((int)((1u << table->bits) - 1));
    __m512i index = _mm512_and_si512(s->x, low), context = s->last;

    if (n_contexts > 3)
        context = _mm512_add_epi32(context, _mm512_add_epi32(s->before, _mm512_slli_epi32(s->before, 1)));
    if (n_contexts > 1)
        index = _mm512_add_epi32(index, _mm512_sll_epi32(context, bits));
    __m512i slot = _mm512_i32gather_epi32(index, table->slot, 4);
    __m512i f = _mm512_add_epi32(_mm512_and_si512(slot, field), _mm512_set1_epi32(1));
    __m512i place = _mm512_and_si512(_mm512_srli_epi32(slot, FIELD), field);
    __m512i x = _mm512_add_epi32(_mm512_mullo_epi32(f, _mm512_srl_epi32(s->x, bits)), place);
    __mmask16 is_short = _mm512_cmplt_epu32_mask(x, _mm512_set1_epi32(STATE_LOW));
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)at));
    s->x = _mm512_mask_or_epi32(x, is_short, _mm512_slli_epi32(x, 16), _mm512_maskz_expand_epi32(is_short, words));
    _mm_storeu_si128((void *)symbol, _mm512_cvtepi32_epi8(_mm512_srli_epi32(slot, 2 * FIELD)));
    s->before = s->last;
    s->last = _mm512_srli_epi32(slot, 2 * FIELD + 8);
    return (unsigned)__builtin_popcount(is_short);
}

AVX512 static inline void run_sixteens(const struct lanes_table *table, const unsigned n_contexts, struct lanes *lanes,
                                       size_t n, uint8_t symbol[LANES_STEPS][LANES])
{
    struct sixteen a = load_sixteen(lanes, 0), b = load_sixteen(lanes, 16);
    const uint8_t *at = lanes->at;

    static_assert(LANES == 32, "two sixteens");
    for (size_t i = 0; i < n; i++) {
        at += 2 * step_sixteen(table, n_contexts, &a, at, symbol[i]);
        at += 2 * step_sixteen(table, n_contexts, &b, at, symbol[i] + 16);
    }
    store_sixteen(&a, lanes, 0);
    store_sixteen(&b, lanes, 16);
    lanes->at = at;
}

AVX512 static void next_avx512(const struct lanes_table *table, struct lanes *lanes, size_t n,
                               uint8_t symbol[LANES_STEPS][LANES])
{
    if (table->n_contexts == 1)
        run_sixteens(table, 1, lanes, n, symbol);
    else if (table->n_contexts == 3)
        run_sixteens(table, 3, lanes, n, symbol);
    else
        run_sixteens(table, 9, lanes, n, symbol);
}
#else
#define next_avx2   next_plain
#define next_avx512 next_plain
#endif

/* The last words move to where zeros are behind them. */
static void move_to_tail(struct lanes *lanes)
{
    size_t left = (size_t)(lanes->end - lanes->at);

    assert(left < LANES_MARGIN);
    memcpy(lanes->tail, lanes->at, left);
    memset(lanes->tail + left, 0, sizeof lanes->tail - left);
    lanes->at = lanes->tail;
    lanes->end = lanes->tail + left;
    lanes->is_tail = true;
}

bool lanes_next_on(enum target target, const struct lanes_table *table, struct lanes *lanes, size_t n,
                   uint8_t symbol[LANES_STEPS][LANES])
{
    assert(n <= LANES_STEPS);
    if (!lanes->is_tail && lanes->end - lanes->at < LANES_MARGIN)
        move_to_tail(lanes);
    if (target == TARGET_AVX512)
        next_avx512(table, lanes, n, symbol);
    else if (target == TARGET_AVX2)
        next_avx2(table, lanes, n, symbol);
    else
        next_plain(table, lanes, n, symbol);
    return lanes->at <= lanes->end;
}

bool lanes_next(const struct lanes_table *table, struct lanes *lanes, size_t n, uint8_t symbol[LANES_STEPS][LANES])
{
    return lanes_next_on(target_best(), table, lanes, n, symbol);
}

bool lanes_are_done(const struct lanes *lanes)
{
    bool is_done = lanes->at == lanes->end;
    for (unsigned k = 0; k < LANES; k++)
        is_done = is_done && lanes->x[k] == STATE_LOW;
    return is_done;
}
