internal import Admission
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Recipients who opt out while their messages wait.
@Suite struct SuppressionTests {
    private let number: UInt64 = 14_155_550_100

    @Test func whatWaitsForSomebodyWhoOptsOutIsNotSent() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let waiting = try driver.accept()
        let scheduled = try driver.accept(TestMessage { $0.sendAt = start + 5000 })
        let apart = try driver.accept(TestMessage { $0.to = "+14155550101" })
        let strange = try driver.accept(TestMessage { $0.tenant = .second })
        driver.suppressions.add([number], of: .first)
        driver.pause(.everything, false)
        driver.advance(10_000)
        #expect(Set(driver.seen) == [apart, strange])
        for id in [waiting, scheduled] {
            let lifecycle = try #require(try driver.store.lifecycle(of: id)).lifecycle
            #expect(lifecycle.state == .failed)
            #expect(lifecycle.attempts == 0)
            #expect(lifecycle.fault == nil)
            var details: [String] = []
            lifecycle.history.forEach(from: 0) { details.append(lifecycle.history.detail(of: $0)) }
            #expect(details == ["SUPPRESSED: the recipient has opted out"])
        }
        #expect(driver.report.providers.map(\.inFlight) == [2])
        try driver.check()
    }

    @Test func nothingIsTriedAgainForSomebodyWhoHasOptedOut() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.suppressions.add([number], of: .first)
        driver.answerAll(.throttled(retryAfterMilliseconds: nil))
        driver.advance(600_000)
        #expect(driver.seen == [id])
        #expect(try driver.state(of: id) == .failed)
        #expect(try driver.events(of: id) == [.submitting, .throttled, .failed])
        #expect(driver.report.inFlight == 0)
        try driver.check()
    }

    @Test func whatIsUnderWayGoesOn() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.suppressions.add([number], of: .first)
        driver.answerAll()
        #expect(try driver.state(of: id) == .sent)
    }

    @Test func whoOptsInAgainIsSentTo() throws {
        let driver = try WriterDriver()
        driver.suppressions.add([number], of: .first)
        let refused = try driver.accept()
        driver.suppressions.remove([number], of: .first)
        let sent = try driver.accept()
        #expect(driver.seen == [sent])
        #expect(try driver.state(of: refused) == .failed)
    }

    /// Also read back from the store, and after a restart.
    @Test func contentsThatAreReadBackAreCheckedToo() throws {
        var options = WriterOptions()
        options.contentBytes = 0
        let driver = try WriterDriver(options: options)
        driver.pause(.everything)
        let id = try driver.accept()
        driver.suppressions.add([number], of: .first)
        try driver.restart()
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen.isEmpty)
        #expect(try driver.state(of: id) == .failed)
    }
}
