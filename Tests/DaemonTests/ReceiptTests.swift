internal import ApusClient
internal import Foundation
internal import GatewayTestKit
internal import Synchronization
internal import Testing

extension DaemonTests {
    /// What carriers' receipts make of messages: of those in parts, and of those whose answers were lost.
    @Suite struct ReceiptTests {
        private let directory = TestDirectory()

        private func settings(_ more: [String: String] = [:]) throws -> [String: String] {
            let port = try freePort()
            let web = ["http": "http:127.0.0.1:\(port)", "webhooks.public-url": "http://127.0.0.1:\(port)"]
            return web.merging(more) { $1 }
        }

        private func status(_ daemon: DaemonProcess, _ id: String) async throws -> JSONObject {
            try await daemon.apus("status", id, "--output", "json").object()
        }

        private func wait(_ daemon: DaemonProcess, _ id: String, for state: String) async throws {
            try await waitUntil("\(id) is \(state)") { try await status(daemon, id).text("state") == state }
        }

        private func found(_ daemon: DaemonProcess, _ providerID: String) async throws -> String {
            try await daemon.apus("status", "--provider-id", providerID, "--output", "json").object().text("id")
        }

        // MARK: Parts

        /// Takes each message in three parts, and keeps the tokens that it is given.
        private final class PartCarrier: Sendable {
            private let tokens = Mutex<[String]>([])

            func answer(_ request: ScriptedHTTPServer.Request) -> ScriptedHTTPServer.Reaction {
                let body = String(decoding: request.body, as: UTF8.self)
                let token = body.split(separator: "&").first { $0.hasPrefix("client-ref=") }?.dropFirst(11) ?? ""
                let number = tokens.withLock { tokens in
                    tokens.append(String(token))
                    return tokens.count
                }
                let parts = (1...3).map { #"{"status":"0","message-id":"m\#(number)p\#($0)"}"# }
                return .answer(200, #"{"message-count":"3","messages":[\#(parts.joined(separator: ","))]}"#)
            }

            func token(_ number: Int) -> String { tokens.withLock { $0[number - 1] } }
        }

        private func post(
            _ url: String, _ carrier: PartCarrier, message: Int, part: Int, _ status: String, code: String = "0"
        ) async throws {
            let receipt =
                "messageId=m\(message)p\(part)&status=\(status)&err-code=\(code)&client-ref=\(carrier.token(message))"
            let run = try await CommandRun.run(
                "curl",
                [
                    "--silent", "--fail", "--max-time", "30", "--noproxy", "*", "--data", receipt,
                    url + "/webhooks/vonage",
                ],
                in: directory)
            #expect(run.exit == .code(0), "\(run.errors)")
        }

        @Test(.timeLimit(.minutes(5))) func aMessageOfPartsIsAsItsPartsAre() async throws {
            let carrier = PartCarrier()
            let server = try await ScriptedHTTPServer { carrier.answer($0) }
            let settings = try settings()
            let url = try #require(settings["webhooks.public-url"])
            let text = String(repeating: "long ", count: 80)
            var daemon = try await DaemonProcess.start(in: directory, settings)
            try await daemon.configure(
                [
                    "provider", "create", "vonage", "--kind", "http", "--option", "preset=vonage",
                    "--option", #"variables:={"api_key":"ab12"}"#, "--option", "sender=+15005550006",
                    "--option", #"request:={"url":"http://127.0.0.1:\#(server.port)/sms/json"}"#,
                    "--secret", "api_secret=-",
                ], input: "secret\n")
            try await daemon.configure(["route", "create", "all", "--provider", "vonage"])
            var ids: [String] = []
            for _ in 0..<2 {
                ids.append(
                    try await daemon.apus("send", "+14155550100", text, "--output", "json").object().text("id"))
                try await wait(daemon, ids[ids.count - 1], for: "SENT")
            }
            // Two of three are not all of it; and one that failed is enough.
            for part in [3, 1, 3] { try await post(url, carrier, message: 1, part: part, "delivered") }
            try await post(url, carrier, message: 2, part: 2, "failed", code: "5")
            try await post(url, carrier, message: 2, part: 1, "delivered")
            #expect(try await status(daemon, ids[0]).text("state") == "SENT")
            #expect(try await status(daemon, ids[1]).text("state") == "UNDELIVERED")
            try await daemon.kill()
            daemon = try await DaemonProcess.start(in: directory, settings)
            try await post(url, carrier, message: 2, part: 3, "delivered")
            try await post(url, carrier, message: 1, part: 2, "delivered")
            let delivered = try await status(daemon, ids[0])
            #expect(try delivered.text("state") == "DELIVERED")
            #expect(try delivered.text("provider_id") == "m1p1")
            let failed = try await daemon.apus("status", ids[1]).output
            #expect(failed.contains("UNDELIVERED") && failed.contains("(5)"), "\(failed)")
            for part in 1...3 { #expect(try await found(daemon, "m1p\(part)") == ids[0]) }
            let timeline = try await daemon.apus("timeline", ids[0]).output
            for row in ["m1p2", "m1p3", "PART_DELIVERED"] { #expect(timeline.contains(row), "\(timeline)") }
            #expect(try await daemon.stop() == .code(0))
            await server.stop()
        }

        // MARK: Proof

        /// The carrier takes every message and answers 500; then it posts that it has sent it.
        @Test(.timeLimit(.minutes(5))) func whatTheCarrierSaysIsSentIsNotSentAgain() async throws {
            // Fewer than open the provider's circuit.
            let count = 4
            let carrier = try await CarrierProcess.start("east", in: directory, ["--take-and-fail"])
            // The second attempt would come long after the proof.
            let settings = try settings(["dispatch.retry-base-ms": "60000", "dispatch.retry-cap-ms": "60000"])
            try await withDaemon(in: directory, settings) { daemon, client in
                try await carrier.configure(daemon)
                try await daemon.configure(["route", "create", "all", "--provider", "east"])
                var ids: [MessageID] = []
                for number in 0..<count {
                    var message = OutgoingMessage(to: Load.number(number), body: "number \(number)")
                    message.onUnknown = number % 2 == 0 ? .resend : .hold
                    ids.append(try await client.send(message).id)
                }
                try await waitUntil("all are sent") {
                    try await client.status(of: ids).messages.allSatisfy { $0.state == .sent }
                }
                let statuses = try await client.status(of: ids).messages
                let ledger = try await carrier.ledger()
                #expect(statuses.allSatisfy { $0.attempts == 1 && $0.error == nil })
                #expect(ledger.requests == count)
                #expect(Set(statuses.map(\.providerID)) == Set(ledger.messages.map(\.sid)))
                let sid = try #require(statuses.first?.providerID)
                #expect(try await client.status(providerID: sid).map(\.id) == [statuses[0].id])
                let timeline = try await daemon.apus("timeline", "\(statuses[0].id)").output
                #expect(timeline.contains("\(sid) (a receipt says that it was taken)"), "\(timeline)")
                #expect(try await client.statistics().waitingLater == 0)
            }
        }
    }
}
