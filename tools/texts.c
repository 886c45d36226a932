/*
 * texts.c - the table. A Chinese format takes the same arguments in the same order as its English key; a word that
 * Chinese does not need, such as a plural, is swallowed by %.0s.
 */
#include "texts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_chinese;

static const struct {
    const char *english, *chinese;
} texts[] = {
    /* rules */
    {"put, list, drop, try and judge rules", "存入、列出、停用、试算、判定规则"},
    {"%u new, %u as they were", "新版本 %u 条，未变 %u 条"},
    {"put, list, drop, test or judge was expected, not '%s'", "此处应为 put、list、drop、test 或 judge，而不是 '%s'"},
    {"gk rule %s: something is missing; see gk help rule", "gk rule %s：缺少参数；见 gk help rule"},
    {"gk rule %s: something is too much; see gk help rule", "gk rule %s：参数太多；见 gk help rule"},
    {"--since must be a time before --until, which is now unless it is given",
     "--since 必须早于 --until（缺省为现在）"},
    {"option '--format' of gk rule test needs table or csv, not '%s'",
     "gk rule test 的选项 '--format' 只能是 table 或 csv，而不是 '%s'"},
    {"%s: a file of rules has rules alone, not '%.*s'", "%s：规则文件只能有规则，不能有“%.*s”"},
    /* main, options */
    {"unknown command '%s'; did you mean '%s'?", "没有命令 '%s'；是否想用 '%s'？"},
    {"unknown command '%s'; gk help lists them", "没有命令 '%s'；gk help 列出全部命令"},
    {"'%s' is no command; gk shell %s asks this store", "'%s' 不是命令；gk shell %s 可查询这个存储"},
    {"unknown option '%s'; did you mean '--%s'?", "没有选项 '%s'；是否想用 '--%s'？"},
    {"unknown option '%s'; see gk help %s", "没有选项 '%s'；见 gk help %s"},
    {"option '--%s' takes no value", "选项 '--%s' 不带值"},
    {"option '--%s' needs %s", "选项 '--%s' 需要%s"},
    {"option '--%s' needs %s, not '%s'", "选项 '--%s' 需要%s，而不是 '%s'"},
    {"option '--%s' stands there too often", "选项 '--%s' 出现次数太多"},
    {"something is missing; usage: %.*s", "缺少参数；用法：%.*s"},
    {"'%s' is too much; usage: %.*s", "'%s' 多余；用法：%.*s"},
    {"a whole number", "整数"},
    {"a share such as 0.25 or 25%", "比例，如 0.25 或 25%"},
    {"a duration with its unit such as 250ms, 10s, 5m", "带单位的时长，如 250ms、10s、5m"},
    {"seconds, or a duration such as 250ms, 10s, 5m", "秒数，或时长，如 250ms、10s、5m"},
    {"a zone such as +08:00 or UTC", "时区，如 +08:00 或 UTC"},
    {"a value", "一个值"},
    {"option '--%s' needs a time such as 2026-01-05T08:00, not '%s'",
     "选项 '--%s' 需要时间，如 2026-01-05T08:00，而不是 '%s'"},
    {"option '--%s' needs en or zh, not '%s'", "选项 '--%s' 只能是 en 或 zh，而不是 '%s'"},
    {"option '--%s' needs table, csv, json, jsonl, markdown or plot, not '%s'",
     "选项 '--%s' 只能是 table、csv、json、jsonl、markdown 或 plot，而不是 '%s'"},
    {"out of memory", "内存不足"},
    {"cannot write to standard output: %s", "无法写标准输出：%s"},
    {"cannot write '%s': %s", "无法写 '%s'：%s"},
    {"cannot make '%s': %s", "无法创建 '%s'：%s"},
    {"closing the store: %s", "关闭存储：%s"},
    {"unknown option '%s'; options stand behind the command: gk COMMAND %s",
     "没有选项 '%s'；选项写在命令之后：gk COMMAND %s"},
    {"usage: ", "用法："},
    {"%s: there is no store (gk init makes one)", "%s：没有这个存储（gk init 可新建）"},
    {"%s: there is no store in this folder (gk init makes one)", "%s：此文件夹中没有存储（gk init 可新建）"},
    {"%s: this is a file; a store is a folder (gk init makes one)", "%s：这是文件；存储是文件夹（gk init 可新建）"},
    {"'%s' is too much: a statement is one word in quotes, 'list parks'",
     "'%s' 多余：语句要用引号括起来，'list parks'"},
    {"gkdb keeps the working conditions of equipment and answers questions about them.\n\nusage: gk COMMAND "
     "[ARGUMENT...]\n\n",
     "gkdb 保存设备工况，并回答关于工况的问题。\n\n用法：gk COMMAND [ARGUMENT...]\n\n"},
    {"  help        this page, or gk help COMMAND for one of them\n"
     "\n"
     "Data goes to standard output, talk to standard error. Exit status: 0 done (a query: rows), 1 a query\n"
     "without rows, 2 the command line or a query could not be understood, 3 the store or a file failed.\n"
     "\n"
     "  gk simulate zone && gk init zone.gk && gk load zone.gk zone/[a-s]*.csv\n"
     "  gk query zone.gk 'when abatement offline while production running for >= 10m between 2026-01-03 and "
     "2026-01-05'\n",
     "  help        本页，或 gk help COMMAND 看其中一个\n"
     "\n"
     "数据写到标准输出，提示写到标准错误。退出码：0 完成（查询：有结果行），1 查询没有结果行，\n"
     "2 命令行或语句看不懂，3 存储或文件出错。\n"
     "\n"
     "  gk simulate zone --names zh && gk init zone.gk && gk load zone.gk zone/[a-s]*.csv\n"
     "  gk query zone.gk '当 生产运行期间治污离线持续10分钟以上 最近24小时' --now 2026-01-05T00:00\n"},
    {"make a store", "新建存储"},
    {"take what devices send, until it is stopped", "接收设备发来的数据，直到停止"},
    {"what devices send that no mapping takes, as a table to edit", "列出设备发送而映射表未涵盖的值，供修改"},
    {"put CSV files into a store: facilities, bands, orders, rows...",
     "把 CSV 文件装入存储：设施、阈值、管控令、数据行……"},
    {"ask a store; rows as a table, CSV, JSON, Markdown", "查询；结果为表格、CSV、JSON、Markdown"},
    {"ask one question after the other", "逐句提问"},
    {"what a store is and how much is in it", "存储的概况和数量"},
    {"test every checksum and invariant of a store", "检验存储的全部校验和与不变式"},
    {"move aside what is damaged, make again what follows", "移开损坏的记录，重新推出其余内容"},
    {"print what is stored, as text", "以文本给出所存内容"},
    {"list or release rows that were ahead of the clock", "列出或放行超前于时钟的数据行"},
    {"drop old rows, keep their states and hourly sums", "删除旧数据行，保留状态与小时统计"},
    {"SHA-256 of the logical content of a store", "存储逻辑内容的 SHA-256"},
    {"write a store as the CSV files that gk load takes", "把存储写成 gk load 可读的 CSV 文件"},
    {"all that an alarm stands on, as a page to print", "一条报警的全部依据，可打印的页面"},
    {"Evidence of alarm %llu", "报警%llu的证据"},
    {"The alarm", "报警"},
    {"The rule", "规则"},
    {"Whether it holds", "是否成立"},
    {"Limits in force", "有效的阈值"},
    {"Who serves whom", "产治关联"},
    {"Orders", "管控令"},
    {"Exemptions", "豁免单"},
    {"States", "状态"},
    {"Rows that were read", "所读的数据"},
    {"What was done", "处置记录"},
    {"Made at %s by gk %s of store %s; data until %s. gk verify tests the chain of hashes.",
     "生成于%s，gk %s，存储%s，数据截至%s。gk verify 校验哈希链。"},
    {"there is nothing to draw: the store does not have the rule of this alarm",
     "没有可画的：存储中没有这条报警的规则"},
    {"'%s' is no number of an alarm: gk query STORE 'list alarms' has them",
     "“%s”不是报警的编号：gk query STORE 'list alarms' 列出它们"},
    {"-o FILE.html, -o FILE.svg or -o - says where it goes; as a table: gk query STORE 'evidence of %s'",
     "用 -o FILE.html、-o FILE.svg 或 -o - 指明去向；表格：gk query STORE 'evidence of %s'"},
    {"copy a store that may be written meanwhile", "备份存储，备份期间可继续写入"},
    {"write a made-up zone with its ground truth", "生成带真值的模拟园区"},
    /* load */
    {"%s: rows: %" PRIu64 " accepted, %" PRIu64 " late, %" PRIu64 " duplicate, %" PRIu64 " conflicting, %" PRIu64
     " quarantined, %" PRIu64 " rejected",
     "%s：数据行：接收 %" PRIu64 "，迟到 %" PRIu64 "，重复 %" PRIu64 "，冲突 %" PRIu64 "，隔离 %" PRIu64
     "，拒绝 %" PRIu64},
    {"%s: %s: %" PRIu64 " taken, %" PRIu64 " bad", "%s：%s：采用 %" PRIu64 " 条，错误 %" PRIu64 " 条"},
    {"%s: warning: %" PRIu64 " unknown %s registered with role other",
     "%s：警告：登记了 %" PRIu64 " 台未知设施%.0s，角色为其他"},
    {"%s: %" PRIu64 " bad %s in '%s'; the first: %s", "%s：%" PRIu64 " 行有错%.0s，见 '%s'；第一处：%s"},
    {"stopped: the store failed; what was counted above is kept", "已停止：存储出错；以上计入的数据已保存"},
    {"option '--threads' needs at least 1", "选项 '--threads' 至少为 1"},
    /* the rest of looking after a store */
    {"no findings", "没有发现问题"},
    {"warning: process %" PRId64 " still looks at the store as it was %" PRIu64
     " transactions ago; pages given up since then are not used again, and the file grows",
     "警告：进程 %" PRId64 " 仍在读取 %" PRIu64 " 个事务之前的存储；此后释放的页不能重用，文件会增大"},
    {"warning: %" PRIu64 " values or columns that CSV cannot say were left out",
     "警告：%" PRIu64 " 个 CSV 无法表示的值或列未导出"},
    {"warning: %" PRIu64 " rows in quarantine were left out", "警告：隔离中的 %" PRIu64 " 行未导出"},
    {"warning: %zu versions of rules were left out", "警告：规则的 %zu 个版本未导出"},
    {"warning: rows from before %s were dropped; their states and hourly sums were left out",
     "警告：%s 之前的数据行已删除；其状态与小时统计未导出"},
    {"%" PRIu64 " rows; gk init NEW --zone %c%02d:%02d --tick %" PRId64 "ms --policy %s && gk load NEW%s",
     "%" PRIu64 " 行；gk init NEW --zone %c%02d:%02d --tick %" PRId64 "ms --policy %s && gk load NEW%s"},
    {"%s is whole", "%s 已完整写入"},
    {"%s is whole, and its digest is that of the store", "%s 已完整写入，摘要与存储一致"},
    {"%" PRIu64 " things mended, %" PRIu64 " findings left", "修复 %" PRIu64 " 处，剩余 %" PRIu64 " 个问题"},
    {"%" PRIu64 " findings", "发现 %" PRIu64 " 个问题"},
    {"option '--policy' needs last, first or all, not '%s'", "选项 '--policy' 只能是 last、first 或 all，而不是 '%s'"},
    {"option '--tick' must be 100ms to 60s", "选项 '--tick' 必须在 100ms 到 60s 之间"},
    {"released: %" PRIu64 " accepted, %" PRIu64 " late, %" PRIu64 " duplicate, %" PRIu64 " conflicting; %" PRIu64
     " stay in quarantine",
     "已放行：接收 %" PRIu64 "，迟到 %" PRIu64 "，重复 %" PRIu64 "，冲突 %" PRIu64 "；%" PRIu64 " 行仍在隔离"},
    {"list or release was expected, not '%s'", "应为 list 或 release，而不是 '%s'"},
    {"--force, --now and --json go with release", "--force、--now、--json 只用于 release"},
    {"%" PRIu64 " rows from before %s were dropped", "已删除 %" PRIu64 " 行 %s 之前的数据"},
    {"--older goes back beyond all time", "--older 早于一切时间"},
    {"--older is missing: which rows should go? --older 90d", "缺少 --older：要删除多久以前的数据？如 --older 90d"},
    /* simulate */
    {"enterprises %zu, lines %zu, facilities %zu, orders %zu, violations %zu",
     "企业 %zu，产线 %zu，设施 %zu，管控令 %zu，违规 %zu"},
    {"%" PRIu64 " rows, %" PRIu64 " of them late, %" PRIu64 " repeated; %" PRIu64 " lost, %" PRIu64
     " never made by blind meters",
     "%" PRIu64 " 行，其中迟到 %" PRIu64 "，重复 %" PRIu64 "；丢失 %" PRIu64 "，掉线未产生 %" PRIu64},
    {"--%s must be %" PRIu64 " to %" PRIu64 ", not %" PRIu64,
     "--%s 必须在 %" PRIu64 " 到 %" PRIu64 " 之间，而不是 %" PRIu64},
    {"--interval must be whole milliseconds, 1ms to 60s", "--interval 必须是整毫秒，1ms 到 60s"},
    {"--names must be zh or en, not '%s'", "--names 只能是 zh 或 en，而不是 '%s'"},
    {"--start and --end exclude each other: the days are given by --days",
     "--start 与 --end 只能给一个：天数由 --days 给出"},
    {"a date such as 2026-01-05 was expected, not '%s'", "应为日期，如 2026-01-05，而不是 '%s'"},
    {"the path of '%s' is too long", "'%s' 的路径太长"},
    /* query and shell */
    {"stopped", "已停止"},
    {"the text of the query is missing (- is standard input); gk shell STORE asks one question after the other",
     "缺少查询语句（- 为标准输入）；gk shell STORE 可逐句提问"},
    {"the text and --file exclude each other", "查询语句与 --file 只能给一个"},
    {"there is no statement in the text; see gk help query", "文本中没有语句；见 gk help query"},
    {"'%s' is too long: at most %d bytes", "'%s' 太长：最多 %d 字节"},
    {"--timeout, --memory, --window and --limit change the limits",
     "--timeout、--memory、--window 和 --limit 可改变时间、内存、时间窗与行数的限制"},
    {".timeout, .memory, .window and .limit change the limits",
     ".timeout、.memory、.window 和 .limit 可改变时间、内存、时间窗与行数的限制"},
    {"prepared in %.3f ms, answered in %.3f ms, %" PRIu64 " rows", "准备 %.3f 毫秒，回答 %.3f 毫秒，%" PRIu64 " 行"},
    {"--rounds goes with --watch", "--rounds 只用于 --watch"},
    {"--watch needs more than 0 seconds", "--watch 必须大于 0 秒"},
    {"--bom goes with --format csv", "--bom 只用于 --format csv"},
    {"every %gs; Ctrl-C ends", "每 %g 秒刷新；Ctrl-C 结束"},
    {"... %zu more lines", "…… 还有 %zu 行"},
    {"a parameter is written name=value, with letters, digits and _ in its name, not '%s'",
     "参数写作 name=value，名称由字母、数字和 _ 组成，而不是 '%s'"},
    {"the value of parameter '%.*s' must have 1 to %d bytes", "参数 '%.*s' 的值必须为 1 到 %d 字节"},
    {"warning: cut at %" PRIu64 " rows; %s N shows more, 0 all",
     "警告：只给出 %" PRIu64 " 行；%s N 可给出更多，0 为全部"},
    {"warning: %" PRIu64 " of %" PRIu64 " subjects have nothing to compare with",
     "警告：%" PRIu64 " 个（共 %" PRIu64 " 个）主体没有可比较的对象"},
    /* under an answer */
    {"(1 row)\n", "（1 行）\n"},
    {"(%" PRIu64 " rows)\n", "（%" PRIu64 " 行）\n"},
    {"rows", "行数"},
    {"left out", "未列出"},
    {"there are more than these %" PRIu64 " rows: %s N, or 0 for all\n",
     "不止这 %" PRIu64 " 行：%s N 可给出更多，0 为全部\n"},
    {"window", "时间窗"},
    {" to ", " 至 "},
    {"data until", "数据截至"},
    {"no data", "无数据"},
    {"%.2f %% of the time of 1 subject\n", "1 个主体时间的 %.2f %%\n"},
    {"%.2f %% of the time of %" PRIu64 " subjects\n", "占时间的 %.2f %%，共 %" PRIu64 " 个主体\n"},
    {"possible", "可能"},
    {"%" PRIu64 " more cannot be excluded: the meters were silent\n", "另有 %" PRIu64 " 个无法排除：当时没有数据\n"},
    {"%" PRIu64 " more, %s s, cannot be excluded: the meters were silent\n",
     "另有 %" PRIu64 " 段、%s 秒无法排除：当时没有数据\n"},
    {"no links", "无关联"},
    {"%" PRIu64 " of 1 subject has nothing to compare with\n", "%" PRIu64 " 个（共 1 个）主体没有可比较的对象\n"},
    {"%" PRIu64 " of %" PRIu64 " subjects have nothing to compare with\n",
     "%" PRIu64 " 个（共 %" PRIu64 " 个）主体没有可比较的对象\n"},
    {"note", "说明"},
    {"yes", "是"},
    {"no", "否"},
    /* the shell */
    {": %" PRIu64 " %s in %" PRIu64 " %s; ", "：%" PRIu64 " 台设施%.0s，%" PRIu64 " 家企业%.0s；"},
    {"no rows yet\n", "还没有数据\n"},
    {"rows from %s to %s\n", "数据从 %s 到 %s\n"},
    {"A statement ends with ; or an empty line. Tab completes, .help helps, Ctrl-D leaves.\n",
     "语句以 ; 或空行结束。Tab 补全，.help 帮助，Ctrl-D 退出。\n"},
    {"A statement ends with ; or an empty line. .help helps, Ctrl-D leaves.\n",
     "语句以 ; 或空行结束。.help 帮助，Ctrl-D 退出。\n"},
    {"Lines are read plainly: this gk was built without libedit.\n", "按普通方式读行：此 gk 编译时没有 libedit。\n"},
    {"no statement is this long: it was dropped", "没有语句会这么长：已丢弃"},
    {"there is no '%s'; did you mean '%s'?", "没有 '%s'；是否想用 '%s'？"},
    {"there is no '%s'; .help lists what there is", "没有 '%s'；.help 列出全部"},
    {"usage: %s", "用法：%s"},
    {"at %s:%zu", "位置：%s:%zu"},
    {"stopped at %s:%zu", "停在 %s:%zu"},
    {"'%s' is read from itself: at most %d files deep", "'%s' 层层读取：最多 %d 层文件"},
    {"none yet; for example: define untreated as abatement off while production on;\n",
     "还没有；例如：define untreated as abatement off while production on;\n"},
    {"kind", "种类"},
    {"how many", "数量"},
    {"to see them", "查看"},
    {"this list, or one of them", "本列表，或其中一条"},
    {"what is in the store, and how to see it", "存储里有什么，怎样查看"},
    {"what was defined in this session", "本次会话中的定义"},
    {"how answers are written", "结果的格式"},
    {"rows of an answer, 0 for all", "结果的行数上限，0 为全部"},
    {"stops a statement after it (30s), 0 for never", "语句的时间上限（30s），0 为不限"},
    {"what a statement may hold (256), in megabytes", "语句最多占用的内存（256），单位兆字节"},
    {"the longest window that may be asked about (400d)", "最长可问的时间窗（400d）"},
    {"says how long each statement took", "给出每条语句的用时"},
    {"a clock that stands still, for last 24h; without TIME it runs", "固定时钟，用于“最近24小时”；不给时间则照常走"},
    {"what $NAME stands for in statements", "语句中 $NAME 所代表的值"},
    {"language of headings, footers and messages", "表头、脚注和提示的语言"},
    {"times as milliseconds since 1970 UTC", "时间写作 1970 年以来的毫秒数"},
    {"long answers through $PAGER", "长结果经由 $PAGER 显示"},
    {"answers go to a file; without FILE here again", "结果写入文件；不给文件则回到屏幕"},
    {"runs the lines of a file", "执行文件中的各行"},
    {"\nA question is a statement; it ends with ; or an empty line:\n"
     "  when abatement offline while production running for >= 10m last 24h;\n"
     "  which enterprises now abatement offline while production running;\n"
     "  duration, share of production running by enterprise, day last 7d;\n"
     "  state of facility 'F12' at 2026-01-05T08:00;   list facilities of enterprise 'E1';\n"
     "  define untreated as all abatement off while any production on;   when untreated per line today;\n"
     "  explain when untreated per line today;\n"
     "Names stand in quotes; gk help query and docs/QUERY.md have more.\n",
     "\n提问就是一条语句，以 ; 或空行结束：\n"
     "  当 生产运行期间治污离线持续10分钟以上 最近24小时;\n"
     "  现在哪些企业生产运行期间治污离线;\n"
     "  生产运行的时长、占比 按企业、日 最近7天;\n"
     "  列出设施 在企业'E1';   列出管控令 今天;\n"
     "  定义 untreated 为 全部治污停运期间任一生产运行;   当 untreated 每产线 今天;\n"
     "  解释 当 untreated 每产线 今天;\n"
     "名称要加引号；更多见 gk help query 和 docs/QUERY.md。\n"},
    {"the settings", "当前设置"},
    {"leaves; so does Ctrl-D", "退出；Ctrl-D 也可"},
    {"the same", "同上"},
    /* pictures */
    {"this answer", "这个结果"},
    {"which (its answer is names)", "which（结果是名称）"},
    {"a list of the catalog", "目录列表"},
    {"draw an answer: SVG, or blocks on the terminal", "把结果画成图：SVG，或终端字符图"},
    {"off", "停运"},
    {"idle", "空转"},
    {"on", "运行"},
    {"overload", "过载"},
    {"production", "生产设施"},
    {"abatement", "治污设施"},
    {"order", "管控令"},
    {"exempt", "申报停运"},
    {"zone", "全区"},
    {"certain", "确定"},
    {"nodata", "无数据"},
    {"other", "其他"},
    {"only possible", "仅可能"},
    {"open", "未结束"},
    {"since", "自"},
    {"asked for", "查询时刻"},
    {"unknown", "未知"},
    {"weak coverage", "数据不全"},
    {"coverage", "数据覆盖率"},
    {"min to max", "最小至最大"},
    {"known", "已知"},
    {"no values", "无数值"},
    {"total", "合计"},
    {"blank", "空白"},
    {"over", "过载"},
    {"none", "无数据"},
    {"avg", "平均"},
    {"max", "最大"},
    {"%s to %s (%s)", "%s 至 %s (%s)"},
    {"%s of the time unknown", "%s 的时间未知"},
    {"%" PRIu64 " more (%s) cannot be excluded", "另有 %" PRIu64 " 段（%s）不能排除"},
    {"%zu certain, %s", "确定 %zu 段，共 %s"},
    {"%s; %" PRIu64 " more possible, %s", "%s；另有 %" PRIu64 " 段可能，共 %s"},
    {"%zu more lanes are left off: --max-lanes %zu", "另有 %zu 条泳道未画出：--max-lanes %zu"},
    {"%zu more lanes with %zu stretches are left off: --max-lanes %zu",
     "另有 %zu 条泳道（含 %zu 段）未画出：--max-lanes %zu"},
    {"%zu more are left off: --max-lanes %zu", "另有 %zu 行未画出：--max-lanes %zu"},
    {"of each %s the longest state is drawn", "每 %s 只画其中持续最久的状态"},
    {"the answer was cut at %" PRIu64 " rows", "答案在 %" PRIu64 " 行处截断"},
    {"%" PRIu64 " subjects have nothing to compare with", "%" PRIu64 " 个对象没有可比较的关联设施"},
    {"gathered: the line is the mean, the band reaches from least to most", "点已归并：曲线为均值，阴影为最小至最大"},
    {"nothing to draw: the answer has no rows", "没有可画的内容：结果没有行"},
    {"%s cannot be drawn; these can: when ..., samples of ..., aggregates by a site or a time (avg, min, max of power "
     "by "
     "facility every 5m; share of ... by enterprise, day), state of ... at",
     "%s 不能画成图；可以画的有：when ...、samples of ...、按场所或时间的统计（avg, min, max of power by facility "
     "every "
     "5m；share of ... by enterprise, day）、state of ... at"},
    {"this answer cannot be drawn as %s, only as %s", "这个结果不能画成 %s，只能画成 %s"},
    {"the answer has no value called '%s'", "结果中没有名为 '%s' 的数值"},
    {"%zu stretches are too many for a picture, at most %d: shorten the window, or end the statement with `sort "
     "duration "
     "desc limit 500`",
     "%zu 段太多，一张图最多 %d 段：请缩短时间窗，或在语句后加 `sort duration desc limit 500`"},
    {"a height of %.0f is too little for this picture, which needs %.0f", "高度 %.0f 太小，这张图需要 %.0f"},
    {"a picture is of one statement; the others may only be definitions", "一张图只画一条语句；其余只能是定义"},
    {"there is no statement in the text; see gk help plot", "文本中没有语句；见 gk help plot"},
    {"option '--%s' must be %zu to %zu, not %zu", "选项 '--%s' 必须在 %zu 到 %zu 之间，而不是 %zu"},
    {"option '--%s' needs timeline, curve, heat, bars or board, not '%s'",
     "选项 '--%s' 只能是 timeline、curve、heat、bars 或 board，而不是 '%s'"},
    {"pictures are SVG: write '%.*s.svg', and rsvg-convert makes the other of it",
     "图的格式是 SVG：请写到 '%.*s.svg'，再用 rsvg-convert 转换"},
    {"--height is of a file: -o FILE.svg", "--height 只用于文件：-o FILE.svg"},
    /* the record of alarms */
    {"acknowledge an alarm", "签收报警"},
    {"assign the case of an alarm", "交办报警"},
    {"what was found and done about an alarm", "反馈报警的处理情况"},
    {"look over the case of an alarm", "审核报警的处理"},
    {"close the case of an alarm", "办结报警"},
    {"print the acts of the record as they happen", "逐条输出记录中的动作"},
    {"follow the record's chain of hashes, print its roots", "校验记录的哈希链，输出根值"},
    {"tell people of alarms, by commands and webhooks", "用命令或 webhook 把报警告知相关人员"},
    {"'%s' is no number of an alarm", "'%s' 不是报警编号"},
    {"--by is missing: who does it?", "缺少 --by：由谁办理？"},
    {"--to is missing: to whom?", "缺少 --to：交给谁？"},
    {"--outcome is missing: enterprise, device or false",
     "缺少 --outcome：enterprise（企业责任）、device（设备故障）或 false（误报）"},
    {"option '--outcome' needs enterprise, device or false, not '%s'",
     "选项 '--outcome' 只能是 enterprise、device 或 false，而不是 '%s'"},
    {"--due goes beyond all time", "--due 超出时间范围"},
    {"alarm %" PRIu64 ": %s by %s, act %" PRIu64, "报警 %" PRIu64 "：%s，办理人 %s，记录第 %" PRIu64 " 条"},
    {"alarm %" PRIu64 ": %s by %s, recorded by the process that writes the store",
     "报警 %" PRIu64 "：%s，办理人 %s，已由写存储的进程记录"},
    {"alarm %" PRIu64 ": %s by %s, handed in; the process that writes the store has not taken it yet",
     "报警 %" PRIu64 "：%s，办理人 %s，已提交；写存储的进程尚未收取"},
    {"acknowledged", "已签收"},
    {"assigned", "已交办"},
    {"fed back", "已反馈"},
    {"checked", "已现场核查"},
    {"audited", "已审核"},
    {"closed", "已办结"},
    {"--deep and --json go with the check of a store, not with that of an alarm",
     "--deep 和 --json 用于检查存储，不用于核查报警"},
    {"--by, --note and --now go with the number of an alarm", "--by、--note 和 --now 要和报警编号一起用"},
    {"--from and --new are two beginnings", "--from 和 --new 只能用一个"},
    {"option '--root' needs 64 hex digits, not '%s'", "选项 '--root' 需要 64 位十六进制数，而不是 '%s'"},
    {"the root is that of act %" PRIu64 "; all acts up to it are as they were",
     "根值属于第 %" PRIu64 " 条记录；此前的记录均未改动"},
    {"%" PRIu64 " acts, and each fits the one before", "共 %" PRIu64 " 条记录，逐条相扣，无误"},
    {"--config is missing: the file that says whom and how", "缺少 --config：说明告知谁、如何告知的文件"},
    /* kinds of things in a store */
    {"facilities", "设施"},
    {"lines", "产线"},
    {"enterprises", "企业"},
    {"parks", "园区"},
    {"channels", "通道"},
    {"links", "产治关联"},
    {"bands", "阈值"},
    {"orders", "管控令"},
    {"exemptions", "停运申报"},
};

#define N_TEXTS (sizeof texts / sizeof *texts)

void texts_choose(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);

        if (value == NULL || *value == '\0')
            continue;
        is_chinese = strncmp(value, "zh", 2) == 0;
        return;
    }
}

bool texts_choose_named(const char *name)
{
    is_chinese = strcmp(name, "zh") == 0 || (is_chinese && strcmp(name, "en") != 0);
    return strcmp(name, "zh") == 0 || strcmp(name, "en") == 0;
}

const char *texts_chosen(void)
{
    return is_chinese ? "zh" : "en";
}

const char *tr(const char *text)
{
    for (size_t i = 0; is_chinese && i < N_TEXTS; i++)
        if (strcmp(texts[i].english, text) == 0)
            return texts[i].chinese;
    return text;
}

bool texts_pair(size_t i, const char **english, const char **chinese)
{
    if (i >= N_TEXTS)
        return false;
    *english = texts[i].english;
    *chinese = texts[i].chinese;
    return true;
}
