internal import ArgumentParser

/// The recipient and the body of one message, as the command line has them.
enum MessageWords {
    /// Takes the recipient and the body from the words, as far as no option gave them.
    ///
    /// - Returns: the body as ``TextArgument`` reads it: a word is a text as it stands, but for `-`.
    static func take(
        _ words: [String], to: String?, body: String?, command: String
    ) throws -> (to: String, body: String) {
        var rest = words[...]
        guard let to = to ?? rest.popFirst() else {
            throw ValidationError("The recipient is missing: apus \(command) NUMBER TEXT.")
        }
        guard let body = body ?? rest.popFirst().map({ $0.hasPrefix("@") ? "@" + $0 : $0 }) else {
            throw ValidationError("The text is missing: apus \(command) NUMBER TEXT.")
        }
        if let word = rest.first {
            throw ValidationError("\"\(word)\" is one word too many: put the text in quotes.")
        }
        return (to, body)
    }
}
