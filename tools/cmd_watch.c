/*
 * cmd_watch.c - gk watch: acts as JSON lines, as they become durable.
 */
#include <poll.h>
#include <unistd.h>

#include "act_json.h"
#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk watch STORE [--from SEQ | --new] [--consumer NAME] [--once]\n"
    "\n"
    "Prints the acts of the record as lines of JSON, one an act, as they become durable: alarms that are raised, data\n"
    "that stop, people who acknowledge. The keys are the same in every line, null where there is nothing to say.\n"
    "\n"
    "  --from SEQ       begin with the act of this number; default 1\n"
    "  --new            begin with the next one\n"
    "  --consumer NAME  go on where the last run under this name stopped. An act is confirmed after it was written\n"
    "                   out, so each is printed at least once and in order, whatever ends this program\n"
    "  --once           end when there are no more, instead of waiting\n"
    "\n"
    "  gk watch zone.gk --consumer board | while read -r line; do deliver \"$line\"; done\n";

/* Looks again after this long even if nothing rang: the bell is a courtesy of the kernel. */
#define WATCH_POLL_MS 1000
/* Written out and confirmed together. */
#define WATCH_LINES 256

/* Prints what there is. GK_DONE: no more now; GK_OK: the output is of no use any more. */
static int print_all(gk_consumer *consumer, int32_t zone_s, struct output *out, struct gk_error *error)
{
    uint64_t last = 0, n = 0;
    struct gk_alarm alarm;
    struct gk_act act;
    int rc = GK_OK;

    while (rc == GK_OK) {
        rc = gk_consumer_next(consumer, &act, &alarm, error);
        if (rc == GK_OK) {
            act_json(out, &act, &alarm, zone_s);
            last = act.seq;
            n++;
        }
        if (n == WATCH_LINES || (rc == GK_DONE && n > 0)) {
            output_flush(out);
            if (out->failure != 0 || out->is_closed)
                return GK_OK;
            int confirmed = gk_consumer_confirm(consumer, last, error);
            if (confirmed != GK_OK)
                return confirmed;
            n = 0;
        }
    }
    return rc;
}

/* Until acts may have come; false: the reader of standard output has gone. */
static bool wait_for_acts(const gk_consumer *consumer)
{
    struct pollfd fds[2] = {{STDOUT_FILENO, 0, 0},
                            {gk_consumer_fd(consumer), POLLIN, 0}}; /* a negative one is ignored */

    (void)poll(fds, 2, WATCH_POLL_MS); /* a signal makes it shorter: no harm */
    return (fds[0].revents & (POLLERR | POLLHUP)) == 0;
}

static int watch(const struct command *self, gk_consumer *consumer, int32_t zone_s, bool is_once)
{
    struct gk_error error = {0};
    struct output out;
    int rc;

    output_init(&out, STDOUT_FILENO);
    do
        rc = print_all(consumer, zone_s, &out, &error);
    while (rc == GK_DONE && !is_once && wait_for_acts(consumer));
    if (rc != GK_DONE && rc != GK_OK) {
        error.status = rc;
        return output_finish(&out, self, tool_failed(self, &error));
    }
    return output_finish(&out, self, EXIT_ROWS);
}

/* Where it begins, and in which zone times are told. */
static int look(const struct command *self, gk_db *db, bool is_new, uint64_t *from, int32_t *zone_s)
{
    struct gk_error error = {0};
    gk_snapshot *snapshot;
    uint64_t last;

    error.status = gk_snapshot_open(db, &snapshot, &error);
    if (error.status != GK_OK)
        return tool_failed(self, &error);
    *zone_s = gk_snapshot_info(snapshot)->zone_s;
    error.status = gk_act_last(snapshot, &last, &error);
    gk_snapshot_close(snapshot);
    if (error.status != GK_OK)
        return tool_failed(self, &error);
    if (is_new)
        *from = last + 1;
    return EXIT_ROWS;
}

static int run(const struct command *self, int argc, char **argv)
{
    bool is_new = false, is_once = false;
    const char *name = NULL;
    uint64_t from = 0;
    const struct option options[] = {{"from", 0, OPTION_COUNT, &from},
                                     {"new", 0, OPTION_FLAG, &is_new},
                                     {"consumer", 0, OPTION_TEXT, &name},
                                     {"once", 0, OPTION_FLAG, &is_once}};
    struct gk_error error = {0};
    gk_consumer *consumer = NULL;
    int32_t zone_s = 0;
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (is_new && from != 0) {
        say(self->name, "--from and --new are two beginnings");
        return EXIT_USAGE;
    }
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    status = look(self, db, is_new, &from, &zone_s);
    if (status == EXIT_ROWS) {
        error.status = gk_consumer_open(db, name, from, &consumer, &error);
        status = error.status == GK_OK ? watch(self, consumer, zone_s, is_once) : tool_failed(self, &error);
    }
    gk_consumer_close(consumer);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_watch = {"watch", "print the acts of the record as they happen", help, 1, 1, run, NULL};
