internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// What a message costs is what its provider asks, once one has taken it.
@Suite struct PriceTests {
    /// Two segments, for which 18 are reserved.
    private let message = TestMessage {
        $0.segments = 2
        $0.reserve = 18
    }

    /// With a provider that asks so much for a segment.
    private func driver(price: Int64) throws -> WriterDriver {
        var limits = ProviderLimits()
        limits.price = price
        return try WriterDriver(limits: limits)
    }

    private func cost(_ driver: WriterDriver) throws -> Int64 {
        try driver.store.usage(of: .first, now: driver.now).costThisMonth
    }

    @Test(arguments: [Int64](0...10))
    func anAnswerSettlesIt(_ price: Int64) throws {
        let driver = try driver(price: price)
        let id = try driver.accept(message)
        #expect(try cost(driver) == 18)
        driver.answerAll()
        #expect(try cost(driver) == 2 * price)
        // What is as it was reserved needs no telling.
        #expect(try driver.events(of: id) == (price == 9 ? [.submitting, .sent] : [.submitting, .priced, .sent]))
        driver.receive(id)
        try driver.restart()
        #expect(try cost(driver) == 2 * price)
        try driver.check()
    }

    @Test func soDoesAReceiptThatSaysIt() throws {
        let driver = try driver(price: 5)
        let id = try driver.accept(message)
        driver.answerAll(.accepted(providerID: "m1", receipts: true))
        #expect(try cost(driver) == 10)
        func receipt(_ price: Int64?, _ status: ReceiptStatus) -> CarrierEvent {
            .receipt(
                CarrierReceipt(providerID: "m1", status: status, price: price.map { Money(millionths: $0) }))
        }
        driver.post([receipt(nil, .taken)])
        driver.run()
        #expect(try cost(driver) == 10)
        driver.post([receipt(33, .delivered)])
        driver.run()
        #expect(try cost(driver) == 33)
        #expect(try driver.state(of: id) == .delivered)
        // The same once more changes nothing.
        driver.post([receipt(33, .delivered)])
        driver.run()
        try driver.restart()
        #expect(try cost(driver) == 33)
        try driver.check()
    }

    @Test func soDoesOneThatComesAfterTheReceipt() throws {
        let driver = try driver(price: 5)
        let id = try driver.accept(message)
        driver.receive(id)
        #expect(try cost(driver) == 18)
        driver.answerAll()
        #expect(try cost(driver) == 10)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// What a receipt says before the answer is what it really costs, whatever the provider is configured to ask.
    @Test(arguments: [Int64](4...6)) func aReceiptsPriceBeforeTheAnswerStands(_ price: Int64) throws {
        let driver = try driver(price: 5)
        let id = try driver.accept(message)
        let receipt = CarrierReceipt(
            attempt: CorrelationToken(id: id, attempt: 1), providerID: "m1", status: .delivered,
            price: Money(millionths: 2 * price))
        driver.post([.receipt(receipt)])
        driver.run()
        #expect(try cost(driver) == 2 * price)
        driver.answerAll(.accepted(providerID: "m1", receipts: true))
        #expect(try cost(driver) == 2 * price)
        #expect(try driver.events(of: id).count { $0 == .priced } == 1)
        try driver.restart()
        #expect(try cost(driver) == 2 * price)
        try driver.check()
    }

    @Test func whatWaitedInTheStoreIsStillKnownToBeReserved() throws {
        let driver = try driver(price: 9)
        driver.pause(.everything)
        let id = try driver.accept(message)
        try driver.restart()
        driver.pause(.everything, false)
        driver.run()
        driver.answerAll()
        #expect(try driver.events(of: id) == [.submitting, .sent])
        #expect(try cost(driver) == 18)
    }

    @Test func whatWasSurelyNotTakenCostsNothing() throws {
        let driver = try driver(price: 5)
        _ = try driver.accept(message)
        driver.answerAll(.rejected(.recipient, code: "X", message: ""))
        #expect(try cost(driver) == 0)
        try driver.check()
    }

    @Test func whatIsUnknownKeepsWhatWasReserved() throws {
        let driver = try driver(price: 5)
        let id = try driver.accept(message)
        driver.answerAll(.unknown(code: "LOST"))
        #expect(try cost(driver) == 18)
        // Also if it is sent again: both may have been taken.
        _ = try driver.actNow(.resend, [id])
        driver.answerAll()
        #expect(try driver.state(of: id) == .sent)
        #expect(try cost(driver) == 18)
        try driver.check()
    }

    @Test func aLookUpThatFindsItSettlesIt() throws {
        let driver = try driver(price: 5)
        let id = try driver.accept(message)
        driver.answerAll(.unknown(code: "LOST"))
        driver.inbox.commands.append(.reconcile(id, attempt: 1, providerID: "SM1") { _ in })
        driver.run()
        #expect(try driver.events(of: id) == [.submitting, .outcomeUnknown, .priced, .sent])
        #expect(try cost(driver) == 10)
        try driver.check()
    }
}
