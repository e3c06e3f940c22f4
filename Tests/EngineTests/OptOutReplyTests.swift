internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Texts that answer keywords.
@Suite struct OptOutReplyTests {
    private let number: UInt64 = 14_155_550_100

    private func driver(routes: [Route]? = nil) throws -> WriterDriver {
        let driver = try WriterDriver(names: ["a", "b"], routes: routes)
        try driver.store.administer { (store) throws(StoreError) in
            for name in ["one", "two"] { _ = try store.tenantID(name: name, now: start) }
        }
        configure(driver)
        return driver
    }

    private func configure(_ driver: WriterDriver, quota: TenantQuota? = nil) {
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two"]
        tenants.senders = [.first: ["12345"], .second: ["12345"]]
        for (tenant, name) in [(TenantID.first, "One"), (.second, "Two")] {
            var settings = TenantSettings()
            settings.stopReply = "\(name): no more messages."
            settings.helpReply = "\(name): call us."
            tenants.inbound[tenant] = InboundSettings(settings)
        }
        if let quota { tenants.quotas = [.first: quota, .second: quota] }
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
    }

    private func post(_ driver: WriterDriver, _ body: String, id: String, to: String = "12345", provider: UInt8 = 2) {
        driver.post(
            [.inbound(InboundMessage(providerID: id, sender: "+14155550100", recipient: to, body: body))], of: provider)
        driver.run()
    }

    /// What a provider was given, in words.
    private func texts(_ driver: WriterDriver, _ provider: Int) -> [String] {
        driver.providers[provider].seen.compactMap { driver.providers[provider].text(of: $0.id) }
    }

    @Test func stopIsAnsweredThroughTheSameProviderAndNumber() throws {
        let driver = try driver(routes: [Route(name: "r", providers: [1])])
        post(driver, "STOP", id: "1")
        #expect(texts(driver, 1) == ["12345>+14155550100: One: no more messages."])
        #expect(driver.providers[0].seen.isEmpty)
        let id = try #require(driver.providers[1].seen.first?.id)
        driver.inbox.answers.append(driver.providers[1].answers { _ in .accepted(providerID: "p", receipts: true) })
        driver.run()
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        #expect(try driver.events(of: id) == [.submitting, .sent, .delivered])
        // The person has opted out all the same.
        #expect(try driver.store.administration.isSuppressed(number, tenant: .first))
        let other = try driver.accept(TestMessage())
        #expect(try driver.state(of: other) == .failed)
        try driver.check()
    }

    @Test func oneAnswerADayAndOnePerOptOut() throws {
        let driver = try driver()
        for (place, word) in ["STOP", "STOP", "HELP", "START", "STOP", "HELP"].enumerated() {
            post(driver, word, id: "\(place)")
        }
        // Each tenant for itself; a carrier's repetition is none.
        post(driver, "STOP", id: "0")
        let first = ["One: no more messages.", "Two: call us."].map { "12345>+14155550100: \($0)" }
        #expect(texts(driver, 1) == first)
        driver.now += Limits.optOutReplyMilliseconds - 1
        post(driver, "HELP", id: "7")
        #expect(texts(driver, 1).count == 2)
        driver.now += 1
        post(driver, "HELP", id: "8")
        #expect(texts(driver, 1).last == "12345>+14155550100: One: call us.")
        #expect(texts(driver, 1).count == 3)
    }

    @Test func whoHasOptedOutBeforeIsNotToldAgain() throws {
        let driver = try driver()
        try driver.store.administer { (store) throws(StoreError) in
            for tenant in [TenantID.first, .second] {
                _ = try store.suppress(
                    SuppressionRecord(
                        tenant: tenant, number: number, at: start, reason: "STOP", origin: .keyword,
                        ownNumber: "12345"))
            }
        }
        post(driver, "STOP", id: "1")
        #expect(texts(driver, 1).isEmpty)
    }

    /// A number that nobody names is no tenant's to answer from.
    @Test func nobodyAnswersForANumberThatNobodyNames() throws {
        let driver = try driver()
        post(driver, "STOP", id: "1", to: "777")
        post(driver, "HELP", id: "2", to: "777")
        #expect(texts(driver, 1).isEmpty)
    }

    @Test func anAnswerWaitsForItsProviderAndIsGivenUp() throws {
        let driver = try driver()
        driver.pause(.provider("b"))
        post(driver, "STOP", id: "1")
        driver.advance(10_000)
        #expect(texts(driver, 1).isEmpty && driver.providers[0].seen.isEmpty)
        let id = try #require(try driver.store.carriers.replies(since: 0).first).message
        #expect(try driver.state(of: id) == .queued)
        driver.pause(.provider("b"), false)
        driver.advance(2000)
        #expect(driver.providers[1].seen.map(\.id) == [id])

        driver.pause(.provider("b"))
        driver.now += Limits.optOutReplyMilliseconds
        post(driver, "HELP", id: "2")
        let late = try #require(try driver.store.carriers.replies(since: driver.now).first).message
        driver.advance(Limits.optOutReplyValidityMilliseconds + 2000)
        #expect(try driver.state(of: late) == .expired)
    }

    @Test func aProviderThatRefusesItIsAskedOnce() throws {
        let driver = try driver()
        post(driver, "STOP", id: "1")
        let id = try #require(driver.providers[1].seen.first?.id)
        driver.inbox.answers.append(
            driver.providers[1].answers { _ in .rejected(.sender, code: "21606", message: "not yours") })
        driver.advance(5000)
        #expect(try driver.state(of: id) == .failed)
        #expect(driver.providers.map(\.seen.count) == [0, 1])
        #expect(try driver.events(of: id).last == .failed)
    }

    @Test func anAnswerOutlivesARestart() throws {
        let driver = try driver()
        driver.pause(.everything)
        post(driver, "STOP", id: "1")
        try driver.restart()
        configure(driver)
        #expect(driver.providers[1].seen.isEmpty)
        driver.pause(.everything, false)
        driver.run()
        #expect(texts(driver, 1) == ["12345>+14155550100: One: no more messages."])
        try driver.check()
    }

    @Test func withoutAQuotaThereIsNoAnswer() throws {
        let driver = try driver()
        var quota = TenantQuota()
        quota.segmentsPerDay = 0
        configure(driver, quota: quota)
        post(driver, "STOP", id: "1")
        #expect(texts(driver, 1).isEmpty)
        #expect(try driver.store.administration.isSuppressed(number, tenant: .first))
        try driver.check()
    }
}
