/// How a body travels: its alphabet and the SMS that it takes (3GPP TS 23.038, and TS 23.040 9.2.3.24.1 for the
/// header of a concatenated message with an 8-bit reference).
package struct Segmentation: Hashable, Sendable {
    package let encoding: Encoding
    /// Unicode scalars.
    package let characters: Int
    /// Septets of GSM-7, or 16-bit units of UCS-2.
    package let units: Int
    /// How many SMS; below ``Limits/segments``, as a body has at most ``Limits/bodyScalars``.
    package let segments: Int

    /// One SMS of a longer message.
    package struct Part: Hashable, Sendable {
        /// Bytes of the body.
        package let range: Range<Int>
        package let units: Int

        package init(range: Range<Int>, units: Int) {
            self.range = range
            self.units = units
        }
    }

    /// Checks and measures a body in one pass. A character outside GSM-7 makes the whole of it UCS-2.
    package init(_ body: UnsafeRawBufferPointer) throws(BodyProblem) {
        guard !body.isEmpty else { throw .empty }
        // No character takes more than four bytes: a longer body need not be read.
        guard body.count <= 4 * Limits.bodyScalars else { throw .tooLong }
        var offset = 0
        var characters = 0
        var extensions = 0
        var supplementary = 0
        var isGSM = true
        while offset < body.count {
            if GSMAlphabet.areEightPlain(body, at: offset) {
                offset += 8
                characters += 8
                continue
            }
            guard let next = StrictUTF8.decode(body, at: offset) else { throw .notUTF8(offset: offset) }
            guard next.scalar != 0 else { throw .containsNUL(offset: offset) }
            switch GSMAlphabet.septets(of: next.scalar) {
            case 1: break
            case 2: extensions += 1
            default: isGSM = false
            }
            if next.scalar > 0xFFFF { supplementary += 1 }
            offset += next.bytes
            characters += 1
        }
        guard characters <= Limits.bodyScalars else { throw .tooLong }

        let encoding: Encoding = isGSM ? .gsm7 : .ucs2
        let pairs = isGSM ? extensions : supplementary
        let units = characters + pairs
        self.encoding = encoding
        self.characters = characters
        self.units = units
        if units <= encoding.unitsOfSingle {
            segments = 1
        } else if pairs == 0 {
            segments = (units + encoding.unitsOfPart - 1) / encoding.unitsOfPart
        } else {
            var count = 0
            Self.fill(body, encoding) { _ in count += 1 }
            segments = count
        }
    }

    /// The SMS that a body is sent as, in order. A part takes as many characters as fit; neither an escape and its
    /// character nor the two halves of a surrogate pair are ever torn apart.
    package func parts(of body: UnsafeRawBufferPointer) -> [Part] {
        guard segments > 1 else { return [Part(range: 0..<body.count, units: units)] }
        var parts: [Part] = []
        parts.reserveCapacity(segments)
        Self.fill(body, encoding) { parts.append($0) }
        return parts
    }

    /// Fills parts one after the other. Dividing would be wrong: a part may have to leave its last unit empty.
    private static func fill(_ body: UnsafeRawBufferPointer, _ encoding: Encoding, _ emit: (Part) -> Void) {
        var start = 0
        var offset = 0
        var units = 0
        while offset < body.count {
            if units + 8 <= encoding.unitsOfPart, GSMAlphabet.areEightPlain(body, at: offset) {
                units += 8
                offset += 8
                continue
            }
            guard let next = StrictUTF8.decode(body, at: offset) else { break }
            let width = encoding.units(of: next.scalar)
            if units + width > encoding.unitsOfPart {
                emit(Part(range: start..<offset, units: units))
                start = offset
                units = 0
            }
            units += width
            offset += next.bytes
        }
        emit(Part(range: start..<offset, units: units))
    }
}

extension Encoding {
    /// Units of a message that is one SMS.
    package var unitsOfSingle: Int { self == .gsm7 ? 160 : 70 }

    /// Units of each SMS of a longer message, besides its header of six octets.
    package var unitsOfPart: Int { self == .gsm7 ? 153 : 67 }

    /// Units that a character takes, which the alphabet must have.
    func units(of scalar: UInt32) -> Int {
        switch self {
        case .gsm7: GSMAlphabet.septets(of: scalar)
        case .ucs2: scalar > 0xFFFF ? 2 : 1
        }
    }
}

/// Why a body cannot be sent.
package enum BodyProblem: Error, Hashable, Sendable {
    case empty
    case tooLong
    /// Offsets are in bytes from the body's beginning.
    case notUTF8(offset: Int)
    case containsNUL(offset: Int)

    /// One sentence for the sender.
    package var description: String {
        switch self {
        case .empty: "The body is empty; it needs 1 to \(Limits.bodyScalars) characters."
        case .tooLong: "The body is longer than \(Limits.bodyScalars) characters."
        case .notUTF8(let offset): "The body is not valid UTF-8 at byte \(offset)."
        case .containsNUL(let offset): "The body contains a NUL character at byte \(offset)."
        }
    }
}
