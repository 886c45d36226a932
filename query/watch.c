/*
 * watch.c - see watch.h.
 */
#include "watch.h"

/* How often the progress hook is called: often enough to be interrupted at once, seldom enough to cost nothing. */
#define TELL_NS (GK_SECOND / 500)

void watch_start(struct watch *watch, const struct gk_session *session, struct report *report)
{
    *watch = (struct watch){.session = session, .report = report};
    watch->started = watch->told = session_monotonic(session);
}

int watch_look(struct watch *watch)
{
    const struct gk_session_options *options = &watch->session->options;
    gk_time t = session_monotonic(watch->session);

    if (atomic_load_explicit(&watch->session->is_interrupted, memory_order_relaxed))
        return report_status(watch->report, GK_EINTERRUPTED, "the statement was interrupted");
    if (options->max_run_ns >= 0 && t - watch->started > options->max_run_ns)
        return report_status(watch->report, GK_ELIMIT, "the statement ran longer than max_run (%g s)",
                             (double)options->max_run_ns / 1e9);
    if (options->progress && t - watch->told >= TELL_NS) {
        watch->told = t;
        if (options->progress(options->progress_context, watch->done, watch->total) != 0)
            return report_status(watch->report, GK_EINTERRUPTED, "the statement was interrupted");
    }
    return GK_OK;
}
