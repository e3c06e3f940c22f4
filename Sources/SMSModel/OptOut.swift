/// What a person asks for by a keyword that they send to one of the gateway's numbers.
package enum OptOutAction: String, CaseIterable, Hashable, Sendable {
    /// To be sent no more messages.
    case stop
    /// To be sent messages again.
    case start
    /// To be told how this works.
    case help
}

/// The origin of a recipient on a tenant's list of opt-outs. Raw values are the protocol's and the store's.
package enum SuppressionOrigin: UInt8, CaseIterable, Hashable, Sendable {
    /// A caller with the right to keep the list.
    case operatorRequest = 1
    /// The person, by a keyword.
    case keyword = 2
    /// A list that was imported.
    case importedList = 3
    /// The carrier, which refuses messages to the person.
    case carrier = 4

    /// The name in text and JSON.
    package var name: String {
        switch self {
        case .operatorRequest: "OPERATOR"
        case .keyword: "KEYWORD"
        case .importedList: "IMPORT"
        case .carrier: "CARRIER"
        }
    }
}

/// A file that came with an inbound message and is still at the carrier.
package struct InboundMedia: Hashable, Sendable {
    package var url: String
    /// Such as `image/jpeg`; "" = the carrier gave none.
    package var contentType: String

    package init(url: String, contentType: String = "") {
        self.url = url
        self.contentType = contentType
    }
}

/// Where a part stands in a long message that a carrier hands on in parts.
package struct InboundPart: Hashable, Sendable {
    /// What all parts of one message have in common.
    package var reference: String
    /// The number of parts, 2 to ``Limits/inboundParts``.
    package var total: Int
    /// From 1 to the total.
    package var number: Int

    /// - Returns: nil if there can be no such part.
    package init?(reference: String, total: Int, number: Int) {
        guard !reference.isEmpty, reference.utf8.count <= Limits.inboundReferenceBytes,
            (2...Limits.inboundParts).contains(total), (1...total).contains(number)
        else { return nil }
        self.reference = reference
        self.total = total
        self.number = number
    }
}
