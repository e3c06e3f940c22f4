package import SMSModel

/// A carrier, or a stand-in for one: takes messages and says what became of each.
///
/// The gateway hands over messages by the burst, each already durable as `submitting` and holding one of
/// the provider's slots. Every submission is answered exactly once, in any order, through the events given
/// to ``start(events:)``; a receipt may come at any time, even before the answer. While the provider's
/// ``link`` is down it is handed nothing.
package protocol SMSProvider: AnyObject, Sendable {
    /// Unique in a gateway; 1 to 32 of `a-z 0-9 -`.
    var name: String { get }
    /// What sort of provider it is, e.g. `sandbox`.
    var kind: String { get }
    /// Whether it can be asked what became of messages: a ``MessageLookUp`` comes with it.
    var canBeAsked: Bool { get }
    /// Whether messages can be handed over now. Any thread may ask; each change is followed by
    /// ``ProviderEvents/linkChanged()``.
    var link: LinkState { get }

    /// Called once, before the first submission.
    func start(events: any ProviderEvents)

    /// Takes a burst. Never blocks and never calls back before it returns.
    func submit(_ batch: Submissions)

    /// Stops taking work: what was surely not begun is answered `returned`, what is under way is answered
    /// as it ends. Nothing is submitted afterwards.
    func drain()

    /// Ends at once. After it returns no event is reported any more.
    func stop()
}

extension SMSProvider {
    package var canBeAsked: Bool { false }
    /// A provider without a session of its own has nothing to lose: each request finds its own connection.
    package var link: LinkState { .up }
}

/// Whether a provider can be handed messages.
package enum LinkState: Hashable, Sendable {
    case up
    /// Messages wait, or go to other providers; no attempt is made. The reason is a clause for people, such as
    /// `the connection was refused`.
    case down(reason: String)

    package var isUp: Bool { self == .up }
}

/// Where a provider reports to. Any thread may call.
package protocol ProviderEvents: AnyObject, Sendable {
    func answered(_ answers: [AttemptAnswer])

    /// Receipts, and messages from people.
    /// - Parameters:
    ///   - events: at most ``Limits/reportedEvents``, so that a round of the writer can end between two reports.
    ///   - done: called once, on any thread: with nil once all of it is durable, so that the carrier may be told; with an
    ///     error if it may not be: then all of it is to be reported again.
    func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void)

    /// The provider's ``SMSProvider/link`` is another than before.
    func linkChanged()
}

/// The outcome of one submission.
package struct AttemptAnswer: Sendable {
    package var id: MessageID
    package var attempt: Int
    package var outcome: Outcome

    package init(id: MessageID, attempt: Int, outcome: Outcome) {
        self.id = id
        self.attempt = attempt
        self.outcome = outcome
    }
}

/// One message to be sent; its texts are slices of its batch's arena.
package struct Submission: Sendable {
    package var id: MessageID
    package var attempt: Int
    package var recipient: ByteSlice
    package var sender: ByteSlice
    package var body: ByteSlice
    package var segments: UInt8
    package var encoding: Encoding
    /// Milliseconds since the Unix epoch: until then the message is worth something; 0 = for ever.
    package var expiresAt: Int64
    /// The tenant's own; empty = none.
    package var reference: ByteSlice

    package init(
        id: MessageID, attempt: Int, recipient: ByteSlice, sender: ByteSlice, body: ByteSlice, segments: UInt8,
        encoding: Encoding, expiresAt: Int64 = 0, reference: ByteSlice = ByteSlice()
    ) {
        self.id = id
        self.attempt = attempt
        self.recipient = recipient
        self.sender = sender
        self.body = body
        self.segments = segments
        self.encoding = encoding
        self.expiresAt = expiresAt
        self.reference = reference
    }
}

/// A burst of submissions and the one arena that holds their texts.
package struct Submissions: Sendable {
    package var items: [Submission] = []
    package var bytes: [UInt8] = []

    package init() {}

    /// The text of a slice, which admission has checked to be UTF-8.
    package func text(_ slice: ByteSlice) -> String {
        String(decoding: bytes[slice.range], as: UTF8.self)
    }
}
