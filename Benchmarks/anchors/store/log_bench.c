// An append-only log: each batch is one write and one fdatasync. The floor of durable acceptance: nothing is indexed,
// checked or summed, and a log can't follow a message's life. The file is not preallocated, so that every fdatasync
// also writes the file's new size, as with any plain log. --rows means nothing to it.
#include <fcntl.h>

#include "store_load.h"

static int file;
static char *buffer;

struct record {
    uint32_t length, tenant;
    char key[store_key_bytes], recipient[store_recipient_bytes], sender[sizeof STORE_SENDER - 1];
    char body[store_body_bytes];
};

static void append(uint64_t first, int count) {
    struct record *records = (struct record *)buffer;
    for (int i = 0; i < count; i++) {
        struct store_message message = store_message(first + (uint64_t)i);
        records[i].length = sizeof *records;
        records[i].tenant = STORE_TENANT;
        memcpy(records[i].key, message.key, store_key_bytes);
        memcpy(records[i].recipient, message.recipient, store_recipient_bytes);
        memcpy(records[i].sender, STORE_SENDER, sizeof records[i].sender);
        memcpy(records[i].body, STORE_BODY, store_body_bytes);
    }
    size_t bytes = (size_t)count * sizeof *records;
    if (write(file, records, bytes) != (ssize_t)bytes) store_fail("write: %s", strerror(errno));
    if (fdatasync(file) != 0) store_fail("fdatasync: %s", strerror(errno));
}

int main(int argc, char **argv) {
    struct store_options options = store_parse_options(argc, argv, false);
    if (options.life) store_fail("a log only accepts");
    file = open(options.path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) store_fail("%s: %s", options.path, strerror(errno));
    buffer = malloc((size_t)options.batch * sizeof(struct record));
    if (!buffer) store_fail("no memory for a batch of %d", options.batch);
    store_measure("log", &options, (store_step *[]){append}, 1);
}
