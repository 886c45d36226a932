/*
 * bench_codec.c - bits a value and speed of the codec room, column by column: on columns made here, and on columns of
 * CSV files. A column is cut into chunks as the engine does; its share is the chunk's bytes with it minus the chunk's
 * bytes without it, so scale, summaries and directory are counted. Every decoded value is compared to the bit.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/chunk.h"
#include "codec/column.h"
#include "capped.h"
#include "codec/mask.h"
#include "compressor.h"
#include "harness.h"
#include "unseen.h"
#include "zone.h"

#define COLUMNS_MAX    32
#define LINES_A_COLUMN 10
#define NAME_SIZE      48
#define TEXT_SIZE      4096
#define BUDGET_S       0.5
#define BUDGET_QUICK_S 0.05
#define MADE_ROWS      (1 << 18)
#define MUST_OVER_BEST 1.3 /* TARGETS.md: never above 1.3x the best peer of a row */

/* The best peer's bits a value of TARGETS.md. */
static const struct known {
    const char *file, *column;
    double best;
} known[] = {
    {"redd_house3", "p_w", 1.11},         {"tracebase_plugs", "p1_w", 1.03},     {"cnc_mill", "current_feedback", 11.3},
    {"cnc_mill", "output_voltage", 8.63}, {"cnc_mill", "output_power_kw", 16.9}, {"eaf_arc", "p_active", 26.9},
    {"itsc_motor_1khz", "ia_a", 49.8},    {"skab_pump", "current_a", 21.7},      {"skab_pump", "voltage_v", 16.1},
};

/* ---- a column
 * -------------------------------------------------------------------------------------------------------- */

struct series {
    size_t n, capacity, n_cuts, cuts_capacity;
    gk_time *time;
    double *value;
    size_t *cut; /* rows at which a chunk must begin: another facility, a step back in time */
};

static void *grow(void *p, size_t *capacity, size_t size)
{
    *capacity = *capacity ? 2 * *capacity : 4096;
    p = realloc(p, *capacity * size);
    if (p == NULL)
        harness_fail("no memory");
    return p;
}

static void series_add(struct series *series, gk_time time, double value, bool is_cut)
{
    if (series->n == series->capacity) {
        size_t capacity = series->capacity;
        series->time = grow(series->time, &capacity, sizeof *series->time);
        series->value = grow(series->value, &series->capacity, sizeof *series->value);
    }
    if (series->n_cuts == series->cuts_capacity)
        series->cut = grow(series->cut, &series->cuts_capacity, sizeof *series->cut);
    if (is_cut)
        series->cut[series->n_cuts++] = series->n;
    series->time[series->n] = time;
    series->value[series->n++] = value;
}

static void series_clear(struct series *series)
{
    free(series->time);
    free(series->value);
    free(series->cut);
    *series = (struct series){0};
}

/* The chunk that begins at a row ends at the next cut or when it is full. */
static size_t chunk_end(const struct series *series, size_t from, size_t *cut)
{
    size_t end = from + CHUNK_ROWS_MAX;

    while (*cut < series->n_cuts && series->cut[*cut] <= from)
        ++*cut;
    if (*cut < series->n_cuts && series->cut[*cut] < end)
        end = series->cut[*cut];
    return end < series->n ? end : series->n;
}

/* ---- what is timed
 * ----------------------------------------------------------------------------------------------------- */

struct pass {
    const struct capped *codec;
    const struct series *series;
    struct buffer columns, chunks; /* encoded columns alone; whole chunks, each with its size before it */
    size_t time_bytes, value_bytes;
    double *values; /* decoded */
};

static void encode_columns(void *context)
{
    struct pass *pass = context;
    const struct series *series = pass->series;

    buffer_reset(&pass->columns);
    for (size_t from = 0, cut = 0, to; from < series->n; from = to) {
        to = chunk_end(series, from, &cut);
        if (pass->codec->encode(series->value + from, to - from, &pass->columns) != GK_OK)
            harness_fail("column_encode");
    }
}

static void open_chunk(const struct pass *pass, size_t *at, struct chunk_view *chunk)
{
    size_t size = load_u32(pass->chunks.bytes + *at);

    if (pass->codec->open(pass->chunks.bytes + *at + 4, size, chunk) != GK_OK)
        harness_fail("chunk_open");
    *at += 4 + size;
}

static void decode_chunks(void *context)
{
    struct pass *pass = context;
    struct chunk_view chunk;
    size_t row = 0;

    for (size_t at = 0; at < pass->chunks.size; row += chunk.n_rows) {
        open_chunk(pass, &at, &chunk);
        if (pass->codec->values(&chunk, 0, 0, chunk.n_minis, pass->values + row) != GK_OK)
            harness_fail("chunk_values");
    }
}

/* One chunk with its column (kept) and one without (only its size is taken). */
static void add_chunk(struct pass *pass, size_t from, size_t to)
{
    static const uint32_t channel = 0;
    const double *value = pass->series->value + from;
    struct chunk_rows rows = {to - from, pass->series->time + from, 1, &channel, &value};
    struct buffer bare;
    size_t at = pass->chunks.size, size;

    buffer_init(&bare, &MEM_SYSTEM);
    buffer_put_u32(&pass->chunks, 0);
    if (chunk_encode(&MEM_SYSTEM, &rows, &pass->chunks) != GK_OK)
        harness_fail("chunk_encode");
    rows.n_columns = 0;
    if (chunk_encode(&MEM_SYSTEM, &rows, &bare) != GK_OK)
        harness_fail("chunk_encode without columns");
    size = pass->chunks.size - at - 4;
    store_u32(pass->chunks.bytes + at, (uint32_t)size);
    pass->time_bytes += bare.size;
    pass->value_bytes += size - bare.size;
    buffer_clear(&bare);
}

static void pass_init(struct pass *pass, const struct series *series)
{
    *pass = (struct pass){.codec = &CAPPED_BEST, .series = series};
    buffer_init(&pass->columns, &MEM_SYSTEM);
    buffer_init(&pass->chunks, &MEM_SYSTEM);
    pass->values = harness_take(series->n + CHUNK_ROWS_MAX, sizeof(double));
    for (size_t from = 0, cut = 0, to; from < series->n; from = to) {
        to = chunk_end(series, from, &cut);
        add_chunk(pass, from, to);
    }
}

static void pass_clear(struct pass *pass)
{
    buffer_clear(&pass->columns);
    buffer_clear(&pass->chunks);
    free(pass->values);
}

/* ---- integers as they are packed
 * ----------------------------------------------------------------------------------------------- */

struct packed_column {
    struct column_view view, basis;
    struct column_limit limit;
    uint32_t n_minis;
    bool can_sum[DIRECTORY_MAX], can_compare[DIRECTORY_MAX];
};

/* The mini blocks of a pass' chunks that are summed up, or compared with the middle of the column, without values. */
struct packed {
    struct packed_column *columns;
    size_t n_columns;
    double n_summed, n_compared; /* values */
    uint64_t sink;
};

static void pack_column(struct packed *packed, const double *value, double middle, struct packed_column *column)
{
    uint64_t mask[MASK_WORDS(CHUNK_MINI)], own[MASK_WORDS(CHUNK_MINI)];
    struct chunk_summary summary;
    struct totals totals;
    bool has_limit = column_limit(&column->view, GK_GE, middle, &column->limit);

    column->n_minis = (column->view.n_rows + CHUNK_MINI - 1) / CHUNK_MINI;
    for (uint32_t mini = 0; mini < column->n_minis; mini++, value += CHUNK_MINI) {
        uint32_t rest = column->view.n_rows - mini * CHUNK_MINI, n = rest < CHUNK_MINI ? rest : CHUNK_MINI;
        column->can_sum[mini] = column_totals(&column->view, mini, &totals);
        column->can_compare[mini] = has_limit && column_compare(&column->view, &column->limit, mini, mask);
        packed->n_summed += column->can_sum[mini] ? n : 0;
        packed->n_compared += column->can_compare[mini] ? n : 0;
        chunk_summarise(value, n, &summary);
        mask_compare(GK_GE, middle, value, n, own);
        if (column->can_compare[mini] && memcmp(mask, own, MASK_WORDS(n) * sizeof *mask) != 0)
            harness_fail("packed integers compare otherwise than their values");
        if (column->can_sum[mini] && (summary.min != scale_value(column->view.scale, (uint64_t)totals.low) ||
                                      summary.max != scale_value(column->view.scale, (uint64_t)totals.high) ||
                                      fabs(summary.sum - scale_value(column->view.scale, (uint64_t)totals.sum)) >
                                          1e-12 * n * fmax(fabs(summary.min), fabs(summary.max))))
            harness_fail("packed integers add up to something else than their values");
    }
}

static size_t count_chunks(const struct pass *pass)
{
    struct chunk_view chunk;
    size_t n = 0;

    for (size_t at = 0; at < pass->chunks.size; n++)
        open_chunk(pass, &at, &chunk);
    return n;
}

static void packed_init(struct packed *packed, const struct pass *pass)
{
    struct chunk_summary all;
    struct chunk_view chunk;
    size_t row = 0;

    chunk_summarise(pass->series->value, pass->series->n, &all);
    *packed = (struct packed){.columns = harness_take(count_chunks(pass), sizeof *packed->columns)};
    for (size_t at = 0; at < pass->chunks.size; row += chunk.n_rows) {
        struct packed_column *column = &packed->columns[packed->n_columns++];
        open_chunk(pass, &at, &chunk);
        if (chunk_open_column(&chunk, 0, &column->view, &column->basis) != GK_OK)
            harness_fail("chunk_open_column");
        pack_column(packed, pass->series->value + row, all.min / 2 + all.max / 2, column);
    }
}

static void sum_packed(void *context)
{
    struct packed *packed = context;
    struct totals totals;

    for (size_t i = 0; i < packed->n_columns; i++)
        for (uint32_t mini = 0; mini < packed->columns[i].n_minis; mini++)
            if (packed->columns[i].can_sum[mini] && column_totals(&packed->columns[i].view, mini, &totals))
                packed->sink += (uint64_t)(totals.sum + totals.low + totals.high);
}

static void compare_packed(void *context)
{
    struct packed *packed = context;
    uint64_t mask[MASK_WORDS(CHUNK_MINI)];

    for (size_t i = 0; i < packed->n_columns; i++)
        for (uint32_t mini = 0; mini < packed->columns[i].n_minis; mini++)
            if (packed->columns[i].can_compare[mini] &&
                column_compare(&packed->columns[i].view, &packed->columns[i].limit, mini, mask))
                packed->sink += mask[0];
}

/* ---- lines, ten a column
 * ---------------------------------------------------------------------------------------------- */

static char line_name[COLUMNS_MAX * LINES_A_COLUMN][NAME_SIZE];
static struct harness_line lines[COLUMNS_MAX * LINES_A_COLUMN];

static void run_files(struct harness *harness);
static void run_made(struct harness *harness);
static void measure_unseen(struct harness *harness);

static const struct harness_workload workloads[] = {
    {"files", "columns of files that were named: bits a value, encode and decode speed", run_files},
    {"made", "the same of columns made here, two of them from our zone", run_made},
    {"unseen", "the same of columns that nobody tuned for", measure_unseen},
};

static bool option(const char *name, const char *value);

static struct harness_program program = {
    .name = "bench_codec",
    .lines = lines,
    .workloads = workloads,
    .n_workloads = sizeof workloads / sizeof workloads[0],
    .option = option,
    .help = "  --csv FILE.gz --column NAME   a column of a file (both may be repeated)\n"
            "  --shared DIR                  the nine columns of TARGETS.md\n",
};

static const char *add_line(const char *column, const char *what, const char *unit, double must, double goal,
                            unsigned flags)
{
    if (program.n_lines == COLUMNS_MAX * LINES_A_COLUMN)
        harness_fail("more than %d columns", COLUMNS_MAX);
    struct harness_line *line = &lines[program.n_lines];
    char *name = line_name[program.n_lines];
    snprintf(name, NAME_SIZE, "%.30s %s", column, what);
    *line = (struct harness_line){name, what, unit, must, goal, flags};
    program.n_lines++;
    return name;
}

/* ---- the peers
 * --------------------------------------------------------------------------------------------------------- */

static bool is_peer_there[COMPRESSOR_N], is_peer_looked_for;

/* Once a run; which ones there are stands under the table. */
static void find_peers(struct harness *harness)
{
    char word[PEER_WORD_MAX];

    if (is_peer_looked_for)
        return;
    is_peer_looked_for = true;

    for (int i = 0; i < COMPRESSOR_N; i++) {
        is_peer_there[i] = compressor_find((enum compressor)i, word);
        harness_note(harness, "%s: %s%s", COMPRESSOR_NAME[i], is_peer_there[i] ? "" : "left out: ", word);
    }
}

/* The same column with a peer: the values alone, all at once. */
struct peer_pass {
    enum compressor compressor;
    const struct series *series;
    size_t capacity, size;
    char *bytes;
    double *values;
};

static void peer_encode(void *context)
{
    struct peer_pass *pass = context;

    pass->size = compressor_encode(pass->compressor, pass->series->value, pass->series->n * sizeof(double), pass->bytes,
                                   pass->capacity);
}

static void peer_decode(void *context)
{
    struct peer_pass *pass = context;

    compressor_decode(pass->compressor, pass->bytes, pass->size, pass->values, pass->series->n * sizeof(double));
}

static void peer_init(struct peer_pass *pass, enum compressor compressor, const struct series *series)
{
    *pass = (struct peer_pass){.compressor = compressor,
                               .series = series,
                               .capacity = compressor_bound(compressor, series->n * sizeof(double))};
    pass->bytes = harness_take(pass->capacity, 1);
    pass->values = harness_take(series->n, sizeof(double));
    peer_encode(pass);
    peer_decode(pass);
    if (memcmp(pass->values, series->value, series->n * sizeof(double)) != 0)
        harness_fail("%s: a decoded value differs", COMPRESSOR_NAME[compressor]);
}

static void peer_clear(struct peer_pass *pass)
{
    free(pass->bytes);
    free(pass->values);
}

/* ---- a column, measured
 * ------------------------------------------------------------------------------------------------ */

enum made { MADE_SINE, MADE_ADC, MADE_NOISE, MADE_STEPS, MADE_CONSTANT, MADE_PACKED, MADE_MEANS, MADE_N };

static const char *const made_name[MADE_N] = {"sine", "adc", "noise", "steps", "constant", "packed", "means"};

#define LESSER 2 /* targets: AVX2, plain C */

struct column_lines {
    const char *bits, *times, *encode, *decode, *sum, *mask, *lesser_encode[LESSER], *lesser_decode[LESSER];
};

/* TARGETS.md: how many times as long as the best. */
static const double LESSER_MUST[LESSER] = {2, 5};
static const struct capped *const lesser[LESSER] = {&CAPPED_AVX2, &CAPPED_PLAIN};

static struct column_lines add_lines(const char *column, double best)
{
    /* TARGETS.md speaks of packed blocks: others have differences or planes to be added up first. */
    double must = strcmp(column, made_name[MADE_PACKED]) == 0 ? 4 : 0, goal = must > 0 ? 15 : 0;
    struct column_lines names = {.bits = add_line(column, "bits", "bits", best * MUST_OVER_BEST, best, HARNESS_EXACT),
                                 .times = add_line(column, "times", "bits", 0, 0, HARNESS_EXACT),
                                 .encode = add_line(column, "encode", "GB/s", 1, 2, HARNESS_MORE),
                                 .decode = add_line(column, "decode", "GB/s", 9, 14, HARNESS_MORE),
                                 .sum = add_line(column, "sum", "G/s", must, goal, HARNESS_MORE),
                                 .mask = add_line(column, "mask", "G/s", must, goal, HARNESS_MORE)};

    for (unsigned i = 0; i < LESSER; i++) {
        names.lesser_encode[i] = add_line(column, i == 0 ? "encode_avx2" : "encode_plain", "x", LESSER_MUST[i], 0, 0);
        names.lesser_decode[i] = add_line(column, i == 0 ? "decode_avx2" : "decode_plain", "x", LESSER_MUST[i], 0, 0);
    }
    return names;
}

static void take_bits(struct harness *harness, const struct column_lines *names, const struct pass *pass)
{
    double n = (double)pass->series->n;

    harness_value(harness, names->bits, HARNESS_US, 8 * (double)pass->value_bytes / n);
    harness_value(harness, names->times, HARNESS_US, 8 * (double)pass->time_bytes / n);
}

/* Ours and each peer's encoder and decoder, and what is done to packed integers, in turn. */
static void time_column(struct harness *harness, const struct column_lines *names, struct pass *ours)
{
    const struct series *series = ours->series;
    double bytes = (double)series->n * sizeof(double);
    struct peer_pass peers[COMPRESSOR_N];
    struct packed packed;
    struct harness_timed timed[4 + 2 * COMPRESSOR_N] = {{names->encode, HARNESS_US, encode_columns, ours, bytes},
                                                        {names->decode, HARNESS_US, decode_chunks, ours, bytes}};
    size_t n = 2, n_peers = 0;

    packed_init(&packed, ours);
    if (packed.n_summed > 0)
        timed[n++] = (struct harness_timed){names->sum, HARNESS_US, sum_packed, &packed, packed.n_summed};
    if (packed.n_compared > 0)
        timed[n++] = (struct harness_timed){names->mask, HARNESS_US, compare_packed, &packed, packed.n_compared};
    for (int i = 0; i < COMPRESSOR_N; i++) {
        struct peer_pass *pass = &peers[n_peers];
        if (!is_peer_there[i])
            continue;
        peer_init(pass, (enum compressor)i, series);
        n_peers++;
        harness_value(harness, names->bits, COMPRESSOR_NAME[i], 8 * (double)pass->size / (double)series->n);
        timed[n++] = (struct harness_timed){names->encode, COMPRESSOR_NAME[i], peer_encode, pass, bytes};
        timed[n++] = (struct harness_timed){names->decode, COMPRESSOR_NAME[i], peer_decode, pass, bytes};
    }
    harness_time(harness, timed, n, harness_is_quick(harness) ? BUDGET_QUICK_S : BUDGET_S);
    for (size_t i = 0; i < n_peers; i++)
        peer_clear(&peers[i]);
    free(packed.columns);
}

/* The same bytes and the same values. */
static void compare_targets(const char *column, struct pass *pass)
{
    size_t n = pass->series->n;
    struct buffer best;

    encode_columns(pass);
    buffer_init(&best, &MEM_SYSTEM);
    buffer_put(&best, pass->columns.bytes, pass->columns.size);
    for (unsigned i = 0; i < LESSER; i++) {
        pass->codec = lesser[i];
        encode_columns(pass);
        if (pass->columns.size != best.size || memcmp(pass->columns.bytes, best.bytes, best.size) != 0)
            harness_fail("%s: another target encodes other bytes", column);
        memset(pass->values, 0, n * sizeof(double));
        decode_chunks(pass);
        if (memcmp(pass->values, pass->series->value, n * sizeof(double)) != 0)
            harness_fail("%s: a value that another target decoded differs", column);
    }
    buffer_clear(&best);
    pass->codec = &CAPPED_BEST;
}

static double time_call(struct pass *pass, const struct capped *codec, void (*call)(void *))
{
    double begin = harness_now();

    pass->codec = codec;
    call(pass);
    pass->codec = &CAPPED_BEST;
    return harness_now() - begin;
}

#define TURNS  9
#define TURN_S 0.01 /* of the best */

/*
 * How many times as long as the best the others take. In a turn they are called one after the other, and the least
 * time of each counts: calls are short against what another program takes from them.
 */
static void time_targets(struct harness *harness, const char *const lines_of[LESSER], struct pass *pass,
                         void (*call)(void *))
{
    unsigned n = 3 + (unsigned)(TURN_S / time_call(pass, &CAPPED_BEST, call));

    for (unsigned turn = 0; turn < (harness_is_quick(harness) ? 1 : TURNS); turn++) {
        double best_s = INFINITY, least_s[LESSER] = {INFINITY, INFINITY};
        for (unsigned k = 0; k < n; k++) {
            best_s = fmin(best_s, time_call(pass, &CAPPED_BEST, call));
            for (unsigned i = 0; i < LESSER; i++)
                least_s[i] = fmin(least_s[i], time_call(pass, lesser[i], call));
        }
        for (unsigned i = 0; i < LESSER; i++)
            harness_value(harness, lines_of[i], HARNESS_US, least_s[i] / best_s);
    }
}

static void measure(struct harness *harness, const char *column, const struct series *series, double best)
{
    struct pass pass;
    struct column_lines names = add_lines(column, best);

    if (series->n == 0)
        harness_fail("%s has no values", column);
    find_peers(harness);
    pass_init(&pass, series);
    take_bits(harness, &names, &pass);
    decode_chunks(&pass);
    if (memcmp(pass.values, series->value, series->n * sizeof(double)) != 0)
        harness_fail("%s: a decoded value differs", column);
    compare_targets(column, &pass);
    time_column(harness, &names, &pass);
    time_targets(harness, names.lesser_encode, &pass, encode_columns);
    time_targets(harness, names.lesser_decode, &pass, decode_chunks);
    pass_clear(&pass);
}

/* ---- columns made here
 * --------------------------------------------------------------------------------------------------- */

static double made_value(enum made made, size_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 31) * UINT64_C(0xD6E8FEB86659FD93);
    z ^= z >> 32;
    switch (made) {
    case MADE_SINE: /* full doubles */
        return 31.1 * sin((double)i * 0.0523598775);
    case MADE_ADC: /* a waveform of 12 bits */
        return nearbyint(2047 * sin((double)i * 0.0523598775)) * 0x1p-7;
    case MADE_NOISE: /* every bit of the fraction is random */
        return (double)(z >> 11) * 0x1p-53;
    case MADE_STEPS: /* a machine between three loads, 0.1 kW */
        return (double)(100 + 45 * (i / 777 % 3)) / 10;
    case MADE_PACKED: /* anything below 100 kW, 0.1 kW */
        return (double)(z % 1000) / 10;
    case MADE_MEANS: /* of three readings of 0.1 degrees, that rise and fall */
        return (double)(600 + (i / 64 % 256 < 128 ? i / 64 % 128 : 128 - i / 64 % 128) + z % 4) / 30;
    default:
        return 7.5;
    }
}

static void measure_made(struct harness *harness)
{
    for (int made = 0; made < MADE_N; made++) {
        struct series series = {0};
        for (size_t i = 0; i < (harness_is_quick(harness) ? MADE_ROWS / 8 : MADE_ROWS); i++)
            series_add(&series, (gk_time)i * GK_SECOND, made_value((enum made)made, i), false);
        measure(harness, made_name[made], &series, 0);
        series_clear(&series);
    }
}

static void measure_unseen(struct harness *harness)
{
    size_t n = harness_is_quick(harness) ? MADE_ROWS / 8 : MADE_ROWS;
    double *value = harness_take(n, sizeof(double));

    for (int unseen = 0; unseen < UNSEEN_N; unseen++) {
        struct series series = {0};
        unseen_make((enum unseen)unseen, value, n);
        for (size_t i = 0; i < n; i++)
            series_add(&series, (gk_time)i * 10 * GK_SECOND, value[i], false);
        measure(harness, UNSEEN_NAME[unseen], &series, 0);
        series_clear(&series);
    }
    free(value);
}

/* kw and ia of two enterprises of our zone over a week. */
static void measure_zone(struct harness *harness)
{
    static const enum zone_column columns[] = {ZONE_KW, ZONE_IA};
    struct zone zone;

    zone_make(&zone, 2, (harness_is_quick(harness) ? 1 : 7) * 86400, 11);
    for (size_t c = 0; c < 2; c++) {
        struct series series = {0};
        for (uint32_t f = 0; f < zone.n_facilities; f++)
            for (uint32_t i = 0; i < zone.facilities[f].n_rows; i++)
                series_add(&series, (zone.from_s + zone.facilities[f].column[ZONE_TIME][i]) * GK_SECOND,
                           zone.facilities[f].column[columns[c]][i] / ZONE_UNIT[columns[c]], i == 0);
        measure(harness, c == 0 ? "zone.kw" : "zone.ia", &series, 0);
        series_clear(&series);
    }
    zone_clear(&zone);
}

/* ---- columns of CSV files
 * -------------------------------------------------------------------------------------------------- */

static struct wanted {
    const char *file, *column;
    double best;
} wanted[COLUMNS_MAX];

static size_t n_wanted;
static const char *csv;
static char shared_path[sizeof known / sizeof known[0]][1024];

/* The n-th field of a line without quotes; the length through *size. */
static const char *field(const char *line, int n, size_t *size)
{
    for (; n > 0; n--) {
        line += strcspn(line, ",\r\n");
        line += *line == ',';
    }
    *size = strcspn(line, ",\r\n");
    return line;
}

static int column_at(const char *header, const char *name)
{
    size_t size;

    for (int i = 0; i < 256; i++) {
        const char *at = field(header, i, &size);
        if (size == strlen(name) && memcmp(at, name, size) == 0)
            return i;
        if (*at == '\0' || at[size] != ',')
            break;
    }
    harness_fail("no column '%s' in: %s", name, header);
}

/* Rows without a value are left out: the table in TARGETS.md counts values. */
static void series_read(struct series *series, const char *path, const char *column)
{
    gzFile file = gzopen(path, "rb");
    char line[TEXT_SIZE], facility[TEXT_SIZE] = "";
    int time_at, facility_at, value_at;
    size_t size;

    if (file == NULL || gzgets(file, line, sizeof line) == NULL)
        harness_fail("%s: cannot be read", path);
    time_at = column_at(line, "time");
    facility_at = column_at(line, "facility");
    value_at = column_at(line, column);
    while (gzgets(file, line, sizeof line) != NULL) {
        gk_time time;
        const char *text = field(line, time_at, &size);
        if (gk_time_parse(text, size, 0, &time) != GK_OK)
            harness_fail("%s: time in: %s", path, line);
        text = field(line, value_at, &size);
        if (size == 0)
            continue;
        double value = strtod(text, NULL);
        text = field(line, facility_at, &size);
        bool is_cut = size != strlen(facility) || memcmp(text, facility, size) != 0 ||
                      (series->n > 0 && time < series->time[series->n - 1]);
        memcpy(facility, text, size);
        facility[size] = '\0';
        series_add(series, time, value, is_cut);
    }
    gzclose(file);
}

static void want(const char *file, const char *column)
{
    double best = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(file, known[i].file) != NULL && strcmp(known[i].column, column) == 0)
            best = known[i].best;
    if (n_wanted == COLUMNS_MAX)
        harness_fail("more than %d columns", COLUMNS_MAX);
    wanted[n_wanted++] = (struct wanted){file, column, best};
}

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--csv") == 0) {
        csv = value;
    } else if (strcmp(name, "--column") == 0 && csv != NULL) {
        want(csv, value);
    } else if (strcmp(name, "--shared") == 0) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            snprintf(shared_path[i], sizeof shared_path[i], "%s/%s.csv.gz", value, known[i].file);
            want(shared_path[i], known[i].column);
        }
    } else {
        return false;
    }
    return true;
}

static void run_files(struct harness *harness)
{
    for (size_t i = 0; i < n_wanted; i++) {
        struct series series = {0};
        series_read(&series, wanted[i].file, wanted[i].column);
        measure(harness, wanted[i].column, &series, wanted[i].best);
        series_clear(&series);
    }
}

static void run_made(struct harness *harness)
{
    measure_zone(harness);
    measure_made(harness);
}

int main(int argc, char **argv)
{
    return harness_main(&program, argc, argv);
}
