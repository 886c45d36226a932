/*
 * harness.h - what every benchmark shares: lines with a name, a unit and a target; workloads that fill them; timing
 * with warm-up and interleaved repetitions; children with a memory of their own; a table for people and JSON for
 * programs.
 *
 *     static const struct harness_line lines[] = {{"scan", "one facility, one day", "ms", .must = 0.1, .goal = 0.04}};
 *     static const struct harness_workload workloads[] = {{"reads", "questions on a sealed zone", run_reads}};
 *     static const struct harness_program program = {"bench_x", lines, 1, workloads, 1};
 *     int main(int argc, char **argv) { return harness_main(&program, argc, argv); }
 *
 * A line is filled from inside a workload by harness_value (one figure a repetition) or by harness_time (calls that are
 * timed here). A line may be filled for several subjects, "gkdb" first, others beside it: a peer, the hand-written
 * loop. Everything that fails ends the program with a word: a benchmark that goes on after an error measures nothing.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HARNESS_US       "gkdb"
#define HARNESS_TIE      1.5 /* ratios between 1/1.5 and 1.5 are ties (TARGETS.md) */
#define HARNESS_KEYS_MAX 64

#define HARNESS_MORE  1u /* more is better */
#define HARNESS_P95   2u /* the 95th of 100 is held against the targets, not the median */
#define HARNESS_EXACT 4u /* a size, the same in every run: there are no ties */

/* In a name of two words the second is a kind: in the picture each kind has a column of its own. */
struct harness_line {
    const char *name, *about, *unit; /* times are given in s and shown in ms or us, as the unit says */
    double must, goal;               /* 0: there is no target */
    unsigned flags;                  /* HARNESS_... */
};

struct harness;

struct harness_workload {
    const char *name, *about;
    void (*run)(struct harness *harness);
};

struct harness_program {
    const char *name;
    const struct harness_line *lines;
    size_t n_lines;
    const struct harness_workload *workloads;
    size_t n_workloads;
    /* Takes "--OPTION value" that the harness does not know; false: unknown. NULL: there are none. */
    bool (*option)(const char *name, const char *value);
    const char *help; /* of those options, lines with a newline each */
    /* Runs in a process of its own, started by harness_child; the arguments behind --child. */
    int (*child)(int argc, char **argv);
};

/*
 * Options: --list, --only WORKLOAD (may be repeated), --quick, --dir DIR, --json FILE, --table FILE, --svg FILE, and
 * the program's. Returns the exit status: 0, or 1 when a line missed its `must` and --strict was given.
 */
int harness_main(const struct harness_program *program, int argc, char **argv);

/* ---- inside a workload ---------------------------------------------------------------------------------------------
 */

bool harness_is_quick(const struct harness *harness);
/* Says why the figures of this run cannot be held against the targets; there are no verdicts then. */
void harness_incomparable(struct harness *harness, const char *why);
/* A folder of our own on the disk to be measured; removed at the end. */
const char *harness_dir(const struct harness *harness);

/* One measured figure, in the base unit (s, bytes, rows/s). */
void harness_value(struct harness *harness, const char *line, const char *subject, double value);
/* A sentence that goes under the table and into the JSON. */
void harness_note(struct harness *harness, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct harness_timed {
    const char *line, *subject;
    void (*call)(void *context);
    void *context;
    double amount; /* of what a call gets done: kept is this much a second; 0: the seconds are kept */
};
/*
 * Times each call many times: warm-up first, then rounds in which each has its turn, so that a noisy second hits all of
 * them alike. About `budget_s` a call. One that takes seconds gets three turns instead of nine, and of one that takes
 * eight the first time counts; the table shows how many there were.
 */
void harness_time(struct harness *harness, const struct harness_timed *timed, size_t n, double budget_s);

/* "key value" lines that a child printed. */
struct harness_answer {
    size_t n;
    char key[HARNESS_KEYS_MAX][32];
    double value[HARNESS_KEYS_MAX];
    double wall_s; /* from fork to its end */
};
/* Starts this program anew with --child and the arguments (the last one NULL) and waits. */
void harness_child(const char *const *arguments, struct harness_answer *answer);
/* The value of a key; ends the program when it is missing. */
double harness_get(const struct harness_answer *answer, const char *key);

/* ---- anywhere ------------------------------------------------------------------------------------------------------
 */

/* Seconds of a clock that only goes forward. */
double harness_now(void);
void harness_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *harness_take(size_t n, size_t size); /* zeroed; never NULL */
/* Of /proc/self/status, in bytes: "VmHWM" (peak), "VmRSS", "RssAnon"; 0 where there is no such thing. */
double harness_memory(const char *key);
/* Removes a folder of plain files. */
void harness_remove(const char *path);
/* Removes a folder or a file, whichever it is. */
void harness_remove_any(const char *path);
uint64_t harness_file_bytes(const char *path);
/* Bytes of the files of a folder, without those whose name begins with "lock". */
uint64_t harness_folder_bytes(const char *path);
/* Asks the kernel to forget the cached pages of a file; returns the share of them that is still there. */
double harness_forget(const char *path);

#endif
