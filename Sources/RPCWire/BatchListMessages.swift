internal import CApusProto
package import SMSModel

package struct BatchListRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "BatchListRequest"

    /// "" = the caller's own; ``StatusRequest/everyTenant`` = all.
    package var tenant: String
    /// Batches of the page; 0 = ``Limits/listBatchesDefault``.
    package var limit: UInt32
    /// The cursor of the page before; empty = the first page.
    package var cursor: [UInt8]

    package init(tenant: String = "", limit: UInt32 = 0, cursor: [UInt8] = []) {
        self.tenant = tenant
        self.limit = limit
        self.cursor = cursor
    }

    /// - Throws: INVALID_ARGUMENT also for what is above its bound. Whether the cursor can be meant is for the gateway
    ///   to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__batch_list_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        limit = c.limit
        check.atMost(Limits.listBatches, limit, "limit")
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__batch_list_request__init)
        c.pointee.tenant = output.scratch.text(tenant)
        c.pointee.limit = limit
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }
}

package struct BatchListResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "BatchListResponse"

    /// The page's batches, those begun last first.
    package var batches: [BatchStatus]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    package init(batches: [BatchStatus] = [], cursor: [UInt8] = []) {
        self.batches = batches
        self.cursor = cursor
    }

    package init(_ page: BatchPage) {
        self.init(batches: page.batches, cursor: page.cursor?.bytes ?? [])
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__batch_list_response__unpack).pointee
        batches = (0..<c.n_batches).map { BatchStatus(c.batches[$0]!.pointee) }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__batch_list_response__init)
        c.pointee.n_batches = batches.count
        c.pointee.batches = scratch.messages(batches) { $0.layOut(in: scratch) }
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }
}
