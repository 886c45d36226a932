/*
 * plant.h - the small store of targets that need one: two production facilities, two of abatement, an order, an
 * exemption, and an hour of rows, half of them not sealed. In memory (/dev/shm) where there is such a place.
 */
#ifndef TESTS_FUZZ_PLANT_H
#define TESTS_FUZZ_PLANT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gk.h"

#define PLANT_NOW (INT64_C(1795132800) * GK_SECOND) /* 2026-11-20T00:00Z */

static char plant_folder[64];

static inline gk_time plant_clock(void *context)
{
    (void)context;
    return PLANT_NOW;
}

#define plant_must(x)                                                                                                  \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline void plant_load(gk_db *db, const char *text)
{
    gk_load *load;

    plant_must(gk_load_open(db, NULL, &load, NULL) == GK_OK);
    plant_must(gk_load_feed(load, text, strlen(text), NULL) == GK_OK);
    plant_must(gk_load_finish(load, NULL, NULL) == GK_OK);
    gk_load_close(load);
}

static inline void plant_remove(void)
{
    static const char *const FILES[] = {"data.mdb", "lock.mdb", "lock.writer", "ballast"};
    char name[128];

    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        (void)snprintf(name, sizeof name, "%s/%s", plant_folder, FILES[i]);
        (void)unlink(name);
    }
    (void)rmdir(plant_folder);
}

static inline gk_db *plant_new(void)
{
    struct gk_options options = {
        .size = sizeof options, .map_size = 1 << 28, .commit_ns = -1, .ballast = -1, .clock = plant_clock};
    char rows[4096] = "time_s,facility,kw,kwh\n";
    gk_db *db;

    (void)snprintf(plant_folder, sizeof plant_folder, "%s/gkdb-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    plant_must(mkdtemp(plant_folder) != NULL);
    plant_must(gk_open(plant_folder, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &options, &db, NULL) == GK_OK);
    plant_load(db, "facility,enterprise,park,line,role,rated_kw,serves,group\np1,E1,P1,L1,production,10,,g\n"
                   "a1,E1,P1,L1,abatement,5,p1,\np2,E2,P1,L2,production,20,,\na2,E2,P1,L2,abatement,8,p2,\n");
    plant_load(db, "scope,level,from,to\ngroup:g,red,2026-11-19T20:00Z,2026-11-20\n");
    plant_load(db, "scope,kind,from,to\np2,stop,2026-11-19T23:00Z,2026-11-19T23:30Z\n");
    for (int half = 0; half < 2; half++) {
        size_t n = strlen("time_s,facility,kw,kwh\n");
        for (int i = half * 30; i < half * 30 + 30; i++)
            n += (size_t)snprintf(rows + n, sizeof rows - n, "%lld,%c%d,%d.%d,%d\n",
                                  (long long)(PLANT_NOW / GK_SECOND) - 3600 + i * 60, i % 2 ? 'a' : 'p', i / 2 % 2 + 1,
                                  i * 7 % 12, i % 10, i * 3);
        plant_load(db, rows);
        plant_must(half || gk_seal(db, NULL) == GK_OK);
    }
    return db;
}

#endif
