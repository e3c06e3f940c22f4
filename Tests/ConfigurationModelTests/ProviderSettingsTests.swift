import ConfigurationModel
import JSON
import SMSModel
import Testing

@Suite struct ProviderSettingsTests {
    private func settings(_ json: String) throws -> ProviderSettings {
        try #require(try Documents.applied(providers: "{\"p\": \(json)}").providers["p"])
    }

    /// Without the path of the provider.
    private func problems(_ json: String) throws -> [String] {
        try Documents.problems(providers: "{\"p\": \(json)}").map { String($0.trimmingPrefix("providers.p")) }
    }

    @Test func allThatMayBeSaid() throws {
        let json = """
            {"enabled":false,"in_flight":200,"kind":"twilio","options":{"account_sid":"AC1","receipts":true},\
            "price":"0.0075","rate":50,"secrets":{"auth_token":"t","previous_auth_token":"u"},\
            "sender":{"by_country":{"DE":"Firma","US":"+14155550100"},"fallback":"12345","replace_names_in":["US"]},\
            "weight":3}
            """
        let settings = try settings(json)
        #expect(settings.kind == .twilio)
        #expect(settings.inFlight == 200)
        #expect(settings.rate == 50)
        #expect(settings.weight == 3)
        #expect(settings.price == 7500)
        #expect(!settings.isEnabled)
        #expect(settings.sender?.byCountry == ["DE": "Firma", "US": "+14155550100"])
        #expect(settings.sender?.fallback == "12345" && settings.sender?.replaceNamesIn == ["US"])
        #expect(settings.options["account_sid"] == .string("AC1"))
        #expect(settings.secrets == ["auth_token": "t", "previous_auth_token": "u"])
        #expect(settings.json.text == json)
    }

    @Test func whatIsLeftOut() throws {
        let settings = try settings("{\"kind\": \"sandbox\", \"rate\": null, \"options\": {}, \"secrets\": {}}")
        #expect(settings == ProviderSettings(kind: .sandbox))
        #expect(settings.inFlight == nil && settings.rate == nil && settings.weight == 1 && settings.price == 0)
        #expect(settings.json.text == "{\"kind\":\"sandbox\"}")
        #expect(try problems("{}") == [".kind: is missing"])
        #expect(
            try problems("{\"kind\": \"pigeon\"}") == [
                ".kind: must be one of sandbox, twilio, aws-sms, sns, http, "
                    + "vonage, plivo, messagebird, infobip, sinch, telnyx, bandwidth, 46elks"
            ])
        #expect(try problems("{\"kind\": \"sns\", \"weigth\": 1}").count == 1)
    }

    @Test(arguments: [
        ("in_flight", ["1", "\(Limits.providerInFlight)"], ["0", "\(Limits.providerInFlight + 1)", "1.5", "\"1\""]),
        (
            "rate", ["\(Limits.providerRateMinimum)", "0.5", "\(Limits.messagesPerSecond)"],
            ["0", "0.009", "-1", "\(Limits.messagesPerSecond + 1)", "\"5\"", "true"]
        ), ("weight", ["1", "\(Limits.providerWeight)"], ["0", "\(Limits.providerWeight + 1)"]),
        (
            "price", ["\"0\"", "\"0.000001\"", "\"\(Limits.segmentPrice)\""],
            ["0.1", "\"0.0000001\"", "\"-1\"", "\"10000.000001\"", "\"\""]
        ), ("enabled", ["true"], ["1", "\"yes\""]), ("options", ["{}"], ["[]", "\"a\""]),
        (
            "sender", ["{}", "{\"by_country\": {\"DE\": \"Firma\"}}", "{\"fallback\": \"+14155550100\"}"],
            [
                "[]", "\"Firma\"", "{\"by_country\": {\"de\": \"Firma\"}}", "{\"by_country\": {\"+49\": \"Firma\"}}",
                "{\"by_country\": {\"DE\": \"\"}}", "{\"by_country\": {\"DE\": 7}}", "{\"fallback\": \"\"}",
                "{\"replace_names_in\": [\"usa\"]}", "{\"others\": \"12345\"}",
            ]
        ),
        (
            "secrets", ["{\"a_1\": \"x\"}"],
            ["[]", "{\"a\": 7}", "{\"a\": \"\"}", "{\"A\": \"x\"}", "{\"\": \"x\"}", "{\"a-b\": \"x\"}"]
        ),
    ]) func bounds(_ name: String, _ good: [String], _ bad: [String]) throws {
        for value in good {
            #expect(try problems("{\"kind\": \"http\", \"\(name)\": \(value)}") == [], "\(name): \(value)")
        }
        for value in bad {
            let found = try problems("{\"kind\": \"http\", \"\(name)\": \(value)}")
            #expect(found.count == 1 && found[0].hasPrefix(".\(name)"), "\(name): \(value)")
        }
    }

    @Test func secretsHaveALength() throws {
        func secret(_ bytes: Int) -> String {
            "{\"kind\": \"http\", \"secrets\": {\"a\": \"\(String(repeating: "s", count: bytes))\"}}"
        }
        #expect(try problems(secret(Limits.providerSecretBytes)) == [])
        #expect(
            try problems(secret(Limits.providerSecretBytes + 1)) == [
                ".secrets.a: must have 1 to \(Limits.providerSecretBytes) bytes"
            ])
        // A sealed one is longer.
        let sealed = "sealed:" + String(repeating: "s", count: Limits.providerSecretBytes * 2)
        #expect(try problems("{\"kind\": \"http\", \"secrets\": {\"a\": \"\(sealed)\"}}") == [])

        func secrets(_ count: Int) -> String {
            let members = (0..<count).map { "\"s\($0)\": \"x\"" }
            return "{\"kind\": \"http\", \"secrets\": {\(members.joined(separator: ","))}}"
        }
        #expect(try problems(secrets(Limits.providerSecrets)) == [])
        #expect(try problems(secrets(Limits.providerSecrets + 1)).count == 1)
        let longest = String(repeating: "n", count: Limits.providerSecretNameCharacters)
        #expect(try problems("{\"kind\": \"http\", \"secrets\": {\"\(longest)\": \"x\"}}") == [])
        #expect(try problems("{\"kind\": \"http\", \"secrets\": {\"\(longest)n\": \"x\"}}").count == 1)
    }

    @Test func names() throws {
        let longest = String(repeating: "n", count: Limits.providerNameCharacters)
        for name in ["a", "twilio-eu", "0-9", longest] {
            #expect(try Documents.problems(providers: "{\"\(name)\": {\"kind\": \"sandbox\"}}") == [])
        }
        for name in ["", "A", "a_b", "a b", "a.b", "\u{FC}", longest + "n"] {
            #expect(try Documents.problems(providers: "{\"\(name)\": {\"kind\": \"sandbox\"}}").count == 1, "\(name)")
        }
    }

    @Test func asManyAsMayBe() throws {
        func providers(_ count: Int) -> String {
            "{\((0..<count).map { "\"p\($0)\": {\"kind\": \"sandbox\"}" }.joined(separator: ","))}"
        }
        #expect(try Documents.applied(providers: providers(Limits.providers)).providers.count == Limits.providers)
        #expect(
            try Documents.problems(providers: providers(Limits.providers + 1)) == [
                "providers: are \(Limits.providers + 1), at most \(Limits.providers) are possible"
            ])
    }
}
