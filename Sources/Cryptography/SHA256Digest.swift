internal import COpenSSL

/// A SHA-256 digest as four big-endian words.
package struct SHA256Digest {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// The first eight bytes.
    package var first: UInt64 { UInt64(bigEndian: words.0) }
    /// The eight bytes after the first eight.
    package var second: UInt64 { UInt64(bigEndian: words.1) }

    /// Hashes `head` followed by `tail`.
    package init(_ head: UnsafeRawBufferPointer, _ tail: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &words) { digest in
            apus_sha256(head.baseAddress, head.count, tail.baseAddress, tail.count, digest.baseAddress)
        }
    }

    /// The digest's 32 bytes; they are valid within the closure.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: words, body)
    }
}
