internal import Access
internal import ConfigurationModel
internal import Engine
internal import SMSModel
internal import Storage
internal import Synchronization

/// Enters in the audit log who reads the messages of other tenants, before any of them is shown: once for a credential,
/// a tenant and a minute, so that a status that is polled costs no commit a poll.
final class ReadingAudit: Sendable {
    /// Called once, at once or on the writer's thread: the reading is in the audit log, or could not be entered, and
    /// nothing may be shown.
    typealias Proceed = @Sendable (GatewayError?) -> Void

    private let writer: Writer
    private let clock: GatewayClock
    private let readings = Mutex(RecentReadings<Proceed>())

    init(writer: Writer, clock: GatewayClock) {
        self.writer = writer
        self.clock = clock
    }

    /// - Parameter tenant: whose messages are to be read; nil = every tenant's.
    func enter(_ tenant: Tenant?, readBy caller: Caller, _ proceed: @escaping Proceed) {
        let now = clock.now()
        let reading = Reading(actor: caller.principal.actor, tenant: tenant?.id)
        switch readings.withLock({ $0.requested(reading, at: now, by: proceed) }) {
        case .proceed: proceed(nil)
        case .wait: break
        case .enter:
            let subject = tenant.map { "tenant \($0.name)" } ?? "every tenant"
            let record = AuditRecord(.read, subject, by: caller.auditContext(at: now))
            writer.command(
                .administer(
                    AdministrativeAct { (store, _) throws(StoreError) in
                        try store.administration.append(record)
                        return { [self] in ended(reading, at: now, nil, proceed) }
                    } refuse: { [self] error in
                        ended(reading, at: now, error, proceed)
                    }))
        }
    }

    private func ended(_ reading: Reading, at time: Int64, _ error: GatewayError?, _ proceed: Proceed) {
        let others = readings.withLock { $0.ended(reading, enteredAt: error == nil ? time : nil) }
        proceed(error)
        for other in others { other(error) }
    }
}
