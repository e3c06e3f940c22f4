extension SQLiteMessageStore {
    /// Entries that one sweep deletes, at most.
    private static let auditEntries = 128

    /// Deletes some of what the audit log has that is too old.
    /// - Returns: whether there may be more.
    func removeOldAudit(today: Day) throws(StoreError) -> Bool {
        guard let start = retention.policy.auditStart(today: today) else { return false }
        return try control.deleteAudit(before: start, limit: Self.auditEntries)
    }
}

extension ControlFile {
    /// Deletes entries of the audit log that are from before `time`, of the oldest `limit`. The newest stays whatever
    /// its age: from it the ids of those to come go on.
    /// - Returns: whether all of those looked at were, so that there may be more.
    fileprivate func deleteAudit(before time: Int64, limit: Int) throws(StoreError) -> Bool {
        let old = try connection.prepare(
            """
            SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?2)
            WHERE at < ?1 AND id < (SELECT max(id) FROM audit)
            """)
        old.bind(1, time)
        old.bind(2, Int64(limit))
        var ids: [Int64] = []
        while try old.step() { ids.append(old.integer(0)) }
        guard !ids.isEmpty else { return false }
        try touch()
        // They name numbers of those who opted out.
        try connection.execute("PRAGMA secure_delete = ON")
        let delete = try connection.prepare("DELETE FROM audit WHERE id = ?1")
        for id in ids {
            delete.bind(1, id)
            try delete.run()
        }
        return ids.count == limit
    }
}
