package import HTTPTransport
package import SMSModel

/// Believes or refuses what a carrier posts to the gateway, and reads it. Nothing else changes by it.
package protocol WebhookReceiver: Sendable {
    /// - Parameter now: milliseconds since the Unix epoch.
    nonisolated(nonsending) func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult
}

/// A request as it came, nothing of it parsed: signatures are over the raw bytes.
package struct WebhookRequest: Hashable, Sendable {
    /// In capitals.
    package var method: String
    /// The URL as the carrier was given it: the gateway's public prefix, then path and query as they came.
    package var url: String
    /// Without the `?`, as it came; empty if there is none.
    package var query: String
    /// In their order, names in lower case.
    package var headers: [HTTPHeader]
    package var body: [UInt8]

    package init(method: String, url: String, query: String = "", headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The one header of this name, which is given in lower case; nil too if there are several.
    package func header(_ name: String) -> String? {
        var found: String?
        for header in headers where header.name == name {
            guard found == nil else { return nil }
            found = header.value
        }
        return found
    }

    /// The `Content-Type` in lower case, without parameters and the white space around it (RFC 9110, section 8.3.1).
    package var mediaType: String? {
        header("content-type").map { type in
            func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
            var name = type.prefix { $0 != ";" }.drop(while: isSpace)
            while let last = name.last, isSpace(last) { name.removeLast() }
            return name.lowercased()
        }
    }
}

package enum WebhookResult: Hashable, Sendable {
    /// The carrier's word. It is answered once what the events change is durable.
    case believed([CarrierEvent], WebhookAnswer)
    /// The carrier's word, of which only these events are understood. They are applied, and the post is answered 503, so
    /// that the carrier posts it again: what is not understood may be understood by then.
    case partly([CarrierEvent], reason: String)
    /// Not the carrier's word, or too old: answered 403.
    case refused(reason: String)
    /// The carrier's word, which can't be read: answered 400.
    case unreadable(reason: String)
    /// It can't be decided yet, such as for want of the carrier's certificate, or of a word in the description: answered
    /// 503, to be posted again.
    case undecided(reason: String)
}

/// What the carrier gets for its pains.
package struct WebhookAnswer: Hashable, Sendable {
    /// 200 to 299.
    package var status: Int
    package var contentType: String
    package var body: String

    package init(status: Int = 204, contentType: String = "", body: String = "") {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// What a carrier tells.
package enum CarrierEvent: Hashable, Sendable {
    case receipt(CarrierReceipt)
    case inbound(InboundMessage)
}

/// A carrier's word on a message, apart from the answer to the request.
package struct CarrierReceipt: Hashable, Sendable {
    /// Which attempt it is for, where the carrier handed the token back and the gateway's key made it.
    package var attempt: CorrelationToken?
    /// The carrier's id of the message, as in its answer.
    package var providerID: String?
    /// nil = a status that says nothing of the message.
    package var status: ReceiptStatus?
    /// nil = the part that has `providerID`, where the carrier's answer gave the parts ids of their own; else the whole
    /// message.
    package var part: ReceiptPart?
    /// The carrier's id of the part, where that isn't the message's.
    package var partID: String?
    /// What the message costs; nil = it doesn't say.
    package var price: Money?

    package init(
        attempt: CorrelationToken? = nil, providerID: String? = nil, status: ReceiptStatus?, part: ReceiptPart? = nil,
        partID: String? = nil, price: Money? = nil
    ) {
        self.price = price
        self.attempt = attempt
        self.providerID = providerID
        self.status = status
        self.part = part
        self.partID = partID
    }

    /// All of the carrier's ids that it names.
    package var providerIDs: [String] {
        guard let providerID else { return partID.map { [$0] } ?? [] }
        guard let partID, partID != providerID else { return [providerID] }
        return [providerID, partID]
    }
}
