/// gRPC's status codes, by number and name.
package enum StatusCode: UInt16, CaseIterable, Sendable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    /// The name in text and JSON, as gRPC writes it.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

/// One field that is wrong, and why.
package struct FieldViolation: Hashable, Sendable {
    /// The field as in the request's message, e.g. `to`, `tags[3]`, `idempotency_key`.
    package var field: String
    package var description: String

    package init(field: String, description: String) {
        self.field = field
        self.description = description
    }
}

/// Which limit was met.
package struct QuotaDetail: Hashable, Sendable {
    package var limit: String
    package var maximum: UInt64
    package var unit: String

    package init(limit: String, maximum: UInt64, unit: String) {
        self.limit = limit
        self.maximum = maximum
        self.unit = unit
    }
}

/// A refusal as a caller sees it.
package struct GatewayError: Error, Hashable, Sendable {
    package var code: StatusCode
    package var message: String
    package var violations: [FieldViolation] = []
    package var retryAfterMilliseconds: UInt64 = 0
    package var quota: QuotaDetail?
    /// Surely nothing was done: safe to repeat, here or elsewhere.
    package var notProcessed = false

    package init(
        _ code: StatusCode, _ message: String, violations: [FieldViolation] = [], retryAfterMilliseconds: UInt64 = 0,
        quota: QuotaDetail? = nil, notProcessed: Bool = false
    ) {
        self.code = code
        self.message = message
        self.violations = violations
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.quota = quota
        self.notProcessed = notProcessed
    }
}
