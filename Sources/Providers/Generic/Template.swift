internal import SMSModel

/// A text with holes, such as `{{to}}`, taken apart once: to render it is a single pass over its parts.
///
/// `{{secret.NAME}}` and `{{option.NAME}}` are filled in when it is read, `{{encoding|GSM7=text|UCS2=unicode}}` is a
/// choice by a message's alphabet, every other hole is a ``TemplateVariable``.
struct Template: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        /// Escaped already.
        case text([UInt8])
        case variable(TemplateVariable)
        case encoding(gsm7: [UInt8], ucs2: [UInt8])
    }

    private(set) var parts: [Part] = []
    /// The escape of what fills the holes.
    let escape: TemplateEscape

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
        if hole.hasPrefix("secret.") {
            return append(try scope.secret(String(hole.dropFirst("secret.".count))).utf8, escape.ofConstants)
        }
        if hole.hasPrefix("option.") {
            return append(try scope.option(String(hole.dropFirst("option.".count))).utf8, escape.ofConstants)
        }
        if hole.hasPrefix("encoding|") {
            let words = hole.split(separator: "|", omittingEmptySubsequences: false).dropFirst()
            guard words.count == 2, let gsm7 = words.first, let ucs2 = words.last, gsm7.hasPrefix("GSM7="),
                ucs2.hasPrefix("UCS2="), scope.known.contains(.encoding)
            else { throw TemplateError("has {{\(hole)}}: a choice is {{encoding|GSM7=…|UCS2=…}}, in requests") }
            var choice: (gsm7: [UInt8], ucs2: [UInt8]) = ([], [])
            escape.append(gsm7.dropFirst(5).utf8, to: &choice.gsm7)
            escape.append(ucs2.dropFirst(5).utf8, to: &choice.ucs2)
            return parts.append(.encoding(gsm7: choice.gsm7, ucs2: choice.ucs2))
        }
        guard let variable = TemplateVariable(rawValue: hole), scope.known.contains(variable) else {
            let known = (scope.known.map(\.rawValue).sorted() + ["secret.NAME", "option.NAME"]).joined(separator: ", ")
            throw TemplateError("has {{\(hole)}}, which is not known; known here are \(known)")
        }
        parts.append(.variable(variable))
    }

    // MARK: What it is

    var variables: Set<TemplateVariable> {
        Set(
            parts.compactMap { part in
                switch part {
                case .text: nil
                case .variable(let variable): variable
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

/// Why a text is no template: a clause that follows the name of the member.
struct TemplateError: Error, Hashable {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
