/*
 * driver.c - runs a fuzz target over a kept corpus without a fuzzer, so that gcc and the sanitizers of `make asan` can.
 * A corpus is a text file, one input a line in hex; '#' begins a remark. Each input is run as it is, cut at some places
 * and with some bits turned.
 *
 *     run_chunk tests/fuzz/corpus/chunk.hex                  runs, prints how many
 *     run_chunk --unpack tests/fuzz/corpus/chunk.hex DIR     one file an input, as a fuzzer wants them
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* What a target does once; not all have it. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

#define INPUT_MAX (1 << 20)
#define VARIANTS  16

/* An input in memory of its own size, so that a look behind its end is noticed. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    (void)LLVMFuzzerTestOneInput(copy, size); /* it aborts when something is wrong */
    free(copy);
}

static size_t run_all(uint8_t *bytes, size_t size)
{
    uint64_t random = size;
    size_t n = 1;

    run(bytes, size);
    for (int i = 0; i < VARIANTS && size > 0; i++, n += 2) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(random >> 33) % size;
        uint8_t bit = (uint8_t)(1u << (random >> 30 & 7));
        run(bytes, at);
        bytes[at] ^= bit;
        run(bytes, size);
        bytes[at] ^= bit;
    }
    return n;
}

static void unpack(const char *folder, size_t number, const uint8_t *bytes, size_t size)
{
    char name[4200];

    (void)snprintf(name, sizeof name, "%s/kept-%zu", folder, number);
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

/* The next input; false at the end. A line that is no hex ends the run. */
static int next(FILE *file, uint8_t *bytes, size_t *size)
{
    int c, high = -1;

    *size = 0;
    while ((c = getc(file)) == '#')
        while (c != '\n' && c != EOF)
            c = getc(file);
    if (c == EOF)
        return 0;
    for (; c != '\n' && c != EOF; c = getc(file)) {
        const char *digits = "0123456789abcdef", *at = memchr(digits, c, 16);
        if (!at || *size == INPUT_MAX) {
            fprintf(stderr, "a corpus has lines of hex\n");
            exit(1);
        }
        int digit = (int)(at - digits);
        if (high < 0) {
            high = digit;
        } else {
            bytes[(*size)++] = (uint8_t)(high << 4 | digit);
            high = -1;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[INPUT_MAX];
    const char *folder = argc == 4 && strcmp(argv[1], "--unpack") == 0 ? argv[3] : NULL;
    size_t size, n_inputs = 0, n_runs = 0;

    if (argc != (folder ? 4 : 2)) {
        fprintf(stderr, "usage: %s [--unpack] CORPUS [DIR]\n", argv[0]);
        return 2;
    }
    FILE *file = fopen(argv[folder ? 2 : 1], "rb");
    if (!file) {
        perror(argv[folder ? 2 : 1]);
        return 1;
    }
    if (!folder && LLVMFuzzerInitialize)
        (void)LLVMFuzzerInitialize(&argc, &argv); /* it aborts when something is wrong */
    for (; next(file, bytes, &size); n_inputs++) {
        if (folder)
            unpack(folder, n_inputs, bytes, size);
        else
            n_runs += run_all(bytes, size);
    }
    (void)fclose(file); /* was only read */
    printf("%zu inputs, %zu runs\n", n_inputs, n_runs);
    return n_inputs > 0 ? 0 : 1;
}
