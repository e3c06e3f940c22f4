package import Access
internal import Admission
package import ConfigurationModel
internal import Dispatch
internal import Engine
internal import JSON
package import SMSModel
internal import Storage
internal import Synchronization

/// The configuration: numbered generations, of which each follows from the one before.
extension ConfigurationService {
    // MARK: Changing

    /// Makes a new generation of a document.
    ///
    /// - Parameters:
    ///   - text: JSON.
    ///   - isPartial: what the document doesn't name stays.
    ///   - note: the caller's own words, for the audit log.
    package func apply(
        _ text: String, isPartial: Bool, _ terms: ChangeTerms, note: String = "", for caller: Caller,
        _ reply: @escaping Reply<ConfigurationResult>
    ) {
        let context: AuditContext
        do throws(GatewayError) {
            context = try self.context(of: caller, note: note)
        } catch {
            return reply(.failure(error))
        }
        parsing.async { [self] in
            let document: JSONValue
            do throws(JSONError) {
                document = try JSONValue(text)
            } catch {
                let violation = FieldViolation(field: "document", description: "is not JSON: \(error)")
                return reply(.failure(GatewayError(ConfigurationError([violation]))))
            }
            change(.apply, terms, by: context, reply) {
                (_, current, _) throws(ChangeFailure) in
                do throws(ConfigurationError) {
                    return try current.applying(document, isPartial: isPartial)
                } catch {
                    throw .refused(GatewayError(error))
                }
            }
        }
    }

    /// - Throws: PERMISSION_DENIED: nothing is read for others than administrators.
    private func context(of caller: Caller, note: String) throws(GatewayError) -> AuditContext {
        try caller.require(.admin)
        return caller.auditContext(at: clock.now(), note: note)
    }

    /// Keys are no part of the configuration, so what was revoked stays revoked. Anyone who names a generation to go back
    /// to means what it lacks as well.
    package func rollBack(
        to wanted: UInt32, isDryRun: Bool = false, note: String = "", for caller: Caller,
        _ reply: @escaping Reply<ConfigurationResult>
    ) {
        let context: AuditContext
        do throws(GatewayError) {
            context = try self.context(of: caller, note: note)
        } catch {
            return reply(.failure(error))
        }
        change(.rollBack, ChangeTerms(isDryRun: isDryRun, mayRemove: true), by: context, reply) {
            (store, current, newest) throws(ChangeFailure) in
            guard wanted <= newest else { throw .refused(.noGeneration(wanted)) }
            return try Self.configuration(wanted, from: current, newest) { (number) throws(StoreError) in
                try store.changes(of: number)
            }
        }
    }

    /// Why there is no next configuration.
    private enum ChangeFailure: Error {
        case refused(GatewayError)
        case store(StoreError)
    }

    /// What a change is allowed to do.
    package struct ChangeTerms: Sendable {
        package var isDryRun: Bool
        /// The generation that must be the newest; 0 = whichever it is.
        package var ifGeneration: UInt32
        /// Whether providers and routes may be removed.
        package var mayRemove: Bool

        package init(isDryRun: Bool = false, ifGeneration: UInt32 = 0, mayRemove: Bool = false) {
            self.isDryRun = isDryRun
            self.ifGeneration = ifGeneration
            self.mayRemove = mayRemove
        }
    }

    /// Makes a new generation, or tells what it would be.
    ///
    /// - Parameter next: what comes after the configuration that it is given, which is of the generation given.
    private func change(
        _ verb: AuditVerb, _ terms: ChangeTerms, by context: AuditContext,
        _ reply: @escaping Reply<ConfigurationResult>,
        next:
            @escaping @Sendable (any AdministrationStore, DynamicConfiguration, UInt32) throws(ChangeFailure) ->
            DynamicConfiguration
    ) {
        perform(reply) { [self] (store, now) throws(StoreError) in
            do throws(ChangeFailure) {
                let administration = store.administration
                let newest = try storing { () throws(StoreError) in try administration.generation() }
                guard [0, newest].contains(terms.ifGeneration) else {
                    throw .refused(.otherGeneration(expected: terms.ifGeneration, newest: newest))
                }
                let current = try self.current(administration)
                let changed = try sealed(try next(administration, current, newest), keeping: current)
                let changes = current.changes(to: changed)
                try check(changed, changes, store, now: now)
                try checkProviders(changed)
                var result = ConfigurationResult(generation: newest, changes: changes)
                guard !changes.isEmpty, !terms.isDryRun else { return .done(result) }
                let removed = terms.mayRemove ? [] : changes.filter(\.removesTransport)
                guard removed.isEmpty else { throw .refused(.wouldRemove(removed)) }
                let made = try storing { () throws(StoreError) in
                    try write(changes, changed, verb, by: context, store, now: now)
                }
                result.generation = made.generation
                return .done(result) { [self] in publish(changed, made) }
            } catch {
                switch error {
                case .refused(let error): return .refused(error)
                case .store(let error): throw error
                }
            }
        }
    }

    private func storing<T>(_ body: () throws(StoreError) -> T) throws(ChangeFailure) -> T {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }

    private func current(_ store: any AdministrationStore) throws(ChangeFailure) -> DynamicConfiguration {
        try Self.read(try storing { () throws(StoreError) in try store.configuration() })
    }

    private static func read(_ objects: [ConfigurationObject]) throws(ChangeFailure) -> DynamicConfiguration {
        do throws(ConfigurationError) {
            return try DynamicConfiguration(objects)
        } catch {
            throw .refused(
                GatewayError(.dataLoss, "the stored configuration cannot be read: \(GatewayError(error).message)"))
        }
    }

    private func sealed(
        _ next: DynamicConfiguration, keeping current: DynamicConfiguration
    ) throws(ChangeFailure) -> DynamicConfiguration {
        guard let seal = sealing.seal else {
            guard !next.hasSecrets else { throw .refused(.noMasterKey) }
            return next
        }
        do throws(ConfigurationError) {
            return try next.sealed(keeping: current, seal: seal, open: sealing.open)
        } catch {
            throw .refused(GatewayError(error))
        }
    }

    /// What the document alone doesn't show.
    private func check(
        _ next: DynamicConfiguration, _ changes: [ConfigurationChange], _ store: any MessageStore, now: Int64
    ) throws(ChangeFailure) {
        let changed = changes.filter { $0.kind == DynamicConfiguration.tenantKind }
        var violations: [FieldViolation] = []
        for change in changed {
            guard let settings = next.tenants[change.name] else { continue }
            violations += settings.problems.map {
                FieldViolation(field: "tenants.\(change.name).\($0.field)", description: $0.description)
            }
        }
        for change in changes where change.kind == DynamicConfiguration.routeKind {
            guard let settings = next.routes[change.name] else { continue }
            violations += settings.destinationViolations(of: change.name)
            violations += providers.violations(in: [change.name: settings])
            violations += settings.sender?.violations(of: "routes.\(change.name)") ?? []
        }
        for change in changes where change.kind == DynamicConfiguration.providerKind {
            violations += next.providers[change.name]?.sender?.violations(of: "providers.\(change.name)") ?? []
        }
        guard violations.isEmpty else { throw .refused(GatewayError(ConfigurationError(violations))) }
        guard next.tenants[fileTenant.name] != nil else { throw .refused(.fileTenantStays(fileTenant.name)) }
        for change in changed where change.after == nil {
            let name = change.name
            guard let number = published.withLock({ $0.numbers[name] }) else { continue }
            let waiting = try storing { () throws(StoreError) in
                try store.usage(of: number, now: now).waitingMessages
            }
            guard waiting == 0 else { throw .refused(.messagesWait(waiting, of: name)) }
        }
    }

    /// Whether providers can be made of their settings, and have numbers.
    private func checkProviders(_ next: DynamicConfiguration) throws(ChangeFailure) {
        let known = published.withLock { $0.providerNumbers }
        let new = next.providers.keys.count { known[$0] == nil }
        guard known.count + new <= Int(UInt8.max) else { throw .refused(.tooManyProviders) }
        do throws(ConfigurationError) {
            let violations = providers.violations(in: try next.openedProviders(sealing.open))
            guard violations.isEmpty else { throw ConfigurationError(violations) }
        } catch {
            throw .refused(GatewayError(error))
        }
    }

    /// A generation as it has been written.
    private struct Written: Sendable {
        var generation: UInt32
        /// The value of its tenants and providers.
        var tenants: [String: TenantID] = [:]
        var providers: [String: UInt8] = [:]
    }

    private func write(
        _ changes: [ConfigurationChange], _ configuration: DynamicConfiguration, _ verb: AuditVerb,
        by context: AuditContext,
        _ store: any MessageStore, now: Int64
    ) throws(StoreError) -> Written {
        let administration = store.administration
        var written = Written(generation: 0)
        for name in configuration.tenants.keys.sorted() {
            written.tenants[name] = try administration.tenantID(name: name, now: now)
        }
        for (name, settings) in configuration.providers.sorted(by: { $0.key < $1.key }) {
            written.providers[name] = try store.providerIndex(name: name, kind: settings.kind.rawValue)
        }
        written.generation = try administration.apply(changes, by: context)
        try administration.append(AuditRecord(changes, by: context, verb: verb, generation: written.generation))
        return written
    }

    private func publish(_ configuration: DynamicConfiguration, _ written: Written) {
        // What can't be opened was refused before it was stored.
        let opened = (try? configuration.opened(sealing.open)) ?? configuration
        let entries = opened.entries(written.tenants, fileTenant)
        let tenants = WriterTenants(entries, defaultSender: fileTenant.defaultSender)
        published.withLock { published in
            published.generation = written.generation
            published.tenants = tenants
            published.numbers.merge(written.tenants) { _, newer in newer }
            published.providerNumbers.merge(written.providers) { _, newer in newer }
        }
        let pool = providers.take(opened, numbers: written.providers, tenants: written.tenants)
        self.tenants.publish(entries, generation: written.generation, segmentPrice: pool.segmentPrice)
        if entries.count >= Limits.memoryReturnTenants { ProcessMemory.giveBackSoon() }
        writer.command(.configure(tenants))
        writer.command(.configureProviders(pool.providers, routes: pool.routes))
    }

    // MARK: Looking

    /// A generation of the configuration, as JSON without secrets.
    /// - Parameters:
    ///   - generation: 0 = the newest.
    ///   - kind: "" = all.
    ///   - name: "" = all of the kind.
    package func show(
        generation: UInt32 = 0, kind: String = "", name: String = "", for caller: Caller,
        _ reply: @escaping Reply<(generation: UInt32, document: String)>
    ) {
        do throws(GatewayError) {
            try caller.require(.admin)
        } catch {
            return reply(.failure(error))
        }
        reader.ask(caller.asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    let newest = try reading { () throws(StoreError) in try reader.administration.newest() }
                    let wanted = generation == 0 ? newest.generation : generation
                    guard wanted <= newest.generation else { throw .noGeneration(wanted) }
                    let configuration: DynamicConfiguration
                    do throws(ChangeFailure) {
                        configuration = try Self.configuration(
                            wanted, from: try Self.read(newest.objects), newest.generation
                        ) { (number) throws(StoreError) in try reader.administration.changes(of: number) }
                    } catch {
                        switch error {
                        case .refused(let error): throw error
                        case .store(let error):
                            throw GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000)
                        }
                    }
                    return (wanted, try configuration.document(kind: kind, name: name).text)
                })
        }
    }

    /// Goes back from the newest generation to another one.
    private static func configuration(
        _ wanted: UInt32, from newest: DynamicConfiguration, _ generation: UInt32,
        changes: (UInt32) throws(StoreError) -> [ConfigurationChange]
    ) throws(ChangeFailure) -> DynamicConfiguration {
        var configuration = newest
        var number = generation
        while number > wanted {
            let changed: [ConfigurationChange]
            do throws(StoreError) {
                changed = try changes(number)
            } catch {
                throw .store(error)
            }
            do throws(ConfigurationError) {
                try configuration.undo(changed)
            } catch {
                throw .refused(
                    GatewayError(.dataLoss, "generation \(number) cannot be undone: \(GatewayError(error).message)"))
            }
            number -= 1
        }
        return configuration
    }

    /// The newest generations, newest first.
    /// - Parameter before: only generations below this one.
    package func history(
        before: UInt32? = nil, limit: Int? = nil, for caller: Caller,
        _ reply: @escaping Reply<[ConfigurationGeneration]>
    ) {
        do throws(GatewayError) {
            try caller.require(.admin)
        } catch {
            return reply(.failure(error))
        }
        let limit = limit ?? Limits.generationsDefault
        reader.ask(caller.asker) { reader in
            reply(
                Result { () throws(GatewayError) in
                    try reading { () throws(StoreError) in
                        var found: [ConfigurationGeneration] = []
                        for record in try reader.administration.generations(before: before, limit: limit) {
                            let changes = try reader.administration.changes(of: record.number)
                            found.append(ConfigurationGeneration(record: record, changes: changes))
                        }
                        return found
                    }
                })
        }
    }
}

/// What a change of the configuration made, or would make.
package struct ConfigurationResult: Hashable, Sendable {
    /// The newest generation.
    package var generation: UInt32
    /// None if nothing was other than it is.
    package var changes: [ConfigurationChange]
}

/// A generation of the configuration, and the changes that made it.
package struct ConfigurationGeneration: Hashable, Sendable {
    package var record: GenerationRecord
    package var changes: [ConfigurationChange]
}

extension DynamicConfiguration {
    /// - Parameters:
    ///   - kind: "" = all.
    ///   - name: "" = all of the kind.
    fileprivate func document(kind: String, name: String) throws(GatewayError) -> JSONValue {
        guard !kind.isEmpty else { return document }
        guard let objects = document(ofKind: kind) else {
            throw GatewayError(
                .invalidArgument, "there is no kind \(kind)",
                violations: [
                    FieldViolation(field: "kind", description: "is not known; known are providers, routes, tenants")
                ],
                notProcessed: true)
        }
        guard !name.isEmpty else { return .object(named: [kind: objects]) }
        guard let object = objects[name] else { throw .noObject(String(kind.dropLast()), name) }
        return .object(named: [kind: .object(named: [name: object])])
    }

    /// The value as they take effect: with secrets opened, and what the daemon's file says.
    package func entries(
        _ numbers: [String: TenantID], _ fileTenant: FileTenant, _ sealing: SecretSealing
    ) -> [TenantEntry] {
        // What can't be opened was refused before it was stored, and a wrong master key at the start.
        ((try? opened(sealing.open)) ?? self).entries(numbers, fileTenant)
    }

    /// - Precondition: secrets are opened.
    fileprivate func entries(_ numbers: [String: TenantID], _ fileTenant: FileTenant) -> [TenantEntry] {
        var opened = self
        opened.tenants[fileTenant.name]?.certificates += fileTenant.certificates
        return opened.tenants.compactMap { name, settings in
            numbers[name].map { TenantEntry(id: $0, name: name, settings: settings) }
        }
    }
}

extension TenantSettings {
    /// What is wrong with them besides their form; fields are those of a tenant's object.
    fileprivate var problems: [FieldViolation] {
        var problems = policyViolations
        // Secrets are sealed already; their form was checked before.
        for (place, issuer) in issuers.enumerated() where issuer.algorithm != .hs256 {
            guard let problem = TokenVerifier.problem(with: issuer) else { continue }
            problems.append(FieldViolation(field: "issuers[\(place)].keys", description: problem.description))
        }
        if let recordDays, recordDays < RetentionPolicy.leastRecordDays {
            problems.append(
                FieldViolation(
                    field: "retention.record_days",
                    description: "must be at least \(RetentionPolicy.leastRecordDays): idempotency keys hold for a day")
            )
        }
        if let recordDays, let bodyDays, bodyDays > recordDays {
            problems.append(FieldViolation(field: "retention.body_days", description: "is above retention.record_days"))
        }
        return problems
    }
}

extension RouteSettings {
    /// Destinations where no number goes.
    fileprivate func destinationViolations(of name: String) -> [FieldViolation] {
        (destinations ?? []).enumerated().compactMap { place, text in
            do throws(DestinationProblem) {
                _ = try Destination(text)
                return nil
            } catch {
                return FieldViolation(
                    field: "routes.\(name).destinations[\(place)]", description: error.description)
            }
        }
    }
}

extension SenderRules {
    /// - Parameter owner: the path of the object that has the rules.
    fileprivate func violations(of owner: String) -> [FieldViolation] {
        violations.map { FieldViolation(field: "\(owner).sender.\($0.field)", description: $0.description) }
    }
}

extension ConfigurationChange {
    /// Whether messages lose a way: a provider or a route is removed.
    fileprivate var removesTransport: Bool {
        after == nil && [DynamicConfiguration.providerKind, DynamicConfiguration.routeKind].contains(kind)
    }
}

extension GatewayError {
    fileprivate static func noGeneration(_ number: UInt32) -> GatewayError {
        GatewayError(.notFound, "there is no generation \(number)", notProcessed: true)
    }

    fileprivate static func otherGeneration(expected: UInt32, newest: UInt32) -> GatewayError {
        GatewayError(
            .aborted, "the newest generation is \(newest), not \(expected): read it and make your change again",
            notProcessed: true)
    }

    /// Refuses what may be an oversight: a document that names tenants only removes everything that messages go through.
    fileprivate static func wouldRemove(_ changes: [ConfigurationChange]) -> GatewayError {
        let named = changes.prefix(Limits.removalsNamed).map { "\($0.kind) \($0.name)" }.joined(separator: ", ")
        let others = changes.count - Limits.removalsNamed
        return GatewayError(
            .failedPrecondition,
            "this would remove \(named)\(others > 0 ? " and \(others) more" : ""): allow it with remove (--remove), or "
                + "apply the document as a part (--partial), which keeps what it does not name",
            notProcessed: true)
    }

    fileprivate static let noMasterKey = GatewayError(
        .failedPrecondition,
        "there is no master key to encrypt secrets with: set master-key-file or APUS_MASTER_KEY, and restart apusd",
        notProcessed: true)

    fileprivate static func fileTenantStays(_ name: String) -> GatewayError {
        GatewayError(
            .failedPrecondition, "tenant \(name) is the one that the daemon's file names: it cannot be removed",
            notProcessed: true)
    }

    fileprivate static let tooManyProviders = GatewayError(
        .failedPrecondition,
        "a gateway can have had 255 providers, with those that were removed: use one of their names again",
        notProcessed: true)

    fileprivate static func messagesWait(_ count: UInt64, of name: String) -> GatewayError {
        GatewayError(
            .failedPrecondition,
            "\(count) messages of tenant \(name) wait: disable it, and remove it once they are sent or canceled",
            notProcessed: true)
    }
}
