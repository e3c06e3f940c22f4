/// A text of the command line: as it stands, from a file, or from standard input.
enum TextArgument {
    /// More than any body has, and than any template: the gateway would only refuse it later.
    static let mostBytes = 64 * 1024

    /// The text that an option means: `@FILE` is a file's, `-` is standard input's, `@@` begins a text with @. A file's
    /// last line end does not count.
    ///
    /// - Throws: a failure if the file cannot be read, is no text or is too long.
    static func value(_ word: String) async throws -> String {
        if word == "-" { return try await read("-") }
        guard word.hasPrefix("@") else { return word }
        if word.hasPrefix("@@") { return String(word.dropFirst()) }
        do {
            return try await read(String(word.dropFirst()))
        } catch var failure as CommandFailure {
            failure.advice = "@ begins the name of a file there; a text that begins with @ is written with @@."
            throw failure
        }
    }

    private static func read(_ path: String) async throws -> String {
        let text = try await InputFile(path: path).text(atMost: mostBytes)
        let line = text.hasSuffix("\r\n") ? text.dropLast() : text.hasSuffix("\n") ? text.dropLast() : text[...]
        return String(line)
    }
}

extension Optional {
    func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
