internal import SMSModel
internal import Scheduling

/// Times at which there is something to do.
extension Dispatcher {
    /// When there is something to do without being asked; nil = never.
    mutating func nextDue(now: Int64) -> Int64? {
        guard open.recoveryCursor == nil else { return nil }
        var next = open.nextDue(expiryDue: expiryDue)
        guard open.queue.hasUnpaused(), !isPaused, !isDraining else { return next }
        pool.refresh(&open.queue, now: now)
        if open.queue.canPop() { return now }
        if let time = pool.nextTime(now: now) { next = min(next ?? time, time) }
        return next
    }
}
