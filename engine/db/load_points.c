/*
 * load_points.c - the line protocol of InfluxDB into rows: a line is a row, its fields are channels, its facility is
 * the tag "facility" or else the measurement. Lines gather into batches with a column for every channel that any of
 * them has.
 */
#include <inttypes.h>

#include "base/text.h"
#include "db/db.h"
#include "db/load.h"
#include "db/sight.h"
#include "feed/point.h"

#define BATCH_ROWS     2048
#define BATCH_CHANNELS 256 /* a batch ends before it has more */

struct load_points {
    struct buffer line, scratch;
    bool is_passing; /* the rest of a line that is too long */
    struct point point;
    struct load_names facilities, channels;
    size_t n_rows, n_channels;
    gk_time time[BATCH_ROWS];
    uint32_t facility[BATCH_ROWS];
    uint32_t channel[BATCH_CHANNELS];
    const double *column[BATCH_CHANNELS];
    double value[BATCH_CHANNELS][BATCH_ROWS];
};

static int flush(struct gk_load *load, struct gk_error *error)
{
    struct load_points *points = load->points;
    struct gk_counts counts;
    int rc = GK_OK;

    if (points->n_rows == 0)
        return GK_OK;
    for (size_t i = 0; i < points->n_channels; i++)
        points->column[i] = points->value[i];
    struct gk_batch batch = {.n_rows = points->n_rows,
                             .time = points->time,
                             .facility = points->facility,
                             .n_channels = points->n_channels,
                             .channel = points->channel,
                             .value = points->column};
    TRY(gk_ingest(load->db, &batch, &counts, error));
    load_add_counts(&load->result.rows, &counts);
    points->n_rows = points->n_channels = 0;
done:
    return rc;
}

/* The id of a name, remembered. GK_ENOTFOUND: there is none and none is made. */
static int find_id(struct gk_load *load, struct load_names *names, struct gk_text name, bool is_channel, uint32_t *id,
                   struct gk_error *error)
{
    const struct load_name_entry *entry = load_names_find(names, name.bytes, name.size);
    char shown[TEXT_SHOWN_MAX];
    int rc;

    if (entry) {
        *id = (uint32_t)entry->value;
        return GK_OK;
    }
    if (!text_is_name(name.bytes, name.size))
        return error_set(error, GK_EINVAL, "'%s' is no name of a %s", text_show(name.bytes, name.size, shown),
                         is_channel ? "channel" : "facility");
    *id = is_channel ? GK_ID_NONE : db_find_facility(load->db, name.bytes, name.size);
    if (!is_channel && load->options.n_sites > 0 &&
        !sight_may_write(load->db, *id, load->options.sites, load->options.n_sites))
        return error_set(error, GK_ENOTFOUND, "facility '%s' is none of those that may be written",
                         text_show(name.bytes, name.size, shown));
    if (is_channel)
        TRY(gk_channel_register(load->db, name.bytes, name.size, id, error));
    else if (*id == GK_ID_NONE && load->options.is_strict)
        return error_set(error, GK_ENOTFOUND, "there is no facility '%s'", text_show(name.bytes, name.size, shown));
    else if (*id == GK_ID_NONE) {
        TRY(gk_facility_register(load->db, name.bytes, name.size, id, error));
        load->result.n_registered++;
    }
    if (load_names_add(names, name.bytes, name.size, *id) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for names");
    rc = GK_OK;
done:
    return rc;
}

static double *column_of(struct load_points *points, uint32_t channel)
{
    size_t i = 0;

    while (i < points->n_channels && points->channel[i] != channel)
        i++;
    if (i == points->n_channels) {
        points->channel[points->n_channels++] = channel;
        for (size_t row = 0; row <= points->n_rows; row++)
            points->value[i][row] = gk_missing();
    }
    return points->value[i];
}

static int read_time(const struct gk_load *load, const struct point *point, gk_time *out, struct gk_error *error)
{
    int64_t unit_ns = load->options.unit_ns ? load->options.unit_ns : 1;

    if (!point->has_time)
        *out = gk_clock(load->db);
    else if (__builtin_mul_overflow(point->time, unit_ns, out) || *out == GK_TIME_MIN || *out == GK_TIME_MAX)
        return error_set(error, GK_ERANGE, "expected a time of the years 1678 to 2261");
    return GK_OK;
}

static int take_point(struct gk_load *load, struct gk_error *error)
{
    struct load_points *points = load->points;
    struct point *point = &points->point;
    uint32_t ids[POINT_FIELDS_MAX];
    int rc;

    if (points->n_channels + point->n_fields > BATCH_CHANNELS || points->n_rows == BATCH_ROWS)
        TRY(flush(load, error));
    TRY(read_time(load, point, &points->time[points->n_rows], error));
    TRY(find_id(load, &points->facilities, point->facility.size ? point->facility : point->measurement, false,
                &points->facility[points->n_rows], error));
    for (size_t i = 0; i < point->n_fields; i++) /* all names are good, or the line is no row */
        if (point->fields[i].is_number)
            TRY(find_id(load, &points->channels, point->fields[i].name, true, &ids[i], error));
    for (size_t i = 0; i < points->n_channels; i++)
        points->value[i][points->n_rows] = gk_missing();
    for (size_t i = 0; i < point->n_fields; i++)
        if (point->fields[i].is_number)
            column_of(points, ids[i])[points->n_rows] = point->fields[i].value;
    points->n_rows++;
done:
    return rc;
}

static void reject(struct gk_load *load, const char *line, size_t size, struct gk_error *reason)
{
    reason->line = load->result.n_lines;
    error_prefix(reason, "line %" PRIu64, load->result.n_lines);
    load->result.rows.rejected++;
    load->rows.n_rejected++;
    if (load->options.reject)
        load->options.reject(load->options.context, load->result.n_lines, line, size, reason);
}

static int too_long(struct gk_error *reason)
{
    return error_set(reason, GK_ELIMIT, "a line has at most %u bytes", POINT_LINE_MAX);
}

static int take_line(struct gk_load *load, const char *line, size_t size, struct gk_error *error)
{
    struct load_points *points = load->points;
    struct gk_error reason = {0};
    int rc;

    load->result.n_lines++;
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == ' '))
        size--;
    if (size == 0 || line[0] == '#')
        return GK_OK;
    rc = size > POINT_LINE_MAX ? too_long(&reason) : point_parse(line, size, &points->scratch, &points->point, &reason);
    if (rc == GK_OK)
        rc = take_point(load, &reason);
    if (load_is_fatal(rc)) {
        if (error)
            *error = reason;
        return rc;
    }
    if (rc != GK_OK)
        reject(load, line, size, &reason);
    return GK_OK;
}

/* The bytes of a line that began in an earlier piece, and of this one up to its end. */
static int put_together(struct gk_load *load, const char *bytes, size_t size, bool is_end, struct gk_error *error)
{
    struct load_points *points = load->points;
    int rc = GK_OK;

    if (!points->is_passing)
        buffer_put(&points->line, bytes, size);
    TRY(buffer_status(&points->line));
    if (points->line.size > POINT_LINE_MAX) {
        struct gk_error reason;
        load->result.n_lines++;
        (void)too_long(&reason); /* the reason is what counts */
        reject(load, (const char *)points->line.bytes, 80, &reason);
        load->result.n_lines--; /* its end counts it */
        points->is_passing = true;
        buffer_reset(&points->line);
    }
    if (!is_end)
        return GK_OK;
    if (points->is_passing)
        load->result.n_lines++;
    else
        TRY(take_line(load, (const char *)points->line.bytes, points->line.size, error));
    points->is_passing = false;
    buffer_reset(&points->line);
done:
    return rc;
}

int load_points_feed(struct gk_load *load, const char *bytes, size_t size, struct gk_error *error)
{
    struct load_points *points = load->points;
    const char *end = bytes + size, *newline;
    int rc = GK_OK;

    for (; bytes < end && (newline = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = newline + 1) {
        if (points->line.size > 0 || points->is_passing)
            TRY(put_together(load, bytes, (size_t)(newline - bytes), true, error));
        else
            TRY(take_line(load, bytes, (size_t)(newline - bytes), error));
    }
    if (bytes < end)
        TRY(put_together(load, bytes, (size_t)(end - bytes), false, error));
done:
    return rc;
}

int load_points_end(struct gk_load *load, struct gk_error *error)
{
    struct load_points *points = load->points;
    int rc = GK_OK;

    if (points->line.size > 0 || points->is_passing)
        TRY(put_together(load, "", 0, true, error));
    TRY(flush(load, error));
    if (load->rows.n_rejected > 0)
        TRY(gk_reject(load->db, load->rows.n_rejected, error));
    load->rows.n_rejected = 0;
done:
    return rc;
}

int load_points_begin(struct gk_load *load, struct gk_error *error)
{
    load->points = mem_zeroed(load->mem, sizeof *load->points);
    if (!load->points)
        return error_set(error, GK_ENOMEM, "out of memory for a batch of rows");
    load->result.table = GK_TABLE_POINTS;
    buffer_init(&load->points->line, load->mem);
    buffer_init(&load->points->scratch, load->mem);
    load_names_init(&load->points->facilities, load->mem);
    load_names_init(&load->points->channels, load->mem);
    return GK_OK;
}

void load_points_close(struct load_points *points, const struct mem *mem)
{
    if (!points)
        return;
    buffer_clear(&points->line);
    buffer_clear(&points->scratch);
    load_names_clear(&points->facilities);
    load_names_clear(&points->channels);
    mem_free(mem, points);
}
