internal import COpenSSL

/// A SHA-256 digest as four big-endian words.
package struct SHA256Digest {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    var first: UInt64 { UInt64(bigEndian: words.0) }
    var second: UInt64 { UInt64(bigEndian: words.1) }

    /// Hashes `head` followed by `tail`.
    package init(_ head: UnsafeRawBufferPointer, _ tail: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &words) { digest in
            apus_sha256(head.baseAddress, head.count, tail.baseAddress, tail.count, digest.baseAddress)
        }
    }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: words, body)
    }
}
