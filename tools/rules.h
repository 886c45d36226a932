/*
 * rules.h - files of rules into a store that is open for writing.
 */
#ifndef RULES_H
#define RULES_H

#include "tool.h"

/* All rules of all files are put, or none; those in force from `from` on (0: now). Says how many; an exit status. */
int rules_put(const struct command *command, gk_db *db, char *const *paths, int n, gk_time from);

#endif
