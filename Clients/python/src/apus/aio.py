"""The client for asyncio."""
from __future__ import annotations

import asyncio
import inspect
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from types import TracebackType

from google.protobuf.message import DecodeError

from . import apus_pb2 as pb
from . import methods
from .address import Address
from .batches import BulkOptions, BulkReport, Chunker, check_batch_name, rate_delay
from .errors import ApusError, Code
from .frames import FRAME_BYTES
from .link import Link, Timing
from .messages import Message, Recipient, idempotency_key_bytes
from .methods import Method, Request, Response
from .repeating import Backoff, repeat_delay

#: A key or token, or what returns one: it is asked at each connect, and after UNAUTHENTICATED.
Credential = str | Callable[[], str] | Callable[[], Awaitable[str]]

STATUS_IDS = 1000
STATUS_IDS_WITH_TIMELINE = 100


class _Progress:
    """What is known of a call over all its tries."""

    def __init__(self) -> None:
        self.failures = 0
        self.is_in_flight = False
        #: A try was lost after it may have reached the gateway.
        self.is_unsure = False
        self.last_error: ApusError | None = None
        self.asked_again = False

    def failed(self, error: ApusError) -> None:
        self.failures += 1
        self.is_in_flight = False
        self.is_unsure = self.is_unsure or not error.not_processed
        error.not_processed = not self.is_unsure
        self.last_error = error

    @property
    def late(self) -> ApusError:
        """The error of a call whose time is over."""
        if self.is_in_flight or self.is_unsure:
            message = "no answer came in time; the call may still have taken effect"
            return ApusError(Code.DEADLINE_EXCEEDED, message)
        if self.last_error is not None:
            return self.last_error
        message = "the time was over before the call could begin"
        return ApusError(Code.DEADLINE_EXCEEDED, message, not_processed=True)


class AsyncClient:
    """A client of an Apus gateway. Any number of tasks may use it at a time: their calls share one connection.

    It connects at the first call, and again whenever the connection is lost. Each call has a deadline, within which it
    is repeated where that is surely safe. A cancelled task cancels its call; a message that was accepted before stays
    accepted. Every call raises ApusError.
    """

    def __init__(
        self,
        address: str,
        *,
        key: Credential = "",
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
        backoff: Backoff = Backoff(),
        keepalive: float = 5.0,
        keepalive_timeout: float = 5.0,
        user_agent: str = "apus-python",
    ) -> None:
        """Times are in seconds.

        ``timeout`` is what a call may take altogether: connecting, waiting and repeating included. While calls wait for
        answers and nothing has come for ``keepalive``, the gateway is asked for a sign of life, and the connection
        ends without one after ``keepalive_timeout``. ``tls`` is for an address ``tls:``; None trusts what the system
        trusts.
        """
        self._address = Address.parse(address)
        self._key = key
        self._timeout = timeout
        self._timing = Timing(connect_timeout, keepalive, keepalive_timeout)
        self._tls = tls
        self._server_name = server_name
        self._backoff = backoff
        self._user_agent = user_agent
        self._link: Link | None = None
        self._connecting: asyncio.Task[Link] | None = None
        self._links: set[Link] = set()
        #: Of the newest connection.
        self._frame_bytes: int | None = None
        self._is_closed = False

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection. Calls in flight fail with UNAVAILABLE, as does every later one."""
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        for link in list(self._links):
            await link.close("the client is closed")

    # ---- calls

    async def call(
        self,
        method: Method[Request, Response],
        request: Request,
        *,
        timeout: float | None = None,
        idempotency_key: bytes = b"",
        authorization: str = "",
        request_id: str = "",
        traceparent: str = "",
    ) -> Response:
        """Makes one call with all its tries."""
        limit = self._timeout if timeout is None else timeout
        metadata = pb.RequestMetadata(
            authorization=authorization,
            idempotency_key=idempotency_key,
            request_id=request_id,
            traceparent=traceparent,
        )
        progress = _Progress()
        try:
            return await asyncio.wait_for(self._tries(method, request, metadata, limit, progress), limit)
        except asyncio.TimeoutError:
            raise progress.late from None

    async def _tries(
        self,
        method: Method[Request, Response],
        request: Request,
        metadata: pb.RequestMetadata,
        limit: float,
        progress: _Progress,
    ) -> Response:
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit
        payload = request.SerializeToString()
        repeatable = method.is_repeatable(request, metadata.idempotency_key)
        while True:
            link: Link | None = None
            try:
                link = await self._open_link()
                await link.room()
                metadata.attempt = progress.failures
                metadata.timeout_ms = max(1, min(2**32 - 1, round((deadline - clock()) * 1000)))
                progress.is_in_flight = True
                answer = await link.call(method.number, metadata.SerializeToString(), payload)
                return _decoded(method, answer)
            except ApusError as error:
                progress.failed(error)
                delay = self._delay(error, link, metadata, repeatable, progress)
                if delay is None or clock() + delay >= deadline:
                    raise
            await asyncio.sleep(delay)

    def _delay(
        self,
        error: ApusError,
        link: Link | None,
        metadata: pb.RequestMetadata,
        repeatable: bool,
        progress: _Progress,
    ) -> float | None:
        if self._is_closed:
            return None
        own = not metadata.authorization
        if error.code is Code.UNAUTHENTICATED and own and callable(self._key) and not progress.asked_again:
            # A token may have expired: once more, with what the caller gives now.
            progress.asked_again = True
            if link is not None and self._link is link:
                self._link = None
                link.retire()
            return 0.0
        return repeat_delay(
            error,
            repeatable=repeatable,
            failures=progress.failures,
            random=random.random(),
            backoff=self._backoff,
        )

    # ---- the connection

    async def _open_link(self) -> Link:
        if self._is_closed:
            raise ApusError(Code.UNAVAILABLE, "the client is closed", not_processed=True)
        if self._link is not None and not self._link.is_retired:
            return self._link
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        # A call that is cancelled leaves the connection to the others.
        try:
            return await asyncio.shield(self._connecting)
        except asyncio.CancelledError:
            if self._is_closed:
                raise ApusError(Code.UNAVAILABLE, "the client is closed", not_processed=True) from None
            raise

    def _connected(self, task: asyncio.Task[Link]) -> None:
        self._connecting = None
        if not task.cancelled() and task.exception() is None:
            self._link = task.result()
            hello = self._link.hello
            self._frame_bytes = None if hello is None else min(hello.max_frame_bytes, FRAME_BYTES)

    async def _connect(self) -> Link:
        credential = self._key
        if callable(credential):
            given = credential()
            credential = await given if inspect.isawaitable(given) else given
        link = await Link.open(
            self._address, credential, self._user_agent, self._timing, self._tls, self._server_name
        )
        self._links.add(link)
        link.on_closed = self._links.discard
        return link

    # ---- sending

    async def send(
        self,
        message: Message,
        *,
        idempotency_key: str | bytes | None = None,
        timeout: float | None = None,
        request_id: str = "",
        traceparent: str = "",
    ) -> pb.SendResponse:
        """Hands over one message. When it returns, the message is durable.

        The same key (1 to 64 bytes) within 24 hours sends nothing twice, from another process either; without one, a
        new one makes this call's own repeats safe. After DEADLINE_EXCEEDED the message may have been accepted all the
        same: to know, send again with the same key.
        """
        key = idempotency_key_bytes(idempotency_key)
        return await self.call(
            methods.SEND,
            message.to_request(),
            timeout=timeout,
            idempotency_key=key,
            request_id=request_id,
            traceparent=traceparent,
        )

    async def explain(self, message: Message, *, timeout: float | None = None) -> pb.ExplainResponse:
        """What would become of the message if it was sent now. Nothing does, and nothing is counted."""
        return await self.call(methods.EXPLAIN, message.to_request(), timeout=timeout)

    async def bulk(
        self,
        messages: Iterable[Message],
        batch: str,
        *,
        options: BulkOptions = BulkOptions(),
        progress: Callable[[BulkReport], None] | None = None,
        timeout: float | None = None,
    ) -> BulkReport:
        """Hands over a batch of messages, of any number.

        A message is known by the batch's name (1 to 64 bytes) and its place: the same messages under the same name
        again continue an interrupted run, and nothing is sent twice. A message that is refused does not stop the
        others. ``timeout`` is one call's.
        """
        return await self._upload(messages, None, batch, options, progress, timeout)

    async def bulk_template(
        self,
        template: Message,
        recipients: Iterable[Recipient],
        batch: str,
        *,
        options: BulkOptions = BulkOptions(),
        progress: Callable[[BulkReport], None] | None = None,
        timeout: float | None = None,
    ) -> BulkReport:
        """Like ``bulk``, of one text for many recipients."""
        return await self._upload(recipients, template.to_request(), batch, options, progress, timeout)

    async def _upload(
        self,
        items: Iterable[Message] | Iterable[Recipient],
        template: pb.SendRequest | None,
        batch: str,
        options: BulkOptions,
        progress: Callable[[BulkReport], None] | None,
        timeout: float | None,
    ) -> BulkReport:
        check_batch_name(batch)
        chunker = Chunker(batch, await self.maximum_frame_bytes(timeout), options, template)
        report = BulkReport(batch)
        running: set[asyncio.Task[tuple[int, pb.BulkResponse]]] = set()

        async def gather(at_most: int) -> None:
            nonlocal running
            while len(running) > at_most:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    report.add(*task.result())
                    if progress is not None:
                        progress(report)

        async def start(chunks: Iterable[pb.BulkRequest]) -> None:
            for chunk in chunks:
                await gather(max(options.chunks_in_flight, 1) - 1)
                running.add(asyncio.create_task(self.bulk_chunk(chunk, timeout=timeout)))

        try:
            for item in items:
                try:
                    request = item.to_request()
                except ApusError as error:
                    await start(chunker.finish())
                    chunker.skip(error, report)
                    continue
                await start(chunker.add(request, report))
            await start(chunker.finish())
            await gather(0)
        finally:
            for task in running:
                task.cancel()
        return report

    async def bulk_chunk(
        self, chunk: pb.BulkRequest, *, timeout: float | None = None
    ) -> tuple[int, pb.BulkResponse]:
        """Sends one chunk of a batch, however long the gateway's rates make it wait."""
        while True:
            try:
                return chunk.first_index, await self.call(methods.BULK, chunk, timeout=timeout)
            except ApusError as error:
                # Messages came faster than they may. The gateway did nothing, and says when it takes more: however
                # often that is, the upload goes on at the gateway's pace.
                delay = rate_delay(error, self._timeout if timeout is None else timeout)
                if delay is None:
                    raise
            await asyncio.sleep(delay)

    async def maximum_frame_bytes(self, timeout: float | None = None) -> int:
        """The bound on frames that the gateway has named; it is asked if it has not been reached yet."""
        if self._frame_bytes is None:
            await self.health(timeout=timeout)
        assert self._frame_bytes is not None
        return self._frame_bytes

    # ---- looking

    async def status(
        self, ids: Sequence[int], *, tenant: str = "", timeline: bool = True, timeout: float | None = None
    ) -> list[pb.MessageStatus]:
        """Where messages stand, in the order of the ids that were found.

        ``tenant``, here and below: another one's name, or EVERY_TENANT, needs the scope ``admin``; empty = one's own.
        """
        at_once = STATUS_IDS_WITH_TIMELINE if timeline else STATUS_IDS
        found: list[pb.MessageStatus] = []
        for start in range(0, len(ids), at_once):
            request = pb.StatusRequest(ids=ids[start : start + at_once], tenant=tenant)
            found += (await self.call(methods.STATUS, request, timeout=timeout)).messages
        return found

    async def batch_status(
        self, batch: str, *, tenant: str = "", timeout: float | None = None
    ) -> pb.BatchStatus:
        """Where a batch stands. Raises NOT_FOUND if the tenant has none of that name."""
        request = pb.StatusRequest(batch=batch, tenant=tenant)
        answer = await self.call(methods.STATUS, request, timeout=timeout)
        if not answer.HasField("batch"):
            raise ApusError(Code.NOT_FOUND, "there is no such batch")
        return answer.batch

    async def wait_until_settled(self, ids: Sequence[int], *, timeout: float) -> list[pb.MessageStatus]:
        """Waits until nothing is awaited of these messages any more.

        It asks at growing intervals, from 50 milliseconds to a second. When the time is over, some may not be
        ``settled``.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        interval = 0.05
        open_ids: Sequence[int] = ids
        while True:
            limit = max(deadline - clock(), 5.0)
            statuses = await self.status(open_ids, timeline=False, timeout=limit)
            open_ids = [status.id for status in statuses if not status.settled]
            if not open_ids or clock() >= deadline:
                return await self.status(ids)
            await asyncio.sleep(min(interval, max(0.0, deadline - clock())))
            interval = min(interval * 1.5, 1.0)

    async def list_messages(
        self, request: pb.ListRequest | None = None, *, timeout: float | None = None
    ) -> AsyncIterator[pb.MessageStatus]:
        """Reads messages page by page as the loop goes on, newest first unless the request says otherwise."""
        page = pb.ListRequest()
        if request is not None:
            page.CopyFrom(request)
        while True:
            answer = await self.call(methods.LIST, page, timeout=timeout)
            for status in answer.messages:
                yield status
            if not answer.cursor:
                return
            page.cursor = answer.cursor

    async def list_batches(
        self, *, tenant: str = "", timeout: float | None = None
    ) -> AsyncIterator[pb.BatchStatus]:
        """Reads batches page by page as the loop goes on, those begun last first."""
        page = pb.BatchListRequest(tenant=tenant)
        while True:
            answer = await self.call(methods.BATCH_LIST, page, timeout=timeout)
            for batch in answer.batches:
                yield batch
            if not answer.cursor:
                return
            page.cursor = answer.cursor

    async def cancel(
        self, ids: Sequence[int], *, tenant: str = "", timeout: float | None = None
    ) -> list[pb.CancelResult]:
        """Cancels messages that no provider has yet; one result each, in order.

        One that waits to be sent again, and whose first answer was lost, is sent no more, but is not ``canceled``:
        ``may_have_been_sent`` is true, and its state UNKNOWN.
        """
        results: list[pb.CancelResult] = []
        for start in range(0, len(ids), STATUS_IDS):
            request = pb.CancelRequest(ids=ids[start : start + STATUS_IDS], tenant=tenant)
            results += (await self.call(methods.CANCEL, request, timeout=timeout)).results
        return results

    async def cancel_batch(
        self, batch: str, *, tenant: str = "", timeout: float | None = None
    ) -> pb.CancelResponse:
        request = pb.CancelRequest(batch=batch, tenant=tenant)
        return await self.call(methods.CANCEL, request, timeout=timeout)

    async def stats(self, *, tenant: str = "", timeout: float | None = None) -> pb.StatsResponse:
        return await self.call(methods.STATS, pb.StatsRequest(tenant=tenant), timeout=timeout)

    async def health(self, *, timeout: float | None = None) -> pb.HealthResponse:
        return await self.call(methods.HEALTH, pb.HealthRequest(), timeout=timeout)

    async def describe(self, *, timeout: float | None = None) -> pb.DescribeResponse:
        """What the gateway is, what it can do and within which limits."""
        return await self.call(methods.DESCRIBE, pb.DescribeRequest(), timeout=timeout)


def _decoded(method: Method[Request, Response], payload: bytes) -> Response:
    answer = method.response()
    try:
        answer.ParseFromString(payload)
    except DecodeError:
        raise ApusError(Code.INTERNAL, "the server's answer can't be read") from None
    return answer
