internal import ConfigurationModel
internal import SMSModel
package import Storage

extension StoreConformance {
    private static let context = AuditContext(
        actor: "key k1", peer: "tcp:127.0.0.1:1", at: start, note: "why, in \u{201C}words\u{201D}")

    static let administration = [
        Case("a tenant keeps its number, and the first is 1") { fixture in
            var store = try fixture.open(now: start)
            let names = ["zoo", "shop", "Shop", "a.b-c_d"]
            try store.administer { (store) throws(StoreError) in
                for name in names { _ = try store.tenantID(name: name, now: start) }
            }
            store.begun { _ = try? $0.tenantID(name: "nobody", now: start) }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 1) }
                let ids = try store.administer { (store) throws(StoreError) in
                    var ids: [TenantID] = []
                    for name in names { ids.append(try store.tenantID(name: name, now: start + 9)) }
                    return ids
                }
                try requireEqual(ids.map(\.rawValue), [1, 2, 3, 4], "numbers")
                let wanted = zip(ids, names).map { TenantRecord(id: $0, name: $1, createdAt: start) }
                try requireEqual(try store.administration.tenants(), wanted, "records")
            }
        },
        Case("generations are counted, kept with their changes, and make the configuration") { fixture in
            var store = try fixture.open(now: start)
            try requireEqual(try store.administration.generation(), 0, "before the first")
            let steps: [[ConfigurationChange]] = [
                [.tenant("a", nil, "{}"), .tenant("b", nil, "{\"weight\":2}")],
                [.tenant("a", "{}", "{\"note\":\"gr\u{FC}\u{DF}\"}")],
                [.tenant("b", "{\"weight\":2}", nil), .tenant("c", nil, "{}")],
            ]
            for (place, changes) in steps.enumerated() {
                let number = try store.administer { (store) throws(StoreError) in
                    try store.apply(changes, by: AuditContext(actor: "apusd", at: start + Int64(place)))
                }
                try requireEqual(number, UInt32(place + 1), "number")
            }
            store.begun { _ = try? $0.apply([.tenant("d", nil, "{}")], by: context) }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start) }
                let found = store.administration
                try requireEqual(try found.generation(), 3, "newest")
                try requireEqual(
                    try found.configuration(),
                    [
                        ConfigurationObject(kind: "tenant", name: "a", document: "{\"note\":\"gr\u{FC}\u{DF}\"}"),
                        ConfigurationObject(kind: "tenant", name: "c", document: "{}"),
                    ], "configuration")
                for (place, changes) in steps.enumerated() {
                    try requireEqual(try found.changes(of: UInt32(place + 1)), changes, "changes")
                }
                try requireEqual(try found.changes(of: 4), [], "changes of none")
                let records = [UInt32(3), 2, 1].map { number in
                    GenerationRecord(
                        number: number, context: AuditContext(actor: "apusd", at: start + Int64(number) - 1),
                        changes: number == 2 ? 1 : 2)
                }
                try requireEqual(try found.generations(before: nil, limit: 9), records, "all")
                try requireEqual(try found.generations(before: nil, limit: 2), Array(records[..<2]), "two")
                try requireEqual(try found.generations(before: 2, limit: 9), Array(records[2...]), "older ones")
            }
        },
        Case("a change that does not begin from what is there is refused") { fixture in
            let store = try fixture.open(now: start)
            _ = try store.administer { (store) throws(StoreError) in
                try store.apply([.tenant("a", nil, "{}")], by: context)
            }
            for change in [
                ConfigurationChange.tenant("a", nil, "{}"), .tenant("a", "{\"weight\":2}", nil),
                .tenant("b", "{}", nil), .tenant("a", "{}", "{}"),
            ] {
                do throws(StoreError) {
                    _ = try store.administer { (store) throws(StoreError) in try store.apply([change], by: context) }
                } catch {
                    continue
                }
                throw ConformanceFailure(description: "\(change) was applied")
            }
            try requireEqual(try store.administration.generation(), 1, "newest")
        },
        Case("a key is kept as it is, revoked once, and its last use only rises") { fixture in
            var store = try fixture.open(now: start)
            var first = KeyRecord(
                id: "Kk1-_", tenant: .first, scopes: 15, salt: Array(0..<16), hash: Array(200...231), note: "pos\u{E9}",
                createdAt: start, expiresAt: start + 5)
            let second = KeyRecord(
                id: "kk1-_", tenant: .second, scopes: 1, salt: [0], hash: [], note: "", createdAt: start + 1)
            try store.administer { (store) throws(StoreError) in
                try store.insert(first)
                try store.insert(second)
            }
            store.begun { _ = try? $0.revokeKey(second.id, at: start) }
            let isRevoked = try store.administer { (store) throws(StoreError) in
                try store.setLastUse(of: [(first.id, start + 9), ("nobody", start + 9)])
                try store.setLastUse(of: [(first.id, start + 8)])
                var answers: [Bool] = []
                for id in [first.id, first.id, "nobody"] { answers.append(try store.revokeKey(id, at: start + 7)) }
                return answers
            }
            try requireEqual(isRevoked, [true, false, false], "revoked")
            first.lastUsedAt = start + 9
            first.revokedAt = start + 7
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start) }
                try requireEqual(try store.administration.keys(), [first, second], "keys")
                try requireEqual(try store.administration.key(second.id), second, "a key")
                try requireEqual(try store.administration.key("nobody"), nil, "no key")
            }
        },
        Case("opt-outs are a tenant's own") { fixture in
            var store = try fixture.open(now: start)
            let entries = [
                SuppressionRecord(tenant: .first, number: 14_155_550_100, at: start, reason: "STOP"),
                SuppressionRecord(tenant: .first, number: 999_999_999_999_999, at: start, reason: ""),
                SuppressionRecord(tenant: .second, number: 14_155_550_100, at: start + 1, reason: "gr\u{FC}\u{DF}"),
            ]
            let changes = try store.administer { (store) throws(StoreError) in
                var changes: [Bool] = []
                for entry in entries.reversed() { changes.append(try store.suppress(entry)) }
                var again = entries[0]
                again.reason = "again"
                changes.append(try store.suppress(again))
                changes.append(try store.suppress(.init(tenant: .second, number: 7, at: start, reason: "")))
                for tenant in [TenantID.first, .second, .second] {
                    changes.append(try !store.unsuppress(7, tenant: tenant) { _ in true }.isEmpty)
                }
                return changes
            }
            try requireEqual(changes, [true, true, true, false, true, false, true, false], "whether it changed")
            store.begun { _ = try? $0.unsuppress(entries[0].number, tenant: .first) { _ in true } }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start) }
                var found: [SuppressionRecord] = []
                try store.administration.suppressions { found.append($0) }
                try requireEqual(found, entries, "opt-outs")
                let asked: [(UInt64, TenantID)] = [
                    (14_155_550_100, .first), (14_155_550_100, .second), (999_999_999_999_999, .second), (7, .second),
                ]
                var answers: [Bool] = []
                for (number, tenant) in asked {
                    answers.append(try store.administration.isSuppressed(number, tenant: tenant))
                }
                try requireEqual(answers, [true, true, false, false], "whether one has opted out")
            }
        },
        Case("a number is suppressed as long as one entry is left") { fixture in
            var store = try fixture.open(now: start)
            func entry(_ origin: SuppressionOrigin, _ own: String = "", at time: Int64 = start) -> SuppressionRecord {
                SuppressionRecord(
                    tenant: .first, number: 7, at: time, reason: "\(origin) \(own)", origin: origin, ownNumber: own)
            }
            let entries = [
                entry(.operatorRequest, at: start + 2), entry(.keyword, "1"), entry(.keyword, "2", at: start + 1),
                entry(.importedList),
            ]
            let isNew = try store.administer { (store) throws(StoreError) in
                var isNew: [Bool] = []
                for entry in entries.reversed() + entries { isNew.append(try store.suppress(entry)) }
                return isNew
            }
            try requireEqual(isNew, [true, true, true, true, false, false, false, false], "new")
            func left() throws -> [SuppressionRecord] {
                var found: [SuppressionRecord] = []
                try store.administration.suppressions { found.append($0) }
                return found
            }
            try requireEqual(try left(), entries, "all")
            var removed = try store.administer { (store) throws(StoreError) in
                try store.unsuppress(7, tenant: .first) { $0.origin == .keyword && $0.ownNumber == "2" }
            }
            try requireEqual(removed, [entries[2]], "the one")
            store.begun { _ = try? $0.unsuppress(7, tenant: .first) { _ in true } }
            store = try fixture.open(now: start)
            try requireEqual(try left(), [entries[0], entries[1], entries[3]], "the others")
            removed = try store.administer { (store) throws(StoreError) in
                try store.unsuppress(7, tenant: .first) { $0.origin != .operatorRequest }
            }
            try requireEqual(removed, [entries[1], entries[3]], "all but an operator's")
            try require(try store.administration.isSuppressed(7, tenant: .first), "one is left")
            _ = try store.administer { (store) throws(StoreError) in
                try store.unsuppress(7, tenant: .first) { _ in true }
            }
            try require(try !store.administration.isSuppressed(7, tenant: .first), "none is left")
            var numbers: [UInt64] = []
            try store.administration.suppressedNumbers { numbers.append($1) }
            try requireEqual(numbers, [], "numbers")
        },
        Case("the audit log is read from its end") { fixture in
            var store = try fixture.open(now: start)
            try store.administer { (store) throws(StoreError) in
                for number in 1...5 {
                    try store.append(
                        AuditRecord(
                            context: context, verb: "key.create", subject: "k\(number)", before: "",
                            after: "{\"a\":\(number)}")
                    )
                }
            }
            store.begun { try? $0.append(AuditRecord(context: context, verb: "pause", subject: "everything")) }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start) }
                let all = try store.administration.audit(before: nil, limit: 100)
                try requireEqual(all.map(\.subject), ["k5", "k4", "k3", "k2", "k1"], "subjects")
                try require(zip(all, all.dropFirst()).allSatisfy { $0.id > $1.id && $1.id > 0 }, "ids do not rise")
                try requireEqual(all[0].context, context, "context")
                try requireEqual(all[0].after, "{\"a\":5}", "after")
                let page = try store.administration.audit(before: all[1].id, limit: 2)
                try requireEqual(page, Array(all[2...3]), "a page")
            }
        },
        Case("a mark is what it was set to last") { fixture in
            var store = try fixture.open(now: start)
            try store.administer { (store) throws(StoreError) in
                try store.setValue("a", [1, 0, 255])
                try store.setValue("b", [7])
                try store.setValue("b", [])
            }
            store.begun { try? $0.setValue("a", [2]) }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start) }
                try requireEqual(try store.administration.value("a"), [1, 0, 255], "a")
                try requireEqual(try store.administration.value("b"), [], "b")
                try requireEqual(try store.administration.value("c"), nil, "c")
            }
        },
        Case("what a round does to messages and to tenants is there together, or not at all") { fixture in
            let store = try fixture.open(now: start)
            var results: [AcceptResult] = []
            for isCommitted in [false, true] {
                try store.begin()
                let tenant = try store.administration.tenantID(name: "t", now: start)
                try store.accept(
                    MessageDrafts([TestMessage { $0.tenant = tenant }]), 0..<1, chunk: nil, now: start,
                    results: &results)
                if isCommitted { try store.commit() } else { store.rollback() }
                try requireEqual(try store.administration.tenants().count, isCommitted ? 1 : 0, "tenants")
                try requireEqual(try store.recovered(now: start).count, isCommitted ? 1 : 0, "messages")
            }
        },
    ]
}

extension ConfigurationChange {
    fileprivate static func tenant(_ name: String, _ before: String?, _ after: String?) -> ConfigurationChange {
        ConfigurationChange(kind: "tenant", name: name, before: before, after: after)
    }
}

extension MessageStore {
    /// A round of administration.
    package func administer<T>(
        _ body: (any AdministrationStore) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try transaction { () throws(StoreError) in try body(administration) }
    }

    /// A round that is rolled back.
    fileprivate func begun(_ body: (any AdministrationStore) -> Void) {
        try? begin()
        body(administration)
        rollback()
    }
}
