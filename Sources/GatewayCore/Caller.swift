package import Access
internal import ConfigurationModel
package import Engine
package import SMSModel

/// The sender of one request: who it is, and what its answer depends on besides. Used only during the call that takes it.
package struct Caller {
    package let principal: Principal
    /// The one whose turns its questions take.
    package let asker: Asker
    /// The time at which nobody waits for the answer any more, in milliseconds since the Unix epoch; nil = never.
    package let deadline: Int64?
    /// What the connection has taken of its rate.
    package let rate: RateBucket
    private let peer: () -> String

    /// - Parameter peer: where it comes from, for the audit log; asked for only by what is recorded there.
    package init(
        _ principal: Principal, asker: Asker, deadline: Int64? = nil, rate: RateBucket = RateBucket(),
        peer: @escaping @autoclosure () -> String
    ) {
        self.principal = principal
        self.asker = asker
        self.deadline = deadline
        self.rate = rate
        self.peer = peer
    }

    package var tenant: Tenant { principal.tenant }
    var isAdministrator: Bool { principal.scopes.contains(.admin) }
    /// Whether it is shown the texts of the messages that it may read.
    var seesTexts: Bool { principal.scopes.contains(.text) }

    /// - Throws: PERMISSION_DENIED naming what lacks.
    func require(_ scopes: Scopes) throws(GatewayError) { try principal.require(scopes) }

    /// What the audit log says of an act of the caller.
    func auditContext(at now: Int64, note: String = "") -> AuditContext {
        AuditContext(actor: principal.actor, peer: peer(), at: now, note: note)
    }
}

/// Takes the answer to a request, once, on any thread.
package typealias Reply<Answer> = @Sendable (Result<Answer, GatewayError>) -> Void

/// The tenants that a request is about.
package enum TenantSelection: Hashable, Sendable {
    /// The tenant of that name; "" = the caller's own.
    case one(String)
    /// Every tenant: for administrators.
    case all
}

extension TenantSelection {
    /// The caller's own tenant.
    package static let own = TenantSelection.one("")
}

extension TenantDirectory {
    /// - Returns: nil = all of them.
    /// - Throws: PERMISSION_DENIED for others than the caller's own if it is no administrator; NOT_FOUND.
    func subject(_ selection: TenantSelection, of caller: Caller) throws(GatewayError) -> Tenant? {
        switch selection {
        case .one(let name): return try subject(named: name, of: caller.principal)
        case .all:
            try caller.require(.admin)
            return nil
        }
    }
}

extension GatewayClock {
    /// - Throws: DEADLINE_EXCEEDED if the deadline has passed.
    func now(before deadline: Int64?) throws(GatewayError) -> Int64 {
        let now = now()
        if let deadline, now > deadline {
            throw GatewayError(.deadlineExceeded, "the time-out was over before the answer was found")
        }
        return now
    }
}
