internal import ApusClient
internal import Foundation
internal import GatewayTestKit
internal import Synchronization
internal import Testing

extension DaemonTests {
    /// A carrier that takes a message and hangs up is asked for it.
    @Suite struct ReconciliationTests {
        private let directory = TestDirectory()
        private static let sid = "SM0123456789abcdef0123456789abcdef"

        /// A server that takes every message without a word, and lists those that it took.
        private func carrier() async throws -> ScriptedHTTPServer {
            let taken = Mutex<Date?>(nil)
            return try await ScriptedHTTPServer { request in
                if request.method == "POST" {
                    taken.withLock { $0 = .now }
                    return .close
                }
                guard let date = taken.withLock({ $0 }) else { return .answer(200, #"{"messages":[]}"#) }
                let format = DateFormatter()
                format.locale = Locale(identifier: "en_US_POSIX")
                format.timeZone = TimeZone(secondsFromGMT: 0)
                format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
                return .answer(
                    200,
                    """
                    {"messages": [{"sid": "\(Self.sid)", "body": "lost", "direction": "outbound-api",
                    "date_created": "\(format.string(from: date))"}], "next_page_uri": null}
                    """)
            }
        }

        private func connect(_ daemon: DaemonProcess, _ carrier: ScriptedHTTPServer) async throws {
            let words = [
                "provider", "create", "eu", "--kind", "twilio", "--option", "account_sid=\(CarrierProcess.account)",
                "--option", "sender=+15017122661", "--option", "base_url=http://127.0.0.1:\(carrier.port)",
                "--secret", "auth_token=-",
            ]
            try await daemon.configure(words, input: CarrierProcess.token + "\n")
        }

        private func send(_ daemon: DaemonProcess) async throws -> String {
            try await daemon.apus("send", "+14155550100", "lost", "--output", "json").object().text("id")
        }

        private func wait(_ daemon: DaemonProcess, _ id: String, for state: String) async throws {
            try await waitUntil("it is \(state)") {
                try await daemon.apus("status", id, "--output", "json").object().text("state") == state
            }
        }

        private func checkSent(_ daemon: DaemonProcess, _ id: String, _ carrier: ScriptedHTTPServer) async throws {
            try await wait(daemon, id, for: "SENT")
            let status = try await daemon.apus("status", id, "--output", "json").object()
            #expect(try status.text("provider_id") == Self.sid)
            #expect(status.number("attempts") == 1)
            let timeline = try await daemon.apus("timeline", id).output
            #expect(timeline.contains("\(Self.sid) (found by look-up)"), "\(timeline)")
            #expect(carrier.requests.count { $0.method == "POST" } == 1, "it was sent once")
            #expect(try await daemon.apus("unknown", "list").output.contains(id) == false)
        }

        @Test(.timeLimit(.minutes(5))) func foundItIsSentAndNotSentAgain() async throws {
            let carrier = try await carrier()
            let settings = ["reconciliation.first-seconds": "1", "log-level": "debug"]
            try await withDaemon(in: directory, settings) { daemon, _ in
                try await connect(daemon, carrier)
                let id = try await send(daemon)
                try await checkSent(daemon, id, carrier)
                for line in ["provider asked about a message", "provider answered about a message"] {
                    #expect(daemon.log.contains("\"message\":\"\(line)\""))
                }
                #expect(daemon.log.contains("\"because\":\"found by look-up\""))
            }
            await carrier.stop()
        }

        @Test(.timeLimit(.minutes(5))) func theNextStartTakesItUp() async throws {
            let carrier = try await carrier()
            let daemon = try await DaemonProcess.start(in: directory, ["reconciliation.first-seconds": "3600"])
            try await connect(daemon, carrier)
            let id = try await send(daemon)
            try await wait(daemon, id, for: "UNKNOWN")
            try await daemon.kill()
            #expect(!carrier.requests.contains { $0.method == "GET" })
            try await withDaemon(in: directory, ["reconciliation.first-seconds": "1"]) { daemon, _ in
                try await checkSent(daemon, id, carrier)
            }
            await carrier.stop()
        }

        /// A carrier whose callbacks never reach anybody: it is asked, also about what was sent before a restart.
        @Test(.timeLimit(.minutes(5))) func receiptsThatDoNotComeAreAskedFor() async throws {
            let carrier = try await CarrierProcess.start("eu", in: directory, ["--hold-callbacks"])
            var settings = ["webhooks.public-url": "http://127.0.0.1:9", "log-level": "debug"]
            let daemon = try await DaemonProcess.start(in: directory, settings)
            try await carrier.configure(daemon)
            let id = try await send(daemon)
            try await wait(daemon, id, for: "SENT")
            try await daemon.kill()
            settings["reconciliation.receipt-seconds"] = "1"
            try await withDaemon(in: directory, settings) { daemon, _ in
                try await wait(daemon, id, for: "DELIVERED")
                let next = try await send(daemon)
                try await wait(daemon, next, for: "DELIVERED")
                #expect(daemon.log.contains("\"message\":\"provider answered about a late receipt\""))
                #expect(try await carrier.ledger().messages.map(\.isTold) == [false, false])
            }
        }
    }
}
