internal import SMSModel

/// Changes of the counts by state that one round makes: added up here, written once at its commit.
struct TallyDeltas {
    private var tenants = ScopeDeltas()
    private var batches = ScopeDeltas()

    mutating func add(_ delta: Int64, _ state: MessageState, tenant: TenantID, batch: BatchID?) {
        tenants.add(delta, state, scope: -Int64(tenant.rawValue))
        if let batch { batches.add(delta, state, scope: Int64(batch.rawValue)) }
    }

    var changes: [(scope: Int64, state: MessageState, delta: Int64)] { tenants.changes + batches.changes }

    mutating func removeAll() {
        tenants.removeAll()
        batches.removeAll()
    }
}

/// Changes of scopes of one kind.
private struct ScopeDeltas {
    private static let states = MessageState.allCases
    private var scopes: [Int64] = []
    private var places: [Int64: Int] = [:]
    /// For each scope in turn, one for each state: every step of every message changes two.
    private var deltas: [Int64] = []
    /// Most changes are of the scope of the one before.
    private var last: (scope: Int64, place: Int)?

    mutating func add(_ delta: Int64, _ state: MessageState, scope: Int64) {
        deltas[place(of: scope) * Self.states.count + Int(state.rawValue) - 1] += delta
    }

    private mutating func place(of scope: Int64) -> Int {
        if let last, last.scope == scope { return last.place }
        let place = places[scope] ?? scopes.count
        if place == scopes.count {
            scopes.append(scope)
            places[scope] = place
            deltas.append(contentsOf: repeatElement(0, count: Self.states.count))
        }
        last = (scope, place)
        return place
    }

    var changes: [(scope: Int64, state: MessageState, delta: Int64)] {
        deltas.indices.compactMap { index in
            guard deltas[index] != 0 else { return nil }
            let (place, state) = index.quotientAndRemainder(dividingBy: Self.states.count)
            return (scopes[place], Self.states[state], deltas[index])
        }
    }

    mutating func removeAll() {
        scopes.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        deltas.removeAll(keepingCapacity: true)
        last = nil
    }
}
