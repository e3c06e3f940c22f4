import Foundation
import RPCWire
import SMSModel
import Testing

@testable import ApusClient

/// What the client repeats is what the tables of Protos/README.md say, from which other clients are tested too.
@Suite struct RepeatingTableTests {
    private let text: String

    init() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        text = try String(contentsOf: root.appending(path: "Protos/README.md"), encoding: .utf8)
    }

    /// The rows of the table with that heading, cell by cell.
    private func table(_ heading: String) throws -> [[String]] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: heading[...]))
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { row in
            row.split(separator: "|").map { $0.replacing("`", with: "").trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func methods() throws {
        let rows = try table("| number | name | request | response | repeatable |")
        var missing = Set(RPCMethod.allCases)
        for row in rows {
            let method = try #require(UInt16(row[0]).flatMap(RPCMethod.init))
            missing.remove(method)
            #expect(method.name == row[1])
            #expect(method.repeatability.rawValue == row[4], "\(method)")
        }
        #expect(missing == [.watch])
    }

    @Test func statuses() throws {
        let rows = try table("| status | `retry_after_ms` | repeated |")
        let policy = RetryPolicy(backoff: Backoff(first: .milliseconds(10), longest: .seconds(1)))
        for code in StatusCode.allCases where code != .ok {
            for (retryAfter, isRepeatable, notProcessed) in combinations {
                let row = try #require(
                    rows.first { row in
                        row[0].components(separatedBy: ", ").contains(code.name)
                            && (row[1] == "any" || (row[1] == "0") == (retryAfter == 0))
                    }, "\(code.name)")
                let error = GatewayError(
                    code, "", retryAfterMilliseconds: retryAfter, notProcessed: notProcessed)
                let delay = policy.delay(after: error, isRepeatable: isRepeatable, failures: 2, random: 1)
                // "once" needs a credential that is asked for again: the reconnection's tests look at that.
                let mayBe = row[2] == "yes" && (isRepeatable || notProcessed)
                #expect((delay != nil) == mayBe, "\(code.name) \(retryAfter) \(isRepeatable) \(notProcessed)")
                if let delay { #expect(delay >= .milliseconds(Int64(retryAfter))) }
            }
        }
    }

    private var combinations: [(UInt64, Bool, Bool)] {
        [0, 500].flatMap { retryAfter in
            [false, true].flatMap { isRepeatable in [false, true].map { (UInt64(retryAfter), isRepeatable, $0) } }
        }
    }
}
