/*
 * fuzz_batch.c - arbitrary bytes as a journal record must not break a reader; arbitrary rows must come back.
 */
#include <stdlib.h>

#include "base/error.h"
#include "codec/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 512

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void decode(const uint8_t *data, size_t size)
{
    struct batch batch = {0};
    struct buffer text;

    buffer_init(&text, &MEM_SYSTEM);
    int decoded = batch_decode(&MEM_SYSTEM, data, size, &batch);
    require(batch_dump(&MEM_SYSTEM, data, size, &text) == decoded);
    buffer_clear(&text);
    batch_clear(&batch);
}

/* Each 20 bytes are one row: time, facility, value. */
static void round_trip(const uint8_t *data, size_t size)
{
    static gk_time time[ROWS_MAX];
    static uint32_t facility[ROWS_MAX];
    static double value[ROWS_MAX];
    static const uint32_t channel[] = {1};
    const double *columns[] = {value};
    struct batch batch = {0};
    struct buffer out;
    size_t n = 0;

    for (; n < ROWS_MAX && 20 * (n + 1) <= size; n++) {
        time[n] = (gk_time)load_u64(data + 20 * n);
        facility[n] = load_u32(data + 20 * n + 8);
        value[n] = load_f64(data + 20 * n + 12);
    }
    struct batch_rows rows = {n, time, facility, 1, channel, columns};
    buffer_init(&out, &MEM_SYSTEM);
    require(batch_encode(&MEM_SYSTEM, &rows, &out) == GK_OK);
    require(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch) == GK_OK);
    require(batch.rows.n_rows == n && batch.rows.n_channels == 1 && batch.rows.channel[0] == 1);
    require(memcmp(batch.rows.time, time, n * sizeof *time) == 0);
    require(memcmp(batch.rows.facility, facility, n * sizeof *facility) == 0);
    require(memcmp(batch.rows.value[0], value, n * sizeof *value) == 0);
    batch_clear(&batch);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    round_trip(data, size);
    return 0;
}
