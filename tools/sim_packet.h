/*
 * sim_packet.h - rows of the made-up zone as packets of HJ 212, the devices that send them, and what is wrong with
 * real ones.
 *
 * A device is a gateway with some meters behind it, one a facility: "GKSIM000000002" is the second, its third meter
 * has the code 100002 for what is measured and SB3 for what the operator declares. The table of mappings of
 * sim_mappings_write turns them into facilities again.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "output.h"
#include "sim_rows.h"
#include "sim_zone.h"

/* What real devices do. The first are of single packets, SIM_HEX and those behind it of a device. */
enum sim_fault {
    SIM_CRC,       /* a byte is damaged on the way */
    SIM_LENGTH,    /* the length field is wrong */
    SIM_NOISE,     /* bytes of a modem stand before the packet */
    SIM_SPLIT,     /* it comes in two pieces */
    SIM_TEXT,      /* a field with a text in UTF-8 */
    SIM_LOST,      /* the reply does not arrive */
    SIM_REPEAT,    /* it is sent again though it was answered */
    SIM_FLOOD,     /* ... two hundred times */
    SIM_RECONNECT, /* the connection breaks in the middle of it */
    SIM_HALFOPEN,  /* the device goes on over another connection and says nothing on the old one */
    SIM_CLOCK,     /* sent first with a clock that is ten years ahead */
    SIM_HEX,       /* check values in lower case */
    SIM_MODBUS,    /* check values of Modbus */
    SIM_TIME14,    /* times without milliseconds */
    SIM_GAP,       /* for twenty minutes of some hours nothing is sent; asked for it, the device has it by the minute */
    SIM_FAULTS
};
const char *sim_fault_name(enum sim_fault fault);
/* "all", "none" or names split by commas, as a set of 1 << fault; false: said what is wrong. */
bool sim_faults_read(const char *text, unsigned *out);

#define SIM_MN_MAX      24
#define SIM_QN_MAX      18
#define SIM_SEGMENT_MAX 512

void sim_mn(uint64_t device, char out[SIM_MN_MAX]);
/* Facilities of a device stand together: the device of one, and its number at it. */
uint64_t sim_device_of(const struct sim_zone *zone, uint32_t facility);
uint32_t sim_meter_of(const struct sim_zone *zone, uint32_t facility);
/* The 17 digits of a time. */
void sim_qn(int64_t time_ms, char out[SIM_QN_MAX]);

/* How a packet is written. */
struct sim_form {
    const char *mn, *qn;
    uint32_t meter;
    bool is_short, has_text; /* times of 14 digits; a text beside the numbers */
    bool is_minute;          /* CN 2051 instead of 2011 */
    int64_t ahead_ms;        /* the clock's error */
};
/* From "QN=" to the last &&; its size. */
size_t sim_segment(const struct sim_zone *zone, const struct sim_row *row, const struct sim_form *form,
                   char out[SIM_SEGMENT_MAX]);

/* mn,code,suffix,facility,channel of all devices. */
void sim_mappings_write(const struct sim_zone *zone, struct output *out);

#endif
