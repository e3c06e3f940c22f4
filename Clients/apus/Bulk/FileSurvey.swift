internal import ApusClient

/// What a bulk file holds, found out by reading it once before anything is sent.
///
/// It keeps 24 bytes for each row, and for each run of rows whose lines do not follow each other 24 more; looking for
/// recipients that occur twice takes up to 32 bytes a recipient for a moment.
struct FileSurvey {
    /// Rows of one file.
    static let mostRows = 100_000_000
    /// Rows of a kind that are reported one by one.
    static let rowsShown = 20

    struct Repeated: Equatable {
        var line: Int
        var recipient: UInt64
    }

    /// Keyed by the rows' places; ``ContentKey/faulty`` for those that cannot be sent.
    private(set) var keys: [ContentKey] = []
    private(set) var lines = LineTable()
    private(set) var faults = 0
    /// Headings and names that stand for nothing.
    private(set) var ignored: [String] = []
    /// Whether rows say more about themselves than the recipients of a template can.
    private(set) var haveMessageFields = false

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - mostRows: how many rows it may have.
    ///   - fault: is called for each row that cannot be sent.
    /// - Throws: a failure if the file as a whole cannot be used.
    init(
        _ input: BulkInput, mostRows: Int = FileSurvey.mostRows,
        fault: (_ line: Int, _ place: UInt64, RowProblem) -> Void = { _, _, _ in }
    ) async throws {
        var rows = input.makeAsyncIterator()
        while let row = try await rows.next() {
            guard keys.count < mostRows else {
                throw CommandFailure(.usage, "\(input.file.name) has more than \(mostRows) rows: split it")
            }
            lines.append(place: row.place, line: row.line)
            switch row.key {
            case .success(let key): keys.append(key)
            case .failure(let problem):
                keys.append(.faulty)
                faults += 1
                fault(row.line, row.place, problem)
            }
        }
        ignored = rows.ignored.sorted()
        haveMessageFields = rows.haveMessageFields
    }

    /// Rows whose recipient has had a row before: how many, the first ones, and where they all are.
    var repeats: (count: Int, first: [Repeated], places: [Int]) {
        var seen: Set<UInt64> = []
        var first: [Repeated] = []
        var places: [Int] = []
        for (place, key) in keys.enumerated() where key != .faulty && !seen.insert(key.recipient).inserted {
            places.append(place)
            if first.count < Self.rowsShown {
                first.append(Repeated(line: lines.line(of: UInt64(place)) ?? 0, recipient: key.recipient))
            }
        }
        return (places.count, first, places)
    }
}

extension BulkRow {
    /// What identifies the row, or why it cannot be sent.
    var key: Result<ContentKey, RowProblem> {
        switch content {
        case .invalid(let problem): .failure(problem)
        case .message(let message, _): Result { () throws(RowProblem) in try ContentKey(message) }
        }
    }
}
