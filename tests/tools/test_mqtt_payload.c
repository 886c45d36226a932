/*
 * test_mqtt_payload.c - the configuration, with every word that can be wrong in it, and messages as lines.
 */
#include "support/support.h"

#include <unistd.h>

#include "mqtt_payload.h"

#define TOP "broker = 127.0.0.1:1883\nclient = gk\n"

static struct gk_error error;
static char path[4200];

static struct mqtt_config *read_text(const char *text)
{
    struct mqtt_config *config;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    bool is_good = mqtt_config_read(path, &config, &error);
    assert_int_equal(is_good, config != NULL);
    return config;
}

static void what_is_wrong_with_a_configuration_is_named(void **state)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"", "broker = HOST:PORT is missing"},
        {"broker = x:1\n", "client = NAME is missing"},
        {TOP, "there is no [topic filter]"},
        {"colour = red\n", "line 1: 'colour' is none of broker, client, user, password"},
        {TOP "client = gk\n", "line 3: client stands twice"},
        {TOP "user =\n", "line 3: user needs a value"},
        {TOP "hello\n", "line 3: expected key = value"},
        {TOP "[]\n", "line 3: expected [a topic filter]"},
        {TOP "[a#]\n", "line 3: 'a#' is no topic filter"},
        {TOP "[a]\npayload = xml\n", "line 4: payload: expected json or lines, not 'xml'"},
        {TOP "[a]\nunit = days\n", "line 4: unit: expected ns, us, ms or s, not 'days'"},
        {TOP "[a]\nkw = power\n", "line 4: kw: expected a place in the message such as /values/power, not 'power'"},
        {TOP "[a]\nkw = /p\nkw = /q\n", "line 5: kw stands twice"},
        {TOP "[a]\nkw = /p\n", "[a] needs facility"},
        {TOP "[a]\nfacility = /f\n[b]\n", "line 5: [a] needs a channel"},
        {TOP "[a]\npayload = lines\nfacility = x\n", "[a] with payload = lines takes nothing but unit"},
        {TOP "[a]\npayload = lines\n[a]\n", "line 5: there is a section [a] already"},
        {TOP "password = x\n[a]\npayload = lines\n", "password needs user"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_null(read_text(CASES[i].text));
        if (strstr(error.text, CASES[i].words) == NULL)
            fail_msg("'%s' and not '%s'", error.text, CASES[i].words);
    }
}

/* The lines of a message under a section, or what is wrong. */
static void becomes(const char *section, const char *topic, const char *payload, const char *lines)
{
    const struct mqtt_packet message = {.topic = {topic, strlen(topic)}, .payload = {payload, strlen(payload)}};
    char text[2000];
    struct output out;

    (void)snprintf(text, sizeof text, TOP "[+/#]\n%s", section);
    struct mqtt_config *config = read_text(text);
    if (config == NULL)
        fail_msg("%s", error.text);
    output_init(&out, -1);
    output_text(&out, "before\n");
    bool is_good = mqtt_payload_lines(&config->topics[0], &message, 28800, 42, &out, &error);
    output_bytes(&out, "", 1);
    if (!is_good) {
        assert_string_equal(out.bytes, "before\n");
        if (strstr(error.text, lines) == NULL)
            fail_msg("%s: '%s' and not '%s'", payload, error.text, lines);
    } else if (strcmp(out.bytes + 7, lines) != 0) {
        fail_msg("%s: '%s' and not '%s'", payload, out.bytes + 7, lines);
    }
    output_clear(&out);
    mqtt_config_free(config);
}

static void lines_are_taken_with_times_in_nanoseconds(void **state)
{
    (void)state;
    becomes("payload = lines\nunit = s\n", "a/b", "press kw=1 1767571200\nfan kw=2\r\n\n",
            "press kw=1 1767571200000000000\nfan kw=2\n\n");
    becomes("payload = lines\n", "a/b", "press kw=1 1767571200000000000", "press kw=1 1767571200000000000\n");
    becomes("payload = lines\nunit = s\n", "a/b", "press kw=1 99999999999999", "press kw=1 99999999999999\n");
    becomes("payload = lines\n", "a/b", "", "the message is empty");
}

#ifdef GK_JANSSON
static void json_becomes_rows_by_places(void **state)
{
    static const char *const ONE = "facility = {2}\ntime = /ts\nunit = ms\nkw = /v/p\nia = /v/i/1\n";
    static const char *const LIST = "facility = /dev\ntime = /t\nrows = /d\nkw = /kw\nclaim = /on\n";
    (void)state;

    becomes(ONE, "plant/press 1/x", "{\"ts\": 1767571200000, \"v\": {\"p\": 5.25, \"i\": [1, 2]}}",
            "m,facility=press\\ 1 kw=5.25,ia=2 1767571200000000000\n");
    becomes(ONE, "plant/press", "{\"ts\": \"2026-01-05T08:00:00\", \"v\": {\"p\": null, \"i\": [1, 2]}}",
            "m,facility=press ia=2 1767571200000000000\n");
    becomes(ONE, "plant/press", "{\"ts\": 1767571200000, \"v\": {}}", "there is no number at /v/p");
    becomes(ONE, "plant/press", "{\"v\": {\"p\": 1}}", "time: there is no time at /ts");
    becomes(ONE, "plant/press", "{\"ts\": \"yesterday\", \"v\": {\"p\": 1}}",
            "time: the text at /ts is none like 2026-11-20T08:00:15+08:00");
    becomes(ONE, "plant", "{\"ts\": 1, \"v\": {\"p\": 1}}", "facility: the topic has no level {2}");
    becomes(ONE, "plant/press", "{\"ts\": ", "it is no JSON: line 1");
    becomes(ONE, "plant/press", "", "it is no JSON");
    becomes("facility = f,{1}={2}\nkw = /a~1b~0\n", "x/y", "{\"a/b~\": 7}", "m,facility=f\\,x\\=y kw=7 42\n");
    becomes(LIST, "a/b", "{\"dev\": \"fan\", \"t\": 5, \"d\": [{\"kw\": 1, \"t\": 1767571200}, {\"on\": true}]}",
            "m,facility=fan kw=1 1767571200000000000\nm,facility=fan claim=1 5000000000\n");
    becomes(LIST, "a/b", "{\"dev\": 17, \"t\": 5, \"d\": []}", "");
    becomes(LIST, "a/b", "{\"dev\": \"fan\", \"t\": 5, \"d\": {}}", "rows: there is no list at /d");
    becomes(LIST, "a/b", "{\"t\": 5, \"d\": [{\"kw\": 1}]}", "facility: there is no name at /dev");
}
#endif

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/mqtt.conf", test_folder());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    *strrchr(path, '/') = '\0';
    test_folder_remove(path);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_is_wrong_with_a_configuration_is_named, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lines_are_taken_with_times_in_nanoseconds, set_up, tear_down),
#ifdef GK_JANSSON
    cmocka_unit_test_setup_teardown(json_becomes_rows_by_places, set_up, tear_down),
#endif
};

RUN_TESTS(tests)
