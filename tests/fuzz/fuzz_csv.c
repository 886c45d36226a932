/*
 * fuzz_csv.c - a file in one piece and in pieces of sizes that the input itself chooses gives the same records; every
 * line is in exactly one of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void drain(struct csv *csv, struct buffer *out)
{
    struct csv_record record;
    struct gk_error error;
    int rc;

    while ((rc = csv_next(csv, &record, &error)) != GK_DONE) {
        must(rc == GK_OK || rc == error.status);
        buffer_printf(out, "%llu,%d,%zu:", (unsigned long long)record.line, rc, record.n_fields);
        buffer_put_text(out, record.text, record.size);
        for (size_t i = 0; i < record.n_fields; i++) {
            uint64_t line;
            uint32_t column;
            csv_place(&record, record.fields[i].at, &line, &column);
            buffer_printf(out, "%llu,%u", (unsigned long long)line, column);
            buffer_put_text(out, record.fields[i].bytes, record.fields[i].size);
        }
        if (rc != GK_OK)
            buffer_printf(out, "%llu,%u%s", (unsigned long long)error.line, error.column, error.text);
    }
}

static void split(const char *text, size_t size, const uint8_t *pieces, size_t n_pieces, struct buffer *out)
{
    struct csv csv;
    size_t at = 0;

    csv_init(&csv, &MEM_SYSTEM);
    for (size_t i = 0; at < size; i++) {
        size_t n = n_pieces ? (size_t)pieces[i % n_pieces] + 1 : size;
        n = n < size - at ? n : size - at;
        char *piece = malloc(n);
        must(piece != NULL);
        memcpy(piece, text + at, n);
        csv_feed(&csv, piece, n);
        drain(&csv, out);
        free(piece);
        at += n;
    }
    csv_end(&csv);
    drain(&csv, out);
    csv_clear(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer whole, parts;

    if (size < 4)
        return 0;
    buffer_init(&whole, &MEM_SYSTEM);
    buffer_init(&parts, &MEM_SYSTEM);
    split((const char *)data + 4, size - 4, NULL, 0, &whole);
    split((const char *)data + 4, size - 4, data, 4, &parts);
    must(whole.size == parts.size && (whole.size == 0 || memcmp(whole.bytes, parts.bytes, whole.size) == 0));
    buffer_clear(&whole);
    buffer_clear(&parts);
    return 0;
}
