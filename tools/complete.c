/*
 * complete.c - finds the word at the cursor and the noun before it, then goes through all that it could become.
 */
#include "complete.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "statement.h"
#include "tool.h"
#include "width.h"

/* ---- candidates ---- */

static char *copy(const char *text, size_t size)
{
    char *out = tool_resize(NULL, size + 1, 1);

    memcpy(out, text, size);
    out[size] = '\0';
    return out;
}

/* Letters of ASCII are the same in either case: keywords are, and who types a name will want the one there is. */
static size_t common_size(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] != '\0' && strncasecmp(a + n, b + n, 1) == 0)
        n++;
    while (n > 0 && ((unsigned char)a[n] & 0xC0) == 0x80)
        n--; /* to the edge of a character */
    return n;
}

static void add(struct completion *out, const char *text)
{
    for (size_t i = 0; i < out->n && i < COMPLETE_MAX; i++)
        if (strcmp(out->candidates[i], text) == 0)
            return;
    if (out->n < COMPLETE_MAX)
        out->candidates[out->n] = copy(text, strlen(text));
    if (out->n++ == 0)
        out->common = copy(text, strlen(text));
    else
        out->common[common_size(out->common, text)] = '\0';
}

void completion_clear(struct completion *completion)
{
    for (size_t i = 0; i < completion->n && i < COMPLETE_MAX; i++)
        free(completion->candidates[i]);
    free(completion->common);
    *completion = (struct completion){0};
}

/* ---- the place ---- */

struct place {
    const char *prefix; /* what is there of the word */
    size_t size;
    const char *quote; /* the one that ends the name, when the cursor is within one; else NULL */
    const char *noun;  /* of the names that may stand here; NULL: none */
    bool is_start;     /* nothing stands before the word */
};

/* What a word that stands before names has names of. */
enum named { OF_SITES, OF_CALENDARS, OF_SHIFTS, OF_BANDS };

/* Which names a noun asks for. */
static const struct noun {
    const char *text;
    enum gk_kind kind;
    int role; /* of facilities; -1: any */
    enum named named;
} nouns[] = {
    {"facility", GK_FACILITY, -1, OF_SITES},
    {"设施", GK_FACILITY, -1, OF_SITES},
    {"production", GK_FACILITY, GK_PRODUCTION, OF_SITES},
    {"生产", GK_FACILITY, GK_PRODUCTION, OF_SITES},
    {"生产设施", GK_FACILITY, GK_PRODUCTION, OF_SITES},
    {"abatement", GK_FACILITY, GK_ABATEMENT, OF_SITES},
    {"治污", GK_FACILITY, GK_ABATEMENT, OF_SITES},
    {"治污设施", GK_FACILITY, GK_ABATEMENT, OF_SITES},
    {"line", GK_LINE, -1, OF_SITES},
    {"产线", GK_LINE, -1, OF_SITES},
    {"enterprise", GK_ENTERPRISE, -1, OF_SITES},
    {"企业", GK_ENTERPRISE, -1, OF_SITES},
    {"park", GK_PARK, -1, OF_SITES},
    {"园区", GK_PARK, -1, OF_SITES},
    {"calendar", GK_ZONE, -1, OF_CALENDARS},
    {"日历", GK_ZONE, -1, OF_CALENDARS},
    {"shift", GK_ZONE, -1, OF_SHIFTS},
    {"班次", GK_ZONE, -1, OF_SHIFTS},
    {"bands", GK_ZONE, -1, OF_BANDS},
    {"阈值", GK_ZONE, -1, OF_BANDS},
};

#define N_NOUNS (sizeof nouns / sizeof *nouns)

static bool is_word_byte(unsigned char c)
{
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The noun with which a word of ASCII is, or a run of Han characters ends; the longest. */
static const struct noun *noun_of(const char *word, size_t size)
{
    const struct noun *best = NULL;

    for (size_t i = 0; i < N_NOUNS; i++) {
        size_t n = strlen(nouns[i].text);
        bool is_han = (unsigned char)nouns[i].text[0] >= 0x80;

        if (n > size || (!is_han && n != size) || strncasecmp(word + size - n, nouns[i].text, n) != 0)
            continue;
        if (best == NULL || n > strlen(best->text))
            best = &nouns[i];
    }
    return best;
}

/* A comma or a blank: names in a list go on behind it. Its length, 0 for anything else. */
static size_t gap_size(const char *text, size_t n)
{
    static const char *const gaps[] = {" ", "\t", ",", "，", "、", "　"};

    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (n >= strlen(gaps[i]) && memcmp(text, gaps[i], strlen(gaps[i])) == 0)
            return strlen(gaps[i]);
    return 0;
}

/* Whether a word goes on at text; behind a noun it may be a name, and those have signs. */
static bool is_in_word(const char *text, size_t n, bool is_name)
{
    size_t size;

    if (n == 0 || gap_size(text, n) > 0 || statement_closing_quote(text, n, &size) != NULL)
        return false;
    return is_word_byte((unsigned char)text[0]) || (is_name && strchr("-.#/+&:", text[0]) != NULL);
}

/* Walks to the cursor by words, quoted names and signs. */
static struct place place_of(const char *text, size_t at, const struct noun **noun)
{
    struct place out = {.prefix = text + at, .is_start = true};

    *noun = NULL;
    for (size_t i = 0; i < at;) {
        size_t from = i, n;
        const char *close = statement_closing_quote(text + i, at - i, &n);

        if (close != NULL) {
            const char *end = strstr(text + i + n, close);

            out.is_start = false;
            if (end == NULL || end >= text + at) {
                out.prefix = text + i + n;
                out.size = at - i - n;
                out.quote = close;
                return out;
            }
            i = (size_t)(end - text) + strlen(close);
            continue;
        }
        if ((n = gap_size(text + i, at - i)) > 0) {
            i += n;
            continue;
        }
        if (!is_in_word(text + i, at - i, *noun != NULL)) {
            *noun = NULL;
            out.is_start = text[i++] == ';';
            continue;
        }
        while (is_in_word(text + i, at - i, *noun != NULL))
            i++;
        if (i == at) {
            out.prefix = text + from;
            out.size = at - from;
            return out;
        }
        *noun = noun_of(text + from, i - from);
        out.is_start = false;
    }
    return out;
}

/* ---- names ---- */

static bool begins(const char *text, const char *prefix, size_t size)
{
    return strncasecmp(text, prefix, size) == 0;
}

/* A name as it is typed: within quotes with the one that ends it, else with both. */
static void add_name(struct completion *out, const struct place *place, const char *name)
{
    const char *open = place->quote == NULL ? "'" : "", *close = place->quote == NULL ? "'" : place->quote;
    char text[2 * GK_NAME_MAX + 16];
    size_t n = 0;

    if (!begins(name, place->prefix, place->size))
        return;
    n = strlen(strcpy(text, open));
    for (; *name != '\0'; name++) {
        if (strncmp(name, close, strlen(close)) == 0) { /* a quote within a name is doubled */
            n += strlen(strcpy(text + n, close));
            name += strlen(close) - 1;
            n += strlen(strcpy(text + n, close));
            continue;
        }
        text[n++] = *name;
    }
    strcpy(text + n, close);
    add(out, text);
}

/* A shift is a calendar with hours. */
static void add_calendars(const struct complete_scope *scope, const struct place *place, bool is_shift,
                          struct completion *out)
{
    size_t n;
    const struct gk_calendar *list = gk_calendars(scope->snapshot, &n);

    for (size_t i = 0; i < n; i++)
        if (!is_shift || list[i].hours_from_s != 0 || list[i].hours_to_s != 0)
            add_name(out, place, list[i].calendar);
}

static void add_band_sets(const struct complete_scope *scope, const struct place *place, struct completion *out)
{
    size_t n;
    const struct gk_band *list = gk_set_bands(scope->snapshot, &n);

    for (size_t i = 0; i < n; i++)
        add_name(out, place, list[i].set);
}

static void add_names(const struct complete_scope *scope, const struct place *place, const struct noun *noun,
                      struct completion *out)
{
    const struct gk_site *site;
    const struct gk_facility *facility;

    if (scope->snapshot == NULL)
        return;
    if (noun->named == OF_BANDS) {
        add_band_sets(scope, place, out);
        return;
    }
    if (noun->named != OF_SITES) {
        add_calendars(scope, place, noun->named == OF_SHIFTS, out);
        return;
    }
    if (noun->kind != GK_FACILITY) {
        for (uint32_t id = 0; (site = gk_site_get(scope->snapshot, noun->kind, id)) != NULL; id++)
            add_name(out, place, site->name);
        return;
    }
    for (uint32_t id = 0; (facility = gk_facility_get(scope->snapshot, id)) != NULL; id++)
        if (noun->role < 0 || (int)facility->role == noun->role)
            add_name(out, place, facility->name);
}

static void add_all_names(const struct complete_scope *scope, const struct place *place, struct completion *out)
{
    static const struct noun kinds[] = {{"", GK_PARK, -1, OF_SITES},
                                        {"", GK_ENTERPRISE, -1, OF_SITES},
                                        {"", GK_LINE, -1, OF_SITES},
                                        {"", GK_FACILITY, -1, OF_SITES}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        add_names(scope, place, &kinds[i], out);
}

/* ---- words ---- */

/* The plural with s is left out: who wants it types it. */
static bool is_plural(const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; gk_query_word(i) != NULL; i++)
        if (strlen(gk_query_word(i)) == n - 1 && word[n - 1] == 's' && strncmp(gk_query_word(i), word, n - 1) == 0)
            return true;
    return false;
}

static void add_words(const struct complete_scope *scope, const char *prefix, size_t size, struct completion *out)
{
    struct gk_text name, condition;
    const char *word;

    for (size_t i = 0; (word = gk_query_word(i)) != NULL; i++)
        if (begins(word, prefix, size) && !is_plural(word))
            add(out, word);
    for (size_t i = 0; gk_session_definition(scope->session, i, &name, &condition); i++)
        if (begins(name.bytes, prefix, size))
            add(out, name.bytes);
    for (uint32_t id = 0; scope->snapshot != NULL && (word = gk_channel_name(scope->snapshot, id)) != NULL; id++)
        if (begins(word, prefix, size))
            add(out, word);
}

/*
 * Words stand close to each other in Chinese: the longest end of the run with which some word begins, or a name of the
 * noun before it. Behind a noun that is whole already come its names.
 */
static void add_han(const struct complete_scope *scope, struct place *place, struct completion *out)
{
    const char *run = place->prefix;
    const struct noun *noun = noun_of(run, place->size);
    uint32_t code;

    while (place->size > 0 && out->n == 0) {
        const struct noun *before = noun_of(run, (size_t)(place->prefix - run));
        size_t n = utf8_next(place->prefix, place->size, &code);

        add_words(scope, place->prefix, place->size, out);
        if (before != NULL)
            add_names(scope, place, before, out);
        if (out->n > 0)
            break;
        place->prefix += n;
        place->size -= n;
    }
    if (noun == NULL || out->n != 1 || strncmp(out->candidates[0], place->prefix, place->size) != 0 ||
        strlen(out->candidates[0]) != place->size)
        return;
    completion_clear(out);
    place->prefix += place->size;
    place->size = 0;
    add_names(scope, place, noun, out);
}

/* What stands behind a word, also where nothing is typed of it yet. */
#define FOLLOWERS_MAX 15
#define N_GROUPING    2 /* the first ones, behind which tags of the store stand, too */
static const struct {
    const char *word, *list[FOLLOWERS_MAX];
} followers[] = {
    {"by", {"enterprise", "park", "line", "facility", "hour", "day", "week", "month", "shift"}},
    {"按", {"企业", "园区", "产线", "设施", "小时", "日", "周", "月", "班次"}},
    {"list",
     {"facilities", "enterprises", "parks", "lines", "links", "channels", "bands", "orders", "exemptions", "calendars",
      "events", "gaps", "alarms", "rules"}},
    {"列出",
     {"设施", "企业", "园区", "产线", "关联", "通道", "阈值", "管控令", "豁免单", "日历", "事件", "断点", "报警",
      "规则"}},
    {"which", {"enterprises", "facilities", "productions", "abatements", "lines", "parks"}},
    {"哪些", {"企业", "设施", "生产", "治污", "产线", "园区"}},
    {"using", {"bands"}},
    {"采用", {"阈值"}},
    {"vs", {"previous", "last", "yesterday", "same", "stored", "now"}},
    {"during", {"order", "hours", "workdays", "holidays", "weekends", "calendar", "shift"}},
};

static bool is_word_before(const char *text, const struct place *place, const char *word)
{
    size_t at = (size_t)(place->prefix - text), n = strlen(word);

    while (at > 0 && text[at - 1] == ' ')
        at--;
    if (at < n || text + at == place->prefix || strncasecmp(text + at - n, word, n) != 0)
        return false;
    return (unsigned char)word[0] >= 0x80 || at == n || !is_word_byte((unsigned char)text[at - n - 1]);
}

/* Keys of groups are tags, too. */
static void add_tags(const struct complete_scope *scope, const struct place *place, struct completion *out)
{
    const struct gk_facility *facility;

    for (uint32_t id = 0; scope->snapshot != NULL && (facility = gk_facility_get(scope->snapshot, id)) != NULL; id++)
        for (size_t i = 0; i < facility->n_tags; i++)
            if (begins(facility->tags[i].key, place->prefix, place->size))
                add(out, facility->tags[i].key);
}

static void add_followers(const struct complete_scope *scope, const char *text, const struct place *place,
                          struct completion *out)
{
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++) {
        if (!is_word_before(text, place, followers[i].word))
            continue;
        for (size_t j = 0; j < FOLLOWERS_MAX && followers[i].list[j] != NULL; j++)
            if (begins(followers[i].list[j], place->prefix, place->size))
                add(out, followers[i].list[j]);
        if (i < N_GROUPING)
            add_tags(scope, place, out);
    }
}

static const char *const verbs[] = {"when",  "which",   "duration", "share",  "count",   "longest", "energy", "avg",
                                    "state", "samples", "list",     "define", "explain", "profile", NULL};

static void add_list(const char *const *list, const struct place *place, struct completion *out)
{
    for (; *list != NULL; list++)
        if (begins(*list, place->prefix, place->size))
            add(out, *list);
}

/* ---- dot commands ---- */

/* Files whose path begins so; folders end with a slash. */
static void add_files(const struct place *place, struct completion *out)
{
    char *pattern = tool_resize(NULL, 2 * place->size + 2, 1), *end = pattern;
    glob_t found;

    for (size_t i = 0; i < place->size; i++) {
        if (strchr("*?[\\", place->prefix[i]) != NULL)
            *end++ = '\\';
        *end++ = place->prefix[i];
    }
    strcpy(end, "*");
    if (glob(pattern, GLOB_MARK, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            add(out, found.gl_pathv[i]);
        globfree(&found);
    }
    free(pattern);
}

static void complete_dot(const struct complete_scope *scope, const char *text, size_t at, struct completion *out)
{
    static const char *const switches[] = {"on", "off", NULL}, *const languages[] = {"en", "zh", NULL};
    struct place place = {.prefix = text, .size = at};
    const char *blank = memchr(text, ' ', at);

    if (blank == NULL) {
        add_list(scope->dots, &place, out);
        out->n_replaced = place.size;
        return;
    }
    place.prefix = blank + strspn(blank, " ");
    place.size = (size_t)(text + at - place.prefix);
    out->n_replaced = place.size;
    if (strncmp(text, ".mode ", 6) == 0)
        add_list(scope->formats, &place, out);
    else if (strncmp(text, ".lang ", 6) == 0)
        add_list(languages, &place, out);
    else if (strncmp(text, ".help ", 6) == 0)
        add_list(scope->dots, &place, out);
    else if (strncmp(text, ".read ", 6) == 0 || strncmp(text, ".output ", 8) == 0)
        add_files(&place, out);
    else if (strncmp(text, ".timer ", 7) == 0 || strncmp(text, ".epoch ", 7) == 0 || strncmp(text, ".pager ", 7) == 0)
        add_list(switches, &place, out);
}

/* The only candidate is whole: a blank follows, but not within a path or between words of Chinese. */
static void end_single(struct completion *out, const struct place *place)
{
    bool is_open;
    size_t n;

    if (out->n != 1)
        return;
    n = strlen(out->candidates[0]);
    is_open =
        ((unsigned char)out->candidates[0][0] >= 0x80 && place->quote == NULL) || out->candidates[0][n - 1] == '/';
    free(out->common);
    out->common = copy(out->candidates[0], n + 1);
    strcpy(out->common + n, is_open ? "" : " ");
}

void completion_find(const struct complete_scope *scope, const char *text, size_t at, struct completion *out)
{
    const struct noun *noun;
    struct place place = {0};

    *out = (struct completion){0};
    if (at > 0 && text[0] == '.') {
        complete_dot(scope, text, at, out);
        end_single(out, &place);
        return;
    }
    place = place_of(text, at, &noun);
    if (place.quote != NULL) {
        if (noun != NULL)
            add_names(scope, &place, noun, out);
        else
            add_all_names(scope, &place, out);
    } else if (place.size == 0) {
        if (place.is_start)
            add_list(verbs, &place, out);
        else if (noun != NULL)
            add_names(scope, &place, noun, out);
        else
            add_followers(scope, text, &place, out);
    } else {
        struct place whole = place;

        add_followers(scope, text, &place, out);
        if (noun != NULL)
            add_names(scope, &place, noun, out);
        if ((unsigned char)place.prefix[0] >= 0x80 && out->n == 0)
            add_han(scope, &place, out);
        else
            add_words(scope, place.prefix, place.size, out);
        if (out->n == 0) {
            place = whole;
            add_all_names(scope, &place, out);
        }
    }
    out->n_replaced = place.size;
    end_single(out, &place);
    if (out->n > 1 && strlen(out->common) < place.size) { /* names with a quote among words */
        free(out->common);
        out->common = copy(place.prefix, place.size);
    }
}
