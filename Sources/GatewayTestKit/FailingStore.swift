package import SMSModel
package import Storage

/// A store that fails when told to; otherwise all goes to the store beneath.
///
/// Sendable unchecked: one thread at a time calls it, a test's or the writer's.
package final class FailingStore: MessageStore, @unchecked Sendable {
    /// Where the next failure happens.
    package enum Point: Sendable, CaseIterable {
        case begin
        case accept
        case record
        case commit
        /// Once all of the round has been committed: the error says that some of it was not.
        case committed
        case checkpoint

        /// The points after which nothing of the round is there.
        package static let clean: [Point] = [.begin, .accept, .record, .commit]
    }

    private let store: any MessageStore
    /// nil = all is well. Stays until it is changed.
    package var failsAt: Point?
    package var error = StoreError.full("no room")
    /// Commits that succeeded.
    package private(set) var commits = 0
    private let committed: (@Sendable ([StoredLifecycle]) -> Void)?
    private var recorded: [StoredLifecycle] = []

    /// - Parameter committed: told of the steps that each commit made durable.
    package init(_ store: any MessageStore, committed: (@Sendable ([StoredLifecycle]) -> Void)? = nil) {
        self.store = store
        self.committed = committed
    }

    /// The store beneath, if it is the embedded one.
    package var sqlite: SQLiteMessageStore? { store as? SQLiteMessageStore }

    package var administration: any AdministrationStore { store.administration }
    package var carriers: any CarrierStore { store.carriers }
    package func setQuotas(_ quotas: [TenantID: TenantQuota]) { store.setQuotas(quotas) }
    package func setRetention(of tenants: [TenantID: RetentionPolicy.Days]) { store.setRetention(of: tenants) }
    package func usage(of tenant: TenantID, now: Int64) throws(StoreError) -> TenantUsage {
        try store.usage(of: tenant, now: now)
    }

    /// nil = as the store beneath says.
    package var roomLeft: StoreRoom?

    package func room() throws(StoreError) -> StoreRoom {
        if let roomLeft { return roomLeft }
        return try store.room()
    }

    private func fail(_ point: Point) throws(StoreError) {
        if failsAt == point { throw error }
    }

    package func begin() throws(StoreError) {
        try fail(.begin)
        recorded.removeAll()
        try store.begin()
    }

    package func accept(
        _ batch: MessageDrafts, _ range: Range<Int>, chunk: BatchChunk?, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        try store.accept(batch, range, chunk: chunk, now: now, results: &results)
        // Half done: the rows are there until the caller rolls back.
        try fail(.accept)
    }

    package func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle? { try store.lifecycle(of: id) }

    package func record(
        _ stored: StoredLifecycle, since mark: MessageLifecycle.Mark, isFirst: Bool
    ) throws(StoreError) -> Bool {
        let isRecorded = try store.record(stored, since: mark, isFirst: isFirst)
        try fail(.record)
        if isRecorded, committed != nil { recorded.append(stored) }
        return isRecorded
    }

    package func load(_ id: MessageID, into batch: inout MessageDrafts) throws(StoreError) -> LoadedMessage? {
        try store.load(id, into: &batch)
    }

    package func openBatch(tenant: TenantID, name: String, now: Int64) throws(StoreError) -> BatchRecord {
        try store.openBatch(tenant: tenant, name: name, now: now)
    }

    package func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try store.batch(tenant: tenant, reference)
    }

    package func cancelBatch(_ id: BatchID) throws(StoreError) { try store.cancelBatch(id) }

    package func unfinishedCancellations() throws(StoreError) -> [BatchID] { try store.unfinishedCancellations() }

    package func messages(
        of batch: BatchID, from index: UInt64, limit: Int
    ) throws(StoreError) -> (ids: [MessageID], next: UInt64?) {
        try store.messages(of: batch, from: index, limit: limit)
    }

    package func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError) {
        try store.setPaused(target, paused)
    }

    package func pausedTargets() throws(StoreError) -> [PauseTarget] { try store.pausedTargets() }

    package func providerIndex(name: String, kind: String) throws(StoreError) -> UInt8 {
        try store.providerIndex(name: name, kind: kind)
    }

    package func providerNumbers() throws(StoreError) -> [String: UInt8] { try store.providerNumbers() }

    package func receiptKey() throws(StoreError) -> [UInt8] { try store.receiptKey() }

    package func setRecoveryStart(_ id: MessageID?) throws(StoreError) { try store.setRecoveryStart(id) }

    package func commit() throws(StoreError) {
        try fail(.commit)
        try store.commit()
        commits += 1
        committed?(recorded)
        try fail(.committed)
    }

    package func rollback() { store.rollback() }

    package func checkRoom() throws(StoreError) { try store.checkRoom() }

    package func recover(
        from cursor: MessageID?, limit: Int, now: Int64, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) -> MessageID? {
        try store.recover(from: cursor, limit: limit, now: now, visit)
    }

    package func find(providerID: String, provider: UInt8) throws(StoreError) -> MessageID? {
        try store.find(providerID: providerID, provider: provider)
    }

    package var retentionHold: RetentionHold? { store.retentionHold }

    package func applyRetention(now: Int64) throws(StoreError) -> Int64 { try store.applyRetention(now: now) }

    package func checkpoint(isIdle: Bool) throws(StoreError) {
        try fail(.checkpoint)
        try store.checkpoint(isIdle: isIdle)
    }
}
