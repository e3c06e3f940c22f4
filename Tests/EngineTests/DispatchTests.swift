internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

private func limits(inFlight: Int, rate: Double = 0) -> ProviderLimits {
    var limits = ProviderLimits()
    limits.inFlight = inFlight
    limits.rate = rate
    return limits
}

/// What is handed to which provider, when, and what follows from the answers.
@Suite struct DispatchTests {
    // MARK: Claims

    @Test func acceptanceAndClaimAreOneCommit() throws {
        let driver = try WriterDriver()
        let commits = driver.store.commits
        let answer = driver.submit([TestMessage { $0.body = "grüß" }])
        driver.turn()
        #expect(driver.store.commits == commits + 1)
        let result = try #require(answer.value).results[0]
        #expect(result.kind == .accepted)
        #expect(driver.seen == [result.id])
        #expect(driver.provider.body(of: result.id) == "grüß")
        #expect(try driver.state(of: result.id) == .submitting)
        #expect(driver.report.inFlight == 1)
        // Nothing is left to do but to look after old messages now and then: no round without a reason.
        #expect(driver.wait == 3_600_000)
    }

    @Test func urgentGoesFirstAndHasASlotOfItsOwn() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 3))
        driver.pause(.everything)
        driver.run()
        let bulk = driver.bulk(Array(0..<6), of: "b")
        let normal = driver.submit((0..<6).map { _ in TestMessage() })
        driver.run()
        #expect(driver.seen.isEmpty)
        let urgent = driver.submit([TestMessage { $0.priority = .urgent }], index: .urgent)
        driver.pause(.everything, false)
        driver.run()
        let ids = try #require(normal.value).results.map(\.id)
        let first = try #require(urgent.value).results[0].id
        // Three slots, of which the last is kept for URGENT.
        #expect(driver.seen == [first, ids[0]])
        let second = try driver.accept(TestMessage { $0.priority = .urgent })
        #expect(driver.seen == [first, ids[0], second])
        #expect(driver.report.inFlight == 3)
        #expect(driver.report.waitingNormal == 5)
        #expect(driver.report.waitingBulk == 6)
        #expect(bulk.value?.results.count == 6)
        // While both wait, BULK has its share.
        for _ in 0..<5 { driver.answerAll() }
        let bulkIDs = Set(try #require(bulk.value).results.map(\.id))
        #expect(driver.seen.dropFirst(3).prefix(5).contains(where: bulkIDs.contains))
        #expect(driver.seen.dropFirst(3).prefix(5).contains(where: ids.contains))
    }

    @Test func claimsNeverExceedTheSlots() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 10))
        _ = driver.bulk(Array(0..<500), of: "b")
        driver.run()
        #expect(driver.seen.count == 9)
        while !driver.provider.seen.isEmpty, driver.seen.count < 500 {
            driver.answerAll()
            #expect(driver.report.inFlight <= 9)
        }
        #expect(Set(driver.seen).count == 500)
    }

    @Test func theRateIsKept() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 100, rate: 10))
        _ = driver.bulk(Array(0..<50), of: "b")
        driver.run()
        #expect(driver.seen.count == 1)
        driver.advance(1000)
        #expect((10...11).contains(driver.seen.count))
        driver.advance(2000)
        #expect((30...31).contains(driver.seen.count))
    }

    @Test func contentsPastTheBudgetAreReadBack() throws {
        var options = WriterOptions()
        options.contentBytes = 0
        let driver = try WriterDriver(limits: limits(inFlight: 4), options: options)
        let answer = driver.bulk(Array(0..<40), of: "b")
        driver.run()
        while driver.seen.count < 40 { driver.answerAll() }
        for (index, result) in try #require(answer.value).results.enumerated() {
            #expect(driver.provider.body(of: result.id) == "\(index)")
        }
    }

    @Test func eachMessageGoesOutWithItsOwnText() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 40))
        driver.pause(.everything)
        var texts: [MessageID: String] = [:]
        // Bursts of all sorts, with duplicates that leave holes between them, some canceled.
        for round in 0..<20 {
            let messages = (0..<7).map { number in
                TestMessage {
                    $0.body = "\(round)-\(number % 5)"
                    $0.key = number % 5 == 3 ? "k\(round)" : ""
                    $0.priority = number % 2 == 0 ? .bulk : .normal
                }
            }
            let single = driver.submit(messages)
            let bulk = driver.bulk(Array(UInt64(round * 300)..<UInt64(round * 300 + 300)), of: "b")
            driver.run()
            for (message, result) in zip(messages, try #require(single.value).results) {
                texts[result.id] = message.body
            }
            for (place, result) in try #require(bulk.value).results.enumerated() {
                texts[result.id] = "\(round * 300 + place)"
            }
        }
        let canceled = texts.keys.sorted().filter { $0.rawValue % 7 == 0 }
        for slice in stride(from: 0, to: canceled.count, by: 1000) {
            _ = driver.cancel(Array(canceled[slice..<min(slice + 1000, canceled.count)]))
        }
        driver.pause(.everything, false)
        driver.run()
        while driver.report.inFlight > 0 { driver.answerAll() }
        #expect(Set(driver.seen).count == texts.count - canceled.count)
        for id in driver.seen { #expect(driver.provider.body(of: id) == texts[id]) }
    }

    // MARK: Retries

    @Test func unavailableIsTriedAgainAfterABackoff() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        for attempt in 1...4 {
            #expect(driver.provider.seen.map(\.attempt) == Array(1...attempt))
            driver.answerAll(.unavailable(code: "DOWN"))
            #expect(try driver.state(of: id) == .queued)
            let backoff = Int64(1000) << (attempt - 1)
            let due = try #require(try driver.store.lifecycle(of: id)).lifecycle.due - driver.now
            #expect((backoff / 2...backoff).contains(due))
            driver.advance(due - 1)
            #expect(driver.seen.count == attempt)
            driver.advance(1)
        }
        driver.answerAll()
        #expect(try driver.state(of: id) == .sent)
    }

    @Test func aRetryAfterIsNotUndercut() throws {
        let driver = try WriterDriver()
        _ = try driver.accept()
        driver.answerAll(.throttled(retryAfterMilliseconds: 30_000))
        driver.advance(29_999)
        #expect(driver.seen.count == 1)
        driver.advance(2000)
        #expect(driver.seen.count == 2)
    }

    @Test func attemptsEndAndThrottledOnesDoNotCount() throws {
        var options = WriterOptions()
        options.maximumAttempts = 3
        let driver = try WriterDriver(options: options)
        let id = try driver.accept()
        for _ in 0..<10 {
            driver.answerAll(.throttled(retryAfterMilliseconds: nil))
            driver.advance(60_000)
        }
        #expect(driver.seen.count == 11)
        for _ in 0..<2 {
            driver.answerAll(.unavailable(code: "DOWN"))
            driver.advance(60_000)
        }
        #expect(driver.seen.count == 13)
        #expect(try driver.state(of: id) == .submitting)
        driver.answerAll(.unavailable(code: "DOWN"))
        #expect(try driver.state(of: id) == .failed)
        driver.advance(600_000)
        #expect(driver.seen.count == 13)
        #expect(try driver.events(of: id).last == .failed)
        #expect(driver.report.waitingLater == 0)
    }

    @Test func rejectionsEndIt() throws {
        let driver = try WriterDriver()
        for scope in [RejectionScope.recipient, .content, .sender, .route] {
            let id = try driver.accept()
            driver.answerAll(.rejected(scope, code: "NO", message: "no"))
            #expect(try driver.state(of: id) == .failed)
        }
        driver.advance(600_000)
        #expect(driver.seen.count == 4)
    }

    @Test func returnedGoesOutAgainAtOnce() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.returned)
        #expect(driver.provider.seen.map(\.attempt) == [1, 2])
        #expect(driver.provider.seen.map(\.id) == [id, id])
        driver.answerAll()
        #expect(driver.report.providers[0].submitted == 1)
        #expect(driver.report.providers[0].accepted == 1)
    }

    // MARK: Unknown outcomes

    @Test func unknownIsHeldUntilSomebodyKnows() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.unknown(code: "TIMEOUT"))
        #expect(try driver.state(of: id) == .unknown)
        driver.advance(3_600_000)
        try driver.restart()
        driver.advance(3_600_000)
        #expect(driver.seen.isEmpty)
        #expect(try driver.state(of: id) == .unknown)
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
    }

    @Test func unknownIsResentIfTheMessageSaysSo() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.onUnknown = .resend })
        driver.answerAll(.unknown(code: "TIMEOUT"))
        driver.advance(60_000)
        #expect(driver.provider.seen.map(\.attempt) == [1, 2])
        driver.receive(id, attempt: 1, .undelivered(code: "X"))
        #expect(try driver.state(of: id) == .submitting)
        driver.answerAll()
        driver.receive(id, attempt: 2)
        #expect(try driver.state(of: id) == .delivered)
    }

    @Test func aReceiptForTheFirstAttemptStopsTheResend() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.onUnknown = .resend })
        driver.answerAll(.unknown(code: "TIMEOUT"))
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        driver.advance(600_000)
        #expect(driver.seen.count == 1)
    }

    @Test func staleAnswersAreIgnored() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.unavailable(code: "DOWN"))
        driver.advance(1000)
        let before = try driver.events(of: id)
        for attempt in [0, 1, 3] {
            driver.inbox.answers.append([
                .init(id: id, attempt: attempt, outcome: .accepted(providerID: "late", receipts: true))
            ])
            driver.run()
        }
        driver.inbox.answers.append([.init(id: MessageID(rawValue: 1), attempt: 1, outcome: .unknown(code: "x"))])
        driver.run()
        #expect(try driver.events(of: id) == before)
        #expect(driver.report.inFlight == 1)
        driver.answerAll()
        // Twice the same answer.
        driver.inbox.answers.append([.init(id: id, attempt: 2, outcome: .unknown(code: "x"))])
        driver.run()
        #expect(try driver.state(of: id) == .sent)
        try driver.check()
    }

    @Test func receiptsBeforeTheAnswerAndOfStrangers() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.receive(MessageID(rawValue: 5))
        driver.receive(id, attempt: 2)
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        driver.answerAll()
        #expect(try driver.state(of: id) == .delivered)
        #expect(driver.report.inFlight == 0)
        driver.receive(id, .undelivered(code: "late"))
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    // MARK: Time

    @Test func scheduledMessagesWaitForTheirTime() throws {
        let driver = try WriterDriver()
        let late = try driver.accept(TestMessage { $0.sendAt = start + 5000 })
        let early = try driver.accept(TestMessage { $0.sendAt = start + 3000 })
        let canceled = try driver.accept(TestMessage { $0.sendAt = start + 4000 })
        let past = try driver.accept(TestMessage { $0.sendAt = start - 1 })
        #expect(driver.seen == [past])
        #expect(try driver.state(of: late) == .scheduled)
        driver.advance(1000)
        try driver.restart()
        #expect(driver.report.waitingLater == 3)
        let verdicts = driver.cancel([canceled])
        driver.advance(1999)
        #expect(verdicts.value?[0].isCanceled == true)
        #expect(driver.seen.isEmpty)
        driver.advance(1)
        #expect(driver.seen == [early])
        driver.advance(2000)
        #expect(driver.seen == [early, late])
    }

    @Test(arguments: [PauseScope.everything, .provider("scripted"), .batch(.name("b"))])
    func validityEndsWhileNothingElseHappens(_ wish: PauseScope) throws {
        let driver = try WriterDriver()
        let first = driver.bulk([0, 1], of: "b") { index in TestMessage { $0.expiresAt = start + 1000 + Int64(index) } }
        driver.run()
        driver.pause(wish)
        driver.run()
        let ids = try #require(first.value).results.map(\.id)
        // What was claimed before the pause is answered, and waits for its retry.
        driver.answerAll(.throttled(retryAfterMilliseconds: 900))
        let second = driver.bulk([2, 3], of: "b") { _ in TestMessage { $0.expiresAt = start + 2000 } }
        driver.run()
        let more = try #require(second.value).results.map(\.id)
        driver.advance(999)
        #expect(try (ids + more).allSatisfy { try driver.state(of: $0) != .expired })
        driver.advance(100)
        #expect(try ids.allSatisfy { try driver.state(of: $0) == .expired })
        #expect(try more.allSatisfy { try driver.state(of: $0) != .expired })
        driver.advance(1000)
        #expect(try more.allSatisfy { try driver.state(of: $0) == .expired })
        #expect(driver.report.waitingNormal + driver.report.waitingBulk + driver.report.waitingLater == 0)
        try driver.check()
    }

    @Test func aBackoffIsNotWaitedForPastTheValidity() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.expiresAt = start + 5000 })
        driver.answerAll(.throttled(retryAfterMilliseconds: 3_000_000))
        driver.advance(4999)
        #expect(try driver.state(of: id) == .queued)
        driver.advance(100)
        #expect(try driver.state(of: id) == .expired)
        #expect(driver.seen.count == 1)
    }

    @Test func anAttemptUnderWayOutlivesTheValidity() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.expiresAt = start + 1000 })
        driver.advance(5000)
        #expect(try driver.state(of: id) == .submitting)
        driver.answerAll(.unavailable(code: "DOWN"))
        driver.advance(5000)
        #expect(try driver.state(of: id) == .expired)
        #expect(driver.seen.count == 1)
    }
}
