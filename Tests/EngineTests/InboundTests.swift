internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Testing

@testable internal import Engine
@testable internal import Storage

/// Messages from people, and the words by which they want no more.
@Suite struct InboundTests {
    private let number: UInt64 = 14_155_550_100
    private let third = TenantID(rawValue: 3)

    /// Three tenants, of which the first two name the number 12345.
    private func driver() throws -> WriterDriver {
        let driver = try WriterDriver()
        try driver.store.administer { (store) throws(StoreError) in
            for name in ["one", "two", "three"] { _ = try store.tenantID(name: name, now: start) }
        }
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two", third: "three"]
        tenants.senders = [.first: ["12345", "+14155550111"], .second: ["Shop", "12345"], third: ["+14155550111"]]
        driver.inbox.commands.append(.configure(tenants))
        driver.run()
        return driver
    }

    /// A provider's own sender, as the configuration names it.
    private func name(_ sender: String, routes: [Route]? = nil, _ driver: WriterDriver) {
        driver.inbox.commands.append(
            .configureProviders(
                [ConfiguredProvider(provider: driver.provider, number: 1, ownSender: sender)], routes: routes))
        driver.run()
    }

    private func message(
        _ body: String, id: String = "in-1", from: String = "+14155550100", to: String = "12345"
    ) -> CarrierEvent {
        .inbound(InboundMessage(providerID: id, sender: from, recipient: to, body: body))
    }

    private func suppressed(_ driver: WriterDriver) throws -> [TenantID] {
        var stored: [TenantID] = []
        try driver.store.administration.suppressedNumbers { if $1 == number { stored.append($0) } }
        // What holds is what is durable.
        for tenant in [TenantID.first, .second, third] {
            #expect(driver.suppressions.contains(number, of: tenant) == stored.contains(tenant))
        }
        return stored
    }

    private func acts(_ driver: WriterDriver) throws -> [String] {
        try driver.store.administration.audit(before: nil, limit: 99).reversed().map {
            "\($0.context.actor): \($0.verb) \($0.subject)"
        }
    }

    private func bodies(_ driver: WriterDriver) throws -> [String] {
        try driver.store.carriers.inbound(before: nil, limit: 99).map(\.body)
    }

    @Test func aMessageIsKeptOnce() throws {
        let driver = try driver()
        #expect(driver.post([message("hello")]).count == 0)
        driver.run()
        let again = driver.post([message("hello once more"), message("another", id: "in-2")])
        driver.run()
        #expect(again.value == true)
        #expect(try bodies(driver) == ["another", "hello"])
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).isEmpty)
        try driver.check()
    }

    @Test func whoSaysStopIsSentNothingMoreByThoseWithTheNumber() throws {
        let driver = try driver()
        driver.pause(.everything)
        let waiting = try driver.accept()
        driver.post([message(" stop\n")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second])
        #expect(
            try acts(driver).suffix(2) == [
                "provider scripted: suppression.add tenant one", "provider scripted: suppression.add tenant two",
            ])
        driver.pause(.everything, false)
        driver.run()
        #expect(try driver.state(of: waiting) == .failed)
        #expect(driver.seen.isEmpty)
        driver.post([message("START", id: "in-2")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).suffix(2).allSatisfy { $0.contains("suppression.remove") })
        try driver.check()
    }

    @Test func aCarrierMayLeaveThePlusOut() throws {
        let driver = try driver()
        driver.post([message("STOP", from: "14155550100", to: "14155550111")])
        driver.run()
        #expect(try suppressed(driver) == [.first, third])
    }

    @Test func toANumberThatNobodyNamesItConcernsEverybody() throws {
        let driver = try driver()
        driver.post([message("Unsubscribe", to: "+14155550199")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second, third])
        #expect(try acts(driver) == ["provider scripted: suppression.add every tenant"])
        try driver.check()
    }

    /// What it adds for everybody, it can't take away for everybody.
    @Test func aNumberThatNobodyNamesLiftsNothing() throws {
        let driver = try driver()
        driver.post([message("STOP", to: "+14155550199"), message("START", id: "in-2", to: "+14155550199")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second, third])
        try driver.store.administer { (store) throws(StoreError) in
            _ = try store.suppress(SuppressionRecord(tenant: .first, number: 7, at: start, reason: "a complaint"))
        }
        driver.post([message("UNSTOP", id: "in-3", from: "7", to: "+14155550199")])
        driver.run()
        #expect(try driver.store.administration.isSuppressed(7, tenant: .first))
    }

    /// A word lifts what a word to the same number has put there, and no more.
    @Test func aWordLiftsWhatAWordToThatNumberDid() throws {
        let driver = try driver()
        driver.post([message("STOP", id: "a"), message("STOP", id: "b", to: "+14155550111")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second, third])
        driver.post([message("START", id: "c")])
        driver.run()
        // The first tenant's other number has been told to stop too.
        #expect(try suppressed(driver) == [.first, third])
        driver.post([message("yes", id: "d", to: "14155550111")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        try driver.check()
    }

    @Test(arguments: [SuppressionOrigin.operatorRequest, .importedList])
    func noWordLiftsWhatAnOperatorDid(_ origin: SuppressionOrigin) throws {
        let driver = try driver()
        try driver.store.administer { (store) throws(StoreError) in
            _ = try store.suppress(
                SuppressionRecord(tenant: .first, number: number, at: start, reason: "STOP", origin: origin))
        }
        driver.suppressions.add([number], of: .first)
        for word in ["START", "YES", "UNSTOP", "STOP", "START"] {
            driver.post([message(word, id: word + "\(driver.now)")])
            driver.advance(1)
        }
        #expect(try suppressed(driver) == [.first])
        var origins: [SuppressionOrigin?] = []
        try driver.store.administration.suppressions { origins.append($0.origin) }
        #expect(origins == [origin])
    }

    /// What is from before origins were kept is a word's if its reason is one.
    @Test func whatIsOlderGoesByItsReason() throws {
        let driver = try driver()
        let store = try #require(driver.store.sqlite)
        for (tenant, reason) in [(1, "Stop"), (2, "a complaint")] {
            try store.control.connection.execute(
                "INSERT INTO suppression VALUES (\(tenant), \(number), \(start), '\(reason)')")
        }
        driver.suppressions.add(number, ofEach: [.first, .second])
        driver.post([message("START")])
        driver.run()
        #expect(try suppressed(driver) == [.second])
        driver.post([message("STOP", id: "b"), message("START", id: "c")])
        driver.run()
        #expect(try suppressed(driver) == [.second])
        try driver.check()
    }

    // MARK: The carrier's and tenants' words

    @Test func whatTheCarrierUnderstoodDecides() throws {
        let driver = try driver()
        func post(_ body: String, _ action: OptOutAction, _ id: String) {
            var inbound = InboundMessage(providerID: id, sender: "+14155550100", recipient: "12345", body: body)
            inbound.action = action
            driver.post([.inbound(inbound)])
            driver.run()
        }
        post("Bitte keine mehr", .stop, "a")
        #expect(try suppressed(driver) == [.first, .second])
        var reasons: [String] = []
        try driver.store.administration.suppressions { reasons.append($0.reason) }
        #expect(reasons == ["BITTE KEINE MEHR", "BITTE KEINE MEHR"])
        post("ja gerne", .start, "b")
        #expect(try suppressed(driver).isEmpty)
        post("STOP", .help, "c")
        #expect(try suppressed(driver).isEmpty)
        post(String(repeating: "no ", count: 30), .stop, "d")
        try driver.store.administration.suppressions { reasons.append($0.reason) }
        #expect(reasons.last == "STOP")
    }

    @Test func aTenantsOwnWordIsItsAlone() throws {
        let driver = try driver()
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two", third: "three"]
        tenants.senders = [.first: ["12345"], .second: ["12345"]]
        var settings = TenantSettings()
        settings.stopWords = ["raus"]
        settings.startWords = ["weiter"]
        tenants.inbound = [.first: InboundSettings(settings)]
        driver.inbox.commands.append(.configure(tenants))
        driver.post([message("Raus!", id: "a")])
        driver.run()
        #expect(try suppressed(driver) == [.first])
        driver.post([message("weiter", id: "b")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        // Also to a number that nobody names.
        driver.post([message("raus", id: "c", to: "999")])
        driver.run()
        #expect(try suppressed(driver) == [.first])
        #expect(try acts(driver).last == "provider scripted: suppression.add tenant one")
    }

    // MARK: Providers' own senders

    /// Messages without a sender leave from it: also where somebody else names the number.
    @Test func aProvidersOwnSenderConcernsThoseWhoNameNone() throws {
        let driver = try driver()
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two", third: "three"]
        tenants.senders = [.first: ["+14155550111"], third: ["+14155550122"]]
        tenants.withDefaultSender = [third]
        driver.inbox.commands.append(.configure(tenants))
        name("+14155550111", driver)
        driver.post([message("STOP", id: "a", to: "+14155550111")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second])
        driver.post([message("START", id: "b", to: "14155550111")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
    }

    @Test func routesSayWhoseMessagesLeaveFromIt() throws {
        let driver = try driver()
        var mine = Route(name: "mine", providers: [1])
        mine.tenants = [.second]
        var named = Route(name: "named", providers: [1])
        named.senders = ["Shop"]
        let others = Route(name: "others", providers: [2])
        name("555", routes: [mine, named, others], driver)
        driver.post([message("STOP", to: "555")])
        driver.run()
        #expect(try suppressed(driver) == [.second])
    }

    /// A message from a name leaves from a number where names don't get through: STOP there is meant for the tenant too.
    @Test func aNumberThatReplacesNamesConcernsWhoeverMaySendFromOne() throws {
        let driver = try driver()
        var tenants = WriterTenants()
        tenants.names = [.first: "one", .second: "two", third: "three"]
        tenants.senders = [.first: ["Shop"], third: ["+14155550122"]]
        tenants.withDefaultSender = [.first, .second, third]
        var rules = SenderRules()
        rules.byCountry = ["US": "+14155550131"]
        rules.replaceNamesIn = ["US"]
        var names = Route(name: "names", providers: [1])
        names.senders = ["Shop"]
        names.tenants = [.first]
        var numbers = Route(name: "numbers", providers: [1])
        numbers.senders = ["+14155550122"]
        var pooled = ConfiguredProvider(provider: driver.provider, number: 1)
        pooled.senders = SenderTable(rules, owner: "x")
        driver.inbox.commands.append(.configure(tenants))
        driver.inbox.commands.append(.configureProviders([pooled], routes: [names, numbers]))
        driver.post([message("STOP", id: "a", to: "+14155550131")])
        driver.run()
        #expect(try suppressed(driver) == [.first])
    }

    /// Senders that rules give to messages which name none.
    @Test func soDoSendersByCountry() throws {
        let driver = try driver()
        func rules(_ number: String) throws -> SenderTable {
            var rules = SenderRules()
            rules.byCountry = ["US": number]
            return try #require(SenderTable(rules, owner: "x"))
        }
        var route = Route(name: "r", providers: [1])
        route.senderTable = try rules("+14155550132")
        route.tenants = [.second]
        var pooled = ConfiguredProvider(provider: driver.provider, number: 1)
        pooled.senders = try rules("+14155550131")
        driver.inbox.commands.append(.configureProviders([pooled], routes: [route]))
        driver.post([message("STOP", id: "a", to: "+14155550131")])
        driver.run()
        #expect(try suppressed(driver) == [.second])
        driver.post([message("START", id: "b", to: "+14155550131"), message("STOP", id: "c", to: "+14155550132")])
        driver.run()
        #expect(try suppressed(driver) == [.second])
    }

    @Test func aServiceOfTheCarrierIsAProvidersSenderToo() throws {
        let driver = try driver()
        name("MG1", driver)
        var inbound = InboundMessage(providerID: "a", sender: "+14155550100", recipient: "+14155550111", body: "STOP")
        inbound.service = "MG1"
        driver.post([.inbound(inbound)])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second, third])
        #expect(try acts(driver).count == 3)
    }

    @Test func mediaAreKept() throws {
        let driver = try driver()
        var inbound = InboundMessage(providerID: "a", sender: "+14155550100", recipient: "12345", body: "")
        inbound.media = [InboundMedia(url: "https://a/1", contentType: "image/png"), InboundMedia(url: "https://a/2")]
        driver.post([.inbound(inbound)])
        driver.run()
        #expect(try driver.store.carriers.inbound(before: nil, limit: 9).map(\.media) == [inbound.media])
        try driver.check()
    }

    /// A carrier's repetition of an old STOP does not undo a START.
    @Test func aRepetitionChangesNothing() throws {
        let driver = try driver()
        driver.post([message("STOP")])
        driver.run()
        driver.post([message("START", id: "in-2")])
        driver.run()
        driver.post([message("STOP")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).count == 4)
    }

    @Test func bothInOneRoundHoldInTheirOrder() throws {
        let driver = try driver()
        driver.post([message("START", id: "a"), message("STOP", id: "b")])
        driver.run()
        #expect(try suppressed(driver) == [.first, .second])
        driver.post([message("STOP", id: "c"), message("START", id: "d")])
        driver.run()
        #expect(try suppressed(driver).isEmpty)
    }

    @Test(arguments: ["HELP", "please stop", "I said STOP", ""])
    func otherWordsAreOnlyKept(_ body: String) throws {
        let driver = try driver()
        driver.post([message(body)])
        driver.run()
        #expect(try bodies(driver) == [body])
        #expect(try suppressed(driver).isEmpty)
        #expect(try acts(driver).isEmpty)
    }

    @Test(arguments: ["12345", "Shop", "", "+1415"])
    func whoeverHasNoNumberIsKeptAndNotSuppressed(_ sender: String) throws {
        let driver = try driver()
        #expect(driver.post([message("STOP", from: sender)]).count == 0)
        driver.run()
        #expect(try bodies(driver) == ["STOP"])
        #expect(try acts(driver).isEmpty)
    }

    @Test(arguments: [FailingStore.Point.begin, .commit, .committed])
    func theWordIsDurableWithTheMessageOrNotAtAll(_ point: FailingStore.Point) throws {
        let driver = try driver()
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("some") }
        let answer = driver.post([message("STOP")])
        driver.turn()
        #expect(answer.count == 0)
        if point != .committed {
            #expect(try bodies(driver).isEmpty)
            #expect(try suppressed(driver).isEmpty)
            #expect(try acts(driver).isEmpty)
        }
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.value == true)
        #expect(try bodies(driver) == ["STOP"])
        #expect(try suppressed(driver) == [.first, .second])
        #expect(try acts(driver).count == 2)
        try driver.check()
    }

    @Test func whatIsTooLongIsCut() throws {
        let driver = try driver()
        let most = Limits.inboundBodyBytes
        driver.post([
            message(String(repeating: "x", count: most), id: "a"),
            message(String(repeating: "x", count: most - 1) + "\u{E9}", id: "b"),
            message("z", id: "c", from: String(repeating: "1", count: Limits.inboundNumberBytes + 1)),
        ])
        driver.run()
        let kept = try driver.store.carriers.inbound(before: nil, limit: 9)
        #expect(kept.map(\.body.utf8.count) == [1, most - 1, most])
        #expect(kept[0].sender.utf8.count == Limits.inboundNumberBytes)
    }
}
