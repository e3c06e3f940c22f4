package import JSON
internal import SMSModel

/// A tenant's settings as they stand in a document. What is left out there has its default, and what has its default
/// is left out.
extension TenantSettings: ConfigurationKind {
    package static let kind = "tenant"
    static let most = Limits.tenants

    static func problem(withName name: String) -> String? { Form.tenantName(name) }

    init?(_ value: JSONValue, path: String, into violations: inout [FieldViolation]) {
        let settings = MemberReader.read(value, path: path, into: &violations) { reader -> TenantSettings? in
            var settings = TenantSettings()
            settings.read(&reader)
            return settings
        }
        guard let settings else { return nil }
        self = settings
    }

    private mutating func read(_ reader: inout MemberReader) {
        isEnabled = reader.bool("enabled") ?? isEnabled
        weight = reader.integer("weight", 1...Int64(Limits.tenantWeight)).map(Int.init) ?? weight
        reader.object("defaults") { readDefaults(&$0) }
        rate = reader.object("rate", RateLimit.init)
        connectionRate = reader.object("connection_rate", RateLimit.init)
        reader.object("quota") { readQuota(&$0) }
        reader.object("senders") { senders in
            allowedSenders = senders.strings("allowed", atMost: Limits.listedSenders, Form.sender)
            allowsAlphanumericSenders = senders.bool("alphanumeric") ?? allowsAlphanumericSenders
        }
        reader.object("destinations") { destinations in
            let most = Limits.listedDestinations
            allowedDestinations = destinations.strings("allowed", atMost: most, Form.destination)
            blockedDestinations = destinations.strings("blocked", atMost: most, Form.destination) ?? []
        }
        reader.object("opt_out") { readOptOut(&$0) }
        reader.object("retention") { retention in
            let most = Int64(Limits.retentionDays)
            bodyDays = retention.integer("body_days", 1...most).map(Int.init)
            recordDays = retention.integer("record_days", Int64(Limits.retentionRecordDaysMinimum)...most).map(Int.init)
        }
        reader.object("identity") { readIdentity(&$0) }
        issuers = reader.objects("issuers", atMost: Limits.issuersPerTenant, IssuerSettings.init) ?? []
        var names: Set<String> = []
        for issuer in issuers where !names.insert(issuer.issuer).inserted {
            reader.fault("issuers", "name \(issuer.issuer) twice: give one issuer several keys")
        }
    }

    private mutating func readDefaults(_ reader: inout MemberReader) {
        if let sender = reader.string("sender") {
            if let problem = Form.sender(sender) { reader.fault("sender", problem) } else { defaultSender = sender }
        }
        let seconds = (
            least: Int64(Limits.validityMinimumMilliseconds / 1000),
            most: Int64(Limits.validityMaximumMilliseconds / 1000)
        )
        defaultValidity = reader.integer("validity_s", seconds.least...seconds.most).map { UInt64($0) * 1000 }
        switch reader.string("on_unknown") {
        case nil: break
        case "HOLD": onUnknown = .hold
        case "RESEND": onUnknown = .resend
        default: reader.fault("on_unknown", "must be HOLD or RESEND")
        }
        encodesSmartly = reader.bool("smart_encoding") ?? encodesSmartly
    }

    private mutating func readQuota(_ reader: inout MemberReader) {
        segmentsPerDay = reader.integer("segments_per_day", 0...Limits.quotaSegmentsPerDay).map { UInt64($0) }
        waitingMessages = reader.integer("waiting_messages", 0...Limits.quotaWaitingMessages).map { UInt64($0) }
        costPerMonth = reader.money("cost_per_month", upTo: Money(millionths: Limits.quotaCostPerMonth))
    }

    private mutating func readOptOut(_ reader: inout MemberReader) {
        func words(_ name: String) -> [String] {
            reader.strings(name, atMost: Limits.optOutWords) { Form.text($0, upTo: Limits.optOutWordBytes) } ?? []
        }
        func reply(_ name: String) -> String? {
            guard let text = reader.string(name) else { return nil }
            guard (1...Limits.optOutReplyScalars).contains(text.unicodeScalars.count) else {
                reader.fault(name, "must have 1 to \(Limits.optOutReplyScalars) characters")
                return nil
            }
            return text
        }
        (stopWords, startWords, helpWords) = (words("stop_words"), words("start_words"), words("help_words"))
        (stopReply, helpReply) = (reply("stop_reply"), reply("help_reply"))
    }

    private mutating func readIdentity(_ reader: inout MemberReader) {
        certificates =
            reader.strings("certificates", atMost: Limits.certificatesPerTenant) {
                Form.text($0, upTo: Limits.certificateNameBytes)
            } ?? []
        var seen: Set<UInt32> = []
        uids =
            reader.array("uids", atMost: Limits.uidsPerTenant) { value, path, violations in
                let uid = value.integer.flatMap(UInt32.init(exactly:))
                if let uid, seen.insert(uid).inserted { return uid }
                let problem = uid == nil ? "must be a user's number" : "is there twice"
                violations.append(FieldViolation(field: path, description: problem))
                return nil
            } ?? []
    }

    // MARK: Writing

    package var json: JSONValue {
        var members = Members()
        members["enabled"] = isEnabled ? nil : .bool(false)
        members["weight"] = weight == 1 ? nil : .integer(Int64(weight))
        members["defaults"] =
            Members(
                ("sender", defaultSender.map(JSONValue.string)),
                ("validity_s", defaultValidity.map { .integer(Int64($0 / 1000)) }),
                ("on_unknown", onUnknown.map { .string($0 == .hold ? "HOLD" : "RESEND") }),
                ("smart_encoding", encodesSmartly ? .bool(true) : nil)
            ).json
        members["rate"] = rate?.json
        members["connection_rate"] = connectionRate?.json
        members["quota"] =
            Members(
                ("segments_per_day", segmentsPerDay.map { .integer(Int64($0)) }),
                ("cost_per_month", costPerMonth.map { .string(Money(millionths: $0).description) }),
                ("waiting_messages", waitingMessages.map { .integer(Int64($0)) })
            ).json
        members["senders"] =
            Members(
                ("allowed", allowedSenders.map(JSONValue.strings)),
                ("alphanumeric", allowsAlphanumericSenders ? nil : .bool(false))
            ).json
        members["destinations"] =
            Members(
                ("allowed", allowedDestinations.map(JSONValue.strings)),
                ("blocked", blockedDestinations.isEmpty ? nil : .strings(blockedDestinations))
            ).json
        func list(_ words: [String]) -> JSONValue? { words.isEmpty ? nil : .strings(words) }
        members["opt_out"] =
            Members(
                ("stop_words", list(stopWords)), ("start_words", list(startWords)), ("help_words", list(helpWords)),
                ("stop_reply", stopReply.map(JSONValue.string)), ("help_reply", helpReply.map(JSONValue.string))
            ).json
        members["retention"] =
            Members(
                ("body_days", bodyDays.map { .integer(Int64($0)) }),
                ("record_days", recordDays.map { .integer(Int64($0)) })
            ).json
        members["identity"] =
            Members(
                ("certificates", certificates.isEmpty ? nil : .strings(certificates)),
                ("uids", uids.isEmpty ? nil : .array(uids.map { .integer(Int64($0)) }))
            ).json
        members["issuers"] = issuers.isEmpty ? nil : .array(issuers.map(\.json))
        return .object(members.values)
    }
}

extension RateLimit {
    init?(_ reader: inout MemberReader) {
        let rate = reader.integer("messages_per_second", 1...Int64(Limits.messagesPerSecond))
        let burst = reader.integer("burst", 1...Int64(Limits.burstMessages))
        reader.require("messages_per_second", "burst")
        guard let rate, let burst else { return nil }
        self.init(messagesPerSecond: UInt32(rate), burst: UInt32(burst))
    }

    fileprivate var json: JSONValue {
        .object(["messages_per_second": .integer(Int64(messagesPerSecond)), "burst": .integer(Int64(burst))])
    }
}

extension IssuerSettings {
    init?(_ reader: inout MemberReader) {
        let issuer = reader.text("issuer", upTo: Limits.issuerBytes)
        reader.require("issuer")
        let audience = reader.text("audience", upTo: Limits.issuerBytes)
        let algorithms = Algorithm.allCases.map(\.rawValue)
        let algorithm = reader.string("algorithm").flatMap(Algorithm.init(tokenName:))
        if algorithm == nil { reader.fault("algorithm", "must be one of \(algorithms.joined(separator: ", "))") }
        let names = reader.strings("scopes", atMost: Scopes.names.count) { name in
            Scopes(name: name) == nil
                ? "must be one of \(Scopes.names.map(\.name).joined(separator: ", "))" : nil
        }
        guard let keys = reader.objects("keys", atMost: Limits.keysPerIssuer, { IssuerKey(&$0, for: algorithm) })
        else {
            reader.require("keys")
            return nil
        }
        if reader.take("keys")?.array?.isEmpty == true { reader.fault("keys", "must have at least one") }
        var ids: Set<String?> = []
        for key in keys where !ids.insert(key.id).inserted {
            reader.fault("keys", key.id.map { "name \($0) twice" } ?? "have more than one without id")
        }
        guard let issuer, let algorithm else { return nil }
        self.init(
            issuer: issuer, audience: audience, algorithm: algorithm, keys: keys,
            scopes: names?.reduce(into: []) { $0.formUnion(Scopes(name: $1) ?? []) } ?? .messages)
    }

    fileprivate var json: JSONValue {
        var members = Members(
            ("issuer", .string(issuer)), ("audience", audience.map(JSONValue.string)),
            ("algorithm", .string(algorithm.rawValue)), ("keys", .array(keys.map { $0.json(for: algorithm) })))
        members["scopes"] = scopes == .messages ? nil : .strings(scopes.names)
        return .object(members.values)
    }
}

extension IssuerKey {
    /// - Parameter algorithm: nil if it is not known.
    init?(_ reader: inout MemberReader, for algorithm: IssuerSettings.Algorithm?) {
        let id = reader.text("id", upTo: Limits.issuerKeyIDBytes)
        let secret = reader.string("secret")
        let publicKey = reader.string("public_key")
        guard let algorithm else { return nil }
        let isShared = algorithm == .hs256
        let (wanted, other) = isShared ? ("secret", "public_key") : ("public_key", "secret")
        if reader.take(other) != nil { reader.fault(other, "does not fit \(algorithm.rawValue), give \(wanted)") }
        guard let material = isShared ? secret : publicKey else {
            reader.require(wanted)
            return nil
        }
        if let problem = isShared ? Form.secret(material) : Form.publicKey(material) {
            reader.fault(wanted, problem)
            return nil
        }
        self.init(id: id, material: material)
    }

    fileprivate func json(for algorithm: IssuerSettings.Algorithm) -> JSONValue {
        let members = Members(
            ("id", id.map(JSONValue.string)), (algorithm == .hs256 ? "secret" : "public_key", .string(material)))
        return .object(members.values)
    }
}
