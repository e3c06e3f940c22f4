// Keeps frames in flight to raw_server, one thread, and prints the result as JSON.
#include "raw.h"

#include "load.h"

struct connection {
    int descriptor;
    struct raw_input input;
    uint64_t *started_ns;  // by place in flight: a call's number is its place
};

static void dial(struct connection *connection, const char *text) {
    union raw_address address;
    socklen_t length = raw_parse_address(text, &address);
    connection->descriptor = raw_socket(&address);
    if (connect(connection->descriptor, &address.any, length) < 0) fail("connect");
    raw_send_at_once(connection->descriptor, &address);
}

static size_t append_request(uint8_t *output, struct connection *connection, uint32_t call, uint64_t now) {
    struct raw_header header = {.length = request_bytes, .call = call};
    memcpy(output, &header, header_bytes);
    memset(output + header_bytes, 'x', request_bytes);
    connection->started_ns[call] = now;
    return header_bytes + request_bytes;
}

// Takes the answers that have arrived and sends as many new requests, in one write.
static bool turn(struct connection *connection, struct load_run *run) {
    static uint8_t output[buffer_bytes];
    size_t offset = 0, length = 0;
    if (!raw_read(connection->descriptor, &connection->input)) return false;
    uint64_t now = load_now_ns();
    enum load_phase phase = load_tick(run, now);
    const struct raw_header *response;
    while ((response = raw_next(&connection->input, &offset, response_bytes))) {
        if (phase == LOAD_MEASURING) histogram_add(&run->latencies, now - connection->started_ns[response->call]);
        length += append_request(output + length, connection, response->call, now);
    }
    raw_consume(&connection->input, offset);
    return raw_write(connection->descriptor, output, length);
}

int main(int argc, char **argv) {
    struct load_options options = load_parse_options(argc, argv);
    size_t in_flight = (size_t)options.in_flight;
    if (in_flight * (header_bytes + request_bytes) > buffer_bytes) {
        fprintf(stderr, "raw_load: at most %d in flight\n", buffer_bytes / (header_bytes + request_bytes));
        return 2;
    }
    struct connection *connections = calloc((size_t)options.connections, sizeof *connections);
    int queue = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < options.connections; i++) {
        struct connection *connection = &connections[i];
        connection->started_ns = calloc(in_flight, sizeof *connection->started_ns);
        dial(connection, options.server);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(queue, EPOLL_CTL_ADD, connection->descriptor, &event) < 0) fail("epoll_ctl");
    }

    static struct load_run run;
    load_begin(&run, options);
    for (int i = 0; i < options.connections; i++) {
        uint8_t output[buffer_bytes];
        size_t length = 0;
        for (uint32_t call = 0; call < in_flight; call++)
            length += append_request(output + length, &connections[i], call, load_now_ns());
        if (!raw_write(connections[i].descriptor, output, length)) fail("send");
    }
    while (run.phase != LOAD_DONE) {
        struct epoll_event events[256];
        int count = epoll_wait(queue, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (!turn(events[i].data.ptr, &run)) {
                fprintf(stderr, "raw_load: the server closed a connection\n");
                return 1;
            }
        }
    }
    load_print(&run);
}
