internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage
internal import Synchronization

/// API keys. The gateway keeps salted hashes; a key itself is told once, to whoever made it.
extension Administration {
    func listKeys(_ request: KeyListRequest, asker: Asker, _ reply: @escaping Reply<KeyListResponse>) {
        let published = published.withLock { $0 }
        let tenant = published.numbers[request.tenant]
        guard request.tenant.isEmpty || tenant != nil else { return reply(.failure(.noTenant(request.tenant))) }
        let cursor = KeyCursor(bytes: request.cursor)
        guard request.cursor.isEmpty || cursor != nil else { return reply(.failure(.badCursor)) }
        let limit = request.limit == 0 ? Limits.keysDefault : Int(request.limit)
        reader.ask(asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    let found = try reading { () throws(StoreError) in
                        try reader.administration.keys(of: tenant, after: cursor, limit: limit)
                    }
                    let keys = found.map { KeyDescription($0, tenant: published.name(of: $0.tenant)) }
                    let end = found.count == limit ? keys.last.map { KeyCursor($0).bytes } : nil
                    return KeyListResponse(keys: keys, cursor: end ?? [])
                })
        }
    }

    func createKey(_ request: KeyCreateRequest, by act: Act, _ reply: @escaping Reply<KeyCreateResponse>) {
        let scopes: Scopes
        let tenant: TenantID
        do throws(GatewayError) {
            scopes = try Scopes(named: request.scopes)
            tenant = try self.tenant(named: request.tenant)
        } catch {
            return reply(.failure(error))
        }
        perform(reply) { [audience] (store, now) throws(StoreError) in
            var (id, secret) = Self.randomKey()
            while try store.administration.key(id) != nil { (id, secret) = Self.randomKey() }
            let salt = (0..<StoredKey.saltBytes).map { _ in UInt8.random(in: 0...255) }
            let stored = Array(secret.utf8).withUnsafeBytes { StoredKey(credential: $0, salt: salt) }
            let record = KeyRecord(
                id: id, tenant: tenant, scopes: scopes.rawValue, salt: stored.salt,
                hash: stored.hash, note: request.note, createdAt: now,
                expiresAt: request.lifetime == 0 ? nil : now + Int64(request.lifetime))
            try store.administration.insert(record)
            let description = KeyDescription(record, tenant: request.tenant)
            try store.administration.append(
                AuditRecord(.createKey, "key \(record.id)", by: act, after: description.json))
            return .done(KeyCreateResponse(key: description, secret: secret)) { audience.put(record) }
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

    func revokeKey(_ request: KeyRevokeRequest, by act: Act, _ reply: @escaping Reply<KeyRevokeResponse>) {
        let published = published.withLock { $0 }
        perform(reply) { [audience] (store, now) throws(StoreError) in
            guard var record = try store.administration.key(request.id) else {
                return .refused(GatewayError(.notFound, "there is no key \(request.id)", notProcessed: true))
            }
            let before = KeyDescription(record, tenant: published.name(of: record.tenant))
            guard record.revokedAt == nil, try store.administration.revokeKey(record.id, at: now) else {
                return .done(KeyRevokeResponse(key: before))
            }
            record.revokedAt = now
            let after = KeyDescription(record, tenant: before.tenant)
            try store.administration.append(
                AuditRecord(.revokeKey, "key \(record.id)", by: act, before: before.json, after: after.json))
            return .done(KeyRevokeResponse(key: after)) { [record] in audience.put(record) }
        }
    }

    /// Keeps when keys were used last.
    package func storeLastUses(_ uses: [(id: String, at: Int64)]) {
        guard !uses.isEmpty else { return }
        // Whoever wants to know has a minute of patience; if it fails, the next use brings it.
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

extension KeyDescription {
    fileprivate init(_ record: KeyRecord, tenant: String) {
        self.init(
            id: record.id, tenant: tenant, scopes: Scopes(rawValue: record.scopes).names, note: record.note,
            createdAt: record.createdAt, expiresAt: record.expiresAt ?? 0, revokedAt: record.revokedAt ?? 0,
            lastUsedAt: record.lastUsedAt ?? 0)
    }

    /// For the audit log.
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "tenant": .string(tenant), "scopes": .array(scopes.map(JSON.string)), "note": .string(note),
        ]
        if expiresAt > 0 { members["expires_at_ms"] = .integer(expiresAt) }
        if revokedAt > 0 { members["revoked_at_ms"] = .integer(revokedAt) }
        return .object(members)
    }
}
