/*
 * plot_timeline.c - the answer of `when` as lanes: its subjects, the relatives it speaks of, their states, its
 * stretches.
 *
 * Subjects that are linked through a facility both of them are drawn with form a group, so that each facility is drawn
 * once:
 *
 *     fan ---- press      filter ---- mill ---- spare
 *     `--- saw            |  one group, two subjects |
 *
 * Which relatives a statement speaks of is told by `explain`, of which the lines `reads` name the nouns.
 */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "texts.h"

/* The nouns of a condition, besides its subject. */
struct reads {
    bool roles[3]; /* by gk_role: relatives of that role */
    bool has_named, has_order, has_exempt;
};

struct subject {
    enum gk_kind kind;
    uint32_t id; /* GK_ID_NONE: not found */
    size_t row;  /* the first one about it */
    size_t group;
    struct plot_mark *marks;
    size_t n_marks, room;
};

struct making {
    struct plot *plot;
    size_t columns[5]; /* subject, facility, line, enterprise, park */
    size_t start, end, certainty, open, carried;
    struct reads reads;
    struct subject *subjects;
    size_t n_subjects, room;
    uint32_t *root;       /* of each facility: the one that stands for its group */
    uint32_t *subject_of; /* facility -> subject + 1 */
    uint8_t *is_seen;     /* facilities that are drawn */
    uint32_t **lists;     /* of each group: the facilities, and how many */
    size_t *list_n;
};

static struct plot_memory *memory_of(struct making *making)
{
    return &making->plot->memory;
}

static uint32_t facility_count(const struct making *making)
{
    return gk_snapshot_info(making->plot->snapshot)->n_facilities;
}

/* ---- what the statement reads ---- */

static bool has_word(const char *detail, const char *word)
{
    const char *found = strstr(detail, word);

    return found != NULL && found < detail + strcspn(detail, ":,");
}

static void note_read(struct reads *reads, const char *detail, bool is_site)
{
    static const char *const sites[] = {"facility", "line", "enterprise", "park", "zone"};
    bool is_self = strstr(detail, "the subject itself") != NULL;

    reads->has_order |= has_word(detail, "order");
    reads->has_exempt |= has_word(detail, "exempt");
    reads->has_named |= strstr(detail, "what is named") != NULL;
    if (strstr(detail, "what is named") != NULL || strstr(detail, "around the subject") != NULL ||
        (is_self && !is_site))
        return;
    reads->roles[GK_PRODUCTION] |= has_word(detail, "production");
    reads->roles[GK_ABATEMENT] |= has_word(detail, "abatement");
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        if (has_word(detail, sites[i]))
            memset(reads->roles, true, sizeof reads->roles);
}

/* A statement on the side, in the session of the picture, where its definitions are. NULL when it was not understood.
 */
static gk_query *ask(struct plot *plot, const char *text)
{
    struct gk_query_error wrong = {0};
    gk_query *query = NULL;

    if (gk_query_prepare(plot->session, plot->snapshot, text, strlen(text), NULL, &query, &wrong) != GK_OK ||
        query == NULL)
        return NULL;
    if (gk_query_start(query, plot->snapshot, plot->meta.now, &wrong) == GK_OK)
        return query;
    gk_query_free(query);
    return NULL;
}

static void find_reads(struct making *making)
{
    struct plot *plot = making->plot;
    gk_query *query = ask(plot, plot_printf(&plot->memory, "explain %s", plot->text));
    bool is_site = making->n_subjects > 0 && making->subjects[0].kind != GK_FACILITY;
    struct gk_query_error wrong = {0};

    if (query == NULL) /* `list gaps` and what else has no condition to explain */
        return;
    while (gk_query_next(query, &wrong) == GK_OK)
        if (strcmp(gk_query_value(query, 0)->as.text.bytes, "reads") == 0)
            note_read(&making->reads, gk_query_value(query, 1)->as.text.bytes, is_site);
    gk_query_free(query);
}

/* ---- subjects and their marks ---- */

static uint32_t find_site(gk_snapshot *snapshot, enum gk_kind kind, const char *name, const char *parent)
{
    const struct gk_site *site, *above;

    for (uint32_t id = 0; (site = gk_site_get(snapshot, kind, id)) != NULL; id++) {
        if (strcmp(site->name, name) != 0)
            continue;
        above =
            kind == GK_LINE && site->parent != GK_ID_NONE ? gk_site_get(snapshot, GK_ENTERPRISE, site->parent) : NULL;
        if (kind != GK_LINE || *parent == '\0' || (above != NULL && strcmp(above->name, parent) == 0))
            return id;
    }
    return GK_ID_NONE;
}

static const char *cell(const struct making *making, size_t column, size_t row)
{
    return plot_table_text(&making->plot->table, making->columns[column], row);
}

static struct subject read_subject(const struct making *making, size_t row)
{
    gk_snapshot *snapshot = making->plot->snapshot;
    static const enum gk_kind kinds[] = {GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK};
    struct subject subject = {.kind = GK_ZONE, .row = row};

    for (size_t i = 0; i < 4; i++) {
        const char *name = cell(making, i + 1, row);

        if (*name == '\0')
            continue;
        subject.kind = kinds[i];
        subject.id = i == 0 ? gk_facility_find(snapshot, name, strlen(name))
                            : find_site(snapshot, kinds[i], name, i == 1 ? cell(making, 3, row) : "");
        break;
    }
    return subject;
}

static bool is_same_subject(const struct making *making, size_t a, size_t b)
{
    for (size_t i = 0; i < 5; i++)
        if (making->plot->table.columns[making->columns[i]].text[a] !=
            making->plot->table.columns[making->columns[i]].text[b])
            return false;
    return true;
}

/* The subject of a row: nearly always that of the row before; a sorted answer mixes them. */
static struct subject *subject_of_row(struct making *making, size_t row)
{
    for (size_t i = making->n_subjects; i > 0; i--)
        if (is_same_subject(making, making->subjects[i - 1].row, row))
            return &making->subjects[i - 1];
    making->subjects =
        plot_more(memory_of(making), making->subjects, making->n_subjects, &making->room, sizeof *making->subjects);
    making->subjects[making->n_subjects] = read_subject(making, row);
    return &making->subjects[making->n_subjects++];
}

static void add_mark(struct making *making, size_t row)
{
    struct plot *plot = making->plot;
    const struct plot_column *columns = plot->table.columns;
    struct subject *subject = subject_of_row(making, row);
    struct plot_mark mark = {.from = columns[making->start].time[row], .to = columns[making->end].time[row]};
    gk_time known = plot->meta.watermark < plot->meta.to && plot->meta.watermark != GK_TIME_MIN ? plot->meta.watermark
                                                                                                : plot->meta.to;

    mark.is_certain = strcmp(plot_table_text(&plot->table, making->certainty, row), "possible") != 0;
    mark.is_open = mark.to == GK_TIME_MIN;
    mark.is_carried = mark.from == GK_TIME_MIN || columns[making->carried].number[row] != 0;
    if (mark.from == GK_TIME_MIN)
        mark.from = plot->from;
    if (mark.is_open)
        mark.to = known > mark.from ? known : mark.from;
    subject->marks =
        plot_more(memory_of(making), subject->marks, subject->n_marks, &subject->room, sizeof *subject->marks);
    subject->marks[subject->n_marks++] = mark;
}

static int find_columns(struct making *making, struct gk_error *error)
{
    static const char *const names[] = {"subject", "facility", "line", "enterprise", "park"};
    const struct plot_table *table = &making->plot->table;
    bool is_there = true;

    for (size_t i = 0; i < 5; i++)
        is_there &= (making->columns[i] = plot_table_find(table, names[i], GK_TYPE_TEXT)) != PLOT_NONE;
    making->start = plot_table_find(table, "start", GK_TYPE_TIME);
    making->end = plot_table_find(table, "end", GK_TYPE_TIME);
    making->certainty = plot_table_find(table, "certainty", GK_TYPE_TEXT);
    making->carried = plot_table_find(table, "carried_in", GK_TYPE_TRUTH);
    if (!is_there || making->start == PLOT_NONE || making->end == PLOT_NONE || making->carried == PLOT_NONE)
        return plot_fail(error, GK_EINVAL, "the stretches of this answer have no subject, start, end and carried_in");
    if (table->n_rows > PLOT_MARKS_MOST)
        return plot_fail(
            error, GK_ELIMIT,
            "%zu stretches are too many for a picture, at most %d: shorten the window, or end the statement "
            "with `sort duration desc limit 500`",
            table->n_rows, PLOT_MARKS_MOST);
    return GK_OK;
}

/* ---- groups ---- */

static uint32_t root_of(struct making *making, uint32_t id)
{
    while (making->root[id] != id)
        id = making->root[id] = making->root[making->root[id]];
    return id;
}

static void join_to(struct making *making, uint32_t subject, uint32_t id)
{
    uint32_t a = root_of(making, subject), b = root_of(making, id);

    making->is_seen[id] = true;
    making->root[a > b ? a : b] = a > b ? b : a;
}

/* A facility as subject: those linked with it while the picture lasts. */
static void join_relatives(struct making *making, uint32_t id)
{
    struct plot *plot = making->plot;
    size_t n;
    const struct gk_link *const *links = gk_facility_links(plot->snapshot, id, &n);

    join_to(making, id, id);
    for (size_t i = 0; i < n; i++) {
        uint32_t other = links[i]->abatement == id ? links[i]->production : links[i]->abatement;

        if (links[i]->from < plot->to && links[i]->to > plot->from &&
            making->reads.roles[gk_facility_get(plot->snapshot, other)->role])
            join_to(making, id, other);
    }
}

static void join_named(struct making *making, uint32_t id)
{
    uint32_t named[16];
    size_t n = making->reads.has_named ? plot_named_facilities(making->plot, named, 16) : 0;

    for (size_t i = 0; i < n; i++)
        join_to(making, id, named[i]);
}

static bool has_relatives(const struct making *making)
{
    const bool *roles = making->reads.roles;

    return making->reads.has_named || roles[GK_OTHER] || roles[GK_PRODUCTION] || roles[GK_ABATEMENT];
}

/* Subjects without relatives stand together by their line. */
static void join_lines(struct making *making)
{
    gk_snapshot *snapshot = making->plot->snapshot;

    if (has_relatives(making))
        return;
    for (size_t i = 1; i < making->n_subjects; i++) {
        const struct gk_facility *a = gk_facility_get(snapshot, making->subjects[i - 1].id);
        const struct gk_facility *b = gk_facility_get(snapshot, making->subjects[i].id);

        if (a->line != GK_ID_NONE && a->line == b->line)
            join_to(making, a->id, b->id);
    }
}

/* The facilities of the groups of facility subjects, each in the group of its root, ascending. */
static size_t group_facilities(struct making *making)
{
    uint32_t n = facility_count(making), *group_of = plot_take(memory_of(making), n, sizeof *group_of);
    size_t n_groups = 0, *room;

    for (size_t i = 0; i < making->n_subjects; i++) {
        uint32_t root = root_of(making, making->subjects[i].id);

        if (group_of[root] == 0)
            group_of[root] = (uint32_t)++n_groups;
        making->subjects[i].group = group_of[root] - 1;
    }
    making->lists = plot_take(memory_of(making), n_groups, sizeof *making->lists);
    making->list_n = plot_take(memory_of(making), n_groups, sizeof *making->list_n);
    room = plot_take(memory_of(making), n_groups, sizeof *room);
    for (uint32_t id = 0; id < n; id++) {
        size_t group;
        uint32_t *list;

        if (!making->is_seen[id])
            continue;
        group = group_of[root_of(making, id)] - 1;
        list = plot_more(memory_of(making), making->lists[group], making->list_n[group], &room[group], sizeof *list);
        list[making->list_n[group]++] = id;
        making->lists[group] = list;
    }
    return n_groups;
}

/* A site as subject: those of the roles inside of it. */
static void list_site(struct making *making, struct subject *subject)
{
    struct plot *plot = making->plot;
    size_t n = 0, n_kept = 0;
    const uint32_t *all =
        subject->id == GK_ID_NONE ? NULL : gk_site_facilities(plot->snapshot, subject->kind, subject->id, &n);
    uint32_t named[16], *list;
    size_t n_named = making->reads.has_named ? plot_named_facilities(plot, named, 16) : 0;

    list = plot_take(&plot->memory, n + n_named, sizeof *list);
    for (size_t i = 0; i < n; i++)
        if (making->reads.roles[gk_facility_get(plot->snapshot, all[i])->role])
            list[n_kept++] = all[i];
    for (size_t i = 0; i < n_named; i++) {
        bool is_new = true;

        for (size_t k = 0; k < n_kept; k++)
            is_new = is_new && list[k] != named[i];
        if (is_new)
            list[n_kept++] = named[i];
    }
    making->lists[subject->group] = list;
    making->list_n[subject->group] = n_kept;
}

static size_t group_sites(struct making *making)
{
    making->lists = plot_take(memory_of(making), making->n_subjects, sizeof *making->lists);
    making->list_n = plot_take(memory_of(making), making->n_subjects, sizeof *making->list_n);
    for (size_t i = 0; i < making->n_subjects; i++) {
        making->subjects[i].group = i;
        list_site(making, &making->subjects[i]);
    }
    return making->n_subjects;
}

static size_t make_groups(struct making *making)
{
    uint32_t n = facility_count(making);

    making->root = plot_take(memory_of(making), n, sizeof *making->root);
    making->subject_of = plot_take(memory_of(making), n, sizeof *making->subject_of);
    making->is_seen = plot_take(memory_of(making), n, 1);
    for (uint32_t id = 0; id < n; id++)
        making->root[id] = id;
    if (making->n_subjects == 0)
        return 0;
    if (making->subjects[0].kind != GK_FACILITY)
        return group_sites(making);
    for (size_t i = 0; i < making->n_subjects; i++) {
        making->subject_of[making->subjects[i].id] = (uint32_t)i + 1;
        join_relatives(making, making->subjects[i].id);
        join_named(making, making->subjects[i].id);
    }
    join_lines(making);
    return group_facilities(making);
}

/* ---- lanes ---- */

static void measure_lane(const struct plot *plot, struct plot_lane *lane)
{
    for (size_t i = 0; i < lane->n_marks; i++) {
        const struct plot_mark *mark = &lane->marks[i];
        gk_time from = mark->from > plot->from ? mark->from : plot->from,
                to = mark->to < plot->to ? mark->to : plot->to;
        double s = to > from ? (double)(to - from) / 1e9 : 0;

        lane->n_certain += mark->is_certain;
        *(mark->is_certain ? &lane->certain_s : &lane->possible_s) += s;
    }
}

static void take_marks(struct making *making, const struct subject *subject, struct plot_lane *lane)
{
    lane->is_subject = true;
    lane->marks = subject->marks;
    lane->n_marks = subject->n_marks;
    measure_lane(making->plot, lane);
}

static const char *line_name(struct plot *plot, const struct gk_facility *facility)
{
    const struct gk_site *line =
        facility->line == GK_ID_NONE ? NULL : gk_site_get(plot->snapshot, GK_LINE, facility->line);

    return line != NULL ? line->name : "";
}

static int add_facility(struct making *making, uint32_t id, struct gk_error *error)
{
    struct plot *plot = making->plot;
    struct plot_lane *lane = &plot->timeline.lanes[plot->timeline.n_lanes++];
    const struct gk_facility *facility = gk_facility_get(plot->snapshot, id);
    int rc;

    *lane = (struct plot_lane){.name = facility->name,
                               .line = line_name(plot, facility),
                               .facility = id,
                               .role = facility->role,
                               .rated_kw = facility->rated_kw};
    rc = plot_read_runs(plot, id, &lane->runs, &lane->n_runs, error);
    for (size_t i = 0; rc == GK_OK && i < lane->n_runs; i++) {
        plot->timeline.has_silence |= lane->runs[i].state == GK_NODATA;
        plot->timeline.has_states[lane->runs[i].state] = true;
    }
    if (making->subject_of[id] > 0)
        take_marks(making, &making->subjects[making->subject_of[id] - 1], lane);
    return rc;
}

/* Production above, what has to run with it below. */
static int add_facilities(struct making *making, size_t group, size_t room, struct gk_error *error)
{
    static const enum gk_role order[] = {GK_PRODUCTION, GK_ABATEMENT, GK_OTHER};
    gk_snapshot *snapshot = making->plot->snapshot;
    size_t n = 0;
    int rc = GK_OK;

    for (size_t r = 0; r < 3; r++)
        for (size_t i = 0; rc == GK_OK && i < making->list_n[group] && n < room; i++)
            if (gk_facility_get(snapshot, making->lists[group][i])->role == order[r]) {
                rc = add_facility(making, making->lists[group][i], error);
                n++;
            }
    return rc;
}

static void add_site(struct making *making, const struct subject *subject)
{
    struct plot *plot = making->plot;
    struct plot_lane *lane = &plot->timeline.lanes[plot->timeline.n_lanes++];
    const char *name = cell(making, 0, subject->row);

    *lane = (struct plot_lane){
        .name = subject->kind == GK_ZONE ? tr("zone") : name, .line = "", .facility = GK_ID_NONE, .rated_kw = NAN};
    take_marks(making, subject, lane);
}

/* Enterprise and line of the first row of a group; of several lines the enterprise alone. */
static const char *group_name(struct making *making, size_t group)
{
    struct plot *plot = making->plot;
    const char *enterprise = NULL, *line = NULL;

    for (size_t i = 0; i < making->n_subjects; i++) {
        const struct subject *subject = &making->subjects[i];

        if (subject->group != group)
            continue;
        if (enterprise == NULL) {
            enterprise = cell(making, 3, subject->row);
            line = cell(making, 2, subject->row);
        } else if (strcmp(line, cell(making, 2, subject->row)) != 0) {
            line = "";
        }
    }
    if (enterprise == NULL || *enterprise == '\0')
        return "";
    return line == NULL || *line == '\0' ? enterprise : plot_printf(&plot->memory, "%s · %s", enterprise, line);
}

static size_t marks_of_group(const struct making *making, size_t group)
{
    size_t n = 0;

    for (size_t i = 0; i < making->n_subjects; i++)
        n += making->subjects[i].group == group ? making->subjects[i].n_marks : 0;
    return n;
}

/* A group goes in whole; only the first one is cut when it alone is too much. */
static int add_group(struct making *making, size_t group, struct gk_error *error)
{
    struct plot *plot = making->plot;
    struct plot_timeline *timeline = &plot->timeline;
    bool is_site = making->subjects[0].kind != GK_FACILITY;
    size_t n = making->list_n[group] + is_site, room = plot->request.max_lanes - timeline->n_lanes;
    struct plot_group *out = &timeline->groups[timeline->n_groups];
    size_t n_marks = marks_of_group(making, group);
    int rc;

    if (n > room && timeline->n_groups > 0) {
        timeline->n_lanes_off += n;
        timeline->n_marks_off += n_marks;
        return GK_OK;
    }
    *out = (struct plot_group){
        .name = group_name(making, group), .first = timeline->n_lanes, .has_relatives = has_relatives(making)};
    if (is_site)
        add_site(making, &making->subjects[group]);
    rc = add_facilities(making, group, room - is_site, error);
    out->n = timeline->n_lanes - out->first;
    for (size_t i = out->first; i < timeline->n_lanes; i++)
        n_marks -= timeline->lanes[i].n_marks;
    timeline->n_marks_off += n_marks;
    timeline->n_lanes_off += n - out->n;
    timeline->n_groups++;
    return rc;
}

/* ---- orders and exemptions ---- */

/* The text in quotes that the language reads back; NULL when it has no quotes left for it. */
static const char *quoted(struct plot_memory *memory, const char *name)
{
    const char *mark = strchr(name, '\'') == NULL ? "'" : strchr(name, '"') == NULL ? "\"" : NULL;

    return mark == NULL ? NULL : plot_printf(memory, "%s%s%s", mark, name, mark);
}

/* Facilities of a group are mostly bound by the same orders. */
static void add_cover(struct plot_memory *memory, struct plot_group *group, struct plot_cover cover, size_t *room)
{
    for (size_t i = 0; i < group->n_covers; i++)
        if (group->covers[i].from == cover.from && group->covers[i].to == cover.to &&
            group->covers[i].is_exempt == cover.is_exempt)
            return;
    group->covers = plot_more(memory, group->covers, group->n_covers, room, sizeof *group->covers);
    group->covers[group->n_covers++] = cover;
}

/* When an order, or an exemption, covers the facilities of a group. */
static void ask_cover(struct making *making, struct plot_group *group, bool is_exempt, size_t *room)
{
    struct plot *plot = making->plot;
    struct gk_query_error wrong = {0};
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];
    const char *list = "";
    gk_query *query;

    for (size_t i = group->first; i < group->first + group->n; i++) {
        const char *name =
            plot->timeline.lanes[i].facility == GK_ID_NONE ? NULL : quoted(&plot->memory, plot->timeline.lanes[i].name);

        if (name != NULL)
            list = plot_printf(&plot->memory, "%s%s%s", list, *list != '\0' ? ", " : "", name);
    }
    (void)gk_time_format(plot->from, plot->zone_s, from); /* the lengths are not needed */
    (void)gk_time_format(plot->to, plot->zone_s, to);
    if (*list == '\0' ||
        (query = ask(plot, plot_printf(&plot->memory, "when %s per facility in facility %s between %s and %s",
                                       is_exempt ? "exempt" : "order", list, from, to))) == NULL)
        return;
    while (gk_query_next(query, &wrong) == GK_OK) {
        const struct gk_value *start = gk_query_value(query, 5), *end = gk_query_value(query, 6);

        add_cover(&plot->memory, group,
                  (struct plot_cover){start->type == GK_TYPE_TIME ? start->as.time : plot->from,
                                      end->type == GK_TYPE_TIME ? end->as.time : plot->to, is_exempt},
                  room);
    }
    gk_query_free(query);
}

static void add_covers(struct making *making)
{
    struct plot_timeline *timeline = &making->plot->timeline;

    for (size_t i = 0; i < timeline->n_groups; i++) {
        struct plot_group *group = &timeline->groups[i];
        size_t room = 0;

        if (making->reads.has_order)
            ask_cover(making, group, false, &room);
        if (making->reads.has_exempt)
            ask_cover(making, group, true, &room);
        for (size_t k = 0; k < group->n_covers; k++)
            *(group->covers[k].is_exempt ? &timeline->has_exempt : &timeline->has_orders) = true;
    }
}

int plot_make_timeline(struct plot *plot, struct gk_error *error)
{
    struct making making = {.plot = plot};
    struct plot_timeline *timeline = &plot->timeline;
    size_t n_groups;
    int rc = find_columns(&making, error);

    if (rc != GK_OK)
        return rc;
    for (size_t row = 0; row < plot->table.n_rows; row++)
        add_mark(&making, row);
    find_reads(&making);
    n_groups = make_groups(&making);
    timeline->groups = plot_take(&plot->memory, n_groups, sizeof *timeline->groups);
    timeline->lanes = plot_take(&plot->memory, plot->request.max_lanes + 1, sizeof *timeline->lanes);
    for (size_t i = 0; rc == GK_OK && i < n_groups; i++)
        rc = add_group(&making, i, error);
    if (rc == GK_OK)
        add_covers(&making);
    timeline->n_marks = plot->table.n_rows;
    for (size_t i = 0; i < making.n_subjects; i++) {
        struct plot_lane all = {.marks = making.subjects[i].marks, .n_marks = making.subjects[i].n_marks};

        measure_lane(plot, &all);
        timeline->n_certain += all.n_certain;
        timeline->certain_s += all.certain_s;
        timeline->possible_s += all.possible_s;
    }
    return rc;
}
