internal import SMSModel
internal import Scheduling
internal import Synchronization

/// Bounds how fast credentials can be guessed: each that is not good is counted against the peer that brought it, over
/// all connections and event loops. Asked only for credentials that have to be checked.
package final class GuessLimit: Sendable {
    private let table = Mutex(GuessTable())

    package init() {}

    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Throws: RESOURCE_EXHAUSTED if the peer has guessed wrong too often: its credential is not even looked at.
    func check(_ origin: PeerOrigin, now: Int64) throws(GatewayError) {
        let wait = table.withLock { $0.wait(for: origin, now: now) }
        guard wait > 0 else { return }
        throw GatewayError(
            .resourceExhausted, "too many credentials from this address were not valid: wait before trying again",
            retryAfterMilliseconds: UInt64(wait),
            quota: QuotaDetail(
                limit: "guesses", maximum: UInt64(Limits.guessesPerSecond), unit: "wrong credentials a second"),
            notProcessed: true)
    }

    func failed(_ origin: PeerOrigin, now: Int64) {
        table.withLock { $0.failed(origin, now: now) }
    }
}

/// A token bucket for each peer that has guessed wrong recently. Pure: times are handed in, in milliseconds.
struct GuessTable {
    private var buckets: [PeerOrigin: TokenBucket] = [:]
    private var tidiedAt = Int64.min
    private let capacity: Int

    init(capacity: Int = Limits.guessingPeers) {
        self.capacity = capacity
    }

    var count: Int { buckets.count }

    /// Milliseconds that a peer has to wait; 0 = it need not.
    func wait(for origin: PeerOrigin, now: Int64) -> Int64 {
        guard var bucket = buckets[place(of: origin)], let next = bucket.nextTime(now: now) else { return 0 }
        return max(0, next - now)
    }

    mutating func failed(_ origin: PeerOrigin, now: Int64) {
        if buckets[origin] == nil, buckets.count >= capacity { tidy(now: now) }
        let place = place(of: origin)
        var bucket =
            buckets[place]
            ?? TokenBucket(rate: Double(Limits.guessesPerSecond), burst: Double(Limits.guesses), now: now)
        _ = bucket.take(now: now)
        buckets[place] = bucket
    }

    /// Its own, or the one for all that have none, where there is no room.
    private func place(of origin: PeerOrigin) -> PeerOrigin {
        buckets[origin] != nil || buckets.count < capacity ? origin : .others
    }

    /// Forgets whose bucket is full again: nothing is counted against them. Once a second, since all are looked at.
    private mutating func tidy(now: Int64) {
        guard now - 1000 >= tidiedAt else { return }
        tidiedAt = now
        buckets = buckets.filter { _, bucket in
            var bucket = bucket
            return bucket.available(now: now) < Limits.guesses
        }
    }
}
