internal import RPCWire
internal import SMSModel

extension GatewayClient {
    /// The messages that meet the filter's conditions, read page by page as they are asked for.
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
    ///   - owner: others' than one's own need the scope `admin`.
    ///   - oldestFirst: in the order of acceptance, instead of the newest first.
    ///   - pageSize: messages that one call may bring, 1 to 1000.
    ///   - timeout: for each page; nil = the configuration's.
    public func list(
        _ filter: MessageFilter = MessageFilter(), owner: MessageOwner = .own, oldestFirst: Bool = false,
        pageSize: Int = 1000, timeout: Duration? = nil
    ) -> MessageList {
        MessageList { cursor throws(ApusError) in
            try await self.page(
                of: filter, owner: owner, oldestFirst: oldestFirst, limit: pageSize, after: cursor, timeout: timeout)
        }
    }

    /// One page of a listing.
    ///
    /// The gateway examines a bounded number of messages for a page, whether or not they are meant: only a page without
    /// a cursor is the last.
    ///
    /// - Parameters:
    ///   - owner: others' than one's own need the scope `admin`.
    ///   - oldestFirst: in the order of acceptance, instead of the newest first.
    ///   - limit: messages of the page, 1 to 1000.
    ///   - cursor: that of the page before, of the same filter, owner and order; nil = the first page.
    /// - Throws: INVALID_ARGUMENT with the conditions that are wrong, and for a cursor that no listing had; NOT_FOUND if
    ///   the gateway knows no such tenant, or no such batch of the tenant.
    public func page(
        of filter: MessageFilter = MessageFilter(), owner: MessageOwner = .own, oldestFirst: Bool = false,
        limit: Int = 100, after cursor: ListCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> MessagePage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = ListRequest(
            try SMSModel.MessageFilter(filter), tenant: owner.wire, limit: UInt32(clamping: limit),
            cursor: cursor?.bytes ?? [], oldestFirst: oldestFirst)
        let response: ListResponse = try await call(.list, request, timeout: timeout)
        return MessagePage(response)
    }

    /// The tenant's messages that were sent with this reference, newest first; none is no error.
    ///
    /// The gateway tells the newest 1000 at most, and their timelines if they are no more than 100.
    ///
    /// - Parameters:
    ///   - reference: 1 to 64 bytes.
    ///   - owner: one tenant, its own or another's: over all of them, list the messages by reference.
    public func status(
        reference: String, owner: MessageOwner = .own, timeout: Duration? = nil
    ) async throws(ApusError) -> [MessageStatus] {
        guard (1...Limits.referenceBytes).contains(reference.utf8.count) else {
            throw .invalidField("reference", "must have 1 to \(Limits.referenceBytes) bytes")
        }
        return try await found(.reference(reference), owner, timeout: timeout)
    }

    /// The tenant's messages that a provider knows by this id, newest first; none is no error.
    ///
    /// - Parameters:
    ///   - providerID: 1 to 256 bytes.
    ///   - owner: others' than one's own need the scope `admin`.
    public func status(
        providerID: String, owner: MessageOwner = .own, timeout: Duration? = nil
    ) async throws(ApusError) -> [MessageStatus] {
        guard (1...Limits.providerIDBytes).contains(providerID.utf8.count) else {
            throw .invalidField("provider_id", "must have 1 to \(Limits.providerIDBytes) bytes")
        }
        return try await found(.providerID(providerID), owner, timeout: timeout)
    }

    private func found(
        _ subject: StatusRequest.Subject, _ owner: MessageOwner, timeout: Duration?
    ) async throws(ApusError) -> [MessageStatus] {
        let request = StatusRequest(subject, tenant: owner.wire)
        let response: StatusResponse = try await call(.status, request, timeout: timeout)
        return response.messages.map(MessageStatus.init)
    }

    /// One page of batches, those begun last first. Only a page without a cursor is the last.
    ///
    /// - Parameters:
    ///   - owner: others' than one's own need the scope `admin`.
    ///   - limit: batches of the page, 1 to 100.
    ///   - cursor: that of the page before, of the same owner; nil = the first page.
    /// - Throws: NOT_FOUND if there is no such tenant.
    public func batches(
        of owner: MessageOwner = .own, limit: Int = 20, after cursor: ListCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> BatchPage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = BatchListRequest(
            tenant: owner.wire, limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [])
        let response: BatchListResponse = try await call(.batchList, request, timeout: timeout)
        return BatchPage(response)
    }
}

/// A page of a listing of batches.
public struct BatchPage: Hashable, Sendable {
    /// Fewer than asked for, or none, does not mean that it is the last page.
    public var batches: [BatchStatus]
    /// For the next page; nil = this is the last.
    public var cursor: ListCursor?

    init(_ response: BatchListResponse) {
        batches = response.batches.map(BatchStatus.init)
        cursor = response.cursor.isEmpty ? nil : ListCursor(bytes: response.cursor)
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
