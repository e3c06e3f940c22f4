internal import ConfigurationModel
internal import JSON
internal import SMSModel
internal import Storage

/// Messages of which nobody knows whether they were sent: what operators do with them, and what providers that are
/// asked know.
extension WriterCore {
    mutating func actOnUnknown(
        _ wish: UnknownRequest, _ ids: [MessageID], tenant: TenantID?, by context: AuditContext, now: Int64,
        _ reply: @escaping @Sendable (Result<[UnknownResult], GatewayError>) -> Void
    ) throws(StoreError) {
        if let failure = unreadable(ids) {
            effects.replies.append { reply(.failure(failure)) }
            return
        }
        var verdicts: [UnknownResult] = []
        for id in ids {
            let known = try store.lifecycle(of: id)
            guard let stored = known, tenant.map({ $0 == stored.tenant }) ?? true else {
                // A message that only waits is there, but has no lifecycle yet.
                verdicts.append(UnknownResult(id: id, isDone: false, state: try waitingState(of: id, tenant)))
                continue
            }
            switch wish {
            case .resend: verdicts.append(try resend(stored, by: context, now: now))
            case .settle(let state): verdicts.append(try settle(stored, as: state, by: context, now: now))
            }
        }
        for index in verdicts.indices where !verdicts[index].isDone && verdicts[index].reason.isEmpty {
            verdicts[index].reason =
                verdicts[index].state.map { "it is \($0.name), not UNKNOWN" } ?? "there is no such message"
        }
        try audit(wish, verdicts.filter(\.isDone).map(\.id), by: context)
        operations += UInt64(ids.count)
        effects.replies.append { [verdicts] in reply(.success(verdicts)) }
    }

    private func waitingState(of id: MessageID, _ tenant: TenantID?) throws(StoreError) -> MessageState? {
        var arena = MessageDrafts()
        guard let draft = try store.load(id, into: &arena)?.draft, tenant.map({ $0 == draft.tenant }) ?? true
        else { return nil }
        return try store.lifecycle(of: id)?.lifecycle.state ?? draft.waitingState
    }

    private mutating func resend(
        _ known: StoredLifecycle, by context: AuditContext, now: Int64
    ) throws(StoreError) -> UnknownResult {
        var stored = known
        let id = stored.lifecycle.id
        func refused(_ reason: String = "") -> UnknownResult {
            UnknownResult(id: id, isDone: false, state: known.lifecycle.state, reason: reason)
        }
        let before = stored.lifecycle.mark
        guard stored.lifecycle.resend(at: now, detail: context.inWords) else {
            return refused(known.lifecycle.state == .unknown ? "it has been canceled: send a new message" : "")
        }
        var arena = MessageDrafts()
        guard let draft = try store.load(id, into: &arena)?.draft else { return refused() }
        guard draft.expiresAt > now else { return refused("its validity is over: send a new message") }
        guard draft.body.count > 0 else { return refused("its body has been taken away: send a new message") }
        if let batch = stored.batch, try store.batch(tenant: stored.tenant, .id(batch))?.canceled == true {
            return refused("its batch has been canceled")
        }
        _ = try store.record(stored, since: before, isFirst: false)
        dispatcher.requeue(stored, draft, now: now)
        return UnknownResult(id: id, isDone: true, state: stored.lifecycle.state)
    }

    private mutating func settle(
        _ known: StoredLifecycle, as state: MessageState, by context: AuditContext, now: Int64
    ) throws(StoreError) -> UnknownResult {
        var stored = known
        let before = stored.lifecycle.mark
        let isDone = stored.lifecycle.settledByOperator(as: state, at: now, detail: context.inWords)
        if isDone {
            _ = try store.record(stored, since: before, isFirst: false)
            keep(stored)
        }
        return UnknownResult(id: stored.lifecycle.id, isDone: isDone, state: stored.lifecycle.state)
    }

    /// A provider has the message of that attempt, under this id.
    /// - Parameter status: what has become of it; nil = the provider doesn't say.
    mutating func reconcile(
        _ id: MessageID, attempt: Int, providerID: String, status: ReceiptStatus?, now: Int64,
        _ reply: @escaping @Sendable (Result<ReconcileResult, GatewayError>) -> Void
    ) throws(StoreError) {
        let known: StoredLifecycle?
        let isBound: Bool
        do throws(StoreError) {
            known = try store.lifecycle(of: id)
            let provider = known?.lifecycle.provider(ofAttempt: attempt) ?? 0
            isBound = try store.find(providerID: providerID, provider: provider) != nil
        } catch {
            // Nothing has been written yet: a file that cannot be read must not end the round.
            let failure = GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000, notProcessed: true)
            effects.replies.append { reply(.failure(failure)) }
            return
        }
        var verdict = ReconcileResult.superseded
        if var stored = known, stored.lifecycle.unresolvedAttempt?.attempt == attempt {
            let before = stored.lifecycle.mark
            if isBound {
                verdict = .boundElsewhere
            } else {
                try price(&stored, attempt: attempt, now: now)
                if stored.lifecycle.reconciled(attempt: attempt, providerID: providerID, at: now) {
                    if let status {
                        let receipt = Receipt(id: id, attempt: attempt, status: status, providerIDs: [providerID])
                        stored.lifecycle.receiptReceived(receipt, at: now)
                    }
                    if try store.record(stored, since: before, isFirst: false) {
                        keep(stored)
                        noteUnresolved(stored.lifecycle)
                        verdict = .sent
                        let provider = stored.lifecycle.provider(ofAttempt: attempt) ?? 0
                        try identified(id, attempt, by: provider, as: providerID, now: now)
                    }
                }
            }
        }
        operations += 1
        effects.replies.append { [verdict] in reply(.success(verdict)) }
    }

    /// A provider was asked about an attempt as often as it is asked, and doesn't know of it.
    mutating func attemptNotFound(_ id: MessageID, attempt: Int, now: Int64) throws(StoreError) {
        let known: StoredLifecycle?
        do throws(StoreError) {
            known = try store.lifecycle(of: id)
        } catch {
            // Nothing has been written yet: it stays unknown, and a file that cannot be read must not end the round.
            guard !error.isPassing else { throw error }
            return
        }
        guard var stored = known else { return }
        let before = stored.lifecycle.mark
        guard stored.lifecycle.notFound(attempt: attempt, at: now),
            try store.record(stored, since: before, isFirst: false)
        else { return }
        keep(stored)
        // An earlier attempt may be in doubt too.
        noteUnresolved(stored.lifecycle)
        operations += 1
    }

    /// Which of these ids the provider gave to some message.
    mutating func findBound(
        _ providerIDs: [String], provider: UInt8,
        _ reply: @escaping @Sendable (Result<Set<String>, GatewayError>) -> Void
    ) {
        var bound: Set<String> = []
        do throws(StoreError) {
            for id in providerIDs where try store.find(providerID: id, provider: provider) != nil { bound.insert(id) }
            effects.replies.append { [bound] in reply(.success(bound)) }
        } catch {
            // A file that cannot be read must not end the round.
            let failure = GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000, notProcessed: true)
            effects.replies.append { reply(.failure(failure)) }
        }
    }

    /// Tells what a message costs that its provider turns out to have.
    private func price(_ stored: inout StoredLifecycle, attempt: Int, now: Int64) throws(StoreError) {
        // Where a later attempt may have been taken too, what was reserved stands.
        guard attempt == stored.lifecycle.attempts else { return }
        let provider = stored.lifecycle.lastProvider
        var arena = MessageDrafts()
        guard let index = dispatcher.pool.index(of: provider),
            let draft = try store.load(stored.lifecycle.id, into: &arena)?.draft,
            let price = dispatcher.pool.states[index].price(of: draft)
        else { return }
        stored.lifecycle.priced(price, at: now, provider: provider)
    }

    /// What is kept of it for its receipt is that it was unknown.
    private mutating func keep(_ stored: StoredLifecycle) {
        _ = dispatcher.open.takeLifecycle(of: stored.lifecycle.id)
        dispatcher.open.changed(stored)
    }

    private mutating func audit(_ wish: UnknownRequest, _ ids: [MessageID], by context: AuditContext) throws(StoreError)
    {
        guard let first = ids.first else { return }
        var after: [TextKey: JSONValue] = ["messages": .array(ids.map { .string($0.description) })]
        let verb: AuditVerb
        switch wish {
        case .resend: verb = .resend
        case .settle(let state):
            verb = .settle
            after["state"] = .string(state.name)
        }
        try store.administration.append(
            AuditRecord(
                verb, ids.count == 1 ? "message \(first)" : "\(ids.count) messages", by: context, after: .object(after))
        )
    }
}

extension AuditContext {
    /// For a timeline: who it was, and why.
    fileprivate var inWords: String { note.isEmpty ? actor : "\(actor): \(note)" }
}
