internal import SMSModel

/// Changes of the counts by state that one round makes: added up here, written once at its commit.
struct TallyDeltas {
    private var deltas: [Key: Int64] = [:]

    private struct Key: Hashable {
        var scope: Int64
        var state: MessageState
    }

    mutating func add(_ delta: Int64, _ state: MessageState, tenant: TenantID, batch: BatchID?) {
        deltas[Key(scope: -Int64(tenant.rawValue), state: state), default: 0] += delta
        if let batch { deltas[Key(scope: Int64(batch.rawValue), state: state), default: 0] += delta }
    }

    var changes: [(scope: Int64, state: MessageState, delta: Int64)] {
        deltas.compactMap { $0.value == 0 ? nil : ($0.key.scope, $0.key.state, $0.value) }
    }

    mutating func removeAll() {
        deltas.removeAll(keepingCapacity: true)
    }
}
