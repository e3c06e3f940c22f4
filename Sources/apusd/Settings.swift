internal import Configuration
internal import Foundation
internal import SMSModel
internal import Yams

/// The kind of a setting's value, and its bounds.
enum SettingKind: Sendable {
    case text
    case choice([String])
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case list
    /// Of money, from nothing to so much.
    case amount(upTo: Money)
}

/// One setting of the daemon: its key in the file, the kind of its value, and its place in the configuration.
///
/// In the environment the key is in capitals, with `APUSD_` before it and `_` for dots and dashes.
struct Setting: Sendable {
    typealias Path<Value> = any WritableKeyPath<DaemonConfiguration, Value> & Sendable

    let key: String
    let kind: SettingKind
    /// Writes a value of the kind into its place.
    let set: @Sendable (inout DaemonConfiguration, SettingValue) -> Void
    /// Reads what is there.
    let value: @Sendable (DaemonConfiguration) -> SettingValue

    var environmentName: String {
        "APUSD_" + key.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    static func text(_ key: String, _ path: Path<String>) -> Setting {
        Setting(key: key, kind: .text) {
            if case .text(let value) = $1 { $0[keyPath: path] = value }
        } value: {
            .text($0[keyPath: path])
        }
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ key: String, _ path: Path<Value>
    ) -> Setting {
        Setting(key: key, kind: .choice(Value.allCases.map(\.rawValue))) {
            if case .text(let value) = $1, let choice = Value(rawValue: value) { $0[keyPath: path] = choice }
        } value: {
            .text($0[keyPath: path].rawValue)
        }
    }

    static func flag(_ key: String, _ path: Path<Bool>) -> Setting {
        Setting(key: key, kind: .flag) {
            if case .flag(let value) = $1 { $0[keyPath: path] = value }
        } value: {
            .flag($0[keyPath: path])
        }
    }

    /// - Parameter range: within what `Value` can hold.
    static func integer<Value: FixedWidthInteger & Sendable>(
        _ key: String, _ range: ClosedRange<Int>, _ path: Path<Value>
    ) -> Setting {
        Setting(key: key, kind: .integer(range)) {
            if case .integer(let value) = $1 { $0[keyPath: path] = Value(value) }
        } value: {
            .integer(Int($0[keyPath: path]))
        }
    }

    static func number(_ key: String, _ range: ClosedRange<Double>, _ path: Path<Double>) -> Setting {
        Setting(key: key, kind: .number(range)) {
            if case .number(let value) = $1 { $0[keyPath: path] = value }
        } value: {
            .number($0[keyPath: path])
        }
    }

    static func list(_ key: String, _ path: Path<[String]>) -> Setting {
        Setting(key: key, kind: .list) {
            if case .list(let value) = $1 { $0[keyPath: path] = value }
        } value: {
            .list($0[keyPath: path])
        }
    }

    /// - Parameter path: the amount's place, in millionths of the currency.
    static func amount(_ key: String, upTo most: Money, _ path: Path<Int64>) -> Setting {
        Setting(key: key, kind: .amount(upTo: most)) {
            if case .amount(let value) = $1 { $0[keyPath: path] = value.millionths }
        } value: {
            .amount(Money(millionths: $0[keyPath: path]))
        }
    }
}

enum SettingValue: Hashable, Sendable {
    case text(String)
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case list([String])
    case amount(Money)
}

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
        for key in given.subtracting(known).sorted() {
            problems.append("\(file ?? ""): there is no setting \"\(key)\"\(Self.suggestion(key, known))")
        }
        for name in environment.keys.filter({ $0.hasPrefix("APUSD_") }).sorted()
        where !settings.contains(where: { $0.environmentName == name }) {
            problems.append("the environment's \(name) is no setting")
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
            guard isInEnvironment || given.contains(setting.key) else { continue }
            do {
                setting.set(&configuration, try setting.kind.read(setting.key, reader))
            } catch let problem as BadValue {
                let place =
                    isInEnvironment ? "the environment's \(setting.environmentName)" : "\(file ?? ""): \(setting.key)"
                problems.append("\(place) \(problem.reason)")
            }
        }
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
    }

    /// All keys of the file, dotted. A known section without anything in it has none.
    private func keysOfFile(_ known: Set<String>) throws -> Set<String> {
        guard let file else { return [] }
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ConfigurationProblems(problems: ["\(file) cannot be read: \(error.localizedDescription)"])
        }
        let tree: Any?
        do {
            tree = try Yams.load(yaml: text)
        } catch {
            // Its own description quotes the line, which may hold a secret.
            let problem = (error as? YamlError)?.place ?? "it cannot be parsed"
            throw ConfigurationProblems(problems: ["\(file) is not valid YAML: \(problem)"])
        }
        guard let tree, !(tree is NSNull) else { return [] }
        guard let root = tree as? [String: Any] else {
            throw ConfigurationProblems(problems: ["\(file) is not a list of settings, \"key: value\" each"])
        }
        var keys: Set<String> = []
        func walk(_ node: [String: Any], _ path: String) {
            for (name, value) in node {
                if let inner = value as? [String: Any] {
                    walk(inner, path + name + ".")
                } else if !(value is NSNull && known.contains { $0.hasPrefix(path + name + ".") }) {
                    keys.insert(path + name)
                }
            }
        }
        walk(root, "")
        return keys
    }

    private static func suggestion(_ key: String, _ known: Set<String>) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        guard let near = known.sorted().first(where: { $0.hasSuffix(last) || $0.hasPrefix(key) }) else { return "" }
        return "; is \"\(near)\" meant?"
    }
}

extension YamlError {
    /// Where what is wrong, without the text that is there.
    fileprivate var place: String? {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _): "given twice: \(duplicates.joined(separator: ", "))"
        default: nil
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
