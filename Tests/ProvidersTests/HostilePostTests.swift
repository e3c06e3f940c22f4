internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What a stranger posts to each receiver there is, as large as a post may be.
@Suite struct HostilePostTests {
    /// A receiver by what it goes by, with headers that bring a wrong signature as far as it gets.
    struct Door: Sendable, CustomTestStringConvertible {
        var name: String
        var receiver: any WebhookReceiver
        var headers: [String: String]
        /// Whether the signature is over raw bytes.
        var isOfRawBytes = true

        var testDescription: String { name }
    }

    private static func described(
        _ signature: String, _ headers: [String: String], token: String = ""
    ) throws -> Door {
        let rules = #"""
            "receipt": {\#(token)"id": "/id", "status": "/status", "statuses": {"ok": "delivered"},
                        "when": {"/type": ["receipt", "other"]}}
            """#
        let kind = try Generic.kind("{\"signature\": \(signature), \(rules)}")
        return Door(name: signature, receiver: try #require(kind.receiver), headers: headers)
    }

    private static func preset(
        _ preset: String, _ secrets: [String: String], _ headers: [String: String], isOfRawBytes: Bool
    ) throws -> Door {
        let options = #"{"preset": "\#(preset)", "variables": {"api_key": "k", "auth_id": "MA1"}}"#
        let kind = try Generic.kind(options, secrets: secrets)
        return Door(
            name: preset, receiver: try #require(kind.receiver), headers: headers, isOfRawBytes: isOfRawBytes)
    }

    private static func doors() throws -> [Door] {
        let code = String(repeating: "0", count: 64)
        let token = "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"
        return [
            try described(#"{"scheme": "basic", "user": "a", "password": "p"}"#, ["authorization": "Basic YTpx"]),
            try described(#"{"scheme": "header", "name": "X-Secret", "value": "s"}"#, ["x-secret": "t"]),
            try described(#"{"scheme": "hmac", "key": "k", "header": "X-Sign"}"#, ["x-sign": code]),
            try described(
                #"{"scheme": "standard-webhooks", "key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#,
                [
                    "webhook-id": "m", "webhook-timestamp": "\(Generic.now / 1000)",
                    "webhook-signature": "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                ]),
            try described(#"{"scheme": "jwt", "key": "a secret"}"#, ["authorization": "Bearer \(token)"]),
            try preset(
                "messagebird", ["access_key": "k", "signing_key": "mbSigningKey0000000000000000000000"],
                ["messagebird-signature-jwt": token], isOfRawBytes: true),
            try preset(
                "vonage", ["api_secret": "s", "signature": "sigSECRET12345678"], [:], isOfRawBytes: false),
            try preset(
                "plivo", ["auth_token": "plivoAuthToken0001"],
                ["x-plivo-signature-v3": "AAAA", "x-plivo-signature-v3-nonce": "1"], isOfRawBytes: false),
            Door(
                name: "twilio",
                receiver: TwilioReceiver(
                    accountSID: "AC" + String(repeating: "0", count: 32), secrets: ["a", "b"], receiptKey: [1]),
                headers: ["x-twilio-signature": "AAAA"], isOfRawBytes: false),
            Door(
                name: "sns",
                receiver: try SNSReceiver(SNSReceiverOptions(topics: [SNSVector.topic])) { _ in
                    .notSent(HTTPFailure(.nameNotResolved))
                }, headers: [:], isOfRawBytes: false),
        ]
    }

    /// A letter with as many marks as there is room for, in an order that sorting finds hard.
    private static func marks(_ bytes: Int) -> String {
        "e" + String(repeating: "\u{301}\u{316}", count: (bytes - 1) / 4)
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        FormWriter.append(escaped: text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let json = "application/json"
    private static let form = "application/x-www-form-urlencoded"

    /// The type and the body of each post.
    private static let posts: [(type: String, body: String)] = {
        let room = Limits.webhookBodyBytes - 400
        let longest = Limits.fieldNameBytes
        let members = (0..<room / (longest + 5)).map { "\"\(marks(longest - 8))\($0)\":1" }
        let fields = (0..<Limits.formFields).map { "\($0)\(escaped(marks(60)))=1" }
        let sns = #""Type":"Notification","MessageId":"m","Message":"x","Timestamp":"t","SignatureVersion":"2""#
        return [
            (json, "{\"\(marks(room))\":1}"), (json, "{\(members.joined(separator: ","))}"),
            (json, "{\"type\":\"\(marks(room / 2))\",\"status\":\"\(marks(room / 3))\",\"id\":\"1\"}"),
            (json, "{\(sns),\"TopicArn\":\"\(marks(room))\"}"),
            (json, "{\"type\":[" + String(repeating: "[],", count: room / 3) + "1]}"),
            (json, String(repeating: "{\"a\":", count: room / 5)), (json, "{\"sig\":\"\(marks(room))\"}"),
            (form, "\(escaped(marks(room / 3)))=1"), (form, fields.joined(separator: "&")),
            (form, "AccountSid=\(escaped(marks(room / 4)))&status=1"), (form, String(repeating: "a&", count: room / 2)),
            (form, String(repeating: "%C3%A9", count: room / 6)), ("text/plain", String(repeating: "x", count: room)),
        ]
    }()

    /// What they cost shows in the time: one of them took a quarter of a minute once.
    @Test(.timeLimit(.minutes(1)), arguments: try doors())
    func noneOfThemIsBelievedOrTakesLong(_ door: Door) async {
        for (type, body) in Self.posts {
            #expect(body.utf8.count <= Limits.webhookBodyBytes)
            let request = Generic.posted(body, type: type, headers: door.headers)
            let result = await door.receiver.receive(request, now: Generic.now)
            #expect(result.isRefused || !door.isOfRawBytes && result.isUnreadable, "\(body.prefix(20)): \(result)")
        }
    }

    /// Without a token of the gateway's nothing is believed where nothing is signed.
    @Test(.timeLimit(.minutes(1))) func norWhereNothingIsSigned() async throws {
        let door = try Self.described(
            #"{"scheme": "none"}"#, [:], token: #""token": "query:apus", "#)
        for (type, body) in Self.posts {
            let result = await door.receiver.receive(Generic.posted(body, type: type), now: Generic.now)
            #expect(result.events == nil && result.partOfEvents == nil, "\(body.prefix(20)): \(result)")
        }
    }

    /// Where the signature is over raw bytes nobody learns from the answer what could be read.
    @Test(arguments: try doors().filter(\.isOfRawBytes))
    func nothingIsParsedBeforeItsSignature(_ door: Door) async {
        for body in ["{", "[1,", "\u{0}", "{\"a\":1,\"a\":1}"] {
            let result = await door.receiver.receive(
                Generic.posted(body, headers: door.headers), now: Generic.now)
            #expect(result.isRefused, "\(body): \(result)")
        }
    }
}
