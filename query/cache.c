/*
 * cache.c - see cache.h. Open addressing with linear probing; the table is at most half full.
 */
#include "cache.h"

#include <string.h>

#include "parser.h"

/* Entries that are kept from subject to subject: an enterprise has tens of facilities, of which each has some masks. */
#define KEEP_MAX 512
/* Timelines that a cache keeps which is shrunk: a rule about one enterprise asks for no more. */
#define SHRUNK_MAX 32

void cache_init(struct cache *cache, struct arena *arena, gk_snapshot *snapshot)
{
    *cache = (struct cache){.arena = arena, .snapshot = snapshot};
}

void cache_clear(struct cache *cache)
{
    size_t n = cache->n_slots;

    for (size_t i = 0; i < cache->n_made; i++)
        gk_timeline_free(cache->entries[i].timeline);
    arena_release(cache->arena, &cache->entries, &cache->capacity, sizeof *cache->entries);
    arena_release(cache->arena, &cache->slots, &n, sizeof *cache->slots);
    cache_init(cache, cache->arena, cache->snapshot);
}

static void forget(struct cache *cache)
{
    cache->n = 0;
    if (cache->slots)
        memset(cache->slots, 0, cache->n_slots * sizeof *cache->slots);
}

void cache_forget(struct cache *cache, gk_snapshot *snapshot)
{
    cache->snapshot = snapshot;
    if (cache->n)
        forget(cache);
}

void cache_shrink(struct cache *cache)
{
    if (cache->n)
        forget(cache);
    while (cache->n_made > SHRUNK_MAX)
        gk_timeline_free(cache->entries[--cache->n_made].timeline);
}

void cache_trim(struct cache *cache)
{
    if (cache->n > KEEP_MAX)
        forget(cache);
}

static size_t hash(const struct cache_key *key)
{
    uint64_t h =
        key->what * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)key->subject.id << 8 ^ (uint64_t)key->subject.kind;

    h *= UINT64_C(0xBF58476D1CE4E5B9);
    return (size_t)(h >> 20);
}

static bool is_same(const struct cache_key *a, const struct cache_key *b)
{
    return a->what == b->what && a->subject.id == b->subject.id && a->subject.kind == b->subject.kind;
}

/* The slot where a key is, or the empty one where it belongs. */
static size_t probe(const struct cache *cache, const struct cache_key *key)
{
    size_t at = hash(key) & (cache->n_slots - 1);

    while (cache->slots[at] && !is_same(&cache->entries[cache->slots[at] - 1].key, key))
        at = (at + 1) & (cache->n_slots - 1);
    return at;
}

static int grow(struct cache *cache)
{
    uint32_t *slots = NULL;
    size_t capacity = 0, before = cache->n_slots;
    size_t n = before ? before * 2 : 2048;
    int rc = arena_reserve(cache->arena, &slots, &capacity, n, sizeof *slots);

    if (rc != GK_OK)
        return rc;
    arena_release(cache->arena, &cache->slots, &before, sizeof *cache->slots);
    cache->slots = slots;
    cache->n_slots = n;
    memset(slots, 0, n * sizeof *slots);
    for (size_t i = 0; i < cache->n; i++)
        cache->slots[probe(cache, &cache->entries[i].key)] = (uint32_t)i + 1;
    return GK_OK;
}

int cache_find(struct cache *cache, const struct cache_key *key, size_t *entry)
{
    int rc = GK_OK;

    if (2 * (cache->n + 1) > cache->n_slots)
        TRY(grow(cache));
    size_t at = probe(cache, key);
    if (cache->slots[at]) {
        *entry = cache->slots[at] - 1;
        return GK_OK;
    }
    TRY(arena_reserve(cache->arena, &cache->entries, &cache->capacity, cache->n + 1, sizeof *cache->entries));
    struct cache_entry *fresh = &cache->entries[cache->n];
    if (cache->n == cache->n_made) {
        TRY(gk_timeline_new(cache->snapshot, &fresh->timeline));
        cache->n_made++;
    }
    fresh->key = *key;
    fresh->lo = fresh->hi = 0;
    *entry = cache->n++;
    cache->slots[at] = (uint32_t)cache->n;
done:
    return rc;
}
