/// Where a page of inbound messages ended. As bytes: the version, 1, and the id, big-endian.
package struct InboundCursor: Hashable, Sendable {
    /// The last message that was looked at; positive. The next page begins behind it.
    package let last: Int64

    private static let version: UInt8 = 1

    package init(last: Int64) {
        self.last = last
    }

    /// - Returns: nil unless these are bytes that ``bytes`` made.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 9, bytes[0] == Self.version else { return nil }
        let last = bytes.dropFirst().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let last = Int64(exactly: last), last > 0 else { return nil }
        self.last = last
    }

    package var bytes: [UInt8] {
        [Self.version] + (0..<8).map { UInt8(truncatingIfNeeded: last >> (56 - 8 * $0)) }
    }
}
