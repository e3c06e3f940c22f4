"""One connection's protocol state: bytes and requests go in, bytes and events come out. No IO and no clock."""
from __future__ import annotations

from dataclasses import dataclass

from . import apus_pb2 as pb
from .errors import ApusError, Code
from .frames import FRAME_BYTES, MINIMUM_FRAME_BYTES, Frame, FrameDecoder, FrameType, ProtocolError

VERSION = 1
LAST_CALL_ID = 2**32 - 1


@dataclass(frozen=True)
class Opened:
    """The server's HELLO has come: calls may begin."""

    hello: pb.ServerHello


@dataclass(frozen=True)
class Answered:
    """A call has its RESPONSE."""

    call_id: int
    status: int
    metadata: bytes
    payload: bytes


@dataclass(frozen=True)
class Lost:
    """A call gets no RESPONSE any more."""

    call_id: int
    error: ApusError


@dataclass(frozen=True)
class Retired:
    """The connection takes no new call. It is to be closed once ``Connection.is_done``."""

    error: ApusError


Event = Opened | Answered | Lost | Retired


class Connection:
    """A client's side of a connection.

    ``output`` holds what is to be sent; anyone who sends it clears it.
    """

    def __init__(self, credential: str = "", user_agent: str = "", maximum_frame_bytes: int = FRAME_BYTES) -> None:
        self.output = bytearray()
        self.hello: pb.ServerHello | None = None
        self._decoder = FrameDecoder()
        self._maximum_frame_bytes = maximum_frame_bytes
        self._last_call_id = 0
        self._open: set[int] = set()
        #: Cancelled here and not answered yet: they count for the server.
        self._cancelled: set[int] = set()
        self._end: ApusError | None = None
        self._is_over = False
        hello = pb.ClientHello(
            versions=[VERSION], user_agent=user_agent, credential=credential, max_frame_bytes=maximum_frame_bytes
        )
        self._send(Frame(FrameType.HELLO, hello.SerializeToString()))

    @property
    def is_retired(self) -> bool:
        """No new call will ever be taken."""
        return self._end is not None or self._last_call_id >= LAST_CALL_ID

    @property
    def is_done(self) -> bool:
        """Nothing is awaited any more."""
        return self._is_over or (self.is_retired and not self._open)

    @property
    def has_calls(self) -> bool:
        return bool(self._open)

    @property
    def room(self) -> int:
        """How many calls may begin now."""
        if self.hello is None or self.is_retired:
            return 0
        return max(0, self.hello.max_calls_in_flight - len(self._open) - len(self._cancelled))

    def request(self, method: int, metadata: bytes, payload: bytes) -> int:
        """Begins a call and returns its id. Raises ApusError for a request that no frame holds."""
        assert self.room
        length = len(metadata) + len(payload)
        if length > self._decoder.maximum_length:
            message = f"the request takes {length} bytes, and a frame holds {self._decoder.maximum_length}"
            raise ApusError(Code.INVALID_ARGUMENT, message, not_processed=True)
        self._last_call_id += 1
        self._open.add(self._last_call_id)
        self._send(Frame(FrameType.REQUEST, payload, metadata, self._last_call_id, method))
        return self._last_call_id

    def cancel(self, call_id: int) -> None:
        """Ends a call without an answer. A message that it has handed over may be accepted all the same."""
        if call_id in self._open:
            self._open.remove(call_id)
            self._cancelled.add(call_id)
            self._send(Frame(FrameType.CANCEL, call_id=call_id))

    def ping(self) -> None:
        self._send(Frame(FrameType.PING))

    def receive(self, data: bytes) -> list[Event]:
        """Takes bytes of the server."""
        events: list[Event] = []
        try:
            for frame in self._decoder.feed(data):
                if self._is_over:
                    break
                events += self._handle(frame)
        except ProtocolError as error:
            events += self._violated(str(error))
        return events

    def ended(self, reason: str) -> list[Event]:
        """The stream has ended, or has to: calls without an answer are lost."""
        if self._is_over:
            return []
        self._is_over = True
        error = self._end or ApusError(Code.UNAVAILABLE, reason, not_processed=self.hello is None)
        retired: list[Event] = [] if self._end else [Retired(error)]
        self._end = error
        return retired + self._lose(0, error.code, error.message, not_processed=False)

    def _handle(self, frame: Frame) -> list[Event]:
        if self.hello is None and frame.type not in (FrameType.HELLO, FrameType.GOAWAY):
            return self._violated(f"a frame of type {frame.type.name} before the HELLO")
        if frame.type is FrameType.RESPONSE:
            return self._answered(frame)
        if frame.type is FrameType.HELLO:
            return self._opened(frame)
        if frame.type is FrameType.GOAWAY:
            return self._going_away(frame)
        if frame.type is FrameType.PING:
            self._send(Frame(FrameType.PONG, frame.payload))
            return []
        if frame.type in (FrameType.PONG, FrameType.ITEM):
            return []  # An ITEM is of a stream that was cancelled: this client has none.
        return self._violated(f"a server sends no frame of type {frame.type.name}")

    def _answered(self, frame: Frame) -> list[Event]:
        if frame.call_id in self._cancelled:
            self._cancelled.remove(frame.call_id)
            return []
        if frame.call_id not in self._open:
            return self._violated(f"an answer to call {frame.call_id}, which is not in flight")
        self._open.remove(frame.call_id)
        return [Answered(frame.call_id, frame.code, frame.metadata, frame.payload)]

    def _opened(self, frame: Frame) -> list[Event]:
        if self.hello is not None:
            return self._violated("a second HELLO")
        hello = pb.ServerHello()
        try:
            hello.ParseFromString(frame.payload)
        except Exception:
            return self._violated("the HELLO can't be read")
        if hello.version != VERSION or hello.max_frame_bytes < MINIMUM_FRAME_BYTES or not hello.max_calls_in_flight:
            return self._violated("a HELLO of another version, or without bounds")
        self.hello = hello
        self._decoder.maximum_length = min(hello.max_frame_bytes, self._maximum_frame_bytes)
        return [Opened(hello)]

    def _going_away(self, frame: Frame) -> list[Event]:
        going = pb.GoAway()
        try:
            going.ParseFromString(frame.payload)
        except Exception:
            return self._violated("the GOAWAY can't be read")
        code = Code(going.status) if going.status else Code.UNAVAILABLE
        message = going.message or "the server goes away"
        events = self._lose(going.last_call_id, code, message, not_processed=True)
        if self._end is None:
            # Of a connection that is refused nothing was processed.
            self._end = ApusError(code, message, not_processed=self.hello is None)
            events.append(Retired(self._end))
        if going.status:
            events += self.ended(message)
        return events

    def _violated(self, what: str) -> list[Event]:
        """Says why, and ends."""
        going = pb.GoAway(status=Code.INVALID_ARGUMENT, message=what[:200])
        self._send(Frame(FrameType.GOAWAY, going.SerializeToString()))
        return self.ended(f"the server broke the protocol: {what}")

    def _lose(self, above: int, code: Code, message: str, not_processed: bool) -> list[Event]:
        lost = sorted(call_id for call_id in self._open if call_id > above)
        self._open.difference_update(lost)
        return [Lost(call_id, ApusError(code, message, not_processed=not_processed)) for call_id in lost]

    def _send(self, frame: Frame) -> None:
        if not self._is_over:
            self.output += frame.encode()
