internal import SMSModel

/// Reads recipients' numbers as people and spreadsheets write them.
struct RecipientNumber {
    /// The country whose national numbers are understood; nil = none.
    var numbering: NationalNumbering?

    /// Turns a number as it was written into E.164.
    ///
    /// Spaces, dashes, dots, slashes, brackets, a leading apostrophe, `(0)` after a calling code and `00` for the plus
    /// go; national numbers become international ones where their country is known.
    ///
    /// - Throws: a problem that names what stands in the way.
    func read(_ text: String) throws(RowProblem) -> String {
        // Most numbers are in order already.
        if text.utf8.first == UInt8(ascii: "+"), text.utf8.dropFirst().allSatisfy({ $0 &- 0x30 <= 9 }) {
            return try Self.checked(text)
        }
        if let hidden = text.unicodeScalars.first(where: Self.isInvisible) {
            throw RowProblem(
                text: "to: the number holds an invisible character, \(Self.name(hidden)): delete it, or type the number"
            )
        }
        let written = text.trimmed
        if written.wholeMatch(of: Self.scientific) != nil {
            throw RowProblem(
                text: "to: a spreadsheet has rounded the number to \(written), its last digits are lost: "
                    + "format the column as text there, and export it again")
        }
        let digits = try Self.digits(of: written)
        if digits.hasPrefix("+") { return try Self.checked(digits) }
        guard !digits.isEmpty else { throw RowProblem(text: "to is missing") }
        if let numbering { return try Self.checked(try numbering.international(digits)) }
        if digits.hasPrefix("00") { return try Self.checked("+" + digits.dropFirst(2)) }
        throw RowProblem(
            text: "to: \(digits) does not begin with + or 00; for national numbers give --country, such as --country DE"
        )
    }

    /// A plus, if there is one, and the digits.
    private static func digits(of written: String) throws(RowProblem) -> String {
        var rest = Substring(written)
        if let first = rest.first, "'’`".contains(first) { rest = rest.dropFirst() }
        let isInternational = rest.hasPrefix("+") || rest.hasPrefix("00")
        if isInternational, let optional = rest.firstRange(of: "(0)") { rest.removeSubrange(optional) }
        var digits = ""
        for scalar in rest.unicodeScalars where !isSeparator(scalar) {
            guard ("0"..."9").contains(scalar) || (scalar == "+" && digits.isEmpty) else {
                throw RowProblem(text: "to: the number holds \(name(scalar)), which is no digit")
            }
            digits.unicodeScalars.append(scalar)
        }
        return digits
    }

    private static func checked(_ number: String) throws(RowProblem) -> String {
        var number = number
        if let problem = number.withUTF8({ PhoneNumber.check(UnsafeRawBufferPointer($0)) }) {
            throw RowProblem(text: "to: \(problem.description)")
        }
        return number
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "-", ".", "/", "(", ")", "[", "]": true
        // Hyphens, dashes and the minus sign.
        case "\u{2010}"..."\u{2015}", "\u{2212}": true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .nonspacingMark, .enclosingMark:
            true
        case .control: scalar != "\t" && scalar != "\n" && scalar != "\r"
        default: false
        }
    }

    /// Such as `U+202A (LEFT-TO-RIGHT EMBEDDING)` or `“x” (U+0078)`.
    private static func name(_ scalar: Unicode.Scalar) -> String {
        let code = CharacterName.codePoint(scalar.value)
        if isInvisible(scalar) || scalar.properties.generalCategory == .control {
            return scalar.properties.name.map { "\(code) (\($0))" } ?? code
        }
        return "“\(scalar)” (\(code))"
    }

    // Unsafe by name alone: a Regex is not Sendable, but this one holds no transform and never changes.
    nonisolated(unsafe) private static let scientific = /[+-]?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+/
}
