/*
 * answer.c - values to cells, cells to rows. The footer is in answer_footer.c.
 */
#include "answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer_footer.h"
#include "plot_blocks.h"
#include "texts.h"

static const char *const names[] = {"table", "csv", "json", "jsonl", "markdown", "plot", NULL};

const char *const *answer_format_names(void)
{
    return names;
}

bool answer_format_named(const char *name, enum answer_format *out)
{
    for (size_t i = 0; names[i] != NULL; i++)
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
static void put_plain(const struct answer *answer, struct output *out, const struct gk_value *value)
{
    char number[NUMBER_TEXT_MAX];

    if (value->type == GK_TYPE_TIME)
        output_time(out, value->as.time, answer->zone_s, answer->is_epoch);
    else if (is_number(value->type))
        output_bytes(out, number, number_format(value->as.number, number));
    else if (value->type == GK_TYPE_COUNT)
        output_whole(out, value->as.count);
}

/* The columns whose text are the store's own words for states, roles and certainty: people read them in their language.
 */
static bool is_word_column(const char *name)
{
    return strcmp(name, "certainty") == 0 || strcmp(name, "state") == 0 || strcmp(name, "role") == 0;
}

static void put_cell(const struct answer *answer, struct output *out, size_t i)
{
    const struct gk_value *value = gk_query_value(answer->query, i);
    struct gk_text text = value->as.text;
    char number[NUMBER_TEXT_MAX];

    if (is_absent(value))
        return;
    if (value->type == GK_TYPE_TEXT && is_word_column(gk_query_column(answer->query, i)->name)) {
        text.bytes = tr(text.bytes);
        text.size = strlen(text.bytes);
    }
    if (value->type == GK_TYPE_TRUTH)
        output_text(out, tr(value->as.count != 0 ? "yes" : "no"));
    else if (value->type == GK_TYPE_SHARE)
        output_bytes(out, number, share_format(value->as.number, number));
    else if (is_number(value->type))
        output_bytes(out, number, number_shown(value->as.number, number));
    else if (value->type != GK_TYPE_TEXT)
        put_plain(answer, out, value);
    else if (answer->format == ANSWER_MARKDOWN)
        output_markdown(out, text.bytes, text.size);
    else
        output_shown(out, text.bytes, text.size);
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

static void put_csv(const struct answer *answer, struct output *out, const struct gk_value *value)
{
    if (is_absent(value))
        return;
    if (value->type == GK_TYPE_TEXT)
        put_csv_text(out, value->as.text.bytes, value->as.text.size, answer->is_terminal);
    else if (value->type == GK_TYPE_TRUTH)
        output_text(out, value->as.count != 0 ? "true" : "false");
    else
        put_plain(answer, out, value);
}

static void put_json(const struct answer *answer, struct output *out, const struct gk_value *value)
{
    bool is_quoted = value->type == GK_TYPE_TIME && !answer->is_epoch;

    if (is_absent(value) || (is_number(value->type) && isinf(value->as.number))) {
        output_text(out, "null");
    } else if (value->type == GK_TYPE_TEXT) {
        output_json(out, value->as.text.bytes, value->as.text.size);
    } else if (value->type == GK_TYPE_TRUTH) {
        output_text(out, value->as.count != 0 ? "true" : "false");
    } else {
        output_text(out, is_quoted ? "\"" : "");
        put_plain(answer, out, value);
        output_text(out, is_quoted ? "\"" : "");
    }
}

/* ---- headings ---- */

/* Programs read the names as they are, people in their language. */
static const char *heading(const struct answer *answer, size_t i)
{
    return gk_session_text(answer->session, gk_query_column(answer->query, i)->name);
}

static void begin_table(struct answer *answer)
{
    table_init(&answer->table, answer->out, answer->n_columns, answer->is_terminal && getenv("NO_COLOR") == NULL);
    for (size_t i = 0; i < answer->n_columns; i++) {
        const char *name = heading(answer, i);

        output_shown(table_cell(&answer->table), name, strlen(name));
        table_cell_end(&answer->table, false);
    }
}

static void begin_csv(struct answer *answer)
{
    if (answer->has_bom && answer->n_statements == 1)
        output_text(answer->out, "\xEF\xBB\xBF");
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
        const char *name = heading(answer, i);

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

static void begin_plot(struct answer *answer)
{
    const struct plot_request request = {.as = PLOT_KINDS, .max_lanes = PLOT_LANES_DEFAULT};

    plot_begin(&answer->plot, &request, answer->session, answer->snapshot, answer->query);
}

void answer_begin(struct answer *answer, const gk_query *query)
{
    answer->query = query;
    answer->n_columns = gk_query_n_columns(query);
    answer->n_rows = 0;
    output_init(&answer->held, -1);
    if (answer->n_columns == 0)
        return; /* a definition: it has nothing to show */
    if (answer->n_statements++ > 0 && answer->format != ANSWER_JSON && answer->format != ANSWER_JSONL)
        output_text(answer->out, answer->format == ANSWER_CSV ? "\r\n" : "\n");
    if (answer->format == ANSWER_TABLE)
        begin_table(answer);
    else if (answer->format == ANSWER_CSV)
        begin_csv(answer);
    else if (answer->format == ANSWER_MARKDOWN)
        begin_markdown(answer);
    else if (answer->format == ANSWER_PLOT)
        begin_plot(answer);
}

/* ---- rows ---- */

static void row_table(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        enum gk_type type = gk_query_column(answer->query, i)->type;

        put_cell(answer, table_cell(&answer->table), i);
        table_cell_end(&answer->table, is_number(type) || type == GK_TYPE_COUNT);
    }
}

static void row_csv(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        output_text(answer->out, i > 0 ? "," : "");
        put_csv(answer, answer->out, gk_query_value(answer->query, i));
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
        put_json(answer, out, gk_query_value(answer->query, i));
    }
    output_text(out, "}");
}

static void row_markdown(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_columns; i++) {
        output_text(answer->out, "| ");
        put_cell(answer, answer->out, i);
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
    case ANSWER_PLOT:
        plot_add(&answer->plot);
        break;
    }
    answer->n_rows++;
}

/* ---- the end ---- */

static void end_json(struct answer *answer, const struct gk_query_meta *meta)
{
    output_text(answer->out, "{\"meta\": ");
    footer_json(answer->out, answer->query, meta, answer->zone_s, answer->is_epoch);
    output_text(answer->out, ",\n \"rows\": [");
    output_bytes(answer->out, answer->held.bytes, answer->held.n);
    output_text(answer->out, answer->n_rows > 0 ? "\n]}\n" : "]}\n");
}

static void end_table(struct answer *answer, bool is_complete)
{
    if (is_complete || answer->n_rows > 0)
        table_finish(&answer->table);
    else
        table_drop(&answer->table); /* a heading above nothing but an error */
}

static bool end_plot(struct answer *answer, bool is_complete)
{
    struct gk_error error = {0};
    bool is_drawn = true;

    if (answer->n_columns > 0 && is_complete) {
        is_drawn = plot_make(&answer->plot, &error) == GK_OK;
        if (is_drawn)
            plot_blocks_write(&answer->plot,
                              plot_terminal_columns(answer->out->fd < 0 ? STDOUT_FILENO : answer->out->fd),
                              answer->is_terminal && getenv("NO_COLOR") == NULL, answer->out);
        else
            say(NULL, "%s", error.text);
    }
    plot_clear(&answer->plot);
    return is_drawn;
}

bool answer_end(struct answer *answer, const struct gk_query_meta *meta)
{
    const struct footer_style style = {.zone_s = answer->zone_s,
                                       .is_epoch = answer->is_epoch,
                                       .is_markdown = answer->format == ANSWER_MARKDOWN,
                                       .limit_option = answer->limit_option};
    bool is_written = answer->format != ANSWER_PLOT || end_plot(answer, meta != NULL);

    if (answer->format == ANSWER_TABLE && answer->n_columns > 0)
        end_table(answer, meta != NULL);
    if (meta != NULL && answer->format == ANSWER_JSON)
        end_json(answer, meta);
    else if (meta != NULL && (answer->format == ANSWER_CSV || answer->format == ANSWER_JSONL))
        footer_warnings(meta, answer->limit_option);
    else if (meta != NULL && answer->n_columns > 0 && answer->format != ANSWER_PLOT)
        footer_text(answer->out, meta, &style);
    output_clear(&answer->held);
    return is_written;
}
