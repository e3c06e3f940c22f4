internal import DequeModule

/// What waits for its turn: one piece of work of each owner after the other, so that none waits behind all those of
/// another.
package struct TurnQueue<Owner: Hashable, Work> {
    private var waiting: [Owner: Deque<Work>] = [:]
    /// Owners with work, each once.
    private var turns: Deque<Owner> = []

    package init() {}

    package var isEmpty: Bool { turns.isEmpty }

    package mutating func append(_ work: Work, of owner: Owner) {
        if waiting[owner]?.append(work) == nil {
            waiting[owner] = [work]
            turns.append(owner)
        }
    }

    /// Puts back what was taken out last and is not done: it comes before its owner's other work, when all other owners
    /// have had their turn.
    mutating func putBack(_ work: Work, of owner: Owner) {
        if waiting[owner]?.prepend(work) == nil {
            waiting[owner] = [work]
            turns.append(owner)
        }
    }

    package mutating func popFirst() -> Work? {
        guard let owner = turns.popFirst() else { return nil }
        let work = waiting[owner]?.popFirst()
        if waiting[owner]?.isEmpty == false {
            turns.append(owner)
        } else {
            waiting[owner] = nil
        }
        return work
    }
}
