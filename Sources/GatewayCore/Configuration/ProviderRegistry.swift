package import ConfigurationModel
package import Engine
package import Logging
package import Providers
package import Routing
package import SMSModel
internal import Synchronization
package import TimeZones

/// The providers that there are: those of the configuration, which are made, changed and taken away while the gateway
/// serves, and under `apusd dev` a sandbox that is built in.
///
/// The built-in sandbox takes messages as long as the configuration names no provider. Without one, messages wait until
/// a provider is configured: nothing is ever handed to a provider that nobody chose. A provider of which only limits
/// change goes on; one with other options is another one: the former answers for what it has, and ends.
package final class ProviderRegistry: Sendable {
    private let factory: ProviderFactory
    private let builtIn: ConfiguredProvider?
    private let zones: TimeZoneDatabase
    private let log: Logger
    private let state = Mutex(State())

    private struct State {
        var entries: [String: Entry] = [:]
        /// nil before the start, and after the end.
        var writer: Writer?
        var idleReason: String?
        /// The providers of which the log has told that they lack a public URL.
        var toldLackingURL: [String] = []
    }

    private struct Entry {
        /// Secrets are opened.
        var settings: ProviderSettings
        var parts: ProviderComponents
        var number: UInt8

        var pooled: ConfiguredProvider {
            ConfiguredProvider(
                provider: parts.provider, number: number, limits: ProviderLimits(settings),
                senders: SenderTable(settings.sender, owner: "provider \(parts.provider.name)"),
                ownSender: parts.ownSender)
        }
    }

    /// - Parameters:
    ///   - builtIn: the sandbox of a gateway that is for trying out; nil = only configured providers take messages.
    ///   - zones: what routes' times may be told by.
    package init(factory: ProviderFactory, builtIn: ConfiguredProvider?, zones: TimeZoneDatabase, log: Logger) {
        self.zones = zones
        self.factory = factory
        self.builtIn = builtIn
        self.log = log
    }

    /// What the writer is to work with.
    package struct Pool: Sendable {
        package var providers: [ConfiguredProvider]
        /// nil = every message may go to each of the providers, by weight.
        package var routes: [Route]?
        /// The price of a segment at the dearest provider that takes messages.
        package var segmentPrice: Money
    }

    // MARK: Changing

    /// What is wrong with providers of a configuration, besides their form; their secrets are opened.
    package func violations(in providers: [String: ProviderSettings]) -> [FieldViolation] {
        let known = state.withLock { $0.entries.mapValues(\.settings) }
        return providers.sorted { $0.key < $1.key }.flatMap { name, settings in
            if let problem = nameProblem(name, settings) {
                return [FieldViolation(field: "providers.\(name)", description: problem)]
            }
            return known[name] == settings ? [] : factory.check(name, settings)
        }
    }

    /// Times of routes in zones that this machine does not have.
    package func violations(in routes: [String: RouteSettings]) -> [FieldViolation] {
        routes.sorted { $0.key < $1.key }.flatMap { name, settings in
            (settings.times ?? []).enumerated().compactMap { (place, window) -> FieldViolation? in
                guard let zone = window.zone else { return nil }
                do throws(TimeZoneDatabase.Problem) {
                    _ = try zones.rules(named: zone)
                    return nil
                } catch {
                    return FieldViolation(field: "routes.\(name).times[\(place)].zone", description: error.description)
                }
            }
        }
    }

    /// The zones that routes' times are told by. One that has gone since it was configured is left out: its times never
    /// come.
    private func zones(of routes: [String: RouteSettings]) -> [String: TimeZoneRules] {
        var found: [String: TimeZoneRules] = [:]
        for name in Set(routes.values.flatMap(\.timeZones)).sorted() {
            do throws(TimeZoneDatabase.Problem) {
                found[name] = try zones.rules(named: name)
            } catch {
                log.error(
                    "a time zone of routes cannot be read: times told by it never come",
                    metadata: ["zone": "\(name)", "reason": "\(error)"])
            }
        }
        return found
    }

    /// Messages of the past went through the sandbox by its name: a carrier of that name would be taken for it.
    private func nameProblem(_ name: String, _ settings: ProviderSettings) -> String? {
        guard name == SandboxProvider.builtInName else { return nil }
        if builtIn != nil { return "is the name of the sandbox that is built in: choose another" }
        return settings.kind == .sandbox ? nil : "is a name for a provider of kind sandbox: choose another"
    }

    /// Takes over a configuration that has been checked.
    ///
    /// - Parameters:
    ///   - configuration: secrets are opened.
    ///   - numbers: of all its providers, as the store has them.
    ///   - tenants: of all its tenants.
    package func take(
        _ configuration: DynamicConfiguration, numbers: [String: UInt8], tenants: [String: TenantID]
    ) -> Pool {
        let (ended, made, writer) = state.withLock { state in
            let former = state.entries
            var made: [ConfiguredProvider] = []
            state.entries = [:]
            for (name, settings) in configuration.providers {
                guard let number = numbers[name] else { continue }
                if var entry = former[name], entry.settings.isSameProvider(as: settings) {
                    entry.settings = settings
                    state.entries[name] = entry
                } else if let parts = make(name, settings) {
                    let entry = Entry(settings: settings, parts: parts, number: number)
                    state.entries[name] = entry
                    made.append(entry.pooled)
                }
            }
            let kept = state.entries
            let ended = former.filter { $0.value.parts.provider !== kept[$0.key]?.parts.provider }
            return (ended.values.map(\.parts), made, state.writer)
        }
        if let writer { for provider in made { provider.start(reportingTo: writer) } }
        for parts in ended { parts.lookUp?.stop() }
        noteIdleness(in: configuration)
        noteMissingURL()
        return pool(configuration, numbers, tenants)
    }

    /// The enabled providers whose carriers' posts can't be believed because the gateway doesn't know its public URL, by
    /// name.
    package var lackingPublicURL: [String] {
        state.withLock { state in
            state.entries.filter { $0.value.parts.lacksPublicURL && $0.value.settings.isEnabled }.keys.sorted()
        }
    }

    /// Says once, in the log, of which providers receipts and messages from people can't come in.
    private func noteMissingURL() {
        let names = lackingPublicURL
        let isNews = state.withLock { state in
            defer { state.toldLackingURL = names }
            return state.toldLackingURL != names && !names.isEmpty
        }
        guard isNews else { return }
        log.warning(
            "webhooks.public-url is not set: no receipts or messages from people come in for some providers",
            metadata: ["providers": "\(names.joined(separator: ", "))"])
    }

    /// Says once, in the log, that no provider takes messages, and that one does again.
    private func noteIdleness(in configuration: DynamicConfiguration) {
        let (before, now) = state.withLock { state in
            let before = state.idleReason
            state.idleReason =
                builtIn != nil && configuration.providers.isEmpty
                ? nil : Self.idleReason(configuration, made: Set(state.entries.keys))
            return (before, state.idleReason)
        }
        guard before != now else { return }
        if let now {
            log.warning("no provider takes messages: they wait", metadata: ["reason": "\(now)"])
        } else {
            log.notice("messages have a provider again")
        }
    }

    private static func idleReason(_ configuration: DynamicConfiguration, made: Set<String>) -> String? {
        let providers = configuration.providers
        if providers.isEmpty { return "no provider is configured: see `apus admin provider create --help`" }
        let enabled = providers.filter(\.value.isEnabled)
        if enabled.isEmpty { return "every provider is disabled: see `apus admin provider enable --help`" }
        guard enabled.keys.allSatisfy({ !made.contains($0) }) else { return nil }
        return "no enabled provider can be used as it is configured: the log says why"
    }

    /// Why no provider takes messages, in words for people; nil = one does.
    package var idleReason: String? { state.withLock { $0.idleReason } }

    /// A provider that was fine when it was configured may not be any more, such as without a file that it names.
    private func make(_ name: String, _ settings: ProviderSettings) -> ProviderComponents? {
        do throws(ConfigurationError) {
            return try factory.make(name, settings)
        } catch {
            log.error(
                "a provider cannot be made: it takes no messages",
                metadata: [
                    "provider": "\(name)",
                    "reason": "\(error.violations.map { "\($0.field) \($0.description)" }.joined(separator: "; "))",
                ])
            return nil
        }
    }

    private func pool(
        _ configuration: DynamicConfiguration, _ numbers: [String: UInt8], _ tenants: [String: TenantID]
    ) -> Pool {
        let entries = state.withLock { $0.entries }
        var builtIn = builtIn
        if let builtIn, configuration.providers.isEmpty {
            return Pool(
                providers: [builtIn], routes: nil, segmentPrice: Money(millionths: builtIn.limits.price))
        }
        builtIn?.limits.isEnabled = false
        // Without a provider no route may be for all messages: one whose providers are none has been refused by all.
        let routes =
            configuration.routes.isEmpty && !configuration.providers.isEmpty
            ? [Route.sharing(configuration.providers.keys.sorted().compactMap { numbers[$0] })]
            : Route.all(
                of: configuration.routes, providers: numbers, tenants: tenants, zones: zones(of: configuration.routes))
        let prices = configuration.providers.values.filter(\.isEnabled).map(\.price)
        return Pool(
            providers: [builtIn].compactMap(\.self) + entries.sorted { $0.key < $1.key }.map(\.value.pooled),
            routes: routes, segmentPrice: Money(millionths: prices.max() ?? 0))
    }

    // MARK: Beginning and ending

    package func start(reportingTo writer: Writer) {
        let providers = state.withLock { state in
            state.writer = writer
            return state.entries.values.map(\.pooled)
        }
        builtIn?.start(reportingTo: writer)
        for provider in providers { provider.start(reportingTo: writer) }
    }

    /// Ends at once: no provider reports anything afterwards.
    package func stop() {
        let parts = state.withLock { state in
            state.writer = nil
            return state.entries.values.map(\.parts)
        }
        builtIn?.provider.stop()
        for parts in parts {
            parts.lookUp?.stop()
            parts.provider.stop()
        }
    }

    // MARK: What comes with a provider

    /// The receiver of what a carrier posts; nil without such a provider, or if its carrier posts nothing.
    package func webhook(of provider: String) -> (receiver: any WebhookReceiver, number: UInt8)? {
        state.withLock { state in
            guard let entry = state.entries[provider], let receiver = entry.parts.webhook else { return nil }
            return (receiver, entry.number)
        }
    }

    /// The sandbox that a name stands for; "" = the only one of the configuration, or else the one that is built in.
    /// - Throws: NOT_FOUND; FAILED_PRECONDITION if the provider is a carrier, or there are several to choose from.
    package func sandbox(named name: String) throws(GatewayError) -> (name: String, number: UInt8) {
        let known = sandboxes.map { (name: $0.provider.name, number: $0.number) }
        guard name.isEmpty else {
            if let found = known.first(where: { $0.name == name }) { return found }
            guard state.withLock({ $0.entries[name] }) != nil else {
                throw GatewayError(.notFound, "there is no provider \(name)", notProcessed: true)
            }
            throw GatewayError(
                .failedPrecondition, "provider \(name) is no sandbox: what people send comes from its carrier",
                notProcessed: true)
        }
        let configured = known.filter { $0.name != builtIn?.provider.name }
        guard configured.count <= 1 else {
            let names = configured.map(\.name).joined(separator: ", ")
            throw GatewayError(
                .failedPrecondition, "there are several sandboxes, name one: \(names)", notProcessed: true)
        }
        guard let found = configured.first ?? known.first else { throw .noSandbox }
        return found
    }

    /// The one who can be asked for messages of a provider, and the provider's name; nil if nobody can.
    package func lookUp(of provider: UInt8) -> LookUpAccess.NamedLookUp? {
        state.withLock { state in
            guard let entry = state.entries.values.first(where: { $0.number == provider }),
                let lookUp = entry.parts.lookUp
            else { return nil }
            return (entry.parts.provider.name, lookUp)
        }
    }

    /// The sandboxes that there are: the one that is built in, and those of the configuration, by name.
    package var sandboxes: [(provider: SandboxProvider, number: UInt8)] {
        let configured = state.withLock { $0.entries.sorted { $0.key < $1.key }.map(\.value.pooled) }
        return ([builtIn].compactMap(\.self) + configured).compactMap { pooled in
            (pooled.provider as? SandboxProvider).map { ($0, pooled.number) }
        }
    }

    /// Tries whether a provider would take messages, without sending anything.
    /// - Throws: NOT_FOUND; FAILED_PRECONDITION if it can't be tried.
    package func check(_ name: String) async throws(GatewayError) -> ProviderCheckResult {
        if name == builtIn?.provider.name { return .passed(detail: "the sandbox takes everything") }
        let parts = state.withLock { $0.entries[name]?.parts }
        guard let parts else {
            throw GatewayError(.notFound, "there is no provider \(name)", notProcessed: true)
        }
        guard let check = parts.check else {
            throw GatewayError(
                .failedPrecondition, "a provider of kind \(parts.provider.kind) cannot be tried without sending",
                notProcessed: true)
        }
        return await check.run()
    }
}

extension GatewayError {
    package static let noSandbox = GatewayError(
        .notFound, "no provider of kind sandbox is configured: `apus admin provider create NAME --kind sandbox`",
        notProcessed: true)
}

extension ProviderSettings {
    /// Whether only limits are others.
    fileprivate func isSameProvider(as other: ProviderSettings) -> Bool {
        kind == other.kind && options == other.options && secrets == other.secrets
    }
}

extension ProviderLimits {
    fileprivate init(_ settings: ProviderSettings) {
        self.init()
        inFlight = settings.inFlight ?? Limits.providerInFlightDefault
        rate = settings.rate ?? 0
        weight = settings.weight
        price = settings.price
        isEnabled = settings.isEnabled
        adapts = true
    }
}
