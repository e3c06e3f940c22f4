internal import ConfigurationModel
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// What questions about tenants are answered from, beside the writer.
@Suite struct AdministrationReaderTests {
    private let fixture = SQLiteFixture()

    @Test func itSeesWhatIsCommitted() throws {
        let store = try fixture.openSQLite()
        let reader = try SQLiteStatusReader(store.catalog).administration
        let act = Act(actor: "uid 0", peer: "unix", at: start, note: "n")
        try store.begin()
        let tenant = try store.administration.tenantID(name: "shop", now: start)
        let change = ConfigurationChange(kind: "tenant", name: "shop", before: nil, after: "{}")
        _ = try store.administration.apply([change], by: act)
        let key = KeyRecord(
            id: "k", tenant: tenant, scopes: 7, salt: [1, 2], hash: [3], note: "", createdAt: start, expiresAt: start)
        try store.administration.insert(key)
        try store.administration.append(AuditRecord(act: act, verb: "config.apply", subject: "1"))
        #expect(try reader.tenants() == [])
        #expect(try reader.generation() == 0)
        #expect(try reader.audit(before: nil, limit: 9) == [])
        try store.commit()
        #expect(try reader.tenants() == [TenantRecord(id: tenant, name: "shop", createdAt: start)])
        #expect(try reader.generation() == 1)
        #expect(try reader.configuration().map(\.document) == ["{}"])
        #expect(try reader.generations(before: nil, limit: 9) == [GenerationRecord(number: 1, act: act, changes: 1)])
        #expect(try reader.changes(of: 1) == [change])
        #expect(try reader.keys() == [key])
        #expect(try reader.audit(before: nil, limit: 9).map(\.verb) == ["config.apply"])
    }

    @Test func optOutsArePaged() throws {
        let store = try fixture.openSQLite()
        let numbers: [UInt64] = [7, 49_151_234, 14_155_550_100, 999_999_999_999_999]
        try store.administer { (store) throws(StoreError) in
            for number in numbers.reversed() {
                _ = try store.suppress(SuppressionRecord(tenant: .first, number: number, at: start, reason: "STOP"))
            }
            _ = try store.suppress(SuppressionRecord(tenant: .second, number: 8, at: start, reason: ""))
        }
        let reader = try fixture.reader().administration
        var found: [UInt64] = []
        var pages = 0
        while true {
            let page = try reader.suppressions(of: .first, after: found.last ?? 0, limit: 3)
            guard !page.isEmpty else { break }
            pages += 1
            found += page.map(\.number)
        }
        #expect(found == numbers)
        #expect(pages == 2)
        #expect(try reader.suppressionCount(of: .first) == 4)
        #expect(try reader.suppressionCount(of: .second) == 1)
        #expect(try reader.suppression(of: 49_151_234, tenant: .first)?.reason == "STOP")
        #expect(try reader.suppression(of: 49_151_234, tenant: .second) == nil)
        #expect(try reader.suppressions(of: .first, after: .max, limit: 3) == [])
    }
}
