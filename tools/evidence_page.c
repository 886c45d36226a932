/*
 * evidence_page.c - see evidence_page.h. Plain HTML that needs nothing beside it and breaks well over pages of paper.
 */
#include "evidence_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot_svg.h"
#include "texts.h"

static const char STYLE[] =
    "<style>\n"
    "body { font: 14px/1.5 sans-serif; color: #1a1a1a; max-width: 1200px; margin: 24px auto; padding: 0 16px; }\n"
    "h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 24px 0 6px; page-break-after: avoid; }\n"
    "table { border-collapse: collapse; width: 100%; } tr { page-break-inside: avoid; }\n"
    "th, td { text-align: left; vertical-align: top; padding: 3px 10px 3px 0; border-bottom: 1px solid #dddddd; }\n"
    "th { color: #666666; font-weight: normal; } td.time { white-space: nowrap; }\n"
    "td.sum { font: 11px/1.4 monospace; word-break: break-all; max-width: 280px; color: #444444; }\n"
    "p.foot { color: #666666; margin-top: 24px; } svg { max-width: 100%; height: auto; }\n"
    "</style>\n";

/* Headings by the name of the part. */
static const struct {
    const char *part, *heading;
} HEADINGS[] = {{"alarm", "The alarm"},      {"rule", "The rule"},        {"holds", "Whether it holds"},
                {"band", "Limits in force"}, {"link", "Who serves whom"}, {"order", "Orders"},
                {"exemption", "Exemptions"}, {"state", "States"},         {"chunk", "Rows that were read"},
                {"act", "What was done"}};

void evidence_page_init(struct evidence_page *page, gk_session *session, int32_t zone_s)
{
    *page = (struct evidence_page){.session = session, .zone_s = zone_s};
    output_init(&page->body, -1);
}

void evidence_page_clear(struct evidence_page *page)
{
    output_clear(&page->body);
    free(page->question);
    free(page->cause);
    page->question = page->cause = NULL;
}

static const char *text_of(const struct gk_value *value)
{
    return value->type == GK_TYPE_TEXT ? value->as.text.bytes : "";
}

static void put_escaped(struct output *out, const char *text)
{
    svg_escape(out, text, strlen(text));
}

static void put_cell(struct output *out, const char *style, const char *text)
{
    output_format(out, "<td%s>", style);
    put_escaped(out, text);
    output_text(out, "</td>");
}

static void put_time(const struct evidence_page *page, struct output *out, const struct gk_value *value)
{
    char text[GK_TIME_TEXT_MAX] = "";

    if (value->type == GK_TYPE_TIME)
        (void)gk_time_format(value->as.time, page->zone_s, text); /* the length is not needed */
    put_cell(out, " class=\"time\"", text);
}

/* Gaps stand among the states. */
static void begin_part(struct evidence_page *page, const char *part)
{
    const char *heading = part;

    if (strcmp(part, "gap") == 0)
        part = "state";
    if (strcmp(part, "compared") == 0)
        part = "holds"; /* the days stand below their number */
    if (strcmp(page->part, part) == 0)
        return;
    if (page->part[0])
        output_text(&page->body, "</table>\n");
    if (strcmp(part, "holds") == 0)
        page->picture_at = page->body.n;
    for (size_t i = 0; i < sizeof HEADINGS / sizeof HEADINGS[0]; i++)
        if (strcmp(HEADINGS[i].part, part) == 0)
            heading = tr(HEADINGS[i].heading);
    output_text(&page->body, "<h2>");
    put_escaped(&page->body, heading);
    output_text(&page->body, "</h2>\n<table>\n");
    (void)snprintf(page->part, sizeof page->part, "%s", part);
}

static char *keep(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = tool_resize(NULL, size, 1);

    memcpy(copy, text, size);
    return copy;
}

void evidence_page_row(struct evidence_page *page, const gk_query *query)
{
    const char *part = text_of(gk_query_value(query, 0)), *item = text_of(gk_query_value(query, 1));
    const char *detail = text_of(gk_query_value(query, 4)), *sum = text_of(gk_query_value(query, 5));
    struct output *out = &page->body;

    if (strcmp(part, "rule") == 0 && strcmp(item, "as a question") == 0 && !page->question)
        page->question = keep(detail);
    if (strcmp(part, "alarm") == 0 && strcmp(item, "cause") == 0 && !page->cause)
        page->cause = keep(detail);
    begin_part(page, part);
    output_text(out, "<tr>");
    put_cell(out, "", gk_session_text(page->session, item));
    put_time(page, out, gk_query_value(query, 2));
    put_time(page, out, gk_query_value(query, 3));
    put_cell(out, "", gk_session_text(page->session, detail));
    put_cell(out, " class=\"sum\"", sum);
    output_text(out, "</tr>\n");
}

void evidence_page_write(struct evidence_page *page, uint64_t alarm, const struct gk_query_meta *meta,
                         const struct gk_store_info *info, const struct output *picture, struct output *out)
{
    size_t at = page->picture_at ? page->picture_at : page->body.n;
    char now[GK_TIME_TEXT_MAX], until[GK_TIME_TEXT_MAX];

    (void)gk_time_format(meta->now, page->zone_s, now); /* the lengths are not needed */
    (void)gk_time_format(meta->watermark, page->zone_s, until);
    output_format(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
                  texts_chosen());
    output_format(out, tr("Evidence of alarm %llu"), (unsigned long long)alarm);
    output_text(out, "</title>\n");
    output_text(out, STYLE);
    output_text(out, "</head>\n<body>\n<h1>");
    output_format(out, tr("Evidence of alarm %llu"), (unsigned long long)alarm);
    output_text(out, "</h1>\n<p>");
    put_escaped(out, page->cause ? page->cause : "");
    output_text(out, "</p>\n");
    output_bytes(out, page->body.bytes, at);
    output_bytes(out, picture->bytes, picture->n);
    output_bytes(out, page->body.bytes + at, page->body.n - at);
    output_text(out, "</table>\n<p class=\"foot\">");
    output_format(out, tr("Made at %s by gk %s of store %s; data until %s. gk verify tests the chain of hashes."), now,
                  gk_version(), info->uuid, meta->watermark == GK_TIME_MIN ? "-" : until);
    output_text(out, "</p>\n</body>\n</html>\n");
}
