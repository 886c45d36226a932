/*
 * option.c - one pass over argv, which sorts operands to the front, then a count of them.
 */
#include "option.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "output.h"
#include "texts.h"

#define OPTIONS_MAX 24

bool text_to_count(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!isdigit((unsigned char)*text) || value > (UINT64_MAX - 9) / 10)
            return false;
        value = 10 * value + (uint64_t)(*text - '0');
    }
    *out = value;
    return true;
}

/* A plain decimal without sign or exponent at the start of text; NULL when there is none, else behind it. */
static const char *read_decimal(const char *text, double *out)
{
    size_t n = strspn(text, "0123456789.");
    char *end;

    if (n == 0 || n > 30)
        return NULL;
    *out = strtod(text, &end);
    return end == text + n ? end : NULL;
}

bool text_to_share(const char *text, double *out)
{
    double value;
    const char *rest = read_decimal(text, &value);

    if (rest == NULL)
        return false;
    if (strcmp(rest, "%") == 0)
        value /= 100;
    else if (*rest != '\0')
        return false;
    *out = value;
    return value <= 1;
}

bool text_to_duration(const char *text, int64_t *out_ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
    double value;
    const char *rest = read_decimal(text, &value);

    if (rest == NULL)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(rest, units[i].unit) == 0 && value * units[i].ns < 9e18) {
            *out_ns = llround(value * units[i].ns);
            return true;
        }
    return false;
}

bool text_to_seconds(const char *text, int64_t *out_ns)
{
    double value;
    const char *rest = read_decimal(text, &value);

    if (rest == NULL || *rest != '\0' || value >= 9e9)
        return text_to_duration(text, out_ns);
    *out_ns = llround(value * 1e9);
    return true;
}

bool text_to_zone(const char *text, int32_t *out_s)
{
    static const char *const forms[] = {"+dd:dd", "+dddd", "+dd", "+d"};
    int digits[4] = {0}, n = 0;

    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 || strcmp(text, "UTC") == 0) {
        *out_s = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *f = forms[i], *t = text;

        for (n = 0; *f != '\0' && (*f == 'd'   ? isdigit((unsigned char)*t)
                                   : *f == '+' ? *t == '+' || *t == '-'
                                               : *t == *f);
             f++, t++)
            if (*f == 'd')
                digits[n++] = *t - '0';
        if (*f != '\0' || *t != '\0')
            continue;
        int hours = n == 1 ? digits[0] : 10 * digits[0] + digits[1];
        int minutes = n == 4 ? 10 * digits[2] + digits[3] : 0;

        *out_s = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
        return hours <= 18 && minutes < 60;
    }
    return false;
}

/* What kind of value an option wants, for the sentence that says it got another. */
static const char *wanted(enum option_kind kind)
{
    switch (kind) {
    case OPTION_COUNT:
        return tr("a whole number");
    case OPTION_SHARE:
        return tr("a share such as 0.25 or 25%");
    case OPTION_DURATION:
        return tr("a duration with its unit such as 250ms, 10s, 5m");
    case OPTION_SECONDS:
        return tr("seconds, or a duration such as 250ms, 10s, 5m");
    case OPTION_ZONE:
        return tr("a zone such as +08:00 or UTC");
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_LIST:
        break;
    }
    return tr("a value");
}

static bool add_item(struct option_list *list, const char *text)
{
    if (list->n == OPTION_LIST_MAX)
        return false;
    list->items[list->n++] = text;
    return true;
}

static bool take(const struct option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->into = true;
        return true;
    case OPTION_TEXT:
        *(const char **)option->into = text;
        return true;
    case OPTION_COUNT:
        return text_to_count(text, option->into);
    case OPTION_SHARE:
        return text_to_share(text, option->into);
    case OPTION_DURATION:
        return text_to_duration(text, option->into);
    case OPTION_SECONDS:
        return text_to_seconds(text, option->into);
    case OPTION_LIST:
        return add_item(option->into, text);
    case OPTION_ZONE:
        return text_to_zone(text, option->into);
    }
    return false;
}

/* What every command knows. */
static const char *lang_name;
static const struct option lang_option = {"lang", 0, OPTION_TEXT, &lang_name};

static const struct option *find(const struct option *options, size_t n, const char *name, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
            return &options[i];
    if (strlen(lang_option.name) == size && memcmp(lang_option.name, name, size) == 0)
        return &lang_option;
    return NULL;
}

static const struct option *find_letter(const struct option *options, size_t n, char letter)
{
    for (size_t i = 0; i < n; i++)
        if (options[i].letter == letter)
            return &options[i];
    return NULL;
}

static void say_unknown(const struct command *command, const struct option *options, size_t n, const char *word,
                        size_t size)
{
    const char *names[OPTIONS_MAX + 2];
    char name[64];
    size_t i, n_names = 0;

    snprintf(name, sizeof name, "%.*s", (int)size, word);
    for (i = 0; i < n && i < OPTIONS_MAX; i++)
        names[n_names++] = options[i].name;
    names[n_names++] = lang_option.name;
    names[n_names++] = "help";
    i = word_nearest(name + strspn(name, "-"), names, n_names);
    if (i < n_names)
        say(command->name, "unknown option '%s'; did you mean '--%s'?", name, names[i]);
    else
        say(command->name, "unknown option '%s'; see gk help %s", name, command->name);
}

/* One option at argv[*i]; steps over its value. False when it was not understood. */
static bool read_one(const struct command *command, const struct option *options, size_t n, int argc, char **argv,
                     int *i)
{
    const char *word = argv[*i], *value = NULL;
    bool is_long = word[1] == '-';
    size_t size = strcspn(word, "=");
    const struct option *option;

    if (is_long)
        option = find(options, n, word + 2, size - 2);
    else
        option = word[2] == '\0' ? find_letter(options, n, word[1]) : NULL;
    if (option == NULL) {
        say_unknown(command, options, n, word, is_long ? size : strlen(word));
        return false;
    }
    if (is_long && word[size] == '=')
        value = word + size + 1;
    if (option->kind == OPTION_FLAG && value != NULL) {
        say(command->name, "option '--%s' takes no value", option->name);
        return false;
    }
    if (option->kind != OPTION_FLAG && value == NULL) {
        if (*i + 1 >= argc) {
            say(command->name, "option '--%s' needs %s", option->name, wanted(option->kind));
            return false;
        }
        value = argv[++*i];
    }
    if (!take(option, value)) {
        if (option->kind == OPTION_LIST)
            say(command->name, "option '--%s' stands there too often", option->name);
        else
            say(command->name, "option '--%s' needs %s, not '%s'", option->name, wanted(option->kind), value);
        return false;
    }
    if (option == &lang_option && !texts_choose_named(lang_name)) {
        say(command->name, "option '--%s' needs en or zh, not '%s'", option->name, value);
        return false;
    }
    return true;
}

static bool count_fits(const struct command *command, int n, char **argv)
{
    if (n < command->n_operands_min)
        say(command->name, "something is missing; usage: %.*s", (int)strcspn(command->help, "\n"), command->help);
    else if (n > command->n_operands_max)
        say(command->name, "'%s' is too much; usage: %.*s", argv[command->n_operands_max],
            (int)strcspn(command->help, "\n"), command->help);
    else
        return true;
    return false;
}

bool options_read(const struct command *command, const struct option *options, size_t n, int argc, char **argv,
                  int *n_operands, int *status)
{
    bool is_behind = false, is_helped = false;

    *n_operands = 0;
    *status = EXIT_USAGE;
    for (int i = 0; i < argc; i++) {
        if (is_behind || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[(*n_operands)++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            is_behind = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            is_helped = true; /* in the language that may follow */
        } else if (!read_one(command, options, n, argc, argv, &i)) {
            return false;
        }
    }
    if (is_helped)
        *status = output_help(command);
    return !is_helped && count_fits(command, *n_operands, argv);
}
