internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Gateway

/// Messages from people, and the words by which they want no more.
@Suite struct InboundTests {
    private let number: UInt64 = 14_155_550_100
    private let third = TenantID(rawValue: 3)

    /// Three tenants, of which the first two name the number 12345.
    private func driver() throws -> WriterDriver {
        let driver = try WriterDriver()
        try driver.store.administer { (store) throws(StoreError) in
            for name in ["one", "two", "three"] { _ = try store.tenantID(name: name, now: start) }
        }
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two", third: "three"]
        tenants.senders = [.first: ["12345", "+14155550111"], .second: ["Shop", "12345"], third: ["+14155550111"]]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
        return driver
    }

    private func message(
        _ body: String, id: String = "in-1", from: String = "+14155550100", to: String = "12345"
    ) -> CarrierEvent {
        .inbound(InboundMessage(providerID: id, sender: from, recipient: to, body: body))
    }

    private func suppressed(_ driver: WriterDriver) throws -> [TenantID] {
        var stored: [TenantID] = []
        try driver.store.administration.suppressions { if $0.number == number { stored.append($0.tenant) } }
        // What holds is what is durable.
        for tenant in [TenantID.first, .second, third] {
            #expect(driver.suppressions.contains(number, of: tenant) == stored.contains(tenant))
        }
        return stored
    }

    private func acts(_ driver: WriterDriver) throws -> [String] {
        try driver.store.administration.audit(before: nil, limit: 99).reversed().map {
            "\($0.act.actor): \($0.verb) \($0.subject)"
        }
    }

    private func bodies(_ driver: WriterDriver) throws -> [String] {
        try driver.store.carriers.inbound(before: nil, limit: 99).map(\.body)
    }

    @Test func aMessageIsKeptOnce() throws {
        let driver = try driver()
        #expect(driver.post([message("hello")]).count == 0)
        driver.run()
        let again = driver.post([message("hello once more"), message("another", id: "in-2")])
        driver.run()
        #expect(again.value == true)
        #expect(try bodies(driver) == ["another", "hello"])
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).isEmpty)
        try driver.check()
    }

    @Test func whoSaysStopIsSentNothingMoreByThoseWithTheNumber() throws {
        let driver = try driver()
        driver.pause(.everything)
        let waiting = try driver.accept()
        driver.post([message(" stop\n")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second])
        #expect(
            try acts(driver).suffix(2) == [
                "provider scripted: suppression.add tenant one", "provider scripted: suppression.add tenant two",
            ])
        driver.pause(.everything, false)
        driver.run()
        #expect(try driver.state(of: waiting) == .failed)
        #expect(driver.seen.isEmpty)
        driver.post([message("START", id: "in-2")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).suffix(2).allSatisfy { $0.contains("suppression.remove") })
        try driver.check()
    }

    @Test func aCarrierMayLeaveThePlusOut() throws {
        let driver = try driver()
        driver.post([message("STOP", from: "14155550100", to: "14155550111")])
        driver.run()
        #expect(try suppressed(driver) == [.first, third])
    }

    @Test func toANumberThatNobodyNamesItConcernsEverybody() throws {
        let driver = try driver()
        driver.post([message("Unsubscribe", to: "+14155550199")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second, third])
        #expect(try acts(driver) == ["provider scripted: suppression.add every tenant"])
        try driver.check()
    }

    /// A carrier's repetition of an old STOP does not undo a START.
    @Test func aRepetitionChangesNothing() throws {
        let driver = try driver()
        driver.post([message("STOP")])
        driver.run()
        driver.post([message("START", id: "in-2")])
        driver.run()
        driver.post([message("STOP")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).count == 4)
    }

    @Test func bothInOneRoundHoldInTheirOrder() throws {
        let driver = try driver()
        driver.post([message("START", id: "a"), message("STOP", id: "b")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second])
        driver.post([message("STOP", id: "c"), message("START", id: "d")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
    }

    @Test(arguments: ["HELP", "please stop", "I said STOP", ""])
    func otherWordsAreOnlyKept(_ body: String) throws {
        let driver = try driver()
        driver.post([message(body)])
        driver.run()
        #expect(try bodies(driver) == [body])
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).isEmpty)
    }

    @Test(arguments: ["12345", "Shop", "", "+1415"])
    func whoeverHasNoNumberIsKeptAndNotSuppressed(_ sender: String) throws {
        let driver = try driver()
        #expect(driver.post([message("STOP", from: sender)]).count == 0)
        driver.run()
        #expect(try bodies(driver) == ["STOP"])
        #expect(try acts(driver).isEmpty)
    }

    @Test(arguments: [FailingStore.Point.begin, .commit, .committed])
    func theWordIsDurableWithTheMessageOrNotAtAll(_ point: FailingStore.Point) throws {
        let driver = try driver()
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("some") }
        let answer = driver.post([message("STOP")])
        driver.turn()
        #expect(answer.count == 0)
        if point != .committed {
            #expect(try bodies(driver).isEmpty)
            #expect(try suppressed(driver).isEmpty)
            #expect(try acts(driver).isEmpty)
        }
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.value == true)
        #expect(try bodies(driver) == ["STOP"])
        #expect(try suppressed(driver) == [.first, .second])
        #expect(try acts(driver).count == 2)
        try driver.check()
    }

    @Test func whatIsTooLongIsCut() throws {
        let driver = try driver()
        let most = Limits.inboundBodyBytes
        driver.post([
            message(String(repeating: "x", count: most), id: "a"),
            message(String(repeating: "x", count: most - 1) + "\u{E9}", id: "b"),
            message("z", id: "c", from: String(repeating: "1", count: Limits.inboundNumberBytes + 1)),
        ])
        driver.run()
        let kept = try driver.store.carriers.inbound(before: nil, limit: 9)
        #expect(kept.map(\.body.utf8.count) == [1, most - 1, most])
        #expect(kept[0].sender.utf8.count == Limits.inboundNumberBytes)
    }
}
