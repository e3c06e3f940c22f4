internal import SMSModel
internal import Scheduling

/// Times at which there is something to do, and counts of what waits.
extension Dispatcher {
    /// When there is something to do without being asked; nil = never.
    mutating func nextDue(now: Int64) -> Int64? {
        guard takenUpBelow == nil else { return nil }
        var next = delays.nextDue
        func earlier(_ time: Int64?) { if let time { next = min(next ?? time, time) } }
        if !queue.isEmpty { earlier(sweepDue) }
        if !parked.isEmpty { earlier(max(sweepDue, parkedOver)) }
        if senders.count > 0 { earlier(min(senders.due, max(sweepDue, senders.over))) }
        guard queue.hasUnpaused(), !isPaused, !isDraining else { return next }
        pool.refresh(&queue, now: now)
        if queue.canPop() { return now }
        earlier(pool.nextTime(now: now))
        return next
    }

    /// No message that waits or is in flight has a lower id.
    func lowestID() -> MessageID? {
        var lowest = queue.lowestID()
        for other in [
            delays.lowestID, senders.lowestID, inFlight.keys.min(), parked.values.joined().map(\.message.id).min(),
        ] {
            if let other { lowest = min(lowest ?? other, other) }
        }
        return lowest
    }

    var parkedCount: Int { parked.values.reduce(0) { $0 + $1.count } }

    /// All of a batch are of one tenant.
    func parkedCount(of tenant: TenantID) -> Int {
        parked.values.reduce(0) { $1.first?.flow.tenant == tenant ? $0 + $1.count : $0 }
    }
}
