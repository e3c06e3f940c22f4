public import FoundationEssentials
internal import RPCWire
internal import SMSModel

extension GatewayClient {
    // MARK: Unknown outcomes

    /// One page of the messages of which nobody knows whether they were sent: a provider may have taken them, but its
    /// answer was lost. Only a page without a cursor is the last.
    ///
    /// - Parameters:
    ///   - owner: others' than one's own need the scope `admin`.
    ///   - provider: only those that it may have taken; nil = any.
    ///   - oldestFirst: in the order of acceptance, instead of the newest first.
    ///   - limit: messages of the page, 1 to 1000.
    ///   - cursor: that of the page before, of the same owner, provider and order; nil = the first page.
    /// - Throws: NOT_FOUND if there is no such tenant.
    public func unknown(
        of owner: MessageOwner = .own, provider: String? = nil, oldestFirst: Bool = false, limit: Int = 100,
        after cursor: ListCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> UnknownPage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = UnknownListRequest(
            tenant: owner.wire, provider: provider ?? "", limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [],
            oldestFirst: oldestFirst)
        let response: UnknownListResponse = try await call(.unknownList, request, timeout: timeout)
        return UnknownPage(response)
    }

    /// Sends messages again of which nobody knows whether they were sent: **recipients may get them twice.**
    ///
    /// - Parameters:
    ///   - ids: one's own; with the scope `admin` any tenant's.
    ///   - note: for the timeline and the audit log, at most 256 bytes.
    /// - Returns: one verdict each, in order. A message that isn't UNKNOWN, that has expired, whose body has been taken
    ///   away, or whose batch has been canceled, is left as it is.
    public func resend(
        _ ids: [MessageID], note: String = "", timeout: Duration? = nil
    ) async throws(ApusError) -> UnknownReport {
        try await act(on: ids) { part throws(ApusError) in
            try await self.call(
                .unknownResend, UnknownResendRequest(ids: part, note: note), timeout: timeout)
        }
    }

    /// Says what became of messages of which nobody knows. They are settled with that; a receipt that comes all the
    /// same still applies.
    ///
    /// - Parameters:
    ///   - ids: one's own; with the scope `admin` any tenant's.
    ///   - state: sent, delivered, undelivered or failed.
    ///   - note: for the timeline and the audit log, at most 256 bytes.
    /// - Returns: one verdict each, in order.
    public func settle(
        _ ids: [MessageID], as state: MessageState, note: String = "", timeout: Duration? = nil
    ) async throws(ApusError) -> UnknownReport {
        let state = try SMSModel.MessageState(state)
        return try await act(on: ids) { part throws(ApusError) in
            try await self.call(
                .unknownSettle, UnknownSettleRequest(ids: part, state: state, note: note), timeout: timeout)
        }
    }

    private func act(
        on ids: [MessageID],
        _ call: (_ part: [SMSModel.MessageID]) async throws(ApusError) -> UnknownActResponse
    ) async throws(ApusError) -> UnknownReport {
        var report = UnknownReport()
        for start in stride(from: 0, to: ids.count, by: Limits.unknownIDs) {
            let part = ids[start..<min(start + Limits.unknownIDs, ids.count)].map(\.model)
            report.results += try await call(part).verdicts.map(UnknownReport.Result.init)
        }
        return report
    }
}

/// The tenants whose messages are meant.
public enum MessageOwner: Hashable, Sendable {
    case own
    /// One tenant, by its name.
    case tenant(String)
    case everyTenant

    var wire: String {
        switch self {
        case .own: ""
        case .tenant(let name): name
        case .everyTenant: StatusRequest.everyTenant
        }
    }
}

/// A message of which nobody knows whether it was sent.
public struct UnknownMessage: Hashable, Sendable {
    /// Without its timeline. Its `error` says why nobody knows, its `provider` who may have taken it.
    public var status: MessageStatus
    public var since: Date
    public var tenant: String

    init(_ message: UnknownListResponse.Message) {
        status = MessageStatus(message.status)
        since = Date(milliseconds: message.since)
        tenant = message.tenant
    }
}

public struct UnknownPage: Hashable, Sendable {
    /// Fewer than asked for, or none, does not mean that it is the last page.
    public var messages: [UnknownMessage]
    /// For the next page; nil = this is the last.
    public var cursor: ListCursor?

    init(_ response: UnknownListResponse) {
        messages = response.messages.map(UnknownMessage.init)
        cursor = response.cursor.isEmpty ? nil : ListCursor(bytes: response.cursor)
    }
}

/// What became of messages that were to be sent again or settled.
public struct UnknownReport: Hashable, Sendable {
    public struct Result: Hashable, Sendable {
        public var id: MessageID
        public var isDone: Bool
        /// Now; nil = there is no such message.
        public var state: MessageState?
        /// Why it was not done; "" if it was.
        public var reason: String

        init(_ verdict: UnknownResult) {
            id = MessageID(verdict.id)
            isDone = verdict.isDone
            state = MessageState(verdict.state, number: verdict.unknownState)
            reason = verdict.reason
        }
    }

    /// One each, in the order of the ids.
    public var results: [Result]

    public init(results: [Result] = []) {
        self.results = results
    }

    public var done: Int { results.count(where: \.isDone) }
    public var notFound: Int { results.count { $0.state == nil } }
    /// Found, and left as they are.
    public var refused: Int { results.count - done - notFound }
}
