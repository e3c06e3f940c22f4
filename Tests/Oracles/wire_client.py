#!/usr/bin/env python3
"""The Apus wire protocol in plain Python, written from Protos/README.md alone: an oracle for the Swift code.

    wire_client.py golden DIR            writes the golden frames, annotated, to DIR
    wire_client.py send ADDRESS KEY TO BODY   sends one message and prints the answer

ADDRESS is unix:PATH or tcp:HOST:PORT. Only the standard library is used.
"""
import os
import socket
import struct
import sys

HELLO, REQUEST, RESPONSE, ITEM, CANCEL, PING, PONG, GOAWAY, CREDIT = range(1, 10)
TYPES = {HELLO: "HELLO", REQUEST: "REQUEST", RESPONSE: "RESPONSE", ITEM: "ITEM", CANCEL: "CANCEL", PING: "PING",
         PONG: "PONG", GOAWAY: "GOAWAY", CREDIT: "CREDIT"}
MAGIC = 0x4150
SEND, BULK, STATUS, LIST, SUPPRESS, CONFIG_APPLY, KEY_CREATE = 1, 2, 3, 8, 9, 33, 37


# ---------------------------------------------------------------- protobuf, as far as it is needed

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Message:
    """A message's bytes with a note for each field: (bytes, note, depth)."""

    def __init__(self):
        self.rows = []

    def number(self, field, value, note):
        self.rows.append((varint(field << 3) + varint(value), f"{note} = {value}", 0))
        return self

    def data(self, field, value, note):
        shown = f"{note} = {value!r}"
        value = value.encode() if isinstance(value, str) else value
        self.rows.append((varint(field << 3 | 2) + varint(len(value)) + value, shown, 0))
        return self

    def message(self, field, message, note):
        head = varint(field << 3 | 2) + varint(len(message.bytes()))
        self.rows.append((head, f"{note}, {len(message.bytes())} bytes:", 0))
        self.rows += [(b, n, d + 1) for b, n, d in message.rows]
        return self

    def packed(self, field, values, note):
        body = b"".join(varint(v) for v in values)
        self.rows.append((varint(field << 3 | 2) + varint(len(body)) + body, f"{note} = {values}", 0))
        return self

    def bytes(self):
        return b"".join(row[0] for row in self.rows)


def fields(data):
    """Decodes one level: {field: [values]}; a value is an int or bytes."""
    found, at = {}, 0

    def read_varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = read_varint()
        kind = key & 7
        if kind == 0:
            value = read_varint()
        elif kind == 2:
            size = read_varint()
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {kind}")
        found.setdefault(key >> 3, []).append(value)
    return found


# ---------------------------------------------------------------- frames

def header(kind, length, metadata_length=0, call_id=0, code=0, flags=0):
    return struct.pack(">IBBHIHH", length, kind, flags, metadata_length, call_id, code, 0)


def frame(kind, payload=b"", metadata=b"", call_id=0, code=0):
    return header(kind, len(metadata) + len(payload), len(metadata), call_id, code) + metadata + payload


# ---------------------------------------------------------------- golden frames

def client_hello():
    return (Message().packed(1, [1], "versions").data(2, "golden/1", "user_agent")
            .data(3, "apus_0123456789abcdefghijklmnopqrstuv", "credential")
            .number(4, 1048576, "max_frame_bytes"))


def server_hello():
    return (Message().number(1, 1, "version").data(2, "s1", "server_id").data(3, "apusd/1", "server_agent")
            .number(4, 1048576, "max_frame_bytes").number(5, 1024, "max_calls_in_flight")
            .number(6, 64, "max_streams_in_flight").number(7, 60000, "keepalive_ms"))


def send_request():
    return (Message().data(1, "+14155550100", "to").data(2, "ACME", "sender").data(3, "Привет 👋", "body")
            .number(4, 1, "priority (URGENT)").number(5, 1700000000000, "send_at_ms")
            .number(6, 3600000, "validity_ms").data(7, "order 7", "reference").data(8, "a", "tags[0]")
            .data(8, "b", "tags[1]").number(9, 3, "max_segments").number(10, 2, "on_unknown (RESEND)"))


def minimal_send():
    return Message().data(1, "+14155550100", "to").data(3, "hello", "body")


GOLDEN = [
    ("client_hello", "client", "The first frame of a connection.", HELLO, None, client_hello, 0, MAGIC),
    ("server_hello", "server", "The server's answer: what holds on this connection.",
     HELLO, None, server_hello, 0, MAGIC),
    ("send_request", "client", "Send with every field and every field of the metadata.", REQUEST,
     lambda: (Message().number(1, 5000, "timeout_ms").data(2, "apus_other", "authorization")
              .data(3, b"\x00\x01key", "idempotency_key").data(4, "r-1", "request_id")
              .data(5, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "traceparent")
              .number(6, 2, "attempt").number(7, 16, "initial_credit")), send_request, 1, SEND),
    ("send_request_minimal", "client", "Send with the two fields that are needed, and no metadata.",
     REQUEST, None, minimal_send, 2, SEND),
    ("send_response", "server", "A message was accepted and is durable.", RESPONSE, None,
     lambda: (Message().number(1, 3565158400000004096, "id").number(2, 3, "state (QUEUED)")
              .number(3, 1, "duplicate (the same key came before)").number(4, 2, "segments")
              .number(5, 2, "encoding (UCS2)")), 1, 0),
    ("send_request_smart", "client", "Send with smart encoding asked for.", REQUEST, None,
     lambda: (Message().data(1, "+14155550100", "to").data(3, "it’s", "body")
              .number(11, 1, "smart_encoding (ON)")), 3, SEND),
    ("send_response_ucs2", "server", "A message was accepted, and one character makes it UCS-2.", RESPONSE, None,
     lambda: (Message().number(1, 3565158400000004096, "id").number(2, 3, "state (QUEUED)").number(4, 2, "segments")
              .number(5, 2, "encoding (UCS2)")
              .message(6, Message().number(1, 0x2019, "code_point (U+2019)").number(2, 3, "position").number(3, 1, "count")
                       .number(4, 1, "segments_without").number(5, 1, "replaceable (true)"), "ucs2")), 3, 0),
    ("error_response", "server", "A refusal: INVALID_ARGUMENT, with the fields that are wrong.", RESPONSE,
     lambda: (Message().data(1, "to is not an E.164 number", "message")
              .message(3, Message().data(1, "to", "field").data(2, "is not an E.164 number", "description"),
                       "violations[0]").number(5, 1, "not_processed (true)")), None, 2, 3),
    ("exhausted_response", "server", "A refusal: RESOURCE_EXHAUSTED, with the limit and when to try again.",
     RESPONSE,
     lambda: (Message().data(1, "too many", "message").number(2, 100, "retry_after_ms")
              .message(4, Message().data(1, "calls_in_flight", "limit").number(2, 1024, "maximum")
                       .data(3, "calls", "unit"), "quota").number(5, 1, "not_processed (true)")), None, 3, 8),
    ("bulk_messages", "client", "Bulk with a list of messages.", REQUEST, None,
     lambda: (Message().data(1, "b1", "batch").number(2, 100, "first_index")
              .message(3, minimal_send(), "messages[0]").message(3, send_request(), "messages[1]")), 4, BULK),
    ("bulk_template", "client", "Bulk with one body and many recipients.", REQUEST, None,
     lambda: (Message().data(1, "b2", "batch").message(
         4, Message().message(1, Message().data(3, "Hi {{name}}", "body").number(4, 3, "priority (BULK)"), "message")
         .message(2, Message().data(1, "+14155550100", "to").message(
             2, Message().data(1, "name", "name").data(2, "Ada", "value"), "variables[0]"), "recipients[0]")
         .message(2, Message().data(1, "+14155550101", "to"), "recipients[1]"), "template")), 5, BULK),
    ("bulk_response", "server", "Of three items one was new, one was a duplicate, one was refused.", RESPONSE, None,
     lambda: (Message().number(1, 4096, "batch_id").number(2, 1, "accepted").number(3, 1, "duplicates")
              .number(4, 1, "refused").packed(5, [4096, 4097, 0], "ids").packed(6, [1], "duplicate_items")
              .message(7, Message().number(1, 2, "item").number(2, 3, "status (INVALID_ARGUMENT)")
                       .data(3, "body is empty", "message").message(
                           4, Message().data(1, "body", "field").data(2, "is empty", "description"),
                           "violations[0]"), "refusals[0]")), 5, 0),
    ("bulk_dry_run", "client", "A dry run of one message: it is checked, and belongs to no batch.", REQUEST, None,
     lambda: (Message().message(3, minimal_send(), "messages[0]").number(5, 1, "dry_run (true)")), 6, BULK),
    ("bulk_dry_run_response", "server", "Of two items one would be accepted, as UCS-2, and one would be refused.",
     RESPONSE, None,
     lambda: (Message().number(2, 1, "accepted").number(4, 1, "refused").packed(5, [0, 0], "ids")
              .message(7, Message().number(1, 1, "item").number(2, 3, "status (INVALID_ARGUMENT)")
                       .data(3, "body is empty", "message"), "refusals[0]")
              .message(8, Message().number(1, 2, "segments").number(2, 1, "ucs2")
                       .message(4, Message().number(2, 2, "segments").message(
                           3, Message().number(1, 0x1F44B, "code_point (U+1F44B)").number(2, 80, "position")
                           .number(3, 1, "count").number(4, 1, "segments_without"), "cause"), "ucs2_items[0]"),
                       "dry_run")), 6, 0),
    ("status_request", "client", "Status of two messages.", REQUEST, None,
     lambda: Message().packed(1, [4096, 4097], "ids"), 6, STATUS),
    ("status_response", "server", "One is delivered, the other is not known to this tenant.", RESPONSE, None,
     lambda: (Message().message(1, (
         Message().number(1, 4096, "id").number(2, 7, "state (DELIVERED)").number(3, 1, "settled (true)")
         .number(4, 1, "segments").number(5, 1, "encoding (GSM7)").data(6, "+14155550100", "to")
         .data(7, "ACME", "sender").number(8, 2, "priority (NORMAL)").data(9, "sandbox", "provider")
         .data(10, "SB1", "provider_id").number(11, 1, "attempts")
         .message(13, Message().number(1, 1700000000000, "at_ms").number(2, 1, "event (ACCEPTED)")
                  .number(3, 3, "state (QUEUED)"), "timeline[0]")
         .message(13, Message().number(1, 1700000000250, "at_ms").number(2, 10, "event (DELIVERED)")
                  .number(3, 7, "state (DELIVERED)").number(4, 1, "attempt").data(5, "sandbox", "provider")
                  .data(6, "receipt", "detail"), "timeline[1]")
         .number(17, 1700000000000, "accepted_at_ms").number(19, 1700086400000, "expires_at_ms")),
         "messages[0]").packed(2, [4097], "not_found")), 6, 0),
    ("status_by_reference", "client", "Status of the messages that were sent with a reference.", REQUEST, None,
     lambda: Message().data(4, "order 7", "reference"), 8, STATUS),
    ("list_request", "client", "The second page of a batch's messages of two states, from a day, to one number.",
     REQUEST, None,
     lambda: (Message().packed(1, [5, 9], "states (SENT, FAILED)").number(2, 1700000000000, "from_ms")
              .number(3, 1700086400000, "until_ms").data(4, "+14155550100", "to").data(5, "b1", "batch")
              .number(7, 500, "limit").data(8, bytes([1]) + (4096).to_bytes(8, "big"), "cursor")
              .number(9, 1, "oldest_first (true)")), 9, LIST),
    ("list_response", "server", "A page of one message; another page may follow.", RESPONSE, None,
     lambda: (Message().message(1, (
         Message().number(1, 4097, "id").number(2, 9, "state (FAILED)").number(3, 1, "settled (true)")
         .number(4, 1, "segments").number(5, 1, "encoding (GSM7)").data(6, "+14155550100", "to")
         .number(8, 3, "priority (BULK)").data(9, "sandbox", "provider").number(11, 1, "attempts")
         .message(12, Message().data(1, "30003", "code").data(2, "unreachable", "message"), "error")
         .number(16, 4095, "batch_id").number(17, 1700000000000, "accepted_at_ms")
         .number(19, 1700086400000, "expires_at_ms")), "messages[0]")
         .data(2, bytes([1]) + (4099).to_bytes(8, "big"), "cursor")), 9, 0),
    ("list_of_every_tenant", "client", "The messages of all tenants with a reference, by an administrator.", REQUEST, None,
     lambda: Message().data(10, "*", "tenant").data(11, "order 7", "reference"), 11, LIST),
    ("status_text_response", "server", "A text is shown with its tenant and price; the other one is withheld.", RESPONSE,
     None,
     lambda: (Message().message(1, (
         Message().number(1, 4096, "id").number(2, 3, "state (QUEUED)").number(4, 1, "segments")
         .number(5, 1, "encoding (GSM7)").data(6, "+14155550100", "to").number(8, 2, "priority (NORMAL)")
         .number(17, 1700000000000, "accepted_at_ms").number(19, 1700086400000, "expires_at_ms")
         .data(24, "shop", "tenant").number(25, 7500, "price").data(26, "hello", "body")
         .number(27, 1, "body_disclosure (SHOWN)")), "messages[0]")
         .message(1, (
             Message().number(1, 4097, "id").number(2, 3, "state (QUEUED)").number(4, 1, "segments")
             .number(5, 1, "encoding (GSM7)").data(6, "+14155550100", "to").number(8, 2, "priority (NORMAL)")
             .number(17, 1700000000000, "accepted_at_ms").number(19, 1700086400000, "expires_at_ms")
             .data(24, "shop", "tenant").number(27, 2, "body_disclosure (WITHHELD)")), "messages[1]")), 12, 0),
    ("batch_list_response", "server", "A page of one batch; another page may follow.", RESPONSE, None,
     lambda: (Message().message(1, (
         Message().number(1, 4095, "id").data(2, "sale", "name").number(3, 2, "messages").number(4, 1, "settled")
         .message(5, Message().number(1, 3, "state (QUEUED)").number(2, 1, "count"), "states[0]")
         .message(5, Message().number(1, 7, "state (DELIVERED)").number(2, 1, "count"), "states[1]")
         .number(7, 1, "paused (true)").number(8, 1700000000000, "created_at_ms").data(9, "shop", "tenant")),
         "batches[0]").data(2, bytes([1]) + (4095).to_bytes(8, "big"), "cursor")), 13, 0),
    ("suppress_request", "client", "Two recipients have opted out of the caller's messages.", REQUEST, None,
     lambda: (Message().data(2, "+14155550100", "numbers[0]").data(2, "+447400123456", "numbers[1]")
              .data(3, "STOP", "reason")), 10, SUPPRESS),
    ("config_apply_request", "client", "One tenant is changed and one is removed, if generation 7 is still the newest.",
     REQUEST, None,
     lambda: (Message().data(1, '{"tenants":{"old":null,"shop":{"weight":5}}}', "document")
              .number(2, 1, "partial (true)").number(4, 7, "if_generation").data(5, "more for the shop", "note")),
     11, CONFIG_APPLY),
    ("config_apply_remove", "client", "A whole configuration, which may remove providers and routes.", REQUEST, None,
     lambda: Message().data(1, '{"tenants":{"shop":{}}}', "document").number(6, 1, "remove (true)"),
     13, CONFIG_APPLY),
    ("config_apply_response", "server", "It is generation 8, and this is what it changed.", RESPONSE, None,
     lambda: (Message().number(1, 8, "generation")
              .message(2, Message().data(1, "tenants", "kind").data(2, "old", "name").data(3, "{}", "before"),
                       "changes[0]")
              .message(2, Message().data(1, "tenants", "kind").data(2, "shop", "name")
                       .data(3, '{"weight":2}', "before").data(4, '{"weight":5}', "after"), "changes[1]")), 11, 0),
    ("key_create_response", "server", "A new key: this is the only time that it is shown.", RESPONSE, None,
     lambda: (Message().message(1, (
         Message().data(1, "0123ABCD", "id").data(2, "shop", "tenant").data(3, "messages:send", "scopes[0]")
         .data(3, "messages:read", "scopes[1]").data(4, "checkout", "note")
         .number(5, 1700000000000, "created_at_ms").number(6, 1700086400000, "expires_at_ms")), "key")
         .data(2, "apus_0123ABCDefghijklmnopqrstuvwxyz-_", "secret")), 12, 0),
    ("cancel", "client", "The answer to call 6 is not wanted any more.", CANCEL, None, None, 6, 0),
    ("ping", "either side", "Is anybody there? Up to 8 bytes of the sender's choice.", PING, None,
     lambda: Raw(b"\x01\x02\x03\x04\x05\x06\x07\x08", "opaque"), 0, 0),
    ("pong", "either side", "The answer repeats the PING's bytes.", PONG, None,
     lambda: Raw(b"\x01\x02\x03\x04\x05\x06\x07\x08", "opaque"), 0, 0),
    ("goaway_drain", "server", "A planned stop: calls up to 6 are still answered.", GOAWAY, None,
     lambda: Message().data(2, "shutting down", "message").number(3, 6, "last_call_id"), 0, 0),
    ("goaway_refusal", "server", "The HELLO's credential was not accepted; the connection closes.", GOAWAY, None,
     lambda: Message().number(1, 16, "status (UNAUTHENTICATED)").data(2, "unknown key", "message"), 0, 0),
    ("credit", "client", "The stream of call 7 may send 32 more items.", CREDIT, None,
     lambda: Message().number(1, 32, "count"), 7, 0),
]


# Frames that end the connection as a protocol error, whichever side gets them: (name, why, header's fields, body).
# The fields are (length, type, flags, metadata length, call id, code, reserved).
REFUSED = [
    ("unknown_type", "Types up to 127 that version 1 doesn't have.", (0, 10, 0, 0, 0, 0, 0), b""),
    ("type_zero", "There is no type 0.", (0, 0, 0, 0, 0, 0, 0), b""),
    ("last_unknown_type", "From 128 on it would be skipped.", (0, 127, 0, 0, 0, 0, 0), b""),
    ("compressed", "Version 1 has no compression.", (0, PING, 0x01, 0, 0, 0, 0), b""),
    ("critical_flag", "A flag of the upper half that isn't known.", (0, PING, 0x10, 0, 0, 0, 0), b""),
    ("reserved_bytes", "The last two bytes are 0.", (0, PING, 0, 0, 0, 0, 1), b""),
    ("ping_with_code", "Bytes 12 and 13 are 0 but in HELLO, REQUEST and RESPONSE.", (0, PING, 0, 0, 0, 1, 0), b""),
    ("ping_with_call_id", "A PING is the connection's.", (0, PING, 0, 0, 1, 0, 0), b""),
    ("ping_with_metadata", "Only REQUEST and RESPONSE carry metadata.", (2, PING, 0, 2, 0, 0, 0), b"\x08\x01"),
    ("ping_too_long", "A PING carries up to 8 bytes.", (9, PING, 0, 0, 0, 0, 0), bytes(9)),
    ("cancel_with_payload", "A CANCEL is empty.", (1, CANCEL, 0, 0, 1, 0, 0), b"\x00"),
    ("cancel_without_call_id", "A CANCEL names a call.", (0, CANCEL, 0, 0, 0, 0, 0), b""),
    ("credit_too_long", "A CREDIT carries up to 8 bytes.", (9, CREDIT, 0, 0, 1, 0, 0), bytes(9)),
    ("request_without_call_id", "A REQUEST has a call id.", (0, REQUEST, 0, 0, 0, SEND, 0), b""),
    ("metadata_beyond_frame", "The metadata is part of the frame's length.", (2, REQUEST, 0, 3, 1, SEND, 0), b"\x08\x01"),
    ("metadata_too_long", "Metadata has at most 16,384 bytes.", (16385, REQUEST, 0, 16385, 1, SEND, 0), None),
    ("hello_wrong_magic", "A HELLO's header carries 0x4150.", (0, HELLO, 0, 0, 0, 0x4151, 0), b""),
    ("hello_too_long", "A HELLO has at most 16,384 bytes.", (16385, HELLO, 0, 0, 0, MAGIC, 0), None),
    ("too_large", "The largest frame of all has 4,194,304 bytes.", (4194305, 200, 0, 0, 0, 0, 0), None),
]

# Frames of types that later versions may add: skipped, whatever their other fields say.
SKIPPED = [
    ("lowest_type", "The first type that is skipped.", (0, 128, 0, 0, 0, 0, 0), b""),
    ("highest_type", "With a body.", (3, 255, 0, 0, 0, 0, 0), b"abc"),
    ("call_id_and_code", "With a call id, and a number where a method would be.", (0, 200, 0, 0, 7, 9, 0), b""),
    ("all_flags", "With every flag.", (0, 129, 0xFF, 0, 0, 0, 0), b""),
    ("reserved_bytes_set", "With the last two bytes set.", (2, 128, 0, 0, 1, 2, 0xFFFF), b"\x00\x01"),
    ("metadata_beyond", "With metadata that is longer than the frame: it says nothing here.", (1, 130, 0, 65535, 0, 0, 0), b"x"),
]


class Raw(Message):
    def __init__(self, data, note):
        super().__init__()
        self.rows = [(data, note, 0)]


def golden(directory):
    os.makedirs(directory, exist_ok=True)
    for name, sender, meaning, kind, metadata, payload, call_id, code in GOLDEN:
        metadata = metadata() if metadata else Message()
        payload = payload() if payload else Message()
        head = header(kind, len(metadata.bytes()) + len(payload.bytes()), len(metadata.bytes()), call_id, code)
        codes = {HELLO: "magic", REQUEST: "method", RESPONSE: "status"}
        lines = [f"# {TYPES[kind]}, sent by the {sender}. {meaning}".replace("the either", "either"), ""]
        parts = [(head[0:4], f"length of metadata and payload: {len(metadata.bytes()) + len(payload.bytes())}"),
                 (head[4:5], f"type: {TYPES[kind]}"), (head[5:6], "flags"),
                 (head[6:8], f"length of the metadata: {len(metadata.bytes())}"), (head[8:12], f"call id: {call_id}"),
                 (head[12:14], f"{codes.get(kind, 'unused')}: {code}"), (head[14:16], "reserved")]
        lines += [row(b, n, 0) for b, n in parts]
        if metadata.rows:
            lines += ["", "# metadata"] + [row(*r) for r in metadata.rows]
        if payload.rows:
            lines += ["", "# payload"] + [row(*r) for r in payload.rows]
        with open(os.path.join(directory, name + ".txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    for kind, frames in (("refused", REFUSED), ("skipped", SKIPPED)):
        os.makedirs(os.path.join(directory, kind), exist_ok=True)
        for name, meaning, fields_of_header, body in frames:
            with open(os.path.join(directory, kind, name + ".txt"), "w", encoding="utf-8") as file:
                file.write(negative(kind, meaning, fields_of_header, body))


def negative(kind, meaning, values, body):
    """A frame that is refused or skipped; one without a body is refused by its header alone."""
    length, frame_type, flags, metadata_length, call_id, code, reserved = values
    head = struct.pack(">IBBHIHH", *values)
    verdict = "Must be refused, as a protocol error." if kind == "refused" else "Must be skipped."
    lines = [f"# {verdict} {meaning}", ""]
    parts = [(head[0:4], f"length of metadata and payload: {length}"),
             (head[4:5], f"type: {TYPES.get(frame_type, frame_type)}"), (head[5:6], "flags"),
             (head[6:8], f"length of the metadata: {metadata_length}"), (head[8:12], f"call id: {call_id}"),
             (head[12:14], f"code: {code}"), (head[14:16], "reserved")]
    lines += [row(b, n, 0) for b, n in parts]
    if body:
        lines += ["", "# metadata and payload", row(body, "", 0).rstrip("# ")]
    return "\n".join(lines) + "\n"


def row(data, note, depth):
    """Hex in rows of 16 bytes; the note stands behind the first."""
    rows = [data[i:i + 16] for i in range(0, len(data), 16)]
    out = [f"{rows[0].hex(' '):<49}# {'  ' * depth}{note}"]
    out += [r.hex(" ") for r in rows[1:]]
    return "\n".join(out)


# ---------------------------------------------------------------- a client

class Client:
    def __init__(self, address, key):
        kind, rest = address.split(":", 1)
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(rest)
        else:
            host, port = rest.rsplit(":", 1)
            self.socket = socket.create_connection((host.strip("[]"), int(port)))
        self.next_call = 1
        hello = Message().packed(1, [1], "versions").data(2, "wire_client.py/1", "user_agent")
        if key:
            hello.data(3, key, "credential")
        self.socket.sendall(frame(HELLO, hello.bytes(), code=MAGIC))
        kind, _, _, _, payload = self.read()
        if kind == GOAWAY:
            raise ConnectionError(fields(payload).get(2, [b""])[0].decode())
        self.hello = fields(payload)

    def read(self):
        length, kind, _, metadata_length, call_id, code, _ = struct.unpack(">IBBHIHH", self.exactly(16))
        body = self.exactly(length)
        return kind, call_id, code, body[:metadata_length], body[metadata_length:]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the server closed the connection")
            data += more
        return data

    def call(self, method, payload, metadata=b""):
        call_id, self.next_call = self.next_call, self.next_call + 1
        self.socket.sendall(frame(REQUEST, payload, metadata, call_id, method))
        while True:
            kind, answered, status, metadata, payload = self.read()
            if kind == PING:
                self.socket.sendall(frame(PONG, payload))
            elif kind == GOAWAY:
                raise ConnectionError(fields(payload).get(2, [b""])[0].decode())
            elif kind == RESPONSE and answered == call_id:
                return status, fields(metadata), fields(payload)


def main():
    if sys.argv[1:2] == ["golden"] and len(sys.argv) == 3:
        golden(sys.argv[2])
    elif sys.argv[1:2] == ["send"] and len(sys.argv) == 6:
        client = Client(sys.argv[2], sys.argv[3])
        key = Message().data(3, os.urandom(16), "idempotency_key").bytes()
        request = Message().data(1, sys.argv[4], "to").data(3, sys.argv[5], "body").bytes()
        status, details, answer = client.call(SEND, request, key)
        if status:
            print(f"status {status}: {details.get(1, [b''])[0].decode()}")
            sys.exit(1)
        print(f"id {answer[1][0]} state {answer[2][0]}")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
