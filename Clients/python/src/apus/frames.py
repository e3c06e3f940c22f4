"""Frames of the wire protocol, as bytes. No IO."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct(">IBBHIHH")
MAGIC = 0x4150
HELLO_BYTES = 16 * 1024
METADATA_BYTES = 16 * 1024
#: The smallest bound on frames that a server may name.
MINIMUM_FRAME_BYTES = 128 * 1024
FRAME_BYTES = 4 * 1024 * 1024
#: Unknown types from here on are skipped.
FIRST_SKIPPED_TYPE = 128
CONTROL_BYTES = 8
COMPRESSED = 0x01
CRITICAL_FLAGS = 0xF0


class FrameType(IntEnum):
    HELLO = 1
    REQUEST = 2
    RESPONSE = 3
    ITEM = 4
    CANCEL = 5
    PING = 6
    PONG = 7
    GOAWAY = 8
    CREDIT = 9


_OF_CALLS = {FrameType.REQUEST, FrameType.RESPONSE, FrameType.ITEM, FrameType.CANCEL, FrameType.CREDIT}
_WITH_METADATA = {FrameType.REQUEST, FrameType.RESPONSE}
_WITH_CODE = {FrameType.REQUEST, FrameType.RESPONSE}
_LONGEST = {
    FrameType.HELLO: HELLO_BYTES,
    FrameType.CANCEL: 0,
    FrameType.PING: CONTROL_BYTES,
    FrameType.PONG: CONTROL_BYTES,
    FrameType.CREDIT: CONTROL_BYTES,
}


class ProtocolError(Exception):
    """The peer broke the frame rules: the connection ends."""


@dataclass(frozen=True)
class Frame:
    """One frame. ``code`` is a method's number in a REQUEST and a status in a RESPONSE."""

    type: FrameType
    payload: bytes = b""
    metadata: bytes = b""
    call_id: int = 0
    code: int = 0

    def encode(self) -> bytes:
        code = MAGIC if self.type is FrameType.HELLO else self.code
        length = len(self.metadata) + len(self.payload)
        header = HEADER.pack(length, self.type, 0, len(self.metadata), self.call_id, code, 0)
        return header + self.metadata + self.payload


class FrameDecoder:
    """Cuts a stream of bytes into frames. ``maximum_length`` is the bound on metadata and payload together."""

    def __init__(self, maximum_length: int = HELLO_BYTES) -> None:
        self.maximum_length = maximum_length
        self._waiting = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yields the frames that are complete with these bytes.

        Raises ProtocolError for a broken frame rule, as soon as the frame's header is there.
        """
        self._waiting += data
        while len(self._waiting) >= HEADER.size:
            length, kind, flags, metadata_length, call_id, code, reserved = HEADER.unpack_from(self._waiting)
            if length > self.maximum_length:
                raise ProtocolError(f"a frame of {length} bytes is larger than the {self.maximum_length} that may come")
            known = None
            if kind < FIRST_SKIPPED_TYPE:
                known = _check(length, kind, flags, metadata_length, call_id, code, reserved)
            end = HEADER.size + length
            if len(self._waiting) < end:
                return
            body = bytes(self._waiting[HEADER.size : end])
            del self._waiting[:end]
            if known is not None:
                yield Frame(known, body[metadata_length:], body[:metadata_length], call_id, code)


def _check(
    length: int, kind: int, flags: int, metadata_length: int, call_id: int, code: int, reserved: int
) -> FrameType:
    """Checks all that a header alone can break."""
    try:
        known = FrameType(kind)
    except ValueError:
        raise ProtocolError(f"unknown frame type {kind}") from None
    if flags & CRITICAL_FLAGS:
        raise ProtocolError(f"unknown critical flags {flags & CRITICAL_FLAGS}")
    if flags & COMPRESSED:
        raise ProtocolError("version 1 has no compression")
    if metadata_length and known not in _WITH_METADATA:
        raise ProtocolError(f"a frame of type {known.name} carries no metadata")
    if metadata_length > min(length, METADATA_BYTES):
        raise ProtocolError(f"metadata of {metadata_length} bytes is longer than its frame or {METADATA_BYTES} bytes")
    if (call_id != 0) != (known in _OF_CALLS):
        raise ProtocolError(f"a frame of type {known.name} with call id {call_id}")
    expected = MAGIC if known is FrameType.HELLO else 0
    if known not in _WITH_CODE and code != expected:
        raise ProtocolError(f"a frame of type {known.name} with {code} where {expected} belongs")
    if reserved:
        raise ProtocolError("reserved bits of a frame header are not 0")
    if length > _LONGEST.get(known, length):
        raise ProtocolError(f"a frame of type {known.name} of {length} bytes")
    return known
