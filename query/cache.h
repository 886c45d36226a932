/*
 * cache.h - timelines of facilities and sites that several subjects of a statement share: ten fans of one enterprise
 * ask for the same five production lines. Timelines are reused, and freed in the end or by cache_shrink.
 */
#ifndef QUERY_CACHE_H
#define QUERY_CACHE_H

#include "arena.h"
#include "scope.h"

/* What a cached timeline says. */
struct cache_key {
    uint32_t what; /* a mask of states, or a leaf; with or without negation: see eval.c */
    struct subject subject;
};

struct cache_entry {
    struct cache_key key;
    int64_t lo, hi; /* ticks for which it was made; it serves everything inside */
    gk_timeline *timeline;
};

struct cache {
    struct arena *arena;
    gk_snapshot *snapshot;
    struct cache_entry *entries; /* n in use; those behind keep their timelines for later */
    size_t n, capacity, n_made;
    uint32_t *slots; /* hash table of entry numbers + 1; a power of two of them */
    size_t n_slots;
};

void cache_init(struct cache *cache, struct arena *arena, gk_snapshot *snapshot);
void cache_clear(struct cache *cache);
/* Forgets all that was cached and goes on with another snapshot. */
void cache_forget(struct cache *cache, gk_snapshot *snapshot);
/* The same, and gives timelines back but for a few: whoever keeps many caches keeps no more than they need. */
void cache_shrink(struct cache *cache);
/* Forgets what was cached when there is much of it; call it between subjects, never within one. */
void cache_trim(struct cache *cache);
/* The entry of a key, made empty (lo == hi) when there is none. Its number stays valid until cache_trim. */
int cache_find(struct cache *cache, const struct cache_key *key, size_t *entry);

#endif
