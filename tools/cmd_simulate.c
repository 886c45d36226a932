/*
 * cmd_simulate.c - gk simulate: writes a made-up zone as the tables that gk load reads, and the truth about it; or
 * sends its rows to a server, as the devices of the zone would.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "progress.h"
#include "sim_devices.h"
#include "sim_rows.h"
#include "sim_zone.h"
#include "tool.h"

#define SIM_ENTERPRISES_MAX 100000
#define SIM_DAYS_MAX        3660
#define SIM_DEFAULT_END     "2026-01-05" /* fixed, so that the same seed gives the same bytes on every day */
#define PATH_SIZE           4096

static const char help[] =
    "gk simulate DIR [--hj212 ADDR] [OPTION...]\n"
    "\n"
    "Writes a made-up industrial zone into the folder DIR, as tables that gk load reads:\n"
    "  facilities.csv  enterprises, lines, production and abatement facilities with what they serve\n"
    "  bands.csv       production is off below 5 %, on from 25 % of rated; abatement 10 % and 20 %\n"
    "  orders.csv      yellow, orange and red orders for groups of enterprises; they bind after 30 minutes\n"
    "  exemptions.csv  declared stops\n"
    "  rows.csv        currents and power of every meter, in the order in which the rows arrive: some lost, some "
    "late,\n"
    "                  some twice, hours of a gateway in one burst, blind meters\n"
    "  mappings.csv    what the zone's devices send over HJ 212, and which facility and channel it is\n"
    "  truth.csv       kind,enterprise,facility,from,to of every violation: abate_off, abate_late_start,\n"
    "                  abate_early_stop (abatement offline for 12 minutes and more while production runs),\n"
    "                  abate_low_load (it runs below 40 % of rated), order_ignored\n"
    "The same options give the same bytes. Files of these names that are there already are replaced.\n"
    "With --hj212 there is no rows.csv: the zone's devices connect to a server and send their rows, each again until "
    "it\n"
    "is acknowledged. Give the server the other tables first (gk serve --table).\n"
    "\n"
    "  --parks N           parks (1)\n"
    "  --enterprises N     enterprises of each park (3)\n"
    "  --days N            whole days (2)\n"
    "  --interval TIME     between the rows of a meter, 1ms to 60s (10s)\n"
    "  --seed N            of all chance (1)\n"
    "  --violations SHARE  of the runs an abatement facility is needed for, how many go wrong (0.25)\n"
    "  --start DATE        first day\n"
    "  --end DATE          the day after the last one, or `today` (" SIM_DEFAULT_END ")\n"
    "  --clean             nothing lost, late, repeated or blind\n"
    "  --names zh          Chinese names\n"
    "  --hj212 ADDR        of the server: HOST:PORT, or PORT on this machine\n"
    "  --devices N         gateways with the meters behind them (one an enterprise)\n"
    "  --faults LIST       none, all, or some of what real devices do, split by commas: crc length noise split text "
    "lost\n"
    "                      repeat flood reconnect halfopen clock hex modbus time14 gap (none)\n"
    "  --speed N           so many times as fast as the zone's clock; else as fast as it is acknowledged\n"
    "  --ahead N           packets that a device sends before it waits for replies (256)\n"
    "  --patience TIME     without a reply for so long, a packet is sent again (5s)\n"
    "\n"
    "  gk simulate zone --days 7 --violations 50%\n"
    "  gk init zone.gk && gk load zone.gk zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv "
    "zone/rows.csv\n"
    "  gk simulate zone --hj212 5212 --faults all\n";

struct request {
    struct sim_config config;
    struct sim_devices_config devices;
    const char *start, *end, *names, *faults;
    uint64_t speed;
};

static void put_time(struct output *out, int64_t time_ms)
{
    char text[GK_TIME_TEXT_MAX];

    /* Whole seconds: the edges of a truth are rounded down to the state clock as those of an answer are. */
    output_bytes(out, text, gk_time_format(time_ms / 1000 * GK_SECOND, SIM_ZONE_S, text));
}

static void write_facilities(const struct sim_zone *zone, struct output *out)
{
    output_text(out, "facility,enterprise,park,line,role,rated_kw,rated_a,serves,group,stop_level\n");
    for (size_t i = 0; i < zone->n_facilities; i++) {
        const struct sim_facility *f = &zone->facilities[i];
        const struct sim_enterprise *enterprise = &zone->enterprises[f->enterprise];
        const struct sim_line *line = &zone->lines[f->line];
        char park[SIM_NAME_MAX];

        sim_park_name(zone, enterprise->park, park);
        output_format(out, "%s,%s,%s,%s,%s,%g,%.2f,", f->name, enterprise->name, park, line->name,
                      f->is_abatement ? "abatement" : "production", f->rated_kw, f->rated_a);
        for (size_t j = 0; j < f->n_serves; j++)
            output_format(out, "%s%s", j > 0 ? ";" : "", zone->facilities[f->serves[j]].name);
        output_format(out, ",%c,%d\n", enterprise->group, line->stop_level);
    }
}

static void write_bands(const struct sim_zone *zone, struct output *out)
{
    (void)zone; /* the limits are the same for all zones */
    output_text(out, "scope,off_below,on_from,overload_from\n");
    output_format(out, "role:production,%g%%,%g%%,120%%\n", 100 * SIM_PRODUCTION_OFF, 100 * SIM_PRODUCTION_ON);
    output_format(out, "role:abatement,%g%%,%g%%,120%%\n", 100 * SIM_ABATEMENT_OFF, 100 * SIM_ABATEMENT_ON);
}

static void write_orders(const struct sim_zone *zone, struct output *out)
{
    output_text(out, "group,level,from,to,kind\n");
    for (size_t i = 0; i < zone->n_orders; i++) {
        output_format(out, "%c,%s,", zone->orders[i].group, sim_level_name(zone->orders[i].level));
        put_time(out, zone->orders[i].from);
        output_text(out, ",");
        put_time(out, zone->orders[i].to);
        output_text(out, ",stop\n");
    }
}

static void write_exemptions(const struct sim_zone *zone, struct output *out)
{
    output_text(out, "scope,kind,from,to,note\n");
    for (size_t i = 0; i < zone->n_exemptions; i++) {
        output_format(out, "line:%s,maintenance,", zone->lines[zone->exemptions[i].line].name);
        put_time(out, zone->exemptions[i].from);
        output_text(out, ",");
        put_time(out, zone->exemptions[i].to);
        output_text(out, ",declared stop\n");
    }
}

static void write_truth(const struct sim_zone *zone, struct output *out)
{
    output_text(out, "kind,enterprise,facility,from,to\n");
    for (size_t i = 0; i < zone->n_truths; i++) {
        const struct sim_truth *truth = &zone->truths[i];
        const struct sim_facility *facility = &zone->facilities[truth->facility];

        output_format(out, "%s,%s,%s,", truth->kind, zone->enterprises[facility->enterprise].name, facility->name);
        put_time(out, truth->from);
        output_text(out, ",");
        put_time(out, truth->to);
        output_text(out, "\n");
    }
}

static void write_rows(const struct sim_zone *zone, struct output *out)
{
    struct progress progress;
    struct sim_row_counts counts;

    progress_init(&progress, "rows");
    sim_rows_write(zone, out, &progress, &counts);
    output_flush(out);
    progress_end(&progress);
    say("simulate",
        "%" PRIu64 " rows, %" PRIu64 " of them late, %" PRIu64 " repeated; %" PRIu64 " lost, %" PRIu64
        " never made by blind meters",
        counts.written, counts.late, counts.repeated, counts.lost, counts.blind);
}

typedef void writer(const struct sim_zone *zone, struct output *out);

static int write_file(const char *folder, const char *name, const struct sim_zone *zone, writer *write)
{
    char path[PATH_SIZE];
    struct output out;
    int failure, fd;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
        say("simulate", "the path of '%s' is too long", name);
        return EXIT_USAGE;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        say("simulate", "cannot write '%s': %s", path, strerror(errno));
        return EXIT_STORE;
    }
    output_init(&out, fd);
    write(zone, &out);
    output_flush(&out);
    failure = out.failure;
    output_clear(&out);
    if (close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure != 0)
        say("simulate", "cannot write '%s': %s", path, strerror(failure));
    return failure == 0 ? EXIT_ROWS : EXIT_STORE;
}

static int write_zone(const char *folder, const struct request *request, const struct sim_zone *zone)
{
    static const struct {
        const char *name;
        writer *write;
    } files[] = {{"facilities.csv", write_facilities},
                 {"bands.csv", write_bands},
                 {"orders.csv", write_orders},
                 {"exemptions.csv", write_exemptions},
                 {"truth.csv", write_truth},
                 {"mappings.csv", sim_mappings_write},
                 {"rows.csv", write_rows}};
    size_t n = sizeof files / sizeof *files - (request->devices.address != NULL); /* rows are sent then */
    int status = EXIT_ROWS;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        say("simulate", "cannot make '%s': %s", folder, strerror(errno));
        return EXIT_STORE;
    }
    say("simulate", "enterprises %zu, lines %zu, facilities %zu, orders %zu, violations %zu", zone->n_enterprises,
        zone->n_lines, zone->n_facilities, zone->n_orders, zone->n_truths);
    for (size_t i = 0; i < n && status == EXIT_ROWS; i++)
        status = write_file(folder, files[i].name, zone, files[i].write);
    return status;
}

static int send_zone(const struct command *self, const struct request *request, const struct sim_zone *zone)
{
    struct sim_devices_counts counts;
    int status = sim_devices_run(self, zone, &request->devices, &counts);
    struct output faults;

    output_init(&faults, -1);
    for (int f = 0; f <= SIM_CLOCK; f++)
        if (counts.faults[f] > 0)
            output_format(&faults, ", %s %" PRIu64, sim_fault_name((enum sim_fault)f), counts.faults[f]);
    if (counts.forgotten > 0)
        output_format(&faults, ", gap %" PRIu64 "; requests: %" PRIu64 ", answered with %" PRIu64 " packets",
                      counts.forgotten, counts.requests, counts.answers);
    output_bytes(&faults, "", 1);
    say("simulate",
        "packets: %" PRIu64 " of %" PRIu64 " acknowledged, %" PRIu64 " sent again; connections: %" PRIu64 "%s",
        counts.acknowledged, counts.made, counts.sent_again, counts.connections, faults.bytes);
    output_clear(&faults);
    return status;
}

/* Midnight of a date in the zone, in ms; says what is wrong. */
static bool read_date(const char *text, int64_t *out_ms)
{
    gk_time time;

    if (strcmp(text, "today") == 0) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        *out_ms = (int64_t)now.tv_sec * 1000;
    } else if (strchr(text, '-') != NULL && gk_time_parse(text, strlen(text), SIM_ZONE_S, &time) == GK_OK &&
               time >= 0) {
        *out_ms = time / 1000000;
    } else {
        say("simulate", "a date such as 2026-01-05 was expected, not '%s'", text);
        return false;
    }
    *out_ms -= (*out_ms + SIM_ZONE_S * INT64_C(1000)) % SIM_DAY;
    return true;
}

static bool is_within(const char *option, uint64_t value, uint64_t least, uint64_t most)
{
    if (value >= least && value <= most)
        return true;
    say("simulate", "--%s must be %" PRIu64 " to %" PRIu64 ", not %" PRIu64, option, least, most, value);
    return false;
}

static bool check(struct request *request, int64_t interval_ns)
{
    struct sim_config *config = &request->config;
    int64_t day = 0;

    if (!is_within("parks", config->n_parks, 1, SIM_ENTERPRISES_MAX) ||
        !is_within("enterprises", config->n_enterprises, 1, SIM_ENTERPRISES_MAX / config->n_parks) ||
        !is_within("days", config->n_days, 1, SIM_DAYS_MAX))
        return false;
    if (interval_ns < 1000000 || interval_ns > 60 * GK_SECOND || interval_ns % 1000000 != 0) {
        say("simulate", "--interval must be whole milliseconds, 1ms to 60s");
        return false;
    }
    config->interval_ms = interval_ns / 1000000;
    if (config->n_devices == 0)
        config->n_devices = config->n_parks * config->n_enterprises;
    if (request->names != NULL && strcmp(request->names, "zh") != 0 && strcmp(request->names, "en") != 0) {
        say("simulate", "--names must be zh or en, not '%s'", request->names);
        return false;
    }
    config->is_chinese = request->names != NULL && request->names[0] == 'z';
    if (request->start != NULL && request->end != NULL) {
        say("simulate", "--start and --end exclude each other: the days are given by --days");
        return false;
    }
    if (!read_date(request->start != NULL ? request->start
                   : request->end != NULL ? request->end
                                          : SIM_DEFAULT_END,
                   &day))
        return false;
    config->start_ms = request->start != NULL ? day : day - (int64_t)config->n_days * SIM_DAY;
    return true;
}

static bool check_devices(struct request *request, const struct sim_zone *zone)
{
    struct sim_devices_config *devices = &request->devices;

    devices->speed = (double)request->speed;
    return is_within("devices", zone->config.n_devices, 1, zone->n_facilities) &&
           is_within("ahead", devices->n_ahead, 1, SIM_AHEAD_MAX) && sim_faults_read(request->faults, &devices->faults);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {
        .config = {.n_parks = 1, .n_enterprises = 3, .n_days = 2, .seed = 1, .violation_rate = 0.25},
        .devices = {.n_ahead = 256, .patience_ns = 5 * GK_SECOND},
        .faults = "none"};
    int64_t interval_ns = 10 * GK_SECOND;
    const struct option options[] = {
        {"parks", 0, OPTION_COUNT, &request.config.n_parks},
        {"enterprises", 0, OPTION_COUNT, &request.config.n_enterprises},
        {"days", 0, OPTION_COUNT, &request.config.n_days},
        {"interval", 0, OPTION_DURATION, &interval_ns},
        {"seed", 0, OPTION_COUNT, &request.config.seed},
        {"violations", 0, OPTION_SHARE, &request.config.violation_rate},
        {"start", 0, OPTION_TEXT, &request.start},
        {"end", 0, OPTION_TEXT, &request.end},
        {"names", 0, OPTION_TEXT, &request.names},
        {"clean", 0, OPTION_FLAG, &request.config.is_clean},
        {"hj212", 0, OPTION_TEXT, &request.devices.address},
        {"devices", 0, OPTION_COUNT, &request.config.n_devices},
        {"faults", 0, OPTION_TEXT, &request.faults},
        {"speed", 0, OPTION_COUNT, &request.speed},
        {"ahead", 0, OPTION_COUNT, &request.devices.n_ahead},
        {"patience", 0, OPTION_DURATION, &request.devices.patience_ns},
    };
    struct sim_zone *zone;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!check(&request, interval_ns))
        return EXIT_USAGE;
    zone = sim_zone_new(&request.config);
    status = check_devices(&request, zone) ? write_zone(argv[0], &request, zone) : EXIT_USAGE;
    if (status == EXIT_ROWS && request.devices.address != NULL)
        status = send_zone(self, &request, zone);
    sim_zone_free(zone);
    return status;
}

const struct command command_simulate = {"simulate", "write a made-up zone with its ground truth", help, 1, 1, run,
                                         NULL};
