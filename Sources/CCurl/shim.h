#pragma once
#include <curl/curl.h>
// Not in Swift's module of Glibc.
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Variadic functions, one for each type of argument, and macros: Swift imports neither.
static inline CURLcode apus_curl_set_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode apus_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode apus_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
/// The body is copied; `bytes` may be NULL if it is empty.
static inline CURLcode apus_curl_set_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code ? code : curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, bytes ? (const char *)bytes : "");
}
/// All that is called back gets `context`.
static inline void apus_curl_set_callbacks(
    CURL *easy, void *context, curl_write_callback on_body, curl_write_callback on_header,
    curl_prereq_callback on_request, char *error) {
    curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    // Of CURL_ERROR_SIZE bytes.
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
}
/// `on_open` is told of each connection's socket; `on_close` has to close it.
static inline void apus_curl_set_socket_callbacks(
    CURL *easy, void *context, curl_sockopt_callback on_open, curl_closesocket_callback on_close) {
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
}
static inline void apus_curl_allow_http_only(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}
/// Without it the end of a transfer waits for a resolver that does not answer, and all others with it.
static inline void apus_curl_leave_resolver(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

/// No credentials for NULL.
static inline void apus_curl_use_basic(CURL *easy, const char *user, const char *password) {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
}
static inline void apus_curl_use_aws(CURL *easy, const char *scope, const char *key, const char *secret) {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope);
    curl_easy_setopt(easy, CURLOPT_USERNAME, key);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, secret);
}

static inline long apus_curl_number(CURL *easy, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}
static inline void *apus_curl_context(CURL *easy) {
    char *value = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value);
    return value;
}
static inline CURLMcode apus_curl_multi_set_number(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline void apus_curl_multi_set_callbacks(
    CURLM *multi, void *context, curl_socket_callback on_socket, curl_multi_timer_callback on_timer) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
}
/// The next transfer that ended, and how; NULL = none.
static inline CURL *apus_curl_multi_take_ended(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
static inline CURLcode apus_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
