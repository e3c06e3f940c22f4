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

    /// Has the sandbox bring a message from a person, by the way of what carriers post. When it returns, the message is
    /// durable, and so is what follows from it. Needs the scope `admin`.
    ///
    /// - Parameters:
    ///   - id: the carrier's id of it: the same again changes nothing; nil = a new one.
    ///   - provider: of kind `sandbox`; nil = the only one.
    ///   - mediaURLs: links to what came with it, at most 10.
    ///   - part: nil = it is the whole message.
    /// - Returns: the provider's name.
    public func receiveInSandbox(
        from: String, to: String, body: String, id: String? = nil, provider: String? = nil, mediaURLs: [String] = [],
        part: InboundMessagePart? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> String {
        let request = SandboxReceiveRequest(
            provider: provider ?? "", providerID: id ?? IdempotencyKey.random(), from: from, to: to,
            body: body, media: mediaURLs.map { SMSModel.InboundMedia(url: $0) }, part: try part?.wire)
        let response: SandboxReceiveResponse = try await call(.sandboxReceive, request, timeout: timeout)
        return response.provider
    }
}

/// Where a part stands in a long message that a carrier hands on in parts.
public struct InboundMessagePart: Hashable, Sendable {
    /// What all parts of one message have in common; 1 to 64 bytes.
    public var reference: String
    /// 2 to 255.
    public var total: Int
    /// From 1.
    public var number: Int

    public init(reference: String, total: Int, number: Int) {
        self.reference = reference
        self.total = total
        self.number = number
    }

    var wire: InboundPart {
        get throws(ApusError) {
            guard let part = InboundPart(reference: reference, total: total, number: number) else {
                throw .invalidField(
                    "part", "must be 1 to the total of at most 255, with a reference of 1 to 64 bytes")
            }
            return part
        }
    }
}

/// A file that came with an inbound message, and is still at the carrier.
public struct InboundMedia: Hashable, Sendable {
    public var url: String
    /// "" = the carrier gave none.
    public var contentType: String

    init(_ media: SMSModel.InboundMedia) {
        url = media.url
        contentType = media.contentType
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
    /// What came with it; gone with the body.
    public var media: [InboundMedia]

    init(_ message: InboundResponse.Message) {
        id = message.id
        at = Date(milliseconds: message.at)
        provider = message.provider
        providerID = message.providerID
        from = message.from
        to = message.to
        body = message.body
        media = message.media.map(InboundMedia.init)
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
