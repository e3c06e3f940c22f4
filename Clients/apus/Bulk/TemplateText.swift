/// A text with `{{name}}` for what differs from row to row; `{{{{` stands for two braces.
///
/// The gateway judges it; what is not as the gateway asks is left as it stands.
struct TemplateText {
    private enum Piece {
        case text(Substring)
        case variable(String)
    }

    private var pieces: [Piece] = []

    init(_ template: String) {
        var rest = Substring(template)
        while let open = rest.firstRange(of: "{{") {
            pieces.append(.text(rest[..<open.lowerBound]))
            rest = rest[open.upperBound...]
            if rest.hasPrefix("{{") {
                pieces.append(.text("{{"))
                rest = rest.dropFirst(2)
                continue
            }
            guard let close = rest.firstRange(of: "}}") else {
                pieces.append(.text("{{"))
                break
            }
            pieces.append(.variable(rest[..<close.lowerBound].trimmed))
            rest = rest[close.upperBound...]
        }
        pieces.append(.text(rest))
    }

    /// The names that stand between `{{` and `}}`.
    var variables: Set<String> {
        Set(pieces.compactMap { if case .variable(let name) = $0 { name } else { nil } })
    }

    /// The text for one row.
    func render(_ variables: [String: String]) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .variable(let name): text += variables[name] ?? ""
            }
        }
        return text
    }
}
