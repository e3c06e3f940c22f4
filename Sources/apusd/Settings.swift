internal import SMSModel

/// The kind of a setting's value, and its bounds.
enum SettingKind: Sendable {
    case text
    case choice([String])
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case list
    /// An amount of money, from nothing to the bound.
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
