package import ConfigurationModel
package import HTTPTransport
internal import JSON
package import SMSModel

/// Makes providers of the settings that the configuration has of them.
package struct ProviderFactory: Sendable {
    private let client: HTTPClient
    private let receiptKey: [UInt8]
    private let publicURL: String?
    private let environment: [String: String]
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - client: what all providers over HTTP send through.
    ///   - receiptKey: of the tokens by which receipts find their messages: at least 16 random bytes, kept as long as
    ///     receipts may come.
    ///   - publicURL: where carriers reach the gateway, such as `https://sms.example.com`; nil = they don't.
    ///   - environment: the gateway's, for credentials that are there.
    ///   - now: milliseconds since the Unix epoch.
    package init(
        client: HTTPClient, receiptKey: [UInt8], publicURL: String?, environment: [String: String] = [:],
        now: @escaping @Sendable () -> Int64
    ) {
        self.client = client
        self.receiptKey = receiptKey
        self.publicURL = publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.environment = environment
        self.now = now
    }

    /// Where a carrier posts to for the provider of this name; nil = nowhere.
    package func webhookURL(_ name: String) -> String? { publicURL.map { "\($0)/webhooks/\(name)" } }

    /// What is wrong with a provider's settings besides their form; fields begin with `providers.NAME`.
    /// - Parameter settings: with secrets opened.
    package func check(_ name: String, _ settings: ProviderSettings) -> [FieldViolation] {
        do throws(ConfigurationError) {
            _ = try read(name, settings)
            return []
        } catch {
            return error.violations
        }
    }

    /// A provider that is not started yet, and what comes with it.
    /// - Parameter settings: with secrets opened.
    /// - Throws: what ``check(_:_:)`` tells.
    package func make(_ name: String, _ settings: ProviderSettings) throws(ConfigurationError) -> ProviderComponents {
        switch try read(name, settings) {
        case .sandbox(let options):
            return ProviderComponents(
                provider: SandboxProvider(name: name, options: options, now: now), check: SandboxCheck())
        case .twilio(let twilio, let carrier):
            let options = twilio.options
            let isProven = !twilio.signingSecrets.isEmpty
            return ProviderComponents(
                provider: HTTPProvider(name: name, carrier: carrier, client: client),
                webhook: publicURL != nil && isProven
                    ? TwilioReceiver(
                        accountSID: options.accountSID, secrets: twilio.signingSecrets, receiptKey: receiptKey)
                    : nil,
                lookUp: TwilioLookUp(options, client: client),
                check: HTTPCheck(
                    client: client, http: options.http, request: TwilioRequests(options).check,
                    judge: TwilioCheck.result),
                ownSender: options.sender.text, lacksPublicURL: publicURL == nil && isProven)
        case .sns(let options, let carrier, let receiver):
            return ProviderComponents(
                provider: HTTPProvider(name: name, carrier: carrier, client: client),
                webhook: receiver.flatMap {
                    try? SNSReceiver($0, client: client, read: { SNSContent.events(of: $0) })
                },
                check: HTTPCheck(
                    client: client, http: options.http, request: SNSRequests(options).check,
                    judge: { SNSCheck.result($0, region: options.region) }),
                ownSender: options.sender)
        case .awsSMS(let options, let carrier, let receiver):
            let content = AWSSMSContent(receiptKey: receiptKey, hasPrices: receiver?.hasPrices ?? false)
            return ProviderComponents(
                provider: HTTPProvider(name: name, carrier: carrier, client: client),
                webhook: receiver.flatMap {
                    try? SNSReceiver($0, client: client, read: { content.events(of: $0) })
                },
                check: HTTPCheck(
                    client: client, http: options.http,
                    request: AWSSMSRequests(options, receiptKey: receiptKey, now: now).check,
                    judge: { AWSSMSCheck.result($0, region: options.region) }),
                ownSender: options.sender)
        case .http(let kind):
            return ProviderComponents(
                provider: kind.provider(name, client: client), webhook: publicURL == nil ? nil : kind.receiver,
                lookUp: kind.lookUp(client: client), check: kind.check(client: client), ownSender: kind.ownSender,
                lacksPublicURL: publicURL == nil && kind.receiver != nil)
        }
    }

    // MARK: Reading

    private enum Plan {
        case sandbox(SandboxOptions)
        case twilio(TwilioSettings, TwilioCarrier)
        case sns(SNSOptions, SNSCarrier, SNSReceiverOptions?)
        case awsSMS(AWSSMSOptions, AWSSMSCarrier, SNSReceiverOptions?)
        case http(GenericHTTPKind)
    }

    private func read(_ name: String, _ settings: ProviderSettings) throws(ConfigurationError) -> Plan {
        var reader = ProviderReader(name, settings)
        switch settings.kind {
        case .sandbox:
            let options = SandboxOptions(&reader)
            try refuse(reader.finish())
            return .sandbox(options)
        case .twilio:
            let twilio = TwilioSettings(&reader, webhookURL: webhookURL(name), receiptKey: receiptKey)
            let carrier = try carrier(name, reader.finish()) { () throws(InvalidProviderOptions) in
                try TwilioCarrier(twilio.options)
            }
            return .twilio(twilio, carrier)
        case .sns:
            let options = SNSOptions(&reader, environment: environment)
            let receiver = SNSReceiverOptions(&reader)
            let wrong = receiver?.violations() ?? []
            let carrier = try carrier(name, reader.finish() + wrong.map { $0.within("providers.\(name)") }) {
                () throws(InvalidProviderOptions) in
                try SNSCarrier(options)
            }
            return .sns(options, carrier, receiver)
        case .awsSMS:
            let options = AWSSMSOptions(&reader, environment: environment)
            var receiver = SNSReceiverOptions(&reader)
            let hasPrices = reader.options.bool("settle_prices")
            if hasPrices != nil, receiver == nil { reader.options.fault("settle_prices", "needs topics") }
            receiver?.hasPrices = hasPrices ?? true
            let wrong = receiver?.violations() ?? []
            let receipts = receiver != nil && publicURL != nil
            let carrier = try carrier(name, reader.finish() + wrong.map { $0.within("providers.\(name)") }) {
                () throws(InvalidProviderOptions) in
                try AWSSMSCarrier(options, receiptKey: receiptKey, receipts: receipts, now: now)
            }
            return .awsSMS(options, carrier, receiver)
        case .http, .vonage, .plivo, .messageBird, .infobip, .sinch, .telnyx, .bandwidth, .elks46:
            var violations: [FieldViolation] = []
            let described = described(name, settings, into: &violations)
            try refuse(violations)
            let kind = GenericHTTPKind(
                options: described, secrets: settings.secrets, path: "providers.\(name).options",
                receiptKey: receiptKey, publicURL: webhookURL(name), now: now, into: &violations)
            try refuse(violations)
            guard let kind else { throw ConfigurationError(violations) }
            return .http(kind)
        }
    }

    /// The options of a described carrier: a kind that is a preset's name stands for that preset.
    private func described(
        _ name: String, _ settings: ProviderSettings, into violations: inout [FieldViolation]
    ) -> JSONValue {
        guard settings.kind != .http, var members = settings.options.object else { return settings.options }
        let preset = JSONValue.string(settings.kind.rawValue)
        if let other = members["preset"], other != preset {
            violations.append(
                FieldViolation(
                    field: "providers.\(name).options.preset",
                    description: "does not fit the kind \(settings.kind.rawValue), which is a preset itself"))
        }
        members["preset"] = preset
        return .object(members)
    }

    private func refuse(_ violations: [FieldViolation]) throws(ConfigurationError) {
        guard violations.isEmpty else { throw ConfigurationError(violations) }
    }

    /// - Parameter violations: what is wrong already; of those fields the carrier's own word is not needed.
    private func carrier<Carrier: HTTPCarrier>(
        _ name: String, _ violations: [FieldViolation], _ make: () throws(InvalidProviderOptions) -> Carrier
    ) throws(ConfigurationError) -> Carrier {
        do throws(InvalidProviderOptions) {
            let carrier = try make()
            if violations.isEmpty { return carrier }
        } catch {
            let others = error.violations.map { $0.within("providers.\(name)") }
            throw ConfigurationError(
                violations + others.filter { other in !violations.contains { $0.field == other.field } })
        }
        throw ConfigurationError(violations)
    }
}

extension FieldViolation {
    fileprivate func within(_ path: String) -> FieldViolation {
        FieldViolation(field: "\(path).\(field)", description: description)
    }
}
