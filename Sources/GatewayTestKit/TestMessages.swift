package import SMSModel

extension TenantID {
    package static let first = TenantID(rawValue: 1)
    package static let second = TenantID(rawValue: 2)
}

/// What a test's message is made of; what it does not care about has a default.
package struct TestMessage: Sendable {
    package var to = "+14155550100"
    package var body = "hello"
    package var sender = "Apus"
    /// "" = none.
    package var key = ""
    package var reference = ""
    package var tags: [String] = []
    package var tenant = TenantID.first
    package var priority = Priority.normal
    package var onUnknown = OnUnknown.hold
    package var generation: UInt32 = 0
    package var requestID = ""
    package var traceparent = ""
    package var sendAt: Int64 = 0
    package var expiresAt: Int64 = .max / 2
    package var segments: UInt8 = 1
    package var reserve: Int64 = 0

    package init() {}

    package init(_ change: (inout TestMessage) -> Void) {
        change(&self)
    }
}

extension MessageDrafts {
    package init(_ messages: [TestMessage]) {
        self.init()
        for message in messages { append(message) }
    }

    /// Appends a message as admission would.
    package mutating func append(_ message: TestMessage) {
        var tagBytes: [UInt8] = []
        for tag in message.tags { tagBytes += [UInt8(tag.utf8.count)] + Array(tag.utf8) }
        let hash = message.key.isEmpty ? 0 : max(1, Self.hash("\(message.tenant.rawValue) \(message.key)"))
        let content =
            "\(message.to)|\(message.body)|\(message.sender)|\(message.priority)|\(message.sendAt)|\(message.onUnknown)"
        var draft = MessageDraft(
            tenant: message.tenant, priority: message.priority, encoding: .gsm7, onUnknown: message.onUnknown,
            segments: message.segments, sendAt: message.sendAt, expiresAt: message.expiresAt,
            recipient: append(text: message.to),
            sender: append(text: message.sender), body: append(text: message.body),
            reference: append(text: message.reference), tags: tagBytes.withUnsafeBytes { append($0) },
            key: append(text: message.key), keyHash: hash,
            fingerprint: Fingerprint(high: Self.hash(content), low: Self.hash(content + ".")))
        draft.generation = message.generation
        draft.reserve = message.reserve
        var (requestID, traceparent) = (message.requestID, message.traceparent)
        draft.trace = requestID.withUTF8 { id in
            traceparent.withUTF8 {
                appendTrace(requestID: UnsafeRawBufferPointer(id), traceparent: UnsafeRawBufferPointer($0))
            }
        }
        drafts.append(draft)
    }

    private mutating func append(text: String) -> ByteSlice {
        Array(text.utf8).withUnsafeBytes { append($0) }
    }

    /// FNV-1a, spread: the same in every run.
    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash &* 0x9E37_79B9_7F4A_7C15
    }
}
