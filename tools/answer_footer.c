/*
 * answer_footer.c - gk_query_meta in words and as JSON.
 */
#include "answer_footer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "texts.h"
#include "tool.h"
#include "width.h"

#define FOOTER_INDENT 11 /* the names of the lines stand in a column */

static void begin_line(struct output *out, const char *name, const struct footer_style *style)
{
    size_t width;

    name = tr(name);
    width = text_width(name, strlen(name));
    if (style->is_markdown)
        output_format(out, "- %s: ", name);
    else
        output_format(out, "%s%*s", name, width < FOOTER_INDENT ? (int)(FOOTER_INDENT - width) : 1, "");
}

static void put_number(struct output *out, double value)
{
    char text[NUMBER_TEXT_MAX];

    output_bytes(out, text, number_format(value, text));
}

static void put_zone(struct output *out, int32_t zone_s)
{
    int minutes = abs(zone_s) / 60;

    output_format(out, "%c%02d:%02d", zone_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void window_lines(struct output *out, const struct gk_query_meta *meta, const struct footer_style *style)
{
    if (meta->has_window) {
        begin_line(out, "window", style);
        output_time(out, meta->from, style->zone_s, style->is_epoch);
        output_text(out, tr(" to "));
        output_time(out, meta->to, style->zone_s, style->is_epoch);
        output_text(out, "\n");
    }
    if (meta->watermark != GK_TIME_MIN) {
        begin_line(out, "data until", style);
        output_time(out, meta->watermark, style->zone_s, style->is_epoch);
        output_text(out, "\n");
    }
}

static void doubt_lines(struct output *out, const struct gk_query_meta *meta, const struct footer_style *style)
{
    char seconds[NUMBER_TEXT_MAX];

    if (!isnan(meta->nodata_share) && meta->n_subjects > 0) {
        begin_line(out, "no data", style);
        if (meta->n_subjects == 1)
            output_format(out, tr("%.2f %% of the time of 1 subject\n"), 100 * meta->nodata_share);
        else
            output_format(out, tr("%.2f %% of the time of %" PRIu64 " subjects\n"), 100 * meta->nodata_share,
                          meta->n_subjects);
    }
    if (meta->has_possible && meta->n_possible > 0) {
        begin_line(out, "possible", style);
        (void)number_format(meta->possible_s, seconds);
        if (meta->possible_s > 0)
            output_format(out, tr("%" PRIu64 " more, %s s, cannot be excluded: the meters were silent\n"),
                          meta->n_possible, seconds);
        else /* names, or moments */
            output_format(out, tr("%" PRIu64 " more cannot be excluded: the meters were silent\n"), meta->n_possible);
    }
    if (meta->n_without_links > 0) {
        begin_line(out, "no links", style);
        if (meta->n_subjects == 1)
            output_format(out, tr("%" PRIu64 " of 1 subject has nothing to compare with\n"), meta->n_without_links);
        else
            output_format(out, tr("%" PRIu64 " of %" PRIu64 " subjects have nothing to compare with\n"),
                          meta->n_without_links, meta->n_subjects);
    }
}

static void row_line(struct output *out, const struct gk_query_meta *meta, const struct footer_style *style)
{
    if (style->is_markdown) {
        output_text(out, "\n");
        begin_line(out, "rows", style);
        output_format(out, "%" PRIu64 "\n", meta->n_rows);
    } else if (meta->n_rows == 1) {
        output_text(out, tr("(1 row)\n"));
    } else {
        output_format(out, tr("(%" PRIu64 " rows)\n"), meta->n_rows);
    }
    if (meta->is_cut) {
        begin_line(out, "left out", style);
        output_format(out, tr("there are more than these %" PRIu64 " rows: %s N, or 0 for all\n"), meta->n_rows,
                      style->limit_option);
    }
}

void footer_text(struct output *out, const struct gk_query_meta *meta, const struct footer_style *style)
{
    row_line(out, meta, style);
    window_lines(out, meta, style);
    doubt_lines(out, meta, style);
    for (size_t i = 0; i < meta->n_notes; i++) {
        begin_line(out, "note", style);
        output_shown(out, meta->notes[i], strlen(meta->notes[i]));
        output_text(out, "\n");
    }
}

/* ---- JSON ---- */

static const char *type_name(enum gk_type type)
{
    static const char *const names[] = {"empty", "text", "time", "seconds", "number", "count", "share", "truth"};

    return (size_t)type < sizeof names / sizeof *names ? names[type] : "empty";
}

static void json_time(struct output *out, const char *key, gk_time time, int32_t zone_s, bool is_epoch)
{
    const char *quote = is_epoch ? "" : "\"";

    output_format(out, "\"%s\": %s", key, time != GK_TIME_MIN ? quote : "null");
    if (time != GK_TIME_MIN)
        output_time(out, time, zone_s, is_epoch);
    output_text(out, time != GK_TIME_MIN ? quote : "");
    output_text(out, ", ");
}

static void json_number(struct output *out, const char *key, double value)
{
    output_format(out, "\"%s\": %s", key, isfinite(value) ? "" : "null");
    if (isfinite(value))
        put_number(out, value);
    output_text(out, ", ");
}

static void json_columns(struct output *out, const gk_query *query)
{
    output_text(out, "\"columns\": [");
    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const struct gk_column *column = gk_query_column(query, i);

        output_text(out, i > 0 ? ", {\"name\": " : "{\"name\": ");
        output_json(out, column->name, strlen(column->name));
        output_format(out, ", \"type\": \"%s\"}", type_name(column->type));
    }
    output_text(out, "]");
}

void footer_json(struct output *out, const gk_query *query, const struct gk_query_meta *meta, int32_t zone_s,
                 bool is_epoch)
{
    output_text(out, "{");
    json_time(out, "from", meta->has_window ? meta->from : GK_TIME_MIN, zone_s, is_epoch);
    json_time(out, "to", meta->has_window ? meta->to : GK_TIME_MIN, zone_s, is_epoch);
    output_text(out, "\"zone\": \"");
    put_zone(out, zone_s);
    output_text(out, "\", ");
    json_time(out, "now", meta->now, zone_s, is_epoch);
    json_time(out, "watermark", meta->watermark, zone_s, is_epoch);
    output_format(out, "\"n_rows\": %" PRIu64 ", \"is_cut\": %s, \"n_possible\": %" PRIu64 ", ", meta->n_rows,
                  meta->is_cut ? "true" : "false", meta->n_possible);
    json_number(out, "possible_s", meta->possible_s);
    json_number(out, "nodata_share", meta->nodata_share);
    output_format(out, "\"n_subjects\": %" PRIu64 ", \"n_without_links\": %" PRIu64 ", \"notes\": [", meta->n_subjects,
                  meta->n_without_links);
    for (size_t i = 0; i < meta->n_notes; i++) {
        output_text(out, i > 0 ? ", " : "");
        output_json(out, meta->notes[i], strlen(meta->notes[i]));
    }
    output_text(out, "], ");
    json_columns(out, query);
    output_text(out, "}");
}

void footer_warnings(const struct gk_query_meta *meta, const char *limit_option)
{
    if (meta->is_cut)
        say("query", "warning: cut at %" PRIu64 " rows; %s N shows more, 0 all", meta->n_rows, limit_option);
    if (meta->n_without_links > 0)
        say("query", "warning: %" PRIu64 " of %" PRIu64 " subjects have nothing to compare with", meta->n_without_links,
            meta->n_subjects);
}
