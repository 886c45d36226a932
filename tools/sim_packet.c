/*
 * sim_packet.c - see sim_packet.h.
 */
#include "sim_packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tool.h"

#define CODE_FIRST 100000 /* of a device's first meter */

static const char *const fault_names[SIM_FAULTS] = {"crc",   "length", "noise",  "split",     "text",
                                                    "lost",  "repeat", "flood",  "reconnect", "halfopen",
                                                    "clock", "hex",    "modbus", "time14",    "gap"};

const char *sim_fault_name(enum sim_fault fault)
{
    return fault_names[fault];
}

static bool add_fault(const char *word, size_t n, unsigned *out)
{
    for (int f = 0; f < SIM_FAULTS; f++)
        if (strlen(fault_names[f]) == n && memcmp(fault_names[f], word, n) == 0) {
            *out |= 1u << f;
            return true;
        }
    return false;
}

static void say_faults(const char *word, size_t n)
{
    char names[256] = "";

    for (int f = 0; f < SIM_FAULTS; f++) {
        strcat(names, ", ");
        strcat(names, fault_names[f]);
    }
    say("simulate", "--faults: '%.*s' is none; there are all, none%s", (int)n, word, names);
}

bool sim_faults_read(const char *text, unsigned *out)
{
    *out = 0;
    if (strcmp(text, "none") == 0)
        return true;
    if (strcmp(text, "all") == 0) {
        *out = (1u << SIM_FAULTS) - 1;
        return true;
    }
    for (;;) {
        size_t n = strcspn(text, ",");

        if (!add_fault(text, n, out)) {
            say_faults(text, n);
            return false;
        }
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

void sim_mn(uint64_t device, char out[SIM_MN_MAX])
{
    (void)snprintf(out, SIM_MN_MAX, "GKSIM%09" PRIu64, device + 1);
}

uint64_t sim_device_of(const struct sim_zone *zone, uint32_t facility)
{
    return facility * zone->config.n_devices / zone->n_facilities;
}

uint32_t sim_meter_of(const struct sim_zone *zone, uint32_t facility)
{
    uint64_t n = zone->config.n_devices, first = (sim_device_of(zone, facility) * zone->n_facilities + n - 1) / n;

    return facility - (uint32_t)first;
}

void sim_qn(int64_t time_ms, char out[SIM_QN_MAX])
{
    time_t s = (time_t)(time_ms / 1000 + SIM_ZONE_S);
    struct tm tm;
    char milli[8];

    gmtime_r(&s, &tm);
    (void)strftime(out, SIM_QN_MAX - 3, "%Y%m%d%H%M%S", &tm);
    (void)snprintf(milli, sizeof milli, "%03d", (int)(time_ms % 1000));
    memcpy(out + 14, milli, 4);
}

/* What the operator declares: all of a line runs while some production of it does, whatever the meters say. */
static bool is_declared_on(const struct sim_zone *zone, const struct sim_row *row)
{
    uint32_t line = zone->facilities[row->facility].line;
    const struct sim_enterprise *enterprise = &zone->enterprises[zone->lines[line].enterprise];

    for (uint32_t i = 0; i < enterprise->n_facilities; i++) {
        const struct sim_facility *facility = &zone->facilities[enterprise->first_facility + i];
        if (!facility->is_abatement && facility->line == line && spans_meet(&facility->on, row->time, row->time + 1))
            return true;
    }
    return false;
}

size_t sim_segment(const struct sim_zone *zone, const struct sim_row *row, const struct sim_form *form,
                   char out[SIM_SEGMENT_MAX])
{
    const struct sim_reading *r = &row->reading;
    uint32_t code = CODE_FIRST + form->meter;
    char time[SIM_QN_MAX], kw[48] = "";
    int n;

    sim_qn(row->time + form->ahead_ms, time);
    if (form->is_short)
        time[14] = '\0';
    if (zone->facilities[row->facility].meter.has_kw)
        (void)snprintf(kw, sizeof kw, ",%" PRIu32 "-Pt=%" PRId64 ".%03d", code, r->kw / 1000, (int)(r->kw % 1000));
    n = snprintf(out, SIM_SEGMENT_MAX,
                 "QN=%s;ST=80;CN=%d;PW=123456;MN=%s;Flag=5;CP=&&DataTime=%s;%" PRIu32 "-Ia=%" PRId64 ".%02d,%" PRIu32
                 "-Ib=%" PRId64 ".%02d,%" PRIu32 "-Ic=%" PRId64 ".%02d%s;SB%" PRIu32 "-RS=%d%s&&",
                 form->qn, form->is_minute ? 2051 : 2011, form->mn, time, code, r->amps[0] / 100,
                 (int)(r->amps[0] % 100), code, r->amps[1] / 100, (int)(r->amps[1] % 100), code, r->amps[2] / 100,
                 (int)(r->amps[2] % 100), kw, form->meter + 1, is_declared_on(zone, row),
                 form->has_text ? ";i11001-Info=//清洗管路//" : "");
    return (size_t)n;
}

void sim_mappings_write(const struct sim_zone *zone, struct output *out)
{
    static const char *const sent[] = {"Ia", "Ib", "Ic", "Pt"};
    static const char *const channel[] = {"ia", "ib", "ic", "kw"};
    static const char *const period[] = {"real", "minute"};
    char mn[SIM_MN_MAX];

    output_text(out, "mn,code,suffix,period,facility,channel,min,max\n");
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        const struct sim_facility *facility = &zone->facilities[i];
        uint32_t meter = sim_meter_of(zone, i);

        sim_mn(sim_device_of(zone, i), mn);
        for (int p = 0; p < 2; p++) {
            for (int v = 0; v < (facility->meter.has_kw ? 4 : 3); v++)
                output_format(out, "%s,%" PRIu32 ",%s,%s,%s,%s,0,10000\n", mn, CODE_FIRST + meter, sent[v], period[p],
                              facility->name, channel[v]);
            output_format(out, "%s,SB%" PRIu32 ",RS,%s,%s,claim,0,1\n", mn, meter + 1, period[p], facility->name);
        }
    }
}
