/// An attempt of which nobody knows whether its provider took the message. Times are milliseconds since the Unix epoch.
package struct UnresolvedAttempt: Hashable, Sendable {
    package var id: MessageID
    package var attempt: Int
    /// The number of the provider that may have it.
    package var provider: UInt8
    /// When it was handed over.
    package var begun: Int64
    /// When it was known that there would be no answer.
    package var ended: Int64

    package init(id: MessageID, attempt: Int, provider: UInt8, begun: Int64, ended: Int64) {
        self.id = id
        self.attempt = attempt
        self.provider = provider
        self.begun = begun
        self.ended = ended
    }
}

extension MessageLifecycle {
    /// What a provider can be asked about; nil unless nobody knows what became of the message, because of an attempt's
    /// answer. A message of a backup is none: what was tried since the backup is not known.
    package var unresolvedAttempt: UnresolvedAttempt? {
        guard state == .unknown,
            let attempt = attemptStates.open.last(where: { !$0.isConfirmed && $0.canBeAskedAbout }),
            attempt.provider != 0
        else { return nil }
        return UnresolvedAttempt(
            id: id, attempt: attempt.number, provider: attempt.provider, begun: attempt.begun,
            ended: attempt.inDoubtSince)
    }
}
