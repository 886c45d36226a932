/*
 * load_person.c - the table of people: a line is one put.
 */
#include "db/db.h"
#include "db/load.h"

enum { PERSON_PERSON, PERSON_ROLE, PERSON_SCOPE, PERSON_CHANNEL, PERSON_ADDRESS, PERSON_FROM, PERSON_TO };

#define SITE_KINDS                                                                                                     \
    (LOAD_KIND_BIT(GK_ZONE) | LOAD_KIND_BIT(GK_PARK) | LOAD_KIND_BIT(GK_ENTERPRISE) | LOAD_KIND_BIT(GK_LINE) |         \
     LOAD_KIND_BIT(GK_FACILITY))

static int take_person(struct gk_load *load, const struct load_line *line)
{
    struct gk_person_put person = {.size = sizeof person};
    int rc;

    TRY(load_need_name(line, PERSON_PERSON, &person.person));
    TRY(load_need_name(line, PERSON_ROLE, &person.role));
    TRY(load_scope(line, PERSON_SCOPE, SITE_KINDS, &person.scope, &person.name));
    TRY(load_need_name(line, PERSON_CHANNEL, &person.channel));
    TRY(load_name(line, PERSON_ADDRESS, &person.address));
    TRY(load_period(line, PERSON_FROM, PERSON_TO, &person.from, &person.to));
    TRY(load_pass(line, PERSON_SCOPE, gk_person_put(load->db, &person, line->error)));
done:
    return rc;
}

const struct load_table LOAD_PEOPLE = {
    .id = GK_TABLE_PEOPLE,
    .outline = "people: person,role,scope,channel[,address,from,to]",
    .columns = {"person", "role", "scope", "channel", "address", "from", "to"},
    .needs = {"person", "role", "scope", "channel"},
    .take = take_person,
};
