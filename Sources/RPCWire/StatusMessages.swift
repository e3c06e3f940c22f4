internal import CApusProto
package import SMSModel

/// Messages by their ids, or a batch by name or id: what Cancel is about, and mostly Status.
package enum MessageSelection: Hashable, Sendable {
    case ids([MessageID])
    case batchName(String)
    case batchID(BatchID)

    /// - Returns: nil if none of the three is given. More than one, and what is out of bounds, is recorded.
    init?(
        ids: UnsafeMutablePointer<UInt64>?, count: Int, batch: ProtobufCBinaryData, batchID: UInt64,
        maximumIDs: Int, _ check: inout TextChecker
    ) {
        let name = check.string(batch, "batch")
        check.atMost(Limits.batchNameBytes, UnsafeRawBufferPointer(batch), "batch")
        if count > maximumIDs { check.record("ids", "has more than \(maximumIDs) items") }
        if [count > 0, !name.isEmpty, batchID != 0].count(where: \.self) > 1 {
            check.record("ids", "only one of ids, batch and batch_id may be given")
        }
        if count > 0 {
            self = .ids(UnsafeBufferPointer(start: ids, count: count).map(MessageID.init(rawValue:)))
        } else if !name.isEmpty {
            self = .batchName(name)
        } else if batchID != 0 {
            self = .batchID(BatchID(rawValue: batchID))
        } else {
            return nil
        }
    }

    var ids: [MessageID] { if case .ids(let ids) = self { ids } else { [] } }
    var batchName: String { if case .batchName(let name) = self { name } else { "" } }
    var batchNumber: UInt64 { if case .batchID(let id) = self { id.rawValue } else { 0 } }
}

package struct StatusRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "StatusRequest"

    package enum Subject: Hashable, Sendable {
        case selection(MessageSelection)
        /// The tenant's own word for messages.
        case reference(String)
        /// What a provider calls messages.
        case providerID(String)
    }

    package var subject: Subject
    /// "" = the caller's own; ``everyTenant`` = all.
    package var tenant: String

    /// Asks for the messages of all tenants; so do other requests with it.
    package static let everyTenant = "*"

    package init(_ subject: Subject, tenant: String = "") {
        self.subject = subject
        self.tenant = tenant
    }

    package init(_ selection: MessageSelection, tenant: String = "") {
        self.init(.selection(selection), tenant: tenant)
    }

    /// - Throws: INVALID_ARGUMENT unless exactly one subject is given, within its bounds.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__status_request__unpack).pointee
        var check = TextChecker()
        let selection = MessageSelection(
            ids: c.ids, count: c.n_ids, batch: c.batch, batchID: c.batch_id, maximumIDs: Limits.statusIDs, &check)
        let reference = check.string(c.reference, "reference")
        check.atMost(Limits.referenceBytes, UnsafeRawBufferPointer(c.reference), "reference")
        let providerID = check.string(c.provider_id, "provider_id")
        check.atMost(Limits.providerIDBytes, UnsafeRawBufferPointer(c.provider_id), "provider_id")
        if [selection != nil, !reference.isEmpty, !providerID.isEmpty].count(where: \.self) != 1 {
            check.record("ids", "exactly one of ids, batch, batch_id, reference and provider_id is needed")
        }
        tenant = check.tenant(c.tenant)
        try check.finish()
        if let selection {
            subject = .selection(selection)
        } else {
            subject = reference.isEmpty ? .providerID(providerID) : .reference(reference)
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__status_request__init)
        switch subject {
        case .selection(let selection):
            c.pointee.n_ids = selection.ids.count
            c.pointee.ids = scratch.numbers(selection.ids.map(\.rawValue))
            c.pointee.batch = scratch.text(selection.batchName)
            c.pointee.batch_id = selection.batchNumber
        case .reference(let reference): c.pointee.reference = scratch.text(reference)
        case .providerID(let id): c.pointee.provider_id = scratch.text(id)
        }
        c.pointee.tenant = scratch.text(tenant)
        output.pack(c)
    }
}

package struct StatusResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "StatusResponse"

    package var messages: [MessageStatus]
    package var notFound: [MessageID]
    package var batch: BatchStatus?

    package init(messages: [MessageStatus] = [], notFound: [MessageID] = [], batch: BatchStatus? = nil) {
        self.messages = messages
        self.notFound = notFound
        self.batch = batch
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__status_response__unpack).pointee
        messages = []
        messages.reserveCapacity(c.n_messages)
        for index in 0..<c.n_messages { messages.append(MessageStatus(c.messages[index]!.pointee)) }
        notFound = UnsafeBufferPointer(start: c.not_found, count: c.n_not_found).map(MessageID.init(rawValue:))
        batch = c.batch.map { BatchStatus($0.pointee) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__status_response__init)
        c.pointee.n_messages = messages.count
        c.pointee.messages = scratch.messages(messages) { $0.layOut(in: scratch) }
        c.pointee.n_not_found = notFound.count
        c.pointee.not_found = scratch.numbers(notFound.map(\.rawValue))
        c.pointee.batch = batch?.layOut(in: scratch)
        output.pack(c)
    }

    /// Without the timelines; without the texts, if that is not enough.
    package func shortened() -> StatusResponse? {
        var shorter = self
        if messages.contains(where: { !$0.timeline.isEmpty }) {
            for index in shorter.messages.indices { shorter.messages[index].timeline = [] }
        } else if messages.contains(where: { $0.body != .untold }) {
            for index in shorter.messages.indices { shorter.messages[index].body = .untold }
        } else {
            return nil
        }
        return shorter
    }
}

extension MessageStatus {
    init(_ c: Apus__V1__MessageStatus) {
        var timeline: [TimelineEvent] = []
        timeline.reserveCapacity(c.n_timeline)
        for index in 0..<c.n_timeline { timeline.append(TimelineEvent(c.timeline[index]!.pointee)) }
        self.init(
            id: MessageID(rawValue: c.id),
            state: knownEnum(c.state.rawValue) ?? .unknown,
            settled: c.settled != 0,
            receiptOverdue: c.receipt_overdue != 0,
            segments: Int(c.segments),
            encoding: knownEnum(c.encoding.rawValue) ?? .gsm7,
            to: String(lenient: c.to),
            sender: String(lenient: c.sender),
            priority: knownEnum(c.priority.rawValue) ?? .normal,
            provider: String(lenient: c.provider),
            providerID: String(lenient: c.provider_id),
            attempts: Int(c.attempts),
            error: (c.error?.pointee).map {
                MessageFailure(code: String(lenient: $0.code), message: String(lenient: $0.message))
            },
            timeline: timeline,
            reference: String(lenient: c.reference),
            tags: (0..<c.n_tags).map { String(lenient: c.tags[$0]) },
            batch: c.batch_id == 0 ? nil : BatchID(rawValue: c.batch_id),
            acceptedAt: c.accepted_at_ms,
            sendAt: c.send_at_ms,
            expiresAt: c.expires_at_ms,
            generation: c.generation,
            fingerprint: c.content_high == 0 && c.content_low == 0
                ? nil : Fingerprint(high: c.content_high, low: c.content_low))
        unknownState = unknownNumber(c.state.rawValue, MessageState.self)
        unknownEncoding = unknownNumber(c.encoding.rawValue, Encoding.self)
        unknownPriority = unknownNumber(c.priority.rawValue, Priority.self)
        waiting = c.waiting.map { WaitReason($0.pointee) }
        tenant = String(lenient: c.tenant)
        price = Money(millionths: c.price)
        body = MessageBody(c)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__MessageStatus> {
        let c = arena.make(apus__v1__message_status__init)
        c.pointee.id = id.rawValue
        c.pointee.state = Apus__V1__State(rawValue: wireNumber(state, unknownState))
        c.pointee.settled = settled ? 1 : 0
        c.pointee.segments = UInt32(segments)
        c.pointee.encoding = Apus__V1__Encoding(rawValue: wireNumber(encoding, unknownEncoding))
        c.pointee.to = arena.text(to)
        c.pointee.sender = arena.text(sender)
        c.pointee.priority = Apus__V1__Priority(rawValue: wireNumber(priority, unknownPriority))
        c.pointee.provider = arena.text(provider)
        c.pointee.provider_id = arena.text(providerID)
        c.pointee.attempts = UInt32(attempts)
        if let error {
            let e = arena.make(apus__v1__failure__init)
            e.pointee.code = arena.text(error.code)
            e.pointee.message = arena.text(error.message)
            c.pointee.error = e
        }
        c.pointee.n_timeline = timeline.count
        c.pointee.timeline = arena.messages(timeline) { $0.layOut(in: arena) }
        c.pointee.reference = arena.text(reference)
        c.pointee.n_tags = tags.count
        c.pointee.tags = arena.texts(tags)
        c.pointee.batch_id = batch?.rawValue ?? 0
        c.pointee.accepted_at_ms = acceptedAt
        c.pointee.send_at_ms = sendAt
        c.pointee.expires_at_ms = expiresAt
        c.pointee.receipt_overdue = receiptOverdue ? 1 : 0
        c.pointee.generation = generation
        c.pointee.content_high = fingerprint?.high ?? 0
        c.pointee.content_low = fingerprint?.low ?? 0
        c.pointee.tenant = arena.text(tenant)
        c.pointee.price = price.millionths
        if case .shown(let text) = body { c.pointee.body = arena.text(text) }
        c.pointee.body_disclosure = Apus__V1__BodyDisclosure(rawValue: body.disclosure)
        c.pointee.waiting = waiting?.layOut(in: arena)
        return c
    }
}

extension WaitReason {
    init(_ c: Apus__V1__WaitReason) {
        self.init(
            knownEnum(c.kind.rawValue) ?? .turn, String(lenient: c.detail), until: c.until_ms == 0 ? nil : c.until_ms)
        unknownKind = unknownNumber(c.kind.rawValue, Kind.self)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__WaitReason> {
        let c = arena.make(apus__v1__wait_reason__init)
        c.pointee.kind = Apus__V1__Wait(rawValue: wireNumber(kind, unknownKind))
        c.pointee.detail = arena.text(detail)
        c.pointee.until_ms = until ?? 0
        return c
    }
}

extension MessageBody {
    fileprivate init(_ c: Apus__V1__MessageStatus) {
        switch c.body_disclosure.rawValue {
        case 1: self = .shown(String(lenient: c.body))
        case 2: self = .withheld
        case 3: self = .removed
        default: self = .untold
        }
    }

    fileprivate var disclosure: UInt32 {
        switch self {
        case .untold: 0
        case .shown: 1
        case .withheld: 2
        case .removed: 3
        }
    }
}

extension TimelineEvent {
    init(_ c: Apus__V1__TimelineEvent) {
        self.init(
            at: c.at_ms,
            event: knownEnum(c.event.rawValue) ?? .accepted,
            state: knownEnum(c.state.rawValue) ?? .unknown,
            attempt: Int(c.attempt),
            provider: String(lenient: c.provider),
            detail: String(lenient: c.detail))
        unknownState = unknownNumber(c.state.rawValue, MessageState.self)
        unknownEvent = unknownNumber(c.event.rawValue, EventKind.self)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__TimelineEvent> {
        let c = arena.make(apus__v1__timeline_event__init)
        c.pointee.at_ms = at
        c.pointee.event = Apus__V1__Event(rawValue: wireNumber(event, unknownEvent))
        c.pointee.state = Apus__V1__State(rawValue: wireNumber(state, unknownState))
        c.pointee.attempt = UInt32(attempt)
        c.pointee.provider = arena.text(provider)
        c.pointee.detail = arena.text(detail)
        return c
    }
}

extension StateCount {
    init(_ c: Apus__V1__StateCount) {
        self.init(state: knownEnum(c.state.rawValue) ?? .unknown, count: c.count)
        unknownState = unknownNumber(c.state.rawValue, MessageState.self)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__StateCount> {
        let c = arena.make(apus__v1__state_count__init)
        c.pointee.state = Apus__V1__State(rawValue: wireNumber(state, unknownState))
        c.pointee.count = count
        return c
    }

    static func list(
        _ states: UnsafeMutablePointer<UnsafeMutablePointer<Apus__V1__StateCount>?>?, _ count: Int
    ) -> [StateCount] {
        (0..<count).map { StateCount(states![$0]!.pointee) }
    }
}

extension BatchStatus {
    init(_ c: Apus__V1__BatchStatus) {
        self.init(
            id: BatchID(rawValue: c.id), name: String(lenient: c.name), messages: c.messages, settled: c.settled,
            states: StateCount.list(c.states, c.n_states), canceled: c.canceled != 0, paused: c.paused != 0,
            createdAt: c.created_at_ms)
        tenant = String(lenient: c.tenant)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__BatchStatus> {
        let c = arena.make(apus__v1__batch_status__init)
        c.pointee.id = id.rawValue
        c.pointee.name = arena.text(name)
        c.pointee.messages = messages
        c.pointee.settled = settled
        c.pointee.n_states = states.count
        c.pointee.states = arena.messages(states) { $0.layOut(in: arena) }
        c.pointee.canceled = canceled ? 1 : 0
        c.pointee.paused = paused ? 1 : 0
        c.pointee.created_at_ms = createdAt
        c.pointee.tenant = arena.text(tenant)
        return c
    }
}
