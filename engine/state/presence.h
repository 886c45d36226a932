/*
 * presence.h - sets of facility ids as Roaring bitmaps: the presence index has, for every hour and state, who was in
 * that state for some of the hour and who for the whole of it. The only room that knows CRoaring, of which 0.2.66 must
 * work: nothing is deserialised before a full check of its bytes, and lazy or copy-on-write calls are never used.
 */
#ifndef STATE_PRESENCE_H
#define STATE_PRESENCE_H

#include "base/buffer.h"
#include "base/error.h"

/* A set of ids. */
struct idset;
int idset_new(const struct mem *mem, struct idset **out);
void idset_free(struct idset *set);
int idset_set(struct idset *set, uint32_t id, bool is_in);
bool idset_has(const struct idset *set, uint32_t id);
uint64_t idset_count(const struct idset *set);
bool idset_equals(const struct idset *a, const struct idset *b);
/* is_in[id] |= 1 for every id < n in the set. */
void idset_mark(const struct idset *set, uint8_t *is_in, size_t n);
int idset_each(const struct idset *set, int (*visit)(void *context, uint32_t id), void *context);

/* One record of the index: the two sets of an hour and state, some >= whole.
 *   version u8 = 1 | varint size of the first | portable Roaring bytes of some | portable Roaring bytes of whole */
struct presence {
    struct idset *some, *whole;
};
int presence_new(const struct mem *mem, struct presence *out);
void presence_clear(struct presence *presence);
int presence_encode(const struct presence *presence, struct buffer *out); /* runs are optimised first */
/* Checks every byte before CRoaring sees it. GK_ECORRUPT, GK_EVERSION. */
int presence_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct presence *out);
int presence_check(const uint8_t *bytes, size_t size, struct gk_error *error); /* also whole inside some */
int presence_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out);

/*
 * For which states of an hour [from, to) ticks the steps of a facility say some and whole: bit s of *some and *whole is
 * GK_STATE_BIT(s). Steps before `from` carry in; with none, no data.
 */
void presence_of_steps(const struct gk_step *steps, size_t n, int64_t from, int64_t to, uint32_t *some,
                       uint32_t *whole);

#endif
