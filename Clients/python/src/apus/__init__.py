"""A client of the Apus SMS gateway: ``Client`` blocks, ``AsyncClient`` is for asyncio."""
from . import apus_pb2 as pb
from . import methods
from .aio import AsyncClient, Credential
from .batches import BulkOptions, BulkRefusal, BulkReport
from .blocking import Client
from .errors import ApusError, Code, Quota, Violation
from .messages import EVERY_TENANT, BodyDisclosure, Encoding, Event, Message, OnUnknown, Priority, Recipient, State, Wait
from .methods import Method
from .repeating import Backoff

__all__ = [
    "ApusError",
    "AsyncClient",
    "Backoff",
    "BodyDisclosure",
    "BulkOptions",
    "BulkRefusal",
    "BulkReport",
    "Client",
    "Code",
    "Credential",
    "EVERY_TENANT",
    "Encoding",
    "Event",
    "Message",
    "Method",
    "OnUnknown",
    "Priority",
    "Quota",
    "Recipient",
    "State",
    "Violation",
    "Wait",
    "methods",
    "pb",
]
