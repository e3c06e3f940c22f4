/// Which attempt a carrier means.
extension MessageLifecycle {
    /// The number of the provider that the attempt was given to; nil if there was no such attempt.
    package func provider(ofAttempt attempt: Int) -> UInt8? {
        guard attempt >= 1, attempt <= attempts else { return nil }
        var provider: UInt8?
        history.forEach(from: 0) { event in
            if event.attempt == attempt, event.provider != 0 { provider = event.provider }
        }
        return provider
    }

    /// The last attempt for which the provider gave the message this id; nil if it never did.
    package func attempt(providerID: String, provider: UInt8) -> Int? {
        var attempt: Int?
        history.forEach(from: 0) { event in
            guard event.kind == .sent, event.provider == provider, !event.detail.isEmpty,
                history.bytes[event.detail].elementsEqual(providerID.utf8)
            else { return }
            attempt = event.attempt
        }
        return attempt
    }
}
