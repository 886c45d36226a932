/*
 * prune.h - subjects that cannot meet a condition, told by the presence index without looking at their states.
 *
 * `abatement offline while production running` needs the subject to be off, idle or silent at some time, and some
 * production facility it serves to be on, overloaded or silent. Silence counts, as it makes the answer possible. Where
 * one such need is not met all through the window and its pad, the condition is certainly false.
 */
#ifndef QUERY_PRUNE_H
#define QUERY_PRUNE_H

#include "scope.h"
#include "window.h"

#define NEEDS_MAX 8

struct need {
    const struct cond *leaf;
    uint32_t mask;  /* states of which some member must have been in one */
    uint8_t *is_in; /* by facility: it may have been */
};

struct prune {
    const struct scope *scope;
    struct need needs[NEEDS_MAX];
    size_t n;
    struct members members; /* scratch */
};

enum prune_use { PRUNE_WHEN_CHEAPER, PRUNE_ALWAYS, PRUNE_NEVER };

/*
 * Finds out what the condition needs; nothing when it is true of what is not there, or when looking into the index
 * costs more than the states of the few subjects there are.
 */
int prune_make(struct prune *prune, const struct scope *scope, const struct bound *bound, const struct cond *cond,
               const struct window *window, enum prune_use use, struct gk_error *error);
void prune_clear(struct prune *prune);
/* *is_out: the condition is certainly false for the subject throughout the window. */
int prune_subject(struct prune *prune, struct subject subject, bool *is_out);

#endif
