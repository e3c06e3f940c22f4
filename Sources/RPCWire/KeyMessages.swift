internal import CApusProto
package import SMSModel

/// An API key, without the secret. Times are milliseconds since the Unix epoch.
package struct KeyDescription: Hashable, Sendable {
    /// The first characters after `apus_`.
    package var id: String
    package var tenant: String
    package var scopes: [String]
    package var note: String
    package var createdAt: Int64
    /// 0 = never.
    package var expiresAt: Int64
    /// 0 = it is good.
    package var revokedAt: Int64
    /// To about a minute; 0 = never.
    package var lastUsedAt: Int64

    package init(
        id: String, tenant: String, scopes: [String], note: String, createdAt: Int64, expiresAt: Int64 = 0,
        revokedAt: Int64 = 0, lastUsedAt: Int64 = 0
    ) {
        self.id = id
        self.tenant = tenant
        self.scopes = scopes
        self.note = note
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }

    fileprivate init(_ c: Apus__V1__KeyDescription) {
        self.init(
            id: String(lenient: c.id), tenant: String(lenient: c.tenant),
            scopes: (0..<c.n_scopes).map { String(lenient: c.scopes[$0]) }, note: String(lenient: c.note),
            createdAt: c.created_at_ms, expiresAt: c.expires_at_ms, revokedAt: c.revoked_at_ms,
            lastUsedAt: c.last_used_at_ms)
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__KeyDescription> {
        let c = arena.make(apus__v1__key_description__init)
        c.pointee.id = arena.text(id)
        c.pointee.tenant = arena.text(tenant)
        c.pointee.n_scopes = scopes.count
        c.pointee.scopes = arena.texts(scopes)
        c.pointee.note = arena.text(note)
        c.pointee.created_at_ms = createdAt
        c.pointee.expires_at_ms = expiresAt
        c.pointee.revoked_at_ms = revokedAt
        c.pointee.last_used_at_ms = lastUsedAt
        return c
    }
}

package struct KeyListRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyListRequest"

    /// "" = all.
    package var tenant: String
    /// Keys of the page; 0 = ``Limits/keysDefault``.
    package var limit: UInt32
    /// The cursor as the page before gave it; empty = the first page.
    package var cursor: [UInt8]

    package init(tenant: String = "", limit: UInt32 = 0, cursor: [UInt8] = []) {
        self.tenant = tenant
        self.limit = limit
        self.cursor = cursor
    }

    /// - Throws: INVALID_ARGUMENT also for what is above its bound. Whether the cursor can be meant is for the gateway
    ///   to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_list_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        limit = c.limit
        check.atMost(Limits.keys, limit, "limit")
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__key_list_request__init)
        c.pointee.tenant = output.scratch.text(tenant)
        c.pointee.limit = limit
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }
}

package struct KeyListResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyListResponse"

    /// The keys by the time of their making.
    package var keys: [KeyDescription]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    package init(keys: [KeyDescription] = [], cursor: [UInt8] = []) {
        self.keys = keys
        self.cursor = cursor
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_list_response__unpack).pointee
        keys = (0..<c.n_keys).map { KeyDescription(c.keys[$0]!.pointee) }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__key_list_response__init)
        c.pointee.n_keys = keys.count
        c.pointee.keys = scratch.messages(keys) { $0.layOut(in: scratch) }
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }

    /// The first half of the page: what is left out is the next one's.
    package func shortened() -> KeyListResponse? {
        guard keys.count > 1 else { return nil }
        let kept = Array(keys.prefix(keys.count / 2))
        return KeyListResponse(keys: kept, cursor: KeyCursor(kept[kept.count - 1]).bytes)
    }
}

extension KeyCursor {
    /// Behind a key.
    package init(_ key: KeyDescription) {
        self.init(createdAt: key.createdAt, id: key.id)
    }
}

package struct KeyCreateRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyCreateRequest"

    package var tenant: String
    /// None = those of a tenant's own services.
    package var scopes: [String]
    package var note: String
    /// Milliseconds; 0 = for ever.
    package var lifetime: UInt64

    package init(tenant: String, scopes: [String] = [], note: String = "", lifetime: UInt64 = 0) {
        self.tenant = tenant
        self.scopes = scopes
        self.note = note
        self.lifetime = lifetime
    }

    /// - Throws: INVALID_ARGUMENT also without a tenant, and for what is above its bound. Which scopes there are is for
    ///   the gateway to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_create_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        if tenant.isEmpty { check.record("tenant", "is missing") }
        scopes = []
        if c.n_scopes > Limits.keyScopes {
            check.record("scopes", "has more than \(Limits.keyScopes) items")
        } else {
            scopes = (0..<c.n_scopes).map { check.string(c.scopes[$0], "scopes[\($0)]") }
        }
        note = check.note(c.note)
        lifetime = c.lifetime_ms
        if lifetime > Limits.keyLifetimeMilliseconds {
            check.record("lifetime_ms", "is above \(Limits.keyLifetimeMilliseconds)")
        }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__key_create_request__init)
        c.pointee.tenant = scratch.text(tenant)
        c.pointee.n_scopes = scopes.count
        c.pointee.scopes = scratch.texts(scopes)
        c.pointee.note = scratch.text(note)
        c.pointee.lifetime_ms = lifetime
        output.pack(c)
    }
}

package struct KeyCreateResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyCreateResponse"

    package var key: KeyDescription
    /// The key itself.
    package var secret: String

    package init(key: KeyDescription, secret: String) {
        self.key = key
        self.secret = secret
    }

    /// - Throws: INVALID_ARGUMENT also without a key.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_create_response__unpack).pointee
        key = try KeyDescription(required: c.key)
        secret = String(lenient: c.secret)
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__key_create_response__init)
        c.pointee.key = key.layOut(in: output.scratch)
        c.pointee.secret = output.scratch.text(secret)
        output.pack(c)
    }
}

package struct KeyRevokeRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyRevokeRequest"

    package var id: String

    package init(id: String) {
        self.id = id
    }

    /// - Throws: INVALID_ARGUMENT also unless the id has the length of one.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_revoke_request__unpack).pointee
        var check = TextChecker()
        id = check.string(c.id, "id")
        if c.id.len != Limits.keyIDCharacters {
            check.record("id", "is not the \(Limits.keyIDCharacters) characters of a key after apus_")
        }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__key_revoke_request__init)
        c.pointee.id = output.scratch.text(id)
        output.pack(c)
    }
}

package struct KeyRevokeResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "KeyRevokeResponse"

    package var key: KeyDescription

    package init(key: KeyDescription) {
        self.key = key
    }

    /// - Throws: INVALID_ARGUMENT also without a key.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__key_revoke_response__unpack).pointee
        key = try KeyDescription(required: c.key)
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__key_revoke_response__init)
        c.pointee.key = key.layOut(in: output.scratch)
        output.pack(c)
    }
}

extension KeyDescription {
    fileprivate init(required key: UnsafeMutablePointer<Apus__V1__KeyDescription>?) throws(GatewayError) {
        guard let key else {
            throw GatewayError(
                .invalidArgument, "key is missing",
                violations: [FieldViolation(field: "key", description: "is missing")], notProcessed: true)
        }
        self.init(key.pointee)
    }
}
