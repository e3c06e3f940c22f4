package import Access
package import Admission
internal import ConfigurationModel
package import Engine
package import SMSModel

/// Takes the messages of bulk calls in, as ``Acceptor`` does those that come one by one. One for each event loop, used
/// only on it.
///
/// A call may take long: ten thousand bodies from a template. So it is worked off in slices, between which the loop
/// serves its other connections; and the tenants take turns, a call each.
package final class BulkAcceptor {
    private let writer: Writer
    private let clock: GatewayClock
    private let suppressions: SuppressionList
    private let log: GatewayLog
    private let schedule: (_ microseconds: Int64) -> Void
    private let deliver: @Sendable (BulkAnswer) -> Void
    private var waiting = TurnQueue<TenantID, WaitingCall>()
    /// The call that is being worked on.
    private var current: BulkItems?
    private var isScheduled = false

    /// How long a slice works.
    private static let sliceNanoseconds: Int64 = 2_000_000
    /// Until the next, in microseconds: what is due already would be done before the loop looks at its connections.
    private static let pause: Int64 = 100

    /// - Parameters:
    ///   - schedule: has ``work()`` called on the loop after this many microseconds, soon for 0.
    ///   - deliver: takes the answer to a call; called on any thread.
    package init(
        writer: Writer, clock: GatewayClock, suppressions: SuppressionList, log: GatewayLog,
        schedule: @escaping (_ microseconds: Int64) -> Void, deliver: @escaping @Sendable (BulkAnswer) -> Void
    ) {
        self.writer = writer
        self.clock = clock
        self.suppressions = suppressions
        self.log = log
        self.schedule = schedule
        self.deliver = deliver
    }

    /// Takes a call that waits for its turn, if its sender may send.
    ///
    /// - Parameters:
    ///   - rate: what the sender's connection has taken of its rate.
    ///   - token: comes back with the answer.
    ///   - bytes: that it takes while it waits.
    ///   - trace: of the request, for the log.
    ///   - call: made only if there is room for it.
    /// - Throws: what the sender is to be told; then no other answer comes.
    package func accept(
        from sender: Principal, rate: inout RateBucket, token: ReplyToken, bytes: Int, trace: () -> MessageTrace,
        _ call: () -> any BulkCall
    ) throws(GatewayError) {
        let tenant = sender.tenant
        do throws(GatewayError) {
            try sender.require(.send)
            // Who may not hand in one message is refused before any is looked at.
            try tenant.limits.admit(0, &rate, now: GatewayClock.monotonicNanoseconds())
            guard writer.waiting.addBulk(bytes, of: tenant.id) else { throw .tooMuchWaits }
        } catch {
            log.refused(error, tenant: tenant.name, trace: trace)
            throw error
        }
        waiting.append(WaitingCall(call(), token, tenant, bytes: bytes, writer.waiting), of: tenant.id)
        guard !isScheduled else { return }
        isScheduled = true
        schedule(0)
    }

    /// Works for a slice on what waits.
    package func work() {
        isScheduled = false
        let end = GatewayClock.monotonicNanoseconds() + Self.sliceNanoseconds
        repeat {
            if current == nil {
                guard let call = waiting.popFirst() else { return }
                begin(call)
            }
            if current?.admit(until: end) == true, let items = current.take() {
                handOn(items)
                items.waiting.call.close()
            }
        } while GatewayClock.monotonicNanoseconds() < end
        guard current != nil || !waiting.isEmpty else { return }
        isScheduled = true
        schedule(Self.pause)
    }

    private func begin(_ waiting: WaitingCall) {
        let (call, tenant) = (waiting.call, waiting.tenant)
        do throws(GatewayError) {
            // Who has gone needs no answer, and its messages were not acknowledged.
            guard try call.countInRate({ _ in }) else { return }
            let header = try call.open()
            let items = try BulkItems(header, waiting, now: clock.now(), suppressions: suppressions, log)
            _ = try call.countInRate { (rate) throws(GatewayError) in
                // A dry run takes nothing of the rates.
                try tenant.limits.admit(
                    header.isDryRun ? 0 : header.count, &rate, now: GatewayClock.monotonicNanoseconds())
            }
            current = items
        } catch {
            call.close()
            log.refused(error, tenant: tenant.name) { call.trace }
            deliver(BulkAnswer(token: waiting.token, outcome: .refused(error)))
        }
    }

    private func handOn(_ items: BulkItems) {
        let token = items.waiting.token
        guard !items.header.isDryRun else {
            return deliver(BulkAnswer(token: token, outcome: .tried(BulkResult(dryRun: items))))
        }
        let tenant = items.waiting.tenant
        let chunk = BurstChunk(tenant: tenant.id, batchName: items.header.batch, indices: items.indices)
        let trace = log.tellsSteps ? items.waiting.call.trace : MessageTrace()
        let stored = BulkAnswer.Stored(items, trace, clock, log)
        let deliver = deliver
        writer.submit(
            SubmitBurst(drafts: items.drafts, chunk: chunk) { result in
                deliver(BulkAnswer(token: token, outcome: .stored(stored, result)))
            }, index: .bulk)
    }
}

/// A bulk call that waits to be worked on, and counts among what waits to be stored.
final class WaitingCall {
    let call: any BulkCall
    let token: ReplyToken
    let tenant: Tenant
    private let bytes: Int
    private let waiting: WaitingBytes

    init(_ call: any BulkCall, _ token: ReplyToken, _ tenant: Tenant, bytes: Int, _ waiting: WaitingBytes) {
        self.call = call
        self.token = token
        self.tenant = tenant
        self.bytes = bytes
        self.waiting = waiting
    }

    deinit { waiting.removeBulk(bytes, of: tenant.id) }
}
