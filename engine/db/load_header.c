/*
 * load_header.c - the first record of a file says which table it is. Columns are known by name, in any order, whatever
 * the case.
 */
#include "db/load.h"

#include "base/text.h"

/* In the order in which they are tried: facilities last, since nearly any header with a facility would do for it. */
static const struct load_table *const TABLES[] = {&LOAD_ROWS,   &LOAD_LINKS,      &LOAD_BANDS,
                                                  &LOAD_ORDERS, &LOAD_EXEMPTIONS, &LOAD_MAPPINGS,
                                                  &LOAD_PEOPLE, &LOAD_CALENDARS,  &LOAD_FACILITIES};
#define N_TABLES    (sizeof TABLES / sizeof *TABLES)
#define N_KNOWN_MAX (N_TABLES * LOAD_COLUMNS_MAX)

static int fail(const struct csv_record *record, size_t i, const char *what, const char *near, struct gk_error *error)
{
    char shown[TEXT_SHOWN_MAX];
    uint64_t line;
    uint32_t column;

    csv_place(record, record->fields[i].at, &line, &column);
    (void)text_show(record->fields[i].bytes, record->fields[i].size, shown); /* into shown */
    return error_set_at(error, GK_ESYNTAX, line, column, "line %llu, column %u: %s '%s'%s%s%s",
                        (unsigned long long)line, column, what, shown, near ? "; did you mean '" : "", near ? near : "",
                        near ? "'?" : "");
}

static uint32_t find(const struct csv_record *record, const char *name, size_t size)
{
    for (size_t i = 0; i < record->n_fields; i++)
        if (text_is_alike(record->fields[i].bytes, record->fields[i].size, name, size))
            return (uint32_t)i;
    return LOAD_NONE;
}

/* `names` has '|' between alternatives. */
static bool has_one_of(const struct csv_record *record, const char *names)
{
    for (;;) {
        size_t size = strcspn(names, "|");
        if (find(record, names, size) != LOAD_NONE)
            return true;
        if (names[size] == 0)
            return false;
        names += size + 1;
    }
}

static bool is_table(const struct csv_record *record, const struct load_table *table)
{
    for (size_t i = 0; table->needs[i]; i++)
        if (!has_one_of(record, table->needs[i]))
            return false;
    return !table->refuses || !has_one_of(record, table->refuses);
}

static const struct load_table *pick_table(const struct csv_record *record)
{
    bool is_list = record->n_fields == 1 && has_one_of(record, "facility"); /* names alone are facilities, too */

    for (size_t i = 0; i < N_TABLES && !is_list; i++)
        if (is_table(record, TABLES[i]))
            return TABLES[i];
    return is_list ? &LOAD_FACILITIES : NULL;
}

/* Adds up to three columns of the header that look like one that some table has. */
static void hint(struct buffer *text, const struct csv_record *record)
{
    const char *known[N_KNOWN_MAX];
    size_t n_known = 0, n_hints = 0;

    for (size_t i = 0; i < N_TABLES; i++)
        for (size_t k = 0; TABLES[i]->columns[k]; k++)
            known[n_known++] = TABLES[i]->columns[k];
    for (size_t i = 0; i < record->n_fields && n_hints < 3; i++) {
        char shown[TEXT_SHOWN_MAX];
        const struct csv_field *field = &record->fields[i];
        const char *near = text_nearest(field->bytes, field->size, known, n_known);
        if (!near || text_is_alike(field->bytes, field->size, near, strlen(near)))
            continue;
        buffer_printf(text, "%s'%s' looks like '%s'", n_hints++ ? ", " : "; ",
                      text_show(field->bytes, field->size, shown), near);
    }
}

/* The header is of no table: says what the tables are. */
static int refuse(const struct mem *mem, const struct csv_record *record, struct gk_error *error)
{
    struct buffer text;

    buffer_init(&text, mem);
    hint(&text, record); /* first, since a long text is cut */
    buffer_printf(&text, "; expected ");
    for (size_t i = 0; i < N_TABLES; i++)
        buffer_printf(&text, "%s%s", i ? " | " : "", TABLES[i]->outline);
    buffer_put_u8(&text, 0);
    int rc = buffer_status(&text) == GK_OK
                 ? error_set_at(error, GK_ESYNTAX, record->line, 1, "line %llu: these columns are of no table%s",
                                (unsigned long long)record->line, (const char *)text.bytes)
                 : error_set(error, GK_ENOMEM, "out of memory for the header");
    buffer_clear(&text);
    return rc;
}

static size_t count_columns(const struct load_table *table)
{
    size_t n = 0;
    while (table->columns[n])
        n++;
    return n;
}

static int check_name(const struct load_header *header, const struct csv_record *record, size_t i,
                      struct gk_error *error)
{
    const struct csv_field *field = &record->fields[i];

    if (!text_is_name(field->bytes, field->size))
        return fail(record, i, "a column needs a name without blanks at its ends or control characters, got", NULL,
                    error);
    for (size_t k = 0; k < i; k++) {
        bool is_same = header->known[i] != LOAD_NONE
                           ? header->known[k] == header->known[i]
                           : field->size == record->fields[k].size &&
                                 memcmp(field->bytes, record->fields[k].bytes, field->size) == 0;
        if (is_same)
            return fail(record, i, "there are two columns", NULL, error);
    }
    if (header->known[i] == LOAD_NONE && !header->table->takes_extra)
        return fail(record, i, "unknown column",
                    text_nearest(field->bytes, field->size, header->table->columns, count_columns(header->table)),
                    error);
    return GK_OK;
}

static int copy_names(struct load_header *header, const struct csv_record *record)
{
    header->names = mem_array(header->mem, record->n_fields, sizeof *header->names);
    header->known = mem_array(header->mem, record->n_fields, sizeof *header->known);
    header->bytes = mem_new(header->mem, record->size);
    if (!header->names || !header->known || !header->bytes)
        return GK_ENOMEM;
    char *p = header->bytes;
    for (size_t i = 0; i < record->n_fields; i++) {
        const struct csv_field *field = &record->fields[i];
        memcpy(p, field->bytes, field->size); /* all fields together are no longer than the record */
        header->names[i] = (struct gk_text){p, field->size};
        header->known[i] = LOAD_NONE;
        p += field->size;
    }
    header->n = record->n_fields;
    return GK_OK;
}

static void match(struct load_header *header, const struct csv_record *record)
{
    const char *const *columns = header->table->columns;

    for (uint32_t k = 0; columns[k]; k++) {
        header->place[k] = find(record, columns[k], strlen(columns[k]));
        for (size_t i = 0; i < header->n; i++)
            if (text_is_alike(header->names[i].bytes, header->names[i].size, columns[k], strlen(columns[k])))
                header->known[i] = k;
    }
}

int load_header_read(struct load_header *header, const struct mem *mem, const struct csv_record *record,
                     struct gk_error *error)
{
    memset(header, 0, sizeof *header);
    header->mem = mem;
    for (size_t i = 0; i < record->n_fields; i++)
        if (!text_is_utf8(record->fields[i].bytes, record->fields[i].size))
            return fail(record, i, "the file is not UTF-8 (GBK? convert it first), column", NULL, error);
    header->table = pick_table(record);
    if (!header->table)
        return refuse(mem, record, error);
    if (copy_names(header, record) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for the header");
    match(header, record);
    for (size_t i = 0; i < header->n; i++) {
        int rc = check_name(header, record, i, error);
        if (rc != GK_OK)
            return rc;
    }
    return GK_OK;
}

void load_header_clear(struct load_header *header)
{
    if (!header->mem)
        return;
    mem_free(header->mem, header->names);
    mem_free(header->mem, header->known);
    mem_free(header->mem, header->bytes);
    memset(header, 0, sizeof *header);
}
