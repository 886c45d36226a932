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

struct row {
    int64_t time;
    uint32_t facility;
    struct sim_reading reading;
};

struct waiting {
    int64_t arrives;
    uint64_t number; /* first come, first served */
    struct row row;
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

static void heap_push(struct heap *heap, int64_t arrives, const struct row *row)
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

static struct row heap_pop(struct heap *heap)
{
    struct row top = heap->v[0].row;
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
    char name[SIM_NAME_MAX + 2]; /* with its commas */
    size_t name_size;
};

struct walk {
    const struct sim_zone *zone;
    struct source *sources;
    struct heap heap;
    struct output *out;
    struct sim_row_counts *counts;
};

static void write_row(struct walk *walk, const struct row *row)
{
    const struct source *source = &walk->sources[row->facility];

    output_whole(walk->out, row->time);
    output_bytes(walk->out, source->name, source->name_size);
    for (int i = 0; i < 3; i++) {
        output_fixed(walk->out, row->reading.amps[i], 2);
        output_bytes(walk->out, ",", 1);
    }
    if (source->facility->meter.has_kw)
        output_fixed(walk->out, row->reading.kw, 3);
    output_bytes(walk->out, "\n", 1);
    walk->counts->written++;
}

static void write_later(struct walk *walk, int64_t arrives, const struct row *row)
{
    heap_push(&walk->heap, arrives, row);
}

/* A row was read by the meter: what becomes of it on the way. */
static void deliver(struct walk *walk, struct source *source, const struct row *row, bool is_sharp)
{
    const struct spans *outages = &walk->zone->enterprises[source->facility->enterprise].outages;
    const struct span *outage = spans_at(outages, &source->outage, row->time);
    uint64_t bits = random_hash(source->fate_seed, 0, (uint64_t)row->time), fate = bits % 100000;
    int64_t delay = (int64_t)(bits >> 32);

    if (fate < FATE_LOST && !is_sharp) {
        walk->counts->lost++;
    } else if (outage != NULL) { /* the gateway sends what it kept, sixty times as fast */
        write_later(walk, outage->to + (row->time - outage->from) / 60, row);
        walk->counts->late++;
    } else if (fate < FATE_LOST + FATE_LATE) {
        write_later(walk, row->time + delay % (5 * SIM_MINUTE), row);
        walk->counts->late++;
    } else {
        write_row(walk, row);
        fate -= FATE_LOST + FATE_LATE;
        if (fate < FATE_TWICE) {
            write_row(walk, row);
            walk->counts->repeated++;
        } else if (fate < FATE_TWICE + FATE_TWICE_LATER) {
            write_later(walk, row->time + delay % (2 * SIM_HOUR), row);
            walk->counts->repeated++;
        }
    }
}

static void step(struct walk *walk, uint32_t index, int64_t slot)
{
    struct source *source = &walk->sources[index];
    const struct sim_meter *meter = &source->facility->meter;
    struct row row = {.time = slot + meter->phase_ms, .facility = index};
    bool is_sharp = spans_at(&source->facility->sharp, &source->sharp, row.time) != NULL;

    if (meter->has_jitter && !is_sharp)
        row.time += (int64_t)(random_hash(source->fate_seed, 1, (uint64_t)slot) % 20);
    if (row.time >= walk->zone->to)
        return;
    if (spans_at(&source->facility->blind, &source->blind, row.time) != NULL) {
        walk->counts->blind++;
        return;
    }
    sim_read(&source->reader, row.time, &row.reading);
    if (walk->zone->config.is_clean)
        write_row(walk, &row);
    else
        deliver(walk, source, &row, is_sharp);
}

static struct source *make_sources(const struct sim_zone *zone)
{
    struct source *sources = tool_resize(NULL, zone->n_facilities, sizeof *sources);

    for (size_t i = 0; i < zone->n_facilities; i++) {
        const struct sim_facility *facility = &zone->facilities[i];
        uint64_t noise = random_hash(zone->config.seed, STREAM_NOISE, i);

        sources[i] = (struct source){.facility = facility,
                                     .reader = {.facility = facility, .seed = noise},
                                     .fate_seed = random_hash(zone->config.seed, STREAM_DELIVERY, i)};
        sources[i].name_size = strlen(facility->name) + 2;
        sources[i].name[0] = ',';
        memcpy(sources[i].name + 1, facility->name, sources[i].name_size - 2);
        sources[i].name[sources[i].name_size - 1] = ',';
    }
    return sources;
}

void sim_rows_write(const struct sim_zone *zone, struct output *out, struct progress *progress,
                    struct sim_row_counts *counts)
{
    struct walk walk = {.zone = zone, .sources = make_sources(zone), .out = out, .counts = counts};
    int64_t interval = zone->config.interval_ms;

    *counts = (struct sim_row_counts){0};
    output_text(out, "time_ms,facility,ia,ib,ic,kw\n");
    for (int64_t slot = zone->from; slot < zone->to && out->failure == 0; slot += interval) {
        for (uint32_t i = 0; i < zone->n_facilities; i++)
            step(&walk, i, slot);
        while (walk.heap.n > 0 && walk.heap.v[0].arrives <= slot) {
            struct row row = heap_pop(&walk.heap);

            write_row(&walk, &row);
        }
        progress_update(progress, (uint64_t)(slot - zone->from), (uint64_t)(zone->to - zone->from));
    }
    while (walk.heap.n > 0) {
        struct row row = heap_pop(&walk.heap);

        write_row(&walk, &row);
    }
    free(walk.heap.v);
    free(walk.sources);
}
