internal import Providers
internal import SMSModel
internal import Storage

/// Long messages that a carrier hands on in parts: they are put together once all are there, and only then is a keyword
/// looked for. A part whose others don't come is kept as a message of its own, and is no keyword.
extension WriterCore {
    /// Waiting parts that one round gives up, at most.
    private static let partsAtATime = 64

    mutating func take(
        _ message: InboundMessage, _ part: InboundPart, of burst: CarrierBurst, now: Int64
    ) throws(StoreError) {
        let record = InboundPartRecord(
            at: now, provider: burst.provider, providerID: message.providerID,
            sender: message.sender.cut(to: Limits.inboundNumberBytes),
            recipient: message.recipient.cut(to: Limits.inboundNumberBytes),
            service: message.service.cut(to: Limits.inboundNumberBytes), part: part,
            body: message.body.cut(to: Limits.inboundBodyBytes))
        let waiting = try store.carriers.waitingParts(like: record)
        guard try store.carriers.insert(record) else { return }
        if let same = waiting.first(where: { $0.part.number == part.number }) {
            // The same again under another id adds nothing; another text begins a new message with the same reference.
            guard same.body != record.body else {
                return try store.carriers.finish(
                    try store.carriers.waitingParts(like: record).suffix(1).map(\.id))
            }
            try giveUp(waiting)
        }
        let parts = try store.carriers.waitingParts(like: record)
        guard parts.count == part.total else { return try noteWaitingParts() }
        var whole = message
        let inOrder = parts.sorted { $0.part.number < $1.part.number }
        whole.part = nil
        whole.providerID = inOrder[0].providerID
        whole.body = inOrder.map(\.body).joined()
        try store.carriers.finish(parts.map(\.id))
        try take(whole, of: burst, now: now)
        try noteWaitingParts()
    }

    /// Keeps parts as they are.
    private mutating func giveUp(_ parts: [InboundPartRecord]) throws(StoreError) {
        for part in parts {
            _ = try store.carriers.insert(
                InboundRecord(
                    at: part.at, provider: part.provider, providerID: part.providerID, sender: part.sender,
                    recipient: part.recipient, body: part.body))
        }
        try store.carriers.finish(parts.map(\.id))
    }

    /// Since when the part has waited that has waited longest; nil = none does.
    mutating func noteWaitingParts() throws(StoreError) {
        oldestPartAt = try store.carriers.waitingParts(limit: 1).first?.at
        waitingParts = try store.carriers.waitingPartCount()
    }

    /// When there is something to do for parts that wait; nil = never.
    func partsDue(now: Int64) -> Int64? {
        guard let oldestPartAt else { return nil }
        return waitingParts > Limits.inboundPartsWaiting ? now : oldestPartAt + Limits.inboundPartMilliseconds
    }

    /// Gives up what has waited for too long, or is too much.
    mutating func tendParts(now: Int64) throws(StoreError) {
        guard let due = partsDue(now: now), due <= now else { return }
        let oldest = try store.carriers.waitingParts(limit: Self.partsAtATime)
        for part in oldest {
            let isOver = part.at + Limits.inboundPartMilliseconds <= now
            guard isOver || waitingParts > Limits.inboundPartsWaiting else { break }
            // The message's first part has come first: the others are given up with it.
            let parts = try store.carriers.waitingParts(like: part)
            try giveUp(parts)
            waitingParts -= parts.count
        }
        try noteWaitingParts()
    }
}
