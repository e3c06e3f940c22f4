/// Where a message came from and what was changed in it on its way in: what its request's metadata said, for joining
/// logs, and what smart encoding replaced.
///
/// A message carries it packed, as its row has it: request id, traceparent and, if anything was replaced, what, each as
/// one length byte and its bytes; nothing at all where there is none of them.
package struct MessageTrace: Hashable, Sendable {
    /// Text of at most ``Limits/requestIDBytes``; "" = none.
    package var requestID: String
    package var context: TraceContext?
    /// What smart encoding replaced, as ``SmartEncoding/detail`` has it; "" = the body is as it was given.
    package var replaced: String

    package init(requestID: String = "", context: TraceContext? = nil, replaced: String = "") {
        self.requestID = requestID
        self.context = context
        self.replaced = replaced
    }

    /// Reads a packed trace; what does not parse is left out.
    package init(packed bytes: UnsafeRawBufferPointer) {
        self.init()
        var rest = bytes
        func next() -> UnsafeRawBufferPointer? {
            guard let count = rest.first.map(Int.init), rest.count > count else { return nil }
            defer { rest = UnsafeRawBufferPointer(rebasing: rest[(1 + count)...]) }
            return UnsafeRawBufferPointer(rebasing: rest[1..<1 + count])
        }
        guard let first = next() else { return }
        requestID = String(decoding: first, as: UTF8.self)
        guard let second = next() else { return }
        context = TraceContext(traceparent: second)
        if let third = next() { replaced = String(decoding: third, as: UTF8.self) }
    }
}

/// A W3C trace context, as the header `traceparent` has it: version, trace id, span id and flags, in lower-case
/// hexadecimal, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
package struct TraceContext: Hashable, Sendable {
    /// The header as it came.
    package let traceparent: String
    /// 32 digits.
    package var traceID: Substring { part(3, 32) }
    /// The id of the caller's span; 16 digits.
    package var spanID: Substring { part(36, 16) }

    /// - Returns: nil if it is malformed.
    package init?(traceparent bytes: UnsafeRawBufferPointer) {
        guard Self.isWellFormed(bytes) else { return nil }
        traceparent = String(decoding: bytes, as: UTF8.self)
    }

    private func part(_ offset: Int, _ count: Int) -> Substring {
        let digits = traceparent.utf8
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return traceparent[start..<digits.index(start, offsetBy: count)]
    }

    private static let bytes = 55

    /// A later version than 00 may go on after a dash; ff is none.
    package static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= Self.bytes, bytes.count <= Limits.traceparentBytes else { return false }
        func isHex(_ range: Range<Int>) -> Bool {
            range.allSatisfy { bytes[$0] &- 0x30 <= 9 || bytes[$0] &- 0x61 <= 5 }
        }
        func isZero(_ range: Range<Int>) -> Bool { range.allSatisfy { bytes[$0] == 0x30 } }
        let dash = UInt8(ascii: "-")
        guard isHex(0..<2), bytes[2] == dash, isHex(3..<35), bytes[35] == dash, isHex(36..<52), bytes[52] == dash,
            isHex(53..<55), !isZero(3..<35), !isZero(36..<52), !(bytes[0] == 0x66 && bytes[1] == 0x66)
        else { return false }
        return bytes.count == Self.bytes || (!isZero(0..<2) && bytes[Self.bytes] == dash)
    }
}

extension MessageDrafts {
    /// Packs a ``MessageTrace`` at the arena's end; nothing, if all are empty. A malformed traceparent counts as none,
    /// as W3C has it.
    ///
    /// - Parameters:
    ///   - requestID: text of at most ``Limits/requestIDBytes``.
    ///   - replaced: what smart encoding has made of the body; nil = nothing.
    package mutating func appendTrace(
        requestID: UnsafeRawBufferPointer, traceparent: UnsafeRawBufferPointer, replaced: SmartEncoding? = nil
    ) -> ByteSlice {
        guard requestID.count + traceparent.count > 0 || replaced != nil else { return ByteSlice() }
        let isTraced = TraceContext.isWellFormed(traceparent)
        guard isTraced || requestID.count > 0 || replaced != nil else { return ByteSlice() }
        let start = bytes.count
        bytes.append(UInt8(requestID.count))
        bytes.append(contentsOf: requestID)
        bytes.append(isTraced ? UInt8(traceparent.count) : 0)
        if isTraced { bytes.append(contentsOf: traceparent) }
        if let detail = replaced?.detail {
            bytes.append(UInt8(detail.utf8.count))
            bytes.append(contentsOf: detail.utf8)
        }
        return ByteSlice(offset: UInt32(start), count: UInt32(bytes.count - start))
    }

    /// Whence a message came.
    package func trace(of draft: MessageDraft) -> MessageTrace {
        bytes.withUnsafeBytes { MessageTrace(packed: UnsafeRawBufferPointer(rebasing: $0[draft.trace.range])) }
    }
}
