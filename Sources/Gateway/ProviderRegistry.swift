package import ConfigurationModel
package import Logging
package import Providers
package import Routing
package import SMSModel
internal import Synchronization

/// The providers that there are: the sandbox of the daemon's file, and those of the configuration, which are made,
/// changed and taken away while the gateway serves.
///
/// The sandbox takes messages as long as the configuration names no provider. A provider of which only limits change
/// goes on; one with other options is another one: the former answers for what it has, and ends.
package final class ProviderRegistry: WebhookSources {
    private let factory: ProviderFactory
    private let sandbox: PooledProvider
    private let log: Logger
    private let state = Mutex(State())

    private struct State {
        var entries: [String: Entry] = [:]
        /// nil before the start, and after the end.
        var events: (any ProviderEvents)?
    }

    private struct Entry {
        /// Secrets are opened.
        var settings: ProviderSettings
        var parts: ProviderParts
        var number: UInt8

        var pooled: PooledProvider {
            PooledProvider(provider: parts.provider, number: number, limits: ProviderLimits(settings))
        }
    }

    /// - Parameter sandbox: of the daemon's file.
    package init(factory: ProviderFactory, sandbox: PooledProvider, log: Logger) {
        self.factory = factory
        self.sandbox = sandbox
        self.log = log
    }

    /// What the writer is to work with.
    package struct Pool: Sendable {
        package var providers: [PooledProvider]
        /// nil = every message may go to each of the providers, by weight.
        package var routes: [Route]?
        /// Of a segment, at the dearest provider that takes messages.
        package var segmentPrice: Money
    }

    // MARK: Changing

    /// What is wrong with providers of a configuration, beside their form; their secrets are opened.
    func violations(in providers: [String: ProviderSettings]) -> [FieldViolation] {
        let known = state.withLock { $0.entries.mapValues(\.settings) }
        return providers.sorted { $0.key < $1.key }.flatMap { name, settings in
            guard name != sandbox.provider.name else {
                let problem = "is the name of the sandbox of the daemon's file: choose another"
                return [FieldViolation(field: "providers.\(name)", description: problem)]
            }
            return known[name] == settings ? [] : factory.check(name, settings)
        }
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
        let (ended, made, events) = state.withLock { state in
            let former = state.entries
            var made: [any SMSProvider] = []
            state.entries = [:]
            for (name, settings) in configuration.providers {
                guard let number = numbers[name] else { continue }
                if var entry = former[name], entry.settings.isSameProvider(as: settings) {
                    entry.settings = settings
                    state.entries[name] = entry
                } else if let parts = make(name, settings) {
                    state.entries[name] = Entry(settings: settings, parts: parts, number: number)
                    made.append(parts.provider)
                }
            }
            let kept = state.entries
            let ended = former.filter { $0.value.parts.provider !== kept[$0.key]?.parts.provider }
            return (ended.values.map(\.parts), made, state.events)
        }
        if let events { for provider in made { provider.start(events: events) } }
        for parts in ended { parts.lookUp?.stop() }
        return pool(configuration, numbers, tenants)
    }

    /// A provider that was fine when it was configured may not be any more, such as without a file that it names.
    private func make(_ name: String, _ settings: ProviderSettings) -> ProviderParts? {
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
        var sandbox = sandbox
        guard !configuration.providers.isEmpty else {
            return Pool(
                providers: [sandbox], routes: nil, segmentPrice: Money(millionths: sandbox.limits.price))
        }
        sandbox.limits.isEnabled = false
        let routes =
            configuration.routes.isEmpty
            ? [Route.sharing(configuration.providers.keys.sorted().compactMap { numbers[$0] })]
            : Route.all(of: configuration.routes, providers: numbers, tenants: tenants)
        let prices = configuration.providers.values.filter(\.isEnabled).map(\.price)
        return Pool(
            providers: [sandbox] + entries.sorted { $0.key < $1.key }.map(\.value.pooled), routes: routes,
            segmentPrice: Money(millionths: prices.max() ?? 0))
    }

    // MARK: Beginning and ending

    package func start(events: any ProviderEvents) {
        let providers = state.withLock { state in
            state.events = events
            return state.entries.values.map(\.parts.provider)
        }
        for provider in [sandbox.provider] + providers { provider.start(events: events) }
    }

    /// Ends at once: no provider reports anything afterwards.
    package func stop() {
        let parts = state.withLock { state in
            state.events = nil
            return state.entries.values.map(\.parts)
        }
        sandbox.provider.stop()
        for parts in parts {
            parts.lookUp?.stop()
            parts.provider.stop()
        }
    }

    // MARK: What comes with a provider

    /// Who believes or refuses what a carrier posts; nil without such a provider, or if its carrier posts nothing.
    package func webhook(of provider: String) -> (receiver: any WebhookReceiver, number: UInt8)? {
        state.withLock { state in
            guard let entry = state.entries[provider], let receiver = entry.parts.webhook else { return nil }
            return (receiver, entry.number)
        }
    }

    /// Who can be asked for messages of a provider; nil if nobody can.
    package func lookUp(of provider: UInt8) -> (any MessageLookUp)? {
        state.withLock { $0.entries.values.first { $0.number == provider }?.parts.lookUp }
    }

    /// Tries whether a provider would take messages, without sending anything.
    /// - Throws: NOT_FOUND; FAILED_PRECONDITION if it can't be tried.
    func check(_ name: String) async throws(GatewayError) -> ProviderCheckResult {
        if name == sandbox.provider.name { return .passed(detail: "the sandbox takes everything") }
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
