/*
 * complete.h - what somebody may be about to type: words of the language, dot commands, and names of the store. Names
 * of the kind that the noun before asks for come first; outside of quotes they get theirs.
 */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "gk_query.h"

#define COMPLETE_MAX 60 /* candidates that are kept for showing */

struct completion {
    size_t n_replaced; /* bytes before the cursor that are replaced */
    char *common;      /* by this: what all candidates begin with, or the only one whole */
    char *candidates[COMPLETE_MAX];
    size_t n; /* how many candidates there are, kept or not */
};

struct complete_scope {
    gk_session *session;
    gk_snapshot *snapshot;   /* NULL: no names */
    const char *const *dots; /* dot commands, ended by NULL */
    const char *const *formats;
};

void completion_find(const struct complete_scope *scope, const char *text, size_t at, struct completion *out);
void completion_clear(struct completion *completion);

#endif
