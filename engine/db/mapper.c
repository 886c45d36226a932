/*
 * mapper.c - packets of HJ 212 into rows. A packet is one moment (or one period) of one device; its values go by the
 * mappings to channels of facilities, so a packet becomes a row of each facility that it speaks of.
 *
 *     packet -> field -> target: facility, channel, factor, limits; looked up once for each (device, code, suffix)
 *            -> cell of a row -> gk_ingest, a batch a packet
 *
 * What has no mapping is counted and not kept.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "db/db.h"
#include "db/load.h"
#include "db/mapping.h"

#define TARGETS_MAX (1u << 20) /* that are remembered */

/* Where values of one kind go. */
struct target {
    uint32_t facility, channel; /* GK_ID_NONE: nowhere */
    double factor, least, most;
};

/* One value of a packet; `turn` counts values of the same facility and channel before it. */
struct cell {
    uint32_t facility, turn;
    size_t channel, row;
    double value;
};

struct gk_mapper {
    gk_db *db;
    const struct mem *mem;
    struct gk_mapper_options options;
    struct gk_mapper_counts counts;
    uint64_t mappings_version; /* of the mappings that targets were made by */
    struct load_names names;   /* of what was sent, to targets */
    struct buffer key;
    struct target *targets;
    size_t n_targets, targets_capacity;
    /* Of the packet at hand: its values, and the batch they become. */
    struct cell *cells;
    size_t n_cells, cells_capacity;
    uint32_t *channel;
    size_t n_channels, channel_capacity;
    uint32_t *facility, *turn;
    gk_time *time;
    double *value;
    const double **column;
    size_t facility_capacity, turn_capacity, time_capacity, value_capacity, column_capacity;
};

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

static void tell(gk_mapper *m, const struct gk_hj212_packet *packet, const struct gk_error *reason)
{
    if (m->options.reject)
        m->options.reject(m->options.context, packet, reason);
}

/* Tells of a field, with what is wrong about it. */
static void tell_field(gk_mapper *m, const struct gk_hj212_packet *packet, const struct gk_hj212_field *field,
                       const char *what)
{
    struct gk_error reason;
    char shown[2][TEXT_SHOWN_MAX];

    (void)error_set_at(&reason, GK_ESYNTAX, packet->line, 0, "line %" PRIu64 ": %s%s%.*s=%s: %s", packet->line,
                       text_show(field->code.bytes, field->code.size, shown[0]), field->suffix.size ? "-" : "",
                       (int)(field->suffix.size < TEXT_SHOWN_MAX ? field->suffix.size : TEXT_SHOWN_MAX),
                       field->suffix.bytes, text_show(field->value.bytes, field->value.size, shown[1]), what);
    tell(m, packet, &reason);
}

/* ---- targets -------------------------------------------------------------------------------------------------------
 */

static int find_facility(gk_mapper *m, const char *name, uint32_t *id, struct gk_error *error)
{
    size_t size = strlen(name);
    int rc = GK_OK;

    *id = db_find_facility(m->db, name, size);
    if (*id != GK_ID_NONE || m->options.is_strict)
        return GK_OK;
    TRY(gk_facility_register(m->db, name, size, id, error));
    m->counts.n_registered++;
done:
    return rc;
}

static int make_target(gk_mapper *m, const struct gk_sent *sent, struct target *out, struct gk_error *error)
{
    const struct gk_mapping *mapping = catalog_find_mapping(db_catalog(m->db), sent);
    char facility[GK_NAME_MAX + 1], channel[GK_NAME_MAX + 1];
    int rc = GK_OK;

    *out = (struct target){.facility = GK_ID_NONE};
    if (!mapping || mapping_expand(mapping->facility, sent, facility, NULL) != GK_OK ||
        mapping_expand(mapping->channel, sent, channel, NULL) != GK_OK)
        return GK_OK;
    out->factor = mapping->factor; /* a register below may move what `mapping` points to */
    out->least = mapping->least;
    out->most = mapping->most;
    TRY(find_facility(m, facility, &out->facility, error));
    if (out->facility != GK_ID_NONE)
        TRY(gk_channel_register(m->db, channel, strlen(channel), &out->channel, error));
done:
    return rc;
}

/* The target of what was sent, which is remembered. */
static int find_target(gk_mapper *m, const struct gk_sent *sent, struct target *out, struct gk_error *error)
{
    struct buffer *key = &m->key;
    int rc;

    buffer_reset(key);
    buffer_put(key, sent->mn.bytes, sent->mn.size);
    buffer_put_u8(key, (uint8_t)(1 + sent->period));
    buffer_put(key, sent->code.bytes, sent->code.size);
    buffer_put_u8(key, 1);
    if (sent->suffix.size > 0)
        buffer_put(key, sent->suffix.bytes, sent->suffix.size);
    TRY(buffer_status(key));
    const struct load_name_entry *entry = load_names_find(&m->names, (const char *)key->bytes, key->size);
    if (entry) {
        *out = m->targets[entry->value];
        return GK_OK;
    }
    TRY(make_target(m, sent, out, error));
    if (m->n_targets == TARGETS_MAX)
        return GK_OK; /* looked up anew each time */
    TRY(mem_reserve(m->mem, &m->targets, &m->targets_capacity, m->n_targets + 1, sizeof *m->targets));
    TRY(load_names_add(&m->names, (const char *)key->bytes, key->size, m->n_targets));
    m->targets[m->n_targets++] = *out;
done:
    return rc;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

static int find_channel(gk_mapper *m, uint32_t channel, size_t *out)
{
    size_t i = 0;
    int rc;

    while (i < m->n_channels && m->channel[i] != channel)
        i++;
    *out = i;
    if (i < m->n_channels)
        return GK_OK;
    TRY(mem_reserve(m->mem, &m->channel, &m->channel_capacity, i + 1, sizeof *m->channel));
    m->channel[m->n_channels++] = channel;
done:
    return rc;
}

/* Keeps a value for the packet's rows. */
static int add_cell(gk_mapper *m, const struct target *target, double value)
{
    struct cell cell = {.facility = target->facility, .value = value};
    int rc;

    TRY(find_channel(m, target->channel, &cell.channel));
    /* The same channel twice in a packet is a second message of the same time. */
    for (size_t i = 0; i < m->n_cells; i++)
        if (m->cells[i].facility == cell.facility && m->cells[i].channel == cell.channel)
            cell.turn++;
    TRY(mem_reserve(m->mem, &m->cells, &m->cells_capacity, m->n_cells + 1, sizeof *m->cells));
    m->cells[m->n_cells++] = cell;
done:
    return rc;
}

static size_t find_row(gk_mapper *m, const struct cell *cell, size_t *n_rows)
{
    size_t row = 0;

    while (row < *n_rows && (m->facility[row] != cell->facility || m->turn[row] != cell->turn))
        row++;
    if (row == *n_rows) {
        m->facility[row] = cell->facility;
        m->turn[row] = cell->turn;
        (*n_rows)++;
    }
    return row;
}

/* At most as many rows as cells. */
static int reserve_rows(gk_mapper *m, size_t n)
{
    int rc;

    TRY(mem_reserve(m->mem, &m->facility, &m->facility_capacity, n, sizeof *m->facility));
    TRY(mem_reserve(m->mem, &m->turn, &m->turn_capacity, n, sizeof *m->turn));
    TRY(mem_reserve(m->mem, &m->time, &m->time_capacity, n, sizeof *m->time));
    TRY(mem_reserve(m->mem, &m->column, &m->column_capacity, m->n_channels, sizeof *m->column));
done:
    return rc;
}

/* Gives the packet's rows to the store. */
static int flush(gk_mapper *m, gk_time time, struct gk_error *error)
{
    struct gk_counts counts;
    size_t n_rows = 0;
    int rc;

    TRY(reserve_rows(m, m->n_cells));
    for (size_t i = 0; i < m->n_cells; i++)
        m->cells[i].row = find_row(m, &m->cells[i], &n_rows);
    TRY(mem_reserve(m->mem, &m->value, &m->value_capacity, n_rows * m->n_channels, sizeof *m->value));
    for (size_t i = 0; i < n_rows * m->n_channels; i++)
        m->value[i] = gk_missing();
    for (size_t i = 0; i < m->n_cells; i++)
        m->value[m->cells[i].channel * n_rows + m->cells[i].row] = m->cells[i].value;
    for (size_t i = 0; i < m->n_channels; i++)
        m->column[i] = m->value + i * n_rows;
    for (size_t i = 0; i < n_rows; i++)
        m->time[i] = time;
    struct gk_batch batch = {.n_rows = n_rows,
                             .time = m->time,
                             .facility = m->facility,
                             .n_channels = m->n_channels,
                             .channel = m->channel,
                             .value = m->column};
    TRY(gk_ingest(m->db, &batch, &counts, error));
    load_add_counts(&m->counts.rows, &counts);
done:
    return rc;
}

static bool is_value(const struct gk_hj212_field *field)
{
    return !is_word(field->code, "DataTime") && !is_word(field->suffix, "Flag");
}

/* One field of a packet that carries data. */
static int take_field(gk_mapper *m, const struct gk_hj212_packet *packet, enum gk_period period,
                      const struct gk_hj212_field *field, struct gk_error *error)
{
    struct gk_mapper_counts *counts = &m->counts;
    struct gk_sent sent = {packet->mn, field->code, field->suffix, period};
    struct target target;
    int rc;

    if (field->problem) {
        counts->n_bad++;
        tell_field(m, packet, field, field->problem);
        return GK_OK;
    }
    TRY(find_target(m, &sent, &target, error));
    if (target.facility == GK_ID_NONE) {
        counts->n_unmapped += field->is_number;
        return GK_OK;
    }
    double value = field->number * target.factor;
    if (!field->is_number || !isfinite(value)) {
        counts->n_bad++;
        tell_field(m, packet, field, "expected a number");
    } else if (value < target.least || value > target.most) {
        counts->n_implausible++;
        tell_field(m, packet, field, "outside of what its mapping takes for plausible");
    } else {
        counts->n_taken++;
        TRY(add_cell(m, &target, value));
    }
done:
    return rc;
}

static int take_data(gk_mapper *m, const struct gk_hj212_packet *packet, enum gk_period period, struct gk_error *error)
{
    struct gk_error reason;
    int rc = GK_OK;

    m->n_cells = m->n_channels = 0;
    for (size_t i = 0; i < packet->n_fields; i++)
        if (is_value(&packet->fields[i]))
            TRY(take_field(m, packet, period, &packet->fields[i], error));
    if (m->n_cells == 0)
        return GK_OK;
    if (packet->has_time)
        return flush(m, packet->time, error);
    (void)error_set_at(&reason, GK_ESYNTAX, packet->line, 0,
                       "line %" PRIu64 ": the packet has no DataTime of 14 or 17 digits", packet->line);
    tell(m, packet, &reason);
    m->counts.rows.rejected++;
    TRY(gk_reject(m->db, 1, error));
done:
    return rc;
}

/* Mappings that were put since may send values elsewhere. */
static void forget_old_targets(gk_mapper *m)
{
    uint64_t version = db_catalog(m->db)->mappings_version;

    if (version == m->mappings_version)
        return;
    m->mappings_version = version;
    load_names_clear(&m->names);
    load_names_init(&m->names, m->mem);
    m->n_targets = 0;
}

int gk_mapper_take(gk_mapper *m, const struct gk_hj212_packet *packet, struct gk_error *error)
{
    enum gk_period period;
    int rc;

    if (packet->verdict > GK_HJ212_REPEATED || !gk_hj212_period(packet->cn, &period))
        return GK_OK;
    forget_old_targets(m);
    rc = take_data(m, packet, period, error);
    return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for the values of a packet") : rc;
}

int gk_mapper_newest(gk_mapper *m, const struct gk_hj212_packet *packet, gk_time *out, struct gk_error *error)
{
    enum gk_period period;
    struct target target;
    int rc = GK_OK;

    *out = GK_TIME_MIN;
    if (packet->verdict > GK_HJ212_REPEATED || !gk_hj212_period(packet->cn, &period))
        return GK_OK;
    forget_old_targets(m);
    for (size_t i = 0; i < packet->n_fields; i++) {
        const struct gk_hj212_field *field = &packet->fields[i];
        if (field->problem || !is_value(field))
            continue;
        TRY(find_target(m, &(struct gk_sent){packet->mn, field->code, field->suffix, period}, &target, error));
        if (target.facility < m->db->n_edges && m->db->edges[target.facility].newest > *out)
            *out = m->db->edges[target.facility].newest;
    }
done:
    return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for the values of a packet") : rc;
}

const struct gk_mapper_counts *gk_mapper_counts(const gk_mapper *m)
{
    return &m->counts;
}

int gk_mapper_open(gk_db *db, const struct gk_mapper_options *options, gk_mapper **out, struct gk_error *error)
{
    const struct mem *mem = db_mem(db);
    gk_mapper *m = mem_zeroed(mem, sizeof *m);

    *out = NULL;
    if (!m)
        return error_set(error, GK_ENOMEM, "out of memory for a mapper");
    m->db = db;
    m->mem = mem;
    if (options)
        memcpy(&m->options, options, options->size < sizeof m->options ? options->size : sizeof m->options);
    m->mappings_version = db_catalog(db)->mappings_version;
    load_names_init(&m->names, mem);
    buffer_init(&m->key, mem);
    *out = m;
    return GK_OK;
}

void gk_mapper_close(gk_mapper *m)
{
    if (!m)
        return;
    load_names_clear(&m->names);
    buffer_clear(&m->key);
    mem_free(m->mem, m->targets);
    mem_free(m->mem, m->cells);
    mem_free(m->mem, m->channel);
    mem_free(m->mem, m->facility);
    mem_free(m->mem, m->turn);
    mem_free(m->mem, m->time);
    mem_free(m->mem, m->value);
    mem_free(m->mem, m->column);
    mem_free(m->mem, m);
}
