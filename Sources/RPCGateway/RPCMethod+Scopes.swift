internal import Access
internal import ConfigurationModel
internal import RPCWire
internal import SMSModel

/// Scopes are checked before a request is decoded: a credential that may not use a method costs no decoding, and learns
/// nothing of how its payload is read. Services check them again, with what the request says: another tenant's, say.
extension RPCMethod {
    /// The scope without which no request of the method is served, whatever it says; empty = any credential will do.
    var neededScope: Scopes {
        switch self {
        case .send, .bulk: .send
        case .status, .list, .stats, .explain, .suppressions, .usage, .inbound, .batchList, .unknownList, .describe,
            .watch:
            .read
        // Pausing a batch; all else that can be paused needs more.
        case .cancel, .suppress, .unsuppress, .unknownResend, .unknownSettle, .pause, .resume: .cancel
        case .sandbox, .sandboxReceive, .configShow, .configApply, .configRollback, .configHistory, .keyList,
            .keyCreate, .keyRevoke, .audit, .providerTest:
            .admin
        case .health, .null: []
        }
    }

    /// - Throws: PERMISSION_DENIED naming what the caller lacks.
    func admit(_ principal: Principal) throws(GatewayError) {
        // What an administrator may pause is no batch.
        if self == .pause || self == .resume, principal.scopes.contains(.admin) { return }
        try principal.require(neededScope)
    }
}
