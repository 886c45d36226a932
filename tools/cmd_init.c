/*
 * cmd_init.c - gk init: makes a store; zone, tick and policy cannot be changed afterwards.
 */
#include <string.h>

#include "option.h"
#include "tool.h"

static const char help[] =
    "gk init STORE [--zone +08:00] [--tick 1s] [--policy last|first|all]\n"
    "\n"
    "Makes a store: a folder with one data file. What is fixed here stays:\n"
    "\n"
    "  --zone ZONE    where days begin and times without a zone are meant (+08:00); fixed offsets only\n"
    "  --tick TIME    step of the state clock, 100ms to 60s (1s)\n"
    "  --policy P     two rows of a facility at the same time with different values: the `last` one to arrive counts\n"
    "                 (default), the `first` one, or `all` are kept (for meters faster than their clock)\n"
    "\n"
    "  gk init zone.gk\n";

static bool read_policy(const struct command *self, const char *text, enum gk_policy *out)
{
    static const char *const names[] = {"last", "first", "all"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum gk_policy)i;
            return true;
        }
    say(self->name, "option '--policy' needs last, first or all, not '%s'", text);
    return false;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct gk_options wanted = {.size = sizeof wanted, .zone_s = 8 * 3600, .zone_is_set = true, .tick_ns = GK_SECOND};
    const char *policy = "last";
    const struct option options[] = {{"zone", 0, OPTION_ZONE, &wanted.zone_s},
                                     {"tick", 0, OPTION_DURATION, &wanted.tick_ns},
                                     {"policy", 0, OPTION_TEXT, &policy}};
    gk_db *db;
    int n, status, rc;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!read_policy(self, policy, &wanted.policy))
        return EXIT_USAGE;
    if (wanted.tick_ns < GK_SECOND / 10 || wanted.tick_ns > 60 * GK_SECOND) {
        say(self->name, "option '--tick' must be 100ms to 60s");
        return EXIT_USAGE;
    }
    rc = tool_open(self, argv[0], GK_READWRITE | GK_CREATE | GK_EXCLUSIVE, &wanted, &db);
    if (rc != GK_OK)
        return rc == GK_EINVAL || rc == GK_ERANGE ? EXIT_USAGE : EXIT_STORE;
    rc = gk_close(db);
    if (rc != GK_OK) {
        say(self->name, "closing the store: %s", gk_status_text(rc));
        return EXIT_STORE;
    }
    return EXIT_ROWS;
}

const struct command command_init = {"init", "make a store", help, 1, 1, run, NULL};
