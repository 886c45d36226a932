/*
 * load_facilities.c - facilities with their tags, and the links of `serves`. Names in `serves` may come later in the
 * file, so lines that have it are kept as text and read a second time at the end.
 */
#include "db/load.h"

#include "base/text.h"

enum {
    FACILITY_NAME,
    FACILITY_ENTERPRISE,
    FACILITY_PARK,
    FACILITY_LINE,
    FACILITY_ROLE,
    FACILITY_RATED_KW,
    FACILITY_RATED_A,
    FACILITY_SERVES
};

static int begin(struct gk_load *load, struct gk_error *error)
{
    struct load_facilities *own = &load->facilities;

    load_names_init(&own->seen, load->mem);
    buffer_init(&own->serving, load->mem);
    own->tag_keys = mem_array(load->mem, load->header.n, sizeof *own->tag_keys);
    own->tag_values = mem_array(load->mem, load->header.n, sizeof *own->tag_values);
    if (!own->tag_keys || !own->tag_values)
        return error_set(error, GK_ENOMEM, "out of memory for the tags of a facility");
    return GK_OK;
}

/* Twice in one file is a slip, not a new version: the lines may contradict each other. */
static int check_once(struct gk_load *load, const struct load_line *line, struct gk_text name)
{
    const struct load_name_entry *entry = load_names_find(&load->facilities.seen, name.bytes, name.size);
    char shown[TEXT_SHOWN_MAX];

    if (entry)
        return load_fail(line, FACILITY_NAME, GK_EEXIST, "'%s' stands in line %llu already",
                         text_show(name.bytes, name.size, shown), (unsigned long long)entry->value);
    return GK_OK;
}

/* Columns that the table does not know are tags; an empty field is none. */
static int take_tags(struct gk_load *load, const struct load_line *line, struct gk_facility_put *facility)
{
    struct load_facilities *own = &load->facilities;

    facility->tag_keys = own->tag_keys;
    facility->tag_values = own->tag_values;
    for (size_t i = 0; i < line->header->n; i++) {
        const struct csv_field *field = &line->record->fields[i];
        char shown[TEXT_SHOWN_MAX];
        if (line->header->known[i] != LOAD_NONE || field->size == 0)
            continue;
        if (!text_is_name(field->bytes, field->size))
            return load_fail_at(
                line, i, GK_ESYNTAX,
                "expected a tag (UTF-8, at most %d bytes, no control or unseen characters, no blanks at its "
                "ends), got '%s'",
                GK_NAME_MAX, text_show(field->bytes, field->size, shown));
        own->tag_keys[facility->n_tags] = line->header->names[i];
        own->tag_values[facility->n_tags++] = (struct gk_text){field->bytes, field->size};
    }
    return GK_OK;
}

static int keep_serving(struct gk_load *load, const struct load_line *line)
{
    struct buffer *serving = &load->facilities.serving;

    if (load_text(line, FACILITY_SERVES).size == 0)
        return GK_OK;
    buffer_put_varint(serving, line->record->line);
    buffer_put_text(serving, line->record->text, line->record->size);
    if (buffer_status(serving) != GK_OK)
        return error_set(line->error, GK_ENOMEM, "out of memory for the links of facilities");
    return GK_OK;
}

static int take(struct gk_load *load, const struct load_line *line)
{
    struct gk_facility_put facility = {.size = sizeof facility};
    uint32_t id;
    int rc;

    TRY(load_need_name(line, FACILITY_NAME, &facility.name));
    TRY(check_once(load, line, facility.name));
    TRY(load_name(line, FACILITY_ENTERPRISE, &facility.enterprise));
    TRY(load_name(line, FACILITY_PARK, &facility.park));
    TRY(load_name(line, FACILITY_LINE, &facility.line));
    TRY(load_role(line, FACILITY_ROLE, &facility.role, &facility.role_is_set));
    TRY(load_rating(line, FACILITY_RATED_KW, &facility.rated_kw));
    TRY(load_rating(line, FACILITY_RATED_A, &facility.rated_a));
    TRY(take_tags(load, line, &facility));
    TRY(load_pass(line, FACILITY_NAME, gk_facility_put(load->db, &facility, &id, line->error)));
    if (load_names_add(&load->facilities.seen, facility.name.bytes, facility.name.size, line->record->line) != GK_OK)
        return error_set(line->error, GK_ENOMEM, "out of memory for the names of facilities");
    TRY(keep_serving(load, line));
done:
    return rc;
}

static int put_link(const struct load_line *line, struct gk_text abatement, struct gk_text production)
{
    struct gk_link_put link = {
        .size = sizeof link, .abatement = abatement, .production = production, .from = GK_TIME_MIN, .to = GK_TIME_MAX};

    int rc = gk_link_put(line->db, &link, line->error);
    if (rc == GK_OK || load_is_fatal(rc))
        return rc;
    struct gk_error said = *line->error;
    return load_fail(line, FACILITY_SERVES, rc, "%s; the facility was taken without this link", said.text);
}

/* Puts all links of a line; the first that cannot be put gives the reason. */
static int put_links(const struct load_line *line)
{
    struct gk_text serves = load_text(line, FACILITY_SERVES);
    struct gk_error first = {0};
    size_t from = 0;

    while (from <= serves.size) {
        const char *p = serves.bytes + from;
        const char *semicolon = memchr(p, ';', serves.size - from);
        size_t size = semicolon ? (size_t)(semicolon - p) : serves.size - from;
        struct gk_text name = text_trim(p, size);
        from += size + 1;
        if (name.size == 0)
            continue;
        int rc = put_link(line, load_text(line, FACILITY_NAME), name);
        if (load_is_fatal(rc))
            return rc;
        if (rc != GK_OK && first.status == GK_OK)
            first = *line->error;
    }
    if (first.status != GK_OK)
        *line->error = first;
    return first.status;
}

/* Reads one kept line again. The line was counted as taken; with a bad link it is a bad line, though its facility
 * stays. */
static int link_again(struct gk_load *load, struct csv *csv, uint64_t number, struct gk_text text,
                      struct gk_error *error)
{
    struct csv_record record;
    int rc;

    csv->line = number;
    csv_feed(csv, text.bytes, text.size);
    rc = csv_next(csv, &record, error);
    if (NEVER(rc == GK_OK)) /* the text has no newline that would end a record */
        return error_set(error, GK_EBUG, "a line of facilities is two lines");
    if (rc != GK_DONE)
        return rc;
    csv_feed(csv, "\n", 1);
    TRY(csv_next(csv, &record, error));
    struct load_line line = {load->db, load->zone_s, &load->header, &record, error};
    rc = put_links(&line);
    if (rc == GK_OK || load_is_fatal(rc))
        return rc;
    load->result.n_taken--;
    load_reject(load, &record, error);
    rc = GK_OK;
done:
    return rc;
}

static int finish(struct gk_load *load, struct gk_error *error)
{
    const struct buffer *serving = &load->facilities.serving;
    struct reader reader = reader_of(serving->bytes, serving->size);
    struct csv csv;
    int rc = GK_OK;

    csv_init(&csv, load->mem);
    while (rc == GK_OK && reader.at < reader.size) {
        uint64_t number = reader_varint(&reader);
        struct gk_text text = reader_text(&reader);
        rc = link_again(load, &csv, number, text, error);
    }
    csv_clear(&csv);
    return rc;
}

void load_facilities_clear(struct load_facilities *facilities, const struct mem *mem)
{
    load_names_clear(&facilities->seen);
    buffer_clear(&facilities->serving);
    mem_free(mem, facilities->tag_keys);
    mem_free(mem, facilities->tag_values);
    memset(facilities, 0, sizeof *facilities);
}

const struct load_table LOAD_FACILITIES = {
    .id = GK_TABLE_FACILITIES,
    .outline = "facilities: facility,enterprise,park,line,role,rated_kw[,rated_a,serves,tags...]",
    .columns = {"facility", "enterprise", "park", "line", "role", "rated_kw", "rated_a", "serves"},
    .needs = {"facility", "enterprise|park|line|role|rated_kw|rated_a|serves|group|stop_level"},
    .refuses = "from|to|time",
    .takes_extra = true,
    .begin = begin,
    .take = take,
    .finish = finish,
};
