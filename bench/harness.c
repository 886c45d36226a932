/*
 * harness.c - see harness.h.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

extern char **environ; /* POSIX: no header declares it */

#define ARGUMENTS_MAX 32
#define ONLY_MAX      16
#define ROUNDS        9 /* turns a call gets: odd, so that one of them is the median */
#define ROUNDS_SLOW   3 /* of one that takes seconds */
#define SLOW_S        1.5
#define SLOWEST_S     8
#define CALLS_MOST    20000

struct harness {
    const struct harness_program *program;
    bool is_strict;
    const char *only[ONLY_MAX];
    size_t n_only;
    const char *parent_dir, *json, *table, *svg;
    char dir[512];
    struct report report;
};

/* ---- anywhere ------------------------------------------------------------------------------------------------------
 */

double harness_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void harness_fail(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(3);
}

void *harness_take(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (p == NULL)
        harness_fail("no memory for %zu x %zu bytes", n, size);
    return p;
}

double harness_memory(const char *key)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
            kilobytes = strtod(line + strlen(key) + 1, NULL);
    fclose(file);
    return kilobytes * 1024;
}

void harness_remove(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char file[1024];

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (unlink(file) != 0 && (errno == EISDIR || errno == EPERM))
            harness_remove(file);
    }
    closedir(dir);
    (void)rmdir(path); /* what is left behind is seen by whoever looks */
}

void harness_remove_any(const char *path)
{
    if (unlink(path) != 0)
        harness_remove(path);
}

uint64_t harness_file_bytes(const char *path)
{
    struct stat stat_of;

    return stat(path, &stat_of) == 0 ? (uint64_t)stat_of.st_size : 0;
}

uint64_t harness_folder_bytes(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    struct stat stat_of;
    char file[1024];
    uint64_t bytes = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        bool is_data = strncmp(entry->d_name, "lock", 4) != 0 && strcmp(entry->d_name, "ballast") != 0;
        if (is_data && stat(file, &stat_of) == 0 && S_ISREG(stat_of.st_mode))
            bytes += (uint64_t)stat_of.st_size;
    }
    closedir(dir);
    return bytes;
}

static double resident_share(int file, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (size + page - 1) / page, held = 0;
    unsigned char *is_in = harness_take(n, 1);
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);

    if (map == MAP_FAILED || mincore(map, size, is_in) != 0)
        harness_fail("mincore: %s", strerror(errno));
    for (size_t i = 0; i < n; i++)
        held += is_in[i] & 1;
    munmap(map, size);
    free(is_in);
    return (double)held / (double)n;
}

double harness_forget(const char *path)
{
    int file = open(path, O_RDONLY);
    struct stat stat_of;
    double share = 0;

    if (file < 0 || fstat(file, &stat_of) != 0)
        harness_fail("%s: %s", path, strerror(errno));
    (void)fdatasync(file); /* dirty pages cannot be dropped; what stays is counted below */
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    if (stat_of.st_size > 0)
        share = resident_share(file, (size_t)stat_of.st_size);
    close(file);
    return share;
}

/* ---- figures -------------------------------------------------------------------------------------------------------
 */

static const struct harness_line *line_of(const struct harness *harness, const char *name)
{
    for (size_t i = 0; i < harness->program->n_lines; i++)
        if (strcmp(harness->program->lines[i].name, name) == 0)
            return &harness->program->lines[i];
    harness_fail("the harness has no line '%s'", name);
}

static struct report_figures *figures_of(struct harness *harness, const char *name, const char *subject)
{
    const struct harness_line *line = line_of(harness, name);
    struct report_figures *figures;

    for (size_t i = 0; i < harness->report.n_figures; i++)
        if (harness->report.figures[i].line == line && strcmp(harness->report.figures[i].subject, subject) == 0)
            return &harness->report.figures[i];
    harness->report.figures =
        realloc(harness->report.figures, (harness->report.n_figures + 1) * sizeof *harness->report.figures);
    if (harness->report.figures == NULL)
        harness_fail("no memory");
    figures = &harness->report.figures[harness->report.n_figures++];
    *figures = (struct report_figures){.line = line};
    snprintf(figures->subject, sizeof figures->subject, "%s", subject);
    return figures;
}

void harness_value(struct harness *harness, const char *line, const char *subject, double value)
{
    struct report_figures *figures = figures_of(harness, line, subject);

    if (figures->n == figures->capacity) {
        figures->capacity = figures->capacity ? 2 * figures->capacity : 16;
        figures->value = realloc(figures->value, figures->capacity * sizeof(double));
        if (figures->value == NULL)
            harness_fail("no memory");
    }
    figures->value[figures->n++] = value;
}

void harness_note(struct harness *harness, const char *format, ...)
{
    va_list list;

    if (harness->report.n_notes == REPORT_NOTES_MAX)
        harness_fail("more than %d notes", REPORT_NOTES_MAX);
    va_start(list, format);
    vsnprintf(harness->report.notes[harness->report.n_notes++], sizeof harness->report.notes[0], format, list);
    va_end(list);
}

/* ---- timing --------------------------------------------------------------------------------------------------------
 */

struct turns {
    int n_rounds;
    size_t n_calls;
};

static double time_call(const struct harness_timed *timed)
{
    double from = harness_now();

    timed->call(timed->context);
    return harness_now() - from;
}

static void keep(struct harness *harness, const struct harness_timed *timed, double took_s)
{
    harness_value(harness, timed->line, timed->subject, timed->amount > 0 ? timed->amount / took_s : took_s);
}

/* How many rounds a call gets, and how often it is called in each, after one call that took so long. */
static struct turns turns_of(double took_s, double budget_s)
{
    double fit = fmin(fmax(budget_s / fmax(took_s, 1e-7), ROUNDS), CALLS_MOST);

    if (took_s >= SLOWEST_S)
        return (struct turns){0, 0};
    if (took_s >= SLOW_S)
        return (struct turns){ROUNDS_SLOW, 1};
    return (struct turns){ROUNDS, ((size_t)fit + ROUNDS - 1) / ROUNDS};
}

/* Calls that take longest are not repeated: their first time is the figure. */
static struct turns warm_up(struct harness *harness, const struct harness_timed *timed, double budget_s)
{
    double took_s = time_call(timed);

    if (took_s < SLOW_S)
        took_s = fmin(took_s, time_call(timed));
    struct turns turns = turns_of(took_s, budget_s);
    if (turns.n_rounds == 0)
        keep(harness, timed, took_s);
    return turns;
}

void harness_time(struct harness *harness, const struct harness_timed *timed, size_t n, double budget_s)
{
    struct turns *turns = harness_take(n, sizeof *turns);

    for (size_t i = 0; i < n; i++)
        turns[i] = warm_up(harness, &timed[i], budget_s);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < turns[i].n_calls && round < turns[i].n_rounds; k++)
                keep(harness, &timed[i], time_call(&timed[i]));
    free(turns);
}

/* ---- children ------------------------------------------------------------------------------------------------------
 */

static void read_answer(FILE *from, struct harness_answer *answer)
{
    char line[256];

    while (fgets(line, sizeof line, from) != NULL) {
        if (answer->n == HARNESS_KEYS_MAX)
            harness_fail("a child said more than %d things", HARNESS_KEYS_MAX);
        if (sscanf(line, "%31s %lf", answer->key[answer->n], &answer->value[answer->n]) == 2)
            answer->n++;
    }
}

/* Spawned, not forked: copying the page tables of this process, which may hold a whole zone, takes ten milliseconds. */
static pid_t spawn_child(const char *const *arguments, const int ends[2])
{
    char *argv[ARGUMENTS_MAX + 3] = {(char[]){"bench"}, (char[]){"--child"}};
    posix_spawn_file_actions_t actions;
    size_t n = 2;
    pid_t child;

    for (; arguments[n - 2] != NULL && n < ARGUMENTS_MAX + 2; n++)
        argv[n] = strdup(arguments[n - 2]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    int code = posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        harness_fail("a child: %s", strerror(code));
    for (size_t i = 2; i < n; i++)
        free(argv[i]);
    return child;
}

void harness_child(const char *const *arguments, struct harness_answer *answer)
{
    int ends[2], status = 0;
    double from = harness_now();

    *answer = (struct harness_answer){.n = 0};
    fflush(NULL);
    if (pipe(ends) != 0)
        harness_fail("a child: %s", strerror(errno));
    pid_t child = spawn_child(arguments, ends);
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    if (said == NULL)
        harness_fail("a child: %s", strerror(errno));
    read_answer(said, answer);
    fclose(said);
    waitpid(child, &status, 0);
    answer->wall_s = harness_now() - from;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        harness_fail("the child '%s' ended with status %#x", arguments[0], (unsigned)status);
}

double harness_get(const struct harness_answer *answer, const char *key)
{
    for (size_t i = 0; i < answer->n; i++)
        if (strcmp(answer->key[i], key) == 0)
            return answer->value[i];
    harness_fail("the child did not say '%s'", key);
}

/* ---- the program ---------------------------------------------------------------------------------------------------
 */

bool harness_is_quick(const struct harness *harness)
{
    return harness->report.is_quick;
}

void harness_incomparable(struct harness *harness, const char *why)
{
    harness->report.incomparable = why;
}

const char *harness_dir(const struct harness *harness)
{
    return harness->dir;
}

static void put_file(const char *path, const struct report *report, void (*put)(FILE *, const struct report *))
{
    FILE *out;

    if (path == NULL)
        return;
    out = fopen(path, "w");
    if (out == NULL)
        harness_fail("%s: %s", path, strerror(errno));
    put(out, report);
    if (fclose(out) != 0)
        harness_fail("%s: %s", path, strerror(errno));
}

static void usage(const struct harness_program *program)
{
    printf("%s [--list] [--only WORKLOAD]... [--quick] [--strict] [--dir DIR] [--json FILE] [--table FILE] "
           "[--svg FILE]\n%s",
           program->name, program->help != NULL ? program->help : "");
    exit(0);
}

static void list(const struct harness_program *program)
{
    puts("workloads:");
    for (size_t i = 0; i < program->n_workloads; i++)
        printf("  %-16s %s\n", program->workloads[i].name, program->workloads[i].about);
    puts("lines:");
    for (size_t i = 0; i < program->n_lines; i++)
        printf("  %-18s %s [%s]\n", program->lines[i].name, program->lines[i].about, program->lines[i].unit);
    exit(0);
}

static bool take_flag(struct harness *harness, const char *name)
{
    if (strcmp(name, "--list") == 0)
        list(harness->program);
    if (strcmp(name, "--help") == 0)
        usage(harness->program);
    if (strcmp(name, "--quick") == 0)
        harness->report.is_quick = true;
    else if (strcmp(name, "--strict") == 0)
        harness->is_strict = true;
    else
        return false;
    return true;
}

static void take_option(struct harness *harness, const char *name, const char *value)
{
    if (value == NULL)
        harness_fail("%s: unknown, or its value is missing (--help)", name);
    if (strcmp(name, "--dir") == 0)
        harness->parent_dir = value;
    else if (strcmp(name, "--json") == 0)
        harness->json = value;
    else if (strcmp(name, "--table") == 0)
        harness->table = value;
    else if (strcmp(name, "--svg") == 0)
        harness->svg = value;
    else if (strcmp(name, "--only") == 0 && harness->n_only < ONLY_MAX)
        harness->only[harness->n_only++] = value;
    else if (harness->program->option == NULL || !harness->program->option(name, value))
        harness_fail("%s: unknown option (--help)", name);
}

static bool is_wanted(const struct harness *harness, const char *name)
{
    for (size_t i = 0; i < harness->n_only; i++)
        if (strcmp(harness->only[i], name) == 0)
            return true;
    return harness->n_only == 0;
}

static void run_all(struct harness *harness)
{
    const struct harness_program *program = harness->program;
    size_t n_run = 0;

    snprintf(harness->dir, sizeof harness->dir, "%s/bench.XXXXXX", harness->parent_dir);
    if (mkdtemp(harness->dir) == NULL)
        harness_fail("%s: %s", harness->dir, strerror(errno));
    for (size_t i = 0; i < program->n_workloads; i++) {
        if (!is_wanted(harness, program->workloads[i].name))
            continue;
        double from = harness_now();
        fprintf(stderr, "%s ...", program->workloads[i].name);
        program->workloads[i].run(harness);
        fprintf(stderr, " %.1f s\n", harness_now() - from);
        n_run++;
    }
    harness_remove(harness->dir);
    if (n_run == 0)
        harness_fail("no such workload (--list)");
}

int harness_main(const struct harness_program *program, int argc, char **argv)
{
    struct harness harness = {.program = program, .parent_dir = "."};
    struct report *report = &harness.report;
    bool is_missed;

    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return program->child != NULL ? program->child(argc - 2, argv + 2) : 2;
    report->program = program->name;
    for (int i = 1; i < argc; i++)
        if (!take_flag(&harness, argv[i])) {
            take_option(&harness, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
    if (report->is_quick)
        harness_incomparable(&harness, "--quick has too little data and too few runs");
    report_look_around(report);
    run_all(&harness);
    report_sort(report);
    report_table(stdout, report);
    put_file(harness.table, report, report_table);
    put_file(harness.json, report, report_json);
    put_file(harness.svg, report, report_svg);
    is_missed = report_missed(report) && report->incomparable == NULL;
    for (size_t i = 0; i < report->n_figures; i++)
        free(report->figures[i].value);
    free(report->figures);
    return harness.is_strict && is_missed ? 1 : 0;
}
