/*
 * progress.c - draws at most ten times a second, into the line the cursor is in.
 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "tool.h"

#define PROGRESS_WIDTH 40

void progress_init(struct progress *progress, const char *label)
{
    *progress = (struct progress){.label = label, .is_wanted = isatty(STDERR_FILENO) == 1, .start = tool_monotonic()};
}

static void draw(const struct progress *progress, uint64_t done, uint64_t total, gk_time now)
{
    char bar[PROGRESS_WIDTH + 1];
    double share = total == 0 ? 0 : done >= total ? 1 : (double)done / (double)total;
    double seconds = (double)(now - progress->start) / 1e9;

    if (total == 0) {
        fprintf(stderr, "\r%s  %.0f s ", progress->label, seconds);
        return;
    }
    for (int i = 0; i < PROGRESS_WIDTH; i++)
        bar[i] = i < (int)(share * PROGRESS_WIDTH) ? '#' : '.';
    bar[PROGRESS_WIDTH] = '\0';
    fprintf(stderr, "\r%s  [%s] %3.0f %%  %.0f s ", progress->label, bar, 100 * share, seconds);
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total)
{
    gk_time now;

    if (progress == NULL || !progress->is_wanted)
        return;
    now = tool_monotonic();
    if (now - progress->start < GK_SECOND || now - progress->drawn < GK_SECOND / 10)
        return;
    draw(progress, done, total, now);
    progress->drawn = now;
    progress->is_drawn = true;
}

void progress_end(struct progress *progress)
{
    if (progress->is_drawn)
        fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH + 39, "");
    progress->is_drawn = false;
}
