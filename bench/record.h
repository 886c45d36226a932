/*
 * record.h - alarms and acts as they come to be: rules of the ready set are judged while rows come, and of what they
 * raise people are told; they acknowledge, assign and close it, some of it late, some never. The same rows give the
 * same record. Everything that fails ends the program.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include "gk_query.h"

struct record;

/* Puts the rules, in force from a time on, and opens their judge. */
struct record *record_open(gk_db *db, gk_time from);
/* Commits what was taken, with the acts whose time has come, judges it, and plans what follows on new alarms. */
void record_look(struct record *record, gk_time now);
void record_close(struct record *record);

#endif
