internal import Storage

/// What a conformance suite found wrong.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// - Throws: ``ConformanceFailure``, if not so.
package func require(_ condition: Bool, _ what: @autoclosure () -> String, line: Int = #line) throws {
    if !condition { throw ConformanceFailure(description: "\(what()) (line \(line))") }
}

func requireEqual<T: Equatable>(_ found: T, _ wanted: T, _ what: String, line: Int = #line) throws {
    if found != wanted {
        throw ConformanceFailure(description: "\(what): found \(found), wanted \(wanted) (line \(line))")
    }
}

/// Reads a data directory whole.
/// - Throws: ``ConformanceFailure`` with what `apusd verify` would find.
package func requireSound(_ directory: String) throws {
    let report = try SQLiteVerification.run(directory)
    try require(report.faultCount == 0, report.faults.joined(separator: "\n"))
}
