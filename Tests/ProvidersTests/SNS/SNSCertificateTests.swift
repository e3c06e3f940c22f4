internal import Cryptography
internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Which certificates count, with those that Python makes.
@Suite struct SNSCertificateTests {
    struct Signed: Decodable, Sendable {
        var body: String
        var certificate: String
        var authority: String
        /// DER in Base64.
        var issuer: String
    }

    private struct Question: Encodable {
        var kind: String
        var fields: [String: String]

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(kind)
            try list.encode(fields)
            try list.encode([String: String]())
        }
    }

    private static let log =
        #"{"notification":{"messageId":"m-1"},"delivery":{"providerResponse":"ok"},"status":"SUCCESS"}"#
    private static let issuerURL = "http://crt.r2m01.amazontrust.com/r2m01.cer"
    private static let kinds = [
        "good", "common-name", "expired", "future", "other-name", "longer-name", "other-alternative",
        "unnamed-alternative", "wildcard",
        "self-signed", "weak", "curve", "chain", "alone", "alone-elsewhere", "alone-nowhere",
    ]

    /// Signed at noon of 2026-06-15 with a certificate of each kind.
    private static let signed: Result<[String: Signed], any Error> = Result {
        let questions = kinds.map { kind in
            Question(
                kind: kind,
                fields: [
                    "Type": "Notification", "MessageId": "1", "TopicArn": SNSVector.topic, "Message": log,
                    "Timestamp": "2026-06-15T12:00:00.000Z", "SignatureVersion": kind == "common-name" ? "1" : "2",
                    "SigningCertURL": SNSVector.certificateURL,
                ])
        }
        return Dictionary(
            uniqueKeysWithValues: zip(
                kinds, try Oracle("sns_notifications.py").answers(to: questions, as: Signed.self)))
    }
    private static let noon: Int64 = 1_781_524_800_000

    private let directory = TemporaryDirectory()

    private func verdict(
        _ kind: String, now: Int64 = noon, fetch: ScriptedFetch? = nil, trustsSystem: Bool = false
    ) async throws -> WebhookResult {
        let signed = try #require(try Self.signed.get()[kind])
        try directory.write(Data(signed.authority.utf8), to: "ca.pem")
        var options = SNSReceiverOptions(topics: [SNSVector.topic])
        options.caFile = trustsSystem ? nil : directory.file("ca.pem")
        let fetch = fetch ?? ScriptedFetch([SNSVector.certificateURL: .body(signed.certificate)])
        let receiver = try SNSReceiver(options) { fetch.get($0) }
        let request = WebhookRequest(
            method: "POST", url: "https://sms.example.com/webhooks/sns", body: Array(signed.body.utf8))
        return await receiver.receive(request, now: now)
    }

    @Test(arguments: ["good", "common-name", "chain"])
    func thoseThatCount(_ kind: String) async throws {
        #expect(
            try await verdict(kind).events == [.receipt(CarrierReceipt(providerID: "m-1", status: .delivered))])
    }

    @Test(arguments: [
        "expired", "future", "other-name", "longer-name", "other-alternative", "unnamed-alternative", "wildcard",
        "self-signed", "weak",
        "curve", "alone-elsewhere", "alone-nowhere",
    ])
    func thoseThatDoNot(_ kind: String) async throws {
        #expect(try await verdict(kind).isRefused)
    }

    @Test func theSystemDoesNotTrustOurs() async throws {
        #expect(try await verdict("good", trustsSystem: true).isRefused)
    }

    @Test func theAuthorityBetweenIsFetchedWhereTheCertificateSays() async throws {
        let signed = try #require(try Self.signed.get()["alone"])
        let issuer = try #require(Data(base64Encoded: signed.issuer))
        let fetch = ScriptedFetch([
            SNSVector.certificateURL: .body(signed.certificate),
            Self.issuerURL: .answered(HTTPResponse(status: 200, body: Array(issuer))),
        ])
        #expect(try await verdict("alone", fetch: fetch).events?.count == 1)
        #expect(fetch.urls == [SNSVector.certificateURL, Self.issuerURL])
        fetch.set(Self.issuerURL, .body("", status: 503))
        #expect(try await verdict("alone", fetch: fetch).isUndecided)
        fetch.set(Self.issuerURL, .body("no certificate"))
        #expect(try await verdict("alone", fetch: fetch).isRefused)
        // The certificate itself is no authority.
        fetch.set(Self.issuerURL, .answered(HTTPResponse(status: 200, body: try der(signed.certificate))))
        #expect(try await verdict("alone", fetch: fetch).isRefused)
    }

    private func der(_ pem: String) throws -> [UInt8] {
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }

    @Test func whatIsRememberedEnds() async throws {
        let certificate = try #require(try Self.signed.get()["good"])
        try directory.write(Data(certificate.authority.utf8), to: "ca.pem")
        let fetch = ScriptedFetch([:])
        let certificates = SNSCertificates(caFile: directory.file("ca.pem")) { fetch.get($0) }
        func isGood(_ number: Int, now: Int64) async -> Bool {
            let url = "https://sns.us-east-1.amazonaws.com/\(number).pem"
            fetch.set(url, .body(certificate.certificate))
            if case .good = await certificates.certificate(at: url, host: "sns.us-east-1.amazonaws.com", now: now) {
                return true
            }
            return false
        }
        #expect(await isGood(0, now: Self.noon))
        #expect(await isGood(0, now: Self.noon + Limits.snsCertificateMilliseconds - 1))
        #expect(fetch.urls.count == 1)
        #expect(await isGood(0, now: Self.noon + Limits.snsCertificateMilliseconds))
        #expect(fetch.urls.count == 2)
        // As many as are remembered push the first out.
        let later = Self.noon + Limits.snsCertificateMilliseconds + 1
        for number in 1..<Limits.snsCertificates { #expect(await isGood(number, now: later)) }
        #expect(await isGood(0, now: later))
        #expect(fetch.urls.count == 1 + Limits.snsCertificates)
        #expect(await isGood(Limits.snsCertificates, now: later))
        #expect(await isGood(0, now: later))
        #expect(fetch.urls.count == 3 + Limits.snsCertificates)
        // A remembered one may end before the day does.
        let newYear: Int64 = 1_798_761_600_000
        #expect(await isGood(99, now: newYear - 1000))
        #expect(await !isGood(99, now: newYear + 1000))
    }

    @Test func theSizeOfACertificateIsBounded() throws {
        let pem = Array(try #require(try Self.signed.get()["good"]).certificate.utf8)
        let padding = [UInt8](repeating: UInt8(ascii: "\n"), count: Limits.signingCertificateBytes - pem.count)
        #expect(SigningCertificate(pem: pem + padding) != nil)
        #expect(SigningCertificate(pem: pem + padding + [UInt8(ascii: "\n")]) == nil)
        #expect(SigningCertificate(pem: []) == nil)
    }
}

/// Fetching, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct HTTPFetcherTests {
    @Test func noRedirectIsFollowed() async throws {
        let server = try await ScriptedHTTPServer { request in
            request.target == "/a" ? .answer(302, headers: ["Location: /b"]) : .answer(200, "body of \(request.target)")
        }
        let client = HTTPClient()
        let fetcher = HTTPFetcher(HTTPSessionOptions(), client: client)
        let url = "http://127.0.0.1:\(server.port)"
        async let moved = fetcher.get(url + "/a")
        async let there = fetcher.get(url + "/c")
        guard case .answered(let first) = await moved, case .answered(let second) = await there else {
            Issue.record("no answers")
            return
        }
        #expect(first.status == 302)
        #expect(second.body == Array("body of /c".utf8))
        #expect(Set(server.requests.map(\.target)) == ["/a", "/c"])
        client.stop()
        await server.stop()
    }

    @Test func aStoppedReceiverDecidesNothing() async throws {
        let client = HTTPClient()
        let receiver = try SNSReceiver(SNSReceiverOptions(topics: [SNSVector.topic]), client: client)
        receiver.stop()
        let request = WebhookRequest(
            method: "POST", url: "https://sms.example.com/webhooks/sns", body: SNSVector.withSubject.body)
        #expect(await receiver.receive(request, now: SNSVector.time).isUndecided)
        client.stop()
    }

    @Test func whoeverWaitsIsToldOfTheEnd() async throws {
        let server = try await ScriptedHTTPServer { _ in .silence }
        let client = HTTPClient()
        let fetcher = HTTPFetcher(HTTPSessionOptions(), client: client)
        async let answer = fetcher.get("http://127.0.0.1:\(server.port)/")
        await server.wait { $0.count == 1 }
        fetcher.stop()
        #expect(await answer == .notSent(HTTPFailure(.canceled, "stopped")))
        #expect(await fetcher.get("http://127.0.0.1:\(server.port)/") == .notSent(HTTPFailure(.canceled, "stopped")))
        client.stop()
        await server.stop()
    }
}
