/// What the columns of a file stand for.
///
/// Headings are compared without regard to case. A column that nothing asks for is ignored, and said to be.
struct RowColumns {
    /// What a row may say about its message.
    enum Field: String, CaseIterable {
        case to
        case body
        case from
        case priority
        case reference
        case tags
        case at
        case validity
    }

    /// Fields and variables by the column that holds each: `--map to=Phone`.
    var mapping: [String: String] = [:]
    /// The names in the template's body; nil without a template.
    var variables: Set<String>?

    /// The place of each field or variable among the columns.
    struct Places: Equatable {
        var fields: [Field: Int] = [:]
        var variables: [String: Int] = [:]
        /// Headings of the columns that are not used.
        var ignored: [String] = []

        /// Whether rows say more than a template's recipients can.
        var haveMessageFields: Bool { fields.keys.contains { $0 != .to && $0 != .body } }
    }

    /// - Parameters:
    ///   - mapping: words `FIELD=COLUMN`.
    /// - Throws: a usage failure if a word is none, or its field is none.
    init(mapping words: [String] = [], variables: Set<String>? = nil) throws(CommandFailure) {
        self.variables = variables
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2 else {
                throw CommandFailure(.usage, "--map \(word) is not FIELD=COLUMN, such as to=Phone")
            }
            let field = Self.canonical(parts[0])
            let isVariable = variables?.contains(parts[0]) == true
            guard isVariable || Field(rawValue: field) != nil else {
                let names = Field.allCases.map(\.rawValue) + (variables?.sorted() ?? [])
                throw CommandFailure(
                    .usage, "--map \(word): there is no field \"\(parts[0])\"",
                    advice: "Fields are \(names.joined(separator: ", ")).")
            }
            let name = isVariable ? parts[0] : field
            guard mapping.updateValue(parts[1], forKey: name) == nil else {
                throw CommandFailure(.usage, "--map names the column of \(name) twice")
            }
        }
    }

    /// A field's name by any of its headings.
    private static func canonical(_ heading: some StringProtocol) -> String {
        let name = heading.lowercased()
        return name == "sender" ? Field.from.rawValue : name
    }

    /// Finds the columns of a file.
    ///
    /// - Parameter isWhole: whether a column that is missing is missing in every row, as with CSV.
    /// - Throws: a usage failure that says which column is missing or there twice.
    func places(_ headings: [String], isWhole: Bool = true) throws(CommandFailure) -> Places {
        var places = Places()
        var used: Set<Int> = []
        for name in variables?.sorted() ?? [] {
            guard let place = try column(of: name, in: headings, isVariable: true, isWhole) else { continue }
            places.variables[name] = place
            used.insert(place)
        }
        for field in Field.allCases {
            // The text of all rows is the template.
            if field == .body, variables != nil { continue }
            guard let place = try column(of: field.rawValue, in: headings, isVariable: false, isWhole),
                mapping[field.rawValue] != nil || field == .to || !used.contains(place)
            else { continue }
            places.fields[field] = place
            used.insert(place)
        }
        places.ignored = headings.indices.filter { !used.contains($0) && !headings[$0].isEmpty }.map { headings[$0] }
        if isWhole { try checkNeeded(places, headings) }
        return places
    }

    private func column(
        of name: String, in headings: [String], isVariable: Bool, _ isWhole: Bool
    ) throws(CommandFailure) -> Int? {
        if let column = mapping[name] {
            // An empty column takes the field from none.
            if column.isEmpty { return nil }
            let found = headings.indices.filter { headings[$0].lowercased() == column.lowercased() }
            guard let place = found.first else {
                if !isWhole { return nil }
                throw CommandFailure(.usage, "there is no column \"\(column)\", which --map \(name)=\(column) asks for")
            }
            guard found.count == 1 else { throw Self.twice(column) }
            return place
        }
        let exact = headings.indices.filter { headings[$0] == name }
        let found =
            isVariable && !exact.isEmpty
            ? exact
            : headings.indices.filter {
                isVariable ? headings[$0].lowercased() == name.lowercased() : Self.canonical(headings[$0]) == name
            }
        guard found.count <= 1 else { throw Self.twice(headings[found[1]]) }
        return found.first
    }

    private static func twice(_ column: String) -> CommandFailure {
        CommandFailure(.usage, "the column \"\(column)\" is in the header twice")
    }

    private func checkNeeded(_ places: Places, _ headings: [String]) throws(CommandFailure) {
        var missing: [String] = places.fields[.to] == nil ? ["to"] : []
        if let variables {
            missing += variables.filter { places.variables[$0] == nil }.sorted()
        } else if places.fields[.body] == nil {
            missing.append("body")
        }
        guard let first = missing.first else { return }
        let why = variables?.contains(first) == true ? ", but the body has {{\(first)}}" : ""
        let found = headings.filter { !$0.isEmpty }.map { "\"\($0)\"" }.joined(separator: ", ")
        throw CommandFailure(
            .usage, "the header has no column \"\(first)\"\(why); it has \(found)",
            advice: "The first line names the columns. Say which one it is with --map \(first)=COLUMN"
                + (headings.count == 1 ? ", or how they are separated with --delimiter." : "."))
    }
}
