/*
 * source.h - the bytes of a file or of standard input, gzip'd or not, piece by piece; read ahead by a thread of its own
 * when that is wanted, so that unpacking and loading go on at the same time.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"

struct source;

/* "-" is standard input. GK_OK, GK_EIO or GK_ENOTFOUND with the words in *error. */
int source_open(const char *path, struct source **out, struct gk_error *error);
/* The first piece; it comes again from source_next. Before source_read_ahead only. */
int source_peek(struct source *source, const char **bytes, size_t *size, struct gk_error *error);
/* Whether the same bytes can be had again by opening the path again. */
bool source_is_regular(const struct source *source);
/* From now on a thread reads. When there can be none, reading goes on without. */
void source_read_ahead(struct source *source);
/* GK_OK with a piece that lives until the next call, GK_DONE, or GK_EIO. */
int source_next(struct source *source, const char **bytes, size_t *size, struct gk_error *error);
/* How many bytes of the file (packed, when it is packed) have been read; the size of the file, 0 when unknown. */
uint64_t source_done(struct source *source);
uint64_t source_total(const struct source *source);
void source_close(struct source *source);

#endif
