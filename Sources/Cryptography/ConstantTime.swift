internal import COpenSSL

/// Comparisons of secrets, in a time that does not depend on where they differ.
package enum ConstantTime {
    /// Whether the two have the same bytes. Only their lengths may show in the time it takes.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }

    /// Whether the two have the same bytes. Only their lengths may show in the time it takes.
    package static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one.baseAddress, other.baseAddress, one.count) == 0
    }
}
