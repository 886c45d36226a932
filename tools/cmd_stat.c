/*
 * cmd_stat.c - gk stat: what a store is and how much is in it.
 *
 * Both notations come from one list of facts, so that they cannot say different things.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk stat STORE [--json]\n"
    "\n"
    "Prints what a store is (zone, tick, policy), how much it holds, what became of all rows that ever arrived, how\n"
    "many bytes each table takes, how many are free and how many of these the oldest reader keeps from being used,\n"
    "how far back the journal goes, who is reading and how many transactions behind, and for each source the highest "
    "sequence that was taken from it.\n"
    "\n"
    "  --json   the same as JSON\n";

#define TABLES_MAX 16 /* of gk_stat.table_bytes */

static const char *const policies[] = {"last", "first", "all"};

/* Writes one fact after the other in either notation. */
struct writer {
    struct output *out;
    int32_t zone_s;
    bool is_json;
    bool is_inner; /* within an object of JSON */
    uint64_t n;    /* facts in this object */
};

static void put_key(struct writer *writer, const char *key)
{
    if (writer->is_json)
        output_format(writer->out, "%s\"%s\": ", writer->n > 0 ? ", " : "", key);
    else
        output_format(writer->out, writer->is_inner ? "  %-18s" : "%-20s", key);
    writer->n++;
}

static void end_value(struct writer *writer)
{
    output_text(writer->out, writer->is_json ? "" : "\n");
}

static void put_count(struct writer *writer, const char *key, uint64_t value)
{
    put_key(writer, key);
    output_format(writer->out, "%" PRIu64, value);
    end_value(writer);
}

/* The name is somebody else's: not a key of ours. */
static void put_source(struct writer *writer, const char *name, uint64_t sequence)
{
    if (writer->is_json) {
        output_text(writer->out, writer->n > 0 ? ", " : "");
        output_json(writer->out, name, strlen(name));
        output_format(writer->out, ": %" PRIu64, sequence);
    } else {
        output_text(writer->out, "  ");
        output_shown(writer->out, name, strlen(name));
        output_format(writer->out, "  %" PRIu64 "\n", sequence);
    }
    writer->n++;
}

static void put_text(struct writer *writer, const char *key, const char *value)
{
    put_key(writer, key);
    if (writer->is_json)
        output_json(writer->out, value, strlen(value));
    else
        output_text(writer->out, value);
    end_value(writer);
}

static void put_time(struct writer *writer, const char *key, gk_time time)
{
    char text[GK_TIME_TEXT_MAX];

    if (time != GK_TIME_MIN && time != GK_TIME_MAX) {
        text[gk_time_format(time, writer->zone_s, text)] = '\0';
        put_text(writer, key, text);
        return;
    }
    put_key(writer, key);
    output_text(writer->out, writer->is_json ? "null" : "-");
    end_value(writer);
}

static void begin_group(struct writer *writer, const char *key)
{
    put_key(writer, key);
    output_text(writer->out, writer->is_json ? "{" : "\n");
    writer->is_inner = true;
    writer->n = 0;
}

static void end_group(struct writer *writer)
{
    output_text(writer->out, writer->is_json ? "}" : "");
    writer->is_inner = false;
    writer->n = 1;
}

static void put_seconds(struct writer *writer, const char *key, int64_t ns)
{
    char text[NUMBER_TEXT_MAX];

    put_key(writer, key);
    output_bytes(writer->out, text, number_format((double)ns / 1e9, text));
    end_value(writer);
}

static void put_zone(struct writer *writer)
{
    int32_t zone_s = writer->zone_s, minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;

    put_key(writer, "zone");
    output_format(writer->out, writer->is_json ? "\"%c%02d:%02d\"" : "%c%02d:%02d", zone_s < 0 ? '-' : '+',
                  minutes / 60, minutes % 60);
    end_value(writer);
}

static void put_store(struct writer *writer, const struct gk_store_info *info)
{
    put_text(writer, "uuid", info->uuid);
    put_zone(writer);
    put_seconds(writer, "tick_s", info->tick_ns);
    put_text(writer, "policy", policies[info->policy]);
    put_time(writer, "beginning", info->beginning);
    put_time(writer, "watermark", info->watermark);
    begin_group(writer, "catalog");
    put_count(writer, "version", info->catalog_version);
    put_count(writer, "parks", info->n_sites[GK_PARK]);
    put_count(writer, "enterprises", info->n_sites[GK_ENTERPRISE]);
    put_count(writer, "lines", info->n_sites[GK_LINE]);
    put_count(writer, "facilities", info->n_facilities);
    put_count(writer, "channels", info->n_channels);
    put_count(writer, "links", info->n_links);
    put_count(writer, "bands", info->n_bands);
    put_count(writer, "orders", info->n_orders);
    put_count(writer, "exemptions", info->n_exemptions);
    end_group(writer);
}

static void put_content(struct writer *writer, const struct gk_stat *stat)
{
    begin_group(writer, "arrived");
    put_count(writer, "accepted", stat->counts.accepted);
    put_count(writer, "late", stat->counts.late);
    put_count(writer, "duplicate", stat->counts.duplicate);
    put_count(writer, "conflicting", stat->counts.conflicting);
    put_count(writer, "quarantined", stat->counts.quarantined);
    put_count(writer, "rejected", stat->counts.rejected);
    end_group(writer);
    put_count(writer, "rows", stat->n_rows);
    put_count(writer, "unsealed", stat->n_unsealed);
    put_count(writer, "in_quarantine", stat->n_quarantined);
    put_count(writer, "chunks", stat->n_chunks);
    put_count(writer, "journal_records", stat->n_journal);
    put_time(writer, "journal_since", stat->journal_since);
    put_count(writer, "file_bytes", stat->file_bytes);
    put_count(writer, "used_bytes", stat->used_bytes);
    put_count(writer, "free_bytes", stat->free_bytes);
    put_count(writer, "held_bytes", stat->held_bytes);
    put_count(writer, "ballast_bytes", stat->ballast_bytes);
    begin_group(writer, "table_bytes");
    for (unsigned i = 0; i < TABLES_MAX && gk_table_name(i) != NULL; i++)
        put_count(writer, gk_table_name(i), stat->table_bytes[i]);
    end_group(writer);
    put_count(writer, "readers", stat->n_readers);
    put_count(writer, "oldest_reader_pid", (uint64_t)stat->oldest_reader_pid);
    put_count(writer, "oldest_reader_lag", stat->oldest_reader_lag);
}

/* Five minutes of a store that commits ten times a second. */
#define LAG_WARNING 3000

static void warn_of_reader(const struct command *self, const struct gk_stat *stat)
{
    if (stat->oldest_reader_lag >= LAG_WARNING)
        say(self->name,
            "warning: process %" PRId64 " still looks at the store as it was %" PRIu64
            " transactions ago; pages given up since then (%" PRIu64 " bytes) are not used again, and the file grows",
            stat->oldest_reader_pid, stat->oldest_reader_lag, stat->held_bytes);
}

static int take_source(void *context, const char *name, uint64_t sequence)
{
    put_source(context, name, sequence);
    return GK_OK;
}

static int print(const struct command *self, const struct gk_stat *stat, gk_snapshot *snapshot, bool is_json)
{
    const struct gk_store_info *info = gk_snapshot_info(snapshot);
    struct gk_error error = {0};
    struct output out;
    struct writer writer = {.out = &out, .zone_s = info->zone_s, .is_json = is_json};

    output_init(&out, STDOUT_FILENO);
    output_text(&out, is_json ? "{" : "");
    put_store(&writer, info);
    put_content(&writer, stat);
    begin_group(&writer, "sources");
    error.status = gk_sources(snapshot, take_source, &writer, &error);
    end_group(&writer);
    output_text(&out, is_json ? "}\n" : "");
    if (error.status != GK_OK)
        return output_finish(&out, self, tool_failed(self, &error));
    warn_of_reader(self, stat);
    return output_finish(&out, self, EXIT_ROWS);
}

/* The figures first: a snapshot of our own would be a reader among them. */
static int look(const struct command *self, gk_db *db, bool is_json)
{
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    struct gk_stat stat;
    int status;

    error.status = gk_stat(db, &stat, &error);
    if (error.status == GK_OK)
        error.status = gk_snapshot_open(db, &snapshot, &error);
    status = error.status == GK_OK ? print(self, &stat, snapshot, is_json) : tool_failed(self, &error);
    gk_snapshot_close(snapshot);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    bool is_json = false;
    const struct option options[] = {{"json", 0, OPTION_FLAG, &is_json}};
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    status = look(self, db, is_json);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_stat = {"stat", "what a store is and how much is in it", help, 1, 1, run, NULL};
