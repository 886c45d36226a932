/*
 * memo.c - see memo.h. Entries are pieces of memory of their own, so that they stay where they are while the table
 * grows.
 */
#include "db/memo.h"

#include <string.h>

#define SLOTS_MIN  64
#define ENTRY_MORE 128 /* bytes of a few channels and one span of limits */

void memo_init(struct memo *memo, const struct mem *mem)
{
    *memo = (struct memo){.mem = mem};
}

void memo_clear(struct memo *memo)
{
    for (size_t i = 0; i < memo->n_slots; i++) {
        struct memo_entry *entry = memo->slots[i];
        if (!entry)
            continue;
        steps_clear(&entry->steps);
        profile_clear(&entry->profile);
        limits_clear(&entry->limits);
        mem_free(memo->mem, entry);
    }
    if (memo->mem)
        mem_free(memo->mem, memo->slots);
    memo_init(memo, memo->mem);
}

/* The slot of a facility, or the empty one where it belongs. */
static size_t probe(const struct memo *memo, uint32_t facility)
{
    size_t at = (facility * UINT32_C(0x9E3779B1)) & (memo->n_slots - 1);

    while (memo->slots[at] && memo->slots[at]->facility != facility)
        at = (at + 1) & (memo->n_slots - 1);
    return at;
}

static int grow(struct memo *memo)
{
    struct memo wider = *memo;

    wider.n_slots = memo->n_slots ? 2 * memo->n_slots : SLOTS_MIN;
    wider.slots = mem_zeroed(memo->mem, wider.n_slots * sizeof(struct memo_entry *));
    if (!wider.slots)
        return GK_ENOMEM;
    for (size_t i = 0; i < memo->n_slots; i++)
        if (memo->slots[i])
            wider.slots[probe(&wider, memo->slots[i]->facility)] = memo->slots[i];
    mem_free(memo->mem, memo->slots);
    *memo = wider;
    return GK_OK;
}

int memo_find(struct memo *memo, uint32_t facility, struct memo_entry **out)
{
    if (2 * (memo->n + 1) > memo->n_slots && grow(memo) != GK_OK)
        return GK_ENOMEM;
    size_t at = probe(memo, facility);
    if (!memo->slots[at]) {
        struct memo_entry *entry = mem_zeroed(memo->mem, sizeof *entry);
        if (!entry)
            return GK_ENOMEM;
        entry->facility = facility;
        steps_init(&entry->steps, memo->mem);
        profile_init(&entry->profile, memo->mem);
        limits_init(&entry->limits, memo->mem);
        memo->slots[at] = entry;
        memo->n++;
        memo->bytes += sizeof *entry + ENTRY_MORE;
    }
    *out = memo->slots[at];
    return GK_OK;
}

void memo_count(struct memo *memo, const struct memo_entry *entry, size_t before)
{
    memo->bytes += (entry->steps.capacity - before) * sizeof *entry->steps.at;
}

int memo_take_limits(struct memo *memo, uint32_t facility, struct profile *profile, struct limits *limits,
                     bool *is_kept)
{
    int rc = GK_OK;

    *is_kept = false;
    if (memo->n == 0)
        return GK_OK;
    const struct memo_entry *entry = memo->slots[probe(memo, facility)];
    if (!entry || !entry->has_limits)
        return GK_OK;
    TRY(profile_copy(profile, &entry->profile));
    TRY(limits_copy(limits, &entry->limits));
    *is_kept = true;
done:
    return rc;
}

int memo_put_limits(struct memo *memo, uint32_t facility, const struct profile *profile, const struct limits *limits)
{
    struct memo_entry *entry;
    int rc;

    TRY(memo_find(memo, facility, &entry));
    entry->has_limits = false;
    TRY(profile_copy(&entry->profile, profile));
    TRY(limits_copy(&entry->limits, limits));
    entry->has_limits = true;
done:
    return rc;
}

void memo_trim(struct memo *memo)
{
    if (memo->bytes > MEMO_BYTES_MAX)
        memo_clear(memo);
}
