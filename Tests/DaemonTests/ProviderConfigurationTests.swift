internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Providers and routes, as an operator meets them.
    @Suite struct ProviderConfigurationTests {
        private let directory = TestDirectory()
        private static let token = "a token that nobody may see"

        /// Runs it, and expects the exit code. Nowhere in what it says is the secret, plain or sealed.
        @discardableResult
        private func apus(
            _ daemon: DaemonProcess, _ words: String, _ code: Int32 = 0, input: String = "",
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> String {
            let run = try await daemon.apus(words.split(separator: " ").map(String.init), input: input)
            let said = run.output + run.errors
            #expect(run.exit == .code(code), "\(words): \(said)", sourceLocation: sourceLocation)
            #expect(!said.contains(Self.token) && !said.contains("sealed:"), sourceLocation: sourceLocation)
            return said
        }

        @Test(.timeLimit(.minutes(5))) func providersAndRoutesAreMadeChangedAndRemoved() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let account = "AC0123456789abcdef0123456789abcdef"
                let made = try await apus(
                    daemon,
                    """
                    admin provider create eu --kind twilio --option account_sid=\(account) --option sender=ACME \
                    --option base_url=http://127.0.0.1:1 --secret auth_token=- --rate 20 --price 0.0075
                    """, input: Self.token + "\n")
                #expect(made.hasPrefix("providers eu, new\n") && made.contains("+ secrets.auth_token: …"))
                try await apus(daemon, "admin provider create eu --kind sandbox", 1)
                try await apus(daemon, "admin provider set eu --in-flight 5 --output json")
                #expect(try await apus(daemon, "admin provider show eu").contains("secrets              auth_token"))
                try await apus(daemon, "admin provider list --output json")
                try await apus(daemon, "admin provider disable eu")
                #expect(try await apus(daemon, "admin provider show eu").contains("enabled"))
                try await apus(daemon, "admin provider enable eu")
                try await apus(daemon, "admin audit --output json")
                try await apus(daemon, "admin config history --output json")

                try await apus(daemon, "admin route create last --provider eu")
                try await apus(daemon, "admin route create first --order 5 --destination DE --tenant dev --reject no")
                let routes = try await apus(daemon, "admin route list").split(separator: "\n")
                #expect(routes.map { $0.prefix { $0 != " " } } == ["first", "last"])
                #expect(try await apus(daemon, "admin route set first --provider nobody", 1).contains("names nobody"))
                #expect(try await apus(daemon, "admin provider remove eu", 1).contains("routes.last.providers[0]"))

                // What is shown as a whole has secrets sealed, and is good to be applied again.
                let words = ["admin", "config", "show"]
                let shown = try await daemon.apus(words).output
                #expect(shown.contains("sealed:v1:") && !shown.contains(Self.token))
                #expect(
                    try await apus(daemon, "admin config apply -", input: shown).hasPrefix("nothing changes"))
                let generation = try #require(Int(shown.prefix { $0 != "\n" }.split(separator: " ").last ?? ""))
                let refused = try await apus(daemon, "admin config apply -", 1, input: "tenants: {dev: {}}")
                #expect(refused.contains("would remove provider eu, route first, route last: allow it with"))
                #expect(try await apus(daemon, "admin provider list").hasPrefix("eu "))
                // To compare needs no permission.
                try await apus(daemon, "admin config diff -", 1, input: "tenants: {dev: {}}")
                #expect(try await apus(daemon, "admin config diff -", input: shown).contains("nothing changes"))
                try await apus(daemon, "admin config apply - --remove --output json", input: "tenants: {dev: {}}")
                #expect(try await apus(daemon, "admin provider list") == "")
                try await apus(daemon, "admin config rollback \(generation) --output json")
                #expect(try await daemon.apus(words).output.contains("sealed:v1:"))
                try await apus(daemon, "admin route remove last")
                try await apus(daemon, "admin provider remove eu")
                try await apus(daemon, "admin provider show eu", 1)
            }
        }

        @Test(.timeLimit(.minutes(5))) func statsTellsWhatAProviderIsGivenNow() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let account = "AC0123456789abcdef0123456789abcdef"
                try await apus(
                    daemon,
                    """
                    admin provider create eu --kind twilio --option account_sid=\(account) --option sender=ACME \
                    --option base_url=http://127.0.0.1:1 --secret auth_token=- --rate 50 --in-flight 100
                    """, input: Self.token + "\n")
                let idle = try #require(try await client.statistics().providers.first { $0.name == "eu" })
                #expect(idle.circuit == .closed && idle.rate == 50 && idle.latency == nil)
                #expect((1...100).contains(idle.inFlightBound))
                // Nobody listens there: after some failures it is left alone.
                let rows = String(repeating: "+14155550100,hello\n", count: 20)
                try await apus(daemon, "bulk - --no-wait", input: "to,body\n" + rows)
                try await waitUntil("the circuit opens") {
                    try await client.statistics().providers.first { $0.name == "eu" }?.circuit == .open
                }
                let told = try await apus(daemon, "stats --output json")
                #expect(told.contains(#""circuit": "OPEN""#) || told.contains(#""circuit": "HALF_OPEN""#))
                #expect(try await apus(daemon, "stats").contains("at most 50 a second, failing, "))
            }
        }
    }
}
