internal import Glibc
internal import SMSModel

/// Schema version 1 was a single file, `apus.db`. Its contents are moved into a file for each day at the first start.
///
/// All is made again next to it, in `migration`, and synced; only then is it put in place, and `apus.db` removed. A start
/// that is cut short at any point is made up for by the next: `migration/complete` says whether the new files are
/// whole.
enum FirstVersion {
    private static let schemaVersion: Int64 = 1

    static func migrate(_ directory: String, warn: (String) -> Void) throws(StoreError) {
        let old = DataDirectory.firstVersionPath(in: directory)
        let new = directory + "/migration"
        let isComplete = DataDirectory.exists(new + "/complete")
        guard DataDirectory.exists(old) || DataDirectory.exists(new) else { return }
        if !isComplete {
            if DataDirectory.exists(old), DataDirectory.exists(DataDirectory.controlPath(in: directory)) {
                throw .damaged(
                    "\(directory) holds both apus.db, of an older version, and control.db: move the one away that does "
                        + "not belong there")
            }
            try remove(new)
            guard DataDirectory.exists(old) else { return }
            warn("the database is being brought to schema version \(SQLiteSchema.version)")
            try build(new, from: old)
        }
        try putInPlace(new, directory, old)
        warn("the database has schema version \(SQLiteSchema.version) now")
    }

    /// - Throws: if the directory holds a database of version 1.
    static func refuse(_ directory: String) throws(StoreError) {
        guard DataDirectory.exists(DataDirectory.firstVersionPath(in: directory)) else { return }
        throw .failed("\(directory) has the schema of an older version: the first start of this one migrates it")
    }

    // MARK: Making the new files

    private static func build(_ new: String, from old: String) throws(StoreError) {
        try DataDirectory.make(new)
        try DataDirectory.make(DataDirectory.daysPath(in: new))
        let days: [Day]
        do {
            let control = try SQLiteSchema.open(
                DataDirectory.controlPath(in: new), SQLiteSchema.control, cacheBytes: 1024 * 1024)
            try attach(old, to: control)
            days = try copyControl(control)
            try control.execute("DETACH old")
            try control.checkpoint(truncating: true)
        }
        let catalog = DayCatalog(directory: new)
        for day in days {
            let connection = try SQLiteSchema.open(
                catalog.path(of: day), SQLiteSchema.day, cacheBytes: 64 * 1024 * 1024)
            try attach(old, to: connection)
            try copy(day, connection)
            try connection.execute("DETACH old")
            try connection.checkpoint(truncating: true)
            catalog.insert([day])
            try index(try DayFile(day, connection, IndexOptions(), catalog))
            try connection.checkpoint(truncating: true)
        }
        try DataDirectory.sync(DataDirectory.daysPath(in: new))
        let marker = open(new + "/complete", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard marker >= 0, fsync(marker) == 0, close(marker) == 0 else {
            throw .failed("\(new)/complete cannot be written: \(String(cString: strerror(errno)))")
        }
        try DataDirectory.sync(new)
    }

    private static func attach(_ old: String, to connection: SQLiteConnection) throws(StoreError) {
        let statement = try connection.prepare("ATTACH ?1 AS old")
        statement.bindText(1, old)
        try statement.run()
        let found = try connection.integer("PRAGMA old.user_version")
        guard try connection.integer("PRAGMA old.application_id") == SQLiteSchema.applicationID,
            found == schemaVersion
        else {
            throw found > SQLiteSchema.version
                ? .newerVersion("\(old) has schema version \(found): run the newer apusd")
                : .damaged("\(old) is not a database of Apus: is the data directory the right one?")
        }
    }

    /// SQL for the day's number of an id.
    private static func day(_ id: String) -> String { "((\(id) >> 21) / \(Day.milliseconds))" }
    /// SQL for the ordinal of a part's first id: ids of one node count through the lowest 12 bits and, past the node's
    /// 9, the milliseconds.
    private static let ordinal = "((first_id >> 21 << 12) + (first_id & 4095))"

    /// - Returns: the days that have messages.
    private static func copyControl(_ control: SQLiteConnection) throws(StoreError) -> [Day] {
        try control.execute(
            """
            BEGIN IMMEDIATE;
            INSERT INTO batch SELECT id, tenant, name, canceled, created_at FROM old.batch;
            INSERT OR IGNORE INTO batch_day SELECT batch, \(day("first_id")) FROM old.batch_part;
            INSERT OR IGNORE INTO batch_day SELECT batch, (\(ordinal) + count - 1 >> 12) / \(Day.milliseconds)
                FROM old.batch_part;
            INSERT INTO provider SELECT number, name, kind FROM old.provider;
            INSERT INTO pause SELECT target FROM old.pause;
            INSERT INTO meta SELECT name, value FROM old.meta WHERE name = 'low_water';
            COMMIT
            """)
        var days: [Day] = []
        let next = try control.prepare("SELECT \(day("min(id)")) FROM old.message WHERE id >= ?1")
        var from = MessageID(rawValue: 0)
        while true {
            next.bind(1, from)
            guard try next.step(), !next.isNull(0) else { return days }
            let found = Day(number: UInt64(next.integer(0)))
            next.reset()
            days.append(found)
            from = found.next.firstID
        }
    }

    private static func copy(_ day: Day, _ connection: SQLiteConnection) throws(StoreError) {
        let ids = "\(day.firstID) AND \(day.next.firstID.rawValue - 1)"
        let first = day.firstID.rawValue
        let last = day.next.firstID.rawValue - 1
        let state =
            """
            coalesce(s.state, CASE m.send_at WHEN 0 THEN \(MessageState.queued.rawValue)
                ELSE \(MessageState.scheduled.rawValue) END)
            """
        // A part that reaches over midnight becomes two.
        let begin = MessageID(rawValue: first).ordinal
        try connection.execute(
            """
            BEGIN IMMEDIATE;
            INSERT INTO message (id, tenant, batch, priority, on_unknown, encoding, segments, send_at, expires_at,
                recipient, sender, body, reference, tags, key, key_hash, fingerprint)
                SELECT id, tenant, batch, priority, on_unknown, encoding, segments, send_at, expires_at,
                recipient, sender, body, reference, tags, key, key_hash, fingerprint
                FROM old.message WHERE id BETWEEN \(ids) ORDER BY id;
            INSERT INTO state SELECT id, tenant, batch, state, due, history FROM old.state
                WHERE id BETWEEN \(ids) ORDER BY id;
            INSERT INTO batch_part
                SELECT batch, first_index + max(0, \(begin) - \(ordinal)), max(first_id, \(first)),
                    min(\(ordinal) + count, \(MessageID(rawValue: last).ordinal + 1)) - max(\(ordinal), \(begin))
                FROM old.batch_part
                WHERE first_id <= \(last) AND \(ordinal) + count > \(begin);
            INSERT INTO tally SELECT -m.tenant, \(state), count(*)
                FROM message m LEFT JOIN state s ON s.id = m.id GROUP BY 1, 2;
            INSERT INTO tally SELECT m.batch, \(state), count(*)
                FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.batch IS NOT NULL GROUP BY 1, 2;
            """)
        try UsageCount.charge(connection)
        try connection.execute("COMMIT")
    }

    /// Fills the day's indices from its rows.
    private static func index(_ file: DayFile) throws(StoreError) {
        var count = 0
        func added() throws(StoreError) {
            count += 1
            guard count % 8192 == 0 else { return }
            try file.prepareCommit()
            try file.commit()
            try file.touch()
        }
        try file.touch()
        let rows = try file.connection.prepare(
            """
            SELECT id, tenant, key_hash, reference FROM message WHERE key_hash IS NOT NULL OR reference IS NOT NULL
            ORDER BY id
            """)
        while try rows.step() {
            let id = MessageID(rawValue: UInt64(rows.integer(0)))
            if !rows.isNull(2) { try file.index(.key).add(UInt64(bitPattern: rows.integer(2)), id) }
            if !rows.isNull(3) {
                try file.index(.reference).add(IndexKind.reference.hash(rows.bytes(3), scope: rows.integer(1)), id)
            }
            try added()
        }
        let states = try file.connection.prepare("SELECT id, history FROM state ORDER BY id")
        while try states.step() {
            let id = MessageID(rawValue: UInt64(states.integer(0)))
            for (provider, text) in History(id: id, packed: states.bytes(1)).providerIDs {
                let hash = text.withUnsafeBytes { IndexKind.providerID.hash($0, scope: Int64(provider)) }
                try file.index(.providerID).add(hash, id)
                try added()
            }
        }
        try file.prepareCommit()
        try file.commit()
    }

    // MARK: Putting them in place

    /// May be begun again after being cut short at any point.
    private static func putInPlace(_ new: String, _ directory: String, _ old: String) throws(StoreError) {
        if DataDirectory.exists(DataDirectory.daysPath(in: new)) {
            try DataDirectory.rename(DataDirectory.daysPath(in: new), to: DataDirectory.daysPath(in: directory))
        }
        if DataDirectory.exists(DataDirectory.controlPath(in: new)) {
            try DataDirectory.rename(DataDirectory.controlPath(in: new), to: DataDirectory.controlPath(in: directory))
        }
        try DataDirectory.sync(directory)
        try DataDirectory.removeDatabase(old)
        try DataDirectory.sync(directory)
        try remove(new)
        try DataDirectory.sync(directory)
    }

    /// Removes a directory made here. The marker goes first: without it, what is left is made again.
    private static func remove(_ directory: String) throws(StoreError) {
        guard DataDirectory.exists(directory) else { return }
        unlink(directory + "/complete")
        try DataDirectory.sync(directory)
        for inner in [directory + "/days", directory] {
            for name in DataDirectory.entries(of: inner) { unlink(inner + "/" + name) }
            rmdir(inner)
        }
        guard !DataDirectory.exists(directory) else { throw .failed("\(directory) cannot be removed") }
    }
}
