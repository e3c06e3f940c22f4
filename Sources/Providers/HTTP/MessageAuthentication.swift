internal import COpenSSL

/// HMAC (RFC 2104).
enum MessageAuthentication {
    enum Hash: Hashable {
        /// Weak; where a carrier has nothing better.
        case md5
        case sha1
        case sha256
        case sha384
        case sha512

        fileprivate var type: OpaquePointer {
            switch self {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }
    }

    static func code(_ hash: Hash, key: some Collection<UInt8>, _ message: some Collection<UInt8>) -> [UInt8] {
        let key = Array(key)
        let message = Array(message)
        return [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { code, size in
            switch hash {
            case .sha1:
                apus_hmac_sha1(key, key.count, message, message.count, code.baseAddress)
                size = 20
            case .sha256:
                apus_hmac_sha256(key, key.count, message, message.count, code.baseAddress)
                size = 32
            case .md5, .sha384, .sha512:
                var count: UInt32 = 0
                let made = HMAC(
                    hash.type, key, Int32(key.count), message, message.count, code.baseAddress, &count)
                precondition(made != nil, "no memory for an HMAC")
                size = Int(count)
            }
        }
    }

    /// In a time that does not depend on where they differ.
    static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }

    /// The hash of a message alone.
    static func digest(_ hash: Hash, _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let made = EVP_Digest(message, message.count, &digest, &count, hash.type, nil)
        precondition(made == 1, "no memory for a digest")
        return Array(digest[..<Int(count)])
    }

    static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        message.withUnsafeBytes { apus_sha256($0.baseAddress, $0.count, nil, 0, &digest) }
        return digest
    }
}
