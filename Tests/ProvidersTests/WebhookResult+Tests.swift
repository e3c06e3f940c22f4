internal import Providers

extension WebhookResult {
    var events: [CarrierEvent]? {
        if case .believed(let events, _) = self { events } else { nil }
    }

    /// The events of a post of which not all is understood.
    var partOfEvents: [CarrierEvent]? {
        if case .partly(let events, _) = self { events } else { nil }
    }

    var isRefused: Bool {
        if case .refused = self { true } else { false }
    }

    var isUnreadable: Bool {
        if case .unreadable = self { true } else { false }
    }

    var isUndecided: Bool {
        if case .undecided = self { true } else { false }
    }
}
