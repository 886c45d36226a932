/*
 * life.h - the days of a zone as they were lived: rows come with their time, every four minutes they are committed and,
 * from the second hour on, judged (record.h), and two things happen that the zone's file does not have:
 *
 *     gateways   of each 32nd enterprise were cut off from 08:00 to 20:00 of the last day but one; what they kept came
 *                at 18:00 of the last day
 *     master     the meter above an enterprise: a row each ten seconds, the sum of what the facilities below it sent
 *                last and two in a hundred more; on the last day 40 kW more from 12:00 to 16:00
 *
 * Days are counted back from the zone's end. The rows of the zone's facilities are those of the file.
 */
#ifndef BENCH_LIFE_H
#define BENCH_LIFE_H

#include "gk.h"
#include "zone.h"

#define LIFE_MASTER 1 /* the enterprise that has one */

/* Into a store that was opened with FILL_LIVE; `master` is the id of the meter. Seals. */
void life_fill(gk_db *db, const struct zone *zone, const uint32_t channels[ZONE_CHANNELS], uint32_t master);

#endif
