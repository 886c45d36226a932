/*
 * fuzz_hj212.c - a stream of HJ 212 from anywhere: what the decoder makes of it does not depend on how it is cut, all
 * bytes are consumed, and what is taken is taken again when it is written anew.
 */
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "gk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/*
 * Memory of one decoder: blocks one after the other, each with a strip behind it that nobody may touch, as nobody may
 * what was freed. The sanitizer's own took a third of the time.
 */
#define POOL_SIZE  ((size_t)64 << 10)
#define BLOCK_HEAD 16 /* its size; and the strip of the block before */

static union {
    max_align_t align;
    char bytes[POOL_SIZE];
} pool;
static size_t pool_used;
static uint64_t n_blocks;

static char *take_block(size_t size)
{
    size_t room = (size + BLOCK_HEAD - 1) / BLOCK_HEAD * BLOCK_HEAD;
    char *head = pool.bytes + pool_used;

    require(pool_used + BLOCK_HEAD + room + BLOCK_HEAD <= POOL_SIZE);
    pool_used += BLOCK_HEAD + room;
    ASAN_UNPOISON_MEMORY_REGION(head, BLOCK_HEAD + size);
    memcpy(head, &size, sizeof size);
    ASAN_POISON_MEMORY_REGION(head, BLOCK_HEAD);
    n_blocks++;
    return head + BLOCK_HEAD;
}

static void *resize(void *context, void *block, size_t size)
{
    char *new_block = size > 0 ? take_block(size) : NULL;
    size_t old_size;

    (void)context;
    if (!block)
        return new_block;
    char *head = (char *)block - BLOCK_HEAD;
    ASAN_UNPOISON_MEMORY_REGION(head, BLOCK_HEAD);
    memcpy(&old_size, head, sizeof old_size);
    if (new_block)
        memcpy(new_block, block, old_size < size ? old_size : size);
    ASAN_POISON_MEMORY_REGION(head, BLOCK_HEAD + old_size);
    n_blocks--;
    return new_block;
}

static void empty_pool(void)
{
    require(n_blocks == 0); /* nothing was left behind */
    ASAN_POISON_MEMORY_REGION(pool.bytes, pool_used);
    pool_used = 0;
}

/* A taken packet is one when its segment is written with head and check value of its own. */
static void write_again(const struct gk_hj212_packet *packet)
{
    static char out[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(packet->bytes.bytes + 6, packet->bytes.size - 10, packet->crc, out);

    require(size == packet->bytes.size + 2);
    require(memcmp(out, packet->bytes.bytes, size - 6) == 0);
}

/* A sum over verdicts, places and fields. */
static uint32_t drain(gk_hj212 *decoder, uint32_t sum)
{
    const struct gk_hj212_packet *packet;
    int rc;

    while ((rc = gk_hj212_next(decoder, &packet, NULL)) == GK_OK) {
        sum = crc32c(sum, &packet->verdict, sizeof packet->verdict);
        sum = crc32c(sum, &packet->at, sizeof packet->at);
        for (size_t i = 0; i < packet->n_fields; i++) {
            sum = crc32c(sum, packet->fields[i].code.bytes, packet->fields[i].code.size);
            sum = crc32c(sum, &packet->fields[i].number, sizeof packet->fields[i].number);
        }
        if (packet->verdict == GK_HJ212_TAKEN)
            write_again(packet);
    }
    require(rc == GK_DONE);
    return sum;
}

/* In pieces of 1 + mask bytes at most, by what stands at their begin. */
static uint32_t decode(const uint8_t *bytes, size_t size, size_t mask)
{
    struct gk_hj212_options options = {.size = sizeof options, .repeats = 4, .resize = resize};
    gk_hj212 *decoder;
    uint32_t sum = 0;
    size_t piece;

    require(gk_hj212_open(&options, &decoder, NULL) == GK_OK);
    for (size_t at = 0; at < size; at += piece) {
        piece = mask == SIZE_MAX ? size : 1 + (bytes[at] & mask);
        if (piece > size - at)
            piece = size - at;
        require(gk_hj212_feed(decoder, (const char *)bytes + at, piece, NULL) == GK_OK);
        sum = drain(decoder, sum);
    }
    gk_hj212_end(decoder);
    sum = drain(decoder, sum);
    gk_hj212_close(decoder);
    empty_pool();
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint32_t whole = decode(bytes, size, SIZE_MAX);

    require(decode(bytes, size, 0) == whole); /* cut at every byte */
    require(decode(bytes, size, 63) == whole);
    return 0;
}
