/*
 * load_mapping.c - the table of mappings: a line is one put.
 */
#include <math.h>

#include "base/text.h"
#include "db/db.h"
#include "db/load.h"
#include "db/mapping.h"

enum {
    MAPPING_MN,
    MAPPING_CODE,
    MAPPING_SUFFIX,
    MAPPING_PERIOD,
    MAPPING_FACILITY,
    MAPPING_CHANNEL,
    MAPPING_UNIT,
    MAPPING_FACTOR,
    MAPPING_MIN,
    MAPPING_MAX,
    MAPPING_NOTE
};

static struct gk_text text_of(const char *text)
{
    return (struct gk_text){text, strlen(text)};
}

static int take_period(const struct load_line *line, enum gk_period *out)
{
    struct gk_text text = load_text(line, MAPPING_PERIOD);
    char shown[TEXT_SHOWN_MAX];

    if (text.size > 0 && !mapping_period_of(text, out))
        return load_fail(line, MAPPING_PERIOD, GK_ESYNTAX, "expected real, minute, hour or day, got '%s'",
                         text_show(text.bytes, text.size, shown));
    return GK_OK;
}

/* What devices write behind a code of which no more is said: the value of now, or the mean of a period. "-": nothing.
 */
static void take_suffix(const struct load_line *line, struct gk_mapping_put *mapping)
{
    mapping->suffix = load_text(line, MAPPING_SUFFIX);
    if (mapping->suffix.size == 0)
        mapping->suffix = text_of(mapping->period == GK_PERIOD_REAL ? "Rtd" : "Avg");
    else if (mapping->suffix.size == 1 && mapping->suffix.bytes[0] == '-')
        mapping->suffix = (struct gk_text){NULL, 0};
}

static int take_mapping(struct gk_load *load, const struct load_line *line)
{
    struct gk_mapping_put mapping = {.size = sizeof mapping};
    int rc;

    TRY(load_need_name(line, MAPPING_MN, &mapping.mn));
    TRY(load_need_name(line, MAPPING_CODE, &mapping.code));
    TRY(take_period(line, &mapping.period));
    take_suffix(line, &mapping);
    TRY(load_need_name(line, MAPPING_FACILITY, &mapping.facility));
    TRY(load_need_name(line, MAPPING_CHANNEL, &mapping.channel));
    TRY(load_name(line, MAPPING_UNIT, &mapping.unit));
    TRY(load_number(line, MAPPING_FACTOR, 1, &mapping.factor));
    TRY(load_number(line, MAPPING_MIN, NAN, &mapping.least));
    TRY(load_number(line, MAPPING_MAX, NAN, &mapping.most));
    TRY(load_pass(line, MAPPING_MN, gk_mapping_put(load->db, &mapping, line->error)));
done:
    return rc;
}

const struct load_table LOAD_MAPPINGS = {
    .id = GK_TABLE_MAPPINGS,
    .outline = "mappings: mn,code,facility,channel[,suffix,period,unit,factor,min,max,note]",
    .columns = {"mn", "code", "suffix", "period", "facility", "channel", "unit", "factor", "min", "max",
                "note" /* for people; not kept */},
    .needs = {"mn", "code", "facility", "channel"},
    .take = take_mapping,
};
