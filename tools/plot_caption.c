/*
 * plot_caption.c - what stands above and below a picture: the window, how much is unknown or only possible, what was
 * left off or joined.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "plot_scale.h"
#include "texts.h"

static const char *zone_text(struct plot *plot)
{
    int minutes = abs(plot->zone_s) / 60;

    return plot_printf(&plot->memory, "%c%02d:%02d", plot->zone_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/* A time to the minute where it is a whole one, to the second unless the picture is of less than a minute. */
static const char *short_time(struct plot *plot, gk_time time)
{
    char text[PLOT_LABEL_MAX];
    size_t size = strlen(plot_time_text(time, plot->zone_s, text));

    if (size > 19 && plot->to - plot->from >= 60 * GK_SECOND)
        text[size = 19] = '\0';
    if (size == 19 && strcmp(text + 16, ":00") == 0)
        text[16] = '\0';
    return plot_copy(&plot->memory, text, strlen(text));
}

const char *plot_window_text(struct plot *plot)
{
    const char *text = "", *until = "";

    if (plot->moment != GK_TIME_MIN || (plot->meta.has_window && plot->kind == PLOT_BOARD))
        text = plot_printf(&plot->memory, "%s (%s)",
                           short_time(plot, plot->moment != GK_TIME_MIN ? plot->moment : plot->meta.from),
                           zone_text(plot));
    else if (plot->meta.has_window)
        text = plot_printf(&plot->memory, tr("%s to %s (%s)"), short_time(plot, plot->meta.from),
                           short_time(plot, plot->meta.to), zone_text(plot));
    if (plot->meta.watermark != GK_TIME_MIN)
        until = plot_printf(&plot->memory, "%s %s", tr("data until"), short_time(plot, plot->meta.watermark));
    return *text != '\0' && *until != '\0' ? plot_printf(&plot->memory, "%s · %s", text, until)
           : *text != '\0'                 ? text
                                           : until;
}

const char *plot_doubt_text(struct plot *plot)
{
    bool zh = plot->is_chinese;
    const struct gk_query_meta *meta = &plot->meta;
    char share[PLOT_LABEL_MAX], time[PLOT_LABEL_MAX];
    const char *nodata = "", *possible = "";

    if (meta->nodata_share > 0 && meta->n_subjects > 0 && plot->kind != PLOT_BOARD)
        nodata = plot_printf(&plot->memory, tr("%s of the time unknown"),
                             plot_value_text(GK_TYPE_SHARE, meta->nodata_share, zh, share));
    if (meta->has_possible && meta->n_possible > 0 && plot->kind != PLOT_TIMELINE)
        possible = plot_printf(&plot->memory, tr("%" PRIu64 " more (%s) cannot be excluded"), meta->n_possible,
                               plot_value_text(GK_TYPE_SECONDS, meta->possible_s, zh, time));
    return plot_join(&plot->memory, nodata, possible);
}

const char *plot_summary_text(struct plot *plot)
{
    const struct plot_timeline *timeline = &plot->timeline;
    char certain[PLOT_LABEL_MAX], possible[PLOT_LABEL_MAX];
    bool zh = plot->is_chinese;
    size_t n_possible = timeline->n_marks - timeline->n_certain; /* those the answer lists, else those it counts */
    uint64_t n_more = n_possible > 0 ? n_possible : plot->meta.n_possible;
    const char *text;

    plot_value_text(GK_TYPE_SECONDS, timeline->certain_s, zh, certain);
    plot_value_text(GK_TYPE_SECONDS, n_possible > 0 ? timeline->possible_s : plot->meta.possible_s, zh, possible);
    text = plot_printf(&plot->memory, tr("%zu certain, %s"), timeline->n_certain, certain);
    if (n_more == 0)
        return text;
    return plot_printf(&plot->memory, tr("%s; %" PRIu64 " more possible, %s"), text, n_more, possible);
}

static const char *lanes_remark(struct plot *plot)
{
    const struct plot_timeline *line = &plot->timeline;

    if (line->n_marks_off == 0)
        return plot_printf(&plot->memory, tr("%zu more lanes are left off: --max-lanes %zu"), line->n_lanes_off,
                           line->n_lanes + line->n_lanes_off);
    return plot_printf(&plot->memory, tr("%zu more lanes with %zu stretches are left off: --max-lanes %zu"),
                       line->n_lanes_off, line->n_marks_off, line->n_lanes + line->n_lanes_off);
}

static const char *rows_remark(struct plot *plot, size_t n, size_t n_off)
{
    return plot_printf(&plot->memory, tr("%zu more are left off: --max-lanes %zu"), n_off, n + n_off);
}

static const char *off_remark(struct plot *plot)
{
    if (plot->kind == PLOT_TIMELINE && plot->timeline.n_lanes_off > 0)
        return lanes_remark(plot);
    if (plot->kind == PLOT_CURVE && plot->curve.n_panels_off > 0)
        return rows_remark(plot, plot->curve.n_panels, plot->curve.n_panels_off);
    if (plot->kind == PLOT_HEAT && plot->grid.n_rows_off > 0)
        return rows_remark(plot, plot->grid.n_rows, plot->grid.n_rows_off);
    if (plot->kind == PLOT_BARS && plot->bars.n_rows_off > 0)
        return rows_remark(plot, plot->bars.n_rows, plot->bars.n_rows_off);
    if (plot->kind == PLOT_BOARD && plot->board.n_sites_off > 0)
        return rows_remark(plot, plot->board.n_sites, plot->board.n_sites_off);
    return NULL;
}

/* What became of states where a cell of the picture holds several; NULL when none does. */
static const char *thinned_remark(struct plot *plot)
{
    bool zh = plot->is_chinese, is_thinned = false;
    char cell[PLOT_LABEL_MAX];

    for (size_t i = 0; plot->kind == PLOT_TIMELINE && i < plot->timeline.n_lanes; i++)
        is_thinned |= plot_is_thin(plot->timeline.lanes[i].n_runs, plot->n_cells);
    for (size_t i = 0; plot->kind == PLOT_CURVE && i < plot->curve.n_panels; i++)
        is_thinned |= plot_is_thin(plot->curve.panels[i].n_runs, plot->n_cells);
    if (!is_thinned || plot->n_cells == 0)
        return NULL;
    plot_value_text(GK_TYPE_SECONDS, (double)(plot->to - plot->from) / 1e9 / (double)plot->n_cells, zh, cell);
    return plot_printf(&plot->memory, tr("of each %s the longest state is drawn"), cell);
}

const char *plot_remark(struct plot *plot, size_t n)
{
    const char *all[5];
    size_t n_all = 0;

    if (off_remark(plot) != NULL)
        all[n_all++] = off_remark(plot);
    if (plot->meta.is_cut)
        all[n_all++] = plot_printf(&plot->memory, tr("the answer was cut at %" PRIu64 " rows"), plot->meta.n_rows);
    if (plot->meta.n_without_links > 0)
        all[n_all++] = plot_printf(&plot->memory, tr("%" PRIu64 " subjects have nothing to compare with"),
                                   plot->meta.n_without_links);
    if (plot->kind == PLOT_CURVE && plot->curve.is_gathered)
        all[n_all++] = tr("gathered: the line is the mean, the band reaches from least to most");
    if (thinned_remark(plot) != NULL)
        all[n_all++] = thinned_remark(plot);
    return n < n_all ? all[n] : NULL;
}
