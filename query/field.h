/*
 * field.h - attributes of facilities: the fields of the catalog and any tag, as text and as numbers.
 */
#ifndef QUERY_FIELD_H
#define QUERY_FIELD_H

#include "gk.h"
#include "words.h"

/* Fields that are no tags: name role rated_kw rated_a line enterprise park; NULL behind the last. */
const char *field_name(size_t i);
/* Whether it is a field or some facility has a tag of that name; candidates go to `nearest`, which may be NULL. */
bool field_exists(gk_snapshot *snapshot, const char *name, struct nearest *nearest);
/* "" when the facility has none; a rated value is none of the texts. */
const char *field_text(gk_snapshot *snapshot, const struct gk_facility *facility, const char *name);
/* NaN when the facility has none or it is no number: 12, 0.5, 30%. */
double field_number(const struct gk_facility *facility, const char *name);

#endif
