package import SMSModel

/// A provider that can be asked for a message that it may have taken, and what became of one that it took.
package protocol MessageLookUp: AnyObject, Sendable {
    /// - Parameter answer: called once, on any thread, unless it is stopped before.
    func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void)

    /// - Parameters:
    ///   - providerID: the provider's id of the message.
    ///   - answer: called once, on any thread, unless it is stopped before.
    func askStatus(of providerID: String, answer: @escaping @Sendable (StatusAnswer) -> Void)

    /// Ends at once: what was asked gets no answer any more.
    func stop()
}

/// A question to a provider for a message that it may have taken. Times are milliseconds since the Unix epoch.
package struct LookUpQuestion: Hashable, Sendable {
    package var recipient: String
    package var body: String
    /// When the request was begun and when it was given up.
    package var begun: Int64
    package var ended: Int64
    /// Ids of the provider that are known to be other attempts'.
    package var knownIDs: Set<String>
    /// The attempt that it is about, for providers that hand its token back.
    package var attempt: CorrelationToken?

    package init(
        recipient: String, body: String, begun: Int64, ended: Int64, knownIDs: Set<String> = [],
        attempt: CorrelationToken? = nil
    ) {
        self.attempt = attempt
        self.recipient = recipient
        self.body = body
        self.begun = begun
        self.ended = ended
        self.knownIDs = knownIDs
    }
}

package enum LookUpAnswer: Hashable, Sendable {
    /// The provider took it.
    /// `status` is what has become of it; nil = the provider does not say.
    case found(providerID: String, status: ReceiptStatus? = nil)
    /// No message could be it. That proves nothing while the provider may still be at the request, nor where it shows
    /// a message only once it has left its queue.
    case nothing
    /// Several could be it, or one that is not quite the same. Where some of these ids turn out to be other messages',
    /// it is worth asking again; else only a person can tell.
    case ambiguous(providerIDs: [String])
    /// The question got no answer.
    case failed(code: String)
}

/// What a provider says of a message that it took.
package enum StatusAnswer: Hashable, Sendable {
    /// It is under way.
    case pending
    /// Delivered or undelivered.
    case ended(ReceiptStatus)
    /// The provider has no such message, or has it no longer.
    case unknown
    /// The question got no answer.
    case failed(code: String)
}
