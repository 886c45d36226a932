/*
 * cmd_plot.c - gk plot: a statement in, a picture out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk_query.h"
#include "interrupt.h"
#include "option.h"
#include "output.h"
#include "plot.h"
#include "plot_blocks.h"
#include "plot_svg.h"
#include "progress.h"
#include "texts.h"
#include "tool.h"

static const char help[] =
    "gk plot STORE 'TEXT' [-o FILE.svg] [OPTION...]\n"
    "\n"
    "Draws the answer of a statement (docs/QUERY.md), as SVG into a file, or in blocks on the terminal:\n"
    "  when ...                        lanes: states of the subjects and of the relatives the statement speaks of,\n"
    "                                  with the stretches of the answer over them\n"
    "  samples of ..., avg, min, max   curves with bands from min to max, states behind them; silence is a gap\n"
    "    of ... by facility every 5m\n"
    "  ... by enterprise, day          a heat map\n"
    "  ... by enterprise               bars\n"
    "  state of ... at TIME            a board: every facility, counted by state\n"
    "What is certain is solid, what is only possible is hatched. TEXT may begin with definitions.\n"
    "\n"
    "  -o, --output FILE  write SVG to FILE, - for standard output; without it blocks are drawn\n"
    "  --width N          of the picture in pixels (1200), or in columns of the terminal\n"
    "  --height N         in pixels; as much as is needed\n"
    "  --title TEXT       instead of the statement\n"
    "  --lang LANG        en or zh, else by the locale\n"
    "  --as KIND          an aggregate over time as curve or heat, instead of what is usual for it\n"
    "  --value COLUMN     the value to draw, of an answer with several\n"
    "  --max-lanes N      lanes, panels, rows or sites to draw at most (60); the picture says what was left off\n"
    "  --now TIME         the clock of `last 24h`, `today`, instead of the system's\n"
    "  --timeout TIME     stop after that time, 0: never (30s)\n"
    "\n"
    "Exit status: 0 there were rows, 1 there were none (the picture says so), 2 the text could not be understood or\n"
    "its answer cannot be drawn, 3 the store or the file failed, or a limit stopped the statement.\n"
    "\n"
    "  gk plot zone.gk 'when abatement offline while production running for >= 10m last 24h' -o day.svg\n"
    "  gk plot zone.gk \"avg, min, max of power of facility 'F12' every 5m today\"\n"
    "  gk plot zone.gk 'share of production running by enterprise, day last month' -o month.svg --lang zh\n";

static const char help_zh[] =
    "gk plot STORE 'TEXT' [-o FILE.svg] [OPTION...]\n"
    "\n"
    "把语句（docs/QUERY.md）的结果画成图：写成 SVG 文件，或在终端用字符画出：\n"
    "  when ...                        泳道：主体及语句涉及的关联设施的状态，上面标出结果的各段\n"
    "  samples of ..., avg, min, max   曲线，最小至最大为阴影，背后是状态；没有数据处断开\n"
    "    of ... by facility every 5m\n"
    "  ... by enterprise, day          热力图\n"
    "  ... by enterprise               条形图\n"
    "  state of ... at TIME            看板：每台设施一格，按状态计数\n"
    "确定的实心，仅可能的画斜线。TEXT 可以先写定义。\n"
    "\n"
    "  -o, --output FILE  把 SVG 写到 FILE，- 为标准输出；不给则用字符画\n"
    "  --width N          宽度：像素（1200），或终端的列数\n"
    "  --height N         高度（像素）；缺省按需要\n"
    "  --title TEXT       标题，代替语句\n"
    "  --lang LANG        en 或 zh，否则看区域设置\n"
    "  --as KIND          按时间的统计画成 curve（曲线）或 heat（热力图）\n"
    "  --value COLUMN     结果有多个数值时画哪一个\n"
    "  --max-lanes N      最多画多少泳道、曲线、行或场所（60）；图中注明未画出的数量\n"
    "  --now TIME         “最近24小时”“今天”所用的时钟，代替系统时钟\n"
    "  --timeout TIME     时间上限，0 为不限（30s）\n"
    "\n"
    "退出码：0 有结果行，1 没有（图中注明），2 语句看不懂或结果不能画，3 存储或文件出错，或语句超出限制。\n"
    "\n"
    "  gk plot zone.gk '当 生产运行期间治污离线持续10分钟以上 最近24小时' -o day.svg\n"
    "  gk plot zone.gk \"avg, min, max of power of facility 'F12' every 5m today\"\n"
    "  gk plot zone.gk 'share of production running by enterprise, day last month' -o month.svg --lang zh\n";

struct request {
    struct plot_request plot;
    const char *output, *as, *now;
    uint64_t width, height, max_lanes;
    int64_t timeout_ns;
};

struct drawing {
    const struct command *command;
    const struct request *request;
    gk_snapshot *snapshot;
    gk_session *session;
    gk_time now;
    struct plot plot;
    bool has_plot;
    struct progress progress;
};

static int on_progress(void *context, uint64_t done, uint64_t total)
{
    struct drawing *drawing = context;

    progress_update(&drawing->progress, done, total);
    return interrupt_is_pending();
}

static int fail(const struct drawing *drawing, int rc, const char *text)
{
    if (rc == GK_EINTERRUPTED)
        say(drawing->command->name, "stopped");
    else
        say(drawing->command->name, "%s", text[0] != '\0' ? text : gk_status_text(rc));
    return rc == GK_EINVAL || rc == GK_ESYNTAX || rc == GK_ENOTFOUND || rc == GK_ERANGE ? EXIT_USAGE : EXIT_STORE;
}

/* An error about the text is shown with its place. */
static int fail_query(const struct drawing *drawing, int rc, const struct gk_query_error *error)
{
    size_t size = strlen(error->report);

    if (rc == GK_EINTERRUPTED || size == 0)
        return fail(drawing, rc, error->error.text);
    fprintf(stderr, "%s%s", error->report, error->report[size - 1] == '\n' ? "" : "\n");
    return rc == GK_ELIMIT && error->to == error->from ? EXIT_STORE
           : rc == GK_EIO || rc == GK_ECORRUPT         ? EXIT_STORE
                                                       : EXIT_USAGE;
}

/* Takes in all rows, then finds what to draw. */
static int gather(struct drawing *drawing, gk_query *query)
{
    struct gk_query_error wrong = {0};
    struct gk_error error = {0};
    int rc;

    if (drawing->has_plot) {
        say(drawing->command->name, "a picture is of one statement; the others may only be definitions");
        return EXIT_USAGE;
    }
    progress_init(&drawing->progress, "plot");
    rc = gk_query_start(query, drawing->snapshot, drawing->now, &wrong);
    if (rc == GK_OK) {
        drawing->has_plot = true;
        plot_begin(&drawing->plot, &drawing->request->plot, drawing->session, drawing->snapshot, query);
        while ((rc = gk_query_next(query, &wrong)) == GK_OK)
            plot_add(&drawing->plot);
    }
    if (rc == GK_DONE)
        rc = plot_make(&drawing->plot, &error);
    else
        error.status = GK_DONE; /* it is the query that failed */
    progress_end(&drawing->progress);
    if (rc == GK_OK)
        return EXIT_ROWS;
    return error.status == GK_DONE ? fail_query(drawing, rc, &wrong) : fail(drawing, rc, error.text);
}

static int run_script(struct drawing *drawing, const char *text)
{
    size_t size = strlen(text), used;
    int status = EXIT_ROWS;

    for (size_t at = 0; status == EXIT_ROWS && at < size; at += used) {
        struct gk_query_error wrong = {0};
        gk_query *query = NULL;
        int rc;

        used = 0;
        rc = gk_query_prepare(drawing->session, drawing->snapshot, text + at, size - at, &used, &query, &wrong);
        if (rc != GK_OK)
            return fail_query(drawing, rc, &wrong);
        if (query != NULL && gk_query_n_columns(query) > 0)
            status = gather(drawing, query);
        else if (query != NULL && (rc = gk_query_start(query, drawing->snapshot, drawing->now, &wrong)) == GK_OK)
            while ((rc = gk_query_next(query, &wrong)) == GK_OK)
                ; /* a definition has no rows */
        gk_query_free(query);
        if (rc != GK_OK && rc != GK_DONE)
            return fail_query(drawing, rc, &wrong);
        if (query == NULL && used == 0)
            break;
    }
    if (status == EXIT_ROWS && !drawing->has_plot) {
        say(drawing->command->name, "there is no statement in the text; see gk help plot");
        return EXIT_USAGE;
    }
    return status;
}

/* ---- writing ---- */

static int write_blocks(struct drawing *drawing)
{
    struct output out;
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    size_t width = drawing->request->width > 0 ? drawing->request->width : plot_terminal_columns(STDOUT_FILENO);

    output_init(&out, STDOUT_FILENO);
    plot_blocks_write(&drawing->plot, width, is_terminal && getenv("NO_COLOR") == NULL, &out);
    return output_finish(&out, drawing->command, EXIT_ROWS);
}

/* Only a whole picture is written. */
static int write_svg(struct drawing *drawing)
{
    const struct request *request = drawing->request;
    struct output out, shown;
    struct gk_error error = {0};
    int status, rc;

    output_init(&out, -1);
    rc = plot_svg_write(&drawing->plot, request->width > 0 ? (double)request->width : PLOT_SVG_WIDTH,
                        (double)request->height, &out, &error);
    if (rc != GK_OK) {
        status = fail(drawing, rc, error.text);
    } else if (strcmp(request->output, "-") == 0) {
        output_init(&shown, STDOUT_FILENO);
        output_bytes(&shown, out.bytes, out.n);
        status = output_finish(&shown, drawing->command, EXIT_ROWS);
    } else {
        status = output_save(&out, drawing->command, request->output);
    }
    output_clear(&out);
    return status;
}

static int draw(const struct command *self, gk_db *db, gk_snapshot *snapshot, const struct request *request,
                const char *text)
{
    struct drawing drawing = {.command = self, .request = request, .snapshot = snapshot, .now = gk_clock(db)};
    const struct gk_session_options options = {.size = sizeof options,
                                               .max_rows = PLOT_ROWS_MOST,
                                               .max_run_ns = request->timeout_ns > 0 ? request->timeout_ns : -1,
                                               .lang = texts_chosen(),
                                               .progress = on_progress,
                                               .progress_context = &drawing};
    int status, rc;

    if (request->now != NULL &&
        !tool_read_time(self, "now", request->now, gk_snapshot_info(snapshot)->zone_s, &drawing.now))
        return EXIT_USAGE;
    rc = gk_session_new(&options, &drawing.session);
    if (rc != GK_OK)
        return fail(&drawing, rc, "");
    interrupt_catch(true);
    status = run_script(&drawing, text);
    if (status == EXIT_ROWS)
        status = request->output != NULL ? write_svg(&drawing) : write_blocks(&drawing);
    if (status == EXIT_ROWS && drawing.plot.table.n_rows == 0)
        status = EXIT_NO_ROWS;
    plot_clear(&drawing.plot);
    gk_session_free(drawing.session);
    return status;
}

/* ---- the command line ---- */

static bool is_within(const struct command *self, const char *option, uint64_t value, uint64_t least, uint64_t most)
{
    if (value >= least && value <= most)
        return true;
    say(self->name, "option '--%s' must be %zu to %zu, not %zu", option, (size_t)least, (size_t)most, (size_t)value);
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool check(const struct command *self, struct request *request)
{
    bool is_svg = request->output != NULL;

    request->plot.as = request->as != NULL ? plot_kind_named(request->as) : PLOT_KINDS;
    if (request->as != NULL && request->plot.as == PLOT_KINDS) {
        say(self->name, "option '--%s' needs timeline, curve, heat, bars or board, not '%s'", "as", request->as);
        return false;
    }
    if (is_svg && (ends_with(request->output, ".png") || ends_with(request->output, ".pdf"))) {
        say(self->name, "pictures are SVG: write '%.*s.svg', and rsvg-convert makes the other of it",
            (int)strlen(request->output) - 4, request->output);
        return false;
    }
    if (!is_svg && request->height > 0) {
        say(self->name, "--height is of a file: -o FILE.svg");
        return false;
    }
    request->plot.max_lanes = request->max_lanes;
    return is_within(self, "max-lanes", request->max_lanes, 1, PLOT_LANES_MOST) &&
           (request->width == 0 ||
            is_within(self, "width", request->width, is_svg ? PLOT_SVG_WIDTH_MIN : PLOT_COLUMNS_MIN,
                      is_svg ? PLOT_SVG_SIZE_MAX : PLOT_COLUMNS_MAX)) &&
           (request->height == 0 || is_within(self, "height", request->height, 1, PLOT_SVG_SIZE_MAX));
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {.max_lanes = PLOT_LANES_DEFAULT, .timeout_ns = 30 * GK_SECOND};
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, &request.output},
        {"width", 0, OPTION_COUNT, &request.width},
        {"height", 0, OPTION_COUNT, &request.height},
        {"title", 0, OPTION_TEXT, &request.plot.title},
        {"as", 0, OPTION_TEXT, &request.as},
        {"value", 0, OPTION_TEXT, &request.plot.value},
        {"max-lanes", 0, OPTION_COUNT, &request.max_lanes},
        {"now", 0, OPTION_TEXT, &request.now},
        {"timeout", 0, OPTION_SECONDS, &request.timeout_ns},
    };
    gk_db *db;
    gk_snapshot *snapshot;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!check(self, &request))
        return EXIT_USAGE;
    if (tool_view(self, argv[0], &db, &snapshot) != GK_OK)
        return EXIT_STORE;
    status = draw(self, db, snapshot, &request, argv[1]);
    gk_snapshot_close(snapshot);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_plot = {"plot", "draw an answer: SVG, or blocks on the terminal", help, 2, 2, run,
                                     help_zh};
