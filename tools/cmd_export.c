/*
 * cmd_export.c - gk export: a store as the CSV files that gk load takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_tables.h"
#include "option.h"
#include "output.h"
#include "progress.h"
#include "tool.h"

static const char help[] =
    "gk export STORE DIR [--from TIME] [--to TIME]\n"
    "\n"
    "Writes a store into the new folder DIR as CSV files that gk load takes: facilities, links, bands, orders,\n"
    "exemptions, calendars, people, mappings, rows. Loaded into a store that was made with the same options, which are "
    "said in\n"
    "the end, they give the same digest. What CSV cannot say is left out, and counted: NaN and infinities; rows in\n"
    "quarantine; states of rows that were dropped; rules, which are statements; the record of alarms. The store can\n"
    "be written meanwhile, but its file grows while all of it is written out: take a large one from a backup.\n"
    "\n"
    "  --from TIME   rows from then on\n"
    "  --to TIME     rows before then\n"
    "\n"
    "  gk export zone.gk zone-csv\n";

#define PATH_SIZE 4096

struct export
{
    const struct command *self;
    const char *folder;
    gk_snapshot *snapshot;
    const struct gk_store_info *info;
    gk_time from, to;
    struct progress progress;
    uint64_t n_rows, n_total, n_omitted; /* omitted: values and columns that CSV cannot say */
    char files[512];                     /* those that were written, in order */
};

/* ---- files
 * ---------------------------------------------------------------------------------------------------------------- */

static bool open_file(struct export *e, const char *name, struct output *out)
{
    char path[PATH_SIZE];

    if ((size_t)snprintf(path, sizeof path, "%s/%s", e->folder, name) >= sizeof path) {
        say(e->self->name, "the path of '%s' is too long", name);
        return false;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) {
        say(e->self->name, "cannot write '%s': %s", path, strerror(errno));
        return false;
    }
    output_init(out, fd);
    size_t n = strlen(e->files);
    (void)snprintf(e->files + n, sizeof e->files - n, " %s/%s", e->folder, name); /* a cut text is fine */
    return true;
}

static bool close_file(struct export *e, const char *name, struct output *out)
{
    output_flush(out);
    int failure = out->failure, fd = out->fd;
    output_clear(out);
    if (close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure != 0)
        say(e->self->name, "cannot write '%s': %s", name, strerror(failure));
    return failure == 0;
}

/* ---- rows
 * ----------------------------------------------------------------------------------------------------------------- */

static const char *const ROW_COLUMNS[] = {"time", "time_s", "time_ms", "time_us", "time_ns", "facility"};
#define N_ROW_COLUMNS (sizeof ROW_COLUMNS / sizeof *ROW_COLUMNS)

static bool is_number(double value)
{
    return !gk_is_missing(value) && isfinite(value);
}

/* To the bit: a zero has a sign. */
static void put_value(struct output *out, double value)
{
    char text[NUMBER_TEXT_MAX];

    if (value == 0 && signbit(value))
        output_text(out, "-0");
    else
        output_bytes(out, text, number_format(value, text));
}

static void put_row(struct export *e, struct output *out, const struct output *name, const struct gk_columns *batch,
                    size_t row, size_t n_channels)
{
    size_t n = 0;

    for (size_t c = 0; c < n_channels; c++) {
        n += is_number(batch->value[c][row]);
        e->n_omitted += !gk_is_missing(batch->value[c][row]) && !isfinite(batch->value[c][row]);
    }
    if (n == 0)
        return; /* a row without a value is none */
    output_time(out, batch->time[row], e->info->zone_s, false);
    output_bytes(out, name->bytes, name->n);
    for (size_t c = 0; c < n_channels; c++) {
        output_text(out, ",");
        if (is_number(batch->value[c][row]))
            put_value(out, batch->value[c][row]);
    }
    output_text(out, "\n");
    e->n_rows++;
}

static int put_facility(struct export *e, struct output *out, uint32_t id, const uint32_t *channels, size_t n,
                        struct gk_error *error)
{
    const char *text = gk_facility_get(e->snapshot, id)->name;
    struct output name;
    struct gk_columns batch;
    gk_scan *scan;
    int rc = gk_scan_open(e->snapshot, id, channels, n, e->from, e->to, &scan, error);

    if (rc != GK_OK)
        return rc;
    output_init(&name, -1);
    output_text(&name, ",");
    output_csv(&name, text, strlen(text));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK && out->failure == 0) {
        for (size_t i = 0; i < batch.n_rows; i++)
            put_row(e, out, &name, &batch, i, n);
        progress_update(&e->progress, e->n_rows, e->n_total);
    }
    output_clear(&name);
    gk_scan_close(scan);
    return rc == GK_DONE ? GK_OK : rc;
}

/* The channels that can be columns. */
static uint32_t *find_channels(struct export *e, size_t *n)
{
    uint32_t *channels = tool_resize(NULL, e->info->n_channels, sizeof *channels);

    *n = 0;
    for (uint32_t c = 0; c < e->info->n_channels; c++) {
        if (export_is_column(gk_channel_name(e->snapshot, c), ROW_COLUMNS, N_ROW_COLUMNS))
            channels[(*n)++] = c;
        else
            e->n_omitted++;
    }
    return channels;
}

static int write_rows(struct export *e)
{
    struct gk_error error = {0};
    struct output out;
    int rc = GK_OK;
    size_t n;

    if (!open_file(e, "rows.csv", &out))
        return EXIT_STORE;
    uint32_t *channels = find_channels(e, &n);
    output_text(&out, "time,facility");
    for (size_t c = 0; c < n; c++) {
        const char *name = gk_channel_name(e->snapshot, channels[c]);
        output_text(&out, ",");
        output_csv(&out, name, strlen(name));
    }
    output_text(&out, "\n");
    progress_init(&e->progress, "writing rows");
    for (uint32_t f = 0; f < e->info->n_facilities && rc == GK_OK && out.failure == 0; f++)
        rc = put_facility(e, &out, f, channels, n, &error);
    progress_end(&e->progress);
    free(channels);
    bool is_written = close_file(e, "rows.csv", &out);
    if (rc != GK_OK) {
        error.status = rc;
        return tool_failed(e->self, &error);
    }
    return is_written ? EXIT_ROWS : EXIT_STORE;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------------------------------ */

static int write_tables(struct export *e)
{
    for (size_t i = 0; i < EXPORT_TABLES; i++) {
        const struct export_table *table = &export_tables[i];
        struct output out;
        if (table->count(e->snapshot) == 0)
            continue;
        if (!open_file(e, table->file, &out))
            return EXIT_STORE;
        e->n_omitted += table->write(e->snapshot, e->info->zone_s, &out);
        if (!close_file(e, table->file, &out))
            return EXIT_STORE;
    }
    return EXIT_ROWS;
}

static void say_what_is_left_out(const struct export *e, const struct gk_stat *stat)
{
    char text[GK_TIME_TEXT_MAX];

    if (e->n_omitted > 0)
        say(e->self->name, "warning: %" PRIu64 " values or columns that CSV cannot say were left out", e->n_omitted);
    if (stat->n_quarantined > 0)
        say(e->self->name, "warning: %" PRIu64 " rows in quarantine were left out", stat->n_quarantined);
    if (e->info->n_rules > 0)
        say(e->self->name, "warning: %zu versions of rules were left out", e->info->n_rules);
    if (e->info->dropped_before != GK_TIME_MIN) {
        text[gk_time_format(e->info->dropped_before, e->info->zone_s, text)] = '\0';
        say(e->self->name, "warning: rows from before %s were dropped; their states and hourly sums were left out",
            text);
    }
}

static void say_how_to_load(const struct export *e)
{
    static const char *const POLICIES[] = {"last", "first", "all"};
    int32_t zone_s = e->info->zone_s, minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;

    say(e->self->name,
        "%" PRIu64 " rows; gk init NEW --zone %c%02d:%02d --tick %" PRId64 "ms --policy %s && gk load NEW%s", e->n_rows,
        zone_s < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60), e->info->tick_ns / 1000000,
        POLICIES[e->info->policy], e->files);
}

static int export_all(const struct command *self, gk_db *db, gk_snapshot *snapshot, const char *folder,
                      const char *from, const char *to)
{
    struct export e = {.self = self,
                       .folder = folder,
                       .snapshot = snapshot,
                       .info = gk_snapshot_info(snapshot),
                       .from = GK_TIME_MIN,
                       .to = GK_TIME_MAX};
    struct gk_error error = {0};
    struct gk_stat stat;

    if ((from != NULL && !tool_read_time(self, "from", from, e.info->zone_s, &e.from)) ||
        (to != NULL && !tool_read_time(self, "to", to, e.info->zone_s, &e.to)))
        return EXIT_USAGE;
    error.status = gk_stat(db, &stat, &error);
    if (error.status != GK_OK)
        return tool_failed(self, &error);
    e.n_total = stat.n_rows;
    if (mkdir(folder, 0750) != 0) {
        say(self->name, "cannot make '%s': %s", folder, strerror(errno));
        return EXIT_STORE;
    }
    int status = write_tables(&e);
    if (status == EXIT_ROWS && stat.n_rows > 0)
        status = write_rows(&e);
    if (status != EXIT_ROWS)
        return status;
    say_what_is_left_out(&e, &stat);
    say_how_to_load(&e);
    return EXIT_ROWS;
}

static int run(const struct command *self, int argc, char **argv)
{
    const char *from = NULL, *to = NULL;
    const struct option options[] = {{"from", 0, OPTION_TEXT, &from}, {"to", 0, OPTION_TEXT, &to}};
    gk_db *db;
    gk_snapshot *snapshot;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (tool_view(self, argv[0], &db, &snapshot) != GK_OK)
        return EXIT_STORE;
    status = export_all(self, db, snapshot, argv[1], from, to);
    gk_snapshot_close(snapshot);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_export = {"export", "write a store as the CSV files that gk load takes", help, 2, 2, run,
                                       NULL};
