internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage
internal import Synchronization
internal import Testing

@testable internal import Engine

/// Providers that are asked what became of messages whose receipts don't come.
@Suite struct ReceiptInquiryTests {
    private let lookUp = ScriptedLookUp()
    private let world: InquiryDriver
    private let driver: WriterDriver
    private let first = Limits.receiptLookUpMilliseconds

    init() throws {
        world = InquiryDriver([1: lookUp])
        driver = try WriterDriver()
    }

    /// Turns both, lets time pass, and turns them again each time that something is due.
    private func advance(_ inquiry: ReceiptInquiry, _ milliseconds: Int64) throws {
        let end = driver.now + milliseconds
        while let wait = try world.run(inquiry, driver), driver.now + wait <= end { driver.advance(max(1, wait)) }
        driver.advance(end - driver.now)
        try world.run(inquiry, driver)
    }

    private func tell(_ inquiry: ReceiptInquiry, _ status: StatusAnswer) throws {
        lookUp.tell(status)
        try world.run(inquiry, driver)
    }

    @Test func whatTheCarrierSaysSettlesIt() throws {
        let inquiry = world.inquiry()
        let delivered = try driver.send(as: "SM1")
        let undelivered = try driver.send(as: "SM2")
        try advance(inquiry, first - 1)
        #expect(lookUp.statusQuestions.isEmpty && inquiry.count == 2)
        // Late by no more than a tenth.
        try advance(inquiry, first / 10 + 1)
        #expect(Set(lookUp.statusQuestions) == ["SM1", "SM2"])
        for id in lookUp.statusQuestions {
            try tell(inquiry, .ended(id == "SM1" ? .delivered : .undelivered(code: "30003")))
        }
        #expect(try driver.state(of: delivered) == .delivered)
        #expect(try driver.state(of: undelivered) == .undelivered)
        #expect(inquiry.count == 0)
        #expect(try world.run(inquiry, driver) == nil)
        try driver.check()
    }

    @Test func whoseReceiptHasComeIsNotAskedAbout() throws {
        let inquiry = world.inquiry()
        _ = try driver.send(as: "SM1")
        driver.receipt("SM1")
        try world.run(inquiry, driver)
        #expect(inquiry.count == 0)
        // It comes while the question waits for its turn.
        let ids = try (0...Limits.receiptLookUpsUnderWay).map { try driver.send(as: "SM1\($0)") }
        try advance(inquiry, first + first / 10)
        #expect(lookUp.statusQuestions.count == Limits.receiptLookUpsUnderWay && inquiry.count == ids.count)
        let asked = Set(lookUp.statusQuestions)
        for number in ids.indices where !asked.contains("SM1\(number)") { driver.receipt("SM1\(number)") }
        try tell(inquiry, .ended(.delivered))
        #expect(lookUp.statusQuestions.count == Limits.receiptLookUpsUnderWay - 1)
        #expect(inquiry.count == Limits.receiptLookUpsUnderWay - 1)
    }

    @Test(arguments: [StatusAnswer.pending, .failed(code: "HTTP_503")])
    func underWayItIsAskedAgainSomeTimes(_ answer: StatusAnswer) throws {
        let inquiry = world.inquiry()
        let id = try driver.send(as: "SM1")
        var questions = 0
        try world.run(inquiry, driver)
        while inquiry.count > 0 {
            try advance(inquiry, 600_000)
            guard !lookUp.statusQuestions.isEmpty else { continue }
            questions += 1
            try tell(inquiry, answer)
        }
        #expect((4...8).contains(questions), "\(questions)")
        #expect(driver.now <= start + Limits.receiptDeadlineMilliseconds)
        #expect(try driver.state(of: id) == .sent)
        // Nothing that it said is in the timeline.
        #expect(try driver.events(of: id) == [.submitting, .sent])
    }

    @Test func whatTheProviderDoesNotKnowIsLetBe() throws {
        let inquiry = world.inquiry()
        let id = try driver.send(as: "SM1")
        try advance(inquiry, first + first / 10)
        try tell(inquiry, .unknown)
        #expect(inquiry.count == 0)
        #expect(try driver.state(of: id) == .sent)
    }

    @Test func whereNoReceiptIsExpectedNobodyIsAsked() throws {
        let inquiry = world.inquiry()
        _ = try driver.accept()
        driver.answerAll(.accepted(providerID: "SM1", receipts: false))
        try world.run(inquiry, driver)
        #expect(inquiry.count == 0)
    }

    @Test func aProviderThatCannotBeAskedIsNot() throws {
        let world = InquiryDriver([2: lookUp])
        let inquiry = world.inquiry()
        _ = try driver.send(as: "SM1")
        try world.run(inquiry, driver)
        driver.advance(first + first / 10)
        try world.run(inquiry, driver)
        #expect(lookUp.statusQuestions.isEmpty && inquiry.count == 0)
    }

    @Test func aStartTakesUpWhatWaits() throws {
        let old = try driver.send(as: "SM1")
        let settled = try driver.send(as: "SM2")
        driver.receipt("SM2")
        driver.advance(first)
        let young = try driver.send(as: "SM3")
        try driver.restart()
        _ = driver.takeReceiptNews()
        let inquiry = world.inquiry()
        world.keepTime(driver)
        inquiry.recover()
        try world.run(inquiry, driver)
        #expect(lookUp.statusQuestions == ["SM1"] && inquiry.count == 2)
        try tell(inquiry, .ended(.delivered))
        try advance(inquiry, first + first / 10)
        #expect(lookUp.statusQuestions == ["SM3"])
        try tell(inquiry, .ended(.undelivered(code: "30005")))
        #expect(try [old, settled, young].map { try driver.state(of: $0) } == [.delivered, .delivered, .undelivered])
        #expect(inquiry.count == 0)
    }

    @Test func whatIsOverdueIsNotTakenUp() throws {
        _ = try driver.send(as: "SM1")
        driver.advance(Limits.receiptDeadlineMilliseconds)
        let inquiry = world.inquiry()
        world.keepTime(driver)
        inquiry.recover()
        _ = driver.takeReceiptNews()
        try world.run(inquiry, driver)
        #expect(inquiry.count == 0)
    }

    @Test func theirNumberIsBounded() throws {
        var awaited = AwaitedReceipts(capacity: 2)
        func receipt(_ number: UInt64, at sentAt: Int64) -> AwaitedReceipt {
            AwaitedReceipt(id: MessageID(rawValue: number), attempt: 1, provider: 1, sentAt: sentAt)
        }
        let added = [
            awaited.sent(receipt(1, at: 10)), awaited.sent(receipt(2, at: 20)), awaited.sent(receipt(3, at: 5)),
        ]
        #expect(added == [true, true, false])
        // The same message once more needs no room.
        let isKnown = awaited.sent(receipt(2, at: 30))
        #expect(isKnown && awaited.count == 2)
        let none = awaited.takeSent(until: 9)
        let one = awaited.takeSent(until: 10)
        #expect(none.isEmpty && one.map(\.id.rawValue) == [1])
        awaited.settled(MessageID(rawValue: 2))
        #expect(awaited.isEmpty)
    }
}

/// An inquiry without its thread alongside a writer without its own.
private final class InquiryDriver: Sendable {
    private let time = ManualTime(start)
    private let lookUps: [UInt8: ScriptedLookUp]
    private let reads = Mutex<[@Sendable (SQLiteStatusReader) -> Void]>([])
    private let reports = Mutex<[CarrierBurst]>([])

    init(_ lookUps: [UInt8: ScriptedLookUp]) {
        self.lookUps = lookUps
    }

    func inquiry() -> ReceiptInquiry {
        let access = LookUpAccess(
            read: { [self] read in reads.withLock { $0.append(read) } },
            lookUp: { [lookUps] provider in lookUps[provider].map { (provider: "provider \(provider)", lookUp: $0) } },
            now: { [time] in time.now }, log: GatewayLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        return ReceiptInquiry(rule: .receipts(firstAfter: Limits.receiptLookUpMilliseconds), access, seed: 1) {
            [self] report in reports.withLock { $0.append(report) }
        }
    }

    func keepTime(_ driver: WriterDriver) { time.advance(driver.now - time.now) }

    /// Turns all until nothing is left to do at this moment.
    /// - Returns: when the inquiry wants to be woken, in milliseconds from now; nil = never.
    @discardableResult
    func run(_ inquiry: ReceiptInquiry, _ driver: WriterDriver) throws -> Int64? {
        while true {
            driver.run()
            keepTime(driver)
            for news in driver.takeReceiptNews() { inquiry.heard(news) }
            let wait = inquiry.turn()
            let reads = self.reads.withLock { reads in
                defer { reads = [] }
                return reads
            }
            let reader = try SQLiteStatusReader(directory: driver.directory.path)
            for read in reads { read(reader) }
            driver.inbox.carriers += reports.withLock { reports in
                defer { reports = [] }
                return reports
            }
            if reads.isEmpty, driver.inbox.isEmpty { return wait }
        }
    }
}
