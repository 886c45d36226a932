/*
 * terminal.c - forkpty, and reading with a failsafe.
 */
#include "support/terminal.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/support.h"

#define PATIENCE_MS 60000

void terminal_open(struct terminal *terminal, const char *const *words)
{
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    char *argv[16] = {NULL};

    *terminal = (struct terminal){.fd = -1};
    for (size_t i = 0; words[i] != NULL && i < 15; i++)
        memcpy(&argv[i], &words[i], sizeof *argv); /* argv is not const, for historical reasons */
    terminal->child = forkpty(&terminal->fd, NULL, NULL, &size);
    assert_true(terminal->child >= 0);
    if (terminal->child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
}

void terminal_type(struct terminal *terminal, const char *keys)
{
    for (size_t n = strlen(keys); n > 0;) {
        ssize_t written = write(terminal->fd, keys, n);

        assert_true(written > 0 || errno == EINTR);
        if (written > 0) {
            keys += written;
            n -= (size_t)written;
        }
    }
}

/* More of what is shown; false at the end. */
static bool read_more(struct terminal *terminal)
{
    struct pollfd poll_fd = {.fd = terminal->fd, .events = POLLIN};
    ssize_t n;

    if (terminal->room - terminal->n < 4097) {
        terminal->room = 2 * terminal->room + 8192;
        terminal->seen = realloc(terminal->seen, terminal->room);
        assert_non_null(terminal->seen);
    }
    if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
        return false;
    n = read(terminal->fd, terminal->seen + terminal->n, 4096);
    if (n <= 0)
        return false; /* EIO: the program has gone */
    terminal->n += (size_t)n;
    terminal->seen[terminal->n] = '\0';
    return true;
}

const char *terminal_await(struct terminal *terminal, const char *text)
{
    for (;;) {
        const char *found = terminal->n > 0 ? strstr(terminal->seen + terminal->at, text) : NULL;

        if (found != NULL) {
            terminal->at = (size_t)(found - terminal->seen) + strlen(text);
            return found;
        }
        if (!read_more(terminal))
            fail_msg("waited for '%s' behind:\n%s", text, terminal->n > 0 ? terminal->seen : "");
    }
}

int terminal_close(struct terminal *terminal)
{
    int state = 0;

    while (read_more(terminal))
        ;
    close(terminal->fd);
    assert_int_equal(waitpid(terminal->child, &state, 0), terminal->child);
    free(terminal->seen);
    *terminal = (struct terminal){.fd = -1};
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}
