/*
 * having.h - whether a row passes the tail `having`.
 */
#ifndef QUERY_HAVING_H
#define QUERY_HAVING_H

#include "rows.h"

/* Of the last row; `columns` are those of the inputs. What an empty cell goes into does not pass. */
bool having_passes(const struct having *list, const struct rows *rows, const size_t *columns);

#endif
