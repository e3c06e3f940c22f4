internal import ApusClient
internal import FoundationEssentials
internal import JSON

/// Makes rows of a file into messages.
struct RowMapper {
    var defaults: RowDefaults
    /// One text for all rows; nil = each row has its own.
    let template: TemplateText?
    let columns: RowColumns
    var numbers: RecipientNumber
    private let times = TimeText.current

    /// - Parameters:
    ///   - template: a body with `{{name}}` for variables; nil = each row has its own.
    ///   - mapping: words `FIELD=COLUMN` of the command line.
    init(
        defaults: RowDefaults, template: String?, mapping: [String] = [], numbering: NationalNumbering? = nil
    ) throws(CommandFailure) {
        self.defaults = defaults
        self.template = template.map(TemplateText.init)
        columns = try RowColumns(mapping: mapping, variables: self.template?.variables)
        numbers = RecipientNumber(numbering: numbering)
    }

    /// The values of a row, each with its column's place.
    struct Values {
        var texts: [String?]
        /// The members of a row of JSON that are lists.
        var lists: [Int: [String]] = [:]

        func text(_ place: Int?) -> String? {
            guard let place, let text = texts[place], !text.isEmpty else { return nil }
            return text
        }
    }

    func content(_ values: Values, _ places: RowColumns.Places) -> BulkRow.Content {
        do throws(RowProblem) {
            return try message(values, places)
        } catch {
            return .invalid(error)
        }
    }

    private func message(
        _ values: Values, _ places: RowColumns.Places
    ) throws(RowProblem) -> BulkRow.Content {
        guard let written = values.text(places.fields[.to]) else { throw RowProblem(text: "to is missing") }
        var variables: [String: String] = [:]
        let body: String
        if let template {
            for name in template.variables {
                guard let place = places.variables[name], let value = values.texts[place] else {
                    throw RowProblem(text: "the variable \(name) is missing")
                }
                variables[name] = value
            }
            body = template.render(variables)
        } else {
            guard let text = values.text(places.fields[.body]) else { throw RowProblem(text: "body is missing") }
            body = text
        }
        var message = defaults.message(to: try numbers.read(written), body: body)
        try read(values, places, into: &message)
        return .message(message, variables: variables)
    }

    private func read(
        _ values: Values, _ places: RowColumns.Places, into message: inout OutgoingMessage
    ) throws(RowProblem) {
        message.sender = values.text(places.fields[.from]) ?? message.sender
        message.reference = values.text(places.fields[.reference]) ?? message.reference
        if let text = values.text(places.fields[.priority]) {
            let name = text.trimmed.uppercased()
            guard let priority = MessagePriority.allCases.first(where: { $0.rawValue == name }) else {
                throw RowProblem(text: "priority: \"\(text)\" is none of URGENT, NORMAL and BULK")
            }
            message.priority = priority
        }
        if let text = values.text(places.fields[.validity]) {
            guard let validity = DurationText.parse(text.trimmed) else {
                throw RowProblem(text: "validity: \"\(text)\" is no duration, such as 90s, 1h or 2d")
            }
            message.validity = validity
        }
        if let text = values.text(places.fields[.at]) { message.sendAt = try time(text.trimmed) }
        guard let place = places.fields[.tags] else { return }
        if let list = values.lists[place] {
            message.tags = list
        } else if let text = values.text(place) {
            message.tags = text.split { $0 == "," || $0 == ";" }.map(\.trimmed).filter { !$0.isEmpty }
        }
    }

    private func time(_ text: String) throws(RowProblem) -> Date {
        // Counted from now, the same file would ask for other messages at every run.
        guard !text.hasPrefix("+") else {
            throw RowProblem(text: "at: \"\(text)\" is no point in time: in a file it has a date and a zone")
        }
        do throws(TimeProblem) {
            return Date(milliseconds: try times.time(text))
        } catch {
            throw RowProblem(text: "at: \"\(text)\" \(error.text)")
        }
    }
}

/// A line of JSON lines: an object of texts, numbers and truth values, and perhaps lists of those.
///
/// Numbers are taken as they stand in the line: what is meant for a text, such as an amount or a long code, is not
/// counted with.
struct JSONRow {
    var names: [String] = []
    var values = RowMapper.Values(texts: [])

    init(_ line: String) throws(RowProblem) {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(line, numbers: .texts)
        } catch {
            throw RowProblem(text: "the line is not JSON: \(error.reason) (column \(error.column))")
        }
        guard let members = json.object else { throw RowProblem(text: "the line is not a JSON object") }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            let name = key.text
            if let list = value.array {
                let texts = list.map(Self.text)
                guard name.lowercased() == RowColumns.Field.tags.rawValue else {
                    throw RowProblem(text: "the field \"\(name)\" is neither a text nor a number")
                }
                guard !texts.contains(nil) else { throw RowProblem(text: "tags are texts") }
                values.lists[names.count] = texts.compactMap(\.self)
                values.texts.append(nil)
            } else {
                guard let text = Self.text(value) else {
                    throw RowProblem(text: "the field \"\(name)\" is neither a text nor a number")
                }
                values.texts.append(text)
            }
            names.append(name)
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): String(flag)
        case .null, .integer, .real, .array, .object: nil
        }
    }
}
