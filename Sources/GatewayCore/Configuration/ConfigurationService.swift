package import Access
package import Admission
package import ConfigurationModel
internal import Dispatch
package import Engine
package import SMSModel
package import Storage
internal import Synchronization

/// The tenant that the daemon's file names. It can't be removed.
package struct FileTenant: Hashable, Sendable {
    package var name: String
    /// Names in clients' certificates that stand for it, besides those of its settings.
    package var certificates: [String]
    /// The sender of messages of tenants that have none in their settings; empty = none.
    package var defaultSender: String

    package init(name: String, certificates: [String] = [], defaultSender: String = "") {
        self.name = name
        self.certificates = certificates
        self.defaultSender = defaultSender
    }
}

/// How secrets of the configuration are kept: encrypted, each for its place.
package struct SecretSealing: Sendable {
    /// nil: there is no master key, so that no secret can be kept.
    package var seal: (@Sendable (_ secret: String, _ context: String) throws -> String)?
    package var open: @Sendable (_ secret: String, _ context: String) throws -> String

    package init(
        seal: (@Sendable (_ secret: String, _ context: String) throws -> String)?,
        open: @escaping @Sendable (_ secret: String, _ context: String) throws -> String
    ) {
        self.seal = seal
        self.open = open
    }
}

/// Tenants, keys, opt-outs, providers and routes: shows and changes them, for callers who may.
///
/// Each change is a step of the writer, which makes it durable together with its record in the audit log; so changes come
/// one after the other, and each finds what those before it have left. What was changed holds before the caller has its
/// answer: the event loops are told of it first.
package final class ConfigurationService: Sendable {
    /// What holds now, for those who only look.
    struct Published: Sendable {
        var generation: UInt32
        /// The ones that there are now, as the writer knows them. All that they are told is in the store alone.
        var tenants: WriterTenants
        /// The value of all tenants that ever were.
        var numbers: [String: TenantID]
        /// The value of all providers that ever were.
        var providerNumbers: [String: UInt8]

        /// The number of a tenant that there is now.
        func number(of name: String) -> TenantID? {
            numbers[name].flatMap { tenants.names[$0] == nil ? nil : $0 }
        }

        /// Also of one that there was once; "" if there never was one.
        func name(of number: TenantID) -> String {
            tenants.names[number] ?? numbers.first { $0.value == number }?.key ?? ""
        }
    }

    let writer: Writer
    let reader: StoreReader
    let clock: GatewayClock
    let tenants: TenantDirectory
    let suppressionList: SuppressionList
    let sealing: SecretSealing
    let fileTenant: FileTenant
    let providers: ProviderRegistry
    let published: Mutex<Published>
    /// Documents are large, and read one after the other: neither an event loop nor the writer waits for that.
    let parsing = DispatchQueue(label: "configuration")

    /// - Parameters:
    ///   - state: what the store held when the gateway started.
    ///   - tenants: the same, as the writer was told.
    package init(
        _ state: AdministrationState, tenants: WriterTenants, fileTenant: FileTenant, sealing: SecretSealing,
        providers: ProviderRegistry, writer: Writer, reader: StoreReader, clock: GatewayClock,
        directory: TenantDirectory, suppressions: SuppressionList
    ) {
        self.providers = providers
        self.writer = writer
        self.reader = reader
        self.clock = clock
        self.tenants = directory
        self.suppressionList = suppressions
        self.sealing = sealing
        self.fileTenant = fileTenant
        published = Mutex(
            Published(
                generation: state.generation, tenants: tenants, numbers: state.numbers,
                providerNumbers: state.providerNumbers))
    }

    /// How a change ended.
    struct ChangeResult<Answer: Sendable>: Sendable {
        var result: Result<Answer, GatewayError>
        /// Tells others, once it is durable.
        var publish: @Sendable () -> Void = {}

        static func done(_ answer: Answer, _ publish: @escaping @Sendable () -> Void = {}) -> ChangeResult {
            ChangeResult(result: .success(answer), publish: publish)
        }

        /// Nothing may have been written before.
        static func refused(_ error: GatewayError) -> ChangeResult { ChangeResult(result: .failure(error)) }
    }

    /// Has the writer do something, publishes it once it is durable, then answers.
    func perform<Answer: Sendable>(
        _ reply: @escaping Reply<Answer>,
        _ act: @escaping @Sendable (any MessageStore, _ now: Int64) throws(StoreError) -> ChangeResult<Answer>
    ) {
        writer.command(
            .administer(
                AdministrativeAct { (store, now) throws(StoreError) in
                    let change = try act(store, now)
                    return {
                        change.publish()
                        reply(change.result)
                    }
                } refuse: { error in
                    reply(.failure(error))
                }))
    }

    // MARK: Looking

    /// The number of a tenant that there is now.
    /// - Throws: NOT_FOUND.
    package func tenant(named name: String) throws(GatewayError) -> TenantID {
        guard let number = published.withLock({ $0.number(of: name) }) else { throw .noTenant(name) }
        return number
    }

    /// The numbers that a tenant names as its senders.
    func ownNumbers(of tenant: TenantID) -> Set<OwnNumber> {
        Set(published.withLock { $0.tenants.senders[tenant] ?? [] }.map(OwnNumber.init))
    }

    /// What tenants have used of their quotas, by their names.
    package func usage(
        of selection: TenantSelection, for caller: Caller, _ reply: @escaping Reply<[TenantUsageSummary]>
    ) {
        let only: Tenant?
        do throws(GatewayError) {
            try caller.require(.read)
            only = try tenants.subject(selection, of: caller)
        } catch {
            return reply(.failure(error))
        }
        let published = published.withLock { $0 }
        if let only, published.number(of: only.name) == nil { return reply(.failure(.noTenant(only.name))) }
        let names = only.map { [$0.name] } ?? published.tenants.names.values.sorted()
        let numbers = names.compactMap { published.numbers[$0] }
        let quotas = published.tenants.quotas
        writer.command(
            .usage(numbers) { result in
                reply(
                    result.map { usages in
                        usages.indices.map { place in
                            TenantUsageSummary(
                                tenant: names[place], used: usages[place].used,
                                quota: quotas[numbers[place]] ?? TenantQuota(),
                                optedOutAtCarriers: usages[place].optedOutAtCarriers)
                        }
                    })
            })
    }

    // MARK: Audit

    /// The newest entries of the audit log, newest first.
    /// - Parameter before: only entries below this id.
    package func audit(
        before: Int64? = nil, limit: Int? = nil, for caller: Caller, _ reply: @escaping Reply<[AuditRecord]>
    ) {
        do throws(GatewayError) {
            try caller.require(.admin)
        } catch {
            return reply(.failure(error))
        }
        reader.ask(caller.asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    try reading { () throws(StoreError) in
                        try reader.administration.audit(before: before, limit: limit ?? Limits.auditEntriesDefault)
                    }
                })
        }
    }
}

/// What a tenant has used, and may use.
package struct TenantUsageSummary: Sendable {
    /// Its name.
    package var tenant: String
    package var used: TenantUsage
    package var quota: TenantQuota
    /// Recipients whom carriers refuse, and who are remembered for that.
    package var optedOutAtCarriers: UInt64
}

extension GatewayError {
    static func noObject(_ kind: String, _ name: String) -> GatewayError {
        GatewayError(.notFound, "there is no \(kind) \(name)", notProcessed: true)
    }

    init(_ error: ConfigurationError) {
        let first = error.violations.first
        self.init(
            .invalidArgument, first.map { "\($0.field) \($0.description)" } ?? "the configuration is not valid",
            violations: error.violations, notProcessed: true)
    }
}
