internal import ConfigurationModel
internal import JSON

/// Fields in their order, each a template; those that are optional are left out where they render to nothing.
struct FieldsTemplate: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        /// Escaped.
        var name: [UInt8]
        var isOptional: Bool
        var value: Template
    }

    var fields: [Field] = []

    /// `name=value&…`
    func render(_ values: some TemplateValues, to bytes: inout [UInt8]) {
        let start = bytes.count
        for field in fields {
            let before = bytes.count
            if before > start { bytes.append(UInt8(ascii: "&")) }
            bytes += field.name
            bytes.append(UInt8(ascii: "="))
            let begin = bytes.count
            field.value.render(values, to: &bytes)
            if field.isOptional, bytes.count == begin { bytes.removeSubrange(before...) }
        }
    }
}

/// A JSON value whose strings are templates, of which some are written as numbers or booleans; a member whose name ends in `?` is left out where its string renders to
/// nothing.
indirect enum JSONTemplate: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        /// `"name":`
        var name: [UInt8]
        var isOptional: Bool
        var value: JSONTemplate
    }

    case constant([UInt8])
    case string(Template)
    /// A number or a boolean.
    case literal(Template)
    case array([JSONTemplate])
    case object([Member])

    /// - Parameter fault: takes what is wrong and where, such as `.messages[0].to`.
    init(_ value: JSONValue, in scope: TemplateScope, at place: String = "", fault: (String, String) -> Void) {
        switch value {
        case .string(let text):
            do throws(TemplateError) {
                let template = try Template(text, escape: .json, literal: .json, in: scope)
                self = template.literal == .string ? .string(template) : .literal(template)
            } catch {
                fault(place, error.description)
                self = .constant([])
            }
        case .array(let values):
            self = .array(
                values.enumerated().map { offset, value in
                    JSONTemplate(value, in: scope, at: "\(place)[\(offset)]", fault: fault)
                })
        case .object(let members):
            // In an order of their own, so that one configuration makes one request.
            self = .object(
                members.sorted { $0.key < $1.key }.map { key, value in
                    let name = key.text
                    let isOptional = name.hasSuffix("?")
                    if isOptional, value.string == nil {
                        fault("\(place).\(name)", "must be a string, since its name ends in ?")
                    }
                    var quoted = ""
                    JSONValue.appendQuoted(isOptional ? String(name.dropLast()) : name, to: &quoted)
                    return Member(
                        name: Array("\(quoted):".utf8), isOptional: isOptional,
                        value: JSONTemplate(value, in: scope, at: "\(place).\(name)", fault: fault))
                })
        default: self = .constant(Array(value.text.utf8))
        }
    }

    func render(_ values: some TemplateValues, to bytes: inout [UInt8]) {
        switch self {
        case .constant(let text): bytes += text
        case .string(let template):
            bytes.append(UInt8(ascii: "\""))
            template.render(values, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        case .literal(let template):
            let begin = bytes.count
            template.render(values, to: &bytes)
            guard !template.literal.accepts(bytes[begin...]) else { return }
            bytes.insert(UInt8(ascii: "\""), at: begin)
            bytes.append(UInt8(ascii: "\""))
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (offset, element) in elements.enumerated() {
                if offset > 0 { bytes.append(UInt8(ascii: ",")) }
                element.render(values, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let start = bytes.count
            for member in members {
                let before = bytes.count
                if before > start { bytes.append(UInt8(ascii: ",")) }
                bytes += member.name
                let begin = bytes.count
                member.value.render(values, to: &bytes)
                if member.isOptional, bytes[begin...].elementsEqual("\"\"".utf8) { bytes.removeSubrange(before...) }
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    var variables: Set<TemplateVariable> {
        switch self {
        case .constant: []
        case .string(let template), .literal(let template): template.variables
        case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.variables) }
        case .object(let members): members.reduce(into: []) { $0.formUnion($1.value.variables) }
        }
    }
}
