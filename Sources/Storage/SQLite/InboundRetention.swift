internal import SMSModel

extension SQLiteMessageStore {
    /// Inbound messages that one sweep looks at, at most.
    private static let inboundMessages = 128

    /// Takes the bodies, or all, of some inbound messages away that are too old by the standard of all tenants.
    /// - Returns: whether there may be more.
    func removeOldInbound(today: Day) throws(StoreError) -> Bool {
        let policy = retention.policy
        let limit = Self.inboundMessages
        var isMore = try control.forgetParts(
            before: today.start - Limits.inboundPartMemoryMilliseconds, limit: limit)
        try control.forgetReplies(before: today.start - Limits.optOutReplyMilliseconds)
        if let start = policy.recordStart(today: today) {
            let isMoreToDelete = try control.deleteInbound(before: start, limit: limit)
            isMore = isMore || isMoreToDelete
        }
        if let start = policy.bodyStart(today: today) {
            let isMoreToRedact = try control.redactInbound(before: start, limit: limit)
            isMore = isMore || isMoreToRedact
        }
        return isMore
    }
}

extension RetentionPolicy {
    /// What is from before goes, by the standard of all tenants; nil = nothing does.
    fileprivate func recordStart(today: Day) -> Int64? {
        standard.records.map { today.start - Int64(max($0, Self.leastRecordDays)) * Int64(Day.milliseconds) }
    }

    /// What is from before loses its body.
    fileprivate func bodyStart(today: Day) -> Int64? {
        standard.bodies.map { today.start - Int64($0) * Int64(Day.milliseconds) }
    }
}

extension ControlFile {
    /// Forgets parts of messages that are kept, of the oldest `limit`.
    /// - Returns: whether there may be more.
    fileprivate func forgetParts(before time: Int64, limit: Int) throws(StoreError) -> Bool {
        let parts = InboundPartTable(connection)
        let old = try parts.finished(before: time, limit: limit)
        guard !old.isEmpty else { return false }
        try touch()
        try parts.delete(old)
        return old.count == limit
    }

    /// Forgets answers to keywords after which the next may be sent long since.
    fileprivate func forgetReplies(before time: Int64) throws(StoreError) {
        guard try connection.integer("SELECT EXISTS (SELECT 1 FROM opt_out_reply WHERE at < \(time))") > 0 else {
            return
        }
        try touch()
        try connection.execute("DELETE FROM opt_out_reply WHERE at < \(time)")
    }

    /// Deletes inbound messages that came before `time`, of the oldest `limit`.
    /// - Returns: whether there may be more.
    fileprivate func deleteInbound(before time: Int64, limit: Int) throws(StoreError) -> Bool {
        let old = try oldInbound(after: 0, before: time, limit: limit)
        guard let last = old.last else { return false }
        try touch()
        try connection.execute(
            """
            PRAGMA secure_delete = ON; DELETE FROM inbound_media WHERE inbound <= \(last);
            DELETE FROM inbound WHERE id <= \(last)
            """)
        return old.count == limit
    }

    /// Takes the bodies away of inbound messages that came before `time`, of `limit` that have theirs still.
    /// - Returns: whether there may be more.
    fileprivate func redactInbound(before time: Int64, limit: Int) throws(StoreError) -> Bool {
        let done = try mark(.inboundRedacted) ?? 0
        let old = try oldInbound(after: done, before: time, limit: limit)
        guard let last = old.last else { return false }
        try touch()
        try connection.execute(
            """
            PRAGMA secure_delete = ON; DELETE FROM inbound_media WHERE inbound > \(done) AND inbound <= \(last);
            UPDATE inbound SET body = '' WHERE id > \(done) AND id <= \(last)
            """)
        try setMark(.inboundRedacted, last)
        return old.count == limit
    }

    /// Ids of messages from before `time`, up to the first that isn't.
    private func oldInbound(after id: Int64, before time: Int64, limit: Int) throws(StoreError) -> [Int64] {
        let rows = try connection.prepare("SELECT id, at FROM inbound WHERE id > ?1 ORDER BY id LIMIT ?2")
        rows.bind(1, id)
        rows.bind(2, Int64(limit))
        var ids: [Int64] = []
        while try rows.step(), rows.integer(1) < time { ids.append(rows.integer(0)) }
        return ids
    }
}
