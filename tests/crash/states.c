/*
 * states.c - crash states: lives are recorded one after the other, and every state that a power cut could have left is
 * made of the record and inspected, until there were as many as were asked for.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/crash.h"

#define STEPS       40
#define RANDOM      6
#define SUBSET_BITS 5

struct states {
    struct crash *crash;
    struct life *life;
    uint64_t n, of;
    struct replay_result result; /* of the life that is replayed */
};

static bool check_state(void *context, const char *folder, uint64_t acknowledged, uint64_t hash, char *words,
                        size_t size)
{
    struct states *s = context;
    char store[CRASH_PATH], found[LIFE_WORDS] = "";

    (void)snprintf(store, sizeof store, "%s/store", folder);
    crash_is_doing(s->result.words);
    bool is_right = inspect(s->life, store, acknowledged, hash / 7 % 4 == 0, NULL, found);
    (void)snprintf(words, size, "%s", found);
    return is_right;
}

static bool go_on(void *context, uint64_t n)
{
    struct states *s = context;
    crash_progress(s->crash, "states", s->n + n, s->of);
    return !crash_is_stopped();
}

/* Records the life of a seed and replays it. */
static bool replay_life(struct states *s, uint64_t seed, bool is_lying)
{
    struct crash *crash = s->crash;
    struct crash_run run = {
        .root = crash_path(crash, "recorded"), .trace = crash_path(crash, "trace"), .is_lying = is_lying};
    struct replay_options o = {.trace = run.trace,
                               .folder = crash_path(crash, "state"),
                               .seed = seed,
                               .n_random = RANDOM,
                               .subset_bits = SUBSET_BITS,
                               .states_max = s->of - s->n,
                               .check = check_state,
                               .context = s,
                               .progress = go_on};

    s->life = crash_life(crash, seed, STEPS + 2);
    bool is_right = s->life && crash_work(crash, s->life, STEPS, &run);
    if (is_right && run.status != 0 && !crash_is_stopped())
        is_right = crash_complain(crash, s->life, "the recorded life ended with %x", (unsigned)run.status);
    is_right = is_right && replay(&o, &s->result);
    if (!is_right && s->result.words[0] && !is_lying)
        (void)crash_complain(crash, s->life, "%s", s->result.words);
    life_free(s->life);
    return is_right;
}

bool crash_states(struct crash *crash, uint64_t n)
{
    struct states s = {.crash = crash, .of = n};
    uint64_t by_mode[REPLAY_MODES] = {0}, n_lives = 0, n_made = 0;
    bool is_right = true;

    for (; s.n < n && is_right && !crash_is_stopped(); n_lives++) {
        is_right = replay_life(&s, crash->seed + n_lives, false);
        s.n += s.result.n_checked;
        n_made += s.result.n_states;
        for (int m = 0; m < REPLAY_MODES; m++)
            by_mode[m] += s.result.by_mode[m];
    }
    (void)printf(
        "states: %llu distinct ones of %llu made, of %llu lives (all %llu, strict %llu, cut %llu, subset %llu, "
        "random %llu); %.0f s\n",
        (unsigned long long)s.n, (unsigned long long)n_made, (unsigned long long)n_lives,
        (unsigned long long)by_mode[REPLAY_ALL], (unsigned long long)by_mode[REPLAY_STRICT],
        (unsigned long long)by_mode[REPLAY_CUT], (unsigned long long)by_mode[REPLAY_SUBSET],
        (unsigned long long)by_mode[REPLAY_RANDOM], crash_seconds(crash));
    return is_right;
}

bool crash_lies(struct crash *crash, uint64_t n)
{
    struct states s = {.crash = crash, .of = n};
    bool is_noticed = !replay_life(&s, crash->seed, true) && s.result.n_checked > 0;

    (void)printf("lies: %s within %llu states: %s\n", is_noticed ? "noticed" : "NOT noticed",
                 (unsigned long long)s.result.n_checked, s.result.words);
    return is_noticed;
}
