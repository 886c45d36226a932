/*
 * line.c - with libedit (GK_LIBEDIT), or getline.
 */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "tool.h"

#ifdef GK_LIBEDIT
#include <histedit.h>
#include <locale.h>
#include <langinfo.h>
#include <wchar.h>

#include "screen.h"
#include "width.h"

#define HISTORY_MAX 1000
#endif

struct line {
    bool is_terminal; /* prompts are shown */
    char *bytes;      /* of getline */
    size_t room;
    const char *prompt;
#ifdef GK_LIBEDIT
    EditLine *edit;
    History *history;
    const char *path; /* of the history, NULL: none */
    line_complete_fn complete;
    void *context;
#endif
};

/* ---- lines as they come ---- */

static enum line_result read_plainly(struct line *line, const char **text, size_t *size)
{
    ssize_t n;

    if (line->is_terminal) {
        fputs(line->prompt, stderr);
        fflush(stderr);
        if (interrupt_wait_for_input(STDIN_FILENO)) {
            fputc('\n', stderr);
            return LINE_INTERRUPTED;
        }
    }
    n = getline(&line->bytes, &line->room, stdin);
    if (n < 0) {
        bool is_interrupted = errno == EINTR && interrupt_is_pending();

        clearerr(stdin);
        return is_interrupted ? LINE_INTERRUPTED : LINE_END;
    }
    if (n > 0 && line->bytes[n - 1] == '\n')
        n--;
    if (n > 0 && line->bytes[n - 1] == '\r')
        n--;
    *text = line->bytes;
    *size = (size_t)n;
    return LINE_TEXT;
}

#ifndef GK_LIBEDIT

bool line_can_edit(void)
{
    return false;
}

bool line_is_edited(const struct line *line)
{
    (void)line;
    return false;
}

struct line *line_new(const char *history, line_complete_fn complete, void *context)
{
    struct line *line = tool_resize(NULL, 1, sizeof *line);

    (void)history;
    (void)complete;
    (void)context;
    *line = (struct line){.is_terminal = isatty(STDIN_FILENO) == 1};
    return line;
}

void line_free(struct line *line)
{
    free(line->bytes);
    free(line);
}

enum line_result line_read(struct line *line, const char *prompt, const char **text, size_t *size)
{
    line->prompt = prompt;
    return read_plainly(line, text, size);
}

void line_remember(struct line *line, const char *text)
{
    (void)line;
    (void)text;
}

#else

/* ---- lines that are edited ---- */

bool line_can_edit(void)
{
    return true;
}

bool line_is_edited(const struct line *line)
{
    return line->edit != NULL;
}

static char *prompt_of(EditLine *edit)
{
    struct line *line;
    static char empty[] = "";

    if (el_get(edit, EL_CLIENTDATA, &line) != 0)
        return empty;
    return strcpy(line->bytes, line->prompt);
}

/* A character, byte by byte; Ctrl-C ends the line, which libedit's own reading does not. */
static int read_character(EditLine *edit, wchar_t *out)
{
    mbstate_t state = {0};

    (void)edit;
    for (;;) {
        char byte;
        ssize_t n;
        size_t used;

        if (interrupt_wait_for_input(STDIN_FILENO))
            return -1;
        n = read(STDIN_FILENO, &byte, 1);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        used = mbrtowc(out, &byte, 1, &state);
        if (used == (size_t)-2)
            continue; /* there is more of it */
        if (used == (size_t)-1)
            *out = L'?';
        return 1;
    }
}

/* How many characters the last n bytes before the cursor are: libedit counts so. */
static int count_characters(const char *text, size_t n)
{
    uint32_t code;
    int count = 0;

    for (size_t at = 0; at < n; count++)
        at += utf8_next(text + at, n - at, &code);
    return count;
}

/* The candidates in columns below the line. */
static void show(const struct completion *completion)
{
    size_t n_lines, n_columns, widest = 0, kept = completion->n < COMPLETE_MAX ? completion->n : COMPLETE_MAX, per_line;

    screen_size(&n_lines, &n_columns);
    for (size_t i = 0; i < kept; i++) {
        size_t width = text_width(completion->candidates[i], strlen(completion->candidates[i]));

        widest = width > widest ? width : widest;
    }
    per_line = n_columns / (widest + 2) > 0 ? n_columns / (widest + 2) : 1;
    fputc('\n', stdout);
    for (size_t i = 0; i < kept; i++) {
        size_t width = text_width(completion->candidates[i], strlen(completion->candidates[i]));
        bool is_last = (i + 1) % per_line == 0 || i + 1 == kept;

        printf("%s%*s", completion->candidates[i], is_last ? 0 : (int)(widest + 2 - width), "");
        fputs(is_last ? "\n" : "", stdout);
    }
    if (completion->n > kept)
        printf("... +%zu\n", completion->n - kept);
    fflush(stdout);
}

static unsigned char complete_line(EditLine *edit, wint_t key)
{
    const LineInfo *info = el_line(edit);
    size_t at = (size_t)(info->cursor - info->buffer);
    char *text = tool_resize(NULL, at + 1, 1);
    struct completion completion;
    struct line *line;
    unsigned char result = CC_ERROR; /* a beep */

    (void)key;
    memcpy(text, info->buffer, at);
    text[at] = '\0';
    if (el_get(edit, EL_CLIENTDATA, &line) != 0) {
        free(text);
        return CC_ERROR;
    }
    line->complete(line->context, text, at, &completion);
    if (completion.n > 0) {
        const char *typed = text + at - completion.n_replaced;
        bool is_longer = strlen(completion.common) > completion.n_replaced || completion.n == 1;

        if (is_longer) {
            el_deletestr(edit, count_characters(typed, completion.n_replaced));
            (void)el_insertstr(edit, completion.common); /* when it does not fit nothing is inserted */
            result = CC_REFRESH;
        } else {
            show(&completion);
            result = CC_REDISPLAY;
        }
    }
    completion_clear(&completion);
    free(text);
    return result;
}

/* The file is for its owner alone from its first byte on. */
static void load_history(struct line *line)
{
    HistEvent event;
    int fd;

    (void)history(line->history, &event, H_SETSIZE, HISTORY_MAX);
    (void)history(line->history, &event, H_SETUNIQUE, 1);
    if (line->path == NULL)
        return;
    fd = open(line->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        say("shell", "cannot write '%s': %s", line->path, strerror(errno));
        line->path = NULL;
        return;
    }
    close(fd);
    (void)history(line->history, &event, H_LOAD, line->path); /* an empty or foreign file is no history */
}

/* Chinese needs a locale of UTF-8, whatever the environment says. */
static void choose_characters(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* where there is none, ASCII can be typed */
}

static void open_editor(struct line *line)
{
    choose_characters();
    line->edit = el_init("gk", stdin, stdout, stderr);
    line->history = history_init();
    if (line->edit == NULL || line->history == NULL)
        return;
    load_history(line);
    (void)el_set(line->edit, EL_CLIENTDATA, line);
    (void)el_set(line->edit, EL_PROMPT, prompt_of);
    (void)el_set(line->edit, EL_EDITOR, "emacs");
    (void)el_set(line->edit, EL_HIST, history, line->history);
    (void)el_set(line->edit, EL_GETCFN, read_character);
    (void)el_wset(line->edit, EL_ADDFN, L"gk-complete", L"complete words and names", complete_line);
    (void)el_set(line->edit, EL_BIND, "^I", "gk-complete", NULL);
    (void)el_set(line->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el_source(line->edit, NULL); /* ~/.editrc, if there is one */
}

struct line *line_new(const char *history_path, line_complete_fn complete, void *context)
{
    struct line *line = tool_resize(NULL, 1, sizeof *line);

    *line = (struct line){
        .is_terminal = isatty(STDIN_FILENO) == 1, .path = history_path, .complete = complete, .context = context};
    if (line->is_terminal && isatty(STDOUT_FILENO) == 1)
        open_editor(line);
    return line;
}

void line_free(struct line *line)
{
    if (line->edit != NULL)
        el_end(line->edit);
    if (line->history != NULL)
        history_end(line->history);
    free(line->bytes);
    free(line);
}

enum line_result line_read(struct line *line, const char *prompt, const char **text, size_t *size)
{
    const char *typed;
    int n = 0;

    line->prompt = prompt;
    if (line->edit == NULL)
        return read_plainly(line, text, size);
    if (line->room <= strlen(prompt)) {
        line->room = strlen(prompt) + 1;
        line->bytes = tool_resize(line->bytes, line->room, 1);
    }
    el_resize(line->edit);
    (void)el_set(line->edit, EL_PREP_TERM, 1); /* before the prompt: who has seen it may type */
    typed = el_gets(line->edit, &n);
    if (typed == NULL || n <= 0) {
        fputc('\n', stdout);
        fflush(stdout);
        return interrupt_is_pending() ? LINE_INTERRUPTED : LINE_END;
    }
    *text = typed;
    *size = (size_t)n - (typed[n - 1] == '\n');
    return LINE_TEXT;
}

void line_remember(struct line *line, const char *text)
{
    HistEvent event;

    if (line->history == NULL || *text == '\0')
        return;
    (void)history(line->history, &event, H_ENTER, text);
    if (line->path != NULL)
        (void)history(line->history, &event, H_SAVE, line->path); /* tried again with the next one */
}

#endif
