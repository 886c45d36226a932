/*
 * harness.c - see harness.h.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gk.h"

/* Of the library that is measured, given when it is built: what git says when a benchmark runs may be another one. */
#ifndef BENCH_COMMIT
#define BENCH_COMMIT "unknown"
#endif

#define ARGUMENTS_MAX 32
#define NOTES_MAX     64
#define ONLY_MAX      16
#define WARM_CALLS    2
#define ROUNDS        9 /* turns a call gets: odd, so that one of them is the median */
#define CALLS_LEAST   9
#define CALLS_MOST    20000

/* All figures of one line and subject. */
struct figures {
    const struct harness_line *line;
    char subject[32];
    size_t n, capacity;
    double *value;
};

struct harness {
    const struct harness_program *program;
    bool is_quick, is_strict;
    const char *incomparable;
    const char *only[ONLY_MAX];
    size_t n_only;
    const char *parent_dir, *json, *table;
    char dir[512];
    struct figures *figures;
    size_t n_figures;
    char notes[NOTES_MAX][256];
    size_t n_notes;
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
        if (strncmp(entry->d_name, "lock", 4) != 0 && stat(file, &stat_of) == 0 && S_ISREG(stat_of.st_mode))
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

static struct figures *figures_of(struct harness *harness, const char *name, const char *subject)
{
    const struct harness_line *line = line_of(harness, name);
    struct figures *figures;

    for (size_t i = 0; i < harness->n_figures; i++)
        if (harness->figures[i].line == line && strcmp(harness->figures[i].subject, subject) == 0)
            return &harness->figures[i];
    harness->figures = realloc(harness->figures, (harness->n_figures + 1) * sizeof *harness->figures);
    if (harness->figures == NULL)
        harness_fail("no memory");
    figures = &harness->figures[harness->n_figures++];
    *figures = (struct figures){.line = line};
    snprintf(figures->subject, sizeof figures->subject, "%s", subject);
    return figures;
}

void harness_value(struct harness *harness, const char *line, const char *subject, double value)
{
    struct figures *figures = figures_of(harness, line, subject);

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

    if (harness->n_notes == NOTES_MAX)
        harness_fail("more than %d notes", NOTES_MAX);
    va_start(list, format);
    vsnprintf(harness->notes[harness->n_notes++], sizeof harness->notes[0], format, list);
    va_end(list);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

struct spread {
    double median, min, max, p95;
};

static struct spread spread_of(struct figures *figures)
{
    size_t n = figures->n;

    qsort(figures->value, n, sizeof(double), compare);
    return (struct spread){.median =
                               n % 2 ? figures->value[n / 2] : (figures->value[n / 2 - 1] + figures->value[n / 2]) / 2,
                           .min = figures->value[0],
                           .max = figures->value[n - 1],
                           .p95 = figures->value[(n * 95 + 99) / 100 - 1]};
}

/* From seconds, bytes or rows a second to the unit of the line. */
static double in_unit(const struct harness_line *line, double value)
{
    if (strcmp(line->unit, "ms") == 0)
        return value * 1e3;
    if (strcmp(line->unit, "us") == 0)
        return value * 1e6;
    if (strcmp(line->unit, "MB") == 0)
        return value / 1e6;
    if (strcmp(line->unit, "Mrows/s") == 0)
        return value / 1e6;
    if (strcmp(line->unit, "GB/s") == 0)
        return value / 1e9;
    return value;
}

/* The figure of a line, in its unit. */
static double figure_of(const struct harness_line *line, const struct spread *spread)
{
    return in_unit(line, (line->flags & HARNESS_P95) != 0 ? spread->p95 : spread->median);
}

/* How many times better than the target: 1 is just reached. 0 where there is none. */
static double ratio_of(const struct harness_line *line, double ours, double target)
{
    if (target == 0 || ours == 0)
        return 0;
    return (line->flags & HARNESS_MORE) != 0 ? ours / target : target / ours;
}

/* ---- timing --------------------------------------------------------------------------------------------------------
 */

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

void harness_time(struct harness *harness, const struct harness_timed *timed, size_t n, double budget_s)
{
    size_t *calls = harness_take(n, sizeof *calls);

    for (size_t i = 0; i < n; i++) {
        double once = 1e9;
        for (int k = 0; k < WARM_CALLS; k++)
            once = fmin(once, time_call(&timed[i]));
        double fit = budget_s / fmax(once, 1e-7);
        fit = fmin(fmax(fit, CALLS_LEAST), CALLS_MOST);
        calls[i] = ((size_t)fit + ROUNDS - 1) / ROUNDS;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < calls[i]; k++)
                keep(harness, &timed[i], time_call(&timed[i]));
    free(calls);
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

static void become_child(const char *const *arguments, int out)
{
    char *argv[ARGUMENTS_MAX + 3] = {(char[]){"bench"}, (char[]){"--child"}};
    size_t n = 2;

    for (; arguments[n - 2] != NULL && n < ARGUMENTS_MAX + 2; n++)
        argv[n] = strdup(arguments[n - 2]);
    dup2(out, STDOUT_FILENO);
    close(out);
    execv("/proc/self/exe", argv);
    _exit(127);
}

void harness_child(const char *const *arguments, struct harness_answer *answer)
{
    int ends[2], status = 0;
    double from = harness_now();
    FILE *said;
    pid_t child;

    *answer = (struct harness_answer){.n = 0};
    fflush(NULL);
    if (pipe(ends) != 0 || (child = fork()) < 0)
        harness_fail("a child: %s", strerror(errno));
    if (child == 0) {
        close(ends[0]);
        become_child(arguments, ends[1]);
    }
    close(ends[1]);
    said = fdopen(ends[0], "r");
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

/* ---- where it ran --------------------------------------------------------------------------------------------------
 */

/* What stands behind the colon of the first line of a file that begins with a key. */
static void look_up(const char *path, const char *key, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[512];

    snprintf(out, size, "unknown");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *text = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) != 0 || text == NULL)
            continue;
        text += 1 + strspn(text + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
        break;
    }
    fclose(file);
}

struct place {
    char date[32], cpu[128], kernel[128], commit[128], compiler[64];
    long n_cpus;
    double memory;
};

static void look_around(struct place *place)
{
    struct utsname name;
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(place->date, sizeof place->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    look_up("/proc/cpuinfo", "model name", place->cpu, sizeof place->cpu);
    snprintf(place->commit, sizeof place->commit, "%s", BENCH_COMMIT);
    uname(&name);
    snprintf(place->kernel, sizeof place->kernel, "%.20s %.60s %.20s", name.sysname, name.release, name.machine);
    snprintf(place->compiler, sizeof place->compiler, "%s",
#ifdef __clang__
             "clang " __clang_version__
#else
             "gcc " __VERSION__
#endif
    );
    place->n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    place->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

/* ---- output --------------------------------------------------------------------------------------------------------
 */

static void put_number(FILE *out, double value, int width)
{
    int decimals = fabs(value) >= 1000 ? 0 : fabs(value) >= 100 ? 1 : fabs(value) >= 10 ? 2 : 3;

    fprintf(out, "%*.*f", width, decimals, value);
}

static void put_target(FILE *out, const struct harness_line *line, double ours, double target)
{
    double ratio = ratio_of(line, ours, target);

    if (target == 0) {
        fprintf(out, " %9s %7s", "-", "");
        return;
    }
    put_number(out, target, 10);
    fprintf(out, " %6.2fx", ratio);
}

static const char *verdict(const struct harness_line *line, double ours)
{
    if (line->must == 0)
        return "";
    if (ratio_of(line, ours, line->must) < 1)
        return "MISSED";
    return ratio_of(line, ours, line->goal) < 1 ? "must" : "goal";
}

static void put_table(FILE *out, const struct harness *harness, const struct place *place)
{
    fprintf(out, "%s %s, commit %s, %s%s\n%s, %ld cores, %.0f GB; %s; %s\n\n", harness->program->name, gk_version(),
            place->commit, place->date, harness->is_quick ? ", --quick" : "", place->cpu, place->n_cpus,
            place->memory / 1e9, place->kernel, place->compiler);
    fprintf(out, "%-18s %-8s %-8s %9s %9s %9s %5s  %9s %7s %9s %7s  %s\n", "line", "subject", "unit", "median", "min",
            "p95", "n", "must", "", "goal", "", "");
    for (size_t i = 0; i < harness->n_figures; i++) {
        const struct harness_line *line = harness->figures[i].line;
        struct spread spread = spread_of(&harness->figures[i]);
        bool is_ours = strcmp(harness->figures[i].subject, HARNESS_US) == 0;
        double ours = figure_of(line, &spread);
        fprintf(out, "%-18s %-8s %-8s", line->name, harness->figures[i].subject, line->unit);
        put_number(out, in_unit(line, spread.median), 10);
        put_number(out, in_unit(line, spread.min), 10);
        put_number(out, in_unit(line, spread.p95), 10);
        fprintf(out, " %5zu ", harness->figures[i].n);
        put_target(out, line, ours, is_ours ? line->must : 0);
        put_target(out, line, ours, is_ours ? line->goal : 0);
        fprintf(out, "  %s\n", is_ours && harness->incomparable == NULL ? verdict(line, ours) : "");
    }
    fputs("\nRatios say how many times better than the target the median (in *_p95 lines the p95) is: below 1 it is "
          "missed.\n",
          out);
    if (harness->incomparable != NULL)
        fprintf(out, "No verdicts: %s.\n", harness->incomparable);
    for (size_t i = 0; i < harness->n_notes; i++)
        fprintf(out, "- %s\n", harness->notes[i]);
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text >= ' ')
            fputc(*text, out);
    }
    fputc('"', out);
}

static void put_pair(FILE *out, const char *key, const char *value)
{
    fprintf(out, "\"%s\": ", key);
    put_string(out, value);
    fputs(", ", out);
}

static void put_json(FILE *out, const struct harness *harness, const struct place *place)
{
    fputs("{\"meta\": {", out);
    put_pair(out, "program", harness->program->name);
    put_pair(out, "version", gk_version());
    put_pair(out, "commit", place->commit);
    put_pair(out, "date", place->date);
    put_pair(out, "cpu", place->cpu);
    put_pair(out, "kernel", place->kernel);
    put_pair(out, "compiler", place->compiler);
    fprintf(out, "\"cores\": %ld, \"memory_bytes\": %.0f, \"is_quick\": %s, \"is_comparable\": %s, \"notes\": [",
            place->n_cpus, place->memory, harness->is_quick ? "true" : "false",
            harness->incomparable == NULL ? "true" : "false");
    for (size_t i = 0; i < harness->n_notes; i++) {
        fputs(i > 0 ? ", " : "", out);
        put_string(out, harness->notes[i]);
    }
    fputs("]},\n \"lines\": [", out);
    for (size_t i = 0; i < harness->n_figures; i++) {
        const struct harness_line *line = harness->figures[i].line;
        struct spread spread = spread_of(&harness->figures[i]);
        double ours = figure_of(line, &spread);
        fputs(i > 0 ? ",\n  {" : "\n  {", out);
        put_pair(out, "line", line->name);
        put_pair(out, "about", line->about);
        put_pair(out, "subject", harness->figures[i].subject);
        put_pair(out, "unit", line->unit);
        fprintf(out, "\"n\": %zu, \"median\": %.6g, \"min\": %.6g, \"p95\": %.6g, \"max\": %.6g, ",
                harness->figures[i].n, in_unit(line, spread.median), in_unit(line, spread.min),
                in_unit(line, spread.p95), in_unit(line, spread.max));
        fprintf(out,
                "\"more_is_better\": %s, \"must\": %.6g, \"goal\": %.6g, \"over_must\": %.4g, \"over_goal\": %.4g}",
                (line->flags & HARNESS_MORE) != 0 ? "true" : "false", line->must, line->goal,
                ratio_of(line, ours, line->must), ratio_of(line, ours, line->goal));
    }
    fputs("\n]}\n", out);
}

static void put_file(const char *path, const struct harness *harness, const struct place *place,
                     void (*put)(FILE *, const struct harness *, const struct place *))
{
    FILE *out = fopen(path, "w");

    if (out == NULL)
        harness_fail("%s: %s", path, strerror(errno));
    put(out, harness, place);
    if (fclose(out) != 0)
        harness_fail("%s: %s", path, strerror(errno));
}

/* ---- the program ---------------------------------------------------------------------------------------------------
 */

bool harness_is_quick(const struct harness *harness)
{
    return harness->is_quick;
}

void harness_incomparable(struct harness *harness, const char *why)
{
    harness->incomparable = why;
}

const char *harness_dir(const struct harness *harness)
{
    return harness->dir;
}

static void usage(const struct harness_program *program)
{
    printf("%s [--list] [--only WORKLOAD]... [--quick] [--strict] [--dir DIR] [--json FILE] [--table FILE]\n%s",
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
        harness->is_quick = true;
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

static bool missed(const struct harness *harness)
{
    for (size_t i = 0; i < harness->n_figures; i++) {
        const struct harness_line *line = harness->figures[i].line;
        struct spread spread = spread_of(&harness->figures[i]);
        double ours = figure_of(line, &spread);
        if (strcmp(harness->figures[i].subject, HARNESS_US) == 0 && line->must != 0 &&
            ratio_of(line, ours, line->must) < 1)
            return true;
    }
    return false;
}

int harness_main(const struct harness_program *program, int argc, char **argv)
{
    struct harness harness = {.program = program, .parent_dir = "."};
    struct place place;
    bool is_missed;

    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return program->child != NULL ? program->child(argc - 2, argv + 2) : 2;
    for (int i = 1; i < argc; i++)
        if (!take_flag(&harness, argv[i])) {
            take_option(&harness, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
    if (harness.is_quick)
        harness_incomparable(&harness, "--quick has too little data and too few runs");
    look_around(&place);
    run_all(&harness);
    put_table(stdout, &harness, &place);
    if (harness.table != NULL)
        put_file(harness.table, &harness, &place, put_table);
    if (harness.json != NULL)
        put_file(harness.json, &harness, &place, put_json);
    is_missed = missed(&harness);
    for (size_t i = 0; i < harness.n_figures; i++)
        free(harness.figures[i].value);
    free(harness.figures);
    return harness.is_strict && is_missed && harness.incomparable == NULL ? 1 : 0;
}
