internal import FoundationEssentials
internal import Glibc

/// A gateway and the key to it, under a name.
struct StoredContext: Codable, Equatable {
    /// `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`.
    var server: String
    var key: String?
    /// Read again for each command.
    var keyFile: String?
    // Of an address of TLS, files each.
    var ca: String?
    var cert: String?
    var certKey: String?

    enum CodingKeys: String, CodingKey {
        case server
        case key
        case keyFile = "key_file"
        case ca
        case cert
        case certKey = "cert_key"
    }
}

/// The contexts of one person: `contexts.json`, readable by its owner alone.
struct ContextFile: Equatable {
    private struct Content: Codable, Equatable {
        var current: String?
        var contexts: [String: StoredContext] = [:]
    }

    let path: String
    private var content = Content()

    /// - Throws: a failure that names the file if it is there and cannot be read.
    init(path: String) throws(CommandFailure) {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            content = try JSONDecoder().decode(Content.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw CommandFailure(
                .usage, "\(path) cannot be read as a file of contexts: \(error)",
                advice: "Repair or delete the file, or name another with APUS_CONFIG.")
        }
    }

    var names: [String] { content.contexts.keys.sorted() }
    var currentName: String? { content.current }
    var current: StoredContext? { content.current.flatMap { content.contexts[$0] } }

    subscript(name: String) -> StoredContext? { content.contexts[name] }

    /// The first context that is stored becomes the current one.
    mutating func set(_ name: String, _ context: StoredContext) {
        content.contexts[name] = context
        if content.current == nil { content.current = name }
    }

    /// - Returns: false if there is none of that name.
    mutating func use(_ name: String) -> Bool {
        guard content.contexts[name] != nil else { return false }
        content.current = name
        return true
    }

    /// - Returns: false if there is none of that name.
    mutating func delete(_ name: String) -> Bool {
        guard content.contexts.removeValue(forKey: name) != nil else { return false }
        if content.current == name { content.current = nil }
        return true
    }

    /// Writes the file again and puts it in the old one's place.
    func save() throws(CommandFailure) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let folder = URL(filePath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Self.replace(path, with: encoder.encode(content) + Data("\n".utf8))
        } catch {
            throw CommandFailure(.refused, "\(path) cannot be written: \(error)")
        }
    }

    private static func replace(_ path: String, with data: Data) throws {
        let temporary = "\(path).\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw SystemError(temporary) }
        defer { close(file) }
        let written = data.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard written == data.count, fsync(file) == 0, rename(temporary, path) == 0 else {
            let error = SystemError(temporary)
            unlink(temporary)
            throw error
        }
    }
}

/// What the system said.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, code: Int32 = errno) {
        description = "\(path): \(String(cString: strerror(code)))"
    }
}
