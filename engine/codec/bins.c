/*
 * bins.c - see bins.h for the bytes.
 *
 * Choosing the bins: the integers are sorted and cut into some hundred fine bins of about as many rows each (an integer
 * that occurs as often is one by itself); then the cheapest way to join neighbours is found by dynamic programming, the
 * cost of a bin being its rows times what a symbol and a place take, and its own entry. Logarithms are in fixed point,
 * so that the bytes are the same on every machine.
 */
#include "codec/bins.h"

#include <assert.h>

#include "base/error.h"
#include "codec/log2.h"
#include "codec/target.h"

#define FINE_ROWS_IN    240 /* a fine bin has about one in so many of the rows */
#define FINE_ROWS_LEAST 16  /* and at least so many */
#define FINE_MAX        (2 * FINE_ROWS_IN + 2)
#define SAMPLE_RUN      64 /* rows of one stretch of the sample */
#define SAMPLE_RUN_LONG 256
#define SAMPLE_RUNS     8
#define DIRECT_WIDE     8  /* bits from which on a guess of integers needs no margin */
#define DIRECT_BITS_MIN 5  /* columns smaller than that are never direct where differences do not promise */
#define WIDE_BITS       2  /* from that on many symbols are expected */
#define SAMPLE_FINE     48 /* fine bins of a sample */
#define JOIN_MAX        40 /* fine bins in one bin */
#define ENTRY_BITS      28 /* what a bin's entry and its frequency take */
#define TOO_MUCH        (UINT64_C(1) << 52) /* a cost that no column has; some hundred of them do not wrap */
#define GUARD           8
#define MODE_WIDE_BITS  8 /* a table has at least as many, and less in the mode of a wide column */
#define STEP_FLAG       0x80

enum { MODE_DELTA = 1, MODE_3 = 2, MODE_9 = 4, MODE_LANES = 8 };

/* ---- arithmetic ----------------------------------------------------------------------------------------------- */

/* Most steps are 1, which no division need find out. */
static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        if (a == 1 || b == 1)
            return 1;
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static uint64_t steps_in(uint64_t span, uint64_t step)
{
    return step == 1 ? span : span / step;
}

static unsigned width_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* Scratch of one column: on the heap, through mem. */
struct work {
    uint64_t a[CHUNK_ROWS_MAX], b[CHUNK_ROWS_MAX], delta[CHUNK_ROWS_MAX];
    uint8_t symbol[CHUNK_ROWS_MAX], laned[CHUNK_ROWS_MAX]; /* by rows; by steps, the lanes of each side by side */
    uint32_t count[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];
    struct bin bin[RANS_SYMBOLS_MAX];
    struct rans_model model;
    bool is_wide; /* not within 2^31 of each other */
    uint8_t bytes[LANES_SIZE_MAX(CHUNK_ROWS_MAX) + 8 * CHUNK_ROWS_MAX + 8];
};

static_assert(CHUNK_ROWS_MAX % LANES == 0, "no more symbols than rows");

/* ---- fine bins ------------------------------------------------------------------------------------------------ */

#define NARROW 16384

struct bounds {
    int64_t low, high;
};

BODY struct bounds bounds_body(const uint64_t *v, size_t n)
{
    int64_t low = (int64_t)v[0], high = low;
    for (size_t i = 1; i < n; i++) {
        low = (int64_t)v[i] < low ? (int64_t)v[i] : low;
        high = (int64_t)v[i] > high ? (int64_t)v[i] : high;
    }
    return (struct bounds){low, high};
}

AVX2 static struct bounds bounds_avx2(const uint64_t *v, size_t n)
{
    return bounds_body(v, n);
}

AVX512 static struct bounds bounds_avx512(const uint64_t *v, size_t n)
{
    return bounds_body(v, n);
}

static struct bounds bounds_of(const uint64_t *v, size_t n)
{
    enum target target = target_best();
    if (target == TARGET_AVX512)
        return bounds_avx512(v, n);
    return target == TARGET_AVX2 ? bounds_avx2(v, n) : bounds_body(v, n);
}

/* Rows whose integers are in [low, high], all multiples of `step` above low (0 when there is but one). */
struct fine {
    uint64_t low, high, step;
    uint32_t count;
};

/* The fine bins of integers that come in ascending order. */
struct cut {
    struct fine *fine;
    unsigned n;
    size_t enough; /* rows of a bin */
};

BODY void cut_add(struct cut *cut, uint64_t v, size_t count)
{
    struct fine *f = &cut->fine[cut->n - 1];

    if (cut->n == 0 || f->count >= cut->enough || count >= cut->enough) {
        assert(cut->n < FINE_MAX);
        cut->fine[cut->n++] = (struct fine){v, v, 0, (uint32_t)count};
        return;
    }
    if (f->step != 1)
        f->step = gcd(f->step, v - f->low);
    f->high = v;
    f->count += (uint32_t)count;
}

#define TURNS 4

/* Integers that are not far apart are counted; in four tables by turns, as the same comes again and again. */
static void cut_near(const uint64_t *v, size_t n, uint64_t low, uint64_t range, struct cut *cut)
{
    uint16_t count[TURNS][NARROW];
    size_t i;

    assert(range < NARROW);
    for (unsigned t = 0; t < TURNS; t++)
        memset(count[t], 0, (range + 1) * sizeof *count[t]);
    for (i = 0; i + TURNS <= n; i += TURNS)
        for (unsigned t = 0; t < TURNS; t++)
            count[t][v[i + t] - low]++;
    for (; i < n; i++)
        count[0][v[i] - low]++;
    for (uint64_t k = 0; k <= range; k++) {
        size_t all = (size_t)count[0][k] + count[1][k] + count[2][k] + count[3][k];
        if (all > 0)
            cut_add(cut, low + k, all);
    }
}

/* Others are sorted by the bytes of their distance to the least; `a` and `b` are room for them. */
static void cut_far(const uint64_t *v, size_t n, uint64_t low, uint64_t range, uint64_t *a, uint64_t *b,
                    struct cut *cut)
{
    for (size_t i = 0; i < n; i++)
        a[i] = v[i] - low;
    for (unsigned shift = 0; shift < 64 && range >> shift; shift += 8) {
        uint32_t at[256] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            at[a[i] >> shift & 255]++;
        for (unsigned k = 0; k < 256; k++) {
            uint32_t here = at[k];
            at[k] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++)
            b[at[a[i] >> shift & 255]++] = a[i];
        uint64_t *other = a;
        a = b;
        b = other;
    }
    for (size_t i = 0, to; i < n; i = to) {
        for (to = i + 1; to < n && a[to] == a[i]; to++)
            ;
        cut_add(cut, low + a[i], to - i);
    }
}

/* Returns how many. */
static unsigned cut_fine(struct work *work, const uint64_t *v, size_t n, size_t n_fine, struct fine *fine)
{
    struct bounds bounds = bounds_of(v, n);
    struct cut cut = {fine, 0, n / n_fine + 1};
    uint64_t low = (uint64_t)bounds.low, range = (uint64_t)bounds.high - low;

    if (range < NARROW && range < 4 * n)
        cut_near(v, n, low, range, &cut);
    else
        cut_far(v, n, low, range, work->a, work->b, &cut);
    return cut.n;
}

/* ---- choosing bins -------------------------------------------------------------------------------------------- */

/* In LOG2_ONE-ths of a bit; huge when the places would be too long. */
static uint64_t cost_of(const struct fine *f, uint32_t log_n, unsigned bits_max)
{
    unsigned bits = f->step ? width_of(steps_in(f->high - f->low, f->step)) : 0;
    if (bits > bits_max)
        return TOO_MUCH;
    return f->count * (uint64_t)(log_n - log2_of(f->count) + bits * LOG2_ONE) + ENTRY_BITS * LOG2_ONE;
}

static struct fine join(const struct fine *lower, const struct fine *upper)
{
    uint64_t step = gcd(lower->step, upper->low - lower->low);
    if (step != 1)
        step = gcd(step, upper->step);
    return (struct fine){lower->low, upper->high, step, lower->count + upper->count};
}

/* Joins fine bins into the cheapest bins, in place; returns how many, 0 if there are too many. */
static unsigned join_fine(struct fine *fine, unsigned n_fine, size_t n, unsigned bits_max, uint64_t *cost)
{
    uint64_t best[FINE_MAX + 1] = {0};
    unsigned from[FINE_MAX + 1], k = 0;
    struct fine joined[FINE_MAX];
    uint32_t log_n = log2_of(n);

    for (unsigned to = 1; to <= n_fine; to++) {
        struct fine all = fine[to - 1];
        best[to] = UINT64_MAX;
        for (unsigned i = to; i-- > 0 && to - i <= JOIN_MAX;) {
            if (i + 1 < to)
                all = join(&fine[i], &all);
            uint64_t c = best[i] + cost_of(&all, log_n, bits_max);
            if (c < best[to]) {
                best[to] = c;
                from[to] = i;
            }
        }
    }
    for (unsigned to = n_fine; to > 0; to = from[to])
        k++;
    if (k > RANS_SYMBOLS_MAX)
        return 0;
    unsigned j = k;
    for (unsigned to = n_fine; to > 0; to = from[to]) {
        struct fine all = fine[to - 1];
        for (unsigned i = to - 1; i-- > from[to];)
            all = join(&fine[i], &all);
        joined[--j] = all;
    }
    memcpy(fine, joined, k * sizeof *fine);
    *cost = best[n_fine];
    return k;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static void differ(const uint64_t *z, size_t n, uint64_t *delta)
{
    delta[0] = 0;
    for (size_t i = 1; i < n; i++)
        delta[i] = z[i] - z[i - 1];
}

/* Places of wide columns are read one by one. */
static unsigned bits_max_of(const struct work *work)
{
    return work->is_wide ? BINS_BITS_MAX : PLACES_BITS_MAX;
}

static unsigned choose_bins(struct work *work, const uint64_t *v, size_t n, struct fine *fine, uint64_t *cost)
{
    size_t n_fine = n / FINE_ROWS_LEAST < FINE_ROWS_IN ? n / FINE_ROWS_LEAST : FINE_ROWS_IN;

    return join_fine(fine, cut_fine(work, v, n, n_fine, fine), n, bits_max_of(work), cost);
}

/* The class of a symbol is what happened: nothing, less, more. */
static void set_bins(struct work *work, const struct fine *fine, unsigned n_bins)
{
    work->model.n_symbols = n_bins;
    for (unsigned i = 0; i < n_bins; i++) {
        const struct fine *f = &fine[i];
        uint64_t step = f->step ? f->step : 1;
        work->bin[i] = (struct bin){f->low, step, width_of(steps_in(f->high - f->low, step))};
        work->model.class[i] = f->low == 0 ? 0 : f->low >> 63 ? 1 : 2;
    }
}

/* The last bin that begins at or below v, as signed integers. */
static uint8_t bin_of(const struct bin *bin, unsigned n_bins, uint64_t v)
{
    unsigned from = 0;
    for (unsigned n = n_bins; n > 1;) {
        unsigned half = n / 2;
        from = (int64_t)bin[from + half].low <= (int64_t)v ? from + half : from;
        n -= half;
    }
    return (uint8_t)from;
}

/* By a table of where the bins begin. */
static void look_up_symbols(struct work *work, const uint64_t *v, size_t n, uint64_t span)
{
    unsigned n_bins = work->model.n_symbols;
    uint64_t low = work->bin[0].low;
    uint8_t of[NARROW];

    for (unsigned k = 0; k + 1 < n_bins; k++)
        memset(of + (work->bin[k].low - low), (int)k, (size_t)(work->bin[k + 1].low - work->bin[k].low));
    of[span] = (uint8_t)(n_bins - 1);
    for (size_t i = 0; i < n; i++)
        work->symbol[i] = of[v[i] - low < span ? v[i] - low : span];
}

#define COUNTED_RUN 256 /* rows that stay in registers or near them */

/* By counting the bins that begin at or below: of few bins that is done many rows at a time, where 64 bits are compared
 * by registers. */
BODY void count_below(const struct bin *bin, unsigned n_bins, const uint64_t *v, size_t n, uint8_t *symbol)
{
    uint64_t low = bin[0].low, span = bin[n_bins - 1].low - low;

    for (size_t from = 0; from < n; from += COUNTED_RUN) {
        size_t n_here = n - from < COUNTED_RUN ? n - from : COUNTED_RUN;
        int16_t above[COUNTED_RUN] = {0}, below[COUNTED_RUN] = {0};
        for (size_t i = 0; i < n_here; i++)
            above[i] = (int16_t)(v[from + i] - low < span ? v[from + i] - low : span);
        for (unsigned k = 1; k < n_bins; k++) {
            int16_t begin = (int16_t)(bin[k].low - low);
            for (size_t i = 0; i < COUNTED_RUN; i++)
                below[i] = (int16_t)(below[i] + (above[i] >= begin));
        }
        for (size_t i = 0; i < n_here; i++)
            symbol[from + i] = (uint8_t)below[i];
    }
}

AVX2 static void count_below_avx2(const struct bin *bin, unsigned n_bins, const uint64_t *v, size_t n, uint8_t *symbol)
{
    count_below(bin, n_bins, v, n, symbol);
}

AVX512 static void count_below_avx512(const struct bin *bin, unsigned n_bins, const uint64_t *v, size_t n,
                                      uint8_t *symbol)
{
    count_below(bin, n_bins, v, n, symbol);
}

#define COUNTED_BINS 16 /* a row takes as long to be counted among about so many as to be looked up */

static void set_symbols(struct work *work, const uint64_t *v, size_t n)
{
    unsigned n_bins = work->model.n_symbols;
    uint64_t span = work->bin[n_bins - 1].low - work->bin[0].low;
    enum target target = target_best();

    if (span >= NARROW || span >= n)
        for (size_t i = 0; i < n; i++)
            work->symbol[i] = bin_of(work->bin, n_bins, v[i]);
    else if (n_bins > COUNTED_BINS || target == TARGET_PLAIN)
        look_up_symbols(work, v, n, span);
    else if (target == TARGET_AVX512)
        count_below_avx512(work->bin, n_bins, v, n, work->symbol);
    else
        count_below_avx2(work->bin, n_bins, v, n, work->symbol);
}

/* Counts for 9 contexts, of the lanes as they will run; by turns in two tables, as the same symbol comes again. */
static void count_symbols(struct work *work, size_t n)
{
    const uint8_t *symbol = work->symbol, *class = work->model.class;
    uint32_t odd[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX] = {{0}};
    size_t stretch = lanes_steps(n);

    memset(work->count, 0, sizeof work->count);
    for (size_t from = 0; from < n; from += stretch) {
        size_t to = from + stretch < n ? from + stretch : n, i = from;
        unsigned before = 0, last = 0;
        for (; i + 2 <= to; i += 2) {
            uint8_t a = symbol[i], b = symbol[i + 1];
            work->count[RANS_CLASSES * before + last][a]++;
            before = class[a];
            odd[RANS_CLASSES * last + before][b]++;
            last = class[b];
        }
        if (i < to)
            work->count[RANS_CLASSES * before + last][symbol[i]]++;
    }
    for (unsigned c = 0; c < RANS_CONTEXTS_MAX; c++)
        for (unsigned i = 0; i < work->model.n_symbols; i++)
            work->count[c][i] += odd[c][i];
}

/* Fewer contexts know less of the past: what each counts is the sum of those that it cannot tell apart. */
static void fold_contexts(struct work *work, unsigned n_contexts)
{
    for (unsigned c = n_contexts; c < RANS_CONTEXTS_MAX; c++) {
        for (unsigned i = 0; i < work->model.n_symbols; i++)
            work->count[c % n_contexts][i] += work->count[c][i];
        memset(work->count[c], 0, sizeof work->count[c]);
    }
}

/* What symbols and tables take, in LOG2_ONE-ths of a bit. */
static uint64_t context_cost(const struct work *work, unsigned n_contexts)
{
    uint64_t cost = 0;

    for (unsigned k = 0; k < n_contexts; k++) {
        uint32_t count[RANS_SYMBOLS_MAX] = {0};
        uint64_t total = 0;
        for (unsigned c = k; c < RANS_CONTEXTS_MAX; c += n_contexts)
            for (unsigned i = 0; i < work->model.n_symbols; i++)
                count[i] += work->count[c][i];
        for (unsigned i = 0; i < work->model.n_symbols; i++)
            total += count[i];
        uint32_t log_total = total ? log2_of(total) : 0;
        for (unsigned i = 0; i < work->model.n_symbols; i++)
            if (count[i])
                cost += count[i] * (uint64_t)(log_total - log2_of(count[i])) + 12 * LOG2_ONE;
    }
    return cost;
}

/* A small table is filled in less time and its frequencies take fewer bytes: 8 bits were best for all but many symbols.
 */
static unsigned table_bits(const struct rans_model *model)
{
    unsigned bits = RANS_BITS_MIN;
    while (model->n_symbols > UINT32_C(1) << bits >> 3 && bits < (model->n_contexts == 1 ? 11 : 10))
        bits++;
    return bits;
}

static void choose_contexts(struct work *work, size_t n)
{
    static const unsigned choices[] = {9, 3, 1};
    uint64_t best = UINT64_MAX;

    count_symbols(work, n);
    for (unsigned k = 0; k < 3; k++) {
        uint64_t cost = context_cost(work, choices[k]);
        if (cost < best - best / 32) { /* fewer contexts decode faster */
            best = cost;
            work->model.n_contexts = choices[k];
        }
        if (k == 0)
            best += best / 32;
    }
    fold_contexts(work, work->model.n_contexts);
    work->model.bits = table_bits(&work->model);
    for (unsigned c = 0; c < work->model.n_contexts; c++)
        rans_normalise(work->count[c], work->model.n_symbols, work->model.bits, work->model.frequency[c]);
}

static void put_bins(const struct work *work, bool is_delta, struct buffer *out)
{
    const struct rans_model *model = &work->model;
    unsigned contexts = model->n_contexts == 9 ? MODE_9 : model->n_contexts == 3 ? MODE_3 : 0;

    unsigned bits = model->bits - (work->is_wide ? MODE_WIDE_BITS : 0);

    buffer_put_u8(out, (uint8_t)((is_delta ? MODE_DELTA : 0u) | contexts | MODE_LANES | bits << 4));
    buffer_put_u8(out, (uint8_t)(model->n_symbols - 1));
    for (unsigned i = 0; i < model->n_symbols; i++) {
        const struct bin *bin = &work->bin[i];
        buffer_put_varint(out, i ? bin->low - work->bin[i - 1].low : zigzag((int64_t)bin->low));
        buffer_put_u8(out, (uint8_t)(bin->bits | (bin->step != 1 ? STEP_FLAG : 0u)));
        if (bin->step != 1)
            buffer_put_varint(out, bin->step);
    }
    for (unsigned c = 0; c < model->n_contexts; c++)
        for (unsigned i = 0; i < model->n_symbols; i++) {
            uint8_t n_more = 0;
            buffer_put_varint(out, model->frequency[c][i]);
            if (model->frequency[c][i])
                continue;
            while (i + 1 < model->n_symbols && model->frequency[c][i + 1] == 0) {
                n_more++;
                i++;
            }
            buffer_put_u8(out, n_more);
        }
}

/* Lanes that end before the others go on with the symbols that cost least. */
static void go_on(struct work *work, size_t n, size_t stretch)
{
    const struct rans_model *model = &work->model;
    uint8_t likely[RANS_CONTEXTS_MAX] = {0};

    for (unsigned c = 0; c < model->n_contexts; c++)
        for (unsigned i = 0; i < model->n_symbols; i++)
            likely[c] = model->frequency[c][i] > model->frequency[c][likely[c]] ? (uint8_t)i : likely[c];
    for (size_t k = n / stretch; k < LANES; k++) {
        unsigned context = 0;
        for (size_t row = k * stretch; row < (k + 1) * stretch; row++) {
            uint8_t s = work->symbol[row] = row < n ? work->symbol[row] : likely[context];
            context = rans_next(context, model->class[s], model -> n_contexts);
        }
    }
}

typedef uint8_t row16 __attribute__((vector_size(16)));

/* Row i of 16 x 16 bytes becomes column i: each turn puts a row's bytes beside those of the row eight below. */
BODY void transpose(row16 v[16])
{
#pragma GCC unroll 4
    for (unsigned turn = 0; turn < 4; turn++) {
        row16 t[16];
#pragma GCC unroll 8
        for (unsigned i = 0; i < 8; i++) {
            t[2 * i] = __builtin_shufflevector(v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            t[2 * i + 1] =
                __builtin_shufflevector(v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(v, t, sizeof t);
    }
}

/* Lanes side by side. */
static void set_laned(struct work *work, size_t n)
{
    size_t stretch = lanes_steps(n), i = 0;
    row16 v[16];

    if (n < LANES * stretch)
        go_on(work, n, stretch);
    for (; i + 16 <= stretch; i += 16)
        for (size_t half = 0; half < LANES; half += 16) {
            for (size_t k = 0; k < 16; k++)
                memcpy(&v[k], work->symbol + (half + k) * stretch + i, sizeof v[k]);
            transpose(v);
            for (size_t k = 0; k < 16; k++)
                memcpy(work->laned + (i + k) * LANES + half, &v[k], sizeof v[k]);
        }
    for (; i < stretch; i++)
        for (size_t k = 0; k < LANES; k++)
            work->laned[i * LANES + k] = work->symbol[k * stretch + i];
}

/* Bits side by side. */
struct bits {
    uint8_t *out;
    size_t at;
    uint64_t pending;
    unsigned n_pending; /* < 8 between places */
};

BODY void put_place(struct bits *bits, const struct bin *bin, const uint64_t *v)
{
    uint64_t place = v ? steps_in(*v - bin->low, bin->step) : 0;

    bits->pending |= place << bits->n_pending;
    bits->n_pending += bin->bits; /* <= 63 */
    store_u64(bits->out + bits->at, bits->pending);
    bits->at += bits->n_pending / 8;
    bits->pending >>= bits->n_pending / 8 * 8;
    bits->n_pending %= 8;
}

/* The places of n rows, see places.h; returns the bytes used. */
static size_t put_laned_places(const struct work *work, const uint64_t *v, size_t n, uint8_t *out)
{
    size_t stretch = lanes_steps(n);
    struct bits bits = {out, 0, 0, 0};
    bool has_place[RANS_SYMBOLS_MAX] = {false};

    for (unsigned i = 0; i < work->model.n_symbols; i++)
        has_place[i] = work->bin[i].bits > 0;

    for (size_t from = 0, to; from < stretch; from = to) {
        to = from + LANES_STEPS < stretch ? from + LANES_STEPS : stretch;
        for (size_t half = 0; half < LANES; half += PLACES_HALF)
            for (size_t i = from; i < to; i++)
                for (size_t k = half; k < half + PLACES_HALF; k++) {
                    uint8_t s = work->laned[i * LANES + k];
                    size_t row = k * stretch + i;
                    if (has_place[s])
                        put_place(&bits, &work->bin[s], row < n ? &v[row] : NULL);
                }
    }
    return bits.at + (bits.n_pending > 0);
}

/* Those of a wide column, row by row. */
static size_t put_wide_places(const struct work *work, const uint64_t *v, size_t n, uint8_t *out)
{
    struct bits bits = {out, 0, 0, 0};

    for (size_t i = 0; i < n; i++)
        if (work->bin[work->symbol[i]].bits > 0)
            put_place(&bits, &work->bin[work->symbol[i]], &v[i]);
    return bits.at + (bits.n_pending > 0);
}

/* The whole column to *out. */
static void put_all(struct work *work, const uint64_t *z, const uint64_t *v, size_t n, bool is_delta,
                    struct buffer *out)
{
    static const uint8_t guard[GUARD] = {0};

    put_bins(work, is_delta, out);
    if (is_delta)
        buffer_put_varint(out, zigzag((int64_t)z[0]));
    set_laned(work, n);
    size_t symbols = lanes_encode(&work->model, work->laned, lanes_steps(n), work->bytes);
    size_t places = (work->is_wide ? put_wide_places : put_laned_places)(work, v, n, work->bytes + symbols);
    buffer_put_varint(out, symbols);
    buffer_put(out, work->bytes, symbols + places);
    buffer_put(out, guard, GUARD);
}

/* ---- is it worth trying? -------------------------------------------------------------------------------------- */

/* Some stretches of `run` rows of a column, end to end; returns how many rows. */
static size_t take_sample(const uint64_t *z, size_t n, size_t run, uint64_t *sample)
{
    size_t every = n / SAMPLE_RUNS > run ? n / SAMPLE_RUNS : run, k = 0;
    for (size_t i = 0; i + run <= n && k < run * SAMPLE_RUNS; i += every) {
        memcpy(sample + k, z + i, run * sizeof *z);
        k += run;
    }
    return k;
}

#define SEEN_BITS 10 /* about twice as many slots as rows of a sample */

static_assert(2 * SAMPLE_RUN * SAMPLE_RUNS <= 1 << SEEN_BITS, "slots for all");

/* How many rows were seen before; the last one to come has its slot. */
static size_t count_repeated(const uint64_t *sample, size_t n)
{
    uint64_t seen[1 << SEEN_BITS] = {0};
    size_t n_repeated = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t mixed = (sample[i] + 1) * UINT64_C(0x9E3779B97F4A7C15); /* 0 is an empty slot; wrong for one */
        n_repeated += seen[mixed >> (64 - SEEN_BITS)] == mixed;
        seen[mixed >> (64 - SEEN_BITS)] = mixed;
    }
    return n_repeated;
}

/*
 * Whether bins of integers could take `most` a row: half of them come again, or all are near each other. Of most wide
 * columns neither is true, and sorting some of their rows to be sure was a quarter of encoding.
 */
static bool is_gathered(const uint64_t *sample, size_t n, uint64_t most)
{
    struct bounds bounds = bounds_of(sample, n);

    return width_of((uint64_t)bounds.high - (uint64_t)bounds.low) * LOG2_ONE <= most ||
           count_repeated(sample, n) >= n / 2;
}

/* A symbol of a difference: small ones their own, then two an octave; its place takes *bits. */
static unsigned symbol_of(uint64_t difference, unsigned *bits)
{
    uint64_t u = zigzag((int64_t)difference);
    *bits = 0;
    if (u < 16)
        return (unsigned)u;
    unsigned w = 63 - (unsigned)__builtin_clzll(u);
    *bits = w - 1;
    return 16 + 2 * (w - 4) + (u >> (w - 1) & 1);
}

#define GUESS_SYMBOLS (16 + 2 * 60)

/* What differences would take a row, of which each knows whether the one before was nothing, less or more. */
static uint64_t guess_delta(const uint64_t *sample, size_t n, size_t run)
{
    uint16_t count[RANS_CLASSES][GUESS_SYMBOLS] = {{0}};
    uint32_t total[RANS_CLASSES] = {0};
    uint64_t cost = 0;
    unsigned class = 0;

    for (size_t i = 1; i < n; i++) {
        unsigned bits;
        if (i % run == 0)
            continue;
        uint64_t d = sample[i] - sample[i - 1];
        count[class][symbol_of(d, &bits)]++;
        total[class]++;
        cost += bits * LOG2_ONE;
        class = d == 0 ? 0 : d >> 63 ? 1 : 2;
    }
    for (unsigned c = 0; c < RANS_CLASSES; c++) {
        uint32_t log_total = total[c] ? log2_of(total[c]) : 0;
        for (unsigned i = 0; total[c] && i < GUESS_SYMBOLS; i++)
            if (count[c][i])
                cost += count[c][i] * (uint64_t)(log_total - log2_of(count[c][i]));
    }
    return cost / n;
}

#define FLOOR_MARGIN 8 /* joined bins never took less than the fine ones without entries less one part in so many */

/* What integers would take a row; more than `most` is not told exactly. */
static uint64_t guess_direct(struct work *work, const uint64_t *sample, size_t n, uint64_t most)
{
    struct fine fine[FINE_MAX];
    uint64_t cost = 0;

    unsigned n_fine = cut_fine(work, sample, n, SAMPLE_FINE, fine);
    for (unsigned i = 0; i < n_fine; i++)
        cost += cost_of(&fine[i], log2_of(n), bits_max_of(work)) - ENTRY_BITS * LOG2_ONE;
    if ((cost - cost / FLOOR_MARGIN) / n > most || join_fine(fine, n_fine, n, bits_max_of(work), &cost) == 0)
        return UINT64_MAX;
    return cost / n;
}

/*
 * Whether some stretches of the column promise fewer than `limit` bytes. A sample shows fewer symbols than the column
 * has and knows nothing of their entries, hence the margins. Integers are not tried where differences are far better.
 */
static bool is_promising(struct work *work, const uint64_t *z, size_t n, size_t limit, bool *tries_direct)
{
    uint64_t sample[SAMPLE_RUN * SAMPLE_RUNS], more[SAMPLE_RUN_LONG * SAMPLE_RUNS] = {0},
                                                                      a_row = limit * 8 * LOG2_ONE / n;
    size_t k = take_sample(z, n, SAMPLE_RUN, sample);

    bool is_wide = a_row >= WIDE_BITS * LOG2_ONE;
    uint64_t delta = guess_delta(sample, k, SAMPLE_RUN);
    bool is_delta_fine = delta + delta / 16 + LOG2_ONE / 24 < a_row;
    if (is_delta_fine && is_wide) {
        /* The more symbols, the fewer of them a sample shows: more rows are asked, which is still cheap. What bins then
         * took was 3.5 to 8 % more, in some hundred columns of meters. */
        delta = guess_delta(more, take_sample(z, n, SAMPLE_RUN_LONG, more), SAMPLE_RUN_LONG);
        is_delta_fine = delta + delta / 32 < a_row;
    }
    *tries_direct = true;
    if (a_row < DIRECT_BITS_MIN * LOG2_ONE && (!is_delta_fine || delta < LOG2_ONE))
        return is_delta_fine;
    uint64_t of_delta = delta + delta / 4, of_row = a_row + (a_row < DIRECT_WIDE * LOG2_ONE ? a_row / 8 : 0);
    uint64_t most = is_delta_fine ? of_delta : of_row;
    uint64_t direct = is_gathered(sample, k, most) ? guess_direct(work, sample, k, most) : UINT64_MAX;
    *tries_direct = !is_delta_fine || direct < of_delta;
    return is_delta_fine || direct < of_row;
}

/* The better of integers and differences, if it is small enough, to *out. */
static void try_both(struct work *work, const uint64_t *z, size_t n, size_t limit, bool tries_direct,
                     struct buffer *out)
{
    struct fine direct[FINE_MAX], delta[FINE_MAX];
    uint64_t direct_cost = UINT64_MAX, delta_cost = UINT64_MAX;

    differ(z, n, work->delta);
    unsigned n_direct = tries_direct ? choose_bins(work, z, n, direct, &direct_cost) : 0;
    unsigned n_delta = choose_bins(work, work->delta, n, delta, &delta_cost);
    bool is_delta = n_delta && (n_direct == 0 || delta_cost < direct_cost + direct_cost / 4); /* contexts help it */
    unsigned n_bins = is_delta ? n_delta : n_direct;
    uint64_t cost = is_delta ? delta_cost / 2 : direct_cost;
    const uint64_t *v = is_delta ? work->delta : z;

    if (n_bins == 0 || cost >= limit * 8 * LOG2_ONE)
        return;
    set_bins(work, is_delta ? delta : direct, n_bins);
    set_symbols(work, v, n);
    choose_contexts(work, n);
    put_all(work, z, v, n, is_delta, out);
}

int bins_encode(const struct mem *mem, const uint64_t *z, size_t n, size_t limit, struct buffer *out)
{
    struct buffer all;

    assert(n >= BINS_LANES_MIN && n <= CHUNK_ROWS_MAX);
    struct work *work = mem_new(mem, sizeof *work);
    if (!work)
        return GK_ENOMEM;
    buffer_init(&all, mem);
    struct bounds bounds = bounds_of(z, n);
    work->is_wide = (uint64_t)bounds.high - (uint64_t)bounds.low > INT32_MAX;
    bool tries_direct;
    if (is_promising(work, z, n, limit, &tries_direct))
        try_both(work, z, n, limit, tries_direct, &all);
    if (all.failed)
        out->failed = true;
    else if (all.size && all.size < limit)
        buffer_put(out, all.bytes, all.size);
    buffer_clear(&all);
    mem_free(mem, work);
    return buffer_status(out);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static int read_bins(struct reader *reader, struct bins_view *out)
{
    unsigned mode = reader_u8(reader);
    struct rans_model *model = &out->model;

    model->n_contexts = mode & MODE_9 ? 9 : mode & MODE_3 ? 3 : 1;
    model->bits = mode >> 4;
    model->n_symbols = reader_u8(reader) + 1u;
    out->is_delta = mode & MODE_DELTA;
    out->is_laned = mode & MODE_LANES;
    out->is_wide = out->is_laned && model->bits < MODE_WIDE_BITS;
    model->bits += out->is_wide ? MODE_WIDE_BITS : 0;
    if (reader->failed || (mode & 6) == 6 || !rans_contexts_are_valid(model->n_contexts, model->bits))
        return GK_ECORRUPT;
    for (unsigned i = 0; i < model->n_symbols; i++) {
        struct bin *bin = &out->bin[i];
        uint64_t v = reader_varint(reader);
        bin->low = i ? out->bin[i - 1].low + v : (uint64_t)unzigzag(v);
        bin->bits = reader_u8(reader);
        bin->step = bin->bits & STEP_FLAG ? reader_varint(reader) : 1;
        bin->bits &= STEP_FLAG - 1u;
        if (reader->failed || bin->bits > (out->is_laned && !out->is_wide ? PLACES_BITS_MAX : BINS_BITS_MAX))
            return GK_ECORRUPT;
        model->class[i] = bin->low == 0 ? 0 : bin->low >> 63 ? 1 : 2;
    }
    return GK_OK;
}

static int read_frequencies(struct reader *reader, struct rans_model *model)
{
    for (unsigned c = 0; c < model->n_contexts; c++)
        for (unsigned i = 0; i < model->n_symbols; i++) {
            uint64_t f = reader_varint(reader);
            if (reader->failed || f > UINT64_C(1) << model->bits)
                return GK_ECORRUPT;
            model->frequency[c][i] = (uint16_t)f;
            if (f)
                continue;
            unsigned n_more = reader_u8(reader);
            if (n_more >= model->n_symbols - i)
                return GK_ECORRUPT;
            for (; n_more > 0; n_more--)
                model->frequency[c][++i] = 0;
        }
    return GK_OK;
}

static int open_lanes(struct reader *reader, struct bins_view *out)
{
    out->first[0] = out->is_delta ? (uint64_t)unzigzag(reader_varint(reader)) : out->bin[0].low;
    uint64_t size = reader_varint(reader);
    out->bytes = reader->bytes + reader->at;
    out->size = reader->size - reader->at;
    if (reader->failed || out->size < GUARD || size > out->size - GUARD)
        return GK_ECORRUPT;
    out->symbols_at[0] = 0;
    out->places_at[0] = (size_t)size;
    out->symbols_at[1] = out->size - GUARD;
    return GK_OK;
}

static int open_blocks(struct reader *reader, struct bins_view *out)
{
    uint64_t sizes[BINS_BLOCKS_MAX][2], at = 0;

    for (uint32_t i = 0; i < out->n_blocks; i++) {
        out->first[i] = out->is_delta ? (uint64_t)unzigzag(reader_varint(reader)) : 0;
        sizes[i][0] = reader_varint(reader);
        sizes[i][1] = reader_varint(reader);
    }
    if (reader->failed)
        return GK_ECORRUPT;
    out->bytes = reader->bytes + reader->at;
    out->size = reader->size - reader->at;
    for (uint32_t i = 0; i < out->n_blocks; i++) {
        out->symbols_at[i] = (size_t)at;
        if (sizes[i][0] > out->size || sizes[i][1] > out->size)
            return GK_ECORRUPT;
        out->places_at[i] = (size_t)(at + sizes[i][0]);
        at += sizes[i][0] + sizes[i][1];
    }
    if (at + GUARD != out->size)
        return GK_ECORRUPT;
    out->symbols_at[out->n_blocks] = (size_t)at;
    return GK_OK;
}

int bins_open(struct reader *reader, uint32_t n_rows, struct bins_view *out)
{
    int rc;

    TRY(read_bins(reader, out));
    TRY(read_frequencies(reader, &out->model));
    out->n_rows = n_rows;
    out->n_blocks = (n_rows + BINS_BLOCK - 1) / BINS_BLOCK;
    rc = out->is_laned ? open_lanes(reader, out) : open_blocks(reader, out);
done:
    return rc;
}

/* ---- lanes ---------------------------------------------------------------------------------------------------- */

/* In 32 bits, counted from the first integer: the lowest one, or the first row's. */
static void fill_places(const struct bins_view *bins, struct places_table *out)
{
    uint64_t from = bins->is_delta ? 0 : bins->first[0];

    *out = (struct places_table){.n_bins = bins->model.n_symbols, .is_delta = bins->is_delta};
    for (unsigned i = 0; i < bins->model.n_symbols; i++) {
        const struct bin *bin = &bins->bin[i];
        out->low[i] = (uint32_t)(bin->low - from);
        out->bits[i] = bin->bits;
        out->step[i] = (uint32_t)bin->step;
        out->has_places |= bin->bits > 0;
        out->has_steps |= bin->step != 1;
    }
}

/* What each lane counts from: of differences, where the one before it ended. */
static void set_bases(const struct bins_view *bins, const struct places *places, uint64_t base[LANES])
{
    base[0] = bins->first[0];
    for (unsigned k = 1; k < LANES; k++)
        base[k] = base[k - 1] + (bins->is_delta ? (uint64_t)(int64_t)(int32_t)places->last[k - 1] : 0);
}

/* By some table of integers. */
static int get_lanes(const struct bins_view *bins, const struct places_table *integers, struct places *places,
                     uint32_t *near)
{
    struct lanes_table symbols;
    struct lanes lanes;
    uint8_t symbol[LANES_STEPS][LANES];
    size_t stretch = lanes_steps(bins->n_rows);

    *places = (struct places){bins->bytes + bins->places_at[0], bins->symbols_at[1] - bins->places_at[0], 0, {0}};
    if (!lanes_table(&bins->model, &symbols) || !lanes_begin(bins->bytes, bins->places_at[0], &lanes))
        return GK_ECORRUPT;
    for (size_t i = 0; i < stretch; i += LANES_STEPS) {
        size_t n = stretch - i < LANES_STEPS ? stretch - i : LANES_STEPS;
        if (!lanes_next(&symbols, &lanes, n, symbol))
            return GK_ECORRUPT;
        places_next(integers, places, symbol, n, i, stretch, near);
    }
    return lanes_are_done(&lanes) ? GK_OK : GK_ECORRUPT;
}

int bins_get_lanes(const struct bins_view *bins, uint64_t base[LANES], uint32_t near[CHUNK_ROWS_MAX])
{
    struct places_table integers;
    struct places places;

    assert(bins->is_laned && !bins->is_wide);
    fill_places(bins, &integers);
    int rc = get_lanes(bins, &integers, &places, near);
    if (rc == GK_OK && !places_are_done(&places))
        rc = GK_ECORRUPT;
    if (rc == GK_OK)
        set_bases(bins, &places, base);
    return rc;
}

static void add_up(uint64_t first, uint64_t *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        z[i] = first += z[i];
}

/* Bins and places to integers or differences; false if the places do not end where they should. */
BODY bool wide_body(const struct bins_view *bins, const uint32_t *symbol, uint64_t *z)
{
    const uint8_t *bytes = bins->bytes + bins->places_at[0];
    size_t bit = 0, size = bins->symbols_at[1] - bins->places_at[0];

    for (size_t i = 0; i < bins->n_rows; i++) {
        const struct bin *bin = &bins->bin[symbol[i]];
        size_t at = bit / 8 < size ? bit / 8 : size; /* the guard is behind */
        uint64_t place = load_u64(bytes + at) >> bit % 8 & ((UINT64_C(1) << bin->bits) - 1);
        z[i] = bin->low + place * bin->step;
        bit += bin->bits;
    }
    return (bit + 7) / 8 == size;
}

/* Not for its vectors: shifts by a variable are cheaper there. */
AVX2 static bool wide_avx2(const struct bins_view *bins, const uint32_t *symbol, uint64_t *z)
{
    return wide_body(bins, symbol, z);
}

int bins_get_wide(const struct bins_view *bins, uint64_t z[CHUNK_ROWS_MAX])
{
    struct places_table symbols = {.n_bins = bins->model.n_symbols};
    struct places none;
    uint32_t symbol[CHUNK_ROWS_MAX];

    assert(bins->is_laned && bins->is_wide);
    for (unsigned i = 0; i < bins->model.n_symbols; i++)
        symbols.low[i] = i;
    int rc = get_lanes(bins, &symbols, &none, symbol);
    if (rc == GK_OK && !(target_best() >= TARGET_AVX2 ? wide_avx2(bins, symbol, z) : wide_body(bins, symbol, z)))
        rc = GK_ECORRUPT;
    if (rc == GK_OK && bins->is_delta)
        add_up(bins->first[0], z, bins->n_rows);
    return rc;
}

/* ---- earlier columns ------------------------------------------------------------------------------------------ */

/* Bins and places to integers or differences; false if the places do not end where they should. */
BODY bool places_body(const struct bins_view *bins, uint32_t block, const uint8_t *symbol, size_t n, uint64_t *z)
{
    const uint8_t *bytes = bins->bytes + bins->places_at[block];
    size_t bit = 0, size = bins->symbols_at[block + 1] - bins->places_at[block];

    for (size_t i = 0; i < n; i++) {
        const struct bin *bin = &bins->bin[symbol[i]];
        size_t at = bit / 8 < size ? bit / 8 : size; /* the guard is behind */
        uint64_t place = load_u64(bytes + at) >> bit % 8 & ((UINT64_C(1) << bin->bits) - 1);
        z[i] = bin->low + place * bin->step;
        bit += bin->bits;
    }
    return (bit + 7) / 8 == size;
}

/* Not for its vectors: shifts by a variable are cheaper there. */
AVX2 static bool places_avx2(const struct bins_view *bins, uint32_t block, const uint8_t *symbol, size_t n, uint64_t *z)
{
    return places_body(bins, block, symbol, n, z);
}

static bool get_places(const struct bins_view *bins, uint32_t block, const uint8_t *symbol, size_t n, uint64_t *z)
{
    return target_best() >= TARGET_AVX2 ? places_avx2(bins, block, symbol, n, z)
                                        : places_body(bins, block, symbol, n, z);
}

static size_t block_rows(const struct bins_view *bins, uint32_t block)
{
    size_t from = (size_t)block * BINS_BLOCK;
    return bins->n_rows - from < BINS_BLOCK ? bins->n_rows - from : BINS_BLOCK;
}

/* n_blocks of the same number of rows. */
static int get_blocks(const struct bins_view *bins, const struct rans_table *table, uint32_t from, unsigned n_blocks,
                      uint64_t *z)
{
    uint8_t symbol[RANS_LANES][BINS_BLOCK];
    struct rans_stream stream[RANS_LANES] = {{0}};
    size_t n = block_rows(bins, from);

    for (unsigned k = 0; k < n_blocks; k++)
        stream[k] = (struct rans_stream){bins->bytes, bins->symbols_at[from + k], bins->places_at[from + k], bins->size,
                                         &symbol[k][0]};
    if (!rans_decode(table, stream, n_blocks, n))
        return GK_ECORRUPT;
    for (unsigned k = 0; k < n_blocks; k++, z += BINS_BLOCK) {
        if (!get_places(bins, from + k, symbol[k], n, z))
            return GK_ECORRUPT;
        if (bins->is_delta)
            add_up(bins->first[from + k], z, n);
    }
    return GK_OK;
}

int bins_get(const struct bins_view *bins, const struct rans_table *table, uint32_t from, uint32_t to, uint64_t *z)
{
    int rc = GK_OK;

    assert(from <= to && to <= bins->n_blocks);
    while (rc == GK_OK && from < to) {
        unsigned n = to - from < RANS_LANES ? to - from : RANS_LANES;
        if (n > 1 && block_rows(bins, from + n - 1) < BINS_BLOCK)
            n--;
        rc = get_blocks(bins, table, from, n, z);
        from += n;
        z += (size_t)n * BINS_BLOCK;
    }
    return rc;
}
