/*
 * input.c - a look at each header, then a stable sort. The engine decides what a table is; this only needs to know
 * which of them others build on.
 */
#include "input.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

/* Whether a header has this column: fields between commas, quotes and blanks around them do not count. */
static bool has_column(const char *line, size_t size, const char *name)
{
    size_t from = 0;

    for (size_t at = 0; at <= size; at++) {
        if (at < size && line[at] != ',')
            continue;
        size_t to = at;

        while (from < to && strchr("\" \t\xEF\xBB\xBF", line[from]) != NULL)
            from++;
        while (to > from && strchr("\" \t\r", line[to - 1]) != NULL)
            to--;
        if (to - from == strlen(name) && strncasecmp(line + from, name, to - from) == 0)
            return true;
        from = at + 1;
    }
    return false;
}

enum input_rank input_rank(const char *bytes, size_t size)
{
    static const char *const times[] = {"time", "time_s", "time_ms", "time_us", "time_ns"};
    const char *newline = memchr(bytes, '\n', size);
    size_t length = newline != NULL ? (size_t)(newline - bytes) : size;

    if (gk_hj212_is_capture(bytes, size))
        return INPUT_ROWS;
    if (!has_column(bytes, length, "facility") || has_column(bytes, length, "mn"))
        return INPUT_TABLE;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (has_column(bytes, length, times[i]))
            return INPUT_ROWS;
    return INPUT_FACILITIES;
}

static void look(struct input *input)
{
    const char *bytes;
    size_t size;
    struct source *source;
    struct gk_error ignored; /* what reading says now it says again when the file is loaded */
    int rc = source_open(input->path, &source, &input->error);

    if (rc != GK_OK) {
        input->error.status = rc;
        return;
    }
    if (source_peek(source, &bytes, &size, &ignored) == GK_OK)
        input->rank = input_rank(bytes, size);
    if (source_is_regular(source))
        source_close(source);
    else
        input->held = source;
}

struct input *inputs_new(char *const *paths, size_t n)
{
    struct input *inputs = tool_resize(NULL, n, sizeof *inputs);
    struct input looked;

    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        looked = (struct input){.path = paths[i], .rank = INPUT_TABLE};
        look(&looked);
        for (; at > 0 && inputs[at - 1].rank > looked.rank; at--)
            inputs[at] = inputs[at - 1];
        inputs[at] = looked;
    }
    return inputs;
}

void inputs_free(struct input *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        source_close(inputs[i].held);
    free(inputs);
}

int input_open(struct input *input, struct source **out, struct gk_error *error)
{
    if (input->error.status != GK_OK) {
        *error = input->error;
        return input->error.status;
    }
    if (input->held == NULL)
        return source_open(input->path, out, error);
    *out = input->held;
    input->held = NULL;
    return GK_OK;
}
