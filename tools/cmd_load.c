/*
 * cmd_load.c - gk load: files into a store, a line of summary for each, bad lines into FILE.rejects.
 *
 * A file that cannot be read, or is no table, is said and passed over; a store that fails ends the command.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "option.h"
#include "output.h"
#include "progress.h"
#include "rejects.h"
#include "source.h"
#include "texts.h"
#include "tool.h"

static const char help[] =
    "gk load STORE FILE... [--threads N] [--strict] [--json] [--now TIME]\n"
    "\n"
    "Loads CSV files into a store; `-` is standard input, gzip'd files are read as they are. The header says what a "
    "file is:\n"
    "  facilities   facility,enterprise,park,line,role,rated_kw[,rated_a,serves,group,...]   extra columns become "
    "tags\n"
    "  links        abatement,production[,standby,from,to]\n"
    "  bands        scope,off_below,on_from[,overload_from,hold_s,dwell_on_s,dwell_off_s,channel,from,set]\n"
    "  orders       group or scope,level,from,to[,kind,cut,hours]\n"
    "  exemptions   scope,kind,from,to[,note]\n"
    "  calendars    calendar,days[,hours,scope,from,to]   working days, holidays, shifts, by name\n"
    "  people       person,role,scope,channel[,address,from,to]   whom an alarm is told to, and how\n"
    "  mappings     mn,code,facility,channel[,suffix,period,unit,factor,min,max]   where values of HJ 212 go\n"
    "  rows         time or time_s, time_ms, time_us, time_ns, then facility, then one column a channel\n"
    "A file with packets of HJ 212 is a capture: they become rows by the mappings. The line protocol of InfluxDB is "
    "read as it\n"
    "is: a line is a row of the facility in its tag `facility`, or else of its measurement (docs/FEEDS.md).\n"
    "Whatever their order on the command line, files with facilities are loaded first, then the other tables, then "
    "rows; files\n"
    "of the same kind in the order given.\n"
    "\n"
    "A bad line is counted and written to FILE.rejects (stdin.rejects) with its number and the reason; the rest goes "
    "on.\n"
    "Rows more than 5 minutes ahead of the clock are quarantined; there is no limit for the past.\n"
    "\n"
    "  --threads N  1: one thread does everything; 2 and more (2): one reads and unpacks ahead, one loads\n"
    "  --strict     reject rows of facilities that are not in the catalog (else they are registered with role "
    "`other`)\n"
    "  --json       the counts on standard output, as JSON\n"
    "  --now TIME   the clock, instead of the system's\n"
    "\n"
    "Exit status 3 when nothing could be read or the store failed.\n"
    "\n"
    "  gk load zone.gk zone/facilities.csv zone/bands.csv zone/rows.csv.gz\n"
    "  unzip -p rows.zip | gk load zone.gk -\n";

static const char help_zh[] =
    "gk load STORE FILE... [--threads N] [--strict] [--json] [--now TIME]\n"
    "\n"
    "把 CSV 文件装入存储；`-` 为标准输入，gzip 文件可直接读。由表头得知是哪种表：\n"
    "  facilities   facility,enterprise,park,line,role,rated_kw[,rated_a,serves,group,...]   其余列成为标签\n"
    "  links        abatement,production[,standby,from,to]\n"
    "  bands        scope,off_below,on_from[,overload_from,hold_s,dwell_on_s,dwell_off_s,channel,from,set]\n"
    "  orders       group 或 scope,level,from,to[,kind,cut,hours]\n"
    "  exemptions   scope,kind,from,to[,note]\n"
    "  calendars    calendar,days[,hours,scope,from,to]   工作日、节假日、班次，各有名称\n"
    "  people       person,role,scope,channel[,address,from,to]   报警告知谁、用什么方式\n"
    "  mappings     mn,code,facility,channel[,suffix,period,unit,factor,min,max]   HJ 212 的值归到哪里\n"
    "  rows         time 或 time_s、time_ms、time_us、time_ns，然后 facility，然后每个通道一列\n"
    "含有 HJ 212 报文的文件按映射表变成数据行；InfluxDB 行协议可直接读，一行即一条数据（见 docs/FEEDS.md）。\n"
    "不论命令行上的次序，先装设施，再装其他表，最后装数据行；同类文件按给出的次序。\n"
    "\n"
    "有错的行会计数，并连同行号和原因写入 FILE.rejects（stdin.rejects）；其余照常装入。\n"
    "比时钟超前 5 分钟以上的行进入隔离；对过去没有限制。\n"
    "\n"
    "  --threads N  1：一个线程做完；2 及以上（2）：一个线程先读先解压，另一个装入\n"
    "  --strict     拒绝目录中没有的设施的行（否则登记为角色 `other`）\n"
    "  --json       把计数以 JSON 写到标准输出\n"
    "  --now TIME   时钟，代替系统时钟\n"
    "\n"
    "一个文件也读不了或存储出错时，退出码为 3。\n"
    "\n"
    "  gk load zone.gk zone/facilities.csv zone/bands.csv zone/rows.csv.gz\n"
    "  unzip -p rows.zip | gk load zone.gk -\n";

static const char *const table_names[] = {"none", "facilities", "links",  "bands",   "orders", "exemptions",
                                          "rows", "mappings",   "people", "packets", "points", "calendars"};

/* What became of one file. */
struct report {
    const char *path;
    struct gk_load_result result;
    struct gk_error error; /* status GK_OK: none */
    uint64_t n_rejects;
    char *rejects; /* path of the file with the bad lines, NULL: none was written */
};

struct loading {
    const struct command *command;
    gk_db *db;
    bool is_strict, is_ahead;
    struct progress progress;
    struct report *reports;
    size_t n_reports;
    bool is_broken; /* the store failed: no use in going on */
};

/* The store's fault, not the file's. */
static bool is_store_failure(int rc)
{
    return rc == GK_ENOMEM || rc == GK_EIO || rc == GK_ECORRUPT || rc == GK_EVERSION || rc == GK_EFULL ||
           rc == GK_EBUSY || rc == GK_EREADONLY || rc == GK_EBUG;
}

/* Reads all of a source into the loader. *is_store tells whether a failure came from there. */
static int pump(struct loading *loading, struct source *source, gk_load *load, bool *is_store, struct gk_error *error)
{
    const char *bytes;
    size_t size;
    int rc;

    while ((rc = source_next(source, &bytes, &size, error)) == GK_OK) {
        rc = gk_load_feed(load, bytes, size, error);
        if (rc != GK_OK) {
            *is_store = is_store_failure(rc);
            break;
        }
        progress_update(&loading->progress, source_done(source), source_total(source));
    }
    return rc == GK_DONE ? GK_OK : rc;
}

/* Loads one open source. What was read before a failure counts: it is finished and committed all the same. */
static int load_source(struct loading *loading, struct source *source, struct rejects *rejects, struct report *report)
{
    const struct gk_load_options options = {
        .size = sizeof options, .is_strict = loading->is_strict, .reject = rejects_add, .context = rejects};
    struct gk_error finish_error = {0};
    gk_load *load;
    bool is_store = true;
    int finished, rc = gk_load_open(loading->db, &options, &load, &report->error);

    if (rc == GK_OK) {
        is_store = false;
        rc = pump(loading, source, load, &is_store, &report->error);
        if (!is_store && rc != GK_ESYNTAX) {
            finished = gk_load_finish(load, &report->result, &finish_error);
            is_store = is_store_failure(finished);
            if (finished != GK_OK && (rc == GK_OK || is_store)) {
                rc = finished;
                report->error = finish_error;
            }
        }
        gk_load_close(load);
    }
    loading->is_broken = loading->is_broken || is_store;
    return rc;
}

static char *copy_text(const char *text)
{
    return strcpy(tool_resize(NULL, strlen(text) + 1, 1), text);
}

static void say_rows(const struct loading *loading, const struct report *report)
{
    const struct gk_counts *rows = &report->result.rows;

    say(loading->command->name,
        "%s: rows: %" PRIu64 " accepted, %" PRIu64 " late, %" PRIu64 " duplicate, %" PRIu64 " conflicting, %" PRIu64
        " quarantined, %" PRIu64 " rejected",
        report->path, rows->accepted, rows->late, rows->duplicate, rows->conflicting, rows->quarantined,
        rows->rejected);
}

static void say_packets(const struct loading *loading, const struct report *report)
{
    const struct gk_load_result *result = &report->result;

    say(loading->command->name,
        "%s: packets: %" PRIu64 " taken, %" PRIu64 " repeated, %" PRIu64 " bad length, %" PRIu64 " bad crc, %" PRIu64
        " bad structure, %" PRIu64 " stray",
        report->path, result->packets[GK_HJ212_TAKEN], result->packets[GK_HJ212_REPEATED],
        result->packets[GK_HJ212_BAD_LENGTH], result->packets[GK_HJ212_BAD_CRC],
        result->packets[GK_HJ212_BAD_STRUCTURE], result->packets[GK_HJ212_STRAY]);
    say(loading->command->name,
        "%s: values: %" PRIu64 " taken, %" PRIu64 " without a mapping, %" PRIu64 " implausible, %" PRIu64 " bad",
        report->path, result->values.n_taken, result->values.n_unmapped, result->values.n_implausible,
        result->values.n_bad);
}

static void say_report(const struct loading *loading, const struct report *report, const struct rejects *rejects)
{
    const struct gk_load_result *result = &report->result;

    if (result->table == GK_TABLE_PACKETS)
        say_packets(loading, report);
    if (result->table == GK_TABLE_ROWS || result->table == GK_TABLE_PACKETS || result->table == GK_TABLE_POINTS)
        say_rows(loading, report);
    else if (result->table != GK_TABLE_NONE)
        say(loading->command->name, "%s: %s: %" PRIu64 " taken, %" PRIu64 " bad", report->path,
            tr(table_names[result->table]), result->n_taken, result->n_bad);
    if (result->n_registered > 0)
        say(loading->command->name, "%s: warning: %" PRIu64 " unknown %s registered with role other", report->path,
            result->n_registered, result->n_registered == 1 ? "facility was" : "facilities were");
    if (rejects->n > 0)
        say(loading->command->name, "%s: %" PRIu64 " bad %s in '%s'; the first: %s", report->path, rejects->n,
            rejects->n == 1 ? "line is" : "lines are", rejects->path, rejects->first);
    if (report->error.status != GK_OK)
        say(loading->command->name, "%s: %s", report->path,
            report->error.text[0] != '\0' ? report->error.text : gk_status_text(report->error.status));
}

static void load_input(struct loading *loading, struct input *input)
{
    struct report *report = &loading->reports[loading->n_reports++];
    struct rejects rejects;
    struct source *source = NULL;
    int rc;

    *report = (struct report){.path = input->path};
    rejects_init(&rejects, input->path);
    progress_init(&loading->progress, input->path);
    rc = input_open(input, &source, &report->error);
    if (rc == GK_OK) {
        if (loading->is_ahead)
            source_read_ahead(source);
        rc = load_source(loading, source, &rejects, report);
        source_close(source);
    }
    report->error.status = rc;
    progress_end(&loading->progress);
    report->n_rejects = rejects.n;
    say_report(loading, report, &rejects);
    if (rejects.n > 0 && rejects.failure == 0)
        report->rejects = copy_text(rejects.path);
    rejects_finish(&rejects, loading->command);
}

/* ---- all of it together ---- */

static void add_counts(struct gk_counts *sum, const struct gk_counts *counts)
{
    sum->accepted += counts->accepted;
    sum->late += counts->late;
    sum->duplicate += counts->duplicate;
    sum->conflicting += counts->conflicting;
    sum->quarantined += counts->quarantined;
    sum->rejected += counts->rejected;
}

/* `table` becomes that of packets when one of them had some. */
static void add_result(struct gk_load_result *sum, const struct gk_load_result *result)
{
    add_counts(&sum->rows, &result->rows);
    if (result->table != GK_TABLE_PACKETS)
        return;
    sum->table = GK_TABLE_PACKETS;
    for (int v = 0; v < GK_HJ212_VERDICTS; v++)
        sum->packets[v] += result->packets[v];
    sum->values.n_taken += result->values.n_taken;
    sum->values.n_unmapped += result->values.n_unmapped;
    sum->values.n_implausible += result->values.n_implausible;
    sum->values.n_bad += result->values.n_bad;
}

static void put_counts(struct output *out, const struct gk_counts *counts)
{
    output_format(out,
                  "{\"accepted\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"conflicting\": %" PRIu64
                  ", \"late\": %" PRIu64 ", \"quarantined\": %" PRIu64 ", \"rejected\": %" PRIu64 "}",
                  counts->accepted, counts->duplicate, counts->conflicting, counts->late, counts->quarantined,
                  counts->rejected);
}

static void put_text_or_null(struct output *out, const char *text)
{
    if (text != NULL)
        output_json(out, text, strlen(text));
    else
        output_text(out, "null");
}

/* The counts of packets and of their values, as two members of an object. */
static void put_packets(struct output *out, const struct gk_load_result *result)
{
    output_text(out, ", \"packets\": {");
    for (int v = 0; v < GK_HJ212_VERDICTS; v++)
        output_format(out, "%s\"%s\": %" PRIu64, v > 0 ? ", " : "", gk_hj212_verdict_text((enum gk_hj212_verdict)v),
                      result->packets[v]);
    output_format(out,
                  "}, \"values\": {\"taken\": %" PRIu64 ", \"unmapped\": %" PRIu64 ", \"implausible\": %" PRIu64
                  ", \"bad\": %" PRIu64 "}",
                  result->values.n_taken, result->values.n_unmapped, result->values.n_implausible,
                  result->values.n_bad);
}

static void put_report(struct output *out, const struct report *report)
{
    const struct gk_load_result *result = &report->result;

    output_text(out, "{\"file\": ");
    output_json(out, report->path, strlen(report->path));
    output_format(out,
                  ", \"table\": \"%s\", \"lines\": %" PRIu64 ", \"taken\": %" PRIu64 ", \"bad\": %" PRIu64
                  ", \"registered\": %" PRIu64,
                  table_names[result->table], result->n_lines, result->n_taken, result->n_bad, result->n_registered);
    output_text(out, ", \"rows\": ");
    put_counts(out, &result->rows);
    if (result->table == GK_TABLE_PACKETS)
        put_packets(out, result);
    output_text(out, ", \"rejects\": ");
    put_text_or_null(out, report->rejects);
    output_text(out, ", \"error\": ");
    put_text_or_null(out, report->error.status == GK_OK   ? NULL
                          : report->error.text[0] != '\0' ? report->error.text
                                                          : gk_status_text(report->error.status));
    output_text(out, "}");
}

static int put_json(const struct loading *loading, int status)
{
    struct gk_load_result sum = {0};
    struct output out;

    for (size_t i = 0; i < loading->n_reports; i++)
        add_result(&sum, &loading->reports[i].result);
    output_init(&out, 1);
    output_text(&out, "{\"rows\": ");
    put_counts(&out, &sum.rows);
    if (sum.table == GK_TABLE_PACKETS)
        put_packets(&out, &sum);
    output_text(&out, ", \"files\": [");
    for (size_t i = 0; i < loading->n_reports; i++) {
        output_text(&out, i > 0 ? ",\n  " : "\n  ");
        put_report(&out, &loading->reports[i]);
    }
    output_text(&out, "\n]}\n");
    return output_finish(&out, loading->command, status);
}

/* Whether a file gave anything: a table of no lines is read as well as a full one, a table of bad lines only is not. */
static bool is_read(const struct report *report)
{
    const struct gk_load_result *result = &report->result;
    const struct gk_counts *rows = &result->rows;
    uint64_t n_good = result->packets[GK_HJ212_TAKEN] + result->packets[GK_HJ212_REPEATED] + result->n_taken +
                      rows->accepted + rows->late + rows->duplicate + rows->conflicting + rows->quarantined;

    return n_good > 0 || (report->error.status == GK_OK && report->n_rejects == 0);
}

static int load_all(struct loading *loading, struct input *inputs, size_t n)
{
    bool is_any_read = false;

    loading->reports = tool_resize(NULL, n, sizeof *loading->reports);
    for (size_t i = 0; i < n && !loading->is_broken; i++) {
        load_input(loading, &inputs[i]);
        is_any_read = is_any_read || is_read(&loading->reports[loading->n_reports - 1]);
    }
    if (loading->is_broken)
        say(loading->command->name, "stopped: the store failed; what was counted above is kept");
    return is_any_read && !loading->is_broken ? EXIT_ROWS : EXIT_STORE;
}

/* Closing seals what was loaded into chunks, which takes its time. */
static int close_store(const struct loading *loading, int status)
{
    int rc = gk_close(loading->db);

    if (rc == GK_OK || loading->is_broken)
        return status;
    say(loading->command->name, "closing the store: %s", gk_status_text(rc));
    return EXIT_STORE;
}

static int run(const struct command *self, int argc, char **argv)
{
    const char *now = NULL;
    uint64_t n_threads = 2;
    bool is_json = false;
    struct loading loading = {.command = self};
    const struct option options[] = {{"threads", 0, OPTION_COUNT, &n_threads},
                                     {"strict", 0, OPTION_FLAG, &loading.is_strict},
                                     {"json", 0, OPTION_FLAG, &is_json},
                                     {"now", 0, OPTION_TEXT, &now}};
    struct tool_clock clock = {0};
    struct input *inputs;
    size_t n_inputs;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (n_threads < 1) {
        say(self->name, "option '--threads' needs at least 1");
        return EXIT_USAGE;
    }
    loading.is_ahead = n_threads > 1;
    n_inputs = (size_t)n - 1;
    status = tool_open_for_writing(self, argv[0], now, &clock, &loading.db);
    if (status != EXIT_ROWS)
        return status;
    inputs = inputs_new(argv + 1, n_inputs);
    status = load_all(&loading, inputs, n_inputs);
    status = close_store(&loading, status);
    if (is_json)
        status = put_json(&loading, status);
    for (size_t i = 0; i < loading.n_reports; i++)
        free(loading.reports[i].rejects);
    free(loading.reports);
    inputs_free(inputs, n_inputs);
    return status;
}

const struct command command_load = {
    "load", "put CSV files into a store: facilities, bands, orders, rows...", help, 2, 1000000, run, help_zh};
