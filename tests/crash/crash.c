/*
 * crash.c - see crash.h.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "crash/crash.h"

#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX 16
#define HANG_S    900 /* what hangs is wrong, too; a machine may be busy, and its work stopped for minutes */

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double crash_seconds(const struct crash *crash)
{
    return now() - crash->begin;
}

const char *crash_path(struct crash *crash, const char *name)
{
    static char paths[PATHS_MAX][CRASH_PATH + 32];
    size_t at = strlen(crash->folder) + 1;

    for (int i = 0; i < PATHS_MAX; i++) {
        if (!paths[i][0])
            (void)snprintf(paths[i], sizeof paths[i], "%s/%.30s", crash->folder, name);
        if (strcmp(paths[i] + at, name) == 0)
            return paths[i];
    }
    abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void crash_remove(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* it may not be there */
}

void crash_progress(struct crash *crash, const char *what, uint64_t n, uint64_t of)
{
    static double last;
    if (!isatty(2) || now() < last + 0.2)
        return;
    last = now();
    (void)fprintf(stderr, "\r%s: %llu of %llu, %.0f s ", what, (unsigned long long)n, (unsigned long long)of,
                  crash_seconds(crash));
}

bool crash_complain(struct crash *crash, const struct life *life, const char *format, ...)
{
    va_list list;

    (void)printf("WRONG: seed %llu: ", (unsigned long long)(life ? life->seed : crash->seed));
    va_start(list, format);
    (void)vprintf(format, list);
    va_end(list);
    (void)printf("; see %s\n", crash->folder);
    return false;
}

struct life *crash_life(struct crash *crash, uint64_t seed, uint32_t n_steps)
{
    struct life *life = life_new(seed, n_steps);
    char words[LIFE_WORDS];
    const char *path = crash_path(crash, "expected/store");

    crash_remove(crash_path(crash, "expected"));
    if (mkdir(crash_path(crash, "expected"), 0750) != 0)
        abort();
    if (!life_expect(life, path, words)) {
        (void)crash_complain(crash, life, "an undisturbed life: %s", words);
        life_free(life);
        return NULL;
    }
    return life;
}

/* ---- a run behind the layer
 * ---------------------------------------------------------------------------------------------- */

static void become_work(struct crash *crash, const struct life *life, uint32_t n_played, const struct crash_run *run,
                        int out)
{
    char seed[32], steps[32], played[32];

    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)life->seed);
    (void)snprintf(steps, sizeof steps, "%u", life->n_steps);
    (void)snprintf(played, sizeof played, "%u", n_played);
    (void)setenv("LD_PRELOAD", crash->layer, 1);
    (void)setenv("IO_ROOT", run->root, 1);
    (void)setenv("IO_COUNT", crash_path(crash, "count"), 1);
    if (run->trace)
        (void)setenv("IO_TRACE", run->trace, 1);
    if (run->fault)
        (void)setenv("IO_FAULT", run->fault, 1);
    if (run->is_lying)
        (void)setenv("IO_LIE", "1", 1);
    (void)dup2(out, 1);
    int words = open(crash_path(crash, "words"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    (void)dup2(words, 2);
    (void)execl(crash->self, crash->self, "work", run->root, seed, steps, played, (char *)NULL);
    _exit(127);
}

bool crash_work(struct crash *crash, const struct life *life, uint32_t n_played, struct crash_run *run)
{
    int ends[2];

    crash_remove(run->root);
    if (mkdir(run->root, 0750) != 0 || pipe(ends) != 0)
        return crash_complain(crash, life, "cannot begin in %s", run->root);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_work(crash, life, n_played, run, ends[1]);
    (void)close(ends[1]);
    run->acknowledged = live_acknowledged(ends[0], UINT64_MAX, 0);
    (void)close(ends[0]);
    (void)waitpid(child, &run->status, 0);
    FILE *count = fopen(crash_path(crash, "count"), "rb");
    bool is_read = count && fread(&run->count, sizeof run->count, 1, count) == 1;
    if (count)
        (void)fclose(count);
    return is_read || crash_complain(crash, life, "the layer did not count");
}

/* crash work ROOT SEED STEPS PLAYED: the store is ROOT/store. */
static int work(char **argv)
{
    char store[CRASH_PATH];
    struct life *life = life_new(strtoull(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10));

    (void)snprintf(store, sizeof store, "%s/store", argv[0]);
    (void)alarm(HANG_S);
    int result = live(life, store, 0, (uint32_t)strtoul(argv[3], NULL, 10), true, 1);
    life_free(life);
    return result;
}

/* ---- the program
 * --------------------------------------------------------------------------------------------------------- */

static const char *doing = "";

void crash_is_doing(const char *words)
{
    doing = words;
    (void)alarm(HANG_S);
}

/* The library must neither die nor hang. */
static void die(int signal)
{
    static const char WORDS[] = "\nWRONG: a signal, at ";
    (void)!write(1, WORDS, sizeof WORDS - 1);
    (void)!write(1, doing, strlen(doing));
    (void)!write(1, "\n", 1);
    _exit(128 + signal);
}

static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

bool crash_is_stopped(void)
{
    return is_stopped;
}

static bool begin(struct crash *crash)
{
    static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
    const char *base = getenv("TMPDIR");

    if (!base || !*base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    ssize_t size = readlink("/proc/self/exe", crash->self, sizeof crash->self - 1);
    if (size <= 0)
        return false;
    (void)snprintf(crash->layer, sizeof crash->layer, "%.*s/iolayer.so", (int)(strrchr(crash->self, '/') - crash->self),
                   crash->self);
    (void)snprintf(crash->folder, sizeof crash->folder, "%s/gkdb-crash-XXXXXX", base);
    /* A store is opened thousands of times: what one gave back the next one gets, without the system. */
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    crash->begin = now();
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        (void)signal(SIGNALS[i], die);
    (void)signal(SIGINT, stop);
    (void)signal(SIGTERM, stop);
    return mkdtemp(crash->folder) != NULL;
}

static int usage(void)
{
    (void)fprintf(stderr, "crash [--seed N] kills|states|cuts|faults|lies N, or fault KIND:N[:TIMES]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*run)(struct crash *crash, uint64_t n);
    } KINDS[] = {{"kills", crash_kills},   {"states", crash_states}, {"cuts", crash_cuts},
                 {"faults", crash_faults}, {"lies", crash_lies},     {"fault", NULL}};
    static struct crash crash = {.seed = 1};

    if (argc == 6 && strcmp(argv[1], "work") == 0)
        return work(argv + 2);
    if (argc == 5 && strcmp(argv[1], "--seed") == 0) {
        crash.seed = strtoull(argv[2], NULL, 0);
        argv += 2;
        argc -= 2;
    }
    for (size_t i = 0; argc == 3 && i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (strcmp(argv[1], KINDS[i].name) != 0)
            continue;
        if (!begin(&crash)) {
            (void)fprintf(stderr, "crash: no folder to work in\n");
            return 2;
        }
        bool is_right = KINDS[i].run ? KINDS[i].run(&crash, strtoull(argv[2], NULL, 0)) : crash_fault(&crash, argv[2]);
        if (is_right)
            crash_remove(crash.folder);
        return is_right ? 0 : 1;
    }
    return usage();
}
