import Access
import ConfigurationModel
import Foundation
import GatewayTestKit
import JSON
import SMSModel
import Testing

/// Tokens that others have made, known ones and PyJWT's.
@Suite struct TokenVerifierTests {
    private let sub = #"{"sub":"tenant-1","iat":1773500966,"exp":1773504566}"#
    private static let hs256 = """
        eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ0ZW5hbnQtMSIsImlhdCI6MTc3MzUwMDk2NiwiZXhwIjoxNzcz\
        NTA0NTY2fQ.yFlTlzVGuQB1HdOEK_Y2BgBaYQZGNXFqJIrDsTVdoTw
        """
    private static let hs512 = """
        eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0ZW5hbnQtMSIsImlhdCI6MTc3MzUwMDk2NiwiZXhwIjoxNzczNTA0NTY2fQ.mUMF\
        OUQMOE17b-D9EqOqoJNS1jYEpODK-dNsV9174zis5BMWXzkRPT-O_ooN9JqR11VOVybF4emTI74NoWTOfA
        """
    private static let edDSA = """
        eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0ZW5hbnQtMSIsImV4cCI6MTc3MzUwNDU2Nn0.ljFI90ZS1K-91nNdGOYL_0o8OTk\
        hLhchOLS4hLVscj6W40lGVjeGravH5Oqvc6JboZK5lRXq3SOFd6XcGt9TBg
        """

    private func isSigned(_ token: String, _ issuer: IssuerSettings) async -> Bool {
        await TokenVerifier(issuer).isSigned(Array(token.utf8))
    }

    // MARK: Known ones

    @Test func hmac() async {
        let issuer = IssuerSettings.simple(ids: ["k1"])
        #expect(await isSigned(Self.hs256, issuer))
        #expect(await !isSigned(Self.hs256 + "A", issuer))
        #expect(await !isSigned(Self.hs512, issuer))
        // The same octets written otherwise are no token, whatever the signature.
        for last in ["x", "y", "z", "w="] {
            #expect(throws: TokenProblem.malformed) { try precheck(Self.hs256.dropLast() + last) }
        }
        #expect(throws: TokenProblem.malformed) {
            try precheck(
                "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ0ZW5hbnQtMSIsImV4cCI6NDEwMjQ0NDgwMH0.")
        }
        // Tokens without an issuer are nobody's here.
        #expect(throws: TokenProblem.malformed) { try precheck(Self.hs256) }
    }

    @Test func ed25519() async {
        // RFC 8410: an Ed25519 public key is its 32 octets after these twelve.
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        let key = stride(from: 0, to: 64, by: 2).map { offset in
            let text = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
            return UInt8(text.dropFirst(offset).prefix(2), radix: 16)!
        }
        let pem = """
            -----BEGIN PUBLIC KEY-----
            \(Data(prefix + key).base64EncodedString())
            -----END PUBLIC KEY-----
            """
        let issuer = IssuerSettings(
            issuer: "i", audience: nil, algorithm: .edDSA, keys: [IssuerKey(id: nil, material: pem)])
        #expect(TokenVerifier.problem(with: issuer) == nil)
        #expect(await isSigned(Self.edDSA, issuer))
        #expect(await !isSigned(Self.edDSA.replacing(".lj", with: ".lk"), issuer))
        #expect(await !isSigned(Self.hs256, issuer))
    }

    // MARK: Keys

    @Test func secretsAreLongAndSecret() {
        func problem(_ secret: String) -> String? {
            TokenVerifier.problem(
                with: IssuerSettings(
                    issuer: "i", audience: nil, algorithm: .hs256, keys: [IssuerKey(id: nil, material: secret)])
            )?.description
        }
        #expect(problem(base64URL([UInt8](repeating: 1, count: Limits.issuerSecretMinimumBytes))) == nil)
        let short = problem(base64URL([UInt8](repeating: 1, count: Limits.issuerSecretMinimumBytes - 1)))
        #expect(short == "is not a secret of at least 32 bytes in base64url")
        #expect(problem("") != nil && problem(String(repeating: "!", count: 64)) != nil)
        let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
        #expect(problem(pem) != nil)
        #expect(problem(base64URL(pem.utf8)) == "is a key in PEM, and no secret")
    }

    @Test func anIssuerWithABadKeyOpensNothing() async {
        var issuer = IssuerSettings.simple(ids: ["k1"])
        issuer.keys.append(IssuerKey(id: "k2", material: "short"))
        #expect(await !isSigned(Self.hs256, issuer))
    }

    // MARK: PyJWT's

    private struct KeyPair: Decodable {
        var `private`: String
        var `public`: String
    }

    private struct Signed: Decodable { var token: String }
    private struct Verdict: Decodable {
        var accepted: Bool
        var error: String
    }

    private static let secret = base64URL((0..<32).map { UInt8($0 * 7) })
    private static let otherSecret = base64URL((0..<32).map { UInt8($0 * 5) })

    private func question(_ members: [TextKey: JSONValue]) -> String { JSONValue.object(members).text }

    private func signing(
        _ algorithm: String, _ key: String, header: [TextKey: JSONValue] = [:],
        _ claims: [TextKey: JSONValue] = Self.claims
    ) -> String {
        question([
            "algorithm": .string(algorithm), "key": .string(key), "header": .object(header), "claims": .object(claims),
        ])
    }

    private static let claims: [TextKey: JSONValue] = [
        "iss": .string("https://issuer.example"), "sub": .string("anna"), "aud": .string("apus"),
        "exp": .integer(4_102_444_800), "iat": .integer(1_773_500_966),
    ]
    private let now: Int64 = 1_795_000_000_000

    private func accepts(_ issuer: IssuerSettings, _ token: String) async -> Bool {
        guard let precheck = try? precheck(token), (try? precheck.check(issuer, now: now)) != nil else { return false }
        return await isSigned(token, issuer)
    }

    private func issuer(_ algorithm: IssuerSettings.Algorithm, _ key: String, id: String? = nil) -> IssuerSettings {
        IssuerSettings(
            issuer: "https://issuer.example", audience: "apus", algorithm: algorithm,
            keys: [IssuerKey(id: id, material: key)])
    }

    /// The keys of each algorithm: what signs, what checks, and another key of the same kind.
    private func keys() throws -> [(
        algorithm: IssuerSettings.Algorithm, private: String, public: String, other: String
    )] {
        let made = try #require(
            Oracle("json_web_tokens.py", "keys").answers(to: [String](), as: [String: KeyPair].self).first)
        func pair(_ name: String) throws -> KeyPair { try #require(made[name]) }
        return [
            (.hs256, Self.secret, Self.secret, Self.otherSecret),
            (.rs256, try pair("rsa").private, try pair("rsa").public, try pair("other_rsa").public),
            (.es256, try pair("ec").private, try pair("ec").public, try pair("other_ec").public),
            (.edDSA, try pair("ed").private, try pair("ed").public, try pair("other_ed").public),
        ]
    }

    @Test func tokensOfEachAlgorithmAreAccepted() async throws {
        for key in try keys() {
            let name = key.algorithm.rawValue
            let tokens = try Oracle("json_web_tokens.py", "sign").answers(
                to: [
                    signing(name, key.private), signing(name, key.private, header: ["kid": .string("2026")]),
                    signing(name, key.private, Self.claims.merging(["exp": .integer(1_794_999_940)]) { $1 }),
                    signing(name, key.private, Self.claims.merging(["nbf": .integer(1_795_000_061)]) { $1 }),
                    signing(name, key.private, Self.claims.merging(["iss": .string("other")]) { $1 }),
                    signing(name, key.private, Self.claims.merging(["aud": .string("other")]) { $1 }),
                ], as: Signed.self
            ).map(\.token)
            #expect(await accepts(issuer(key.algorithm, key.public), tokens[0]), "\(name)")
            #expect(await accepts(issuer(key.algorithm, key.public, id: "2026"), tokens[1]), "\(name)")
            #expect(await !accepts(issuer(key.algorithm, key.public, id: "2025"), tokens[1]), "\(name)")
            #expect(await !accepts(issuer(key.algorithm, key.public, id: "2026"), tokens[0]), "\(name)")
            for token in tokens[2...] { #expect(await !accepts(issuer(key.algorithm, key.public), token), "\(name)") }
            #expect(await !accepts(issuer(key.algorithm, key.other), tokens[0]), "\(name)")
            // Two keys while they are rotated: each token by its own.
            var both = issuer(key.algorithm, key.other, id: nil)
            both.keys.append(IssuerKey(id: "2026", material: key.public))
            #expect(await accepts(both, tokens[1]), "\(name)")
            #expect(await !accepts(both, tokens[0]), "\(name)")
        }
    }

    /// RFC 9864 gives EdDSA with this curve a name of its own.
    @Test func edDSAByItsOtherName() async throws {
        let key = try #require(try keys().first { $0.algorithm == .edDSA })
        let tokens = try Oracle("json_web_tokens.py", "sign").answers(
            to: [signing("Ed25519", key.private), signing("EdDSA", key.private)], as: Signed.self
        ).map(\.token)
        for token in tokens {
            #expect(await accepts(issuer(.edDSA, key.public), token))
            #expect(await !accepts(issuer(.edDSA, key.other), token))
        }
    }

    @Test func noKeyIsTakenForAnotherKind() async throws {
        let keys = try keys()
        for key in keys {
            for other in IssuerSettings.Algorithm.allCases where other != key.algorithm {
                #expect(TokenVerifier.problem(with: issuer(other, key.public)) != nil, "\(other) \(key.algorithm)")
            }
        }
        // What everybody knows, taken for a secret.
        for key in keys where key.algorithm != .hs256 {
            let secret = base64URL(key.public.utf8)
            let forged = try #require(
                Oracle("json_web_tokens.py", "sign").answers(to: [signing("HS256", secret)], as: Signed.self).first)
            #expect(await !accepts(issuer(key.algorithm, key.public), forged.token))
            #expect(await !accepts(issuer(.hs256, secret), forged.token))
            #expect(await !accepts(issuer(.hs256, key.public), forged.token))
            // Under the issuer's algorithm it is a signature that is none.
            let header = base64URL(#"{"alg":"\#(key.algorithm.rawValue)","typ":"JWT"}"#.utf8)
            let renamed = header + forged.token[forged.token.firstIndex(of: ".")!...]
            #expect(await !accepts(issuer(key.algorithm, key.public), renamed))
        }
    }

    @Test func shortRSAKeysAreRefused() async throws {
        let made = try #require(
            Oracle("json_web_tokens.py", "keys").answers(to: [String](), as: [String: KeyPair].self).first)
        let small = try #require(made["small_rsa"])
        let problem = TokenVerifier.problem(with: issuer(.rs256, small.public))
        #expect(problem?.description == "is not an RSA public key of at least 2048 bits in PEM")
        let token = try #require(
            Oracle("json_web_tokens.py", "sign").answers(to: [signing("RS256", small.private)], as: Signed.self).first)
        #expect(await !accepts(issuer(.rs256, small.public), token.token))
    }

    /// Tokens with one character changed, added or taken away: nothing is accepted that PyJWT refuses, and refused is
    /// only what it accepts by reading base64 leniently.
    @Test(arguments: [20_260_314 as UInt64]) func changedTokensAreJudgedAsByPyJWT(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let characters = Array("ABCwxyz019-_.=+/ ")
        for key in try keys() {
            let name = key.algorithm.rawValue
            let token = try #require(
                Oracle("json_web_tokens.py", "sign").answers(to: [signing(name, key.private)], as: Signed.self).first
            ).token
            let changed =
                [token]
                + (0..<150).map { _ in
                    var text = Array(token)
                    let place = Int.random(in: 0..<text.count, using: &random)
                    let character = characters.randomElement(using: &random)!
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: text.insert(character, at: place)
                    case 1: text.remove(at: place)
                    case 2: text.append(character)
                    default: text[place] = character
                    }
                    return String(text)
                }
            let verdicts = try Oracle("json_web_tokens.py", "verify").answers(
                to: changed.map {
                    question([
                        "token": .string($0), "algorithm": .string(name), "key": .string(key.public),
                        "issuer": .string("https://issuer.example"), "audience": .string("apus"),
                    ])
                }, as: Verdict.self)
            #expect(verdicts[0].accepted)
            for (token, verdict) in zip(changed, verdicts) {
                let isAccepted = await accepts(issuer(key.algorithm, key.public), token)
                let isForm = (try? precheck(token)) != nil
                #expect(isAccepted == (verdict.accepted && isForm), "\(name) \(verdict.error) \(token)")
            }
        }
    }
}
