internal import JSON

/// The texts of a small XML document's elements, each by the names on its way, such as `ErrorResponse/Error/Code`.
///
/// Enough of XML 1.0 for the answers of web services: attributes and name spaces are passed over, document types are
/// refused, of elements of one path the first counts.
struct XMLTexts {
    private var texts: [TextKey: String] = [:]

    subscript(_ path: String) -> String? { texts[path] }

    /// - Returns: nil if it is not one whole element, well nested.
    init?(_ bytes: [UInt8]) {
        guard let document = String(validating: bytes, as: UTF8.self) else { return nil }
        var rest = document[...]
        var path: [Substring] = []
        var text = ""
        var isOver = false
        while let open = rest.firstIndex(of: "<") {
            guard let piece = Self.unescaped(rest[..<open]), !path.isEmpty || piece.allSatisfy(\.isWhitespace) else {
                return nil
            }
            text += piece
            rest = rest[open...].dropFirst()
            if rest.hasPrefix("!--") {
                guard let end = rest.firstRange(of: "-->") else { return nil }
                rest = rest[end.upperBound...]
                continue
            }
            guard let close = rest.firstIndex(of: ">") else { return nil }
            let tag = rest[..<close]
            rest = rest[close...].dropFirst()
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard let name = path.last, tag.dropFirst().trimmingSuffix(while: \.isWhitespace) == name else {
                    return nil
                }
                keep(text, at: path)
                path.removeLast()
                text = ""
            } else {
                let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
                guard !name.isEmpty, !name.hasPrefix("!"), !isOver else { return nil }
                text = ""
                path.append(name)
                if tag.hasSuffix("/") {
                    keep("", at: path)
                    path.removeLast()
                }
            }
            if path.isEmpty { isOver = true }
        }
        guard isOver, path.isEmpty, rest.allSatisfy(\.isWhitespace) else { return nil }
    }

    private mutating func keep(_ text: String, at path: [Substring]) {
        let key = TextKey(path.joined(separator: "/"))
        if texts[key] == nil { texts[key] = text }
    }

    private static func unescaped(_ text: Substring) -> String? {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";") else { return nil }
            let name = rest[start..<end].dropFirst()
            switch name {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            default:
                guard name.hasPrefix("#") else { return nil }
                let digits = name.dropFirst()
                let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
                guard let scalar = number.flatMap(Unicode.Scalar.init) else { return nil }
                result.unicodeScalars.append(scalar)
            }
            rest = rest[end...].dropFirst()
        }
        return result + rest
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isMeant: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isMeant(last) { rest.removeLast() }
        return rest
    }
}
