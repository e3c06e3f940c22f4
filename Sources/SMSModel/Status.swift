/// All that is told about a message: the answer to Status. Times are milliseconds since the Unix epoch.
package struct MessageStatus: Hashable, Sendable {
    package var id: MessageID
    package var state: MessageState
    package var settled: Bool
    package var receiptOverdue: Bool
    package var segments: Int
    package var encoding: Encoding
    package var to: String
    package var sender: String
    package var priority: Priority
    /// Name of the provider that has or had it last; "" before the first attempt.
    package var provider: String
    package var providerID: String
    package var attempts: Int
    package var error: MessageFailure?
    package var timeline: [TimelineEvent]
    package var reference: String
    package var tags: [String]
    package var batch: BatchID?
    package var acceptedAt: Int64
    /// 0 = as soon as possible.
    package var sendAt: Int64
    package var expiresAt: Int64
    /// The generation of the configuration that it was accepted under; 0 = before there was one.
    package var generation: UInt32
    /// The fingerprint of what it asks for, by which a repeat is known; nil = not told.
    package var fingerprint: Fingerprint?
    /// Why it is not handed to a provider now; nil where it doesn't wait, or that is not told.
    package var waiting: WaitReason?
    /// The name of its tenant; "" = not told.
    package var tenant = ""
    /// What its tenant's budget is charged for it: at most so much before it is sent, then its price at the provider
    /// that took it, and nothing once it surely was not taken.
    package var price = Money(millionths: 0)
    package var body = MessageBody.untold
    /// The state's number in an answer of a later version, which this one doesn't know; ``state`` says nothing then.
    package var unknownState: Int32?
    /// The same of ``encoding``.
    package var unknownEncoding: Int32?
    /// The same of ``priority``.
    package var unknownPriority: Int32?

    package init(
        id: MessageID, state: MessageState, settled: Bool, receiptOverdue: Bool, segments: Int, encoding: Encoding,
        to: String, sender: String, priority: Priority, provider: String, providerID: String, attempts: Int,
        error: MessageFailure?, timeline: [TimelineEvent], reference: String, tags: [String], batch: BatchID?,
        acceptedAt: Int64, sendAt: Int64, expiresAt: Int64, generation: UInt32 = 0, fingerprint: Fingerprint? = nil
    ) {
        self.id = id
        self.state = state
        self.settled = settled
        self.receiptOverdue = receiptOverdue
        self.segments = segments
        self.encoding = encoding
        self.to = to
        self.sender = sender
        self.priority = priority
        self.provider = provider
        self.providerID = providerID
        self.attempts = attempts
        self.error = error
        self.timeline = timeline
        self.reference = reference
        self.tags = tags
        self.batch = batch
        self.acceptedAt = acceptedAt
        self.sendAt = sendAt
        self.expiresAt = expiresAt
        self.generation = generation
        self.fingerprint = fingerprint
    }
}

/// The text of a message, as far as an answer has it.
package enum MessageBody: Hashable, Sendable {
    /// The answer says nothing of it: a listing, or one about many messages.
    case untold
    case shown(String)
    /// The credential lacks the scope that shows texts.
    case withheld
    /// Retention has taken it away.
    case removed
}

/// Why a message was not delivered, or not yet: a code that programs can go by, and words.
package struct MessageFailure: Hashable, Sendable {
    package var code: String
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// One row of a message's timeline.
package struct TimelineEvent: Hashable, Sendable {
    /// Milliseconds since the Unix epoch.
    package var at: Int64
    package var event: EventKind
    /// The message's state after the event.
    package var state: MessageState
    /// 0 = before the first.
    package var attempt: Int
    package var provider: String
    package var detail: String
    /// The state's number in an answer of a later version, which this one doesn't know; ``state`` says nothing then.
    package var unknownState: Int32?
    /// The same of ``event``.
    package var unknownEvent: Int32?

    package init(
        at: Int64, event: EventKind, state: MessageState, attempt: Int = 0, provider: String = "", detail: String = ""
    ) {
        self.at = at
        self.event = event
        self.state = state
        self.attempt = attempt
        self.provider = provider
        self.detail = detail
    }
}

package struct StateCount: Hashable, Sendable {
    package var state: MessageState
    package var count: UInt64
    /// The state's number in an answer of a later version, which this one doesn't know; ``state`` says nothing then.
    package var unknownState: Int32?

    package init(state: MessageState, count: UInt64) {
        self.state = state
        self.count = count
    }
}

/// A batch and its messages by state.
package struct BatchStatus: Hashable, Sendable {
    package var id: BatchID
    package var name: String
    package var messages: UInt64
    package var settled: UInt64
    package var states: [StateCount]
    package var canceled: Bool
    package var paused: Bool
    /// Milliseconds since the Unix epoch.
    package var createdAt: Int64
    /// The name of its tenant; "" = not told.
    package var tenant = ""

    package init(
        id: BatchID, name: String, messages: UInt64, settled: UInt64, states: [StateCount], canceled: Bool,
        paused: Bool, createdAt: Int64
    ) {
        self.id = id
        self.name = name
        self.messages = messages
        self.settled = settled
        self.states = states
        self.canceled = canceled
        self.paused = paused
        self.createdAt = createdAt
    }
}

/// What the sandbox provider was sent.
package struct SandboxRecord: Hashable, Sendable {
    /// Milliseconds since the Unix epoch.
    package var at: Int64
    package var id: MessageID
    package var attempt: Int
    package var to: String
    package var sender: String
    package var body: String
    package var segments: Int
    package var encoding: Encoding
    package var providerID: String
    /// The outcome it answered: accepted, rejected, throttled, unavailable or unknown.
    package var outcome: String
    /// The number of ``encoding`` in an answer of a later version, which this one doesn't know.
    package var unknownEncoding: Int32?

    package init(
        at: Int64, id: MessageID, attempt: Int, to: String, sender: String, body: String, segments: Int,
        encoding: Encoding, providerID: String, outcome: String
    ) {
        self.at = at
        self.id = id
        self.attempt = attempt
        self.to = to
        self.sender = sender
        self.body = body
        self.segments = segments
        self.encoding = encoding
        self.providerID = providerID
        self.outcome = outcome
    }
}
