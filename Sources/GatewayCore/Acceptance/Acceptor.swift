package import Access
package import Admission
internal import ConfigurationModel
package import Engine
package import SMSModel
internal import Storage

/// Takes messages in, whichever door they come by: from a request, through admission, to the writer, and back as an
/// answer.
///
/// One for each event loop, used only on it. What comes in one turn of the loop goes to the writer as one burst, and
/// its answers come back as one.
package final class Acceptor {
    private let writer: Writer
    private let clock: GatewayClock
    private let log: GatewayLog
    private let suppressions: SuppressionList
    private let deliver: @Sendable (AcceptorAnswers) -> Void
    private var urgent = OpenBurst()
    private var normal = OpenBurst()
    /// Read once a burst; 0 = not yet.
    private var now: Int64 = 0
    /// The same by the monotonic clock, in nanoseconds.
    private var monotonic: Int64 = 0

    /// Drafts gathered in this turn of the loop, and who sent each.
    private struct OpenBurst {
        var drafts = MessageDrafts()
        var senders: [AcceptorAnswers.Sender] = []
        /// Send times, by place, that have passed, of messages that may be repeats.
        var late: [Int: Int64] = [:]
    }

    /// - Parameter deliver: takes the answers of a burst once all of it is durable, or refused as a whole. Called on any
    ///   thread; what has to be said to each caller is found out by ``AcceptorAnswers/forEach(accepted:refused:)``.
    package init(
        writer: Writer, clock: GatewayClock, suppressions: SuppressionList, log: GatewayLog,
        deliver: @escaping @Sendable (AcceptorAnswers) -> Void
    ) {
        self.writer = writer
        self.clock = clock
        self.suppressions = suppressions
        self.log = log
        self.deliver = deliver
    }

    /// Takes one message in, if its sender may send and its rates let one more come. It waits for ``burstEnded()``.
    ///
    /// - Parameters:
    ///   - rate: what the sender's connection has taken of its rate.
    ///   - token: comes back with the answer.
    ///   - trace: of the request, for the log, where it could not be read.
    ///   - read: decodes the request; what it borrows has to live for this call.
    /// - Throws: what the sender is to be told; then nothing was taken in, and no other answer comes.
    @inline(__always)
    package func accept(
        from sender: Principal, rate: inout RateBucket, token: ReplyToken, trace: () -> MessageTrace,
        _ read: () throws(GatewayError) -> SubmitRequest
    ) throws(GatewayError) {
        let tenant = sender.tenant
        var request = SubmitRequest()
        do throws(GatewayError) {
            try sender.require(.send)
            try admit(tenant, &rate)
            request = try read()
            if now == 0 { now = clock.now() }
            let isUrgent = request.priority == Int32(Priority.urgent.rawValue)
            let violations =
                isUrgent ? gather(request, tenant, token, &urgent) : gather(request, tenant, token, &normal)
            if !violations.isEmpty { throw .invalid(violations) }
            if normal.senders.count >= Self.burstMessages { handOn(&normal, .normal) }
        } catch {
            log.refused(error, tenant: tenant.name, to: request.to, body: request.body, trace: trace)
            throw error
        }
    }

    /// Costs a sender what a message does, and takes none in: for measuring.
    package func admit(_ tenant: Tenant, _ rate: inout RateBucket) throws(GatewayError) {
        if tenant.hasRates { try tenant.limits.admit(1, &rate, now: burstStart) }
    }

    /// A turn's burst is handed on in parts of this many messages, so that the writer can commit between them.
    private static let burstMessages = 256

    @inline(__always)
    private func gather(
        _ request: SubmitRequest, _ tenant: Tenant, _ token: ReplyToken, _ burst: inout OpenBurst
    ) -> [FieldViolation] {
        let violations = tenant.validator.validate(
            request, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: suppressions,
            into: &burst.drafts)
        if violations.isEmpty, let draft = burst.drafts.drafts.last {
            if draft.isLate(now: now) { burst.late[burst.senders.count] = draft.sendAt }
            burst.senders.append(
                AcceptorAnswers.Sender(
                    token: token, tenant: tenant.id, segments: draft.segments, encoding: draft.encoding,
                    replaced: draft.replaced, ucs2: burst.drafts.ucs2Cause(of: draft)))
        }
        return violations
    }

    /// Nanoseconds of the monotonic clock.
    private var burstStart: Int64 {
        if monotonic == 0 { monotonic = GatewayClock.monotonicNanoseconds() }
        return monotonic
    }

    /// Hands what was gathered to the writer. Called once in a turn of the loop in which messages came.
    package func burstEnded() {
        now = 0
        monotonic = 0
        handOn(&urgent, .urgent)
        handOn(&normal, .normal)
    }

    private func handOn(_ burst: inout OpenBurst, _ priority: Priority) {
        guard !burst.senders.isEmpty else { return }
        let (senders, late) = (burst.senders, burst.late)
        let drafts = burst.drafts
        burst = OpenBurst()
        burst.senders.reserveCapacity(senders.count)
        burst.drafts.drafts.reserveCapacity(senders.count)
        burst.drafts.bytes.reserveCapacity(drafts.bytes.count)
        let (deliver, clock, log) = (deliver, clock, log)
        let told = log.tellsSteps ? drafts : nil
        writer.submit(
            SubmitBurst(drafts: drafts) { result in
                deliver(
                    AcceptorAnswers(senders: senders, late: late, result: result, told: told, clock: clock, log: log))
            }, index: priority)
    }
}

/// A value of a door's own that comes back with the answer to a request: 16 bytes that nobody else reads.
package struct ReplyToken: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(_ high: UInt64, _ low: UInt64 = 0) {
        self.high = high
        self.low = low
    }
}

/// A message that is durable: what its sender is told.
package struct AcceptedMessage: Hashable, Sendable {
    package var id: MessageID
    package var state: MessageState
    /// Whether it was accepted before, under the same key.
    package var isDuplicate: Bool
    package var segments: UInt32
    package var encoding: Encoding
    /// Why it is UCS-2; nil if it isn't, or is a duplicate.
    package var ucs2: UCS2Cause?
    /// Characters that smart encoding replaced.
    package var replaced: UInt32
}

/// The answers of one burst.
package struct AcceptorAnswers: Sendable {
    struct Sender: Sendable {
        let token: ReplyToken
        let tenant: TenantID
        let segments: UInt8
        let encoding: Encoding
        let replaced: UInt16
        let ucs2: UCS2Cause?
    }

    let senders: [Sender]
    let late: [Int: Int64]
    let result: Result<AcceptedBurst, GatewayError>
    /// The burst's messages, if each is told to the log.
    let told: MessageDrafts?
    let clock: GatewayClock
    let log: GatewayLog

    /// Visits each message of the burst once, in the order in which they came.
    package func forEach(
        accepted: (ReplyToken, AcceptedMessage) -> Void, refused: (ReplyToken, GatewayError) -> Void
    ) {
        func refuse(_ index: Int, _ error: GatewayError) {
            let sender = senders[index]
            log.refused(error, told, index, tenant: log.name(of: sender.tenant))
            refused(sender.token, error)
        }
        switch result {
        case .success(let burst):
            var refusals = AcceptRefusals(burst.quotas, now: burst.quotas.isEmpty ? 0 : clock.now())
            for (index, result) in burst.results.enumerated() {
                if result.kind == .late, let sendAt = late[index] {
                    let violation = SendTime.violation(sendAt, now: clock.now())
                    refuse(index, .invalid([violation].compactMap(\.self)))
                } else if let refusal = refusals.refusal(of: result, tenant: senders[index].tenant) {
                    refuse(index, refusal)
                } else {
                    accepted(senders[index].token, AcceptedMessage(result, of: senders[index]))
                }
            }
        case .failure(let error):
            for index in senders.indices { refuse(index, error) }
        }
    }
}

extension AcceptedMessage {
    fileprivate init(_ result: AcceptResult, of sender: AcceptorAnswers.Sender) {
        // What was sent before has been told then.
        let before = result.sentAs
        self.init(
            id: result.id, state: result.state, isDuplicate: result.kind == .duplicate,
            segments: UInt32(before?.segments ?? sender.segments), encoding: before?.encoding ?? sender.encoding,
            ucs2: before == nil ? sender.ucs2 : nil, replaced: before == nil ? UInt32(sender.replaced) : 0)
    }
}

extension MessageDrafts {
    /// Why a message's body is UCS-2; nil if it is not.
    @inline(__always)
    func ucs2Cause(of draft: MessageDraft) -> UCS2Cause? {
        guard draft.encoding == .ucs2 else { return nil }
        return bytes.withUnsafeBytes { UCS2Cause(UnsafeRawBufferPointer(rebasing: $0[draft.body.range])) }
    }
}
