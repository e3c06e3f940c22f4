// Redis, every batch a pipeline on one connection. `accept` appends to a stream. `life` is a job queue as the usual
// libraries have it: a hash a job, a sorted set of those that wait, another of those in hand, and a script for each
// transition.
//
// A batch is one MULTI: Redis syncs its file whenever it has answered what it has read, so that a long pipeline
// without it is synced in several pieces. So a batch is one fsync, and as atomic as it is in the other contestants.
#include <hiredis/hiredis.h>

#include "store_load.h"

enum { build_batch = 1000 };

static redisContext *redis;

static redisReply *reply(void) {
    redisReply *reply;
    if (redisGetReply(redis, (void **)&reply) != REDIS_OK) store_fail("%s", redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) store_fail("%s", reply->str);
    return reply;
}

// A command's words, appended one by one.
struct command {
    int count;
    const char *words[24];
    size_t lengths[24];
};

static void word(struct command *command, const char *text) {
    command->lengths[command->count] = strlen(text);
    command->words[command->count++] = text;
}

#define COMMAND(...) append((const char *[]){__VA_ARGS__, NULL})

static void append(const char *const *words) {
    struct command command = {.count = 0};
    for (; *words; words++) word(&command, *words);
    if (redisAppendCommandArgv(redis, command.count, command.words, command.lengths) != REDIS_OK)
        store_fail("%s", redis->errstr);
}

static void begin(void) { COMMAND("MULTI"); }

// Sends the batch, and returns the answers to its commands; the caller frees them.
static redisReply *commit(int count) {
    COMMAND("EXEC");
    for (int i = 0; i < count + 1; i++) freeReplyObject(reply());  // OK, then QUEUED for each
    redisReply *answers = reply();
    if (answers->type != REDIS_REPLY_ARRAY || answers->elements != (size_t)count) store_fail("EXEC was refused");
    for (int i = 0; i < count; i++)
        if (answers->element[i]->type == REDIS_REPLY_ERROR) store_fail("%s", answers->element[i]->str);
    return answers;
}

static void number(char text[24], int64_t value) { snprintf(text, 24, "%lld", (long long)value); }

// accept: one stream.

static void add_to_stream(uint64_t first, int count) {
    begin();
    for (int i = 0; i < count; i++) {
        struct store_message message = store_message(first + (uint64_t)i);
        COMMAND("XADD", "messages", "*", "key", message.key, "tenant", "1", "to", message.recipient, "from",
                STORE_SENDER, "body", STORE_BODY);
    }
    freeReplyObject(commit(count));
}

// life: the queue's scripts. A job's score is its priority, then its number.

enum { ENQUEUE, CLAIM, SEND, SETTLE, script_count };

static const char *const scripts[script_count] = {
    [ENQUEUE] =
        "local id = redis.call('INCR', 'last')\n"
        "if not redis.call('SET', KEYS[1], id, 'NX') then return redis.call('GET', KEYS[1]) end\n"
        "redis.call('HSET', 'job:' .. id, 'state', 'queued', 'tenant', ARGV[3], 'to', ARGV[4], 'from', ARGV[5],\n"
        "  'body', ARGV[6], 'priority', ARGV[2], 'created', ARGV[1])\n"
        "redis.call('ZADD', 'waiting', ARGV[2] * 1099511627776 + id, id)\n"
        "return id",
    [CLAIM] =
        "local id = redis.call('ZPOPMIN', 'waiting')[1]\n"
        "if not id then return false end\n"
        "redis.call('HSET', 'job:' .. id, 'state', 'submitting', 'updated', ARGV[1])\n"
        "redis.call('ZADD', 'active', ARGV[1], id)\n"
        "return id",
    [SEND] =
        "redis.call('HSET', 'job:' .. ARGV[2], 'state', 'sent', 'updated', ARGV[1], 'provider_id', ARGV[3])\n"
        "return 1",
    [SETTLE] =
        "redis.call('HSET', 'job:' .. ARGV[2], 'state', 'delivered', 'updated', ARGV[1])\n"
        "return redis.call('ZREM', 'active', ARGV[2])",
};
static char digests[script_count][48];

// The jobs that the last claim returned.
static char (*claimed)[24];

static void load_scripts(void) {
    for (int i = 0; i < script_count; i++) {
        COMMAND("SCRIPT", "LOAD", scripts[i]);
        redisReply *answer = reply();
        snprintf(digests[i], sizeof digests[i], "%s", answer->str);
        freeReplyObject(answer);
    }
}

static void enqueue(uint64_t first, int count) {
    char now[24], priority[24];
    number(now, store_now_us());
    begin();
    for (int i = 0; i < count; i++) {
        struct store_message message = store_message(first + (uint64_t)i);
        char key[4 + sizeof message.key];
        snprintf(key, sizeof key, "key:%s", message.key);
        number(priority, message.priority);
        COMMAND("EVALSHA", digests[ENQUEUE], "1", key, now, priority, "1", message.recipient, STORE_SENDER, STORE_BODY);
    }
    freeReplyObject(commit(count));
}

static void claim(uint64_t first, int count) {
    (void)first;
    char now[24];
    number(now, store_now_us());
    begin();
    for (int i = 0; i < count; i++) COMMAND("EVALSHA", digests[CLAIM], "0", now);
    redisReply *answers = commit(count);
    for (int i = 0; i < count; i++) {
        if (answers->element[i]->type != REDIS_REPLY_STRING) store_fail("nothing was left to claim");
        snprintf(claimed[i], sizeof claimed[i], "%s", answers->element[i]->str);
    }
    freeReplyObject(answers);
}

static void sent(uint64_t first, int count) {
    char now[24];
    number(now, store_now_us());
    begin();
    for (int i = 0; i < count; i++) {
        char provider_id[store_provider_id_bytes + 1];
        store_provider_id(provider_id, first + (uint64_t)i);
        COMMAND("EVALSHA", digests[SEND], "0", now, claimed[i], provider_id);
    }
    freeReplyObject(commit(count));
}

static void settle(uint64_t first, int count) {
    (void)first;
    char now[24];
    number(now, store_now_us());
    begin();
    for (int i = 0; i < count; i++) COMMAND("EVALSHA", digests[SETTLE], "0", now, claimed[i]);
    redisReply *answers = commit(count);
    for (int i = 0; i < count; i++)
        if (answers->element[i]->integer != 1) store_fail("job %s was not in hand", claimed[i]);
    freeReplyObject(answers);
}

// The rows that are there before: in the stream, or as delivered jobs.
static void build(const struct store_options *options) {
    for (uint64_t done = 0; done < options->rows; done += build_batch) {
        uint64_t left = options->rows - done;
        int count = left < build_batch ? (int)left : build_batch;
        if (!options->life) {
            add_to_stream(done, count);
            continue;
        }
        begin();
        for (int i = 0; i < count; i++) {
            struct store_message message = store_message(done + (uint64_t)i);
            char key[4 + sizeof message.key], id[24], job[28], priority[24], provider_id[store_provider_id_bytes + 1];
            snprintf(key, sizeof key, "key:%s", message.key);
            number(id, (int64_t)done + i + 1);
            snprintf(job, sizeof job, "job:%s", id);
            number(priority, message.priority);
            store_provider_id(provider_id, done + (uint64_t)i);
            COMMAND("SET", key, id);
            COMMAND("HSET", job, "state", "delivered", "tenant", "1", "to", message.recipient, "from", STORE_SENDER,
                    "body", STORE_BODY, "priority", priority, "created", "1700000000000000", "updated",
                    "1700000000000000", "provider_id", provider_id);
        }
        char last[24];
        number(last, (int64_t)done + count);
        COMMAND("SET", "last", last);
        freeReplyObject(commit(2 * count + 1));
    }
}

int main(int argc, char **argv) {
    struct store_options options = store_parse_options(argc, argv, true);
    redis = redisConnectUnix(options.socket);
    if (!redis || redis->err) store_fail("%s: %s", options.socket, redis ? redis->errstr : strerror(errno));
    claimed = calloc((size_t)options.batch, sizeof *claimed);
    if (!claimed) store_fail("no memory for a batch of %d", options.batch);
    load_scripts();
    build(&options);
    if (options.life)
        store_measure("redis", &options, (store_step *[]){enqueue, claim, sent, settle}, 4);
    else
        store_measure("redis", &options, (store_step *[]){add_to_stream}, 1);
    redisFree(redis);
}
