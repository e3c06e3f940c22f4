internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// People who opt out and in, as the sandbox brings what they say.
    @Suite struct OptOutTests {
        private let directory = TestDirectory()

        private func receive(_ daemon: DaemonProcess, _ body: String, _ more: String...) async throws {
            let run = try await daemon.apus(
                ["sandbox", "receive", "--from", "+14155550100", "--to", "+14155550111", body] + more)
            try #require(run.exit == .code(0), "\(run.errors)")
            #expect(run.output == "received by sandbox\n")
        }

        /// The rows of a list in JSON.
        private func rows(_ daemon: DaemonProcess, _ words: String...) async throws -> [[String: Any]] {
            let run = try await daemon.apus(words + ["--output", "json"])
            try #require(run.exit == .code(0), "\(run.errors)")
            return run.output.split(separator: "\n").compactMap { line in
                try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            }
        }

        private func origins(_ daemon: DaemonProcess) async throws -> [String] {
            try await rows(daemon, "suppression", "list").flatMap { row in
                (row["entries"] as? [[String: Any]] ?? []).compactMap { $0["origin"] as? String }
            }
        }

        @Test(.timeLimit(.minutes(5))) func wordsPutOnTheListAndLiftWhatTheyDid() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let named = try await daemon.apus(
                    "admin", "tenant", "set", "dev", "--sender", "+14155550111", "--stop-word", "raus")
                try #require(named.exit == .code(0), "\(named.errors)")
                try await receive(daemon, "\u{201C}Opt-Out.\u{201D}", "--media", "https://example.com/1")
                // What was answered holds.
                let refused = try await daemon.apus("send", "+14155550100", "hello")
                #expect(refused.exit == .code(1) && refused.errors.contains("opted out"), "\(refused.errors)")
                let list = try await daemon.apus("suppression", "list")
                #expect(list.output.contains("KEYWORD") && list.output.contains("OPTOUT"), "\(list.output)")
                #expect(list.output.contains("to +14155550111"), "\(list.output)")
                let inbox = try await rows(daemon, "inbound", "list")
                let media = try #require(inbox.first?["media"] as? [[String: String]])
                #expect(media == [["url": "https://example.com/1", "content_type": ""]])
                #expect(try await daemon.apus("inbound", "list").output.contains("\n  https://example.com/1"))

                try await receive(daemon, "Start")
                #expect(try await origins(daemon).isEmpty)
                try await receive(daemon, "RAUS!", "--id", "one")
                #expect(try await origins(daemon) == ["KEYWORD"])
                try await receive(daemon, "START", "--id", "two")
                // A carrier's repetition.
                try await receive(daemon, "RAUS!", "--id", "one")
                #expect(try await origins(daemon).isEmpty)

                _ = try await daemon.apus("suppression", "add", "+14155550100", "--reason", "called us")
                for word in ["STOP", "START", "YES", "UNSTOP"] { try await receive(daemon, word) }
                #expect(try await origins(daemon) == ["OPERATOR"])
                _ = try await daemon.apus("suppression", "remove", "+14155550100")
                let sent = try await daemon.apus("send", "+14155550100", "hello", "--wait")
                #expect(sent.exit == .code(0), "\(sent.errors)")
            }
        }

        /// What a carrier has said of a recipient is remembered, listed and counted, and forgotten when asked.
        @Test(.timeLimit(.minutes(5))) func optOutsAtCarriers() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                func error() async throws -> String {
                    let run = try await daemon.apus("send", "+15005550010", "hello", "--wait")
                    return run.output + run.errors
                }
                #expect(try await error().contains("(OPTED_OUT)"))
                #expect(try await error().contains("opted out at sandbox"))
                // The carrier was asked once.
                #expect(try await rows(daemon, "sandbox", "--to", "+15005550010").count == 1)
                let list = try await daemon.apus("suppression", "list", "--at-carriers")
                #expect(list.output.contains("CARRIER") && list.output.contains("at sandbox, from its own sender"))
                let usage = try await rows(daemon, "usage")
                #expect(usage.first?["opted_out_at_carriers"] as? Int == 1)
                let removed = try await daemon.apus("suppression", "remove", "+15005550010")
                #expect(removed.output == "1 removed, 0 were not there\n")
                #expect(try await rows(daemon, "suppression", "list", "--at-carriers").isEmpty)
                _ = try await error()
                #expect(try await rows(daemon, "sandbox", "--to", "+15005550010").count == 2)
            }
        }

        @Test(.timeLimit(.minutes(5))) func partsAndAnswers() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let named = try await daemon.apus(
                    "admin", "tenant", "set", "dev", "--sender", "+14155550111", "--stop-reply", "No more messages.")
                try #require(named.exit == .code(0), "\(named.errors)")
                try await receive(daemon, "you may not ", "--part", "r:1/2")
                try await receive(daemon, "STOP", "--part", "r:2/2")
                #expect(
                    try await rows(daemon, "inbound", "list").compactMap { $0["body"] as? String } == [
                        "you may not STOP"
                    ])
                #expect(try await origins(daemon).isEmpty)
                try await receive(daemon, "STOP")
                #expect(try await origins(daemon) == ["KEYWORD"])
                try await waitUntil("the answer is delivered") {
                    let list = try await rows(daemon, "list")
                    return list.count == 1 && list[0]["state"] as? String == "DELIVERED"
                }
                let record = try #require(try await rows(daemon, "sandbox").first)
                #expect(record["body"] as? String == "No more messages.")
                #expect(record["sender"] as? String == "+14155550111")
                #expect(record["to"] as? String == "+14155550100")
            }
        }

        @Test(.timeLimit(.minutes(5))) func importAndExport() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                func imported(_ text: String, _ words: String...) async throws -> CommandRun {
                    try await daemon.apus(["suppression", "import", "-"] + words, input: text)
                }
                let bad = try await imported("number,reason\n+14155550100,STOP\n14155550101,STOP\n\n+1,\n")
                #expect(bad.exit == .code(1))
                #expect(
                    bad.errors.contains("line 3: 14155550101") && bad.errors.contains("line 5: +1"), "\(bad.errors)")
                #expect(bad.errors.contains("nothing was added"))
                #expect(try await origins(daemon).isEmpty)
                let some = try await imported("+14155550100\nno\n+447400123456,\"he said \"\"no\"\"\"\n", "--skip-bad")
                #expect(some.exit == .code(1) && some.output == "2 added, 0 there before\n", "\(some)")
                #expect(some.errors.contains("line 2: no"))
                let again = try await imported(
                    "\u{FEFF}Reason,x,Number\r\nlist,,+14155550100\r\n,,+14155550102\r\n", "--reason", "r")
                #expect(again.exit == .code(0) && again.output == "1 added, 1 there before\n", "\(again)")
                #expect(try await origins(daemon) == ["IMPORT", "IMPORT", "IMPORT"])
                // No word lifts what a list says.
                try await receive(daemon, "STOP")
                try await receive(daemon, "START")
                #expect(try await origins(daemon).count { $0 == "IMPORT" } == 3)
                let exported = try await daemon.apus("suppression", "export")
                let lines = exported.output.split(separator: "\n").map { line in
                    line.replacing(/20\d\d-[^,]*Z/, with: "T")
                }
                #expect(
                    lines.filter { !$0.contains("KEYWORD") } == [
                        "number,at,origin,to,reason", "+14155550100,T,IMPORT,,", "+14155550102,T,IMPORT,,r",
                        "+447400123456,T,IMPORT,,\"he said \"\"no\"\"\"",
                    ])
                let whole = try await imported(exported.output)
                #expect(whole.exit == .code(0), "\(whole.errors)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatTheSandboxCannotBring() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                for (words, problem) in [
                    (["--from", "", "--to", "1", "x"], "from"), (["--from", "1", "x"], "--to"),
                    (["--from", "1", "--to", "2", "x", "--provider", "nobody"], "no provider nobody"),
                    (["--from", "1", "--to", "2", "x", "--part", "r:3/2"], "part"),
                    (["--from", "1", "--to", "2", "x", "--part", "1/2"], "--part"),
                ] {
                    let run = try await daemon.apus(["sandbox", "receive"] + words)
                    #expect(run.exit != .code(0) && run.errors.contains(problem), "\(words): \(run.errors)")
                }
                #expect(try await rows(daemon, "inbound", "list", "--every-tenant").isEmpty)
                #expect(try await daemon.apus("sandbox", "--limit", "1").exit == .code(0))
            }
        }
    }
}
