internal import Access
internal import Engine
internal import GatewayCore
internal import Providers
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// The methods that do something to messages, to what is paused and to providers.
extension GatewayService {
    func operate(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        let operations = gateway.operations
        switch method {
        case .cancel:
            let answer: Reply<CancelResult> = later(request, on: connection, CancelResponse.init)
            let message = try request.decode(CancelRequest.self)
            let owner = TenantSelection(message.tenant)
            switch message.selection {
            case .ids(let ids): operations.cancel(ids, of: owner, for: caller, answer)
            case .batchName(let name): operations.cancel(.name(name), of: owner, for: caller, answer)
            case .batchID(let id): operations.cancel(.id(id), of: owner, for: caller, answer)
            }
        case .pause, .resume:
            let subject = Operations.PauseSubject(try request.decode(PauseRequest.self).subject)
            operations.setPaused(
                method == .pause, subject, for: caller, later(request, on: connection, PauseResponse.init(paused:)))
        case .unknownResend:
            let message = try request.decode(UnknownResendRequest.self)
            operations.resend(
                message.ids, note: message.note, for: caller,
                later(request, on: connection) { UnknownActResponse($0) })
        case .unknownSettle:
            let message = try request.decode(UnknownSettleRequest.self)
            operations.settle(
                message.ids, as: message.state, note: message.note, for: caller,
                later(request, on: connection) { UnknownActResponse($0) })
        case .sandbox:
            let message = try request.decode(SandboxRequest.self)
            let (records, total) = try operations.sandboxRecords(
                limit: message.limit.unlessZero, to: message.to, for: caller)
            connection.respond(callID: request.callID, SandboxResponse(records: records, total: total))
        case .sandboxReceive:
            let message = try request.decode(SandboxReceiveRequest.self)
            operations.receiveInSandbox(
                InboundMessage(message), of: message.provider, for: caller,
                later(request, on: connection, SandboxReceiveResponse.init(provider:)))
        default:
            let name = try request.decode(ProviderTestRequest.self).name
            operations.testProvider(name, for: caller, later(request, on: connection, ProviderTestResponse.init))
        }
    }
}

extension CancelResponse {
    fileprivate init(_ result: CancelResult) {
        self.init(
            results: result.results.map {
                Result(
                    id: $0.id, canceled: $0.isCanceled, state: $0.state,
                    mayHaveBeenSent: $0.outcome == .mayHaveBeenSent)
            },
            canceled: result.canceled, tooLate: result.tooLate, notFound: result.notFound,
            mayHaveBeenSent: result.mayHaveBeenSent)
    }
}

extension Operations.PauseSubject {
    fileprivate init(_ subject: PauseRequest.Subject) {
        switch subject {
        case .everything: self = .everything
        case .provider(let name): self = .provider(name)
        case .batchName(let name): self = .batch(.name(name))
        case .batchID(let id): self = .batch(.id(id))
        case .tenant(let name): self = .tenant(name)
        }
    }
}

extension InboundMessage {
    fileprivate init(_ message: SandboxReceiveRequest) {
        self.init(providerID: message.providerID, sender: message.from, recipient: message.to, body: message.body)
        media = message.media
        part = message.part
    }
}

extension ProviderTestResponse {
    fileprivate init(_ result: ProviderCheckResult) {
        switch result {
        case .passed(let detail): self.init(result: .passed, detail: detail)
        case .refused(let code, let detail): self.init(result: .refused, code: code, detail: detail)
        case .inconclusive(let code, let detail): self.init(result: .inconclusive, code: code, detail: detail)
        }
    }
}
