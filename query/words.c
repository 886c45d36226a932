/*
 * words.c - see words.h. The first row of a word is its English name.
 */
#include "words.h"

#include <string.h>

#include "gk.h"
#include "utf8.h"

struct spelling {
    const char *text;
    enum word word;
};

/* clang-format off: a line a word */
static const struct spelling spellings[] = {
    {"when", W_WHEN},
    {"当", W_WHEN},
    {"which", W_WHICH},
    {"哪些", W_WHICH},
    {"state", W_STATE},
    {"状态", W_STATE},
    {"list", W_LIST},
    {"列出", W_LIST},
    {"define", W_DEFINE},
    {"定义", W_DEFINE},
    {"explain", W_EXPLAIN},
    {"解释", W_EXPLAIN},
    {"duration", W_DURATION},
    {"时长", W_DURATION},
    {"share", W_SHARE},
    {"占比", W_SHARE},
    {"count", W_COUNT},
    {"次数", W_COUNT},
    {"longest", W_LONGEST},
    {"最长", W_LONGEST},
    {"first", W_FIRST},
    {"首次", W_FIRST},
    {"last", W_LAST},
    {"最近", W_LAST},
    {"coverage", W_COVERAGE},
    {"覆盖率", W_COVERAGE},
    {"avg", W_AVG},
    {"平均", W_AVG},
    {"max", W_MAX},
    {"最大", W_MAX},
    {"min", W_MIN},
    {"最小", W_MIN},
    {"sum", W_SUM},
    {"合计", W_SUM},
    {"rms", W_RMS},
    {"有效值", W_RMS},
    {"energy", W_ENERGY},
    {"电量", W_ENERGY},
    {"samples", W_SAMPLES},
    {"样本", W_SAMPLES},
    {"facility", W_FACILITY},
    {"facilities", W_FACILITY},
    {"设施", W_FACILITY},
    {"production", W_PRODUCTION},
    {"productions", W_PRODUCTION},
    {"生产", W_PRODUCTION},
    {"生产设施", W_PRODUCTION},
    {"abatement", W_ABATEMENT},
    {"abatements", W_ABATEMENT},
    {"治污", W_ABATEMENT},
    {"治污设施", W_ABATEMENT},
    {"line", W_LINE},
    {"lines", W_LINE},
    {"产线", W_LINE},
    {"enterprise", W_ENTERPRISE},
    {"enterprises", W_ENTERPRISE},
    {"企业", W_ENTERPRISE},
    {"park", W_PARK},
    {"parks", W_PARK},
    {"园区", W_PARK},
    {"zone", W_ZONE},
    {"全区", W_ZONE},
    {"channel", W_CHANNEL},
    {"channels", W_CHANNEL},
    {"通道", W_CHANNEL},
    {"links", W_LINK},
    {"link", W_LINK},
    {"关联", W_LINK},
    {"bands", W_BAND},
    {"band", W_BAND},
    {"阈值", W_BAND},
    {"order", W_ORDER},
    {"orders", W_ORDER},
    {"管控", W_ORDER},
    {"管控令", W_ORDER},
    {"exemptions", W_EXEMPTION},
    {"exemption", W_EXEMPTION},
    {"豁免令", W_EXEMPTION},
    {"gap", W_GAP},
    {"断点", W_GAP},
    {"on", W_ON},
    {"开启", W_ON},
    {"running", W_RUNNING},
    {"运行", W_RUNNING},
    {"normal", W_NORMAL},
    {"正常", W_NORMAL},
    {"overload", W_OVERLOAD},
    {"过载", W_OVERLOAD},
    {"idle", W_IDLE},
    {"空转", W_IDLE},
    {"闲置", W_IDLE},
    {"off", W_OFF},
    {"关闭", W_OFF},
    {"stopped", W_STOPPED},
    {"停运", W_STOPPED},
    {"offline", W_OFFLINE},
    {"离线", W_OFFLINE},
    {"nodata", W_NODATA},
    {"掉线", W_NODATA},
    {"无数据", W_NODATA},
    {"current", W_CURRENT},
    {"电流", W_CURRENT},
    {"voltage", W_VOLTAGE},
    {"电压", W_VOLTAGE},
    {"power", W_POWER},
    {"功率", W_POWER},
    {"load", W_LOAD},
    {"负荷", W_LOAD},
    {"while", W_WHILE},
    {"同时", W_WHILE},
    {"during", W_DURING},
    {"期间", W_DURING},
    {"unless", W_UNLESS},
    {"除非", W_UNLESS},
    {"outside", W_OUTSIDE},
    {"之外", W_OUTSIDE},
    {"and", W_AND},
    {"且", W_AND},
    {"or", W_OR},
    {"或", W_OR},
    {"not", W_NOT},
    {"非", W_NOT},
    {"is", W_IS},
    {"是", W_IS},
    {"possibly", W_POSSIBLY},
    {"可能", W_POSSIBLY},
    {"surely", W_SURELY},
    {"确定", W_SURELY},
    {"unknown", W_UNKNOWN},
    {"未知", W_UNKNOWN},
    {"start", W_START},
    {"启动", W_START},
    {"end", W_END},
    {"结束", W_END},
    {"exempt", W_EXEMPT},
    {"豁免", W_EXEMPT},
    {"hours", W_HOURS},
    {"时段", W_HOURS},
    {"any", W_ANY},
    {"任一", W_ANY},
    {"all", W_ALL},
    {"全部", W_ALL},
    {"no", W_NO},
    {"没有", W_NO},
    {"at", W_AT},
    {"least", W_LEAST},
    {"exactly", W_EXACTLY},
    {"恰好", W_EXACTLY},
    {"for", W_FOR},
    {"持续", W_FOR},
    {"ignoring", W_IGNORING},
    {"忽略", W_IGNORING},
    {"gaps", W_GAPS},
    {"间断", W_GAPS},
    {"held", W_HELD},
    {"保持", W_HELD},
    {"within", W_WITHIN},
    {"next", W_NEXT},
    {"level", W_LEVEL},
    {"级别", W_LEVEL},
    {"group", W_GROUP},
    {"分组", W_GROUP},
    {"rated", W_RATED},
    {"额定", W_RATED},
    {"of", W_OF},
    {"的", W_OF},
    {"in", W_IN},
    {"在", W_IN},
    {"where", W_WHERE},
    {"其中", W_WHERE},
    {"per", W_PER},
    {"每", W_PER},
    {"by", W_BY},
    {"按", W_BY},
    {"every", W_EVERY},
    {"每隔", W_EVERY},
    {"offset", W_OFFSET},
    {"偏移", W_OFFSET},
    {"top", W_TOP},
    {"前", W_TOP},
    {"having", W_HAVING},
    {"满足", W_HAVING},
    {"sort", W_SORT},
    {"排序", W_SORT},
    {"asc", W_ASC},
    {"升序", W_ASC},
    {"desc", W_DESC},
    {"降序", W_DESC},
    {"limit", W_LIMIT},
    {"限", W_LIMIT},
    {"as", W_AS},
    {"为", W_AS},
    {"keep", W_KEEP},
    {"true", W_TRUE},
    {"false", W_FALSE},
    {"tz", W_TZ},
    {"时区", W_TZ},
    {"with", W_WITH},
    {"含", W_WITH},
    {"possible", W_POSSIBLE},
    {"可能者", W_POSSIBLE},
    {"today", W_TODAY},
    {"今天", W_TODAY},
    {"今日", W_TODAY},
    {"yesterday", W_YESTERDAY},
    {"昨天", W_YESTERDAY},
    {"昨日", W_YESTERDAY},
    {"now", W_NOW},
    {"现在", W_NOW},
    {"当前", W_NOW},
    {"this", W_THIS},
    {"本", W_THIS},
    {"between", W_BETWEEN},
    {"从", W_BETWEEN},
    {"since", W_SINCE},
    {"自", W_SINCE},
    {"until", W_UNTIL},
    {"截至", W_UNTIL},
    {"ever", W_EVER},
    {"曾经", W_EVER},
    {"曾", W_EVER},
    {"always", W_ALWAYS},
    {"一直", W_ALWAYS},
    {"never", W_NEVER},
    {"从未", W_NEVER},
    {"hour", W_HOUR},
    {"小时", W_HOUR},
    {"day", W_DAY},
    {"日", W_DAY},
    {"天", W_DAY},
    {"week", W_WEEK},
    {"周", W_WEEK},
    {"month", W_MONTH},
    {"月", W_MONTH},
    {"year", W_YEAR},
    {"年", W_YEAR},
    {"profile", W_PROFILE},
    {"rule", W_RULE},
    {"rules", W_RULES},
    {"ack", W_ACK},
    {"assign", W_ASSIGN},
    {"close", W_CLOSE},
    {"evidence", W_EVIDENCE},
    {"alarms", W_ALARM},
    {"alarm", W_ALARM},
    {"lag", W_LAG},
    {"calendar", W_CALENDAR},
    {"shift", W_SHIFT},
    {"using", W_USING},
    {"format", W_FORMAT},
    {"预警", W_ALARM},
    {"响应", W_LAG},
};
/* clang-format on */

#define N_SPELLINGS (sizeof spellings / sizeof spellings[0])

static const struct unit units[] = {
    {"ms", UNIT_TIME, 1000000, 0},
    {"s", UNIT_TIME, GK_SECOND, 0},
    {"m", UNIT_TIME, 60 * GK_SECOND, 0},
    {"h", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"d", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"w", UNIT_TIME, 7 * 86400 * GK_SECOND, 0},
    {"毫秒", UNIT_TIME, 1000000, 0},
    {"秒", UNIT_TIME, GK_SECOND, 0},
    {"分钟", UNIT_TIME, 60 * GK_SECOND, 0},
    {"分", UNIT_TIME, 60 * GK_SECOND, 0},
    {"小时", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"天", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"日", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"周", UNIT_TIME, 7 * 86400 * GK_SECOND, 0},
    {"W", UNIT_POWER, 0, 1e-3},
    {"kW", UNIT_POWER, 0, 1},
    {"MW", UNIT_POWER, 0, 1e3},
    {"千瓦", UNIT_POWER, 0, 1},
    {"mA", UNIT_CURRENT, 0, 1e-3},
    {"A", UNIT_CURRENT, 0, 1},
    {"安", UNIT_CURRENT, 0, 1},
    {"V", UNIT_VOLTAGE, 0, 1},
    {"kV", UNIT_VOLTAGE, 0, 1e3},
    {"伏", UNIT_VOLTAGE, 0, 1},
    {"kWh", UNIT_ENERGY, 0, 1},
    {"度", UNIT_ENERGY, 0, 1},
    {"%", UNIT_SHARE, 0, 0.01},
};

#define N_UNITS (sizeof units / sizeof units[0])

static bool is_equal(const char *text, size_t size, const char *other)
{
    if (strlen(other) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != other[i] && !(other[i] >= 'A' && other[i] <= 'Z' && c == other[i] + 32))
            return false;
    }
    return true;
}

enum word word_find(const char *text, size_t size)
{
    for (size_t i = 0; i < N_SPELLINGS; i++)
        if (is_equal(text, size, spellings[i].text))
            return spellings[i].word;
    return W_NONE;
}

enum word word_longest(const char *text, size_t n, size_t *size)
{
    enum word word = W_NONE;

    *size = 0;
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        size_t len = strlen(spellings[i].text);
        bool is_chinese = (unsigned char)spellings[i].text[0] >= 0x80;
        if (is_chinese && len > *size && len <= n && memcmp(text, spellings[i].text, len) == 0) {
            word = spellings[i].word;
            *size = len;
        }
    }
    return word;
}

const char *word_text(enum word word)
{
    for (size_t i = 0; i < N_SPELLINGS; i++)
        if (spellings[i].word == word)
            return spellings[i].text;
    return "";
}

const char *word_spelling(size_t i, enum word *word)
{
    if (i >= N_SPELLINGS)
        return NULL;
    if (word)
        *word = spellings[i].word;
    return spellings[i].text;
}

const struct unit *unit_find(const char *text, size_t size)
{
    for (size_t i = 0; i < N_UNITS; i++)
        if (strlen(units[i].text) == size && memcmp(units[i].text, text, size) == 0)
            return &units[i];
    /* Of one letter only M is a risk (minute or month), of two mw (nobody measures milliwatts, but who knows). */
    if ((size == 1 && text[0] == 'M') || (size == 2 && text[0] == 'm' && (text[1] == 'w' || text[1] == 'W')))
        return NULL;
    for (size_t i = 0; i < N_UNITS; i++)
        if (is_equal(text, size, units[i].text))
            return &units[i];
    return NULL;
}

const struct unit *unit_longest(const char *text, size_t n, size_t *size)
{
    const struct unit *best = NULL;

    *size = 0;
    for (size_t i = 0; i < N_UNITS; i++) {
        size_t len = strlen(units[i].text);
        bool is_chinese = (unsigned char)units[i].text[0] >= 0x80;
        if (is_chinese && len > *size && len <= n && memcmp(text, units[i].text, len) == 0) {
            best = &units[i];
            *size = len;
        }
    }
    return best;
}

const char *unit_base(enum unit_kind kind)
{
    static const char *const names[] = {"", "s", "kW", "A", "V", "kWh", "%"};
    return names[kind];
}

struct nearest nearest_to(const char *text, size_t size)
{
    return (struct nearest){text, size, NULL, UTF8_WORD_MAX};
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t size = strlen(candidate), n = utf8_count(candidate, size);
    size_t longer = utf8_count(nearest->text, nearest->size);
    size_t limit = (n > longer ? n : longer) / 3;

    if (nearest->distance == 0)
        return;
    if (limit > nearest->distance - 1)
        limit = nearest->distance - 1;
    size_t distance = utf8_distance(nearest->text, nearest->size, candidate, size, limit);
    if (distance <= limit) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
