/*
 * mqtt_config.c - lines "key = value", sections "[topic filter]", remarks behind '#' at the begin of a line.
 */
#include "mqtt_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt_wire.h"
#include "tool.h"

#define LINE_SIZE 4096

struct reading {
    struct mqtt_config *config;
    struct mqtt_topic *topic; /* of the section at hand; NULL: before the first */
    struct gk_error *error;
};

__attribute__((format(printf, 2, 3))) static bool wrong(const struct reading *r, const char *format, ...)
{
    char words[400];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(words, sizeof words, format, list);
    va_end(list);
    (void)snprintf(r->error->text, sizeof r->error->text, "line %llu: %s", (unsigned long long)r->error->line, words);
    return false;
}

static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    for (n = strlen(text); n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL; n--)
        continue;
    text[n] = '\0';
    return text;
}

static char *copy(const char *text)
{
    char *out = tool_resize(NULL, strlen(text) + 1, 1);

    memcpy(out, text, strlen(text) + 1);
    return out;
}

static bool keep(const struct reading *r, char **into, const char *key, const char *value)
{
    if (*into != NULL)
        return wrong(r, "%s stands twice", key);
    if (*value == '\0')
        return wrong(r, "%s needs a value", key);
    *into = copy(value);
    return true;
}

/* What a section needs is known when it ends. */
static bool end_topic(const struct reading *r)
{
    const struct mqtt_topic *t = r->topic;

    if (t == NULL || t->is_lines) {
        if (t != NULL && (t->facility || t->time || t->rows || t->n_channels > 0))
            return wrong(r, "[%s] with payload = lines takes nothing but unit", t->filter);
        return true;
    }
    if (t->facility == NULL)
        return wrong(r, "[%s] needs facility", t->filter);
    if (t->n_channels == 0)
        return wrong(r, "[%s] needs a channel, such as kw = /values/power", t->filter);
    return true;
}

static bool begin_topic(struct reading *r, char *text)
{
    size_t n = strlen(text);

    if (!end_topic(r))
        return false;
    if (n < 3 || text[n - 1] != ']')
        return wrong(r, "expected [a topic filter]");
    text[n - 1] = '\0';
    text = trim(text + 1);
    if (!mqtt_filter_is_good(text))
        return wrong(r, "'%s' is no topic filter: + and # stand alone between /, # at the end", text);
    for (size_t i = 0; i < r->config->n_topics; i++)
        if (strcmp(r->config->topics[i].filter, text) == 0)
            return wrong(r, "there is a section [%s] already", text);
    if (r->config->n_topics == MQTT_TOPICS_MAX)
        return wrong(r, "more than %d topics", MQTT_TOPICS_MAX);
    r->topic = &r->config->topics[r->config->n_topics++];
    r->topic->filter = copy(text);
    return true;
}

static bool take_unit(const struct reading *r, const char *value)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", GK_SECOND}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, value) == 0) {
            r->topic->unit_ns = units[i].ns;
            return true;
        }
    return wrong(r, "unit: expected ns, us, ms or s, not '%s'", value);
}

static bool take_place(const struct reading *r, char **into, const char *key, const char *value)
{
    if (*value != '/')
        return wrong(r, "%s: expected a place in the message such as /values/power, not '%s'", key, value);
    return keep(r, into, key, value);
}

static bool take_channel(const struct reading *r, const char *key, const char *value)
{
    struct mqtt_topic *t = r->topic;

    if (t->n_channels == MQTT_CHANNELS_MAX)
        return wrong(r, "more than %d channels", MQTT_CHANNELS_MAX);
    for (size_t i = 0; i < t->n_channels; i++)
        if (strcmp(t->channels[i].name, key) == 0)
            return wrong(r, "%s stands twice", key);
    if (!take_place(r, &t->channels[t->n_channels].place, key, value))
        return false;
    t->channels[t->n_channels++].name = copy(key);
    return true;
}

static bool take_value(const struct reading *r, const char *key, const char *value)
{
    struct mqtt_topic *t = r->topic;

    if (t == NULL) {
        char **into = strcmp(key, "broker") == 0     ? &r->config->broker
                      : strcmp(key, "client") == 0   ? &r->config->client
                      : strcmp(key, "user") == 0     ? &r->config->user
                      : strcmp(key, "password") == 0 ? &r->config->password
                                                     : NULL;
        return into != NULL ? keep(r, into, key, value)
                            : wrong(r,
                                    "'%s' is none of broker, client, user, password, and stands before the first "
                                    "[topic]",
                                    key);
    }
    if (strcmp(key, "payload") == 0) {
        t->is_lines = strcmp(value, "lines") == 0;
        return t->is_lines || strcmp(value, "json") == 0 ||
               wrong(r, "payload: expected json or lines, not '%s'", value);
    }
    if (strcmp(key, "facility") == 0)
        return keep(r, &t->facility, key, value);
    if (strcmp(key, "time") == 0)
        return take_place(r, &t->time, key, value);
    if (strcmp(key, "rows") == 0)
        return take_place(r, &t->rows, key, value);
    return strcmp(key, "unit") == 0 ? take_unit(r, value) : take_channel(r, key, value);
}

static bool take_line(struct reading *r, char *line)
{
    char *text = trim(line), *equals;

    if (*text == '\0' || *text == '#')
        return true;
    if (*text == '[')
        return begin_topic(r, text);
    equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return wrong(r, "expected key = value, or [a topic filter]");
    *equals = '\0';
    return take_value(r, trim(text), trim(equals + 1));
}

static bool read_all(struct reading *r, FILE *file)
{
    char line[LINE_SIZE];

    while (fgets(line, sizeof line, file) != NULL) {
        r->error->line++;
        if (strchr(line, '\n') == NULL && !feof(file))
            return wrong(r, "a line has at most %d bytes", LINE_SIZE - 2);
        if (!take_line(r, line))
            return false;
    }
    if (ferror(file))
        return wrong(r, "%s", strerror(errno));
    if (!end_topic(r))
        return false;
    if (r->config->broker == NULL)
        return wrong(r, "broker = HOST:PORT is missing");
    if (r->config->client == NULL)
        return wrong(r, "client = NAME is missing, by which the broker knows what was not acknowledged yet");
    if (r->config->password != NULL && r->config->user == NULL)
        return wrong(r, "password needs user");
    return r->config->n_topics > 0 || wrong(r, "there is no [topic filter]");
}

bool mqtt_config_read(const char *path, struct mqtt_config **out, struct gk_error *error)
{
    FILE *file = fopen(path, "re");
    struct reading r = {.error = error};
    bool is_good;

    *error = (struct gk_error){.status = GK_ESYNTAX};
    *out = NULL;
    if (file == NULL) {
        (void)snprintf(error->text, sizeof error->text, "%s", strerror(errno));
        return false;
    }
    r.config = tool_resize(NULL, 1, sizeof *r.config);
    memset(r.config, 0, sizeof *r.config);
    is_good = read_all(&r, file);
    (void)fclose(file); /* it was only read */
    if (is_good)
        *out = r.config;
    else
        mqtt_config_free(r.config);
    return is_good;
}

void mqtt_config_free(struct mqtt_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->n_topics; i++) {
        struct mqtt_topic *t = &config->topics[i];
        for (size_t c = 0; c < t->n_channels; c++) {
            free(t->channels[c].name);
            free(t->channels[c].place);
        }
        free(t->filter);
        free(t->facility);
        free(t->time);
        free(t->rows);
    }
    free(config->broker);
    free(config->client);
    free(config->user);
    free(config->password);
    free(config);
}
