internal import ApusClient
internal import FoundationEssentials
internal import SecretFiles

/// Which gateway a command talks to, and with which key.
struct Endpoint: Equatable {
    var server: String
    var key: String?
    var tls = TLSFiles()
    /// Where the address comes from, for messages.
    var source: String
}

/// Finds the gateway: what the command line says (an address or a context), else the environment, else the current
/// context, else the
/// `apusd dev` of this directory, else the one that was started last, else the service of this machine.
struct ServerLocator {
    var environment: [String: String]
    /// Absolute.
    var workingDirectory: String
    /// Where the package's service has its socket.
    var serviceSocket = "/run/apus/apus.sock"
    /// The package's key, which the group of the service may read.
    var serviceKeyFile = "/etc/apus/key"
    /// Hears of keys that others can read: they are used all the same.
    var warn: (String) -> Void = { Console.error("warning: \($0)") }

    /// - Throws: a usage failure if no gateway is known or a file that was named cannot be read.
    func locate(
        server: String?, context: String? = nil, key: String?, keyFile: String?, tls: TLSFiles = TLSFiles()
    ) throws(CommandFailure) -> Endpoint {
        let explicit = try explicitKey(key: key, keyFile: keyFile)
        let place = try place(server: server, context: context)
        var endpoint = Endpoint(server: place.context.server, source: place.source)
        endpoint.tls = TLSFiles(ca: place.context.ca, cert: place.context.cert, certKey: place.context.certKey)
        let named = TLSFiles(ca: value("APUS_CA"), cert: value("APUS_CERT"), certKey: value("APUS_CERT_KEY"))
        endpoint.tls = tls.orElse(named).orElse(endpoint.tls)
        // The key that is stored is not even read where another was given.
        endpoint.key = if let explicit { explicit } else { try self.key(of: place.context) }
        return endpoint
    }

    /// `$APUS_CONFIG`, else `contexts.json` in the folder of configurations.
    var contextsPath: String {
        environment["APUS_CONFIG"].flatMap { $0.isEmpty ? nil : $0 } ?? configurationFolder + "/contexts.json"
    }

    /// Written by `apusd dev`: the address and key file of the one started last.
    var developmentPath: String { configurationFolder + "/dev.json" }

    private var configurationFolder: String {
        let base = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (base ?? (environment["HOME"] ?? "") + "/.config") + "/apus"
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func explicitKey(key: String?, keyFile: String?) throws(CommandFailure) -> String? {
        if let key { return key }
        if let keyFile { return try readKey(keyFile) }
        if let key = value("APUS_KEY") { return key }
        if let keyFile = value("APUS_KEY_FILE") { return try readKey(keyFile) }
        return nil
    }

    /// The address, with what is stored about it.
    private func place(
        server: String?, context: String?
    ) throws(CommandFailure) -> (context: StoredContext, source: String) {
        if server == nil, let context { return try stored(context, "--context") }
        let known = try knownPlaces()
        if let (server, source) = server.map({ ($0, "--server") }) ?? value("APUS_SERVER").map({ ($0, "APUS_SERVER") })
        {
            // The key of a known place opens that very place, however its address was given.
            let same = known.first { $0.context.server == server }
            return (same?.context ?? StoredContext(server: server), source)
        }
        if let name = value("APUS_CONTEXT") { return try stored(name, "APUS_CONTEXT") }
        guard let first = known.first else {
            throw CommandFailure(
                .usage, "no gateway is known",
                advice: "Start one with `apusd dev`, or name one: --server ADDRESS, APUS_SERVER or `apus context set`.")
        }
        return first
    }

    private func stored(
        _ name: String, _ source: String
    ) throws(CommandFailure) -> (context: StoredContext, source: String) {
        let contexts = try ContextFile(path: contextsPath)
        guard let context = contexts[name] else {
            let names =
                contexts.names.isEmpty ? "none is stored" : "there are " + contexts.names.joined(separator: ", ")
            throw CommandFailure(
                .usage, "there is no context \"\(name)\", which \(source) names",
                advice: "See `apus context list`: \(names).")
        }
        return (context, "context \(name)")
    }

    private func knownPlaces() throws(CommandFailure) -> [(context: StoredContext, source: String)] {
        var places: [(StoredContext, String)] = []
        let contexts = try ContextFile(path: contextsPath)
        if let name = contexts.currentName, let current = contexts.current {
            places.append((current, "context \(name)"))
        }
        let socket = workingDirectory + "/apus-data/apus.sock"
        let key = workingDirectory + "/apus-data/dev.key"
        if FileManager.default.fileExists(atPath: socket) {
            let keyFile = FileManager.default.fileExists(atPath: key) ? key : nil
            places.append((StoredContext(server: "unix:\(socket)", keyFile: keyFile), "./apus-data"))
        }
        if let data = FileManager.default.contents(atPath: developmentPath),
            let context = try? JSONDecoder().decode(StoredContext.self, from: data)
        {
            places.append((context, developmentPath))
        }
        // The folder shows whether there is such a service; what is in it is for the service's group alone.
        if FileManager.default.fileExists(atPath: URL(filePath: serviceSocket).deletingLastPathComponent().path) {
            places.append((StoredContext(server: "unix:\(serviceSocket)", keyFile: serviceKeyFile), "the service"))
        }
        return places
    }

    private func key(of context: StoredContext) throws(CommandFailure) -> String? {
        if let key = context.key {
            warnOfReaders(contextsPath, "the file of contexts, which holds a key,")
            return key
        }
        guard let file = context.keyFile else { return nil }
        return try readKey(file)
    }

    private func readKey(_ path: String) throws(CommandFailure) -> String {
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            throw CommandFailure(
                .usage, "the key file \(path) cannot be read",
                advice: path == serviceKeyFile
                    ? "Who is in the service's group may read it: `sudo adduser $USER apus`, then log in again."
                    : "Check that it is there and that you may read it, or give the key with --key or APUS_KEY.")
        }
        warnOfReaders(path, "the key file")
        let key = text.trimmed
        guard !key.isEmpty else { throw CommandFailure(.usage, "the key file \(path) is empty") }
        return key
    }

    private func warnOfReaders(_ path: String, _ what: String) {
        do throws(SecretFileError) {
            try SecretFile.check(path)
        } catch {
            if case .exposed = error { warn("\(what) \(error)") }
        }
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        var rest = Substring(self)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
