/*
 * rejects.c - one line a reject: number, tab, reason, tab, the line as it stood there.
 */
#include "rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void rejects_init(struct rejects *rejects, const char *source)
{
    const char *name = strcmp(source, "-") == 0 ? "stdin" : source;
    size_t size = strlen(name) + sizeof ".rejects";

    *rejects = (struct rejects){.path = tool_resize(NULL, size, 1)};
    snprintf(rejects->path, size, "%s.rejects", name);
    output_init(&rejects->out, -1);
}

static void make_file(struct rejects *rejects)
{
    int fd = open(rejects->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        rejects->failure = errno;
    else
        output_init(&rejects->out, fd);
}

/* "column 3: words". The engine's words begin with the line, which stands in the first field here. */
static void explain(char *out, size_t size, uint64_t line, const struct gk_error *reason)
{
    const char *text = reason->text[0] != '\0' ? reason->text : gk_status_text(reason->status);
    char prefix[40];
    size_t n = (size_t)snprintf(prefix, sizeof prefix, "line %" PRIu64, line);

    if (strncmp(text, prefix, n) == 0 && (text[n] == ',' || text[n] == ':') && text[n + 1] == ' ')
        snprintf(out, size, "%s", text + n + 2);
    else if (reason->column > 0)
        snprintf(out, size, "column %" PRIu32 ": %s", reason->column, text);
    else
        snprintf(out, size, "%s", text);
}

void rejects_add(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct rejects *rejects = context;
    char why[GK_ERROR_TEXT_MAX + 32];

    explain(why, sizeof why, line, reason);
    if (rejects->n++ == 0) {
        make_file(rejects);
        snprintf(rejects->first, sizeof rejects->first, "line %" PRIu64 ", %s", line, why);
    }
    if (rejects->failure != 0)
        return;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    output_format(&rejects->out, "%" PRIu64 "\t%s\t", line, why);
    output_bytes(&rejects->out, text, size);
    output_text(&rejects->out, "\n");
}

void rejects_finish(struct rejects *rejects, const struct command *command)
{
    output_flush(&rejects->out);
    if (rejects->out.fd >= 0 && close(rejects->out.fd) != 0 && rejects->out.failure == 0)
        rejects->out.failure = errno;
    if (rejects->failure == 0)
        rejects->failure = rejects->out.failure;
    if (rejects->failure != 0)
        say(command->name, "cannot write '%s': %s", rejects->path, strerror(rejects->failure));
    output_clear(&rejects->out);
    free(rejects->path);
    rejects->path = NULL;
}
