/*
 * memo.h - what a snapshot has worked out about facilities and keeps, as nothing changes under it: the steps of their
 * states, decoded, and their profile and limits. A second look at a facility, by the next leaf of a condition or by the
 * next statement on the snapshot, costs a search in a table.
 */
#ifndef DB_MEMO_H
#define DB_MEMO_H

#include "db/limits.h"
#include "db/profile.h"

/* A zone of 10,000 facilities has about 16 MB of steps in a week. */
#define MEMO_BYTES_MAX ((size_t)32 << 20)

struct memo_entry {
    uint32_t facility;
    int64_t from, to; /* ticks of the steps; from == to: none are kept */
    struct steps steps;
    bool has_limits; /* then profile and limits are kept */
    struct profile profile;
    struct limits limits;
};

struct memo {
    const struct mem *mem;
    struct memo_entry **slots; /* open addressing by facility */
    size_t n, n_slots;         /* n_slots is 0 or a power of two */
    size_t bytes;              /* of the steps, as memo_count was told */
};

void memo_init(struct memo *memo, const struct mem *mem);
void memo_clear(struct memo *memo);
/* The entry of a facility, made empty when there is none. It lives until memo_trim or memo_clear. GK_ENOMEM. */
int memo_find(struct memo *memo, uint32_t facility, struct memo_entry **out);
/* The entry's steps grew from a capacity of `before`. */
void memo_count(struct memo *memo, const struct memo_entry *entry, size_t before);
/* Copies the profile and limits of a facility out of it, when it has them; and into it. */
int memo_take_limits(struct memo *memo, uint32_t facility, struct profile *profile, struct limits *limits,
                     bool *is_kept);
int memo_put_limits(struct memo *memo, uint32_t facility, const struct profile *profile, const struct limits *limits);
/* Forgets all when it is more than MEMO_BYTES_MAX: between two questions about sets of facilities, not within one. */
void memo_trim(struct memo *memo);

#endif
