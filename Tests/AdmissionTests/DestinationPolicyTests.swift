import Admission
import ConfigurationModel
import GatewayTestKit
import SMSModel
import Testing

@Suite struct DestinationPolicyTests {
    private let bytes = Bytes()

    private func allows(_ allowed: [String]?, _ blocked: [String], _ number: String) throws -> Bool {
        try DestinationPolicy(allowed: allowed, blocked: blocked).refusal(of: bytes(number)) == nil
    }

    @Test func everywhereUnlessSomethingIsNamed() throws {
        #expect(DestinationPolicy.everywhere.refusal(of: bytes("+4915123456789")) == nil)
        #expect(try allows(nil, [], "+4915123456789"))
        #expect(try !allows([], [], "+4915123456789"))
    }

    @Test func countries() throws {
        #expect(try allows(["DE", "CA"], [], "+4915123456789"))
        #expect(try allows(["DE", "CA"], [], "+16135550100"))
        #expect(try !allows(["DE", "CA"], [], "+14155550100"))
        #expect(try !allows(["US"], [], "+16135550100"))
        #expect(try allows(nil, ["KZ"], "+79161234567"))
        #expect(try !allows(nil, ["KZ"], "+77012345678"))
        #expect(try !allows(["RU"], [], "+77012345678"))
    }

    /// Satellites and the like are of no country: only a prefix names them.
    @Test func numbersOfNoCountry() throws {
        #expect(try !allows(["DE"], [], "+870773111632"))
        #expect(try allows(["DE", "+870"], [], "+870773111632"))
        #expect(try allows(nil, ["DE"], "+870773111632"))
        #expect(try !allows(nil, ["+8"], "+870773111632"))
    }

    @Test(arguments: [
        // The longer prefix decides, whichever it is.
        (["DE"], ["+49900"], "+499001234567", false),
        (["DE"], ["+49900"], "+4915123456789", true),
        (["+4915"], ["DE"], "+4915123456789", true),
        (["+4915"], ["DE"], "+4930123456", false),
        (["+491"], ["+4915"], "+4915123456789", false),
        (["+4915"], ["+491"], "+4915123456789", true),
        (["CA"], ["+1"], "+16135550100", true),
        (["CA"], ["+1"], "+14155550100", false),
        (["US", "+1613"], ["CA"], "+16135550100", false),  // Canada's prefix is as long
        (["US", "+16135"], ["CA"], "+16135550100", true),
        // A tie refuses.
        (["DE"], ["DE"], "+4915123456789", false),
        (["+49"], ["DE"], "+4915123456789", false),
        (["DE"], ["+49"], "+4915123456789", false),
        (["+4915"], ["+4915"], "+4915123456789", false),
        (["US"], ["+1"], "+14155550100", false),
        // As long as the number itself, and longer.
        (["+4915123456789"], [], "+4915123456789", true),
        (["+4915123456789"], [], "+4915123456788", false),
        (["+49151234567890"], [], "+4915123456789", false),
    ])
    func theLongerPrefixDecides(_ allowed: [String], _ blocked: [String], _ number: String, _ isAllowed: Bool) throws {
        #expect(try allows(allowed, blocked, number) == isAllowed)
        #expect(try allows(Array(allowed.reversed()), blocked, number) == isAllowed)
    }

    /// Against the rule as it is told, over random lists.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func theRuleHoldsForRandomLists(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func prefix() -> String {
            "+1" + String((0..<Int.random(in: 0...3, using: &random)).map { _ in "23".randomElement(using: &random)! })
        }
        let allowed = Bool.random(using: &random) ? nil : (0..<4).map { _ in prefix() }
        let blocked = (0..<3).map { _ in prefix() }
        let policy = try DestinationPolicy(allowed: allowed, blocked: blocked)
        for _ in 0..<200 {
            let number = "+1" + String((0..<10).map { _ in "23".randomElement(using: &random)! })
            func longest(_ list: [String]) -> Int { list.filter(number.hasPrefix).map(\.count).max() ?? 0 }
            let (yes, no) = (longest(allowed ?? []), longest(blocked))
            let isAllowed = yes > no || (allowed == nil && no == 0)
            #expect((policy.refusal(of: bytes(number)) == nil) == isAllowed, "\(allowed ?? []) \(blocked) \(number)")
        }
    }

    @Test func aRefusalNamesItsRule() throws {
        func refusal(_ allowed: [String]?, _ blocked: [String], _ number: String) throws -> String? {
            try DestinationPolicy(allowed: allowed, blocked: blocked).refusal(of: bytes(number))
        }
        #expect(
            try refusal(nil, ["CA"], "+16135550100")
                == "The tenant may not send to CA: it is among its blocked destinations.")
        #expect(
            try refusal(nil, ["+1613", "CA"], "+16135550100")?.contains("CA") == true)
        #expect(
            try refusal(["DE"], ["+49900"], "+499001234567")
                == "The tenant may not send to numbers that begin with +49900: they are among its blocked destinations."
        )
        #expect(
            try refusal(["CA"], [], "+14155550100")
                == "The tenant may not send to US: it is not among its allowed destinations.")
        #expect(try refusal(["CA"], [], "+870773111632")?.contains("no country") == true)
    }

    @Test(arguments: ["UK", "de", "DEU", "", "49", "D", "001", "Ⓓ1"])
    func whatIsNoCountryIsToldBy(_ name: String) {
        #expect(throws: DestinationProblem.unknownCountry(name)) { try DestinationPolicy(allowed: [name], blocked: []) }
    }

    @Test(arguments: ["+", "+0", "+049", "+49x", "+49 15", "+1234567890123456", "+４９"])
    func whatIsNoPrefixIsTold(_ prefix: String) {
        #expect(throws: DestinationProblem.badPrefix) { try DestinationPolicy(allowed: nil, blocked: [prefix]) }
    }

    @Test func aMessageIsRefusedOnItsRecipient() {
        var settings = TenantSettings()
        settings.blockedDestinations = ["GB"]
        var batch = MessageDrafts()
        let validator = SubmitValidator(destinations: settings.destinationPolicy)
        let tenant = TenantID(rawValue: 1)
        let found = validator.validate(bytes.request(), tenant: tenant, now: 0, into: &batch)
        #expect(found.map(\.field) == ["to"])
        #expect(found[0].description.contains("GB"))
        var bad = bytes.request()
        bad.to = bytes("+44")
        #expect(validator.validate(bad, tenant: tenant, now: 0, into: &batch)[0].description.contains("too short"))
    }
}

@Suite struct TenantPolicySettingsTests {
    @Test func whatCannotBeUsedIsTold() {
        var settings = TenantSettings()
        settings.allowedDestinations = ["DE", "UK", "+49"]
        settings.blockedDestinations = ["+0"]
        settings.allowedSenders = ["Shop", " x", "12"]
        settings.defaultSender = "Bank"
        let violations = settings.policyViolations
        #expect(
            violations.map(\.field) == [
                "destinations.allowed[1]", "destinations.blocked[0]", "senders.allowed[1]", "senders.allowed[2]",
                "defaults.sender",
            ])
        #expect(violations[0].description.contains("no country UK"))
    }

    /// Should such settings come to be used all the same.
    @Test func whatIsNoDestinationAllowsNothing() {
        var settings = TenantSettings()
        settings.blockedDestinations = ["UK"]
        let bytes = Bytes()
        #expect(settings.destinationPolicy.refusal(of: bytes("+4915123456789")) != nil)
    }

    @Test func aDefaultSenderMustBeAllowed() {
        var settings = TenantSettings()
        #expect(settings.policyViolations.isEmpty)
        settings.defaultSender = "Shop"
        #expect(settings.policyViolations.isEmpty)
        settings.allowedSenders = ["Bank"]
        #expect(settings.policyViolations.map(\.field) == ["defaults.sender"])
        settings.allowedSenders = ["Bank", "Shop"]
        #expect(settings.policyViolations.isEmpty)
        settings.allowedSenders = nil
        settings.allowsAlphanumericSenders = false
        #expect(settings.policyViolations.map(\.field) == ["defaults.sender"])
        settings.defaultSender = "12"
        #expect(settings.policyViolations.map(\.field) == ["defaults.sender"])
    }
}
