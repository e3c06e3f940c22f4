// raw_server ADDRESS: answers frames of a fixed size, one thread, one write for what one read brought: what the
// kernel alone costs.
#include "raw.h"

struct connection {
    int descriptor;
    struct raw_input input;
};

static int listen_at(const char *text) {
    union raw_address address;
    socklen_t length = raw_parse_address(text, &address);
    int descriptor = raw_socket(&address), on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, &address.any, length) < 0) fail("bind");
    if (listen(descriptor, 1024) < 0) fail("listen");
    if (address.any.sa_family == AF_INET) {
        getsockname(descriptor, &address.any, &length);
        printf("ready rpc=tcp:%s:%u\n", inet_ntoa(address.tcp.sin_addr), ntohs(address.tcp.sin_port));
    } else {
        printf("ready rpc=%s\n", text);
    }
    fflush(stdout);
    return descriptor;
}

static void watch(int queue, int descriptor, void *context) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = context};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

static void accept_one(int queue, int listener) {
    union raw_address peer;
    socklen_t length = sizeof peer;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection || (connection->descriptor = accept(listener, &peer.any, &length)) < 0) fail("accept");
    raw_send_at_once(connection->descriptor, &peer);
    watch(queue, connection->descriptor, connection);
}

// Answers every whole frame that has arrived. False = the connection is over.
static bool serve(struct connection *connection) {
    static uint8_t output[buffer_bytes];
    size_t offset = 0, length = 0;
    if (!raw_read(connection->descriptor, &connection->input)) return false;
    const struct raw_header *request;
    while ((request = raw_next(&connection->input, &offset, request_bytes))) {
        struct raw_header response = {.length = response_bytes, .call = request->call};
        memcpy(output + length, &response, header_bytes);
        memcpy(output + length + header_bytes, request + 1, response_bytes);
        length += header_bytes + response_bytes;
    }
    raw_consume(&connection->input, offset);
    return raw_write(connection->descriptor, output, length);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s tcp:HOST:PORT|unix:PATH\n", argv[0]);
        return 2;
    }
    int listener = listen_at(argv[1]), queue = epoll_create1(EPOLL_CLOEXEC);
    watch(queue, listener, NULL);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(queue, events, 256, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                accept_one(queue, listener);
            } else if (!serve(connection)) {
                close(connection->descriptor);
                free(connection);
            }
        }
    }
}
