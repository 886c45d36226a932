/*
 * load_packets.c - a file of packets of HJ 212: bytes through the decoder, packets through the mapper.
 */
#include <inttypes.h>

#include "db/db.h"
#include "db/load.h"

/* Tells of a packet, or of a value of one. */
static void tell(void *context, const struct gk_hj212_packet *packet, const struct gk_error *reason)
{
    struct gk_load *load = context;

    if (load->options.reject)
        load->options.reject(load->options.context, packet->line, packet->bytes.bytes, packet->bytes.size, reason);
}

static int take_packet(struct gk_load *load, const struct gk_hj212_packet *packet, struct gk_error *error)
{
    struct gk_error reason;

    load->result.n_lines++;
    if (packet->verdict == GK_HJ212_TAKEN || packet->verdict == GK_HJ212_REPEATED)
        return gk_mapper_take(load->packets.mapper, packet, error);
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
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_hj212_counts(load->packets.decoder, load->result.packets);
    load->result.values = *gk_mapper_counts(load->packets.mapper);
    load->result.rows = load->result.values.rows;
    load->result.n_registered = load->result.values.n_registered;
    return rc;
}

int load_packets_begin(struct gk_load *load, struct gk_error *error)
{
    struct gk_mapper_options mapping = {
        .size = sizeof mapping, .is_strict = load->options.is_strict, .reject = tell, .context = load};
    struct gk_hj212_options decoding = {.size = sizeof decoding,
                                        .zone_s = load->zone_s,
                                        .zone_is_set = true,
                                        .repeats = LOAD_REPEATS,
                                        .resize = load->mem->resize,
                                        .resize_context = load->mem->context};
    int rc;

    load->result.table = GK_TABLE_PACKETS;
    TRY(gk_mapper_open(load->db, &mapping, &load->packets.mapper, error));
    TRY(gk_hj212_open(&decoding, &load->packets.decoder, error));
done:
    return rc;
}

void load_packets_clear(struct load_packets *packets)
{
    gk_hj212_close(packets->decoder);
    gk_mapper_close(packets->mapper);
}
