package import JSON
package import SMSModel

/// Reads the members of an object, and gathers what is wrong with them. A member that is null counts as left out.
package struct MemberReader {
    private let path: String
    private var members: [TextKey: JSONValue]
    private var known: Set<TextKey> = []
    package private(set) var violations: [FieldViolation] = []

    /// - Parameter path: of the object.
    package init(_ value: JSONValue, path: String) {
        self.path = path
        members = value.object?.filter { $0.value != .null } ?? [:]
        if value.object == nil { violations.append(FieldViolation(field: path, description: "must be an object")) }
    }

    private func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    package mutating func fault(_ name: String, _ description: String) {
        violations.append(FieldViolation(field: path(of: name), description: description))
    }

    /// Faults those that are left out.
    package mutating func require(_ names: String...) {
        for name in names where take(name) == nil { fault(name, "is missing") }
    }

    /// What nobody has asked for is not known.
    package mutating func finish() -> [FieldViolation] {
        let list = known.sorted().map(\.text).joined(separator: ", ")
        for name in members.keys.sorted() where !known.contains(name) {
            fault(name.text, "is not known; known here are \(list)")
        }
        return violations
    }

    // MARK: Members; nil if it is left out or wrong

    /// The names of all members, rising.
    package var names: [String] { members.keys.sorted().map(\.text) }

    package mutating func take(_ name: String) -> JSONValue? {
        known.insert(TextKey(name))
        return members[name]
    }

    /// A member that is of some kind.
    private mutating func take<Value>(_ name: String, _ kind: String, _ convert: (JSONValue) -> Value?) -> Value? {
        guard let value = take(name) else { return nil }
        guard let converted = convert(value) else {
            fault(name, "must be \(kind)")
            return nil
        }
        return converted
    }

    package mutating func bool(_ name: String) -> Bool? { take(name, "true or false", \.bool) }

    package mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        take(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A number that need not be whole.
    package mutating func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
        func text(_ bound: Double) -> String { JSONValue.number(bound).text }
        return take(name, "a number from \(text(range.lowerBound)) to \(text(range.upperBound))") { value in
            let number =
                switch value {
                case .integer(let number): Double(number)
                case .real(let number): number
                default: Double.nan
                }
            return range.contains(number) ? number : nil
        }
    }

    /// An amount that is written as a string, so that it is exact.
    /// - Returns: millionths of the currency.
    package mutating func money(_ name: String, upTo most: Money) -> Int64? {
        take(name, "an amount such as \"250.00\", with at most six decimals, up to \(most)") { value in
            value.string.flatMap { Money($0) }.flatMap { $0.millionths <= most.millionths ? $0.millionths : nil }
        }
    }

    /// One of some values, by its name.
    package mutating func choice<Value>(_ name: String, of values: [Value], _ text: (Value) -> String) -> Value? {
        take(name, "one of \(values.map(text).joined(separator: ", "))") { value in
            values.first { text($0) == value.string }
        }
    }

    package mutating func string(_ name: String) -> String? { take(name, "a string", \.string) }

    /// A text for people or for comparing, of 1 to `bytes` bytes, without control characters.
    package mutating func text(_ name: String, upTo bytes: Int) -> String? {
        guard let text = string(name) else { return nil }
        if let problem = Form.text(text, upTo: bytes) {
            fault(name, problem)
            return nil
        }
        return text
    }

    /// An object within this one.
    package mutating func object<Value>(_ name: String, _ read: (inout MemberReader) -> Value?) -> Value? {
        guard let value = take(name) else { return nil }
        return Self.read(value, path: path(of: name), into: &violations, read)
    }

    /// An array, of what `element` makes of each; those of which it makes nothing are wrong and left out.
    package mutating func array<Element>(
        _ name: String, atMost: Int, _ element: (JSONValue, String, inout [FieldViolation]) -> Element?
    ) -> [Element]? {
        guard let values = take(name, "an array", \.array) else { return nil }
        guard values.count <= atMost else {
            fault(name, "has \(values.count) elements, at most \(atMost) are allowed")
            return nil
        }
        let path = path(of: name)
        return values.enumerated().compactMap { element($0.element, "\(path)[\($0.offset)]", &violations) }
    }

    /// An array of objects.
    package mutating func objects<Element>(
        _ name: String, atMost: Int, _ read: (inout MemberReader) -> Element?
    ) -> [Element]? {
        array(name, atMost: atMost) { value, path, violations in
            Self.read(value, path: path, into: &violations, read)
        }
    }

    /// An array of texts, none twice.
    /// - Parameter problem: what is wrong with one, or nil.
    package mutating func strings(_ name: String, atMost: Int, _ problem: (String) -> String?) -> [String]? {
        var seen: Set<TextKey> = []
        return array(name, atMost: atMost) { value, path, violations in
            func wrong(_ description: String) -> String? {
                violations.append(FieldViolation(field: path, description: description))
                return nil
            }
            guard let text = value.string else { return wrong("must be a string") }
            if let problem = problem(text) { return wrong(problem) }
            guard seen.insert(TextKey(text)).inserted else { return wrong("is there twice") }
            return text
        }
    }

    package static func read<Value>(
        _ value: JSONValue, path: String, into violations: inout [FieldViolation],
        _ read: (inout MemberReader) -> Value?
    ) -> Value? {
        var reader = MemberReader(value, path: path)
        guard reader.violations.isEmpty else {
            violations += reader.violations
            return nil
        }
        let result = read(&reader)
        violations += reader.finish()
        return result
    }
}
