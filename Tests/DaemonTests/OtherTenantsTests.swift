internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// An administrator who looks for a customer's message, as the command line shows it.
    @Suite struct OtherTenantsTests {
        private let directory = TestDirectory()

        private func run(_ daemon: DaemonProcess, key: String, _ words: String) async throws -> CommandRun {
            try await CommandRun.apus(
                words.split(separator: " ").map(String.init), in: directory,
                environment: ["APUS_SERVER": daemon.socketAddress.description, "APUS_KEY": key])
        }

        @Test(.timeLimit(.minutes(5))) func aCustomersMessageIsFoundAndCanceled() async throws {
            try await withDaemon(in: directory, ["sandbox.receipt-delay-ms": "0"]) { daemon, client in
                _ = try await client.apply(#"{"tenants": {"shop": {}}}"#, partial: true)
                let shop = GatewayClient(
                    configuration: ClientConfiguration(
                        address: daemon.socketAddress, key: try await client.createKey(tenant: "shop").secret))
                var message = OutgoingMessage(to: "+15005550001", body: "the customer's text")
                (message.sender, message.reference, message.tags) = ("ACME", "order-7", ["spring"])
                let failed = try await shop.send(message)
                _ = try await shop.waitUntilSettled([failed.id], timeout: .seconds(20))
                message.to = "+14155550100"
                message.sendAt = Date(timeIntervalSinceNow: 3600)
                let later = try await shop.send(message)
                _ = try await shop.bulk([OutgoingMessage(to: "+14155550101", body: "x")], batch: "sale")
                let batch = try await shop.status(of: .name("sale")).id
                await shop.close()

                func ask(_ words: String, exit: Int32 = 0) async throws -> CommandRun {
                    let answer = try await run(daemon, key: daemon.key, words)
                    #expect(answer.exit == .code(exit), "\(words): \(answer.errors)")
                    return answer
                }
                // Its own are the only ones that it sees without being told whose.
                #expect(try await ask("list").output.isEmpty)
                let listings: [(String, [MessageID])] = [
                    ("--tenant shop --reference order-7", [later.id, failed.id]),
                    ("--every-tenant --reference order-7", [later.id, failed.id]),
                    ("--every-tenant --tag spring --state failed", [failed.id]),
                    ("--every-tenant --sender ACME --to +14155550100", [later.id]),
                    ("--tenant shop --provider sandbox --reference order-7", [failed.id]),
                    ("--every-tenant --error NO_SUCH_CODE", []),
                ]
                for (options, ids) in listings {
                    let lines = try await ask("list --output json \(options)").output.split(separator: "\n")
                    #expect(lines.count == ids.count, "\(options): \(lines)")
                    for (line, id) in zip(lines, ids) {
                        #expect(line.contains(#""id": "\#(id)""#) && line.contains(#""tenant": "shop""#), "\(line)")
                    }
                }
                let status = try await ask("status \(failed.id) --every-tenant --output json").object()
                #expect(try status.text("body") == "the customer's text" && status.text("body_disclosure") == "SHOWN")
                let error = try #require(status.members["error"] as? [String: Any])
                let code = try #require(error["code"] as? String)
                let byError = try await ask("list --every-tenant --error \(code)").output
                #expect(byError.contains(failed.id.description) && byError.contains("shop"), "\(byError)")
                #expect(try await ask("timeline \(failed.id) --tenant shop").output.contains("REJECTED"))
                #expect(try await ask("status --provider-id none --every-tenant --output json", exit: 1).output.isEmpty)
                #expect(try await ask("status --batch \(batch) --every-tenant").output.contains("batch sale"))
                #expect(try await ask("status --batch sale --tenant shop").output.contains("batch sale"))
                let batches = try await ask("batch list --every-tenant").output
                #expect(batches.contains("shop") && batches.contains("sale") && batches.contains("1 of 1 settled"))
                #expect(try await ask("batch list").output.isEmpty)
                #expect(try await ask("stats --every-tenant").output.contains("1 FAILED"))
                #expect(try await ask("stats").output.contains("none"))
                let canceled = try await ask("cancel \(later.id) --tenant shop")
                #expect(canceled.output.contains("1 canceled"), "\(canceled.output)")
                // Its only message has been sent.
                #expect(try await ask("cancel --batch sale --tenant shop").output.contains("1 too late"))
                let audit = try await ask("admin audit --output json").output
                #expect(audit.contains("sale"), "\(audit)")
                #expect(audit.contains("messages.cancel") && audit.contains("messages.read"), "\(audit)")
                // What names no message of one tenant is refused, and said how it would be.
                #expect(try await ask("status --reference order-7 --every-tenant", exit: 1).errors.contains("list"))
                #expect(try await ask("list --batch sale --every-tenant", exit: 1).errors.contains("tenant"))
                #expect(try await ask("cancel --batch sale --every-tenant", exit: 2).errors.contains("--tenant"))
                #expect(try await ask("list --tenant nobody", exit: 1).errors.contains("no tenant nobody"))
            }
        }

        @Test(.timeLimit(.minutes(5))) func withoutTheScopeATextIsWithheld() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                let sent = try await admin.send(OutgoingMessage(to: "+14155550100", body: "one-time code 1234"))
                let reader = try await admin.createKey(tenant: "dev", scopes: [.read, .admin]).secret
                let text = try await run(daemon, key: reader, "status \(sent.id)")
                #expect(text.output.contains("messages:text") && !text.output.contains("1234"), "\(text.output)")
                let json = try await run(daemon, key: reader, "status \(sent.id) --output json").object()
                #expect(try json.text("body_disclosure") == "WITHHELD" && json.members["body"] is NSNull)
                let sighted = try await admin.createKey(tenant: "dev", scopes: [.read, .text]).secret
                #expect(try await run(daemon, key: sighted, "status \(sent.id)").output.contains("code 1234"))
                #expect(try await admin.status(of: sent.id).body == .shown("one-time code 1234"))
            }
        }
    }
}
