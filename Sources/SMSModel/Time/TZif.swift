extension TimeZoneRules {
    /// Reads a file of the time zone database (RFC 8536), of version 2 or later, without leap seconds.
    /// - Returns: nil if it is none.
    package init?(tzif bytes: [UInt8]) {
        var reader = TZifReader(bytes)
        // The first block has times of 32 bits, for old readers.
        guard let old = reader.header(), old.version >= UInt8(ascii: "2"), reader.skip(old.bytes(timeBytes: 4)),
            let header = reader.header(), header.leaps == 0, header.types > 0
        else { return nil }
        guard let times = reader.numbers(header.times, bytes: 8), let places = reader.bytes(header.times),
            let types = reader.bytes(header.types * 6), reader.skip(header.characters + header.flags),
            let footer = reader.footer()
        else { return nil }
        let offsets = (0..<header.types).map { type in
            types[type * 6..<type * 6 + 4].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        }
        guard places.allSatisfy({ Int($0) < offsets.count }), zip(times, times.dropFirst()).allSatisfy(<),
            offsets.allSatisfy({ abs(Int($0)) < 26 * 3600 })
        else { return nil }
        var rule: YearlyRule?
        if !footer.isEmpty {
            rule = YearlyRule(footer)
            guard rule != nil else { return nil }
        }
        self.init(
            first: Int(offsets[0]), changes: zip(times, places).map { ($0, Int(offsets[Int($1)])) }, rule: rule)
    }

    /// A zone by its rule, as the environment's TZ may have it: `CET-1CEST,M3.5.0,M10.5.0/3`.
    /// - Returns: nil unless the text is such a rule.
    package init?(posix text: String) {
        guard let rule = YearlyRule(text) else { return nil }
        self.init(rule: rule)
    }
}

/// Reads the file from its front.
private struct TZifReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    struct Header {
        var version: UInt8
        /// Counts, as the file has them.
        var utcFlags: Int
        var standardFlags: Int
        var leaps: Int
        var times: Int
        var types: Int
        var characters: Int

        var flags: Int { utcFlags + standardFlags }

        /// What follows the header.
        func bytes(timeBytes: Int) -> Int {
            times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + flags
        }
    }

    mutating func header() -> Header? {
        guard let magic = bytes(4), magic.elementsEqual("TZif".utf8), let version = bytes(1)?.first, skip(15),
            let counts = numbers(6, bytes: 4)
        else { return nil }
        let most = Int64(Limits.timeZoneBytes)
        guard counts.allSatisfy({ (0...most).contains($0) }) else { return nil }
        let found = counts.map(Int.init)
        return Header(
            version: version, utcFlags: found[0], standardFlags: found[1], leaps: found[2], times: found[3],
            types: found[4], characters: found[5])
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func skip(_ count: Int) -> Bool { bytes(count) != nil }

    /// Numbers with their signs, the high bytes first.
    mutating func numbers(_ count: Int, bytes width: Int) -> [Int64]? {
        guard let bytes = bytes(count * width) else { return nil }
        return (0..<count).map { place in
            let unsigned = bytes[place * width..<(place + 1) * width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return width == 8 ? Int64(bitPattern: unsigned) : Int64(Int32(truncatingIfNeeded: unsigned))
        }
    }

    /// The rule between two line feeds.
    mutating func footer() -> String? {
        guard rest.first == 0x0A, let end = rest.dropFirst().firstIndex(of: 0x0A) else { return nil }
        return String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    }
}
