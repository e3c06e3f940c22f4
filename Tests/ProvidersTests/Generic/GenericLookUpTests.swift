internal import ConfigurationModel
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Providers

/// Questions about messages whose answers were lost, and about what became of messages, against a stand-in.
@Suite(.timeLimit(.minutes(1))) struct GenericLookUpTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)
    private static let question = LookUpQuestion(
        recipient: "+447400123456", body: "hello", begun: Generic.now, ended: Generic.now + 15_000, knownIDs: ["known"],
        attempt: attempt)

    private func kind(_ port: Int, _ message: String, more: String = "") throws -> GenericHTTPKind {
        try Generic.kind(
            #"""
            {"authentication": {"scheme": "basic", "user": "u", "password": "p"},
             "look_up": {
               "message": {"request": {"url": "http://127.0.0.1:\#(port)/messages", "query": {
                 "to": "{{to_digits}}", "ref": "{{token}}", "since": "{{since}}", "until": "{{until}}"}}, \#(message)},
               "status": {"request": {"url": "http://127.0.0.1:\#(port)/messages/{{provider_id}}"},
                 "status": "/state", "error": "/why"},
               "statuses": {"ok": "delivered", "bad": "undelivered", "new": "pending"}}\#(more)}
            """#)
    }

    private func answer(
        _ message: String, to question: LookUpQuestion = question, _ reaction: Reaction
    ) async throws -> (LookUpAnswer, [ScriptedHTTPServer.Request]) {
        let server = try await ScriptedHTTPServer { _ in reaction }
        let client = HTTPClient()
        let lookUp = try #require(try kind(server.port, message).lookUp(client: client))
        let answer = await withCheckedContinuation { waiting in
            lookUp.ask(question) { waiting.resume(returning: $0) }
        }
        lookUp.stop()
        client.stop()
        await server.stop()
        return (answer, server.requests)
    }

    private static let byToken = #""items": "/list", "id": "/id", "token": "/ref", "status": "/state""#

    @Test func byTheToken() async throws {
        func list(_ items: String...) -> Reaction { .answer(200, "{\"list\": [\(items.joined(separator: ","))]}") }
        let own = #"{"id": "m1", "ref": "\#(Generic.token)", "state": "ok"}"#
        let other = #"{"id": "m2", "ref": "77-2-x", "state": "ok"}"#
        let (found, requests) = try await answer(Self.byToken, list(other, own))
        #expect(found == .found(providerID: "m1", status: .delivered))
        let request = try #require(requests.first)
        #expect(request.method == "GET" && request.header("authorization") == "Basic dTpw")
        let query = FormFields(decoding: request.target.split(separator: "?")[1].utf8)
        #expect(
            query?.fields.map(\.value) == [
                Generic.token, "2026-03-14T15:08:26Z", "447400123456", "2026-03-14T15:10:41Z",
            ])
        for (reaction, wanted) in [
            (list(), LookUpAnswer.nothing), (list(other), .nothing),
            (list(#"{"ref": "\#(Generic.token)"}"#), .nothing),
            (list(own.replacing("m1", with: "known")), .nothing),
            (list(own, own.replacing("m1", with: "m3")), .ambiguous(providerIDs: ["m1", "m3"])),
            (list(own.replacing("\"ok\"", with: "\"odd\"")), .found(providerID: "m1", status: nil)),
            (.answer(200, "{}"), .failed(code: "HTTP_200")), (.answer(200, "<html>"), .failed(code: "HTTP_200")),
            (.answer(404, "{}"), .failed(code: "HTTP_404")), (.answer(500, "{}"), .failed(code: "HTTP_500")),
            (.close, .failed(code: "NO_ANSWER")),
        ] {
            #expect(try await answer(Self.byToken, reaction).0 == wanted, "\(wanted)")
        }
    }

    @Test func aSingleMessage() async throws {
        let message = #""id": "/id", "token": "/ref""#
        let own = #"{"id": "m1", "ref": "\#(Generic.token)"}"#
        #expect(try await answer(message, .answer(200, own)).0 == .found(providerID: "m1"))
        // Here a 404 is the carrier's way of saying no.
        #expect(try await answer(message, .answer(404, "{}")).0 == .nothing)
        #expect(try await answer(message, .answer(401, "{}")).0 == .failed(code: "HTTP_401"))
    }

    @Test func byWhatItSays() async throws {
        let place = #""items": "", "id": "/id", "to": "/to", "text": "/text", "at": "/at""#
        func list(_ items: [(String, String, String, String)]) -> Reaction {
            let texts = items.map {
                #"{"id": "\#($0.0)", "to": "\#($0.1)", "text": "\#($0.2)", "at": "\#($0.3)"}"#
            }
            return .answer(200, "[\(texts.joined(separator: ","))]")
        }
        let (to, at) = ("447400123456", "2026-03-14T15:09:30.5")
        for (items, wanted) in [
            ([("a", to, "hello", at)], LookUpAnswer.found(providerID: "a")),
            ([("a", "+\(to)", "hello", "")], .found(providerID: "a")),
            // The clocks may differ by a minute.
            ([("a", to, "hello", "2026-03-14T15:08:26Z")], .found(providerID: "a")),
            ([("a", to, "hello", "2026-03-14T15:08:25Z")], .nothing),
            ([("a", to, "hello", "2026-03-14T15:10:41Z")], .found(providerID: "a")),
            ([("a", to, "hello", "2026-03-14T15:10:42Z")], .nothing),
            ([("a", "1", "hello", at), ("known", to, "hello", at)], .nothing),
            // The carrier may have changed the text.
            ([("a", to, "hallo", at)], .ambiguous(providerIDs: ["a"])),
            ([("a", to, "hallo", at), ("b", to, "hello", at)], .found(providerID: "b")),
            ([("a", to, "hello", at), ("b", to, "hello", at)], .ambiguous(providerIDs: ["a", "b"])),
        ] {
            #expect(try await answer(place, list(items)).0 == wanted, "\(items)")
        }
    }

    @Test func whatBecameOfAMessage() async throws {
        func ask(_ id: String, _ reaction: Reaction) async throws -> (StatusAnswer, [String]) {
            let server = try await ScriptedHTTPServer { _ in reaction }
            let client = HTTPClient()
            let lookUp = try #require(try kind(server.port, Self.byToken).lookUp(client: client))
            let answer = await withCheckedContinuation { waiting in
                lookUp.askStatus(of: id) { waiting.resume(returning: $0) }
            }
            client.stop()
            await server.stop()
            return (answer, server.requests.map(\.target))
        }
        let (answer, targets) = try await ask("a/b c", .answer(200, #"{"state": "ok"}"#))
        #expect(answer == .ended(.delivered) && targets == ["/messages/a%2Fb%20c"])
        for (body, wanted) in [
            (#"{"state": "BAD", "why": 30}"#, StatusAnswer.ended(.undelivered(code: "30"))),
            (#"{"state": "bad", "why": 0}"#, .ended(.undelivered(code: "BAD"))),
            (#"{"state": "new"}"#, .pending), (#"{"state": "odd"}"#, .failed(code: "STATUS_NOT_DESCRIBED")),
            ("{}", .failed(code: "STATUS_NOT_DESCRIBED")), ("<html>", .failed(code: "HTTP_200")),
        ] {
            #expect(try await ask("a", .answer(200, body)).0 == wanted, "\(body)")
        }
        #expect(try await ask("a", .answer(404, "")).0 == .unknown)
        #expect(try await ask("a", .answer(503, "")).0 == .failed(code: "HTTP_503"))
        // It would be a step of the path.
        for id in ["", ".", ".."] {
            let (answer, targets) = try await ask(id, .answer(200, "{}"))
            #expect(answer == .unknown && targets.isEmpty)
        }
    }

    @Test func whoCanBeAsked() throws {
        #expect(!(try Generic.kind().carrier.canBeAsked))
        #expect(try kind(1, Self.byToken).carrier.canBeAsked)
        let client = HTTPClient()
        defer { client.stop() }
        #expect(try Generic.kind().lookUp(client: client) == nil)
        #expect(try Generic.kind().check(client: client) == nil)
    }

    // MARK: A test call

    @Test(arguments: [
        (200, #"{"balance": 3.5, "currency": "EUR"}"#, "passed the carrier takes the credentials: 3.5"),
        (200, "<html>", "inconclusive HTTP_200"), (200, #"{"error": 1}"#, "inconclusive HTTP_200"),
        (401, "", "refused HTTP_401"), (403, "", "refused HTTP_403"), (404, "", "refused HTTP_404"),
        (429, "", "inconclusive HTTP_429"), (500, "", "inconclusive HTTP_500"),
    ])
    func aTestCall(_ status: Int, _ body: String, _ wanted: String) async throws {
        let server = try await ScriptedHTTPServer { _ in .answer(status, body) }
        let client = HTTPClient()
        let kind = try Generic.kind(
            #"""
            {"authentication": {"scheme": "bearer", "token": "t"}, "test": {
              "request": {"url": "http://127.0.0.1:\#(server.port)/balance"}, "when": {"/currency": true},
              "detail": "/balance"}}
            """#)
        let result = try await #require(kind.check(client: client)).run()
        switch result {
        case .passed(let detail): #expect("passed \(detail)" == wanted)
        case .refused(let code, _): #expect("refused \(code)" == wanted)
        case .inconclusive(let code, _): #expect("inconclusive \(code)" == wanted)
        }
        #expect(server.requests.map(\.method) == ["GET"])
        #expect(server.requests.first?.header("authorization") == "Bearer t")
        client.stop()
        await server.stop()
    }
}
