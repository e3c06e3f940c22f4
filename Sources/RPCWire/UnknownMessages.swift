internal import CApusProto
package import SMSModel

package struct UnknownListRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "UnknownListRequest"

    /// The name that stands for all tenants; needs the scope admin.
    package static let everyTenant = "*"

    /// "" = the caller's own.
    package var tenant: String
    /// Only those that it may have taken; "" = any.
    package var provider: String
    /// Messages of the page; 0 = ``Limits/listMessagesDefault``.
    package var limit: UInt32
    /// The cursor as the page before gave it; empty = the first page.
    package var cursor: [UInt8]
    package var oldestFirst: Bool

    package init(
        tenant: String = "", provider: String = "", limit: UInt32 = 0, cursor: [UInt8] = [], oldestFirst: Bool = false
    ) {
        self.tenant = tenant
        self.provider = provider
        self.limit = limit
        self.cursor = cursor
        self.oldestFirst = oldestFirst
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__unknown_list_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        provider = check.string(c.provider, "provider")
        limit = c.limit
        check.atMost(Limits.listMessages, limit, "limit")
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        oldestFirst = c.oldest_first != 0
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__unknown_list_request__init)
        c.pointee.tenant = scratch.text(tenant)
        c.pointee.provider = scratch.text(provider)
        c.pointee.limit = limit
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            c.pointee.oldest_first = oldestFirst ? 1 : 0
            output.pack(c)
        }
    }
}

package struct UnknownListResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "UnknownListResponse"

    package struct Message: Hashable, Sendable {
        /// Without its timeline; its `error` says why nobody knows.
        package var status: MessageStatus
        /// Milliseconds since the Unix epoch.
        package var since: Int64
        /// Its name.
        package var tenant: String

        package init(status: MessageStatus, since: Int64, tenant: String) {
            self.status = status
            self.since = since
            self.tenant = tenant
        }
    }

    package var messages: [Message]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    package init(messages: [Message] = [], cursor: [UInt8] = []) {
        self.messages = messages
        self.cursor = cursor
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__unknown_list_response__unpack).pointee
        messages = []
        messages.reserveCapacity(c.n_messages)
        for index in 0..<c.n_messages {
            let message = c.messages[index]!.pointee
            guard let status = message.message else {
                throw GatewayError(.invalidArgument, "messages[\(index)].message is missing", notProcessed: true)
            }
            messages.append(
                Message(
                    status: MessageStatus(status.pointee), since: message.since_ms,
                    tenant: String(lenient: message.tenant)))
        }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__unknown_list_response__init)
        c.pointee.n_messages = messages.count
        c.pointee.messages = scratch.messages(messages) { message in
            let m = scratch.make(apus__v1__unknown_message__init)
            m.pointee.message = message.status.layOut(in: scratch)
            m.pointee.since_ms = message.since
            m.pointee.tenant = scratch.text(message.tenant)
            return m
        }
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }

    /// The first half of the page: what is left out is the next one's.
    package func shortened() -> UnknownListResponse? {
        guard messages.count > 1 else { return nil }
        let kept = Array(messages.prefix(messages.count / 2))
        return UnknownListResponse(messages: kept, cursor: ListCursor(last: kept[kept.count - 1].status.id).bytes)
    }
}

package struct UnknownResendRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "UnknownResendRequest"

    package var ids: [MessageID]
    package var note: String

    package init(ids: [MessageID], note: String = "") {
        self.ids = ids
        self.note = note
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__unknown_resend_request__unpack).pointee
        var check = TextChecker()
        ids = check.unknownIDs(c.ids, count: c.n_ids)
        note = check.note(c.note)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__unknown_resend_request__init)
        c.pointee.n_ids = ids.count
        c.pointee.ids = scratch.numbers(ids.map(\.rawValue))
        c.pointee.note = scratch.text(note)
        output.pack(c)
    }
}

package struct UnknownSettleRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "UnknownSettleRequest"

    package var ids: [MessageID]
    /// One of ``MessageLifecycle/settlements``.
    package var state: MessageState
    package var note: String

    package init(ids: [MessageID], state: MessageState, note: String = "") {
        self.ids = ids
        self.state = state
        self.note = note
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__unknown_settle_request__unpack).pointee
        var check = TextChecker()
        ids = check.unknownIDs(c.ids, count: c.n_ids)
        note = check.note(c.note)
        let wanted = UInt8(exactly: c.state.rawValue).flatMap(MessageState.init)
        if !MessageLifecycle.settlements.contains(where: { $0 == wanted }) {
            let names = MessageLifecycle.settlements.map(\.name).joined(separator: ", ")
            check.record("state", "must be one of \(names)")
        }
        try check.finish()
        state = wanted ?? .failed
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__unknown_settle_request__init)
        c.pointee.n_ids = ids.count
        c.pointee.ids = scratch.numbers(ids.map(\.rawValue))
        c.pointee.state = Apus__V1__State(rawValue: .init(state.rawValue))
        c.pointee.note = scratch.text(note)
        output.pack(c)
    }
}

/// The answer to UnknownResend and UnknownSettle: one verdict each, in order.
package struct UnknownActResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "UnknownActResponse"

    package var verdicts: [UnknownResult]

    package init(_ verdicts: [UnknownResult] = []) {
        self.verdicts = verdicts
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__unknown_act_response__unpack).pointee
        verdicts = []
        for index in 0..<c.n_results {
            let result = c.results[index]!.pointee
            let number = result.state.rawValue
            var verdict = UnknownResult(
                id: MessageID(rawValue: result.id), isDone: result.done != 0, state: knownEnum(number),
                reason: String(lenient: result.reason))
            if number != 0 { verdict.unknownState = unknownNumber(number, MessageState.self) }
            verdicts.append(verdict)
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__unknown_act_response__init)
        c.pointee.n_results = verdicts.count
        c.pointee.results = scratch.messages(verdicts) { verdict in
            let r = scratch.make(apus__v1__unknown_result__init)
            r.pointee.id = verdict.id.rawValue
            r.pointee.done = verdict.isDone ? 1 : 0
            r.pointee.state = Apus__V1__State(rawValue: wireNumber(verdict.state, verdict.unknownState))
            r.pointee.reason = scratch.text(verdict.reason)
            return r
        }
        output.pack(c)
    }
}

extension TextChecker {
    fileprivate mutating func unknownIDs(_ ids: UnsafePointer<UInt64>?, count: Int) -> [MessageID] {
        if !(1...Limits.unknownIDs).contains(count) { record("ids", "must be 1 to \(Limits.unknownIDs)") }
        return UnsafeBufferPointer(start: ids, count: ids == nil ? 0 : count).map(MessageID.init(rawValue:))
    }
}
