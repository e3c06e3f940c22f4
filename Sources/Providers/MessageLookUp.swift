package import SMSModel

/// A provider that can be asked for a message that it may have taken.
package protocol MessageLookUp: AnyObject, Sendable {
    /// - Parameter answer: called once, on any thread, unless it is stopped before.
    func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void)

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

    package init(recipient: String, body: String, begun: Int64, ended: Int64, knownIDs: Set<String> = []) {
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
    /// Several could be it, or one that is not quite the same: only a person can tell.
    case ambiguous
    /// The question got no answer.
    case failed(code: String)
}
