/*
 * SVG: if these fail, a picture is no XML, marks another time than the answer says, lets texts run into each other, or
 * looks different from the golden files (GK_GOLDEN=write writes them anew: look at them before they are kept).
 */
#include "tools/plot_zone.h"

#include "plot_svg.h"
#include "texts.h"
#include "width.h"

static struct plot_zone zone;
static struct plot plot;
static struct output out;

/* Every kind, with rows and without. */
static const char *const statements[] = {
    "when abatement offline while production running last 24h with possible",
    "when all abatement stopped while any production running per line for >= 10m last 24h",
    "when production running during order today",
    "when start of (production running) last 24h",
    "when abatement offline while production running at 2026-11-20T09:10",
    "when abatement off since 2026-11-01",
    "when abatement overload today",
    "samples of facility 'press' today",
    "samples of power of facility 'press' between 2026-11-20T08:00 and 2026-11-20T08:00:00.2",
    "samples of power of facility \"spare <&> 'x'\" today",
    "avg, min, max of power of facility by facility every 20m last 24h",
    "avg, count of power of facility 'press' by hour today",
    "duration of production running every 1h today",
    "share of production running by enterprise, hour last 24h",
    "duration of production running by facility, day last 30d",
    "energy of production by enterprise, month last 60d",
    "duration, share, count of production running by facility today",
    "longest of abatement off by line last 24h",
    "state of zone at 2026-11-20T09:10",
};

static const char *draw_as(const char *text, const struct plot_request *request, double width)
{
    struct gk_error error;

    plot_clear(&plot);
    output_clear(&out);
    output_init(&out, -1);
    if (plot_zone_make(&zone, text, request, &plot, &error) != GK_OK ||
        plot_svg_write(&plot, width, 0, &out, &error) != GK_OK)
        fail_msg("%s: %s", text, error.text);
    output_bytes(&out, "", 1);
    return out.bytes;
}

static const char *draw(const char *text)
{
    const struct plot_request request = plot_request_usual();

    return draw_as(text, &request, 900);
}

/* ---- XML ---- */

#define DEPTH_MAX 32

/* Tags nest, attributes are quoted and each once, nothing stands bare that must not, all is UTF-8 of XML. */
static void check_well_formed(const char *xml)
{
    const char *open[DEPTH_MAX];
    size_t depth = 0, size = strlen(xml);

    for (size_t at = 0; at < size;) { /* characters */
        uint32_t code;

        at += utf8_next(xml + at, size - at, &code);
        assert_true(code != UTF8_BAD && code != 0xFFFE && code != 0xFFFF && (code >= 0x20 || code == '\n'));
    }
    while (*xml != '\0') {
        if (*xml == '&') {
            assert_true(strncmp(xml, "&lt;", 4) == 0 || strncmp(xml, "&gt;", 4) == 0 || strncmp(xml, "&amp;", 5) == 0 ||
                        strncmp(xml, "&quot;", 6) == 0);
        } else if (xml[0] == '<' && xml[1] == '/') {
            size_t n = strcspn(xml + 2, ">");

            assert_true(depth > 0);
            assert_memory_equal(open[--depth], xml + 2, n);
            xml += n + 2;
        } else if (*xml == '<') {
            const char *name = xml + 1;

            xml = name + strspn(name, "abcdefghijklmnopqrstuvwxyz");
            assert_true(xml > name);
            while (*xml == ' ') {
                xml += 1 + strcspn(xml + 1, "=");
                assert_true(xml[1] == '"');
                xml += 2;
                assert_int_equal(xml[strcspn(xml, "\"<")], '"');
                xml += strcspn(xml, "\"") + 1;
            }
            assert_true(*xml == '>' || strncmp(xml, "/>", 2) == 0);
            if (*xml == '>') {
                assert_true(depth < DEPTH_MAX);
                open[depth++] = name;
            } else {
                xml++;
            }
        }
        xml++;
    }
    assert_int_equal(depth, 0);
}

static void every_picture_is_well_formed(void **state)
{
    struct plot_request request = plot_request_usual();

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        assert_true(texts_choose_named(i % 2 == 1 ? "zh" : "en"));
        check_well_formed(draw_as(statements[i], &request, 900));
    }
    assert_true(texts_choose_named("en"));
}

static void names_cannot_break_the_markup(void **state)
{
    struct plot_request request = plot_request_usual();
    const char *svg;

    (void)state;
    request.title = "<script>&\"\x1b[2J\xE2\x80\xAE\xff]]>";
    svg = draw_as("when abatement offline last 24h", &request, 900);
    check_well_formed(svg);
    assert_null(strstr(svg, "<script"));
    assert_non_null(strstr(svg, "&lt;script&gt;&amp;&quot;\\x1b[2J\\u202e\xEF\xBF\xBD]]&gt;"));
    assert_non_null(strstr(svg, "spare &lt;&amp;&gt; 'x'"));
    assert_non_null(strstr(svg, "布袋除尘"));
}

/* ---- places ---- */

/* An attribute of the element that begins at `at`. */
static double number_of(const char *at, const char *name)
{
    const char *end = strchr(at, '>'), *found;
    char wanted[32];

    snprintf(wanted, sizeof wanted, " %s=\"", name);
    found = strstr(at, wanted);
    assert_true(found != NULL && found < end);
    return strtod(found + strlen(wanted), NULL);
}

/* Where the label of a tick stands, from the text of the picture alone. */
static double place_of_label(const char *svg, const char *label)
{
    char wanted[64];
    const char *found;

    snprintf(wanted, sizeof wanted, ">%s</text>", label);
    found = strstr(svg, wanted);
    assert_non_null(found);
    while (strncmp(found, "<text", 5) != 0)
        found--;
    return number_of(found, "x");
}

static size_t count_of(const char *svg, const char *what)
{
    size_t n = 0;

    for (; (svg = strstr(svg, what)) != NULL; svg++)
        n++;
    return n;
}

/* A mark of this class from x to x + width, within half a pixel. */
static bool has_mark(const char *svg, const char *class, double x, double width)
{
    char wanted[64];

    snprintf(wanted, sizeof wanted, "<rect class=\"%s\"", class);
    while ((svg = strstr(svg, wanted)) != NULL) {
        if (fabs(number_of(svg, "x") - x) < 0.5 && fabs(number_of(svg, "width") - width) < 0.5 &&
            strncmp(strchr(svg, '>'), "><title>", 8) == 0)
            return true;
        svg++;
    }
    return false;
}

/* The scale is read from two labels of the axis, so that a wrong axis is found out, too. */
static void every_row_is_marked_where_it_was(void **state)
{
    static const char text[] =
        "when abatement offline while production running between 2026-11-20T06:00 and 2026-11-20T12:00 with possible";
    const char *svg = draw(text);
    double six = place_of_label(svg, "06:00"), twelve = place_of_label(svg, "11:00"), hour = (twelve - six) / 5;
    gk_time begin = plot_zone_time("2026-11-20T06:00");
    size_t start = plot_table_find(&plot.table, "start", GK_TYPE_TIME),
           end = plot_table_find(&plot.table, "end", GK_TYPE_TIME);
    size_t certainty = plot_table_find(&plot.table, "certainty", GK_TYPE_TEXT);

    (void)state;
    assert_true(plot.table.n_rows > 8);
    for (size_t row = 0; row < plot.table.n_rows; row++) {
        gk_time from = plot.table.columns[start].time[row], to = plot.table.columns[end].time[row];
        double x, width;

        from = from < begin ? begin : from;
        to = to == GK_TIME_MIN ? plot.meta.watermark : to;
        x = six + hour * (double)(from - begin) / 3600e9;
        width = fmax(hour * (double)(to - from) / 3600e9, 2);
        if (!has_mark(svg, plot_table_text(&plot.table, certainty, row), x, width))
            fail_msg("row %zu is not marked at %.1f, %.1f wide", row, x, width);
    }
    assert_int_equal(count_of(svg, "<rect class=\"certain\"") + count_of(svg, "<rect class=\"possible\""),
                     plot.table.n_rows + 2); /* and the two of the legend */
}

static void a_moment_is_marked_though_it_has_no_width(void **state)
{
    const char *svg = draw("when end of (abatement running) while production running today");

    (void)state;
    assert_int_equal(plot.table.n_rows, 3);
    assert_int_equal(count_of(svg, "width=\"2.00\" height=\"8.0\"><title>"), 3);
}

static void silence_is_a_gap_in_lanes_and_curves(void **state)
{
    const char *svg = draw("when facility 'fan' running between 2026-11-20T06:00 and 2026-11-20T12:00");
    double six = place_of_label(svg, "06:00"), hour = (place_of_label(svg, "11:00") - six) / 5;
    static const char *const classes[] = {"off", "idle", "on", "overload"};

    (void)state;
    for (size_t i = 0; i < 4; i++) { /* nothing before 08:00 */
        char wanted[64];

        snprintf(wanted, sizeof wanted, "<rect class=\"%s\"", classes[i]);
        for (const char *at = strstr(svg, wanted); at != NULL; at = strstr(at + 1, wanted))
            if (strncmp(strchr(at, '>'), "><title>", 8) == 0)
                assert_true(number_of(at, "x") >= six + 2 * hour - 0.5);
    }
    svg = draw("avg of power of facility 'press' every 1h between 2026-11-20T06:00 and 2026-11-20T14:00");
    assert_int_equal(count_of(strstr(svg, "stroke-linejoin"), "M"), 1); /* one line, without a beginning at 06:00 */
}

/* ---- texts ---- */

struct box {
    double left, top, right, bottom;
};

static double font_of(const char *class)
{
    static const struct {
        const char *class;
        double font;
    } fonts[] = {{"title", 17}, {"big", 26}, {"tiny", 10}, {"sub", 12}, {"strong", 12}, {"label", 12}};

    for (size_t i = 0; i < sizeof fonts / sizeof *fonts; i++)
        if (strncmp(class, fonts[i].class, strlen(fonts[i].class)) == 0)
            return fonts[i].font;
    return 11;
}

/* The text of an element, with its marks again. */
static void read_content(const char *from, char content[1024])
{
    static const char *const marks[][2] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}};
    size_t n = 0;

    while (*from != '<' && n < 1023) {
        size_t i = 0;

        while (i < 4 && strncmp(from, marks[i][0], strlen(marks[i][0])) != 0)
            i++;
        content[n++] = i < 4 ? marks[i][1][0] : *from;
        from += i < 4 ? strlen(marks[i][0]) : 1;
    }
    content[n] = '\0';
}

/* The estimate is one from above; what is drawn is some narrower. */
static struct box box_of(const char *text)
{
    const char *class = strstr(text, "class=\"") + 7, *end = strchr(text, '>');
    const char *anchor = strstr(text, "text-anchor=\"");
    double font = font_of(class), width, x = number_of(text, "x"), y = number_of(text, "y");
    char content[1024];

    read_content(end + 1, content);
    width = svg_text_width(content, font) * 0.9;
    if (anchor != NULL && anchor < end)
        x -= anchor[13] == 'm' ? width / 2 : width;
    return (struct box){x, y - font * 0.75, x + width, y + font * 0.15};
}

static void check_no_text_meets_another(const char *svg, const char *statement, double width)
{
    static struct box boxes[4096];
    size_t n = 0;

    for (const char *at = strstr(svg, "<text "); at != NULL; at = strstr(at + 1, "<text ")) {
        struct box box = box_of(at);

        assert_true(n < 4096);
        if (box.left < -0.5 || box.right > width + 0.5)
            fail_msg("%s: %.60s is outside", statement, at);
        for (size_t i = 0; i < n; i++)
            if (box.left < boxes[i].right && boxes[i].left < box.right && box.top < boxes[i].bottom &&
                boxes[i].top < box.bottom)
                fail_msg("%s: %.80s meets text %zu at %.0f %.0f", statement, at, i, boxes[i].left, boxes[i].top);
        boxes[n++] = box;
    }
    assert_true(n > 2);
}

static void texts_do_not_run_into_each_other(void **state)
{
    static const double widths[] = {500, 900, 1600};
    struct plot_request request = plot_request_usual();

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        for (size_t k = 0; k < 6; k++) {
            assert_true(texts_choose_named(k >= 3 ? "zh" : "en"));
            check_no_text_meets_another(draw_as(statements[i], &request, widths[k % 3]), statements[i], widths[k % 3]);
        }
    assert_true(texts_choose_named("en"));
}

/* ---- the frame ---- */

static void a_height_that_is_too_little_is_refused_and_another_kept_to(void **state)
{
    struct gk_error error;

    (void)state;
    (void)draw("when abatement offline last 24h");
    output_clear(&out);
    assert_int_equal(plot_svg_write(&plot, 900, 50, &out, &error), GK_EINVAL);
    assert_non_null(strstr(error.text, "a height of 50 is too little for this picture, which needs "));
    output_clear(&out);
    assert_int_equal(plot_svg_write(&plot, 900, 700, &out, &error), GK_OK);
    output_bytes(&out, "", 1);
    assert_non_null(strstr(out.bytes, "width=\"900\" height=\"700\" viewBox=\"0 0 900 700\""));
}

static void what_was_left_off_is_said_in_the_picture(void **state)
{
    struct plot_request request = plot_request_usual();

    (void)state;
    request.max_lanes = 3;
    assert_non_null(
        strstr(draw_as("when abatement offline while production running for >= 10m last 24h", &request, 900),
               "3 more lanes with 2 stretches are left off: --max-lanes 6"));
    assert_non_null(strstr(draw("when abatement overload today"), "nothing to draw"));
}

static void colours_of_the_scale_get_darker_all_the_way(void **state)
{
    double last = 1e9;

    (void)state;
    for (int i = 0; i <= 50; i++) {
        struct svg_colour colour = svg_heat_colour(i / 50.0);
        unsigned red, green, blue;
        double light;

        assert_int_equal(sscanf(colour.text, "#%2x%2x%2x", &red, &green, &blue), 3);
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        assert_true(light < last);
        last = light;
    }
    for (int i = 1; i <= 50; i++) { /* and another one below zero */
        unsigned red, green, blue;
        double light;

        assert_int_equal(sscanf(svg_heat_colour(-i / 50.0).text, "#%2x%2x%2x", &red, &green, &blue), 3);
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        assert_true(light < (i == 1 ? 1e9 : last) && (i < 10 || blue > red));
        last = light;
    }
    assert_string_equal(svg_heat_colour(-2).text, svg_heat_colour(-1).text);
    assert_string_equal(svg_heat_colour(2).text, svg_heat_colour(1).text);
}

/* ---- golden files ---- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);

    assert_non_null(bytes);
    if (file == NULL)
        return bytes;
    assert_true(fread(bytes, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
    fclose(file);
    return bytes;
}

static void check_golden(const char *name, const char *svg)
{
    const char *root = getenv("GK_SOURCE"), *write = getenv("GK_GOLDEN");
    char path[4096], *expected;

    snprintf(path, sizeof path, "%s/tests/tools/test_plot_golden/%s", root != NULL ? root : ".", name);
    if (write != NULL && strcmp(write, "write") == 0) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_true(fputs(svg, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    expected = read_file(path);
    if (strcmp(expected, svg) != 0)
        fail_msg("%s is another than it was; GK_GOLDEN=write, then look at it", path);
    free(expected);
}

static void small_pictures_look_as_they_did(void **state)
{
    struct plot_request request = plot_request_usual();

    (void)state;
    check_golden("timeline.svg",
                 draw_as("when abatement offline while production running for >= 10m today", &request, 720));
    check_golden(
        "curve.svg",
        draw_as("avg, min, max of power of facility 'press' every 30m between 2026-11-20T07:00 and 2026-11-20T12:00",
                &request, 720));
    check_golden(
        "heat.svg",
        draw_as("share of production running by enterprise, hour between 2026-11-20T06:00 and 2026-11-20T12:00",
                &request, 720));
    check_golden("change.svg", draw_as("avg of power of production by facility, hour between 2026-11-20T08:00 and "
                                       "2026-11-20T11:00 vs previous 1h",
                                       &request, 720));
    check_golden("bars.svg", draw_as("duration, count of production running by enterprise today", &request, 720));
    assert_true(texts_choose_named("zh"));
    check_golden("board.svg", draw_as("state of zone at 2026-11-20T09:10", &request, 720));
    assert_true(texts_choose_named("en"));
}

static int open_zone(void **state)
{
    (void)state;
    plot_zone_open(&zone);
    output_init(&out, -1);
    return 0;
}

static int close_zone(void **state)
{
    (void)state;
    plot_clear(&plot);
    output_clear(&out);
    plot_zone_close(&zone);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_picture_is_well_formed),
    cmocka_unit_test(names_cannot_break_the_markup),
    cmocka_unit_test(every_row_is_marked_where_it_was),
    cmocka_unit_test(a_moment_is_marked_though_it_has_no_width),
    cmocka_unit_test(silence_is_a_gap_in_lanes_and_curves),
    cmocka_unit_test(texts_do_not_run_into_each_other),
    cmocka_unit_test(a_height_that_is_too_little_is_refused_and_another_kept_to),
    cmocka_unit_test(what_was_left_off_is_said_in_the_picture),
    cmocka_unit_test(colours_of_the_scale_get_darker_all_the_way),
    cmocka_unit_test(small_pictures_look_as_they_did),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
