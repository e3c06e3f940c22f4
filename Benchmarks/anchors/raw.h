// The raw anchor's frames: 16 bytes of header that begin with the payload's length (little-endian, as the machine has
// it) and the call's number, then the payload. Sizes are those of Apus' null call.
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    header_bytes = 16,
    request_bytes = 120,
    response_bytes = 16,
    // One read takes at most this; a frame is far smaller.
    buffer_bytes = 64 * 1024,
};

struct raw_header {
    uint32_t length;
    uint32_t call;
    uint64_t reserved;
};

_Static_assert(sizeof(struct raw_header) == header_bytes, "the header has no padding");

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}

union raw_address {
    struct sockaddr any;
    struct sockaddr_in tcp;
    struct sockaddr_un local;
};

// Parses tcp:HOST:PORT (an IPv4 address) or unix:PATH.
static inline socklen_t raw_parse_address(const char *text, union raw_address *address) {
    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0 && strlen(text + 5) < sizeof address->local.sun_path) {
        address->local.sun_family = AF_UNIX;
        strcpy(address->local.sun_path, text + 5);
        return sizeof address->local;
    }
    char host[64];
    unsigned port;
    if (sscanf(text, "tcp:%63[0-9.]:%u", host, &port) == 2 && port < 65536) {
        address->tcp.sin_family = AF_INET;
        address->tcp.sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, host, &address->tcp.sin_addr) == 1) return sizeof address->tcp;
    }
    fprintf(stderr, "not an address: %s\n", text);
    exit(2);
}

static inline int raw_socket(const union raw_address *address) {
    int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    return descriptor;
}

static inline void raw_send_at_once(int descriptor, const union raw_address *address) {
    int on = 1;
    if (address->any.sa_family == AF_INET) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// What arrived on a connection and is not a whole frame yet stays at the buffer's start.
struct raw_input {
    size_t filled;
    uint8_t bytes[buffer_bytes];
};

// Reads what is there. False = the peer has closed.
static inline bool raw_read(int descriptor, struct raw_input *input) {
    ssize_t count = recv(descriptor, input->bytes + input->filled, buffer_bytes - input->filled, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    input->filled += (size_t)count;
    return true;
}

// The next whole frame of `payload` bytes behind `*offset`, or NULL.
static inline const struct raw_header *raw_next(const struct raw_input *input, size_t *offset, uint32_t payload) {
    size_t frame = header_bytes + payload;
    if (input->filled - *offset < frame) return NULL;
    const struct raw_header *header = (const void *)(input->bytes + *offset);
    if (header->length != payload) {
        fprintf(stderr, "a frame of %u bytes, not %u\n", header->length, payload);
        exit(1);
    }
    *offset += frame;
    return header;
}

static inline void raw_consume(struct raw_input *input, size_t count) {
    input->filled -= count;
    memmove(input->bytes, input->bytes + count, input->filled);
}

// Waits where the peer is slow; what is in flight fits the sockets' buffers, so that ends. False = the peer has closed.
static inline bool raw_write(int descriptor, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = send(descriptor, bytes, count, MSG_NOSIGNAL);
        if (written < 0) return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}
