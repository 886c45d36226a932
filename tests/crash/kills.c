/*
 * kills.c - kill -9, again and again: a child lives on from where the store is and is killed after a random number of
 * acknowledgements and microseconds; the store is inspected, and the next child goes on.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/crash.h"

#define STEPS 120 /* of a life; then a new one begins */

/* When the child dies is a matter of chance; what must be true then is not. */
static void wait_us(uint64_t us)
{
    struct timespec t = {0, (long)us * 1000};
    (void)nanosleep(&t, NULL);
}

/* The child says what it acknowledged; *is_killed is false when it was done before. */
static bool live_and_die(struct crash *crash, struct life *life, const char *store, struct random *random,
                         uint64_t *acknowledged, bool *is_killed)
{
    uint32_t from = *acknowledged ? (uint32_t)*acknowledged - 1 : 0;
    int ends[2], status;

    if (pipe(ends) != 0)
        return crash_complain(crash, life, "no pipe");
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        _exit(live(life, store, from, life->n_steps - 2, false, ends[1]));
    }
    (void)close(ends[1]);
    if (random_below(random, 8)) /* else while it opens, or makes the store */
        *acknowledged = live_acknowledged(ends[0], 1 + random_below(random, 12), *acknowledged);
    wait_us(random_below(random, random_below(random, 2) ? 3000 : 200));
    (void)kill(child, SIGKILL);
    *acknowledged = live_acknowledged(ends[0], UINT64_MAX, *acknowledged); /* what it still said */
    (void)close(ends[0]);
    (void)waitpid(child, &status, 0);
    *is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!*is_killed && status != 0)
        return crash_complain(crash, life, "the child ended by itself: %x", (unsigned)status);
    return true;
}

bool crash_kills(struct crash *crash, uint64_t n)
{
    struct random random = random_from(crash->seed);
    struct life *life = NULL;
    const char *store = NULL;
    uint64_t n_killed = 0, n_lives = 0, acknowledged = 0, n_acknowledged = 0;
    bool is_right = true;

    while (n_killed < n && is_right && !crash_is_stopped()) {
        char words[LIFE_WORDS];
        bool is_killed;
        uint32_t reached = 0;
        if (!life || acknowledged + 4 > life->n_steps) {
            life_free(life);
            n_acknowledged += acknowledged;
            acknowledged = 0;
            crash_remove(crash_path(crash, "killed"));
            if (mkdir(crash_path(crash, "killed"), 0750) != 0 ||
                !(life = crash_life(crash, crash->seed + n_lives++, STEPS)))
                return false;
        }
        store = crash_path(crash, "killed/store");
        crash_is_doing("a kill");
        is_right = live_and_die(crash, life, store, &random, &acknowledged, &is_killed);
        if (is_right && !inspect(life, store, acknowledged, random_below(&random, 2), &reached, words))
            is_right = crash_complain(crash, life, "%llu acknowledged: %s", (unsigned long long)acknowledged, words);
        acknowledged = reached + 1;
        n_killed += is_killed;
        crash_progress(crash, "kills", n_killed, n);
    }
    life_free(life);
    (void)printf("kills: %llu in %llu lives, %llu acknowledged steps; %.0f s\n", (unsigned long long)n_killed,
                 (unsigned long long)n_lives, (unsigned long long)(n_acknowledged + acknowledged),
                 crash_seconds(crash));
    return is_right;
}
