/*
 * column.c - one channel's values, see column.h for the bytes.
 *
 * The scale is chosen for the whole column: decimals first, and only if that came out large (see DECIMAL_IS_GOOD) bit
 * patterns as well, if they are smaller in some mini blocks, of which the smaller is kept. Each mini block then takes
 * the smallest of the cheap codecs. LZ4 is slow on small blocks, so every LZ4_EVERY-th block of a column of bit
 * patterns tries it, and the others only once one of those won. What is still large has a dictionary if its values are
 * few.
 */
#include "codec/column.h"

#include <assert.h>
#include <math.h>

#include "base/error.h"
#include "codec/dictionary.h"
#include "codec/drift.h"
#include "codec/mask.h"
#include "codec/spread.h"
#include "codec/summary.h"
#include "codec/target.h"

#define TAG_CODEC  0x0F
#define TAG_BESIDE 0x10
#define TAG_REST   0x20 /* integers are what differs from the prediction */
#define TAG_DRIFT  0x40 /* some values are a few patterns off */
#define TAG_FULL   0x80 /* those beside have an integer as well, which means nothing */

enum missing { MISSING_NONE, MISSING_LIST, MISSING_MASK, MISSING_ALL };

/* Room of one mini block: everything beside is the worst case, 9 bytes a value. */
#define MINI_SIZE_MAX (1 + 3 + 1 + CHUNK_MINI / 8 + 9 * CHUNK_MINI + DRIFT_SIZE_MAX + CODECS_SIZE_MAX)

#define KIND_DICTIONARY     3 /* where others have a scale */
#define KIND_BINNED         0x10
#define KIND_PREDICTED      0x20
#define BINNED_LEAST        16 /* columns of less than a byte in so many rows are small enough */
#define BINNED_BESIDE       16 /* a binned column has at most one row in so many beside */
#define BINNED_GAIN         8  /* a binned column is smaller by one part in so many, as it decodes slower; */
#define BINNED_WIDE         6  /* and if it takes more bits a value than this, where packed ones decode fastest, */
#define BINNED_GAIN_OF_WIDE 5

#define FULL_BESIDE                                                                                                    \
    16 /* at most one row in so many: full blocks decode twice as fast, and take more for each beside                  \
        */
#define DECIMAL_IS_GOOD 5  /* bytes a value: bit patterns of noisy measurements take 6 to 8 */
#define DIGITS_BESIDE   16 /* a column of ranks has at most one row in so many beside */
#define FEW_DECIMALS    9  /* less than one value in so many: those beside take more than any bit patterns */
#define LZ4_EVERY       8
#define DICTIONARY_ROWS 512 /* a shorter column has no dictionary */
#define DICTIONARY_BITS 10  /* nor has one that takes fewer bits a value */
#define DICTIONARY_GAIN 3   /* it makes mini blocks smaller by one part in so many: bins and bit patterns save less */

static_assert(CHUNK_MINI == CODECS_BLOCK_MAX, "a mini block is one block of the codecs");
static_assert(CODECS_N <= TAG_CODEC + 1, "a codec's number fits its tag");

/* ---- values beside -------------------------------------------------------------------------------------------- */

/* Which rows of a mini block have no integer. */
struct beside {
    size_t n, n_missing, n_others;
    uint8_t row[CHUNK_MINI], missing[CHUNK_MINI],
        other[CHUNK_MINI]; /* all; those without a value; those with another */
};

/* Tells what has an integer, or nearly: how far that is off goes to *drift, the rest to *out. */
static void part(struct scale scale, const double *value, size_t n, const uint64_t *z, struct beside *out,
                 struct drift *drift)
{
    uint8_t is_odd[CHUNK_MINI + 1];
    double back[CHUNK_MINI], most = scale.kind == SCALE_DECIMAL ? scale_value(scale, SCALE_INTEGER_MAX - 1) : 0;

    scale_odd(scale, value, n, is_odd);
    is_odd[n] = 1;
    scale_invert(scale, z, n, back);
    out->n = out->n_missing = out->n_others = drift->n = 0;
    for (size_t i = 0;; i++) {
        i += (size_t)((const uint8_t *)memchr(is_odd + i, 1, n + 1 - i) - (is_odd + i));
        if (i == n)
            return;
        bool is_inside = value[i] >= -most && value[i] <= most; /* of what decimals round */
        if (is_inside && drift_add(drift, i, value[i], back[i]))
            continue;
        out->row[out->n++] = (uint8_t)i;
        if (gk_is_missing(value[i]))
            out->missing[out->n_missing++] = (uint8_t)i;
        else
            out->other[out->n_others++] = (uint8_t)i;
    }
}

/* Moves the integers of rows that are not beside to the front; returns how many. */
static size_t move_together(const struct beside *beside, size_t n, uint64_t *z)
{
    size_t k = 0, from = 0;

    for (size_t i = 0; i <= beside->n; i++) {
        size_t to = i < beside->n ? beside->row[i] : n;
        memmove(z + k, z + from, (to - from) * sizeof *z);
        k += to - from;
        from = to + 1;
    }
    return k;
}

/* Gives the rows beside integers that hardly cost: those of a neighbour. */
static void fill_up(const struct beside *beside, uint64_t *z)
{
    size_t first = 0; /* that is not beside */

    while (first < beside->n && beside->row[first] == first)
        first++;
    for (size_t i = 0; i < beside->n; i++)
        z[beside->row[i]] = beside->row[i] > 0 ? z[beside->row[i] - 1] : z[first];
}

static enum missing missing_kind(const struct beside *beside, size_t n)
{
    if (beside->n_missing == 0)
        return MISSING_NONE;
    if (beside->n_missing == n)
        return MISSING_ALL;
    return beside->n_missing + 1 <= (n + 7) / 8 ? MISSING_LIST : MISSING_MASK;
}

static size_t put_beside(const struct beside *beside, const double *value, size_t n, uint8_t *out)
{
    size_t at = 1 + varint_put(out + 1, beside->n_others);

    out[0] = (uint8_t)missing_kind(beside, n);
    if (out[0] == MISSING_LIST) {
        out[at++] = (uint8_t)beside->n_missing;
        memcpy(out + at, beside->missing, beside->n_missing);
        at += beside->n_missing;
    } else if (out[0] == MISSING_MASK) {
        memset(out + at, 0, (n + 7) / 8);
        for (size_t i = 0; i < beside->n_missing; i++)
            out[at + beside->missing[i] / 8] |= (uint8_t)(1u << beside->missing[i] % 8);
        at += (n + 7) / 8;
    }
    for (size_t i = 0; i < beside->n_others; i++) {
        out[at] = beside->other[i];
        store_f64(out + at + 1, value[beside->other[i]]);
        at += 9;
    }
    return at;
}

#define BESIDE_WORDS ((CHUNK_MINI + 63) / 64)

/* The first row from `from` on that is beside, or n. */
static size_t next_beside_of(const uint64_t *is_beside, size_t from, size_t n)
{
    for (size_t w = from / 64; w < BESIDE_WORDS && 64 * w < n; w++) {
        uint64_t bits = is_beside[w];
        if (w == from / 64)
            bits &= UINT64_MAX << from % 64;
        if (bits)
            return 64 * w + (size_t)__builtin_ctzll(bits);
    }
    return n;
}

/* Marks a row; false when there is none or it is marked already. */
static bool mark(uint64_t *is_beside, size_t row, size_t n)
{
    if (row >= n || is_beside[row / 64] >> row % 64 & 1)
        return false;
    is_beside[row / 64] |= UINT64_C(1) << row % 64;
    return true;
}

/* Marks the rows that are missing, counts and writes them. */
static int get_missing(struct reader *reader, enum missing kind, size_t n, uint64_t *is_beside, double *out,
                       size_t *count)
{
    size_t size = kind == MISSING_LIST ? reader_u8(reader) : kind == MISSING_MASK ? (n + 7) / 8 : 0;
    const uint8_t *p = reader_take(reader, size);

    if (reader->failed || kind > MISSING_ALL)
        return GK_ECORRUPT;
    for (size_t i = 0; kind == MISSING_LIST && i < size; i++)
        if (!mark(is_beside, p[i], n))
            return GK_ECORRUPT;
    for (size_t i = 0; i < n && (kind == MISSING_MASK || kind == MISSING_ALL); i++)
        if (kind == MISSING_ALL || p[i / 8] >> i % 8 & 1)
            (void)mark(is_beside, i, n); /* each row once */
    *count = 0;
    for (size_t i = next_beside_of(is_beside, 0, n); i < n; i = next_beside_of(is_beside, i + 1, n), ++*count)
        out[i] = gk_missing();
    return GK_OK;
}

/* Marks the rows that are beside and puts their values in place. */
static int get_beside(struct reader *reader, size_t n, uint64_t *is_beside, double *out, size_t *n_beside)
{
    uint8_t kind = reader_u8(reader);
    uint64_t n_others = reader_varint(reader);
    size_t n_missing;

    memset(is_beside, 0, BESIDE_WORDS * sizeof *is_beside);
    int rc = get_missing(reader, kind, n, is_beside, out, &n_missing);
    if (rc != GK_OK || reader->failed || n_others > n)
        return GK_ECORRUPT;
    const uint8_t *p = reader_take(reader, 9 * (size_t)n_others);
    if (reader->failed)
        return GK_ECORRUPT;
    for (size_t i = 0; i < n_others; i++, p += 9) {
        if (!mark(is_beside, *p, n))
            return GK_ECORRUPT;
        out[*p] = load_f64(p + 1);
    }
    *n_beside = n_missing + (size_t)n_others;
    return GK_OK;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* The mini block that begins at a row. */
static size_t put_mini(const struct integers *all, size_t row, size_t n, unsigned candidates, uint8_t *out,
                       enum codecs_id *id)
{
    const double *value = all->value + row;
    uint64_t some[CHUNK_MINI];
    struct beside beside;
    struct drift drift;
    unsigned tag = 0;
    size_t at = 1;

    if (all->is_whole[row / CHUNK_MINI]) {
        at += codecs_encode(candidates, all->z + row, n, out + at, id);
        out[0] = (uint8_t)*id;
        return at;
    }
    *id = CODEC_CONSTANT; /* of nothing, when all is beside */
    memcpy(some, all->z + row, n * sizeof *some);
    part(all->scale, value, n, some, &beside, &drift);
    bool is_full = n == CHUNK_MINI && beside.n <= n / FULL_BESIDE;
    if (beside.n > 0) {
        tag |= TAG_BESIDE | (is_full ? TAG_FULL : 0u);
        at += put_beside(&beside, value, n, out + at);
    }
    if (drift.n > 0) {
        tag |= TAG_DRIFT;
        at += drift_put(&drift, n, out + at);
    }
    size_t k = n;
    if (is_full)
        fill_up(&beside, some);
    else
        k = move_together(&beside, n, some);
    if (k > 0)
        at += codecs_encode(candidates & (codecs_look(some, k).candidates | CODECS_BIT(CODEC_LZ4)), some, k, out + at,
                            id);
    out[0] = (uint8_t)((unsigned)*id | tag);
    return at;
}

/* A mini block that takes no more than so many bytes is not worth a prediction. */
#define PREDICT_SIZE_MIN 16

/* What differs from the prediction, of a mini block of whole integers. */
struct rest {
    uint64_t z[CHUNK_MINI];
    struct codecs_look look;
};

static void fill_rest(const struct integers *all, const struct column_basis *basis, size_t row, size_t n,
                      struct rest *out)
{
    predict_rest(basis->all->z + row, all->z + row, n, basis->factor, out->z);
    out->look = codecs_look(out->z, n);
}

/* The rest, if it is smaller than `size`; returns the bytes used. */
static size_t put_rest(const struct rest *rest, size_t n, size_t size, uint8_t *out)
{
    uint8_t bytes[CODECS_SIZE_MAX];
    enum codecs_id id = CODEC_RAW;

    if (size <= PREDICT_SIZE_MIN)
        return size;
    size_t used = codecs_encode(rest->look.candidates, rest->z, n, bytes, &id);
    if (1 + used >= size)
        return size;
    out[0] = (uint8_t)((unsigned)id | TAG_REST);
    memcpy(out + 1, bytes, used);
    return 1 + used;
}

#define DOUBT_BITS (CODECS_LOOK / 4) /* a quarter of a bit an integer: what looks closer is encoded both ways */

/* All mini blocks of a column to *out, their sizes to `sizes`. */
static void put_minis(const struct integers *all, const struct column_basis *basis, uint32_t *sizes, struct buffer *out)
{
    bool lz4_wins = false;

    for (size_t mini = 0, i = 0; i < all->n_rows; mini++, i += CHUNK_MINI) {
        uint8_t bytes[MINI_SIZE_MAX];
        enum codecs_id id = CODEC_RAW;
        struct rest rest;
        size_t n = all->n_rows - i < CHUNK_MINI ? all->n_rows - i : CHUNK_MINI, size = SIZE_MAX;
        struct codecs_look look = {CODECS_USUAL, 0};
        bool has_rest = basis && all->is_whole[mini] && basis->all->is_whole[mini];
        if (all->is_whole[mini])
            look = codecs_look(all->z + i, n);
        if (has_rest)
            fill_rest(all, basis, i, n, &rest);
        if (all->scale.kind == SCALE_BITS && (lz4_wins || mini % LZ4_EVERY == 0))
            look.candidates |= CODECS_BIT(CODEC_LZ4);
        if (!has_rest || look.cost <= rest.look.cost + DOUBT_BITS)
            size = put_mini(all, i, n, look.candidates, bytes, &id);
        lz4_wins |= id == CODEC_LZ4;
        if (has_rest && rest.look.cost <= look.cost + DOUBT_BITS)
            size = put_rest(&rest, n, size, bytes);
        sizes[mini] = (uint32_t)size;
        buffer_put(out, bytes, size);
    }
}

/* The values beside of the mini block at a row: each gets the integer before it. */
static size_t put_mini_beside(struct integers *all, size_t row, size_t *last, struct buffer *out)
{
    size_t n = 0, to = row + CHUNK_MINI < all->n_rows ? row + CHUNK_MINI : all->n_rows;
    uint8_t is_odd[CHUNK_MINI];

    scale_odd(all->scale, all->value + row, to - row, is_odd);
    for (size_t i = row; i < to; i++) {
        if (!is_odd[i - row])
            continue;
        buffer_put_varint(out, i - *last);
        buffer_put_f64(out, all->value[i]);
        all->z[i] = i ? all->z[i - 1] : 0;
        *last = i;
        n++;
    }
    return n;
}

/* What is beside of a column that is to be binned; false when it is too much. */
static bool put_all_beside(struct integers *all, struct buffer *out)
{
    struct buffer beside;
    size_t n = 0, last = 0;

    buffer_init(&beside, out->mem);
    for (size_t i = 0; i < all->n_rows; i += CHUNK_MINI)
        if (!all->is_whole[i / CHUNK_MINI])
            n += put_mini_beside(all, i, &last, &beside);
    buffer_put_varint(out, n);
    buffer_put(out, beside.bytes, beside.size);
    out->failed |= beside.failed;
    buffer_clear(&beside);
    return n <= all->n_rows / BINNED_BESIDE;
}

/* Replaces *minis by the binned column if that is smaller. */
static int try_bins(struct integers *all, struct buffer *minis, bool *is_binned)
{
    struct buffer binned;
    size_t n_rows = all->n_rows;
    int rc = GK_OK;

    *is_binned = false;
    if (n_rows < BINS_LANES_MIN || minis->size * BINNED_LEAST < n_rows || minis->failed)
        return GK_OK;
    buffer_init(&binned, minis->mem);
    bool is_wide = minis->size * 8 > n_rows * BINNED_WIDE;
    size_t limit = minis->size - minis->size / (is_wide ? BINNED_GAIN_OF_WIDE : BINNED_GAIN);
    if (put_all_beside(all, &binned) && binned.size < limit) {
        size_t size = binned.size;
        TRY(bins_encode(minis->mem, all->z, n_rows, limit - size, &binned));
        if (binned.size > size) {
            buffer_reset(minis);
            buffer_put(minis, binned.bytes, binned.size);
            *is_binned = true;
        }
    }
done:
    buffer_clear(&binned);
    return rc;
}

#define PATTERNS_DOUBT 16 /* some mini blocks may say otherwise than all by one part in so many */

/* Whether some mini blocks let expect that bit patterns are smaller than the sizes given. */
static bool is_smaller_in_bits(const struct integers *all, const uint32_t *sizes)
{
    size_t size = 0, other = 0;

    for (size_t mini = 0, i = 0; i < all->n_rows; mini += LZ4_EVERY, i += LZ4_EVERY * CHUNK_MINI) {
        uint8_t bytes[MINI_SIZE_MAX];
        uint64_t z[CHUNK_MINI];
        enum codecs_id id;
        size_t n = all->n_rows - i < CHUNK_MINI ? all->n_rows - i : CHUNK_MINI;
        struct integers some = {.value = all->value + i, .n_rows = n, .z = z};
        integers_fill(scale_bits_of(some.value, n), &some);
        unsigned candidates = some.is_whole[0] ? codecs_look(z, n).candidates : CODECS_USUAL;
        size += put_mini(&some, 0, n, candidates | CODECS_BIT(CODEC_LZ4), bytes, &id);
        other += sizes[mini];
    }
    return size < other + other / PATTERNS_DOUBT;
}

/* Bit patterns instead, if they are smaller; `all` is then of them. */
static int try_bits(struct integers *all, struct column_draft *out, bool *is_better)
{
    uint32_t sizes[DIRECTORY_MAX];
    struct scale decimal = all->scale;
    struct buffer other;

    *is_better = false;
    if (!is_smaller_in_bits(all, out->sizes))
        return GK_OK;
    buffer_init(&other, out->bytes.mem);
    integers_fill(scale_bits_of(all->value, all->n_rows), all);
    put_minis(all, NULL, sizes, &other);
    int rc = buffer_status(&other);
    *is_better = rc == GK_OK && other.size < out->bytes.size;
    if (*is_better) {
        struct buffer swap = other;
        other = out->bytes;
        out->bytes = swap;
        memcpy(out->sizes, sizes, out->n_minis * sizeof *sizes);
    } else {
        integers_fill(decimal, all);
    }
    buffer_clear(&other);
    return rc;
}

/* On a scale of digits, if that serves: numbers of three digits need no bins, and no bit patterns. */
static bool try_digits(struct integers *all)
{
    struct scale scale, decimal = all->scale;

    if (!scale_digits_of(all->value, all->n_rows, decimal, &scale))
        return false;
    integers_fill(scale, all);
    if (all->n_odd <= all->n_rows / DIGITS_BESIDE)
        return true;
    integers_fill(decimal, all);
    return false;
}

/* The ranks, and the words as they are stored; the integers of `all` are lost. */
static int draft_ranks(const struct dictionary *dictionary, const struct integers *all, struct column_draft *out)
{
    struct integers ranks = *all;
    struct buffer words;
    int rc;

    buffer_init(&words, out->bytes.mem);
    TRY(column_encode(dictionary->word, dictionary->n_words, &words));
    buffer_put_varint(&out->words, dictionary->n_words);
    buffer_put_varint(&out->words, words.size);
    buffer_put(&out->words, words.bytes, words.size);
    ranks.value = dictionary->rank;
    integers_fill((struct scale){SCALE_DECIMAL, 0}, &ranks);
    put_minis(&ranks, NULL, out->sizes, &out->bytes);
    TRY(try_bins(&ranks, &out->bytes, &out->is_binned));
    rc = buffer_status(&out->words);
done:
    buffer_clear(&words);
    return rc;
}

/* Puts ranks of a dictionary in the place of mini blocks that came out large, if they are clearly smaller. */
static int try_dictionary(struct integers *all, struct column_draft *out)
{
    const struct mem *mem = out->bytes.mem;
    struct column_draft other = {.has_dictionary = true, .n_minis = out->n_minis};
    struct dictionary dictionary = {.n_words = 0};
    size_t most = out->bytes.size - out->bytes.size / DICTIONARY_GAIN;
    struct scale scale = all->scale;
    struct scale figures =
        all->scale.kind == SCALE_BITS ? (struct scale){SCALE_DECIMAL, 0} : scale_of_figures(all->scale);
    int rc = GK_OK;

    if (all->n_rows < DICTIONARY_ROWS || out->bytes.size * 8 < all->n_rows * DICTIONARY_BITS ||
        !dictionary_is_likely(all->value, all->n_rows, most))
        return GK_OK;
    buffer_init(&other.bytes, mem);
    buffer_init(&other.words, mem);
    TRY(dictionary_make(mem, all->value, all->n_rows, most, &dictionary));
    if (dictionary.n_words == 0)
        goto done;
    TRY(draft_ranks(&dictionary, all, &other));
    if (other.words.size + other.bytes.size < most) {
        buffer_clear(&out->bytes);
        *out = other;
        scale = figures;
        other = (struct column_draft){.n_minis = 0};
    } else {
        integers_fill(scale, all);
    }
done:
    all->scale = scale;
    dictionary_clear(mem, &dictionary);
    column_draft_clear(&other);
    return rc;
}

int column_draft_make(const struct mem *mem, struct integers *all, const struct column_basis *basis, bool is_basis,
                      struct column_draft *out)
{
    size_t n_rows = all->n_rows;
    int rc = GK_OK;

    assert(n_rows >= 1 && n_rows <= CHUNK_ROWS_MAX && all->scale.kind == SCALE_DECIMAL);
    *out = (struct column_draft){.n_minis = (uint32_t)((n_rows + CHUNK_MINI - 1) / CHUNK_MINI)};
    buffer_init(&out->bytes, mem);
    bool is_digits = !basis && !is_basis && try_digits(all);
    if (all->n_odd > n_rows - n_rows / FEW_DECIMALS && !is_basis) {
        integers_fill(scale_bits_of(all->value, n_rows), all);
        basis = NULL;
    }
    put_minis(all, basis, out->sizes, &out->bytes);
    if (!basis && !is_basis)
        TRY(try_dictionary(all, out));
    if (all->scale.kind == SCALE_DECIMAL && out->bytes.size > n_rows * DECIMAL_IS_GOOD && !is_basis &&
        !out->has_dictionary) {
        bool is_better;
        TRY(try_bits(all, out, &is_better));
        basis = is_better ? NULL : basis;
    }
    if (!basis && !is_basis && !is_digits && !out->has_dictionary)
        TRY(try_bins(all, &out->bytes, &out->is_binned));
    out->scale = all->scale;
    out->is_predicted = basis != NULL;
    out->basis = basis ? basis->column : PREDICT_NONE;
    out->factor = basis ? basis->factor : 0;
    rc = buffer_status(&out->bytes);
done:
    return rc;
}

void column_draft_clear(struct column_draft *draft)
{
    buffer_clear(&draft->bytes);
    buffer_clear(&draft->words);
}

int column_draft_put(const struct column_draft *draft, const double *value, size_t n_rows, struct buffer *out)
{
    struct chunk_summary summary;
    uint32_t n_minis = (uint32_t)((n_rows + CHUNK_MINI - 1) / CHUNK_MINI);
    size_t size = draft->is_binned ? draft->bytes.size : 0;

    assert(n_rows >= 1 && n_minis <= draft->n_minis && (n_minis == draft->n_minis || !draft->is_binned));
    for (uint32_t i = 0; i < n_minis && !draft->is_binned; i++)
        size += draft->sizes[i];
    chunk_summarise(value, n_rows, &summary);
    buffer_put_u8(out, (uint8_t)((draft->has_dictionary ? KIND_DICTIONARY : draft->scale.kind) |
                                 (draft->is_binned ? KIND_BINNED : 0) | (draft->is_predicted ? KIND_PREDICTED : 0)));
    buffer_put_u8(out, draft->scale.by);
    if (draft->is_predicted) {
        buffer_put_varint(out, draft->basis);
        buffer_put_varint(out, zigzag((int64_t)draft->factor));
    }
    summary_put(&summary, n_rows, scale_of_figures(draft->scale), out);
    buffer_put(out, draft->words.bytes, draft->words.size);
    if (!draft->is_binned)
        directory_put(draft->sizes, n_minis, out);
    buffer_put(out, draft->bytes.bytes, size);
    return buffer_status(out);
}

int column_encode(const double *value, size_t n_rows, struct buffer *out)
{
    struct column_draft draft = {.is_binned = false};
    struct integers all;
    int rc;

    TRY(integers_make(out->mem, value, n_rows, &all));
    TRY(column_draft_make(out->mem, &all, NULL, false, &draft));
    TRY(column_draft_put(&draft, value, n_rows, out));
done:
    out->failed |= rc == GK_ENOMEM;
    integers_clear(out->mem, &all);
    column_draft_clear(&draft);
    return rc;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* The scale, the basis and the summary, which stand first. */
static int read_head(struct reader *reader, uint32_t n_rows, struct column_view *out)
{
    uint8_t kind = reader_u8(reader);
    out->n_rows = n_rows;
    out->is_binned = kind & KIND_BINNED;
    out->is_predicted = kind & KIND_PREDICTED;
    kind &= (uint8_t) ~(KIND_BINNED | KIND_PREDICTED);
    out->has_dictionary = kind == KIND_DICTIONARY;
    out->scale = (struct scale){out->has_dictionary ? SCALE_DECIMAL : kind, reader_u8(reader)};
    if (out->is_predicted) {
        uint64_t basis = reader_varint(reader);
        out->basis = basis < PREDICT_NONE ? (uint32_t)basis : PREDICT_NONE;
        out->factor = (uint64_t)unzigzag(reader_varint(reader));
    }
    if (reader->failed || !scale_is_valid(out->scale) || (out->is_binned && n_rows < BINS_ROWS_MIN) ||
        (out->is_predicted && (out->is_binned || out->has_dictionary)))
        return GK_ECORRUPT;
    return summary_get(reader, n_rows, scale_of_figures(out->scale), &out->summary);
}

/* Steps to the next value beside: its row and pattern. `row` begins as 0. */
static bool next_beside(struct reader *reader, uint32_t n_rows, uint64_t *row, double *value)
{
    uint64_t gap = reader_varint(reader);
    *value = reader_f64(reader);
    if (reader->failed || gap >= n_rows - *row)
        return false;
    *row += gap;
    return true;
}

static int open_binned(struct reader *reader, uint32_t n_rows, struct column_view *out)
{
    uint64_t n = reader_varint(reader), row = 0;
    double value;

    if (reader->failed || n > n_rows / BINNED_BESIDE)
        return GK_ECORRUPT;
    out->n_beside = (uint32_t)n;
    out->bytes = reader->bytes + reader->at;
    for (; n > 0; n--)
        if (!next_beside(reader, n_rows, &row, &value))
            return GK_ECORRUPT;
    return bins_open(reader, n_rows, &out->bins);
}

/* Where the words are. */
static int open_dictionary(struct reader *reader, struct column_view *out)
{
    uint64_t n_words = reader_varint(reader), size = reader_varint(reader);

    if (n_words == 0 || n_words > DICTIONARY_WORDS_MAX || size > reader->size)
        return GK_ECORRUPT;
    out->n_words = (uint32_t)n_words;
    out->words_size = (uint32_t)size;
    out->words = reader_take(reader, (size_t)size);
    out->scale = (struct scale){SCALE_DECIMAL, 0};
    return reader->failed ? GK_ECORRUPT : GK_OK;
}

int column_open(const uint8_t *bytes, size_t size, uint32_t n_rows, struct column_view *out)
{
    struct reader reader = reader_of(bytes, size);
    int rc;

    assert(n_rows >= 1 && n_rows <= CHUNK_ROWS_MAX);
    TRY(read_head(&reader, n_rows, out));
    if (out->has_dictionary)
        TRY(open_dictionary(&reader, out));
    if (out->is_binned)
        return open_binned(&reader, n_rows, out);
    TRY(directory_get(&reader, (n_rows + CHUNK_MINI - 1) / CHUNK_MINI, &out->minis));
    out->bytes = reader.bytes + reader.at;
done:
    return rc;
}

int column_summary(const uint8_t *bytes, size_t size, uint32_t n_rows, struct chunk_summary *out)
{
    struct reader reader = reader_of(bytes, size);
    struct column_view view;

    int rc = read_head(&reader, n_rows, &view);
    if (rc == GK_OK)
        *out = view.summary;
    return rc;
}

static struct reader mini_reader(const struct column_view *column, uint32_t mini)
{
    assert(mini < column->minis.n);
    uint32_t at = column->minis.at[mini];
    return reader_of(column->bytes + at, column->minis.at[mini + 1] - at);
}

static size_t mini_rows(const struct column_view *column, uint32_t mini)
{
    size_t from = (size_t)mini * CHUNK_MINI;
    return column->n_rows - from < CHUNK_MINI ? column->n_rows - from : CHUNK_MINI;
}

/* The integers, which are the rest of the reader's bytes. */
static int read_integers(const struct reader *reader, unsigned codec, size_t n, uint64_t *z)
{
    const uint8_t *bytes = reader->bytes + reader->at;
    size_t size = reader->size - reader->at;

    if (n == 0)
        return size == 0 ? GK_OK : GK_ECORRUPT;
    return codecs_decode(codec, bytes, size, n, z) ? GK_OK : GK_ECORRUPT;
}

/* The same, as values. */
static int read_values(const struct column_view *column, const struct reader *reader, unsigned codec, size_t n,
                       double *value)
{
    const uint8_t *bytes = reader->bytes + reader->at;
    size_t size = reader->size - reader->at;
    uint64_t z[CHUNK_MINI], base;

    if (n == 0)
        return size == 0 ? GK_OK : GK_ECORRUPT;
    if (!codecs_decode_above(codec, bytes, size, n, &base, z))
        return GK_ECORRUPT;
    scale_invert_above(column->scale, base, z, n, value);
    return GK_OK;
}

/* Most full mini blocks, at half the width of all others; false: this one may not be. */
static bool get_near(const struct column_view *column, const struct reader *reader, unsigned codec, double *out)
{
    uint32_t near[CHUNK_MINI];
    uint64_t base;

    if (!codecs_decode_near(codec, reader->bytes + reader->at, reader->size - reader->at, &base, near))
        return false;
    scale_invert_near(column->scale, base, near, CHUNK_MINI, out);
    return true;
}

/* The rows that are beside, put in place, and how others are off, of a mini block that has any. */
struct odd {
    uint64_t is_beside[BESIDE_WORDS];
    size_t n_beside;
    struct drift drift;
};

static int read_odd(struct reader *reader, unsigned tag, size_t n, double *out, struct odd *odd)
{
    int rc = GK_OK;

    odd->n_beside = odd->drift.n = 0;
    if (tag & TAG_BESIDE)
        rc = get_beside(reader, n, odd->is_beside, out, &odd->n_beside);
    if (rc == GK_OK && tag & TAG_DRIFT && !drift_get(reader, n, &odd->drift))
        rc = GK_ECORRUPT;
    return rc;
}

/* The integers are those of the rows that are not beside. */
static int get_spread(const struct column_view *column, const struct reader *reader, unsigned codec, size_t n,
                      const struct odd *odd, double *out)
{
    double value[CHUNK_MINI + SPREAD_MORE];

    int rc = read_values(column, reader, codec, n - odd->n_beside, value);
    if (rc == GK_OK)
        spread_values(value, odd->is_beside, n, out);
    return rc;
}

/* The integers are those of all rows. */
static int get_all(const struct column_view *column, const struct reader *reader, unsigned codec, size_t n, double *out)
{
    if (n == CHUNK_MINI && get_near(column, reader, codec, out))
        return GK_OK;
    return read_values(column, reader, codec, n, out);
}

static int get_odd(const struct column_view *column, struct reader *reader, unsigned tag, size_t n, double *out)
{
    double beside[CHUNK_MINI];
    struct odd odd;
    bool is_full = tag & TAG_FULL;

    int rc = read_odd(reader, tag, n, is_full ? beside : out, &odd);
    if (rc != GK_OK)
        return rc;
    if (odd.n_beside > 0 && !is_full)
        rc = get_spread(column, reader, tag & TAG_CODEC, n, &odd, out);
    else
        rc = get_all(column, reader, tag & TAG_CODEC, n, out);
    if (rc != GK_OK)
        return rc;
    if (is_full)
        for (size_t i = next_beside_of(odd.is_beside, 0, n); i < n; i = next_beside_of(odd.is_beside, i + 1, n))
            out[i] = beside[i];
    drift_apply(&odd.drift, out);
    return GK_OK;
}

/* Adds the prediction to what differs from it. */
static int add_prediction(const struct column_view *column, const struct column_view *basis, uint32_t mini, size_t n,
                          uint64_t *z)
{
    uint64_t of_basis[CHUNK_MINI];
    struct reader reader = mini_reader(basis, mini);
    uint8_t tag = reader_u8(&reader);

    if (reader.failed || tag & ~TAG_CODEC || read_integers(&reader, tag, n, of_basis) != GK_OK)
        return GK_ECORRUPT;
    predict_add(of_basis, n, column->factor, z);
    return GK_OK;
}

BODY void fill_body(double value, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = value;
}

AVX2 static void fill_avx2(double value, size_t n, double *out)
{
    fill_body(value, n, out);
}

/* All rows of a mini block have the same integer. */
static int get_constant(const struct column_view *column, const struct reader *reader, size_t n, double *out)
{
    uint64_t z;

    int rc = read_integers(reader, CODEC_CONSTANT, 1, &z);
    if (rc != GK_OK)
        return rc;
    if (target_best() >= TARGET_AVX2)
        fill_avx2(scale_value(column->scale, z), n, out);
    else
        fill_body(scale_value(column->scale, z), n, out);
    return GK_OK;
}

static int get_mini(const struct column_view *column, const struct column_view *basis, uint32_t mini, double *out)
{
    uint64_t z[CHUNK_MINI];
    struct reader reader = mini_reader(column, mini);
    size_t n = mini_rows(column, mini);
    uint8_t tag = reader_u8(&reader);

    if (reader.failed || (tag & TAG_FULL && !(tag & TAG_BESIDE)))
        return GK_ECORRUPT;
    if (tag & TAG_REST && (tag & (TAG_BESIDE | TAG_DRIFT) || !column->is_predicted))
        return GK_ECORRUPT;
    if (tag & (TAG_BESIDE | TAG_DRIFT))
        return get_odd(column, &reader, tag, n, out);
    if (tag == CODEC_CONSTANT)
        return get_constant(column, &reader, n, out);
    if (!(tag & TAG_REST))
        return get_all(column, &reader, tag & TAG_CODEC, n, out);
    int rc = read_integers(&reader, tag & TAG_CODEC, n, z);
    if (rc == GK_OK)
        rc = add_prediction(column, basis, mini, n, z);
    if (rc == GK_OK)
        scale_invert(column->scale, z, n, out);
    return rc;
}

/* Puts the values beside of rows [from, to) in place; out is of row `from` on. */
static void put_in_place(const struct column_view *column, size_t from, size_t to, double *out)
{
    const uint8_t *end = column->bins.bytes; /* behind them */
    struct reader reader = reader_of(column->bytes, (size_t)(end - column->bytes));
    uint64_t row = 0;
    double value;

    for (uint32_t i = 0; i < column->n_beside && next_beside(&reader, column->n_rows, &row, &value) && row < to; i++)
        if (row >= from)
            out[row - from] = value;
}

/* All rows are decoded: lanes run through the whole column. */
static int get_laned(const struct column_view *column, size_t from, size_t to, double *out)
{
    uint64_t base[LANES];
    uint32_t near[CHUNK_ROWS_MAX];
    size_t stretch = lanes_steps(column->n_rows);

    int rc = bins_get_lanes(&column->bins, base, near);
    for (size_t at = from, end; rc == GK_OK && at < to; at = end) {
        end = (at / stretch + 1) * stretch;
        end = end < to ? end : to;
        scale_invert_near(column->scale, base[at / stretch], near + at, end - at, out + (at - from));
    }
    return rc;
}

/* Blocks that lie inside [from, to) rows as a whole are decoded in one go, RANS_LANES at a time. */
static int get_blocks(const struct column_view *column, size_t from, size_t to, double *out)
{
    struct rans_table table;
    uint64_t z[RANS_LANES * BINS_BLOCK];
    double value[BINS_BLOCK];

    if (!rans_table(&column->bins.model, &table))
        return GK_ECORRUPT;
    for (size_t at = from; at < to;) {
        uint32_t block = (uint32_t)(at / BINS_BLOCK), n = (uint32_t)((to - at) / BINS_BLOCK);
        size_t start = (size_t)block * BINS_BLOCK;
        n = n > RANS_LANES ? RANS_LANES : n;
        bool is_whole = at == start && n > 0;
        int rc = bins_get(&column->bins, &table, block, is_whole ? block + n : block + 1, z);
        if (rc != GK_OK)
            return rc;
        size_t end = start + (is_whole ? n : 1) * (size_t)BINS_BLOCK;
        end = end < to ? end : to;
        if (is_whole) {
            scale_invert(column->scale, z, end - at, out + (at - from));
        } else {
            scale_invert(column->scale, z, end - start, value);
            memcpy(out + (at - from), value + (at - start), (end - at) * sizeof *out);
        }
        at = end;
    }
    return GK_OK;
}

static int get_wide(const struct column_view *column, size_t from, size_t to, double *out)
{
    uint64_t z[CHUNK_ROWS_MAX];

    int rc = bins_get_wide(&column->bins, z);
    if (rc == GK_OK)
        scale_invert(column->scale, z + from, to - from, out);
    return rc;
}

static int get_binned(const struct column_view *column, size_t from, size_t to, double *out)
{
    int rc = column->bins.is_wide    ? get_wide(column, from, to, out)
             : column->bins.is_laned ? get_laned(column, from, to, out)
                                     : get_blocks(column, from, to, out);
    if (rc == GK_OK)
        put_in_place(column, from, to, out);
    return rc;
}

/* Whether a column may have the basis that it is given. */
static bool is_basis_of(const struct column_view *basis, const struct column_view *column)
{
    return basis && !basis->is_predicted && !basis->is_binned && !basis->has_dictionary &&
           basis->n_rows == column->n_rows;
}

/* What rows [from, to) of mini blocks have on the column's scale. */
static int get_on_scale(const struct column_view *column, const struct column_view *basis, uint32_t from, uint32_t to,
                        double *out)
{
    int rc = GK_OK;

    if (column->is_predicted && !is_basis_of(basis, column))
        return GK_ECORRUPT;
    if (column->is_binned) {
        size_t end = (size_t)to * CHUNK_MINI;
        return get_binned(column, (size_t)from * CHUNK_MINI, end < column->n_rows ? end : column->n_rows, out);
    }
    for (uint32_t mini = from; rc == GK_OK && mini < to; mini++, out += CHUNK_MINI)
        rc = get_mini(column, basis, mini, out);
    return rc;
}

/* All words of a dictionary, which has none of its own. */
static int get_words(const struct column_view *column, double *word)
{
    struct column_view words;
    uint32_t n_minis = (column->n_words + CHUNK_MINI - 1) / CHUNK_MINI;
    int rc;

    TRY(column_open(column->words, column->words_size, column->n_words, &words));
    TRY(words.has_dictionary ? GK_ECORRUPT : get_on_scale(&words, NULL, 0, n_minis, word));
    rc = dictionary_is_valid(word, column->n_words) ? GK_OK : GK_ECORRUPT;
done:
    return rc;
}

static int get_looked_up(const struct column_view *column, uint32_t from, uint32_t to, double *out)
{
    double word[DICTIONARY_WORDS_MAX];
    size_t first = (size_t)from * CHUNK_MINI, end = (size_t)to * CHUNK_MINI;
    int rc;

    TRY(get_words(column, word));
    TRY(get_on_scale(column, NULL, from, to, out));
    dictionary_look_up(word, column->n_words, out, (end < column->n_rows ? end : column->n_rows) - first);
done:
    return rc;
}

int column_values(const struct column_view *column, const struct column_view *basis, uint32_t from, uint32_t to,
                  double *out)
{
    if (column->has_dictionary)
        return get_looked_up(column, from, to, out);
    return get_on_scale(column, basis, from, to, out);
}

/* ---- comparing and summing up
 * ------------------------------------------------------------------------------------------------- */

static bool least_rank(const struct column_view *column, double limit, bool is_above, int64_t *least)
{
    double word[DICTIONARY_WORDS_MAX];

    if (limit != limit || get_words(column, word) != GK_OK)
        return false;
    *least = dictionary_least(word, column->n_words, limit, is_above);
    return true;
}

bool column_limit(const struct column_view *column, enum gk_compare compare, double limit, struct column_limit *out)
{
    bool is_above = compare == GK_GT || compare == GK_LE;

    if (column->is_binned || compare == GK_EQ || compare == GK_NE)
        return false;
    out->inverse = compare == GK_LT || compare == GK_LE;
    if (column->has_dictionary)
        return least_rank(column, limit, is_above, &out->least);
    return scale_least(column->scale, limit, is_above, &out->least);
}

bool column_compare(const struct column_view *column, const struct column_limit *limit, uint32_t mini, uint64_t *mask)
{
    struct reader reader = mini_reader(column, mini);
    uint32_t near[CHUNK_MINI];
    uint64_t base;
    int64_t least;
    uint8_t tag = reader_u8(&reader);

    if (reader.failed || tag & ~TAG_CODEC || mini_rows(column, mini) < CHUNK_MINI ||
        !codecs_decode_near(tag, reader.bytes + reader.at, reader.size - reader.at, &base, near) ||
        __builtin_sub_overflow(limit->least, (int64_t)base, &least) || least < INT32_MIN || least > INT32_MAX)
        return false;
    mask_at_least((int32_t)least, limit->inverse, near, CHUNK_MINI, mask);
    return true;
}

bool column_totals(const struct column_view *column, uint32_t mini, struct totals *out)
{
    if (column->is_binned || column->has_dictionary || column->scale.kind != SCALE_DECIMAL)
        return false;
    struct reader reader = mini_reader(column, mini);
    size_t n = mini_rows(column, mini);
    uint32_t near[CHUNK_MINI];
    uint64_t z[CHUNK_MINI], base;
    uint8_t tag = reader_u8(&reader);

    if (reader.failed || tag & ~TAG_CODEC)
        return false;
    if (tag == CODEC_CONSTANT) {
        if (read_integers(&reader, tag, 1, z) != GK_OK)
            return false;
        *out = (struct totals){(int64_t)z[0], (int64_t)z[0], (int64_t)(z[0] * n)};
        return true;
    }
    if (n == CHUNK_MINI && codecs_decode_near(tag, reader.bytes + reader.at, reader.size - reader.at, &base, near)) {
        totals_near(base, near, CHUNK_MINI, out);
        return true;
    }
    if (read_integers(&reader, tag, n, z) != GK_OK)
        return false;
    totals_of(z, n, out);
    return true;
}

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

/* The integers of a mini block that has none beside, as the codec tells them. */
static bool rest_bounds(const struct column_view *column, uint32_t mini, uint8_t *tag, int64_t *low, int64_t *high)
{
    uint32_t at = column->minis.at[mini], end = column->minis.at[mini + 1];
    if (at == end)
        return false;
    *tag = column->bytes[at];
    return !(*tag & (TAG_BESIDE | TAG_DRIFT)) &&
           codecs_bounds(*tag & TAG_CODEC, column->bytes + at + 1, end - at - 1, mini_rows(column, mini), low, high);
}

/* Adds the prediction: with a factor below zero the basis' highest predicts the lowest. */
static bool add_predicted_bounds(const struct column_view *column, const struct column_view *basis, uint32_t mini,
                                 int64_t *low, int64_t *high)
{
    int64_t from, to, twice, product;
    uint8_t tag;

    if (!rest_bounds(basis, mini, &tag, &from, &to) || tag & TAG_REST)
        return false;
    if (__builtin_mul_overflow((int64_t)column->factor, (int64_t)2, &twice) ||
        __builtin_mul_overflow(from, twice, &product) || __builtin_mul_overflow(to, twice, &product))
        return false; /* where twice the product does not wrap, what is added for rounding wraps neither */
    int64_t a = (int64_t)predict((uint64_t)from, column->factor), b = (int64_t)predict((uint64_t)to, column->factor);
    return !__builtin_add_overflow(*low, a < b ? a : b, low) && !__builtin_add_overflow(*high, a < b ? b : a, high);
}

/* The integers of a mini block without any beside; false when they cannot be told. */
static bool mini_bounds(const struct column_view *column, const struct column_view *basis, uint32_t mini, uint64_t *low,
                        uint64_t *high)
{
    int64_t from, to;
    uint8_t tag;

    if (!rest_bounds(column, mini, &tag, &from, &to))
        return false;
    if (tag & TAG_REST && (!column->is_predicted || !add_predicted_bounds(column, basis, mini, &from, &to)))
        return false;
    if (!scale_cut(column->scale, &from, &to))
        return false;
    *low = (uint64_t)from;
    *high = (uint64_t)to;
    return true;
}

static bool has_beside(const struct column_view *column, uint32_t mini)
{
    uint32_t at = column->minis.at[mini];
    return at == column->minis.at[mini + 1] || column->bytes[at] & TAG_BESIDE;
}

/* What the mini block's own bounds say, and what the summary of the column says of all. */
static struct chunk_bounds join_bounds(const struct chunk_summary *all, bool is_told, double low, double high)
{
    struct chunk_bounds out = {-INFINITY, INFINITY, false};

    /* On a scale of bit patterns a NaN has an integer, above or below all numbers. */
    if (is_told && low == low && high == high)
        out = (struct chunk_bounds){low, high, true};
    if (all->count > 0) {
        out.low = all->min > out.low ? all->min : out.low;
        out.high = all->max < out.high ? all->max : out.high;
    }
    return out;
}

/* Bounds of ranks, as of bytes that were encoded, to those of their words. */
static int look_up_bounds(const struct column_view *column, uint32_t n, double *lows, double *highs)
{
    double word[DICTIONARY_WORDS_MAX], last = column->n_words - 1;
    int rc;

    TRY(get_words(column, word));
    for (uint32_t i = 0; i < n; i++) {
        lows[i] = lows[i] > 0 ? lows[i] : 0;
        highs[i] = highs[i] < last ? highs[i] : last;
    }
    dictionary_look_up(word, column->n_words, lows, n);
    dictionary_look_up(word, column->n_words, highs, n);
done:
    return rc;
}

int column_bounds(const struct column_view *column, const struct column_view *basis, uint32_t from, uint32_t to,
                  struct chunk_bounds *out)
{
    uint64_t low[DIRECTORY_MAX] = {0}, high[DIRECTORY_MAX] = {0};
    double lows[DIRECTORY_MAX], highs[DIRECTORY_MAX];
    bool is_told[DIRECTORY_MAX];
    bool all_full = column->summary.count == column->n_rows;
    bool is_number = !column->is_binned && column->scale.kind != SCALE_BITS; /* whatever is not beside */

    int rc = GK_OK;

    assert(from <= to && to <= DIRECTORY_MAX);
    if (column->is_predicted && !is_basis_of(basis, column))
        return GK_ECORRUPT;
    for (uint32_t i = 0; i < to - from; i++)
        is_told[i] = !column->is_binned && mini_bounds(column, basis, from + i, &low[i], &high[i]);
    scale_invert(column->scale, low, to - from, lows);
    scale_invert(column->scale, high, to - from, highs);
    if (column->has_dictionary && !column->is_binned)
        TRY(look_up_bounds(column, to - from, lows, highs));
    for (uint32_t i = 0; i < to - from; i++) {
        out[i] = join_bounds(&column->summary, is_told[i], lows[i], highs[i]);
        out[i].is_full = out[i].is_full || all_full || (is_number && !has_beside(column, from + i));
    }
done:
    return rc;
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

int column_census(const struct column_view *column, uint32_t of_codec[CODECS_N], uint32_t *n_beside)
{
    double out[CHUNK_MINI];
    uint64_t is_beside[BESIDE_WORDS];

    *n_beside = 0;
    memset(of_codec, 0, CODECS_N * sizeof *of_codec);
    if (column->is_binned) {
        *n_beside = column->n_beside;
        return GK_OK;
    }
    for (uint32_t mini = 0; mini < column->minis.n; mini++) {
        struct reader reader = mini_reader(column, mini);
        uint8_t tag = reader_u8(&reader);
        size_t n = 0;
        if (reader.failed || (tag & TAG_CODEC) >= CODECS_N)
            return GK_ECORRUPT;
        of_codec[tag & TAG_CODEC]++;
        if (tag & TAG_BESIDE && get_beside(&reader, mini_rows(column, mini), is_beside, out, &n) != GK_OK)
            return GK_ECORRUPT;
        *n_beside += (uint32_t)n;
    }
    return GK_OK;
}
