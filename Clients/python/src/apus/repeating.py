"""When a call that failed is repeated: the table of Protos/README.md, "Repeating"."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .errors import ApusError, Code


class Repeat(Enum):
    """Whether a second run of a method's request has no effect that the first had not."""

    YES = "yes"
    WITH_KEY = "with a key"
    WITH_PROVIDER_ID = "with a provider_id"
    DRY_RUN = "a dry run"
    NO = "no"


@dataclass(frozen=True)
class Backoff:
    """The time between tries, in seconds.

    It doubles from ``first`` to ``longest``, and each is drawn from its upper half, so that many clients don't come
    back at the same moment.
    """

    first: float = 0.05
    longest: float = 5.0

    def delay(self, failures: int, random: float) -> float:
        """The time to wait after this many failures in a row, from 1; ``random`` is from 0 to 1."""
        whole = min(self.first * 2.0 ** min(max(failures - 1, 0), 30), self.longest)
        return whole / 2 + whole / 2 * random


def repeat_delay(
    error: ApusError, *, repeatable: bool, failures: int, random: float, backoff: Backoff
) -> float | None:
    """How long to wait before the next try, in seconds; None = the failure stands.

    ``failures`` counts the tries that failed, this one included.
    """
    if not (repeatable or error.not_processed):
        return None
    asked = error.retry_after or 0.0
    if error.code is Code.UNAVAILABLE:
        # A connection that ended is made again at once: that the gateway left does not say that it is busy.
        if not asked and failures == 1:
            return 0.0
        return max(asked, backoff.delay(failures, random))
    if error.code is Code.RESOURCE_EXHAUSTED and asked:
        return asked + backoff.delay(failures, random)
    return None
