/// A Send as it came off the wire: borrowed bytes, nothing checked yet.
///
/// The buffers point into the decoder's arena and the connection's read buffer. They are valid only
/// during the call that hands this over; anyone who keeps a message copies it, which
/// `Admission` does into a ``MessageDrafts``.
package struct SubmitRequest {
    package var to = UnsafeRawBufferPointer(start: nil, count: 0)
    package var sender = UnsafeRawBufferPointer(start: nil, count: 0)
    package var body = UnsafeRawBufferPointer(start: nil, count: 0)
    package var reference = UnsafeRawBufferPointer(start: nil, count: 0)
    package var tags: [UnsafeRawBufferPointer] = []
    /// From the request's metadata; empty = none.
    package var idempotencyKey = UnsafeRawBufferPointer(start: nil, count: 0)
    /// From the request's metadata, for logs; empty = none.
    package var requestID = UnsafeRawBufferPointer(start: nil, count: 0)
    /// From the request's metadata, of any form; empty = none.
    package var traceparent = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The protocol's numbers, unchecked.
    package var priority: Int32 = 0
    package var onUnknown: Int32 = 0
    /// Milliseconds since the Unix epoch; 0 = now.
    package var sendAt: Int64 = 0
    /// Milliseconds; 0 = the default.
    package var validity: UInt64 = 0
    package var maxSegments: UInt32 = 0
    package var smartEncoding: Int32 = 0

    package init() {}
}

/// What replaces `{{name}}` in a bulk template for one recipient. Borrowed like ``SubmitRequest``'s bytes.
package struct TemplateVariable {
    package var name: UnsafeRawBufferPointer
    package var value: UnsafeRawBufferPointer

    package init(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        self.name = name
        self.value = value
    }
}

/// Bytes inside a ``MessageDrafts``'s arena.
package struct ByteSlice: Hashable, Sendable {
    package var offset: UInt32
    package var count: UInt32

    package init(offset: UInt32 = 0, count: UInt32 = 0) {
        self.offset = offset
        self.count = count
    }

    package var range: Range<Int> { Int(offset)..<Int(offset) + Int(count) }
    package var isEmpty: Bool { count == 0 }
}

/// A checked message on its way to the store; its texts are slices of its batch's arena.
package struct MessageDraft: Sendable {
    package var tenant: TenantID
    package var priority: Priority
    package var encoding: Encoding
    package var onUnknown: OnUnknown
    package var segments: UInt8
    /// Milliseconds since the Unix epoch; 0 = as soon as possible. One that has passed by more than it may is kept until
    /// the store has looked whether the message is a repeat (``isLate(now:)``).
    package var sendAt: Int64
    /// Milliseconds since the Unix epoch: not submitted from then on.
    package var expiresAt: Int64
    package var recipient: ByteSlice
    package var sender: ByteSlice
    package var body: ByteSlice
    package var reference: ByteSlice
    /// Each tag as one length byte and its bytes.
    package var tags: ByteSlice
    package var key: ByteSlice
    /// The value of (tenant, key): what the idempotency index is keyed by. 0 without a key.
    package var keyHash: UInt64
    /// The value of the normalised content: the same key with another fingerprint is refused.
    package var fingerprint: Fingerprint
    /// The value of the configuration that it is accepted under.
    package var generation: UInt32 = 0
    /// Characters of the body that smart encoding has replaced.
    package var replaced: UInt16 = 0
    /// Its price at the dearest provider, in millionths of the currency: what is kept of the tenant's quota for it.
    package var reserve: Int64 = 0
    /// A ``MessageTrace``, packed; empty = none.
    package var trace = ByteSlice()

    package init(
        tenant: TenantID, priority: Priority, encoding: Encoding, onUnknown: OnUnknown, segments: UInt8, sendAt: Int64,
        expiresAt: Int64, recipient: ByteSlice, sender: ByteSlice, body: ByteSlice, reference: ByteSlice,
        tags: ByteSlice, key: ByteSlice, keyHash: UInt64, fingerprint: Fingerprint
    ) {
        self.tenant = tenant
        self.priority = priority
        self.encoding = encoding
        self.onUnknown = onUnknown
        self.segments = segments
        self.sendAt = sendAt
        self.expiresAt = expiresAt
        self.recipient = recipient
        self.sender = sender
        self.body = body
        self.reference = reference
        self.tags = tags
        self.key = key
        self.keyHash = keyHash
        self.fingerprint = fingerprint
    }
}

extension MessageDraft {
    /// Whether its send time has passed by more than it may: then it is no new message.
    package func isLate(now: Int64) -> Bool { sendAt != 0 && sendAt < now - Limits.sendAtPastMilliseconds }
}

/// 128 bits of SHA-256 over a request's normalised content.
package struct Fingerprint: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A burst of drafts and the one arena that holds their texts: two allocations for the whole burst.
package struct MessageDrafts: Sendable {
    package var drafts: [MessageDraft] = []
    package var bytes: [UInt8] = []

    package init() {}

    /// Copies `source` to the arena's end.
    package mutating func append(_ source: UnsafeRawBufferPointer) -> ByteSlice {
        let slice = ByteSlice(offset: UInt32(bytes.count), count: UInt32(source.count))
        bytes.append(contentsOf: source)
        return slice
    }

    /// The text of a slice that is known to be UTF-8: for the edges only.
    package func text(_ slice: ByteSlice) -> String {
        String(decoding: bytes[slice.range], as: UTF8.self)
    }
}
