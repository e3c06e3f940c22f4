package import JSON
internal import SMSModel

/// Fields of `application/x-www-form-urlencoded` (WHATWG URL, section 5), in UTF-8: at most ``Limits/formFields``, with
/// names of at most ``Limits/fieldNameBytes``.
package struct FormFields: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package var name: TextKey
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = TextKey(name)
            self.value = value
        }

        package static func == (one: Field, other: Field) -> Bool {
            one.name == other.name && one.value.hasSameBytes(as: other.value)
        }
    }

    package var fields: [Field]

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The value of the one field of this name; nil too if there are several, of which none is to be trusted.
    package func only(_ name: String) -> String? {
        let name = TextKey(name)
        var found: String?
        for field in fields where field.name == name {
            guard found == nil else { return nil }
            found = field.value
        }
        return found
    }

    /// - Returns: nil if an escape is cut short or none, a text is no UTF-8, a name is too long, or there are too many.
    package init?(decoding body: some Collection<UInt8>) {
        let decoded =
            body.withContiguousStorageIfAvailable(Self.fields) ?? Array(body).withUnsafeBufferPointer(Self.fields)
        guard let decoded else { return nil }
        fields = decoded
    }

    private static func fields(of bytes: UnsafeBufferPointer<UInt8>) -> [Field]? {
        var fields: [Field] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            defer { start = end + 1 }
            guard end > start else { continue }
            let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            guard fields.count < Limits.formFields, equals - start <= Limits.fieldNameBytes,
                let name = decoded(UnsafeBufferPointer(rebasing: bytes[start..<equals])),
                let value = decoded(UnsafeBufferPointer(rebasing: bytes[min(equals + 1, end)..<end]))
            else { return nil }
            fields.append(Field(name, value))
        }
        return fields
    }

    private static func decoded(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        // Most names and values have nothing to decode, nor to validate.
        var isPlain = true
        for byte in text where byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") || byte >= 0x80 {
            isPlain = false
        }
        if isPlain { return String(decoding: text, as: UTF8.self) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count) { bytes in
            var count = 0
            var rest = text.makeIterator()
            while var byte = rest.next() {
                if byte == UInt8(ascii: "+") {
                    byte = 0x20
                } else if byte == UInt8(ascii: "%") {
                    guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
                        return nil
                    }
                    byte = high << 4 | low
                }
                bytes.initializeElement(at: count, to: byte)
                count += 1
            }
            return String(validating: UnsafeBufferPointer(rebasing: bytes[..<count]), as: UTF8.self)
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Writes a form field by field, with everything escaped but what RFC 3986 calls unreserved, a space too: so it can
/// stand in a query as well.
struct FormWriter {
    private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: how many bytes are expected.
    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    private static let isUnreserved: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(UInt8(byte))
        }
    }
    private static let digits = Array("0123456789ABCDEF".utf8)

    mutating func append(_ name: String, _ value: some Collection<UInt8>) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        Self.append(escaped: name.utf8, to: &bytes)
        bytes.append(UInt8(ascii: "="))
        Self.append(escaped: value, to: &bytes)
    }

    mutating func append(_ name: String, _ value: String) { append(name, value.utf8) }

    /// Appends a field whose value is written as it stands, by `write`.
    mutating func append(_ name: String, escapedBy write: (inout [UInt8]) -> Void) {
        append(name, EmptyCollection<UInt8>())
        write(&bytes)
    }

    static func append(escaped text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        for byte in text {
            if isUnreserved[Int(byte)] {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
    }
}
