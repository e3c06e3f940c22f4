/// Some of the states that a message can be in.
package struct MessageStates: OptionSet, Hashable, Sendable {
    /// The bit of a state is that of its own raw value.
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package init(_ state: MessageState) {
        rawValue = 1 << UInt16(state.rawValue)
    }

    package func contains(_ state: MessageState) -> Bool {
        contains(MessageStates(state))
    }
}

/// Which messages are meant: those that meet every condition given.
package struct MessageFilter: Hashable, Sendable {
    /// Empty = any.
    package var states: MessageStates = []
    /// Accepted at or after, in milliseconds since the Unix epoch; 0 = no bound.
    package var from: Int64 = 0
    /// Accepted before, in milliseconds since the Unix epoch; 0 = no bound.
    package var until: Int64 = 0
    /// "" = any.
    package var recipient = ""
    package var batch: BatchReference?
    /// The sender's own word for it; "" = any.
    package var reference = ""
    /// One of its tags; "" = any.
    package var tag = ""
    /// The sender that it was accepted with; "" = any.
    package var sender = ""
    /// The name of the provider that has or had it last; "" = any, and messages that none has had.
    package var provider = ""
    /// The code of its ``MessageStatus/error``; "" = any, and messages without one.
    package var errorCode = ""

    package init() {}

    /// Whether a message's life has to be read to know whether it is meant.
    package var readsLives: Bool { !provider.isEmpty || !errorCode.isEmpty }

    /// Ids that were given out within the bounds of time.
    package var ids: Range<MessageID> {
        let first = Self.first(at: from)
        return first..<max(first, until == 0 ? Self.end : Self.first(at: until))
    }

    /// Past every id.
    private static let end = MessageID(rawValue: UInt64(Int64.max))

    /// The first id that can be given out at that time.
    private static func first(at milliseconds: Int64) -> MessageID {
        let isPastAll = milliseconds > Int64(end.milliseconds)
        return isPastAll ? end : MessageID(milliseconds: UInt64(max(0, milliseconds)))
    }
}

/// A page of a listing, as it is asked for.
package struct ListQuery: Hashable, Sendable {
    package var filter: MessageFilter
    /// Messages of the page, 1 to ``Limits/listMessages``.
    package var limit: Int
    /// Where the page before ended; nil = the first page.
    package var cursor: ListCursor?
    /// Whether ids rise; else they fall.
    package var oldestFirst: Bool

    package init(
        _ filter: MessageFilter = MessageFilter(), limit: Int = Limits.listMessagesDefault, cursor: ListCursor? = nil,
        oldestFirst: Bool = false
    ) {
        self.filter = filter
        self.limit = limit
        self.cursor = cursor
        self.oldestFirst = oldestFirst
    }

    /// Ids that this page and those after it are made of.
    package var ids: Range<MessageID> {
        let all = filter.ids
        guard let last = cursor?.last else { return all }
        let rest =
            oldestFirst
            ? MessageID(rawValue: last.rawValue + 1)..<MessageID(rawValue: .max)
            : MessageID(rawValue: 0)..<last
        return all.clamped(to: rest)
    }
}

/// A page of a listing.
package struct MessagePage: Hashable, Sendable {
    /// In the order asked for, without timelines. Fewer than the limit, or none, does not mean that it is the last.
    package var messages: [MessageStatus]
    /// Where the next page goes on; nil = this is the last.
    package var cursor: ListCursor?

    package init(messages: [MessageStatus], cursor: ListCursor?) {
        self.messages = messages
        self.cursor = cursor
    }
}

/// A page of a listing of batches, those begun last first.
package struct BatchPage: Hashable, Sendable {
    /// Fewer than the limit, or none, does not mean that it is the last.
    package var batches: [BatchStatus] = []
    /// Where the next page goes on; nil = this is the last.
    package var cursor: ListCursor?

    package init() {}
}

/// Where a page of a listing ended. As bytes: the version, 1, and the id, big-endian.
package struct ListCursor: Hashable, Sendable {
    /// The last message that was examined, whether or not it was listed. The next page begins behind it.
    package let last: MessageID

    private static let version: UInt8 = 1

    package init(last: MessageID) {
        self.last = last
    }

    /// - Returns: nil unless these are bytes that ``bytes`` made.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 9, bytes[0] == Self.version else { return nil }
        last = MessageID(rawValue: bytes.dropFirst().reduce(0) { $0 << 8 | UInt64($1) })
        guard last.rawValue > 0, last.rawValue < 1 << 63 else { return nil }
    }

    package var bytes: [UInt8] {
        [Self.version] + (0..<8).map { UInt8(truncatingIfNeeded: last.rawValue >> (56 - 8 * $0)) }
    }
}
