internal import ConfigurationModel
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

extension TenantDirectory {
    /// The tenant that a request is about: the caller's own, where it names none.
    ///
    /// - Throws: PERMISSION_DENIED if it is another's and the caller is no administrator; NOT_FOUND if there is none of
    ///   that name.
    func subject(named name: String, of caller: Principal) throws(GatewayError) -> Tenant {
        if name.isEmpty || name == caller.tenant.name { return caller.tenant }
        try caller.require(.admin)
        return try existing(name)
    }

    /// - Throws: NOT_FOUND.
    func existing(_ name: String) throws(GatewayError) -> Tenant {
        guard let tenant = tenant(named: name) else { throw .noTenant(name) }
        return tenant
    }
}
