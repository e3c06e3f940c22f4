internal import SMSModel

/// The receiver of a carrier that is described by configuration.
package struct GenericWebhook: WebhookReceiver {
    /// Where a receipt's fields stand.
    struct ReceiptFields: Sendable {
        var token: WebhookField?
        var id: WebhookField?
        var status: WebhookField
        var error: WebhookField?
        /// By statuses in lower case; others say that the message is on its way.
        var meanings: [String: Meaning]

        enum Meaning: String, CaseIterable, Sendable {
            case delivered
            case undelivered
            case pending
        }
    }

    /// Where the fields of a message to the gateway stand.
    struct InboundFields: Sendable {
        var id: WebhookField
        var from: WebhookField
        var to: WebhookField
        var text: WebhookField
    }

    let signature: WebhookSignature
    let receipt: ReceiptFields?
    let inbound: InboundFields?
    let receiptKey: [UInt8]

    package func receive(_ request: WebhookRequest, now: Int64) async -> WebhookVerdict {
        guard let fields = WebhookFields(request) else {
            return .unreadable(reason: "its query or body is not what it says that it is")
        }
        if let reason = signature.refusal(of: request, fields, now: now) { return .refused(reason: reason) }
        if let receipt, let status = fields[receipt.status] { return read(receipt, status, fields) }
        if let inbound { return read(inbound, fields) }
        return .unreadable(reason: "it has no status")
    }

    private func read(_ receipt: ReceiptFields, _ status: String, _ fields: WebhookFields) -> WebhookVerdict {
        let attempt = receipt.token.flatMap { fields[$0] }.flatMap { CorrelationToken($0, key: receiptKey) }
        var id = receipt.id.flatMap { fields[$0] }
        if case .none = signature {
            // Nothing else shows whose word it is, and so nothing else of it counts either.
            guard attempt != nil else { return .refused(reason: "it has no token of the gateway's") }
            id = nil
        }
        guard attempt != nil || id != nil else {
            return .unreadable(reason: "it has neither a token of the gateway's nor an id")
        }
        guard (id?.utf8.count ?? 0) <= Limits.providerIDBytes else { return .unreadable(reason: "its id is too long") }
        let result: ReceiptStatus? =
            switch receipt.meanings[status.lowercased()] {
            case .delivered: .delivered
            case .undelivered: .undelivered(code: code(of: receipt, fields) ?? status.uppercased())
            case .pending, nil: nil
            }
        return believed(.receipt(CarrierReceipt(attempt: attempt, providerID: id, status: result)))
    }

    /// Of the error; carriers write no error as 0.
    private func code(of receipt: ReceiptFields, _ fields: WebhookFields) -> String? {
        guard let code = receipt.error.flatMap({ fields[$0] }), code != "0", code != "000" else { return nil }
        return String(code.prefix(Limits.providerMessageCharacters))
    }

    private func read(_ inbound: InboundFields, _ fields: WebhookFields) -> WebhookVerdict {
        guard let id = fields[inbound.id], let from = fields[inbound.from], let to = fields[inbound.to] else {
            return .unreadable(reason: "it has neither a status nor an inbound message's id, sender and recipient")
        }
        guard id.utf8.count <= Limits.providerIDBytes else { return .unreadable(reason: "its id is too long") }
        return believed(
            .inbound(
                InboundMessage(providerID: id, sender: from, recipient: to, body: fields[inbound.text] ?? "")))
    }

    /// Some carriers take no other status than 200 for an answer.
    private func believed(_ event: CarrierEvent) -> WebhookVerdict { .believed([event], WebhookAnswer(status: 200)) }
}
