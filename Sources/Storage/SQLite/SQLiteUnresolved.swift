package import SMSModel

/// What a provider can be asked about a message that it may have taken.
package struct UnresolvedMessage: Hashable, Sendable {
    package var attempt: UnresolvedAttempt
    /// The provider's; "" if it has none.
    package var provider: String
    package var recipient: String
    /// Empty once retention has taken it away.
    package var body: String
}

/// Messages that providers are asked about.
extension SQLiteStatusReader {
    /// nil unless nobody knows yet what became of that attempt.
    package func unresolvedMessage(_ id: MessageID, attempt: Int) throws(StoreError) -> UnresolvedMessage? {
        guard let row = try reader(of: Day(of: id))?.tried(id), let doubt = row.lifecycle.unresolvedAttempt,
            doubt.attempt == attempt
        else { return nil }
        return UnresolvedMessage(
            attempt: doubt, provider: try providerName(doubt.provider), recipient: row.recipient, body: row.body)
    }

    /// A page of the attempts that have been in doubt since a time, those of the newest messages first.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages, and none that was accepted longer before that time than
    /// messages are valid where nothing is said.
    /// - Parameter cursor: where the page before ended; nil = the first page.
    package func unresolvedAttempts(
        since: Int64, cursor: ListCursor?, now: Int64
    ) throws(StoreError) -> (unresolved: [UnresolvedAttempt], cursor: ListCursor?) {
        var filter = MessageFilter()
        filter.states = MessageStates(.unknown)
        filter.from = max(0, since - Int64(Limits.validityDefaultMilliseconds))
        var unresolved: [UnresolvedAttempt] = []
        let query = ListQuery(filter, cursor: cursor)
        let end = try examine(query, of: nil, now: now) { (id, _) throws(StoreError) in
            let doubt = try reader(of: Day(of: id))?.tried(id)?.lifecycle.unresolvedAttempt
            if let doubt, doubt.ended >= since { unresolved.append(doubt) }
            return unresolved.count < Limits.listMessages
        }
        return (unresolved, end?.cursor)
    }
}

extension DayReader {
    /// nil while the message only waits.
    func tried(
        _ id: MessageID
    ) throws(StoreError) -> (recipient: String, body: String, lifecycle: MessageLifecycle)? {
        let row = try connection.prepare(
            """
            SELECT m.recipient, m.body, s.state, s.due, s.history FROM message m JOIN state s ON s.id = m.id
            WHERE m.id = ?1
            """)
        row.bind(1, id)
        guard try row.step() else { return nil }
        return (row.text(0), row.text(1), try MessageLifecycle(id, row, column: 2, path: connection.path))
    }
}
