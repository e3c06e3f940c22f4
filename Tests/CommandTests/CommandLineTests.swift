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
            ["bulk", "-", "--batch", ""], ["status"], ["status", "x"], ["status", "1", "--batch", "b"], ["timeline"],
            ["timeline", "0"], ["status", "1", "--reference", "r"],
            ["status", "--reference", "r", "--provider-id", "p"],
            ["list", "1"], ["list", "--state", "lost"], ["list", "--state", "accepted"],
            ["list", "--since", "yesterday"],
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
        #expect(try filter(["--batch", "b"]).batch == .name("b"))
        // An id as `status` tells it; fewer digits, or others, are a name.
        let id = try #require(MessageID("3765210556894543872"))
        #expect(try filter(["--batch", "3765210556894543872"]).batch == .id(id))
        for name in ["376521055689454387", "37652105568945438720", "9765210556894543872", "376521055689454387x"] {
            #expect(try filter(["--batch", name]).batch == .name(name))
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
