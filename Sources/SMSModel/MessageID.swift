/// A message's id: time-ordered, unique in a gateway, positive in 63 bits.
///
/// Layout, from the top: 0 | 42 bits of milliseconds since the Unix epoch | 9 bits of node | 12 bits
/// of sequence. Ids of one node follow each other: ``advanced(by:)`` counts through the sequence into
/// the next millisecond, so a burst or a bulk chunk takes one unbroken range, however large.
/// In text and JSON an id is a decimal string.
package struct MessageID: Hashable, Comparable, Sendable {
    @inlinable package static var sequenceBits: UInt64 { 12 }
    @inlinable package static var nodeBits: UInt64 { 9 }
    package static let maximumNode: UInt64 = (1 << nodeBits) - 1
    private static let sequenceMask: UInt64 = (1 << sequenceBits) - 1

    package let rawValue: UInt64

    @inlinable package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// - Parameters:
    ///   - milliseconds: since the Unix epoch, below 2^42 (the year 2109).
    ///   - node: 0 for a gateway that stands alone.
    package init(milliseconds: UInt64, node: UInt64 = 0, sequence: UInt64 = 0) {
        rawValue =
            (milliseconds << (Self.sequenceBits + Self.nodeBits)) | (node << Self.sequenceBits)
            | (sequence & Self.sequenceMask)
    }

    /// Parses the decimal text form: 1 to 19 digits, positive, below 2^63.
    package init?(_ text: some StringProtocol) {
        guard let value = UInt64(text), value > 0, value < 1 << 63, text.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        rawValue = value
    }

    /// Milliseconds since the Unix epoch at which the id was given out.
    @inlinable package var milliseconds: UInt64 { rawValue >> (Self.sequenceBits + Self.nodeBits) }
    package var node: UInt64 { (rawValue >> Self.sequenceBits) & Self.maximumNode }
    package var sequence: UInt64 { rawValue & Self.sequenceMask }

    /// The id's place among those of its node: milliseconds and sequence without the node between.
    package var ordinal: UInt64 { (milliseconds << Self.sequenceBits) | sequence }

    package init(ordinal: UInt64, node: UInt64 = 0) {
        self.init(milliseconds: ordinal >> Self.sequenceBits, node: node, sequence: ordinal & Self.sequenceMask)
    }

    /// The id that is `count` places further on, of the same node.
    package func advanced(by count: Int) -> MessageID {
        MessageID(ordinal: UInt64(Int64(ordinal) + Int64(count)), node: node)
    }

    @inlinable package static func < (a: MessageID, b: MessageID) -> Bool { a.rawValue < b.rawValue }
}

extension MessageID: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

/// Gives out strictly rising ids from a high-water mark, whatever the clock does.
package struct MessageIDGenerator: Sendable {
    /// The ordinal of the last id given out.
    package private(set) var highWater: UInt64
    private let node: UInt64

    package init(after last: MessageID?, node: UInt64 = 0) {
        highWater = last?.ordinal ?? 0
        self.node = node
    }

    /// The id that would be taken next.
    package func next(nowMilliseconds: UInt64) -> MessageID {
        MessageID(ordinal: max(nowMilliseconds << MessageID.sequenceBits, highWater + 1), node: node)
    }

    /// Takes `count` ids in a row and returns the first. A clock behind the mark is ignored: ids go on from it.
    package mutating func take(_ count: Int, nowMilliseconds: UInt64) -> MessageID {
        let first = max(nowMilliseconds << MessageID.sequenceBits, highWater + 1)
        highWater = first + UInt64(count) - 1
        return MessageID(ordinal: first, node: node)
    }

    /// Returns ids that were taken but never used: those after `last`. For a commit that failed.
    package mutating func rewind(to ordinal: UInt64) {
        highWater = ordinal
    }
}
