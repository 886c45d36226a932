/*
 * notify_config.c - the file that tells gk notify whom and how: lines "key = value", sections "[channel]", remarks
 * behind '#' at the begin of a line.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify.h"
#include "option.h"

#define LINE_MAX_ 4096

struct reading {
    const struct command *command;
    const char *path;
    size_t line;
    struct notify_config *config;
    struct notify_channel *channel; /* of the section at hand; NULL: before the first */
};

__attribute__((format(printf, 2, 3))) static int wrong(const struct reading *r, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(r->command->name, "%s, line %zu: %s", r->path, r->line, text);
    return EXIT_USAGE;
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

static void keep(char **into, const char *text)
{
    free(*into);
    *into = tool_resize(NULL, strlen(text) + 1, 1);
    memcpy(*into, text, strlen(text) + 1);
}

static int begin_channel(struct reading *r, char *text)
{
    struct notify_config *config = r->config;
    size_t n = strlen(text);

    if (n < 3 || text[n - 1] != ']')
        return wrong(r, "expected [the name of a channel]");
    text[n - 1] = '\0';
    text = trim(text + 1);
    for (size_t i = 0; i < config->n_channels; i++)
        if (strcmp(config->channels[i].name, text) == 0)
            return wrong(r, "there is a section [%s] already", text);
    if (config->n_channels == NOTIFY_CHANNELS_MAX)
        return wrong(r, "more than %d channels", NOTIFY_CHANNELS_MAX);
    r->channel = &config->channels[config->n_channels++];
    *r->channel = (struct notify_channel){.timeout_ns = 30 * GK_SECOND,
                                          .retry_ns = GK_SECOND,
                                          .retry_max_ns = 300 * GK_SECOND,
                                          .give_up_ns = 7 * 86400 * GK_SECOND};
    keep(&r->channel->name, text);
    return EXIT_ROWS;
}

static int take_kinds(struct reading *r, char *value)
{
    r->config->kinds = 0;
    for (char *word = strtok(value, " ,\t"); word != NULL; word = strtok(NULL, " ,\t")) {
        unsigned k = GK_ACT_RAISED;
        while (k < GK_ACT_KINDS && strcmp(gk_act_kind_name(k), word) != 0)
            k++;
        if (k == GK_ACT_TOLD || (k == GK_ACT_KINDS && strcmp(word, "withdrawn") != 0))
            return wrong(r, "kinds: '%s' is none that can be told", word);
        r->config->kinds |= 1u << k;
    }
    return EXIT_ROWS;
}

static int take_duration(struct reading *r, const char *key, const char *value, int64_t *into)
{
    if (text_to_duration(value, into) && *into > 0)
        return EXIT_ROWS;
    return wrong(r, "%s: expected a duration such as 30s or 5m, not '%s'", key, value);
}

static int take_value(struct reading *r, const char *key, char *value)
{
    struct notify_channel *c = r->channel;

    if (c == NULL && strcmp(key, "kinds") == 0)
        return take_kinds(r, value);
    if (c == NULL && strcmp(key, "to") == 0) {
        keep(&r->config->to, value);
        return EXIT_ROWS;
    }
    if (c == NULL)
        return wrong(r, "'%s' is neither kinds nor to, and stands before the first [channel]", key);
    if (strcmp(key, "exec") == 0 || strcmp(key, "url") == 0) {
        keep(key[0] == 'e' ? &c->exec : &c->url, value);
        return c->url != NULL && !notify_has_url()
                   ? wrong(r, "url: this gk was built without libcurl (libcurl4-openssl-dev); exec = curl ... works")
                   : EXIT_ROWS;
    }
    if (strcmp(key, "timeout") == 0)
        return take_duration(r, key, value, &c->timeout_ns);
    if (strcmp(key, "retry") == 0)
        return take_duration(r, key, value, &c->retry_ns);
    if (strcmp(key, "retry_max") == 0)
        return take_duration(r, key, value, &c->retry_max_ns);
    if (strcmp(key, "give_up") == 0)
        return take_duration(r, key, value, &c->give_up_ns);
    return wrong(r, "'%s' is none of exec, url, timeout, retry, retry_max, give_up", key);
}

static int take_line(struct reading *r, char *text)
{
    char *equals;

    if (strchr(text, '\n') == NULL && strlen(text) == LINE_MAX_ - 1)
        return wrong(r, "more than %d bytes", LINE_MAX_ - 2);
    text = trim(text);
    if (*text == '\0' || *text == '#')
        return EXIT_ROWS;
    if (*text == '[')
        return begin_channel(r, text);
    equals = strchr(text, '=');
    if (equals == NULL)
        return wrong(r, "expected key = value, or [channel]");
    *equals = '\0';
    return take_value(r, trim(text), trim(equals + 1));
}

/* What only the whole of it shows. */
static int check_all(const struct reading *r)
{
    const struct notify_config *config = r->config;

    if (config->n_channels == 0) {
        say(r->command->name, "%s: there is no [channel]", r->path);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < config->n_channels; i++)
        if ((config->channels[i].exec == NULL) == (config->channels[i].url == NULL)) {
            say(r->command->name, "%s: [%s] needs exec or url, one of them", r->path, config->channels[i].name);
            return EXIT_USAGE;
        }
    return EXIT_ROWS;
}

int notify_config_read(const struct command *command, const char *path, struct notify_config *config)
{
    struct reading r = {command, path, 0, config, NULL};
    FILE *file = fopen(path, "re");
    int status = EXIT_ROWS;
    char text[LINE_MAX_];

    *config = (struct notify_config){.kinds = 1u << GK_ACT_RAISED | 1u << GK_ACT_ESCALATED | 1u << GK_ACT_RECOVERED |
                                              1u << NOTIFY_WITHDRAWN};
    if (file == NULL) {
        say(command->name, "cannot read '%s': %s", path, strerror(errno));
        return EXIT_STORE;
    }
    while (status == EXIT_ROWS && fgets(text, sizeof text, file) != NULL) {
        r.line++;
        status = take_line(&r, text);
    }
    (void)fclose(file); /* it was only read */
    return status == EXIT_ROWS ? check_all(&r) : status;
}

void notify_config_clear(struct notify_config *config)
{
    for (size_t i = 0; i < config->n_channels; i++) {
        free(config->channels[i].name);
        free(config->channels[i].exec);
        free(config->channels[i].url);
    }
    free(config->to);
    *config = (struct notify_config){0};
}
