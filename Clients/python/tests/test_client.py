"""The clients against a gateway that follows a script."""
import asyncio
import threading
import time
import unittest

from apus import (
    ApusError,
    AsyncClient,
    Backoff,
    Client,
    Code,
    Encoding,
    Event,
    Message,
    Priority,
    State,
    Wait,
    methods,
    pb,
)
from apus.frames import Frame, FrameType

from support import ScriptedGateway

MESSAGE = Message("+14155550100", "hello")
QUICK = Backoff(0.001, 0.01)


class ClientTests(unittest.IsolatedAsyncioTestCase):
    def client(self, gateway, **options):
        client = AsyncClient(gateway.address, **{"key": "key", "backoff": QUICK, "timeout": 10, **options})
        self.addAsyncCleanup(client.close)
        return client

    async def test_a_send_whose_answer_was_lost_is_repeated_with_its_key(self):
        seen = []

        async def script(peer):
            await peer.hello()
            frame, metadata = await peer.request()
            seen.append((metadata.idempotency_key, metadata.attempt, frame.payload))
            if peer.number == 1:
                peer.answer(frame.call_id, pb.SendResponse(id=7, duplicate=True))
                await peer.next()

        async with ScriptedGateway(script) as gateway:
            answer = await self.client(gateway).send(MESSAGE)
        self.assertEqual((answer.id, answer.duplicate), (7, True))
        self.assertEqual([attempt for _, attempt, _ in seen], [0, 1])
        self.assertEqual(len(seen[0][0]), 16)
        self.assertEqual(seen[0][0], seen[1][0])
        self.assertEqual(seen[0][2], seen[1][2])

    async def test_what_counts_twice_is_not_repeated(self):
        calls = []

        async def script(peer):
            await peer.hello()
            await peer.request()
            calls.append(peer.number)

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway)
            for method, request in (
                (methods.KEY_CREATE, pb.KeyCreateRequest(tenant="a")),
                (methods.SEND, MESSAGE.to_request()),
                (methods.CONFIG_APPLY, pb.ConfigApplyRequest(document="{}")),
            ):
                with self.assertRaises(ApusError) as caught:
                    await client.call(method, request)
                self.assertEqual((caught.exception.code, caught.exception.not_processed), (Code.UNAVAILABLE, False))
        self.assertEqual(len(calls), 3)

    async def test_exhaustion_is_repeated_only_when_a_time_is_named(self):
        async def script(peer):
            await peer.hello()
            for number in range(3):
                frame, _ = await peer.request()
                if number < 2:
                    details = pb.ResponseMetadata(message="wait", retry_after_ms=20 if number == 0 else 0)
                    peer.refuse(frame.call_id, 8, details)
                    await peer.writer.drain()

        async with ScriptedGateway(script) as gateway:
            with self.assertRaises(ApusError) as caught:
                await self.client(gateway).send(MESSAGE)
        self.assertEqual((caught.exception.code, caught.exception.message), (Code.RESOURCE_EXHAUSTED, "wait"))

    async def test_the_clients_own_clock_ends_a_call_and_cancels_it(self):
        frames = []

        async def script(peer):
            await peer.hello()
            frame, metadata = await peer.request()
            frames.extend([metadata.timeout_ms, frame.call_id, await peer.next()])

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway)
            with self.assertRaises(ApusError) as caught:
                await client.send(MESSAGE, timeout=0.1)
            self.assertEqual(caught.exception.code, Code.DEADLINE_EXCEEDED)
            self.assertFalse(caught.exception.not_processed)
            await client.close()
        self.assertLessEqual(frames[0], 100)
        self.assertEqual(frames[2], Frame(FrameType.CANCEL, call_id=frames[1]))

    async def test_a_cancelled_task_cancels_its_call(self):
        began = asyncio.Event()
        frames = []

        async def script(peer):
            await peer.hello()
            await peer.request()
            began.set()
            frames.append(await peer.next())

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway)
            task = asyncio.create_task(client.send(MESSAGE))
            await began.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            await client.close()
        self.assertEqual([frame.type for frame in frames], [FrameType.CANCEL])

    async def test_a_dead_peer_is_noticed(self):
        pings = []

        async def script(peer):
            await peer.hello()
            await peer.request()
            pings.append((await peer.next()).type)
            await peer.next()

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway, keepalive=0.1, keepalive_timeout=0.1)
            began = time.monotonic()
            with self.assertRaises(ApusError) as caught:
                await client.call(methods.KEY_CREATE, pb.KeyCreateRequest())
            self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(caught.exception.code, Code.UNAVAILABLE)
        self.assertEqual(pings, [FrameType.PING])

    async def test_a_credential_is_asked_for_at_each_connect_and_after_a_refusal(self):
        given, seen = [], []

        async def script(peer):
            asked = await peer.hello()
            seen.append(asked.credential)
            frame, _ = await peer.request()
            if peer.number == 0:
                peer.refuse(frame.call_id, 16, pb.ResponseMetadata(message="expired", not_processed=True))
                await peer.next()
            elif peer.number == 1:
                peer.answer(frame.call_id, pb.SendResponse(id=1))
                await peer.writer.drain()
                frame, _ = await peer.request()
            else:
                peer.answer(frame.call_id, pb.SendResponse(id=2))
                await peer.next()

        async def token():
            given.append(len(given))
            return f"token-{len(given)}"

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway, key=token)
            self.assertEqual((await client.send(MESSAGE)).id, 1)
            self.assertEqual((await client.send(MESSAGE)).id, 2)
        self.assertEqual(seen, ["token-1", "token-2", "token-3"])

    async def test_a_fixed_key_that_is_refused_is_final(self):
        async def script(peer):
            await peer.next()
            peer.go_away(16)
            self.assertEqual(peer.number, 0)

        async with ScriptedGateway(script) as gateway:
            with self.assertRaises(ApusError) as caught:
                await self.client(gateway).send(MESSAGE)
        self.assertEqual((caught.exception.code, caught.exception.not_processed), (Code.UNAUTHENTICATED, True))

    async def test_calls_beyond_a_planned_stop_go_elsewhere_and_the_others_are_answered(self):
        async def script(peer):
            await peer.hello()
            if peer.number == 0:
                first, _ = await peer.request()
                await peer.request()
                peer.go_away(0, last_call_id=first.call_id)
                await peer.writer.drain()
                peer.answer(first.call_id, pb.SendResponse(id=1))
                await peer.next()
            else:
                frame, metadata = await peer.request()
                peer.answer(frame.call_id, pb.SendResponse(id=2 + metadata.attempt))
                await peer.next()

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway)
            answers = await asyncio.gather(*(client.send(MESSAGE) for _ in range(2)))
        self.assertEqual(sorted(answer.id for answer in answers), [1, 3])

    async def test_no_more_calls_are_in_flight_than_the_server_takes(self):
        open_calls, most = set(), 0

        async def script(peer):
            nonlocal most
            await peer.hello(maximum_calls=3)
            for _ in range(30):
                frame, _ = await peer.request()
                open_calls.add(frame.call_id)
                most = max(most, len(open_calls))
                if len(open_calls) == 3 or frame.call_id > 27:
                    for call_id in sorted(open_calls, reverse=True):
                        peer.answer(call_id, pb.SendResponse(id=call_id))
                    open_calls.clear()
            await peer.next()

        async with ScriptedGateway(script) as gateway:
            client = self.client(gateway)
            answers = await asyncio.gather(*(client.send(MESSAGE) for _ in range(30)))
        self.assertEqual(len({answer.id for answer in answers}), 30)
        self.assertEqual(most, 3)

    async def test_values_that_are_not_known_are_carried(self):
        async def script(peer):
            await peer.hello()
            frame, _ = await peer.request()
            status = pb.MessageStatus(
                id=1,
                state=77,
                encoding=55,
                priority=66,
                waiting=pb.WaitReason(kind=88),
                timeline=[pb.TimelineEvent(event=99, state=77)],
            )
            peer.answer(frame.call_id, pb.StatusResponse(messages=[status]))
            await peer.next()

        async with ScriptedGateway(script) as gateway:
            (status,) = await self.client(gateway).status([1])
        self.assertEqual((status.state, State(status.state).name), (77, "STATE_77"))
        self.assertEqual(Event(status.timeline[0].event).name, "EVENT_99")
        self.assertFalse(State(status.state).is_known)
        self.assertTrue(State(7).is_known)
        self.assertEqual(Encoding(status.encoding).name, "ENCODING_55")
        self.assertEqual(Priority(status.priority).name, "PRIORITY_66")
        self.assertEqual(Wait(status.waiting.kind).name, "WAIT_88")

    async def test_no_message_is_sent_with_a_priority_that_is_not_known(self):
        with self.assertRaises(ApusError) as caught:
            Message("+14155550100", "hello", priority=Priority(66)).to_request()
        self.assertEqual(caught.exception.code, Code.INVALID_ARGUMENT)

    async def test_the_names_are_the_protocols(self):
        for ours, theirs, prefix in (
            (State, pb.State, "STATE_"),
            (Event, pb.Event, "EVENT_"),
            (Encoding, pb.Encoding, "ENCODING_"),
            (Wait, pb.Wait, "WAIT_"),
        ):
            self.assertEqual({prefix + member.name: member.value for member in ours}, dict(theirs.items()))

    async def test_an_unreachable_gateway_is_waited_for(self):
        client = AsyncClient("unix:/nowhere/at/all", timeout=0.2, backoff=QUICK)
        began = time.monotonic()
        with self.assertRaises(ApusError) as caught:
            await client.send(MESSAGE)
        self.assertEqual((caught.exception.code, caught.exception.not_processed), (Code.UNAVAILABLE, True))
        self.assertGreater(time.monotonic() - began, 0.1)
        await client.close()
        with self.assertRaises(ApusError):
            await client.send(MESSAGE)

    async def test_addresses(self):
        for text in ("unix:", "tcp:host", "tcp:host:0", "tcp:host:65536", "tcp:::1:80", "http:host:80", "host:80", ""):
            with self.assertRaises(ApusError, msg=text):
                AsyncClient(text)
        for text in ("unix:/a b", "tcp:[::1]:80", "tls:host.example:65535"):
            AsyncClient(text)


class BlockingTests(unittest.TestCase):
    def test_threads_share_a_connection(self):
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        connections = []

        async def script(peer):
            connections.append(peer.number)
            await peer.hello()
            while True:
                frame, _ = await peer.request()
                peer.answer(frame.call_id, pb.SendResponse(id=frame.call_id))

        gateway = ScriptedGateway(script)
        asyncio.run_coroutine_threadsafe(gateway.__aenter__(), loop).result()
        ids = []
        with Client(gateway.address, key=lambda: "key", backoff=QUICK) as client:
            threads = [threading.Thread(target=lambda: ids.append(client.send(MESSAGE).id)) for _ in range(20)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
        client.close()
        self.assertEqual(len(set(ids)), 20)
        self.assertEqual(connections, [0])
        asyncio.run_coroutine_threadsafe(gateway.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    unittest.main()
