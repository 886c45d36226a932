/*
 * cmd_case.c - gk ack, assign, feedback, audit, close: what people do about an alarm. (That it was checked on site is
 * gk check STORE ID: cmd_check.c.)
 */
#include "case.h"

#define COMMON                                                                                                         \
    "  --by NAME    who does it\n"                                                                                     \
    "  --note TEXT  what there is to say about it\n"                                                                   \
    "  --now TIME   the clock, instead of the system's\n"                                                              \
    "  --wait S     when another process writes the store: how long to wait for its word; default 5\n"                 \
    "\n"                                                                                                               \
    "Recorded for good, with the time. When another process writes the store, it is handed to it and taken in with\n"  \
    "its next commit. A step that cannot be is refused: exit status 3.\n"                                              \
    "\n"

static const char help_ack[] = "gk ack STORE ID --by NAME [--note TEXT] [--now TIME] [--wait S]\n"
                               "\n"
                               "Acknowledges an alarm: somebody knows of it and looks after it.\n"
                               "\n" COMMON "  gk ack zone.gk 1042 --by wang --note 'fan belt broken'\n";
static const char help_assign[] =
    "gk assign STORE ID --to NAME --by NAME [--due D] [--note TEXT] [--now TIME] [--wait S]\n"
    "\n"
    "Assigns the case of an alarm to somebody, or to somebody else.\n"
    "\n"
    "  --to NAME    to whom\n"
    "  --due D      until when: 2h from now on, or a time such as 2026-01-05T08:00\n" COMMON
    "  gk assign zone.gk 1042 --to team-P1 --due 2h --by duty\n";
static const char help_feedback[] =
    "gk feedback STORE ID --by NAME [--note TEXT] [--now TIME] [--wait S]\n"
    "\n"
    "What those say who were sent or concerned: what they found and did.\n"
    "\n" COMMON "  gk feedback zone.gk 1042 --by li --note 'belt replaced, runs since 10:40'\n";
static const char help_audit[] = "gk audit STORE ID --by NAME [--note TEXT] [--now TIME] [--wait S]\n"
                                 "\n"
                                 "Somebody else looked over the case, open or closed.\n"
                                 "\n" COMMON "  gk audit zone.gk 1042 --by zhao --note 'agreed'\n";
static const char help_close[] =
    "gk close STORE ID --outcome OUTCOME --by NAME [--note TEXT] [--now TIME] [--wait S]\n"
    "\n"
    "Closes the case of an alarm. One that still fires stays on the list of open ones until its breach has certainly\n"
    "ended, and is not raised anew.\n"
    "\n"
    "  --outcome O  enterprise (it is at fault), device (a fault), false (no breach)\n" COMMON
    "  gk close zone.gk 1042 --outcome device --by wang --note 'belt replaced'\n";

static int step(const struct command *self, enum gk_act_kind kind, int argc, char **argv)
{
    struct case_options o = {.wait_ns = CASE_WAIT_NS};
    struct option options[] = {CASE_OPTIONS(o), {"to", 0, OPTION_TEXT, &o.to}, {"due", 0, OPTION_TEXT, &o.due}};
    const size_t n_common = sizeof options / sizeof *options - 2;
    int n, status;

    if (kind == GK_ACT_CLOSED)
        options[n_common] = (struct option){"outcome", 0, OPTION_TEXT, &o.outcome};
    if (!options_read(self, options, n_common + (kind == GK_ACT_ASSIGNED ? 2 : kind == GK_ACT_CLOSED), argc, argv, &n,
                      &status))
        return status;
    return case_step(self, kind, argv[0], argv[1], &o);
}

static int run_ack(const struct command *self, int argc, char **argv)
{
    return step(self, GK_ACT_ACKNOWLEDGED, argc, argv);
}

static int run_assign(const struct command *self, int argc, char **argv)
{
    return step(self, GK_ACT_ASSIGNED, argc, argv);
}

static int run_feedback(const struct command *self, int argc, char **argv)
{
    return step(self, GK_ACT_FED_BACK, argc, argv);
}

static int run_audit(const struct command *self, int argc, char **argv)
{
    return step(self, GK_ACT_AUDITED, argc, argv);
}

static int run_close(const struct command *self, int argc, char **argv)
{
    return step(self, GK_ACT_CLOSED, argc, argv);
}

const struct command command_ack = {"ack", "acknowledge an alarm", help_ack, 2, 2, run_ack, NULL};
const struct command command_assign = {"assign", "assign the case of an alarm", help_assign, 2, 2, run_assign, NULL};
const struct command command_feedback = {
    "feedback", "what was found and done about an alarm", help_feedback, 2, 2, run_feedback, NULL};
const struct command command_audit = {"audit", "look over the case of an alarm", help_audit, 2, 2, run_audit, NULL};
const struct command command_close = {"close", "close the case of an alarm", help_close, 2, 2, run_close, NULL};
