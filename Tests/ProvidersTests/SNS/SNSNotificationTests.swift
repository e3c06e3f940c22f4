internal import ConfigurationModel
internal import Cryptography
internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Providers

/// Answers fetches, and remembers them.
final class ScriptedFetch: Sendable {
    private let answers: Mutex<[String: HTTPResult]>
    private let asked = Mutex<[String]>([])

    init(_ answers: [String: HTTPResult]) {
        self.answers = Mutex(answers)
    }

    var urls: [String] { asked.withLock { $0 } }

    func set(_ url: String, _ answer: HTTPResult) { answers.withLock { $0[url] = answer } }

    func get(_ url: String) -> HTTPResult {
        asked.withLock { $0.append(url) }
        return answers.withLock { $0[url] } ?? .notSent(HTTPFailure(.nameNotResolved))
    }
}

extension HTTPResult {
    static func body(_ text: String, status: Int = 200) -> HTTPResult {
        .answered(HTTPResponse(status: status, body: Array(text.utf8)))
    }
}

/// What is believed and what is not, with the vectors.
@Suite struct SNSNotificationTests {
    private let directory = TemporaryDirectory()
    private let fetch = ScriptedFetch([
        SNSVector.certificateURL: .body(SNSVector.certificate),
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37fb687f": .body("<Confirmed/>"),
    ])

    private func receiver(_ change: (inout SNSReceiverOptions) -> Void = { _ in }) throws -> SNSReceiver {
        try directory.write(Data(SNSVector.certificate.utf8), to: "ca.pem")
        var options = SNSReceiverOptions(topics: [SNSVector.topic])
        options.caFile = directory.file("ca.pem")
        change(&options)
        return try SNSReceiver(options) { [fetch] in fetch.get($0) }
    }

    private func verdict(
        on body: [UInt8], headers: [HTTPHeader] = [], method: String = "POST", now: Int64 = SNSVector.time,
        by receiver: SNSReceiver? = nil
    ) async throws -> WebhookResult {
        let request = WebhookRequest(
            method: method, url: "https://sms.example.com/webhooks/sns", headers: headers, body: body)
        return try await (receiver ?? self.receiver()).receive(request, now: now)
    }

    @Test(arguments: SNSVector.all.indices)
    func vectors(_ index: Int) async throws {
        let vector = SNSVector.all[index]
        let text = try SNSNotification(vector.body).signedText
        let hash = HashFunction.sha256.digest(text).map { String(format: "%02x", $0) }.joined()
        #expect(hash == vector.textHash)
        let verdict = try await verdict(on: vector.body)
        #expect(verdict == .believed([], WebhookAnswer(status: 200)))
    }

    @Test func anythingChangedIsRefused() async throws {
        let vector = SNSVector.withSubject
        var changes = [
            vector.changed("Message", "Hello \"world\" é€😀\nline 3"), vector.changed("Subject", nil),
            vector.changed("Subject", "Other"), vector.changed("MessageId", "other"),
            vector.changed("Timestamp", "2026-03-14T15:09:26.536Z"), vector.changed("SignatureVersion", "1"),
            vector.changed("SignatureVersion", "3"), vector.changed("SignatureVersion", nil),
            vector.changed("Type", "Other"), vector.changed("Signature", ""), vector.changed("Signature", "!"),
            vector.changed("Signature", "AAAA"), vector.changed("SigningCertURL", nil),
            SNSVector.overSHA1.changed("SignatureVersion", "2"), SNSVector.overSHA1.changed("Subject", "New"),
            SNSVector.subscription.changed("Type", "UnsubscribeConfirmation"),
            SNSVector.subscription.changed("Token", "other"), SNSVector.subscription.changed("Token", nil),
            SNSVector.subscription.changed("SubscribeURL", "https://sns.us-east-1.amazonaws.com/?Action=Other"),
        ]
        let signature = try #require(vector.fields["Signature"].flatMap { Data(base64Encoded: $0) })
        for place in [0, 100, 255] {
            var flipped = signature
            flipped[place] ^= 1
            changes.append(vector.changed("Signature", flipped.base64EncodedString()))
        }
        let receiver = try receiver()
        for change in changes {
            #expect(try await verdict(on: change.body, by: receiver).isRefused, "\(change.fields)")
        }
        #expect(!fetch.urls.contains { $0.contains("Action") })
    }

    @Test func anythingCutOrStrangeIsRefused() async throws {
        let receiver = try receiver()
        let whole = SNSVector.withSubject.body
        for end in stride(from: 0, to: whole.count, by: 7) {
            #expect(try await verdict(on: Array(whole[..<end]), by: receiver).isRefused)
        }
        for text in [
            "[]", "null", "\"x\"", "{}", #"{"Type":1}"#,
            // Of two members of one name it isn't known which one the signer meant.
            String(decoding: whole.dropLast(), as: UTF8.self) + #","Message":"x"}"#,
        ] {
            #expect(try await verdict(on: Array(text.utf8), by: receiver).isRefused, "\(text)")
        }
        #expect(try await verdict(on: whole, method: "GET", by: receiver).isRefused)
        let raw = [HTTPHeader("x-amz-sns-rawdelivery", "true")]
        #expect(try await verdict(on: whole, headers: raw, by: receiver).isRefused)
        #expect(fetch.urls.isEmpty)
    }

    @Test func topicsOfOthersAreRefusedBeforeAnythingIsFetched() async throws {
        let receiver = try receiver { $0.topics = ["arn:aws:sns:us-east-1:123456789012:other"] }
        #expect(try await verdict(on: SNSVector.withSubject.body, by: receiver).isRefused)
        #expect(fetch.urls.isEmpty)
    }

    @Test func timesHaveABound() async throws {
        let receiver = try receiver()
        let body = SNSVector.withSubject.body
        let (old, ahead) = (Limits.webhookToleranceSeconds * 1000, Limits.webhookAheadSeconds * 1000)
        // SNS has been late by hours, after all its repeats.
        #expect(try await verdict(on: body, now: SNSVector.time + 25 * 3_600_000, by: receiver).events == [])
        #expect(try await verdict(on: body, now: SNSVector.time + old, by: receiver).events == [])
        #expect(try await verdict(on: body, now: SNSVector.time - ahead, by: receiver).events == [])
        #expect(try await verdict(on: body, now: SNSVector.time + old + 1, by: receiver).isRefused)
        #expect(try await verdict(on: body, now: SNSVector.time - ahead - 1, by: receiver).isRefused)

        let strict = try self.receiver { $0.tolerance = WebhookTolerance(seconds: 60) }
        #expect(try await verdict(on: body, now: SNSVector.time + 60_000, by: strict).events == [])
        #expect(try await verdict(on: body, now: SNSVector.time + 60_001, by: strict).isRefused)
        #expect(try await verdict(on: body, now: SNSVector.time - 60_001, by: strict).isRefused)
    }

    @Test func theOldSignatureCanBeSwitchedOff() async throws {
        let receiver = try receiver { $0.acceptsSHA1 = false }
        #expect(try await verdict(on: SNSVector.overSHA1.body, by: receiver).isRefused)
        #expect(try await verdict(on: SNSVector.withSubject.body, by: receiver).events == [])
    }

    @Test func certificatesOfOthersAreNotFetched() async throws {
        let receiver = try receiver()
        for url in ["http://127.0.0.1/a.pem", "https://sns.us-east-1.amazonaws.com.evil.com/a.pem"] {
            let body = SNSVector.withSubject.changed("SigningCertURL", url).body
            #expect(try await verdict(on: body, by: receiver).isRefused)
        }
        #expect(fetch.urls.isEmpty)
    }

    @Test func theOlderNameOfTheURLCounts() async throws {
        let vector = SNSVector.withSubject.changed("SigningCertURL", nil)
            .changed("SigningCertUrl", SNSVector.certificateURL)
        #expect(try await verdict(on: vector.body).events == [])
    }

    @Test func aCertificateIsFetchedOnceADay() async throws {
        let receiver = try receiver()
        for _ in 0..<3 { #expect(try await verdict(on: SNSVector.withSubject.body, by: receiver).events == []) }
        #expect(fetch.urls == [SNSVector.certificateURL])
    }

    @Test func whatCannotBeFetchedIsUndecided() async throws {
        let receiver = try receiver()
        let body = SNSVector.withSubject.body
        for failure in [
            HTTPResult.notSent(HTTPFailure(.notConnected)), .unknown(HTTPFailure(.timedOut)), .body("", status: 503),
            .body("", status: 429),
        ] {
            fetch.set(SNSVector.certificateURL, failure)
            #expect(try await verdict(on: body, by: receiver).isUndecided, "\(failure)")
        }
        for wrong in [
            HTTPResult.body("", status: 404), .body(SNSVector.certificate, status: 302), .body("no certificate"),
            .body(String(SNSVector.certificate.prefix(500))),
            .answered(HTTPResponse(status: 200, body: Array(SNSVector.certificate.utf8), isBodyCut: true)),
        ] {
            fetch.set(SNSVector.certificateURL, wrong)
            #expect(try await verdict(on: body, by: receiver).isRefused, "\(wrong)")
        }
        fetch.set(SNSVector.certificateURL, .body(SNSVector.certificate))
        #expect(try await verdict(on: body, by: receiver).events == [])
    }

    @Test func aSubscriptionIsConfirmedOnce() async throws {
        let receiver = try receiver()
        let url = try #require(SNSVector.subscription.fields["SubscribeURL"])
        fetch.set(url, .body("", status: 500))
        #expect(try await verdict(on: SNSVector.subscription.body, by: receiver).isUndecided)
        fetch.set(url, .body("<Confirmed/>"))
        for _ in 0..<2 { #expect(try await verdict(on: SNSVector.subscription.body, by: receiver).events == []) }
        #expect(fetch.urls == [SNSVector.certificateURL, url, url])
    }

    @Test func timestamps() {
        #expect(SNSNotification.milliseconds("2026-03-14T15:09:26.535Z") == SNSVector.time)
        #expect(SNSNotification.milliseconds("2026-03-14T15:09:26Z") == SNSVector.time - 535)
        #expect(SNSNotification.milliseconds("1970-01-01T00:00:00.000Z") == 0)
        for text in [
            "", "2026-03-14", "2026-03-14T15:09:26.535", "2026-03-14T15:09:26.535+00:00", "2026-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z", "2026-03-14T24:00:00.000Z", "2026-03-14T15:09:60.000Z", "1969-12-31T23:59:59Z",
            "2026-03-14T15:09:26.5Z", "+026-03-14T15:09:26Z", "2026-00-10T15:09:26Z", "2026-01-00T15:09:26Z",
        ] {
            #expect(SNSNotification.milliseconds(text) == nil, "\(text)")
        }
    }

    @Test func optionsAreChecked() {
        for topics in [
            [], ["x"], ["arn:aws:sqs:us-east-1:123456789012:a"], ["arn:aws:sns:us-east-1:1234:a"],
            Set((0...Limits.snsTopics).map { "arn:aws:sns:us-east-1:123456789012:t\($0)" }),
        ] as [Set<String>] {
            #expect(throws: InvalidProviderOptions.self) {
                _ = try SNSReceiver(SNSReceiverOptions(topics: topics)) { _ in .notSent(HTTPFailure(.canceled)) }
            }
        }
        let most = Set((0..<Limits.snsTopics).map { "arn:aws-cn:sns:cn-north-1:123456789012:t\($0).fifo" })
        #expect(SNSReceiverOptions(topics: most).violations() == [])
    }
}

/// What is read out of a message.
@Suite struct SNSContentTests {
    @Test func aMessageToOneOfOurNumbers() {
        let text = """
            {"originationNumber":"+14255550182","destinationNumber":"+12125550101","messageKeyword":"JOIN",
            "messageBody":"stop\\né😀","inboundMessageId":"cae173d2-66b9-564c-8309-21f858e9fb84",
            "previousPublishedMessageId":"wJalrXUtnFEMI"}
            """
        #expect(
            SNSContent.events(of: text) == [
                .inbound(
                    InboundMessage(
                        providerID: "cae173d2-66b9-564c-8309-21f858e9fb84", sender: "+14255550182",
                        recipient: "+12125550101", body: "stop\né😀"))
            ])
    }

    @Test func anEntryOfTheDeliveryLog() {
        func entry(_ status: String, _ response: String?) -> String {
            let response = response.map { #","providerResponse":"\#($0)""# } ?? ""
            return """
                {"notification":{"messageId":"34d9b400-c6dd-5444-820d-fbeb0f1f54cf","timestamp":"2016-06-28 00:40:34"},
                "delivery":{"phoneCarrier":"My Phone Carrier","mnc":270,"destination":"+1XXX5550100","priceInUSD":0.00645
                \(response)},"status":"\(status)"}
                """
        }
        func receipt(_ status: ReceiptStatus) -> [CarrierEvent] {
            [.receipt(CarrierReceipt(providerID: "34d9b400-c6dd-5444-820d-fbeb0f1f54cf", status: status))]
        }
        #expect(SNSContent.events(of: entry("SUCCESS", "Message has been accepted by phone")) == receipt(.delivered))
        #expect(
            SNSContent.events(of: entry("FAILURE", "Blocked as spam by phone carrier"))
                == receipt(.undelivered(code: "BLOCKED_AS_SPAM_BY_PHONE_CARRIER")))
        #expect(
            SNSContent.events(of: entry("FAILURE", "Phone is currently unreachable/unavailable"))
                == receipt(.undelivered(code: "PHONE_IS_CURRENTLY_UNREACHABLE_UNAVAILABLE")))
        #expect(SNSContent.events(of: entry("FAILURE", nil)) == receipt(.undelivered(code: "FAILURE")))
        #expect(SNSContent.events(of: entry("FAILURE", "…")) == receipt(.undelivered(code: "FAILURE")))
        #expect(SNSContent.events(of: entry("PENDING", nil)) == [])
    }

    @Test func whatIsMeantForOthersSaysNothing() {
        let long = String(repeating: "x", count: Limits.providerIDBytes + 1)
        for text in [
            "", "hello", "[]", "{}", #"{"notification":{},"delivery":{},"status":"SUCCESS"}"#,
            #"{"notification":{"messageId":""},"delivery":{},"status":"SUCCESS"}"#,
            #"{"notification":{"messageId":"\#(long)"},"delivery":{},"status":"SUCCESS"}"#,
            #"{"notification":{"messageId":"a"},"status":"SUCCESS"}"#,
            #"{"notification":{"messageId":"a"},"delivery":{},"status":"SUCCESS""#,
            #"{"originationNumber":"+1","destinationNumber":"+2","messageBody":1,"inboundMessageId":"a"}"#,
            #"{"originationNumber":"","destinationNumber":"+2","messageBody":"","inboundMessageId":"a"}"#,
        ] {
            #expect(SNSContent.events(of: text) == [], "\(text)")
        }
    }
}
