internal import ArgumentParser
internal import ConfigurationModel
internal import FoundationEssentials
internal import JSON

/// What a command line is checked for before and after the parser has seen it.
struct CommandLineWords {
    /// A problem, and where the usage of the command stands.
    struct Problem: Error, Equatable {
        var text: String
    }

    /// An option or flag of a command.
    private struct Option {
        var names: [String]
        var takesValue: Bool
        var isRepeating: Bool
    }

    /// Words with those of the files that are named right after the command: `apus send @options +14155550100 hello`.
    ///
    /// A file has an option a line, `--from Shop` or `--from=Shop`: what follows the name is the value as it stands, to
    /// the line's end. Empty lines, and those that begin with #, say nothing.
    ///
    /// - Throws: a usage failure if a file cannot be read.
    static func expanded(_ words: [String]) throws(CommandFailure) -> [String] {
        var place = commandWords(words).count
        var expanded = Array(words[..<place])
        while place < words.count, words[place].hasPrefix("@"), words[place].count > 1 {
            expanded += try options(in: String(words[place].dropFirst()))
            place += 1
        }
        return expanded + words[place...]
    }

    private static func options(in path: String) throws(CommandFailure) -> [String] {
        guard let data = FileManager.default.contents(atPath: path), data.count <= TextArgument.mostBytes,
            let text = String(validating: data, as: UTF8.self)
        else {
            throw CommandFailure(
                .usage,
                "the file of options \(path) cannot be read, or is no text of at most \(TextArgument.mostBytes) bytes",
                advice:
                    "A word that begins with @ names such a file right after the command; put -- before other words.")
        }
        var words: [String] = []
        for line in text.split(whereSeparator: \.isNewline).map(\.trimmed) where !line.isEmpty && !line.hasPrefix("#") {
            guard line.hasPrefix("-") else {
                throw CommandFailure(
                    .usage, "\(path) has the line \"\(line)\", which is no option",
                    advice: "It has an option a line, such as --from Shop.")
            }
            let end = line.firstIndex { $0 == " " || $0 == "=" || $0 == "\t" } ?? line.endIndex
            words.append(String(line[..<end]))
            if end < line.endIndex { words.append(line[line.index(after: end)...].trimmed) }
        }
        return words
    }

    /// The words that name the command.
    private static func commandWords(_ words: [String]) -> ArraySlice<String> {
        var command: any ParsableCommand.Type = ApusCommand.self
        var count = 0
        while count < words.count,
            let next = command.configuration.subcommands.first(where: { $0._commandName == words[count] })
        {
            command = next
            count += 1
        }
        return words[..<count]
    }

    private static func hasSubcommands(_ words: ArraySlice<String>) -> Bool {
        var command: any ParsableCommand.Type = ApusCommand.self
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            command = next
        }
        return !command.configuration.subcommands.isEmpty
    }

    // MARK: Options

    /// The first names of the options that have two.
    private static let secondNames = ["--sender": "--from"]

    /// Refuses an option that is given twice and can have one value only: the parser would drop the first.
    ///
    /// - Throws: a problem that names it.
    static func checkRepeated(_ words: [String]) throws(Problem) {
        let names = optionNames(words)
        // The description of all commands takes longer than most of them: it is asked for only if need be.
        guard Set(names.map { secondNames[$0] ?? $0 }).count < names.count else { return }
        let options = options(of: words)
        var given: [Int: String] = [:]
        for name in names {
            guard let place = options.firstIndex(where: { $0.names.contains(name) }) else { continue }
            let option = options[place]
            if option.takesValue, !option.isRepeating, let before = given[place] {
                let both = before == name ? "\(name) is" : "\(before) and \(name) are"
                throw Problem(text: "\(both) given twice, but there can be one only.")
            }
            given[place] = name
        }
    }

    /// An option that the command does not have.
    ///
    /// - Returns: a sentence that names it, and the one that was most likely meant; nil if all are known.
    static func unknownOption(_ words: [String]) -> String? {
        let command = commandWords(words)
        // A word that should name a command is the first mistake then.
        if let next = words.dropFirst(command.count).first, !next.hasPrefix("-"), hasSubcommands(command) { return nil }
        let options = options(of: words)
        let known = options.flatMap(\.names) + ["--help", "-h", "--version"]
        guard let unknown = optionNames(words).first(where: { !known.contains($0) }) else { return nil }
        let name = (["apus"] + command).joined(separator: " ")
        let nearest = NearestName.of(unknown, among: Set(known))
        return "\(name) has no option \(unknown)" + (nearest.map { "; is \($0) meant?" } ?? ".")
    }

    /// The names of long options as they stand there.
    private static func optionNames(_ words: [String]) -> [String] {
        words.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
            .map { String($0.prefix { $0 != "=" }) }
    }

    /// The options of the command that the words name, as the parser describes it.
    private static func options(of words: [String]) -> [Option] {
        guard let dump = try? JSONValue(ApusCommand._dumpHelp()), var command = dump["command"] else { return [] }
        for word in commandWords(words) {
            let next = command["subcommands"]?.array?.first { $0["commandName"]?.string == word }
            guard let next else { return [] }
            command = next
        }
        return (command["arguments"]?.array ?? []).compactMap { argument in
            guard let kind = argument["kind"]?.string, kind != "positional" else { return nil }
            let names = (argument["names"]?.array ?? []).compactMap { name -> String? in
                guard let text = name["name"]?.string else { return nil }
                return (name["kind"]?.string == "long" ? "--" : "-") + text
            }
            return Option(
                names: names, takesValue: kind == "option", isRepeating: argument["isRepeating"]?.bool == true)
        }
    }
}
