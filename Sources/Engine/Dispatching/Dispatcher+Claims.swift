internal import Admission
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// Decisions about messages whose turn has come.
extension Dispatcher {
    /// Whether messages may be handed over now.
    var mayClaim: Bool { open.recoveryCursor == nil && !isPaused && !isDraining }

    /// The decision about a message in its turn.
    enum TurnDecision {
        /// It waits on, and stands where already.
        case waits
        /// It doesn't wait any more, and nothing is to be recorded.
        case leaves
        /// It ends with the step in its lifecycle, without being handed over.
        case ends
        /// It is handed over once the step in its lifecycle is recorded.
        case handsOver(HandOver)
    }

    struct HandOver {
        var index: Int
        /// With the candidates that the provider was chosen from.
        var entry: QueuedEntry
        /// Instead of the message's own; nil = that one.
        var sender: [UInt8]?
        /// The sender, if the provider throttles it.
        var throttled: ThrottledSenders.Key?
    }

    /// Decides about the message in turn.
    /// - Parameters:
    ///   - stored: gets the step that is decided.
    ///   - isFirst: nothing but the acceptance is stored.
    mutating func decide(
        _ entry: QueuedEntry, _ content: MessageContent, _ stored: inout StoredLifecycle, isFirst: Bool, now: Int64
    ) -> TurnDecision {
        let (id, draft) = (entry.message.id, content.draft)
        if let batch = content.batch {
            if cancelingBatches.contains(batch) { return .leaves }
            if pausedBatches.contains(batch) {
                open.hold(entry, of: batch)
                return .waits
            }
        }
        if entry.message.expiresAt <= now { return stored.lifecycle.expired(at: now) ? .ends : .leaves }
        let reply = replies.isEmpty ? nil : replies[id]
        if reply == nil && hasOptedOut(content) {
            return end(&stored, code: "SUPPRESSED", message: "the recipient has opted out", now: now)
        }
        let trouble = isFirst ? AttemptTrouble() : AttemptTrouble(stored.lifecycle)
        if let reply { return decide(reply: reply, entry, draft, &stored, trouble, now: now) }
        var candidates = entry.flow.candidates
        if !isFirst || !pool.isRouted(candidates) {
            switch pool.route(draft, content.arena, trouble) {
            case .candidates(let number): candidates = number
            case .refusedByAll:
                let message = "every provider of its route has refused it"
                return end(&stored, code: "NO_PROVIDER", message: message, now: now)
            case .rejected(let reason): return end(&stored, code: "ROUTE_REFUSES", message: reason, now: now)
            }
        }
        if !carrierOptOuts.isEmpty, let optOut = optOut(atCarrierOf: candidates, content, now: now) {
            let carrier = pool.index(of: optOut.provider).map { pool.states[$0].provider.name } ?? "the carrier"
            let message = "the recipient has opted out at \(carrier) (\(optOut.code))"
            return end(&stored, code: "OPTED_OUT", message: message, now: now)
        }
        let flow = FlowKey(candidates: candidates, priority: draft.priority, tenant: draft.tenant)
        let routed = QueuedEntry(message: entry.message, flow: flow)
        let throttled = throttledSenders(of: content, candidates)
        let held = throttled.filter { open.senders.isHeld($0, now: now) }
        guard
            let choice = pool.choose(
                candidates, trouble, held: Set(held.map(\.provider)), urgent: draft.priority == .urgent, now: now,
                using: &random)
        else {
            waitForRoom(routed, held, now: now)
            return .waits
        }
        let sender = pool.sender(
            of: draft, content.arena, senderPolicies[draft.tenant], by: candidates, through: choice.index)
        let number = pool.states[choice.index].number
        guard
            stored.lifecycle.claimed(
                at: now, provider: number, reason: sender?.added(to: choice.reason) ?? choice.reason)
        else { return .leaves }
        return .handsOver(
            HandOver(
                index: choice.index, entry: routed, sender: sender?.sender,
                throttled: throttled.first { $0.provider == number }))
    }

    private func end(
        _ stored: inout StoredLifecycle, code: String, message: String, now: Int64
    ) -> TurnDecision {
        stored.lifecycle.gaveUp(at: now, code: code, message: message) ? .ends : .leaves
    }

    /// An answer to a keyword goes by the provider that has brought the keyword, and by no other.
    private mutating func decide(
        reply: UInt8, _ entry: QueuedEntry, _ draft: MessageDraft, _ stored: inout StoredLifecycle,
        _ trouble: AttemptTrouble, now: Int64
    ) -> TurnDecision {
        switch path(forReply: reply, trouble, urgent: draft.priority == .urgent, now: now) {
        case .none:
            let message = "the provider that brought the keyword takes no answer"
            return end(&stored, code: "NO_PROVIDER", message: message, now: now)
        case .later:
            open.putOff(entry.unrouted, due: now + Self.replyPause)
            return .waits
        case .now(let index):
            let reason = "answers a keyword by the provider that brought it"
            guard stored.lifecycle.claimed(at: now, provider: pool.states[index].number, reason: reason)
            else { return .leaves }
            return .handsOver(HandOver(index: index, entry: entry.unrouted))
        }
    }

    /// The claim of the message in turn has been recorded: it is submitted once that is durable.
    mutating func handOver(
        _ choice: HandOver, _ content: MessageContent, _ stored: StoredLifecycle, now: Int64
    ) {
        let (id, draft) = (choice.entry.message.id, content.draft)
        if let throttled = choice.throttled { open.senders.take(throttled, now: now) }
        let submitted = pool.update(choice.index) {
            $0.batch.append(content, id: id, attempt: stored.lifecycle.attempts, sender: choice.sender)
            return $0.take(urgent: draft.priority == .urgent, now: now)
        }
        pool.refresh(&open.queue, index: choice.index, now: now)
        open.claimed(
            choice.entry,
            InFlight(
                stored: stored, message: choice.entry, provider: choice.index,
                onUnknown: draft.onUnknown, submitted: submitted, sender: choice.throttled,
                price: pool.states[choice.index].price(of: draft), routesEpoch: pool.routesEpoch))
    }

    /// The submissions of a round that has been committed.
    mutating func takeSubmissions() -> [(provider: any SMSProvider, batch: Submissions)] {
        var submissions: [(any SMSProvider, Submissions)] = []
        for index in pool.states.indices where !pool.states[index].batch.items.isEmpty {
            submissions.append((pool.states[index].provider, pool.states[index].batch))
            pool.clearBatch(of: index)
        }
        return submissions
    }
}
