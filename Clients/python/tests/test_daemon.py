"""Both clients, and the examples of the README, against a real daemon with a sandbox.

APUS_SERVER and APUS_KEY say where it is; without them these tests are skipped.
"""
import asyncio
import contextlib
import io
import os
import re
import unittest
from datetime import datetime, timedelta, timezone

from google.protobuf import descriptor_pb2

from apus import (
    EVERY_TENANT,
    ApusError,
    AsyncClient,
    BodyDisclosure,
    BulkOptions,
    Client,
    Code,
    Event,
    Message,
    OnUnknown,
    Priority,
    Recipient,
    State,
    methods,
    pb,
)

from support import ROOT

SERVER, KEY = os.environ.get("APUS_SERVER"), os.environ.get("APUS_KEY")
UNDELIVERED = "+15005550006"


def without_json_names(file: descriptor_pb2.FileDescriptorProto) -> descriptor_pb2.FileDescriptorProto:
    messages = list(file.message_type)
    while messages:
        message = messages.pop()
        messages.extend(message.nested_type)
        for field in message.field:
            field.ClearField("json_name")
    return file


@unittest.skipUnless(SERVER, "there is no daemon")
class DaemonTests(unittest.TestCase):
    def setUp(self):
        self.client = Client(SERVER, key=KEY)
        self.addCleanup(self.client.close)

    def test_a_message_is_sent_once_and_followed_to_its_end(self):
        message = Message(
            "+14155550100",
            "Hello",
            priority=Priority.URGENT,
            validity=timedelta(minutes=5),
            reference="python",
            tags=["a", "b"],
            on_unknown=OnUnknown.HOLD,
        )
        first = self.client.send(message, idempotency_key="python-1")
        again = self.client.send(message, idempotency_key=b"python-1")
        self.assertEqual((first.id, first.duplicate, again.id, again.duplicate), (again.id, False, first.id, True))
        (status,) = self.client.wait_until_settled([first.id], timeout=20)
        self.assertEqual(State(status.state), State.DELIVERED)
        self.assertEqual((status.reference, list(status.tags)), ("python", ["a", "b"]))
        self.assertEqual(Event(status.timeline[0].event), Event.ACCEPTED)
        with self.assertRaises(ApusError) as caught:
            self.client.send(Message("+14155550100", "other"), idempotency_key="python-1")
        self.assertEqual(caught.exception.code, Code.ALREADY_EXISTS)

    def test_a_refusal_names_its_fields(self):
        with self.assertRaises(ApusError) as caught:
            self.client.send(Message("nobody", ""))
        self.assertEqual(caught.exception.code, Code.INVALID_ARGUMENT)
        self.assertEqual({violation.field for violation in caught.exception.violations}, {"to", "body"})

    def test_a_message_for_later_is_cancelled(self):
        later = datetime.now(timezone.utc) + timedelta(hours=1)
        answer = self.client.send(Message("+14155550100", "Later", send_at=later))
        self.assertEqual(State(answer.state), State.SCHEDULED)
        (result,) = self.client.cancel([answer.id])
        self.assertTrue(result.canceled)

    def test_a_batch_continues_under_its_name(self):
        def messages():
            for number in range(2500):
                yield Message(f"+1415555{number:04}" if number != 700 else "nobody", f"number {number}")

        seen = []
        options = BulkOptions(messages_per_chunk=200)
        report = self.client.bulk(
            messages(), "python-batch", options=options, progress=lambda r: seen.append(r.accepted)
        )
        self.assertEqual((report.accepted, report.duplicates, report.refused), (2499, 0, 1))
        self.assertEqual(report.refusals[0].index, 700)
        self.assertEqual(seen[-1], 2499)
        again = self.client.bulk(messages(), "python-batch")
        self.assertEqual((again.accepted, again.duplicates, again.refused), (0, 2499, 1))
        self.assertEqual(self.client.batch_status("python-batch").messages, 2499)
        listed = list(self.client.list_messages(pb.ListRequest(batch="python-batch", limit=1000, oldest_first=True)))
        self.assertEqual(len(listed), 2499)
        self.assertEqual(listed[0].to, "+14155550000")

    def test_batches_and_texts_are_shown(self):
        self.client.bulk([Message("+14155550100", "hello")], "python-listed")
        mine = [batch for batch in self.client.list_batches(tenant=EVERY_TENANT) if batch.name == "python-listed"]
        self.assertEqual([(batch.messages, batch.tenant) for batch in mine], [(1, "dev")])
        (listed,) = self.client.list_messages(pb.ListRequest(batch="python-listed", tenant="dev"))
        (status,) = self.client.status([listed.id], tenant=EVERY_TENANT)
        self.assertEqual(BodyDisclosure(listed.body_disclosure), BodyDisclosure.UNSPECIFIED)
        self.assertEqual((status.body, BodyDisclosure(status.body_disclosure)), ("hello", BodyDisclosure.SHOWN))
        with self.assertRaises(ApusError) as caught:
            self.client.cancel_batch("python-listed", tenant="nobody")
        self.assertEqual(caught.exception.code, Code.NOT_FOUND)

    def test_a_template_has_its_variables(self):
        guests = [
            Recipient("+14155550100", {"name": "Ann"}),
            Recipient(UNDELIVERED, {"name": "Боб"}),
            Recipient("+14155550101"),
        ]
        report = self.client.bulk_template(Message("", "Dear {{name}}"), guests, "python-template")
        self.assertEqual((report.accepted, report.refused), (2, 1))
        self.assertEqual(report.refusals[0].index, 2)

    def test_the_gateway_describes_itself(self):
        description = self.client.describe()
        ours = {m.number for m in vars(methods).values() if isinstance(m, methods.Method)}
        self.assertEqual({m.number for m in description.methods}, ours)
        self.assertEqual(description.descriptor_set, b"")
        asked = self.client.call(methods.DESCRIBE, pb.DescribeRequest(with_descriptor_set=True))
        (file,) = descriptor_pb2.FileDescriptorSet.FromString(asked.descriptor_set).file
        ours = descriptor_pb2.FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)
        # Descriptors on the wire have the fields' names in JSON too, which the generated code leaves out.
        self.assertEqual(without_json_names(file), ours)
        self.assertTrue(self.client.health().accepting)
        self.assertGreater(self.client.stats().uptime_ms, 0)
        explanation = self.client.explain(Message("+14155550100", "Hello"))
        self.assertEqual(explanation.outcome, pb.EXPLAIN_OUTCOME_NOW)

    def test_explain_names_all_that_send_would_refuse(self):
        request = pb.SendRequest(to="+1\0", body="a\0b", tags=["x"] * 17, reference="r" * 65)
        request.priority = 9
        answer = self.client.call(methods.EXPLAIN, request)
        self.assertEqual(answer.outcome, pb.EXPLAIN_OUTCOME_REFUSED)
        fields = [refusal.field for refusal in answer.refusals]
        self.assertEqual(sorted(fields), ["body", "priority", "reference", "tags", "to"])
        with self.assertRaises(ApusError) as caught:
            self.client.call(methods.SEND, request)
        self.assertEqual(caught.exception.code, Code.INVALID_ARGUMENT)

    def test_a_bulk_has_so_many_variables(self):
        variables = [pb.Variable(name=f"v{n}", value="x") for n in range(64)]
        recipients = [pb.Recipient(to="+14155550100", variables=variables)] * 1001
        template = pb.BulkTemplate(message=pb.SendRequest(body="{{v0}}"), recipients=recipients)
        with self.assertRaises(ApusError) as caught:
            self.client.call(methods.BULK, pb.BulkRequest(dry_run=True, template=template))
        self.assertEqual(caught.exception.code, Code.INVALID_ARGUMENT)
        self.assertEqual([violation.field for violation in caught.exception.violations], ["template.recipients"])
        del template.recipients[1000:]
        answer = self.client.call(methods.BULK, pb.BulkRequest(dry_run=True, template=template))
        self.assertEqual(answer.accepted + answer.refused, 1000)

    def test_a_wrong_key_is_refused(self):
        with Client(SERVER, key="apus_" + "x" * 40) as client, self.assertRaises(ApusError) as caught:
            client.send(Message("+14155550100", "Hello"))
        self.assertEqual(caught.exception.code, Code.UNAUTHENTICATED)

    def test_many_tasks_share_a_connection(self):
        async def run():
            async with AsyncClient(SERVER, key=KEY) as client:
                sent = [client.send(Message("+14155550100", f"number {n}")) for n in range(3000)]
                answers = await asyncio.gather(*sent)
                batch = await client.bulk((Message("+14155550100", f"{n}") for n in range(3000)), "python-tasks")
                count = 0
                async for _ in client.list_messages(pb.ListRequest(batch="python-tasks", limit=1000)):
                    count += 1
                return len({answer.id for answer in answers}), batch.accepted, count

        self.assertEqual(asyncio.run(run()), (3000, 3000, 3000))

    def test_the_examples_of_the_readme_run(self):
        text = (ROOT / "Clients/python/README.md").read_text(encoding="utf-8")
        examples = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(examples), 3)
        for example in examples:
            output = io.StringIO()
            with self.subTest(example), contextlib.redirect_stdout(output):
                exec(compile(example, "README.md", "exec"), {"__name__": "example"})
                self.assertTrue(output.getvalue())


if __name__ == "__main__":
    unittest.main()
