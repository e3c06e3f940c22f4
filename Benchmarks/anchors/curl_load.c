// Posts messages to a stand-in for Twilio by libcurl alone, as many at once as told, and prints what that cost:
//
//     curl_load URL USER:PASSWORD REQUESTS IN_FLIGHT
//
// Form, credentials and answers are those of the gateway's requests; nothing is kept and nothing is decided.
#include <curl/curl.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "load.h"

static const char *const form =
    "To=%2B14155550100&From=%2B15017122661&Body=Your%20code%20is%20123456%20%28it%20is%20valid%20for%20ten%20minutes%29";

static void fail(const char *what) {
    fprintf(stderr, "curl_load: %s\n", what);
    exit(1);
}

// The answer is read and thrown away.
static size_t swallow(char *bytes, size_t size, size_t count, void *unused) {
    (void)bytes, (void)unused;
    return size * count;
}

static CURL *request(const char *url, const char *credentials, struct curl_slist *headers) {
    CURL *easy = curl_easy_init();
    if (!easy) fail("no memory");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERPWD, credentials);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, form);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 15000L);
    return easy;
}

static double cpu_us(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// Counts what has ended, and sends as many again.
static long collect(CURLM *multi, long *begun, long requests) {
    long ended = 0;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result != CURLE_OK || status != 201) fail("a message was not taken");
        ended++;
        curl_multi_remove_handle(multi, easy);
        if (*begun < requests) {
            curl_multi_add_handle(multi, easy);
            ++*begun;
        }
    }
    return ended;
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage: curl_load URL USER:PASSWORD REQUESTS IN_FLIGHT");
    long requests = atol(argv[3]), in_flight = atol(argv[4]), begun = 0, ended = 0;
    if (requests < 1 || in_flight < 1) fail("REQUESTS and IN_FLIGHT must be positive");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-www-form-urlencoded");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);

    double cpu = cpu_us();
    uint64_t started = load_now_ns();
    while (begun < in_flight && begun < requests) {
        curl_multi_add_handle(multi, request(argv[1], argv[2], headers));
        begun++;
    }
    while (ended < requests) {
        int running;
        if (curl_multi_perform(multi, &running) != CURLM_OK) fail("curl_multi_perform");
        long now = collect(multi, &begun, requests);
        ended += now;
        if (now == 0 && ended < requests) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    double seconds = (double)(load_now_ns() - started) / 1e9;
    printf("{\"requests\": %ld, \"seconds\": %.3f, \"rate\": %.0f, \"cpu_us_per_request\": %.3f}\n", requests, seconds,
           (double)requests / seconds, (cpu_us() - cpu) / (double)requests);
    return 0;
}
