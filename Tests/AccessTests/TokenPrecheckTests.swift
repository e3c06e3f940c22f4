import Access
import ConfigurationModel
import SMSModel
import Testing

@Suite struct TokenPrecheckTests {
    /// 2026-03-14 15:09:26 UTC, in seconds.
    private let now: Int64 = 1_773_500_966

    private func problem(
        _ token: String, _ issuer: IssuerSettings = .simple(), now: Int64? = nil
    ) -> TokenProblem? {
        do throws(TokenProblem) {
            _ = try precheck(token).check(issuer, now: (now ?? self.now) * 1000)
            return nil
        } catch {
            return error
        }
    }

    @Test func aRightTokenPasses() throws {
        let token = try precheck(
            unsigned(#"{"iss":"i","sub":"anna","tenant":"shop","exp":1773504566,"scope":"messages:send openid"}"#))
        #expect(token.issuer == "i" && token.subject == "anna" && token.tenant == "shop")
        #expect(token.scopes == .send)
        #expect(token.expiresAt == 1_773_504_566_000 + Int64(Limits.tokenLeewaySeconds) * 1000)
        #expect(try token.check(.simple(), now: now * 1000).id == nil)
    }

    // MARK: Form

    @Test func formIsStrict() {
        let claims = #"{"iss":"i","exp":1773504566}"#
        let good = unsigned(claims)
        #expect(problem(good) == nil)
        let parts = good.split(separator: ".").map(String.init)
        var bad = ["", ".", "..", "a.b.c", good + ".", good + "=", good + " ", "\n" + good, "." + good, good + ".e30"]
        bad += ["\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).", ".\(parts[1]).\(parts[2])", "\(parts[0])..x"]
        // 32 octets are 43 characters, the last of which has two bits to spare; no octets are 41 characters.
        bad += [good.dropLast() + "9", String(good.dropLast(2)), good.dropLast() + "+", good.dropLast() + "/"]
        for token in bad { #expect(problem(token) == .malformed, "\(token)") }
    }

    @Test func unusedBitsAreZero() {
        // The last of 43 characters has two bits that no octet uses.
        let good = unsigned(#"{"iss":"i","exp":1773504566}"#)
        var accepted = 0
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        where problem(String(good.dropLast()) + String(last)) == nil { accepted += 1 }
        #expect(accepted == 16)
    }

    @Test func objectsAreStrict() {
        for header in [
            "", "[]", #""HS256""#, "{", "{}", #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"HS256"} x"#,
            #"{"alg":1}"#, #"{"alg":null}"#, #"{"alg":"HS256","kid":1}"#, #"{"alg":"HS256","kid":null}"#,
        ] {
            #expect(problem(unsigned(header: header, #"{"iss":"i","exp":1773504566}"#)) == .malformed, "\(header)")
        }
        for claims in [
            "", "[]", "{}", #"{"iss":"i"}"#, #"{"exp":1773504566}"#, #"{"iss":1,"exp":1773504566}"#,
            #"{"iss":"i","exp":1773504566,"exp":1773504566}"#, #"{"iss":"i","exp":1773504566,"sub":1}"#,
            #"{"iss":"i","exp":1773504566,"tenant":["a"]}"#, #"{"iss":"i","exp":1773504566,"aud":1}"#,
            #"{"iss":"i","exp":1773504566,"aud":["a",1]}"#, #"{"iss":"i","exp":1773504566,"scope":1}"#,
            #"{"iss":"i","exp":1773504566,"scopes":{}}"#, #"{"iss":"i","exp":1773504566,"scp":1}"#,
            "{\"iss\":\"i\",\"exp\":1773504566,\"sub\":\"\u{1}\"}",
        ] {
            #expect(problem(unsigned(claims)) == .malformed, "\(claims)")
        }
    }

    @Test func lengthIsBounded() {
        func token(_ length: Int) -> String {
            for padding in 0... {
                let token = unsigned(
                    #"{"iss":"i","exp":1773504566,"x":""# + String(repeating: "x", count: padding) + "\"}")
                if token.utf8.count >= length { return token }
            }
            return ""
        }
        // Base64 has no text of every length.
        let longest = (0...3).lazy.map { token(Limits.tokenBytes - $0) }.first { $0.utf8.count <= Limits.tokenBytes }!
        #expect(longest.utf8.count > Limits.tokenBytes - 4 && problem(longest) == nil)
        #expect(problem(token(Limits.tokenBytes + 1)) == .malformed)
        #expect(Limits.tokenBytes <= Limits.credentialBytes)
    }

    // MARK: Header

    @Test(arguments: ["none", "None", "HS512", "HS384", "RS256", "ES256", "EdDSA", "hs256", "HS256 ", ""])
    func theAlgorithmIsTheIssuers(_ algorithm: String) {
        let token = unsigned(header: #"{"alg":"\#(algorithm)"}"#, #"{"iss":"i","exp":1773504566}"#)
        #expect(problem(token) == .algorithm)
    }

    @Test func ed25519IsEdDSA() {
        var issuer = IssuerSettings.simple()
        issuer.algorithm = .edDSA
        func token(_ algorithm: String) -> String {
            unsigned(header: #"{"alg":"\#(algorithm)"}"#, #"{"iss":"i","exp":1773504566}"#)
        }
        #expect(problem(token("Ed25519"), issuer) == nil && problem(token("EdDSA"), issuer) == nil)
        for other in ["ed25519", "Ed448", "HS256", "ES256"] { #expect(problem(token(other), issuer) == .algorithm) }
        // Pinned for each issuer still.
        for pinned in IssuerSettings.Algorithm.allCases where pinned != .edDSA {
            issuer.algorithm = pinned
            #expect(problem(token("Ed25519"), issuer) == .algorithm)
        }
    }

    @Test(arguments: [#"["x"]"#, "[]", #"["exp"]"#, "null", "1"])
    func nothingCriticalIsUnderstood(_ critical: String) {
        let token = unsigned(header: #"{"alg":"HS256","crit":\#(critical)}"#, #"{"iss":"i","exp":1773504566}"#)
        #expect(problem(token) == .critical)
    }

    @Test func theKeyIsOneOfTheIssuers() throws {
        let claims = #"{"iss":"i","exp":1773504566}"#
        let named = unsigned(header: #"{"alg":"HS256","kid":"k1"}"#, claims)
        let nameless = unsigned(claims)
        #expect(problem(named) == .key && problem(nameless) == nil)
        #expect(problem(named, .simple(ids: ["k1"])) == nil && problem(nameless, .simple(ids: ["k1"])) == .key)
        #expect(problem(named, .simple(ids: ["k2", nil])) == .key)
        #expect(problem(nameless, .simple(ids: ["k1", nil])) == nil)
        #expect(try precheck(named).check(.simple(ids: ["k0", "k1", nil]), now: now * 1000).id == "k1")
        // What would name a key by other means is not looked at.
        let foreign = #"{"alg":"HS256","jku":"https://example","jwk":{},"x5u":"u","x5c":["c"],"typ":"at+jwt"}"#
        #expect(problem(unsigned(header: foreign, claims)) == nil)
    }

    // MARK: Claims

    @Test func issuerAndAudienceAreTheConfigured() {
        #expect(problem(unsigned(#"{"iss":"j","exp":1773504566}"#)) == .issuer)
        // The same to a reader, and other bytes.
        #expect(problem(unsigned(#"{"iss":"i\u0301","exp":1773504566}"#)) == .issuer)
        let cases: [(claim: String, configured: String?, problem: TokenProblem?)] = [
            ("", nil, nil), ("", "apus", .audience), (#","aud":"x""#, nil, .audience), (#","aud":[]"#, nil, .audience),
            (#","aud":"apus""#, "apus", nil), (#","aud":["x","apus"]"#, "apus", nil),
            (#","aud":["x"]"#, "apus", .audience), (#","aud":[]"#, "apus", .audience),
            (#","aud":"apus x""#, "apus", .audience),
        ]
        for one in cases {
            let token = unsigned(#"{"iss":"i","exp":1773504566\#(one.claim)}"#)
            #expect(problem(token, .simple(audience: one.configured)) == one.problem, "\(one)")
        }
    }

    @Test func timesHaveALeeway() {
        let leeway = Int64(Limits.tokenLeewaySeconds)
        let token = unsigned(#"{"iss":"i","exp":1773504566,"nbf":1773500966,"iat":1773500966}"#)
        #expect(problem(token, now: 1_773_504_566 + leeway - 1) == nil)
        #expect(problem(token, now: 1_773_504_566 + leeway) == .expired)
        #expect(problem(token, now: 1_773_500_966 - leeway) == nil)
        #expect(problem(token, now: 1_773_500_966 - leeway - 1) == .early)
        for claim in ["nbf", "iat"] {
            let token = unsigned(#"{"iss":"i","exp":1773504566,"\#(claim)":1773501027}"#)
            #expect(problem(token) == .early)
            #expect(problem(token, now: now + 1) == nil)
        }
        #expect(leeway <= 60)
    }

    @Test func datesAreNumbersOfAnySize() {
        let cases: [(date: String, problem: TokenProblem?)] = [
            ("1773500906.5", nil), ("1.773504566e9", nil), ("17735045660E-1", nil), ("1773500906", .expired),
            ("1773500905.999", .expired), ("0", .expired), ("-1", .expired), ("-1e300", .expired), ("1e-300", .expired),
            ("1e300", nil), ("9223372036854775807", nil), ("18446744073709551616", nil), ("\"soon\"", .malformed),
            ("\"1773504566\"", .malformed), ("true", .malformed), ("null", .malformed), ("1e400", .malformed),
            ("NaN", .malformed), ("01773504566", .malformed),
        ]
        for one in cases {
            #expect(problem(unsigned(#"{"iss":"i","exp":\#(one.date)}"#)) == one.problem, "\(one)")
        }
        for claim in ["nbf", "iat"] {
            #expect(problem(unsigned(#"{"iss":"i","exp":1773504566,"\#(claim)":1e300}"#)) == .early)
            #expect(problem(unsigned(#"{"iss":"i","exp":1773504566,"\#(claim)":-1e300}"#)) == nil)
            #expect(problem(unsigned(#"{"iss":"i","exp":1773504566,"\#(claim)":"now"}"#)) == .malformed)
        }
    }

    @Test func anEndBeyondAllTimeIsNone() throws {
        #expect(try precheck(unsigned(#"{"iss":"i","exp":1e300}"#)).expiresAt == .max)
        #expect(try precheck(unsigned(#"{"iss":"i","exp":-1e300}"#)).expiresAt == 0)
        #expect(try precheck(unsigned(#"{"iss":"i","exp":0.5}"#)).expiresAt == 60_500)
    }

    @Test func scopesAreWordsOrAList() throws {
        let cases: [(claim: String, scopes: Scopes?)] = [
            ("", nil), (#","scope":"""#, []), (#","scope":"openid profile""#, []),
            (#","scope":"messages:send messages:read""#, [.send, .read]), (#","scope":"admin""#, .admin),
            (#","scopes":["messages:cancel","x"]"#, .cancel), (#","scopes":"messages:send admin""#, [.send, .admin]),
            (#","scopes":[]"#, []), (#","scope":["messages:send","messages:read"]"#, [.send, .read]),
            // Each of them narrows down.
            (#","scope":"messages:send","scopes":["admin"]"#, []),
            (#","scp":"messages:read""#, .read), (#","scp":["messages:read","messages:send"]"#, [.read, .send]),
            (#","scp":[]"#, []), (#","scope":"messages:send messages:read","scp":"messages:read admin""#, .read),
            (#","scopes":["admin","messages:send"],"scp":["messages:send"],"scope":"messages:send""#, .send),
        ]
        for one in cases {
            let token = try precheck(unsigned(#"{"iss":"i","exp":1773504566\#(one.claim)}"#))
            #expect(token.scopes == one.scopes, "\(one)")
        }
    }
}
