/*
 * load_rows.c - rows: a time, a facility and a value a channel, gathered into batches for gk_ingest. Names by
 * prediction (load_names.c), the last time's text remembered, numbers straight into the batch's columns. Lines without
 * anything unusual do not come here but to load_quick.c.
 */
#include "db/load.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "base/text.h"
#include "db/db.h"

enum { ROW_TIME, ROW_TIME_S, ROW_TIME_MS, ROW_TIME_US, ROW_TIME_NS, ROW_FACILITY };

/* A batch is large enough that its fixed cost does not show, and small enough for a budget of memory. */
#define BATCH_ROWS_MAX  8192 /* they stay in the second cache */
#define BATCH_BYTES_MAX (8u << 20)
#define BATCH_ROWS_MIN  64

static int allocate(struct gk_load *load)
{
    struct load_rows *rows = &load->rows;
    size_t n = load->header.n - 2; /* without time and facility */
    size_t row_bytes = (n + 1) * sizeof(double) + sizeof(uint32_t);

    rows->n_max = BATCH_BYTES_MAX / row_bytes;
    rows->n_max = rows->n_max > BATCH_ROWS_MAX ? BATCH_ROWS_MAX : rows->n_max;
    rows->n_max = rows->n_max < BATCH_ROWS_MIN ? BATCH_ROWS_MIN : rows->n_max;
    rows->time = mem_array(load->mem, rows->n_max, sizeof *rows->time);
    rows->facility = mem_array(load->mem, rows->n_max, sizeof *rows->facility);
    rows->channel = mem_array(load->mem, n, sizeof *rows->channel);
    rows->place = mem_array(load->mem, n, sizeof *rows->place);
    rows->quick = mem_array(load->mem, load->header.n, sizeof *rows->quick);
    rows->value = mem_array(load->mem, n, sizeof *rows->value);
    rows->room = mem_array(load->mem, n * rows->n_max, sizeof *rows->room);
    if (!rows->time || !rows->facility || !rows->channel || !rows->place || !rows->quick || !rows->value || !rows->room)
        return GK_ENOMEM;
    for (size_t i = 0; i < n; i++)
        rows->value[i] = rows->room + i * rows->n_max;
    return GK_OK;
}

static int find_time(struct gk_load *load, struct gk_error *error)
{
    static const int64_t UNITS[] = {0, GK_SECOND, 1000000, 1000, 1};
    const struct load_header *header = &load->header;
    int n = 0;

    for (size_t i = ROW_TIME; i <= ROW_TIME_NS; i++) {
        if (header->place[i] == LOAD_NONE)
            continue;
        load->rows.time_column = i;
        load->rows.unit_ns = UNITS[i];
        n++;
    }
    if (n > 1)
        return error_set_at(error, GK_ESYNTAX, 1, header->place[load->rows.time_column] + 1,
                            "line 1: two columns of times; expected one of time, time_s, time_ms, time_us, time_ns");
    if (header->n < 3)
        return error_set_at(error, GK_ESYNTAX, 1, 1, "line 1: rows need at least one channel beside time and facility");
    return GK_OK;
}

static int begin(struct gk_load *load, struct gk_error *error)
{
    struct load_rows *rows = &load->rows;
    const struct load_header *header = &load->header;
    int rc;

    TRY(find_time(load, error));
    load_names_init(&rows->names, load->mem);
    if (allocate(load) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for a batch of rows");
    rows->is_quick = true;
    for (size_t i = 0; i < header->n; i++) {
        if (header->known[i] != LOAD_NONE) {
            rows->quick[i] = header->known[i] == ROW_FACILITY ? LOAD_QUICK_FACILITY : LOAD_QUICK_TIME;
            continue;
        }
        rows->quick[i] = (uint32_t)rows->n_channels;
        rows->place[rows->n_channels] = (uint32_t)i;
        TRY(gk_channel_register(load->db, header->names[i].bytes, header->names[i].size,
                                &rows->channel[rows->n_channels], error));
        rows->n_channels++;
    }
done:
    return rc;
}

void load_add_counts(struct gk_counts *sum, const struct gk_counts *counts)
{
    sum->accepted += counts->accepted;
    sum->late += counts->late;
    sum->duplicate += counts->duplicate;
    sum->conflicting += counts->conflicting;
    sum->quarantined += counts->quarantined;
    sum->rejected += counts->rejected;
}

int load_rows_flush(struct gk_load *load, struct gk_error *error)
{
    struct load_rows *rows = &load->rows;
    struct gk_counts counts = {0};
    int rc = GK_OK;

    if (rows->n > 0) {
        struct gk_batch batch = {.n_rows = rows->n,
                                 .time = rows->time,
                                 .facility = rows->facility,
                                 .n_channels = rows->n_channels,
                                 .channel = rows->channel,
                                 .value = (const double *const *)rows->value};
        TRY(gk_ingest(load->db, &batch, &counts, error));
        rows->n = 0;
        load_add_counts(&load->result.rows, &counts);
    }
    if (rows->n_rejected > 0) {
        TRY(gk_reject(load->db, rows->n_rejected, error));
        rows->n_rejected = 0;
    }
done:
    return rc;
}

static int fail_value(const struct load_line *line, size_t place, int status)
{
    const struct csv_field *field = &line->record->fields[place];
    char shown[TEXT_SHOWN_MAX];

    return load_fail_at(line, place, status, "expected a %s, got '%s'",
                        status == GK_ERANGE ? "number that a double can hold" : "number",
                        text_show(field->bytes, field->size, shown));
}

/* "expected a time..." for a field that neither a clock nor an epoch could be read from. */
static int fail_time(const struct load_line *line, size_t column, int status)
{
    const struct csv_field *field = &line->record->fields[line->header->place[column]];
    char shown[TEXT_SHOWN_MAX];
    const char *what = status == GK_ERANGE  ? "a time of the years 1678 to 2261"
                       : column == ROW_TIME ? "a time like 2026-11-20T08:00:15 or an epoch number"
                                            : "an epoch number in the unit of the column";

    return load_fail(line, column, status, "expected %s, got '%s'", what, text_show(field->bytes, field->size, shown));
}

static int take_time(struct load_rows *rows, const struct load_line *line, gk_time *out)
{
    const struct csv_field *field = &line->record->fields[line->header->place[rows->time_column]];
    size_t size = field->size;
    int rc;

    if (size > 0 && size == rows->time_size && memcmp(field->bytes, rows->time_text, size) == 0) {
        *out = rows->time_last;
        return GK_OK;
    }
    if (rows->unit_ns == 0)
        rc = gk_time_parse(field->bytes, size, line->zone_s, out);
    else
        rc = clock_parse_epoch(field->bytes, size, rows->unit_ns, out);
    if (rc != GK_OK)
        return fail_time(line, rows->time_column, rc);
    if (size <= sizeof rows->time_text) {
        memcpy(rows->time_text, field->bytes, size);
        rows->time_size = size;
        rows->time_last = *out;
    }
    return GK_OK;
}

/* A name that the hash does not have: known to the store, or new. */
static int meet_facility(struct gk_load *load, const struct load_line *line, uint32_t *id)
{
    struct load_names *names = &load->rows.names;
    struct gk_text name;
    char shown[TEXT_SHOWN_MAX];
    int rc;

    TRY(load_need_name(line, ROW_FACILITY, &name));
    *id = db_find_facility(load->db, name.bytes, name.size);
    if (*id == GK_ID_NONE) {
        if (load->options.is_strict)
            return load_fail(line, ROW_FACILITY, GK_ENOTFOUND, "there is no facility '%s'",
                             text_show(name.bytes, name.size, shown));
        TRY(load_pass(line, ROW_FACILITY, gk_facility_register(load->db, name.bytes, name.size, id, line->error)));
        load->result.n_registered++;
    }
    if (memchr(name.bytes, ',', name.size) || memchr(name.bytes, '"', name.size))
        load->rows.is_quick = false;
    if (load_names_add(names, name.bytes, name.size, *id) != GK_OK)
        rc = error_set(line->error, GK_ENOMEM, "out of memory for the names of facilities");
done:
    return rc;
}

static int take_facility(struct gk_load *load, const struct load_line *line, uint32_t *id)
{
    const struct csv_field *field = &line->record->fields[line->header->place[ROW_FACILITY]];
    const struct load_name_entry *entry = load_names_find(&load->rows.names, field->bytes, field->size);

    if (!entry)
        return meet_facility(load, line, id);
    *id = (uint32_t)entry->value;
    return GK_OK;
}

/* The values of one row, each into its column; the place in the record of the first that is none, or LOAD_NONE. */
static uint32_t take_values(const struct load_rows *rows, const struct csv_field *fields, size_t *n_values, int *rc)
{
    *n_values = 0;
    for (size_t i = 0; i < rows->n_channels; i++) {
        const struct csv_field *field = &fields[rows->place[i]];
        double *out = &rows->value[i][rows->n];
        if (field->size == 0) {
            *out = gk_missing();
            continue;
        }
        *rc = decimal_to_double(field->bytes, field->size, out);
        if (*rc != GK_OK)
            return rows->place[i];
        ++*n_values;
    }
    return LOAD_NONE;
}

static int take(struct gk_load *load, const struct load_line *line)
{
    struct load_rows *rows = &load->rows;
    size_t n_values;
    int rc;

    TRY(take_time(rows, line, &rows->time[rows->n]));
    uint32_t bad = take_values(rows, line->record->fields, &n_values, &rc);
    if (bad != LOAD_NONE)
        return fail_value(line, bad, rc);
    if (n_values == 0)
        return load_fail_at(line, rows->place[0], GK_EINVAL, "expected a value in this or another channel");
    TRY(take_facility(load, line, &rows->facility[rows->n])); /* last: a bad row registers nobody */
    rows->n++;
    if (rows->n == rows->n_max)
        TRY(load_rows_flush(load, line->error));
done:
    return rc;
}

void load_rows_clear(struct load_rows *rows, const struct mem *mem)
{
    load_names_clear(&rows->names);
    mem_free(mem, rows->time);
    mem_free(mem, rows->facility);
    mem_free(mem, rows->channel);
    mem_free(mem, rows->place);
    mem_free(mem, rows->quick);
    mem_free(mem, rows->value);
    mem_free(mem, rows->room);
    memset(rows, 0, sizeof *rows);
}

const struct load_table LOAD_ROWS = {
    .id = GK_TABLE_ROWS,
    .outline = "rows: time (or time_s, time_ms, time_us, time_ns),facility,channels...",
    .columns = {"time", "time_s", "time_ms", "time_us", "time_ns", "facility"},
    .needs = {"facility", "time|time_s|time_ms|time_us|time_ns"},
    .takes_extra = true,
    .begin = begin,
    .take = take,
    .finish = load_rows_flush,
};
