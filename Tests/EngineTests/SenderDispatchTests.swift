internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Testing

@testable internal import Engine

/// What providers are given as the sender, by the rules of routes and of their own.
@Suite struct SenderDispatchTests {
    private let american = "+14155550100"
    private let german = "+4915112345678"

    private func rules(_ owner: String, _ change: (inout SenderRules) -> Void) -> SenderTable? {
        var rules = SenderRules()
        change(&rules)
        return SenderTable(rules, owner: owner)
    }

    /// Providers a and b under one route, a with rules.
    private func driver() throws -> WriterDriver {
        var route = Route(name: "all", providers: [1, 2])
        route.senderTable = rules("route all") { $0.byCountry = ["DE": "Route"] }
        let driver = try WriterDriver(limits: ProviderLimits(), names: ["a", "b"], routes: [route])
        let own = rules("provider a") {
            $0.byCountry = ["US": "+15005550006"]
            $0.fallback = "12345"
            $0.replaceNamesIn = ["US"]
        }
        let pooled = driver.providers.enumerated().map { place, provider in
            ConfiguredProvider(provider: provider, number: UInt8(place + 1), senders: place == 0 ? own : nil)
        }
        driver.inbox.commands.append(.configureProviders(pooled, routes: [route]))
        driver.run()
        return driver
    }

    private func accept(_ driver: WriterDriver, to: String, from sender: String = "") throws -> MessageID {
        try driver.accept(
            TestMessage {
                $0.to = to
                $0.sender = sender
            })
    }

    @Test func theProviderIsGivenWhatTheRulesSay() throws {
        let driver = try driver()
        let cases = [
            (american, "", "+15005550006"), (german, "", "Route"), ("+447400123456", "", "12345"),
            (american, "ACME", "+15005550006"), (german, "ACME", "ACME"), (american, "+15005550001", "+15005550001"),
        ]
        for (number, given, sender) in cases {
            let id = try accept(driver, to: number, from: given)
            #expect(driver.provider.sender(of: id) == sender, "\(number) from \(given)")
            // The rest is what it was.
            #expect(driver.provider.body(of: id) == TestMessage { _ in }.body)
        }
        try driver.check()
    }

    /// What a refuses for its sender goes to b, which has no rules: there it is as the message has it.
    @Test func theNextProviderHasItsOwn() throws {
        let driver = try driver()
        let id = try accept(driver, to: american, from: "ACME")
        #expect(driver.provider.sender(of: id) == "+15005550006")
        driver.inbox.answers.append(
            driver.provider.answers { _ in .rejected(.sender, code: "21606", message: "not a sender") })
        driver.run()
        #expect(driver.providers[1].sender(of: id) == "ACME")
        try driver.check()
    }

    @Test func whatTheTenantMayNotUseIsPassedOver() throws {
        let driver = try driver()
        var tenants = WriterTenants()
        tenants.senderPolicies = [.first: SenderPolicy(allowed: ["ACME", "12345"], allowsAlphanumeric: true)]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
        #expect(driver.provider.sender(of: try accept(driver, to: american, from: "ACME")) == "12345")
        tenants.senderPolicies = [.first: SenderPolicy(allowed: ["ACME"], allowsAlphanumeric: true)]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
        #expect(driver.provider.sender(of: try accept(driver, to: american, from: "ACME")) == "ACME")
    }

    /// A reason that is too long gives way to the sender.
    @Test func theSenderIsAlwaysTold() throws {
        let entry = try #require(rules("provider a") { $0.fallback = "12345" }?.senders(in: 0).first)
        let told = entry.added(to: String(repeating: "ü", count: 200))
        #expect(told.utf8.count <= History.detailBytes)
        #expect(told.hasSuffix("ü; sender 12345 (provider a, other countries)"))
        #expect(entry.added(to: "only provider") == "only provider; sender 12345 (provider a, other countries)")
    }
}
