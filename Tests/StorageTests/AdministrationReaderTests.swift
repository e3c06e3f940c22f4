internal import ConfigurationModel
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// What questions about tenants are answered from, alongside the writer.
@Suite struct AdministrationReaderTests {
    private let fixture = SQLiteFixture()

    @Test func itSeesWhatIsCommitted() throws {
        let store = try fixture.openSQLite()
        let reader = try SQLiteStatusReader(store.catalog).administration
        let context = AuditContext(actor: "uid 0", peer: "unix", at: start, note: "n")
        try store.begin()
        let tenant = try store.administration.tenantID(name: "shop", now: start)
        let change = ConfigurationChange(kind: "tenant", name: "shop", before: nil, after: "{}")
        _ = try store.administration.apply([change], by: context)
        let key = KeyRecord(
            id: "k", tenant: tenant, scopes: 7, salt: [1, 2], hash: [3], note: "", createdAt: start, expiresAt: start)
        try store.administration.insert(key)
        try store.administration.append(AuditRecord(context: context, verb: "config.apply", subject: "1"))
        #expect(try reader.tenants() == [])
        #expect(try reader.generation() == 0)
        #expect(try reader.audit(before: nil, limit: 9) == [])
        try store.commit()
        #expect(try reader.tenants() == [TenantRecord(id: tenant, name: "shop", createdAt: start)])
        #expect(try reader.generation() == 1)
        #expect(try reader.configuration().map(\.document) == ["{}"])
        let newest = try reader.newest()
        #expect(newest.generation == 1 && newest.objects.map(\.name) == ["shop"])
        #expect(
            try reader.generations(before: nil, limit: 9) == [GenerationRecord(number: 1, context: context, changes: 1)]
        )
        #expect(try reader.changes(of: 1) == [change])
        #expect(try reader.keys() == [key])
        #expect(try reader.audit(before: nil, limit: 9).map(\.verb) == ["config.apply"])
    }

    /// Also those that were made in the same millisecond, each once.
    @Test func keysArePaged() throws {
        let store = try fixture.openSQLite()
        let keys = (0..<25).map { number in
            KeyRecord(
                id: "key-\(100 + number * 7 % 25)", tenant: number % 5 == 0 ? .second : .first, scopes: 7, salt: [],
                hash: [], note: "", createdAt: start + Int64(number / 10))
        }
        try store.administer { (store) throws(StoreError) in
            for key in keys { try store.insert(key) }
        }
        let reader = try fixture.reader().administration
        let all = keys.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        for tenant in [nil, TenantID.first, .second] {
            let wanted = all.filter { tenant == nil || $0.tenant == tenant }
            for limit in [1, 4, 25, 26] {
                var found: [KeyRecord] = []
                while true {
                    let cursor = found.last.map { KeyCursor(createdAt: $0.createdAt, id: $0.id) }
                    let page = try reader.keys(of: tenant, after: cursor, limit: limit)
                    #expect(page.count <= limit)
                    guard !page.isEmpty else { break }
                    found += page
                }
                #expect(found == wanted)
            }
        }
        #expect(try reader.key("key-107") == keys[1])
        #expect(try reader.key("key-99") == nil)
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
            found += page.map(\.first.number)
        }
        #expect(found == numbers)
        #expect(pages == 2)
        #expect(try reader.suppressionCount(of: .first) == 4)
        #expect(try reader.suppressionCount(of: .second) == 1)
        #expect(try reader.suppression(of: 49_151_234, tenant: .first)?.first.reason == "STOP")
        #expect(try reader.suppression(of: 49_151_234, tenant: .second) == nil)
        #expect(try reader.suppressions(of: .first, after: .max, limit: 3) == [])
    }
}
