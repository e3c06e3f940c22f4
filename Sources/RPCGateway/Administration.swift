package import Access
package import Admission
package import ConfigurationModel
package import Engine
package import GatewayCore
internal import RPCTransport
internal import RPCWire
package import SMSModel
internal import Storage
internal import Synchronization

/// Those who act on what administration has made durable. Told on the writer's thread, in the order of the commits,
/// before the caller has its answer.
package protocol AdministrationAudience: AnyObject, Sendable {
    /// - Parameters:
    ///   - tenants: all that there are now, their secrets opened.
    ///   - segmentPrice: at the dearest provider that takes messages.
    func publish(_ tenants: [TenantEntry], generation: UInt32, segmentPrice: Money)
    /// A key that is new, or revoked now.
    func put(_ key: KeyRecord)
    func suppress(_ numbers: [UInt64], of tenant: TenantID)
    func unsuppress(_ numbers: [UInt64], of tenant: TenantID)
}

/// Those who act on it in this gateway: the event loops.
package final class GatewayAudience: AdministrationAudience {
    private let tenants: TenantDirectory
    private let suppressions: SuppressionList

    package init(_ tenants: TenantDirectory, _ suppressions: SuppressionList) {
        self.tenants = tenants
        self.suppressions = suppressions
    }

    package func publish(_ tenants: [TenantEntry], generation: UInt32, segmentPrice: Money) {
        self.tenants.publish(tenants, generation: generation, segmentPrice: segmentPrice)
        if tenants.count >= Limits.memoryReturnTenants { ProcessMemory.giveBackSoon() }
    }

    package func put(_ key: KeyRecord) { tenants.put(key) }

    package func suppress(_ numbers: [UInt64], of tenant: TenantID) { suppressions.add(numbers, of: tenant) }

    package func unsuppress(_ numbers: [UInt64], of tenant: TenantID) { suppressions.remove(numbers, of: tenant) }
}

/// The tenant that the daemon's file names. It can't be removed.
package struct FileTenant: Hashable, Sendable {
    package var name: String
    /// Names in clients' certificates that stand for it, beside those of its settings.
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

/// Administrative acts. Each is a step of the writer, which makes it durable together with its record in the audit
/// log; so acts come one after the other, and each finds what those before it have left.
package final class Administration: Sendable {
    /// What holds now, for those who only look.
    struct Published: Sendable {
        var generation: UInt32
        /// Those that there are now, as the writer knows them. All that they are told is in the store alone.
        var tenants: WriterTenants
        /// Of all tenants that ever were.
        var numbers: [String: TenantID]
        /// Of all providers that ever were.
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
    let audience: any AdministrationAudience
    let sealing: SecretSealing
    let fileTenant: FileTenant
    let providers: ProviderRegistry
    let published: Mutex<Published>

    /// - Parameters:
    ///   - state: what the store held when the gateway started.
    ///   - tenants: the same, as the writer was told.
    package init(
        _ state: AdministrationState, tenants: WriterTenants, fileTenant: FileTenant, sealing: SecretSealing,
        providers: ProviderRegistry, writer: Writer, reader: StoreReader, audience: any AdministrationAudience
    ) {
        self.providers = providers
        self.writer = writer
        self.reader = reader
        self.audience = audience
        self.sealing = sealing
        self.fileTenant = fileTenant
        published = Mutex(
            Published(
                generation: state.generation, tenants: tenants, numbers: state.numbers,
                providerNumbers: state.providerNumbers))
    }

    typealias Reply<Answer> = @Sendable (Result<Answer, GatewayError>) -> Void

    /// How an act ended.
    struct Verdict<Answer: Sendable>: Sendable {
        var result: Result<Answer, GatewayError>
        /// Tells others, once it is durable.
        var publish: @Sendable () -> Void = {}

        static func done(_ answer: Answer, _ publish: @escaping @Sendable () -> Void = {}) -> Verdict {
            Verdict(result: .success(answer), publish: publish)
        }

        /// Nothing may have been written before.
        static func refused(_ error: GatewayError) -> Verdict { Verdict(result: .failure(error)) }
    }

    /// Has the writer do something, publishes it once it is durable, then answers.
    func perform<Answer: Sendable>(
        _ reply: @escaping Reply<Answer>,
        _ act: @escaping @Sendable (any MessageStore, _ now: Int64) throws(StoreError) -> Verdict<Answer>
    ) {
        writer.command(
            .administer(
                AdministrativeAct { (store, now) throws(StoreError) in
                    let verdict = try act(store, now)
                    return {
                        verdict.publish()
                        reply(verdict.result)
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

    /// What a tenant is told of its usage, or an administrator of all.
    /// - Parameter name: nil = of all.
    func usage(of name: String?, _ reply: @escaping Reply<UsageResponse>) {
        let published = published.withLock { $0 }
        let names: [String]
        if let name {
            guard published.number(of: name) != nil else { return reply(.failure(.noTenant(name))) }
            names = [name]
        } else {
            names = published.tenants.names.values.sorted()
        }
        let tenants = names.compactMap { published.numbers[$0] }
        let quotas = published.tenants.quotas
        writer.command(
            .usage(tenants) { result in
                reply(
                    result.map { usages in
                        UsageResponse(
                            tenants: usages.indices.map {
                                .init(names[$0], usages[$0], of: quotas[tenants[$0]] ?? TenantQuota())
                            })
                    })
            })
    }

    // MARK: Audit

    func audit(_ request: AuditRequest, asker: Asker, _ reply: @escaping Reply<AuditResponse>) {
        let limit = request.limit == 0 ? Limits.auditEntriesDefault : Int(request.limit)
        let before = request.before == 0 ? nil : request.before
        reader.ask(asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    let entries = try reading { () throws(StoreError) in
                        try reader.administration.audit(before: before, limit: limit)
                    }
                    return AuditResponse(entries: entries.map(AuditResponse.Entry.init))
                })
        }
    }
}

extension UsageResponse.Tenant {
    fileprivate init(_ name: String, _ report: TenantUsageReport, of quota: TenantQuota) {
        self.init(name: name)
        let usage = report.used
        optedOutAtCarriers = report.optedOutAtCarriers
        segmentsToday = usage.segmentsToday
        segmentsPerDay = quota.segmentsPerDay ?? 0
        costThisMonth = usage.costThisMonth
        costPerMonth = quota.costPerMonth ?? 0
        waitingMessages = usage.waitingMessages
        waitingMaximum = quota.waitingMessages ?? 0
    }
}

extension AuditResponse.Entry {
    fileprivate init(_ record: AuditRecord) {
        self.init(
            id: record.id, at: record.act.at, actor: record.act.actor, peer: record.act.peer, verb: record.verb,
            subject: record.subject, before: record.before, after: record.after, note: record.act.note)
    }
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
