/// What a message has met with on its way so far: what to know when its next provider is chosen.
package struct AttemptTrouble: Hashable, Sendable {
    /// Providers, by number, that refused its sender or route: they are not tried again.
    package private(set) var refused: Set<UInt8> = []
    /// How often a provider could not be reached with it since the message was last taken by one.
    package private(set) var failures: [UInt8: Int] = [:]

    package init() {}

    package init(_ lifecycle: MessageLifecycle) {
        lifecycle.history.forEach(from: 0) { event in
            switch event.kind {
            case .rejected where event.state == .queued: refused.insert(event.provider)
            case .unavailable: failures[event.provider, default: 0] += 1
            case .sent, .outcomeUnknown, .interrupted: failures.removeAll()
            default: break
            }
        }
    }

    package var isNone: Bool { refused.isEmpty && failures.isEmpty }

    /// Whether another of these providers has failed the message less often, and so is better tried before this one.
    package func isBehind(_ provider: UInt8, among providers: some Sequence<UInt8>) -> Bool {
        let own = failures[provider] ?? 0
        return own > 0 && providers.contains { !refused.contains($0) && failures[$0] ?? 0 < own }
    }
}
