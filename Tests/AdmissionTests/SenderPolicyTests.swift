import Admission
import ConfigurationModel
import GatewayTestKit
import SMSModel
import Testing

@Suite struct SenderPolicyTests {
    private let bytes = Bytes()

    @Test func anySenderUnlessSomeAreListed() {
        for sender in ["", "Apus", "12345", "+447400123456"] {
            #expect(SenderPolicy.any.refusal(of: bytes(sender)) == nil)
        }
    }

    @Test func aListIsAllThatMayBeUsed() {
        let policy = SenderPolicy(
            allowed: ["Shop", "+447400123456", "12345", "+123456789012345"], allowsAlphanumeric: true)
        for sender in ["Shop", "+447400123456", "12345", "+123456789012345"] {
            #expect(policy.refusal(of: bytes(sender)) == nil, "\(sender)")
        }
        for sender in ["shop", "Sho", "Shop1", "Bank", "123456", "+44740012345", "+123456789012346", ""] {
            #expect(policy.refusal(of: bytes(sender)) != nil, "\(sender)")
        }
        #expect(SenderPolicy(allowed: [], allowsAlphanumeric: true).refusal(of: bytes("Shop")) != nil)
    }

    @Test func manyAreFound() {
        let names = (0..<1000).map { "+1415555\($0 + 1000)" }
        let policy = SenderPolicy(allowed: names.shuffled(), allowsAlphanumeric: true)
        for name in names { #expect(policy.refusal(of: bytes(name)) == nil) }
        #expect(policy.refusal(of: bytes("+14155550999")) != nil)
    }

    @Test func namesMayBeRefusedButForThoseListed() {
        let numbers = SenderPolicy(allowed: nil, allowsAlphanumeric: false)
        #expect(numbers.refusal(of: bytes("Shop"))?.contains("names") == true)
        for sender in ["", "12345", "+447400123456"] { #expect(numbers.refusal(of: bytes(sender)) == nil) }
        let listed = SenderPolicy(allowed: ["Shop"], allowsAlphanumeric: false)
        #expect(listed.refusal(of: bytes("Shop")) == nil)
        #expect(listed.refusal(of: bytes("Bank")) != nil)
    }

    /// What counts is whom the message is from in the end.
    @Test func theDefaultSenderIsCheckedToo() {
        var settings = TenantSettings()
        settings.allowedSenders = ["Shop"]
        settings.defaultSender = "Shop"
        #expect(violations(settings, "").isEmpty)
        #expect(violations(settings, "Bank").map(\.field) == ["sender"])
        settings.defaultSender = "Bank"
        #expect(violations(settings, "").map(\.field) == ["sender"])
        #expect(violations(settings, "Shop").isEmpty)
        settings.defaultSender = nil
        #expect(violations(settings, "").map(\.field) == ["sender"])
        settings.allowedSenders = nil
        #expect(violations(settings, "").isEmpty)
    }

    @Test func whatIsNoSenderIsToldFirst() {
        var settings = TenantSettings()
        settings.allowedSenders = ["Shop"]
        #expect(violations(settings, "a name too long")[0].description.contains("11 characters"))
    }

    private func violations(_ settings: TenantSettings, _ sender: String) -> [FieldViolation] {
        var request = bytes.request()
        request.sender = bytes(sender)
        var batch = MessageDrafts()
        let validator = SubmitValidator(
            defaultSender: settings.defaultSender ?? "", senders: settings.senderPolicy,
            destinations: settings.destinationPolicy)
        return validator.validate(request, tenant: TenantID(rawValue: 1), now: 0, into: &batch)
    }
}
