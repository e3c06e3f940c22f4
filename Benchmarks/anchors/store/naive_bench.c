// SQLite as one would use it at first: a row a message, found by a random id, with an index for the idempotency key
// and one for what is due; WAL, synchronous=FULL, everything else as SQLite has it. Statements are prepared once and
// each batch is a transaction.
#include <sqlite3.h>

#include "store_load.h"

static const char schema[] =
    "CREATE TABLE messages ("
    "  id BLOB PRIMARY KEY,"
    "  tenant INTEGER NOT NULL,"
    "  idempotency_key TEXT NOT NULL,"
    "  recipient TEXT NOT NULL,"
    "  sender TEXT NOT NULL,"
    "  body TEXT NOT NULL,"
    "  priority INTEGER NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  due INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL,"
    "  updated_at INTEGER NOT NULL,"
    "  provider_id TEXT"
    ");"
    "CREATE UNIQUE INDEX messages_by_key ON messages (idempotency_key);"
    "CREATE INDEX messages_by_due ON messages (state, due);";

static sqlite3 *database;
static sqlite3_stmt *begin, *commit, *insert, *update, *update_sent;

static void execute(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) store_fail("%s", sqlite3_errmsg(database));
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        store_fail("%s", sqlite3_errmsg(database));
    return statement;
}

static void run(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) store_fail("%s", sqlite3_errmsg(database));
    sqlite3_reset(statement);
}

static void open_database(const char *path) {
    if (sqlite3_open(path, &database) != SQLITE_OK) store_fail("%s: %s", path, sqlite3_errmsg(database));
}

static void prepare_all(void) {
    begin = prepare("BEGIN IMMEDIATE");
    commit = prepare("COMMIT");
    insert = prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
    update = prepare("UPDATE messages SET state = ?2, updated_at = ?3 WHERE id = ?1");
    update_sent = prepare("UPDATE messages SET state = ?2, updated_at = ?3, provider_id = ?4 WHERE id = ?1");
}

static void close_database(void) {
    sqlite3_stmt *const statements[] = {begin, commit, insert, update, update_sent};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) sqlite3_finalize(statements[i]);
    if (sqlite3_close(database) != SQLITE_OK) store_fail("%s", sqlite3_errmsg(database));
}

struct id {
    uint64_t halves[2];
};

static struct id id_of(uint64_t number) {
    uint64_t half = store_mix(number ^ 0x5555555555555555);
    return (struct id){{half, store_mix(half)}};
}

static void insert_rows(uint64_t first, int count, int state) {
    int64_t now = store_now_us();
    for (int i = 0; i < count; i++) {
        struct id id = id_of(first + (uint64_t)i);
        struct store_message message = store_message(first + (uint64_t)i);
        sqlite3_bind_blob(insert, 1, &id, sizeof id, SQLITE_STATIC);
        sqlite3_bind_int(insert, 2, STORE_TENANT);
        sqlite3_bind_text(insert, 3, message.key, store_key_bytes, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, message.recipient, store_recipient_bytes, SQLITE_STATIC);
        sqlite3_bind_text(insert, 5, STORE_SENDER, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 6, STORE_BODY, store_body_bytes, SQLITE_STATIC);
        sqlite3_bind_int(insert, 7, message.priority);
        sqlite3_bind_int(insert, 8, state);
        sqlite3_bind_int64(insert, 9, now);
        sqlite3_bind_int64(insert, 10, now);
        sqlite3_bind_int64(insert, 11, now);
        run(insert);
    }
}

static void update_rows(sqlite3_stmt *statement, uint64_t first, int count, int state) {
    int64_t now = store_now_us();
    run(begin);
    for (int i = 0; i < count; i++) {
        struct id id = id_of(first + (uint64_t)i);
        char provider_id[store_provider_id_bytes + 1];
        sqlite3_bind_blob(statement, 1, &id, sizeof id, SQLITE_STATIC);
        sqlite3_bind_int(statement, 2, state);
        sqlite3_bind_int64(statement, 3, now);
        if (statement == update_sent) {
            store_provider_id(provider_id, first + (uint64_t)i);
            sqlite3_bind_text(statement, 4, provider_id, store_provider_id_bytes, SQLITE_STATIC);
        }
        run(statement);
        if (sqlite3_changes(database) != 1) store_fail("an update found no row");
    }
    run(commit);
}

static void accept_batch(uint64_t first, int count) {
    run(begin);
    insert_rows(first, count, STORE_QUEUED);
    run(commit);
}

static void submitting(uint64_t first, int count) { update_rows(update, first, count, STORE_SUBMITTING); }
static void sent(uint64_t first, int count) { update_rows(update_sent, first, count, STORE_SENT); }
static void delivered(uint64_t first, int count) { update_rows(update, first, count, STORE_DELIVERED); }

// The rows that are there before, all delivered, written with what speed there is.
static void build(const struct store_options *options) {
    open_database(options->path);
    execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000");
    execute(schema);
    prepare_all();
    run(begin);
    for (uint64_t number = 0; number < options->rows; number++) insert_rows(number, 1, STORE_DELIVERED);
    run(commit);
    close_database();
}

int main(int argc, char **argv) {
    struct store_options options = store_parse_options(argc, argv, false);
    if (access(options.path, F_OK) == 0) store_fail("%s is there already", options.path);
    build(&options);
    open_database(options.path);
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    prepare_all();
    store_measure("naive", &options, (store_step *[]){accept_batch, submitting, sent, delivered},
                  options.life ? 4 : 1);
    close_database();
}
