internal import Logging
internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import TLS

/// Keeps one connection to the gateway while there are calls for it, and takes each call through its tries.
///
/// Sendable unchecked: all state is touched on ``eventLoop`` alone, as are all methods but where they say otherwise.
final class ConnectionKeeper: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: ClientConfiguration
    private let policy: RetryPolicy
    /// Kept from connection to connection, so that they go on with the same TLS session; the error stands for every
    /// call.
    private let tls: Result<TLSContext?, ApusError>
    private var connection: RPCClientConnection?
    private var isConnecting = false
    private var reconnecting: Scheduled<Void>?
    /// Tries to connect that failed in a row.
    private var failures = 0
    private var wasConnected = false
    private var lastLoss: RPCLoss?
    /// The credential was refused, and has not been good since.
    private var wasRefused = false
    /// Connections that take no new calls, and close once theirs are answered.
    private var leaving: [RPCClientConnection] = []
    /// For a connection, or for room on it; calls that ended meanwhile are skipped.
    private var waiting = CircularBuffer<PendingCall>()
    private var isClosed = false

    init(eventLoop: any EventLoop, configuration: ClientConfiguration) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        policy = RetryPolicy(backoff: configuration.backoff)
        tls = Result { () throws(ApusError) in try configuration.tlsContext() }
    }

    // MARK: Calls

    func begin(_ call: PendingCall) {
        guard !call.isDone else { return }
        guard !isClosed else { return call.fail(Self.closed) }
        guard call.deadline > .now() else { return call.fail(Self.late) }
        if let connection, connection.canCall {
            start(call, on: connection)
        } else {
            let timer = eventLoop.scheduleTask(deadline: call.deadline) { [weak self] in
                guard let self else { return }
                call.fail(self.waitedTooLong)
            }
            call.state = .waiting(deadline: timer)
            waiting.append(call)
            connectIfNeeded()
        }
    }

    func cancel(_ call: PendingCall) {
        if case .inFlight(let connection, let callID) = call.state {
            // Its completion ends the call.
            connection.cancel(callID)
        } else {
            call.fail(GatewayError(.cancelled, "the call was cancelled", notProcessed: true))
        }
    }

    /// Ends everything at once: calls that are not answered yet fail.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        reconnecting?.cancel()
        failWaiting(Self.closed)
        connection?.close()
        connection = nil
        for connection in leaving { connection.close() }
        leaving = []
    }

    private func start(_ call: PendingCall, on connection: RPCClientConnection) {
        if case .waiting(let timer) = call.state { timer.cancel() }
        // A completion that runs before `begin` returns has moved the call on already.
        call.state = .inFlight(connection, callID: 0)
        let callID = call.begin(on: connection) { [weak self] reply in
            guard let self else { return call.end(reply) }
            self.replied(call, reply, on: connection)
            self.closeLeft()
            self.startWaiting()
        }
        if case .inFlight = call.state, callID != 0 { call.state = .inFlight(connection, callID: callID) }
    }

    private func startWaiting() {
        while let connection, connection.canCall, let call = waiting.popFirst() {
            if !call.isDone { start(call, on: connection) }
        }
        if !waiting.isEmpty { connectIfNeeded() }
    }

    private func replied(_ call: PendingCall, _ reply: RPCReply, on connection: RPCClientConnection) {
        // Its time was over in the very turn of the loop in which it began: a timer that is due can't be cancelled.
        guard !call.isDone else { return }
        let error: GatewayError
        switch reply {
        case .message: return call.end(reply)
        case .refused(let refusal): error = refusal
        case .lost(let loss):
            error = loss.error
            if !loss.notProcessed { call.mayBeProcessed = true }
        }
        call.failures += 1
        if error.code == .unauthenticated, configuration.credential != nil, !call.askedAgain, !isClosed {
            // A token may have expired: once more, with what the caller gives now.
            call.askedAgain = true
            leave(connection)
            call.state = .new
            return begin(call)
        }
        let delay = policy.delay(
            after: error, isRepeatable: call.isRepeatable, failures: call.failures, random: .random(in: 0...1))
        guard !isClosed, let delay, .now() + TimeAmount(delay) < call.deadline else { return call.fail(error) }
        configuration.logger?.debug(
            "call repeated",
            metadata: [
                "error": "\(error.code.name): \(error.message)", "attempt": "\(call.failures)", "delay": "\(delay)",
            ])
        call.state = .resting(
            eventLoop.scheduleTask(in: TimeAmount(delay)) { [weak self] in
                guard let self else { return call.fail(Self.closed) }
                guard !call.isDone else { return }
                call.state = .new
                self.begin(call)
            })
    }

    // MARK: The connection

    private func connectIfNeeded() {
        guard connection == nil, !isConnecting, reconnecting == nil, !isClosed else { return }
        let tls: TLSContext?
        do {
            tls = try self.tls.get()
        } catch {
            return failWaiting(GatewayError(.failedPrecondition, error.message))
        }
        isConnecting = true
        guard let credential = configuration.credential else { return connect(configuration.key ?? "", tls) }
        let eventLoop = eventLoop
        Task {
            let given: Result<String, any Error>
            do { given = .success(try await credential()) } catch { given = .failure(error) }
            eventLoop.execute {
                switch given {
                case .success(let credential): self.connect(credential, tls)
                case .failure(let error):
                    self.isConnecting = false
                    self.connectFailed(RPCLoss(.unauthenticated, "no credential: \(error)", notProcessed: true))
                }
            }
        }
    }

    private func connect(_ credential: String, _ tls: TLSContext?) {
        guard !isClosed else {
            isConnecting = false
            return
        }
        var options = RPCClientOptions(userAgent: configuration.userAgent, credential: credential)
        options.connectTimeout = TimeAmount(configuration.connectTimeout)
        options.busyKeepalive = TimeAmount(configuration.keepalive)
        options.keepaliveTimeout = TimeAmount(configuration.keepalive)
        options.tls = tls
        RPCClientConnection.connect(to: configuration.address.server, on: eventLoop, options: options)
            .whenComplete { result in
                self.isConnecting = false
                switch result {
                case .success(let connection): self.connected(connection)
                case .failure(let error): self.connectFailed(error)
                }
            }
    }

    /// Makes no more calls on the connection, which closes once those in flight are answered.
    private func leave(_ connection: RPCClientConnection) {
        guard self.connection === connection else { return }
        connection.onRetired = nil
        self.connection = nil
        leaving.append(connection)
    }

    private func closeLeft() {
        guard !leaving.isEmpty else { return }
        for connection in leaving where connection.callsInFlight == 0 { connection.close() }
        leaving.removeAll { $0.callsInFlight == 0 }
    }

    private func connected(_ connection: RPCClientConnection) {
        guard !isClosed else { return connection.close() }
        wasConnected = true
        wasRefused = false
        failures = 0
        configuration.logger?.debug(
            "connected",
            metadata: ["address": "\(configuration.address)", "server": "\(connection.hello?.serverID ?? "")"])
        self.connection = connection
        connection.onRetired = { [weak self, weak connection] loss in
            guard let self, self.connection === connection else { return }
            self.connection = nil
            self.lastLoss = loss
            self.configuration.logger?.info("connection lost", metadata: ["reason": "\(loss.reason)"])
            // After the calls that are lost with it have been told.
            self.eventLoop.execute { self.startWaiting() }
        }
        startWaiting()
    }

    private func connectFailed(_ error: any Error) {
        let loss = error as? RPCLoss ?? RPCLoss(.unavailable, "\(error)", notProcessed: true)
        lastLoss = loss
        failures += 1
        configuration.logger?.info(
            "connecting failed", metadata: ["address": "\(configuration.address)", "reason": "\(loss.reason)"])
        if loss.code == .unauthenticated, configuration.credential != nil, !wasRefused {
            wasRefused = true
            return startWaiting()
        }
        guard loss.code == .unavailable, wasConnected || configuration.waitsForGateway else {
            return failWaiting(loss.error)
        }
        // Calls that ended need no connection.
        while let first = waiting.first, first.isDone { waiting.removeFirst() }
        guard !waiting.isEmpty, !isClosed else { return }
        let delay = configuration.backoff.delay(failures: failures, random: .random(in: 0...1))
        reconnecting = eventLoop.scheduleTask(in: TimeAmount(delay)) {
            self.reconnecting = nil
            self.startWaiting()
        }
    }

    private func failWaiting(_ error: GatewayError) {
        var error = error
        error.notProcessed = true
        while let call = waiting.popFirst() { call.fail(error) }
    }

    // MARK: Errors

    private static let closed = GatewayError(.unavailable, "the client is closed", notProcessed: true)
    private static let late = GatewayError(
        .deadlineExceeded, "the time was over before the call could begin", notProcessed: true)

    private var waitedTooLong: GatewayError {
        guard connection == nil, let lastLoss else { return Self.late }
        return GatewayError(.unavailable, lastLoss.reason, notProcessed: true)
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        // A third of the range: what is added to it stays in range too.
        let longest = Int64.max / 3
        self = .nanoseconds(overflow ? longest : min(longest, nanoseconds + attoseconds / 1_000_000_000))
    }
}
