internal import Glibc

/// Standard output and standard error: all that people read passes here, and nothing in it can move the cursor, write
/// the clipboard or turn the text around (``SafeText``).
enum Console {
    static func line(_ text: String) {
        write(SafeText.lines(text) + "\n", to: STDOUT_FILENO)
    }

    /// A text of this program alone, as it stands: help, a completion script.
    static func verbatim(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// A part of a document, such as CSV or YAML: as it stands where a program or a file takes it.
    static func document(_ text: String) {
        write(outputIsTerminal ? SafeText.lines(text) : text, to: STDOUT_FILENO)
    }

    /// A value on a line, for programs.
    static func json(_ value: JSONOutput) {
        write(SafeText.json(value.text) + "\n", to: STDOUT_FILENO)
    }

    /// `apus: TEXT` on standard error.
    static func error(_ text: String) {
        errorLine("apus: " + text)
    }

    static func errorLine(_ text: String) {
        write(SafeText.lines(text) + "\n", to: STDERR_FILENO)
    }

    /// A value on a line of standard error, for programs.
    static func errorJSON(_ value: JSONOutput) {
        write(SafeText.json(value.text) + "\n", to: STDERR_FILENO)
    }

    /// A question on standard error, without the line's end.
    static func ask(_ text: String) {
        write(SafeText.lines(text), to: STDERR_FILENO)
    }

    // MARK: Terminals

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a person reads questions and can answer them.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && errorIsTerminal }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The columns of the terminal that standard output is; nil if it is none, or does not say.
    static var outputWidth: Int? {
        var size = winsize()
        guard outputIsTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Empties the screen of the terminal that standard output is.
    static func clearScreen() {
        write("\u{1B}[H\u{1B}[2J", to: STDOUT_FILENO)
    }

    /// Puts a text on the current line of the terminal that standard error is, in place of what stands there.
    static func rewriteErrorLine(_ text: String) {
        write("\r\u{1B}[K" + SafeText.line(text), to: STDERR_FILENO)
    }

    private static func write(_ text: String, to file: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(file, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    // Nobody reads any more, as after `apus … | head`: there is nothing more to do, and no one to tell.
                    exit(errno == EPIPE ? ExitStatus.done.rawValue : ExitStatus.refused.rawValue)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}

enum OutputFormat: String, CaseIterable, Sendable {
    case text
    case json

    /// The format that a command line asks for, read without understanding the rest of it: errors of a command line that
    /// cannot be understood have it too.
    static func asked(_ arguments: [String], environment: [String: String]) -> OutputFormat {
        var asked = environment["APUS_OUTPUT"]
        for (place, word) in arguments.enumerated() {
            if word == "--" { break }
            if word.hasPrefix("--output=") { asked = String(word.dropFirst("--output=".count)) }
            if word == "--output", place + 1 < arguments.count { asked = arguments[place + 1] }
        }
        return asked.flatMap(OutputFormat.init) ?? .text
    }
}
