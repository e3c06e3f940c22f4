package import SMSModel

/// A bulk message's body with placeholders, parsed once and rendered for each recipient.
///
/// `{{name}}` is a placeholder; a name has 1 to 32 characters of `A-Za-z0-9_` and does not begin with a digit.
/// `{{{{` stands for two opening braces as they are. So `{{{{name}}` renders as `{{name}}`: closing braces without
/// an opening pair, and single ones, need no care. Reading goes from left to right.
package struct BodyTemplate: Sendable {
    package static let nameBytes = 32

    /// Some bytes of the template: text to copy, or a placeholder.
    private struct Piece {
        let range: Range<Int>
        /// The variable's place in ``names``; nil = text.
        let variable: Int?
    }

    private let template: [UInt8]
    private let pieces: [Piece]
    /// Each variable's name once, in the order of their first placeholders.
    private let names: TemplateNames

    /// Copies and parses a template. It may have at most ``Limits/templateVariables`` placeholders, and as much text
    /// around them as a body. Whether it is UTF-8 is checked when what it renders is.
    package init(_ body: UnsafeRawBufferPointer) throws(TemplateProblem) {
        let mostBytes = 4 * Limits.bodyScalars + Limits.templateVariables * (Self.nameBytes + 4)
        guard body.count <= mostBytes else { throw .tooLong }
        var pieces: [Piece] = []
        var names = TemplateNames()
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
                pieces.append(Piece(range: textStart..<offset + 2, variable: nil))
                offset += 4
                textStart = offset
                continue
            }
            guard let name = Self.name(in: body, from: offset + 2) else { throw .badPlaceholder(offset: offset) }
            placeholders += 1
            guard placeholders <= Limits.templateVariables else { throw .tooManyPlaceholders }
            pieces.append(Piece(range: textStart..<offset, variable: nil))
            let variable = names.insert(UnsafeRawBufferPointer(rebasing: body[name]))
            pieces.append(Piece(range: name, variable: variable))
            offset = name.upperBound + 2
            textStart = offset
        }
        pieces.append(Piece(range: textStart..<body.count, variable: nil))
        self.template = Array(body)
        self.pieces = pieces.filter { $0.variable != nil || !$0.range.isEmpty }
        self.names = names
    }

    /// Appends the body for one recipient to `output` and returns no violation; or leaves `output` as it is and
    /// returns one violation for each variable that is missing, given twice or not in the template.
    ///
    /// What it costs grows with the variables and with the body, not with their product.
    package func render(_ variables: [TemplateVariable], into output: inout [UInt8]) -> [FieldViolation] {
        guard variables.count <= Limits.templateVariables else {
            return [
                FieldViolation(
                    field: "variables",
                    description: "There are \(variables.count) variables; "
                        + "at most \(Limits.templateVariables) are allowed.")
            ]
        }
        // By the name's place: the variable of that name, or -1.
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: names.count) { values in
            values.initialize(repeating: -1)
            var areGood = true
            for (position, variable) in variables.enumerated() {
                guard let place = names.place(of: variable.name), values[place] < 0 else {
                    areGood = false
                    continue
                }
                values[place] = position
            }
            guard areGood, !values.contains(-1) else { return violations(variables, values) }
            return copy(variables, values, into: &output)
        }
    }

    private func copy(
        _ variables: [TemplateVariable], _ values: UnsafeMutableBufferPointer<Int>, into output: inout [UInt8]
    ) -> [FieldViolation] {
        let start = output.count
        for piece in pieces {
            if let variable = piece.variable {
                output.append(contentsOf: variables[values[variable]].value)
            } else {
                output.append(contentsOf: template[piece.range])
            }
            if output.count - start > 4 * Limits.bodyScalars {
                output.removeSubrange(start...)
                return [FieldViolation(field: "body", description: BodyProblem.tooLong.description)]
            }
        }
        return []
    }

    private func violations(
        _ variables: [TemplateVariable], _ values: UnsafeMutableBufferPointer<Int>
    ) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        func add(_ name: some Collection<UInt8>, _ description: String) {
            // A name of the caller's may be anything; the start of it is enough to find it.
            let field = "variables." + String(decoding: name.prefix(Self.nameBytes), as: UTF8.self)
            guard violations.count < Limits.violationsPerRefusal, !violations.contains(where: { $0.field == field })
            else { return }
            violations.append(FieldViolation(field: field, description: description))
        }
        for place in 0..<names.count where values[place] < 0 {
            add(names[place], "The template needs this variable, and it is missing.")
        }
        for (position, variable) in variables.enumerated() where violations.count < Limits.violationsPerRefusal {
            let place = names.place(of: variable.name)
            if place == nil {
                add(variable.name, "The template has no placeholder of this name.")
            } else if let place, values[place] != position {
                add(variable.name, "The variable is given twice.")
            }
        }
        return violations
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

/// The names of a template's variables, found by a hash of theirs: it is seeded, so that no names are slow on purpose.
private struct TemplateNames: Sendable {
    /// More than there are names, so that a search ends soon.
    private static let slots = 4 * Limits.templateVariables

    private var names: [[UInt8]] = []
    /// The place of a name by its hash; -1 = none.
    private var places = [Int16](repeating: -1, count: slots)

    var count: Int { names.count }

    subscript(place: Int) -> [UInt8] { names[place] }

    /// - Returns: the name's place, where it may have been already.
    mutating func insert(_ name: UnsafeRawBufferPointer) -> Int {
        if let place = place(of: name) { return place }
        var slot = Self.slot(of: name)
        while places[slot] >= 0 { slot = (slot + 1) % Self.slots }
        places[slot] = Int16(names.count)
        names.append(Array(name))
        return names.count - 1
    }

    func place(of name: UnsafeRawBufferPointer) -> Int? {
        guard name.count <= BodyTemplate.nameBytes else { return nil }
        var slot = Self.slot(of: name)
        while places[slot] >= 0 {
            let place = Int(places[slot])
            if names[place].elementsEqual(name) { return place }
            slot = (slot + 1) % Self.slots
        }
        return nil
    }

    private static func slot(of name: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: name)
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(slots))
    }
}

/// Why a template cannot be used.
package enum TemplateProblem: Error, Hashable, Sendable {
    case tooLong
    case tooManyPlaceholders
    /// Bytes from the template's beginning.
    case badPlaceholder(offset: Int)

    /// One sentence for the one who wrote the template.
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
