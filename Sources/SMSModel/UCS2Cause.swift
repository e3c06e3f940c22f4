/// Why a body is sent as UCS-2, and how many segments it would take without that.
package struct UCS2Cause: Hashable, Sendable {
    /// The first character that is not in GSM-7: its code point.
    package var scalar: UInt32
    /// Its place in the body, in Unicode scalars, counted from 1.
    package var position: Int
    /// How many characters are not in GSM-7.
    package var count: Int
    /// Segments of the body without those characters: replaced as ``SmartEncoding`` does it, left out where it has
    /// nothing for one. 0 = nothing is left.
    package var segmentsWithout: Int
    /// Whether ``SmartEncoding`` has something for each of them.
    package var isReplaceable: Bool

    package init(scalar: UInt32, position: Int, count: Int, segmentsWithout: Int, isReplaceable: Bool) {
        self.scalar = scalar
        self.position = position
        self.count = count
        self.segmentsWithout = segmentsWithout
        self.isReplaceable = isReplaceable
    }

    /// - Returns: nil if the body is GSM-7.
    /// - Parameter body: one that ``Segmentation`` takes.
    package init?(_ body: UnsafeRawBufferPointer) {
        self.init(scalar: 0, position: 0, count: 0, segmentsWithout: 0, isReplaceable: true)
        var filling = SegmentFilling(.gsm7)
        var offset = 0
        var place = 0
        /// The character before, if a combining accent may make another one of it.
        var last: UInt32 = 0
        while offset < body.count, let next = StrictUTF8.decode(body, at: offset) {
            offset += next.bytes
            place += 1
            let septets = GSMAlphabet.septets(of: next.scalar)
            if septets > 0 {
                filling.add(septets)
                last = next.scalar
                continue
            }
            if count == 0 { (scalar, position) = (next.scalar, place) }
            count += 1
            if let replacement = SmartEncoding.replacement(of: next.scalar) {
                for _ in 0..<replacement.utf8CodeUnitCount { filling.add(1) }
            } else if SmartEncoding.composition(of: last, next.scalar) == nil {
                isReplaceable = false
            }
            last = 0
        }
        guard count > 0 else { return nil }
        segmentsWithout = filling.segments
    }
}

/// Counts the SMS of a body as its characters come.
struct SegmentFilling {
    private let encoding: Encoding
    private var units = 0
    private var parts = 0
    private var unitsOfLast = 0

    init(_ encoding: Encoding) {
        self.encoding = encoding
    }

    /// - Parameter width: units of a character, which is not torn apart.
    mutating func add(_ width: Int) {
        units += width
        if parts == 0 || unitsOfLast + width > encoding.unitsOfPart {
            parts += 1
            unitsOfLast = 0
        }
        unitsOfLast += width
    }

    var segments: Int { units <= encoding.unitsOfSingle ? min(units, 1) : parts }
}
