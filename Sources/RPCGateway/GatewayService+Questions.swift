internal import Access
internal import ConfigurationModel
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// The methods that ask.
extension GatewayService {
    func ask(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        let queries = gateway.queries
        switch method {
        case .status:
            let message = try request.decode(StatusRequest.self)
            queries.status(
                StatusQuery(message.subject), of: TenantSelection(message.tenant), for: caller,
                later(request, on: connection) {
                    StatusResponse(messages: $0.messages, notFound: $0.notFound, batch: $0.batch)
                })
        case .list:
            let message = try request.decode(ListRequest.self)
            queries.list(
                message.filter, of: TenantSelection(message.tenant), limit: message.limit.unlessZero,
                cursor: message.cursor, oldestFirst: message.oldestFirst, for: caller,
                later(request, on: connection, ListResponse.init))
        case .batchList:
            let message = try request.decode(BatchListRequest.self)
            queries.batches(
                of: TenantSelection(message.tenant), limit: message.limit.unlessZero, cursor: message.cursor,
                for: caller, later(request, on: connection, BatchListResponse.init))
        case .stats:
            let message = try request.decode(StatsRequest.self)
            queries.statistics(
                of: TenantSelection(message.tenant), for: caller, later(request, on: connection) { $0 })
        case .explain:
            let (message, malformed) = try SubmitRequest.examined(decoding: request.payload, arena: request.arena)
            queries.explain(message, malformed: malformed, for: caller, later(request, on: connection) { $0 })
        case .inbound:
            let message = try request.decode(InboundRequest.self)
            queries.inbound(
                of: TenantSelection(message.tenant, all: InboundRequest.everyTenant), limit: message.limit.unlessZero,
                cursor: message.cursor, for: caller, later(request, on: connection, InboundResponse.init))
        case .unknownList:
            let message = try request.decode(UnknownListRequest.self)
            queries.unresolved(
                of: TenantSelection(message.tenant, all: UnknownListRequest.everyTenant), provider: message.provider,
                limit: message.limit.unlessZero, cursor: message.cursor, oldestFirst: message.oldestFirst, for: caller,
                later(request, on: connection, UnknownListResponse.init))
        default:
            let message = try request.decode(DescribeRequest.self)
            var description = description(for: caller.tenant)
            description.scopes = caller.principal.scopes.names
            if message.withDescriptorSet { description.descriptorSet = ServiceDescription.ownDescriptorSet }
            connection.respond(callID: request.callID, description)
        }
    }

    /// The ones that have their numbers and nothing more yet.
    private static let withoutService: Set<RPCMethod> = [.watch]

    private func description(for tenant: Tenant) -> ServiceDescription {
        ServiceDescription(
            serverAgent: serverAgent, serverID: serverID,
            methods: RPCMethod.allCases.filter { !Self.withoutService.contains($0) },
            limits: Limits.described, tenant: tenant.name)
    }
}

extension UInt32 {
    /// nil for 0, which in requests stands for a default.
    var unlessZero: Int? { self == 0 ? nil : Int(self) }
}

extension TenantSelection {
    /// - Parameter all: the word for every tenant.
    init(_ name: String, all: String = StatusRequest.everyTenant) { self = name == all ? .all : .one(name) }
}

extension StatusQuery {
    fileprivate init(_ subject: StatusRequest.Subject) {
        switch subject {
        case .selection(.ids(let ids)): self = .messages(ids)
        case .selection(.batchName(let name)): self = .batch(.name(name))
        case .selection(.batchID(let id)): self = .batch(.id(id))
        case .reference(let reference): self = .reference(reference)
        case .providerID(let id): self = .providerID(id)
        }
    }
}

extension InboundResponse {
    fileprivate init(_ page: InboundPage) {
        self.init(
            messages: page.messages.map {
                Message(
                    id: $0.id, at: $0.at, provider: $0.provider, providerID: $0.providerID, from: $0.sender,
                    to: $0.recipient, body: $0.body, media: $0.media)
            },
            cursor: page.cursor)
    }
}

extension UnknownListResponse {
    fileprivate init(_ page: UnresolvedPage) {
        self.init(
            messages: page.messages.map { Message(status: $0.status, since: $0.since, tenant: $0.tenant) },
            cursor: page.cursor)
    }
}
