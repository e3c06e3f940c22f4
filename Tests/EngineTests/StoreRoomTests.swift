internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// A store that is nearly full: acceptance ends first, and what carriers say is written down to the last.
@Suite struct StoreRoomTests {
    private let driver: WriterDriver

    init() throws {
        driver = try WriterDriver()
    }

    private func expectRefused(_ answer: Answer<AcceptedBurst>) {
        #expect(answer.error?.code == .unavailable && answer.error?.notProcessed == true)
        #expect(answer.error?.retryAfterMilliseconds ?? 0 > 0)
    }

    @Test func whatWasAcceptedGoesOn() throws {
        driver.pause(.everything)
        let waiting = try driver.accept()
        driver.store.roomLeft = .noNewMessages("no room at all")
        driver.advance(1000)
        let refused = [driver.submit([TestMessage()]), driver.submit([TestMessage()], index: .urgent)]
        let bulk = driver.bulk([0, 1], of: "b")
        driver.run()
        for answer in refused + [bulk] { expectRefused(answer) }
        #expect(driver.report.trouble?.contains("no room at all") == true)

        driver.pause(.everything, false)
        driver.run()
        #expect(driver.report.isDispatching)
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.state(of: waiting) == .sent)
        driver.receipt("SM1")
        #expect(try driver.state(of: waiting) == .delivered)

        driver.store.roomLeft = .enough
        driver.advance(1000)
        #expect(driver.report.trouble == nil)
        _ = try driver.accept()
        try driver.check()
    }

    @Test func whatCarriersSayHasTheLastRoom() throws {
        let sent = try driver.send(as: "SM1")
        driver.pause(.everything)
        let waiting = try driver.accept()
        driver.store.roomLeft = .carriersOnly("no room at all")
        driver.advance(1000)
        driver.pause(.everything, false)
        driver.advance(5000)
        // Nothing more is handed over, because that could not be written down for long.
        #expect(driver.seen == [sent])
        #expect(!driver.report.isDispatching)
        driver.receipt("SM1")
        #expect(try driver.state(of: sent) == .delivered)
        let stop = driver.post([
            .inbound(InboundMessage(providerID: "SM9", sender: "+14155550100", recipient: "+1500", body: "STOP"))
        ])
        driver.run()
        #expect(stop.value == true)
        #expect(try driver.store.carriers.inbound(before: nil, limit: 1).map(\.providerID) == ["SM9"])

        driver.store.roomLeft = nil
        driver.advance(1000)
        #expect(driver.seen == [sent, waiting])
        try driver.check()
    }
}
