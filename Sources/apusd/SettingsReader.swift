internal import Configuration
internal import ConfigurationModel
internal import Foundation
internal import SMSModel
internal import Yams

/// What is wrong with a configuration: all of it, each in a sentence.
struct ConfigurationProblems: Error {
    var problems: [String]
}

/// Reads settings: the environment goes before the file.
struct SettingsReader {
    private let file: String?
    private let environment: [String: String]

    /// - Parameter file: path of the YAML file; nil = the environment alone.
    init(file: String?, environment: [String: String]) {
        self.file = file
        self.environment = environment
    }

    /// Applies every setting that is given.
    /// - Throws: ``ConfigurationProblems`` naming each unknown key and each bad value.
    func read(_ settings: [Setting], into configuration: inout DaemonConfiguration) async throws {
        var problems: [String] = []
        let known = Set(settings.map(\.key))
        let given = try keysOfFile(known)
        func place(_ key: String) -> String {
            let line = given[key] ?? 0
            return line > 0 ? "\(file ?? ""):\(line):" : "\(file ?? ""):"
        }
        for (key, _) in given.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where !known.contains(key) {
            problems.append("\(place(key)) there is no setting \"\(key)\"\(Self.suggestion(key, known))")
        }
        let names = Set(settings.map(\.environmentName))
        for name in environment.keys.filter({ $0.hasPrefix("APUSD_") }).sorted() where !names.contains(name) {
            problems.append("the environment's \(name) is no setting\(Self.suggestion(name, names))")
        }
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: ["apusd"])
        ]
        // A file with nothing in it but comments is no mapping to the provider.
        if let file, !given.isEmpty {
            let place = ConfigReader(
                provider: InMemoryProvider(values: ["filePath": .init(.string(file), isSecret: false)]))
            providers.append(try await FileProvider<YAMLSnapshot>(config: place))
        }
        let reader = ConfigReader(providers: providers)
        for setting in settings {
            let isInEnvironment = environment[setting.environmentName] != nil
            guard isInEnvironment || given[setting.key] != nil else { continue }
            do {
                setting.set(&configuration, try setting.kind.read(setting.key, reader))
            } catch let problem as BadValue {
                let name =
                    isInEnvironment
                    ? "the environment's \(setting.environmentName)" : "\(place(setting.key)) \(setting.key)"
                problems.append("\(name) \(problem.reason)")
            }
        }
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
    }

    /// All keys of the file, dotted, with their lines; 0 = the line is not known. A known section without anything in it
    /// has no keys.
    private func keysOfFile(_ known: Set<String>) throws -> [String: Int] {
        guard let file else { return [:] }
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ConfigurationProblems(problems: ["\(file) cannot be read: \(error.localizedDescription)"])
        }
        let tree: Any?
        let lines: [String: Int]
        do {
            tree = try Yams.load(yaml: text)
            lines = try Yams.compose(yaml: text).map { Self.lines(of: $0) } ?? [:]
        } catch {
            // Its own description quotes the line, which may hold a secret.
            let problem = (error as? YamlError)?.place(among: known) ?? "it cannot be parsed"
            throw ConfigurationProblems(problems: ["\(file) is not valid YAML: \(problem)"])
        }
        guard let tree, !(tree is NSNull) else { return [:] }
        guard let root = tree as? [String: Any] else {
            throw ConfigurationProblems(problems: ["\(file) is not a list of settings, \"key: value\" each"])
        }
        var keys: [String: Int] = [:]
        func walk(_ node: [String: Any], _ path: String) {
            for (name, value) in node {
                let key = path + name
                if let inner = value as? [String: Any] {
                    walk(inner, key + ".")
                } else if !(value is NSNull && known.contains { $0.hasPrefix(key + ".") }) {
                    keys[key] = lines[key] ?? 0
                }
            }
        }
        walk(root, "")
        return keys
    }

    /// The lines of a document's keys, dotted. What is merged into a place from another one has no line of its own.
    private static func lines(of node: Node, under path: String = "") -> [String: Int] {
        guard let mapping = node.mapping else { return [:] }
        var lines: [String: Int] = [:]
        for (key, value) in mapping {
            guard let name = key.string else { continue }
            if let mark = key.mark { lines[path + name] = mark.line }
            lines.merge(Self.lines(of: value, under: path + name + ".")) { first, _ in first }
        }
        return lines
    }

    /// The nearest name as a whole; else one that has the same last part, or one near to it; else one that goes on from
    /// there.
    private static func suggestion(_ key: String, _ known: Set<String>) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        let byLast = Dictionary(grouping: known.sorted()) { $0.split(separator: ".").last.map(String.init) ?? $0 }
        let near =
            NearestName.of(key, among: known, most: max(1, last.count / 3)) ?? NearestName.of(last, among: byLast.keys)
            .flatMap { byLast[$0]?.first }
            ?? known.sorted().first { $0.hasPrefix(key) }
        return near.map { "; is \"\($0)\" meant?" } ?? ""
    }
}

extension YamlError {
    /// Where what is wrong, without the text that is there: a secret may stand anywhere, also for a key, an anchor or a
    /// tag.
    fileprivate func place(among known: Set<String>) -> String? {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _):
            let words = Set(known.flatMap { $0.split(separator: ".").map(String.init) })
            let named = duplicates.filter(words.contains).sorted()
            return named.isEmpty ? "a key is given twice" : "given twice: \(named.joined(separator: ", "))"
        default: return nil
        }
    }
}

/// Why a value is refused; follows its name in a sentence.
private struct BadValue: Error {
    let reason: String
}

extension SettingKind {
    fileprivate func read(_ key: String, _ reader: ConfigReader) throws -> SettingValue {
        let name = ConfigKey(key)
        switch self {
        case .text: return .text(try Self.typed("a text") { try reader.requiredString(forKey: name) })
        case .choice(let choices):
            let value = try Self.typed("a text") { try reader.requiredString(forKey: name) }
            guard choices.contains(value) else {
                throw BadValue(reason: "is \"\(value)\", and must be one of \(choices.joined(separator: ", "))")
            }
            return .text(value)
        case .flag: return .flag(try Self.typed("true or false") { try reader.requiredBool(forKey: name) })
        case .list: return .list(try Self.typed("a list of texts") { try reader.requiredStringArray(forKey: name) })
        case .amount(let most):
            let text = try Self.typed("an amount") { try reader.requiredString(forKey: name) }
            guard let value = Money(text), value.millionths <= most.millionths else {
                throw BadValue(
                    reason: "is \"\(text)\", and must be a number of 0 to \(most) with at most 6 decimals")
            }
            return .amount(value)
        case .integer(let range):
            let value = try Self.typed("a whole number") { try reader.requiredInt(forKey: name) }
            guard range.contains(value) else {
                throw BadValue(reason: "is \(value), and must be \(range.lowerBound) to \(range.upperBound)")
            }
            return .integer(value)
        case .number(let range):
            let value = try Self.typed("a number") { try reader.requiredDouble(forKey: name) }
            guard range.contains(value) else {
                throw BadValue(reason: "is \(value), and must be \(range.lowerBound) to \(range.upperBound)")
            }
            return .number(value)
        }
    }

    private static func typed<T>(_ what: String, _ read: () throws -> T) throws -> T {
        do {
            return try read()
        } catch {
            throw BadValue(reason: "must be \(what)")
        }
    }
}
