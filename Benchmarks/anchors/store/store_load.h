// What the store's contestants share: options, messages, how a run is measured, its result as JSON.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "../load.h"

struct store_options {
    bool life;           // until delivery; otherwise acceptance alone
    int batch;           // messages that become durable together
    uint64_t messages;   // that are measured
    uint64_t rows;       // that are there before
    const char *path;    // of the file, where the store is in this process
    const char *socket;  // of the server
    int server_pid;      // it and its children are measured, too
};

static inline void store_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static inline struct store_options store_parse_options(int argc, char **argv, bool server) {
    static const struct option known[] = {
        {"mode", required_argument, NULL, 'm'},       {"batch", required_argument, NULL, 'b'},
        {"messages", required_argument, NULL, 'n'},   {"rows", required_argument, NULL, 'r'},
        {"path", required_argument, NULL, 'f'},       {"socket", required_argument, NULL, 's'},
        {"server-pid", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0},
    };
    struct store_options options = {.batch = 128, .messages = 100000};
    bool mode = true;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'm':
            options.life = strcmp(optarg, "life") == 0;
            mode = options.life || strcmp(optarg, "accept") == 0;
            break;
        case 'b': options.batch = atoi(optarg); break;
        case 'n': options.messages = strtoull(optarg, NULL, 10); break;
        case 'r': options.rows = strtoull(optarg, NULL, 10); break;
        case 'f': options.path = optarg; break;
        case 's': options.socket = optarg; break;
        case 'p': options.server_pid = atoi(optarg); break;
        default: exit(2);
        }
    }
    bool place = server ? options.socket && options.server_pid > 0 : options.path != NULL;
    if (!mode || !place || options.batch < 1 || options.messages < 1) {
        fprintf(stderr, "usage: %s --mode accept|life --batch B --messages N --rows N %s\n", argv[0],
                server ? "--socket PATH --server-pid PID" : "--path FILE");
        exit(2);
    }
    return options;
}

// Messages. The n-th is the same in every run; keys and ids look random, as those of real callers do, so that an
// index is met in all its places.

#define STORE_SENDER "Apus"
#define STORE_BODY LOAD_BODY "."
enum { STORE_TENANT = 1, store_key_bytes = 24, store_recipient_bytes = 15, store_body_bytes = sizeof STORE_BODY - 1 };
enum { STORE_QUEUED, STORE_SUBMITTING, STORE_SENT, STORE_DELIVERED };

_Static_assert(store_body_bytes == 100, "a body has 100 characters");

struct store_message {
    char key[store_key_bytes + 1];
    char recipient[store_recipient_bytes + 1];
    int priority;  // 0 to 2
};

// splitmix64: different for different values.
static inline uint64_t store_mix(uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

static inline void store_hex(char *text, int digits, uint64_t value) {
    for (; digits > 0; value >>= 4) text[--digits] = "0123456789abcdef"[value & 15];
}

static inline struct store_message store_message(uint64_t number) {
    struct store_message message = {.recipient = "+14155550000000", .priority = (int)(number % 3)};
    uint64_t mixed = store_mix(number);
    store_hex(message.key, 16, mixed);
    store_hex(message.key + 16, 8, number);
    for (int i = store_recipient_bytes - 1; i >= store_recipient_bytes - 7; i--, mixed /= 10)
        message.recipient[i] = (char)('0' + mixed % 10);
    return message;
}

// What the provider calls the message.
enum { store_provider_id_bytes = 17 };

static inline void store_provider_id(char text[store_provider_id_bytes + 1], uint64_t number) {
    text[0] = 'P';
    store_hex(text + 1, 16, store_mix(~number));
    text[store_provider_id_bytes] = 0;
}

static inline int64_t store_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Costs.

struct store_cost {
    double cpu_us, written_bytes;
};

static inline size_t store_read_proc(char *text, size_t size, const char *pid, const char *name) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    if (file) fclose(file);
    text[length] = 0;
    return length;
}

// What the kernel was given to write to a disk by the process and by those of its children that have ended.
static inline double store_written_bytes(const char *pid) {
    char text[1024];
    unsigned long long bytes;
    store_read_proc(text, sizeof text, pid, "io");
    const char *field = strstr(text, "\nwrite_bytes: ");
    if (!field || sscanf(field, "\nwrite_bytes: %llu", &bytes) != 1) store_fail("cannot read /proc/%s/io", pid);
    return (double)bytes;
}

// The server with all its children: those that have ended are in its own figures, the others are asked.
static inline void store_add_server(struct store_cost *cost, int server_pid) {
    DIR *processes = opendir("/proc");
    bool found = false;
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        char text[1024];
        if (store_read_proc(text, sizeof text, entry->d_name, "stat") == 0) continue;
        // The process' name may hold anything; fields count from behind its closing parenthesis.
        const char *fields = strrchr(text, ')');
        const char *format = "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu";
        unsigned long long times[4];
        int parent;
        if (!fields || sscanf(fields + 2, format, &parent, &times[0], &times[1], &times[2], &times[3]) != 5) continue;
        bool is_server = atoi(entry->d_name) == server_pid;
        if (!is_server && parent != server_pid) continue;
        found |= is_server;
        for (int i = 0; i < 4; i++) cost->cpu_us += (double)times[i] * 1e6 / (double)sysconf(_SC_CLK_TCK);
        cost->written_bytes += store_written_bytes(entry->d_name);
    }
    if (processes) closedir(processes);
    if (!found) store_fail("there is no process %d", server_pid);
}

static inline struct store_cost store_cost(int server_pid) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    struct store_cost cost = {
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
        store_written_bytes("self"),
    };
    if (server_pid > 0) store_add_server(&cost, server_pid);
    return cost;
}

// Does one thing with `count` messages from number `first` on; when it returns, that is durable.
typedef void store_step(uint64_t first, int count);

// Takes all messages, a batch at a time, through the steps, and prints what that was. A life has all of them,
// acceptance the first alone.
static inline void store_measure(const char *contestant, const struct store_options *options,
                                 store_step *const *steps, int step_count) {
    static struct histogram commits;
    sync();  // what was built before shall not be written in the time that is measured
    struct store_cost before = store_cost(options->server_pid);
    uint64_t started = load_now_ns();
    for (uint64_t done = 0; done < options->messages; done += (uint64_t)options->batch) {
        uint64_t left = options->messages - done;
        int count = left < (uint64_t)options->batch ? (int)left : options->batch;
        for (int step = 0; step < step_count; step++) {
            uint64_t step_started = load_now_ns();
            steps[step](options->rows + done, count);
            histogram_add(&commits, load_now_ns() - step_started);
        }
    }
    double seconds = (double)(load_now_ns() - started) / 1e9, messages = (double)options->messages;
    struct store_cost after = store_cost(options->server_pid);
    printf("{\"contestant\": \"%s\", \"mode\": \"%s\", \"batch\": %d, \"messages\": %.0f, \"rows\": %.0f, "
           "\"seconds\": %.3f, \"rate\": %.0f, \"cpu_us_per_message\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"written_bytes_per_message\": %.0f}\n",
           contestant, options->life ? "life" : "accept", options->batch, messages, (double)options->rows, seconds,
           messages / seconds, (after.cpu_us - before.cpu_us) / messages,
           histogram_quantile_us(&commits, 0.5) / 1000, histogram_quantile_us(&commits, 0.99) / 1000,
           (after.written_bytes - before.written_bytes) / messages);
}
