internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Testing

@testable internal import Engine

/// Providers that are asked about messages whose answers were lost.
@Suite struct ReconcilerTests {
    private let lookUp = ScriptedLookUp()
    private let kept = KeptLog()
    private let world: ReconcilerDriver
    private let driver: WriterDriver
    private let first: Int64 = 75_000

    init() throws {
        world = ReconcilerDriver([1: lookUp])
        driver = try WriterDriver()
    }

    private func reconciler(capacity: Int = Limits.reconciliations) -> Reconciler {
        world.reconciler(capacity: capacity, log: GatewayLog(kept.logger(.debug)))
    }

    /// Accepted, handed over, and the answer lost.
    private func lose(_ message: TestMessage = TestMessage()) throws -> MessageID {
        let id = try driver.accept(message)
        driver.answerAll(.unknown(code: "LOST"))
        return id
    }

    /// Turns both, lets time pass, and turns them again each time that something is due.
    private func advance(_ reconciler: Reconciler, _ milliseconds: Int64) throws {
        let end = driver.now + milliseconds
        while let wait = try world.run(reconciler, driver), driver.now + wait <= end { driver.advance(max(1, wait)) }
        driver.advance(end - driver.now)
        try world.run(reconciler, driver)
    }

    private func answer(_ reconciler: Reconciler, _ answer: LookUpAnswer) throws {
        lookUp.answer(answer)
        try world.run(reconciler, driver)
    }

    // MARK: What it brings

    @Test func foundItIsSent() throws {
        let reconciler = reconciler()
        let id = try lose(TestMessage { $0.body = "lost" })
        try advance(reconciler, first - 1)
        #expect(lookUp.questions.isEmpty)
        #expect(reconciler.count == 1)
        try advance(reconciler, 1)
        let question = LookUpQuestion(
            recipient: "+14155550100", body: "lost", begun: start, ended: start,
            attempt: CorrelationToken(id: id, attempt: 1))
        #expect(lookUp.questions == [question])
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.events(of: id) == [.submitting, .outcomeUnknown, .sent])
        #expect(try driver.state(of: id) == .sent)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == id)
        #expect(reconciler.count == 0)
        #expect(try world.run(reconciler, driver) == nil)
        #expect(driver.seen == [id], "it was handed over once")
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func eachQuestionAndItsAnswerIsInTheLog() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .failed(code: "HTTP_503"))
        try advance(reconciler, 60_000)
        try answer(reconciler, .found(providerID: "SM1"))
        let lines = kept.lines
        let asked = lines.filter { $0.message == "provider asked about a message" }
        #expect(asked.map { $0.fields["question"] } == ["1", "2"])
        #expect(asked.allSatisfy { $0.fields["id"] == "\(id)" && $0.fields["provider"] == "scripted" })
        let answers = lines.filter { $0.message == "provider answered about a message" }
        #expect(answers.map { $0.fields["answer"] } == ["failed: HTTP_503", "found"])
        #expect(answers.last?.fields["provider_id"] == "SM1")
        #expect(lines.allSatisfy { $0.level == .debug })
    }

    @Test(arguments: [LookUpAnswer.nothing, .failed(code: "HTTP_503")])
    func inVainItIsAskedSomeTimesAndThenHeld(_ nothing: LookUpAnswer) throws {
        let reconciler = reconciler()
        let id = try lose()
        try world.run(reconciler, driver)
        while reconciler.count > 0 {
            try advance(reconciler, 300_000)
            try answer(reconciler, nothing)
        }
        #expect((7...8).contains(lookUp.questions.count))
        #expect(driver.now < start + 7_200_000)
        #expect(try driver.state(of: id) == .unknown)
        try advance(reconciler, 7_200_000)
        #expect((7...8).contains(lookUp.questions.count))
    }

    @Test func failedAndThenFound() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .failed(code: "TIMEOUT"))
        try advance(reconciler, 29_999)
        #expect(lookUp.questions.count == 1)
        try advance(reconciler, 30_001)
        #expect(lookUp.questions.count == 2)
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .sent)
        #expect(reconciler.count == 0)
    }

    @Test func oneOfSeveralStaysHeld() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .ambiguous(providerIDs: ["SM1", "SM2"]))
        #expect(reconciler.count == 0)
        try advance(reconciler, 7_200_000)
        #expect(lookUp.questions.count == 1)
        #expect(try driver.state(of: id) == .unknown)
        #expect(kept.lines.last?.message == "message stays held: asking does not help")
    }

    // MARK: Ids of others

    @Test func whereSomeAreOthersItIsAskedAgainAtOnce() throws {
        let reconciler = reconciler()
        let other = try driver.accept()
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        let id = try lose()
        try advance(reconciler, first)
        #expect(lookUp.questions.map(\.knownIDs) == [[]])
        try answer(reconciler, .ambiguous(providerIDs: ["SM1", "SM2"]))
        #expect(lookUp.questions.map(\.knownIDs) == [[], ["SM1"]])
        try answer(reconciler, .found(providerID: "SM2"))
        #expect(try driver.state(of: id) == .sent)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == other)
        #expect(reconciler.count == 0)
    }

    @Test func asOftenAsSomethingNewIsOthers() throws {
        let reconciler = reconciler()
        for number in 1...2 {
            _ = try driver.accept()
            driver.answerAll(.accepted(providerID: "SM\(number)", receipts: true))
        }
        let id = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .ambiguous(providerIDs: ["SM1", "SM9"]))
        try answer(reconciler, .ambiguous(providerIDs: ["SM2", "SM9"]))
        #expect(lookUp.questions.map(\.knownIDs) == [[], ["SM1"], ["SM1", "SM2"]])
        // Nothing new: it can't be told.
        try answer(reconciler, .ambiguous(providerIDs: ["SM8", "SM9"]))
        #expect(lookUp.questions.count == 3 && reconciler.count == 0)
        #expect(try driver.state(of: id) == .unknown)
    }

    @Test func idsOfOthersAreBounded() {
        var core = ReconcilerCore(rule: .init(), seed: 1)
        let isAdded = core.add(
            UnresolvedAttempt(id: MessageID(rawValue: 1), attempt: 1, provider: 1, begun: 0, ended: 0), now: 0)
        #expect(isAdded)
        let ticket = core.takeDue(now: 75_000)[0].ticket
        let ids = Set((1...Limits.lookUpKnownIDs).map(String.init))
        guard case .ask(let question) = core.askAgain(ticket, knowing: ids, now: 75_000) else {
            Issue.record("no question")
            return
        }
        #expect(question.ticket == ticket && question.entry.knownIDs == ids)
        guard case .tooMany = core.askAgain(ticket, knowing: ["one more"], now: 75_000) else {
            Issue.record("too many")
            return
        }
        core.dropped(ticket)
        guard case .over = core.askAgain(ticket, knowing: [], now: 75_000) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test func anothersIDIsNotTaken() throws {
        let reconciler = reconciler()
        let other = try driver.accept(TestMessage { $0.to = "+14155550199" })
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        let id = try lose()
        try advance(reconciler, first)
        #expect(lookUp.questions.map(\.knownIDs) == [[]])
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .unknown)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == other)
        // At once.
        #expect(lookUp.questions.map(\.knownIDs) == [[], ["SM1"]])
        try answer(reconciler, .found(providerID: "SM2"))
        #expect(try driver.state(of: id) == .sent)
        #expect(try driver.store.find(providerID: "SM2", provider: 1) == id)
        try driver.check()
    }

    @Test func twoThatFindTheSameDoNotShareIt() throws {
        let reconciler = reconciler()
        let ids = [try lose(), try lose()]
        try advance(reconciler, first)
        #expect(lookUp.questions.count == 2)
        lookUp.answer(.found(providerID: "SM1"))
        lookUp.answer(.found(providerID: "SM1"))
        try world.run(reconciler, driver)
        #expect(try ids.map { try driver.state(of: $0) } == [.sent, .unknown])
        #expect(reconciler.count == 1)
        try driver.check()
    }

    @Test func anIDOfItsOwnEarlierAttemptIsNotTaken() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .found(providerID: "SM1"))
        // The same text to the same recipient: the provider still has the first only.
        let again = try lose()
        try advance(reconciler, first)
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(lookUp.questions.last?.knownIDs == ["SM1"])
        try answer(reconciler, .nothing)
        #expect(try driver.state(of: again) == .unknown)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == id)
    }

    // MARK: What happens meanwhile

    @Test func whatIsSettledBeforeTheQuestionIsNotAskedAbout() throws {
        let reconciler = reconciler()
        let delivered = try lose()
        let settled = try lose()
        try world.run(reconciler, driver)
        driver.receive(delivered)
        _ = try driver.actNow(.settle(.failed), [settled])
        #expect(reconciler.count == 2)
        try advance(reconciler, first)
        #expect(lookUp.questions.isEmpty)
        #expect(reconciler.count == 0)
    }

    @Test func whatIsSettledBeforeTheAnswerStaysSo() throws {
        let reconciler = reconciler()
        let delivered = try lose()
        let settled = try lose()
        try advance(reconciler, first)
        driver.receive(delivered)
        _ = try driver.actNow(.settle(.failed), [settled])
        lookUp.answer(.found(providerID: "SM1"))
        lookUp.answer(.found(providerID: "SM2"))
        try world.run(reconciler, driver)
        #expect(try driver.state(of: delivered) == .delivered)
        #expect(try driver.state(of: settled) == .failed)
        #expect(reconciler.count == 0)
        try driver.check()
    }

    @Test func sentAgainTheNewAttemptIsAskedAbout() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, 10_000)
        _ = try driver.actNow(.resend, [id])
        driver.answerAll(.unknown(code: "LOST"))
        try advance(reconciler, first - 10_000)
        #expect(lookUp.questions.isEmpty, "the first attempt is history")
        #expect(reconciler.count == 1)
        try advance(reconciler, 10_000)
        #expect(lookUp.questions.map(\.begun) == [start + 10_000])
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .sent)
    }

    @Test func withoutItsBodyItIsHeld() throws {
        let reconciler = reconciler()
        let id = try lose(TestMessage { $0.body = "" })
        try advance(reconciler, 7_200_000)
        #expect(lookUp.questions.isEmpty)
        #expect(reconciler.count == 0)
        #expect(try driver.state(of: id) == .unknown)
    }

    @Test func whatTheWriterCannotRecordIsAskedAgain() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first)
        driver.store.failsAt = .commit
        lookUp.answer(.found(providerID: "SM1"))
        try world.run(reconciler, driver)
        driver.store.failsAt = nil
        try advance(reconciler, 60_000)
        #expect(try driver.state(of: id) == .unknown)
        #expect(lookUp.questions.count == 2)
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .sent)
    }

    @Test func anAnswerThatDoesNotComeIsAskedForAgain() throws {
        let reconciler = reconciler()
        let id = try lose()
        try advance(reconciler, first + Limits.lookUpMilliseconds - 1)
        #expect(lookUp.questions.count == 1)
        try advance(reconciler, 60_001)
        #expect(lookUp.questions.count == 2)
        // The first answer comes late, and is as good.
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .sent)
        try answer(reconciler, .nothing)
        #expect(try driver.state(of: id) == .sent)
        try advance(reconciler, 7_200_000)
        #expect(reconciler.count == 0)
        #expect(lookUp.questions.count == 2)
    }

    // MARK: Who is asked

    @Test func aProviderThatCannotBeAskedIsNotWaitedFor() throws {
        let world = ReconcilerDriver([2: lookUp])
        let reconciler = world.reconciler()
        _ = try lose()
        #expect(try world.run(reconciler, driver) == nil)
        #expect(reconciler.count == 0)
    }

    @Test func aProviderThatIsGoneIsNotAsked() throws {
        let reconciler = reconciler()
        let id = try lose()
        try world.run(reconciler, driver)
        #expect(reconciler.count == 1)
        world.remove(1)
        try advance(reconciler, first)
        #expect(lookUp.questions.isEmpty)
        #expect(reconciler.count == 0)
        #expect(try driver.state(of: id) == .unknown)
    }

    @Test func aFailedRoundTellsNothing() throws {
        let reconciler = reconciler()
        let id = try driver.accept()
        driver.store.failsAt = .commit
        driver.inbox.answers.append(driver.provider.answers { _ in .unknown(code: "LOST") })
        driver.turn()
        #expect(driver.takeUnresolved().isEmpty)
        driver.store.failsAt = nil
        driver.advance(2000)
        #expect(try driver.state(of: id) == .unknown)
        #expect(driver.takeUnresolved().map(\.id) == [id])
        try world.run(reconciler, driver)
        #expect(reconciler.count == 0)
    }

    // MARK: After a start

    @Test func aStartTakesUpWhatCameIntoDoubtWithinTheHour() throws {
        let old = try lose()
        driver.advance(1)
        let young = try lose()
        let interrupted = try driver.accept()
        driver.advance(3_600_000)
        // The one that was told of them has ended too.
        _ = driver.takeUnresolved()
        let reconciler = reconciler()
        try driver.restartQuietly()
        world.keepTime(driver)
        reconciler.recover()
        try world.run(reconciler, driver)
        // Their first question is long due.
        #expect(lookUp.questions.map(\.begun) == [start + 1, start + 1])
        #expect(try driver.events(of: interrupted) == [.submitting, .interrupted])
        #expect(reconciler.count == 2)
        lookUp.answer(.found(providerID: "SM1"))
        lookUp.answer(.nothing)
        try world.run(reconciler, driver)
        #expect(reconciler.count == 0)
        #expect(try driver.state(of: old) == .unknown)
        #expect(try [young, interrupted].map { try driver.state(of: $0) }.contains(.sent))
    }

    /// The one whose provider has no message to show is known to the store as soon as that can be written.
    @Test(arguments: [FailingStore.Point.begin, .record, .commit])
    func whatCouldNotBeRecordedIsReportedAgain(_ point: FailingStore.Point) throws {
        var options = WriterOptions()
        options.retryBase = 1
        let driver = try WriterDriver(options: options)
        let id = try driver.accept(TestMessage { $0.onUnknown = .resend })
        // Nobody knows of the first attempt, and the second has failed: the last word on the first settles it.
        driver.answerAll(.unknown(code: "NO_ANSWER"))
        driver.advance(10)
        driver.answerAll(.accepted(providerID: "SM2", receipts: true))
        driver.receipt("SM2", .undelivered(code: "30005"))
        #expect(try driver.state(of: id) == .unknown)
        let reconciler = reconciler()
        reconciler.heard(driver.takeUnresolved())
        driver.advance(3_600_000)
        try world.run(reconciler, driver)
        #expect(lookUp.questions.count == 1)
        driver.store.failsAt = point
        lookUp.answer(.nothing)
        try world.run(reconciler, driver)
        #expect(reconciler.count == 0)
        #expect(try driver.state(of: id) == .unknown)
        for _ in 0..<5 {
            driver.advance(Limits.recordAgainMilliseconds)
            let wait = try world.run(reconciler, driver)
            #expect(wait != nil)
        }
        #expect(try driver.state(of: id) == .unknown)
        driver.store.failsAt = nil
        // The store is tried again after a second, and the report made again after another.
        for _ in 0..<2 {
            driver.advance(Limits.recordAgainMilliseconds)
            try world.run(reconciler, driver)
        }
        #expect(try driver.state(of: id) == .undelivered)
        #expect(try world.run(reconciler, driver) == nil)
        try driver.check()
    }

    @Test func whatIsBothReadAndToldIsAskedAboutOnce() throws {
        let id = try lose()
        driver.advance(10)
        let reconciler = reconciler()
        reconciler.heard(driver.takeUnresolved())
        reconciler.recover()
        try world.run(reconciler, driver)
        #expect(reconciler.count == 1)
        try advance(reconciler, first)
        #expect(lookUp.questions.count == 1)
        reconciler.recover()
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(try driver.state(of: id) == .sent)
        #expect(reconciler.count == 0)
    }

    // MARK: Bounds

    @Test func aProviderIsAskedSoMuchAtOneTime() throws {
        let reconciler = reconciler()
        let ids = try (0...Limits.lookUpsUnderWay).map { number in
            try lose(TestMessage { $0.to = "+1415555010\(number)" })
        }
        try advance(reconciler, first)
        #expect(lookUp.questions.count == Limits.lookUpsUnderWay)
        #expect(reconciler.count == ids.count)
        try answer(reconciler, .found(providerID: "SM1"))
        #expect(lookUp.questions.count == ids.count)
        #expect(lookUp.questions.last?.recipient == "+1415555010\(Limits.lookUpsUnderWay)")
    }

    @Test func whatFindsNoRoomStaysHeld() throws {
        let reconciler = reconciler(capacity: 2)
        let ids = try (0..<2).map { _ in try lose() }
        try world.run(reconciler, driver)
        #expect(reconciler.count == 2)
        #expect(!kept.lines.contains { $0.level == .warning })
        let late = try lose()
        try world.run(reconciler, driver)
        #expect(reconciler.count == 2)
        let told = kept.lines.filter { $0.level == .warning }
        #expect(told.count == 1 && told[0].fields["messages"] == "1")
        try advance(reconciler, first)
        lookUp.answer(.found(providerID: "SM1"))
        lookUp.answer(.found(providerID: "SM2"))
        try world.run(reconciler, driver)
        #expect(try (ids + [late]).map { try driver.state(of: $0) } == [.sent, .sent, .unknown])
        // There is room again.
        _ = try lose()
        try world.run(reconciler, driver)
        #expect(reconciler.count == 1)
    }

    @Test func theBoundIsTheLimit() {
        var core = ReconcilerCore(rule: .init(), seed: 1)
        let unresolved = (1...UInt64(Limits.reconciliations) + 1).map { number in
            UnresolvedAttempt(
                id: MessageID(rawValue: number), attempt: 1, provider: UInt8(number % 3), begun: 0, ended: 0)
        }
        let unheard = core.heard(unresolved)
        #expect(unheard == 1)
        let news = core.takeNews()
        #expect(news.count == Limits.reconciliations)
        var added = 0
        for doubt in unresolved where core.add(doubt, now: 0) { added += 1 }
        #expect(added == Limits.reconciliations)
        #expect(core.count == Limits.reconciliations && !core.hasRoom)
        // What is under way keeps its place.
        let questions = core.takeDue(now: .max / 2)
        #expect(questions.count == 3 * Limits.lookUpsUnderWay)
        let isRoom = core.add(unresolved[unresolved.count - 1], now: 0)
        #expect(!isRoom)
        let decision = core.answered(questions[0].ticket, .nothing, now: 75_000)
        #expect(decision == .ask)
        #expect(core.count == Limits.reconciliations)
        core.dropped(questions[1].ticket)
        let isRoomNow = core.add(unresolved[unresolved.count - 1], now: 0)
        #expect(isRoomNow)
    }
}
