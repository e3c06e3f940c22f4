internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Long messages from people that a carrier hands on in parts.
@Suite struct InboundPartTests {
    private let number: UInt64 = 14_155_550_100

    private func driver() throws -> WriterDriver {
        let driver = try WriterDriver()
        try driver.store.administer { (store) throws(StoreError) in _ = try store.tenantID(name: "one", now: start) }
        configure(driver)
        return driver
    }

    private func configure(_ driver: WriterDriver) {
        var tenants = WriterTenants()
        tenants.names = [.first: "one"]
        tenants.senders = [.first: ["12345"]]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
    }

    private func part(
        _ body: String, _ number: Int, of total: Int = 2, ref: String = "r", id: String? = nil,
        from: String = "+14155550100"
    ) -> CarrierEvent {
        var message = InboundMessage(
            providerID: id ?? "\(ref)-\(number)", sender: from, recipient: "12345", body: body)
        message.part = InboundPart(reference: ref, total: total, number: number)
        return .inbound(message)
    }

    private func bodies(_ driver: WriterDriver) throws -> [String] {
        try driver.store.carriers.inbound(before: nil, limit: 99).reversed().map(\.body)
    }

    private func hasOptedOut(_ driver: WriterDriver) throws -> Bool {
        try driver.store.administration.isSuppressed(number, tenant: .first)
    }

    @Test func partsArePutTogetherInTheirOrder() throws {
        let driver = try driver()
        let answer = driver.post([part("c", 3, of: 3)])
        driver.run()
        // It is durable, though nothing of it is shown yet.
        #expect(answer.value == true)
        #expect(try bodies(driver).isEmpty)
        driver.post([part("a", 1, of: 3), part("x", 1, ref: "other")])
        driver.run()
        driver.post([part("b", 2, of: 3)])
        driver.run()
        #expect(try bodies(driver) == ["abc"])
        let kept = try #require(try driver.store.carriers.inbound(before: nil, limit: 9).first)
        #expect(kept.providerID == "r-1")
        #expect(try driver.store.carriers.waitingPartCount() == 1)
        try driver.check()
    }

    /// A word is one only if it is the whole message.
    @Test func wordsAreLookedForInTheWhole() throws {
        let driver = try driver()
        driver.post([part("I never said ", 1), part("STOP", 2)])
        driver.run()
        #expect(try bodies(driver) == ["I never said STOP"])
        #expect(try !hasOptedOut(driver))
        driver.post([part("ST", 1, ref: "s"), part("OP", 2, ref: "s")])
        driver.run()
        #expect(try hasOptedOut(driver))
    }

    @Test func aPartThatStaysAloneIsKeptAndIsNoWord() throws {
        let driver = try driver()
        driver.post([part("STOP", 2)])
        driver.run()
        driver.advance(Limits.inboundPartMilliseconds - 1)
        #expect(try bodies(driver).isEmpty)
        driver.advance(1)
        #expect(try bodies(driver) == ["STOP"])
        #expect(try !hasOptedOut(driver))
        #expect(try driver.store.carriers.waitingPartCount() == 0)
        // Its other part comes too late, and waits without success.
        driver.post([part("please ", 1)])
        driver.advance(Limits.inboundPartMilliseconds)
        #expect(try bodies(driver) == ["STOP", "please "])
        try driver.check()
    }

    @Test func repetitionsAddNothing() throws {
        let driver = try driver()
        for _ in 0..<2 { driver.post([part("a", 1), part("a", 1)]) }
        driver.run()
        // The same part under another id of the carrier.
        driver.post([part("a", 1, id: "again")])
        driver.run()
        #expect(try driver.store.carriers.waitingPartCount() == 1)
        driver.post([part("b", 2)])
        driver.run()
        for again in [part("a", 1), part("b", 2), part("a", 1, id: "again")] {
            driver.post([again])
            driver.run()
        }
        driver.advance(2 * Limits.inboundPartMilliseconds)
        #expect(try bodies(driver) == ["ab"])
        try driver.check()
    }

    /// References come again: another text for a part that is there begins another message.
    @Test func aReferenceThatComesAgainBeginsAnotherMessage() throws {
        let driver = try driver()
        driver.post([part("old", 1), part("new ", 1, id: "2"), part("one", 2, id: "3")])
        driver.run()
        #expect(try bodies(driver) == ["old", "new one"])
    }

    @Test func partsOfDifferentPeopleAndLengthsAreApart() throws {
        let driver = try driver()
        driver.post([
            part("a", 1), part("b", 2, id: "x", from: "+14155550101"), part("c", 2, of: 3, id: "y"),
        ])
        driver.run()
        #expect(try bodies(driver).isEmpty)
        #expect(try driver.store.carriers.waitingPartCount() == 3)
    }

    @Test func partsOutliveARestart() throws {
        let driver = try driver()
        driver.post([part("a", 1), part("x", 1, ref: "lone")])
        driver.run()
        driver.now += 1000
        try driver.restart()
        configure(driver)
        driver.post([part("b", 2), part("a", 1)])
        driver.run()
        #expect(try bodies(driver) == ["ab"])
        try driver.restart()
        configure(driver)
        driver.advance(Limits.inboundPartMilliseconds)
        #expect(try bodies(driver) == ["ab", "x"])
        try driver.check()
    }

    @Test(arguments: [FailingStore.Point.commit, .committed])
    func aRoundThatFailsLosesAndDoublesNothing(_ point: FailingStore.Point) throws {
        let driver = try driver()
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("some") }
        let answer = driver.post([part("a", 1), part("b", 2)])
        driver.turn()
        #expect(answer.count == 0)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.value == true)
        #expect(try bodies(driver) == ["ab"])
        #expect(try driver.store.carriers.waitingPartCount() == 0)
        try driver.check()
    }
}
