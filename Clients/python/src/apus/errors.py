"""What a call fails with."""
from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from . import apus_pb2 as pb


class Code(IntEnum):
    """A status code: gRPC's numbers and names."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @classmethod
    def _missing_(cls, value: object) -> Code:
        """Takes a code that this version doesn't know as UNKNOWN, as the specification says."""
        return cls.UNKNOWN


@dataclass(frozen=True)
class Violation:
    """A field that is wrong, named as in the request's message, such as ``tags[3]``, and why."""

    field: str
    description: str


@dataclass(frozen=True)
class Quota:
    """A limit that was met."""

    limit: str
    maximum: int
    unit: str


class ApusError(Exception):
    """Why a call did not do as asked.

    ``retry_after`` is the time in seconds that the gateway asks to wait before another try, None where it names none.
    ``not_processed`` means that surely nothing was done: the call may be repeated, here or elsewhere.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
        quota: Quota | None = None,
        not_processed: bool = False,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.violations = violations
        self.retry_after = retry_after
        self.quota = quota
        self.not_processed = not_processed

    def __str__(self) -> str:
        fields = "".join(f"; {v.field}: {v.description}" for v in self.violations)
        return f"{self.code.name}: {self.message}{fields}"

    @classmethod
    def from_response(cls, status: int, metadata: bytes) -> ApusError:
        """Reads a RESPONSE whose status isn't OK."""
        code = Code(status)
        details = pb.ResponseMetadata()
        try:
            details.ParseFromString(metadata)
        except Exception:
            return cls(code, "the error's details could not be read")
        quota = details.quota
        return cls(
            code,
            details.message,
            violations=tuple(Violation(v.field, v.description) for v in details.violations),
            retry_after=details.retry_after_ms / 1000 if details.retry_after_ms else None,
            quota=Quota(quota.limit, quota.maximum, quota.unit) if details.HasField("quota") else None,
            not_processed=details.not_processed,
        )


def invalid_field(field: str, description: str) -> ApusError:
    """An error of a value that can't be put into a request."""
    return ApusError(
        Code.INVALID_ARGUMENT,
        f"{field} {description}",
        violations=(Violation(field, description),),
        not_processed=True,
    )
