internal import COpenSSL

/// Message authentication by a keyed hash (RFC 2104).
package enum HMAC {
    /// The message's code: as long as a digest of the hash function.
    package static func code(
        _ hash: HashFunction, key: some Collection<UInt8>, _ message: some Collection<UInt8>
    ) -> [UInt8] {
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
                let made = COpenSSL.HMAC(
                    hash.type, key, Int32(key.count), message, message.count, code.baseAddress, &count)
                precondition(made != nil, "no memory for an HMAC")
                size = Int(count)
            }
        }
    }
}
