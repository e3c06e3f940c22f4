internal import CApusProto
package import SMSModel

/// The request of Suppress and of Unsuppress.
package struct SuppressRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SuppressRequest"

    /// "" = the caller's.
    package var tenant: String
    package var numbers: [String]
    package var reason: String
    /// What Suppress writes down: an operator's request or an imported list.
    package var origin: SuppressionOrigin

    package init(
        tenant: String = "", numbers: [String], reason: String = "", origin: SuppressionOrigin = .operatorRequest
    ) {
        self.tenant = tenant
        self.numbers = numbers
        self.reason = reason
        self.origin = origin
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
        origin = .operatorRequest
        switch SuppressionOrigin(rawValue: UInt8(clamping: c.origin.rawValue)) {
        case .importedList: origin = .importedList
        case .operatorRequest: break
        case nil where c.origin.rawValue == 0: break
        default: check.record("origin", "must be OPERATOR or IMPORT")
        }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__suppress_request__init)
        // The usual one is not written, so that a gateway which knows no origins reads the same.
        if origin != .operatorRequest { c.pointee.origin = .init(rawValue: .init(origin.rawValue)) }
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
    /// The cursor of the page before; empty = the first page.
    package var cursor: [UInt8]
    /// Asks for those whom carriers refuse, instead of those on the list.
    package var isAtCarriers: Bool

    package init(
        tenant: String = "", number: String = "", limit: UInt32 = 0, cursor: [UInt8] = [], isAtCarriers: Bool = false
    ) {
        self.tenant = tenant
        self.number = number
        self.limit = limit
        self.cursor = cursor
        self.isAtCarriers = isAtCarriers
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
        isAtCarriers = c.at_carriers != 0
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__suppressions_request__init)
        c.pointee.at_carriers = isAtCarriers ? 1 : 0
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
        /// Milliseconds since the Unix epoch; of the first of its reasons, as ``reason``.
        package var at: Int64
        package var reason: String
        /// Why the number is there.
        package var reasons: [Reason]

        package init(number: String, at: Int64, reason: String, reasons: [Reason] = []) {
            self.number = number
            self.at = at
            self.reason = reason
            self.reasons = reasons
        }
    }

    package struct Reason: Hashable, Sendable {
        /// nil = it is from before origins were kept, or of a kind that is not known here.
        package var origin: SuppressionOrigin?
        /// A keyword's: the number that it was sent to. A carrier's: the sender; "" = the provider's own.
        package var to: String
        /// A carrier's: its name.
        package var provider: String
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        package var text: String

        package init(origin: SuppressionOrigin?, to: String = "", provider: String = "", at: Int64, text: String) {
            self.origin = origin
            self.to = to
            self.provider = provider
            self.at = at
            self.text = text
        }
    }

    /// The entries, by number.
    package var entries: [Entry]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]
    /// The tenant's entries in all, whichever page this is.
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
            return Entry(
                number: String(lenient: entry.number), at: entry.at_ms, reason: String(lenient: entry.reason),
                reasons: (0..<entry.n_entries).map { Reason(entry.entries[$0]!.pointee) })
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
            e.pointee.n_entries = entry.reasons.count
            e.pointee.entries = scratch.messages(entry.reasons) { $0.layOut(in: scratch) }
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

extension SuppressionsResponse.Reason {
    fileprivate init(_ c: Apus__V1__SuppressionEntry) {
        self.init(
            origin: SuppressionOrigin(rawValue: UInt8(clamping: c.origin.rawValue)), to: String(lenient: c.to),
            provider: String(lenient: c.provider), at: c.at_ms, text: String(lenient: c.reason))
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__SuppressionEntry> {
        let c = arena.make(apus__v1__suppression_entry__init)
        c.pointee.origin = .init(rawValue: .init(origin?.rawValue ?? 0))
        c.pointee.to = arena.text(to)
        c.pointee.provider = arena.text(provider)
        c.pointee.at_ms = at
        c.pointee.reason = arena.text(text)
        return c
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
