internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// End User Messaging against a stand-in, to which botocore sends too.
@Suite(.timeLimit(.minutes(3))) struct AWSSMSProviderTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let credentials = AWSCredentials(
        keyID: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    private func options(_ port: Int = 1) -> AWSSMSOptions {
        var options = AWSSMSOptions(credentials: Self.credentials, region: "us-east-1")
        options.endpoint = "http://127.0.0.1:\(port)"
        return options
    }

    private func carrier(_ options: AWSSMSOptions, receipts: Bool = true) throws -> AWSSMSCarrier {
        try AWSSMSCarrier(options, receiptKey: Generic.receiptKey, receipts: receipts, now: { Generic.now })
    }

    private static func error(_ kind: String, _ status: Int = 400, _ members: String = "") -> Reaction {
        .answer(
            status, #"{"__type": "\#(kind)", "Message": "why"\#(members)}"#, type: "application/x-amz-json-1.0")
    }

    /// The value as strict as the service's model.
    private static func react(_ request: ScriptedHTTPServer.Request) -> Reaction {
        guard request.method == "POST", request.target == "/",
            request.header("content-type") == "application/x-amz-json-1.0",
            request.header("x-amz-target") == "PinpointSMSVoiceV2.SendTextMessage",
            let body = try? JSONValue(request.body)
        else { return error("UnknownOperationException", 404) }
        guard body["DestinationPhoneNumber"]?.string?.wholeMatch(of: /\+?[1-9][0-9]{1,18}/) != nil else {
            return error(
                "ValidationException", 400,
                #", "Reason": "FIELD_VALIDATION_FAILED", "Fields": [{"Name": "DestinationPhoneNumber", "Message": "m"}]"#
            )
        }
        switch body["MessageBody"]?.string {
        case "500": return error("InternalServerException", 500)
        case "throttled": return error("ThrottlingException")
        case "lost": return .close
        default: return .answer(200, #"{"MessageId": "m1"}"#, type: "application/x-amz-json-1.0")
        }
    }

    private func outcomes(_ batch: Submissions, _ port: Int) async throws -> [UInt64: Outcome] {
        let client = HTTPClient()
        let provider = HTTPProvider(name: "aws-1", carrier: try carrier(options(port)), client: client)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(batch)
        await events.wait { $0.answers.count >= batch.items.count }
        provider.stop()
        client.stop()
        return Dictionary(uniqueKeysWithValues: events.answers.map { ($0.id.rawValue, $0.outcome) })
    }

    @Test(arguments: ProviderConformance.cases) func conforms(_ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let server = try await ScriptedHTTPServer(react: Self.react)
        try await test.run(HTTPProvider(name: "aws-1", carrier: carrier(options(server.port)), client: client))
        client.stop()
        await server.stop()
    }

    private struct Question: Encodable {
        var texts: [String]
        var values: [TextKey: JSONValue]
        var body: String?

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            for text in texts { try list.encode(text) }
            try list.encode(Encoded(value: .object(values)))
            if let body { try list.encode(body) }
        }
    }

    private struct Encoded: Encodable {
        var value: JSONValue

        func encode(to encoder: any Encoder) throws {
            switch value {
            case .object(let members):
                var container = encoder.singleValueContainer()
                let named = members.map { ($0.key.text, Encoded(value: $0.value)) }
                try container.encode(Dictionary(uniqueKeysWithValues: named))
            case .string(let text):
                var container = encoder.singleValueContainer()
                try container.encode(text)
            case .integer(let number):
                var container = encoder.singleValueContainer()
                try container.encode(number)
            default: preconditionFailure("not needed")
            }
        }
    }

    /// Header by header and member by member.
    @Test func sendsWhatBotocoreSends() async throws {
        let server = try await ScriptedHTTPServer(react: Self.react)
        var full = options(server.port)
        full.sender = "pool-1"
        full.configurationSet = "events"
        full.protectConfiguration = "protect-1"
        full.keyword = "KW"
        full.maximumPrice = "0.50"
        full.entityID = "1101"
        full.templateID = "1107"
        full.messageType = .promotional
        let text = "it's 100% ~é€😀\n*+&=\"\\"
        var batch = Generic.batch(from: "", text, encoding: .ucs2)
        batch.items[0].expiresAt = Generic.now + 3_600_999
        let context = JSONValue.object(["apus": .string(Generic.token)])
        let cases: [(AWSSMSOptions, Submissions, [TextKey: JSONValue])] = [
            (
                options(server.port), Generic.batch(),
                ["OriginationIdentity": .string("Apus"), "MessageBody": .string("hello")]
            ),
            (
                full, batch,
                [
                    "OriginationIdentity": .string("pool-1"), "MessageBody": .string(text),
                    "MessageType": .string("PROMOTIONAL"), "ConfigurationSetName": .string("events"),
                    "ProtectConfigurationId": .string("protect-1"), "Keyword": .string("KW"),
                    "MaxPrice": .string("0.50"), "TimeToLive": .integer(3600),
                    "DestinationCountryParameters": .object([
                        "IN_ENTITY_ID": .string("1101"), "IN_TEMPLATE_ID": .string("1107"),
                    ]),
                ]
            ),
        ]
        let client = HTTPClient()
        for (options, batch, parameters) in cases {
            let before = server.requests.count
            let provider = HTTPProvider(name: "aws-1", carrier: try carrier(options), client: client)
            let events = ProviderEventLog()
            provider.start(events: events)
            provider.submit(batch)
            await events.wait { !$0.answers.isEmpty }
            #expect(events.answers.map(\.outcome) == [.accepted(providerID: "m1", receipts: true)])
            provider.stop()
            let usual: [TextKey: JSONValue] = [
                "DestinationPhoneNumber": .string("+447400123456"), "MessageType": .string("TRANSACTIONAL"),
                "Context": context,
            ]
            let url = "http://127.0.0.1:\(server.port)"
            let ids = try Oracle("aws_sms_client.py", "send").answers(
                to: [
                    Question(
                        texts: [Self.credentials.keyID, Self.credentials.secret, url],
                        values: usual.merging(parameters) { $1 })
                ], as: String.self)
            #expect(ids == ["m1"])
            let sent = Array(server.requests.dropFirst(before))
            try #require(sent.count == 2)
            let (ours, theirs) = (sent[0], sent[1])
            #expect(try JSONValue(ours.body) == JSONValue(theirs.body))
            #expect(ours.method == theirs.method && ours.target == theirs.target)
            for name in ["host", "content-type", "x-amz-target"] {
                #expect(ours.header(name) == theirs.header(name) && ours.header(name) != nil, "\(name)")
            }
            #expect(theirs.header("authorization")?.contains("/us-east-1/sms-voice/aws4_request") ?? false)
            let signatures = try Oracle("aws_sms_client.py", "sign").answers(
                to: [
                    Question(
                        texts: [Self.credentials.keyID, Self.credentials.secret, "us-east-1", "\(url)/"],
                        values: Dictionary(
                            ours.headers.map { (TextKey($0.name), JSONValue.string($0.value)) },
                            uniquingKeysWith: { one, _ in one }),
                        body: String(decoding: ours.body, as: UTF8.self))
                ], as: String.self)
            #expect(signatures == [ours.header("authorization")].compactMap(\.self))
            for name in ["content-type", "host", "x-amz-date", "x-amz-target"] {
                #expect(signatures[0].split(separator: "SignedHeaders=").last?.contains(name) ?? false)
            }
        }
        client.stop()
        await server.stop()
    }

    @Test func anInnerErrorIsOnePostAndUnknown() async throws {
        let server = try await ScriptedHTTPServer(react: Self.react)
        let texts = ["500", "lost", "throttled", "hello"]
        var batch = Submissions(
            texts.enumerated().map { (MessageID(rawValue: UInt64($0 + 1)), "+14155550100", $1) })
        let wrong = Submissions([(MessageID(rawValue: 9), "+0", "hello")])
        #expect(wrong.items.count == 1)
        let found = try await outcomes(batch, server.port)
        #expect(found[1] == .unknown(code: "InternalServerException"))
        #expect(found[2] == .unknown(code: "NO_ANSWER"))
        #expect(found[3] == .throttled(retryAfterMilliseconds: nil))
        #expect(found[4] == .accepted(providerID: "m1", receipts: true))
        #expect(server.requests.count == 4)
        batch = wrong
        #expect(
            try await outcomes(batch, server.port)[9]
                == .rejected(.recipient, code: "FIELD_VALIDATION_FAILED", message: "why"))
        await server.stop()
    }

    // MARK: Errors

    private func outcome(_ kind: String, _ reason: String = "", status: Int = 400, more: String = "") -> Outcome {
        let reason = reason.isEmpty ? "" : #", "Reason": "\#(reason)""#
        return AWSSMSAnswer.outcome(
            Generic.answer(
                status, #"{"__type": "com.amazonaws.pinpointsmsvoicev2#\#(kind)", "message": "why"\#(reason)\#(more)}"#),
            receipts: true)
    }

    @Test func theTableOfReasons() {
        #expect(outcome("ThrottlingException") == .throttled(retryAfterMilliseconds: nil))
        for reason in ["MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "DAILY_DESTINATION_CALL_LIMIT"] {
            #expect(outcome("ServiceQuotaExceededException", reason) == .unavailable(code: reason))
        }
        for reason in ["INSUFFICIENT_ACCOUNT_REPUTATION", "ACCOUNT_DISABLED"] {
            #expect(outcome("AccessDeniedException", reason) == .unavailable(code: reason))
        }
        for kind in ["UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"] {
            #expect(outcome(kind) == .unavailable(code: kind))
        }
        let conflicts: [(RejectionScope, [String])] = [
            (.optedOut, ["DESTINATION_PHONE_NUMBER_OPTED_OUT"]),
            (
                .recipient,
                [
                    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
                    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
                ]
            ),
            (
                .route,
                [
                    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", "NO_ORIGINATION_IDENTITIES_FOUND",
                    "NUMBER_CAPABILITIES_MISMATCH", "MESSAGE_TYPE_MISMATCH", "RESOURCE_NOT_ACTIVE", "NEW_REASON",
                ]
            ),
        ]
        for (scope, reasons) in conflicts {
            for reason in reasons {
                #expect(outcome("ConflictException", reason) == .rejected(scope, code: reason, message: "why"))
            }
        }
        let validations: [(RejectionScope, [String])] = [
            (
                .route,
                [
                    "DESTINATION_COUNTRY_BLOCKED", "COUNTRY_NOT_ENABLED", "PRICE_OVER_THRESHOLD",
                    "INTERNATIONAL_SENDING_NOT_SUPPORTED", "NEW_REASON",
                ]
            ),
            (
                .sender,
                [
                    "SENDER_ID_NOT_REGISTERED", "SENDER_ID_NOT_SUPPORTED", "SENDER_ID_REQUIRES_REGISTRATION",
                    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
                ]
            ),
        ]
        for (scope, reasons) in validations {
            for reason in reasons {
                #expect(outcome("ValidationException", reason) == .rejected(scope, code: reason, message: "why"))
            }
        }
        for (field, scope) in [
            ("DestinationPhoneNumber", RejectionScope.recipient), ("MessageBody", .content),
            ("OriginationIdentity", .sender), ("MaxPrice", .route),
        ] {
            #expect(
                outcome("ValidationException", more: #", "Fields": [{"Name": "\#(field)", "Message": "m"}]"#)
                    == .rejected(scope, code: "ValidationException", message: "why"))
        }
        for (resource, scope) in [
            ("phone-number", RejectionScope.sender), ("sender-id", .sender), ("pool", .sender),
            ("configuration-set", .route),
        ] {
            #expect(
                outcome("ResourceNotFoundException", more: #", "ResourceType": "\#(resource)""#)
                    == .rejected(scope, code: "ResourceNotFoundException", message: "why"))
        }
        #expect(outcome("UnknownOperationException", status: 404).isRejected)
    }

    @Test func whatMayHaveBeenTakenIsUnknown() {
        #expect(outcome("InternalServerException", status: 500) == .unknown(code: "InternalServerException"))
        #expect(outcome("ValidationException", status: 500) == .unknown(code: "ValidationException"))
        #expect(outcome("RequestTimeout", status: 408) == .unknown(code: "RequestTimeout"))
        #expect(outcome("ThrottlingException", status: 503) == .throttled(retryAfterMilliseconds: nil))
        for status in [400, 403, 500, 502, 503] {
            #expect(
                AWSSMSAnswer.outcome(Generic.answer(status, "<html>"), receipts: true)
                    == .unknown(code: "HTTP_\(status)"))
        }
        for body in [
            "{}", "<html>", #"{"MessageId": ""}"#, "{\"MessageId\": \"\(String(repeating: "a", count: 65))\"}",
        ] {
            #expect(AWSSMSAnswer.outcome(Generic.answer(200, body), receipts: true) == .unknown(code: "HTTP_200"))
        }
        let longest = String(repeating: "a", count: 64)
        #expect(
            AWSSMSAnswer.outcome(Generic.answer(200, "{\"MessageId\": \"\(longest)\"}"), receipts: false)
                == .accepted(providerID: longest, receipts: false))
    }

    // MARK: Options and requests

    @Test func aTimeToLiveHasBounds() throws {
        func timeToLive(_ milliseconds: Int64) throws -> JSONValue? {
            var batch = Generic.batch()
            batch.items[0].expiresAt = Generic.now + milliseconds
            return try JSONValue(carrier(options()).request(for: batch.items[0], of: batch).body)["TimeToLive"]
        }
        for (milliseconds, seconds) in [
            (5000, 5), (4999, 5), (-1, 5), (6999, 6), (259_200_000, 259_200), (259_201_000, 259_200),
        ]
            as [(Int64, Int64)]
        {
            #expect(try timeToLive(milliseconds) == .integer(seconds))
        }
    }

    @Test func optionsThatCannotWork() throws {
        let wrong: [(inout AWSSMSOptions) -> Void] = [
            { $0.credentials.keyID = "" }, { $0.credentials.secret = "a b" }, { $0.credentials.sessionToken = "" },
            { $0.region = "us east" }, { $0.endpoint = "sms.example" }, { $0.sender = "" }, { $0.sender = "a b" },
            { $0.sender = String(repeating: "a", count: 257) }, { $0.maximumPrice = "1" },
            { $0.maximumPrice = "100.0" }, { $0.maximumPrice = "0.123456" },
        ]
        for (number, change) in wrong.enumerated() {
            var options = options()
            change(&options)
            #expect(options.violations().count == 1, "\(number)")
            #expect(throws: InvalidProviderOptions.self) { try carrier(options) }
        }
        for sender in ["+15005550006", "12345", "Acme", "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-1"] {
            var options = options()
            options.sender = sender
            #expect(options.violations() == [])
        }
        var options = options()
        options.endpoint = nil
        #expect(options.url == "https://sms-voice.us-east-1.amazonaws.com/")
        options.endpoint = "https://sms-voice-fips.us-east-1.amazonaws.com"
        #expect(options.url == "https://sms-voice-fips.us-east-1.amazonaws.com/")
    }

    @Test func theConfigurationsWords() throws {
        let client = HTTPClient()
        defer { client.stop() }
        let factory = ProviderFactory(
            client: client, receiptKey: Generic.receiptKey, publicURL: "https://sms.example.com", now: { 0 })
        func faults(_ options: String, _ secrets: [String: String] = ["access_key_id": "a", "secret_access_key": "s"])
            throws
            -> [String]
        {
            var settings = ProviderSettings(kind: .awsSMS)
            settings.options = try JSONValue(options)
            settings.secrets = secrets
            return factory.check("p", settings).map { String($0.field.trimmingPrefix("providers.p.")) }.sorted()
        }
        let topic = "arn:aws:sns:eu-central-1:123456789012:sms-events"
        #expect(try faults(#"{"region": "eu-central-1"}"#) == [])
        #expect(
            try faults(
                #"""
                {"region": "eu-central-1", "sender": "pool-1", "message_type": "PROMOTIONAL", "maximum_price": "0.50",
                 "configuration_set": "c", "protect_configuration": "p", "keyword": "k", "entity_id": "1",
                 "template_id": "2", "topics": ["\#(topic)"], "accept_sha1": false, "settle_prices": false,
                 "tolerance_seconds": 60}
                """#) == [])
        #expect(
            try faults(#"{"region": "x", "message_type": "URGENT", "settle_prices": true, "topic": "a"}"#) == [
                "options.message_type", "options.settle_prices", "options.topic",
            ])
        #expect(try faults("{}", [:]) == ["options.region", "secrets.access_key_id", "secrets.secret_access_key"])
        var settings = ProviderSettings(kind: .awsSMS)
        settings.options = try JSONValue(#"{"region": "eu-central-1", "topics": ["\#(topic)"]}"#)
        settings.secrets = ["access_key_id": "a", "secret_access_key": "s"]
        let parts = try factory.make("p", settings)
        #expect(parts.provider.kind == "aws-sms" && parts.webhook != nil && parts.check != nil && parts.lookUp == nil)
    }

    // MARK: Events

    private func events(_ members: String, hasPrices: Bool = true) -> [CarrierEvent] {
        AWSSMSContent(receiptKey: Generic.receiptKey, hasPrices: hasPrices).events(
            of: #"{"messageId": "m1", "eventTimestamp": 1773500966000, \#(members)}"#)
    }

    @Test func eventsOfMessages() {
        let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)
        func receipt(_ status: ReceiptStatus?, _ price: Money? = nil, by attempt: CorrelationToken? = attempt)
            -> [CarrierEvent]
        {
            [.receipt(CarrierReceipt(attempt: attempt, providerID: "m1", status: status, price: price))]
        }
        let context = #""context": {"apus": "\#(Generic.token)"}"#
        let price = #""totalMessageParts": 2, "totalMessagePrice": 0.0152, "totalCarrierFee": 0.006"#
        #expect(
            events(#""eventType": "TEXT_DELIVERED", "isFinal": true, \#(context), \#(price)"#)
                == receipt(.delivered, Money(millionths: 21_200)))
        #expect(
            events(#""eventType": "TEXT_DELIVERED", "isFinal": true, \#(context), \#(price)"#, hasPrices: false)
                == receipt(.delivered))
        #expect(events(#""eventType": "TEXT_DELIVERED", "isFinal": false, \#(context), \#(price)"#) == receipt(.taken))
        for name in ["QUEUED", "PENDING", "SENT", "SUCCESSFUL"] {
            #expect(events(#""eventType": "TEXT_\#(name)", \#(context)"#) == receipt(.taken), "\(name)")
        }
        #expect(
            events(#""eventType": "TEXT_SUCCESSFUL", "isFinal": true, \#(context), "totalMessagePrice": 1"#)
                == receipt(.taken, Money(millionths: 1_000_000)))
        for name in [
            "INVALID", "INVALID_MESSAGE", "UNREACHABLE", "CARRIER_UNREACHABLE", "BLOCKED", "CARRIER_BLOCKED", "SPAM",
            "TTL_EXPIRED", "PROTECT_BLOCKED",
        ] {
            #expect(
                events(#""eventType": "TEXT_\#(name)", "isFinal": true, \#(context)"#)
                    == receipt(.undelivered(code: name)), "\(name)")
        }
        // Nothing was heard of it.
        #expect(events(#""eventType": "TEXT_UNKNOWN", "isFinal": true, \#(context)"#) == receipt(nil))
        // Another's token: the id is left.
        #expect(
            events(#""eventType": "TEXT_DELIVERED", "isFinal": true, "context": {"apus": "77-2-x"}"#)
                == receipt(.delivered, by: nil))
        #expect(events(#""eventType": "TEXT_DELIVERED", "isFinal": true"#) == receipt(.delivered, by: nil))
        // A price that can be none.
        for wrong in ["-1", "1e12", "\"1\"", "null"] {
            #expect(
                events(#""eventType": "TEXT_DELIVERED", "isFinal": true, \#(context), "totalMessagePrice": \#(wrong)"#)
                    == receipt(.delivered), "\(wrong)")
        }
    }

    @Test func whatElseATopicCarries() {
        let content = AWSSMSContent(receiptKey: Generic.receiptKey, hasPrices: true)
        #expect(
            content.events(
                of: #"""
                    {"originationNumber": "+14255550182", "destinationNumber": "+12125550101", "messageKeyword": "JOIN",
                     "messageBody": "STOP", "inboundMessageId": "i1", "previousPublishedMessageId": "m"}
                    """#) == [
                    .inbound(
                        InboundMessage(
                            providerID: "i1", sender: "+14255550182", recipient: "+12125550101", body: "STOP"))
                ])
        for text in [
            "", "hello", "[]", "{}", #"{"eventType": "VOICE_ANSWERED", "messageId": "m"}"#,
            #"{"eventType": "TEXT_SENT"}"#,
        ] {
            #expect(content.events(of: text) == [], "\(text)")
        }
    }

    // MARK: The test

    @Test(arguments: [
        (200, #"{"AccountAttributes": [{"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}]}"#, "passed"),
        (200, #"{"AccountAttributes": [{"Name": "ACCOUNT_TIER", "Value": "SANDBOX"}]}"#, "passed sandbox"),
        (200, "{}", "inconclusive HTTP_200"),
        (400, #"{"__type": "AccessDeniedException", "Message": "no"}"#, "inconclusive AccessDeniedException"),
        (
            400, #"{"__type": "AccessDeniedException", "Message": "no", "Reason": "ACCOUNT_DISABLED"}"#,
            "refused ACCOUNT_DISABLED"
        ),
        (403, #"{"__type": "UnrecognizedClientException", "message": "no"}"#, "refused UnrecognizedClientException"),
        (400, #"{"__type": "ThrottlingException"}"#, "inconclusive ThrottlingException"),
        (500, #"{"__type": "InternalServerException"}"#, "inconclusive InternalServerException"),
        (502, "<html>", "inconclusive HTTP_502"),
    ])
    func theTestAsksForAttributes(_ status: Int, _ body: String, _ wanted: String) async throws {
        let server = try await ScriptedHTTPServer { request in
            request.header("x-amz-target") == "PinpointSMSVoiceV2.DescribeAccountAttributes"
                && request.body == Array("{}".utf8)
                ? .answer(status, body) : .answer(404, "")
        }
        let client = HTTPClient()
        var settings = ProviderSettings(kind: .awsSMS)
        settings.options = try JSONValue(#"{"region": "us-east-1", "endpoint": "http://127.0.0.1:\#(server.port)"}"#)
        settings.secrets = ["access_key_id": "a", "secret_access_key": "s"]
        let factory = ProviderFactory(client: client, receiptKey: Generic.receiptKey, publicURL: nil, now: { 0 })
        let check = try #require(try factory.make("p", settings).check)
        switch await check.run() {
        case .passed(let detail): #expect(wanted == (detail.contains("sandbox") ? "passed sandbox" : "passed"))
        case .refused(let code, _): #expect(wanted == "refused \(code)")
        case .inconclusive(let code, _): #expect(wanted == "inconclusive \(code)")
        }
        client.stop()
        await server.stop()
    }
}

extension Outcome {
    fileprivate var isRejected: Bool {
        if case .rejected = self { true } else { false }
    }
}
