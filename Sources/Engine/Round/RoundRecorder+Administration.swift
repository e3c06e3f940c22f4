internal import ConfigurationModel
internal import SMSModel
internal import Storage

/// Tenants, keys, generations of the configuration, opt-outs and the audit log.
extension RoundRecorder: AdministrationStore {
    private var beneath: any AdministrationStore { store.administration }

    // MARK: Tenants

    func tenants() throws(StoreError) -> [TenantRecord] { try beneath.tenants() }

    func tenantID(name: String, now: Int64) throws(StoreError) -> TenantID {
        let id = try beneath.tenantID(name: name, now: now)
        round.operations.append(.tenantNamed(id, name, at: now))
        return id
    }

    // MARK: Generations

    func generation() throws(StoreError) -> UInt32 { try beneath.generation() }
    func configuration() throws(StoreError) -> [ConfigurationObject] { try beneath.configuration() }

    func apply(_ changes: [ConfigurationChange], by context: AuditContext) throws(StoreError) -> UInt32 {
        let generation = try beneath.apply(changes, by: context)
        round.operations.append(.generationMade(generation, changes, by: context))
        return generation
    }

    func generations(before: UInt32?, limit: Int) throws(StoreError) -> [GenerationRecord] {
        try beneath.generations(before: before, limit: limit)
    }

    func changes(of generation: UInt32) throws(StoreError) -> [ConfigurationChange] {
        try beneath.changes(of: generation)
    }

    // MARK: Keys

    func keys() throws(StoreError) -> [KeyRecord] { try beneath.keys() }
    func key(_ id: String) throws(StoreError) -> KeyRecord? { try beneath.key(id) }

    func insert(_ key: KeyRecord) throws(StoreError) {
        try beneath.insert(key)
        round.operations.append(.keyInserted(key))
    }

    func revokeKey(_ id: String, at time: Int64) throws(StoreError) -> Bool {
        guard try beneath.revokeKey(id, at: time) else { return false }
        round.operations.append(.keyRevoked(id, at: time))
        return true
    }

    func setLastUse(of keys: [(id: String, at: Int64)]) throws(StoreError) {
        try beneath.setLastUse(of: keys)
        for key in keys { round.operations.append(.keyUsed(key.id, at: key.at)) }
    }

    // MARK: Opt-outs

    func suppress(_ entry: SuppressionRecord) throws(StoreError) -> Bool {
        let isNew = try beneath.suppress(entry)
        round.operations.append(.suppressed(entry))
        return isNew
    }

    func unsuppress(
        _ number: UInt64, tenant: TenantID, where isMeant: (SuppressionRecord) -> Bool
    ) throws(StoreError) -> [SuppressionRecord] {
        let removed = try beneath.unsuppress(number, tenant: tenant, where: isMeant)
        for entry in removed { round.operations.append(.unsuppressed(entry)) }
        return removed
    }

    func isSuppressed(_ number: UInt64, tenant: TenantID) throws(StoreError) -> Bool {
        try beneath.isSuppressed(number, tenant: tenant)
    }

    func suppressions(_ visit: (SuppressionRecord) -> Void) throws(StoreError) { try beneath.suppressions(visit) }

    func suppressedNumbers(_ visit: (TenantID, UInt64) -> Void) throws(StoreError) {
        try beneath.suppressedNumbers(visit)
    }

    // MARK: Audit, marks

    func append(_ entry: AuditRecord) throws(StoreError) {
        try beneath.append(entry)
        round.operations.append(.audited(entry))
    }

    func audit(before: Int64?, limit: Int) throws(StoreError) -> [AuditRecord] {
        try beneath.audit(before: before, limit: limit)
    }

    func value(_ name: String) throws(StoreError) -> [UInt8]? { try beneath.value(name) }

    func setValue(_ name: String, _ value: [UInt8]) throws(StoreError) {
        try beneath.setValue(name, value)
        round.operations.append(.valueSet(name, value))
    }
}
