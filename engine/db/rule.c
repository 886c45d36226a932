/*
 * rule.c - rules as the catalog keeps them: a name, a version, a text, and from when on it is in force. Every version
 * is an entry of its own that is never written over, so what a rule said at any time stays known. The text is the query
 * room's; nothing here reads it. An empty text is the version with which a rule was dropped.
 */
#include <string.h>

#include "base/text.h"
#include "db/catalog.h"
#include "db/snapshot.h"

/* The newest version of a rule; GK_ID_NONE when there never was one. */
static uint32_t find_newest(const struct catalog *c, const char *name, size_t size)
{
    for (size_t i = c->n_rules; i-- > 0;)
        if (strlen(c->rules[i].name) == size && memcmp(c->rules[i].name, name, size) == 0)
            return (uint32_t)i;
    return GK_ID_NONE;
}

int catalog_add_rule(struct catalog *c, const struct gk_rule *rule)
{
    if (mem_reserve(&c->mem, &c->rules, &c->rules_capacity, c->n_rules + 1, sizeof *c->rules) != GK_OK)
        return GK_ENOMEM;
    uint32_t before = find_newest(c, rule->name, strlen(rule->name));
    if (rule->version != (before == GK_ID_NONE ? 1 : c->rules[before].version + 1))
        return GK_ECORRUPT;
    if (before != GK_ID_NONE) {
        if (c->rules[before].from > rule->from)
            return GK_ECORRUPT;
        c->rules[before].to = rule->from;
    }
    c->rules[c->n_rules] = *rule;
    c->rules[c->n_rules++].to = GK_TIME_MAX;
    return GK_OK;
}

static int check_rule(const struct gk_rule_put *put, struct gk_error *error)
{
    if (!text_is_name(put->name.bytes, put->name.size))
        return error_set(error, GK_EINVAL, "a rule's name has 1 to %d bytes of UTF-8 without control characters",
                         GK_NAME_MAX);
    if (put->text.size > GK_RULE_TEXT_MAX)
        return error_set(error, GK_ERANGE, "rule '%.*s': its text has at most %d bytes, not %zu", (int)put->name.size,
                         put->name.bytes, GK_RULE_TEXT_MAX, put->text.size);
    if (put->text.size &&
        (!text_is_utf8(put->text.bytes, put->text.size) || memchr(put->text.bytes, 0, put->text.size)))
        return error_set(error, GK_EINVAL, "rule '%.*s': its text is not UTF-8", (int)put->name.size, put->name.bytes);
    return GK_OK;
}

static int check_before(const struct gk_rule *have, const struct gk_rule *rule, struct gk_error *error)
{
    char text[GK_TIME_TEXT_MAX];

    if (rule->from >= have->from)
        return GK_OK;
    (void)gk_time_format(have->from, 0, text); /* the length is not needed */
    return error_set(error, GK_ERANGE, "rule '%s': version %u is in force from %s on, a later one cannot begin before",
                     have->name, have->version, text);
}

int catalog_put_rule(struct catalog *c, const struct gk_rule_put *put, gk_time now, uint32_t *version,
                     struct catalog_changes *changes, struct gk_error *error)
{
    uint32_t before = find_newest(c, put->name.bytes, put->name.size);
    const struct gk_rule *have = before == GK_ID_NONE ? NULL : &c->rules[before];
    struct gk_rule rule = {.version = have ? have->version + 1 : 1, .from = put->from ? put->from : now};
    int rc;

    TRY(check_rule(put, error));
    if (have && strlen(have->text) == put->text.size && memcmp(have->text, put->text.bytes, put->text.size) == 0) {
        *version = have->version; /* the same again is nothing */
        return GK_OK;
    }
    if (!have && put->text.size == 0)
        return error_set(error, GK_ENOTFOUND, "there is no rule '%.*s'", (int)put->name.size, put->name.bytes);
    if (have)
        TRY(check_before(have, &rule, error));
    rule.name = have ? have->name : catalog_string(c, put->name.bytes, put->name.size);
    rule.text = put->text.size ? catalog_string(c, put->text.bytes, put->text.size) : "";
    if (!rule.name || !rule.text ||
        mem_reserve(changes->mem, &changes->at, &changes->capacity, changes->n + 1, sizeof *changes->at) != GK_OK ||
        catalog_add_rule(c, &rule) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for the catalog");
    changes->at[changes->n++] = (struct catalog_change){ENTRY_RULE, (uint32_t)c->n_rules - 1};
    *version = rule.version;
done:
    return rc;
}

/* ---- reading -------------------------------------------------------------------------------------------------------
 */

const struct gk_rule *gk_rules(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_rules;
    return snapshot_seen(s)->rules;
}

const struct gk_rule *gk_rule_find(gk_snapshot *s, const char *name, size_t size)
{
    const struct catalog *c = snapshot_seen(s);
    uint32_t id = find_newest(c, name, size);

    return id == GK_ID_NONE ? NULL : &c->rules[id];
}
