/*
 * extent.h - does the file hold all the pages that its newest header leads to? LMDB maps the file, and a page that is
 * not there kills whoever looks at it by SIGBUS; so this is asked with plain reads before the first look.
 */
#ifndef STORE_EXTENT_H
#define STORE_EXTENT_H

#include "base/error.h"

struct MDB_env;

/* `name` is the data file of an opened environment. GK_ECORRUPT: cut off, or its pages make no sense. */
int extent_check(struct MDB_env *env, const char *name, struct gk_error *error);

#endif
