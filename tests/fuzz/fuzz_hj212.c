/*
 * fuzz_hj212.c - a stream of HJ 212 from anywhere: what the decoder makes of it does not depend on how it is cut, all
 * bytes are consumed, and what is taken is taken again when it is written anew.
 */
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

static uint32_t decode(const uint8_t *bytes, size_t size, size_t piece)
{
    struct gk_hj212_options options = {.size = sizeof options, .repeats = 16};
    gk_hj212 *decoder;
    uint32_t sum = 0;

    require(gk_hj212_open(&options, &decoder, NULL) == GK_OK);
    for (size_t at = 0; at < size; at += piece) {
        require(gk_hj212_feed(decoder, (const char *)bytes + at, size - at < piece ? size - at : piece, NULL) == GK_OK);
        sum = drain(decoder, sum);
    }
    gk_hj212_end(decoder);
    sum = drain(decoder, sum);
    gk_hj212_close(decoder);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint32_t whole = decode(bytes, size, size ? size : 1);

    require(decode(bytes, size, 1) == whole); /* cut at every byte */
    if (size > 2 && size % 4 == 0)
        require(decode(bytes, size, 2 + bytes[size / 2] % 64u) == whole);
    return 0;
}
