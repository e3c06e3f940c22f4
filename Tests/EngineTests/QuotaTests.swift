internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Quotas as the writer applies them, and as callers are told of them.
@Suite struct QuotaTests {
    private func configured(_ quotas: [TenantID: TenantQuota]) -> WriterTenants {
        var tenants = WriterTenants()
        tenants.quotas = quotas
        return tenants
    }

    private func usage(_ driver: WriterDriver, of tenants: [TenantID] = [.first]) throws -> [TenantUsage] {
        let answer = Answer<[TenantUsage]>()
        driver.inbox.commands.append(.usage(tenants) { answer.tell($0.map { $0.map(\.used) }) })
        driver.run()
        return try #require(answer.value)
    }

    @Test func aBurstIsRefusedOneByOneAndToldOfItsQuotas() throws {
        let driver = try WriterDriver()
        let quotas = [
            TenantID.first: TenantQuota(segmentsPerDay: 2), .second: TenantQuota(waitingMessages: 100),
        ]
        driver.inbox.commands.append(.configure(configured(quotas)))
        driver.run()
        let burst = try #require(
            {
                let answer = driver.submit(
                    (0..<6).map { number in
                        TestMessage { $0.tenant = number % 2 == 0 ? .first : .second }
                    })
                driver.run()
                return answer.value
            }())
        #expect(burst.results.map(\.kind) == [.accepted, .accepted, .accepted, .accepted, .overSegments, .accepted])
        #expect(burst.quotas == [.first: TenantQuota(segmentsPerDay: 2)])
        // What was refused is nowhere.
        #expect(driver.seen.count == 5)
        let usages = try usage(driver, of: [.second, .first, TenantID(rawValue: 77)])
        #expect(usages.map(\.segmentsToday) == [3, 2, 0])
        try driver.check()
    }

    @Test func aBulkCallOfManySlicesIsRefusedPastItsQuota() throws {
        let driver = try WriterDriver()
        driver.inbox.commands.append(.configure(configured([.first: TenantQuota(segmentsPerDay: 300)])))
        let answer = driver.bulk(Array(0..<1000), of: "b")
        driver.run()
        let burst = try #require(answer.value)
        #expect(
            burst.results.map(\.kind) == Array(repeating: .accepted, count: 300)
                + Array(repeating: .overSegments, count: 700))
        #expect(burst.quotas == [.first: TenantQuota(segmentsPerDay: 300)])
        // All that is left of it comes once there is room, at its place.
        driver.inbox.commands.append(.configure(WriterTenants()))
        let again = driver.bulk(Array(0..<1000), of: "b")
        driver.run()
        #expect(
            try #require(again.value).results.map(\.kind) == Array(repeating: .duplicate, count: 300)
                + Array(repeating: .accepted, count: 700))
        #expect(try #require(again.value).quotas == [:])
        try driver.check()
    }

    @Test func roomComesAsMessagesAreSent() throws {
        let driver = try WriterDriver()
        driver.inbox.commands.append(.configure(configured([.first: TenantQuota(waitingMessages: 2)])))
        driver.run()
        func kinds(_ count: Int) -> [AcceptResult.Kind]? {
            let answer = driver.submit(Array(repeating: TestMessage(), count: count))
            driver.run()
            return answer.value?.results.map(\.kind)
        }
        #expect(kinds(3) == [.accepted, .accepted, .overWaiting])
        driver.answerAll()
        #expect(try usage(driver)[0].waitingMessages == 0)
        #expect(kinds(3) == [.accepted, .accepted, .overWaiting])
    }

    /// What the store did not keep is not used; what it kept after all is.
    @Test(arguments: FailingStore.Point.clean + [.committed])
    func afterAFailureUsageIsWhatIsStored(_ point: FailingStore.Point) throws {
        let driver = try WriterDriver()
        driver.inbox.commands.append(.configure(configured([.first: TenantQuota(segmentsPerDay: 4)])))
        _ = try driver.accept()
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("no room") }
        let refused = driver.submit([TestMessage(), TestMessage()])
        driver.run()
        #expect(refused.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.advance(2000)
        let stored: UInt64 = point == .committed ? 3 : 1
        #expect(try usage(driver)[0].segmentsToday == stored)
        let answer = driver.submit(Array(repeating: TestMessage(), count: 4))
        driver.run()
        #expect(try #require(answer.value).results.count { $0.kind == .accepted } == Int(4 - stored))
        try driver.check()
    }

    @Test func canceledMessagesMakeRoomAndUnknownOnesDoNot() throws {
        let driver = try WriterDriver()
        driver.inbox.commands.append(.configure(configured([.first: TenantQuota(segmentsPerDay: 2)])))
        let first = try driver.accept(TestMessage { $0.sendAt = start + 60_000 })
        let second = try driver.accept()
        driver.answerAll(.unknown(code: "LOST"))
        #expect(try driver.state(of: second) == .unknown)
        #expect(try usage(driver)[0].segmentsToday == 2)
        let canceled = driver.cancel([first])
        driver.run()
        #expect(canceled.value?[0].isCanceled == true)
        #expect(try usage(driver)[0].segmentsToday == 1)
        // Canceling again gives nothing back again.
        _ = driver.cancel([first])
        driver.run()
        #expect(try usage(driver)[0].segmentsToday == 1)
        try driver.check()
    }

    // MARK: What callers are told

    @Test func refusalsSayWhichLimitAndWhenThereIsRoomAgain() throws {
        // 2027-01-15T08:00Z.
        var refusals = AcceptRefusals(
            [.first: TenantQuota(segmentsPerDay: 1000, costPerMonth: 2_500_000, waitingMessages: 7)], now: start)
        func refusal(_ kind: AcceptResult.Kind) -> GatewayError? {
            refusals.refusal(
                of: AcceptResult(kind: kind, state: .queued, id: MessageID(rawValue: 0)), tenant: .first)
        }
        #expect(refusal(.accepted) == nil)
        #expect(refusal(.duplicate) == nil)
        #expect(refusal(.conflict) == .keyTaken)
        let segments = try #require(refusal(.overSegments))
        #expect(segments.code == .resourceExhausted && segments.notProcessed)
        #expect(segments.quota == QuotaDetail(limit: "segments_per_day", maximum: 1000, unit: "segments"))
        #expect(segments.retryAfterMilliseconds == 16 * 3_600_000)
        #expect(segments.message.contains("1000 segments a day"))
        let cost = try #require(refusal(.overCost))
        #expect(
            cost.quota
                == QuotaDetail(limit: "cost_per_month", maximum: 2_500_000, unit: "millionths of the currency"))
        #expect(cost.retryAfterMilliseconds == 16 * 3_600_000 + 16 * 86_400_000)
        #expect(cost.message.contains("budget of 2.5 a month"))
        let waiting = try #require(refusal(.overWaiting))
        #expect(waiting.quota == QuotaDetail(limit: "waiting_messages", maximum: 7, unit: "messages"))
        #expect(waiting.retryAfterMilliseconds == 1000)
    }
}
