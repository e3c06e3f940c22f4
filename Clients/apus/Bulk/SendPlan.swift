internal import ApusClient

/// Which rows of a file are sent, and why the others are not.
///
/// A row that the batch has already is known by its content, wherever it stands now: rows that were deleted, added,
/// blanked or put into another order make no other row a new one. A row that stands in a file several times is sent as
/// many times.
struct SendPlan {
    /// What to do with rows whose recipient has a message in the batch that no row of the file asks for: most likely
    /// the same row with another text.
    enum ChangedRows: String, CaseIterable {
        case refuse
        case skip
        case send
    }

    struct Changed: Equatable {
        var line: Int
        var recipient: UInt64
    }

    /// Keyed by the rows' places.
    private(set) var isSent: [Bool]
    /// Rows to be sent.
    private(set) var sent = 0
    /// Rows that the batch has already.
    private(set) var known = 0
    /// Rows left out because their recipient has had one before.
    private(set) var leftOut = 0
    /// Rows whose recipient the batch has sent something else.
    private(set) var changed = 0
    /// The first of those.
    private(set) var firstChanged: [Changed] = []
    /// Messages of the batch that no row of the file asks for.
    private(set) var missing = 0

    /// - Parameters:
    ///   - contents: what the batch has already; nil = it is new.
    ///   - isUnique: whether each recipient gets one row's message at most.
    ///   - known: is called for each row that the batch has already.
    init(
        _ survey: FileSurvey, contents: BatchContents? = nil, isUnique: Bool = false,
        changedRows: ChangedRows = .refuse, known: (_ place: Int, MessageID) -> Void = { _, _ in }
    ) {
        isSent = survey.keys.map { $0 != .faulty }
        if var contents {
            for (place, key) in survey.keys.enumerated() where isSent[place] {
                guard let id = contents.take(key) else { continue }
                isSent[place] = false
                self.known += 1
                known(place, id)
            }
            var left = contents.leftOver
            missing = left.values.reduce(0, +)
            if missing > 0 { findChanged(survey, &left, changedRows) }
        }
        if isUnique {
            for place in survey.repeats.places where isSent[place] {
                isSent[place] = false
                leftOut += 1
            }
        }
        sent = isSent.count(where: \.self)
    }

    private mutating func findChanged(_ survey: FileSurvey, _ left: inout [UInt64: Int], _ rows: ChangedRows) {
        for (place, key) in survey.keys.enumerated() where isSent[place] {
            guard let count = left[key.recipient], count > 0 else { continue }
            left[key.recipient] = count - 1
            changed += 1
            if firstChanged.count < FileSurvey.rowsShown {
                firstChanged.append(
                    Changed(line: survey.lines.line(of: UInt64(place)) ?? 0, recipient: key.recipient))
            }
            if rows != .send { isSent[place] = false }
        }
    }

    /// Why nothing may be sent; nil if it may.
    func failure(_ rows: ChangedRows, batch: String) -> CommandFailure? {
        guard changed > 0, rows == .refuse else { return nil }
        let places = firstChanged.map { "line \($0.line) (+\($0.recipient))" }.joined(separator: ", ")
        let more = changed > firstChanged.count ? " and \(changed - firstChanged.count) more" : ""
        return CommandFailure(
            .refused,
            "the batch \(batch) has sent something else to the recipients of \(counted(changed, "row")): \(places)\(more)",
            advice: "Nothing was sent. --changed skip leaves these rows out, so that nobody gets a second message; "
                + "--changed send sends them too.")
    }

    /// Such as `the batch b has 3 messages: 2 rows are among them and are not sent again, 1 row is new`.
    func comparison(batch: String, messages: Int) -> String {
        var facts = ["\(rows(known)) among them and not sent again", "\(rows(sent)) new"]
        if changed > 0 { facts.append("\(rows(changed)) to recipients who were sent something else") }
        if missing > changed { facts.append("\(counted(missing - changed, "message")) of it in no row") }
        return "the batch \(batch) has \(counted(messages, "message")): " + facts.joined(separator: ", ")
    }

    private func rows(_ count: Int) -> String { count == 1 ? "1 row is" : "\(count) rows are" }
}
