#pragma once
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/// SHA-256 over `head` followed by `tail`. OpenSSL 3's one-shot SHA256() looks the algorithm up at every call and
/// takes three times as long; the calls below are deprecated for want of providers, not of safety.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void apus_sha256(
    const void *head, size_t head_bytes, const void *tail, size_t tail_bytes, unsigned char digest[32]) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, head, head_bytes);
    SHA256_Update(&context, tail, tail_bytes);
    SHA256_Final(digest, &context);
}
#pragma GCC diagnostic pop
