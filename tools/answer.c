/*
 * answer.c - values to cells, cells to rows. The footer is in answer_footer.c.
 */
#include "answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer_footer.h"

bool answer_format_named(const char *name, enum answer_format *out)
{
    static const char *const names[] = {"table", "csv", "json", "jsonl", "markdown"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (enum answer_format)i;
            return true;
        }
    return false;
}

static bool is_number(enum gk_type type)
{
    return type == GK_TYPE_NUMBER || type == GK_TYPE_SECONDS || type == GK_TYPE_SHARE;
}

/* No value; "since ever" and "for ever" are none either. */
static bool is_absent(const struct gk_value *value)
{
    if (value->type == GK_TYPE_TIME)
        return value->as.time == GK_TIME_MIN || value->as.time == GK_TIME_MAX;
    return value->type == GK_TYPE_EMPTY || (is_number(value->type) && isnan(value->as.number));
}

/* What is written the same way everywhere: times, numbers, counts. */
static void put_plain(struct output *out, const struct gk_value *value, int32_t zone_s)
{
    char time[GK_TIME_TEXT_MAX], number[NUMBER_TEXT_MAX];

    if (value->type == GK_TYPE_TIME)
        output_bytes(out, time, gk_time_format(value->as.time, zone_s, time));
    else if (is_number(value->type))
        output_bytes(out, number, number_format(value->as.number, number));
    else if (value->type == GK_TYPE_COUNT)
        output_whole(out, value->as.count);
}

static void put_cell(struct output *out, const struct gk_value *value, int32_t zone_s, bool is_markdown)
{
    char share[NUMBER_TEXT_MAX];

    if (is_absent(value))
        return;
    if (value->type == GK_TYPE_TRUTH)
        output_text(out, value->as.count != 0 ? "yes" : "no");
    else if (value->type == GK_TYPE_SHARE)
        output_bytes(out, share, share_format(value->as.number, share));
    else if (value->type != GK_TYPE_TEXT)
        put_plain(out, value, zone_s);
    else if (is_markdown)
        output_markdown(out, value->as.text.bytes, value->as.text.size);
    else
        output_shown(out, value->as.text.bytes, value->as.text.size);
}

static void put_csv_text(struct output *out, const char *text, size_t size, bool is_terminal)
{
    struct output shown;

    if (!is_terminal) {
        output_csv_guarded(out, text, size);
        return;
    }
    output_init(&shown, -1);
    output_shown(&shown, text, size);
    output_csv_guarded(out, shown.bytes, shown.n);
    output_clear(&shown);
}

static void put_csv(struct output *out, const struct gk_value *value, int32_t zone_s, bool is_terminal)
{
    if (is_absent(value))
        return;
    if (value->type == GK_TYPE_TEXT)
        put_csv_text(out, value->as.text.bytes, value->as.text.size, is_terminal);
    else if (value->type == GK_TYPE_TRUTH)
        output_text(out, value->as.count != 0 ? "true" : "false");
    else
        put_plain(out, value, zone_s);
}

static void put_json(struct output *out, const struct gk_value *value, int32_t zone_s)
{
    if (is_absent(value) || (is_number(value->type) && isinf(value->as.number))) {
        output_text(out, "null");
    } else if (value->type == GK_TYPE_TEXT) {
        output_json(out, value->as.text.bytes, value->as.text.size);
    } else if (value->type == GK_TYPE_TRUTH) {
        output_text(out, value->as.count != 0 ? "true" : "false");
    } else {
        output_text(out, value->type == GK_TYPE_TIME ? "\"" : "");
        put_plain(out, value, zone_s);
        output_text(out, value->type == GK_TYPE_TIME ? "\"" : "");
    }
}

/* ---- headings ---- */

static void begin_table(struct answer *answer)
{
    table_init(&answer->table, answer->out, answer->n_columns, answer->is_terminal && getenv("NO_COLOR") == NULL);
    for (size_t i = 0; i < answer->n_columns; i++) {
        const char *name = gk_query_column(answer->query, i)->name;

        output_shown(table_cell(&answer->table), name, strlen(name));
        table_cell_end(&answer->table, false);
    }
}

static void begin_csv(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        const char *name = gk_query_column(answer->query, i)->name;

        output_text(answer->out, i > 0 ? "," : "");
        output_csv(answer->out, name, strlen(name));
    }
    output_text(answer->out, "\r\n");
}

static void begin_markdown(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        const char *name = gk_query_column(answer->query, i)->name;

        output_text(answer->out, "| ");
        output_markdown(answer->out, name, strlen(name));
        output_text(answer->out, " ");
    }
    output_text(answer->out, "|\n");
    for (size_t i = 0; i < answer->n_columns; i++) {
        enum gk_type type = gk_query_column(answer->query, i)->type;

        output_text(answer->out, is_number(type) || type == GK_TYPE_COUNT ? "|---:" : "|---");
    }
    output_text(answer->out, "|\n");
}

void answer_begin(struct answer *answer, const gk_query *query)
{
    answer->query = query;
    answer->n_columns = gk_query_n_columns(query);
    answer->n_rows = 0;
    output_init(&answer->held, -1);
    if (answer->n_statements++ > 0 && answer->format != ANSWER_JSON && answer->format != ANSWER_JSONL)
        output_text(answer->out, answer->format == ANSWER_CSV ? "\r\n" : "\n");
    if (answer->n_columns == 0)
        return;
    if (answer->format == ANSWER_TABLE)
        begin_table(answer);
    else if (answer->format == ANSWER_CSV)
        begin_csv(answer);
    else if (answer->format == ANSWER_MARKDOWN)
        begin_markdown(answer);
}

/* ---- rows ---- */

static void row_table(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        const struct gk_value *value = gk_query_value(answer->query, i);
        enum gk_type type = gk_query_column(answer->query, i)->type;

        put_cell(table_cell(&answer->table), value, answer->zone_s, false);
        table_cell_end(&answer->table, is_number(type) || type == GK_TYPE_COUNT);
    }
}

static void row_csv(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        output_text(answer->out, i > 0 ? "," : "");
        put_csv(answer->out, gk_query_value(answer->query, i), answer->zone_s, answer->is_terminal);
    }
    output_text(answer->out, "\r\n");
}

static void row_json(struct answer *answer, struct output *out)
{
    output_text(out, "{");
    for (size_t i = 0; i < answer->n_columns; i++) {
        const char *name = gk_query_column(answer->query, i)->name;

        output_text(out, i > 0 ? ", " : "");
        output_json(out, name, strlen(name));
        output_text(out, ": ");
        put_json(out, gk_query_value(answer->query, i), answer->zone_s);
    }
    output_text(out, "}");
}

static void row_markdown(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        output_text(answer->out, "| ");
        put_cell(answer->out, gk_query_value(answer->query, i), answer->zone_s, true);
        output_text(answer->out, " ");
    }
    output_text(answer->out, "|\n");
}

void answer_row(struct answer *answer)
{
    switch (answer->format) {
    case ANSWER_TABLE:
        row_table(answer);
        break;
    case ANSWER_CSV:
        row_csv(answer);
        break;
    case ANSWER_JSON:
        output_text(&answer->held, answer->n_rows > 0 ? ",\n  " : "\n  ");
        row_json(answer, &answer->held);
        break;
    case ANSWER_JSONL:
        row_json(answer, answer->out);
        output_text(answer->out, "\n");
        break;
    case ANSWER_MARKDOWN:
        row_markdown(answer);
        break;
    }
    answer->n_rows++;
}

/* ---- the end ---- */

static void end_json(struct answer *answer, const struct gk_query_meta *meta)
{
    output_text(answer->out, "{\"meta\": ");
    footer_json(answer->out, answer->query, meta, answer->zone_s);
    output_text(answer->out, ",\n \"rows\": [");
    output_bytes(answer->out, answer->held.bytes, answer->held.n);
    output_text(answer->out, answer->n_rows > 0 ? "\n]}\n" : "]}\n");
}

static void end_table(struct answer *answer, bool is_complete)
{
    if (answer->n_columns == 0)
        return;
    if (is_complete || answer->n_rows > 0)
        table_finish(&answer->table);
    else
        table_drop(&answer->table); /* a heading above nothing but an error */
}

void answer_end(struct answer *answer, const struct gk_query_meta *meta)
{
    if (answer->format == ANSWER_TABLE)
        end_table(answer, meta != NULL);
    if (meta != NULL && answer->format == ANSWER_JSON)
        end_json(answer, meta);
    else if (meta != NULL && (answer->format == ANSWER_TABLE || answer->format == ANSWER_MARKDOWN))
        footer_text(answer->out, meta, answer->zone_s, answer->format == ANSWER_MARKDOWN);
    else if (meta != NULL)
        footer_warnings(meta);
    output_clear(&answer->held);
}
