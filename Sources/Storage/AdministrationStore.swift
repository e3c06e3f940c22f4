package import ConfigurationModel
package import SMSModel

/// Where tenants, keys, generations of the configuration, opt-outs and the audit log are durable. Called by the
/// thread that calls the ``MessageStore``, within the same rounds.
package protocol AdministrationStore: AnyObject {
    // MARK: Tenants

    /// All tenants that ever were: a number is never given to another name.
    func tenants() throws(StoreError) -> [TenantRecord]
    /// The number of the tenant of that name, made if there is none.
    func tenantID(name: String, now: Int64) throws(StoreError) -> TenantID

    // MARK: Generations

    /// The number of the newest generation; 0 before the first.
    func generation() throws(StoreError) -> UInt32
    /// What the newest generation consists of, by kind and name.
    func configuration() throws(StoreError) -> [ConfigurationObject]
    /// Makes a new generation of the newest one by these changes, at least one, none of which may be without effect.
    /// - Returns: its number.
    /// - Throws: `failed` if a change does not begin from what is there.
    func apply(_ changes: [ConfigurationChange], by context: AuditContext) throws(StoreError) -> UInt32
    /// The newest generations, newest first, `before` one; at most `limit`.
    func generations(before: UInt32?, limit: Int) throws(StoreError) -> [GenerationRecord]
    /// The changes that made a generation.
    func changes(of generation: UInt32) throws(StoreError) -> [ConfigurationChange]

    // MARK: Keys

    func keys() throws(StoreError) -> [KeyRecord]
    /// nil if there never was one of that id.
    func key(_ id: String) throws(StoreError) -> KeyRecord?
    /// - Throws: `failed` if its id is taken.
    func insert(_ key: KeyRecord) throws(StoreError)
    /// - Returns: false if there is no such key, or it is revoked already.
    func revokeKey(_ id: String, at time: Int64) throws(StoreError) -> Bool
    /// A use before the one that is known changes nothing; keys that are not there are passed over.
    func setLastUse(of keys: [(id: String, at: Int64)]) throws(StoreError)

    // MARK: Opt-outs

    /// Adds an entry, which has an origin. One of the same origin that is there already stays as it is.
    /// - Returns: whether it was not there before.
    func suppress(_ entry: SuppressionRecord) throws(StoreError) -> Bool
    /// Removes those entries of a number that are meant; it is suppressed as long as one is left.
    /// - Returns: those that were removed.
    func unsuppress(
        _ number: UInt64, tenant: TenantID, where isMeant: (SuppressionRecord) -> Bool
    ) throws(StoreError) -> [SuppressionRecord]
    func isSuppressed(_ number: UInt64, tenant: TenantID) throws(StoreError) -> Bool
    /// Visits all entries by tenant, number, origin and own number.
    func suppressions(_ visit: (SuppressionRecord) -> Void) throws(StoreError)
    /// Visits all numbers that are suppressed, each once, by tenant and number.
    func suppressedNumbers(_ visit: (TenantID, UInt64) -> Void) throws(StoreError)

    // MARK: Audit

    func append(_ entry: AuditRecord) throws(StoreError)
    /// The newest entries, newest first, `before` one; at most `limit`.
    func audit(before: Int64?, limit: Int) throws(StoreError) -> [AuditRecord]

    // MARK: Marks

    /// A small value under a name, such as what tells whether the master key is the right one; nil if there is none.
    func value(_ name: String) throws(StoreError) -> [UInt8]?
    func setValue(_ name: String, _ value: [UInt8]) throws(StoreError)
}
