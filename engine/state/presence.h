/*
 * presence.h - sets of facility ids, of which the presence index is made: plain bits in memory; on disk bits, gaps or a
 * Roaring bitmap, whichever is smallest. The only room that knows CRoaring, of which 0.2.66 must work: bytes are
 * checked in full before they are believed, and lazy or copy-on-write calls are never used.
 */
#ifndef STATE_PRESENCE_H
#define STATE_PRESENCE_H

#include "base/buffer.h"
#include "base/error.h"

#define PRESENCE_IDS_MAX (1u << 24) /* as many facilities as a store may have */

/* A set of ids < PRESENCE_IDS_MAX. */
struct idset;
int idset_new(const struct mem *mem, struct idset **out);
void idset_free(struct idset *set);
int idset_set(struct idset *set, uint32_t id, bool is_in); /* GK_ERANGE */
bool idset_has(const struct idset *set, uint32_t id);
uint64_t idset_count(const struct idset *set);
size_t idset_bytes(const struct idset *set); /* of memory */
bool idset_equals(const struct idset *a, const struct idset *b);
int idset_each(const struct idset *set, int (*visit)(void *context, uint32_t id), void *context);

/* A record of the index is one set:  version u8 = 1 | form u8 | portable Roaring bytes (0), bits (1) or gaps (2). */
int presence_encode(const struct idset *set, struct buffer *out);
/* Checks every byte. GK_ECORRUPT, GK_EVERSION. */
int presence_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct idset **out);
int presence_check(const uint8_t *bytes, size_t size, struct gk_error *error);
int presence_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out);
/* Sets bit id of words for every id < 64 * n_words of a record, which is checked on the way. */
int presence_mark(const uint8_t *bytes, size_t size, uint64_t *words, size_t n_words);

#endif
