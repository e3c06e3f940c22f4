internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Infobip, Sinch, Telnyx, Bandwidth and 46elks against stand-ins. Where a carrier has a library for Python, that sends to
/// the same stand-in, signs what is posted, and reads it.
@Suite(.timeLimit(.minutes(3))) struct CarrierPresetTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    struct PresetCarrier: Sendable, CustomStringConvertible {
        var description: String
        var secrets: [String: String]
        /// The secret that makes its posts believed, and what it is.
        var signing: (name: String, value: String)
        var options: String
        /// What its URLs begin with.
        var hosts: [String]
        var path: String
        var taken: Reaction
        var throttled = Reaction.answer(429, "{}")
    }

    static let infobip = PresetCarrier(
        description: "infobip", secrets: ["api_key": "k"], signing: ("webhook_password", "pw"),
        options: #"{"variables": {"base_url": "x1.api.infobip.com"}}"#, hosts: ["https://{{option.base_url}}"],
        path: "/sms/3/messages",
        taken: .answer(
            200,
            #"""
            {"bulkId": "b", "messages": [{"messageId": "m1", "status": {"groupId": 1, "groupName": "PENDING", "id": 26,
              "name": "PENDING_ACCEPTED", "description": "d"}, "destination": "1", "details": {"messageCount": 1}}]}
            """#))
    static let sinch = PresetCarrier(
        description: "sinch", secrets: ["api_token": "k"], signing: ("webhook_secret", "pw"),
        options: #"{"variables": {"service_plan_id": "acc"}}"#,
        hosts: ["https://{{option.region}}.sms.api.sinch.com"], path: "/xms/v1/acc/batches",
        taken: .answer(
            201,
            #"""
            {"id": "m1", "to": ["447400123456"], "from": "Apus", "canceled": false, "body": "hello", "type": "mt_text",
             "created_at": "2026-01-01T00:00:00.000Z", "modified_at": "2026-01-01T00:00:00.000Z"}
            """#))
    static let telnyx = PresetCarrier(
        description: "telnyx", secrets: ["api_key": "k"], signing: ("public_key", ""), options: "{}",
        hosts: ["https://api.telnyx.com"], path: "/v2/messages",
        taken: .answer(
            200,
            #"""
            {"data": {"record_type": "message", "direction": "outbound", "id": "m1", "type": "SMS", "parts": 1,
              "to": [{"phone_number": "+447400123456", "status": "queued"}]}}
            """#))
    static let bandwidth = PresetCarrier(
        description: "bandwidth", secrets: ["client_secret": "k"], signing: ("webhook_password", "pw"),
        options: #"{"variables": {"client_id": "cl", "account_id": "acc", "application_id": "app"}}"#,
        hosts: ["https://api.bandwidth.com", "https://messaging.bandwidth.com"], path: "/api/v2/users/acc/messages",
        taken: .answer(
            202,
            #"""
            {"id": "m1", "time": "2026-01-01T00:00:00Z", "owner": "+1", "to": ["+1"], "from": "+1", "text": "hello",
             "applicationId": "app", "direction": "out", "segmentCount": 1, "tag": "t"}
            """#))
    static let elks = PresetCarrier(
        description: "46elks", secrets: ["api_password": "k"], signing: ("webhook_password", "p w"),
        options: #"{"variables": {"api_username": "u1"}}"#, hosts: ["https://api.46elks.com"], path: "/a1/sms",
        taken: .answer(200, #"{"status": "created", "id": "m1", "to": "+447400123456", "parts": 1, "cost": 3500}"#))
    static let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)

    static let all = [infobip, sinch, telnyx, bandwidth, elks]

    /// The preset, with its URLs at a stand-in's port.
    func kind(
        _ carrier: PresetCarrier, port: Int = 1, key: String? = nil, isSigned: Bool = false, _ changes: String = "{}"
    ) throws -> GenericHTTPKind {
        let preset = try #require(GenericPreset.all.first { $0.name == carrier.description })
        var text = preset.description
        for host in carrier.hosts { text = text.replacing(host, with: "http://127.0.0.1:\(port)") }
        var options = try JSONValue(text)
        var secrets = carrier.secrets
        #expect(preset.signingSecret == carrier.signing.name)
        if isSigned {
            secrets[carrier.signing.name] = key ?? carrier.signing.value
            options = options.overlaid(by: try JSONValue(preset.signed))
        }
        options = options.overlaid(by: try JSONValue(carrier.options)).overlaid(by: try JSONValue(changes))
        return try Generic.kind(options.text, secrets: secrets, isWhole: true)
    }

    private static func react(_ carrier: PresetCarrier, _ reaction: Reaction) -> (ScriptedHTTPServer.Request) ->
        Reaction
    {
        { request in
            if request.target.hasSuffix("/oauth2/token") {
                return .answer(200, #"{"access_token": "t1", "token_type": "bearer", "expires_in": 3600}"#)
            }
            return request.target == carrier.path && request.method == "POST" ? reaction : .answer(404, "wrong")
        }
    }

    private static var batch: Submissions {
        var batch = Generic.batch()
        batch.items[0].expiresAt = Generic.now + 3_600_000
        return batch
    }

    // MARK: Sending

    @Test(arguments: all, ProviderConformance.cases)
    func conform(_ carrier: PresetCarrier, _ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let standIn = try await ScriptedHTTPServer { Self.react(carrier, carrier.taken)($0) }
        let fast = #"{"http": {"connections": 20}}"#
        try await test.run(try kind(carrier, port: standIn.port, fast).provider("x", client: client))
        let failing = try await ScriptedHTTPServer { request in
            let reaction: Reaction =
                switch request.number % 6 {
                case 0: .close
                case 1: .reset
                case 2: .answer(502, "<html>", type: "text/html")
                case 3: carrier.throttled
                default: carrier.taken
                }
            return Self.react(carrier, reaction)(request)
        }
        try await test.run(try kind(carrier, port: failing.port, fast).provider("x", client: client))
        client.stop()
        await standIn.stop()
        await failing.stop()
    }

    private struct Question: Encodable, Sendable {
        var carrier: String
        var url: String
        var values: [String: String]

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(carrier)
            try list.encode(url)
            try list.encode(values)
        }
    }

    /// Asks the carriers' libraries, which takes seconds, during which the threads that run the tests must not wait.
    func ask<Answer: Decodable & Sendable>(
        _ what: String, _ questions: [some Encodable & Sendable], as: Answer.Type
    ) async throws -> [Answer] {
        try await withCheckedThrowingContinuation { waiting in
            Thread.detachNewThread {
                waiting.resume(
                    with: Result { try Oracle("carrier_clients.py", what).answers(to: questions, as: Answer.self) })
            }
        }
    }

    /// What the carriers' own libraries send to the same stand-ins, and what the gateway does.
    @Test func sendAsTheirLibrariesDo() async throws {
        let carriers = [Self.infobip, Self.sinch, Self.telnyx, Self.bandwidth]
        var servers: [ScriptedHTTPServer] = []
        let client = HTTPClient()
        for carrier in carriers {
            let server = try await ScriptedHTTPServer { Self.react(carrier, carrier.taken)($0) }
            servers.append(server)
            let provider = try kind(carrier, port: server.port).provider("x", client: client)
            let events = ProviderEventLog()
            provider.start(events: events)
            provider.submit(Self.batch)
            await events.wait { !$0.answers.isEmpty }
            #expect(events.answers.map(\.outcome) == [.accepted(providerID: "m1", receipts: true)])
            provider.stop()
        }
        client.stop()
        let counts = servers.map(\.requests.count)
        let questions = zip(carriers, servers).map { carrier, server in
            let plain = ["infobip", "sinch"].contains(carrier.description)
            return Question(
                carrier: carrier.description, url: "http://127.0.0.1:\(server.port)",
                values: [
                    "key": "k", "account": "acc", "client": "cl", "application": "app", "from": "Apus",
                    "to": plain ? "447400123456" : "+447400123456", "text": "hello", "token": Generic.token,
                    "validity": "3600", "expiry": "2026-03-14T16:09:26Z", "webhook": Generic.webhook,
                    "callback": "\(Generic.webhook)?apus=\(Generic.token)",
                ])
        }
        #expect(try await ask("send", questions, as: String.self) == carriers.map { _ in "m1" })
        for ((carrier, server), count) in zip(zip(carriers, servers), counts) {
            let (ours, theirs) = (server.requests.prefix(count), server.requests.dropFirst(count))
            #expect(ours.map(\.target) == theirs.map(\.target), "\(carrier)")
            for (one, other) in zip(ours, theirs) {
                #expect(one.method == other.method)
                #expect(one.header("authorization") == other.header("authorization"), "\(carrier)")
                #expect(one.header("content-type") == other.header("content-type"), "\(carrier)")
                func body(_ request: ScriptedHTTPServer.Request) -> String {
                    let text = String(decoding: request.body, as: UTF8.self).replacing("+00:00", with: "Z")
                    return (try? JSONValue(text))?.text ?? text
                }
                #expect(body(one) == body(other), "\(carrier)")
            }
            await server.stop()
        }
    }

    @Test func whatElksIsSent() throws {
        let kind = try kind(Self.elks, isSigned: true)
        let request = kind.carrier.request(for: Self.batch.items[0], of: Self.batch)
        #expect(
            FormFields(decoding: request.body)?.fields == [
                .init("from", "Apus"), .init("message", "hello"), .init("to", "+447400123456"),
                .init(
                    "whendelivered",
                    "\(Generic.webhook.replacing("https://", with: "https://apus:p%20w@"))?apus=\(Generic.token)"),
            ])
        #expect(request.authentication == .basic(user: "u1", password: "k"))
    }

    @Test(arguments: all) func theirOwnURLs(_ carrier: PresetCarrier) throws {
        let options = try JSONValue(carrier.options).overlaid(by: .object(["preset": .string(carrier.description)]))
        let kind = try Generic.kind(options.text, secrets: carrier.secrets)
        #expect(kind.carrier.kind == carrier.description && kind.receiver != nil && kind.carrier.canBeAsked)
        let request = kind.carrier.request(for: Self.batch.items[0], of: Self.batch)
        #expect(request.url.hasPrefix("https://") && request.url.hasSuffix(carrier.path))
        // The secrets and variables that it can't do without.
        let bare = try Generic.violations("{\"preset\": \"\(carrier)\"}")
        #expect(!bare.isEmpty && bare.values.allSatisfy { $0.contains("needs the ") }, "\(bare)")
    }

    // MARK: Answers

    private func outcome(_ carrier: PresetCarrier, _ status: Int, _ body: String) throws -> Outcome {
        try kind(carrier).carrier.outcome(of: Generic.answer(status, body))
    }

    @Test(arguments: all) func onlyTheCarriersOwnWordCounts(_ carrier: PresetCarrier) throws {
        for status in [200, 202, 408, 500, 502, 503] {
            #expect(try outcome(carrier, status, "<html>") == .unknown(code: "HTTP_\(status)"))
        }
        #expect(try outcome(carrier, 429, "") == .throttled(retryAfterMilliseconds: nil))
        let refused = carrier.description == "bandwidth" ? "ACCESS_TOKEN_REFUSED" : "HTTP_401"
        #expect(try outcome(carrier, 401, "") == .unavailable(code: refused))
        #expect(try outcome(carrier, 403, "") == .unavailable(code: "HTTP_403"))
    }

    @Test func whatInfobipAnswers() throws {
        func answer(_ group: String, _ name: String) throws -> Outcome {
            try outcome(
                Self.infobip, 200,
                #"""
                {"messages": [{"messageId": "m", "status": {"groupName": "\#(group)", "name": "\#(name)",
                  "description": "why"}}]}
                """#)
        }
        #expect(try answer("PENDING", "PENDING_ACCEPTED") == .accepted(providerID: "m", receipts: true))
        #expect(try answer("ACCEPTED", "") == .accepted(providerID: "m", receipts: true))
        #expect(
            try answer("REJECTED", "REJECTED_NOT_ENOUGH_CREDITS") == .unavailable(code: "REJECTED_NOT_ENOUGH_CREDITS"))
        #expect(
            try answer("REJECTED", "REJECTED_SENDER") == .rejected(.sender, code: "REJECTED_SENDER", message: "why"))
        #expect(
            try answer("REJECTED", "REJECTED_DESTINATION")
                == .rejected(.recipient, code: "REJECTED_DESTINATION", message: "why"))
        #expect(
            try answer("REJECTED", "REJECTED_NETWORK") == .rejected(.route, code: "REJECTED_NETWORK", message: "why"))
        #expect(try answer("REJECTED", "REJECTED_SYSTEM_ERROR") == .unknown(code: "REJECTED_SYSTEM_ERROR"))
        #expect(try answer("NEW", "x") == .unknown(code: "HTTP_200"))
        #expect(
            try outcome(Self.infobip, 400, #"{"errorCode": "E400", "violations": [{"violation": "why"}]}"#)
                == .rejected(.route, code: "E400", message: "why"))
        #expect(
            try outcome(
                Self.infobip, 400,
                #"{"requestError": {"serviceException": {"messageId": "BAD_REQUEST", "text": "why"}}}"#)
                == .rejected(.route, code: "BAD_REQUEST", message: "why"))
    }

    @Test func whatTelnyxAnswers() throws {
        func error(_ code: String, _ status: Int = 400) throws -> Outcome {
            try outcome(Self.telnyx, status, #"{"errors": [{"code": "\#(code)", "title": "t", "detail": "why"}]}"#)
        }
        let rejections: [(RejectionScope, [String])] = [
            (.recipient, ["10002", "10016", "40310"]), (.optedOut, ["40300"]), (.content, ["40302"]),
            (.sender, ["40305", "10001"]), (.route, ["10015", "99999"]),
        ]
        for (scope, codes) in rejections {
            for code in codes { #expect(try error(code) == .rejected(scope, code: code, message: "why")) }
        }
        for code in ["10009", "10010", "20100"] { #expect(try error(code, 403) == .unavailable(code: code)) }
        #expect(try error("40318") == .throttled(retryAfterMilliseconds: nil, scope: .sender))
        #expect(try error("10007", 500) == .unknown(code: "HTTP_500"))
    }

    @Test func whatTheOthersAnswer() throws {
        func bandwidth(_ field: String, _ status: Int = 400) throws -> Outcome {
            try outcome(
                Self.bandwidth, status,
                #"""
                {"type": "request-validation", "description": "no", "fieldErrors": [
                  {"fieldName": "\#(field)", "description": "why"}]}
                """#)
        }
        for (field, scope) in [("to", RejectionScope.recipient), ("from", .sender), ("text", .content)] {
            #expect(try bandwidth(field) == .rejected(scope, code: "request-validation", message: "why"))
        }
        #expect(try bandwidth("media") == .rejected(.route, code: "request-validation", message: "no"))
        // Bandwidth says that whatever it answers 4xx or 5xx is not sent.
        #expect(try bandwidth("to", 500) == .unavailable(code: "request-validation"))
        #expect(
            try outcome(Self.sinch, 400, #"{"code": "syntax_invalid_json", "text": "why"}"#)
                == .rejected(.route, code: "syntax_invalid_json", message: "why"))
        #expect(try outcome(Self.sinch, 403, #"{"code": "unauthorized"}"#) == .unavailable(code: "unauthorized"))
        #expect(try outcome(Self.sinch, 500, #"{"code": "x"}"#) == .unknown(code: "HTTP_500"))
        #expect(
            try outcome(Self.elks, 400, "Missing key to")
                == .rejected(.route, code: "HTTP_400", message: "Missing key to"))
        #expect(try outcome(Self.elks, 403, "Not enough credits") == .unavailable(code: "HTTP_403"))
    }

    // MARK: Questions

    @Test(arguments: [
        (
            infobip, #"{"results": [{"messageId": "\#(Generic.token)", "status": {"groupName": "DELIVERED"}}]}"#,
            LookUpAnswer.found(providerID: Generic.token, status: .delivered)
        ),
        (infobip, #"{"results": []}"#, .nothing),
        (
            sinch, #"{"count": 1, "batches": [{"id": "m1", "client_reference": "\#(Generic.token)"}]}"#,
            .found(providerID: "m1")
        ),
        (
            elks,
            #"""
            {"data": [{"id": "m1", "to": "+447400123456", "message": "hello", "created": "2026-03-14T15:09:27.302000",
              "direction": "outgoing", "status": "sent"}, {"id": "m2", "to": "+447400123456", "message": "hello",
              "created": "2026-03-14T14:09:27.302000", "status": "sent"}]}
            """#,
            .found(providerID: "m1", status: .taken)
        ),
        (telnyx, "{}", .failed(code: "NOT_DESCRIBED")),
    ])
    func lostAnswers(_ carrier: PresetCarrier, _ body: String, _ wanted: LookUpAnswer) async throws {
        let server = try await ScriptedHTTPServer { _ in .answer(200, body) }
        let client = HTTPClient()
        let lookUp = try #require(kind(carrier, port: server.port).lookUp(client: client))
        let question = LookUpQuestion(
            recipient: "+447400123456", body: "hello", begun: Generic.now, ended: Generic.now + 1000,
            attempt: Self.attempt)
        let answer = await withCheckedContinuation { waiting in
            lookUp.ask(question) { waiting.resume(returning: $0) }
        }
        #expect(answer == wanted)
        lookUp.stop()
        client.stop()
        await server.stop()
    }

    @Test(arguments: [
        (infobip, #"{"results": [{"status": {"groupName": "EXPIRED"}, "error": {"name": "EC_X"}}]}"#, "EC_X"),
        (sinch, #"{"statuses": [{"code": 406, "status": "Expired", "count": 1}]}"#, "406"),
        (telnyx, #"{"data": {"to": [{"status": "expired"}], "errors": [{"code": "40005"}]}}"#, "40005"),
        (bandwidth, #"{"messages": [{"messageStatus": "FAILED", "errorCode": 4405}]}"#, "4405"),
        (elks, #"{"status": "failed"}"#, "FAILED"),
    ])
    func statuses(_ carrier: PresetCarrier, _ body: String, _ code: String) async throws {
        let server = try await ScriptedHTTPServer { request in
            request.target.hasSuffix("/oauth2/token")
                ? .answer(200, #"{"access_token": "t1", "expires_in": 3600}"#) : .answer(200, body)
        }
        let client = HTTPClient()
        let kind = try kind(carrier, port: server.port)
        let provider = kind.provider("x", client: client)
        provider.start(events: ProviderEventLog())
        let lookUp = try #require(kind.lookUp(client: client))
        let answer = await withCheckedContinuation { waiting in
            lookUp.askStatus(of: "m1") { waiting.resume(returning: $0) }
        }
        #expect(answer == .ended(.undelivered(code: code)))
        let asked = try #require(server.requests.last)
        #expect(asked.method == "GET" && asked.target.contains("m1"))
        provider.stop()
        client.stop()
        await server.stop()
    }

    @Test(arguments: [
        (infobip, #"{"balance": 47.5, "currency": "EUR"}"#), (sinch, #"{"count": 0, "batches": []}"#),
        (telnyx, #"{"data": {"balance": "300.00", "currency": "USD"}}"#), (bandwidth, #"{"totalCount": 0}"#),
        (elks, #"{"id": "u1", "balance": 100}"#),
    ])
    func testCalls(_ carrier: PresetCarrier, _ body: String) async throws {
        for (status, passes) in [(200, true), (401, false)] {
            let server = try await ScriptedHTTPServer { request in
                request.target.hasSuffix("/oauth2/token")
                    ? .answer(200, #"{"access_token": "t1", "expires_in": 3600}"#) : .answer(status, body)
            }
            let client = HTTPClient()
            let result = try await #require(kind(carrier, port: server.port).check(client: client)).run()
            switch result {
            case .passed: #expect(passes)
            case .refused: #expect(!passes)
            case .inconclusive: Issue.record("\(result)")
            }
            client.stop()
            await server.stop()
        }
    }
}
