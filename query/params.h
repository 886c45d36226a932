/*
 * params.h - parameters of a session: `$name` or `:name` in a statement stands for one token. A value is never pasted
 * into the text, so nothing in it can become another word of the statement.
 */
#ifndef QUERY_PARAMS_H
#define QUERY_PARAMS_H

#include "gk.h"

struct param {
    const struct param *next;
    struct gk_text name, value;
};

/* The value of a name, NULL when there is none. The newest of the list comes first, and counts. */
const struct param *param_find(const struct param *list, const char *name, size_t size);
/* Letters, digits and _ of ASCII, no digit first. */
bool param_is_name(const char *name, size_t size);

#endif
