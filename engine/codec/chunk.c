/*
 * chunk.c - the frame around times and columns.
 *
 *     0   version      1   CHUNK_VERSION
 *     1   zero         1
 *     2   n_rows       2   1..8192
 *     4   n_columns    2   0..1024
 *     6   zero         2
 *     8   first        8   time of the first row
 *     16  last         8   time of the last row
 *     24  times_end    4   from the chunk's begin
 *     28  columns          channel 4, end 4, each; channels and ends ascend, the last end is the size
 *     ..  times            times.h
 *     ..  columns          column.h
 */
#include "codec/chunk.h"

#include <assert.h>

#include "codec/column.h"
#include "codec/summary.h"
#include "codec/times.h"

#define CHUNK_VERSION 1
#define HEAD_SIZE     28
#define ENTRY_SIZE    8

/* ---- writing -------------------------------------------------------------------------------------------------- */

static bool do_times_ascend(const gk_time *time, size_t n)
{
    uint64_t n_wrong = 0;
    for (size_t i = 1; i < n; i++)
        n_wrong += time[i] < time[i - 1];
    return n_wrong == 0;
}

static int check_rows(const struct chunk_rows *rows)
{
    if (rows->n_rows < 1 || rows->n_rows > CHUNK_ROWS_MAX || rows->n_columns > CHUNK_COLUMNS_MAX)
        return GK_EINVAL;
    if (!do_times_ascend(rows->time, rows->n_rows))
        return GK_EINVAL;
    for (size_t i = 1; i < rows->n_columns; i++)
        if (rows->channel[i] <= rows->channel[i - 1])
            return GK_EINVAL;
    return GK_OK;
}

static void put_head(const struct chunk_rows *rows, size_t n_rows, struct buffer *out)
{
    buffer_put_u8(out, CHUNK_VERSION);
    buffer_put_u8(out, 0);
    buffer_put_u16(out, (uint16_t)n_rows);
    buffer_put_u16(out, (uint16_t)rows->n_columns);
    buffer_put_u16(out, 0);
    buffer_put_u64(out, (uint64_t)rows->time[0]);
    buffer_put_u64(out, (uint64_t)rows->time[n_rows - 1]);
    buffer_put_u32(out, 0); /* times_end, known later */
    for (size_t i = 0; i < rows->n_columns; i++) {
        buffer_put_u32(out, rows->channel[i]);
        buffer_put_u32(out, 0); /* end, known later */
    }
}

/* All that is encoded before it is known how many mini blocks the chunk is to have. */
struct draft {
    struct times_draft times;
    struct column_draft *columns; /* of the rows' columns, or NULL */
};

/* The columns among which one is to predict others have their integers at the same time, the rest one by one. */
static int draft_columns(const struct mem *mem, const struct chunk_rows *rows, struct draft *out)
{
    struct integers all[PREDICT_COLUMNS_MAX + 1] = {{.z = NULL}};
    struct scale scale[PREDICT_COLUMNS_MAX];
    struct predict_plan plan;
    size_t n_seen = rows->n_columns < PREDICT_COLUMNS_MAX ? rows->n_columns : PREDICT_COLUMNS_MAX;
    int rc = GK_OK;

    for (size_t i = 0; i < n_seen; i++) {
        TRY(integers_make(mem, rows->value[i], rows->n_rows, &all[i]));
        scale[i] = all[i].scale;
    }
    predict_choose(scale, rows->value, n_seen, rows->n_rows, &plan);
    for (size_t i = 0; i < rows->n_columns; i++) {
        struct integers *own = &all[i < n_seen ? i : n_seen];
        uint64_t factor = plan.basis != PREDICT_NONE && i < n_seen ? plan.factor[i] : 0;
        struct column_basis of = {plan.basis, factor, factor ? &all[plan.basis] : NULL};
        if (i >= n_seen)
            TRY(integers_make(mem, rows->value[i], rows->n_rows, own));
        TRY(column_draft_make(mem, own, factor ? &of : NULL, i == plan.basis, &out->columns[i]));
        if (i != plan.basis)
            integers_clear(mem, own);
    }
done:
    for (size_t i = 0; i <= n_seen; i++)
        integers_clear(mem, &all[i]);
    return rc;
}

static int draft_make(const struct mem *mem, const struct chunk_rows *rows, struct draft *out)
{
    times_draft_make(mem, rows->time, rows->n_rows, &out->times);
    out->columns = NULL;
    if (rows->n_columns == 0)
        return GK_OK;
    out->columns = mem_array(mem, rows->n_columns, sizeof *out->columns);
    if (!out->columns)
        return GK_ENOMEM;
    for (size_t i = 0; i < rows->n_columns; i++)
        out->columns[i] = (struct column_draft){.n_minis = 0};
    return draft_columns(mem, rows, out);
}

static void draft_clear(const struct mem *mem, const struct chunk_rows *rows, struct draft *draft)
{
    times_draft_clear(&draft->times);
    for (size_t i = 0; draft->columns && i < rows->n_columns; i++)
        column_draft_clear(&draft->columns[i]);
    mem_free(mem, draft->columns);
}

/* The first n_rows rows as a chunk. */
static int draft_put(const struct draft *draft, const struct chunk_rows *rows, size_t n_rows, struct buffer *chunk)
{
    int rc = GK_OK;

    buffer_reset(chunk);
    put_head(rows, n_rows, chunk);
    TRY(times_draft_put(&draft->times, (uint32_t)((n_rows + CHUNK_MINI - 1) / CHUNK_MINI), chunk));
    store_u32(chunk->bytes + 24, (uint32_t)chunk->size);
    for (size_t i = 0; i < rows->n_columns; i++) {
        TRY(column_draft_put(&draft->columns[i], rows->value[i], n_rows, chunk));
        store_u32(chunk->bytes + HEAD_SIZE + ENTRY_SIZE * i + 4, (uint32_t)chunk->size);
    }
done:
    return rc;
}

/* ---- whole pages ---------------------------------------------------------------------------------------------- */

#define SUMMARY_GUESS 24 /* bytes of a summary, mostly */
#define FIT_GAIN      64 /* a cut must spare one part in so many of the space of a row */

/* About how many bytes the first mini blocks take: bytes[k] for k of them. False when it cannot be cut. */
static bool guess_sizes(const struct draft *draft, const struct chunk_rows *rows, size_t *bytes)
{
    uint32_t n_minis = draft->times.n_minis;

    bytes[0] =
        HEAD_SIZE + ENTRY_SIZE * rows->n_columns + 1 + VARINT_MAX / 2 + directory_size(draft->times.sizes, n_minis);
    for (size_t i = 0; i < rows->n_columns; i++) {
        if (draft->columns[i].is_binned)
            return false;
        bytes[0] += 2 + SUMMARY_GUESS + draft->columns[i].words.size + directory_size(draft->columns[i].sizes, n_minis);
    }
    for (uint32_t k = 0; k < n_minis; k++) {
        bytes[k + 1] = bytes[k] + draft->times.sizes[k];
        for (size_t i = 0; i < rows->n_columns; i++)
            bytes[k + 1] += draft->columns[i].sizes[k];
    }
    return true;
}

/* The rows that fill pages best: all, or as many whole mini blocks as fit one page less; *most is what they may take.
 */
static size_t choose_rows(const struct draft *draft, const struct chunk_rows *rows, size_t page, size_t overhead,
                          size_t *most)
{
    size_t bytes[DIRECTORY_MAX + 1], n_minis = draft->times.n_minis, k = n_minis;

    *most = SIZE_MAX;
    if (page == 0 || !guess_sizes(draft, rows, bytes))
        return rows->n_rows;
    size_t n_pages = (bytes[n_minis] + overhead + page - 1) / page;
    if (n_pages < 2)
        return rows->n_rows;
    while (k > 0 && bytes[k] + overhead > (n_pages - 1) * page)
        k--;
    /* (n_pages - 1) / (k minis) against n_pages / (all rows), in pages a row */
    size_t all = n_pages * k * CHUNK_MINI, cut = (n_pages - 1) * rows->n_rows;
    if (k == 0 || cut >= all - all / FIT_GAIN)
        return rows->n_rows;
    *most = (n_pages - 1) * page - overhead;
    return k * CHUNK_MINI;
}

int chunk_encode_fit(const struct mem *mem, const struct chunk_rows *rows, size_t page, size_t overhead,
                     struct buffer *out, size_t *n_taken)
{
    struct buffer chunk;
    struct draft draft;
    size_t most;

    int rc = check_rows(rows);
    if (rc != GK_OK)
        return rc;
    buffer_init(&chunk, mem);
    TRY(draft_make(mem, rows, &draft));
    *n_taken = choose_rows(&draft, rows, page, overhead, &most);
    TRY(draft_put(&draft, rows, *n_taken, &chunk));
    while (chunk.size > most && *n_taken > CHUNK_MINI) { /* the guess was a little low */
        *n_taken -= CHUNK_MINI;
        TRY(draft_put(&draft, rows, *n_taken, &chunk));
    }
    buffer_put(out, chunk.bytes, chunk.size);
    rc = buffer_status(out);
done:
    draft_clear(mem, rows, &draft);
    buffer_clear(&chunk);
    return rc;
}

int chunk_encode(const struct mem *mem, const struct chunk_rows *rows, struct buffer *out)
{
    size_t n_taken;
    return chunk_encode_fit(mem, rows, 0, 0, out, &n_taken);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static uint32_t column_end(const struct chunk_view *chunk, uint32_t column)
{
    return load_u32(chunk->bytes + HEAD_SIZE + ENTRY_SIZE * (size_t)column + 4);
}

static struct view column_bytes(const struct chunk_view *chunk, uint32_t column)
{
    size_t from = column == 0 ? chunk->columns_at : column_end(chunk, column - 1);
    return (struct view){chunk->bytes + from, column_end(chunk, column) - from};
}

/* Channels and ends ascend, and the last end is the chunk's. */
static int check_entries(const struct chunk_view *chunk)
{
    size_t at = chunk->columns_at;

    for (uint32_t i = 0; i < chunk->n_columns; i++) {
        uint32_t end = column_end(chunk, i);
        if (end < at || end > chunk->size)
            return GK_ECORRUPT;
        if (i && chunk_channel(chunk, i) <= chunk_channel(chunk, i - 1))
            return GK_ECORRUPT;
        at = end;
    }
    return at == chunk->size ? GK_OK : GK_ECORRUPT;
}

int chunk_open(const uint8_t *bytes, size_t size, struct chunk_view *out)
{
    if (size == 0)
        return GK_ECORRUPT;
    if (bytes[0] != CHUNK_VERSION)
        return GK_EVERSION;
    if (size < HEAD_SIZE || size > UINT32_MAX || bytes[1] != 0 || load_u16(bytes + 6) != 0)
        return GK_ECORRUPT;
    out->bytes = bytes;
    out->size = size;
    out->n_rows = load_u16(bytes + 2);
    out->n_columns = load_u16(bytes + 4);
    out->n_minis = (out->n_rows + CHUNK_MINI - 1) / CHUNK_MINI;
    out->first = (gk_time)load_u64(bytes + 8);
    out->last = (gk_time)load_u64(bytes + 16);
    out->columns_at = load_u32(bytes + 24);
    if (out->n_rows < 1 || out->n_rows > CHUNK_ROWS_MAX || out->n_columns > CHUNK_COLUMNS_MAX || out->first > out->last)
        return GK_ECORRUPT;
    out->time_at = HEAD_SIZE + ENTRY_SIZE * (size_t)out->n_columns;
    if (out->columns_at < out->time_at || out->columns_at > size)
        return GK_ECORRUPT;
    return check_entries(out);
}

uint32_t chunk_channel(const struct chunk_view *chunk, uint32_t column)
{
    assert(column < chunk->n_columns);
    return load_u32(chunk->bytes + HEAD_SIZE + ENTRY_SIZE * (size_t)column);
}

int chunk_column(const struct chunk_view *chunk, uint32_t channel)
{
    uint32_t from = 0, to = chunk->n_columns;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        uint32_t found = chunk_channel(chunk, middle);
        if (found == channel)
            return (int)middle;
        if (found < channel)
            from = middle + 1;
        else
            to = middle;
    }
    return -1;
}

int chunk_open_times(const struct chunk_view *chunk, struct times_view *out)
{
    return times_open(chunk->bytes + chunk->time_at, chunk->columns_at - chunk->time_at, chunk->n_rows, chunk->first,
                      out);
}

static int open_column(const struct chunk_view *chunk, uint32_t column, struct column_view *out)
{
    struct view view = column_bytes(chunk, column);
    return column_open(view.bytes, view.size, chunk->n_rows, out);
}

/* A column, and the one from which it is predicted, if it is. */
int chunk_open_column(const struct chunk_view *chunk, uint32_t column, struct column_view *out,
                      struct column_view *basis)
{
    if (column >= chunk->n_columns)
        return GK_EINVAL;
    int rc = open_column(chunk, column, out);
    if (rc == GK_OK && out->is_predicted)
        rc = out->basis < chunk->n_columns ? open_column(chunk, out->basis, basis) : GK_ECORRUPT;
    return rc;
}

int chunk_times(const struct chunk_view *chunk, uint32_t from, uint32_t to, gk_time *out)
{
    struct times_view times;

    if (from > to || to > chunk->n_minis)
        return GK_EINVAL;
    int rc = chunk_open_times(chunk, &times);
    return rc == GK_OK ? times_minis(&times, from, to, out) : rc;
}

int chunk_values(const struct chunk_view *chunk, uint32_t column, uint32_t from, uint32_t to, double *out)
{
    struct column_view view, basis;

    if (column >= chunk->n_columns || from > to || to > chunk->n_minis)
        return GK_EINVAL;
    int rc = chunk_open_column(chunk, column, &view, &basis);
    return rc == GK_OK ? column_values(&view, view.is_predicted ? &basis : NULL, from, to, out) : rc;
}

int chunk_bounds(const struct chunk_view *chunk, uint32_t column, uint32_t from, uint32_t to, struct chunk_bounds *out)
{
    struct column_view view, basis;

    if (column >= chunk->n_columns || from > to || to > chunk->n_minis)
        return GK_EINVAL;
    int rc = chunk_open_column(chunk, column, &view, &basis);
    return rc == GK_OK ? column_bounds(&view, view.is_predicted ? &basis : NULL, from, to, out) : rc;
}

int chunk_spans(const struct chunk_view *chunk, uint32_t from, uint32_t to, struct chunk_span *out)
{
    struct times_view times;

    if (from > to || to > chunk->n_minis)
        return GK_EINVAL;
    int rc = chunk_open_times(chunk, &times);
    for (uint32_t mini = from; rc == GK_OK && mini < to; mini++)
        out[mini - from] = times_span(&times, mini);
    return rc;
}

int chunk_mini_time(const struct chunk_view *chunk, uint32_t mini, gk_time *out)
{
    struct times_view times;

    if (mini >= chunk->n_minis)
        return GK_EINVAL;
    if (mini == 0) {
        *out = chunk->first;
        return GK_OK;
    }
    int rc = chunk_open_times(chunk, &times);
    return rc == GK_OK ? times_first(&times, mini, out) : rc;
}

int chunk_summary(const struct chunk_view *chunk, uint32_t column, struct chunk_summary *out)
{
    if (column >= chunk->n_columns)
        return GK_EINVAL;
    struct view view = column_bytes(chunk, column);
    return column_summary(view.bytes, view.size, chunk->n_rows, out);
}

int chunk_mini_summary(const struct chunk_view *chunk, uint32_t column, uint32_t mini, struct chunk_summary *out)
{
    double value[CHUNK_MINI];

    if (mini >= chunk->n_minis)
        return GK_EINVAL;
    int rc = chunk_values(chunk, column, mini, mini + 1, value);
    size_t from = (size_t)mini * CHUNK_MINI;
    if (rc == GK_OK)
        chunk_summarise(value, chunk->n_rows - from < CHUNK_MINI ? chunk->n_rows - from : CHUNK_MINI, out);
    return rc;
}

/* ---- checking ------------------------------------------------------------------------------------------------- */

static int check_times(const struct chunk_view *chunk, gk_time *time, struct gk_error *error)
{
    int rc = chunk_times(chunk, 0, chunk->n_minis, time);
    if (rc != GK_OK)
        return error_set(error, rc, "chunk: the times cannot be decoded");
    for (uint32_t i = 1; i < chunk->n_rows; i++)
        if (time[i] < time[i - 1])
            return error_set(error, GK_ECORRUPT, "chunk: the time of row %u is before that of the row before", i);
    if (time[0] != chunk->first || time[chunk->n_rows - 1] != chunk->last)
        return error_set(error, GK_ECORRUPT, "chunk: the head's first or last time is not that of the rows");
    return GK_OK;
}

static int check_column(const struct chunk_view *chunk, uint32_t column, double *value, struct gk_error *error)
{
    struct column_view view;
    struct chunk_summary summary;
    uint32_t channel = chunk_channel(chunk, column);

    int rc = chunk_values(chunk, column, 0, chunk->n_minis, value);
    if (rc != GK_OK)
        return error_set(error, rc, "chunk: the values of channel %u cannot be decoded", channel);
    rc = open_column(chunk, column, &view);
    if (NEVER(rc != GK_OK))
        return error_set(error, GK_EBUG, "chunk: channel %u opens only once", channel);
    chunk_summarise(value, chunk->n_rows, &summary);
    if (!summary_is_equal(&summary, &view.summary))
        return error_set(error, GK_ECORRUPT, "chunk: the summary of channel %u is not that of its values", channel);
    return GK_OK;
}

int chunk_check(const struct mem *mem, const uint8_t *bytes, size_t size, struct gk_error *error)
{
    static_assert(sizeof(gk_time) == sizeof(double), "times and values share the scratch");
    struct chunk_view chunk;

    int rc = chunk_open(bytes, size, &chunk);
    if (rc != GK_OK)
        return error_set(error, rc, "chunk: %s", rc == GK_EVERSION ? "unknown version" : "the head makes no sense");
    void *scratch = mem_array(mem, (size_t)chunk.n_minis * CHUNK_MINI, sizeof(double));
    if (!scratch)
        return error_set(error, GK_ENOMEM, "chunk: no memory for %u rows", chunk.n_rows);
    rc = check_times(&chunk, scratch, error);
    for (uint32_t i = 0; rc == GK_OK && i < chunk.n_columns; i++)
        rc = check_column(&chunk, i, scratch, error);
    mem_free(mem, scratch);
    return rc;
}

/* ---- for people ----------------------------------------------------------------------------------------------- */

static int dump_times(const struct chunk_view *chunk, struct buffer *out)
{
    struct times_view times;

    int rc = chunk_open_times(chunk, &times);
    if (rc != GK_OK)
        return rc;
    struct times_census census = times_census(&times);
    buffer_printf(out, "  times: %zu bytes, step %llu x %llu ns; minis: %u exact, %u grid, %u other\n",
                  chunk->columns_at - chunk->time_at, (unsigned long long)times.step, (unsigned long long)times.unit,
                  census.n_exact, census.n_grid, census.n_other);
    return GK_OK;
}

static const char *const scale_word[] = {
    [SCALE_BITS] = "bits without", [SCALE_DECIMAL] = "decimals", [SCALE_DIGITS] = "three digits, decimals"};

static int dump_column(const struct chunk_view *chunk, uint32_t column, struct buffer *out)
{
    struct column_view view;
    uint32_t of_codec[CODECS_N], n_beside;
    const struct chunk_summary *s = &view.summary;
    int rc;

    TRY(open_column(chunk, column, &view));
    TRY(column_census(&view, of_codec, &n_beside));
    buffer_printf(out, "  channel %u: %zu bytes, %s %u; ", chunk_channel(chunk, column),
                  column_bytes(chunk, column).size, scale_word[view.scale.kind], view.scale.by);
    if (view.has_dictionary)
        buffer_printf(out, "ranks of %u words in %u bytes; ", view.n_words, view.words_size);
    if (view.is_predicted)
        buffer_printf(out, "predicted from column %u; ", view.basis);
    if (view.is_binned)
        buffer_printf(out, "%u bins of %s, %u contexts", view.bins.model.n_symbols,
                      view.bins.is_delta ? "differences" : "integers", view.bins.model.n_contexts);
    else
        buffer_printf(out, "minis:");
    for (unsigned i = 0; i < CODECS_N; i++)
        if (of_codec[i])
            buffer_printf(out, " %u %s", of_codec[i], CODEC_TABLE[i].name);
    buffer_printf(out, "; %u values beside\n", n_beside);
    buffer_printf(out, "    count %u, missing %u, sum %.17g, min %.17g, max %.17g, first %.17g, last %.17g\n", s->count,
                  s->n_missing, s->sum, s->min, s->max, s->first, s->last);
done:
    return rc;
}

int chunk_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out)
{
    struct chunk_view chunk;

    (void)mem; /* borrowed bytes are enough */
    int rc = chunk_open(bytes, size, &chunk);
    if (rc != GK_OK)
        return rc;
    buffer_printf(out, "chunk version %d, %u rows, %u columns, %zu bytes, times %lld to %lld\n", CHUNK_VERSION,
                  chunk.n_rows, chunk.n_columns, size, (long long)chunk.first, (long long)chunk.last);
    rc = dump_times(&chunk, out);
    for (uint32_t i = 0; rc == GK_OK && i < chunk.n_columns; i++)
        rc = dump_column(&chunk, i, out);
    return rc == GK_OK ? buffer_status(out) : rc;
}
