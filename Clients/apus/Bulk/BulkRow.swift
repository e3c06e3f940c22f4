internal import ApusClient
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
        do {
            row = try JSONDecoder().decode(JSONRow.self, from: Data(text.utf8))
        } catch let problem as RowProblem {
            return .invalid(problem.text)
        } catch {
            return .invalid("the line is not a JSON object")
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

/// A line of JSON lines: an object of texts, numbers and truth values; `tags` may be a list of texts.
private struct JSONRow: Decodable {
    var fields: [String: String] = [:]
    var tags: [String]?

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        for key in object.allKeys {
            let name = key.stringValue
            if name == "tags", let list = try? object.decode([String].self, forKey: key) {
                tags = list
            } else if let text = try? object.decode(String.self, forKey: key) {
                fields[name] = text
            } else if let flag = try? object.decode(Bool.self, forKey: key) {
                fields[name] = String(flag)
            } else if let number = try? object.decode(Int64.self, forKey: key) {
                fields[name] = String(number)
            } else if let number = try? object.decode(Double.self, forKey: key) {
                fields[name] = String(number)
            } else if try !object.decodeNil(forKey: key) {
                throw RowProblem(text: "the field \"\(name)\" is neither a text nor a number")
            }
        }
    }
}
