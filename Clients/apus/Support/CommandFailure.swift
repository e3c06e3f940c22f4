internal import ApusClient

/// What the exit code says.
enum ExitStatus: Int32 {
    case done = 0
    /// It will not work as asked.
    case refused = 1
    case usage = 2
    /// Unavailable or timed out: worth another try.
    case unavailable = 3
    /// All was done as asked, but a message was settled without being delivered.
    case undelivered = 4
    /// The gateway takes messages, but some of them don't go.
    case degraded = 5
}

/// Why a command ends early: what happened and why, and what to do about it.
struct CommandFailure: Error {
    var status: ExitStatus
    var what: String
    var advice: String?
    /// The gateway's answer, where it was one.
    var error: ApusError?
    /// More that programs are told.
    var members: [(String, JSONOutput)] = []

    init(_ status: ExitStatus, _ what: String, advice: String? = nil) {
        self.status = status
        self.what = what
        self.advice = advice
    }

    var text: String {
        advice.map { "\(what)\n  \($0)" } ?? what
    }

    /// The same for programs: one object with the member `error`.
    var json: JSONOutput {
        let code = error?.code.description ?? status.name
        let details: [(String, JSONOutput)] = [
            ("code", .string(code)), ("message", .string(error?.message ?? what)),
            ("advice", advice.map(JSONOutput.string) ?? .null), ("violations", (error?.violations ?? []).json),
            ("retry_after_ms", error?.retryAfter.map { .integer($0.milliseconds) } ?? .null),
            ("exit_code", .integer(Int64(status.rawValue))),
        ]
        return .object([("error", .object(details + members))])
    }
}

extension [ApusError.Violation] {
    var json: JSONOutput {
        .array(map { .object([("field", .string($0.field)), ("description", .string($0.description))]) })
    }
}

extension CommandFailure {
    init(_ error: ApusError) {
        var lines = ["\(error.message.onOneLine) (\(error.code))"]
        for violation in error.violations {
            let line = "\(violation.field): \(violation.description)"
            if violation.description != error.message, "\(violation.field) \(violation.description)" != error.message {
                lines.append("  " + line.onOneLine)
            }
        }
        if let quota = error.quota {
            lines.append("  The limit \(quota.limit.onOneLine) is \(quota.maximum) \(quota.unit.onOneLine).")
        }
        self.init(ExitStatus(error), lines.joined(separator: "\n"), advice: Self.advice(for: error))
        self.error = error
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

    /// Messages that are settled, but were not delivered; nil if there are none.
    init?(undelivered messages: [MessageStatus]) {
        let lost = messages.filter { $0.settled && $0.state.isUndelivered }
        guard !lost.isEmpty else { return nil }
        self.init(
            .undelivered,
            messages.count == 1 ? "the message was not delivered" : "\(counted(lost.count, "message")) not delivered",
            advice: "See why with `apus timeline \(lost[0].id)`.")
        members = [("ids", .array(lost.prefix(1000).map { .string($0.id.description) }))]
    }

    init?(undelivered batch: BatchStatus) {
        let lost = MessageState.allCases.filter(\.isUndelivered)
        let count = lost.reduce(0) { $0 + batch.states[$1] }
        guard count > 0 else { return nil }
        let states = lost.map { "--state \($0.rawValue.lowercased())" }.joined(separator: " ")
        self.init(
            .undelivered, "\(counted(count, "message")) not delivered",
            advice: "See which with `apus list --batch \(batch.name) \(states) --limit 0`.")
    }
}

extension MessageState {
    /// Whether a message that is settled in this state did not reach its recipient, although nobody took it back.
    var isUndelivered: Bool { self == .undelivered || self == .failed || self == .expired }
}

extension ExitStatus {
    init(_ error: ApusError) {
        switch error.code {
        case .unavailable, .deadlineExceeded, .aborted, .cancelled: self = .unavailable
        case .resourceExhausted: self = error.retryAfter == nil ? .refused : .unavailable
        default: self = .refused
        }
    }

    /// A code for programs, where the gateway has given none.
    var name: String {
        switch self {
        case .done: "OK"
        case .refused: "REFUSED"
        case .usage: "USAGE"
        case .unavailable: "UNAVAILABLE"
        case .undelivered: "UNDELIVERED"
        case .degraded: "DEGRADED"
        }
    }
}
