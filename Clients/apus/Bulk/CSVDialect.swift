/// How the fields of a CSV file are separated.
struct CSVDialect: Equatable {
    static let separators: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]

    var separator = UInt8(ascii: ",")

    init(separator: UInt8 = UInt8(ascii: ",")) {
        self.separator = separator
    }

    /// The separator that the first line of a file uses most outside of quotes; a comma where it has none.
    init(firstLine: some Sequence<UInt8>) {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in firstLine {
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, Self.separators.contains(byte) {
                counts[byte, default: 0] += 1
            }
        }
        let most = Self.separators.max { counts[$0, default: 0] < counts[$1, default: 0] }
        if let most, counts[most, default: 0] > 0 { separator = most }
    }

    /// The separator that a first line of `sep=;` names, as spreadsheets write and read it; nil if it is no such line.
    static func named(in line: some Collection<UInt8>) -> UInt8? {
        let text = String(decoding: line, as: UTF8.self).trimmingPrefix("\"")
        guard text.lowercased().hasPrefix("sep="), let separator = text.dropFirst(4).utf8.first,
            text.dropFirst(5).allSatisfy({ $0 == "\"" || $0 == "\r" || $0 == " " })
        else { return nil }
        return separator
    }
}
