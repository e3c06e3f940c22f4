/// Where a page of keys ended, which are listed by the time of their making and their id. As bytes: the version, 1, the
/// time, big-endian, and the characters of the id.
package struct KeyCursor: Hashable, Sendable {
    /// The time of the last key that was listed, in milliseconds since the Unix epoch. The next page begins behind it.
    package let createdAt: Int64
    package let id: String

    private static let version: UInt8 = 1

    /// - Parameter id: of ``Limits/keyIDCharacters`` ASCII characters; else what ``bytes`` makes of it is no cursor.
    package init(createdAt: Int64, id: String) {
        self.createdAt = createdAt
        self.id = id
    }

    /// - Returns: nil unless these are bytes that ``bytes`` made.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 9 + Limits.keyIDCharacters, bytes[0] == Self.version else { return nil }
        let characters = bytes[9...]
        guard characters.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        createdAt = bytes[1...8].reduce(0) { $0 << 8 | Int64($1) }
        id = String(decoding: characters, as: UTF8.self)
    }

    package var bytes: [UInt8] {
        [Self.version] + (0..<8).map { UInt8(truncatingIfNeeded: createdAt >> (56 - 8 * $0)) } + Array(id.utf8)
    }
}
