/*
 * plot_blocks.c - the frame in a terminal, the axis of time, and lanes.
 *
 *     P1E01 · P1E01L1
 *       ▪ press     ▁▁▁▁▁▁▆▆▆▆▆▆▃▃▆▆▆▆▁▁▁
 *                           ━━━              1×  31m
 *       ● fan       ▁▁▁▁▁▆▆▆▁▁▁▆▆▆▆▆▆▆▁▁▁
 */
#include "plot_blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "option.h"
#include "texts.h"
#include "width.h"

#define SUM_COLUMNS 15

size_t plot_terminal_columns(int fd)
{
    struct winsize size = {0};
    const char *text = getenv("COLUMNS");
    uint64_t n = 0;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        n = size.ws_col;
    else if (text == NULL || !text_to_count(text, &n) || n == 0)
        n = PLOT_COLUMNS_DEFAULT;
    return n < PLOT_COLUMNS_MIN ? PLOT_COLUMNS_MIN : n > PLOT_COLUMNS_MAX ? PLOT_COLUMNS_MAX : (size_t)n;
}

/* ---- characters ---- */

static void switch_colour(struct blocks *blocks, enum blocks_colour colour)
{
    static const char *const codes[] = {"\x1b[0m",    "\x1b[0;1m",  "\x1b[0;2m",  "\x1b[0;1;31m",
                                        "\x1b[0;34m", "\x1b[0;36m", "\x1b[0;35m", "\x1b[0;33m"};

    if (blocks->has_colours && colour != blocks->colour)
        output_text(blocks->out, codes[colour]);
    blocks->colour = colour;
}

static void put(struct blocks *blocks, enum blocks_colour colour, const char *text, size_t size)
{
    if (size == 0)
        return;
    for (; blocks->n_spaces > 0; blocks->n_spaces--)
        output_text(blocks->out, " ");
    switch_colour(blocks, colour);
    output_bytes(blocks->out, text, size);
    blocks->at += text_width(text, size);
}

void blocks_put(struct blocks *blocks, enum blocks_colour colour, const char *text)
{
    if (strcmp(text, " ") == 0)
        blocks_space(blocks, 1);
    else
        put(blocks, colour, text, strlen(text));
}

void blocks_end_line(struct blocks *blocks)
{
    blocks->n_spaces = 0;
    put(blocks, BLOCKS_PLAIN, "\n", 1);
    blocks->at = 0;
}

void blocks_space(struct blocks *blocks, size_t n)
{
    blocks->n_spaces += n;
    blocks->at += n;
}

/* The bytes of a shown text that fit into n columns. */
static size_t fitting(const char *text, size_t size, size_t n)
{
    size_t at = 0, width = 0;

    while (at < size) {
        uint32_t code;
        size_t length = utf8_next(text + at, size - at, &code);

        width += (size_t)code_width(code == UTF8_BAD ? '?' : code);
        if (width > n)
            break;
        at += length;
    }
    return at;
}

void blocks_field(struct blocks *blocks, enum blocks_colour colour, const char *text, size_t n, bool is_right)
{
    struct output shown;
    size_t width;
    bool is_cut;

    output_init(&shown, -1);
    output_shown(&shown, text, strlen(text));
    width = text_width(shown.bytes, shown.n);
    is_cut = width > n && n > 0;
    if (is_cut) {
        shown.n = fitting(shown.bytes, shown.n, n - 1);
        width = text_width(shown.bytes, shown.n) + 1;
    }
    if (is_right && n > width)
        blocks_space(blocks, n - width);
    put(blocks, colour, shown.bytes, shown.n);
    put(blocks, colour, "…", is_cut ? strlen("…") : 0);
    if (!is_right && n > width)
        blocks_space(blocks, n - width);
    output_clear(&shown);
}

const char *blocks_state_glyph(enum gk_state state)
{
    static const char *const glyphs[PLOT_STATES] = {"·", "▁", "▃", "▆", "█"};

    return glyphs[state];
}

static enum blocks_colour state_colour(enum gk_state state)
{
    static const enum blocks_colour colours[PLOT_STATES] = {BLOCKS_DIM, BLOCKS_DIM, BLOCKS_CYAN, BLOCKS_BLUE,
                                                            BLOCKS_MAGENTA};

    return colours[state];
}

void blocks_state(struct blocks *blocks, enum gk_state state)
{
    blocks_put(blocks, state_colour(state), blocks_state_glyph(state));
}

enum gk_state *blocks_states(struct blocks *blocks, const struct plot_run *runs, size_t n_runs, size_t n)
{
    const struct plot *plot = blocks->plot;
    enum gk_state *states = plot_take(&blocks->plot->memory, n, sizeof *states);

    for (size_t i = 0, at = 0; i < n; i++)
        states[i] = plot_longest_state(runs, n_runs, &at, plot_cell_begin(plot, i, n), plot_cell_begin(plot, i + 1, n));
    return states;
}

size_t blocks_label_width(const struct blocks *blocks, size_t widest, size_t least)
{
    size_t most = blocks->n_columns / 3;

    return widest < least ? least : widest > most ? most : widest;
}

/* ---- the axis ---- */

/* A line of n columns in which texts are put where nothing is yet. */
struct ruler {
    char *cells; /* a byte a column: axis labels are short, and wide characters take two */
    const char **texts;
    size_t n;
};

static struct ruler ruler_new(struct blocks *blocks, size_t n)
{
    return (struct ruler){plot_take(&blocks->plot->memory, n, 1), plot_take(&blocks->plot->memory, n, sizeof(char *)),
                          n};
}

/* False when there is no room for it and a space beside it. */
static bool ruler_put(struct ruler *ruler, size_t at, const char *text)
{
    size_t width = text_width(text, strlen(text));

    if (at + width > ruler->n)
        return false;
    for (size_t i = at > 0 ? at - 1 : 0; i < at + width + 1 && i < ruler->n; i++)
        if (ruler->cells[i])
            return false;
    memset(ruler->cells + at, 1, width);
    ruler->texts[at] = text;
    return true;
}

static void ruler_write(struct blocks *blocks, const struct ruler *ruler, size_t indent)
{
    size_t last = 0;

    for (size_t i = 0; i < ruler->n; i++)
        last = ruler->texts[i] != NULL ? i + 1 : last;
    blocks_space(blocks, indent);
    for (size_t i = 0; i < last;) {
        if (ruler->texts[i] != NULL) {
            blocks_put(blocks, BLOCKS_DIM, ruler->texts[i]);
            i += text_width(ruler->texts[i], strlen(ruler->texts[i]));
        } else {
            blocks_space(blocks, 1);
            i++;
        }
    }
    blocks_end_line(blocks);
}

void blocks_axis(struct blocks *blocks, size_t indent, size_t n)
{
    struct plot *plot = blocks->plot;
    struct plot_axis axis = {plot->from, plot->to, 0, (double)n, plot->zone_s, blocks->is_chinese};
    struct ruler days = ruler_new(blocks, n), times = ruler_new(blocks, n);
    struct plot_ticks *ticks = plot_take(&plot->memory, 1, sizeof *ticks);

    plot_time_ticks(&axis, n / (plot->to - plot->from < 20 * GK_SECOND ? 14 : 8), ticks);
    for (size_t i = 0; i < ticks->n_spans; i++)
        for (size_t k = 0; k < PLOT_SPAN_LABELS; k++) {
            size_t at = (size_t)plot_axis_place(&axis, ticks->spans[i].from);
            size_t to = (size_t)plot_axis_place(&axis, ticks->spans[i].to);
            const char *label = ticks->spans[i].labels[k];

            if (*label != '\0' && text_width(label, strlen(label)) < to - at && ruler_put(&days, at, label))
                break;
        }
    for (size_t i = 0; i < ticks->n_ticks; i++) /* the first column of a label is its time */
        (void)ruler_put(&times, (size_t)plot_axis_place(&axis, ticks->ticks[i].time), ticks->ticks[i].label);
    if (ticks->n_spans > 0)
        ruler_write(blocks, &days, indent);
    ruler_write(blocks, &times, indent);
}

/* ---- lanes ---- */

struct layout {
    size_t label, n; /* columns of names, of time */
};

static size_t cell_of(const struct plot *plot, gk_time time, size_t n)
{
    double at = (double)(time - plot->from) / (double)(plot->to - plot->from) * (double)n;

    return at <= 0 ? 0 : at >= (double)n ? n - 1 : (size_t)at;
}

/* The cells a stretch touches, at least one; certain ones win. */
static void put_marks(struct blocks *blocks, const struct layout *layout, const struct plot_lane *lane)
{
    char *cells = plot_take(&blocks->plot->memory, layout->n, 1);
    char time[PLOT_LABEL_MAX];
    bool is_certain = lane->n_certain > 0, has_time = lane->certain_s + lane->possible_s > 0;

    for (size_t i = 0; i < lane->n_marks; i++) {
        const struct plot_mark *mark = &lane->marks[i];
        size_t from = cell_of(blocks->plot, mark->from, layout->n);
        size_t to = cell_of(blocks->plot, mark->to > mark->from ? mark->to - 1 : mark->to, layout->n);

        for (size_t k = from; k <= to; k++)
            if (mark->is_certain || cells[k] == 0)
                cells[k] = mark->is_certain ? 2 : 1;
    }
    for (size_t i = 0; i < layout->n; i++)
        blocks_put(blocks, cells[i] > 0 ? BLOCKS_RED : BLOCKS_PLAIN, cells[i] == 2 ? "━" : cells[i] == 1 ? "╌" : " ");
    plot_value_text(GK_TYPE_SECONDS, is_certain ? lane->certain_s : lane->possible_s, blocks->is_chinese, time);
    blocks_space(blocks, 2);
    blocks_put(blocks, is_certain ? BLOCKS_RED : BLOCKS_DIM,
               plot_printf(&blocks->plot->memory, is_certain ? "%zu×%s%s" : "(%zu×%s%s)",
                           is_certain ? lane->n_certain : lane->n_marks, has_time ? " " : "", has_time ? time : ""));
    blocks_end_line(blocks);
}

static double shown_width(const char *text)
{
    return (double)text_width(text, strlen(text));
}

static void put_lane(struct blocks *blocks, const struct layout *layout, const struct plot_lane *lane)
{
    static const char *const roles[] = {"◆", "▪", "●"};
    bool is_site = lane->facility == GK_ID_NONE;
    const enum gk_state *states;

    if (lane->is_subject && !is_site) {
        blocks_space(blocks, layout->label + 1);
        put_marks(blocks, layout, lane);
    }
    blocks_space(blocks, 1);
    blocks_put(blocks, BLOCKS_DIM, is_site ? " " : roles[lane->role]);
    blocks_space(blocks, 1);
    blocks_field(blocks, lane->is_subject ? BLOCKS_BOLD : BLOCKS_PLAIN,
                 plot_tail(&blocks->plot->memory, lane->name, (double)layout->label - 3, shown_width),
                 layout->label - 3, false);
    blocks_space(blocks, 1);
    if (is_site) {
        put_marks(blocks, layout, lane);
        return;
    }
    states = blocks_states(blocks, lane->runs, lane->n_runs, layout->n);
    for (size_t i = 0; i < layout->n; i++)
        blocks_state(blocks, states[i]);
    blocks_end_line(blocks);
}

static void put_covers(struct blocks *blocks, const struct layout *layout, const struct plot_group *group)
{
    for (int is_exempt = 0; is_exempt < 2; is_exempt++) {
        char *cells = plot_take(&blocks->plot->memory, layout->n, 1);
        bool has = false;

        for (size_t i = 0; i < group->n_covers; i++)
            if (group->covers[i].is_exempt == (is_exempt == 1) && group->covers[i].to > group->covers[i].from) {
                size_t to = cell_of(blocks->plot, group->covers[i].to - 1, layout->n);

                for (size_t k = cell_of(blocks->plot, group->covers[i].from, layout->n); k <= to; k++)
                    cells[k] = 1;
                has = true;
            }
        if (!has)
            continue;
        blocks_space(blocks, 3);
        blocks_field(blocks, BLOCKS_DIM, tr(is_exempt ? "exempt" : "order"), layout->label - 3, false);
        blocks_space(blocks, 1);
        for (size_t i = 0; i < layout->n; i++)
            blocks_put(blocks, BLOCKS_MAGENTA, cells[i] ? "▔" : " ");
        blocks_end_line(blocks);
    }
}

void blocks_timeline(struct blocks *blocks)
{
    const struct plot_timeline *timeline = &blocks->plot->timeline;
    struct layout layout;
    size_t widest = 0;

    for (size_t i = 0; i < timeline->n_lanes; i++) {
        size_t width = text_width(timeline->lanes[i].name, strlen(timeline->lanes[i].name)) + 3;

        widest = width > widest ? width : widest;
    }
    layout.label = blocks_label_width(blocks, widest, 10);
    layout.n = blocks->n_columns - layout.label - 1 - SUM_COLUMNS;
    blocks->plot->n_cells = layout.n;
    blocks_axis(blocks, layout.label + 1, layout.n);
    for (size_t i = 0; i < timeline->n_groups; i++) {
        const struct plot_group *group = &timeline->groups[i];

        if (*group->name != '\0') {
            blocks_field(blocks, BLOCKS_DIM, group->name, blocks->n_columns / 2, false);
            blocks_end_line(blocks);
        }
        put_covers(blocks, &layout, group);
        for (size_t k = 0; k < group->n; k++)
            put_lane(blocks, &layout, &timeline->lanes[group->first + k]);
    }
}

/* ---- the frame ---- */

void blocks_legend(struct blocks *blocks, enum blocks_colour colour, const char *glyph, const char *english)
{
    const char *word = tr(english);

    if (blocks->at + text_width(glyph, strlen(glyph)) + 1 + text_width(word, strlen(word)) > blocks->n_columns)
        blocks_end_line(blocks);
    blocks_put(blocks, colour, glyph);
    blocks_space(blocks, 1);
    blocks_put(blocks, BLOCKS_DIM, word);
    blocks_space(blocks, 2);
}

static void put_states_legend(struct blocks *blocks)
{
    static const enum gk_state order[PLOT_STATES] = {GK_ON, GK_OVERLOAD, GK_IDLE, GK_OFF, GK_NODATA};
    static const char *const words[PLOT_STATES] = {"no data", "off", "idle", "on", "overload"};

    for (size_t i = 0; i < PLOT_STATES; i++) {
        blocks_legend(blocks, state_colour(order[i]), blocks_state_glyph(order[i]), words[order[i]]);
    }
}

static void put_legend(struct blocks *blocks)
{
    const struct plot *plot = blocks->plot;

    switch (plot->kind) {
    case PLOT_TIMELINE:
        blocks_legend(blocks, BLOCKS_RED, "━", "certain");
        if (plot->timeline.n_certain < plot->timeline.n_marks)
            blocks_legend(blocks, BLOCKS_RED, "╌", "only possible");
        put_states_legend(blocks);
        break;
    case PLOT_CURVE:
        blocks_legend(blocks, BLOCKS_BLUE, "█", plot->curve.has_doubt ? "certain" : "avg");
        blocks_legend(blocks, BLOCKS_DIM, "░", plot->curve.has_doubt ? "only possible" : "max");
        if (plot->curve.has_states)
            put_states_legend(blocks);
        break;
    case PLOT_HEAT:
        blocks_heat_legend(blocks);
        break;
    case PLOT_BARS:
        if (plot->bars.has_possible) {
            blocks_legend(blocks, BLOCKS_BLUE, "█", "certain");
            blocks_legend(blocks, BLOCKS_DIM, "░", "only possible");
        }
        break;
    case PLOT_BOARD:
        put_states_legend(blocks);
        break;
    case PLOT_KINDS:
        break;
    }
    if (blocks->at > 0)
        blocks_end_line(blocks);
}

static void put_head(struct blocks *blocks)
{
    const char *window = plot_window_text(blocks->plot), *doubt = plot_doubt_text(blocks->plot);

    blocks_field(blocks, BLOCKS_BOLD, blocks->plot->title, blocks->n_columns, false);
    blocks_end_line(blocks);
    if (*window != '\0') {
        blocks_put(blocks, BLOCKS_DIM, window);
        blocks_end_line(blocks);
    }
    if (blocks->plot->kind == PLOT_TIMELINE) {
        blocks_put(blocks, BLOCKS_DIM, plot_summary_text(blocks->plot));
        if (*doubt != '\0')
            blocks_put(blocks, BLOCKS_DIM, " · ");
        else
            blocks_end_line(blocks);
    }
    if (*doubt != '\0') {
        blocks_put(blocks, BLOCKS_DIM, doubt);
        blocks_end_line(blocks);
    }
    blocks_end_line(blocks);
}

void plot_blocks_write(struct plot *plot, size_t n_columns, bool has_colours, struct output *out)
{
    static void (*const kinds[PLOT_KINDS])(struct blocks *) = {blocks_timeline, blocks_curve, blocks_heat, blocks_bars,
                                                               blocks_board};
    struct blocks blocks = {
        .out = out, .plot = plot, .n_columns = n_columns, .has_colours = has_colours, .is_chinese = plot->is_chinese};
    const char *remark;

    put_head(&blocks);
    if (plot->table.n_rows == 0) {
        blocks_put(&blocks, BLOCKS_PLAIN, tr("nothing to draw: the answer has no rows"));
        blocks_end_line(&blocks);
        return;
    }
    kinds[plot->kind](&blocks);
    blocks_end_line(&blocks);
    put_legend(&blocks);
    for (size_t i = 0; (remark = plot_remark(plot, i)) != NULL; i++) {
        blocks_put(&blocks, BLOCKS_YELLOW, remark);
        blocks_end_line(&blocks);
    }
}
