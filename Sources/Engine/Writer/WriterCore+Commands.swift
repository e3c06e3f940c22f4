internal import Admission
internal import ConfigurationModel
internal import JSON
internal import Providers
internal import Routing
package import SMSModel
internal import Storage

/// Commands of callers and operators: canceling, pausing, draining.
extension WriterCore {
    mutating func runCommands(now: Int64) throws(StoreError) {
        let commands = pending.commands
        pending.commands = []
        for command in commands {
            refusals.append { command.refuse($0) }
            switch command {
            case .cancel(let ids, let tenant, let context, let reply):
                try cancel(ids, tenant: tenant, by: context, now: now, reply)
            case .cancelBatch(let reference, let tenant, let context, let reply):
                try startCancellation(reference, tenant, by: context, reply)
            case .pause(let wish, let tenant, let paused, let context, let reply):
                try pause(wish, tenant: tenant, paused: paused, by: context, reply)
            case .actOnUnknown(let wish, let ids, let tenant, let context, let reply):
                try actOnUnknown(wish, ids, tenant: tenant, by: context, now: now, reply)
            case .reconcile(let id, let attempt, let providerID, let status, let reply):
                try reconcile(id, attempt: attempt, providerID: providerID, status: status, now: now, reply)
            case .attemptNotFound(let id, let attempt, let reply):
                try attemptNotFound(id, attempt: attempt, now: now)
                effects.replies.append { reply(nil) }
            case .findBound(let ids, let provider, let reply): findBound(ids, provider: provider, reply)
            case .usage(let tenants, let reply):
                var usages: [TenantUsageReport] = []
                for tenant in tenants {
                    usages.append(
                        TenantUsageReport(
                            try store.usage(of: tenant, now: now),
                            optedOutAtCarriers: dispatcher.carrierOptOuts.count(of: tenant)))
                }
                effects.replies.append { [usages] in reply(.success(usages)) }
            case .load(let tenant, let reply):
                let load = try load(of: tenant)
                effects.replies.append { reply(.success(load)) }
            case .waitReasons(let ids, let tellsWho, let reply):
                let reasons = waitReasons(of: ids, tellsWho: tellsWho, now: now)
                effects.replies.append { reply(.success(reasons)) }
            case .explain(let batch, let reply):
                let explanation = explain(batch, now: now)
                effects.replies.append { reply(.success(explanation)) }
            case .forgetCarrierOptOuts(let numbers, let tenant, let reply):
                try forgetCarrierOptOuts(numbers, tenant, reply)
            case .administer(let act):
                let whenDurable = try act.perform(store, now)
                effects.replies.append { whenDurable() }
            // They have been dealt with before the round.
            case .configure, .configureProviders, .drain: break
            }
        }
    }

    /// Takes over what is no part of a round, and needs no writing: it stands whatever becomes of the round.
    mutating func configure(now: Int64) {
        for command in pending.commands {
            switch command {
            case .configure(let tenants): configure(tenants)
            case .configureProviders(let providers, let routes): configure(providers, routes, now: now)
            case .drain: drain()
            default: break
            }
        }
        pending.commands.removeAll(where: \.isConfiguration)
    }

    mutating func configure(_ tenants: WriterTenants) {
        tenantNames = tenants.names
        log.setTenantNames(tenants.names)
        dispatcher.senderPolicies = tenants.senderPolicies
        owners.configure(tenants)
        quotas = tenants.quotas
        store.setQuotas(quotas)
        store.setRetention(of: tenants.retention)
        dispatcher.setWeights(tenants.weights)
    }

    mutating func configure(_ providers: [ConfiguredProvider], _ routes: [Route]?, now: Int64) {
        owners.configure(providers, routes)
        effects.draining += dispatcher.pool.configure(providers, routes: routes, now: now)
        dispatcher.open.returnSetAside()
    }

    mutating func drain() {
        dispatcher.isDraining = true
        effects.draining += dispatcher.pool.states.filter { !$0.isClosed }.map(\.provider)
    }

    private mutating func cancel(
        _ ids: [MessageID], tenant: TenantID?, by context: AuditContext?, now: Int64,
        _ reply: @escaping @Sendable (Result<[MessageCancelResult], GatewayError>) -> Void
    ) throws(StoreError) {
        if let failure = unreadable(ids) {
            effects.replies.append { reply(.failure(failure)) }
            return
        }
        var verdicts: [MessageCancelResult] = []
        for id in ids { verdicts.append(try cancel(id, tenant: tenant, now: now)) }
        let stopped = verdicts.filter { $0.outcome == .canceled || $0.outcome == .mayHaveBeenSent }
        let canceled = stopped.map { JSONValue.string($0.id.description) }
        if let context, !canceled.isEmpty {
            let owner = tenant.map { name(of: .tenant($0)) } ?? "every tenant"
            try store.administration.append(
                AuditRecord(.cancel, owner, by: context, after: .object(["messages": .array(canceled)])))
        }
        effects.replies.append { [verdicts] in reply(.success(verdicts)) }
    }

    /// A day's file that cannot be read must not end the round: all are looked at before anything is written.
    /// - Returns: why not all can be read.
    func unreadable(_ ids: [MessageID]) -> GatewayError? {
        do throws(StoreError) {
            for id in ids { _ = try store.lifecycle(of: id) }
            return nil
        } catch {
            return GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000, notProcessed: true)
        }
    }

    private mutating func cancel(_ id: MessageID, tenant: TenantID?, now: Int64) throws(StoreError)
        -> MessageCancelResult
    {
        let known = try store.lifecycle(of: id)
        guard let stored = known == nil ? try waiting(id) : known,
            tenant.map({ $0 == stored.tenant }) ?? true
        else { return MessageCancelResult(id: id) }
        let (outcome, state) = try cancel(stored, isFirst: known == nil, now: now)
        operations += 1
        return MessageCancelResult(id: id, outcome: outcome, state: state)
    }

    private mutating func cancel(
        _ known: StoredLifecycle, isFirst: Bool, now: Int64
    ) throws(StoreError) -> (MessageLifecycle.CancelOutcome, MessageState) {
        var stored = known
        let before = stored.lifecycle.mark
        let outcome = stored.lifecycle.canceled(at: now)
        if stored.lifecycle.state != known.lifecycle.state {
            if try store.record(stored, since: before, isFirst: isFirst) { noteUnresolved(stored.lifecycle) }
            dispatcher.open.leaves(stored.lifecycle.id)
        }
        return (outcome, stored.lifecycle.state)
    }

    /// A message that has no lifecycle yet.
    private func waiting(_ id: MessageID) throws(StoreError) -> StoredLifecycle? {
        var arena = MessageDrafts()
        guard let loaded = try store.load(id, into: &arena) else { return nil }
        return StoredLifecycle(
            lifecycle: MessageLifecycle(id: id, waiting: loaded.draft.waitingState), tenant: loaded.draft.tenant,
            batch: loaded.batch)
    }

    private mutating func startCancellation(
        _ reference: BatchReference, _ tenant: TenantID, by context: AuditContext?,
        _ reply: @escaping @Sendable (Result<BatchCancelCount, GatewayError>) -> Void
    ) throws(StoreError) {
        guard let batch = try store.batch(tenant: tenant, reference) else {
            effects.replies.append { reply(.failure(.noSuchBatch)) }
            return
        }
        try store.cancelBatch(batch.id)
        if let context {
            let after: [TextKey: JSONValue] = ["batch": .string(batch.id.description), "name": .string(batch.name)]
            try store.administration.append(
                AuditRecord(.cancel, name(of: .tenant(tenant)), by: context, after: .object(after)))
        }
        dispatcher.cancelingBatches.insert(batch.id)
        cancellations.append(BatchCancellation(batch: batch.id, reply: reply))
    }

    /// Cancels some more messages of the batches that are being canceled.
    mutating func cancelSlices(now: Int64) throws(StoreError) {
        guard var job = cancellations.first else { return }
        let slice = try store.messages(of: job.batch, from: job.next, limit: 500)
        for id in slice.ids {
            let known = try store.lifecycle(of: id)
            guard let stored = known == nil ? try waiting(id) : known else { continue }
            job.count.add(try cancel(stored, isFirst: known == nil, now: now).0)
        }
        operations += UInt64(slice.ids.count)
        if let next = slice.next {
            job.next = next
            cancellations[0] = job
            return
        }
        cancellations.removeFirst()
        dispatcher.open.drop(job.batch)
        dispatcher.cancelingBatches.remove(job.batch)
        if let reply = job.reply { effects.replies.append { [count = job.count] in reply(.success(count)) } }
    }

    private mutating func pause(
        _ wish: PauseScope, tenant: TenantID, paused: Bool, by context: AuditContext,
        _ reply: @escaping @Sendable (Result<[String], GatewayError>) -> Void
    ) throws(StoreError) {
        let target: PauseTarget
        switch wish {
        case .everything: target = .everything
        case .provider(let name):
            guard dispatcher.pool.index(named: name) != nil else {
                let error = GatewayError(.notFound, "there is no provider \(name)")
                effects.replies.append { reply(.failure(error)) }
                return
            }
            target = .provider(name)
        case .batch(let reference):
            guard let batch = try store.batch(tenant: tenant, reference) else {
                effects.replies.append { reply(.failure(.noSuchBatch)) }
                return
            }
            target = .batch(batch.id)
        case .tenant(let id): target = .tenant(id)
        }
        try store.setPaused(target, paused)
        let before = pausedNames
        dispatcher.setPaused(paused, target)
        pauseContexts[name(of: target)] = paused ? context : nil
        if pausedNames != before {
            try store.administration.append(
                AuditRecord(
                    paused ? .pause : .resume, name(of: target), by: context,
                    before: .array(before.map(JSONValue.string)),
                    after: .array(pausedNames.map(JSONValue.string))))
        }
        // Who pauses a batch may be any tenant.
        var names = pausedNames
        if case .batch = wish { names = try pausedNames(of: tenant) }
        effects.replies.append { [names] in reply(.success(names)) }
    }

    var pausedForAll: [String] {
        (dispatcher.isPaused ? ["everything"] : [])
            + dispatcher.pool.current.filter(\.isPaused).map { "provider \($0.provider.name)" }
    }

    var pausedNames: [String] {
        pausedForAll + dispatcher.pausedTenants.map { name(of: .tenant($0)) }.sorted()
            + dispatcher.pausedBatches.sorted().map { name(of: .batch($0)) }
    }

    /// The target's name for people.
    func name(of target: PauseTarget) -> String {
        switch target {
        case .everything: "everything"
        case .provider(let name): "provider \(name)"
        case .batch(let id): "batch \(id)"
        case .tenant(let id): "tenant \(tenantNames[id] ?? String(id.rawValue))"
        }
    }
}

extension WriterCommand {
    /// Whether it is no part of a round.
    fileprivate var isConfiguration: Bool {
        switch self {
        case .configure, .configureProviders, .drain: true
        default: false
        }
    }

    func refuse(_ error: GatewayError) {
        switch self {
        case .cancel(_, _, _, let reply): reply(.failure(error))
        case .cancelBatch(_, _, _, let reply): reply(.failure(error))
        case .pause(_, _, _, _, let reply): reply(.failure(error))
        case .actOnUnknown(_, _, _, _, let reply): reply(.failure(error))
        case .reconcile(_, _, _, _, let reply): reply(.failure(error))
        case .findBound(_, _, let reply): reply(.failure(error))
        case .usage(_, let reply): reply(.failure(error))
        case .load(_, let reply): reply(.failure(error))
        case .waitReasons(_, _, let reply): reply(.failure(error))
        case .explain(_, let reply): reply(.failure(error))
        case .forgetCarrierOptOuts(_, _, let reply): reply(.failure(error))
        case .administer(let act): act.refuse(error)
        case .attemptNotFound(_, _, let reply): reply(error)
        case .configure, .configureProviders, .drain: break
        }
    }
}

extension GatewayError {
    package static let noSuchBatch = GatewayError(.notFound, "there is no such batch")
}
