/*
 * words.h - the words of the language. A word has one meaning (an enum) and any number of spellings: plurals, and
 * Chinese aliases, are just more rows of the table in words.c. What a word may do where is the parser's business.
 *
 * A new construct gets its words here: a line of the enum, and in words.c its English spelling first, then the Chinese
 * ones, the usual one first (it is the one that lists in messages show). A run of Han characters is cut at the longest
 * spellings, so a new one must not swallow the beginning of what may follow: try it in tests/query/pairs.txt, which
 * also proves that both forms give one tree. Where Chinese says it in another order (behind its object, with 的), the
 * grammar needs an alternative beside the English one: see parse_chinese.c.
 */
#ifndef QUERY_WORDS_H
#define QUERY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: by kinds */
enum word {
    W_NONE = 0, /* a bare word that is none of the language's: a channel, a definition, a tag, or a mistake */
    /* verbs */
    W_WHEN,
    W_WHICH,
    W_STATE,
    W_LIST,
    W_DEFINE,
    W_EXPLAIN,
    W_PROFILE,
    /* aggregates */
    W_DURATION,
    W_SHARE,
    W_COUNT,
    W_LONGEST,
    W_FIRST,
    W_LAST,
    W_COVERAGE,
    W_AVG,
    W_MAX,
    W_MIN,
    W_SUM,
    W_RMS,
    W_ENERGY,
    W_SAMPLES,
    W_MEDIAN,
    /* nouns */
    W_FACILITY,
    W_PRODUCTION,
    W_ABATEMENT,
    W_LINE,
    W_ENTERPRISE,
    W_PARK,
    W_ZONE,
    W_CHANNEL,
    W_LINK,
    W_BAND,
    W_ORDER,
    W_EXEMPTION,
    W_GAP,
    W_EVENT,
    W_BACKFILL,
    /* states */
    W_ON,
    W_RUNNING,
    W_NORMAL,
    W_OVERLOAD,
    W_IDLE,
    W_OFF,
    W_STOPPED,
    W_OFFLINE,
    W_NODATA,
    /* metrics */
    W_CURRENT,
    W_VOLTAGE,
    W_POWER,
    W_LOAD,
    /* conditions */
    W_WHILE,
    W_DURING,
    W_UNLESS,
    W_OUTSIDE,
    W_AND,
    W_OR,
    W_NOT,
    W_IS,
    W_POSSIBLY,
    W_SURELY,
    W_UNKNOWN,
    W_START,
    W_END,
    W_EXEMPT,
    W_HOURS,
    W_ANY,
    W_ALL,
    W_NO,
    W_AT,
    W_LEAST,
    W_MOST,
    W_MORE,
    W_LESS_THAN,
    W_THAN,
    W_EXACTLY,
    W_FOR,
    W_IGNORING,
    W_GAPS,
    W_HELD,
    W_WITHIN,
    W_NEXT,
    W_LEVEL,
    W_GROUP,
    W_RATED,
    W_FROZEN,
    W_TIMES,
    W_AFTER,
    W_EACH,
    W_OTHER,
    W_FROM,
    /* tails */
    W_OF,
    W_IN,
    W_WHERE,
    W_PER,
    W_BY,
    W_EVERY,
    W_OFFSET,
    W_TOP,
    W_HAVING,
    W_SORT,
    W_ASC,
    W_DESC,
    W_LIMIT,
    W_AS,
    W_KNOWN,
    W_KEEP,
    W_TRUE,
    W_FALSE,
    W_TZ,
    W_WITH,
    W_POSSIBLE,
    W_TODAY,
    W_YESTERDAY,
    W_NOW,
    W_THIS,
    W_BETWEEN,
    W_SINCE,
    W_UNTIL,
    W_EVER,
    W_ALWAYS,
    W_NEVER,
    W_HOUR,
    W_DAY,
    W_WEEK,
    W_MONTH,
    W_YEAR,
    W_NIGHT,
    W_TO,
    /* comparisons, in the order of T_LESS ...: their Chinese words are tokens of those kinds */
    W_LESS,
    W_LESS_EQUAL,
    W_GREATER,
    W_GREATER_EQUAL,
    W_EQUAL,
    W_NOT_EQUAL,
    /* what Chinese word order needs and English has not */
    W_DURING_THAT,  /* A期间B: during A, B */
    W_OUTSIDE_THAT, /* A之外B */
    W_ABOVE,        /* 10分钟以上: the comparison behind its value, >= */
    W_BELOW,        /* 10分钟以内: <= */
    W_INSIDE,       /* 园区'P1'内, 最近5分钟内 */
    W_SINCE_THEN,   /* 自A以来 */
    W_BEFORE,       /* A之前 */
    W_WITHIN_LAST,  /* 此前5分钟内 */
    W_WITHIN_NEXT,  /* 此后5分钟内 */
    W_MEASURE,      /* 2台, 每条 */
    W_SHOW,         /* 统计, 查询: may stand before what is asked */
    W_VS,
    W_CHAIN,
    W_YEARLY,
    W_PREVIOUS,
    W_SAME,
    W_TIME,
    W_CUT,
    W_SAME_TIME,  /* 同期 */
    W_SAME_HOURS, /* 同时段 */
    /* rules */
    W_RULE,
    W_RULES,
    W_ALARM,
    W_INFO,
    W_WARN,
    W_SEVERE,
    W_CLEAR,
    W_NOTIFY,
    W_ESCALATE,
    W_MESSAGE,
    W_LATER, /* 15分钟后 */
    W_USING,
    W_CALENDAR,
    W_SHIFT,
    W_WORKDAYS,
    W_HOLIDAYS,
    W_WEEKDAYS,
    W_WEEKENDS,
    W_MONDAY, /* in the order of the week */
    W_TUESDAY,
    W_WEDNESDAY,
    W_THURSDAY,
    W_FRIDAY,
    W_SATURDAY,
    W_SUNDAY,
    /* words of the language that this version does not answer yet: they are refused by name */
    W_ACK,
    W_ASSIGN,
    W_CLOSE,
    W_EVIDENCE,
    W_LAG,
    W_FORMAT,
    W_COUNT_OF_WORDS
};
/* clang-format on */

/* The meaning of a spelling, ASCII case ignored. */
enum word word_find(const char *text, size_t size);
/* The attribute that a spelling of `rated` names where it stands alone: rated_kw, of 额定电流 rated_a; else NULL. */
const char *word_attribute(const char *text, size_t size);
/* The longest spelling, Chinese only, with which the text begins; its length goes to *size. */
enum word word_longest(const char *text, size_t n, size_t *size);
/* The word as it is written in English. */
const char *word_text(enum word word);
/* The usual Chinese spelling; the English one where there is none. */
const char *word_chinese(enum word word);
/* The i-th spelling of the table and what it means (`word` may be NULL); NULL behind the last. */
const char *word_spelling(size_t i, enum word *word);

/* Units of a number. */
enum unit_kind { UNIT_NONE = 0, UNIT_TIME, UNIT_POWER, UNIT_CURRENT, UNIT_VOLTAGE, UNIT_ENERGY, UNIT_SHARE };

struct unit {
    const char *text;
    enum unit_kind kind;
    int64_t ns;  /* of a time */
    double base; /* of another unit: how many kW, A, V, kWh, parts of 1 */
};

/* By exact spelling first, then without regard to ASCII case where that is no risk (M and m differ). NULL: none. */
const struct unit *unit_find(const char *text, size_t size);
/* The longest Chinese unit with which the text begins. */
const struct unit *unit_longest(const char *text, size_t n, size_t *size);
/* "kW", "A", ...: the unit in which values of a kind are kept. */
const char *unit_base(enum unit_kind kind);

/*
 * Nearest of some words: feed candidates, then take the best one within a third of its length (of Chinese ones half of
 * two characters). NULL: nothing is near.
 */
struct nearest {
    const char *text;
    size_t size;
    const char *best;
    size_t distance;
};
struct nearest nearest_to(const char *text, size_t size);
void nearest_try(struct nearest *nearest, const char *candidate);

#endif
