public import FoundationEssentials

// What the gateway answers, made by hand: for programs' own tests, and for fakes of ``MessageGateway``.

extension SendReceipt {
    public init(
        id: MessageID, state: MessageState = .queued, duplicate: Bool = false, segments: Int = 1,
        encoding: MessageEncoding = .gsm7, ucs2: UCS2Cause? = nil, replaced: Int = 0
    ) {
        self.id = id
        self.state = state
        self.duplicate = duplicate
        self.segments = segments
        self.encoding = encoding
        self.ucs2 = ucs2
        self.replaced = replaced
    }
}

extension UCS2Cause {
    public init(
        character: Unicode.Scalar, position: Int, count: Int = 1, segmentsWithout: Int = 1, isReplaceable: Bool = false
    ) {
        self.character = character
        self.position = position
        self.count = count
        self.segmentsWithout = segmentsWithout
        self.isReplaceable = isReplaceable
    }
}

extension UCS2Cause: Codable {
    private enum CodingKeys: String, CodingKey {
        case character, position, count, segmentsWithout, isReplaceable
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let text = try values.decode(String.self, forKey: .character).unicodeScalars
        guard let character = text.first, text.count == 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: .character, in: values, debugDescription: "is not one character")
        }
        self.init(
            character: character, position: try values.decode(Int.self, forKey: .position),
            count: try values.decode(Int.self, forKey: .count),
            segmentsWithout: try values.decode(Int.self, forKey: .segmentsWithout),
            isReplaceable: try values.decode(Bool.self, forKey: .isReplaceable))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(String(Character(character)), forKey: .character)
        try values.encode(position, forKey: .position)
        try values.encode(count, forKey: .count)
        try values.encode(segmentsWithout, forKey: .segmentsWithout)
        try values.encode(isReplaceable, forKey: .isReplaceable)
    }
}

extension MessageStatus {
    /// Everything else has the value of a message that has just been accepted.
    public init(id: MessageID, state: MessageState, settled: Bool, to: String, acceptedAt: Date, expiresAt: Date) {
        self.id = id
        self.state = state
        self.settled = settled
        self.to = to
        self.acceptedAt = acceptedAt
        self.expiresAt = expiresAt
        receiptOverdue = false
        segments = 1
        encoding = .gsm7
        sender = ""
        priority = .normal
        provider = ""
        providerID = ""
        attempts = 0
        timeline = []
        reference = ""
        tags = []
        generation = 0
        tenant = ""
        price = 0
    }
}

extension TimelineEvent {
    public init(
        at: Date, event: Kind, state: MessageState, attempt: Int = 0, provider: String = "", detail: String = ""
    ) {
        self.at = at
        self.event = event
        self.state = state
        self.attempt = attempt
        self.provider = provider
        self.detail = detail
    }
}

extension BatchStatus {
    public init(
        id: MessageID, name: String, messages: UInt64, settled: UInt64, states: StateCounts, canceled: Bool = false,
        paused: Bool = false, createdAt: Date, tenant: String = ""
    ) {
        self.id = id
        self.name = name
        self.messages = messages
        self.settled = settled
        self.states = states
        self.canceled = canceled
        self.paused = paused
        self.createdAt = createdAt
        self.tenant = tenant
    }
}
