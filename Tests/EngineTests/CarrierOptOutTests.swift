internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// What a carrier has said of a recipient who has opted out there is remembered.
@Suite struct CarrierOptOutTests {
    private let number: UInt64 = 14_155_550_100
    private let refusal = Outcome.rejected(.optedOut, code: "21610", message: "unsubscribed recipient")

    private func message(_ sender: String = "", to: String = "+14155550100", _ tenant: TenantID = .first) -> TestMessage
    {
        TestMessage {
            $0.sender = sender
            $0.to = to
            $0.tenant = tenant
        }
    }

    private func driver(_ names: [String] = ["scripted"], _ routes: [Route]? = nil) throws -> WriterDriver {
        let driver = try WriterDriver(names: names, routes: routes)
        try driver.store.administer { (store) throws(StoreError) in
            for name in ["one", "two"] { _ = try store.tenantID(name: name, now: driver.now) }
        }
        return driver
    }

    private func refused(_ driver: WriterDriver, _ message: TestMessage) throws -> MessageID {
        let id = try driver.accept(message)
        driver.answerAll(refusal)
        return id
    }

    private func reason(_ driver: WriterDriver, _ id: MessageID) throws -> String? {
        let lifecycle = try #require(try driver.store.lifecycle(of: id)).lifecycle
        var detail: String?
        lifecycle.history.forEach(from: 0) { detail = lifecycle.history.detail(of: $0) }
        return detail
    }

    private func count(_ driver: WriterDriver, of tenant: TenantID = .first) throws -> UInt64 {
        let answer = Answer<[TenantUsageReport]>()
        driver.inbox.commands.append(.usage([tenant]) { answer.tell($0) })
        driver.run()
        return try #require(answer.value)[0].optedOutAtCarriers
    }

    private func start(_ driver: WriterDriver, to own: String, _ body: String = "START", from: String = "14155550100") {
        driver.post([
            .inbound(InboundMessage(providerID: "\(driver.now)\(own)", sender: from, recipient: own, body: body))
        ])
        driver.advance(1)
    }

    @Test func theCarrierIsAskedOnce() throws {
        let driver = try driver()
        let first = try refused(driver, message("12345"))
        #expect(try driver.state(of: first) == .failed)
        #expect(try driver.events(of: first) == [.submitting, .rejected])
        var later: [MessageID] = []
        for _ in 0..<20 { later.append(try driver.accept(message("12345"))) }
        #expect(driver.seen == [first])
        for id in later {
            #expect(try driver.state(of: id) == .failed)
            #expect(try reason(driver, id) == "OPTED_OUT: the recipient has opted out at scripted (21610)")
        }
        #expect(try count(driver) == 1)
        try driver.check()
    }

    /// It holds for that sender, tenant and recipient.
    @Test func othersAreNotConcerned() throws {
        let driver = try driver()
        _ = try refused(driver, message("12345"))
        let others = [
            message("Shop"), message(), message("12345", to: "+14155550101"), message("12345", .second),
        ]
        for other in others { _ = try driver.accept(other) }
        #expect(driver.seen.count == 5)
        #expect(try count(driver, of: .second) == 0)
    }

    /// A person who has said stop to one carrier is not reached through another one; a route that doesn't lead to that
    /// carrier is another matter.
    @Test func theOthersOfItsRouteAreNotTriedInstead() throws {
        var toSecond = Route(name: "second", providers: [2])
        toSecond.priorities = [.urgent]
        let driver = try driver(["a", "b"], [toSecond, Route(name: "both", providers: [1, 2])])
        _ = try refused(driver, message("12345"))
        let again = try driver.accept(message("12345"))
        #expect(try driver.state(of: again) == .failed)
        #expect(driver.providers[1].seen.isEmpty)
        var urgent = message("12345")
        urgent.priority = .urgent
        let id = try driver.accept(urgent)
        #expect(driver.providers[1].seen.map(\.id) == [id])
    }

    @Test func aWordForMessagesAgainToThatNumberLiftsIt() throws {
        let driver = try driver()
        _ = try refused(driver, message("+14155550111"))
        _ = try refused(driver, message())
        _ = try refused(driver, message("Shop"))
        start(driver, to: "14155550199", from: "14155550101")
        start(driver, to: "14155550111", "hello")
        #expect(try driver.store.carriers.carrierOptOuts().map(\.sender) == ["", "+14155550111", "Shop"])
        // Nobody can answer to a name, which may have given way to the number.
        start(driver, to: "14155550111")
        #expect(try driver.store.carriers.carrierOptOuts().isEmpty)
        for sender in ["+14155550111", "Shop"] {
            let id = try driver.accept(message(sender))
            #expect(driver.seen.last == id)
        }
    }

    @Test func anOperatorHasTheCarrierAskedAgain() throws {
        let driver = try driver()
        _ = try refused(driver, message("12345"))
        let answer = Answer<Set<UInt64>>()
        driver.inbox.commands.append(.forgetCarrierOptOuts([number, 7], .first) { answer.tell($0) })
        driver.run()
        #expect(answer.value == [number])
        #expect(try driver.store.carriers.carrierOptOuts().isEmpty)
        #expect(try count(driver) == 0)
        let id = try driver.accept(message("12345"))
        #expect(driver.seen.last == id)
    }

    @Test func afterAMonthTheCarrierIsAskedAgain() throws {
        let driver = try driver()
        _ = try refused(driver, message("12345"))
        driver.now += Limits.carrierOptOutMilliseconds - 1
        _ = try driver.accept(message("12345"))
        #expect(driver.seen.count == 1)
        driver.now += 1
        _ = try driver.accept(message("12345"))
        #expect(driver.seen.count == 2)
    }

    @Test func itOutlivesARestart() throws {
        let driver = try driver()
        _ = try refused(driver, message("12345"))
        try driver.restart()
        _ = try driver.accept(message("12345"))
        #expect(driver.seen.isEmpty)
        #expect(try count(driver) == 1)
    }

    @Test(arguments: [FailingStore.Point.commit, .record])
    func aRoundThatFailsRemembersNothingAndTheNextOneDoes(_ point: FailingStore.Point) throws {
        let driver = try driver()
        _ = try driver.accept(message("12345"))
        driver.inbox.answers.append(driver.provider.answers { _ in refusal })
        driver.store.failsAt = point
        driver.turn()
        #expect(try driver.store.carriers.carrierOptOuts().isEmpty)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(try driver.store.carriers.carrierOptOuts().count == 1)
        _ = try driver.accept(message("12345"))
        #expect(driver.seen.count == 1)
        try driver.check()
    }

    @Test func theOldestMakeRoom() {
        var optOuts = CarrierOptOuts(most: 200)
        func optOut(_ number: UInt64, at time: Int64 = 0) -> CarrierOptOut {
            CarrierOptOut(tenant: .first, number: number, provider: 1, sender: "", at: time, code: "x")
        }
        for number in 1...200 { #expect(optOuts.insert(optOut(UInt64(number), at: Int64(number))).isEmpty) }
        #expect(optOuts.insert(optOut(1, at: 500)).isEmpty)
        #expect(optOuts.count == 200)
        #expect(optOuts.insert(optOut(777, at: 501)).map(\.number) == [2, 3])
        #expect(optOuts.count == 199 && optOuts.count(of: .first) == 199)
        #expect(optOuts.find(2, .first, now: 502) { _ in true } == nil)
        #expect(optOuts.find(1, .first, now: 502) { _ in true }?.at == 500)
    }
}
