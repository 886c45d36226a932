/*
 * report.h - what was measured, as a table for people, as JSON for programs and as a picture. The harness fills it;
 * nothing is measured here.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "harness.h"

#define REPORT_NOTES_MAX 96
#define REPORT_NOTE_SIZE 320

/* All figures of one line and subject, in the base unit. */
struct report_figures {
    const struct harness_line *line;
    char subject[32];
    size_t order; /* in which they came; set by report_sort */
    size_t n, capacity;
    double *value;
};

struct report {
    const char *program;
    bool is_quick;
    const char *incomparable; /* NULL: the figures can be held against the targets */
    struct report_figures *figures;
    size_t n_figures;
    char notes[REPORT_NOTES_MAX][REPORT_NOTE_SIZE];
    size_t n_notes;
    char date[32], cpu[128], kernel[128], compiler[64];
    long n_cpus;
    double memory;
};

/* Machine, versions and date. */
void report_look_around(struct report *report);

/* Brings the figures into the order of the program's lines, of a line ours first, the others as they came. */
void report_sort(struct report *report);
void report_table(FILE *out, const struct report *report);
void report_json(FILE *out, const struct report *report);
void report_svg(FILE *out, const struct report *report);
/* Whether one of our lines misses its `must`. */
bool report_missed(const struct report *report);

#endif
