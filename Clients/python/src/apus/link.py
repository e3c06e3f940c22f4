"""One live connection: a socket, and the protocol's state."""
from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import apus_pb2 as pb
from .address import Address
from .connection import Answered, Connection, Event, Lost, Opened, Retired
from .errors import ApusError, Code

READ_BYTES = 256 * 1024
ALPN = "apus/1"
#: For what is still to be sent, and TLS's farewell, in seconds.
CLOSE_TIMEOUT = 2.0


@dataclass(frozen=True)
class Timing:
    """In seconds."""

    connect_timeout: float
    keepalive: float
    keepalive_timeout: float


class Link:
    """A connection that is open, with its reading task."""

    def __init__(self, state: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.on_closed: Callable[[Link], None] = lambda link: None
        self._state = state
        self._reader = reader
        self._writer = writer
        self._calls: dict[int, asyncio.Future[bytes]] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._error: ApusError | None = None
        self._is_given_up = False
        self._last_read = asyncio.get_running_loop().time()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        address: Address,
        credential: str,
        user_agent: str,
        timing: Timing,
        tls: ssl.SSLContext | None,
        server_name: str | None,
    ) -> Link:
        """Connects, and waits for the server's HELLO."""
        try:
            reader, writer = await asyncio.wait_for(
                _streams(address, tls, server_name), timing.connect_timeout
            )
        except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
            raise ApusError(Code.FAILED_PRECONDITION, f"{error}", not_processed=True) from error
        except (OSError, asyncio.TimeoutError) as error:
            reason = str(error) or "it takes too long"
            raise ApusError(Code.UNAVAILABLE, f"can't connect: {reason}", not_processed=True) from error
        link = cls(Connection(credential, user_agent), reader, writer)
        link._flush()
        link._tasks = [
            asyncio.create_task(link._read()),
            asyncio.create_task(link._watch(timing)),
        ]
        try:
            await asyncio.wait_for(asyncio.shield(link._opened), timing.connect_timeout)
        except asyncio.TimeoutError:
            await link.close("the server sent no HELLO in time")
            raise ApusError(Code.UNAVAILABLE, "the server sent no HELLO in time", not_processed=True) from None
        except asyncio.CancelledError:
            await link.close("the client is closed")
            raise
        return link

    @property
    def hello(self) -> pb.ServerHello | None:
        return self._state.hello

    @property
    def is_retired(self) -> bool:
        """No new call will be taken."""
        return self._is_given_up or self._state.is_retired

    def retire(self) -> None:
        """Takes no new calls, and closes once those in flight are answered."""
        self._is_given_up = True
        self._wake()
        self._close_if_done()

    async def room(self) -> None:
        """Waits until a call may begin."""
        while not self.is_retired and not self._state.room:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                # The room that it was woken for is another's.
                self._wake()
                raise
        if self.is_retired:
            error = self._error or ApusError(Code.UNAVAILABLE, "the connection takes no more calls")
            raise ApusError(error.code, error.message, not_processed=True)

    async def call(self, method: int, metadata: bytes, payload: bytes) -> bytes:
        """Makes a call, right after ``room``. A cancelled task cancels it."""
        call_id = self._state.request(method, metadata, payload)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[call_id] = answer
        self._flush()
        try:
            # While the server takes nothing, nothing more is put into memory than what is being sent.
            await self._drain()
            return await answer
        except asyncio.CancelledError:
            self._state.cancel(call_id)
            self._flush()
            raise
        finally:
            self._calls.pop(call_id, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # It is looked at, even if the task was cancelled first.
            self._close_if_done()

    async def close(self, reason: str) -> None:
        """Ends at once: calls without an answer are lost."""
        self._handle(self._state.ended(reason))
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._writer.close()
        self.on_closed(self)
        try:
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT)
        except (OSError, ssl.SSLError):
            pass
        except asyncio.TimeoutError:
            self._writer.transport.abort()

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError:
            pass  # The reading task finds out, and says what is lost.

    async def _read(self) -> None:
        reason = "the server closed the connection"
        try:
            while data := await self._reader.read(READ_BYTES):
                self._last_read = asyncio.get_running_loop().time()
                self._handle(self._state.receive(data))
                self._flush()
                if self._state.is_done:
                    break
        except (OSError, ssl.SSLError) as error:
            reason = f"the connection broke: {error}"
        await self.close(reason)

    async def _watch(self, timing: Timing) -> None:
        """Asks for a sign of life where calls wait for answers, and ends without one."""
        clock = asyncio.get_running_loop().time
        asked_at: float | None = None
        while True:
            await asyncio.sleep(min(timing.keepalive, timing.keepalive_timeout) / 4)
            if asked_at is not None and self._last_read >= asked_at:
                asked_at = None
            if asked_at is not None and clock() - asked_at > timing.keepalive_timeout:
                return await self.close("the server doesn't answer any more")
            if asked_at is None and self._state.has_calls and clock() - self._last_read > timing.keepalive:
                asked_at = clock()
                self._state.ping()
                self._flush()

    def _flush(self) -> None:
        if self._state.output:
            self._writer.write(bytes(self._state.output))
            self._state.output.clear()

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answered):
                self._answered(event)
            elif isinstance(event, Lost):
                self._fail(event.call_id, event.error)
            elif isinstance(event, Opened):
                if not self._opened.done():
                    self._opened.set_result(None)
            elif isinstance(event, Retired):
                self._error = event.error
                if not self._opened.done():
                    self._opened.set_exception(event.error)
                    self._opened.exception()  # It is looked at, even if nobody waits any more.
        self._wake()

    def _answered(self, event: Answered) -> None:
        if event.status:
            return self._fail(event.call_id, ApusError.from_response(event.status, event.metadata))
        call = self._calls.get(event.call_id)
        if call is not None and not call.done():
            call.set_result(event.payload)

    def _fail(self, call_id: int, error: ApusError) -> None:
        call = self._calls.get(call_id)
        if call is not None and not call.done():
            call.set_exception(error)

    def _wake(self) -> None:
        room = len(self._waiting) if self.is_retired else self._state.room
        while self._waiting and room > 0:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                room -= 1

    def _close_if_done(self) -> None:
        if self.is_retired and not self._state.has_calls and not self._writer.is_closing():
            self._writer.close()


async def _streams(
    address: Address, tls: ssl.SSLContext | None, server_name: str | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.kind == "unix":
        return await asyncio.open_unix_connection(address.path)
    if address.kind == "tcp":
        return await asyncio.open_connection(address.host, address.port)
    context = tls if tls is not None else ssl.create_default_context()
    context.set_alpn_protocols([ALPN])
    return await asyncio.open_connection(
        address.host, address.port, ssl=context, server_hostname=server_name or address.host
    )
