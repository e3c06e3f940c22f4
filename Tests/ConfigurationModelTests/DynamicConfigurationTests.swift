import ConfigurationModel
import JSON
import SMSModel
import Testing

/// A generation as a whole: documents, conflicts, changes and the way back.
@Suite struct DynamicConfigurationTests {
    private func applied(
        _ document: String, to current: DynamicConfiguration = DynamicConfiguration(), isPartial: Bool = false
    ) throws -> DynamicConfiguration {
        try current.applying(JSONValue(document), isPartial: isPartial)
    }

    private func problems(
        _ document: String, to current: DynamicConfiguration = DynamicConfiguration(), isPartial: Bool = false
    ) throws -> [String] {
        do {
            _ = try applied(document, to: current, isPartial: isPartial)
            return []
        } catch let error as ConfigurationError {
            return error.violations.map { "\($0.field): \($0.description)" }
        }
    }

    @Test func aWholeDocumentRemovesWhatItDoesNotName() throws {
        let first = try applied("{\"tenants\": {\"a\": {\"weight\": 2}, \"b\": {}}}")
        #expect(first.tenants.keys.sorted() == ["a", "b"])
        let whole = try applied("{\"tenants\": {\"b\": {\"weight\": 3}, \"c\": null}}", to: first)
        #expect(whole.tenants.mapValues(\.weight) == ["b": 3])
        let partial = try applied("{\"tenants\": {\"b\": {\"weight\": 3}, \"c\": {}}}", to: first, isPartial: true)
        #expect(partial.tenants.mapValues(\.weight) == ["a": 2, "b": 3, "c": 1])
        // What is named is replaced whole, and null removes it.
        let later = try applied(
            "{\"tenants\": {\"a\": {\"enabled\": false}, \"b\": null}}", to: partial, isPartial: true)
        #expect(later.tenants.mapValues(\.weight) == ["a": 1, "c": 1])
        #expect(try applied("{}", to: first, isPartial: true) == first)
        #expect(try applied("{\"tenants\": {}}", to: first) == DynamicConfiguration())
    }

    @Test func documentsThatAreNoneAreRefused() throws {
        #expect(try problems("{}") == ["tenants: is missing; an empty object removes all tenants"])
        #expect(try problems("{\"tenants\": null}").count == 1)
        #expect(try problems("{\"tenants\": []}").first == "tenants: must be an object of settings by name")
        #expect(try problems("[]") == [": must be an object"])
        #expect(
            try problems("{\"tenant\": {}}", isPartial: true) == [
                "tenant: is not known; known here are providers, routes, tenants"
            ])
        #expect(try problems("{\"tenants\": {\"a\": 7}}") == ["tenants.a: must be an object"])
    }

    @Test func namesOfTenants() throws {
        let longest = String(repeating: "n", count: Limits.tenantNameCharacters)
        for name in ["a", "A.b-c_9", longest] { #expect(try problems("{\"tenants\": {\"\(name)\": {}}}") == []) }
        for name in ["", "a b", "gr\u{FC}n", "a/b", "a\\n", longest + "n"] {
            #expect(try problems("{\"tenants\": {\"\(name)\": {}}}").count == 1, "\(name)")
        }
        // It can be removed all the same, should one ever be there.
        #expect(try problems("{\"tenants\": {\"a b\": null}}", isPartial: true) == [])
    }

    @Test func asManyTenantsAsMayBe() throws {
        func document(_ count: Int) -> String {
            "{\"tenants\": {\((0..<count).map { "\"t\($0)\": {}" }.joined(separator: ","))}}"
        }
        let most = try applied(document(Limits.tenants))
        #expect(most.tenants.count == Limits.tenants)
        #expect(try problems(document(Limits.tenants + 1)).count == 1)
        #expect(try problems("{\"tenants\": {\"one-more\": {}}}", to: most, isPartial: true).count == 1)
    }

    @Test func nobodyIsTwoTenants() throws {
        let first = try applied("{\"tenants\": {\"a\": {\"identity\": {\"certificates\": [\"x\"], \"uids\": [7]}}}}")
        let second = "{\"tenants\": {\"b\": {\"identity\": {\"certificates\": [\"y\", \"x\"], \"uids\": [7, 8]}}}}"
        #expect(
            try problems(second, to: first, isPartial: true) == [
                "tenants.b.identity.certificates[1]: stands for tenant a already",
                "tenants.b.identity.uids[0]: stands for tenant a already",
            ])
        // Unless the other goes at the same time.
        #expect(try problems(second, to: first) == [])
    }

    @Test func changesLeadThereAndBack() throws {
        let documents = [
            "{\"tenants\": {\"a\": {\"weight\": 2}, \"b\": {}}}",
            "{\"tenants\": {\"a\": {\"weight\": 2}, \"c\": {\"quota\": {\"cost_per_month\": \"1\"}}}}",
            "{\"tenants\": {\"a\": {\"weight\": 2}, \"c\": {\"quota\": {\"cost_per_month\": \"1.00\"}}}}",
            "{\"tenants\": {}}",
        ]
        var generations = [DynamicConfiguration()]
        for document in documents { generations.append(try applied(document)) }
        let steps = zip(generations, generations.dropFirst()).map { $0.changes(to: $1) }
        #expect(
            steps[1] == [
                ConfigurationChange(kind: "tenant", name: "b", before: "{}", after: nil),
                ConfigurationChange(
                    kind: "tenant", name: "c", before: nil, after: "{\"quota\":{\"cost_per_month\":\"1\"}}"),
            ])
        #expect(steps[2] == [], "written otherwise, and the same")
        var current = DynamicConfiguration()
        for (place, changes) in steps.enumerated() {
            try current.apply(changes)
            #expect(current == generations[place + 1])
            #expect(try DynamicConfiguration(current.objects) == current)
            #expect(try applied(current.document.text) == current)
        }
        for place in steps.indices.reversed() {
            try current.undo(steps[place])
            #expect(current == generations[place])
        }
        #expect(throws: ConfigurationError.self) { try current.undo(steps[0]) }
        #expect(throws: ConfigurationError.self) { try current.apply(steps[1]) }
    }

    @Test(arguments: [
        ("tenant", "{"), ("tenant", "{\"wieght\":1}"), ("tenant", "7"), ("satellite", "{}"),
    ]) func whatAStoreShouldNotHaveIsRefused(_ kind: String, _ document: String) {
        #expect {
            _ = try DynamicConfiguration([ConfigurationObject(kind: kind, name: "a", document: document)])
        } throws: { error in
            (error as? ConfigurationError)?.violations.first?.field.hasPrefix("\(kind)s.a") == true
        }
    }

    // MARK: Secrets

    /// Seals by writing the context and a number next to the secret.
    private final class Sealer {
        private var sealed = 0

        func seal(_ secret: String, _ context: String) throws -> String {
            sealed += 1
            return "sealed:\(sealed):\(context):\(secret)"
        }

        func open(_ sealed: String, _ context: String) throws -> String {
            let parts = sealed.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[2] == context else { throw Unopened() }
            return String(parts[3])
        }
    }

    private struct Unopened: Error, CustomStringConvertible {
        var description: String { "does not open" }
    }

    private func document(secret: String, tenant: String = "shop", key: String = "k") -> String {
        """
        {"tenants": {"\(tenant)": {"issuers": [{"issuer": "i", "algorithm": "HS256",
          "keys": [{"id": "\(key)", "secret": "\(secret)"}]}]}}}
        """
    }

    @Test func secretsAreSealedOnce() throws {
        let sealer = Sealer()
        let secret = String(repeating: "s", count: 43)
        func sealed(
            _ document: String, keeping current: DynamicConfiguration = DynamicConfiguration()
        ) throws -> DynamicConfiguration {
            try applied(document).sealed(keeping: current, seal: sealer.seal, open: sealer.open)
        }
        let plain = try applied(document(secret: secret))
        let first = try sealed(document(secret: secret))
        #expect(first.objects[0].document.contains("sealed:1:"))
        #expect(try first.opened(sealer.open) == plain)
        // The same secret, plain or as it was shown, changes nothing.
        #expect(try sealed(document(secret: secret), keeping: first).changes(to: first) == [])
        #expect(try sealed(first.document.text, keeping: first) == first)
        // Another secret, or the same for another key, is sealed again.
        let other = try sealed(document(secret: String(repeating: "t", count: 43)), keeping: first)
        #expect(other.objects[0].document.contains("sealed:2:"))
        #expect(
            try sealed(document(secret: secret, key: "l"), keeping: first).objects[0].document.contains("sealed:3:"))
        // What is sealed for one tenant is nothing for another.
        let stolen = try #require(first.tenants["shop"]?.issuers[0].keys[0].material).replacing("\n", with: "\\n")
        #expect {
            _ = try sealed(document(secret: stolen, tenant: "other"), keeping: first)
        } throws: { error in
            (error as? ConfigurationError)?.violations == [
                FieldViolation(field: "tenants.other.issuers[0].keys[0].secret", description: "does not open")
            ]
        }
        #expect(throws: ConfigurationError.self) { _ = try first.opened { _, _ in throw Unopened() } }
    }

    @Test func secretsOfProvidersAreSealedToo() throws {
        let sealer = Sealer()
        func document(_ name: String, _ secrets: String) -> String {
            "{\"tenants\": {}, \"providers\": {\"\(name)\": {\"kind\": \"twilio\", \"secrets\": \(secrets)}}}"
        }
        let plain = try applied(document("eu", "{\"auth_token\": \"t\", \"previous\": \"t\"}"))
        #expect(plain.hasSecrets)
        let first = try plain.sealed(keeping: DynamicConfiguration(), seal: sealer.seal, open: sealer.open)
        #expect(
            first.providers["eu"]?.secrets == [
                "auth_token": "sealed:1:provider\neu\nauth_token:t", "previous": "sealed:2:provider\neu\nprevious:t",
            ])
        #expect(try first.opened(sealer.open) == plain)
        // The same again is not sealed again.
        #expect(try plain.sealed(keeping: first, seal: sealer.seal, open: sealer.open) == first)
        #expect(try DynamicConfiguration(first.objects) == first)
        // Sealed for one provider, it is nothing for another.
        let stolen = try #require(first.providers["eu"]?.secrets["previous"]).replacing("\n", with: "\\n")
        let thief = try applied(document("us", "{\"previous\": \"\(stolen)\"}"))
        #expect {
            _ = try thief.sealed(keeping: first, seal: sealer.seal, open: sealer.open)
        } throws: { error in
            (error as? ConfigurationError)?.violations == [
                FieldViolation(field: "providers.us.secrets.previous", description: "does not open")
            ]
        }
    }

    // MARK: Several kinds

    @Test func allKindsGoTogether() throws {
        let whole = try applied(
            """
            {"tenants": {"shop": {}}, "routes": {"all": {"providers": ["a"], "tenants": ["shop"]}},
             "providers": {"a": {"kind": "sandbox"}}}
            """)
        #expect(whole.objects.map(\.kind) == ["provider", "route", "tenant"])
        #expect(whole.document(ofKind: "routes")?.object?.keys.sorted() == ["all"])
        #expect(DynamicConfiguration().document(ofKind: "providers") == .object([:]))
        #expect(whole.document(ofKind: "provider") == nil)
        #expect(DynamicConfiguration().document.text == "{\"tenants\":{}}")
        #expect(try applied(whole.document.text) == whole)
        let changes = DynamicConfiguration().changes(to: whole)
        #expect(changes.map(\.name) == ["a", "all", "shop"])
        var current = DynamicConfiguration()
        try current.apply(changes)
        #expect(current == whole)
        // Each kind by itself, and a document of before there were others.
        let slower = try applied(
            "{\"providers\": {\"a\": {\"kind\": \"sandbox\", \"rate\": 2.5}}}", to: whole, isPartial: true)
        #expect(
            whole.changes(to: slower) == [
                ConfigurationChange(
                    kind: "provider", name: "a", before: "{\"kind\":\"sandbox\"}",
                    after: "{\"kind\":\"sandbox\",\"rate\":2.5}")
            ])
        #expect(try applied("{\"tenants\": {\"shop\": {}}}", to: whole).objects.map(\.name) == ["shop"])
        try current.undo(changes)
        #expect(current == DynamicConfiguration())
    }
}
