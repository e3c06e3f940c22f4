internal import Glibc

/// Standard output and standard error.
enum Console {
    static func line(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Without the line's end.
    static func text(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    static func json(_ value: JSONValue) {
        line(value.text)
    }

    /// `apus: TEXT` on standard error.
    static func error(_ text: String) {
        errorLine("apus: " + text)
    }

    static func errorLine(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Without the line's end.
    static func errorText(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a person reads questions and can answer them.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && errorIsTerminal }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func write(_ text: String, to file: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(file, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    // Nobody reads any more, as after `apus … | head`.
                    exit(ExitStatus.refused.rawValue)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}

enum OutputFormat: String, CaseIterable, Sendable {
    case text
    case json
}
