/*
 * watch.h - the limits of a running statement: its time, interruption, and the caller's progress hook. Looked at before
 * every piece of work that may take a millisecond.
 */
#ifndef QUERY_WATCH_H
#define QUERY_WATCH_H

#include "report.h"
#include "session.h"

struct watch {
    const struct gk_session *session;
    struct report *report;
    gk_time started, told;
    uint64_t done, total; /* of the statement, in its own unit */
};

void watch_start(struct watch *watch, const struct gk_session *session, struct report *report);
/* GK_OK, GK_ELIMIT or GK_EINTERRUPTED, reported. */
int watch_look(struct watch *watch);

#endif
