internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

extension DaemonTests {
    /// Files as people have them, sent, corrected and sent again.
    @Suite struct BulkFileTests {
        private let directory = TestDirectory()

        private var bodies: [String] {
            get throws { try SandboxFile(in: directory).lines.map { "\($0.to) \($0.body)" }.sorted() }
        }

        private func rows(_ numbers: [Int], text: String = "hello") -> String {
            "to,body\n" + numbers.map { "+1415555\(1000 + $0),\(text) \($0)\n" }.joined()
        }

        /// The advice is to correct the file and to run it again: whatever the correction does to the other rows, nobody
        /// gets a message twice.
        @Test(.timeLimit(.minutes(5))) func aCorrectedFileSendsNothingTwice() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                func run(_ rows: String, _ options: String...) async throws -> CommandRun {
                    try await daemon.apus(["bulk", "-", "--batch", "b", "--output", "json"] + options, input: rows)
                }
                let bad = "to,body\nnobody,x\n" + rows([1, 2, 3]).dropFirst("to,body\n".count)
                let first = try await run(bad)
                #expect(first.exit == .code(1))
                #expect(try first.object().number("accepted") == 3)
                // The bad row is deleted: all others move up.
                let deleted = try await run(rows([1, 2, 3]))
                #expect(deleted.exit == .code(0), "\(deleted.errors)")
                #expect(try deleted.object().number("accepted") == 0)
                #expect(try deleted.object().number("duplicates") == 3)
                // Blanked, inserted, moved, and new at the end.
                let blanked = "to,body\n\n\n" + rows([1, 2, 3]).dropFirst("to,body\n".count)
                let changed: [(String, Int)] = [
                    (blanked, 0), (rows([7, 1, 2, 3]), 1), (rows([3, 8, 2, 7, 1, 9]), 2), (rows([9]), 0),
                ]
                for (text, accepted) in changed {
                    let again = try await run(text)
                    #expect(again.exit == .code(0), "\(again.errors)")
                    #expect(try again.object().number("accepted") == accepted, "\(text)")
                }
                // The same row twice is meant so; and the same file again is known.
                let twice = try await run(rows([4, 4]))
                #expect(try twice.object().number("accepted") == 2)
                #expect(try await run(rows([4, 4])).object().number("duplicates") == 2)
            }
            #expect(
                try bodies
                    == [1, 2, 3, 4, 4, 7, 8, 9].map { "+1415555\(1000 + $0) hello \($0)" })
        }

        @Test(.timeLimit(.minutes(5))) func anEditedTextIsFoundBeforeAnythingIsSent() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                func run(_ rows: String, _ options: String...) async throws -> CommandRun {
                    try await daemon.apus(["bulk", "-", "--batch", "b"] + options, input: rows)
                }
                #expect(try await run(rows([1, 2])).exit == .code(0))
                let edited = rows([1]) + rows([2, 3], text: "goodbye").dropFirst("to,body\n".count)
                let refused = try await run(edited)
                #expect(refused.exit == .code(1))
                #expect(refused.errors.contains("line 3 (+14155551002)"), "\(refused.errors)")
                #expect(refused.errors.contains("Nothing was sent."))
                #expect(try bodies.count == 2)
                let dry = try await run(edited, "--dry-run")
                #expect(dry.exit == .code(1) && dry.errors.contains("line 3 (+14155551002)"), "\(dry)")
                let skipped = try await run(edited, "--changed", "skip")
                #expect(
                    skipped.exit == .code(0) && skipped.output.contains("1 accepted, 0 refused, 1 duplicate"),
                    "\(skipped)")
                let sent = try await run(edited, "--changed", "send")
                #expect(sent.exit == .code(0) && sent.output.contains("1 accepted, 0 refused, 2 duplicates"), "\(sent)")
                // The options of the command line are part of what a row asks for.
                let other = try await run(rows([1]), "--from", "Shop")
                #expect(other.exit == .code(1) && other.errors.contains("has sent something else"), "\(other)")
            }
            #expect(
                try bodies == [
                    "+14155551001 hello 1", "+14155551002 goodbye 2", "+14155551002 hello 2", "+14155551003 goodbye 3",
                ])
        }

        /// A batch that was begun without knowing rows by content: by an earlier version, or by a client of its own.
        @Test(.timeLimit(.minutes(5))) func anOldBatchGoesOn() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let template = OutgoingMessage(to: "", body: "Hi {{name}}", priority: .bulk)
                let recipients = [
                    TemplateRecipient(to: "+14155551001", variables: ["name": "Ann"]),
                    TemplateRecipient(to: "+14155551002", variables: ["name": "Bob"]),
                ]
                _ = try await client.bulk(template: template, recipients: recipients, batch: "old")
                let run = try await daemon.apus(
                    "bulk", "-", "--batch", "old", "--body", "Hi {{name}}", "--output", "json",
                    input: "Name;To\nCid;+14155551003\nBob;+14155551002\nAnn;+14155551001\n")
                #expect(run.exit == .code(0), "\(run.errors)")
                #expect(try run.object().number("accepted") == 1 && run.object().number("duplicates") == 2)
            }
            #expect(try bodies == ["+14155551001 Hi Ann", "+14155551002 Hi Bob", "+14155551003 Hi Cid"])
        }

        /// A time from now would be another one at each run.
        @Test(.timeLimit(.minutes(5))) func aLaterRunGoesOnWithTheBatchsTime() async throws {
            try await withDaemon(in: directory) { daemon, client in
                for (numbers, accepted) in [([1, 2], 2), ([1, 2, 3], 1)] {
                    let run = try await daemon.apus(
                        "bulk", "-", "--batch", "b", "--at", "+1h", "--no-wait", input: rows(numbers))
                    #expect(run.exit == .code(0) && run.output.contains("\(accepted) accepted"), "\(run)")
                }
                let messages = try await client.page(of: MessageFilter(batch: .name("b"))).messages
                #expect(messages.count == 3 && Set(messages.map(\.sendAt)).count == 1)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aSpreadsheetsFileIsUnderstood() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let file =
                    "\u{FEFF}sep=;\r\nVorname;Handy;Notiz\r\nAnn;0170 1234567;x\r\nBob;'+44 (0)7400 123456;\r\n"
                    + "Cid;4,91702E+11;\r\nDan;\u{202A}+491701234568\u{202C};\r\n"
                let run = try await daemon.apus(
                    "bulk", "-", "--body", "Hi {{name}}", "--map", "to=Handy", "--map", "name=vorname", "--country",
                    "DE",
                    "--ids", "ids.csv", input: file)
                #expect(run.exit == .code(1))
                #expect(run.output.contains("2 accepted, 2 refused"), "\(run.output)")
                #expect(run.errors.contains("line 5: to: a spreadsheet has rounded"), "\(run.errors)")
                #expect(run.errors.contains("line 6: to: the number holds an invisible character, U+202A"))
                #expect(run.errors.contains("not used: column \"Notiz\""))
                let ids = try String(contentsOfFile: directory.path + "/ids.csv", encoding: .utf8).split(
                    separator: "\n")
                #expect(ids.first == "line,to,id" && ids.count == 3)
                #expect(ids.dropFirst().map { $0.prefix { $0 != "+" } }.sorted() == ["3,", "4,"])
                let id = try #require(ids.first { $0.contains("+491701234567") }?.split(separator: ",").last)
                let status = try await daemon.apus("status", String(id), "--output", "json").object()
                #expect(try status.text("to") == "+491701234567")
            }
            #expect(try bodies == ["+447400123456 Hi Bob", "+491701234567 Hi Ann"])
        }

        @Test(.timeLimit(.minutes(5)), arguments: [Data([0xE9, 0x0A]), Data("é\n".utf8)])
        func aFileOfAnotherEncodingSendsNothing(end: Data) async throws {
            try await withDaemon(in: directory) { daemon, client in
                let path = directory.path + "/file.csv"
                let content = Data((rows(Array(0..<3000)) + "+14155550100,caf").utf8) + end
                try content.write(to: URL(filePath: path))
                let run = try await daemon.apus("bulk", path, "--no-wait")
                let isText = end.count > 2
                #expect(run.exit == .code(isText ? 0 : 2), "\(run.errors)")
                #expect(run.errors.contains("line 3002") == !isText && run.errors.contains("“café”") == !isText)
                #expect(try await client.statistics().states.total == (isText ? 3001 : 0))
            }
        }

        @Test(.timeLimit(.minutes(5))) func aDryRunKnowsTheCountriesPricesAndRepeats() async throws {
            try await withDaemon(in: directory, ["sandbox.price": "0.04"]) { daemon, client in
                let file = """
                    to,body,at
                    +14155551001,a,
                    +14155551001,b,
                    +447400123456,\(String(repeating: "x", count: 200)),
                    +14155551002,c,soon
                    nobody,d,

                    """
                let run = try await daemon.apus("bulk", "-", "--dry-run", "--unique", input: file)
                #expect(run.exit == .code(1))
                #expect(run.errors.contains("line 5: at: \"soon\" is no time"), "\(run.errors)")
                #expect(run.errors.contains("line 6: to: "))
                #expect(
                    run.output.hasPrefix("dry run: 2 would be accepted, 2 refused; 3 segments, 0 UCS2\n"),
                    "\(run.output)")
                #expect(
                    run.output.contains(
                        "1 row goes to a recipient who has had a row before, left out: line 3 (+14155551001)"))
                #expect(run.output.contains("GB   1 message  2 segments  0.08 at 0.04 a segment"), "\(run.output)")
                #expect(run.output.contains("all"))
                let json = try await daemon.apus("bulk", "-", "--dry-run", "--output", "json", input: file)
                let object = try json.object()
                #expect(object.number("accepted") == 3 && object.number("price") == 160_000)
                #expect(object.number("repeated") == 1)
                let countries = try #require(object.members["countries"] as? [[String: Any]])
                #expect(countries.compactMap { $0["country"] as? String } == ["GB", "US"])
                #expect(countries.compactMap { $0["segments"] as? Int } == [2, 2])
                // Refusals are lines of JSON then.
                let refusals = try json.errors.split(separator: "\n").map { line in
                    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                }
                #expect(refusals.compactMap { $0["line"] as? Int } == [5, 6])
                #expect((refusals.last?["error"] as? [String: Any])?["exit_code"] as? Int == 1)
                #expect(try await client.statistics().states.total == 0)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aPersonAtATerminalIsAsked() async throws {
            try await withDaemon(in: directory, ["sandbox.price": "0.04"]) { daemon, client in
                let file = try directory.write(rows([1, 2]), to: "file.csv")
                func run(_ answer: String, _ options: String = "") async throws -> CommandRun {
                    // script makes a terminal, and types what it is given.
                    let command =
                        "(sleep 1; echo \(answer)) | script -qec '\(Program.apus) bulk \(file) \(options)' /dev/null"
                    var environment = DaemonProcess.plainEnvironment(in: directory)
                    environment["APUS_SERVER"] = daemon.socketAddress.description
                    environment["APUS_KEY"] = daemon.key
                    let process = try ChildProcess(
                        "/bin/sh", ["-c", command], environment: environment, directory: directory)
                    return CommandRun(
                        exit: try await process.waitForExit(), output: process.output, errors: process.errors)
                }
                let no = try await run("n")
                #expect(no.exit == .code(1), "\(no)")
                #expect(
                    no.output.contains("US  2 messages  2 segments  0.08") && no.output.contains("Send 2 messages?"),
                    "\(no)")
                #expect(try await client.statistics().states.total == 0)
                let yes = try await run("y")
                #expect(yes.exit == .code(0) && yes.output.contains("2 accepted"), "\(yes)")
                let unasked = try await run("n", "--yes")
                #expect(unasked.exit == .code(0) && !unasked.output.contains("[y/N]"), "\(unasked)")
                #expect(try await client.statistics().states.total == 4)
            }
        }

        @Test(.timeLimit(.minutes(5))) func anInterruptedRunSaysHowItGoesOn() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.apply(
                    #"{"tenants": {"dev": {"rate": {"messages_per_second": 100, "burst": 1}}}}"#, partial: true)
                var environment = DaemonProcess.plainEnvironment(in: directory)
                environment["APUS_SERVER"] = daemon.socketAddress.description
                environment["APUS_KEY"] = daemon.key
                let words = ["bulk", "-", "--batch", "b", "--no-wait", "--chunk", "50"]
                let process = try ChildProcess(
                    Program.apus, words, environment: environment, directory: directory,
                    input: rows(Array(0..<2000)))
                try await waitUntil("some are accepted") { (try? SandboxFile(in: directory).lines.count) ?? 0 >= 50 }
                process.send(SIGINT)
                #expect(try await process.waitForExit() == .signal(SIGINT))
                #expect(process.errors.contains("interrupted after "), "\(process.errors)")
                #expect(process.errors.contains("Go on with --batch b and the same file"))
                _ = try await admin.apply(
                    #"{"tenants": {"dev": {"rate": {"messages_per_second": 1000000, "burst": 1000000}}}}"#,
                    partial: true)
                let run = try await daemon.apus(
                    "bulk", "-", "--batch", "b", "--wait", "--timeout", "60", input: rows(Array(0..<2000)))
                #expect(run.exit == .code(0), "\(run.errors)")
                #expect(!run.errors.contains("interrupted"))
            }
            #expect(try Set(bodies).count == 2000 && bodies.count == 2000)
        }

        @Test(.timeLimit(.minutes(5))) func whatNeverBeganWasNotInterrupted() async throws {
            let run = try await CommandRun.apus(
                ["bulk", "-", "--server", "unix:\(directory.path)/nobody.sock", "--timeout", "2"], in: directory,
                input: rows([1]))
            #expect(run.exit == .code(3))
            #expect(!run.errors.contains("interrupted") && !run.errors.contains("Go on with"), "\(run.errors)")
        }

        // MARK: Exit codes and errors for scripts

        @Test(.timeLimit(.minutes(5))) func whatWasNotDeliveredIsFour() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                // The sandbox's recipient who is never reached.
                let send = try await daemon.apus("send", "+15005550006", "x", "--wait", "--output", "json")
                #expect(send.exit == .code(4), "\(send)")
                let id = try send.object().text("id")
                #expect(send.errors.contains("\"UNDELIVERED\"") && send.errors.contains(id))
                #expect(try await daemon.apus("status", id).exit == .code(0))
                #expect(try await daemon.apus("status", id, "--wait").exit == .code(4))
                let file = "to,body\n+14155551001,a\n+15005550006,b\n"
                #expect(try await daemon.apus("bulk", "-", "--batch", "b", "--wait", input: file).exit == .code(4))
                #expect(try await daemon.apus("bulk", "-", input: file).exit == .code(0), "it was not asked to mind")
                #expect(try await daemon.apus("status", "--batch", "b", "--wait").exit == .code(4))
            }
        }

        @Test(.timeLimit(.minutes(5))) func errorsAreJSONWhereThatIsAsked() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                func error(_ words: [String], _ exit: Int32) async throws -> [String: Any] {
                    let run = try await daemon.apus(words + ["--output", "json"])
                    #expect(run.exit == .code(exit), "\(run)")
                    let object = try JSONSerialization.jsonObject(with: Data(run.errors.utf8)) as? [String: Any]
                    return try #require(object?["error"] as? [String: Any], "\(run.errors)")
                }
                let refused = try await error(["send", "4155550100", "x"], 1)
                #expect(refused["code"] as? String == "INVALID_ARGUMENT")
                #expect((refused["violations"] as? [[String: String]])?.first?["field"] == "to")
                #expect(try await error(["send", "+14155550100"], 2)["code"] as? String == "USAGE")
                #expect(try await error(["status", "1"], 1)["code"] as? String == "REFUSED")
                let away = try await error(["health", "--server", "unix:/nowhere/apus.sock", "--timeout", "2"], 3)
                #expect(away["code"] as? String == "UNAVAILABLE")
            }
        }

        /// What a stranger writes moves nothing on an operator's terminal.
        @Test(.timeLimit(.minutes(5))) func aStrangersTextStaysOnItsLine() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let text = "STOP\n2026-11-30 forged row \u{1B}]52;c;cm0=\u{07}\u{202E}"
                _ = try await daemon.apus("sandbox", "receive", "--from", "+14155550100", "--to", "+14155550199", text)
                let list = try await daemon.apus("inbound", "list", "--every-tenant")
                #expect(list.exit == .code(0) && list.output.split(separator: "\n").count == 1, "\(list)")
                #expect(
                    list.output.contains(#"STOP\n2026-11-30 forged row \e]52;c;cm0=\u{7}\u{202E}"#), "\(list.output)")
                let json = try await daemon.apus("inbound", "list", "--every-tenant", "--output", "json")
                #expect(json.output.unicodeScalars.allSatisfy { $0.isASCII && ($0 == "\n" || $0.value >= 0x20) })
                #expect(try json.object().text("body") == text)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aReaderWhoGoesIsNoError() async throws {
            try await withDaemon(in: directory) { daemon, client in
                _ = try await client.bulk(
                    (0..<3000).map { OutgoingMessage(to: "+1415555\(1000 + $0)", body: "x") }, batch: "b")
                let run = try await CommandRun.run(
                    "/bin/bash",
                    [
                        "-c",
                        "set -o pipefail; \(Program.apus) list --limit 0 --server \(daemon.socketAddress) --key \(daemon.key) | head -n 1",
                    ], in: directory)
                #expect(run.errors.isEmpty && run.output.split(separator: "\n").count == 1, "\(run)")
                #expect(run.exit == .code(0), "\(run.exit)")
            }
        }
    }
}
