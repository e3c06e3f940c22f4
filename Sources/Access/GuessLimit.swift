internal import Glibc
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

/// Where a peer comes from, as far as one that guesses can't change it at will.
enum PeerOrigin: Hashable, Sendable {
    case ipv4(UInt32)
    /// The first 64 bits, which are a network's: anyone who has one has all of its addresses.
    case ipv6(UInt64)
    case uid(UInt32)
    case unknown
    /// All that there is no room to tell apart.
    case others

    /// - Parameters:
    ///   - address: of IPv4 or IPv6; nil = it has none.
    ///   - uid: the user at the other end of a Unix socket.
    init(address: String?, uid: UInt32?) {
        self = address.flatMap(PeerOrigin.init(address:)) ?? uid.map(PeerOrigin.uid) ?? .unknown
    }

    /// - Parameter text: an address of IPv4 or IPv6.
    init?(address text: String) {
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 {
            self = .ipv4(Self.number(octets[..<4]))
        } else if inet_pton(AF_INET6, text, &octets) == 1 {
            // An IPv4 address may come over a socket of IPv6 (RFC 4291, section 2.5.5.2).
            let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            self = isMapped ? .ipv4(Self.number(octets[12...])) : .ipv6(Self.number(octets[..<8]))
        } else {
            return nil
        }
    }

    private static func number<Number: FixedWidthInteger>(_ octets: ArraySlice<UInt8>) -> Number {
        octets.reduce(0) { $0 << 8 | Number($1) }
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
