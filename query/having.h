/*
 * having.h - whether a row passes the tail `having`.
 */
#ifndef QUERY_HAVING_H
#define QUERY_HAVING_H

#include "rows.h"

/* Of the last row; `columns` are those of the inputs. What an empty cell goes into does not pass. */
bool having_passes(const struct having *list, const struct rows *rows, const size_t *columns);
/*
 * The same, where what is not known is told apart: a comparison with an empty cell is unknown, and so is one that wants
 * more of a column of coverage than there is. Any that is false makes all of it false.
 */
enum gk_truth having_truth(const struct having *list, const struct rows *rows, const size_t *columns);
/* Whether some comparison is about coverage. */
bool having_names_coverage(const struct having *list, const struct rows *rows, const size_t *columns);

#endif
