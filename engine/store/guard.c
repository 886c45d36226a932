/*
 * guard.c - see guard.h. What is kept between calls is what the process was given by gk_guard_install, and for each
 * thread where it is to go on: signals know no handle.
 */
#include "store/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

struct guard {
    sigjmp_buf out;
    char text[200]; /* of LMDB, when it was not a signal */
};

static __thread struct guard *inside; /* the innermost one of this thread */
__thread int guard_depth;
static const int NUMBERS[] = {SIGBUS, SIGSEGV};
static struct sigaction before[sizeof NUMBERS / sizeof *NUMBERS];

static void on_signal(int number, siginfo_t *info, void *context)
{
    const struct sigaction *old = &before[number == SIGSEGV];

    if (inside && (number == SIGBUS || guard_depth > 0))
        siglongjmp(inside->out, 1);
    if (old->sa_flags & SA_SIGINFO)
        old->sa_sigaction(number, info, context);
    else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
        old->sa_handler(number);
    else
        (void)signal(number, SIG_DFL); /* what caused it happens again, and ends the process */
}

int gk_guard_install(struct gk_error *error)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK}, present;

    (void)sigemptyset(&action.sa_mask); /* cannot fail */
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        if (sigaction(NUMBERS[i], NULL, &present) != 0)
            return error_set(error, GK_EIO, "the handler of a signal cannot be read");
        if ((present.sa_flags & SA_SIGINFO) && present.sa_sigaction == on_signal)
            continue;
        before[i] = present;
        if (sigaction(NUMBERS[i], &action, NULL) != 0)
            return error_set(error, GK_EIO, "no handler of a signal can be installed");
    }
    return GK_OK;
}

void guard_assert(struct MDB_env *env, const char *text)
{
    (void)env;
    if (!inside)
        return;
    (void)snprintf(inside->text, sizeof inside->text, "%s", text);
    siglongjmp(inside->out, 2);
}

int gk_guard_run(int (*run)(void *context), void *context, struct gk_error *error)
{
    struct guard guard = {.text = ""}, *outer = inside;
    int depth = guard_depth;

    int reason = sigsetjmp(guard.out, 1);
    if (reason == 0) {
        inside = &guard;
        int rc = run(context);
        inside = outer;
        return rc;
    }
    inside = outer;
    guard_depth = depth;
    if (reason == 2)
        return error_set(error, GK_ECORRUPT, "the file of the store is damaged: %s", guard.text);
    return error_set(error, GK_EIO,
                     "a page of the store's file cannot be read: it was cut off meanwhile, or the disk failed");
}
