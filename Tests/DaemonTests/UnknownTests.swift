internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// What operators do about messages of which nobody knows whether they were sent, by the command line.
    @Suite struct UnknownTests {
        private let directory = TestDirectory()

        /// A message of which the sandbox loses the answer.
        private func lose(_ daemon: DaemonProcess, _ body: String) async throws -> String {
            let id = try await daemon.apus("send", "+15005550005", body, "--output", "json").object().text("id")
            try await waitUntil("the answer is lost") {
                try await daemon.apus("status", id, "--output", "json").object().text("state") == "UNKNOWN"
            }
            return id
        }

        private func listed(_ daemon: DaemonProcess, _ words: String...) async throws -> [String] {
            let list = try await daemon.apus(["unknown", "list", "--output", "json"] + words)
            #expect(list.exit == .code(0), "\(list.errors)")
            return list.output.split(separator: "\n").compactMap { line in
                let members = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return members?["id"] as? String
            }
        }

        @Test(.timeLimit(.minutes(5))) func listedSentAgainAndSettled() async throws {
            let id = try await withDaemon(in: directory) { daemon, _ in
                let id = try await lose(daemon, "lost")
                let row = try await daemon.apus("unknown", "list", "--output", "json").object()
                #expect(try row.text("id") == id)
                #expect(try row.text("provider") == "sandbox")
                #expect(try row.text("tenant") == "dev")
                #expect(try row.time("since") >= row.time("accepted_at"))
                #expect(try await daemon.apus("unknown", "list").output.contains("+15005550005"))
                #expect(try await listed(daemon, "--provider", "another").isEmpty)

                let resent = try await daemon.apus(
                    "unknown", "resend", id, "--note", "they asked", "--output", "json")
                #expect(resent.exit == .code(0), "\(resent.errors)")
                #expect(try resent.object().number("done") == 1)
                // This recipient's answers are always lost.
                try await waitUntil("it is lost again") {
                    let status = try await daemon.apus("status", id, "--output", "json").object()
                    return try status.text("state") == "UNKNOWN" && status.number("attempts") == 2
                }
                let timeline = try await daemon.apus("timeline", id)
                #expect(timeline.output.contains("RESENT") && timeline.output.contains("they asked"))

                let settled = try await daemon.apus("unknown", "settle", id, "--as", "delivered")
                #expect(settled.exit == .code(0), "\(settled.errors)")
                #expect(try await listed(daemon).isEmpty)
                let status = try await daemon.apus("status", id, "--wait", "--output", "json").object()
                #expect(try status.text("state") == "DELIVERED")
                #expect(status.timeline.last == "SETTLED")
                let again = try await daemon.apus("unknown", "settle", id, "--as", "failed")
                #expect(again.exit == .code(1))
                #expect(again.output.contains("it is DELIVERED, not UNKNOWN"))
                let audit = try await daemon.apus("admin", "audit")
                #expect(audit.output.contains("unknown.resend") && audit.output.contains("unknown.settle"))
                return id
            }
            #expect(try SandboxFile(in: directory).timesTaken(try #require(MessageID(id))) == 2)
        }

        @Test(.timeLimit(.minutes(5))) func allAtOnce() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                var ids: [String] = []
                for number in 0..<3 { ids.append(try await lose(daemon, "lost \(number)")) }
                #expect(try await listed(daemon, "--oldest-first") == ids)
                #expect(try await listed(daemon, "--limit", "2") == [ids[2], ids[1]])
                let none = try await daemon.apus("unknown", "resend", "--all", "--provider", "another")
                #expect(none.exit == .code(0) && none.output.contains("0 sent again"), "\(none.errors)")
                let all = try await daemon.apus("unknown", "resend", "--all", "--provider", "sandbox")
                #expect(all.exit == .code(0) && all.output.contains("3 sent again"), "\(all.errors)")
                try await waitUntil("all are lost again") {
                    try await listed(daemon).count == 3
                }
            }
        }

        @Test(.timeLimit(.minutes(5))) func aTenantActsOnItsOwnAlone() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                let id = try await lose(daemon, "of dev")
                _ = try await admin.apply(#"{"tenants": {"shop": {}}}"#, partial: true)
                var configuration = ClientConfiguration(
                    address: daemon.socketAddress, key: try await admin.createKey(tenant: "shop").secret)
                configuration.timeout = .seconds(20)
                let shop = GatewayClient(configuration: configuration)
                let number = try #require(MessageID(id))
                #expect(try await shop.unknown().messages.isEmpty)
                #expect(try await shop.resend([number]).notFound == 1)
                #expect(try await shop.settle([number], as: .failed).notFound == 1)
                for owner in [MessageOwner.tenant("dev"), .everyTenant] {
                    let error = await #expect(throws: ApusError.self) { _ = try await shop.unknown(of: owner) }
                    #expect(error?.code == .permissionDenied)
                }
                let own = try await shop.send(OutgoingMessage(to: "+15005550005", body: "of shop"))
                try await waitUntil("the answer is lost") {
                    try await shop.unknown().messages.map(\.status.id) == [own.id]
                }
                #expect(try await admin.unknown(of: .everyTenant).messages.map(\.tenant) == ["shop", "dev"])
                #expect(try await admin.unknown(of: .tenant("shop")).messages.map(\.status.id) == [own.id])
                #expect(try await shop.settle([own.id], as: .sent, note: "seen").done == 1)
                // An administrator acts on all.
                #expect(try await admin.settle([number, own.id], as: .failed).results.map(\.isDone) == [true, false])
                #expect(try await admin.unknown(of: .everyTenant).messages.isEmpty)
                await shop.close()
            }
        }
    }
}
