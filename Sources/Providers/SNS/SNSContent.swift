internal import JSON
internal import SMSModel

/// What a notification's message tells of messages.
enum SNSContent {
    /// - Returns: none for what is meant for others: a topic may carry anything.
    static func events(of message: String) -> [CarrierEvent] {
        guard let document = try? JSONValue(message), document.object != nil else { return [] }
        if let inbound = inbound(document) { return [.inbound(inbound)] }
        if let receipt = receipt(document) { return [.receipt(receipt)] }
        return []
    }

    /// A message to one of the account's numbers ("two-way SMS").
    static func inbound(_ document: JSONValue) -> InboundMessage? {
        guard let id = document["inboundMessageId"]?.string, isID(id),
            let sender = document["originationNumber"]?.string, !sender.isEmpty,
            let recipient = document["destinationNumber"]?.string, !recipient.isEmpty,
            let body = document["messageBody"]?.string
        else { return nil }
        return InboundMessage(providerID: id, sender: sender, recipient: recipient, body: body)
    }

    /// An entry of the delivery status log, as CloudWatch has it, which an account may forward through a topic.
    private static func receipt(_ document: JSONValue) -> CarrierReceipt? {
        guard let id = document["notification"]?["messageId"]?.string, isID(id),
            let delivery = document["delivery"], delivery.object != nil
        else { return nil }
        switch document["status"]?.string {
        case "SUCCESS": return CarrierReceipt(providerID: id, status: .delivered)
        case "FAILURE":
            let code = code(delivery["providerResponse"]?.string ?? "")
            return CarrierReceipt(providerID: id, status: .undelivered(code: code))
        default: return nil
        }
    }

    private static func isID(_ id: String) -> Bool { (1...Limits.providerIDBytes).contains(id.utf8.count) }

    /// Amazon gives a reason in words, such as "Blocked as spam by phone carrier": BLOCKED_AS_SPAM_BY_PHONE_CARRIER.
    private static func code(_ reason: String) -> String {
        let words = reason.uppercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? "FAILURE" : String(words.joined(separator: "_").prefix(64))
    }
}
