/*
 * hj212_learner.h - which devices reckon another check value than the standard's.
 *
 * A check value that is right as Modbus and wrong by the standard comes by chance once in 65,536 damaged packets, but a
 * device whose firmware does so sends nothing else: LEARN_PACKETS of them in a row, and the device's packets are judged
 * by it. It goes back the same way.
 */
#ifndef FEED_HJ212_LEARNER_H
#define FEED_HJ212_LEARNER_H

#include "base/error.h"
#include "base/mem.h"

#define LEARN_PACKETS 8

/* By what packets of the device are judged. */
enum gk_hj212_crc learner_crc(const gk_hj212_learner *learner, struct gk_text mn);
/* A packet of the device passed by that. */
void learner_passed(gk_hj212_learner *learner, struct gk_text mn);
/* A packet is right in all but that, and passes by `other`; true: from now on its packets are judged by it. */
bool learner_learn(gk_hj212_learner *learner, struct gk_text mn, enum gk_hj212_crc other);
/* As gk_hj212_learned. */
bool learner_get(const gk_hj212_learner *learner, size_t i, struct gk_hj212_device *out);

#endif
