/*
 * load_packets.c - packets of HJ 212 into rows. A packet is one moment (or one period) of one device; its values go by
 * the mappings to channels of facilities, so a packet becomes a row of each facility that it speaks of.
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

/* Where values of one kind go. */
struct load_target {
    uint32_t facility, channel; /* GK_ID_NONE: nowhere */
    double factor, least, most;
};

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

static void tell(struct gk_load *load, const struct gk_hj212_packet *packet, const struct gk_error *reason)
{
    if (load->options.reject)
        load->options.reject(load->options.context, packet->line, packet->bytes.bytes, packet->bytes.size, reason);
}

/* Tells of a field, with what is wrong about it. */
static void tell_field(struct gk_load *load, const struct gk_hj212_packet *packet, const struct gk_hj212_field *field,
                       const char *what)
{
    struct gk_error reason;
    char shown[2][TEXT_SHOWN_MAX];

    (void)error_set_at(&reason, GK_ESYNTAX, packet->line, 0, "line %" PRIu64 ": %s%s%.*s=%s: %s", packet->line,
                       text_show(field->code.bytes, field->code.size, shown[0]), field->suffix.size ? "-" : "",
                       (int)(field->suffix.size < TEXT_SHOWN_MAX ? field->suffix.size : TEXT_SHOWN_MAX),
                       field->suffix.bytes, text_show(field->value.bytes, field->value.size, shown[1]), what);
    tell(load, packet, &reason);
}

/* ---- targets -------------------------------------------------------------------------------------------------------
 */

static int find_facility(struct gk_load *load, const char *name, uint32_t *id, struct gk_error *error)
{
    size_t size = strlen(name);
    int rc = GK_OK;

    *id = db_find_facility(load->db, name, size);
    if (*id != GK_ID_NONE || load->options.is_strict)
        return GK_OK;
    TRY(gk_facility_register(load->db, name, size, id, error));
    load->result.n_registered++;
done:
    return rc;
}

static int make_target(struct gk_load *load, const struct gk_sent *sent, struct load_target *out,
                       struct gk_error *error)
{
    const struct gk_mapping *mapping = catalog_find_mapping(db_catalog(load->db), sent);
    char facility[GK_NAME_MAX + 1], channel[GK_NAME_MAX + 1];
    int rc = GK_OK;

    *out = (struct load_target){.facility = GK_ID_NONE};
    if (!mapping || mapping_expand(mapping->facility, sent, facility, NULL) != GK_OK ||
        mapping_expand(mapping->channel, sent, channel, NULL) != GK_OK)
        return GK_OK;
    out->factor = mapping->factor; /* a register below may move what `mapping` points to */
    out->least = mapping->least;
    out->most = mapping->most;
    TRY(find_facility(load, facility, &out->facility, error));
    if (out->facility != GK_ID_NONE)
        TRY(gk_channel_register(load->db, channel, strlen(channel), &out->channel, error));
done:
    return rc;
}

/* The target of what was sent, which is remembered. */
static int find_target(struct gk_load *load, const struct gk_sent *sent, struct load_target *out,
                       struct gk_error *error)
{
    struct load_packets *packets = &load->packets;
    struct buffer *key = &packets->key;
    int rc;

    buffer_reset(key);
    buffer_put(key, sent->mn.bytes, sent->mn.size);
    buffer_put_u8(key, (uint8_t)(1 + sent->period));
    buffer_put(key, sent->code.bytes, sent->code.size);
    buffer_put_u8(key, 1);
    if (sent->suffix.size > 0)
        buffer_put(key, sent->suffix.bytes, sent->suffix.size);
    TRY(buffer_status(key));
    const struct load_name_entry *entry = load_names_find(&packets->names, (const char *)key->bytes, key->size);
    if (entry) {
        *out = packets->targets[entry->value];
        return GK_OK;
    }
    TRY(make_target(load, sent, out, error));
    if (packets->n_targets == LOAD_TARGETS_MAX)
        return GK_OK; /* looked up anew each time */
    TRY(mem_reserve(load->mem, &packets->targets, &packets->targets_capacity, packets->n_targets + 1,
                    sizeof *packets->targets));
    TRY(load_names_add(&packets->names, (const char *)key->bytes, key->size, packets->n_targets));
    packets->targets[packets->n_targets++] = *out;
done:
    return rc;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

static int find_channel(struct gk_load *load, uint32_t channel, size_t *out)
{
    struct load_packets *packets = &load->packets;
    size_t i = 0;
    int rc;

    while (i < packets->n_channels && packets->channel[i] != channel)
        i++;
    *out = i;
    if (i < packets->n_channels)
        return GK_OK;
    TRY(mem_reserve(load->mem, &packets->channel, &packets->channel_capacity, i + 1, sizeof *packets->channel));
    packets->channel[packets->n_channels++] = channel;
done:
    return rc;
}

/* Keeps a value for the packet's rows. */
static int add_cell(struct gk_load *load, const struct load_target *target, double value)
{
    struct load_packets *packets = &load->packets;
    struct load_cell cell = {.facility = target->facility, .value = value};
    int rc;

    TRY(find_channel(load, target->channel, &cell.channel));
    /* The same channel twice in a packet is a second message of the same time. */
    for (size_t i = 0; i < packets->n_cells; i++)
        if (packets->cells[i].facility == cell.facility && packets->cells[i].channel == cell.channel)
            cell.turn++;
    TRY(mem_reserve(load->mem, &packets->cells, &packets->cells_capacity, packets->n_cells + 1,
                    sizeof *packets->cells));
    packets->cells[packets->n_cells++] = cell;
done:
    return rc;
}

static size_t find_row(struct load_packets *packets, const struct load_cell *cell, size_t *n_rows)
{
    size_t row = 0;

    while (row < *n_rows && (packets->facility[row] != cell->facility || packets->turn[row] != cell->turn))
        row++;
    if (row == *n_rows) {
        packets->facility[row] = cell->facility;
        packets->turn[row] = cell->turn;
        (*n_rows)++;
    }
    return row;
}

/* At most as many rows as cells. */
static int reserve_rows(struct gk_load *load, size_t n)
{
    struct load_packets *packets = &load->packets;
    int rc;

    TRY(mem_reserve(load->mem, &packets->facility, &packets->facility_capacity, n, sizeof *packets->facility));
    TRY(mem_reserve(load->mem, &packets->turn, &packets->turn_capacity, n, sizeof *packets->turn));
    TRY(mem_reserve(load->mem, &packets->time, &packets->time_capacity, n, sizeof *packets->time));
    TRY(mem_reserve(load->mem, &packets->column, &packets->column_capacity, packets->n_channels,
                    sizeof *packets->column));
done:
    return rc;
}

/* Gives the packet's rows to the store. */
static int flush(struct gk_load *load, gk_time time, struct gk_error *error)
{
    struct load_packets *packets = &load->packets;
    struct gk_counts counts;
    size_t n_rows = 0;
    int rc;

    TRY(reserve_rows(load, packets->n_cells));
    for (size_t i = 0; i < packets->n_cells; i++)
        packets->cells[i].row = find_row(packets, &packets->cells[i], &n_rows);
    TRY(mem_reserve(load->mem, &packets->value, &packets->value_capacity, n_rows * packets->n_channels,
                    sizeof *packets->value));
    for (size_t i = 0; i < n_rows * packets->n_channels; i++)
        packets->value[i] = gk_missing();
    for (size_t i = 0; i < packets->n_cells; i++)
        packets->value[packets->cells[i].channel * n_rows + packets->cells[i].row] = packets->cells[i].value;
    for (size_t i = 0; i < packets->n_channels; i++)
        packets->column[i] = packets->value + i * n_rows;
    for (size_t i = 0; i < n_rows; i++)
        packets->time[i] = time;
    struct gk_batch batch = {.n_rows = n_rows,
                             .time = packets->time,
                             .facility = packets->facility,
                             .n_channels = packets->n_channels,
                             .channel = packets->channel,
                             .value = packets->column};
    TRY(gk_ingest(load->db, &batch, &counts, error));
    load_add_counts(&load->result.rows, &counts);
done:
    return rc;
}

/* One field of a packet that carries data. */
static int take_field(struct gk_load *load, const struct gk_hj212_packet *packet, enum gk_period period,
                      const struct gk_hj212_field *field, struct gk_error *error)
{
    struct gk_load_result *result = &load->result;
    struct gk_sent sent = {packet->mn, field->code, field->suffix, period};
    struct load_target target;
    int rc;

    if (field->problem) {
        result->n_bad_values++;
        tell_field(load, packet, field, field->problem);
        return GK_OK;
    }
    TRY(find_target(load, &sent, &target, error));
    if (target.facility == GK_ID_NONE) {
        result->n_unmapped += field->is_number;
        return GK_OK;
    }
    double value = field->number * target.factor;
    if (!field->is_number || !isfinite(value)) {
        result->n_bad_values++;
        tell_field(load, packet, field, "expected a number");
    } else if (value < target.least || value > target.most) {
        result->n_implausible++;
        tell_field(load, packet, field, "outside of what its mapping takes for plausible");
    } else {
        result->n_values++;
        TRY(add_cell(load, &target, value));
    }
done:
    return rc;
}

static int take_data(struct gk_load *load, const struct gk_hj212_packet *packet, enum gk_period period,
                     struct gk_error *error)
{
    struct gk_error reason;
    int rc = GK_OK;

    load->packets.n_cells = load->packets.n_channels = 0;
    for (size_t i = 0; i < packet->n_fields; i++)
        if (!is_word(packet->fields[i].code, "DataTime") && !is_word(packet->fields[i].suffix, "Flag"))
            TRY(take_field(load, packet, period, &packet->fields[i], error));
    if (load->packets.n_cells == 0)
        return GK_OK;
    if (packet->has_time)
        return flush(load, packet->time, error);
    (void)error_set_at(&reason, GK_ESYNTAX, packet->line, 0,
                       "line %" PRIu64 ": the packet has no DataTime of 14 or 17 digits", packet->line);
    tell(load, packet, &reason);
    load->result.rows.rejected++;
    TRY(gk_reject(load->db, 1, error));
done:
    return rc;
}

static int take_packet(struct gk_load *load, const struct gk_hj212_packet *packet, struct gk_error *error)
{
    enum gk_period period;
    struct gk_error reason;

    load->result.n_lines++;
    if (packet->verdict == GK_HJ212_TAKEN || packet->verdict == GK_HJ212_REPEATED)
        return gk_hj212_period(packet->cn, &period) ? take_data(load, packet, period, error) : GK_OK;
    (void)error_set_at(&reason, GK_ESYNTAX, packet->line, 0, "line %" PRIu64 ": %s: %s", packet->line,
                       gk_hj212_verdict_text(packet->verdict), packet->reason);
    tell(load, packet, &reason);
    return GK_OK;
}

int load_packets_drain(struct gk_load *load, struct gk_error *error)
{
    const struct gk_hj212_packet *packet;
    int rc;

    while ((rc = gk_hj212_next(load->packets.decoder, &packet, error)) == GK_OK)
        TRY(take_packet(load, packet, error));
    gk_hj212_counts(load->packets.decoder, load->result.packets);
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    return rc;
}

int load_packets_begin(struct gk_load *load, struct gk_error *error)
{
    struct gk_hj212_options options = {.size = sizeof options,
                                       .zone_s = load->zone_s,
                                       .zone_is_set = true,
                                       .repeats = LOAD_REPEATS,
                                       .resize = load->mem->resize,
                                       .resize_context = load->mem->context};

    load->result.table = GK_TABLE_PACKETS;
    load_names_init(&load->packets.names, load->mem);
    buffer_init(&load->packets.key, load->mem);
    return gk_hj212_open(&options, &load->packets.decoder, error);
}

void load_packets_clear(struct load_packets *packets, const struct mem *mem)
{
    gk_hj212_close(packets->decoder);
    if (packets->names.mem)
        load_names_clear(&packets->names);
    if (packets->key.mem)
        buffer_clear(&packets->key);
    mem_free(mem, packets->targets);
    mem_free(mem, packets->cells);
    mem_free(mem, packets->channel);
    mem_free(mem, packets->facility);
    mem_free(mem, packets->turn);
    mem_free(mem, packets->time);
    mem_free(mem, packets->value);
    mem_free(mem, packets->column);
}
