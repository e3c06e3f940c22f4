internal import RPCWire
internal import SMSModel

/// One connection's protocol state on the client's side: a pure machine, one method an event.
struct ClientSession: Sendable {
    private enum Phase {
        case handshake
        case open
        /// The server takes no more calls, but answers those it took.
        case draining
        case closed
    }

    private var phase = Phase.handshake
    /// The last call id given out; 0 = none.
    private(set) var lastCallID: UInt32 = 0
    /// The last call whose bytes may have left.
    private var lastSent: UInt32 = 0
    private(set) var hello: ServerHello?
    private let lastUsableID: UInt32

    /// - Parameter lastUsableID: after this id the connection takes no more calls.
    init(lastUsableID: UInt32 = .max) {
        self.lastUsableID = lastUsableID
    }

    var awaitsHello: Bool { phase == .handshake }
    var isClosed: Bool { phase == .closed }
    /// Whether a new call may begin; for good if not.
    var takesCalls: Bool { phase == .open && lastCallID < lastUsableID }

    /// - Returns: nil, or why the connection can't go on.
    mutating func helloReceived(_ hello: ServerHello) -> String? {
        guard phase == .handshake else { return "a second HELLO" }
        guard hello.version == ServerHello.version else {
            return "the server chose version \(hello.version), which this client doesn't speak"
        }
        guard hello.maximumFrameBytes >= Limits.minimumFrameBytes, hello.maximumCallsInFlight > 0 else {
            return "the server's HELLO has unusable bounds"
        }
        self.hello = hello
        phase = .open
        return nil
    }

    /// The next call's id; only while ``takesCalls``.
    mutating func callBegan() -> UInt32 {
        precondition(takesCalls)
        lastCallID += 1
        return lastCallID
    }

    /// Everything given out so far was handed to the channel.
    mutating func flushed() {
        lastSent = lastCallID
    }

    /// - Returns: calls above this one are surely not processed.
    mutating func goAwayReceived(_ goAway: GoAway) -> UInt32 {
        if phase == .open || phase == .handshake { phase = .draining }
        return goAway.lastCallID
    }

    /// - Returns: calls above this one are surely not processed.
    mutating func closed() -> UInt32 {
        phase = .closed
        return lastSent
    }
}
