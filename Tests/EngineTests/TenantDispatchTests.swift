internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

extension WriterTenants {
    fileprivate init(weights: [TenantID: Int]) {
        self.init()
        self.weights = weights
    }
}

/// Tenants alongside each other: shares, pauses, and what a noisy one can do to a quiet one.
@Suite struct TenantDispatchTests {
    private func driver(inFlight: Int = 10) throws -> WriterDriver {
        var limits = ProviderLimits()
        limits.inFlight = inFlight
        return try WriterDriver(limits: limits)
    }

    /// Some messages of a tenant, whose body is its number.
    private func messages(_ count: Int, of tenant: TenantID, _ priority: Priority = .normal) -> [TestMessage] {
        let message = TestMessage {
            $0.tenant = tenant
            $0.body = "\(tenant.rawValue)"
            $0.priority = priority
        }
        return Array(repeating: message, count: count)
    }

    /// The tenants whose messages were handed over, in order.
    private func tenants(_ driver: WriterDriver) -> [TenantID] {
        driver.seen.map { TenantID(rawValue: Int32(driver.provider.body(of: $0)!)!) }
    }

    // MARK: Shares

    @Test func weightsShareTheHandOffs() throws {
        let driver = try driver()
        driver.inbox.commands.append(.configure(WriterTenants(weights: [.second: 4])))
        driver.pause(.everything)
        driver.submit(messages(400, of: .first))
        driver.submit(messages(400, of: .second))
        driver.run()
        driver.pause(.everything, false)
        driver.run()
        while driver.seen.count < 200 { driver.answerAll() }
        #expect((159...161).contains(tenants(driver).prefix(200).filter { $0 == .second }.count))
        // A weight that is not named any more is 1 again.
        driver.inbox.commands.append(.configure(WriterTenants()))
        driver.run()
        let before = driver.seen.count
        while driver.seen.count < before + 100 { driver.answerAll() }
        #expect((49...51).contains(tenants(driver)[before..<before + 100].filter { $0 == .second }.count))
    }

    @Test func weightsAndPausesOutliveARoundThatFails() throws {
        let driver = try driver()
        driver.inbox.commands.append(.configure(WriterTenants(weights: [.second: 4])))
        driver.pause(.everything)
        driver.pause(.tenant(TenantID(rawValue: 3)))
        driver.run()
        driver.submit(messages(400, of: .first))
        driver.submit(messages(400, of: .second))
        driver.submit(messages(5, of: TenantID(rawValue: 3), .urgent), index: .urgent)
        driver.run()
        driver.store.failsAt = .commit
        driver.submit(messages(1, of: .first))
        driver.turn()
        driver.store.failsAt = nil
        driver.advance(2000)
        driver.pause(.everything, false)
        driver.run()
        while driver.seen.count < 200 { driver.answerAll() }
        #expect((159...161).contains(tenants(driver).prefix(200).filter { $0 == .second }.count))
        #expect(!tenants(driver).contains(TenantID(rawValue: 3)))
        #expect(driver.report.paused == ["tenant 3"])
    }

    // MARK: A noisy tenant and a quiet one

    /// However many messages of a noisy tenant wait, a quiet one's goes after those that the provider has, and at most
    /// as many more as the noisy tenant's weight is greater; and one or two, since strides are rounded.
    @Test(arguments: [1, 2, 10, 1000], [1000, 20_000])
    func aQuietTenantWaitsForNoMoreThanOneTurn(weight: Int, waiting: Int) throws {
        let driver = try driver(inFlight: 2)
        driver.inbox.commands.append(.configure(WriterTenants(weights: [.first: weight])))
        for _ in 0..<waiting / 1000 { driver.submit(messages(1000, of: .first)) }
        driver.run()
        for _ in 0..<25 { driver.answerAll() }
        for _ in 0..<3 {
            let before = driver.seen.count
            let answer = driver.submit(messages(1, of: .second))
            driver.run()
            let quiet = try #require(answer.value).results[0].id
            // The slot is the noisy tenant's; the other one is for URGENT.
            #expect(driver.seen.count == before)
            var turns = 0
            while driver.seen.last != quiet, turns < weight + 2 {
                driver.answerAll()
                turns += 1
            }
            #expect(driver.seen.last == quiet)
        }
    }

    /// BULK of one tenant is passed by NORMAL of another, but for BULK's turn.
    @Test func bulkOfANoisyTenantDelaysNormalByOneTurn() throws {
        let driver = try driver(inFlight: 2)
        let noisy = driver.bulk(Array(0..<5000), of: "b") { _ in messages(1, of: .first, .bulk)[0] }
        driver.run()
        #expect(noisy.value?.results.count == 5000)
        for _ in 0..<20 {
            let answer = driver.submit(messages(1, of: .second))
            driver.run()
            let quiet = try #require(answer.value).results[0].id
            driver.answerAll()
            if driver.seen.last != quiet { driver.answerAll() }
            #expect(driver.seen.last == quiet)
        }
    }

    /// Chunks that wait to be stored: a slice of each tenant's in turn.
    @Test func aSmallChunkIsNotBehindAnotherTenantsLargeOnes() throws {
        let driver = try driver()
        driver.pause(.everything)
        driver.run()
        let large = (0..<5).map { chunk in
            driver.bulk(Array(UInt64(chunk) * 10_000..<UInt64(chunk + 1) * 10_000), of: "large") { _ in
                messages(1, of: .first, .bulk)[0]
            }
        }
        driver.turn()
        let small = driver.bulk(Array(0..<100), of: "small", tenant: .second) { _ in
            messages(1, of: .second, .bulk)[0]
        }
        var rounds = 0
        while small.count == 0, rounds < 10 {
            driver.turn()
            rounds += 1
        }
        #expect(small.value?.results.count == 100)
        #expect(rounds <= 2)
        #expect(large.map(\.count) == [0, 0, 0, 0, 0])
        driver.run()
        #expect(large.map { $0.value?.results.count } == [10_000, 10_000, 10_000, 10_000, 10_000])
        #expect(driver.report.waitingBulk == 50_100)
        try driver.check()
    }

    @Test func allTenantsChunksAreRefusedOnceWhenTheStoreFails() throws {
        let driver = try driver()
        driver.pause(.everything)
        driver.run()
        let first = driver.bulk(Array(0..<10_000), of: "first") { _ in messages(1, of: .first, .bulk)[0] }
        driver.turn()
        let second = driver.bulk(Array(0..<10_000), of: "second", tenant: .second) { _ in
            messages(1, of: .second, .bulk)[0]
        }
        let third = driver.bulk([0], of: "third", tenant: TenantID(rawValue: 3))
        driver.store.failsAt = .accept
        driver.turn()
        for answer in [first, second, third] {
            #expect(answer.count == 1)
            #expect(answer.error?.code == .unavailable)
        }
        #expect(first.error?.notProcessed == false)
        #expect(third.error?.notProcessed == true)
        driver.store.failsAt = nil
        driver.advance(2000)
        let again = driver.bulk(Array(0..<10_000), of: "first") { _ in messages(1, of: .first, .bulk)[0] }
        driver.run()
        #expect(again.value?.results.count == 10_000)
        try driver.check()
    }

    // MARK: Pauses

    @Test func nothingOfAPausedTenantIsSent() throws {
        let driver = try driver()
        let names = driver.pause(.tenant(.first))
        driver.run()
        #expect(names.value == ["tenant 1"])
        let urgent = try driver.accept(messages(1, of: .first, .urgent)[0])
        let normal = try driver.accept(messages(1, of: .first)[0])
        let other = try driver.accept(messages(1, of: .second)[0])
        #expect(driver.seen == [other])
        // The writer waits until something is to be done: it doesn't look at them over and over.
        #expect(driver.wait != 0)
        #expect(driver.report.waitingUrgent == 1)
        driver.pause(.tenant(.first), false)
        driver.run()
        #expect(driver.seen == [other, urgent, normal])
        #expect(driver.report.paused.isEmpty)
    }

    @Test func aPauseOfATenantOutlivesARestart() throws {
        let driver = try driver()
        driver.pause(.tenant(.first))
        driver.run()
        let id = try driver.accept(messages(1, of: .first, .urgent)[0])
        try driver.restart()
        #expect(driver.report.paused == ["tenant 1"])
        #expect(driver.seen.isEmpty)
        var tenants = WriterTenants()
        tenants.names = [.first: "shop"]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
        #expect(driver.report.paused == ["tenant shop"])
        driver.pause(.tenant(.first), false)
        driver.run()
        #expect(driver.seen == [id])
    }

    @Test func scheduledAndRetriedMessagesOfAPausedTenantWaitToo() throws {
        let driver = try driver()
        let retried = try driver.accept(messages(1, of: .first)[0])
        driver.answerAll(.throttled(retryAfterMilliseconds: nil))
        var later = messages(1, of: .first)[0]
        later.sendAt = driver.now + 5000
        let scheduled = try driver.accept(later)
        driver.pause(.tenant(.first))
        driver.advance(120_000)
        #expect(driver.seen == [retried])
        #expect(driver.wait != 0)
        driver.pause(.tenant(.first), false)
        driver.run()
        #expect(driver.seen == [retried, retried, scheduled])
    }

    @Test func aPausedBatchOfAPausedTenantNeedsBoth() throws {
        let driver = try driver()
        driver.pause(.everything)
        let batch = driver.bulk([0, 1, 2], of: "b") { _ in messages(1, of: .first, .bulk)[0] }
        driver.run()
        driver.pause(.batch(.name("b")))
        driver.pause(.everything, false)
        driver.run()
        // They have come to their turn, and were put aside.
        #expect(driver.seen.isEmpty)
        driver.pause(.tenant(.first))
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.seen.isEmpty)
        driver.pause(.batch(.name("b")))
        driver.pause(.tenant(.first), false)
        driver.run()
        #expect(driver.seen.isEmpty)
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.seen == batch.value?.results.map(\.id))
    }

    @Test func whatAPausedTenantLetsExpireIsSettled() throws {
        let driver = try driver()
        driver.pause(.tenant(.first))
        var message = messages(1, of: .first)[0]
        message.expiresAt = driver.now + 5000
        let id = try driver.accept(message)
        driver.advance(10_000)
        #expect(try driver.state(of: id) == .expired)
        #expect(driver.seen.isEmpty)
    }
}
