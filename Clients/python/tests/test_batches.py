"""Cutting batches into chunks."""
import random
import unittest

from apus import BulkOptions, Message, Recipient, pb
from apus.batches import ITEMS_PER_CHUNK, VARIABLES_PER_CHUNK, BulkReport, Chunker
from apus.errors import Code

FRAME = 131_072


def chunks(items, frame_bytes=FRAME, options=BulkOptions(ITEMS_PER_CHUNK), template=None):
    report = BulkReport("b" * 64)
    chunker = Chunker(report.batch, frame_bytes, options, template)
    made = [chunk for item in items for chunk in chunker.add(item, report)]
    return made + list(chunker.finish()), report


class ChunkerTests(unittest.TestCase):
    def test_items_keep_their_places_whatever_they_are(self):
        seed = random.randrange(2**32)
        print("seed", seed)
        dice = random.Random(seed)
        items = []
        for number in range(3000):
            body = "x" * dice.choice([1, 20, 200, 1600, 140_000 if dice.random() < 0.02 else 1])
            tags = ["tag"] * dice.randrange(17)
            items.append(Message(f"+1415555{number:04}", body, tags=tags).to_request())
        made, report = chunks(items, options=BulkOptions(dice.randrange(1, 500)))
        # With the most that metadata takes besides the key, the frame is not too large.
        for chunk in made:
            self.assertLessEqual(chunk.ByteSize() + 300, FRAME)
        placed = {chunk.first_index + i: m for chunk in made for i, m in enumerate(chunk.messages)}
        refused = {refusal.index for refusal in report.refusals}
        self.assertEqual(len(placed) + report.refused, len(items))
        for index, item in enumerate(items):
            if index in refused:
                self.assertGreater(item.ByteSize(), FRAME - 1000)
            else:
                self.assertEqual(placed[index], item)

    def test_count_and_variables_bound_a_chunk(self):
        made, _ = chunks((Message("+1", "x").to_request() for _ in range(25_000)), 4 << 20)
        self.assertEqual([len(chunk.messages) for chunk in made], [10_000, 10_000, 5_000])
        template = Message("", "{{a}}").to_request()
        one = Recipient("+1", {f"v{i}": "" for i in range(64)}).to_request()
        made, _ = chunks((one for _ in range(3000)), 64 << 20, template=template)
        counts = [sum(len(r.variables) for r in chunk.template.recipients) for chunk in made]
        self.assertEqual(sum(counts), 3000 * 64)
        self.assertLessEqual(max(counts), VARIABLES_PER_CHUNK)
        self.assertGreater(counts[0], VARIABLES_PER_CHUNK - 64)
        self.assertTrue(all(chunk.template.message == template for chunk in made))

    def test_recipients_have_their_variables_in_one_order(self):
        a = Recipient("+1", {"b": "2", "a": "1"}).to_request().SerializeToString()
        self.assertEqual(a, Recipient("+1", {"a": "1", "b": "2"}).to_request().SerializeToString())

    def test_a_report_adds_up(self):
        report = BulkReport("b")
        refusal = pb.Refusal(item=1, status=3, message="no", violations=[pb.FieldViolation(field="to")])
        report.add(10, pb.BulkResponse(batch_id=5, accepted=1, duplicates=2, refused=1, refusals=[refusal]))
        report.add(14, pb.BulkResponse(accepted=1))
        self.assertEqual((report.batch_id, report.accepted, report.duplicates, report.refused), (5, 2, 2, 1))
        self.assertEqual((report.refusals[0].index, report.refusals[0].code), (11, Code.INVALID_ARGUMENT))
        self.assertEqual(report.refusals[0].violations[0].field, "to")


if __name__ == "__main__":
    unittest.main()
