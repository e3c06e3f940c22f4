import ConfigurationModel
import JSON
import SMSModel
import Testing

/// A tenant's settings as documents have them.
@Suite struct TenantSettingsTests {
    private static let publicKey = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
    private static let secret = String(repeating: "s", count: 43)

    /// Every member there is.
    private static let full = """
        {"enabled": false, "weight": 5,
         "defaults": {"sender": "Shop", "validity_s": 3600, "on_unknown": "RESEND", "smart_encoding": true},
         "rate": {"messages_per_second": 100, "burst": 500},
         "connection_rate": {"messages_per_second": 10, "burst": 20},
         "quota": {"segments_per_day": 1000, "cost_per_month": "250.5", "waiting_messages": 9},
         "senders": {"allowed": ["Shop", "+4915112345", "12345"], "alphanumeric": false},
         "destinations": {"allowed": ["DE", "+49"], "blocked": ["+49900"]},
         "retention": {"body_days": 7, "record_days": 90},
         "identity": {"certificates": ["shop.example", "spiffe://example/shop"], "uids": [1000, 4294967295]},
         "issuers": [
            {"issuer": "https://id.example", "audience": "apus", "algorithm": "EdDSA", "scopes": ["messages:send"],
             "keys": [{"id": "k1", "public_key": "\(publicKey.replacing("\n", with: "\\n"))"}]},
            {"issuer": "in-house", "algorithm": "HS256", "keys": [{"secret": "\(secret)"}]}]}
        """

    private func settings(_ json: String) throws -> TenantSettings {
        let document = try JSONValue("{\"tenants\": {\"shop\": \(json)}}")
        return try #require(try DynamicConfiguration().applying(document, isPartial: true).tenants["shop"])
    }

    /// What is wrong with a document, as `field: description`.
    private func problems(_ json: String) throws -> [String] {
        do {
            _ = try settings(json)
            return []
        } catch let error as ConfigurationError {
            return error.violations.map { "\($0.field): \($0.description)" }
        }
    }

    @Test func everythingIsRead() throws {
        var wanted = TenantSettings()
        wanted.isEnabled = false
        wanted.weight = 5
        wanted.defaultSender = "Shop"
        wanted.defaultValidity = 3_600_000
        wanted.onUnknown = .resend
        wanted.encodesSmartly = true
        wanted.rate = RateLimit(messagesPerSecond: 100, burst: 500)
        wanted.connectionRate = RateLimit(messagesPerSecond: 10, burst: 20)
        wanted.segmentsPerDay = 1000
        wanted.costPerMonth = 250_500_000
        wanted.waitingMessages = 9
        wanted.allowedSenders = ["Shop", "+4915112345", "12345"]
        wanted.allowsAlphanumericSenders = false
        wanted.allowedDestinations = ["DE", "+49"]
        wanted.blockedDestinations = ["+49900"]
        wanted.bodyDays = 7
        wanted.recordDays = 90
        wanted.certificates = ["shop.example", "spiffe://example/shop"]
        wanted.uids = [1000, .max]
        wanted.issuers = [
            IssuerSettings(
                issuer: "https://id.example", audience: "apus", algorithm: .edDSA,
                keys: [IssuerKey(id: "k1", material: Self.publicKey)], scopes: .send),
            IssuerSettings(
                issuer: "in-house", audience: nil, algorithm: .hs256, keys: [IssuerKey(id: nil, material: Self.secret)]),
        ]
        #expect(try settings(Self.full) == wanted)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let settings = try settings(Self.full)
        let text = settings.json.text
        #expect(try self.settings(text) == settings)
        #expect(try self.settings(text).json.text == text)
        for name in try #require(try JSONValue(Self.full).object).keys { #expect(text.contains("\"\(name)\"")) }
        #expect(text.contains("\"cost_per_month\":\"250.5\""))
    }

    @Test func defaultsAreLeftOut() throws {
        #expect(TenantSettings().json.text == "{}")
        let spelt = """
            {"enabled": true, "weight": 1, "defaults": {}, "rate": null, "quota": {"segments_per_day": null},
             "senders": {"alphanumeric": true}, "destinations": {"blocked": []}, "retention": {},
             "identity": {"certificates": [], "uids": []}, "issuers": []}
            """
        #expect(try settings(spelt) == TenantSettings())
        // None at all is another thing than any.
        #expect(try settings("{\"senders\": {\"allowed\": []}}").allowedSenders == [])
        #expect(try settings("{\"senders\": {\"allowed\": []}}").json.text == "{\"senders\":{\"allowed\":[]}}")
        #expect(try settings("{\"destinations\": {\"allowed\": []}}").allowedDestinations == [])
    }

    @Test func allThatIsWrongIsToldAtOnce() throws {
        let problems = try problems(
            """
            {"wieght": 5, "weight": 0, "rate": {"burst": 1.5}, "quota": {"cost_per_month": 250, "a": 1},
             "senders": {"allowed": ["Shop", "Shop", 7]}, "issuers": [{"algorithm": "none", "keys": []}]}
            """)
        #expect(
            problems.sorted() == [
                "tenants.shop.issuers[0].algorithm: must be one of HS256, RS256, ES256, EdDSA",
                "tenants.shop.issuers[0].issuer: is missing",
                "tenants.shop.issuers[0].keys: must have at least one",
                "tenants.shop.quota.a: is not known; known here are cost_per_month, segments_per_day, waiting_messages",
                "tenants.shop.quota.cost_per_month: must be an amount such as \"250.00\", with at most six decimals, "
                    + "up to 1000000000",
                "tenants.shop.rate.burst: must be a whole number from 1 to 1000000",
                "tenants.shop.rate.messages_per_second: is missing",
                "tenants.shop.senders.allowed[1]: is there twice",
                "tenants.shop.senders.allowed[2]: must be a string",
                "tenants.shop.weight: must be a whole number from 1 to 1000",
                "tenants.shop.wieght: is not known; known here are connection_rate, defaults, destinations, enabled, "
                    + "identity, issuers, opt_out, quota, rate, retention, senders, weight",
            ])
    }

    /// A setting at its bounds, and beyond them.
    @Test(arguments: [
        ("{\"weight\": %}", 1, Int64(Limits.tenantWeight)),
        ("{\"defaults\": {\"validity_s\": %}}", 1, Int64(Limits.validityMaximumMilliseconds / 1000)),
        ("{\"rate\": {\"messages_per_second\": %, \"burst\": 1}}", 1, Int64(Limits.messagesPerSecond)),
        ("{\"rate\": {\"messages_per_second\": 1, \"burst\": %}}", 1, Int64(Limits.burstMessages)),
        ("{\"quota\": {\"segments_per_day\": %}}", 0, Limits.quotaSegmentsPerDay),
        ("{\"quota\": {\"waiting_messages\": %}}", 0, Limits.quotaWaitingMessages),
        ("{\"retention\": {\"body_days\": %}}", 1, Int64(Limits.retentionDays)),
        (
            "{\"retention\": {\"record_days\": %}}", Int64(Limits.retentionRecordDaysMinimum),
            Int64(Limits.retentionDays)
        ),
        ("{\"identity\": {\"uids\": [%]}}", 0, Int64(UInt32.max)),
    ]) func numbers(_ json: String, _ least: Int64, _ most: Int64) throws {
        for value in [least, most] { #expect(try problems(json.replacing("%", with: "\(value)")) == []) }
        for value in ["\(least - 1)", "\(most + 1)", "1.5", "\"1\"", "1e30", "true"] {
            #expect(try problems(json.replacing("%", with: value)).count == 1, "\(json) \(value)")
        }
    }

    /// A list or text at its largest, and larger by one.
    @Test(arguments: [
        ("{\"senders\": {\"allowed\": [%]}}", Limits.listedSenders), ("{\"destinations\": {\"allowed\": [%]}}", 1000),
        ("{\"destinations\": {\"blocked\": [%]}}", Limits.listedDestinations),
        ("{\"identity\": {\"certificates\": [%]}}", Limits.certificatesPerTenant),
    ]) func lists(_ json: String, _ most: Int) throws {
        func list(_ count: Int) -> String {
            json.replacing("%", with: (0..<count).map { "\"+\(1000 + $0)\"" }.joined(separator: ","))
        }
        #expect(try problems(list(most)) == [])
        #expect(try problems(list(most + 1)).first?.hasSuffix("at most \(most) are allowed") == true)
    }

    @Test func listsOfOtherThings() throws {
        func uids(_ count: Int) -> String { "{\"identity\": {\"uids\": \(Array(0..<count))}}" }
        #expect(try problems(uids(Limits.uidsPerTenant)) == [])
        #expect(try problems(uids(Limits.uidsPerTenant + 1)).count == 1)
        #expect(try problems("{\"identity\": {\"uids\": [7, 7]}}") == ["tenants.shop.identity.uids[1]: is there twice"])
        func keys(_ count: Int) -> String {
            let keys = (0..<count).map { "{\"id\": \"\($0)\", \"secret\": \"\(Self.secret)\"}" }
            return
                "{\"issuers\": [{\"issuer\": \"i\", \"algorithm\": \"HS256\", \"keys\": [\(keys.joined(separator: ","))]}]}"
        }
        #expect(try problems(keys(Limits.keysPerIssuer)) == [])
        #expect(try problems(keys(Limits.keysPerIssuer + 1)).count == 1)
        func issuers(_ count: Int) -> String {
            let issuers = (0..<count).map {
                "{\"issuer\": \"\($0)\", \"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(Self.secret)\"}]}"
            }
            return "{\"issuers\": [\(issuers.joined(separator: ","))]}"
        }
        #expect(try problems(issuers(Limits.issuersPerTenant)) == [])
        #expect(try problems(issuers(Limits.issuersPerTenant + 1)).count == 1)
    }

    @Test(arguments: [
        (
            "{\"defaults\": {\"sender\": \"%\"}}", ["+1", "+123456789012345", "123", "Abcdefghijk", "A & B"],
            ["", "+", "+1234567890123456", "+12a", "Abcdefghijkl", "Grüße", "a\\n"]
        ),
        (
            "{\"destinations\": {\"blocked\": [\"%\"]}}", ["DE", "+1", "+123456789012345"],
            ["", "de", "D", "DEU", "49", "+", "+1234567890123456", "+4x"]
        ),
        (
            "{\"quota\": {\"cost_per_month\": \"%\"}}", ["0", "0.000001", "1000000000", "1000000000.000000", "007.5"],
            ["", "-1", "1.", ".5", "1.0000001", "1,5", "1e3", "1000000000.000001", "9999999999999", "1.2.3"]
        ),
        ("{\"defaults\": {\"on_unknown\": \"%\"}}", ["HOLD", "RESEND"], ["hold", ""]),
        (
            "{\"identity\": {\"certificates\": [\"%\"]}}", ["a", "CN with blanks", String(repeating: "n", count: 255)],
            ["", "a\\u0000", "a\\nb", String(repeating: "n", count: 256)]
        ),
    ]) func texts(_ json: String, _ good: [String], _ bad: [String]) throws {
        for text in good { #expect(try problems(json.replacing("%", with: text)) == [], "\(text)") }
        for text in bad { #expect(try problems(json.replacing("%", with: text)).count == 1, "\(text)") }
    }

    @Test func issuersAreCheckedInForm() throws {
        func problem(_ members: String) throws -> String? {
            try problems("{\"issuers\": [{\"issuer\": \"i\", \(members)}]}").joined(separator: "; ")
        }
        let pem = Self.publicKey.replacing("\n", with: "\\n")
        let secret = Self.secret
        for (members, text) in [
            ("\"algorithm\": \"RS256\", \"keys\": [{\"public_key\": \"\(pem)\"}]", ""),
            ("\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"sealed:v1:abc\"}]", ""),
            (
                "\"algorithm\": \"HS256\", \"keys\": [{\"public_key\": \"\(pem)\"}]",
                "keys[0].public_key: does not fit HS256"
            ),
            ("\"algorithm\": \"ES256\", \"keys\": [{\"secret\": \"\(secret)\"}]", "keys[0].secret: does not fit ES256"),
            ("\"algorithm\": \"ES256\", \"keys\": [{\"secret\": \"\(secret)\"}]", "keys[0].public_key: is missing"),
            ("\"algorithm\": \"ES256\", \"keys\": [{\"public_key\": \"\(secret)\"}]", "must be a public key in PEM"),
            (
                "\"algorithm\": \"ES256\", \"keys\": [{\"public_key\": \"\(pem.replacing("PUBLIC", with: "PRIVATE"))\"}]",
                "must be a public key in PEM"
            ),
            ("\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(secret.dropLast())\"}]", "32 to 512 bytes"),
            ("\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(secret)=\"}]", "32 to 512 bytes"),
            ("\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"LS0tLS1CRUdJTiBQ\(secret)\"}]", "is a key in PEM"),
            (
                "\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"MFkwEwYHKoZIzj0CAQYI\(secret)\"}]",
                "is a key in PEM"
            ),
            ("\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(String(repeating: "a", count: 683))\"}]", ""),
            (
                "\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(String(repeating: "a", count: 684))\"}]",
                "32 to 512"
            ),
            (
                "\"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(secret)\"}, {\"secret\": \"\(secret)\"}]",
                "more than one without id"
            ),
            ("\"algorithm\": \"HS256\"", "keys: is missing"),
            (
                "\"algorithm\": \"HS256\", \"scopes\": [\"all\"], \"keys\": [{\"secret\": \"\(secret)\"}]",
                "scopes[0]: must be one of messages:send"
            ),
        ] {
            let problem = try #require(try problem(members))
            #expect(text.isEmpty ? problem.isEmpty : problem.contains(text), "\(members): \(problem)")
        }
        let issuer = "{\"issuer\": \"i\", \"algorithm\": \"HS256\", \"keys\": [{\"secret\": \"\(secret)\"}]}"
        #expect(
            try problems("{\"issuers\": [\(issuer), \(issuer)]}") == [
                "tenants.shop.issuers: name i twice: give one issuer several keys"
            ])
    }
}
