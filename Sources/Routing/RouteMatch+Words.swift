extension RouteMatch {
    /// The name in text and JSON.
    package var name: String {
        switch self {
        case .matches: "MATCHES"
        case .otherDestination: "OTHER_DESTINATION"
        case .otherTenant: "OTHER_TENANT"
        case .otherSender: "OTHER_SENDER"
        case .otherPriority: "OTHER_PRIORITY"
        case .otherTime: "OTHER_TIME"
        }
    }

    /// A clause for people.
    package var text: String {
        switch self {
        case .matches: "is for it"
        case .otherDestination: "is for other destinations"
        case .otherTenant: "is for other tenants"
        case .otherSender: "is for other senders"
        case .otherPriority: "is for other priorities"
        case .otherTime: "is for other times"
        }
    }
}

extension ProviderAvailability {
    /// The name in text and JSON.
    package var name: String {
        switch self {
        case .hasRoom: "HAS_ROOM"
        case .isFull: "FULL"
        case .isPaced: "PACED"
        case .isPaused: "PAUSED"
        case .isBroken: "FAILING"
        case .isDisabled: "OFF"
        case .hasRefused: "REFUSED"
        case .hasFailed: "UNREACHABLE"
        case .throttlesSender: "SENDER_THROTTLED"
        case .isDisconnected: "DISCONNECTED"
        }
    }
}

extension Route {
    /// What its messages fail with; nil if they are sent.
    package var rejectionText: String? { rejection.map { "route \(name) refuses it: \($0)" } }
}
