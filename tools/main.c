/*
 * main.c - gk: finds the command and lets it run. Each command is a file of its own, cmd_NAME.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "nearest.h"
#include "output.h"
#include "texts.h"
#include "tool.h"

static const struct command *const commands[] = {
    &command_init,     &command_load,   &command_query,    &command_shell,      &command_plot,   &command_stat,
    &command_check,    &command_repair, &command_dump,     &command_quarantine, &command_retain, &command_digest,
    &command_backup,   &command_export, &command_simulate, &command_discover,   &command_ack,    &command_assign,
    &command_feedback, &command_audit,  &command_close,    &command_watch,      &command_verify, &command_notify,
    &command_rule,     &command_serve,  &command_evidence,
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static const char introduction[] = "gkdb keeps the working conditions of equipment and answers questions about them.\n"
                                   "\n"
                                   "usage: gk COMMAND [ARGUMENT...]\n"
                                   "\n";

static const char conclusion[] =
    "  help        this page, or gk help COMMAND for one of them\n"
    "\n"
    "Data goes to standard output, talk to standard error. Exit status: 0 done (a query: rows), 1 a query\n"
    "without rows, 2 the command line or a query could not be understood, 3 the store or a file failed.\n"
    "\n"
    "  gk simulate zone && gk init zone.gk && gk load zone.gk zone/[a-s]*.csv\n"
    "  gk query zone.gk 'when abatement offline while production running for >= 10m between 2026-01-03 and "
    "2026-01-05'\n";

static int list_commands(int fd, int status)
{
    struct output out;

    output_init(&out, fd);
    output_text(&out, tr(introduction));
    for (size_t i = 0; i < N_COMMANDS; i++)
        output_format(&out, "  %-10s  %s\n", commands[i]->name, tr(commands[i]->summary));
    output_text(&out, tr(conclusion));
    return output_finish(&out, NULL, status);
}

static int print_version(void)
{
    struct output out;

    output_init(&out, STDOUT_FILENO);
    output_format(&out, "gk %s\n", gk_version());
    return output_finish(&out, NULL, EXIT_ROWS);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int say_unknown(const char *name)
{
    const char *names[N_COMMANDS + 1];
    size_t nearest;

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    names[N_COMMANDS] = "help";
    nearest = word_nearest(name, names, N_COMMANDS + 1);
    if (access(name, F_OK) == 0)
        say(NULL, "'%s' is no command; gk shell %s asks this store", name, name);
    else if (nearest <= N_COMMANDS)
        say(NULL, "unknown command '%s'; did you mean '%s'?", name, names[nearest]);
    else
        say(NULL, "unknown command '%s'; gk help lists them", name);
    return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    const struct command *command;

    if (argc > 1 && strcmp(argv[argc - 2], "--lang") == 0 && texts_choose_named(argv[argc - 1]))
        argc -= 2;
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0)
        return list_commands(STDOUT_FILENO, EXIT_ROWS);
    command = find(argv[0]);
    return command != NULL ? output_help(command) : say_unknown(argv[0]);
}

/*
 * Whoever starts a program with a standard stream closed must not find answers in the store's file: the next file that
 * is opened gets the free number. What takes its place here can be read to its end, and not written.
 */
static void occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", O_RDONLY); /* gets the lowest free number, which is fd */
}

struct call {
    const struct command *command;
    int argc, status;
    char **argv;
};

static int run_call(void *context)
{
    struct call *call = context;

    call->status = call->command->run(call->command, call->argc, call->argv);
    return GK_OK;
}

/* A store's file may be cut off while it is read: that is an error like any other. */
static int run_guarded(const struct command *command, int argc, char **argv)
{
    struct call call = {.command = command, .argc = argc, .argv = argv};
    struct gk_error error = {0};

    if (gk_guard_install(&error) != GK_OK || gk_guard_run(run_call, &call, &error) != GK_OK)
        return tool_failed(command, &error);
    return call.status;
}

int main(int argc, char **argv)
{
    const struct command *command;

    occupy_standard_streams();
    texts_choose();
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is seen as EPIPE */
    if (argc < 2)
        return list_commands(STDERR_FILENO, EXIT_USAGE);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return print_version();
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(argc - 2, argv + 2);
    if (argv[1][0] == '-') {
        say(NULL, "unknown option '%s'; options stand behind the command: gk COMMAND %s", argv[1], argv[1]);
        return EXIT_USAGE;
    }
    command = find(argv[1]);
    return command != NULL ? run_guarded(command, argc - 2, argv + 2) : say_unknown(argv[1]);
}
