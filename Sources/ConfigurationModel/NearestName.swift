/// Finds the name that was meant where one was written that does not exist.
package enum NearestName {
    /// Longer names are not compared: the time that it takes grows with the product of two lengths.
    private static let longestName = 64

    /// - Parameters:
    ///   - name: what was written.
    ///   - names: those that exist. The order of equally near ones is alphabetical.
    ///   - most: how many characters may differ; nil = a third of them, and one of a short name.
    /// - Returns: nil if none is near.
    package static func of(_ name: String, among names: some Collection<String>, most: Int? = nil) -> String? {
        guard name.count <= longestName else { return nil }
        let most = most ?? max(1, name.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in names.sorted() where candidate.count <= longestName {
            let distance = distance(name, candidate)
            if distance <= most, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// How many characters must be inserted, removed, replaced, or exchanged with their neighbour: the distance of
    /// Damerau and Levenshtein, in which no part is changed twice.
    static func distance(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first), Array(second))
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1] + Array(repeating: 0, count: b.count)
            for j in b.indices {
                row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
