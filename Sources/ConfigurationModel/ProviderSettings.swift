package import JSON
internal import SMSModel

/// All that a provider can be told, as one object of the dynamic configuration.
package struct ProviderSettings: Hashable, Sendable {
    /// What speaks with the carrier. Raw values are the configuration's.
    package enum Kind: String, CaseIterable, Sendable {
        case sandbox
        case twilio
        case awsSMS = "aws-sms"
        case sns
        case http
        // Ready-made descriptions of carriers over HTTP.
        case vonage
        case plivo
        case messageBird = "messagebird"
        case infobip
        case sinch
        case telnyx
        case bandwidth
        case elks46 = "46elks"
    }

    package var kind: Kind
    /// Messages that it may have at one time, 1 to ``Limits/providerInFlight``; nil = the gateway's default,
    /// ``Limits/providerInFlightDefault``.
    package var inFlight: Int?
    /// Messages a second, ``Limits/providerRateMinimum`` to ``Limits/messagesPerSecond``; nil = as many as it takes.
    package var rate: Double?
    /// Its share where a route parts messages by weight, 1 to ``Limits/providerWeight``.
    package var weight = 1
    /// The price of a segment, in millionths of the currency that all prices and quotas are in.
    package var price: Int64 = 0
    /// false = it takes no new messages; what it has is still answered for.
    package var isEnabled = true
    /// The rules for messages that name no sender.
    package var sender: SenderRules?
    /// What its kind alone knows: an object.
    package var options = JSONValue.object([:])
    /// What nobody may read, by name: credentials. Each is a text of 1 to ``Limits/providerSecretBytes`` bytes, or
    /// such a one sealed.
    package var secrets: [String: String] = [:]

    package init(kind: Kind) {
        self.kind = kind
    }
}

extension ProviderSettings: ConfigurationKind {
    package static let kind = "provider"
    static let most = Limits.providers

    static func problem(withName name: String) -> String? { Form.providerName(name) }

    init?(_ value: JSONValue, path: String, into violations: inout [FieldViolation]) {
        let settings = MemberReader.read(value, path: path, into: &violations, Self.init)
        guard let settings else { return nil }
        self = settings
    }

    private init?(_ reader: inout MemberReader) {
        let kind = reader.choice("kind", of: Kind.allCases, \.rawValue)
        reader.require("kind")
        self.init(kind: kind ?? .sandbox)
        inFlight = reader.integer("in_flight", 1...Int64(Limits.providerInFlight)).map(Int.init)
        rate = reader.number("rate", Limits.providerRateMinimum...Double(Limits.messagesPerSecond))
        weight = reader.integer("weight", 1...Int64(Limits.providerWeight)).map(Int.init) ?? weight
        price = reader.money("price", upTo: Limits.segmentPrice) ?? price
        isEnabled = reader.bool("enabled") ?? isEnabled
        sender = reader.object("sender", SenderRules.init)
        if let value = reader.take("options") {
            if value.object == nil { reader.fault("options", "must be an object") } else { options = value }
        }
        secrets = reader.object("secrets", Self.secrets) ?? [:]
    }

    private static func secrets(_ reader: inout MemberReader) -> [String: String]? {
        var secrets: [String: String] = [:]
        for name in reader.names {
            guard let secret = reader.string(name) else { continue }
            if let problem = Form.secretName(name) ?? Form.providerSecret(secret) {
                reader.fault(name, problem)
            } else if secrets.count == Limits.providerSecrets {
                reader.fault(name, "is one too many, at most \(Limits.providerSecrets) are possible")
            } else {
                secrets[name] = secret
            }
        }
        return secrets
    }

    package var json: JSONValue {
        var members = Members(("kind", .string(kind.rawValue)))
        members["in_flight"] = inFlight.map { .integer(Int64($0)) }
        members["rate"] = rate.map(JSONValue.number)
        members["weight"] = weight == 1 ? nil : .integer(Int64(weight))
        members["price"] = price == 0 ? nil : .string(Money(millionths: price).description)
        members["enabled"] = isEnabled ? nil : .bool(false)
        members["sender"] = sender?.json
        members["options"] = options == .object([:]) ? nil : options
        members["secrets"] = secrets.isEmpty ? nil : .object(named: secrets.mapValues(JSONValue.string))
        return .object(members.values)
    }
}
