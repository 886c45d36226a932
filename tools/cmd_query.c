/*
 * cmd_query.c - gk query: statements in, rows out, once or again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "interrupt.h"
#include "option.h"
#include "screen.h"
#include "texts.h"

static const char help[] =
    "gk query STORE 'TEXT' [OPTION...]   or   gk query STORE -f FILE [OPTION...]\n"
    "\n"
    "Asks a store. TEXT is one statement or several, separated by `;`; the language is in docs/QUERY.md. TEXT - is\n"
    "standard input.\n"
    "\n"
    "  -f, --file FILE      read the statements from a file, - for standard input\n"
    "  --param NAME=VALUE   what $NAME stands for in the text: a name, a number, a duration or a time, never more\n"
    "  --now TIME           the clock of `last 24h`, `today`, instead of the system's\n"
    "  --limit N            cut an answer at N rows, 0: never (10000)\n"
    "  --timeout TIME       stop a statement after that time, 0: never (30s)\n"
    "  --memory MB          what a statement may hold, in megabytes (256)\n"
    "  --window TIME        the longest window of time that may be asked about (400d)\n"
    "  --format F           table (default), csv, json, jsonl, markdown, plot (gk help plot)\n"
    "  --epoch              times as milliseconds since 1970 UTC, instead of 2026-01-05T08:00:00+08:00\n"
    "  --bom                csv begins with a byte order mark, by which Excel knows UTF-8\n"
    "  --lang LANG          en or zh: headings, footers and messages, else by the locale; csv and json stay English\n"
    "  --time               say on standard error how long each statement took\n"
    "  --watch TIME         ask again every TIME (5 is 5s); on a terminal the new answer takes the place of the old\n"
    "  --rounds N           with --watch: end after asking N times\n"
    "  --fail-if-any        rows are bad news: exit status 0 when there are none, 1 when there are\n"
    "\n"
    "Ctrl-C stops a statement, and ends --watch. Exit status: 0 there were rows, 1 there were none (--fail-if-any: "
    "the\n"
    "other way round), 2 the text could not be understood, 3 the store failed, or a limit stopped the statement.\n"
    "\n"
    "  gk query zone.gk 'when abatement offline while production running for >= 10m last 24h'\n"
    "  gk query zone.gk 'duration, share of production running by enterprise, day last 7d' --format csv\n"
    "  gk query zone.gk 'when facility $f off today' --param f=fan-1\n"
    "  gk query zone.gk '当 生产运行期间治污离线持续10分钟以上 最近24小时'\n";

/* More than two are a statement without its quotes, which is said so. */
#define OPERANDS_MAX 1000

static const char help_zh[] =
    "gk query STORE 'TEXT' [OPTION...]   或   gk query STORE -f FILE [OPTION...]\n"
    "\n"
    "查询存储。TEXT 是一条或多条语句，用 `;` 分隔；语言见 docs/QUERY.md。TEXT 为 - 时读标准输入。\n"
    "\n"
    "  -f, --file FILE      从文件读语句，- 为标准输入\n"
    "  --param NAME=VALUE   语句中 $NAME 代表的值：名称、数、时长或时间，不会变成别的词\n"
    "  --now TIME           “最近24小时”“今天”所用的时钟，代替系统时钟\n"
    "  --limit N            结果最多 N 行，0 为不限（10000）\n"
    "  --timeout TIME       语句的时间上限，0 为不限（30s）\n"
    "  --memory MB          语句最多占用的内存，单位兆字节（256）\n"
    "  --window TIME        最长可问的时间窗（400d）\n"
    "  --format F           table（缺省）、csv、json、jsonl、markdown、plot（gk help plot）\n"
    "  --epoch              时间写作 1970 年以来的毫秒数，而不是 2026-01-05T08:00:00+08:00\n"
    "  --bom                csv 以字节序标记开头，便于 Excel 识别 UTF-8\n"
    "  --lang LANG          en 或 zh：表头、脚注和提示的语言，否则看区域设置；csv 与 json 总是英文\n"
    "  --time               在标准错误上给出每条语句的用时\n"
    "  --watch TIME         每隔 TIME 再问一次（5 即 5s）；在终端上新结果取代旧结果\n"
    "  --rounds N           与 --watch 同用：问 N 次后结束\n"
    "  --fail-if-any        有结果行是坏消息：没有行时退出码为 0，有则为 1\n"
    "\n"
    "Ctrl-C 停止语句，也结束 --watch。退出码：0 有结果行，1 没有（--fail-if-any 时相反），2 语句看不懂，\n"
    "3 存储出错，或语句超出限制。\n"
    "\n"
    "  gk query zone.gk '当 生产运行期间治污离线持续10分钟以上 最近24小时'\n"
    "  gk query zone.gk 'duration, share of production running by enterprise, day last 7d' --format csv --bom\n"
    "  gk query zone.gk 'when facility $f off today' --param f=1号风机\n";

struct request {
    const char *format, *now, *file;
    struct option_list params;
    uint64_t limit, n_rounds;
    int64_t timeout_ns, window_ns, every_ns; /* every_ns < 0: once */
    uint64_t memory_mb;
    bool is_timed, is_epoch, has_bom, rows_are_bad;
};

/* Rows or none as an exit status. */
static int status_of(const struct request *request, uint64_t n_rows)
{
    return (n_rows > 0) != request->rows_are_bad ? EXIT_ROWS : EXIT_NO_ROWS;
}

static int ask_once(struct ask *ask, const struct request *request, const char *text, size_t size)
{
    int status = ask_text(ask, text, size);

    if (status != EXIT_ROWS)
        return status;
    if (ask->n_statements == 0) {
        say(ask->command->name, "there is no statement in the text; see gk help query");
        return EXIT_USAGE;
    }
    return status_of(request, ask->n_rows);
}

/* One answer in the place of the other, with a line above that says when it was asked. */
static void paint(struct ask *ask, const struct request *request)
{
    struct output head;

    output_init(&head, -1);
    output_time(&head, ask_now(ask) / GK_SECOND * GK_SECOND, ask->zone_s, false);
    output_text(&head, "  ");
    output_format(&head, tr("every %gs; Ctrl-C ends"), (double)request->every_ns / 1e9);
    output_text(&head, "\n\n");
    output_bytes(&head, ask->out.bytes, ask->out.n);
    output_clear(&ask->out);
    ask->out.fd = STDOUT_FILENO;
    screen_paint(&ask->out, head.bytes, head.n);
    output_clear(&head);
    output_flush(&ask->out);
}

/* Until Ctrl-C, an error, a reader that goes away, or the last round. The status is that of the last whole round. */
static int ask_again_and_again(struct ask *ask, const struct request *request, const char *text, size_t size)
{
    bool is_repainted = ask->answer.is_terminal;
    int status = EXIT_NO_ROWS, now;

    for (uint64_t round = 1;; round++) {
        if (is_repainted)
            ask->out.fd = -1;
        now = ask_once(ask, request, text, size);
        if (interrupt_is_pending())
            return status;
        status = now;
        if (status != EXIT_ROWS && status != EXIT_NO_ROWS)
            return status;
        if (is_repainted) {
            paint(ask, request);
            ask->answer.n_statements = 0;
        }
        if (round == request->n_rounds || ask->out.is_closed || ask->out.failure != 0 ||
            interrupt_wait(request->every_ns))
            return status;
    }
}

static bool prepare(struct ask *ask, const struct request *request)
{
    ask->limit = request->limit;
    ask->timeout_ns = request->timeout_ns;
    ask->memory_mb = request->memory_mb;
    ask->window_ns = request->window_ns;
    ask->is_timed = request->is_timed;
    ask->answer.is_epoch = request->is_epoch;
    ask->answer.has_bom = request->has_bom;
    for (size_t i = 0; i < request->params.n; i++)
        if (!ask_set_param(ask, request->params.items[i]))
            return false;
    ask->now_is_set = request->now != NULL;
    return request->now == NULL || tool_read_time(ask->command, "now", request->now, ask->zone_s, &ask->now);
}

static int ask_store(const struct command *self, const char *path, const struct request *request,
                     enum answer_format format, const char *text, size_t size)
{
    struct ask ask;
    int status = ask_open(&ask, self, path);

    if (status != EXIT_ROWS)
        return status;
    ask.answer.format = format;
    interrupt_catch(true);
    if (!prepare(&ask, request))
        status = EXIT_USAGE;
    else if (request->every_ns >= 0)
        status = ask_again_and_again(&ask, request, text, size);
    else
        status = ask_once(&ask, request, text, size);
    ask_close(&ask);
    return output_finish(&ask.out, self, status);
}

/* Options that make no sense together. */
static bool is_sound(const struct command *self, const struct request *request, enum answer_format format)
{
    if (request->n_rounds > 0 && request->every_ns < 0)
        say(self->name, "--rounds goes with --watch");
    else if (request->every_ns == 0)
        say(self->name, "--watch needs more than 0 seconds");
    else if (request->has_bom && format != ANSWER_CSV)
        say(self->name, "--bom goes with --format csv");
    else
        return true;
    return false;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {.format = "table",
                              .limit = ASK_LIMIT_DEFAULT,
                              .timeout_ns = ASK_TIMEOUT_DEFAULT,
                              .memory_mb = ASK_MEMORY_DEFAULT,
                              .window_ns = ASK_WINDOW_DEFAULT,
                              .every_ns = -1};
    const struct option options[] = {{"format", 0, OPTION_TEXT, &request.format},
                                     {"now", 0, OPTION_TEXT, &request.now},
                                     {"file", 'f', OPTION_TEXT, &request.file},
                                     {"param", 'p', OPTION_LIST, &request.params},
                                     {"limit", 0, OPTION_COUNT, &request.limit},
                                     {"timeout", 0, OPTION_SECONDS, &request.timeout_ns},
                                     {"memory", 0, OPTION_COUNT, &request.memory_mb},
                                     {"window", 0, OPTION_DURATION, &request.window_ns},
                                     {"watch", 0, OPTION_SECONDS, &request.every_ns},
                                     {"rounds", 0, OPTION_COUNT, &request.n_rounds},
                                     {"epoch", 0, OPTION_FLAG, &request.is_epoch},
                                     {"bom", 0, OPTION_FLAG, &request.has_bom},
                                     {"fail-if-any", 0, OPTION_FLAG, &request.rows_are_bad},
                                     {"time", 0, OPTION_FLAG, &request.is_timed}};
    enum answer_format format;
    char *script = NULL;
    size_t size;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!answer_format_named(request.format, &format)) {
        say(self->name, "option '--%s' needs table, csv, json, jsonl, markdown or plot, not '%s'", "format",
            request.format);
        return EXIT_USAGE;
    }
    if (n > 2) {
        say(self->name, "'%s' is too much: a statement is one word in quotes, 'list parks'", argv[2]);
        return EXIT_USAGE;
    }
    if ((n == 2) == (request.file != NULL)) {
        say(self->name, n == 2 ? "the text and --file exclude each other"
                               : "the text of the query is missing (- is standard input); gk shell STORE asks one "
                                 "question after the other");
        return EXIT_USAGE;
    }
    if (n == 2 && strcmp(argv[1], "-") == 0)
        request.file = "-";
    if (!is_sound(self, &request, format))
        return EXIT_USAGE;
    if (request.file != NULL && (script = ask_read_file(self, request.file, &size)) == NULL)
        return EXIT_STORE;
    status = ask_store(self, argv[0], &request, format, script != NULL ? script : argv[1],
                       script != NULL ? size : strlen(argv[1]));
    free(script);
    return status;
}

const struct command command_query = {
    "query", "ask a store; rows as a table, CSV, JSON, Markdown", help, 1, OPERANDS_MAX, run, help_zh};
