import ApusClient
import ArgumentParser
import ConfigurationModel
import Foundation
import JSON
import RPCWire
import Testing

@testable import apus

@Suite struct ConfigurationFileTests {
    @Test(arguments: [
        ("tenants: {}", #"{"tenants":{}}"#), ("{\"tenants\": {}}", #"{"tenants":{}}"#),
        (
            "tenants:\n  shop:\n    weight: 5\n    enabled: false\n",
            #"{"tenants":{"shop":{"enabled":false,"weight":5}}}"#
        ),
        // Norway, a number with its plus, and what is quoted are texts.
        ("a: [NO, no, +4915, \"5\", '1', yes]", #"{"a":["NO","no","+4915","5","1","yes"]}"#),
        ("a: [null, ~, true, false, -3, 1.5, 1e3]", #"{"a":[null,null,true,false,-3,1.5,1000]}"#),
        ("a:\nb: 250.00\nc: \"250.00\"", #"{"a":null,"b":250,"c":"250.00"}"#),
        ("a: |\n  one\n  two\n", #"{"a":"one\ntwo\n"}"#), ("a: &x [1]\nb: *x", #"{"a":[1],"b":[1]}"#),
        (#"{"a": "\ud83d\udc4b"}"#, #"{"a":"👋"}"#),
    ])
    func yamlAndJSONAreRead(_ text: String, _ json: String) throws {
        #expect(try ConfigurationFile.parse(text).text == json)
    }

    @Test(arguments: ["", "# nothing", "a: [", "a: 1\na: 2", "{a: 1", "? [a]\n: 1"])
    func whatIsNoDocumentIsRefused(_ text: String) {
        #expect(throws: ConfigurationFile.Problem.self) { _ = try ConfigurationFile.parse(text) }
    }

    /// A member that is there twice would have its first or its last value, by the one who reads it.
    @Test(arguments: [
        #"{"a": 1, "a": 2}"#, #"{"a": {"b": 1, "b": 1}}"#, "a: {b: 1, b: 2}", "1: x\n\"1\": y",
        "a: 1\n\"a\": 2",
    ])
    func aMemberThatIsThereTwiceIsRefused(_ text: String) {
        #expect(throws: ConfigurationFile.Problem.self) { _ = try ConfigurationFile.parse(text) }
        #expect(throws: ConfigurationFile.Problem.self) { _ = try ConfigurationFile.parse(text, isJSON: true) }
    }

    @Test func aJSONFileIsStrictlyJSON() throws {
        #expect(try ConfigurationFile.parse("a: 1").text == #"{"a":1}"#)
        #expect(throws: ConfigurationFile.Problem.self) { _ = try ConfigurationFile.parse("a: 1", isJSON: true) }
    }

    @Test func whatIsShownCanBeAppliedAgain() throws {
        let texts = [
            "shop", "NO", "true", "null", "~", "", "12", "1e3", "-", "- a", "+4915", "a: b", "# a", "é", "250.00",
            " a ",
            "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", "y", "0x10", "*a", "&a", "a\"b'c\\", "👋",
        ]
        let members = Dictionary(uniqueKeysWithValues: texts.map { ($0, JSONValue.string($0)) })
        let document = JSONValue.object([
            "texts": .object(named: members),
            "list": .array(texts.map(JSONValue.string) + [.null, .bool(true), .integer(5)]),
            "empty": .object([:]), "none": .array([]), "real": .real(1.5),
        ])
        #expect(try ConfigurationFile.parse(ConfigurationFile.yaml(document)) == document)
    }
}

@Suite struct SettingTests {
    @Test func settingsAreFoundPutAndRemovedByPath() throws {
        var settings = try JSONValue(#"{"weight":2,"quota":{"segments_per_day":5}}"#)
        #expect(settings.settings.map(\.path) == ["quota.segments_per_day", "weight"])
        settings.set("quota.waiting_messages", to: .integer(9))
        settings.set("senders.allowed", to: .array([.string("A"), .string("B")]))
        settings.set("weight", to: nil)
        #expect(
            settings.text
                == #"{"quota":{"segments_per_day":5,"waiting_messages":9},"senders":{"allowed":["A","B"]}}"#)
        #expect(settings.settings.map(\.value.plainText) == ["5", "9", "A, B"])
        let issuers = try JSONValue(#"{"issuers":[{"keys":[{"id":"a"},{"id":"b"}]},{"algorithm":"ES256"}],"none":[]}"#)
        #expect(
            issuers.settings.map(\.path)
                == ["issuers[0].keys[0].id", "issuers[0].keys[1].id", "issuers[1].algorithm", "none"])
        #expect(issuers.settings.map(\.value.plainText) == ["a", "b", "ES256", "none"])
        #expect(JSONValue.string("a\nb").plainText == "a b")
        // With its last setting an object goes too.
        settings.set("quota.segments_per_day", to: nil)
        settings.set("quota.waiting_messages", to: nil)
        settings.set("senders", to: nil)
        settings.set("not.there", to: nil)
        #expect(settings.text == "{}")
    }

    @Test(arguments: [
        ("100", #"{"burst":100,"messages_per_second":100}"#), ("5/20", #"{"burst":20,"messages_per_second":5}"#),
    ])
    func ratesAreRead(_ text: String, _ json: String) throws {
        #expect(try #require(RateArgument(argument: text)).json.text == json)
    }

    @Test(arguments: ["", "0", "-1", "5/", "/5", "5/0", "5/6/7", "a"])
    func otherRatesAreRefused(_ text: String) {
        #expect(RateArgument(argument: text) == nil)
    }

    @Test func optionsBecomeSettings() throws {
        let options = try TenantOptions.parse([
            "--disable-credentials", "--weight", "5", "--rate", "10/20", "--segments-per-day", "7", "--cost-per-month",
            "250.00", "--waiting", "8", "--sender", "ACME", "--allow-sender", "ACME", "--allow-sender", "+1415",
            "--allow-destination", "DE", "--block-destination", "+4915", "--body-days", "3", "--record-days", "4",
            "--certificate", "billing.internal", "--uid", "1000", "--connection-rate", "3",
        ])
        var settings = try JSONValue(#"{"senders":{"alphanumeric":false}}"#)
        options.apply(to: &settings)
        let expected = """
            {"enabled":false,"weight":5,"rate":{"messages_per_second":10,"burst":20},
            "connection_rate":{"messages_per_second":3,"burst":3},
            "quota":{"segments_per_day":7,"cost_per_month":"250.00","waiting_messages":8},"defaults":{"sender":"ACME"},
            "senders":{"alphanumeric":false,"allowed":["ACME","+1415"]},
            "destinations":{"allowed":["DE"],"blocked":["+4915"]},"retention":{"body_days":3,"record_days":4},
            "identity":{"certificates":["billing.internal"],"uids":[1000]}}
            """
        #expect(settings == (try JSONValue(expected)))
        // Each is a setting that the gateway knows.
        let current = DynamicConfiguration()
        let document = JSONValue.object(["tenants": .object(["t": settings])])
        #expect(throws: Never.self) { _ = try current.applying(document, isPartial: true) }
    }
}

@Suite struct IssuerTests {
    private func issuer(_ arguments: String...) throws -> IssuerAddCommand {
        try #require(
            try AdminCommand.parseAsRoot(["jwt", "add", "shop", "--key-material", "-"] + arguments) as? IssuerAddCommand
        )
    }

    private func key(_ id: String?, _ text: String) -> JSONValue {
        var members: [TextKey: JSONValue] = ["public_key": .string(text)]
        members["id"] = id.map(JSONValue.string)
        return .object(members)
    }

    @Test func keysAreAddedAndReplaced() throws {
        var settings = JSONValue.object([:])
        let first = try issuer("--issuer", "https://id", "--audience", "apus", "--algorithm", "ES256")
        first.add(key("a", "one"), to: &settings)
        try issuer("--issuer", "https://id", "--algorithm", "ES256", "--scopes", "messages:send,messages:read")
            .add(key("b", "two"), to: &settings)
        try issuer("--issuer", "https://id", "--algorithm", "ES256").add(key("a", "three"), to: &settings)
        try issuer("--issuer", "other", "--algorithm", "EdDSA").add(key(nil, "four"), to: &settings)
        let expected = """
            {"issuers":[{"issuer":"https://id","audience":"apus","algorithm":"ES256",
            "scopes":["messages:send","messages:read"],
            "keys":[{"id":"b","public_key":"two"},{"id":"a","public_key":"three"}]},
            {"issuer":"other","algorithm":"EdDSA","keys":[{"public_key":"four"}]}]}
            """
        #expect(settings == (try JSONValue(expected)))
        // Another algorithm has no use for the keys of the one before.
        try issuer("--issuer", "https://id", "--algorithm", "RS256").add(key("c", "five"), to: &settings)
        #expect(settings["issuers"]?.array?[0]["keys"] == .array([key("c", "five")]))
    }

    @Test func keysAndIssuersAreRemoved() throws {
        var settings = JSONValue.object([:])
        let add = try issuer("--issuer", "i", "--algorithm", "ES256")
        add.add(key("a", "one"), to: &settings)
        add.add(key("b", "two"), to: &settings)
        func remove(_ arguments: String...) throws {
            let command = try AdminCommand.parseAsRoot(["jwt", "remove", "shop"] + arguments)
            try #require(command as? IssuerRemoveCommand).remove(from: &settings)
        }
        #expect(throws: CommandFailure.self) { try remove("--issuer", "j") }
        #expect(throws: CommandFailure.self) { try remove("--issuer", "i", "--key-id", "c") }
        try remove("--issuer", "i", "--key-id", "a")
        #expect(settings["issuers"]?.array?[0]["keys"] == .array([key("b", "two")]))
        try remove("--issuer", "i", "--key-id", "b")
        #expect(settings.text == "{}")
        add.add(key("a", "one"), to: &settings)
        add.add(key("b", "two"), to: &settings)
        try remove("--issuer", "i")
        #expect(settings.text == "{}")
    }
}

@Suite struct AdministrationCommandTests {
    @Test(
        arguments: [
            ["admin", "tenant"], ["admin", "tenant", "create"], ["admin", "tenant", "set", "shop"],
            ["admin", "tenant", "set", "shop", "--weight", "x"], ["admin", "tenant", "create", "shop", "--rate", "0"],
            ["admin", "key", "create", "shop", "--expires", "soon"],
            ["admin", "key", "create", "shop", "--scopes", ","],
            ["admin", "key", "revoke"], ["admin", "config", "diff"], ["admin", "config", "apply", "/nowhere/at/all"],
            ["admin", "config", "rollback"], ["admin", "config", "history", "--limit", "0"],
            ["admin", "audit", "--limit", "-1"], ["admin", "jwt", "add", "shop"],
            ["admin", "jwt", "add", "shop", "--issuer", "i", "--algorithm", "none", "--key-material", "-"],
            ["usage", "--tenant", "shop", "--all"], ["suppression", "add"], ["suppression", "list", "--limit", "-1"],
            ["pause", "--tenant", "shop", "--provider", "p"], ["resume", "--tenant", ""],
        ] as [[String]])
    func wrongUsageIs2(_ arguments: [String]) async {
        let isHelp = arguments == ["admin", "tenant"]
        #expect(await ApusCommand.run(arguments: arguments) == (isHelp ? 0 : 2))
    }

    @Test(arguments: [
        ["admin", "tenant", "list"], ["admin", "key", "list"], ["admin", "audit"], ["admin", "config", "show"],
        ["usage"], ["suppression", "list"], ["pause", "--tenant", "shop"],
    ])
    func aGatewayThatIsNotThereIs3(_ arguments: [String]) async {
        #expect(await ApusCommand.run(arguments: arguments + ["--server", "unix:/nowhere/apus.sock"]) == 3)
    }

    @Test func changesReadAsWhatGoesAndWhatComes() {
        func text(_ before: String, _ after: String) -> String {
            ApusClient.ConfigurationChange(ConfigChange(kind: "tenants", name: "shop", before: before, after: after))
                .text
        }
        #expect(text("", "{}") == "tenants shop, new")
        #expect(text(#"{"weight":2}"#, "") == "tenants shop, removed\n  - weight: 2")
        #expect(
            text(#"{"quota":{"segments_per_day":5},"weight":2}"#, #"{"quota":{"segments_per_day":6},"weight":2}"#)
                == "tenants shop\n  - quota.segments_per_day: 5\n  + quota.segments_per_day: 6")
    }
}
