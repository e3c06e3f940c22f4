internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Tenants, keys and the configuration, as an operator meets them.
    @Suite struct AdministrationTests {
        private let directory = TestDirectory()

        /// Runs it, and expects the exit code.
        @discardableResult
        private func apus(
            _ daemon: DaemonProcess, _ words: String, _ code: Int32 = 0, input: String = "",
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> CommandRun {
            let run = try await daemon.apus(words.split(separator: " ").map(String.init), input: input)
            #expect(run.exit == .code(code), "\(words): \(run.output) \(run.errors)", sourceLocation: sourceLocation)
            return run
        }

        @Test(.timeLimit(.minutes(5))) func tenantsAreMadeChangedAndRemoved() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let made = try await apus(
                    daemon,
                    "admin tenant create shop --weight 5 --rate 100/500 --cost-per-month 250 --allow-sender ACME")
                #expect(made.output.hasPrefix("tenants shop, new\n") && made.output.hasSuffix("\ngeneration 2\n"))
                let again = try await apus(daemon, "admin tenant create shop", 1)
                #expect(again.errors.contains("there is a tenant shop already"))
                try await apus(daemon, "admin tenant set shop --weight 7 --clear rate")
                #expect(
                    try await apus(daemon, "admin tenant show shop").output
                        == "shop\n  quota.cost_per_month  250\n  senders.allowed       ACME\n  weight                7\n"
                )
                let wrong = try await apus(daemon, "admin tenant set shop --weight 1001", 1)
                #expect(wrong.errors.contains("tenants.shop.weight"), "\(wrong.errors)")
                #expect(try await apus(daemon, "admin tenant list").output.split(separator: "\n").count == 2)
                try await apus(daemon, "admin tenant remove nobody", 1)
                let own = try await apus(daemon, "admin tenant remove dev", 1)
                #expect(own.errors.contains("the daemon's file names"))
                try await apus(daemon, "admin tenant remove shop")
                #expect(try await apus(daemon, "admin tenant list").output == "dev\n")
            }
        }

        @Test(.timeLimit(.minutes(5))) func theConfigurationIsAppliedAndRolledBack() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let document = "tenants:\n  dev: {}\n  shop: {weight: 2}\n  team: {destinations: {allowed: [NO, DE]}}\n"
                let diff = try await apus(daemon, "admin config diff -", 1, input: document)
                #expect(diff.output.contains("+ destinations.allowed: NO, DE"))
                #expect(diff.output.hasSuffix("not applied: generation 1 stays\n"))
                try await apus(daemon, "admin config apply - --note first", input: document)
                let shown = try await apus(daemon, "admin config show")
                #expect(shown.output.hasPrefix("# generation 2\n"))
                try await apus(daemon, "admin config diff -", input: shown.output)
                let same = try await apus(daemon, "admin config apply -", input: shown.output)
                #expect(same.output == "nothing changes: generation 2 is like that\n")
                // What isn't named goes, unless the document is a part.
                try await apus(daemon, "admin config apply - --partial", input: "tenants: {shop: {weight: 3}}")
                try await apus(daemon, "admin config apply -", input: "{\"tenants\": {\"dev\": {}}}")
                let stale = try await apus(daemon, "admin config apply - --if-generation 2", 3, input: document)
                #expect(stale.errors.contains("ABORTED"), "\(stale.errors)")
                let back = try await apus(daemon, "admin config rollback 3 --note back --output json")
                #expect(try back.object().number("generation") == 5)
                let history = try await apus(daemon, "admin config history")
                #expect(history.output.split(separator: "\n").map { $0.first } == ["5", "4", "3", "2", "1"])
                #expect(history.output.contains("back") && history.output.contains("first"))
                let tenants = try await apus(daemon, "admin tenant show shop --output json").object()
                #expect((tenants.members["settings"] as? [String: Int]) == ["weight": 3])
                let old = try await apus(daemon, "admin config show --generation 1 --output json").object()
                #expect(old.number("generation") == 1)
                try await apus(daemon, "admin config rollback 9", 1)
                try await apus(daemon, "admin config apply -", 2, input: "tenants: [")
            }
        }

        @Test(.timeLimit(.minutes(5))) func everyActIsAudited() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                try await apus(daemon, "admin tenant create shop")
                let key = try await apus(daemon, "admin key create shop --note checkout")
                let secret = key.output.trimmingCharacters(in: .newlines)
                #expect(secret.hasPrefix("apus_") && secret.utf8.count == 37)
                let id = String(secret.dropFirst(5).prefix(8))
                try await apus(daemon, "admin key revoke \(id)")
                try await apus(daemon, "suppression add +14155550100 +14155550101 --tenant shop --reason STOP")
                try await apus(daemon, "suppression remove +14155550100 --tenant shop")
                try await apus(daemon, "pause --tenant shop")
                try await apus(daemon, "resume --tenant shop")
                let audit = try await apus(daemon, "admin audit --output json")
                let entries = try audit.output.split(separator: "\n").map {
                    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
                }
                #expect(
                    entries.compactMap { $0["verb"] as? String } == [
                        "resume", "pause", "suppression.remove", "suppression.add", "key.revoke", "key.create",
                        "config.apply", "config.apply",
                    ])
                #expect(entries[5]["subject"] as? String == "key \(id)")
                #expect(!audit.output.contains(secret.dropFirst(13)))
                #expect(entries.compactMap { $0["id"] as? Int } == entries.indices.reversed().map { $0 + 1 })
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatWasAnsweredSurvivesAKill() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            try await apus(daemon, "admin tenant create shop --segments-per-day 10")
            let key = try await apus(daemon, "admin key create shop --expires 90d")
            try await apus(daemon, "suppression add +14155550100 --tenant shop")
            try await apus(daemon, "pause --tenant shop")
            try await daemon.kill()
            let again = try await DaemonProcess.start(in: directory)
            #expect(try await apus(again, "admin tenant list").output.contains("shop  quota.segments_per_day=10"))
            #expect(try await apus(again, "admin key list").output.hasPrefix(key.output.dropFirst(5).prefix(8)))
            #expect(try await apus(again, "suppression list --tenant shop").output.hasPrefix("+14155550100"))
            #expect(try await apus(again, "resume everything").output == "paused: tenant shop\n")
            #expect(try await apus(again, "usage --tenant shop").output.contains("0 of 10 segments today"))
            #expect(try await again.stop() == .code(0))
        }

        // MARK: Secrets

        private static let secret = "0123456789abcdefghijABCDEFGHIJ0123456789-_A"

        private func addIssuer(_ daemon: DaemonProcess) async throws {
            try await apus(
                daemon, "admin jwt add dev --issuer https://id --algorithm HS256 --key-material -", input: Self.secret)
        }

        @Test(.timeLimit(.minutes(5))) func secretsAreSealedByTheMasterKey() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            try await addIssuer(daemon)
            let shown = try await apus(daemon, "admin config show")
            #expect(shown.output.contains("sealed:v1:") && !shown.output.contains(Self.secret))
            #expect(try await apus(daemon, "admin jwt list dev").output.hasPrefix("https://id  HS256  for no audience"))
            #expect(
                try await apus(daemon, "admin config apply -", input: shown.output).output.hasPrefix("nothing changes"))
            #expect(try await daemon.stop() == .code(0))
            // Neither database nor log has it in clear.
            for name in ["control.db", "control.db-wal"] {
                let bytes = FileManager.default.contents(atPath: directory.data + "/" + name) ?? Data()
                #expect(bytes.range(of: Data(Self.secret.utf8)) == nil)
            }
            #expect(!daemon.log.contains(Self.secret))

            let path = directory.data + "/master.key"
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            let other = String(repeating: "ab", count: 32)
            let wrong = try await DaemonProcess.fail(in: directory, environment: ["APUS_MASTER_KEY": other])
            #expect(wrong.exit == .code(1) && wrong.errors.contains("not the one"), "\(wrong.errors)")
            let unusable = try await DaemonProcess.fail(in: directory, environment: ["APUS_MASTER_KEY": "secret"])
            #expect(unusable.exit == .code(1) && unusable.errors.contains("32 bytes"), "\(unusable.errors)")
            // The same key from elsewhere will do.
            try FileManager.default.moveItem(atPath: path, toPath: directory.path + "/kept.key")
            let again = try await DaemonProcess.start(
                in: directory, ["master-key-file": directory.path + "/kept.key"])
            #expect(try await apus(again, "admin jwt list dev").output.hasPrefix("https://id"))
            #expect(try await again.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func withoutSecretsAnyMasterKeyWillDo() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            try await addIssuer(daemon)
            try await apus(daemon, "admin jwt remove dev --issuer https://id")
            #expect(try await daemon.stop() == .code(0))
            let other = String(repeating: "ab", count: 32)
            let again = try await DaemonProcess.start(in: directory, environment: ["APUS_MASTER_KEY": other])
            try await addIssuer(again)
            // What an old generation had sealed cannot be opened any more.
            let back = try await apus(again, "admin config rollback 2", 1)
            #expect(back.errors.contains("another master key"), "\(back.errors)")
            #expect(try await again.stop() == .code(0))
        }
    }
}
