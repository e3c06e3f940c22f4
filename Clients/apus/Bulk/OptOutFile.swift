internal import ApusClient
internal import SMSModel

/// A list of opt-outs in CSV, read and checked as a whole.
struct OptOutFile {
    struct Problem: Equatable {
        var line: Int
        var text: String
    }

    /// Numbers of one call, with one reason.
    struct Chunk {
        var reason: String
        var numbers: [String]
    }

    /// Numbers of one file.
    static let most = 10_000_000
    /// Bad lines that are kept, to be told.
    static let problemsShown = 20

    /// The column's name in messages.
    let name: String
    /// The first ones.
    private(set) var problems: [Problem] = []
    private(set) var problemCount = 0
    /// The numbers by the place of their reason.
    private var numbers: [[UInt64]] = []
    private var reasons: [String] = []
    private var places: [String: Int] = [:]
    private var columns: Columns?

    private struct Columns {
        var number: Int
        var reason: Int?
    }

    /// - Parameter reason: where a line has none.
    /// - Throws: a failure if the file can't be read.
    init(_ path: String, reason: String) async throws {
        let file = try InputFile(path: path)
        name = file.name
        try Self.check(reason: reason)
        var parser = CSVParser()
        var isFirst = true
        while case var block = try await file.read(), !block.isEmpty {
            if isFirst, block.starts(with: [0xEF, 0xBB, 0xBF]) { block.removeFirst(3) }
            isFirst = false
            for row in parser.parse(block) { try take(row, reason) }
        }
        for row in parser.finish() { try take(row, reason) }
        guard count > 0 || problemCount > 0 else { throw CommandFailure(.usage, "\(name) has no numbers") }
    }

    /// Numbers, with those that are there twice.
    private(set) var count = 0

    /// All of it, in calls' sizes.
    var chunks: [Chunk] {
        zip(reasons, numbers).flatMap { reason, numbers in
            stride(from: 0, to: numbers.count, by: Limits.suppressedNumbers).map { start in
                let part = numbers[start..<min(start + Limits.suppressedNumbers, numbers.count)]
                return Chunk(reason: reason, numbers: part.map { "+\($0)" })
            }
        }
    }

    private static func check(reason: String) throws {
        guard reason.utf8.count <= Limits.suppressionReasonBytes else {
            throw CommandFailure(.usage, "the reason is longer than \(Limits.suppressionReasonBytes) bytes")
        }
    }

    private mutating func take(_ row: CSVParser.Row, _ reason: String) throws {
        switch row.content {
        case .failure(let problem): add(problem.text, at: row.line)
        case .success(let fields):
            guard let columns else {
                if let header = Self.header(fields) {
                    self.columns = header
                    return
                }
                self.columns = Columns(number: 0, reason: 1)
                return try take(row, reason)
            }
            take(fields.map(\.trimmed), columns, reason, at: row.line)
            guard count <= Self.most else {
                throw CommandFailure(.usage, "\(name) has more than \(Self.most) numbers: split it")
            }
        }
    }

    /// - Returns: nil if it is no header.
    private static func header(_ fields: [String]) -> Columns? {
        let names = fields.map { $0.trimmed.lowercased() }
        return names.firstIndex(of: "number").map { Columns(number: $0, reason: names.firstIndex(of: "reason")) }
    }

    private mutating func take(_ fields: [String], _ columns: Columns, _ standard: String, at line: Int) {
        guard columns.number < fields.count, !fields[columns.number].isEmpty else {
            return add("has no number", at: line)
        }
        let text = fields[columns.number]
        if let problem = Array(text.utf8).withUnsafeBytes({ PhoneNumber.check($0) }) {
            return add("\(text): \(problem.description)", at: line)
        }
        var reason = standard
        if let column = columns.reason, column < fields.count, !fields[column].isEmpty { reason = fields[column] }
        guard reason.utf8.count <= Limits.suppressionReasonBytes else {
            return add("the reason is longer than \(Limits.suppressionReasonBytes) bytes", at: line)
        }
        guard let number = UInt64(text.dropFirst()) else { return add("\(text) is no number", at: line) }
        let place = places[reason] ?? reasons.count
        if place == reasons.count {
            places[reason] = place
            reasons.append(reason)
            numbers.append([])
        }
        numbers[place].append(number)
        count += 1
    }

    private mutating func add(_ problem: String, at line: Int) {
        problemCount += 1
        if problems.count < Self.problemsShown { problems.append(Problem(line: line, text: problem)) }
    }
}
