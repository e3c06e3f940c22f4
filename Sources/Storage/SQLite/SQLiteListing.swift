package import SMSModel

// Look-ups without an id. They go through messages one by one, a bounded number at a time: an index over them would
// cost the writer at every message.
extension SQLiteStatusReader {
    /// A page of the tenant's messages that meet the query's filter; nil if the tenant has no such batch.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages.
    package func list(_ query: ListQuery, tenant: TenantID, now: Int64) throws(StoreError) -> MessagePage? {
        var ids = query.ids
        var batch: BatchID?
        if let reference = query.filter.batch {
            guard let record = try batches.find(tenant: tenant, reference) else { return nil }
            batch = record.id
            // A batch is made before its messages.
            ids = ids.clamped(to: record.id..<MessageID(rawValue: .max))
        }
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.recipient, m.send_at, s.state
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id >= ?1 AND m.id < ?2
            ORDER BY m.id \(query.oldestFirst ? "ASC" : "DESC")
            """)
        rows.bind(1, ids.lowerBound)
        rows.bind(2, ids.upperBound)
        var page = MessagePage(messages: [], cursor: query.cursor)
        var examined = 0
        while examined < Limits.listRowsExamined, page.messages.count < query.limit {
            guard try rows.step() else {
                page.cursor = nil
                break
            }
            examined += 1
            let id = MessageID(rawValue: UInt64(rows.integer(0)))
            page.cursor = ListCursor(last: id)
            guard rows.integer(1) == Int64(tenant.rawValue),
                batch.map({ !rows.isNull(2) && rows.integer(2) == Int64($0.rawValue) }) ?? true,
                query.filter.accepts(recipient: rows.bytes(3)),
                query.filter.accepts(storedState: rows.isNull(5) ? nil : rows.integer(5), sendAt: rows.integer(4), now)
            else { continue }
            if let status = try status(of: id, tenant: tenant, now: now, timeline: false) {
                page.messages.append(status)
            }
        }
        return page
    }

    /// The tenant's messages with that reference, newest first, of the newest ``Limits/listRowsExamined`` of all.
    ///
    /// They have their timelines, unless there are more than ``Limits/statusIDsWithTimeline``.
    package func statuses(
        reference: String, tenant: TenantID, now: Int64, limit: Int
    ) throws(StoreError) -> [MessageStatus] {
        let rows = try connection.prepare(
            """
            SELECT id FROM (SELECT id, tenant, reference FROM message ORDER BY id DESC LIMIT ?1)
            WHERE tenant = ?2 AND reference = ?3 ORDER BY id DESC
            """)
        rows.bindText(3, reference)
        return try statuses(rows, tenant: tenant, now: now, limit: limit)
    }

    /// The tenant's messages that a provider gave that id in one of their attempts, newest first, of the newest
    /// ``Limits/listRowsExamined`` of all.
    ///
    /// They have their timelines, unless there are more than ``Limits/statusIDsWithTimeline``.
    package func statuses(
        providerID: String, tenant: TenantID, now: Int64, limit: Int
    ) throws(StoreError) -> [MessageStatus] {
        // The history has it somewhere, or the message is not meant; where it stands is looked up for those few.
        let rows = try connection.prepare(
            """
            SELECT id FROM (SELECT id, tenant, history FROM state ORDER BY id DESC LIMIT ?1)
            WHERE tenant = ?2 AND instr(history, CAST(?3 AS BLOB)) > 0 ORDER BY id DESC
            """)
        rows.bindText(3, providerID)
        return try statuses(rows, tenant: tenant, now: now, limit: limit) { status in
            status.timeline.contains { $0.event == .sent && $0.detail == providerID }
        }
    }

    /// - Parameter rows: ids; the query's parameters 1 and 2 are the bound on rows and the tenant.
    private func statuses(
        _ rows: SQLiteStatement, tenant: TenantID, now: Int64, limit: Int,
        where isMeant: (MessageStatus) -> Bool = { _ in true }
    ) throws(StoreError) -> [MessageStatus] {
        rows.bind(1, Int64(Limits.listRowsExamined))
        rows.bind(2, Int64(tenant.rawValue))
        var found: [MessageStatus] = []
        while found.count < limit, try rows.step() {
            let id = MessageID(rawValue: UInt64(rows.integer(0)))
            if let status = try status(of: id, tenant: tenant, now: now, timeline: true), isMeant(status) {
                found.append(status)
            }
        }
        if found.count > Limits.statusIDsWithTimeline {
            for index in found.indices { found[index].timeline = [] }
        }
        return found
    }
}

extension MessageFilter {
    fileprivate func accepts(recipient: UnsafeRawBufferPointer) -> Bool {
        self.recipient.isEmpty || self.recipient.utf8.elementsEqual(recipient)
    }

    /// - Parameter state: nil while the message only waits.
    fileprivate func accepts(storedState state: Int64?, sendAt: Int64, _ now: Int64) -> Bool {
        if states.isEmpty { return true }
        guard let state else { return states.contains(sendAt > now ? .scheduled : .queued) }
        return MessageState(rawValue: UInt8(truncatingIfNeeded: state)).map(states.contains) ?? false
    }
}
