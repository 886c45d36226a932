/*
 * wards.c - see wards.h.
 */
#include "wards.h"

#include <string.h>

#include "parser.h"

void wards_init(struct wards *wards, struct arena *arena)
{
    *wards = (struct wards){.arena = arena, .free = NOBODY, .free_kept = NOBODY};
}

void wards_clear(struct wards *wards)
{
    size_t n_slots = wards->n_slots;

    arena_release(wards->arena, &wards->list, &wards->capacity, sizeof *wards->list);
    arena_release(wards->arena, &wards->slots, &n_slots, sizeof *wards->slots);
    arena_release(wards->arena, &wards->kept, &wards->kept_capacity, sizeof *wards->kept);
    arena_release(wards->arena, &wards->heap, &wards->heap_capacity, sizeof *wards->heap);
}

/* ---- wards ---- */

static size_t slot_of(const struct wards *wards, uint32_t rule, struct subject subject)
{
    uint64_t h = ((uint64_t)rule << 36 ^ (uint64_t)subject.kind << 32 ^ subject.id) * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(h >> 24) & (wards->n_slots - 1);
}

static int grow(struct wards *wards)
{
    uint32_t *slots = NULL;
    size_t capacity = 0, n = wards->n_slots ? 2 * wards->n_slots : 1024, before = wards->n_slots;
    int rc = arena_reserve(wards->arena, &slots, &capacity, n, sizeof *slots);

    if (rc != GK_OK)
        return rc;
    arena_release(wards->arena, &wards->slots, &before, sizeof *wards->slots);
    wards->slots = slots;
    wards->n_slots = n;
    memset(slots, 0xFF, n * sizeof *slots); /* NOBODY */
    for (uint32_t i = 0; i < wards->n; i++) {
        struct ward *ward = &wards->list[i];
        if (ward->rule == NOBODY)
            continue;
        size_t slot = slot_of(wards, ward->rule, ward->subject);
        ward->next = slots[slot];
        slots[slot] = i;
    }
    return GK_OK;
}

static int take_free(struct wards *wards, uint32_t *out)
{
    int rc = GK_OK;

    if (wards->free == NOBODY) {
        TRY(arena_reserve(wards->arena, &wards->list, &wards->capacity, wards->n + 1, sizeof *wards->list));
        wards->list[wards->n].next = NOBODY;
        wards->list[wards->n].rule = NOBODY;
        wards->free = (uint32_t)wards->n++;
    }
    *out = wards->free;
    wards->free = wards->list[*out].next;
done:
    return rc;
}

int wards_find(struct wards *wards, uint32_t rule, struct subject subject, bool make, uint32_t *out)
{
    int rc = GK_OK;

    *out = NOBODY;
    for (uint32_t i = wards->n_slots ? wards->slots[slot_of(wards, rule, subject)] : NOBODY; i != NOBODY;
         i = wards->list[i].next) {
        const struct ward *ward = &wards->list[i];
        if (ward->rule == rule && ward->subject.kind == subject.kind && ward->subject.id == subject.id) {
            *out = i;
            return GK_OK;
        }
    }
    if (!make)
        return GK_OK;
    if (wards->n_used >= wards->n_slots)
        TRY(grow(wards));
    TRY(take_free(wards, out));
    size_t slot = slot_of(wards, rule, subject);
    wards->list[*out] = (struct ward){rule, subject, GK_TICK_MAX, NOBODY, wards->slots[slot]};
    wards->slots[slot] = *out;
    wards->n_used++;
done:
    return rc;
}

void wards_drop_idle(struct wards *wards, uint32_t number)
{
    struct ward *ward = &wards->list[number];
    uint32_t *at = &wards->slots[slot_of(wards, ward->rule, ward->subject)];

    if (ward->alarms != NOBODY || ward->due != GK_TICK_MAX)
        return;
    while (*at != number)
        at = &wards->list[*at].next;
    *at = ward->next;
    ward->rule = NOBODY;
    ward->next = wards->free;
    wards->free = number;
    wards->n_used--;
}

/* ---- alarms ---- */

int wards_add_alarm(struct wards *wards, uint32_t ward, const struct warned *alarm, uint32_t *out)
{
    int rc = GK_OK;

    if (wards->free_kept == NOBODY) {
        TRY(arena_reserve(wards->arena, &wards->kept, &wards->kept_capacity, wards->n_kept + 1, sizeof *wards->kept));
        wards->kept[wards->n_kept].next = NOBODY;
        wards->free_kept = (uint32_t)wards->n_kept++;
    }
    *out = wards->free_kept;
    wards->free_kept = wards->kept[*out].next;
    uint32_t *at = &wards->list[ward].alarms;
    while (*at != NOBODY && wards->kept[*at].from <= alarm->from)
        at = &wards->kept[*at].next;
    wards->kept[*out] = *alarm;
    wards->kept[*out].next = *at;
    *at = *out;
done:
    return rc;
}

void wards_drop_alarm(struct wards *wards, uint32_t ward, uint32_t alarm)
{
    uint32_t *at = &wards->list[ward].alarms;

    while (*at != alarm)
        at = &wards->kept[*at].next;
    *at = wards->kept[alarm].next;
    wards->kept[alarm].next = wards->free_kept;
    wards->free_kept = alarm;
}

/* ---- due times ---- */

static bool is_before(const struct due *a, const struct due *b)
{
    if (a->tick != b->tick)
        return a->tick < b->tick;
    return a->ward != b->ward ? a->ward < b->ward : a->alarm < b->alarm;
}

int wards_make_room(struct wards *wards)
{
    int rc;

    TRY(arena_reserve(wards->arena, &wards->heap, &wards->heap_capacity, wards->n_heap + 1, sizeof *wards->heap));
    TRY(arena_reserve(wards->arena, &wards->kept, &wards->kept_capacity, wards->n_kept + 1, sizeof *wards->kept));
done:
    return rc;
}

int wards_push(struct wards *wards, struct due due)
{
    size_t i = wards->n_heap;
    int rc;

    TRY(arena_reserve(wards->arena, &wards->heap, &wards->heap_capacity, i + 1, sizeof *wards->heap));
    wards->n_heap++;
    for (; i > 0 && is_before(&due, &wards->heap[(i - 1) / 2]); i = (i - 1) / 2)
        wards->heap[i] = wards->heap[(i - 1) / 2];
    wards->heap[i] = due;
done:
    return rc;
}

bool wards_pop(struct wards *wards, int64_t upto, struct due *out)
{
    if (wards->n_heap == 0 || wards->heap[0].tick > upto)
        return false;
    *out = wards->heap[0];
    struct due last = wards->heap[--wards->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < wards->n_heap; i = child) {
        if (child + 1 < wards->n_heap && is_before(&wards->heap[child + 1], &wards->heap[child]))
            child++;
        if (!is_before(&wards->heap[child], &last))
            break;
        wards->heap[i] = wards->heap[child];
    }
    wards->heap[i] = last;
    return true;
}
