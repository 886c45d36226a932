/*
 * plot.c - see plot.h.
 */
#include "plot.h"

#include <math.h>
#include <string.h>

#define GROUP_WIDTH   172 /* pixels: name of the group, against what, bars, figures, space to the next panel */
#define AGAINST_WIDTH 62
#define CHART_WIDTH   330
#define RATIO_WIDTH   52
#define TEXT_WIDTH    196 /* with the ratio */
#define PANEL_WIDTH   (GROUP_WIDTH + AGAINST_WIDTH + CHART_WIDTH + TEXT_WIDTH)
#define MARGIN        24
#define HEAD_HEIGHT   120
#define BAR_PITCH     15
#define BAR_HEIGHT    10
#define GROUP_GAP     7
#define PANELS_MAX    8
#define DECADES_LEAST 1 /* on each side of 1 */
#define DECADES_MOST  5

#define COLOUR_TARGET "#2f8f6b"
#define COLOUR_PEER   "#2d6cb5"
#define COLOUR_WORSE  "#c8553d"
#define COLOUR_TIE    "#9aa0a6"

struct axis {
    int left, right; /* decades to the left and right of 1 */
};

static void put_text(FILE *out, double x, double y, const char *style, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
    for (; *text != '\0'; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(*text, out);
        }
    fputs("</text>\n", out);
}

static size_t panels_of(const struct plot_bar *bars, size_t n, const char *panels[PANELS_MAX])
{
    size_t n_panels = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_panels && strcmp(panels[k], bars[i].panel) != 0)
            k++;
        if (k == n_panels && n_panels < PANELS_MAX)
            panels[n_panels++] = bars[i].panel;
    }
    return n_panels;
}

static bool is_new_group(const struct plot_bar *bar, const struct plot_bar *last)
{
    return last == NULL || strcmp(bar->group, last->group) != 0;
}

static double panel_height(const struct plot_bar *bars, size_t n, const char *panel)
{
    const struct plot_bar *last = NULL;
    double height = 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(bars[i].panel, panel) != 0)
            continue;
        height += BAR_PITCH + (is_new_group(&bars[i], last) ? GROUP_GAP : 0);
        last = &bars[i];
    }
    return height;
}

static struct axis axis_of(const struct plot_bar *bars, size_t n)
{
    struct axis axis = {DECADES_LEAST, DECADES_LEAST};

    for (size_t i = 0; i < n; i++) {
        double decades = log10(bars[i].ratio);
        while (axis.right < decades && axis.right < DECADES_MOST)
            axis.right++;
        while (axis.left < -decades && axis.left < DECADES_MOST)
            axis.left++;
    }
    return axis;
}

/* Pixels from the left end of the axis; ratios beyond it end there. */
static double place_of(const struct axis *axis, double ratio)
{
    double decades = fmin(fmax(log10(ratio), -axis->left), axis->right);

    return CHART_WIDTH * (decades + axis->left) / (axis->left + axis->right);
}

static void put_grid(FILE *out, const struct axis *axis, double x, double height)
{
    for (int decade = -axis->left; decade <= axis->right; decade++) {
        double at = x + place_of(axis, pow(10, decade));
        char label[32];
        snprintf(label, sizeof label, decade < 0 ? "1/%.0f" : "%.0fx", pow(10, decade < 0 ? -decade : decade));
        put_text(out, at, HEAD_HEIGHT - 6, "class=\"axis\" text-anchor=\"middle\"", label);
        fprintf(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", at, HEAD_HEIGHT, at,
                HEAD_HEIGHT + height + GROUP_GAP, decade == 0 ? "#444444" : "#dddddd");
    }
}

static const char *colour_of(const struct plot_bar *bar)
{
    if (bar->is_tie)
        return COLOUR_TIE;
    if (bar->ratio < 1)
        return COLOUR_WORSE;
    return bar->is_target ? COLOUR_TARGET : COLOUR_PEER;
}

static void put_bar(FILE *out, const struct axis *axis, const struct plot_bar *bar, double x, double y)
{
    double from = place_of(axis, 1), to = place_of(axis, bar->ratio), chart = x + GROUP_WIDTH + AGAINST_WIDTH;
    char ratio[32];

    put_text(out, chart - 6, y + BAR_HEIGHT - 1, "class=\"against\" text-anchor=\"end\"", bar->against);
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", chart + fmin(from, to), y,
            fmax(fabs(to - from), 1), BAR_HEIGHT, colour_of(bar));
    snprintf(ratio, sizeof ratio, "%.*fx", bar->ratio >= 100 ? 0 : bar->ratio >= 0.1 ? 2 : 3, bar->ratio);
    put_text(out, chart + CHART_WIDTH + RATIO_WIDTH, y + BAR_HEIGHT - 1, "class=\"ratio\" text-anchor=\"end\"", ratio);
    put_text(out, chart + CHART_WIDTH + RATIO_WIDTH + 10, y + BAR_HEIGHT - 1, "class=\"figures\"", bar->text);
}

static void put_panel(FILE *out, const struct axis *axis, const struct plot_bar *bars, size_t n, const char *panel,
                      double x)
{
    const struct plot_bar *last = NULL;
    double y = HEAD_HEIGHT;

    put_text(out, x, HEAD_HEIGHT - 6, "class=\"panel\"", panel);
    put_grid(out, axis, x + GROUP_WIDTH + AGAINST_WIDTH, panel_height(bars, n, panel));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(bars[i].panel, panel) != 0)
            continue;
        if (is_new_group(&bars[i], last)) {
            y += GROUP_GAP;
            put_text(out, x, y + BAR_HEIGHT - 1, "class=\"group\"", bars[i].group);
        }
        put_bar(out, axis, &bars[i], x, y);
        y += BAR_PITCH;
        last = &bars[i];
    }
}

static void put_legend(FILE *out)
{
    static const struct {
        const char *colour, *text;
    } entries[] = {{COLOUR_TARGET, "target reached"},
                   {COLOUR_PEER, "better than the peer"},
                   {COLOUR_TIE, "a tie (within 1.5x)"},
                   {COLOUR_WORSE, "worse"}};
    double x = MARGIN;

    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        fprintf(out, "<rect x=\"%.1f\" y=\"78\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, entries[i].colour);
        put_text(out, x + 15, 87, "class=\"against\"", entries[i].text);
        x += 150;
    }
}

void plot_write(FILE *out, const char *title, const char *subtitle, const char *remark, const struct plot_bar *bars,
                size_t n)
{
    const char *panels[PANELS_MAX];
    size_t n_panels = panels_of(bars, n, panels);
    struct axis axis = axis_of(bars, n);
    double height = 0, width = 2 * MARGIN + (double)(n_panels > 0 ? n_panels : 1) * PANEL_WIDTH;

    for (size_t i = 0; i < n_panels; i++)
        height = fmax(height, panel_height(bars, n, panels[i]));
    height += HEAD_HEIGHT + MARGIN;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
            "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n",
            width, height, width, height);
    fputs("<style>.title{font-size:17px;font-weight:bold}.sub{font-size:11px;fill:#555555}.axis{font-size:10px;"
          "fill:#555555}.panel{font-size:12px;font-weight:bold}.group{font-size:12px;fill:#111111}.against{font-size:"
          "10px;fill:#444444}.ratio{font-size:10px;font-weight:bold;fill:#222222}.figures{font-size:10px;fill:#444444}<"
          "/style>\n",
          out);
    fprintf(out, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fcfcfa\"/>\n", width, height);
    put_text(out, MARGIN, 28, "class=\"title\"", title);
    put_text(out, MARGIN, 47, "class=\"sub\"", subtitle);
    put_text(out, MARGIN, 62, "class=\"sub\"", remark);
    put_legend(out);
    for (size_t i = 0; i < n_panels; i++)
        put_panel(out, &axis, bars, n, panels[i], MARGIN + (double)i * PANEL_WIDTH);
    fputs("</svg>\n", out);
}
