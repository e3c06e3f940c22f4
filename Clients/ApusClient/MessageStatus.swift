public import FoundationEssentials
internal import RPCWire
package import SMSModel

/// The answer to a Send: the message is durable.
public struct SendReceipt: Hashable, Codable, Sendable {
    public var id: MessageID
    public var state: MessageState
    /// The same idempotency key had been used: `id` is that of the message sent then.
    public var duplicate: Bool
    /// SMS that the body takes.
    public var segments: Int
    public var encoding: MessageEncoding
    /// Why the body is UCS-2; nil if it is not, and of a duplicate that was sent otherwise than it would be now.
    public var ucs2: UCS2Cause?
    /// Characters that smart encoding replaced.
    public var replaced: Int

    init(_ response: SendResponse) {
        id = MessageID(response.id)
        state = MessageState(response.state, number: response.unknownState)
        duplicate = response.duplicate
        segments = Int(response.segments)
        encoding = MessageEncoding(response.encoding, number: response.unknownEncoding)
        ucs2 = response.ucs2.map(UCS2Cause.init)
        replaced = Int(response.replaced)
    }
}

/// Why a body is sent as UCS-2, in which an SMS holds 70 characters instead of 160, and what it would take without.
public struct UCS2Cause: Hashable, Sendable {
    /// The first character that GSM-7 doesn't have.
    public var character: Unicode.Scalar
    /// Its place in the body, in Unicode scalars, counted from 1.
    public var position: Int
    /// How many characters GSM-7 doesn't have.
    public var count: Int
    /// SMS that the body would take with those characters replaced as smart encoding does it, and left out where it
    /// has nothing for one; 0 = nothing would be left.
    public var segmentsWithout: Int
    /// Whether smart encoding can replace all of them.
    public var isReplaceable: Bool

    init(_ cause: SMSModel.UCS2Cause) {
        character = Unicode.Scalar(cause.scalar) ?? "\u{FFFD}"
        position = cause.position
        count = cause.count
        segmentsWithout = cause.segmentsWithout
        isReplaceable = cause.isReplaceable
    }
}

/// All that the gateway tells about a message.
public struct MessageStatus: Hashable, Codable, Sendable {
    public var id: MessageID
    public var state: MessageState
    /// Nothing is awaited any more; a late receipt may still change the state.
    public var settled: Bool
    /// No receipt came within the receipt deadline.
    public var receiptOverdue: Bool
    public var segments: Int
    public var encoding: MessageEncoding
    public var to: String
    public var sender: String
    public var priority: MessagePriority
    /// The provider that has or had it last; "" before the first attempt.
    public var provider: String
    public var providerID: String
    public var attempts: Int
    /// Why it was not delivered, or not yet.
    public var error: MessageFailure?
    /// Oldest first; empty when left out.
    public var timeline: [TimelineEvent]
    public var reference: String
    public var tags: [String]
    public var batchID: MessageID?
    public var acceptedAt: Date
    /// nil = as soon as possible.
    public var sendAt: Date?
    /// It is not submitted from then on.
    public var expiresAt: Date
    /// The generation of the configuration that it was accepted under; 0 = before there was one.
    public var generation: UInt32
    /// Why it is not handed to a provider now; nil where it doesn't wait, or that is not told.
    public var waiting: WaitReason?
    /// The name of its tenant; "" if the gateway doesn't tell.
    public var tenant: String
    /// What its tenant's budget is charged for it, in millionths of the currency: at most so much before it is sent,
    /// then its price at the provider that took it; 0 once it surely was not taken.
    public var price: Int64
    /// nil where nothing is said of it: in listings, and in answers about more than 100 messages.
    public var body: MessageBody?
    /// The fingerprint of what the message asks for, by which the gateway knows a repeat; nil if it doesn't tell.
    package var fingerprint: Fingerprint?

    /// All but the fingerprint, which is no part of what programs see.
    private enum CodingKeys: String, CodingKey {
        case id, state, settled, receiptOverdue, segments, encoding, to, sender, priority, provider, providerID,
            attempts
        case error, timeline, reference, tags, batchID, acceptedAt, sendAt, expiresAt, generation, waiting, tenant,
            price, body
    }

    package init(_ status: SMSModel.MessageStatus) {
        id = MessageID(status.id)
        state = MessageState(status.state, number: status.unknownState)
        settled = status.settled
        receiptOverdue = status.receiptOverdue
        segments = status.segments
        encoding = MessageEncoding(status.encoding, number: status.unknownEncoding)
        to = status.to
        sender = status.sender
        priority = MessagePriority(status.priority, number: status.unknownPriority)
        provider = status.provider
        providerID = status.providerID
        attempts = status.attempts
        error = status.error.map { MessageFailure(code: $0.code, message: $0.message) }
        timeline = status.timeline.map(TimelineEvent.init)
        reference = status.reference
        tags = status.tags
        batchID = status.batch.map(MessageID.init)
        acceptedAt = Date(milliseconds: status.acceptedAt)
        sendAt = status.sendAt == 0 ? nil : Date(milliseconds: status.sendAt)
        expiresAt = Date(milliseconds: status.expiresAt)
        generation = status.generation
        waiting = status.waiting.map(WaitReason.init)
        tenant = status.tenant
        price = status.price.millionths
        body = MessageBody(status.body)
        fingerprint = status.fingerprint
    }
}

/// The text of a message, or why it is not shown.
public enum MessageBody: Hashable, Codable, Sendable {
    case shown(String)
    /// The credential lacks the scope `messages:text`.
    case withheld
    /// The tenant's retention has taken it away.
    case removed

    init?(_ body: SMSModel.MessageBody) {
        switch body {
        case .untold: return nil
        case .shown(let text): self = .shown(text)
        case .withheld: self = .withheld
        case .removed: self = .removed
        }
    }
}

/// A code that programs can go by, and words.
public struct MessageFailure: Hashable, Codable, Sendable {
    public var code: String
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// One step of a message's life.
public struct TimelineEvent: Hashable, Codable, Sendable {
    /// To the millisecond.
    public var at: Date
    public var event: Kind
    /// The message's state after it.
    public var state: MessageState
    /// 0 = before the first.
    public var attempt: Int
    public var provider: String
    public var detail: String

    init(_ event: SMSModel.TimelineEvent) {
        at = Date(milliseconds: event.at)
        self.event = Kind(event.event, number: event.unknownEvent)
        state = MessageState(event.state, number: event.unknownState)
        attempt = event.attempt
        provider = event.provider
        detail = event.detail
    }
}

/// A batch, and its messages by state.
public struct BatchStatus: Hashable, Codable, Sendable {
    public var id: MessageID
    public var name: String
    public var messages: UInt64
    /// Messages of which nothing is awaited any more.
    public var settled: UInt64
    public var states: StateCounts
    public var canceled: Bool
    public var paused: Bool
    public var createdAt: Date
    /// The name of its tenant; "" if the gateway doesn't tell.
    public var tenant: String

    public var isSettled: Bool { settled >= messages }

    init(_ status: SMSModel.BatchStatus) {
        id = MessageID(status.id)
        name = status.name
        messages = status.messages
        settled = status.settled
        states = StateCounts(status.states)
        canceled = status.canceled
        paused = status.paused
        createdAt = Date(milliseconds: status.createdAt)
        tenant = status.tenant
    }
}

extension Date {
    /// - Parameter milliseconds: since the Unix epoch.
    package init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
