internal import ConfigurationModel
internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel

/// What the members of descriptions have in common.
extension MemberReader {
    /// Whether it is there; else that is wrong.
    mutating func needed(_ name: String, _ why: String) -> Bool {
        if take(name) != nil { return true }
        fault(name, "is missing: \(why)")
        return false
    }

    mutating func compiled(
        _ text: String, at name: String, _ escape: TemplateEscape, literal: TemplateEscape = .none,
        in scope: TemplateScope
    ) -> Template? {
        do throws(TemplateError) {
            return try Template(text, escape: escape, literal: literal, in: scope)
        } catch {
            fault(name, error.description)
            return nil
        }
    }

    mutating func template(_ name: String, _ escape: TemplateEscape, in scope: TemplateScope) -> Template? {
        guard let text = string(name) else { return nil }
        return compiled(text, at: name, escape, in: scope)
    }

    /// A text that is the same for all messages, though secrets and variables may be in it.
    mutating func constant(_ name: String, in scope: TemplateScope) -> String? {
        template(name, .none, in: scope.with([])).flatMap(\.constant)
    }

    /// The same, and not to be done without.
    mutating func neededConstant(_ name: String, _ why: String, in scope: TemplateScope) -> String? {
        guard needed(name, why), let text = constant(name, in: scope) else { return nil }
        guard !text.isEmpty else {
            fault(name, "is empty")
            return nil
        }
        return text
    }

    /// A key, written as the member `key_form` says.
    mutating func key(_ name: String, _ why: String, or usualForm: KeyForm, in scope: TemplateScope) -> [UInt8]? {
        let form = choice("key_form", or: usualForm)
        guard let text = neededConstant(name, why, in: scope), let form else { return nil }
        let bytes: [UInt8]? =
            switch form {
            case .text: Array(text.utf8)
            case .base64: CodeForm.base64.octets(text)
            case .hex: Hexadecimal.decode(text)
            }
        guard let bytes, !bytes.isEmpty else {
            fault(name, "is not written in \(form.rawValue), as key_form says")
            return nil
        }
        return bytes
    }

    /// Texts by their names.
    mutating func constants(_ name: String) -> [String: String] {
        members(name).reduce(into: [:]) { texts, member in
            if let text = member.value.scalarText {
                texts[member.key] = text
            } else {
                fault("\(name).\(member.key)", "must be a string")
            }
        }
    }

    /// The same, where secrets and variables may be in them.
    mutating func constants(_ name: String, in scope: TemplateScope) -> [String: String] {
        constants(name).reduce(into: [:]) { texts, member in
            let template = compiled(member.value, at: "\(name).\(member.key)", .none, in: scope.with([]))
            if let text = template?.constant { texts[member.key] = text }
        }
    }

    /// The members of an object that may have any, in the order of their names.
    mutating func members(_ name: String) -> [(key: String, value: JSONValue)] {
        guard let value = take(name) else { return [] }
        guard let members = value.object, members.count <= Limits.httpTemplateFields else {
            fault(name, "must be an object of at most \(Limits.httpTemplateFields) members")
            return []
        }
        return members.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
    }

    /// A form or a query; a field whose name ends in `?` is left out where it is empty.
    mutating func fields(_ name: String, in scope: TemplateScope) -> FieldsTemplate {
        var fields = FieldsTemplate()
        for (key, value) in members(name) {
            guard let text = value.scalarText else {
                fault("\(name).\(key)", "must be a string")
                continue
            }
            guard let template = compiled(text, at: "\(name).\(key)", .percent, literal: .percent, in: scope) else {
                continue
            }
            let isOptional = key.hasSuffix("?")
            var escaped: [UInt8] = []
            FormWriter.append(escaped: (isOptional ? String(key.dropLast()) : key).utf8, to: &escaped)
            fields.fields.append(FieldsTemplate.Field(name: escaped, isOptional: isOptional, value: template))
        }
        return fields
    }

    mutating func headers(_ name: String, in scope: TemplateScope) -> [RequestTemplate.Header] {
        members(name).compactMap { key, value in
            guard let text = value.scalarText else {
                fault("\(name).\(key)", "must be a string")
                return nil
            }
            return header(key, text, at: "\(name).\(key)", in: scope)
        }
    }

    mutating func header(
        _ key: String, _ text: String, at place: String, in scope: TemplateScope
    ) -> RequestTemplate.Header? {
        compiled(text, at: place, .header, in: scope).flatMap { header(key, $0, at: place) }
    }

    mutating func header(_ key: String, _ template: Template, at place: String) -> RequestTemplate.Header? {
        guard Self.isHeader(key) else {
            fault(place, "is no name of a header that can be set")
            return nil
        }
        let isFine = template.parts.allSatisfy { part in
            guard case .text(let bytes) = part else { return true }
            return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
        guard isFine else {
            fault(place, "has control characters, which can't stand in a header")
            return nil
        }
        return RequestTemplate.Header(name: key, value: template)
    }

    /// The name of a header, as it is or `fallback`.
    mutating func headerName(_ name: String, or fallback: String?) -> String? {
        guard let text = string(name) ?? fallback else { return nil }
        guard Self.isHeader(text) else {
            fault(name, "is no name of a header")
            return nil
        }
        return text
    }

    private static func isHeader(_ name: String) -> Bool {
        let isToken = name.utf8.allSatisfy { byte in
            (byte | 0x20) &- 0x61 <= 25 || byte &- 0x30 <= 9 || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        return isToken && !name.isEmpty && !["host", "content-length", "transfer-encoding"].contains(name.lowercased())
    }

    /// One of several words; `fallback` if it is left out.
    mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(_ name: String, or fallback: Choice?)
        -> Choice?
    {
        guard let text = string(name) else {
            if fallback == nil, take(name) == nil { fault(name, "is missing: \(Self.words(Choice.self))") }
            return fallback
        }
        guard let choice = Choice(rawValue: text) else {
            fault(name, "must be \(Self.words(Choice.self))")
            return nil
        }
        return choice
    }

    private static func words<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> String {
        "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension HTTPSessionOptions {
    init?(described reader: inout MemberReader) {
        self.init()
        if let count = reader.integer("connections", 1...Int64(Limits.httpConnectionsMaximum)) {
            connections = Int(count)
        }
        let range = Limits.httpRequestMillisecondsMinimum...Limits.httpRequestMillisecondsMaximum
        if let milliseconds = reader.integer("timeout_ms", range) { timeout = milliseconds }
        proxy = reader.text("proxy", upTo: Limits.httpURLBytes)
    }
}
