internal import SMSModel
internal import Synchronization

/// The room for webhooks: bodies that are coming in by their bytes, whole ones by their number, and what comes by a proxy
/// by those who sent it.
final class WebhookPlaces: Sendable {
    private let inFlight: Int
    private let bodyBytes: Int
    private let underWay = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)
    private let forwarded: Mutex<Shares<PeerOrigin>>

    /// - Parameter perAddress: requests of one client of a proxy.
    init(inFlight: Int, bodyBytes: Int, perAddress: Int) {
        self.inFlight = inFlight
        self.bodyBytes = bodyBytes
        forwarded = Mutex(Shares(most: perAddress))
    }

    /// - Returns: whether there is room for one more request of the client.
    func enter(_ client: PeerOrigin) -> Bool { forwarded.withLock { $0.take(client) } }

    func leave(_ client: PeerOrigin) { forwarded.withLock { $0.giveBack(client) } }

    /// - Returns: whether there is room for that much more of bodies.
    func addBytes(_ count: Int) -> Bool {
        guard bytes.add(count, ordering: .relaxed).newValue <= bodyBytes else {
            bytes.subtract(count, ordering: .relaxed)
            return false
        }
        return true
    }

    func removeBytes(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }

    /// - Returns: whether there is room for one more whole webhook.
    func begin() -> Bool {
        guard underWay.add(1, ordering: .relaxed).newValue <= inFlight else {
            underWay.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func end() { underWay.subtract(1, ordering: .relaxed) }
}
