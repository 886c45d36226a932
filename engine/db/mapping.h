/*
 * mapping.h - what devices send, and where it goes.
 */
#ifndef DB_MAPPING_H
#define DB_MAPPING_H

#include "db/catalog.h"

bool mapping_period_of(struct gk_text text, enum gk_period *out);

/* The mapping that says most about what was sent; NULL when none fits. */
const struct gk_mapping *catalog_find_mapping(const struct catalog *catalog, const struct gk_sent *sent);
/* A facility's or channel's name out of its pattern. GK_EINVAL, GK_ERANGE: what becomes of it is no name. */
int mapping_expand(const char *pattern, const struct gk_sent *sent, char out[GK_NAME_MAX + 1], struct gk_error *error);

int catalog_put_mapping(struct catalog *catalog, const struct gk_mapping_put *put, struct catalog_changes *changes,
                        struct gk_error *error);
int catalog_add_mapping(struct catalog *catalog, const struct gk_mapping *mapping);

#endif
