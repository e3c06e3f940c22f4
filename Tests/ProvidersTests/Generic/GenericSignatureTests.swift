internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// The schemes that have nothing to do with one carrier. ``Generic/now`` is the time.
@Suite struct GenericSignatureTests {
    private static let receipt =
        #""receipt": {"id": "param:id", "status": "param:status", "statuses": {"ok": "delivered"}}"#

    private func receiver(_ signature: String, _ receipt: String = receipt, secrets: [String: String] = [:]) throws
        -> any WebhookReceiver
    {
        try #require(Generic.kind("{\"signature\": \(signature), \(receipt)}", secrets: secrets).receiver)
    }

    private let body = #"{"id":"m1","status":"ok"}"#
    private let delivered = CarrierEvent.receipt(CarrierReceipt(providerID: "m1", status: .delivered))

    private func isRefused(
        _ receiver: any WebhookReceiver, _ request: WebhookRequest, now: Int64 = Generic.now
    ) async -> Bool {
        await receiver.receive(request, now: now).isRefused
    }

    @Test func userAndPassword() async throws {
        let receiver = try receiver(
            #"{"scheme": "basic", "user": "apus", "password": "{{secret.p}}"}"#, secrets: ["p": "p:w"])
        func request(_ credentials: String) -> WebhookRequest {
            Generic.posted(
                body, headers: ["authorization": "Basic " + CodeForm.base64.text(Array(credentials.utf8))])
        }
        #expect(await receiver.receive(request("apus:p:w"), now: 0).events == [delivered])
        for wrong in ["apus:p:x", "apus:p:", "Apus:p:w", ":", "apus:p:w\n"] {
            #expect(await isRefused(receiver, request(wrong)), "\(wrong)")
        }
        #expect(await isRefused(receiver, Generic.posted(body)))
        var twice = request("apus:p:w")
        twice.headers.append(twice.headers[1])
        #expect(await isRefused(receiver, twice))
    }

    @Test func aSecretInAHeader() async throws {
        let receiver = try receiver(#"{"scheme": "header", "name": "X-Secret", "value": "s3cret"}"#)
        func request(_ secret: String) -> WebhookRequest { Generic.posted(body, headers: ["x-secret": secret]) }
        #expect(await receiver.receive(request("s3cret"), now: 0).events == [delivered])
        for wrong in ["", "s3cre", "s3crets", "S3cret"] { #expect(await isRefused(receiver, request(wrong))) }
        #expect(await isRefused(receiver, Generic.posted(body)))
    }

    private func code(_ text: String, key: String = "k") -> [UInt8] {
        HMAC.code(.sha256, key: key.utf8, text.utf8)
    }

    @Test func aCodeOverTheBody() async throws {
        let receiver = try receiver(
            #"{"scheme": "hmac", "key": "k", "header": "X-Sign", "prefix": "sha256="}"#)
        func request(_ sign: String, body: String? = nil) -> WebhookRequest {
            Generic.posted(body ?? self.body, headers: ["x-sign": sign])
        }
        let hex = Hexadecimal.encode(code(body))
        #expect(await receiver.receive(request("sha256=\(hex)"), now: 0).events == [delivered])
        #expect(await receiver.receive(request("sha256=\(hex.uppercased())"), now: 0).events == [delivered])
        // While the secret is replaced there are two.
        #expect(await receiver.receive(request("sha256=00, sha256=\(hex)"), now: 0).events == [delivered])
        let wrong = [
            hex, "sha256=", "sha256=\(hex.dropLast(2))", "sha256=\(hex.dropLast())", "sha256=\(hex)00",
            "sha256=\(Hexadecimal.encode(code(body, key: "K")))", "sha1=\(hex)",
        ]
        for sign in wrong { #expect(await isRefused(receiver, request(sign)), "\(sign)") }
        #expect(await isRefused(receiver, request("sha256=\(hex)", body: body + " ")))
        #expect(await isRefused(receiver, Generic.posted(body)))
        // What isn't signed isn't read: without a body the parameters would be the query's.
        let empty = Generic.posted(
            "", query: "id=m1&status=ok", headers: ["x-sign": "sha256=\(Hexadecimal.encode(code("")))"])
        #expect(await isRefused(receiver, empty))
    }

    @Test func aCodeWithATime() async throws {
        let receiver = try receiver(
            #"""
            {"scheme": "hmac", "key": "k", "header": "X-Sign", "form": "base64", "timestamp_header": "X-Time",
             "signed": "{{timestamp}}.{{method}}.{{url}}.{{body}}", "tolerance_seconds": 60}
            """#)
        func request(_ time: String, query: String = "") -> WebhookRequest {
            let url = query.isEmpty ? Generic.webhook : "\(Generic.webhook)?\(query)"
            return Generic.posted(
                body, query: query,
                headers: [
                    "x-time": time, "x-sign": CodeForm.base64.text(code("\(time).POST.\(url).\(body)")),
                ])
        }
        let good = request("1773500966")
        #expect(await receiver.receive(good, now: Generic.now).events == [delivered])
        #expect(await receiver.receive(request("1773500966", query: "a=1"), now: Generic.now).events == [delivered])
        // The bound, met and passed, both ways; so a request that is posted again later is refused.
        for shift in [-60_000, 60_000] as [Int64] {
            #expect(await receiver.receive(good, now: Generic.now + shift).events == [delivered])
            #expect(await isRefused(receiver, good, now: Generic.now + shift + shift.signum()))
        }
        for time in ["", "soon", "1773500966.5", "99999999999999999999"] {
            #expect(await isRefused(receiver, request(time)), "\(time)")
        }
        // Another time with the same signature.
        var fresh = good
        fresh.headers = fresh.headers.map { $0.name == "x-time" ? HTTPHeader("x-time", "1773500967") : $0 }
        #expect(await isRefused(receiver, fresh))
        var elsewhere = good
        elsewhere.url += "?x"
        #expect(await isRefused(receiver, elsewhere))
    }

    @Test func aCodeWithANonceAndAKeyInBase64() async throws {
        let key = CodeForm.base64.text([1, 2, 3, 250])
        let receiver = try receiver(
            #"""
            {"scheme": "hmac", "key": "{{secret.k}}", "key_form": "base64", "header": "X-Sign", "form": "base64",
             "signed": "{{body}}.{{nonce}}.{{timestamp}}", "timestamp_header": "X-Time", "nonce_header": "X-Nonce"}
            """#, secrets: ["k": key])
        func request(nonce: String = "n1", signedNonce: String = "n1", key: [UInt8] = [1, 2, 3, 250]) -> WebhookRequest
        {
            let code = HMAC.code(.sha256, key: key, "\(body).\(signedNonce).1773500966".utf8)
            return Generic.posted(
                body,
                headers: ["x-time": "1773500966", "x-nonce": nonce, "x-sign": CodeForm.base64.text(code)])
        }
        #expect(await receiver.receive(request(), now: Generic.now).events == [delivered])
        #expect(await isRefused(receiver, request(nonce: "n2")))
        #expect(await isRefused(receiver, request(nonce: "", signedNonce: "")))
        #expect(await isRefused(receiver, request(key: Array(key.utf8))))
        var twice = request()
        twice.headers.append(HTTPHeader("x-nonce", "n1"))
        #expect(await isRefused(receiver, twice))
        let hex = try self.receiver(
            #"{"scheme": "hmac", "key": "010203fA", "key_form": "hex", "header": "X-Sign"}"#)
        let code = Hexadecimal.encode(HMAC.code(.sha256, key: [1, 2, 3, 250], body.utf8))
        #expect(await hex.receive(Generic.posted(body, headers: ["x-sign": code]), now: 0).events == [delivered])
    }

    /// The vectors of the specification's own library, and what its checks say.
    @Test func standardWebhooks() async throws {
        let receiver = try receiver(
            #"{"scheme": "standard-webhooks", "key": "{{secret.s}}", "tolerance_seconds": 300}"#,
            #""receipt": {"id": "/test", "status": "/status", "statuses": {"delivered": "delivered"}}, "ignore": [{"/test": true}]"#,
            secrets: ["s": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        func request(_ id: String, _ body: String, _ signature: String, time: String = "1674087231") -> WebhookRequest {
            Generic.posted(
                body, headers: ["webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature])
        }
        let now: Int64 = 1_674_087_231_000
        let (id, text) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", #"{"test": 2432232314}"#)
        let code = "v1,AQG81rX2n4rTN1fkXoqILSHO9gAOcwya9dP41rhrQDI="
        #expect(await receiver.receive(request(id, text, code), now: now).events == [])
        #expect(await receiver.receive(request(id, text, "v1,AAAA v2,x \(code)"), now: now).events == [])
        for shift in [-300_000, 300_000] as [Int64] {
            #expect(await receiver.receive(request(id, text, code), now: now + shift).events == [])
            #expect(await isRefused(receiver, request(id, text, code), now: now + shift + shift.signum()))
        }
        let wrong = [
            request("msg_2", text, code), request(id, text + " ", code), request(id, text, ""),
            request(id, text, String(code.dropFirst(3))), request(id, text, "v1a,\(code.dropFirst(3))"),
            request(id, text, code, time: "1674087232"), request(id, text, code, time: "soon"),
            request("", text, code), request(id, "", code), Generic.posted(text),
        ]
        for request in wrong { #expect(await isRefused(receiver, request, now: now), "\(request)") }
        #expect(
            await receiver.receive(
                request(
                    "msg_1", #"{"status":"delivered","text":"é€😀"}"#,
                    "v1,mmoh4gF3OtIGUICaT1GczxJpQsPmLxdRG+HjKX6ZmNY="), now: now
            ).isUnreadable)
    }

    // MARK: A token with the body's hash

    private func token(
        _ claims: [TextKey: JSONValue], head: String = #"{"alg":"HS256","typ":"JWT"}"#, key: String = "a secret"
    ) -> String {
        let signed =
            Base64URL.encode(Array(head.utf8)) + "." + Base64URL.encode(Array(JSONValue.object(claims).text.utf8))
        return signed + "." + Base64URL.encode(code(signed, key: key))
    }

    private func claims(_ changes: [TextKey: JSONValue] = [:]) -> [TextKey: JSONValue] {
        let claims: [TextKey: JSONValue] = [
            "iat": .integer(1_773_500_966), "jti": .string("x"), "api_key": .string("abcd"),
            "payload_hash": .string(Hexadecimal.encode(HashFunction.sha256.digest(Array(body.utf8)))),
        ]
        return changes.reduce(into: claims) { $0[$1.key] = $1.value == .null ? nil : $1.value }
    }

    @Test func aTokenOverTheBody() async throws {
        let receiver = try receiver(
            #"{"scheme": "jwt", "key": "{{secret.s}}", "claims": {"api_key": "{{secret.a}}"}}"#,
            secrets: ["s": "a secret", "a": "abcd"])
        func request(_ token: String) -> WebhookRequest {
            Generic.posted(body, headers: ["authorization": "Bearer \(token)"])
        }
        let good = request(token(claims()))
        #expect(await receiver.receive(good, now: Generic.now).events == [delivered])
        let (old, ahead) = (Limits.webhookToleranceSeconds * 1000, Limits.webhookAheadSeconds * 1000)
        #expect(await receiver.receive(good, now: Generic.now + old).events == [delivered])
        #expect(await receiver.receive(good, now: Generic.now - ahead).events == [delivered])
        // Posted again later.
        #expect(await isRefused(receiver, good, now: Generic.now + old + 1))
        #expect(await isRefused(receiver, good, now: Generic.now - ahead - 1))
        let later = claims(["exp": .integer(1_773_500_967), "nbf": .real(1_773_500_966.5)])
        #expect(await receiver.receive(request(token(later)), now: Generic.now).events == [delivered])
        let wrong: [[TextKey: JSONValue]] = [
            ["iat": .null], ["iat": .string("1773500966")], ["iat": .real(1e300)],
            ["exp": .integer(1_773_500_966)], ["exp": .string("later")], ["nbf": .integer(1_773_500_968)],
            ["api_key": .string("other")], ["api_key": .null], ["payload_hash": .null],
            ["payload_hash": .string("")],
            ["payload_hash": .string(Hexadecimal.encode(HashFunction.sha256.digest(Array("{}".utf8))))],
        ]
        for changes in wrong {
            #expect(await isRefused(receiver, request(token(claims(changes)))), "\(changes)")
        }
        for head in [
            #"{"alg":"none"}"#, #"{"alg":"HS512"}"#, #"{"alg":"hs256"}"#, #"{"typ":"JWT"}"#,
            #"{"alg":"HS256","crit":["x"]}"#, #"{"alg":"HS256","alg":"HS256"}"#, "[]",
        ] {
            #expect(await isRefused(receiver, request(token(claims(), head: head))), "\(head)")
        }
        let whole = token(claims())
        for text in [
            token(claims(), key: "another"), String(whole.dropLast()), whole + "A", whole + "=", whole + ".",
            ".\(whole)", "", String(whole.prefix { $0 != "." }), whole.replacing("eyJ", with: "eyI"),
        ] {
            #expect(await isRefused(receiver, request(text)), "\(text)")
        }
        #expect(await isRefused(receiver, Generic.posted(body)))
        var twice = good
        twice.headers.append(twice.headers[1])
        #expect(await isRefused(receiver, twice))
        // Another body, and none.
        var other = good
        other.body = Array(#"{"id":"m2","status":"ok"}"#.utf8)
        #expect(await isRefused(receiver, other))
        let hashOfNothing = JSONValue.string(Hexadecimal.encode(HashFunction.sha256.digest([])))
        let empty = Generic.posted(
            "", query: "id=m1&status=ok",
            headers: ["authorization": "Bearer \(token(claims(["payload_hash": hashOfNothing])))"])
        #expect(await isRefused(receiver, empty))
    }

    /// The vectors of PyJWT.
    @Test func tokensOfPyJWT() {
        let hs256 =
            "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ0ZW5hbnQtMSIsImlhdCI6MTc3MzUwMDk2NiwiZXhwIjoxNzczNTA0NTY2fQ.yFlTlzVGuQB1HdOEK_Y2BgBaYQZGNXFqJIrDsTVdoTw"
        let hs512 =
            "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0ZW5hbnQtMSIsImlhdCI6MTc3MzUwMDk2NiwiZXhwIjoxNzczNTA0NTY2fQ.mUMFOUQMOE17b-D9EqOqoJNS1jYEpODK-dNsV9174zis5BMWXzkRPT-O_ooN9JqR11VOVybF4emTI74NoWTOfA"
        let key = Array("secret-secret-secret-secret-32by".utf8)
        let long = [UInt8](repeating: UInt8(ascii: "s"), count: 64)
        let claims: [TextKey: JSONValue] = [
            "sub": .string("tenant-1"), "iat": .integer(1_773_500_966), "exp": .integer(1_773_504_566),
        ]
        #expect(WebToken.claims(of: hs256, secret: key, hashes: [.sha256]) == claims)
        #expect(WebToken.claims(of: hs512, secret: long, hashes: [.sha256, .sha512]) == claims)
        #expect(WebToken.claims(of: hs512, secret: long, hashes: [.sha256]) == nil)
        #expect(WebToken.claims(of: hs256, secret: long, hashes: [.sha256]) == nil)
        // The same octets with unused bits set, and an alphabet that isn't base64url's.
        for end in ["x", "y", "z"] {
            #expect(WebToken.claims(of: hs256.dropLast() + end, secret: key, hashes: [.sha256]) == nil)
        }
        #expect(
            WebToken.claims(of: hs256.replacing("_", with: "/"), secret: key, hashes: [.sha256]) == nil)
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ0ZW5hbnQtMSIsImV4cCI6NDEwMjQ0NDgwMH0."
        #expect(WebToken.claims(of: none, secret: [], hashes: [.sha256]) == nil)
        // The bound of a token, passed.
        let bytes = String(repeating: "A", count: Limits.tokenBytes)
        #expect(WebToken.claims(of: "\(hs256)\(bytes)", secret: key, hashes: [.sha256]) == nil)
    }
}
