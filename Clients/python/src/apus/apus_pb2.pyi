from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

BODY_DISCLOSURE_REMOVED: BodyDisclosure
BODY_DISCLOSURE_SHOWN: BodyDisclosure
BODY_DISCLOSURE_UNSPECIFIED: BodyDisclosure
BODY_DISCLOSURE_WITHHELD: BodyDisclosure
CIRCUIT_CLOSED: Circuit
CIRCUIT_HALF_OPEN: Circuit
CIRCUIT_OPEN: Circuit
CIRCUIT_UNSPECIFIED: Circuit
DESCRIPTOR: _descriptor.FileDescriptor
ENCODING_GSM7: Encoding
ENCODING_UCS2: Encoding
ENCODING_UNSPECIFIED: Encoding
EVENT_ACCEPTED: Event
EVENT_ATTEMPT_UNDELIVERED: Event
EVENT_CANCELED: Event
EVENT_DELIVERED: Event
EVENT_EXPIRED: Event
EVENT_FAILED: Event
EVENT_IDENTIFIED: Event
EVENT_INTERRUPTED: Event
EVENT_OUTCOME_UNKNOWN: Event
EVENT_PART_DELIVERED: Event
EVENT_PRICED: Event
EVENT_QUEUED: Event
EVENT_RECEIPT_IGNORED: Event
EVENT_RECEIPT_OVERDUE: Event
EVENT_REJECTED: Event
EVENT_RESENT: Event
EVENT_RESTORED: Event
EVENT_RETURNED: Event
EVENT_SCHEDULED: Event
EVENT_SENT: Event
EVENT_SETTLED: Event
EVENT_SMART_ENCODED: Event
EVENT_SUBMITTING: Event
EVENT_THROTTLED: Event
EVENT_UNAVAILABLE: Event
EVENT_UNDELIVERED: Event
EVENT_UNSPECIFIED: Event
EXPLAIN_OUTCOME_LATER: ExplainOutcome
EXPLAIN_OUTCOME_NOW: ExplainOutcome
EXPLAIN_OUTCOME_REFUSED: ExplainOutcome
EXPLAIN_OUTCOME_UNSPECIFIED: ExplainOutcome
METHOD_AUDIT: Method
METHOD_BATCH_LIST: Method
METHOD_BULK: Method
METHOD_CANCEL: Method
METHOD_CONFIG_APPLY: Method
METHOD_CONFIG_HISTORY: Method
METHOD_CONFIG_ROLLBACK: Method
METHOD_CONFIG_SHOW: Method
METHOD_DESCRIBE: Method
METHOD_EXPLAIN: Method
METHOD_HEALTH: Method
METHOD_INBOUND: Method
METHOD_KEY_CREATE: Method
METHOD_KEY_LIST: Method
METHOD_KEY_REVOKE: Method
METHOD_LIST: Method
METHOD_NULL: Method
METHOD_PAUSE: Method
METHOD_PROVIDER_TEST: Method
METHOD_RESUME: Method
METHOD_SANDBOX: Method
METHOD_SANDBOX_RECEIVE: Method
METHOD_SEND: Method
METHOD_STATS: Method
METHOD_STATUS: Method
METHOD_SUPPRESS: Method
METHOD_SUPPRESSIONS: Method
METHOD_UNKNOWN_LIST: Method
METHOD_UNKNOWN_RESEND: Method
METHOD_UNKNOWN_SETTLE: Method
METHOD_UNSPECIFIED: Method
METHOD_UNSUPPRESS: Method
METHOD_USAGE: Method
METHOD_WATCH: Method
ON_UNKNOWN_HOLD: OnUnknown
ON_UNKNOWN_RESEND: OnUnknown
ON_UNKNOWN_UNSPECIFIED: OnUnknown
PRIORITY_BULK: Priority
PRIORITY_NORMAL: Priority
PRIORITY_UNSPECIFIED: Priority
PRIORITY_URGENT: Priority
PROVIDER_CONDITION_DISABLED: ProviderCondition
PROVIDER_CONDITION_DISCONNECTED: ProviderCondition
PROVIDER_CONDITION_FAILING: ProviderCondition
PROVIDER_CONDITION_PAUSED: ProviderCondition
PROVIDER_CONDITION_READY: ProviderCondition
PROVIDER_CONDITION_UNSPECIFIED: ProviderCondition
PROVIDER_TEST_RESULT_INCONCLUSIVE: ProviderTestResult
PROVIDER_TEST_RESULT_PASSED: ProviderTestResult
PROVIDER_TEST_RESULT_REFUSED: ProviderTestResult
PROVIDER_TEST_RESULT_UNSPECIFIED: ProviderTestResult
SMART_ENCODING_OFF: SmartEncoding
SMART_ENCODING_ON: SmartEncoding
SMART_ENCODING_UNSPECIFIED: SmartEncoding
STATE_ACCEPTED: State
STATE_CANCELED: State
STATE_DELIVERED: State
STATE_EXPIRED: State
STATE_FAILED: State
STATE_QUEUED: State
STATE_SCHEDULED: State
STATE_SENT: State
STATE_SUBMITTING: State
STATE_UNDELIVERED: State
STATE_UNKNOWN: State
STATE_UNSPECIFIED: State
SUPPRESSION_ORIGIN_CARRIER: SuppressionOrigin
SUPPRESSION_ORIGIN_IMPORT: SuppressionOrigin
SUPPRESSION_ORIGIN_KEYWORD: SuppressionOrigin
SUPPRESSION_ORIGIN_OPERATOR: SuppressionOrigin
SUPPRESSION_ORIGIN_UNSPECIFIED: SuppressionOrigin
WAIT_BACKING_OFF: Wait
WAIT_NO_ROUTE: Wait
WAIT_PAUSED: Wait
WAIT_PROVIDERS_BUSY: Wait
WAIT_PROVIDERS_DOWN: Wait
WAIT_RECOVERING: Wait
WAIT_SCHEDULED: Wait
WAIT_SENDER_THROTTLED: Wait
WAIT_STORE: Wait
WAIT_TURN: Wait
WAIT_UNSPECIFIED: Wait

class AuditEntry(_message.Message):
    __slots__ = ["actor", "after", "at_ms", "before", "id", "note", "peer", "subject", "verb"]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    actor: str
    after: str
    at_ms: int
    before: str
    id: int
    note: str
    peer: str
    subject: str
    verb: str
    def __init__(self, id: _Optional[int] = ..., at_ms: _Optional[int] = ..., actor: _Optional[str] = ..., peer: _Optional[str] = ..., verb: _Optional[str] = ..., subject: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AuditRequest(_message.Message):
    __slots__ = ["before", "limit"]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    before: int
    limit: int
    def __init__(self, limit: _Optional[int] = ..., before: _Optional[int] = ...) -> None: ...

class AuditResponse(_message.Message):
    __slots__ = ["entries"]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[AuditEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[AuditEntry, _Mapping]]] = ...) -> None: ...

class BatchListRequest(_message.Message):
    __slots__ = ["cursor", "limit", "tenant"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    limit: int
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class BatchListResponse(_message.Message):
    __slots__ = ["batches", "cursor"]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[BatchStatus]
    cursor: bytes
    def __init__(self, batches: _Optional[_Iterable[_Union[BatchStatus, _Mapping]]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class BatchStatus(_message.Message):
    __slots__ = ["canceled", "created_at_ms", "id", "messages", "name", "paused", "settled", "states", "tenant"]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    canceled: bool
    created_at_ms: int
    id: int
    messages: int
    name: str
    paused: bool
    settled: int
    states: _containers.RepeatedCompositeFieldContainer[StateCount]
    tenant: str
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., messages: _Optional[int] = ..., settled: _Optional[int] = ..., states: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ..., canceled: bool = ..., paused: bool = ..., created_at_ms: _Optional[int] = ..., tenant: _Optional[str] = ...) -> None: ...

class BulkRequest(_message.Message):
    __slots__ = ["batch", "dry_run", "first_index", "messages", "template"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    batch: str
    dry_run: bool
    first_index: int
    messages: _containers.RepeatedCompositeFieldContainer[SendRequest]
    template: BulkTemplate
    def __init__(self, batch: _Optional[str] = ..., first_index: _Optional[int] = ..., messages: _Optional[_Iterable[_Union[SendRequest, _Mapping]]] = ..., template: _Optional[_Union[BulkTemplate, _Mapping]] = ..., dry_run: bool = ...) -> None: ...

class BulkResponse(_message.Message):
    __slots__ = ["accepted", "batch_id", "dry_run", "duplicate_items", "duplicates", "ids", "refusals", "refused"]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    batch_id: int
    dry_run: DryRunResult
    duplicate_items: _containers.RepeatedScalarFieldContainer[int]
    duplicates: int
    ids: _containers.RepeatedScalarFieldContainer[int]
    refusals: _containers.RepeatedCompositeFieldContainer[Refusal]
    refused: int
    def __init__(self, batch_id: _Optional[int] = ..., accepted: _Optional[int] = ..., duplicates: _Optional[int] = ..., refused: _Optional[int] = ..., ids: _Optional[_Iterable[int]] = ..., duplicate_items: _Optional[_Iterable[int]] = ..., refusals: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., dry_run: _Optional[_Union[DryRunResult, _Mapping]] = ...) -> None: ...

class BulkTemplate(_message.Message):
    __slots__ = ["message", "recipients"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    message: SendRequest
    recipients: _containers.RepeatedCompositeFieldContainer[Recipient]
    def __init__(self, message: _Optional[_Union[SendRequest, _Mapping]] = ..., recipients: _Optional[_Iterable[_Union[Recipient, _Mapping]]] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ["batch", "batch_id", "ids", "tenant"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    batch: str
    batch_id: int
    ids: _containers.RepeatedScalarFieldContainer[int]
    tenant: str
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., batch: _Optional[str] = ..., batch_id: _Optional[int] = ..., tenant: _Optional[str] = ...) -> None: ...

class CancelResponse(_message.Message):
    __slots__ = ["canceled", "may_have_been_sent", "not_found", "results", "too_late"]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    MAY_HAVE_BEEN_SENT_FIELD_NUMBER: _ClassVar[int]
    NOT_FOUND_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    TOO_LATE_FIELD_NUMBER: _ClassVar[int]
    canceled: int
    may_have_been_sent: int
    not_found: int
    results: _containers.RepeatedCompositeFieldContainer[CancelResult]
    too_late: int
    def __init__(self, results: _Optional[_Iterable[_Union[CancelResult, _Mapping]]] = ..., canceled: _Optional[int] = ..., too_late: _Optional[int] = ..., not_found: _Optional[int] = ..., may_have_been_sent: _Optional[int] = ...) -> None: ...

class CancelResult(_message.Message):
    __slots__ = ["canceled", "id", "may_have_been_sent", "state"]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    MAY_HAVE_BEEN_SENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    canceled: bool
    id: int
    may_have_been_sent: bool
    state: State
    def __init__(self, id: _Optional[int] = ..., canceled: bool = ..., state: _Optional[_Union[State, str]] = ..., may_have_been_sent: bool = ...) -> None: ...

class ClientHello(_message.Message):
    __slots__ = ["credential", "max_frame_bytes", "user_agent", "versions"]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    credential: str
    max_frame_bytes: int
    user_agent: str
    versions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, versions: _Optional[_Iterable[int]] = ..., user_agent: _Optional[str] = ..., credential: _Optional[str] = ..., max_frame_bytes: _Optional[int] = ...) -> None: ...

class ConfigApplyRequest(_message.Message):
    __slots__ = ["document", "dry_run", "if_generation", "note", "partial", "remove"]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    IF_GENERATION_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    document: str
    dry_run: bool
    if_generation: int
    note: str
    partial: bool
    remove: bool
    def __init__(self, document: _Optional[str] = ..., partial: bool = ..., dry_run: bool = ..., if_generation: _Optional[int] = ..., note: _Optional[str] = ..., remove: bool = ...) -> None: ...

class ConfigApplyResponse(_message.Message):
    __slots__ = ["changes", "generation"]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[ConfigChange]
    generation: int
    def __init__(self, generation: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[ConfigChange, _Mapping]]] = ...) -> None: ...

class ConfigChange(_message.Message):
    __slots__ = ["after", "before", "kind", "name"]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    after: str
    before: str
    kind: str
    name: str
    def __init__(self, kind: _Optional[str] = ..., name: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class ConfigHistoryRequest(_message.Message):
    __slots__ = ["before", "limit"]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    before: int
    limit: int
    def __init__(self, limit: _Optional[int] = ..., before: _Optional[int] = ...) -> None: ...

class ConfigHistoryResponse(_message.Message):
    __slots__ = ["generations"]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    generations: _containers.RepeatedCompositeFieldContainer[Generation]
    def __init__(self, generations: _Optional[_Iterable[_Union[Generation, _Mapping]]] = ...) -> None: ...

class ConfigRollbackRequest(_message.Message):
    __slots__ = ["dry_run", "note", "to_generation"]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TO_GENERATION_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    note: str
    to_generation: int
    def __init__(self, to_generation: _Optional[int] = ..., dry_run: bool = ..., note: _Optional[str] = ...) -> None: ...

class ConfigShowRequest(_message.Message):
    __slots__ = ["generation", "kind", "name"]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    generation: int
    kind: str
    name: str
    def __init__(self, generation: _Optional[int] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ConfigShowResponse(_message.Message):
    __slots__ = ["document", "generation"]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    document: str
    generation: int
    def __init__(self, generation: _Optional[int] = ..., document: _Optional[str] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ["count"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ["with_descriptor_set"]
    WITH_DESCRIPTOR_SET_FIELD_NUMBER: _ClassVar[int]
    with_descriptor_set: bool
    def __init__(self, with_descriptor_set: bool = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ["descriptor_set", "limits", "methods", "scopes", "server_agent", "server_id", "tenant", "versions"]
    DESCRIPTOR_SET_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    SERVER_AGENT_FIELD_NUMBER: _ClassVar[int]
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    descriptor_set: bytes
    limits: _containers.RepeatedCompositeFieldContainer[Limit]
    methods: _containers.RepeatedCompositeFieldContainer[MethodDescription]
    scopes: _containers.RepeatedScalarFieldContainer[str]
    server_agent: str
    server_id: str
    tenant: str
    versions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, server_agent: _Optional[str] = ..., server_id: _Optional[str] = ..., versions: _Optional[_Iterable[int]] = ..., methods: _Optional[_Iterable[_Union[MethodDescription, _Mapping]]] = ..., limits: _Optional[_Iterable[_Union[Limit, _Mapping]]] = ..., tenant: _Optional[str] = ..., descriptor_set: _Optional[bytes] = ..., scopes: _Optional[_Iterable[str]] = ...) -> None: ...

class DryRunResult(_message.Message):
    __slots__ = ["replaced", "segments", "ucs2", "ucs2_items"]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    UCS2_FIELD_NUMBER: _ClassVar[int]
    UCS2_ITEMS_FIELD_NUMBER: _ClassVar[int]
    replaced: int
    segments: int
    ucs2: int
    ucs2_items: _containers.RepeatedCompositeFieldContainer[Ucs2Item]
    def __init__(self, segments: _Optional[int] = ..., ucs2: _Optional[int] = ..., replaced: _Optional[int] = ..., ucs2_items: _Optional[_Iterable[_Union[Ucs2Item, _Mapping]]] = ...) -> None: ...

class ExplainRefusal(_message.Message):
    __slots__ = ["description", "field", "limit", "retry_after_ms"]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    description: str
    field: str
    limit: str
    retry_after_ms: int
    def __init__(self, field: _Optional[str] = ..., limit: _Optional[str] = ..., description: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ["characters", "encoding", "expires_at_ms", "generation", "on_unknown", "outcome", "policy", "price", "priority", "provider", "providers", "reason", "refusals", "replaced", "reserve", "routes", "segment_price", "segments", "send_at_ms", "sender", "sender_rule", "ucs2", "units"]
    CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    ON_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_PRICE_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    SENDER_RULE_FIELD_NUMBER: _ClassVar[int]
    SEND_AT_MS_FIELD_NUMBER: _ClassVar[int]
    UCS2_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    characters: int
    encoding: Encoding
    expires_at_ms: int
    generation: int
    on_unknown: OnUnknown
    outcome: ExplainOutcome
    policy: str
    price: int
    priority: Priority
    provider: str
    providers: _containers.RepeatedCompositeFieldContainer[ExplainedProvider]
    reason: str
    refusals: _containers.RepeatedCompositeFieldContainer[ExplainRefusal]
    replaced: str
    reserve: int
    routes: _containers.RepeatedCompositeFieldContainer[ExplainedRoute]
    segment_price: int
    segments: int
    send_at_ms: int
    sender: str
    sender_rule: str
    ucs2: Ucs2Cause
    units: int
    def __init__(self, outcome: _Optional[_Union[ExplainOutcome, str]] = ..., reason: _Optional[str] = ..., refusals: _Optional[_Iterable[_Union[ExplainRefusal, _Mapping]]] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., segments: _Optional[int] = ..., characters: _Optional[int] = ..., units: _Optional[int] = ..., sender: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., on_unknown: _Optional[_Union[OnUnknown, str]] = ..., send_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ..., routes: _Optional[_Iterable[_Union[ExplainedRoute, _Mapping]]] = ..., policy: _Optional[str] = ..., providers: _Optional[_Iterable[_Union[ExplainedProvider, _Mapping]]] = ..., provider: _Optional[str] = ..., segment_price: _Optional[int] = ..., price: _Optional[int] = ..., reserve: _Optional[int] = ..., generation: _Optional[int] = ..., ucs2: _Optional[_Union[Ucs2Cause, _Mapping]] = ..., replaced: _Optional[str] = ..., sender_rule: _Optional[str] = ...) -> None: ...

class ExplainedProvider(_message.Message):
    __slots__ = ["chosen", "kind", "latency_ms", "name", "segment_price", "text", "verdict", "weight"]
    CHOSEN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_PRICE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    chosen: bool
    kind: str
    latency_ms: int
    name: str
    segment_price: int
    text: str
    verdict: str
    weight: int
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., verdict: _Optional[str] = ..., text: _Optional[str] = ..., chosen: bool = ..., segment_price: _Optional[int] = ..., weight: _Optional[int] = ..., latency_ms: _Optional[int] = ...) -> None: ...

class ExplainedRoute(_message.Message):
    __slots__ = ["name", "text", "verdict"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    verdict: str
    def __init__(self, name: _Optional[str] = ..., verdict: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ["code", "message"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class FieldViolation(_message.Message):
    __slots__ = ["description", "field"]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    description: str
    field: str
    def __init__(self, field: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class Generation(_message.Message):
    __slots__ = ["actor", "at_ms", "changes", "note", "number", "peer"]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    actor: str
    at_ms: int
    changes: _containers.RepeatedCompositeFieldContainer[ConfigChange]
    note: str
    number: int
    peer: str
    def __init__(self, number: _Optional[int] = ..., at_ms: _Optional[int] = ..., actor: _Optional[str] = ..., peer: _Optional[str] = ..., note: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[ConfigChange, _Mapping]]] = ...) -> None: ...

class GoAway(_message.Message):
    __slots__ = ["last_call_id", "message", "status"]
    LAST_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    last_call_id: int
    message: str
    status: int
    def __init__(self, status: _Optional[int] = ..., message: _Optional[str] = ..., last_call_id: _Optional[int] = ...) -> None: ...

class HealthCheck(_message.Message):
    __slots__ = ["detail", "name", "ok", "warning"]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    detail: str
    name: str
    ok: bool
    warning: bool
    def __init__(self, name: _Optional[str] = ..., ok: bool = ..., detail: _Optional[str] = ..., warning: bool = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class HealthResponse(_message.Message):
    __slots__ = ["accepting", "checks", "degraded", "dispatching", "now_ms", "providers"]
    ACCEPTING_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    DISPATCHING_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    accepting: bool
    checks: _containers.RepeatedCompositeFieldContainer[HealthCheck]
    degraded: bool
    dispatching: bool
    now_ms: int
    providers: _containers.RepeatedCompositeFieldContainer[ProviderStats]
    def __init__(self, accepting: bool = ..., dispatching: bool = ..., checks: _Optional[_Iterable[_Union[HealthCheck, _Mapping]]] = ..., degraded: bool = ..., providers: _Optional[_Iterable[_Union[ProviderStats, _Mapping]]] = ..., now_ms: _Optional[int] = ...) -> None: ...

class InboundMedia(_message.Message):
    __slots__ = ["content_type", "url"]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    url: str
    def __init__(self, url: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class InboundMessage(_message.Message):
    __slots__ = ["at_ms", "body", "id", "media", "provider", "provider_id", "to"]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    body: str
    id: int
    media: _containers.RepeatedCompositeFieldContainer[InboundMedia]
    provider: str
    provider_id: str
    to: str
    def __init__(self, id: _Optional[int] = ..., at_ms: _Optional[int] = ..., provider: _Optional[str] = ..., provider_id: _Optional[str] = ..., to: _Optional[str] = ..., body: _Optional[str] = ..., media: _Optional[_Iterable[_Union[InboundMedia, _Mapping]]] = ..., **kwargs) -> None: ...

class InboundRequest(_message.Message):
    __slots__ = ["cursor", "limit", "tenant"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    limit: int
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class InboundResponse(_message.Message):
    __slots__ = ["cursor", "messages"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    messages: _containers.RepeatedCompositeFieldContainer[InboundMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[InboundMessage, _Mapping]]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class KeyCreateRequest(_message.Message):
    __slots__ = ["lifetime_ms", "note", "scopes", "tenant"]
    LIFETIME_MS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    lifetime_ms: int
    note: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ..., lifetime_ms: _Optional[int] = ...) -> None: ...

class KeyCreateResponse(_message.Message):
    __slots__ = ["key", "secret"]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    key: KeyDescription
    secret: str
    def __init__(self, key: _Optional[_Union[KeyDescription, _Mapping]] = ..., secret: _Optional[str] = ...) -> None: ...

class KeyDescription(_message.Message):
    __slots__ = ["created_at_ms", "expires_at_ms", "id", "last_used_at_ms", "note", "revoked_at_ms", "scopes", "tenant"]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    created_at_ms: int
    expires_at_ms: int
    id: str
    last_used_at_ms: int
    note: str
    revoked_at_ms: int
    scopes: _containers.RepeatedScalarFieldContainer[str]
    tenant: str
    def __init__(self, id: _Optional[str] = ..., tenant: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ..., created_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ..., revoked_at_ms: _Optional[int] = ..., last_used_at_ms: _Optional[int] = ...) -> None: ...

class KeyListRequest(_message.Message):
    __slots__ = ["cursor", "limit", "tenant"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    limit: int
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class KeyListResponse(_message.Message):
    __slots__ = ["cursor", "keys"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    keys: _containers.RepeatedCompositeFieldContainer[KeyDescription]
    def __init__(self, keys: _Optional[_Iterable[_Union[KeyDescription, _Mapping]]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class KeyRevokeRequest(_message.Message):
    __slots__ = ["id"]
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class KeyRevokeResponse(_message.Message):
    __slots__ = ["key"]
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: KeyDescription
    def __init__(self, key: _Optional[_Union[KeyDescription, _Mapping]] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ["maximum", "name", "unit"]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    maximum: int
    name: str
    unit: str
    def __init__(self, name: _Optional[str] = ..., maximum: _Optional[int] = ..., unit: _Optional[str] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ["batch", "batch_id", "cursor", "error_code", "from_ms", "limit", "oldest_first", "provider", "reference", "sender", "states", "tag", "tenant", "to", "until_ms"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    batch: str
    batch_id: int
    cursor: bytes
    error_code: str
    from_ms: int
    limit: int
    oldest_first: bool
    provider: str
    reference: str
    sender: str
    states: _containers.RepeatedScalarFieldContainer[State]
    tag: str
    tenant: str
    to: str
    until_ms: int
    def __init__(self, states: _Optional[_Iterable[_Union[State, str]]] = ..., from_ms: _Optional[int] = ..., until_ms: _Optional[int] = ..., to: _Optional[str] = ..., batch: _Optional[str] = ..., batch_id: _Optional[int] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ..., oldest_first: bool = ..., tenant: _Optional[str] = ..., reference: _Optional[str] = ..., tag: _Optional[str] = ..., sender: _Optional[str] = ..., provider: _Optional[str] = ..., error_code: _Optional[str] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ["cursor", "messages"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    messages: _containers.RepeatedCompositeFieldContainer[MessageStatus]
    def __init__(self, messages: _Optional[_Iterable[_Union[MessageStatus, _Mapping]]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class MessageStatus(_message.Message):
    __slots__ = ["accepted_at_ms", "attempts", "batch_id", "body", "body_disclosure", "content_high", "content_low", "encoding", "error", "expires_at_ms", "generation", "id", "price", "priority", "provider", "provider_id", "receipt_overdue", "reference", "segments", "send_at_ms", "sender", "settled", "state", "tags", "tenant", "timeline", "to", "waiting"]
    ACCEPTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_DISCLOSURE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HIGH_FIELD_NUMBER: _ClassVar[int]
    CONTENT_LOW_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    SEND_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    accepted_at_ms: int
    attempts: int
    batch_id: int
    body: str
    body_disclosure: BodyDisclosure
    content_high: int
    content_low: int
    encoding: Encoding
    error: Failure
    expires_at_ms: int
    generation: int
    id: int
    price: int
    priority: Priority
    provider: str
    provider_id: str
    receipt_overdue: bool
    reference: str
    segments: int
    send_at_ms: int
    sender: str
    settled: bool
    state: State
    tags: _containers.RepeatedScalarFieldContainer[str]
    tenant: str
    timeline: _containers.RepeatedCompositeFieldContainer[TimelineEvent]
    to: str
    waiting: WaitReason
    def __init__(self, id: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ..., settled: bool = ..., segments: _Optional[int] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., to: _Optional[str] = ..., sender: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., provider: _Optional[str] = ..., provider_id: _Optional[str] = ..., attempts: _Optional[int] = ..., error: _Optional[_Union[Failure, _Mapping]] = ..., timeline: _Optional[_Iterable[_Union[TimelineEvent, _Mapping]]] = ..., reference: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., batch_id: _Optional[int] = ..., accepted_at_ms: _Optional[int] = ..., send_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ..., receipt_overdue: bool = ..., generation: _Optional[int] = ..., content_high: _Optional[int] = ..., content_low: _Optional[int] = ..., waiting: _Optional[_Union[WaitReason, _Mapping]] = ..., tenant: _Optional[str] = ..., price: _Optional[int] = ..., body: _Optional[str] = ..., body_disclosure: _Optional[_Union[BodyDisclosure, str]] = ...) -> None: ...

class MethodDescription(_message.Message):
    __slots__ = ["name", "number"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    def __init__(self, number: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class PauseRequest(_message.Message):
    __slots__ = ["batch", "batch_id", "provider", "tenant"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    batch: str
    batch_id: int
    provider: str
    tenant: str
    def __init__(self, provider: _Optional[str] = ..., batch: _Optional[str] = ..., batch_id: _Optional[int] = ..., tenant: _Optional[str] = ...) -> None: ...

class PauseResponse(_message.Message):
    __slots__ = ["paused"]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    paused: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, paused: _Optional[_Iterable[str]] = ...) -> None: ...

class ProviderStats(_message.Message):
    __slots__ = ["accepted", "circuit", "condition", "condition_detail", "condition_since_ms", "in_flight", "in_flight_bound", "kind", "last_error", "last_error_at_ms", "latency_ms", "name", "oldest_waiting_ms", "paused", "rate", "rejected", "submitted", "throttled", "unavailable", "unknown", "waiting", "waiting_only"]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    CONDITION_DETAIL_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    CONDITION_SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_BOUND_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OLDEST_WAITING_MS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    WAITING_ONLY_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    circuit: Circuit
    condition: ProviderCondition
    condition_detail: str
    condition_since_ms: int
    in_flight: int
    in_flight_bound: int
    kind: str
    last_error: Failure
    last_error_at_ms: int
    latency_ms: int
    name: str
    oldest_waiting_ms: int
    paused: bool
    rate: float
    rejected: int
    submitted: int
    throttled: int
    unavailable: int
    unknown: int
    waiting: int
    waiting_only: int
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., submitted: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., throttled: _Optional[int] = ..., unavailable: _Optional[int] = ..., unknown: _Optional[int] = ..., in_flight: _Optional[int] = ..., paused: bool = ..., circuit: _Optional[_Union[Circuit, str]] = ..., in_flight_bound: _Optional[int] = ..., rate: _Optional[float] = ..., latency_ms: _Optional[int] = ..., condition: _Optional[_Union[ProviderCondition, str]] = ..., condition_detail: _Optional[str] = ..., condition_since_ms: _Optional[int] = ..., last_error: _Optional[_Union[Failure, _Mapping]] = ..., last_error_at_ms: _Optional[int] = ..., waiting: _Optional[int] = ..., waiting_only: _Optional[int] = ..., oldest_waiting_ms: _Optional[int] = ...) -> None: ...

class ProviderTestRequest(_message.Message):
    __slots__ = ["name"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ProviderTestResponse(_message.Message):
    __slots__ = ["code", "detail", "result"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    result: ProviderTestResult
    def __init__(self, result: _Optional[_Union[ProviderTestResult, str]] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Quota(_message.Message):
    __slots__ = ["limit", "maximum", "unit"]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    limit: str
    maximum: int
    unit: str
    def __init__(self, limit: _Optional[str] = ..., maximum: _Optional[int] = ..., unit: _Optional[str] = ...) -> None: ...

class Recipient(_message.Message):
    __slots__ = ["to", "variables"]
    TO_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    to: str
    variables: _containers.RepeatedCompositeFieldContainer[Variable]
    def __init__(self, to: _Optional[str] = ..., variables: _Optional[_Iterable[_Union[Variable, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ["item", "message", "status", "violations"]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    item: int
    message: str
    status: int
    violations: _containers.RepeatedCompositeFieldContainer[FieldViolation]
    def __init__(self, item: _Optional[int] = ..., status: _Optional[int] = ..., message: _Optional[str] = ..., violations: _Optional[_Iterable[_Union[FieldViolation, _Mapping]]] = ...) -> None: ...

class RequestMetadata(_message.Message):
    __slots__ = ["attempt", "authorization", "idempotency_key", "initial_credit", "request_id", "timeout_ms", "traceparent"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZATION_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    INITIAL_CREDIT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    authorization: str
    idempotency_key: bytes
    initial_credit: int
    request_id: str
    timeout_ms: int
    traceparent: str
    def __init__(self, timeout_ms: _Optional[int] = ..., authorization: _Optional[str] = ..., idempotency_key: _Optional[bytes] = ..., request_id: _Optional[str] = ..., traceparent: _Optional[str] = ..., attempt: _Optional[int] = ..., initial_credit: _Optional[int] = ...) -> None: ...

class ResponseMetadata(_message.Message):
    __slots__ = ["message", "not_processed", "quota", "retry_after_ms", "violations"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NOT_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    message: str
    not_processed: bool
    quota: Quota
    retry_after_ms: int
    violations: _containers.RepeatedCompositeFieldContainer[FieldViolation]
    def __init__(self, message: _Optional[str] = ..., retry_after_ms: _Optional[int] = ..., violations: _Optional[_Iterable[_Union[FieldViolation, _Mapping]]] = ..., quota: _Optional[_Union[Quota, _Mapping]] = ..., not_processed: bool = ...) -> None: ...

class SandboxReceiveRequest(_message.Message):
    __slots__ = ["body", "media", "part_number", "part_reference", "part_total", "provider", "provider_id", "to"]
    BODY_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    PART_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PART_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PART_TOTAL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    body: str
    media: _containers.RepeatedCompositeFieldContainer[InboundMedia]
    part_number: int
    part_reference: str
    part_total: int
    provider: str
    provider_id: str
    to: str
    def __init__(self, provider: _Optional[str] = ..., provider_id: _Optional[str] = ..., to: _Optional[str] = ..., body: _Optional[str] = ..., media: _Optional[_Iterable[_Union[InboundMedia, _Mapping]]] = ..., part_reference: _Optional[str] = ..., part_total: _Optional[int] = ..., part_number: _Optional[int] = ..., **kwargs) -> None: ...

class SandboxReceiveResponse(_message.Message):
    __slots__ = ["provider"]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    provider: str
    def __init__(self, provider: _Optional[str] = ...) -> None: ...

class SandboxRecord(_message.Message):
    __slots__ = ["at_ms", "attempt", "body", "encoding", "id", "outcome", "provider_id", "segments", "sender", "to"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    attempt: int
    body: str
    encoding: Encoding
    id: int
    outcome: str
    provider_id: str
    segments: int
    sender: str
    to: str
    def __init__(self, at_ms: _Optional[int] = ..., id: _Optional[int] = ..., attempt: _Optional[int] = ..., to: _Optional[str] = ..., sender: _Optional[str] = ..., body: _Optional[str] = ..., segments: _Optional[int] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., provider_id: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class SandboxRequest(_message.Message):
    __slots__ = ["limit", "to"]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    limit: int
    to: str
    def __init__(self, limit: _Optional[int] = ..., to: _Optional[str] = ...) -> None: ...

class SandboxResponse(_message.Message):
    __slots__ = ["records", "total"]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[SandboxRecord]
    total: int
    def __init__(self, records: _Optional[_Iterable[_Union[SandboxRecord, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class SendRequest(_message.Message):
    __slots__ = ["body", "max_segments", "on_unknown", "priority", "reference", "send_at_ms", "sender", "smart_encoding", "tags", "to", "validity_ms"]
    BODY_FIELD_NUMBER: _ClassVar[int]
    MAX_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    ON_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    SEND_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SMART_ENCODING_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_MS_FIELD_NUMBER: _ClassVar[int]
    body: str
    max_segments: int
    on_unknown: OnUnknown
    priority: Priority
    reference: str
    send_at_ms: int
    sender: str
    smart_encoding: SmartEncoding
    tags: _containers.RepeatedScalarFieldContainer[str]
    to: str
    validity_ms: int
    def __init__(self, to: _Optional[str] = ..., sender: _Optional[str] = ..., body: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., send_at_ms: _Optional[int] = ..., validity_ms: _Optional[int] = ..., reference: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., max_segments: _Optional[int] = ..., on_unknown: _Optional[_Union[OnUnknown, str]] = ..., smart_encoding: _Optional[_Union[SmartEncoding, str]] = ...) -> None: ...

class SendResponse(_message.Message):
    __slots__ = ["duplicate", "encoding", "id", "replaced", "segments", "state", "ucs2"]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    UCS2_FIELD_NUMBER: _ClassVar[int]
    duplicate: bool
    encoding: Encoding
    id: int
    replaced: int
    segments: int
    state: State
    ucs2: Ucs2Cause
    def __init__(self, id: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ..., duplicate: bool = ..., segments: _Optional[int] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., ucs2: _Optional[_Union[Ucs2Cause, _Mapping]] = ..., replaced: _Optional[int] = ...) -> None: ...

class ServerHello(_message.Message):
    __slots__ = ["keepalive_ms", "max_calls_in_flight", "max_frame_bytes", "max_streams_in_flight", "server_agent", "server_id", "version"]
    KEEPALIVE_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_CALLS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_STREAMS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    SERVER_AGENT_FIELD_NUMBER: _ClassVar[int]
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    keepalive_ms: int
    max_calls_in_flight: int
    max_frame_bytes: int
    max_streams_in_flight: int
    server_agent: str
    server_id: str
    version: int
    def __init__(self, version: _Optional[int] = ..., server_id: _Optional[str] = ..., server_agent: _Optional[str] = ..., max_frame_bytes: _Optional[int] = ..., max_calls_in_flight: _Optional[int] = ..., max_streams_in_flight: _Optional[int] = ..., keepalive_ms: _Optional[int] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ["count", "state"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    count: int
    state: State
    def __init__(self, state: _Optional[_Union[State, str]] = ..., count: _Optional[int] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ["tenant"]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    def __init__(self, tenant: _Optional[str] = ...) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ["commits", "committed_operations", "connections", "cpu_us", "in_flight", "paused", "providers", "resident_bytes", "states", "uptime_ms", "waiting_bulk", "waiting_later", "waiting_normal", "waiting_urgent"]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    CPU_US_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    UPTIME_MS_FIELD_NUMBER: _ClassVar[int]
    WAITING_BULK_FIELD_NUMBER: _ClassVar[int]
    WAITING_LATER_FIELD_NUMBER: _ClassVar[int]
    WAITING_NORMAL_FIELD_NUMBER: _ClassVar[int]
    WAITING_URGENT_FIELD_NUMBER: _ClassVar[int]
    commits: int
    committed_operations: int
    connections: int
    cpu_us: int
    in_flight: int
    paused: _containers.RepeatedScalarFieldContainer[str]
    providers: _containers.RepeatedCompositeFieldContainer[ProviderStats]
    resident_bytes: int
    states: _containers.RepeatedCompositeFieldContainer[StateCount]
    uptime_ms: int
    waiting_bulk: int
    waiting_later: int
    waiting_normal: int
    waiting_urgent: int
    def __init__(self, states: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ..., waiting_urgent: _Optional[int] = ..., waiting_normal: _Optional[int] = ..., waiting_bulk: _Optional[int] = ..., waiting_later: _Optional[int] = ..., in_flight: _Optional[int] = ..., uptime_ms: _Optional[int] = ..., cpu_us: _Optional[int] = ..., resident_bytes: _Optional[int] = ..., connections: _Optional[int] = ..., commits: _Optional[int] = ..., committed_operations: _Optional[int] = ..., providers: _Optional[_Iterable[_Union[ProviderStats, _Mapping]]] = ..., paused: _Optional[_Iterable[str]] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ["batch", "batch_id", "ids", "provider_id", "reference", "tenant"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    batch: str
    batch_id: int
    ids: _containers.RepeatedScalarFieldContainer[int]
    provider_id: str
    reference: str
    tenant: str
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., batch: _Optional[str] = ..., batch_id: _Optional[int] = ..., reference: _Optional[str] = ..., provider_id: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class StatusResponse(_message.Message):
    __slots__ = ["batch", "messages", "not_found"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NOT_FOUND_FIELD_NUMBER: _ClassVar[int]
    batch: BatchStatus
    messages: _containers.RepeatedCompositeFieldContainer[MessageStatus]
    not_found: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, messages: _Optional[_Iterable[_Union[MessageStatus, _Mapping]]] = ..., not_found: _Optional[_Iterable[int]] = ..., batch: _Optional[_Union[BatchStatus, _Mapping]] = ...) -> None: ...

class SuppressRequest(_message.Message):
    __slots__ = ["numbers", "origin", "reason", "tenant"]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    numbers: _containers.RepeatedScalarFieldContainer[str]
    origin: SuppressionOrigin
    reason: str
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., numbers: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., origin: _Optional[_Union[SuppressionOrigin, str]] = ...) -> None: ...

class SuppressResponse(_message.Message):
    __slots__ = ["changed"]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: int
    def __init__(self, changed: _Optional[int] = ...) -> None: ...

class Suppression(_message.Message):
    __slots__ = ["at_ms", "entries", "number", "reason"]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    entries: _containers.RepeatedCompositeFieldContainer[SuppressionEntry]
    number: str
    reason: str
    def __init__(self, number: _Optional[str] = ..., at_ms: _Optional[int] = ..., reason: _Optional[str] = ..., entries: _Optional[_Iterable[_Union[SuppressionEntry, _Mapping]]] = ...) -> None: ...

class SuppressionEntry(_message.Message):
    __slots__ = ["at_ms", "origin", "provider", "reason", "to"]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    origin: SuppressionOrigin
    provider: str
    reason: str
    to: str
    def __init__(self, origin: _Optional[_Union[SuppressionOrigin, str]] = ..., to: _Optional[str] = ..., provider: _Optional[str] = ..., at_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class SuppressionsRequest(_message.Message):
    __slots__ = ["at_carriers", "cursor", "limit", "number", "tenant"]
    AT_CARRIERS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    at_carriers: bool
    cursor: bytes
    limit: int
    number: str
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., number: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ..., at_carriers: bool = ...) -> None: ...

class SuppressionsResponse(_message.Message):
    __slots__ = ["cursor", "entries", "total"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    entries: _containers.RepeatedCompositeFieldContainer[Suppression]
    total: int
    def __init__(self, entries: _Optional[_Iterable[_Union[Suppression, _Mapping]]] = ..., cursor: _Optional[bytes] = ..., total: _Optional[int] = ...) -> None: ...

class TenantUsage(_message.Message):
    __slots__ = ["cost_per_month", "cost_this_month", "opted_out_at_carriers", "segments_per_day", "segments_today", "tenant", "waiting_maximum", "waiting_messages"]
    COST_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    COST_THIS_MONTH_FIELD_NUMBER: _ClassVar[int]
    OPTED_OUT_AT_CARRIERS_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_TODAY_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    WAITING_MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    WAITING_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    cost_per_month: int
    cost_this_month: int
    opted_out_at_carriers: int
    segments_per_day: int
    segments_today: int
    tenant: str
    waiting_maximum: int
    waiting_messages: int
    def __init__(self, tenant: _Optional[str] = ..., segments_today: _Optional[int] = ..., segments_per_day: _Optional[int] = ..., cost_this_month: _Optional[int] = ..., cost_per_month: _Optional[int] = ..., waiting_messages: _Optional[int] = ..., waiting_maximum: _Optional[int] = ..., opted_out_at_carriers: _Optional[int] = ...) -> None: ...

class TimelineEvent(_message.Message):
    __slots__ = ["at_ms", "attempt", "detail", "event", "provider", "state"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    attempt: int
    detail: str
    event: Event
    provider: str
    state: State
    def __init__(self, at_ms: _Optional[int] = ..., event: _Optional[_Union[Event, str]] = ..., state: _Optional[_Union[State, str]] = ..., attempt: _Optional[int] = ..., provider: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Ucs2Cause(_message.Message):
    __slots__ = ["code_point", "count", "position", "replaceable", "segments_without"]
    CODE_POINT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    REPLACEABLE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_WITHOUT_FIELD_NUMBER: _ClassVar[int]
    code_point: int
    count: int
    position: int
    replaceable: bool
    segments_without: int
    def __init__(self, code_point: _Optional[int] = ..., position: _Optional[int] = ..., count: _Optional[int] = ..., segments_without: _Optional[int] = ..., replaceable: bool = ...) -> None: ...

class Ucs2Item(_message.Message):
    __slots__ = ["cause", "item", "segments"]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    cause: Ucs2Cause
    item: int
    segments: int
    def __init__(self, item: _Optional[int] = ..., segments: _Optional[int] = ..., cause: _Optional[_Union[Ucs2Cause, _Mapping]] = ...) -> None: ...

class UnknownActResponse(_message.Message):
    __slots__ = ["results"]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[UnknownResult]
    def __init__(self, results: _Optional[_Iterable[_Union[UnknownResult, _Mapping]]] = ...) -> None: ...

class UnknownListRequest(_message.Message):
    __slots__ = ["cursor", "limit", "oldest_first", "provider", "tenant"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    limit: int
    oldest_first: bool
    provider: str
    tenant: str
    def __init__(self, tenant: _Optional[str] = ..., provider: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ..., oldest_first: bool = ...) -> None: ...

class UnknownListResponse(_message.Message):
    __slots__ = ["cursor", "messages"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    messages: _containers.RepeatedCompositeFieldContainer[UnknownMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[UnknownMessage, _Mapping]]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class UnknownMessage(_message.Message):
    __slots__ = ["message", "since_ms", "tenant"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    message: MessageStatus
    since_ms: int
    tenant: str
    def __init__(self, message: _Optional[_Union[MessageStatus, _Mapping]] = ..., since_ms: _Optional[int] = ..., tenant: _Optional[str] = ...) -> None: ...

class UnknownResendRequest(_message.Message):
    __slots__ = ["ids", "note"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    note: str
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ...) -> None: ...

class UnknownResult(_message.Message):
    __slots__ = ["done", "id", "reason", "state"]
    DONE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    done: bool
    id: int
    reason: str
    state: State
    def __init__(self, id: _Optional[int] = ..., done: bool = ..., state: _Optional[_Union[State, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class UnknownSettleRequest(_message.Message):
    __slots__ = ["ids", "note", "state"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    note: str
    state: State
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., state: _Optional[_Union[State, str]] = ..., note: _Optional[str] = ...) -> None: ...

class UsageRequest(_message.Message):
    __slots__ = ["tenant"]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    def __init__(self, tenant: _Optional[str] = ...) -> None: ...

class UsageResponse(_message.Message):
    __slots__ = ["tenants"]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    tenants: _containers.RepeatedCompositeFieldContainer[TenantUsage]
    def __init__(self, tenants: _Optional[_Iterable[_Union[TenantUsage, _Mapping]]] = ...) -> None: ...

class Variable(_message.Message):
    __slots__ = ["name", "value"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class WaitReason(_message.Message):
    __slots__ = ["detail", "kind", "until_ms"]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    detail: str
    kind: Wait
    until_ms: int
    def __init__(self, kind: _Optional[_Union[Wait, str]] = ..., detail: _Optional[str] = ..., until_ms: _Optional[int] = ...) -> None: ...

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Event(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class OnUnknown(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class SmartEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class ExplainOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Wait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class BodyDisclosure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class ProviderCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Circuit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class SuppressionOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class ProviderTestResult(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
