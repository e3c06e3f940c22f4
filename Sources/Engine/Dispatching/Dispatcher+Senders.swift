internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// The consequences of a provider that throttles one sender.
extension Dispatcher {
    /// The message's sender at each provider of a set that throttles it.
    func throttledSenders(of content: MessageContent, _ candidates: UInt16) -> [ThrottledSenders.Key] {
        guard !open.senders.isEmpty else { return [] }
        return pool.providers(of: candidates).compactMap { provider in
            guard let index = pool.index(of: provider) else { return nil }
            let sender = sender(of: content.draft, content.arena, by: candidates, through: index)
            let key = ThrottledSenders.Key(provider: provider, sender: sender)
            return open.senders.contains(key) ? key : nil
        }
    }

    /// The sender that a provider is given; empty = its own.
    private func sender(
        of draft: MessageDraft, _ arena: MessageDrafts, by candidates: UInt16, through index: Int
    ) -> String {
        pool.sender(of: draft, arena, senderPolicies[draft.tenant], by: candidates, through: index)?.text
            ?? arena.text(draft.sender)
    }

    /// The message in turn finds no provider that has room: it waits for those that don't throttle its sender, if any
    /// is up, else for its sender.
    ///
    /// - Parameter held: its sender at the providers that take no more of it now.
    mutating func waitForRoom(_ entry: QueuedEntry, _ held: [ThrottledSenders.Key], now: Int64) {
        var flow = entry.flow
        if !held.isEmpty {
            let others = pool.candidates(flow.candidates, without: Set(held.map(\.provider)), now: now)
            guard let others else { return open.setAside(entry.unrouted, held) }
            flow = FlowKey(candidates: others, priority: flow.priority, tenant: flow.tenant)
        }
        pool.refresh(&open.queue, set: flow.candidates, now: now)
        open.putBack(QueuedEntry(message: entry.message, flow: flow))
    }

    /// Returns messages that wait for a throttled sender to the queue, once a provider has become whole again that they
    /// could go to.
    mutating func returnSetAsideIfProviderRecovered() {
        guard open.senders.count > 0 else {
            wholeProviders = nil
            return
        }
        let whole = Set(pool.states.filter(\.isWhole).map(\.number))
        defer { wholeProviders = whole }
        if let before = wholeProviders, !whole.isSubset(of: before) { open.returnSetAside() }
    }

    /// Takes over what an answer says about the message's sender.
    /// - Parameter content: the message's, where a throttled sender is not known otherwise.
    /// - Returns: when that may be asked for again; nil if it is not throttled.
    mutating func learnOfSender(
        _ outcome: Outcome, _ flight: InFlight, _ content: MessageContent?, now: Int64
    ) -> Int64? {
        switch outcome {
        case .throttled(let retryAfter, .sender):
            var key = flight.sender
            if key == nil, let content {
                let sender = sender(
                    of: content.draft, content.arena, by: flight.message.flow.candidates, through: flight.provider)
                key = ThrottledSenders.Key(provider: pool.states[flight.provider].number, sender: sender)
            }
            guard let key else { return nil }
            return open.senders.throttled(
                key, retryAfter: retryAfter.map { Int64(clamping: $0) } ?? 0, sentAt: flight.submitted.time, now: now)
        case .accepted:
            if let sender = flight.sender { open.senders.accepted(sender, sentAt: flight.submitted.time, now: now) }
            return nil
        default: return nil
        }
    }
}
