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
}
