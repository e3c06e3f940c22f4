internal import JSON
internal import SMSModel

/// The receiver of a carrier that is described by configuration.
package struct GenericWebhook: WebhookReceiver {
    /// Where a receipt's fields stand.
    struct ReceiptFields: Sendable {
        /// What tells a receipt from other posts; empty = that it has a status.
        var conditions: [WebhookCondition]
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
        /// The meanings of statuses in lower case.
        var meanings: [TextKey: Meaning]

        enum Meaning: String, CaseIterable, Sendable {
            case delivered
            case undelivered
            case pending
        }
    }

    /// Where the fields of a message to the gateway stand.
    struct InboundFields: Sendable {
        /// What tells an inbound message from other posts; empty = that it is no receipt.
        var conditions: [WebhookCondition]
        var id: WebhookField
        var from: WebhookField
        var to: WebhookField
        /// The first that is there counts.
        var texts: [WebhookField]
        /// Where the carrier says that it has understood a keyword.
        var optOut: WebhookField?
        /// The actions by the values of that field in lower case.
        var optOutActions: [TextKey: OptOutAction]
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
    /// The place of the array that has the items of a post; nil = a post is one item.
    var items: JSONPointer?
    /// Posts that are known, and say nothing of messages: those of which one of these rules holds.
    var ignored: [[WebhookCondition]] = []
    let receiptKey: [UInt8]
    /// The carrier's answers may have given each part of a message an id of its own.
    var idsNameParts = false

    package func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult {
        if let reason = signature.refusal(of: request, now: now) { return .refused(reason: reason) }
        guard let fields = WebhookFields(request) else {
            return .unreadable(reason: "its query or body is not what it says that it is")
        }
        if let reason = signature.refusal(of: request, fields, now: now) { return .refused(reason: reason) }
        guard let items else { return WebhookResult([read(fields)]) }
        guard let values = fields.json.flatMap({ items.values(in: $0).first?.array }) else {
            return .unreadable(reason: "it has no array of items where the description says")
        }
        guard values.count <= Limits.webhookItems else {
            return .unreadable(reason: "it has \(values.count) items, at most \(Limits.webhookItems) are read")
        }
        return WebhookResult(values.map { read(fields.item($0)) })
    }

    private func read(_ fields: WebhookFields) -> WebhookItem {
        if ignored.contains(where: { $0.hold(in: fields) }) { return .ignored }
        if let inbound, !inbound.conditions.isEmpty, inbound.conditions.hold(in: fields) {
            return read(inbound, fields)
        }
        if let receipt, receipt.conditions.hold(in: fields), let status = fields[receipt.status] {
            return read(receipt, status, fields)
        }
        if let inbound, inbound.conditions.isEmpty, isInbound(fields) { return read(inbound, fields) }
        return .unrecognized(reason: "it is neither a receipt nor a message from a person, as described")
    }

    /// Whether a post that is no receipt is an inbound message where nothing else tells them apart.
    private func isInbound(_ fields: WebhookFields) -> Bool {
        guard let receipt else { return true }
        return receipt.conditions.isEmpty || !receipt.conditions.hold(in: fields)
    }

    private func read(_ receipt: ReceiptFields, _ status: String, _ fields: WebhookFields) -> WebhookItem {
        let attempt = receipt.token.flatMap { fields[$0] }.flatMap { CorrelationToken($0, key: receiptKey) }
        let id = receipt.id.flatMap { fields[$0] }
        var parent = receipt.parent.flatMap { fields[$0] }
        var part = idsNameParts ? id.map(ReceiptPart.id) : nil
        if receipt.part.flatMap({ fields[$0] }) != nil {
            guard let numbered = numberedPart(of: receipt, fields) else {
                return .unreadable(reason: "its part is not one number of a total")
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
        let result: ReceiptStatus
        switch receipt.meanings[TextKey(status.lowercased())] {
        case .delivered: result = .delivered
        case .undelivered: result = .undelivered(code: code(of: receipt, fields) ?? status.uppercased())
        case .pending: result = .taken
        case nil:
            let shown = status.prefix(Limits.providerMessageCharacters)
            return .unrecognized(reason: "its status \(shown) is not among the description's statuses")
        }
        return .event(
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

    /// The error's code; carriers write no error as 0.
    private func code(of receipt: ReceiptFields, _ fields: WebhookFields) -> String? {
        guard let code = receipt.error.flatMap({ fields[$0] }), code != "0", code != "000" else { return nil }
        return String(code.prefix(Limits.providerMessageCharacters))
    }

    private func read(_ inbound: InboundFields, _ fields: WebhookFields) -> WebhookItem {
        guard let id = fields[inbound.id], let from = fields[inbound.from], let to = fields[inbound.to] else {
            return .unrecognized(reason: "it has neither a status nor an inbound message's id, sender and recipient")
        }
        guard id.utf8.count <= Limits.providerIDBytes else { return .unreadable(reason: "its id is too long") }
        var message = InboundMessage(
            providerID: id, sender: from, recipient: to, body: inbound.texts.lazy.compactMap { fields[$0] }.first ?? "")
        message.action = inbound.optOut.flatMap { fields[$0] }.flatMap {
            inbound.optOutActions[TextKey($0.lowercased())]
        }
        for url in inbound.media.flatMap(fields.all) { message.append(mediaURL: url, contentType: "") }
        message.part = inbound.part.flatMap { part in
            guard let reference = fields[part.reference], let total = fields[part.total].flatMap({ Int($0) }),
                let number = fields[part.number].flatMap({ Int($0) })
            else { return nil }
            return InboundPart(reference: reference, total: total, number: number)
        }
        return .event(.inbound(message))
    }
}

/// What one item of a post is.
enum WebhookItem: Hashable, Sendable {
    case event(CarrierEvent)
    /// Known, and of no interest.
    case ignored
    /// Not proven to be the carrier's.
    case refused(reason: String)
    /// The carrier's word, which will never be readable.
    case unreadable(reason: String)
    /// The carrier's word, of which the description says nothing.
    case unrecognized(reason: String)
}

extension WebhookResult {
    /// What all items of a post come to. A post is answered 2xx only if each of them is known: an item that isn't could
    /// be a receipt, or a STOP. What is known counts all the same, since a repeat of it changes nothing.
    init(_ items: [WebhookItem]) {
        var events: [CarrierEvent] = []
        var (refused, unreadable, unrecognized): (String?, String?, String?)
        var others = 0
        for item in items {
            switch item {
            case .event(let event): events.append(event)
            case .ignored: continue
            case .refused(let reason): refused = refused ?? reason
            case .unreadable(let reason): unreadable = unreadable ?? reason
            case .unrecognized(let reason): unrecognized = unrecognized ?? reason
            }
            if case .event = item { continue }
            others += 1
        }
        guard let reason = unrecognized ?? unreadable ?? refused else {
            // Some carriers take no other status than 200 for an answer.
            self = .believed(events, WebhookAnswer(status: 200))
            return
        }
        if !events.isEmpty {
            self = .partly(events, reason: "\(others) of its \(items.count) items can't be used: \(reason)")
        } else if unrecognized != nil {
            self = .undecided(reason: reason)
        } else {
            self = unreadable != nil ? .unreadable(reason: reason) : .refused(reason: reason)
        }
    }
}
