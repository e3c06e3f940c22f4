package import SMSModel
internal import Scheduling
internal import Storage

/// What of all that the writer knows is one tenant's own.
package struct TenantLoad: Hashable, Sendable {
    package var waitingUrgent: UInt64 = 0
    package var waitingNormal: UInt64 = 0
    package var waitingBulk: UInt64 = 0
    /// The names, as operators see them, of what keeps its messages waiting.
    package var paused: [String] = []
}

extension WriterCore {
    func load(of tenant: TenantID) throws(StoreError) -> TenantLoad {
        var load = waiting(of: tenant)
        load.paused = try pausedNames(of: tenant)
        return load
    }

    /// Without asking the store.
    func waiting(of tenant: TenantID) -> TenantLoad {
        TenantLoad(
            waitingUrgent: UInt64(dispatcher.open.waitingCount(.urgent, of: tenant)),
            waitingNormal: UInt64(dispatcher.open.waitingCount(.normal, of: tenant)),
            waitingBulk: UInt64(dispatcher.open.waitingCount(.bulk, of: tenant)))
    }

    /// Everything, the tenant, its batches: as far as they are paused.
    func pausedNames(of tenant: TenantID) throws(StoreError) -> [String] {
        var names: [String] = []
        if dispatcher.isPaused { names.append(name(of: .everything)) }
        if dispatcher.pausedTenants.contains(tenant) { names.append(name(of: .tenant(tenant))) }
        for batch in dispatcher.pausedBatches.sorted() where try store.batch(tenant: tenant, .id(batch)) != nil {
            names.append(name(of: .batch(batch)))
        }
        return names
    }
}

extension GatewayStatistics {
    /// What a tenant is told: nothing of the gateway, nor of others.
    ///
    /// - Parameter states: of its messages.
    package init(_ states: [StateCount], _ load: TenantLoad) {
        self.init()
        self.states = states
        waitingUrgent = load.waitingUrgent
        waitingNormal = load.waitingNormal
        waitingBulk = load.waitingBulk
        func count(_ state: MessageState) -> UInt64 { states.first { $0.state == state }?.count ?? 0 }
        let waiting = waitingUrgent + waitingNormal + waitingBulk
        // The two are not of the same moment.
        waitingLater = max(count(.scheduled) + count(.queued), waiting) - waiting
        inFlight = count(.submitting)
        paused = load.paused
    }
}
