internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import Glibc
internal import NIOCore
internal import Providers
package import RPCTransport
internal import RPCWire
package import SMSModel
internal import Storage

/// The methods of the RPC: a typed request in, one call, a typed response out. One for each event loop.
package final class GatewayService: RPCService {
    private let loop: RPCLoop
    let gateway: Gateway
    let tenants: TenantDirectory
    private let clock: LoopClock
    private let authenticator: Authenticator
    private let pipeline: SubmitPipeline
    private let bulk: BulkPipeline

    package init(loop: RPCLoop, gateway: Gateway) {
        self.loop = loop
        self.gateway = gateway
        tenants = gateway.tenants
        clock = LoopClock(loop: loop, clock: gateway.clock)
        authenticator = Authenticator(
            loop: loop, directory: tenants, guesses: gateway.guesses, clock: clock, log: gateway.log)
        pipeline = SubmitPipeline(
            loop: loop, writer: gateway.writer, clock: gateway.clock, suppressions: gateway.suppressions,
            log: gateway.log)
        bulk = BulkPipeline(
            loop: loop, writer: gateway.writer, clock: gateway.clock, suppressions: gateway.suppressions,
            log: gateway.log)
    }

    package func authenticate(
        _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
    ) throws(GatewayError) -> RPCAuthentication {
        try authenticator.authenticate(credential, on: connection)
    }

    package func identify(_ peer: RPCPeer) -> (any RPCPrincipal)? {
        authenticator.identify(peer)
    }

    package func burstEnded() {
        pipeline.burstEnded()
    }

    package func requestReceived(_ request: RPCRequest, on connection: RPCServerConnection) {
        guard let method = RPCMethod(rawValue: request.method) else {
            return refuse(request, on: connection, .unimplemented("method \(request.method)"))
        }
        if method == .health { return health(request, on: connection) }
        guard let principal = request.principal else {
            return refuse(request, on: connection, .unauthenticated)
        }
        // Only the authenticator makes principals, and a checked cast costs as much as decoding the request.
        let caller = unsafeDowncast(principal, to: Principal.self)
        guard caller.isGood(epoch: tenants.epoch, now: clock.now) else {
            return refuse(request, on: connection, .unauthenticated)
        }
        do throws(GatewayError) {
            try caller.require(method.scope)
        } catch {
            return refuse(request, on: connection, error)
        }
        let tenant = caller.tenant
        switch method {
        case .send: pipeline.sendReceived(request, of: tenant, on: connection)
        case .bulk: bulk.received(request, of: tenant, on: connection)
        case .null: null(request, tenant, on: connection)
        case .status: status(request, tenant, on: connection)
        case .explain: explain(request, caller, on: connection)
        case .stats: statistics(request, caller, on: connection)
        case .cancel: cancel(request, tenant, on: connection)
        case .list: list(request, tenant, on: connection)
        case .pause: pause(request, caller, paused: true, on: connection)
        case .resume: pause(request, caller, paused: false, on: connection)
        case .sandbox: sandbox(request, on: connection)
        case .sandboxReceive: receiveInSandbox(request, on: connection)
        case .describe: describe(request, tenant, on: connection)
        case .suppress, .unsuppress, .suppressions, .usage, .configShow, .configApply, .configRollback, .configHistory,
            .keyList, .keyCreate, .keyRevoke, .audit, .providerTest:
            administer(method, request, caller, on: connection)
        case .inbound: listInbound(request, caller, on: connection)
        case .unknownList: listUnknown(request, caller, on: connection)
        case .unknownResend: resendUnknown(request, caller, on: connection)
        case .unknownSettle: settleUnknown(request, caller, on: connection)
        case .health, .watch:
            refuse(request, on: connection, .unimplemented(method.name))
        }
    }

    func refuse(_ request: RPCRequest, on connection: RPCServerConnection, _ error: GatewayError) {
        connection.respond(callID: request.callID, error: error)
    }

    /// Answers a call on its loop, from whichever thread found the answer.
    func later<Answer: WireMessage & Sendable>(
        _ request: RPCRequest, on connection: RPCServerConnection
    ) -> @Sendable (Result<Answer, GatewayError>) -> Void {
        let (loop, callID, id) = (loop, request.callID, connection.id)
        return { result in
            loop.eventLoop.execute {
                guard let connection = loop.connection(id) else { return }
                switch result {
                case .success(let answer): connection.respond(callID: callID, answer)
                case .failure(let error): connection.respond(callID: callID, error: error)
                }
            }
        }
    }

    /// When nobody waits for a question's answer any more, in milliseconds since the Unix epoch; nil = never.
    func deadline(of request: RPCRequest) -> Int64? {
        let timeout = request.metadata.timeoutMilliseconds
        return timeout == 0 ? nil : gateway.clock.now() + Int64(timeout)
    }

    /// Decodes the request, or answers why not.
    func decoded<Message: WireMessage>(
        _ type: Message.Type, _ request: RPCRequest, on connection: RPCServerConnection
    ) -> Message? {
        do throws(GatewayError) {
            return try request.decode(type)
        } catch {
            connection.respond(callID: request.callID, error: error)
            return nil
        }
    }

    // MARK: Methods

    /// All that a Send costs at the door: whose it is, whether it comes too fast, what it says.
    private func null(_ request: RPCRequest, _ tenant: Tenant, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            try pipeline.admit(tenant, on: connection)
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

    private func status(_ request: RPCRequest, _ tenant: Tenant, on connection: RPCServerConnection) {
        guard let message = decoded(StatusRequest.self, request, on: connection) else { return }
        let answer: @Sendable (Result<StatusResponse, GatewayError>) -> Void = later(request, on: connection)
        let (clock, id, deadline) = (gateway.clock, tenant.id, deadline(of: request))
        gateway.reader.ask(connection.id.asker) { reader in
            answer(
                Result { () throws(GatewayError) in
                    let now = try clock.now(before: deadline)
                    return try reader.answer(message, tenant: id, now: now)
                })
        }
    }

    private func list(_ request: RPCRequest, _ tenant: Tenant, on connection: RPCServerConnection) {
        guard let message = decoded(ListRequest.self, request, on: connection) else { return }
        let query: ListQuery
        do throws(GatewayError) {
            query = try ListQuery(message)
        } catch {
            return refuse(request, on: connection, error)
        }
        let answer: @Sendable (Result<ListResponse, GatewayError>) -> Void = later(request, on: connection)
        let (clock, id, deadline) = (gateway.clock, tenant.id, deadline(of: request))
        gateway.reader.ask(connection.id.asker) { reader in
            answer(
                Result { () throws(GatewayError) in
                    let now = try clock.now(before: deadline)
                    return try reader.answer(query, tenant: id, now: now)
                })
        }
    }

    /// Of the gateway as a whole only administrators are told.
    private func statistics(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard decoded(StatsRequest.self, request, on: connection) != nil else { return }
        let answer: @Sendable (Result<GatewayStatistics, GatewayError>) -> Void = later(request, on: connection)
        let (gateway, id, asker, deadline) = (gateway, caller.tenant.id, connection.id.asker, deadline(of: request))
        let tell: @Sendable (_ standing: TenantStanding?) -> Void = { standing in
            gateway.reader.ask(asker) { reader in
                answer(
                    Result { () throws(GatewayError) in
                        _ = try gateway.clock.now(before: deadline)
                        let states = try reading { () throws(StoreError) in try reader.states(tenant: id) }
                        if let standing { return GatewayStatistics(states, standing) }
                        var statistics = gateway.statistics
                        statistics.states = states
                        return statistics
                    })
            }
        }
        guard !caller.scopes.contains(.admin) else { return tell(nil) }
        gateway.writer.command(
            .standing(id) { standing in
                switch standing {
                case .success(let standing): tell(standing)
                case .failure(let error): answer(.failure(error))
                }
            })
    }

    private func cancel(_ request: RPCRequest, _ tenant: Tenant, on connection: RPCServerConnection) {
        guard let message = decoded(CancelRequest.self, request, on: connection) else { return }
        let answer: @Sendable (Result<CancelResponse, GatewayError>) -> Void = later(request, on: connection)
        switch message.selection {
        case .ids(let ids):
            gateway.writer.command(.cancel(ids, tenant.id) { answer($0.map(CancelResponse.init(verdicts:))) })
        case .batchName(let name): cancelBatch(.name(name), tenant, answer)
        case .batchID(let id): cancelBatch(.id(id), tenant, answer)
        }
    }

    private func cancelBatch(
        _ reference: BatchReference, _ tenant: Tenant,
        _ answer: @escaping @Sendable (Result<CancelResponse, GatewayError>) -> Void
    ) {
        gateway.writer.command(
            .cancelBatch(reference, tenant.id) { result in
                answer(result.map { CancelResponse(canceled: $0.canceled, tooLate: $0.tooLate) })
            })
    }

    private func pause(
        _ request: RPCRequest, _ caller: Principal, paused: Bool, on connection: RPCServerConnection
    ) {
        guard let message = decoded(PauseRequest.self, request, on: connection) else { return }
        do throws(GatewayError) {
            try caller.require(message.subject.scope)
        } catch {
            return refuse(request, on: connection, error)
        }
        let answer: @Sendable (Result<PauseResponse, GatewayError>) -> Void = later(request, on: connection)
        let wish: PauseWish
        do throws(GatewayError) {
            wish = try pauseWish(message.subject)
        } catch {
            return refuse(request, on: connection, error)
        }
        let act = act(caller, on: connection)
        gateway.writer.command(
            .pause(wish, caller.tenant.id, paused: paused, by: act) { answer($0.map(PauseResponse.init(paused:))) })
    }

    private func pauseWish(_ subject: PauseRequest.Subject) throws(GatewayError) -> PauseWish {
        switch subject {
        case .everything: .everything
        case .provider(let name): .provider(name)
        case .batchName(let name): .batch(.name(name))
        case .batchID(let id): .batch(.id(id))
        case .tenant(let name): .tenant(try tenants.existing(name).id)
        }
    }

    private func sandbox(_ request: RPCRequest, on connection: RPCServerConnection) {
        guard let message = decoded(SandboxRequest.self, request, on: connection) else { return }
        let sandboxes = gateway.providers.sandboxes.map(\.provider)
        guard !sandboxes.isEmpty else {
            return refuse(request, on: connection, .noSandbox)
        }
        let limit = message.limit == 0 ? 100 : min(Int(message.limit), Limits.sandboxRecords)
        let found = sandboxes.map { $0.records(limit: limit, to: message.to.isEmpty ? nil : message.to) }
        let newest = found.flatMap(\.records).sorted { ($0.at, $0.id) < ($1.at, $1.id) }.suffix(limit)
        connection.respond(
            callID: request.callID,
            SandboxResponse(records: Array(newest), total: found.reduce(0) { $0 + $1.total }))
    }

    private func health(_ request: RPCRequest, on connection: RPCServerConnection) {
        guard decoded(HealthRequest.self, request, on: connection) != nil else { return }
        connection.respond(callID: request.callID, gateway.health)
    }

    private func describe(_ request: RPCRequest, _ tenant: Tenant, on connection: RPCServerConnection) {
        guard decoded(DescribeRequest.self, request, on: connection) != nil else { return }
        connection.respond(callID: request.callID, gateway.description(for: tenant))
    }
}

extension GatewayClock {
    /// - Throws: DEADLINE_EXCEEDED if the deadline has passed.
    func now(before deadline: Int64?) throws(GatewayError) -> Int64 {
        let now = now()
        if let deadline, now > deadline {
            throw GatewayError(.deadlineExceeded, "the time-out was over before the answer was found")
        }
        return now
    }
}

extension CancelResponse {
    init(verdicts: [CancelVerdict]) {
        self.init()
        for verdict in verdicts {
            results.append(Result(id: verdict.id, canceled: verdict.canceled, state: verdict.state))
            if verdict.canceled {
                canceled += 1
            } else if verdict.state == nil {
                notFound += 1
            } else {
                tooLate += 1
            }
        }
    }
}

extension GatewayError {
    fileprivate static func unimplemented(_ what: String) -> GatewayError {
        GatewayError(.unimplemented, "\(what) is not served by this version", notProcessed: true)
    }
}
