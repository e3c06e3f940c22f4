/// Where a message came from, for joining logs: what its request's metadata said.
///
/// A message carries it packed, as its row has it: request id and traceparent, each as one length byte and its bytes;
/// nothing at all where there is neither.
package struct MessageTrace: Hashable, Sendable {
    /// Text of at most ``Limits/requestIDBytes``; "" = none.
    package var requestID: String
    package var context: TraceContext?

    package init(requestID: String = "", context: TraceContext? = nil) {
        self.requestID = requestID
        self.context = context
    }

    /// Reads a packed trace; what does not parse is left out.
    package init(packed bytes: UnsafeRawBufferPointer) {
        self.init()
        guard let count = bytes.first.map(Int.init), bytes.count > 1 + count else { return }
        requestID = String(decoding: bytes[1..<1 + count], as: UTF8.self)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[(1 + count)...])
        guard rest.count == 1 + Int(rest[0]) else { return }
        context = TraceContext(traceparent: UnsafeRawBufferPointer(rebasing: rest[1...]))
    }
}

/// A W3C trace context, as the header `traceparent` has it: version, trace id, span id and flags, in lower-case
/// hexadecimal, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
package struct TraceContext: Hashable, Sendable {
    /// As it came.
    package let traceparent: String
    /// 32 digits.
    package var traceID: Substring { part(3, 32) }
    /// Of the caller's span; 16 digits.
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

extension DraftBatch {
    /// Packs a ``MessageTrace`` at the arena's end; nothing, if both are empty. A malformed traceparent counts as none,
    /// as W3C has it.
    ///
    /// - Parameter requestID: text of at most ``Limits/requestIDBytes``.
    package mutating func appendTrace(
        requestID: UnsafeRawBufferPointer, traceparent: UnsafeRawBufferPointer
    ) -> ByteSlice {
        guard requestID.count + traceparent.count > 0 else { return ByteSlice() }
        let isTraced = TraceContext.isWellFormed(traceparent)
        guard isTraced || requestID.count > 0 else { return ByteSlice() }
        let start = bytes.count
        bytes.append(UInt8(requestID.count))
        bytes.append(contentsOf: requestID)
        bytes.append(isTraced ? UInt8(traceparent.count) : 0)
        if isTraced { bytes.append(contentsOf: traceparent) }
        return ByteSlice(offset: UInt32(start), count: UInt32(bytes.count - start))
    }

    /// Whence a message came.
    package func trace(of draft: MessageDraft) -> MessageTrace {
        bytes.withUnsafeBytes { MessageTrace(packed: UnsafeRawBufferPointer(rebasing: $0[draft.trace.range])) }
    }
}
