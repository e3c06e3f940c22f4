internal import RPCWire
internal import SMSModel

extension GatewayClient {
    /// The tenant's messages that meet the filter's conditions, read page by page as they are asked for.
    ///
    /// A listing is no snapshot: each page shows its messages as they are when it is read. Newest first, what is
    /// accepted meanwhile is left out.
    ///
    /// ```swift
    /// for try await message in client.list(MessageFilter(states: [.failed], since: yesterday)) {
    ///     print(message.id, message.to, message.error?.message ?? "")
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - oldestFirst: in the order of acceptance, instead of the newest first.
    ///   - pageSize: messages that one call may bring, 1 to 1000.
    ///   - timeout: for each page; nil = the configuration's.
    public func list(
        _ filter: MessageFilter = MessageFilter(), oldestFirst: Bool = false, pageSize: Int = 1000,
        timeout: Duration? = nil
    ) -> MessageList {
        MessageList { cursor throws(ApusError) in
            try await self.page(of: filter, oldestFirst: oldestFirst, limit: pageSize, after: cursor, timeout: timeout)
        }
    }

    /// One page of a listing.
    ///
    /// The gateway examines a bounded number of messages for a page, whether or not they are meant: only a page without
    /// a cursor is the last.
    ///
    /// - Parameters:
    ///   - oldestFirst: in the order of acceptance, instead of the newest first.
    ///   - limit: messages of the page, 1 to 1000.
    ///   - cursor: that of the page before, of the same filter and order; nil = the first page.
    /// - Throws: INVALID_ARGUMENT with the conditions that are wrong, and for a cursor that no listing had; NOT_FOUND if
    ///   the gateway knows no such batch of this tenant.
    public func page(
        of filter: MessageFilter = MessageFilter(), oldestFirst: Bool = false, limit: Int = 100,
        after cursor: ListCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> MessagePage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = ListRequest(
            try SMSModel.MessageFilter(filter), limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [],
            oldestFirst: oldestFirst)
        let response: ListResponse = try await call(.list, request, timeout: timeout)
        return MessagePage(response)
    }

    /// The tenant's messages that were sent with this reference, newest first; none is no error.
    ///
    /// The gateway tells the newest 1000 at most, and their timelines if they are no more than 100.
    ///
    /// - Parameter reference: 1 to 64 bytes.
    public func status(reference: String, timeout: Duration? = nil) async throws(ApusError) -> [MessageStatus] {
        guard (1...Limits.referenceBytes).contains(reference.utf8.count) else {
            throw .invalidField("reference", "must have 1 to \(Limits.referenceBytes) bytes")
        }
        return try await found(.reference(reference), timeout: timeout)
    }

    /// The tenant's messages that a provider knows by this id, newest first; none is no error.
    ///
    /// - Parameter providerID: 1 to 256 bytes.
    public func status(providerID: String, timeout: Duration? = nil) async throws(ApusError) -> [MessageStatus] {
        guard (1...Limits.providerIDBytes).contains(providerID.utf8.count) else {
            throw .invalidField("provider_id", "must have 1 to \(Limits.providerIDBytes) bytes")
        }
        return try await found(.providerID(providerID), timeout: timeout)
    }

    private func found(
        _ subject: StatusRequest.Subject, timeout: Duration?
    ) async throws(ApusError) -> [MessageStatus] {
        let response: StatusResponse = try await call(.status, StatusRequest(subject), timeout: timeout)
        return response.messages.map(MessageStatus.init)
    }
}

/// The messages of a listing over all its pages. Each iteration begins again.
public struct MessageList: AsyncSequence, Sendable {
    public typealias Element = MessageStatus
    public typealias Failure = ApusError

    typealias ReadPage = @Sendable (ListCursor?) async throws(ApusError) -> MessagePage

    private let readPage: ReadPage

    init(_ readPage: @escaping ReadPage) {
        self.readPage = readPage
    }

    public func makeAsyncIterator() -> Iterator { Iterator(readPage: readPage) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let readPage: ReadPage
        private var messages: [MessageStatus] = []
        private var position = 0
        private var cursor: ListCursor?
        private var isLast = false

        fileprivate init(readPage: @escaping ReadPage) {
            self.readPage = readPage
        }

        /// - Returns: nil once there are no more.
        public mutating func next() async throws(ApusError) -> MessageStatus? {
            while position == messages.count {
                if isLast { return nil }
                let page = try await readPage(cursor)
                messages = page.messages
                position = 0
                cursor = page.cursor
                isLast = page.cursor == nil
            }
            defer { position += 1 }
            return messages[position]
        }
    }
}
