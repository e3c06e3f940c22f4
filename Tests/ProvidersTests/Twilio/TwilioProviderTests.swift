internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// The provider against a stand-in, over real sockets.
@Suite(.timeLimit(.minutes(3))) struct TwilioProviderTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    @Test(arguments: ProviderConformance.cases)
    func conforms(_ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let standIn = try await TwilioStandIn()
        try await test.run(provider(standIn.options, client))
        // One that fails in all ways.
        let failing = try await TwilioStandIn { form in
            guard let token = Self.token(of: form) else { return nil }
            return switch token.id.rawValue % 6 {
            case 0: (.close, false)
            case 1: (.reset, true)
            case 2: (.answer(502, "<html>", type: "text/html"), false)
            case 3: (.answer(429, #"{"code":20429,"status":429}"#), false)
            default: nil
            }
        }
        var options = failing.options
        options.http.connections = 20
        try await test.run(provider(options, client))
        client.stop()
        await standIn.server.stop()
        await failing.server.stop()
    }

    private func provider(_ options: TwilioOptions, _ client: HTTPClient) throws -> HTTPProvider {
        try HTTPProvider(name: "twilio-1", carrier: TwilioCarrier(options), client: client)
    }

    private static func token(of form: FormFields) -> CorrelationToken? {
        guard let url = form.only("StatusCallback"), let query = url.split(separator: "?").last,
            let text = FormFields(decoding: query.utf8)?.only(CorrelationToken.parameter)
        else { return nil }
        return CorrelationToken(text, key: TwilioStandIn.callbackKey)
    }

    /// Submits, and waits for the answers.
    private func outcomes(
        _ batch: Submissions, _ options: TwilioOptions
    ) async throws -> [UInt64: Outcome] {
        let client = HTTPClient()
        let provider = try provider(options, client)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(batch)
        await events.wait { $0.answers.count >= batch.items.count }
        provider.stop()
        client.stop()
        return Dictionary(uniqueKeysWithValues: events.answers.map { ($0.id.rawValue, $0.outcome) })
    }

    private func batch(_ recipients: [String], body: String = "hello", sender: String = "+15005550006")
        -> Submissions
    {
        Submissions(
            recipients.enumerated().map { (MessageID(rawValue: UInt64($0 + 1)), $1, body) }, attempt: 1, sender: sender)
    }

    @Test func numbersOfTheTestCredentials() async throws {
        let standIn = try await TwilioStandIn()
        let found = try await outcomes(
            batch([1, 2, 3, 4, 9].map { "+1500555000\($0)" } + ["+14155550100"]), standIn.options)
        let scopes: [(Outcome?, RejectionScope, String)] = [
            (found[1], .recipient, "21211"), (found[2], .sender, "21612"), (found[3], .route, "21408"),
            (found[4], .optedOut, "21610"), (found[5], .recipient, "21614"),
        ]
        for (outcome, scope, code) in scopes {
            guard case .rejected(scope, code, _)? = outcome else {
                Issue.record("\(code): \(String(describing: outcome))")
                continue
            }
        }
        #expect(found[6] == .accepted(providerID: "SM00000000000000000000000000000001", receipts: true))
        for (sender, wanted) in [
            (
                "+15005550001",
                Outcome.rejected(
                    .sender, code: "21212", message: "Not a valid phone number, shortcode, or alphanumeric")
            ),
            ("+15005550007", .rejected(.sender, code: "21606", message: "Not a Twilio phone number")),
            ("+15005550008", .throttled(retryAfterMilliseconds: nil, scope: .sender)),
        ] {
            let found = try await outcomes(batch(["+14155550100"], sender: sender), standIn.options)
            #expect(found[1] == wanted)
        }
        await standIn.server.stop()
    }

    @Test func whatTwilioGets() async throws {
        let standIn = try await TwilioStandIn()
        let body = "Привет 👋 +&=% \n~"
        _ = try await outcomes(batch(["+14155550100"], body: body, sender: "Acme"), standIn.options)
        // Without a sender of its own a message takes the account's.
        _ = try await outcomes(batch(["+14155550101"], sender: ""), standIn.options)
        var options = standIn.options
        options.sender = .messagingService(TwilioStandIn.service)
        options.statusCallback = nil
        options.validitySeconds = nil
        let found = try await outcomes(batch(["+14155550102"], sender: ""), options)
        guard case .accepted(_, receipts: false, parts: _)? = found[1] else {
            Issue.record("\(found)")
            return
        }
        let taken = standIn.taken
        #expect(taken.map { $0.field("Body") } == [body, "hello", "hello"])
        #expect(taken.map { $0.field("To") } == ["+14155550100", "+14155550101", "+14155550102"])
        #expect(taken.map { $0.field("From") } == ["Acme", "+15005550006", ""])
        #expect(taken.map { $0.field("MessagingServiceSid") } == ["", "", TwilioStandIn.service])
        #expect(taken.map { $0.field("ValidityPeriod") } == ["3600", "3600", ""])
        #expect(taken[0].field("StatusCallback").hasPrefix("https://gw.example.org/twilio?tenant=a&apus=1-1-"))
        #expect(Self.token(of: taken[0].form) == CorrelationToken(id: MessageID(rawValue: 1), attempt: 1))
        #expect(taken[2].form.fields.count == 3)
        await standIn.server.stop()
    }

    /// A lost answer is unknown, whether or not Twilio took the message, and nothing is sent twice.
    @Test(arguments: [true, false]) func lostAnswersAreUnknown(_ isTaken: Bool) async throws {
        let faults: [Reaction] = [
            .close, .reset, .raw("HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n{\"sid\":", .close),
            .raw("HTTP/1.1 201 Created\r\nContent-Len", .close), .raw("garbage", .close),
            .answer(201, "{\"sid\":\"SM00"), .answer(201, ""), .answer(200, "<html>ok</html>", type: "text/html"),
            .answer(500, #"{"code":20500,"status":500}"#), .answer(503, #"{"code":20503,"status":503}"#),
            .answer(502, "<html>", type: "text/html"), .answer(504, ""), .answer(408, ""), .silence,
        ]
        let standIn = try await TwilioStandIn { form in
            Self.token(of: form).map { (faults[Int($0.id.rawValue) - 1], isTaken) }
        }
        var options = standIn.options
        options.http.timeout = 1500
        let found = try await outcomes(batch(Array(repeating: "+14155550100", count: faults.count)), options)
        for number in 1...faults.count {
            guard case .unknown? = found[UInt64(number)] else {
                Issue.record("\(number): \(String(describing: found[UInt64(number)]))")
                continue
            }
        }
        #expect(standIn.taken.count == (isTaken ? faults.count : 0))
        #expect(standIn.server.requests.count == faults.count)
        await standIn.server.stop()
    }

    @Test func whatCannotBeReachedIsUnavailable() async throws {
        let standIn = try await TwilioStandIn()
        var options = standIn.options
        await standIn.server.stop()
        // A port that no other test is given meanwhile.
        options.baseURL = "http://127.0.0.1:1"
        #expect(try await outcomes(batch(["+14155550100"]), options)[1] == .unavailable(code: "NOT_CONNECTED"))
    }

    @Test func aWrongSecretIsTheAccounts() async throws {
        let standIn = try await TwilioStandIn()
        var options = standIn.options
        options.credential = .apiKey(sid: TwilioStandIn.key.sid, secret: "another")
        #expect(try await outcomes(batch(["+14155550100"]), options)[1] == .unavailable(code: "20003"))
        options = standIn.options
        options.accountSID = "AC" + String(repeating: "f", count: 32)
        #expect(try await outcomes(batch(["+14155550100"]), options)[1] == .unavailable(code: "20404"))
        await standIn.server.stop()
    }

    /// What had not been sent is returned, what was under way is answered.
    @Test func draining() async throws {
        let standIn = try await TwilioStandIn(isHolding: true)
        var options = standIn.options
        options.http.connections = 10
        let client = HTTPClient()
        let provider = try provider(options, client)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(Submissions(count: 100, from: 1, attempt: 1))
        await standIn.server.wait { $0.count >= 10 }
        provider.drain()
        provider.submit(Submissions(count: 5, from: 1000, attempt: 1))
        await events.wait { $0.answers.count >= 95 }
        #expect(events.answers.allSatisfy { $0.outcome == .returned })
        await standIn.server.release()
        await events.wait { $0.answers.count >= 105 }
        provider.stop()
        client.stop()
        #expect(events.answers.count { $0.outcome == .returned } == 95)
        #expect(events.answers.count { if case .accepted = $0.outcome { true } else { false } } == 10)
        #expect(standIn.taken.count == 10)
        await standIn.server.stop()
    }

    @Test func lookingUp() async throws {
        let standIn = try await TwilioStandIn { form in
            form.only("Body") == "lost" ? (.close, true) : form.only("Body") == "never" ? (.close, false) : nil
        }
        let begun = Int64(Date().timeIntervalSince1970 * 1000)
        for (recipient, body) in [
            ("+14155550100", "hello"), ("+14155550100", "lost"), ("+14155550101", "never"), ("+14155550102", "hello"),
            ("+14155550102", "hello"),
        ] { _ = try await outcomes(batch([recipient], body: body), standIn.options) }
        let client = HTTPClient()
        let lookUp = TwilioLookUp(standIn.options, client: client)
        func answer(_ recipient: String, _ body: String, known: Set<String> = []) async -> LookUpAnswer {
            let question = LookUpQuestion(
                recipient: recipient, body: body, begun: begun, ended: begun + 15_000, knownIDs: known)
            return await withCheckedContinuation { continuation in
                lookUp.ask(question) { continuation.resume(returning: $0) }
            }
        }
        let sids = standIn.taken.map(\.sid)
        #expect(await answer("+14155550100", "lost") == .found(providerID: sids[1], status: .taken))
        #expect(await answer("+14155550100", "lost", known: [sids[1]]) == .ambiguous(providerIDs: [sids[0]]))
        #expect(await answer("+14155550100", "lost", known: [sids[0], sids[1]]) == .nothing)
        #expect(await answer("+14155550101", "never") == .nothing)
        #expect(await answer("+14155550102", "hello") == .ambiguous(providerIDs: [sids[3], sids[2]]))
        func status(_ sid: String) async -> StatusAnswer {
            await withCheckedContinuation { continuation in
                lookUp.askStatus(of: sid) { continuation.resume(returning: $0) }
            }
        }
        #expect(await status(sids[0]) == .pending)
        #expect(await status("SM" + String(repeating: "f", count: 32)) == .unknown)
        #expect(await status("../Calls") == .unknown)
        #expect(await answer("+14155550102", "hello", known: [sids[2]]) == .found(providerID: sids[3], status: .taken))
        await standIn.server.stop()
        lookUp.stop()
        client.stop()
    }
}
