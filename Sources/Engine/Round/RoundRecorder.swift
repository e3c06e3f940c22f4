internal import ConfigurationModel
internal import SMSModel
internal import Storage

/// The store as a round sees it: everything that is written goes by here, and is gathered as a value. So the value is
/// whole, no matter who writes.
///
/// Reads, and what is no part of a round, are the store's own. Called by the writer's thread.
final class RoundRecorder: MessageStore {
    let store: any MessageStore
    /// The value of the round under way.
    var round = Round()

    init(_ store: any MessageStore) {
        self.store = store
    }

    var administration: any AdministrationStore { self }
    var carriers: any CarrierStore { self }

    // MARK: Rounds

    func begin() throws(StoreError) { try store.begin() }
    func commit() throws(StoreError) { try store.commit() }
    func rollback() { store.rollback() }

    // MARK: Messages

    func accept(
        _ batch: MessageDrafts, _ range: Range<Int>, chunk: BatchChunk?, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        let before = results.count
        try store.accept(batch, range, chunk: chunk, now: now, results: &results)
        round.accepted.append(
            Round.Acceptance(
                drafts: batch, start: range.lowerBound,
                results: before == 0 ? results : Array(results[before...]), batch: chunk?.batch))
    }

    func record(
        _ stored: StoredLifecycle, since mark: MessageLifecycle.Mark, isFirst: Bool
    ) throws(StoreError) -> Bool {
        guard try store.record(stored, since: mark, isFirst: isFirst) else { return false }
        round.steps.append(Round.Step(stored: stored, since: mark, isFirst: isFirst))
        return true
    }

    func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle? { try store.lifecycle(of: id) }

    func load(_ id: MessageID, into batch: inout MessageDrafts) throws(StoreError) -> LoadedMessage? {
        try store.load(id, into: &batch)
    }

    func find(providerID: String, provider: UInt8) throws(StoreError) -> MessageID? {
        try store.find(providerID: providerID, provider: provider)
    }

    // MARK: Batches, pauses

    func openBatch(tenant: TenantID, name: String, now: Int64) throws(StoreError) -> BatchRecord {
        let batch = try store.openBatch(tenant: tenant, name: name, now: now)
        // Whether it was made now or in the same millisecond before makes no difference.
        if batch.createdAt == now { round.operations.append(.batchOpened(batch)) }
        return batch
    }

    func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try store.batch(tenant: tenant, reference)
    }

    func cancelBatch(_ id: BatchID) throws(StoreError) {
        try store.cancelBatch(id)
        round.operations.append(.batchCanceled(id))
    }

    func unfinishedCancellations() throws(StoreError) -> [BatchID] { try store.unfinishedCancellations() }

    func messages(
        of batch: BatchID, from index: UInt64, limit: Int
    ) throws(StoreError) -> (ids: [MessageID], next: UInt64?) {
        try store.messages(of: batch, from: index, limit: limit)
    }

    func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError) {
        try store.setPaused(target, paused)
        round.operations.append(paused ? .paused(target) : .resumed(target))
    }

    func pausedTargets() throws(StoreError) -> [PauseTarget] { try store.pausedTargets() }

    // MARK: The gateway's own

    func setQuotas(_ quotas: [TenantID: TenantQuota]) { store.setQuotas(quotas) }
    func setRetention(of tenants: [TenantID: RetentionPolicy.Days]) { store.setRetention(of: tenants) }

    func usage(of tenant: TenantID, now: Int64) throws(StoreError) -> TenantUsage {
        try store.usage(of: tenant, now: now)
    }

    func providerIndex(name: String, kind: String) throws(StoreError) -> UInt8 {
        let number = try store.providerIndex(name: name, kind: kind)
        round.operations.append(.providerNumbered(name: name, kind: kind, number: number))
        return number
    }

    func providerNumbers() throws(StoreError) -> [String: UInt8] { try store.providerNumbers() }
    func receiptKey() throws(StoreError) -> [UInt8] { try store.receiptKey() }

    // MARK: Recovery and checkpoint

    func recover(
        from cursor: MessageID?, limit: Int, now: Int64, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) -> MessageID? {
        try store.recover(from: cursor, limit: limit, now: now, visit)
    }

    func setRecoveryStart(_ id: MessageID?) throws(StoreError) {
        try store.setRecoveryStart(id)
        round.operations.append(.recoveryStartMoved(id))
    }

    var retentionHold: RetentionHold? { store.retentionHold }

    func applyRetention(now: Int64) throws(StoreError) -> Int64 {
        let next = try store.applyRetention(now: now)
        round.operations.append(.retentionApplied(at: now))
        return next
    }

    func checkRoom() throws(StoreError) { try store.checkRoom() }
    func room() throws(StoreError) -> StoreRoom { try store.room() }
    func checkpoint(isIdle: Bool) throws(StoreError) { try store.checkpoint(isIdle: isIdle) }
}
