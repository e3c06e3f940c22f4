internal import Glibc
internal import Logging
internal import SMSModel

/// How a line of the log is written. Either way it is one line, whatever it tells of.
enum LogFormat {
    /// One JSON object: `at`, `level`, `message`, `label`, then what else the event tells, by name. All values are
    /// strings.
    case json
    /// For people at a terminal.
    case text

    /// The line, its end included.
    ///
    /// - Parameters:
    ///   - at: milliseconds since the Unix epoch.
    ///   - fields: of a name each, in the order of the names, as ``fields(of:)`` gives them.
    func line(
        at: Int64, level: Logger.Level, message: String, label: String, fields: [(name: String, value: String)]
    ) -> [UInt8] {
        var line = LogLine()
        switch self {
        case .json:
            line.append("{")
            line.appendMember("at", Self.time(at))
            line.append(",")
            line.appendMember("level", level.rawValue)
            line.append(",")
            line.appendMember("message", message)
            line.append(",")
            line.appendMember("label", label)
            for (name, value) in fields {
                line.append(",")
                line.appendMember(name, value)
            }
            line.append("}\n")
        case .text:
            line.append("\(Self.time(at)) \(level.rawValue) ")
            line.appendEscaped(message)
            for (name, value) in fields {
                line.append(" \(name)=")
                let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 < 0x7F }
                if isPlain { line.appendEscaped(value) } else { line.appendQuoted(value) }
            }
            line.append("\n")
        }
        return line.bytes
    }

    /// Metadata as flat fields: `{"peer": {"tlsVersion": …}}` becomes `peer_tls_version`.
    static func fields(of metadata: Logger.Metadata) -> [(name: String, value: String)] {
        var found: [String: String] = [:]
        for (key, value) in metadata { collect(value, name(key), into: &found) }
        for name in reserved {
            if let value = found.removeValue(forKey: name) { found[name + "_"] = value }
        }
        return found.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    private static let reserved = ["at", "level", "message", "label"]

    private static func collect(_ value: Logger.MetadataValue, _ name: String, into found: inout [String: String]) {
        switch value {
        case .string(let text): found[name] = text
        case .stringConvertible(let value): found[name] = value.description
        case .array(let values): found[name] = values.map(\.description).joined(separator: ", ")
        case .dictionary(let members):
            for (key, value) in members { collect(value, name + "_" + Self.name(key), into: &found) }
        }
    }

    /// A name in snake case: `tlsVersion` and `tls-version` are `tls_version`.
    private static func name(_ key: String) -> String {
        if key.utf8.allSatisfy({ $0 &- 0x61 <= 25 || $0 &- 0x30 <= 9 || $0 == 0x5F }) { return key.isEmpty ? "_" : key }
        var name = ""
        for character in key.unicodeScalars {
            switch character {
            case "a"..."z", "0"..."9": name.unicodeScalars.append(character)
            case "A"..."Z":
                if let last = name.unicodeScalars.last, last != "_" { name += "_" }
                name += character.properties.lowercaseMapping
            default: name += "_"
            }
        }
        return name
    }

    /// RFC 3339, in UTC.
    private static func time(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ number: some BinaryInteger, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let day = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(day)T\(time).\(digits(milliseconds % 1000, 3))Z"
    }
}

/// A line in the making.
private struct LogLine {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(384) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func appendMember(_ name: String, _ value: String) {
        appendQuoted(name)
        append(":")
        appendQuoted(value)
    }

    mutating func appendQuoted(_ text: String) {
        append("\"")
        appendEscaped(text)
        append("\"")
    }

    /// Appends the text escaped as in a JSON string. Escaped is also what is not seen, ends a line for somebody, or
    /// moves the text around it: a log must not be forged by what it tells of. What is longer than
    /// ``Limits/logValueBytes`` is cut.
    mutating func appendEscaped(_ text: String) {
        let end = bytes.count + Limits.logValueBytes
        for scalar in text.unicodeScalars {
            guard bytes.count < end else { return append("…") }
            switch scalar {
            case "\"", "\\":
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(scalar.value))
            case "\n": append("\\n")
            case " "..."~": bytes.append(UInt8(scalar.value))
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator:
                    for unit in String(scalar).utf16 { appendEscape(unit) }
                default: append(String(scalar))
                }
            }
        }
    }

    private mutating func appendEscape(_ unit: UInt16) {
        append("\\u")
        for shift in [12, 8, 4, 0] { bytes.append(Array("0123456789abcdef".utf8)[Int(unit >> shift & 0xF)]) }
    }
}
