/*
 * sim_rows.c - a walk over the sampling intervals; rows that come later wait in a heap until the walk has come to their
 * time.
 *
 * The fate of a row is drawn from its facility and its number, so it does not depend on the others.
 */
#include "sim_rows.h"

#include <stdlib.h>
#include <string.h>

#include "sim_meter.h"
#include "sim_random.h"
#include "tool.h"

/* Of 100,000 rows. */
enum { FATE_LOST = 300, FATE_LATE = 200, FATE_TWICE = 30, FATE_TWICE_LATER = 20 };

struct waiting {
    int64_t arrives;
    uint64_t number; /* first come, first served */
    struct sim_row row;
};

struct heap {
    struct waiting *v;
    size_t n, room;
    uint64_t n_ever;
};

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    return a->arrives != b->arrives ? a->arrives < b->arrives : a->number < b->number;
}

static void heap_push(struct heap *heap, int64_t arrives, const struct sim_row *row)
{
    struct waiting item = {arrives, heap->n_ever++, *row};
    size_t i = heap->n++;

    if (heap->n > heap->room) {
        heap->room = heap->room > 0 ? 2 * heap->room : 1024;
        heap->v = tool_resize(heap->v, heap->room, sizeof *heap->v);
    }
    for (; i > 0 && is_before(&item, &heap->v[(i - 1) / 2]); i = (i - 1) / 2)
        heap->v[i] = heap->v[(i - 1) / 2];
    heap->v[i] = item;
}

static struct sim_row heap_pop(struct heap *heap)
{
    struct sim_row top = heap->v[0].row;
    struct waiting item = heap->v[--heap->n];
    size_t i = 0;

    for (size_t child = 1; child < heap->n; child = 2 * i + 1) {
        if (child + 1 < heap->n && is_before(&heap->v[child + 1], &heap->v[child]))
            child++;
        if (!is_before(&heap->v[child], &item))
            break;
        heap->v[i] = heap->v[child];
        i = child;
    }
    heap->v[i] = item;
    return top;
}

/* One facility on its way through the zone's time. */
struct source {
    const struct sim_facility *facility;
    struct sim_reader reader;
    uint64_t fate_seed;
    size_t blind, sharp, outage; /* cursors */
};

struct sim_walk {
    const struct sim_zone *zone;
    struct source *sources;
    struct heap heap;
    int64_t slot;        /* the sampling interval at hand */
    uint32_t at;         /* the facility whose turn is next within it */
    struct sim_row v[2]; /* rows that arrive now */
    size_t n;
    struct sim_row_counts counts;
};

static void write_now(struct sim_walk *walk, const struct sim_row *row)
{
    walk->v[walk->n++] = *row;
}

static void write_later(struct sim_walk *walk, int64_t arrives, const struct sim_row *row)
{
    heap_push(&walk->heap, arrives, row);
}

/* A row was read by the meter: what becomes of it on the way. */
static void deliver(struct sim_walk *walk, struct source *source, const struct sim_row *row, bool is_sharp)
{
    const struct spans *outages = &walk->zone->enterprises[source->facility->enterprise].outages;
    const struct span *outage = spans_at(outages, &source->outage, row->time);
    uint64_t bits = random_hash(source->fate_seed, 0, (uint64_t)row->time), fate = bits % 100000;
    int64_t delay = (int64_t)(bits >> 32);

    if (fate < FATE_LOST && !is_sharp) {
        walk->counts.lost++;
    } else if (outage != NULL) { /* the gateway sends what it kept, sixty times as fast */
        write_later(walk, outage->to + (row->time - outage->from) / 60, row);
        walk->counts.late++;
    } else if (fate < FATE_LOST + FATE_LATE) {
        write_later(walk, row->time + delay % (5 * SIM_MINUTE), row);
        walk->counts.late++;
    } else {
        write_now(walk, row);
        fate -= FATE_LOST + FATE_LATE;
        if (fate < FATE_TWICE) {
            write_now(walk, row);
            walk->counts.repeated++;
        } else if (fate < FATE_TWICE + FATE_TWICE_LATER) {
            write_later(walk, row->time + delay % (2 * SIM_HOUR), row);
            walk->counts.repeated++;
        }
    }
}

static void step(struct sim_walk *walk, uint32_t index)
{
    struct source *source = &walk->sources[index];
    const struct sim_meter *meter = &source->facility->meter;
    struct sim_row row = {.time = walk->slot + meter->phase_ms, .facility = index};
    bool is_sharp = spans_at(&source->facility->sharp, &source->sharp, row.time) != NULL;

    if (meter->has_jitter && !is_sharp)
        row.time += (int64_t)(random_hash(source->fate_seed, 1, (uint64_t)walk->slot) % 20);
    if (row.time >= walk->zone->to)
        return;
    if (spans_at(&source->facility->blind, &source->blind, row.time) != NULL) {
        walk->counts.blind++;
        return;
    }
    sim_read(&source->reader, row.time, &row.reading);
    if (walk->zone->config.is_clean)
        write_now(walk, &row);
    else
        deliver(walk, source, &row, is_sharp);
}

struct sim_walk *sim_walk_new(const struct sim_zone *zone)
{
    struct sim_walk *walk = tool_resize(NULL, 1, sizeof *walk);

    *walk = (struct sim_walk){.zone = zone, .slot = zone->from};
    walk->sources = tool_resize(NULL, zone->n_facilities, sizeof *walk->sources);
    for (size_t i = 0; i < zone->n_facilities; i++) {
        const struct sim_facility *facility = &zone->facilities[i];

        walk->sources[i] = (struct source){.facility = facility,
                                           .reader = sim_reader_of(zone, (uint32_t)i),
                                           .fate_seed = random_hash(zone->config.seed, STREAM_DELIVERY, i)};
    }
    return walk;
}

void sim_walk_free(struct sim_walk *walk)
{
    if (walk == NULL)
        return;
    free(walk->heap.v);
    free(walk->sources);
    free(walk);
}

bool sim_walk_next(struct sim_walk *walk, struct sim_row *out)
{
    bool is_over = false;

    while (walk->n == 0) {
        is_over = walk->slot >= walk->zone->to;
        if (!is_over && walk->at < walk->zone->n_facilities)
            step(walk, walk->at++);
        else if (walk->heap.n > 0 && (is_over || walk->heap.v[0].arrives <= walk->slot))
            walk->v[walk->n++] = heap_pop(&walk->heap);
        else if (is_over)
            return false;
        else {
            walk->slot += walk->zone->config.interval_ms;
            walk->at = 0;
        }
    }
    *out = walk->v[0];
    walk->v[0] = walk->v[1];
    walk->n--;
    walk->counts.written++;
    return true;
}

int64_t sim_walk_time(const struct sim_walk *walk)
{
    return walk->slot;
}

const struct sim_row_counts *sim_walk_counts(const struct sim_walk *walk)
{
    return &walk->counts;
}

/* ---- as CSV ---- */

static void write_row(const struct sim_zone *zone, const struct sim_row *row, struct output *out)
{
    const struct sim_facility *facility = &zone->facilities[row->facility];

    output_whole(out, row->time);
    output_bytes(out, ",", 1);
    output_text(out, facility->name);
    output_bytes(out, ",", 1);
    for (int i = 0; i < 3; i++) {
        output_fixed(out, row->reading.amps[i], 2);
        output_bytes(out, ",", 1);
    }
    if (facility->meter.has_kw)
        output_fixed(out, row->reading.kw, 3);
    output_bytes(out, "\n", 1);
}

void sim_rows_write(const struct sim_zone *zone, struct output *out, struct progress *progress,
                    struct sim_row_counts *counts)
{
    struct sim_walk *walk = sim_walk_new(zone);
    struct sim_row row;

    output_text(out, "time_ms,facility,ia,ib,ic,kw\n");
    while (out->failure == 0 && sim_walk_next(walk, &row)) {
        write_row(zone, &row, out);
        progress_update(progress, (uint64_t)(walk->slot - zone->from), (uint64_t)(zone->to - zone->from));
    }
    *counts = walk->counts;
    sim_walk_free(walk);
}
