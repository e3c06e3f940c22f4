// PostgreSQL, each step of a batch one prepared statement over arrays: one round trip, one transaction. Arrays and ids
// travel in binary, so that neither side spends time on text.
#include <endian.h>
#include <libpq-fe.h>

#include "store_load.h"

enum { build_batch = 10000, oid_int8 = 20, oid_int4 = 23, oid_text = 25 };

static const char schema[] =
    "CREATE TABLE messages ("
    "  id bigserial PRIMARY KEY,"
    "  tenant integer NOT NULL,"
    "  idempotency_key text NOT NULL UNIQUE,"
    "  recipient text NOT NULL,"
    "  sender text NOT NULL,"
    "  body text NOT NULL,"
    "  priority smallint NOT NULL,"
    "  state smallint NOT NULL,"
    "  created_at timestamptz NOT NULL DEFAULT now(),"
    "  updated_at timestamptz NOT NULL DEFAULT now(),"
    "  provider_id text"
    ");"
    "CREATE INDEX messages_waiting ON messages (priority, id) WHERE state = 0;";

// By the states of store_load.h: 0 queued, 1 submitting, 2 sent, 3 delivered.
static const char *const statements[][2] = {
    {"insert", "INSERT INTO messages (tenant, idempotency_key, recipient, sender, body, priority, state) "
               "SELECT $5, key, recipient, $6, body, priority, $7 "
               "FROM unnest($1::text[], $2::text[], $3::text[], $4::int4[]) AS new (key, recipient, body, priority)"},
    {"claim", "UPDATE messages SET state = 1, updated_at = now() WHERE id IN (SELECT id FROM messages "
              "WHERE state = 0 ORDER BY priority, id FOR UPDATE SKIP LOCKED LIMIT $1::int4) RETURNING id"},
    {"sent", "UPDATE messages SET state = 2, updated_at = now(), provider_id = new.provider_id "
             "FROM unnest($1::int8[], $2::text[]) AS new (id, provider_id) WHERE messages.id = new.id"},
    {"delivered", "UPDATE messages SET state = 3, updated_at = now() WHERE id = ANY ($1::int8[])"},
};

static PGconn *connection;

static void check(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) store_fail("%s", PQerrorMessage(connection));
}

static void execute(const char *sql) {
    PGresult *result = PQexec(connection, sql);
    check(result);
    PQclear(result);
}

// An array as PostgreSQL sends and receives it: a header of five words, then each element behind its length, all
// big-endian.
struct array {
    char *bytes;
    size_t length, capacity;
    uint32_t count, element_oid;
};

static void put(struct array *array, const void *bytes, size_t count) {
    if (array->length + count > array->capacity) {
        array->capacity = 2 * (array->length + count);
        if (!(array->bytes = realloc(array->bytes, array->capacity))) store_fail("no memory for an array");
    }
    memcpy(array->bytes + array->length, bytes, count);
    array->length += count;
}

static void start(struct array *array, uint32_t element_oid) {
    array->length = array->count = 0;
    array->element_oid = element_oid;
    put(array, (uint32_t[5]){0}, 5 * sizeof(uint32_t));
}

static void add(struct array *array, const void *bytes, size_t count) {
    uint32_t length = htobe32((uint32_t)count);
    put(array, &length, sizeof length);
    put(array, bytes, count);
    array->count++;
}

// The statement's arguments.
struct arguments {
    int count;
    const char *values[8];
    int lengths[8];
};

static void pass(struct arguments *arguments, const void *bytes, size_t length) {
    arguments->values[arguments->count] = bytes;
    arguments->lengths[arguments->count++] = (int)length;
}

static void pass_array(struct arguments *arguments, struct array *array) {
    uint32_t header[] = {1, 0, array->element_oid, array->count, 1};  // one dimension, no nulls, …, first index
    for (int i = 0; i < 5; i++) header[i] = htobe32(header[i]);
    memcpy(array->bytes, header, sizeof header);
    pass(arguments, array->bytes, array->length);
}

// Runs a statement that must meet `count` rows; the caller clears the result.
static PGresult *run(const char *statement, const struct arguments *arguments, int count) {
    static const int binary[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    PGresult *result = PQexecPrepared(connection, statement, arguments->count, arguments->values, arguments->lengths,
                                      binary, 1);
    check(result);
    if (atoi(PQcmdTuples(result)) != count) store_fail("%s: %s rows, not %d", statement, PQcmdTuples(result), count);
    return result;
}

static struct array keys, recipients, bodies, priorities, ids, provider_ids;

static void insert(uint64_t first, int count, uint16_t state) {
    start(&keys, oid_text);
    start(&recipients, oid_text);
    start(&bodies, oid_text);
    start(&priorities, oid_int4);
    for (int i = 0; i < count; i++) {
        struct store_message message = store_message(first + (uint64_t)i);
        uint32_t priority = htobe32((uint32_t)message.priority);
        add(&keys, message.key, store_key_bytes);
        add(&recipients, message.recipient, store_recipient_bytes);
        add(&bodies, STORE_BODY, store_body_bytes);
        add(&priorities, &priority, sizeof priority);
    }
    uint32_t tenant = htobe32(STORE_TENANT);
    state = htobe16(state);
    struct arguments arguments = {.count = 0};
    pass_array(&arguments, &keys);
    pass_array(&arguments, &recipients);
    pass_array(&arguments, &bodies);
    pass_array(&arguments, &priorities);
    pass(&arguments, &tenant, sizeof tenant);
    pass(&arguments, STORE_SENDER, sizeof STORE_SENDER - 1);
    pass(&arguments, &state, sizeof state);
    PQclear(run("insert", &arguments, count));
}

static void accept_batch(uint64_t first, int count) { insert(first, count, STORE_QUEUED); }

static void claim(uint64_t first, int count) {
    (void)first;
    uint32_t limit = htobe32((uint32_t)count);
    struct arguments arguments = {.count = 0};
    pass(&arguments, &limit, sizeof limit);
    PGresult *result = run("claim", &arguments, count);
    start(&ids, oid_int8);
    for (int i = 0; i < count; i++) add(&ids, PQgetvalue(result, i, 0), 8);
    PQclear(result);
}

static void sent(uint64_t first, int count) {
    start(&provider_ids, oid_text);
    for (int i = 0; i < count; i++) {
        char provider_id[store_provider_id_bytes + 1];
        store_provider_id(provider_id, first + (uint64_t)i);
        add(&provider_ids, provider_id, store_provider_id_bytes);
    }
    struct arguments arguments = {.count = 0};
    pass_array(&arguments, &ids);
    pass_array(&arguments, &provider_ids);
    PQclear(run("sent", &arguments, count));
}

static void delivered(uint64_t first, int count) {
    (void)first;
    struct arguments arguments = {.count = 0};
    pass_array(&arguments, &ids);
    PQclear(run("delivered", &arguments, count));
}

// The rows that are there before, all delivered; then the planner is told of them.
static void build(const struct store_options *options) {
    for (uint64_t done = 0; done < options->rows; done += build_batch) {
        uint64_t left = options->rows - done;
        insert(done, left < build_batch ? (int)left : build_batch, STORE_DELIVERED);
    }
    execute("VACUUM ANALYZE messages");
}

int main(int argc, char **argv) {
    struct store_options options = store_parse_options(argc, argv, true);
    connection = PQconnectdbParams((const char *[]){"host", "user", "dbname", NULL},
                                   (const char *[]){options.socket, "apus", "postgres", NULL}, 0);
    if (PQstatus(connection) != CONNECTION_OK) store_fail("%s", PQerrorMessage(connection));
    execute(schema);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        PGresult *result = PQprepare(connection, statements[i][0], statements[i][1], 0, NULL);
        check(result);
        PQclear(result);
    }
    build(&options);
    store_measure("pg", &options, (store_step *[]){accept_batch, claim, sent, delivered}, options.life ? 4 : 1);
    PQfinish(connection);
}
