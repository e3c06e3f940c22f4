/// The providers that may carry a message: those of a route, but for some.
package struct CandidateSet: Hashable, Sendable {
    /// Its place in the table.
    package var route: UInt16
    /// The providers that are left out: a bit for each place in the route's list.
    package var excluded: UInt16 = 0

    /// Whether some are left out for a while only: its messages are routed again when their turn comes.
    package var isTemporary = false

    package init(route: Int, excluded: UInt16 = 0, isTemporary: Bool = false) {
        self.route = UInt16(route)
        self.excluded = excluded
        self.isTemporary = isTemporary
    }

    package func excludes(_ place: Int) -> Bool { excluded >> UInt16(place) & 1 == 1 }
}

/// Numbers for candidate sets, by which queues are told apart. A number stands for one set as long as the routes are
/// the same; afterwards it says nothing, and is given again once no message waits under it.
package struct CandidateSets: Sendable {
    /// What waits under it has not been routed yet: its providers are found out when its turn comes.
    package static let unrouted: UInt16 = 0
    /// No route is for it, as the routes are now.
    package private(set) var nowhere: UInt16 = 1

    private var sets: [CandidateSet?] = [nil, nil]
    private var numbers: [CandidateSet: UInt16] = [:]
    private var free: [UInt16] = []
    /// Numbers of earlier routes, under which messages may wait.
    package private(set) var outdated: [UInt16] = []

    package init() {}

    /// nil for numbers that say nothing.
    package subscript(number: UInt16) -> CandidateSet? { sets[Int(number)] }

    /// - Returns: the number, and whether it is a new one; ``unrouted`` if there are no more numbers.
    package mutating func number(of set: CandidateSet) -> (number: UInt16, isNew: Bool) {
        if let known = numbers[set] { return (known, false) }
        guard let number = takeNumber() else { return (Self.unrouted, false) }
        sets[Int(number)] = set
        numbers[set] = number
        return (number, true)
    }

    /// - Returns: one that says nothing yet; nil if there are no more.
    private mutating func takeNumber() -> UInt16? {
        if let reused = free.popLast() { return reused }
        guard sets.count < UInt16.max else { return nil }
        sets.append(nil)
        return UInt16(sets.count - 1)
    }

    /// The routes have changed.
    package mutating func routesChanged() {
        outdated += numbers.values.sorted()
        numbers.removeAll()
        if let next = takeNumber() {
            outdated.append(nowhere)
            nowhere = next
        }
        for number in outdated { sets[Int(number)] = nil }
    }

    /// Gives back the outdated numbers under which nothing waits.
    package mutating func free(where isUnused: (UInt16) -> Bool) {
        free += outdated.filter(isUnused)
        outdated.removeAll(where: isUnused)
    }
}
