/// A connection's time-outs, counted in sweeps of its loop: a pure machine.
struct ConnectionClock: Sendable {
    enum Action: Equatable {
        case nothing
        case ping
        case refuseHandshake
        /// No credential came in time.
        case refuseStranger
        case abort
    }

    private var openedAt = 0
    private var lastRead = 0
    private var pingSentAt: Int?
    private var endedAt: Int?
    private var outputIsShut = false
    /// Bytes handed to the channel since the connection opened, and how many of them it had passed on.
    private var handedOver = 0
    private var taken = 0
    private var lastProgress = 0

    mutating func opened(at now: Int) {
        openedAt = now
        lastRead = now
        lastProgress = now
    }

    @inline(__always)
    mutating func bytesRead(at now: Int) {
        lastRead = now
        pingSentAt = nil
    }

    @inline(__always)
    mutating func sent(_ bytes: Int) {
        handedOver += bytes
    }

    /// The connection ends as soon as its output is sent.
    mutating func ended(at now: Int) {
        endedAt = now
    }

    /// The last byte was handed over: from here on the peer has the time to close.
    ///
    /// - Returns: true the first time.
    mutating func outputShut(at now: Int) -> Bool {
        guard !outputIsShut else { return false }
        outputIsShut = true
        endedAt = now
        return true
    }

    /// - Parameters:
    ///   - waiting: bytes that the channel holds and the kernel hasn't taken.
    ///   - unsent: those, and what wasn't handed to the channel yet.
    mutating func sweep(
        now: Int, waiting: Int, unsent: Int, awaitsHello: Bool, isStranger: Bool, isPaused: Bool,
        options: RPCServerOptions
    ) -> Action {
        let passedOn = handedOver - waiting
        if passedOn != taken || unsent == 0 {
            taken = passedOn
            lastProgress = now
        }
        if now - lastProgress >= options.sweeps(options.keepaliveTimeout) { return .abort }
        if let endedAt {
            return unsent == 0 && now - endedAt >= options.sweeps(options.linger) ? .abort : .nothing
        }
        if awaitsHello {
            return now - openedAt >= options.sweeps(options.handshake) ? .refuseHandshake : .nothing
        }
        if isStranger, now - openedAt >= options.sweeps(options.handshake) + options.sweeps(options.credential) {
            return .refuseStranger
        }
        // Nothing is read while paused, so silence says nothing then; progress of the output does.
        guard !isPaused else { return .nothing }
        if let pingSentAt {
            return now - pingSentAt >= options.sweeps(options.keepaliveTimeout) ? .abort : .nothing
        }
        guard now - lastRead >= options.sweeps(options.keepalive) else { return .nothing }
        pingSentAt = now
        return .ping
    }
}
