internal import Glibc

/// A text as a key of dictionaries and sets: equal if the bytes are, and nothing else.
///
/// Swift's strings are equal if they look the same, and to find that out it sorts what stands above a letter: for one
/// letter with many marks in a time that grows with their square. Texts that others choose, such as names of members,
/// fields and statuses, are keys by this type only.
package struct TextKey: Hashable, Sendable {
    package let text: String

    package init(_ text: some StringProtocol) {
        var text = String(text)
        text.makeContiguousUTF8()
        self.text = text
    }

    package var utf8: String.UTF8View { text.utf8 }

    package static func == (one: TextKey, other: TextKey) -> Bool { one.text.hasSameBytes(as: other.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension TextKey: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}

/// The order of the bytes.
extension TextKey: Comparable {
    package static func < (one: TextKey, other: TextKey) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }
}

extension TextKey: CustomStringConvertible {
    package var description: String { text }
}

extension String {
    /// Whether it is the same text byte for byte; takes as long as the shorter one is, whatever stands there.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        var (one, other) = (self, other)
        return one.withUTF8 { one in
            other.withUTF8 { other in one.isEmpty || memcmp(one.baseAddress!, other.baseAddress!, one.count) == 0 }
        }
    }
}

extension Dictionary where Key == TextKey {
    package subscript(name: String) -> Value? {
        get { self[TextKey(name)] }
        set { self[TextKey(name)] = newValue }
    }
}
