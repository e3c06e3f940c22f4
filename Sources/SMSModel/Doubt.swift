/// An attempt of which nobody knows whether its provider took the message. Times are milliseconds since the Unix epoch.
package struct Doubt: Hashable, Sendable {
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
    /// What the provider of the last attempt can be asked about; nil unless the message is held because of that
    /// attempt's answer. A message of a backup is none: what was tried since the backup is not known.
    package var doubt: Doubt? {
        guard state == .unknown else { return nil }
        var begun: Int64?
        var doubt: Doubt?
        history.forEach(from: Int64(id.milliseconds)) { event in
            switch event.kind {
            case .submitting: begun = event.at
            case .outcomeUnknown, .interrupted:
                doubt = Doubt(
                    id: id, attempt: event.attempt, provider: event.provider, begun: begun ?? event.at,
                    ended: event.at)
            case .restored: doubt = nil
            // The carrier has said what became of it; it is another attempt that nobody knows of.
            case .receiptIgnored where event.attempt == doubt?.attempt: doubt = nil
            default: break
            }
        }
        guard let doubt, doubt.attempt == attempts, doubt.provider != 0 else { return nil }
        return doubt
    }
}
