internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// The senders of messages, by their recipients' countries.
    @Suite struct SenderTests {
        private let directory = TestDirectory()

        @discardableResult
        private func apus(
            _ daemon: DaemonProcess, _ words: String, _ code: Int32 = 0,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> String {
            let run = try await daemon.apus(words.split(separator: " ").map(String.init))
            #expect(run.exit == .code(code), "\(words): \(run)", sourceLocation: sourceLocation)
            return run.output + run.errors
        }

        /// Sends, waits and returns what the timeline says of the sender that a rule has put in; nil if none has.
        private func rule(
            _ client: GatewayClient, to number: String, from sender: String? = nil
        ) async throws -> String? {
            let receipt = try await client.send(OutgoingMessage(to: number, body: "hello", sender: sender))
            let report = try await client.waitUntilSettled([receipt.id], timeout: .seconds(20))
            #expect(report.messages.first?.state == .delivered)
            let reason = report.messages.first?.timeline.first { $0.event == .submitting }?.detail
            return try #require(reason).split(separator: "; sender ").dropFirst().first.map(String.init)
        }

        @Test(.timeLimit(.minutes(5))) func routesAndProvidersSayWhomMessagesAreFrom() async throws {
            try await withDaemon(in: directory) { daemon, client in
                try await apus(
                    daemon,
                    """
                    admin provider create eu --kind sandbox --sender-for US=+15005550006 --sender-for DE=Firma \
                    --sender-fallback 12345 --replace-names-in US --replace-names-in CA
                    """)
                #expect(try await rule(client, to: "+14155550100") == "+15005550006 (provider eu, US)")
                #expect(try await rule(client, to: "+4915112345678") == "Firma (provider eu, DE)")
                #expect(try await rule(client, to: "+447400123456") == "12345 (provider eu, other countries)")
                // The message's own goes first, but for a name where names don't get through.
                #expect(try await rule(client, to: "+4915112345678", from: "ACME") == nil)
                #expect(try await rule(client, to: "+14155550100", from: "+15005550001") == nil)
                #expect(
                    try await rule(client, to: "+16135550100", from: "ACME")
                        == "12345 (provider eu, which replaces names in CA)")

                // A route's rules go before its providers'. What changes holds at once.
                try await apus(daemon, "admin route create all --provider eu --sender-for DE=Route")
                #expect(try await rule(client, to: "+4915112345678") == "Route (route all, DE)")
                #expect(try await rule(client, to: "+447400123456") == "12345 (provider eu, other countries)")
                let page = try await apus(daemon, "explain +4915112345678 hello")
                #expect(page.contains("Route (route all, DE)"), "\(page)")
                let told = try await client.explain(OutgoingMessage(to: "+14155550100", body: "x", sender: "ACME"))
                #expect(told.terms?.sender == "+15005550006")
                #expect(told.terms?.senderRule == "provider eu, which replaces names in US")
                let own = try await client.explain(OutgoingMessage(to: "+4915112345678", body: "x", sender: "ACME"))
                #expect(own.terms?.sender == "ACME" && own.terms?.senderRule == nil)
            }
        }

        @Test(.timeLimit(.minutes(5))) func rulesAreCheckedAndShown() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let wrong = "admin provider create eu --kind sandbox "
                let country = try await apus(daemon, wrong + "--sender-for ZZ=12345", 1)
                #expect(country.contains("providers.eu.sender.by_country.ZZ"), "\(country)")
                #expect(try await apus(daemon, wrong + "--sender-for US=+1415", 1).contains("too short"))
                let name = try await apus(daemon, wrong + "--sender-fallback Firma", 1)
                #expect(name.contains("must be a number or a short code"), "\(name)")
                let missing = try await apus(daemon, wrong + "--replace-names-in US", 1)
                #expect(missing.contains("neither by_country nor fallback has a number"), "\(missing)")
                try await apus(daemon, wrong + "--sender-for US=+15005550006 --replace-names-in US")
                let shown = try await apus(daemon, "admin provider show eu")
                #expect(shown.contains("sender.by_country.US") && shown.contains("sender.replace_names_in"))
                try await apus(daemon, "admin provider set eu --sender-for DE=Firma --clear sender.replace_names_in")
                let changed = try await apus(daemon, "admin provider show eu")
                #expect(changed.contains("sender.by_country.DE") && !changed.contains("replace_names_in"))
                let route = try await apus(daemon, "admin route create r --provider eu --sender-fallback Firma", 1)
                #expect(route.contains("routes.r.sender.fallback"), "\(route)")
            }
        }

        /// What a tenant may not use, the rules don't give it.
        @Test(.timeLimit(.minutes(5))) func theTenantsPolicyStillHolds() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                try await apus(
                    daemon,
                    """
                    admin provider create eu --kind sandbox --sender-for DE=Firma --sender-for US=+15005550006 \
                    --sender-fallback 12345 --replace-names-in US
                    """)
                _ = try await admin.apply(
                    """
                    {"tenants": {"numbers": {"senders": {"alphanumeric": false}},
                    "listed": {"senders": {"allowed": ["ACME", "12345"]}}}}
                    """, partial: true)
                func rule(_ tenant: String, to number: String, from sender: String?) async throws -> String? {
                    let key = try await admin.createKey(tenant: tenant).secret
                    let client = GatewayClient(
                        configuration: ClientConfiguration(address: daemon.socketAddress, key: key))
                    let rule = try await self.rule(client, to: number, from: sender)
                    await client.close()
                    return rule
                }
                #expect(
                    try await rule("numbers", to: "+4915112345678", from: nil)
                        == "12345 (provider eu, other countries)")
                // The country's number is not among the tenant's, the fall-back is.
                #expect(
                    try await rule("listed", to: "+14155550100", from: "ACME")
                        == "12345 (provider eu, which replaces names in US)")
            }
        }
    }
}
