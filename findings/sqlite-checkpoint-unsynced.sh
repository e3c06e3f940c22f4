#!/usr/bin/env bash
# A checkpoint of SQLite's WAL that says OK has synced nothing if a reader was in its way.
#
# Guess: with synchronous=NORMAL commits are not synced, but each checkpoint first syncs the whole WAL; so after a
# PASSIVE checkpoint that is not busy and raises nothing, all commits before it are on the disk, copied to the database
# or not.
# Instead: if a reader's snapshot lets no frame be copied, the checkpoint returns before it syncs. It answers OK and
# "not busy"; only the count of copied frames, which a PASSIVE checkpoint may leave low anyway, stands still.
# Why it matters: one report that reads for an hour, and an hour of messages that a checkpoint "made durable", whose
# journal was then cut or whose senders were told OK, is gone at a power cut. Only frames that were copied are synced
# for certain; what must be on the disk is committed with synchronous=FULL.
. "$(dirname "$0")/lib/finding.sh"

python_with apsw==3.54.1.0

python <<'PYTHON'
import os
import apsw
from finding import see

print("  SQLite:", apsw.sqlite_lib_version())
work, synced, syncs = os.environ["WORK"], {}, []


class Disk(apsw.VFS):
    """The system's files; `synced` is what they held at their last sync, which is what a power cut may leave."""

    def __init__(self):
        super().__init__("disk", "")

    def xOpen(self, name, flags):
        return File(name, flags)


class File(apsw.VFSFile):
    def __init__(self, name, flags):
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xSync(self, flags):
        super().xSync(flags)
        syncs.append(os.path.basename(self.path))
        with open(self.path, "rb") as file:
            synced[self.path] = file.read()


def checkpoint():
    """What a PASSIVE checkpoint answers, and the files that it synced."""
    syncs.clear()
    return writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone(), list(syncs)


def after_power_cut():
    """The messages in a database made of what was synced."""
    for suffix in ("", "-wal"):
        with open(f"{work}/cut.db{suffix}", "wb") as file:
            file.write(synced.get(f"{work}/messages.db{suffix}", b""))
    database = apsw.Connection(f"{work}/cut.db")
    count = database.execute("SELECT count(*) FROM message").fetchone()[0]
    database.close()
    return count


def commit(count):
    for _ in range(count):
        writer.execute("INSERT INTO message VALUES ('hello')")


disk = Disk()
writer = apsw.Connection(f"{work}/messages.db", vfs="disk")
for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0",
                  "CREATE TABLE message(body)"):
    writer.execute(statement).fetchall()
commit(10)
see("10 messages, checkpoint (busy, frames, copied)", checkpoint(), ((0, 12, 12), ["messages.db-wal", "messages.db"]))
see("messages after a power cut", after_power_cut(), 10)

commit(1)
reader = apsw.Connection(f"{work}/messages.db")
reader.execute("BEGIN")
see("1 more, then a reader that sees", reader.execute("SELECT count(*) FROM message").fetchone()[0], 11)
see("checkpoint", checkpoint(), ((0, 1, 1), ["messages.db-wal", "messages.db"]))
commit(50)
see("50 more behind the reader, checkpoint", checkpoint()[0], (0, 51, 1))
see("files synced by it", list(syncs), [])
see("messages after a power cut", after_power_cut(), 11)
reader.execute("COMMIT")
see("the reader gone, checkpoint", checkpoint(), ((0, 51, 51), ["messages.db-wal", "messages.db"]))
see("messages after a power cut", after_power_cut(), 61)
PYTHON
