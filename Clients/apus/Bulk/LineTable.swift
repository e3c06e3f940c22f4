/// The lines of a file's rows by their places. Most rows take one line, so runs in which both rise together are kept as
/// one.
struct LineTable {
    private struct Run {
        var place: UInt64
        var line: Int
        var count: UInt64
    }

    private var runs: [Run] = []

    /// - Parameter place: higher than all before.
    mutating func append(place: UInt64, line: Int) {
        if let last = runs.last, place == last.place + last.count, line == last.line + Int(last.count) {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(place: place, line: line, count: 1))
        }
    }

    /// The line where a row begins; nil if there is no row at that place.
    func line(of place: UInt64) -> Int? {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].place <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0, place - runs[low - 1].place < runs[low - 1].count else { return nil }
        return runs[low - 1].line + Int(place - runs[low - 1].place)
    }
}
