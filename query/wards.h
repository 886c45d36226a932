/*
 * wards.h - what a judge remembers between two looks: of every rule and subject that has or had an alarm, or whose
 * truth may change without data, the alarms and the next such time. Nothing else costs memory.
 */
#ifndef QUERY_WARDS_H
#define QUERY_WARDS_H

#include "arena.h"
#include "scope.h"

#define NOBODY UINT32_MAX

/* An alarm that was not withdrawn. */
struct warned {
    uint64_t id;
    int64_t from, to; /* ticks; to is GK_TICK_MAX while it goes on */
    bool is_unknown;  /* data stopped, and it was said */
    uint64_t under;   /* the alarm whose cause is that of this one, too; 0: none */
    uint32_t next;    /* of the same ward, by `from`; NOBODY: none */
};

struct ward {
    uint32_t rule; /* number of its name */
    struct subject subject;
    int64_t due;     /* GK_TICK_MAX: nothing is */
    uint32_t alarms; /* the first one */
    uint32_t next;   /* of the same hash, or of those that are free */
};

/* A time at which to look again: at a ward, or whether somebody took care of an alarm. */
struct due {
    int64_t tick;
    uint32_t ward;
    uint64_t alarm; /* 0: the ward */
};

struct wards {
    struct arena *arena;
    struct ward *list;
    size_t n, capacity, n_used;
    uint32_t free; /* the first free one */
    uint32_t *slots;
    size_t n_slots;
    struct warned *kept;
    size_t n_kept, kept_capacity;
    uint32_t free_kept;
    struct due *heap; /* the earliest first; of equal ticks in order of ward and alarm */
    size_t n_heap, heap_capacity;
};

void wards_init(struct wards *wards, struct arena *arena);
void wards_clear(struct wards *wards);
/* The number of a ward, made when there is none and `make`; NOBODY in *out: there is none. */
int wards_find(struct wards *wards, uint32_t rule, struct subject subject, bool make, uint32_t *out);
/* Forgets a ward that has neither alarms nor a due time. */
void wards_drop_idle(struct wards *wards, uint32_t ward);
/* Adds an alarm in its place; the number of it goes to *out. */
int wards_add_alarm(struct wards *wards, uint32_t ward, const struct warned *alarm, uint32_t *out);
void wards_drop_alarm(struct wards *wards, uint32_t ward, uint32_t alarm);
/* Room for one more alarm and due time: the next ones cannot fail. */
int wards_make_room(struct wards *wards);
int wards_push(struct wards *wards, struct due due);
/* Takes the earliest due time up to a tick; false: there is none. */
bool wards_pop(struct wards *wards, int64_t upto, struct due *out);

#endif
