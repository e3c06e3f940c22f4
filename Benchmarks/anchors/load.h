// What the load generators share: their options, a clock, a histogram, a process' CPU time, the result as JSON.
// Options and result are those of `apus bench`.
#pragma once

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Load runs this long before anything is counted.
static const double warm_up_seconds = 1;

// What every message says: one segment of GSM-7, as `apus bench` sends it.
#define LOAD_TO "+14155550100"
#define LOAD_BODY                                                                                  \
    "Your verification code is 482913. It is valid for ten minutes. Nobody of our staff will ask for it."

struct load_options {
    const char *server;  // tcp:HOST:PORT, tls:HOST:PORT (gRPC's alone) or unix:PATH
    const char *ca;      // of TLS: a file with the certificate of who signed the server's
    int connections;
    int in_flight;  // calls of each connection
    double seconds;
    int server_pid;  // its CPU time is taken from /proc; 0 = unknown
};

static inline struct load_options load_parse_options(int argc, char **argv) {
    static const struct option known[] = {
        {"server", required_argument, NULL, 's'},     {"connections", required_argument, NULL, 'c'},
        {"in-flight", required_argument, NULL, 'f'},  {"seconds", required_argument, NULL, 't'},
        {"server-pid", required_argument, NULL, 'p'}, {"ca", required_argument, NULL, 'a'},
        {NULL, 0, NULL, 0},
    };
    struct load_options options = {NULL, NULL, 1, 1, 5, 0};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.server = optarg; break;
        case 'c': options.connections = atoi(optarg); break;
        case 'f': options.in_flight = atoi(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'a': options.ca = optarg; break;
        case 'p': options.server_pid = atoi(optarg); break;
        default: exit(2);
        }
    }
    if (!options.server || options.connections < 1 || options.in_flight < 1 || options.seconds <= 0) {
        fprintf(stderr, "usage: %s --server ADDRESS --connections C --in-flight P --seconds S --server-pid PID\n",
                argv[0]);
        exit(2);
    }
    return options;
}

static inline uint64_t load_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// User and system time of a process in microseconds, as the kernel counts it (steps of 10 ms).
static inline double load_process_cpu_us(int pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = pid > 0 ? fopen(path, "r") : NULL;
    if (!file) return 0;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    // The process' name may hold anything; fields count from behind its closing parenthesis.
    const char *fields = strrchr(line, ')');
    unsigned long long user = 0, system = 0;
    const char *format = "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu";
    if (!fields || sscanf(fields + 2, format, &user, &system) != 2) return 0;
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

// Durations in ns, in 64 steps for each power of two: an error of at most 1.6 %.
enum { histogram_steps = 64, histogram_buckets = 60 * histogram_steps };

struct histogram {
    uint64_t count;
    uint64_t bucket[histogram_buckets];
};

static inline void histogram_add(struct histogram *histogram, uint64_t value) {
    uint64_t index = value;
    if (value >= histogram_steps) {
        int shift = 63 - __builtin_clzll(value) - 6;
        index = (uint64_t)(shift + 1) * histogram_steps + ((value >> shift) - histogram_steps);
    }
    histogram->bucket[index]++;
    histogram->count++;
}

// The value that a share of `quantile` (0 to 1) does not exceed, in microseconds.
static inline double histogram_quantile_us(const struct histogram *histogram, double quantile) {
    uint64_t rank = (uint64_t)(quantile * (double)histogram->count), seen = 0;
    for (int index = 0; index < histogram_buckets; index++) {
        seen += histogram->bucket[index];
        if (seen <= rank) continue;
        int shift = index / histogram_steps - 1;
        uint64_t value = shift < 0 ? (uint64_t)index : (uint64_t)(histogram_steps + index % histogram_steps) << shift;
        return (double)value / 1000;
    }
    return 0;
}

// The measured part of a run: `load_tick` is called after each call with the present time.
enum load_phase { LOAD_WARM_UP, LOAD_MEASURING, LOAD_DONE };

struct load_run {
    struct load_options options;
    enum load_phase phase;
    uint64_t starts_ns, ends_ns, ended_ns;
    double cpu_us;  // of the server: at the start, then the difference
    struct histogram latencies;
};

static inline void load_begin(struct load_run *run, struct load_options options) {
    memset(run, 0, sizeof *run);
    run->options = options;
    run->starts_ns = load_now_ns() + (uint64_t)(warm_up_seconds * 1e9);
    run->ends_ns = run->starts_ns + (uint64_t)(options.seconds * 1e9);
}

static inline enum load_phase load_tick(struct load_run *run, uint64_t now) {
    if (run->phase == LOAD_WARM_UP && now >= run->starts_ns) {
        run->phase = LOAD_MEASURING;
        run->starts_ns = now;
        run->cpu_us = load_process_cpu_us(run->options.server_pid);
    } else if (run->phase == LOAD_MEASURING && now >= run->ends_ns) {
        run->phase = LOAD_DONE;
        run->ended_ns = now;
        run->cpu_us = load_process_cpu_us(run->options.server_pid) - run->cpu_us;
    }
    return run->phase;
}

static inline void load_print(const struct load_run *run) {
    double calls = (double)run->latencies.count, seconds = (double)(run->ended_ns - run->starts_ns) / 1e9;
    printf("{\"calls\": %.0f, \"seconds\": %.3f, \"rate\": %.0f, "
           "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"server_cpu_us_per_call\": %.3f}\n",
           calls, seconds, calls / seconds, histogram_quantile_us(&run->latencies, 0.5),
           histogram_quantile_us(&run->latencies, 0.99), histogram_quantile_us(&run->latencies, 0.999),
           calls > 0 ? run->cpu_us / calls : 0);
}
