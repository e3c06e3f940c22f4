internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// The provider against a stand-in, over real sockets; botocore judges what it sends.
@Suite(.timeLimit(.minutes(3))) struct SNSProviderTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let credentials = AWSCredentials(
        keyID: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    private func options(_ server: ScriptedHTTPServer, token: String? = nil) -> SNSOptions {
        var credentials = Self.credentials
        credentials.sessionToken = token
        var options = SNSOptions(credentials: credentials, region: "us-east-1")
        options.endpoint = "http://127.0.0.1:\(server.port)"
        return options
    }

    private func provider(_ options: SNSOptions, _ client: HTTPClient) throws -> HTTPProvider {
        try HTTPProvider(name: "sns-1", carrier: SNSCarrier(options), client: client)
    }

    /// A stand-in that is as strict as SNS about the form; the signature is asked about afterwards.
    private func standIn(
        fault: @escaping @Sendable (FormFields) -> Reaction? = { _ in nil }
    ) async throws -> ScriptedHTTPServer {
        try await ScriptedHTTPServer { request in
            func refusal(_ code: String, _ message: String) -> Reaction {
                .answer(
                    400,
                    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>",
                    type: "text/xml")
            }
            guard request.method == "POST", request.target == "/", let form = FormFields(decoding: request.body),
                form.only("Action") == "Publish", form.only("Version") == "2010-03-31"
            else { return refusal("InvalidAction", "no such action") }
            if let fault = fault(form) { return fault }
            guard let number = form.only("PhoneNumber"), number.wholeMatch(of: /\+[1-9][0-9]{6,14}/) != nil else {
                return refusal("InvalidParameter", "Invalid parameter: PhoneNumber Reason: is not valid to publish to")
            }
            guard form.only("Message")?.isEmpty == false else {
                return refusal("InvalidParameter", "Invalid parameter: Message Reason: Empty message")
            }
            return .answer(
                200,
                "<PublishResponse><PublishResult><MessageId>\(UUID())</MessageId></PublishResult></PublishResponse>",
                type: "text/xml")
        }
    }

    @Test(arguments: ProviderConformance.cases)
    func conforms(_ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let server = try await standIn()
        try await test.run(provider(options(server), client))
        client.stop()
        await server.stop()
    }

    private func outcomes(_ batch: Submissions, _ options: SNSOptions) async throws -> [UInt64: Outcome] {
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

    @Test func whatBecomesOfMessages() async throws {
        let server = try await standIn { form in
            switch form.only("PhoneNumber") {
            case "+14155550102":
                .answer(
                    400, "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate</Message></Error></ErrorResponse>")
            case "+14155550103": .close
            case "+14155550104": .answer(503, "<html>busy</html>")
            default: nil
            }
        }
        let recipients = ["+14155550101", "+14155550102", "+14155550103", "+14155550104", "+0"]
        let batch = Submissions(
            recipients.enumerated().map { (MessageID(rawValue: UInt64($0 + 1)), $1, "hello") })
        let found = try await outcomes(batch, options(server))
        guard case .accepted(_, receipts: false, parts: nil)? = found[1] else {
            Issue.record("\(String(describing: found[1]))")
            return
        }
        #expect(found[2] == .throttled(retryAfterMilliseconds: nil))
        #expect(found[3] == .unknown(code: "NO_ANSWER"))
        #expect(found[4] == .unknown(code: "HTTP_503"))
        guard case .rejected(.recipient, code: "InvalidParameter", _)? = found[5] else {
            Issue.record("\(String(describing: found[5]))")
            return
        }
        await server.stop()
    }

    private struct SignQuestion: Encodable {
        var token: String?
        var url: String
        var headers: [String: String]
        var body: String

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(SNSProviderTests.credentials.keyID)
            try list.encode(SNSProviderTests.credentials.secret)
            try list.encode(token)
            try list.encode("us-east-1")
            try list.encode(url)
            try list.encode(headers)
            try list.encode(body)
        }
    }

    @Test func signedAsBotocoreSigns() async throws {
        let bodies = [
            "hello", "it's 100% ~é€😀\n*+&=", "  two  spaces  ", "(a)/b?c#d;e,f:g@h!i$", "\u{0}\u{1}\u{7F}",
            String(repeating: "é", count: 1600), "Привет\r\n",
        ]
        for token in [nil, "SESSIONTOKEN=="] {
            let server = try await standIn()
            let batch = Submissions(
                bodies.enumerated().map { (MessageID(rawValue: UInt64($0 + 1)), "+14155550100", $1) })
            let found = try await outcomes(batch, options(server, token: token))
            for outcome in found.values {
                if case .accepted = outcome {} else { Issue.record("\(outcome)") }
            }
            let requests = server.requests
            let questions = requests.map { request in
                SignQuestion(
                    token: token, url: "http://127.0.0.1:\(server.port)/",
                    headers: Dictionary(request.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $0 + $1 }),
                    body: String(decoding: request.body, as: UTF8.self))
            }
            let signatures = try Oracle("sns_client.py", "sign").answers(to: questions, as: String.self)
            #expect(signatures.count == bodies.count)
            for (request, wanted) in zip(requests, signatures) {
                #expect(request.header("authorization") == wanted)
                let signed = wanted.split(separator: "SignedHeaders=").last ?? ""
                for name in ["host", "x-amz-date", "x-amz-content-sha256"] { #expect(signed.contains(name)) }
                #expect(signed.contains("x-amz-security-token") == (token != nil))
            }
            await server.stop()
        }
    }

    /// A server checks signatures by itself.
    @Test func motoTakesWhatIsSigned() async throws {
        let moto = try await MotoServer()
        var options = SNSOptions(credentials: moto.credentials, region: "us-east-1")
        options.endpoint = moto.endpoint
        let bodies = ["hello", "it's 100% ~é€😀\n*+&=", "(a)/b?c#d", String(repeating: "é", count: 1600)]
        let batch = Submissions(
            bodies.enumerated().map { (MessageID(rawValue: UInt64($0 + 1)), "+14155550100", $1) })
        for (number, outcome) in try await outcomes(batch, options) {
            if case .accepted = outcome {} else { Issue.record("\(bodies[Int(number) - 1]): \(outcome)") }
        }
        options.credentials.secret += "x"
        for outcome in try await outcomes(batch, options).values {
            #expect(outcome == .unavailable(code: "SignatureDoesNotMatch"))
        }
        options.credentials.keyID = "AKIANOBODY"
        for outcome in try await outcomes(batch, options).values {
            #expect(outcome == .unavailable(code: "InvalidClientTokenId"))
        }
    }

    private struct Attribute: Encodable {
        var type = "String"
        var value: String

        enum CodingKeys: String, CodingKey {
            case type = "DataType"
            case value = "StringValue"
        }
    }

    private struct PublishQuestion: Encodable {
        var number = "+14155550100"
        var message: String
        var attributes: [String: Attribute]

        enum CodingKeys: String, CodingKey {
            case number = "PhoneNumber"
            case message = "Message"
            case attributes = "MessageAttributes"
        }
    }

    @Test func fieldsAsBotocoreSendsThem() throws {
        var full = SNSOptions(credentials: Self.credentials, region: "ap-south-1")
        full.sender = "Acme1"
        full.maximumPrice = "0.50"
        full.entityID = "1101"
        full.templateID = "1107"
        full.messageType = .promotional
        let plain = SNSOptions(credentials: Self.credentials, region: "us-east-1")
        let transactional = Attribute(value: "Transactional")
        let cases: [(SNSOptions, sender: String, [String: Attribute])] = [
            (plain, "", ["AWS.SNS.SMS.SMSType": transactional]),
            (
                plain, "Apus",
                ["AWS.SNS.SMS.SenderID": Attribute(value: "Apus"), "AWS.SNS.SMS.SMSType": transactional]
            ),
            (
                plain, "+15005550006",
                [
                    "AWS.MM.SMS.OriginationNumber": Attribute(value: "+15005550006"),
                    "AWS.SNS.SMS.SMSType": transactional,
                ]
            ),
            (
                full, "",
                [
                    "AWS.SNS.SMS.SenderID": Attribute(value: "Acme1"),
                    "AWS.SNS.SMS.SMSType": Attribute(value: "Promotional"),
                    "AWS.SNS.SMS.MaxPrice": Attribute(type: "Number", value: "0.50"),
                    "AWS.MM.SMS.EntityId": Attribute(value: "1101"),
                    "AWS.MM.SMS.TemplateId": Attribute(value: "1107"),
                ]
            ),
        ]
        let body = "it's 100% ~é€😀\n*+&="
        let questions = cases.map { PublishQuestion(message: body, attributes: $0.2) }
        let theirs = try Oracle("sns_client.py", "publish").answers(to: questions, as: [String: String].self)
        for ((options, sender, _), theirs) in zip(cases, theirs) {
            let batch = Submissions([(MessageID(rawValue: 1), "+14155550100", body)], sender: sender)
            let request = SNSRequests(options).publish(batch.items[0], of: batch)
            let ours = try #require(FormFields(decoding: request.body)).fields.map { ($0.name.text, $0.value) }
            #expect(
                Self.withNamedAttributes(Dictionary(uniqueKeysWithValues: ours)) == Self.withNamedAttributes(theirs))
        }
    }

    /// Their order doesn't matter, but that they are numbered from 1 without a gap.
    private static func withNamedAttributes(_ fields: [String: String]) -> [String: String] {
        var result = fields
        var number = 1
        while let name = result.removeValue(forKey: "MessageAttributes.entry.\(number).Name") {
            for part in ["Value.DataType", "Value.StringValue"] {
                result["\(name)/\(part)"] = result.removeValue(forKey: "MessageAttributes.entry.\(number).\(part)")
            }
            number += 1
        }
        return result
    }

    @Test func optionsThatCannotWork() {
        func options(_ change: (inout SNSOptions) -> Void = { _ in }) -> SNSOptions {
            var options = SNSOptions(credentials: Self.credentials, region: "us-east-1")
            change(&options)
            return options
        }
        let wrong: [(inout SNSOptions) -> Void] = [
            { $0.credentials.keyID = "" }, { $0.credentials.secret = "a b" }, { $0.credentials.sessionToken = "" },
            { $0.region = "" }, { $0.region = "us east" }, { $0.endpoint = "sns.example" },
            { $0.endpoint = "https://sns.example/?a=b" }, { $0.endpoint = "https://sns.example/%20" },
            { $0.sender = "" }, { $0.sender = "Acme Ltd" }, { $0.sender = "123" }, { $0.sender = "ABCDEFGHIJKL" },
            { $0.maximumPrice = "cheap" }, { $0.maximumPrice = "0" },
        ]
        for (number, change) in wrong.enumerated() {
            #expect(options(change).violations().count == 1, "\(number)")
            #expect(throws: InvalidProviderOptions.self) { try SNSCarrier(options(change)) }
        }
        for sender in ["A", "ABCDEFGHIJK", "1A", "+15005550006", "12345"] {
            #expect(options { $0.sender = sender }.violations() == [])
        }
        #expect(options().url == "https://sns.us-east-1.amazonaws.com/")
        #expect(options { $0.region = "cn-north-1" }.url == "https://sns.cn-north-1.amazonaws.com.cn/")
        #expect(options { $0.endpoint = "http://127.0.0.1:1" }.url == "http://127.0.0.1:1/")
    }
}
