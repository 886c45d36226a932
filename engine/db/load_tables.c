/*
 * load_tables.c - links, bands, orders and exemptions: a line is one put.
 */
#include "db/load.h"

#include "db/db.h"

#define SITE_KINDS                                                                                                     \
    (LOAD_KIND_BIT(GK_ZONE) | LOAD_KIND_BIT(GK_PARK) | LOAD_KIND_BIT(GK_ENTERPRISE) | LOAD_KIND_BIT(GK_LINE) |         \
     LOAD_KIND_BIT(GK_FACILITY))

/* ---- links --------------------------------------------------------------------------------------------------------
 */

enum { LINK_ABATEMENT, LINK_PRODUCTION, LINK_STANDBY, LINK_FROM, LINK_TO };

static int take_link(struct gk_load *load, const struct load_line *line)
{
    struct gk_link_put link = {.size = sizeof link};
    int rc;

    TRY(load_need_name(line, LINK_ABATEMENT, &link.abatement));
    TRY(load_need_name(line, LINK_PRODUCTION, &link.production));
    TRY(load_flag(line, LINK_STANDBY, &link.is_standby));
    TRY(load_period(line, LINK_FROM, LINK_TO, &link.from, &link.to));
    bool is_there = db_find_facility(load->db, link.abatement.bytes, link.abatement.size) != GK_ID_NONE;
    TRY(load_pass(line, is_there ? LINK_PRODUCTION : LINK_ABATEMENT, gk_link_put(load->db, &link, line->error)));
done:
    return rc;
}

const struct load_table LOAD_LINKS = {
    .id = GK_TABLE_LINKS,
    .outline = "links: abatement,production[,standby,from,to]",
    .columns = {"abatement", "production", "standby", "from", "to"},
    .needs = {"abatement", "production"},
    .take = take_link,
};

/* ---- bands --------------------------------------------------------------------------------------------------------
 */

enum {
    BAND_SCOPE,
    BAND_OFF_BELOW,
    BAND_ON_FROM,
    BAND_OVERLOAD_FROM,
    BAND_HYSTERESIS,
    BAND_HOLD_S,
    BAND_DWELL_ON_S,
    BAND_DWELL_OFF_S,
    BAND_CHANNEL,
    BAND_FROM,
    BAND_SET
};

/* Of rated: off and on lie within what is rated, an overload may be declared far above it. */
#define SHARE_PERCENT_MAX    100
#define OVERLOAD_PERCENT_MAX 1000

static int take_limits(const struct load_line *line, struct gk_band_put *band)
{
    int rc;

    TRY(load_name(line, BAND_CHANNEL, &band->channel));
    TRY(load_limit(line, BAND_OFF_BELOW, &band->channel, SHARE_PERCENT_MAX, &band->off_below));
    TRY(load_limit(line, BAND_ON_FROM, &band->channel, SHARE_PERCENT_MAX, &band->on_from));
    TRY(load_limit(line, BAND_OVERLOAD_FROM, &band->channel, OVERLOAD_PERCENT_MAX, &band->overload_from));
    TRY(load_limit(line, BAND_HYSTERESIS, &band->channel, SHARE_PERCENT_MAX, &band->hysteresis));
    TRY(load_limits_ascend(line, BAND_OFF_BELOW, &band->off_below, BAND_ON_FROM, &band->on_from));
    TRY(load_limits_ascend(line, BAND_OFF_BELOW, &band->off_below, BAND_OVERLOAD_FROM, &band->overload_from));
    TRY(load_limits_ascend(line, BAND_ON_FROM, &band->on_from, BAND_OVERLOAD_FROM, &band->overload_from));
done:
    return rc;
}

static int take_band(struct gk_load *load, const struct load_line *line)
{
    struct gk_band_put band = {.size = sizeof band};
    unsigned kinds = SITE_KINDS | LOAD_KIND_BIT(GK_ROLE);
    int rc;

    TRY(load_scope(line, BAND_SCOPE, kinds, &band.scope, &band.name));
    TRY(take_limits(line, &band));
    TRY(load_seconds(line, BAND_HOLD_S, &band.hold_ns));
    TRY(load_seconds(line, BAND_DWELL_ON_S, &band.dwell_on_ns));
    TRY(load_seconds(line, BAND_DWELL_OFF_S, &band.dwell_off_ns));
    TRY(load_time(line, BAND_FROM, GK_TIME_MIN, &band.from));
    TRY(load_name(line, BAND_SET, &band.set));
    TRY(load_pass(line, BAND_SCOPE, gk_band_put(load->db, &band, line->error)));
done:
    return rc;
}

const struct load_table LOAD_BANDS = {
    .id = GK_TABLE_BANDS,
    .outline =
        "bands: scope,off_below,on_from[,overload_from,hysteresis,hold_s,dwell_on_s,dwell_off_s,channel,from,set]",
    .columns = {"scope", "off_below", "on_from", "overload_from", "hysteresis", "hold_s", "dwell_on_s", "dwell_off_s",
                "channel", "from", "set"},
    .needs = {"scope", "off_below", "on_from"},
    .take = take_band,
};

/* ---- orders -------------------------------------------------------------------------------------------------------
 */

enum { ORDER_GROUP, ORDER_SCOPE, ORDER_LEVEL, ORDER_FROM, ORDER_TO, ORDER_KIND, ORDER_CUT, ORDER_HOURS };

/* A file may have either column or both; each line fills one. */
static int take_order_scope(const struct load_line *line, struct gk_order_put *order)
{
    unsigned kinds = SITE_KINDS | LOAD_KIND_BIT(GK_GROUP);
    bool has_group = load_text(line, ORDER_GROUP).size > 0, has_scope = load_text(line, ORDER_SCOPE).size > 0;

    if (has_group && has_scope)
        return load_fail(line, ORDER_SCOPE, GK_EINVAL, "expected a group or a scope, got both");
    if (!has_group && line->header->place[ORDER_SCOPE] != LOAD_NONE)
        return load_scope(line, ORDER_SCOPE, kinds, &order->scope, &order->name);
    order->scope = GK_GROUP;
    return load_need_name(line, ORDER_GROUP, &order->name);
}

static int take_order(struct gk_load *load, const struct load_line *line)
{
    struct gk_order_put order = {.size = sizeof order};
    size_t scope_column = line->header->place[ORDER_GROUP] == LOAD_NONE ? ORDER_SCOPE : ORDER_GROUP;
    struct gk_text from;
    int rc;

    TRY(take_order_scope(line, &order));
    TRY(load_need_text(line, ORDER_LEVEL, &order.level));
    TRY(load_words(line, ORDER_KIND, &order.kind));
    TRY(load_need_text(line, ORDER_FROM, &from));
    TRY(load_period(line, ORDER_FROM, ORDER_TO, &order.from, &order.to));
    TRY(load_share(line, ORDER_CUT, &order.cut_share));
    TRY(load_hours(line, ORDER_HOURS, &order.hours_from_s, &order.hours_to_s));
    TRY(load_pass(line, scope_column, gk_order_put(load->db, &order, line->error)));
done:
    return rc;
}

const struct load_table LOAD_ORDERS = {
    .id = GK_TABLE_ORDERS,
    .outline = "orders: group or scope,level,from,to[,kind,cut,hours]",
    .columns = {"group", "scope", "level", "from", "to", "kind", "cut", "hours"},
    .needs = {"group|scope", "level", "from", "to"},
    .take = take_order,
};

/* ---- exemptions ---------------------------------------------------------------------------------------------------
 */

enum { EXEMPTION_SCOPE, EXEMPTION_KIND, EXEMPTION_FROM, EXEMPTION_TO, EXEMPTION_NOTE };

static int take_exemption(struct gk_load *load, const struct load_line *line)
{
    struct gk_exemption_put exemption = {.size = sizeof exemption};
    struct gk_text from;
    int rc;

    TRY(load_scope(line, EXEMPTION_SCOPE, SITE_KINDS, &exemption.scope, &exemption.name));
    TRY(load_need_text(line, EXEMPTION_KIND, &exemption.kind));
    TRY(load_words(line, EXEMPTION_NOTE, &exemption.note));
    TRY(load_need_text(line, EXEMPTION_FROM, &from));
    TRY(load_period(line, EXEMPTION_FROM, EXEMPTION_TO, &exemption.from, &exemption.to));
    TRY(load_pass(line, EXEMPTION_SCOPE, gk_exemption_put(load->db, &exemption, line->error)));
done:
    return rc;
}

const struct load_table LOAD_EXEMPTIONS = {
    .id = GK_TABLE_EXEMPTIONS,
    .outline = "exemptions: scope,kind,from,to[,note]",
    .columns = {"scope", "kind", "from", "to", "note"},
    .needs = {"scope", "kind", "from", "to"},
    .take = take_exemption,
};
