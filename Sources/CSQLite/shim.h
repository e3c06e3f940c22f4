#pragma once
#include <sqlite3.h>

// Destructor sentinels are casts of integers to function pointers, which Swift does not import.
// SQLite takes a null pointer for NULL: no bytes are bound as an empty value.
static inline int apus_sqlite3_bind_blob_static(sqlite3_stmt *s, int i, const void *p, int n) {
    return sqlite3_bind_blob(s, i, p ? p : "", n, SQLITE_STATIC);
}
static inline int apus_sqlite3_bind_blob_copied(sqlite3_stmt *s, int i, const void *p, int n) {
    return sqlite3_bind_blob(s, i, p ? p : "", n, SQLITE_TRANSIENT);
}
static inline int apus_sqlite3_bind_text_static(sqlite3_stmt *s, int i, const void *p, int n) {
    return sqlite3_bind_text(s, i, p ? (const char *)p : "", n, SQLITE_STATIC);
}
static inline int apus_sqlite3_bind_text_copied(sqlite3_stmt *s, int i, const void *p, int n) {
    return sqlite3_bind_text(s, i, n > 0 ? (const char *)p : "", n, SQLITE_TRANSIENT);
}
// Variadic functions are not imported either.
static inline int apus_sqlite3_config_no_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
static inline int apus_sqlite3_no_checkpoint_on_close(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
// An expression that is not imported as a constant.
static const int apus_sqlite3_ioerr_fsync = SQLITE_IOERR_FSYNC;
