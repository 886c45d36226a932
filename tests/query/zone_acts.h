/*
 * zone_acts.h - acts of alarms as lines of text, for tests: a header that names the columns (time, act, alarm, rule,
 * level, subject, enterprise, park, from, to, actor, whom, channel, result, text, due, outcome), then a line an act.
 * The clock stands at its time while it is put.
 */
#ifndef TEST_ZONE_ACTS_H
#define TEST_ZONE_ACTS_H

#include "query/zone.h"

static inline struct gk_text zone_text(const char *text)
{
    return (struct gk_text){*text ? text : NULL, strlen(text)};
}

static inline gk_time zone_time(const char *text)
{
    gk_time t;

    if (gk_time_parse(text, strlen(text), 28800, &t) != GK_OK)
        fail_msg("an act has the time '%s'", text);
    return t;
}

static inline unsigned zone_number(const char *text, const char *(*name)(unsigned))
{
    unsigned i = 0;

    while (name(i) && strcmp(name(i), text) != 0)
        i++;
    if (!name(i))
        fail_msg("an act has '%s'", text);
    return i;
}

static inline const char *zone_act_kind(unsigned i)
{
    return i == 0 ? "none" : gk_act_kind_name(i);
}

static inline void zone_set(struct gk_act_put *put, gk_time *time, const char *key, const char *value)
{
    const struct {
        const char *key;
        struct gk_text *text;
    } texts[] = {{"rule", &put->rule},       {"subject", &put->subject}, {"enterprise", &put->enterprise},
                 {"park", &put->park},       {"actor", &put->actor},     {"whom", &put->whom},
                 {"channel", &put->channel}, {"result", &put->result},   {"text", &put->text}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].key, key) == 0)
            *texts[i].text = zone_text(value);
    if (strcmp(key, "time") == 0)
        *time = zone_time(value);
    else if (!*value)
        return;
    else if (strcmp(key, "act") == 0)
        put->kind = (enum gk_act_kind)zone_number(value, zone_act_kind);
    else if (strcmp(key, "kind") == 0)
        put->subject_kind = strcmp(value, "line") == 0         ? GK_LINE
                            : strcmp(value, "enterprise") == 0 ? GK_ENTERPRISE
                                                               : GK_FACILITY;
    else if (strcmp(key, "level") == 0)
        put->level = (enum gk_level)zone_number(value, gk_level_name);
    else if (strcmp(key, "outcome") == 0)
        put->outcome = (enum gk_outcome)zone_number(value, gk_outcome_name);
    else if (strcmp(key, "alarm") == 0)
        put->alarm = strtoull(value, NULL, 10);
    else if (strcmp(key, "from") == 0)
        put->from = zone_time(value);
    else if (strcmp(key, "to") == 0)
        put->to = zone_time(value);
    else if (strcmp(key, "due") == 0)
        put->due = zone_time(value);
}

/* The next field of a line, NUL-terminated; the line's end is one, too. */
static inline char *zone_field(char **at)
{
    char *field = *at, *end = field + strcspn(field, ",\n");

    *at = *end == ',' ? end + 1 : end;
    *end = '\0';
    return field;
}

/* A statement `rule ...`, put into the store. */
static inline void zone_put_rule(struct zone *zone, const char *text)
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;

    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    if (gk_query_prepare(zone->session, snapshot, text, strlen(text), NULL, &query, &error) != GK_OK)
        fail_msg("%s", error.report);
    const struct gk_query_rule *rule = gk_query_rule(query);
    assert_non_null(rule);
    struct gk_rule_put put = {.size = sizeof put, .name = rule->name, .text = rule->text};
    assert_int_equal(gk_rule_put(zone->db, &put, NULL, NULL), GK_OK);
    assert_int_equal(gk_commit(zone->db, NULL), GK_OK);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
}

static inline void zone_put_acts(struct zone *zone, char *lines)
{
    char *keys[24], *line = lines, *next;
    gk_time now = zone->now;
    size_t n = 0;

    next = strchr(line, '\n');
    for (char *end = next; line < end && n < 24;)
        keys[n++] = zone_field(&line);
    for (line = next + 1; *line; line = next + 1) {
        struct gk_act_put put = {.size = sizeof put, .rule_version = 1, .subject_kind = GK_FACILITY};
        struct gk_error error = {0};
        next = strchr(line, '\n');
        assert_non_null(next);
        for (size_t i = 0; i < n; i++)
            zone_set(&put, &zone->now, keys[i], line < next ? zone_field(&line) : "");
        if (put.kind != GK_ACT_RAISED)
            put.rule_version = 0;
        if (gk_act_put(zone->db, &put, NULL, &error) != GK_OK || gk_commit(zone->db, &error) != GK_OK)
            fail_msg("an act: %s", error.text);
    }
    zone->now = now;
}

#endif
