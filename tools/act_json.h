/*
 * act_json.h - an act of the record as one line of JSON, for programs that deliver or keep it.
 */
#ifndef ACT_JSON_H
#define ACT_JSON_H

#include "output.h"

/* The same keys for every act; what an act of its kind does not have is null. Whose alarm it is stands in each line. */
void act_json(struct output *out, const struct gk_act *act, const struct gk_alarm *alarm, int32_t zone_s);
/* The 32 bytes of a hash as hex. */
void output_hash(struct output *out, const uint8_t *hash);

#endif
