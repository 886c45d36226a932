/*
 * parse_tail.c - what follows a condition or a series, in any order, each at most once.
 */
#include "messages.h"
#include "parser.h"
#include "slips.h"

#include <string.h>

static const enum word TAILS[] = {W_IN,    W_WHERE,    W_PER,     W_BY,    W_EVERY, W_TOP,       W_HAVING,
                                  W_SORT,  W_LIMIT,    W_TZ,      W_WITH,  W_USING, W_LAST,      W_TODAY,
                                  W_NOW,   W_THIS,     W_BETWEEN, W_SINCE, W_UNTIL, W_YESTERDAY, W_FOR,
                                  W_WHILE, W_IGNORING, W_AND,     W_OR,    W_NONE};

static bool is_another_name(const struct parser *parser)
{
    return (parser_is_word(parser, W_AND) || parser_is_word(parser, W_OR)) && parser->at[1].kind == T_NAME;
}

static int parse_in(struct parser *parser, struct tail *out)
{
    static const char example[] = "in park 'P1', in enterprise 'E7'";
    int rc;

    TRY(parse_noun(parser, &out->in));
    if (out->in == NOUN_ZONE || out->in == NOUN_PRODUCTION || out->in == NOUN_ABATEMENT) {
        parser->at--;
        return parser_fail(parser, "park, enterprise, line or facility after 'in'", NULL, example);
    }
    TRY(parse_names(parser, &out->in_names));
    for (struct name *last = out->in_names; is_another_name(parser);) { /* in parks 'P1' and 'P2' */
        parser->at++;
        while (last->next)
            last = last->next;
        TRY(parse_names(parser, &last->next));
    }
    if (!parser_take_word(parser, W_INSIDE))
        (void)parser_take_han(parser, W_OF);
done:
    return rc;
}

/* A column, key or tag by its name: of a word of the language the English one, as answers have it. */
struct gk_text parser_column(const struct token *token)
{
    if (token->kind != T_WORD || (unsigned char)token->text.bytes[0] < 0x80)
        return token->text;
    const char *text = token->word ? word_text(token->word) : message_english(token->text.bytes); /* as its heading */
    return (struct gk_text){text, strlen(text)};
}

static int parse_filter(struct parser *parser, struct filter *out)
{
    static const char example[] = "where type = 'RTO' and rated_kw >= 50";
    const struct token *token = parser->at;
    int rc;

    if (token->kind != T_WORD && token->kind != T_NAME)
        return parser_fail(parser, "a tag after 'where'", NULL, example);
    out->tag = parser_column(token);
    out->place = token->place;
    parser->at++;
    TRY(parse_compare(parser, &out->compare));
    token = parser->at;
    bool is_minus = parser_take(parser, T_MINUS);
    token = parser->at;
    if (token->kind != T_NAME && token->kind != T_NUMBER && token->kind != T_QUANTITY && token->kind != T_WORD)
        return parser_fail(parser, "a value", NULL, example);
    out->value = token->text;
    out->value_place = token->place;
    out->is_number = token->kind == T_NUMBER || token->kind == T_QUANTITY;
    out->number = is_minus ? -token->number : token->number;
    parser->at++;
done:
    return rc;
}

int parse_filters(struct parser *parser, struct filter **out)
{
    struct filter **end = out;
    int rc;

    do {
        struct filter *filter = parser_new(parser, sizeof *filter);
        if (!filter)
            return parser_no_memory(parser);
        TRY(parse_filter(parser, filter));
        *end = filter;
        end = &filter->next;
    } while (parser_take_word(parser, W_AND));
done:
    return rc;
}

/* Words that are keys, in the order of enum key; no word is W_COUNT_OF_WORDS, which stands for KEY_TAG. */
static const enum word KEYS[] = {W_FACILITY, W_LINE, W_ENTERPRISE, W_PARK,  W_COUNT_OF_WORDS,
                                 W_HOUR,     W_DAY,  W_WEEK,       W_MONTH, W_SHIFT};
#define N_KEYS (sizeof KEYS / sizeof KEYS[0])

static enum key key_of(const struct token *token)
{
    for (size_t i = 0; token->kind == T_WORD && i < N_KEYS; i++)
        if (token->word == KEYS[i])
            return (enum key)i;
    return KEY_TAG;
}

static bool is_key(const struct parser *parser)
{
    return key_of(parser->at) != KEY_TAG;
}

/* Words of the language that are tags, or fields of alarms, as well. */
static bool is_field_word(const struct parser *parser)
{
    return parser_is_word(parser, W_GROUP) || parser_is_word(parser, W_RULE) || parser_is_word(parser, W_LEVEL);
}

/* A word that is no key of the language is a tag. */
int parse_key(struct parser *parser, struct tail *out)
{
    static const enum word words[] = {W_FACILITY, W_LINE, W_ENTERPRISE, W_PARK,  W_HOUR,
                                      W_DAY,      W_WEEK, W_MONTH,      W_SHIFT, W_NONE};
    const struct token *token = parser->at;
    enum key key = key_of(token);

    bool is_tag = token->kind == T_NAME || parser_is_word(parser, W_NONE) || is_field_word(parser);
    if ((key == KEY_TAG && !is_tag) || out->n_keys == KEYS_MAX)
        return parser_fail(parser, "a key after 'by'", words, NULL);
    for (size_t j = 0; j < out->n_keys; j++)
        if (out->keys[j] == key && (key != KEY_TAG || strcmp(out->key_tags[j].bytes, parser_column(token).bytes) == 0))
            return parser_fail(parser, "another key: this one stands there already", NULL, "by enterprise, day");
    out->keys[out->n_keys] = key;
    out->key_tags[out->n_keys] = parser_column(token);
    out->key_places[out->n_keys++] = token->place;
    parser->at++;
    return GK_OK;
}

/* 按grade; 按ratio降序 is the order of rows. */
static bool begins_tag(const struct token *token)
{
    bool is_name = token->kind == T_NAME || (token->kind == T_WORD && token->word == W_NONE);
    enum word next = token[1].kind == T_WORD ? token[1].word : W_NONE;

    return is_name && next != W_SORT && next != W_ASC && next != W_DESC && next != W_TOP;
}

/* A comma or `and` with another key behind it; in Chinese its 按 or 每 may be said again: 按企业、按日. */
static bool take_next_key(struct parser *parser)
{
    struct parser ahead = *parser;

    if (!parser_take(&ahead, T_COMMA) && !parser_take_word(&ahead, W_AND))
        return false;
    bool is_by = parser_take_word(&ahead, W_BY) || parser_take_han(&ahead, W_PER);
    bool is_other = !is_by && parser_is_han(&ahead) && !is_key(&ahead) && !is_field_word(&ahead);
    if (is_other || (is_by && !is_key(&ahead) && !begins_tag(ahead.at))) /* a comma between two clauses */
        return false;
    parser->at = ahead.at;
    return true;
}

static int parse_where(struct parser *parser, struct tail *out)
{
    return parse_filters(parser, &out->where);
}

static int parse_by(struct parser *parser, struct tail *out)
{
    int rc;

    TRY(parse_key(parser, out));
    while (take_next_key(parser))
        TRY(parse_key(parser, out));
done:
    return rc;
}

static int parse_every(struct parser *parser, struct tail *out)
{
    const struct token *first = parser->at;
    int rc;

    TRY(parse_duration(parser, "every", "every 5m", &out->every_ns));
    if (parser_take_word(parser, W_OFFSET))
        TRY(parse_duration(parser, "offset", "every 1d offset 6h", &out->offset_ns));
    out->every_place = parser_place(parser, first);
done:
    return rc;
}

/* A column of the answer, by name. */
static int parse_column(struct parser *parser, const char *what, const char *example, struct column_ref *out)
{
    const struct token *token = parser->at;

    if (token->kind != T_WORD && token->kind != T_NAME)
        return parser_fail(parser, what, NULL, example);
    out->name = parser_column(token);
    out->place = token->place;
    parser->at++;
    return GK_OK;
}

static int parse_top(struct parser *parser, struct tail *out)
{
    int rc;

    out->has_top = true;
    TRY(parse_count(parser, "a count after 'top'", &out->top));
    (void)parser_take(parser, T_COMMA);
    TRY(parser_need_word(parser, W_BY, "top 10 by duration"));
    TRY(parse_column(parser, "a column after 'by'", "top 10 by duration", &out->top_by));
done:
    return rc;
}

static int parse_sort(struct parser *parser, struct tail *out)
{
    int rc;

    out->has_sort = true;
    (void)parser_take_word(parser, W_BY); /* may be written */
    TRY(parse_column(parser, "a column after 'sort'", "sort duration desc", &out->sort));
    out->is_desc = parser_take_word(parser, W_DESC);
    if (!out->is_desc)
        (void)parser_take_word(parser, W_ASC); /* the default, may be written */
done:
    return rc;
}

static int parse_unknown(struct parser *parser, struct tail *out)
{
    static const enum word words[] = {W_KEEP, W_TRUE, W_FALSE, W_NONE};
    int rc;

    TRY(parser_need_word(parser, W_AS, "unknown as false"));
    for (size_t i = 0; words[i] != W_NONE; i++) {
        if (parser_take_word(parser, words[i])) {
            out->unknown_as = (enum unknown_as)i;
            return GK_OK;
        }
    }
    return parser_fail(parser, "keep, true or false after 'unknown as'", words, NULL);
done:
    return rc;
}

/* +08:00, -05:30, Z. */
static bool read_zone(const struct gk_text *text, int32_t *zone_s)
{
    const char *p = text->bytes;

    if (strcmp(p, "Z") == 0) {
        *zone_s = 0;
        return true;
    }
    if (text->size != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
        return false;
    for (size_t i = 1; i < 6; i++)
        if (i != 3 && (p[i] < '0' || p[i] > '9'))
            return false;
    int32_t hours = (p[1] - '0') * 10 + p[2] - '0', minutes = (p[4] - '0') * 10 + p[5] - '0';
    *zone_s = (hours * 3600 + minutes * 60) * (p[0] == '-' ? -1 : 1);
    return hours <= 18 && minutes <= 59;
}

static int parse_zone(struct parser *parser, struct tail *out)
{
    if (parser->at->kind != T_NAME || !read_zone(&parser->at->text, &out->zone_s))
        return parser_fail(parser, "a fixed offset in quotes after 'tz'", NULL,
                           "tz '+00:00'; zones with summer time are refused");
    out->has_zone = true;
    parser->at++;
    return GK_OK;
}

static int parse_per(struct parser *parser, struct tail *out)
{
    int rc;

    if (out->has_per)
        TRY(parser_each_by(parser, out)); /* 各园区各企业: keys, both */
    out->has_per = true;
    (void)parser_take_word(parser, W_MEASURE); /* 每条产线 */
    out->per_place = parser->at->place;
    TRY(parse_noun(parser, &out->per));
done:
    return rc;
}

static int parse_limit_tail(struct parser *parser, struct tail *out)
{
    out->has_limit = true;
    if (parser_is_han(parser)) /* 次数最多的企业 */
        return parser_fail(parser, "a count after 'limit'", NULL,
                           "a count stands before what is counted: top 5 by count");
    return parse_count(parser, "a count after 'limit'", &out->limit);
}

struct tail_form {
    enum word word;
    enum tail_kind kind;
    int (*parse)(struct parser *parser, struct tail *out);
};

static const struct tail_form FORMS[] = {
    {W_IN, TAIL_IN, parse_in},
    {W_WHERE, TAIL_WHERE, parse_where},
    {W_PER, TAIL_PER, parse_per},
    {W_BY, TAIL_BY, parse_by},
    {W_EVERY, TAIL_EVERY, parse_every},
    {W_TOP, TAIL_TOP, parse_top},
    {W_HAVING, TAIL_HAVING, parse_having},
    {W_SORT, TAIL_SORT, parse_sort},
    {W_LIMIT, TAIL_LIMIT, parse_limit_tail},
    {W_UNKNOWN, TAIL_UNKNOWN, parse_unknown},
    {W_TZ, TAIL_TZ, parse_zone},
    {W_WITH, TAIL_WITH, parse_with},
    {W_USING, TAIL_USING, parse_using},
    {W_CLEAR, TAIL_CLEAR, parse_rule_clear},
    {W_NOTIFY, TAIL_NOTIFY, parse_rule_notify},
    {W_ESCALATE, TAIL_ESCALATE, parse_rule_escalate},
    {W_MESSAGE, TAIL_MESSAGE, parse_rule_message},
};

static int mark_seen_at(struct parser *parser, const struct token *token, struct tail *out, enum tail_kind kind)
{
    if (out->seen & 1u << kind && kind == TAIL_TIME) {
        report_hint(parser->report,
                    "one time is enough: today, today 08:00-12:00, last 24h, between 2026-11-18 and 2026-11-21");
        return report_fail(parser->report, GK_ESYNTAX, token->place, "the statement has its time already");
    }
    if (out->seen & 1u << kind) {
        report_hint(parser->report, "%s",
                    report_text(parser->report, kind == TAIL_BY ? "one 'by' takes several keys: by enterprise, day"
                                                                : "each tail stands at most once"));
        return report_fail(parser->report, GK_ESYNTAX, token->place, "the statement has a '%.40s' already",
                           token->text.bytes);
    }
    out->seen |= 1u << kind;
    out->places[kind] = token->place;
    return GK_OK;
}

static int mark_seen(struct parser *parser, struct tail *out, enum tail_kind kind)
{
    return mark_seen_at(parser, parser->at, out, kind);
}

/* What was likely meant where a tail is expected. */
static const char *example_instead(const struct parser *parser)
{
    enum noun noun;

    if (parser->at->kind == T_NAME && parser->at > parser->list && parser->at[-1].kind == T_WORD &&
        parser->at[-1].word == W_SHIFT)
        return "one shift alone is a condition: during shift 'night'";
    if (is_key(parser) && parser->at[1].kind != T_NAME &&
        (parser->at == parser->list || is_key(&(struct parser){.at = parser->at - 1})))
        return "keys are separated by commas: by enterprise, day";
    if (parser_is_word(parser, W_ORDER) && parser->at[1].kind == T_WORD && parser->at[1].word == W_BY)
        return "sort duration desc";
    const struct token *before = parser->at > parser->list ? parser->at - 1 : parser->at;
    bool is_behind_suffix =
        before->kind == T_DURATION || (before->kind == T_WORD && (before->word == W_ABOVE || before->word == W_BELOW));
    if (is_behind_suffix && (parser_is_word(parser, W_AND) || parser_is_word(parser, W_OR) ||
                             parser_is_word(parser, W_WHILE) || parser_is_word(parser, W_UNLESS)))
        return "a suffix is of all that stands before it; of a part: (abatement off for >= 10m) while production "
               "running";
    if (parser_is_word(parser, W_OR))
        return "parentheses say what belongs together: (production running on workdays) or abatement off";
    if (parser_is_calendar(parser))
        return "days stand before place and time: when production running on mondays in park 'P1' last 30d";
    if (parser_peek_noun(parser, &noun) || parser_peek_series(parser) || parser_is_word(parser, W_ANY) ||
        parser_is_word(parser, W_ALL) || parser_is_word(parser, W_NO) || parser_is_word(parser, W_WHEN))
        return "two conditions are joined by while, and, or, unless: abatement offline while production running";
    if (parser_is_word(parser, W_OF))
        return "in enterprise 'E1'";
    if (parser_is_word(parser, W_WHILE) || parser_is_word(parser, W_DURING) || parser_is_word(parser, W_UNLESS) ||
        parser_is_word(parser, W_OUTSIDE))
        return "what narrows a condition stands before place and time: when production running during workdays today";
    enum token_kind kind;
    if (parser->at->kind == T_DURATION || parser_take_compare(&(struct parser){.at = parser->at}, &kind))
        return "for >= 10m";
    if (parser->at->kind == T_NUMBER && parser->at[1].kind == T_WORD && parser->at[1].word == W_TIMES)
        return "at least 3 times within 7d, more than 6 times within 1h";
    if (parser->at->kind == T_CLOCK)
        return "today 08:00-12:00, yesterday 22:00-06:00";
    if (parser->at->kind == T_CLOSE)
        return "there is no '(' to it";
    return "last 24h, in park 'P1', by enterprise, top 10 by duration";
}

static int refuse_tail(struct parser *parser)
{
    if (parser_is_word(parser, W_FORMAT)) {
        report_hint(parser->report, "gk query STORE 'text' --format csv");
        return report_fail(parser->report, GK_ESYNTAX, parser->at->place,
                           "the format of an answer is chosen outside of the statement");
    }
    if (parser_is_no_data(parser))
        return parser_fail(parser, "the end or a tail", NULL, "when facility nodata for > 1h");
    enum noun noun;
    if (parser_is_word(parser, W_NONE) && !slip_find(&parser->at->text) && parser->at > parser->list &&
        parser_peek_noun(&(struct parser){.at = parser->at - 1}, &noun)) /* facility F12 */
        return parser_fail_name(parser, "the end, a tail, or a name in quotes");
    return parser_fail(parser, "the end or a tail", TAILS, example_instead(parser));
}

/* by grade sort share, by grade top 5 by share: a tag, as what stands behind has its column already. */
static bool is_tag_key(const struct token *name)
{
    const struct token *next = name + 2;
    const struct parser at_name = {.at = name};
    struct measure agg;

    if (name->kind != T_NAME && name->word != W_NONE && !is_field_word(&at_name))
        return false;
    if (name[1].word == W_TOP)
        return next->kind == T_NUMBER && next[1].kind == T_WORD && next[1].word == W_BY;
    return name[1].word == W_SORT &&
           (next->kind == T_NAME || (next->kind == T_WORD && (next->word == W_NONE || parser_read_agg(next, &agg))));
}

/* 按时长降序, 按时长前10: the column before what is done with it. */
static int parse_by_column(struct parser *parser, struct tail *out, bool *is_done)
{
    const struct token *token = parser->at;

    *is_done = !parser_is_word(parser, W_BY) || (token[1].kind != T_WORD && token[1].kind != T_NAME) ||
               token[2].kind != T_WORD;
    if (*is_done)
        return GK_OK;
    struct column_ref column = {parser_column(token + 1), token[1].place};
    struct parser ahead = {.at = token + 1};
    bool is_plain = is_key(&ahead) && token[2].word != W_ASC && token[2].word != W_DESC;
    if (is_plain || is_tag_key(token + 1)) { /* by enterprise sort share */
        *is_done = true;
        return GK_OK;
    }
    switch (token[2].word) {
    case W_SORT:
    case W_ASC:
    case W_DESC:
        out->has_sort = true;
        out->sort = column;
        out->is_desc = token[2].word == W_DESC || (token[2].word == W_SORT && token[3].word == W_DESC);
        parser->at += 3;
        if (token[2].word == W_SORT && token[3].kind == T_WORD && (token[3].word == W_DESC || token[3].word == W_ASC))
            parser->at++;
        else
            (void)parser_take_word(parser, W_SORT); /* 降序排列 */
        return mark_seen_at(parser, token, out, TAIL_SORT);
    case W_TOP:
        out->has_top = true;
        out->top_by = column;
        parser->at += 3;
        if (mark_seen_at(parser, token, out, TAIL_TOP) != GK_OK)
            return GK_ESYNTAX;
        return parse_count(parser, "a count after 'top'", &out->top);
    default:
        *is_done = true;
        return GK_OK;
    }
}

/* Every hour is by hour. */
static bool is_every_unit(const struct token *token)
{
    const struct token *next = token + 1;

    return token->kind == T_WORD && token->word == W_EVERY && next->kind == T_WORD && next->word >= W_HOUR &&
           next->word <= W_MONTH;
}

/* 每日 is by day, 每15分钟 every 15m. */
static const struct tail_form *find_form(const struct parser *parser)
{
    const struct token *next = parser->at + 1;
    enum word word = parser->at->kind == T_WORD ? parser->at->word : W_NONE;

    if (word == W_PER && next->kind == T_DURATION)
        word = W_EVERY;
    else if (is_every_unit(parser->at))
        word = W_BY;
    else if (word == W_BY && next->kind == T_WORD && next->word == W_BAND && next[1].kind == T_NAME) /* 按阈值'v2' */
        word = W_USING;
    else if (word == W_PER && next->kind == T_WORD &&
             ((next->word >= W_HOUR && next->word <= W_MONTH) || next->word == W_SHIFT))
        word = W_BY;
    for (size_t i = 0; word != W_NONE && i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (FORMS[i].word == word)
            return &FORMS[i];
    return NULL;
}

int parse_tail_one(struct parser *parser, struct tail *out, bool *is_done)
{
    int rc;

    TRY(parse_vs_stored(parser, out, is_done));
    if (*is_done)
        TRY(parse_by_column(parser, out, is_done));
    if (!*is_done)
        return GK_OK;
    *is_done = false;
    const struct tail_form *form = find_form(parser);
    if (parser_is_known(parser)) {
        TRY(mark_seen(parser, out, TAIL_KNOWN));
        TRY(parse_known(parser, out));
    } else if (parser_is_time(parser)) {
        TRY(mark_seen(parser, out, TAIL_TIME));
        TRY(parse_time(parser, &out->time));
    } else if (parser_is_versus(parser)) {
        TRY(mark_seen(parser, out, TAIL_VERSUS));
        TRY(parse_versus(parser, out));
    } else if (parser_is_escalation(parser)) {
        TRY(mark_seen(parser, out, TAIL_ESCALATE));
        TRY(parse_rule_escalate(parser, out));
    } else if (parser_is_ranking(parser)) {
        TRY(mark_seen(parser, out, TAIL_TOP));
        TRY(parse_ranking(parser, out));
    } else if (form) {
        bool is_each = parser_take_han(&(struct parser){.at = parser->at}, W_PER) || is_every_unit(parser->at);
        bool has_each = form->kind == TAIL_PER ? out->has_per : form->kind == TAIL_BY && out->seen & 1u << TAIL_BY;
        if (!is_each || !has_each) /* 各园区各企业, 每天各班次 */
            TRY(mark_seen(parser, out, form->kind));
        parser->at++;
        TRY(form->parse(parser, out));
    } else if (parser_is_place(parser)) {
        TRY(mark_seen(parser, out, TAIL_IN));
        TRY(parse_in(parser, out));
    } else {
        *is_done = true;
    }
done:
    return rc;
}

int parse_tail(struct parser *parser, struct cond **cond, struct tail *out)
{
    bool is_done;
    int rc = GK_OK;

    while (parser->at->kind != T_END) {
        const struct token *first = parser->at;
        (void)parser_take(parser, T_COMMA); /* between two clauses */
        TRY(parse_tail_one(parser, out, &is_done));
        /* `per enterprise for >= 10m`: a suffix of the condition may stand among the tails. */
        if (is_done && cond)
            TRY(parse_suffix(parser, cond, &is_done));
        if (is_done) {
            parser->at = first[1].kind == T_END ? first : parser->at; /* a comma is not the mistake */
            return refuse_tail(parser);
        }
    }
done:
    return rc;
}
