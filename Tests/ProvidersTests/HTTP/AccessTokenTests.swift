internal import ConfigurationModel
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Providers

/// Access tokens (RFC 6749, section 4.4): when they are fetched, and what becomes of messages meanwhile.
@Suite(.timeLimit(.minutes(3))) struct AccessTokenTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    // MARK: The state machine

    @Test func aTokenIsFetchedOnceAndRenewedBeforeItEnds() {
        var state = AccessTokenState()
        #expect(state.current == nil)
        #expect(state.needed(now: 0) == .fetch)
        #expect(state.needed(now: 10) == .wait)
        #expect(state.received("a", seconds: 100, now: 1000) == 1)
        #expect(state.current?.text == "a")
        #expect(state.needed(now: 75_999) == .use(serial: 1))
        // Three quarters of its time are over.
        #expect(state.needed(now: 76_000) == .useAndFetch(serial: 1))
        #expect(state.needed(now: 76_001) == .use(serial: 1))
        state.failed(code: "X", now: 76_500)
        #expect(state.needed(now: 76_500 + Limits.accessTokenRetryMilliseconds - 1) == .use(serial: 1))
        #expect(state.needed(now: 76_500 + Limits.accessTokenRetryMilliseconds) == .useAndFetch(serial: 1))
        // A tenth is left for what is on its way.
        #expect(state.needed(now: 90_999) == .use(serial: 1))
        #expect(state.needed(now: 91_000) == .wait)
        #expect(state.received("b", seconds: 100, now: 91_100) == 2)
        #expect(state.needed(now: 91_100) == .use(serial: 2) && state.current?.text == "b")
    }

    @Test func aTokenIsDroppedWhenItIsRefused() {
        var state = AccessTokenState()
        _ = state.needed(now: 0)
        state.received("a", seconds: 100, now: 0)
        state.refused(serial: 7)
        #expect(state.needed(now: 1) == .use(serial: 1))
        state.refused(serial: 1)
        #expect(state.current == nil && state.needed(now: 1) == .fetch)
        state.received("b", seconds: 100, now: 2)
        // Late word on the first.
        state.refused(serial: 1)
        #expect(state.current?.text == "b")
    }

    @Test func afterAFailureThereIsAPause() {
        var state = AccessTokenState()
        #expect(state.needed(now: 0) == .fetch)
        state.failed(code: "X", now: 5)
        #expect(state.needed(now: 4 + Limits.accessTokenRetryMilliseconds) == .failed(code: "X"))
        #expect(state.needed(now: 5 + Limits.accessTokenRetryMilliseconds) == .fetch)
        state.received("a", seconds: 0, now: 5000)
        #expect(state.needed(now: 5000) == .use(serial: 1))
        state.received("b", seconds: Int64.max, now: 0)
        #expect(state.needed(now: Limits.accessTokenSecondsMaximum * 1000) == .fetch)
    }

    @Test func whatTheEndpointSays() {
        func token(_ status: Int, _ body: String) -> String {
            switch AccessTokenEndpoint.token(in: Generic.answer(status, body)) {
            case .success(let token): "\(token.text) \(token.seconds)"
            case .failure(let failure): "\(failure.code) \(failure.isRefusal)"
            }
        }
        #expect(token(200, #"{"access_token": "a", "token_type": "Bearer", "expires_in": 60}"#) == "a 60")
        #expect(token(200, #"{"access_token": "a", "expires_in": "60"}"#) == "a 60")
        #expect(token(200, #"{"access_token": "a"}"#) == "a \(Limits.accessTokenSeconds)")
        let longest = String(repeating: "a", count: Limits.accessTokenBytes)
        #expect(token(200, "{\"access_token\": \"\(longest)\"}").hasPrefix("aaa"))
        for body in [
            "{}", "", "<html>", #"{"access_token": ""}"#, #"{"access_token": "a b"}"#,
            #"{"access_token": "a", "token_type": "mac"}"#, "{\"access_token\": \"\(longest)a\"}",
        ] {
            #expect(token(200, body) == "ACCESS_TOKEN_HTTP_200 false", "\(body)")
        }
        #expect(token(401, #"{"error": "invalid_client"}"#) == "ACCESS_TOKEN_INVALID_CLIENT true")
        #expect(token(400, "") == "ACCESS_TOKEN_HTTP_400 true")
        #expect(token(503, "") == "ACCESS_TOKEN_HTTP_503 false")
        guard case .failure(let failure) = AccessTokenEndpoint.token(in: .unknown(HTTPFailure(.timedOut))) else {
            Issue.record("no token came")
            return
        }
        #expect(failure == AccessTokenFailure(code: "ACCESS_TOKEN_TIMED_OUT", isRefusal: false))
    }

    // MARK: A provider

    /// A carrier that gives tokens at `/token`, one after the other, and takes messages at `/send`.
    private final class Carrier: Sendable {
        let given = Mutex(0)
        let sent = Mutex<[String]>([])
        let token: @Sendable (Int) -> Reaction
        let send: @Sendable (ScriptedHTTPServer.Request) -> Reaction

        init(
            token: @escaping @Sendable (Int) -> Reaction = { Carrier.token($0) },
            send: @escaping @Sendable (ScriptedHTTPServer.Request) -> Reaction
        ) {
            self.token = token
            self.send = send
        }

        var tokens: Int { given.withLock { $0 } }
        /// What the messages showed.
        var shown: [String] { sent.withLock { $0 } }

        static func token(_ number: Int, seconds: Int = 3600) -> Reaction {
            .answer(200, #"{"access_token": "t\#(number)", "token_type": "bearer", "expires_in": \#(seconds)}"#)
        }

        @Sendable func react(_ request: ScriptedHTTPServer.Request) -> Reaction {
            if request.target == "/token" {
                let number = given.withLock { number in
                    number += 1
                    return number
                }
                return token(number)
            }
            sent.withLock { $0.append(request.header("authorization") ?? "") }
            return send(request)
        }
    }

    private static let taken = Reaction.answer(200, #"{"id": "m"}"#)

    private func options(_ port: Int, credentials: String = "basic") -> String {
        #"""
        {"authentication": {"scheme": "oauth2", "url": "http://127.0.0.1:\#(port)/token", "client_id": "c",
           "client_secret": "{{secret.s}}", "credentials": "\#(credentials)", "parameters": {"scope": "sms"}},
         "request": {"url": "http://127.0.0.1:\#(port)/send"}, "http": {"connections": 20}}
        """#
    }

    private func provider(_ port: Int, _ client: HTTPClient, credentials: String = "basic") throws -> any SMSProvider {
        try Generic.kind(options(port, credentials: credentials), secrets: ["s": "pw"]).provider("x", client: client)
    }

    private func outcomes(_ carrier: Carrier, bursts: Int = 1, of count: Int = 3) async throws
        -> ([Outcome], [ScriptedHTTPServer.Request])
    {
        let server = try await ScriptedHTTPServer(react: carrier.react)
        let client = HTTPClient()
        let provider = try provider(server.port, client)
        let events = ProviderEventLog()
        provider.start(events: events)
        for burst in 0..<bursts {
            provider.submit(Submissions(count: count, from: 1 + burst * count, attempt: 1))
        }
        await events.wait { $0.answers.count >= bursts * count }
        provider.stop()
        client.stop()
        await server.stop()
        return (events.answers.map(\.outcome), server.requests)
    }

    @Test func oneTokenForAll() async throws {
        let carrier = Carrier { _ in Self.taken }
        let (outcomes, requests) = try await outcomes(carrier, bursts: 5)
        #expect(outcomes == Array(repeating: .accepted(providerID: "m", receipts: false), count: 15))
        #expect(carrier.tokens == 1)
        #expect(Set(carrier.shown) == ["Bearer t1"])
        let asked = try #require(requests.first)
        #expect(asked.target == "/token" && asked.method == "POST" && asked.header("authorization") == "Basic Yzpwdw==")
        #expect(
            FormFields(decoding: asked.body)?.fields == [
                .init("grant_type", "client_credentials"), .init("scope", "sms"),
            ])
    }

    @Test func credentialsInTheForm() async throws {
        let carrier = Carrier { _ in Self.taken }
        let server = try await ScriptedHTTPServer(react: carrier.react)
        let client = HTTPClient()
        let provider = try provider(server.port, client, credentials: "form")
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(Generic.batch())
        await events.wait { !$0.answers.isEmpty }
        provider.stop()
        client.stop()
        await server.stop()
        let asked = try #require(server.requests.first)
        #expect(asked.header("authorization") == nil)
        #expect(FormFields(decoding: asked.body)?.only("client_secret") == "pw")
    }

    @Test func aRefusedTokenIsRenewedOnce() async throws {
        let carrier = Carrier { request in
            request.header("authorization") == "Bearer t1" ? .answer(401, "{}") : Self.taken
        }
        let (outcomes, _) = try await outcomes(carrier)
        #expect(outcomes == Array(repeating: .accepted(providerID: "m", receipts: false), count: 3))
        #expect(carrier.tokens == 2)
        #expect(
            carrier.shown.sorted() == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2", "Bearer t2"])

        let never = Carrier { _ in .answer(401, "{}") }
        let refused = try await self.outcomes(never).0
        #expect(refused == Array(repeating: .unavailable(code: "ACCESS_TOKEN_REFUSED"), count: 3))
        // Each was sent twice, and no more.
        #expect(never.shown.count == 6)
    }

    /// A request that waits for a connection shows the token that is there when it is built: that is the one that the
    /// carrier refuses.
    @Test func theTokenThatWasShownIsTheOneThatIsRefused() async throws {
        let carrier = Carrier { _ in Self.taken }
        let server = try await ScriptedHTTPServer(react: carrier.react)
        let client = HTTPClient()
        let kind = try Generic.kind(options(server.port), secrets: ["s": "pw"])
        let tokens = try #require(kind.tokens)
        let inner = ScriptedProvider()
        let provider = TokenProvider(inner, tokens: tokens) { tokens.start(kind.carrier.http, client: client) }
        let events = ProviderEventLog()
        provider.start(events: events)
        let batch = Submissions(count: 1, from: 1, attempt: 1)
        await withCheckedContinuation { waiting in tokens.need { _ in waiting.resume() } }
        provider.submit(batch)
        let item = try #require(inner.seen.first)
        // It is renewed before the request is built.
        tokens.refused(serial: 1)
        await withCheckedContinuation { waiting in tokens.need { _ in waiting.resume() } }
        #expect(tokens.show(to: HTTPRequestID(number: item.id.rawValue, attempt: 1)) == "t2")
        provider.answered(inner.answers { _ in .unavailable(code: TokenProvider.refused) })
        // Asked for after the message, so that the message has its token once this is there.
        await withCheckedContinuation { waiting in tokens.need { _ in waiting.resume() } }
        #expect(carrier.tokens == 3)
        #expect(inner.seen.count == 2)
        #expect(tokens.show(to: HTTPRequestID(number: item.id.rawValue, attempt: 1)) == "t3")
        provider.answered(inner.answers { _ in .accepted(providerID: "m", receipts: false) })
        #expect(events.answers.map(\.outcome) == [.accepted(providerID: "m", receipts: false)])
        // Nothing of what was answered is kept.
        #expect(tokens.answered(HTTPRequestID(number: item.id.rawValue, attempt: 1)) == nil)
        provider.stop()
        client.stop()
        await server.stop()
    }

    @Test func whatIsUnknownStaysSo() async throws {
        let carrier = Carrier { request in
            request.header("authorization") == "Bearer t1" && request.number % 2 == 1 ? .close : .answer(502, "<html>")
        }
        let (outcomes, _) = try await outcomes(carrier)
        for outcome in outcomes {
            if case .unknown = outcome {} else { Issue.record("\(outcome)") }
        }
        #expect(carrier.shown.count == 3)
    }

    @Test func withoutATokenNothingIsSent() async throws {
        let carrier = Carrier(token: { _ in .answer(401, #"{"error": "invalid_client"}"#) }, send: { _ in Self.taken })
        let (outcomes, _) = try await outcomes(carrier, bursts: 3)
        #expect(outcomes == Array(repeating: .unavailable(code: "ACCESS_TOKEN_INVALID_CLIENT"), count: 9))
        #expect(carrier.shown.isEmpty)
        // One refusal is enough for all that came with it.
        #expect(carrier.tokens == 1)
    }

    @Test func whatWaitsAtTheStopComesBack() async throws {
        let server = try await ScriptedHTTPServer { _ in .silence }
        let client = HTTPClient()
        let provider = try provider(server.port, client)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(Submissions(count: 4, from: 1, attempt: 1))
        await server.wait { !$0.isEmpty }
        provider.drain()
        await events.wait { $0.answers.count == 4 }
        #expect(events.answers.allSatisfy { $0.outcome == .returned })
        provider.stop()
        client.stop()
        await server.stop()
    }

    @Test(arguments: ProviderConformance.cases) func conforms(_ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let good = Carrier { _ in Self.taken }
        let server = try await ScriptedHTTPServer(react: good.react)
        try await test.run(provider(server.port, client))
        // One that fails in all ways, and whose tokens hold for a moment.
        let bad = Carrier(token: { Carrier.token($0, seconds: 1) }) { request in
            switch request.number % 5 {
            case 0: .close
            case 1: .reset
            case 2: .answer(401, "{}")
            case 3: .answer(429, "")
            default: Self.taken
            }
        }
        let failing = try await ScriptedHTTPServer(react: bad.react)
        try await test.run(provider(failing.port, client))
        client.stop()
        await server.stop()
        await failing.stop()
    }

    @Test func theTestFetchesAToken() async throws {
        for (token, wanted) in [
            (Carrier.token(1), "passed"), (.answer(400, #"{"error": "invalid_client"}"#), "refused"),
            (.answer(500, ""), "inconclusive"), (.close, "inconclusive"),
        ] {
            let carrier = Carrier(token: { _ in token }, send: { _ in Self.taken })
            let server = try await ScriptedHTTPServer(react: carrier.react)
            let client = HTTPClient()
            let kind = try Generic.kind(options(server.port), secrets: ["s": "pw"])
            let result = try await #require(kind.check(client: client)).run()
            switch result {
            case .passed: #expect(wanted == "passed")
            case .refused: #expect(wanted == "refused")
            case .inconclusive: #expect(wanted == "inconclusive")
            }
            #expect(carrier.shown.isEmpty)
            client.stop()
            await server.stop()
        }
    }
}
