/*
 * report.c - see report.h.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "gk.h"
#include "plot.h"

/* Of the library that is measured, given when it is built: what git says when a benchmark runs may be another one. */
#ifndef BENCH_COMMIT
#define BENCH_COMMIT "unknown"
#endif

/* ---- figures -------------------------------------------------------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

struct spread {
    double median, min, max, p95;
};

static struct spread spread_of(const struct report_figures *figures)
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
    if (strcmp(line->unit, "GB/s") == 0 || strcmp(line->unit, "G/s") == 0)
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

static bool is_ours(const struct report_figures *figures)
{
    return strcmp(figures->subject, HARNESS_US) == 0;
}

/* How many times better than this subject we are on the same line; 0 when we have no figure there. */
static double ratio_to(const struct report *report, const struct report_figures *theirs)
{
    struct spread spread = spread_of(theirs);

    for (size_t i = 0; i < report->n_figures; i++) {
        const struct report_figures *ours = &report->figures[i];
        if (ours->line != theirs->line || !is_ours(ours))
            continue;
        struct spread our_spread = spread_of(ours);
        return ratio_of(ours->line, figure_of(ours->line, &our_spread), figure_of(theirs->line, &spread));
    }
    return 0;
}

static bool is_tie(const struct harness_line *line, double ratio)
{
    return (line->flags & HARNESS_EXACT) == 0 && ratio < HARNESS_TIE && ratio > 1 / HARNESS_TIE;
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

void report_look_around(struct report *report)
{
    struct utsname name;
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(report->date, sizeof report->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    look_up("/proc/cpuinfo", "model name", report->cpu, sizeof report->cpu);
    uname(&name);
    snprintf(report->kernel, sizeof report->kernel, "%.20s %.60s %.20s", name.sysname, name.release, name.machine);
    snprintf(report->compiler, sizeof report->compiler, "%s",
#ifdef __clang__
             "clang " __clang_version__
#else
             "gcc " __VERSION__
#endif
    );
    report->n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    report->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

static int compare_lines(const void *a, const void *b)
{
    const struct report_figures *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (is_ours(x) != is_ours(y))
        return is_ours(x) ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

void report_sort(struct report *report)
{
    for (size_t i = 0; i < report->n_figures; i++)
        report->figures[i].order = i;
    if (report->n_figures > 0)
        qsort(report->figures, report->n_figures, sizeof *report->figures, compare_lines);
}

/* ---- the table -----------------------------------------------------------------------------------------------------
 */

static void put_number(FILE *out, double value, int width)
{
    int decimals = fabs(value) >= 1000 ? 0 : fabs(value) >= 100 ? 1 : fabs(value) >= 10 ? 2 : 3;

    fprintf(out, "%*.*f", width, decimals, value);
}

static void put_target(FILE *out, const struct harness_line *line, double ours, double target)
{
    if (target == 0) {
        fprintf(out, " %9s %7s", "-", "");
        return;
    }
    put_number(out, target, 10);
    fprintf(out, " %6.2fx", ratio_of(line, ours, target));
}

static const char *verdict(const struct harness_line *line, double ours)
{
    if (line->must == 0)
        return "";
    if (ratio_of(line, ours, line->must) < 1)
        return "MISSED";
    return ratio_of(line, ours, line->goal) < 1 ? "must" : "goal";
}

static void put_heading(FILE *out, const struct report *report)
{
    fprintf(out, "%s %s, commit %s, %s%s\n%s, %ld cores, %.0f GB; %s; %s\n\n", report->program, gk_version(),
            BENCH_COMMIT, report->date, report->is_quick ? ", --quick" : "", report->cpu, report->n_cpus,
            report->memory / 1e9, report->kernel, report->compiler);
}

/* The width of the first two columns. */
static void widths_of(const struct report *report, int *line, int *subject)
{
    *line = 4;
    *subject = 7;
    for (size_t i = 0; i < report->n_figures; i++) {
        int n = (int)strlen(report->figures[i].line->name), m = (int)strlen(report->figures[i].subject);
        *line = n > *line ? n : *line;
        *subject = m > *subject ? m : *subject;
    }
}

static void put_ours(FILE *out, const struct report *report, const struct report_figures *figures, double ours)
{
    const struct harness_line *line = figures->line;

    put_target(out, line, ours, line->must);
    put_target(out, line, ours, line->goal);
    fprintf(out, "  %s\n", report->incomparable == NULL ? verdict(line, ours) : "");
}

static void put_theirs(FILE *out, const struct report *report, const struct report_figures *figures)
{
    double ratio = ratio_to(report, figures);

    if (ratio > 0)
        fprintf(out, "  %s is %.*fx%s\n", HARNESS_US, ratio < 0.1 ? 4 : 2, ratio,
                is_tie(figures->line, ratio) ? " (a tie)" : "");
    else
        fputc('\n', out);
}

static void put_lines(FILE *out, const struct report *report)
{
    int line_width, subject_width;

    widths_of(report, &line_width, &subject_width);
    fprintf(out, "%-*s %-*s %-8s %9s %9s %9s %5s  %9s %7s %9s %7s\n", line_width, "line", subject_width, "subject",
            "unit", "median", "min", "p95", "n", "must", "", "goal", "");
    for (size_t i = 0; i < report->n_figures; i++) {
        const struct report_figures *figures = &report->figures[i];
        struct spread spread = spread_of(figures);
        fprintf(out, "%-*s %-*s %-8s", line_width, figures->line->name, subject_width, figures->subject,
                figures->line->unit);
        put_number(out, in_unit(figures->line, spread.median), 10);
        put_number(out, in_unit(figures->line, spread.min), 10);
        put_number(out, in_unit(figures->line, spread.p95), 10);
        fprintf(out, " %5zu ", figures->n);
        if (is_ours(figures))
            put_ours(out, report, figures, figure_of(figures->line, &spread));
        else
            put_theirs(out, report, figures);
    }
}

void report_table(FILE *out, const struct report *report)
{
    put_heading(out, report);
    put_lines(out, report);
    fputs(
        "\nRatios say how many times better than the target, or than the other subject, the median (in *_p95 lines the "
        "p95) of " HARNESS_US " is: below 1 it is worse.\n",
        out);
    if (report->incomparable != NULL)
        fprintf(out, "No verdicts: %s.\n", report->incomparable);
    for (size_t i = 0; i < report->n_notes; i++)
        fprintf(out, "- %s\n", report->notes[i]);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------
 */

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

static void put_meta(FILE *out, const struct report *report)
{
    fputs("{\"meta\": {", out);
    put_pair(out, "program", report->program);
    put_pair(out, "version", gk_version());
    put_pair(out, "commit", BENCH_COMMIT);
    put_pair(out, "date", report->date);
    put_pair(out, "cpu", report->cpu);
    put_pair(out, "kernel", report->kernel);
    put_pair(out, "compiler", report->compiler);
    fprintf(out, "\"cores\": %ld, \"memory_bytes\": %.0f, \"is_quick\": %s, \"is_comparable\": %s, \"notes\": [",
            report->n_cpus, report->memory, report->is_quick ? "true" : "false",
            report->incomparable == NULL ? "true" : "false");
    for (size_t i = 0; i < report->n_notes; i++) {
        fputs(i > 0 ? ", " : "", out);
        put_string(out, report->notes[i]);
    }
    fputs("]},\n", out);
}

/* `over_...` are ours against the targets, `gkdb_is` ours against this other subject; what does not apply is 0. */
static void put_json_line(FILE *out, const struct report *report, const struct report_figures *figures)
{
    const struct harness_line *line = figures->line;
    struct spread spread = spread_of(figures);
    double figure = figure_of(line, &spread);

    put_pair(out, "line", line->name);
    put_pair(out, "about", line->about);
    put_pair(out, "subject", figures->subject);
    put_pair(out, "unit", line->unit);
    fprintf(out, "\"n\": %zu, \"median\": %.6g, \"min\": %.6g, \"p95\": %.6g, \"max\": %.6g, ", figures->n,
            in_unit(line, spread.median), in_unit(line, spread.min), in_unit(line, spread.p95),
            in_unit(line, spread.max));
    fprintf(out,
            "\"more_is_better\": %s, \"must\": %.6g, \"goal\": %.6g, \"over_must\": %.4g, \"over_goal\": %.4g, "
            "\"gkdb_is\": %.4g}",
            (line->flags & HARNESS_MORE) != 0 ? "true" : "false", line->must, line->goal,
            is_ours(figures) ? ratio_of(line, figure, line->must) : 0,
            is_ours(figures) ? ratio_of(line, figure, line->goal) : 0,
            is_ours(figures) ? 0 : ratio_to(report, figures));
}

void report_json(FILE *out, const struct report *report)
{
    put_meta(out, report);
    fputs(" \"lines\": [", out);
    for (size_t i = 0; i < report->n_figures; i++) {
        fputs(i > 0 ? ",\n  {" : "\n  {", out);
        put_json_line(out, report, &report->figures[i]);
    }
    fputs("\n]}\n", out);
}

/* ---- the picture ---------------------------------------------------------------------------------------------------
 */

static void put_short(char *out, size_t size, double value)
{
    snprintf(out, size, "%.*f", fabs(value) >= 100 ? 0 : fabs(value) >= 10 ? 1 : fabs(value) >= 1 ? 2 : 3, value);
}

static void add_bar(struct plot_bar *bars, size_t *n, const struct harness_line *line, const char *against, double ours,
                    double theirs)
{
    struct plot_bar *bar = &bars[*n];
    const char *space = strrchr(line->name, ' ');
    char a[24], b[24];

    if (ratio_of(line, ours, theirs) <= 0)
        return;
    put_short(a, sizeof a, ours);
    put_short(b, sizeof b, theirs);
    *bar = (struct plot_bar){.ratio = ratio_of(line, ours, theirs)};
    snprintf(bar->group, sizeof bar->group, "%.*s", space != NULL ? (int)(space - line->name) : 60, line->name);
    snprintf(bar->panel, sizeof bar->panel, "%.30s", space != NULL ? space + 1 : "");
    snprintf(bar->against, sizeof bar->against, "%s", against);
    snprintf(bar->text, sizeof bar->text, "%s : %s %.12s", a, b, line->unit);
    ++*n;
}

/* Our figure of a line against must and goal, then against each other subject of that line. */
static void add_bars(const struct report *report, const struct report_figures *ours, struct plot_bar *bars, size_t *n)
{
    const struct harness_line *line = ours->line;
    struct spread spread = spread_of(ours);
    double figure = figure_of(line, &spread);
    size_t first = *n;

    add_bar(bars, n, line, "must", figure, line->must);
    if (line->goal != line->must)
        add_bar(bars, n, line, "goal", figure, line->goal);
    for (size_t i = first; i < *n; i++)
        bars[i].is_target = true;
    for (size_t i = 0; i < report->n_figures; i++) {
        const struct report_figures *theirs = &report->figures[i];
        if (theirs->line != line || is_ours(theirs))
            continue;
        struct spread other = spread_of(theirs);
        size_t at = *n;
        add_bar(bars, n, line, theirs->subject, figure, figure_of(line, &other));
        if (*n > at)
            bars[at].is_tie = is_tie(line, bars[at].ratio);
    }
}

void report_svg(FILE *out, const struct report *report)
{
    struct plot_bar *bars = harness_take(3 * report->n_figures + 1, sizeof *bars);
    char title[256], subtitle[512], remark[256];
    size_t n = 0;

    for (size_t i = 0; i < report->n_figures; i++)
        if (is_ours(&report->figures[i]))
            add_bars(report, &report->figures[i], bars, &n);
    snprintf(title, sizeof title, "%s: how many times better (%s : the other)", report->program, HARNESS_US);
    snprintf(subtitle, sizeof subtitle, "%s, commit %s, %s; %s, %ld cores; %s", gk_version(), BENCH_COMMIT,
             report->date, report->cpu, report->n_cpus, report->kernel);
    snprintf(remark, sizeof remark, "%s%s", report->incomparable != NULL ? "Not to be held against targets: " : "",
             report->incomparable != NULL ? report->incomparable : "");
    plot_write(out, title, subtitle, remark, bars, n);
    free(bars);
}

bool report_missed(const struct report *report)
{
    for (size_t i = 0; i < report->n_figures; i++) {
        const struct report_figures *figures = &report->figures[i];
        struct spread spread = spread_of(figures);
        double ours = figure_of(figures->line, &spread);
        if (is_ours(figures) && figures->line->must != 0 && ratio_of(figures->line, ours, figures->line->must) < 1)
            return true;
    }
    return false;
}
