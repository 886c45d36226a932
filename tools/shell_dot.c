/*
 * shell_dot.c - the commands that begin with a dot: they are about the shell, not about the store.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nearest.h"
#include "option.h"
#include "shell.h"
#include "table.h"
#include "texts.h"

struct dot {
    const char *name, *usage, *help;
    /* word: what stands behind the name, "" for nothing. False: it makes no sense, and the usage is said. */
    bool (*run)(struct shell *shell, const char *word);
};

static bool show_help(struct shell *shell, const char *word);

static struct output *out_of(struct shell *shell)
{
    return &shell->ask.out;
}

static bool read_switch(const char *word, bool *into)
{
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
        return false;
    *into = word[1] == 'n';
    return true;
}

/* ---- about the store ---- */

static void put_row(struct table *table, const char *kind, uint64_t n, const char *statement)
{
    output_text(table_cell(table), tr(kind));
    table_cell_end(table, false);
    output_format(table_cell(table), "%" PRIu64, n);
    table_cell_end(table, true);
    output_text(table_cell(table), statement);
    table_cell_end(table, false);
}

static bool show_tables(struct shell *shell, const char *word)
{
    const struct gk_store_info *info;
    gk_snapshot *snapshot;
    struct gk_error error = {0};
    struct table table;

    if (*word != '\0')
        return false;
    error.status = gk_snapshot_open(shell->ask.db, &snapshot, &error);
    if (error.status != GK_OK) {
        shell_failed(shell, tool_failed(shell->ask.command, &error));
        return true;
    }
    info = gk_snapshot_info(snapshot);
    table_init(&table, out_of(shell), 3, false);
    output_text(table_cell(&table), tr("kind"));
    table_cell_end(&table, false);
    output_text(table_cell(&table), tr("how many"));
    table_cell_end(&table, true);
    output_text(table_cell(&table), tr("to see them"));
    table_cell_end(&table, false);
    put_row(&table, "parks", info->n_sites[GK_PARK], "list parks;");
    put_row(&table, "enterprises", info->n_sites[GK_ENTERPRISE], "list enterprises;");
    put_row(&table, "lines", info->n_sites[GK_LINE], "list lines;");
    put_row(&table, "facilities", info->n_facilities, "list facilities;");
    put_row(&table, "channels", info->n_channels, "list channels;");
    put_row(&table, "links", info->n_links, "list links;");
    put_row(&table, "bands", info->n_bands + info->n_set_bands, "list bands;");
    put_row(&table, "orders", info->n_orders, "list orders;");
    put_row(&table, "exemptions", info->n_exemptions, "list exemptions;");
    put_row(&table, "calendars", info->n_calendars, "list calendars;");
    table_finish(&table);
    gk_snapshot_close(snapshot);
    return true;
}

static bool show_definitions(struct shell *shell, const char *word)
{
    struct gk_text name, condition;
    size_t n = 0;

    if (*word != '\0')
        return false;
    while (gk_session_definition(shell->ask.session, n, &name, &condition))
        n++;
    if (n == 0)
        output_text(out_of(shell),
                    tr("none yet; for example: define untreated as abatement off while production on;\n"));
    while (n-- > 0 && gk_session_definition(shell->ask.session, n, &name, &condition)) {
        output_text(out_of(shell), "define ");
        output_shown(out_of(shell), name.bytes, name.size);
        output_text(out_of(shell), " as ");
        output_shown(out_of(shell), condition.bytes, condition.size);
        output_text(out_of(shell), ";\n");
    }
    return true;
}

/* ---- settings ---- */

static bool set_mode(struct shell *shell, const char *word)
{
    return answer_format_named(word, &shell->ask.answer.format);
}

static bool set_limit(struct shell *shell, const char *word)
{
    return text_to_count(word, &shell->ask.limit);
}

static bool set_timeout(struct shell *shell, const char *word)
{
    return text_to_seconds(word, &shell->ask.timeout_ns);
}

static bool set_memory(struct shell *shell, const char *word)
{
    return text_to_count(word, &shell->ask.memory_mb);
}

static bool set_window(struct shell *shell, const char *word)
{
    return text_to_duration(word, &shell->ask.window_ns);
}

static bool set_timer(struct shell *shell, const char *word)
{
    return read_switch(word, &shell->ask.is_timed);
}

static bool set_epoch(struct shell *shell, const char *word)
{
    return read_switch(word, &shell->ask.answer.is_epoch);
}

static bool set_pager(struct shell *shell, const char *word)
{
    return read_switch(word, &shell->is_paging);
}

static bool set_lang(struct shell *shell, const char *word)
{
    (void)shell;
    return texts_choose_named(word);
}

static bool set_now(struct shell *shell, const char *word)
{
    gk_time now;

    if (*word != '\0' && gk_time_parse(word, strlen(word), shell->ask.zone_s, &now) != GK_OK)
        return false;
    shell->ask.now_is_set = *word != '\0';
    shell->ask.now = *word != '\0' ? now : 0;
    return true;
}

static bool set_param(struct shell *shell, const char *word)
{
    if (*word == '\0')
        return false;
    if (!ask_set_param(&shell->ask, word))
        shell_failed(shell, EXIT_USAGE);
    return true;
}

static const char *on_or_off(bool is_on)
{
    return is_on ? "on" : "off";
}

static bool show_settings(struct shell *shell, const char *word)
{
    const struct ask *ask = &shell->ask;
    struct output *out = out_of(shell);

    if (*word != '\0')
        return false;
    output_format(out, ".mode %s\n", answer_format_names()[ask->answer.format]);
    output_format(out, ".limit %" PRIu64 "\n", ask->limit);
    output_format(out, ".timeout %gs\n", (double)ask->timeout_ns / 1e9);
    output_format(out, ".memory %" PRIu64 "\n", ask->memory_mb);
    bool is_days = ask->window_ns % (86400 * GK_SECOND) == 0;
    output_format(out, is_days ? ".window %gd\n" : ".window %gh\n",
                  (double)ask->window_ns / (is_days ? 86400e9 : 3600e9));
    output_format(out, ".timer %s\n", on_or_off(ask->is_timed));
    output_format(out, ".epoch %s\n", on_or_off(ask->answer.is_epoch));
    output_format(out, ".pager %s\n", on_or_off(shell->is_paging));
    output_format(out, ".lang %s\n", texts_chosen());
    output_text(out, ".now ");
    if (ask->now_is_set)
        output_time(out, ask->now, ask->zone_s, false);
    output_text(out, "\n.output ");
    if (shell->output_path != NULL)
        output_shown(out, shell->output_path, strlen(shell->output_path));
    output_text(out, "\n");
    return true;
}

/* ---- files ---- */

bool shell_output(struct shell *shell, const char *path)
{
    struct output *out = out_of(shell);
    int fd = STDOUT_FILENO;

    if (path != NULL) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0) {
            say("shell", "cannot write '%s': %s", path, strerror(errno));
            return false;
        }
    }
    output_flush(out);
    if (shell->output_path != NULL) {
        if (out->failure != 0)
            say("shell", "cannot write '%s': %s", shell->output_path, strerror(out->failure));
        close(out->fd);
        out->failure = 0;
        free(shell->output_path);
        shell->output_path = NULL;
    }
    out->fd = fd;
    if (path != NULL)
        shell->output_path = strcpy(tool_resize(NULL, strlen(path) + 1, 1), path);
    shell->ask.answer.is_terminal = path == NULL && isatty(STDOUT_FILENO) == 1;
    shell->ask.answer.n_statements = 0;
    return true;
}

static bool set_output(struct shell *shell, const char *word)
{
    if (!shell_output(shell, *word == '\0' || strcmp(word, "stdout") == 0 ? NULL : word))
        shell_failed(shell, EXIT_STORE);
    return true;
}

/* Lines of a file, as if they were typed. */
static bool read_file(struct shell *shell, const char *word)
{
    const char *source = shell->source;
    size_t line_no = shell->line_no, size;
    char *text;

    if (*word == '\0')
        return false;
    if (shell->depth == SHELL_DEPTH_MAX) {
        say("shell", "'%s' is read from itself: at most %d files deep", word, SHELL_DEPTH_MAX);
        shell_failed(shell, EXIT_USAGE);
        return true;
    }
    text = ask_read_file(shell->ask.command, word, &size);
    if (text == NULL) {
        shell_failed(shell, EXIT_STORE);
        return true;
    }
    shell->depth++;
    shell->source = word;
    shell->line_no = 0;
    for (size_t at = 0, n; at < size && !shell->is_over; at += n + 1) {
        const char *end = memchr(text + at, '\n', size - at);

        n = end != NULL ? (size_t)(end - text) - at : size - at;
        shell_take(shell, text + at, n);
    }
    if (!shell->is_over)
        shell_end_statement(shell);
    shell->depth--;
    /* A mistake ends the file; whoever types goes on. */
    if (shell->depth == 0 && shell->is_terminal && shell->status != EXIT_ROWS) {
        output_clear(&shell->pending);
        shell->is_over = out_of(shell)->is_closed;
        shell->status = EXIT_ROWS;
    }
    shell->source = source;
    shell->line_no = line_no;
    free(text);
    return true;
}

static bool leave(struct shell *shell, const char *word)
{
    if (*word != '\0')
        return false;
    shell->is_over = true;
    return true;
}

/* ---- the table ---- */

static const struct dot dots[] = {
    {".help", ".help [COMMAND]", "this list, or one of them", show_help},
    {".tables", ".tables", "what is in the store, and how to see it", show_tables},
    {".definitions", ".definitions", "what was defined in this session", show_definitions},
    {".mode", ".mode table|csv|json|jsonl|markdown|plot", "how answers are written", set_mode},
    {".limit", ".limit N", "rows of an answer, 0 for all", set_limit},
    {".timeout", ".timeout TIME", "stops a statement after it (30s), 0 for never", set_timeout},
    {".memory", ".memory MB", "what a statement may hold (256), in megabytes", set_memory},
    {".window", ".window TIME", "the longest window that may be asked about (400d)", set_window},
    {".timer", ".timer on|off", "says how long each statement took", set_timer},
    {".now", ".now [TIME]", "a clock that stands still, for last 24h; without TIME it runs", set_now},
    {".param", ".param NAME=VALUE", "what $NAME stands for in statements", set_param},
    {".lang", ".lang en|zh", "language of headings, footers and messages", set_lang},
    {".epoch", ".epoch on|off", "times as milliseconds since 1970 UTC", set_epoch},
    {".pager", ".pager on|off", "long answers through $PAGER", set_pager},
    {".output", ".output [FILE]", "answers go to a file; without FILE here again", set_output},
    {".read", ".read FILE", "runs the lines of a file", read_file},
    {".show", ".show", "the settings", show_settings},
    {".quit", ".quit", "leaves; so does Ctrl-D", leave},
    {".exit", ".exit", "the same", leave},
};

#define N_DOTS (sizeof dots / sizeof *dots)

const char *const shell_dots[] = {".help",   ".tables", ".definitions", ".mode",  ".limit", ".timeout", ".memory",
                                  ".window", ".timer",  ".now",         ".param", ".lang",  ".epoch",   ".pager",
                                  ".output", ".read",   ".show",        ".quit",  ".exit",  NULL};

static const char statements_help[] =
    "\n"
    "A question is a statement; it ends with ; or an empty line:\n"
    "  when abatement offline while production running for >= 10m last 24h;\n"
    "  which enterprises now abatement offline while production running;\n"
    "  duration, share of production running by enterprise, day last 7d;\n"
    "  state of facility 'F12' at 2026-01-05T08:00;   list facilities of enterprise 'E1';\n"
    "  define untreated as all abatement off while any production on;   when untreated per line today;\n"
    "  explain when untreated per line today;\n"
    "Names stand in quotes; gk help query and docs/QUERY.md have more.\n";

static const struct dot *find(const char *name, size_t size)
{
    for (size_t i = 0; i < N_DOTS; i++)
        if (strlen(dots[i].name) == size && strncmp(dots[i].name, name, size) == 0)
            return &dots[i];
    return NULL;
}

static void say_unknown(struct shell *shell, const char *name, size_t size)
{
    char word[64];
    size_t nearest;

    snprintf(word, sizeof word, "%.*s", (int)(size < 40 ? size : 40), name);
    nearest = word_nearest(word, shell_dots, N_DOTS);
    if (nearest < N_DOTS)
        say("shell", "there is no '%s'; did you mean '%s'?", word, dots[nearest].name);
    else
        say("shell", "there is no '%s'; .help lists what there is", word);
    shell_failed(shell, EXIT_USAGE);
}

static void put_help(struct output *out, const struct dot *dot)
{
    output_format(out, "%-36s %s\n", dot->usage, tr(dot->help));
}

static bool show_help(struct shell *shell, const char *word)
{
    const struct dot *dot;
    char name[64];

    if (*word == '\0') {
        for (size_t i = 0; i < N_DOTS; i++)
            put_help(out_of(shell), &dots[i]);
        output_text(out_of(shell), tr(statements_help));
        return true;
    }
    snprintf(name, sizeof name, "%s%.40s", word[0] == '.' ? "" : ".", word);
    dot = find(name, strlen(name));
    if (dot != NULL)
        put_help(out_of(shell), dot);
    else
        say_unknown(shell, name, strlen(name));
    return true;
}

void shell_dot(struct shell *shell, const char *line)
{
    size_t size = strcspn(line, " \t");
    const struct dot *dot;
    char word[4096];

    /* `.quit;` is what a habit types. */
    snprintf(word, sizeof word, "%s", line + size + strspn(line + size, " \t"));
    if (size > 1 && line[size - 1] == ';' && word[0] == '\0')
        size--;
    dot = find(line, size);
    if (dot == NULL) {
        say_unknown(shell, line, size);
        return;
    }
    if (!dot->run(shell, word)) {
        say("shell", "usage: %s", dot->usage);
        shell_failed(shell, EXIT_USAGE);
    }
}

const char *shell_wish(const char *text, size_t size)
{
    static const char *const wishes[][2] = {{"help", ".help"}, {"?", ".help"},    {"帮助", ".help"}, {"quit", ".quit"},
                                            {"exit", ".quit"}, {"退出", ".quit"}, {"\\q", ".quit"},  {"\\?", ".help"},
                                            {"\\h", ".help"},  {"\\d", ".tables"}};

    while (size > 0 && text[size - 1] == ';')
        size--;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        if (strlen(wishes[i][0]) == size && strncmp(wishes[i][0], text, size) == 0)
            return wishes[i][1];
    return NULL;
}
