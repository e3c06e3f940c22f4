package import SMSModel

/// Listings go through messages one by one, a bounded number for each page: an index over what they filter by would
/// cost the writer at every message. A tenant's reference has one, since Status asks for it. Days that have nothing to
/// offer are passed over by their counts.
extension SQLiteStatusReader {
    /// A page of the tenant's messages that meet the query's filter; nil if the tenant has no such batch.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages.
    /// - Parameter tenant: nil = all tenants', whose batches are found by id alone.
    package func list(_ query: ListQuery, tenant: TenantID?, now: Int64) throws(StoreError) -> MessagePage? {
        var messages: [MessageStatus] = []
        let end = try examine(query, of: tenant, now: now) { (id, tenant) throws(StoreError) in
            let status = try status(of: id, tenant: tenant, now: now, timeline: false)
            if let status, query.filter.accepts(lifeOf: status) { messages.append(status) }
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
            (status.timeline, status.body) = ([], .untold)
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
            guard let record = try batchRecord(tenant: tenant, reference) else { return nil }
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
            let rows = try reader.scan(oldestFirst: query.oldestFirst)
            for range in try ranges(of: part, query, tenant, reader) {
                rows.reset()
                rows.bind(1, range.lowerBound)
                rows.bind(2, range.upperBound)
                while try rows.step() {
                    guard examined < Limits.listRowsExamined, !isEnough else { return end }
                    examined += 1
                    let id = MessageID(rawValue: UInt64(rows.integer(0)))
                    let owner = TenantID(rawValue: Int32(truncatingIfNeeded: rows.integer(1)))
                    end.cursor = ListCursor(last: id)
                    guard tenant.map({ $0 == owner }) ?? true,
                        batch.map({ !rows.isNull(2) && rows.integer(2) == Int64($0.rawValue) }) ?? true,
                        query.filter.accepts(rows, now)
                    else { continue }
                    if query.filter.readsLives { examined += Limits.listRowsOfLife - 1 }
                    isEnough = try !visit(id, owner)
                }
            }
            // All of the day has been seen.
            end.cursor = ListCursor(
                last: query.oldestFirst ? MessageID(rawValue: part.upperBound.rawValue - 1) : part.lowerBound)
        }
        end.cursor = nil
        return end
    }

    /// The ids of a day to go through, in the order asked for: those that the index of references has, where it can be
    /// asked, or all.
    private func ranges(
        of day: Range<MessageID>, _ query: ListQuery, _ tenant: TenantID?, _ reader: DayReader
    ) throws(StoreError) -> [Range<MessageID>] {
        guard let tenant, !query.filter.reference.isEmpty else { return [day] }
        let hash = Self.hash(ofReference: query.filter.reference, tenant)
        let ids = Set(try reader.candidates(.reference, [hash])).filter(day.contains)
        return (query.oldestFirst ? ids.sorted() : ids.sorted(by: >)).map { id in
            id..<MessageID(rawValue: id.rawValue + 1)
        }
    }

    /// Whether the day may have something that meets the filter, by its counts.
    private func mayMeet(
        _ filter: MessageFilter, _ tenant: TenantID?, _ batch: BatchID?, _ day: Day
    ) throws(StoreError) -> Bool {
        let scope = batch.map { Int64($0.rawValue) } ?? tenant.map { -Int64($0.rawValue) } ?? Self.everyTenant
        return filter.mayMeet(try stateCounts(scope: scope, day).states)
    }
}

extension EventKind {
    /// After it nobody may know whether the message was sent.
    fileprivate var makesUnknown: Bool { isLost || self == .attemptUndelivered || endsWaiting }

    /// After it a message isn't sent (again). It is UNKNOWN then if an attempt before may have been taken.
    var endsWaiting: Bool { self == .rejected || self == .failed || self == .expired || self == .canceled }

    /// After it nobody knows whether its attempt was taken.
    fileprivate var isLost: Bool { self == .outcomeUnknown || self == .interrupted || self == .restored }
}

extension DayReader {
    /// Rows of `id, tenant, batch, recipient, send_at, state, sender, reference, tags` of the ids from the first to below
    /// the second that are bound; the state is NULL while a message only waits.
    fileprivate func scan(oldestFirst: Bool) throws(StoreError) -> SQLiteStatement {
        try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.recipient, m.send_at, s.state, m.sender, m.reference, m.tags
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id >= ?1 AND m.id < ?2
            ORDER BY m.id \(oldestFirst ? "ASC" : "DESC")
            """)
    }

    /// Tags as they are stored: each its length in one byte, then its bytes.
    static func tags(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var tags: [String] = []
        forEachTag(bytes) { tag in
            tags.append(String(decoding: tag, as: UTF8.self))
            return true
        }
        return tags
    }

    /// - Parameter visit: returns whether to go on.
    fileprivate static func forEachTag(
        _ bytes: UnsafeRawBufferPointer, _ visit: (Slice<UnsafeRawBufferPointer>) -> Bool
    ) {
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + 1 + Int(bytes[position]))
            guard visit(bytes[(position + 1)..<end]) else { return }
            position = end
        }
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

    /// Whether a row of ``DayReader/scan(oldestFirst:)`` meets all but what is its tenant's and its batch's.
    fileprivate func accepts(_ row: SQLiteStatement, _ now: Int64) -> Bool {
        // Who has no life has had no provider and no error.
        if readsLives, row.isNull(5) { return false }
        return Self.accepts(recipient, row.bytes(3)) && Self.accepts(sender, row.bytes(6))
            && Self.accepts(reference, row.bytes(7)) && accepts(tags: row.bytes(8))
            && accepts(storedState: row.isNull(5) ? nil : row.integer(5), sendAt: row.integer(4), now)
    }

    private static func accepts(_ wanted: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        wanted.isEmpty || wanted.utf8.elementsEqual(bytes)
    }

    private func accepts(tags: UnsafeRawBufferPointer) -> Bool {
        if tag.isEmpty { return true }
        var isThere = false
        DayReader.forEachTag(tags) { bytes in
            isThere = tag.utf8.elementsEqual(bytes)
            return !isThere
        }
        return isThere
    }

    /// Whether what can be told of its life alone is as it is to be.
    fileprivate func accepts(lifeOf status: MessageStatus) -> Bool {
        (provider.isEmpty || status.provider == provider) && (errorCode.isEmpty || status.error?.code == errorCode)
    }

    /// - Parameter state: nil while the message only waits.
    fileprivate func accepts(storedState state: Int64?, sendAt: Int64, _ now: Int64) -> Bool {
        if states.isEmpty { return true }
        guard let state else { return states.contains(sendAt > now ? .scheduled : .queued) }
        return MessageState(rawValue: UInt8(truncatingIfNeeded: state)).map(states.contains) ?? false
    }
}
