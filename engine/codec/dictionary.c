/*
 * dictionary.c - see dictionary.h. Words are found by a hash of their patterns, in the order in which they come; then
 * they are sorted, and the rows get their ranks.
 */
#include "codec/dictionary.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/chunk.h"
#include "codec/log2.h"
#include "codec/target.h"

#define SAMPLES          256
#define WORD_BITS        16 /* that a word takes at least, mostly */
#define SLOTS_LOG        12 /* twice the words */
#define SLOTS            (1u << SLOTS_LOG)
#define SAMPLE_SLOTS_LOG 10
#define SAMPLE_SLOTS     (1u << SAMPLE_SLOTS_LOG)
#define HASH_FACTOR      UINT64_C(0x9E3779B97F4A7C15) /* 2^64 by the golden ratio: Knuth's multiplicative hash */

static_assert(SLOTS >= 2 * DICTIONARY_WORDS_MAX, "a slot is found soon");

static unsigned slot_of(double value, unsigned bits)
{
    return (unsigned)(bits_of(value) * HASH_FACTOR >> (64 - bits));
}

/* Exponents below that of infinities and NaN. */
static bool is_finite(double value)
{
    return (bits_of(value) << 1) < UINT64_C(0x7FF) << 53;
}

/* Patterns as integers that ascend as values do, -0.0 before 0.0. */
static uint64_t order_of(double value)
{
    uint64_t x = bits_of(value);
    return x >> 63 ? ~x : x | UINT64_C(1) << 63;
}

static double value_of(uint64_t order)
{
    return double_of(order >> 63 ? order & ~(UINT64_C(1) << 63) : ~order);
}

/* More words than this are not looked up. */
static size_t most_words(size_t n)
{
    return n / 2 < DICTIONARY_WORDS_MAX ? n / 2 : DICTIONARY_WORDS_MAX;
}

/* About the least bytes of ranks and words. */
static size_t guess_size(size_t n, size_t n_words)
{
    return (n_words * WORD_BITS + n * (log2_of(n_words) * 3 / 4) / LOG2_ONE) / 8;
}

/*
 * How many words there are of which k samples show some, by those that show once and twice: Chao, Nonparametric
 * estimation of the number of classes in a population, 1984. It tends to be low.
 */
static size_t estimate_words(const double *value, size_t n)
{
    double seen[SAMPLE_SLOTS];
    uint16_t times[SAMPLE_SLOTS] = {0};
    size_t n_seen = 0, once = 0, twice = 0, step = n > SAMPLES ? n / SAMPLES : 1;

    for (size_t i = 0, k = 0; i < n && k < SAMPLES; i += step, k++) {
        unsigned slot = slot_of(value[i], SAMPLE_SLOTS_LOG);
        while (times[slot] && bits_of(seen[slot]) != bits_of(value[i]))
            slot = (slot + 1) % SAMPLE_SLOTS;
        seen[slot] = value[i];
        times[slot]++;
        n_seen += times[slot] == 1;
        once = once + (times[slot] == 1) - (times[slot] == 2);
        twice = twice + (times[slot] == 2) - (times[slot] == 3);
    }
    return n_seen + (once > 0 ? once * (once - 1) / (2 * (twice + 1)) : 0);
}

bool dictionary_is_likely(const double *value, size_t n, size_t most)
{
    size_t n_words = estimate_words(value, n);
    return n_words > 0 && n_words <= most_words(n) && guess_size(n, n_words) <= most;
}

/* Each slot has the number of a word, as they came, and 1; or 0. */
struct finder {
    uint16_t slot[SLOTS], of_row[CHUNK_ROWS_MAX]; /* of each row: the number of its word */
};

/* Numbers the words as they come; false when they are too many. */
static bool find(const double *value, size_t n, struct finder *finder, struct dictionary *out)
{
    size_t most = most_words(n);

    memset(finder->slot, 0, sizeof finder->slot);
    for (size_t i = 0; i < n; i++) {
        if (!is_finite(value[i]))
            continue;
        unsigned slot = slot_of(value[i], SLOTS_LOG);
        while (finder->slot[slot] != 0 && bits_of(out->word[finder->slot[slot] - 1]) != bits_of(value[i]))
            slot = (slot + 1) % SLOTS;
        if (finder->slot[slot] == 0) {
            if (out->n_words == most)
                return false;
            out->word[out->n_words++] = value[i];
            finder->slot[slot] = (uint16_t)out->n_words;
        }
        finder->of_row[i] = (uint16_t)(finder->slot[slot] - 1);
    }
    return true;
}

struct place {
    uint64_t order;
    uint32_t number;
};

#define DIGIT_VALUES 256

/* By one byte of their order, stably; false when all have the same there, and nothing was done. */
static bool sort_by(const struct place *from, size_t n, unsigned shift, struct place *to)
{
    uint32_t at[DIGIT_VALUES] = {0};

    for (size_t i = 0; i < n; i++)
        at[from[i].order >> shift & (DIGIT_VALUES - 1)]++;
    if (at[from[0].order >> shift & (DIGIT_VALUES - 1)] == n)
        return false;
    for (uint32_t digit = 0, before = 0; digit < DIGIT_VALUES; digit++) {
        uint32_t here = at[digit];
        at[digit] = before;
        before += here;
    }
    for (size_t i = 0; i < n; i++)
        to[at[from[i].order >> shift & (DIGIT_VALUES - 1)]++] = from[i];
    return true;
}

/* Sorts the words, with room for twice as many places; what was number k has the rank of_word[k] then. */
static void sort(struct dictionary *dictionary, struct place *place, double *of_word)
{
    struct place *other = place + dictionary->n_words;

    for (uint32_t k = 0; k < dictionary->n_words; k++)
        place[k] = (struct place){order_of(dictionary->word[k]), k};
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (sort_by(place, dictionary->n_words, shift, other)) {
            struct place *swap = place;
            place = other;
            other = swap;
        }
    for (uint32_t rank = 0; rank < dictionary->n_words; rank++) {
        of_word[place[rank].number] = rank;
        dictionary->word[rank] = value_of(place[rank].order);
    }
}

int dictionary_make(const struct mem *mem, const double *value, size_t n, size_t most, struct dictionary *out)
{
    struct finder *finder = mem_new(mem, sizeof *finder);
    struct place *place = NULL;
    double *of_word = NULL;
    int rc = GK_OK;

    assert(n <= CHUNK_ROWS_MAX);
    *out = (struct dictionary){.word = mem_array(mem, DICTIONARY_WORDS_MAX, sizeof *out->word)};
    TRY(finder && out->word ? GK_OK : GK_ENOMEM);
    if (!find(value, n, finder, out) || out->n_words == 0 || guess_size(n, out->n_words) > most) {
        out->n_words = 0;
        goto done;
    }
    place = mem_array(mem, 2 * out->n_words, sizeof *place);
    of_word = mem_array(mem, out->n_words, sizeof *of_word);
    out->rank = mem_array(mem, n, sizeof *out->rank);
    TRY(place && of_word && out->rank ? GK_OK : GK_ENOMEM);
    sort(out, place, of_word);
    for (size_t i = 0; i < n; i++)
        out->rank[i] = is_finite(value[i]) ? of_word[finder->of_row[i]] : value[i];
done:
    mem_free(mem, place);
    mem_free(mem, of_word);
    mem_free(mem, finder);
    return rc;
}

void dictionary_clear(const struct mem *mem, struct dictionary *dictionary)
{
    mem_free(mem, dictionary->word);
    mem_free(mem, dictionary->rank);
    *dictionary = (struct dictionary){.n_words = 0};
}

bool dictionary_is_valid(const double *word, size_t n_words)
{
    bool is_valid = n_words > 0 && is_finite(word[0]);

    for (size_t i = 1; i < n_words; i++)
        is_valid &= is_finite(word[i]) && order_of(word[i - 1]) < order_of(word[i]);
    return is_valid;
}

BODY void look_up_body(const double *word, uint32_t n_words, double *rank, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_rank = rank[i] >= 0 && rank[i] < n_words;
        double found = word[is_rank ? (int32_t)rank[i] : 0];
        rank[i] = is_rank ? found : rank[i];
    }
}

AVX2 static void look_up_avx2(const double *word, uint32_t n_words, double *rank, size_t n)
{
    look_up_body(word, n_words, rank, n);
}

AVX512 static void look_up_avx512(const double *word, uint32_t n_words, double *rank, size_t n)
{
    look_up_body(word, n_words, rank, n);
}

void dictionary_look_up(const double *word, uint32_t n_words, double *rank, size_t n)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        look_up_avx512(word, n_words, rank, n);
    else if (target == TARGET_AVX2)
        look_up_avx2(word, n_words, rank, n);
    else
        look_up_body(word, n_words, rank, n);
}

uint32_t dictionary_least(const double *word, uint32_t n_words, double limit, bool is_above)
{
    uint32_t from = 0, to = n_words;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (is_above ? word[middle] > limit : word[middle] >= limit)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}
