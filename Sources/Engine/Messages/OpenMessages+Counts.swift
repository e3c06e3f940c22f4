internal import SMSModel
internal import Scheduling

/// How much waits, of which tenant, and until when.
extension OpenMessages {
    /// The messages of one priority that wait for a provider, their batch or their sender, of a tenant.
    func waitingCount(_ priority: Priority, of tenant: TenantID) -> Int {
        queue.count(priority, of: tenant) + senders.count(priority, of: tenant)
            + (priority == .bulk ? held.count(of: tenant) : 0)
    }

    /// The messages of one priority that wait for a provider or their batch.
    func waitingCount(_ priority: Priority) -> Int {
        queue.count(priority) + (priority == .bulk ? held.count : 0)
    }

    /// The messages that wait for a time or for a throttled sender.
    var waitingLaterCount: Int { delays.count + senders.count }

    /// No message that waits or is in flight has a lower id. Looks at every message.
    func lowestID() -> MessageID? {
        [queue.lowestID(), delays.lowestID, senders.lowestID, held.lowestID, lowestInFlight].compactMap(\.self).min()
    }

    /// When a message that waits is due or its validity is to be looked at; nil = never.
    /// - Parameter expiryDue: when that is looked at next.
    func nextDue(expiryDue: Int64) -> Int64? {
        var next = delays.nextDue
        func earlier(_ time: Int64) { next = min(next ?? time, time) }
        if !queue.isEmpty { earlier(expiryDue) }
        if !held.isEmpty { earlier(max(expiryDue, held.nextExpiry)) }
        if senders.count > 0 { earlier(min(senders.due, max(expiryDue, senders.over))) }
        return next
    }

    /// What waits for providers, the group with the oldest message first: for its turn, for another attempt, or for a
    /// throttled sender. What waits for its send time or its batch is not among it.
    func waitingGroups(now: Int64) -> [WaitingGroup] {
        var groups = queue.waitingFlows(idsOfEach: Limits.surveyedMessagesOfFlow).map { flow in
            WaitingGroup(flow.key, count: flow.count, ids: flow.ids.sorted())
        }
        var backedOff: [FlowKey: WaitingGroup] = [:]
        delays.visit(dueBefore: now + Limits.surveyedDelayMilliseconds, limit: Limits.surveyedDelays) { entry in
            let id = entry.message.id
            guard hasStoredLifecycle(id) else { return }
            var group = backedOff[entry.flow] ?? WaitingGroup(entry.flow, count: 0, ids: [id])
            group.count += 1
            group.ids = [min(group.ids[0], id)]
            backedOff[entry.flow] = group
        }
        groups += backedOff.values
        for (provider, first, count) in senders.waitingBySender {
            groups.append(WaitingGroup(first.flow, provider: provider, count: count, ids: [first.message.id]))
        }
        return groups.sorted { ($0.ids.first ?? .init(rawValue: .max)) < ($1.ids.first ?? .init(rawValue: .max)) }
    }
}

extension WaitingGroup {
    fileprivate init(_ flow: FlowKey, provider: UInt8? = nil, count: Int, ids: [MessageID]) {
        self.init(
            candidates: flow.candidates, priority: flow.priority, tenant: flow.tenant, provider: provider,
            count: count, ids: ids)
    }
}
