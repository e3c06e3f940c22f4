internal import SMSModel

/// Where a message stands; raw values are the protocol's names.
public enum MessageState: String, CaseIterable, Sendable {
    /// Durable, not yet queued; only seen in a timeline.
    case accepted = "ACCEPTED"
    /// Its send time has not come.
    case scheduled = "SCHEDULED"
    case queued = "QUEUED"
    /// A provider is being called.
    case submitting = "SUBMITTING"
    /// A provider has taken it; the receipt is awaited.
    case sent = "SENT"
    /// A provider may have taken it, but its answer was lost.
    case unknown = "UNKNOWN"
    case delivered = "DELIVERED"
    case undelivered = "UNDELIVERED"
    case failed = "FAILED"
    /// Its validity was over before it could be submitted.
    case expired = "EXPIRED"
    case canceled = "CANCELED"

    init(_ state: SMSModel.MessageState) {
        switch state {
        case .accepted: self = .accepted
        case .scheduled: self = .scheduled
        case .queued: self = .queued
        case .submitting: self = .submitting
        case .sent: self = .sent
        case .unknown: self = .unknown
        case .delivered: self = .delivered
        case .undelivered: self = .undelivered
        case .failed: self = .failed
        case .expired: self = .expired
        case .canceled: self = .canceled
        }
    }
}

/// How a body is encoded; raw values are the protocol's names.
public enum MessageEncoding: String, CaseIterable, Sendable {
    /// GSM 7-bit: up to 160 characters in one segment, 153 in each of several.
    case gsm7 = "GSM7"
    /// UCS-2: up to 70 UTF-16 units in one segment, 67 in each of several.
    case ucs2 = "UCS2"

    init(_ encoding: Encoding) {
        switch encoding {
        case .gsm7: self = .gsm7
        case .ucs2: self = .ucs2
        }
    }
}

extension MessagePriority {
    init(_ priority: Priority) {
        switch priority {
        case .urgent: self = .urgent
        case .normal: self = .normal
        case .bulk: self = .bulk
        }
    }
}

/// How many messages are in which state.
public struct StateCounts: Hashable, Sendable {
    private var counts: [MessageState: UInt64] = [:]

    init(_ states: [StateCount]) {
        for state in states { counts[MessageState(state.state)] = state.count }
    }

    public subscript(state: MessageState) -> UInt64 { counts[state] ?? 0 }

    /// States that some message is in, in the order of a message's life.
    public var present: [(state: MessageState, count: UInt64)] {
        MessageState.allCases.compactMap { state in
            let count = self[state]
            return count == 0 ? nil : (state, count)
        }
    }

    public var total: UInt64 { counts.values.reduce(0, +) }
}
