package import SMSModel

/// Reads statuses beside the writer: a connection of its own that never writes or checkpoints, used by one
/// thread. It sees what has been committed.
package final class SQLiteStatusReader {
    let connection: SQLiteConnection
    let batches: SQLiteBatches
    private let selectMessage: SQLiteStatement
    private let selectTally: SQLiteStatement
    /// Names by number; read again when a number is not there.
    private var providers: [UInt8: String] = [:]

    /// - Parameter path: of a database that a ``SQLiteMessageStore`` has opened.
    package init(path: String) throws(StoreError) {
        connection = try SQLiteConnection(path: path, mode: .readOnly)
        batches = try SQLiteBatches(connection)
        selectMessage = try connection.prepare(
            """
            SELECT m.priority, m.encoding, m.segments, m.recipient, m.sender, m.batch, m.send_at, m.expires_at,
                   m.reference, m.tags, s.state, s.due, s.history
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id = ?1 AND m.tenant = ?2
            """)
        selectTally = try connection.prepare("SELECT state, count FROM tally WHERE scope = ?1 AND count > 0")
    }

    /// A tenant's message; nil if it has none of that id.
    package func status(
        of id: MessageID, tenant: TenantID, now: Int64, timeline: Bool
    ) throws(StoreError) -> MessageStatus? {
        let row = selectMessage
        row.bind(1, id)
        row.bind(2, Int64(tenant.rawValue))
        defer { row.reset() }
        guard try row.step() else { return nil }
        let sendAt = row.integer(6)
        let acceptedAt = Int64(id.milliseconds)
        let waiting: MessageState = sendAt > now ? .scheduled : .queued
        let lifecycle =
            row.isNull(10)
            ? MessageLifecycle(id: id, waiting: waiting)
            : try SQLiteMessageStore.lifecycle(id, row, column: 10, path: connection.path)
        var status = MessageStatus(
            id: id, state: lifecycle.state, settled: lifecycle.isSettled(at: now),
            receiptOverdue: lifecycle.isReceiptOverdue(at: now), segments: Int(row.integer(2)),
            encoding: Encoding(rawValue: UInt8(truncatingIfNeeded: row.integer(1))) ?? .gsm7, to: row.text(3),
            sender: row.text(4), priority: Priority(rawValue: UInt8(truncatingIfNeeded: row.integer(0))) ?? .normal,
            provider: "", providerID: "",
            attempts: lifecycle.attempts, error: nil, timeline: [], reference: row.text(8),
            tags: Self.tags(row.bytes(9)),
            batch: row.isNull(5) ? nil : BatchID(rawValue: UInt64(row.integer(5))), acceptedAt: acceptedAt,
            sendAt: sendAt, expiresAt: row.integer(7))
        try tell(lifecycle, now: now, timeline: timeline, in: &status)
        return status
    }

    /// Fills in what the lifecycle's events say: provider, error, timeline.
    private func tell(
        _ lifecycle: MessageLifecycle, now: Int64, timeline: Bool, in status: inout MessageStatus
    ) throws(StoreError) {
        var events = [TimelineEvent(at: status.acceptedAt, event: .accepted, state: .accepted)]
        let waits: EventKind = status.sendAt > 0 ? .scheduled : .queued
        events.append(
            TimelineEvent(
                at: status.acceptedAt, event: waits, state: status.sendAt > 0 ? .scheduled : .queued))
        var unknownProvider = false
        lifecycle.history.forEach(from: status.acceptedAt) { event in
            let name = event.provider == 0 ? "" : providers[event.provider] ?? ""
            if event.provider != 0, name.isEmpty { unknownProvider = true }
            events.append(
                TimelineEvent(
                    at: event.at, event: event.kind, state: event.state, attempt: event.attempt, provider: name,
                    detail: lifecycle.history.detail(of: event)))
        }
        if unknownProvider, try readProviders() {
            try tell(lifecycle, now: now, timeline: timeline, in: &status)
            return
        }
        for event in events {
            switch event.event {
            case .submitting: status.provider = event.provider
            case .sent:
                status.providerID = event.detail
                status.error = nil
            case .delivered: status.error = nil
            case .rejected, .failed, .undelivered, .unavailable, .throttled, .outcomeUnknown, .interrupted, .expired:
                status.error = Self.failure(event)
            default: break
            }
        }
        if status.receiptOverdue {
            events.append(TimelineEvent(at: lifecycle.due, event: .receiptOverdue, state: status.state))
        }
        if timeline { status.timeline = events }
    }

    private static func failure(_ event: TimelineEvent) -> MessageFailure {
        switch event.event {
        case .expired: return MessageFailure(code: "EXPIRED", message: "the validity was over before it could be sent")
        case .throttled: return MessageFailure(code: "THROTTLED", message: "the provider asked for fewer messages")
        case .unavailable:
            return MessageFailure(
                code: event.detail, message: "the provider could not be reached; it will be tried again")
        case .outcomeUnknown:
            return MessageFailure(code: event.detail, message: "the provider may have taken it, its answer was lost")
        case .interrupted: return MessageFailure(code: "INTERRUPTED", message: event.detail)
        case .undelivered: return MessageFailure(code: event.detail, message: "the carrier could not deliver it")
        default:
            // "CODE: words", as the lifecycle writes it.
            guard let colon = event.detail.firstIndex(of: ":") else {
                return MessageFailure(code: event.detail, message: "")
            }
            return MessageFailure(
                code: String(event.detail[..<colon]), message: String(event.detail[colon...].dropFirst(2)))
        }
    }

    private static func tags(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var tags: [String] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + 1 + Int(bytes[position]))
            tags.append(String(decoding: bytes[(position + 1)..<end], as: UTF8.self))
            position = end
        }
        return tags
    }

    /// - Returns: whether anything was learnt.
    private func readProviders() throws(StoreError) -> Bool {
        let rows = try connection.prepare("SELECT number, name FROM provider")
        let before = providers.count
        while try rows.step() { providers[UInt8(truncatingIfNeeded: rows.integer(0))] = rows.text(1) }
        return providers.count > before
    }

    /// A tenant's batch; nil if it has none of that name or id.
    package func batch(
        tenant: TenantID, _ reference: BatchReference, now: Int64
    ) throws(StoreError) -> BatchStatus? {
        guard let record = try batches.find(tenant: tenant, reference) else { return nil }
        let states = try tally(scope: Int64(record.id.rawValue))
        var settled = states.filter(\.state.isFinal).reduce(0) { $0 + $1.count }
        // Receipts can only be overdue once the receipt deadline has passed since the batch began.
        if now >= record.createdAt + Limits.receiptDeadlineMilliseconds,
            states.contains(where: { $0.state == .sent || $0.state == .unknown })
        {
            settled += try overdue(record.id, now: now)
        }
        let paused = try connection.integer("SELECT count(*) FROM pause WHERE target = 'batch \(record.id)'") > 0
        return BatchStatus(
            id: record.id, name: record.name, messages: states.reduce(0) { $0 + $1.count }, settled: settled,
            states: states, canceled: record.canceled, paused: paused, createdAt: record.createdAt)
    }

    /// Messages of a batch whose receipt is overdue: counted part by part, in the order of the ids.
    private func overdue(_ batch: BatchID, now: Int64) throws(StoreError) -> UInt64 {
        let parts = try connection.prepare("SELECT first_id, count FROM batch_part WHERE batch = ?1")
        let states = try connection.prepare(
            """
            SELECT count(*) FROM state WHERE id BETWEEN ?1 AND ?2 AND due <= ?3
            AND state IN (\(MessageState.sent.rawValue), \(MessageState.unknown.rawValue))
            """)
        parts.bind(1, batch)
        var count: UInt64 = 0
        while try parts.step() {
            let first = MessageID(rawValue: UInt64(parts.integer(0)))
            states.bind(1, first)
            states.bind(2, first.advanced(by: Int(parts.integer(1)) - 1))
            states.bind(3, now)
            if try states.step() { count += UInt64(states.integer(0)) }
            states.reset()
        }
        return count
    }

    /// The tenant's messages by state.
    package func states(tenant: TenantID) throws(StoreError) -> [StateCount] {
        try tally(scope: -Int64(tenant.rawValue))
    }

    private func tally(scope: Int64) throws(StoreError) -> [StateCount] {
        selectTally.bind(1, scope)
        defer { selectTally.reset() }
        var counts: [StateCount] = []
        while try selectTally.step() {
            guard let state = MessageState(rawValue: UInt8(truncatingIfNeeded: selectTally.integer(0)))
            else { continue }
            counts.append(StateCount(state: state, count: UInt64(selectTally.integer(1))))
        }
        return counts
    }
}
