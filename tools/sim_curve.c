/*
 * sim_curve.c - lines and where they cross a limit.
 */
#include "sim_curve.h"

#include <math.h>
#include <stdlib.h>

#include "tool.h"

void curve_clear(struct curve *curve)
{
    free(curve->v);
    *curve = (struct curve){0};
}

void curve_add(struct curve *curve, int64_t from, int64_t to, double level_from, double level_to, bool is_load)
{
    if (to <= from)
        return;
    if (curve->n == curve->room) {
        curve->room = curve->room > 0 ? 2 * curve->room : 16;
        curve->v = tool_resize(curve->v, curve->room, sizeof *curve->v);
    }
    curve->v[curve->n++] = (struct piece){from, to, level_from, level_to, is_load};
}

const struct piece *curve_at(const struct curve *curve, size_t *cursor, int64_t time)
{
    while (*cursor < curve->n && curve->v[*cursor].to <= time)
        ++*cursor;
    return *cursor < curve->n && curve->v[*cursor].from <= time ? &curve->v[*cursor] : NULL;
}

double piece_level(const struct piece *piece, int64_t time)
{
    return piece->level_from +
           (piece->level_to - piece->level_from) * (double)(time - piece->from) / (double)(piece->to - piece->from);
}

/* The first whole millisecond at which a ramp has come to a level, within the piece. */
static int64_t crossing(const struct piece *piece, double level)
{
    double part = (level - piece->level_from) / (piece->level_to - piece->level_from);
    double at = ceil((double)piece->from + part * (double)(piece->to - piece->from));

    return at < (double)piece->from ? piece->from : at > (double)piece->to ? piece->to : (int64_t)at;
}

void curve_where(const struct curve *curve, double least, double limit, struct spans *out)
{
    for (size_t i = 0; i < curve->n; i++) {
        const struct piece *piece = &curve->v[i];

        if (piece->level_from == piece->level_to) {
            if (piece->level_from >= least && piece->level_from < limit)
                spans_add(out, piece->from, piece->to);
            continue;
        }
        int64_t a = crossing(piece, least), b = crossing(piece, limit);

        spans_add(out, a < b ? a : b, a < b ? b : a);
    }
    spans_merge(out, 0);
}
