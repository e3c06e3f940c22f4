internal import Cryptography
package import SMSModel

extension Fingerprint {
    /// SHA-256 over what a request asks for: all but its key, time-out and request id.
    ///
    /// A fixed head of numbers and lengths makes the run of texts after it unambiguous. Numbers are little-endian.
    /// What falls to a default that may change (sender, validity, on_unknown, smart_encoding) counts as it was given,
    /// and so does the body that smart encoding may change: a repeat stays a repeat. An unspecified priority counts as
    /// NORMAL, which it always means. Hashes are stored: a request without what a later version added has the same.
    ///
    /// - Parameter texts: recipient, sender and body as given, reference and the tags, each tag after its length.
    init(of request: SubmitRequest, _ draft: MessageDraft, texts: UnsafeRawBufferPointer) {
        let head: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
            Self.pair(UInt32(request.to.count), UInt32(request.sender.count)),
            Self.pair(UInt32(request.body.count), UInt32(request.reference.count)),
            Self.pair(draft.tags.count, request.maxSegments),
            // Both are below 256: they have been checked.
            Self.pair(
                UInt32(draft.priority.rawValue),
                UInt32(bitPattern: request.onUnknown) | UInt32(bitPattern: request.smartEncoding) << 8),
            UInt64(bitPattern: request.sendAt).littleEndian,
            request.validity.littleEndian
        )
        let digest = withUnsafeBytes(of: head) { SHA256Digest($0, texts) }
        self.init(high: digest.first, low: digest.second)
    }

    private static func pair(_ low: UInt32, _ high: UInt32) -> UInt64 {
        (UInt64(high) << 32 | UInt64(low)).littleEndian
    }
}

/// What the idempotency index is keyed by. It is stored, so it must never change.
package enum KeyHash {
    /// The first eight bytes of SHA-256 over the tenant's number and the key; 0 is kept for "no key".
    package static func of(_ key: UnsafeRawBufferPointer, tenant: TenantID) -> UInt64 {
        if key.isEmpty { return 0 }
        let digest = withUnsafeBytes(of: tenant.rawValue.littleEndian) { SHA256Digest($0, key) }
        return max(digest.first, 1)
    }
}
