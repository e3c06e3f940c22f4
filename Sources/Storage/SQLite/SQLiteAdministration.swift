internal import SMSModel

/// Tenants, keys, generations, opt-outs and the audit log in `control.db`.
final class SQLiteAdministration: AdministrationStore {
    private let control: ControlFile

    init(_ control: ControlFile) {
        self.control = control
    }

    func tenants() throws(StoreError) -> [TenantRecord] { throw .failed("not built yet") }
    func tenantID(name: String, now: Int64) throws(StoreError) -> TenantID { throw .failed("not built yet") }
    func generation() throws(StoreError) -> UInt32 { throw .failed("not built yet") }
    func configuration() throws(StoreError) -> [ConfigurationObject] { throw .failed("not built yet") }
    func apply(_ changes: [ConfigurationChange], by act: Act) throws(StoreError) -> UInt32 {
        throw .failed("not built yet")
    }
    func generations(before: UInt32?, limit: Int) throws(StoreError) -> [GenerationRecord] {
        throw .failed("not built yet")
    }
    func changes(of generation: UInt32) throws(StoreError) -> [ConfigurationChange] { throw .failed("not built yet") }
    func keys() throws(StoreError) -> [KeyRecord] { throw .failed("not built yet") }
    func insert(_ key: KeyRecord) throws(StoreError) { throw .failed("not built yet") }
    func revokeKey(_ id: String, at time: Int64) throws(StoreError) -> Bool { throw .failed("not built yet") }
    func setLastUse(of keys: [(id: String, at: Int64)]) throws(StoreError) { throw .failed("not built yet") }
    func suppress(_ entry: SuppressionRecord) throws(StoreError) -> Bool { throw .failed("not built yet") }
    func unsuppress(_ number: UInt64, tenant: TenantID) throws(StoreError) -> Bool { throw .failed("not built yet") }
    func suppressions(_ visit: (SuppressionRecord) -> Void) throws(StoreError) { throw .failed("not built yet") }
    func append(_ entry: AuditRecord) throws(StoreError) { throw .failed("not built yet") }
    func audit(before: Int64?, limit: Int) throws(StoreError) -> [AuditRecord] { throw .failed("not built yet") }
    func value(_ name: String) throws(StoreError) -> [UInt8]? { throw .failed("not built yet") }
    func setValue(_ name: String, _ value: [UInt8]) throws(StoreError) { throw .failed("not built yet") }
}
