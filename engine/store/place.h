/*
 * place.h - where a store must not be: a directory that everybody may write, or a network file system.
 */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "base/error.h"

/* Of a directory that is there; its error names the place and the way out. */
int place_check(const char *path, struct gk_error *error);

#endif
