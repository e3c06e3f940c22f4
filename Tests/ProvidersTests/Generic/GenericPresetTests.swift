internal import ConfigurationModel
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// The ready-made descriptions: what they send, and what they make of answers. The stand-ins are as strict as the
/// carriers' pages say.
@Suite(.timeLimit(.minutes(3))) struct GenericPresetTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    struct Preset: Sendable, CustomStringConvertible {
        var description: String
        var secrets: [String: String]
        var options: String
        /// The path of its URL.
        var path: String
        var taken: Reaction
        var throttled: Reaction
        /// What is wrong with a request; nil if it is as it should be.
        var problem: @Sendable (ScriptedHTTPServer.Request) -> String?
    }

    static let presets = [
        Preset(
            description: "vonage", secrets: ["api_secret": "s&t"], options: #"{"variables": {"api_key": "ab12"}}"#,
            path: "/sms/json",
            taken: .answer(
                200,
                #"{"message-count":"1","messages":[{"to":"447400123456","message-id":"0A1","status":"0","remaining-balance":"3.14"}]}"#
            ),
            throttled: .answer(
                200, #"{"message-count":"1","messages":[{"status":"1","error-text":"Throughput Rate Exceeded"}]}"#),
            problem: { request in
                guard let form = FormFields(decoding: request.body),
                    request.header("content-type") == "application/x-www-form-urlencoded"
                else { return "no form" }
                let names = form.fields.map(\.name.text)
                let wanted = ["api_key", "api_secret", "callback", "client-ref", "from", "text", "to", "type"]
                if names != wanted { return "\(names)" }
                let values = ["ab12", "s&t", Generic.webhook, "Apus", "hello", "447400123456", "text"]
                let found = ["api_key", "api_secret", "callback", "from", "text", "to", "type"].map(form.only)
                return found == values ? nil : "\(found)"
            }),
        Preset(
            description: "plivo", secrets: ["auth_token": "t0ken"], options: #"{"variables": {"auth_id": "MA1"}}"#,
            path: "/v1/Account/MA1/Message/",
            taken: .answer(
                202, #"{"api_id":"x","message":"message(s) queued","message_uuid":["db3ce55a-7f1d"]}"#),
            throttled: .answer(429, #"{"api_id":"x","error":"too many requests"}"#),
            problem: { request in
                guard request.header("authorization") == "Basic TUExOnQwa2Vu",
                    request.header("content-type") == "application/json", let json = try? JSONValue(request.body)
                else { return "credentials, or no JSON" }
                guard json["url"]?.string?.hasPrefix("\(Generic.webhook)?apus=") ?? false else { return "no url" }
                var members = json.object ?? [:]
                members["url"] = nil
                let wanted: [TextKey: JSONValue] = [
                    "src": .string("Apus"), "dst": .string("+447400123456"), "text": .string("hello"),
                    "method": .string("POST"),
                ]
                return members == wanted ? nil : json.text
            }),
        Preset(
            description: "messagebird", secrets: ["access_key": "live_x"], options: "{}", path: "/messages",
            taken: .answer(201, #"{"id":"e8077d803532c0b5937c639b60216938","recipients":{"totalSentCount":1}}"#),
            throttled: .answer(429, #"{"errors":[{"code":101,"description":"slow down","parameter":null}]}"#),
            problem: { request in
                guard request.header("authorization") == "AccessKey live_x",
                    request.header("content-type") == "application/json", let json = try? JSONValue(request.body)
                else { return "credentials, or no JSON" }
                var members = json.object ?? [:]
                guard members["reference"]?.string?.utf8.count ?? 0 > 20 else { return "no reference" }
                members["reference"] = nil
                let wanted: [TextKey: JSONValue] = [
                    "originator": .string("Apus"), "recipients": .array([.string("447400123456")]),
                    "body": .string("hello"), "datacoding": .string("plain"), "reportUrl": .string(Generic.webhook),
                ]
                return members == wanted ? nil : json.text
            }),
    ]

    private func kind(_ preset: Preset, _ changes: String = "{}") throws -> GenericHTTPKind {
        let options = try JSONValue(preset.options).overlaid(by: .object(["preset": .string(preset.description)]))
        return try Generic.kind(options.overlaid(by: JSONValue(changes)).text, secrets: preset.secrets)
    }

    private func provider(_ preset: Preset, _ server: ScriptedHTTPServer, _ client: HTTPClient) throws -> HTTPProvider {
        let url =
            #"{"request": {"url": "http://127.0.0.1:\#(server.port)\#(preset.path)"}, "http": {"connections": 20}}"#
        return HTTPProvider(name: "\(preset)-1", carrier: try kind(preset, url).carrier, client: client)
    }

    @Test(arguments: presets, ProviderConformance.cases)
    func conform(_ preset: Preset, _ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let standIn = try await ScriptedHTTPServer { request in
            request.target == preset.path && preset.problem(request) == nil ? preset.taken : .answer(400, "wrong")
        }
        try await test.run(provider(preset, standIn, client))
        // One that fails in all ways.
        let failing = try await ScriptedHTTPServer { request in
            switch request.number % 6 {
            case 0: .close
            case 1: .reset
            case 2: .answer(502, "<html>", type: "text/html")
            case 3: preset.throttled
            default: preset.taken
            }
        }
        try await test.run(provider(preset, failing, client))
        client.stop()
        await standIn.stop()
        await failing.stop()
    }

    @Test(arguments: presets) func requestsAreAsTheCarrierWantsThem(_ preset: Preset) async throws {
        let client = HTTPClient()
        let standIn = try await ScriptedHTTPServer { request in
            request.target == preset.path && request.method == "POST" ? preset.taken : .answer(400, "wrong")
        }
        let provider = try provider(preset, standIn, client)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(Generic.batch())
        await events.wait { !$0.answers.isEmpty }
        guard case .accepted(_, receipts: true, parts: _)? = events.answers.first?.outcome else {
            Issue.record("\(events.answers)")
            return
        }
        #expect(standIn.requests.map { preset.problem($0) } == [nil])
        provider.stop()
        client.stop()
        await standIn.stop()
    }

    @Test(arguments: presets) func theirOwnURLsAreAbsolute(_ preset: Preset) throws {
        let kind = try kind(preset)
        #expect(kind.carrier.kind == preset.description && kind.receiver != nil)
        let batch = Generic.batch("ж", encoding: .ucs2)
        let request = kind.carrier.request(for: batch.items[0], of: batch)
        #expect(request.url.hasPrefix("https://") && request.url.hasSuffix(preset.path))
        let isUnicode = request.text.contains("unicode")
        #expect(isUnicode || preset.description == "plivo")
        // The secrets and variables that it can't do without.
        let bare = try Generic.violations("{\"preset\": \"\(preset)\"}")
        #expect(!bare.isEmpty && bare.values.allSatisfy { $0.contains("needs the ") })
    }

    private func outcome(_ preset: Int, _ status: Int, _ body: String) throws -> Outcome {
        try kind(Self.presets[preset]).carrier.outcome(of: Generic.answer(status, body))
    }

    @Test func whatVonageAnswers() throws {
        func vonage(_ statuses: String...) throws -> Outcome {
            let parts = statuses.map { #"{"status":"\#($0)","message-id":"id","error-text":"why"}"# }
            return try outcome(0, 200, #"{"message-count":"1","messages":[\#(parts.joined(separator: ","))]}"#)
        }
        let rejections: [(RejectionScope, [String])] = [
            (.recipient, ["7", "33"]), (.content, ["12"]), (.sender, ["15"]), (.route, ["2", "3", "6", "22", "29"]),
        ]
        for (scope, codes) in rejections {
            for code in codes { #expect(try vonage(code) == .rejected(scope, code: code, message: "why")) }
        }
        for code in ["1", "10"] { #expect(try vonage(code) == .throttled(retryAfterMilliseconds: nil)) }
        for code in ["4", "8", "9", "11", "14", "32"] { #expect(try vonage(code) == .unavailable(code: code)) }
        // An error of Vonage's own, and what isn't known.
        for code in ["5", "13", "99", ""] { #expect(try vonage(code) == .unknown(code: code), "\(code)") }
        #expect(try vonage("0", "0") == .accepted(providerID: "id", receipts: true))
        // A part of it was taken: it can't be delivered, and must not be sent again.
        for parts in [["0", "1"], ["1", "0"]] {
            #expect(
                try vonage(parts[0], parts[1])
                    == .accepted(
                        providerID: "id", receipts: true, parts: AcceptedParts(furtherIDs: [], refusal: "1")))
        }
        #expect(
            try outcome(
                0, 200,
                #"""
                {"message-count":"2","messages":[{"status":"0","message-id":"0A1"},{"status":"0","message-id":"0A2"}]}
                """#)
                == .accepted(providerID: "0A1", receipts: true, parts: AcceptedParts(furtherIDs: ["0A2"])))
        #expect(try vonage("1", "1") == .throttled(retryAfterMilliseconds: nil))
        #expect(try outcome(0, 401, "") == .unavailable(code: "HTTP_401"))
        #expect(try outcome(0, 429, "") == .throttled(retryAfterMilliseconds: nil))
        for status in [200, 400, 403, 404, 408, 500, 502, 503] {
            #expect(try outcome(0, status, "<html>") == .unknown(code: "HTTP_\(status)"))
        }
    }

    @Test func whatPlivoAnswers() throws {
        let error = #"{"api_id":"x","error":"why"}"#
        #expect(try outcome(1, 400, error) == .rejected(.route, code: "HTTP_400", message: "why"))
        for status in [401, 404, 405] {
            #expect(try outcome(1, status, error) == .unavailable(code: "HTTP_\(status)"))
        }
        #expect(try outcome(1, 429, error) == .throttled(retryAfterMilliseconds: nil))
        #expect(try outcome(1, 400, "<html>") == .unknown(code: "HTTP_400"))
        for status in [202, 402, 408, 409, 500, 503] {
            #expect(try outcome(1, status, error) == .unknown(code: "HTTP_\(status)"))
        }
        #expect(try outcome(1, 202, #"{"message_uuid":[]}"#) == .unknown(code: "HTTP_202"))
        #expect(try outcome(1, 202, #"{"message_uuid":["u"]}"#) == .accepted(providerID: "u", receipts: true))
    }

    @Test func whatMessageBirdAnswers() throws {
        func errors(_ status: Int, _ code: Int, _ parameter: String) throws -> Outcome {
            try outcome(
                2, status, #"{"errors":[{"code":\#(code),"description":"why","parameter":\#(parameter)}]}"#)
        }
        #expect(try errors(422, 9, #""recipients""#) == .rejected(.recipient, code: "9", message: "why"))
        #expect(try errors(422, 10, #""recipient""#) == .rejected(.recipient, code: "10", message: "why"))
        #expect(try errors(422, 10, #""originator""#) == .rejected(.sender, code: "10", message: "why"))
        #expect(try errors(422, 10, #""type""#) == .rejected(.route, code: "10", message: "why"))
        #expect(try errors(404, 20, "null") == .rejected(.route, code: "20", message: "why"))
        for code in [2, 25] { #expect(try errors(400, code, "null") == .unavailable(code: "\(code)")) }
        // Errors of MessageBird's own, with whatever status, and what isn't known.
        for code in [98, 99, 101] { #expect(try errors(400, code, "null") == .unknown(code: "\(code)")) }
        for status in [408, 500, 503] {
            #expect(try errors(status, 9, #""recipients""#) == .unknown(code: "HTTP_\(status)"))
        }
        #expect(try errors(429, 101, "null") == .throttled(retryAfterMilliseconds: nil))
        #expect(try outcome(2, 401, "") == .unavailable(code: "HTTP_401"))
        #expect(try outcome(2, 201, #"{"id":""}"#) == .unknown(code: "HTTP_201"))
    }

    @Test func withoutASigningSecretOnlyTokensAreBelieved() async throws {
        let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)
        let receipts: [(Int, WebhookRequest)] = [
            (0, Generic.posted(#"{"messageId":"1","client-ref":"\#(Generic.token)","status":"delivered"}"#)),
            (2, Generic.posted("", query: "id=1&reference=\(Generic.token)&status=delivered", method: "GET")),
        ]
        for (preset, request) in receipts {
            let receiver = try #require(try kind(Self.presets[preset]).receiver)
            // An id only tells parts apart, where the carrier gives them ids.
            let part = preset == 0 ? ReceiptPart.id("1") : nil
            #expect(
                await receiver.receive(request, now: Generic.now).events
                    == [.receipt(CarrierReceipt(attempt: attempt, status: .delivered, part: part))])
            let unknown = Generic.posted(#"{"messageId":"1","id":"1","status":"delivered"}"#)
            #expect(await receiver.receive(unknown, now: Generic.now).isRefused)
            // Messages to the gateway could be anybody's.
            let inbound = Generic.posted(#"{"messageId":"1","msisdn":"44","to":"45","text":"STOP"}"#)
            #expect(await receiver.receive(inbound, now: Generic.now).events == nil)
        }
    }
}
