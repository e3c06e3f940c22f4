package import SMSModel

/// The person or program that did something, when and from where.
package struct AuditContext: Hashable, Sendable {
    /// `key ID`, `certificate NAME`, `uid N`, `token SUBJECT`, `provider NAME`, or `apusd` itself.
    package var actor: String
    /// The peer's address, as far as it is known.
    package var peer: String
    /// Milliseconds since the Unix epoch.
    package var at: Int64
    /// The caller's own words about it.
    package var note: String

    package init(actor: String, peer: String = "", at: Int64, note: String = "") {
        self.actor = actor
        self.peer = peer
        self.at = at
        self.note = note
    }
}

package struct TenantRecord: Hashable, Sendable {
    package var id: TenantID
    package var name: String
    /// Milliseconds since the Unix epoch.
    package var createdAt: Int64

    package init(id: TenantID, name: String, createdAt: Int64) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

package struct GenerationRecord: Hashable, Sendable {
    package var number: UInt32
    package var context: AuditContext
    package var changes: Int

    package init(number: UInt32, context: AuditContext, changes: Int) {
        self.number = number
        self.context = context
        self.changes = changes
    }
}

/// An API key as it is kept: of the key itself only a salted hash. Times are milliseconds since the Unix epoch.
package struct KeyRecord: Hashable, Sendable {
    /// The first characters after `apus_`: no secret.
    package var id: String
    package var tenant: TenantID
    /// The bits of `Scopes.rawValue`.
    package var scopes: UInt8
    package var salt: [UInt8]
    package var hash: [UInt8]
    package var note: String
    package var createdAt: Int64
    /// nil = never.
    package var expiresAt: Int64?
    /// nil = it is good.
    package var revokedAt: Int64?
    /// To about a minute; nil = never.
    package var lastUsedAt: Int64?

    package init(
        id: String, tenant: TenantID, scopes: UInt8, salt: [UInt8], hash: [UInt8], note: String, createdAt: Int64,
        expiresAt: Int64? = nil, revokedAt: Int64? = nil, lastUsedAt: Int64? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.scopes = scopes
        self.salt = salt
        self.hash = hash
        self.note = note
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }
}

/// One reason why a recipient is on a tenant's list of opt-outs; there may be several.
package struct SuppressionRecord: Hashable, Sendable {
    package var tenant: TenantID
    /// E.164 without the `+`, as a number: at most 15 digits.
    package var number: UInt64
    /// Milliseconds since the Unix epoch.
    package var at: Int64
    /// The keyword, or an operator's own words.
    package var reason: String
    /// nil = it is from before origins were kept.
    package var origin: SuppressionOrigin?
    /// The number that the keyword was sent to, without a plus; "" = it was none.
    package var ownNumber: String

    package init(
        tenant: TenantID, number: UInt64, at: Int64, reason: String, origin: SuppressionOrigin? = .operatorRequest,
        ownNumber: String = ""
    ) {
        self.tenant = tenant
        self.number = number
        self.at = at
        self.reason = reason
        self.origin = origin
        self.ownNumber = ownNumber
    }
}

/// An administrative act. What was before and is after is JSON without secrets; empty where there is none.
package struct AuditRecord: Hashable, Sendable {
    /// Rising; given by the store where it is 0.
    package var id: Int64
    package var context: AuditContext
    /// `tenant.put`, `key.create`, `key.revoke`, `config.apply`, `config.rollback`, `pause`, `suppression.add` …
    package var verb: String
    package var subject: String
    package var before: String
    package var after: String

    package init(
        id: Int64 = 0, context: AuditContext, verb: String, subject: String, before: String = "", after: String = ""
    ) {
        self.id = id
        self.context = context
        self.verb = verb
        self.subject = subject
        self.before = before
        self.after = after
    }
}
