/*
 * session.h - a conversation: its options and what was defined in it.
 */
#ifndef QUERY_SESSION_H
#define QUERY_SESSION_H

#include <stdatomic.h>

#include "arena.h"
#include "gk_query.h"
#include "messages.h"
#include "params.h"

/* A condition by name, kept as text: it is parsed and bound anew wherever it is used. */
struct definition {
    struct definition *next;
    struct gk_text name, text;
    const struct param *params; /* what its parameters stood for when it was made */
};

struct gk_session {
    struct gk_session_options options; /* with the defaults filled in */
    enum lang lang;
    struct arena arena; /* of the definitions */
    atomic_bool is_interrupted;
    struct definition *definitions; /* the newest first: it hides an older one of the same name */
    const struct param *params;     /* the same */
};

const struct definition *session_find(const struct gk_session *session, const struct gk_text *name);
/* GK_OK, GK_ENOMEM or GK_ELIMIT. */
int session_define(struct gk_session *session, const struct gk_text *name, const struct gk_text *text);
gk_time session_monotonic(const struct gk_session *session);

#endif
