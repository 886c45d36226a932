/*
 * person.h - people, what they are to whom, and how to reach them.
 */
#ifndef DB_PERSON_H
#define DB_PERSON_H

#include "db/catalog.h"

int catalog_put_person(struct catalog *catalog, const struct gk_person_put *put, struct catalog_changes *changes,
                       struct gk_error *error);
int catalog_add_person(struct catalog *catalog, const struct gk_person *person);

#endif
