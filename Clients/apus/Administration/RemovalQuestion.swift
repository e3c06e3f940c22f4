internal import ApusClient

/// The question whether providers and routes shall go, which a person at a terminal is asked.
struct RemovalQuestion {
    let text: String

    /// - Returns: nil if the changes remove no provider and no route.
    init?(_ changes: [ConfigurationChange]) {
        let kinds = [SettingsKind.provider.plural, SettingsKind.route.plural]
        let removed = changes.filter { $0.after == nil && kinds.contains($0.kind) }
        guard !removed.isEmpty else { return nil }
        text = "This removes " + removed.map { "\($0.kind) \($0.name)" }.joined(separator: ", ") + ". Go on? [y/N] "
    }

    /// Whether an answer agrees; none at all, as at the end of the input, does not.
    static func agrees(_ answer: String?) -> Bool {
        guard let word = answer?.split(whereSeparator: \.isWhitespace).first?.lowercased() else { return false }
        return ["y", "yes"].contains(word)
    }

    /// - Returns: true.
    /// - Throws: a refusal unless the person agrees.
    func ask() throws(CommandFailure) -> Bool {
        Console.ask(text)
        guard Self.agrees(readLine()) else { throw CommandFailure(.refused, "not applied: nothing has changed") }
        return true
    }
}
