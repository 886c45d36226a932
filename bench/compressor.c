/*
 * compressor.c - see compressor.h. LZ4 is linked, because the engine needs it anyway; the others are opened while
 * running.
 */
#include "compressor.h"

#include <lz4.h>
#include <stdio.h>

#include "harness.h"

#define BLOSC_OVERHEAD   16
#define BLOSC_BITSHUFFLE 2
#define BLOSC_LEVEL      5 /* its default */

const char *const COMPRESSOR_NAME[COMPRESSOR_N] = {"zstd-3", "zstd-19", "lz4", "blosc"};

struct zstd {
    const char *(*version)(void);
    size_t (*bound)(size_t size);
    size_t (*compress)(void *out, size_t capacity, const void *in, size_t size, int level);
    size_t (*decompress)(void *out, size_t capacity, const void *in, size_t size);
    unsigned (*is_error)(size_t code);
};

struct blosc {
    const char *(*version)(void);
    int (*compress)(int level, int shuffle, size_t type_size, size_t size, const void *in, void *out, size_t capacity,
                    const char *compressor, size_t block_size, int n_threads);
    int (*decompress)(const void *in, void *out, size_t capacity, int n_threads);
};

static struct zstd zstd;
static struct blosc blosc;

static bool find_zstd(char word[PEER_WORD_MAX])
{
    static const char *const files[] = {"libzstd.so.1", "libzstd.so", NULL};
    static const struct peer_function functions[] = {
        PEER_FUNCTION(zstd, version, "ZSTD_versionString"), PEER_FUNCTION(zstd, bound, "ZSTD_compressBound"),
        PEER_FUNCTION(zstd, compress, "ZSTD_compress"), PEER_FUNCTION(zstd, decompress, "ZSTD_decompress"),
        PEER_FUNCTION(zstd, is_error, "ZSTD_isError")};

    if (!peer_open(files, functions, sizeof functions / sizeof functions[0], &zstd, word))
        return false;
    snprintf(word, PEER_WORD_MAX, "%s", zstd.version());
    return true;
}

static bool find_blosc(char word[PEER_WORD_MAX])
{
    static const char *const files[] = {"libblosc.so.1", "libblosc.so", NULL};
    static const struct peer_function functions[] = {PEER_FUNCTION(blosc, version, "blosc_get_version_string"),
                                                     PEER_FUNCTION(blosc, compress, "blosc_compress_ctx"),
                                                     PEER_FUNCTION(blosc, decompress, "blosc_decompress_ctx")};

    if (!peer_open(files, functions, sizeof functions / sizeof functions[0], &blosc, word))
        return false;
    snprintf(word, PEER_WORD_MAX, "%s", blosc.version());
    return true;
}

bool compressor_find(enum compressor compressor, char word[PEER_WORD_MAX])
{
    switch (compressor) {
    case COMPRESSOR_ZSTD_3:
    case COMPRESSOR_ZSTD_19:
        return find_zstd(word);
    case COMPRESSOR_BLOSC:
        return find_blosc(word);
    default:
        snprintf(word, PEER_WORD_MAX, "%s", LZ4_versionString());
        return true;
    }
}

size_t compressor_bound(enum compressor compressor, size_t size)
{
    switch (compressor) {
    case COMPRESSOR_ZSTD_3:
    case COMPRESSOR_ZSTD_19:
        return zstd.bound(size);
    case COMPRESSOR_BLOSC:
        return size + BLOSC_OVERHEAD;
    default:
        return (size_t)LZ4_compressBound((int)size);
    }
}

static size_t encode_zstd(int level, const void *in, size_t size, void *out, size_t capacity)
{
    size_t made = zstd.compress(out, capacity, in, size, level);

    return zstd.is_error(made) ? 0 : made;
}

size_t compressor_encode(enum compressor compressor, const void *in, size_t size, void *out, size_t capacity)
{
    size_t made;

    if (compressor == COMPRESSOR_ZSTD_3 || compressor == COMPRESSOR_ZSTD_19)
        made = encode_zstd(compressor == COMPRESSOR_ZSTD_3 ? 3 : 19, in, size, out, capacity);
    else if (compressor == COMPRESSOR_BLOSC)
        made = (size_t)blosc.compress(BLOSC_LEVEL, BLOSC_BITSHUFFLE, sizeof(double), size, in, out, capacity, "zstd", 0,
                                      1);
    else
        made = (size_t)LZ4_compress_default(in, out, (int)size, (int)capacity);
    if (made == 0 || made > capacity)
        harness_fail("%s could not encode %zu bytes", COMPRESSOR_NAME[compressor], size);
    return made;
}

void compressor_decode(enum compressor compressor, const void *in, size_t in_size, void *out, size_t size)
{
    size_t made;

    if (compressor == COMPRESSOR_ZSTD_3 || compressor == COMPRESSOR_ZSTD_19)
        made = zstd.decompress(out, size, in, in_size);
    else if (compressor == COMPRESSOR_BLOSC)
        made = (size_t)blosc.decompress(in, out, size, 1);
    else
        made = (size_t)LZ4_decompress_safe(in, out, (int)in_size, (int)size);
    if (made != size)
        harness_fail("%s decoded %zu bytes instead of %zu", COMPRESSOR_NAME[compressor], made, size);
}
