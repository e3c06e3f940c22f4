internal import Access
internal import Admission
internal import Engine
internal import GatewayCore
internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// How the messages of a Bulk call get in, as those of a Send do in ``SubmitPipeline``. One for each event loop.
///
/// A call may take long: ten thousand bodies from a template. So it is worked off in slices, between which the loop
/// serves its other connections; and the tenants take turns, a call each.
///
/// Sendable unchecked: all its state is touched on the loop alone.
final class BulkPipeline: @unchecked Sendable {
    private let loop: RPCLoop
    private let writer: Writer
    private let clock: GatewayClock
    private let suppressions: SuppressionList
    private let log: GatewayLog
    private var waiting = TurnQueue<TenantID, BulkCall>()
    /// The call that is being worked on. Its texts are in the arena.
    private var current: (call: BulkCall, items: BulkItems)?
    private let arena = MessageArena()
    private var isScheduled = false

    /// How long a slice works.
    private static let sliceNanoseconds: Int64 = 2_000_000
    /// Until the next: what is due already would be done before the loop looks at its connections.
    private static let pause = TimeAmount.microseconds(100)

    init(
        loop: RPCLoop, writer: Writer, clock: GatewayClock, suppressions: SuppressionList, log: GatewayLog
    ) {
        self.loop = loop
        self.writer = writer
        self.clock = clock
        self.suppressions = suppressions
        self.log = log
    }

    func received(_ request: RPCRequest, of tenant: Tenant, on connection: RPCServerConnection) {
        do throws(GatewayError) {
            // Who may not hand in one message is refused before any is looked at.
            try tenant.limits.admit(0, arrival: &connection.serviceValue, now: GatewayClock.monotonicNanoseconds())
            waiting.append(try BulkCall(request, tenant, connection.id, writer.waiting), of: tenant.id)
        } catch {
            log.refused(error, tenant: tenant.name) { MessageTrace(request.metadata) }
            return connection.respond(callID: request.callID, error: error)
        }
        guard !isScheduled else { return }
        isScheduled = true
        loop.eventLoop.execute { self.workOff() }
    }

    private func workOff() {
        isScheduled = false
        let end = GatewayClock.monotonicNanoseconds() + Self.sliceNanoseconds
        repeat {
            if current == nil {
                guard let call = waiting.popFirst() else { return }
                begin(call)
            }
            if current?.items.admit(until: end) == true, let (call, items) = current.take() {
                handOn(call, items)
                arena.reset()
            }
        } while GatewayClock.monotonicNanoseconds() < end
        guard current != nil || !waiting.isEmpty else { return }
        isScheduled = true
        loop.eventLoop.scheduleTask(in: Self.pause) { self.workOff() }
    }

    private func begin(_ call: BulkCall) {
        // Who has gone needs no answer, and its messages were not acknowledged.
        guard let connection = loop.connection(call.connection) else { return }
        do throws(GatewayError) {
            let bulk = try call.decode(into: arena)
            let items = try BulkItems(bulk, call, now: clock.now(), suppressions: suppressions, log)
            // A dry run takes nothing of the rates.
            try call.tenant.limits.admit(
                bulk.isDryRun ? 0 : bulk.count, arrival: &connection.serviceValue,
                now: GatewayClock.monotonicNanoseconds())
            current = (call, items)
        } catch {
            arena.reset()
            log.refused(error, tenant: call.tenant.name) { call.trace }
            connection.respond(callID: call.callID, error: error)
        }
    }

    private func handOn(_ call: BulkCall, _ items: BulkItems) {
        guard !items.bulk.isDryRun else {
            loop.connection(call.connection)?.respond(callID: call.callID, BulkResponse(dryRun: items))
            return loop.flush()
        }
        let chunk = BurstChunk(
            tenant: call.tenant.id, batchName: String(decoding: items.bulk.batch, as: UTF8.self), indices: items.indices
        )
        let (loop, clock, callID, connection) = (loop, clock, call.callID, call.connection)
        let trace = log.tellsSteps ? call.trace : MessageTrace()
        let refused: @Sendable (GatewayError, _ item: Int?) -> Void = { [log, name = call.tenant.name] error, item in
            log.refused(error, tenant: name, item: item) { trace }
        }
        let answer = BulkAnswer(items, refused)
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
    }
}

/// A Bulk call that waits to be worked on: a copy of its payload, which counts among what waits to be stored.
private final class BulkCall {
    let tenant: Tenant
    let callID: UInt32
    let connection: RPCConnectionID
    /// From the metadata, as bytes.
    fileprivate let requestID: [UInt8]
    fileprivate let traceparent: [UInt8]
    private var payload: [UInt8]
    private let size: Int
    private let waiting: WaitingBytes

    /// - Throws: RESOURCE_EXHAUSTED if too much waits.
    init(
        _ request: RPCRequest, _ tenant: Tenant, _ connection: RPCConnectionID, _ waiting: WaitingBytes
    ) throws(GatewayError) {
        size = request.payload.count
        guard waiting.addBulk(size, of: tenant.id) else { throw .tooMuchWaits }
        self.waiting = waiting
        self.tenant = tenant
        self.connection = connection
        callID = request.callID
        requestID = Array(request.metadata.requestID)
        traceparent = Array(request.metadata.traceparent)
        payload = Array(request.payload)
    }

    var trace: MessageTrace {
        requestID.withUnsafeBytes { requestID in
            traceparent.withUnsafeBytes { MessageTrace(requestID: requestID, traceparent: $0) }
        }
    }

    deinit { waiting.removeBulk(size, of: tenant.id) }

    /// All of it is in the arena then.
    func decode(into arena: MessageArena) throws(GatewayError) -> BulkRequestView {
        defer { payload = [] }
        return try payload.withUnsafeBufferPointer { (bytes) throws(GatewayError) in
            try BulkRequestView(decoding: UnsafeRawBufferPointer(bytes), arena: arena)
        }
    }
}

/// A chunk's items on their way through admission: each is accepted or refused alone.
private struct BulkItems {
    let bulk: BulkRequestView
    let call: BulkCall
    private let now: Int64
    private let suppressions: SuppressionList
    private let log: GatewayLog
    private let template: BodyTemplate?
    /// The item to go on with.
    private var next = 0
    private(set) var drafts = DraftBatch()
    /// The index in the batch of each draft.
    private(set) var indices: [UInt64] = []
    private(set) var refusals: [BulkResponse.Refusal] = []
    /// Send times, by item, that have passed, of items that may be repeats.
    private(set) var late: [Int: Int64] = [:]
    private var violationsLeft = Limits.violationsPerBulk
    // Kept from one item to the next.
    private var variables: [TemplateVariable] = []
    private var body: [UInt8] = []

    /// Items between two looks at the clock.
    private static let unchecked = 16

    /// - Throws: INVALID_ARGUMENT if the template as a whole is wrong.
    init(
        _ bulk: BulkRequestView, _ call: BulkCall, now: Int64, suppressions: SuppressionList, _ log: GatewayLog
    ) throws(GatewayError) {
        self.bulk = bulk
        self.call = call
        self.now = now
        self.suppressions = suppressions
        self.log = log
        do throws(TemplateProblem) {
            template = try bulk.template.map { (message) throws(TemplateProblem) in try BodyTemplate(message.body) }
        } catch {
            throw .invalid([FieldViolation(field: "template.message.body", description: error.description)])
        }
        drafts.drafts.reserveCapacity(bulk.count)
        indices.reserveCapacity(bulk.count)
    }

    /// - Parameter end: nanoseconds of the monotonic clock.
    /// - Returns: whether all are done; false if the time was over before.
    mutating func admit(until end: Int64) -> Bool {
        while next < bulk.count {
            do throws(GatewayError) {
                try admit(next)
            } catch {
                refuse(next, error)
            }
            next += 1
            if next % Self.unchecked == 0, GatewayClock.monotonicNanoseconds() >= end { break }
        }
        return next == bulk.count
    }

    private mutating func admit(_ item: Int) throws(GatewayError) {
        guard let template, var message = bulk.template else { return accept(try bulk.message(at: item), item) }
        let recipient = try bulk.recipient(at: item)
        variables.removeAll(keepingCapacity: true)
        for index in 0..<recipient.variableCount { variables.append(recipient.variable(at: index)) }
        body.removeAll(keepingCapacity: true)
        let violations = template.render(variables, into: &body)
        if !violations.isEmpty { throw .invalid(violations) }
        message.to = recipient.to
        // A reference, not a copy: the item leaves `body` alone.
        let rendered = body
        rendered.withUnsafeBytes { bytes in
            message.body = bytes
            accept(message, item)
        }
    }

    private mutating func accept(_ request: SubmitRequest, _ item: Int) {
        let call = call
        call.requestID.withUnsafeBytes { requestID in
            call.traceparent.withUnsafeBytes { traceparent in
                var request = request
                request.requestID = requestID
                request.traceparent = traceparent
                let violations = call.tenant.validator.validate(
                    request, tenant: call.tenant.id, generation: call.tenant.generation, now: now,
                    suppressions: suppressions, mayRepeat: !bulk.isDryRun, into: &drafts)
                if !violations.isEmpty { return refuse(item, .invalid(violations), request) }
                if request.sendAt != 0, drafts.drafts.last?.isLate(now: now) == true { late[item] = request.sendAt }
                indices.append(bulk.firstIndex + UInt64(item))
            }
        }
    }

    /// Past a number of violations only the words of the refusals are told: a chunk without a good field must not
    /// become an answer many times its size.
    private mutating func refuse(_ item: Int, _ error: GatewayError, _ request: SubmitRequest = SubmitRequest()) {
        log.refused(error, tenant: call.tenant.name, to: request.to, body: request.body, item: item) { call.trace }
        let violations = Array(error.violations.prefix(violationsLeft))
        violationsLeft -= violations.count
        refusals.append(
            BulkResponse.Refusal(item: UInt32(item), status: error.code, message: error.message, violations: violations)
        )
    }
}

extension BulkResponse {
    /// - Parameter items: all of them have been checked.
    fileprivate init(dryRun items: BulkItems) {
        self.init(
            batch: BatchID(rawValue: 0), accepted: UInt32(items.indices.count), refused: UInt32(items.refusals.count),
            ids: Array(repeating: 0, count: items.bulk.count), refusals: items.refusals)
        var result = DryRunResult()
        for (index, draft) in zip(items.indices, items.drafts.drafts) {
            result.segments += UInt64(draft.segments)
            if draft.replaced > 0 { result.replaced += 1 }
            guard let cause = items.drafts.ucs2Cause(of: draft) else { continue }
            result.ucs2 += 1
            guard result.items.count < Limits.dryRunItems else { continue }
            result.items.append(
                DryRunResult.Item(
                    item: UInt32(index - items.bulk.firstIndex), segments: UInt32(draft.segments), cause: cause))
        }
        dryRun = result
    }
}

/// What is needed to answer a bulk call once its messages are durable.
private struct BulkAnswer: Sendable {
    private let tenant: TenantID
    private let count: Int
    private let firstIndex: UInt64
    private let indices: [UInt64]
    private let refusals: [BulkResponse.Refusal]
    private let late: [Int: Int64]
    private let refused: @Sendable (GatewayError, _ item: Int?) -> Void

    /// - Parameter refused: told of each item that the store refused.
    init(_ items: BulkItems, _ refused: @escaping @Sendable (GatewayError, _ item: Int?) -> Void) {
        self.refused = refused
        tenant = items.call.tenant.id
        count = items.bulk.count
        firstIndex = items.bulk.firstIndex
        indices = items.indices
        refusals = items.refusals
        late = items.late
    }

    func response(_ burst: AcceptedBurst, _ clock: GatewayClock) -> BulkResponse {
        var refusals = AcceptRefusals(burst.quotas, now: burst.quotas.isEmpty && late.isEmpty ? 0 : clock.now())
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
                refuse(item, GatewayError(.alreadyExists, "the batch has another message at index \(index)"), &response)
                continue
            case .overSegments, .overCost, .overWaiting, .late:
                let refusal = refusals.refusal(of: result, tenant: tenant, sendAt: late[item] ?? 0)
                if let refusal { refuse(item, refusal, &response) }
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
