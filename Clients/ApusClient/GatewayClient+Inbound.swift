public import FoundationEssentials
internal import RPCWire
internal import SMSModel

extension GatewayClient {
    // MARK: Inbound messages

    /// One page of the messages that people have sent to the gateway's numbers, newest first. Only a page without a
    /// cursor is the last.
    ///
    /// - Parameters:
    ///   - owner: those to the numbers that it names as its senders; others' than one's own need the scope `admin`.
    ///   - limit: messages of the page, 1 to 1000.
    ///   - cursor: that of the page before, of the same owner; nil = the first page.
    /// - Throws: NOT_FOUND if there is no such tenant.
    public func inbound(
        of owner: MessageOwner = .own, limit: Int = 100, after cursor: InboundCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> InboundPage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = InboundRequest(
            tenant: owner.wire, limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [])
        let response: InboundResponse = try await call(.inbound, request, timeout: timeout)
        return InboundPage(response)
    }
}

/// A message that somebody sent to one of the gateway's numbers.
public struct InboundMessage: Hashable, Sendable {
    /// The gateway's own, rising.
    public var id: Int64
    /// When it reached the gateway.
    public var at: Date
    /// The name of the provider whose carrier brought it.
    public var provider: String
    /// The carrier's id of it.
    public var providerID: String
    /// Both as the carrier wrote them.
    public var from: String
    public var to: String
    /// "" also once retention has taken it away.
    public var body: String

    init(_ message: InboundResponse.Message) {
        id = message.id
        at = Date(milliseconds: message.at)
        provider = message.provider
        providerID = message.providerID
        from = message.from
        to = message.to
        body = message.body
    }
}

public struct InboundPage: Hashable, Sendable {
    /// Fewer than asked for, or none, does not mean that it is the last page.
    public var messages: [InboundMessage]
    /// For the next page; nil = this is the last.
    public var cursor: InboundCursor?

    init(_ response: InboundResponse) {
        messages = response.messages.map(InboundMessage.init)
        cursor = response.cursor.isEmpty ? nil : InboundCursor(bytes: response.cursor)
    }
}

/// Where a page of inbound messages ended. Only the gateway knows what it says.
public struct InboundCursor: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}
