internal import ConfigurationModel
internal import Logging
internal import SMSModel
internal import Storage

/// Reading from the store at the start, and again where it isn't known what of a round was recorded.
extension WriterCore {
    /// Messages that are looked at at a time.
    private static let recoveredAtATime = 1024

    /// Recovers what is paused, what is being canceled, and what is not settled; of that, if it is much, the rest is left
    /// to the rounds.
    mutating func recover(now: Int64) throws(StoreError) {
        try recoverStored(now: now)
        for _ in 0..<32 { try recoverSome(now: now) }
        updateReport(now: now)
    }

    /// Reads all again.
    mutating func recoverStored(now: Int64) throws(StoreError) {
        try recoverOperations(now: now)
        dispatcher.forgetWaiting()
        possiblySent.removeAll()
        recovered = 0
        recoveryPosition = nil
    }

    /// Reads what is no message: it is little.
    mutating func recoverOperations(now: Int64) throws(StoreError) {
        dispatcher.setPaused(try store.pausedTargets())
        cancellations = try store.unfinishedCancellations().map { BatchCancellation(batch: $0) }
        dispatcher.cancelingBatches = Set(cancellations.map(\.batch))
        lastAct = try store.administration.audit(before: nil, limit: 1).first?.id ?? 0
        try noteWaitingParts()
        try recoverReplies(now: now)
        dispatcher.carrierOptOuts = CarrierOptOuts(try store.carriers.carrierOptOuts())
        unmatched.recover(try store.carriers.unmatchedReceipts())
    }

    /// Recovers some more of what waits in the store: what comes in meanwhile is accepted, and found there in its
    /// turn, so that the order is kept.
    mutating func recoverSome(now: Int64) throws(StoreError) {
        guard dispatcher.open.recoveryCursor != nil else { return }
        // The visitor can't capture a noncopyable self: the messages are gathered first.
        var found: [RecoveredMessage] = []
        found.reserveCapacity(Self.recoveredAtATime)
        let next = try store.recover(from: recoveryPosition, limit: Self.recoveredAtATime, now: now) {
            found.append($0)
        }
        for message in found where !dispatcher.recover(message, now: now) { possiblySent.append(message) }
        recovered += found.count
        recoveryPosition = next
        dispatcher.open.recoveryCursor = next
        guard next == nil, recovered > 0 else { return }
        log.logger.notice(
            "recovered unsettled messages",
            metadata: ["messages": "\(recovered)", "possibly_sent": "\(possiblySent.count)"])
    }
}
