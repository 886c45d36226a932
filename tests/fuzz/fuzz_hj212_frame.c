/*
 * fuzz_hj212_frame.c - the framer as a stream that is cut at every byte: the frames are those of the whole, nothing is
 * read that is not there yet, and all bytes are in one of them. It allocates nothing, so that it is run often.
 */
#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "base/crc.h"
#include "feed/hj212_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define MIX UINT64_C(0x9E3779B97F4A7C15)

struct stream {
    struct frame_scan scan;
    size_t at;
    uint64_t sum; /* over all that is told */
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void mix(struct stream *stream, uint64_t value)
{
    stream->sum = (stream->sum ^ value) * MIX;
    stream->sum ^= stream->sum >> 32;
}

/* As the decoder does: behind a packet that is none the search goes on two bytes further. */
static void judge(struct stream *stream, struct frame *frame)
{
    require(frame->segment.bytes == frame->bytes.bytes + FRAME_HEAD);
    require(frame->bytes.size == FRAME_HEAD + frame->segment.size + FRAME_CHECK);
    require(frame->taken == frame->bytes.size);
    bool is_good = frame_check_standard(frame->segment) == frame->check;
    mix(stream, is_good);
    if (!is_good) {
        frame->taken = 2;
        stream->scan.is_passing = true;
    }
}

/* All frames of the first n bytes. */
static void read_frames(struct stream *stream, const uint8_t *bytes, size_t n, bool is_ended)
{
    struct frame frame;

    for (;; stream->at += frame.taken) {
        struct view rest = {bytes + stream->at, n - stream->at};
        frame_next(&stream->scan, rest, is_ended, &frame);
        if (frame.kind == FRAME_MORE)
            break;
        require(frame.taken > 0 && frame.taken <= rest.size);
        if (frame.kind == FRAME_PASS)
            continue; /* one or several, as the cuts have it */
        require(frame.bytes.bytes == rest.bytes && frame.bytes.size <= rest.size);
        mix(stream, stream->at << 32 | frame.bytes.size << 8 | frame.kind);
        if (frame.kind == FRAME_WHOLE)
            judge(stream, &frame);
        else
            mix(stream, crc32c(0, frame.reason, strlen(frame.reason)));
    }
}

/* Pieces of 1 + mask bytes at most, by what stands at their begin. */
static uint64_t read_pieces(const uint8_t *bytes, size_t size, unsigned mask)
{
    struct stream stream = {.sum = MIX};
    size_t piece;

    ASAN_POISON_MEMORY_REGION(bytes, size);
    for (size_t n = 0; n < size; n += piece) {
        ASAN_UNPOISON_MEMORY_REGION(bytes + n, 1);
        piece = 1 + (bytes[n] & mask);
        if (piece > size - n)
            piece = size - n;
        ASAN_UNPOISON_MEMORY_REGION(bytes + n, piece);
        read_frames(&stream, bytes, n + piece, false);
    }
    read_frames(&stream, bytes, size, true);
    require(stream.at == size);
    return stream.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct stream whole = {.sum = MIX};

    read_frames(&whole, bytes, size, true);
    require(whole.at == size);
    require(read_pieces(bytes, size, 0) == whole.sum);
    require(read_pieces(bytes, size, 31) == whole.sum);
    return 0;
}
