internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// A round whose commit fails has not been: memory is as a start over the same data would make it.
@Suite struct FailedRoundTests {
    /// Something of each kind that a round can do.
    enum Deed: CaseIterable {
        case acceptUrgent, accept, acceptScheduled, acceptBulk, openBatch
        case sent, delivered, rejected, routeRefused, throttled, senderThrottled, unavailable, unknown, returned,
            optedOut
        case receiptInFlight, receiptAfterwards, receiptOfRetry, carrierReceipt, unmatchedReceipt,
            unmatchedReceiptMatched
        case cancel, cancelRetry, cancelBatch, expire, becomeDue
        case pauseAll, pauseProvider, pauseBatch, pauseTenant, resumeAll
        case resend, settle, reconcile, notFound, stop
    }

    /// A gateway with a message in each place.
    private struct Scene {
        let driver: WriterDriver
        var inFlight: [MessageID] = []
        var sent: MessageID
        var unknown: MessageID
        var retrying: MessageID
        var waiting: MessageID

        init() throws {
            var limits = ProviderLimits()
            limits.inFlight = 8
            driver = try WriterDriver(limits: limits)
            try driver.addTenants()
            sent = try driver.send(as: "SM1")
            unknown = try driver.accept()
            driver.answerAll(.unknown(code: "X"))
            retrying = try driver.accept()
            driver.answerAll(.throttled(retryAfterMilliseconds: 3_600_000))
            driver.now += 1
            let now = driver.now
            // Those that expire wait behind a full provider.
            let ids = (0..<12).map { number in
                TestMessage {
                    $0.body = "\(number)"
                    $0.expiresAt = now + 5000
                }
            }
            let answer = driver.submit(ids)
            _ = driver.submit([TestMessage { $0.sendAt = now + 2000 }])
            _ = driver.bulk(Array(0..<5), of: "b")
            driver.receipt("SM7")
            driver.run()
            let accepted = try #require(answer.value).results.map(\.id)
            inFlight = driver.provider.seen.map(\.id).filter(accepted.contains)
            waiting = try #require(accepted.last)
            // The seventh slot is the batch's, whose turn comes among them.
            #expect(inFlight.count == 6 && driver.memory().submitting.count == 7)
            #expect(driver.memory().waiting[retrying] == true && driver.memory().waiting[waiting] == false)
            #expect(driver.memory().unmatched.count == 1)
        }

        func answer(_ outcome: Outcome) {
            driver.inbox.answers.append(driver.provider.answers { _ in outcome })
        }

        /// Brings the deed into the next round.
        func bring(_ deed: Deed) {
            let context = AuditContext(actor: "key abc", at: driver.now)
            switch deed {
            case .acceptUrgent: _ = driver.submit([TestMessage { $0.priority = .urgent }], index: .urgent)
            case .accept: _ = driver.submit([TestMessage(), TestMessage { $0.key = "k" }])
            case .acceptScheduled: _ = driver.submit([TestMessage { $0.sendAt = driver.now + 9000 }, TestMessage()])
            case .acceptBulk: _ = driver.bulk(Array(5..<300), of: "b")
            case .openBatch: _ = driver.bulk([0, 1], of: "new")
            case .sent: answer(.accepted(providerID: "p", receipts: true))
            case .delivered:
                answer(.accepted(providerID: "p", receipts: true))
                driver.report(inFlight.map { Receipt(id: $0, attempt: 1, status: .delivered) })
            case .rejected: answer(.rejected(.recipient, code: "R", message: "no"))
            case .routeRefused: answer(.rejected(.route, code: "R", message: "no"))
            case .throttled: answer(.throttled(retryAfterMilliseconds: 3000))
            case .senderThrottled: answer(.throttled(retryAfterMilliseconds: 3000, scope: .sender))
            case .unavailable: answer(.unavailable(code: "U"))
            case .unknown: answer(.unknown(code: "X"))
            case .returned: answer(.returned)
            case .optedOut: answer(.rejected(.optedOut, code: "21610", message: "STOP"))
            case .receiptInFlight: receipt(inFlight[0])
            case .receiptAfterwards: receipt(sent)
            case .receiptOfRetry: receipt(retrying)
            case .carrierReceipt: _ = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
            case .unmatchedReceipt: _ = driver.post([.receipt(CarrierReceipt(providerID: "SM8", status: .delivered))])
            case .unmatchedReceiptMatched: answer(.accepted(providerID: "SM7", receipts: true))
            case .cancel: _ = driver.cancel([waiting, sent])
            case .cancelRetry: _ = driver.cancel([retrying])
            case .cancelBatch: _ = driver.cancelBatch("b")
            case .expire: driver.now += 5000
            case .becomeDue: driver.now += 2000
            case .pauseAll: driver.pause(.everything)
            case .pauseProvider: driver.pause(.provider("scripted"))
            case .pauseBatch: driver.pause(.batch(.name("b")))
            case .pauseTenant: driver.pause(.tenant(.first))
            case .resumeAll:
                driver.pause(.everything)
                driver.pause(.everything, false)
            case .resend: command(.resend, unknown, context)
            case .settle: command(.settle(.failed), unknown, context)
            case .reconcile:
                driver.inbox.commands.append(.reconcile(unknown, attempt: 1, providerID: "SM9") { _ in })
            case .notFound: driver.inbox.commands.append(.attemptNotFound(unknown, attempt: 1) { _ in })
            case .stop:
                let stop = InboundMessage(providerID: "i", sender: "+14155550100", recipient: "+1500", body: "STOP")
                _ = driver.post([.inbound(stop)])
            }
        }

        private func command(_ wish: UnknownRequest, _ id: MessageID, _ context: AuditContext) {
            driver.inbox.commands.append(.actOnUnknown(wish, [id], nil, by: context) { _ in })
        }

        private func receipt(_ id: MessageID, _ status: ReceiptStatus = .delivered) {
            driver.report([Receipt(id: id, attempt: 1, status: status)])
        }
    }

    /// Each deed by itself, so that none hides another's fault.
    @Test(arguments: Deed.allCases, [FailingStore.Point.commit, .record])
    func aDeedThatFails(_ deed: Deed, _ point: FailingStore.Point) throws {
        let scene = try Scene()
        let driver = scene.driver
        let before = driver.memory()
        driver.store.failsAt = point
        scene.bring(deed)
        driver.turn()
        // Not every deed is a step of a message's life; every round that has begun is committed.
        #expect(driver.report.trouble != nil || point == .record)
        try driver.requireMemoryAsStored()
        if driver.report.trouble != nil, ![Deed.expire, .becomeDue].contains(deed) {
            #expect(driver.memory() == before)
        }
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(driver.report.trouble == nil)
        try driver.check()
    }

    /// What a round decides is in its value, so that it can be written elsewhere than in the store.
    @Test(arguments: Deed.allCases)
    func aDeedIsInTheRoundsValue(_ deed: Deed) throws {
        let scene = try Scene()
        let driver = scene.driver
        driver.turn()
        scene.bring(deed)
        driver.turn()
        let round = driver.core.store.round
        // One finds no other attempt that has failed, the other no provider with room.
        guard ![Deed.notFound, .becomeDue].contains(deed) else { return }
        #expect(!round.isEmpty)
        for step in round.steps {
            #expect(try driver.store.lifecycle(of: step.stored.lifecycle.id) != nil)
        }
        // The last step of a message is what the store has.
        for id in Set(round.steps.map(\.stored.lifecycle.id)) {
            let last = round.steps.last { $0.stored.lifecycle.id == id }
            #expect(try driver.store.lifecycle(of: id)?.lifecycle == last?.stored.lifecycle)
        }
        for acceptance in round.accepted {
            for result in acceptance.results where result.kind == .accepted {
                var arena = MessageDrafts()
                #expect(try driver.store.load(result.id, into: &arena)?.batch == acceptance.batch)
            }
        }
    }

    private static let seeds: ClosedRange<UInt64> = 1...8

    /// Random loads; now and then a commit fails, at any point of the round.
    @Test(arguments: seeds) func memoryIsAsStored(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var load = RandomLoad(try WriterDriver(limits: RandomLoad.limits(&generator), names: ["one", "two"]))
        try load.driver.addTenants()
        var failures = 0
        for step in 0..<120 {
            load.step(&generator)
            if generator.oneIn(4) {
                load.driver.store.failsAt = FailingStore.Point.clean.randomElement(using: &generator)
                load.driver.turn()
                if load.driver.report.trouble != nil {
                    failures += 1
                    do {
                        try load.driver.requireMemoryAsStored()
                    } catch {
                        Issue.record("seed \(seed), step \(step), \(load.driver.store.failsAt!): \(error)")
                        return
                    }
                }
                load.driver.store.failsAt = nil
                load.driver.advance(1000)
            } else {
                load.driver.turn()
            }
        }
        #expect(failures > 10)
        try load.driver.check()
    }
}

extension WriterDriver {
    /// What is stored of opt-outs is held against the tenants.
    fileprivate func addTenants() throws {
        try store.administer { (store) throws(StoreError) in
            for name in ["one", "two"] { _ = try store.tenantID(name: name, now: start) }
        }
    }
}

/// Random work for a writer with two providers.
private struct RandomLoad {
    let driver: WriterDriver
    private var ids: [MessageID] = []
    private var answers: [Answer<AcceptedBurst>] = []

    init(_ driver: WriterDriver) {
        self.driver = driver
    }

    static func limits(_ generator: inout SeededGenerator) -> ProviderLimits {
        var limits = ProviderLimits()
        limits.inFlight = [1, 5, 300].randomElement(using: &generator)!
        return limits
    }

    mutating func step(_ generator: inout SeededGenerator) {
        for answer in answers { ids += answer.value?.results.filter { $0.kind == .accepted }.map(\.id) ?? [] }
        answers.removeAll { $0.count > 0 }
        for _ in 0..<Int.random(in: 1...3, using: &generator) { deed(&generator) }
    }

    private mutating func deed(_ generator: inout SeededGenerator) {
        let some = (0..<4).compactMap { _ in ids.randomElement(using: &generator) }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0..<3: answers.append(driver.submit((0..<6).map { _ in message(&generator) }))
        case 3:
            let first = UInt64.random(in: 0..<400, using: &generator)
            let name = "b\(Int.random(in: 0..<3, using: &generator))"
            answers.append(driver.bulk(Array(first..<first + 40), of: name))
        case 4..<7:
            for provider in driver.providers {
                driver.inbox.answers.append(provider.answers { _ in Self.outcome(&generator) })
            }
        case 7:
            let status: ReceiptStatus = generator.oneIn(2) ? .delivered : .taken
            driver.report(some.map { Receipt(id: $0, attempt: 1, status: status) })
            let name = "SM\(Int.random(in: 0..<50, using: &generator))"
            _ = driver.post([.receipt(CarrierReceipt(providerID: name, status: .delivered))])
        case 8: _ = driver.cancel(some)
        case 9:
            let wishes: [PauseScope] = [.everything, .provider("one"), .batch(.name("b0")), .tenant(.second)]
            driver.pause(wishes.randomElement(using: &generator)!, generator.oneIn(3))
        case 10:
            let context = AuditContext(actor: "key abc", at: driver.now)
            let wish = generator.oneIn(2) ? UnknownRequest.resend : .settle(.delivered)
            driver.inbox.commands.append(.actOnUnknown(wish, some, nil, by: context) { _ in })
            if generator.oneIn(6) { _ = driver.cancelBatch("b\(Int.random(in: 0..<3, using: &generator))") }
        default: driver.now += Int64.random(in: 0...4000, using: &generator)
        }
    }

    private func message(_ generator: inout SeededGenerator) -> TestMessage {
        let now = driver.now
        return TestMessage {
            $0.priority = Priority.allCases.randomElement(using: &generator)!
            $0.tenant = generator.oneIn(3) ? .second : .first
            $0.onUnknown = generator.oneIn(3) ? .resend : .hold
            if generator.oneIn(5) { $0.sendAt = now + Int64.random(in: 1...20_000, using: &generator) }
            let validity = generator.oneIn(5) ? Int64.random(in: 1000...9000, using: &generator) : 86_400_000
            $0.expiresAt = max($0.sendAt, now) + validity
        }
    }

    private static func outcome(_ generator: inout SeededGenerator) -> Outcome {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: .rejected(.route, code: "R", message: "no")
        case 1: .throttled(retryAfterMilliseconds: generator.oneIn(2) ? 3000 : nil)
        case 2: .throttled(retryAfterMilliseconds: 2000, scope: .sender)
        case 3: .unavailable(code: "U")
        case 4: .unknown(code: "X")
        case 5: .returned
        case 6: .rejected(.optedOut, code: "21610", message: "STOP")
        default: .accepted(providerID: "SM\(Int.random(in: 0..<50, using: &generator))", receipts: true)
        }
    }
}
