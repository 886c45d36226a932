/*
 * words.c - see words.h. The first row of a word is its English name.
 */
#include "words.h"

#include <pthread.h>
#include <string.h>

#include "gk_query.h"
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
    {"有哪些", W_WHICH},
    {"哪几家", W_WHICH},
    {"哪几个", W_WHICH},
    {"哪几台", W_WHICH},
    {"哪几条", W_WHICH},
    {"哪家", W_WHICH},
    {"哪个", W_WHICH},
    {"哪台", W_WHICH},
    {"哪条", W_WHICH},
    {"state", W_STATE},
    {"状态", W_STATE},
    {"list", W_LIST},
    {"列出", W_LIST},
    {"define", W_DEFINE},
    {"定义", W_DEFINE},
    {"explain", W_EXPLAIN},
    {"解释", W_EXPLAIN},
    {"profile", W_PROFILE},
    {"剖析", W_PROFILE},
    {"duration", W_DURATION},
    {"时长", W_DURATION},
    {"时间", W_DURATION},
    {"总时长", W_DURATION},
    {"累计", W_DURATION},
    {"累计时长", W_DURATION},
    {"持续时间", W_DURATION},
    {"share", W_SHARE},
    {"占比", W_SHARE},
    {"时长占比", W_SHARE},
    {"比例", W_SHARE},
    {"count", W_COUNT},
    {"次数", W_COUNT},
    {"数量", W_COUNT},
    {"个数", W_COUNT},
    {"longest", W_LONGEST},
    {"最长", W_LONGEST},
    {"最长时间", W_LONGEST},
    {"最长一次", W_LONGEST},
    {"first", W_FIRST},
    {"首次", W_FIRST},
    {"首个", W_FIRST},
    {"最早", W_FIRST},
    {"last", W_LAST},
    {"最近", W_LAST},
    {"近", W_LAST},
    {"过去", W_LAST},
    {"past", W_LAST},
    {"上", W_LAST},
    {"上个", W_LAST},
    {"去", W_LAST},
    {"上一", W_LAST},
    {"上次", W_LAST},
    {"上一次", W_LAST},
    {"末次", W_LAST},
    {"最后", W_LAST},
    {"最晚", W_LAST},
    {"coverage", W_COVERAGE},
    {"覆盖率", W_COVERAGE},
    {"avg", W_AVG},
    {"average", W_AVG},
    {"平均", W_AVG},
    {"平均值", W_AVG},
    {"均值", W_AVG},
    {"max", W_MAX},
    {"maximum", W_MAX},
    {"最大", W_MAX},
    {"最高", W_MAX},
    {"最大值", W_MAX},
    {"min", W_MIN},
    {"minimum", W_MIN},
    {"最小", W_MIN},
    {"最小值", W_MIN},
    {"sum", W_SUM},
    {"合计", W_SUM},
    {"总和", W_SUM},
    {"之和", W_SUM},
    {"rms", W_RMS},
    {"有效值", W_RMS},
    {"energy", W_ENERGY},
    {"电量", W_ENERGY},
    {"用电量", W_ENERGY},
    {"用电", W_ENERGY},
    {"耗电量", W_ENERGY},
    {"median", W_MEDIAN},
    {"中位数", W_MEDIAN},
    {"samples", W_SAMPLES},
    {"样本", W_SAMPLES},
    {"曲线", W_SAMPLES},
    {"采样", W_SAMPLES},
    {"采样值", W_SAMPLES},
    {"原始数据", W_SAMPLES},
    {"facility", W_FACILITY},
    {"facilities", W_FACILITY},
    {"设施", W_FACILITY},
    {"设备", W_FACILITY},
    {"production", W_PRODUCTION},
    {"productions", W_PRODUCTION},
    {"生产", W_PRODUCTION},
    {"生产设施", W_PRODUCTION},
    {"产污", W_PRODUCTION},
    {"产污设施", W_PRODUCTION},
    {"生产设备", W_PRODUCTION},
    {"产污设备", W_PRODUCTION},
    {"abatement", W_ABATEMENT},
    {"abatements", W_ABATEMENT},
    {"治污", W_ABATEMENT},
    {"治污设施", W_ABATEMENT},
    {"治污设备", W_ABATEMENT},
    {"治理设施", W_ABATEMENT},
    {"line", W_LINE},
    {"lines", W_LINE},
    {"产线", W_LINE},
    {"生产线", W_LINE},
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
    {"产治关联", W_LINK},
    {"bands", W_BAND},
    {"band", W_BAND},
    {"阈值", W_BAND},
    {"order", W_ORDER},
    {"orders", W_ORDER},
    {"管控", W_ORDER},
    {"管控令", W_ORDER},
    {"exemptions", W_EXEMPTION},
    {"exemption", W_EXEMPTION},
    {"豁免单", W_EXEMPTION},
    {"豁免令", W_EXEMPTION},
    {"gap", W_GAP},
    {"断点", W_GAP},
    {"events", W_EVENT},
    {"event", W_EVENT},
    {"事件", W_EVENT},
    {"backfills", W_BACKFILL},
    {"backfill", W_BACKFILL},
    {"补传", W_BACKFILL},
    {"on", W_ON},
    {"开启", W_ON},
    {"开", W_ON},
    {"running", W_RUNNING},
    {"运行", W_RUNNING},
    {"在运行", W_RUNNING},
    {"开机", W_RUNNING},
    {"normal", W_NORMAL},
    {"正常", W_NORMAL},
    {"正常运行", W_NORMAL},
    {"overload", W_OVERLOAD},
    {"过载", W_OVERLOAD},
    {"超负荷", W_OVERLOAD},
    {"idle", W_IDLE},
    {"空转", W_IDLE},
    {"闲置", W_IDLE},
    {"off", W_OFF},
    {"关闭", W_OFF},
    {"关", W_OFF},
    {"关机", W_OFF},
    {"stopped", W_STOPPED},
    {"停运", W_STOPPED},
    {"停止", W_STOPPED},
    {"停机", W_STOPPED},
    {"停了", W_STOPPED},
    {"停", W_STOPPED},
    {"offline", W_OFFLINE},
    {"离线", W_OFFLINE},
    {"nodata", W_NODATA},
    {"无数据", W_NODATA},
    {"没有数据", W_NODATA},
    {"没数据", W_NODATA},
    {"掉线", W_NODATA},
    {"current", W_CURRENT},
    {"电流", W_CURRENT},
    {"voltage", W_VOLTAGE},
    {"电压", W_VOLTAGE},
    {"power", W_POWER},
    {"功率", W_POWER},
    {"load", W_LOAD},
    {"负荷", W_LOAD},
    {"负载率", W_LOAD},
    {"while", W_WHILE},
    {"同时", W_WHILE},
    {"而", W_WHILE},
    {"during", W_DURING},
    {"unless", W_UNLESS},
    {"除非", W_UNLESS},
    {"outside", W_OUTSIDE},
    {"and", W_AND},
    {"且", W_AND},
    {"并且", W_AND},
    {"而且", W_AND},
    {"和", W_AND},
    {"与", W_AND},
    {"及", W_AND},
    {"or", W_OR},
    {"或", W_OR},
    {"或者", W_OR},
    {"not", W_NOT},
    {"未", W_NOT},
    {"不", W_NOT},
    {"非", W_NOT},
    {"没", W_NOT},
    {"is", W_IS},
    {"are", W_IS},
    {"was", W_IS},
    {"were", W_IS},
    {"是", W_IS},
    {"处于", W_IS},
    {"都", W_IS},
    {"均", W_IS},
    {"仍", W_IS},
    {"仍在", W_IS},
    {"还在", W_IS},
    {"仍然", W_IS},
    {"正在", W_IS},
    {"possibly", W_POSSIBLY},
    {"可能", W_POSSIBLY},
    {"surely", W_SURELY},
    {"确定", W_SURELY},
    {"一定", W_SURELY},
    {"unknown", W_UNKNOWN},
    {"未知", W_UNKNOWN},
    {"start", W_START},
    {"starts", W_START},
    {"开始", W_START},
    {"启动", W_START},
    {"end", W_END},
    {"结束", W_END},
    {"exempt", W_EXEMPT},
    {"豁免", W_EXEMPT},
    {"hours", W_HOURS},
    {"时段", W_HOURS},
    {"夜间", W_HOURS},
    {"any", W_ANY},
    {"任一", W_ANY},
    {"任一相", W_ANY},
    {"任意相", W_ANY},
    {"任意", W_ANY},
    {"任何", W_ANY},
    {"有", W_ANY},
    {"all", W_ALL},
    {"全部", W_ALL},
    {"所有", W_ALL},
    {"no", W_NO},
    {"没有", W_NO},
    {"无", W_NO},
    {"at", W_AT},
    {"least", W_LEAST},
    {"most", W_MOST},
    {"more", W_MORE},
    {"less", W_LESS_THAN},
    {"than", W_THAN},
    {"exactly", W_EXACTLY},
    {"恰好", W_EXACTLY},
    {"恰有", W_EXACTLY},
    {"正好", W_EXACTLY},
    {"for", W_FOR},
    {"持续", W_FOR},
    {"连续", W_FOR},
    {"ignoring", W_IGNORING},
    {"忽略", W_IGNORING},
    {"gaps", W_GAPS},
    {"间断", W_GAPS},
    {"中断", W_GAPS},
    {"held", W_HELD},
    {"已持续", W_HELD},
    {"保持", W_HELD},
    {"within", W_WITHIN},
    {"next", W_NEXT},
    {"下次", W_NEXT},
    {"下一次", W_NEXT},
    {"level", W_LEVEL},
    {"级别", W_LEVEL},
    {"group", W_GROUP},
    {"分组", W_GROUP},
    {"rated", W_RATED},
    {"额定", W_RATED},
    {"frozen", W_FROZEN},
    {"恒值", W_FROZEN},
    {"不变", W_FROZEN},
    {"times", W_TIMES},
    {"次", W_TIMES},
    {"after", W_AFTER},
    {"紧随", W_AFTER},
    {"each", W_EACH},
    {"彼此", W_EACH},
    {"相互", W_EACH},
    {"other", W_OTHER},
    {"from", W_FROM},
    {"额定值", W_RATED},
    {"额定功率", W_RATED},
    {"额定电流", W_RATED},
    {"of", W_OF},
    {"的", W_OF},
    {"in", W_IN},
    {"在", W_IN},
    {"于", W_IN},
    {"where", W_WHERE},
    {"其中", W_WHERE},
    {"per", W_PER},
    {"每", W_PER},
    {"各", W_PER},
    {"逐", W_PER},
    {"by", W_BY},
    {"按", W_BY},
    {"every", W_EVERY},
    {"每隔", W_EVERY},
    {"offset", W_OFFSET},
    {"偏移", W_OFFSET},
    {"top", W_TOP},
    {"前", W_TOP},
    {"取前", W_TOP},
    {"having", W_HAVING},
    {"满足", W_HAVING},
    {"要求", W_HAVING},
    {"sort", W_SORT},
    {"排序", W_SORT},
    {"排列", W_SORT},
    {"asc", W_ASC},
    {"升序", W_ASC},
    {"从小到大", W_ASC},
    {"desc", W_DESC},
    {"降序", W_DESC},
    {"从大到小", W_DESC},
    {"limit", W_LIMIT},
    {"限", W_LIMIT},
    {"最多", W_LIMIT},
    {"as", W_AS},
    {"为", W_AS},
    {"视为", W_AS},
    {"当作", W_AS},
    {"known", W_KNOWN},
    {"所知", W_KNOWN},
    {"已知", W_KNOWN},
    {"keep", W_KEEP},
    {"保留", W_KEEP},
    {"true", W_TRUE},
    {"真", W_TRUE},
    {"false", W_FALSE},
    {"假", W_FALSE},
    {"tz", W_TZ},
    {"时区", W_TZ},
    {"with", W_WITH},
    {"含", W_WITH},
    {"包括", W_WITH},
    {"possible", W_POSSIBLE},
    {"可能者", W_POSSIBLE},
    {"today", W_TODAY},
    {"今天", W_TODAY},
    {"今日", W_TODAY},
    {"当天", W_TODAY},
    {"当日", W_TODAY},
    {"yesterday", W_YESTERDAY},
    {"昨天", W_YESTERDAY},
    {"昨日", W_YESTERDAY},
    {"now", W_NOW},
    {"现在", W_NOW},
    {"当前", W_NOW},
    {"目前", W_NOW},
    {"this", W_THIS},
    {"本", W_THIS},
    {"今", W_THIS},
    {"这", W_THIS},
    {"这个", W_THIS},
    {"本个", W_THIS},
    {"between", W_BETWEEN},
    {"从", W_BETWEEN},
    {"介于", W_BETWEEN},
    {"since", W_SINCE},
    {"自", W_SINCE},
    {"自从", W_SINCE},
    {"until", W_UNTIL},
    {"截至", W_UNTIL},
    {"截止", W_UNTIL},
    {"直到", W_UNTIL},
    {"ever", W_EVER},
    {"曾", W_EVER},
    {"曾经", W_EVER},
    {"曾有", W_EVER},
    {"always", W_ALWAYS},
    {"一直", W_ALWAYS},
    {"始终", W_ALWAYS},
    {"never", W_NEVER},
    {"从未", W_NEVER},
    {"从不", W_NEVER},
    {"hour", W_HOUR},
    {"小时", W_HOUR},
    {"day", W_DAY},
    {"日", W_DAY},
    {"天", W_DAY},
    {"week", W_WEEK},
    {"周", W_WEEK},
    {"星期", W_WEEK},
    {"month", W_MONTH},
    {"月", W_MONTH},
    {"个月", W_MONTH},
    {"year", W_YEAR},
    {"年", W_YEAR},
    {"days", W_DAY},
    {"vs", W_VS},
    {"对比", W_VS},
    {"环比", W_CHAIN},
    {"同比", W_YEARLY},
    {"去年同期", W_YEARLY},
    {"previous", W_PREVIOUS},
    {"上期", W_PREVIOUS},
    {"same", W_SAME},
    {"time", W_TIME},
    {"同期", W_SAME_TIME},
    {"同时段", W_SAME_HOURS},
    {"的同时段", W_SAME_HOURS},
    {"before", W_BEFORE},
    {"cut", W_CUT},
    {"限产幅度", W_CUT},
    {"限产比例", W_CUT},
    {"rule", W_RULE},
    {"规则", W_RULE},
    {"rules", W_RULES},
    {"info", W_INFO},
    {"提示", W_INFO},
    {"warn", W_WARN},
    {"警告", W_WARN},
    {"severe", W_SEVERE},
    {"严重", W_SEVERE},
    {"clear", W_CLEAR},
    {"解除", W_CLEAR},
    {"恢复", W_CLEAR},
    {"notify", W_NOTIFY},
    {"通知", W_NOTIFY},
    {"escalate", W_ESCALATE},
    {"升级", W_ESCALATE},
    {"message", W_MESSAGE},
    {"消息", W_MESSAGE},
    {"后", W_LATER},
    {"ack", W_ACK},
    {"assign", W_ASSIGN},
    {"close", W_CLOSE},
    {"evidence", W_EVIDENCE},
    {"证据", W_EVIDENCE},
    {"证据链", W_EVIDENCE},
    {"alarm", W_ALARM},
    {"alarms", W_ALARM},
    {"预警", W_ALARM},
    {"报警", W_ALARM},
    {"lag", W_LAG},
    {"滞后", W_LAG},
    {"响应时差", W_LAG},
    {"calendar", W_CALENDAR},
    {"calendars", W_CALENDAR},
    {"日历", W_CALENDAR},
    {"shift", W_SHIFT},
    {"shifts", W_SHIFT},
    {"班次", W_SHIFT},
    {"班", W_SHIFT},
    {"using", W_USING},
    {"采用", W_USING},
    {"使用", W_USING},
    {"用", W_USING},
    {"workdays", W_WORKDAYS},
    {"workday", W_WORKDAYS},
    {"工作日", W_WORKDAYS},
    {"holidays", W_HOLIDAYS},
    {"holiday", W_HOLIDAYS},
    {"节假日", W_HOLIDAYS},
    {"weekdays", W_WEEKDAYS},
    {"weekday", W_WEEKDAYS},
    {"weekends", W_WEEKENDS},
    {"weekend", W_WEEKENDS},
    {"周末", W_WEEKENDS},
    {"monday", W_MONDAY},
    {"mondays", W_MONDAY},
    {"周一", W_MONDAY},
    {"星期一", W_MONDAY},
    {"tuesday", W_TUESDAY},
    {"tuesdays", W_TUESDAY},
    {"周二", W_TUESDAY},
    {"星期二", W_TUESDAY},
    {"wednesday", W_WEDNESDAY},
    {"wednesdays", W_WEDNESDAY},
    {"周三", W_WEDNESDAY},
    {"星期三", W_WEDNESDAY},
    {"thursday", W_THURSDAY},
    {"thursdays", W_THURSDAY},
    {"周四", W_THURSDAY},
    {"星期四", W_THURSDAY},
    {"friday", W_FRIDAY},
    {"fridays", W_FRIDAY},
    {"周五", W_FRIDAY},
    {"星期五", W_FRIDAY},
    {"saturday", W_SATURDAY},
    {"saturdays", W_SATURDAY},
    {"周六", W_SATURDAY},
    {"星期六", W_SATURDAY},
    {"sunday", W_SUNDAY},
    {"sundays", W_SUNDAY},
    {"周日", W_SUNDAY},
    {"星期日", W_SUNDAY},
    {"周天", W_SUNDAY},
    {"星期天", W_SUNDAY},
    {"format", W_FORMAT},
    {"night", W_NIGHT},
    {"昨夜", W_NIGHT},
    {"昨晚", W_NIGHT},
    {"昨天晚上", W_NIGHT},
    {"昨天夜里", W_NIGHT},
    {"昨天夜间", W_NIGHT},
    {"昨日夜间", W_NIGHT},
    {"<", W_LESS},
    {"小于", W_LESS},
    {"低于", W_LESS},
    {"少于", W_LESS},
    {"不足", W_LESS},
    {"短于", W_LESS},
    {"<=", W_LESS_EQUAL},
    {"不超过", W_LESS_EQUAL},
    {"不大于", W_LESS_EQUAL},
    {"不高于", W_LESS_EQUAL},
    {"不多于", W_LESS_EQUAL},
    {"至多", W_LESS_EQUAL},
    {"小于等于", W_LESS_EQUAL},
    {">", W_GREATER},
    {"大于", W_GREATER},
    {"高于", W_GREATER},
    {"超过", W_GREATER},
    {"多于", W_GREATER},
    {"长于", W_GREATER},
    {">=", W_GREATER_EQUAL},
    {"至少", W_GREATER_EQUAL},
    {"不小于", W_GREATER_EQUAL},
    {"不低于", W_GREATER_EQUAL},
    {"不少于", W_GREATER_EQUAL},
    {"大于等于", W_GREATER_EQUAL},
    {"达", W_GREATER_EQUAL},
    {"达到", W_GREATER_EQUAL},
    {"=", W_EQUAL},
    {"等于", W_EQUAL},
    {"!=", W_NOT_EQUAL},
    {"不等于", W_NOT_EQUAL},
    {"期间", W_DURING_THAT},
    {"时", W_DURING_THAT},
    {"过程中", W_DURING_THAT},
    {"过程", W_DURING_THAT},
    {"的同时", W_DURING_THAT},
    {"的时候", W_DURING_THAT},
    {"之外", W_OUTSIDE_THAT},
    {"以外", W_OUTSIDE_THAT},
    {"以上", W_ABOVE},
    {"及以上", W_ABOVE},
    {"以内", W_BELOW},
    {"以下", W_BELOW},
    {"及以下", W_BELOW},
    {"内", W_INSIDE},
    {"中", W_INSIDE},
    {"里", W_INSIDE},
    {"之间", W_INSIDE},
    {"之内", W_INSIDE},
    {"to", W_TO},
    {"到", W_TO},
    {"至", W_TO},
    {"以来", W_SINCE_THEN},
    {"起", W_SINCE_THEN},
    {"之后", W_SINCE_THEN},
    {"以后", W_SINCE_THEN},
    {"之前", W_BEFORE},
    {"以前", W_BEFORE},
    {"为止", W_BEFORE},
    {"此前", W_WITHIN_LAST},
    {"此后", W_WITHIN_NEXT},
    {"台", W_MEASURE},
    {"个", W_MEASURE},
    {"条", W_MEASURE},
    {"家", W_MEASURE},
    {"套", W_MEASURE},
    {"座", W_MEASURE},
    {"名", W_MEASURE},
    {"行", W_MEASURE},
    {"项", W_MEASURE},
    {"统计", W_SHOW},
    {"查询", W_SHOW},
    {"查看", W_SHOW},
    {"计算", W_SHOW},
    /* no words of the language, but none that others may be cut out of: errors name them whole, see slips.c */
    {"明天", W_NONE},
    {"现行", W_NONE}, /* 对比现行, see parse_with.c */
    {"触发", W_NONE}, /* of the record, see parse_alarms.c */
    {"告知", W_NONE},
    {"已读", W_NONE},
    {"签收", W_NONE},
    {"交办", W_NONE},
    {"反馈", W_NONE},
    {"核查", W_NONE},
    {"审核", W_NONE},
    {"办结", W_NONE},
    {"更正", W_NONE},
    {"抑制", W_NONE},
    {"备注", W_NONE},
    {"进行中", W_NONE},
    {"撤销", W_NONE},
    {"送达", W_NONE},
    {"超期", W_NONE},
    {"误报", W_NONE},
    {"处置记录", W_NONE},
    {"办理记录", W_NONE},
    {"后天", W_NONE},
    {"前天", W_NONE},
    {"上午", W_NONE},
    {"下午", W_NONE},
    {"中午", W_NONE},
    {"晚上", W_NONE},
    {"凌晨", W_NONE},
    {"如果", W_NONE},
    {"大约", W_NONE},
    {"多久", W_NONE},
    {"多少", W_NONE},
    {"多长时间", W_NONE},
    {"关掉", W_NONE},
    {"打开", W_NONE},
    {"关停", W_NONE},
    {"运行率", W_NONE},
    {"投运率", W_NONE},
    {"开机率", W_NONE},
    {"违规", W_NONE},
    {"夜班", W_NONE},
    {"早班", W_NONE},
    {"启停", W_NONE},
    {"数据", W_NONE},
    {"屡次", W_NONE},
    {"同步率", W_NONE},
    {"橙色预警", W_NONE},
    {"黄色预警", W_NONE},
    {"红色预警", W_NONE},
    {"中班", W_NONE},
    {"晚班", W_NONE},
    {"几次", W_NONE},
    {"没开", W_NONE},
    {"白班", W_NONE},
    {"断线", W_NONE},
    {"失联", W_NONE},
    {"显示", W_NONE},
    {"找出", W_NONE},
    {"超过了", W_NONE},
    {"工厂", W_NONE},
    {"公司", W_NONE},
    {"机器", W_NONE},
    {"点位", W_NONE},
    {"违规记录", W_NONE},
    {"连续两天", W_NONE},
    {"明细", W_NONE},
    {"数据完整率", W_NONE},
    {"完整率", W_NONE},
    {"蓝色", W_NONE},
    {"红色", W_NONE},
    {"黄色", W_NONE},
    {"橙色", W_NONE},
    {"全停", W_NONE},
    {"低负荷", W_NONE},
    {"先于", W_NONE},
    {"早于", W_NONE},
    {"晚于", W_NONE},
    {"频繁", W_NONE},
    {"是否", W_NONE},
    {"三相", W_NONE},
    {"同一", W_NONE},
    {"排名", W_NONE},
    {"停产", W_NONE},
    {"占", W_NONE},
    {"相比", W_NONE},
    {"早上", W_NONE},
    {"夜里", W_NONE},
    {"低效", W_NONE},
    {"偷排", W_NONE},
    {"直排", W_NONE},
    {"不平衡", W_NONE},
    {"恒定", W_NONE},
    {"最差", W_NONE},
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
    {"sec", UNIT_TIME, GK_SECOND, 0},
    {"second", UNIT_TIME, GK_SECOND, 0},
    {"seconds", UNIT_TIME, GK_SECOND, 0},
    {"min", UNIT_TIME, 60 * GK_SECOND, 0},
    {"minute", UNIT_TIME, 60 * GK_SECOND, 0},
    {"minutes", UNIT_TIME, 60 * GK_SECOND, 0},
    {"hour", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"hours", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"day", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"days", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"week", UNIT_TIME, 7 * 86400 * GK_SECOND, 0},
    {"weeks", UNIT_TIME, 7 * 86400 * GK_SECOND, 0},
    {"毫秒", UNIT_TIME, 1000000, 0},
    {"秒", UNIT_TIME, GK_SECOND, 0},
    {"分钟", UNIT_TIME, 60 * GK_SECOND, 0},
    {"分", UNIT_TIME, 60 * GK_SECOND, 0},
    {"小时", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"个小时", UNIT_TIME, 3600 * GK_SECOND, 0},
    {"天", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"日", UNIT_TIME, 86400 * GK_SECOND, 0},
    {"周", UNIT_TIME, 7 * 86400 * GK_SECOND, 0},
    {"千瓦时", UNIT_ENERGY, 0, 1},
    {"W", UNIT_POWER, 0, 1e-3},
    {"kW", UNIT_POWER, 0, 1},
    {"MW", UNIT_POWER, 0, 1e3},
    {"千瓦", UNIT_POWER, 0, 1},
    {"瓦", UNIT_POWER, 0, 1e-3},
    {"兆瓦", UNIT_POWER, 0, 1e3},
    {"mA", UNIT_CURRENT, 0, 1e-3},
    {"A", UNIT_CURRENT, 0, 1},
    {"安", UNIT_CURRENT, 0, 1},
    {"安培", UNIT_CURRENT, 0, 1},
    {"毫安", UNIT_CURRENT, 0, 1e-3},
    {"V", UNIT_VOLTAGE, 0, 1},
    {"kV", UNIT_VOLTAGE, 0, 1e3},
    {"伏", UNIT_VOLTAGE, 0, 1},
    {"千伏", UNIT_VOLTAGE, 0, 1e3},
    {"kWh", UNIT_ENERGY, 0, 1},
    {"MWh", UNIT_ENERGY, 0, 1e3},
    {"兆瓦时", UNIT_ENERGY, 0, 1e3},
    {"万度", UNIT_ENERGY, 0, 1e4},
    {"度", UNIT_ENERGY, 0, 1},
    {"%", UNIT_SHARE, 0, 0.01},
    {"倍", UNIT_SHARE, 0, 1},
};

#define N_UNITS (sizeof units / sizeof units[0])

/* Nearly always decided by the first character. ASCII case is ignored. */
static bool is_equal(const char *text, size_t size, const char *other)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != other[i] && !(other[i] >= 'A' && other[i] <= 'Z' && c == other[i] + 32))
            return false;
    }
    return other[size] == '\0';
}

static bool is_chinese(const char *text)
{
    return (unsigned char)text[0] >= 0x80;
}

/* The length of a Chinese spelling with which the text begins, else 0. */
static size_t match(const char *text, size_t n, const char *spelling)
{
    size_t len = 0;

    if (n < 3 || !is_chinese(text) || text[0] != spelling[0] || text[1] != spelling[1] || text[2] != spelling[2])
        return 0;
    while (len < n && spelling[len] && spelling[len] == text[len])
        len++;
    return spelling[len] ? 0 : len;
}

/*
 * The spellings by their first character, as chains in the order of the table: a statement is cut into words in a tenth
 * of the time. Made once a process.
 */
#define CHAINS 256
static struct {
    uint16_t head[CHAINS], next[N_SPELLINGS]; /* 1 + the index of a spelling; 0: the end */
} chains;
static pthread_once_t chains_once = PTHREAD_ONCE_INIT;

static unsigned chain_of(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    if (p[0] < 0x80)
        return p[0] >= 'A' && p[0] <= 'Z' ? p[0] + 32u : p[0];
    return 128 + (p[1] * 5u + p[2]) % 128;
}

static void make_chains(void)
{
    for (size_t i = N_SPELLINGS; i-- > 0;) {
        unsigned chain = chain_of(spellings[i].text);
        chains.next[i] = chains.head[chain];
        chains.head[chain] = (uint16_t)(i + 1);
    }
}

/* The first spelling of the chain, 0: none; n > 0 bytes of text. */
static size_t first_of(const char *text, size_t n)
{
    (void)pthread_once(&chains_once, make_chains); /* cannot fail */
    return is_chinese(text) && n < 3 ? 0 : chains.head[chain_of(text)];
}

enum word word_find(const char *text, size_t size)
{
    for (size_t i = size ? first_of(text, size) : 0; i; i = chains.next[i - 1])
        if (is_equal(text, size, spellings[i - 1].text))
            return spellings[i - 1].word;
    return W_NONE;
}

const char *word_attribute(const char *text, size_t size)
{
    if (word_find(text, size) != W_RATED)
        return NULL;
    return is_equal(text, size, "额定电流") ? "rated_a" : "rated_kw";
}

enum word word_longest(const char *text, size_t n, size_t *size)
{
    enum word word = W_NONE;

    *size = 0;
    for (size_t i = n ? first_of(text, n) : 0; i; i = chains.next[i - 1]) {
        size_t len = match(text, n, spellings[i - 1].text);
        if (len > *size) {
            word = spellings[i - 1].word;
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

const char *word_chinese(enum word word)
{
    for (size_t i = 0; i < N_SPELLINGS; i++)
        if (spellings[i].word == word && is_chinese(spellings[i].text))
            return spellings[i].text;
    return word_text(word);
}

const char *word_spelling(size_t i, enum word *word)
{
    if (i >= N_SPELLINGS)
        return NULL;
    if (word)
        *word = spellings[i].word;
    return spellings[i].text;
}

const char *gk_query_word(size_t i)
{
    const char *text;
    enum word word;

    /* W_NONE: what people say and the language refuses. */
    for (size_t j = 0; (text = word_spelling(j, &word)) != NULL; j++)
        if (word != W_NONE && i-- == 0)
            return text;
    return NULL;
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
        size_t len = match(text, n, units[i].text);
        if (len > *size) {
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
    /* A slip in one of two Han characters is as near as one in three letters. */
    size_t limit = ((n > longer ? n : longer) + is_chinese(candidate)) / 3;

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
