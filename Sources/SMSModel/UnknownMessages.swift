/// A page of the messages of which nobody knows whether they were sent, as it is asked for.
package struct UnknownQuery: Hashable, Sendable {
    /// Only those that it may have taken; "" = any.
    package var provider: String
    /// Messages of the page, 1 to ``Limits/listMessages``.
    package var limit: Int
    /// Where the page before ended; nil = the first page.
    package var cursor: ListCursor?
    /// Whether ids rise; else they fall.
    package var oldestFirst: Bool

    package init(
        provider: String = "", limit: Int = Limits.listMessagesDefault, cursor: ListCursor? = nil,
        oldestFirst: Bool = false
    ) {
        self.provider = provider
        self.limit = limit
        self.cursor = cursor
        self.oldestFirst = oldestFirst
    }
}

/// A message that a provider may have taken, but whose answer was lost.
package struct UnknownMessage: Hashable, Sendable {
    /// Without its timeline; its `error` says why nobody knows.
    package var status: MessageStatus
    /// Milliseconds since the Unix epoch.
    package var since: Int64
    package var tenant: TenantID

    package init(status: MessageStatus, since: Int64, tenant: TenantID) {
        self.status = status
        self.since = since
        self.tenant = tenant
    }
}

package struct UnknownPage: Hashable, Sendable {
    /// In the order asked for. Fewer than the limit, or none, does not mean that it is the last.
    package var messages: [UnknownMessage]
    /// Where the next page goes on; nil = this is the last.
    package var cursor: ListCursor?

    package init(messages: [UnknownMessage], cursor: ListCursor?) {
        self.messages = messages
        self.cursor = cursor
    }
}

/// What became of one message that was to be sent again or settled.
package struct UnknownResult: Hashable, Sendable {
    package var id: MessageID
    package var isDone: Bool
    /// Now; nil = there is no such message.
    package var state: MessageState?
    /// Why it was not done; "" if it was.
    package var reason: String
    /// The state's number in an answer of a later version, which this one doesn't know; ``state`` is nil then.
    package var unknownState: Int32?

    package init(id: MessageID, isDone: Bool, state: MessageState?, reason: String = "") {
        self.id = id
        self.isDone = isDone
        self.state = state
        self.reason = reason
    }
}
