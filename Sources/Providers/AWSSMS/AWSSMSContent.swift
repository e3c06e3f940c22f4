internal import JSON
internal import SMSModel

/// What the events of End User Messaging say of messages.
struct AWSSMSContent: Sendable {
    /// The key of correlation tokens.
    var receiptKey: [UInt8]
    /// Whether the prices in events settle what messages cost.
    var hasPrices: Bool

    /// - Returns: none for what is meant for others: a topic may carry anything.
    func events(of message: String) -> [CarrierEvent] {
        guard let document = try? JSONValue(message), document.object != nil else { return [] }
        if let inbound = SNSContent.inbound(document) { return [.inbound(inbound)] }
        return receipt(document).map { [.receipt($0)] } ?? []
    }

    private func receipt(_ document: JSONValue) -> CarrierReceipt? {
        guard let type = document["eventType"]?.string, type.hasPrefix("TEXT_"),
            let id = document["messageId"]?.string, 1...Limits.providerIDBytes ~= id.utf8.count
        else { return nil }
        let token = document["context"]?[AWSSMSRequests.contextName]?.string
        let isFinal = document["isFinal"]?.bool ?? false
        return CarrierReceipt(
            attempt: token.flatMap { CorrelationToken($0, key: receiptKey) }, providerID: id,
            status: Self.status(String(type.dropFirst("TEXT_".count)), isFinal: isFinal),
            price: isFinal && hasPrices ? Self.price(document) : nil)
    }

    /// - Returns: nil for what says nothing of the message, such as that nothing was heard of it for 72 hours.
    private static func status(_ name: String, isFinal: Bool) -> ReceiptStatus? {
        switch name {
        case "DELIVERED": isFinal ? .delivered : .taken
        // SUCCESSFUL is the mobile network's word and not the handset's, though it may be the last.
        case "QUEUED", "PENDING", "SENT", "SUCCESSFUL": .taken
        case "INVALID", "INVALID_MESSAGE", "UNREACHABLE", "CARRIER_UNREACHABLE", "BLOCKED", "CARRIER_BLOCKED", "SPAM",
            "TTL_EXPIRED", "PROTECT_BLOCKED":
            .undelivered(code: name)
        default: nil
        }
    }

    /// What AWS charges with the networks' fee, in US dollars.
    private static func price(_ document: JSONValue) -> Money? {
        func dollars(_ name: String) -> Double? {
            switch document[name] {
            case .integer(let value): Double(value)
            case .real(let value): value
            default: nil
            }
        }
        guard let price = dollars("totalMessagePrice") else { return nil }
        let millionths = ((price + (dollars("totalCarrierFee") ?? 0)) * 1_000_000).rounded()
        guard (0...Double(Limits.segmentPrice.millionths)).contains(millionths) else { return nil }
        return Money(millionths: Int64(millionths))
    }
}
