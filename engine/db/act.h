/*
 * act.h - one act: its bytes, its hash, its text. Layout: docs/format/act.md.
 */
#ifndef DB_ACT_H
#define DB_ACT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/sha256.h"

/* A text as records of this table and of alarms keep it: size varint, bytes, NUL. What is taken is borrowed, and NULL
 * when it is longer than `max` or no such text: then the reader has failed. */
void act_put_text(struct buffer *out, const char *text, size_t size);
const char *act_take_text(struct reader *r, size_t max);

/* GK_EINVAL names what is missing, too long or makes no sense in an act that is to be put. */
int act_check_put(const struct gk_act_put *put, struct gk_error *error);
/* Where an act comes to stand: what its put does not say. */
struct act_place {
    uint64_t seq, alarm, before;
    gk_time time;
    const uint8_t *hash_before; /* SHA256_SIZE bytes, zeros for the first */
};
/* Adds the record of an act that act_check_put found good. */
int act_encode(const struct gk_act_put *put, const struct act_place *place, struct buffer *out);
/* The texts and the hash are borrowed from the bytes. GK_ECORRUPT, GK_EVERSION. */
int act_decode(uint64_t seq, struct view bytes, struct gk_act *out, struct gk_error *error);
/* The hash that a record of this number ought to end with. */
void act_hash(const uint8_t before[SHA256_SIZE], uint64_t seq, struct view record, uint8_t out[SHA256_SIZE]);
/* One line, without its end. */
int act_dump(const struct gk_act *act, struct buffer *out);
/* " key=..." of such a line, nothing when there is nothing to say. A text is quoted and stays on its line. */
void act_dump_time(struct buffer *out, const char *key, gk_time t);
void act_dump_text(struct buffer *out, const char *key, const char *text);
void act_dump_number(struct buffer *out, const char *key, uint64_t n);
void act_dump_subject(struct buffer *out, enum gk_kind kind, const char *subject, const char *enterprise,
                      const char *park);

#endif
