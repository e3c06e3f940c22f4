/// The embedded store's tables, and which version of them a file has.
///
/// A message is written once and never again; what happens to it is in `state`, where no row means that it
/// only waits. Both are keyed by the time-ordered id and have no other index, so every write goes to the
/// end of a tree or near it, however many messages there are.
///
/// Versions 1, which was the single file `apus.db`, and 2 were never released. They are refused.
enum SQLiteSchema {
    /// `PRAGMA user_version` of a file that this version writes.
    static let version: Int64 = 3
    /// `PRAGMA application_id`: "Apus".
    static let applicationID: Int64 = 0x4170_7573

    /// A day's file: all about the messages whose ids were given out on that day.
    static let day =
        """
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            tenant INTEGER NOT NULL,
            batch INTEGER,               -- NULL: sent one by one
            priority INTEGER NOT NULL,
            on_unknown INTEGER NOT NULL,
            encoding INTEGER NOT NULL,
            segments INTEGER NOT NULL,
            send_at INTEGER NOT NULL,    -- ms since the epoch, 0: at once
            expires_at INTEGER NOT NULL, -- ms since the epoch
            recipient TEXT NOT NULL,
            sender TEXT NOT NULL,
            body TEXT NOT NULL,
            reference TEXT,
            tags BLOB,                   -- each: length (1 byte), bytes
            key BLOB,                    -- idempotency key
            key_hash INTEGER,            -- of (tenant, key)
            fingerprint BLOB NOT NULL,   -- of the content, 16 bytes
            generation INTEGER NOT NULL DEFAULT 0, -- of the configuration that it was accepted under
            reserve INTEGER NOT NULL DEFAULT 0,    -- its price at most, in millionths
            trace BLOB                   -- request id, traceparent, what was replaced: each length (1 byte), bytes
        );
        CREATE TABLE state (
            id INTEGER PRIMARY KEY,
            tenant INTEGER NOT NULL,
            batch INTEGER,
            state INTEGER NOT NULL,
            due INTEGER NOT NULL,        -- ms since the epoch: retry at, or settled without a receipt; 0: neither
            history BLOB NOT NULL        -- packed events
        );
        -- Which ids a run of a batch's indices was given.
        CREATE TABLE batch_part (
            batch INTEGER NOT NULL,
            first_index INTEGER NOT NULL,
            first_id INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (batch, first_index)
        ) WITHOUT ROWID;
        -- The day's messages by state: of a tenant (scope = -tenant) or of a batch (scope = batch). State 64: of those
        -- that are sent, the ones of which no receipt is expected (due = 0).
        CREATE TABLE tally (
            scope INTEGER NOT NULL,
            state INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (scope, state)
        ) WITHOUT ROWID;
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        """ + "\n" + usage + "\n" + IndexTables.schema

    /// The table of a day's file that has what its messages count for their tenants' quotas.
    static let usage =
        """
        -- Segments, and millionths of the currency.
        CREATE TABLE usage (tenant INTEGER PRIMARY KEY, segments INTEGER NOT NULL, cost INTEGER NOT NULL);
        -- Of that, what messages count whose rows retention has deleted.
        CREATE TABLE deleted_usage (tenant INTEGER PRIMARY KEY, segments INTEGER NOT NULL, cost INTEGER NOT NULL);
        """

    /// `control.db`: what belongs to no day.
    static let control =
        """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            tenant INTEGER NOT NULL,
            name TEXT NOT NULL,
            canceled INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            UNIQUE (tenant, name)
        );
        -- The days whose files have messages of a batch, or may have.
        CREATE TABLE batch_day (batch INTEGER NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (batch, day)) WITHOUT ROWID;
        CREATE TABLE provider (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL
        );
        -- 'everything', 'provider NAME', 'tenant NUMBER', 'batch ID'
        CREATE TABLE pause (target TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        """ + "\n" + tenancy + "\n" + carriers

    /// What `control.db` has of carriers' and people's words. Added to a file of version 3 that has been made without
    /// them, which changes nothing that is there; an apusd that doesn't know some of them leaves them alone.
    static let carriers =
        """
        -- Receipts that match no message yet.
        CREATE TABLE IF NOT EXISTS parked_receipt (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,         -- ms since the epoch
            provider INTEGER NOT NULL,
            provider_id TEXT NOT NULL,
            undelivered TEXT             -- the code; NULL: delivered
        );
        -- Messages to the gateway's numbers.
        CREATE TABLE IF NOT EXISTS inbound (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,         -- ms since the epoch
            provider INTEGER NOT NULL,
            provider_id TEXT,            -- NULL: it gave none
            sender TEXT NOT NULL,
            recipient TEXT NOT NULL,
            body TEXT NOT NULL,
            UNIQUE (provider, provider_id)
        );
        -- What came with them and is still at the carrier.
        CREATE TABLE IF NOT EXISTS inbound_media (
            inbound INTEGER NOT NULL,
            position INTEGER NOT NULL,
            url TEXT NOT NULL,
            content_type TEXT NOT NULL,
            PRIMARY KEY (inbound, position)
        ) WITHOUT ROWID;
        -- Parts of long messages to the gateway's numbers: those that wait for others, and for a while those of messages
        -- that are whole, to know them again.
        CREATE TABLE IF NOT EXISTS inbound_part (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,         -- ms since the epoch
            provider INTEGER NOT NULL,
            provider_id TEXT,            -- of the part; NULL: it gave none
            sender TEXT NOT NULL,
            recipient TEXT NOT NULL,
            reference TEXT NOT NULL,     -- that all parts of a message have
            total INTEGER NOT NULL,
            number INTEGER NOT NULL,
            service TEXT NOT NULL,
            body TEXT,                   -- NULL: its message is kept
            UNIQUE (provider, provider_id)
        );
        CREATE INDEX IF NOT EXISTS inbound_part_waiting ON inbound_part (provider, sender, recipient, reference)
            WHERE body IS NOT NULL;
        CREATE INDEX IF NOT EXISTS inbound_part_oldest ON inbound_part (id) WHERE body IS NOT NULL;
        -- Recipients whom a carrier refuses because they have opted out there of what a sender sends.
        CREATE TABLE IF NOT EXISTS carrier_opt_out (
            tenant INTEGER NOT NULL,
            number INTEGER NOT NULL,     -- E.164 without the plus
            provider INTEGER NOT NULL,
            sender TEXT NOT NULL,        -- '': the provider's own
            at INTEGER NOT NULL,         -- ms since the epoch: the carrier said so last
            code TEXT NOT NULL,
            PRIMARY KEY (tenant, number, provider, sender)
        ) WITHOUT ROWID;
        -- The last text that a tenant has answered a person's keyword with.
        CREATE TABLE IF NOT EXISTS opt_out_reply (
            tenant INTEGER NOT NULL,
            number INTEGER NOT NULL,     -- of the person
            own_number TEXT NOT NULL,    -- that it is from
            at INTEGER NOT NULL,
            message INTEGER NOT NULL,
            provider INTEGER NOT NULL,
            PRIMARY KEY (tenant, number, own_number)
        ) WITHOUT ROWID;
        -- Why numbers are on tenants' lists of opt-outs. A number without any is from before they were kept.
        CREATE TABLE IF NOT EXISTS suppression_entry (
            tenant INTEGER NOT NULL,
            number INTEGER NOT NULL,
            origin INTEGER NOT NULL,     -- 0: not known
            own_number TEXT NOT NULL,    -- that the keyword was sent to; '': there was none
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (tenant, number, origin, own_number)
        ) WITHOUT ROWID;
        """

    /// What `control.db` has of tenants. Times are ms since the epoch, documents canonical JSON.
    static let tenancy =
        """
        -- Usage of days of this month whose files are gone.
        CREATE TABLE removed_usage (
            day INTEGER NOT NULL, tenant INTEGER NOT NULL, segments INTEGER NOT NULL, cost INTEGER NOT NULL,
            PRIMARY KEY (day, tenant)
        ) WITHOUT ROWID;
        -- Tenants that ever were: a number is never given to another name.
        CREATE TABLE tenant (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
        -- What the newest generation consists of.
        CREATE TABLE configuration (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (kind, name)
        ) WITHOUT ROWID;
        CREATE TABLE generation (
            number INTEGER PRIMARY KEY,  -- from 1 on, without a gap
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            peer TEXT NOT NULL,
            note TEXT NOT NULL,
            changes INTEGER NOT NULL
        );
        CREATE TABLE generation_change (
            generation INTEGER NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            before TEXT,                 -- NULL: there was none
            after TEXT,                  -- NULL: it is removed
            PRIMARY KEY (generation, kind, name)
        ) WITHOUT ROWID;
        CREATE TABLE api_key (
            id TEXT PRIMARY KEY,
            tenant INTEGER NOT NULL,
            scopes INTEGER NOT NULL,
            salt BLOB NOT NULL,
            hash BLOB NOT NULL,
            note TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE suppression (
            tenant INTEGER NOT NULL,
            number INTEGER NOT NULL,     -- E.164 without the plus
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (tenant, number)
        ) WITHOUT ROWID;
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            peer TEXT NOT NULL,
            note TEXT NOT NULL,
            verb TEXT NOT NULL,
            subject TEXT NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL
        );
        -- Small values by name, such as what tells whether the master key is the right one.
        CREATE TABLE value (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        """

    /// Opens a file for writing, in WAL mode with every commit synced; makes it if there is none.
    static func open(
        _ path: String, _ statements: String, cacheBytes: Int64
    ) throws(StoreError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, mode: .readWrite)
        // Before anything is written: a file that is not ours stays as it is.
        let isNew = try check(connection)
        try connection.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF;
            PRAGMA temp_store = MEMORY; PRAGMA cache_size = -\(max(1, cacheBytes / 1024)); PRAGMA mmap_size = 0;
            """)
        // After a sync that failed, a log may be read that is not on the disk. What is to come must not stand on it.
        try connection.checkpoint()
        if isNew {
            try connection.execute(
                "BEGIN IMMEDIATE; \(statements) PRAGMA application_id = \(applicationID);"
                    + "PRAGMA user_version = \(version); COMMIT")
        }
        return connection
    }

    /// Checks that the file is one that this version can use.
    /// - Returns: whether it is empty.
    @discardableResult
    static func check(_ connection: SQLiteConnection) throws(StoreError) -> Bool {
        if try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 { return true }
        guard try connection.integer("PRAGMA application_id") == applicationID else {
            throw .damaged("\(connection.path) is not a database of Apus: is the data directory the right one?")
        }
        let found = try connection.integer("PRAGMA user_version")
        guard found <= version else {
            throw .newerVersion(
                "\(connection.path) has schema version \(found), this apusd knows up to \(version): run the newer apusd"
            )
        }
        guard found == version else { throw olderFormat(connection.path) }
        return false
    }

    /// - Throws: if the directory holds the single file of version 1.
    static func refuseSingleFile(_ directory: String) throws(StoreError) {
        let path = DataDirectory.singleFilePath(in: directory)
        if DataDirectory.exists(path) { throw olderFormat(path) }
    }

    private static func olderFormat(_ path: String) -> StoreError {
        .failed(
            "\(path) is of a format from before the first release, which this apusd does not read: run the apusd that "
                + "wrote it, or move it away to begin with an empty data directory")
    }

    static func quickCheck(_ connection: SQLiteConnection) throws(StoreError) {
        let check = try connection.prepare("PRAGMA quick_check(1)")
        guard try check.step() else { return }
        let verdict = check.text(0)
        guard verdict == "ok" else {
            throw .damaged(
                "\(connection.path) is damaged (\(verdict)): stop, keep a copy of the data directory, "
                    + "and restore a backup")
        }
    }
}
