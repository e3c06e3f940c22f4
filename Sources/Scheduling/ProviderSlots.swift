/// A provider's bound on messages in flight, of which the last slots are kept for URGENT.
package struct ProviderSlots: Hashable, Sendable {
    /// Messages that may be in flight; at least 1.
    package private(set) var capacity: Int
    /// Slots that only URGENT may take.
    private let wantedReserve: Int
    package private(set) var inFlight = 0

    /// - Parameters:
    ///   - capacity: raised to 1.
    ///   - reserved: lowered to capacity - 1, so that other messages can go too.
    package init(capacity: Int, reserved: Int = 1) {
        self.capacity = max(capacity, 1)
        wantedReserve = max(reserved, 0)
    }

    package var reserved: Int { min(wantedReserve, capacity - 1) }

    /// Slots that could be taken now.
    package func free(urgent: Bool = false) -> Int {
        max(0, capacity - inFlight - (urgent ? 0 : reserved))
    }

    package mutating func take(urgent: Bool = false) -> Bool {
        guard free(urgent: urgent) > 0 else { return false }
        inFlight += 1
        return true
    }

    /// Counts one that turns out to be in flight, beyond the bound if it must be.
    package mutating func hold() { inFlight += 1 }

    /// - Precondition: a slot is taken.
    package mutating func release() {
        precondition(inFlight > 0)
        inFlight -= 1
    }

    /// Changes the bound; what is in flight beyond it stays so, and nothing is taken until it has come back.
    package mutating func setCapacity(_ new: Int) {
        capacity = max(new, 1)
    }
}
