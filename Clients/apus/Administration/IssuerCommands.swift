internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

struct IssuerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwt", abstract: "Says who may issue JSON Web Tokens for a tenant.",
        subcommands: [IssuerListCommand.self, IssuerAddCommand.self, IssuerRemoveCommand.self])
}

struct IssuerListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists a tenant's issuers.")

    @OptionGroup var tenant: TenantArgument
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let settings = try await SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: "")
                .current()
            connection.print(rows: settings["issuers"]?.array ?? [], json: { JSONOutput($0) }, columns: Self.columns)
        }
    }

    private static func columns(_ issuer: JSONValue) -> [String] {
        let keys = issuer["keys"]?.array ?? []
        return [
            issuer["issuer"]?.plainText ?? "", issuer["algorithm"]?.plainText ?? "",
            "for " + (issuer["audience"]?.plainText ?? "no audience"),
            "keys: " + keys.map { $0["id"]?.plainText ?? "without id" }.joined(separator: ", "),
            issuer["scopes"]?.plainText ?? "",
        ]
    }
}

struct IssuerAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds an issuer, or a key to one that is there.",
        discussion: """
            The key file holds a public key in PEM, or for HS256 the secret in base64url. A key with the same id \
            is replaced. The gateway encrypts secrets with its master key.
            """)

    enum Algorithm: String, CaseIterable, ExpressibleByArgument {
        case hs256 = "HS256"
        case rs256 = "RS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
        case ed25519 = "Ed25519"
    }

    @OptionGroup var tenant: TenantArgument

    @Option(help: ArgumentHelp("What a token's iss must be.", valueName: "text"))
    var issuer: String

    @Option(help: ArgumentHelp("What must be in a token's aud.", valueName: "text"))
    var audience: String?

    @Option(help: "HS256, RS256, ES256, or EdDSA, which is Ed25519.")
    var algorithm: Algorithm

    @Option(help: ArgumentHelp("A file that holds the issuer's key; - = standard input.", valueName: "file"))
    var keyMaterial: String

    @Option(help: ArgumentHelp("What a token's kid must be.", valueName: "text"))
    var keyID: String?

    @Option(help: ArgumentHelp("What tokens can give at most, parted by commas.", valueName: "list"))
    var scopes: String?

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let key = try await readKey()
        try await connection.withClient { client in
            let editor = SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: note.note)
            connection.print(try await editor.change { add(key, to: &$0) })
        }
    }

    private func readKey() async throws -> JSONValue {
        let text = try await InputFile(path: keyMaterial).trimmedText()
        var members: [TextKey: JSONValue] = [:]
        members[algorithm == .hs256 ? "secret" : "public_key"] = .string(text)
        members["id"] = keyID.map(JSONValue.string)
        return .object(members)
    }

    /// What is not said stays as it is.
    func add(_ key: JSONValue, to settings: inout JSONValue) {
        var issuers = settings["issuers"]?.array ?? []
        let place = issuers.firstIndex { $0["issuer"]?.string == issuer } ?? issuers.endIndex
        if place == issuers.endIndex { issuers.append(.object(["issuer": .string(issuer)])) }
        let isSame = issuers[place]["algorithm"]?.string == algorithm.rawValue
        let others = (isSame ? issuers[place]["keys"]?.array ?? [] : []).filter { $0["id"] != key["id"] }
        issuers[place].set("algorithm", to: .string(algorithm.rawValue))
        issuers[place].set("keys", to: .array(others + [key]))
        if let audience { issuers[place].set("audience", to: .string(audience)) }
        if let scopes {
            issuers[place].set("scopes", to: .array(scopes.split(separator: ",").map { .string(String($0)) }))
        }
        settings.set("issuers", to: .array(issuers))
    }
}

struct IssuerRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes an issuer, or one of its keys.")

    @OptionGroup var tenant: TenantArgument

    @Option(help: ArgumentHelp("Its iss.", valueName: "text"))
    var issuer: String

    @Option(help: ArgumentHelp("Only the key of this id.", valueName: "text"))
    var keyID: String?

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let editor = SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: note.note)
            connection.print(try await editor.change { try remove(from: &$0) })
        }
    }

    func remove(from settings: inout JSONValue) throws {
        var issuers = settings["issuers"]?.array ?? []
        guard let place = issuers.firstIndex(where: { $0["issuer"]?.string == issuer }) else {
            throw CommandFailure(.refused, "\(tenant.name) has no issuer \(issuer)")
        }
        let keys = issuers[place]["keys"]?.array ?? []
        let left = keyID.map { id in keys.filter { $0["id"]?.string != id } } ?? []
        guard left.count < keys.count else {
            throw CommandFailure(.refused, "\(issuer) has no key \(keyID ?? "")")
        }
        if left.isEmpty {
            issuers.remove(at: place)
        } else {
            issuers[place].set("keys", to: .array(left))
        }
        settings.set("issuers", to: issuers.isEmpty ? nil : .array(issuers))
    }
}
