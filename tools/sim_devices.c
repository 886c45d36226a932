/*
 * sim_devices.c - one thread and one epoll for all devices.
 *
 *     walk over the rows -> queue of the device -> sent (n_ahead at most) -> acknowledged -> forgotten
 *                                    ^                |
 *                                    '-- no reply in time, or the connection broke
 *
 * A packet is the same bytes whenever it is sent: what is wrong with a try does not come out of the packet but of
 * chance that depends on the seed, the device and the packet alone.
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "sim_devices.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "sim_random.h"

#define QUEUE_MAX    1024             /* packets of a device that wait; then the zone waits */
#define GIVE_UP_NS   (60 * GK_SECOND) /* without a single reply */
#define RETRY_NS     (GK_SECOND / 10) /* before the next try to connect */
#define LINGER_NS    (2 * GK_SECOND)
#define TURN_MS      5 /* at most, for what waits for the time */
#define EVENTS_MAX   256
#define FLOOD_COPIES 200
#define TEN_YEARS_MS (3653 * SIM_DAY)
#define NOISE        "AT+CIPSEND=0,200\r\n> "

enum place { WAITING, IN_FLIGHT, DONE };

struct packet {
    char qn[SIM_QN_MAX];
    struct sim_row row;
    uint64_t number;
    gk_time sent_at;
    unsigned n_sent;
    enum place place;
    bool is_deaf;   /* its first reply gets lost */
    bool is_answer; /* to the request at hand */
};

struct device {
    int fd;        /* -1: not connected */
    int abandoned; /* a connection of which the server has not heard that nobody is there; -1: none */
    bool is_up;    /* connected to the end */
    gk_time retry_at;
    char mn[SIM_MN_MAX];
    uint64_t index, n_made;
    bool is_lower, is_short;
    enum gk_hj212_crc crc;
    gk_hj212 *decoder;
    struct packet *v; /* from `first` on */
    size_t first, n, room, n_flight;
    size_t next; /* none before it is WAITING */
    struct output out;
    size_t sent, cut;          /* bytes of `out` that are sent; 0 or where this turn's sending ends */
    bool breaks;               /* once `out` is sent */
    char asked_qn[SIM_QN_MAX]; /* the server's request, and how much of the answer is not acknowledged */
    size_t n_answers_left;
};

struct park {
    const struct command *command;
    const struct sim_zone *zone;
    const struct sim_devices_config *config;
    struct sim_devices_counts *counts;
    struct addrinfo *address;
    int epoll;
    struct device *devices;
    struct sim_walk *walk;
    struct sim_row row; /* that has no place in its device's queue yet */
    bool has_row, is_over;
    size_t n_waiting; /* packets that are not acknowledged */
    gk_time start, now, heard_at;
    int failure; /* why it could not connect */
};

/* ---- chance ---- */

/* Of 1,000 packets. */
static const unsigned often[SIM_CLOCK + 1] = {
    [SIM_CRC] = 20,    [SIM_LENGTH] = 10, [SIM_NOISE] = 10,    [SIM_SPLIT] = 100,  [SIM_TEXT] = 20, [SIM_LOST] = 10,
    [SIM_REPEAT] = 70, [SIM_FLOOD] = 1,   [SIM_RECONNECT] = 3, [SIM_HALFOPEN] = 1, [SIM_CLOCK] = 5};

static uint64_t chance(const struct park *park, const struct device *device, uint64_t number)
{
    return random_hash(park->zone->config.seed, STREAM_DEVICE + (device->index << 8), number);
}

/* What goes wrong with the packet of that number; SIM_FAULTS: nothing. */
static enum sim_fault fault_of(const struct park *park, const struct device *device, uint64_t number)
{
    unsigned fate = chance(park, device, number) % 1000;

    for (int f = 0; f <= SIM_CLOCK; f++) {
        if (fate < often[f])
            return (park->config->faults & 1u << f) != 0 ? (enum sim_fault)f : SIM_FAULTS;
        fate -= often[f];
    }
    return SIM_FAULTS;
}

static void make_device(const struct park *park, struct device *device, uint64_t index)
{
    unsigned faults = park->config->faults;

    *device = (struct device){.fd = -1, .abandoned = -1, .index = index, .crc = GK_HJ212_CRC_STANDARD};
    uint64_t bits = chance(park, device, UINT64_MAX);
    sim_mn(index, device->mn);
    output_init(&device->out, -1);
    device->is_lower = (faults & 1u << SIM_HEX) != 0 && bits % 4 == 0;
    device->is_short = (faults & 1u << SIM_TIME14) != 0 && bits >> 8 & 1 && park->zone->config.interval_ms >= 1000;
    if ((faults & 1u << SIM_MODBUS) != 0 && bits >> 16 & 1)
        device->crc = bits >> 17 & 1 ? GK_HJ212_CRC_MODBUS : GK_HJ212_CRC_SWAPPED;
}

/* Whether the device sends nothing at that time: twenty minutes of every fourth hour or so, none of them the last. */
static bool is_forgotten(const struct park *park, const struct device *device, int64_t time)
{
    int64_t hour = time / SIM_HOUR;

    return (park->config->faults & 1u << SIM_GAP) != 0 && time % SIM_HOUR < 20 * SIM_MINUTE &&
           time < park->zone->to - 2 * SIM_HOUR && time > park->zone->from + SIM_HOUR &&
           chance(park, device, UINT64_MAX / 2 + (uint64_t)hour) % 4 == 0;
}

/* ---- packets ---- */

static struct packet *add_packet(struct park *park, struct device *device, const struct sim_row *row)
{
    if (device->n == device->room) {
        device->room = device->room > 0 ? 2 * device->room : 64;
        device->v = tool_resize(device->v, device->room, sizeof *device->v);
    }
    struct packet *packet = &device->v[device->n++];
    *packet = (struct packet){.row = *row, .number = device->n_made++};
    sim_qn(park->zone->from + (int64_t)packet->number, packet->qn);
    packet->is_deaf = fault_of(park, device, packet->number) == SIM_LOST;
    park->counts->made++;
    park->n_waiting++;
    return packet;
}

/* Takes acknowledged packets off the front. */
static void forget_done(struct device *device)
{
    while (device->first < device->n && device->v[device->first].place == DONE)
        device->first++;
    if (device->next < device->first)
        device->next = device->first;
    if (device->first > 64 && 2 * device->first > device->n) {
        memmove(device->v, device->v + device->first, (device->n - device->first) * sizeof *device->v);
        device->n -= device->first;
        device->next -= device->first;
        device->first = 0;
    }
}

static size_t make_bytes(const struct park *park, const struct device *device, const struct packet *packet,
                         int64_t ahead_ms, char out[GK_HJ212_PACKET_MAX])
{
    char segment[SIM_SEGMENT_MAX], qn[SIM_QN_MAX];
    struct sim_form form = {
        .mn = device->mn,
        .qn = packet->qn,
        .meter = sim_meter_of(park->zone, packet->row.facility),
        .is_short = device->is_short,
        .has_text = fault_of(park, device, packet->number) == SIM_TEXT,
        .is_minute = packet->is_answer,
        .ahead_ms = ahead_ms,
    };

    if (ahead_ms != 0) { /* its QN is wrong, too, so the reply is to nobody */
        sim_qn(park->zone->from + ahead_ms + (int64_t)packet->number, qn);
        form.qn = qn;
    }
    size_t size = gk_hj212_write(segment, sim_segment(park->zone, &packet->row, &form, segment), device->crc, out);
    for (size_t i = size - 6; device->is_lower && i < size - 2; i++)
        out[i] = (char)(out[i] >= 'A' && out[i] <= 'F' ? out[i] + 'a' - 'A' : out[i]);
    return size;
}

/* Damages a byte, so that the check value shows it: that of the standard does not always. */
static void damage(const struct device *device, uint64_t bits, char *bytes, size_t size)
{
    char other[GK_HJ212_PACKET_MAX];

    do {
        bytes[6 + bits % (size - 12)] ^= (char)(1 << bits % 7);
        bits = random_hash(bits, 0, 0);
        (void)gk_hj212_write(bytes + 6, size - 12, device->crc, other);
    } while (memcmp(bytes, other, size) == 0);
}

/* The first try of a packet, with what is wrong about it. */
static void put_fault(struct park *park, struct device *device, const struct packet *packet, enum sim_fault fault)
{
    char bytes[GK_HJ212_PACKET_MAX];
    uint64_t bits = chance(park, device, ~packet->number);
    size_t size = make_bytes(park, device, packet, 0, bytes);
    struct output *out = &device->out;

    park->counts->faults[fault]++;
    if (fault == SIM_CRC)
        damage(device, bits, bytes, size);
    if (fault == SIM_LENGTH)
        bytes[5] = bytes[5] == '9' ? '0' : (char)(bytes[5] + 1);
    if (fault == SIM_NOISE)
        output_text(out, NOISE);
    for (int i = 0; i < (fault == SIM_FLOOD ? FLOOD_COPIES : fault == SIM_REPEAT ? 1 : 0); i++)
        output_bytes(out, bytes, size);
    if (fault == SIM_CLOCK) {
        char early[GK_HJ212_PACKET_MAX];
        size_t early_size = make_bytes(park, device, packet, TEN_YEARS_MS, early);
        output_bytes(out, early, early_size);
    }
    if (fault == SIM_RECONNECT)
        size = bits % size;
    output_bytes(out, bytes, size);
    if (fault == SIM_SPLIT)
        device->cut = out->n - bits % size;
    device->breaks = fault == SIM_RECONNECT || fault == SIM_HALFOPEN;
}

static void put_packet(struct park *park, struct device *device, struct packet *packet)
{
    enum sim_fault fault = packet->n_sent == 0 ? fault_of(park, device, packet->number) : SIM_FAULTS;
    char bytes[GK_HJ212_PACKET_MAX];

    if (fault < SIM_FAULTS)
        put_fault(park, device, packet, fault);
    else
        output_bytes(&device->out, bytes, make_bytes(park, device, packet, 0, bytes));
    park->counts->sent_again += packet->n_sent > 0;
    packet->n_sent++;
    packet->sent_at = park->now;
    packet->place = IN_FLIGHT;
    device->n_flight++;
}

/* ---- connections ---- */

/* What was not answered is sent again. */
static void disconnect(struct park *park, struct device *device, bool is_abandoned)
{
    if (device->abandoned >= 0)
        (void)close(device->abandoned);
    device->abandoned = -1;
    if (is_abandoned) {
        (void)epoll_ctl(park->epoll, EPOLL_CTL_DEL, device->fd, NULL); /* it is in there */
        device->abandoned = device->fd;
    } else
        (void)close(device->fd);
    gk_hj212_close(device->decoder);
    device->decoder = NULL;
    device->fd = -1;
    device->is_up = device->breaks = false;
    device->retry_at = park->now + (is_abandoned ? 0 : RETRY_NS);
    device->out.n = device->sent = device->cut = device->n_flight = 0;
    device->next = device->first;
    for (size_t i = device->first; i < device->n; i++)
        if (device->v[i].place == IN_FLIGHT)
            device->v[i].place = WAITING;
}

static bool connect_device(struct park *park, struct device *device)
{
    const struct addrinfo *info = park->address;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = device};
    struct gk_error error = {0};
    int on = 1;

    device->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (device->fd < 0 || gk_hj212_open(NULL, &device->decoder, &error) != GK_OK ||
        epoll_ctl(park->epoll, EPOLL_CTL_ADD, device->fd, &event) != 0) {
        say(park->command->name, "a device cannot connect: %s", error.text[0] ? error.text : strerror(errno));
        return false;
    }
    (void)setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a hint */
    if (connect(device->fd, info->ai_addr, info->ai_addrlen) != 0 && errno != EINPROGRESS) {
        park->failure = errno;
        disconnect(park, device, false);
    }
    return true;
}

static void watch(struct park *park, struct device *device)
{
    bool is_left = device->sent < device->out.n;
    struct epoll_event event = {.events = EPOLLIN | (is_left ? EPOLLOUT : 0u), .data.ptr = device};

    (void)epoll_ctl(park->epoll, EPOLL_CTL_MOD, device->fd, &event); /* it is in there */
}

/* Sends what is taken, up to the cut of a packet that comes in pieces. */
static void send_out(struct park *park, struct device *device)
{
    struct output *out = &device->out;
    size_t end = device->cut > 0 ? device->cut : out->n;

    while (device->sent < end) {
        ssize_t n = send(device->fd, out->bytes + device->sent, end - device->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            disconnect(park, device, false);
            return;
        }
        if (n < 0)
            break;
        device->sent += (size_t)n;
    }
    if (device->sent == device->cut)
        device->cut = 0;
    if (device->sent == out->n)
        out->n = device->sent = 0;
    if (out->n == 0 && device->breaks)
        disconnect(park, device, fault_of(park, device, device->v[device->next - 1].number) == SIM_HALFOPEN);
    else
        watch(park, device);
}

/* ---- requests ---- */

/* Sent beside the packets with values: nobody acknowledges it. */
static void put_word(struct device *device, const char *qn, unsigned cn, const char *word)
{
    char segment[256], bytes[GK_HJ212_PACKET_MAX];
    int n = snprintf(segment, sizeof segment, "QN=%s;ST=91;CN=%u;PW=123456;MN=%s;Flag=4;CP=&&%s&&", qn, cn, device->mn,
                     word);

    output_bytes(&device->out, bytes, gk_hj212_write(segment, (size_t)n, device->crc, bytes));
}

static bool read_time(const struct gk_hj212_packet *request, const char *code, int64_t *time_ms)
{
    for (size_t i = 0; i < request->n_fields; i++) {
        const struct gk_hj212_field *field = &request->fields[i];
        char text[32];
        gk_time time;

        if (field->code.size != strlen(code) || memcmp(field->code.bytes, code, field->code.size) != 0 ||
            field->value.size != 14)
            continue;
        (void)snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", field->value.bytes, field->value.bytes + 4,
                       field->value.bytes + 6, field->value.bytes + 8, field->value.bytes + 10,
                       field->value.bytes + 12);
        if (gk_time_parse(text, strlen(text), SIM_ZONE_S, &time) != GK_OK)
            return false;
        *time_ms = time / 1000000;
        return true;
    }
    return false;
}

/* What the device has of a facility, by the minute. */
static void answer(struct park *park, struct device *device, uint32_t facility, int64_t from, int64_t to)
{
    const struct sim_facility *meter = &park->zone->facilities[facility];
    struct sim_reader reader = sim_reader_of(park->zone, facility);
    struct sim_row row = {.facility = facility};

    for (row.time = from + (SIM_MINUTE - from % SIM_MINUTE) % SIM_MINUTE; row.time < to; row.time += SIM_MINUTE) {
        if (spans_meet(&meter->blind, row.time, row.time + 1) || !is_forgotten(park, device, row.time))
            continue;
        sim_read(&reader, row.time, &row.reading);
        add_packet(park, device, &row)->is_answer = true;
        device->n_answers_left++;
        park->counts->answers++;
    }
}

static void take_request(struct park *park, struct device *device, const struct gk_hj212_packet *request)
{
    int64_t from, to;
    bool is_known = request->cn == 2051 && read_time(request, "BeginTime", &from) && read_time(request, "EndTime", &to);

    park->counts->requests++;
    park->heard_at = park->now;
    memcpy(device->asked_qn, request->qn.bytes, SIM_QN_MAX - 1);
    put_word(device, device->asked_qn, 9011, is_known ? "QnRtn=1" : "QnRtn=8"); /* 8: no such command */
    for (uint32_t f = 0; is_known && f < park->zone->n_facilities; f++)
        if (sim_device_of(park->zone, f) == device->index)
            answer(park, device, f, from, to);
    if (is_known && device->n_answers_left == 0)
        put_word(device, device->asked_qn, 9012, "ExeRtn=100"); /* 100: no data */
}

/* ---- replies ---- */

static void take_reply(struct park *park, struct device *device, const struct gk_hj212_packet *reply)
{
    if (reply->qn.size != SIM_QN_MAX - 1)
        return;
    if (reply->cn != 9014) {
        take_request(park, device, reply);
        return;
    }
    for (size_t i = device->first; i < device->n; i++) {
        struct packet *packet = &device->v[i];
        if (packet->place != IN_FLIGHT || memcmp(packet->qn, reply->qn.bytes, SIM_QN_MAX - 1) != 0)
            continue;
        park->heard_at = park->now;
        if (packet->is_deaf) { /* as if it had not come */
            packet->is_deaf = false;
            return;
        }
        packet->place = DONE;
        device->n_flight--;
        if (packet->is_answer && --device->n_answers_left == 0)
            put_word(device, device->asked_qn, 9012, "ExeRtn=1");
        park->counts->acknowledged++;
        park->n_waiting--;
        return;
    }
}

static void read_replies(struct park *park, struct device *device)
{
    const struct gk_hj212_packet *reply;
    struct gk_error error;
    char bytes[65536];
    ssize_t n = recv(device->fd, bytes, sizeof bytes, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || gk_hj212_feed(device->decoder, bytes, (size_t)n, &error) != GK_OK) {
        disconnect(park, device, false);
        return;
    }
    while (gk_hj212_next(device->decoder, &reply, &error) == GK_OK)
        if (reply->verdict <= GK_HJ212_REPEATED)
            take_reply(park, device, reply);
    forget_done(device);
}

static void device_ready(struct park *park, struct device *device, uint32_t events)
{
    if (!device->is_up && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
        int failure = 0;
        socklen_t size = sizeof failure;

        if (getsockopt(device->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0) {
            park->failure = failure;
            disconnect(park, device, false);
            return;
        }
        device->is_up = true;
        if (park->counts->forgotten > 0) /* a word of life, so that the server knows whom it can ask here */
            put_word(device, device->asked_qn[0] ? device->asked_qn : "20000101000000000", 9015, "");
        park->counts->connections++;
    }
    if ((events & EPOLLOUT) != 0)
        send_out(park, device);
    if (device->fd >= 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
        read_replies(park, device);
}

/* ---- the loop ---- */

/* Rows into the queues, until a queue is full, or the zone's clock has not come so far. */
static void take_rows(struct park *park)
{
    double passed_ms = (double)(park->now - park->start) / 1e6;

    for (;;) {
        if (!park->has_row && !(park->has_row = sim_walk_next(park->walk, &park->row))) {
            park->is_over = true;
            return;
        }
        uint64_t d = sim_device_of(park->zone, park->row.facility);
        struct device *device = &park->devices[d];
        if (device->n - device->first >= QUEUE_MAX ||
            (park->config->speed > 0 &&
             (double)(sim_walk_time(park->walk) - park->zone->from) > passed_ms * park->config->speed))
            return;
        if (is_forgotten(park, device, park->row.time))
            park->counts->forgotten++;
        else
            (void)add_packet(park, device, &park->row);
        park->has_row = false;
    }
}

/* Sends as many packets as may be on their way. */
static void push(struct park *park, struct device *device)
{
    while (device->next < device->n && device->n_flight < park->config->n_ahead && !device->breaks &&
           device->cut == 0) {
        struct packet *packet = &device->v[device->next++];
        if (packet->place == WAITING)
            put_packet(park, device, packet);
    }
    if (device->sent < device->out.n)
        send_out(park, device);
}

static void lose_patience(struct park *park, struct device *device)
{
    for (size_t i = device->first; i < device->next; i++)
        if (device->v[i].place == IN_FLIGHT && park->now - device->v[i].sent_at > park->config->patience_ns) {
            device->v[i].place = WAITING;
            device->n_flight--;
            if (device->next > i)
                device->next = i;
        }
}

static bool turn_device(struct park *park, struct device *device, bool is_late)
{
    bool is_wanted = device->first < device->n || (park->is_over && park->counts->forgotten > 0);

    if (device->fd < 0 && is_wanted && park->now >= device->retry_at && !connect_device(park, device))
        return false;
    if (!device->is_up)
        return true;
    if (is_late)
        lose_patience(park, device);
    push(park, device);
    return true;
}

static bool is_hopeless(struct park *park, bool *is_told)
{
    if (park->failure != 0 && !*is_told && park->counts->connections == 0) {
        say(park->command->name, "cannot connect to '%s': %s; trying for a minute", park->config->address,
            strerror(park->failure));
        *is_told = true;
    }
    if (park->n_waiting == 0 && !park->is_over)
        park->heard_at = park->now;
    return park->now - park->heard_at > GIVE_UP_NS;
}

/* What was not sent may be asked for yet. */
static bool may_be_asked(const struct park *park)
{
    return park->counts->forgotten > 0 && park->now - park->heard_at < LINGER_NS;
}

static bool send_all(struct park *park, struct progress *progress)
{
    struct epoll_event events[EVENTS_MAX];
    gk_time next_look = 0;
    bool is_told = false;

    while (!park->is_over || park->n_waiting > 0 || may_be_asked(park)) {
        bool is_late = park->now >= next_look;

        if (is_late)
            next_look = park->now + park->config->patience_ns / 4;
        take_rows(park);
        for (uint64_t d = 0; d < park->zone->config.n_devices; d++)
            if (!turn_device(park, &park->devices[d], is_late))
                return false;
        int n = epoll_wait(park->epoll, events, EVENTS_MAX, TURN_MS);
        park->now = tool_monotonic();
        for (int i = 0; i < n; i++)
            device_ready(park, events[i].data.ptr, events[i].events);
        if (is_hopeless(park, &is_told)) {
            say(park->command->name, "'%s' has not answered for a minute: %zu packets are not acknowledged",
                park->config->address, park->n_waiting);
            return false;
        }
        progress_update(progress, (uint64_t)(sim_walk_time(park->walk) - park->zone->from),
                        (uint64_t)(park->zone->to - park->zone->from));
    }
    return true;
}

int sim_devices_run(const struct command *command, const struct sim_zone *zone, const struct sim_devices_config *config,
                    struct sim_devices_counts *counts)
{
    struct park park = {.command = command, .zone = zone, .config = config, .counts = counts, .epoll = -1};
    struct progress progress;
    bool is_done = false;

    *counts = (struct sim_devices_counts){0};
    park.now = park.start = park.heard_at = tool_monotonic();
    park.address = address_find(command, config->address);
    if (park.address == NULL)
        return EXIT_USAGE;
    park.walk = sim_walk_new(zone);
    park.devices = tool_resize(NULL, zone->config.n_devices, sizeof *park.devices);
    for (uint64_t d = 0; d < zone->config.n_devices; d++)
        make_device(&park, &park.devices[d], d);
    progress_init(&progress, "packets");
    park.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (park.epoll < 0)
        say(command->name, "cannot wait for anything: %s", strerror(errno));
    else
        is_done = send_all(&park, &progress);
    progress_end(&progress);
    for (uint64_t d = 0; d < zone->config.n_devices; d++) {
        struct device *device = &park.devices[d];
        if (device->fd >= 0)
            disconnect(&park, device, false);
        if (device->abandoned >= 0)
            (void)close(device->abandoned);
        output_clear(&device->out);
        free(device->v);
    }
    if (park.epoll >= 0)
        (void)close(park.epoll);
    free(park.devices);
    sim_walk_free(park.walk);
    freeaddrinfo(park.address);
    return is_done ? EXIT_ROWS : EXIT_STORE;
}
