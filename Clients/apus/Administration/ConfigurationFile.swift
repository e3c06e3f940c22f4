internal import ConfigurationModel
internal import JSON
internal import Yams

/// A document of the dynamic configuration, as people keep it: in YAML or in JSON.
enum ConfigurationFile {
    /// Why a text is no document, and where.
    struct Problem: Error {
        var text: String
    }

    /// - Parameter path: `-` = standard input; `.json` at its end = strictly JSON.
    /// - Throws: a usage failure that says what is wrong and where.
    static func read(_ path: String) async throws -> JSONValue {
        let file = try InputFile(path: path)
        var bytes: [UInt8] = []
        while true {
            let block = try await file.read()
            if block.isEmpty { break }
            bytes += block
            guard bytes.count <= largestBytes else {
                throw CommandFailure(.usage, "\(file.name) is larger than \(largestBytes) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(file.name) is not UTF-8")
        }
        do throws(Problem) {
            return try parse(text, isJSON: path.hasSuffix(".json"))
        } catch {
            throw CommandFailure(.usage, "\(file.name): \(error.text)")
        }
    }

    /// YAML takes more room than the JSON that is sent.
    private static let largestBytes = 8 * 1024 * 1024

    static func parse(_ text: String, isJSON: Bool = false) throws(Problem) -> JSONValue {
        // Nearly all JSON is YAML too, but for escapes of what is beyond 16 bits.
        if isJSON || text.first(where: { !$0.isWhitespace }) == "{" {
            do throws(JSONError) {
                return try JSONValue(text)
            } catch {
                if isJSON { throw Problem(text: error.description) }
            }
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw Problem(text: "\(error)")
        }
        guard let node else { throw Problem(text: "it is empty") }
        return try json(node)
    }

    private static func json(_ node: Node) throws(Problem) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            var members: [TextKey: JSONValue] = [:]
            for (key, value) in mapping {
                guard let name = key.scalar?.string else { throw Problem(text: "a name is not a text") }
                let isNew = members.updateValue(try json(value), forKey: TextKey(name)) == nil
                guard isNew else { throw Problem(text: "the member \(name) is there twice") }
            }
            return .object(members)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try json(element)) }
            return .array(elements)
        case .scalar(let scalar): return json(scalar)
        case .alias(let alias): throw Problem(text: "*\(alias.anchor) stands for nothing")
        }
    }

    /// Reads a scalar by YAML 1.2's core schema: in the one before it, Norway's `NO` is false.
    private static func json(_ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            guard let first = scalar.string.utf8.first, first == 0x2D || (0x30...0x39).contains(first) else {
                return .string(scalar.string)
            }
            return (try? JSONValue(scalar.string)) ?? .string(scalar.string)
        }
    }

    // MARK: Writing

    /// Writes it as YAML, objects by the names of their members.
    static func yaml(_ json: JSONValue) -> String {
        (try? Yams.serialize(node: node(json), allowUnicode: true)) ?? json.text + "\n"
    }

    private static func node(_ json: JSONValue) -> Node {
        switch json {
        case .object(let members):
            Node(members.sorted { $0.key < $1.key }.map { (node(.string($0.key.text)), node($0.value)) })
        case .array(let elements): Node(elements.map(node))
        case .string(let text): .scalar(.init(text, .implicit, style(of: text)))
        case .null, .bool, .integer, .real: .scalar(.init(json.text, .implicit, .plain))
        }
    }

    /// Plain only where no version of YAML takes the text for something else.
    private static func style(of text: String) -> Node.Scalar.Style {
        if text.contains("\n") { return .literal }
        let isWord = text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || $0 == 0x5F || $0 == 0x2D }
        let isPlain = isWord && text.first != "-" && !text.isEmpty && !otherWords.contains(text.lowercased())
        return isPlain ? .plain : .doubleQuoted
    }

    /// The words of YAML 1.1, which many tools still read.
    private static let otherWords: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
}
