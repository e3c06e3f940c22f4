internal import ApusClient
internal import ConfigurationModel
internal import FoundationEssentials

/// A row of a bulk file as what it asks for; its index in the batch is its place among the file's rows, so that the
/// same file under the same batch name asks for the same messages.
struct BulkRow {
    enum Content {
        case message(OutgoingMessage)
        case recipient(TemplateRecipient)
        /// Why it cannot be sent.
        case invalid(String)
    }

    var index: UInt64
    var line: Int
    var content: Content
}

/// What all rows have in common: from the command line.
struct RowDefaults {
    var sender: String?
    var priority: MessagePriority?
    var sendAt: Date?
    var validity: Duration?
    var reference: String?
    var tags: [String] = []
    var maximumSegments: Int?
    var onUnknown: UnknownOutcomePolicy?
    var smartEncoding: Bool?

    func message(to: String, body: String) -> OutgoingMessage {
        var message = OutgoingMessage(to: to, body: body, sender: sender, priority: priority)
        message.sendAt = sendAt
        message.validity = validity
        message.reference = reference
        message.tags = tags
        message.maximumSegments = maximumSegments
        message.onUnknown = onUnknown
        message.smartEncoding = smartEncoding
        return message
    }
}

/// Makes rows into messages, or into recipients of a template.
struct RowMapper {
    /// Columns of a row that is a message by itself.
    static let columns: Set<String> = ["to", "body", "sender", "priority", "reference"]

    var defaults: RowDefaults
    /// The names in the template's body; nil without a template.
    var variables: Set<String>?

    /// - Parameter template: a body with `{{name}}` for variables; nil = each row has its own.
    init(defaults: RowDefaults, template: String?) {
        self.defaults = defaults
        variables = template.map(Self.variables)
    }

    /// The names that stand between `{{` and `}}`; `{{{{` stands for two braces.
    static func variables(in template: String) -> Set<String> {
        var names: Set<String> = []
        var rest = Substring(template)
        while let open = rest.firstRange(of: "{{") {
            rest = rest[open.upperBound...]
            if rest.hasPrefix("{{") {
                rest = rest.dropFirst(2)
                continue
            }
            guard let close = rest.firstRange(of: "}}") else { break }
            names.insert(rest[..<close.lowerBound].trimmed)
            rest = rest[close.upperBound...]
        }
        return names
    }

    /// Checks a CSV's first row.
    ///
    /// - Throws: a usage failure that says which column is missing, unknown or there twice.
    func checkHeader(_ header: [String]) throws(CommandFailure) {
        if let twice = header.first(where: { name in header.count { $0 == name } > 1 }) {
            throw CommandFailure(.usage, "the column \"\(twice)\" is in the header twice")
        }
        let required: Set<String> = variables.map { $0.union(["to"]) } ?? ["to", "body"]
        if let missing = required.subtracting(header).min() {
            let why = variables?.contains(missing) == true ? ", but the body has {{\(missing)}}" : ""
            throw CommandFailure(
                .usage, "the header has no column \"\(missing)\"\(why)",
                advice: "The first line names the columns: to and body, or to and the variables of --body.")
        }
        if variables == nil, let unknown = header.first(where: { !Self.columns.contains($0) }) {
            throw CommandFailure(
                .usage, "the header has the unknown column \"\(unknown)\"",
                advice: "Columns are to, body, sender, priority and reference; with --body others are variables.")
        }
    }

    func content(header: [String], fields: [String]) -> BulkRow.Content {
        guard fields.count == header.count else {
            return .invalid("the row has \(fields.count) fields, the header \(header.count)")
        }
        return content(Dictionary(uniqueKeysWithValues: zip(header, fields)), tags: nil)
    }

    func content(json text: String) -> BulkRow.Content {
        let row: JSONRow
        do throws(RowProblem) {
            row = try JSONRow(text)
        } catch {
            return .invalid(error.text)
        }
        if variables == nil, let unknown = row.fields.keys.sorted().first(where: { !Self.columns.contains($0) }) {
            return .invalid(
                "the field \"\(unknown)\" is unknown; those of a message are to, body, sender, priority, reference and tags"
            )
        }
        return content(row.fields, tags: row.tags)
    }

    private func content(_ fields: [String: String], tags: [String]?) -> BulkRow.Content {
        guard let to = fields["to"], !to.isEmpty else { return .invalid("to is missing") }
        if let variables {
            let missing = variables.filter { fields[$0] == nil }.min()
            if let missing { return .invalid("the variable \(missing) is missing") }
            return .recipient(TemplateRecipient(to: to, variables: fields.filter { variables.contains($0.key) }))
        }
        guard let body = fields["body"], !body.isEmpty else { return .invalid("body is missing") }
        var message = defaults.message(to: to, body: body)
        if let sender = fields["sender"], !sender.isEmpty { message.sender = sender }
        if let reference = fields["reference"], !reference.isEmpty { message.reference = reference }
        if let text = fields["priority"], !text.isEmpty {
            guard let priority = MessagePriority(rawValue: text.uppercased()) else {
                return .invalid("priority \"\(text)\" is none of URGENT, NORMAL and BULK")
            }
            message.priority = priority
        }
        if let tags { message.tags = tags }
        return .message(message)
    }
}

/// A line of JSON lines: an object of texts, numbers and truth values; `tags` may be a list of them.
///
/// Numbers are taken as they stand in the line: what is meant for a text, such as an amount or a long code, is not
/// counted with.
private struct JSONRow {
    var fields: [String: String] = [:]
    var tags: [String]?

    init(_ line: String) throws(RowProblem) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(line, numbers: .texts)
        } catch {
            throw RowProblem(text: "the line is not JSON: \(error.reason) (column \(error.column))")
        }
        guard let members = json.object else { throw RowProblem(text: "the line is not a JSON object") }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            if name == "tags", let list = value.array {
                let texts = list.map(Self.text)
                guard !texts.contains(nil) else { throw RowProblem(text: "tags are texts") }
                tags = texts.compactMap(\.self)
            } else if value != .null {
                guard let text = Self.text(value) else {
                    throw RowProblem(text: "the field \"\(name)\" is neither a text nor a number")
                }
                fields[name] = text
            }
        }
    }

    private static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): String(flag)
        case .null, .integer, .real, .array, .object: nil
        }
    }
}
