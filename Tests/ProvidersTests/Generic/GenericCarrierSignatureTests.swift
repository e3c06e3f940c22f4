internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Signatures of certain carriers, with vectors that their own libraries made. ``Generic/now`` is the time.
@Suite struct GenericCarrierSignatureTests {
    private func receiver(_ preset: String, _ changes: String = "{}", secrets: [String: String]) throws
        -> any WebhookReceiver
    {
        let variables = #"{"api_key": "k", "auth_id": "MA1"}"#
        let options = try JSONValue("{\"preset\": \"\(preset)\", \"variables\": \(variables)}").overlaid(
            by: JSONValue(changes))
        return try #require(Generic.kind(options.text, secrets: secrets).receiver)
    }

    // MARK: Vonage

    private static let vonageFields = [
        ("messageId", "0A0000001234567B"), ("msisdn", "447700900001"), ("status", "delivered"), ("text", "a&b=c"),
        ("timestamp", "1773500966"), ("to", "AcmeInc"),
    ]
    private static let vonageCodes = [
        "sha256": "7ee3b4c8d6e960b0d890cf1389b8ff1c0c3c6442bf8f03e9b8095d8b35d06af9",
        "md5": "2160b54c8b8857b413ed0c81961142ba",
        "sha1": "a4a84cc8c6d659a9719f275f55b7cc1c87fe6155",
        "sha512":
            "d9ea2544ce92a548098807d303de0f1924fd2da3c1f8fb88560cabadf58caec46a0b6d2953df2f53fe1dc476192610950abed4aef402308a0e63723b66b207e7",
        "md5hash": "8434b29ce0a0b0b20b0739ead34fd323",
    ]
    private static let vonageSecrets = ["api_secret": "s", "signature": "sigSECRET12345678"]
    private let vonageReceipt = CarrierEvent.receipt(
        CarrierReceipt(providerID: "0A0000001234567B", status: .delivered, part: .id("0A0000001234567B")))

    private func form(_ fields: [(String, String)]) -> String {
        var writer = FormWriter()
        for (name, value) in fields { writer.append(name, value) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func json(_ fields: [(String, String)]) -> String {
        JSONValue.object(fields.reduce(into: [:]) { $0[$1.0] = .string($1.1) }).text
    }

    @Test(arguments: vonageCodes.keys.sorted()) func vonageSignsInEveryWay(_ method: String) async throws {
        let receiver = try receiver(
            "vonage", #"{"signature": {"method": "\#(method)"}}"#, secrets: Self.vonageSecrets)
        let code = try #require(Self.vonageCodes[method])
        for sig in [code, code.uppercased()] {
            let fields = [("sig", sig)] + Self.vonageFields.reversed()
            let requests = [
                Generic.form(form(fields)), Generic.posted(json(fields)),
                Generic.posted("", query: form(fields), method: "GET"),
            ]
            for request in requests {
                #expect(await receiver.receive(request, now: Generic.now).events == [vonageReceipt])
            }
        }
        for (other, code) in Self.vonageCodes where other != method {
            let verdict = await receiver.receive(
                Generic.form(form(Self.vonageFields + [("sig", code)])), now: Generic.now)
            #expect(verdict.isRefused, "\(other)")
        }
    }

    @Test func vonageIsRefusedForAnythingElse() async throws {
        let receiver = try receiver("vonage", secrets: Self.vonageSecrets)
        let code = try #require(Self.vonageCodes["sha256"])
        func isRefused(_ request: WebhookRequest, now: Int64 = Generic.now) async -> Bool {
            await receiver.receive(request, now: now).isRefused
        }
        let fields = Self.vonageFields + [("sig", code)]
        // Vonage repeats for a day what it signed at first. The bounds of age, met and passed.
        #expect(await !isRefused(Generic.form(form(fields)), now: Generic.now + 25 * 3_600_000))
        for shift in [-Limits.webhookAheadSeconds * 1000, Limits.webhookToleranceSeconds * 1000] {
            #expect(await !isRefused(Generic.form(form(fields)), now: Generic.now + shift))
            #expect(await isRefused(Generic.form(form(fields)), now: Generic.now + shift + shift.signum()))
        }
        for place in fields.indices {
            // Each field left out, changed, and there twice.
            var cut = fields
            cut.remove(at: place)
            #expect(await isRefused(Generic.form(form(cut))), "\(fields[place])")
            var changed = fields
            changed[place].1 += "0"
            #expect(await isRefused(Generic.form(form(changed))), "\(fields[place])")
            #expect(await isRefused(Generic.form(form(fields + [fields[place]]))), "\(fields[place])")
            #expect(await isRefused(Generic.form(form(fields + [(fields[place].0, "x")]))), "\(fields[place])")
        }
        #expect(await isRefused(Generic.form(form(Self.vonageFields))))
        #expect(await isRefused(Generic.form(form(Self.vonageFields + [("sig", "")]))))
        #expect(await isRefused(Generic.form(form(Self.vonageFields + [("sig", String(code.dropLast(2)))]))))
        #expect(await isRefused(Generic.form(form(fields + [("extra", "1")]))))
        // What no signature could cover.
        #expect(await isRefused(Generic.posted(#"{"sig":"\#(code)","status":"delivered","more":{"a":1}}"#)))
        #expect(await isRefused(Generic.posted("[]")))
        // A body that is signed, and a query that isn't.
        let mixed = Generic.posted(json(fields), query: "status=failed&messageId=other")
        #expect(await receiver.receive(mixed, now: Generic.now).events == [vonageReceipt])
    }

    // MARK: Plivo

    private func plivo(
        _ method: String, _ url: String, _ body: String, _ signature: String, nonce: String = "12345678901234567890"
    ) -> WebhookRequest {
        WebhookRequest(
            method: method, url: url, query: url.split(separator: "?").dropFirst().first.map(String.init) ?? "",
            headers: [
                HTTPHeader("content-type", "application/x-www-form-urlencoded"),
                HTTPHeader("x-plivo-signature-v3", signature), HTTPHeader("x-plivo-signature-v3-nonce", nonce),
            ], body: Array(body.utf8))
    }

    /// Made by plivo 4.63.0 with the token `plivoAuthToken0001`.
    private static let plivoVectors = [
        (
            "POST", "https://gw.example.org/cb/plivo?x=1",
            "From=14155550199&MessageUUID=abc&Status=delivered&To=14155550100",
            "0zdtDovywTtrH+PhoWnbw5b57ivjQ7i7LhZVnO7cSAc="
        ),
        (
            "POST", "https://gw.example.org/cb/plivo", "Status=sent&MessageUUID=abc",
            "anJii1QnpJ3hc8d1z04smLqIBlX5f2IhorhhP6VtcGQ="
        ),
        (
            "POST", "https://gw.example.org/cb/plivo?z=2&a=%26+b&z=1", "",
            "+Wm0H8XaomqGGJPFm0s27fC/RJ3Z+P0IyqCaKap8YD0="
        ),
        (
            "POST", "https://gw.example.org/cb/plivo?z=2&a=%26+b&z=1", "Text=%F0%9F%98%80+%26%3D&Empty=&b=2&b=1&B=3",
            "cFKiDNjNH52fnfiA7SR0cqMaVQJlzXQ2sh9+pqB6g60="
        ),
        (
            "GET", "https://gw.example.org/cb/plivo?b=2&a=1&Status=delivered", "",
            "jWAAaoDErndiwXMoOm+R8oG3q84VrFqjbRoGgBrQw80="
        ),
        ("GET", "https://gw.example.org/cb/plivo", "", "+K1Iy1uDCabdau6k2shVpA6jKhoQ5f7smVN3fB/+8BA="),
    ]

    @Test func plivosVectors() async throws {
        let signature = PlivoSignature(key: Array("plivoAuthToken0001".utf8))
        func isBelieved(_ request: WebhookRequest) throws -> Bool {
            signature.refusal(of: request, try #require(WebhookFields(request))) == nil
        }
        for (method, url, body, code) in Self.plivoVectors {
            let request = plivo(method, url, body, code)
            #expect(try isBelieved(request), "\(url) \(body)")
            #expect(try isBelieved(plivo(method, url, body, "AAAA, \(code)")), "\(url) \(body)")
            let forged = [
                plivo(method, url, body, code, nonce: "1"), plivo(method, url, body, code, nonce: ""),
                plivo(method, url + "x", body, code), plivo(method, url, body + "&a=b", code),
                plivo(method, url, body, ""), plivo(method, url, body, "AAAA"),
                plivo(method, url, body, String(code.dropLast(4))), plivo(method, url, body, code + "AAAA"),
                plivo(method, url, body, code.lowercased()),
            ]
            for (place, request) in forged.enumerated() {
                #expect(try !isBelieved(request), "\(url) \(body) \(place)")
            }
            for name in ["x-plivo-signature-v3", "x-plivo-signature-v3-nonce"] {
                var twice = request
                twice.headers += request.headers.filter { $0.name == name }
                #expect(try !isBelieved(twice))
                var without = request
                without.headers.removeAll { $0.name == name }
                #expect(try !isBelieved(without))
            }
        }
    }

    @Test func plivosReceipts() async throws {
        let receiver = try receiver("plivo", secrets: ["auth_token": "plivoAuthToken0001"])
        let (method, url, body, code) = Self.plivoVectors[0]
        #expect(
            await receiver.receive(plivo(method, url, body, code), now: 0).events
                == [.receipt(CarrierReceipt(providerID: "abc", status: .delivered))])
        // A body that Plivo doesn't sign.
        var json = plivo(method, url, #"{"Status":"delivered"}"#, code)
        json.headers[0] = HTTPHeader("content-type", "application/json")
        #expect(await receiver.receive(json, now: 0).isRefused)
    }

    // MARK: MessageBird

    private static let key = "mbSigningKey0000000000000000000000"
    private static let url = "https://gw.example.org/cb/mb?id=1"
    private static let body = #"{"status":"delivered"}"#
    private static let head = #"{"alg":"HS256","typ":"JWT"}"#
    private static let hashes = (
        url: "eccfb4c8b359e8d45ca74c4634cace3578f3a655389c33c7b572c8c8befef8a4",
        body: "2499358d3b73660dd38ee30338a37045ae22062c41f1be9df142285a615a6ae9"
    )

    private func token(
        _ changes: [TextKey: JSONValue] = [:], head: String = head, hash: HashFunction = .sha256,
        key: String = key
    ) -> String {
        let claims: [TextKey: JSONValue] = [
            "iss": .string("MessageBird"), "nbf": .integer(1_773_500_966), "exp": .integer(1_773_501_026),
            "jti": .string("x"), "url_hash": .string(Self.hashes.url), "payload_hash": .string(Self.hashes.body),
        ]
        let changed = changes.reduce(into: claims) { $0[$1.key] = $1.value == .null ? nil : $1.value }
        let signed =
            "\(Base64URL.encode(Array(head.utf8))).\(Base64URL.encode(Array(JSONValue.object(changed).text.utf8)))"
        return "\(signed).\(Base64URL.encode(HMAC.code(hash, key: key.utf8, signed.utf8)))"
    }

    private func messageBird(_ token: String, body: String = body, url: String = url) -> WebhookRequest {
        WebhookRequest(
            method: "POST", url: url, query: "id=1",
            headers: [
                HTTPHeader("content-type", "application/json"), HTTPHeader("messagebird-signature-jwt", token),
            ], body: Array(body.utf8))
    }

    @Test func messageBirdsTokens() async throws {
        let signature = MessageBirdSignature(key: Array(Self.key.utf8))
        func isBelieved(_ request: WebhookRequest, now: Int64 = Generic.now) -> Bool {
            signature.refusal(of: request, now: now) == nil
        }
        // Made by PyJWT.
        let given =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTc3MzUwMDk2NiwiZXhwIjoxNzczNTAxMDI2LCJqdGkiOiJ4IiwidXJsX2hhc2giOiJlY2NmYjRjOGIzNTllOGQ0NWNhNzRjNDYzNGNhY2UzNTc4ZjNhNjU1Mzg5YzMzYzdiNTcyYzhjOGJlZmVmOGE0IiwicGF5bG9hZF9oYXNoIjoiMjQ5OTM1OGQzYjczNjYwZGQzOGVlMzAzMzhhMzcwNDVhZTIyMDYyYzQxZjFiZTlkZjE0MjI4NWE2MTVhNmFlOSJ9.GrMeWHPE1K0Z5SO0o3wGrnYLEkiy0wUyqcW9KWCDAdI"
        #expect(isBelieved(messageBird(given)))
        #expect(isBelieved(messageBird(token())))
        #expect(isBelieved(messageBird(token(head: #"{"alg":"HS384"}"#, hash: .sha384))))
        #expect(isBelieved(messageBird(token(head: #"{"alg":"HS512"}"#, hash: .sha512))))
        #expect(isBelieved(messageBird(token(["payload_hash": .null]), body: "")))
        // Its time, with the second that the clocks may be apart.
        #expect(isBelieved(messageBird(given), now: Generic.now - 1000))
        #expect(!isBelieved(messageBird(given), now: Generic.now - 1001))
        #expect(isBelieved(messageBird(given), now: Generic.now + 60_999))
        #expect(!isBelieved(messageBird(given), now: Generic.now + 61_000))
        let forged: [WebhookRequest] = [
            messageBird(token(key: "another")), messageBird(token(head: #"{"alg":"HS512"}"#)),
            messageBird(token(head: #"{"alg":"none"}"#)), messageBird(String(given.dropLast())), messageBird(""),
            messageBird(given, body: Self.body + " "), messageBird(given, body: ""),
            messageBird(given, url: Self.url + "&x=1"), messageBird(given, url: "http" + Self.url.dropFirst(5)),
            messageBird(token(["payload_hash": .null])), messageBird(token(), body: ""),
            messageBird(token(["url_hash": .null])), messageBird(token(["iss": .string("Else")])),
            messageBird(token(["iss": .null])), messageBird(token(["nbf": .null])),
            messageBird(token(["exp": .null])), messageBird(token(["exp": .string("1773501026")])),
            messageBird(token(["payload_hash": .string(Self.hashes.url)])),
            messageBird(token(["url_hash": .string(Self.hashes.body)])),
        ]
        for (place, request) in forged.enumerated() { #expect(!isBelieved(request), "\(place)") }
        var twice = messageBird(given)
        twice.headers.append(twice.headers[1])
        #expect(!isBelieved(twice))
    }

    @Test func messageBirdsReceipts() async throws {
        let receiver = try receiver("messagebird", secrets: ["access_key": "k", "signing_key": Self.key])
        // Its receipts are GETs, signed with the URL.
        let query = "id=e80&reference=\(Generic.token)&recipient=31612345678&status=delivery_failed&statusErrorCode=5"
        let url = "\(Generic.webhook)?\(query)"
        let hash = JSONValue.string(Hexadecimal.encode(HashFunction.sha256.digest(Array(url.utf8))))
        let signed = token(["url_hash": hash, "payload_hash": .null])
        let request = WebhookRequest(
            method: "GET", url: url, query: query, headers: [HTTPHeader("messagebird-signature-jwt", signed)])
        let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)
        #expect(
            await receiver.receive(request, now: Generic.now).events
                == [
                    .receipt(
                        CarrierReceipt(attempt: attempt, providerID: "e80", status: .undelivered(code: "5")))
                ])
        #expect(await receiver.receive(request, now: Generic.now + 61_000).isRefused)
    }
}
