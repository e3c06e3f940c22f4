internal import Engine
internal import Foundation
internal import GatewayCore
internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing
internal import WebGateway

@testable internal import apusd

@Suite struct SettingsTests {
    private let directory = TemporaryDirectory()

    private func load(
        _ yaml: String?, _ environment: [String: String] = [:]
    ) async throws -> DaemonConfiguration {
        if let yaml { try directory.write(Data(yaml.utf8), to: "apusd.yaml") }
        return try await DaemonConfiguration.load(
            file: yaml == nil ? nil : directory.file("apusd.yaml"), environment: environment)
    }

    /// What is wrong with a configuration.
    private func problems(_ yaml: String?, _ environment: [String: String] = [:]) async throws -> [String] {
        do {
            try await load(yaml, environment).check()
            return []
        } catch let found as ConfigurationProblems {
            return found.problems
        }
    }

    @Test func nothingGivenIsTheDefaults() async throws {
        for yaml in [nil, "", "# only a comment\n", "storage:\nsandbox:\n"] {
            let found = try await load(yaml)
            #expect(found.data == "./apus-data")
            #expect(found.defaultValidity == 86_400)
            #expect(found.onUnknown == .hold)
            #expect(found.logLevel == .info)
            #expect(try await problems(yaml) == [])
        }
    }

    @Test func everyKindOfValueIsRead() async throws {
        let found = try await load(
            """
            data: /var/lib/apus
            rpc: [ "unix:/run/apus.sock", "tcp:127.0.0.1:7077" ]
            log-level: debug
            defaults: { resend-unknown: true, validity-seconds: 604800 }
            storage:
              maximum-bytes: 1000000000000
              accept-clock-behind: true
              accept-clock-ahead: true
            dispatch: { content-bytes: 0, maximum-attempts: 7 }
            sandbox:
              rate: 12.5
              seed: 99
              faults: { unknown: 0.25 }
            """)
        #expect(found.data == "/var/lib/apus")
        #expect(found.rpc == ["unix:/run/apus.sock", "tcp:127.0.0.1:7077"])
        #expect(found.logLevel == .debug)
        #expect(found.onUnknown == .resend)
        #expect(found.defaultValidity == 604_800)
        #expect(found.storage.maximumBytes == 1_000_000_000_000)
        #expect(found.storage.acceptsClockBehind && found.storage.acceptsClockAhead)
        #expect(found.writer.contentBytes == 0)
        #expect(found.writer.maximumAttempts == 7)
        #expect(found.sandbox.rate == 12.5)
        #expect(found.sandbox.seed == 99)
        #expect(found.sandbox.faults.unknown == 0.25)
    }

    @Test func theEnvironmentGoesBeforeTheFile() async throws {
        let found = try await load(
            "data: from-file\ntenant: from-file\nstorage: { cache-bytes: 2000000 }\nsandbox: { latency-ms: 5 }\n",
            [
                "APUSD_DATA": "from-environment", "APUSD_STORAGE_CACHE_BYTES": "3000000",
                "APUSD_RPC": "unix:/a,tcp:localhost:1", "APUSD_SANDBOX_FAULTS_REJECTED": "0.5",
                "APUSD_DEFAULTS_RESEND_UNKNOWN": "true", "HOME": "/root", "APUS_KEY": "the client's",
            ])
        #expect(found.data == "from-environment")
        #expect(found.tenant == "from-file")
        #expect(found.storage.cacheBytes == 3_000_000)
        #expect(found.rpc == ["unix:/a", "tcp:localhost:1"])
        #expect(found.sandbox.faults.rejected == 0.5)
        #expect(found.sandbox.latency == 5)
        #expect(found.onUnknown == .resend)
    }

    /// A value that a setting does not have by default, as it is written in the environment.
    private func another(_ setting: Setting, than value: SettingValue) -> (text: String, value: SettingValue)? {
        switch (setting.kind, value) {
        case (.text, _): ("other", .text("other"))
        case (.list, _): ("one,two", .list(["one", "two"]))
        case (.flag, .flag(let value)): ("\(!value)", .flag(!value))
        case (.choice(let choices), .text(let value)):
            choices.first { $0 != value }.map { ($0, .text($0)) }
        case (.integer(let range), .integer(let value)):
            [range.lowerBound, range.upperBound].first { $0 != value }.map { ("\($0)", .integer($0)) }
        case (.number(let range), .number(let value)):
            [range.lowerBound, range.upperBound].first { $0 != value }.map { ("\($0)", .number($0)) }
        case (.amount(let most), _): ("\(most)", .amount(most))
        default: nil
        }
    }

    @Test func everySettingCanBeGivenInTheEnvironment() async throws {
        let defaults = DaemonConfiguration()
        for setting in DaemonConfiguration.settings {
            let name = setting.environmentName
            #expect(name.allSatisfy { $0 == "_" || $0.isUppercase && $0.isASCII }, "\(name)")
            let other = try #require(another(setting, than: setting.value(defaults)), "\(setting.key)")
            let found = try await load(nil, [name: other.text])
            // It is written where it belongs, and nothing else is.
            for each in DaemonConfiguration.settings {
                let expected = each.key == setting.key ? other.value : each.value(defaults)
                #expect(each.value(found) == expected, "\(name) and \(each.key)")
            }
        }
        #expect(Set(DaemonConfiguration.settings.map(\.environmentName)).count == DaemonConfiguration.settings.count)
    }

    @Test func aBadValueInTheEnvironmentIsNamed() async throws {
        for setting in DaemonConfiguration.settings {
            switch setting.kind {
            case .integer, .number, .amount, .flag, .choice:
                let found = try await problems(nil, [setting.environmentName: "?"])
                #expect(found.count == 1 && found[0].contains(setting.environmentName), "\(found)")
            case .text, .list: continue
            }
        }
    }

    @Test func theWebServer() async throws {
        let found = try await load(
            """
            http: [ "http:127.0.0.1:8080", "http:[::1]:0" ]
            webhooks: { public-url: "https://sms.example.com/gateway", proxies: [ 10.0.0.5, "fd00::7" ] }
            """)
        #expect(try found.webAddresses() == [.http(host: "127.0.0.1", port: 8080), .http(host: "::1", port: 0)])
        #expect(try found.publicURL()?.text == "https://sms.example.com/gateway")
        #expect(try found.proxies() == [.ipv4(0x0A00_0005), .ipv6(0xFD00_0000_0000_0000)])
        try found.check()
        for (yaml, word) in [
            ("http: [ \"tcp:127.0.0.1:80\" ]", "is no address of the web server"),
            ("webhooks: { public-url: sms.example.com }", "webhooks.public-url must be"),
            ("webhooks: { public-url: \"https://sms.example.com/\" }", "webhooks.public-url must be"),
            ("webhooks: { proxies: [ proxy.example.com ] }", "webhooks.proxies has \"proxy.example.com\""),
            (
                "webhooks: { proxies: [ \((0...Limits.webProxies).map { "10.0.0.\($0)" }.joined(separator: ", ")) ] }",
                "webhooks.proxies has more than \(Limits.webProxies) addresses"
            ),
        ] {
            let wrong = try await problems(yaml)
            #expect(wrong.count == 1 && wrong[0].contains(word), "\(yaml): \(wrong)")
        }
    }

    @Test func aPriceIsANumberOfExactDecimals() async throws {
        for (text, millionths) in [
            ("0", 0), ("0.0075", 7500), ("\"0.0075\"", 7500), ("0.000001", 1), ("1", 1_000_000), ("1.10", 1_100_000),
            ("10000", Limits.segmentPrice.millionths),
        ] as [(String, Int64)] {
            let found = try await load("sandbox: { price: \(text) }\n")
            #expect(found.sandboxLimits.price == millionths, "\(text)")
        }
        for text in ["10000.000001", "-1", "0.0000001", "free", "1e-3", "[1]"] {
            #expect(try await problems("sandbox: { price: \(text) }\n").count == 1, "\(text)")
        }
        #expect(try await load(nil, ["APUSD_SANDBOX_PRICE": "0.05"]).sandboxLimits.price == 50_000)
    }

    // MARK: What is refused

    @Test func unknownKeysAreNamedAllOfThem() async throws {
        let found = try await problems(
            "dta: x\nstorage: { cache: 5, cache-bytes: 2000000 }\nsandbox: { faults: { lost: 1 } }\n")
        #expect(found.count == 3)
        for key in ["\"dta\"", "\"storage.cache\"", "\"sandbox.faults.lost\""] {
            #expect(found.contains { $0.contains(key) && $0.contains("apusd.yaml") }, "\(key)")
        }
        #expect(found.contains { $0.contains("storage.cache-bytes") })
        let environment = try await problems(nil, ["APUSD_STORAGE_CACHE": "5"])
        #expect(environment.count == 1)
        #expect(environment[0].contains("APUSD_STORAGE_CACHE"))
    }

    @Test func anUnknownKeyIsToldWithItsLineAndTheNearestName() async throws {
        let file = directory.file("apusd.yaml")
        let found = try await problems(
            """
            # The data.
            dta: x

            storage: { cache: 5,
              accept-clok-behind: true }
            sandbox:
              latencyms: 5
              faults:
                lots-of-them: 1
            log_level: debug
            cache-bytes: 2000000
            x: { y: 1 }
            """)
        #expect(
            found == [
                "\(file):2: there is no setting \"dta\"; is \"data\" meant?",
                "\(file):4: there is no setting \"storage.cache\"; is \"storage.cache-bytes\" meant?",
                "\(file):5: there is no setting \"storage.accept-clok-behind\"; "
                    + "is \"storage.accept-clock-behind\" meant?",
                "\(file):7: there is no setting \"sandbox.latencyms\"; is \"sandbox.latency-ms\" meant?",
                "\(file):9: there is no setting \"sandbox.faults.lots-of-them\"",
                "\(file):10: there is no setting \"log_level\"; is \"log-level\" meant?",
                "\(file):11: there is no setting \"cache-bytes\"; is \"storage.cache-bytes\" meant?",
                "\(file):12: there is no setting \"x.y\"",
            ])
        let environment = try await problems(nil, ["APUSD_LOGLEVEL": "debug", "APUSD_STORAGE_CASH_BYTES": "1"])
        #expect(
            environment == [
                "the environment's APUSD_LOGLEVEL is no setting; is \"APUSD_LOG_LEVEL\" meant?",
                "the environment's APUSD_STORAGE_CASH_BYTES is no setting; is \"APUSD_STORAGE_CACHE_BYTES\" meant?",
            ])
    }

    @Test func aBadValueIsToldWithItsLine() async throws {
        let found = try await problems("tenant: dev\nsandbox:\n  rate: fast\n")
        #expect(found == ["\(directory.file("apusd.yaml")):3: sandbox.rate must be a number"])
    }

    /// What stands in one place and holds in another has no line of its own there.
    @Test func mergedKeysAreSettingsToo() async throws {
        let found = try await problems(
            "storage: &s { cache-bytes: 2000000 }\nretention: { <<: *s, body-days: 1 }\n")
        #expect(
            found == [
                "\(directory.file("apusd.yaml")): there is no setting \"retention.cache-bytes\"; "
                    + "is \"storage.cache-bytes\" meant?"
            ])
    }

    @Test(arguments: [
        ("connections: many", "connections"), ("connections: 1.5", "connections"), ("connections: [1]", "connections"),
        ("rpc: unix:/x", "rpc"), ("storage: { accept-clock-behind: perhaps }", "storage.accept-clock-behind"),
        ("sandbox: { rate: fast }", "sandbox.rate"), ("tenant: [a]", "tenant"), ("data: { x: 1 }", "data.x"),
        ("log-level: loud", "log-level"), ("socket-mode: \"0999\"", "socket-mode"),
        ("rpc: [ \"nonsense\" ]", "nonsense"), ("defaults: { sender: \"far too long a name\" }", "defaults.sender"),
    ])
    func valuesOfAnotherKindAreNamed(_ yaml: String, _ key: String) async throws {
        let found = try await problems(yaml)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(key) == true, "\(found)")
    }

    @Test func boundsAreKeptToTheLast() async throws {
        for setting in DaemonConfiguration.settings {
            let (inside, outside): ([String], [String])
            switch setting.kind {
            case .integer(let range):
                inside = ["\(range.lowerBound)", "\(range.upperBound)"]
                outside = ["\(range.lowerBound - 1)"] + (range.upperBound < .max ? ["\(range.upperBound + 1)"] : [])
            case .number(let range):
                inside = ["\(range.lowerBound)", "\(range.upperBound)"]
                outside = ["\(range.lowerBound - 0.001)", "\(range.upperBound + 0.001)"]
            default: continue
            }
            for value in inside {
                let found = try await problemsOfReading(setting, value)
                #expect(found == [], "\(setting.key): \(value)")
            }
            for value in outside {
                let found = try await problemsOfReading(setting, value)
                #expect(found.count == 1, "\(setting.key): \(value)")
                #expect(found.first?.contains(setting.environmentName) == true)
            }
        }
    }

    private func problemsOfReading(_ setting: Setting, _ value: String) async throws -> [String] {
        do {
            _ = try await load(nil, [setting.environmentName: value])
            return []
        } catch let found as ConfigurationProblems {
            return found.problems
        }
    }

    @Test func valuesThatMakeNoSenseTogether() async throws {
        let shares = try await problems("sandbox: { faults: { unknown: 0.5, rejected: 0.6 } }")
        #expect(shares.count == 1)
        // Ten times a tenth, as sums of fractions go.
        let whole =
            "sandbox: { faults: { unknown: 0.1, rejected: 0.2, throttled: 0.3, unavailable: 0.1, undelivered: 0.3 } }"
        #expect(try await problems(whole) == [])
        for (yaml, word) in [
            ("rpc: [ \"tls:localhost:1\" ]", "needs tls.certificate"),
            ("http: [ \"https:localhost:1\" ]", "needs tls.certificate"), ("tls: { certificate: x }", "go together"),
            ("tls: { client-ca: x }", "tls.client-ca does nothing"),
            ("tls: { tenant-certificates: [a] }", "tls.tenant-certificates does nothing"),
            ("tls: { client-certificates: required }", "needs tls.client-ca"),
        ] {
            let tls = try await problems(yaml)
            #expect(tls.count == 1 && tls[0].contains(word), "\(yaml): \(tls)")
        }
        let retry = try await problems("dispatch: { retry-base-ms: 5000, retry-cap-ms: 4000 }")
        #expect(retry.count == 1)
        #expect(retry[0].contains("retry-base-ms"))
    }

    @Test func whatIsNoConfigurationAtAll() async throws {
        for yaml in ["- a\n- b\n", "just words", "a: [unclosed", "a: 1\na: 2\n", "\tx: 1"] {
            let found = try await problems(yaml)
            #expect(!found.isEmpty, "\(yaml)")
            #expect(found.allSatisfy { $0.contains("apusd.yaml") })
        }
        await #expect(throws: ConfigurationProblems.self) {
            _ = try await DaemonConfiguration.load(file: directory.file("missing.yaml"), environment: [:])
        }
    }

    /// A broken line may hold a secret.
    @Test func whatIsWrongWithTheYAMLIsToldWithoutItsText() async throws {
        for (yaml, place) in [
            ("data: x\nkey-file: \"apus_secretsecretsecret\n", "line"),
            ("data: apus_secretsecretsecret: x\n", "line 1"),
            ("a: [apus_secretsecretsecret\nb: }", "line"), ("data: apus_secretsecretsecret\ndata: x", "data"),
            ("apus_secretsecretsecret: x\napus_secretsecretsecret: y\n", "a key is given twice"),
            ("key-file: *apus_secretsecretsecret\n", "line"), ("key-file: !apus_secretsecretsecret! x\n", "line"),
            ("%apus_secretsecretsecret\n--- x", "line"), ("key-file: \"\\secretsecretsecret\"\n", "line"),
        ] {
            let problems = try await problems(yaml)
            #expect(problems.count == 1 && problems[0].contains("is not valid YAML: "), "\(problems)")
            #expect(problems[0].contains(place) && !problems[0].contains("secret"), "\(problems)")
        }
    }

    @Test func theSampleHasEverySetting() async throws {
        let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/apusd.yaml")
        let text = try String(contentsOf: sample, encoding: .utf8)
        #expect(try await problems(text) == [])
        for setting in DaemonConfiguration.settings {
            let last = setting.key.split(separator: ".").last!
            #expect(text.contains("\(last):"), "\(setting.key)")
        }
    }

    @Test func theSampleTellsTheDefaults() async throws {
        let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/apusd.yaml")
        let told = try await load(try String(contentsOf: sample, encoding: .utf8))
        let defaults = DaemonConfiguration()
        // What has no default that could be shown is an example there.
        let examples: Set = ["rpc", "key-file"]
        for setting in DaemonConfiguration.settings {
            let isDefault = setting.value(told) == setting.value(defaults)
            #expect(isDefault != examples.contains(setting.key), "\(setting.key)")
        }
    }

    @Test func howLongMessagesMayWaitIsSet() async throws {
        let standard = try await load(nil).healthBounds
        #expect(standard.waiting == 300_000 && standard.bulkWaiting == 14_400_000)
        let set = try await load("health: {waiting-seconds: 0, bulk-waiting-seconds: 604800}\n").healthBounds
        #expect(set.waiting == nil && set.bulkWaiting == 604_800_000)
        #expect(try await problems("health: {waiting-seconds: 604801}\n").count == 1)
    }
}
