"""What the tests share: where the repository is, and a gateway that follows a script."""
from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType

from apus import pb
from apus.frames import Frame, FrameDecoder, FrameType

ROOT = Path(os.environ.get("APUS_REPOSITORY") or Path(__file__).absolute().parents[3])


class Peer:
    """One connection of the scripted gateway."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        #: From 0, in the order of the connections.
        self.number = number
        self.reader = reader
        self.writer = writer
        self._decoder = FrameDecoder()
        self._frames: list[Frame] = []

    async def next(self) -> Frame:
        while not self._frames:
            data = await self.reader.read(65536)
            if not data:
                raise EOFError
            self._frames += self._decoder.feed(data)
        return self._frames.pop(0)

    async def hello(self, maximum_calls: int = 1024) -> pb.ClientHello:
        """Takes the client's HELLO and answers it."""
        asked = pb.ClientHello.FromString((await self.next()).payload)
        hello = pb.ServerHello(version=1, max_frame_bytes=1 << 20, max_calls_in_flight=maximum_calls)
        self.send(Frame(FrameType.HELLO, hello.SerializeToString()))
        return asked

    async def request(self) -> tuple[Frame, pb.RequestMetadata]:
        """The next REQUEST."""
        frame = await self.next()
        assert frame.type is FrameType.REQUEST, frame
        return frame, pb.RequestMetadata.FromString(frame.metadata)

    def send(self, frame: Frame) -> None:
        self.writer.write(frame.encode())

    def answer(self, call_id: int, message: pb.SendResponse | pb.HealthResponse | pb.StatusResponse) -> None:
        self.send(Frame(FrameType.RESPONSE, message.SerializeToString(), call_id=call_id))

    def refuse(self, call_id: int, status: int, details: pb.ResponseMetadata) -> None:
        self.send(Frame(FrameType.RESPONSE, metadata=details.SerializeToString(), call_id=call_id, code=status))

    def go_away(self, status: int, last_call_id: int = 0) -> None:
        going = pb.GoAway(status=status, message="by the script", last_call_id=last_call_id)
        self.send(Frame(FrameType.GOAWAY, going.SerializeToString()))


class ScriptedGateway:
    """A gateway at a Unix socket, each of whose connections runs the script and is closed at its end."""

    def __init__(self, script: Callable[[Peer], Awaitable[None]]) -> None:
        self._script = script
        self._directory = tempfile.TemporaryDirectory()
        self._count = 0
        self.address = f"unix:{self._directory.name}/s"
        #: What a script failed with; looked at when the gateway ends.
        self.errors: list[BaseException] = []

    async def __aenter__(self) -> ScriptedGateway:
        self._server = await asyncio.start_unix_server(self._serve, self.address.removeprefix("unix:"))
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self._count, reader, writer)
        self._count += 1
        try:
            await self._script(peer)
        except (EOFError, ConnectionError, asyncio.CancelledError):
            pass
        except BaseException as error:
            self.errors.append(error)
        finally:
            writer.close()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._directory.cleanup()
        if error is None and self.errors:
            raise self.errors[0]
