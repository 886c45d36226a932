/*
 * pager.c - the output decides where it goes when its buffer is full, or at the end.
 */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen.h"

extern char **environ;

static const char *command(void)
{
    const char *named = getenv("PAGER");

    if (named != NULL)
        return named; /* empty or blank: no pager */
    /* -S: a row is a line; -R: bold headings; -X: the answer stays on the screen. */
    if (getenv("LESS") == NULL)
        (void)setenv("LESS", "-SRX", 0);
    if (getenv("LESSCHARSET") == NULL)
        (void)setenv("LESSCHARSET", "utf-8", 0);
    return "command -v less >/dev/null && exec less; exec more";
}

/* Starts it with a pipe to its standard input; the end to write to, or -1. */
static int start(struct pager *pager, const char *line)
{
    char shell[] = "/bin/sh", flag[] = "-c", *words[] = {shell, flag, NULL, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int ends[2], failure;

    if (pipe(ends) != 0)
        return -1;
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    words[2] = strdup(line);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    failure = words[2] == NULL ? ENOMEM : posix_spawn(&pager->child, shell, &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(words[2]);
    close(ends[0]);
    if (failure == 0)
        return ends[1];
    close(ends[1]);
    pager->child = 0;
    return -1;
}

/* Where the output goes, now that it is known to be long, or complete. */
static int choose(struct output *out, void *context, bool is_complete)
{
    struct pager *pager = context;
    size_t n_lines, n_columns;
    const char *line;
    int fd = -1;

    screen_size(&n_lines, &n_columns);
    if (is_complete && screen_lines(out->bytes, out->n, n_columns, n_lines) < n_lines)
        return STDOUT_FILENO;
    line = command();
    if (line[strspn(line, " \t")] != '\0')
        fd = start(pager, line);
    return fd < 0 ? STDOUT_FILENO : fd;
}

void pager_begin(struct pager *pager, struct output *out, bool is_wanted)
{
    *pager = (struct pager){.out = out, .is_wanted = is_wanted};
    if (!is_wanted)
        return;
    out->fd = -1;
    out->choose = choose;
    out->context = pager;
}

void pager_end(struct pager *pager)
{
    struct output *out = pager->out;
    int state;

    if (!pager->is_wanted)
        return;
    if (out->fd < 0)
        out->fd = choose(out, pager, true);
    output_flush(out);
    if (pager->child != 0) {
        close(out->fd);
        while (waitpid(pager->child, &state, 0) < 0 && errno == EINTR)
            ;                   /* Ctrl-C is the pager's business now */
        out->is_closed = false; /* the reader that went away was the pager */
        out->failure = 0;
    }
    out->fd = STDOUT_FILENO;
    out->choose = NULL;
}
