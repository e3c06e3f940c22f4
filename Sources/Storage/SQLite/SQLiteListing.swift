package import SMSModel

/// Listings go through messages one by one, a bounded number for each page: an index over what they filter by would
/// cost the writer at every message. Days that have nothing to offer are passed over by their counts.
extension SQLiteStatusReader {
    /// A page of the tenant's messages that meet the query's filter; nil if the tenant has no such batch.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages.
    package func list(_ query: ListQuery, tenant: TenantID, now: Int64) throws(StoreError) -> MessagePage? {
        var days = self.days
        var batch: BatchID?
        if let reference = query.filter.batch {
            guard let record = try batchRecord(tenant: tenant, reference) else { return nil }
            batch = record.id
            days = try self.days(of: record.id)
        }
        let ids = query.ids
        if !query.oldestFirst { days.reverse() }
        var page = MessagePage(messages: [], cursor: query.cursor)
        var examined = 0
        var opened = 0
        for day in days {
            let part = ids.clamped(to: day.firstID..<day.next.firstID)
            let scope = batch.map { Int64($0.rawValue) } ?? -Int64(tenant.rawValue)
            guard !part.isEmpty, query.filter.mayMeet(try tally(scope: scope, day)), let reader = try reader(of: day)
            else { continue }
            guard examined < Limits.listRowsExamined else { return page }
            // Opening one file after the other has its price too.
            if opened > 0 { examined += 100 }
            opened += 1
            let rows = try reader.scan(part, oldestFirst: query.oldestFirst)
            while try rows.step() {
                guard examined < Limits.listRowsExamined, page.messages.count < query.limit else { return page }
                examined += 1
                let id = MessageID(rawValue: UInt64(rows.integer(0)))
                page.cursor = ListCursor(last: id)
                guard rows.integer(1) == Int64(tenant.rawValue),
                    batch.map({ !rows.isNull(2) && rows.integer(2) == Int64($0.rawValue) }) ?? true,
                    query.filter.accepts(recipient: rows.bytes(3)),
                    query.filter.accepts(
                        storedState: rows.isNull(5) ? nil : rows.integer(5), sendAt: rows.integer(4), now)
                else { continue }
                if let status = try status(of: id, tenant: tenant, now: now, timeline: false) {
                    page.messages.append(status)
                }
            }
            // All of the day has been seen.
            page.cursor = ListCursor(
                last: query.oldestFirst ? MessageID(rawValue: part.upperBound.rawValue - 1) : part.lowerBound)
        }
        page.cursor = nil
        return page
    }
}

extension DayReader {
    /// Rows of `id, tenant, batch, recipient, send_at, state`; the last is NULL while a message only waits.
    fileprivate func scan(_ ids: Range<MessageID>, oldestFirst: Bool) throws(StoreError) -> SQLiteStatement {
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.recipient, m.send_at, s.state
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id >= ?1 AND m.id < ?2
            ORDER BY m.id \(oldestFirst ? "ASC" : "DESC")
            """)
        rows.bind(1, ids.lowerBound)
        rows.bind(2, ids.upperBound)
        return rows
    }
}

extension MessageFilter {
    /// Whether a day with these counts may have something that meets it.
    fileprivate func mayMeet(_ counts: [MessageState: Int64]) -> Bool {
        // A scheduled message counts as such until it is claimed, also once its time has come.
        counts.contains { state, count in
            count > 0 && (states.isEmpty || states.contains(state) || state == .scheduled && states.contains(.queued))
        }
    }

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
