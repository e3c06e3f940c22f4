internal import ApusClient

/// What the exit code says.
enum ExitStatus: Int32 {
    case done = 0
    /// It will not work as asked.
    case refused = 1
    case usage = 2
    /// Unavailable or timed out: worth another try.
    case unavailable = 3
}

/// Why a command ends early: what happened and why, and what to do about it.
struct CommandFailure: Error {
    var status: ExitStatus
    var what: String
    var advice: String?

    init(_ status: ExitStatus, _ what: String, advice: String? = nil) {
        self.status = status
        self.what = what
        self.advice = advice
    }

    var text: String {
        advice.map { "\(what)\n  \($0)" } ?? what
    }
}

extension CommandFailure {
    init(_ error: ApusError) {
        var lines = ["\(error.message) (\(error.code))"]
        for violation in error.violations {
            let line = "\(violation.field): \(violation.description)"
            if violation.description != error.message, "\(violation.field) \(violation.description)" != error.message {
                lines.append("  " + line)
            }
        }
        if let quota = error.quota {
            lines.append("  The limit \(quota.limit) is \(quota.maximum) \(quota.unit).")
        }
        self.init(ExitStatus(error), lines.joined(separator: "\n"), advice: Self.advice(for: error))
    }

    private static func advice(for error: ApusError) -> String? {
        switch error.code {
        case .unavailable:
            if let wait = error.retryAfter { return "Try again in \(wait.formattedWait)." }
            return "Is the gateway running, and is this its address? Start one with `apusd dev`, or see `apus context`."
        case .deadlineExceeded:
            return "Try again, or allow more time with --timeout SECONDS. "
                + "A message may have been accepted: the same --idempotency-key or --batch sends nothing twice."
        case .unauthenticated:
            return "Give the key with --key, --key-file or APUS_KEY, or store it with `apus context set`."
        case .permissionDenied:
            return "Use a key that may do this."
        case .resourceExhausted:
            return error.retryAfter.map { "Try again in \($0.formattedWait)." }
        case .alreadyExists:
            return "Send another message under another --idempotency-key."
        case .unimplemented:
            return "The gateway is of another version: see `apus health`."
        default:
            return nil
        }
    }
}

extension ExitStatus {
    init(_ error: ApusError) {
        switch error.code {
        case .unavailable, .deadlineExceeded, .aborted, .cancelled: self = .unavailable
        case .resourceExhausted: self = error.retryAfter == nil ? .refused : .unavailable
        default: self = .refused
        }
    }
}
