/*
 * cmd_shell.c - gk shell: one question after the other. Lines are gathered into statements; each is asked of a fresh
 * snapshot, and definitions live on.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "option.h"
#include "pager.h"
#include "shell.h"
#include "statement.h"
#include "texts.h"
#include "width.h"

#define PROMPT_WIDTH_MAX 24

static const char help[] =
    "gk shell STORE [OPTION...]\n"
    "\n"
    "Asks a store one question after the other. A statement ends with `;` or an empty line; definitions last until "
    "the\n"
    "shell is left; Tab completes words and names; .help lists the commands that begin with a dot. Ctrl-C stops a\n"
    "statement or drops a line, Ctrl-D leaves.\n"
    "\n"
    "  --format F           table (default), csv, json, jsonl, markdown, plot; also .mode\n"
    "  --param NAME=VALUE   what $NAME stands for in statements; also .param\n"
    "  --now TIME           the clock of `last 24h`, `today`, instead of the system's; also .now\n"
    "  --lang LANG          en or zh: headings, footers and messages, else by the locale; also .lang\n"
    "  --echo               show prompts and lines of a script, too\n"
    "  --keep-going         a script goes on after a mistake\n"
    "\n"
    "Statements are kept in ~/.gk_history, or the file that GK_HISTORY names (none when it is empty). Long answers on "
    "a\n"
    "terminal go through PAGER. When standard input is no terminal it is read as a script, which ends at the first\n"
    "mistake. Exit status: 0, or that of gk query for what failed first in a script.\n"
    "\n"
    "  gk shell zone.gk\n"
    "  gk shell zone.gk < morning.gkq > morning.txt\n";

static const char help_zh[] =
    "gk shell STORE [OPTION...]\n"
    "\n"
    "逐句提问。语句以 `;` 或空行结束；定义一直有效，直到退出；Tab 补全词语和名称；.help 列出以点开头的命令。\n"
    "Ctrl-C 停止语句或放弃这一行，Ctrl-D 退出。\n"
    "\n"
    "  --format F           table（缺省）、csv、json、jsonl、markdown、plot；同 .mode\n"
    "  --param NAME=VALUE   语句中 $NAME 代表的值；同 .param\n"
    "  --now TIME           “最近24小时”“今天”所用的时钟，代替系统时钟；同 .now\n"
    "  --lang LANG          en 或 zh：表头、脚注和提示的语言，否则看区域设置；同 .lang\n"
    "  --echo               执行脚本时也显示提示符和各行\n"
    "  --keep-going         脚本出错后继续\n"
    "\n"
    "语句记在 ~/.gk_history，或 GK_HISTORY 所指的文件（为空则不记）。终端上的长结果经由 PAGER 显示。标准输入不是\n"
    "终端时按脚本执行，遇到第一个错误即停止。退出码：0；脚本出错时与 gk query 相同。\n"
    "\n"
    "  gk shell zone.gk\n"
    "  gk shell zone.gk < morning.gkq > morning.txt\n";

/* ---- statements ---- */

void shell_failed(struct shell *shell, int status)
{
    if (shell->is_terminal && shell->depth == 0)
        return;
    if (shell->status == EXIT_ROWS)
        shell->status = status;
    if (shell->source != NULL)
        say("shell", shell->is_going_on ? "at %s:%zu" : "stopped at %s:%zu", shell->source,
            shell->pending_line > 0 ? shell->pending_line : shell->line_no);
    if (!shell->is_going_on)
        shell->is_over = true;
}

/* False when it failed. */
static bool run_statement(struct shell *shell, const char *text, size_t size)
{
    struct ask *ask = &shell->ask;
    struct pager pager;
    int status;

    interrupt_clear();
    pager_begin(&pager, &ask->out,
                shell->is_paging && shell->is_terminal && ask->answer.is_terminal && shell->output_path == NULL);
    if (shell->output_path == NULL && (shell->is_terminal || shell->is_echoing))
        ask->answer.n_statements = 0; /* the prompt stands between answers */
    status = ask_text(ask, text, size);
    pager_end(&pager);
    if (ask->out.failure != 0 && shell->output_path != NULL) {
        say("shell", "cannot write '%s': %s", shell->output_path, strerror(ask->out.failure));
        (void)shell_output(shell, NULL);
        status = EXIT_STORE;
    }
    if (ask->out.failure != 0 || ask->out.is_closed)
        shell->is_over = true; /* nobody reads any more */
    if (status != EXIT_ROWS)
        shell_failed(shell, status);
    if (interrupt_is_pending() && !shell->is_terminal)
        shell->is_over = true;
    interrupt_clear();
    return status == EXIT_ROWS;
}

static void remember(struct shell *shell, const char *text, size_t size)
{
    struct output flat;

    if (!shell->is_terminal || shell->depth > 0)
        return;
    output_init(&flat, -1);
    statement_flatten(&flat, text, size);
    output_bytes(&flat, "", 1);
    line_remember(shell->line, flat.bytes);
    output_clear(&flat);
}

static void drop_pending(struct shell *shell, size_t n)
{
    struct output *pending = &shell->pending;

    memmove(pending->bytes, pending->bytes + n, pending->n - n);
    pending->n -= n;
    shell->pending_line = pending->n > 0 ? shell->line_no : 0;
}

/* All whole statements that are pending. After a mistake the rest of the line is dropped, unless a script goes on. */
static void run_whole(struct shell *shell)
{
    bool is_typed = shell->is_terminal && shell->depth == 0;
    struct statement_scan scan;

    while (shell->pending.n > 0 && (scan = statement_scan(shell->pending.bytes, shell->pending.n)).end > 0) {
        char *text = tool_resize(NULL, scan.end, 1);
        bool is_done;

        memcpy(text, shell->pending.bytes, scan.end);
        remember(shell, text, scan.end);
        is_done = run_statement(shell, text, scan.end);
        free(text);
        drop_pending(shell, shell->is_over || (!is_done && is_typed) ? shell->pending.n : scan.end);
    }
    if (shell->pending.n > 0 && scan.is_empty && !scan.is_commented)
        drop_pending(shell, shell->pending.n);
}

void shell_end_statement(struct shell *shell)
{
    if (shell->pending.n == 0)
        return;
    output_text(&shell->pending, "\n;");
    run_whole(shell);
    if (shell->pending.n == 0)
        return;
    /* A name or a comment is open: the language says which. */
    (void)run_statement(shell, shell->pending.bytes, shell->pending.n); /* what failed was said */
    drop_pending(shell, shell->pending.n);
}

static const char *trim(const char *text, size_t *size)
{
    while (*size > 0 && strchr(" \t\r", text[0]) != NULL && text[0] != '\0') {
        text++;
        --*size;
    }
    while (*size > 0 && strchr(" \t\r", text[*size - 1]) != NULL && text[*size - 1] != '\0')
        --*size;
    return text;
}

/* A line outside of statements that is for the shell itself. */
static bool take_dot(struct shell *shell, const char *text, size_t size)
{
    char line[4096];
    const char *wish;

    if (shell->pending.n > 0)
        return false;
    text = trim(text, &size);
    wish = shell_wish(text, size);
    if (wish == NULL && (size == 0 || text[0] != '.'))
        return false;
    snprintf(line, sizeof line, "%.*s", (int)size, text);
    if (shell->is_terminal && shell->depth == 0)
        line_remember(shell->line, line);
    shell_dot(shell, wish != NULL ? wish : line);
    output_flush(&shell->ask.out);
    return true;
}

void shell_take(struct shell *shell, const char *text, size_t size)
{
    size_t rest = size;

    shell->line_no++;
    if (shell->is_echoing) {
        output_text(&shell->ask.out, shell->pending.n > 0 ? shell->prompt_more : shell->prompt);
        output_bytes(&shell->ask.out, text, size);
        output_text(&shell->ask.out, "\n");
        output_flush(&shell->ask.out);
    }
    if (take_dot(shell, text, size))
        return;
    (void)trim(text, &rest);
    if (rest == 0) {
        shell_end_statement(shell);
        return;
    }
    if (shell->pending.n == 0)
        shell->pending_line = shell->line_no;
    output_bytes(&shell->pending, text, size);
    output_text(&shell->pending, "\n");
    if (shell->pending.n > ASK_SCRIPT_MAX) {
        say("shell", "no statement is this long: it was dropped");
        shell_failed(shell, EXIT_USAGE);
        drop_pending(shell, shell->pending.n);
        return;
    }
    run_whole(shell);
}

/* ---- the conversation ---- */

static void converse(struct shell *shell)
{
    while (!shell->is_over) {
        const char *text;
        size_t size;

        interrupt_clear();
        switch (line_read(shell->line, shell->pending.n > 0 ? shell->prompt_more : shell->prompt, &text, &size)) {
        case LINE_TEXT:
            shell_take(shell, text, size);
            break;
        case LINE_INTERRUPTED:
            drop_pending(shell, shell->pending.n);
            if (!shell->is_terminal)
                shell->is_over = true;
            break;
        case LINE_END:
            if (!shell->is_terminal)
                shell_end_statement(shell);
            shell->is_over = true;
            break;
        }
    }
}

static void complete_line(void *context, const char *text, size_t at, struct completion *out)
{
    const struct shell *shell = context;
    struct complete_scope scope = {.session = shell->ask.session, .dots = shell_dots, .formats = answer_format_names()};

    if (gk_snapshot_open(shell->ask.db, &scope.snapshot, NULL) != GK_OK)
        scope.snapshot = NULL; /* then without names */
    completion_find(&scope, text, at, out);
    if (scope.snapshot != NULL)
        gk_snapshot_close(scope.snapshot);
}

/* The last part of the path without .gk, as far as there is room for it. */
static void make_prompts(struct shell *shell, const char *path)
{
    size_t size = strlen(path), width = 0, at = 0;
    struct output name;
    uint32_t code;

    while (size > 1 && path[size - 1] == '/')
        size--;
    for (const char *p; (p = memchr(path, '/', size - 1)) != NULL;) {
        size -= (size_t)(p + 1 - path);
        path = p + 1;
    }
    if (size > 3 && memcmp(path + size - 3, ".gk", 3) == 0)
        size -= 3;
    output_init(&name, -1);
    output_shown(&name, path, size);
    while (at < name.n) {
        size_t n = utf8_next(name.bytes + at, name.n - at, &code);

        if (width + (size_t)code_width(code) > PROMPT_WIDTH_MAX)
            break;
        width += (size_t)code_width(code);
        at += n;
    }
    shell->prompt = tool_resize(NULL, at + 3, 1);
    memcpy(shell->prompt, name.bytes, at);
    strcpy(shell->prompt + at, "> ");
    shell->prompt_more = tool_resize(NULL, width + 3, 1);
    snprintf(shell->prompt_more, width + 3, "%*s> ", (int)width, width >= 3 ? "..." : ".");
    output_clear(&name);
}

/* ~/.gk_history, or what GK_HISTORY says; NULL: none. The caller frees it. */
static char *history_path(void)
{
    const char *named = getenv("GK_HISTORY"), *home = getenv("HOME");
    char *path;

    if (named != NULL ? *named == '\0' : home == NULL)
        return NULL;
    path = tool_resize(NULL, strlen(named != NULL ? named : home) + 16, 1);
    if (named != NULL)
        return strcpy(path, named);
    return strcat(strcpy(path, home), "/.gk_history");
}

/* What the store is, and how to begin. */
static void greet(struct shell *shell, const char *path)
{
    struct output *out = &shell->ask.out;
    const struct gk_store_info *info;
    gk_snapshot *snapshot;
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];

    if (gk_snapshot_open(shell->ask.db, &snapshot, NULL) != GK_OK)
        return; /* the first statement will say why */
    info = gk_snapshot_info(snapshot);
    from[gk_time_format(info->beginning, info->zone_s, from)] = '\0';
    to[gk_time_format(info->watermark, info->zone_s, to)] = '\0';
    output_shown(out, path, strlen(path));
    output_format(out, tr(": %" PRIu64 " %s in %" PRIu64 " %s; "), (uint64_t)info->n_facilities,
                  info->n_facilities == 1 ? "facility" : "facilities", (uint64_t)info->n_sites[GK_ENTERPRISE],
                  info->n_sites[GK_ENTERPRISE] == 1 ? "enterprise" : "enterprises");
    if (info->watermark == GK_TIME_MIN)
        output_text(out, tr("no rows yet\n"));
    else
        output_format(out, tr("rows from %s to %s\n"), from, to);
    gk_snapshot_close(snapshot);
    if (line_is_edited(shell->line))
        output_text(out, tr("A statement ends with ; or an empty line. Tab completes, .help helps, Ctrl-D leaves.\n"));
    else
        output_text(out, tr("A statement ends with ; or an empty line. .help helps, Ctrl-D leaves.\n"));
    if (!line_can_edit())
        output_text(out, tr("Lines are read plainly: this gk was built without libedit.\n"));
    output_flush(out);
}

static int finish(struct shell *shell)
{
    int status = shell->status;

    (void)shell_output(shell, NULL);
    line_free(shell->line);
    output_clear(&shell->pending);
    free(shell->prompt);
    free(shell->prompt_more);
    ask_close(&shell->ask);
    return output_finish(&shell->ask.out, shell->ask.command, status);
}

struct request {
    const char *format, *now;
    struct option_list params;
    bool is_echoing, is_going_on;
};

static bool prepare(struct shell *shell, const struct request *request)
{
    struct ask *ask = &shell->ask;

    for (size_t i = 0; i < request->params.n; i++)
        if (!ask_set_param(ask, request->params.items[i]))
            return false;
    ask->now_is_set = request->now != NULL;
    return request->now == NULL || tool_read_time(ask->command, "now", request->now, ask->zone_s, &ask->now);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {.format = "table"};
    const struct option options[] = {{"format", 0, OPTION_TEXT, &request.format},
                                     {"param", 'p', OPTION_LIST, &request.params},
                                     {"now", 0, OPTION_TEXT, &request.now},
                                     {"echo", 0, OPTION_FLAG, &request.is_echoing},
                                     {"keep-going", 0, OPTION_FLAG, &request.is_going_on}};
    struct shell shell = {.is_paging = true};
    enum answer_format format;
    char *path;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!answer_format_named(request.format, &format)) {
        say(self->name, "option '--%s' needs table, csv, json, jsonl, markdown or plot, not '%s'", "format",
            request.format);
        return EXIT_USAGE;
    }
    status = ask_open(&shell.ask, self, argv[0]);
    if (status != EXIT_ROWS)
        return status;
    shell.ask.answer.format = format;
    shell.ask.answer.limit_option = ".limit";
    shell.is_terminal = isatty(STDIN_FILENO) == 1;
    shell.is_echoing = request.is_echoing && !shell.is_terminal;
    shell.is_going_on = request.is_going_on;
    interrupt_catch(false);
    output_init(&shell.pending, -1);
    make_prompts(&shell, argv[0]);
    path = history_path();
    shell.line = line_new(path, complete_line, &shell);
    if (!prepare(&shell, &request)) {
        shell.status = EXIT_USAGE;
    } else {
        if (shell.is_echoing || (shell.is_terminal && shell.ask.answer.is_terminal))
            greet(&shell, argv[0]);
        converse(&shell);
    }
    status = finish(&shell);
    free(path);
    return status;
}

const struct command command_shell = {"shell", "ask one question after the other", help, 1, 1, run, help_zh};
