package import SMSModel

/// All that a tenant can be told, as one object of the dynamic configuration. What is nil is the gateway's default.
package struct TenantSettings: Hashable, Sendable {
    /// false = its credentials open nothing; what waits is still sent.
    package var isEnabled = true
    /// Its share of the hand-offs within a priority, 1 to ``Limits/tenantWeight``.
    package var weight = 1

    // MARK: Where a request says nothing
    package var defaultSender: String?
    /// Milliseconds.
    package var defaultValidity: UInt64?
    package var onUnknown: OnUnknown?
    /// Whether typographic and invisible characters of bodies are replaced where that makes them GSM-7.
    package var encodesSmartly = false

    // MARK: Limits; nil = none
    /// Over all connections.
    package var rate: RateLimit?
    /// The rate of each connection by itself.
    package var connectionRate: RateLimit?
    /// Segments a UTC day, which is that of acceptance.
    package var segmentsPerDay: UInt64?
    /// The cost of a UTC month, which is that of acceptance, in millionths of the currency of the providers' prices.
    package var costPerMonth: Int64?
    /// Messages that may wait, be scheduled or be with a provider at one time.
    package var waitingMessages: UInt64?

    // MARK: Policy
    /// nil = any sender.
    package var allowedSenders: [String]?
    /// Whether a sender that is not a number may be one that the list above doesn't name.
    package var allowsAlphanumericSenders = true
    /// Countries (`DE`) and prefixes (`+4915`); nil = everywhere.
    package var allowedDestinations: [String]?
    /// The same, refused even where allowed above; the longer prefix decides, a tie refuses.
    package var blockedDestinations: [String] = []

    // MARK: Messages from people
    /// Keywords besides those of every tenant, by which people opt out, opt in again and ask for help.
    package var stopWords: [String] = []
    package var startWords: [String] = []
    package var helpWords: [String] = []
    /// What answers a keyword that asks for no more messages, or for help; nil = nothing does.
    package var stopReply: String?
    package var helpReply: String?

    // MARK: Retention, in days
    package var bodyDays: Int?
    package var recordDays: Int?

    // MARK: Who it is
    /// Names in clients' certificates that stand for this tenant.
    package var certificates: [String] = []
    /// Users of this machine who are this tenant on a Unix socket.
    package var uids: [UInt32] = []
    /// The issuers of its JSON Web Tokens.
    package var issuers: [IssuerSettings] = []

    package init() {}
}

/// A token bucket: a number a second on average, and a number at once.
package struct RateLimit: Hashable, Sendable {
    package var messagesPerSecond: UInt32
    package var burst: UInt32

    package init(messagesPerSecond: UInt32, burst: UInt32) {
        self.messagesPerSecond = messagesPerSecond
        self.burst = burst
    }
}

/// An issuer of a tenant's tokens, and the keys by which they are checked.
package struct IssuerSettings: Hashable, Sendable {
    /// An algorithm of signatures. Exactly one is pinned for an issuer: a token never chooses.
    package enum Algorithm: String, CaseIterable, Sendable {
        case hs256 = "HS256"
        case rs256 = "RS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"

        /// The algorithm that a token's `alg` names. `Ed25519` (RFC 9864) is what `EdDSA` means with the keys that an
        /// issuer can have.
        package init?(tokenName name: String) {
            self.init(rawValue: name == "Ed25519" ? Self.edDSA.rawValue : name)
        }
    }

    /// Must equal the token's `iss`.
    package var issuer: String
    /// Must be among the token's `aud`; nil = a token with `aud` is refused.
    package var audience: String?
    package var algorithm: Algorithm
    package var keys: [IssuerKey]
    /// What a token can give at most; its claims `scope`, `scopes` and `scp` narrow it down.
    package var scopes: Scopes = .messages

    package init(issuer: String, audience: String?, algorithm: Algorithm, keys: [IssuerKey], scopes: Scopes = .messages)
    {
        self.issuer = issuer
        self.audience = audience
        self.algorithm = algorithm
        self.keys = keys
        self.scopes = scopes
    }
}

/// One key of an issuer.
package struct IssuerKey: Hashable, Sendable {
    /// What the token's `kid` must be; nil = for tokens without `kid`.
    package var id: String?
    /// A public key in PEM (RS256, ES256, EdDSA), or for HS256 the secret in base64url, at least 32 bytes.
    package var material: String

    package init(id: String?, material: String) {
        self.id = id
        self.material = material
    }
}
