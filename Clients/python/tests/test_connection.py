"""The protocol's state machine: bytes in, events out."""
import unittest

from apus import pb
from apus.connection import Answered, Connection, Lost, Opened, Retired
from apus.errors import ApusError, Code
from apus.frames import Frame, FrameDecoder, FrameType


def server_hello(**bounds):
    hello = pb.ServerHello(version=1, max_frame_bytes=1 << 20, max_calls_in_flight=4)
    for name, value in bounds.items():
        setattr(hello, name, value)
    return Frame(FrameType.HELLO, hello.SerializeToString()).encode()


def sent(connection):
    """What the connection has put out since the last time."""
    frames = list(FrameDecoder(1 << 20).feed(bytes(connection.output)))
    connection.output.clear()
    return frames


def opened(**bounds):
    connection = Connection("key")
    (event,) = connection.receive(server_hello(**bounds))
    assert isinstance(event, Opened)
    connection.output.clear()
    return connection


def go_away(status=0, last_call_id=0):
    going = pb.GoAway(status=status, message="over", last_call_id=last_call_id)
    return Frame(FrameType.GOAWAY, going.SerializeToString()).encode()


class ConnectionTests(unittest.TestCase):
    def test_hello_comes_first_and_says_who_calls(self):
        (frame,) = sent(Connection("key", "me/1", 1 << 20))
        hello = pb.ClientHello.FromString(frame.payload)
        self.assertEqual(list(hello.versions), [1])
        self.assertEqual((hello.credential, hello.user_agent, hello.max_frame_bytes), ("key", "me/1", 1 << 20))

    def test_calls_have_rising_ids_and_one_answer_each(self):
        connection = opened()
        self.assertEqual([connection.request(64, b"", b"") for _ in range(3)], [1, 2, 3])
        self.assertEqual([frame.call_id for frame in sent(connection)], [1, 2, 3])
        answers = [Frame(FrameType.RESPONSE, b"b", call_id=3), Frame(FrameType.RESPONSE, b"a", call_id=1)]
        data = b"".join(frame.encode() for frame in answers)
        self.assertEqual(connection.receive(data), [Answered(3, 0, b"", b"b"), Answered(1, 0, b"", b"a")])
        # A second answer to a call is the server's defect.
        events = connection.receive(Frame(FrameType.RESPONSE, call_id=1).encode())
        self.assertIsInstance(events[0], Retired)
        self.assertEqual([(e.call_id, e.error.not_processed) for e in events[1:]], [(2, False)])
        self.assertEqual(pb.GoAway.FromString(sent(connection)[0].payload).status, Code.INVALID_ARGUMENT)

    def test_room_is_what_the_server_has_named_and_cancelled_calls_take_it(self):
        connection = opened()
        for _ in range(4):
            connection.request(64, b"", b"")
        self.assertEqual(connection.room, 0)
        connection.cancel(2)
        self.assertEqual(connection.room, 0)
        self.assertEqual(sent(connection)[-1], Frame(FrameType.CANCEL, call_id=2))
        self.assertEqual(connection.receive(Frame(FrameType.RESPONSE, call_id=2, code=1).encode()), [])
        self.assertEqual(connection.room, 1)

    def test_a_request_that_no_frame_holds_is_not_begun(self):
        connection = opened(max_frame_bytes=1 << 17)
        with self.assertRaises(ApusError) as caught:
            connection.request(2, b"m", bytes(1 << 17))
        self.assertEqual(caught.exception.code, Code.INVALID_ARGUMENT)
        self.assertEqual(connection.request(2, b"", bytes(1 << 17)), 1)

    def test_a_planned_stop_answers_what_was_taken(self):
        connection = opened()
        for _ in range(3):
            connection.request(1, b"", b"")
        events = connection.receive(go_away(last_call_id=2))
        self.assertEqual([(e.call_id, e.error.not_processed) for e in events if isinstance(e, Lost)], [(3, True)])
        self.assertTrue(connection.is_retired)
        self.assertFalse(connection.is_done)
        connection.receive(Frame(FrameType.RESPONSE, call_id=1).encode())
        (lost,) = connection.ended("closed")
        self.assertEqual((lost.call_id, lost.error.code, lost.error.not_processed), (2, Code.UNAVAILABLE, False))

    def test_a_refusal_is_surely_not_processed(self):
        connection = Connection("wrong")
        (event,) = connection.receive(go_away(status=16))
        self.assertEqual((event.error.code, event.error.not_processed), (Code.UNAUTHENTICATED, True))
        self.assertTrue(connection.is_done)

    def test_a_ping_is_answered_with_its_bytes(self):
        connection = opened()
        self.assertEqual(connection.receive(Frame(FrameType.PING, b"12345678").encode()), [])
        self.assertEqual(sent(connection), [Frame(FrameType.PONG, b"12345678")])

    def test_what_a_server_must_not_send_ends_the_connection_with_a_reason(self):
        frames = [
            Frame(FrameType.REQUEST, call_id=1, code=1).encode(),
            Frame(FrameType.CANCEL, call_id=1).encode(),
            Frame(FrameType.CREDIT, b"\x08\x01", call_id=1).encode(),
            server_hello(),
            Frame(FrameType.RESPONSE, call_id=9).encode(),
            Frame(FrameType.GOAWAY, b"\xff").encode(),
            bytes(16),
        ]
        for data in frames:
            connection = opened()
            events = connection.receive(data)
            self.assertEqual(events[0].error.code, Code.UNAVAILABLE)
            going = pb.GoAway.FromString(sent(connection)[0].payload)
            self.assertEqual(going.status, Code.INVALID_ARGUMENT)
            self.assertTrue(connection.is_done)

    def test_nothing_but_a_hello_may_come_first(self):
        for data in (Frame(FrameType.PING).encode(), server_hello(version=2), server_hello(max_calls_in_flight=0)):
            connection = Connection()
            (event,) = connection.receive(data)
            self.assertIsInstance(event, Retired)
            self.assertTrue(event.error.not_processed)


if __name__ == "__main__":
    unittest.main()
