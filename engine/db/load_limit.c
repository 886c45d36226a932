/*
 * load_limit.c - the limits of a band: 10%, 5kW, 50A, 7.5. They are kept as exact decimals, in the unit of the channel.
 */
#include "db/load.h"

#include "base/decimal.h"
#include "base/text.h"

enum quantity { UNKNOWN, POWER, CURRENT, VOLTAGE };

struct unit {
    const char *text;
    enum quantity quantity;
    int32_t power; /* of ten, over W, A, V */
};

static const struct unit UNITS[] = {{"W", POWER, 0},   {"kW", POWER, 3},   {"MW", POWER, 6},  {"mA", CURRENT, -3},
                                    {"A", CURRENT, 0}, {"kA", CURRENT, 3}, {"V", VOLTAGE, 0}, {"kV", VOLTAGE, 3}};

/* The channels with fixed names; any other says its unit behind its last '_', or not at all. */
static const struct unit CHANNELS[] = {{"kw", POWER, 3},   {"ia", CURRENT, 0}, {"ib", CURRENT, 0}, {"ic", CURRENT, 0},
                                       {"ua", VOLTAGE, 0}, {"ub", VOLTAGE, 0}, {"uc", VOLTAGE, 0}};

static const char *const QUANTITIES[] = {"an unknown quantity", "power", "current", "voltage"};
static const char *const EXAMPLES[] = {"", "kW", "A", "V"};

static const struct unit *find(const struct unit *units, size_t n, const char *text, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (text_is_alike(units[i].text, strlen(units[i].text), text, size))
            return &units[i];
    return NULL;
}

static const struct unit *unit_of(const char *text, size_t size)
{
    const struct unit *unit = find(UNITS, sizeof UNITS / sizeof *UNITS, text, size);
    if (unit && unit->power == 6 && text[0] != 'M') /* mW is another thing */
        return NULL;
    return unit;
}

static const struct unit *unit_of_channel(struct gk_text channel)
{
    const struct unit *unit = find(CHANNELS, sizeof CHANNELS / sizeof *CHANNELS, channel.bytes, channel.size);
    size_t at = channel.size;

    if (unit)
        return unit;
    while (at > 0 && channel.bytes[at - 1] != '_')
        at--;
    return at > 0 ? unit_of(channel.bytes + at, channel.size - at) : NULL;
}

static int share(const struct load_line *line, size_t column, struct gk_decimal percent, int64_t most_percent,
                 struct gk_limit *out)
{
    if (decimal_compare(percent, (struct gk_decimal){most_percent, 0}) > 0)
        return load_fail(line, column, GK_ERANGE, "expected a share of at most %lld%%", (long long)most_percent);
    out->kind = GK_LIMIT_SHARE;
    out->value = percent;
    out->value.scale += 2; /* 10% is 10 * 10^-2 */
    if (out->value.scale > DECIMAL_DIGITS_MAX)
        return load_fail(line, column, GK_ERANGE, "expected a share with at most 16 decimals");
    return GK_OK;
}

/* A number with a unit, turned into the unit of the channel. */
static int quantity(const struct load_line *line, size_t column, struct gk_decimal v, const struct unit *unit,
                    struct gk_text *channel, struct gk_limit *out)
{
    char shown[TEXT_SHOWN_MAX];

    if (channel->size == 0 && unit->quantity != POWER)
        return load_fail(line, column, GK_EINVAL, "a limit in %s needs a channel beside it, such as %s", unit->text,
                         unit->quantity == CURRENT ? "ia" : "ua");
    if (channel->size == 0)
        *channel = (struct gk_text){"kw", 2};
    const struct unit *own = unit_of_channel(*channel);
    (void)text_show(channel->bytes, channel->size, shown); /* into shown */
    if (!own)
        return load_fail(line, column, GK_EINVAL, "the unit of channel '%s' is not known: expected a plain number",
                         shown);
    if (own->quantity != unit->quantity)
        return load_fail(line, column, GK_EINVAL, "channel '%s' is %s: expected a limit in %s, got %s", shown,
                         QUANTITIES[own->quantity], EXAMPLES[own->quantity], unit->text);
    out->kind = GK_LIMIT_ABSOLUTE;
    if (decimal_shift(v, unit->power - own->power, &out->value) != GK_OK)
        return load_fail(line, column, GK_ERANGE, "expected a number of at most 18 digits");
    return GK_OK;
}

int load_limit(const struct load_line *line, size_t column, struct gk_text *channel, int64_t most_percent,
               struct gk_limit *out)
{
    struct gk_text text = load_text(line, column);
    char shown[TEXT_SHOWN_MAX];
    struct gk_decimal v;

    *out = (struct gk_limit){GK_LIMIT_ABSENT, {0, 0}};
    if (text.size == 0)
        return GK_OK;
    size_t span = decimal_span(text.bytes, text.size);
    struct gk_text suffix = text_trim(text.bytes + span, text.size - span); /* "5 kW" is fine */
    const struct unit *unit = unit_of(suffix.bytes, suffix.size);
    bool is_share = suffix.size == 1 && suffix.bytes[0] == '%';
    if (decimal_parse(text.bytes, span, &v) != GK_OK || (!is_share && !unit && span < text.size))
        return load_fail(line, column, GK_ESYNTAX, "expected a limit like 10%%, 5kW, 50A or 7.5, got '%s'",
                         text_show(text.bytes, text.size, shown));
    if (v.mantissa < 0)
        return load_fail(line, column, GK_ERANGE, "expected a limit of 0 or more");
    if (is_share)
        return share(line, column, v, most_percent, out);
    if (unit)
        return quantity(line, column, v, unit, channel, out);
    out->kind = GK_LIMIT_ABSOLUTE;
    out->value = v;
    return GK_OK;
}

int load_limits_ascend(const struct load_line *line, size_t low_column, const struct gk_limit *low, size_t high_column,
                       const struct gk_limit *high)
{
    const struct gk_text *name = line->header->names;

    if (low->kind == GK_LIMIT_ABSENT || low->kind != high->kind || decimal_compare(low->value, high->value) <= 0)
        return GK_OK;
    name += line->header->place[low_column];
    return load_fail(line, high_column, GK_ERANGE, "expected at least as much as %.*s", (int)name->size, name->bytes);
}
