package import SMSModel

/// A bulk message's body with placeholders, parsed once and rendered for each recipient.
///
/// `{{name}}` is a placeholder; a name has 1 to 32 characters of `A-Za-z0-9_` and does not begin with a digit.
/// `{{{{` stands for two opening braces as they are. So `{{{{name}}` renders as `{{name}}`: closing braces without
/// an opening pair, and single ones, need no care. Reading goes from left to right.
package struct BodyTemplate: Sendable {
    package static let nameBytes = 32

    /// Some bytes of the template: text to copy, or a variable's name.
    private struct Piece {
        let range: Range<Int>
        let isVariable: Bool
    }

    private let template: [UInt8]
    private let pieces: [Piece]

    /// Copies and parses a template. It may have at most ``Limits/templateVariables`` placeholders, and as much text
    /// around them as a body. Whether it is UTF-8 is checked when what it renders is.
    package init(_ body: UnsafeRawBufferPointer) throws(TemplateProblem) {
        let mostBytes = 4 * Limits.bodyScalars + Limits.templateVariables * (Self.nameBytes + 4)
        guard body.count <= mostBytes else { throw .tooLong }
        var pieces: [Piece] = []
        var placeholders = 0
        var textStart = 0
        var offset = 0
        func opens(_ at: Int) -> Bool {
            at + 1 < body.count && body[at] == UInt8(ascii: "{") && body[at + 1] == UInt8(ascii: "{")
        }
        while offset < body.count {
            guard opens(offset) else {
                offset += 1
                continue
            }
            if opens(offset + 2) {
                pieces.append(Piece(range: textStart..<offset + 2, isVariable: false))
                offset += 4
                textStart = offset
                continue
            }
            guard let name = Self.name(in: body, from: offset + 2) else { throw .badPlaceholder(offset: offset) }
            placeholders += 1
            guard placeholders <= Limits.templateVariables else { throw .tooManyPlaceholders }
            pieces.append(Piece(range: textStart..<offset, isVariable: false))
            pieces.append(Piece(range: name, isVariable: true))
            offset = name.upperBound + 2
            textStart = offset
        }
        pieces.append(Piece(range: textStart..<body.count, isVariable: false))
        self.template = Array(body)
        self.pieces = pieces.filter { $0.isVariable || !$0.range.isEmpty }
    }

    /// Appends the body for one recipient to `output` and returns no violation; or leaves `output` as it is and
    /// returns one violation for each variable that is missing, given twice or not in the template.
    package func render(_ variables: [TemplateVariable], into output: inout [UInt8]) -> [FieldViolation] {
        let violations = check(variables)
        guard violations.isEmpty else { return violations }
        let start = output.count
        for piece in pieces {
            if !piece.isVariable {
                output.append(contentsOf: template[piece.range])
            } else if let index = index(of: piece, in: variables) {
                output.append(contentsOf: variables[index].value)
            }
            if output.count - start > 4 * Limits.bodyScalars {
                output.removeSubrange(start...)
                return [FieldViolation(field: "body", description: BodyProblem.tooLong.description)]
            }
        }
        return []
    }

    private func check(_ variables: [TemplateVariable]) -> [FieldViolation] {
        guard variables.count <= Limits.templateVariables else {
            return [
                FieldViolation(
                    field: "variables",
                    description: "There are \(variables.count) variables; "
                        + "at most \(Limits.templateVariables) are allowed.")
            ]
        }
        var violations: [FieldViolation] = []
        func add(_ name: some Collection<UInt8>, _ description: String) {
            // A name of the caller's may be anything; the start of it is enough to find it.
            let field = "variables." + String(decoding: name.prefix(Self.nameBytes), as: UTF8.self)
            guard violations.count < Limits.violationsPerRefusal, !violations.contains(where: { $0.field == field })
            else { return }
            violations.append(FieldViolation(field: field, description: description))
        }
        for piece in pieces where piece.isVariable && index(of: piece, in: variables) == nil {
            add(template[piece.range], "The template needs this variable, and it is missing.")
        }
        for (position, variable) in variables.enumerated() {
            if !pieces.contains(where: { $0.isVariable && isName($0, variable.name) }) {
                add(variable.name, "The template has no placeholder of this name.")
            } else if variables[..<position].contains(where: { $0.name.elementsEqual(variable.name) }) {
                add(variable.name, "The variable is given twice.")
            }
        }
        return violations
    }

    private func index(of piece: Piece, in variables: [TemplateVariable]) -> Int? {
        variables.firstIndex { isName(piece, $0.name) }
    }

    private func isName(_ piece: Piece, _ name: UnsafeRawBufferPointer) -> Bool {
        piece.range.count == name.count && template[piece.range].elementsEqual(name)
    }

    /// The name that begins at `start`, if `}}` follows it.
    private static func name(in body: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        var end = start
        while end < body.count, isNameCharacter(body[end], first: end == start) { end += 1 }
        guard (1...nameBytes).contains(end - start), end + 1 < body.count, body[end] == UInt8(ascii: "}"),
            body[end + 1] == UInt8(ascii: "}")
        else { return nil }
        return start..<end
    }

    private static func isNameCharacter(_ byte: UInt8, first: Bool) -> Bool {
        (byte | 0x20) &- 0x61 <= 25 || byte == UInt8(ascii: "_") || (!first && byte &- 0x30 <= 9)
    }
}

/// Why a template cannot be used.
package enum TemplateProblem: Error, Hashable, Sendable {
    case tooLong
    case tooManyPlaceholders
    /// Bytes from the template's beginning.
    case badPlaceholder(offset: Int)

    /// One sentence for whoever wrote the template.
    package var description: String {
        switch self {
        case .tooLong:
            "The template is too long to make a body of at most \(Limits.bodyScalars) characters."
        case .tooManyPlaceholders:
            "The template has more than \(Limits.templateVariables) placeholders."
        case .badPlaceholder(let offset):
            "At byte \(offset), {{ does not begin a placeholder such as {{first_name}}; write {{{{ for two braces."
        }
    }
}
