/// The embedded store's tables, and which version of them a file has.
///
/// A message is written once and never again; what happens to it is in `state`, where no row means that it
/// only waits. Both are keyed by the time-ordered id and have no other index, so every write goes to the
/// end of a tree or near it, however many messages there are.
enum SQLiteSchema {
    /// `PRAGMA user_version` of a file that this version writes.
    static let version: Int64 = 1
    /// `PRAGMA application_id`: "Apus".
    static let applicationID: Int64 = 0x4170_7573

    static let statements = """
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
            fingerprint BLOB NOT NULL    -- of the content, 16 bytes
        );
        CREATE TABLE state (
            id INTEGER PRIMARY KEY,
            tenant INTEGER NOT NULL,
            batch INTEGER,
            state INTEGER NOT NULL,
            due INTEGER NOT NULL,        -- ms since the epoch: retry at, or settled without a receipt
            history BLOB NOT NULL        -- packed events
        );
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            tenant INTEGER NOT NULL,
            name TEXT NOT NULL,
            canceled INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            UNIQUE (tenant, name)
        );
        -- Which ids a run of a batch's indices was given.
        CREATE TABLE batch_part (
            batch INTEGER NOT NULL,
            first_index INTEGER NOT NULL,
            first_id INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (batch, first_index)
        ) WITHOUT ROWID;
        -- Messages by state: of a tenant (scope = -tenant) or of a batch (scope = batch).
        CREATE TABLE tally (
            scope INTEGER NOT NULL,
            state INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (scope, state)
        ) WITHOUT ROWID;
        CREATE TABLE provider (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL
        );
        -- 'everything', 'provider NAME', 'batch ID'
        CREATE TABLE pause (target TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// Makes an empty file ours, or checks that the file is one that this version can use.
    static func prepare(_ connection: SQLiteConnection) throws(StoreError) {
        let found = try connection.integer("PRAGMA user_version")
        let application = try connection.integer("PRAGMA application_id")
        let tables = try connection.integer("SELECT count(*) FROM sqlite_schema")
        if tables == 0 {
            try connection.execute(
                "BEGIN IMMEDIATE; \(statements) PRAGMA application_id = \(applicationID);"
                    + "PRAGMA user_version = \(version); COMMIT")
            return
        }
        guard application == applicationID else {
            throw .damaged("\(connection.path) is not a database of Apus: is the data directory the right one?")
        }
        guard found <= version else {
            throw .newerVersion(
                "\(connection.path) has schema version \(found), this apusd knows up to \(version): run the newer apusd"
            )
        }
    }
}
