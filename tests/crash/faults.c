/*
 * faults.c - a life in which calls fail: for every call that changes a file, and every one that reads, a run in which
 * it fails in one way, once, three times or for ever. The program goes on as live.h says. Where calls fail no longer it
 * must come to its end; it must say nothing that is not true; and what it leaves must be what it acknowledged. Of some
 * runs every state of a power cut soon after the failure is made as well.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "crash/crash.h"

#define STEPS      24
#define CUT_ONE_IN 16 /* runs that are recorded and replayed */
#define CUT_NEAR   60 /* records after a failure */
#define CUT_STATES 60 /* about, of a run */

static const char *const KINDS[] = {"eio", "enospc", "late", "dying", "short", "read"};
static const unsigned TIMES[] = {1, 3, 0};
#define N_KINDS (sizeof KINDS / sizeof KINDS[0])
#define N_TIMES (sizeof TIMES / sizeof TIMES[0])

struct faulting {
    struct crash *crash;
    struct life *life;
    char fault[64];
    bool cuts_all; /* every state after every run */
    struct replay_result cuts;
    uint64_t n_runs, n_gave_up, n_missed, n_cut, n_states;
};

static uint64_t n_calls(const struct io_count *count, const char *kind)
{
    return strcmp(kind, "short") == 0   ? count->writes
           : strcmp(kind, "dying") == 0 ? count->forced
           : strcmp(kind, "read") == 0  ? count->reads
                                        : count->changes;
}

static bool check_cut(void *context, const char *folder, uint64_t acknowledged, uint64_t hash, char *words, size_t size)
{
    struct faulting *f = context;
    char store[CRASH_PATH], found[LIFE_WORDS] = "";

    crash_is_doing(f->cuts.words);
    (void)snprintf(store, sizeof store, "%s/store", folder);
    bool is_right = inspect(f->life, store, acknowledged, hash / 7 % 4 == 0, NULL, found);
    (void)snprintf(words, size, "%s", found);
    return is_right;
}

static bool cut_run(struct faulting *f, const char *trace, uint64_t seed)
{
    struct replay_options o = {.trace = trace,
                               .folder = crash_path(f->crash, "state"),
                               .seed = seed,
                               .n_random = 4,
                               .subset_bits = 3,
                               .near = CUT_NEAR,
                               .states_max = f->cuts_all ? 0 : CUT_STATES,
                               .check = check_cut,
                               .context = f};

    bool is_right = replay(&o, &f->cuts);
    f->n_cut++;
    f->n_states += f->cuts.n_checked;
    return is_right || crash_complain(f->crash, f->life, "%s, then a power cut: %s", f->fault, f->cuts.words);
}

/* What it said last, for a person. */
static void last_words(struct faulting *f, char out[LIFE_WORDS])
{
    FILE *file = fopen(crash_path(f->crash, "words"), "r");
    out[0] = 0;
    while (file && fgets(out, LIFE_WORDS, file))
        continue;
    if (file)
        (void)fclose(file);
    out[strcspn(out, "\n")] = 0;
}

static bool fail_run(struct faulting *f, bool is_over, struct io_count *count)
{
    bool is_recorded = f->cuts_all || (f->fault[0] && f->n_runs % CUT_ONE_IN == 0);
    struct crash_run run = {.root = crash_path(f->crash, "failing"),
                            .trace = is_recorded ? crash_path(f->crash, "trace") : NULL,
                            .fault = f->fault[0] ? f->fault : NULL};
    char words[LIFE_WORDS], store[CRASH_PATH];

    crash_is_doing(f->fault);
    if (!crash_work(f->crash, f->life, STEPS, &run))
        return false;
    if (crash_is_stopped()) /* and the program with us */
        return true;
    f->n_runs++;
    *count = run.count;
    bool gave_up = WIFEXITED(run.status) && WEXITSTATUS(run.status) == LIVE_GAVE_UP;
    f->n_gave_up += gave_up;
    f->n_missed += run.count.n_failed == 0;
    last_words(f, words);
    if (run.status != 0 && !gave_up)
        return crash_complain(f->crash, f->life, "%s: the program ended with %x: %s", f->fault, (unsigned)run.status,
                              words);
    if (gave_up && is_over)
        return crash_complain(f->crash, f->life, "%s: over, but the program could not go on: %s", f->fault, words);
    (void)snprintf(store, sizeof store, "%s/store", run.root);
    if (!inspect(f->life, store, run.acknowledged, f->n_runs % 2, NULL, words))
        return crash_complain(f->crash, f->life, "%s, %llu acknowledged: %s", f->fault,
                              (unsigned long long)run.acknowledged, words);
    if (f->cuts_all && !cut_run(f, run.trace, 2))
        return false;
    return !is_recorded || cut_run(f, run.trace, f->n_runs / CUT_ONE_IN);
}

/* All calls of a life, or every k-th when that would be more than n runs. */
static bool fail_calls(struct faulting *f, const struct io_count *clean, uint64_t n)
{
    uint64_t all = 0, turn = 0;

    for (size_t k = 0; k < N_KINDS; k++)
        all += n_calls(clean, KINDS[k]) * N_TIMES;
    uint64_t every = n && all > n ? (all + n - 1) / n : 1;
    every += every % N_TIMES == 0; /* else it is always the same number of times */
    for (size_t k = 0; k < N_KINDS; k++)
        for (uint64_t call = 1; call <= n_calls(clean, KINDS[k]); call++)
            for (size_t t = 0; t < N_TIMES; t++) {
                struct io_count count;
                if (turn++ % every != 0 || crash_is_stopped())
                    continue;
                (void)snprintf(f->fault, sizeof f->fault, "%s:%llu:%u", KINDS[k], (unsigned long long)call, TIMES[t]);
                if (!fail_run(f, TIMES[t] != 0, &count))
                    return false;
                crash_progress(f->crash, "faults", f->n_runs, n && n < all ? n : all);
            }
    return true;
}

bool crash_fault(struct crash *crash, const char *fault)
{
    struct faulting f = {.crash = crash, .life = crash_life(crash, crash->seed, STEPS + 2), .cuts_all = true};
    struct io_count count = {.changes = 0};
    size_t size = strlen(fault);

    (void)snprintf(f.fault, sizeof f.fault, "%s", fault);
    bool is_right = f.life && fail_run(&f, size < 2 || strcmp(fault + size - 2, ":0") != 0, &count);
    (void)printf("fault %s: %llu calls failed, %llu power cuts after them; %.0f s\n", fault,
                 (unsigned long long)count.n_failed, (unsigned long long)f.n_states, crash_seconds(crash));
    life_free(f.life);
    return is_right;
}

bool crash_faults(struct crash *crash, uint64_t n)
{
    struct faulting f = {.crash = crash, .life = crash_life(crash, crash->seed, STEPS + 2)};
    struct io_count clean = {.changes = 0};

    if (!f.life || !fail_run(&f, true, &clean))
        return false;
    bool is_right = fail_calls(&f, &clean, n);
    (void)printf(
        "faults: %llu runs over %llu changing and %llu reading calls (%llu gave up at faults without end, %llu "
        "came to no fault), %llu power cuts after %llu of them; %.0f s\n",
        (unsigned long long)f.n_runs, (unsigned long long)clean.changes, (unsigned long long)clean.reads,
        (unsigned long long)f.n_gave_up, (unsigned long long)f.n_missed, (unsigned long long)f.n_states,
        (unsigned long long)f.n_cut, crash_seconds(crash));
    life_free(f.life);
    return is_right;
}
