internal import SMSModel

/// What messages are counted by, for each tenant and batch.
enum CountedState: Hashable {
    case state(MessageState)
    /// The sent messages of which no receipt is expected: they are settled, whatever the time.
    case sentForGood

    /// The number in the tables.
    var number: Int64 {
        switch self {
        case .state(let state): Int64(state.rawValue)
        case .sentForGood: 64
        }
    }

    init?(number: Int64) {
        if number == Self.sentForGood.number {
            self = .sentForGood
        } else if let state = UInt8(exactly: number).flatMap(MessageState.init) {
            self = .state(state)
        } else {
            return nil
        }
    }

    static let all = MessageState.allCases.map(Self.state) + [.sentForGood]

    /// The place in ``all``.
    fileprivate var place: Int {
        switch self {
        case .state(let state): Int(state.rawValue) - 1
        case .sentForGood: Self.all.count - 1
        }
    }
}

/// Changes of the counts that one round makes: added up here, written once at its commit.
struct StateCountDeltas {
    private var tenants = ScopeDeltas()
    private var batches = ScopeDeltas()

    mutating func add(_ delta: Int64, _ kind: CountedState, tenant: TenantID, batch: BatchID?) {
        tenants.add(delta, kind, scope: -Int64(tenant.rawValue))
        if let batch { batches.add(delta, kind, scope: Int64(batch.rawValue)) }
    }

    var changes: [(scope: Int64, kind: CountedState, delta: Int64)] { tenants.changes + batches.changes }

    mutating func removeAll() {
        tenants.removeAll()
        batches.removeAll()
    }
}

/// Changes of scopes of one kind.
private struct ScopeDeltas {
    private static let kinds = CountedState.all
    private var scopes: [Int64] = []
    private var places: [Int64: Int] = [:]
    /// For each scope in turn, one for each kind: every step of every message changes two.
    private var deltas: [Int64] = []
    /// Most changes are of the scope of the one before.
    private var last: (scope: Int64, place: Int)?

    mutating func add(_ delta: Int64, _ kind: CountedState, scope: Int64) {
        deltas[place(of: scope) * Self.kinds.count + kind.place] += delta
    }

    private mutating func place(of scope: Int64) -> Int {
        if let last, last.scope == scope { return last.place }
        let place = places[scope] ?? scopes.count
        if place == scopes.count {
            scopes.append(scope)
            places[scope] = place
            deltas.append(contentsOf: repeatElement(0, count: Self.kinds.count))
        }
        last = (scope, place)
        return place
    }

    var changes: [(scope: Int64, kind: CountedState, delta: Int64)] {
        deltas.indices.compactMap { index in
            guard deltas[index] != 0 else { return nil }
            let (place, kind) = index.quotientAndRemainder(dividingBy: Self.kinds.count)
            return (scopes[place], Self.kinds[kind], deltas[index])
        }
    }

    mutating func removeAll() {
        scopes.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        deltas.removeAll(keepingCapacity: true)
        last = nil
    }
}
