/*
 * days.c - the days of a week as text: mon-fri, sat;sun. A list of days and of stretches of them, in any of the ways in
 * which people write a day.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gk.h"

/* The first three letters of its name, its number, and what stands behind 周 or 星期. */
static const char *const DAYS[7][3] = {{"mon", "1", "一"}, {"tue", "2", "二"}, {"wed", "3", "三"}, {"thu", "4", "四"},
                                       {"fri", "5", "五"}, {"sat", "6", "六"}, {"sun", "7", "日"}};
static const char *const NAMES[7] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

static const struct {
    const char *text;
    uint32_t days;
} WHOLES[] = {{"daily", GK_DAYS_ALL},
              {"*", GK_DAYS_ALL},
              {"每天", GK_DAYS_ALL},
              {"每日", GK_DAYS_ALL},
              {"none", 0},
              {"-", 0},
              {"无", 0},
              {"weekends", 0x60},
              {"weekdays", 0x1F},
              {"周末", 0x60}};

static bool takes(struct gk_text *text, const char *word)
{
    size_t n = strlen(word);

    if (text->size < n || !text_is_alike(text->bytes, n, word, n))
        return false;
    text->bytes += n;
    text->size -= n;
    return true;
}

static int take_day(struct gk_text *text)
{
    (void)(takes(text, "周") || takes(text, "星期") || takes(text, "礼拜"));
    for (int day = 0; day < 7; day++) {
        if (takes(text, NAMES[day]))
            return day;
        for (int way = 0; way < 3; way++)
            if (takes(text, DAYS[day][way]))
                return day;
    }
    return takes(text, "天") ? 6 : -1;
}

/* sat-mon goes over the end of the week. */
static uint32_t stretch(int from, int to)
{
    uint32_t days = 0;

    for (int day = from;; day = (day + 1) % 7) {
        days |= 1u << day;
        if (day == to)
            return days;
    }
}

static int parse_list(struct gk_text text, uint32_t *days)
{
    *days = 0;
    for (;;) {
        int from = take_day(&text), to = from;
        if (takes(&text, "-") || takes(&text, "~") || takes(&text, "至") || takes(&text, "到"))
            to = take_day(&text);
        if (from < 0 || to < 0)
            return GK_ESYNTAX;
        *days |= stretch(from, to);
        if (text.size == 0)
            return GK_OK;
        if (!takes(&text, ";") && !takes(&text, ",") && !takes(&text, "、") && !takes(&text, " "))
            return GK_ESYNTAX;
        text = text_trim(text.bytes, text.size);
    }
}

int gk_days_parse(const char *bytes, size_t size, uint32_t *days)
{
    struct gk_text text = text_trim(bytes, size);

    for (size_t i = 0; i < sizeof WHOLES / sizeof *WHOLES; i++)
        if (text_is_alike(text.bytes, text.size, WHOLES[i].text, strlen(WHOLES[i].text))) {
            *days = WHOLES[i].days;
            return GK_OK;
        }
    return parse_list(text, days);
}

const char *gk_days_text(uint32_t days, char out[GK_DAYS_TEXT_MAX])
{
    size_t n = 0;

    if ((days & GK_DAYS_ALL) == GK_DAYS_ALL || (days & GK_DAYS_ALL) == 0)
        return strcpy(out, days ? "daily" : "none"); /* both fit */
    for (int day = 0; day < 7; day++) {
        int last = day;
        if (!(days >> day & 1))
            continue;
        while (last < 6 && days >> (last + 1) & 1)
            last++;
        /* at most four of "mon", with ';' or '-' between */
        n += (size_t)snprintf(out + n, GK_DAYS_TEXT_MAX - n, "%s%s", n ? ";" : "", DAYS[day][0]);
        if (last > day)
            n += (size_t)snprintf(out + n, GK_DAYS_TEXT_MAX - n, "%s%s", last > day + 1 ? "-" : ";", DAYS[last][0]);
        day = last;
    }
    return out;
}
