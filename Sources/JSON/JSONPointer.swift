/// A place in a JSON value (RFC 6901). Beyond it, `*` stands for every element of an array.
package struct JSONPointer: Hashable, Sendable {
    private let steps: [String]

    /// - Returns: nil if it doesn't begin with a slash, or has a `~` that escapes nothing.
    package init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        var steps: [String] = []
        for step in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let escapes = step.split(separator: "~", omittingEmptySubsequences: false).dropFirst()
            guard escapes.allSatisfy({ $0.hasPrefix("0") || $0.hasPrefix("1") }) else { return nil }
            var plain = ""
            for (place, piece) in step.split(separator: "~", omittingEmptySubsequences: false).enumerated() {
                plain += place == 0 ? String(piece) : (piece.hasPrefix("0") ? "~" : "/") + piece.dropFirst()
            }
            steps.append(plain)
        }
        self.steps = steps
    }

    /// The value itself.
    package static let whole = JSONPointer(steps: [])

    private init(steps: [String]) {
        self.steps = steps
    }

    /// Whether several values may stand there.
    package var isForSeveral: Bool { steps.contains("*") }

    /// What stands there; several values only by `*`.
    package func values(in value: JSONValue) -> [JSONValue] {
        var values = [value]
        for step in steps {
            values = values.flatMap { value -> [JSONValue] in
                switch value {
                case .object(let members): return members[step].map { [$0] } ?? []
                case .array(let elements):
                    if step == "*" { return elements }
                    guard let index = Self.index(step), index < elements.count else { return [] }
                    return [elements[index]]
                default: return []
                }
            }
        }
        return values
    }

    /// The text of a string, number or boolean; nil if there is none, or several that differ.
    package func text(in value: JSONValue) -> String? {
        let texts = values(in: value).map(\.scalarText)
        guard let first = texts.first, let text = first,
            texts.allSatisfy({ $0?.hasSameBytes(as: text) ?? false })
        else { return nil }
        return text
    }

    private static func index(_ step: String) -> Int? {
        guard step == "0" || !step.hasPrefix("0"), step.utf8.allSatisfy({ $0 &- 0x30 <= 9 }) else { return nil }
        return Int(step)
    }
}
