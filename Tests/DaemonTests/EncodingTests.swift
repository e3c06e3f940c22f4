internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// What makes a text expensive is told, and smart encoding does something about it.
    @Suite struct EncodingTests {
        private let directory = TestDirectory()
        /// 101 characters, one of which is not in GSM-7.
        private let long = String(repeating: "a", count: 99) + "’s"

        @Test(.timeLimit(.minutes(5))) func sendAndExplainNameTheCharacter() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let text = try await daemon.apus("send", "+14155550100", long)
                #expect(
                    text.output.hasSuffix(
                        "(2 segments UCS2: ’ (U+2019) at character 100 is not in GSM-7, without it 1 segment, "
                            + "see --smart-encoding)\n"), "\(text)")
                for arguments in [["send"], ["send", "--wait"]] {
                    let sent = try await daemon.apus(
                        arguments + ["+14155550100", long, "--output", "json"]
                    ).object()
                    #expect(sent.number("segments") == 2 && sent.number("replaced") == 0)
                    let ucs2 = try #require(sent.members["ucs2"] as? [String: Any])
                    #expect(ucs2["character"] as? String == "’" && ucs2["code_point"] as? String == "U+2019")
                    #expect(ucs2["position"] as? Int == 100 && ucs2["count"] as? Int == 1)
                    #expect(ucs2["segments_without"] as? Int == 1 && ucs2["replaceable"] as? Bool == true)
                }
                let page = try await daemon.apus("explain", "+14155550100", long)
                #expect(page.output.contains("’ (U+2019) at character 100 is not in GSM-7"), "\(page.output)")
                let smart = try await daemon.apus("explain", "+14155550100", long, "--smart-encoding")
                #expect(smart.output.contains("1 segment GSM7") && smart.output.contains("’→'"), "\(smart.output)")
                let plain = try await daemon.apus("send", "+14155550100", "hello", "--output", "json").object()
                #expect(plain.members["ucs2"] is NSNull)
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatWasReplacedIsSentAndInTheTimeline() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let sent = try await daemon.apus(
                    "send", "+14155550100", long, "--smart-encoding", "--wait", "--output", "json"
                ).object()
                #expect(sent.number("segments") == 1 && sent.number("replaced") == 1)
                #expect(try sent.text("encoding") == "GSM7")
                #expect(
                    sent.timeline == ["ACCEPTED", "SMART_ENCODED", "QUEUED", "SUBMITTING", "SENT", "DELIVERED"])
                let timeline = try await daemon.apus("timeline", try sent.text("id"))
                #expect(timeline.output.contains("SMART_ENCODED") && timeline.output.contains("’→'"))
            }
            #expect(try SandboxFile(in: directory).lines.map(\.body) == [long.replacing("’", with: "'")])
        }

        /// A repeat is a duplicate, whatever the tenant's settings were and are, and is told as it was sent.
        @Test(.timeLimit(.minutes(5))) func theTenantsSettingIsADefaultAndNoPartOfTheContent() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                func send(_ options: String...) async throws -> JSONObject {
                    try await daemon.apus(["send", "+14155550100", long, "--output", "json"] + options).object()
                }
                let before = try await send("--idempotency-key", "k")
                #expect(try before.text("encoding") == "UCS2")
                let name = try await admin.describe().tenant
                let set = try await daemon.apus("admin", "tenant", "set", name, "--smart-encoding")
                #expect(set.exit == .code(0), "\(set)")
                let again = try await send("--idempotency-key", "k")
                #expect(again.flag("duplicate") == true && again.number("segments") == 2, "\(again)")
                #expect(try again.text("encoding") == "UCS2" && again.text("id") == before.text("id"))
                let smart = try await send("--idempotency-key", "k2")
                #expect(try smart.text("encoding") == "GSM7")
                #expect(try await send("--no-smart-encoding").text("encoding") == "UCS2")
                #expect(try await daemon.apus("admin", "tenant", "set", name, "--no-smart-encoding").exit == .code(0))
                let last = try await send("--idempotency-key", "k2")
                #expect(last.flag("duplicate") == true && last.number("segments") == 1, "\(last)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func aDryRunChecksARowAsTheGatewayWould() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.suppress(["+14155550199"], reason: "STOP")
                let rows = """
                    to,name
                    +14155550100,Ada
                    +14155550101,Zoë’s
                    +1415,short
                    +14155550199,out
                    +14155550102,Řehoř
                    """
                func run(_ options: String...) async throws -> CommandRun {
                    try await daemon.apus(
                        ["bulk", "-", "--dry-run", "--body", "Hi {{name}}, " + String(repeating: "a", count: 62)]
                            + options,
                        input: rows)
                }
                let text = try await run()
                #expect(text.exit == .code(1))
                #expect(
                    text.output.hasPrefix("dry run: 3 would be accepted, 2 refused; 5 segments, 2 UCS2\n"),
                    "\(text.output)")
                #expect(text.errors.contains("line 4: to: The number is too short"), "\(text.errors)")
                #expect(text.errors.contains("line 5: to: The recipient has opted out"))
                // Behind eight characters of the template.
                #expect(
                    text.errors.contains(
                        "line 3: 2 segments UCS2: ë (U+00EB) at character 6 and 1 more are not in GSM-7, "
                            + "without them 1 segment\n"), "\(text.errors)")
                let json = try await run("--output", "json", "--smart-encoding").object()
                #expect(json.flag("dry_run") == true && json.number("accepted") == 3 && json.number("refused") == 2)
                #expect(json.members["encodings"] as? [String: Int] == ["GSM7": 1, "UCS2": 2])
                #expect(json.number("segments") == 5 && json.number("replaced") == 0)
                let told = try #require(json.members["ucs2"] as? [[String: Any]])
                #expect(told.compactMap { $0["line"] as? Int } == [3, 6])
                // Nothing has become of it.
                #expect(try await admin.statistics().states.total == 0)
                #expect(try await admin.usage().segmentsToday == 0)
            }
            // The sandbox writes its file with the first message.
            #expect((try? SandboxFile(in: directory).lines.isEmpty) ?? true)
        }

        @Test(.timeLimit(.minutes(5))) func bulkRowsAndTemplatesAreEncodedSmartly() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let rows = "to,name\n+14155550100,O’Neil\n+14155550101,Řehoř\n"
                let dry = try await daemon.apus(
                    "bulk", "-", "--dry-run", "--body", "“Hi” {{name}}", "--smart-encoding", input: rows)
                #expect(
                    dry.output.hasPrefix(
                        "dry run: 2 would be accepted, 0 refused; 2 segments, 1 UCS2, characters replaced in 1\n"))
                let run = try await daemon.apus(
                    "bulk", "-", "--body", "“Hi” {{name}}", "--smart-encoding", input: rows)
                #expect(run.exit == .code(0), "\(run)")
                let messages = try await daemon.apus(
                    "bulk", "-", "--smart-encoding", input: "to,body\n+14155550102,it’s\n")
                #expect(messages.exit == .code(0), "\(messages)")
            }
            let bodies = try SandboxFile(in: directory).lines.map(\.body)
            #expect(bodies.sorted() == ["\"Hi\" O'Neil", "it's", "“Hi” Řehoř"].sorted())
        }

        /// Machines' numbers, which are longer than others: all the way to a provider.
        @Test(.timeLimit(.minutes(5))) func machinesNumbersAreSentTo() async throws {
            let numbers = ["+47580000474825", "+337000001573827", "+327700010023652"]
            try await withDaemon(in: directory) { daemon, client in
                for number in numbers {
                    let run = try await daemon.apus("send", number, "hello", "--wait", "--output", "json")
                    #expect(try run.object().text("state") == "DELIVERED", "\(run)")
                    #expect(try await client.page(of: MessageFilter(to: number), limit: 10).messages.count == 1)
                }
                let wrong = try await daemon.apus("send", "+4722123456789", "hello")
                #expect(wrong.exit == .code(1) && wrong.errors.contains("5 or 8 digits, or 12 that begin with 58"))
            }
            #expect(try SandboxFile(in: directory).lines.map(\.to).sorted() == numbers.sorted())
        }
    }
}
