/*
 * load.c - a CSV table into the store, piece by piece:
 *
 *     bytes -> csv_next -> record -> header, the first time
 *                                 -> table->take: a put, or a row into the batch
 *                                 -> load_reject: counted, and told to the caller with line and column
 *           -> packets of HJ 212 where the file has some in its first bytes (load_packets.c)
 *
 * Every line behind the header ends in exactly one counter; empty lines are no lines. A bad line is no reason to stop.
 * What the store itself refuses (no memory, disk full, damage) is: the load has failed then, and says the same on every
 * later call.
 */
#include "db/load.h"

#include "db/db.h"

bool load_is_fatal(int status)
{
    switch (status) {
    case GK_OK:
    case GK_EINVAL:
    case GK_ENOTFOUND:
    case GK_EEXIST:
    case GK_ESYNTAX:
    case GK_ERANGE:
    case GK_ELIMIT:
        return false;
    default:
        return true;
    }
}

void load_reject(struct gk_load *load, const struct csv_record *record, const struct gk_error *reason)
{
    if (load->header.table->id == GK_TABLE_ROWS) {
        load->result.rows.rejected++;
        load->rows.n_rejected++;
    } else {
        load->result.n_bad++;
    }
    if (load->options.reject)
        load->options.reject(load->options.context, record->line, record->text, record->size, reason);
}

static int read_header(struct gk_load *load, const struct csv_record *record, struct gk_error *error)
{
    int rc;

    TRY(load_header_read(&load->header, load->mem, record, error));
    load->result.table = load->header.table->id;
    if (load->header.table->begin)
        TRY(load->header.table->begin(load, error));
done:
    return rc;
}

/* A line with another number of fields is torn, or has a comma that wants quotes: nobody knows which value is which. */
static int take_line(struct gk_load *load, const struct csv_record *record, struct gk_error *reason)
{
    struct load_line line = {load->db, load->zone_s, &load->header, record, reason};

    if (record->n_fields != load->header.n)
        return error_set_at(reason, GK_ESYNTAX, record->line, 0, "line %llu: expected %zu fields, got %zu",
                            (unsigned long long)record->line, load->header.n, record->n_fields);
    return load->header.table->take(load, &line);
}

static int take_record(struct gk_load *load, int rc, const struct csv_record *record, struct gk_error *reason)
{
    if (rc == GK_OK && record->size == 0)
        return GK_OK;
    if (rc == GK_ESYNTAX || rc == GK_ELIMIT)
        error_prefix(reason, "line %llu, column %u", (unsigned long long)reason->line, reason->column);
    if (!load->header.table)
        return rc == GK_OK ? read_header(load, record, reason) : rc;
    load->result.n_lines++;
    if (rc == GK_OK)
        rc = take_line(load, record, reason);
    if (load_is_fatal(rc))
        return rc;
    if (rc != GK_OK)
        load_reject(load, record, reason);
    else if (load->header.table->id != GK_TABLE_ROWS)
        load->result.n_taken++;
    return GK_OK;
}

/* From here on the load says rc and why. */
static int give_up(struct gk_load *load, int rc, const struct gk_error *reason)
{
    if (reason->text[0])
        load->failure = *reason;
    else
        (void)error_set(&load->failure, rc, "%s", gk_status_text(rc)); /* returns rc */
    load->failure.status = rc;
    return rc;
}

/* Lines of rows that need no care. */
static int drain_quickly(struct gk_load *load, struct gk_error *reason)
{
    int rc = GK_OK;

    for (size_t taken = 1; taken > 0;) {
        size_t size;
        uint64_t n_lines = load->result.n_lines;
        const char *bytes = csv_rest(&load->csv, &size);
        if (!bytes)
            return GK_OK;
        taken = load_rows_quick(load, bytes, size);
        csv_pass(&load->csv, taken, load->result.n_lines - n_lines);
        if (load->rows.n == load->rows.n_max)
            TRY(load_rows_flush(load, reason));
    }
done:
    return rc;
}

/* Takes all whole records that have been fed. */
static int drain(struct gk_load *load)
{
    struct csv_record record;
    struct gk_error reason = {0};

    for (;;) {
        reason.text[0] = 0; /* of an earlier line */
        int rc = load->header.table == &LOAD_ROWS ? drain_quickly(load, &reason) : GK_OK;
        if (rc != GK_OK)
            return give_up(load, rc, &reason);
        rc = csv_next(&load->csv, &record, &reason);
        if (rc == GK_DONE)
            return GK_OK;
        rc = take_record(load, rc, &record, &reason);
        if (rc != GK_OK)
            return give_up(load, rc, &reason);
    }
}

/* The first line is all there and may be a header; what stands before a file's first packet mostly has no comma. */
static bool has_header(const struct buffer *bytes)
{
    const char *newline = bytes->size ? memchr(bytes->bytes, '\n', bytes->size) : NULL;

    return newline && memchr(bytes->bytes, ',', (size_t)(newline - (const char *)bytes->bytes));
}

/* "measurement,tag=value field=1 ...": an equal sign behind a blank, as no header of a table has. */
static bool has_point(const struct buffer *bytes)
{
    const char *p = (const char *)bytes->bytes, *end = bytes->size ? p + bytes->size : p, *line_end, *blank;

    for (; p < end; p = line_end + (line_end < end)) {
        line_end = memchr(p, '\n', (size_t)(end - p));
        if (!line_end)
            line_end = end;
        if (line_end == p || *p == '#' || *p == '\r')
            continue;
        for (blank = p; blank < line_end && (*blank != ' ' || (blank > p && blank[-1] == '\\')); blank++) {
        }
        return blank > p && blank < line_end && *p != '"' && memchr(blank, '=', (size_t)(line_end - blank));
    }
    return false;
}

static int feed_known(struct gk_load *load, const char *bytes, size_t size)
{
    struct gk_error reason = {0};
    int rc;

    if (load->points) {
        rc = load_points_feed(load, bytes, size, &reason);
        return rc == GK_OK ? GK_OK : give_up(load, rc, &reason);
    }
    if (!load->packets.decoder) {
        csv_feed(&load->csv, bytes, size);
        return drain(load);
    }
    TRY(gk_hj212_feed(load->packets.decoder, bytes, size, &reason));
    TRY(load_packets_drain(load, &reason));
done:
    return rc == GK_OK ? GK_OK : give_up(load, rc, &reason);
}

/* Feeds what was held back, once it is known what it is. */
static int feed_start(struct gk_load *load)
{
    struct gk_error reason = {0};
    int rc = GK_OK;

    load->is_known = true;
    if (load->options.form == GK_TABLE_PACKETS ||
        (!load->options.form && gk_hj212_is_capture((const char *)load->start.bytes, load->start.size)))
        rc = load_packets_begin(load, &reason);
    else if (load->options.form == GK_TABLE_POINTS || (!load->options.form && has_point(&load->start)))
        rc = load_points_begin(load, &reason);
    if (rc != GK_OK)
        return give_up(load, rc, &reason);
    return load->start.size ? feed_known(load, (const char *)load->start.bytes, load->start.size) : GK_OK;
}

static int feed(struct gk_load *load, const char *bytes, size_t size)
{
    struct gk_error reason = {0};

    if (load->is_known)
        return feed_known(load, bytes, size);
    buffer_put(&load->start, bytes, size);
    if (buffer_status(&load->start) != GK_OK)
        return give_up(load, GK_ENOMEM, &reason);
    if (!load->options.form && load->start.size < LOAD_SNIFF_MAX && !has_header(&load->start))
        return GK_OK;
    return feed_start(load);
}

/* The status of the load as a whole, with its words. */
static int report(const struct gk_load *load, struct gk_error *error)
{
    if (error && load->failure.status != GK_OK)
        *error = load->failure;
    return load->failure.status;
}

int gk_load_open(gk_db *db, const struct gk_load_options *options, gk_load **out, struct gk_error *error)
{
    const struct mem *mem = db_mem(db);
    struct gk_load *load = mem_zeroed(mem, sizeof *load);

    *out = NULL;
    if (!load)
        return error_set(error, GK_ENOMEM, "out of memory for a load");
    load->db = db;
    load->mem = mem;
    load->zone_s = db_zone(db);
    if (options)
        memcpy(&load->options, options, options->size < sizeof load->options ? options->size : sizeof load->options);
    if (load->options.n_sites > 0 && load->options.form != GK_TABLE_POINTS) {
        mem_free(mem, load);
        return error_set(error, GK_EINVAL, "only the line protocol is taken for some sites alone");
    }
    buffer_init(&load->start, mem);
    csv_init(&load->csv, mem);
    *out = load;
    return GK_OK;
}

int gk_load_feed(gk_load *load, const char *bytes, size_t size, struct gk_error *error)
{
    if (load->failure.status == GK_OK) {
        if (load->is_finished)
            return error_set(error, GK_EINVAL, "the load is finished");
        int64_t commit_ns = db_slow_commits(load->db);
        (void)feed(load, bytes, size); /* report has the status */
        db_restore_commits(load->db, commit_ns);
    }
    return report(load, error);
}

static int complete_table(struct gk_load *load, struct gk_error *reason)
{
    const struct load_table *table;
    int rc;

    csv_end(&load->csv);
    TRY(drain(load));
    table = load->header.table;
    if (!table)
        return error_set(reason, GK_ESYNTAX, "the file is empty: expected a header");
    if (table->finish)
        TRY(table->finish(load, reason));
    reason->text[0] = 0; /* of a bad line */
done:
    return rc;
}

static int complete_packets(struct gk_load *load, struct gk_error *reason)
{
    gk_hj212_end(load->packets.decoder);
    return load_packets_drain(load, reason);
}

/* What is left to do when all was fed. */
static int complete(struct gk_load *load)
{
    struct gk_error reason = {0};
    int rc;

    load->is_finished = true;
    if (!load->is_known)
        TRY(feed_start(load));
    if (load->points)
        TRY(load_points_end(load, &reason));
    else
        TRY(load->packets.decoder ? complete_packets(load, &reason) : complete_table(load, &reason));
    TRY(gk_commit(load->db, &reason));
done:
    return rc == GK_OK || load->failure.status != GK_OK ? rc : give_up(load, rc, &reason);
}

int gk_load_finish(gk_load *load, struct gk_load_result *result, struct gk_error *error)
{
    if (load->failure.status == GK_OK && load->is_finished)
        return error_set(error, GK_EINVAL, "the load is finished");
    if (load->failure.status == GK_OK)
        (void)complete(load); /* report has the status */
    if (result)
        *result = load->result;
    return report(load, error);
}

void gk_load_close(gk_load *load)
{
    if (!load)
        return;
    buffer_clear(&load->start);
    csv_clear(&load->csv);
    load_header_clear(&load->header);
    load_rows_clear(&load->rows, load->mem);
    load_facilities_clear(&load->facilities, load->mem);
    load_packets_clear(&load->packets);
    load_points_close(load->points, load->mem);
    mem_free(load->mem, load);
}
