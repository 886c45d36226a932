/*
 * tool.c - the small things every command needs.
 */
#include "tool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "texts.h"

#define SAID_MAX 4096

/* Names of files and of the store can have anything in them: what would move the cursor is spelled out. */
void say(const char *about, const char *format, ...)
{
    char text[SAID_MAX];
    struct output out;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, tr(format), arguments); /* more than that would be read by nobody */
    va_end(arguments);
    output_init(&out, STDERR_FILENO);
    output_format(&out, "gk%s%s: ", about != NULL ? " " : "", about != NULL ? about : "");
    output_shown(&out, text, strlen(text));
    output_text(&out, "\n");
    output_flush(&out); /* there is nobody to tell a failure to */
    output_clear(&out);
}

int tool_failed(const struct command *command, const struct gk_error *error)
{
    say(command->name, "%s", error->text[0] != '\0' ? error->text : gk_status_text(error->status));
    return EXIT_STORE;
}

/* What stands where a store should: the library only knows that it is none. */
static void say_no_store(const struct command *command, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        say(command->name, "%s: there is no store (gk init makes one)", path);
    else if (S_ISDIR(info.st_mode))
        say(command->name, "%s: there is no store in this folder (gk init makes one)", path);
    else
        say(command->name, "%s: this is a file; a store is a folder (gk init makes one)", path);
}

int tool_open(const struct command *command, const char *path, int flags, const struct gk_options *options, gk_db **db)
{
    struct gk_error error = {0};
    int rc = gk_open(path, flags, options, db, &error);

    if (rc != GK_OK) {
        *db = NULL;
        error.status = rc;
        if (rc == GK_ENOTFOUND)
            say_no_store(command, path);
        else
            (void)tool_failed(command, &error);
    }
    return rc;
}

int tool_view(const struct command *command, const char *path, gk_db **db, gk_snapshot **snapshot)
{
    struct gk_error error = {0};
    int rc = tool_open(command, path, GK_READONLY, NULL, db);

    *snapshot = NULL;
    if (rc != GK_OK)
        return rc;
    rc = gk_snapshot_open(*db, snapshot, &error);
    if (rc != GK_OK) {
        *snapshot = NULL;
        error.status = rc;
        (void)tool_failed(command, &error);
        (void)gk_close(*db); /* nothing was written */
        *db = NULL;
    }
    return rc;
}

bool tool_read_time(const struct command *command, const char *option, const char *text, int32_t zone_s, gk_time *out)
{
    if (gk_time_parse(text, strlen(text), zone_s, out) == GK_OK)
        return true;
    say(command->name, "option '--%s' needs a time such as 2026-01-05T08:00, not '%s'", option, text);
    return false;
}

gk_time tool_clock_read(void *context)
{
    const struct tool_clock *clock = context;
    struct timespec now;

    if (clock->is_set)
        return clock->now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (gk_time)now.tv_sec * GK_SECOND + now.tv_nsec;
}

int tool_open_for_writing(const struct command *command, const char *path, const char *now, struct tool_clock *clock,
                          gk_db **db)
{
    const struct gk_options options = {.size = sizeof options, .clock = tool_clock_read, .clock_context = clock};
    struct gk_error error = {0};
    gk_snapshot *snapshot;
    int rc = tool_open(command, path, GK_READWRITE, &options, db);

    if (rc != GK_OK)
        return EXIT_STORE;
    if (now == NULL)
        return EXIT_ROWS;
    rc = gk_snapshot_open(*db, &snapshot, &error);
    if (rc != GK_OK) {
        (void)tool_failed(command, &error);
        (void)gk_close(*db); /* nothing was written */
        return EXIT_STORE;
    }
    clock->is_set = tool_read_time(command, "now", now, gk_snapshot_info(snapshot)->zone_s, &clock->now);
    gk_snapshot_close(snapshot);
    if (clock->is_set)
        return EXIT_ROWS;
    (void)gk_close(*db); /* nothing was written */
    return EXIT_USAGE;
}

void *tool_resize(void *p, size_t n, size_t size)
{
    void *grown = size != 0 && n > SIZE_MAX / size ? NULL : realloc(p, n * size > 0 ? n * size : 1);

    if (grown == NULL) {
        fprintf(stderr, "gk: %s\n", tr("out of memory")); /* say needs some */
        exit(EXIT_STORE);
    }
    return grown;
}

gk_time tool_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gk_time)now.tv_sec * GK_SECOND + now.tv_nsec;
}
