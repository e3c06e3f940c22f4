internal import Access
internal import Admission
internal import Engine
internal import GatewayCore
internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// How a message gets in: from a decoded request, through admission, to the writer, and back as an answer.
///
/// One for each event loop. What the loop's connections sent in one turn goes to the writer as one burst, and
/// its answers come back as one.
final class SubmitPipeline {
    private let loop: RPCLoop
    private let writer: Writer
    private let clock: GatewayClock
    private let log: GatewayLog
    private let suppressions: SuppressionList
    private var urgent = OpenBurst()
    private var normal = OpenBurst()
    /// Read once a burst; 0 = not yet.
    private var now: Int64 = 0
    /// The same by the monotonic clock, in nanoseconds.
    private var monotonic: Int64 = 0

    /// Drafts gathered in this turn of the loop, and who sent each.
    private struct OpenBurst {
        var drafts = DraftBatch()
        var callers: [Caller] = []
        /// Send times, by place, that have passed, of messages that may be repeats.
        var late: [Int: Int64] = [:]
    }

    fileprivate struct Caller: Sendable {
        let connection: RPCConnectionID
        let callID: UInt32
        let tenant: TenantID
        let segments: UInt8
        let encoding: Encoding
        let replaced: UInt16
        let ucs2: UCS2Cause?
    }

    init(loop: RPCLoop, writer: Writer, clock: GatewayClock, suppressions: SuppressionList, log: GatewayLog) {
        self.loop = loop
        self.writer = writer
        self.clock = clock
        self.suppressions = suppressions
        self.log = log
    }

    // MARK: Send

    func sendReceived(_ request: RPCRequest, of tenant: Tenant, on connection: RPCServerConnection) {
        var message = SubmitRequest()
        do throws(GatewayError) {
            try admit(tenant, on: connection)
            message = try request.decodeSend()
            if now == 0 { now = clock.now() }
            let isUrgent = message.priority == Int32(Priority.urgent.rawValue)
            let violations =
                isUrgent
                ? gather(message, tenant, request.callID, connection.id, &urgent)
                : gather(message, tenant, request.callID, connection.id, &normal)
            if !violations.isEmpty { throw .invalid(violations) }
            if normal.callers.count >= Self.burstMessages { handOn(&normal, .normal) }
        } catch {
            log.refused(error, tenant: tenant.name, to: message.to, body: message.body) {
                MessageTrace(request.metadata)
            }
            connection.respond(callID: request.callID, error: error)
        }
    }

    /// A turn's burst is handed on in parts of so many messages, so that the writer can commit between them.
    private static let burstMessages = 256

    @inline(__always)
    private func gather(
        _ message: SubmitRequest, _ tenant: Tenant, _ callID: UInt32, _ connection: RPCConnectionID,
        _ burst: inout OpenBurst
    ) -> [FieldViolation] {
        let violations = tenant.validator.validate(
            message, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: suppressions,
            into: &burst.drafts)
        if violations.isEmpty, let draft = burst.drafts.drafts.last {
            if draft.isLate(now: now) { burst.late[burst.callers.count] = draft.sendAt }
            burst.callers.append(
                Caller(
                    connection: connection, callID: callID, tenant: tenant.id, segments: draft.segments,
                    encoding: draft.encoding, replaced: draft.replaced, ucs2: burst.drafts.ucs2Cause(of: draft)))
        }
        return violations
    }

    /// Asks for one message's room in the rates.
    /// - Throws: RESOURCE_EXHAUSTED if they come faster than they may.
    @inline(__always)
    func admit(_ tenant: Tenant, on connection: RPCServerConnection) throws(GatewayError) {
        try tenant.limits.admit(1, arrival: &connection.serviceValue, now: burstStart)
    }

    /// Nanoseconds of the monotonic clock.
    private var burstStart: Int64 {
        if monotonic == 0 { monotonic = GatewayClock.monotonicNanoseconds() }
        return monotonic
    }

    /// Hands what was gathered to the writer.
    func burstEnded() {
        now = 0
        monotonic = 0
        handOn(&urgent, .urgent)
        handOn(&normal, .normal)
    }

    private func handOn(_ burst: inout OpenBurst, _ lane: Priority) {
        guard !burst.callers.isEmpty else { return }
        let (callers, late) = (burst.callers, burst.late)
        let drafts = burst.drafts
        burst = OpenBurst()
        burst.callers.reserveCapacity(callers.count)
        burst.drafts.drafts.reserveCapacity(callers.count)
        burst.drafts.bytes.reserveCapacity(drafts.bytes.count)
        let (loop, clock, log) = (loop, clock, log)
        let told = log.tellsSteps ? drafts : nil
        writer.submit(
            SubmitBurst(drafts: drafts) { result in
                loop.eventLoop.execute { Self.answer(callers, late, result, told, clock, on: loop, log) }
            }, lane: lane)
    }

    /// - Parameter told: the burst's messages, if each is told.
    private static func answer(
        _ callers: [Caller], _ late: [Int: Int64], _ result: Result<AcceptedBurst, GatewayError>, _ told: DraftBatch?,
        _ clock: GatewayClock, on loop: RPCLoop, _ log: GatewayLog
    ) {
        func refuse(_ index: Int, _ error: GatewayError) {
            let caller = callers[index]
            log.refused(error, told, index, tenant: log.name(of: caller.tenant))
            loop.connection(caller.connection)?.respond(callID: caller.callID, error: error)
        }
        switch result {
        case .success(let burst):
            var refusals = AcceptRefusals(burst.quotas, now: burst.quotas.isEmpty ? 0 : clock.now())
            for (index, accepted) in burst.results.enumerated() {
                let caller = callers[index]
                if accepted.kind == .late, let sendAt = late[index] {
                    let violation = SendTime.violation(sendAt, now: clock.now())
                    refuse(index, .invalid([violation].compactMap(\.self)))
                } else if let refusal = refusals.refusal(of: accepted, tenant: caller.tenant) {
                    refuse(index, refusal)
                } else if let connection = loop.connection(caller.connection) {
                    connection.respond(callID: caller.callID, send: SendResponse(accepted, of: caller))
                }
            }
        case .failure(let error):
            for index in callers.indices { refuse(index, error) }
        }
        loop.flush()
    }
}

extension SendResponse {
    fileprivate init(_ accepted: AcceptResult, of caller: SubmitPipeline.Caller) {
        self.init(
            id: accepted.id, state: accepted.state, duplicate: accepted.kind == .duplicate,
            segments: UInt32(caller.segments), encoding: caller.encoding, ucs2: caller.ucs2,
            replaced: UInt32(caller.replaced))
        // What was sent before has been told then.
        guard let sentAs = accepted.sentAs else { return }
        segments = UInt32(sentAs.segments)
        encoding = sentAs.encoding
        ucs2 = nil
        replaced = 0
    }
}

extension DraftBatch {
    /// Why a message's body is UCS-2; nil if it is not.
    @inline(__always)
    func ucs2Cause(of draft: MessageDraft) -> UCS2Cause? {
        guard draft.encoding == .ucs2 else { return nil }
        return bytes.withUnsafeBytes { UCS2Cause(UnsafeRawBufferPointer(rebasing: $0[draft.body.range])) }
    }
}
