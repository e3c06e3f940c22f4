internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import RPCWire
internal import SMSModel

extension RPCMethod {
    /// What a caller needs to call it at all. Some need more, by what the request names.
    var scope: Scopes {
        switch self {
        case .send, .bulk: .send
        case .status, .list, .stats, .describe, .watch, .explain, .suppressions, .usage, .inbound, .unknownList:
            .read
        // Of one's own messages; administrators may act on all.
        case .cancel, .suppress, .unsuppress, .unknownResend, .unknownSettle: .cancel
        case .configShow, .configApply, .configRollback, .configHistory, .keyList, .keyCreate, .keyRevoke, .audit,
            .providerTest:
            .admin
        case .sandbox, .sandboxReceive: .admin
        // By what is paused.
        case .pause, .resume: []
        case .null, .health: []
        }
    }
}

extension PauseRequest.Subject {
    /// A batch is the caller's own; everything else is others' too.
    var scope: Scopes {
        switch self {
        case .batchName, .batchID: .cancel
        case .everything, .provider, .tenant: .admin
        }
    }
}
