internal import CApusProto
package import SMSModel

/// The request of Suppress and of Unsuppress.
package struct SuppressRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SuppressRequest"

    /// "" = the caller's.
    package var tenant: String
    package var numbers: [String]
    package var reason: String

    package init(tenant: String = "", numbers: [String], reason: String = "") {
        self.tenant = tenant
        self.numbers = numbers
        self.reason = reason
    }

    /// - Throws: INVALID_ARGUMENT also without a number, and for what is above its bound. Whether a number can be one
    ///   is for the gateway to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__suppress_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        numbers = []
        if c.n_numbers == 0 {
            check.record("numbers", "is empty")
        } else if c.n_numbers > Limits.suppressedNumbers {
            check.record("numbers", "has more than \(Limits.suppressedNumbers) items")
        } else {
            numbers = (0..<c.n_numbers).map { check.string(c.numbers[$0], "numbers[\($0)]") }
        }
        reason = check.string(c.reason, "reason")
        check.atMost(Limits.suppressionReasonBytes, UnsafeRawBufferPointer(c.reason), "reason")
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__suppress_request__init)
        c.pointee.tenant = scratch.text(tenant)
        c.pointee.n_numbers = numbers.count
        c.pointee.numbers = scratch.texts(numbers)
        c.pointee.reason = scratch.text(reason)
        output.pack(c)
    }
}

package struct SuppressResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "SuppressResponse"

    /// Numbers that were not as asked before.
    package var changed: UInt32

    package init(changed: UInt32) {
        self.changed = changed
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        changed = try arena.unpack(payload, as: Self.wireName, apus__v1__suppress_response__unpack).pointee.changed
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__suppress_response__init)
        c.pointee.changed = changed
        output.pack(c)
    }
}

package struct SuppressionsRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SuppressionsRequest"

    /// "" = the caller's.
    package var tenant: String
    /// Only this one; "" = all.
    package var number: String
    /// Entries of the page; 0 = ``Limits/suppressionsDefault``.
    package var limit: UInt32
    /// As the page before gave it; empty = the first page.
    package var cursor: [UInt8]

    package init(tenant: String = "", number: String = "", limit: UInt32 = 0, cursor: [UInt8] = []) {
        self.tenant = tenant
        self.number = number
        self.limit = limit
        self.cursor = cursor
    }

    /// - Throws: INVALID_ARGUMENT also for what is above its bound. Whether the number and the cursor can be meant is
    ///   for the gateway to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__suppressions_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        number = check.string(c.number, "number")
        limit = c.limit
        check.atMost(Limits.suppressions, limit, "limit")
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__suppressions_request__init)
        c.pointee.tenant = scratch.text(tenant)
        c.pointee.number = scratch.text(number)
        c.pointee.limit = limit
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }
}

package struct SuppressionsResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "SuppressionsResponse"

    package struct Entry: Hashable, Sendable {
        /// E.164.
        package var number: String
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        package var reason: String

        package init(number: String, at: Int64, reason: String) {
            self.number = number
            self.at = at
            self.reason = reason
        }
    }

    /// By number.
    package var entries: [Entry]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]
    /// Of the tenant, whichever page this is.
    package var total: UInt64

    package init(entries: [Entry] = [], cursor: [UInt8] = [], total: UInt64 = 0) {
        self.entries = entries
        self.cursor = cursor
        self.total = total
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__suppressions_response__unpack).pointee
        entries = (0..<c.n_entries).map {
            let entry = c.entries[$0]!.pointee
            return Entry(number: String(lenient: entry.number), at: entry.at_ms, reason: String(lenient: entry.reason))
        }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
        total = c.total
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__suppressions_response__init)
        c.pointee.n_entries = entries.count
        c.pointee.entries = scratch.messages(entries) { entry in
            let e = scratch.make(apus__v1__suppression__init)
            e.pointee.number = scratch.text(entry.number)
            e.pointee.at_ms = entry.at
            e.pointee.reason = scratch.text(entry.reason)
            return e
        }
        c.pointee.total = total
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }

    /// The first half of the page: what is left out is the next one's.
    package func shortened() -> SuppressionsResponse? {
        guard entries.count > 1 else { return nil }
        let kept = Array(entries.prefix(entries.count / 2))
        guard let last = UInt64(kept[kept.count - 1].number.dropFirst()) else { return nil }
        return SuppressionsResponse(entries: kept, cursor: SuppressionCursor(last: last).bytes, total: total)
    }
}

extension TextChecker {
    /// A tenant's name.
    mutating func tenant(_ data: ProtobufCBinaryData) -> String {
        atMost(Limits.tenantNameCharacters, UnsafeRawBufferPointer(data), "tenant")
        return string(data, "tenant")
    }

    mutating func atMost(_ maximum: Int, _ number: UInt32, _ field: String) {
        if number > maximum { record(field, "is above \(maximum)") }
    }
}
