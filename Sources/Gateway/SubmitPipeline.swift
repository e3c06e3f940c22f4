internal import Admission
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
    }

    private struct Caller: Sendable {
        let connection: RPCConnectionID
        let callID: UInt32
        let tenant: TenantID
        let segments: UInt8
        let encoding: Encoding
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
            try admit(1, of: tenant, on: connection)
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
            burst.callers.append(
                Caller(
                    connection: connection, callID: callID, tenant: tenant.id, segments: draft.segments,
                    encoding: draft.encoding))
        }
        return violations
    }

    /// - Throws: RESOURCE_EXHAUSTED if they come faster than they may.
    @inline(__always)
    private func admit(
        _ messages: Int, of tenant: Tenant, on connection: RPCServerConnection
    ) throws(GatewayError) {
        guard tenant.limits.hasRates else { return }
        if monotonic == 0 { monotonic = GatewayClock.monotonicNanoseconds() }
        try tenant.limits.admit(messages, now: monotonic, &connection.serviceValue)
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
        let callers = burst.callers
        let drafts = burst.drafts
        burst = OpenBurst()
        burst.callers.reserveCapacity(callers.count)
        burst.drafts.drafts.reserveCapacity(callers.count)
        burst.drafts.bytes.reserveCapacity(drafts.bytes.count)
        let (loop, clock, log) = (loop, clock, log)
        let told = log.tellsSteps ? drafts : nil
        writer.submit(
            SubmitBurst(drafts: drafts) { result in
                loop.eventLoop.execute { Self.answer(callers, result, told, clock, on: loop, log) }
            }, lane: lane)
    }

    /// - Parameter told: the burst's messages, if each is told.
    private static func answer(
        _ callers: [Caller], _ result: Result<AcceptedBurst, GatewayError>, _ told: DraftBatch?,
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
                if let refusal = refusals.refusal(of: accepted, tenant: caller.tenant) {
                    refuse(index, refusal)
                } else if let connection = loop.connection(caller.connection) {
                    connection.respond(
                        callID: caller.callID,
                        send: SendResponse(
                            id: accepted.id, state: accepted.state, duplicate: accepted.kind == .duplicate,
                            segments: UInt32(caller.segments), encoding: caller.encoding))
                }
            }
        case .failure(let error):
            for index in callers.indices { refuse(index, error) }
        }
        loop.flush()
    }

    // MARK: Bulk

    func bulkReceived(_ request: RPCRequest, of tenant: Tenant, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            // Who may not hand in one message is refused before any is looked at.
            try admit(0, of: tenant, on: connection)
            let bulk = try BulkRequestView(decoding: request.payload, arena: request.arena)
            var items = BulkItems(
                bulk, request.metadata, tenant: tenant, now: clock.now(), suppressions: suppressions, log)
            try items.admit()
            try admit(bulk.count, of: tenant, on: connection)
            let chunk = BurstChunk(
                tenant: tenant.id, batchName: String(decoding: bulk.batch, as: UTF8.self), indices: items.indices)
            let (loop, clock) = (loop, clock)
            let callID = request.callID
            let connection = connection.id
            let trace = log.tellsSteps ? MessageTrace(request.metadata) : MessageTrace()
            let refused: @Sendable (GatewayError, _ item: Int?) -> Void = { [log, name = tenant.name] error, item in
                log.refused(error, tenant: name, item: item) { trace }
            }
            let answer = BulkAnswer(tenant.id, count: bulk.count, firstIndex: bulk.firstIndex, items, refused)
            writer.submit(
                SubmitBurst(drafts: items.drafts, chunk: chunk) { result in
                    loop.eventLoop.execute {
                        if case .failure(let error) = result { refused(error, nil) }
                        guard let connection = loop.connection(connection) else { return }
                        switch result {
                        case .success(let burst): connection.respond(callID: callID, answer.response(burst, clock))
                        case .failure(let error): connection.respond(callID: callID, error: error)
                        }
                        loop.flush()
                    }
                }, lane: .bulk)
        } catch {
            log.refused(error, tenant: tenant.name) { MessageTrace(request.metadata) }
            connection.respond(callID: request.callID, error: error)
        }
    }
}

/// A chunk's items on their way through admission: each is accepted or refused alone.
private struct BulkItems {
    private let bulk: BulkRequestView
    private let metadata: RequestMetadata
    private let tenant: Tenant
    private let now: Int64
    private let log: GatewayLog
    private let suppressions: SuppressionList
    private(set) var drafts = DraftBatch()
    /// The index in the batch of each draft.
    private(set) var indices: [UInt64] = []
    private(set) var refusals: [BulkResponse.Refusal] = []

    init(
        _ bulk: BulkRequestView, _ metadata: RequestMetadata, tenant: Tenant, now: Int64,
        suppressions: SuppressionList, _ log: GatewayLog
    ) {
        self.bulk = bulk
        self.metadata = metadata
        self.tenant = tenant
        self.now = now
        self.log = log
        self.suppressions = suppressions
        drafts.drafts.reserveCapacity(bulk.count)
        indices.reserveCapacity(bulk.count)
    }

    /// - Throws: INVALID_ARGUMENT if the template as a whole is wrong.
    mutating func admit() throws(GatewayError) {
        guard let template = bulk.template else {
            for item in 0..<bulk.count {
                do throws(GatewayError) {
                    accept(try bulk.message(at: item), item)
                } catch {
                    refuse(item, error)
                }
            }
            return
        }
        try render(template)
    }

    private mutating func render(_ message: SubmitRequest) throws(GatewayError) {
        let template: BodyTemplate
        do throws(TemplateProblem) {
            template = try BodyTemplate(message.body)
        } catch {
            throw .invalid([FieldViolation(field: "template.message.body", description: error.description)])
        }
        var body: [UInt8] = []
        for item in 0..<bulk.count {
            do throws(GatewayError) {
                let recipient = try bulk.recipient(at: item)
                body.removeAll(keepingCapacity: true)
                let variables = (0..<recipient.variableCount).map { index in
                    let variable = recipient.variable(at: index)
                    return TemplateVariable(name: variable.name, value: variable.value)
                }
                let violations = template.render(variables, into: &body)
                if !violations.isEmpty { throw .invalid(violations) }
                body.withUnsafeBufferPointer { rendered in
                    var one = message
                    one.to = recipient.to
                    one.body = UnsafeRawBufferPointer(rendered)
                    accept(one, item)
                }
            } catch {
                refuse(item, error)
            }
        }
    }

    private mutating func accept(_ request: SubmitRequest, _ item: Int) {
        var request = request
        request.requestID = metadata.requestID
        request.traceparent = metadata.traceparent
        let violations = tenant.validator.validate(
            request, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: suppressions,
            into: &drafts)
        if !violations.isEmpty { return refuse(item, .invalid(violations), request) }
        indices.append(bulk.firstIndex + UInt64(item))
    }

    private mutating func refuse(_ item: Int, _ error: GatewayError, _ request: SubmitRequest = SubmitRequest()) {
        log.refused(error, tenant: tenant.name, to: request.to, body: request.body, item: item) {
            MessageTrace(metadata)
        }
        refusals.append(
            BulkResponse.Refusal(
                item: UInt32(item), status: error.code, message: error.message, violations: error.violations))
    }
}

/// What is needed to answer a bulk call once its messages are durable.
private struct BulkAnswer: Sendable {
    private let tenant: TenantID
    private let count: Int
    private let firstIndex: UInt64
    private let indices: [UInt64]
    private let refusals: [BulkResponse.Refusal]
    private let refused: @Sendable (GatewayError, _ item: Int?) -> Void

    /// - Parameter refused: told of each item that the store refused.
    init(
        _ tenant: TenantID, count: Int, firstIndex: UInt64, _ items: BulkItems,
        _ refused: @escaping @Sendable (GatewayError, Int?) -> Void
    ) {
        self.tenant = tenant
        self.count = count
        self.firstIndex = firstIndex
        indices = items.indices
        refusals = items.refusals
        self.refused = refused
    }

    func response(_ burst: AcceptedBurst, _ clock: GatewayClock) -> BulkResponse {
        var refusals = AcceptRefusals(burst.quotas, now: burst.quotas.isEmpty ? 0 : clock.now())
        var response = BulkResponse(batch: burst.batch ?? BatchID(rawValue: 0), refusals: self.refusals)
        response.ids = Array(repeating: 0, count: count)
        for (index, result) in zip(indices, burst.results) {
            let item = Int(index - firstIndex)
            switch result.kind {
            case .accepted: response.accepted += 1
            case .duplicate:
                response.duplicates += 1
                response.duplicateItems.append(UInt32(item))
            case .conflict:
                refuse(
                    item,
                    GatewayError(.alreadyExists, "the batch has another message at index \(index)"), &response)
                continue
            case .overSegments, .overCost, .overWaiting:
                if let refusal = refusals.refusal(of: result, tenant: tenant) { refuse(item, refusal, &response) }
                continue
            }
            response.ids[item] = result.id.rawValue
        }
        response.refused = UInt32(response.refusals.count)
        return response
    }

    private func refuse(_ item: Int, _ error: GatewayError, _ response: inout BulkResponse) {
        refused(error, item)
        response.refusals.append(
            BulkResponse.Refusal(item: UInt32(item), status: error.code, message: error.message))
    }
}

extension GatewayError {
    static let keyTaken = GatewayError(
        .alreadyExists, "the idempotency key belongs to a message of another content: use a new key",
        violations: [FieldViolation(field: "idempotency_key", description: "is taken by another message")])

    static func invalid(_ violations: [FieldViolation]) -> GatewayError {
        GatewayError(
            .invalidArgument,
            violations.count == 1 ? "\(violations[0].field) is not valid" : "\(violations.count) fields are not valid",
            violations: violations, notProcessed: true)
    }
}
