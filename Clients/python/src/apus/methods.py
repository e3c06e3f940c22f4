"""The methods of the protocol: number, messages, and whether a request may be repeated."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message as ProtobufMessage

from . import apus_pb2 as pb
from .repeating import Repeat

Request = TypeVar("Request", bound=ProtobufMessage)
Response = TypeVar("Response", bound=ProtobufMessage)


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """A method, as ``Client.call`` takes it."""

    number: int
    name: str
    request: type[Request]
    response: type[Response]
    repeat: Repeat = Repeat.YES

    def is_repeatable(self, request: Request, key: bytes) -> bool:
        """Whether a second run of this request has no effect that the first had not."""
        if self.repeat is Repeat.WITH_KEY:
            return bool(key)
        if self.repeat is Repeat.WITH_PROVIDER_ID:
            return bool(getattr(request, "provider_id"))
        if self.repeat is Repeat.DRY_RUN:
            return bool(getattr(request, "dry_run"))
        return self.repeat is Repeat.YES


SEND = Method(1, "Send", pb.SendRequest, pb.SendResponse, Repeat.WITH_KEY)
BULK = Method(2, "Bulk", pb.BulkRequest, pb.BulkResponse)
STATUS = Method(3, "Status", pb.StatusRequest, pb.StatusResponse)
STATS = Method(4, "Stats", pb.StatsRequest, pb.StatsResponse)
CANCEL = Method(5, "Cancel", pb.CancelRequest, pb.CancelResponse)
EXPLAIN = Method(7, "Explain", pb.SendRequest, pb.ExplainResponse)
LIST = Method(8, "List", pb.ListRequest, pb.ListResponse)
SUPPRESS = Method(9, "Suppress", pb.SuppressRequest, pb.SuppressResponse)
UNSUPPRESS = Method(10, "Unsuppress", pb.SuppressRequest, pb.SuppressResponse, Repeat.NO)
SUPPRESSIONS = Method(11, "Suppressions", pb.SuppressionsRequest, pb.SuppressionsResponse)
USAGE = Method(12, "Usage", pb.UsageRequest, pb.UsageResponse)
INBOUND = Method(13, "Inbound", pb.InboundRequest, pb.InboundResponse)
BATCH_LIST = Method(14, "BatchList", pb.BatchListRequest, pb.BatchListResponse)
UNKNOWN_LIST = Method(24, "UnknownList", pb.UnknownListRequest, pb.UnknownListResponse)
UNKNOWN_RESEND = Method(25, "UnknownResend", pb.UnknownResendRequest, pb.UnknownActResponse, Repeat.NO)
UNKNOWN_SETTLE = Method(26, "UnknownSettle", pb.UnknownSettleRequest, pb.UnknownActResponse, Repeat.NO)
PAUSE = Method(27, "Pause", pb.PauseRequest, pb.PauseResponse, Repeat.NO)
RESUME = Method(28, "Resume", pb.PauseRequest, pb.PauseResponse, Repeat.NO)
SANDBOX = Method(29, "Sandbox", pb.SandboxRequest, pb.SandboxResponse)
SANDBOX_RECEIVE = Method(
    30, "SandboxReceive", pb.SandboxReceiveRequest, pb.SandboxReceiveResponse, Repeat.WITH_PROVIDER_ID
)
CONFIG_SHOW = Method(32, "ConfigShow", pb.ConfigShowRequest, pb.ConfigShowResponse)
CONFIG_APPLY = Method(33, "ConfigApply", pb.ConfigApplyRequest, pb.ConfigApplyResponse, Repeat.DRY_RUN)
CONFIG_ROLLBACK = Method(34, "ConfigRollback", pb.ConfigRollbackRequest, pb.ConfigApplyResponse, Repeat.DRY_RUN)
CONFIG_HISTORY = Method(35, "ConfigHistory", pb.ConfigHistoryRequest, pb.ConfigHistoryResponse)
KEY_LIST = Method(36, "KeyList", pb.KeyListRequest, pb.KeyListResponse)
KEY_CREATE = Method(37, "KeyCreate", pb.KeyCreateRequest, pb.KeyCreateResponse, Repeat.NO)
KEY_REVOKE = Method(38, "KeyRevoke", pb.KeyRevokeRequest, pb.KeyRevokeResponse)
AUDIT = Method(39, "Audit", pb.AuditRequest, pb.AuditResponse)
PROVIDER_TEST = Method(40, "ProviderTest", pb.ProviderTestRequest, pb.ProviderTestResponse)
HEALTH = Method(64, "Health", pb.HealthRequest, pb.HealthResponse)
DESCRIBE = Method(65, "Describe", pb.DescribeRequest, pb.DescribeResponse)
NULL = Method(66, "Null", pb.SendRequest, pb.SendResponse)
