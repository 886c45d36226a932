/* What a picture shows: if these fail, it leaves out a stretch, invents a state, or takes silence for a value. */
#include "tools/plot_zone.h"

static struct plot_zone zone;
static struct plot plot;

static int open_zone(void **state)
{
    (void)state;
    plot_zone_open(&zone);
    return 0;
}

static int close_zone(void **state)
{
    (void)state;
    plot_clear(&plot);
    plot_zone_close(&zone);
    return 0;
}

static const struct plot *draw(const char *text)
{
    plot_clear(&plot);
    plot_zone_must(&zone, text, &plot);
    return &plot;
}

static void check_refusal(const char *text, const struct plot_request *request, int status, const char *words)
{
    struct gk_error error;

    plot_clear(&plot);
    assert_int_equal(plot_zone_make(&zone, text, request, &plot, &error), status);
    if (strstr(error.text, words) == NULL)
        fail_msg("'%s' should say '%s'", error.text, words);
}

static void the_kind_follows_from_the_columns(void **state)
{
    static const struct {
        const char *text;
        enum plot_kind kind;
    } cases[] = {
        {"when abatement offline today", PLOT_TIMELINE},
        {"list gaps of facility 'saw' today", PLOT_TIMELINE},
        {"samples of facility 'press' today", PLOT_CURVE},
        {"avg, min, max of power of production by facility, hour today", PLOT_CURVE},
        {"avg of power of production by facility every 30m today", PLOT_CURVE},
        {"share of production running every 1h today", PLOT_CURVE},
        {"duration of production running by day last 3d", PLOT_CURVE},
        {"avg of power of production by enterprise, day last 3d", PLOT_HEAT},
        {"share of production running by enterprise, hour today", PLOT_HEAT},
        {"share of production running by line, week last 20d", PLOT_HEAT},
        {"energy of production by enterprise, month last 40d", PLOT_HEAT},
        {"duration, share of production running by enterprise today", PLOT_BARS},
        {"energy of production by facility today", PLOT_BARS},
        {"duration of production running today", PLOT_BARS},
        {"state of zone at 2026-11-20T09:10", PLOT_BOARD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (draw(cases[i].text)->kind != cases[i].kind)
            fail_msg("%s is drawn as %s", cases[i].text, plot_kind_name(plot.kind));
}

static void what_cannot_be_drawn_is_refused_by_name(void **state)
{
    struct plot_request request = plot_request_usual();

    (void)state;
    check_refusal("which enterprises ever abatement off today", &request, GK_EINVAL, "which (its answer is names)");
    check_refusal("explain when abatement off today", &request, GK_EINVAL, "explain cannot be drawn; these can: when");
    check_refusal("list facilities", &request, GK_EINVAL, "a list of the catalog cannot");
    check_refusal("list lag from start of (production running) to start of (abatement running) last 7d", &request,
                  GK_EINVAL, "this answer cannot be drawn");
    check_refusal("list links", &request, GK_EINVAL, "a list of the catalog cannot");
    request.as = PLOT_HEAT;
    check_refusal("state of zone at 2026-11-20T09:10", &request, GK_EINVAL, "as heat, only as board");
    request.as = PLOT_BARS;
    check_refusal("share of production running by line, hour today", &request, GK_EINVAL, "only as curve or heat");
    request = plot_request_usual();
    request.value = "energy";
    check_refusal("share of production running by line, hour today", &request, GK_EINVAL, "no value called 'energy'");
    check_refusal("avg of power of production every 1h today", &request, GK_EINVAL, "no value called 'energy'");
}

static const struct plot_lane *lane_of(const char *name)
{
    for (size_t i = 0; i < plot.timeline.n_lanes; i++)
        if (strcmp(plot.timeline.lanes[i].name, name) == 0)
            return &plot.timeline.lanes[i];
    return NULL;
}

static void check_lanes(const struct plot_group *group, const char *name, const char *lanes)
{
    char text[256] = "";

    for (size_t i = 0; i < group->n; i++) {
        const struct plot_lane *lane = &plot.timeline.lanes[group->first + i];

        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i > 0 ? " | " : "", lane->name,
                 lane->is_subject ? "*" : "");
    }
    assert_string_equal(group->name, name);
    assert_string_equal(text, lanes);
}

static void linked_facilities_form_a_group_with_production_above(void **state)
{
    (void)state;
    draw("when abatement offline while production running for >= 10m last 24h");
    assert_int_equal(plot.timeline.n_groups, 2);
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "press | saw | fan*");
    check_lanes(&plot.timeline.groups[1], "华丰化工 · 二线", "球磨机 | 布袋除尘* | spare <&> 'x'*");
    assert_true(plot.timeline.groups[0].has_relatives);
}

static void only_relatives_the_statement_speaks_of_are_drawn(void **state)
{
    (void)state;
    draw("when abatement offline last 24h");
    assert_int_equal(plot.timeline.n_groups, 2);
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "fan*");
    check_lanes(&plot.timeline.groups[1], "华丰化工 · 二线", "布袋除尘* | spare <&> 'x'*"); /* by line */
    assert_false(plot.timeline.groups[1].has_relatives);
    draw("when abatement off while facility 'saw' off and production running in enterprise 'E1' last 24h");
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "press | saw | fan*");
    draw("when facility 'saw' off while facility 'fan' running last 24h");
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "saw* | fan");
}

static void a_site_has_a_lane_above_those_inside(void **state)
{
    (void)state;
    draw("when all abatement stopped while any production running per line last 24h");
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "L1* | press | saw | fan");
    assert_int_equal(plot.timeline.lanes[plot.timeline.groups[0].first].facility, GK_ID_NONE);
    draw("when any production running last 24h");
    check_lanes(&plot.timeline.groups[0], "", "zone* | press | saw | 球磨机");
}

static void definitions_of_the_session_are_understood(void **state)
{
    struct text out = {0};

    (void)state;
    zone_ask(&zone.zone, "define untreated as abatement offline while production running", "", &out, NULL);
    draw("when untreated last 24h");
    check_lanes(&plot.timeline.groups[0], "E1 · L1", "press | saw | fan*");
    text_clear(&out);
}

/* The rows themselves, one by one, against the marks. */
static void every_row_has_its_mark(void **state)
{
    static const char text[] = "when abatement offline while production running last 24h with possible";
    const struct plot_column *columns;
    size_t start, end, n = 0;

    (void)state;
    draw(text);
    columns = plot.table.columns;
    start = plot_table_find(&plot.table, "start", GK_TYPE_TIME);
    end = plot_table_find(&plot.table, "end", GK_TYPE_TIME);
    assert_true(plot.table.n_rows > 5);
    for (size_t row = 0; row < plot.table.n_rows; row++) {
        const struct plot_lane *lane = lane_of(plot_table_text(&plot.table, 0, row));
        bool is_found = false, is_open = columns[end].time[row] == GK_TIME_MIN;
        bool is_certain =
            strcmp(plot_table_text(&plot.table, plot_table_find(&plot.table, "certainty", GK_TYPE_TEXT), row),
                   "certain") == 0;

        assert_non_null(lane);
        for (size_t i = 0; i < lane->n_marks; i++)
            is_found |=
                lane->marks[i].from == columns[start].time[row] && lane->marks[i].is_open == is_open &&
                lane->marks[i].is_certain == is_certain &&
                (is_open ? lane->marks[i].to == plot.meta.watermark : lane->marks[i].to == columns[end].time[row]);
        assert_true(is_found);
    }
    for (size_t i = 0; i < plot.timeline.n_lanes; i++)
        n += plot.timeline.lanes[i].n_marks;
    assert_int_equal(n, plot.table.n_rows);
    assert_int_equal(plot.timeline.n_marks, n);
}

static enum gk_state state_at(const struct plot_run *runs, size_t n, const char *time)
{
    for (size_t i = 0; i < n; i++)
        if (runs[i].from <= plot_zone_time(time) && plot_zone_time(time) < runs[i].to)
            return runs[i].state;
    fail_msg("no state at %s", time);
    return GK_NODATA;
}

static void runs_are_the_states_and_silence_is_no_state(void **state)
{
    const struct plot_lane *fan;

    (void)state;
    draw("when abatement offline while production running for >= 10m last 24h");
    fan = lane_of("fan");
    assert_true(fan->runs[0].from == plot.from && fan->runs[fan->n_runs - 1].to == plot.to);
    for (size_t i = 1; i < fan->n_runs; i++)
        assert_true(fan->runs[i].from == fan->runs[i - 1].to && fan->runs[i].state != fan->runs[i - 1].state);
    assert_int_equal(state_at(fan->runs, fan->n_runs, "2026-11-20T07:00"), GK_NODATA);
    assert_int_equal(state_at(fan->runs, fan->n_runs, "2026-11-20T08:05"), GK_OFF);
    assert_int_equal(state_at(fan->runs, fan->n_runs, "2026-11-20T08:20"), GK_ON);
    assert_int_equal(state_at(fan->runs, fan->n_runs, "2026-11-20T09:10"), GK_IDLE);
    assert_int_equal(state_at(fan->runs, fan->n_runs, "2026-11-20T11:30"), GK_NODATA);
    assert_true(plot.timeline.has_silence);
}

static void states_are_those_of_the_limits_that_were_asked_for(void **state)
{
    (void)state;
    draw("when abatement offline while production running in enterprise 'E1' today with overload_from = 200%");
    assert_int_equal(state_at(lane_of("press")->runs, lane_of("press")->n_runs, "2026-11-20T09:10"), GK_ON);
    draw("when abatement offline while production running in enterprise 'E1' today");
    assert_int_equal(state_at(lane_of("press")->runs, lane_of("press")->n_runs, "2026-11-20T09:10"), GK_OVERLOAD);
}

static void orders_and_exemptions_are_shown_where_the_statement_speaks_of_them(void **state)
{
    (void)state;
    draw("when production running during order today");
    assert_int_equal(plot.timeline.groups[0].n_covers, 1);
    assert_true(plot.timeline.groups[0].covers[0].from == plot_zone_time("2026-11-20T08:30"));
    assert_true(plot.timeline.groups[0].covers[0].to == plot_zone_time("2026-11-20T11:00"));
    assert_true(plot.timeline.has_orders && !plot.timeline.has_exempt);
    draw("when exempt and production running today");
    assert_true(plot.timeline.has_exempt && plot.timeline.groups[0].covers[0].is_exempt);
    draw("when production running today");
    assert_int_equal(plot.timeline.groups[0].n_covers, 0);
}

static void a_moment_is_shown_with_what_was_around_it(void **state)
{
    (void)state;
    draw("when abatement offline while production running at 2026-11-20T09:10");
    assert_true(plot.moment == plot_zone_time("2026-11-20T09:10"));
    assert_true(plot.from < plot_zone_time("2026-11-20T09:05") && plot.to > plot_zone_time("2026-11-20T09:25"));
    assert_true(plot.to <= zone.zone.now);
}

static void what_is_too_much_is_left_off_and_counted(void **state)
{
    struct plot_request request = plot_request_usual();
    struct gk_error error;

    (void)state;
    request.max_lanes = 3;
    plot_clear(&plot);
    assert_int_equal(plot_zone_make(&zone, "when abatement offline while production running for >= 10m last 24h",
                                    &request, &plot, &error),
                     GK_OK);
    assert_int_equal(plot.timeline.n_lanes, 3);
    assert_int_equal(plot.timeline.n_lanes_off, 3);
    assert_int_equal(plot.timeline.n_marks_off, 2);
    assert_string_equal(plot_remark(&plot, 0), "3 more lanes with 2 stretches are left off: --max-lanes 6");
    request.max_lanes = 2; /* the first group alone is too much: as much of it as fits */
    plot_clear(&plot);
    assert_int_equal(plot_zone_make(&zone, "when abatement offline while production running for >= 10m last 24h",
                                    &request, &plot, &error),
                     GK_OK);
    assert_int_equal(plot.timeline.n_lanes, 2);
    assert_int_equal(plot.timeline.n_lanes_off, 4);
    assert_int_equal(plot.timeline.n_marks,
                     plot.timeline.n_marks_off + plot.timeline.lanes[0].n_marks + plot.timeline.lanes[1].n_marks);
}

static double value_at(const struct plot_panel *panel, size_t line, const char *time)
{
    for (size_t i = 0; i < panel->n; i++)
        if (panel->from[i] <= plot_zone_time(time) && plot_zone_time(time) < panel->to[i])
            return panel->lines[line].value[i];
    return NAN;
}

static void samples_hold_until_the_next_one_and_then_there_is_a_gap(void **state)
{
    const struct plot_panel *panel;

    (void)state;
    draw("samples of power of facility 'press' today");
    assert_int_equal(plot.curve.n_panels, 1);
    panel = &plot.curve.panels[0];
    assert_string_equal(panel->name, "press");
    assert_string_equal(panel->place, "E1 · L1");
    assert_true(value_at(panel, 0, "2026-11-20T09:29:59") == 12);
    assert_true(value_at(panel, 0, "2026-11-20T09:30") == 8);
    assert_true(isnan(value_at(panel, 0, "2026-11-20T07:59:59")));
    assert_true(value_at(panel, 0, "2026-11-20T11:29:59") == 0); /* held for 30 minutes */
    assert_true(isnan(value_at(panel, 0, "2026-11-20T11:30:00")));
    assert_int_equal(state_at(panel->runs, panel->n_runs, "2026-11-20T09:10"), GK_OVERLOAD);
}

static void channels_of_different_measures_have_panels_of_their_own(void **state)
{
    (void)state;
    draw("samples of facility 'press' today");
    assert_int_equal(plot.curve.n_measures, 2);
    assert_int_equal(plot.curve.n_panels, 2);
    assert_string_equal(plot.curve.panels[0].measure, "kw");
    assert_string_equal(plot.curve.panels[1].measure, "kwh");
}

static void min_and_max_make_a_band_and_an_empty_bucket_a_gap(void **state)
{
    const struct plot_panel *panel;

    (void)state;
    draw("avg, min, max of power of facility 'press' every 1h between 2026-11-20T08:00 and 2026-11-20T12:00");
    assert_int_equal(plot.curve.n_panels, 1);
    panel = &plot.curve.panels[0];
    assert_int_equal(panel->n_lines, 1);
    assert_string_equal(panel->name, "press"); /* the statement names it */
    assert_true(value_at(panel, 0, "2026-11-20T09:00") == 10);
    assert_true(panel->lines[0].low[1] == 8 && panel->lines[0].high[1] == 12);
    draw("avg of power of facility 'press' every 1h between 2026-11-20T06:00 and 2026-11-20T10:00");
    assert_true(isnan(value_at(&plot.curve.panels[0], 0, "2026-11-20T06:30")));
    assert_true(plot.curve.panels[0].to[0] == plot_zone_time("2026-11-20T07:00"));
}

static void what_is_only_possible_lies_above_what_is_certain(void **state)
{
    const struct plot_panel *panel;

    (void)state;
    draw("duration of production running every 1h between 2026-11-20T08:00 and 2026-11-20T12:00");
    panel = &plot.curve.panels[0];
    assert_true(panel->lines[0].is_doubt && plot.curve.has_doubt && panel->is_area);
    for (size_t i = 0; i < panel->n; i++)
        assert_true(panel->lines[0].high[i] >= panel->lines[0].low[i] &&
                    panel->lines[0].low[i] == panel->lines[0].value[i]);
}

static void many_samples_are_gathered_and_keep_least_and_most(void **state)
{
    struct text csv = {0};
    double least = 1e9, most = -1e9;

    (void)state;
    text_add(&csv, "time,facility,kw\n");
    for (int i = 0; i < 6000; i++) {
        char line[64];

        snprintf(line, sizeof line, "%lld,many,%d\n", 1795132800LL + 10 * i, i == 4321 ? 99 : i % 7);
        text_add(&csv, line);
    }
    zone_load(&zone.zone, csv.bytes, csv.size);
    text_clear(&csv);
    gk_snapshot_close(zone.snapshot);
    assert_int_equal(gk_snapshot_open(zone.zone.db, &zone.snapshot, NULL), GK_OK);
    zone.zone.now = INT64_C(1795200000) * GK_SECOND;
    draw("samples of power of facility 'many' since 2026-11-20");
    assert_true(plot.curve.is_gathered);
    assert_int_equal(plot.curve.panels[0].n, PLOT_BUCKETS_MOST);
    for (size_t i = 0; i < PLOT_BUCKETS_MOST; i++) {
        const struct plot_line *line = &plot.curve.panels[0].lines[0];

        if (isnan(line->value[i]))
            continue;
        assert_true(line->low[i] <= line->value[i] && line->value[i] <= line->high[i]);
        least = fmin(least, line->low[i]);
        most = fmax(most, line->high[i]);
    }
    assert_true(least == 0 && most == 99);
    assert_int_equal(gk_time_parse("2026-11-20T12:00+08:00", 22, 0, &zone.zone.now), GK_OK);
}

static void a_heat_map_tells_unknown_from_nothing_and_weak_from_known(void **state)
{
    const struct plot_grid *grid;
    size_t eleven;

    (void)state;
    draw("duration of production running by enterprise, hour between 2026-11-20T06:00 and 2026-11-20T12:00");
    grid = &plot.grid;
    assert_int_equal(grid->n_rows, 2);
    assert_int_equal(grid->n_columns, 6);
    assert_string_equal(grid->rows[1].name, "华丰化工");
    assert_true(grid->to[0] - grid->from[0] == 3600 * GK_SECOND);
    assert_true(isnan(grid->values[0])); /* nothing is known of 06:00 */
    assert_true(grid->values[2] == 4800);
    eleven = grid->n_columns + 5;
    assert_true(grid->values[eleven] > 0 && grid->coverage[eleven] < PLOT_WEAK);
    assert_true(grid->n_weak > 0 && grid->n_unknown > 0);
}

/* The press draws 8 kW from 8 o'clock on, 10 from 9 on, none from 10 on. */
static void a_heat_map_of_a_comparison_shows_what_changed(void **state)
{
    static const char text[] = "avg of power of production by facility, hour between 2026-11-20T08:00 and "
                               "2026-11-20T11:00 vs previous 1h",
                      several[] = "avg, max of power of production by facility, hour between 2026-11-20T08:00 "
                                  "and 2026-11-20T11:00 vs previous 1h";
    struct plot_request request = plot_request_usual();
    struct gk_error error;

    (void)state;
    draw(text);
    assert_string_equal(plot.grid.value, "change");
    assert_true(isnan(plot.grid.values[0]) && plot.grid.values[1] == 0.25 && plot.grid.values[2] == -1);
    assert_true(plot.grid.least == -1 && plot.grid.most == 0.25);
    assert_true(plot_grid_share(&plot.grid, -1) == -1 && plot_grid_share(&plot.grid, 0.25) == 0.25);
    request.as = PLOT_HEAT; /* several numbers are curves else */
    plot_clear(&plot);
    assert_int_equal(plot_zone_make(&zone, several, &request, &plot, &error), GK_OK);
    assert_string_equal(plot.grid.value, "change_avg");
    plot_clear(&plot);
    request.value = "avg";
    assert_int_equal(plot_zone_make(&zone, text, &request, &plot, &error), GK_OK);
    assert_true(plot.grid.values[1] == 10);
}

static void days_weeks_and_months_are_columns(void **state)
{
    (void)state;
    draw("duration of production running by enterprise, day last 3d");
    assert_true(plot.grid.from[plot.grid.n_columns - 1] == plot_zone_time("2026-11-20"));
    assert_true(plot.grid.to[plot.grid.n_columns - 1] == plot_zone_time("2026-11-21"));
    draw("duration of production running by enterprise, week last 10d");
    assert_true(plot.grid.from[0] == plot_zone_time("2026-11-09"));
    draw("duration of production running by enterprise, month last 40d");
    assert_true(plot.grid.from[0] == plot_zone_time("2026-10-01") && plot.grid.to[1] == plot_zone_time("2026-12-01"));
}

static void bars_are_certain_and_above_that_possible(void **state)
{
    (void)state;
    draw("duration, count of production running by enterprise today");
    assert_int_equal(plot.bars.n_rows, 2);
    assert_int_equal(plot.bars.n_values, 2);
    assert_string_equal(plot.bars.values[0].name, "duration");
    for (size_t i = 0; i < 2; i++)
        assert_true(plot.bars.values[0].possible[i] > plot.bars.values[0].certain[i]);
    assert_true(plot.bars.values[0].most >= plot.bars.values[0].possible[0]);
    assert_non_null(plot.bars.coverage);
}

static void bars_that_are_compared_have_one_scale(void **state)
{
    (void)state;
    draw("duration, count of production running by enterprise today with on_from = 90% vs stored");
    assert_string_equal(plot.bars.values[1].name, "stored_duration");
    assert_true(plot.bars.values[0].most > 0);
    assert_true(plot.bars.values[1].most >= plot.bars.values[0].most &&
                plot.bars.values[1].most <= plot.bars.values[0].most);
    draw("energy of production by enterprise today vs previous");
    assert_string_equal(plot.bars.values[1].name, "reference");
    assert_true(plot.bars.values[0].most > 0);
    assert_true(plot.bars.values[1].most >= plot.bars.values[0].most);
}

static void a_board_counts_by_state_and_keeps_sites_together(void **state)
{
    (void)state;
    draw("state of zone at 2026-11-20T09:10 sort since");
    assert_int_equal(plot.board.n_sites, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(plot.board.sites[i].name, "E1") == 0) {
            assert_int_equal(plot.board.sites[i].counts[GK_OVERLOAD], 1);
            assert_int_equal(plot.board.sites[i].counts[GK_IDLE], 1);
            assert_int_equal(plot.board.sites[i].counts[GK_OFF], 1);
        } else {
            assert_int_equal(plot.board.sites[i].counts[GK_NODATA], 3);
        }
    assert_int_equal(plot.board.n_cells, 6);
    draw("state of enterprise 'E1' at 2026-11-20T09:10");
    assert_string_equal(plot.board.sites[0].name, "L1"); /* the lines of the only enterprise */
}

static void thinned_runs_show_what_lasted_longest(void **state)
{
    struct plot_run runs[1000], *thin;
    struct plot own = {.from = 0, .to = 10000};
    size_t n;
    bool is_thinned;

    (void)state;
    for (size_t i = 0; i < 1000; i++) /* nine tenths on */
        runs[i] = (struct plot_run){(gk_time)(i / 2) * 20 + (i % 2 ? 2 : 0), (gk_time)(i / 2) * 20 + (i % 2 ? 20 : 2),
                                    i % 2 ? GK_ON : GK_OFF};
    thin = plot_thin_runs(&own, runs, 1000, 100, &n, &is_thinned);
    assert_true(is_thinned);
    assert_int_equal(n, 1);
    assert_int_equal(thin[0].state, GK_ON);
    thin = plot_thin_runs(&own, runs, 20, 100, &n, &is_thinned);
    assert_false(is_thinned);
    assert_int_equal(n, 20);
    plot_memory_clear(&own.memory);
}

static double one_a_byte(const char *text)
{
    return (double)strlen(text);
}

static void a_name_that_is_cut_keeps_its_end(void **state)
{
    struct plot_memory memory = {0};

    (void)state;
    assert_string_equal(plot_tail(&memory, "furnace 12", 10, one_a_byte), "furnace 12");
    assert_string_equal(plot_tail(&memory, "furnace 12", 6, one_a_byte), "… 12"); /* the ellipsis has three bytes */
    assert_string_equal(plot_tail(&memory, "一号炉", 6, one_a_byte), "…炉");
    assert_string_equal(plot_tail(&memory, "x", 0, one_a_byte), "…");
    plot_memory_clear(&memory);
}

static void what_was_joined_for_want_of_pixels_is_said(void **state)
{
    (void)state;
    draw("when abatement offline while production running for >= 10m last 24h");
    plot.n_cells = 1000;
    assert_null(plot_remark(&plot, 0));
    plot.n_cells = 10;
    assert_string_equal(plot_remark(&plot, 0), "of each 2h 24m the longest state is drawn");
}

static void an_answer_without_rows_is_still_a_picture(void **state)
{
    (void)state;
    assert_int_equal(draw("when abatement overload today")->table.n_rows, 0);
    assert_int_equal(draw("samples of power of facility 'press' on 2026-11-01")->table.n_rows, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_kind_follows_from_the_columns),
    cmocka_unit_test(what_cannot_be_drawn_is_refused_by_name),
    cmocka_unit_test(linked_facilities_form_a_group_with_production_above),
    cmocka_unit_test(only_relatives_the_statement_speaks_of_are_drawn),
    cmocka_unit_test(a_site_has_a_lane_above_those_inside),
    cmocka_unit_test(definitions_of_the_session_are_understood),
    cmocka_unit_test(every_row_has_its_mark),
    cmocka_unit_test(runs_are_the_states_and_silence_is_no_state),
    cmocka_unit_test(states_are_those_of_the_limits_that_were_asked_for),
    cmocka_unit_test(orders_and_exemptions_are_shown_where_the_statement_speaks_of_them),
    cmocka_unit_test(a_moment_is_shown_with_what_was_around_it),
    cmocka_unit_test(what_is_too_much_is_left_off_and_counted),
    cmocka_unit_test(samples_hold_until_the_next_one_and_then_there_is_a_gap),
    cmocka_unit_test(channels_of_different_measures_have_panels_of_their_own),
    cmocka_unit_test(min_and_max_make_a_band_and_an_empty_bucket_a_gap),
    cmocka_unit_test(what_is_only_possible_lies_above_what_is_certain),
    cmocka_unit_test(a_heat_map_tells_unknown_from_nothing_and_weak_from_known),
    cmocka_unit_test(a_heat_map_of_a_comparison_shows_what_changed),
    cmocka_unit_test(days_weeks_and_months_are_columns),
    cmocka_unit_test(bars_are_certain_and_above_that_possible),
    cmocka_unit_test(bars_that_are_compared_have_one_scale),
    cmocka_unit_test(a_board_counts_by_state_and_keeps_sites_together),
    cmocka_unit_test(thinned_runs_show_what_lasted_longest),
    cmocka_unit_test(a_name_that_is_cut_keeps_its_end),
    cmocka_unit_test(what_was_joined_for_want_of_pixels_is_said),
    cmocka_unit_test(an_answer_without_rows_is_still_a_picture),
    cmocka_unit_test(many_samples_are_gathered_and_keep_least_and_most), /* last: it adds a facility */
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
