#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

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

/// HMAC (RFC 2104) over SHA-1 and SHA-256, for texts so short that OpenSSL 3's HMAC() spends most of its time on
/// looking the algorithms up.
#define APUS_HMAC(NAME, CONTEXT, HASH, BYTES)                                                                 \
    static inline void NAME(                                                                                   \
        const void *key, size_t key_bytes, const void *text, size_t text_bytes, unsigned char code[BYTES]) {   \
        unsigned char block[64] = {0};                                                                         \
        CONTEXT context;                                                                                       \
        if (key_bytes > sizeof block) {                                                                        \
            HASH##_Init(&context);                                                                             \
            HASH##_Update(&context, key, key_bytes);                                                           \
            HASH##_Final(block, &context);                                                                     \
        } else if (key_bytes > 0) {                                                                            \
            memcpy(block, key, key_bytes);                                                                     \
        }                                                                                                      \
        for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;                                            \
        HASH##_Init(&context);                                                                                 \
        HASH##_Update(&context, block, sizeof block);                                                          \
        HASH##_Update(&context, text, text_bytes);                                                             \
        HASH##_Final(code, &context);                                                                          \
        for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;                                     \
        HASH##_Init(&context);                                                                                 \
        HASH##_Update(&context, block, sizeof block);                                                          \
        HASH##_Update(&context, code, BYTES);                                                                  \
        HASH##_Final(code, &context);                                                                          \
        OPENSSL_cleanse(block, sizeof block);                                                                  \
    }
APUS_HMAC(apus_hmac_sha1, SHA_CTX, SHA1, 20)
APUS_HMAC(apus_hmac_sha256, SHA256_CTX, SHA256, 32)
#undef APUS_HMAC
#pragma GCC diagnostic pop

// Macros, which Swift does not import.
static inline int apus_ssl_ctx_set_minimum_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline void apus_ssl_ctx_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void apus_ssl_ctx_forbid_renegotiation(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}
static inline void apus_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int apus_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline void apus_bio_set_mem_eof_return(BIO *bio, int value) { BIO_set_mem_eof_return(bio, value); }
static const unsigned long apus_rfc2253 = XN_FLAG_RFC2253;
static inline int apus_general_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/// The entry's text or address as it stands in the certificate, valid as long as `names`; NULL for other types.
static inline const ASN1_STRING *apus_general_name(const GENERAL_NAMES *names, int index, int *type) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *type = name->type;
    switch (name->type) {
    case GEN_DNS: case GEN_EMAIL: case GEN_URI: return name->d.ia5;
    case GEN_IPADD: return name->d.iPAddress;
    default: return NULL;
    }
}

/// A new key on the curve P-256. A variadic function beneath.
static inline EVP_PKEY *apus_make_ec_key(void) { return EVP_EC_gen("P-256"); }

/// Adds an extension, written as in a configuration file of OpenSSL.
static inline int apus_x509_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    if (!extension) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/// The place of the issuer's certificate that an entry names, valid as long as `access`; NULL if it names none.
static inline const ASN1_STRING *apus_ca_issuer(const AUTHORITY_INFO_ACCESS *access, int index) {
    const ACCESS_DESCRIPTION *entry = sk_ACCESS_DESCRIPTION_value(access, index);
    if (OBJ_obj2nid(entry->method) != NID_ad_ca_issuers || entry->location->type != GEN_URI) return NULL;
    return entry->location->d.uniformResourceIdentifier;
}
static inline int apus_access_count(const AUTHORITY_INFO_ACCESS *access) { return sk_ACCESS_DESCRIPTION_num(access); }

static inline STACK_OF(X509) *apus_x509_stack_new(void) { return sk_X509_new_null(); }
static inline int apus_x509_stack_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
/// The certificates stay.
static inline void apus_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }
