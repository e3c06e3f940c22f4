internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Why a message waits, as its status tells it.
@Suite struct WaitReasonTests {
    private static let adapting = {
        var limits = ProviderLimits()
        limits.adapts = true
        return limits
    }()

    private func reason(
        _ driver: WriterDriver, _ id: MessageID, tellsWho: Bool = true
    ) throws -> WaitReason? {
        let answer = Answer<[MessageID: WaitReason]>()
        driver.inbox.commands.append(.waitReasons([id], tellsWho: tellsWho) { answer.tell($0) })
        driver.run()
        return try #require(answer.value)[id]
    }

    @Test func aMessageThatDoesNotWaitHasNone() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        #expect(try reason(driver, id) == nil, "it is with the provider")
        driver.answerAll()
        #expect(try reason(driver, id) == nil)
        #expect(try reason(driver, MessageID(rawValue: 1)) == nil)
    }

    @Test func aScheduledOneWaitsForItsTime() throws {
        let driver = try WriterDriver()
        let due = driver.now + 60_000
        let id = try driver.accept(TestMessage { $0.sendAt = due })
        let reason = try #require(try reason(driver, id))
        #expect(reason.kind == .scheduled && reason.until == due)
    }

    @Test func whoPausedItIsToldToWhomItConcerns() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let id = try driver.accept()
        #expect(try reason(driver, id)?.kind == .paused)
        #expect(try reason(driver, id)?.detail.hasPrefix("everything is paused by key abc since 20") == true)
        #expect(
            try reason(driver, id, tellsWho: false)?.detail.hasPrefix("everything is paused by an operator") == true)
        driver.pause(.everything, false)
        driver.pause(.tenant(.first))
        driver.run()
        let other = try driver.accept()
        // After a start, the audit log knows.
        try driver.restart()
        #expect(try reason(driver, other)?.detail.contains("is paused by key abc since ") == true)
    }

    @Test func aPausedBatchIsItsTenantsOwn() throws {
        let driver = try WriterDriver()
        driver.pause(.provider("scripted"))
        let answer = driver.bulk([0], of: "b")
        driver.run()
        let id = try #require(answer.value).results[0].id
        driver.pause(.batch(.name("b")))
        #expect(try reason(driver, id, tellsWho: false)?.detail.contains("is paused by key abc") == true)
    }

    @Test func allProvidersDownAndWhy() throws {
        let driver = try WriterDriver(limits: Self.adapting)
        let ids = try (0..<5).map { _ in try driver.accept() }
        driver.answerAll(.unavailable(code: "REFUSED"))
        let reason = try #require(try reason(driver, ids[0]))
        #expect(reason.kind == .providersDown && reason.until == nil)
        #expect(reason.detail.contains("scripted is failing: its circuit is open since 20"))
        #expect(reason.detail.contains("last error REFUSED: "))
        driver.setLink(.down(reason: "the bind was refused"))
        let disconnected = try #require(try self.reason(driver, ids[1]))
        #expect(disconnected.detail.contains("scripted is not connected") && disconnected.kind == .providersDown)
        driver.pause(.provider("scripted"))
        #expect(try self.reason(driver, ids[1])?.detail == "scripted is paused by an operator")
    }

    @Test func oneThatBacksOffSaysUntilWhen() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.unavailable(code: "REFUSED"))
        let reason = try #require(try reason(driver, id))
        let due = try #require(try driver.store.lifecycle(of: id)?.lifecycle.due)
        #expect(reason.kind == .backingOff && reason.until == due)
        #expect(reason.detail.hasPrefix("attempt 1 was not taken (REFUSED); it is tried again at 20"))
    }

    @Test func noRouteIsForIt() throws {
        let driver = try WriterDriver(routes: [])
        let id = try driver.accept()
        let reason = try #require(try reason(driver, id))
        #expect(reason.kind == .noRoute && reason.detail == "no route is for it")
    }

    @Test func aFullProviderIsBusy() throws {
        var limits = ProviderLimits()
        limits.inFlight = 2
        let driver = try WriterDriver(limits: limits)
        let ids = try (0..<3).map { _ in try driver.accept() }
        let reason = try #require(try reason(driver, ids[2]))
        #expect(reason.kind == .providersBusy && reason.detail == "scripted is full")
    }

    @Test func aStoreInTroubleIsTheReason() throws {
        let driver = try WriterDriver()
        driver.pause(.provider("scripted"))
        let id = try driver.accept()
        let answer = Answer<[MessageID: WaitReason]>()
        driver.store.failsAt = .commit
        driver.inbox.commands.append(.waitReasons([id], tellsWho: true) { answer.tell($0) })
        driver.turn()
        #expect(answer.count == 1, "it is answered, or refused, at once")
    }

    @Test func aGatewayThatStopsSaysSo() throws {
        let driver = try WriterDriver()
        driver.inbox.commands.append(.drain)
        let id = try driver.accept()
        #expect(try reason(driver, id)?.detail == "the gateway is stopping")
    }
}
