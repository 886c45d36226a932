/*
 * cmd_discover.c - gk discover: what devices send that no mapping takes, as a table of mappings to be edited.
 *
 * Sightings are kept in a tree by what was sent (tsearch), and printed in its order.
 */
#define _GNU_SOURCE /* tdestroy */
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "source.h"
#include "tool.h"

static const char help[] =
    "gk discover STORE FILE...\n"
    "\n"
    "Reads captures of HJ 212 (`-` is standard input, gzip'd files are read as they are) and prints, for every value "
    "that the\n"
    "store's mappings do not take, a line of a table of mappings: device, code, suffix, period, the device as the "
    "facility,\n"
    "a channel by what the suffix usually means, and how often the value was seen, from least to most. Edit it, then "
    "load it:\n"
    "\n"
    "  gk discover zone.gk packets.txt > mappings.csv\n"
    "  gk load zone.gk mappings.csv packets.txt\n"
    "\n"
    "Nothing is stored. Exit status 1 when nothing new was seen.\n";

static const char help_zh[] =
    "gk discover STORE FILE...\n"
    "\n"
    "读取 HJ 212 报文文件（`-` 为标准输入，gzip 文件可直接读），把存储的映射表尚未涵盖的每一种值写成一行映射表：\n"
    "设备、编码、后缀、周期、以设备为设施、按后缀的通常含义给出的通道，以及出现次数和最小、最大值。修改后装入：\n"
    "\n"
    "  gk discover zone.gk packets.txt > mappings.csv\n"
    "  gk load zone.gk mappings.csv packets.txt\n"
    "\n"
    "不写入任何数据。没有新的值时退出码为 1。\n";

/* Values of one kind. The texts lie behind the struct. */
struct sighting {
    struct gk_sent sent;
    uint64_t n;
    double least, most;
    char texts[];
};

struct discovery {
    const struct command *command;
    gk_snapshot *snapshot;
    void *tree; /* of tsearch */
    struct output out;
    uint64_t n;
};

static int compare_texts(struct gk_text a, struct gk_text b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.bytes, b.bytes, size) : 0;

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare(const void *a, const void *b)
{
    const struct gk_sent *x = &((const struct sighting *)a)->sent, *y = &((const struct sighting *)b)->sent;
    int order = compare_texts(x->mn, y->mn);

    if (order == 0)
        order = (x->period > y->period) - (x->period < y->period);
    if (order == 0)
        order = compare_texts(x->code, y->code);
    return order != 0 ? order : compare_texts(x->suffix, y->suffix);
}

static struct gk_text keep(char **at, struct gk_text text)
{
    struct gk_text kept = {*at, text.size};

    if (text.size > 0)
        memcpy(*at, text.bytes, text.size);
    *at += text.size;
    return kept;
}

static struct sighting *sighting_new(const struct gk_sent *sent)
{
    size_t size = sent->mn.size + sent->code.size + sent->suffix.size;
    struct sighting *sighting = tool_resize(NULL, sizeof *sighting + size, 1);
    char *at = sighting->texts;

    *sighting = (struct sighting){.sent.period = sent->period};
    sighting->sent.mn = keep(&at, sent->mn);
    sighting->sent.code = keep(&at, sent->code);
    sighting->sent.suffix = keep(&at, sent->suffix);
    return sighting;
}

static void see(struct discovery *discovery, const struct gk_sent *sent, double value)
{
    const struct sighting key = {.sent = *sent};
    struct sighting **found;

    if (gk_mapping_find(discovery->snapshot, sent) != NULL)
        return;
    found = tfind(&key, &discovery->tree, compare);
    if (found == NULL) {
        struct sighting *sighting = sighting_new(sent);

        sighting->least = sighting->most = value;
        found = tsearch(sighting, &discovery->tree, compare);
        if (found == NULL) {
            free(sighting);
            (void)tool_resize(NULL, SIZE_MAX, 1); /* says that memory is short, and ends */
            return;
        }
        discovery->n++;
    }
    (*found)->n++;
    if (value < (*found)->least)
        (*found)->least = value;
    if (value > (*found)->most)
        (*found)->most = value;
}

static void see_packet(struct discovery *discovery, const struct gk_hj212_packet *packet)
{
    enum gk_period period;

    if (packet->verdict > GK_HJ212_REPEATED || !gk_hj212_period(packet->cn, &period))
        return;
    for (size_t i = 0; i < packet->n_fields; i++) {
        const struct gk_hj212_field *field = &packet->fields[i];
        const struct gk_sent sent = {packet->mn, field->code, field->suffix, period};

        if (field->is_number && !(field->suffix.size == 0 && field->code.size >= 4 &&
                                  memcmp(field->code.bytes + field->code.size - 4, "Time", 4) == 0))
            see(discovery, &sent, field->number);
    }
}

/* ---- the table ---- */

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

/* What meters and stations write behind a code, and what it is: HJ 212-2017, appendix B, and electricity meters. */
static const struct {
    const char *suffix, *channel, *unit;
} usual[] = {{"Ia", "ia", "A"}, {"Ib", "ib", "A"}, {"Ic", "ic", "A"},  {"Ua", "ua", "V"},
             {"Ub", "ub", "V"}, {"Uc", "uc", "V"}, {"Pt", "kw", "kW"}, {"Ep", "kwh", "kWh"}};

static void put_channel(struct output *out, const struct gk_sent *sent)
{
    static const char *const endings[] = {"", "_minute", "_hour", "_day"};
    char name[GK_NAME_MAX + 1];

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (is_word(sent->suffix, usual[i].suffix)) {
            output_format(out, "%s%s,%s", usual[i].channel, endings[sent->period], usual[i].unit);
            return;
        }
    int n =
        snprintf(name, sizeof name, "%.*s%s%.*s%s", (int)sent->code.size, sent->code.bytes,
                 sent->suffix.size > 0 && !is_word(sent->suffix, "Rtd") ? "_" : "",
                 is_word(sent->suffix, "Rtd") ? 0 : (int)sent->suffix.size, sent->suffix.bytes, endings[sent->period]);
    output_csv_guarded(out, name, n < (int)sizeof name ? (size_t)n : sizeof name - 1);
    output_text(out, ",");
}

static void put_sighting(const void *node, VISIT visit, void *context)
{
    const struct sighting *sighting = *(struct sighting *const *)node;
    struct output *out = context;
    char least[NUMBER_TEXT_MAX], most[NUMBER_TEXT_MAX];

    if (visit != postorder && visit != leaf)
        return;
    (void)number_format(sighting->least, least); /* the lengths are not needed */
    (void)number_format(sighting->most, most);
    output_csv_guarded(out, sighting->sent.mn.bytes, sighting->sent.mn.size);
    output_text(out, ",");
    output_csv_guarded(out, sighting->sent.code.bytes, sighting->sent.code.size);
    output_text(out, ",");
    if (sighting->sent.suffix.size > 0)
        output_csv_guarded(out, sighting->sent.suffix.bytes, sighting->sent.suffix.size);
    else
        output_text(out, "-");
    output_format(out, ",%s,", gk_period_text(sighting->sent.period));
    output_csv_guarded(out, sighting->sent.mn.bytes, sighting->sent.mn.size);
    output_text(out, ",");
    put_channel(out, &sighting->sent);
    output_format(out, ",1,,,%s to %s in %" PRIu64 " values\n", least, most, sighting->n);
}

static int read_file(struct discovery *discovery, const char *path)
{
    const struct gk_hj212_packet *packet;
    struct source *source = NULL;
    struct gk_error error = {0};
    gk_hj212 *decoder = NULL;
    const char *bytes;
    size_t size;
    int rc = source_open(path, &source, &error);

    if (rc == GK_OK)
        rc = gk_hj212_open(NULL, &decoder, &error);
    while (rc == GK_OK && (rc = source_next(source, &bytes, &size, &error)) == GK_OK) {
        rc = gk_hj212_feed(decoder, bytes, size, &error);
        while (rc == GK_OK && (rc = gk_hj212_next(decoder, &packet, &error)) == GK_OK)
            see_packet(discovery, packet);
        rc = rc == GK_DONE ? GK_OK : rc;
    }
    if (rc == GK_DONE) {
        gk_hj212_end(decoder);
        while ((rc = gk_hj212_next(decoder, &packet, &error)) == GK_OK)
            see_packet(discovery, packet);
    }
    gk_hj212_close(decoder);
    if (source != NULL)
        source_close(source);
    if (rc == GK_DONE)
        return EXIT_ROWS;
    say(discovery->command->name, "%s: %s", path, error.text);
    return EXIT_STORE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct discovery discovery = {.command = self};
    gk_db *db;
    int n, status;

    if (!options_read(self, NULL, 0, argc, argv, &n, &status))
        return status;
    if (tool_view(self, argv[0], &db, &discovery.snapshot) != GK_OK)
        return EXIT_STORE;
    status = EXIT_ROWS;
    for (int i = 1; i < n && status == EXIT_ROWS; i++)
        status = read_file(&discovery, argv[i]);
    output_init(&discovery.out, STDOUT_FILENO);
    if (discovery.n > 0)
        output_text(&discovery.out, "mn,code,suffix,period,facility,channel,unit,factor,min,max,note\n");
    twalk_r(discovery.tree, put_sighting, &discovery.out);
    tdestroy(discovery.tree, free);
    gk_snapshot_close(discovery.snapshot);
    (void)gk_close(db); /* nothing was written */
    if (status == EXIT_ROWS && discovery.n == 0)
        status = EXIT_NO_ROWS;
    return output_finish(&discovery.out, self, status);
}

const struct command command_discover = {
    "discover", "what devices send that no mapping takes, as a table to edit", help, 2, 1000000, run, help_zh};
