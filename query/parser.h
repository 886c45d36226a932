/*
 * parser.h - what the parser's files share: the walk over the tokens, and errors that say what was expected. Every
 * parse function returns GK_OK or the status of the one error it reported.
 */
#ifndef QUERY_PARSER_H
#define QUERY_PARSER_H

#include "ast.h"

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != GK_OK)                                                                                               \
            goto done;                                                                                                 \
    } while (0)

struct parser {
    struct arena *arena;
    struct report *report;
    const struct token *at;   /* the next token */
    const struct token *list; /* the first one */
    unsigned depth, deepest;
    bool has_implied; /* which facilities offline: a state without its noun is of the names' */
    enum noun implied;
    const struct cond *widened;  /* ends with `within last`, outside of parentheses; NULL: none does */
    const struct token *on_days; /* of the first `on monday`; NULL: there is none */
    const struct token *stop;    /* no suffix of a condition begins here; NULL: it may everywhere */
};

/* ---- walking: parser.c ---- */
bool parser_is_word(const struct parser *parser, enum word word);
bool parser_take_word(struct parser *parser, enum word word);
bool parser_take(struct parser *parser, enum token_kind kind);
/* "expected <what>, got <token>", with the nearest of `words` (ended by W_NONE, may be NULL) and then `example` as
 * hint. */
int parser_fail(struct parser *parser, const char *what, const enum word *words, const char *example);
int parser_need_word(struct parser *parser, enum word word, const char *example);
int parser_need(struct parser *parser, enum token_kind kind, const char *what, const char *example);
void *parser_new(struct parser *parser, size_t size); /* NULL: no memory */
int parser_no_memory(struct parser *parser);
/* From the byte of the first token to the end of the last one that was taken. */
struct place parser_place(const struct parser *parser, const struct token *first);
/* A word of a later version, by its name; `instead` is the hint, NULL: what there is. */
int parser_refuse(struct parser *parser, const char *what, const char *instead);

/* ---- shared pieces: parse_noun.c ---- */
/* The noun of the next token; false when it is none. */
bool parser_peek_noun(const struct parser *parser, enum noun *out);
int parse_noun(struct parser *parser, enum noun *out);
/* Fails at the next token: a noun was expected. */
int parser_fail_noun(struct parser *parser);
/* Fails at the next token: a name in quotes was expected. */
/* `no data`, which is a state: nodata. */
bool parser_is_no_data(const struct parser *parser);
int parser_fail_name(struct parser *parser, const char *what);
/* 'a', 'b' : at least one. */
int parse_names(struct parser *parser, struct name **out);
/* NOUN ['a', 'b'] */
int parse_ref(struct parser *parser, struct ref *out);
/* < <= > >= = !=, at least, at most, more than, less than. */
bool parser_take_compare(struct parser *parser, enum token_kind *out);
int parse_compare(struct parser *parser, enum gk_compare *out);
int parse_duration(struct parser *parser, const char *after, const char *example, int64_t *ns);
int parse_count(struct parser *parser, const char *what, uint64_t *out);
/* calendar 'X', shift 'X', workdays, weekdays, weekends, DAY [- DAY]: parse_calendar.c */
bool parser_is_calendar(const struct parser *parser);
int parse_calendar(struct parser *parser, struct cond *cond);
/* `on` with days behind it, which is no state: on mondays, on workdays */
bool parser_is_on_days(const struct token *on);
/* 2小时[以上]不变: parse_event.c */
bool parser_is_long_frozen(const struct parser *parser);
/* The metric or channel name of the next tokens `X of`; false when they are none. */
bool parser_peek_series(const struct parser *parser);
/* METRIC of REF, in Chinese also REF 的 [any|all|no] METRIC. */
int parse_series(struct parser *parser, struct series **out);

/* The metric or channel that a token names. */
bool parser_read_metric(const struct token *token, enum metric *out);

/* ---- conditions: parse_cond.c ---- */
int parse_cond(struct parser *parser, struct cond **out);
int parse_prim(struct parser *parser, struct cond **out);
/* Wraps what is there: *cond = kind(*cond, b). */
int parser_wrap(struct parser *parser, struct cond **cond, enum cond_kind kind, struct cond *b);
/* Around a condition inside of others: too deep is an error. Afterwards parser->depth--. */
int parser_enter(struct parser *parser);
/* A condition without while, during, unless, outside and without suffixes. */
int parse_clause(struct parser *parser, struct cond **out);
/* What narrows a series, `during COND`, `unless COND`, ...; *out is NULL when there is none. */
int parse_only(struct parser *parser, struct cond **out);
/* One of `for`, `ignoring gaps`, `held`, `within` around *out; is_done: there is none. */
int parse_suffix(struct parser *parser, struct cond **out, bool *is_done);

/* ---- conditions of events: parse_event.c ---- */
/* `at least 3 times within 7d`, `after PRIM within 10m` around *out; is_done: there is none. */
int parse_event_suffix(struct parser *parser, struct cond **out, bool *is_done);
/* `within 30m`, 30分钟内 */
bool parser_is_within(const struct parser *parser);
int parse_event_window(struct parser *parser, const char *example, int64_t *ns);
/* `at least 3 times` without `within` in what comes: *from is where it begins, *to what stands behind it. */
bool parser_find_times(const struct parser *parser, const struct token **from, const struct token **to);
/* `count of PRIM within 1h >= 6` */
bool parser_is_count_of(const struct parser *parser);
int parse_count_of(struct parser *parser, struct cond **out);
/* `within 60s of each other` around *out, a leaf with a quantifier; nothing when it does not stand there. */
int parse_together(struct parser *parser, struct cond **out);
/* `[is] frozen >= 2h` behind a series; the leaf is there already. */
bool parser_is_frozen(const struct parser *parser);
int parse_frozen(struct parser *parser, struct cond *cond);

/* ---- lags: parse_lag.c ---- */
/* `AGG, AGG of lag ...`, `list lag ...` */
bool parser_is_lag(const struct parser *parser);
int parse_lag(struct parser *parser, struct stmt *stmt);

/* `order`, `order 'orange'`, `order level 3`, ...: as a condition. */
int parse_order_alone(struct parser *parser, struct cond **out);

/* ---- numbers: parse_agg.c ---- */
/* which NOUN COND at least 3 times, which stands from..to: count of COND by NOUN having count >= 3; no tails yet. */
int parse_which_often(struct parser *parser, const struct token *from, const struct token *to, struct stmt *stmt);
/* The comparison behind a number: which enterprises duration of abatement offline > 2h. NULL: none before `end`. */
const struct token *parser_find_limit(const struct parser *parser, const struct token *end);
int parse_which_numbers(struct parser *parser, const struct token *limit, struct stmt *stmt);
/* Whether a statement of numbers begins here. */
bool parser_is_agg(const struct parser *parser);
int parse_aggregate(struct parser *parser, struct stmt *stmt);
bool parser_read_agg(const struct token *token, struct measure *out);
/* AGG, AGG: up to INPUTS_MAX of them. */
int parse_aggs(struct parser *parser, struct measure *list, size_t *n);

/* ---- tails: parse_tail.c, parse_having.c, parse_versus.c, parse_time.c ---- */
/* `cond` (NULL: none) is the statement's condition, which suffixes among the tails wrap. */
int parse_tail(struct parser *parser, struct cond **cond, struct tail *out);
/* ---- `with` and `vs stored`: parse_with.c ---- */
int parse_using(struct parser *parser, struct tail *out);
int parse_with(struct parser *parser, struct tail *out);
/* `vs stored`, `vs now`; is_done: they do not stand there. */
int parse_vs_stored(struct parser *parser, struct tail *out, bool *is_done);
/* `as known at TIME`, 截至TIME所知 */
bool parser_is_known(const struct parser *parser);
int parse_known(struct parser *parser, struct tail *out);

/* A key behind `by`. */
int parse_key(struct parser *parser, struct tail *out);
/* One tail; is_done: there is none. */
int parse_tail_one(struct parser *parser, struct tail *out, bool *is_done);
/* A column, key or tag by its name: of a word of the language the English one, as answers have it. */
struct gk_text parser_column(const struct token *token);
/* tag cmp value { and tag cmp value } */
int parse_filters(struct parser *parser, struct filter **out);
int parse_having(struct parser *parser, struct tail *out);
/* `cmp VALUE` behind a column, as one more condition of `having`. */
int parse_having_of(struct parser *parser, const char *column, struct place place, struct tail *out);
bool parser_is_versus(const struct parser *parser);
int parse_versus(struct parser *parser, struct tail *out);
bool parser_is_time(const struct parser *parser);
/* An ISO time, bare or in quotes; also now, today, yesterday. */
int parse_instant(struct parser *parser, const char *what, const char *example, struct token *out);
/* `on` with a date behind it, which is no state. */
bool parser_is_on_date(const struct token *on);
int parse_time(struct parser *parser, struct time_tail *out);

/* ---- Chinese word order: parse_chinese.c ---- */
/* The next token is written in Chinese. */
bool parser_is_han(const struct parser *parser);
bool parser_take_han(struct parser *parser, enum word word);
/* `REF 的` is next; *after is the token behind it, which may stand there without 的 when it is a metric: 治污电流. */
bool parser_peek_genitive(const struct parser *parser, const struct token **after);
/* Tails that stand in front of the verb. */
bool parser_is_leading_tail(const struct parser *parser);
/* [在] 园区'P1' 内, 企业'E1' 的 治污: the tail `in`. */
bool parser_is_place(const struct parser *parser);
/* A noun or a quantifier: a condition begins. */
bool parser_begins_cond(const struct token *token);
/* A Chinese condition begins, which needs no 当 before it. */
bool parser_begins_han_cond(const struct parser *parser);
int parse_leading_tails(struct parser *parser, struct tail *out);
/* 各企业 每日 becomes 每日 各企业: what follows is of the enterprise. Keys keep the order of the text. */
void parser_put_units_first(struct token *list);
/* Moves a time that stands between a noun and its 的 to the front; `list` are the parser's tokens. */
void parser_put_time_first(struct parser *parser, struct token *list);

/* ---- the noun at the end: parse_ending.c ---- */
/* COND 的 NOUN: the 的 of the last noun; NULL: there is none. */
const struct token *parser_find_ending(const struct parser *parser);
/* 企业'E1'的设施 and nothing but tails: behind the place, what is inside. */
bool parser_is_inside_alone(const struct parser *parser, const struct tail *tail);
/* 前10的企业, 最多的5家企业 behind an aggregate. */
bool parser_is_ranking(const struct parser *parser);
/* 各NOUN of numbers becomes a key, in its place among those there are. */
int parser_each_by(struct parser *parser, struct tail *tail);
int parse_ranking(struct parser *parser, struct tail *out);
/* 列出 企业'E1' 未签收的报警: a noun with names before what is listed; *after is behind it. */
bool parser_is_ref_of_list(const struct parser *parser, const struct token **after);
/* What the tails leave to the statement: the column of a ranking, 各企业 of numbers. */
int parser_finish_tail(struct parser *parser, struct stmt *stmt);

/* What is asked stands behind what it is asked of: COND 的 AGGS. */
bool parser_is_genitive(const struct parser *parser);
/* (COND) 的 AGGS: not a parenthesis of arithmetic. */
bool parser_is_genitive_group(const struct parser *parser);
int parse_genitive(struct parser *parser, struct source *source, struct measure *list, size_t *n);
/* REF 的 状态 */
bool parser_is_state_genitive(const struct parser *parser);
int parse_state_genitive(struct parser *parser, struct stmt *stmt);
/* 生产的cap, with a sign, a comma, a tail or the end behind it: no whole statement, and no comparison. */
bool parser_is_field_genitive(const struct parser *parser);
/* The name of an attribute; `rated` is one of two. */
struct gk_text parser_take_attribute(struct parser *parser);
/* An aggregate of an attribute is one that it can have. What looks like a channel may be one, which the binder sees. */
int parser_check_attribute(struct report *report, const struct measure *measure);

/* ---- alarms and acts: parse_alarms.c ---- */
/* `alarms` or `acts`, or a word that says which of them, behind `list`. */
bool parser_is_record(const struct parser *parser);
int parse_record_list(struct parser *parser, struct stmt *stmt);
/* `count of alarms`, `p90 of lag from raised to closed of alarms`, 报警的次数 */
bool parser_is_alarm_numbers(const struct parser *parser);
int parse_alarm_numbers(struct parser *parser, struct stmt *stmt);
bool parser_is_alarm_evidence(const struct parser *parser); /* 报警12的证据 */
int parse_evidence(struct parser *parser, struct stmt *stmt);

/* ---- rules: parse_rule.c ---- */
int parse_rule(struct parser *parser, struct stmt *stmt);
int parse_rule_clear(struct parser *parser, struct tail *out);
int parse_rule_notify(struct parser *parser, struct tail *out);
int parse_rule_escalate(struct parser *parser, struct tail *out);
int parse_rule_message(struct parser *parser, struct tail *out);
/* 15分钟后升级 */
bool parser_is_escalation(const struct parser *parser);

/* ---- statements: parse.c ---- */
/*
 * Parses the first statement of the report's text. *out is NULL when only blanks and comments are left; *used gets the
 * bytes up to and with its ';'.
 */
int parse_statement(struct arena *arena, struct report *report, struct stmt **out, size_t *used);
/* Parses a condition alone, as `define` keeps it; `depth` conditions stand around it already. */
int parse_definition(struct arena *arena, struct report *report, unsigned depth, struct cond **out);

#endif
