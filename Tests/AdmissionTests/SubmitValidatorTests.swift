import Admission
import GatewayTestKit
import SMSModel
import Testing

@Suite struct SubmitValidatorTests {
    private static let now: Int64 = 1_700_000_000_000
    private static let day: Int64 = 86_400_000
    private let bytes = Bytes()

    // MARK: What is accepted

    @Test func fillsTheDraft() throws {
        var request = bytes.request()
        request.sender = bytes("Apus")
        request.body = bytes("Grüße €")
        request.reference = bytes("order-1")
        request.tags = [bytes("a"), bytes("bc")]
        request.idempotencyKey = bytes("key")
        request.priority = 1
        request.onUnknown = 2
        request.sendAt = Self.now + 5000
        request.validity = 60_000
        request.maxSegments = 1
        request.requestID = bytes("r-1")
        request.traceparent = bytes(Self.traceparent)
        var batch = MessageDrafts()
        _ = batch.append(bytes("before"))
        let violations = SubmitValidator().validate(
            request, tenant: TenantID(rawValue: 7), generation: 3, now: Self.now, into: &batch)
        #expect(violations == [])

        let draft = try #require(batch.drafts.first)
        #expect(batch.drafts.count == 1)
        #expect(draft.tenant == TenantID(rawValue: 7))
        #expect(draft.priority == .urgent)
        #expect(draft.onUnknown == .resend)
        #expect(draft.encoding == .gsm7)
        #expect(draft.segments == 1)
        #expect(draft.sendAt == Self.now + 5000)
        #expect(draft.expiresAt == Self.now + 65_000)
        #expect(batch.text(draft.recipient) == "+447400123456")
        #expect(batch.text(draft.sender) == "Apus")
        #expect(batch.text(draft.body) == "Grüße €")
        #expect(batch.text(draft.reference) == "order-1")
        #expect(Array(batch.bytes[draft.tags.range]) == [1, 0x61, 2, 0x62, 0x63])
        #expect(batch.text(draft.key) == "key")
        #expect(draft.keyHash == KeyHash.of(bytes("key"), tenant: TenantID(rawValue: 7)))
        #expect(draft.generation == 3)
        #expect(batch.trace(of: draft).requestID == "r-1")
        #expect(batch.trace(of: draft).context?.traceparent == Self.traceparent)
    }

    private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aTraceIsNoPartOfTheContentAndNoReasonToRefuse() throws {
        let (plain, plainBatch) = try accept(bytes.request())
        #expect(plain.trace.isEmpty && plain.generation == 0)
        var request = bytes.request()
        request.requestID = bytes("r-1")
        request.traceparent = bytes(Self.traceparent)
        let (traced, _) = try accept(request)
        #expect(traced.fingerprint == plain.fingerprint)
        request.traceparent = bytes("nonsense")
        let (half, halfBatch) = try accept(request)
        #expect(halfBatch.trace(of: half) == MessageTrace(requestID: "r-1"))
        request.requestID = bytes("")
        let (none, noneBatch) = try accept(request)
        #expect(none.trace.isEmpty && noneBatch.bytes == plainBatch.bytes)
        request.requestID = bytes(String(repeating: "r", count: Limits.requestIDBytes))
        let (longest, longestBatch) = try accept(request)
        #expect(longestBatch.trace(of: longest).requestID.utf8.count == Limits.requestIDBytes)
        for bad in [bytes(String(repeating: "r", count: Limits.requestIDBytes + 1)), bytes([0]), bytes([0xFF])] {
            request.requestID = bad
            #expect(violations(request).map(\.field) == ["request_id"])
        }
    }

    // MARK: Smart encoding

    @Test func smartEncodingReplacesWhereTheTenantOrTheRequestSaysSo() throws {
        var request = bytes.request()
        request.body = bytes("it’s “fine”")
        for (given, tenants, isSmart) in [
            (Int32(0), false, false), (0, true, true), (1, false, true), (1, true, true), (2, true, false),
        ] {
            request.smartEncoding = given
            let (draft, batch) = try accept(request, SubmitValidator(encodesSmartly: tenants))
            #expect(batch.text(draft.body) == (isSmart ? "it's \"fine\"" : "it’s “fine”"))
            #expect(draft.encoding == (isSmart ? .gsm7 : .ucs2))
            #expect(draft.replaced == (isSmart ? 3 : 0))
            #expect(batch.trace(of: draft).replaced == (isSmart ? "’→', “→\", ”→\"" : ""))
        }
        for bad in [Int32(3), -1, 256] {
            request.smartEncoding = bad
            #expect(violations(request).map(\.field) == ["smart_encoding"])
        }
    }

    /// Quotas, prices and `max_segments` count what is sent.
    @Test func whatIsSentIsCounted() throws {
        var request = bytes.request()
        request.body = bytes(String(repeating: "a", count: 100) + "’")
        request.maxSegments = 1
        #expect(violations(request).map(\.field) == ["max_segments"])
        let validator = SubmitValidator(encodesSmartly: true, segmentPrice: Money(millionths: 7))
        let (draft, _) = try accept(request, validator)
        #expect(draft.segments == 1 && draft.reserve == 7)
    }

    /// A repeat stays one, though the tenant's settings or the table were changed in between.
    @Test func theFingerprintIsOfTheTextAsGiven() throws {
        var request = bytes.request()
        request.body = bytes("it’s")
        request.reference = bytes("r")
        let (plain, _) = try accept(request)
        let (smart, batch) = try accept(request, SubmitValidator(encodesSmartly: true))
        #expect(plain.fingerprint == smart.fingerprint)
        #expect(batch.text(smart.body) == "it's" && batch.text(smart.reference) == "r")
        // Another request, though the same is sent.
        request.body = bytes("it's")
        let (other, _) = try accept(request)
        #expect(other.fingerprint != plain.fingerprint)
        request.smartEncoding = 1
        let (asked, _) = try accept(request)
        #expect(asked.fingerprint != other.fingerprint)
    }

    @Test func whatWasReplacedStandsBesideTheTrace() throws {
        var request = bytes.request()
        request.body = bytes("it’s")
        request.requestID = bytes("r-1")
        request.traceparent = bytes(Self.traceparent)
        let (draft, batch) = try accept(request, SubmitValidator(encodesSmartly: true))
        let trace = batch.trace(of: draft)
        #expect(trace.requestID == "r-1" && trace.context?.traceparent == Self.traceparent)
        #expect(trace.replaced == "’→'")
    }

    @Test func defaultsWhereNothingIsGiven() throws {
        let validator = SubmitValidator(defaultSender: "12345", defaultValidity: 1000, defaultOnUnknown: .resend)
        let (draft, batch) = try accept(bytes.request(), validator)
        #expect(draft.priority == .normal)
        #expect(draft.onUnknown == .resend)
        #expect(draft.sendAt == 0)
        #expect(draft.expiresAt == Self.now + 1000)
        #expect(batch.text(draft.sender) == "12345")
        #expect(draft.reference.isEmpty && draft.tags.isEmpty && draft.key.isEmpty)
        #expect(draft.keyHash == 0)

        let (plain, plainBatch) = try accept(bytes.request())
        #expect(plain.onUnknown == .hold)
        #expect(plain.sender.isEmpty)
        #expect(plain.expiresAt == Self.now + Self.day)
        #expect(plainBatch.text(plain.body) == "Hello")
    }

    @Test func whatItMayCostIsKeptForIt() throws {
        #expect(try accept(bytes.request()).0.reserve == 0)
        var request = bytes.request()
        request.body = bytes(String(repeating: "x", count: 307))
        #expect(try accept(request, SubmitValidator(segmentPrice: Money(millionths: 7500))).0.reserve == 22_500)
        #expect(
            try accept(request, SubmitValidator(segmentPrice: Limits.segmentPrice)).0.reserve
                == 3 * Limits.segmentPrice.millionths)
    }

    @Test func aSendTimeThatHasComeIsNow() throws {
        for sendAt in [Self.now - Limits.sendAtPastMilliseconds, Self.now - 1, Self.now] {
            var request = bytes.request()
            request.sendAt = sendAt
            let (draft, _) = try accept(request)
            #expect(draft.sendAt == 0)
            #expect(draft.expiresAt == Self.now + Self.day)
        }
        var request = bytes.request()
        request.sendAt = Self.now + 1
        #expect(try accept(request).0.sendAt == Self.now + 1)
    }

    /// With a key, or in a batch, it may be a message that was accepted in time: the store knows.
    @Test func aSendTimeLongPastIsOneOfARepeatOrOfNothing() throws {
        let late = Self.now - Limits.sendAtPastMilliseconds - 1
        var request = SubmitRequest()
        request.to = bytes("+14155550100")
        request.body = bytes("hello")
        request.sendAt = late
        #expect(violations(request).map(\.field) == ["send_at_ms"])
        var batch = MessageDrafts()
        let tenant = TenantID(rawValue: 1)
        let found = SubmitValidator().validate(
            request, tenant: tenant, now: Self.now, mayRepeat: true, into: &batch)
        #expect(found.isEmpty && batch.drafts.map(\.sendAt) == [late] && batch.drafts[0].isLate(now: Self.now))
        request.idempotencyKey = bytes("key")
        let (draft, _) = try accept(request)
        #expect(draft.sendAt == late && draft.isLate(now: Self.now) && !draft.isLate(now: Self.now - 1))
        request.sendAt = Self.now
        #expect(try !accept(request).0.isLate(now: .max))
    }

    // MARK: One violation for each bad field

    @Test func aRefusalLeavesTheBatchAsItIs() {
        var batch = MessageDrafts()
        let good = bytes.request()
        let validator = SubmitValidator(defaultSender: "Apus")
        let tenant = TenantID(rawValue: 1)
        #expect(validator.validate(good, tenant: tenant, now: Self.now, into: &batch).isEmpty)
        let before = batch.bytes
        var bad = good
        bad.to = bytes("123")
        #expect(!validator.validate(bad, tenant: tenant, now: Self.now, into: &batch).isEmpty)
        #expect(batch.bytes == before)
        #expect(batch.drafts.count == 1)
    }

    @Test func namesEachBadFieldOnce() {
        var request = SubmitRequest()
        request.to = bytes("0151")
        request.sender = bytes("a name too long")
        request.body = bytes([0xFF])
        request.reference = bytes([0xFF])
        request.tags = [bytes("good"), bytes(""), bytes([0xFF])]
        request.idempotencyKey = bytes(Array(repeating: 1, count: 65))
        request.priority = 4
        request.onUnknown = 3
        request.sendAt = -1
        request.validity = 1
        request.maxSegments = 256
        let fields = violations(request).map(\.field)
        #expect(
            Set(fields) == [
                "to", "sender", "body", "reference", "tags[1]", "tags[2]", "idempotency_key", "priority",
                "on_unknown", "send_at_ms", "validity_ms", "max_segments",
            ])
        #expect(fields.count == 12)
        #expect(violations(request).allSatisfy { $0.description.hasSuffix(".") })
    }

    @Test func allThatCanBeWrongAtOnceFitsInARefusal() {
        var request = SubmitRequest()
        request.sender = bytes("?")
        request.reference = bytes([0])
        request.tags = (0..<Limits.tags).map { _ in bytes("") }
        request.idempotencyKey = bytes(Array(repeating: 1, count: 65))
        request.priority = -1
        request.onUnknown = -1
        request.sendAt = -1
        request.validity = 1
        request.maxSegments = .max
        let found = violations(request)
        #expect(found.count == 10 + Limits.tags)
        #expect(found.count <= Limits.violationsPerRefusal)
    }

    @Test(arguments: [
        (Int32.min, false), (-1, false), (0, true), (1, true), (2, true), (3, true), (4, false), (257, false),
        (Int32.max, false),
    ])
    func priorities(_ number: Int32, _ isGood: Bool) {
        #expect(violations { $0.priority = number } == (isGood ? [] : ["priority"]))
    }

    @Test(arguments: [(-1, false), (0, true), (1, true), (2, true), (3, false), (258, false)] as [(Int32, Bool)])
    func choicesOnUnknown(_ number: Int32, _ isGood: Bool) {
        #expect(violations { $0.onUnknown = number } == (isGood ? [] : ["on_unknown"]))
    }

    @Test(arguments: [
        (Int64.min, false), (-1, false), (0, true), (now + 35 * day, true), (now + 35 * day + 1, false),
        (Int64.max, false),
    ])
    func sendTimes(_ time: Int64, _ isGood: Bool) {
        #expect(violations { $0.sendAt = time } == (isGood ? [] : ["send_at_ms"]))
    }

    @Test(
        arguments: [
            (0, true), (1, false), (999, false), (1000, true), (7 * 86_400_000, true), (7 * 86_400_000 + 1, false),
            (UInt64.max, false),
        ] as [(UInt64, Bool)])
    func validities(_ milliseconds: UInt64, _ isGood: Bool) {
        #expect(violations { $0.validity = milliseconds } == (isGood ? [] : ["validity_ms"]))
    }

    @Test func lengthsOfTexts() {
        func text(_ count: Int) -> UnsafeRawBufferPointer { bytes(Array(repeating: 0x61, count: count)) }
        #expect(violations { $0.reference = text(64) } == [])
        #expect(violations { $0.reference = text(65) } == ["reference"])
        #expect(violations { $0.reference = bytes("a\0") } == ["reference"])
        #expect(violations { $0.idempotencyKey = text(64) } == [])
        #expect(violations { $0.idempotencyKey = text(65) } == ["idempotency_key"])
        #expect(violations { $0.idempotencyKey = bytes([0, 0xFF]) } == [])
        #expect(violations { $0.tags = [text(64)] } == [])
        #expect(violations { $0.tags = [text(65)] } == ["tags[0]"])
        #expect(violations { $0.tags = Array(repeating: text(1), count: 16) } == [])
        #expect(violations { $0.tags = Array(repeating: text(1), count: 17) } == ["tags"])
        #expect(violations { $0.body = text(1600) } == [])
        #expect(violations { $0.body = text(1601) } == ["body"])
        #expect(violations { $0.body = text(0) } == ["body"])
    }

    @Test func segmentsAreBounded() {
        let long = bytes(Array(repeating: 0x61, count: 307))
        func fields(_ bound: UInt32) -> [String] {
            violations {
                $0.body = long
                $0.maxSegments = bound
            }
        }
        #expect(fields(0) == [])
        #expect(fields(2) == ["max_segments"])
        #expect(fields(3) == [])
        #expect(fields(255) == [])
        #expect(fields(256) == ["max_segments"])
    }

    @Test(arguments: [
        "+14155550100", "123", "12345678", "A", "Apus", "A1", "1A", "My Shop", "a_b.c&d-e", "elevenchars",
    ])
    func goodSenders(_ sender: String) {
        #expect(violations { $0.sender = bytes(sender) } == [])
    }

    @Test(arguments: [
        "+", "+1415", "+1 4155550100", "1", "12", "123456789", "14155550100", "twelve chars", " Apus", "Apus ", " ",
        "-", "1-2", "Ünser", "a,b", "a\0b", "a\n",
    ])
    func badSenders(_ sender: String) {
        #expect(violations { $0.sender = bytes(sender) } == ["sender"])
    }

    // MARK: Helpers

    private func accept(
        _ request: SubmitRequest, _ validator: SubmitValidator = SubmitValidator()
    ) throws -> (MessageDraft, MessageDrafts) {
        var batch = MessageDrafts()
        let violations = validator.validate(request, tenant: TenantID(rawValue: 1), now: Self.now, into: &batch)
        #expect(violations == [])
        return (try #require(batch.drafts.first), batch)
    }

    private func violations(_ request: SubmitRequest) -> [FieldViolation] {
        var batch = MessageDrafts()
        let found = SubmitValidator().validate(request, tenant: TenantID(rawValue: 1), now: Self.now, into: &batch)
        #expect(batch.drafts.count == (found.isEmpty ? 1 : 0))
        return found
    }

    private func violations(_ change: (inout SubmitRequest) -> Void) -> [String] {
        var request = bytes.request()
        change(&request)
        return violations(request).map(\.field)
    }
}
