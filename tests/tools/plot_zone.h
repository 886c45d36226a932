/*
 * plot_zone.h - what the tests of pictures share: the zone of docs/QUERY.md with Chinese names beside English ones, and
 * a statement as a picture.
 */
#ifndef TEST_TOOLS_PLOT_ZONE_H
#define TEST_TOOLS_PLOT_ZONE_H

#include "query/zone.h"

#include "plot.h"

struct plot_zone {
    struct zone zone;
    gk_snapshot *snapshot;
    gk_query *query; /* of the last picture */
};

static inline void plot_zone_open(struct plot_zone *own)
{
    static const char *const tables[] = {
        "facility,enterprise,park,line,role,rated_kw,serves,group,stop_level,type\n"
        "press,E1,P1,L1,production,10,,A,2,\n"
        "saw,E1,P1,L1,production,10,,A,0,\n"
        "fan,E1,P1,L1,abatement,10,press;saw,,,RTO\n"
        "球磨机,华丰化工,P1,二线,production,10,,B,1,\n"
        "布袋除尘,华丰化工,P1,二线,abatement,10,球磨机,,,bag\n"
        "spare <&> 'x',华丰化工,P1,二线,abatement,10,球磨机,,,bag\n",
        "scope,off_below,on_from,hold_s\n*,10%,20%,1800\n",
        "group,level,from,to\nA,2,2026-11-20T08:30,2026-11-20T11:00\n",
        "scope,kind,from,to,note\n球磨机,maintenance,2026-11-20T11:00,2026-11-20T13:00,belt\n",
        "time,facility,kw,kwh\n"
        "2026-11-20T08:00,press,8,100\n2026-11-20T08:30,press,8,104\n2026-11-20T09:00,press,12,110\n"
        "2026-11-20T09:30,press,8,114\n2026-11-20T10:00,press,0,114\n2026-11-20T10:30,press,0,114\n"
        "2026-11-20T11:00,press,0,114\n2026-11-20T08:00,saw,0,\n2026-11-20T08:30,saw,5,\n2026-11-20T08:50,saw,0,\n"
        "2026-11-20T09:20,saw,0,\n2026-11-20T08:00,fan,0,\n2026-11-20T08:15,fan,7,\n2026-11-20T08:45,fan,7,\n"
        "2026-11-20T09:05,fan,1.5,\n2026-11-20T09:25,fan,7,\n2026-11-20T09:50,fan,0,\n2026-11-20T10:20,fan,0,\n"
        "2026-11-20T11:30,球磨机,6,\n2026-11-20T11:58,球磨机,6,\n2026-11-20T11:30,布袋除尘,0,\n"
        "2026-11-20T11:58,布袋除尘,0,\n2026-11-20T11:30,spare <&> 'x',6,\n2026-11-20T11:40,spare <&> 'x',0,\n"
        "2026-11-20T11:58,spare <&> 'x',0,\n"};

    memset(own, 0, sizeof *own);
    zone_open(&own->zone);
    assert_int_equal(gk_time_parse("2026-11-20T12:00+08:00", 22, 0, &own->zone.now), GK_OK);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        zone_load(&own->zone, tables[i], strlen(tables[i]));
    assert_int_equal(gk_snapshot_open(own->zone.db, &own->snapshot, NULL), GK_OK);
}

static inline void plot_zone_close(struct plot_zone *own)
{
    gk_query_free(own->query);
    gk_snapshot_close(own->snapshot);
    zone_close(&own->zone);
}

static inline struct plot_request plot_request_usual(void)
{
    return (struct plot_request){.as = PLOT_KINDS, .max_lanes = PLOT_LANES_DEFAULT};
}

/* A statement as a picture; returns what plot_make says. The picture is to be cleared, also after a failure. */
static inline int plot_zone_make(struct plot_zone *own, const char *text, const struct plot_request *request,
                                 struct plot *plot, struct gk_error *error)
{
    struct gk_query_error wrong = {0};
    int rc;

    gk_query_free(own->query);
    own->query = NULL;
    *error = (struct gk_error){0};
    if (gk_query_prepare(own->zone.session, own->snapshot, text, strlen(text), NULL, &own->query, &wrong) != GK_OK ||
        gk_query_start(own->query, own->snapshot, own->zone.now, &wrong) != GK_OK)
        fail_msg("%s", wrong.report);
    plot_begin(plot, request, own->zone.session, own->snapshot, own->query);
    while ((rc = gk_query_next(own->query, &wrong)) == GK_OK)
        plot_add(plot);
    if (rc != GK_DONE)
        fail_msg("%s", wrong.report);
    return plot_make(plot, error);
}

static inline void plot_zone_must(struct plot_zone *own, const char *text, struct plot *plot)
{
    const struct plot_request request = plot_request_usual();
    struct gk_error error;

    if (plot_zone_make(own, text, &request, plot, &error) != GK_OK)
        fail_msg("%s: %s", text, error.text);
}

static inline gk_time plot_zone_time(const char *text)
{
    gk_time time = 0;

    if (gk_time_parse(text, strlen(text), 28800, &time) != GK_OK)
        fail_msg("no time: %s", text);
    return time;
}

#endif
