import Admission
import GatewayTestKit
import SMSModel
import Testing

@Suite struct ContentHashTests {
    private let bytes = Bytes()

    private func full() -> SubmitRequest {
        var request = bytes.request()
        request.sender = bytes("Apus")
        request.reference = bytes("ref")
        request.tags = [bytes("ab"), bytes("c")]
        return request
    }

    private func fingerprint(
        _ request: SubmitRequest, _ validator: SubmitValidator = SubmitValidator(), now: Int64 = 1_700_000_000_000
    ) throws -> Fingerprint {
        var batch = MessageDrafts()
        _ = batch.append(bytes("what came before does not matter"))
        try #require(validator.validate(request, tenant: TenantID(rawValue: 1), now: now, into: &batch).isEmpty)
        return batch.drafts[0].fingerprint
    }

    /// Stored next to messages, so it must stay what it is. Computed with Python's hashlib over
    /// struct.pack("<IIIIIIIIqQ", 13, 4, 5, 3, 5, 0, 2, 0, 0, 0) + b"+447400123456ApusHelloref\x02ab\x01c".
    @Test func fingerprintNeverChanges() throws {
        #expect(try fingerprint(full()) == Fingerprint(high: 0x96B3_56A0_728B_B70A, low: 0x480D_9E4B_DAD4_4FE1))
    }

    /// hashlib over struct.pack("<i", 1) + b"key".
    @Test func keyHashNeverChanges() {
        #expect(KeyHash.of(bytes("key"), tenant: TenantID(rawValue: 1)) == 0x516D_0660_A7E0_0176)
    }

    @Test func keyHashTellsTenantsAndKeysApart() {
        let one = TenantID(rawValue: 1)
        #expect(KeyHash.of(bytes("key"), tenant: one) != KeyHash.of(bytes("key"), tenant: TenantID(rawValue: 2)))
        #expect(KeyHash.of(bytes("key"), tenant: one) != KeyHash.of(bytes("kez"), tenant: one))
        #expect(KeyHash.of(bytes(""), tenant: one) == 0)
    }

    @Test func everyFieldCounts() throws {
        var seen: Set<Fingerprint> = [try fingerprint(full())]
        let changes: [(inout SubmitRequest) -> Void] = [
            { $0.to = bytes("+447400123457") },
            { $0.sender = bytes("Apu") },
            { $0.sender = bytes("") },
            { $0.body = bytes("Hello!") },
            { $0.reference = bytes("re") },
            { $0.reference = bytes("") },
            { $0.tags = [bytes("a"), bytes("bc")] },
            { $0.tags = [bytes("ab")] },
            { $0.tags = [bytes("c"), bytes("ab")] },
            { $0.tags = [] },
            { $0.priority = 1 },
            { $0.priority = 3 },
            { $0.onUnknown = 1 },
            { $0.onUnknown = 2 },
            { $0.sendAt = 1_699_999_999_999 },
            { $0.sendAt = 1_700_000_000_001 },
            { $0.validity = 1000 },
            { $0.maxSegments = 1 },
            // What moves from one text to its neighbour.
            {
                $0.sender = bytes("ApusH")
                $0.body = bytes("ello")
            },
            {
                $0.body = bytes("Hellor")
                $0.reference = bytes("ef")
            },
        ]
        for (index, change) in changes.enumerated() {
            var request = full()
            change(&request)
            #expect(seen.insert(try fingerprint(request)).inserted, "change \(index)")
        }
    }

    @Test func keyTimeAndDefaultsDoNotCount() throws {
        let expected = try fingerprint(full())
        var keyed = full()
        keyed.idempotencyKey = bytes("key")
        #expect(try fingerprint(keyed) == expected)
        #expect(try fingerprint(full(), now: 1_800_000_000_000) == expected)
        var normal = full()
        normal.priority = 2
        #expect(try fingerprint(normal) == expected)

        var unsigned = full()
        unsigned.sender = bytes("")
        let other = SubmitValidator(defaultSender: "Other", defaultValidity: 5000, defaultOnUnknown: .resend)
        #expect(try fingerprint(unsigned, other) == fingerprint(unsigned))
    }
}
