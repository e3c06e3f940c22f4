"""The rules of repeating against the tables of Protos/README.md, which the Swift client is tested against too."""
import itertools
import re
import unittest

from apus import Backoff, pb
from apus.errors import ApusError, Code
from apus import methods
from apus.methods import Method
from apus.repeating import Repeat, repeat_delay

from support import ROOT

README = (ROOT / "Protos/README.md").read_text(encoding="utf-8")


def table(heading):
    """The rows of the table whose first line is given."""
    lines = README.split(heading, 1)[1].splitlines()[1:]
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]


METHODS = table("| number | name | request | response | repeatable |\n")
STATUSES = table("| status | `retry_after_ms` | repeated |\n")


class Methods(unittest.TestCase):
    def test_they_are_those_of_the_table(self):
        ours = {m.number: m for m in vars(methods).values() if isinstance(m, Method)}
        self.assertEqual(sorted(ours), [int(row[0]) for row in METHODS])
        for number, name, request, response, repeatable in METHODS:
            method = ours[int(number)]
            self.assertEqual(method.name, name)
            self.assertEqual(method.request.DESCRIPTOR.name, request)
            self.assertEqual(method.response.DESCRIPTOR.name, response)
            self.assertEqual(method.repeat, Repeat(repeatable), name)

    def test_they_are_those_of_the_service_and_the_enum(self):
        service = pb.DESCRIPTOR.services_by_name["Gateway"]
        self.assertEqual([m.name for m in service.methods], [row[1] for row in METHODS])
        for method, row in zip(service.methods, METHODS):
            self.assertEqual([method.input_type.name, method.output_type.name], row[2:4])
            enum = "METHOD_" + re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).upper()
            self.assertEqual(pb.Method.Value(enum), int(row[0]))


class Statuses(unittest.TestCase):
    def expected(self, code, retry_after):
        """What the table says of a request that may be repeated."""
        for statuses, retry, repeated in STATUSES:
            if code.name in statuses.split(", ") and (retry == "any" or (retry == "0") == (not retry_after)):
                return repeated
        self.fail(f"{code.name} is not in the table")

    def test_the_policy_is_the_table(self):
        self.assertGreaterEqual(len(STATUSES), 4)
        for code, retry_after, repeatable, not_processed in itertools.product(
            Code, (0, 0.5), (False, True), (False, True)
        ):
            if code is Code.OK:
                continue
            error = ApusError(code, "", retry_after=retry_after or None, not_processed=not_processed)
            delay = repeat_delay(error, repeatable=repeatable, failures=2, random=1, backoff=Backoff())
            expected = self.expected(code, retry_after)
            self.assertIn(expected, ("yes", "no", "once"))
            # "once" takes a new credential, which the client's tests look at.
            may = expected == "yes" and (repeatable or not_processed)
            self.assertEqual(delay is not None, may, (code, retry_after, repeatable, not_processed))
            if delay is not None:
                self.assertGreaterEqual(delay, retry_after)

    def test_the_first_loss_is_repeated_at_once(self):
        def delay(failures, **details):
            error = ApusError(Code.UNAVAILABLE, "", **details)
            return repeat_delay(error, repeatable=True, failures=failures, random=1, backoff=Backoff(0.1, 1))

        self.assertEqual(delay(1), 0)
        self.assertEqual(delay(2), 0.2)
        self.assertEqual(delay(1, retry_after=0.7), 0.7)

    def test_backoff_doubles_up_to_its_bound_and_draws_from_the_upper_half(self):
        backoff = Backoff(0.1, 1)
        self.assertEqual(backoff.delay(1, 0), 0.05)
        self.assertEqual(backoff.delay(4, 1), 0.8)
        self.assertEqual(backoff.delay(5, 1), 1)
        self.assertEqual(backoff.delay(2**40, 1), 1)


if __name__ == "__main__":
    unittest.main()
