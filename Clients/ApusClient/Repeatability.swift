internal import RPCWire

/// Whether a second run of a method's request has no effect that the first had not, and an answer that still tells what
/// became of it: the column *repeatable* of the methods in Protos/README.md, whose words the raw values are.
enum Repeatability: String, Sendable {
    case yes
    case withKey = "with a key"
    case withProviderID = "with a provider_id"
    case dryRun = "a dry run"
    case no
}

extension RPCMethod {
    var repeatability: Repeatability {
        switch self {
        case .send: .withKey
        case .sandboxReceive: .withProviderID
        case .configApply, .configRollback: .dryRun
        case .unsuppress, .unknownResend, .unknownSettle, .pause, .resume, .keyCreate: .no
        case .bulk, .status, .stats, .cancel, .watch, .explain, .list, .suppress, .suppressions, .usage, .inbound,
            .batchList, .unknownList, .sandbox, .configShow, .configHistory, .keyList, .keyRevoke, .audit,
            .providerTest, .health,
            .describe, .null:
            .yes
        }
    }

    /// - Parameter isDryRun: the request is one, for the methods that have it.
    func isRepeatable(key: String, isDryRun: Bool) -> Bool {
        switch repeatability {
        case .yes, .withProviderID: true  // The client gives each message from a person an id.
        case .withKey: !key.isEmpty
        case .dryRun: isDryRun
        case .no: false
        }
    }
}
