/*
 * interrupt.c - one flag that a signal handler sets.
 */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/select.h>
#include <time.h>

#include "gk.h"

static volatile sig_atomic_t is_pending;

static void note(int signal_number)
{
    (void)signal_number;
    is_pending = 1;
}

void interrupt_catch(bool is_once)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = is_once ? (int)SA_RESETHAND : 0};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool interrupt_is_pending(void)
{
    return is_pending != 0;
}

void interrupt_clear(void)
{
    is_pending = 0;
}

/* Between looking at the flag and falling asleep the signal must not get lost: it is let in with the sleep. */
static bool sleep_or_read(int fd, const struct timespec *time)
{
    sigset_t blocked, before;
    fd_set inputs;
    int n = 0;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    do {
        FD_ZERO(&inputs);
        if (fd >= 0)
            FD_SET(fd, &inputs);
        if (is_pending == 0)
            n = pselect(fd + 1, &inputs, NULL, NULL, time, &before);
    } while (n < 0 && errno == EINTR && is_pending == 0 && fd >= 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return is_pending != 0;
}

bool interrupt_wait(int64_t ns)
{
    const struct timespec time = {.tv_sec = (time_t)(ns / GK_SECOND), .tv_nsec = (long)(ns % GK_SECOND)};

    return sleep_or_read(-1, &time);
}

bool interrupt_wait_for_input(int fd)
{
    return sleep_or_read(fd, NULL);
}
