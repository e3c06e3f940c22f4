internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Twilio's own library signs what is posted here.
@Suite struct TwilioReceiverTests {
    private static let token = "the auth token"
    private static let sharedKey = "a shared key's secret"
    private static let key = Array("a key for tokens".utf8)
    private static let sid = "SM0123456789abcdef0123456789abcdef"
    private static let url = "https://sms.example.com/webhooks/eu"

    private let receiver = TwilioReceiver(
        accountSID: TwilioStandIn.account, secrets: ["the next one", token, sharedKey], receiptKey: key)

    private struct Question: Encodable {
        var url: String
        var fields: [(String, String)]
        var token = TwilioReceiverTests.token
        var algorithm: String?

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(token)
            try list.encode(url)
            try list.encode(fields.map { [$0.0, $0.1] })
            try list.encode(algorithm)
        }
    }

    private static func status(_ status: String, _ more: [(String, String)] = []) -> [(String, String)] {
        [
            ("AccountSid", TwilioStandIn.account), ("ApiVersion", "2010-04-01"), ("From", "+15005550006"),
            ("MessageSid", sid), ("MessageStatus", status), ("SmsSid", sid), ("SmsStatus", status),
            ("To", "+14155550100"),
        ] + more
    }

    private static let inbound = [
        ("AccountSid", TwilioStandIn.account), ("Body", "STOP & go 100% \u{E9}\u{1F600}"), ("From", "+14155550100"),
        ("MessageSid", sid), ("NumMedia", "0"), ("SmsStatus", "received"), ("To", "+15005550006"),
    ]

    private func signed(_ questions: [Question]) throws -> [String] {
        try Oracle("twilio_client.py", "sign").answers(to: questions, as: String.self)
    }

    /// A request as it comes; the signature is Twilio's.
    private func request(
        _ fields: [(String, String)], query: String = "", method: String = "POST", token: String = token,
        algorithm: String? = nil
    ) throws -> WebhookRequest {
        var form = FormWriter()
        for (name, value) in fields { form.append(name, value) }
        let isGet = method == "GET"
        let text = isGet ? String(decoding: form.bytes, as: UTF8.self) : query
        let url = text.isEmpty ? Self.url : "\(Self.url)?\(text)"
        let signature = try signed([
            Question(url: url, fields: isGet ? [] : fields, token: token, algorithm: algorithm)
        ])[0]
        var headers = [HTTPHeader("x-twilio-signature", signature)]
        if !isGet { headers.append(HTTPHeader("content-type", "application/x-www-form-urlencoded; charset=UTF-8")) }
        if let algorithm {
            headers.append(HTTPHeader("x-twilio-webhooks-signature-settings", "key=SK1,algorithm=\(algorithm)"))
        }
        return WebhookRequest(
            method: method, url: url, query: text, headers: headers, body: isGet ? [] : form.bytes)
    }

    @Test func receipts() async throws {
        let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)
        let query = "\(CorrelationToken.parameter)=\(attempt.text(key: Self.key))"
        let cases: [(String, [(String, String)], ReceiptStatus?)] = [
            ("delivered", [], .delivered), ("sent", [], .taken), ("queued", [], .taken),
            ("undelivered", [("ErrorCode", "30003")], .undelivered(code: "30003")),
            ("failed", [], .undelivered(code: "FAILED")),
        ]
        for (status, more, expected) in cases {
            let verdict = await receiver.receive(
                try request(Self.status(status, more + [("NewField", "\u{E9} +&=%")]), query: query), now: 0)
            #expect(
                verdict
                    == .believed(
                        [.receipt(CarrierReceipt(attempt: attempt, providerID: Self.sid, status: expected))],
                        WebhookAnswer(status: 204)))
        }
    }

    @Test func receiptsWithoutOurToken() async throws {
        for query in ["", "\(CorrelationToken.parameter)=77-2-AAAA", "other=1"] {
            let verdict = await receiver.receive(try request(Self.status("delivered"), query: query), now: 0)
            #expect(
                verdict
                    == .believed(
                        [.receipt(CarrierReceipt(providerID: Self.sid, status: .delivered))], WebhookAnswer()))
        }
    }

    @Test func messagesToTheAccountsNumbers() async throws {
        let message = InboundMessage(
            providerID: Self.sid, sender: "+14155550100", recipient: "+15005550006", body: Self.inbound[1].1)
        for method in ["POST", "GET"] {
            let verdict = await receiver.receive(try request(Self.inbound, method: method), now: 0)
            #expect(
                verdict
                    == .believed(
                        [.inbound(message)],
                        WebhookAnswer(status: 200, contentType: "text/xml", body: "<Response/>")), "\(method)")
        }
    }

    /// With Advanced Opt-Out the account has words of its own, and Twilio says what it took a message for.
    @Test(arguments: [("STOP", OptOutAction.stop), ("START", .start), ("HELP", .help), ("stop", .stop)])
    func whatTwilioUnderstood(_ type: String, _ action: OptOutAction) async throws {
        let events = await receiver.receive(try request(Self.inbound + [("OptOutType", type)]), now: 0).events
        guard case .inbound(let message)? = events?.first else {
            Issue.record("no message")
            return
        }
        #expect(message.action == action)
        #expect(message.body == Self.inbound[1].1)
    }

    @Test func anotherWordOfTwiliosIsNone() async throws {
        let events = await receiver.receive(try request(Self.inbound + [("OptOutType", "LATER")]), now: 0).events
        guard case .inbound(let message)? = events?.first else {
            Issue.record("no message")
            return
        }
        #expect(message.action == nil && message.service == "" && message.media.isEmpty)
    }

    @Test func mediaAndTheServiceThatItCameTo() async throws {
        let fields =
            Self.inbound.filter { $0.0 != "NumMedia" } + [
                ("NumMedia", "2"), ("MediaUrl0", "https://api.twilio.com/1"), ("MediaContentType0", "image/jpeg"),
                ("MediaUrl1", "https://api.twilio.com/2"), ("MessagingServiceSid", "MG1"),
            ]
        let events = await receiver.receive(try request(fields), now: 0).events
        guard case .inbound(let message)? = events?.first else {
            Issue.record("no message")
            return
        }
        #expect(
            message.media == [
                InboundMedia(url: "https://api.twilio.com/1", contentType: "image/jpeg"),
                InboundMedia(url: "https://api.twilio.com/2"),
            ])
        #expect(message.service == "MG1")
    }

    @Test func mediaHaveBounds() {
        var message = InboundMessage(providerID: "a", sender: "1", recipient: "2", body: "")
        let longest = "https://" + String(repeating: "a", count: Limits.inboundMediaURLBytes - 8)
        let type = String(repeating: "t", count: Limits.inboundMediaTypeBytes)
        for url in [longest + "a", "ftp://a/1", "javascript:1", ""] { message.append(mediaURL: url, contentType: "") }
        #expect(message.media.isEmpty)
        message.append(mediaURL: longest, contentType: type + "t")
        message.append(mediaURL: "http://a/1", contentType: type)
        #expect(message.media.map(\.contentType) == ["", type])
        for _ in 0..<Limits.inboundMedia { message.append(mediaURL: longest, contentType: "") }
        #expect(message.media.count == Limits.inboundMedia)
    }

    @Test func tokensAndAlgorithms() async throws {
        func isBelieved(_ request: WebhookRequest) async -> Bool {
            if case .believed = await receiver.receive(request, now: 0) { true } else { false }
        }
        #expect(await isBelieved(try request(Self.inbound, token: "the next one")))
        #expect(await isBelieved(try request(Self.inbound, algorithm: "HMAC_SHA256")))
        for algorithm in ["HMAC_SHA256", "HMAC_SHA1"] {
            #expect(await isBelieved(try request(Self.inbound, token: Self.sharedKey, algorithm: algorithm)))
            #expect(await !isBelieved(try request(Self.inbound, token: "another key's", algorithm: algorithm)))
        }
        #expect(await !isBelieved(try request(Self.inbound, token: "another's")))
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded", "application/x-www-form-urlencoded ; charset=UTF-8",
        " Application/X-WWW-Form-Urlencoded\t;charset=UTF-8", "application/x-www-form-urlencoded;",
    ])
    func formsAreKnownByTheirType(_ type: String) async throws {
        var request = try request(Self.inbound)
        request.headers[1].value = type
        let verdict = await receiver.receive(request, now: 0)
        guard case .believed = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }

    @Test func whatIsNotTwiliosIsRefused() async throws {
        func isRefused(_ change: (inout WebhookRequest) -> Void) async throws -> Bool {
            var request = try self.request(Self.status("delivered"), query: "a=1")
            change(&request)
            if case .refused = await receiver.receive(request, now: 0) { return true } else { return false }
        }
        #expect(try await !isRefused { _ in })
        #expect(try await isRefused { $0.headers.removeFirst() })
        #expect(try await isRefused { $0.headers.append($0.headers[0]) })
        #expect(try await isRefused { $0.headers[0].value = "AAAA" })
        #expect(try await isRefused { $0.url += "&b=2" })
        #expect(try await isRefused { $0.body += Array("&x=1".utf8) })
        #expect(try await isRefused { $0.body = [] })
        #expect(try await isRefused { $0.body = Array("%zz".utf8) })
        // A body of another type is covered by its hash alone.
        #expect(try await isRefused { $0.headers[1].value = "application/json" })
        // Signed by this account's token, and yet another account's.
        let other = Self.inbound.map { $0.0 == "AccountSid" ? ($0.0, "AC" + String(repeating: "9", count: 32)) : $0 }
        #expect(await receiver.receive(try request(other), now: 0) == .refused(reason: "it is another account's"))
    }

    @Test func whatCannotBeRead() async throws {
        func isUnreadable(_ fields: [(String, String)]) async throws -> Bool {
            if case .unreadable = await receiver.receive(try request(fields), now: 0) { true } else { false }
        }
        #expect(try await isUnreadable([("AccountSid", TwilioStandIn.account)]))
        #expect(try await isUnreadable(Self.inbound.filter { $0.0 != "Body" }))
        #expect(try await isUnreadable(Self.inbound + [("Body", "two")]))
        #expect(try await isUnreadable(Self.status("delivered").map { $0.0 == "MessageSid" ? ($0.0, "SM1") : $0 }))

        // JSON, its hash in the signed URL.
        let query = "bodySHA256=15fe936d5a5c4a564c8dc9002280009263c0cc0bd0f28e16652529a9f83b2d23"
        let url = "\(Self.url)?\(query)"
        let event = WebhookRequest(
            method: "POST", url: url, query: query,
            headers: [
                HTTPHeader("x-twilio-signature", try signed([Question(url: url, fields: [])])[0]),
                HTTPHeader("content-type", "application/json"),
            ], body: Array(#"{"hello":"w\#u{F6}rld"}"#.utf8))
        #expect(await receiver.receive(event, now: 0) == .unreadable(reason: "it is no form"))
    }
}
