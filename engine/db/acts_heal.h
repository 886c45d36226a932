/*
 * acts_heal.h - for repair.c: alarms made again of their acts.
 */
#ifndef DB_ACTS_HEAL_H
#define DB_ACTS_HEAL_H

#include "db/db.h"

/* Puts what the acts come to in the place of all alarms and their indexes, in one transaction. Nothing may be pending.
 */
int acts_heal(gk_db *db, struct gk_error *error);

#endif
