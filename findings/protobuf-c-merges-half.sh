#!/usr/bin/env bash
# protobuf-c merges the texts of a message field that comes twice and drops its numbers; in a oneof it merges nothing.
#
# Guess: a singular message field that comes more than once is merged, as protobuf's encoding demands (two encodings,
# one behind the other, are the two messages merged); a C parser does it for all fields or for none.
# Instead: protobuf-c 1.4.1 keeps the first one's strings, bytes and repeated fields, and loses its proto3 numbers and
# bools, as if they had been 0. In a oneof the second replaces the first. No error. Google's parser merges all of them.
# Why it matters: to stamp a request, a proxy may append bytes to it (a sender, a deadline) without parsing it. Behind
# the socket is one parser or the other: with this one the validity or the flash bit is gone, or the text, and what is
# left is a valid request that means something else.
. "$(dirname "$0")/lib/finding.sh"

dpkg-query --show gcc protobuf-c-compiler libprotobuf-c-dev || { echo "needs these Debian packages" >&2; exit 2; }
python_with protobuf==7.36.2 grpcio-tools==1.85.1

cat > "$work/sms.proto" <<'PROTO'
syntax = "proto3";
message Text { string body = 1; string sender = 2; uint32 validity = 3; bool flash = 4; }
message Send { Text alone = 1; oneof content { Text chosen = 2; bytes binary = 3; } }
PROTO
cat > "$work/read.c" <<'C'
#include <stdio.h>
#include "sms.pb-c.h"

static void print(const char *name, const Text *text) {
  printf("%s: %s, %s, %u, %d", name, text->body, text->sender, text->validity, text->flash);
}

int main(void) {
  uint8_t data[1024];
  Send *send = send__unpack(NULL, fread(data, 1, sizeof data, stdin), data);
  if (!send) return 1;
  if (send->alone) print("alone", send->alone);
  if (send->content_case == SEND__CONTENT_CHOSEN) print("chosen", send->chosen);
  send__free_unpacked(send, NULL);
  return 0;
}
C
(cd "$work" && protoc-c --c_out=. sms.proto && gcc -o read read.c sms.pb-c.c -lprotobuf-c &&
    venv/bin/python -m grpc_tools.protoc --proto_path=. --python_out=. sms.proto)

python <<'PYTHON'
import os
import subprocess
import sys
from finding import see

sys.path.insert(0, os.environ["WORK"])
from sms_pb2 import Send, Text


def shown(name, text):
    return f"{name}: {text.body}, {text.sender}, {text.validity}, {int(text.flash)}"


def both(first, second):
    data = first.SerializeToString() + second.SerializeToString()
    c = subprocess.run([os.environ["WORK"] + "/read"], input=data, capture_output=True, check=True)
    google = Send.FromString(data)
    name = "alone" if google.HasField("alone") else "chosen"
    return c.stdout.decode(), shown(name, getattr(google, name))


text, numbers, sender = Text(body="hello"), Text(validity=60, flash=True), Text(sender="Acme")
print("  body, sender, validity, flash, by protobuf-c and by Google's:")
see("a body, then a sender", both(Send(alone=text), Send(alone=sender)),
    ("alone: hello, Acme, 0, 0", "alone: hello, Acme, 0, 0"))
see("validity and flash, then a sender", both(Send(alone=numbers), Send(alone=sender)),
    ("alone: , Acme, 0, 0", "alone: , Acme, 60, 1"))
see("a body, then a sender, in a oneof", both(Send(chosen=text), Send(chosen=sender)),
    ("chosen: , Acme, 0, 0", "chosen: hello, Acme, 0, 0"))
PYTHON
