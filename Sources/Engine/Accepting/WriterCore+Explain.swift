internal import Routing
internal import SMSModel
package import Storage

/// What would become of a message that was accepted now, as far as the writer knows.
package struct MessageExplanation: Sendable {
    /// Quotas that leave no room for it.
    package var overQuota: [AcceptResult.Kind] = []
    /// The tenant's.
    package var quota = TenantQuota()
    /// Why nothing can be stored now; nil = all is well.
    package var trouble: String?
    /// What keeps it waiting whatever its providers' state is: clauses for people.
    package var holds: [String] = []
    package var routing = RoutingExplanation()
}

extension WriterCore {
    /// - Parameter batch: of one message.
    mutating func explain(_ batch: MessageDrafts, now: Int64) -> MessageExplanation {
        var explanation = MessageExplanation()
        guard let draft = batch.drafts.first else { return explanation }
        explanation.quota = quotas[draft.tenant] ?? TenantQuota()
        explanation.overQuota = overQuota(draft, explanation.quota, now: now)
        explanation.holds = holds(draft)
        explanation.routing = explain(draft, batch, now: now)
        return explanation
    }

    /// Where a message would go by the routes and providers alone.
    /// - Parameter arena: of its texts.
    mutating func explain(_ draft: MessageDraft, _ arena: MessageDrafts, now: Int64) -> RoutingExplanation {
        // The choice that the next message would meet; asking changes nothing.
        var random = dispatcher.random
        return arena.bytes.withUnsafeBytes { bytes in
            let senders = dispatcher.open.senders
            return dispatcher.pool.explain(
                RoutingQuery(draft, bytes), dispatcher.senderPolicies[draft.tenant],
                throttlesSender: { senders.isHeld(.init(provider: $0, sender: $1), now: now) }, due: draft.sendAt,
                now: now, using: &random)
        }
    }

    private func overQuota(_ draft: MessageDraft, _ quota: TenantQuota, now: Int64) -> [AcceptResult.Kind] {
        // What was used cannot be told from a store in trouble; that is said by itself.
        guard quota != TenantQuota(), let usage = try? store.usage(of: draft.tenant, now: now) else { return [] }
        return quota.refusals(of: draft, after: usage)
    }

    private func holds(_ draft: MessageDraft) -> [String] {
        var holds: [String] = []
        if dispatcher.isPaused { holds.append("everything is paused") }
        if dispatcher.pausedTenants.contains(draft.tenant) { holds.append("the tenant is paused") }
        if dispatcher.open.recoveryCursor != nil { holds.append("the gateway has started and still reads what waits") }
        if dispatcher.isDraining { holds.append("the gateway is stopping") }
        return holds
    }
}

extension TenantQuota {
    /// The quotas that leave no room for a message, the one that lasts longest first.
    func refusals(of draft: MessageDraft, after usage: TenantUsage) -> [AcceptResult.Kind] {
        var refusals: [AcceptResult.Kind] = []
        if let costPerMonth, draft.reserve > 0, usage.costThisMonth > costPerMonth - draft.reserve {
            refusals.append(.overCost)
        }
        if let segmentsPerDay, usage.segmentsToday + UInt64(draft.segments) > segmentsPerDay {
            refusals.append(.overSegments)
        }
        if let waitingMessages, usage.waitingMessages >= waitingMessages { refusals.append(.overWaiting) }
        return refusals
    }
}
