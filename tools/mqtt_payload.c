/*
 * mqtt_payload.c - see mqtt_payload.h. A value that is absent, null or a text leaves its channel out; a row of which no
 * value is there is wrong.
 */
#include "mqtt_payload.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static bool wrong(struct gk_error *error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
    return false;
}

/* A name within a line: blanks, commas, equal signs and backslashes get a backslash. */
static void put_name(struct output *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (strchr(" ,=\\", text[i]) != NULL && text[i] != '\0')
            output_bytes(out, "\\", 1);
        output_bytes(out, text[i] == '\n' ? " " : text + i, 1);
    }
}

/* The lines as they are, with times in nanoseconds: a time is the last word, of digits alone. */
static bool put_lines(const struct mqtt_topic *topic, struct gk_text payload, struct output *out,
                      struct gk_error *error)
{
    int64_t unit = topic->unit_ns ? topic->unit_ns : 1;
    const char *end = payload.bytes + payload.size, *newline;

    if (payload.size == 0)
        return wrong(error, "the message is empty");
    if (memchr(payload.bytes, '\0', payload.size) != NULL)
        return wrong(error, "the message is no text");
    for (const char *at = payload.bytes; at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        newline = newline != NULL ? newline : end;
        const char *stop = newline, *digits;
        while (stop > at && (stop[-1] == '\r' || stop[-1] == ' '))
            stop--;
        for (digits = stop; digits > at && digits[-1] >= '0' && digits[-1] <= '9'; digits--)
            continue;
        const char *sign = digits > at && digits[-1] == '-' ? digits - 1 : digits;
        bool has_time = digits < stop && sign > at && sign[-1] == ' ' && stop - digits < 20;
        output_bytes(out, at, (size_t)((has_time ? sign : stop) - at));
        int64_t time = 0;
        if (has_time) { /* other bytes may follow at once */
            char text[24];
            (void)snprintf(text, sizeof text, "%.*s", (int)(stop - sign), sign);
            time = strtoll(text, NULL, 10);
        }
        if (has_time && __builtin_mul_overflow(time, unit, &time))
            output_bytes(out, sign, (size_t)(stop - sign)); /* whoever reads it says what is wrong */
        else if (has_time)
            output_whole(out, time);
        output_text(out, "\n");
    }
    return true;
}

#ifdef GK_JANSSON
#include <jansson.h>

bool mqtt_has_json(void)
{
    return true;
}

/* The next part of a place, ~1 and ~0 as / and ~; false: it is too long to be there. */
static bool next_part(const char **place, char part[256])
{
    size_t n = 0;
    const char *at = *place + 1;

    for (; *at != '\0' && *at != '/'; at++) {
        char c = *at;
        if (c == '~' && (at[1] == '0' || at[1] == '1'))
            c = *++at == '0' ? '~' : '/';
        if (n == 255)
            return false;
        part[n++] = c;
    }
    part[n] = '\0';
    *place = at;
    return true;
}

/* What stands at a place (RFC 6901); NULL: nothing. */
static json_t *find(json_t *root, const char *place)
{
    char part[256], *end;

    while (root != NULL && *place == '/') {
        if (!next_part(&place, part))
            return NULL;
        if (json_is_array(root)) {
            unsigned long i = strtoul(part, &end, 10);
            root = *part >= '0' && *part <= '9' && *end == '\0' ? json_array_get(root, i) : NULL;
        } else {
            root = json_object_get(root, part);
        }
    }
    return root;
}

/* A row is looked at first, then the message around it: both may say the facility and the time. */
struct row {
    const struct mqtt_topic *topic;
    const struct mqtt_packet *message;
    json_t *root, *row;
    int32_t zone_s;
    gk_time now;
};

static json_t *find_around(const struct row *r, const char *place)
{
    json_t *found = find(r->row, place);

    return found != NULL || r->row == r->root ? found : find(r->root, place);
}

/* A level of the topic, counted from 1. */
static struct gk_text level_of(struct gk_text topic, unsigned long n)
{
    const char *at = topic.bytes, *end = at + topic.size, *slash;

    for (;; at = slash + 1) {
        slash = memchr(at, '/', (size_t)(end - at));
        if (--n == 0)
            return (struct gk_text){at, (size_t)((slash != NULL ? slash : end) - at)};
        if (slash == NULL)
            return (struct gk_text){NULL, 0};
    }
}

static bool put_facility(const struct row *r, struct output *out, struct gk_error *error)
{
    const char *at = r->topic->facility;

    if (*at == '/') {
        json_t *name = find_around(r, at);
        if (json_is_string(name))
            put_name(out, json_string_value(name), json_string_length(name));
        else if (json_is_integer(name))
            output_whole(out, json_integer_value(name));
        else
            return wrong(error, "facility: there is no name at %s", at);
        return true;
    }
    while (*at != '\0') {
        char *end;
        unsigned long n = *at == '{' ? strtoul(at + 1, &end, 10) : 0;
        struct gk_text level = n > 0 && *end == '}' ? level_of(r->message->topic, n) : (struct gk_text){NULL, 0};
        if (n > 0 && *end == '}' && level.size == 0)
            return wrong(error, "facility: the topic has no level {%lu}", n);
        put_name(out, n > 0 && *end == '}' ? level.bytes : at, n > 0 && *end == '}' ? level.size : 1);
        at = n > 0 && *end == '}' ? end + 1 : at + 1;
    }
    return true;
}

static bool read_time(const struct row *r, gk_time *out, struct gk_error *error)
{
    json_t *time = r->topic->time ? find_around(r, r->topic->time) : NULL;
    double value;

    *out = r->now;
    if (r->topic->time == NULL)
        return true;
    if (json_is_string(time) &&
        gk_time_parse(json_string_value(time), json_string_length(time), r->zone_s, out) == GK_OK)
        return true;
    if (json_is_integer(time) && r->topic->unit_ns == 0) { /* by its magnitude */
        char text[24];
        int n = snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(time));
        if (gk_time_parse(text, (size_t)n, r->zone_s, out) == GK_OK)
            return true;
    } else if (json_is_integer(time)) {
        if (!__builtin_mul_overflow(json_integer_value(time), r->topic->unit_ns, out))
            return true;
    } else if (json_is_real(time)) {
        value = json_real_value(time) * (double)(r->topic->unit_ns ? r->topic->unit_ns : GK_SECOND);
        if (fabs(value) < 9e18) {
            *out = (gk_time)value;
            return true;
        }
    }
    if (json_is_string(time))
        return wrong(error, "time: the text at %s is none like 2026-11-20T08:00:15+08:00", r->topic->time);
    return wrong(error, "time: there is no time at %s", r->topic->time);
}

static bool put_value(struct output *out, const char *channel, const char *comma, json_t *value)
{
    char text[NUMBER_TEXT_MAX];

    if (!json_is_number(value) && !json_is_boolean(value))
        return false;
    output_text(out, comma);
    put_name(out, channel, strlen(channel));
    output_text(out, "=");
    if (json_is_number(value))
        output_bytes(out, text, number_format(json_number_value(value), text));
    else
        output_text(out, json_is_true(value) ? "1" : "0");
    return true;
}

static bool put_row(const struct row *r, struct output *out, struct gk_error *error)
{
    const struct mqtt_topic *topic = r->topic;
    const char *comma = " ";
    gk_time time;

    output_text(out, "m,facility=");
    if (!put_facility(r, out, error) || !read_time(r, &time, error))
        return false;
    for (size_t i = 0; i < topic->n_channels; i++)
        if (put_value(out, topic->channels[i].name, comma, find(r->row, topic->channels[i].place)))
            comma = ",";
    if (*comma == ' ')
        return wrong(error, "there is no number at %s, nor at the places of the other channels",
                     topic->channels[0].place);
    output_text(out, " ");
    output_whole(out, time);
    output_text(out, "\n");
    return true;
}

static bool put_rows(struct row *r, struct output *out, struct gk_error *error)
{
    json_t *rows = r->topic->rows ? find(r->root, r->topic->rows) : NULL;

    r->row = r->root;
    if (r->topic->rows == NULL)
        return put_row(r, out, error);
    if (!json_is_array(rows))
        return wrong(error, "rows: there is no list at %s", r->topic->rows);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        r->row = json_array_get(rows, i);
        if (!put_row(r, out, error))
            return false;
    }
    return true;
}

static bool put_json(const struct row *ready, struct output *out, struct gk_error *error)
{
    struct row r = *ready;
    json_error_t reason;
    bool is_good;

    r.root = json_loadb(r.message->payload.bytes, r.message->payload.size, JSON_REJECT_DUPLICATES, &reason);
    if (r.root == NULL)
        return wrong(error, "it is no JSON: line %d, column %d: %s", reason.line, reason.column, reason.text);
    is_good = put_rows(&r, out, error);
    json_decref(r.root);
    return is_good;
}

#else

bool mqtt_has_json(void)
{
    return false;
}

struct row {
    const struct mqtt_topic *topic;
    const struct mqtt_packet *message;
    int32_t zone_s;
    gk_time now;
};

static bool put_json(const struct row *ready, struct output *out, struct gk_error *error)
{
    (void)ready;
    (void)out;
    return wrong(error, "this gk was built without jansson (libjansson-dev)");
}

#endif

bool mqtt_payload_lines(const struct mqtt_topic *topic, const struct mqtt_packet *message, int32_t zone_s, gk_time now,
                        struct output *out, struct gk_error *error)
{
    const struct row ready = {.topic = topic, .message = message, .zone_s = zone_s, .now = now};
    size_t before = out->n;

    if (topic->is_lines ? put_lines(topic, message->payload, out, error) : put_json(&ready, out, error))
        return true;
    out->n = before;
    return false;
}
