public import FoundationEssentials
package import SMSModel

/// Why a call did not do as asked.
///
/// Every call of ``GatewayClient`` throws this and nothing else, but for what a caller's own sequence throws.
public struct ApusError: Error, Sendable {
    /// A status code of gRPC's, by number and name; a later version of the gateway may answer others.
    public struct Code: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
        public let rawValue: UInt16

        public init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// The task that called was cancelled, or the call was.
        public static let cancelled = Code(rawValue: 1)
        public static let unknown = Code(rawValue: 2)
        /// A field is wrong: ``ApusError/violations`` says which.
        public static let invalidArgument = Code(rawValue: 3)
        /// No answer in time. The message may have been accepted all the same.
        public static let deadlineExceeded = Code(rawValue: 4)
        public static let notFound = Code(rawValue: 5)
        /// The idempotency key belongs to a message of another content.
        public static let alreadyExists = Code(rawValue: 6)
        public static let permissionDenied = Code(rawValue: 7)
        /// A limit was met: ``ApusError/quota`` may say which.
        public static let resourceExhausted = Code(rawValue: 8)
        public static let failedPrecondition = Code(rawValue: 9)
        public static let aborted = Code(rawValue: 10)
        public static let outOfRange = Code(rawValue: 11)
        public static let unimplemented = Code(rawValue: 12)
        public static let `internal` = Code(rawValue: 13)
        /// The gateway cannot be reached, or cannot take it now.
        public static let unavailable = Code(rawValue: 14)
        public static let dataLoss = Code(rawValue: 15)
        public static let unauthenticated = Code(rawValue: 16)

        /// gRPC's name, such as `INVALID_ARGUMENT`.
        public var description: String {
            StatusCode(rawValue: rawValue)?.name ?? "CODE_\(rawValue)"
        }
    }

    /// One field that is wrong, and why.
    public struct Violation: Hashable, Codable, Sendable {
        /// The field as in the protocol's message, such as `to` or `tags[3]`.
        public var field: String
        public var description: String

        public init(field: String, description: String) {
            self.field = field
            self.description = description
        }
    }

    /// A limit that was met.
    public struct Quota: Hashable, Sendable {
        public var limit: String
        public var maximum: UInt64
        public var unit: String
    }

    public var code: Code
    public var message: String
    public var violations: [Violation]
    /// How long the gateway asks to wait before another try.
    public var retryAfter: Duration?
    public var quota: Quota?
    /// Surely nothing was done: safe to repeat, here or elsewhere.
    public var notProcessed: Bool
    /// What lies beneath, such as the socket's error.
    public var cause: (any Error)?

    public init(
        _ code: Code, _ message: String, violations: [Violation] = [], retryAfter: Duration? = nil,
        quota: Quota? = nil, notProcessed: Bool = false, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.violations = violations
        self.retryAfter = retryAfter
        self.quota = quota
        self.notProcessed = notProcessed
        self.cause = cause
    }
}

extension ApusError: LocalizedError {
    public var errorDescription: String? { description }
}

extension ApusError: CustomStringConvertible {
    public var description: String {
        let fields = violations.map { "; \($0.field): \($0.description)" }.joined()
        return "\(code): \(message)\(fields)"
    }
}

extension ApusError {
    package init(_ error: GatewayError) {
        self.init(
            Code(rawValue: error.code.rawValue), error.message,
            violations: error.violations.map(Violation.init),
            retryAfter: error.retryAfterMilliseconds == 0
                ? nil : .milliseconds(Int64(clamping: error.retryAfterMilliseconds)),
            quota: error.quota.map { Quota(limit: $0.limit, maximum: $0.maximum, unit: $0.unit) },
            notProcessed: error.notProcessed)
    }
}

extension ApusError.Violation {
    init(_ violation: FieldViolation) {
        self.init(field: violation.field, description: violation.description)
    }
}
