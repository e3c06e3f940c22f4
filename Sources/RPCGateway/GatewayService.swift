internal import Access
internal import ConfigurationModel
internal import Engine
package import GatewayCore
internal import NIOCore
package import RPCTransport
internal import RPCWire
package import SMSModel

/// The RPC's door: decodes a request, has it done, encodes the answer. One for each event loop.
package final class GatewayService: RPCService {
    private let loop: RPCLoop
    let gateway: Gateway
    private let clock: LoopClock
    private let authenticator: Authenticator
    private let acceptor: Acceptor
    private let bulk: BulkAcceptor
    /// For the Bulk that is being worked on.
    private let bulkArena = MessageArena()

    /// - Parameter serverAgent: what Describe says.
    package init(loop: RPCLoop, gateway: Gateway, serverID: String, serverAgent: String) {
        self.loop = loop
        self.gateway = gateway
        self.serverID = serverID
        self.serverAgent = serverAgent
        clock = LoopClock(loop: loop, clock: gateway.clock)
        authenticator = gateway.makeAuthenticator()
        acceptor = gateway.makeAcceptor { answers in
            loop.eventLoop.execute { Self.deliver(answers, on: loop) }
        }
        let turn = BulkTurn()
        bulk = gateway.makeBulkAcceptor(
            schedule: { microseconds in turn.schedule(on: loop, after: microseconds) },
            deliver: { answer in
                loop.eventLoop.execute { Self.deliver(answer, on: loop) }
            })
        turn.acceptor = bulk
    }

    let serverID: String
    let serverAgent: String

    // MARK: Who calls

    package func authenticate(
        _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
    ) throws(GatewayError) -> RPCAuthentication {
        switch try authenticator.authenticate(credential, of: Peer(connection.peer), now: clock.now) {
        case .principal(let principal): return .principal(principal)
        case .pending(let token):
            verify(token, on: connection.id, of: Peer(connection.peer))
            return .pending
        }
    }

    /// Off the loop: a signature takes long compared with all that happens on it.
    private func verify(_ token: PendingToken, on connection: RPCConnectionID, of peer: Peer) {
        let (loop, me) = (loop, NIOLoopBound(self, eventLoop: loop.eventLoop))
        Task {
            let isSigned = await token.isSigned()
            loop.eventLoop.execute {
                let (authenticator, now) = (me.value.authenticator, me.value.clock.now)
                let result = Result { () throws(GatewayError) -> any RPCPrincipal in
                    try authenticator.finish(token, isSigned: isSigned, of: peer, now: now)
                }
                loop.connection(connection)?.authenticated(result)
            }
        }
    }

    package func identify(_ peer: RPCPeer) -> (any RPCPrincipal)? {
        authenticator.identify(Peer(peer), now: clock.now)
    }

    package func owner(of principal: any RPCPrincipal) -> UInt64? {
        UInt64(UInt32(bitPattern: unsafeDowncast(principal, to: Principal.self).tenant.id.rawValue))
    }

    // MARK: Calls

    package func burstEnded() {
        acceptor.burstEnded()
    }

    package func requestReceived(_ request: RPCRequest, on connection: RPCServerConnection) {
        guard let method = RPCMethod(rawValue: request.method) else {
            return refuse(request, on: connection, .unimplemented("method \(request.method)"))
        }
        if method == .health { return health(request, on: connection) }
        guard let known = request.principal else {
            return refuse(request, on: connection, .unauthenticated)
        }
        // Only the authenticator makes principals, and a checked cast costs as much as decoding the request.
        let principal = unsafeDowncast(known, to: Principal.self)
        guard authenticator.isGood(principal, now: clock.now) else {
            return refuse(request, on: connection, .unauthenticated)
        }
        switch method {
        case .send: send(request, principal, on: connection)
        case .bulk: takeBulk(request, principal, on: connection)
        case .null: null(request, principal, on: connection)
        case .health, .watch: refuse(request, on: connection, .unimplemented(method.name))
        default:
            let caller = Caller(
                principal, asker: connection.id.asker, deadline: deadline(of: request), rate: connection.rate,
                peer: connection.peer.name)
            do throws(GatewayError) {
                try method.admit(principal)
                try perform(method, request, for: caller, on: connection)
            } catch {
                refuse(request, on: connection, error)
            }
        }
    }

    private func perform(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        switch method {
        case .status, .list, .batchList, .stats, .explain, .inbound, .unknownList, .describe:
            try ask(method, request, for: caller, on: connection)
        case .cancel, .pause, .resume, .unknownResend, .unknownSettle, .sandbox, .sandboxReceive, .providerTest:
            try operate(method, request, for: caller, on: connection)
        default:
            try configure(method, request, for: caller, on: connection)
        }
    }

    func refuse(_ request: RPCRequest, on connection: RPCServerConnection, _ error: GatewayError) {
        connection.respond(callID: request.callID, error: error)
    }

    /// Answers a call on its loop, from whichever thread found the answer.
    /// - Parameter encode: makes a message of it.
    func later<Answer, Message: WireMessage & Sendable>(
        _ request: RPCRequest, on connection: RPCServerConnection, _ encode: @escaping @Sendable (Answer) -> Message
    ) -> Reply<Answer> where Answer: Sendable {
        let (loop, token) = (loop, connection.id.token(request.callID))
        return { result in
            loop.eventLoop.execute {
                guard let connection = loop.connection(token.connection) else { return }
                switch result {
                case .success(let answer): connection.respond(callID: token.callID, encode(answer))
                case .failure(let error): connection.respond(callID: token.callID, error: error)
                }
            }
        }
    }

    /// When nobody waits for a question's answer any more, in milliseconds since the Unix epoch; nil = never.
    private func deadline(of request: RPCRequest) -> Int64? {
        let timeout = request.metadata.timeoutMilliseconds
        return timeout == 0 ? nil : gateway.clock.now() + Int64(timeout)
    }

    // MARK: Send, Bulk and Null

    private func send(_ request: RPCRequest, _ sender: Principal, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            try acceptor.accept(
                from: sender, rate: &connection.rate, token: connection.id.token(request.callID),
                trace: { MessageTrace(request.metadata) }
            ) { () throws(GatewayError) in try request.decodeSend() }
        } catch {
            connection.respond(callID: request.callID, error: error)
        }
    }

    private static func deliver(_ answers: AcceptorAnswers, on loop: RPCLoop) {
        answers.forEach(
            accepted: { token, message in
                loop.connection(token.connection)?.respond(callID: token.callID, send: SendResponse(message))
            },
            refused: { token, error in
                loop.connection(token.connection)?.respond(callID: token.callID, error: error)
            })
        loop.flush()
    }

    private func takeBulk(_ request: RPCRequest, _ sender: Principal, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            try bulk.accept(
                from: sender, rate: &connection.rate, token: connection.id.token(request.callID),
                bytes: request.payload.count, trace: { MessageTrace(request.metadata) }
            ) { RPCBulkCall(request, on: connection, loop, bulkArena) }
        } catch {
            connection.respond(callID: request.callID, error: error)
        }
    }

    private static func deliver(_ answer: BulkAnswer, on loop: RPCLoop) {
        let token = answer.token
        guard let connection = loop.connection(token.connection) else { return }
        switch answer.result() {
        case .success(let result): connection.respond(callID: token.callID, BulkResponse(result))
        case .failure(let error): connection.respond(callID: token.callID, error: error)
        }
        loop.flush()
    }

    /// All that a Send costs at the door: whose it is, whether it comes too fast, what it says.
    private func null(_ request: RPCRequest, _ principal: Principal, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            try acceptor.admit(principal.tenant, &connection.rate)
            let message = try request.decodeSend()
            connection.respond(
                callID: request.callID,
                send: SendResponse(
                    id: MessageID(rawValue: UInt64(request.callID)), state: .queued, duplicate: false,
                    segments: UInt32(min(1, message.body.count)), encoding: .gsm7))
        } catch {
            connection.respond(callID: request.callID, error: error)
        }
    }

    // MARK: What it says of itself

    private func isKnown(_ principal: (any RPCPrincipal)?) -> Bool {
        guard let principal else { return false }
        return authenticator.isGood(unsafeDowncast(principal, to: Principal.self), now: clock.now)
    }

    private func health(_ request: RPCRequest, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            _ = try request.decode(HealthRequest.self)
            let principal = request.principal as? Principal
            let isAdministrator =
                principal.map { authenticator.isGood($0, now: clock.now) && $0.scopes.contains(.admin) } ?? false
            // Checks name providers and paths: what is wrong is for those who may call.
            let isKnown = isKnown(request.principal)
            let answer: Reply<GatewayHealth> = later(request, on: connection) { health in
                var health = health
                if !isKnown { health.checks = [] }
                return HealthReport(health, withProviders: isAdministrator)
            }
            gateway.monitor.health { answer(.success($0)) }
        } catch {
            refuse(request, on: connection, error)
        }
    }
}

/// Calls the bulk's acceptor on its loop when it has asked for that.
///
/// Sendable unchecked: it is touched on the loop alone.
private final class BulkTurn: @unchecked Sendable {
    weak var acceptor: BulkAcceptor?

    func schedule(on loop: RPCLoop, after microseconds: Int64) {
        guard microseconds > 0 else { return loop.eventLoop.execute { self.acceptor?.work() } }
        loop.eventLoop.scheduleTask(in: .microseconds(microseconds)) { self.acceptor?.work() }
    }
}

extension GatewayError {
    fileprivate static func unimplemented(_ what: String) -> GatewayError {
        GatewayError(.unimplemented, "\(what) is not served by this version", notProcessed: true)
    }
}
