public import FoundationEssentials
package import RPCWire
internal import SMSModel

/// The dynamic configuration as it is or was, or a part of it.
public struct GatewayConfiguration: Hashable, Sendable {
    public var generation: UInt32
    /// JSON: objects of settings by kind and name. Secrets are sealed.
    public var document: String
}

/// One object's step from a generation to the next.
public struct ConfigurationChange: Hashable, Sendable {
    /// Such as `tenants`.
    public var kind: String
    public var name: String
    /// JSON; nil = there was none.
    public var before: String?
    /// JSON; nil = it is removed.
    public var after: String?

    package init(_ change: ConfigChange) {
        kind = change.kind
        name = change.name
        before = change.before.isEmpty ? nil : change.before
        after = change.after.isEmpty ? nil : change.after
    }
}

/// What became of a configuration.
public struct AppliedConfiguration: Hashable, Sendable {
    /// The new one; the newest if nothing changed, or after a dry run.
    public var generation: UInt32
    /// The last ones are left out where they don't fit a frame.
    public var changes: [ConfigurationChange]

    init(_ response: ConfigApplyResponse) {
        generation = response.generation
        changes = response.changes.map(ConfigurationChange.init)
    }
}

/// A generation of the configuration.
public struct ConfigurationGeneration: Hashable, Sendable {
    public var number: UInt32
    public var at: Date
    /// The maker: `key ID`, `certificate NAME`, `uid N`, `token SUBJECT`, or `apusd` itself.
    public var actor: String
    /// The peer's address.
    public var peer: String
    public var note: String
    /// Left out, of all generations, where they don't fit a frame.
    public var changes: [ConfigurationChange]

    init(_ generation: ConfigHistoryResponse.Generation) {
        number = generation.number
        at = Date(milliseconds: generation.at)
        actor = generation.actor
        peer = generation.peer
        note = generation.note
        changes = generation.changes.map(ConfigurationChange.init)
    }
}

/// What a key may do.
public struct KeyScope: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public static let send = KeyScope(rawValue: "messages:send")
    public static let read = KeyScope(rawValue: "messages:read")
    /// To see the texts of the messages that it may read.
    public static let text = KeyScope(rawValue: "messages:text")
    public static let cancel = KeyScope(rawValue: "messages:cancel")
    /// What concerns all tenants: operating and administration.
    public static let admin = KeyScope(rawValue: "admin")
}

/// An API key, without the secret.
public struct KeyDescription: Hashable, Sendable {
    /// Its first characters after `apus_`.
    public var id: String
    public var tenant: String
    public var scopes: [KeyScope]
    public var note: String
    public var createdAt: Date
    /// nil = never.
    public var expiresAt: Date?
    /// nil = it is good.
    public var revokedAt: Date?
    /// To about a minute; nil = never.
    public var lastUsedAt: Date?

    init(_ key: RPCWire.KeyDescription) {
        id = key.id
        tenant = key.tenant
        scopes = key.scopes.map(KeyScope.init)
        note = key.note
        createdAt = Date(milliseconds: key.createdAt)
        expiresAt = key.expiresAt == 0 ? nil : Date(milliseconds: key.expiresAt)
        revokedAt = key.revokedAt == 0 ? nil : Date(milliseconds: key.revokedAt)
        lastUsedAt = key.lastUsedAt == 0 ? nil : Date(milliseconds: key.lastUsedAt)
    }
}

/// A page of keys.
public struct KeyPage: Hashable, Sendable {
    /// The keys by the time of their making.
    public var keys: [KeyDescription]
    /// For the next page; nil = this is the last.
    public var cursor: KeyCursor?

    init(_ response: KeyListResponse) {
        keys = response.keys.map(KeyDescription.init)
        cursor = response.cursor.isEmpty ? nil : KeyCursor(bytes: response.cursor)
    }
}

/// Where a page of keys ended. Only the gateway knows what it says.
public struct KeyCursor: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// A key that was made just now.
public struct CreatedKey: Hashable, Sendable {
    public var key: KeyDescription
    /// The key itself, `apus_…`: nobody can tell it again.
    public var secret: String
}

/// An administrative act.
public struct AuditEntry: Hashable, Sendable {
    /// Rising with time.
    public var id: Int64
    public var at: Date
    /// `key ID`, `certificate NAME`, `uid N`, `token SUBJECT`, or `apusd` itself.
    public var actor: String
    /// The peer's address.
    public var peer: String
    /// Such as `config.apply`, `key.create`, `pause`.
    public var verb: String
    public var subject: String
    /// JSON without secrets; empty where there was nothing.
    public var before: String
    /// JSON without secrets; empty where there is nothing.
    public var after: String
    public var note: String

    init(_ entry: AuditResponse.Entry) {
        id = entry.id
        at = Date(milliseconds: entry.at)
        actor = entry.actor
        peer = entry.peer
        verb = entry.verb
        subject = entry.subject
        before = entry.before
        after = entry.after
        note = entry.note
    }
}

/// What a provider's carrier says of the credentials, without a message having been sent.
public struct ProviderTest: Hashable, Sendable {
    public enum Result: String, Hashable, Sendable {
        /// The carrier took them.
        case passed = "PASSED"
        /// It was reached, and refuses.
        case refused = "REFUSED"
        /// It was not reached, or its answer says neither.
        case inconclusive = "INCONCLUSIVE"
    }

    public var result: Result
    /// The carrier's, or the connection's, such as `NOT_CONNECTED`; empty if it passed.
    public var code: String
    /// For people.
    public var detail: String

    package init(_ response: ProviderTestResponse) {
        result =
            switch response.result {
            case .passed: .passed
            case .refused: .refused
            case .inconclusive: .inconclusive
            }
        code = response.code
        detail = response.detail
    }
}
