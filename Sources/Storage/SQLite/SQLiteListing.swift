package import SMSModel

/// Listings go through messages one by one, a bounded number for each page: an index over what they filter by would
/// cost the writer at every message. Days that have nothing to offer are passed over by their counts.
extension SQLiteStatusReader {
    /// A page of the tenant's messages that meet the query's filter; nil if the tenant has no such batch.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages.
    package func list(_ query: ListQuery, tenant: TenantID, now: Int64) throws(StoreError) -> MessagePage? {
        var messages: [MessageStatus] = []
        let end = try examine(query, of: tenant, now: now) { (id, tenant) throws(StoreError) in
            if let status = try status(of: id, tenant: tenant, now: now, timeline: false) { messages.append(status) }
            return messages.count < query.limit
        }
        return end.map { MessagePage(messages: messages, cursor: $0.cursor) }
    }

    /// A page of the messages of which nobody knows whether they were sent. It examines as many as ``list(_:tenant:now:)``.
    /// - Parameter tenant: nil = all tenants'.
    package func unknown(_ query: UnknownQuery, tenant: TenantID?, now: Int64) throws(StoreError) -> UnknownPage {
        var filter = MessageFilter()
        filter.states = MessageStates(.unknown)
        let list = ListQuery(filter, limit: query.limit, cursor: query.cursor, oldestFirst: query.oldestFirst)
        var messages: [UnknownMessage] = []
        let end = try examine(list, of: tenant, now: now) { (id, tenant) throws(StoreError) in
            guard var status = try status(of: id, tenant: tenant, now: now, timeline: true) else { return true }
            let events = status.timeline
            // The one that may have it, which a later attempt need not have gone to.
            if let lost = events.last(where: { $0.event.isLost }) { status.provider = lost.provider }
            guard query.provider.isEmpty || status.provider == query.provider else { return true }
            let since = events.last { $0.event.makesUnknown && $0.state == .unknown }?.at ?? status.acceptedAt
            status.timeline = []
            messages.append(UnknownMessage(status: status, since: since, tenant: tenant))
            return messages.count < query.limit
        }
        return UnknownPage(messages: messages, cursor: end?.cursor)
    }

    /// Where a page ended.
    struct End {
        var cursor: ListCursor?
    }

    /// Visits the messages that meet the query's filter, until it is enough or ``Limits/listRowsExamined`` have been
    /// looked at.
    /// - Parameters:
    ///   - tenant: nil = all tenants'.
    ///   - visit: returns whether there may be more of them.
    /// - Returns: nil if the tenant has no such batch.
    func examine(
        _ query: ListQuery, of tenant: TenantID?, now: Int64,
        _ visit: (MessageID, TenantID) throws(StoreError) -> Bool
    ) throws(StoreError) -> End? {
        var days = self.days
        var batch: BatchID?
        if let reference = query.filter.batch {
            guard let tenant, let record = try batchRecord(tenant: tenant, reference) else { return nil }
            batch = record.id
            days = try self.days(of: record.id)
        }
        let ids = query.ids
        if !query.oldestFirst { days.reverse() }
        var end = End(cursor: query.cursor)
        var isEnough = false
        var examined = 0
        var opened = 0
        for day in days {
            let part = ids.clamped(to: day.firstID..<day.next.firstID)
            guard !part.isEmpty, try mayMeet(query.filter, tenant, batch, day), let reader = try reader(of: day)
            else { continue }
            guard examined < Limits.listRowsExamined else { return end }
            // Opening one file after the other has its price too.
            if opened > 0 { examined += 100 }
            opened += 1
            let rows = try reader.scan(part, oldestFirst: query.oldestFirst)
            while try rows.step() {
                guard examined < Limits.listRowsExamined, !isEnough else { return end }
                examined += 1
                let id = MessageID(rawValue: UInt64(rows.integer(0)))
                let owner = TenantID(rawValue: Int32(truncatingIfNeeded: rows.integer(1)))
                end.cursor = ListCursor(last: id)
                guard tenant.map({ $0 == owner }) ?? true,
                    batch.map({ !rows.isNull(2) && rows.integer(2) == Int64($0.rawValue) }) ?? true,
                    query.filter.accepts(recipient: rows.bytes(3)),
                    query.filter.accepts(
                        storedState: rows.isNull(5) ? nil : rows.integer(5), sendAt: rows.integer(4), now)
                else { continue }
                isEnough = try !visit(id, owner)
            }
            // All of the day has been seen.
            end.cursor = ListCursor(
                last: query.oldestFirst ? MessageID(rawValue: part.upperBound.rawValue - 1) : part.lowerBound)
        }
        end.cursor = nil
        return end
    }

    /// Whether the day may have something that meets the filter, by its counts.
    private func mayMeet(
        _ filter: MessageFilter, _ tenant: TenantID?, _ batch: BatchID?, _ day: Day
    ) throws(StoreError) -> Bool {
        guard let tenant else { return filter.mayMeet(try reader(of: day)?.countsOfAll() ?? [:]) }
        let counts = try stateCounts(scope: batch.map { Int64($0.rawValue) } ?? -Int64(tenant.rawValue), day)
        return filter.mayMeet(counts.states)
    }
}

extension EventKind {
    /// After it nobody may know whether the message was sent.
    fileprivate var makesUnknown: Bool { isLost || self == .attemptUndelivered }

    /// After it nobody knows whether its attempt was taken.
    fileprivate var isLost: Bool { self == .outcomeUnknown || self == .interrupted || self == .restored }
}

extension DayReader {
    /// The day's part of all tenants' counts: scopes below 0 are theirs.
    fileprivate func countsOfAll() throws(StoreError) -> [MessageState: Int64] {
        let rows = try connection.prepare("SELECT state, sum(count) FROM tally WHERE scope < 0 GROUP BY state")
        var counts: [MessageState: Int64] = [:]
        while try rows.step() {
            if let state = MessageState(rawValue: UInt8(truncatingIfNeeded: rows.integer(0))) {
                counts[state] = rows.integer(1)
            }
        }
        return counts
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
