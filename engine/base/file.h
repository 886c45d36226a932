/*
 * file.h - small files that are there whole or not at all.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buffer.h"

/* Makes or replaces folder/name, whole and durable, or leaves it as it was. GK_EIO, GK_EFULL, GK_EREADONLY. */
int file_write(const char *folder, const char *name, const void *bytes, size_t size, struct gk_error *error);
/* Appends its bytes, at most `max`. GK_ENOTFOUND; GK_ERANGE when it is longer, or no plain file. */
int file_read(const char *folder, const char *name, size_t max, struct buffer *out, struct gk_error *error);
/* Removes it; one that is gone is fine. Durable after file_sync. */
int file_remove(const char *folder, const char *name, struct gk_error *error);
/* Makes the folder durable: what was removed from it stays so. */
int file_sync(const char *folder, struct gk_error *error);
/* Makes a folder for many to write in, if there is none; its name is durable in any case. */
int file_make_folder(const char *folder, struct gk_error *error);

#endif
