import SMSModel
import Testing

@Suite struct MessageTraceTests {
    private static let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func parsed(_ text: String) -> TraceContext? {
        Array(text.utf8).withUnsafeBytes { TraceContext(traceparent: $0) }
    }

    /// The good one with another beginning.
    private static func version(_ version: String, _ more: String = "") -> String {
        version + good.dropFirst(2) + more
    }

    @Test func aTraceContextHasItsParts() throws {
        let context = try #require(parsed(Self.good))
        #expect(context.traceparent == Self.good)
        #expect(context.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.spanID == "b7ad6b7169203331")
    }

    private static let goodOnes: [String] = [
        version("cc"), version("cc", "-"), version("cc", "-whatever"), version("fe"),
    ]

    @Test(arguments: goodOnes)
    func wellFormed(_ text: String) {
        #expect(parsed(text) != nil)
    }

    private static let badOnes: [String] = [
        "", "0", String(good.dropLast()), version("00", "0"), version("00", "-"), version("00", "-01"), version("ff"),
        version("cc", "0"), version("cc", "-123456789"), good.uppercased(),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
    ]

    @Test(arguments: badOnes)
    func malformed(_ text: String) {
        #expect(parsed(text) == nil)
    }

    /// Each byte of it matters.
    @Test func noByteMayBeAnother() {
        let bytes = Array(Self.good.utf8)
        for place in bytes.indices {
            for other in [UInt8(ascii: "G"), UInt8(ascii: " "), 0, 0xFF] {
                var changed = bytes
                changed[place] = other
                #expect(!changed.withUnsafeBytes { TraceContext.isWellFormed($0) }, "byte \(place) as \(other)")
            }
        }
    }

    @Test(arguments: [("", ""), ("r-1", ""), ("", good), ("größer", good)])
    func packedAndUnpacked(_ requestID: String, _ traceparent: String) {
        var batch = MessageDrafts()
        var draft = MessageDraft(
            tenant: TenantID(rawValue: 1), priority: .normal, encoding: .gsm7, onUnknown: .hold, segments: 1, sendAt: 0,
            expiresAt: 0, recipient: ByteSlice(), sender: ByteSlice(), body: ByteSlice(), reference: ByteSlice(),
            tags: ByteSlice(), key: ByteSlice(), keyHash: 0, fingerprint: Fingerprint(high: 0, low: 0))
        draft.trace = Array(requestID.utf8).withUnsafeBytes { id in
            Array(traceparent.utf8).withUnsafeBytes { batch.appendTrace(requestID: id, traceparent: $0) }
        }
        #expect(batch.trace(of: draft) == MessageTrace(requestID: requestID, context: parsed(traceparent)))
        #expect(draft.trace.isEmpty == (requestID + traceparent).isEmpty)
    }

    @Test func whatDoesNotUnpackIsLeftOut() {
        for bytes: [UInt8] in [[], [5], [5, 0x61], [1, 0x61], [1, 0x61, 9], [1, 0x61, 2, 0x30, 0x30], [0, 0, 0]] {
            let trace = bytes.withUnsafeBytes { MessageTrace(packed: $0) }
            #expect(trace.context == nil && ["", "a"].contains(trace.requestID), "\(bytes)")
        }
    }
}
