import Foundation
import SMSModel
import Testing

/// The life cycle's table, and the page that draws it.
@Suite struct LifecyclePageTests {
    private static let page = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/lifecycle.md")

    /// What stands between two marks of the page, without the marks.
    private func part(_ name: String) throws -> String {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- \(name): from the table -->\n"))
        let end = try #require(text.range(of: "<!-- end of \(name) -->", range: begin.upperBound..<text.endIndex))
        return String(text[begin.upperBound..<end.lowerBound])
    }

    @Test func theDiagramIsTheTables() throws {
        var lines = ["```mermaid", "stateDiagram-v2", "    [*] --> SCHEDULED", "    [*] --> QUEUED"]
        lines.append("    SCHEDULED --> QUEUED: send time")
        for before in MessageState.allCases {
            for after in before.successors.states {
                lines.append("    \(before.name) --> \(after.name)")
            }
        }
        lines += ["```", ""]
        #expect(try part("diagram") == lines.joined(separator: "\n"))
    }

    @Test func theEventsAreTheTables() throws {
        var lines = ["| event | from | to |", "|---|---|---|"]
        for move in LifecycleMove.all {
            let from = move.from.states.map(\.name).joined(separator: ", ")
            let to = move.to.isEmpty ? "the same" : move.to.states.map(\.name).joined(separator: ", ")
            lines.append("| \(Self.name(of: move.event)) | \(from) | \(to) |")
        }
        #expect(try part("events") == lines.joined(separator: "\n") + "\n")
    }

    /// The event's name as the protocol writes it: `attemptUndelivered` is `ATTEMPT_UNDELIVERED`.
    private static func name(of event: EventKind) -> String {
        "\(event)".map { $0.isUppercase ? "_\($0)" : $0.uppercased() }.joined()
    }

    // MARK: What the table must say

    @Test func onlyReceiptsLeadOutOfFinalStates() {
        for state in MessageState.allCases where state.isFinal {
            #expect(state.successors.isSubset(of: MessageStates([.delivered, .undelivered])), "\(state)")
        }
        #expect(MessageState.delivered.successors.isEmpty)
        #expect(MessageState.undelivered.successors.states == [.delivered])
    }

    @Test func onlyWaitingMessagesAreClaimedAndCanceled() {
        for state in MessageState.allCases {
            let isWaiting = state == .queued || state == .scheduled
            for event in [EventKind.submitting, .canceled, .expired, .failed] {
                #expect(event.states(after: state).isEmpty != isWaiting, "\(event) after \(state)")
            }
        }
    }

    @Test func everyEventOfAHistoryIsInTheTable() {
        let unrecorded: Set<EventKind> = [.accepted, .scheduled, .queued, .receiptOverdue, .smartEncoded]
        let recorded = Set(LifecycleMove.all.map(\.event))
        #expect(recorded == Set(EventKind.allCases).subtracting(unrecorded))
    }
}
