internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct TwilioRequestsTests {
    private static let account = TwilioStandIn.account

    private func options(_ change: (inout TwilioOptions) -> Void = { _ in }) -> TwilioOptions {
        var options = TwilioOptions(
            accountSID: Self.account, credential: .authToken("token"), sender: .number("+15005550006"))
        change(&options)
        return options
    }

    /// What Twilio's library would send: method, URL, fields, credentials.
    private struct Recorded: Decodable, Equatable {
        var method: String
        var url: String
        var fields: [String: String]
        var credentials: [String]

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            method = try list.decode(String.self)
            url = try list.decode(String.self)
            fields = try list.decode([String: String].self)
            credentials = try list.decode([String].self)
        }

        init(_ request: HTTPRequest) throws {
            let parts = request.url.split(separator: "?", maxSplits: 1)
            let encoded = request.method == .post ? request.body : Array(parts[1].utf8)
            method = request.method == .post ? "POST" : "GET"
            url = String(parts[0])
            fields = try Dictionary(
                #require(FormFields(decoding: encoded)).fields.map { ($0.name.text, $0.value) },
                uniquingKeysWith: { $1 })
            guard case .basic(let user, let password) = request.authentication else {
                throw CocoaError(.coderInvalidValue)
            }
            credentials = [user, password]
        }
    }

    private struct Question: Encodable {
        var texts: [String]
        var arguments: [String: String]?

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            for text in texts { try list.encode(text) }
            if let arguments { try list.encode(arguments) }
        }
    }

    @Test func asTheVendorsLibraryCreates() throws {
        let callback = TwilioOptions.StatusCallback(
            url: "https://gw.example.org/cb#rc=2", key: TwilioStandIn.callbackKey)
        let full = options {
            $0.credential = .apiKey(sid: TwilioStandIn.key.sid, secret: TwilioStandIn.key.secret)
            $0.statusCallback = callback
            $0.validitySeconds = 36_000
        }
        let token = CorrelationToken(id: MessageID(rawValue: 1), attempt: 3)
        let service = options { $0.sender = .messagingService(TwilioStandIn.service) }
        let cases: [(TwilioOptions, sender: String, [String: String])] = [
            (options(), "", ["from_": "+15005550006"]), (options(), "Acme", ["from_": "Acme"]),
            (service, "", ["messaging_service_sid": TwilioStandIn.service]), (service, "+1500", ["from_": "+1500"]),
            (
                full, "",
                [
                    "from_": "+15005550006", "validity_period": "36000",
                    "status_callback": String(
                        decoding: TokenURL(callback.url).bytes(token, key: callback.key), as: UTF8.self),
                ]
            ),
        ]
        var ours: [Recorded] = []
        var questions: [Question] = []
        for (options, sender, expected) in cases {
            let body = "é 👋 +&=%\r\n\(sender)"
            let batch = Submissions([(MessageID(rawValue: 1), "+14155550100", body)], attempt: 3, sender: sender)
            let request = TwilioRequests(options).create(batch.items[0], of: batch)
            #expect(request.id == HTTPRequestID(number: 1, attempt: 3))
            #expect(request.headers == [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")])
            let recorded = try Recorded(request)
            ours.append(recorded)
            let arguments = expected.merging(["to": "+14155550100", "body": body]) { $1 }
            questions.append(Question(texts: [Self.account] + recorded.credentials, arguments: arguments))
        }
        #expect(ours[0].credentials == [Self.account, "token"])
        #expect(ours[4].credentials == [TwilioStandIn.key.sid, TwilioStandIn.key.secret])
        #expect(try Oracle("twilio_client.py", "create").answers(to: questions, as: Recorded.self) == ours)
    }

    @Test func asTheVendorsLibraryLists() throws {
        let request = TwilioRequests(options()).list(number: 7, to: "+14155550100", since: 1_773_500_966_000)
        #expect(request.id == HTTPRequestID(number: 7))
        let question = Question(texts: [Self.account, Self.account, "token", "+14155550100", "2026-03-14"])
        let theirs = try Oracle("twilio_client.py", "list").answers(to: [question], as: Recorded.self)
        #expect(try theirs == [Recorded(request)])
    }

    @Test func asTheVendorsLibraryFetches() throws {
        let sid = "SM0123456789abcdef0123456789abcdef"
        let request = TwilioRequests(options()).fetch(number: 7, sid: sid)
        #expect(request.id == HTTPRequestID(number: 7) && request.method == .get)
        let question = Question(texts: [Self.account, Self.account, "token", sid])
        let theirs = try Oracle("twilio_client.py", "fetch").answers(to: [question], as: Recorded.self)
        #expect(theirs.map(\.method) == ["GET"] && theirs.map(\.url) == [request.url])
        #expect(theirs.map(\.credentials) == [[Self.account, "token"]])
    }

    @Test func theBaseURL() {
        for base in ["https://twilio.example:8443/proxy", "https://twilio.example:8443/proxy/"] {
            let request = TwilioRequests(options { $0.baseURL = base }).list(number: 1, to: "+1", since: 0)
            #expect(
                request.url.hasPrefix(
                    "https://twilio.example:8443/proxy/2010-04-01/Accounts/\(Self.account)/Messages.json?"))
        }
    }

    @Test func optionsThatCannotWork() {
        #expect(options().violations() == [])
        let wrong: [(inout TwilioOptions) -> Void] = [
            { $0.accountSID = "AC123" }, { $0.accountSID = "SK0123456789abcdef0123456789abcdef" },
            { $0.accountSID = "AC0123456789abcdef0123456789abcdeg" }, { $0.credential = .authToken("") },
            { $0.credential = .apiKey(sid: "SK1", secret: "s") },
            { $0.credential = .apiKey(sid: TwilioStandIn.key.sid, secret: "") }, { $0.sender = .number("") },
            { $0.sender = .messagingService("MG1") }, { $0.validitySeconds = 0 }, { $0.validitySeconds = 36_001 },
            { $0.baseURL = "api.twilio.com" }, { $0.baseURL = "ftp://api.twilio.com" },
            { $0.statusCallback = .init(url: "/cb", key: TwilioStandIn.callbackKey) },
            { $0.statusCallback = .init(url: "https://", key: TwilioStandIn.callbackKey) },
            { $0.statusCallback = .init(url: "https://a_b/cb", key: TwilioStandIn.callbackKey) },
            { $0.statusCallback = .init(url: "https://a/cb", key: Array("too short a key".utf8)) },
        ]
        for (number, change) in wrong.enumerated() {
            #expect(options(change).violations().count == 1, "\(number)")
            #expect(throws: InvalidProviderOptions.self) {
                try TwilioCarrier(options(change))
            }
        }
        #expect(options { $0.validitySeconds = 1 }.violations() == [])
        #expect(options { $0.validitySeconds = 36_000 }.violations() == [])
    }
}
