/*
 * sim_zone.c - who is in the zone: parks, enterprises with 1-3 lines, lines with 1-4 production facilities and 1-2
 * abatement facilities, each with its meter.
 *
 * The first abatement facility of a line serves all of the line's production; a second one serves some of it, and now
 * and then some of the line before as well.
 */
#include "sim_zone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_random.h"
#include "tool.h"

static const char *const park_names[] = {"东区", "西区", "南区", "北区", "港区", "新区"};
static const char *const owner_names[] = {"华丰", "永盛", "宏远", "金鼎", "瑞祥", "恒通", "鑫源", "博达"};
static const char *const trade_names[] = {"化工", "涂装", "铸造", "建材", "印刷", "制药", "焦化", "家具"};
static const char *const line_names[] = {"一线", "二线", "三线"};
static const char *const production_names[] = {"破碎机", "反应釜", "喷漆室", "烘干炉",
                                               "中频炉", "搅拌机", "注塑机", "球磨机"};
static const char *const abatement_names[] = {"布袋除尘", "活性炭箱", "RTO", "喷淋塔", "湿电除尘", "脱硫塔"};

#define PICK(list, i) ((list)[(i) % (sizeof(list) / sizeof *(list))])

/* snprintf into a name of the zone; what does not fit is cut, which no name here comes near to. */
#define NAME(out, ...) ((void)snprintf((out), SIM_NAME_MAX, __VA_ARGS__))

const char *sim_level_name(int level)
{
    static const char *const names[] = {"", "yellow", "orange", "red"};

    return names[level];
}

void sim_park_name(const struct sim_zone *zone, uint32_t park, char name[SIM_NAME_MAX])
{
    size_t n = sizeof park_names / sizeof *park_names;

    if (!zone->config.is_chinese)
        NAME(name, "P%u", (unsigned)park + 1);
    else if (park < n)
        NAME(name, "%s", park_names[park]);
    else
        NAME(name, "%s%u", park_names[park % n], (unsigned)(park / n) + 1);
}

static void name_enterprise(const struct sim_zone *zone, uint32_t index, char name[SIM_NAME_MAX])
{
    uint32_t within = index % (uint32_t)zone->config.n_enterprises;
    char park[16];

    sim_park_name(zone, index / (uint32_t)zone->config.n_enterprises, name);
    (void)snprintf(park, sizeof park, "%.15s", name);
    if (zone->config.is_chinese) {
        uint32_t round = within / 64; /* 8 owners x 8 trades, then numbers */

        NAME(name, "%s%s%s", park, PICK(owner_names, within), PICK(trade_names, within / 8 + within));
        if (round > 0)
            NAME(name + strlen(name), "%u", (unsigned)round + 1);
    } else {
        NAME(name, "%sE%02u", park, (unsigned)within + 1);
    }
}

static void name_facility(const struct sim_zone *zone, struct sim_facility *facility, unsigned number, uint64_t kind)
{
    const char *line = zone->lines[facility->line].name;

    if (!zone->config.is_chinese)
        NAME(facility->name, "%.60s%c%u", line, facility->is_abatement ? 'A' : 'M', number);
    else if (facility->is_abatement)
        NAME(facility->name, "%.60s%s%u", line, PICK(abatement_names, kind), number);
    else
        NAME(facility->name, "%.60s%s%u", line, PICK(production_names, kind), number);
}

/* Up to 60 A a meter is direct; above that it sits behind a transformer n:5, and its digits are worth n/5 times as
 * much. */
static int64_t transformer_ratio(double amps)
{
    static const int64_t primary[] = {75, 100, 150, 200, 300, 400, 600, 800, 1000, 1500};
    size_t i = 0;

    if (amps <= 60)
        return 1;
    while (i + 1 < sizeof primary / sizeof *primary && (double)primary[i] < 1.2 * amps)
        i++;
    return primary[i] / 5;
}

static void make_meter(const struct sim_zone *zone, struct sim_facility *facility, struct stream *stream)
{
    struct sim_meter *meter = &facility->meter;
    int64_t ratio = transformer_ratio(facility->rated_a);

    meter->step_a = ratio > 10 ? ratio / 10 : 1; /* behind a transformer the meter itself has one digit more */
    meter->step_kw = ratio;
    meter->has_kw = !stream_chance(stream, 0.125);
    meter->has_jitter = zone->config.interval_ms >= 500 && stream_chance(stream, 0.5);
    meter->phase_ms = zone->config.interval_ms >= 1000 ? stream_between(stream, 0, zone->config.interval_ms - 1) : 0;
    meter->phase[0] = 1 + stream_real(stream, -0.02, 0.02);
    meter->phase[1] = 1 + stream_real(stream, -0.02, 0.02);
    meter->phase[2] = 3 - meter->phase[0] - meter->phase[1];
    meter->noise = facility->is_abatement ? stream_real(stream, 0.001, 0.006) : stream_real(stream, 0.002, 0.015);
    meter->standby = stream_chance(stream, 0.3) ? stream_real(stream, 0.002, 0.02) : 0;
    meter->cycle_ms = !facility->is_abatement && stream_chance(stream, 0.6) ? stream_between(stream, 40000, 600000) : 0;
    meter->cycle_low = stream_real(stream, 0.75, 0.92);
}

static struct sim_facility *add_facility(struct sim_zone *zone, uint32_t line, bool is_abatement, unsigned number)
{
    static const double production_kw[] = {5.5, 7.5, 11, 15, 22, 30, 37, 55, 75, 90, 132, 200, 315};
    static const double abatement_kw[] = {3, 5.5, 7.5, 11, 15, 18.5, 22, 37, 45, 75, 110};
    struct stream stream = stream_of(zone->config.seed, STREAM_FACILITY, zone->n_facilities);
    uint64_t size = stream_next(&stream);
    struct sim_facility *facility;

    zone->facilities = tool_resize(zone->facilities, zone->n_facilities + 1, sizeof *zone->facilities);
    facility = &zone->facilities[zone->n_facilities++];
    *facility =
        (struct sim_facility){.enterprise = zone->lines[line].enterprise, .line = line, .is_abatement = is_abatement};
    facility->rated_kw = is_abatement ? PICK(abatement_kw, size) : PICK(production_kw, size);
    facility->meter.power_factor = stream_real(&stream, 0.82, 0.92);
    facility->rated_a = facility->rated_kw * 1000 / (sqrt(3) * 380 * facility->meter.power_factor);
    facility->rated_a = round(facility->rated_a * 100) / 100; /* as the nameplate and the catalog have it */
    make_meter(zone, facility, &stream);
    name_facility(zone, facility, number, stream_next(&stream));
    return facility;
}

static void serve(struct sim_facility *abatement, uint32_t production)
{
    if (abatement->n_serves < SIM_SERVES_MAX)
        abatement->serves[abatement->n_serves++] = production;
}

static void add_abatement(struct sim_zone *zone, uint32_t line, unsigned number, struct stream *stream)
{
    uint32_t first = zone->enterprises[zone->lines[line].enterprise].first_facility;
    bool reaches_back = number > 1 && stream_chance(stream, 0.3);
    struct sim_facility *facility = add_facility(zone, line, true, number);
    uint32_t self = (uint32_t)(facility - zone->facilities);

    for (uint32_t i = first; i < self; i++) {
        const struct sim_facility *other = &zone->facilities[i];

        if (other->is_abatement)
            continue;
        if (other->line == line && (number == 1 || stream_chance(stream, 0.6)))
            serve(facility, i);
        else if (reaches_back && other->line + 1 == line)
            serve(facility, i);
    }
    for (uint32_t i = self; facility->n_serves == 0; i--) /* at least the last production of the line */
        if (!zone->facilities[i].is_abatement)
            serve(facility, i);
}

static void add_line(struct sim_zone *zone, uint32_t enterprise, uint32_t number, struct stream *stream)
{
    uint32_t index = (uint32_t)zone->n_lines++;
    int64_t n_production = stream_between(stream, 1, 4), n_abatement = stream_chance(stream, 0.35) ? 2 : 1;
    struct sim_line *line;

    zone->lines = tool_resize(zone->lines, zone->n_lines, sizeof *zone->lines);
    line = &zone->lines[index];
    *line = (struct sim_line){.enterprise = enterprise};
    if (zone->config.is_chinese)
        NAME(line->name, "%.60s%s", zone->enterprises[enterprise].name, PICK(line_names, number));
    else
        NAME(line->name, "%.60sL%u", zone->enterprises[enterprise].name, (unsigned)number + 1);
    line->shift = (int)stream_between(stream, 0, 2);
    line->stop_level = stream_chance(stream, 0.3) ? 0 : (int)stream_between(stream, 1, 3);
    for (int64_t i = 0; i < n_production; i++)
        (void)add_facility(zone, index, false, (unsigned)i + 1);
    for (int64_t i = 0; i < n_abatement; i++)
        add_abatement(zone, index, (unsigned)i + 1, stream);
}

void sim_topology(struct sim_zone *zone)
{
    zone->n_enterprises = zone->config.n_parks * zone->config.n_enterprises;
    zone->enterprises = tool_resize(NULL, zone->n_enterprises, sizeof *zone->enterprises);
    for (uint32_t i = 0; i < zone->n_enterprises; i++) {
        struct stream stream = stream_of(zone->config.seed, STREAM_ENTERPRISE, i);
        struct sim_enterprise *enterprise = &zone->enterprises[i];

        *enterprise = (struct sim_enterprise){.park = i / (uint32_t)zone->config.n_enterprises,
                                              .group = (char)('A' + stream_between(&stream, 0, 2)),
                                              .first_line = (uint32_t)zone->n_lines,
                                              .first_facility = (uint32_t)zone->n_facilities};
        name_enterprise(zone, i, enterprise->name);
        enterprise->n_lines = (uint32_t)stream_between(&stream, 1, 3);
        for (uint32_t j = 0; j < enterprise->n_lines; j++)
            add_line(zone, i, j, &stream);
        enterprise->n_facilities = (uint32_t)zone->n_facilities - enterprise->first_facility;
    }
}

struct sim_zone *sim_zone_new(const struct sim_config *config)
{
    struct sim_zone *zone = tool_resize(NULL, 1, sizeof *zone);

    *zone = (struct sim_zone){.config = *config, .from = config->start_ms};
    zone->to = zone->from + (int64_t)config->n_days * SIM_DAY;
    sim_topology(zone);
    sim_plan(zone);
    sim_gaps(zone);
    return zone;
}

void sim_zone_free(struct sim_zone *zone)
{
    if (zone == NULL)
        return;
    for (size_t i = 0; i < zone->n_enterprises; i++)
        spans_clear(&zone->enterprises[i].outages);
    for (size_t i = 0; i < zone->n_lines; i++)
        spans_clear(&zone->lines[i].runs);
    for (size_t i = 0; i < zone->n_facilities; i++) {
        curve_clear(&zone->facilities[i].curve);
        spans_clear(&zone->facilities[i].on);
        spans_clear(&zone->facilities[i].kept);
        spans_clear(&zone->facilities[i].sharp);
        spans_clear(&zone->facilities[i].blind);
    }
    free(zone->enterprises);
    free(zone->lines);
    free(zone->facilities);
    free(zone->orders);
    free(zone->exemptions);
    free(zone->truths);
    free(zone);
}
