internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import Providers
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage
internal import Synchronization

/// Messages from people: a tenant sees those to the numbers that it names as its senders; an administrator all.
extension GatewayService {
    func listInbound(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(InboundRequest.self, request, on: connection) else { return }
        /// nil = all.
        let numbers: Set<OwnNumber>?
        let cursor: InboundCursor?
        do throws(GatewayError) {
            if message.tenant == InboundRequest.everyTenant {
                try caller.require(.admin)
                numbers = nil
            } else {
                let tenant = try tenants.subject(named: message.tenant, of: caller)
                numbers = gateway.administration.ownNumbers(of: tenant.id)
            }
            cursor = InboundCursor(bytes: message.cursor)
            if cursor == nil, !message.cursor.isEmpty { throw .badCursor }
        } catch {
            return refuse(request, on: connection, error)
        }
        let answer: @Sendable (Result<InboundResponse, GatewayError>) -> Void = later(request, on: connection)
        let limit = message.limit == 0 ? Limits.inboundMessagesDefault : Int(message.limit)
        let (clock, deadline) = (gateway.clock, deadline(of: request))
        gateway.reader.ask(connection.id.asker) { reader in
            answer(
                Result { () throws(GatewayError) in
                    _ = try clock.now(before: deadline)
                    return try reading { () throws(StoreError) in
                        try InboundResponse(reader.inbound, before: cursor?.last, limit: limit, to: numbers)
                    }
                })
        }
    }
}

/// Messages that the sandbox brings, as a carrier would.
extension GatewayService {
    /// Takes the way of what carriers post, and answers once it is durable.
    func receiveInSandbox(_ request: RPCRequest, on connection: RPCServerConnection) {
        guard let message = decoded(SandboxReceiveRequest.self, request, on: connection) else { return }
        let provider: (name: String, number: UInt8)
        do throws(GatewayError) {
            provider = try gateway.providers.sandbox(named: message.provider)
        } catch {
            return refuse(request, on: connection, error)
        }
        var inbound = InboundMessage(
            providerID: message.providerID, sender: message.from, recipient: message.to, body: message.body)
        inbound.media = message.media
        inbound.part = message.part
        let answer: @Sendable (Result<SandboxReceiveResponse, GatewayError>) -> Void = later(request, on: connection)
        gateway.writer.carrierPosted(
            CarrierBurst(events: [.inbound(inbound)], provider: provider.number, name: provider.name) { error in
                answer(error.map(Result.failure) ?? .success(SandboxReceiveResponse(provider: provider.name)))
            })
    }
}

extension Administration {
    /// The numbers that a tenant names as its senders.
    fileprivate func ownNumbers(of tenant: TenantID) -> Set<OwnNumber> {
        Set(published.withLock { $0.tenants.senders[tenant] ?? [] }.map(OwnNumber.init))
    }
}

extension InboundResponse {
    /// - Parameter numbers: those to them; nil = all.
    fileprivate init(
        _ reader: InboundReader, before: Int64?, limit: Int, to numbers: Set<OwnNumber>?
    ) throws(StoreError) {
        if let numbers, numbers.isEmpty {
            self.init()
            return
        }
        let page = try reader.page(before: before, limit: limit, examined: Limits.listRowsExamined) { recipient in
            numbers?.contains(OwnNumber(recipient)) ?? true
        }
        let names = try reader.providers()
        self.init(
            messages: page.messages.map {
                Message(
                    id: $0.id, at: $0.at, provider: names[$0.provider] ?? "", providerID: $0.providerID,
                    from: $0.sender, to: $0.recipient, body: $0.body, media: $0.media)
            },
            cursor: page.next.map { InboundCursor(last: $0).bytes } ?? [])
    }
}
