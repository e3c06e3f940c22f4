"""The client for threads."""
from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from . import apus_pb2 as pb
from . import methods
from .aio import AsyncClient, Credential
from .batches import BulkOptions, BulkReport, Chunker, check_batch_name
from .errors import ApusError
from .messages import Message, Recipient
from .methods import Method, Request, Response
from .repeating import Backoff

Result = TypeVar("Result")


class Client:
    """AsyncClient for programs without asyncio: its methods block. Any number of threads may use it at a time.

    A thread of its own keeps the connection. It doesn't survive a fork: make a client in each process.
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
        """Takes what AsyncClient takes; ``key`` may be a function, which runs in the client's own thread."""
        self._client = AsyncClient(
            address,
            key=key,
            timeout=timeout,
            connect_timeout=connect_timeout,
            tls=tls,
            server_name=server_name,
            backoff=backoff,
            keepalive=keepalive,
            keepalive_timeout=keepalive_timeout,
            user_agent=user_agent,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="apus", daemon=True)
        self._thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection and ends the thread. Calls in flight fail with UNAVAILABLE."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _submit(self, call: Coroutine[Any, Any, Result]) -> concurrent.futures.Future[Result]:
        return asyncio.run_coroutine_threadsafe(call, self._loop)

    def _run(self, call: Coroutine[Any, Any, Result]) -> Result:
        future = self._submit(call)
        try:
            return future.result()
        except BaseException:
            # Such as KeyboardInterrupt: nobody waits for the answer any more.
            future.cancel()
            raise

    # ---- calls

    def call(
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
        return self._run(
            self._client.call(
                method,
                request,
                timeout=timeout,
                idempotency_key=idempotency_key,
                authorization=authorization,
                request_id=request_id,
                traceparent=traceparent,
            )
        )

    def send(
        self,
        message: Message,
        *,
        idempotency_key: str | bytes | None = None,
        timeout: float | None = None,
        request_id: str = "",
        traceparent: str = "",
    ) -> pb.SendResponse:
        """Hands over one message; see AsyncClient.send."""
        return self._run(
            self._client.send(
                message,
                idempotency_key=idempotency_key,
                timeout=timeout,
                request_id=request_id,
                traceparent=traceparent,
            )
        )

    def explain(self, message: Message, *, timeout: float | None = None) -> pb.ExplainResponse:
        return self._run(self._client.explain(message, timeout=timeout))

    def bulk(
        self,
        messages: Iterable[Message],
        batch: str,
        *,
        options: BulkOptions = BulkOptions(),
        progress: Callable[[BulkReport], None] | None = None,
        timeout: float | None = None,
    ) -> BulkReport:
        """Hands over a batch; see AsyncClient.bulk. The messages are asked for, and ``progress`` is called, here."""
        return self._upload(messages, None, batch, options, progress, timeout)

    def bulk_template(
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
        return self._upload(recipients, template.to_request(), batch, options, progress, timeout)

    def _upload(
        self,
        items: Iterable[Message] | Iterable[Recipient],
        template: pb.SendRequest | None,
        batch: str,
        options: BulkOptions,
        progress: Callable[[BulkReport], None] | None,
        timeout: float | None,
    ) -> BulkReport:
        check_batch_name(batch)
        frame_bytes = self._run(self._client.maximum_frame_bytes(timeout))
        chunker = Chunker(batch, frame_bytes, options, template)
        report = BulkReport(batch)
        running: set[concurrent.futures.Future[tuple[int, pb.BulkResponse]]] = set()

        def gather(at_most: int) -> None:
            while len(running) > at_most:
                done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    running.remove(future)
                    report.add(*future.result())
                    if progress is not None:
                        progress(report)

        def start(chunks: Iterable[pb.BulkRequest]) -> None:
            for chunk in chunks:
                gather(max(options.chunks_in_flight, 1) - 1)
                running.add(self._submit(self._client.bulk_chunk(chunk, timeout=timeout)))

        try:
            for item in items:
                try:
                    request = item.to_request()
                except ApusError as error:
                    start(chunker.finish())
                    chunker.skip(error, report)
                    continue
                start(chunker.add(request, report))
            start(chunker.finish())
            gather(0)
        finally:
            for future in running:
                future.cancel()
        return report

    # ---- looking

    def status(
        self, ids: Sequence[int], *, tenant: str = "", timeline: bool = True, timeout: float | None = None
    ) -> list[pb.MessageStatus]:
        """Where messages stand; see AsyncClient.status."""
        return self._run(self._client.status(ids, tenant=tenant, timeline=timeline, timeout=timeout))

    def batch_status(self, batch: str, *, tenant: str = "", timeout: float | None = None) -> pb.BatchStatus:
        return self._run(self._client.batch_status(batch, tenant=tenant, timeout=timeout))

    def wait_until_settled(self, ids: Sequence[int], *, timeout: float) -> list[pb.MessageStatus]:
        return self._run(self._client.wait_until_settled(ids, timeout=timeout))

    def cancel(
        self, ids: Sequence[int], *, tenant: str = "", timeout: float | None = None
    ) -> list[pb.CancelResult]:
        return self._run(self._client.cancel(ids, tenant=tenant, timeout=timeout))

    def cancel_batch(
        self, batch: str, *, tenant: str = "", timeout: float | None = None
    ) -> pb.CancelResponse:
        return self._run(self._client.cancel_batch(batch, tenant=tenant, timeout=timeout))

    def stats(self, *, tenant: str = "", timeout: float | None = None) -> pb.StatsResponse:
        return self._run(self._client.stats(tenant=tenant, timeout=timeout))

    def health(self, *, timeout: float | None = None) -> pb.HealthResponse:
        return self._run(self._client.health(timeout=timeout))

    def describe(self, *, timeout: float | None = None) -> pb.DescribeResponse:
        return self._run(self._client.describe(timeout=timeout))

    def list_messages(
        self, request: pb.ListRequest | None = None, *, timeout: float | None = None
    ) -> Iterator[pb.MessageStatus]:
        """Reads messages page by page as the loop goes on; see AsyncClient.list_messages."""
        page = pb.ListRequest()
        if request is not None:
            page.CopyFrom(request)
        while True:
            answer = self.call(methods.LIST, page, timeout=timeout)
            yield from answer.messages
            if not answer.cursor:
                return
            page.cursor = answer.cursor

    def list_batches(self, *, tenant: str = "", timeout: float | None = None) -> Iterator[pb.BatchStatus]:
        """Reads batches page by page as the loop goes on; see AsyncClient.list_batches."""
        page = pb.BatchListRequest(tenant=tenant)
        while True:
            answer = self.call(methods.BATCH_LIST, page, timeout=timeout)
            yield from answer.batches
            if not answer.cursor:
                return
            page.cursor = answer.cursor
