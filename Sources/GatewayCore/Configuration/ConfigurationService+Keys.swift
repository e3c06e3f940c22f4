internal import Access
internal import Admission
package import ConfigurationModel
internal import Engine
internal import JSON
internal import SMSModel
internal import Storage
internal import Synchronization

/// API keys. The gateway keeps salted hashes; a key itself is told once, to the one who made it.
extension ConfigurationService {
    /// A page of the keys, by the time of their making.
    /// - Parameters:
    ///   - name: the tenant's; "" = of all tenants.
    ///   - cursor: as the page before gave it; empty = the first page.
    package func listKeys(
        of name: String = "", limit: Int? = nil, cursor: [UInt8] = [], for caller: Caller,
        _ reply: @escaping Reply<KeyPage>
    ) {
        let published = published.withLock { $0 }
        let tenant = published.numbers[name]
        let place = KeyCursor(bytes: cursor)
        do throws(GatewayError) {
            try caller.require(.admin)
            guard name.isEmpty || tenant != nil else { throw .noTenant(name) }
            guard cursor.isEmpty || place != nil else { throw .badCursor }
        } catch {
            return reply(.failure(error))
        }
        let limit = limit ?? Limits.keysDefault
        reader.ask(caller.asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    let found = try reading { () throws(StoreError) in
                        try reader.administration.keys(of: tenant, after: place, limit: limit)
                    }
                    let keys = found.map { KeySummary($0, tenant: published.name(of: $0.tenant)) }
                    let end =
                        found.count == limit
                        ? keys.last.map { KeyCursor(createdAt: $0.createdAt, id: $0.id).bytes } : nil
                    return KeyPage(keys: keys, cursor: end ?? [])
                })
        }
    }

    /// Makes a key.
    /// - Parameters:
    ///   - name: the tenant's.
    ///   - names: of scopes; none = what a tenant's own services need.
    ///   - note: the caller's own words.
    ///   - lifetime: milliseconds; nil = it never expires.
    ///   - reply: takes the key's description, and the key itself, which nobody is told again.
    package func createKey(
        of name: String, scopes names: [String] = [], note: String = "", lifetime: Int64? = nil, for caller: Caller,
        _ reply: @escaping Reply<(key: KeySummary, secret: String)>
    ) {
        let scopes: Scopes
        let tenant: TenantID
        do throws(GatewayError) {
            try caller.require(.admin)
            scopes = try Scopes(named: names)
            tenant = try self.tenant(named: name)
        } catch {
            return reply(.failure(error))
        }
        let context = caller.auditContext(at: clock.now(), note: note)
        perform(reply) { [tenants] (store, now) throws(StoreError) in
            var (id, secret) = Self.randomKey()
            while try store.administration.key(id) != nil { (id, secret) = Self.randomKey() }
            let salt = (0..<StoredKey.saltBytes).map { _ in UInt8.random(in: 0...255) }
            let stored = Array(secret.utf8).withUnsafeBytes { StoredKey(credential: $0, salt: salt) }
            let record = KeyRecord(
                id: id, tenant: tenant, scopes: scopes.rawValue, salt: stored.salt,
                hash: stored.hash, note: note, createdAt: now, expiresAt: lifetime.map { now + $0 })
            try store.administration.insert(record)
            let summary = KeySummary(record, tenant: name)
            try store.administration.append(
                AuditRecord(.createKey, "key \(record.id)", by: context, after: summary.json))
            return .done((summary, secret)) { tenants.put(record) }
        }
    }

    private static func randomKey() -> (id: String, secret: String) {
        var random = SystemRandomNumberGenerator()
        while true {
            let bytes = (0..<APIKey.minimumCharacters).map { _ in UInt8.random(in: 0...255, using: &random) }
            let key = bytes.withUnsafeBytes { APIKey.make(random: $0) }
            let id = String(key.dropFirst(APIKey.prefix.count).prefix(Limits.keyIDCharacters))
            // A command line would take an id that begins with a dash for an option.
            if !id.hasPrefix("-") { return (id, key) }
        }
    }

    /// Has a key open nothing any more. One that is revoked already stays as it is.
    package func revokeKey(_ id: String, for caller: Caller, _ reply: @escaping Reply<KeySummary>) {
        do throws(GatewayError) {
            try caller.require(.admin)
        } catch {
            return reply(.failure(error))
        }
        let published = published.withLock { $0 }
        let context = caller.auditContext(at: clock.now())
        perform(reply) { [tenants] (store, now) throws(StoreError) in
            guard var record = try store.administration.key(id) else {
                return .refused(GatewayError(.notFound, "there is no key \(id)", notProcessed: true))
            }
            let before = KeySummary(record, tenant: published.name(of: record.tenant))
            guard record.revokedAt == nil, try store.administration.revokeKey(record.id, at: now) else {
                return .done(before)
            }
            record.revokedAt = now
            let after = KeySummary(record, tenant: before.tenant)
            try store.administration.append(
                AuditRecord(.revokeKey, "key \(record.id)", by: context, before: before.json, after: after.json))
            return .done(after) { [record] in tenants.put(record) }
        }
    }

    /// Keeps when keys were used last.
    package func storeLastUses(_ uses: [(id: String, at: Int64)]) {
        guard !uses.isEmpty else { return }
        // Anyone who wants to know has a minute of patience; if it fails, the next use brings it.
        perform({ (_: Result<Bool, GatewayError>) in }) { (store, _) throws(StoreError) in
            try store.administration.setLastUse(of: uses)
            return .done(true)
        }
    }
}

extension Scopes {
    /// - Parameter names: none = what a tenant's own services need.
    fileprivate init(named names: [String]) throws(GatewayError) {
        guard !names.isEmpty else {
            self = .messages
            return
        }
        self = []
        var violations: [FieldViolation] = []
        for (place, name) in names.enumerated() {
            if let scope = Scopes(name: name) {
                formUnion(scope)
            } else {
                let known = Scopes.names.map(\.name).joined(separator: ", ")
                violations.append(
                    FieldViolation(field: "scopes[\(place)]", description: "must be one of \(known)"))
            }
        }
        guard violations.isEmpty else { throw GatewayError(ConfigurationError(violations)) }
    }
}

/// An API key as it is shown: nothing of the key itself. Times are milliseconds since the Unix epoch.
package struct KeySummary: Hashable, Sendable {
    /// Its first characters after `apus_`.
    package var id: String
    /// The tenant's name.
    package var tenant: String
    package var scopes: Scopes
    package var note: String
    package var createdAt: Int64
    /// nil = never.
    package var expiresAt: Int64?
    /// nil = it is good.
    package var revokedAt: Int64?
    /// To about a minute; nil = never.
    package var lastUsedAt: Int64?

    init(_ record: KeyRecord, tenant: String) {
        id = record.id
        self.tenant = tenant
        scopes = Scopes(rawValue: record.scopes)
        note = record.note
        createdAt = record.createdAt
        expiresAt = record.expiresAt
        revokedAt = record.revokedAt
        lastUsedAt = record.lastUsedAt
    }

    /// For the audit log.
    fileprivate var json: JSONValue {
        var members: [TextKey: JSONValue] = [
            "tenant": .string(tenant), "scopes": .array(scopes.names.map(JSONValue.string)), "note": .string(note),
        ]
        if let expiresAt { members["expires_at_ms"] = .integer(expiresAt) }
        if let revokedAt { members["revoked_at_ms"] = .integer(revokedAt) }
        return .object(members)
    }
}

package struct KeyPage: Hashable, Sendable {
    package var keys: [KeySummary]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]
}
