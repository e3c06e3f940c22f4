import ApusClient
import ArgumentParser
import ConfigurationModel
import Foundation
import JSON
import RPCWire
import Testing

@testable import apus

@Suite struct ProviderCommandTests {
    @Test func optionsBecomeSettings() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "apus-secret-\(UUID().uuidString)")
        try Data("\n a token \n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = try ProviderOptions.parse([
            "--kind", "twilio", "--option", "account_sid=AC=1", "--option", "connections:=50", "--option",
            "sender=12345", "--option", "faults.unknown:=0.5", "--secret", "auth_token=@\(file.path)", "--in-flight",
            "200", "--rate", "0.5", "--weight", "3", "--price", "0.0075",
        ])
        let secrets = try await options.read()
        #expect(secrets == ["auth_token": .string("a token")])
        var settings = try JSONValue(#"{"options":{"receipts":false},"secrets":{"previous_auth_token":"sealed:1"}}"#)
        options.apply(to: &settings, secrets: secrets)
        let expected = """
            {"kind":"twilio","in_flight":200,"rate":0.5,"weight":3,"price":"0.0075",
            "options":{"account_sid":"AC=1","connections":50,"sender":"12345","receipts":false,"faults":{"unknown":0.5}},
            "secrets":{"auth_token":"a token","previous_auth_token":"sealed:1"}}
            """
        #expect(settings == (try JSONValue(expected)))
        // Each is a setting that the gateway knows; a rate may be whole.
        try ProviderOptions.parse(["--rate", "50"]).apply(to: &settings, secrets: [:])
        let document = JSONValue.object(["providers": .object(["p": settings])])
        let applied = try DynamicConfiguration().applying(document, isPartial: true)
        #expect(applied.providers["p"]?.rate == 50)
    }

    @Test(arguments: ["", "a", "=b", ":=1", "a:=", "a:={", "a:=b"])
    func optionsThatAreNone(_ argument: String) {
        #expect(OptionArgument(argument: argument) == nil)
    }

    @Test(arguments: ["", "a", "a=", "=-", "a=secret", "a=@"])
    func secretsDoNotStandOnTheCommandLine(_ argument: String) {
        #expect(SecretArgument(argument: argument) == nil)
    }

    @Test func secretsAreNotShown() throws {
        let old = #"{"kind":"twilio","secrets":{"auth_token":"sealed:1","previous_auth_token":"sealed:2"}}"#
        let new = #"{"kind":"twilio","secrets":{"auth_token":"sealed:3"}}"#
        let change = ApusClient.ConfigurationChange(
            ConfigChange(kind: "providers", name: "eu", before: old, after: new))
        #expect(
            change.text == """
                providers eu
                  - secrets.auth_token: …
                  + secrets.auth_token: …
                  - secrets.previous_auth_token: …
                """)
        #expect(!change.json.text.contains("sealed"))
        #expect(change.json.text.contains("previous_auth_token"))
        let shown = SettingsTable.json("eu", try JSONValue(old)).text
        #expect(!shown.contains("sealed") && shown.contains("previous_auth_token"))
        #expect(
            try JSONValue(old).withoutSecrets.settings.map(\.value.plainText) == [
                "twilio", "auth_token, previous_auth_token",
            ])
        #expect(try JSONValue(#"{"weight":1}"#).withoutSecrets.text == #"{"weight":1}"#)
    }

    @Test func testsHaveAnExitCode() throws {
        func test(_ result: ProviderTestResponse.Result, _ code: String = "") -> ProviderTest {
            ProviderTest(ProviderTestResponse(result: result, code: code, detail: "words"))
        }
        #expect(test(.passed).failure(of: "eu") == nil)
        #expect(test(.passed).text == "passed: words")
        #expect(test(.refused, "20003").failure(of: "eu")?.status == .refused)
        #expect(test(.refused, "20003").text == "refused (20003): words")
        #expect(test(.inconclusive, "NOT_CONNECTED").failure(of: "eu")?.status == .unavailable)
        #expect(
            test(.refused, "20003").json.text == #"{"result": "REFUSED", "code": "20003", "detail": "words"}"#)
    }

    @Test func routeOptionsBecomeSettings() throws {
        let options = try RouteOptions.parse([
            "--order", "10", "--destination", "DE", "--destination", "+4915", "--tenant", "shop", "--sender", "ACME",
            "--priority", "URGENT", "--time", "MON,WED-FRI/08:00-20:00", "--time", "SAT-SUN",
            "--time", "22:00-06:00 Europe/Berlin",
            "--provider", "a", "--provider", "b", "--policy", "LEAST_COST", "--no-overflow",
        ])
        var settings = try JSONValue(#"{"reject":"no"}"#)
        options.apply(to: &settings)
        let expected = """
            {"order":10,"destinations":["DE","+4915"],"tenants":["shop"],"senders":["ACME"],"priorities":["URGENT"],
            "times":[{"days":["MON","WED-FRI"],"from":"08:00","to":"20:00"},{"days":["SAT-SUN"]},
            {"from":"22:00","to":"06:00","zone":"Europe/Berlin"}],
            "providers":["a","b"],"policy":"LEAST_COST","overflow":false}
            """
        #expect(settings == (try JSONValue(expected)))
        let sandbox = try JSONValue(#"{"kind":"sandbox"}"#)
        let document = JSONValue.object([
            "routes": .object(["r": settings]), "tenants": .object(["shop": .object([:])]),
            "providers": .object(["a": sandbox, "b": sandbox]),
        ])
        let applied = try DynamicConfiguration().applying(document, isPartial: true)
        #expect(applied.routes["r"]?.times?.count == 3)
        // A route that refuses keeps nothing of its sending.
        try RouteOptions.parse(["--reject", "no", "--order", "20"]).apply(to: &settings)
        #expect(settings["providers"] == nil && settings["policy"] == nil && settings["overflow"] == nil)
        #expect(settings["reject"]?.string == "no" && settings["order"]?.integer == 20)
    }

    @Test(arguments: [
        "", "/", "MON/", "/08:00-20:00", "MON/TUE", "08:00-20:00-22:00", "MON/08:00-20:00/1", "SAT UTC x",
    ])
    func timesThatAreNone(_ argument: String) {
        #expect(TimeWindowArgument(argument: argument) == nil)
    }

    @Test(
        arguments: [
            ["provider", "create", "eu"], ["provider", "create", "eu", "--kind", "sns", "--secret", "a=b"],
            ["provider", "create", "eu", "--kind", "sns", "--option", "a"],
            ["provider", "create", "eu", "--kind", "sns", "--secret", "a=-", "--secret", "b=-"],
            ["provider", "create", "eu", "--kind", "sns", "--secret", "a=@/nowhere/at/all"],
            ["provider", "set", "eu"], ["provider", "test"], ["provider", "set", "eu", "--rate", "x"],
            ["route", "create", "r"], ["route", "set", "r"],
            ["route", "create", "r", "--provider", "a", "--time", "/"],
            ["route", "create", "r", "--provider", "a", "--reject", "no"],
        ] as [[String]])
    func wrongUsageIs2(_ arguments: [String]) async {
        #expect(await ApusCommand.run(arguments: ["admin"] + arguments) == 2)
    }

    @Test(arguments: [
        ["provider", "list"], ["provider", "show", "eu"], ["provider", "enable", "eu"], ["provider", "disable", "eu"],
        ["provider", "remove", "eu"], ["provider", "test", "eu"], ["provider", "create", "eu", "--kind", "sandbox"],
        ["route", "list"], ["route", "show", "r"], ["route", "remove", "r"],
        ["route", "create", "r", "--reject", "no"],
        ["route", "set", "r", "--clear", "times"],
    ])
    func aGatewayThatIsNotThereIs3(_ arguments: [String]) async {
        let server = ["--server", "unix:/nowhere/apus.sock"]
        #expect(await ApusCommand.run(arguments: ["admin"] + arguments + server) == 3)
    }
}
