/*
 * person.c - people as the catalog keeps them: a name, a role such as head or officer, for whom (a scope), and one
 * channel with the address there, from when to when. One person may have several entries.
 */
#include "db/person.h"

#include <string.h>

#include "base/text.h"
#include "db/snapshot.h"

static int check_name(struct gk_text text, const char *what, struct gk_error *error)
{
    char shown[TEXT_SHOWN_MAX];

    if (text_is_name(text.bytes, text.size) && !memchr(text.bytes, ',', text.size))
        return GK_OK;
    return error_set(error, GK_EINVAL, "%s: expected a name of 1 to %d bytes without ',', got '%s'", what, GK_NAME_MAX,
                     text_show(text.bytes, text.size, shown));
}

static int check_put(const struct gk_person_put *put, struct gk_error *error)
{
    int rc;

    TRY(check_name(put->person, "person", error));
    TRY(check_name(put->role, "role", error));
    TRY(check_name(put->channel, "channel", error));
    if (put->address.size && !text_is_name(put->address.bytes, put->address.size))
        TRY(error_set(error, GK_EINVAL, "address: expected at most %d bytes of UTF-8 without control characters",
                      GK_NAME_MAX));
    if (put->scope == GK_ROLE || put->scope == GK_GROUP)
        TRY(error_set(error, GK_EINVAL, "a person's scope is *, park:, enterprise:, line: or a facility"));
    if (put->from >= put->to)
        TRY(error_set(error, GK_ERANGE, "a person's time ends before it begins"));
done:
    return rc;
}

int catalog_add_person(struct catalog *c, const struct gk_person *person)
{
    if (mem_reserve(&c->mem, &c->people, &c->people_capacity, c->n_people + 1, sizeof *c->people) != GK_OK)
        return GK_ENOMEM;
    c->people[c->n_people++] = *person;
    return GK_OK;
}

/* The same person in the same role for the same, by the same way, from the same time on. */
static bool is_same_entry(const struct gk_person *a, const struct gk_person *b)
{
    return strcmp(a->person, b->person) == 0 && strcmp(a->role, b->role) == 0 && strcmp(a->channel, b->channel) == 0 &&
           a->scope.kind == b->scope.kind && a->scope.id == b->scope.id && a->from == b->from;
}

int catalog_put_person(struct catalog *c, const struct gk_person_put *put, struct catalog_changes *changes,
                       struct gk_error *error)
{
    struct gk_person person = {.from = put->from, .to = put->to};
    size_t at = 0;
    int rc;

    TRY(check_put(put, error));
    TRY(catalog_find_scope(c, put->scope, put->name, &person.scope, error));
    person.person = catalog_string(c, put->person.bytes, put->person.size);
    person.role = catalog_string(c, put->role.bytes, put->role.size);
    person.channel = catalog_string(c, put->channel.bytes, put->channel.size);
    person.address = put->address.size ? catalog_string(c, put->address.bytes, put->address.size) : "";
    rc = GK_ENOMEM;
    if (!person.person || !person.role || !person.channel || !person.address ||
        mem_reserve(changes->mem, &changes->at, &changes->capacity, changes->n + 1, sizeof *changes->at) != GK_OK)
        goto done;
    while (at < c->n_people && !is_same_entry(&c->people[at], &person))
        at++;
    if (at < c->n_people && strcmp(c->people[at].address, person.address) == 0 && c->people[at].to == person.to)
        return GK_OK; /* the same again is nothing */
    if (at < c->n_people)
        c->people[at] = person;
    else
        TRY(catalog_add_person(c, &person));
    changes->at[changes->n++] = (struct catalog_change){ENTRY_PERSON, (uint32_t)at};
    rc = GK_OK;
done:
    return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for the catalog") : rc;
}

/* ---- reading -------------------------------------------------------------------------------------------------------
 */

const struct gk_person *gk_people(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_people;
    return snapshot_seen(s)->people;
}

static bool is_text(const char *text, struct gk_text other)
{
    return strlen(text) == other.size && memcmp(text, other.bytes, other.size) == 0;
}

/* Whether what is within the scope is the subject of the alarm or around it. */
static bool covers(const struct catalog *c, const struct gk_scope *scope, const struct gk_alarm *alarm)
{
    switch (scope->kind) {
    case GK_ZONE:
        return true;
    case GK_PARK:
        return strcmp(alarm->park, scope->name) == 0 ||
               (alarm->subject_kind == GK_PARK && strcmp(alarm->subject, scope->name) == 0);
    case GK_ENTERPRISE:
        return strcmp(alarm->enterprise, scope->name) == 0 ||
               (alarm->subject_kind == GK_ENTERPRISE && strcmp(alarm->subject, scope->name) == 0);
    default:
        break;
    }
    if (alarm->subject_kind == GK_FACILITY) {
        uint32_t facility = catalog_facility(c, alarm->subject, strlen(alarm->subject));
        return facility != GK_ID_NONE && catalog_covers(c, scope, facility);
    }
    if (alarm->subject_kind != GK_LINE || scope->kind != GK_LINE)
        return false;
    const char *slash = strrchr(alarm->subject, '/'); /* ENTERPRISE/LINE, where it was said which */
    if (strcmp(slash ? slash + 1 : alarm->subject, scope->name) != 0 && strcmp(alarm->subject, scope->name) != 0)
        return false;
    uint32_t enterprise = c->sites[GK_LINE][scope->id].parent; /* others may have a line of that name */
    return strcmp(alarm->enterprise, enterprise == GK_ID_NONE ? "" : c->sites[GK_ENTERPRISE][enterprise].name) == 0;
}

bool gk_person_answers(gk_snapshot *s, const struct gk_person *person, struct gk_text whom,
                       const struct gk_alarm *alarm, gk_time at)
{
    if (at < person->from || at >= person->to)
        return false;
    return is_text(person->person, whom) ||
           (is_text(person->role, whom) && covers(snapshot_seen(s), &person->scope, alarm));
}
