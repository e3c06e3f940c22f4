internal import ArgumentParser

/// The recipient and the body of one message, as the command line has them.
enum MessageWords {
    /// Takes the recipient and the body from the words, as far as no option gave them.
    static func take(
        _ words: [String], to: String?, body: String?, command: String
    ) throws -> (to: String, body: String) {
        var rest = words[...]
        guard let to = to ?? rest.popFirst() else {
            throw ValidationError("The recipient is missing: apus \(command) NUMBER TEXT.")
        }
        guard let body = body ?? rest.popFirst() else {
            throw ValidationError("The text is missing: apus \(command) NUMBER TEXT.")
        }
        if let word = rest.first {
            throw ValidationError("\"\(word)\" is one word too many: put the text in quotes.")
        }
        return (to, body)
    }

    /// Standard input without the line's end, where the body is `-`.
    static func text(of body: String) async throws -> String {
        guard body == "-" else { return body }
        let input = try InputFile(path: "-")
        var bytes: [UInt8] = []
        while true {
            let block = try await input.read()
            if block.isEmpty { break }
            bytes += block
            // More than any body: the gateway would only refuse it later.
            guard bytes.count <= 64 * 1024 else {
                throw CommandFailure(.refused, "the text is longer than a message may be (1600 characters)")
            }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.refused, "the text is not valid UTF-8")
        }
        return text
    }
}
