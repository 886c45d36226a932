/*
 * plot_table.c - see plot_table.h. Texts repeat from row to row, so the last one is looked at before the hash table.
 */
#include "plot_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_number(enum gk_type type)
{
    return type == GK_TYPE_NUMBER || type == GK_TYPE_SECONDS || type == GK_TYPE_SHARE;
}

static uint64_t hash_of(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static bool is_text(const char *kept, const char *text, size_t size)
{
    return strncmp(kept, text, size) == 0 && kept[size] == '\0';
}

static uint32_t *slot_of(const struct plot_table *table, const char *text, size_t size)
{
    size_t at = hash_of(text, size) & (table->n_slots - 1);

    while (table->slots[at] != 0 && !is_text(table->texts[table->slots[at] - 1], text, size))
        at = (at + 1) & (table->n_slots - 1);
    return &table->slots[at];
}

static void grow_slots(struct plot_table *table)
{
    table->n_slots = table->n_slots > 0 ? 2 * table->n_slots : 256;
    table->slots = plot_take(table->memory, table->n_slots, sizeof *table->slots);
    for (size_t i = 0; i < table->n_texts; i++)
        *slot_of(table, table->texts[i], strlen(table->texts[i])) = (uint32_t)i + 1;
}

static uint32_t keep_text(struct plot_table *table, const char *text, size_t size)
{
    uint32_t *slot;

    if (2 * (table->n_texts + 1) > table->n_slots)
        grow_slots(table);
    slot = slot_of(table, text, size);
    if (*slot == 0) {
        table->texts = plot_more(table->memory, table->texts, table->n_texts, &table->texts_room, sizeof *table->texts);
        table->texts[table->n_texts++] = plot_copy(table->memory, text, size);
        *slot = (uint32_t)table->n_texts;
    }
    return *slot - 1;
}

void plot_table_init(struct plot_table *table, struct plot_memory *memory, const gk_query *query)
{
    *table = (struct plot_table){.memory = memory, .n_columns = gk_query_n_columns(query)};
    table->columns = plot_take(memory, table->n_columns, sizeof *table->columns);
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct gk_column *column = gk_query_column(query, i);

        table->columns[i].name = plot_copy(memory, column->name, strlen(column->name));
        table->columns[i].type = column->type;
    }
    (void)keep_text(table, "", 0); /* number 0 */
}

static void grow_rows(struct plot_table *table)
{
    size_t room = table->room;

    for (size_t i = 0; i < table->n_columns; i++) {
        struct plot_column *column = &table->columns[i];

        room = table->room;
        if (column->type == GK_TYPE_TEXT)
            column->text = plot_more(table->memory, column->text, table->n_rows, &room, sizeof *column->text);
        else if (column->type == GK_TYPE_TIME)
            column->time = plot_more(table->memory, column->time, table->n_rows, &room, sizeof *column->time);
        else
            column->number = plot_more(table->memory, column->number, table->n_rows, &room, sizeof *column->number);
    }
    table->room = room;
}

static void put_text(struct plot_table *table, struct plot_column *column, const struct gk_value *value)
{
    size_t row = table->n_rows;

    column->text[row] = 0;
    if (value->type != GK_TYPE_TEXT)
        return;
    if (row > 0 && is_text(table->texts[column->text[row - 1]], value->as.text.bytes, value->as.text.size))
        column->text[row] = column->text[row - 1];
    else
        column->text[row] = keep_text(table, value->as.text.bytes, value->as.text.size);
}

void plot_table_add(struct plot_table *table, const gk_query *query)
{
    if (table->n_rows == table->room)
        grow_rows(table);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct plot_column *column = &table->columns[i];
        const struct gk_value *value = gk_query_value(query, i);

        if (column->type == GK_TYPE_TEXT)
            put_text(table, column, value);
        else if (column->type == GK_TYPE_TIME)
            column->time[table->n_rows] = value->type == GK_TYPE_TIME ? value->as.time : GK_TIME_MIN;
        else if (value->type == GK_TYPE_COUNT || value->type == GK_TYPE_TRUTH)
            column->number[table->n_rows] = (double)value->as.count;
        else
            column->number[table->n_rows] = is_number(value->type) ? value->as.number : NAN;
    }
    table->n_rows++;
}

static gk_time read_day(const char *text, int32_t zone_s)
{
    char day[16];
    int n = snprintf(day, sizeof day, strlen(text) == 7 ? "%s-01" : "%s", text); /* 2026-01 is a month */
    gk_time time;

    return n > 0 && (size_t)n < sizeof day && gk_time_parse(day, (size_t)n, zone_s, &time) == GK_OK ? time
                                                                                                    : GK_TIME_MIN;
}

void plot_table_read_days(struct plot_table *table, int32_t zone_s)
{
    static const char *const names[] = {"day", "week", "month"};

    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t i = plot_table_find(table, names[k], GK_TYPE_TEXT);
        struct plot_column *column = i == PLOT_NONE ? NULL : &table->columns[i];

        if (column == NULL)
            continue;
        column->type = GK_TYPE_TIME;
        column->time = plot_take(table->memory, table->n_rows, sizeof *column->time);
        for (size_t row = 0; row < table->n_rows; row++)
            column->time[row] = read_day(table->texts[column->text[row]], zone_s);
    }
}

size_t plot_table_find(const struct plot_table *table, const char *name, enum gk_type type)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].type == type && strcmp(table->columns[i].name, name) == 0)
            return i;
    return PLOT_NONE;
}

const char *plot_table_text(const struct plot_table *table, size_t column, size_t row)
{
    return column == PLOT_NONE ? "" : table->texts[table->columns[column].text[row]];
}

static bool is_time_key(const struct plot_column *column)
{
    static const char *const names[] = {"time", "hour", "day", "week", "month"};

    for (size_t i = 0; column->type == GK_TYPE_TIME && i < sizeof names / sizeof *names; i++)
        if (strcmp(column->name, names[i]) == 0)
            return true;
    return false;
}

/* The certain column whose possible_... this one is, PLOT_NONE when it is none. */
static size_t certain_of(const struct plot_table *table, size_t column, const struct plot_keys *keys)
{
    static const char prefix[] = "possible_";
    const char *name = table->columns[column].name;

    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return PLOT_NONE;
    for (size_t i = 0; i < keys->n_values; i++)
        if (strcmp(table->columns[keys->values[i].column].name, name + sizeof prefix - 1) == 0)
            return i;
    return PLOT_NONE;
}

static void add_value(const struct plot_table *table, size_t column, struct plot_keys *out)
{
    size_t certain = certain_of(table, column, out);

    if (certain != PLOT_NONE)
        out->values[certain].possible = column;
    else if (out->n_values < PLOT_VALUES_MOST)
        out->values[out->n_values++] = (struct plot_value){column, PLOT_NONE};
}

/* How much is known is shown beside the values: `coverage`, `reference_coverage`. */
static bool is_coverage(const char *name)
{
    static const char end[] = "coverage";
    size_t size = strlen(name);

    return size >= sizeof end - 1 && strcmp(name + size - (sizeof end - 1), end) == 0;
}

bool plot_table_keys(const struct plot_table *table, struct plot_keys *out)
{
    bool is_behind = false; /* the keys */

    *out = (struct plot_keys){.time = PLOT_NONE, .coverage = plot_table_find(table, "coverage", GK_TYPE_SHARE)};
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct plot_column *column = &table->columns[i];

        if (!is_behind && out->time == PLOT_NONE && is_time_key(column)) {
            out->time = i;
        } else if (column->type == GK_TYPE_TEXT) {
            if (is_behind || out->n_texts == PLOT_KEYS_MAX)
                return false;
            out->texts[out->n_texts++] = i;
        } else if (is_number(column->type) || column->type == GK_TYPE_COUNT) {
            is_behind = true;
            if (!is_coverage(column->name))
                add_value(table, i, out);
        } else {
            is_behind = true; /* when the first began: no value to draw */
        }
    }
    if (out->n_values == 0 && out->coverage != PLOT_NONE) /* `coverage of ...` */
        out->values[out->n_values++] = (struct plot_value){out->coverage, PLOT_NONE};
    return out->n_values > 0;
}
