/*
 * case.c - a step in the case of an alarm, from the command line into the record.
 */
#include "case.h"

#include <inttypes.h>
#include <string.h>

#include "record.h"
#include "texts.h"

static struct gk_text text_of(const char *text)
{
    struct gk_text t = {text, text != NULL ? strlen(text) : 0};
    return t;
}

static bool read_outcome(const struct command *command, const char *text, enum gk_outcome *out)
{
    for (unsigned i = GK_OUTCOME_ENTERPRISE; text != NULL && gk_outcome_name(i) != NULL; i++)
        if (strcmp(text, gk_outcome_name(i)) == 0) {
            *out = (enum gk_outcome)i;
            return true;
        }
    if (text == NULL)
        say(command->name, "--outcome is missing: enterprise, device or false");
    else
        say(command->name, "option '--outcome' needs enterprise, device or false, not '%s'", text);
    return false;
}

/* "2h" from now on, or a time. */
static bool read_due(const struct command *command, const char *text, const struct record_store *store, gk_time *out)
{
    int64_t after_ns;

    if (text == NULL)
        return true;
    if (!text_to_duration(text, &after_ns))
        return tool_read_time(command, "due", text, store->zone_s, out);
    if (!__builtin_add_overflow(gk_clock(store->db), after_ns, out))
        return true;
    say(command->name, "--due goes beyond all time");
    return false;
}

static int put(const struct command *command, struct record_store *store, const struct gk_act_put *act, int64_t wait_ns)
{
    const char *kind = tr(gk_act_kind_name(act->kind));
    struct gk_error error = {0};
    bool is_taken;
    uint64_t seq;
    int rc = record_put(store, act, wait_ns, &seq, &is_taken, &error);

    if (rc != GK_OK) {
        error.status = rc;
        return tool_failed(command, &error);
    }
    if (seq != 0)
        say(command->name, "alarm %" PRIu64 ": %s by %s, act %" PRIu64, act->alarm, kind, act->actor.bytes, seq);
    else if (is_taken)
        say(command->name, "alarm %" PRIu64 ": %s by %s, recorded by the process that writes the store", act->alarm,
            kind, act->actor.bytes);
    else
        say(command->name,
            "alarm %" PRIu64 ": %s by %s, handed in; the process that writes the store has not taken it yet",
            act->alarm, kind, act->actor.bytes);
    return EXIT_ROWS;
}

int case_step(const struct command *command, enum gk_act_kind kind, const char *path, const char *id,
              const struct case_options *options)
{
    struct gk_act_put act = {.size = sizeof act,
                             .kind = kind,
                             .actor = text_of(options->by),
                             .whom = text_of(options->to),
                             .text = text_of(options->note)};
    struct record_store store;
    int status;

    if (!text_to_count(id, &act.alarm) || act.alarm == 0) {
        say(command->name, "'%s' is no number of an alarm", id);
        return EXIT_USAGE;
    }
    if (options->by == NULL) {
        say(command->name, "--by is missing: who does it?");
        return EXIT_USAGE;
    }
    if (kind == GK_ACT_ASSIGNED && options->to == NULL) {
        say(command->name, "--to is missing: to whom?");
        return EXIT_USAGE;
    }
    if (kind == GK_ACT_CLOSED && !read_outcome(command, options->outcome, &act.outcome))
        return EXIT_USAGE;
    status = record_open(command, path, options->now, &store);
    if (status != EXIT_ROWS)
        return status;
    status =
        read_due(command, options->due, &store, &act.due) ? put(command, &store, &act, options->wait_ns) : EXIT_USAGE;
    return record_close(command, &store, status);
}
