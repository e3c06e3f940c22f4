internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import Glibc
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What the configuration says of a provider, and what is made of it.
@Suite struct ProviderFactoryTests {
    private static let key = Array("a key for tokens".utf8)
    static let twilio = """
        {"account_sid": "\(TwilioStandIn.account)", "sender": "+15005550006"}
        """

    private func factory(
        publicURL: String? = "https://sms.example.com/", environment: [String: String] = [:],
        client: HTTPClient = HTTPClient()
    ) -> ProviderFactory {
        ProviderFactory(
            client: client, receiptKey: Self.key, publicURL: publicURL, environment: environment, now: { 0 })
    }

    private func settings(
        _ kind: ProviderSettings.Kind, _ options: String, _ secrets: [String: String] = [:]
    ) throws -> ProviderSettings {
        var settings = ProviderSettings(kind: kind)
        settings.options = try JSONValue(options)
        settings.secrets = secrets
        return settings
    }

    /// Fields without `providers.p.`, rising.
    private func faults(
        _ kind: ProviderSettings.Kind, _ options: String, _ secrets: [String: String] = [:],
        publicURL: String? = "https://sms.example.com", environment: [String: String] = [:]
    ) throws -> [String] {
        let client = HTTPClient()
        defer { client.stop() }
        let factory = factory(publicURL: publicURL, environment: environment, client: client)
        let settings = try settings(kind, options, secrets)
        let violations = factory.check("p", settings)
        if violations.isEmpty {
            #expect(throws: Never.self) { try factory.make("p", settings) }
        } else {
            #expect {
                _ = try factory.make("p", settings)
            } throws: { ($0 as? ConfigurationError)?.violations == violations }
        }
        return violations.map { String($0.field.trimmingPrefix("providers.p.")) }.sorted()
    }

    // MARK: Sandbox

    @Test func sandboxes() throws {
        #expect(try faults(.sandbox, "{}") == [])
        #expect(
            try faults(
                .sandbox,
                """
                {"latency_ms": 86400000, "receipt_delay_ms": 0, "rate": 0.5, "seed": 7,
                 "faults": {"throttled": 0.2, "unavailable": 0.2, "rejected": 0.2, "unknown": 0.2, "undelivered": 0.2}}
                """) == [])
        #expect(
            try faults(
                .sandbox,
                """
                {"latency_ms": 86400001, "receipt_delay_ms": -1, "rate": -1, "seed": "x", "path": "a",
                 "faults": {"throttled": 1.01, "lost": 1}}
                """, ["auth_token": "t"]) == [
                    "options.faults.lost", "options.faults.throttled", "options.latency_ms", "options.path",
                    "options.rate", "options.receipt_delay_ms", "options.seed", "secrets.auth_token",
                ])
        #expect(try faults(.sandbox, "{\"faults\": {\"rejected\": 0.6, \"unknown\": 0.5}}") == ["options.faults"])

        var reader = ProviderReader(
            "p", try settings(.sandbox, "{\"latency_ms\": 5, \"faults\": {\"unknown\": 0.5}}"))
        let options = SandboxOptions(&reader)
        #expect(options.latency == 5 && options.receiptDelay == 50 && options.faults.unknown == 0.5)
    }

    // MARK: Twilio

    @Test func twilioAccounts() throws {
        let token = ["auth_token": "t"]
        #expect(try faults(.twilio, Self.twilio, token) == [])
        #expect(try faults(.twilio, Self.twilio, ["auth_token": "t", "previous_auth_token": "u"]) == [])
        #expect(
            try faults(
                .twilio, Self.twilio, ["auth_token": "t", "shared_key_secret": "u", "previous_shared_key_secret": "v"])
                == [])
        #expect(try faults(.twilio, Self.twilio, ["shared_key_secret": "u"]) == ["secrets.auth_token"])
        #expect(try faults(.twilio, "{}") == ["options.account_sid", "options.sender", "secrets.auth_token"])
        func with(_ more: String, _ secrets: [String: String] = token) throws -> [String] {
            try faults(.twilio, "\(Self.twilio.dropLast()), \(more)}", secrets)
        }
        #expect(try with("\"validity_s\": 36000, \"base_url\": \"https://twilio.test\", \"receipts\": true") == [])
        #expect(try with("\"validity_s\": 36001") == ["options.validity_s"])
        #expect(try with("\"base_url\": \"twilio.test\"") == ["options.base_url"])
        #expect(
            try with("\"messaging_service_sid\": \"\(TwilioStandIn.service)\"") == ["options.messaging_service_sid"])
        #expect(try with("\"colour\": 1") == ["options.colour"])
        #expect(try with("\"receipts\": \"yes\"") == ["options.receipts"])
        #expect(try with("\"receipts\": true", ["auth_token": "t", "token": "x"]) == ["secrets.token"])
        #expect(
            try faults(.twilio, "{\"account_sid\": \"AC1\", \"messaging_service_sid\": \"MG1\"}", token) == [
                "options.account_sid", "options.messaging_service_sid",
            ])
    }

    @Test func twilioAPIKeys() throws {
        let options = "\(Self.twilio.dropLast()), \"api_key_sid\": \"\(TwilioStandIn.key.sid)\""
        let both = ["api_key_secret": "s", "auth_token": "t"]
        #expect(try faults(.twilio, options + "}", both) == [])
        #expect(try faults(.twilio, options + "}", ["auth_token": "t"]) == ["secrets.api_key_secret"])
        #expect(try faults(.twilio, Self.twilio, both) == ["secrets.api_key_secret"])
        #expect(
            try faults(.twilio, options.replacing("SK", with: "S1") + "}", both) == ["options.api_key_sid"])
        // What Twilio posts is signed by the token, which is needed only if it posts.
        let key = ["api_key_secret": "s"]
        #expect(try faults(.twilio, options + "}", key) == ["secrets.auth_token"])
        #expect(try faults(.twilio, options + "}", key.merging(["shared_key_secret": "u"]) { $1 }) == [])
        #expect(try faults(.twilio, options + ", \"receipts\": false}", key) == [])
        #expect(try faults(.twilio, options + "}", key, publicURL: nil) == [])
    }

    @Test func twilioReachesTheGatewayOrNot() throws {
        let client = HTTPClient()
        defer { client.stop() }
        func parts(_ options: String, publicURL: String?) throws -> ProviderComponents {
            try factory(publicURL: publicURL, client: client).make(
                "eu-1", settings(.twilio, options, ["auth_token": "t"]))
        }
        let reached = try parts(Self.twilio, publicURL: "https://sms.example.com")
        #expect(reached.webhook is TwilioReceiver)
        #expect(reached.lookUp is TwilioLookUp)
        #expect(reached.check != nil)
        #expect(reached.provider.name == "eu-1" && reached.provider.kind == "twilio")
        #expect(try parts(Self.twilio, publicURL: nil).webhook == nil)
        // Messages to the account's numbers come all the same.
        let without = "\(Self.twilio.dropLast()), \"receipts\": false}"
        #expect(try parts(without, publicURL: "https://sms.example.com").webhook is TwilioReceiver)

        let wanted = "\(Self.twilio.dropLast()), \"receipts\": true}"
        #expect(try faults(.twilio, wanted, ["auth_token": "t"], publicURL: nil) == ["options.receipts"])
        #expect(
            try faults(.twilio, Self.twilio, ["auth_token": "t"], publicURL: "https://a_b.example.com") == [
                "options.receipts"
            ])

        func callback(_ options: String, publicURL: String?) throws -> String? {
            var reader = ProviderReader("eu-1", try settings(.twilio, options, ["auth_token": "t"]))
            let url = factory(publicURL: publicURL, client: client).webhookURL("eu-1")
            return TwilioSettings(&reader, webhookURL: url, receiptKey: Self.key).options.statusCallback?.url
        }
        let url = "https://sms.example.com/webhooks/eu-1"
        #expect(try callback(Self.twilio, publicURL: "https://sms.example.com/") == url + "#rc=5&rp=all")
        let once = "\(Self.twilio.dropLast()), \"repeat_callbacks\": false}"
        #expect(try callback(once, publicURL: "https://sms.example.com") == url)
        #expect(try callback(Self.twilio, publicURL: nil) == nil)
        #expect(try callback(without, publicURL: "https://sms.example.com") == nil)
    }

    @Test func optionsOfAllKindsOverHTTP() throws {
        let directory = TemporaryDirectory()
        try directory.write(Data(SNSVector.certificate.utf8), to: "ca.pem")
        try directory.write(Data("-----BEGIN CERTIFICATE-----\n".utf8), to: "none.pem")
        let file = directory.file("ca.pem")
        let options = """
            \(Self.twilio.dropLast()), "ca_file": "\(file)", "proxy": "http://proxy.test:3128",
            "connect_timeout_ms": 100, "timeout_ms": 120000, "connections": 1024}
            """
        #expect(try faults(.twilio, options, ["auth_token": "t"]) == [])
        var reader = MemberReader(try JSONValue(options), path: "o")
        let http = HTTPSessionOptions(&reader)
        #expect(http.caFile == file && http.proxy == "http://proxy.test:3128")
        #expect(http.connectTimeout == 100 && http.timeout == 120_000 && http.connections == 1024)
        for (name, value) in [
            ("ca_file", "\"\(file)2\""), ("ca_file", "\"\""),
            ("ca_file", "\"\(directory.file("none.pem"))\""), ("base_url", "\"https://\""),
            ("base_url", "\"https://user@api.twilio.com\""), ("base_url", "\"https://api.twilio.com?x\""),
            ("proxy", "\"proxy.test:3128\""),
            ("connect_timeout_ms", "99"), ("timeout_ms", "120001"), ("connections", "0"), ("connections", "1025"),
        ] {
            let wrong = "\(Self.twilio.dropLast()), \"\(name)\": \(value)}"
            #expect(try faults(.twilio, wrong, ["auth_token": "t"]) == ["options.\(name)"], "\(name): \(value)")
        }
    }

    // MARK: SNS

    private static let sns = "{\"region\": \"eu-central-1\""

    @Test func snsAccounts() throws {
        let keys = ["access_key_id": "AKID", "secret_access_key": "s"]
        #expect(try faults(.sns, Self.sns + "}", keys) == [])
        #expect(
            try faults(
                .sns,
                """
                \(Self.sns), "endpoint": "http://127.0.0.1:1", "sender": "Acme", "message_type": "Promotional",
                 "maximum_price": "0.50", "entity_id": "1", "template_id": "2", "credentials": "secrets"}
                """, keys.merging(["session_token": "t"]) { $1 }) == [])
        #expect(
            try faults(.sns, "{}") == ["options.region", "secrets.access_key_id", "secrets.secret_access_key"])
        for (name, value) in [
            ("region", "\"EU 1\""), ("endpoint", "\"sns.test\""), ("sender", "\"A B\""), ("message_type", "\"promo\""),
            ("maximum_price", "\"much\""), ("maximum_price", "0.5"), ("credentials", "\"file\""), ("profile", "\"a\""),
            ("credentials_file", "\"/a\""), ("receipts", "true"), ("tolerance_seconds", "60"),
        ] {
            var options = try #require(try JSONValue(Self.sns + "}").object)
            options[name] = try JSONValue(value)
            #expect(try faults(.sns, JSONValue.object(options).text, keys) == ["options.\(name)"], "\(name): \(value)")
        }
        #expect(try faults(.sns, Self.sns + "}", ["access_key_id": "A B", "secret_access_key": "s"]).count == 1)
        let client = HTTPClient()
        defer { client.stop() }
        let parts = try factory(client: client).make("sns", settings(.sns, Self.sns + "}", keys))
        #expect(parts.provider.kind == "sns" && parts.check != nil)
        #expect(parts.webhook == nil && parts.lookUp == nil)
    }

    @Test func snsCredentialsElsewhere() throws {
        let environment = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"]
        let fromEnvironment = Self.sns + ", \"credentials\": \"environment\"}"
        #expect(try faults(.sns, fromEnvironment, environment: environment) == [])
        #expect(try faults(.sns, fromEnvironment) == ["options.credentials"])
        #expect(
            try faults(.sns, fromEnvironment, ["access_key_id": "AKID"], environment: environment) == [
                "secrets.access_key_id"
            ])
        var reader = ProviderReader("p", try settings(.sns, fromEnvironment))
        #expect(
            SNSOptions(&reader, environment: environment).credentials
                == AWSCredentials(keyID: "AKID", secret: "s", sessionToken: "t"))

        let directory = TemporaryDirectory()
        try directory.write(
            Data("[default]\naws_access_key_id=D\naws_secret_access_key=ds\n[half]\naws_access_key_id=H\n".utf8),
            to: "credentials")
        let file = directory.file("credentials")
        chmod(file, 0o600)
        func profile(_ name: String?, _ file: String?) -> String {
            let members = [name.map { "\"profile\": \"\($0)\"" }, file.map { "\"credentials_file\": \"\($0)\"" }]
            return ([Self.sns, "\"credentials\": \"profile\""] + members.compactMap(\.self)).joined(separator: ", ")
                + "}"
        }
        #expect(try faults(.sns, profile("default", file)) == [])
        #expect(try faults(.sns, profile(nil, file)) == [])
        #expect(try faults(.sns, profile("other", file)) == ["options.profile"])
        #expect(try faults(.sns, profile("half", file)) == ["options.profile"])
        #expect(try faults(.sns, profile(nil, file + "2")) == ["options.credentials_file"])
        #expect(try faults(.sns, profile(nil, nil)) == ["options.credentials_file"])
        #expect(try faults(.sns, profile(nil, nil), environment: ["AWS_SHARED_CREDENTIALS_FILE": file]) == [])
        #expect(try faults(.sns, profile(nil, nil), environment: ["HOME": directory.path]).count == 1)
        try FileManager.default.createDirectory(
            atPath: directory.file(".aws"), withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: file, toPath: directory.file(".aws/credentials"))
        #expect(try faults(.sns, profile(nil, nil), environment: ["HOME": directory.path]) == [])
        // What others can read is no secret.
        chmod(file, 0o644)
        #expect(try faults(.sns, profile("default", file)) == ["options.credentials_file"])
    }

    @Test func profiles() {
        let profiles = AWSProfiles(
            """
            aws_access_key_id = nobody's
            # a comment
            [default]
            aws_access_key_id = A
              continued = x
            AWS_Secret_Access_Key=s/+=
            ; another

            [ two ]
             aws_access_key_id=B
             s3 =
               aws_access_key_id = C
             aws_session_token=  t \u{20}
            [default]
            region = eu
            """)
        #expect(
            profiles["default"] == ["aws_access_key_id": "A", "aws_secret_access_key": "s/+=", "region": "eu"])
        #expect(profiles["two"] == ["aws_access_key_id": "B", "s3": "", "aws_session_token": "t"])
        #expect(profiles["three"] == nil)
        #expect(AWSProfiles("")["default"] == nil)
    }
}
