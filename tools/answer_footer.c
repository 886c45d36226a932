/*
 * answer_footer.c - gk_query_meta in words and as JSON.
 */
#include "answer_footer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define FOOTER_INDENT 11 /* the names of the lines stand in a column */

static void begin_line(struct output *out, const char *name, bool is_markdown)
{
    if (is_markdown)
        output_format(out, "- %s: ", name);
    else
        output_format(out, "%-*s", FOOTER_INDENT, name);
}

static void put_time(struct output *out, gk_time time, int32_t zone_s)
{
    char text[GK_TIME_TEXT_MAX];

    output_bytes(out, text, gk_time_format(time, zone_s, text));
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

static const char *plural(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

static void window_lines(struct output *out, const struct gk_query_meta *meta, int32_t zone_s, bool is_markdown)
{
    if (meta->has_window) {
        begin_line(out, "window", is_markdown);
        put_time(out, meta->from, zone_s);
        output_text(out, " to ");
        put_time(out, meta->to, zone_s);
        output_text(out, "\n");
    }
    if (meta->watermark != GK_TIME_MIN) {
        begin_line(out, "data until", is_markdown);
        put_time(out, meta->watermark, zone_s);
        output_text(out, "\n");
    }
}

static void doubt_lines(struct output *out, const struct gk_query_meta *meta, bool is_markdown)
{
    if (!isnan(meta->nodata_share) && meta->n_subjects > 0) {
        begin_line(out, "no data", is_markdown);
        output_format(out, "%.2f %% of the time of %" PRIu64 " %s\n", 100 * meta->nodata_share, meta->n_subjects,
                      plural(meta->n_subjects, "subject", "subjects"));
    }
    if (meta->has_possible && meta->n_possible > 0) {
        begin_line(out, "possible", is_markdown);
        output_format(out, "%" PRIu64 " more, ", meta->n_possible);
        put_number(out, meta->possible_s);
        output_text(out, " s, cannot be excluded: the meters were silent\n");
    }
    if (meta->n_without_links > 0) {
        begin_line(out, "no links", is_markdown);
        output_format(out, "%" PRIu64 " of %" PRIu64 " %s %s nothing to compare with\n", meta->n_without_links,
                      meta->n_subjects, plural(meta->n_subjects, "subject", "subjects"),
                      plural(meta->n_without_links, "has", "have"));
    }
}

void footer_text(struct output *out, const struct gk_query_meta *meta, int32_t zone_s, bool is_markdown)
{
    output_text(out, is_markdown ? "\n" : "");
    if (is_markdown)
        begin_line(out, "rows", true);
    output_format(out, is_markdown ? "%" PRIu64 "%s\n" : "(%" PRIu64 " %s)\n", meta->n_rows,
                  is_markdown ? "" : plural(meta->n_rows, "row", "rows"));
    if (meta->is_cut) {
        begin_line(out, "cut", is_markdown);
        output_format(out, "there are more than these %" PRIu64 " rows: --max-rows N, or 0 for all\n", meta->n_rows);
    }
    window_lines(out, meta, zone_s, is_markdown);
    doubt_lines(out, meta, is_markdown);
    for (size_t i = 0; i < meta->n_notes; i++) {
        begin_line(out, "note", is_markdown);
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

static void json_time(struct output *out, const char *key, bool is_there, gk_time time, int32_t zone_s)
{
    output_format(out, "\"%s\": %s", key, is_there ? "\"" : "null");
    if (is_there)
        put_time(out, time, zone_s);
    output_text(out, is_there ? "\", " : ", ");
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

void footer_json(struct output *out, const gk_query *query, const struct gk_query_meta *meta, int32_t zone_s)
{
    output_text(out, "{");
    json_time(out, "from", meta->has_window, meta->from, zone_s);
    json_time(out, "to", meta->has_window, meta->to, zone_s);
    output_text(out, "\"zone\": \"");
    put_zone(out, zone_s);
    output_text(out, "\", ");
    json_time(out, "now", true, meta->now, zone_s);
    json_time(out, "watermark", meta->watermark != GK_TIME_MIN, meta->watermark, zone_s);
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

void footer_warnings(const struct gk_query_meta *meta)
{
    if (meta->is_cut)
        say("query", "warning: cut at %" PRIu64 " rows; --max-rows N shows more, 0 all", meta->n_rows);
    if (meta->n_without_links > 0)
        say("query", "warning: %" PRIu64 " of %" PRIu64 " subjects have nothing to compare with", meta->n_without_links,
            meta->n_subjects);
}
