/// A message's timeline after its acceptance, packed: what a row of the store's `state` table holds.
///
/// Each event is: kind (1 byte), state after it (1 byte), attempt (varint), provider (1 byte, an index
/// into the store's table of providers, 0 = none), milliseconds since the event before it (varint; the
/// first counts from the id's time), length of the detail (varint), detail (UTF-8, or one byte below 32 for one of
/// ``phrases``). Events are only appended,
/// until there are more than ``packedBytes`` of them.
package struct History: Hashable, Sendable {
    package private(set) var bytes: [UInt8]
    /// Milliseconds since the Unix epoch of the last event, to count on from.
    private var lastAt: Int64

    package init(id: MessageID) {
        bytes = []
        lastAt = Int64(id.milliseconds)
    }

    /// Takes over packed events as stored. Bytes that don't parse end the timeline there.
    package init(id: MessageID, packed: UnsafeRawBufferPointer) {
        bytes = Array(packed)
        lastAt = Int64(id.milliseconds)
        var at = lastAt
        forEach(from: lastAt) { at = $0.at }
        lastAt = at
    }

    /// Details longer than this are cut, so that a carrier's prose cannot grow the row.
    package static let detailBytes = 256
    /// Details that nearly every message has: stored as one byte, their place here. New ones are added at the end, at
    /// most 32.
    private static let phrases = ["", "only provider", "first with room", "the gateway stopped before the answer"]

    /// Past this many bytes ignored receipts are left out, and of submissions that were surely not taken and don't
    /// count only the last is kept. Bounds the row of a message that is throttled all day.
    package static let packedBytes = 16 * 1024

    package mutating func append(
        _ kind: EventKind, state: MessageState, at: Int64, attempt: Int = 0, provider: UInt8 = 0, detail: String = ""
    ) {
        if bytes.isEmpty { bytes.reserveCapacity(64) }
        if bytes.count >= Self.packedBytes {
            if kind == .receiptIgnored { return }
            // Routine grows by new claims alone; another event must not take away the claim that is under way.
            if kind == .submitting { dropRoutineTail() }
        }
        bytes.append(kind.rawValue)
        bytes.append(state.rawValue)
        appendVarint(UInt64(attempt))
        bytes.append(provider)
        appendVarint(UInt64(max(0, at - lastAt)))
        lastAt = max(lastAt, at)
        if !detail.isEmpty, let code = Self.phrases.firstIndex(of: detail) {
            bytes.append(1)
            bytes.append(UInt8(code))
            return
        }
        let detailCount = detail.utf8Count(upTo: Self.detailBytes)
        appendVarint(UInt64(detailCount))
        // As one block: what a sequence of characters hands over goes byte by byte.
        var detail = detail
        detail.withUTF8 { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[..<detailCount])) }
    }

    /// Past ``packedBytes``: drops the events at the end that tell of nothing but being throttled or returned.
    private mutating func dropRoutineTail() {
        var end = 0
        var kept = 0
        var keptAt: Int64 = 0
        var all: Int64 = 0
        forEach(from: 0) { event in
            all = event.at
            let isRoutine = event.kind == .submitting || event.kind == .throttled || event.kind == .returned
            if end < Self.packedBytes || !isRoutine { (kept, keptAt) = (event.detail.upperBound, event.at) }
            end = event.detail.upperBound
        }
        guard kept < bytes.count else { return }
        bytes.removeSubrange(kept...)
        lastAt -= all - keptAt
    }

    /// One packed event. `detail` is a range of ``bytes``.
    package struct Event {
        package var kind: EventKind
        package var state: MessageState
        package var attempt: Int
        package var provider: UInt8
        package var at: Int64
        package var detail: Range<Int>

        /// Whether its detail is an id that the provider gave.
        package var namesProviderID: Bool { (kind == .sent || kind == .identified) && !detail.isEmpty }
    }

    /// Visits the events in order. - Parameter start: the id's milliseconds.
    package func forEach(from start: Int64, _ visit: (Event) -> Void) {
        forEach(from: start, startingAt: 0, visit)
    }

    /// - Parameter first: the byte of ``bytes`` where the first event to visit begins.
    private func forEach(from start: Int64, startingAt first: Int, _ visit: (Event) -> Void) {
        var position = first
        var at = start
        while position + 2 <= bytes.count {
            guard let kind = EventKind(rawValue: bytes[position]),
                let state = MessageState(rawValue: bytes[position + 1])
            else { return }
            position += 2
            guard let attempt = varint(&position), position < bytes.count else { return }
            let provider = bytes[position]
            position += 1
            guard let delta = varint(&position), let count = varint(&position),
                position + Int(count) <= bytes.count, at < Self.latest
            else { return }
            at += Int64(delta)
            visit(
                Event(
                    kind: kind, state: state, attempt: Int(attempt), provider: provider, at: at,
                    detail: position..<position + Int(count)))
            position += Int(count)
        }
    }

    /// Whether all of it parses.
    package var isWhole: Bool {
        var end = 0
        forEach(from: 0) { end = $0.detail.upperBound }
        return end == bytes.count
    }

    /// All ids that providers gave, and which provider.
    package var providerIDs: [(provider: UInt8, id: ArraySlice<UInt8>)] { providerIDs(fromByte: 0) }

    /// The ids in the events from one byte of ``bytes`` on, where an event begins. A history that may have been
    /// shortened meanwhile tells all of its ids.
    package func providerIDs(fromByte start: Int) -> [(provider: UInt8, id: ArraySlice<UInt8>)] {
        var found: [(UInt8, ArraySlice<UInt8>)] = []
        let isWhole = bytes.count < Self.packedBytes && start <= bytes.count
        forEach(from: 0, startingAt: isWhole ? start : 0) { event in
            if event.namesProviderID { found.append((event.provider, bytes[event.detail])) }
        }
        return found
    }

    /// Times from here on are none.
    private static let latest: Int64 = 1 << 60

    package func detail(of event: Event) -> String {
        if event.detail.count == 1, case let code = Int(bytes[event.detail.lowerBound]), code < Self.phrases.count {
            return Self.phrases[code]
        }
        return String(decoding: bytes[event.detail], as: UTF8.self)
    }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A value below 2^56, or nil where the bytes end or lie.
    private func varint(_ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 56, by: 7) {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
