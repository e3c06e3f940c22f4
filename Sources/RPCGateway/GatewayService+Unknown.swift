internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// The methods about messages of which nobody knows whether they were sent. A tenant acts on its own; an administrator
/// on all.
extension GatewayService {
    func listUnknown(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(UnknownListRequest.self, request, on: connection) else { return }
        let owner: TenantID?
        let query: UnknownQuery
        do throws(GatewayError) {
            if message.tenant == UnknownListRequest.everyTenant {
                try caller.require(.admin)
                owner = nil
            } else {
                owner = try tenants.subject(named: message.tenant, of: caller).id
            }
            query = try UnknownQuery(message)
        } catch {
            return refuse(request, on: connection, error)
        }
        let answer: @Sendable (Result<UnknownListResponse, GatewayError>) -> Void = later(request, on: connection)
        let (clock, tenants, deadline) = (gateway.clock, tenants, deadline(of: request))
        gateway.reader.ask(connection.id.asker) { reader in
            answer(
                Result { () throws(GatewayError) in
                    let now = try clock.now(before: deadline)
                    let page = try reading { () throws(StoreError) in
                        try reader.unknown(query, tenant: owner, now: now)
                    }
                    return UnknownListResponse(page) { tenants.tenant(id: $0)?.name ?? String($0.rawValue) }
                })
        }
    }

    func resendUnknown(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(UnknownResendRequest.self, request, on: connection) else { return }
        actOnUnknown(.resend, message.ids, message.note, request, caller, on: connection)
    }

    func settleUnknown(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(UnknownSettleRequest.self, request, on: connection) else { return }
        actOnUnknown(.settle(message.state), message.ids, message.note, request, caller, on: connection)
    }

    private func actOnUnknown(
        _ wish: UnknownWish, _ ids: [MessageID], _ note: String, _ request: RPCRequest, _ caller: Principal,
        on connection: RPCServerConnection
    ) {
        let answer: @Sendable (Result<UnknownActResponse, GatewayError>) -> Void = later(request, on: connection)
        let owner = caller.scopes.contains(.admin) ? nil : caller.tenant.id
        gateway.writer.command(
            .actOnUnknown(wish, ids, owner, by: act(caller, on: connection, note: note)) { result in
                answer(result.map { UnknownActResponse($0) })
            })
    }
}

extension UnknownQuery {
    /// - Throws: INVALID_ARGUMENT for a cursor that is none.
    init(_ request: UnknownListRequest) throws(GatewayError) {
        self.init(provider: request.provider, oldestFirst: request.oldestFirst)
        if request.limit > 0 { limit = Int(request.limit) }
        cursor = ListCursor(bytes: request.cursor)
        if cursor == nil, !request.cursor.isEmpty { throw .invalid([.badCursor]) }
    }
}

extension UnknownListResponse {
    fileprivate init(_ page: UnknownPage, name: (TenantID) -> String) {
        self.init(
            messages: page.messages.map { Message(status: $0.status, since: $0.since, tenant: name($0.tenant)) },
            cursor: page.cursor?.bytes ?? [])
    }
}
