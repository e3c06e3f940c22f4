internal import RPCWire
internal import SMSModel

/// One connection's protocol state on the server's side: a pure machine, one method an event.
struct ServerSession: Sendable {
    private enum Phase {
        case handshake
        case open
        /// A GOAWAY was sent: calls in flight are still answered, new ones are not taken.
        case draining
        /// The connection ends: nothing more is read or answered.
        case closed
    }

    /// What to do with a HELLO.
    enum HelloAction: Equatable {
        /// - Parameter maximumFrameBytes: of frames, in both directions.
        case accept(maximumFrameBytes: Int)
        case refuse(StatusCode, String)
    }

    /// What to do with a REQUEST.
    enum RequestAction: Equatable {
        case take
        /// Answer RESOURCE_EXHAUSTED: surely not processed.
        case refuseTooMany
        /// It crossed our GOAWAY, which says already that it isn't processed.
        case ignore
        case violation(String)
    }

    private var phase = Phase.handshake
    private(set) var calls = CallTable()
    private let maximumCalls: Int
    /// The last call taken.
    private(set) var lastCallID: UInt32 = 0

    init(maximumCalls: Int) {
        self.maximumCalls = maximumCalls
    }

    var awaitsHello: Bool { phase == .handshake }
    var isClosed: Bool { phase == .closed }
    var callsInFlight: Int { calls.count }
    /// Every call taken before the GOAWAY has been answered.
    var isDrained: Bool { phase == .draining && calls.isEmpty }

    mutating func helloReceived(_ hello: ClientHello) -> HelloAction {
        guard phase == .handshake else { return .refuse(.failedPrecondition, "a second HELLO") }
        guard hello.versions.contains(ServerHello.version) else {
            return .refuse(
                .failedPrecondition,
                "this server speaks version \(ServerHello.version), and the client none that it knows")
        }
        let asked = hello.maximumFrameBytes == 0 ? Limits.frameBytes : Int(hello.maximumFrameBytes)
        return .accept(maximumFrameBytes: min(asked, Limits.frameBytes))
    }

    /// The HELLO's credential was good, or it had none.
    mutating func opened() {
        if phase == .handshake { phase = .open }
    }

    @inline(__always)
    mutating func requestReceived(_ id: UInt32) -> RequestAction {
        guard phase == .open else {
            return phase == .handshake ? .violation("a REQUEST before the HELLO") : .ignore
        }
        guard id > lastCallID else { return .violation("call id \(id) doesn't follow \(lastCallID)") }
        lastCallID = id
        guard calls.count < maximumCalls else { return .refuseTooMany }
        calls.insert(id)
        return .take
    }

    /// - Returns: whether the call ends now, to be answered CANCELLED. A CANCEL that crossed its answer is ignored.
    mutating func cancelReceived(_ id: UInt32) -> Bool {
        phase != .closed && calls.remove(id)
    }

    /// The call's time is over.
    ///
    /// - Returns: whether it ends now, to be answered DEADLINE_EXCEEDED.
    mutating func timeOutPassed(_ id: UInt32) -> Bool {
        phase != .closed && calls.remove(id)
    }

    /// - Returns: whether the answer may be sent: the call is in flight, neither cancelled nor answered before.
    @inline(__always)
    mutating func answered(_ id: UInt32) -> Bool {
        phase != .closed && calls.remove(id)
    }

    /// - Returns: whether a GOAWAY is to be sent.
    mutating func drainStarted() -> Bool {
        guard phase == .open || phase == .handshake else { return false }
        phase = .draining
        return true
    }

    mutating func closed() {
        phase = .closed
        calls.removeAll()
    }
}
