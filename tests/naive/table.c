/*
 * table.c - see naive.h. Groups and cells: rows in the order of their keys, nested as written.
 */
#include "naive/statement.h"

/* ---- tags ---- */

bool key_is_tag(int key)
{
    return key >= BY_TYPE && key <= BY_STOP_LEVEL;
}

/* The value of a facility, "" without; levels have one digit. */
const char *tag_text(const struct facility *f, enum key key)
{
    static const char *const levels[] = {"0", "1", "2", "3"};

    if (key == BY_STOP_LEVEL)
        return f->stop_level == NONE ? "" : levels[f->stop_level];
    const char *text = key == BY_TYPE ? f->type : f->group;
    return text ? text : "";
}

/* ---- groups: rows in the order of their keys, nested as written ---- */

/* Tags in their order, numbered: those of a key begin with "". */
static const char *const TAGS[] = {"", "0", "1", "2", "3", "A", "B", "RTO", "bag"};

/* Of a site the value on which all agree that have one. */
static int tag_id(const struct zone *zone, enum key key, enum noun noun, int id)
{
    const char *agreed = "";
    int out = 0;

    for (int f = 0; f < zone->n_facilities; f++) {
        const char *text = tag_text(&zone->facilities[f], key);
        if (!text[0] || !facility_is_inside(zone, f, noun, id))
            continue;
        if (agreed[0] && strcmp(agreed, text) != 0)
            return 0;
        agreed = text;
    }
    while (strcmp(TAGS[out], agreed) != 0)
        out++;
    return out;
}

static int key_id(const struct view *view, enum key key, enum noun noun, int id)
{
    static const int kinds[] = {0, GK_LINE, GK_ENTERPRISE, GK_PARK};
    int position[4];

    if (key_is_tag((int)key))
        return tag_id(view->zone, key, noun, id);
    subject_position(view->zone, noun, id, position);
    id = position[kinds[key]];
    return id == NONE ? INT32_MAX : id;
}

static int compare_rows(const struct statement *s, const struct group_row *a, const struct group_row *b)
{
    for (int k = 0; k < s->n_keys; k++)
        if (a->ids[k] != b->ids[k])
            return a->ids[k] < b->ids[k] ? -1 : 1;
    return a->cell < b->cell ? -1 : a->cell > b->cell;
}

int table_row(struct table *table, const struct statement *s, const struct view *view, enum noun noun, int id, int cell)
{
    const struct buckets *buckets = &table->buckets;
    struct group_row row = {.cell = cell};

    for (int k = 0; k < s->n_keys; k++)
        row.ids[k] = s->keys[k] == BY_SHIFT  ? cell % buckets->n_shifts
                     : s->keys[k] >= BY_HOUR ? cell_bucket(buckets, cell)
                                             : key_id(view, s->keys[k], noun, id);
    for (int i = 0; i < table->n; i++)
        if (compare_rows(s, &table->rows[i], &row) == 0)
            return i;
    if (table->is_full)
        return NONE;
    table->rows = realloc(table->rows, ((size_t)table->n + 1) * sizeof row);
    assert_non_null(table->rows);
    table->rows[table->n] = row;
    return table->n++;
}

int table_key_columns(const struct statement *s, struct answer *out)
{
    for (int k = 0; k < s->n_keys; k++)
        out->columns[out->n_columns++] = KEYS[s->keys[k]];
    if (s->every)
        out->columns[out->n_columns++] = "time";
    return out->n_columns;
}

void table_put_keys(const struct statement *s, const struct view *view, const struct table *table, int row,
                    struct answer *out)
{
    static const int kinds[] = {0, GK_LINE, GK_ENTERPRISE, GK_PARK};
    const struct group_row *r = &table->rows[row];
    gk_time start = table->buckets.starts[cell_bucket(&table->buckets, r->cell)];
    char text[GK_TIME_TEXT_MAX];

    for (int k = 0; k < s->n_keys; k++) {
        if (key_is_tag((int)s->keys[k])) {
            answer_put_text(out, k, TAGS[r->ids[k]]);
        } else if (s->keys[k] < BY_HOUR) {
            answer_put_text(out, k, r->ids[k] == INT32_MAX ? "" : site_text(view->zone, kinds[s->keys[k]], r->ids[k]));
        } else if (s->keys[k] == BY_SHIFT) {
            answer_put_text(out, k, table->buckets.shifts[r->ids[k]]);
        } else if (s->keys[k] == BY_HOUR) {
            answer_put_time(out, k, start);
        } else {
            (void)gk_time_format(start, 28800, text);
            text[s->keys[k] == BY_MONTH ? 7 : 10] = '\0';
            answer_put_text(out, k, text);
        }
    }
    if (s->every)
        answer_put_time(out, s->n_keys, start);
}

/* Row numbers in order. */
int *table_order(const struct statement *s, const struct table *table)
{
    int *order = malloc(((size_t)table->n + 1) * sizeof *order);

    assert_non_null(order);
    for (int i = 0; i < table->n; i++) {
        int k = i;
        for (; k > 0 && compare_rows(s, &table->rows[order[k - 1]], &table->rows[i]) > 0; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    return order;
}
