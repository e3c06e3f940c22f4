internal import SMSModel

/// The receiver of a carrier that is described by configuration.
package struct GenericWebhook: WebhookReceiver {
    /// Where a receipt's fields stand.
    struct ReceiptFields: Sendable {
        var token: WebhookField?
        var id: WebhookField?
        /// The id of the whole message, where `id` is that of a part.
        var parent: WebhookField?
        /// The number of a part, perhaps with how many there are.
        var part: WebhookField?
        /// How many parts there are.
        var parts: WebhookField?
        var status: WebhookField
        var error: WebhookField?
        /// The meanings of statuses in lower case; others say nothing of the message.
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
        /// Where the carrier says that it has understood a keyword.
        var optOut: WebhookField?
        /// The actions by the values of that field in lower case.
        var optOutActions: [String: OptOutAction]
        /// Links.
        var media: [WebhookField]
        var part: PartFields?
    }

    /// Where a part of a long message says which one it is.
    struct PartFields: Sendable {
        var reference: WebhookField
        var total: WebhookField
        var number: WebhookField
    }

    let signature: WebhookSignature
    let receipt: ReceiptFields?
    let inbound: InboundFields?
    let receiptKey: [UInt8]
    /// The carrier's answers may have given each part of a message an id of its own.
    var idsNameParts = false

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
        let id = receipt.id.flatMap { fields[$0] }
        var parent = receipt.parent.flatMap { fields[$0] }
        var part = idsNameParts ? id.map(ReceiptPart.id) : nil
        if receipt.part.flatMap({ fields[$0] }) != nil {
            guard let numbered = numberedPart(of: receipt, fields) else {
                return .unreadable(reason: "its part is no number of so many")
            }
            part = numbered
        }
        var partID = parent == nil ? nil : id
        parent = parent ?? id
        if case .none = signature {
            // Nothing else shows whose word it is, and so no id is believed: it may only tell the attempt's parts apart.
            guard attempt != nil else { return .refused(reason: "it has no token of the gateway's") }
            (parent, partID) = (nil, nil)
        }
        guard attempt != nil || parent != nil else {
            return .unreadable(reason: "it has neither a token of the gateway's nor an id")
        }
        guard [parent, partID].allSatisfy({ ($0?.utf8.count ?? 0) <= Limits.providerIDBytes }) else {
            return .unreadable(reason: "its id is too long")
        }
        let result: ReceiptStatus? =
            switch receipt.meanings[status.lowercased()] {
            case .delivered: .delivered
            case .undelivered: .undelivered(code: code(of: receipt, fields) ?? status.uppercased())
            case .pending: .taken
            case nil: nil
            }
        return believed(
            .receipt(
                CarrierReceipt(attempt: attempt, providerID: parent, status: result, part: part, partID: partID)))
    }

    /// Such as `2 of 3`, `2/3`, or `2` where another field has how many there are.
    private func numberedPart(of receipt: ReceiptFields, _ fields: WebhookFields) -> ReceiptPart? {
        let texts = [receipt.part, receipt.parts].compactMap { $0.flatMap { fields[$0] } }
        let numbers = texts.flatMap { $0.split { !("0"..."9").contains($0) } }.map { Int($0) ?? 0 }
        guard numbers.count >= 2, 1...Limits.segments ~= numbers[1], 1...numbers[1] ~= numbers[0] else { return nil }
        return .number(numbers[0], of: numbers[1])
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
        var message = InboundMessage(
            providerID: id, sender: from, recipient: to, body: fields[inbound.text] ?? "")
        message.action = inbound.optOut.flatMap { fields[$0] }.flatMap { inbound.optOutActions[$0.lowercased()] }
        for url in inbound.media.compactMap({ fields[$0] }) { message.append(mediaURL: url, contentType: "") }
        message.part = inbound.part.flatMap { part in
            guard let reference = fields[part.reference], let total = fields[part.total].flatMap({ Int($0) }),
                let number = fields[part.number].flatMap({ Int($0) })
            else { return nil }
            return InboundPart(reference: reference, total: total, number: number)
        }
        return believed(.inbound(message))
    }

    /// Some carriers take no other status than 200 for an answer.
    private func believed(_ event: CarrierEvent) -> WebhookVerdict { .believed([event], WebhookAnswer(status: 200)) }
}
