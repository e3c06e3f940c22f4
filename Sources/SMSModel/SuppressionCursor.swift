/// Where a page of opt-outs ended. As bytes: the version, 1, and the number, big-endian.
package struct SuppressionCursor: Hashable, Sendable {
    /// The last number that was listed. The next page begins behind it.
    package let last: UInt64

    private static let version: UInt8 = 1

    package init(last: UInt64) {
        self.last = last
    }

    /// - Returns: nil unless these are bytes that ``bytes`` made.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 9, bytes[0] == Self.version else { return nil }
        last = bytes.dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
        // No number has that many digits, and what follows the greatest one would be no number at all.
        guard last < UInt64(Int64.max) else { return nil }
    }

    package var bytes: [UInt8] {
        [Self.version] + (0..<8).map { UInt8(truncatingIfNeeded: last >> (56 - 8 * $0)) }
    }
}
