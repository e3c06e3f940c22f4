internal import CApusProto
package import SMSModel

package struct CancelRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "CancelRequest"
    package var selection: MessageSelection
    /// "" = the caller's own; ``StatusRequest/everyTenant`` = all.
    package var tenant: String

    package init(_ selection: MessageSelection, tenant: String = "") {
        self.selection = selection
        self.tenant = tenant
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__cancel_request__unpack).pointee
        var check = TextChecker()
        let selection = MessageSelection(
            ids: c.ids, count: c.n_ids, batch: c.batch, batchID: c.batch_id, maximumIDs: Limits.cancelIDs, &check)
        if selection == nil { check.record("ids", "one of ids, batch and batch_id is needed") }
        tenant = check.tenant(c.tenant)
        try check.finish()
        self.selection = selection!
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__cancel_request__init)
        c.pointee.n_ids = selection.ids.count
        c.pointee.ids = scratch.numbers(selection.ids.map(\.rawValue))
        c.pointee.batch = scratch.text(selection.batchName)
        c.pointee.batch_id = selection.batchNumber
        c.pointee.tenant = scratch.text(tenant)
        output.pack(c)
    }
}

package struct CancelResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "CancelResponse"

    package struct Result: Hashable, Sendable {
        package var id: MessageID
        /// Now, or before.
        package var canceled: Bool
        /// nil = not found.
        package var state: MessageState?
        /// It isn't sent again, but an attempt before may have been taken.
        package var mayHaveBeenSent: Bool
        /// The state's number in an answer of a later version, which this one doesn't know; ``state`` is nil then.
        package var unknownState: Int32?

        package init(id: MessageID, canceled: Bool, state: MessageState?, mayHaveBeenSent: Bool = false) {
            self.id = id
            self.canceled = canceled
            self.state = state
            self.mayHaveBeenSent = mayHaveBeenSent
        }
    }

    /// One result for each id, in order; empty for a batch.
    package var results: [Result]
    package var canceled: UInt64
    package var tooLate: UInt64
    package var notFound: UInt64
    package var mayHaveBeenSent: UInt64

    package init(
        results: [Result] = [], canceled: UInt64 = 0, tooLate: UInt64 = 0, notFound: UInt64 = 0,
        mayHaveBeenSent: UInt64 = 0
    ) {
        self.results = results
        self.canceled = canceled
        self.tooLate = tooLate
        self.notFound = notFound
        self.mayHaveBeenSent = mayHaveBeenSent
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__cancel_response__unpack).pointee
        results = []
        for index in 0..<c.n_results {
            let result = c.results[index]!.pointee
            let number = result.state.rawValue
            var read = Result(
                id: MessageID(rawValue: result.id), canceled: result.canceled != 0, state: knownEnum(number),
                mayHaveBeenSent: result.may_have_been_sent != 0)
            if number != 0 { read.unknownState = unknownNumber(number, MessageState.self) }
            results.append(read)
        }
        canceled = c.canceled
        tooLate = c.too_late
        notFound = c.not_found
        mayHaveBeenSent = c.may_have_been_sent
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__cancel_response__init)
        c.pointee.n_results = results.count
        c.pointee.results = scratch.messages(results) { result in
            let r = scratch.make(apus__v1__cancel_result__init)
            r.pointee.id = result.id.rawValue
            r.pointee.canceled = result.canceled ? 1 : 0
            r.pointee.state = Apus__V1__State(rawValue: wireNumber(result.state, result.unknownState))
            r.pointee.may_have_been_sent = result.mayHaveBeenSent ? 1 : 0
            return r
        }
        c.pointee.canceled = canceled
        c.pointee.too_late = tooLate
        c.pointee.not_found = notFound
        c.pointee.may_have_been_sent = mayHaveBeenSent
        output.pack(c)
    }
}
