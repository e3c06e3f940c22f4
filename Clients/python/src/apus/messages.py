"""What is sent, and how the protocol's numbers are named."""
from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from . import apus_pb2 as pb
from .errors import invalid_field


class OnUnknown(IntEnum):
    """What to do when a provider may have taken a message, but its answer was lost."""

    HOLD = 1
    RESEND = 2


class _OpenEnum(IntEnum):
    """An enum of answers: a value that this version doesn't know is carried as such."""

    @classmethod
    def _missing_(cls, value: object) -> _OpenEnum | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"{cls.__name__.upper()}_{value}"
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        return self._name_ in type(self).__members__


class Priority(_OpenEnum):
    """Which messages go before which: ``Priority(status.priority)``. No message can be sent with an unknown one."""

    URGENT = 1
    NORMAL = 2
    BULK = 3


class Encoding(_OpenEnum):
    """How a body is encoded: ``Encoding(status.encoding)``."""

    UNSPECIFIED = 0
    GSM7 = 1
    UCS2 = 2


class Wait(_OpenEnum):
    """Why a message is not handed to a provider now: ``Wait(status.waiting.kind)``."""

    UNSPECIFIED = 0
    SCHEDULED = 1
    BACKING_OFF = 2
    PAUSED = 3
    RECOVERING = 4
    STORE = 5
    NO_ROUTE = 6
    PROVIDERS_DOWN = 7
    PROVIDERS_BUSY = 8
    SENDER_THROTTLED = 9
    TURN = 10


class State(_OpenEnum):
    """A message's state: ``State(status.state)``."""

    UNSPECIFIED = 0
    ACCEPTED = 1
    SCHEDULED = 2
    QUEUED = 3
    SUBMITTING = 4
    SENT = 5
    UNKNOWN = 6
    DELIVERED = 7
    UNDELIVERED = 8
    FAILED = 9
    EXPIRED = 10
    CANCELED = 11


class Event(_OpenEnum):
    """What a row of a timeline reports: ``Event(row.event)``."""

    UNSPECIFIED = 0
    ACCEPTED = 1
    SCHEDULED = 2
    QUEUED = 3
    SUBMITTING = 4
    SENT = 5
    REJECTED = 6
    THROTTLED = 7
    UNAVAILABLE = 8
    OUTCOME_UNKNOWN = 9
    DELIVERED = 10
    UNDELIVERED = 11
    FAILED = 12
    EXPIRED = 13
    CANCELED = 14
    RETURNED = 15
    INTERRUPTED = 16
    RECEIPT_OVERDUE = 17
    RECEIPT_IGNORED = 18
    RESTORED = 19
    RESENT = 20
    SETTLED = 21
    PRICED = 22
    IDENTIFIED = 23
    PART_DELIVERED = 24
    ATTEMPT_UNDELIVERED = 25
    SMART_ENCODED = 26


class BodyDisclosure(_OpenEnum):
    """Whether a message's text is told: ``BodyDisclosure(status.body_disclosure)``."""

    UNSPECIFIED = 0
    SHOWN = 1
    WITHHELD = 2
    REMOVED = 3


#: As the ``tenant`` of a call: the messages of all of them. It needs the scope ``admin``.
EVERY_TENANT = "*"


@dataclass(frozen=True)
class Message:
    """A message to send. Only ``to`` and ``body`` are needed."""

    #: E.164, with its plus. Empty in the template of a bulk.
    to: str
    #: 1 to 1600 characters (Unicode scalars). In a template, ``{{name}}`` stands for a variable.
    body: str
    #: A number, a short code, or up to 11 letters and digits; empty = the tenant's default.
    sender: str = ""
    priority: Priority | None = None
    #: With a time zone; None = as soon as possible.
    send_at: datetime | None = None
    #: How long from its send time the message may still be submitted; None = 24 hours.
    validity: timedelta | None = None
    #: The caller's own, at most 64 bytes.
    reference: str = ""
    #: At most 16, each 1 to 64 bytes.
    tags: Sequence[str] = ()
    #: The message is refused if it needs more; None = no bound.
    max_segments: int | None = None
    on_unknown: OnUnknown | None = None
    #: Whether typographic characters are replaced where that makes the body GSM-7; None = as the tenant has it.
    smart_encoding: bool | None = None

    def to_request(self) -> pb.SendRequest:
        """The protocol's message. Raises ApusError, INVALID_ARGUMENT, for a value that doesn't fit a field."""
        if self.priority is not None and not Priority(self.priority).is_known:
            raise invalid_field("priority", "is not known to this version")
        request = pb.SendRequest(
            to=self.to,
            sender=self.sender,
            body=self.body,
            priority=self.priority or 0,  # type: ignore[arg-type]
            reference=self.reference,
            tags=self.tags,
            on_unknown=self.on_unknown or 0,  # type: ignore[arg-type]
        )
        if self.send_at is not None:
            if self.send_at.tzinfo is None:
                raise invalid_field("send_at_ms", "has no time zone")
            request.send_at_ms = round(self.send_at.timestamp() * 1000)
        if self.validity is not None:
            if self.validity <= timedelta(0):
                raise invalid_field("validity_ms", "is not positive")
            # Rounded up: a millisecond, at least.
            request.validity_ms = -(-self.validity // timedelta(milliseconds=1))
        if self.max_segments is not None:
            if not 0 < self.max_segments < 2**32:
                raise invalid_field("max_segments", "is not a positive number")
            request.max_segments = self.max_segments
        if self.smart_encoding is not None:
            request.smart_encoding = pb.SMART_ENCODING_ON if self.smart_encoding else pb.SMART_ENCODING_OFF
        return request


@dataclass(frozen=True)
class Recipient:
    """One recipient of a template, with what replaces each ``{{name}}`` of its body."""

    to: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def to_request(self) -> pb.Recipient:
        # In an order of their own, so that a repeat has the same bytes.
        variables = [pb.Variable(name=name, value=value) for name, value in sorted(self.variables.items())]
        return pb.Recipient(to=self.to, variables=variables)


def idempotency_key_bytes(key: str | bytes | None) -> bytes:
    """A key as the protocol has it; None makes a new one of 128 random bits."""
    if key is None:
        return secrets.token_bytes(16)
    given = key.encode() if isinstance(key, str) else key
    if not 1 <= len(given) <= 64:
        raise invalid_field("idempotency_key", "must have 1 to 64 bytes")
    return given
