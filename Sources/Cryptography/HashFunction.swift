internal import COpenSSL

/// A cryptographic hash function (FIPS 180-4; MD5 by RFC 1321).
package enum HashFunction: Hashable, Sendable {
    /// Collisions can be made; for carriers that offer nothing better.
    case md5
    /// Collisions can be made; sound within an HMAC.
    case sha1
    case sha256
    case sha384
    case sha512

    var type: OpaquePointer {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// The message's hash: 16, 20, 32, 48 or 64 bytes.
    package func digest(_ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { digest, size in
            if self == .sha256 {
                message.withUnsafeBytes { apus_sha256($0.baseAddress, $0.count, nil, 0, digest.baseAddress) }
                size = 32
                return
            }
            var count: UInt32 = 0
            let isMade = EVP_Digest(message, message.count, digest.baseAddress, &count, type, nil) == 1
            precondition(isMade, "no memory for a digest")
            size = Int(count)
        }
    }
}
