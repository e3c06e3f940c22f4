internal import Cryptography
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Providers

/// How requests show whose they are. PyJWT judges the tokens.
@Suite struct GenericRequestTests {
    @Test func credentialsOfEachKind() throws {
        let basic = try Generic.request(
            #"{"authentication": {"scheme": "basic", "user": "{{secret.u}}", "password": "{{secret.p}}:x"}}"#,
            secrets: ["u": "me", "p": "pä"])
        #expect(basic.authentication == .basic(user: "me", password: "pä:x"))
        let bearer = try Generic.request(
            #"{"authentication": {"scheme": "bearer", "token": "{{secret.t}}"}}"#, secrets: ["t": "abc{{to}}"])
        // A secret is no template.
        #expect(bearer.header("Authorization") == ["Bearer abc{{to}}"])
        let header = try Generic.request(
            #"{"authentication": {"scheme": "header", "name": "X-Key", "value": "k {{secret.t}}"}}"#,
            secrets: ["t": "a%b"])
        #expect(header.header("X-Key") == ["k a%b"])
        #expect(try Generic.request(#"{"authentication": {"scheme": "none"}}"#).headers.count == 1)
    }

    @Test func aCodeOverTheRequest() throws {
        // RFC 4231, section 4.3.
        let plain = try Generic.request(
            #"""
            {"request": {"form": null, "body": {"content_type": "text/plain", "text": "{{text}}"}},
             "authentication": {"scheme": "hmac", "header": "X-Sign", "key": "{{secret.k}}"}}
            """#, Generic.batch("what do ya want for nothing?"), secrets: ["k": "Jefe"])
        #expect(
            plain.header("X-Sign") == ["5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"])
        // RFC 2202, section 3.
        let sha1 = try Generic.request(
            #"""
            {"request": {"form": null, "body": {"content_type": "text/plain", "text": "{{text}}"}},
             "authentication": {"scheme": "hmac", "hash": "sha1", "header": "X-Sign", "key": "Jefe"}}
            """#, Generic.batch("what do ya want for nothing?"))
        #expect(sha1.header("X-Sign") == ["effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"])
        let timed = try Generic.request(
            #"""
            {"authentication": {"scheme": "hmac", "form": "base64", "header": "X-Sign", "key": "k",
              "signed": "{{method}}\n{{url}}\n{{timestamp}}\n{{body}}", "value": "t={{timestamp}},v1={{signature}}",
              "timestamp_header": "X-Time"}}
            """#)
        let message = "POST\nhttps://carrier.example/send\n1773500966\nto=%2B447400123456"
        let code = CodeForm.base64.text(HMAC.code(.sha256, key: "k".utf8, message.utf8))
        #expect(timed.header("X-Sign") == ["t=1773500966,v1=\(code)"])
        #expect(timed.header("X-Time") == ["1773500966"])
    }

    private struct KeyPair: Decodable {
        var `private`: String
        var `public`: String
    }
    private struct Verified: Decodable {
        var accepted: Bool
        var error: String
    }

    private func verify(_ tokens: [(token: String, algorithm: String, key: String)]) throws -> [Bool] {
        let questions = tokens.map { token in
            JSONValue.object([
                "token": .string(token.token), "algorithm": .string(token.algorithm), "key": .string(token.key),
                "issuer": .string("app-1"),
            ]).text
        }
        return try Oracle("json_web_tokens.py", "verify").answers(to: questions, as: Verified.self).map(\.accepted)
    }

    @Test func tokensThatPyJWTAccepts() throws {
        let keys = try #require(
            Oracle("json_web_tokens.py", "keys").answers(to: [String](), as: [String: KeyPair].self).first)
        let rsa = try #require(keys["rsa"])
        let secret = Array("secret-secret-secret-secret-32by".utf8)
        // PyJWT has the true time.
        let now = GenericCarrier.wallClock()
        let description = #"""
            {"variables": {"app": "app-1"}, "authentication": {"scheme": "jwt", "algorithm": "ALG", "key": "{{secret.k}}",
              "key_id": "k1", "claims": {"iss": "{{option.app}}", "jti": "{{token}}"}}}
            """#
        func token(_ algorithm: String, _ key: String) throws -> String {
            let kind = try Generic.kind(
                description.replacing("ALG", with: algorithm), secrets: ["k": key], now: { now })
            let batch = Generic.batch()
            let header = kind.carrier.request(for: batch.items[0], of: batch).header("Authorization")
            return String(try #require(header.first).trimmingPrefix("Bearer "))
        }
        let rs256 = try token("RS256", rsa.private)
        let hs256 = try token("HS256", String(decoding: secret, as: UTF8.self))
        let tokens = [
            (rs256, "RS256", rsa.public), (hs256, "HS256", Base64URL.encode(secret)),
            (rs256, "RS256", try #require(keys["other_rsa"]).public),
            (hs256, "HS256", Base64URL.encode(secret + [1])),
        ]
        #expect(try verify(tokens) == [true, true, false, false])
        let claims = try #require(WebToken.claims(of: hs256, secret: secret, hashes: [.sha256]))
        #expect(
            claims == [
                "iss": .string("app-1"), "jti": .string(Generic.token), "iat": .integer(now / 1000),
                "exp": .integer(now / 1000 + Limits.httpTokenSeconds),
            ])
        // Keys that can't sign.
        for name in ["small_rsa", "ec", "ed"] {
            let found = try Generic.violations(
                description.replacing("ALG", with: "RS256"), secrets: ["k": try #require(keys[name]).private])
            #expect(found.keys.sorted() == ["authentication.key"], "\(name)")
        }
        for key in [rsa.public, "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            #expect(
                try Generic.violations(description.replacing("ALG", with: "RS256"), secrets: ["k": key]).count == 1)
        }
    }

    @Test func aTokenServesHalfOfItsLifetime() throws {
        let clock = Clock()
        func tokens(_ claims: String) throws -> [String] {
            let kind = try Generic.kind(
                #"{"authentication": {"scheme": "jwt", "algorithm": "HS256", "key": "k", "lifetime_seconds": 100, "#
                    + "\"prefix\": \"\", \"claims\": \(claims)}}", now: { clock.now })
            let batch = Generic.batch()
            return [Int64(0), 49_999, 50_000].flatMap { later in
                clock.set(Generic.now + later)
                return kind.carrier.request(for: batch.items[0], of: batch).header("Authorization")
            }
        }
        let shared = try tokens("{}")
        #expect(shared[0] == shared[1] && shared[1] != shared[2])
        let own = try tokens(#"{"sub": "{{id}}"}"#)
        #expect(Set(own).count == 3)
        #expect(
            WebToken.claims(of: own[2], secret: Array("k".utf8), hashes: [.sha256])
                == ["sub": .string("77"), "iat": .integer(1_773_501_016), "exp": .integer(1_773_501_116)])
    }

    private final class Clock: Sendable {
        private let time = Mutex(Generic.now)
        var now: Int64 { time.withLock { $0 } }
        func set(_ now: Int64) { time.withLock { $0 = now } }
    }
}
