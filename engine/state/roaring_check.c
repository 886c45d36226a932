/*
 * roaring_check.c - see https://github.com/RoaringBitmap/RoaringFormatSpec for the format:
 *
 *     cookie u32        12346, then n_containers u32
 *                       or 12347 | (n_containers - 1) << 16, then a bit a container: whether it is of runs
 *     n x key u16, count - 1 u16                     keys ascend
 *     n x offset u32    of the container from the beginning; left out when there are runs and n < 4
 *     n x container     numbers that share the high 16 bits, their key:
 *         array         count <= 4096: count x u16, ascending
 *         bitset        count > 4096: 65536 bits
 *         runs          n_runs u16, n_runs x (first u16, length - 1 u16), ascending and not touching
 */
#include "state/roaring_check.h"

#include "base/bytes.h"
#include "base/buffer.h"

#define COOKIE_PLAIN   12346
#define COOKIE_RUNS    12347
#define CONTAINERS_MAX 65536
#define ARRAY_MAX      4096
#define BITSET_WORDS   1024
#define OFFSETS_ALWAYS 4 /* from so many containers on, offsets are there even with runs */

/* The parts before the containers; is_runs and offsets may be NULL. */
struct head {
    uint32_t n;
    const uint8_t *is_runs, *keys, *offsets;
};

static int read_head(struct reader *reader, struct head *head, struct gk_error *error)
{
    uint32_t cookie = reader_u32(reader);

    memset(head, 0, sizeof *head);
    if ((cookie & 0xFFFF) == COOKIE_RUNS) {
        head->n = (cookie >> 16) + 1;
        head->is_runs = reader_take(reader, (head->n + 7) / 8);
    } else if (cookie == COOKIE_PLAIN) {
        head->n = reader_u32(reader);
    } else {
        return error_set(error, GK_ECORRUPT, "bitmap begins with %08x", (unsigned)cookie);
    }
    if (head->n > CONTAINERS_MAX)
        return error_set(error, GK_ECORRUPT, "bitmap of %u containers", (unsigned)head->n);
    head->keys = reader_take(reader, (size_t)head->n * 4);
    if (!head->is_runs || head->n >= OFFSETS_ALWAYS)
        head->offsets = reader_take(reader, (size_t)head->n * 4);
    if (reader->failed)
        return error_set(error, GK_ECORRUPT, "bitmap is cut in its head");
    return GK_OK;
}

static bool check_array(struct reader *reader, uint32_t count)
{
    const uint8_t *p = reader_take(reader, (size_t)count * 2);
    if (!p)
        return false;
    for (uint32_t i = 1; i < count; i++) {
        if (load_u16(p + 2 * (size_t)i) <= load_u16(p + 2 * (size_t)i - 2))
            return false;
    }
    return true;
}

static bool check_bitset(struct reader *reader, uint32_t count)
{
    const uint8_t *p = reader_take(reader, BITSET_WORDS * 8);
    uint32_t n = 0;
    if (!p)
        return false;
    for (size_t i = 0; i < BITSET_WORDS; i++)
        n += (uint32_t)__builtin_popcountll(load_u64(p + 8 * i));
    return n == count;
}

static bool check_runs(struct reader *reader, uint32_t count)
{
    uint32_t n_runs = reader_u16(reader), n = 0, free = 0; /* the lowest number a run may begin with */
    const uint8_t *p = reader_take(reader, (size_t)n_runs * 4);
    if (!p)
        return false;
    for (uint32_t i = 0; i < n_runs; i++) {
        uint32_t first = load_u16(p + 4 * (size_t)i), more = load_u16(p + 4 * (size_t)i + 2);
        if (first < free || first + more > UINT16_MAX)
            return false;
        n += more + 1;
        free = first + more + 2;
    }
    return n == count;
}

static bool check_container(struct reader *reader, bool is_runs, uint32_t count)
{
    if (is_runs)
        return check_runs(reader, count);
    return count <= ARRAY_MAX ? check_array(reader, count) : check_bitset(reader, count);
}

int roaring_check(const uint8_t *bytes, size_t size, uint64_t *count, struct gk_error *error)
{
    struct reader reader = reader_of(bytes, size);
    struct head head;
    int rc;

    *count = 0;
    TRY(read_head(&reader, &head, error));
    for (uint32_t i = 0; i < head.n; i++) {
        const uint8_t *key = head.keys + 4 * (size_t)i;
        uint32_t n = load_u16(key + 2) + 1u;
        bool is_runs = head.is_runs && (head.is_runs[i / 8] >> i % 8 & 1);

        if (i > 0 && load_u16(key) <= load_u16(key - 4))
            return error_set(error, GK_ECORRUPT, "container %u of a bitmap is out of order", (unsigned)i);
        if (head.offsets && load_u32(head.offsets + 4 * (size_t)i) != reader.at)
            return error_set(error, GK_ECORRUPT, "container %u of a bitmap is elsewhere", (unsigned)i);
        if (!check_container(&reader, is_runs, n))
            return error_set(error, GK_ECORRUPT, "container %u of a bitmap is damaged", (unsigned)i);
        *count += n;
    }
    if (!reader_is_done(&reader))
        rc = error_set(error, GK_ECORRUPT, "%zu bytes behind a bitmap", size - reader.at);
done:
    return rc;
}

/* ---- marking: the bytes were checked ---- */

/* Words of one container of which the first `n` are wanted. */
static void mark_array(struct reader *reader, uint32_t count, uint64_t *words, size_t n)
{
    const uint8_t *p = reader_take(reader, (size_t)count * 2);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = load_u16(p + 2 * (size_t)i);
        if (v / 64 < n)
            words[v / 64] |= UINT64_C(1) << v % 64;
    }
}

static void mark_bitset(struct reader *reader, uint64_t *words, size_t n)
{
    const uint8_t *p = reader_take(reader, BITSET_WORDS * 8);
    for (size_t i = 0; i < n; i++)
        words[i] |= load_u64(p + 8 * i);
}

static void mark_runs(struct reader *reader, uint64_t *words, size_t n)
{
    uint32_t n_runs = reader_u16(reader);
    const uint8_t *p = reader_take(reader, (size_t)n_runs * 4);
    for (uint32_t i = 0; i < n_runs; i++) {
        uint32_t first = load_u16(p + 4 * (size_t)i), last = first + load_u16(p + 4 * (size_t)i + 2);
        for (uint32_t w = first / 64; w <= last / 64 && w < n; w++) {
            uint64_t bits = UINT64_MAX;
            if (w == first / 64)
                bits &= UINT64_MAX << first % 64;
            if (w == last / 64)
                bits &= UINT64_MAX >> (63 - last % 64);
            words[w] |= bits;
        }
    }
}

void roaring_mark(const uint8_t *bytes, size_t size, uint64_t *words, size_t n_words)
{
    struct reader reader = reader_of(bytes, size);
    struct head head;

    if (read_head(&reader, &head, NULL) != GK_OK)
        return;
    for (uint32_t i = 0; i < head.n; i++) {
        const uint8_t *key = head.keys + 4 * (size_t)i;
        uint32_t count = load_u16(key + 2) + 1u;
        size_t at = (size_t)load_u16(key) * BITSET_WORDS;
        if (at >= n_words)
            break;
        size_t n = n_words - at < BITSET_WORDS ? n_words - at : BITSET_WORDS;
        if (head.is_runs && (head.is_runs[i / 8] >> i % 8 & 1))
            mark_runs(&reader, words + at, n);
        else if (count <= ARRAY_MAX)
            mark_array(&reader, count, words + at, n);
        else
            mark_bitset(&reader, words + at, n);
    }
}

size_t roaring_words(const uint8_t *bytes, size_t size)
{
    struct reader reader = reader_of(bytes, size);
    struct head head;

    if (read_head(&reader, &head, NULL) != GK_OK || head.n == 0)
        return 0;
    return ((size_t)load_u16(head.keys + 4 * ((size_t)head.n - 1)) + 1) * BITSET_WORDS;
}
