internal import CApusProto
package import SMSModel

package struct ListRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ListRequest"

    package var filter: MessageFilter
    /// Messages of the page; 0 = ``Limits/listMessagesDefault``.
    package var limit: UInt32
    /// The cursor as the page before gave it; only the gateway knows what it says. Empty = the first page.
    package var cursor: [UInt8]
    package var oldestFirst: Bool
    /// "" = the caller's own; ``StatusRequest/everyTenant`` = all.
    package var tenant: String

    package init(
        _ filter: MessageFilter = MessageFilter(), tenant: String = "", limit: UInt32 = 0, cursor: [UInt8] = [],
        oldestFirst: Bool = false
    ) {
        self.filter = filter
        self.tenant = tenant
        self.limit = limit
        self.cursor = cursor
        self.oldestFirst = oldestFirst
    }

    /// - Throws: INVALID_ARGUMENT also for states that are not known, two batches, and what is above its bound. Whether
    ///   the number, the times and the cursor can be meant is for the gateway to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__list_request__unpack).pointee
        var check = TextChecker()
        filter = MessageFilter(c, &check)
        limit = c.limit
        if limit > Limits.listMessages { check.record("limit", "is above \(Limits.listMessages)") }
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        oldestFirst = c.oldest_first != 0
        tenant = check.tenant(c.tenant)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__list_request__init)
        filter.layOut(in: c, scratch)
        c.pointee.limit = limit
        c.pointee.tenant = scratch.text(tenant)
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            c.pointee.oldest_first = oldestFirst ? 1 : 0
            output.pack(c)
        }
    }
}

package struct ListResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ListResponse"

    /// Without timelines.
    package var messages: [MessageStatus]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    package init(messages: [MessageStatus] = [], cursor: [UInt8] = []) {
        self.messages = messages
        self.cursor = cursor
    }

    package init(_ page: MessagePage) {
        self.init(messages: page.messages, cursor: page.cursor?.bytes ?? [])
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__list_response__unpack).pointee
        messages = []
        messages.reserveCapacity(c.n_messages)
        for index in 0..<c.n_messages { messages.append(MessageStatus(c.messages[index]!.pointee)) }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__list_response__init)
        c.pointee.n_messages = messages.count
        c.pointee.messages = scratch.messages(messages) { $0.layOut(in: scratch) }
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }

    /// The first half of the page: what is left out is the next one's.
    package func shortened() -> ListResponse? {
        guard messages.count > 1 else { return nil }
        let kept = Array(messages.prefix(messages.count / 2))
        return ListResponse(MessagePage(messages: kept, cursor: kept.last.map { ListCursor(last: $0.id) }))
    }
}

extension MessageFilter {
    fileprivate init(_ c: Apus__V1__ListRequest, _ check: inout TextChecker) {
        self.init()
        for index in 0..<c.n_states {
            let number = c.states[index].rawValue
            if let raw = UInt8(exactly: number), let state = MessageState(rawValue: raw) {
                states.insert(MessageStates(state))
            } else {
                check.record("states[\(index)]", "has the unknown value \(number)")
            }
        }
        from = c.from_ms
        until = c.until_ms
        recipient = check.string(c.to, "to")
        let name = check.string(c.batch, "batch")
        check.atMost(Limits.batchNameBytes, UnsafeRawBufferPointer(c.batch), "batch")
        if !name.isEmpty, c.batch_id != 0 { check.record("batch", "is given together with batch_id") }
        if !name.isEmpty {
            batch = .name(name)
        } else if c.batch_id != 0 {
            batch = .id(BatchID(rawValue: c.batch_id))
        }
        reference = check.string(c.reference, "reference", atMost: Limits.referenceBytes)
        tag = check.string(c.tag, "tag", atMost: Limits.tagBytes)
        sender = check.string(c.sender, "sender", atMost: Limits.listTextBytes)
        provider = check.string(c.provider, "provider", atMost: Limits.listTextBytes)
        errorCode = check.string(c.error_code, "error_code", atMost: Limits.listTextBytes)
    }

    fileprivate func layOut(in c: UnsafeMutablePointer<Apus__V1__ListRequest>, _ arena: MessageArena) {
        let wanted = MessageState.allCases.filter(states.contains)
        c.pointee.n_states = wanted.count
        c.pointee.states = arena.numbers(wanted.map { Apus__V1__State(rawValue: .init($0.rawValue)) })
        c.pointee.from_ms = from
        c.pointee.until_ms = until
        c.pointee.to = arena.text(recipient)
        switch batch {
        case nil: break
        case .name(let name): c.pointee.batch = arena.text(name)
        case .id(let id): c.pointee.batch_id = id.rawValue
        }
        c.pointee.reference = arena.text(reference)
        c.pointee.tag = arena.text(tag)
        c.pointee.sender = arena.text(sender)
        c.pointee.provider = arena.text(provider)
        c.pointee.error_code = arena.text(errorCode)
    }
}

extension TextChecker {
    fileprivate mutating func string(
        _ data: ProtobufCBinaryData, _ field: @autoclosure () -> String, atMost bytes: Int
    ) -> String {
        atMost(bytes, UnsafeRawBufferPointer(data), field())
        return string(data, field())
    }
}
