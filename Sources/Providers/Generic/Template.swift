internal import SMSModel

/// A text with holes, such as `{{to}}`, taken apart once: to render it is a single pass over its parts.
///
/// `{{secret.NAME}}` and `{{option.NAME}}` are filled in when it is read, `{{encoding|GSM7=text|UCS2=unicode}}` is a
/// choice by a message's alphabet, every other hole is a ``TemplateVariable``. What follows a `|` bounds a time
/// (`min=60`, `max=86400`), or says that the hole is no string in JSON (`number`, `boolean`).
struct Template: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        /// Escaped already.
        case text([UInt8])
        case variable(TemplateVariable)
        /// A ``TemplateVariable`` that is a time, with its bounds in seconds.
        case time(TemplateVariable, ClosedRange<Int64>)
        case encoding(gsm7: [UInt8], ucs2: [UInt8])
    }

    /// What the text is in JSON.
    enum Literal: String, CaseIterable, Hashable, Sendable {
        case string
        case number
        case boolean
    }

    private(set) var parts: [Part] = []
    /// The escape of what fills the holes.
    let escape: TemplateEscape
    private(set) var literal = Literal.string

    /// - Parameter literal: how what stands outside of the holes is escaped.
    init(
        _ text: String, escape: TemplateEscape, literal: TemplateEscape = .none, in scope: TemplateScope
    ) throws(TemplateError) {
        self.escape = escape
        var rest = Array(text.utf8)[...]
        while let open = rest.firstRange(of: Self.open) {
            guard let close = rest[open.upperBound...].firstRange(of: Self.close) else {
                throw TemplateError("has a {{ without a }}")
            }
            append(rest[..<open.lowerBound], literal)
            let hole = String(decoding: rest[open.upperBound..<close.lowerBound], as: UTF8.self)
            try insert(hole.filter { $0 != " " }, scope)
            rest = rest[close.upperBound...]
        }
        append(rest, literal)
        guard self.literal != .string else { return }
        guard escape == .json, parts.count == 1, text.hasPrefix("{{"), text.hasSuffix("}}") else {
            throw TemplateError("has a |\(self.literal), which is only for a string of JSON that is one hole")
        }
    }

    /// The same for all messages, whatever is in it.
    init(constant text: String) {
        escape = .none
        parts = text.isEmpty ? [] : [.text(Array(text.utf8))]
    }

    private static let open = Array("{{".utf8)
    private static let close = Array("}}".utf8)

    private mutating func append(_ text: some Collection<UInt8>, _ escape: TemplateEscape) {
        guard !text.isEmpty else { return }
        var bytes: [UInt8] = []
        escape.append(text, to: &bytes)
        if case .text(let before)? = parts.last {
            parts[parts.count - 1] = .text(before + bytes)
        } else {
            parts.append(.text(bytes))
        }
    }

    private mutating func insert(_ hole: String, _ scope: TemplateScope) throws(TemplateError) {
        var words = hole.split(separator: "|", omittingEmptySubsequences: false)[...]
        let name = String(words.removeFirst())
        if let last = words.last, let literal = Literal(rawValue: String(last)), literal != .string {
            self.literal = literal
            words.removeLast()
        }
        if name == "encoding", !words.isEmpty { return try insertChoice(words, of: hole, scope) }
        if name.hasPrefix("secret.") || name.hasPrefix("option.") {
            guard words.isEmpty else {
                throw TemplateError("has {{\(hole)}}, which can't have a |\(words[words.startIndex])")
            }
            let rest = String(name.dropFirst("secret.".count))
            let text = name.hasPrefix("secret.") ? try scope.secret(rest) : try scope.option(rest)
            guard literal.accepts(text.utf8) else { throw TemplateError("has {{\(hole)}}, which is no \(literal)") }
            return append(text.utf8, escape.ofConstants)
        }
        guard let variable = TemplateVariable(rawValue: name), scope.known.contains(variable) else {
            let known = (scope.known.map(\.rawValue).sorted() + ["secret.NAME", "option.NAME"]).joined(separator: ", ")
            throw TemplateError("has {{\(hole)}}, which is not known; known here are \(known)")
        }
        guard literal == .string || TemplateVariable.numbers.contains(variable) && literal == .number else {
            throw TemplateError("has {{\(hole)}}, which is no \(literal)")
        }
        guard let bounds = Self.bounds(words) else {
            throw TemplateError("has {{\(hole)}}: bounds are |min=SECONDS and |max=SECONDS, whole numbers")
        }
        guard words.isEmpty || TemplateVariable.times.contains(variable) else {
            throw TemplateError("has {{\(hole)}}, which is no time that has bounds")
        }
        parts.append(words.isEmpty ? .variable(variable) : .time(variable, bounds))
    }

    private mutating func insertChoice(
        _ words: ArraySlice<Substring>, of hole: String, _ scope: TemplateScope
    ) throws(TemplateError) {
        guard words.count == 2, let gsm7 = words.first, let ucs2 = words.last, gsm7.hasPrefix("GSM7="),
            ucs2.hasPrefix("UCS2="), scope.known.contains(.encoding)
        else { throw TemplateError("has {{\(hole)}}: a choice is {{encoding|GSM7=…|UCS2=…}}, in requests") }
        let (first, second) = (gsm7.dropFirst(5).utf8, ucs2.dropFirst(5).utf8)
        guard literal.accepts(first), literal.accepts(second) else {
            throw TemplateError("has {{\(hole)}}, of which not both are a \(literal)")
        }
        var choice: (gsm7: [UInt8], ucs2: [UInt8]) = ([], [])
        escape.append(first, to: &choice.gsm7)
        escape.append(second, to: &choice.ucs2)
        parts.append(.encoding(gsm7: choice.gsm7, ucs2: choice.ucs2))
    }

    private static func bounds(_ words: ArraySlice<Substring>) -> ClosedRange<Int64>? {
        var (least, most) = (Int64(0), Int64.max)
        for word in words {
            let pair = word.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let seconds = Int64(pair[1]), seconds >= 0 else { return nil }
            switch pair[0] {
            case "min": least = seconds
            case "max": most = seconds
            default: return nil
            }
        }
        return least <= most ? least...most : nil
    }

    // MARK: What it is

    var variables: Set<TemplateVariable> {
        Set(
            parts.compactMap { part in
                switch part {
                case .text: nil
                case .variable(let variable), .time(let variable, _): variable
                case .encoding: .encoding
                }
            })
    }

    /// What it is for all messages; nil if it has holes.
    var constant: String? {
        if parts.isEmpty { return "" }
        guard parts.count == 1, case .text(let bytes) = parts[0] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Rendering

    func render(_ values: some TemplateValues, to bytes: inout [UInt8]) {
        for part in parts {
            switch part {
            case .text(let text): bytes += text
            case .variable(let variable): escape.append(values.bytes(of: variable), to: &bytes)
            case .time(let variable, let bounds):
                escape.append(values.bytes(of: variable, within: bounds), to: &bytes)
            case .encoding(let gsm7, let ucs2): bytes += values.encoding == .ucs2 ? ucs2 : gsm7
            }
        }
    }

    func text(_ values: some TemplateValues) -> String {
        var bytes: [UInt8] = []
        render(values, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Template.Literal {
    /// Whether a text can stand in JSON as such a value, as RFC 8259 writes it.
    func accepts(_ text: some Collection<UInt8>) -> Bool {
        switch self {
        case .string: return true
        case .boolean: return text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8)
        case .number:
            let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text.dropFirst(0)
            let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
            func areDigits(_ part: some Collection<UInt8>) -> Bool {
                !part.isEmpty && part.allSatisfy { (48...57).contains($0) }
            }
            guard parts.allSatisfy({ areDigits($0) }), let whole = parts.first else { return false }
            return whole.count == 1 || whole.first != UInt8(ascii: "0")
        }
    }
}

/// Why a text is no template: a clause that follows the name of the member.
struct TemplateError: Error, Hashable {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
