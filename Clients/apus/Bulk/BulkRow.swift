internal import ApusClient
internal import FoundationEssentials

/// A row of a bulk file as the message that it asks for.
struct BulkRow {
    enum Content {
        /// The whole message, and the template's variables that its text was made of.
        case message(OutgoingMessage, variables: [String: String])
        /// Why the row cannot be sent.
        case invalid(RowProblem)
    }

    /// Its place among the file's rows, from 0.
    var place: UInt64
    /// Where it begins, from 1.
    var line: Int
    var content: Content
}

/// What all rows have in common: from the command line.
struct RowDefaults {
    var sender: String?
    var priority: MessagePriority?
    var sendAt: Date?
    var validity: Duration?
    var reference: String?
    var tags: [String] = []
    var maximumSegments: Int?
    var onUnknown: UnknownOutcomePolicy?
    var smartEncoding: Bool?

    func message(to: String, body: String) -> OutgoingMessage {
        var message = OutgoingMessage(to: to, body: body, sender: sender, priority: priority)
        message.sendAt = sendAt
        message.validity = validity
        message.reference = reference
        message.tags = tags
        message.maximumSegments = maximumSegments
        message.onUnknown = onUnknown
        message.smartEncoding = smartEncoding
        return message
    }
}
