/// The least of several sorted sequences' next entries, by a tree of losers: taking one costs a comparison for each
/// of its levels, however the others are ordered.
struct LoserTree {
    /// The next entry of each sequence; ``end`` where there is none.
    private var entries: [IndexEntry]
    /// The sequence whose entry is the least.
    private var winner = 0
    /// The loser at each inner node of the tree. Node 1 is the root, and above the sequence `i` is the node
    /// `(entries.count + i) / 2`.
    private var losers: [Int]

    /// No id is so high, so it comes after all entries.
    private static let end = IndexEntry(hash: .max, id: .max)

    /// - Parameter first: the first entry of each sequence, nil if it has none.
    init(_ first: [IndexEntry?]) {
        entries = first.map { $0 ?? Self.end }
        losers = Array(repeating: Self.nobody, count: entries.count)
        for sequence in entries.indices { play(sequence) }
    }

    private static let nobody = -1

    /// The least entry and its sequence; nil if all are at their end.
    var least: (entry: IndexEntry, sequence: Int)? {
        guard !entries.isEmpty, entries[winner].id != Self.end.id else { return nil }
        return (entries[winner], winner)
    }

    /// The sequence of ``least`` has gone on.
    /// - Parameter next: its next entry, nil at its end.
    mutating func replaceLeast(by next: IndexEntry?) {
        entries[winner] = next ?? Self.end
        play(winner)
    }

    /// Plays from a sequence's leaf to the root. At first the tree fills: who comes to a free node waits there.
    private mutating func play(_ sequence: Int) {
        var ahead = sequence
        var node = (entries.count + sequence) / 2
        while node > 0 {
            let other = losers[node]
            if other == Self.nobody {
                losers[node] = ahead
                return
            }
            if entries[other] < entries[ahead] {
                losers[node] = ahead
                ahead = other
            }
            node /= 2
        }
        winner = ahead
    }
}
