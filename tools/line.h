/*
 * line.h - lines of somebody who types, or of a file. On a terminal they are edited with libedit (keys, history,
 * completion) where it was there when gk was built; else they are read as they come.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "complete.h"

struct line;

/* Called for Tab, with the text of the line and the place of the cursor in it. */
typedef void (*line_complete_fn)(void *context, const char *text, size_t at, struct completion *out);

/* Lines of standard input. history: a path, NULL for none. */
struct line *line_new(const char *history, line_complete_fn complete, void *context);
void line_free(struct line *line);

/* Whether this gk can edit lines at all, and whether these are. */
bool line_can_edit(void);
bool line_is_edited(const struct line *line);

enum line_result { LINE_TEXT, LINE_END, LINE_INTERRUPTED };

/* The next line, without its end; lives until the next call. The prompt is shown on a terminal only. */
enum line_result line_read(struct line *line, const char *prompt, const char **text, size_t *size);
/* A statement for the history, and for its file. */
void line_remember(struct line *line, const char *text);

#endif
