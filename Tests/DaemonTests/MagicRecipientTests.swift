internal import Foundation
internal import Testing

extension DaemonTests {
    /// The sandbox's recipients with a behaviour of their own, and what operators do, by the command line.
    @Suite struct MagicRecipientTests {
        private let directory = TestDirectory()
        private let settings = [
            "dispatch.retry-base-ms": "30", "dispatch.retry-cap-ms": "60", "sandbox.latency-ms": "20",
        ]

        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                ("1", "FAILED", ["ACCEPTED", "QUEUED", "SUBMITTING", "REJECTED"]),
                ("2", "FAILED", ["ACCEPTED", "QUEUED", "SUBMITTING", "REJECTED", "FAILED"]),
                ("6", "UNDELIVERED", ["ACCEPTED", "QUEUED", "SUBMITTING", "SENT", "UNDELIVERED"]),
                ("8", "DELIVERED", ["ACCEPTED", "QUEUED", "SUBMITTING", "DELIVERED", "SENT"]),
                (
                    "9", "DELIVERED",
                    ["ACCEPTED", "QUEUED", "SUBMITTING", "SENT", "DELIVERED", "RECEIPT_IGNORED", "RECEIPT_IGNORED"]
                ),
            ])
        func itIsSettledAtOnce(digit: String, state: String, events: [String]) async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let sent = try await daemon.apus("send", "+1500555000\(digit)", "magic", "--wait", "--output", "json")
                #expect(sent.exit == .code(state == "DELIVERED" ? 0 : 4), "\(sent.errors)")
                let id = try sent.object().text("id")
                // Late receipts change the timeline only.
                let status = try await eventually("its last event") { () -> JSONObject? in
                    let status = try await daemon.apus("status", id, "--output", "json").object()
                    return status.timeline.count >= events.count ? status : nil
                }
                #expect(try status.text("state") == state)
                #expect(status.flag("settled") == true)
                #expect(status.timeline == events)
            }
        }

        @Test(.timeLimit(.minutes(5))) func throttledTwiceItIsDelivered() async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let sent = try await daemon.apus("send", "+15005550003", "magic", "--wait", "--output", "json")
                let status = try sent.object()
                #expect(try status.text("state") == "DELIVERED")
                #expect(status.number("attempts") == 3)
                #expect(status.timeline.count { $0 == "THROTTLED" } == 2)
            }
        }

        @Test(.timeLimit(.minutes(5))) func unavailableItWaitsUntilItExpires() async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let id = try await daemon.apus(
                    "send", "+15005550004", "magic", "--validity", "2s", "--output", "json"
                ).object().text("id")
                try await waitUntil("some attempts are made") {
                    let status = try await daemon.apus("status", id, "--output", "json").object()
                    return try (status.number("attempts") ?? 0) >= 3 && status.text("state") == "QUEUED"
                }
                let waited = try await daemon.apus("status", id, "--wait", "--output", "json")
                #expect(waited.exit == .code(4))
                let status = try waited.object()
                #expect(try status.text("state") == "EXPIRED")
                #expect(status.timeline.contains("UNAVAILABLE"))
                #expect(status.timeline.last == "EXPIRED")
            }
        }

        @Test(.timeLimit(.minutes(5)), arguments: [("5", "UNKNOWN"), ("7", "SENT")])
        func withoutAReceiptItStaysOpen(digit: String, state: String) async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let sent = try await daemon.apus(
                    "send", "+1500555000\(digit)", "magic", "--wait", "--timeout", "1", "--output", "json")
                #expect(sent.exit == .code(3), "not settled when the time is over")
                let status = try sent.object()
                #expect(try status.text("state") == state)
                #expect(status.flag("settled") == false)
                #expect(status.number("attempts") == 1)
            }
            #expect(try SandboxFile(in: directory).lines.count == 1, "not sent again")
        }

        // MARK: Later, never, not yet

        @Test(.timeLimit(.minutes(5))) func scheduledItIsSentInItsTime() async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let soon = try await daemon.apus(
                    "send", "+14155550100", "soon", "--at", "+1s", "--output", "json"
                ).object()
                #expect(try soon.text("state") == "SCHEDULED")
                let waited = try await daemon.apus("status", try soon.text("id"), "--wait", "--output", "json").object()
                #expect(try waited.text("state") == "DELIVERED")
                let (due, sent) = (try waited.time("send_at"), try waited.time(of: "SUBMITTING"))
                #expect(sent >= due)
            }
        }

        @Test(.timeLimit(.minutes(5))) func canceledItIsNeverSent() async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                let later = try await daemon.apus(
                    "send", "+14155550100", "never", "--at", "+1h", "--output", "json"
                ).object().text("id")
                let gone = try await daemon.apus(
                    "send", "+14155550100", "gone", "--wait", "--output", "json"
                ).object().text("id")
                #expect(try await daemon.apus("cancel", later).exit == .code(0))
                #expect(try await daemon.apus("cancel", gone).exit == .code(1), "it was sent already")
                let status = try await daemon.apus("status", later, "--wait", "--output", "json").object()
                #expect(try status.text("state") == "CANCELED")
            }
            #expect(try SandboxFile(in: directory).lines.map(\.body) == ["gone"])
        }

        @Test(.timeLimit(.minutes(5))) func aPauseOutlivesARestart() async throws {
            let id = try await withDaemon(in: directory, settings) { daemon, _ in
                #expect(try await daemon.apus("pause").exit == .code(0))
                return try await daemon.apus("send", "+14155550100", "waits", "--output", "json").object().text("id")
            }
            let killed = try await DaemonProcess.start(in: directory, settings)
            #expect(try await killed.apus("health").exit == .code(3), "it does not hand over")
            try await killed.kill()
            try await withDaemon(in: directory, settings) { daemon, _ in
                let waiting = try await daemon.apus("status", id, "--output", "json").object()
                #expect(try waiting.text("state") == "QUEUED")
                #expect(try await daemon.apus("stats").output.contains("everything"))
                #expect(try await daemon.apus("resume").exit == .code(0))
                let status = try await daemon.apus("status", id, "--wait", "--output", "json").object()
                #expect(try status.text("state") == "DELIVERED")
                #expect(try await daemon.apus("health").exit == .code(0))
            }
        }

        @Test(.timeLimit(.minutes(5)), arguments: [["--provider", "sandbox"], ["--batch", "held"]])
        func aPartCanBePaused(part: [String]) async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                // A batch has to be there before it can be paused.
                _ = try await daemon.apus("pause")
                let rows = "to,body\n+14155550100,one\n+14155550101,two\n"
                let bulk = try await daemon.apus("bulk", "-", "--batch", "held", "--no-wait", input: rows)
                #expect(bulk.exit == .code(0), "\(bulk.errors)")
                let pause = try await daemon.apus(["pause"] + part)
                #expect(pause.exit == .code(0), "\(pause.errors)")
                _ = try await daemon.apus("resume")
                // What is not of the batch is sent, or nothing if it is the provider that is paused.
                let other = try await daemon.apus("send", "+14155550102", "other", "--wait", "--timeout", "2")
                #expect(other.exit == (part[0] == "--batch" ? .code(0) : .code(3)))
                let status = try await daemon.apus("status", "--batch", "held", "--output", "json")
                #expect(status.output.contains("\"QUEUED\": 2"), "\(status.output)")
                _ = try await daemon.apus(["resume"] + part)
                #expect(try await daemon.apus("status", "--batch", "held", "--wait").exit == .code(0))
            }
        }

        @Test(.timeLimit(.minutes(5))) func pausedItExpiresUnsent() async throws {
            try await withDaemon(in: directory, settings) { daemon, _ in
                _ = try await daemon.apus("pause")
                let sent = try await daemon.apus(
                    "send", "+14155550100", "too late", "--validity", "1s", "--wait", "--output", "json")
                #expect(sent.exit == .code(4), "\(sent.errors)")
                #expect(try sent.object().text("state") == "EXPIRED")
            }
            #expect(try SandboxFile(in: directory).lines.isEmpty)
        }
    }
}
