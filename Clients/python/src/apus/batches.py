"""Batches of any size: cut into chunks, and added up. No IO."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import apus_pb2 as pb
from .errors import ApusError, Code, Violation, invalid_field

#: Bounds of one Bulk (Protos/README.md), besides its frame's.
ITEMS_PER_CHUNK = 10_000
VARIABLES_PER_CHUNK = 64_000
#: What a frame holds besides a chunk's items and the template: metadata, name, index, tags and lengths.
_OVERHEAD_BYTES = 512
#: The tag and length of an item, at most.
_ITEM_OVERHEAD_BYTES = 6

REFUSALS_KEPT = 1000


@dataclass(frozen=True)
class BulkOptions:
    """How a batch is sent: messages in one call (1 to 10,000; bytes bound it too), and calls in flight."""

    messages_per_chunk: int = 1000
    chunks_in_flight: int = 4


@dataclass(frozen=True)
class BulkRefusal:
    """A message of a batch that was not accepted; ``index`` is its place, from 0."""

    index: int
    code: Code
    message: str
    violations: tuple[Violation, ...] = ()


@dataclass
class BulkReport:
    """What became of a batch so far. The same name again continues it."""

    batch: str
    batch_id: int = 0
    #: Newly accepted.
    accepted: int = 0
    #: Accepted before, in an earlier run of the same batch.
    duplicates: int = 0
    refused: int = 0
    #: The first refusals, at most ``REFUSALS_KEPT``; ``refused`` is the true count.
    refusals: list[BulkRefusal] = field(default_factory=list)

    def refuse(self, index: int, error: ApusError) -> None:
        """Counts an item that was not even sent."""
        self.refused += 1
        self._keep(BulkRefusal(index, error.code, error.message, error.violations))

    def add(self, first_index: int, response: pb.BulkResponse) -> None:
        self.batch_id = response.batch_id or self.batch_id
        self.accepted += response.accepted
        self.duplicates += response.duplicates
        self.refused += response.refused
        for refusal in response.refusals:
            violations = tuple(Violation(v.field, v.description) for v in refusal.violations)
            self._keep(
                BulkRefusal(first_index + refusal.item, Code(refusal.status), refusal.message, violations)
            )

    def _keep(self, refusal: BulkRefusal) -> None:
        if len(self.refusals) < REFUSALS_KEPT:
            self.refusals.append(refusal)


class Chunker:
    """Cuts the items of a batch into requests: by bytes first, then by count."""

    def __init__(
        self, batch: str, maximum_frame_bytes: int, options: BulkOptions, template: pb.SendRequest | None = None
    ) -> None:
        self._batch = batch
        self._template = template
        template_bytes = 0 if template is None else template.ByteSize()
        self._maximum_bytes = maximum_frame_bytes - _OVERHEAD_BYTES - template_bytes
        self._maximum_items = min(max(options.messages_per_chunk, 1), ITEMS_PER_CHUNK)
        self._index = 0
        self._chunk = self._new_chunk()
        self._items = self._bytes = self._variables = 0

    def add(self, item: pb.SendRequest | pb.Recipient, report: BulkReport) -> Iterator[pb.BulkRequest]:
        """Yields the chunk that is complete without the item, if there is one.

        An item that no chunk holds is refused.
        """
        size = item.ByteSize() + _ITEM_OVERHEAD_BYTES
        variables = len(item.variables) if isinstance(item, pb.Recipient) else 0
        if size > self._maximum_bytes or variables > VARIABLES_PER_CHUNK:
            yield from self.finish()
            error = ApusError(Code.INVALID_ARGUMENT, "message is larger than a call may be", not_processed=True)
            self.skip(error, report)
            return
        full = self._items == self._maximum_items or self._bytes + size > self._maximum_bytes
        if full or self._variables + variables > VARIABLES_PER_CHUNK:
            yield from self.finish()
        if isinstance(item, pb.Recipient):
            self._chunk.template.recipients.append(item)
        else:
            self._chunk.messages.append(item)
        self._index += 1
        self._items += 1
        self._bytes += size
        self._variables += variables

    def skip(self, error: ApusError, report: BulkReport) -> None:
        """Refuses the item at this place: call it after ``finish``, since a chunk has no gaps."""
        report.refuse(self._index, error)
        self._index += 1
        self._chunk = self._new_chunk()

    def finish(self) -> Iterator[pb.BulkRequest]:
        """Yields what has gathered, if there is any."""
        if not self._items:
            return
        chunk = self._chunk
        self._items = self._bytes = self._variables = 0
        self._chunk = self._new_chunk()
        yield chunk

    def _new_chunk(self) -> pb.BulkRequest:
        chunk = pb.BulkRequest(batch=self._batch, first_index=self._index)
        if self._template is not None:
            chunk.template.message.CopyFrom(self._template)
        return chunk


def check_batch_name(name: str) -> None:
    """Raises ApusError, INVALID_ARGUMENT, for what no batch can be called."""
    if not 1 <= len(name.encode()) <= 64:
        raise invalid_field("batch", "must have 1 to 64 bytes")


def rate_delay(error: ApusError, limit: float) -> float | None:
    """How long an upload waits where messages come faster than they may, in seconds; None for any other error.

    A wait that is longer than ``limit`` is an error too.
    """
    rated = error.quota is not None and error.quota.limit in ("rate", "connection_rate")
    if not rated or not error.not_processed or error.retry_after is None or error.retry_after > limit:
        return None
    return error.retry_after
