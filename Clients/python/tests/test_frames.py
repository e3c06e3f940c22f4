"""Frames against the golden ones, byte by byte."""
import struct
import unittest

from apus import pb
from apus.errors import ApusError, Code
from apus.frames import Frame, FrameDecoder, FrameType, ProtocolError
from apus.methods import Method
from apus import methods

from support import ROOT

GOLDEN = ROOT / "Protos/golden"
METHODS = {m.number: m for m in vars(methods).values() if isinstance(m, Method)}
OF_CONNECTION = {
    FrameType.HELLO: {"client": pb.ClientHello, "server": pb.ServerHello},
    FrameType.GOAWAY: {"client": pb.GoAway, "server": pb.GoAway},
    FrameType.CREDIT: {"client": pb.Credit},
}
# Whose answer each is: a RESPONSE doesn't say.
RESPONSES = {
    "send_response": pb.SendResponse,
    "send_response_ucs2": pb.SendResponse,
    "bulk_response": pb.BulkResponse,
    "bulk_dry_run_response": pb.BulkResponse,
    "status_response": pb.StatusResponse,
    "status_parts_response": pb.StatusResponse,
    "status_text_response": pb.StatusResponse,
    "list_response": pb.ListResponse,
    "batch_list_response": pb.BatchListResponse,
    "suppressions_response": pb.SuppressionsResponse,
    "unknown_act_response": pb.UnknownActResponse,
    "config_apply_response": pb.ConfigApplyResponse,
    "key_create_response": pb.KeyCreateResponse,
    "explain_response": pb.ExplainResponse,
}


def read(path):
    """The bytes of a golden file, and its first comment."""
    text = path.read_text(encoding="utf-8")
    lines = [line.split("#")[0] for line in text.splitlines()]
    return bytes.fromhex(" ".join(lines)), text.splitlines()[0]


def decode(data, step=None):
    decoder = FrameDecoder(4 << 20)
    parts = [data] if step is None else [data[i : i + step] for i in range(0, len(data), step)]
    return [frame for part in parts for frame in decoder.feed(part)]


class GoldenFrames(unittest.TestCase):
    def message(self, name, sender, frame):
        if frame.type is FrameType.REQUEST:
            return METHODS[frame.code].request
        if frame.type is FrameType.RESPONSE:
            return RESPONSES[name]
        return OF_CONNECTION[frame.type][sender]

    def test_each_decodes_and_encodes_to_the_same_bytes(self):
        paths = sorted(GOLDEN.glob("*.txt"))
        self.assertGreater(len(paths), 30)
        for path in paths:
            with self.subTest(path.stem):
                data, comment = read(path)
                (frame,) = decode(data)
                self.assertEqual(decode(data, step=1), [frame])
                self.assertEqual(frame.encode(), data)
                self.assertIn(frame.type.name, comment)
                if frame.type in (FrameType.PING, FrameType.PONG):
                    self.assertEqual(len(frame.payload), 8)
                    continue
                if frame.type is FrameType.CANCEL:
                    continue
                if frame.type is FrameType.RESPONSE and frame.code:
                    error = ApusError.from_response(frame.code, frame.metadata)
                    self.assertIn(error.code, (Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED))
                    self.assertTrue(error.not_processed)
                    continue
                kind = self.message(path.stem, "client" if "by the client" in comment else "server", frame)
                message = kind.FromString(frame.payload)
                # Unknown fields would come back too: nothing may be unknown here.
                message.DiscardUnknownFields()
                self.assertEqual(message.SerializeToString(deterministic=True), frame.payload)

    def test_a_cut_frame_is_no_frame(self):
        for path in GOLDEN.glob("*.txt"):
            data, _ = read(path)
            for length in range(len(data)):
                self.assertEqual(decode(data[:length]), [], path.stem)


class NegativeFrames(unittest.TestCase):
    def test_refused(self):
        paths = sorted((GOLDEN / "refused").glob("*.txt"))
        self.assertGreater(len(paths), 10)
        for path in paths:
            with self.subTest(path.stem), self.assertRaises(ProtocolError):
                decode(read(path)[0])

    def test_skipped(self):
        ping = Frame(FrameType.PING, b"next")
        paths = sorted((GOLDEN / "skipped").glob("*.txt"))
        self.assertGreater(len(paths), 2)
        for path in paths:
            with self.subTest(path.stem):
                data = read(path)[0] + ping.encode()
                self.assertEqual(decode(data), [ping])
                self.assertEqual(decode(data, step=1), [ping])

    def test_the_bound_holds_for_all_types(self):
        for kind in (4, 8, 128, 255):
            decoder = FrameDecoder(1 << 17)
            # Only the header has come.
            with self.assertRaises(ProtocolError):
                list(decoder.feed(struct.pack(">IBBHIHH", (1 << 17) + 1, kind, 0, 0, 1 if kind == 4 else 0, 0, 0)))


if __name__ == "__main__":
    unittest.main()
