public import FoundationEssentials
internal import RPCWire
internal import SMSModel

/// Which messages are meant: those that meet every condition given.
public struct MessageFilter: Hashable, Sendable {
    /// Empty = any.
    public var states: Set<MessageState>
    /// Accepted at or after, to the millisecond; nil = no bound.
    public var since: Date?
    /// Accepted before, to the millisecond; nil = no bound.
    public var until: Date?
    /// The recipient, in E.164 with its plus; nil = any.
    public var to: String?
    /// nil = any, and messages of none.
    public var batch: BatchReference?
    /// The sender's own word for them, byte by byte; nil = any.
    public var reference: String?
    /// One of their tags; nil = any.
    public var tag: String?
    /// The sender that they were accepted with; nil = any.
    public var sender: String?
    /// The name of the provider that has or had them last; nil = any.
    public var provider: String?
    /// The code of their ``MessageStatus/error``; nil = any.
    public var errorCode: String?

    public init(
        states: Set<MessageState> = [], since: Date? = nil, until: Date? = nil, to: String? = nil,
        batch: BatchReference? = nil, reference: String? = nil, tag: String? = nil, sender: String? = nil,
        provider: String? = nil, errorCode: String? = nil
    ) {
        self.states = states
        self.since = since
        self.until = until
        self.to = to
        self.batch = batch
        self.reference = reference
        self.tag = tag
        self.sender = sender
        self.provider = provider
        self.errorCode = errorCode
    }
}

/// A page of a listing.
public struct MessagePage: Hashable, Sendable {
    /// Without timelines. Fewer than asked for, or none, does not mean that it is the last page.
    public var messages: [MessageStatus]
    /// For the next page; nil = this is the last.
    public var cursor: ListCursor?

    init(_ response: ListResponse) {
        messages = response.messages.map(MessageStatus.init)
        cursor = response.cursor.isEmpty ? nil : ListCursor(bytes: response.cursor)
    }
}

/// Where a page of a listing ended. It doesn't age, and may be kept: it is good for the same filter and order only.
public struct ListCursor: Hashable, Sendable {
    /// At most 64; only the gateway knows what they say.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

extension SMSModel.MessageFilter {
    /// - Throws: INVALID_ARGUMENT where a value cannot be put into the protocol's field.
    init(_ filter: MessageFilter) throws(ApusError) {
        self.init()
        for state in filter.states { states.insert(MessageStates(try SMSModel.MessageState(state))) }
        from = try Self.milliseconds(filter.since, "from_ms")
        until = try Self.milliseconds(filter.until, "until_ms")
        recipient = try Self.text(filter.to, "to")
        reference = try Self.text(filter.reference, "reference")
        tag = try Self.text(filter.tag, "tag")
        sender = try Self.text(filter.sender, "sender")
        provider = try Self.text(filter.provider, "provider")
        errorCode = try Self.text(filter.errorCode, "error_code")
        batch =
            switch filter.batch {
            case nil: nil
            case .name(""): throw .invalidField("batch", "is empty")
            case .name(let name): .name(name)
            case .id(let id): .id(id.model)
            }
    }

    /// An empty text would mean all.
    private static func text(_ text: String?, _ field: String) throws(ApusError) -> String {
        guard let text else { return "" }
        guard !text.isEmpty else { throw .invalidField(field, "is empty") }
        return text
    }

    /// 0 = no bound, so the first millisecond of all stands for the bound at 0.
    private static func milliseconds(_ date: Date?, _ field: String) throws(ApusError) -> Int64 {
        guard let date else { return 0 }
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        guard milliseconds >= 0, milliseconds < 1e15 else {
            throw .invalidField(field, "is not a time that a message can be accepted at")
        }
        return max(1, Int64(milliseconds))
    }
}
