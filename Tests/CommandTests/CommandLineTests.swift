import ApusClient
import ArgumentParser
import Foundation
import Testing

@testable import apus

@Suite struct CommandLineTests {
    private static let nowhere = ["--server", "unix:/nowhere/apus.sock"]

    @Test(
        arguments: [
            [], ["frob"], ["send"], ["send", "+14155550100"], ["send", "+14155550100", "two", "words"],
            ["send", "+14155550100", "x", "--timeout", "0"], ["send", "+14155550100", "x", "--timeout", "soon"],
            ["send", "+14155550100", "x", "--output", "xml"], ["send", "+14155550100", "x", "--at", "tomorrow"],
            ["send", "+14155550100", "x", "--validity", "1"], ["send", "+14155550100", "x", "--priority", "fast"],
            ["send", "+14155550100", "x", "--idempotency-key", ""],
            ["send", "+14155550100", "x", "--server", "nowhere"],
            ["send", "+14155550100", "x", "--max-segments", "0"], ["bulk"], ["bulk", "/nowhere/at/all.csv"],
            ["bulk", "-", "--batch", ""], ["bulk", "-", "--country", "XX"], ["bulk", "-", "--delimiter", "ab"],
            ["bulk", "-", "--changed", "maybe"], ["list", "--context", "c", "--server", "unix:/x"],
            ["list", "@/nowhere"],
            ["send", "--to", "+14155550100", "--to", "+14155550101", "--body", "x"],
            ["pause", "--provider", "a", "--provider", "b"], ["status"], ["status", "x"],
            ["status", "1", "--batch", "b"], ["timeline"],
            ["timeline", "0"], ["status", "1", "--reference", "r"],
            ["status", "--reference", "r", "--provider-id", "p"],
            ["list", "1"], ["list", "--state", "lost"], ["list", "--state", "accepted"],
            ["list", "--since", "someday"],
            ["list", "--until", "10"], ["list", "--limit", "-1"], ["list", "--to", ""], ["list", "--batch", ""],
            ["unknown", "resend"], ["unknown", "resend", "1", "--all"], ["unknown", "resend", "1", "--provider", "p"],
            ["unknown", "resend", "--all", "--tenant", "t", "--every-tenant"], ["unknown", "settle", "1"],
            ["unknown", "settle", "1", "--as", "expired"], ["unknown", "settle", "--as", "sent"],
            ["unknown", "list", "--limit", "-1"], ["unknown", "list", "--provider", ""],
            ["inbound", "list", "--limit", "-1"], ["inbound", "list", "--tenant", "t", "--every-tenant"],
            ["inbound", "list", "--tenant", ""],
            ["cancel"], ["pause", "--provider", "p", "--batch", "b"], ["pause", "nothing"],
            ["sandbox", "--limit", "0"], ["sandbox", "--limit", "1001"], ["bench", "--connections", "0"],
            ["bench", "--null", "--bulk"], ["completions", "tcsh"], ["context", "set", "a"],
            ["context", "set", "a", "--server", "x"],
        ] as [[String]])
    func wrongUsageIs2(_ arguments: [String]) async {
        // The root command alone prints its help, which is what was asked for.
        let expected: Int32 = arguments.isEmpty ? 0 : 2
        #expect(await ApusCommand.run(arguments: arguments) == expected)
    }

    @Test(arguments: [
        ["--help"], ["send", "--help"], ["help", "bulk"], ["completions", "bash"], ["completions", "fish"],
    ])
    func helpIs0(_ arguments: [String]) async {
        #expect(await ApusCommand.run(arguments: arguments) == 0)
    }

    @Test(arguments: [
        ["send", "+14155550100", "x"], ["send", "--to", "+14155550100", "--body", "x"], ["status", "1", "--wait"],
        ["status", "--reference", "r"], ["status", "--provider-id", "p"], ["list"], ["list", "--limit", "0"], ["stats"],
        ["health"], ["pause"], ["resume", "everything"], ["bench", "--seconds", "1"], ["unknown", "list"],
        ["inbound", "list", "--every-tenant"],
        ["unknown", "resend", "--all", "--provider", "p"], ["unknown", "settle", "1", "--as", "sent", "--note", "n"],
    ])
    func aGatewayThatIsNotThereIs3(_ arguments: [String]) async {
        #expect(await ApusCommand.run(arguments: arguments + Self.nowhere) == 3)
    }

    @Test(
        arguments: [
            (ApusError.Code.invalidArgument, 1), (.unauthenticated, 1), (.notFound, 1), (.alreadyExists, 1),
            (.internal, 1), (.unimplemented, 1), (.resourceExhausted, 1), (.unavailable, 3), (.deadlineExceeded, 3),
            (.aborted, 3),
        ] as [(ApusError.Code, Int32)])
    func errorsHaveTheirExitCodes(_ code: ApusError.Code, _ status: Int32) {
        #expect(ExitStatus(ApusError(code, "")).rawValue == status)
    }

    @Test func aLimitThatPassesIsWorthAnotherTry() {
        #expect(ExitStatus(ApusError(.resourceExhausted, "", retryAfter: .seconds(1))) == .unavailable)
    }

    // MARK: What the parser would blame on something else

    @Test(
        arguments: [
            (
                ["send", "+14155550100", "x", "--referense", "abc"],
                "apus send has no option --referense; is --reference meant?"
            ),
            (["send", "--bdy", "hi", "+14155550100"], "apus send has no option --bdy; is --body meant?"),
            (["list", "--stat=failed"], "apus list has no option --stat; is --state meant?"),
            (
                ["admin", "tenant", "list", "--outptu", "json"],
                "apus admin tenant list has no option --outptu; is --output meant?"
            ),
            (["status", "1", "--wiat"], "apus status has no option --wiat; is --wait meant?"),
            (["list", "--zebra", "1"], "apus list has no option --zebra."),
        ] as [([String], String)])
    func aMisspeltOptionIsNamed(_ words: [String], _ text: String) {
        #expect(CommandLineWords.unknownOption(words) == text)
    }

    @Test(arguments: [
        ["send", "+14155550100", "x", "--wait", "--tag", "a"], ["send", "+14155550100", "x", "--", "--bdy"],
        ["bulk", "-", "--no-wait"], ["list", "--help"], ["bench", "--null"],
        // Here the command is the mistake.
        ["admin", "tenant", "update", "--wiat"], ["sned", "--bdy"],
    ])
    func anOptionThatIsThereIsNoMistake(_ words: [String]) {
        #expect(CommandLineWords.unknownOption(words) == nil)
    }

    @Test(
        arguments: [
            (["send", "--to", "+14155550100", "--to", "+14155550101", "--body", "x"], "--to is given twice"),
            (["pause", "--provider", "a", "--provider=b"], "--provider is given twice"),
            (["send", "+14155550100", "x", "--from", "A", "--sender", "B"], "--from and --sender are given twice"),
        ] as [([String], String)])
    func anOptionThatHoldsOneValueIsNotGivenTwice(_ words: [String], _ text: String) {
        let problem = #expect(throws: CommandLineWords.Problem.self) { try CommandLineWords.checkRepeated(words) }
        #expect(problem?.text.contains(text) == true, "\(problem?.text ?? "")")
    }

    @Test func optionsThatHoldSeveralMayBeRepeated() throws {
        try CommandLineWords.checkRepeated([
            "send", "+14155550100", "x", "--tag", "a", "--tag", "b", "--wait", "--wait",
        ])
        try CommandLineWords.checkRepeated(["list", "--state", "failed", "--state", "sent"])
        try CommandLineWords.checkRepeated(["send", "--to", "+14155550100", "--", "--to", "--to"])
    }

    @Test func optionsComeFromAFile() throws {
        let path = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max))"
        try Data("# ours\n--from  My Shop\n\n--tag=a b\r\n--wait\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            try CommandLineWords.expanded(["send", "@" + path, "+14155550100", "@home"])
                == ["send", "--from", "My Shop", "--tag", "a b", "--wait", "+14155550100", "@home"])
        #expect(try CommandLineWords.expanded(["send", "+14155550100", "@" + path]).last == "@" + path)
        #expect(throws: CommandFailure.self) { try CommandLineWords.expanded(["send", "@/nowhere/at/all"]) }
        try Data("+14155550100\n".utf8).write(to: URL(filePath: path))
        #expect(throws: CommandFailure.self) { try CommandLineWords.expanded(["send", "@" + path]) }
    }

    @Test func aTextComesFromAFile() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max))"
        try Data("Hello\nthere\r\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try await TextArgument.value("@" + path) == "Hello\nthere")
        #expect(try await TextArgument.value("@@home") == "@home")
        #expect(try await TextArgument.value("home@") == "home@")
        await #expect(throws: CommandFailure.self) { _ = try await TextArgument.value("@/nowhere/at/all") }
        let command = try #require(
            try ApusCommand.parseAsRoot(["send", "+14155550100", "@home"]) as? SendCommand)
        #expect(try await TextArgument.value(command.body ?? "") == "@home", "a word is a text")
        try Data(repeating: 0x61, count: TextArgument.mostBytes).write(to: URL(filePath: path))
        #expect(try await TextArgument.value("@" + path).utf8.count == TextArgument.mostBytes)
        try Data(repeating: 0x61, count: TextArgument.mostBytes + 1).write(to: URL(filePath: path))
        await #expect(throws: CommandFailure.self) { _ = try await TextArgument.value("@" + path) }
    }

    @Test(
        arguments: [
            (["list", "--output", "json"], [:], .json), (["list", "--output=json"], [:], .json), (["list"], [:], .text),
            (["list"], ["APUS_OUTPUT": "json"], .json), (["list", "--output", "text"], ["APUS_OUTPUT": "json"], .text),
            (["send", "--", "--output", "json"], [:], .text),
        ] as [([String], [String: String], OutputFormat)])
    func errorsHaveTheFormatThatIsAsked(
        _ words: [String], _ environment: [String: String], _ format: OutputFormat
    ) {
        #expect(OutputFormat.asked(words, environment: environment) == format)
    }

    @Test func anErrorIsJSONToo() throws {
        let error = ApusError(
            .resourceExhausted, "too fast", violations: [ApusError.Violation(field: "to", description: "x")],
            retryAfter: .milliseconds(1500))
        let data = Data(CommandFailure(error).json.text.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])["error"]
        #expect(object?["code"] as? String == "RESOURCE_EXHAUSTED" && object?["message"] as? String == "too fast")
        #expect(object?["retry_after_ms"] as? Int == 1500 && object?["exit_code"] as? Int == 3)
        #expect(object?["violations"] as? [[String: String]] == [["field": "to", "description": "x"]])
    }

    @Test func anErrorSaysWhatWhyAndWhatToDo() {
        let error = ApusError(
            .invalidArgument, "the message is refused",
            violations: [ApusError.Violation(field: "to", description: "does not begin with +")])
        #expect(CommandFailure(error).text.contains("to: does not begin with +"))
        #expect(CommandFailure(ApusError(.unavailable, "cannot connect")).text.contains("apusd dev"))
        #expect(CommandFailure(ApusError(.unauthenticated, "unknown key")).text.contains("--key-file"))
    }

    @Test func sendTakesWordsAndOptions() throws {
        func parsed(_ arguments: [String]) throws -> [String?] {
            let command = try #require(try ApusCommand.parseAsRoot(["send"] + arguments) as? SendCommand)
            return [command.to, command.body]
        }
        #expect(try parsed(["+1", "hi"]) == ["+1", "hi"])
        #expect(try parsed(["--to", "+1", "hi"]) == ["+1", "hi"])
        #expect(try parsed(["--body", "hi", "+1"]) == ["+1", "hi"])
        #expect(try parsed(["+1", "-"]) == ["+1", "-"])
        #expect(try parsed(["--", "+1", "-5 degrees"]) == ["+1", "-5 degrees"])
    }

    @Test func listTakesItsConditions() throws {
        func filter(_ arguments: [String]) throws -> MessageFilter {
            try #require(try ApusCommand.parseAsRoot(["list"] + arguments) as? ListCommand).filter
        }
        #expect(try filter([]) == MessageFilter())
        #expect(try filter(["--state", "failed", "--state", "SENT"]).states == [.failed, .sent])
        #expect(try filter(["--to", "+14155550100"]).to == "+14155550100")
        let times = try filter(["--since", "2027-01-31T09:00Z", "--until", "2027-01-31T10:00Z"])
        #expect(times.since?.timeIntervalSince1970 == 1_801_386_000)
        #expect(times.until?.timeIntervalSince1970 == 1_801_389_600)
        let texts = try filter(
            ["--reference", "r", "--tag", "t", "--sender", "ACME", "--provider", "p", "--error", "30003"])
        #expect(
            texts == MessageFilter(reference: "r", tag: "t", sender: "ACME", provider: "p", errorCode: "30003"))
        #expect(try filter(["--batch", "b"]).batch == .name("b"))
        // An id as `status` tells it; fewer digits, or others, are a name.
        let id = try #require(MessageID("3765210556894543872"))
        #expect(try filter(["--batch", "3765210556894543872"]).batch == .id(id))
        for name in ["376521055689454387", "37652105568945438720", "9765210556894543872", "376521055689454387x"] {
            #expect(try filter(["--batch", name]).batch == .name(name))
        }
    }

    @Test func othersMessagesAreAskedForByName() throws {
        for words in [["list"], ["batch", "list"], ["status", "1"], ["timeline", "1"], ["stats"], ["cancel", "1"]] {
            func owner(_ more: String...) throws -> MessageOwner? {
                switch try ApusCommand.parseAsRoot(words + more) {
                case let command as ListCommand: command.tenants.owner
                case let command as BatchListCommand: command.tenants.owner
                case let command as StatusCommand: command.tenants.owner
                case let command as TimelineCommand: command.tenants.owner
                case let command as StatsCommand: command.tenants.owner
                case let command as CancelCommand: command.tenants.owner
                default: nil
                }
            }
            #expect(try owner() == .own)
            #expect(try owner("--tenant", "shop") == .tenant("shop"))
            #expect(try owner("--every-tenant") == .everyTenant)
            #expect(throws: (any Error).self) { try owner("--every-tenant", "--tenant", "shop") }
            #expect(throws: (any Error).self) { try owner("--tenant", "") }
        }
        #expect(throws: (any Error).self) {
            try ApusCommand.parseAsRoot(["cancel", "--batch", "b", "--every-tenant"])
        }
    }

    @Test func benchHasItsModes() throws {
        func mode(_ arguments: [String]) throws -> BenchCommand.Mode? {
            (try ApusCommand.parseAsRoot(["bench"] + arguments) as? BenchCommand)?.mode
        }
        #expect(try mode([]) == .send)
        #expect(try mode(["--null"]) == .null)
        #expect(try mode(["--bulk", "--messages", "1000000"]) == .bulk)
        #expect(try mode(["--life"]) == .life)
        #expect(try mode(["--probe", "--connections", "1", "--in-flight", "1"]) == .probe)
        #expect(try mode(["--urgent-probe", "--connections", "1", "--in-flight", "1"]) == .urgentProbe)
    }
}
