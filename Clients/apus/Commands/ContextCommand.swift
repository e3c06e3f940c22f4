internal import ApusClient
internal import ArgumentParser

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "Stores gateways and their keys under names.",
        subcommands: [Show.self, List.self, Use.self, Set.self, Delete.self], defaultSubcommand: Show.self)

    struct Output: ParsableArguments {
        @Option(help: ArgumentHelp("text or json. [APUS_OUTPUT]", valueName: "format"))
        var output: OutputFormat?

        var format: OutputFormat {
            output ?? ServerLocator.current.environment["APUS_OUTPUT"].flatMap(OutputFormat.init) ?? .text
        }

        func print(json: JSONOutput, text: String) {
            switch format {
            case .json: Console.json(json)
            case .text: Console.line(text)
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a context, or which gateway commands without --server talk to.")

        @Argument(help: "The context's name.")
        var name: String?

        @OptionGroup var output: Output

        func run() throws {
            guard let name else { return try showWhatIsUsed() }
            guard let context = try ContextCommand.load()[name] else { throw ContextCommand.unknown(name) }
            output.print(json: context.json(name: name), text: context.text(name: name))
        }

        private func showWhatIsUsed() throws {
            let endpoint = try ServerLocator.current.locate(server: nil, key: nil, keyFile: nil)
            output.print(
                json: .object([
                    ("server", .string(endpoint.server)), ("source", .string(endpoint.source)),
                    ("has_key", .bool(endpoint.key != nil)),
                ]),
                text: "\(endpoint.server) (\(endpoint.source)), \(endpoint.key == nil ? "without a key" : "with a key")"
            )
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the contexts; * marks the current one.")

        @OptionGroup var output: Output

        func run() throws {
            let file = try ContextCommand.load()
            for name in file.names {
                guard let context = file[name] else { continue }
                let mark = name == file.currentName ? "*" : " "
                output.print(
                    json: context.json(name: name, isCurrent: name == file.currentName),
                    text: "\(mark) \(name)  \(context.server)")
            }
        }
    }

    struct Use: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a context the current one.")

        @Argument(help: "The context's name.")
        var name: String

        func run() throws {
            var file = try ContextCommand.load()
            guard file.use(name) else { throw ContextCommand.unknown(name) }
            try file.save()
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stores a gateway under a name; the first becomes the current context.")

        @Argument(help: "The context's name.")
        var name: String

        @Option(help: ArgumentHelp("unix:PATH, tcp:HOST:PORT or tls:HOST:PORT.", valueName: "address"))
        var server: String

        @Option(help: "The API key, which is stored. Others on this machine can see it now: prefer --key-file.")
        var key: String?

        @Option(help: ArgumentHelp("A file that holds the API key, read again each time.", valueName: "file"))
        var keyFile: String?

        @OptionGroup var tls: TLSOptions

        mutating func validate() throws {
            if name.isEmpty { throw ValidationError("The name is empty.") }
            if key != nil, keyFile != nil { throw ValidationError("Give --key or --key-file, not both.") }
            do throws(ApusError) {
                _ = try GatewayAddress(server)
            } catch {
                throw ValidationError(error.message)
            }
        }

        func run() throws {
            var file = try ContextCommand.load()
            let folder = ServerLocator.current.workingDirectory
            func absolute(_ path: String?) -> String? {
                path.map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
            }
            file.set(
                name,
                StoredContext(
                    server: server, key: key, keyFile: absolute(keyFile), ca: absolute(tls.ca),
                    cert: absolute(tls.cert), certKey: absolute(tls.certKey)))
            try file.save()
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a context.")

        @Argument(help: "The context's name.")
        var name: String

        func run() throws {
            var file = try ContextCommand.load()
            guard file.delete(name) else { throw ContextCommand.unknown(name) }
            try file.save()
        }
    }

    fileprivate static func load() throws(CommandFailure) -> ContextFile {
        try ContextFile(path: ServerLocator.current.contextsPath)
    }

    fileprivate static func unknown(_ name: String) -> CommandFailure {
        CommandFailure(.refused, "there is no context \"\(name)\"", advice: "See `apus context list`.")
    }
}

extension StoredContext {
    /// Without the key itself.
    func json(name: String, isCurrent: Bool? = nil) -> JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("name", .string(name)), ("server", .string(server)),
            ("key_file", keyFile.map(JSONOutput.string) ?? .null), ("has_key", .bool(key != nil || keyFile != nil)),
        ]
        for (name, file) in files { members.append((name, .string(file))) }
        if let isCurrent { members.append(("current", .bool(isCurrent))) }
        return .object(members)
    }

    func text(name: String) -> String {
        let source = key != nil ? "stored" : keyFile ?? "none"
        return TextTable.list([("name", name), ("server", server), ("key", source)] + files, indent: "")
    }

    /// The files of TLS that are named.
    private var files: [(String, String)] {
        [("ca", ca), ("cert", cert), ("cert_key", certKey)].compactMap { name, file in file.map { (name, $0) } }
    }
}
