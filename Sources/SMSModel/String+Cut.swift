extension String {
    /// How many bytes of its UTF-8 are kept where no more than `most` may be: whole Unicode scalars.
    package func utf8Count(upTo most: Int) -> Int {
        guard utf8.count > most else { return utf8.count }
        var end = utf8.index(utf8.startIndex, offsetBy: most)
        while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return utf8.distance(from: utf8.startIndex, to: end)
    }

    /// Keeps as much of it as fits into a number of bytes.
    package func cut(to bytes: Int) -> String {
        String(decoding: utf8.prefix(utf8Count(upTo: bytes)), as: UTF8.self)
    }
}
